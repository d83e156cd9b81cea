//! The gate's daemon.

use clap::{Parser, Subcommand};
use gate_host::settings::Settings;
use gate_host::{daemon, journal};
use std::path::PathBuf;
use std::process::ExitCode;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// Runs one lane of the border gate.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the lane until it is told to stop.
    Run {
        /// The settings file.
        #[arg(long, default_value = "/etc/gate/gate.toml")]
        settings: PathBuf,
    },
    /// Reads the settings and says what is wrong with them.
    CheckConfig {
        /// The settings file.
        #[arg(long, default_value = "/etc/gate/gate.toml")]
        settings: PathBuf,
    },
    /// Checks the chain of a journal from its first entry to its last.
    VerifyJournal {
        /// The journal.
        file: PathBuf,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("gate-host: {problem:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Run { settings } => {
            tracing_subscriber::fmt()
                .with_env_filter(
                    EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info")),
                )
                .with_writer(std::io::stderr)
                .init();
            run_lane(Settings::open(&settings)?)
        }
        Command::CheckConfig { settings } => {
            Settings::open(&settings)?;
            println!("{}: no errors", settings.display());
            Ok(())
        }
        Command::VerifyJournal { file } => {
            println!(
                "{}: {} entries, chain intact",
                file.display(),
                journal::read(&file)?.len()
            );
            Ok(())
        }
    }
}

/// Two workers: the lane loop is never behind the page.
#[tokio::main(worker_threads = 2)]
async fn run_lane(settings: Settings) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let shutdown = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
    };
    Ok(daemon::run(settings, shutdown).await?)
}
