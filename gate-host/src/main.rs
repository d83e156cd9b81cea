//! The gate's daemon.

use clap::{Parser, Subcommand};
use gate_host::keys::HostKeys;
use gate_host::settings::Settings;
use gate_host::trust::TrustFile;
use gate_host::update::Progress;
use gate_host::{daemon, journal, models, pair, update};
use gate_protocol::pairing::LabelCode;
use std::path::{Path, PathBuf};
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
    /// Pairs this host with a gate controller: open its cabinet, hold the pairing button for three
    /// seconds, then there is a minute. The daemon must not run meanwhile.
    Pair {
        /// The controller's serial device.
        #[arg(long, default_value = "/dev/gate/controller")]
        device: PathBuf,
        /// Bits per second.
        #[arg(long, default_value_t = 115_200)]
        baud: u32,
        /// The code on the label inside the cabinet; asked for if it is not given.
        #[arg(long)]
        code: Option<LabelCode>,
        /// Where the keys are written: `controller.keys` in the settings.
        #[arg(long, default_value = "/etc/gate/controller.keys")]
        keys: PathBuf,
        /// Replaces the keys of an earlier pairing.
        #[arg(long)]
        again: bool,
    },
    /// Puts a new trust bundle in place of the one in use and says what changes. A running lane takes
    /// it with the next document.
    InstallTrust {
        /// The settings file, which names the bundle and its key.
        #[arg(long, default_value = "/etc/gate/gate.toml")]
        settings: PathBuf,
        /// The new bundle.
        bundle: PathBuf,
        /// Takes an older bundle, and one that takes much away.
        #[arg(long)]
        force: bool,
    },
    /// Brings new firmware to the gate controller and waits until it has proved itself. The daemon
    /// must not run meanwhile, and nobody be in the lane.
    UpdateController {
        /// The settings file, which names the controller's line.
        #[arg(long, default_value = "/etc/gate/gate.toml")]
        settings: PathBuf,
        /// The firmware, as `cargo xtask firmware` packs it: `update.img`.
        #[arg(long)]
        image: PathBuf,
    },
    /// The models that find and compare faces.
    #[command(subcommand)]
    Models(models::Command),
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
        Command::CheckConfig { settings: path } => {
            let settings = Settings::open(&path)?;
            HostKeys::open(&settings.controller.keys)?;
            println!("{}: no errors", path.display());
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
        Command::Pair {
            device,
            baud,
            code,
            keys,
            again,
        } => pair_controller(&device, baud, code, &keys, again),
        Command::InstallTrust {
            settings,
            bundle,
            force,
        } => {
            let chip = Settings::open(&settings)?.chip;
            let file = TrustFile::new(chip.trust, &chip.trust_key)?;
            println!("{}", file.install(&bundle, force)?);
            Ok(())
        }
        Command::UpdateController { settings, image } => {
            update_controller(&Settings::open(&settings)?, &image)
        }
        Command::Models(command) => Ok(models::run(&command)?),
    }
}

#[tokio::main(flavor = "current_thread")]
async fn pair_controller(
    device: &Path,
    baud: u32,
    code: Option<LabelCode>,
    keys: &Path,
    again: bool,
) -> anyhow::Result<()> {
    let code = match code {
        Some(code) => code,
        None => ask_for_code()?,
    };
    let tell = |problem| eprintln!("{problem}");
    let paired = pair::pair(device, baud, &code, keys, again, tell).await?;
    println!(
        "paired with gate controller {:?}, keys in {}",
        paired.pairing.peer,
        keys.display()
    );
    Ok(())
}

fn ask_for_code() -> anyhow::Result<LabelCode> {
    eprint!("code on the controller's label: ");
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    Ok(line.trim().parse()?)
}

#[tokio::main(flavor = "current_thread")]
async fn update_controller(settings: &Settings, image: &Path) -> anyhow::Result<()> {
    let mut tenths = 0;
    let tell = |progress| match progress {
        Progress::Waiting => eprintln!("waiting for an empty lane at rest"),
        Progress::Sent(sent, all) if sent * 10 / all.max(1) > tenths => {
            tenths = sent * 10 / all.max(1);
            eprintln!("{sent} of {all} bytes");
        }
        Progress::Sent(..) => {}
        Progress::OnTrial => eprintln!("restarting with the new firmware, on trial"),
    };
    let [major, minor, patch] = update::update(&settings.controller, image, tell).await?;
    println!("gate controller runs version {major}.{minor}.{patch}");
    Ok(())
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
