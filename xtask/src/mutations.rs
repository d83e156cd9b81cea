//! Deliberately broken interlocks: each has to be caught by the proofs.
//!
//! `gate-interlock/mutations.toml` lists them. Each is built in a copy of the crate, so nothing in
//! the crate itself knows of being tested, and then goes through the proofs: tests of single
//! functions, tests in a lane, the search through every state.

mod table;
mod workshop;

use crate::steps::{note, root, step};
use anyhow::{Context, bail, ensure};
use serde::Deserialize;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use workshop::{CRATE, Caught, Level, Workshop};

/// One way to break the interlock.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mutation {
    /// What the broken interlock does, in a few words.
    name: String,
    /// The invariants that it hurts: see `docs/hazards.md`.
    invariants: Vec<String>,
    /// File in `gate-interlock`.
    file: PathBuf,
    /// The right text; occurs exactly once in the file.
    find: String,
    /// The wrong one.
    replace: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    mutation: Vec<Mutation>,
}

/// What became of one mutation: for each level that was tried, who caught it.
struct Outcome {
    mutation: Mutation,
    caught: Vec<(Level, Option<Caught>)>,
}

/// Breaks the interlock in every way of the list, or in those whose name contains `only`.
///
/// With `write` every level of proof is tried on each, and `docs/mutations.md` is written;
/// otherwise the cheapest that catches it is enough.
///
/// # Errors
///
/// A mutation that nothing catches, that cannot be applied or does not compile; an unbroken
/// interlock that the proofs do not let pass.
pub(crate) fn run(write: bool, only: Option<&str>) -> anyhow::Result<()> {
    let mut mutations = list()?;
    mutations.retain(|mutation| only.is_none_or(|only| mutation.name.contains(only)));
    let outcomes = outcomes(mutations, write)?;
    if write {
        let page = root().join("docs/mutations.md");
        fs::write(&page, table::page(&outcomes)).with_context(|| page.display().to_string())?;
    }
    none_survived(&outcomes)
}

/// Breaks each invariant once, by the first mutation in the list that names it first, and sees to it
/// that all the others can still be applied. All of them would take longer than a check should.
///
/// # Errors
///
/// As for [`run`].
pub(crate) fn each_invariant_once() -> anyhow::Result<()> {
    let mut mutations = list()?;
    for mutation in &mutations {
        mutation.wrong()?;
    }
    let mut met = BTreeSet::new();
    mutations.retain(|mutation| met.insert(mutation.invariants.first().cloned()));
    none_survived(&outcomes(mutations, false)?)
}

fn outcomes(mutations: Vec<Mutation>, all_levels: bool) -> anyhow::Result<Vec<Outcome>> {
    step("Deliberately broken interlocks");
    let workshop = Workshop::open()?;
    unbroken(&workshop)?;
    mutations
        .into_iter()
        .map(|mutation| broken(&workshop, mutation, all_levels))
        .collect()
}

fn none_survived(outcomes: &[Outcome]) -> anyhow::Result<()> {
    let survived: Vec<&str> = outcomes
        .iter()
        .filter(|outcome| outcome.survived())
        .map(|outcome| outcome.mutation.name.as_str())
        .collect();
    ensure!(survived.is_empty(), "not caught: {}", survived.join("; "));
    note(&format!("{} caught, none survived", outcomes.len()));
    Ok(())
}

impl Mutation {
    /// Where the file lies in the project.
    fn path(&self) -> PathBuf {
        Path::new(CRATE).join(&self.file)
    }

    fn right(&self) -> anyhow::Result<String> {
        let path = root().join(self.path());
        fs::read_to_string(&path).with_context(|| path.display().to_string())
    }

    /// The file's text with the mistake in it.
    fn wrong(&self) -> anyhow::Result<String> {
        let right = self.right()?;
        let times = right.matches(&self.find).count();
        ensure!(
            times == 1,
            "mutation \"{}\": its text is expected once in {}, found {times} times",
            self.name,
            self.path().display()
        );
        Ok(right.replacen(&self.find, &self.replace, 1))
    }
}

impl Outcome {
    fn survived(&self) -> bool {
        self.caught.iter().all(|(_, caught)| caught.is_none())
    }
}

fn list() -> anyhow::Result<Vec<Mutation>> {
    let path = root().join("gate-interlock/mutations.toml");
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let list: List = toml::from_str(&text).with_context(|| path.display().to_string())?;
    Ok(list.mutation)
}

/// The proofs must let the interlock pass as it is: otherwise they would catch anything.
fn unbroken(workshop: &Workshop) -> anyhow::Result<()> {
    for proof in workshop.build()? {
        if let Some(caught) = proof.run()? {
            bail!("the unbroken interlock does not pass: {caught:?}");
        }
    }
    Ok(())
}

fn broken(workshop: &Workshop, mutation: Mutation, all_levels: bool) -> anyhow::Result<Outcome> {
    workshop.put(&mutation.path(), &mutation.wrong()?)?;
    let proofs = workshop
        .build()
        .with_context(|| format!("mutation \"{}\"", mutation.name))?;
    let mut caught = Vec::new();
    for proof in proofs {
        let by = proof.run()?;
        let enough = by.is_some() && !all_levels;
        caught.push((proof.level, by));
        if enough {
            break;
        }
    }
    workshop.put(&mutation.path(), &mutation.right()?)?;
    let outcome = Outcome { mutation, caught };
    note(&table::line(&outcome));
    Ok(outcome)
}
