//! Bugs of one line, planted into a copy: the scenarios and the swarm must find each.
//!
//! `tests/planted-bugs.toml` lists them. A bug in what only the real daemon has, its journal and the
//! drivers of its readers, is looked for on the daemon rig. Other than [`crate::mutations`], which asks the proofs of the
//! controller, this asks the bench: would it have noticed?

use crate::prepare;
use crate::steps::{cache, cargo, note, root, step, target};
use anyhow::{Context, bail, ensure};
use serde::Deserialize;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What is copied beside the crates: whatever the lanes are built from.
const COPIED: [&str; 5] = ["Cargo.toml", "Cargo.lock", "clippy.toml", "tests", "models"];

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
    /// Scenarios to play on the daemon rig; a lane in virtual time looks where there is none.
    #[serde(default)]
    daemon: Vec<PathBuf>,
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
/// look; with `write`, its row in `docs/planted-bugs.md` is written. Rows of bugs that were not planted stay.
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
    let wanted = |bug: &&Bug| only.is_empty() || only.iter().any(|word| bug.name.contains(word));
    let bugs: Vec<&Bug> = list.bug.iter().filter(wanted).collect();
    let copy = copy()?;
    let bench = Bench {
        models: match bugs.iter().any(|bug| !bug.daemon.is_empty()) {
            true => Some(prepare::models()?),
            false => None,
        },
        copy,
    };
    let mut scenarios: Vec<PathBuf> = bugs.iter().flat_map(|bug| bug.daemon.clone()).collect();
    scenarios.sort();
    scenarios.dedup();
    bench.is_unbroken(&[])?;
    for one in scenarios {
        bench.is_unbroken(&[one])?;
    }
    let page = root().join("docs/planted-bugs.md");
    let mut missed = Vec::new();
    for bug in bugs {
        let there = bench.copy.join(&bug.file);
        let right = fs::read_to_string(&there).with_context(|| there.display().to_string())?;
        let times = right.matches(&bug.find).count();
        ensure!(
            times == 1,
            "\"{}\": its text is expected once in {}, found {times} times",
            bug.name,
            bug.file.display()
        );
        fs::write(&there, right.replacen(&bug.find, &bug.replace, 1))?;
        let found = bench.look(&bug.daemon).with_context(|| bug.name.clone());
        fs::write(&there, right)?;
        let found = found?;
        note(&format!("{}: {}", bug.name, found.by()));
        if write {
            let before = fs::read_to_string(&page).unwrap_or_default();
            fs::write(&page, table(&list, (bug, &found), &before))
                .with_context(|| page.display().to_string())?;
        }
        if found.is_nobody() && bug.elsewhere.is_none() {
            missed.push(bug.name.as_str());
        }
    }
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

/// The copy, and what its daemon needs.
struct Bench {
    copy: PathBuf,
    /// None where no bug is looked for on the daemon rig.
    models: Option<PathBuf>,
}

/// Built in one go with tests, so that everything below is built once for all of them.
const TESTS: [&str; 6] = [
    "--workspace",
    "--locked",
    "--test",
    "scenarios",
    "--test",
    "swarm",
];
const PROGRAMS: [&str; 4] = ["--bin", "gate-host", "--bin", "hil"];

impl Bench {
    /// Lets scenarios look at the copy: those on the daemon rig, or without any all of them in virtual
    /// time and a sample of the swarm.
    fn look(&self, scenarios: &[PathBuf]) -> anyhow::Result<Found> {
        match &self.models {
            Some(models) if !scenarios.is_empty() => self.play(scenarios, models),
            _ => self.test(),
        }
    }

    /// Looks at the copy while nothing is planted. In real time a machine that is busy may try once more.
    fn is_unbroken(&self, scenarios: &[PathBuf]) -> anyhow::Result<()> {
        let mut found = self.look(scenarios)?;
        if !scenarios.is_empty() && !found.is_nobody() {
            note(&format!("once more: {}", found.by()));
            found = self.look(scenarios)?;
        }
        ensure!(
            found.is_nobody(),
            "the unbroken lane is found fault with: {found:?}"
        );
        Ok(())
    }

    fn cargo(&self) -> Command {
        let mut cargo = cargo();
        cargo
            .current_dir(&self.copy)
            .env("CARGO_TARGET_DIR", target());
        cargo
    }

    fn build(&self, more: &[&str]) -> anyhow::Result<()> {
        let mut build = self.cargo();
        let built = build.arg("build").args(TESTS).args(more).output();
        let built = built.context("cargo cannot be started")?;
        ensure!(
            built.status.success(),
            "does not build: {}",
            String::from_utf8_lossy(&built.stderr)
        );
        Ok(())
    }

    /// Scenarios before the real daemon.
    fn play(&self, scenarios: &[PathBuf], models: &Path) -> anyhow::Result<Found> {
        self.build(&PROGRAMS)?;
        let results = cache().join("planted.jsonl");
        let folder = self.copy.join("tests/scenarios");
        let files = scenarios
            .iter()
            .map(|one| folder.join(one).with_extension("toml"));
        let mut hil = Command::new("timeout");
        hil.arg(SECONDS)
            .arg(target().join("debug/hil"))
            .args(["run", "--rig", "daemon", "--json"])
            .arg(&results)
            .args(files)
            .current_dir(&self.copy)
            .env("GATE_MODELS", models);
        let output = hil.output().context("timeout, of coreutils")?;
        let mut found = Found::default();
        for line in fs::read_to_string(&results)?.lines() {
            let told: serde_json::Value = serde_json::from_str(line)?;
            let text = |key: &str| told[key].as_str().unwrap_or_default().to_owned();
            match text("verdict").as_str() {
                "passed" => {}
                "gate at fault" => {
                    let (scenario, why) = (text("scenario"), text("reason"));
                    // The folder has another name every time.
                    let words = why.split_whitespace();
                    let named: Vec<&str> = words.filter(|word| !word.starts_with('/')).collect();
                    let why = named.join(" ");
                    found.scenarios.push(format!("{scenario} (daemon): {why}"));
                }
                _ => bail!(
                    "{}: {}: {}",
                    text("scenario"),
                    text("verdict"),
                    text("reason")
                ),
            }
        }
        let said = String::from_utf8_lossy(&output.stderr);
        if !found.is_nobody() {
            note(&String::from_utf8_lossy(&output.stdout));
            note(&said);
        }
        if found.is_nobody() && !output.status.success() {
            bail!("the daemon rig did not end well: {}: {said}", output.status);
        }
        Ok(found)
    }

    /// Everything in virtual time.
    fn test(&self) -> anyhow::Result<Found> {
        self.build(&[])?;
        let mut tests = self.cargo();
        tests.arg("test").args(TESTS).arg("--no-fail-fast");
        let mut limited = Command::new("timeout");
        limited.arg(SECONDS).arg(tests.get_program());
        limited.args(tests.get_args()).current_dir(&self.copy);
        for (key, value) in tests.get_envs() {
            match value {
                Some(value) => limited.env(key, value),
                None => limited.env_remove(key),
            };
        }
        let output = limited.output().context("timeout, of coreutils")?;
        Ok(heard(&output))
    }
}

/// What the tests say.
fn heard(output: &Output) -> Found {
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
    found
}

impl Found {
    fn is_nobody(&self) -> bool {
        self.scenarios.is_empty() && self.swarm.is_none()
    }

    fn by(&self) -> String {
        let scenarios = (!self.scenarios.is_empty()).then(|| self.by_scenarios());
        let all: Vec<String> = scenarios.into_iter().chain(self.swarm.clone()).collect();
        match all.is_empty() {
            true => "NOT FOUND".to_owned(),
            false => all.join("; "),
        }
    }

    fn by_scenarios(&self) -> String {
        match self.scenarios.as_slice() {
            [] => "–".to_owned(),
            [one] => one.clone(),
            [first, others @ ..] => format!("{first} and {} more", others.len()),
        }
    }

    /// The last two cells of a row.
    fn cells(&self, elsewhere: Option<&str>) -> String {
        let elsewhere = elsewhere.filter(|_| self.is_nobody());
        let swarm = self.swarm.as_deref().or(elsewhere).unwrap_or("–");
        let swarm = swarm.replace('|', "/");
        let scenarios = self.by_scenarios().replace('|', "/");
        format!("{scenarios} | {swarm} |")
    }
}

/// The page with a new row for this bug; the others' rows are those that stand there.
fn table(list: &List, (new, found): (&Bug, &Found), before: &str) -> String {
    let mut page = "# Bugs that were planted\n\n\
        Written by `cargo xtask planted --write`; do not edit. `tests/planted-bugs.toml` lists the bugs, each of \
        one line. The scenarios, with the traces that were accepted, and 200 episodes of the swarm look \
        at each; at those of the journal and the readers' drivers, which a lane in virtual time does not have, \
        scenarios on the daemon rig. Where both missed one, a test of the part itself finds it, which was \
        added if there was none; the last column names it.\n\n| Bug | File | Scenarios | Swarm, or where both missed it: why, and what finds it |\n| --- | --- | --- | --- |\n"
        .to_owned();
    for bug in &list.bug {
        let begins = format!("| {} | `{}` | ", bug.name, bug.file.display());
        if bug.name == new.name {
            page += &begins;
            page += &found.cells(bug.elsewhere.as_deref());
            page.push('\n');
        } else if let Some(row) = before.lines().find(|line| line.starts_with(&begins)) {
            page += row;
            page.push('\n');
        }
    }
    page
}
