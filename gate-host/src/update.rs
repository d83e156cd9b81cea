//! Brings a new firmware image to the gate controller, with the daemon stopped.

use crate::clock::Clock;
use crate::keys::{HostKeys, KeysError};
use crate::ports::controller::ControllerSettings;
use gate_boot::image::Packed;
use gate_boot::slot::Slot;
use gate_protocol::keys::Secret;
use gate_protocol::link::host::{Delivery, HostLink, Keys};
use gate_protocol::link::{LinkError, Next};
use gate_protocol::update::{Image, Upload, UploadError};
use gate_protocol::{
    CommandNumber, Instant, Mode, State, ToController, UpdateRefusal, UpdateRequest,
};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_serial::SerialPortBuilderExt;

/// How long nothing may get on. Longer than a new image has to prove itself.
const PATIENCE: Duration = Duration::from_secs(120);
/// How often a new image is asked whether it has proved itself.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// Why the controller does not run the new image.
#[derive(Debug, thiserror::Error)]
pub enum UpdateError {
    /// Look at the name, and take the file that `cargo xtask firmware` makes.
    #[error("firmware image {file}: {problem}")]
    File {
        /// The file.
        file: PathBuf,
        /// What the system said.
        problem: std::io::Error,
    },
    /// Take the file that `cargo xtask firmware` makes.
    #[error("{file} holds no firmware image")]
    NoImage {
        /// The file.
        file: PathBuf,
    },
    /// Look at cable and name. A daemon that runs has the line for itself: stop it first.
    #[error("gate controller's serial line {device}: {problem}")]
    Line {
        /// Serial device.
        device: PathBuf,
        /// What the system said.
        problem: std::io::Error,
    },
    /// See [`KeysError`].
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// See [`UploadError`]; the controller goes on as it was.
    #[error(transparent)]
    Refused(#[from] UploadError),
    /// The controller does not answer, or the lane does not come to rest.
    #[error("no progress for {PATIENCE:?}: {}", last(.down))]
    TimedOut {
        /// What the link said last.
        down: Option<LinkError>,
    },
    /// The new image did not prove itself, and the one before is back.
    #[error("the new image was given up: version {} runs", version(.running))]
    GivenUp {
        /// Version that runs.
        running: [u8; 3],
    },
}

fn last(down: &Option<LinkError>) -> String {
    down.map_or_else(
        || "the lane does not come to rest".to_owned(),
        |problem| problem.to_string(),
    )
}

fn version([major, minor, patch]: &[u8; 3]) -> String {
    format!("{major}.{minor}.{patch}")
}

/// How far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Waits for the controller, or for the lane to be closed, idle and empty.
    Waiting,
    /// Bytes that have arrived, and bytes in all.
    Sent(usize, usize),
    /// The new image runs and has to prove itself.
    OnTrial,
}

/// Brings the image in `file` that fits to the controller, and waits until it has proved itself.
/// Gives the version that runs then. `tell` hears each change.
///
/// # Errors
///
/// [`UpdateError`]. The controller then runs what it ran before.
pub async fn update(
    settings: &ControllerSettings,
    file: &Path,
    tell: impl FnMut(Progress),
) -> Result<[u8; 3], UpdateError> {
    let bytes = std::fs::read(file).map_err(|problem| UpdateError::File {
        file: file.into(),
        problem,
    })?;
    let line = |problem| UpdateError::Line {
        device: settings.device.clone(),
        problem,
    };
    let (upload, version) =
        upload(&bytes).ok_or_else(|| UpdateError::NoImage { file: file.into() })?;
    let port = tokio_serial::new(settings.device.to_string_lossy(), settings.baud)
        .open_native_async()
        .map_err(|problem| line(problem.into()))?;
    let clock = Clock::start();
    let keys = HostKeys::open(&settings.keys)?;
    let keys = Keys {
        own: keys.own,
        pairing: keys.pairing,
        weak_entropy_will_do: settings.weak_entropy,
    };
    let link = HostLink::new(clock.now(), keys, Secret::new(rand::random()));
    let talk = Talk::new(clock, link, upload, version, tell);
    talk.converse(port).await.map_err(|ended| match ended {
        Ended::Line(problem) => line(problem),
        Ended::Update(error) => error,
    })
}

/// The images of a file, and the version that they all have.
fn upload(bytes: &[u8]) -> Option<(Upload<'_>, [u8; 3])> {
    let mut images = [None, None];
    let mut version = None;
    for (packed, header) in Packed::all(bytes) {
        version = Some(header.version);
        images[usize::from(header.slot == Slot::B)] = Some(Image {
            header: packed.head,
            body: packed.body,
        });
    }
    Some((Upload::new(images), version?))
}

enum Ended {
    Line(std::io::Error),
    Update(UpdateError),
}

/// The conversation.
struct Talk<'i, T> {
    clock: Clock,
    link: HostLink,
    upload: Upload<'i>,
    /// Version of the new image.
    version: [u8; 3],
    tell: T,
    told: Option<Progress>,
    /// Version that runs, while there is a session.
    running: Option<[u8; 3]>,
    down: Option<LinkError>,
    state: State,
    /// The request that is on its way.
    asked: Option<CommandNumber>,
    ask_at: Instant,
    give_up_at: Instant,
}

impl<'i, T: FnMut(Progress)> Talk<'i, T> {
    fn new(clock: Clock, link: HostLink, upload: Upload<'i>, version: [u8; 3], tell: T) -> Self {
        Self {
            clock,
            link,
            upload,
            version,
            tell,
            told: None,
            running: None,
            down: None,
            state: State::default(),
            asked: None,
            ask_at: clock.now(),
            give_up_at: clock.now() + PATIENCE,
        }
    }

    async fn converse(
        mut self,
        mut port: impl AsyncReadExt + AsyncWriteExt + Unpin,
    ) -> Result<[u8; 3], Ended> {
        let mut bytes = [0; 256];
        loop {
            let deadline = match self.link.next(self.clock.now()) {
                Next::Deliver(delivery) => {
                    if let Some(version) = self.deliver(delivery).map_err(Ended::Update)? {
                        return Ok(version);
                    }
                    continue;
                }
                Next::Transmit(wire) => {
                    port.write_all(&wire).await.map_err(Ended::Line)?;
                    continue;
                }
                Next::Wait(deadline) => deadline,
            };
            let now = self.clock.now();
            if now >= self.give_up_at {
                let down = self.down;
                return Err(Ended::Update(UpdateError::TimedOut { down }));
            }
            if self.ask(now) {
                continue;
            }
            let wake = deadline
                .min(self.give_up_at)
                .min(self.ask_at.max(now + ASK_AGAIN));
            tokio::select! {
                read = port.read(&mut bytes) => match read.map_err(Ended::Line)? {
                    0 => return Err(Ended::Line(std::io::ErrorKind::UnexpectedEof.into())),
                    count => self.link.receive(self.clock.now(), &bytes[..count]),
                },
                () = self.clock.until(Some(wake)) => {}
            }
        }
    }

    /// Sends the next request if it is time; says whether it did.
    fn ask(&mut self, now: Instant) -> bool {
        if self.asked.is_some() || self.running.is_none() || now < self.ask_at {
            return false;
        }
        // Without a site the gate drives nothing: nobody can be in an update's way.
        if !matches!(self.state, State::Idle | State::NoSite(_)) {
            self.progress(Progress::Waiting);
            return false;
        }
        let request = self.upload.request().unwrap_or(UpdateRequest::Ask);
        self.asked = self.link.send(ToController::Update(request)).ok();
        self.asked.is_some()
    }

    /// Gives the version that runs when all is done.
    fn deliver(&mut self, delivery: Delivery) -> Result<Option<[u8; 3]>, UpdateError> {
        match delivery {
            Delivery::Connected(controller) => {
                self.running = Some(controller.firmware);
                self.down = None;
                if self.on_trial() && controller.firmware != self.version {
                    return Err(UpdateError::GivenUp {
                        running: controller.firmware,
                    });
                }
                // Whoever opens a session finds the lane closed; this only says it again.
                let _ = self.link.send(ToController::SetMode { mode: Mode::Closed });
            }
            Delivery::Down(problem) => {
                self.running = None;
                self.down = Some(problem);
                self.state = State::default();
            }
            Delivery::Status(status) => self.state = status.state,
            Delivery::Update(report) => self.upload.report(report),
            Delivery::Accepted(number) if self.asked == Some(number) => return self.accepted(),
            Delivery::Refused(number, _) if self.asked == Some(number) => self.refused()?,
            Delivery::Lost(number) if self.asked == Some(number) => {
                self.asked = None;
                self.upload.lost();
            }
            Delivery::Accepted(_)
            | Delivery::Refused(..)
            | Delivery::Lost(_)
            | Delivery::Event(_)
            | Delivery::Site(_)
            | Delivery::Warning(_)
            | Delivery::EventsLost { .. }
            | Delivery::Health(_)
            | Delivery::Tampering { .. }
            | Delivery::LastFailure(_) => {}
        }
        Ok(None)
    }

    fn accepted(&mut self) -> Result<Option<[u8; 3]>, UpdateError> {
        self.asked = None;
        self.give_up_at = self.clock.now() + PATIENCE;
        if self.on_trial() && self.running == Some(self.version) {
            return Ok(self.running); // asked whether it takes an update, it does
        }
        self.upload.accepted()?;
        if self.on_trial() {
            self.progress(Progress::OnTrial);
            self.running = None; // until its next session
        } else {
            let (sent, all) = self.upload.progress();
            self.progress(Progress::Sent(sent, all));
        }
        Ok(None)
    }

    fn refused(&mut self) -> Result<(), UpdateError> {
        self.asked = None;
        match self.upload.refused() {
            // Both pass by themselves.
            UploadError::Refused(UpdateRefusal::OnTrial | UpdateRefusal::LaneBusy) => {
                self.ask_at = self.clock.now() + ASK_AGAIN;
                Ok(())
            }
            problem => Err(problem.into()),
        }
    }

    /// The new image has been activated.
    fn on_trial(&self) -> bool {
        self.upload.request().is_none()
    }

    fn progress(&mut self, progress: Progress) {
        if self.told.replace(progress) != Some(progress) {
            (self.tell)(progress);
        }
    }
}
