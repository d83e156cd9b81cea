//! The journal of the pure rig: what is on disk, and whether anything is there twice or not at all.

use super::monitor::Violation;
use crate::scenario::Told;
use gate_protocol::Instant;
use gate_session::{DecidedBy, Left, Outcome, Record, Timeline};

/// What the journal has of one traveller.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// The session's number of the traveller, and the gate's own decision.
    pub decided: Option<(u64, Outcome)>,
    pub completed: Option<(Left, Timeline)>,
}

/// Everything that has reached the disk. It outlives the daemon.
#[derive(Debug, Default)]
pub(super) struct Book {
    pub notes: Notes,
    /// The traveller whom the gate decided last, and whether that was a clearance.
    decided: (u64, bool),
    /// The traveller who was completed last.
    completed: u64,
    /// The traveller whose entry found no room last.
    missing: u64,
}

impl Book {
    /// The last number that was given to a traveller, as far as the disk knows.
    pub(super) fn travellers(&self) -> u64 {
        self.decided.0.max(self.completed)
    }

    /// An entry finds the disk full.
    pub(super) fn miss(&mut self, record: &Record) {
        let (Record::Decision { traveller, .. } | Record::Completion { traveller, .. }) = record;
        self.missing = self.missing.max(*traveller);
    }

    /// An entry reaches the disk.
    pub(super) fn write(&mut self, at: Instant, record: Record) -> (Told, Option<Violation>) {
        match record {
            Record::Decision {
                traveller,
                outcome,
                by: DecidedBy::Gate,
                ..
            } => {
                let clears = outcome == Outcome::Cleared;
                // A clearance may be taken back, once: who stays in the lane is referred.
                let taken_back = self.decided == (traveller, true) && !clears;
                let twice = traveller <= self.decided.0 && !taken_back;
                self.decided = (self.decided.0.max(traveller), clears);
                self.notes.decided.get_or_insert((traveller, outcome));
                let violation = twice.then_some(Violation::DecidedTwice { at, traveller });
                (Told::Decided(traveller, outcome), violation)
            }
            Record::Decision {
                traveller, outcome, ..
            } => (Told::OfficerDecided(traveller, outcome), None),
            // People who walk away past the entry are counted as others who did not step in.
            Record::Completion {
                traveller,
                left,
                timeline,
            } => {
                let decided = traveller <= self.decided.0 || traveller <= self.missing;
                let unknown = !decided || traveller <= self.completed;
                self.completed = self.completed.max(traveller);
                let mine = self.notes.decided.is_some_and(|(n, _)| n == traveller);
                if mine {
                    self.notes.completed = Some((left, timeline));
                }
                let violation = unknown.then_some(Violation::CompletedUnknown { at, traveller });
                (Told::Left(traveller, left), violation)
            }
        }
    }
}
