//! Frames out of a reader's bytes.
//!
//! A pure machine: bytes in, frames out, no device and no clock. It is bounded, drops nothing
//! silently, and finds the next frame after any garbage. Each way of wrapping a zone has a module of
//! its own that judges bytes; the machine here cuts them, and counts what it throws away.

mod error;
mod framing;
mod length_prefixed;
mod lines;
mod rte_native;
mod stx_etx;
mod text;
mod zone;

#[cfg(test)]
mod tests;

pub use error::{Discards, FrameError};
pub use framing::{Answers, Framing};
pub use zone::Zone;

use rte_native::{LENGTH_MAX, PREFIX};
use zeroize::Zeroizing;

const SOH: u8 = 0x01;
const STX: u8 = 0x02;
const ETX: u8 = 0x03;
const CR: u8 = b'\r';
const LF: u8 = b'\n';
const ACK: u8 = 0x06;
const NAK: u8 = 0x15;
const ENQ: u8 = 0x05;

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

/// A line that never pauses is not waited for: so many bytes would have been a frame.
const NOISE_MAX: usize = PREFIX + LENGTH_MAX;

/// So many characters of a zone are most of its shortest line (Doc 9303-5, 4.2.2), and no noise if they
/// are three in four of what came.
const HEADLESS_MIN: usize = 24;

/// The frame machine.
#[derive(Debug)]
pub struct Frames {
    framing: Framing,
    /// Bytes not judged yet; never longer than one frame.
    bytes: Zeroizing<Vec<u8>>,
    announced: bool,
    /// Bytes outside any frame since the line last paused.
    noise: usize,
    /// How many of them a zone could consist of.
    characters: usize,
    /// They have been told of: what follows them is not told again.
    complained: bool,
    discards: Discards,
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
            characters: 0,
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
        let is_lines = matches!(self.framing, Framing::Lines | Framing::LinesAndAnswers(_));
        if is_lines && let Some(zone) = lines::zone(&self.bytes) {
            let length = self.bytes.len();
            self.remove(length);
            self.forget_noise();
            return Some(Heard::Zone(zone));
        }
        let begun = self.announced;
        let bytes = self.bytes.len();
        self.characters = self.characters.saturating_add(characters(&self.bytes));
        self.discard(bytes);
        let outside = self.outside(self.noise + bytes);
        self.characters = 0;
        let noise = std::mem::take(&mut self.noise);
        let complained = std::mem::take(&mut self.complained);
        match noise + bytes {
            _ if complained => None,
            0 => None,
            _ if begun => Some(Heard::Bad(FrameError::Torn { bytes })),
            _ => Some(Heard::Bad(outside)),
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
            self.characters = self
                .characters
                .saturating_add(characters(&self.bytes[..garbage]));
            self.remove(garbage);
            let garbage = garbage - wrapping;
            self.discards.bytes = self.discards.bytes.saturating_add(garbage as u64);
            self.noise = self.noise.saturating_add(garbage);
            if self.noise >= NOISE_MAX {
                self.complain(FrameError::Noise { bytes: self.noise }, report);
            }
            match self.framing.judge(&self.bytes) {
                Verdict::Incomplete { begun } => {
                    if begun && !std::mem::replace(&mut self.announced, true) {
                        report(Heard::Began);
                    }
                    return;
                }
                Verdict::Whole(length, zone) => {
                    self.remove(length);
                    self.forget_noise();
                    report(Heard::Zone(zone));
                }
                Verdict::Nothing(length) => {
                    self.remove(length);
                    self.forget_noise();
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

    /// What `bytes` outside any frame are.
    const fn outside(&self, bytes: usize) -> FrameError {
        let characters = self.characters;
        if characters >= HEADLESS_MIN && characters >= bytes / 4 * 3 {
            FrameError::Headless { characters }
        } else {
            FrameError::Noise { bytes }
        }
    }

    const fn forget_noise(&mut self) {
        (self.noise, self.characters, self.complained) = (0, 0, false);
    }

    /// Noise is one failure of the line, not one for each of its bytes.
    fn complain(&mut self, error: FrameError, report: &mut impl FnMut(Heard)) {
        self.discards.count(&error);
        if !std::mem::replace(&mut self.complained, true) {
            report(Heard::Bad(error));
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

/// How many of `bytes` a zone could consist of.
fn characters(bytes: &[u8]) -> usize {
    let of_a_zone =
        |byte: &&u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || **byte == b'<';
    bytes.iter().filter(of_a_zone).count()
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
