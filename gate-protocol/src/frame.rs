//! How one message travels over a serial line.
//!
//! ```text
//! COBS of: header(1) | session(1) | counter(4, LE) | content | crc16(2, LE)      then 0x00
//! ```
//!
//! | field | meaning |
//! | --- | --- |
//! | header | bits 7..6 [`Kind`], bits 5..4 zero, bits 3..0 wire version |
//! | session | low byte of the session's number: names stale frames; 0 means "no session" |
//! | counter | one per direction, from 0 in each session, strictly rising |
//! | content | of a [`Kind::Hello`] see [`crate::hello`]; of a [`Kind::Sealed`] one encrypted message of at most [`BODY_MAX`] bytes (see [`crate::body`]) and its tag of [`TAG_LEN`] bytes |
//! | crc16 | CRC-16/CCITT (polynomial 0x1021, start 0xFFFF, not reflected) over all before it |
//!
//! There is no other kind: no command ever travels in clear. The tag covers header, session, counter
//! and body; this module only sees that there is room for one. Why a CRC beside it: a wrong CRC is
//! noise, a right CRC with a wrong tag is somebody who does not have the key.
//!
//! The delimiter makes the first whole frame after any fault parse again, and keeps the CRC from
//! depending on a length field that may itself be damaged.

use crc::{CRC_16_IBM_3740, Crc};

/// Lowest wire version that this crate speaks.
pub const WIRE_MIN: u8 = 3;
/// Highest wire version that this crate speaks.
pub const WIRE_MAX: u8 = 3;

/// Longest body in bytes.
pub const BODY_MAX: usize = 192;
/// Bytes of the tag of a sealed frame.
pub const TAG_LEN: usize = 16;
/// Longest content in bytes.
pub const CONTENT_MAX: usize = BODY_MAX + TAG_LEN;
/// Bytes before the content: header, session, counter.
pub const HEAD_LEN: usize = 6;
const CRC_LEN: usize = 2;
/// Longest frame before COBS.
const PLAIN_MAX: usize = HEAD_LEN + CONTENT_MAX + CRC_LEN;
/// Longest frame after COBS, without its delimiter.
const STUFFED_MAX: usize = cobs::max_encoding_length(PLAIN_MAX);
/// Longest frame on the line, delimiter included, in bytes.
pub const WIRE_LEN_MAX: usize = STUFFED_MAX + 1;

/// Ends a frame.
pub const DELIMITER: u8 = 0;

static CRC: Crc<u16> = Crc::<u16>::new(&CRC_16_IBM_3740);

/// The bytes of a body.
pub type Body = heapless::Vec<u8, BODY_MAX>;
/// What stands between counter and CRC.
pub type Content = heapless::Vec<u8, CONTENT_MAX>;
/// One whole frame as it goes over the line, delimiter included.
pub type Wire = heapless::Vec<u8, WIRE_LEN_MAX>;

/// What sort of frame it is: bits 7..6 of the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `Hello`, in clear and readable in every wire version: see [`crate::hello`].
    Hello,
    /// Any other message, encrypted and authenticated.
    Sealed,
}

impl Kind {
    const fn bits(self) -> u8 {
        match self {
            Self::Hello => 0b00,
            Self::Sealed => 0b01,
        }
    }
}

/// One frame, its CRC checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// What sort of frame it is.
    pub kind: Kind,
    /// Wire version, 0 to 15. A [`Kind::Hello`] may carry any; else it is one that we speak.
    pub version: u8,
    /// Low byte of the session's number; 0 if there is no session.
    pub session: u8,
    /// Number of the frame in its direction of its session.
    pub counter: u32,
    /// What the frame carries, by its kind.
    pub content: Content,
}

impl Frame {
    /// The bytes before the content, which the tag of a sealed frame covers.
    #[must_use]
    pub fn head(&self) -> [u8; HEAD_LEN] {
        let header = self.kind.bits() << 6 | (self.version & 0x0f);
        let [a, b, c, d] = self.counter.to_le_bytes();
        [header, self.session, a, b, c, d]
    }

    /// The frame as it goes over the line.
    #[must_use]
    pub fn encode(&self) -> Wire {
        const ROOM: &str = "the buffers are as long as the longest frame";
        let mut plain: heapless::Vec<u8, PLAIN_MAX> = heapless::Vec::new();
        plain.extend_from_slice(&self.head()).expect(ROOM);
        plain.extend_from_slice(&self.content).expect(ROOM);
        let crc = CRC.checksum(&plain);
        plain.extend_from_slice(&crc.to_le_bytes()).expect(ROOM);

        // The zero that follows the stuffed bytes is the delimiter.
        let mut wire = Wire::new();
        wire.resize(WIRE_LEN_MAX, DELIMITER).expect(ROOM);
        let stuffed = cobs::try_encode(&plain, &mut wire).expect(ROOM);
        wire.truncate(stuffed + 1);
        wire
    }

    /// Reads a frame from its bytes after COBS.
    fn parse(plain: &[u8]) -> Result<Self, FrameError> {
        let (head, rest) = plain
            .split_first_chunk::<HEAD_LEN>()
            .ok_or(FrameError::TooShort)?;
        let (content, found) = rest
            .split_last_chunk::<CRC_LEN>()
            .ok_or(FrameError::TooShort)?;
        let checked = plain.len() - CRC_LEN;
        if CRC.checksum(&plain[..checked]) != u16::from_le_bytes(*found) {
            return Err(FrameError::Crc);
        }
        let [header, session, counter @ ..] = *head;
        let (kind, version) = parse_header(header)?;
        let content = Content::from_slice(content).map_err(|_| FrameError::TooLong)?;
        if kind == Kind::Sealed && content.len() < TAG_LEN {
            return Err(FrameError::TooShort);
        }
        Ok(Self {
            kind,
            version,
            session,
            counter: u32::from_le_bytes(counter),
            content,
        })
    }
}

/// SAF-072: nothing is read in clear but a greeting.
fn parse_header(header: u8) -> Result<(Kind, u8), FrameError> {
    let kind = match header >> 6 {
        0b00 => Kind::Hello,
        0b01 => Kind::Sealed,
        0b10 => return Err(FrameError::Boot),
        _ => return Err(FrameError::Plain),
    };
    if header & 0b0011_0000 != 0 {
        return Err(FrameError::Reserved);
    }
    let version = header & 0x0f;
    if kind != Kind::Hello && !(WIRE_MIN..=WIRE_MAX).contains(&version) {
        return Err(FrameError::Version { found: version });
    }
    Ok((kind, version))
}

/// Why the bytes between two delimiters are not a frame.
///
/// Nothing needs to be done about a single one: whoever sent it sends it again. Many of the first
/// four mean a bad cable or a wrong line speed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum FrameError {
    /// Noise, or two frames that lost the delimiter between them.
    #[error("frame longer than {STUFFED_MAX} bytes")]
    TooLong,
    /// Noise, or a frame that lost its beginning.
    #[error("frame shorter than its kind may be")]
    TooShort,
    /// A damaged or lost byte.
    #[error("frame is not valid cobs")]
    Cobs,
    /// A damaged byte.
    #[error("frame with wrong crc")]
    Crc,
    /// Bits 5..4 of the header are set: the sender is newer than this crate.
    #[error("frame with reserved header bits set")]
    Reserved,
    /// The sender speaks another wire version: flash the controller or update the daemon.
    #[error("frame of wire version {found}, expected {WIRE_MIN} to {WIRE_MAX}")]
    Version {
        /// Wire version in the header.
        found: u8,
    },
    /// The sender speaks wire version 1, in clear: flash the controller or update the daemon.
    #[error("frame in clear, expected a sealed one")]
    Plain,
    /// The sender is a boot loader or talks to one.
    #[error("frame of the boot loader, expected one of the controller")]
    Boot,
}

/// What a [`Decoder`] has met. Every counter stops at its highest value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FrameStatistics {
    /// Good frames.
    pub frames: u32,
    /// Bytes in good frames, delimiters included.
    pub frame_bytes: u32,
    /// Bytes in bad frames, delimiters included, and bytes between frames.
    pub discarded_bytes: u32,
    /// Bad frames: [`FrameError::TooLong`].
    pub too_long: u32,
    /// Bad frames: [`FrameError::TooShort`].
    pub too_short: u32,
    /// Bad frames: [`FrameError::Cobs`].
    pub cobs: u32,
    /// Bad frames: [`FrameError::Crc`].
    pub crc: u32,
    /// Bad frames: [`FrameError::Reserved`].
    pub reserved: u32,
    /// Bad frames: [`FrameError::Version`].
    pub version: u32,
    /// Bad frames: [`FrameError::Plain`].
    pub plain: u32,
    /// Bad frames: [`FrameError::Boot`].
    pub boot: u32,
}

impl FrameStatistics {
    pub(crate) const NONE: Self = Self {
        frames: 0,
        frame_bytes: 0,
        discarded_bytes: 0,
        too_long: 0,
        too_short: 0,
        cobs: 0,
        crc: 0,
        reserved: 0,
        version: 0,
        plain: 0,
        boot: 0,
    };

    /// Bad frames of every cause together.
    #[must_use]
    pub fn bad_frames(&self) -> u32 {
        [
            self.too_long,
            self.too_short,
            self.cobs,
            self.crc,
            self.reserved,
            self.version,
            self.plain,
            self.boot,
        ]
        .into_iter()
        .fold(0, u32::saturating_add)
    }

    fn count(&mut self, outcome: Result<(), FrameError>, bytes: u32) {
        let (counter, place) = match outcome {
            Ok(()) => (&mut self.frames, &mut self.frame_bytes),
            Err(error) => {
                let counter = match error {
                    FrameError::TooLong => &mut self.too_long,
                    FrameError::TooShort => &mut self.too_short,
                    FrameError::Cobs => &mut self.cobs,
                    FrameError::Crc => &mut self.crc,
                    FrameError::Reserved => &mut self.reserved,
                    FrameError::Version { .. } => &mut self.version,
                    FrameError::Plain => &mut self.plain,
                    FrameError::Boot => &mut self.boot,
                };
                (counter, &mut self.discarded_bytes)
            }
        };
        *counter = counter.saturating_add(1);
        *place = place.saturating_add(bytes);
    }
}

/// Finds frames in a stream of bytes.
///
/// It holds one frame at most, whatever comes in, and starts afresh at each delimiter.
#[derive(Clone, Debug, Default)]
pub struct Decoder {
    stuffed: heapless::Vec<u8, STUFFED_MAX>,
    /// Bytes since the last delimiter that did not fit into `stuffed`.
    excess: u32,
    statistics: FrameStatistics,
}

impl Decoder {
    /// A decoder that has seen nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            stuffed: heapless::Vec::new(),
            excess: 0,
            statistics: FrameStatistics::NONE,
        }
    }

    /// Takes the next byte of the line. Answers when `byte` ends a frame, good or bad.
    pub fn push(&mut self, byte: u8) -> Option<Result<Frame, FrameError>> {
        if byte != DELIMITER {
            if self.stuffed.push(byte).is_err() {
                self.excess = self.excess.saturating_add(1);
            }
            return None;
        }
        if self.stuffed.is_empty() {
            // Delimiters in a row are an idle line, not a bad frame.
            self.statistics.discarded_bytes = self.statistics.discarded_bytes.saturating_add(1);
            return None;
        }
        let bytes = self.held_bytes().saturating_add(1);
        let outcome = self.finish();
        self.statistics
            .count(outcome.as_ref().map(|_| ()).map_err(|error| *error), bytes);
        self.stuffed.clear();
        self.excess = 0;
        Some(outcome)
    }

    fn finish(&mut self) -> Result<Frame, FrameError> {
        if self.excess > 0 {
            return Err(FrameError::TooLong);
        }
        let len = cobs::decode_in_place(&mut self.stuffed).map_err(|_| FrameError::Cobs)?;
        Frame::parse(&self.stuffed[..len])
    }

    /// Bytes received since the last delimiter.
    #[must_use]
    pub fn held_bytes(&self) -> u32 {
        let held = u32::try_from(self.stuffed.len()).unwrap_or(u32::MAX);
        held.saturating_add(self.excess)
    }

    /// What has come in so far.
    #[must_use]
    pub const fn statistics(&self) -> &FrameStatistics {
        &self.statistics
    }
}
