//! Bugs of one line, planted into a copy: the scenarios and the swarm must find each.
//!
//! `tests/planted-bugs.toml` lists them. Other than [`crate::mutations`], which asks the proofs of the
//! controller, this asks the bench: would it have noticed?

use crate::steps::{cache, cargo, note, root, step, target};
use anyhow::{Context, bail, ensure};
use serde::Deserialize;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What is copied: whatever the lane in virtual time is built from.
const COPIED: [&str; 4] = ["Cargo.toml", "Cargo.lock", "clippy.toml", "tests"];

/// A broken lane may hang; coreutils' `timeout` ends it after so many seconds.
const SECONDS: &str = "600";

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    bug: Vec<Bug>,
}

/// One bug.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Bug {
    /// What the broken gate does, in a few words.
    name: String,
    /// Why no lane shows it, and what finds it in place of scenarios and swarm.
    elsewhere: Option<String>,
    /// File in the project.
    file: PathBuf,
    /// The right text; occurs exactly once in the file.
    find: String,
    /// The wrong one.
    replace: String,
}

/// Who found a bug.
#[derive(Debug, Default)]
struct Found {
    scenarios: Vec<String>,
    /// The first seed of the swarm that failed, and why.
    swarm: Option<String>,
}

/// Plants each bug of the list, or those whose name contains one of `only`, and lets scenarios and swarm
/// look; with `write`, `docs/planted-bugs.md` is written.
///
/// # Errors
///
/// A bug that nothing finds, that cannot be planted or does not compile; an unbroken lane that is found
/// fault with.
pub(crate) fn run(write: bool, only: &[String]) -> anyhow::Result<()> {
    step("Planted bugs");
    let path = root().join("tests/planted-bugs.toml");
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let list: List = toml::from_str(&text).with_context(|| path.display().to_string())?;
    let copy = copy()?;
    let unbroken = look(&copy)?;
    ensure!(
        unbroken.is_nobody(),
        "the unbroken lane is found fault with: {unbroken:?}"
    );
    let mut rows = Vec::new();
    for bug in &list.bug {
        if !only.is_empty() && !only.iter().any(|word| bug.name.contains(word)) {
            continue;
        }
        let there = copy.join(&bug.file);
        let right = fs::read_to_string(&there).with_context(|| there.display().to_string())?;
        let times = right.matches(&bug.find).count();
        ensure!(
            times == 1,
            "\"{}\": its text is expected once in {}, found {times} times",
            bug.name,
            bug.file.display()
        );
        fs::write(&there, right.replacen(&bug.find, &bug.replace, 1))?;
        let found = look(&copy).with_context(|| bug.name.clone());
        fs::write(&there, right)?;
        let found = found?;
        note(&format!("{}: {}", bug.name, found.by()));
        rows.push((bug, found));
    }
    if write {
        let page = root().join("docs/planted-bugs.md");
        fs::write(&page, table(&rows)).with_context(|| page.display().to_string())?;
    }
    let missed: Vec<&str> = rows
        .iter()
        .filter(|(bug, found)| found.is_nobody() && bug.elsewhere.is_none())
        .map(|(bug, _)| bug.name.as_str())
        .collect();
    ensure!(missed.is_empty(), "not found: {}", missed.join("; "));
    Ok(())
}

/// Every crate of the project and its scenarios, as they are now.
fn copy() -> anyhow::Result<PathBuf> {
    let at = cache().join("planted");
    if at.exists() {
        fs::remove_dir_all(&at)?;
    }
    fs::create_dir_all(&at)?;
    let manifest: toml::Table = toml::from_str(&fs::read_to_string(root().join("Cargo.toml"))?)?;
    let members = manifest["workspace"]["members"].as_array();
    let members = members
        .into_iter()
        .flatten()
        .filter_map(toml::Value::as_str);
    let files = members.chain(COPIED).chain(["gate-firmware/src"]);
    for file in files {
        let (from, to) = (root().join(file), at.join(file));
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder)?;
        }
        let copied = Command::new("cp").arg("-rT").args([&from, &to]).status()?;
        ensure!(copied.success(), "{}: cannot be copied", from.display());
    }
    Ok(at)
}

/// Lets the scenarios and a sample of the swarm look at the copy.
fn look(copy: &Path) -> anyhow::Result<Found> {
    let mut tests = cargo();
    tests
        .current_dir(copy)
        .env("CARGO_TARGET_DIR", target())
        .args(["test", "--package", "gate-sim", "--no-fail-fast"])
        .args(["--test", "scenarios", "--test", "swarm"]);
    let mut build = cargo();
    build
        .current_dir(copy)
        .env("CARGO_TARGET_DIR", target())
        .args(["test", "--package", "gate-sim", "--no-run"])
        .args(["--test", "scenarios", "--test", "swarm"]);
    let built = build.output().context("cargo cannot be started")?;
    if !built.status.success() {
        bail!("does not build: {}", String::from_utf8_lossy(&built.stderr));
    }
    let mut limited = Command::new("timeout");
    limited.arg(SECONDS).arg(tests.get_program());
    limited.args(tests.get_args()).current_dir(copy);
    for (key, value) in tests.get_envs() {
        match value {
            Some(value) => limited.env(key, value),
            None => limited.env_remove(key),
        };
    }
    let output = limited
        .output()
        .context("timeout, of coreutils, cannot be started")?;
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    let mut found = Found::default();
    for line in said.lines() {
        let file = line.split_once(": ").map_or(line, |(file, _)| file);
        let file = Path::new(file.trim_end_matches(':'));
        let ends = file.extension().and_then(|ending| ending.to_str());
        if let (Some("toml" | "trace"), Some(stem)) = (ends, file.file_stem()) {
            found.scenarios.push(stem.to_string_lossy().into_owned());
        }
        if line.starts_with("seed ") {
            found.swarm.get_or_insert_with(|| line.to_owned());
        }
    }
    found.scenarios.sort();
    found.scenarios.dedup();
    if found.is_nobody() && !output.status.success() {
        found.swarm = Some(format!("a run that did not end well: {}", output.status));
    }
    Ok(found)
}

impl Found {
    fn is_nobody(&self) -> bool {
        self.scenarios.is_empty() && self.swarm.is_none()
    }

    fn by(&self) -> String {
        let scenarios = match self.scenarios.as_slice() {
            [] => None,
            [one] => Some(one.clone()),
            [first, others @ ..] => Some(format!("{first} and {} more", others.len())),
        };
        let all: Vec<String> = scenarios.into_iter().chain(self.swarm.clone()).collect();
        match all.is_empty() {
            true => "NOT FOUND".to_owned(),
            false => all.join("; "),
        }
    }
}

fn table(rows: &[(&Bug, Found)]) -> String {
    let mut page = "# Bugs that were planted\n\n\
        Written by `cargo xtask planted --write`; do not edit. `tests/planted-bugs.toml` lists the bugs, each of \
        one line. The scenarios, with the traces that were accepted, and 200 episodes of the swarm look \
        at each.\n\n| Bug | File | Scenarios | Swarm |\n| --- | --- | --- | --- |\n"
        .to_owned();
    for (bug, found) in rows {
        let scenarios = match found.scenarios.as_slice() {
            [] => "–".to_owned(),
            [one] => one.clone(),
            [first, others @ ..] => format!("{first} and {} more", others.len()),
        };
        let elsewhere = bug.elsewhere.as_deref().filter(|_| found.is_nobody());
        let swarm = found.swarm.as_deref().or(elsewhere).unwrap_or("–");
        let swarm = swarm.replace('|', "/");
        page += &format!(
            "| {} | `{}` | {scenarios} | {swarm} |\n",
            bug.name,
            bug.file.display()
        );
    }
    page
}
