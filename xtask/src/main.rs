//! What cargo cannot say: set-up, demonstration, the whole check.
#![forbid(unsafe_code)]

mod bench;
mod build;
mod check;
mod debian;
mod mutations;
mod planted;
mod prepare;
mod room;
mod steps;

use clap::Parser;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

/// Tasks of the project. Each installs or fetches what it needs, and says so.
#[derive(Parser)]
enum Task {
    /// Lets travellers walk through a whole lane: emulated controller, simulated readers, real
    /// models, traveller page.
    Demo {
        /// For the bench: --travellers N, --headless, --json FILE, --profile, --seed.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Runs everything that must be right: format, lints, tests, documents, licences, a whole lane.
    Test,
    /// Lets 10,000 seeded travellers walk through a lane of each layout in virtual time, and 200 through
    /// one in real time; prints their times, the ideal, and the committed baseline beside them.
    Bench {
        /// For the bench: --travellers N, --real N, --layout, --profile, --seed, --json; see `hil bench
        /// --help`. `--real 0` leaves out real time, which takes most of an hour.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Builds the controller's boot loader and firmware for both slots, packed and signed.
    Firmware {
        /// File with the 32 bytes from which the signing key grows; the published test key without.
        #[arg(long)]
        key: Option<PathBuf>,
    },
    /// Breaks the controller on purpose, in every way of `gate-interlock/mutations.toml`: the proofs
    /// must catch each.
    Mutations {
        /// Tries every level of proof on each and writes its row in `docs/mutations.md`.
        #[arg(long)]
        write: bool,
        /// Each rule once, by the test that is known to catch it, as `test` does.
        #[arg(long, conflicts_with_all = ["write", "only"])]
        quick: bool,
        /// Only mutations whose name contains one of these.
        only: Vec<String>,
    },
    /// Plants bugs of `tests/planted-bugs.toml` into a copy: scenarios and swarm must find each.
    Planted {
        /// Writes `docs/planted-bugs.md`.
        #[arg(long)]
        write: bool,
        /// Only bugs whose name contains one of these.
        only: Vec<String>,
    },
    /// The bench with everything that it needs: `cargo xtask hil run --rig emulated`.
    Hil {
        /// For the bench: see `cargo xtask hil --help`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Writes the traces of all scenarios anew; the difference is the review.
    Accept,
    /// Fetches and verifies models, runtime and test pictures.
    Models,
}

fn main() -> ExitCode {
    let done = match Task::parse() {
        Task::Demo { mut arguments } => {
            arguments.insert(0, "demo".to_owned());
            hil(&arguments)
        }
        Task::Test => check::all(),
        Task::Hil { arguments } => hil(&arguments),
        Task::Bench { arguments } => latency(&arguments),
        Task::Firmware { key } => build::firmware(key.as_deref()).map(drop),
        Task::Mutations { quick: true, .. } => mutations::each_invariant_once(),
        Task::Planted { write, only } => planted::run(write, &only),
        Task::Mutations { write, only, .. } => mutations::run(write, &only),
        Task::Accept => accept(),
        Task::Models => prepare::models().map(drop),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("\nxtask: {problem:#}");
            ExitCode::FAILURE
        }
    }
}

fn latency(arguments: &[String]) -> anyhow::Result<()> {
    let given = |name: &str| arguments.iter().any(|one| one.starts_with(name));
    let mut all = vec!["bench".to_owned()];
    for (name, value) in [
        ("--real", "200"),
        ("--costs", "hil/bench/costs.toml"),
        ("--baseline", "hil/bench/baseline.toml"),
    ] {
        if !given(name) {
            all.extend([name.to_owned(), value.to_owned()]);
        }
    }
    all.extend_from_slice(arguments);
    hil(&all)
}

fn hil(arguments: &[String]) -> anyhow::Result<()> {
    room::look(room::LANE)?;
    debian::lane()?;
    let lane = prepare::lane()?;
    let programs = build::programs()?;
    steps::step("The bench");
    bench::become_bench(&lane, &programs, arguments)
}

fn accept() -> anyhow::Result<()> {
    steps::run(
        Command::new("cargo")
            .args(["test", "--package", "gate-sim", "--test", "scenarios"])
            .env("GATE_ACCEPT", "1"),
    )?;
    steps::run(Command::new("git").args(["--no-pager", "diff", "--stat", "--", "tests/scenarios"]))
}
