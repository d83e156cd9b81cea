//! What a seal costs: bytes on the line, and time of this machine's processor.
//!
//! `cargo run --release -p gate-protocol --example cost`. The controller's own cost in instructions
//! is in `docs/decisions/0021-sealed-link.md`.

use std::hint::black_box;
use std::time::Duration;

use gate_protocol::frame::Wire;
use gate_protocol::hello::Entropy;
use gate_protocol::keys::{Pairing, Secret};
use gate_protocol::link::controller::{self, Delivery, Identity, Lane};
use gate_protocol::link::host;
use gate_protocol::{
    Answer, Board, ControllerLink, Door, HostLink, Instant, Next, ResetCause, State, ToController,
};

/// Time of a byte at 115,200 baud, in microseconds.
const BYTE_MICROS: f64 = 86.8;
const ROUNDS: u32 = 2_000;

fn ends(now: Instant) -> (HostLink, ControllerLink) {
    let secret = |number: u8| Secret::new([number; 32]);
    let host_keys = host::Keys {
        own: secret(1),
        pairing: Pairing {
            peer: controller::public_key(&secret(2)),
            shared: secret(3),
        },
        weak_entropy_will_do: true,
    };
    let controller_keys = controller::Keys {
        own: secret(2),
        label: None,
        pairing: Some(Pairing {
            peer: host::public_key(&secret(1)),
            shared: secret(3),
        }),
    };
    let identity = Identity {
        firmware: [0, 1, 0],
        board: Board::Simulated,
        reset: ResetCause::PowerOn,
        boot: 1,
        entropy: Entropy::Weak,
    };
    (
        HostLink::new(now, host_keys, secret(4)),
        ControllerLink::new(now, identity, controller_keys, secret(5)),
    )
}

fn host_says(host: &mut HostLink, now: Instant) -> Option<Wire> {
    loop {
        match host.next(now) {
            Next::Transmit(wire) => return Some(wire),
            Next::Deliver(_) => {}
            Next::Wait(_) => return None,
        }
    }
}

fn controller_says(controller: &mut ControllerLink, now: Instant) -> Option<Wire> {
    loop {
        match controller.next(now) {
            Next::Transmit(wire) => return Some(wire),
            Next::Deliver(Delivery::Request { number, .. }) => {
                controller.answer(number, Answer::Accepted);
            }
            Next::Deliver(_) => {}
            Next::Wait(_) => return None,
        }
    }
}

fn show(what: &str, wire: &[u8]) {
    let millis = wire.len() as f64 * BYTE_MICROS / 1_000.0;
    println!("{what:<34} {:>4} bytes {millis:>6.2} ms", wire.len());
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is what measures the processor's time"
)]
fn timed(what: &str, rounds: u32, mut work: impl FnMut()) {
    let began = std::time::Instant::now();
    for _ in 0..rounds {
        work();
    }
    let each = began.elapsed().as_secs_f64() * 1e6 / f64::from(rounds);
    println!("{what:<34} {each:>9.2} µs");
}

fn main() {
    let mut now = Instant::from_millis(1_000);
    let (mut host, mut controller) = ends(now);
    let call = host_says(&mut host, now).expect("the host calls");
    controller.receive(now, &call);
    let answer = controller_says(&mut controller, now).expect("an answer");
    host.receive(now, &answer);
    let heartbeat = host_says(&mut host, now).expect("a heartbeat");
    controller.set_lane(Lane {
        state: State::Occupied,
        inputs: 0x00cf_ffff,
        outputs: 0x0001_6082,
        passage: 7,
    });
    controller.receive(now, &heartbeat);
    // A status of each hundred milliseconds, and the heartbeats between them, for an hour.
    let mut status = Wire::new();
    for _ in 0..36_000 {
        now = now + Duration::from_millis(100);
        while let Some(wire) = controller_says(&mut controller, now) {
            host.receive(now, &wire);
            status = wire;
        }
        while let Some(wire) = host_says(&mut host, now) {
            controller.receive(now, &wire);
        }
    }
    assert!(host.is_connected());
    host.send(ToController::Permit {
        door: Door::Exit,
        for_ms: 8_000,
        passage: 7,
    })
    .expect("a session");
    let command = host_says(&mut host, now).expect("a command");
    controller.receive(now, &command);
    let done = controller_says(&mut controller, now).expect("an answer");
    host.receive(now, &done);
    println!("on the line at 115,200 baud");
    show("call for a session", &call);
    show("its answer", &answer);
    show("heartbeat", &heartbeat);
    show("status, after an hour", &status);
    show("permit", &command);
    show("answer to a command", &done);
    show("round trip of a command", &[&command[..], &done].concat());

    println!("on this processor");
    timed("handshake, both ends", 200, || {
        let (mut host, mut controller) = ends(now);
        let call = host_says(&mut host, now).unwrap_or_default();
        controller.receive(now, &call);
        let answer = controller_says(&mut controller, now).unwrap_or_default();
        host.receive(now, black_box(&answer));
        assert!(host.is_connected());
    });
    timed("command and answer, both ends", ROUNDS, || {
        host.send(ToController::Withdraw).expect("a session");
        while let Some(wire) = host_says(&mut host, now) {
            controller.receive(now, &wire);
        }
        while let Some(wire) = controller_says(&mut controller, now) {
            host.receive(now, black_box(&wire));
        }
    });
}
