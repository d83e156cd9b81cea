//! The traveller in the lane: evidence, tries and time, forgotten at the end of the journey.

use crate::effect::Left;
use crate::event::FaceReport;
use crate::evidence::Evidence;
use crate::limits::Limits;
use crate::permit::PermitRule;
use crate::referral::Outcome;
use crate::screen::{DocumentHint, PermitHint};
use crate::timeline::{Span, SpanKind, Timeline};
use gate_document::Finding;
use gate_document::mrz::{self, Mrz};
use gate_document::portrait::Portrait;
use gate_protocol::{Instant, Passage};
use jiff::civil::Date;
use std::borrow::Cow;

/// Facts about the traveller in the lane. Nothing here decides anything.
#[derive(Debug, Default)]
pub(crate) struct Traveller {
    /// Number at this lane, counted up.
    pub number: u64,
    /// The controller's number for the person; 0 until the entry is closed.
    pub passage: Passage,
    pub evidence: Evidence,
    pub decided: Option<Outcome>,
    /// The entry was closing when that was first decided, and has not been open since: whoever the
    /// controller finds inside is who was decided about.
    pub shut_in: bool,
    pub timeline: Timeline,
    /// Still before the entry, where the document is examined first.
    pub before_entry: bool,
    /// The portrait of a document that was read before the entry.
    pub portrait_kept: Option<Box<Portrait>>,
    /// Since when the traveller is where the examination goes on now.
    here_since: Instant,
    /// When the entry had opened for whoever was let in.
    entry_open: Option<Instant>,
    pub document_in_place: bool,
    pub document_failures: u8,
    pub chip_failures: u8,
    pub chip_percent: u8,
    /// The zone did not open the chip: it is worth nothing before it has been read again.
    pub zone_refused: bool,
    pub hint: DocumentHint,
    pub permit_hint: PermitHint,
    /// The permit clears without a document.
    pub permit_suffices: bool,
    /// A zone with wrong check digits, which its reader may have got wrong.
    doubted: Option<Box<Mrz>>,
    /// The day on which the zone was read.
    today: Option<Date>,
    /// A chip has been asked for this traveller.
    pub chip_asked_before: bool,
    /// When the traveller was last asked to do something with the document.
    prompted: Instant,
    /// When the document came onto the reader.
    presented: Option<Instant>,
    /// When only the face was left to wait for.
    document_done: Option<Instant>,
    released: Instant,
    exit_open: Option<Instant>,
    /// When the traveller was last seen to leave the beam behind the exit.
    outside: Option<Instant>,
}

impl Traveller {
    /// Somebody who is here since `now`.
    pub(crate) fn new(number: u64, now: Instant) -> Self {
        Self {
            number,
            timeline: Timeline::new(now),
            here_since: now,
            prompted: now,
            ..Self::default()
        }
    }

    /// Notes a span that began with the traveller's time and ends now.
    pub(crate) fn span(&mut self, name: &'static str, kind: SpanKind, now: Instant) {
        self.span_since(name, kind, self.timeline.began, now);
    }

    fn span_since(
        &mut self,
        name: impl Into<Cow<'static, str>>,
        kind: SpanKind,
        start: Instant,
        now: Instant,
    ) {
        self.timeline.add(Span::new(name, kind, start, now));
    }

    /// Takes over what a port measured.
    pub(crate) fn spent(&mut self, spans: Vec<Span>) {
        for span in spans {
            self.timeline.add(span);
        }
    }

    pub(crate) fn entered(&mut self, now: Instant, passage: Passage) {
        self.passage = passage;
        self.evidence.counted = true;
        if now > self.here_since {
            self.span_since("entry door closes", SpanKind::Device, self.here_since, now);
        }
    }

    pub(crate) fn document_presented(&mut self, now: Instant) {
        self.document_in_place = true;
        if self.presented.is_none() {
            self.presented = Some(now);
            self.span_since("place document", SpanKind::Human, self.prompted, now);
        }
    }

    /// The reader has finished with the zone, readable or not.
    pub(crate) fn zone_read(&mut self, now: Instant) {
        self.document_presented(now);
        if let Some(presented) = self.presented {
            self.span_since("read printed zone", SpanKind::Device, presented, now);
        }
    }

    /// The zone was unreadable: the traveller has to do something.
    pub(crate) fn document_failed(&mut self, now: Instant, hint: DocumentHint) {
        self.document_failures = self.document_failures.saturating_add(1);
        self.prompt(now, hint);
    }

    pub(crate) fn chip_failed(&mut self, now: Instant, hint: DocumentHint) {
        self.chip_failures = self.chip_failures.saturating_add(1);
        self.chip_percent = 0;
        self.prompt(now, hint);
    }

    /// What was shown is no document.
    pub(crate) fn await_document(&mut self, now: Instant) {
        self.prompt(now, DocumentHint::None);
    }

    fn prompt(&mut self, now: Instant, hint: DocumentHint) {
        self.hint = hint;
        self.document_in_place = false;
        self.presented = None;
        self.prompted = now;
    }

    /// A new zone: what was known of the document before is worthless.
    pub(crate) fn printed(&mut self, printed: Box<Mrz>, today: Option<Date>) {
        let on_paper = on_paper(&printed, today);
        self.today = today;
        self.doubted = None;
        self.portrait_kept = None;
        self.zone_refused = false;
        self.evidence.start_over(printed, on_paper);
        self.chip_percent = 0;
        self.document_done = None;
    }

    /// Another reading of the same zone is the right one.
    pub(crate) fn proved(&mut self, printed: Box<Mrz>) {
        self.evidence.on_paper = on_paper(&printed, self.today);
        self.evidence.printed = Some(printed);
    }

    /// Whether a zone with wrong check digits was read before, character by character: so its issuer
    /// printed it. Another one is kept for the next reading.
    pub(crate) fn confirms(&mut self, zone: &Mrz) -> bool {
        let before = self.doubted.replace(Box::new(zone.clone()));
        before.is_some_and(|before| *before == *zone)
    }

    /// Whether this very document lies on the reader and needs no second look at its zone.
    pub(crate) fn is_being_read(&self, zone: &Mrz) -> bool {
        let known = self.evidence.printed.as_deref();
        let proved = || zone.alternatives().iter().any(|other| known == Some(other));
        self.document_in_place && !self.zone_refused && (known == Some(zone) || proved())
    }

    /// Whether the chip should be read as soon as a document lies on the reader.
    pub(crate) const fn chip_waits(&self) -> bool {
        self.evidence.printed.is_some() && self.evidence.on_chip.is_none() && !self.zone_refused
    }

    /// Whether the traveller should show a permit now: the document has been read, or is being read.
    pub(crate) fn awaits_permit(&self, permits: PermitRule) -> bool {
        permits == PermitRule::Required
            && self.document_in_place
            && self.evidence.permit.is_missing()
    }

    /// The chip is being read: the document lies where it should.
    pub(crate) const fn chip_asked(&mut self) {
        self.document_in_place = true;
        self.chip_asked_before = true;
    }

    pub(crate) const fn face(&mut self, report: FaceReport) {
        self.evidence.face = Some(report);
    }

    pub(crate) fn note_document_done(&mut self, now: Instant) {
        let is_done = self.permit_suffices || self.evidence.document_done();
        if self.document_done.is_none() && is_done {
            self.document_done = Some(now);
        }
    }

    pub(crate) const fn released(&mut self, now: Instant) {
        self.released = now;
    }

    pub(crate) fn exit_open(&mut self, now: Instant) {
        if self.exit_open.is_none() {
            self.exit_open = Some(now);
            self.span_since("exit door opens", SpanKind::Device, self.released, now);
        }
    }

    /// How somebody is gone whom no event saw leave: only whom the exit never opened for is known to have gone back.
    pub(crate) const fn way_unseen(&self) -> Left {
        match self.exit_open {
            Some(_) => Left::Unknown,
            None => Left::ThroughEntry,
        }
    }

    /// The entry has opened for somebody whose document has been examined.
    pub(crate) fn entry_open(&mut self, now: Instant) {
        if self.entry_open.is_none() {
            self.entry_open = Some(now);
            self.span_since("entry door opens", SpanKind::Device, self.released, now);
        }
    }

    /// Whoever was let in is inside; the entry closes.
    pub(crate) fn stepped_in(&mut self, now: Instant) {
        let opened = self.entry_open.unwrap_or(self.released);
        self.span_since("walk in", SpanKind::Human, opened, now);
        self.before_entry = false;
        self.here_since = now;
    }

    pub(crate) const fn clear_of_exit(&mut self, now: Instant) {
        self.outside = Some(now);
    }

    /// The controller has the exit shut behind the traveller, whose own time ended in the beam
    /// behind it: that the door closes is nobody's waiting but the next one's.
    pub(crate) fn walked_out(&mut self, now: Instant) {
        let opened = self.exit_open.unwrap_or(self.released);
        let outside = self.outside.map_or(now, |outside| outside.max(opened));
        self.span_since("walk out", SpanKind::Human, opened, outside);
        self.span_since("exit door closes", SpanKind::Device, outside, now);
        self.timeline.ended = outside;
    }

    /// How long the traveller may go on with what is awaited of him.
    pub(crate) fn patience(&self, limits: &Limits) -> Instant {
        let whole = self.here_since + limits.examining;
        let step = match self.document_done {
            Some(done) => done + limits.looking,
            None if self.document_in_place => whole,
            None => self.prompted + limits.placing,
        };
        whole.min(step)
    }
}

/// What the printed zone alone tells.
fn on_paper(printed: &Mrz, today: Option<Date>) -> Vec<Finding> {
    vec![
        mrz::consistency(printed),
        mrz::check_digits(printed),
        mrz::validity(printed, today),
    ]
}
