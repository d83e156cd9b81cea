//! How long each thing may take.

use core::time::Duration;
use gate_protocol::{CheckedSite, Timings};

/// Every time and number of tries that the interlock bounds itself with.
///
/// What a site may set comes from its [`Timings`], the rest is the same everywhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Limits {
    /// Longest time that a permit may keep a door released.
    pub permit: Duration,
    /// How long the link's word that the host holds its lease is good for. The link repeats it
    /// several times in that time; if it hangs, the lease lapses all the same.
    pub lease_word: Duration,
    /// How long the entry waits for the beam before it to clear once somebody is inside.
    pub enter: Duration,
    /// How long the entry may stand open for the next traveller. Then it closes once and opens
    /// again, which proves that it still can close and lock.
    pub stand_open: Duration,
    /// How long a door may take to reach its open position.
    pub opening: Duration,
    /// How long a door may take to close and lock.
    pub closing: Duration,
    /// How long a door stays open after it met something.
    pub reopened: Duration,
    /// How often a closing door may meet something before an officer has to look.
    pub closing_tries: u8,
    /// How long a drive may push a leaf that does not get open, and how long it rests then.
    pub push: Duration,
    /// How long a leaf must have been in its frame before its opening counts as forced: contacts and
    /// leaves lag behind the lock.
    pub settle: Duration,
    /// How long a leaf lies in its frame without its bolt until nobody can be caught in it any more,
    /// with nothing in its light curtain.
    pub free: Duration,
    /// The same, whatever is in its light curtain.
    pub caught: Duration,
    /// How long a door may stand open that should be shut.
    pub held_open: Duration,
    /// How long the unicity sensor must say the same before it is believed.
    pub single: Duration,
    /// How long somebody may take from the beam behind the open exit through its leaf, and how far the
    /// unicity sensor lags behind curtain and beam when they have gone the other way.
    pub crossing: Duration,
    /// How long a thing must lie in the empty lane before it counts as left behind.
    pub left_object: Duration,
    /// How long inputs may contradict each other: sensors with different delays do so for moments.
    pub contradiction: Duration,
    /// How long the two channels of the emergency stop may differ.
    pub channels: Duration,
    /// Longest time inside with both doors locked. It is longer than a host needs to examine a
    /// traveller and to hear an officer, and bounds both.
    pub decide: Duration,
    /// How long somebody may stand in a locked lane without a host.
    pub trap: Duration,
    /// How long the entry stays open for people to go back before it closes again.
    pub clear: Duration,
    /// How long before the end of its release whoever is still inside an open exit is warned. A
    /// release of less than four times as long warns in its last quarter.
    pub warning: Duration,
    /// How long the beam before the entry must be free until whoever stood there has gone away.
    pub went_away: Duration,
    /// How long fire and emergency inputs must be normal before the alarm can be cleared.
    pub emergency_over: Duration,
    /// How long the mains must be back before the lane trusts them.
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
        let Timings {
            enter,
            stand_open,
            opening,
            closing,
            reopened,
            held_open,
            single,
            left_object,
            decide,
            trap,
            clear,
            // A turnstile's.
            armed: _,
            turning: _,
        } = site.get().timings;
        let ms = |ms: u32| Duration::from_millis(ms.into());
        Self {
            permit: Duration::from_secs(30),
            lease_word: Duration::from_millis(500),
            enter: ms(enter),
            stand_open: ms(stand_open),
            opening: ms(opening),
            closing: ms(closing),
            reopened: ms(reopened),
            closing_tries: 3,
            push: Duration::from_secs(10),
            settle: Duration::from_millis(500),
            free: ms(held_open.max(closing * 2)),
            caught: Duration::from_secs(60),
            held_open: ms(held_open),
            single: ms(single),
            crossing: Duration::from_secs(1),
            left_object: ms(left_object),
            contradiction: Duration::from_millis(500),
            channels: Duration::from_millis(50),
            decide: ms(decide),
            trap: ms(trap),
            clear: ms(clear),
            warning: Duration::from_secs(5),
            went_away: Duration::from_secs(3),
            emergency_over: Duration::from_secs(5),
            mains_back: Duration::from_secs(5),
            force: Duration::from_secs(1),
            buzzer: Duration::from_secs(30),
            buzzer_rest: Duration::from_secs(1),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::of(CheckedSite::default())
    }
}
