//! Every combination of inputs, met in every state.

use crate::rig::{Rig, STATES, permit_exit};
use gate_protocol::pins::{Bits, Input, Output};
use gate_protocol::{Answer, State};

/// The inputs that decide anything, one emergency input standing for four.
const DECIDING: [Input; 15] = [
    Input::FireOk,
    Input::EntryClosed,
    Input::EntryLocked,
    Input::EntryOpen,
    Input::ExitClosed,
    Input::ExitLocked,
    Input::ExitOpen,
    Input::EntrySafe,
    Input::ExitSafe,
    Input::ZoneInFree,
    Input::Chamber1Free,
    Input::Chamber2Free,
    Input::SingleOk,
    Input::EmptyOk,
    Input::ZoneOutFree,
];

/// Every combination of `inputs`, the others as in `base`.
fn combinations(inputs: &[Input], base: Bits) -> impl Iterator<Item = Bits> {
    (0..1_u32 << inputs.len()).map(move |bits| {
        inputs.iter().enumerate().fold(base, |levels, (n, input)| {
            levels.with_input(*input, bits & (1 << n) != 0)
        })
    })
}

/// Meets `inputs` at once and again a second later, when every level has been believed. The rules
/// are watched by the rig; here stands what only this test can see.
fn meet(rig: &Rig, inputs: Bits) {
    let mut met = rig.clone();
    met.set_inputs(inputs);
    for (ms, before) in [(1, rig.interlock.state()), (1_001, met.interlock.state())] {
        let now = rig.now() + core::time::Duration::from_millis(ms);
        met.interlock.lease(now, rig.host);
        met.scan(now);
        let state = met.interlock.state();
        let told = || {
            format!(
                "{before:?} → {state:?}, inputs {inputs:?}, {:?}",
                met.outputs
            )
        };
        assert!(!met.on(Output::Watchdog), "the board's alone: {}", told());
        assert!(
            state != State::ExitOpen || before == State::ExitOpen,
            "SAF-004: {}",
            told()
        );
        let numbered = matches!(
            state,
            State::Occupied
                | State::Several
                | State::ExitOpen
                | State::Returning
                | State::LeftObject
        );
        assert!(
            !numbered || met.interlock.passage() != 0,
            "SAF-012: {}",
            told()
        );
    }
    assert_eq!(
        met.interlock.inputs(),
        inputs,
        "a second settles every input"
    );
}

#[test]
fn no_input_breaks_a_rule_in_any_state() {
    for state in STATES {
        let rig = Rig::in_state(state);
        for inputs in combinations(&DECIDING, rig.inputs()) {
            meet(&rig, inputs);
        }
    }
}

/// The inputs that go past a traveller's way.
const APART: [Input; 9] = [
    Input::FireOk,
    Input::EstopOk1,
    Input::EstopOk2,
    Input::BreakglassOk,
    Input::TamperOk,
    Input::MainsOk,
    Input::BatteryLow,
    Input::KeyService,
    Input::DrivesOk,
];

/// The inputs that say where doors and people are, in the combinations that a whole lane shows.
const AROUND: [Input; 5] = [
    Input::EntryLocked,
    Input::ExitLocked,
    Input::EntrySafe,
    Input::SingleOk,
    Input::Chamber1Free,
];

#[test]
fn nothing_that_goes_past_the_traveller_breaks_a_rule_in_any_state() {
    for state in STATES {
        let rig = Rig::in_state(state);
        for apart in combinations(&APART, rig.inputs()) {
            for inputs in combinations(&AROUND, apart) {
                meet(&rig, inputs);
            }
        }
    }
}

#[test]
fn each_emergency_input_opens_the_way_out_within_one_scan() {
    let inputs = [
        Input::FireOk,
        Input::EstopOk1,
        Input::EstopOk2,
        Input::BreakglassOk,
    ];
    for state in STATES {
        let rig = Rig::in_state(state);
        for levels in combinations(&inputs, rig.inputs()) {
            let normal = inputs.iter().all(|input| levels.input(*input));
            let mut met = rig.clone();
            let soon = rig.now() + core::time::Duration::from_millis(1);
            let outputs = met.interlock.scan(soon, levels);
            let out = outputs.output(Output::ExitRelease) && !outputs.output(Output::ExitHold);
            assert!(out || normal, "{levels:?} in {state:?}");
        }
    }
}

#[test]
fn a_permit_for_the_exit_is_taken_only_for_one_person_behind_a_shut_entry() {
    let mut taken = 0;
    for state in STATES {
        let rig = Rig::in_state(state);
        for inputs in combinations(&DECIDING, rig.inputs()) {
            let mut met = rig.clone();
            for ms in [1, 301, 999] {
                let now = rig.now() + core::time::Duration::from_millis(ms);
                met.interlock.lease(now, true);
                met.interlock.scan(now, inputs);
            }
            let before = met.interlock.state();
            let now = rig.now() + core::time::Duration::from_millis(1_000);
            met.interlock.lease(now, true);
            let asked = permit_exit(met.interlock.passage());
            if met.interlock.request(now, &asked) != Answer::Accepted {
                continue;
            }
            taken += 1;
            assert_eq!(before, State::Occupied);
            assert!(inputs.input(Input::SingleOk) && !inputs.input(Input::EmptyOk));
            assert!(inputs.input(Input::EntryClosed) && inputs.input(Input::EntryLocked));
            let again = met.interlock.request(now, &asked);
            assert!(again != Answer::Accepted, "a permit is good once");
        }
    }
    assert!(taken > 0, "the test must see permits that are taken");
}
