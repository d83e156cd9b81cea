//! The lane as a state machine: one scan after the other. `round` has the way through the stages.

use crate::Limits;
use crate::debounce::Debounce;
use crate::enforce::{Released, Surroundings, enforce};
use crate::leaf::{Finding, Leaf};
use crate::readings::{Lane, Readings};
use crate::signs::{Signs, outputs};
use gate_protocol::pins::Bits;
use gate_protocol::{Door, Event, Fault, Instant, Mode, Passage, Sign, State};
use heapless::Vec;

/// More events than one scan can bring about; the owner fetches them after each scan.
const EVENTS_MAX: usize = 16;

/// A closing door.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Closing {
    /// How often it has met something.
    pub(crate) met: u8,
    /// Until when it stays open again.
    pub(crate) open_until: Option<Instant>,
}

/// Where the lane is in its round. [`State`] is what the host sees of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Stage {
    Secure,
    Idle,
    EntryOpen {
        until: Instant,
        /// Opened by a permit rather than by [`Mode::WalkIn`].
        by_permit: bool,
    },
    EntryClosing(Closing),
    Occupied,
    Several,
    ExitOpen {
        until: Instant,
    },
    ExitClosing {
        closing: Closing,
        /// The lane has been seen empty since the exit opened.
        left: bool,
    },
    Returning,
    LeftObject,
    Emergency,
    Trouble,
}

impl Stage {
    pub(crate) const fn entry_closing() -> Self {
        Self::EntryClosing(Closing {
            met: 0,
            open_until: None,
        })
    }

    pub(crate) const fn exit_closing() -> Self {
        Self::ExitClosing {
            closing: Closing {
                met: 0,
                open_until: None,
            },
            left: false,
        }
    }
}

/// Who is inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Occupant {
    pub(crate) passage: Passage,
    /// Only a thing is left of the person.
    pub(crate) thing: bool,
}

/// Both doors of one lane and everybody in it: see the crate.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Interlock {
    pub(crate) limits: Limits,
    debounce: Debounce,
    inputs: Bits,
    outputs: Bits,
    pub(crate) seen: Readings,

    pub(crate) mode: Mode,
    pub(crate) sign: Sign,
    /// Until when the link's word for the host's lease is good.
    leased_until: Option<Instant>,
    pub(crate) unleased_since: Instant,

    pub(crate) stage: Stage,
    /// When the stage began.
    pub(crate) since: Instant,
    pub(crate) occupant: Option<Occupant>,
    pub(crate) newest_passage: Passage,
    /// Since when the lane has been as it is seen.
    pub(crate) lane_since: Instant,
    entry: Leaf,
    exit: Leaf,

    pub(crate) approached: bool,
    /// Somebody went back through the entry and may still stand in its beam.
    pub(crate) leaving: bool,
    pub(crate) zone_free_since: Option<Instant>,
    contradicted: Option<(Fault, Instant)>,
    /// Since when fire and emergency inputs have been normal.
    pub(crate) calm_since: Option<Instant>,
    /// Something that an officer should look at, whatever the stage.
    pub(crate) alarm: bool,
    pub(crate) buzzer_until: Option<Instant>,

    events: Vec<Event, EVENTS_MAX>,
}

impl Interlock {
    /// A lane after a reset.
    ///
    /// SAF-017: nobody inside that is known of, no permit, no lease, [`Mode::Closed`].
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        let mut events = Vec::new();
        // The queue is empty: there is room.
        let _ = events.push(Event::Started);
        Self {
            limits,
            debounce: Debounce::default(),
            inputs: Bits(0),
            outputs: Bits(0),
            seen: Readings::of(Bits(0)),
            mode: Mode::Closed,
            sign: Sign::Closed,
            leased_until: None,
            unleased_since: Instant::ZERO,
            stage: Stage::Secure,
            since: Instant::ZERO,
            occupant: None,
            newest_passage: 0,
            lane_since: Instant::ZERO,
            entry: Leaf::unknown(),
            exit: Leaf::unknown(),
            approached: false,
            leaving: false,
            zone_free_since: None,
            contradicted: None,
            calm_since: None,
            alarm: false,
            buzzer_until: None,
            events,
        }
    }

    /// Takes the levels of the input pins and says which output pins to drive high.
    ///
    /// To be called every millisecond. The watchdog's bit stays low: that edge is the board's.
    pub fn scan(&mut self, now: Instant, raw: Bits) -> Bits {
        self.observe(now, raw);
        if self.seen.emergency && self.stage != Stage::Emergency {
            self.begin_emergency(now);
        } else if let Some(fault) = self.find_fault(now) {
            self.fail(now, fault);
        } else {
            let next = self.step(now);
            if next != self.stage {
                self.go(now, next);
            }
        }
        let released = enforce(self.surroundings(), self.wanted(now));
        self.entry.tell(released.entry);
        self.exit.tell(released.exit);
        self.outputs = outputs(released, self.signs(now));
        self.outputs
    }

    /// The link's word whether the host holds its lease. Given at least as often as half of
    /// [`Limits::lease_word`]; the interlock does not believe a link that falls silent.
    pub fn lease(&mut self, now: Instant, held: bool) {
        self.lapse(now);
        if held {
            self.leased_until = Some(now + self.limits.lease_word);
        } else if self.leased_until.is_some() {
            self.leased_until = Some(now);
            self.lapse(now);
        }
    }

    /// Reports something wrong that only the board can see.
    pub fn report(&mut self, now: Instant, fault: Fault) {
        if !matches!(self.stage, Stage::Emergency | Stage::Trouble) {
            self.fail(now, fault);
        }
    }

    /// The oldest event not fetched yet.
    pub fn next_event(&mut self) -> Option<Event> {
        (!self.events.is_empty()).then(|| self.events.remove(0))
    }

    /// What the host sees of the lane's stage.
    #[must_use]
    pub const fn state(&self) -> State {
        match self.stage {
            Stage::Secure => State::Secure,
            Stage::Idle => State::Idle,
            Stage::EntryOpen { .. } => State::EntryOpen,
            Stage::EntryClosing(_) => State::EntryClosing,
            Stage::Occupied => State::Occupied,
            Stage::Several => State::Several,
            Stage::ExitOpen { .. } => State::ExitOpen,
            Stage::ExitClosing { .. } => State::ExitClosing,
            Stage::Returning => State::Returning,
            Stage::LeftObject => State::LeftObject,
            Stage::Emergency => State::Emergency,
            Stage::Trouble => State::Trouble,
        }
    }

    /// Who is in the lane; 0 if nobody.
    #[must_use]
    pub fn passage(&self) -> Passage {
        self.occupant.map_or(0, |occupant| occupant.passage)
    }

    /// The debounced inputs of the last scan.
    #[must_use]
    pub const fn inputs(&self) -> Bits {
        self.inputs
    }

    /// The outputs of the last scan.
    #[must_use]
    pub const fn outputs(&self) -> Bits {
        self.outputs
    }

    pub(crate) fn leased(&self, now: Instant) -> bool {
        self.leased_until.is_some_and(|until| now < until)
    }

    pub(crate) fn go(&mut self, now: Instant, stage: Stage) {
        self.stage = stage;
        self.since = now;
    }

    pub(crate) fn happened(&mut self, event: Event) {
        // An owner that fetches the events after each scan never fills the queue. One that does
        // not loses the newest, which are the least likely to explain how the lane got there.
        let _ = self.events.push(event);
    }

    /// What the lane has looked like for long enough to be believed.
    pub(crate) fn settled_lane(&self, now: Instant) -> Option<Lane> {
        (now.since(self.lane_since) >= self.limits.single).then_some(self.seen.lane)
    }

    fn observe(&mut self, now: Instant, raw: Bits) {
        self.lapse(now);
        self.inputs = self.debounce.update(now, raw);
        let before = self.seen.lane;
        self.seen = Readings::of(self.inputs);
        if self.seen.lane != before {
            self.lane_since = now;
        }
        if self.seen.emergency {
            self.calm_since = None;
        } else if self.calm_since.is_none() {
            self.calm_since = Some(now);
        }
        self.contradicted = self
            .seen
            .contradiction
            .map(|fault| match self.contradicted {
                Some((same, since)) if same == fault => (same, since),
                _ => (fault, now),
            });
    }

    /// SAF-008: a lease that is not prolonged lapses by itself.
    fn lapse(&mut self, now: Instant) {
        if self.leased_until.is_some_and(|until| until <= now) {
            self.leased_until = None;
            self.unleased_since = now;
            self.happened(Event::LeaseLapsed);
        }
    }

    fn begin_emergency(&mut self, now: Instant) {
        self.occupant = None;
        self.happened(Event::EmergencyBegan);
        self.sound(now);
        self.go(now, Stage::Emergency);
    }

    pub(crate) fn fail(&mut self, now: Instant, fault: Fault) {
        self.occupant = None;
        self.happened(Event::Trouble(fault));
        self.sound(now);
        self.go(now, Stage::Trouble);
    }

    pub(crate) fn sound(&mut self, now: Instant) {
        self.alarm = true;
        self.buzzer_until = Some(now + self.limits.buzzer);
    }

    fn find_fault(&mut self, now: Instant) -> Option<Fault> {
        let entry = self.entry.watch(now, self.seen.entry, &self.limits);
        let exit = self.exit.watch(now, self.seen.exit, &self.limits);
        let mut fault = None;
        for (door, finding) in [(Door::Entry, entry), (Door::Exit, exit)] {
            match finding {
                None => {}
                Some(Finding::Forced) => {
                    self.happened(Event::Forced(door));
                    self.sound(now);
                    fault = fault.or(Some(Fault::DoorForced(door)));
                }
                Some(Finding::HeldOpen) => {
                    self.happened(Event::HeldOpen(door));
                    self.sound(now);
                }
                Some(Finding::Stuck) => fault = fault.or(Some(Fault::DoorStuck(door))),
            }
        }
        // SAF-010: contradicting inputs end every motion.
        let contradiction = self
            .contradicted
            .filter(|(_, since)| now.since(*since) >= self.limits.contradiction)
            .map(|(fault, _)| fault);
        let standing = matches!(self.stage, Stage::Emergency | Stage::Trouble);
        fault.or(contradiction).filter(|_| !standing)
    }

    fn surroundings(&self) -> Surroundings {
        Surroundings {
            // The input itself, and its memory until somebody has cleared it.
            emergency: self.seen.emergency || self.stage == Stage::Emergency,
            entry_shut: self.seen.entry.shut(),
            exit_shut: self.seen.exit.shut(),
            entry_obstructed: self.entry.obstructed(self.seen.entry),
            exit_obstructed: self.exit.obstructed(self.seen.exit),
        }
    }

    fn wanted(&self, now: Instant) -> Released {
        let (entry, exit) = match self.stage {
            Stage::EntryOpen { .. } | Stage::Several | Stage::Returning => (true, false),
            Stage::EntryClosing(closing) => (closing.open_until.is_some(), false),
            Stage::ExitOpen { .. } => (false, true),
            Stage::ExitClosing { closing, .. } => (false, closing.open_until.is_some()),
            Stage::Trouble => (self.trapped_in_trouble(now), false),
            // In an emergency `enforce` opens both.
            Stage::Secure | Stage::Idle | Stage::Occupied | Stage::LeftObject => (false, false),
            Stage::Emergency => (false, false),
        };
        Released { entry, exit }
    }

    fn signs(&self, now: Instant) -> Signs {
        let needs_officer = matches!(
            self.stage,
            Stage::Emergency | Stage::Trouble | Stage::Several | Stage::LeftObject
        );
        let sign = match self.stage {
            Stage::Trouble | Stage::LeftObject => Sign::Help,
            _ if !self.leased(now) => Sign::Closed,
            _ => self.sign,
        };
        let offered = match self.stage {
            Stage::EntryOpen { .. } => true,
            Stage::Idle => self.mode != Mode::Closed,
            _ => false,
        };
        Signs {
            emergency: self.stage == Stage::Emergency,
            sign,
            buzzer: self.buzzer_until.is_some_and(|until| now < until),
            alarm: needs_officer || self.alarm,
            ready: offered && self.occupant.is_none(),
            fault: self.stage == Stage::Trouble,
            light: self.stage != Stage::Secure || self.seen.lane != Lane::Empty,
        }
    }
}
