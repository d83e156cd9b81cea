//! How long each thing may take at a turnstile.

use core::time::Duration;
use gate_protocol::{CheckedSite, Timings};

/// Half the way from one rest of the arm to the next, in steps of the hub sensor: the hub gives 24
/// steps, four to a period.
pub(crate) const HALF_TURN: i16 = 12;

/// Every time that the turnstile bounds itself with.
///
/// What a site may set comes from its [`Timings`], the rest is the same everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limits {
    /// Longest time for which a permit may be given.
    pub permit: Duration,
    /// How long the link's word that the host holds its lease is good for.
    pub lease_word: Duration,
    /// How long the arm waits for somebody to turn it, however long the permit.
    pub armed: Duration,
    /// How long a turn may take before whoever stands in the arm can go on or back.
    pub turning: Duration,
    /// How long home switch and hub sensor may contradict each other.
    pub contradiction: Duration,
    /// How long the two channels of the emergency stop may differ.
    pub channels: Duration,
    /// How long the contact says that somebody has passed.
    pub passed: Duration,
    /// How long fire and emergency inputs must be normal before the alarm can be cleared.
    pub emergency_over: Duration,
    /// How long the mains must be back before the turnstile trusts them.
    pub mains_back: Duration,
    /// Longest time that one command to force an output is good for.
    pub force: Duration,
    /// How long the buzzer sounds at most.
    pub buzzer: Duration,
    /// How long the buzzer rests at least before it sounds again.
    pub buzzer_rest: Duration,
}

impl Limits {
    /// The limits of a site.
    #[must_use]
    pub fn of(site: CheckedSite) -> Self {
        let Timings { armed, turning, .. } = site.get().timings;
        Self {
            permit: Duration::from_secs(30),
            lease_word: Duration::from_millis(500),
            armed: Duration::from_millis(armed.into()),
            turning: Duration::from_millis(turning.into()),
            contradiction: Duration::from_millis(500),
            channels: Duration::from_millis(50),
            passed: Duration::from_millis(300),
            emergency_over: Duration::from_secs(5),
            mains_back: Duration::from_secs(5),
            force: Duration::from_secs(1),
            buzzer: Duration::from_secs(30),
            buzzer_rest: Duration::from_secs(1),
        }
    }
}
