//! Random people, hosts and faults: whatever happens, the rules hold and the lane recovers.

use crate::rig::{Inside, Rig};
use gate_interlock::Interlock;
use gate_protocol::pins::{Input, Output};
use gate_protocol::{Answer, Door, Mode, Sign, State, ToController};
use proptest::prelude::*;

/// Something that happens in or around the lane.
#[derive(Clone, Debug)]
enum Act {
    Wait(u32),
    Inside(Inside),
    Input(Input, bool),
    Hold(Door, u32),
    LetGo(Door),
    Host(bool),
    Ask(ToController),
    /// A permit for whoever is inside.
    LetOut(u16),
    SendBack,
}

fn act() -> impl Strategy<Value = Act> {
    let inside = prop_oneof![
        3 => Just(Inside::Nobody),
        3 => Just(Inside::One),
        1 => Just(Inside::Two),
        1 => Just(Inside::Bag),
    ];
    let input = prop_oneof![
        Just(Input::ZoneInFree),
        Just(Input::ZoneOutFree),
        Just(Input::EntrySafe),
        Just(Input::ExitSafe),
    ];
    let door = prop_oneof![Just(Door::Entry), Just(Door::Exit)];
    let mode = prop_oneof![Just(Mode::Closed), Just(Mode::WalkIn), Just(Mode::OnPermit)];
    prop_oneof![
        8 => (1..3_000_u32).prop_map(Act::Wait),
        1 => (10_000..40_000_u32).prop_map(Act::Wait),
        6 => inside.prop_map(Act::Inside),
        4 => (input, any::<bool>()).prop_map(|(input, high)| Act::Input(input, high)),
        1 => (door.clone(), 0..800_u32).prop_map(|(door, ms)| Act::Hold(door, ms)),
        2 => door.prop_map(Act::LetGo),
        1 => any::<bool>().prop_map(Act::Host),
        1 => any::<bool>().prop_map(|calm| Act::Input(Input::BreakglassOk, calm)),
        4 => (1..15_000_u16).prop_map(Act::LetOut),
        2 => Just(Act::SendBack),
        2 => mode.prop_map(|mode| Act::Ask(ToController::SetMode { mode })),
        1 => (1..15_000_u16).prop_map(|for_ms| Act::Ask(ToController::Permit {
            door: Door::Entry,
            for_ms,
            passage: 0,
        })),
        1 => Just(Act::Ask(ToController::Withdraw)),
        1 => Just(Act::Ask(ToController::ClearAlarm)),
        1 => Just(Act::Ask(ToController::Show { sign: Sign::Go })),
    ]
}

/// A rig with a memory of what must not happen.
struct Watched {
    rig: Rig,
    /// Until when a permit lets the exit open, in scans from now.
    permit_left: u32,
    entry_on_request: u32,
}

impl Watched {
    fn run(&mut self, ms: u32) -> Result<(), TestCaseError> {
        for _ in 0..ms {
            let before = self.rig.interlock.state();
            let exit_was_released = self.rig.exit_released();
            self.rig.run(1);
            self.check(before, exit_was_released)?;
        }
        Ok(())
    }

    fn check(&mut self, before: State, exit_was_released: bool) -> Result<(), TestCaseError> {
        let state = self.rig.interlock.state();
        let inputs = self.rig.interlock.inputs();
        if state == State::Emergency {
            prop_assert!(
                self.rig.entry_released() && self.rig.exit_released(),
                "SAF-001"
            );
            return Ok(());
        }
        let blocked = |closed, free| !inputs.input(closed) && !inputs.input(free);
        let exit_blocked = blocked(Input::ExitClosed, Input::ExitSafe);
        let entry_blocked = blocked(Input::EntryClosed, Input::EntrySafe);
        if self.rig.entry_released() && self.rig.exit_released() {
            prop_assert!(
                entry_blocked && exit_blocked,
                "SAF-002 {before:?} → {state:?}"
            );
        }
        self.permit_left = self.permit_left.saturating_sub(1);
        if self.rig.exit_released() && !exit_was_released {
            let asked = self.permit_left > 0 || state == State::ExitClosing;
            prop_assert!(asked || exit_blocked, "SAF-004 {before:?} → {state:?}");
        }
        if self.rig.exit_released() && !exit_blocked && state != State::ExitClosing {
            prop_assert!(self.permit_left > 0, "SAF-006 exit in {state:?}");
        }
        let entry = self.rig.entry_released() && !entry_blocked && state != State::Trouble;
        self.entry_on_request = if entry { self.entry_on_request + 1 } else { 0 };
        prop_assert!(
            self.entry_on_request <= 601_000,
            "SAF-006 entry in {state:?}"
        );
        prop_assert!(!self.rig.on(Output::Watchdog));
        Ok(())
    }

    fn act(&mut self, act: &Act) -> Result<(), TestCaseError> {
        match *act {
            Act::Wait(ms) => self.run(ms)?,
            Act::Inside(who) => self.rig.inside(who),
            Act::Input(input, high) => self.rig.input(input, high),
            Act::Hold(door, ms) => self.rig.hold(door, ms),
            Act::LetGo(door) => self.rig.let_go(door),
            Act::Host(there) => self.rig.host = there,
            Act::Ask(asked) => {
                let _ = self.rig.ask(asked);
            }
            Act::LetOut(for_ms) => {
                let passage = self.rig.interlock.passage();
                let asked = ToController::Permit {
                    door: Door::Exit,
                    for_ms,
                    passage,
                };
                if self.rig.ask(asked) == Answer::Accepted {
                    self.permit_left = u32::from(for_ms) + 1;
                }
            }
            Act::SendBack => {
                let passage = self.rig.interlock.passage();
                let _ = self.rig.ask(ToController::SendBack { passage });
            }
        }
        self.run(1)
    }

    /// Faults off, people gone, an officer at work: the lane must come back into service.
    fn heal(&mut self) -> Result<(), TestCaseError> {
        self.rig.host = true;
        for input in [
            Input::ZoneInFree,
            Input::ZoneOutFree,
            Input::EntrySafe,
            Input::ExitSafe,
            Input::BreakglassOk,
        ] {
            self.rig.input(input, true);
        }
        self.rig.let_go(Door::Entry);
        self.rig.let_go(Door::Exit);
        self.rig.inside(Inside::Nobody);
        self.run(10_000)?;
        let cleared = self.rig.ask(ToController::ClearAlarm);
        prop_assert_eq!(cleared, Answer::Accepted);
        let offered = self.rig.ask(ToController::SetMode { mode: Mode::WalkIn });
        prop_assert_eq!(offered, Answer::Accepted);
        self.run(30_000)?;
        prop_assert_eq!(self.rig.interlock.state(), State::EntryOpen);
        prop_assert_eq!(self.rig.interlock.passage(), 0);
        prop_assert!(self.rig.on(Output::Ready) && self.rig.on(Output::NoAlarm));
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_rules_hold_and_the_lane_recovers(
        acts in prop::collection::vec(act(), 1..60),
    ) {
        let rig = Rig::offered(Mode::WalkIn);
        let mut watched = Watched { rig, permit_left: 0, entry_on_request: 0 };
        for act in &acts {
            watched.act(act)?;
        }
        watched.heal()?;
    }
}

#[test]
fn a_lane_is_the_same_at_another_time() {
    for state in crate::rig::STATES {
        let rig = Rig::in_state(state);
        let rebased = rig.interlock.rebased(rig.now());
        let mut then = rig.clone();
        then.interlock = rebased.clone();
        let start = Interlock::REBASED_NOW;
        assert_eq!(rebased.rebased(start), rebased, "{state:?}");
        let mut now = rig.clone();
        for ms in (1..20_000).step_by(7) {
            let wait = core::time::Duration::from_millis(ms);
            let outputs = now.interlock.scan(rig.now() + wait, rig.inputs());
            let same = then.interlock.scan(start + wait, rig.inputs());
            assert_eq!(outputs, same, "{state:?} after {ms} ms");
            assert_eq!(now.interlock.next_event(), then.interlock.next_event());
        }
    }
}
