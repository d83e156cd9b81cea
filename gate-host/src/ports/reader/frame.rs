//! Frames out of a reader's bytes.
//!
//! A pure machine: bytes in, frames out, no device and no clock. It is bounded, drops nothing
//! silently, and finds the next frame after any garbage.

use gate_document::Sensitive;
use gate_document::mrz::Mrz;
use serde::Deserialize;
use std::fmt;
use zeroize::Zeroizing;

const SOH: u8 = 0x01;
const STX: u8 = 0x02;
const ETX: u8 = 0x03;
const CR: u8 = b'\r';
const LF: u8 = b'\n';
const ACK: u8 = 0x06;

/// How a reader wraps the zone. Which reader does so is said by its
/// [`Profile`](super::profile::Profile).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Framing {
    /// "RTE Native" of the RTE6701 family: `SOH length "OU" STX flag line CR line CR line CR ETX
    /// BCC`. The length word has seven bits in each byte, low byte first, and counts the bytes
    /// after it, check character included. The check character is the exclusive or of all bytes
    /// from the length word to ETX. The bottom line of a document is always the third.
    #[default]
    RteNative,
    /// `letter length text`: the letter of the command that is answered, two bytes of length, high
    /// byte first, and so many characters; none where the reader saw nothing.
    LengthPrefixed,
    /// `STX text ETX`, with a control character of the vendor's before and behind, or none.
    StxEtx {
        /// A check character follows: the exclusive or of all bytes behind STX, ETX included.
        bcc: bool,
        /// The first character says what it is: `S` a zone, `E` one that could not be read, `O`
        /// that none came in time.
        kind: bool,
    },
    /// Nothing but the lines, ended by CR, LF, both, or a pause.
    Lines,
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
    /// The reader answers, and has nothing to read.
    Nothing,
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

    /// A document that the reader could make nothing of.
    fn unread() -> Self {
        Self(Sensitive::new(String::new()))
    }

    /// Lines, and characters in the longest, where this is a piece of a zone: something was
    /// recognised, but neither 3 lines of 30, nor 2 of 36, nor 2 of 44.
    #[must_use]
    pub fn part(&self) -> Option<(usize, usize)> {
        let seen = |line: &&str| line.bytes().any(|byte| byte.is_ascii_alphanumeric());
        let lines = || self.text().split(['\r', '\n']).filter(seen);
        let (count, longest) = (lines().count(), lines().map(str::len).max()?);
        let shortest = lines().map(str::len).min()?;
        let is_whole = match (count, longest) {
            (1, 72 | 88 | 90) | (2, 36 | 44) | (3, 30) => shortest == longest,
            _ => false,
        };
        (!is_whole).then_some((count, longest))
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
    /// Not lines of at most 44 printable characters, or too many.
    #[error("frame does not hold up to three lines of at most {LINE_MAX} printable characters")]
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
/// Characters of the longest zone, its separators, and a little more.
const TEXT_MAX: usize = 2 * LINE_MAX + 2 * LINES + 2;
/// Fewer characters are no part of a zone: an acknowledgement, or a stray.
const PIECE_MIN: usize = 7;
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
    discards: Discards,
}

/// What was thrown away since the start, by reason. Numbers only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Discards {
    /// Bytes that belonged to no frame.
    pub bytes: u64,
    /// Frames with a length out of range.
    pub length: u64,
    /// Frames of another kind.
    pub header: u64,
    /// Frames without their end.
    pub end: u64,
    /// Frames with a wrong check character.
    pub checksum: u64,
    /// Frames with something else than lines.
    pub lines: u64,
    /// Frames that broke off.
    pub torn: u64,
    /// Stretches of bytes outside any frame.
    pub noise: u64,
    /// Zones that were sent again within a second, or unasked for what had been told.
    pub repeated: u64,
}

impl Discards {
    fn count(&mut self, error: &FrameError) {
        let counter = match error {
            FrameError::Length { .. } => &mut self.length,
            FrameError::Header => &mut self.header,
            FrameError::End => &mut self.end,
            FrameError::Checksum { .. } => &mut self.checksum,
            FrameError::Lines => &mut self.lines,
            FrameError::Torn { .. } => &mut self.torn,
            FrameError::Noise { .. } => &mut self.noise,
        };
        *counter = counter.saturating_add(1);
    }
}

impl fmt::Display for Discards {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.bytes)?;
        for (name, count) in [
            ("length", self.length),
            ("header", self.header),
            ("end", self.end),
            ("check character", self.checksum),
            ("lines", self.lines),
            ("torn", self.torn),
            ("noise", self.noise),
            ("repeated", self.repeated),
        ] {
            if count > 0 {
                write!(f, ", {name} {count}")?;
            }
        }
        Ok(())
    }
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
            discards: Discards::default(),
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
        let heard = self.end_of_burst();
        if let Some(Heard::Bad(error)) = &heard {
            self.discards.count(error);
        }
        heard
    }

    fn end_of_burst(&mut self) -> Option<Heard> {
        if self.framing == Framing::Lines
            && let Some(zone) = lines_zone(&self.bytes)
        {
            let length = self.bytes.len();
            self.remove(length);
            (self.noise, self.complained) = (0, false);
            return Some(Heard::Zone(zone));
        }
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

    /// What has been thrown away so far.
    #[must_use]
    pub const fn discards(&self) -> Discards {
        self.discards
    }

    /// Counts a zone that its receiver had already.
    pub const fn repeated(&mut self) {
        self.discards.repeated = self.discards.repeated.saturating_add(1);
    }

    fn scan(&mut self, report: &mut impl FnMut(Heard)) {
        loop {
            let starts = |byte: &&u8| !self.framing.starts_with(**byte);
            let garbage = self.bytes.iter().take_while(starts).count();
            // What separates or wraps frames belongs to them.
            let wrapped = |byte: &&u8| self.framing.wraps_with(**byte);
            let wrapping = self.bytes[..garbage].iter().filter(wrapped).count();
            self.remove(garbage);
            let garbage = garbage - wrapping;
            self.discards.bytes = self.discards.bytes.saturating_add(garbage as u64);
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
                Verdict::Nothing(length) => {
                    self.remove(length);
                    (self.noise, self.complained) = (0, false);
                    report(Heard::Nothing);
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
        self.discards.count(&error);
        if !std::mem::replace(&mut self.complained, true) {
            report(Heard::Bad(error));
        }
    }

    fn judge(&self) -> Verdict {
        match self.framing {
            Framing::RteNative => judge_rte_native(&self.bytes),
            Framing::LengthPrefixed => judge_length_prefixed(&self.bytes),
            Framing::StxEtx { bcc, kind } => judge_stx_etx(&self.bytes, bcc, kind),
            Framing::Lines => judge_lines(&self.bytes),
        }
    }

    fn discard(&mut self, count: usize) {
        self.discards.bytes = self.discards.bytes.saturating_add(count as u64);
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
    Incomplete {
        begun: bool,
    },
    Whole(usize, Zone),
    /// A frame of so many bytes that says that there is no zone.
    Nothing(usize),
    Bad(FrameError),
}

impl Framing {
    /// Whether a frame can begin with `byte`.
    const fn starts_with(self, byte: u8) -> bool {
        match self {
            Self::RteNative => byte == SOH,
            Self::LengthPrefixed => matches!(byte, b'I' | b'L' | b'C'),
            Self::StxEtx { .. } => byte == STX,
            Self::Lines => matches!(byte, b'!'..=b'~'),
        }
    }

    /// Whether `byte` may stand between frames without being noise.
    const fn wraps_with(self, byte: u8) -> bool {
        match self {
            Self::RteNative | Self::LengthPrefixed => false,
            Self::StxEtx { .. } => byte < b' ',
            Self::Lines => matches!(byte, CR | LF | 0 | ACK | b' '),
        }
    }
}

fn judge_length_prefixed(bytes: &[u8]) -> Verdict {
    let [command, high, low, text @ ..] = bytes else {
        return Verdict::Incomplete { begun: false };
    };
    let length = usize::from(*high) << 8 | usize::from(*low);
    if length > TEXT_MAX {
        return Verdict::Bad(FrameError::Length { found: length });
    }
    let text = match text.get(..length) {
        // Only a zone is news; the answer to a setting may be as long as it likes.
        None => {
            return Verdict::Incomplete {
                begun: *command != b'C' && text.len() >= PIECE_MIN,
            };
        }
        Some([]) => return Verdict::Nothing(PREFIX),
        Some(_) if *command == b'C' => return Verdict::Nothing(PREFIX + length),
        Some(text) => text,
    };
    match zone_of_lines(text) {
        Some(zone) => Verdict::Whole(PREFIX + length, zone),
        None => Verdict::Bad(FrameError::Lines),
    }
}

fn judge_stx_etx(bytes: &[u8], bcc: bool, kind: bool) -> Verdict {
    let Some((_, body)) = bytes.split_first() else {
        return Verdict::Incomplete { begun: false };
    };
    let Some(end) = body.iter().position(|byte| matches!(*byte, STX | ETX)) else {
        return if body.len() > TEXT_MAX {
            Verdict::Bad(FrameError::End)
        } else {
            Verdict::Incomplete {
                begun: body.len() >= PIECE_MIN,
            }
        };
    };
    // Another beginning before the end: the frame before it was torn.
    if body[end] == STX {
        return Verdict::Bad(FrameError::End);
    }
    let mut whole = 1 + end + 1;
    if bcc {
        let Some(found) = body.get(end + 1) else {
            return Verdict::Incomplete { begun: true };
        };
        let expected = body[..=end].iter().fold(0, |sum, byte| sum ^ byte);
        if *found != expected {
            return Verdict::Bad(FrameError::Checksum {
                expected,
                found: *found,
            });
        }
        whole += 1;
    }
    let text = match (kind, &body[..end]) {
        (true, [b'S', text @ ..]) => text,
        (true, [b'E']) => return Verdict::Whole(whole, Zone::unread()),
        (true, [b'O']) => return Verdict::Nothing(whole),
        (true, _) => return Verdict::Bad(FrameError::Header),
        (false, text) => text,
    };
    if text.is_empty() {
        return Verdict::Whole(whole, Zone::unread());
    }
    match zone_of_lines(text) {
        Some(zone) => Verdict::Whole(whole, zone),
        None => Verdict::Bad(FrameError::Lines),
    }
}

/// Lines end with a pause; a zone that holds together needs none.
fn judge_lines(bytes: &[u8]) -> Verdict {
    if bytes.is_empty() {
        return Verdict::Incomplete { begun: false };
    }
    if bytes.len() > NOISE_MAX {
        return Verdict::Bad(FrameError::Lines);
    }
    let letters = bytes.iter().take_while(|byte| is_zone_character(**byte));
    let begun = letters.count() >= PIECE_MIN;
    match lines_zone(bytes) {
        Some(zone) if Mrz::parse(zone.text()).is_ok() => Verdict::Whole(bytes.len(), zone),
        _ => Verdict::Incomplete { begun },
    }
}

/// What of these bytes are lines of a zone; acknowledgements between them are none.
fn lines_zone(bytes: &[u8]) -> Option<Zone> {
    let mut text = Zeroizing::new(Vec::with_capacity(bytes.len()));
    for line in bytes.split(|byte| matches!(*byte, CR | LF | 0)) {
        if line.len() >= PIECE_MIN && line.iter().all(|byte| is_zone_character(*byte)) {
            if !text.is_empty() {
                text.push(CR);
            }
            text.extend_from_slice(line);
        }
    }
    zone_of_lines(&text)
}

/// What readers put into a zone, unreadable characters included.
const fn is_zone_character(byte: u8) -> bool {
    matches!(byte, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'<' | b'_' | b' ' | b'?' | b'*' | b'#')
}

/// Up to three lines, with CR, LF or both between them and behind, or one run of two or three.
fn zone_of_lines(text: &[u8]) -> Option<Zone> {
    let mut lines = text
        .split(|byte| matches!(*byte, CR | LF))
        .filter(|line| !line.is_empty());
    let mut zone = Zeroizing::new(String::with_capacity(text.len()));
    for line in lines.by_ref().take(LINES) {
        if line.len() > 2 * LINE_MAX + 2 || !line.iter().all(|byte| (b' '..=b'~').contains(byte)) {
            return None;
        }
        if !zone.is_empty() {
            zone.push('\r');
        }
        zone.extend(line.iter().map(|byte| char::from(*byte)));
    }
    let is_zone = lines.next().is_none() && !zone.is_empty();
    is_zone.then(|| Zone(Sensitive::new(std::mem::take(&mut *zone))))
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
        assert_eq!(frames.discards().bytes, 0);
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
            assert!(
                frames.discards().bytes >= garbage.len() as u64,
                "{garbage:?}"
            );
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
        assert_eq!(frames.discards().bytes, 9);
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
        assert!(frames.discards().bytes > 99_000);
    }

    #[test]
    fn a_zone_does_not_print_itself() {
        let (heard, _) = heard(&[SHORT]);
        assert!(!format!("{heard:?}").contains("AB"));
    }

    /// Everything that `framing` makes of `bytes`, with a pause at the end; however they are cut.
    fn hear(framing: Framing, bytes: &[u8]) -> (Vec<Heard>, Discards) {
        let whole = hear_in_pieces(framing, bytes, bytes.len().max(1));
        assert_eq!(whole, hear_in_pieces(framing, bytes, 1), "{framing:?}");
        whole
    }

    fn hear_in_pieces(framing: Framing, bytes: &[u8], size: usize) -> (Vec<Heard>, Discards) {
        let mut frames = Frames::new(framing);
        let mut heard = Vec::new();
        for piece in bytes.chunks(size) {
            frames.receive(piece, |one| heard.push(one));
        }
        heard.extend(frames.quiet());
        heard.retain(|one| *one != Heard::Began);
        (heard, frames.discards())
    }

    const FIRST: &str = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<";
    const SECOND: &str = "L898902C36UTO7408122F1204159ZE184226B<<<<<10";
    const PLAIN: Framing = Framing::StxEtx {
        bcc: false,
        kind: false,
    };

    #[test]
    fn every_framing_gives_the_lines_and_drops_nothing() {
        let lines = format!("{FIRST}\r{SECOND}");
        let counted = format!("I\0\u{59}{lines}");
        let checked = {
            let body = format!("{lines}\r\x03");
            let bcc = body.bytes().fold(0, |sum, byte| sum ^ byte);
            [b"\x02", body.as_bytes(), &[bcc]].concat()
        };
        let bcc = Framing::StxEtx {
            bcc: true,
            kind: false,
        };
        let kind = Framing::StxEtx {
            bcc: false,
            kind: true,
        };
        for (framing, bytes) in [
            (Framing::LengthPrefixed, counted.into_bytes()),
            (PLAIN, format!("\x1c\x02{lines}\r\x03\x1d").into_bytes()),
            (bcc, checked),
            (kind, format!("\x02S{lines}\x03").into_bytes()),
            (Framing::Lines, format!("{lines}\r").into_bytes()),
            (
                Framing::Lines,
                format!("{FIRST}\r\n{SECOND}\r\n").into_bytes(),
            ),
        ] {
            let (heard, discards) = hear(framing, &bytes);
            assert_eq!(heard, [zone(&lines)], "{framing:?}");
            assert_eq!(discards.bytes, 0, "{framing:?}");
        }
        let run = format!("{FIRST}{SECOND}");
        assert_eq!(hear(Framing::Lines, run.as_bytes()).0, [zone(&run)]);
    }

    #[test]
    fn a_reader_that_has_nothing_says_so_and_one_that_could_not_read_does_too() {
        let kind = Framing::StxEtx {
            bcc: false,
            kind: true,
        };
        for (framing, bytes, expected) in [
            (Framing::LengthPrefixed, &b"I\0\0"[..], Heard::Nothing),
            (Framing::LengthPrefixed, b"C\0\x01\x01", Heard::Nothing),
            (kind, b"\x02O\x03", Heard::Nothing),
            (kind, b"\x02E\x03", zone("")),
            (PLAIN, b"\x02\x03", zone("")),
        ] {
            assert_eq!(hear(framing, bytes).0, [expected], "{framing:?}");
        }
    }

    #[test]
    fn acknowledgements_between_lines_are_no_zone_and_errors_are_counted_by_reason() {
        let text = format!("ocrena1\x06!\r{FIRST}\r{SECOND}\r");
        let (heard, _) = hear(Framing::Lines, text.as_bytes());
        assert_eq!(heard, [zone(&format!("{FIRST}\r{SECOND}"))]);

        let (heard, discards) = hear(Framing::LengthPrefixed, b"I\x7f\xffxyz");
        assert_eq!(heard.len(), 1);
        assert_eq!(discards.length, 1);
        assert_eq!(discards.bytes, 6);
        let (heard, discards) = hear(PLAIN, b"\x02ABCDEFGH\x02IJKLMNOP\x03");
        assert_eq!(heard.len(), 2, "{heard:?}");
        assert_eq!((discards.end, discards.bytes), (1, 9));
        assert_eq!(discards.to_string(), "9 bytes, end 1");
        let (_, discards) = hear(PLAIN, b"\x02ABCDEFGH");
        assert_eq!((discards.torn, discards.bytes), (1, 9));
    }

    #[test]
    fn a_piece_of_a_zone_is_known_as_one() {
        let piece = |text: &str| Zone(Sensitive::new(text.to_owned())).part();
        assert_eq!(piece(&format!("{FIRST}\r{SECOND}")), None);
        assert_eq!(piece(&format!("{FIRST}{SECOND}")), None);
        assert_eq!(piece(SECOND), Some((1, 44)));
        assert_eq!(piece("L898902C36UTO7408122F"), Some((1, 21)));
        assert_eq!(piece(&format!("{}\r{SECOND}", &FIRST[..43])), Some((2, 44)));
        assert_eq!(
            piece(&format!("{}\r{SECOND}", "_".repeat(44))),
            Some((1, 44))
        );
        assert_eq!(piece(""), None);
    }
}
