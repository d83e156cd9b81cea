//! A single turnstile at the pins of the real image.

use super::unconfigured::turnstile_alone;
use super::*;
use gate_protocol::Fault;
use gate_protocol::pins::{TurnstileInput, TurnstileOutput};
use gate_protocol::{Shape, Timings};

/// Steps of the hub from one rest to the next.
const TURN: i8 = 24;

/// A turnstile that gives people all the time it may: the machine under the emulator may be slow.
pub(super) const SITE: Site = Site {
    shape: Shape::Turnstile,
    timings: Timings {
        armed: 15_000,
        turning: 10_000,
        ..Timings::DEFAULT
    },
    ..Site::DEFAULT
};

impl Bench {
    /// A new board that was told to be a turnstile, offered for permits.
    fn turnstile() -> Option<Self> {
        let mut bench = Self::without_site(turnstile_alone())?;
        bench.send(ToController::Configure { site: SITE });
        bench.offer();
        Some(bench)
    }

    /// In which nobody may pass but by permit.
    pub(super) fn offer(&mut self) {
        self.send(ToController::SetMode {
            mode: Mode::OnPermit,
        });
        self.until("an offered turnstile", |bench| {
            bench.is(State::Idle) && bench.drives(TurnstileOutput::Ready)
        });
    }

    pub(super) fn permit(&mut self, door: Door) {
        let passage = self.status.map_or(0, |status| status.passage);
        self.send(ToController::Permit {
            door,
            for_ms: 30_000,
            passage,
        });
        self.until("an arm that waits", |bench| bench.is(State::Armed));
    }

    pub(super) fn drives(&self, output: TurnstileOutput) -> bool {
        self.board.outputs().turnstile_output(output)
    }

    fn held(&self, way: Door) -> bool {
        self.drives(match way {
            Door::Entry => TurnstileOutput::EntryHold,
            Door::Exit => TurnstileOutput::ExitHold,
        })
    }

    /// What hub and home switch read with the arm so many steps from its rest.
    pub(super) fn arm_at(steps: i8) -> [(TurnstileInput, bool); 3] {
        let phase = steps.rem_euclid(4);
        [
            (TurnstileInput::Home, steps % TURN == 0),
            (TurnstileInput::RotationA, phase == 1 || phase == 2),
            (TurnstileInput::RotationB, phase >= 2),
        ]
    }

    pub(super) fn set_arm(&self, steps: i8) {
        for (input, on) in Self::arm_at(steps) {
            self.board.set_input(input.terminal(), on).expect("a pin");
        }
    }

    /// Turns the arm, each step as soon as the board has read the one before.
    pub(super) fn turn(&mut self, steps: impl IntoIterator<Item = i8>) {
        for step in steps {
            self.set_arm(step);
            self.until(&format!("step {step} to be read"), |bench| {
                let inputs = Bits(bench.status.map_or(0, |status| status.inputs));
                let read = |(input, on)| inputs.turnstile_input(input) == on;
                Self::arm_at(step).into_iter().all(read)
            });
        }
    }

    pub(super) fn walk_through_the_beams(&mut self) {
        for beam in [
            TurnstileInput::Beam1Free,
            TurnstileInput::Beam2Free,
            TurnstileInput::Beam3Free,
        ] {
            for free in [false, true] {
                self.board.set_input(beam.terminal(), free).expect("a pin");
                self.until("the beam", |bench| {
                    let inputs = Bits(bench.status.map_or(0, |status| status.inputs));
                    inputs.turnstile_input(beam) == free
                });
            }
        }
    }
}

#[test]
fn one_person_passes_on_a_permit_the_wrong_way_stays_held_and_a_fire_drops_the_arm() {
    let Some(mut bench) = Bench::turnstile() else {
        return;
    };
    assert!(bench.held(Door::Entry) && bench.held(Door::Exit));

    bench.permit(Door::Exit);
    assert!(bench.held(Door::Entry) && !bench.held(Door::Exit));
    bench.turn(1..=TURN / 2);
    bench.walk_through_the_beams();
    bench.turn(TURN / 2 + 1..=TURN);
    bench.until("the passage", |bench| {
        bench.events.contains(&Event::Passed(1))
    });
    bench.until("rest", |bench| bench.is(State::Idle));
    assert!(bench.held(Door::Entry) && bench.held(Door::Exit));

    bench.permit(Door::Exit);
    bench.turn([-1]);
    bench.until("the alarm", |bench| bench.is(State::Trouble));
    assert!(bench.held(Door::Entry) && bench.held(Door::Exit));
    assert!(!bench.drives(TurnstileOutput::NoAlarm));
    let told = [
        Event::ExitReleased(2),
        Event::WrongWay,
        Event::Trouble(Fault::DoorForced(Door::Entry)),
        Event::DidNotLeave(2),
    ];
    bench.until("the end of the permit", |bench| {
        bench.events.ends_with(&told)
    });
    bench.turn([0]);
    bench.send(ToController::ClearAlarm);
    bench.until("rest", |bench| bench.is(State::Idle));

    bench.board.set_input(Input::FireOk, false).unwrap();
    bench.until("an arm that drops", |bench| {
        bench.drives(TurnstileOutput::DropArm)
    });
    assert!(!bench.held(Door::Entry) && !bench.held(Door::Exit));
    bench.board.set_input(Input::FireOk, true).unwrap();
    bench.until("a raised drop, in an emergency that stands", |bench| {
        !bench.drives(TurnstileOutput::DropArm) && bench.is(State::Emergency)
    });
    assert!(!bench.held(Door::Entry) && !bench.held(Door::Exit));
}

/// What is scanned between two ticks drives all outputs of the turnstile, and not a lane's.
#[test]
fn a_fire_drops_the_arm_between_two_ticks_and_no_other_edge_takes_that_back() {
    let Some(mut bench) = Bench::turnstile() else {
        return;
    };
    for ticks in [true, false] {
        let changes = bench.board.changes();
        if !ticks {
            // No tick will ever come again.
            bench.board.hang().unwrap();
        }
        bench.board.set_input(Input::FireOk, false).unwrap();
        let drops = |outputs: Bits| outputs.turnstile_output(TurnstileOutput::DropArm);
        assert!(changes.iter().any(|change| drops(change.outputs)));
        // Each of these edges is scanned at once too, as often as one is between two ticks.
        for _ in 0..100 {
            for input in [
                TurnstileInput::ArmFree.terminal(),
                TurnstileInput::EstopOk1.terminal(),
                TurnstileInput::EstopOk2.terminal(),
                Input::ExitSafe,
                Input::BreakglassOk,
            ] {
                bench.board.set_input(input, false).unwrap();
                bench.board.set_input(input, true).unwrap();
            }
        }
        let kept = |outputs: Bits| {
            let holds = |output| outputs.turnstile_output(output);
            drops(outputs)
                && !holds(TurnstileOutput::EntryHold)
                && !holds(TurnstileOutput::ExitHold)
        };
        assert!(kept(bench.board.outputs()), "ticks: {ticks}");
        for change in changes.try_iter() {
            assert!(kept(change.outputs), "ticks: {ticks}, {:?}", change.outputs);
        }
        if ticks {
            bench.board.set_input(Input::FireOk, true).unwrap();
            bench.until("no fire", |bench| !bench.drives(TurnstileOutput::DropArm));
        }
    }
}
