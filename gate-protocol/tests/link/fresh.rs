//! What is held back on the line gets no better with time (SAF-079).

use std::time::Duration;

use gate_protocol::link::controller::Delivery;
use gate_protocol::link::{KNOWN_FOR, LEASE, REPEATS, RETRY_AFTER};
use gate_protocol::{ControllerLink, Instant, LinkError, Next, Sign, ToController};

use crate::raw::RawHost;
use crate::world::{IDENTITY, Outcome, World, controller_keys, secret};

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

const SHOW: ToController = ToController::Show { sign: Sign::Help };

const fn heartbeat(lease_ms: u16) -> ToController {
    ToController::Heartbeat { lease_ms, at_ms: 0 }
}

/// A controller that has run for a while, and a host that has shaken hands with it just now.
fn offered(uptime_ms: u64) -> (Instant, ControllerLink, RawHost) {
    let started = Instant::from_millis(1_000);
    let now = started + ms(uptime_ms);
    let mut controller = ControllerLink::new(started, IDENTITY, controller_keys(), secret(8));
    let mut host = RawHost::open(now, 77, &mut controller);
    host.knows_ms = uptime_ms as u32;
    (now, controller, host)
}

fn opened(uptime_ms: u64) -> (Instant, ControllerLink, RawHost) {
    let (now, mut controller, mut host) = offered(uptime_ms);
    host.say(now, &mut controller, &heartbeat(1_000));
    assert!(controller.has_lease(now));
    (now, controller, host)
}

/// How many commands the controller hands to its owner.
fn requests(now: Instant, controller: &mut ControllerLink) -> usize {
    let mut requests = 0;
    loop {
        match controller.next(now) {
            Next::Deliver(Delivery::Request { .. }) => requests += 1,
            Next::Deliver(_) | Next::Transmit(_) => {}
            Next::Wait(_) => return requests,
        }
    }
}

#[test]
fn a_command_is_taken_while_what_its_host_knows_is_new_and_not_after() {
    // The second controller's clock wraps meanwhile.
    for uptime_ms in [5_000, (1 << 32) - 300] {
        let limit = KNOWN_FOR.as_millis() as u32;
        for (age, taken) in [
            (0, true),
            (limit, true),
            (limit + 1, false),
            (5_000, false),
            (1 << 31, false),
            // A host that names what is yet to come.
            (u32::MAX, false),
        ] {
            let (now, mut controller, mut host) = opened(uptime_ms);
            // Kept alive meanwhile by what its host says in time.
            let now = now + ms(500);
            host.knows_ms = (uptime_ms + 500) as u32;
            host.say(now, &mut controller, &heartbeat(1_000));
            host.knows_ms = host.knows_ms.wrapping_sub(age);
            host.say(now, &mut controller, &SHOW);
            assert_eq!(
                requests(now, &mut controller),
                usize::from(taken),
                "{age} ms"
            );
            assert_eq!(controller.statistics().late, u32::from(!taken), "{age} ms");
            assert!(controller.has_lease(now), "nobody else pays for it");
        }
    }
}

#[test]
fn a_lease_runs_from_the_status_that_its_heartbeat_knows() {
    let (now, mut controller, mut host) = opened(5_000);
    let known = now + ms(100);
    host.knows_ms = 5_100;
    for later in [0, 200, 400, 600] {
        host.say(known + ms(later), &mut controller, &heartbeat(1_000));
        assert!(controller.has_lease(known + (LEASE - ms(1))));
        assert!(!controller.has_lease(known + LEASE), "after {later} ms");
    }
}

#[test]
fn a_session_begins_with_a_heartbeat_that_knows_the_handshake() {
    let (now, mut controller, mut host) = offered(5_000);
    host.say(now, &mut controller, &SHOW);
    assert!(!controller.has_session());
    assert_eq!(requests(now, &mut controller), 0);
    // A board whose clock is slow takes so long for its handshake.
    for (age, opens) in [(0, true), (999, true), (1_000, false), (5_000, false)] {
        let mut later = controller.clone();
        let (_, _, mut host) = offered(5_000);
        host.seal(&[]);
        host.say(now + ms(age), &mut later, &heartbeat(1_000));
        assert_eq!(later.has_session(), opens, "after {age} ms");
        assert_eq!(later.has_lease(now + ms(999)), opens);
        assert!(!later.has_lease(now + LEASE), "however late it began");
    }
}

#[test]
fn an_answer_to_a_call_is_made_anew_before_it_is_too_old_to_go_by() {
    let mut world = World::new(1, crate::world::Faults::default());
    // The call arrives, and its answers are lost until the last.
    world.to_host.cut = true;
    world.run(ms(595));
    world.to_host.cut = false;
    world.run(ms(300));
    assert_eq!((world.connected.len(), world.sessions_opened), (1, 1));
    assert!(world.controller.has_lease(world.now));
}

#[test]
fn a_hoard_of_heartbeats_keeps_no_lease() {
    let mut world = World::connected();
    // Somebody hands on one frame in 0.9 s, which would be enough for the lease, and keeps the rest.
    world.to_controller.cut = true;
    let mut next = world.to_controller.log.len();
    let mut held = 0;
    for _ in 0..20 {
        for _ in 0..180 {
            world.step();
            held += usize::from(world.controller.has_lease(world.now));
        }
        if let Some((_, _, wire)) = world.to_controller.log.get(next).cloned() {
            world.controller.receive(world.now, &wire);
            next += 1;
        }
    }
    assert!(held < 300, "the lease stood for {} s", held as f64 / 200.0);
    assert!(!world.controller.has_lease(world.now));
    assert!(
        world
            .down
            .iter()
            .any(|why| matches!(why, LinkError::Unheard { .. }))
    );
}

#[test]
fn a_command_that_was_told_lost_is_done_by_nobody_however_it_was_held_back() {
    for held_for in (0..3_000).step_by(5) {
        let mut world = World::connected();
        world.run(ms(held_for * 7 % 200));
        world.to_controller.held_until = world.now + ms(held_for);
        world.send(SHOW).unwrap();
        world.run(ms(6_000));
        // The world looks at each command that is begun.
        assert_eq!(world.outcomes.len(), 1, "{held_for} ms");
        let lost = world.outcomes[0].1 == Outcome::Lost;
        // The last repetition knows more than the first.
        if ms(held_for) > RETRY_AFTER * REPEATS + KNOWN_FOR {
            assert!(lost && world.done.is_empty(), "done after {held_for} ms");
        }
        if held_for < 300 {
            assert!(!lost && world.done.len() == 1, "lost after {held_for} ms");
        }
        assert!(world.host.is_connected() && world.controller.has_lease(world.now));
    }
}

#[test]
fn a_host_that_is_not_heard_learns_it_within_a_second() {
    let mut world = World::connected();
    world.to_controller.cut = true;
    let cut = world.now;
    while world.down.is_empty() {
        world.step();
    }
    let told = world.now.since(cut);
    assert!((ms(790)..ms(1_010)).contains(&told), "{told:?}");
    assert!(matches!(
        world.down[..],
        [LinkError::Unheard { limit, .. }] if limit == LEASE
    ));
}

#[test]
fn statuses_that_are_held_back_pass_for_no_living_controller() {
    let mut world = World::connected();
    world.to_host.held_until = world.now + ms(350);
    world.run(ms(600));
    assert_eq!(world.down, [], "as long as a few lost ones");
    world.run(ms(2_000));
    // All that is said comes, half a second late and more with each step.
    world.statuses.clear();
    for late in [500, 700, 900, 1_100, 1_300] {
        world.to_host.held_until = world.now + ms(late);
        world.run(ms(late));
    }
    assert!(!world.down.is_empty());
}
