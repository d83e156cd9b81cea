//! The faults that are under way in the pure rig.

use crate::fault::Fault;
use gate_protocol::frame::Wire;
use rand::RngExt;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeSet;

/// Share of frames that have a bit flipped.
const NOISE: f64 = 0.05;
/// Share of frames that are lost.
const LOSS: f64 = 1.0 / 3.0;

/// What goes wrong at present.
#[derive(Debug)]
pub(crate) struct Trouble {
    active: BTreeSet<Fault>,
    rng: ChaCha8Rng,
}

impl Trouble {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            active: BTreeSet::new(),
            rng: ChaCha8Rng::seed_from_u64(seed),
        }
    }

    /// Whether the fault is new.
    pub(crate) fn begin(&mut self, fault: Fault) -> bool {
        self.active.insert(fault)
    }

    /// Whether the fault was there.
    pub(crate) fn end(&mut self, fault: Fault) -> bool {
        self.active.remove(&fault)
    }

    pub(crate) fn has(&self, fault: Fault) -> bool {
        !self.active.is_empty() && self.active.contains(&fault)
    }

    /// Whether one of the faults is such a one.
    pub(crate) fn any(&self, is: impl Fn(Fault) -> bool) -> bool {
        self.active.iter().any(|fault| is(*fault))
    }

    /// What becomes of a frame on the line: what arrives, and how often.
    pub(crate) fn carry(&mut self, mut wire: Wire) -> (Wire, usize) {
        if self.active.is_empty() {
            return (wire, 1);
        }
        if self.has(Fault::LineCut) || self.has(Fault::LineLoss) && self.rng.random_bool(LOSS) {
            return (wire, 0);
        }
        if self.has(Fault::LineNoise) && self.rng.random_bool(NOISE) {
            let at = self.rng.random_range(0..wire.len().max(1));
            let bit = self.rng.random_range(0..8);
            if let Some(byte) = wire.get_mut(at) {
                *byte ^= 1 << bit;
            }
        }
        (wire, 1 + usize::from(self.has(Fault::LineDoubles)))
    }
}
