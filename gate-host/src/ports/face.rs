//! Faces: two threads, so that the portrait never waits for a camera frame.
//!
//! One watches the camera while a traveller is examined, the other turns the portrait of the chip
//! into a template. They meet in the [`Capture`] of the traveller, which decides over several
//! frames. Everything in it is zeroed when the traveller is forgotten.

use super::Outbox;
use super::camera::{Camera, Frame};
use super::health::Health;
use gate_document::portrait::{self, Portrait};
use gate_face::FaceError;
use gate_face::capture::{Capture, Evidence, Rules, Verdict};
use gate_face::engine::FaceEngine;
use gate_face::picture::is_grey;
use gate_face::quality::Hint;
use gate_face::relief::{self, DepthSensor};
use gate_protocol::Instant;
use gate_session::{
    Asked, Device, Event, FaceHint, FaceReport, FaceVerdict, Span, SpanKind, Ticket,
};
use std::fmt::Display;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::Duration;
use tracing::debug;

/// Portraits that may wait: one traveller has one.
const QUEUE: usize = 4;

/// The journey decides how long a traveller is watched, not the capture.
const PATIENCE: Duration = Duration::from_secs(600);

/// A camera that sends nothing is looked at again after this time.
const FRAME_WAIT: Duration = Duration::from_millis(250);

/// So many answers in a row that are no numbers, from whatever pictures, and the models are lost.
const MODEL_FAULTS: u32 = 3;

/// So many frames in a row that are broken, grey or turned, and the camera is lost: a second at 15 frames a second.
const BAD_FRAMES: u32 = 15;

/// What is lost is tried again after this time.
const TRY_AGAIN: Duration = Duration::from_secs(1);

/// The face of the traveller in the lane.
#[derive(Debug)]
pub struct FacePort {
    shared: Arc<Shared>,
    portraits: mpsc::SyncSender<Job>,
    rules: Rules,
    outbox: Outbox,
}

/// A portrait to prepare.
#[derive(Debug)]
struct Job {
    ticket: Ticket,
    portrait: Box<Portrait>,
    /// The attempt that it is for: no other is ever compared with it.
    attempt: Option<Asked>,
}

/// What both threads and the port see.
#[derive(Debug)]
struct Shared {
    attempt: Mutex<Option<Attempt>>,
    /// Rung when an attempt begins.
    begun: Condvar,
    models: Mutex<Health>,
}

/// The attempt of one traveller.
#[derive(Debug)]
struct Attempt {
    asked: Asked,
    began: Instant,
    capture: Capture,
    /// Good frames before the camera has seen enough.
    enough: usize,
    has_portrait: bool,
    good_frames: usize,
    said: Option<FaceReport>,
}

impl FacePort {
    /// Starts both threads. `depth` is the station's depth camera, if it has one.
    ///
    /// # Errors
    ///
    /// The system's, when no thread can be started.
    pub fn spawn(
        engine: FaceEngine,
        rules: Rules,
        camera: Camera,
        depth: Option<Box<dyn DepthSensor>>,
        outbox: Outbox,
    ) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            attempt: Mutex::new(None),
            begun: Condvar::new(),
            models: Mutex::new(Health::new(Device::FaceModels, MODEL_FAULTS)),
        });
        let engine = Arc::new(engine);
        let (portraits, waiting) = mpsc::sync_channel(QUEUE);
        let watcher = Watcher {
            engine: Arc::clone(&engine),
            shared: Arc::clone(&shared),
            camera,
            frames: Health::new(Device::Camera, BAD_FRAMES),
            depth,
            outbox: outbox.clone(),
        };
        thread::Builder::new()
            .name("face".into())
            .spawn(move || watcher.run())?;
        let (at, to_lane) = (Arc::clone(&shared), outbox.clone());
        thread::Builder::new()
            .name("portrait".into())
            .spawn(move || prepare_all(&engine, &waiting, &at, &to_lane))?;
        outbox.post(Event::DeviceReady(Device::FaceModels));
        let rules = Rules {
            window: PATIENCE,
            ..rules
        };
        Ok(Self {
            shared,
            portraits,
            rules,
            outbox,
        })
    }

    /// Watches for a face from now on; `Event::FaceJudged` follows, several times.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "the ticket ends here: its answers are news"
    )]
    pub fn capture(&self, ticket: Ticket) {
        let attempt = Attempt {
            asked: ticket.asked(),
            began: self.outbox.now(),
            capture: Capture::new(self.rules),
            enough: self.rules.match_frames,
            has_portrait: false,
            good_frames: 0,
            said: None,
        };
        *self.shared.lock() = Some(attempt);
        self.shared.begun.notify_all();
    }

    /// Turns the portrait into a template; `Event::PortraitReady` follows.
    pub fn prepare(&self, ticket: Ticket, portrait: Box<Portrait>) {
        let attempt = self.shared.lock().as_ref().map(|attempt| attempt.asked);
        let job = Job {
            ticket,
            portrait,
            attempt,
        };
        if let Err(mpsc::TrySendError::Full(job) | mpsc::TrySendError::Disconnected(job)) =
            self.portraits.try_send(job)
        {
            self.outbox.post(Event::PortraitReady(
                job.ticket,
                Err("too many portraits at once".into()),
            ));
        }
    }

    /// Zeroes everything that is known of the traveller's face.
    pub fn forget(&self) {
        *self.shared.lock() = None;
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Option<Attempt>> {
        self.attempt.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits so long, or until somebody is to be watched.
    fn pause(&self, at_most: Duration) {
        drop(self.begun.wait_timeout(self.lock(), at_most));
    }

    fn models_are_lost(&self) -> bool {
        let models = self.models.lock();
        models.unwrap_or_else(PoisonError::into_inner).is_lost()
    }

    /// Tells the lane when the models fail for good, and when they work again.
    fn note_models(&self, answer: Result<(), FaceError>, outbox: &Outbox) {
        let mut models = self.models.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(event) = models.note(answer) {
            outbox.post(event);
        }
    }

    /// Waits until somebody is to be watched and tells who.
    fn wait(&self) -> Asked {
        let mut attempt = self.lock();
        loop {
            match &*attempt {
                Some(attempt) => return attempt.asked,
                None => {
                    attempt = self
                        .begun
                        .wait(attempt)
                        .unwrap_or_else(PoisonError::into_inner)
                }
            }
        }
    }
}

struct Watcher {
    engine: Arc<FaceEngine>,
    shared: Arc<Shared>,
    camera: Camera,
    /// Whether its frames can be used.
    frames: Health,
    depth: Option<Box<dyn DepthSensor>>,
    outbox: Outbox,
}

impl Watcher {
    fn run(mut self) {
        while self.outbox.is_open() {
            // Nobody comes while something is lost, so that it has to be tried without anybody.
            if self.frames.is_lost() || self.shared.models_are_lost() {
                self.try_again();
                continue;
            }
            let asked = self.shared.wait();
            if let Some(frame) = self.camera.next(FRAME_WAIT) {
                self.look(asked, &frame);
            }
        }
    }

    /// Whether what was lost works again.
    fn try_again(&mut self) {
        self.shared.pause(TRY_AGAIN);
        if self.shared.models_are_lost() {
            self.shared.note_models(self.engine.probe(), &self.outbox);
        }
        if self.frames.is_lost()
            && let Some(frame) = self.camera.next(FRAME_WAIT)
        {
            let seen = frame.decode().map_err(|problem| problem.to_string());
            let seen = seen.and_then(|picture| match is_grey(&picture) {
                true => Err(FaceError::Grey.to_string()),
                false => Ok(()),
            });
            self.note_frame(seen);
        }
    }

    fn note_frame(&mut self, seen: Result<(), impl Display>) {
        if let Some(event) = self.frames.note(seen) {
            self.outbox.post(event);
        }
    }

    fn look(&mut self, asked: Asked, frame: &Frame) {
        let started = self.outbox.now();
        let result = match frame.decode() {
            Ok(picture) => self.engine.examine(&picture).map(|mut sample| {
                if let Some(sensor) = &mut self.depth {
                    sample.relief = relief::measure(&mut **sensor, &sample.face.landmarks);
                }
                sample
            }),
            Err(problem) => return self.note_frame(Err(problem)),
        };
        match &result {
            Err(fault) if fault.is_fault() => {}
            Err(FaceError::Grey) => self.note_frame(Err(FaceError::Grey)),
            _ => self.note_frame(Ok::<_, FaceError>(())),
        }
        let now = self.outbox.now();
        let mut attempt = self.shared.lock();
        let Some(attempt) = attempt.as_mut().filter(|attempt| attempt.asked == asked) else {
            return; // the traveller has gone meanwhile
        };
        if frame.at < attempt.began {
            return; // shows the lane as it was before this traveller
        }
        let usable = result.is_ok();
        attempt.good_frames += usize::from(usable);
        let judged = attempt.capture.frame(now.since(attempt.began), result);
        self.shared.note_models(judged, &self.outbox);
        let since = frame.since.max(attempt.began);
        let spans = vec![
            // A frame that shows no usable face was the traveller's time, whatever was done with it.
            match usable {
                true => Span::new("take camera frame", SpanKind::Device, since, frame.at),
                false => Span::new("look at the camera", SpanKind::Human, since, frame.at),
            },
            Span::new("examine frame", SpanKind::Software, started, now),
        ];
        self.outbox.post(Event::Spent(asked, spans));
        attempt.say(now, &self.outbox);
    }
}

fn prepare_all(
    engine: &FaceEngine,
    waiting: &mpsc::Receiver<Job>,
    shared: &Shared,
    outbox: &Outbox,
) {
    for Job {
        ticket,
        portrait,
        attempt: asked,
    } in waiting
    {
        let started = outbox.now();
        let decoded = portrait::decode(&portrait).map_err(|problem| problem.to_string());
        drop(portrait);
        let between = outbox.now();
        let template = decoded.and_then(|picture| {
            let picture = Wiped(picture);
            engine.portrait(&picture.0).map_err(|problem| {
                let text = problem.to_string();
                if problem.is_fault() {
                    shared.note_models(Err(problem), outbox);
                }
                text
            })
        });
        let now = outbox.now();
        let spans = vec![
            Span::new("decode portrait", SpanKind::Software, started, between),
            Span::new("embed portrait", SpanKind::Software, between, now),
        ];
        outbox.post(Event::Spent(ticket.asked(), spans));
        let mut attempt = shared.lock();
        let mut attempt = attempt
            .as_mut()
            .filter(|attempt| Some(attempt.asked) == asked);
        let result = match (template, attempt.as_deref_mut()) {
            (Err(problem), _) => Err(problem),
            (Ok(_), None) => Err("the traveller has gone".into()),
            (Ok(template), Some(attempt)) => {
                let taken = attempt.capture.portrait(now.since(attempt.began), template);
                attempt.has_portrait = taken.is_ok();
                taken.map_err(|fault| fault.to_string())
            }
        };
        outbox.post(Event::PortraitReady(ticket, result));
        if let Some(attempt) = attempt {
            attempt.say(now, outbox);
        }
    }
}

/// A picture that is zeroed when it is no longer needed.
struct Wiped(image::RgbImage);

impl Drop for Wiped {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut *self.0);
    }
}

impl Attempt {
    /// Tells the lane what follows from the frames, if it is something new.
    fn say(&mut self, now: Instant, outbox: &Outbox) {
        let verdict = self.capture.verdict(now.since(self.began));
        let report = self.report(verdict);
        let said = self.said.replace(report);
        if said != Some(report) {
            if said.is_none_or(|said| said.verdict != report.verdict) {
                debug!(verdict = ?report.verdict, frames = report.frames, "face");
            }
            outbox.post(Event::FaceJudged(self.asked, report));
        }
    }

    fn report(&self, verdict: Verdict) -> FaceReport {
        let frames = u16::try_from(self.good_frames).unwrap_or(u16::MAX);
        let plain = |verdict| FaceReport {
            verdict,
            likeness: None,
            bona_fide: None,
            frames,
        };
        let compared = |verdict, evidence: Evidence| FaceReport {
            verdict,
            likeness: Some(evidence.likeness.value()),
            bona_fide: Some(evidence.bona_fide.value()),
            frames,
        };
        match verdict {
            Verdict::Undecided(_) if !self.has_portrait && self.good_frames >= self.enough => {
                plain(FaceVerdict::Captured)
            }
            Verdict::Undecided(hint) | Verdict::Poor(hint) => {
                plain(FaceVerdict::Undecided(hint_of(hint)))
            }
            Verdict::NoFace => plain(FaceVerdict::Undecided(FaceHint::LookHere)),
            Verdict::SeveralFaces => plain(FaceVerdict::SeveralFaces),
            Verdict::Match(evidence) => compared(FaceVerdict::Match, evidence),
            Verdict::NoMatch(evidence) => compared(FaceVerdict::NoMatch, evidence),
            Verdict::Attack(bona_fide) => FaceReport {
                bona_fide: Some(bona_fide.value()),
                ..plain(FaceVerdict::Attack)
            },
        }
    }
}

const fn hint_of(hint: Hint) -> FaceHint {
    match hint {
        Hint::NoFace | Hint::LookHere => FaceHint::LookHere,
        Hint::SeveralFaces => FaceHint::OnePerson,
        Hint::Closer => FaceHint::Closer,
        Hint::StepBack => FaceHint::Back,
        Hint::HoldStill => FaceHint::HoldStill,
        Hint::TooDark | Hint::TooBright => FaceHint::Light,
    }
}
