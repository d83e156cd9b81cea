//! The reader of printed zones on its serial line.
//!
//! This driver carries bytes into [`Frames`], tells the reader what its [`Profile`] says that it has
//! to be told, opens the line again when it vanishes, and lets a zone that a reader sends twice count
//! once.

pub mod frame;
pub mod profile;
pub mod which;

pub use frame::{Answers, Discards, FrameError, Frames, Framing, Heard, Zone};
pub use profile::Profile;

use serde::Deserialize;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
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
    /// Which reader it is.
    #[serde(default, alias = "framing")]
    pub profile: Profile,
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
    /// Bytes that were no frame; what has been thrown away since the start.
    Bad(FrameError, Discards),
    /// A part of a zone: the document is not where it should be.
    Partial {
        /// Lines in which something was recognised.
        lines: usize,
        /// Characters in the longest.
        longest: usize,
    },
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
    /// The line is there, and the reader does not answer: wrong profile, wrong baud rate, or a
    /// reader without power.
    #[error("reader on {device} has not answered {asked} inquiries")]
    Silent {
        /// The line.
        device: PathBuf,
        /// Inquiries in a row.
        asked: u32,
    },
}

/// The same zone within this time is one reading: some readers send while the document moves.
const REPEATED_WITHIN: Duration = Duration::from_secs(1);
/// Longer than any reader pauses within a frame, shorter than anybody needs to try again.
const QUIET: Duration = Duration::from_millis(250);
/// How long an answer to an inquiry may take before it is put again, and how often it may go without one.
const INQUIRE_AGAIN: Duration = Duration::from_millis(500);
const INQUIRIES_MAX: u32 = 4;
/// For a reader that speaks when it has something to say.
const FOREVER: Duration = Duration::from_secs(3_600);
/// First and longest wait before a line is opened again.
const REOPEN: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));

/// Reads for ever and hands what it hears to `sink`, which must not block. Ends when the sink says
/// so by returning `false`.
pub async fn run(settings: ReaderSettings, mut sink: impl FnMut(ReaderEvent) -> bool + Send) {
    let mut wait = REOPEN.0;
    let mut complained = false;
    let mut hearing = Hearing::new(settings.profile);
    loop {
        let lost = match open(&settings) {
            Ok(port) => {
                wait = REOPEN.0;
                // Whoever answers only when asked is found when it has answered.
                hearing.heard = false;
                if settings.profile.inquiry().is_none() && !sink(ReaderEvent::Found) {
                    return;
                }
                let end = hearing.listen(port, &mut sink).await;
                let device = settings.device.clone();
                match end {
                    End::Sink => return,
                    End::Line(problem) => {
                        complained = false;
                        let problem = problem.to_string();
                        ReaderError::Gone { device, problem }
                    }
                    // A line that opens and never answers is told of once.
                    End::Silent(asked) => {
                        complained &= !std::mem::take(&mut hearing.heard);
                        ReaderError::Silent { device, asked }
                    }
                }
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
    Silent(u32),
}

struct Hearing {
    profile: Profile,
    /// The reader has spoken since its line was opened.
    heard: bool,
    frames: Frames,
    /// When the last zone came, and a salted hash of it: the zone itself is nobody's to keep.
    last: Option<(Instant, u64)>,
    salt: RandomState,
}

impl Hearing {
    fn new(profile: Profile) -> Self {
        Self {
            profile,
            heard: false,
            frames: Frames::new(profile.framing()),
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
        let mut unanswered = 0;
        // It has been asked, and its answer is not complete.
        let mut asked = false;
        let greeting = self.profile.set_up().iter().chain(self.profile.arm());
        for command in greeting {
            if let Err(problem) = port.write_all(command).await {
                return self.gone(problem);
            }
        }
        loop {
            let limit = match self.profile.inquiry() {
                _ if self.frames.is_open() => QUIET,
                Some(_) if unanswered > 0 => INQUIRE_AGAIN,
                Some(_) => self.profile.inquire_after(),
                None => FOREVER,
            };
            let mut heard = Vec::new();
            match timeout(limit, port.read(&mut bytes)).await {
                Ok(Ok(0)) => return self.gone(io::ErrorKind::UnexpectedEof.into()),
                Ok(Ok(count)) => {
                    unanswered = 0;
                    let first = !std::mem::replace(&mut self.heard, true);
                    let answers = self.profile.inquiry().is_some();
                    if first && answers && !sink(ReaderEvent::Found) {
                        return End::Sink;
                    }
                    self.frames.receive(&bytes[..count], |one| heard.push(one));
                }
                Ok(Err(problem)) => return self.gone(problem),
                Err(_) if self.frames.is_open() => heard.extend(self.frames.quiet()),
                Err(_) => {
                    let Some(inquiry) = self.profile.inquiry() else {
                        continue;
                    };
                    if unanswered == INQUIRIES_MAX {
                        return End::Silent(unanswered);
                    }
                    unanswered += 1;
                    asked = true;
                    if let Err(problem) = port.write_all(inquiry).await {
                        return self.gone(problem);
                    }
                }
            }
            let done = |one: &Heard| matches!(one, Heard::Zone(_) | Heard::Bad(_));
            let answered = asked && heard.contains(&Heard::Nothing);
            asked &= !answered;
            let commands = match heard.iter().any(done) {
                true => self.profile.arm(),
                false if answered => self.profile.refresh(),
                false => &[],
            };
            for command in commands {
                if let Err(problem) = port.write_all(command).await {
                    return self.gone(problem);
                }
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
            // An answer to an inquiry is no sign that something was laid down just now.
            Heard::Began => (!self.profile.tells_when_asked()).then_some(ReaderEvent::Began),
            Heard::Zone(zone) => self.zone(zone),
            Heard::Bad(error) => Some(ReaderEvent::Bad(error, self.frames.discards())),
            // The document was taken away: the same one may come again.
            Heard::Nothing => {
                self.last = None;
                None
            }
        }
    }

    /// A reader that is asked tells the same zone for as long as the document lies there; one that
    /// speaks by itself may do so twice.
    fn zone(&mut self, zone: Zone) -> Option<ReaderEvent> {
        let now = Instant::now();
        let hash = self.salt.hash_one(zone.text());
        let is_asked = self.profile.tells_when_asked();
        let repeated = self
            .last
            .is_some_and(|(at, last)| last == hash && (is_asked || now - at < REPEATED_WITHIN));
        self.last = Some((now, hash));
        if repeated {
            self.frames.repeated();
            return None;
        }
        Some(match zone.part() {
            Some((lines, longest)) => ReaderEvent::Partial { lines, longest },
            None => ReaderEvent::Zone(zone),
        })
    }
}
