//! Where documents are examined: inside the lane, or before its entry.
//!
//! In one step the entry stands open, and everything is examined inside, side by side. In two steps
//! the reader stands before the entry: document and lists first, then the entry opens for one person,
//! whose face is compared inside. The one-step lane is quicker (decision 14); the two-step lane
//! keeps those out who would be referred for their document.

use crate::effect::{DecidedBy, Effect, Left};
use crate::event::Event;
use crate::journey::{Session, Stage};
use crate::referral::{Outcome, Referral};
use gate_protocol::{Door, Event as LaneEvent, Instant, State as LaneState};
use serde::Deserialize;

/// Where documents are examined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Design {
    /// Inside, together with the face: `one-step`.
    #[default]
    OneStep,
    /// Before the entry, which opens for one person whose document is in order: `two-step`.
    TwoStep,
}

impl Session {
    /// Whether `event` belongs to what goes on before the entry, or comes from there while somebody
    /// else is inside.
    pub(crate) fn is_before_entry(&self, stage: Stage, event: &Event) -> bool {
        if self.design == Design::OneStep {
            return false;
        }
        let outside = self.traveller.before_entry;
        match (stage, event) {
            (Stage::AwaitTraveller, Event::Lane(LaneEvent::Approached)) => true,
            (Stage::AwaitEntry, Event::DoorOpen(Door::Entry, true)) => true,
            (Stage::AwaitEntry, Event::ExitRefused(0, _)) => true,
            (Stage::AwaitTraveller, event) => is_of_reader(event),
            (Stage::AwaitEntry, event) => is_of_reader(event),
            (Stage::Examine, event) if !outside => is_of_reader(event),
            (
                Stage::Examine,
                Event::LaneState(..)
                | Event::Lane(
                    LaneEvent::WentAway | LaneEvent::Entered(_) | LaneEvent::SeveralEntered(_),
                ),
            ) => true,
            (Stage::AwaitOfficer, Event::Lane(LaneEvent::WentAway)) => outside,
            _ => false,
        }
    }

    /// What goes on before the entry. Read the arms from top to bottom: they are the way in.
    pub(crate) fn before_entry(&mut self, now: Instant, stage: Stage, event: Event) -> Stage {
        match (stage, event) {
            // Somebody comes, or lays down a document before any beam has seen who.
            (Stage::AwaitTraveller, Event::Lane(LaneEvent::Approached)) => {
                self.receive_outside(now)
            }
            (Stage::AwaitTraveller, event) => {
                self.stage = self.receive_outside(now);
                self.handle(now, event);
                self.stage
            }
            (Stage::Examine, Event::Lane(LaneEvent::WentAway)) => self.not_entered(now),
            // Who is inside was not let in.
            (
                Stage::Examine,
                Event::Lane(LaneEvent::Entered(passage) | LaneEvent::SeveralEntered(passage)),
            ) => {
                self.traveller.stepped_in(now);
                self.traveller.entered(now, passage);
                let disturbed = Outcome::Referred(Referral::LaneDisturbed);
                self.decide(now, disturbed, DecidedBy::Gate)
            }
            (
                Stage::Examine,
                Event::LaneState(LaneState::PowerFail | LaneState::Tamper | LaneState::Service, _),
            ) => self.break_off(now, Stage::AwaitClear),
            // The lane may be ready for who has been waiting for it.
            (Stage::Examine, Event::LaneState(..)) => self.weigh(now),
            (Stage::AwaitEntry, Event::DoorOpen(..)) => {
                self.traveller.entry_open(now);
                Stage::AwaitEntry
            }
            (Stage::AwaitEntry, Event::ExitRefused(_, refusal)) => self.exit_refused(now, refusal),
            (Stage::AwaitOfficer, Event::Lane(LaneEvent::WentAway)) => {
                self.complete(now, Left::NeverEntered)
            }
            // The next one's document, while this one walks in or is inside: it is asked for later.
            (stage, _) => stage,
        }
    }

    fn receive_outside(&mut self, now: Instant) -> Stage {
        self.begin(now);
        self.traveller.before_entry = true;
        Stage::Examine
    }

    /// SAF-109: the entry opens for somebody whose document, lists and permit have been answered and
    /// speak for them, while nobody is inside.
    pub(crate) fn let_in_or_wait(&mut self, now: Instant) -> Stage {
        let evidence = &self.traveller.evidence;
        let may = self.traveller.before_entry
            && self.lane == Some(LaneState::Idle)
            && evidence.admits(&self.policy, self.permits);
        if !may {
            return Stage::Examine;
        }
        self.traveller.released(now);
        self.effects
            .push_back(Effect::ReleaseEntry(self.limits.entering));
        // Longer than the permit lasts: nobody walks in on it as somebody else.
        self.until = Some(now + self.limits.entering + self.limits.entering / 2);
        Stage::AwaitEntry
    }

    /// Whoever was let in is inside: now the face.
    pub(crate) fn step_inside(&mut self, now: Instant) -> Stage {
        self.traveller.stepped_in(now);
        self.capture_face();
        if let Some(portrait) = self.traveller.portrait_kept.take() {
            self.prepare_portrait(portrait);
        }
        Stage::Examine
    }
}

/// Whether reader or imager said it, unasked.
const fn is_of_reader(event: &Event) -> bool {
    matches!(
        event,
        Event::DocumentPresented
            | Event::MrzRead(..)
            | Event::MrzPartial
            | Event::MrzUnreadable
            | Event::BarcodeRead(_)
            | Event::BarcodeUnreadable
    )
}
