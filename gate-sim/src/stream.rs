//! Faults in a stream of bytes: what a bad cable, driver or device makes of what was sent.
//!
//! A machine without I/O or clock: bytes in, pieces and pauses out. Whoever owns the line sends them.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeSet;
use std::time::Duration;

/// What happens to bytes on their way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StreamFault {
    /// Bytes are lost.
    Drops,
    /// Bits are turned over.
    Flips,
    /// Bytes arrive a few at a time, with short pauses between them.
    Splits,
    /// Everything stands still in the middle of what is said, and goes on later.
    Stalls,
}

impl StreamFault {
    /// Every fault.
    pub const ALL: [Self; 4] = [Self::Drops, Self::Flips, Self::Splits, Self::Stalls];
}

/// Longest piece of a stream that splits.
const PIECE_MAX: usize = 9;
/// Most pieces of one message: a picture of 40 kB does not take minutes.
const PIECES_MAX: usize = 20;
/// Pauses of a stream that splits, ms: shorter than any driver takes for the end of a message.
const PAUSES: std::ops::RangeInclusive<u64> = 2..=30;
/// A stream that stalls stands still for so long: longer than any driver waits within a message.
const STALL: Duration = Duration::from_secs(2);

/// Bytes that arrive together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// So long after the piece before it.
    pub after: Duration,
    /// What arrives.
    pub bytes: Vec<u8>,
}

/// One direction of a line.
#[derive(Clone, Debug)]
pub struct Stream {
    active: BTreeSet<StreamFault>,
    one_in: u32,
    rng: ChaCha8Rng,
}

impl Stream {
    /// A line in order. While it is not, one byte in `one_in` is lost or has a bit turned over; `seed`
    /// decides which.
    #[must_use]
    pub fn new(seed: u64, one_in: u32) -> Self {
        Self {
            active: BTreeSet::new(),
            one_in: one_in.max(2),
            rng: ChaCha8Rng::seed_from_u64(seed),
        }
    }

    /// Lets a fault begin or end.
    pub fn suffer(&mut self, fault: StreamFault, begins: bool) {
        if begins {
            self.active.insert(fault);
        } else {
            self.active.remove(&fault);
        }
    }

    /// What arrives of `bytes`, and when; all of it at once while nothing is wrong.
    pub fn carry(&mut self, bytes: &[u8]) -> Vec<Piece> {
        let chance = 1.0 / f64::from(self.one_in);
        let mut arrives = Vec::with_capacity(bytes.len());
        for byte in bytes {
            if self.has(StreamFault::Drops) && self.rng.random_bool(chance) {
                continue;
            }
            let flips = self.has(StreamFault::Flips) && self.rng.random_bool(chance);
            let bit = if flips {
                1 << self.rng.random_range(0..8_u8)
            } else {
                0
            };
            arrives.push(byte ^ bit);
        }
        let stalls_at = (self.has(StreamFault::Stalls) && arrives.len() > 1)
            .then(|| self.rng.random_range(1..arrives.len()));
        let length = match self.has(StreamFault::Splits) {
            true => PIECE_MAX.max(arrives.len().div_ceil(PIECES_MAX)),
            false => arrives.len(),
        };
        let mut pieces: Vec<Piece> = Vec::new();
        let mut rest = arrives.as_slice();
        while !rest.is_empty() {
            let at = arrives.len() - rest.len();
            let wanted = match self.has(StreamFault::Splits) {
                true => self.rng.random_range(1..=length),
                false => length,
            };
            // A piece ends where the stream stands still.
            let until_stall = stalls_at.and_then(|stall| stall.checked_sub(at));
            let limit = until_stall.filter(|left| *left > 0).unwrap_or(usize::MAX);
            let (piece, after) = rest.split_at(wanted.min(limit).min(rest.len()));
            let pause = if stalls_at == Some(at) {
                STALL
            } else if pieces.is_empty() {
                Duration::ZERO
            } else {
                Duration::from_millis(self.rng.random_range(PAUSES))
            };
            pieces.push(Piece {
                after: pause,
                bytes: piece.to_vec(),
            });
            rest = after;
        }
        pieces
    }

    fn has(&self, fault: StreamFault) -> bool {
        self.active.contains(&fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SENT: [u8; 200] = [0xA5; 200];

    fn carry(faults: &[StreamFault]) -> Vec<Piece> {
        let mut stream = Stream::new(7, 20);
        for fault in faults {
            stream.suffer(*fault, true);
        }
        stream.carry(&SENT)
    }

    fn bytes(pieces: &[Piece]) -> Vec<u8> {
        pieces
            .iter()
            .flat_map(|piece| piece.bytes.clone())
            .collect()
    }

    #[test]
    fn a_line_in_order_changes_nothing_and_one_that_was_mended_neither() {
        let whole = [Piece {
            after: Duration::ZERO,
            bytes: SENT.to_vec(),
        }];
        let mut stream = Stream::new(1, 20);
        assert_eq!(stream.carry(&SENT), whole);
        for fault in StreamFault::ALL {
            stream.suffer(fault, true);
            assert_ne!(stream.carry(&SENT), whole, "{fault:?}");
            stream.suffer(fault, false);
            assert_eq!(stream.carry(&SENT), whole, "{fault:?}");
        }
        assert_eq!(stream.carry(&[]), []);
    }

    #[test]
    fn bytes_are_lost_or_have_one_bit_turned_over() {
        let lost = bytes(&carry(&[StreamFault::Drops]));
        assert!((150..200).contains(&lost.len()), "{}", lost.len());
        let turned = bytes(&carry(&[StreamFault::Flips]));
        assert_eq!(turned.len(), SENT.len());
        let wrong: Vec<u32> = turned
            .iter()
            .map(|byte| (byte ^ 0xA5).count_ones())
            .filter(|bits| *bits > 0)
            .collect();
        assert!((1..40).contains(&wrong.len()), "{wrong:?}");
        assert!(wrong.iter().all(|bits| *bits == 1));
    }

    #[test]
    fn what_is_split_or_stands_still_arrives_whole_in_the_end() {
        let split = carry(&[StreamFault::Splits]);
        assert_eq!(bytes(&split), SENT);
        assert!(split.len() >= 200 / 10);
        assert!(split.iter().all(|piece| piece.after < STALL));
        let stalled = carry(&[StreamFault::Stalls]);
        assert_eq!(bytes(&stalled), SENT);
        let pauses: Vec<Duration> = stalled.iter().map(|piece| piece.after).collect();
        assert_eq!(pauses, [Duration::ZERO, STALL]);
        let both = carry(&[StreamFault::Splits, StreamFault::Stalls]);
        assert_eq!(bytes(&both), SENT);
        assert_eq!(both.iter().filter(|piece| piece.after == STALL).count(), 1);
    }

    #[test]
    fn a_long_message_is_split_into_few_pieces() {
        let mut stream = Stream::new(3, 20);
        stream.suffer(StreamFault::Splits, true);
        let pieces = stream.carry(&[1; 40_000]);
        assert!(pieces.len() <= 4 * PIECES_MAX, "{}", pieces.len());
    }
}
