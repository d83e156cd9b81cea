//! How long each thing may take.

use core::time::Duration;

/// Every time and number of tries that the interlock bounds itself with.
///
/// The defaults suit a lane with two sliding or swing leaves of about a second's travel.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
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
    /// How long a door must have been shut before its opening counts as forced: contacts and
    /// leaves lag behind the lock.
    pub settle: Duration,
    /// How long a door may stand open that should be shut.
    pub held_open: Duration,
    /// How long the unicity sensor must say the same before it is believed.
    pub single: Duration,
    /// How long a thing must lie in the empty lane before it counts as left behind.
    pub left_object: Duration,
    /// How long inputs may contradict each other: sensors with different delays do so for moments.
    pub contradiction: Duration,
    /// Longest time inside with both doors locked. It is longer than a host needs to examine a
    /// traveller and to hear an officer, and bounds both.
    pub decide: Duration,
    /// How long somebody may stand in a locked lane without a host.
    pub trap: Duration,
    /// How long the entry stays open for people to go back before it closes again.
    pub clear: Duration,
    /// How long the beam before the entry must be free until whoever stood there has gone away.
    pub went_away: Duration,
    /// How long fire and emergency inputs must be normal before the alarm can be cleared.
    pub emergency_over: Duration,
    /// How long the buzzer sounds at most.
    pub buzzer: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            permit: Duration::from_secs(30),
            lease_word: Duration::from_millis(500),
            enter: Duration::from_secs(15),
            stand_open: Duration::from_secs(600),
            opening: Duration::from_secs(5),
            closing: Duration::from_secs(5),
            reopened: Duration::from_secs(2),
            closing_tries: 3,
            settle: Duration::from_millis(500),
            held_open: Duration::from_secs(10),
            single: Duration::from_millis(500),
            left_object: Duration::from_secs(3),
            contradiction: Duration::from_millis(500),
            decide: Duration::from_secs(120),
            trap: Duration::from_secs(10),
            clear: Duration::from_secs(20),
            went_away: Duration::from_secs(3),
            emergency_over: Duration::from_secs(5),
            buzzer: Duration::from_secs(30),
        }
    }
}
