//! The rules of the link, one by one, over a good line.

use std::time::Duration;

use gate_protocol::body;
use gate_protocol::frame::{Content, Kind};
use gate_protocol::hello;
use gate_protocol::link::controller::{EVENTS_MAX, Lane};
use gate_protocol::link::host::COMMANDS_MAX;
use gate_protocol::{
    Answer, ControllerLink, Event, Failure, FailureKind, Frame, HostLink, Instant, LinkError, Mode,
    Next, Refusal, ResetCause, Sign, State, Task, Text, ToController, ToHost,
};

use crate::raw::RawHost;
use crate::world::{
    Faults, HEALTH, IDENTITY, Outcome, World, answer_to, controller_keys, host_keys, secret,
};

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

const SHOW: ToController = ToController::Show { sign: Sign::Help };
const HEARTBEAT: ToController = ToController::Heartbeat {
    lease_ms: 1_000,
    at_ms: 0,
};

#[test]
fn a_session_opens_at_once_and_says_who_is_there() {
    let world = World::connected();
    assert_eq!(world.sessions_opened, 1);
    assert_eq!(world.connected[0].firmware, [0, 1, 2]);
    assert_eq!(world.connected[0].reset, ResetCause::PowerOn);
    assert!(!world.connected[0].restarted);
    assert!(world.controller.has_lease(world.now));
    assert_eq!(world.down, []);
}

#[test]
fn a_command_is_done_once_and_its_answer_is_told() {
    let mut world = World::connected();
    for _ in 0..3 {
        world.send(SHOW).unwrap();
    }
    world.run(ms(600));
    world.check();
    assert_eq!(world.done_numbers(), [1, 2, 3]);
    let told: Vec<_> = world.outcomes.iter().map(|(_, outcome)| *outcome).collect();
    assert_eq!(
        told,
        [
            Outcome::Answered(Answer::Accepted),
            Outcome::Answered(Answer::Accepted),
            Outcome::Answered(Answer::Refused(Refusal::WrongState)),
        ]
    );
}

#[test]
fn a_lost_answer_is_asked_for_again_and_the_command_is_not_repeated() {
    let mut world = World::connected();
    world.send(SHOW).unwrap();
    world.to_host.cut = true;
    world.run(ms(150));
    world.to_host.cut = false;
    world.run(ms(400));
    assert_eq!(world.done_numbers(), [1]);
    assert_eq!(world.outcomes, [(1, Outcome::Answered(answer_to(1)))]);
    assert!(world.host.statistics().retries >= 1);
    assert!(world.controller.statistics().duplicates >= 1);
    assert_eq!(world.down, []);
}

#[test]
fn a_command_that_stays_unanswered_ends_the_session_once_it_cannot_be_done_any_more() {
    let mut world = World::connected();
    world.host_frames.clear();
    world.to_controller.cut = true;
    world.send(SHOW).unwrap();
    world.send(SHOW).unwrap();
    world.run(ms(395));
    assert!(world.host.is_connected());
    world.run(ms(20));
    let said = world.host_frames.len();
    assert!(!world.host.is_connected() && world.send(SHOW).is_err());
    // What was said may still lie somewhere on the line.
    assert_eq!((&world.down[..], &world.outcomes[..]), (&[][..], &[][..]));
    while world.down.is_empty() {
        assert_eq!(world.host_frames.len(), said);
        world.step();
    }
    assert_eq!(
        world.down,
        [LinkError::Unanswered {
            command: 1,
            sent: 4
        }]
    );
    assert_eq!(world.outcomes, [(1, Outcome::Lost), (2, Outcome::Lost)]);
    world.to_controller.cut = false;
    world.run(ms(500));
    assert_eq!(world.connected.len(), 2);
    assert!(!world.connected[1].restarted);
    assert_eq!(
        world.done,
        [],
        "a command of a lost session must never be done later"
    );
}

#[test]
fn the_link_takes_no_more_commands_than_it_can_hold() {
    let mut world = World::connected();
    for _ in 0..COMMANDS_MAX {
        world.send(SHOW).unwrap();
    }
    assert_eq!(
        world.send(SHOW),
        Err(LinkError::QueueFull {
            limit: COMMANDS_MAX
        })
    );
    world.run(ms(2_000));
    assert_eq!(world.outcomes.len(), COMMANDS_MAX);
}

#[test]
fn the_owner_cannot_send_what_is_the_links_own() {
    let mut world = World::connected();
    for message in [
        ToController::Hello {
            wire_min: 1,
            wire_max: 1,
        },
        HEARTBEAT,
        ToController::EventSeen { number: 1 },
    ] {
        assert_eq!(world.send(message), Err(LinkError::NotACommand));
    }
    let mut unconnected = HostLink::new(Instant::ZERO, host_keys(), secret(9));
    assert_eq!(unconnected.send(SHOW), Err(LinkError::Connecting));
}

#[test]
fn a_silent_controller_is_told_once_within_600_ms_and_greeted_when_it_is_back() {
    let mut world = World::connected();
    world.to_host.cut = true;
    let last_status = world.statuses.last().unwrap().0;
    while world.down.is_empty() {
        world.step();
    }
    let silent = world.now.since(last_status);
    assert!((ms(600)..ms(610)).contains(&silent), "{silent:?}");
    world.run(ms(10_000));
    assert!(matches!(world.down[..], [LinkError::Silent { limit, .. }] if limit == ms(600)));
    assert!(matches!(world.send(SHOW), Err(LinkError::Silent { .. })));
    world.to_host.cut = false;
    world.run(ms(300));
    assert_eq!(world.connected.len(), 2);
    assert!(!world.connected[1].restarted, "it has run on all the while");
}

#[test]
fn a_controller_that_was_never_there_is_silent_too() {
    let mut world = World::new(1, Faults::default());
    world.to_host.cut = true;
    world.run(ms(595));
    assert_eq!(world.down, []);
    world.run(ms(10));
    assert!(matches!(world.down[..], [LinkError::Silent { .. }]));
}

#[test]
fn a_host_that_falls_silent_loses_its_lease_within_a_second() {
    let mut world = World::connected();
    world.to_controller.cut = true;
    let last = *world.host_frames.last().unwrap();
    while world.controller.has_lease(world.now) {
        world.step();
    }
    let held = world.now.since(last);
    // It runs from the status that the last heartbeat knew.
    assert!((ms(790)..ms(1_000)).contains(&held), "{held:?}");
    assert_eq!(world.lapses, 1);
    world.run(ms(5_000));
    assert_eq!(world.lapses, 1, "told once");
    world.to_controller.cut = false;
    world.run(ms(300));
    assert!(world.controller.has_lease(world.now));
}

#[test]
fn a_reset_controller_gets_a_new_session_within_400_ms() {
    let mut world = World::connected();
    world.run(ms(5_000));
    world.reset_controller();
    world.run(ms(400));
    assert_eq!(world.down, [LinkError::Restarted]);
    assert_eq!(world.connected.len(), 2);
    assert!(world.connected[1].restarted);
    assert_eq!(world.connected[1].reset, ResetCause::Watchdog);
    assert!(world.controller.has_lease(world.now));
}

#[test]
fn a_reset_behind_a_cut_line_is_noticed_by_the_uptime() {
    let mut world = World::connected();
    world.run(ms(5_000));
    world.to_host.cut = true;
    world.run(ms(1_000));
    world.reset_controller();
    world.run(ms(1_000));
    world.to_host.cut = false;
    world.run(ms(500));
    assert!(world.connected.last().unwrap().restarted);
}

#[test]
fn events_of_a_restarted_controller_are_new_though_their_numbers_are_not() {
    let mut world = World::connected();
    world.happen(Event::Started);
    world.happen(Event::Entered(1));
    world.run(ms(300));
    world.reset_controller();
    world.happen(Event::Started);
    world.happen(Event::Entered(1));
    world.run(ms(700));
    assert_eq!(world.told_events(), world.happened);
    let numbers: Vec<_> = world.told.iter().map(|told| told.number).collect();
    assert_eq!(numbers, [1, 2, 1, 2]);
}

#[test]
fn each_start_of_the_controller_is_told() {
    let mut world = World::connected();
    for _ in 0..3 {
        world.run(ms(1_000));
        world.reset_controller();
        // The same number at the same uptime as in the life before.
        world.happen(Event::Started);
        world.run(ms(500));
    }
    assert_eq!(world.told_events(), [Event::Started; 3]);
}

#[test]
fn a_host_that_was_busy_finds_the_newest_status_and_loses_nothing() {
    let mut world = World::connected();
    let mut backlog = Vec::new();
    world.happen(Event::Entered(1));
    // As long as a lease lasts: the host says nothing meanwhile.
    for _ in 0..35_u32 {
        world.lane.inputs += 1;
        world.controller.set_lane(world.lane);
        while let Next::Transmit(wire) = world.controller.next(world.now) {
            backlog.extend(wire);
        }
        world.now = world.now + ms(20);
    }
    world.statuses.clear();
    world.host.receive(world.now, &backlog);
    world.step();
    assert_eq!(world.host.statistics().unread, 0);
    assert_eq!(world.told_events(), [Event::Entered(1)]);
    assert!(world.statuses.len() <= 3, "old statuses are no news");
    assert_eq!(world.statuses.last().unwrap().1.inputs, world.lane.inputs);
}

#[test]
fn events_wait_for_a_host_and_a_flood_leaves_a_hole_that_the_host_sees() {
    let mut world = World::connected();
    world.to_controller.cut = true;
    world.to_host.cut = true;
    for _ in 0..EVENTS_MAX * 2 {
        world.happen(Event::Approached);
    }
    let chatter = world.happened.len();
    assert!(chatter < EVENTS_MAX, "comings and goings must leave room");
    for passage in 0..100 {
        world.happen(Event::Passed(passage));
    }
    assert_eq!(world.happened.len(), EVENTS_MAX);
    assert!(
        world
            .controller
            .report(world.now, Event::EmergencyBegan)
            .is_err()
    );
    let lost = world.controller.statistics().events_lost;
    world.to_controller.cut = false;
    world.to_host.cut = false;
    world.run(ms(3_000));
    assert_eq!(world.told_events(), world.happened);

    // The newest are told to be lost although no event comes any more to show the hole.
    for happens in [false, true] {
        if happens {
            world.happen(Event::EmergencyEnded);
            world.run(ms(2_000));
        }
        let holes: u32 = world.told.iter().map(|told| told.missing).sum();
        assert!(holes > 0 && world.lost.len() == 1, "{:?}", world.lost);
        assert_eq!(holes + world.lost[0], lost);
        assert_eq!(world.host.statistics().events_lost, lost);
    }
}

#[test]
fn a_host_takes_no_event_for_lost_that_another_has_seen_or_that_still_comes() {
    let mut world = World::connected();
    for passage in 1..=5 {
        world.happen(Event::Passed(passage));
    }
    world.run(ms(2_000));
    world.restart_host();
    world.run(ms(3_000));
    assert!(world.lost.is_empty(), "seen by the host before");
    // Nothing comes through but now and then.
    world.happen(Event::WrongWay);
    for _ in 0..10 {
        world.to_host.cut = true;
        world.run(ms(350));
        world.to_host.cut = false;
        world.run(ms(50));
    }
    world.reset_controller();
    world.run(ms(3_000));
    assert!(world.lost.is_empty(), "{:?}", world.lost);
}

#[test]
fn events_that_are_picked_out_of_the_line_end_the_session_and_come_in_the_next() {
    let mut world = World::connected();
    world.run(ms(5_000));
    // An event is shorter than a status.
    world.to_host.picked = 30..36;
    world.happen(Event::WrongWay);
    world.run(ms(900));
    assert_eq!(world.down, [], "it may have been lost, and come again");
    world.run(ms(600));
    assert_eq!(world.down, [LinkError::EventsMissing { missing: 1 }]);
    assert_eq!((&world.lost[..], world.told_events()), (&[1][..], vec![]));
    world.to_host.picked = 0..0;
    world.run(ms(1_000));
    assert_eq!(world.told_events(), [Event::WrongWay]);
    assert!(world.host.is_connected());
}

#[test]
fn status_comes_five_times_a_second_and_on_every_change() {
    let mut world = World::connected();
    world.statuses.clear();
    world.run(ms(2_000));
    assert!(
        (9..=11).contains(&world.statuses.len()),
        "{}",
        world.statuses.len()
    );

    let changed = world.now;
    world.lane = Lane {
        state: State::EntryOpen,
        passage: 3,
        ..Lane::default()
    };
    world.run(ms(50));
    let (at, status) = world.statuses.last().unwrap();
    assert_eq!((status.state, status.passage), (State::EntryOpen, 3));
    assert!(at.since(changed) <= ms(30));

    world.statuses.clear();
    for input in 0..200 {
        world.lane.inputs = input;
        world.step();
    }
    assert!(
        (40..=51).contains(&world.statuses.len()),
        "a chattering input fills the line"
    );
}

#[test]
fn a_heartbeat_goes_out_every_200_ms() {
    let mut world = World::connected();
    world.host_frames.clear();
    world.run(ms(2_000));
    assert_eq!(world.host_frames.len(), 10);
}

#[test]
fn a_second_host_takes_the_session_over() {
    let mut world = World::connected();
    world.send(SHOW).unwrap();
    world.run(ms(300));
    world.restart_host();
    world.sent.clear();
    world.outcomes.clear();
    world.run(ms(300));
    assert_eq!((world.sessions_opened, world.connected.len()), (2, 2));
    let number = world.send(SHOW).unwrap();
    assert_eq!(number, 1, "numbers begin anew");
    world.run(ms(300));
    assert_eq!(world.done_numbers(), [1, 1]);
}

#[test]
fn a_new_host_with_the_number_of_the_old_session_gets_through() {
    let mut world = World::connected();
    world.run(ms(5_000));
    let mut colliding = 0;
    for _ in 0..600 {
        let before = world.to_controller.log.last().unwrap().1;
        world.restart_host();
        world.connected.clear();
        world.run(ms(1_500));
        assert_eq!(world.connected.len(), 1);
        let session = world.to_controller.log.last().unwrap().1;
        let tried = world.to_controller.log.iter().rev();
        let first = tried
            .clone()
            .find(|(kind, ..)| *kind == Kind::Hello)
            .unwrap()
            .1;
        colliding += u32::from(first == session && before.wrapping_add(1) == session);
    }
    assert!(
        colliding > 0,
        "no seed met the number of the session before"
    );
}

#[test]
fn what_an_earlier_session_left_on_the_line_is_not_done_again() {
    let mut world = World::connected();
    world.send(SHOW).unwrap();
    world.run(ms(300));
    let old: Vec<u8> = world
        .to_controller
        .log
        .iter()
        .flat_map(|(_, _, wire)| wire.clone())
        .collect();
    world.reconnect();
    // Else there would be no handshake: one was just before.
    world.run(ms(600));
    let sessions = world.sessions_opened;
    world.controller.receive(world.now, &old);
    world.run(ms(300));
    assert_eq!(world.done_numbers(), [1]);
    assert_eq!(world.sessions_opened, sessions);
    assert!(world.host.is_connected());
    // The old call was answered once more, and what follows it does not fit the new keys.
    assert!(world.controller.statistics().forged > 2);
}

#[test]
fn a_heartbeat_that_the_line_repeats_does_not_prolong_the_lease() {
    let mut world = World::connected();
    let (_, _, heartbeat) = world.to_controller.log.last().unwrap().clone();
    world.to_controller.cut = true;
    world.run(ms(500));
    world.controller.receive(world.now, &heartbeat);
    assert!(world.controller.has_lease(world.now));
    world.run(ms(500));
    assert!(!world.controller.has_lease(world.now));
    assert_eq!(world.controller.statistics().replayed, 1);
}

/// A controller with a session whose host does what it likes.
fn with_raw_host() -> (ControllerLink, RawHost) {
    let now = Instant::from_millis(1_000);
    let mut controller = ControllerLink::new(now, IDENTITY, controller_keys(), secret(8));
    let mut host = RawHost::open(now, 77, &mut controller);
    host.say(now, &mut controller, &HEARTBEAT);
    assert!(controller.has_session());
    (controller, host)
}

#[test]
fn no_host_gets_a_longer_lease_than_the_controller_grants() {
    let (mut controller, mut host) = with_raw_host();
    let now = Instant::from_millis(1_500);
    host.knows_ms = 500;
    let message = ToController::Heartbeat {
        lease_ms: u16::MAX,
        at_ms: 0,
    };
    host.say(now, &mut controller, &message);
    assert!(controller.has_lease(now + ms(1_990)));
    assert!(!controller.has_lease(now + ms(2_010)));
}

#[test]
fn an_event_is_not_forgotten_before_it_was_seen() {
    let (mut controller, mut host) = with_raw_host();
    let now = Instant::from_millis(1_500);
    controller.report(now, Event::Entered(1)).unwrap();
    host.say(now, &mut controller, &ToController::EventSeen { number: 1 });
    controller.report(now, Event::Passed(1)).unwrap();
    let heard = host.hear(now, &mut controller);
    // A peer that claims to have seen what was never sent.
    host.say(now, &mut controller, &ToController::EventSeen { number: 2 });
    let again = host.hear(now + ms(300), &mut controller);
    for heard in [heard, again] {
        let events = |message: &ToHost| matches!(message, ToHost::Event { .. });
        let heard: Vec<_> = heard.into_iter().filter(events).collect();
        assert!(
            matches!(
                heard[..],
                [ToHost::Event {
                    number: 1,
                    event: Event::Entered(1),
                    ..
                }]
            ),
            "{heard:?}"
        );
    }
}

#[test]
fn an_answer_that_comes_too_late_is_dropped() {
    let mut world = World::connected();
    world.send(SHOW).unwrap();
    world.run(ms(300));
    let before = world.outcomes.clone();
    world.controller.answer(1, Answer::Refused(Refusal::Alarm));
    world.controller.answer(99, Answer::Accepted);
    world.run(ms(300));
    assert_eq!(world.outcomes, before);
}

#[test]
fn health_is_told_before_the_answer_and_fits_a_frame_with_every_counter_at_its_end() {
    let mut world = World::connected();
    world.send(ToController::ReadHealth).unwrap();
    world.run(ms(300));
    world.check();
    assert_eq!(world.healths, [(0, HEALTH)], "before the first outcome");
    assert_eq!(world.outcomes.len(), 1);
}

#[test]
fn a_failure_told_when_the_session_opens_comes_after_its_hello() {
    let failure = Failure {
        kind: FailureKind::Stuck(Task::Link),
        firmware: [255; 3],
        build: HEALTH.build,
        uptime_ms: u32::MAX,
        pc: u32::MAX,
        lr: u32::MAX,
        file: Text::tail_of("gate-firmware/src/link.rs"),
        line: u32::MAX,
        in_a_row: u8::MAX,
    };
    let mut world = World::new(1, Faults::default());
    // Nobody is there yet to hear it.
    world.controller.tell(ToHost::LastFailure { failure });
    world.run(ms(300));
    assert_eq!(world.failures, []);
    world.controller.tell(ToHost::LastFailure { failure });
    world.run(ms(300));
    assert_eq!(world.failures, [failure]);
}

fn hello_of_version(session: u8, wire_min: u8, wire_max: u8, to_host: bool) -> Vec<u8> {
    let clear = if to_host {
        body::to_host(&ToHost::Hello {
            wire_min,
            wire_max,
            firmware: [9, 0, 0],
            board: gate_protocol::Board::NucleoL476rg,
            reset: ResetCause::PowerOn,
            uptime_ms: 5,
        })
    } else {
        hello::host_speaks(wire_min, wire_max)
    };
    let mut content = Content::from_slice(&clear).expect("short enough");
    // What a later version says behind it is nothing that this one knows.
    content.extend([0x99, 0xff]);
    let frame = Frame {
        kind: Kind::Hello,
        version: wire_max,
        session,
        counter: 0,
        content,
    };
    frame.encode().to_vec()
}

#[test]
fn a_controller_of_another_wire_version_is_named() {
    for (wire_min, wire_max) in [(4, 5), (2, 2)] {
        let now = Instant::from_millis(50);
        let mut host = HostLink::new(now, host_keys(), secret(9));
        let Next::Transmit(call) = host.next(now) else {
            panic!("the host calls");
        };
        let session = crate::world::session_of(&call).1;
        host.receive(now, &hello_of_version(session, wire_min, wire_max, true));
        let found = LinkError::Version {
            found: wire_max,
            min: 3,
            max: 3,
        };
        assert_eq!(
            host.next(now),
            Next::Deliver(gate_protocol::link::host::Delivery::Down(found))
        );
        assert_eq!(host.send(SHOW), Err(found));
        assert_eq!(
            found.to_string(),
            format!("gate controller speaks wire version {wire_max}, this host needs 3 to 3")
        );
    }
}

#[test]
fn a_host_of_another_wire_version_gets_an_answer_and_disturbs_nobody() {
    let mut world = World::connected();
    let answers = world.to_host.log.len();
    world
        .controller
        .receive(world.now, &hello_of_version(99, 4, 5, false));
    world.run(ms(10));
    assert!(
        world.to_host.log[answers..]
            .iter()
            .any(|(_, to, _)| *to == 99)
    );
    world.run(ms(2_000));
    assert_eq!((world.sessions_opened, world.lapses), (1, 0));
    assert_eq!(world.down, []);
}

#[test]
fn a_mode_is_not_carried_into_the_next_session_by_the_link() {
    let mut world = World::connected();
    world.to_controller.cut = true;
    world
        .send(ToController::SetMode { mode: Mode::WalkIn })
        .unwrap();
    world.run(ms(1_000));
    world.to_controller.cut = false;
    world.run(ms(2_000));
    assert_eq!(world.done, []);
    assert_eq!(world.outcomes, [(1, Outcome::Lost)]);
}

#[test]
fn the_controllers_end_fits_a_small_memory() {
    assert!(size_of::<ControllerLink>() < 4_096);
}
