//! Reader, chip, camera and models in virtual time: questions in, answers after their latency.

use super::agenda::{Agenda, Due};
use super::costs::{Cost, Costs};
use super::face::{Attempt, FRAME};
use super::papers;
use super::trouble::Trouble;
use crate::fault::Fault;
use crate::profile::Profile;
use crate::world::{Action, Papers, Persona, Placement, ShownPermit, View};
use gate_document::mrz::{Mrz, MrzError};
use gate_document::portrait::{Portrait, PortraitKind};
use gate_document::seal::imager::{Scanned, Symbology};
use gate_protocol::Instant;
use gate_session::{Asked, ChipFailure, Device, Event, ListsAnswer, Span, SpanKind, Ticket};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeSet;
use std::time::Duration;

/// Time of the zone's frame on a line of 9,600 bits per second: 101 bytes.
const ZONE_ON_LINE: Duration = Duration::from_millis(105);
/// From a barcode before the imager to its bytes at the host.
const IMAGED: Duration = Duration::from_millis(200);
/// A slow chip takes so many times its time.
const SLOW: u32 = 3;
/// A chip that does not answer is given up after this time.
const CHIP_ABSENT: Duration = Duration::from_secs(1);

/// What the devices meet with one traveller: drawn once, so that the same seed meets the same
/// devices whatever the gate does.
#[derive(Clone, Debug)]
struct Visit {
    papers: Papers,
    ocr: Duration,
    chip: Duration,
    portrait_at: f64,
    /// The radio breaks off once after this share of the reading.
    breaks_at: Option<f64>,
    /// How often the chip does not answer at all.
    absences: u8,
    permit: Option<ShownPermit>,
}

/// A reading of the chip.
#[derive(Debug)]
struct Reading {
    run: u32,
    ticket: Ticket,
    began: Instant,
    ends: Instant,
    failure: Option<ChipFailure>,
}

/// All devices of one lane but the controller.
#[derive(Debug)]
pub(super) struct Devices {
    profile: Profile,
    costs: Costs,
    rng: ChaCha8Rng,
    /// Of its own, so that the same seed meets the same devices whatever the program costs.
    costs_rng: ChaCha8Rng,
    visit: Visit,
    document: Option<Placement>,
    /// Counts documents laid down, so that a late answer to an earlier one is recognised.
    placed: u32,
    /// Counts readings of chips, for the same reason.
    runs: u32,
    reading: Option<Reading>,
    portrait_free: Instant,
    face: Option<Attempt>,
    view: View,
    zones: [(Papers, Mrz); 4],
    unplugged: BTreeSet<Device>,
}

impl Devices {
    pub(super) fn new(profile: Profile, costs: Costs, rng: ChaCha8Rng) -> Result<Self, MrzError> {
        let zone = |papers| papers::zone(papers).map(|zone| (papers, zone));
        let visit = Visit {
            papers: Papers::Own,
            ocr: Duration::ZERO,
            chip: Duration::ZERO,
            portrait_at: profile.portrait_at,
            breaks_at: None,
            absences: 0,
            permit: None,
        };
        Ok(Self {
            profile,
            costs,
            costs_rng: rng.clone(),
            rng,
            visit,
            document: None,
            placed: 0,
            runs: 0,
            reading: None,
            portrait_free: Instant::ZERO,
            face: None,
            view: View::Nobody,
            zones: [
                zone(Papers::Own)?,
                zone(Papers::SomebodyElses)?,
                zone(Papers::Expired)?,
                zone(Papers::PortraitChanged)?,
            ],
            unplugged: BTreeSet::new(),
        })
    }

    /// Plugs a device in, or pulls it out.
    pub(super) fn plug(&mut self, device: Device, plugged: bool) {
        if plugged {
            self.unplugged.remove(&device);
        } else {
            self.unplugged.insert(device);
        }
    }

    pub(super) fn is_plugged(&self, device: Device) -> bool {
        !self.unplugged.contains(&device)
    }

    /// Somebody else comes.
    pub(super) fn expect(&mut self, persona: Persona) {
        let practised = Profile::practised();
        let profile = match persona {
            Persona::Practised => &practised,
            _ => &self.profile,
        };
        let breaks = self.rng.random_bool(profile.chip_breaks);
        let share = self.rng.random_range(0.1..0.9);
        self.visit = Visit {
            papers: persona.papers(),
            ocr: profile.ocr.draw(&mut self.rng),
            chip: profile.chip.draw(&mut self.rng),
            portrait_at: profile.portrait_at,
            // A chip that fails by its persona has had its share of bad luck.
            breaks_at: (breaks && persona.chip_failures() == 0).then_some(share),
            absences: persona.chip_failures(),
            permit: persona.permit(),
        };
    }

    /// Somebody does something.
    pub(super) fn notice(&mut self, now: Instant, action: Action, agenda: &mut Agenda) {
        match action {
            Action::PlaceDocument(placement) => {
                self.document = Some(placement);
                self.placed += 1;
                agenda.plan(now + self.visit.ocr, Due::ZoneBegins(self.placed));
            }
            Action::LiftDocument => {
                self.document = None;
                self.placed += 1;
                let hop = self.hop();
                if let Some(reading) = &mut self.reading {
                    reading.failure = Some(ChipFailure::Removed);
                    agenda.plan(now + hop, Due::ChipEnds(reading.run));
                }
            }
            Action::InView(view) => self.view = view,
            Action::ShowPermit => {
                let barcode = Scanned {
                    symbology: Some(Symbology::Qr),
                    bytes: b"permit".to_vec().into(),
                };
                let read = Event::BarcodeRead(Box::new(barcode));
                agenda.plan(now + IMAGED + self.hop(), Due::Tell(read));
            }
        }
    }

    /// The permit is judged; whose it is, the document tells.
    pub(super) fn judge_permit(
        &mut self,
        now: Instant,
        ticket: Ticket,
        document_is_read: bool,
        agenda: &mut Agenda,
    ) {
        let inspection = papers::permit(self.visit.permit, document_is_read);
        let judged = Event::PermitJudged(ticket, Box::new(inspection));
        let done = now + self.hop() + self.cost(|costs| costs.inspect) + self.hop();
        agenda.plan(done, Due::Tell(judged));
    }

    pub(super) fn zone_begins(&mut self, now: Instant, placed: u32, agenda: &mut Agenda) {
        if placed == self.placed && self.is_plugged(Device::MrzReader) {
            agenda.plan(now + self.hop(), Due::Tell(Event::DocumentPresented));
            agenda.plan(now + ZONE_ON_LINE, Due::ZoneEnds(placed));
        }
    }

    /// A zone that is being sent is sent to its end, even if the document has been taken away.
    pub(super) fn zone_ends(
        &mut self,
        now: Instant,
        placed: u32,
        trouble: &Trouble,
        agenda: &mut Agenda,
    ) {
        if !self.is_plugged(Device::MrzReader) {
            return;
        }
        let garbage = trouble.has(Fault::MrzReaderGarbage);
        let today = match trouble.has(Fault::ClockJump) {
            true => papers::AHEAD,
            false => papers::TODAY,
        };
        let today = (!trouble.has(Fault::DateUnknown)).then_some(today);
        let event = match self.document {
            Some(Placement::Right) if placed == self.placed && !garbage => {
                let zone = self
                    .zones
                    .iter()
                    .find(|(papers, _)| *papers == self.visit.papers);
                let Some((_, zone)) = zone else { return };
                Event::MrzRead(Box::new(zone.clone()), today)
            }
            _ => Event::MrzUnreadable,
        };
        agenda.plan(now + self.hop(), Due::Tell(event));
    }

    pub(super) fn read_chip(
        &mut self,
        now: Instant,
        ticket: Ticket,
        trouble: &Trouble,
        agenda: &mut Agenda,
    ) {
        self.runs += 1;
        let run = self.runs;
        let began = now + self.hop();
        let silent = self.document.is_none() || trouble.has(Fault::ChipSilent);
        let chip = self.visit.chip
            * if trouble.has(Fault::ChipSlow) {
                SLOW
            } else {
                1
            };
        let (ends, failure) = if !self.is_plugged(Device::ChipReader) {
            (began, Some(ChipFailure::ReaderFault))
        } else if silent || self.visit.absences > 0 {
            self.visit.absences = self.visit.absences.saturating_sub(1);
            (began + CHIP_ABSENT, Some(ChipFailure::Absent))
        } else if let Some(share) = self.visit.breaks_at.take() {
            (began + chip.mul_f64(share), Some(ChipFailure::Faulty))
        } else {
            (began + chip, None)
        };
        if failure.is_none() {
            for percent in [25_u8, 50, 75] {
                let at = began + chip.mul_f64(f64::from(percent) / 100.0);
                agenda.plan(at, Due::ChipProgress(run, percent));
            }
            let portrait = began + chip.mul_f64(self.visit.portrait_at);
            agenda.plan(portrait + self.hop(), Due::ChipPortrait(run));
        }
        let judged = if failure.is_none() {
            self.cost(|costs| costs.inspect)
        } else {
            Duration::ZERO
        };
        agenda.plan(ends + judged + self.hop(), Due::ChipEnds(run));
        self.reading = Some(Reading {
            run,
            ticket,
            began,
            ends,
            failure,
        });
    }

    fn asked(&self, run: u32) -> Option<Asked> {
        let reading = self.reading.as_ref().filter(|reading| reading.run == run)?;
        reading.failure.is_none().then(|| reading.ticket.asked())
    }

    pub(super) fn chip_progress(&self, run: u32, percent: u8) -> Option<Event> {
        self.asked(run)
            .map(|asked| Event::ChipProgress(asked, percent))
    }

    pub(super) fn chip_portrait(&self, run: u32) -> Option<Event> {
        let portrait = Portrait {
            kind: PortraitKind::Jpeg,
            bytes: Vec::new().into(),
        };
        self.asked(run)
            .map(|asked| Event::PortraitRead(asked, Box::new(portrait)))
    }

    pub(super) fn chip_ends(&mut self, now: Instant, run: u32) -> Vec<Event> {
        let Some(reading) = self.reading.take_if(|reading| reading.run == run) else {
            return Vec::new();
        };
        let read = reading.ends.min(now);
        let spans = vec![
            Span::new("read chip", SpanKind::Device, reading.began, read),
            Span::new("inspect chip", SpanKind::Software, read, now),
        ];
        let spent = Event::Spent(reading.ticket.asked(), spans);
        let result = match reading.failure {
            Some(failure) => Err(failure),
            None => Ok(papers::findings(self.visit.papers)),
        };
        vec![spent, Event::ChipRead(reading.ticket, result)]
    }

    pub(super) fn prepare_portrait(&mut self, now: Instant, ticket: Ticket, agenda: &mut Agenda) {
        let began = self.portrait_free.max(now + self.hop());
        let ready = began
            + self.cost(|costs| costs.decode_portrait)
            + self.cost(|costs| costs.embed_portrait);
        self.portrait_free = ready;
        agenda.plan(ready + self.hop(), Due::PortraitReady(ticket, began));
    }

    pub(super) fn portrait_ready(
        &mut self,
        now: Instant,
        ticket: Ticket,
        began: Instant,
    ) -> Vec<Event> {
        let span = Span::new("prepare portrait", SpanKind::Software, began, now);
        let mut events = vec![Event::Spent(ticket.asked(), vec![span])];
        events.push(Event::PortraitReady(ticket, Ok(())));
        if let Some(face) = &mut self.face {
            face.portrait(now);
            events.extend(
                face.news(now)
                    .map(|report| Event::FaceJudged(face.asked, report)),
            );
        }
        events
    }

    pub(super) fn capture_face(&mut self, now: Instant, asked: Asked, agenda: &mut Agenda) {
        self.face = Some(Attempt::new(asked, self.visit.papers));
        agenda.plan(next_frame(now), Due::Frame(asked));
    }

    pub(super) fn frame(
        &mut self,
        now: Instant,
        asked: Asked,
        trouble: &Trouble,
        agenda: &mut Agenda,
    ) {
        if self
            .attempt(asked)
            .is_some_and(|attempt| !attempt.is_decided())
        {
            if !self.is_plugged(Device::Camera) {
                agenda.plan(next_frame(now), Due::Frame(asked));
                return;
            }
            let dark = trouble.has(Fault::CameraDark);
            let view = if dark { View::Nobody } else { self.view };
            let done = now + self.cost(|costs| costs.examine_frame) + self.hop();
            agenda.plan(done, Due::FrameExamined(asked, now, view));
        }
    }

    pub(super) fn frame_examined(
        &mut self,
        now: Instant,
        asked: Asked,
        taken: Instant,
        view: View,
        agenda: &mut Agenda,
    ) -> Vec<Event> {
        let Some(attempt) = self.attempt(asked) else {
            return Vec::new();
        };
        let spans = vec![
            frame_span(taken, view),
            Span::new("examine frame", SpanKind::Software, taken, now),
        ];
        attempt.frame(now, view);
        let mut events = vec![Event::Spent(asked, spans)];
        events.extend(
            attempt
                .news(now)
                .map(|report| Event::FaceJudged(asked, report)),
        );
        agenda.plan(next_frame(now), Due::Frame(asked));
        events
    }

    fn attempt(&mut self, asked: Asked) -> Option<&mut Attempt> {
        self.face.as_mut().filter(|attempt| attempt.asked == asked)
    }

    pub(super) fn ask_lists(
        &mut self,
        now: Instant,
        ticket: Ticket,
        trouble: &Trouble,
        agenda: &mut Agenda,
    ) {
        let silent = trouble.has(Fault::ListsSilent) || trouble.has(Fault::NetworkCut);
        if silent || !self.is_plugged(Device::Lists) {
            return;
        }
        let answer = Event::ListsAnswered(ticket, ListsAnswer::Clear);
        agenda.plan(
            now + self.cost(|costs| costs.lists) + self.hop(),
            Due::Tell(answer),
        );
    }

    /// Nothing is known of the traveller any more.
    pub(super) fn forget(&mut self) {
        self.reading = None;
        self.face = None;
    }

    /// What a piece of the program's work costs this time.
    pub(super) fn cost(&mut self, which: impl Fn(&Costs) -> Cost) -> Duration {
        which(&self.costs).draw(&mut self.costs_rng)
    }

    fn hop(&mut self) -> Duration {
        self.cost(|costs| costs.hop)
    }
}

/// The camera keeps its own beat.
/// The camera is busy with a frame from one beat to the next; what shows no face that can be used
/// was the traveller's time.
fn frame_span(taken: Instant, view: View) -> Span {
    let since = Instant::from_micros(taken.as_micros() - FRAME.as_micros() as u64);
    match view.is_useful() {
        true => Span::new("take camera frame", SpanKind::Device, since, taken),
        false => Span::new("look at the camera", SpanKind::Human, since, taken),
    }
}

fn next_frame(now: Instant) -> Instant {
    let beat = FRAME.as_micros() as u64;
    Instant::from_micros((now.as_micros() / beat + 1) * beat)
}
