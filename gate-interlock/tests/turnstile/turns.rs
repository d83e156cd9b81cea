//! A traveller's way through the arm, and every way off it.

use crate::rig::{Rig, STATES, TURN, permit, site};
use gate_interlock::Released;
use gate_protocol::pins::{Bits, TurnstileInput, TurnstileOutput};
use gate_protocol::{
    Answer, Door, Event, Fault, Instant, Mode, Refusal, Sign, Site, State, ToController, WaysOut,
};

/// Something that somebody does.
type Act = fn(&mut Rig);

const REFUSED: fn(Refusal) -> Answer = Answer::Refused;

#[test]
fn a_traveller_is_permitted_turns_and_has_passed() {
    let mut rig = Rig::offered(Mode::OnPermit);
    assert!(rig.on(TurnstileOutput::Ready) && rig.on(TurnstileOutput::EntryRed));
    assert_eq!(rig.turnstile.passage(), 1);
    rig.accepted(permit(Door::Exit, 1));
    rig.run(1);
    assert!(rig.released(Door::Exit) && !rig.released(Door::Entry));
    assert!(rig.on(TurnstileOutput::EntryGreen) && rig.on(TurnstileOutput::ExitRed));
    rig.push(Door::Exit, TURN);
    rig.run_until(State::Turning);
    rig.run_until(State::Idle);
    assert!(rig.is_home() && rig.position() == TURN);
    assert!(!rig.released(Door::Exit) && rig.on(TurnstileOutput::Passed));
    rig.run(300);
    assert!(!rig.on(TurnstileOutput::Passed));
    assert_eq!(
        rig.events,
        [Event::Started, Event::ExitReleased(1), Event::Passed(1)]
    );
    assert_eq!(rig.turnstile.passage(), 2);
}

#[test]
fn the_way_back_has_a_permit_of_its_own() {
    let mut rig = Rig::offered(Mode::OnPermit);
    rig.accepted(permit(Door::Entry, 1));
    rig.push(Door::Entry, TURN);
    rig.run(1_000);
    assert_eq!(rig.position(), -TURN);
    assert_eq!(
        rig.events,
        [Event::Started, Event::ReturnReleased(1), Event::WentBack(1)]
    );
}

#[test]
fn a_permit_is_good_for_one_turn_one_way_one_number_and_five_seconds() {
    let mut rig = Rig::armed();
    assert_eq!(rig.ask(permit(Door::Exit, 1)), REFUSED(Refusal::WrongState));
    rig.push(Door::Exit, 3 * TURN);
    rig.run(3_000);
    assert_eq!(rig.position(), TURN, "held after one turn");
    assert_eq!(
        rig.ask(permit(Door::Exit, 1)),
        REFUSED(Refusal::WrongPassage)
    );
    assert_eq!(
        rig.ask(permit(Door::Exit, 3)),
        REFUSED(Refusal::WrongPassage)
    );
    let mut rig = Rig::armed();
    rig.run(4_998);
    assert!(rig.released(Door::Exit));
    rig.run(2);
    assert!(!rig.released(Door::Exit));
    rig.run(50);
    assert_eq!(rig.events.last(), Some(&Event::DidNotLeave(1)));
    assert_eq!(
        rig.ask(permit(Door::Exit, 1)),
        REFUSED(Refusal::WrongPassage)
    );
}

#[test]
fn a_short_permit_ends_early_and_a_bad_one_is_refused() {
    let mut rig = Rig::offered(Mode::OnPermit);
    for for_ms in [0, 30_001] {
        let asked = ToController::Permit {
            door: Door::Exit,
            for_ms,
            passage: 1,
        };
        assert_eq!(rig.ask(asked), REFUSED(Refusal::OutOfRange), "{for_ms}");
    }
    rig.accepted(ToController::Permit {
        door: Door::Exit,
        for_ms: 500,
        passage: 1,
    });
    rig.run(499);
    assert!(rig.released(Door::Exit));
    rig.run(1);
    assert!(!rig.released(Door::Exit));
}

#[test]
fn whoever_begins_at_the_last_moment_is_let_through() {
    for ms in 4_950..5_000 {
        let mut rig = Rig::armed();
        rig.run(ms);
        rig.push(Door::Exit, TURN);
        rig.run(1_000);
        let passed = rig.position() == TURN;
        let last = rig.events.last();
        let expected = if passed {
            Event::Passed(1)
        } else {
            Event::DidNotLeave(1)
        };
        assert_eq!(last, Some(&expected), "pushed after {ms} ms");
        assert!(
            passed || rig.is_home(),
            "at {} after {ms} ms",
            rig.position()
        );
        assert_eq!(rig.turnstile.state(), State::Idle, "pushed after {ms} ms");
    }
}

#[test]
fn whoever_steps_back_may_try_again_while_the_permit_is_good() {
    let mut rig = Rig::armed();
    rig.push(Door::Exit, 5);
    rig.run_until(State::Turning);
    rig.run(200);
    rig.force(Door::Entry, 5);
    rig.run_until(State::Armed);
    rig.push(Door::Exit, TURN);
    rig.run_until(State::Idle);
    assert_eq!(
        rig.events,
        [Event::Started, Event::ExitReleased(1), Event::Passed(1)]
    );
}

#[test]
fn an_arm_pushed_without_a_permit_stays_held() {
    let mut rig = Rig::offered(Mode::OnPermit);
    rig.push(Door::Exit, TURN);
    rig.run(2_000);
    assert_eq!((rig.position(), rig.turnstile.state()), (0, State::Idle));
}

#[test]
fn a_forced_arm_raises_the_alarm_and_stays_held_until_an_officer_has_looked() {
    let mut rig = Rig::offered(Mode::OnPermit);
    rig.force(Door::Exit, 3);
    rig.run_until(State::Trouble);
    assert!(!rig.released(Door::Exit) && !rig.released(Door::Entry));
    assert!(!rig.on(TurnstileOutput::NoAlarm) && rig.on(TurnstileOutput::Buzzer));
    let told = [
        Event::Forced(Door::Exit),
        Event::Trouble(Fault::DoorForced(Door::Exit)),
    ];
    assert_eq!(rig.events[1..], told);
    assert_eq!(
        rig.ask(ToController::ClearAlarm),
        REFUSED(Refusal::Alarm),
        "still away"
    );
    rig.bring_home();
    rig.run(1_000);
    assert_eq!(rig.ask(permit(Door::Exit, 1)), REFUSED(Refusal::Alarm));
    rig.accepted(ToController::ClearAlarm);
    rig.run(2);
    assert_eq!(rig.turnstile.state(), State::Idle);
    assert!(rig.on(TurnstileOutput::NoAlarm) && !rig.on(TurnstileOutput::Buzzer));
}

#[test]
fn somebody_who_forces_the_arm_against_a_permit_goes_the_wrong_way() {
    let mut rig = Rig::armed();
    rig.force(Door::Entry, 3);
    rig.run_until(State::Trouble);
    let told = [
        Event::WrongWay,
        Event::Trouble(Fault::DoorForced(Door::Entry)),
        Event::DidNotLeave(1),
    ];
    assert_eq!(rig.events[2..], told);
    assert!(!rig.released(Door::Exit) && !rig.released(Door::Entry));
}

#[test]
fn two_people_on_one_permit_are_found_and_nobody_else_passes() {
    let mut rig = Rig::armed();
    rig.push(Door::Exit, TURN / 2);
    rig.run(300);
    rig.person();
    assert_eq!(rig.turnstile.state(), State::Turning);
    rig.person();
    assert_eq!(rig.turnstile.state(), State::Several);
    assert_eq!(rig.events[2..], [Event::Tailgated(1)]);
    rig.push(Door::Exit, 2 * TURN);
    rig.run(3_000);
    assert_eq!(rig.position(), TURN, "held when it is home");
    assert_eq!(rig.ask(permit(Door::Exit, 2)), REFUSED(Refusal::Alarm));
    rig.accepted(ToController::ClearAlarm);
    rig.run(2);
    assert_eq!(rig.turnstile.state(), State::Idle);
}

#[test]
fn whoever_stops_in_the_arm_can_go_on_or_back_after_three_seconds() {
    for (way, end) in [
        (Door::Exit, Event::Passed(1)),
        (Door::Entry, Event::DidNotLeave(1)),
    ] {
        let mut rig = Rig::armed();
        rig.push(Door::Exit, TURN / 2);
        rig.run_until(State::Obstructed);
        assert!(rig.released(Door::Exit) && rig.released(Door::Entry));
        assert!(!rig.on(TurnstileOutput::NoAlarm) && rig.on(TurnstileOutput::Buzzer));
        rig.push(way, TURN / 2);
        rig.run_until(State::Idle);
        assert_eq!(rig.events[2..], [Event::Obstructed(Door::Exit), end]);
        assert!(!rig.released(Door::Exit) && !rig.released(Door::Entry));
    }
}

#[test]
fn an_arm_that_meets_somebody_is_let_go_at_once() {
    let mut rig = Rig::armed();
    rig.push(Door::Exit, 5);
    rig.run_until(State::Turning);
    rig.set(TurnstileInput::ArmFree, false);
    rig.run(1);
    assert_eq!(rig.turnstile.state(), State::Obstructed);
    assert!(rig.released(Door::Entry));
}

#[test]
fn an_arm_found_away_from_home_after_a_reset_is_free_until_it_is_home() {
    let mut rig = Rig::switched_on();
    rig.force(Door::Exit, TURN / 2);
    rig.run(1_000);
    rig.start_at(site());
    rig.run(10);
    assert_eq!(rig.turnstile.state(), State::Obstructed);
    rig.push(Door::Entry, TURN);
    rig.run_until(State::Secure);
    rig.run(1_000);
    assert_eq!(rig.position(), 0, "held in its rest");
}

#[test]
fn a_silent_host_and_a_new_session_kill_the_permit() {
    let kill: [(&str, Act); 4] = [
        ("silent", |rig| rig.host = false),
        ("new session", |rig| rig.new_session()),
        ("withdrawn", |rig| rig.accepted(ToController::Withdraw)),
        ("closed", |rig| {
            rig.accepted(ToController::SetMode { mode: Mode::Closed })
        }),
    ];
    for (name, kill) in kill {
        let mut rig = Rig::armed();
        kill(&mut rig);
        rig.run(1);
        assert!(!rig.released(Door::Exit), "{name}");
        rig.run(50);
        assert!(rig.events.contains(&Event::DidNotLeave(1)), "{name}");
        rig.push(Door::Exit, TURN);
        rig.run(1_000);
        assert_eq!(rig.position(), 0, "{name}");
    }
}

#[test]
fn a_link_that_hangs_loses_the_lease() {
    let mut rig = Rig::armed();
    let mut now = rig.now();
    for _ in 0..500 {
        now = now + core::time::Duration::from_millis(1);
        rig.outputs = rig.turnstile.scan(now, rig.inputs);
    }
    assert!(!rig.released(Door::Exit));
}

#[test]
fn a_turn_that_has_begun_is_finished_when_the_host_falls_silent() {
    let mut rig = Rig::armed();
    rig.push(Door::Exit, 3 * TURN);
    rig.run_until(State::Turning);
    rig.host = false;
    rig.run(2_000);
    assert_eq!(rig.position(), TURN);
    assert_eq!(rig.events[2..], [Event::LeaseLapsed, Event::Passed(1)]);
    assert_eq!(rig.turnstile.state(), State::Secure);
}

#[test]
fn a_permit_that_ended_in_a_turn_does_not_come_back_with_the_host() {
    let end: [(&str, Act); 2] = [
        ("silent", |rig| {
            rig.host = false;
            rig.run(1);
            rig.host = true;
        }),
        ("closed and open again", |rig| {
            rig.accepted(ToController::SetMode { mode: Mode::Closed });
            rig.accepted(ToController::SetMode {
                mode: Mode::OnPermit,
            });
        }),
    ];
    for (name, end) in end {
        let mut rig = Rig::armed();
        rig.push(Door::Exit, 5);
        rig.run_until(State::Turning);
        rig.run(200);
        end(&mut rig);
        rig.force(Door::Entry, 5);
        rig.run_until(State::Idle);
        assert_eq!(rig.events.last(), Some(&Event::DidNotLeave(1)), "{name}");
        rig.push(Door::Exit, TURN);
        rig.run(1_000);
        assert_eq!(rig.position(), 0, "{name}");
    }
}

#[test]
fn a_free_turnstile_counts_and_turns_one_way_only() {
    let mut rig = Rig::offered(Mode::Free(Door::Exit));
    assert!(rig.released(Door::Exit) && !rig.released(Door::Entry));
    rig.push(Door::Exit, 3 * TURN);
    rig.run(3_000);
    assert_eq!(
        rig.events[1..],
        [Event::Passed(1), Event::Passed(2), Event::Passed(3)]
    );
    rig.push(Door::Entry, TURN);
    rig.run(1_000);
    assert_eq!(rig.position(), 3 * TURN);
    rig.force(Door::Entry, 2);
    rig.run_until(State::Trouble);
    assert!(rig.events.contains(&Event::WrongWay));
}

#[test]
fn the_stronger_word_goes_first() {
    // Each line is stronger than those below it: all below it hold, and the state is its own.
    let order: [(State, Act); 6] = [
        (State::Idle, |_| {}),
        (State::Free, |rig| {
            rig.accepted(ToController::SetMode {
                mode: Mode::Free(Door::Exit),
            })
        }),
        (State::Service, |rig| {
            rig.set(TurnstileInput::KeyService, true)
        }),
        (State::Blocked, |rig| {
            rig.accepted(ToController::SetMode {
                mode: Mode::Blocked,
            })
        }),
        (State::Tamper, |rig| {
            rig.set(TurnstileInput::KeyService, false);
            rig.run(100);
            rig.set(TurnstileInput::TamperOk, false);
            rig.run(100);
            rig.set(TurnstileInput::KeyService, true);
        }),
        (State::Emergency, |rig| {
            rig.set(TurnstileInput::EstopOk1, false)
        }),
    ];
    let mut rig = Rig::offered(Mode::OnPermit);
    for (state, begins) in order {
        begins(&mut rig);
        rig.run(200);
        assert_eq!(rig.turnstile.state(), state);
    }
    assert!(
        !rig.on(TurnstileOutput::DropArm),
        "an emergency stop drops no arm"
    );
    rig.set(TurnstileInput::FireOk, false);
    rig.run(1);
    assert!(rig.on(TurnstileOutput::DropArm), "a fire does");
}

#[test]
fn danger_opens_the_way_out_within_one_scan_in_every_state() {
    for state in STATES {
        for input in [
            TurnstileInput::FireOk,
            TurnstileInput::EstopOk1,
            TurnstileInput::EstopOk2,
        ] {
            let mut rig = Rig::in_state(state);
            rig.set(input, false);
            rig.run(1);
            assert!(
                rig.released(Door::Entry) && rig.released(Door::Exit),
                "{input:?} in {state:?}"
            );
            let drop = input == TurnstileInput::FireOk || state == State::Emergency;
            assert_eq!(
                rig.on(TurnstileOutput::DropArm),
                drop,
                "{input:?} in {state:?}"
            );
        }
    }
}

#[test]
fn each_danger_opens_the_ways_that_the_site_says() {
    let site = Site {
        on_fire: WaysOut::ExitOnly,
        on_emergency_stop: WaysOut::EntryOnly,
        on_power_loss: WaysOut::Both,
        ..site().get()
    };
    let site = site.check().expect("no timing was changed");
    for (input, ways) in [
        (TurnstileInput::FireOk, WaysOut::ExitOnly),
        (TurnstileInput::EstopOk1, WaysOut::EntryOnly),
        (TurnstileInput::MainsOk, WaysOut::Both),
    ] {
        let mut rig = Rig::switched_on();
        rig.start_at(site);
        rig.run(10);
        rig.set(input, false);
        rig.run(200);
        for way in [Door::Entry, Door::Exit] {
            let open = Released::of(ways).has(way);
            assert_eq!(rig.released(way), open, "{way:?} on {input:?}");
        }
    }
}

#[test]
fn no_danger_closes_the_way_out_of_another() {
    const ALL: [WaysOut; 3] = [WaysOut::EntryOnly, WaysOut::ExitOnly, WaysOut::Both];
    let dangers = [TurnstileInput::FireOk, TurnstileInput::EstopOk1];
    for (on_fire, on_stop) in ALL.into_iter().flat_map(|a| ALL.map(|b| (a, b))) {
        let site = Site {
            on_fire,
            on_emergency_stop: on_stop,
            ..site().get()
        };
        let site = site.check().expect("no timing was changed");
        for [first, second] in [dangers, [dangers[1], dangers[0]]] {
            let mut rig = Rig::switched_on();
            rig.start_at(site);
            rig.run(10);
            rig.set(first, false);
            rig.run(200);
            rig.set(second, false);
            rig.run(1);
            let both = Released::of(on_fire).or(Released::of(on_stop));
            for normal_again in [None, Some(second), Some(first)] {
                if let Some(input) = normal_again {
                    rig.set(input, true);
                    rig.run(10_000);
                }
                for way in [Door::Entry, Door::Exit] {
                    assert_eq!(
                        rig.released(way),
                        both.has(way),
                        "{way:?}, {on_fire:?} on fire, {on_stop:?} on a stop, {first:?} first"
                    );
                }
            }
        }
    }
}

#[test]
fn an_emergency_ends_only_by_normal_inputs_a_raised_arm_and_an_officer() {
    let mut rig = Rig::armed();
    rig.set(TurnstileInput::FireOk, false);
    rig.run(10_000);
    assert_eq!(
        rig.ask(ToController::ClearAlarm),
        REFUSED(Refusal::Alarm),
        "fire"
    );
    rig.set(TurnstileInput::FireOk, true);
    rig.run(3_000);
    assert_eq!(
        rig.ask(ToController::ClearAlarm),
        REFUSED(Refusal::Alarm),
        "too early"
    );
    rig.push(Door::Exit, TURN / 2);
    rig.run(60_000);
    assert_eq!(rig.turnstile.state(), State::Emergency, "never by itself");
    assert!(rig.released(Door::Exit) && rig.released(Door::Entry));
    assert_eq!(
        rig.ask(ToController::ClearAlarm),
        REFUSED(Refusal::Alarm),
        "arm down"
    );
    rig.push(Door::Exit, TURN / 2);
    rig.run(1_000);
    rig.accepted(ToController::ClearAlarm);
    rig.run(2);
    assert_eq!(rig.turnstile.state(), State::Idle);
}

#[test]
fn an_opened_cabinet_locks_until_it_is_closed_and_somebody_has_looked() {
    let looks: [Act; 2] = [
        |rig| rig.accepted(ToController::ClearAlarm),
        |rig| rig.set(TurnstileInput::KeyService, true),
    ];
    for look in looks {
        let mut rig = Rig::in_state(State::Tamper);
        assert!(!rig.released(Door::Exit) && !rig.released(Door::Entry));
        assert!(rig.events.contains(&Event::DidNotLeave(1)));
        assert_eq!(
            rig.ask(ToController::ClearAlarm),
            REFUSED(Refusal::Alarm),
            "open"
        );
        rig.set(TurnstileInput::TamperOk, true);
        rig.run(60_000);
        assert_eq!(rig.turnstile.state(), State::Tamper, "never by itself");
        look(&mut rig);
        rig.run(100);
        rig.set(TurnstileInput::KeyService, false);
        rig.run(100);
        assert_eq!(rig.turnstile.state(), State::Idle);
    }
}

#[test]
fn whoever_turns_the_key_may_open_the_cabinet_but_not_leave_it_open() {
    let mut rig = Rig::in_state(State::Service);
    rig.set(TurnstileInput::TamperOk, false);
    rig.run(1_000);
    assert_eq!(rig.turnstile.state(), State::Service);
    rig.set(TurnstileInput::KeyService, false);
    rig.run(100);
    assert_eq!(rig.turnstile.state(), State::Tamper);
}

#[test]
fn a_key_that_does_not_open_the_service_does_not_open_the_cabinet() {
    let mut turning = Rig::in_state(State::Turning);
    turning.set(TurnstileInput::KeyService, true);
    turning.set(TurnstileInput::TamperOk, false);
    let mut blocked = Rig::in_state(State::Service);
    blocked.set(TurnstileInput::TamperOk, false);
    blocked.run(100);
    blocked.accepted(ToController::SetMode {
        mode: Mode::Blocked,
    });
    for (name, rig) in [("turning", &mut turning), ("blocked", &mut blocked)] {
        rig.run(60);
        assert_eq!(rig.turnstile.state(), State::Tamper, "{name}");
        assert!(rig.events.contains(&Event::TamperBegan), "{name}");
    }
}

#[test]
fn somebody_who_stops_in_the_arm_lets_nobody_else_through_with_them() {
    let mut rig = Rig::armed();
    rig.push(Door::Exit, TURN / 2);
    rig.run_until(State::Obstructed);
    rig.person();
    rig.person();
    assert_eq!(rig.turnstile.state(), State::Several);
    assert_eq!(rig.events.last(), Some(&Event::Tailgated(1)));
    assert!(rig.released(Door::Exit) && rig.released(Door::Entry));
}

#[test]
fn tamper_before_and_during_an_emergency_wants_a_word_of_its_own() {
    let before: Act = |rig| {
        rig.set(TurnstileInput::TamperOk, false);
        rig.run(100);
        rig.set(TurnstileInput::FireOk, false);
        rig.run(100);
    };
    let during: Act = |rig| {
        rig.set(TurnstileInput::FireOk, false);
        rig.run(100);
        rig.set(TurnstileInput::TamperOk, false);
        rig.run(100);
    };
    for opens in [before, during] {
        let mut rig = Rig::offered(Mode::OnPermit);
        opens(&mut rig);
        let told = |rig: &Rig, event| rig.events.iter().filter(|told| **told == event).count();
        assert_eq!(told(&rig, Event::TamperBegan), 1, "told when it is opened");
        rig.set(TurnstileInput::TamperOk, true);
        rig.set(TurnstileInput::FireOk, true);
        rig.run(6_000);
        rig.accepted(ToController::ClearAlarm);
        rig.run(1);
        assert_eq!(rig.turnstile.state(), State::Tamper);
        assert!(!rig.on(TurnstileOutput::NoAlarm));
        rig.accepted(ToController::ClearAlarm);
        rig.run(1);
        assert_eq!(rig.turnstile.state(), State::Idle);
        assert_eq!(told(&rig, Event::TamperBegan), 1, "and not again");
        assert_eq!(told(&rig, Event::TamperEnded), 1);
    }
}

#[test]
fn a_button_with_a_broken_channel_is_looked_at_after_its_emergency() {
    let mut rig = Rig::offered(Mode::OnPermit);
    rig.set(TurnstileInput::EstopOk1, false);
    rig.run(1_000);
    rig.set(TurnstileInput::EstopOk1, true);
    rig.run(6_000);
    rig.accepted(ToController::ClearAlarm);
    rig.run(1);
    assert_eq!(rig.turnstile.state(), State::Trouble);
    assert!(!rig.on(TurnstileOutput::NoAlarm));
    rig.accepted(ToController::ClearAlarm);
    rig.run(1);
    assert_eq!(rig.turnstile.state(), State::Idle);
}

#[test]
fn an_emergency_stop_whose_channels_part_is_told_as_broken() {
    for (other, broken) in [(true, true), (false, false)] {
        let mut rig = Rig::offered(Mode::OnPermit);
        rig.set(TurnstileInput::EstopOk1, false);
        rig.set(TurnstileInput::EstopOk2, other);
        rig.run(1_000);
        let told = Event::Trouble(Fault::EmergencyStopChannels);
        let count = rig.events.iter().filter(|event| **event == told).count();
        assert_eq!(count, usize::from(broken));
    }
}

#[test]
fn without_mains_whoever_turns_finishes_and_only_the_way_back_is_open() {
    let mut rig = Rig::armed();
    rig.push(Door::Exit, TURN);
    rig.run_until(State::Turning);
    rig.set(TurnstileInput::MainsOk, false);
    rig.run_until(State::PowerFail);
    assert_eq!(rig.position(), TURN);
    assert!(rig.released(Door::Entry) && !rig.released(Door::Exit));
    rig.set(TurnstileInput::MainsOk, true);
    rig.run(4_000);
    assert_eq!(rig.turnstile.state(), State::PowerFail, "not steady yet");
    rig.run(1_200);
    assert_eq!(rig.turnstile.state(), State::Idle);
    let told = [Event::MainsLost, Event::Passed(1), Event::MainsReturned];
    assert_eq!(rig.events[2..], told);
}

#[test]
fn whoever_keeps_the_arm_moving_through_its_rest_gets_no_second_turn_untold() {
    for (name, then) in [
        ("on permit", None),
        ("closed", Some(Mode::Closed)),
        ("blocked", Some(Mode::Blocked)),
    ] {
        let mut rig = Rig::armed();
        rig.force(Door::Exit, 2 * TURN);
        rig.run_until(State::Turning);
        if let Some(mode) = then {
            rig.accepted(ToController::SetMode { mode });
        }
        rig.run_until(State::Trouble);
        assert_eq!(rig.position(), 2 * TURN, "{name}");
        let told: Vec<Event> = rig.events[2..].to_vec();
        let forced = [
            Event::Forced(Door::Exit),
            Event::Trouble(Fault::DoorForced(Door::Exit)),
        ];
        assert_eq!(told[0], Event::Passed(1), "{name}");
        assert!(told.ends_with(&forced), "{name}: {told:?}");
        rig.push(Door::Exit, TURN);
        rig.run(1_000);
        assert_eq!(rig.position(), 2 * TURN, "{name}: held");
    }
}

#[test]
fn an_arm_that_swings_on_and_springs_back_is_no_alarm() {
    let mut rig = Rig::armed();
    rig.force(Door::Exit, TURN + 3);
    rig.run(1_000);
    rig.force(Door::Entry, 3);
    rig.run_until(State::Idle);
    let told = [Event::Passed(1), Event::Obstructed(Door::Exit)];
    assert_eq!(rig.events[2..], told);
}

#[test]
fn a_torn_wire_of_the_home_switch_frees_the_arm_for_a_turn_at_most() {
    let mut after_a_reset = Rig::switched_on();
    after_a_reset.set(TurnstileInput::Home, false);
    after_a_reset.start_at(site());
    let mut in_a_turn = Rig::armed();
    in_a_turn.push(Door::Exit, TURN / 2);
    in_a_turn.run_until(State::Obstructed);
    for (name, rig) in [
        ("after a reset", &mut after_a_reset),
        ("in a turn", &mut in_a_turn),
    ] {
        rig.set(TurnstileInput::Home, false);
        rig.run(10);
        assert_eq!(rig.turnstile.state(), State::Obstructed, "{name}");
        for rocks in [1, -1, 1, -1] {
            rig.hub_turns(rocks * TURN / 2);
            assert_eq!(
                rig.turnstile.state(),
                State::Obstructed,
                "{name}, to and fro"
            );
        }
        rig.hub_turns(10 * TURN);
        assert_eq!(rig.turnstile.state(), State::Trouble, "{name}");
        assert!(rig.events.contains(&Event::Trouble(Fault::ArmSensors)));
        let free = [Door::Exit, Door::Entry].map(|way| rig.released(way));
        assert_eq!(free, [false; 2], "{name}");
        rig.hub_turns(-10);
        let free = [Door::Exit, Door::Entry].map(|way| rig.released(way));
        assert_eq!(free, [false; 2], "{name}, and back");
    }
}

#[test]
fn one_permit_lets_no_two_through_an_arm_whose_hub_says_nothing() {
    for in_the_arm in [false, true] {
        let mut rig = Rig::armed();
        for _ in 0..2 {
            rig.set(TurnstileInput::Home, false);
            if in_the_arm {
                rig.person();
            }
            rig.run(200);
            rig.set(TurnstileInput::Home, true);
            if !in_the_arm {
                rig.person();
            }
        }
        assert_eq!(rig.turnstile.state(), State::Trouble, "{in_the_arm}");
        let told = [Event::Trouble(Fault::ArmSensors), Event::Abandoned(1)];
        assert_eq!(rig.events[2..], told, "{in_the_arm}");
        assert!(!rig.released(Door::Exit), "{in_the_arm}");
    }
}

#[test]
fn a_suitcase_that_is_pushed_ahead_is_nobody() {
    // Once; twice, with a step back in between; after a touch that the hub does not feel.
    let ways: [(&str, Act); 3] = [
        ("at once", |_| {}),
        ("after a step back", |rig| {
            rig.push(Door::Exit, 5);
            rig.run(300);
            rig.force(Door::Entry, 5);
            rig.run(300);
            rig.person();
        }),
        ("after a touch", |rig| {
            rig.set(TurnstileInput::Home, false);
            rig.run(100);
            rig.set(TurnstileInput::Home, true);
            rig.run(100);
        }),
    ];
    for (name, before) in ways {
        let mut rig = Rig::armed();
        rig.person();
        before(&mut rig);
        assert_eq!(rig.turnstile.state(), State::Armed, "{name}");
        rig.push(Door::Exit, TURN);
        rig.run(250);
        rig.person();
        rig.run_until(State::Idle);
        assert_eq!(rig.events[2..], [Event::Passed(1)], "{name}");
    }
}

#[test]
fn whoever_stands_in_the_first_beam_when_the_turn_begins_is_counted() {
    let mut rig = Rig::armed();
    rig.set(TurnstileInput::Beam1Free, false);
    rig.run(40);
    rig.push(Door::Exit, TURN / 2);
    rig.run_until(State::Turning);
    for beam in [TurnstileInput::Beam2Free, TurnstileInput::Beam3Free] {
        rig.set(beam, false);
        rig.run(40);
        rig.set(beam, true);
    }
    rig.set(TurnstileInput::Beam1Free, true);
    rig.run(40);
    rig.person();
    assert_eq!(rig.events[2..], [Event::Tailgated(1)]);
}

#[test]
fn contradicting_sensors_end_every_motion() {
    let mut hub_dead = Rig::armed();
    hub_dead.set(TurnstileInput::Home, false);
    let mut home_stuck = Rig::offered(Mode::OnPermit);
    for step in 0..TURN {
        let phase = step % 4;
        home_stuck.set(TurnstileInput::RotationA, phase == 1 || phase == 2);
        home_stuck.set(TurnstileInput::RotationB, phase >= 2);
        home_stuck.run(10);
    }
    for (name, rig) in [("hub dead", &mut hub_dead), ("home stuck", &mut home_stuck)] {
        rig.run(600);
        assert_eq!(rig.turnstile.state(), State::Trouble, "{name}");
        assert!(
            rig.events.contains(&Event::Trouble(Fault::ArmSensors)),
            "{name}"
        );
        assert!(
            !rig.released(Door::Exit) && !rig.released(Door::Entry),
            "{name}"
        );
    }
}

#[test]
fn a_person_in_the_beams_whom_the_hub_has_not_seen_is_a_contradiction() {
    let mut rig = Rig::armed();
    rig.push(Door::Exit, 5);
    rig.run(300);
    rig.person();
    rig.force(Door::Entry, 5);
    rig.run_until(State::Trouble);
    assert_eq!(
        rig.events[2..],
        [Event::Trouble(Fault::ArmSensors), Event::Abandoned(1),]
    );
}

#[test]
fn a_reset_forgets_permit_lease_and_mode() {
    let mut rig = Rig::armed();
    rig.start_at(site());
    rig.host = false;
    rig.run(1);
    assert!(!rig.released(Door::Exit) && !rig.released(Door::Entry));
    assert_eq!(rig.turnstile.state(), State::Secure);
    rig.host = true;
    rig.run(2);
    let asked = permit(Door::Exit, rig.turnstile.passage());
    assert_eq!(rig.ask(asked), REFUSED(Refusal::WrongState), "closed");
}

#[test]
fn the_wrap_of_the_uptime_changes_nothing() {
    let wraps = Instant::from_millis(u64::from(u32::MAX));
    let before = Instant::from_millis(wraps.as_millis() - 700);
    let mut rig = Rig::switched_on_at(before).offer(Mode::OnPermit);
    assert!(rig.now() < wraps);
    rig.accepted(permit(Door::Exit, 1));
    rig.push(Door::Exit, TURN);
    rig.run(1_000);
    assert!(rig.now() > wraps);
    assert_eq!(
        rig.events,
        [Event::Started, Event::ExitReleased(1), Event::Passed(1)]
    );
}

#[test]
fn no_command_moves_anything_without_a_lease() {
    let mut rig = Rig::switched_on();
    for asked in [
        permit(Door::Exit, 1),
        ToController::SetMode {
            mode: Mode::Free(Door::Exit),
        },
        ToController::Show { sign: Sign::Go },
        ToController::ClearAlarm,
    ] {
        assert_eq!(rig.ask(asked), REFUSED(Refusal::NoLease), "{asked:?}");
    }
}

#[test]
fn the_buzzer_and_the_watchdog_line_keep_their_bounds() {
    let mut rig = Rig::in_state(State::Emergency);
    let mut sounding = 0;
    for _ in 0..60_000 {
        rig.run(1);
        sounding += u32::from(rig.on(TurnstileOutput::Buzzer));
        assert!(!rig.on(TurnstileOutput::Watchdog), "the board's alone");
    }
    assert!(sounding <= 30_000, "{sounding} ms");
    assert_eq!(rig.outputs, Bits(rig.outputs.0 & 0x3_ffff));
}

#[test]
fn under_the_key_one_way_is_freed_by_hand_as_long_as_somebody_holds_the_button() {
    let force = |output: TurnstileOutput, on, for_ms| ToController::Force {
        output: output.terminal() as u8,
        on,
        for_ms,
    };
    let free = force(TurnstileOutput::ExitHold, false, 200);
    let mut rig = Rig::offered(Mode::OnPermit);
    assert_eq!(rig.ask(free), REFUSED(Refusal::WrongState), "no key");
    let mut rig = Rig::in_state(State::Service);
    for (asked, refusal) in [
        (
            force(TurnstileOutput::ExitHold, false, 1_001),
            Refusal::OutOfRange,
        ),
        (
            force(TurnstileOutput::ExitHold, false, 0),
            Refusal::OutOfRange,
        ),
        (
            force(TurnstileOutput::Watchdog, true, 200),
            Refusal::OutOfRange,
        ),
        (
            ToController::Force {
                output: 3,
                on: true,
                for_ms: 200,
            },
            Refusal::OutOfRange,
        ),
        (
            ToController::Force {
                output: 99,
                on: true,
                for_ms: 200,
            },
            Refusal::OutOfRange,
        ),
    ] {
        assert_eq!(rig.ask(asked), REFUSED(refusal), "{asked:?}");
    }
    for _ in 0..10 {
        rig.accepted(free);
        rig.run(100);
        assert!(rig.released(Door::Exit) && !rig.released(Door::Entry));
        let other = force(TurnstileOutput::EntryHold, false, 200);
        assert_eq!(rig.ask(other), REFUSED(Refusal::OtherDoorOpen));
    }
    rig.run(100);
    assert!(!rig.released(Door::Exit), "the button was let go");
    rig.accepted(force(TurnstileOutput::DropArm, true, 1_000));
    rig.run(1);
    assert!(rig.on(TurnstileOutput::DropArm) && !rig.released(Door::Entry));
    rig.set(TurnstileInput::KeyService, false);
    rig.run(100);
    assert!(!rig.on(TurnstileOutput::DropArm), "the key was turned back");
}

#[test]
fn a_site_is_taken_whole_and_only_at_rest() {
    let mut slow = site().get();
    slow.timings.armed = 10_000;
    let mut bad = slow;
    bad.timings.turning = 0;
    let mut rig = Rig::offered(Mode::OnPermit);
    let configure = |site| ToController::Configure { site };
    assert_eq!(
        rig.ask(configure(slow)),
        REFUSED(Refusal::WrongState),
        "in service"
    );
    rig.accepted(ToController::SetMode { mode: Mode::Closed });
    assert_eq!(rig.ask(configure(bad)), REFUSED(Refusal::OutOfRange));
    assert_eq!(rig.turnstile.take_site_to_store(), None);
    rig.accepted(configure(slow));
    assert_eq!(rig.turnstile.take_site_to_store(), Some(slow));
    let mut rig = rig.offer(Mode::OnPermit);
    rig.accepted(permit(Door::Exit, 1));
    rig.run(9_000);
    assert!(rig.released(Door::Exit), "it waits for ten seconds now");
}
