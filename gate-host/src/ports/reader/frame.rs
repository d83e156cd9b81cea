//! Frames out of a reader's bytes.
//!
//! A pure machine: bytes in, frames out, no device and no clock. It is bounded, drops nothing
//! silently, and finds the next frame after any garbage.

use gate_document::Sensitive;
use serde::Deserialize;
use zeroize::Zeroizing;

const SOH: u8 = 0x01;
const STX: u8 = 0x02;
const ETX: u8 = 0x03;
const CR: u8 = b'\r';

/// How a reader wraps the zone. More readers bring more framings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Framing {
    /// "RTE Native" of the RTE6701 family: `SOH length "OU" STX flag line CR line CR line CR ETX
    /// BCC`. The length word has seven bits in each byte, low byte first, and counts the bytes
    /// after it, check character included. The check character is the exclusive or of all bytes
    /// from the length word to ETX. The bottom line of a document is always the third.
    #[default]
    RteNative,
}

/// What was found in the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A frame has begun: something lies on the reader.
    Began,
    /// A whole frame: the zone as far as the reader recognised it.
    Zone(Zone),
    /// Bytes that are no frame; told once, however long they go on without a pause.
    Bad(FrameError),
}

/// The text of a zone, unchecked: lines separated by CR, absent lines left out.
///
/// The text is empty where the reader saw a document without a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Zone(Sensitive<String>);

impl Zone {
    /// The lines, for [`gate_document::mrz::Mrz::parse`].
    #[must_use]
    pub fn text(&self) -> &str {
        self.0.expose()
    }
}

/// Why bytes are no frame. Look at baud rate, framing and cable; the reader goes on by itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The length word is out of range.
    #[error("frame of {found} bytes announced, {LENGTH_MIN} to {LENGTH_MAX} expected")]
    Length {
        /// Announced length.
        found: usize,
    },
    /// Another block than a zone.
    #[error("frame header is not that of an unasked zone")]
    Header,
    /// The frame does not end where it says.
    #[error("no end of text at the announced end of the frame")]
    End,
    /// A byte was changed on the line.
    #[error("frame check character is {found:#04x}, {expected:#04x} expected")]
    Checksum {
        /// Over the bytes received.
        expected: u8,
        /// Received.
        found: u8,
    },
    /// Not three lines of at most 44 printable characters.
    #[error("frame does not hold three lines of at most {LINE_MAX} printable characters")]
    Lines,
    /// The line fell silent in the middle.
    #[error("frame broke off after {bytes} bytes")]
    Torn {
        /// Bytes received.
        bytes: usize,
    },
    /// Nothing that looks like a frame.
    #[error("{bytes} bytes outside any frame, beginning of a frame expected")]
    Noise {
        /// Bytes received so far.
        bytes: usize,
    },
}

/// Bytes after the length word of a frame with three empty lines.
const LENGTH_MIN: usize = HEADER.len() + 1 + LINES + 2;
/// Bytes after the length word of a frame with three lines of 44 characters.
const LENGTH_MAX: usize = LENGTH_MIN + LINES * LINE_MAX;
const LINES: usize = 3;
const LINE_MAX: usize = 44;
const HEADER: [u8; 3] = [b'O', b'U', STX];
/// SOH and length word.
const PREFIX: usize = 3;
/// A line that never pauses is not waited for: so many bytes would have been a frame.
const NOISE_MAX: usize = PREFIX + LENGTH_MAX;

/// The frame machine.
#[derive(Debug)]
pub struct Frames {
    framing: Framing,
    /// Bytes not judged yet; never longer than one frame.
    bytes: Zeroizing<Vec<u8>>,
    announced: bool,
    /// Bytes outside any frame since the line last paused.
    noise: usize,
    /// They have been told of: what follows them is not told again.
    complained: bool,
    discarded: u64,
}

impl Frames {
    /// A machine that has heard nothing.
    #[must_use]
    pub fn new(framing: Framing) -> Self {
        let bytes = Zeroizing::new(Vec::with_capacity(PREFIX + LENGTH_MAX));
        Self {
            framing,
            bytes,
            announced: false,
            noise: 0,
            complained: false,
            discarded: 0,
        }
    }

    /// Takes bytes from the line and reports what they are, in order.
    pub fn receive(&mut self, bytes: &[u8], mut report: impl FnMut(Heard)) {
        for &byte in bytes {
            self.bytes.push(byte);
            self.scan(&mut report);
        }
    }

    /// The line has been silent for longer than a reader pauses within a frame.
    pub fn quiet(&mut self) -> Option<Heard> {
        let begun = self.announced;
        let bytes = self.bytes.len();
        self.discard(bytes);
        let noise = std::mem::take(&mut self.noise);
        let complained = std::mem::take(&mut self.complained);
        match noise + bytes {
            _ if complained => None,
            0 => None,
            _ if begun => Some(Heard::Bad(FrameError::Torn { bytes })),
            bytes => Some(Heard::Bad(FrameError::Noise { bytes })),
        }
    }

    /// Bytes have come that are not done with: [`Frames::quiet`] wants to know of a pause.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.complained || self.noise > 0 || !self.bytes.is_empty()
    }

    /// Bytes so far that belonged to no frame.
    #[must_use]
    pub const fn discarded(&self) -> u64 {
        self.discarded
    }

    fn scan(&mut self, report: &mut impl FnMut(Heard)) {
        loop {
            let garbage = self.bytes.iter().take_while(|byte| **byte != SOH).count();
            self.discard(garbage);
            self.noise = self.noise.saturating_add(garbage);
            if self.noise >= NOISE_MAX {
                self.complain(FrameError::Noise { bytes: self.noise }, report);
            }
            match self.judge() {
                Verdict::Incomplete { begun } => {
                    if begun && !std::mem::replace(&mut self.announced, true) {
                        report(Heard::Began);
                    }
                    return;
                }
                Verdict::Whole(length, zone) => {
                    self.remove(length);
                    (self.noise, self.complained) = (0, false);
                    report(Heard::Zone(zone));
                }
                // The byte that looked like a beginning was none: look for another behind it.
                Verdict::Bad(error) => {
                    self.discard(1);
                    self.complain(error, report);
                }
            }
        }
    }

    /// Noise is one failure of the line, not one for each of its bytes.
    fn complain(&mut self, error: FrameError, report: &mut impl FnMut(Heard)) {
        if !std::mem::replace(&mut self.complained, true) {
            report(Heard::Bad(error));
        }
    }

    fn judge(&self) -> Verdict {
        match self.framing {
            Framing::RteNative => judge_rte_native(&self.bytes),
        }
    }

    fn discard(&mut self, count: usize) {
        self.discarded = self.discarded.saturating_add(count as u64);
        self.remove(count);
    }

    fn remove(&mut self, count: usize) {
        if count > 0 {
            self.bytes.drain(..count);
            self.announced = false;
        }
    }
}

/// What the bytes are, seen from the first of them.
enum Verdict {
    Incomplete { begun: bool },
    Whole(usize, Zone),
    Bad(FrameError),
}

fn judge_rte_native(bytes: &[u8]) -> Verdict {
    let [_, low, high, rest @ ..] = bytes else {
        return Verdict::Incomplete { begun: false };
    };
    let length = usize::from(*low) | usize::from(*high) << 7;
    if *low > 0x7f || *high > 0x7f || !(LENGTH_MIN..=LENGTH_MAX).contains(&length) {
        return Verdict::Bad(FrameError::Length { found: length });
    }
    let header = rest.len().min(HEADER.len());
    if rest[..header] != HEADER[..header] {
        return Verdict::Bad(FrameError::Header);
    }
    if rest.len() < length {
        return Verdict::Incomplete {
            begun: header == HEADER.len(),
        };
    }
    match rte_native_zone(&bytes[..PREFIX + length]) {
        Ok(zone) => Verdict::Whole(PREFIX + length, zone),
        Err(error) => Verdict::Bad(error),
    }
}

/// The zone of a frame whose length and header are right.
fn rte_native_zone(frame: &[u8]) -> Result<Zone, FrameError> {
    let (body, check) = frame.split_at(frame.len() - 1);
    if body.last() != Some(&ETX) {
        return Err(FrameError::End);
    }
    let expected = body[1..].iter().fold(0, |sum, byte| sum ^ byte);
    if check[0] != expected {
        return Err(FrameError::Checksum {
            expected,
            found: check[0],
        });
    }
    let text = &body[PREFIX + HEADER.len() + 1..body.len() - 1];
    let lines: Vec<&[u8]> = text.split(|byte| *byte == CR).collect();
    let [first, second, third, []] = lines[..] else {
        return Err(FrameError::Lines);
    };
    let mut zone = Zeroizing::new(String::with_capacity(text.len()));
    for line in [first, second, third] {
        if line.len() > LINE_MAX || !line.iter().all(|byte| (b' '..=b'~').contains(byte)) {
            return Err(FrameError::Lines);
        }
        if !line.is_empty() && !zone.is_empty() {
            zone.push('\r');
        }
        zone.extend(line.iter().map(|byte| char::from(*byte)));
    }
    Ok(Zone(Sensitive::new(std::mem::take(&mut *zone))))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Written byte by byte, so that frame maker and frame machine cannot share a mistake.
    const SHORT: &[u8] = b"\x01\x0e\x00OU\x02 \r\rAB<12\r\x03\x04";

    fn heard(chunks: &[&[u8]]) -> (Vec<Heard>, Frames) {
        let mut frames = Frames::new(Framing::RteNative);
        let mut heard = Vec::new();
        for chunk in chunks {
            frames.receive(chunk, |one| heard.push(one));
        }
        (heard, frames)
    }

    fn zone(text: &str) -> Heard {
        Heard::Zone(Zone(Sensitive::new(text.to_owned())))
    }

    fn changed(at: usize, byte: u8) -> Vec<u8> {
        let mut frame = SHORT.to_vec();
        frame[at] = byte;
        frame
    }

    #[test]
    fn a_frame_is_heard_when_it_begins_and_when_it_ends() {
        let (heard, frames) = heard(&[SHORT]);
        assert_eq!(heard, [Heard::Began, zone("AB<12")]);
        assert_eq!(frames.discarded(), 0);
        assert!(!frames.is_open());
    }

    #[test]
    fn it_does_not_matter_how_the_bytes_come() {
        let single: Vec<&[u8]> = SHORT.chunks(1).collect();
        assert_eq!(heard(&single).0, [Heard::Began, zone("AB<12")]);
        let twice = [SHORT, SHORT].concat();
        assert_eq!(heard(&[&twice]).0.len(), 4);
    }

    #[test]
    fn a_wrong_frame_says_what_is_wrong() {
        let cases: &[(&str, Vec<u8>, FrameError)] = &[
            (
                "one bit of the text",
                changed(9, b'C'),
                FrameError::Checksum {
                    expected: 0x06,
                    found: 0x04,
                },
            ),
            (
                "the check character",
                changed(16, 0),
                FrameError::Checksum {
                    expected: 0x04,
                    found: 0,
                },
            ),
            (
                "too long",
                changed(2, 0x7f),
                FrameError::Length { found: 16_270 },
            ),
            ("too short", changed(1, 3), FrameError::Length { found: 3 }),
            (
                "eighth bit in the length",
                changed(1, 0x8e),
                FrameError::Length { found: 142 },
            ),
            ("another device", changed(3, b'M'), FrameError::Header),
            ("end moved", changed(15, b'X'), FrameError::End),
        ];
        for (name, frame, expected) in cases {
            let (heard, _) = heard(&[frame]);
            let bad = heard.iter().find(|one| matches!(one, Heard::Bad(_)));
            assert_eq!(bad, Some(&Heard::Bad(expected.clone())), "{name}");
            assert!(
                !heard.iter().any(|one| matches!(one, Heard::Zone(_))),
                "{name}"
            );
        }
    }

    #[test]
    fn the_next_frame_is_found_after_any_garbage() {
        let torn = &SHORT[..9];
        for garbage in [
            &b"\xff\x00noise"[..],
            b"\x01\x01\x01",
            b"\x01\x0e\x00OX",
            torn,
            b"\x01",
        ] {
            let (heard, frames) = heard(&[garbage, SHORT, SHORT]);
            let zones = heard
                .iter()
                .filter(|one| matches!(one, Heard::Zone(_)))
                .count();
            assert!(zones >= 1, "{garbage:?}: {heard:?}");
            assert!(frames.discarded() >= garbage.len() as u64, "{garbage:?}");
        }
    }

    #[test]
    fn a_frame_that_breaks_off_is_counted_and_forgotten() {
        let (heard, mut frames) = heard(&[&SHORT[..9]]);
        assert_eq!(heard, [Heard::Began]);
        assert_eq!(
            frames.quiet(),
            Some(Heard::Bad(FrameError::Torn { bytes: 9 }))
        );
        assert_eq!(frames.quiet(), None);
        assert_eq!(frames.discarded(), 9);
    }

    #[test]
    fn noise_is_told_once_when_the_line_pauses_or_has_gone_on_too_long() {
        let (nothing, mut frames) = heard(&[b"wrong baud rate"]);
        assert_eq!(nothing, []);
        assert!(frames.is_open());
        let noise = |bytes| Heard::Bad(FrameError::Noise { bytes });
        assert_eq!(frames.quiet(), Some(noise(15)));
        assert_eq!(frames.quiet(), None);
        assert!(!frames.is_open());

        let (endless, mut frames) = heard(&[&[0x55; 10_000], b"\x01\x01\x01", b"more"]);
        assert_eq!(endless, [noise(NOISE_MAX)]);
        assert_eq!(frames.quiet(), None, "told before");
        let mut again = Vec::new();
        frames.receive(&changed(3, b'M'), |one| again.push(one));
        assert_eq!(again, [Heard::Bad(FrameError::Header)]);
    }

    #[test]
    fn nothing_is_kept_without_bound() {
        let (_, frames) = heard(&[&[SOH; 100_000]]);
        assert!(frames.bytes.len() <= PREFIX + LENGTH_MAX);
        assert!(frames.discarded() > 99_000);
    }

    #[test]
    fn a_zone_does_not_print_itself() {
        let (heard, _) = heard(&[SHORT]);
        assert!(!format!("{heard:?}").contains("AB"));
    }
}
