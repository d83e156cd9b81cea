//! Scenarios: `hil list`, `hil run`, `hil schema`.

use crate::print;
use crate::report::{Files, Told};
use crate::rig::{Kind, Parts, ProcessRig};
use crate::station::{self, Station};
use crate::stop::Stop;
use anyhow::{Context, bail, ensure};
use gate_sim::rig::{Costs, PureRig};
use gate_sim::scenario::{Observed, Rig, Run, Scenario, Verdict, run, text_of};
use indicatif::{ProgressBar, ProgressStyle};
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
    #[command(flatten)]
    files: Files,
}

/// Prints the scenarios of a folder.
pub(crate) fn list(options: &ListOptions) -> anyhow::Result<()> {
    for path in files(&options.folder, true)? {
        match read(&path) {
            Ok((_, scenario)) => say!("{:48} {}", name(&path), scenario.title),
            Err(problem) => say!("{:48} cannot be played: {problem:#}", name(&path)),
        }
    }
    Ok(())
}

/// What a schema is wanted of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Schema {
    /// Scenario files.
    Scenario,
    /// Station files.
    Station,
}

/// Prints a JSON Schema, for editors.
pub(crate) fn schema(of: Schema) -> anyhow::Result<()> {
    let schema = match of {
        Schema::Scenario => gate_sim::scenario::schema(),
        Schema::Station => station::schema(),
    };
    say!("{}", serde_json::to_string_pretty(&schema)?);
    Ok(())
}

/// Plays scenarios; an error if the gate or the bench failed in any of them, or somebody stopped it.
pub(crate) fn play(options: &RunOptions) -> anyhow::Result<()> {
    let paths = if options.scenarios.is_empty() {
        // What is said in bytes is heard where there are any.
        files(&options.folder, options.rig != Kind::Pure)?
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
    let station = options.files.station(options.rig)?;
    let mut report = options.files.begin(asked(options), station.clone())?;
    let stop = Stop::listen()?;
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {msg}")?;
    let bar = ProgressBar::new(paths.len() as u64).with_style(style);
    for path in &paths {
        if stop.is_asked() {
            report.stop();
            break;
        }
        bar.set_message(name(path));
        let one = on(path, options, &station, &stop);
        if stop.is_asked() && matches!(one.run().verdict, Verdict::Bench(_)) {
            report.stop(); // it was not played to its end, which is nobody's fault
            break;
        }
        bar.suspend(|| print::out(format_args!("{}", one.text(options.trace))));
        bar.inc(1);
        report.add(one);
    }
    bar.finish_and_clear();
    say!("{}", report.sum());
    options.files.finish(&report)
}

/// What was asked for, in the words of the command.
fn asked(options: &RunOptions) -> String {
    let names = options.scenarios.iter().map(|one| name(one));
    let names: Vec<String> = names.collect();
    let what = match names.is_empty() {
        true => format!("every scenario of {}", options.folder.display()),
        false => names.join(", "),
    };
    format!("{what}, on the {} rig", options.rig.word())
}

/// Plays a file. One that cannot be read, or for which the bench lacks something, is the bench's
/// fault.
fn on(path: &Path, options: &RunOptions, station: &Station, stop: &Stop) -> Told {
    let played = read(path).and_then(|(text, scenario)| {
        let (run, observed) = play_on(&scenario, options, station, stop)?;
        Ok((text, run, observed))
    });
    match played {
        Ok((text, run, observed)) => Told::of(name(path), run).with(observed).played_from(text),
        Err(problem) => {
            let rig = options.rig.word();
            let run = Run::refused(String::new(), rig, format!("{problem:#}"));
            Told::of(name(path), run)
        }
    }
}

/// Plays a scenario on a new lane of that kind.
fn play_on(
    scenario: &Scenario,
    options: &RunOptions,
    station: &Station,
    stop: &Stop,
) -> anyhow::Result<(Run, Observed)> {
    if options.rig == Kind::Pure {
        let profile = scenario.profile.clone();
        let mut rig = PureRig::new(profile, Costs::default(), scenario.seed)?;
        if options.files.want_details() {
            rig.observe();
        }
        let run = run(scenario, &mut rig);
        return Ok((run, Rig::observed(&mut rig)));
    }
    let lane = (options.rig, station);
    let rig = ProcessRig::power_on(&options.parts, scenario, lane, stop.clone());
    let mut rig = rig.map_err(|problem| options.files.named(problem))?;
    if options.files.want_details() {
        rig.observe();
    }
    let run = run(scenario, &mut rig);
    let observed = Rig::observed(&mut rig);
    if run.verdict != Verdict::Passed {
        complain!("the daemon said last:\n{}", rig.last_words());
    }
    Ok((run, observed))
}

/// The file's text, and what it says.
fn read(path: &Path) -> anyhow::Result<(String, Scenario)> {
    let bytes = fs::read(path).with_context(|| path.display().to_string())?;
    let text = text_of(&bytes).with_context(|| path.display().to_string())?;
    let scenario = Scenario::parse(text).with_context(|| path.display().to_string())?;
    Ok((text.to_owned(), scenario))
}

/// The folder of scenarios that need a rig with real lines, in the folder of all.
const BYTES: &str = "bytes";

/// The scenarios of a folder, by name; with those that need real lines behind them.
fn files(folder: &Path, with_bytes: bool) -> anyhow::Result<Vec<PathBuf>> {
    let mut paths = files_in(folder)?;
    let bytes = folder.join(BYTES);
    if with_bytes && bytes.is_dir() {
        paths.append(&mut files_in(&bytes)?);
    }
    Ok(paths)
}

fn files_in(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
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
    let there = [folder.to_owned(), folder.join(BYTES)]
        .map(|folder| folder.join(named).with_extension("toml"));
    if let Some(there) = there.into_iter().find(|path| path.is_file()) {
        return Ok(there);
    }
    let names: Vec<String> = files(folder, true)?.iter().map(|path| name(path)).collect();
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
