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

fn shut(inputs: Bits, [closed, locked, open]: [Input; 3]) -> bool {
    inputs.input(closed) && inputs.input(locked) && !inputs.input(open)
}

/// What must hold after every scan: see `docs/hazards.md`.
fn check(before: State, inputs: Bits, after: &Rig, outputs: Bits) {
    let state = after.interlock.state();
    let told = format!("{before:?} → {state:?}, inputs {inputs:?}, outputs {outputs:?}");
    let entry_released = !outputs.output(Output::EntryHold);
    let exit_released = !outputs.output(Output::ExitHold);
    let entry_shut = shut(
        inputs,
        [Input::EntryClosed, Input::EntryLocked, Input::EntryOpen],
    );
    let exit_shut = shut(
        inputs,
        [Input::ExitClosed, Input::ExitLocked, Input::ExitOpen],
    );

    assert!(
        !outputs.output(Output::Watchdog),
        "the board's alone: {told}"
    );
    if !inputs.input(Input::FireOk) {
        assert_eq!(state, State::Emergency, "{told}");
    }
    if state == State::Emergency {
        assert!(entry_released && exit_released, "SAF-001: {told}");
        assert!(
            outputs.output(Output::EntryRelease) && outputs.output(Output::ExitRelease),
            "SAF-001: {told}"
        );
        return;
    }
    if state == State::PowerFail {
        assert!(entry_released, "SAF-021: {told}");
        return;
    }
    assert_eq!(entry_released, outputs.output(Output::EntryDrive), "{told}");
    assert_eq!(exit_released, outputs.output(Output::ExitDrive), "{told}");
    if exit_released && exit_shut {
        assert!(entry_shut && !entry_released, "SAF-002: {told}");
        assert!(
            matches!(before, State::ExitOpen | State::ExitClosing),
            "SAF-004: {told}"
        );
    }
    if entry_released && entry_shut {
        assert!(exit_shut && !exit_released, "SAF-002: {told}");
    }
    if state == State::ExitOpen {
        assert_eq!(before, State::ExitOpen, "SAF-004: {told}");
    }
    let numbered = matches!(
        state,
        State::Occupied | State::Several | State::ExitOpen | State::Returning | State::LeftObject
    );
    assert!(
        !numbered || after.interlock.passage() != 0,
        "SAF-012: {told}"
    );
}

#[test]
fn no_input_breaks_a_rule_in_any_state() {
    for state in STATES {
        let rig = Rig::in_state(state);
        for inputs in combinations(&DECIDING, rig.inputs()) {
            let mut met = rig.clone();
            let soon = rig.now() + core::time::Duration::from_millis(1);
            met.interlock.lease(soon, rig.host);
            let outputs = met.interlock.scan(soon, inputs);
            check(state, met.interlock.inputs(), &met, outputs);

            // A second later every level has been believed.
            let before = met.interlock.state();
            let later = rig.now() + core::time::Duration::from_millis(1_001);
            met.interlock.lease(later, rig.host);
            let outputs = met.interlock.scan(later, inputs);
            assert_eq!(
                met.interlock.inputs(),
                inputs,
                "one second settles every input"
            );
            check(before, inputs, &met, outputs);
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
