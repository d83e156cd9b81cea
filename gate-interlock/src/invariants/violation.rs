//! How a broken rule is told.

use core::fmt::{self, Display, Formatter};
use gate_protocol::{Instant, State};

/// A rule that the interlock answers for. The others of S1 to S22 belong to board and link: see
/// `docs/hazards.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rule {
    /// Fire, emergency stop and break-glass open their ways out, whatever else.
    S1,
    /// Never both doors, but as ways out or with somebody in both leaves.
    S3,
    /// The exit is released only on a permit for who is inside, in time, once.
    S4,
    /// The exit is released only behind a shut entry, for one person seen for long enough.
    S5,
    /// The entry is released for entering only before a shut exit and an empty lane.
    S6,
    /// A leaf opens within 100 ms when somebody stands in it.
    S7,
    /// Nobody is held between two locked doors without an officer's alarm.
    S8,
    /// Without a lease the exit is not released.
    S9,
    /// No output is on for longer than it may be.
    S10,
    /// Contradicting inputs end every motion.
    S14,
    /// A door that is open and should not be is told.
    S15,
    /// Emergency and tamper end only by normal inputs and somebody's word.
    S16,
    /// Every release of the exit ends in one event that names its passage.
    S17,
    /// More than one person never reaches an open exit.
    S20,
}

/// A rule has been broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Violation {
    /// Which rule.
    pub rule: Rule,
    /// When.
    pub at: Instant,
    /// What the lane was doing.
    pub state: State,
    /// What was seen.
    pub what: &'static str,
}

impl Display for Violation {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let ms = self.at.as_millis();
        let (rule, state) = (self.rule, self.state);
        write!(
            f,
            "{rule:?} at {}.{:03} s in state {state}: {}",
            ms / 1_000,
            ms % 1_000,
            self.what
        )
    }
}

impl core::error::Error for Violation {}
