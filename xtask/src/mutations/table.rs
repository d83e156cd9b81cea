//! What caught each mutation, for people.

use super::Outcome;
use super::workshop::{Caught, Level};

/// The page that is committed.
pub(super) fn page(outcomes: &[Outcome]) -> String {
    let mut page = String::from(
        "# Deliberately broken interlocks\n\n\
         Written by `cargo xtask mutations --write`; do not edit. \
         `gate-interlock/mutations.toml` lists the mutations. Each breaks one measure of the \
         interlock and must be caught by the proofs: by tests of single functions, which go over \
         all their inputs where these are bits; by tests in a lane, or at a turnstile, with people, hosts and faults; \
         by the search through every state, here with 100,000 steps for each of its worlds. \
         `cargo xtask test` tries one mutation for each invariant and is content with the first \
         level that catches it.\n\n\
         A dash means that the level did not catch it. Of several tests that failed, the first is \
         named.\n\n\
         | Broken | Invariant | Functions | Lane | Turnstile | Search |\n\
         | --- | --- | --- | --- | --- | --- |\n",
    );
    for outcome in outcomes {
        page += &format!(
            "| {} | {} | {} | {} | {} | {} |\n",
            outcome.mutation.name,
            outcome.mutation.invariants.join(", "),
            cell(outcome, Level::Function),
            cell(outcome, Level::Lane),
            cell(outcome, Level::Turnstile),
            cell(outcome, Level::Search),
        );
    }
    page += &format!("\n{} mutations, {}.\n", outcomes.len(), verdict(outcomes));
    page
}

/// One line while it runs.
pub(super) fn line(outcome: &Outcome) -> String {
    let by = outcome
        .caught
        .iter()
        .find_map(|(_, caught)| caught.as_ref())
        .map_or_else(|| "SURVIVED".to_owned(), told);
    format!("{}: {by}", outcome.mutation.name)
}

fn verdict(outcomes: &[Outcome]) -> String {
    match outcomes.iter().filter(|outcome| outcome.survived()).count() {
        0 => "all caught".to_owned(),
        survived => format!("{survived} NOT CAUGHT"),
    }
}

fn cell(outcome: &Outcome, level: Level) -> String {
    let tried = outcome.caught.iter().find(|(tried, _)| *tried == level);
    match tried {
        Some((_, Some(caught))) => told(caught),
        Some((_, None)) => "–".to_owned(),
        None => "not tried".to_owned(),
    }
}

fn told(caught: &Caught) -> String {
    let mut told = format!("`{}`", caught.tests[0]);
    match caught.tests.len() {
        1 => {}
        tests => told += &format!(" and {} more", tests - 1),
    }
    if let Some(rule) = &caught.rule {
        told += &format!(": {rule}");
    }
    told
}
