//! What a site may set, and what it then gets.

use crate::rig::{Inside, Rig, permit_exit};
use gate_protocol::pins::{Input, Output};
use gate_protocol::{
    Answer, Door, Event, Lock, Mode, Refusal, Shape, Site, State, ToController, WaysOut,
};

const WAYS: [WaysOut; 3] = [WaysOut::Both, WaysOut::EntryOnly, WaysOut::ExitOnly];

/// Entry and exit as ways out: released by their emergency openings.
fn ways_out(rig: &Rig) -> (bool, bool) {
    let entry = rig.entry_released() && rig.on(Output::EntryRelease);
    let exit = rig.exit_released() && rig.on(Output::ExitRelease);
    assert_eq!(entry, rig.entry_released());
    assert_eq!(exit, rig.exit_released());
    (entry, exit)
}

const fn doors(ways: WaysOut) -> (bool, bool) {
    match ways {
        WaysOut::Both => (true, true),
        WaysOut::EntryOnly => (true, false),
        WaysOut::ExitOnly => (false, true),
    }
}

#[test]
fn each_emergency_opens_the_ways_out_of_its_site() {
    for on_fire in WAYS {
        for on_emergency_stop in WAYS {
            for exit_lock in [Lock::FailSafe, Lock::FailSecure] {
                let site = Site {
                    on_fire,
                    on_emergency_stop,
                    exit_lock,
                    ..Site::DEFAULT
                };
                for (input, ways) in [
                    (Input::FireOk, on_fire),
                    (Input::EstopOk1, on_emergency_stop),
                    (Input::EstopOk2, on_emergency_stop),
                    (Input::BreakglassOk, WaysOut::Both),
                ] {
                    let mut rig = Rig::occupied_at(site);
                    rig.input(input, false);
                    rig.run(1);
                    assert_eq!(ways_out(&rig), doors(ways), "{input:?} at {site:?}");
                    assert_eq!(rig.on(Output::EntryGreen), doors(ways).0);
                    assert_eq!(rig.on(Output::ExitGreen), doors(ways).1);
                    assert_eq!(rig.on(Output::ExitRed), !doors(ways).1);
                    rig.run(2_000);
                    rig.input(input, true);
                    rig.run(2_000);
                    assert_eq!(ways_out(&rig), doors(ways), "kept until cleared");
                }
            }
        }
    }
}

#[test]
fn two_emergencies_open_the_ways_out_of_both() {
    let site = Site {
        on_fire: WaysOut::EntryOnly,
        on_emergency_stop: WaysOut::ExitOnly,
        ..Site::DEFAULT
    };
    let mut rig = Rig::offered_at(site, Mode::Closed);
    rig.input(Input::FireOk, false);
    rig.run(1_000);
    assert_eq!(ways_out(&rig), (true, false));
    rig.input(Input::EstopOk1, false);
    rig.input(Input::EstopOk2, false);
    rig.run(1);
    assert_eq!(ways_out(&rig), (true, true));
    rig.input(Input::FireOk, true);
    rig.run(1_000);
    assert_eq!(ways_out(&rig), (true, true), "nobody is shut in again");
}

#[test]
fn without_mains_the_doors_stand_as_the_site_wants() {
    for on_power_loss in WAYS {
        let site = Site {
            on_power_loss,
            ..Site::DEFAULT
        };
        let mut rig = Rig::offered_at(site, Mode::Closed);
        rig.input(Input::MainsOk, false);
        rig.run_until(State::PowerFail);
        rig.run(1);
        assert_eq!(ways_out(&rig), doors(on_power_loss), "{on_power_loss:?}");
    }
}

/// SAF-021: a technician breaks a passage off on battery, and the leaf behind it takes its time.
#[test]
fn without_mains_one_way_out_waits_until_the_other_door_is_shut() {
    for (on_power_loss, way, other) in [
        (WaysOut::EntryOnly, Door::Entry, Door::Exit),
        (WaysOut::ExitOnly, Door::Exit, Door::Entry),
    ] {
        let site = Site {
            on_power_loss,
            ..Site::DEFAULT
        };
        let mut rig = Rig::offered_at(site, Mode::WalkIn);
        if other == Door::Exit {
            rig = Rig::occupied_at(site);
            rig.run(500);
            rig.accepted(permit_exit(1));
        }
        rig.run(1_000);
        rig.hold(other, 400);
        rig.input(Input::MainsOk, false);
        rig.input(Input::KeyService, true);
        rig.run_until(State::Service);
        rig.input(Input::KeyService, false);
        rig.run_until(State::PowerFail);
        rig.run(1_000);
        assert_eq!(ways_out(&rig), (false, false), "{other} stands open");
        rig.let_go(other);
        while !rig.inputs().input(match other {
            Door::Entry => Input::EntryClosed,
            Door::Exit => Input::ExitClosed,
        }) {
            assert_eq!(ways_out(&rig), (false, false), "{other} closes");
            rig.run(1);
        }
        rig.run(100);
        assert_eq!(ways_out(&rig), doors(on_power_loss), "{way} is the way out");
    }
}

#[test]
fn drives_that_fail_with_their_mains_take_no_way_out_away() {
    for on_power_loss in WAYS {
        let site = Site {
            on_power_loss,
            ..Site::DEFAULT
        };
        for later in [0, 50, 300] {
            let mut rig = Rig::offered_at(site, Mode::Closed);
            rig.input(Input::MainsOk, false);
            rig.run(later);
            rig.input(Input::DrivesOk, false);
            rig.run(5_000);
            assert_eq!(rig.interlock.state(), State::PowerFail, "{later} ms later");
            assert_eq!(ways_out(&rig), doors(on_power_loss), "{later} ms later");
        }
    }
}

#[test]
fn a_fail_secure_exit_is_released_by_current() {
    let site = Site {
        exit_lock: Lock::FailSecure,
        ..Site::DEFAULT
    };
    let mut rig = Rig::occupied_at(site);
    assert!(!rig.on(Output::ExitHold));
    rig.run(500);
    rig.accepted(permit_exit(1));
    rig.run(1);
    assert!(rig.on(Output::ExitHold) && rig.on(Output::ExitDrive));
    rig.run(1_000);
    rig.inside(Inside::Nobody);
    rig.run_until(State::Idle);
    assert!(!rig.on(Output::ExitHold));
}

fn short_of_time() -> Site {
    let mut site = Site::DEFAULT;
    site.timings.decide = 20_000;
    site
}

#[test]
fn a_site_is_taken_only_while_it_can_hurt_nobody() {
    let configure = |site| ToController::Configure { site };
    let mut wrong = Site::DEFAULT;
    wrong.timings.trap = 2_999;
    let mut idle = Rig::in_state(State::Idle);
    assert_eq!(
        idle.ask(configure(wrong)),
        Answer::Refused(Refusal::OutOfRange)
    );
    for state in crate::rig::STATES {
        let mut rig = Rig::in_state(state);
        let expected = match state {
            State::Idle => Answer::Accepted,
            State::Secure => Answer::Refused(Refusal::NoLease),
            _ => Answer::Refused(Refusal::WrongState),
        };
        assert_eq!(rig.ask(configure(short_of_time())), expected, "{state:?}");
        let stored = rig.interlock.take_site_to_store();
        assert_eq!(stored.is_some(), state == State::Idle, "{state:?}");
    }
    let mut rig = Rig::in_state(State::Idle);
    rig.inside(Inside::Bag);
    rig.run(1_000);
    let asked = configure(short_of_time());
    assert_eq!(rig.ask(asked), Answer::Refused(Refusal::WrongState));
    let mut rig = Rig::in_state(State::Idle);
    rig.accepted(ToController::SetMode { mode: Mode::WalkIn });
    assert_eq!(rig.ask(asked), Answer::Refused(Refusal::WrongState));
}

#[test]
fn a_site_that_was_taken_is_obeyed_and_given_out_once_to_be_kept() {
    let site = Site {
        shape: Shape::Turnstile,
        ..short_of_time()
    };
    let mut rig = Rig::offered(Mode::Closed);
    rig.accepted(ToController::Configure { site });
    assert_eq!(rig.interlock.take_site_to_store(), Some(site));
    assert_eq!(rig.interlock.take_site_to_store(), None);
    assert_eq!(rig.interlock.site(), site);
    rig.accepted(ToController::ReadSite);
    rig.accepted(ToController::SetMode { mode: Mode::WalkIn });
    rig.run_until(State::EntryOpen);
    rig.inside(Inside::One);
    rig.run_until(State::Occupied);
    rig.run(20_001);
    assert_eq!(rig.interlock.state(), State::Returning);
}

#[test]
fn a_lane_that_has_run_for_fifty_days_does_what_a_new_one_does() {
    let journey = |start| {
        let mut rig = Rig::switched_on_at(start, Site::DEFAULT).with_host(Mode::WalkIn);
        let mut outputs = Vec::new();
        for (who, ms) in [
            (Inside::One, 5_000),
            (Inside::One, 130_000),
            (Inside::Nobody, 5_000),
            (Inside::Two, 30_000),
            (Inside::Nobody, 5_000),
        ] {
            rig.inside(who);
            for _ in 0..ms / 10 {
                rig.run(10);
                outputs.push(rig.outputs);
            }
        }
        (rig.events, outputs)
    };
    let new = journey(0);
    assert!(new.0.contains(&Event::WentBack(1)), "{:?}", new.0);
    let wraps = 1 << 32;
    assert_eq!(journey(wraps - 60_000), new);
}
