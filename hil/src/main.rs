//! The bench: drives whole lanes and tells what happened.
#![warn(clippy::print_stdout, clippy::print_stderr)] // see `print`

#[macro_use]
mod print;

mod bench;
mod demo;
mod ending;
mod gate_check;
mod lane;
mod leftovers;
mod line;
mod pins;
mod recovery;
mod report;
mod rig;
mod scenarios;
mod soak;
mod station;
mod stop;
mod swarm;
mod waterfall;

use anyhow::Context;
use clap::Parser;
use std::process::ExitCode;

/// Drives whole lanes, simulated or real, and tells what happened.
#[derive(Debug, Parser)]
#[command(version, after_help = ending::EXIT_CODES, after_long_help = help())]
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
    /// Accepts one gate in about two minutes: takes each device away and gives it back, lets somebody
    /// in order go through, and says of each device whether it is in order.
    GateCheck(gate_check::Options),
    /// Lets faults happen in an empty lane and tells how long it takes until it is ready again.
    Recovery(recovery::Options),
    /// Lets random people come and random things fail in one lane in real time, for hours.
    Soak(soak::Options),
    /// Prints the JSON Schema of scenarios or stations, for editors.
    Schema {
        /// Of which files.
        #[arg(value_enum, default_value = "scenario")]
        of: scenarios::Schema,
    },
    /// Records what daemon and device say on a serial line: the daemon opens the line that is
    /// offered here, and everything passes through.
    Record(line::RecordOptions),
    /// Plays one side of a recorded line to a real other side, at its own pace or faster.
    Replay(line::ReplayOptions),
    /// Puts a recorded line into words; what documents say of travellers is hidden.
    Decode(line::DecodeOptions),
}

const EXAMPLES: &str = "\
Examples:
  hil run                                     play every scenario in virtual time
  hil run a-tailgater --trace                 one of them, with all that happened
  hil run --html report.html --vcd pins.vcd   with a page and pins over time
  hil gate-check --html gate.html             accept one gate, device by device
  hil run a-tailgater --rig bench --station station.toml
                                              the same with the station's real devices
  hil swarm --travellers 100000 --seed 7      random people, random faults
  hil record --port /dev/gate/mrz --line rte-native --out mrz.rec
                                              tap a reader's line: give the daemon
                                              mrz.tty as its device meanwhile
  hil decode mrz.rec                          what was said, without names
  hil replay mrz.rec --as reader --offer mrz.tty
                                              the reader again, without a reader";

const STOP: &str = "\
Ctrl-C ends work at the next place where everything is safe: faults are over, programs that
were started have ended, reports of what was done are written. A second one ends it at once: programs
that were started are killed, and no report is written.";

fn help() -> String {
    format!("{EXAMPLES}\n\n{}\n\n{STOP}", ending::EXIT_CODES)
}

fn main() -> ExitCode {
    let result = match Command::parse() {
        Command::Demo(options) => demo::run(&options),
        Command::Bench(options) => bench::run(&options),
        Command::Pins(options) => pins::run(&options),
        Command::List(options) => scenarios::list(&options),
        Command::Run(options) => scenarios::play(&options),
        Command::Swarm(options) => swarm::run(&options),
        Command::GateCheck(options) => gate_check::run(&options),
        Command::Recovery(options) => recovery::run(&options),
        Command::Soak(options) => soak::run(&options),
        Command::Schema { of } => scenarios::schema(of),
        Command::Record(options) => line::record(&options),
        Command::Replay(options) => line::replay(&options),
        Command::Decode(options) => line::decode(&options),
    };
    let result = result.and_then(|()| print::finish().context("standard output"));
    if let Err(problem) = &result {
        complain!("hil: {problem:#}");
    }
    ending::code(&result)
}
