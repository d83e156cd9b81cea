//! Frames out of a serial imager's bytes.
//!
//! A pure machine: bytes in, barcodes out, no device and no clock. It is bounded, drops nothing
//! silently, and passes every byte from 00 to FF.
//!
//! A binary seal may hold whatever ends a frame, so an imager is set up in one of three ways
//! ([`End`]): the line's silence ends a barcode, or a length in front of it does, or the imager sends
//! text ([`Coding`]) in which the suffix cannot occur. At commissioning [`alien_bytes`] says which byte
//! values an imager changes.

use super::BYTES_MAX;
use crate::sensitive::Sensitive;
use core::fmt;
use data_encoding::{BASE64, HEXUPPER_PERMISSIVE};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// A kind of barcode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Symbology {
    /// ISO/IEC 16022.
    DataMatrix,
    /// ISO/IEC 18004.
    Qr,
    /// ISO/IEC 24778.
    Aztec,
    /// ISO/IEC 15438.
    Pdf417,
}

impl Symbology {
    /// Every one of them.
    pub const ALL: [Self; 4] = [Self::DataMatrix, Self::Qr, Self::Aztec, Self::Pdf417];

    /// Name in settings and on command lines.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DataMatrix => "data-matrix",
            Self::Qr => "qr",
            Self::Aztec => "aztec",
            Self::Pdf417 => "pdf417",
        }
    }

    /// The symbology of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    /// Symbology of an AIM identifier (ISO/IEC 15424), and whether the data have ECI escapes in them.
    fn of_aim(code: u8, modifier: u8) -> Option<(Self, bool)> {
        match code {
            b'd' => Some((Self::DataMatrix, (b'4'..=b'6').contains(&modifier))),
            b'Q' => Some((Self::Qr, matches!(modifier, b'2' | b'4' | b'6'))),
            b'z' => Some((Self::Aztec, (b'3'..=b'5').contains(&modifier))),
            b'L' => Some((Self::Pdf417, modifier == b'1')),
            _ => None,
        }
    }
}

impl fmt::Display for Symbology {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What ends a barcode on the line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
    /// The line falls silent. Prefix and suffix must be where they belong then.
    #[default]
    Pause,
    /// Two bytes behind the prefix, high byte first, count the bytes up to the suffix.
    Length,
    /// The suffix, wherever it occurs: for text only.
    Suffix,
}

/// How the imager writes the bytes of a barcode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Coding {
    /// As they are.
    #[default]
    Raw,
    /// Two hexadecimal digits a byte.
    Hex,
    /// Base64 (RFC 4648, 4).
    Base64,
    /// As text in UTF-8 in which each character is a byte: what imagers do that take every barcode
    /// for Latin-1.
    Utf8,
}

/// How an imager is set up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct ImagerSettings {
    /// Characters in front of each barcode, for example `"\u0002"`: up to 16, of ASCII.
    pub prefix: String,
    /// Characters behind it, for example `"\u0003"` or `"\r\n"`: up to 16, of ASCII.
    pub suffix: String,
    /// What ends it.
    pub end: End,
    /// An AIM identifier of three characters, such as `]d1`, stands before the data.
    pub aim: bool,
    /// How the data are written.
    pub coding: Coding,
}

impl Default for ImagerSettings {
    fn default() -> Self {
        Self {
            prefix: String::new(),
            suffix: String::new(),
            end: End::Pause,
            aim: true,
            coding: Coding::Raw,
        }
    }
}

/// Settings that cannot work. Each variant says what to change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImagerSettingsError {
    /// Shorten it, or take characters of ASCII.
    #[error("{key} has {found} bytes, at most {MARK_MAX} characters of ASCII expected")]
    Mark {
        /// `prefix` or `suffix`.
        key: &'static str,
        /// Its length.
        found: usize,
    },
    /// Set a suffix that the imager sends, or end frames otherwise.
    #[error("end = \"suffix\" needs a suffix")]
    NoSuffix,
    /// A binary seal may hold the suffix: let the imager send hexadecimal or base64, or end frames by
    /// length or pause.
    #[error("end = \"suffix\" needs coding = \"hex\" or \"base64\"")]
    SuffixInData,
}

const MARK_MAX: usize = 16;
/// Prefix, length, AIM identifier, hexadecimal of the longest barcode, suffix.
const FRAME_MAX: usize = 2 * MARK_MAX + 2 + 3 + 2 * BYTES_MAX;

/// A barcode as the imager handed it over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scanned {
    /// Its kind, where the imager says so.
    pub symbology: Option<Symbology>,
    /// Its bytes, for [`read`](super::read).
    pub bytes: Sensitive<Vec<u8>>,
}

/// What was found in the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A frame has begun: somebody holds a barcode before the imager.
    Began,
    /// A whole barcode.
    Code(Scanned),
    /// Bytes that are none.
    Bad(FrameError),
}

/// Why bytes are no barcode. Look at the imager's settings and the baud rate; the machine goes on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The prefix never came.
    #[error("{bytes} bytes without the prefix")]
    NoPrefix {
        /// Bytes received.
        bytes: usize,
    },
    /// The line fell silent before the frame was whole.
    #[error("frame broke off after {bytes} bytes")]
    Torn {
        /// Bytes received.
        bytes: usize,
    },
    /// The suffix is not where the length puts it.
    #[error("no suffix at the end of {length} announced bytes")]
    Length {
        /// Announced length.
        length: usize,
    },
    /// More bytes than any barcode has.
    #[error("more than {limit} bytes without an end")]
    TooLong {
        /// The limit.
        limit: usize,
    },
    /// The imager sends no identifier, or read a barcode of another kind.
    #[error("no AIM identifier of a barcode of two dimensions")]
    Aim,
    /// The imager writes data in another way than its settings say.
    #[error("the data are not in {0}")]
    Coding(&'static str),
}

/// The frame machine.
#[derive(Debug)]
pub struct Frames {
    settings: ImagerSettings,
    /// Bytes of the frame so far; never more than [`FRAME_MAX`].
    bytes: Zeroizing<Vec<u8>>,
    /// Bytes before the prefix since the line last paused.
    noise: usize,
    began: bool,
    /// A frame was too long: the rest of it is dropped up to the pause.
    deaf: bool,
    discarded: u64,
}

impl Frames {
    /// A machine that has heard nothing.
    ///
    /// # Errors
    ///
    /// [`ImagerSettingsError`] for settings that cannot work.
    pub fn new(settings: ImagerSettings) -> Result<Self, ImagerSettingsError> {
        for (key, mark) in [("prefix", &settings.prefix), ("suffix", &settings.suffix)] {
            if mark.len() > MARK_MAX || !mark.is_ascii() {
                let found = mark.len();
                return Err(ImagerSettingsError::Mark { key, found });
            }
        }
        if settings.end == End::Suffix {
            if settings.suffix.is_empty() {
                return Err(ImagerSettingsError::NoSuffix);
            }
            if matches!(settings.coding, Coding::Raw | Coding::Utf8) {
                return Err(ImagerSettingsError::SuffixInData);
            }
        }
        Ok(Self {
            settings,
            bytes: Zeroizing::new(Vec::with_capacity(FRAME_MAX)),
            noise: 0,
            began: false,
            deaf: false,
            discarded: 0,
        })
    }

    /// Takes bytes from the line and reports what they are, in order.
    pub fn receive(&mut self, bytes: &[u8], mut report: impl FnMut(Heard)) {
        for &byte in bytes {
            if self.deaf {
                self.discarded = self.discarded.saturating_add(1);
                continue;
            }
            self.bytes.push(byte);
            self.find_prefix();
            if !self.began && self.has_prefix() && !self.bytes.is_empty() {
                self.began = true;
                report(Heard::Began);
            }
            if let Some(heard) = self.scan() {
                self.clear();
                report(heard);
            } else if self.bytes.len() >= FRAME_MAX {
                self.discarded = self.discarded.saturating_add(self.bytes.len() as u64);
                self.clear();
                self.deaf = true;
                report(Heard::Bad(FrameError::TooLong { limit: FRAME_MAX }));
            }
        }
    }

    /// The line has been silent for longer than an imager pauses within a barcode.
    pub fn quiet(&mut self) -> Option<Heard> {
        self.deaf = false;
        let noise = core::mem::take(&mut self.noise);
        let bytes = self.bytes.len();
        if bytes == 0 {
            return (noise > 0).then_some(Heard::Bad(FrameError::NoPrefix { bytes: noise }));
        }
        let (prefix, suffix) = (self.settings.prefix.len(), self.settings.suffix.len());
        let whole = self.settings.end == End::Pause
            && self.has_prefix()
            && bytes > prefix + suffix
            && self.bytes.ends_with(self.settings.suffix.as_bytes());
        let heard = if whole {
            self.code(prefix..bytes - suffix)
        } else {
            self.discarded = self.discarded.saturating_add(bytes as u64);
            Heard::Bad(FrameError::Torn { bytes })
        };
        self.clear();
        Some(heard)
    }

    /// Bytes have come that are not done with: [`Frames::quiet`] wants to know of a pause.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.deaf || self.noise > 0 || !self.bytes.is_empty()
    }

    /// Bytes so far that belonged to no frame.
    #[must_use]
    pub const fn discarded(&self) -> u64 {
        self.discarded
    }

    fn clear(&mut self) {
        // Zeroes what was there, and keeps the room.
        let room = self.bytes.capacity();
        self.bytes = Zeroizing::new(Vec::with_capacity(room));
        self.began = false;
    }

    fn has_prefix(&self) -> bool {
        self.bytes.starts_with(self.settings.prefix.as_bytes())
    }

    /// Drops what cannot be the beginning of a frame.
    fn find_prefix(&mut self) {
        let prefix = self.settings.prefix.as_bytes();
        while !self.bytes.is_empty() {
            let known = self.bytes.len().min(prefix.len());
            if self.bytes[..known] == prefix[..known] {
                return;
            }
            self.bytes.remove(0);
            self.noise = self.noise.saturating_add(1);
            self.discarded = self.discarded.saturating_add(1);
        }
    }

    /// A frame that is whole before the line pauses.
    fn scan(&mut self) -> Option<Heard> {
        let (prefix, suffix) = (self.settings.prefix.len(), self.settings.suffix.len());
        match self.settings.end {
            End::Pause => None,
            End::Suffix => {
                let whole = self.bytes.len() >= prefix + suffix
                    && self.bytes.ends_with(self.settings.suffix.as_bytes());
                whole.then(|| self.code(prefix..self.bytes.len() - suffix))
            }
            End::Length => {
                let [high, low] = *self.bytes.get(prefix..prefix + 2)? else {
                    return None;
                };
                let length = usize::from(u16::from_be_bytes([high, low]));
                let start = prefix + 2;
                if start + length + suffix > FRAME_MAX {
                    self.discarded = self.discarded.saturating_add(start as u64);
                    return Some(Heard::Bad(FrameError::TooLong { limit: FRAME_MAX }));
                }
                if self.bytes.len() < start + length + suffix {
                    return None;
                }
                if !self.bytes.ends_with(self.settings.suffix.as_bytes()) {
                    self.discarded = self.discarded.saturating_add(self.bytes.len() as u64);
                    return Some(Heard::Bad(FrameError::Length { length }));
                }
                Some(self.code(start..start + length))
            }
        }
    }

    fn code(&self, place: core::ops::Range<usize>) -> Heard {
        match self.decode(&self.bytes[place]) {
            Ok(scanned) => Heard::Code(scanned),
            Err(error) => Heard::Bad(error),
        }
    }

    fn decode(&self, data: &[u8]) -> Result<Scanned, FrameError> {
        let (symbology, data) = if self.settings.aim {
            let [b']', code, modifier, data @ ..] = data else {
                return Err(FrameError::Aim);
            };
            let known = Symbology::of_aim(*code, *modifier).ok_or(FrameError::Aim)?;
            (Some(known), data)
        } else {
            (None, data)
        };
        let mut bytes = self.bytes_of(data)?;
        if symbology.is_some_and(|(_, has_escapes)| has_escapes) {
            bytes = without_escapes(&bytes).ok_or(FrameError::Coding("AIM's form with ECI"))?;
        }
        if bytes.len() > BYTES_MAX {
            return Err(FrameError::TooLong { limit: BYTES_MAX });
        }
        Ok(Scanned {
            symbology: symbology.map(|(symbology, _)| symbology),
            bytes: Sensitive::new(bytes),
        })
    }

    fn bytes_of(&self, data: &[u8]) -> Result<Vec<u8>, FrameError> {
        match self.settings.coding {
            Coding::Raw => Ok(data.to_vec()),
            Coding::Hex => HEXUPPER_PERMISSIVE
                .decode(data.trim_ascii())
                .map_err(|_| FrameError::Coding("hexadecimal")),
            Coding::Base64 => BASE64
                .decode(data.trim_ascii())
                .map_err(|_| FrameError::Coding("base64")),
            Coding::Utf8 => core::str::from_utf8(data)
                .ok()
                .and_then(|text| text.chars().map(|one| u8::try_from(one).ok()).collect())
                .ok_or(FrameError::Coding("UTF-8 of Latin-1")),
        }
    }
}

/// Takes out the escapes of extended channel interpretation: `\` and six digits name a character set,
/// `\\` is one `\`.
fn without_escapes(data: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(data.len());
    let mut rest = data;
    while let Some((byte, behind)) = rest.split_first() {
        rest = behind;
        if *byte != b'\\' {
            bytes.push(*byte);
        } else if let Some(behind) = rest.strip_prefix(b"\\") {
            bytes.push(b'\\');
            rest = behind;
        } else {
            let (number, behind) = rest.split_at_checked(6)?;
            number.iter().all(u8::is_ascii_digit).then_some(())?;
            rest = behind;
        }
    }
    Some(bytes)
}

/// The byte values that did not come through, when an imager was shown a barcode of all 256 in order:
/// those that are missing or changed. Empty: the imager passes everything.
#[must_use]
pub fn alien_bytes(received: &[u8]) -> Vec<u8> {
    let all = 0..=u8::MAX;
    if received.len() == 256 {
        return all
            .filter(|byte| received[usize::from(*byte)] != *byte)
            .collect();
    }
    all.filter(|byte| !received.contains(byte)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn settings(prefix: &str, suffix: &str, end: End, aim: bool, coding: Coding) -> ImagerSettings {
        ImagerSettings {
            prefix: prefix.to_owned(),
            suffix: suffix.to_owned(),
            end,
            aim,
            coding,
        }
    }

    fn heard(settings: ImagerSettings, bytes: &[u8]) -> Vec<Heard> {
        let mut frames = Frames::new(settings).unwrap();
        let mut heard = Vec::new();
        frames.receive(bytes, |one| heard.push(one));
        heard.extend(frames.quiet());
        assert!(!frames.is_open());
        heard.retain(|one| *one != Heard::Began);
        heard
    }

    fn code(symbology: Option<Symbology>, bytes: &[u8]) -> Heard {
        Heard::Code(Scanned {
            symbology,
            bytes: Sensitive::new(bytes.to_vec()),
        })
    }

    #[test]
    fn every_byte_comes_through_however_the_imager_is_set_up() {
        let all: Vec<u8> = (0..=255).collect();
        let length = [&b"\x02\x01\x03]d1"[..], &all, b"\x03"].concat();
        let pause = [&b"\x02]d1"[..], &all, b"\x03"].concat();
        let hex = all
            .iter()
            .map(|byte| format!("{byte:02X}"))
            .collect::<String>();
        let hex = format!("]Q1{hex}\r\n").into_bytes();
        let utf8: String = all.iter().map(|byte| char::from(*byte)).collect();
        let utf8 = [&b"]L0"[..], utf8.as_bytes()].concat();
        let base64 = format!("]z0{}\r", BASE64.encode(&all)).into_bytes();
        for (settings, line, symbology) in [
            (
                settings("\u{2}", "\u{3}", End::Length, true, Coding::Raw),
                &length,
                Symbology::DataMatrix,
            ),
            (
                settings("\u{2}", "\u{3}", End::Pause, true, Coding::Raw),
                &pause,
                Symbology::DataMatrix,
            ),
            (
                settings("", "\r\n", End::Suffix, true, Coding::Hex),
                &hex,
                Symbology::Qr,
            ),
            (
                settings("", "", End::Pause, true, Coding::Utf8),
                &utf8,
                Symbology::Pdf417,
            ),
            (
                settings("", "\r", End::Suffix, true, Coding::Base64),
                &base64,
                Symbology::Aztec,
            ),
        ] {
            assert_eq!(
                heard(settings, line),
                [code(Some(symbology), &all)],
                "{symbology}"
            );
        }
    }

    #[test]
    fn what_is_no_frame_is_said_once_and_the_next_frame_is_found() {
        let by_length = settings("\u{2}", "\u{3}", End::Length, false, Coding::Raw);
        let good = b"\x02\x00\x01A\x03";
        let a = code(None, b"A");
        for (garbage, expected) in [
            (
                &b"noise"[..],
                vec![a.clone(), Heard::Bad(FrameError::NoPrefix { bytes: 5 })],
            ),
            (
                b"\x02\x00\x01AX",
                vec![Heard::Bad(FrameError::Length { length: 1 }), a.clone()],
            ),
            (
                b"\x02\xFF\xFF",
                vec![
                    Heard::Bad(FrameError::TooLong { limit: FRAME_MAX }),
                    a.clone(),
                ],
            ),
        ] {
            let line = [garbage, good].concat();
            assert_eq!(heard(by_length.clone(), &line), expected, "{garbage:?}");
        }
        let torn = heard(by_length, &good[..4]);
        assert_eq!(torn, [Heard::Bad(FrameError::Torn { bytes: 4 })]);

        let with_aim = ImagerSettings::default();
        assert_eq!(
            heard(with_aim.clone(), b"]C1123"),
            [Heard::Bad(FrameError::Aim)]
        );
        assert_eq!(heard(with_aim, b"123"), [Heard::Bad(FrameError::Aim)]);
        let hex = settings("", "\r", End::Suffix, false, Coding::Hex);
        let wrong = Heard::Bad(FrameError::Coding("hexadecimal"));
        assert_eq!(heard(hex, b"4x\r41\r"), [wrong, code(None, b"A")]);
    }

    #[test]
    fn escapes_are_taken_out_where_the_imager_says_that_there_are_some() {
        let qr = Some(Symbology::Qr);
        let settings = ImagerSettings::default();
        assert_eq!(
            heard(settings.clone(), b"]Q2\\000026a\\\\b"),
            [code(qr, b"a\\b")]
        );
        assert_eq!(heard(settings.clone(), b"]Q1a\\b"), [code(qr, b"a\\b")]);
        let wrong = Heard::Bad(FrameError::Coding("AIM's form with ECI"));
        assert_eq!(heard(settings, b"]Q2\\26"), [wrong]);
    }

    #[test]
    fn a_line_without_an_end_is_dropped_and_counted() {
        let mut frames = Frames::new(ImagerSettings::default()).unwrap();
        let mut heard = Vec::new();
        frames.receive(&vec![0x55; 100_000], |one| heard.push(one));
        assert_eq!(
            heard,
            [
                Heard::Began,
                Heard::Bad(FrameError::TooLong { limit: FRAME_MAX })
            ]
        );
        assert_eq!(frames.discarded(), 100_000);
        assert!(frames.bytes.capacity() <= FRAME_MAX);
        assert_eq!(frames.quiet(), None);
    }

    #[test]
    fn settings_that_would_cut_a_binary_seal_are_refused() {
        for (settings, error) in [
            (
                settings("", "", End::Suffix, true, Coding::Hex),
                "end = \"suffix\" needs a suffix",
            ),
            (
                settings("", "\r", End::Suffix, true, Coding::Raw),
                "end = \"suffix\" needs coding = \"hex\" or \"base64\"",
            ),
            (
                settings("é", "", End::Pause, true, Coding::Raw),
                "prefix has 2 bytes, at most 16 characters of ASCII expected",
            ),
        ] {
            assert_eq!(Frames::new(settings).unwrap_err().to_string(), error);
        }
    }

    #[test]
    fn an_imager_that_changes_bytes_is_found_out() {
        let all: Vec<u8> = (0..=255).collect();
        assert!(alien_bytes(&all).is_empty());
        let mut without = all.clone();
        without.retain(|byte| ![0x11, 0x13].contains(byte));
        assert_eq!(alien_bytes(&without), [0x11, 0x13]);
        let mut changed = all;
        changed[0x0D] = 0x0A;
        assert_eq!(alien_bytes(&changed), [0x0D]);
    }

    #[test]
    fn a_barcode_does_not_print_itself() {
        let heard = heard(ImagerSettings::default(), b"]d1SECRET");
        assert!(!format!("{heard:?}").contains("SECRET"));
    }

    proptest! {
        #[test]
        fn it_does_not_matter_how_the_bytes_come(
            data in proptest::collection::vec(any::<u8>(), 0..300),
            cut in any::<prop::sample::Index>(),
        ) {
            let length = u16::try_from(data.len()).unwrap().to_be_bytes();
            let line = [&b"\x02"[..], &length, &data, b"\x03"].concat();
            let mut frames =
                Frames::new(settings("\u{2}", "\u{3}", End::Length, false, Coding::Raw)).unwrap();
            let mut heard = Vec::new();
            let (one, two) = line.split_at(cut.index(line.len()));
            frames.receive(one, |one| heard.push(one));
            frames.receive(two, |one| heard.push(one));
            prop_assert_eq!(heard, [Heard::Began, code(None, &data)]);
            prop_assert_eq!(frames.discarded(), 0);
        }
    }
}
