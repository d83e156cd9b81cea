//! Every scenario in virtual time: it passes, and what happened is what was accepted.
//!
//! `cargo xtask accept` writes the traces anew; the difference is the review.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use gate_sim::rig::{Costs, PureRig};
use gate_sim::scenario::{Scenario, Verdict, run, schema};
use std::fs;
use std::path::{Path, PathBuf};

/// Set by `cargo xtask accept`: write what is found in place of comparing it.
const ACCEPT: &str = "GATE_ACCEPT";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/scenarios")
}

fn agrees(path: &Path, found: &str) -> bool {
    if std::env::var_os(ACCEPT).is_some() {
        fs::write(path, found).unwrap();
        return true;
    }
    let accepted = fs::read_to_string(path).unwrap_or_default();
    if accepted == found {
        return true;
    }
    let line = accepted
        .lines()
        .zip(found.lines())
        .position(|(accepted, found)| accepted != found)
        .unwrap_or_else(|| accepted.lines().count().min(found.lines().count()));
    println!(
        "{}: line {}: accepted {:?}, found {:?}",
        path.display(),
        line + 1,
        accepted.lines().nth(line).unwrap_or("the end"),
        found.lines().nth(line).unwrap_or("the end")
    );
    false
}

#[test]
fn every_scenario_passes_and_goes_as_it_was_accepted() {
    let mut wrong = Vec::new();
    let mut played = 0;
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "toml") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let scenario = Scenario::parse(&text)
            .unwrap_or_else(|problem| panic!("{}: {problem}", path.display()));
        let mut rig =
            PureRig::new(scenario.profile.clone(), Costs::default(), scenario.seed).unwrap();
        let run = run(&scenario, &mut rig);
        if run.verdict != Verdict::Passed {
            println!("{}:\n{}", path.display(), run.text());
            wrong.push(path.clone());
        } else if !agrees(&path.with_extension("trace"), &run.text()) {
            wrong.push(path.clone());
        }
        played += 1;
    }
    assert!(played >= 12, "{played} scenarios found");
    assert!(
        wrong.is_empty(),
        "cargo xtask accept, and look at the difference: {wrong:?}"
    );
}

#[test]
fn the_schema_for_editors_is_that_of_the_code() {
    let found = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
    let path = folder().join("scenario.schema.json");
    assert!(agrees(&path, &found), "cargo xtask accept");
}
