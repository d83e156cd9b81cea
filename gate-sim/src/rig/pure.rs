//! The pure rig: a whole lane in one thread and in virtual time.
//!
//! Session, both ends of the link and interlock are the real ones. Pins hang on the world, bytes
//! take their time on the line, devices and people answer after theirs. Nothing waits: the clock
//! jumps to whatever happens next.

use super::agenda::{Agenda, Due};
use super::board::Board;
use super::book::{Book, Notes};
use super::costs::Costs;
use super::devices::Devices;
use super::host::Host;
use super::layout::Layout;
use super::line::Line;
use super::monitor::{Monitor, Violation};
use super::trouble::Trouble;
use crate::fault::Fault;
use crate::profile::Profile;
use crate::recording::Side;
use crate::scenario::observed::{Fate, Said};
use crate::scenario::{self, Observed, Rig, Told};
use crate::world::{Persona, World};
use gate_document::mrz::MrzError;
use gate_protocol::frame::Wire;
use gate_protocol::pins::{Bits, Input};
use gate_protocol::{CheckedSite, Door, Instant, State, ToController};
use gate_session::journey::Stage;
use gate_session::{
    DecidedBy, Effect, Event, Left, Next, OfficerDecision, Outcome, Record, Screen, Session, Span,
    SpanKind, Ticket, Timeline,
};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::collections::VecDeque;
use std::time::Duration;

/// Time between two looks at the world while something moves. Nothing in the lane is faster than this.
const SCAN: Duration = Duration::from_millis(10);
/// The controller scans every millisecond; here, as soon as an input has changed, and for the sake of
/// its timers this often.
const SCAN_FOR_TIMERS: Duration = Duration::from_millis(20);
/// The same while nothing has happened for a while.
const SCAN_AT_REST: Duration = Duration::from_millis(50);
/// Longer than the interlock's delays for inputs: whatever has changed has been believed by then.
const RESTLESS: Duration = Duration::from_millis(700);
/// What the host asked for is done by the controller's next scan.
const SCAN_SOON: Duration = Duration::from_millis(1);
/// An entry on a disk that is slow.
const SLOW_DISK: Duration = Duration::from_millis(1_500);
/// So much is told before anybody listens: the oldest is forgotten.
const TOLD_MAX: usize = 1_000;
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

/// A lane in virtual time.
#[derive(Debug)]
pub struct PureRig {
    pub(super) now: Instant,
    pub(super) session: Session,
    pub(super) layout: Layout,
    pub(super) host: Host,
    pub(super) board: Board,
    pub(super) world: World,
    pub(super) devices: Devices,
    to_host: Line,
    to_controller: Line,
    pub(super) agenda: Agenda,
    pub(super) monitor: Monitor,
    inputs: Bits,
    outputs: Bits,
    pub(super) scan_at: Instant,
    /// When the controller scans even if no input has changed.
    controller_at: Instant,
    restless_until: Instant,
    host_at: Instant,
    pub(super) session_at: Option<Instant>,
    /// When the journal has written everything that was given to it.
    pub(super) journal_free: Instant,
    /// The daemon's process is there; it may hang.
    pub(super) host_lives: bool,
    /// How often the daemon has been started.
    pub(super) starts: u32,
    /// What waits for a daemon that hangs.
    pub(super) held: Vec<Due>,
    pub(super) trouble: Trouble,
    pub(super) book: Book,
    state: State,
    told: VecDeque<(Instant, Told)>,
    screens: VecDeque<(Instant, Screen)>,
    /// What a report shows, if there is going to be one.
    pub(super) observed: Option<Observed>,
}

impl PureRig {
    /// A lane whose devices all work, and nobody in it. The same seed meets the same people.
    ///
    /// # Errors
    ///
    /// [`RigError::Document`] if the rig's own documents cannot be read.
    pub fn new(profile: Profile, costs: Costs, seed: u64) -> Result<Self, RigError> {
        Self::of(Layout::OneStep, profile, costs, seed)
    }

    /// The same, of this layout.
    ///
    /// # Errors
    ///
    /// As [`PureRig::new`].
    pub fn of(layout: Layout, profile: Profile, costs: Costs, seed: u64) -> Result<Self, RigError> {
        let now = Instant::ZERO;
        let rng = ChaCha8Rng::seed_from_u64(!seed);
        let mut rig = Self {
            now,
            session: layout.session(),
            layout,
            host: Host::new(now, 1),
            board: Board::new(now, Ok(CheckedSite::default())),
            world: layout.world(World::new(profile.clone(), seed)),
            devices: Devices::new(profile, costs, rng)?,
            to_host: Line::default(),
            to_controller: Line::default(),
            agenda: Agenda::default(),
            monitor: Monitor::default(),
            inputs: Bits(0),
            outputs: Bits(0),
            scan_at: now,
            controller_at: now,
            restless_until: now,
            host_at: now,
            session_at: None,
            journal_free: now,
            host_lives: true,
            starts: 1,
            held: Vec::new(),
            trouble: Trouble::new(seed),
            book: Book::default(),
            state: State::default(),
            told: VecDeque::new(),
            screens: VecDeque::new(),
            observed: None,
        };
        rig.greet();
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
        self.book.notes = Notes::default();
        self.screens.clear();
        self.told.clear();
        self.come(persona);
        let began = self.now;
        self.run_until(persona, |rig| {
            rig.is_free() && rig.book.notes.completed.is_some()
        })?;
        let notes = std::mem::take(&mut self.book.notes);
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

    /// Somebody sets out for the lane.
    pub fn come(&mut self, persona: Persona) {
        self.devices.expect(persona);
        self.world.send(persona);
        self.stir();
    }

    /// Lives on until something is told or `until` is reached.
    pub fn live(&mut self, until: Instant) -> Option<(Instant, Told)> {
        while self.told.is_empty() && self.next_turn() <= until {
            self.turn();
        }
        if self.told.is_empty() {
            self.now = self.now.max(until);
        }
        self.told.pop_front()
    }

    /// Nobody is in or near the lane, and nothing was left in it.
    #[must_use]
    pub fn is_deserted(&self) -> bool {
        self.world.is_deserted()
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

    /// The lane waits for a traveller, and nobody is there.
    #[must_use]
    pub fn is_free(&self) -> bool {
        self.host_works()
            && self.session.stage() == Stage::AwaitTraveller
            && self.world.is_deserted()
    }

    fn host_works(&self) -> bool {
        self.host_lives && !self.trouble.has(Fault::HostHangs)
    }

    /// The lane is looked at closely for a while.
    pub(super) fn stir(&mut self) {
        self.restless_until = self.now + RESTLESS;
        self.scan_at = self.scan_at.min(self.now + SCAN_SOON);
        self.controller_at = self.scan_at;
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

    fn next_turn(&self) -> Instant {
        let works = self.host_works();
        let host = works.then_some(self.host_at);
        let session = self.session_at.filter(|_| works);
        [self.agenda.next(), session, host]
            .into_iter()
            .flatten()
            .fold(self.scan_at, Instant::min)
    }

    /// Jumps to the next thing that happens, and lets everything follow that follows from it.
    fn turn(&mut self) {
        self.now = self.now.max(self.next_turn());
        let mut quiet = true;
        while let Some(due) = self.agenda.pop(self.now) {
            self.happen(due);
            quiet = false;
        }
        if self.scan_at <= self.now {
            quiet &= !self.scan();
        }
        if self.host_works() {
            quiet &= self.host_at > self.now;
            if self.session_at.is_some_and(|at| at <= self.now) {
                self.session.handle(self.now, Event::DeadlineReached);
                quiet = false;
            }
        }
        if !quiet {
            self.settle();
        }
    }

    /// Lets the world live on, and the controller scan if it may have something to do. Tells whether it
    /// did.
    fn scan(&mut self) -> bool {
        let now = self.now;
        let inputs = self.world.step(now, self.outputs);
        while let Some(action) = self.world.action() {
            self.devices.notice(now, action, &mut self.agenda);
        }
        if inputs == self.inputs && now < self.controller_at {
            self.scan_at = now + SCAN;
            return false;
        }
        self.controller_at = now + SCAN_FOR_TIMERS;
        let (outputs, rules) = self.board.scan(now, inputs);
        self.monitor.judge(rules);
        if self.board.is_powered() {
            let state = self.board.state();
            let forced =
                self.trouble.has(Fault::EntryForced) || self.trouble.has(Fault::ExitForced);
            let emergency = state == State::Emergency;
            let pins = (inputs, outputs);
            self.monitor.watch(now, emergency, pins, forced);
            if state != self.state {
                self.state = state;
                self.tell_bench(Told::Controller(state));
            }
        }
        if (inputs, outputs) != (self.inputs, self.outputs) || self.world.rests_until().is_none() {
            self.restless_until = now + RESTLESS;
        }
        (self.inputs, self.outputs) = (inputs, outputs);
        if let Some(observed) = &mut self.observed {
            observed.levels(now, inputs, outputs);
        }
        let wait = if now < self.restless_until {
            self.pace()
        } else {
            SCAN_AT_REST
        };
        let wakes = self.world.rests_until().unwrap_or(now).max(now + SCAN);
        self.scan_at = (now + wait).min(wakes);
        true
    }

    /// How soon something may have changed: nothing does by itself in a world at rest but the
    /// controller's timers.
    fn pace(&self) -> Duration {
        match self.world.rests_until() {
            None => SCAN,
            Some(_) => SCAN_FOR_TIMERS,
        }
    }

    fn happen(&mut self, due: Due) {
        if !due.is_of_the_world() && !self.host_works() {
            if self.host_lives {
                self.held.push(due);
            }
            return;
        }
        let now = self.now;
        let agenda = &mut self.agenda;
        match due {
            Due::AtHost(wire) => self.host.receive(now, &wire),
            Due::AtController(wire) => self.board.receive(now, &wire),
            Due::Screen(screen) => {
                self.world.show(now, screen);
                self.tell_bench(Told::Screen(screen));
            }
            Due::HostStarts => self.start_host(),
            Due::Tell(event) => self.session.handle(now, event),
            Due::ZoneBegins(placed) => self.devices.zone_begins(now, placed, agenda),
            Due::ZoneEnds(placed) => self.devices.zone_ends(now, placed, &self.trouble, agenda),
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
            Due::Frame(asked) => self.devices.frame(now, asked, &self.trouble, agenda),
            Due::FrameExamined(asked, taken, view) => {
                let events = self.devices.frame_examined(now, asked, taken, view, agenda);
                self.tell(events);
            }
            Due::Pin(input, level) => {
                self.world.force(input, level);
                self.scan_at = now;
                self.controller_at = now;
            }
            Due::Write(ticket, record, began) => self.write(ticket, *record, began),
            Due::Recorded(ticket, span, written) => {
                let spent = Event::Spent(ticket.asked(), vec![span]);
                self.tell([spent, Event::Recorded(ticket, written)]);
            }
        }
    }

    /// An entry reaches the disk, if there is room.
    fn write(&mut self, ticket: Ticket, record: Record, began: Instant) {
        let done = self.now + self.devices.cost(|costs| costs.hop);
        let span = Span::new("write journal", SpanKind::Software, began, done);
        let written = !self.trouble.has(Fault::DiskFull);
        if !written {
            self.book.miss(&record);
        } else {
            match &record {
                Record::Decision { outcome, .. } if *outcome == Outcome::Cleared => {
                    self.monitor.cleared();
                }
                Record::Decision {
                    by: DecidedBy::Gate,
                    ..
                } => self.monitor.taken_back(),
                Record::Decision { .. } | Record::Completion { .. } => {}
            }
            if let Some(observed) = &mut self.observed {
                observed.entry(&record);
            }
            let (told, violation) = self.book.write(self.now, record);
            self.tell_bench(told);
            if let Some(violation) = violation {
                self.monitor.report(violation);
            }
        }
        self.agenda.plan(done, Due::Recorded(ticket, span, written));
    }

    fn tell_bench(&mut self, told: Told) {
        if self.told.len() == TOLD_MAX {
            self.told.pop_front();
        }
        self.told.push_back((self.now, told));
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
            if self.host_works() {
                self.settle_host();
            }
            let mut asked = false;
            while let Ok(wire) = self.board.next(now, &mut asked) {
                let (wire, times) = self.carry(Side::Device, wire);
                for _ in 0..times {
                    let arrives = self.to_host.send(now, wire.len());
                    self.agenda.plan(arrives, Due::AtHost(wire.clone()));
                }
            }
            if asked {
                self.scan_at = self.scan_at.min(now + SCAN_SOON);
                self.controller_at = self.scan_at;
                self.restless_until = now + RESTLESS;
            }
            if let Some(observed) = &mut self.observed {
                for (from, words) in self.host.heard() {
                    observed.passed(now, from, Said::Message(words));
                }
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

    fn settle_host(&mut self) {
        let now = self.now;
        self.session_at = loop {
            match self.session.next() {
                Next::Do(effect) => self.start(effect),
                Next::Wait(deadline) => break deadline,
            }
        };
        self.host_at = loop {
            match self.host.next(now) {
                Ok(wire) => {
                    let (wire, times) = self.carry(Side::Host, wire);
                    for _ in 0..times {
                        let arrives = self.to_controller.send(now, wire.len());
                        self.agenda.plan(arrives, Due::AtController(wire.clone()));
                    }
                }
                Err(deadline) => break deadline,
            }
        };
    }

    /// What becomes of a frame on the line: what arrives, and how often.
    fn carry(&mut self, from: Side, sent: Wire) -> (Wire, usize) {
        let Some(observed) = &mut self.observed else {
            return self.trouble.carry(sent);
        };
        let (arrives, times) = self.trouble.carry(sent.clone());
        let fate = Fate::of(&sent, &arrives, times);
        let frame = Said::Frame(arrives.to_vec(), fate);
        observed.passed(self.now, from, frame);
        (arrives, times)
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
            Effect::ReleaseEntry(wait) => {
                let for_ms = u16::try_from(wait.as_millis()).unwrap_or(u16::MAX);
                self.host.send(ToController::Permit {
                    door: Door::Entry,
                    for_ms,
                    passage: 0,
                });
            }
            Effect::SendBack(passage) => self.host.send(ToController::SendBack { passage }),
            Effect::Show(_, screen) => {
                self.screens.push_back((now, screen));
                let display = self.devices.cost(|costs| costs.display);
                agenda.plan(now + display, Due::Screen(screen));
            }
            Effect::ReadChip(ticket, _) => {
                self.devices.read_chip(now, ticket, &self.trouble, agenda);
            }
            Effect::PreparePortrait(ticket, _) => {
                self.devices.prepare_portrait(now, ticket, agenda);
            }
            Effect::CaptureFace(ticket) => {
                self.devices.capture_face(now, ticket.asked(), agenda);
            }
            Effect::AskLists(ticket, _) => {
                self.devices.ask_lists(now, ticket, &self.trouble, agenda);
            }
            Effect::Record(ticket, record) => {
                let slow = self.trouble.has(Fault::DiskSlow);
                let hop = self.devices.cost(|costs| costs.hop);
                let disk = match slow {
                    true => SLOW_DISK,
                    false => self.devices.cost(|costs| costs.journal),
                };
                // One entry after the other, whoever waits.
                let on_disk = self.journal_free.max(now + hop) + disk;
                self.journal_free = on_disk;
                agenda.plan(on_disk, Due::Write(ticket, record, now));
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
}

impl Rig for PureRig {
    fn name(&self) -> &'static str {
        "pure"
    }

    fn now(&self) -> Instant {
        self.now
    }

    fn can(&self, fault: Fault) -> bool {
        fault.of_bytes().is_none()
    }

    fn comes(&mut self, persona: Persona) -> Result<(), scenario::BenchFault> {
        self.come(persona);
        Ok(())
    }

    fn begins(&mut self, fault: Fault) -> Result<(), scenario::BenchFault> {
        self.begin(fault);
        Ok(())
    }

    fn ends(&mut self, fault: Fault) -> Result<(), scenario::BenchFault> {
        self.end(fault);
        Ok(())
    }

    fn lives(&mut self, until: Instant) -> Result<Option<(Instant, Told)>, scenario::BenchFault> {
        Ok(self.live(until))
    }

    fn is_deserted(&self) -> bool {
        self.world.is_deserted()
    }

    fn is_ready(&self) -> bool {
        self.is_free()
    }

    fn violations(&self) -> Vec<String> {
        let violations = self.monitor.violations().iter();
        violations.map(ToString::to_string).collect()
    }

    fn observe(&mut self) {
        self.observed = Some(Observed::default());
        self.host.listen();
    }

    fn observed(&mut self) -> Observed {
        self.observed.take().unwrap_or_default()
    }
}
