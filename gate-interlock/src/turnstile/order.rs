//! What goes before what: fire, emergency stop, tamper, service key (unless the host has blocked the
//! turnstile), trouble, no mains, block.

use super::arm::Arrival;
use super::limits::HALF_TURN;
use super::{Stage, Turnstile};
use gate_protocol::{Event, Fault, Instant, Mode};

impl Turnstile {
    /// SAF-057: the stage that something stronger than a traveller asks for. Read it from top to
    /// bottom: it is the order of precedence.
    pub(super) fn before_all(&mut self, now: Instant, arrival: Option<Arrival>) -> Option<Stage> {
        // What is under way is finished first. Under the key nobody passes and the arm is moved by
        // hand; a host that has blocked the turnstile locks the key out too.
        let under_way = matches!(self.stage, Stage::Turning(_) | Stage::Obstructed(_));
        let in_service = self.seen.key && self.mode != Mode::Blocked && !under_way;
        // Whoever opens the cabinet in service may.
        if self.seen.cabinet_open && !in_service && !self.tampered {
            self.tampered = true;
            self.happened(Event::TamperBegan);
        }
        if let Some(emergency) = self.danger() {
            self.watch_channels(now);
            return Some(emergency);
        }
        if self.tampered {
            return Some(Stage::Tamper);
        }
        if in_service {
            self.forces.expire(now);
            return Some(Stage::Service);
        }
        if self.stage == Stage::Trouble {
            return Some(Stage::Trouble);
        }
        if let Some(fault) = self.find_fault(now, arrival) {
            return Some(self.fail(now, fault));
        }
        if under_way || self.stage == Stage::Tailgated {
            return None;
        }
        if self.power.on_battery() {
            return Some(Stage::PowerFail);
        }
        (self.mode == Mode::Blocked).then_some(Stage::Blocked)
    }

    /// SAF-020: a button whose channels part is an emergency and a fault at once.
    fn watch_channels(&mut self, now: Instant) {
        let differ = self.channels_differ_since;
        if !self.channel_fault
            && differ.is_some_and(|since| now.since(since) > self.limits.channels)
        {
            self.channel_fault = true;
            self.happened(Event::Trouble(Fault::EmergencyStopChannels));
        }
    }

    /// Fire, emergency stop or both; each stays until cleared. None takes the other's way out away.
    fn danger(&self) -> Option<Stage> {
        let (burnt, stopped) = match self.stage {
            Stage::Emergency { fire, stop } => (fire, stop),
            _ => (false, false),
        };
        let fire = burnt || self.seen.fire;
        let stop = stopped || self.seen.emergency_stop;
        (fire || stop).then_some(Stage::Emergency { fire, stop })
    }

    /// SAF-053: an arm that was turned where it is held, and (SAF-010) sensors that contradict each
    /// other, or (SAF-058) what the beams have seen of a person.
    fn find_fault(&mut self, now: Instant, arrival: Option<Arrival>) -> Option<Fault> {
        let forced = self.arm.forced();
        if let Some(way) = forced.or_else(|| self.arm.forced_through(arrival)) {
            let against = matches!(
                self.stage,
                Stage::Free(_) | Stage::Armed(_) | Stage::Turning(_)
            );
            self.happened(if against {
                Event::WrongWay
            } else {
                Event::Forced(way)
            });
            return Some(Fault::DoorForced(way));
        }
        let unseen = arrival == Some(Arrival::Returned)
            && matches!(self.stage, Stage::Armed(turn) | Stage::Turning(turn) if turn.until.is_some())
            && self.beams.people() > 0;
        (self.contradicts(now) || unseen).then_some(Fault::ArmSensors)
    }

    pub(super) fn contradicts(&self, now: Instant) -> bool {
        self.arm
            .contradicts_itself(now, HALF_TURN, self.limits.contradiction)
    }

    /// Nothing turns any more until an officer has looked.
    pub(super) fn fail(&mut self, now: Instant, fault: Fault) -> Stage {
        self.happened(Event::Trouble(fault));
        self.sound(now);
        Stage::Trouble
    }

    /// A stage that only an officer ends.
    pub(super) fn alarm_stands(&self) -> bool {
        matches!(
            self.stage,
            Stage::Emergency { .. } | Stage::Tamper | Stage::Trouble | Stage::Tailgated
        )
    }
}
