//! Who gets a session, and what cannot end one.

use std::time::Duration;

use gate_protocol::frame::Kind;
use gate_protocol::hello::Entropy;
use gate_protocol::link::controller::{self, Identity};
use gate_protocol::link::host;
use gate_protocol::{ControllerLink, Event, HostLink, Instant, LinkError, Next, ToController};

use crate::world::{Faults, IDENTITY, World, controller_keys, host_keys, secret};

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// A world whose two ends are these.
fn world(host: host::Keys, controller: controller::Keys, identity: Identity) -> World {
    let mut world = World::new(1, Faults::default());
    world.host = HostLink::new(world.now, host, secret(21));
    world.controller = ControllerLink::new(world.now, identity, controller, secret(22));
    world
}

#[test]
fn whoever_is_not_paired_gets_no_session_and_a_text_of_its_own() {
    let another_host = || host::Keys {
        own: secret(66),
        ..host_keys()
    };
    let another_controller = || controller::Keys {
        own: secret(66),
        ..controller_keys()
    };
    let mut another_secret = controller_keys();
    another_secret.pairing.as_mut().unwrap().shared = secret(66);
    let unpaired = controller::Keys {
        pairing: None,
        ..controller_keys()
    };
    let weak = Identity {
        entropy: Entropy::Weak,
        ..IDENTITY
    };
    for (case, host, controller, identity, error, text) in [
        (
            "unpaired controller",
            host_keys(),
            unpaired,
            IDENTITY,
            LinkError::Unpaired,
            "gate controller is not paired with any host",
        ),
        (
            "second host",
            another_host(),
            controller_keys(),
            IDENTITY,
            LinkError::Stranger,
            "gate controller and this host are not paired with each other",
        ),
        (
            "exchanged board",
            host_keys(),
            another_controller(),
            IDENTITY,
            LinkError::Stranger,
            "gate controller and this host are not paired with each other",
        ),
        (
            "other secret",
            host_keys(),
            another_secret,
            IDENTITY,
            LinkError::Stranger,
            "gate controller and this host are not paired with each other",
        ),
        (
            "weak entropy",
            host_keys(),
            controller_keys(),
            weak,
            LinkError::WeakEntropy,
            "gate controller has only weak random numbers, this host needs strong ones",
        ),
        (
            "neither random numbers nor a counter, whatever the settings allow",
            host::Keys {
                weak_entropy_will_do: true,
                ..host_keys()
            },
            controller_keys(),
            Identity {
                entropy: Entropy::None,
                ..IDENTITY
            },
            LinkError::NoEntropy,
            "gate controller has neither random numbers nor a counter, and opens no session",
        ),
    ] {
        let mut world = world(host, controller, identity);
        world.run(ms(5_000));
        assert_eq!(world.down, [error], "{case}");
        assert_eq!(error.to_string(), text);
        assert_eq!(world.sessions_opened, 0, "{case}");
        assert!(!world.controller.has_session(), "{case}");
        assert_eq!(world.host.send(ToController::Withdraw), Err(error));
    }
}

#[test]
fn a_host_whose_settings_allow_it_takes_weak_entropy() {
    let host = host::Keys {
        weak_entropy_will_do: true,
        ..host_keys()
    };
    let identity = Identity {
        entropy: Entropy::Weak,
        ..IDENTITY
    };
    let mut world = world(host, controller_keys(), identity);
    world.run(ms(300));
    assert_eq!(world.connected[0].entropy, Entropy::Weak);
}

#[test]
fn a_host_with_wrong_keys_is_reported_to_the_one_with_the_right_ones() {
    let mut world = World::connected();
    let keys = host::Keys {
        own: secret(66),
        ..host_keys()
    };
    let mut stranger = HostLink::new(world.now, keys, secret(67));
    for _ in 0..2_000 {
        if let Next::Transmit(wire) = stranger.next(world.now) {
            world.controller.receive(world.now, &wire);
        }
        world.step();
    }
    assert_eq!((world.sessions_opened, world.lapses), (1, 0));
    assert!(world.host.is_connected());
    assert_eq!(world.told[0].event, Event::Tampering(3));
}

#[test]
fn a_recorded_call_ends_no_session_and_opens_none() {
    let mut world = World::connected();
    world.reconnect();
    world.send(ToController::Withdraw).unwrap();
    world.run(ms(300));
    let (sessions, lapses) = (world.sessions_opened, world.lapses);
    let log = world.to_controller.log.iter();
    let calls: Vec<Vec<u8>> = log
        .filter(|(kind, ..)| *kind == Kind::Hello)
        .map(|(.., wire)| wire.clone())
        .collect();
    for turn in 0..1_000 {
        world
            .controller
            .receive(world.now, &calls[turn % calls.len()]);
        world.step();
    }
    assert_eq!((world.sessions_opened, world.lapses), (sessions, lapses));
    assert!(world.host.is_connected() && world.controller.has_lease(world.now));
    assert_eq!(world.done_numbers(), [1]);
}

#[test]
fn somebody_who_says_in_clear_that_the_session_is_gone_is_not_believed() {
    let mut world = World::connected();
    let unasked = world
        .to_host
        .log
        .iter()
        .find(|(_, session, _)| *session == 0);
    let unasked = unasked
        .expect("the controller greets when it starts")
        .2
        .clone();
    for _ in 0..1_000 {
        world.host.receive(world.now, &unasked);
        world.step();
    }
    assert_eq!(world.down, []);
    assert_eq!(world.connected.len(), 1);
}

#[test]
fn a_flood_of_calls_buys_few_handshakes() {
    let mut world = World::connected();
    let keys = host::Keys {
        own: secret(66),
        ..host_keys()
    };
    for number in 0..2_000_u32 {
        let seed = gate_protocol::keys::Secret::derive("flood", &[&number.to_le_bytes()]);
        let mut stranger = HostLink::new(world.now, keys.clone(), seed);
        if let Next::Transmit(wire) = stranger.next(world.now) {
            world.controller.receive(world.now, &wire);
        }
        world.step();
    }
    // Ten seconds at two a second, and the one that opened the session.
    let seen = world.controller.statistics();
    assert!((15..=21).contains(&seen.forged), "{}", seen.forged);
    assert!(seen.throttled > 1_900, "{}", seen.throttled);
    assert_eq!((world.sessions_opened, world.lapses), (1, 0));
}

#[test]
fn a_session_that_the_owner_drops_is_replaced_under_new_keys() {
    let mut world = World::connected();
    world.controller.drop_session();
    assert!(!world.controller.has_session() && !world.controller.has_lease(world.now));
    world.run(ms(20));
    assert_eq!(world.lapses, 1);
    world.run(ms(500));
    assert_eq!(world.down, [LinkError::Restarted]);
    assert_eq!(world.sessions_opened, 2);
    assert!(!world.connected[1].restarted);
}

#[test]
fn another_boot_is_another_life_whatever_the_clock_says() {
    let mut world = World::connected();
    world.run(ms(1_000));
    let identity = Identity {
        boot: 2,
        ..IDENTITY
    };
    world.controller = ControllerLink::new(Instant::ZERO, identity, controller_keys(), secret(31));
    world.run(ms(700));
    assert!(world.connected.last().unwrap().restarted);
    assert_eq!(world.connected.last().unwrap().boot, 2);
}

#[test]
fn a_flood_of_greetings_does_not_fill_the_line_back_to_the_host() {
    let mut world = World::connected();
    let clear = [0, 0, 9, 9];
    let before = world.to_host.log.len();
    for session in 0..2_000_u32 {
        let greeting = crate::raw::frame(Kind::Hello, session as u8 | 1, 0, &clear);
        world.controller.receive(world.now, &greeting.encode());
        world.step();
    }
    let answers = world.to_host.log[before..].iter();
    let answers = answers.filter(|(kind, ..)| *kind == Kind::Hello).count();
    assert!((100..=201).contains(&answers), "{answers} answers in 10 s");
    assert!(world.host.is_connected());
}

#[test]
fn a_session_outlives_its_keys() {
    let mut now = Instant::from_millis(1_000);
    let mut host = HostLink::new(now, host_keys(), secret(51));
    let mut controller = ControllerLink::new(now, IDENTITY, controller_keys(), secret(52));
    let mut sealed = 0_u32;
    // Heartbeats alone use the first key up in 65,536 / 5 s.
    while sealed < 70_000 {
        now = now + ms(200);
        loop {
            match host.next(now) {
                Next::Transmit(wire) => {
                    controller.receive(now, &wire);
                }
                Next::Deliver(_) => continue,
                Next::Wait(_) => break,
            }
            sealed += 1;
        }
        loop {
            match controller.next(now) {
                Next::Transmit(wire) => host.receive(now, &wire),
                Next::Deliver(_) => {}
                Next::Wait(_) => break,
            }
        }
    }
    assert!(host.is_connected() && controller.has_lease(now));
    let seen = [host.statistics(), controller.statistics()];
    for seen in seen {
        assert_eq!((seen.sessions, seen.forged, seen.stale), (1, 0, 0));
    }
}
