//! The demonstration lane.

use crate::build::Programs;
use crate::prepare::Lane;
use crate::steps::run;
use anyhow::Context;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Lets travellers walk and comes back; `arguments` go to the bench.
pub(crate) fn walk(
    lane: &Lane,
    programs: &Programs,
    arguments: impl IntoIterator<Item = String>,
) -> anyhow::Result<()> {
    run(&mut command(lane, programs, arguments))
}

/// Becomes the bench, so that Ctrl-C is the bench's own. Comes back only with an error.
pub(crate) fn become_bench(
    lane: &Lane,
    programs: &Programs,
    arguments: Vec<String>,
) -> anyhow::Result<()> {
    let mut command = command(lane, programs, arguments);
    let problem = command.exec();
    Err(problem).with_context(|| format!("{}: cannot be started", programs.hil.display()))
}

fn command(
    lane: &Lane,
    programs: &Programs,
    arguments: impl IntoIterator<Item = String>,
) -> Command {
    let mut command = Command::new(&programs.hil);
    command.arg("demo");
    command.arg("--gate-host").arg(&programs.gate_host);
    command.arg("--firmware").arg(&lane.firmware);
    command.arg("--manifest").arg(&lane.manifest);
    command.arg("--models").arg(&lane.models);
    command.args(arguments);
    command
}
