//! The journal of the pure rig: what is on disk.

use super::ledger::{Entry, Ledger};
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

#[derive(Debug, Default)]
pub(super) struct Book {
    pub notes: Notes,
    pub ledger: Ledger,
}

impl Book {
    /// An entry finds the disk full.
    pub(super) fn miss(&mut self, record: &Record) {
        let (Record::Decision { traveller, .. } | Record::Completion { traveller, .. }) = record;
        self.ledger.miss(*traveller);
    }

    /// An entry reaches the disk.
    pub(super) fn write(&mut self, at: Instant, record: Record) -> (Told, Option<Violation>) {
        let entry = match record {
            Record::Decision {
                traveller,
                outcome,
                by: DecidedBy::Gate,
                ..
            } => {
                self.notes.decided.get_or_insert((traveller, outcome));
                Entry::Gate(traveller, outcome)
            }
            Record::Decision {
                traveller, outcome, ..
            } => Entry::Officer(traveller, outcome),
            Record::Completion {
                traveller,
                left,
                timeline,
            } => {
                let mine = self.notes.decided.is_some_and(|(n, _)| n == traveller);
                if mine {
                    self.notes.completed = Some((left, timeline));
                }
                Entry::Completion(traveller, left)
            }
        };
        self.ledger.write(at, entry)
    }
}
