//! What is wrong with bytes, and how often it was.

use super::rte_native::{LENGTH_MAX, LENGTH_MIN};
use super::text::LINE_MAX;
use std::fmt;

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
    /// Most of a zone, and nothing that it begins with: the line lost its first bytes.
    #[error("{characters} characters of a zone without the beginning of their frame")]
    Headless {
        /// Characters that a zone consists of.
        characters: usize,
    },
    /// Nothing that looks like a frame.
    #[error("{bytes} bytes outside any frame, beginning of a frame expected")]
    Noise {
        /// Bytes received so far.
        bytes: usize,
    },
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
    /// Frames that broke off, or lost their beginning.
    pub torn: u64,
    /// Stretches of bytes outside any frame.
    pub noise: u64,
    /// Zones that were sent again within a second, or unasked for what had been told.
    pub repeated: u64,
}

impl Discards {
    pub(super) fn count(&mut self, error: &FrameError) {
        let counter = match error {
            FrameError::Length { .. } => &mut self.length,
            FrameError::Header => &mut self.header,
            FrameError::End => &mut self.end,
            FrameError::Checksum { .. } => &mut self.checksum,
            FrameError::Lines => &mut self.lines,
            FrameError::Torn { .. } | FrameError::Headless { .. } => &mut self.torn,
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
