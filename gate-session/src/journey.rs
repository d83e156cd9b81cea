//! One traveller's way through the gate, from the entry to the exit.
//!
//! Read [`Session::handle`] from top to bottom: its arms are the walk.

use crate::design::Design;
use crate::effect::{DecidedBy, Effect, Left, Next, PermitRecord, Record};
use crate::event::{Device, Event, OfficerDecision};
use crate::limits::Limits;
use crate::permit::PermitRule;
use crate::questions::{Question, Questions};
use crate::referral::{Abandonment, Outcome, Referral};
use crate::screen::DocumentHint;
use crate::screen::Screen;
use crate::ticket::Ticket;
use crate::timeline::SpanKind;
use crate::traveller::Traveller;
use gate_document::policy::Policy;
use gate_protocol::{
    Door, Event as LaneEvent, Instant, Mode, Passage, Refusal, Sign, State as LaneState,
};
use std::collections::{BTreeSet, VecDeque};

/// What the lane waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Stage {
    /// A device that works: nobody is let in.
    #[default]
    Closed,
    /// Somebody before the entry.
    AwaitTraveller,
    /// That the person before the entry steps in.
    AwaitEntry,
    /// Answers: document, face and lists are examined side by side.
    Examine,
    /// That the decision is on disk.
    AwaitRecord(Outcome),
    /// That the traveller leaves through the exit.
    AwaitExit,
    /// What the officer decides.
    AwaitOfficer,
    /// That the traveller goes back through the entry.
    AwaitReturn,
    /// That the lane is empty again.
    AwaitClear,
    /// The end of a fire alarm or emergency stop.
    AwaitEmergencyEnd,
}

/// One lane and the traveller in it.
#[derive(Debug)]
pub struct Session {
    pub(crate) limits: Limits,
    pub(crate) stage: Stage,
    /// When the stage has lasted too long.
    pub(crate) until: Option<Instant>,
    /// Devices that do not work.
    pub(crate) lost: BTreeSet<Device>,
    /// What the controller last said it was doing.
    pub(crate) lane: Option<LaneState>,
    /// The unicity sensor sees somebody.
    inside: bool,
    pub(crate) questions: Questions,
    pub(crate) traveller: Traveller,
    pub(crate) travellers: u64,
    pub(crate) effects: VecDeque<Effect>,
    pub(crate) shown: Option<(Mode, Sign, Screen)>,
    /// What each finding does to a document.
    pub(crate) policy: Policy,
    /// Who has to show a permit.
    pub(crate) permits: PermitRule,
    /// Where documents are examined.
    pub(crate) design: Design,
}

impl Session {
    /// A lane of which no device has been seen yet.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            stage: Stage::Closed,
            until: None,
            lost: Device::ALL
                .into_iter()
                .filter(|device| *device != Device::Imager)
                .collect(),
            lane: None,
            inside: false,
            questions: Questions::default(),
            traveller: Traveller::default(),
            travellers: 0,
            effects: VecDeque::new(),
            shown: None,
            policy: Policy::default(),
            permits: PermitRule::default(),
            design: Design::default(),
        }
    }

    /// Judges documents by `policy` in place of the default.
    #[must_use]
    pub fn with_policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// Takes permits by `rule`. Where everybody needs one, the lane waits for the imager as well.
    #[must_use]
    pub fn with_permits(mut self, rule: PermitRule) -> Self {
        self.permits = rule;
        if rule == PermitRule::Required {
            self.lost.insert(Device::Imager);
        }
        self
    }

    /// Examines documents where `design` says.
    #[must_use]
    pub const fn with_design(mut self, design: Design) -> Self {
        self.design = design;
        self
    }

    /// Continues the count of travellers after a restart, so that no number is given twice.
    #[must_use]
    pub fn counting_from(mut self, travellers: u64) -> Self {
        self.travellers = travellers;
        self
    }

    /// What the lane waits for.
    #[must_use]
    pub const fn stage(&self) -> Stage {
        self.stage
    }

    /// Number of the traveller in the lane, or of the last one.
    #[must_use]
    pub const fn traveller(&self) -> u64 {
        self.travellers
    }

    /// What the driver does next.
    #[expect(
        clippy::should_implement_trait,
        reason = "the journey is asked, it is not a sequence"
    )]
    pub fn next(&mut self) -> Next {
        match self.effects.pop_front() {
            Some(effect) => Next::Do(effect),
            None => Next::Wait(
                [self.until, self.questions.deadline()]
                    .into_iter()
                    .flatten()
                    .min(),
            ),
        }
    }

    /// Moves the traveller on. Read the arms from top to bottom: they are the walk.
    pub fn handle(&mut self, now: Instant, event: Event) {
        if self.questions.is_late(&event) {
            return; // answers a question put for somebody else
        }
        if matches!(event, Event::DeadlineReached) && !self.is_due(now) {
            return; // the deadline moved while the driver woke up
        }
        let lane_was = self.lane;
        if let Event::LaneState(state, _) = event {
            self.lane = Some(state);
            self.traveller.shut_in &= !matches!(state, LaneState::EntryOpen | LaneState::Idle);
        }
        if let Event::Inside(inside) = event {
            self.inside = inside;
        }
        self.stage = match (self.stage, event) {
            // Whatever happens, an emergency comes first.
            (_, Event::Lane(LaneEvent::EmergencyBegan)) => {
                self.break_off(now, Stage::AwaitEmergencyEnd)
            }
            (Stage::AwaitEmergencyEnd, Event::LaneState(state, passage))
                if state != LaneState::Emergency =>
            {
                self.found(state, passage)
            }
            (Stage::AwaitEmergencyEnd, Event::Lane(LaneEvent::EmergencyEnded)) => {
                self.emergency_ended()
            }

            // Devices come and go.
            (stage, Event::DeviceReady(device)) => self.device_ready(stage, device),
            (stage, Event::DeviceLost(device)) => self.device_lost(stage, device),

            // Where documents are examined before the entry, everything before it has its own arms.
            (stage, event) if self.is_before_entry(stage, &event) => {
                self.before_entry(now, stage, event)
            }

            // Somebody comes, and steps in or does not.
            (Stage::AwaitTraveller, Event::Lane(LaneEvent::Approached)) => self.invite(now),
            (Stage::AwaitEntry, Event::Lane(LaneEvent::WentAway) | Event::DeadlineReached) => {
                self.not_entered(now)
            }
            // An entry that closes with somebody inside closes behind a traveller.
            (
                Stage::AwaitTraveller | Stage::AwaitEntry,
                Event::LaneState(LaneState::EntryClosing, _),
            ) if self.inside && lane_was == Some(LaneState::EntryOpen) => self.receive(now),
            (
                Stage::AwaitTraveller | Stage::AwaitEntry,
                Event::Lane(LaneEvent::Entered(passage)),
            ) => {
                self.receive(now);
                self.alone(now, passage)
            }
            (
                Stage::AwaitTraveller | Stage::AwaitEntry,
                Event::Lane(LaneEvent::SeveralEntered(passage)),
            ) => {
                self.receive(now);
                self.several(now, passage)
            }
            (
                Stage::AwaitTraveller | Stage::AwaitEntry,
                event @ (Event::DocumentPresented | Event::MrzRead(..) | Event::BarcodeRead(_)),
            ) => {
                self.stage = self.receive(now); // the document was faster than the door
                return self.handle(now, event);
            }

            // The entry closes behind the traveller, or does not.
            (Stage::Examine, Event::Lane(LaneEvent::Entered(passage))) => self.alone(now, passage),
            (Stage::Examine, Event::Lane(LaneEvent::SeveralEntered(passage))) => {
                self.several(now, passage)
            }
            (
                Stage::Examine,
                Event::Lane(LaneEvent::WentBack(_))
                | Event::LaneState(LaneState::EntryOpen | LaneState::Idle, _),
            ) => self.went_back(now),

            // The document: printed zone, chip, portrait.
            (Stage::Examine, Event::DocumentPresented) => self.document_presented(now),
            (Stage::Examine, Event::MrzUnreadable) => self.zone_unreadable(now, DocumentHint::Turn),
            (Stage::Examine, Event::MrzPartial) => self.zone_unreadable(now, DocumentHint::PushIn),
            (Stage::Examine, Event::ZoneProved(_, printed)) => self.zone_proved(now, printed),
            (Stage::Examine, Event::MrzRead(printed, today)) => self.zone_read(now, printed, today),
            (Stage::Examine, Event::ChipProgress(_, percent)) => self.chip_progress(percent),
            (Stage::Examine, Event::PortraitRead(_, portrait)) => self.portrait_read(portrait),
            (Stage::Examine, Event::ChipJudged(_, findings)) => {
                self.traveller.evidence.on_unread_chip = findings;
                Stage::Examine
            }
            (Stage::Examine, Event::ChipRead(ticket, Ok(findings))) => {
                self.chip_read(now, ticket, findings)
            }
            (Stage::Examine, Event::ChipRead(ticket, Err(failure))) => {
                self.chip_failed(now, ticket, failure)
            }
            (Stage::Examine, Event::PortraitReady(ticket, result)) => {
                self.portrait_ready(now, ticket, result)
            }

            // The permit, before the document, beside it or alone.
            (Stage::Examine, Event::BarcodeRead(barcode)) => self.permit_shown(now, barcode),
            (Stage::Examine, Event::BarcodeUnreadable) => self.permit_unreadable(),
            (Stage::Examine, Event::PermitJudged(ticket, inspection)) => {
                self.permit_judged(now, ticket, inspection)
            }

            // The face and the lists, meanwhile.
            (Stage::Examine, Event::FaceJudged(_, report)) => {
                self.traveller.face(report);
                self.weigh(now)
            }
            (Stage::Examine, Event::ListsAnswered(ticket, answer)) => {
                self.lists_answered(now, ticket, answer)
            }
            (stage, Event::Spent(asked, spans)) => {
                if !self.questions.is_about_the_one_before(asked) {
                    self.traveller.spent(spans);
                }
                stage
            }

            // The controller has a number for whoever is inside, or a new one.
            (
                stage @ (Stage::AwaitRecord(_) | Stage::AwaitOfficer | Stage::AwaitReturn),
                Event::Lane(
                    LaneEvent::Entered(passage)
                    | LaneEvent::SeveralEntered(passage)
                    | LaneEvent::ObjectLeft(passage),
                ),
            ) if passage != self.traveller.passage => self.renumber(now, stage, passage),

            // The decision is written down before anything moves.
            (stage, Event::Recorded(ticket, written)) => {
                self.answered_by_journal(now, stage, ticket, written)
            }

            // The way out.
            (Stage::AwaitExit, Event::DoorOpen(Door::Exit, true)) => {
                self.traveller.exit_open(now);
                Stage::AwaitExit
            }
            (Stage::AwaitExit, Event::ClearOfExit) => {
                self.traveller.clear_of_exit(now);
                Stage::AwaitExit
            }
            (Stage::AwaitExit, Event::Lane(LaneEvent::Passed(passage)))
                if passage == self.traveller.passage =>
            {
                self.traveller.walked_out(now);
                self.complete(now, Left::ThroughExit)
            }
            (Stage::AwaitExit, Event::Lane(LaneEvent::ObjectLeft(passage)))
                if passage == self.traveller.passage =>
            {
                self.thing_left(now)
            }
            (Stage::AwaitExit, Event::Lane(LaneEvent::SeveralEntered(passage))) => {
                self.traveller.passage = passage;
                self.traveller.evidence.several = true;
                self.decide(
                    now,
                    Outcome::Referred(Referral::SeveralPersons),
                    DecidedBy::Gate,
                )
            }
            (Stage::AwaitExit, Event::Lane(disturbance)) if disturbs(disturbance) => self.decide(
                now,
                Outcome::Referred(Referral::LaneDisturbed),
                DecidedBy::Gate,
            ),
            (Stage::AwaitExit, Event::ExitRefused(passage, refusal))
                if passage == self.traveller.passage =>
            {
                self.exit_refused(now, refusal)
            }
            (Stage::AwaitExit, Event::Lane(LaneEvent::DidNotLeave(_)) | Event::DeadlineReached) => {
                self.decide(
                    now,
                    Outcome::Referred(Referral::DidNotLeave),
                    DecidedBy::Gate,
                )
            }

            // Whoever has gone out after all is out.
            (
                Stage::AwaitRecord(Outcome::Referred(_)) | Stage::AwaitOfficer | Stage::AwaitReturn,
                Event::Lane(LaneEvent::Passed(passage)),
            ) if passage == self.traveller.passage => self.complete(now, Left::ThroughExit),

            // The officer, and the way back.
            (Stage::AwaitOfficer, Event::OfficerDecided(traveller, decision))
                if traveller == self.travellers =>
            {
                self.officer_decided(now, decision)
            }
            (Stage::AwaitOfficer | Stage::AwaitReturn, Event::DeadlineReached) => {
                self.send_back(now)
            }
            (
                Stage::AwaitOfficer | Stage::AwaitReturn | Stage::AwaitRecord(Outcome::Referred(_)),
                Event::Lane(LaneEvent::WentBack(_)),
            ) => self.complete(now, Left::ThroughEntry),
            // The lane is empty, and no event has said by which way: a service key or a battery was between.
            (
                Stage::AwaitOfficer | Stage::AwaitReturn,
                Event::LaneState(LaneState::EntryOpen | LaneState::Idle, _),
            ) => self.complete(now, self.traveller.way_unseen()),

            // Somebody disturbs the lane.
            (Stage::Examine, Event::Lane(disturbance)) if disturbs(disturbance) => self.decide(
                now,
                Outcome::Referred(Referral::LaneDisturbed),
                DecidedBy::Gate,
            ),
            (Stage::AwaitTraveller | Stage::AwaitEntry, Event::Lane(disturbance))
                if disturbs(disturbance) =>
            {
                self.break_off(now, Stage::AwaitClear)
            }
            (
                Stage::AwaitTraveller | Stage::AwaitEntry,
                Event::LaneState(LaneState::PowerFail | LaneState::Tamper | LaneState::Service, _),
            ) => self.break_off(now, Stage::AwaitClear),
            (Stage::AwaitClear | Stage::Closed, Event::LaneState(state, passage)) => {
                self.found(state, passage)
            }

            // Time is up.
            (stage, Event::DeadlineReached) => self.time_is_up(now, stage),

            // Out of order: nothing moves.
            (stage, _) => stage,
        };
        self.keep_watch(now);
        self.present();
    }

    // ---- coming in -----------------------------------------------------------------------------

    fn invite(&mut self, now: Instant) -> Stage {
        self.begin(now);
        self.until = Some(now + self.limits.entering);
        Stage::AwaitEntry
    }

    pub(crate) fn not_entered(&mut self, now: Instant) -> Stage {
        self.traveller
            .span("before the entry", SpanKind::Human, now);
        let abandoned = Outcome::Abandoned(Abandonment::NotEntered);
        self.record_decision(now, abandoned, DecidedBy::Gate, None);
        self.complete(now, Left::NeverEntered)
    }

    /// Somebody is inside. From here on runs the traveller's time.
    fn receive(&mut self, now: Instant) -> Stage {
        if self.design == Design::TwoStep && self.stage == Stage::AwaitEntry {
            return self.step_inside(now);
        }
        if self.stage != Stage::AwaitEntry {
            self.travellers += 1;
        }
        self.traveller = Traveller::new(self.travellers, now);
        self.capture_face();
        Stage::Examine
    }

    pub(crate) fn capture_face(&mut self) {
        if self.traveller.before_entry {
            return; // there is no camera before the entry
        }
        let ticket = self.questions.ask(Question::Face, None);
        self.effects.push_back(Effect::CaptureFace(ticket));
    }

    pub(crate) fn begin(&mut self, now: Instant) {
        self.travellers += 1;
        self.traveller = Traveller::new(self.travellers, now);
    }

    fn alone(&mut self, now: Instant, passage: Passage) -> Stage {
        self.traveller.entered(now, passage);
        self.weigh(now)
    }

    fn several(&mut self, now: Instant, passage: Passage) -> Stage {
        self.traveller.entered(now, passage);
        self.traveller.evidence.several = true;
        self.weigh(now)
    }

    fn went_back(&mut self, now: Instant) -> Stage {
        let abandoned = Outcome::Abandoned(Abandonment::WentBack);
        self.record_decision(now, abandoned, DecidedBy::Gate, None);
        self.complete(now, Left::ThroughEntry)
    }

    // ---- the decision --------------------------------------------------------------------------

    /// Decides as soon as there is something to decide and the entry is closed.
    pub(crate) fn weigh(&mut self, now: Instant) -> Stage {
        self.traveller.permit_suffices = self.traveller.evidence.clears_alone(&self.policy);
        self.traveller.note_document_done(now);
        match self.traveller.evidence.verdict(&self.policy, self.permits) {
            Some(Outcome::Cleared) if self.traveller.passage == 0 => Stage::Examine,
            Some(outcome) => self.decide(now, outcome, DecidedBy::Gate),
            None => self.let_in_or_wait(now),
        }
    }

    pub(crate) fn decide(&mut self, now: Instant, outcome: Outcome, by: DecidedBy) -> Stage {
        let until = now + self.limits.recording;
        self.record_decision(now, outcome, by, Some(until));
        self.until = None;
        Stage::AwaitRecord(outcome)
    }

    fn record_decision(
        &mut self,
        now: Instant,
        outcome: Outcome,
        by: DecidedBy,
        until: Option<Instant>,
    ) {
        self.questions.drop_all_about_traveller();
        self.traveller.timeline.ended = now;
        if self.traveller.decided.replace(outcome).is_none() {
            self.traveller.shut_in = self.lane == Some(LaneState::EntryClosing);
        }
        let question = if until.is_some() {
            Question::Decision
        } else {
            Question::Completion
        };
        let ticket = self.questions.ask(question, until);
        let record = Record::Decision {
            traveller: self.traveller.number,
            passage: self.traveller.passage,
            outcome,
            by,
            findings: self.traveller.evidence.findings(),
            timeline: self.traveller.timeline.clone(),
            permit: self
                .traveller
                .evidence
                .permit
                .judged()
                .map(PermitRecord::of),
        };
        self.effects
            .push_back(Effect::Record(ticket, Box::new(record)));
        self.effects.push_back(Effect::Forget);
    }

    fn answered_by_journal(
        &mut self,
        now: Instant,
        stage: Stage,
        ticket: Ticket,
        written: bool,
    ) -> Stage {
        match (stage, self.questions.close(ticket)) {
            (Stage::AwaitRecord(outcome), Some(Question::Decision)) if written => {
                self.recorded(now, outcome)
            }
            (Stage::AwaitRecord(outcome), Some(Question::Decision)) => {
                self.not_recorded(now, outcome)
            }
            (stage, _) => stage, // an earlier entry, of which nobody waits to hear
        }
    }

    // SAF-101: the exit is released here and nowhere else, after the journal has the decision.
    fn recorded(&mut self, now: Instant, outcome: Outcome) -> Stage {
        match outcome {
            Outcome::Cleared => {
                self.traveller.released(now);
                self.until = Some(now + self.limits.leaving + self.limits.leaving / 2);
                self.effects.push_back(Effect::ReleaseExit(
                    self.traveller.passage,
                    self.limits.leaving,
                ));
                Stage::AwaitExit
            }
            Outcome::Referred(referral) => self.call_officer(now, referral),
            Outcome::Abandoned(_) => self.complete(now, Left::Unknown),
        }
    }

    /// Nobody leaves on a decision that is not on disk; whoever was referred stays so.
    pub(crate) fn not_recorded(&mut self, now: Instant, outcome: Outcome) -> Stage {
        match outcome {
            Outcome::Referred(referral) => self.call_officer(now, referral),
            Outcome::Cleared | Outcome::Abandoned(_) => {
                let failed = Outcome::Referred(Referral::DeviceFailed);
                self.decide(now, failed, DecidedBy::Gate)
            }
        }
    }

    // ---- the way out ---------------------------------------------------------------------------

    pub(crate) fn exit_refused(&mut self, now: Instant, refusal: Refusal) -> Stage {
        let referral = match refusal {
            Refusal::NotSingle => Referral::SeveralPersons,
            Refusal::Alarm | Refusal::OtherDoorOpen | Refusal::WrongState => {
                Referral::LaneDisturbed
            }
            Refusal::NoSession
            | Refusal::NoLease
            | Refusal::WrongPassage
            | Refusal::NotEmpty
            | Refusal::OutOfRange
            | Refusal::NotThisShape
            | Refusal::NotKept
            | Refusal::NoSite
            | Refusal::Wiring
            | Refusal::TooOften => Referral::DeviceFailed,
        };
        self.decide(now, Outcome::Referred(referral), DecidedBy::Gate)
    }

    /// The traveller is out and a thing lies in the lane: the entry opens for whoever fetches it.
    fn thing_left(&mut self, now: Instant) -> Stage {
        self.traveller.walked_out(now);
        self.effects
            .push_back(Effect::SendBack(self.traveller.passage));
        self.lane = Some(LaneState::LeftObject);
        self.complete(now, Left::ThroughExit)
    }

    // ---- the officer ---------------------------------------------------------------------------

    pub(crate) fn call_officer(&mut self, now: Instant, referral: Referral) -> Stage {
        self.questions.drop_all_about_traveller();
        self.traveller.decided = Some(Outcome::Referred(referral));
        self.effects.push_back(Effect::CallOfficer(
            self.traveller.number,
            Outcome::Referred(referral),
        ));
        if matches!(referral, Referral::SeveralPersons | Referral::AnotherPerson) {
            return self.send_back(now); // nobody can be examined before the others have left
        }
        self.until = Some(now + self.limits.officer);
        Stage::AwaitOfficer
    }

    fn officer_decided(&mut self, now: Instant, decision: OfficerDecision) -> Stage {
        match decision {
            OfficerDecision::Clear => self.decide(now, Outcome::Cleared, DecidedBy::Officer),
            OfficerDecision::SendBack => self.send_back(now),
        }
    }

    /// SAF-104: nobody is kept. The way back opens, and opens again until the traveller has gone.
    fn send_back(&mut self, now: Instant) -> Stage {
        if self.traveller.passage == 0 && self.lane.is_some_and(is_empty) {
            return self.complete(now, Left::Unknown); // the controller knows of nobody
        }
        if self.stage == Stage::AwaitReturn && self.lost.contains(&Device::Controller) {
            // It lets people back by itself, and says who is inside when it is heard again.
            return self.complete(now, Left::Unknown);
        }
        self.effects
            .push_back(Effect::SendBack(self.traveller.passage));
        self.until = Some(now + self.limits.leaving);
        Stage::AwaitReturn
    }

    /// The number that the way back or the exit must name is new: whoever is inside now is not known
    /// to be whoever was examined.
    ///
    /// SAF-110: no word about the one lets the other out, the gate's as little as an officer's. Only a
    /// first number, given by an entry that was closing already, is that of whoever was decided about.
    fn renumber(&mut self, now: Instant, stage: Stage, passage: Passage) -> Stage {
        let had_none = std::mem::replace(&mut self.traveller.passage, passage) == 0;
        match stage {
            Stage::AwaitReturn => self.send_back(now),
            // Sent back as soon as that is written down, under whatever number.
            Stage::AwaitRecord(Outcome::Referred(
                Referral::SeveralPersons | Referral::AnotherPerson,
            )) => stage,
            stage if had_none && self.traveller.shut_in => stage,
            _ => self.decide(
                now,
                Outcome::Referred(Referral::AnotherPerson),
                DecidedBy::Gate,
            ),
        }
    }

    // ---- ends ----------------------------------------------------------------------------------

    pub(crate) fn complete(&mut self, now: Instant, left: Left) -> Stage {
        self.questions.drop_all_about_traveller();
        let left = match self.traveller.before_entry {
            true => Left::NeverEntered,
            false => left,
        };
        let referred = matches!(self.traveller.decided, Some(Outcome::Referred(_)));
        if left == Left::NeverEntered && !referred {
            self.traveller.timeline.ended = now;
        }
        let ticket = self.questions.ask(Question::Completion, None);
        let record = Record::Completion {
            traveller: self.traveller.number,
            left,
            timeline: std::mem::take(&mut self.traveller.timeline),
        };
        self.effects
            .push_back(Effect::Record(ticket, Box::new(record)));
        self.effects.push_back(Effect::Forget);
        self.traveller = Traveller::default();
        let gone = matches!(left, Left::ThroughExit | Left::ThroughEntry);
        let inside = [LaneState::Occupied, LaneState::Several, LaneState::ExitOpen].map(Some);
        if gone && inside.contains(&self.lane) {
            self.lane = Some(LaneState::Idle); // the event was faster than the status
        }
        self.offer()
    }

    /// Ends whatever was going on without a traveller's own doing.
    pub(crate) fn break_off(&mut self, now: Instant, to: Stage) -> Stage {
        self.until = None;
        match self.stage {
            Stage::Examine
            | Stage::AwaitRecord(_)
            | Stage::AwaitExit
            | Stage::AwaitOfficer
            | Stage::AwaitReturn => {
                if self.traveller.decided.is_none() {
                    let outcome = Outcome::Referred(Referral::LaneDisturbed);
                    self.record_decision(now, outcome, DecidedBy::Gate, None);
                }
                self.complete(now, Left::Unknown);
            }
            _ => {}
        }
        self.lane = Some(match to {
            Stage::AwaitEmergencyEnd => LaneState::Emergency,
            _ => LaneState::Trouble, // until the controller says otherwise
        });
        to
    }
}

/// States of the controller in which nobody is inside, or on the way out of the lane, and it is
/// in service.
pub(crate) const fn is_empty(state: LaneState) -> bool {
    !matches!(
        state,
        LaneState::Occupied
            | LaneState::Several
            | LaneState::ExitOpen
            | LaneState::LeftObject
            | LaneState::Emergency
            | LaneState::Trouble
            | LaneState::PowerFail
            | LaneState::Tamper
            | LaneState::Service
            | LaneState::NoSite(_)
    )
}

/// Events that an officer must look into.
const fn disturbs(event: LaneEvent) -> bool {
    matches!(
        event,
        LaneEvent::WrongWay
            | LaneEvent::Forced(_)
            | LaneEvent::Trouble(_)
            | LaneEvent::ObjectLeft(_)
            | LaneEvent::TamperBegan
            | LaneEvent::ServiceBegan
    )
}
