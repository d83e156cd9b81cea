//! What mode, lamps and screen say, as functions of where the journey stands.

use crate::design::Design;
use crate::effect::Effect;
use crate::event::FaceVerdict;
use crate::journey::{Session, Stage};
use crate::referral::{Outcome, Referral};
use crate::screen::{FaceHint, Screen};
use gate_protocol::{Mode, Sign, State as LaneState};

impl Session {
    /// Tells controller and page what has changed.
    pub(crate) fn present(&mut self) {
        let wanted = (self.mode(), self.sign(), self.screen());
        let (mode, sign, screen) = wanted;
        let shown = self.shown.replace(wanted);
        if shown.is_none_or(|shown| shown.2 != screen) {
            self.effects
                .push_back(Effect::Show(self.travellers, screen));
        }
        if shown.is_none_or(|shown| shown.0 != mode) {
            self.effects.push_back(Effect::SetMode(mode));
        }
        if shown.is_none_or(|shown| shown.1 != sign) {
            self.effects.push_back(Effect::ShowSign(sign));
        }
    }

    fn mode(&self) -> Mode {
        let disturbed = matches!(self.stage, Stage::AwaitEmergencyEnd | Stage::AwaitClear);
        if self.lost.is_empty() && !disturbed {
            match self.design {
                Design::OneStep => Mode::WalkIn,
                Design::TwoStep => Mode::OnPermit,
            }
        } else {
            Mode::Closed
        }
    }

    const fn sign(&self) -> Sign {
        match self.stage {
            Stage::Closed | Stage::AwaitEmergencyEnd => Sign::Closed,
            Stage::AwaitTraveller | Stage::AwaitEntry => Sign::Welcome,
            Stage::Examine | Stage::AwaitRecord(Outcome::Cleared | Outcome::Abandoned(_)) => {
                Sign::Busy
            }
            Stage::AwaitExit => Sign::Go,
            Stage::AwaitRecord(Outcome::Referred(_))
            | Stage::AwaitOfficer
            | Stage::AwaitReturn
            | Stage::AwaitClear => Sign::Help,
        }
    }

    fn screen(&self) -> Screen {
        match self.stage {
            Stage::Closed => Screen::OutOfService,
            Stage::AwaitTraveller => Screen::Welcome,
            Stage::AwaitEntry => Screen::StepIn,
            Stage::Examine => self.instruction(),
            Stage::AwaitRecord(Outcome::Cleared | Outcome::Abandoned(_)) => Screen::OneMoment,
            Stage::AwaitExit => Screen::Go,
            Stage::AwaitRecord(Outcome::Referred(Referral::SeveralPersons)) => Screen::OnePerson,
            Stage::AwaitClear if matches!(self.lane, Some(LaneState::Returning)) => {
                Screen::StepBack
            }
            Stage::AwaitRecord(Outcome::Referred(Referral::AnotherPerson)) => Screen::StepBack,
            Stage::AwaitRecord(Outcome::Referred(_)) | Stage::AwaitOfficer | Stage::AwaitClear => {
                Screen::OfficerComing
            }
            Stage::AwaitReturn if self.traveller.evidence.several => Screen::OnePerson,
            Stage::AwaitReturn => Screen::StepBack,
            Stage::AwaitEmergencyEnd => Screen::Emergency,
        }
    }

    /// The one thing the traveller should do now: first the document, then the face.
    fn instruction(&self) -> Screen {
        let traveller = &self.traveller;
        if traveller.awaits_permit(self.permits) {
            return Screen::ShowPermit {
                hint: traveller.permit_hint,
            };
        }
        if !traveller.document_in_place && !traveller.permit_suffices {
            return Screen::PlaceDocument {
                hint: traveller.hint,
            };
        }
        if traveller.before_entry {
            return match traveller.evidence.on_chip.is_some() || traveller.permit_suffices {
                true => Screen::OneMoment,
                false => Screen::KeepDocument {
                    percent: traveller.chip_percent,
                },
            };
        }
        // With a permit that suffices there is no chip to wait for.
        let percent = match traveller.permit_suffices {
            true => 100,
            false => traveller.chip_percent,
        };
        match traveller.evidence.face.map(|face| face.verdict) {
            None => Screen::LookHere {
                hint: FaceHint::None,
                percent,
            },
            Some(FaceVerdict::Undecided(hint)) => Screen::LookHere { hint, percent },
            Some(
                FaceVerdict::Captured
                | FaceVerdict::Match
                | FaceVerdict::NoMatch
                | FaceVerdict::Attack
                | FaceVerdict::SeveralFaces,
            ) => {
                if percent < 100 {
                    Screen::KeepDocument { percent }
                } else {
                    Screen::OneMoment
                }
            }
        }
    }
}
