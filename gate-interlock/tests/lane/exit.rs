//! The exit with somebody else at it: beside the traveller, behind it, or with a hand on its leaf.

use crate::rig::{Inside, Rig, permit_exit};
use gate_protocol::pins::{Input, Output};
use gate_protocol::{Answer, Door, Event, Fault, Refusal, State, ToController};

/// An exit that is unlocked for passage 1, and whose leaf nobody has pushed yet.
fn unlocked() -> Rig {
    let mut rig = Rig::occupied();
    rig.run(500);
    rig.hold(Door::Exit, 0);
    rig.accepted(permit_exit(1));
    rig.run(1);
    rig.input(Input::ExitLocked, false);
    rig.run(100);
    assert!(rig.exit_released());
    rig
}

/// Milliseconds until `event` has happened; a second at most.
fn told_after(rig: &mut Rig, event: Event) -> Option<u32> {
    (1..=1_000).find(|_| {
        rig.run(1);
        rig.count(event) > 0
    })
}

#[test]
fn an_exit_that_two_stand_before_is_locked_again() {
    for who in [Inside::Two, Inside::Bag] {
        let mut rig = unlocked();
        rig.inside(who);
        // What takes the sensor longest to be believed is "not one": 100 ms.
        rig.run(101);
        assert!(!rig.exit_released(), "{who:?}");
        assert!(
            !rig.entry_released(),
            "{who:?}: before the exit's bolt is home"
        );
        let mut told = vec![Event::DidNotLeave(1), Event::SeveralEntered(2)];
        if who == Inside::Two {
            assert!(told_after(&mut rig, Event::SeveralEntered(1)).is_some_and(|ms| ms <= 500));
            told.insert(0, Event::SeveralEntered(1));
        }
        assert!(!rig.entry_released());
        rig.let_go_shut(Door::Exit);
        rig.run_until(State::Several);
        rig.run(1);
        assert!(rig.entry_released(), "nobody is trapped");
        assert_eq!(rig.events[2], Event::ExitReleased(1));
        assert_eq!(rig.events[3..], told, "{who:?}");
    }
}

/// The leaf is pushed before its bolt is home, by somebody who is not alone.
#[test]
fn an_exit_that_is_locked_again_does_not_open_for_a_hand() {
    for pushed_ms in [1, 100, 450] {
        let mut rig = unlocked();
        rig.inside(Inside::Two);
        rig.run(101);
        assert!(!rig.exit_released());
        rig.input(Input::ExitSafe, false);
        rig.run(pushed_ms);
        assert!(!rig.exit_released(), "a hand alone");
        rig.hold(Door::Exit, 50);
        for _ in 0..10_000 {
            rig.run(1);
            assert!(!rig.exit_released() && !rig.on(Output::ExitDrive));
        }
        assert_eq!(rig.count(Event::Forced(Door::Exit)), 1, "it is told");
        assert_eq!(rig.interlock.state(), State::Trouble, "it does not shut");
    }
}

/// SAF-032: somebody leans on a leaf that nobody has opened, so that its bolt stays out when its permit
/// ends.
#[test]
fn an_exit_whose_permit_ended_before_anybody_opened_it_does_not_open_for_a_hand() {
    type End = fn(&mut Rig);
    let ends: [(&str, End); 4] = [
        ("withdrawn", |rig| rig.accepted(ToController::Withdraw)),
        ("a new session", |rig| rig.session_opened()),
        ("a silent host", |rig| rig.host = false),
        ("trouble", |rig| rig.input(Input::DrivesOk, false)),
    ];
    for (name, end) in ends {
        for pushed_ms in [1, 100, 450, 3_000] {
            let mut rig = unlocked();
            end(&mut rig);
            let locked = (0..1_000).any(|_| {
                rig.run(1);
                !rig.exit_released()
            });
            assert!(locked, "{name}");
            rig.input(Input::ExitSafe, false);
            rig.run(pushed_ms);
            assert!(!rig.exit_released(), "{name}: a hand alone");
            rig.hold(Door::Exit, 50);
            for _ in 0..10_000 {
                rig.run(1);
                assert!(!rig.exit_released() && !rig.on(Output::ExitDrive), "{name}");
            }
            assert_eq!(
                rig.count(Event::Forced(Door::Exit)),
                1,
                "{name}: it is told"
            );
            assert_eq!(rig.interlock.state(), State::Trouble, "it does not shut");
        }
    }
}

#[test]
fn whoever_has_opened_an_exit_in_the_last_moment_is_given_way() {
    let mut rig = unlocked();
    rig.hold(Door::Exit, 50);
    rig.run(25);
    rig.accepted(ToController::Withdraw);
    rig.run(100);
    rig.input(Input::ExitSafe, false);
    rig.run(2);
    assert!(rig.exit_released() && rig.on(Output::ExitDrive));
    rig.let_go_shut(Door::Exit);
    rig.input(Input::ExitSafe, true);
    rig.run_until(State::Occupied);
    assert_eq!(rig.count(Event::Forced(Door::Exit)), 0);
}

/// Nobody has left who stands in the leaf, although the chamber reads empty: they may come back. But
/// whoever comes back from the beam behind the exit may be another, whom the sensor never counted.
#[test]
fn whoever_stands_in_the_leaf_and_steps_back_has_not_passed() {
    for closing in [false, true] {
        let mut rig = Rig::leaving();
        if closing {
            rig.run_until(State::ExitClosing);
        }
        rig.input(Input::ExitSafe, false);
        rig.input(Input::ZoneOutFree, false);
        rig.inside(Inside::Nobody);
        rig.run(1_000);
        rig.inside(Inside::One);
        rig.run(300);
        rig.input(Input::ZoneOutFree, true);
        rig.input(Input::ExitSafe, true);
        rig.run_until(State::Several);
        assert_eq!(
            rig.events[3..],
            [Event::DidNotLeave(1), Event::SeveralEntered(2)]
        );
    }
}

/// Somebody who has fallen where no zone sees them is no thing that somebody left behind.
#[test]
fn what_lies_behind_an_exit_beyond_which_nobody_was_seen_is_no_thing() {
    let mut rig = Rig::leaving();
    rig.inside(Inside::Bag);
    rig.run_until(State::Several);
    assert_eq!(rig.count(Event::ObjectLeft(1)), 0);
    assert_eq!(rig.count(Event::DidNotLeave(1)), 1);
    assert_eq!(rig.interlock.passage(), 2);
}

/// An accomplice or a companion behind the exit, before two are seen inside or with them.
#[test]
fn two_inside_are_told_although_somebody_stands_behind_the_exit() {
    for (before_ms, opened) in [(300, true), (0, true), (300, false)] {
        let mut rig = if opened {
            Rig::leaving()
        } else {
            Rig::occupied()
        };
        rig.input(Input::ZoneOutFree, false);
        if !opened {
            rig.run(500);
            rig.accepted(permit_exit(1));
            rig.run(1_000);
        }
        rig.run(before_ms);
        rig.inside(Inside::Two);
        if before_ms == 0 {
            // The beam is believed after 30 ms, what is inside after 100 ms.
            rig.input(Input::ZoneOutFree, true);
            rig.run(70);
            rig.input(Input::ZoneOutFree, false);
        }
        assert!(told_after(&mut rig, Event::WrongWay).is_some_and(|ms| ms <= 601));
        assert_eq!(rig.interlock.state(), State::ExitClosing);
        rig.run_until(State::Several);
        rig.run(1);
        assert!(rig.entry_released() && !rig.exit_released());
    }
}

#[test]
fn a_hand_in_the_curtain_hides_a_second_person_for_a_while_only() {
    let mut rig = Rig::leaving();
    rig.input(Input::ExitSafe, false);
    rig.inside(Inside::Two);
    rig.run(2_900);
    assert_eq!(rig.count(Event::SeveralEntered(1)), 0);
    assert!(told_after(&mut rig, Event::SeveralEntered(1)).is_some_and(|ms| ms <= 201));
    assert_eq!(rig.interlock.state(), State::ExitClosing);
    rig.run(5_000);
    assert!(rig.exit_released(), "it does not close on the hand");
    rig.input(Input::ExitSafe, true);
    rig.run_until(State::Several);
}

/// The sensor says empty before the leaf has moved, or whoever is inside is out of the zones.
#[test]
fn nobody_has_passed_an_exit_that_has_not_moved() {
    let mut rig = unlocked();
    rig.inside(Inside::Nobody);
    rig.run(700);
    rig.let_go_shut(Door::Exit);
    rig.run(2_000);
    assert_eq!(
        rig.events[2..],
        [
            Event::ExitReleased(1),
            Event::DidNotLeave(1),
            Event::Trouble(Fault::UnicitySensor),
            Event::Abandoned(1)
        ]
    );
}

#[test]
fn a_sensor_that_wavers_before_an_unlocked_exit_costs_a_permit_and_no_alarm() {
    let mut rig = unlocked();
    rig.inside(Inside::Two);
    rig.run(150);
    rig.inside(Inside::One);
    rig.let_go_shut(Door::Exit);
    rig.run_until(State::Occupied);
    assert_eq!(
        rig.events[2..],
        [Event::ExitReleased(1), Event::DidNotLeave(1)]
    );
    assert!(rig.on(Output::NoAlarm));
}

#[test]
fn a_second_person_inside_an_open_exit_is_told_at_once_and_it_closes() {
    for (from_beyond, event) in [(false, Event::SeveralEntered(1)), (true, Event::WrongWay)] {
        let mut rig = Rig::leaving();
        if from_beyond {
            rig.input(Input::ZoneOutFree, false);
            rig.run(200);
            rig.input(Input::ZoneOutFree, true);
            rig.run(200);
        }
        assert_eq!(rig.interlock.state(), State::ExitOpen);
        rig.inside(Inside::Two);
        assert!(told_after(&mut rig, event).is_some_and(|ms| ms <= 601));
        assert_eq!(rig.interlock.state(), State::ExitClosing);
        assert!(rig.on(Output::Buzzer) && !rig.exit_released());
        // One of them goes before it has closed: nobody knows which, so the other has a new number.
        rig.inside(Inside::One);
        rig.run_until(State::Several);
        assert_eq!(
            rig.events[3..],
            [event, Event::DidNotLeave(1), Event::SeveralEntered(2)]
        );
        rig.run(1);
        assert!(rig.entry_released(), "nobody is trapped");
    }
}

#[test]
fn an_exit_with_two_inside_does_not_close_on_whoever_stands_in_its_leaf() {
    let mut rig = Rig::leaving();
    rig.inside(Inside::Two);
    rig.run_until(State::ExitClosing);
    rig.run(200);
    rig.input(Input::ExitSafe, false);
    rig.run(2);
    assert!(rig.exit_released());
    rig.input(Input::ExitSafe, true);
    rig.run_until(State::Several);
}

/// Whoever walks out may look like two for as long as they stand in the leaf, and a zone may lag
/// behind the sensor that says empty already.
#[test]
fn a_traveller_who_walks_out_slowly_is_nobody_else() {
    let mut rig = Rig::leaving();
    rig.input(Input::ExitSafe, false);
    rig.inside(Inside::Two);
    rig.run(2_000);
    rig.inside(Inside::Nobody);
    rig.input(Input::Chamber2Free, false);
    rig.input(Input::ExitSafe, true);
    rig.run(2_000);
    rig.input(Input::Chamber2Free, true);
    rig.run_until(State::Idle);
    assert_eq!(rig.events[2..], [Event::ExitReleased(1), Event::Passed(1)]);
}

/// A zone sees the bag, so that the sensors say "not one, and not empty".
#[test]
fn whoever_walks_out_and_leaves_a_bag_is_nobody_else() {
    let mut rig = Rig::leaving();
    rig.input(Input::ExitSafe, false);
    rig.inside(Inside::Two);
    rig.run(100);
    rig.input(Input::ZoneOutFree, false);
    rig.run(400);
    rig.input(Input::ExitSafe, true);
    rig.run(300);
    rig.input(Input::ZoneOutFree, true);
    rig.run(1_800);
    rig.inside(Inside::Nobody);
    rig.run_until(State::Idle);
    assert_eq!(rig.events[2..], [Event::ExitReleased(1), Event::Passed(1)]);
}

/// Somebody walks out of the leaf, past the beam behind it, and is in neither any more after 900 ms.
fn walk_out(rig: &mut Rig) {
    for (input, free) in [
        (Input::ExitSafe, false),
        (Input::ZoneOutFree, false),
        (Input::ExitSafe, true),
        (Input::ZoneOutFree, true),
    ] {
        rig.input(input, free);
        rig.run(300);
    }
}

/// A child behind an adult, whom the sensor never counted.
#[test]
fn whoever_stays_when_one_has_gone_out_is_told_and_gets_a_number_of_their_own() {
    let mut rig = Rig::leaving();
    walk_out(&mut rig);
    assert_eq!(rig.count(Event::SeveralEntered(1)), 0, "a sensor may lag");
    assert!(told_after(&mut rig, Event::SeveralEntered(1)).is_some_and(|ms| ms <= 500));
    assert_eq!(rig.interlock.state(), State::ExitClosing);
    assert!(rig.on(Output::Buzzer));
    rig.run_until(State::Several);
    assert_eq!(rig.interlock.passage(), 2);
    assert_eq!(
        rig.events[3..],
        [
            Event::SeveralEntered(1),
            Event::DidNotLeave(1),
            Event::SeveralEntered(2)
        ]
    );
    rig.run(1);
    assert!(rig.entry_released(), "nobody is trapped");
}

/// The sensor wavers between one and several, or loses them where no zone sees them.
#[test]
fn whoever_stays_and_is_seen_for_a_moment_at_a_time_is_told() {
    for doubt in [Inside::Two, Inside::Bag] {
        let mut rig = Rig::leaving();
        walk_out(&mut rig);
        assert_eq!(rig.count(Event::SeveralEntered(1)), 0, "a sensor may lag");
        for _ in 0..3 {
            rig.inside(doubt);
            rig.run(350);
            rig.inside(Inside::One);
            rig.run(350);
        }
        assert_eq!(rig.count(Event::SeveralEntered(1)), 1, "{doubt:?}");
        assert_eq!(rig.interlock.state(), State::ExitClosing);
    }
}

/// The exit closes before the sensor has been given its time.
#[test]
fn whoever_stays_behind_a_permit_that_ends_has_a_number_of_their_own_as_well() {
    let mut rig = Rig::leaving();
    for (input, free) in [
        (Input::ExitSafe, false),
        (Input::ZoneOutFree, false),
        (Input::ExitSafe, true),
    ] {
        rig.run(300);
        rig.input(input, free);
    }
    rig.accepted(ToController::Withdraw);
    rig.run_until(State::Several);
    assert_eq!(rig.interlock.passage(), 2);
    assert_eq!(
        rig.events[3..],
        [Event::DidNotLeave(1), Event::SeveralEntered(2)]
    );
}

#[test]
fn a_sensor_that_lags_behind_whoever_walks_out_does_not_make_two_of_them() {
    let mut rig = Rig::leaving();
    walk_out(&mut rig);
    rig.run(200);
    rig.inside(Inside::Nobody);
    rig.run_until(State::Idle);
    assert_eq!(rig.events[2..], [Event::ExitReleased(1), Event::Passed(1)]);
}

/// Into the leaf and back, while somebody walks by behind the exit some time later.
#[test]
fn whoever_looks_out_and_steps_back_is_nobody_else() {
    let mut rig = Rig::leaving();
    rig.input(Input::ExitSafe, false);
    rig.run(300);
    rig.input(Input::ExitSafe, true);
    rig.run(1_100);
    rig.input(Input::ZoneOutFree, false);
    rig.run(300);
    rig.input(Input::ZoneOutFree, true);
    rig.run_until(State::Occupied);
    assert_eq!(rig.interlock.passage(), 1);
    assert_eq!(
        rig.events[2..],
        [Event::ExitReleased(1), Event::DidNotLeave(1)]
    );
}

/// Companions who wait behind the exit and step aside; then whoever walks out drops a bag that a zone
/// sees.
#[test]
fn whoever_stood_behind_the_exit_some_time_ago_has_not_come_in() {
    for (ago_ms, told) in [(1_200, Event::SeveralEntered(1)), (300, Event::WrongWay)] {
        let mut rig = Rig::leaving();
        rig.input(Input::ZoneOutFree, false);
        rig.run(500);
        rig.input(Input::ZoneOutFree, true);
        rig.run(ago_ms);
        rig.inside(Inside::Two);
        assert!(told_after(&mut rig, told).is_some(), "{ago_ms} ms ago");
    }
}

/// Two go out one behind the other, and the sensor says "not one" from the leaf of the first to that
/// of the second.
#[test]
fn a_second_one_who_follows_through_the_leaf_is_no_bag() {
    for (apart_ms, told) in [(600, true), (3_200, true), (300, false)] {
        let mut rig = Rig::leaving();
        rig.input(Input::ExitSafe, false);
        rig.inside(Inside::Two);
        rig.run(1_000);
        rig.input(Input::ZoneOutFree, false);
        rig.run(300);
        rig.input(Input::ExitSafe, true);
        rig.run(apart_ms);
        rig.input(Input::ZoneOutFree, true);
        rig.input(Input::ExitSafe, false);
        rig.run(100);
        assert_eq!(rig.count(Event::SeveralEntered(1)) == 1, told, "{apart_ms}");
    }
}

/// The camera loses somebody who stands still: the door behind which they stand stays as it is, also
/// where a companion crosses the beam outside, or they had a hand in the leaf.
#[test]
fn a_traveller_whom_the_sensor_loses_for_a_moment_has_not_left() {
    for seen in [None, Some(Input::ZoneOutFree), Some(Input::ExitSafe)] {
        let mut rig = Rig::leaving();
        if let Some(input) = seen {
            rig.input(input, false);
            rig.run(100);
            rig.input(input, true);
            rig.run(100);
        }
        rig.inside(Inside::Nobody);
        rig.run(210);
        rig.inside(Inside::One);
        rig.run(500);
        assert_eq!(rig.interlock.state(), State::ExitOpen);
        assert_eq!(rig.events[2..], [Event::ExitReleased(1)], "{seen:?}");
    }
}

/// SAF-007: the sensor loses somebody who stands still again and again, in trouble and after a reset.
#[test]
fn whoever_the_sensor_loses_for_a_moment_has_not_begun_to_wait_anew() {
    let waits = |mut rig: Rig, longest_s: u32| {
        let mut released = false;
        for ms in 0..longest_s * 1_000 {
            let lost = ms % 5_000 >= 4_700;
            rig.inside(if lost { Inside::Nobody } else { Inside::One });
            rig.run(1);
            released |= rig.entry_released();
        }
        assert!(released, "nobody is trapped");
    };
    let mut trouble = Rig::in_state(State::Trouble);
    trouble.hold(Door::Exit, 0);
    waits(trouble, 15);
    waits(Rig::switched_on(), 15);
}

/// A coat's tail, or the closing leaf before the second zone.
#[test]
fn a_zone_that_lags_behind_whoever_has_left_is_nobody() {
    let mut rig = Rig::leaving();
    walk_out(&mut rig);
    rig.inside(Inside::Nobody);
    rig.run(300);
    rig.input(Input::Chamber2Free, false);
    rig.run(200);
    rig.input(Input::Chamber2Free, true);
    rig.run_until(State::Idle);
    assert_eq!(rig.events[2..], [Event::ExitReleased(1), Event::Passed(1)]);
}

#[test]
fn a_thing_that_falls_back_into_the_lane_is_a_thing() {
    let mut rig = Rig::leaving();
    walk_out(&mut rig);
    rig.inside(Inside::Nobody);
    rig.run(300);
    rig.inside(Inside::Bag);
    rig.run_until(State::LeftObject);
    assert_eq!(
        rig.events[2..],
        [Event::ExitReleased(1), Event::ObjectLeft(1)]
    );
}

/// SAF-030: somebody has fallen where no zone sees them, and companions cross the beam outside.
#[test]
fn somebody_outside_makes_no_thing_of_one_who_has_fallen() {
    let mut rig = Rig::leaving();
    rig.input(Input::ZoneOutFree, false);
    rig.run(100);
    rig.input(Input::ZoneOutFree, true);
    rig.inside(Inside::Bag);
    rig.run_until(State::Several);
    assert_eq!(rig.count(Event::ObjectLeft(1)), 0);
}

/// SAF-007: a host that lets the exit crack open again and again holds nobody.
#[test]
fn an_exit_that_cracks_open_buys_a_host_no_time() {
    let mut rig = Rig::occupied();
    let mut released = false;
    for _ in 0..2 {
        for _ in 0..100_000 {
            rig.run(1);
            released |= rig.entry_released();
        }
        if !released {
            rig.accepted(ToController::Permit {
                door: Door::Exit,
                for_ms: 100,
                passage: 1,
            });
            rig.run(5_000);
        }
    }
    assert!(released);
}

/// SAF-007: two who move between the zones, found after a reset.
#[test]
fn people_between_two_zones_are_found_and_let_out() {
    let mut rig = Rig::switched_on();
    for _ in 0..6 {
        rig.inside(Inside::Two);
        rig.run(2_000);
        rig.inside(Inside::Bag);
        rig.run(2_000);
    }
    assert!(rig.entry_released());
}

/// SAF-007: an exit that is stuck at "closed", and somebody from the far side.
#[test]
fn whoever_comes_in_through_a_broken_exit_waits_before_the_entry_opens() {
    let mut rig = Rig::in_state(State::Trouble);
    rig.hold(Door::Exit, 0);
    rig.run(20_000);
    rig.inside(Inside::One);
    rig.run(9_900);
    assert!(!rig.entry_released());
    rig.run(300);
    assert!(rig.entry_released(), "nobody is trapped");
}

/// A broken bolt, or tape in its strike.
#[test]
fn a_leaf_whose_bolt_never_comes_home_does_not_give_way_for_ever() {
    for (rest_ms, touched, gives_way) in [
        (9_900, false, true),
        (10_100, false, false),
        (59_000, true, true),
        (60_100, true, false),
    ] {
        let mut rig = Rig::leaving();
        rig.lie = Some((Input::ExitLocked, false));
        rig.inside(Inside::Nobody);
        while !rig.inputs().input(Input::ExitClosed) {
            rig.run(1);
        }
        rig.hold(Door::Exit, 0);
        rig.run(100);
        for _ in 1..rest_ms / 100 {
            rig.input(Input::ExitSafe, !touched);
            rig.run(50);
            rig.input(Input::ExitSafe, true);
            rig.run(50);
        }
        rig.hold(Door::Exit, 100);
        rig.input(Input::ExitSafe, false);
        rig.run(50);
        assert_eq!(rig.exit_released(), gives_way, "{rest_ms} ms in its frame");
        let forced = rig.count(Event::Forced(Door::Exit));
        assert_eq!(forced == 0, gives_way);
    }
}

#[test]
fn somebody_who_comes_in_while_the_traveller_stands_in_the_beam_behind_the_exit_is_told_at_once() {
    let mut rig = Rig::leaving();
    rig.input(Input::ZoneOutFree, false);
    rig.inside(Inside::Nobody);
    rig.run(1_000);
    assert_eq!(
        rig.interlock.state(),
        State::ExitOpen,
        "the beam is not free"
    );
    rig.inside(Inside::One);
    assert!(told_after(&mut rig, Event::WrongWay).is_some_and(|ms| ms <= 210));
    assert_eq!(rig.events[3..], [Event::Passed(1), Event::WrongWay]);
    rig.run_until(State::Several);
    assert_eq!(rig.interlock.passage(), 2);
}

#[test]
fn whoever_does_not_leave_is_warned_before_the_exit_closes() {
    // 10 s of permit: the last quarter.
    let mut rig = Rig::leaving();
    rig.run(6_400);
    assert!(!rig.on(Output::Buzzer));
    rig.run(200);
    assert!(rig.on(Output::Buzzer) && rig.exit_released() && rig.on(Output::NoAlarm));
    rig.run_until(State::ExitClosing);
    assert!(!rig.on(Output::Buzzer));
    rig.run_until(State::Occupied);
    assert_eq!(rig.count(Event::DidNotLeave(1)), 1);
}

/// SAF-029: after a reset, with the bolt out or its contact broken.
#[test]
fn a_door_that_was_never_seen_locked_is_forced_all_the_same() {
    for (door, locked, curtain) in [
        (Door::Entry, Input::EntryLocked, Input::EntrySafe),
        (Door::Exit, Input::ExitLocked, Input::ExitSafe),
    ] {
        for host in [true, false] {
            let mut rig = Rig::switched_on();
            rig.host = host;
            rig.lie = Some((locked, false));
            rig.reset();
            rig.run(600);
            rig.hold(door, 300);
            assert!(told_after(&mut rig, Event::Forced(door)).is_some_and(|ms| ms <= 21));
            assert_eq!(rig.count(Event::Trouble(Fault::DoorForced(door))), 1);
            assert!(rig.on(Output::Buzzer) && !rig.on(Output::NoAlarm));
            rig.input(curtain, false);
            rig.run(1_000);
            assert!(
                !rig.entry_released() && !rig.exit_released(),
                "a hand in the curtain of {door:?} opens it no further"
            );
        }
    }
}

/// Whoever is in a leaf that stands open when the controller starts has not forced it.
#[test]
fn a_door_found_open_after_a_reset_gives_way() {
    let mut rig = Rig::switched_on();
    rig.hold(Door::Entry, 300);
    rig.reset();
    rig.run(600);
    rig.input(Input::EntrySafe, false);
    rig.run(2);
    assert!(rig.entry_released());
    assert_eq!(rig.count(Event::Forced(Door::Entry)), 0);
}

/// SAF-003: found ajar after a reset, and its bolt's contact says home.
#[test]
fn an_exit_whose_bolt_lies_gives_way_while_somebody_is_let_back() {
    let mut rig = Rig::switched_on();
    rig.inside(Inside::One);
    rig.hold(Door::Exit, 300);
    rig.lie = Some((Input::ExitLocked, true));
    rig.reset();
    rig.run_until(State::Returning);
    rig.run(1);
    assert!(rig.entry_released() && !rig.exit_released(), "a way back");
    rig.input(Input::ExitSafe, false);
    rig.run(2);
    assert!(rig.exit_released() && rig.on(Output::ExitDrive));
    assert!(!rig.entry_released(), "never both");
}

/// SAF-004: it is released already, for whoever is in its leaf, and two may be there a moment later.
#[test]
fn a_permit_for_an_exit_that_gives_way_is_refused() {
    let mut rig = Rig::switched_on();
    rig.host = true;
    rig.inside(Inside::One);
    rig.hold(Door::Exit, 300);
    rig.lie = Some((Input::ExitLocked, true));
    rig.reset();
    rig.run_until(State::Returning);
    rig.run_until(State::Occupied);
    rig.run(500);
    rig.input(Input::ExitSafe, false);
    rig.run(2);
    assert!(rig.exit_released());
    let answer = rig.ask(permit_exit(rig.interlock.passage()));
    assert_eq!(answer, Answer::Refused(Refusal::WrongState));
}

/// A strap, or a finger within the contact's tolerance: the leaf reads closed and its bolt stays out.
#[test]
fn whoever_pulls_free_of_a_leaf_whose_bolt_is_out_is_given_way() {
    for (state, door, locked, curtain) in [
        (
            State::EntryClosing,
            Door::Entry,
            Input::EntryLocked,
            Input::EntrySafe,
        ),
        (
            State::ExitClosing,
            Door::Exit,
            Input::ExitLocked,
            Input::ExitSafe,
        ),
    ] {
        for caught_ms in [100, 600, 4_000] {
            let mut rig = Rig::in_state(state);
            rig.run(100);
            rig.hold(door, 0);
            rig.input(locked, false);
            rig.run(caught_ms);
            rig.hold(door, 100);
            rig.input(curtain, false);
            rig.run(25);
            let released = match door {
                Door::Entry => rig.entry_released(),
                Door::Exit => rig.exit_released(),
            };
            assert!(released, "{door:?} after {caught_ms} ms");
            assert_eq!(rig.interlock.state(), state);
            assert_eq!(rig.count(Event::Forced(door)), 0);
            assert_eq!(rig.count(Event::Obstructed(door)), 1);
        }
    }
}

#[test]
fn a_leaf_whose_contacts_contradict_each_other_gives_way_in_trouble_too() {
    for (door, closed, curtain) in [
        (Door::Entry, Input::EntryClosed, Input::EntrySafe),
        (Door::Exit, Input::ExitClosed, Input::ExitSafe),
    ] {
        let mut rig = match door {
            Door::Entry => Rig::in_state(State::EntryOpen),
            Door::Exit => Rig::leaving(),
        };
        rig.run(1_000);
        rig.input(curtain, false);
        rig.lie = Some((closed, true));
        rig.run_until(State::Trouble);
        rig.run(5_000);
        let on = |output| rig.on(output);
        assert!(match door {
            Door::Entry => rig.entry_released() && on(Output::EntryDrive),
            Door::Exit => rig.exit_released() && on(Output::ExitDrive),
        });
        assert_eq!(
            rig.count(Event::Trouble(Fault::DoorContacts(door))),
            1,
            "{door:?}"
        );
    }
}

/// S17: whatever ends a release of the exit, one end is told, with the passage that was released.
#[test]
fn each_release_of_the_exit_has_one_end_told_with_its_passage() {
    type End = fn(&mut Rig);
    let leaves_a_thing: End = |rig| {
        rig.input(Input::ExitSafe, false);
        rig.run(200);
        rig.input(Input::ZoneOutFree, false);
        rig.inside(Inside::Bag);
        rig.input(Input::ExitSafe, true);
        rig.run(500);
        rig.input(Input::ZoneOutFree, true);
    };
    let ends: [(&str, End, Event); 11] = [
        ("gone", |rig| rig.inside(Inside::Nobody), Event::Passed(1)),
        ("a thing is left", leaves_a_thing, Event::ObjectLeft(1)),
        ("nobody goes", |_| {}, Event::DidNotLeave(1)),
        (
            "withdrawn",
            |rig| rig.accepted(ToController::Withdraw),
            Event::DidNotLeave(1),
        ),
        ("a new session", Rig::session_opened, Event::DidNotLeave(1)),
        (
            "a silent host",
            |rig| rig.host = false,
            Event::DidNotLeave(1),
        ),
        ("two", |rig| rig.inside(Inside::Two), Event::DidNotLeave(1)),
        (
            "a fire",
            |rig| rig.input(Input::FireOk, false),
            Event::Abandoned(1),
        ),
        (
            "tamper",
            |rig| rig.input(Input::TamperOk, false),
            Event::Abandoned(1),
        ),
        (
            "the key",
            |rig| rig.input(Input::KeyService, true),
            Event::Abandoned(1),
        ),
        (
            "trouble",
            |rig| rig.input(Input::DrivesOk, false),
            Event::Abandoned(1),
        ),
    ];
    for (name, end, told) in ends {
        let mut rig = Rig::leaving();
        end(&mut rig);
        rig.run(15_000);
        let is_end = |event: &Event| {
            matches!(
                event,
                Event::Passed(_)
                    | Event::ObjectLeft(_)
                    | Event::DidNotLeave(_)
                    | Event::Abandoned(_)
            )
        };
        let ends: Vec<Event> = rig.events.iter().copied().filter(is_end).collect();
        assert_eq!(ends, [told], "{name}");
        assert_eq!(rig.count(Event::ExitReleased(1)), 1, "{name}");
    }
}
