//! Scenarios: `hil list`, `hil run`, `hil schema`.

mod report;

use crate::rig::{Kind, Parts, ProcessRig};
use anyhow::{Context, bail, ensure};
use gate_sim::rig::{Costs, PureRig};
use gate_sim::scenario::{Run, Scenario, Verdict, run};
use report::Told;
use std::fs;
use std::path::{Path, PathBuf};

/// Where the scenarios are.
#[derive(Debug, clap::Args)]
pub(crate) struct ListOptions {
    /// The folder with the scenarios.
    #[arg(long, default_value = "tests/scenarios")]
    folder: PathBuf,
}

/// What to play, and on what.
#[derive(Debug, clap::Args)]
pub(crate) struct RunOptions {
    /// Files, or names of scenarios in the folder; all of them if none is given.
    scenarios: Vec<PathBuf>,
    /// The folder with the scenarios.
    #[arg(long, default_value = "tests/scenarios")]
    folder: PathBuf,
    /// What the lane is made of.
    #[arg(long, value_enum, default_value = "pure")]
    rig: Kind,
    #[command(flatten)]
    parts: Parts,
    /// Print what happened, not only what came of it.
    #[arg(long)]
    trace: bool,
    /// Write the results for machines that read JUnit's XML.
    #[arg(long)]
    junit: Option<PathBuf>,
    /// Write a line of JSON for each scenario.
    #[arg(long)]
    json: Option<PathBuf>,
}

/// Prints the scenarios of a folder.
pub(crate) fn list(options: &ListOptions) -> anyhow::Result<()> {
    for path in files(&options.folder)? {
        match read(&path) {
            Ok(scenario) => println!("{:48} {}", name(&path), scenario.title),
            Err(problem) => println!("{:48} cannot be played: {problem:#}", name(&path)),
        }
    }
    Ok(())
}

/// Prints the JSON Schema of scenarios, for editors.
pub(crate) fn schema() -> anyhow::Result<()> {
    println!(
        "{}",
        serde_json::to_string_pretty(&gate_sim::scenario::schema())?
    );
    Ok(())
}

/// Plays scenarios; an error if the gate or the bench failed in any of them.
pub(crate) fn play(options: &RunOptions) -> anyhow::Result<()> {
    let paths = if options.scenarios.is_empty() {
        files(&options.folder)?
    } else {
        let named = options.scenarios.iter();
        named
            .map(|named| locate(&options.folder, named))
            .collect::<Result<_, _>>()?
    };
    ensure!(
        !paths.is_empty(),
        "{}: no scenario there",
        options.folder.display()
    );
    let mut told = Vec::new();
    for path in &paths {
        let run = on(path, options.rig, &options.parts);
        let one = Told::of(name(path), run);
        print!("{}", one.text(options.trace));
        told.push(one);
    }
    if let Some(path) = &options.junit {
        fs::write(path, report::junit(&told)?).with_context(|| path.display().to_string())?;
    }
    if let Some(path) = &options.json {
        fs::write(path, report::json(&told)?).with_context(|| path.display().to_string())?;
    }
    let failed = told.iter().filter(|one| !one.passed()).count();
    println!("{} passed, {failed} failed", told.len() - failed);
    if failed > 0 {
        bail!("{failed} of {} scenarios failed", told.len());
    }
    Ok(())
}

/// Plays a file. One that cannot be read, or for which the bench lacks something, is the bench's
/// fault.
fn on(path: &Path, kind: Kind, parts: &Parts) -> Run {
    let played = read(path).and_then(|scenario| play_on(&scenario, kind, parts));
    played.unwrap_or_else(|problem| Run {
        title: String::new(),
        rig: kind.word(),
        verdict: Verdict::Bench(format!("{problem:#}")),
        trace: Vec::new(),
        ended: gate_protocol::Instant::ZERO,
    })
}

/// Plays a scenario on a new lane of that kind.
pub(crate) fn play_on(scenario: &Scenario, kind: Kind, parts: &Parts) -> anyhow::Result<Run> {
    let emulated = match kind {
        Kind::Pure => {
            let profile = scenario.profile.clone();
            let mut rig = PureRig::new(profile, Costs::default(), scenario.seed)?;
            return Ok(run(scenario, &mut rig));
        }
        Kind::Daemon => false,
        Kind::Emulated => true,
    };
    let mut rig = ProcessRig::power_on(parts, scenario, emulated)?;
    let played = run(scenario, &mut rig);
    if played.verdict != Verdict::Passed {
        eprintln!("the daemon said last:\n{}", rig.last_words());
    }
    Ok(played)
}

fn read(path: &Path) -> anyhow::Result<Scenario> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    Scenario::parse(&text).with_context(|| path.display().to_string())
}

fn files(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| folder.display().to_string())?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "toml") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// A file, or a scenario of the folder by its name.
fn locate(folder: &Path, named: &Path) -> anyhow::Result<PathBuf> {
    if named.is_file() {
        return Ok(named.to_owned());
    }
    let there = folder.join(named).with_extension("toml");
    if there.is_file() {
        return Ok(there);
    }
    let names: Vec<String> = files(folder)?.iter().map(|path| name(path)).collect();
    bail!(
        "{}: neither a file nor a scenario of {}; there are: {}",
        named.display(),
        folder.display(),
        names.join(", ")
    )
}

fn name(path: &Path) -> String {
    path.file_stem()
        .map_or_else(String::new, |stem| stem.to_string_lossy().into_owned())
}
