//! What goes on around a journey: devices that come and go, and time that runs out.

use crate::effect::DecidedBy;
use crate::effect::Effect;
use crate::event::{Device, ListsAnswer};
use crate::journey::{Session, Stage, is_empty};
use crate::permit::PermitRule;
use crate::questions::Question;
use crate::referral::{Outcome, Referral};
use crate::screen::DocumentHint;
use gate_protocol::{Instant, Passage, State as LaneState};

impl Session {
    pub(crate) fn device_ready(&mut self, stage: Stage, device: Device) -> Stage {
        self.lost.remove(&device);
        if device == Device::Controller {
            self.shown = None; // a controller that was away has forgotten mode and lamps
        }
        if stage == Stage::Closed {
            self.offer_when_back()
        } else {
            stage
        }
    }

    /// As [`Self::offer`], while somebody may be on the way back whom the host did not send.
    fn offer_when_back(&mut self) -> Stage {
        match (self.offer(), self.lane) {
            (Stage::AwaitTraveller, Some(LaneState::Returning)) => Stage::AwaitClear,
            (stage, _) => stage,
        }
    }

    /// A controller that has no site tells of danger, and of its end, and its state stays the same.
    pub(crate) fn emergency_ended(&mut self) -> Stage {
        if self.lost.contains(&Device::Controller) {
            self.lane = None;
            return self.offer();
        }
        Stage::AwaitEmergencyEnd // its state says what comes next
    }

    pub(crate) fn device_lost(&mut self, stage: Stage, device: Device) -> Stage {
        if device == Device::Imager && self.permits != PermitRule::Required {
            return stage; // whoever needs no permit is served without it
        }
        self.lost.insert(device);
        if device == Device::Controller {
            self.lane = None; // what it does meanwhile nobody knows
            self.traveller.shut_in = false;
        }
        match stage {
            Stage::AwaitTraveller
            | Stage::AwaitEntry
            | Stage::AwaitClear
            | Stage::AwaitEmergencyEnd => self.offer(),
            _ => stage, // the traveller inside is served as far as possible; deadlines see to the rest
        }
    }

    /// SAF-107: what a lane without a traveller does. Nobody is invited before every device works
    /// and the controller has said that nobody is inside.
    pub(crate) fn offer(&mut self) -> Stage {
        self.until = None;
        match self.lane {
            _ if !self.lost.is_empty() => Stage::Closed,
            None => Stage::Closed,
            Some(LaneState::Emergency) => Stage::AwaitEmergencyEnd,
            Some(state) if is_empty(state) => Stage::AwaitTraveller,
            Some(_) => Stage::AwaitClear,
        }
    }

    /// SAF-105: somebody is in the lane of whom the host knows nothing, or a thing.
    pub(crate) fn found(&mut self, state: LaneState, passage: Passage) -> Stage {
        let inside = matches!(
            state,
            LaneState::Occupied | LaneState::Several | LaneState::LeftObject
        );
        if inside && passage != 0 {
            self.effects.push_back(Effect::SendBack(passage));
        }
        self.offer_when_back()
    }

    pub(crate) fn time_is_up(&mut self, now: Instant, stage: Stage) -> Stage {
        match (stage, self.questions.expire(now)) {
            (Stage::AwaitRecord(outcome), Some(Question::Decision)) => {
                self.not_recorded(now, outcome)
            }
            (Stage::Examine, Some(Question::Lists)) => {
                self.traveller.evidence.lists = Some(ListsAnswer::Unavailable);
                self.weigh(now)
            }
            (Stage::Examine, Some(Question::Permit)) => self.permit_undecided(now),
            (Stage::Examine, Some(Question::Chip)) => {
                self.traveller.chip_failed(now, DocumentHint::LiftAndPlace);
                if self.traveller.chip_failures >= self.limits.chip_tries {
                    return self.decide(
                        now,
                        Outcome::Referred(Referral::ChipUnreadable),
                        DecidedBy::Gate,
                    );
                }
                Stage::Examine
            }
            (Stage::Examine, None) if self.until.is_some_and(|until| until <= now) => {
                let late = match (self.lost.is_empty(), self.traveller.permit_suffices) {
                    (false, _) => Referral::DeviceFailed,
                    (true, true) => Referral::FaceNotCaptured, // nothing else was awaited
                    (true, false) => self.traveller.evidence.why_late(self.permits),
                };
                self.decide(now, Outcome::Referred(late), DecidedBy::Gate)
            }
            (stage, _) => stage,
        }
    }

    pub(crate) fn is_due(&self, now: Instant) -> bool {
        [self.until, self.questions.deadline()]
            .into_iter()
            .flatten()
            .any(|until| until <= now)
    }

    /// While the traveller is examined, the deadline depends on what is awaited.
    pub(crate) fn keep_watch(&mut self, now: Instant) {
        match self.stage {
            Stage::Examine => self.until = Some(self.traveller.patience(&self.limits).max(now)),
            Stage::Closed
            | Stage::AwaitTraveller
            | Stage::AwaitRecord(_)
            | Stage::AwaitClear
            | Stage::AwaitEmergencyEnd => {
                self.until = None;
            }
            Stage::AwaitEntry | Stage::AwaitExit | Stage::AwaitOfficer | Stage::AwaitReturn => {}
        }
    }
}
