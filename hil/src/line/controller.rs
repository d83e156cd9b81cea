//! One direction of a controller's line in words.

use super::hex::{Privacy, hex};
use super::words::Told;
use gate_protocol::frame::{Frame, Kind, WIRE_LEN_MAX};
use gate_protocol::print::{ForController, ForHost};
use gate_protocol::{Decoder, FrameError};
use gate_sim::recording::Side;

/// So many bytes of a bad frame are kept to be printed.
const RAW_MAX: usize = 2 * WIRE_LEN_MAX;

/// Cuts one direction into frames.
#[derive(Debug)]
pub(super) struct Frames {
    from: Side,
    privacy: Privacy,
    decoder: Decoder,
    /// Bytes since the last delimiter.
    raw: Vec<u8>,
    /// Session and counter of the last sealed frame.
    last: Option<(u8, u32)>,
}

impl Frames {
    pub(super) const fn new(from: Side, privacy: Privacy) -> Self {
        Self {
            from,
            privacy,
            decoder: Decoder::new(),
            raw: Vec::new(),
            last: None,
        }
    }

    /// Takes the next byte; words where it ends something.
    pub(super) fn push(&mut self, byte: u8) -> Option<Told> {
        if self.raw.len() < RAW_MAX {
            self.raw.push(byte);
        }
        let told = match self.decoder.push(byte) {
            Some(Ok(frame)) => Some(self.frame(&frame)),
            Some(Err(problem)) => Some(Told::bad(self.bad(problem))),
            None => None,
        };
        if told.is_some() || self.decoder.held_bytes() == 0 {
            self.raw.clear();
        }
        told
    }

    /// The line has ended.
    pub(super) fn finish(&mut self) -> Option<Told> {
        let bytes = std::mem::take(&mut self.raw);
        let count = self.decoder.held_bytes();
        (count > 0).then(|| {
            let hex = hex(&bytes, self.privacy);
            Told::bad(format!("{count} bytes of a frame without its end: {hex}"))
        })
    }

    fn frame(&mut self, frame: &Frame) -> Told {
        let words = match self.from {
            Side::Host => ForController(frame).to_string(),
            Side::Device => ForHost(frame).to_string(),
        };
        if frame.kind != Kind::Sealed {
            return Told::good(words);
        }
        let now = (frame.session, frame.counter);
        let before = self.last.replace(now);
        match before {
            Some((session, counter)) if session == frame.session => {
                match frame.counter.checked_sub(counter) {
                    None | Some(0) => {
                        self.last = before;
                        Told::bad(format!("{words} (again: {counter} was there before)"))
                    }
                    Some(1) => Told::good(words),
                    Some(gap) => Told::bad(format!("{words} ({} missing before it)", gap - 1)),
                }
            }
            _ => Told::good(words),
        }
    }

    fn bad(&self, problem: FrameError) -> String {
        format!("{problem}: {}", hex(&self.raw, self.privacy))
    }
}
