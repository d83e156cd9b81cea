//! Pairing, from the button to the first session.

use std::time::Duration;

use gate_protocol::hello::Entropy;
use gate_protocol::keys::Pairing;
use gate_protocol::link::controller::{self, Delivery, Identity};
use gate_protocol::link::host::{self, HostPairing, PairingError};
use gate_protocol::pairing::LabelCode;
use gate_protocol::{ControllerLink, Instant, Next};

use crate::world::{Faults, IDENTITY, Random, World, controller_keys, host_keys, label, secret};

const STEP: Duration = Duration::from_millis(5);

/// A controller that stores what it is given, and a host that wants to pair.
struct Bench {
    now: Instant,
    controller: ControllerLink,
    host: HostPairing,
    /// The line loses every frame whose number this takes for lost.
    lost: fn(u32) -> bool,
    frames: u32,
    stores: bool,
    adopted: Vec<Pairing>,
    told: Vec<Result<Pairing, PairingError>>,
}

fn unpaired() -> controller::Keys {
    controller::Keys {
        pairing: None,
        ..controller_keys()
    }
}

impl Bench {
    fn new(keys: controller::Keys, code: &LabelCode) -> Self {
        let now = Instant::from_millis(1_000);
        Self {
            now,
            controller: ControllerLink::new(now, IDENTITY, keys, secret(41)),
            host: HostPairing::new(now, secret(1), code, secret(42)),
            lost: |_| false,
            frames: 0,
            stores: true,
            adopted: Vec::new(),
            told: Vec::new(),
        }
    }

    fn arrives(&mut self) -> bool {
        self.frames += 1;
        !(self.lost)(self.frames)
    }

    fn run(&mut self, millis: u64) {
        let end = self.now + Duration::from_millis(millis);
        while self.now < end {
            self.now = self.now + STEP;
            self.empty_host();
            self.empty_controller();
        }
    }

    fn empty_host(&mut self) {
        loop {
            match self.host.next(self.now) {
                Next::Transmit(wire) if self.arrives() => {
                    self.controller.receive(self.now, &wire);
                }
                Next::Transmit(_) => {}
                Next::Deliver(outcome) => self.told.push(outcome),
                Next::Wait(_) => return,
            }
        }
    }

    fn empty_controller(&mut self) {
        loop {
            match self.controller.next(self.now) {
                Next::Transmit(wire) if self.arrives() => self.host.receive(self.now, &wire),
                Next::Transmit(_) => {}
                Next::Deliver(Delivery::Paired(pairing)) => {
                    if self.stores {
                        self.controller.adopt(pairing.clone());
                        self.adopted.push(pairing);
                    }
                }
                Next::Deliver(other) => unreachable!("{other:?}"),
                Next::Wait(deadline) => {
                    assert!(deadline > self.now, "the controller would spin");
                    return;
                }
            }
        }
    }

    fn paired(&self) -> &Pairing {
        match self.told.last() {
            Some(Ok(pairing)) => pairing,
            other => unreachable!("not paired: {other:?}"),
        }
    }
}

#[test]
fn both_ends_pin_each_other_and_share_a_secret_that_no_line_has_seen() {
    let mut bench = Bench::new(unpaired(), &label());
    bench.controller.let_pair(true);
    bench.run(1_000);
    let [of_controller] = &bench.adopted[..] else {
        panic!("paired once: {:?}", bench.adopted);
    };
    assert_eq!(bench.told.len(), 1);
    assert_eq!(of_controller.peer, host::public_key(&secret(1)));
    assert_eq!(bench.paired().peer, controller::public_key(&secret(2)));
    assert_eq!(of_controller.shared, bench.paired().shared);

    let mut world = World::new(1, Faults::default());
    let keys = host::Keys {
        own: secret(1),
        pairing: bench.paired().clone(),
        ..host_keys()
    };
    world.host = gate_protocol::HostLink::new(world.now, keys, secret(43));
    world.controller = bench.controller;
    world.run(Duration::from_millis(500));
    assert_eq!(world.connected.len(), 1, "{:?}", world.down);
}

#[test]
fn without_button_or_label_nobody_pairs() {
    let no_label = controller::Keys {
        label: None,
        ..unpaired()
    };
    for (keys, window) in [(unpaired(), false), (no_label, true)] {
        let mut bench = Bench::new(keys, &label());
        bench.controller.let_pair(window);
        bench.run(5_000);
        assert_eq!(bench.told, [Err(PairingError::Closed)]);
        assert_eq!(bench.adopted, []);
    }
}

#[test]
fn a_controller_whose_keys_might_repeat_pairs_with_nobody_and_says_so() {
    let mut bench = Bench::new(unpaired(), &label());
    let identity = Identity {
        entropy: Entropy::None,
        ..IDENTITY
    };
    bench.controller = ControllerLink::new(bench.now, identity, unpaired(), secret(41));
    bench.controller.let_pair(true);
    bench.run(5_000);
    assert_eq!(bench.told, [Err(PairingError::NoEntropy)]);
    assert_eq!(bench.adopted, []);
}

#[test]
fn a_wrong_code_is_named_counted_and_pairs_nobody() {
    let mut bench = Bench::new(unpaired(), &LabelCode([7; 16]));
    bench.controller.let_pair(true);
    bench.run(5_000);
    assert_eq!(bench.told, [Err(PairingError::Code)]);
    assert_eq!(bench.adopted, []);
    let tried = bench.controller.statistics().forged;
    assert!((3..=6).contains(&tried), "{tried} tries in 5 s");
}

#[test]
fn the_window_closes_after_one_success() {
    let mut bench = Bench::new(unpaired(), &label());
    bench.controller.let_pair(true);
    bench.run(1_000);
    let first = bench.paired().clone();
    bench.host = HostPairing::new(bench.now, secret(66), &label(), secret(67));
    bench.told.clear();
    bench.run(5_000);
    assert_eq!(bench.told, [Err(PairingError::Closed)]);
    assert_eq!(bench.adopted.len(), 1);

    bench.controller.let_pair(true);
    bench.run(5_000);
    assert_eq!(bench.adopted.len(), 2, "the same act pairs anew");
    assert_eq!(bench.adopted[1].peer, host::public_key(&secret(66)));
    assert_ne!(bench.paired().shared, first.shared);
}

#[test]
fn a_window_that_closes_half_way_pairs_nobody() {
    let mut bench = Bench::new(unpaired(), &label());
    bench.controller.let_pair(true);
    // Only the call and its answer get through.
    bench.lost = |frame| frame > 2;
    bench.run(300);
    bench.controller.let_pair(false);
    bench.lost = |_| false;
    bench.run(5_000);
    assert_eq!(bench.adopted, []);
    assert_eq!(bench.told, [Err(PairingError::Closed)]);
}

#[test]
fn a_bad_line_delays_a_pairing_and_spoils_none() {
    fn dice(frame: u32) -> u32 {
        Random(frame.into()).below(16)
    }
    for lost in [
        (|frame| dice(frame) < 4) as fn(u32) -> bool,
        |frame| dice(frame) < 8,
        |frame| dice(frame) < 11,
        |frame| frame < 12,
    ] {
        let mut bench = Bench::new(unpaired(), &label());
        bench.controller.let_pair(true);
        bench.lost = lost;
        bench.run(60_000);
        let pinned = bench.adopted.last().expect("paired at last");
        assert_eq!(pinned.shared, bench.paired().shared);
    }
}

#[test]
fn a_pairing_that_cannot_be_stored_is_not_claimed_and_the_old_host_stays() {
    let mut bench = Bench::new(controller_keys(), &label());
    bench.stores = false;
    bench.controller.let_pair(true);
    bench.run(3_000);
    assert!(!bench.told.iter().any(Result::is_ok), "{:?}", bench.told);
    let mut world = World::new(1, Faults::default());
    world.controller = bench.controller;
    world.run(Duration::from_millis(1_000));
    assert_eq!(world.connected.len(), 1);
}

#[test]
fn a_forged_success_convinces_no_host() {
    let mut bench = Bench::new(unpaired(), &label());
    bench.controller.let_pair(true);
    // The controller's last word does not get through; somebody else says it.
    bench.stores = false;
    bench.run(500);
    for session in 0..=255 {
        let clear = gate_protocol::ToHost::Hello {
            wire_min: 2,
            wire_max: 2,
            firmware: [0; 3],
            board: gate_protocol::Board::Simulated,
            reset: gate_protocol::ResetCause::PowerOn,
            uptime_ms: 0,
        };
        let reply = gate_protocol::hello::Reply::Paired(&[0; 32]);
        let content = gate_protocol::hello::reply(&clear, &reply);
        let kind = gate_protocol::frame::Kind::Hello;
        let forged = crate::raw::frame(kind, session, 0, &content).encode();
        bench.host.receive(bench.now, &forged);
    }
    bench.run(500);
    assert!(!bench.told.iter().any(Result::is_ok), "{:?}", bench.told);
}
