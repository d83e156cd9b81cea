//! Random numbers that tests know beforehand.

use core::convert::Infallible;
use rand::{TryCryptoRng, TryRng};

/// Gives out the bytes of a list, then others without end: the random numbers of a worked example.
pub(crate) struct Fixed {
    first: Vec<u8>,
    cycle: Vec<u8>,
    next: usize,
}

impl Fixed {
    /// These bytes, then 5A for ever.
    pub(crate) fn new(first: &[u8]) -> Self {
        Self {
            first: first.to_vec(),
            cycle: vec![0x5A],
            next: 0,
        }
    }

    /// These bytes, again and again.
    pub(crate) fn endless(cycle: &[u8]) -> Self {
        Self {
            first: Vec::new(),
            cycle: cycle.to_vec(),
            next: 0,
        }
    }
}

impl TryRng for Fixed {
    type Error = Infallible;
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(0)
    }
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(0)
    }
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for byte in bytes {
            *byte = match self.first.is_empty() {
                false => self.first.remove(0),
                true => {
                    self.next += 1;
                    self.cycle[self.next % self.cycle.len()]
                }
            };
        }
        Ok(())
    }
}

impl TryCryptoRng for Fixed {}
