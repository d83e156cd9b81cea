//! The reader of printed zones on its serial line.
//!
//! This driver only carries bytes into [`Frames`], opens the line again when it vanishes, and lets
//! a zone that a reader sends twice count once.

pub mod frame;

pub use frame::{FrameError, Frames, Framing, Heard, Zone};

use serde::Deserialize;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::time::{Instant, sleep, timeout};
use tokio_serial::{SerialPortBuilderExt, SerialStream};

/// Where the reader is and how it speaks.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReaderSettings {
    /// Serial device, by a name that does not change: `/dev/gate/mrz`.
    pub device: PathBuf,
    /// Bits per second.
    #[serde(default = "baud")]
    pub baud: u32,
    /// How the reader wraps the zone.
    #[serde(default)]
    pub framing: Framing,
}

const fn baud() -> u32 {
    9_600
}

/// What the reader tells.
#[derive(Debug)]
pub enum ReaderEvent {
    /// The line is open.
    Found,
    /// The line is not there (any more); it is tried again without end.
    Lost(ReaderError),
    /// A frame began: something lies on the reader.
    Began,
    /// What the reader recognised, right or not.
    Zone(Zone),
    /// Bytes that were no frame; how many bytes have been thrown away since the start.
    Bad(FrameError, u64),
}

/// Why the reader's line cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ReaderError {
    /// Look at the cable and at the name in the settings; the line is opened by itself once it is
    /// there.
    #[error("reader's serial line {device} cannot be opened: {problem}")]
    Open {
        /// The line.
        device: PathBuf,
        /// What the system said.
        problem: String,
    },
    /// The line was there and has gone: cable or power.
    #[error("reader's serial line {device} is gone: {problem}")]
    Gone {
        /// The line.
        device: PathBuf,
        /// What the system said.
        problem: String,
    },
}

/// The same zone within this time is one reading: some readers send while the document moves.
const REPEATED_WITHIN: Duration = Duration::from_secs(1);
/// Longer than any reader pauses within a frame, shorter than anybody needs to try again.
const QUIET: Duration = Duration::from_millis(250);
/// First and longest wait before a line is opened again.
const REOPEN: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));

/// Reads for ever and hands what it hears to `sink`, which must not block. Ends when the sink says
/// so by returning `false`.
pub async fn run(settings: ReaderSettings, mut sink: impl FnMut(ReaderEvent) -> bool + Send) {
    let mut wait = REOPEN.0;
    let mut complained = false;
    let mut hearing = Hearing::new(settings.framing);
    loop {
        let lost = match open(&settings) {
            Ok(port) => {
                wait = REOPEN.0;
                if !sink(ReaderEvent::Found) {
                    return;
                }
                let End::Line(problem) = hearing.listen(port, &mut sink).await else {
                    return;
                };
                let (device, problem) = (settings.device.clone(), problem.to_string());
                complained = false;
                ReaderError::Gone { device, problem }
            }
            Err(problem) => problem,
        };
        let complain = !std::mem::replace(&mut complained, true);
        if complain && !sink(ReaderEvent::Lost(lost)) {
            return;
        }
        sleep(wait).await;
        wait = (wait * 2).min(REOPEN.1);
    }
}

fn open(settings: &ReaderSettings) -> Result<SerialStream, ReaderError> {
    let device: &Path = &settings.device;
    tokio_serial::new(device.to_string_lossy(), settings.baud)
        .open_native_async()
        .map_err(|problem| ReaderError::Open {
            device: device.to_owned(),
            problem: problem.to_string(),
        })
}

/// Why [`Hearing::listen`] ended.
enum End {
    Line(io::Error),
    Sink,
}

struct Hearing {
    frames: Frames,
    /// When the last zone came, and a salted hash of it: the zone itself is nobody's to keep.
    last: Option<(Instant, u64)>,
    salt: RandomState,
}

impl Hearing {
    fn new(framing: Framing) -> Self {
        Self {
            frames: Frames::new(framing),
            last: None,
            salt: RandomState::new(),
        }
    }

    async fn listen(
        &mut self,
        mut port: SerialStream,
        sink: &mut impl FnMut(ReaderEvent) -> bool,
    ) -> End {
        let mut bytes = [0; 256];
        loop {
            let read = if self.frames.is_open() {
                timeout(QUIET, port.read(&mut bytes)).await
            } else {
                Ok(port.read(&mut bytes).await)
            };
            let mut heard = Vec::new();
            match read {
                Ok(Ok(0)) => return self.gone(io::ErrorKind::UnexpectedEof.into()),
                Ok(Ok(count)) => self.frames.receive(&bytes[..count], |one| heard.push(one)),
                Ok(Err(problem)) => return self.gone(problem),
                Err(_) => heard.extend(self.frames.quiet()),
            }
            for one in heard {
                if let Some(event) = self.event(one)
                    && !sink(event)
                {
                    return End::Sink;
                }
            }
        }
    }

    /// A frame that was under way when the line went will never be finished.
    fn gone(&mut self, problem: io::Error) -> End {
        self.frames.quiet();
        End::Line(problem)
    }

    fn event(&mut self, heard: Heard) -> Option<ReaderEvent> {
        match heard {
            Heard::Began => Some(ReaderEvent::Began),
            Heard::Zone(zone) => {
                let now = Instant::now();
                let hash = self.salt.hash_one(zone.text());
                let repeated = self
                    .last
                    .is_some_and(|(at, last)| now - at < REPEATED_WITHIN && last == hash);
                self.last = Some((now, hash));
                (!repeated).then_some(ReaderEvent::Zone(zone))
            }
            Heard::Bad(error) => Some(ReaderEvent::Bad(error, self.frames.discarded())),
        }
    }
}
