//! The host's end of the link at a serial device, with a technician instead of a lane.

use super::hand::{Hand, force};
use super::panel::Panel;
use gate_protocol::keys::Secret;
use gate_protocol::link::Next;
use gate_protocol::link::host::{HostLink, Keys};
use gate_protocol::pins::Output;
use gate_protocol::{Instant, LinkError, ToController};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_serial::{SerialPortBuilderExt, SerialStream};

/// Longest time that one command may force an output: see `ToController::Force`.
const FORCE_MAX_MS: u16 = 1_000;

/// How often the controller is asked how it fares and how its gate is built.
const ASK_EVERY: Duration = Duration::from_secs(1);

/// Why the controller cannot be looked at.
#[derive(Debug, thiserror::Error)]
pub(super) enum DeskError {
    /// Plug the board in, or name another device: they are in `/dev/serial/by-id`.
    #[error("serial device {port}: there is none; /dev/serial/by-id names those that there are")]
    Missing {
        /// What was asked for.
        port: PathBuf,
    },
    /// The daemon has the line as long as it runs: `systemctl stop gate-host`. Or this account may
    /// not use serial devices.
    #[error("serial device {port}: {problem}; does gate-host run, is this account in its group?")]
    Port {
        /// What was asked for.
        port: PathBuf,
        /// What the system said.
        problem: String,
    },
    /// The device was unplugged.
    #[error("serial device {port}: {problem}")]
    Gone {
        /// Which one.
        port: PathBuf,
        /// What the system said.
        problem: io::Error,
    },
    /// Nobody answered, or not as a controller should: the reason is the link's.
    #[error("nothing to show after {within:?}: {problem}; {remedy}")]
    Nothing {
        /// How long it was waited for.
        within: Duration,
        /// What the link says.
        problem: LinkError,
        /// What helps.
        remedy: &'static str,
    },
    /// The controller answered, but not to everything in time.
    #[error("not everything has come after {within:?}")]
    Incomplete {
        /// How long it was waited for.
        within: Duration,
    },
}

/// A link with nobody behind it but a technician.
pub(super) struct Desk {
    name: PathBuf,
    port: SerialStream,
    link: HostLink,
    began: tokio::time::Instant,
    hand: Hand,
    ask_at: Instant,
    /// What the technician is shown.
    pub(super) panel: Panel,
}

impl Desk {
    /// Opens the serial device and begins to call.
    pub(super) fn open(name: &Path, baud: u32, keys: Keys) -> Result<Self, DeskError> {
        if !name.exists() {
            return Err(DeskError::Missing { port: name.into() });
        }
        let port = tokio_serial::new(name.to_string_lossy(), baud)
            .open_native_async()
            .map_err(|problem| DeskError::Port {
                port: name.into(),
                problem: problem.to_string(),
            })?;
        Ok(Self {
            name: name.into(),
            port,
            link: HostLink::new(Instant::ZERO, keys, Secret::new(rand::random())),
            began: tokio::time::Instant::now(),
            hand: Hand::default(),
            ask_at: Instant::ZERO,
            panel: Panel::new(),
        })
    }

    /// The time of the link and of everything on the screen.
    pub(super) fn now(&self) -> Instant {
        Instant::ZERO + self.began.elapsed()
    }

    /// Somebody presses the key for `output`, or it repeats.
    pub(super) fn press(&mut self, output: Output, on: bool) {
        self.hand.press(self.now(), output, on);
    }

    /// Forces `output` once, for a second.
    pub(super) fn force(&mut self, output: Output, on: bool) {
        let message = force(output, on, FORCE_MAX_MS);
        match self.link.send(message) {
            Ok(number) => self.panel.forces(number, output, on),
            Err(problem) => self.panel.not_sent(output, on, problem),
        }
    }

    /// Serves the link once: what is due now, and then what comes, for at most `wait`.
    pub(super) async fn live(&mut self, wait: Duration) -> Result<(), DeskError> {
        self.tell_hand();
        self.ask();
        let deadline = self
            .work_off()
            .await
            .map_err(|problem| self.gone(problem))?;
        let until = deadline.since(self.now()).min(wait);
        let mut bytes = [0; 256];
        match tokio::time::timeout(until, self.port.read(&mut bytes)).await {
            Ok(Ok(0)) => Err(self.gone(io::ErrorKind::UnexpectedEof.into())),
            Ok(Ok(count)) => {
                self.link.receive(self.now(), &bytes[..count]);
                self.work_off()
                    .await
                    .map_err(|problem| self.gone(problem))?;
                Ok(())
            }
            Ok(Err(problem)) => Err(self.gone(problem)),
            // Nothing came.
            Err(_) => Ok(()),
        }
    }

    fn tell_hand(&mut self) {
        let now = self.now();
        if let Some((output, on, message)) = self.hand.next(now) {
            match self.link.send(message) {
                Ok(number) => self.panel.forces(number, output, on),
                Err(problem) => self.panel.not_sent(output, on, problem),
            }
        }
    }

    fn ask(&mut self) {
        let now = self.now();
        // Without a session there is nobody to ask; a full queue can wait.
        if now >= self.ask_at
            && self.link.send(ToController::ReadHealth).is_ok()
            && self.link.send(ToController::ReadSite).is_ok()
        {
            self.ask_at = now + ASK_EVERY;
        }
    }

    /// Does everything that the link wants done.
    async fn work_off(&mut self) -> io::Result<Instant> {
        loop {
            let now = self.now();
            match self.link.next(now) {
                Next::Deliver(delivery) => self.panel.take(now, delivery),
                Next::Transmit(wire) => self.port.write_all(&wire).await?,
                Next::Wait(deadline) => {
                    self.panel.statistics = self.link.statistics();
                    return Ok(deadline);
                }
            }
        }
    }

    fn gone(&self, problem: io::Error) -> DeskError {
        DeskError::Gone {
            port: self.name.clone(),
            problem,
        }
    }
}
