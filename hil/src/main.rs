//! The bench: drives whole lanes and tells what happened.

mod bench;
mod demo;
mod lane;
mod pins;
mod recovery;
mod rig;
mod scenarios;
mod soak;
mod swarm;
mod waterfall;

use clap::Parser;
use std::process::ExitCode;

/// Drives whole lanes, simulated or real, and tells what happened.
#[derive(Debug, Parser)]
#[command(version)]
enum Command {
    /// Lets travellers walk through a whole lane in real time: emulated controller, simulated
    /// readers and camera, the real daemon.
    Demo(demo::Options),
    /// Lets seeded travellers walk through a lane in virtual time and prints the distribution of
    /// their times.
    Bench(bench::Options),
    /// Shows a controller's inputs, outputs, state and link as they are, and drives an output by
    /// hand while the service key is turned.
    Pins(pins::Options),
    /// Lists the scenarios.
    List(scenarios::ListOptions),
    /// Plays scenarios and says whether the gate or the bench is at fault.
    Run(scenarios::RunOptions),
    /// Lets random people come and random things fail, in virtual time; a failing seed is printed as
    /// the shortest scenario that fails.
    Swarm(swarm::Options),
    /// Lets faults happen in an empty lane and tells how long it takes until it is ready again.
    Recovery(recovery::Options),
    /// Lets random people come and random things fail in one lane in real time, for hours.
    Soak(soak::Options),
    /// Prints the JSON Schema of scenarios, for editors.
    Schema,
}

fn main() -> ExitCode {
    let result = match Command::parse() {
        Command::Demo(options) => demo::run(&options),
        Command::Bench(options) => bench::run(&options),
        Command::Pins(options) => pins::run(&options),
        Command::List(options) => scenarios::list(&options),
        Command::Run(options) => scenarios::play(&options),
        Command::Swarm(options) => swarm::run(&options),
        Command::Recovery(options) => recovery::run(&options),
        Command::Soak(options) => soak::run(&options),
        Command::Schema => scenarios::schema(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("hil: {problem:#}");
            ExitCode::FAILURE
        }
    }
}
