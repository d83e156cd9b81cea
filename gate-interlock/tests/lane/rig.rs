//! A lane of the simplest kind: leaves that follow their drives, sensors that say what they are
//! told, a millisecond that passes when the test says so.

use gate_interlock::Interlock;
use gate_interlock::invariants::Invariants;
use gate_protocol::pins::{Bits, Input, Output};
use gate_protocol::{Answer, Door, Event, Instant, Mode, Passage, Site, State, ToController};

/// Milliseconds from shut to open.
const TRAVEL_MS: u32 = 800;

/// Who stands in the lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Inside {
    Nobody,
    One,
    Two,
    Bag,
}

#[derive(Clone, Debug)]
pub(crate) struct Rig {
    pub(crate) interlock: Interlock,
    pub(crate) events: Vec<Event>,
    pub(crate) outputs: Bits,
    /// Watches every scan.
    pub(crate) invariants: Invariants,
    /// Whether the host prolongs its lease.
    pub(crate) host: bool,
    now_ms: u64,
    inputs: Bits,
    /// An input that reads like this whatever the lane looks like: a broken contact or sensor.
    pub(crate) lie: Option<(Input, bool)>,
    /// How far the leaves stand open, in milliseconds of travel; `None` if held by hand.
    leaves: [Option<u32>; 2],
}

impl Rig {
    /// A lane just switched on, without a host.
    pub(crate) fn switched_on() -> Self {
        Self::switched_on_at(0, Site::DEFAULT)
    }

    /// The same at another time and site.
    pub(crate) fn switched_on_at(now_ms: u64, site: Site) -> Self {
        let site = site.check().expect("the test's site is in bounds");
        let mut rig = Self {
            interlock: Interlock::new(Instant::from_millis(now_ms), site),
            events: Vec::new(),
            outputs: Bits(0),
            invariants: Invariants::new(site),
            host: false,
            now_ms,
            inputs: calm(),
            lie: None,
            leaves: [Some(0), Some(0)],
        };
        rig.run(1_000);
        rig
    }

    /// A lane with a host, nobody inside, offered in `mode`.
    pub(crate) fn offered(mode: Mode) -> Self {
        Self::switched_on().with_host(mode)
    }

    /// The same at another site.
    pub(crate) fn offered_at(site: Site, mode: Mode) -> Self {
        Self::switched_on_at(0, site).with_host(mode)
    }

    /// With a host that offers the lane.
    pub(crate) fn with_host(mut self, mode: Mode) -> Self {
        self.host = true;
        self.run(1);
        self.accepted(ToController::SetMode { mode });
        self.run(1_000);
        self
    }

    /// A lane with one person inside, whose passage is 1.
    pub(crate) fn occupied() -> Self {
        Self::occupied_at(Site::DEFAULT)
    }

    /// The same at another site.
    pub(crate) fn occupied_at(site: Site) -> Self {
        let mut rig = Self::offered_at(site, Mode::WalkIn);
        rig.inside(Inside::One);
        rig.run_until(State::Occupied);
        rig
    }

    /// A lane whose exit stands open for passage 1.
    pub(crate) fn leaving() -> Self {
        let mut rig = Self::occupied();
        rig.run(500);
        rig.accepted(permit_exit(1));
        rig.run(1_000);
        rig
    }

    /// A lane in `state`, reached as a traveller would reach it.
    pub(crate) fn in_state(state: State) -> Self {
        let mut rig = match state {
            State::Secure => Self::switched_on(),
            State::Idle => Self::offered(Mode::Closed),
            State::EntryOpen => Self::offered(Mode::WalkIn),
            State::EntryClosing => {
                let mut rig = Self::offered(Mode::WalkIn);
                rig.inside(Inside::One);
                rig.run(250);
                rig
            }
            State::Occupied => Self::occupied(),
            State::Several => {
                let mut rig = Self::occupied();
                rig.inside(Inside::Two);
                rig
            }
            State::ExitOpen => Self::leaving(),
            State::ExitClosing => {
                let mut rig = Self::leaving();
                rig.inside(Inside::Nobody);
                rig
            }
            State::Returning => {
                let mut rig = Self::occupied();
                rig.accepted(ToController::SendBack { passage: 1 });
                rig
            }
            State::LeftObject => {
                let mut rig = Self::leaving();
                // Whoever left it is seen to go.
                rig.input(Input::ExitSafe, false);
                rig.run(200);
                rig.input(Input::ZoneOutFree, false);
                rig.inside(Inside::Bag);
                rig.input(Input::ExitSafe, true);
                rig.run(500);
                rig.input(Input::ZoneOutFree, true);
                rig.run(14_500);
                rig
            }
            State::Emergency => {
                let mut rig = Self::occupied();
                rig.input(Input::FireOk, false);
                rig
            }
            State::Trouble => {
                let mut rig = Self::offered(Mode::Closed);
                rig.run(1_000);
                rig.hold(Door::Exit, 500);
                rig
            }
            State::PowerFail => {
                let mut rig = Self::offered(Mode::Closed);
                rig.input(Input::MainsOk, false);
                rig
            }
            State::Tamper => {
                let mut rig = Self::occupied();
                rig.input(Input::TamperOk, false);
                rig
            }
            State::Service => {
                let mut rig = Self::offered(Mode::Closed);
                rig.input(Input::KeyService, true);
                rig
            }
            other => unreachable!("a lane is never {other:?}"),
        };
        rig.run_until(state);
        rig
    }

    pub(crate) fn now(&self) -> Instant {
        Instant::from_millis(self.now_ms)
    }

    pub(crate) fn inputs(&self) -> Bits {
        self.inputs
    }

    pub(crate) fn set_inputs(&mut self, inputs: Bits) {
        self.inputs = inputs;
    }

    pub(crate) fn input(&mut self, input: Input, high: bool) {
        self.inputs = self.inputs.with_input(input, high);
    }

    pub(crate) fn inside(&mut self, who: Inside) {
        self.input(
            Input::Chamber1Free,
            matches!(who, Inside::Nobody | Inside::Bag),
        );
        self.input(Input::SingleOk, who == Inside::One);
        self.input(Input::EmptyOk, who == Inside::Nobody);
    }

    /// Holds a leaf by hand, `ms` of travel open.
    pub(crate) fn hold(&mut self, door: Door, ms: u32) {
        self.leaves[door as usize] = None;
        self.contacts(door, ms);
    }

    /// Lets a leaf go that was held open.
    pub(crate) fn let_go(&mut self, door: Door) {
        self.leaves[door as usize] = Some(TRAVEL_MS);
    }

    /// Lets a leaf go that was held in its frame.
    pub(crate) fn let_go_shut(&mut self, door: Door) {
        self.leaves[door as usize] = Some(0);
    }

    /// The controller starts anew; people, leaves and wires stay as they are.
    pub(crate) fn reset(&mut self) {
        let site = self.interlock.site().check().expect("the rig's own site");
        self.interlock = Interlock::new(self.now(), site);
        self.invariants = Invariants::new(site);
        self.events.clear();
    }

    /// Runs `ms` scans of one millisecond.
    pub(crate) fn run(&mut self, ms: u32) {
        for _ in 0..ms {
            self.now_ms += 1;
            let now = self.now();
            self.interlock.lease(now, self.host);
            self.scan(now);
            self.move_leaf(Door::Entry, Output::EntryDrive, Output::EntryRelease);
            self.move_leaf(Door::Exit, Output::ExitDrive, Output::ExitRelease);
        }
    }

    /// One scan at `now`, and whether it broke a rule.
    pub(crate) fn scan(&mut self, now: Instant) {
        let inputs = match self.lie {
            Some((input, high)) => self.inputs.with_input(input, high),
            None => self.inputs,
        };
        self.outputs = self.interlock.scan(now, inputs);
        while let Some(event) = self.interlock.next_event() {
            self.invariants.happened(event);
            self.events.push(event);
        }
        let facts = self.interlock.facts(now);
        let verdict = self.invariants.check(now, inputs, self.outputs, facts);
        assert_eq!(verdict, Ok(()), "{:?}", self.events);
    }

    /// Runs until the lane is in `state`; three minutes at most.
    pub(crate) fn run_until(&mut self, state: State) {
        let start = self.now_ms;
        while self.interlock.state() != state {
            let now = self.interlock.state();
            assert!(
                self.now_ms < start + 180_000,
                "{now:?}, not {state:?}: {:?}",
                self.events
            );
            self.run(1);
        }
    }

    pub(crate) fn ask(&mut self, asked: ToController) -> Answer {
        let answer = self.interlock.request(self.now(), &asked);
        self.invariants.answered(self.now(), &asked, answer);
        answer
    }

    /// A host says hello.
    pub(crate) fn session_opened(&mut self) {
        self.interlock.open_session(self.now());
        self.invariants.session_opened();
    }

    pub(crate) fn accepted(&mut self, asked: ToController) {
        let answer = self.ask(asked);
        assert_eq!(
            answer,
            Answer::Accepted,
            "{asked:?} in {:?}",
            self.interlock.state()
        );
    }

    pub(crate) fn on(&self, output: Output) -> bool {
        self.outputs.output(output)
    }

    pub(crate) fn entry_released(&self) -> bool {
        !self.on(Output::EntryHold)
    }

    pub(crate) fn exit_released(&self) -> bool {
        let lock = self.interlock.site().exit_lock;
        lock.is_released(self.on(Output::ExitHold))
    }

    /// How often `event` has happened.
    pub(crate) fn count(&self, event: Event) -> usize {
        self.events
            .iter()
            .filter(|happened| **happened == event)
            .count()
    }

    fn move_leaf(&mut self, door: Door, drive: Output, release: Output) {
        let open = self.on(drive) || self.on(release);
        if let Some(travel) = &mut self.leaves[door as usize] {
            *travel = if open {
                (*travel + 1).min(TRAVEL_MS)
            } else {
                travel.saturating_sub(1)
            };
            let travel = *travel;
            self.contacts(door, travel);
            let (locked, hold) = match door {
                Door::Entry => (Input::EntryLocked, Output::EntryHold),
                Door::Exit => (Input::ExitLocked, Output::ExitHold),
            };
            let hold = match door {
                Door::Entry => self.on(hold),
                Door::Exit => !self.exit_released(),
            };
            self.input(locked, hold && travel == 0);
        }
    }

    fn contacts(&mut self, door: Door, travel: u32) {
        let (closed, locked, open) = match door {
            Door::Entry => (Input::EntryClosed, Input::EntryLocked, Input::EntryOpen),
            Door::Exit => (Input::ExitClosed, Input::ExitLocked, Input::ExitOpen),
        };
        self.input(closed, travel == 0);
        self.input(locked, travel == 0);
        self.input(open, travel == TRAVEL_MS);
    }
}

/// Everything normal, both doors shut, nobody there.
fn calm() -> Bits {
    [
        Input::EntryOpen,
        Input::ExitOpen,
        Input::SingleOk,
        Input::BatteryLow,
        Input::KeyService,
        Input::Pair,
    ]
    .into_iter()
    .fold(Bits(0x00ff_ffff), |bits, input| {
        bits.with_input(input, false)
    })
}

pub(crate) const fn permit_exit(passage: Passage) -> ToController {
    ToController::Permit {
        door: Door::Exit,
        for_ms: 10_000,
        passage,
    }
}

pub(crate) const fn permit_entry() -> ToController {
    ToController::Permit {
        door: Door::Entry,
        for_ms: 8_000,
        passage: 0,
    }
}

/// Every state there is.
pub(crate) const STATES: [State; 15] = [
    State::Secure,
    State::Idle,
    State::EntryOpen,
    State::EntryClosing,
    State::Occupied,
    State::Several,
    State::ExitOpen,
    State::ExitClosing,
    State::Returning,
    State::LeftObject,
    State::Emergency,
    State::Trouble,
    State::PowerFail,
    State::Tamper,
    State::Service,
];
