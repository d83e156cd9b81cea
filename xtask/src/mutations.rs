//! A deliberately broken controller: each mistake has to be caught by the proofs.
//!
//! `gate-interlock/mutations.toml` lists them. Each is built in a copy of the crates, so nothing in
//! the crates themselves knows of being tested, and then goes through the proofs: tests of single
//! functions, tests in a lane, the search through every state, tests of link and update.

mod table;
mod workshop;

use crate::steps::{note, root, step};
use anyhow::{Context, bail, ensure};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use workshop::{Caught, Level, Programs, Proof, Workshop};

/// The crate that is broken, and proved, where a mutation names no other.
const INTERLOCK: &str = "gate-interlock";

/// The rules are S1 to this.
const RULES: u32 = 22;

/// One way to break the controller.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mutation {
    /// What the broken controller does, in a few words.
    name: String,
    /// The invariants that it hurts: see `docs/hazards.md`.
    invariants: Vec<String>,
    /// The crate that is broken.
    #[serde(rename = "crate", default = "interlock")]
    krate: String,
    /// The crate whose tests must catch it, if that is another.
    proved_in: Option<String>,
    /// File in the crate.
    file: PathBuf,
    /// The right text; occurs exactly once in the file.
    find: String,
    /// The wrong one.
    replace: String,
    /// Tests of the emulated board that have to catch it in the real image. It is tried there and
    /// nowhere else, and in no check: an image takes long to build.
    #[serde(default)]
    image: Vec<String>,
    /// A proof that is known to catch it. Every check tries those mutations that have one, and
    /// this proof alone: one for each invariant.
    quick: Option<Quick>,
}

/// One test.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Quick {
    /// Test program: `lib`, or the name of an integration test.
    program: String,
    /// Full name of the test.
    test: String,
}

fn interlock() -> String {
    INTERLOCK.to_owned()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    mutation: Vec<Mutation>,
}

/// What became of one mutation: for each test program that was tried, who caught it.
struct Outcome {
    caught: Vec<(Level, Option<Caught>)>,
}

/// Breaks the controller in every way of the list, or in those whose name contains one of `only`, and
/// tries the proofs on each, the cheapest first, until one has caught it.
///
/// With `write` every level of proof is tried on each, and `docs/mutations.md` is written; what it
/// says of mutations that were not asked for stays.
///
/// # Errors
///
/// A mutation that nothing catches, that cannot be applied or does not compile; an unbroken
/// controller that the proofs do not let pass.
pub(crate) fn run(write: bool, only: &[String]) -> anyhow::Result<()> {
    step("A deliberately broken controller");
    let list = list()?;
    let named = |mutation: &Mutation| only.iter().any(|only| mutation.name.contains(only));
    let wanted = |mutation: &&Mutation| only.is_empty() || named(mutation);
    let workshop = Workshop::open(true)?;
    let crates: BTreeSet<&str> = list
        .iter()
        .filter(wanted)
        .filter(|mutation| mutation.image.is_empty())
        .map(Mutation::proved_in)
        .collect();
    for krate in crates {
        unbroken(&workshop, krate, &Programs::All)?;
    }
    let on_image = list
        .iter()
        .filter(wanted)
        .flat_map(|mutation| &mutation.image);
    let on_image: BTreeSet<&String> = on_image.collect();
    if !on_image.is_empty() {
        let tests: Vec<String> = on_image.into_iter().cloned().collect();
        passes("image", &workshop.build_image(&tests)?)?;
    }
    let mut outcomes = BTreeMap::new();
    for mutation in list.iter().filter(wanted) {
        let outcome = broken(&workshop, mutation, write)?;
        outcomes.insert(mutation.name.as_str(), outcome);
    }
    if write {
        let path = root().join("docs/mutations.md");
        let before = fs::read_to_string(&path).unwrap_or_default();
        let page = table::page(&list, &outcomes, &before);
        fs::write(&path, page).with_context(|| path.display().to_string())?;
    }
    none_survived(&outcomes)
}

/// Breaks each invariant once, by the mutations in the list that name a quick proof, and tries that
/// proof alone; sees to it that all the others can still be applied. All proofs on all of them would
/// take longer than a check should.
///
/// # Errors
///
/// As for [`run`], and an invariant that no mutation with a quick proof names first.
pub(crate) fn each_invariant_once() -> anyhow::Result<()> {
    step("A deliberately broken controller");
    let list = list()?;
    for mutation in &list {
        mutation.wrong()?;
    }
    let quick = || list.iter().filter(|mutation| mutation.quick.is_some());
    let named: BTreeSet<&str> = quick()
        .filter_map(|mutation| mutation.invariants.first())
        .map(String::as_str)
        .collect();
    for rule in (1..=RULES).map(|number| format!("S{number}")) {
        ensure!(
            named.contains(rule.as_str()),
            "no mutation of {rule} has a quick proof"
        );
    }
    let workshop = Workshop::open(false)?;
    let mut tests: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
    for (mutation, quick) in quick().filter_map(|it| Some((it, it.quick.as_ref()?))) {
        let program = (mutation.proved_in(), quick.program.as_str());
        tests.entry(program).or_default().push(quick.test.clone());
    }
    for ((krate, program), tests) in tests {
        unbroken(&workshop, krate, &Programs::one(program, tests))?;
    }
    let mut outcomes = BTreeMap::new();
    for mutation in quick() {
        let outcome = broken(&workshop, mutation, false)?;
        outcomes.insert(mutation.name.as_str(), outcome);
    }
    none_survived(&outcomes)
}

fn none_survived(outcomes: &BTreeMap<&str, Outcome>) -> anyhow::Result<()> {
    let survived: Vec<&str> = outcomes
        .iter()
        .filter(|(_, outcome)| outcome.survived())
        .map(|(name, _)| *name)
        .collect();
    ensure!(survived.is_empty(), "not caught: {}", survived.join("; "));
    note(&format!("{} caught, none survived", outcomes.len()));
    Ok(())
}

impl Mutation {
    /// Where the file lies in the project.
    fn path(&self) -> PathBuf {
        Path::new(&self.krate).join(&self.file)
    }

    fn proved_in(&self) -> &str {
        self.proved_in.as_deref().unwrap_or(&self.krate)
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

/// The proofs must let the controller pass as it is: otherwise they would catch anything.
fn unbroken(workshop: &Workshop, krate: &str, programs: &Programs) -> anyhow::Result<()> {
    for proof in workshop.build(krate, programs)? {
        passes(krate, &proof)?;
    }
    Ok(())
}

fn passes(what: &str, proof: &Proof) -> anyhow::Result<()> {
    match proof.run()? {
        Some(caught) => bail!("the unbroken {what} does not pass: {caught:?}"),
        None => Ok(()),
    }
}

fn broken(workshop: &Workshop, mutation: &Mutation, everything: bool) -> anyhow::Result<Outcome> {
    workshop.put(&mutation.path(), &mutation.wrong()?)?;
    let programs = match &mutation.quick {
        Some(quick) if !everything => Programs::one(&quick.program, vec![quick.test.clone()]),
        _ => Programs::All,
    };
    let proofs = match &mutation.image[..] {
        [] => workshop.build(mutation.proved_in(), &programs),
        tests => workshop.build_image(tests).map(|proof| vec![proof]),
    };
    let proofs = proofs.with_context(|| format!("mutation \"{}\"", mutation.name))?;
    let mut caught = Vec::new();
    for proof in proofs {
        let by = proof.run()?;
        let enough = by.is_some() && !everything;
        caught.push((proof.level, by));
        if enough {
            break;
        }
    }
    workshop.put(&mutation.path(), &mutation.right()?)?;
    let outcome = Outcome { caught };
    note(&table::line(mutation, &outcome));
    Ok(outcome)
}
