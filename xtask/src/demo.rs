//! The demonstration lane.

use crate::build::Programs;
use crate::prepare::Lane;
use crate::steps::run;
use std::process::Command;

/// Lets travellers walk; `arguments` go to the bench.
pub(crate) fn walk(
    lane: &Lane,
    programs: &Programs,
    arguments: impl IntoIterator<Item = String>,
) -> anyhow::Result<()> {
    let mut command = Command::new(&programs.hil);
    command.arg("demo");
    command.arg("--gate-host").arg(&programs.gate_host);
    command.arg("--firmware").arg(&lane.firmware);
    command.arg("--manifest").arg(&lane.manifest);
    command.arg("--models").arg(&lane.models);
    run(command.args(arguments))
}
