//! What a journal says, and whether anything is in it twice or not at all.

use super::monitor::Violation;
use crate::scenario::Told;
use gate_protocol::Instant;
use gate_session::{Left, Outcome, Referral};

/// An entry of a journal, as far as it matters whether all are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// The gate decided.
    Gate(u64, Outcome),
    /// An officer decided.
    Officer(u64, Outcome),
    /// Somebody left.
    Completion(u64, Left),
}

/// Everything that has reached the disk. It outlives the daemon.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ledger {
    /// The traveller whom the gate decided last, and whether that was a clearance.
    decided: (u64, bool),
    /// The traveller who was completed last.
    completed: u64,
    /// The traveller whose entry found no room last.
    missing: u64,
}

impl Ledger {
    /// The last number that was given to a traveller, as far as the disk knows.
    #[must_use]
    pub fn travellers(&self) -> u64 {
        self.decided.0.max(self.completed)
    }

    /// The entry for this traveller finds the disk full.
    pub fn miss(&mut self, traveller: u64) {
        self.missing = self.missing.max(traveller);
    }

    /// An entry reaches the disk: what there is to tell, and what is wrong with it.
    pub fn write(&mut self, at: Instant, entry: Entry) -> (Told, Option<Violation>) {
        match entry {
            Entry::Gate(traveller, outcome) => {
                let clears = outcome == Outcome::Cleared;
                // A clearance may be taken back, once: who stays in the lane is referred. So may
                // whatever was decided about somebody in whose place another one may be.
                let another = outcome == Outcome::Referred(Referral::AnotherPerson);
                let taken_back = self.decided == (traveller, true) && !clears;
                let changed = self.decided.0 == traveller && another;
                let twice = traveller <= self.decided.0 && !taken_back && !changed;
                self.decided = (self.decided.0.max(traveller), clears);
                let violation = twice.then_some(Violation::DecidedTwice { at, traveller });
                (Told::Decided(traveller, outcome), violation)
            }
            Entry::Officer(traveller, outcome) => (Told::OfficerDecided(traveller, outcome), None),
            // People who walk away past the entry are counted as others who did not step in.
            Entry::Completion(traveller, left) => {
                let decided = traveller <= self.decided.0 || traveller <= self.missing;
                let unknown = !decided || traveller <= self.completed;
                self.completed = self.completed.max(traveller);
                let violation = unknown.then_some(Violation::CompletedUnknown { at, traveller });
                (Told::Left(traveller, left), violation)
            }
        }
    }
}
