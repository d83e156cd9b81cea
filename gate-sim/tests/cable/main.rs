//! Attacks on the cable. The attacker reads everything, writes anything, holds back and changes
//! what he likes, and knows all but the keys. None of it moves an output; what is no noise is told.

mod gate;

use gate::{Gate, OPEN_ENTRY, decode, host, pass_on, plain, wire};
use gate_protocol::frame::Kind;
use gate_protocol::keys::Secret;
use gate_protocol::link::host as host_link;
use gate_protocol::{ControllerLink, Event, Frame, HostLink, LinkError, Mode, Next, ToController};
use gate_sim::emulator::{TEST_SERIAL, test_page};
use gate_sim::keys;

/// What the host would send next, taken off the line before it arrives.
fn intercepted(gate: &mut Gate, message: ToController) -> Frame {
    gate.to_controller = |_| Vec::new();
    gate.ask(message);
    let before = gate.from_host.len();
    gate.step();
    gate.to_controller = pass_on;
    let frame = gate.from_host[before..].iter();
    let sealed = frame.rev().find(|frame| frame.kind == Kind::Sealed);
    sealed.expect("the host sends it at once").clone()
}

/// Whether the controller hands a command to its owner.
fn obeys(controller: &mut ControllerLink, gate: &Gate, bytes: &[u8]) -> bool {
    controller.receive(gate.now, bytes);
    loop {
        match controller.next(gate.now) {
            Next::Deliver(gate_protocol::link::controller::Delivery::Request { .. }) => {
                return true;
            }
            Next::Wait(_) => return false,
            _ => {}
        }
    }
}

#[test]
fn replayed_frames_do_nothing() {
    let mut gate = Gate::in_service();
    let recorded = gate.from_host.clone();
    let seen = gate.controller.statistics();
    gate.withstands("replay", |gate| {
        for frame in &recorded {
            gate.inject(&frame.encode());
            gate.step();
        }
    });
    let now = gate.controller.statistics();
    assert!(now.replayed - seen.replayed >= recorded.len() as u32 / 2);
    assert_eq!(now.forged, seen.forged, "a repetition is no forgery");
    assert!(gate.tampering_told(), "{:?}", gate.events);
}

#[test]
fn what_was_held_back_is_worth_nothing_once_the_lease_would_have_ended() {
    let mut gate = Gate::in_service();
    // The attacker keeps everything: the permit comes with heartbeats before and behind it.
    gate.to_controller = |_| Vec::new();
    let before = gate.from_host.len();
    gate.run(300);
    gate.ask(OPEN_ENTRY);
    gate.run(300);
    let held: Vec<Frame> = gate.from_host[before..].to_vec();
    assert!(held.len() > 3);
    let (asked, releases) = (gate.asked.len(), gate.releases);
    gate.run(2_000);
    assert!(!gate.controller.has_session(), "it died with its lease");
    for frame in &held {
        gate.inject(&frame.encode());
        gate.step();
    }
    gate.run(3_000);
    assert_eq!((gate.asked.len(), gate.releases), (asked, releases));
    gate.to_controller = pass_on;
    gate.run(3_000);
    assert!(gate.host.is_connected());
}

/// The attacker keeps everything that the host says for so long, and then hands it on in one go.
fn kept_for(gate: &mut Gate, millis: u64) {
    gate.to_controller = |_| Vec::new();
    let before = gate.from_host.len();
    gate.ask(OPEN_ENTRY);
    gate.run(millis);
    let held = gate.from_host[before..].to_vec();
    for frame in &held {
        gate.inject(&frame.encode());
    }
    gate.to_controller = pass_on;
}

#[test]
fn a_permit_that_was_held_back_opens_a_door_before_its_host_gives_it_up_or_never() {
    let mut opened = 0;
    for millis in (0..3_000).step_by(20) {
        let mut gate = Gate::in_service();
        gate.run(millis % 200);
        let releases = gate.releases;
        kept_for(&mut gate, millis);
        let given_up = !gate.down.is_empty();
        gate.run(20);
        assert!(gate.releases == releases || !given_up, "{millis} ms");
        opened += gate.releases - releases;
        let releases = gate.releases;
        gate.run(8_000);
        assert_eq!(gate.releases, releases, "later, after {millis} ms");
        assert!(gate.host.is_connected(), "{millis} ms");
    }
    assert!((20..=46).contains(&opened), "{opened} of 150");
}

#[test]
fn a_hoard_of_heartbeats_keeps_no_lane_open_when_its_host_is_gone() {
    let mut gate = Gate::in_service();
    // Each fifth frame goes through, as late as may be, and the rest is kept.
    gate.to_controller = |_| Vec::new();
    let mut taken = gate.from_host.len();
    for _ in 0..30 {
        gate.run(900);
        if let Some(frame) = gate.from_host.get(taken).cloned() {
            gate.inject(&frame.encode());
            taken += 1;
        }
    }
    // The host dies; what there is of its frames is handed on one by one.
    gate.to_host = |_| Vec::new();
    let hoard = gate.from_host[taken..].to_vec();
    let mut alive = 0;
    for frame in hoard {
        gate.inject(&frame.encode());
        for _ in 0..100 {
            gate.step();
            alive += usize::from(gate.controller.has_lease(gate.now));
        }
    }
    assert!(
        alive * 5 <= 1_000,
        "a dead host was believed for {} ms",
        alive * 5
    );
}

/// Statuses are longer than events, and both are sealed: who reads the cable can tell them apart.
fn without_events(frame: Frame) -> Vec<Vec<u8>> {
    let is_event = frame.kind == Kind::Sealed && (21..30).contains(&frame.content.len());
    if is_event { Vec::new() } else { pass_on(frame) }
}

#[test]
fn events_that_somebody_picks_out_of_the_line_end_the_session() {
    let mut gate = Gate::in_service();
    gate.run(5_000);
    gate.to_host = without_events;
    let now = gate.now;
    assert!(gate.controller.report(now, Event::WrongWay).is_ok());
    gate.run(900);
    assert_eq!(gate.down, [], "it may have been lost, and come again");
    gate.run(600);
    let picked = LinkError::EventsMissing { missing: 1 };
    assert_eq!(gate.down, [picked]);
    assert!(!gate.events.contains(&Event::WrongWay));
    gate.to_host = pass_on;
    gate.run(1_500);
    assert!(gate.host.is_connected() && gate.events.contains(&Event::WrongWay));
}

#[test]
fn a_session_whose_first_heartbeat_is_held_back_never_begins() {
    let mut gate = Gate::new();
    gate.to_controller = |frame| match frame.kind {
        Kind::Hello => pass_on(frame),
        Kind::Sealed => Vec::new(),
    };
    gate.run(1_000);
    let held: Vec<Frame> = sealed(&gate.from_host);
    gate.inject(&held[0].encode());
    assert!(!gate.controller.has_session());
    gate.to_controller = pass_on;
    gate.run(2_500);
    assert!(gate.controller.has_session());
}

fn sealed(frames: &[Frame]) -> Vec<Frame> {
    let sealed = frames.iter().filter(|frame| frame.kind == Kind::Sealed);
    sealed.cloned().collect()
}

#[test]
fn what_comes_out_of_order_is_dropped() {
    let mut gate = Gate::in_service();
    let permit = intercepted(&mut gate, OPEN_ENTRY);
    let mut controller = gate.controller.clone();
    let mut ahead = gate.controller.clone();
    gate.to_controller = |_| Vec::new();
    let before = gate.from_host.len();
    gate.run(250);
    let later = &gate.from_host[before..];
    assert!(later.iter().any(|frame| frame.counter > permit.counter));
    for frame in later {
        ahead.receive(gate.now, &frame.encode());
    }
    while !matches!(ahead.next(gate.now), Next::Wait(_)) {}
    assert!(!obeys(&mut ahead, &gate, &permit.encode()), "reordered");
    assert!(obeys(&mut controller, &gate, &permit.encode()), "in order");
}

#[test]
fn a_command_is_worth_nothing_with_any_bit_flipped_or_any_byte_cut_off() {
    let mut gate = Gate::in_service();
    for message in [
        OPEN_ENTRY,
        ToController::SetMode { mode: Mode::WalkIn },
        ToController::ClearAlarm,
    ] {
        let frame = intercepted(&mut gate, message);
        let mut controller = gate.controller.clone();
        let bytes = plain(&frame);
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let done = obeys(&mut controller, &gate, &wire(&flipped));
            assert!(!done, "{message:?} with bit {bit} flipped");
        }
        for len in 0..bytes.len() {
            let done = obeys(&mut controller, &gate, &wire(&bytes[..len]));
            assert!(!done, "{message:?} cut to {len} bytes");
            let longer = [&bytes[..], &bytes[..len]].concat();
            let done = obeys(&mut controller, &gate, &wire(&longer));
            assert!(len == 0 || !done, "{message:?} with {len} bytes more");
        }
        let seen = controller.statistics();
        // Every bit of counter, body and tag was noticed by the tag; the head's by itself.
        assert!(seen.forged as usize > (bytes.len() - 6) * 8, "{seen:?}");
        gate.run(1_000);
    }
    assert!(gate.asked.contains(&OPEN_ENTRY), "the true one came later");
}

#[test]
fn no_flipped_bit_in_a_greeting_opens_a_session_or_ends_one() {
    let mut gate = Gate::in_service();
    let mut newcomer = host(gate.now, "restarted host");
    let Next::Transmit(call) = newcomer.next(gate.now) else {
        unreachable!("a host calls");
    };
    let bytes = plain(&decode(&call));
    let sessions = gate.sessions;
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        gate.inject(&wire(&flipped));
        gate.run(505);
    }
    assert_eq!((gate.sessions, gate.lapses), (sessions, 0));
    assert_eq!(gate.down, []);
    assert!(gate.tampering_told());
    gate.withstands("flipped greetings", |_| {});
}

/// The next frame of this kind on its way to the host, which does not get it.
fn withheld(gate: &mut Gate, wanted: Kind) -> Vec<u8> {
    gate.to_host = |_| Vec::new();
    let before = gate.from_controller.len();
    gate.run(205);
    let frame = gate.from_controller[before..]
        .iter()
        .find(|frame| frame.kind == wanted && frame.session != 0);
    plain(frame.expect("an answer or a status"))
}

/// What the host tells its owner now.
fn told(gate: &mut Gate) -> Vec<host_link::Delivery> {
    let mut told = Vec::new();
    loop {
        match gate.host.next(gate.now) {
            Next::Deliver(delivery) => told.push(delivery),
            Next::Transmit(_) => {}
            Next::Wait(_) => return told,
        }
    }
}

#[test]
fn the_host_believes_no_status_with_a_flipped_bit() {
    let mut gate = Gate::in_service();
    let bytes = withheld(&mut gate, Kind::Sealed);
    let mut alarms = 0;
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        gate.host.receive(gate.now, &wire(&flipped));
        for delivery in told(&mut gate) {
            let alarm = matches!(delivery, host_link::Delivery::Tampering { .. });
            assert!(alarm, "bit {bit}: {delivery:?}");
            alarms += 1;
        }
    }
    assert!(alarms > 0, "the host says so");
    gate.host.receive(gate.now, &wire(&bytes));
    assert!(matches!(
        told(&mut gate)[..],
        [host_link::Delivery::Status(_)]
    ));
    gate.to_host = pass_on;
    gate.withstands("flipped statuses", |_| {});
}

#[test]
fn the_host_believes_no_answer_with_a_flipped_bit() {
    let bits = withheld(&mut Gate::new(), Kind::Hello).len() * 8;
    for bit in 0..bits {
        let mut gate = Gate::new();
        let mut bytes = withheld(&mut gate, Kind::Hello);
        bytes[bit / 8] ^= 1 << (bit % 8);
        gate.host.receive(gate.now, &wire(&bytes));
        for delivery in told(&mut gate) {
            // Only the text may be wrong while there is no session.
            let down = matches!(delivery, host_link::Delivery::Down(_));
            assert!(down, "bit {bit}: {delivery:?}");
        }
        assert!(!gate.host.is_connected(), "bit {bit}");
        gate.to_host = pass_on;
        gate.run(2_500);
        assert!(gate.host.is_connected(), "bit {bit}: {:?}", gate.down);
    }
}

#[test]
fn the_halves_of_two_sessions_make_no_frame() {
    let mut gate = Gate::in_service();
    let first = intercepted(&mut gate, OPEN_ENTRY);
    gate.run(20_000);
    // The session ends, and another begins under the same pairing.
    gate.to_host = |_| Vec::new();
    gate.run(1_500);
    gate.to_host = pass_on;
    gate.run(1_500);
    let second = intercepted(&mut gate, ToController::Withdraw);
    assert_ne!(first.session, second.session);
    let [one, other] = [plain(&first), plain(&second)];
    let mut controller = gate.controller.clone();
    for cut in 0..one.len().max(other.len()) {
        for (head, tail) in [(&one, &other), (&other, &one)] {
            let spliced = [&head[..cut.min(head.len())], &tail[cut.min(tail.len())..]].concat();
            if spliced != other {
                let done = obeys(&mut controller, &gate, &wire(&spliced));
                assert!(!done, "spliced at {cut}");
            }
        }
    }
    assert!(obeys(&mut controller, &gate, &second.encode()));
}

#[test]
fn a_permit_recorded_before_a_reset_opens_nothing_after_it() {
    let mut gate = Gate::in_service();
    let recorded = gate.from_host.clone();
    let (asked, releases) = (gate.asked.len(), gate.releases);
    gate.to_controller = |_| Vec::new();
    gate.reset_controller();
    for frame in &recorded {
        gate.inject(&frame.encode());
        gate.run(20);
    }
    gate.run(3_000);
    assert_eq!((gate.asked.len(), gate.releases), (asked, releases));
    assert!(!gate.controller.has_session());
    // The call was answered, under new keys that the recorded frames do not fit.
    assert!(gate.controller.statistics().forged > 0);
    gate.to_controller = pass_on;
    gate.run(3_000);
    assert!(gate.host.is_connected());
    assert!(gate.tampering_told(), "{:?}", gate.events);
}

/// Rewrites what a call says in clear of the host's versions.
fn other_range(mut frame: Frame, wire_min: u8, wire_max: u8) -> Vec<Vec<u8>> {
    if frame.kind == Kind::Hello {
        frame.content[2..4].copy_from_slice(&[wire_min, wire_max]);
    }
    pass_on(frame)
}

#[test]
fn nobody_is_talked_down_to_another_version() {
    let attacks: [(gate::Attack, gate::Attack); 5] = [
        (|frame| other_range(frame, 1, 1), pass_on),
        (|frame| other_range(frame, 1, 3), pass_on),
        (|frame| other_range(frame, 3, 9), pass_on),
        (
            |mut frame| {
                frame.version = 1;
                pass_on(frame)
            },
            pass_on,
        ),
        // The controller's word in clear: version 1 only.
        (pass_on, |mut frame| {
            if frame.kind == Kind::Hello {
                frame.content[1..3].copy_from_slice(&[1, 1]);
            }
            pass_on(frame)
        }),
    ];
    for (number, (to_controller, to_host)) in attacks.into_iter().enumerate() {
        let mut gate = Gate::new();
        gate.to_controller = to_controller;
        gate.to_host = to_host;
        gate.run(5_000);
        assert_eq!((gate.sessions, gate.connected), (0, 0), "attack {number}");
        gate.to_controller = pass_on;
        gate.to_host = pass_on;
        gate.run(5_000);
        assert_eq!((gate.sessions, gate.connected), (1, 1), "attack {number}");
    }
}

#[test]
fn a_flood_neither_moves_a_door_nor_ends_the_session() {
    let mut gate = Gate::in_service();
    let calls: Vec<Frame> = gate.from_host.clone();
    let calls: Vec<Frame> = calls
        .into_iter()
        .filter(|frame| frame.kind == Kind::Hello)
        .collect();
    let session = gate.from_host.last().expect("a frame").session;
    let mut number = 0_u64;
    let mut noise = move || {
        number += 1;
        *Secret::derive("noise", &[&number.to_le_bytes()]).bytes()
    };
    gate.withstands("garbage", |gate| {
        for _ in 0..2_000 {
            for _ in 0..4 {
                gate.inject(&noise());
            }
            gate.inject(&[0]);
            gate.step();
        }
    });
    assert!(!gate.tampering_told(), "noise is only noise");
    assert!(gate.controller.statistics().line.bad_frames() > 1_000);

    let forged = gate.controller.statistics().forged;
    gate.withstands("unauthentic frames", |gate| {
        for counter in 0..2_000 {
            let mut content = noise().to_vec();
            content.extend(noise());
            let head = [0b0100_0011, session];
            let counter = u32::to_le_bytes(1_000 + counter);
            gate.inject(&wire(&[&head[..], &counter, &content].concat()));
            gate.step();
        }
    });
    assert_eq!(gate.controller.statistics().forged - forged, 2_000);
    let alarms = gate.events.iter();
    let alarms = alarms.filter(|event| matches!(event, Event::Tampering(_)));
    assert!((1..=700).contains(&alarms.count()));

    gate.withstands("recorded calls", |gate| {
        for turn in 0..2_000 {
            gate.inject(&calls[turn % calls.len()].encode());
            gate.step();
        }
    });
}

#[test]
fn a_second_host_gets_nothing_and_is_reported() {
    let mut gate = Gate::in_service();
    let thief = || host_link::Keys {
        own: Secret::derive("another host", &[]),
        ..keys::of_host(&test_page(TEST_SERIAL))
    };
    let mut second = HostLink::new(gate.now, thief(), Secret::derive("second", &[]));
    gate.withstands("a second host", |gate| {
        for _ in 0..2_000 {
            while let Next::Transmit(call) = second.next(gate.now) {
                gate.inject(&call);
            }
            let answers = gate.from_controller.iter().rev().take(3);
            for answer in answers {
                second.receive(gate.now, &answer.encode());
            }
            gate.step();
        }
    });
    assert!(!second.is_connected());
    assert_eq!(second.send(OPEN_ENTRY), Err(LinkError::Stranger));
    assert!(gate.tampering_told());
}

#[test]
fn frames_of_an_earlier_session_are_tampering_once_a_newer_one_works() {
    let mut gate = Gate::in_service();
    let recorded: Vec<Frame> = sealed(&gate.from_host).into_iter().take(10).collect();
    let before = gate.controller.statistics();
    gate.controller.drop_session();
    // Its host cannot know yet: whatever it still says is no attack.
    for frame in &recorded {
        gate.inject(&frame.encode());
    }
    let now = gate.controller.statistics();
    assert_eq!(now.stale - before.stale, 10);
    gate.run(3_000);
    assert!(gate.host.is_connected() && !gate.tampering_told());
    gate.down.clear();
    gate.ask(ToController::SetMode {
        mode: Mode::OnPermit,
    });
    gate.run(500);
    let before = gate.controller.statistics();
    gate.withstands("an earlier session", |gate| {
        for frame in &recorded {
            gate.inject(&frame.encode());
            gate.step();
        }
    });
    let now = gate.controller.statistics();
    assert_eq!(now.replayed - before.replayed, 10);
    assert_eq!((now.stale, now.forged), (before.stale, before.forged));
    assert!(gate.tampering_told(), "{:?}", gate.events);
}
