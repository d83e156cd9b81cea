//! A traveller's way through the arm: when each stage ends, and what comes after it.

use super::arm::{Arrival, LAG};
use super::{Stage, Turn, Turnstile};
use gate_protocol::{Door, Event, Fault, Instant, Mode, Passage};

impl Turnstile {
    /// Moves the turnstile on. Read the arms from top to bottom: they are a traveller's way.
    pub(super) fn step(&mut self, now: Instant, arrival: Option<Arrival>) -> Stage {
        match self.stage {
            Stage::Secure
            | Stage::Idle
            | Stage::Free(_)
            | Stage::PowerFail
            | Stage::Blocked
            | Stage::Service => self.resting(now),
            Stage::Armed(turn) => self.armed(now, turn),
            Stage::Turning(turn) => self.turning(now, turn, arrival),
            Stage::Obstructed(turn) => self.obstructed(now, turn, arrival),
            stage @ (Stage::Tailgated
            | Stage::Trouble
            | Stage::Tamper
            | Stage::Emergency { .. }) => stage,
        }
    }

    /// What the turnstile does when nobody turns it.
    fn rest_stage(&self, now: Instant) -> Stage {
        match self.mode {
            // SAF-008: without a lease nothing turns.
            _ if !self.lease.stands(now) => Stage::Secure,
            Mode::Free(way) => Stage::Free(way),
            _ => Stage::Idle,
        }
    }

    fn resting(&mut self, now: Instant) -> Stage {
        let rest = self.rest_stage(now);
        if !self.arm.is_rightly_away() {
            return rest;
        }
        match rest {
            Stage::Free(way) if self.stage == rest && self.arm.away() == Some(way) => {
                self.beams.begin();
                Stage::Turning(Turn {
                    way,
                    passage: self.next_passage(),
                    until: None,
                })
            }
            // After a reset, an emergency, a service: somebody may stand in it.
            _ => self.obstruct(now, self.arm.away().unwrap_or(Door::Exit), None),
        }
    }

    fn armed(&mut self, now: Instant, turn: Turn) -> Stage {
        if !self.arm.is_home() {
            self.beams.set_out();
        }
        if self.arm.away() == Some(turn.way) {
            return Stage::Turning(turn);
        }
        if self.is_good(now, turn) {
            return self.stage;
        }
        // Held from now on; but sensors lag, and who has begun to turn has not been refused.
        let ended = turn.until.map_or(now, |until| until.min(now));
        if now < ended + LAG {
            return Stage::Armed(Turn {
                until: Some(ended),
                ..turn
            });
        }
        self.rest_stage(now)
    }

    /// SAF-006: every permit ends. SAF-008: permits die with the lease.
    pub(super) fn is_good(&self, now: Instant, turn: Turn) -> bool {
        let offered = match turn.until {
            Some(until) => self.mode == Mode::OnPermit && now < until,
            None => self.mode == Mode::Free(turn.way),
        };
        offered && self.lease.stands(now)
    }

    fn turning(&mut self, now: Instant, turn: Turn, arrival: Option<Arrival>) -> Stage {
        if turn.until.is_some() && self.beams.people() > 1 {
            return self.tailgated(now, turn);
        }
        match arrival {
            Some(Arrival::Returned) if self.is_good(now, turn) && turn.until.is_some() => {
                self.beams.turn_back();
                return Stage::Armed(turn);
            }
            Some(arrival) => return self.arrived(now, turn, arrival),
            None => {}
        }
        if self.seen.hindered || now.since(self.since) >= self.limits.turning {
            return self.obstruct(now, turn.way, Some(turn));
        }
        self.stage
    }

    fn obstructed(&mut self, now: Instant, turn: Option<Turn>, arrival: Option<Arrival>) -> Stage {
        if let Some(turn) = turn.filter(|turn| turn.until.is_some())
            && self.beams.people() > 1
        {
            return self.tailgated(now, turn);
        }
        match (turn, arrival) {
            (_, None) => self.stage,
            (Some(turn), Some(arrival)) => self.arrived(now, turn, arrival),
            (None, Some(_)) => self.rest_stage(now),
        }
    }

    /// The arm is home again: did the person pass?
    fn arrived(&mut self, now: Instant, turn: Turn, arrival: Arrival) -> Stage {
        match arrival {
            Arrival::Turned(way) if way == turn.way => self.passed(now, turn),
            Arrival::Turned(_) => return self.fail(now, Fault::ArmSensors),
            Arrival::Returned => {
                if let Some(passage) = self.released.take() {
                    self.happened(Event::DidNotLeave(passage));
                }
            }
        }
        self.rest_stage(now)
    }

    fn passed(&mut self, now: Instant, turn: Turn) {
        self.released = None;
        self.newest_passage = turn.passage;
        self.passed_until = Some(now + self.limits.passed);
        self.happened(match turn.way {
            Door::Exit => Event::Passed(turn.passage),
            Door::Entry => Event::WentBack(turn.passage),
        });
    }

    /// SAF-056: more than one person on one permit.
    fn tailgated(&mut self, now: Instant, turn: Turn) -> Stage {
        self.released = None;
        self.happened(Event::Tailgated(turn.passage));
        self.sound(now);
        Stage::Tailgated
    }

    /// SAF-054: an arm that stays away from home is let go, so that nobody is held in it.
    fn obstruct(&mut self, now: Instant, way: Door, turn: Option<Turn>) -> Stage {
        self.happened(Event::Obstructed(way));
        self.buzzer_until = Some(now + self.limits.buzzer);
        Stage::Obstructed(turn)
    }

    /// The number of the next turn; 0 means "none" and is left out.
    pub(super) fn next_passage(&self) -> Passage {
        self.newest_passage.checked_add(1).unwrap_or(1)
    }
}
