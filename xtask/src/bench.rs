//! The bench, `hil`, with everything that it needs.

use crate::build::Programs;
use crate::prepare::Lane;
use crate::steps::{root, run};
use anyhow::Context;
use std::os::unix::process::CommandExt;
use std::process::Command;

/// Runs the bench and comes back.
pub(crate) fn run_bench(
    lane: &Lane,
    programs: &Programs,
    arguments: &[&str],
) -> anyhow::Result<()> {
    run(command(lane, programs).args(arguments))
}

/// Becomes the bench, so that Ctrl-C is the bench's own. Comes back only with an error.
pub(crate) fn become_bench(
    lane: &Lane,
    programs: &Programs,
    arguments: &[String],
) -> anyhow::Result<()> {
    let problem = command(lane, programs).args(arguments).exec();
    Err(problem).with_context(|| format!("{}: cannot be started", programs.hil.display()))
}

fn command(lane: &Lane, programs: &Programs) -> Command {
    let mut command = Command::new(&programs.hil);
    command
        .current_dir(root())
        .env("GATE_HOST", &programs.gate_host)
        .env("GATE_FIRMWARE", &lane.firmware)
        .env("GATE_MANIFEST", &lane.manifest)
        .env("GATE_MODELS", &lane.models);
    command
}
