//! What comes before a traveller's way: broken buttons and drives, tamper, power failure, the
//! service key.

use crate::rig::{Inside, Rig, permit_entry, permit_exit};
use gate_protocol::pins::{Input, Output};
use gate_protocol::{Answer, Door, Event, Fault, Mode, Refusal, State, ToController};

const fn force(output: Output, on: bool, for_ms: u16) -> ToController {
    ToController::Force {
        output: output as u8,
        on,
        for_ms,
    }
}

#[test]
fn an_emergency_stop_with_a_broken_channel_is_an_emergency_and_a_fault() {
    let channels = Fault::EmergencyStopChannels;
    for (input, ms, found) in [
        (Input::EstopOk1, 50, 0),
        (Input::EstopOk1, 60, 1),
        (Input::EstopOk2, 60, 1),
        (Input::FireOk, 60, 0),
    ] {
        let mut rig = Rig::offered(Mode::Closed);
        rig.input(input, false);
        rig.run(1);
        assert!(rig.entry_released() && rig.exit_released(), "{input:?}");
        rig.run(ms - 1);
        rig.input(Input::EstopOk1, false);
        rig.input(Input::EstopOk2, false);
        rig.run(1_000);
        assert_eq!(
            rig.count(Event::Trouble(channels)),
            found,
            "{input:?}, {ms} ms"
        );
        for input in [Input::FireOk, Input::EstopOk1, Input::EstopOk2] {
            rig.input(input, true);
        }
        rig.run(6_000);
        rig.accepted(ToController::ClearAlarm);
        rig.run(1_500);
        if found > 0 {
            assert_eq!(rig.interlock.state(), State::Trouble, "nobody has looked");
            rig.accepted(ToController::ClearAlarm);
        }
        rig.run_until(State::Idle);
    }
}

#[test]
fn a_failed_drive_ends_every_motion() {
    let mut rig = Rig::offered(Mode::WalkIn);
    rig.input(Input::DrivesOk, false);
    rig.run(210);
    assert_eq!(rig.interlock.state(), State::Trouble);
    assert_eq!(rig.count(Event::Trouble(Fault::Drive)), 1);
    assert!(!rig.on(Output::EntryDrive) && rig.on(Output::FaultLed));
    rig.run(2_000);
    assert_eq!(
        rig.ask(ToController::ClearAlarm),
        Answer::Refused(Refusal::Alarm)
    );
    rig.input(Input::DrivesOk, true);
    rig.run(100);
    rig.accepted(ToController::ClearAlarm);
    rig.run_until(State::EntryOpen);
}

#[test]
fn an_opened_cabinet_lets_whoever_is_inside_back_and_nobody_on() {
    for leaving in [false, true] {
        let mut rig = if leaving {
            Rig::leaving()
        } else {
            Rig::occupied()
        };
        rig.input(Input::TamperOk, false);
        rig.run(60);
        assert_eq!(rig.interlock.state(), State::Tamper);
        assert!(rig.interlock.cabinet_open());
        assert_eq!(rig.count(Event::TamperBegan), 1);
        assert_eq!(rig.count(Event::Abandoned(1)), 1);
        assert!(!rig.on(Output::NoAlarm) && !rig.exit_released());
        assert_eq!(rig.ask(permit_exit(1)), Answer::Refused(Refusal::Alarm));
        rig.run(3_000);
        assert!(rig.entry_released() && !rig.exit_released());
        rig.inside(Inside::Nobody);
        rig.run(3_000);
        assert!(!rig.entry_released() && !rig.exit_released());

        let refused = rig.ask(ToController::ClearAlarm);
        assert_eq!(refused, Answer::Refused(Refusal::Alarm), "still open");
        rig.input(Input::TamperOk, true);
        rig.run(60_000);
        assert_eq!(rig.interlock.state(), State::Tamper, "not by itself");
        rig.accepted(ToController::ClearAlarm);
        rig.run_until(State::EntryOpen);
        assert_eq!(rig.count(Event::TamperEnded), 1);
    }
}

#[test]
fn the_service_key_ends_tamper_once_the_cabinet_is_closed() {
    let mut rig = Rig::in_state(State::Tamper);
    rig.inside(Inside::Nobody);
    rig.input(Input::KeyService, true);
    rig.run(3_000);
    assert_eq!(rig.interlock.state(), State::Tamper, "the cabinet is open");
    rig.input(Input::TamperOk, true);
    rig.run(3_000);
    assert_eq!(
        rig.interlock.state(),
        State::Tamper,
        "the key must be turned after that"
    );
    rig.input(Input::KeyService, false);
    rig.run(100);
    rig.input(Input::KeyService, true);
    rig.run_until(State::Service);
    assert_eq!(rig.count(Event::TamperEnded), 1);
}

#[test]
fn a_technician_may_open_the_cabinet_but_not_leave_it_open() {
    let mut rig = Rig::in_state(State::Service);
    rig.input(Input::TamperOk, false);
    rig.run(5_000);
    assert_eq!(rig.interlock.state(), State::Service);
    assert_eq!(rig.count(Event::TamperBegan), 0);
    assert!(rig.interlock.cabinet_open() && !rig.interlock.pair_pressed());
    rig.input(Input::Pair, true);
    rig.run(60);
    assert!(rig.interlock.pair_pressed());
    rig.input(Input::KeyService, false);
    rig.run(60);
    assert_eq!(rig.interlock.state(), State::Tamper);
}

#[test]
fn tamper_during_an_emergency_is_not_forgotten() {
    let mut rig = Rig::in_state(State::Emergency);
    rig.inside(Inside::Nobody);
    rig.input(Input::TamperOk, false);
    rig.run(100);
    rig.input(Input::TamperOk, true);
    rig.input(Input::FireOk, true);
    rig.run(6_000);
    assert!(rig.entry_released() && rig.exit_released());
    rig.accepted(ToController::ClearAlarm);
    rig.run(1);
    assert_eq!(rig.interlock.state(), State::Tamper);
    rig.run(2_000);
    rig.accepted(ToController::ClearAlarm);
    rig.run_until(State::Idle);
}

#[test]
fn the_service_key_ends_an_emergency_that_is_over() {
    let mut rig = Rig::in_state(State::Emergency);
    rig.inside(Inside::Nobody);
    let turn = |rig: &mut Rig| {
        rig.input(Input::KeyService, false);
        rig.run(100);
        rig.input(Input::KeyService, true);
        rig.run(100);
    };
    turn(&mut rig);
    assert_eq!(rig.interlock.state(), State::Emergency, "fire");
    rig.input(Input::FireOk, true);
    rig.run(10_000);
    assert_eq!(rig.interlock.state(), State::Emergency, "turned too early");
    turn(&mut rig);
    assert_eq!(rig.interlock.state(), State::Service);
    rig.run(2_000);
    rig.input(Input::KeyService, false);
    rig.run_until(State::Idle);
    assert_eq!(
        rig.events[4..],
        [
            Event::EmergencyEnded,
            Event::ServiceBegan,
            Event::ServiceEnded
        ]
    );
}

#[test]
fn on_battery_a_passage_is_finished_and_nobody_new_let_in() {
    let mut rig = Rig::occupied();
    rig.input(Input::MainsOk, false);
    rig.run(1_000);
    assert_eq!(rig.count(Event::MainsLost), 1);
    assert_eq!(rig.interlock.state(), State::Occupied);
    assert!(rig.on(Output::FaultLed));
    rig.accepted(permit_exit(1));
    rig.run(1_000);
    rig.inside(Inside::Nobody);
    rig.run_until(State::PowerFail);
    assert_eq!(rig.count(Event::Passed(1)), 1);
    rig.run(1_000);
    assert!(rig.on(Output::EntryRelease) && !rig.exit_released());
    assert!(rig.on(Output::EntryRed) && !rig.on(Output::Ready));
    assert_eq!(
        rig.ask(permit_entry()),
        Answer::Refused(Refusal::WrongState)
    );

    rig.input(Input::MainsOk, true);
    rig.run(4_000);
    rig.input(Input::MainsOk, false);
    rig.run(1_000);
    rig.input(Input::MainsOk, true);
    rig.run(5_050);
    assert_eq!(rig.interlock.state(), State::PowerFail, "not for 5 s yet");
    rig.run_until(State::EntryOpen);
    assert_eq!(rig.count(Event::MainsReturned), 1);
    assert_eq!(rig.count(Event::MainsLost), 1);
}

#[test]
fn an_entry_that_stands_open_closes_when_the_mains_fail() {
    let mut rig = Rig::offered(Mode::WalkIn);
    rig.input(Input::MainsOk, false);
    rig.run(150);
    assert_eq!(rig.interlock.state(), State::EntryClosing);
    rig.run_until(State::PowerFail);
    rig.run(60_000);
    assert_eq!(
        rig.interlock.state(),
        State::PowerFail,
        "nothing is stuck and nothing forced"
    );
}

#[test]
fn a_low_battery_is_told_once() {
    let mut rig = Rig::offered(Mode::WalkIn);
    rig.input(Input::BatteryLow, true);
    rig.run(5_000);
    assert_eq!(rig.count(Event::BatteryLow), 1);
    assert_eq!(rig.interlock.state(), State::EntryOpen);
    assert!(rig.on(Output::FaultLed));
}

#[test]
fn outputs_are_forced_only_with_the_key_and_within_bounds() {
    for (state, asked, answer) in [
        (
            State::Idle,
            force(Output::Light, true, 500),
            Err(Refusal::WrongState),
        ),
        (
            State::Trouble,
            force(Output::EntryDrive, true, 500),
            Err(Refusal::WrongState),
        ),
        (
            State::Tamper,
            force(Output::EntryDrive, true, 500),
            Err(Refusal::WrongState),
        ),
        (
            State::Service,
            force(Output::Light, false, 0),
            Err(Refusal::OutOfRange),
        ),
        (
            State::Service,
            force(Output::Light, false, 1_001),
            Err(Refusal::OutOfRange),
        ),
        (
            State::Service,
            force(Output::Watchdog, true, 500),
            Err(Refusal::OutOfRange),
        ),
        (
            State::Service,
            ToController::Force {
                output: 18,
                on: true,
                for_ms: 1,
            },
            Err(Refusal::OutOfRange),
        ),
        (State::Service, force(Output::Light, false, 1_000), Ok(())),
    ] {
        let mut rig = Rig::in_state(state);
        let expected = answer.map_or_else(Answer::Refused, |()| Answer::Accepted);
        assert_eq!(rig.ask(asked), expected, "{asked:?} in {state:?}");
    }
    let mut rig = Rig::in_state(State::Service);
    rig.host = false;
    rig.run(600);
    let asked = force(Output::Light, false, 500);
    assert_eq!(rig.ask(asked), Answer::Refused(Refusal::NoLease));
}

#[test]
fn a_forced_output_falls_back_when_nobody_holds_the_button() {
    let mut rig = Rig::in_state(State::Service);
    rig.run(1_000);
    assert!(rig.on(Output::EntryHold) && !rig.on(Output::EntryDrive));
    rig.accepted(force(Output::EntryHold, false, 500));
    rig.accepted(force(Output::EntryDrive, true, 500));
    rig.run(1);
    assert!(!rig.on(Output::EntryHold) && rig.on(Output::EntryDrive));
    assert!(rig.on(Output::ExitHold) && !rig.on(Output::ExitDrive));
    assert_eq!(
        rig.ask(force(Output::ExitDrive, true, 500)),
        Answer::Refused(Refusal::OtherDoorOpen)
    );
    rig.run(498);
    assert!(rig.on(Output::EntryDrive));
    rig.run(1);
    assert!(rig.on(Output::EntryHold) && !rig.on(Output::EntryDrive));
}

#[test]
fn turning_the_key_off_lets_go_of_every_output() {
    let mut rig = Rig::in_state(State::Service);
    rig.run(1_000);
    rig.input(Input::KeyService, false);
    rig.run(49);
    rig.accepted(force(Output::EntryDrive, true, 1_000));
    rig.run(1);
    assert!(rig.on(Output::EntryDrive));
    rig.run(1);
    assert!(!rig.on(Output::EntryDrive));
    assert_eq!(rig.interlock.state(), State::Idle);
    assert_eq!(rig.count(Event::ServiceEnded), 1);
}

#[test]
fn an_emergency_goes_past_the_service_key() {
    let mut rig = Rig::in_state(State::Service);
    rig.accepted(force(Output::EntryHold, true, 1_000));
    rig.input(Input::BreakglassOk, false);
    rig.run(1);
    assert!(rig.entry_released() && rig.exit_released());
}

#[test]
fn a_drive_that_cannot_open_its_door_rests_and_tries_again() {
    let mut rig = Rig::occupied();
    rig.hold(Door::Entry, 0);
    rig.accepted(ToController::SendBack { passage: 1 });
    rig.run_until(State::Trouble);
    let mut pushes = Vec::new();
    let mut pushing = 0;
    for _ in 0..60_100 {
        rig.run(1);
        assert!(!rig.exit_released());
        if rig.on(Output::EntryDrive) {
            assert!(rig.entry_released());
            pushing += 1;
        } else if pushing > 0 {
            assert!(rig.entry_released(), "free for a hand");
            pushes.push(pushing);
            pushing = 0;
        }
    }
    assert_eq!(pushes, [10_000; 3], "in a minute after trouble began");
}

#[test]
fn the_buzzer_rests_however_many_alarms_come() {
    let mut rig = Rig::offered(Mode::Closed);
    let mut sounded = 0;
    let mut rested = 0;
    for second in 0..120 {
        if second % 8 == 0 {
            rig.hold(Door::Exit, 500);
        }
        if second % 8 == 2 {
            rig.let_go(Door::Exit);
        }
        for _ in 0..1_000 {
            rig.run(1);
            let on = rig.on(Output::Buzzer);
            sounded += u32::from(on);
            rested += u32::from(!on && second > 0);
        }
    }
    // The rule that it never sounds for more than 30 s is watched at every scan.
    assert!(sounded > 60_000, "{sounded}");
    assert!(rested >= 3_000, "{rested}");
}
