//! People at a turnstile: the machine that the controller runs, an arm with a spring, and whoever
//! pushes it, in virtual time.

use gate_interlock::Turnstile;
use gate_protocol::pins::{Bits, TurnstileInput, TurnstileOutput};
use gate_protocol::{Answer, CheckedSite, Door, Event, Fault, Instant, Mode, State, ToController};
use gate_sim::world::{TurnstileWorld, Walk};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::time::Duration;

struct Gate {
    world: TurnstileWorld,
    turnstile: Turnstile,
    now: Instant,
    outputs: Bits,
    events: Vec<Event>,
}

impl Gate {
    fn open(mode: Mode) -> Self {
        let mut gate = Self {
            world: TurnstileWorld::new(),
            turnstile: Turnstile::new(Instant::ZERO, CheckedSite::default()),
            now: Instant::ZERO,
            outputs: Bits(0),
            events: Vec::new(),
        };
        gate.run(200);
        gate.ask(ToController::SetMode { mode });
        gate
    }

    fn run(&mut self, ms: u32) {
        for _ in 0..ms {
            self.now = self.now + Duration::from_millis(1);
            let inputs = self.world.step(self.now, self.outputs);
            self.turnstile.lease(self.now, true);
            self.outputs = self.turnstile.scan(self.now, inputs);
            while let Some(event) = self.turnstile.next_event() {
                self.events.push(event);
            }
        }
    }

    /// Runs until nobody is at the arm; half a minute at most.
    fn until_deserted(&mut self) {
        let mut left_ms = 30_000;
        while !self.world.is_deserted() {
            assert!(left_ms > 0, "somebody is still there: {:?}", self.events);
            left_ms -= 1;
            self.run(1);
        }
        self.run(1_000);
    }

    fn ask(&mut self, asked: ToController) -> Answer {
        self.turnstile.request(self.now, &asked)
    }

    fn permit(&mut self, door: Door) -> Answer {
        let passage = self.turnstile.passage();
        self.ask(ToController::Permit {
            door,
            for_ms: 10_000,
            passage,
        })
    }

    fn crossed(&self) -> (u32, u32) {
        (
            self.world.crossed(Door::Exit),
            self.world.crossed(Door::Entry),
        )
    }

    fn is_ready(&self) -> bool {
        self.turnstile.state() == State::Idle
            && self.outputs.turnstile_output(TurnstileOutput::NoAlarm)
    }
}

#[test]
fn whoever_is_permitted_walks_through_either_way() {
    let mut gate = Gate::open(Mode::OnPermit);
    for (n, way) in [Door::Exit, Door::Entry, Door::Exit]
        .into_iter()
        .enumerate()
    {
        assert_eq!(gate.permit(way), Answer::Accepted);
        gate.world.send(way, Walk::Through);
        gate.until_deserted();
        let passage = n as u32 + 1;
        let end = match way {
            Door::Exit => Event::Passed(passage),
            Door::Entry => Event::WentBack(passage),
        };
        assert_eq!(gate.events.last(), Some(&end));
        assert!(gate.is_ready());
    }
    assert_eq!(gate.crossed(), (2, 1));
}

#[test]
fn nobody_walks_through_without_a_permit_or_against_it() {
    for way in [Door::Exit, Door::Entry] {
        let mut gate = Gate::open(Mode::OnPermit);
        gate.world.send(way, Walk::Through);
        gate.run(10_000);
        assert_eq!((gate.crossed(), gate.is_ready()), ((0, 0), true), "{way:?}");
        assert_eq!(gate.permit(way.other()), Answer::Accepted);
        gate.run(10_000);
        assert_eq!((gate.crossed(), gate.is_ready()), ((0, 0), true), "{way:?}");
    }
}

#[test]
fn whoever_rattles_is_no_alarm_and_gets_nowhere() {
    let mut gate = Gate::open(Mode::OnPermit);
    gate.world.send(Door::Exit, Walk::Rattles);
    gate.until_deserted();
    assert_eq!((gate.crossed(), gate.is_ready()), ((0, 0), true));
    assert_eq!(gate.events, [Event::Started]);
}

#[test]
fn whoever_rattles_on_a_permit_has_not_passed() {
    let mut gate = Gate::open(Mode::OnPermit);
    gate.permit(Door::Exit);
    gate.world.send(Door::Exit, Walk::Rattles);
    gate.until_deserted();
    gate.run(10_000);
    assert_eq!(gate.events.last(), Some(&Event::DidNotLeave(1)));
    assert_eq!((gate.crossed(), gate.is_ready()), ((0, 0), true));
}

#[test]
fn two_on_one_permit_are_found() {
    let mut gate = Gate::open(Mode::OnPermit);
    gate.permit(Door::Exit);
    gate.world.send_two(Door::Exit);
    gate.until_deserted();
    assert_eq!(gate.events.last(), Some(&Event::Tailgated(1)));
    assert_eq!(gate.turnstile.state(), State::Several);
    assert_ne!(gate.permit(Door::Exit), Answer::Accepted);
    assert_eq!(gate.ask(ToController::ClearAlarm), Answer::Accepted);
    gate.run(10);
    assert!(gate.is_ready());
}

#[test]
fn whoever_turns_back_has_not_passed_and_may_come_again() {
    let mut gate = Gate::open(Mode::OnPermit);
    gate.permit(Door::Exit);
    gate.world.send(Door::Exit, Walk::HalfAndBack);
    gate.run(9_000);
    assert_eq!(gate.crossed(), (0, 0));
    assert!(gate.events.contains(&Event::DidNotLeave(1)) || gate.is_ready());
    gate.world.clear();
    gate.run(5_000);
    assert!(gate.is_ready(), "{:?}", gate.events);
    assert_eq!(gate.permit(Door::Exit), Answer::Accepted);
    gate.world.send(Door::Exit, Walk::Through);
    gate.until_deserted();
    assert_eq!(gate.crossed(), (1, 0));
    assert_eq!(gate.events.last(), Some(&Event::Passed(2)));
}

#[test]
fn whoever_stays_in_the_arm_is_not_held_in_it() {
    let mut gate = Gate::open(Mode::OnPermit);
    gate.permit(Door::Exit);
    gate.world.send(Door::Exit, Walk::StaysInTheArm);
    gate.run(8_000);
    assert_eq!(gate.turnstile.state(), State::Obstructed);
    for hold in [TurnstileOutput::EntryHold, TurnstileOutput::ExitHold] {
        assert!(!gate.outputs.turnstile_output(hold), "{hold:?}");
    }
    gate.world.clear();
    gate.run(2_000);
    assert_eq!(gate.turnstile.state(), State::Idle);
}

#[test]
fn whoever_forces_the_arm_calls_an_officer() {
    let mut gate = Gate::open(Mode::OnPermit);
    gate.world.send(Door::Exit, Walk::Forces);
    gate.until_deserted();
    let told = Event::Trouble(Fault::DoorForced(Door::Exit));
    assert!(gate.events.contains(&told), "{:?}", gate.events);
    assert_eq!(gate.turnstile.state(), State::Trouble);
    assert_eq!(gate.ask(ToController::ClearAlarm), Answer::Accepted);
    gate.run(10);
    assert!(gate.is_ready());
}

#[test]
fn in_a_fire_the_arm_drops_and_everybody_walks() {
    let mut gate = Gate::open(Mode::OnPermit);
    gate.world.set(TurnstileInput::FireOk, false);
    gate.run(10);
    for way in [Door::Entry, Door::Exit] {
        gate.world.send(way, Walk::Through);
        gate.until_deserted();
    }
    assert_eq!(gate.crossed(), (1, 1));
    gate.world.set(TurnstileInput::FireOk, true);
    gate.run(10_000);
    assert_ne!(
        gate.ask(ToController::ClearAlarm),
        Answer::Accepted,
        "the arm is down"
    );
    gate.world.raise();
    gate.run(100);
    assert_eq!(gate.ask(ToController::ClearAlarm), Answer::Accepted);
    gate.run(10);
    assert!(gate.is_ready());
}

/// A day of people in no order: whoever crossed was permitted, whoever was told of has crossed.
#[test]
fn over_a_long_day_the_count_of_people_is_the_count_of_events() {
    for seed in 0..4 {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut gate = Gate::open(Mode::OnPermit);
        let mut permits = 0;
        for _ in 0..120 {
            let way = if rng.random_bool(0.8) {
                Door::Exit
            } else {
                Door::Entry
            };
            if rng.random_bool(0.7) && gate.permit(way) == Answer::Accepted {
                permits += 1;
            }
            gate.run(rng.random_range(1..2_000));
            let walk = match rng.random_range(0..10) {
                0 => Walk::HalfAndBack,
                1 => Walk::Rattles,
                2 => Walk::StaysInTheArm,
                _ => Walk::Through,
            };
            gate.world.send(way, walk);
            gate.run(rng.random_range(3_000..7_000));
            gate.world.clear();
            gate.run(rng.random_range(1_000..6_000));
        }
        gate.run(10_000);
        let told =
            |what: fn(&Event) -> bool| gate.events.iter().filter(|event| what(event)).count();
        let passed = told(|event| matches!(event, Event::Passed(_)));
        let went_back = told(|event| matches!(event, Event::WentBack(_)));
        let (out, back) = gate.crossed();
        assert_eq!(
            (passed, went_back),
            (out as usize, back as usize),
            "seed {seed}"
        );
        assert!(passed + went_back <= permits && passed > 20, "seed {seed}");
        assert_eq!(
            told(|event| matches!(event, Event::Trouble(_))),
            0,
            "seed {seed}"
        );
        assert!(gate.is_ready(), "seed {seed}: {:?}", gate.turnstile.state());
    }
}
