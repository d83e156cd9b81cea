//! A technician's window on a controller, real or emulated: inputs, outputs, state and link as they
//! are, and a hand on an output while the service key is turned.
//!
//! It talks to the controller as the daemon does, through the host's end of the link and nothing
//! else, so the daemon must not run at the same time. What it forces the controller may refuse.

mod desk;
mod draw;
mod hand;
mod panel;
mod report;
mod screen;
pub(crate) mod wiring;

use anyhow::{Context, bail};
use desk::{Desk, DeskError};
use gate_host::keys::HostKeys;
use gate_protocol::link::host::Keys;
use gate_protocol::pins::{Bits, Input, Output};
use gate_protocol::{LinkError, Shape};
use gate_sim::emulator::{ALL_CALM, Board, Config, TEST_SERIAL, test_page};
use panel::{Connection, remedy};
use report::Report;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// What is needed to look at a controller.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Serial device of a real controller.
    #[arg(
        long,
        required_unless_present = "emulated",
        conflicts_with = "emulated"
    )]
    port: Option<PathBuf>,
    /// Bits per second on that line.
    #[arg(long, default_value_t = 115_200)]
    baud: u32,
    /// The host's keys for that controller.
    #[arg(long, default_value = "/etc/gate/controller.keys")]
    keys: PathBuf,
    /// Take a controller with weak random numbers, such as a test board.
    #[arg(long)]
    weak_entropy: bool,
    /// Start an emulated controller instead.
    #[arg(long)]
    emulated: bool,
    /// The emulated controller's firmware; without it `GATE_FIRMWARE` is asked.
    #[arg(long, requires = "emulated")]
    firmware: Option<PathBuf>,
    /// QEMU with the emulated controller's machine; without it `GATE_QEMU` is asked.
    #[arg(long, requires = "emulated")]
    qemu: Option<PathBuf>,
    /// An input of the emulated controller from the start on, such as KEY_SERVICE=on.
    #[arg(long, value_name = "INPUT=LEVEL", value_parser = named_level, requires = "emulated")]
    set: Vec<Named>,
    /// Look once, print and end.
    #[arg(long)]
    once: bool,
    /// Print JSON.
    #[arg(long, requires = "once")]
    json: bool,
    /// Force an output for a second first, such as LIGHT=on, and print what the controller says.
    #[arg(long, value_name = "OUTPUT=LEVEL", value_parser = named_level, requires = "once")]
    force: Option<Named>,
    /// Seconds to wait for the controller.
    #[arg(long, default_value_t = 10, requires = "once")]
    within: u64,
}

/// Every kind of gate.
const SHAPES: [Shape; 2] = [Shape::TwoDoors, Shape::Turnstile];

/// A terminal by its name, and a level.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Named {
    name: String,
    on: bool,
}

fn named_level(text: &str) -> Result<Named, String> {
    let (name, level) = text.split_once('=').ok_or("NAME=on or NAME=off expected")?;
    let on = match level {
        "on" => true,
        "off" => false,
        _ => return Err(format!("level {level:?}: on or off expected")),
    };
    Ok(Named {
        name: name.to_owned(),
        on,
    })
}

impl Named {
    /// The input of that name, in a lane or at a turnstile.
    fn input(&self) -> anyhow::Result<Input> {
        let named = |one: &Input| SHAPES.iter().any(|it| self.is(wiring::input(*it, *one)));
        Input::ALL
            .into_iter()
            .find(named)
            .with_context(|| format!("input {:?}: there is none of that name", self.name))
    }

    /// The output of that name, in a lane or at a turnstile.
    fn output(&self) -> anyhow::Result<Output> {
        let named = |one: &Output| SHAPES.iter().any(|it| self.is(wiring::output(*it, *one)));
        Output::ALL
            .into_iter()
            .find(named)
            .with_context(|| format!("output {:?}: there is none of that name", self.name))
    }

    fn is(&self, terminal: Option<wiring::Terminal>) -> bool {
        terminal.is_some_and(|it| self.name == it.name || self.name == it.number)
    }
}

/// Looks at the controller, once or until somebody has seen enough.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        if options.emulated {
            let folder = TempDir::new()?;
            let (board, levels) = power_on(options, folder.path())?;
            let keys = gate_sim::keys::of_host(&test_page(TEST_SERIAL));
            let mut desk = Desk::open(board.tty(), options.baud, keys)?;
            return look(options, &mut desk, Some((&board, levels))).await;
        }
        let Some(port) = &options.port else {
            bail!("--port or --emulated expected");
        };
        let mut desk = Desk::open(port, options.baud, real_keys(options)?)?;
        look(options, &mut desk, None).await
    })
}

fn real_keys(options: &Options) -> anyhow::Result<Keys> {
    let keys = HostKeys::open(&options.keys)?;
    Ok(Keys {
        own: keys.own,
        pairing: keys.pairing,
        weak_entropy_will_do: options.weak_entropy,
    })
}

fn power_on(options: &Options, folder: &Path) -> anyhow::Result<(Board, Bits)> {
    let firmware = options
        .firmware
        .clone()
        .or_else(|| std::env::var_os("GATE_FIRMWARE").map(Into::into))
        .context("--firmware or GATE_FIRMWARE expected: an emulated controller needs its image")?;
    let qemu = options
        .qemu
        .clone()
        .or_else(|| std::env::var_os("GATE_QEMU").map(Into::into))
        .unwrap_or_else(|| "qemu-system-arm".into());
    let mut levels = ALL_CALM;
    for one in &options.set {
        levels = levels.with_input(one.input()?, one.on);
    }
    let mut config = Config::new(qemu, firmware, folder.join("board"));
    config.data_dir = std::env::var_os("GATE_QEMU_DATA").map(Into::into);
    Ok((Board::power_on(&config, levels)?, levels))
}

async fn look(
    options: &Options,
    desk: &mut Desk,
    board: Option<(&Board, Bits)>,
) -> anyhow::Result<()> {
    if !options.once {
        return screen::run(desk, board).await;
    }
    look_once(options, desk).await?;
    let report = Report::of(&desk.panel, desk.now());
    if options.json {
        say!("{}", serde_json::to_string(&report)?);
    } else {
        say!("{report}");
    }
    Ok(())
}

/// Lives until the panel is complete.
async fn look_once(options: &Options, desk: &mut Desk) -> anyhow::Result<()> {
    let force = match &options.force {
        Some(named) => Some((named.output()?, named.on)),
        None => None,
    };
    let within = Duration::from_secs(options.within);
    let mut to_force = force;
    while to_force.is_some() || !desk.panel.is_complete() {
        if Duration::from_micros(desk.now().as_micros()) >= within {
            return Err(too_late(&desk.panel.connection, within).into());
        }
        desk.live(Duration::from_millis(50)).await?;
        if desk.panel.is_complete()
            && let Some((output, on)) = to_force.take()
        {
            desk.force(output, on);
        }
    }
    Ok(())
}

fn too_late(connection: &Connection, within: Duration) -> DeskError {
    let problem = match connection {
        Connection::Open(_) => return DeskError::Incomplete { within },
        Connection::Down(problem) => *problem,
        Connection::Calling => LinkError::Silent {
            silent: within,
            limit: within,
        },
    };
    DeskError::Nothing {
        within,
        problem,
        remedy: remedy(problem),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_found_by_name_and_by_number() {
        for (text, expected) in [
            ("KEY_SERVICE=on", Some((Input::KeyService, true))),
            ("I1=off", Some((Input::FireOk, false))),
            ("HOME=on", Some((Input::EntryClosed, true))),
            ("DOOR=on", None),
        ] {
            let named = named_level(text).expect("a name and a level");
            let found = named.input().ok();
            assert_eq!(found.map(|input| (input, named.on)), expected, "{text}");
        }
        for text in ["KEY_SERVICE", "KEY_SERVICE=1", ""] {
            assert!(named_level(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_controller_that_does_not_answer_is_told_apart_from_one_that_is_slow() {
        let within = Duration::from_secs(3);
        let version = LinkError::Version {
            found: 1,
            min: 2,
            max: 2,
        };
        for (connection, expected) in [
            (
                Connection::Calling,
                "nothing to show after 3s: gate controller silent for 3s",
            ),
            (
                Connection::Down(version),
                "nothing to show after 3s: gate controller speaks wire version 1",
            ),
            (
                Connection::Open(panel::tests::controller()),
                "not everything has come after 3s",
            ),
        ] {
            let told = too_late(&connection, within).to_string();
            assert!(told.starts_with(expected), "{told}");
        }
    }
}
