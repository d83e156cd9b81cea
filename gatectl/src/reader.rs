//! `gatectl reader`: which reader of printed zones is on a line.

use crate::failure::{self, Failing, Failure};
use crate::{Exit, report};
use clap::Subcommand;
use gate_host::ports::reader::{ReaderError, which};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Asks every known reader's question on a serial line, then listens while somebody reads a
    /// document. The daemon must not run meanwhile. Shows no character of a zone.
    Which {
        /// The serial device, for example /dev/ttyACM0.
        port: PathBuf,
        /// Seconds to listen for a reader that speaks by itself; 0 not to.
        #[arg(long, default_value_t = 15)]
        listen: u64,
        /// The rate to listen at.
        #[arg(long, default_value_t = 9_600)]
        baud: u32,
    },
}

pub(crate) fn run(command: &Command) -> Exit {
    let Command::Which { port, listen, baud } = command;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let found = runtime
        .map_err(Problem::Runtime)
        .and_then(|runtime| Ok(runtime.block_on(search(port, *listen, *baud))?));
    match found {
        Ok(true) => Exit::Done,
        Ok(false) => {
            say!("nobody was understood: look at cable, power, rate, and the reader's set-up");
            Exit::NotRead
        }
        Err(problem) => failure::tell(&problem, false),
    }
}

/// Why a line cannot be searched.
#[derive(Debug, thiserror::Error)]
enum Problem {
    /// See [`ReaderError`].
    #[error(transparent)]
    Line(#[from] ReaderError),
    /// The system gives no more threads or files: close other programs.
    #[error("the system gives no timer: {0}")]
    Runtime(io::Error),
}

impl Failing for Problem {
    fn failure(&self) -> Failure {
        Failure::new(
            "reader-line",
            "search for a reader",
            "the serial line can be opened, and stays",
            "look at cable and name (ls /dev/serial/by-id), at the group dialout, and stop the daemon",
        )
    }

    fn exit(&self) -> Exit {
        Exit::Fault
    }
}

/// Whether any profile was understood.
async fn search(port: &Path, listen: u64, baud: u32) -> Result<bool, ReaderError> {
    let mut probes = which::ask(port, |probe| say!("{probe}")).await?;
    if listen > 0 {
        report::step(&format!("read a document now: listening for {listen} s"));
        let heard = which::listen(port, baud, Duration::from_secs(listen)).await?;
        say!("{heard}");
        probes.push(heard);
    }
    let is_known = |probe: &which::Probe| {
        let answered = probe.asked.is_some() && probe.bytes > 0;
        answered || !probe.understood.is_empty()
    };
    Ok(probes.iter().any(is_known))
}
