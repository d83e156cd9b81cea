//! A lane at the end of a string: tests tell it what happens and read what it does.
#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test file uses its own part"
)]

use gate_document::mrz::Mrz;
use gate_document::policy::Policy;
use gate_document::portrait::{Portrait, PortraitKind};
use gate_document::seal::imager::Scanned;
use gate_document::seal::{SealCheck, SealFinding, SealInspection};
use gate_document::{Check, Finding};
use gate_protocol::{Event as Lane_, Instant, State};
use gate_session::{
    Asked, ChipFailure, Design, Device, Effect, Event, FaceReport, FaceVerdict, Limits,
    ListsAnswer, Next, PermitRule, Record, Session, Span, SpanKind, Stage, Ticket, Timeline,
};
use jiff::civil::{Date, date};
use std::time::Duration;

/// The passage number that the controller gives in these tests.
pub const PASSAGE: u32 = 7;

/// The day of these tests: the specimen of Doc 9303-4 has then expired, so it gets a later expiry.
const TODAY: Date = date(2012, 4, 1);

/// Doc 9303-4, appendix B: Utopia's specimen, valid until 15 April 2012.
const ZONE: &str =
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10";

/// Doc 9303-5, appendix B: another document.
const OTHER: &str = "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<";

pub fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

pub fn genuine() -> Vec<Finding> {
    [
        Check::ChipAccess,
        Check::ChipReading,
        Check::SodSignature,
        Check::SignerTrust,
        Check::DataGroupDigests,
        Check::ComAgainstSod,
        Check::IssuerAgainstSigner,
        Check::PrintedAgainstChip,
        Check::ChipAuthentication,
        Check::ActiveAuthentication,
    ]
    .map(Finding::passed)
    .into()
}

pub fn with_failed(check: Check) -> Vec<Finding> {
    let mut findings = genuine();
    findings.retain(|finding| finding.check != check);
    findings.push(Finding::failed(check, "test"));
    findings
}

/// A permit with every check passed but those named.
pub fn permit(others: &[(SealCheck, gate_document::Outcome)]) -> SealInspection {
    let findings = SealCheck::ALL.map(|check| {
        let other = others.iter().find(|(other, _)| *other == check);
        SealFinding {
            check,
            outcome: other.map_or(gate_document::Outcome::Passed, |(_, outcome)| *outcome),
            reason: String::new(),
            evidence: String::new(),
        }
    });
    SealInspection {
        findings: findings.into(),
        permit: Some("Test permit".to_owned()),
        face_of: None,
        alone: false,
        entries: Some(1),
        register_key: Some(vec![0xA5; 32].into()),
    }
}

/// A visa of format A (Doc 9303-7, 4.2) for the specimen's passport, until the day `YYMMDD`.
pub fn visa(name: &str, expiry: &str) -> String {
    let digit = |field: &str| gate_document::mrz::check_digit(field.as_bytes()).unwrap_or_default();
    format!(
        "V<UTO{name:<<39}\nL898902C36UTO7408122F{expiry}{}{:<<16}",
        digit(expiry),
        ""
    )
}

pub fn matched() -> FaceVerdict {
    FaceVerdict::Match
}

pub fn report(verdict: FaceVerdict) -> FaceReport {
    FaceReport {
        verdict,
        likeness: Some(0.6),
        bona_fide: Some(0.9),
        frames: 4,
    }
}

pub fn device(name: &'static str, start: Instant, end: Instant) -> Span {
    Span::new(name, SpanKind::Device, start, end)
}

pub fn clear(lane: &mut Lane) {
    lane.done.clear();
}

/// A session, the time, and everything it has wanted done.
pub struct Lane {
    session: Session,
    now: Instant,
    pub done: Vec<Effect>,
    /// The same as words, never emptied by handing tickets back.
    words: Vec<String>,
    reasons: Vec<Option<&'static str>>,
    asked: Vec<(&'static str, Asked)>,
    wake_at: Option<Instant>,
}

impl Lane {
    /// A lane that has not seen a device yet.
    pub fn closed() -> Self {
        let mut lane = Self {
            session: Session::new(Limits::default()),
            now: Instant::from_millis(1_000),
            done: Vec::new(),
            words: Vec::new(),
            reasons: Vec::new(),
            asked: Vec::new(),
            wake_at: None,
        };
        lane.drain();
        lane
    }

    /// A lane with these rules for permits that waits for a traveller.
    pub fn open_for_permits(rule: PermitRule, policy: Policy) -> Self {
        let session = Session::new(Limits::default())
            .with_policy(policy)
            .with_permits(rule);
        let mut lane = Self {
            session,
            ..Self::closed()
        };
        lane.switch_on();
        lane
    }

    /// A lane whose reader stands before the entry.
    pub fn open_in_two_steps() -> Self {
        let session = Session::new(Limits::default()).with_design(Design::TwoStep);
        let mut lane = Self {
            session,
            ..Self::closed()
        };
        lane.switch_on();
        lane.tell(Event::LaneState(State::Idle, 0));
        lane
    }

    /// A lane that waits for a traveller.
    pub fn open() -> Self {
        let mut lane = Self::closed();
        lane.switch_on();
        lane
    }

    fn switch_on(&mut self) {
        let lane = self;
        for device in Device::ALL {
            lane.tell(Event::DeviceReady(device));
        }
        lane.tell(Event::LaneState(State::EntryOpen, 0));
        assert_eq!(lane.stage(), Stage::AwaitTraveller);
        lane.done.clear();
        lane.words.clear();
    }

    pub const fn stage(&self) -> Stage {
        self.session.stage()
    }

    pub fn stage_word(&self) -> String {
        format!("{:?}", self.session.stage())
    }

    pub const fn now(&self) -> Instant {
        self.now
    }

    pub fn after(&mut self, wait: f64) -> &mut Self {
        self.now = self.now + seconds(wait);
        self
    }

    pub fn tell(&mut self, event: Event) {
        self.session.handle(self.now, event);
        self.drain();
    }

    /// Wakes the session as its driver does: only if it asked for it.
    pub fn wake(&mut self) {
        while self.wake_at.is_some_and(|at| at <= self.now) {
            let before = (self.session.stage(), self.wake_at);
            self.tell(Event::DeadlineReached);
            if before == (self.session.stage(), self.wake_at) {
                return;
            }
        }
    }

    fn drain(&mut self) {
        loop {
            match self.session.next() {
                Next::Do(effect) => self.note(effect),
                Next::Wait(at) => {
                    self.wake_at = at;
                    return;
                }
            }
        }
    }

    fn note(&mut self, effect: Effect) {
        self.words.push(format!("{effect:?}"));
        match &effect {
            Effect::Record(_, record) => {
                if let Record::Decision { outcome, .. } = &**record {
                    self.reasons.push(outcome.reason());
                }
            }
            Effect::ReadChip(ticket, _) => self.asked.push(("chip", ticket.asked())),
            Effect::CaptureFace(ticket) => self.asked.push(("face", ticket.asked())),
            _ => {}
        }
        self.done.push(effect);
    }

    fn last_asked(&self, what: &str) -> Option<Asked> {
        let last = self.asked.iter().rev().find(|(name, _)| *name == what);
        last.map(|(_, asked)| *asked)
    }

    // ---- what the lane did ---------------------------------------------------------------------

    pub fn count(&self, word: &str) -> usize {
        self.words
            .iter()
            .filter(|effect| effect.starts_with(word))
            .count()
    }

    pub fn did(&self, word: &str) -> bool {
        self.count(word) > 0
    }

    /// Forgets what was wanted so far; [`Lane::words`] tells what came after.
    pub fn begin_listening(&mut self) {
        self.words.clear();
    }

    /// What the lane wanted done, as words: reports without their details.
    pub fn words(&self) -> Vec<String> {
        self.words.iter().map(|word| brief(word)).collect()
    }

    pub fn last_reason(&self) -> Option<&'static str> {
        self.reasons.last().copied().flatten()
    }

    pub fn completion(&self) -> Timeline {
        let completed = self.done.iter().rev().find_map(|effect| match effect {
            Effect::Record(_, record) => match &**record {
                Record::Completion { timeline, .. } => Some(timeline.clone()),
                Record::Decision { .. } => None,
            },
            _ => None,
        });
        completed.expect("a completion")
    }

    pub fn face_asked(&self) -> Asked {
        self.last_asked("face").expect("the face was asked")
    }

    pub fn chip_asked(&self) -> Asked {
        self.last_asked("chip").expect("the chip was asked")
    }

    /// Takes the newest ticket that `pick` finds, so that it can be handed back.
    fn ticket(&mut self, pick: impl Fn(&Effect) -> bool) -> Option<Ticket> {
        let at = self.done.iter().rposition(pick)?;
        match self.done.remove(at) {
            Effect::ReadChip(ticket, _)
            | Effect::PreparePortrait(ticket, _)
            | Effect::AskLists(ticket, _)
            | Effect::JudgePermit(ticket, ..)
            | Effect::Record(ticket, _) => Some(ticket),
            _ => None,
        }
    }

    // ---- what happens to it --------------------------------------------------------------------

    /// Somebody steps in; the entry is still closing.
    pub fn step_in(&mut self) {
        self.tell(Event::Inside(true));
        self.tell(Event::LaneState(State::EntryClosing, 0));
    }

    /// Somebody steps in and the entry closes.
    pub fn walk_in(&mut self) {
        self.step_in();
        self.tell(Event::LaneState(State::Occupied, PASSAGE));
        self.tell(Event::Lane(Lane_::Entered(PASSAGE)));
    }

    /// The next one comes.
    pub fn walk_in_again(&mut self) {
        self.tell(Event::LaneState(State::EntryOpen, 0));
        self.walk_in();
    }

    /// The ticket of the newest completion.
    pub fn completion_ticket(&mut self) -> Option<Ticket> {
        self.ticket(|effect| matches!(effect, Effect::Record(_, record) if matches!(**record, Record::Completion { .. })))
    }

    /// Whether the newest completion says so.
    pub fn left_by(&self, way: &str) -> bool {
        let completed = self
            .words
            .iter()
            .rev()
            .find(|word| word.contains("Completion"));
        completed.is_some_and(|word| word.contains(&format!("left: {way}")))
    }

    pub fn show_document(&mut self) {
        self.show_document_on(Some(TODAY));
    }

    pub fn show_document_on(&mut self, today: Option<Date>) {
        self.tell(Event::MrzRead(zone(ZONE), today));
    }

    /// A visa is shown, by the text of its zone.
    pub fn show_visa(&mut self, text: &str) {
        self.tell(Event::MrzRead(zone(text), Some(TODAY)));
    }

    pub fn show_expired_document(&mut self) {
        self.show_document_on(Some(date(2012, 4, 16)));
    }

    pub fn show_other_document(&mut self) {
        self.tell(Event::MrzRead(zone(OTHER), Some(TODAY)));
    }

    pub fn chip(&mut self, findings: Vec<Finding>) {
        if let Some(ticket) = self.chip_ticket() {
            self.tell(Event::ChipRead(ticket, Ok(findings)));
        }
    }

    pub fn chip_fails(&mut self, failure: ChipFailure) {
        if let Some(ticket) = self.chip_ticket() {
            self.tell(Event::ChipRead(ticket, Err(failure)));
        }
    }

    pub fn chip_ticket(&mut self) -> Option<Ticket> {
        self.ticket(|effect| matches!(effect, Effect::ReadChip(..)))
    }

    pub fn portrait(&mut self, result: Result<(), &str>) {
        let Some(asked) = self.last_asked("chip") else {
            return;
        };
        self.tell(Event::PortraitRead(asked, portrait()));
        if let Some(ticket) = self.ticket(|effect| matches!(effect, Effect::PreparePortrait(..))) {
            self.tell(Event::PortraitReady(ticket, result.map_err(str::to_owned)));
        }
    }

    /// The portrait that was asked about last is a template.
    pub fn portrait_is_ready(&mut self) {
        if let Some(ticket) = self.ticket(|effect| matches!(effect, Effect::PreparePortrait(..))) {
            self.tell(Event::PortraitReady(ticket, Ok(())));
        }
    }

    pub fn chip_and_portrait(&mut self, findings: Vec<Finding>) {
        self.portrait(Ok(()));
        self.chip(findings);
    }

    pub fn lists(&mut self, answer: ListsAnswer) {
        if let Some(ticket) = self.ticket(|effect| matches!(effect, Effect::AskLists(..))) {
            self.tell(Event::ListsAnswered(ticket, answer));
        }
    }

    pub fn examine_document(&mut self) {
        self.show_document();
        self.chip_and_portrait(genuine());
        self.lists(ListsAnswer::Clear);
    }

    pub fn face(&mut self, verdict: FaceVerdict) {
        let Some(asked) = self.last_asked("face") else {
            return;
        };
        self.tell(Event::FaceJudged(asked, report(verdict)));
    }

    /// The chip opened with another reading of the zone: here, that of another document.
    pub fn prove_zone(&mut self) {
        if let Some(asked) = self.last_asked("chip") {
            self.tell(Event::ZoneProved(asked, zone(OTHER)));
        }
    }

    /// A barcode is shown; two of one text are the same.
    pub fn show_barcode(&mut self, text: &str) {
        self.tell(Event::BarcodeRead(Box::new(Scanned {
            symbology: None,
            bytes: text.as_bytes().to_vec().into(),
        })));
    }

    /// The permit that was asked about last is judged.
    pub fn judge_permit(&mut self, inspection: SealInspection) {
        if let Some(ticket) = self.ticket(|effect| matches!(effect, Effect::JudgePermit(..))) {
            self.tell(Event::PermitJudged(ticket, Box::new(inspection)));
        }
    }

    pub fn recorded(&mut self, written: bool) {
        let decision = |effect: &Effect| matches!(effect, Effect::Record(_, record) if matches!(**record, Record::Decision { .. }));
        if let Some(ticket) = self.ticket(decision) {
            self.tell(Event::Recorded(ticket, written));
        }
    }
}

/// An effect without what the journeys test in detail.
fn brief(effect: &str) -> String {
    let name = effect.split('(').next().unwrap_or(effect);
    match name {
        "Record" => {
            let what = if effect.contains("Completion") {
                "completion"
            } else {
                "decision"
            };
            let after = |key: &str| {
                effect
                    .split(key)
                    .nth(1)
                    .and_then(|rest| rest.split([',', ' ']).next())
            };
            format!(
                "record {what} {}",
                after("outcome: ").or(after("left: ")).unwrap_or("")
            )
        }
        "ReadChip" | "PreparePortrait" | "CaptureFace" | "AskLists" | "JudgePermit" => {
            name.to_owned()
        }
        _ => effect.to_owned(),
    }
}

fn zone(text: &str) -> Box<Mrz> {
    Box::new(Mrz::parse(text).expect("a specimen"))
}

fn portrait() -> Box<Portrait> {
    Box::new(Portrait {
        kind: PortraitKind::Jpeg,
        bytes: vec![0xFF, 0xD8].into(),
    })
}
