//! "Which reader is this?": a technician's search on one serial line, never done while a lane runs.
//!
//! First every profile that can be asked is asked at the usual rates. Then the line is listened to,
//! while somebody reads a document, and every profile says whether it would have understood.

use super::{Discards, Frames, Heard, Profile, ReaderError};
use std::fmt;
use std::path::Path;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_serial::{SerialPortBuilderExt, SerialStream};

/// Rates in the order in which readers are delivered with them.
pub const BAUDS: [u32; 3] = [9_600, 115_200, 19_200];
/// How long an answer may take to begin.
const ANSWER_WITHIN: Duration = Duration::from_millis(400);
/// A pause that ends an answer.
const PAUSE: Duration = Duration::from_millis(100);
/// Bytes of an answer that are kept: the longest frame, twice.
const KEPT: usize = 512;

/// What one question, or a time of listening, brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// Which profile's command was sent; none where the line was only listened to.
    pub asked: Option<Profile>,
    /// At which rate.
    pub baud: u32,
    /// Bytes received.
    pub bytes: usize,
    /// The answer without personal data: see [`describe`].
    pub answer: String,
    /// Profiles whose frames these bytes are.
    pub understood: Vec<Profile>,
    /// What the profile that was asked, or the one that comes nearest, would have thrown away.
    pub discards: (Profile, Discards),
}

impl fmt::Display for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.asked {
            Some(profile) => write!(f, "{profile:12} asked at {:6} baud: ", self.baud)?,
            None => write!(f, "{:12} heard at {:6} baud: ", "", self.baud)?,
        }
        if self.bytes == 0 {
            return f.write_str("nothing");
        }
        write!(f, "{} bytes, {}", self.bytes, self.answer)?;
        if !self.understood.is_empty() {
            let names: Vec<String> = self.understood.iter().map(ToString::to_string).collect();
            return write!(f, "; profile {}", names.join(" or "));
        }
        let (profile, discards) = self.discards;
        write!(f, "; as {profile}, discarded: {discards}")
    }
}

/// Asks every profile's question at every rate, and reports each answer as it comes.
///
/// # Errors
///
/// [`ReaderError`] when the line cannot be opened or goes away.
pub async fn ask(device: &Path, mut report: impl FnMut(&Probe)) -> Result<Vec<Probe>, ReaderError> {
    let mut probes = Vec::new();
    for baud in BAUDS {
        for profile in Profile::ALL {
            let Some(question) = profile.identification() else {
                continue;
            };
            let mut port = open(device, baud)?;
            port.write_all(question)
                .await
                .map_err(|problem| gone(device, &problem))?;
            let until = Instant::now() + ANSWER_WITHIN;
            let answer = collect(device, &mut port, until).await?;
            let probe = judge(Some(profile), baud, &answer);
            report(&probe);
            probes.push(probe);
        }
    }
    Ok(probes)
}

/// Listens for `time` at one rate, while somebody reads a document.
///
/// # Errors
///
/// [`ReaderError`] when the line cannot be opened or goes away.
pub async fn listen(device: &Path, baud: u32, time: Duration) -> Result<Probe, ReaderError> {
    let mut port = open(device, baud)?;
    let answer = collect(device, &mut port, Instant::now() + time).await?;
    Ok(judge(None, baud, &answer))
}

/// Bytes until a pause, where the first of them comes before `until`.
async fn collect(
    device: &Path,
    port: &mut SerialStream,
    until: Instant,
) -> Result<Vec<u8>, ReaderError> {
    let mut answer = Vec::new();
    let mut chunk = [0; 128];
    loop {
        let read = if answer.is_empty() {
            timeout_at(until, port.read(&mut chunk)).await
        } else {
            timeout(PAUSE, port.read(&mut chunk)).await
        };
        match read {
            Ok(Ok(0)) => return Err(gone(device, &std::io::ErrorKind::UnexpectedEof.into())),
            Ok(Ok(count)) => answer.extend_from_slice(&chunk[..count]),
            Ok(Err(problem)) => return Err(gone(device, &problem)),
            Err(_) => return Ok(answer),
        }
        if answer.len() >= KEPT {
            return Ok(answer);
        }
    }
}

/// Who would have understood these bytes, and what they look like.
fn judge(asked: Option<Profile>, baud: u32, bytes: &[u8]) -> Probe {
    let discarded = |profile: Profile| (profile, hear(profile, bytes).1);
    let nearest = || {
        let all = Profile::ALL.into_iter().map(discarded);
        all.min_by_key(|(_, discards)| discards.bytes)
    };
    let discards = match asked {
        Some(profile) => discarded(profile),
        None => nearest().unwrap_or_default(),
    };
    let understood: Vec<Profile> = Profile::ALL
        .into_iter()
        .filter(|profile| understands(*profile, bytes))
        .collect();
    Probe {
        asked,
        baud,
        bytes: bytes.len(),
        answer: describe(bytes),
        understood,
        discards,
    }
}

/// Whether all of `bytes` are frames of this profile.
fn understands(profile: Profile, bytes: &[u8]) -> bool {
    let (heard, discards) = hear(profile, bytes);
    let is_frame = |one: &Heard| matches!(one, Heard::Zone(_) | Heard::Nothing);
    heard.iter().any(is_frame) && discards.bytes == 0
}

fn hear(profile: Profile, bytes: &[u8]) -> (Vec<Heard>, Discards) {
    let mut frames = Frames::new(profile.framing());
    let mut heard = Vec::new();
    frames.receive(bytes, |one| heard.push(one));
    heard.extend(frames.quiet());
    (heard, frames.discards())
}

/// The answer's skeleton: control characters by number, and how many others lie between them. What
/// those say may be somebody's name, so a short answer alone is shown as text.
#[must_use]
pub fn describe(bytes: &[u8]) -> String {
    /// Shorter than the shortest line of a zone.
    const SHOWN: usize = 24;
    let is_text = |byte: &u8| (b' '..=b'~').contains(byte);
    let shows =
        bytes.iter().filter(|byte| is_text(byte)).count() <= SHOWN && !bytes.contains(&b'<');
    let mut parts = Vec::new();
    for run in bytes.chunk_by(|one, other| is_text(one) == is_text(other)) {
        if !is_text(&run[0]) {
            parts.extend(run.iter().take(8).map(|byte| format!("{byte:02x}")));
        } else if shows {
            parts.push(format!("{:?}", String::from_utf8_lossy(run)));
        } else {
            parts.push(format!("({} characters)", run.len()));
        }
    }
    parts.truncate(40);
    parts.join(" ")
}

fn open(device: &Path, baud: u32) -> Result<SerialStream, ReaderError> {
    tokio_serial::new(device.to_string_lossy(), baud)
        .open_native_async()
        .map_err(|problem| ReaderError::Open {
            device: device.to_owned(),
            problem: problem.to_string(),
        })
}

fn gone(device: &Path, problem: &std::io::Error) -> ReaderError {
    ReaderError::Gone {
        device: device.to_owned(),
        problem: problem.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_shown_without_what_may_be_a_name() {
        assert_eq!(describe(b"I\x00\x00"), "\"I\" 00 00");
        assert_eq!(
            describe(b"\x16M\rocrena1\x06!"),
            "16 \"M\" 0d \"ocrena1\" 06 \"!\""
        );
        let zone = describe(b"\x02P<UTOERIKSSON<<ANNA\r\x03");
        assert_eq!(zone, "02 (19 characters) 0d 03");
    }

    #[test]
    fn profiles_know_their_own_frames() {
        let nothing_there = judge(Some(Profile::Elyctis), 9_600, b"I\x00\x00");
        assert_eq!(nothing_there.understood, [Profile::Elyctis]);
        let torn = judge(None, 9_600, b"\x01\x0e\x00OU\x02 \r\rAB");
        assert!(torn.understood.is_empty());
        let whole = judge(None, 9_600, b"\x01\x0e\x00OU\x02 \r\rAB<12\r\x03\x04");
        assert_eq!(whole.understood, [Profile::RteNative]);
    }
}
