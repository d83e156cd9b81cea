//! How the bench ends: its exit codes.
//!
//! | code | meaning |
//! | --- | --- |
//! | 0 | all passed, or done |
//! | 1 | the gate is at fault |
//! | 2 | the bench is at fault, or was asked for something that it cannot do: nothing is said about the gate |
//! | 130 | stopped by hand before the end |

use std::process::ExitCode;

/// The same for `--help`.
pub(crate) const EXIT_CODES: &str = "\
Exit codes:
  0    all passed, or done
  1    the gate is at fault
  2    the bench is at fault, or was asked for something that it cannot do;
       nothing is said about the gate
  130  stopped by hand before the end";

/// The gate did something that it must not, or not what it must. Every other error is the bench's.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct GateFault(pub(crate) String);

/// Somebody stopped the bench before its end.
#[derive(Debug, thiserror::Error)]
#[error("stopped by hand")]
pub(crate) struct Stopped;

/// The exit code for what came of a command.
pub(crate) fn code(result: &anyhow::Result<()>) -> ExitCode {
    ExitCode::from(match result {
        Ok(()) => 0,
        Err(problem) if problem.is::<GateFault>() => 1,
        Err(problem) if problem.is::<Stopped>() => 130,
        Err(_) => 2,
    })
}
