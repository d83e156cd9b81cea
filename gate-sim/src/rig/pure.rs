//! The pure rig: a whole lane in one thread and in virtual time.
//!
//! Session, both ends of the link and interlock are the real ones. Pins hang on the world, bytes
//! take their time on the line, devices and people answer after theirs. Nothing waits: the clock
//! jumps to whatever happens next.

use super::agenda::{Agenda, Due};
use super::board::Board;
use super::devices::{Costs, Devices};
use super::host::Host;
use super::line::Line;
use super::monitor::{Monitor, Violation};
use crate::profile::Profile;
use crate::world::{Persona, World};
use gate_document::mrz::MrzError;
use gate_protocol::pins::{Bits, Input};
use gate_protocol::{CheckedSite, Door, Instant, ToController};
use gate_session::journey::Stage;
use gate_session::{
    DecidedBy, Device, Effect, Event, Left, Limits, Next, OfficerDecision, Outcome, Record, Screen,
    Session, Span, SpanKind, Timeline,
};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::collections::VecDeque;
use std::time::Duration;

/// Time between two scans while something moves. The controller scans every millisecond; nothing
/// in the lane is faster than this.
const SCAN: Duration = Duration::from_millis(10);
/// The same while nothing has happened for a while.
const SCAN_AT_REST: Duration = Duration::from_millis(50);
/// Longer than the interlock's delays for inputs: whatever has changed has been believed by then.
const RESTLESS: Duration = Duration::from_millis(700);
/// What the host asked for is done by the controller's next scan.
const SCAN_SOON: Duration = Duration::from_millis(1);
/// How long an officer looks at a case before sending the traveller back.
const OFFICER: Duration = Duration::from_secs(5);
/// The lane has started, or a traveller has come and gone, by then.
const PATIENCE: Duration = Duration::from_secs(300);

/// What became of one traveller.
#[derive(Clone, Debug)]
pub struct Journey {
    /// Who came.
    pub persona: Persona,
    /// What the gate decided.
    pub outcome: Outcome,
    /// How the traveller left.
    pub left: Left,
    /// Where the time went.
    pub timeline: Timeline,
    /// From setting out until the lane was free for the next.
    pub whole: Duration,
}

/// Why a traveller could not be served.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RigError {
    /// The lane hangs, or somebody is locked in. The seed reproduces it.
    #[error(
        "{persona} not served after {after:?}: lane waits in {stage:?}, {inside} people inside"
    )]
    Stuck {
        /// Who came.
        persona: &'static str,
        /// How long they have been waited for.
        after: Duration,
        /// What the session waits for.
        stage: Stage,
        /// People between the doors.
        inside: usize,
    },
    /// A traveller came and went and the journal knows nothing.
    #[error("{persona} came and went, and the journal knows nothing of it")]
    NotRecorded {
        /// Who came.
        persona: &'static str,
    },
    /// The rig's own test documents cannot be read.
    #[error("test document: {0}")]
    Document(#[from] MrzError),
}

/// What the journal has of the present traveller.
#[derive(Debug, Default)]
struct Notes {
    /// The session's number of the traveller, and the gate's own decision.
    decided: Option<(u64, Outcome)>,
    completed: Option<(Left, Timeline)>,
}

/// A lane in virtual time.
#[derive(Debug)]
pub struct PureRig {
    now: Instant,
    session: Session,
    host: Host,
    board: Board,
    world: World,
    devices: Devices,
    to_host: Line,
    to_controller: Line,
    agenda: Agenda,
    monitor: Monitor,
    inputs: Bits,
    outputs: Bits,
    scan_at: Instant,
    restless_until: Instant,
    host_at: Instant,
    session_at: Option<Instant>,
    notes: Notes,
    screens: VecDeque<(Instant, Screen)>,
}

impl PureRig {
    /// A lane whose devices all work, and nobody in it. The same seed meets the same people.
    ///
    /// # Errors
    ///
    /// [`RigError::Document`] if the rig's own documents cannot be read.
    pub fn new(profile: Profile, costs: Costs, seed: u64) -> Result<Self, RigError> {
        let now = Instant::ZERO;
        let rng = ChaCha8Rng::seed_from_u64(!seed);
        let mut rig = Self {
            now,
            session: Session::new(Limits::default()),
            host: Host::new(now),
            board: Board::new(now, CheckedSite::default()),
            world: World::new(profile.clone(), seed),
            devices: Devices::new(profile, costs, rng)?,
            to_host: Line::default(),
            to_controller: Line::default(),
            agenda: Agenda::default(),
            monitor: Monitor::default(),
            inputs: Bits(0),
            outputs: Bits(0),
            scan_at: now,
            restless_until: now,
            host_at: now,
            session_at: None,
            notes: Notes::default(),
            screens: VecDeque::new(),
        };
        for device in Device::ALL
            .into_iter()
            .filter(|device| *device != Device::Controller)
        {
            rig.session.handle(now, Event::DeviceReady(device));
        }
        rig.settle();
        Ok(rig)
    }

    /// Lets one traveller come and go.
    ///
    /// # Errors
    ///
    /// [`RigError::Stuck`] if the lane is not free for the next in five minutes,
    /// [`RigError::NotRecorded`] if no decision was written down.
    pub fn serve(&mut self, persona: Persona) -> Result<Journey, RigError> {
        self.run_until(persona, Self::is_free)?;
        self.notes = Notes::default();
        self.screens.clear();
        self.devices.expect(persona);
        self.world.send(persona);
        let began = self.now;
        self.run_until(persona, |rig| {
            rig.is_free() && rig.notes.completed.is_some()
        })?;
        let notes = std::mem::take(&mut self.notes);
        let (Some((_, outcome)), Some((left, timeline))) = (notes.decided, notes.completed) else {
            return Err(RigError::NotRecorded {
                persona: persona.word(),
            });
        };
        Ok(Journey {
            persona,
            outcome,
            left,
            timeline,
            whole: self.now.since(began),
        })
    }

    /// Holds an input of the controller at a level from `after` now on, or lets it go: see
    /// [`World::force`].
    pub fn disturb(&mut self, after: Duration, input: Input, level: Option<bool>) {
        self.agenda.plan(self.now + after, Due::Pin(input, level));
    }

    /// Virtual time since the lane started.
    #[must_use]
    pub const fn now(&self) -> Instant {
        self.now
    }

    /// The people and doors, for faults.
    pub const fn world(&mut self) -> &mut World {
        &mut self.world
    }

    /// What must never happen and has.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        self.monitor.violations()
    }

    /// What the screen said to the last traveller, and when.
    pub fn screens(&self) -> impl Iterator<Item = (Instant, Screen)> {
        self.screens.iter().copied()
    }

    fn is_free(&self) -> bool {
        self.session.stage() == Stage::AwaitTraveller && self.world.is_deserted()
    }

    fn run_until(
        &mut self,
        persona: Persona,
        done: impl Fn(&Self) -> bool,
    ) -> Result<(), RigError> {
        let began = self.now;
        while !done(self) {
            if self.now.since(began) > PATIENCE {
                return Err(RigError::Stuck {
                    persona: persona.word(),
                    after: self.now.since(began),
                    stage: self.session.stage(),
                    inside: self.world.people_inside(),
                });
            }
            self.turn();
        }
        Ok(())
    }

    /// Jumps to the next thing that happens, and lets everything follow that follows from it.
    fn turn(&mut self) {
        let others = [self.agenda.next(), self.session_at].into_iter().flatten();
        let next = others.fold(self.scan_at.min(self.host_at), Instant::min);
        self.now = self.now.max(next);
        while let Some(due) = self.agenda.pop(self.now) {
            self.happen(due);
        }
        if self.scan_at <= self.now {
            self.scan();
        }
        if self.session_at.is_some_and(|at| at <= self.now) {
            self.session.handle(self.now, Event::DeadlineReached);
        }
        self.settle();
    }

    fn scan(&mut self) {
        let now = self.now;
        let inputs = self.world.step(now, self.outputs);
        while let Some(action) = self.world.action() {
            self.devices.notice(now, action, &mut self.agenda);
        }
        let (outputs, rules) = self.board.scan(now, inputs);
        self.monitor.judge(rules);
        self.monitor.watch(now, self.board.state(), inputs, outputs);
        if (inputs, outputs) != (self.inputs, self.outputs) || self.world.rests_until().is_none() {
            self.restless_until = now + RESTLESS;
        }
        (self.inputs, self.outputs) = (inputs, outputs);
        let wait = if now < self.restless_until {
            SCAN
        } else {
            SCAN_AT_REST
        };
        let wakes = self.world.rests_until().unwrap_or(now).max(now + SCAN);
        self.scan_at = (now + wait).min(wakes);
    }

    fn happen(&mut self, due: Due) {
        let now = self.now;
        let agenda = &mut self.agenda;
        match due {
            Due::AtHost(wire) => self.host.receive(now, &wire),
            Due::AtController(wire) => self.board.receive(now, &wire),
            Due::Screen(screen) => self.world.show(now, screen),
            Due::Tell(event) => self.session.handle(now, event),
            Due::ZoneBegins(placed) => self.devices.zone_begins(now, placed, agenda),
            Due::ZoneEnds(placed) => self.devices.zone_ends(now, placed, agenda),
            Due::ChipProgress(run, percent) => {
                let event = self.devices.chip_progress(run, percent);
                self.tell(event);
            }
            Due::ChipPortrait(run) => {
                let event = self.devices.chip_portrait(run);
                self.tell(event);
            }
            Due::ChipEnds(run) => {
                let events = self.devices.chip_ends(now, run);
                self.tell(events);
            }
            Due::PortraitReady(ticket, began) => {
                let events = self.devices.portrait_ready(now, ticket, began);
                self.tell(events);
            }
            Due::Frame(asked) => self.devices.frame(now, asked, agenda),
            Due::FrameExamined(asked, taken, view) => {
                let events = self.devices.frame_examined(now, asked, taken, view, agenda);
                self.tell(events);
            }
            Due::Pin(input, level) => {
                self.world.force(input, level);
                self.scan_at = now;
            }
            Due::Recorded(ticket, span, clears) => {
                if clears {
                    self.monitor.cleared();
                }
                let spent = Event::Spent(ticket.asked(), vec![span]);
                self.tell([spent, Event::Recorded(ticket, true)]);
            }
        }
    }

    fn tell(&mut self, events: impl IntoIterator<Item = Event>) {
        for event in events {
            self.session.handle(self.now, event);
        }
    }

    /// Lets session and link say everything they have to say.
    fn settle(&mut self) {
        let now = self.now;
        loop {
            self.session_at = loop {
                match self.session.next() {
                    Next::Do(effect) => self.start(effect),
                    Next::Wait(deadline) => break deadline,
                }
            };
            self.host_at = loop {
                match self.host.next(now) {
                    Ok(wire) => {
                        let arrives = self.to_controller.send(now, wire.len());
                        self.agenda.plan(arrives, Due::AtController(wire));
                    }
                    Err(deadline) => break deadline,
                }
            };
            let mut asked = false;
            while let Ok(wire) = self.board.next(now, &mut asked) {
                let arrives = self.to_host.send(now, wire.len());
                self.agenda.plan(arrives, Due::AtHost(wire));
            }
            if asked {
                self.scan_at = self.scan_at.min(now + SCAN_SOON);
                self.restless_until = now + RESTLESS;
            }
            let Some(event) = self.host.event() else {
                return;
            };
            self.session.handle(now, event);
            while let Some(event) = self.host.event() {
                self.session.handle(now, event);
            }
        }
    }

    fn start(&mut self, effect: Effect) {
        let now = self.now;
        let agenda = &mut self.agenda;
        match effect {
            Effect::SetMode(mode) => self.host.send(ToController::SetMode { mode }),
            Effect::ShowSign(sign) => self.host.send(ToController::Show { sign }),
            Effect::ReleaseExit(passage, wait) => {
                let for_ms = u16::try_from(wait.as_millis()).unwrap_or(u16::MAX);
                self.host.send(ToController::Permit {
                    door: Door::Exit,
                    for_ms,
                    passage,
                });
            }
            Effect::SendBack(passage) => self.host.send(ToController::SendBack { passage }),
            Effect::Show(_, screen) => {
                self.screens.push_back((now, screen));
                agenda.plan(now + self.devices.costs().display, Due::Screen(screen));
            }
            Effect::ReadChip(ticket, _) => self.devices.read_chip(now, ticket, agenda),
            Effect::PreparePortrait(ticket, _) => {
                self.devices.prepare_portrait(now, ticket, agenda);
            }
            Effect::CaptureFace(ticket) => {
                self.devices.capture_face(now, ticket.asked(), agenda);
            }
            Effect::AskLists(ticket, _) => self.devices.ask_lists(now, ticket, agenda),
            Effect::Record(ticket, record) => {
                let costs = self.devices.costs();
                let done = now + costs.hop + costs.journal + costs.hop;
                let span = Span::new("write journal", SpanKind::Software, now, done);
                let clears = matches!(
                    *record,
                    Record::Decision {
                        outcome: Outcome::Cleared,
                        ..
                    }
                );
                agenda.plan(done, Due::Recorded(ticket, span, clears));
                self.note(*record);
            }
            Effect::CallOfficer(traveller, _) => {
                let decision = Event::OfficerDecided(traveller, OfficerDecision::SendBack);
                agenda.plan(now + OFFICER, Due::Tell(decision));
            }
            Effect::Forget => self.devices.forget(),
            Effect::JudgePermit(ticket, _, printed) => {
                self.devices
                    .judge_permit(now, ticket, printed.is_some(), agenda);
            }
        }
    }

    fn note(&mut self, record: Record) {
        match record {
            Record::Decision {
                traveller,
                outcome,
                by: DecidedBy::Gate,
                ..
            } => {
                self.notes.decided.get_or_insert((traveller, outcome));
            }
            Record::Decision { .. } => {}
            // People who walk away past the entry are counted as others who did not step in.
            Record::Completion {
                traveller,
                left,
                timeline,
            } => {
                if self
                    .notes
                    .decided
                    .is_some_and(|(number, _)| number == traveller)
                {
                    self.notes.completed = Some((left, timeline));
                }
            }
        }
    }
}
