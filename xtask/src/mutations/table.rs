//! What caught each mutation, for people.

use super::workshop::{Caught, Level};
use super::{INTERLOCK, Mutation, Outcome};
use std::collections::BTreeMap;

/// What is proved in the interlock's own tests.
const IN_THE_LANE: [Level; 4] = [
    Level::Function,
    Level::Lane,
    Level::Turnstile,
    Level::Search,
];
/// What is proved in those of another crate.
const ELSEWHERE: [Level; 2] = [Level::Function, Level::Tests];
/// What is proved at the pins of the image.
const AT_THE_PINS: [Level; 1] = [Level::Image];

/// The page that is committed. A mutation without an outcome keeps its row of the page `before`.
pub(super) fn page(list: &[Mutation], outcomes: &BTreeMap<&str, Outcome>, before: &str) -> String {
    let rows = |wanted: fn(&Mutation) -> bool, levels: &[Level]| {
        let of = |mutation: &&Mutation| wanted(mutation);
        let row = |mutation| row(mutation, outcomes, levels, before);
        list.iter().filter(of).map(row).collect::<Vec<_>>()
    };
    let inside = rows(
        |mutation| mutation.image.is_empty() && mutation.proved_in() == INTERLOCK,
        &IN_THE_LANE,
    );
    let elsewhere = rows(
        |mutation| mutation.image.is_empty() && mutation.proved_in() != INTERLOCK,
        &ELSEWHERE,
    );
    let image = rows(|mutation| !mutation.image.is_empty(), &AT_THE_PINS);
    let count = |wanted: fn(&String) -> bool| {
        let rows = inside.iter().chain(&elsewhere).chain(&image);
        rows.filter(|row| wanted(row)).count()
    };
    let untried = count(|row| row.contains("| not tried |"));
    let survived = count(|row| !row.contains('`')) - untried;
    let verdict = match (survived, untried) {
        (0, 0) => "all caught".to_owned(),
        (0, untried) => format!("all caught but {untried} that were not tried"),
        (survived, _) => format!("{survived} NOT CAUGHT"),
    };
    format!(
        "{HEAD}{INSIDE_HEAD}{}{ELSEWHERE_HEAD}{}{IMAGE_HEAD}{}\n{} mutations, {verdict}.\n",
        inside.concat(),
        elsewhere.concat(),
        image.concat(),
        list.len(),
    )
}

const HEAD: &str = "# A deliberately broken controller\n\n\
    Written by `cargo xtask mutations --write`; do not edit. \
    `gate-interlock/mutations.toml` lists the mutations. Each breaks one measure of the \
    controller and must be caught by the proofs: by tests of single functions, which go over \
    all their inputs where these are bits; by tests in a lane, or at a turnstile, with people, \
    hosts and faults; by the search through every state, here with 100,000 steps for each of \
    its worlds; by the tests of the link and of the update; at the pins of the real image on the \
    emulated board, for what lives in the firmware alone. `cargo xtask test` tries one mutation \
    for each of S1 to S22, and of the proofs the one that the list names for it; \
    `cargo xtask mutations --write NAME …` tries those anew whose names contain one of the `NAME`s.\n\n\
    A dash means that the level did not catch it. Of several tests that failed, the first is \
    named.\n\n";

const INSIDE_HEAD: &str = "| Broken | Invariant | Functions | Lane | Turnstile | Search |\n\
    | --- | --- | --- | --- | --- | --- |\n";

const ELSEWHERE_HEAD: &str = "\n## Link, update\n\n\
    | Broken | Invariant | Functions | Tests of the crate |\n\
    | --- | --- | --- | --- |\n";

const IMAGE_HEAD: &str = "\n## The image\n\n\
    Each is built into an image, which takes part of a minute: no check does that. Beside each \
    stands the test of `emulated_board` that it was tried with and that caught it. \
    `cargo xtask mutations image:` tries all of them, and needs QEMU with the controller's machine.\n\n\
    | Broken | Invariant | Emulated board |\n\
    | --- | --- | --- |\n";

fn row(
    mutation: &Mutation,
    outcomes: &BTreeMap<&str, Outcome>,
    levels: &[Level],
    before: &str,
) -> String {
    let name = &mutation.name;
    let Some(outcome) = outcomes.get(name.as_str()) else {
        let begin = format!("| {name} | ");
        let kept = before.lines().find(|line| line.starts_with(&begin));
        let untried = || {
            let cells = vec!["not tried"; levels.len()];
            format!(
                "{begin}{} | {} |",
                mutation.invariants.join(", "),
                cells.join(" | ")
            )
        };
        return kept.map_or_else(untried, str::to_owned) + "\n";
    };
    let cells: Vec<String> = levels.iter().map(|level| cell(outcome, *level)).collect();
    let invariants = mutation.invariants.join(", ");
    format!("| {name} | {invariants} | {} |\n", cells.join(" | "))
}

/// One line while it runs.
pub(super) fn line(mutation: &Mutation, outcome: &Outcome) -> String {
    let by = outcome
        .caught
        .iter()
        .find_map(|(_, caught)| caught.as_ref())
        .map_or_else(|| "SURVIVED".to_owned(), told);
    format!("{}: {by}", mutation.name)
}

fn cell(outcome: &Outcome, level: Level) -> String {
    let mut tried = outcome.caught.iter().filter(|(tried, _)| *tried == level);
    let caught = tried.find_map(|(_, caught)| caught.as_ref());
    caught.map_or_else(|| "–".to_owned(), told)
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
