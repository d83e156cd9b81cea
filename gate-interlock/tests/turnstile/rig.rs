//! A turnstile of the simplest kind: an arm that turns when it is pushed and not held, beams that
//! say what they are told, a millisecond that passes when the test says so.

use core::time::Duration;
use gate_interlock::Turnstile;
use gate_interlock::invariants::ArmInvariants;
use gate_protocol::pins::{Bits, TurnstileInput, TurnstileOutput};
use gate_protocol::{
    Answer, CheckedSite, Door, Event, Instant, Mode, Passage, Shape, Site, State, ToController,
};

/// Steps of the hub from one rest to the next.
pub(crate) const TURN: i32 = 24;
/// Milliseconds per step of somebody who walks.
const WALKING: u32 = 20;

/// Somebody who pushes the arm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Push {
    pub(crate) way: Door,
    /// Steps still to go.
    pub(crate) steps: i32,
    /// With more force than the hold has.
    pub(crate) forced: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Rig {
    pub(crate) turnstile: Turnstile,
    pub(crate) events: Vec<Event>,
    pub(crate) outputs: Bits,
    /// Watches every scan.
    invariants: ArmInvariants,
    /// Whether the host prolongs its lease.
    pub(crate) host: bool,
    pub(crate) inputs: Bits,
    now: Instant,
    position: i32,
    push: Option<Push>,
    push_ms: u32,
}

impl Rig {
    /// A turnstile just switched on at `start`, without a host.
    pub(crate) fn switched_on_at(start: Instant) -> Self {
        let mut rig = Self {
            turnstile: Turnstile::new(start, site()),
            events: Vec::new(),
            outputs: Bits(0),
            invariants: ArmInvariants::new(site()),
            host: false,
            inputs: calm(),
            now: start,
            position: 0,
            push: None,
            push_ms: 0,
        };
        rig.run(200);
        rig
    }

    pub(crate) fn switched_on() -> Self {
        Self::switched_on_at(Instant::ZERO)
    }

    /// A turnstile with a host, in `mode`.
    pub(crate) fn offered(mode: Mode) -> Self {
        Self::switched_on().offer(mode)
    }

    pub(crate) fn offer(mut self, mode: Mode) -> Self {
        self.host = true;
        self.run(1);
        self.accepted(ToController::SetMode { mode });
        self.run(1);
        self
    }

    /// A turnstile that waits for passage 1 to turn it towards the exit.
    pub(crate) fn armed() -> Self {
        let mut rig = Self::offered(Mode::OnPermit);
        rig.accepted(permit(Door::Exit, 1));
        rig.run(1);
        rig
    }

    /// A turnstile in `state`, reached as it would be reached.
    pub(crate) fn in_state(state: State) -> Self {
        let mut rig = match state {
            State::Secure => Self::switched_on(),
            State::Idle => Self::offered(Mode::OnPermit),
            State::Free => Self::offered(Mode::Free(Door::Exit)),
            State::Blocked => Self::offered(Mode::Blocked),
            _ => Self::armed(),
        };
        match state {
            State::Turning | State::Obstructed => rig.push(Door::Exit, TURN / 2),
            State::Several => {
                rig.push(Door::Exit, TURN / 2);
                rig.run(300);
                rig.person();
                rig.person();
                rig.push(Door::Exit, TURN / 2);
            }
            State::Emergency => rig.set(TurnstileInput::FireOk, false),
            State::Tamper => rig.set(TurnstileInput::TamperOk, false),
            State::PowerFail => rig.set(TurnstileInput::MainsOk, false),
            State::Service => rig.set(TurnstileInput::KeyService, true),
            State::Trouble => rig.force(Door::Entry, 3),
            _ => {}
        }
        rig.run_until(state);
        if matches!(
            state,
            State::Several | State::Trouble | State::PowerFail | State::Service
        ) {
            rig.run(1_000);
        }
        rig
    }

    pub(crate) fn now(&self) -> Instant {
        self.now
    }

    pub(crate) fn set(&mut self, input: TurnstileInput, high: bool) {
        self.inputs = self.inputs.with_turnstile_input(input, high);
    }

    pub(crate) fn push(&mut self, way: Door, steps: i32) {
        self.push = Some(Push {
            way,
            steps,
            forced: false,
        });
    }

    pub(crate) fn force(&mut self, way: Door, steps: i32) {
        self.push = Some(Push {
            way,
            steps,
            forced: true,
        });
    }

    /// Brings the arm back to the rest it is nearest to.
    pub(crate) fn bring_home(&mut self) {
        let over = self.position.rem_euclid(TURN);
        if over >= TURN / 2 {
            self.force(Door::Exit, TURN - over);
        } else {
            self.force(Door::Entry, over);
        }
    }

    /// Somebody walks through the beams from the entry to the exit.
    pub(crate) fn person(&mut self) {
        for beam in [
            TurnstileInput::Beam1Free,
            TurnstileInput::Beam2Free,
            TurnstileInput::Beam3Free,
        ] {
            self.set(beam, false);
            self.run(40);
            self.set(beam, true);
            self.run(40);
        }
    }

    pub(crate) const fn position(&self) -> i32 {
        self.position
    }

    pub(crate) const fn is_home(&self) -> bool {
        self.position % TURN == 0
    }

    /// Runs `ms` scans of one millisecond.
    pub(crate) fn run(&mut self, ms: u32) {
        for _ in 0..ms {
            self.now = self.now + Duration::from_millis(1);
            self.turnstile.lease(self.now, self.host);
            self.outputs = self.turnstile.scan(self.now, self.inputs);
            while let Some(event) = self.turnstile.next_event() {
                self.invariants.happened(event);
                self.events.push(event);
            }
            self.watch();
            self.move_arm();
        }
    }

    /// Whether the scan broke a rule.
    fn watch(&mut self) {
        let facts = self.turnstile.facts(self.now);
        let verdict = self
            .invariants
            .check(self.now, self.inputs, self.outputs, facts);
        assert_eq!(verdict, Ok(()), "{:?}", self.events);
    }

    /// Runs until the turnstile is in `state`; a minute at most.
    pub(crate) fn run_until(&mut self, state: State) {
        let mut left_ms = 60_000;
        while self.turnstile.state() != state {
            let found = self.turnstile.state();
            assert!(left_ms > 0, "{found:?}, not {state:?}: {:?}", self.events);
            left_ms -= 1;
            self.run(1);
        }
    }

    pub(crate) fn ask(&mut self, asked: ToController) -> Answer {
        let answer = self.turnstile.request(self.now, &asked);
        self.invariants.answered(self.now, &asked, answer);
        answer
    }

    /// Starts the controller anew, at another site.
    pub(crate) fn start_at(&mut self, site: CheckedSite) {
        self.turnstile = Turnstile::new(self.now, site);
        self.invariants = ArmInvariants::new(site);
    }

    pub(crate) fn new_session(&mut self) {
        self.turnstile.open_session(self.now);
        self.invariants.session_opened();
    }

    pub(crate) fn accepted(&mut self, asked: ToController) {
        let answer = self.ask(asked);
        let state = self.turnstile.state();
        assert_eq!(answer, Answer::Accepted, "{asked:?} in {state:?}");
    }

    pub(crate) fn on(&self, output: TurnstileOutput) -> bool {
        self.outputs.turnstile_output(output)
    }

    pub(crate) fn released(&self, way: Door) -> bool {
        !self.on(match way {
            Door::Entry => TurnstileOutput::EntryHold,
            Door::Exit => TurnstileOutput::ExitHold,
        })
    }

    /// The hub counts `steps` towards the exit, or back, whatever the home switch says.
    pub(crate) fn hub_turns(&mut self, steps: i32) {
        for _ in 0..steps.abs() {
            self.position += steps.signum();
            self.say_phase();
            self.run(10);
        }
    }

    fn move_arm(&mut self) {
        self.push_ms = (self.push_ms + 1) % WALKING;
        let Some(push) = self.push.filter(|_| self.push_ms == 0) else {
            return;
        };
        if push.steps == 0 {
            self.push = None;
        } else if push.forced || self.released(push.way) {
            self.position += if push.way == Door::Exit { 1 } else { -1 };
            self.push = Some(Push {
                steps: push.steps - 1,
                ..push
            });
        }
        self.set(TurnstileInput::Home, self.is_home());
        self.say_phase();
    }

    fn say_phase(&mut self) {
        let phase = self.position.rem_euclid(4);
        self.set(TurnstileInput::RotationA, phase == 1 || phase == 2);
        self.set(TurnstileInput::RotationB, phase >= 2);
    }
}

/// The default site, with a turnstile.
pub(crate) fn site() -> CheckedSite {
    let site = Site {
        shape: Shape::Turnstile,
        ..Site::DEFAULT
    };
    site.check().expect("the defaults keep their bounds")
}

/// Everything normal, arm at home, nobody there.
fn calm() -> Bits {
    [
        TurnstileInput::RotationA,
        TurnstileInput::RotationB,
        TurnstileInput::BatteryLow,
        TurnstileInput::KeyService,
        TurnstileInput::Pair,
    ]
    .into_iter()
    .fold(Bits(0x00ff_ffff), |bits, input| {
        bits.with_turnstile_input(input, false)
    })
}

pub(crate) const fn permit(door: Door, passage: Passage) -> ToController {
    ToController::Permit {
        door,
        for_ms: 10_000,
        passage,
    }
}

/// Every state of a turnstile.
pub(crate) const STATES: [State; 13] = [
    State::Secure,
    State::Idle,
    State::Free,
    State::Armed,
    State::Turning,
    State::Obstructed,
    State::Several,
    State::Blocked,
    State::Service,
    State::PowerFail,
    State::Trouble,
    State::Tamper,
    State::Emergency,
];
