//! A copy of the controller's crates that may be broken.

use crate::build;
use crate::steps::{cache, cargo, output, root};
use anyhow::{Context, bail, ensure};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The crates that may be broken; each brings those below it along.
const CRATES: [&str; 3] = ["gate-interlock", "gate-protocol", "gate-boot"];

/// What is no part of the workspace: tests build some of it, and the image is all of it.
const FIRMWARE: &str = "gate-firmware";

/// The tests that look at the image.
const BOARD: &str = "emulated_board";

/// Steps of each search: what is broken shows early, and there are many to go through.
const SEARCH_STEPS: &str = "100000";

/// A broken interlock may run for ever; coreutils' `timeout` ends it after so many seconds.
const SECONDS: &str = "300";

/// Where a mutation may be caught, the cheapest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// Single functions, over all their inputs where these are bits.
    Function,
    /// People, hosts and faults in a lane.
    Lane,
    /// The same at a turnstile.
    Turnstile,
    /// The search through every state.
    Search,
    /// Tests of another crate: both ends of the link, updates and power cuts.
    Tests,
    /// The real image on the emulated board.
    Image,
}

/// Which test programs of a crate.
pub(super) enum Programs {
    /// All of them, each with all its tests.
    All,
    /// One: `lib`, or the name of an integration test; and of its tests these.
    One {
        /// The program.
        program: String,
        /// Full names of the tests.
        tests: Vec<String>,
    },
}

impl Programs {
    pub(super) fn one(program: &str, tests: Vec<String>) -> Self {
        let program = program.to_owned();
        Self::One { program, tests }
    }
}

/// One test program.
pub(super) struct Proof {
    pub(super) level: Level,
    program: PathBuf,
    /// Of its tests these; all if there are none.
    tests: Vec<String>,
    /// The controller's flash, where an image is looked at.
    flash: Option<PathBuf>,
}

/// Who caught a mutation.
#[derive(Debug)]
pub(super) struct Caught {
    /// Tests that failed, at least one.
    pub(super) tests: Vec<String>,
    /// The rule that a search found broken.
    pub(super) rule: Option<String>,
}

/// A workspace of the crates and what they are built from.
pub(super) struct Workshop {
    at: PathBuf,
}

impl Workshop {
    /// Copies the crates as they are now. What is built stays between runs.
    ///
    /// Without `optimised` the crates themselves build quicker and run slower: right for a test or
    /// two, and not for the search.
    pub(super) fn open(optimised: bool) -> anyhow::Result<Self> {
        let at = cache().join("mutations/crates");
        if at.exists() {
            fs::remove_dir_all(&at)?;
        }
        fs::create_dir_all(&at)?;
        let mut manifest: toml::Table = toml::from_str(&read(&root().join("Cargo.toml"))?)?;
        let members = members(&manifest)?;
        for member in &members {
            copy(&root().join(member), &at.join(member))?;
        }
        let workspace = table(&mut manifest, "workspace")?;
        workspace.remove("exclude");
        workspace.remove("default-members");
        let members: Vec<String> = members.into_iter().collect();
        workspace.insert("members".to_owned(), members.into());
        if !optimised {
            let profile = table(table(&mut manifest, "profile")?, "dev")?;
            table(profile, "package")?.retain(|name, _| name == "*");
        }
        copy(&root().join(FIRMWARE), &at.join(FIRMWARE))?;
        fs::write(at.join("Cargo.toml"), toml::to_string(&manifest)?)?;
        fs::copy(root().join("Cargo.lock"), at.join("Cargo.lock"))?;
        Ok(Self { at })
    }

    /// Gives a file of the copy another text.
    pub(super) fn put(&self, path: &Path, text: &str) -> anyhow::Result<()> {
        let path = self.at.join(path);
        fs::write(&path, text).with_context(|| path.display().to_string())
    }

    /// Builds the image from the copy, and gives the proof that looks at it: `tests` of the emulated
    /// board, which is the project's own.
    pub(super) fn build_image(&self, tests: &[String]) -> anyhow::Result<Proof> {
        let target = cache().join("mutations/image");
        let flash = build::broken_firmware(&self.at.join(FIRMWARE), &target)?;
        let built = output(cargo().args([
            "test",
            "--no-run",
            "--package",
            "gate-sim",
            "--test",
            BOARD,
            "--message-format",
            "json",
        ]))?;
        let program = built
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .find_map(|message| Some(PathBuf::from(message["executable"].as_str()?)))
            .with_context(|| format!("{BOARD}: no test program was built"))?;
        Ok(Proof {
            level: Level::Image,
            program,
            tests: tests.to_vec(),
            flash: Some(flash),
        })
    }

    /// Builds test programs of a crate, the cheapest first.
    pub(super) fn build(&self, krate: &str, programs: &Programs) -> anyhow::Result<Vec<Proof>> {
        let mut command = cargo();
        command
            .current_dir(&self.at)
            .env("CARGO_TARGET_DIR", cache().join("mutations/target"))
            // Nobody debugs what is broken on purpose.
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .args(["test", "--no-run", "--package", krate]);
        let tests = match programs {
            Programs::All => {
                command.args(["--lib", "--tests"]);
                &[][..]
            }
            Programs::One { program, tests } => {
                match program.as_str() {
                    "lib" => command.arg("--lib"),
                    program => command.args(["--test", program]),
                };
                tests
            }
        };
        let output = command
            .args(["--message-format", "json"])
            .stdin(Stdio::null())
            .output()
            .context("cargo cannot be started")?;
        let messages: Vec<Value> = String::from_utf8_lossy(&output.stdout)
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect();
        if !output.status.success() {
            let errors = messages.iter().filter_map(rendered).collect::<String>();
            let said = String::from_utf8_lossy(&output.stderr);
            bail!("does not build: {errors}{said}");
        }
        let of = |message| proof(message, krate, tests);
        let mut proofs: Vec<Proof> = messages.iter().filter_map(of).collect();
        proofs.sort_by_key(|proof| proof.level);
        ensure!(!proofs.is_empty(), "{krate}: no test program was built");
        Ok(proofs)
    }
}

impl Proof {
    /// Runs the program; says which tests failed, nothing if none did.
    pub(super) fn run(&self) -> anyhow::Result<Option<Caught>> {
        let mut command = Command::new("timeout");
        if let Some(flash) = &self.flash {
            command
                .env("GATE_FIRMWARE", flash)
                .env("GATE_QEMU", "qemu-system-arm")
                // A test whose tools are missing fails: nothing is passed over.
                .env("GATE_ALL", "1");
        }
        let output = command
            .arg(SECONDS)
            .arg(&self.program)
            .args(self.tests.iter().map(String::as_str))
            .args((!self.tests.is_empty()).then_some("--exact"))
            // The same worlds once more, with more words: long, and no new measure in them.
            .args(["--skip", "hostile::"])
            .env("GATE_MODEL_STEPS", SEARCH_STEPS)
            // The same random people for every mutation and every run.
            .env("PROPTEST_RNG_SEED", "1")
            .env("PROPTEST_DISABLE_FAILURE_PERSISTENCE", "1")
            .stdin(Stdio::null())
            .output()
            .context("timeout, of coreutils, cannot be started")?;
        let said = String::from_utf8_lossy(&output.stdout);
        if output.status.success() {
            let missing = self.tests.iter().find(|test| !ran(&said, test));
            if let Some(test) = missing {
                bail!("{}: there is no test {test}", self.program.display());
            }
            return Ok(None);
        }
        let mut tests: Vec<String> = said.lines().filter_map(failed).collect();
        tests.sort();
        if tests.is_empty() {
            tests.push(format!("a run that did not end well: {}", output.status));
        }
        let rule = said.lines().find_map(|line| line.strip_prefix("Error: "));
        let rule = rule.map(str::to_owned);
        Ok(Some(Caught { tests, rule }))
    }
}

/// Whether libtest says that it ran a test.
fn ran(said: &str, test: &str) -> bool {
    let begin = format!("test {test} ");
    said.lines().any(|line| line.starts_with(&begin))
}

/// The name in libtest's line about a test that failed.
fn failed(line: &str) -> Option<String> {
    let name = line.strip_prefix("test ")?.strip_suffix(" ... FAILED")?;
    Some(name.to_owned())
}

fn rendered(message: &Value) -> Option<&str> {
    (message["message"]["level"] == "error").then_some(message["message"]["rendered"].as_str()?)
}

fn proof(message: &Value, krate: &str, tests: &[String]) -> Option<Proof> {
    let program = PathBuf::from(message["executable"].as_str()?);
    let level = match (krate, message["target"]["name"].as_str()?) {
        (krate, name) if name == krate.replace('-', "_") => Level::Function,
        ("gate-interlock", "lane") => Level::Lane,
        ("gate-interlock", "turnstile") => Level::Turnstile,
        ("gate-interlock", "model") => Level::Search,
        ("gate-interlock", "firmware") => Level::Function,
        _ => Level::Tests,
    };
    let tests = tests.to_vec();
    Some(Proof {
        level,
        program,
        tests,
        flash: None,
    })
}

/// [`CRATES`] and every crate of the workspace below them.
fn members(workspace: &toml::Table) -> anyhow::Result<BTreeSet<String>> {
    let paths = &workspace["workspace"]["dependencies"];
    let mut members = BTreeSet::new();
    let mut found: Vec<String> = CRATES.map(str::to_owned).into();
    while let Some(member) = found.pop() {
        let manifest: toml::Table =
            toml::from_str(&read(&root().join(&member).join("Cargo.toml"))?)?;
        for section in ["dependencies", "dev-dependencies"] {
            let names = manifest.get(section).and_then(toml::Value::as_table);
            let names = names.into_iter().flat_map(toml::Table::keys);
            found.extend(names.filter_map(|name| {
                let path = paths.get(name)?.get("path")?.as_str()?;
                (!members.contains(path)).then(|| path.to_owned())
            }));
        }
        members.insert(member);
    }
    Ok(members)
}

fn table<'a>(manifest: &'a mut toml::Table, name: &str) -> anyhow::Result<&'a mut toml::Table> {
    manifest
        .get_mut(name)
        .and_then(toml::Value::as_table_mut)
        .with_context(|| format!("Cargo.toml has no [{name}]"))
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| from.display().to_string())? {
        let entry = entry?;
        if entry.file_name() == "target" {
            continue; // What was built is neither broken nor proved.
        }
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            copy(&from, &to)?;
        } else {
            fs::copy(&from, &to)?;
        }
    }
    Ok(())
}

fn read(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| path.display().to_string())
}
