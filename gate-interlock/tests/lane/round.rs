//! A traveller's way through the lane, and every way off it.

use crate::rig::{Inside, Rig, permit_entry, permit_exit};
use gate_protocol::pins::{Input, Output};
use gate_protocol::{Answer, Door, Event, Fault, Mode, Refusal, Sign, State, ToController};

#[test]
fn a_traveller_walks_in_and_is_let_out() {
    let mut rig = Rig::offered(Mode::WalkIn);
    assert!(rig.entry_released() && rig.on(Output::Ready));
    rig.input(Input::ZoneInFree, false);
    rig.run(500);
    rig.inside(Inside::One);
    rig.run(500);
    assert_eq!(
        rig.interlock.state(),
        State::EntryOpen,
        "the beam is not free yet"
    );
    rig.input(Input::ZoneInFree, true);
    rig.run_until(State::Occupied);
    assert_eq!(rig.interlock.passage(), 1);
    rig.accepted(permit_exit(1));
    rig.run(1_000);
    assert!(rig.exit_released() && !rig.entry_released());
    rig.inside(Inside::Nobody);
    rig.run_until(State::Idle);
    assert_eq!(
        rig.events,
        [
            Event::Started,
            Event::Approached,
            Event::Entered(1),
            Event::ExitReleased(1),
            Event::Passed(1),
        ]
    );
    rig.run(1_000);
    assert_eq!(
        rig.interlock.state(),
        State::EntryOpen,
        "ready for the next"
    );
}

#[test]
fn the_entry_opens_for_a_permit_of_its_own() {
    let mut rig = Rig::offered(Mode::OnPermit);
    rig.run(5_000);
    assert!(!rig.entry_released());
    rig.accepted(permit_entry());
    rig.run(7_000);
    assert!(rig.entry_released());
    rig.run_until(State::Idle);
    assert!(!rig.entry_released(), "nobody came");
    rig.accepted(permit_entry());
    rig.inside(Inside::One);
    rig.run_until(State::Occupied);
    assert_eq!(rig.count(Event::Entered(1)), 1);
}

/// A permit is taken between two scans, and the next one believes what the sensors have said for a
/// while. With the beam before the entry broken nobody counts as having come in by it.
#[test]
fn somebody_seen_inside_in_the_scan_after_a_permit_finds_the_entry_shut() {
    for who in [Inside::One, Inside::Two] {
        let mut rig = Rig::offered(Mode::OnPermit);
        rig.input(Input::ZoneInFree, false);
        rig.run(100);
        rig.inside(who);
        // The presence zone is believed after 50 ms: in the scan after these.
        rig.run(50);
        rig.accepted(permit_entry());
        rig.run(1);
        assert!(!rig.entry_released(), "{who:?}");
        assert_eq!(rig.interlock.state(), State::EntryClosing, "{who:?}");
        rig.run(10_000);
        assert!(rig.events.contains(&match who {
            Inside::One => Event::Entered(1),
            _ => Event::SeveralEntered(1),
        }));
    }
}

#[test]
fn whoever_approaches_and_leaves_is_told() {
    let mut rig = Rig::offered(Mode::WalkIn);
    rig.input(Input::ZoneInFree, false);
    rig.run(1_000);
    rig.input(Input::ZoneInFree, true);
    rig.run(4_000);
    assert_eq!(
        rig.events,
        [Event::Started, Event::Approached, Event::WentAway]
    );
}

#[test]
fn two_people_are_let_back_and_never_out() {
    let mut rig = Rig::offered(Mode::WalkIn);
    rig.inside(Inside::Two);
    rig.run_until(State::Several);
    rig.run(1_000);
    assert!(rig.entry_released() && !rig.exit_released() && !rig.on(Output::NoAlarm));
    assert_eq!(
        rig.ask(permit_exit(1)),
        Answer::Refused(Refusal::WrongState)
    );
    rig.inside(Inside::Nobody);
    rig.run_until(State::Idle);
    assert_eq!(
        rig.events[1..],
        [Event::SeveralEntered(1), Event::WentBack(1)]
    );
}

#[test]
fn a_second_person_who_appears_inside_ends_the_passage() {
    let mut rig = Rig::occupied();
    rig.inside(Inside::Two);
    rig.run(200);
    assert_eq!(rig.ask(permit_exit(1)), Answer::Refused(Refusal::NotSingle));
    rig.run_until(State::Several);
    assert_eq!(rig.count(Event::SeveralEntered(1)), 1);
}

#[test]
fn a_traveller_who_is_sent_back_goes_through_the_entry() {
    let mut rig = Rig::occupied();
    rig.accepted(ToController::SendBack { passage: 1 });
    rig.run(1_000);
    assert!(rig.entry_released() && !rig.exit_released());
    rig.inside(Inside::Nobody);
    rig.run_until(State::Idle);
    assert_eq!(
        rig.events[2..],
        [Event::ReturnReleased(1), Event::WentBack(1)]
    );
}

#[test]
fn whoever_stays_after_being_sent_back_gets_a_new_number() {
    let mut rig = Rig::occupied();
    rig.accepted(ToController::SendBack { passage: 1 });
    rig.run_until(State::EntryClosing);
    rig.run_until(State::Occupied);
    assert_eq!(rig.interlock.passage(), 2);
    assert_eq!(
        rig.ask(permit_exit(1)),
        Answer::Refused(Refusal::WrongPassage)
    );
    assert_eq!(
        rig.events[2..],
        [
            Event::ReturnReleased(1),
            Event::HeldOpen(Door::Entry),
            Event::Entered(2)
        ]
    );
}

#[test]
fn a_traveller_who_stays_at_the_open_exit_is_still_inside() {
    let mut rig = Rig::leaving();
    rig.run_until(State::Occupied);
    assert_eq!(
        rig.events[2..],
        [Event::ExitReleased(1), Event::DidNotLeave(1)]
    );
    assert_eq!(rig.interlock.passage(), 1);
    rig.run(500);
    rig.accepted(permit_exit(1));
}

#[test]
fn a_thing_that_appears_in_a_closed_lane_is_told_and_let_out_when_no_host_cares() {
    for host in [true, false] {
        let mut rig = Rig::offered(Mode::Closed);
        rig.host = host;
        rig.inside(Inside::Bag);
        rig.run(30_000);
        assert_eq!(rig.count(Event::ObjectLeft(1)), 1, "host {host}");
        if host {
            assert!(!rig.entry_released() && rig.on(Output::EntryAmber));
        } else {
            assert!(rig.entry_released(), "it may be somebody whom no beam sees");
        }
        assert!(!rig.exit_released());
    }
}

#[test]
fn a_door_that_gives_way_for_long_is_told_and_goes_on_giving_way() {
    let mut rig = Rig::leaving();
    rig.inside(Inside::Nobody);
    rig.input(Input::ExitSafe, false);
    rig.run(20 * 60_000);
    assert!(rig.exit_released(), "somebody may stand in it");
    assert_eq!(rig.count(Event::HeldOpen(Door::Exit)), 1);
    assert!(!rig.on(Output::NoAlarm));
    rig.input(Input::ExitSafe, true);
    rig.run_until(State::Idle);
    rig.run(1_000);
    rig.accepted(ToController::ClearAlarm);
    rig.run(1);
    assert!(
        rig.on(Output::NoAlarm),
        "it is shut, and somebody has looked"
    );
}

#[test]
fn a_broken_contact_of_the_exit_keeps_nobody() {
    for broken in [Input::ExitLocked, Input::ExitClosed] {
        for host in [true, false] {
            let mut rig = Rig::occupied();
            rig.host = host;
            rig.lie = Some((broken, false));
            let mut waited = 0;
            while !rig.entry_released() {
                rig.run(100);
                waited += 100;
                assert!(
                    waited < 135_000,
                    "{broken:?}, host {host}: {:?}",
                    rig.events
                );
            }
            assert!(!rig.exit_released(), "{broken:?}, host {host}");
        }
    }
    let mut rig = Rig::occupied();
    rig.lie = Some((Input::ExitLocked, false));
    rig.run(500);
    rig.accepted(ToController::SendBack { passage: 1 });
    rig.run(100);
    assert!(rig.entry_released(), "an officer's word");
}

#[test]
fn a_broken_contact_of_the_exit_keeps_nobody_in_trouble_either() {
    for broken in [Input::ExitLocked, Input::ExitClosed] {
        let mut rig = Rig::occupied();
        rig.input(Input::DrivesOk, false);
        rig.run_until(State::Trouble);
        rig.lie = Some((broken, false));
        rig.run(20_000);
        assert!(rig.entry_released() && !rig.exit_released(), "{broken:?}");
    }
}

#[test]
fn somebody_found_where_an_object_was_left_is_let_back_although_the_host_is_there() {
    let mut rig = Rig::in_state(State::LeftObject);
    rig.inside(Inside::One);
    rig.run_until(State::Returning);
    rig.run(2_000);
    assert!(rig.entry_released() && !rig.exit_released());
    rig.inside(Inside::Nobody);
    rig.run_until(State::Idle);
}

#[test]
fn a_forgotten_bag_keeps_the_lane_shut_until_it_is_gone() {
    let mut rig = Rig::in_state(State::LeftObject);
    rig.run(30_000);
    assert!(!rig.entry_released() && !rig.exit_released() && rig.on(Output::EntryAmber));
    rig.accepted(ToController::SendBack { passage: 1 });
    rig.run(2_000);
    assert!(
        rig.entry_released(),
        "staff reach the bag through the entry"
    );
    rig.inside(Inside::Nobody);
    rig.run_until(State::Idle);
    assert_eq!(
        rig.events[3..],
        [
            Event::ObjectLeft(1),
            Event::ReturnReleased(1),
            Event::ObjectRemoved(1)
        ]
    );
}

#[test]
fn somebody_who_comes_in_through_the_exit_is_told_and_let_back() {
    let mut rig = Rig::leaving();
    rig.inside(Inside::Nobody);
    rig.run_until(State::ExitClosing);
    rig.run(100);
    rig.inside(Inside::One);
    rig.run_until(State::Several);
    assert_eq!(
        rig.events[3..],
        [Event::Passed(1), Event::WrongWay, Event::SeveralEntered(2)]
    );
    assert!(rig.on(Output::Buzzer));
}

#[test]
fn a_closing_door_opens_again_when_it_meets_somebody() {
    for (state, door, curtain) in [
        (State::EntryClosing, Door::Entry, Input::EntrySafe),
        (State::ExitClosing, Door::Exit, Input::ExitSafe),
    ] {
        let mut rig = Rig::in_state(state);
        rig.run(200);
        rig.input(curtain, false);
        rig.run(1);
        let released = if door == Door::Entry {
            rig.entry_released()
        } else {
            rig.exit_released()
        };
        assert!(released, "{door:?} within one scan");
        assert_eq!(rig.count(Event::Obstructed(door)), 1);
        rig.run(60_000);
        let open = if door == Door::Entry {
            Input::EntryOpen
        } else {
            Input::ExitOpen
        };
        assert!(
            rig.inputs().input(open),
            "{door:?} waits as long as somebody stands there"
        );
        rig.input(curtain, true);
        rig.run_until(if door == Door::Entry {
            State::Occupied
        } else {
            State::Idle
        });
    }
}

#[test]
fn a_door_that_meets_something_each_time_calls_for_help() {
    let mut rig = Rig::in_state(State::EntryClosing);
    for _ in 0..4 {
        rig.run_until(State::EntryClosing);
        while rig.on(Output::EntryDrive) || rig.inputs().input(Input::EntryOpen) {
            rig.run(1);
        }
        rig.run(100);
        rig.input(Input::EntrySafe, false);
        rig.run(50);
        rig.input(Input::EntrySafe, true);
    }
    rig.run(10);
    assert_eq!(rig.interlock.state(), State::Trouble);
    assert_eq!(rig.count(Event::Obstructed(Door::Entry)), 4);
    assert_eq!(rig.count(Event::Trouble(Fault::DoorStuck(Door::Entry))), 1);
}

#[test]
fn a_silent_host_lets_nobody_in_and_traps_nobody() {
    let mut rig = Rig::offered(Mode::WalkIn);
    rig.host = false;
    rig.run_until(State::Secure);
    rig.run(20_000);
    assert!(!rig.entry_released() && !rig.exit_released() && rig.on(Output::EntryRed));
    assert_eq!(rig.events, [Event::Started, Event::LeaseLapsed]);

    let mut rig = Rig::occupied();
    rig.host = false;
    rig.run(9_900);
    assert!(!rig.entry_released());
    assert_eq!(rig.ask(permit_exit(1)), Answer::Refused(Refusal::NoLease));
    rig.run(1_000);
    assert!(rig.entry_released(), "nobody is trapped");
    assert_eq!(rig.count(Event::ReturnReleased(1)), 1);
}

#[test]
fn an_exit_that_stands_open_closes_when_the_host_falls_silent() {
    let mut rig = Rig::leaving();
    rig.host = false;
    rig.run(600);
    assert!(!rig.exit_released());
    assert_eq!(rig.count(Event::LeaseLapsed), 1);
}

#[test]
fn a_sensor_that_wavered_is_believed_only_after_half_a_second() {
    let mut rig = Rig::occupied();
    rig.inside(Inside::Two);
    rig.run(200);
    rig.inside(Inside::One);
    rig.run(500);
    assert_eq!(rig.ask(permit_exit(1)), Answer::Refused(Refusal::NotSingle));
    rig.run(200);
    rig.accepted(permit_exit(1));
}

#[test]
fn a_link_that_hangs_loses_the_lease() {
    let mut rig = Rig::offered(Mode::WalkIn);
    let mut interlock = rig.interlock.clone();
    for ms in 1..=600 {
        let now = rig.now() + core::time::Duration::from_millis(ms);
        interlock.scan(now, rig.inputs());
    }
    assert_eq!(interlock.next_event(), Some(Event::LeaseLapsed));
    rig.run(600);
    assert_eq!(rig.count(Event::LeaseLapsed), 0);
}

#[test]
fn a_host_that_never_decides_keeps_nobody() {
    let mut rig = Rig::occupied();
    rig.run(119_000);
    assert!(!rig.entry_released());
    rig.run(2_000);
    assert!(rig.entry_released() && !rig.exit_released());
}

#[test]
fn a_permit_that_comes_to_nothing_buys_the_host_no_time() {
    let mut rig = Rig::occupied();
    rig.run(110_000);
    rig.inside(Inside::Two);
    rig.run(100);
    rig.accepted(permit_exit(1));
    rig.run(1);
    assert_eq!(rig.interlock.state(), State::ExitClosing, "a second person");
    rig.inside(Inside::One);
    rig.run(2_000);
    assert_eq!(rig.interlock.state(), State::Occupied);
    rig.run(10_000);
    assert_eq!(rig.interlock.state(), State::Returning);
}

/// The lock is free for some milliseconds, in which no leaf moves.
#[test]
fn an_exit_that_only_clicks_buys_a_hostile_host_no_time() {
    let clicks = [2, 20].map(|for_ms| ToController::Permit {
        door: Door::Exit,
        for_ms,
        passage: 1,
    });
    for click in clicks {
        let mut rig = Rig::occupied();
        rig.hold(Door::Exit, 0);
        rig.run(100_000);
        rig.accepted(click);
        rig.run(1);
        assert!(rig.exit_released());
        rig.run(20_000);
        assert_eq!(rig.count(Event::DidNotLeave(1)), 1);
        assert!(rig.entry_released(), "{click:?}");
    }
}

#[test]
fn a_permit_that_comes_before_the_scan_that_lets_somebody_back_comes_too_late() {
    let mut rig = Rig::occupied();
    let mut before = rig.clone();
    while rig.interlock.state() == State::Occupied {
        before = rig.clone();
        rig.run(1);
    }
    let mut in_time = before.clone();
    assert_eq!(in_time.ask(permit_exit(1)), Answer::Accepted);
    let answer = before.interlock.request(rig.now(), &permit_exit(1));
    assert_eq!(answer, Answer::Refused(Refusal::WrongState));
}

/// Whoever could have gone is asked anew.
#[test]
fn an_exit_that_has_really_opened_gives_the_host_its_time_again() {
    let mut rig = Rig::occupied();
    rig.run(100_000);
    rig.accepted(permit_exit(1));
    rig.run_until(State::ExitClosing);
    rig.run_until(State::Occupied);
    rig.run(100_000);
    assert_eq!(rig.interlock.state(), State::Occupied);
    rig.run(20_000);
    assert!(rig.entry_released());
}

#[test]
fn somebody_found_inside_after_a_reset_is_let_back() {
    let mut rig = Rig::switched_on();
    rig.inside(Inside::One);
    rig.run_until(State::Returning);
    rig.inside(Inside::Nobody);
    rig.run_until(State::Secure);
    assert_eq!(
        rig.events,
        [Event::Started, Event::ReturnReleased(1), Event::WentBack(1)]
    );
}

#[test]
fn a_forced_door_stops_everything_until_an_officer_has_looked() {
    let mut rig = Rig::in_state(State::Trouble);
    assert_eq!(
        rig.events[1..],
        [
            Event::Forced(Door::Exit),
            Event::Trouble(Fault::DoorForced(Door::Exit))
        ]
    );
    assert!(rig.on(Output::Buzzer) && rig.on(Output::FaultLed) && !rig.on(Output::NoAlarm));
    for asked in [permit_entry(), permit_exit(1), ToController::ClearAlarm] {
        assert_eq!(rig.ask(asked), Answer::Refused(Refusal::Alarm), "{asked:?}");
    }
    rig.run(11_000);
    assert_eq!(rig.count(Event::HeldOpen(Door::Exit)), 1);
    assert!(!rig.exit_released());
    rig.let_go(Door::Exit);
    rig.run(2_000);
    assert_eq!(
        rig.interlock.state(),
        State::Trouble,
        "does not end by itself"
    );
    rig.accepted(ToController::ClearAlarm);
    rig.run_until(State::Idle);
    assert!(rig.on(Output::NoAlarm) && !rig.on(Output::Buzzer));
}

#[test]
fn an_emergency_ends_only_by_normal_inputs_and_an_officer() {
    let mut rig = Rig::in_state(State::Emergency);
    rig.run(2_000);
    assert!(rig.on(Output::EntryRelease) && rig.on(Output::ExitRelease));
    assert!(rig.on(Output::ExitGreen) && rig.on(Output::Buzzer));
    assert_eq!(
        rig.ask(ToController::ClearAlarm),
        Answer::Refused(Refusal::Alarm)
    );
    rig.inside(Inside::Nobody);
    rig.input(Input::FireOk, true);
    rig.run(4_000);
    assert_eq!(
        rig.ask(ToController::ClearAlarm),
        Answer::Refused(Refusal::Alarm)
    );
    rig.run(60_000);
    assert_eq!(
        rig.interlock.state(),
        State::Emergency,
        "does not end by itself"
    );
    assert!(rig.exit_released() && !rig.on(Output::Buzzer));
    rig.accepted(ToController::ClearAlarm);
    rig.run_until(State::Idle);
    assert_eq!(
        rig.events[2..],
        [
            Event::EmergencyBegan,
            Event::Abandoned(1),
            Event::EmergencyEnded
        ]
    );
}

#[test]
fn trouble_traps_nobody_although_the_host_is_there() {
    let mut rig = Rig::occupied();
    rig.input(Input::EmptyOk, true); // and one person, says the same sensor
    rig.run(2_000);
    assert_eq!(rig.interlock.state(), State::Trouble);
    assert!(!rig.entry_released());
    rig.run(10_000);
    assert!(rig.entry_released() && !rig.exit_released());
}

#[test]
fn contradicting_inputs_end_every_motion() {
    for (input, other, fault) in [
        (
            Input::EntryOpen,
            Input::EntryClosed,
            Fault::DoorContacts(Door::Entry),
        ),
        (
            Input::ExitOpen,
            Input::ExitLocked,
            Fault::DoorContacts(Door::Exit),
        ),
        (Input::SingleOk, Input::EmptyOk, Fault::UnicitySensor),
    ] {
        let mut rig = Rig::offered(Mode::Closed);
        rig.hold(Door::Entry, 0);
        rig.hold(Door::Exit, 0);
        rig.input(input, true);
        rig.input(other, true);
        rig.run(800);
        assert_eq!(rig.interlock.state(), State::Trouble, "{fault:?}");
        assert_eq!(rig.count(Event::Trouble(fault)), 1);
        assert_eq!(
            rig.ask(ToController::ClearAlarm),
            Answer::Refused(Refusal::Alarm)
        );
    }
}

#[test]
fn a_door_that_does_not_open_is_reported() {
    let mut rig = Rig::offered(Mode::OnPermit);
    rig.hold(Door::Entry, 0);
    rig.accepted(permit_entry());
    rig.run_until(State::Trouble);
    assert_eq!(rig.count(Event::Trouble(Fault::DoorStuck(Door::Entry))), 1);
    assert!(!rig.entry_released());
}

#[test]
fn a_new_session_forgets_what_the_old_one_wanted() {
    let mut rig = Rig::offered(Mode::WalkIn);
    rig.interlock.open_session(rig.now());
    rig.run_until(State::Idle);
    rig.run(5_000);
    assert_eq!(
        rig.interlock.state(),
        State::Idle,
        "closed until the host says how to go on"
    );

    let mut rig = Rig::leaving();
    rig.interlock.open_session(rig.now());
    rig.run(1);
    assert!(!rig.exit_released());
}

#[test]
fn an_entry_that_stands_open_proves_now_and_then_that_it_can_close() {
    let mut rig = Rig::offered(Mode::WalkIn);
    rig.run(598_000);
    assert_eq!(rig.interlock.state(), State::EntryOpen);
    rig.run_until(State::Idle);
    rig.run(1_000);
    assert_eq!(rig.interlock.state(), State::EntryOpen);
}

#[test]
fn every_request_is_answered_by_the_state_it_meets() {
    let wrong_door = ToController::Permit {
        door: Door::Exit,
        for_ms: 10_000,
        passage: 7,
    };
    let too_long = ToController::Permit {
        door: Door::Exit,
        for_ms: 30_001,
        passage: 1,
    };
    let never = ToController::Permit {
        door: Door::Entry,
        for_ms: 0,
        passage: 0,
    };
    let show = ToController::Show { sign: Sign::Help };
    let back = ToController::SendBack { passage: 1 };
    for (state, asked, refusal) in [
        (State::Secure, permit_entry(), Some(Refusal::NoLease)),
        (State::Secure, show, Some(Refusal::NoLease)),
        (State::Idle, permit_entry(), Some(Refusal::WrongState)),
        (State::Idle, permit_exit(0), Some(Refusal::WrongPassage)),
        (State::Idle, permit_exit(1), Some(Refusal::WrongPassage)),
        (State::Idle, show, None),
        (State::EntryOpen, permit_entry(), Some(Refusal::WrongState)),
        (State::Occupied, wrong_door, Some(Refusal::WrongPassage)),
        (State::Occupied, too_long, Some(Refusal::OutOfRange)),
        (State::Occupied, never, Some(Refusal::OutOfRange)),
        (State::Occupied, back, None),
        (State::Occupied, ToController::Withdraw, None),
        (State::Several, permit_exit(1), Some(Refusal::WrongState)),
        (State::Several, back, None),
        (State::ExitOpen, permit_exit(1), Some(Refusal::WrongState)),
        (State::ExitOpen, back, Some(Refusal::WrongState)),
        (
            State::ExitClosing,
            permit_exit(1),
            Some(Refusal::WrongState),
        ),
        (State::Returning, permit_exit(1), Some(Refusal::WrongState)),
        (State::LeftObject, permit_exit(1), Some(Refusal::WrongState)),
        (State::LeftObject, back, None),
        (State::Emergency, permit_exit(1), Some(Refusal::Alarm)),
        (State::Emergency, permit_entry(), Some(Refusal::Alarm)),
        (State::Trouble, permit_exit(1), Some(Refusal::Alarm)),
    ] {
        let mut rig = Rig::in_state(state);
        let expected = refusal.map_or(Answer::Accepted, Answer::Refused);
        assert_eq!(rig.ask(asked), expected, "{asked:?} in {state:?}");
    }
}
