//! A real serial device before the daemon: its line is opened here, and a pseudo-terminal is offered to
//! the daemon in its place.
//!
//! So the bench hears what the device says, and tells a device that talks nonsense from a gate that
//! does not understand it; and it can hurt the line on purpose.

use crate::line::Terminal;
use crate::station::Port;
use gate_document::seal::imager;
use gate_host::ports::reader::{Frames, Heard, Profile};
use gate_protocol::Decoder;
use gate_sim::stream::{Stream, StreamFault};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_serial::SerialStream;

/// A line that is gone is tried again so often.
const AGAIN: Duration = Duration::from_millis(200);
/// Longer than any reader pauses within a frame.
const QUIET: Duration = Duration::from_millis(250);
/// A controller that works has said something sensible among so many bytes.
const BYTES_ENOUGH: usize = 400;
/// One byte in so many is hurt while the line is bad.
const HURT_ONE_IN: u32 = 40;
/// Decides which.
const LINE_SEED: u64 = 9;

/// Understands what a device says, to tell sense from nonsense.
#[derive(Debug)]
pub(crate) enum Judge {
    /// Frames of the controller's protocol.
    Controller {
        /// Cuts them.
        decoder: Decoder,
        /// How many were whole.
        whole: usize,
        /// How many bytes there were.
        bytes: usize,
    },
    /// Zones.
    Reader {
        /// How it speaks.
        profile: Profile,
        /// Cuts frames.
        frames: Frames,
        /// The zone that is to be read, while a document lies there.
        expected: Option<String>,
        /// It has said something since.
        spoken: bool,
        /// The last that it said of it was a part.
        in_part: bool,
    },
    /// Barcodes.
    Barcode {
        /// Cuts frames.
        frames: imager::Frames,
    },
}

impl Judge {
    /// For a controller.
    pub(crate) const fn controller() -> Self {
        Self::Controller {
            decoder: Decoder::new(),
            whole: 0,
            bytes: 0,
        }
    }

    /// For a reader of zones.
    pub(crate) fn reader(profile: Profile) -> Self {
        Self::Reader {
            profile,
            frames: Frames::new(profile.framing()),
            expected: None,
            spoken: false,
            in_part: false,
        }
    }

    /// Takes what the device said; why that is nonsense, if it is.
    fn take(&mut self, said: &[u8]) -> Option<String> {
        match self {
            Self::Controller {
                decoder,
                whole,
                bytes,
            } => {
                *bytes += said.len();
                for byte in said {
                    *whole += usize::from(matches!(decoder.push(*byte), Some(Ok(_))));
                }
                (*whole == 0 && *bytes >= BYTES_ENOUGH)
                    .then(|| format!("{bytes} bytes, and no frame of a controller among them"))
            }
            Self::Reader { frames, .. } => {
                let mut all = Vec::new();
                frames.receive(said, |heard| all.push(heard));
                all.iter().find_map(|heard| self.hear(heard))
            }
            Self::Barcode { frames } => {
                let mut bad = None;
                frames.receive(said, |heard| {
                    if let imager::Heard::Bad(problem) = heard {
                        bad.get_or_insert(problem.to_string());
                    }
                });
                bad
            }
        }
    }

    /// The line has been silent for a while.
    fn quiet(&mut self) -> Option<String> {
        match self {
            Self::Controller { .. } => None,
            Self::Reader { frames, .. } => {
                let heard = frames.quiet();
                heard.and_then(|heard| self.hear(&heard))
            }
            Self::Barcode { frames } => match frames.quiet() {
                Some(imager::Heard::Bad(problem)) => Some(problem.to_string()),
                _ => None,
            },
        }
    }

    fn hear(&mut self, heard: &Heard) -> Option<String> {
        let Self::Reader {
            profile,
            expected,
            spoken,
            in_part,
            ..
        } = self
        else {
            return None;
        };
        *spoken = true;
        let zone = expected.as_ref()?;
        match heard {
            Heard::Bad(problem) => Some(format!("no frame of {profile}: {problem}")),
            // A document that slides into its place is seen in part first.
            Heard::Zone(read) if read.part().is_some() => {
                *in_part = true;
                None
            }
            Heard::Zone(read) if letters(read.text()) != letters(zone) => {
                Some("another zone than that of the document that was to lie there".to_owned())
            }
            Heard::Zone(_) => {
                *in_part = false;
                None
            }
            Heard::Began | Heard::Nothing => None,
        }
    }
}

/// A zone without what readers put between its lines.
fn letters(zone: &str) -> String {
    let is_of_zone = |letter: &char| letter.is_ascii_alphanumeric() || *letter == '<';
    zone.chars().filter(is_of_zone).collect()
}

/// A real line that the daemon finds under another name. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Tap {
    port: Port,
    offered: PathBuf,
    shared: Arc<Mutex<Shared>>,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    judge: Judge,
    cut: bool,
    stream: Stream,
    /// Why there is no line.
    gone: Option<String>,
    /// What the device said that makes no sense.
    nonsense: Option<String>,
}

impl Tap {
    /// Opens `port`, which the daemon finds as `offered`. Needs a tokio runtime.
    ///
    /// # Errors
    ///
    /// The port is not there, or no pseudo-terminal.
    pub(crate) fn open(port: &Port, offered: &Path, judge: Judge) -> anyhow::Result<Self> {
        let device = port.open()?;
        let host = Terminal::offer(offered)?;
        let shared = Arc::new(Mutex::new(Shared {
            judge,
            cut: false,
            stream: Stream::new(LINE_SEED, HURT_ONE_IN),
            gone: None,
            nonsense: None,
        }));
        let pump = pump(
            port.clone(),
            offered.to_owned(),
            Arc::clone(&shared),
            (device, host),
        );
        Ok(Self {
            port: port.clone(),
            offered: offered.to_owned(),
            shared,
            task: tokio::spawn(pump),
        })
    }

    /// Where the daemon finds it.
    pub(crate) fn name(&self) -> &Path {
        &self.offered
    }

    /// Nothing passes any more, or everything again.
    pub(crate) fn cut(&self, cut: bool) {
        lock(&self.shared).cut = cut;
    }

    /// What the device says suffers from now on, or no more.
    pub(crate) fn stream(&self, fault: StreamFault, begins: bool) {
        lock(&self.shared).stream.suffer(fault, begins);
    }

    /// A document with this zone is about to lie on the reader; none, and nothing is expected.
    pub(crate) fn expect(&self, zone: Option<&str>) {
        let mut shared = lock(&self.shared);
        shared.nonsense = None;
        if let Judge::Reader {
            expected,
            spoken,
            in_part,
            ..
        } = &mut shared.judge
        {
            *expected = zone.map(ToOwned::to_owned);
            (*spoken, *in_part) = (false, false);
        }
    }

    /// Why there is no line, if it is gone.
    pub(crate) fn gone(&self) -> Option<String> {
        let gone = lock(&self.shared).gone.clone()?;
        Some(format!("{}: the line is gone: {gone}", self.port.name()))
    }

    /// Why the device cannot be trusted: what it said makes no sense, or it said nothing.
    pub(crate) fn nonsense(&self) -> Option<String> {
        let shared = lock(&self.shared);
        let silent = match &shared.judge {
            Judge::Controller { whole: 0, .. } => "nothing that a controller says",
            Judge::Reader {
                expected: Some(_),
                spoken: false,
                ..
            } => "nothing since the document was laid down",
            Judge::Reader { in_part: true, .. } => "a part of a zone that lies there whole",
            _ => "",
        };
        let silent = (!silent.is_empty()).then(|| silent.to_owned());
        let what = shared.nonsense.clone().or(silent)?;
        Some(format!("{} said {what}", self.port.name()))
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Carries bytes both ways; a line that is gone is opened again as soon as it is there.
async fn pump(
    port: Port,
    offered: PathBuf,
    shared: Arc<Mutex<Shared>>,
    mut ends: (SerialStream, Terminal),
) {
    loop {
        let (device, host) = &mut ends;
        let gone = carry(device, host, &shared).await;
        lock(&shared).gone = Some(gone);
        drop(ends); // the daemon sees the plug pulled
        ends = loop {
            sleep(AGAIN).await;
            let again = port.open().and_then(|device| {
                let host = Terminal::offer(&offered)?;
                Ok((device, host))
            });
            if let Ok(again) = again {
                break again;
            }
        };
        lock(&shared).gone = None;
    }
}

/// Until the line is gone: why it is.
async fn carry(device: &mut SerialStream, host: &Terminal, shared: &Mutex<Shared>) -> String {
    let (mut from_host, mut from_device) = ([0; 512], [0; 512]);
    let mut quiet_at: Option<Instant> = None;
    loop {
        tokio::select! {
            count = host.read(&mut from_host) => match count {
                Ok(count) => {
                    let cut = lock(shared).cut;
                    if !cut && let Err(problem) = device.write_all(&from_host[..count]).await {
                        return problem.to_string();
                    }
                }
                Err(problem) => return problem.to_string(),
            },
            count = device.read(&mut from_device) => match count {
                Ok(0) => return "it has ended".to_owned(),
                Ok(count) => {
                    quiet_at = Some(Instant::now() + QUIET);
                    let pieces = hear(shared, &from_device[..count]);
                    for piece in pieces {
                        sleep(piece.after).await;
                        host.send(&piece.bytes);
                    }
                }
                Err(problem) => return problem.to_string(),
            },
            () = sleep_until(quiet_at.unwrap_or_else(Instant::now)), if quiet_at.is_some() => {
                quiet_at = None;
                let shared = &mut *lock(shared);
                if let Some(nonsense) = shared.judge.quiet() {
                    shared.nonsense.get_or_insert(nonsense);
                }
            }
        }
    }
}

/// The device has said something: what arrives of it.
fn hear(shared: &Mutex<Shared>, said: &[u8]) -> Vec<gate_sim::stream::Piece> {
    let shared = &mut *lock(shared);
    if let Some(nonsense) = shared.judge.take(said) {
        shared.nonsense.get_or_insert(nonsense);
    }
    match shared.cut {
        true => Vec::new(),
        false => shared.stream.carry(said),
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    // Nobody panics while holding it.
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use gate_sim::reader::rte_native;

    const ZONE: [&str; 2] = [
        "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
        "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
    ];

    fn judge(expected: Option<String>) -> Judge {
        let mut judge = Judge::reader(Profile::RteNative);
        if let Judge::Reader { expected: zone, .. } = &mut judge {
            *zone = expected;
        }
        judge
    }

    #[test]
    fn the_right_zone_is_sense_and_everything_else_is_not() {
        let expected = Some(ZONE.join("\n"));
        let zone = rte_native(&ZONE);
        assert_eq!(judge(expected.clone()).take(&zone), None);
        let other = rte_native(&[ZONE[0], &ZONE[1].replace("L898", "L888")]);
        let told = judge(expected.clone()).take(&other).unwrap();
        assert!(told.contains("another zone"), "{told}");
        assert!(!told.contains("L888"), "{told}");
        let mut noise = judge(expected.clone());
        let told = noise.take(&[0x55; 60]).or_else(|| noise.quiet()).unwrap();
        assert!(told.contains("no frame of rte-native"), "{told}");
        let part = rte_native(&["L898902C36UTO740812"]);
        let mut half = judge(expected);
        assert_eq!(half.take(&part), None);
        assert!(matches!(half, Judge::Reader { in_part: true, .. }));
        assert_eq!(half.take(&zone), None);
        assert!(matches!(half, Judge::Reader { in_part: false, .. }));
        // Nobody was to say anything yet: a reader that is plugged in crackles.
        let mut early = judge(None);
        assert_eq!(early.take(&[0x55; 60]).or_else(|| early.quiet()), None);
    }

    #[test]
    fn a_controller_that_never_says_a_frame_is_none() {
        let mut judge = Judge::controller();
        assert_eq!(judge.take(&[0x55; BYTES_ENOUGH - 1]), None);
        assert!(judge.take(&[0x55]).is_some());
    }
}
