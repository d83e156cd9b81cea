//! What a rig keeps of a run for its report: levels of pins, traffic of the line, travellers' times.

use crate::recording::Side;
use gate_protocol::Instant;
use gate_protocol::pins::Bits;
use gate_session::{Left, Outcome, Record, Timeline};
use std::collections::VecDeque;

/// So many changes of pins are kept, the first ones: a lane in which somebody walks has a few
/// hundred in a minute.
pub const LEVELS_MAX: usize = 100_000;
/// So much traffic is kept, the newest: a report shows what stood around a failure, and a run ends
/// with its failure. About four minutes of a quiet line.
pub const TRAFFIC_MAX: usize = 5_000;
/// So many travellers are kept, the first ones: no scenario has more steps.
pub const TRAVELLERS_MAX: usize = 1_000;

/// What was kept, in the order in which it happened.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Observed {
    /// Levels of the controller's pins, one entry for each change; at most [`LEVELS_MAX`].
    pub levels: Vec<Levels>,
    /// What passed on the controller's line; at most [`TRAFFIC_MAX`].
    pub traffic: VecDeque<Traffic>,
    /// Whom the journal knows; at most [`TRAVELLERS_MAX`].
    pub travellers: Vec<Traveller>,
}

/// The controller's pins from a moment on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Levels {
    /// Since when.
    pub at: Instant,
    /// Inputs, as wired.
    pub inputs: Bits,
    /// Outputs, as driven.
    pub outputs: Bits,
}

/// Something on the controller's line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traffic {
    /// When it was said.
    pub at: Instant,
    /// Who said it.
    pub from: Side,
    /// What.
    pub what: Said,
}

/// What was said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// A frame as it goes over the line, and what became of it there.
    Frame(Vec<u8>, Fate),
    /// What an end says or understands behind the seal, in words.
    Message(String),
}

/// What a line did to a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fate {
    /// It arrived as it was sent.
    Whole,
    /// It arrived with other bytes.
    Damaged,
    /// It arrived more than once.
    Repeated,
    /// It did not arrive.
    Lost,
}

/// A traveller as the journal knows them.
#[derive(Clone, Debug, PartialEq)]
pub struct Traveller {
    /// Their number at this lane.
    pub number: u64,
    /// What was decided last.
    pub outcome: Option<Outcome>,
    /// How they left; none if they are not known to have.
    pub left: Option<Left>,
    /// Where their time went.
    pub timeline: Timeline,
}

impl Fate {
    /// What became of `sent` if so much of it arrived, so often.
    #[must_use]
    pub fn of(sent: &[u8], arrived: &[u8], times: usize) -> Self {
        match times {
            0 => Self::Lost,
            _ if arrived != sent => Self::Damaged,
            1 => Self::Whole,
            _ => Self::Repeated,
        }
    }
}

impl Observed {
    /// Takes the pins of a scan.
    pub fn levels(&mut self, at: Instant, inputs: Bits, outputs: Bits) {
        let last = self.levels.last();
        let same = last.is_some_and(|last| (last.inputs, last.outputs) == (inputs, outputs));
        if !same && self.levels.len() < LEVELS_MAX {
            self.levels.push(Levels {
                at,
                inputs,
                outputs,
            });
        }
    }

    /// Takes something that passed on the line.
    pub fn passed(&mut self, at: Instant, from: Side, what: Said) {
        if self.traffic.len() == TRAFFIC_MAX {
            self.traffic.pop_front();
        }
        self.traffic.push_back(Traffic { at, from, what });
    }

    /// Takes an entry of the journal.
    pub fn entry(&mut self, record: &Record) {
        match record {
            Record::Decision {
                traveller,
                timeline,
                outcome,
                ..
            } => self.told(*traveller, Some(*outcome), None, timeline),
            Record::Completion {
                traveller,
                timeline,
                left,
            } => self.told(*traveller, None, Some(*left), timeline),
        }
    }

    /// Takes what the journal says anew of the traveller of this number.
    pub fn told(
        &mut self,
        number: u64,
        outcome: Option<Outcome>,
        left: Option<Left>,
        timeline: &Timeline,
    ) {
        let known = self.travellers.iter().rposition(|one| one.number == number);
        let at = match known {
            Some(at) => at,
            None if self.travellers.len() < TRAVELLERS_MAX => {
                self.travellers.push(Traveller {
                    number,
                    outcome: None,
                    left: None,
                    timeline: Timeline::default(),
                });
                self.travellers.len() - 1
            }
            None => return,
        };
        let traveller = &mut self.travellers[at];
        traveller.timeline = timeline.clone();
        traveller.outcome = outcome.or(traveller.outcome);
        traveller.left = left.or(traveller.left);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    fn completion(number: u64, began: u64) -> Record {
        Record::Completion {
            traveller: number,
            left: Left::ThroughExit,
            timeline: Timeline::new(at(began)),
        }
    }

    #[test]
    fn levels_are_kept_when_they_change_and_not_else() {
        let mut observed = Observed::default();
        for (ms, inputs) in [(0, 1), (10, 1), (20, 3), (30, 1)] {
            observed.levels(at(ms), Bits(inputs), Bits(0));
        }
        let kept: Vec<u64> = observed
            .levels
            .iter()
            .map(|one| one.at.as_millis())
            .collect();
        assert_eq!(kept, [0, 20, 30]);
    }

    #[test]
    fn a_long_run_keeps_its_newest_traffic_and_its_first_travellers() {
        let mut observed = Observed::default();
        for number in 0..TRAFFIC_MAX as u64 + 7 {
            let words = Said::Message(number.to_string());
            observed.passed(at(number), Side::Host, words);
            observed.entry(&completion(number, number));
        }
        assert_eq!(observed.traffic.len(), TRAFFIC_MAX);
        assert_eq!(observed.traffic[0].at, at(7));
        assert_eq!(observed.travellers.len(), TRAVELLERS_MAX);
    }

    #[test]
    fn a_traveller_is_known_by_the_last_entry_about_them() {
        let mut observed = Observed::default();
        observed.entry(&completion(4, 1));
        observed.entry(&completion(4, 2));
        assert_eq!(observed.travellers.len(), 1);
        assert_eq!(observed.travellers[0].timeline.began, at(2));
        assert_eq!(observed.travellers[0].left, Some(Left::ThroughExit));
    }
}
