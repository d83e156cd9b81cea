//! A whole gate with somebody at its cable: both real ends of the link, the real interlock, and
//! doors that follow its outputs.

use std::time::Duration;

use gate_interlock::Interlock;
use gate_protocol::hello::Entropy;
use gate_protocol::keys::Secret;
use gate_protocol::link::controller::{self, Identity, Lane};
use gate_protocol::link::host;
use gate_protocol::pins::{Bits, Output};
use gate_protocol::{
    Board, CheckedSite, ControllerLink, Decoder, Door, Event, Frame, HostLink, Instant, LinkError,
    Mode, Next, ResetCause, ToController,
};
use gate_sim::emulator::{TEST_SERIAL, test_page};
use gate_sim::keys;
use gate_sim::profile::Profile;
use gate_sim::world::World;

const STEP: Duration = Duration::from_millis(5);

pub(crate) const OPEN_ENTRY: ToController = ToController::Permit {
    door: Door::Entry,
    for_ms: 8_000,
    passage: 0,
};

/// What the attacker does with a frame.
pub(crate) type Attack = fn(Frame) -> Vec<Vec<u8>>;

pub(crate) fn pass_on(frame: Frame) -> Vec<Vec<u8>> {
    vec![frame.encode().to_vec()]
}

pub(crate) struct Gate {
    pub(crate) now: Instant,
    pub(crate) host: HostLink,
    pub(crate) controller: ControllerLink,
    interlock: Interlock,
    world: World,
    inputs: Bits,
    pub(crate) outputs: Bits,
    lives: u64,

    /// What happens to frames on their way.
    pub(crate) to_controller: Attack,
    pub(crate) to_host: Attack,
    /// Every frame that either end has sent.
    pub(crate) from_host: Vec<Frame>,
    pub(crate) from_controller: Vec<Frame>,

    /// What the interlock was asked for.
    pub(crate) asked: Vec<ToController>,
    /// How often a door was let go.
    pub(crate) releases: usize,
    pub(crate) sessions: usize,
    pub(crate) lapses: usize,
    /// What the host was told.
    pub(crate) connected: usize,
    pub(crate) events: Vec<Event>,
    pub(crate) down: Vec<LinkError>,
    pub(crate) alarms: usize,
}

impl Gate {
    pub(crate) fn new() -> Self {
        let now = Instant::from_millis(1_000);
        let mut world = World::new(Profile::fast(), 1);
        let inputs = world.step(now, Bits(0));
        Self {
            now,
            host: host(now, "host"),
            controller: controller(now, 0),
            interlock: Interlock::new(now, CheckedSite::default()),
            world,
            inputs,
            outputs: Bits(0),
            lives: 0,
            to_controller: pass_on,
            to_host: pass_on,
            from_host: Vec::new(),
            from_controller: Vec::new(),
            asked: Vec::new(),
            releases: 0,
            sessions: 0,
            lapses: 0,
            connected: 0,
            events: Vec::new(),
            down: Vec::new(),
            alarms: 0,
        }
    }

    /// A gate with a session whose entry opens on permit only, and that has let one person in and
    /// has shut again: the cable has seen everything that an attacker would like to see.
    pub(crate) fn in_service() -> Self {
        let mut gate = Self::new();
        gate.run(1_000);
        gate.ask(ToController::SetMode {
            mode: Mode::OnPermit,
        });
        gate.run(2_000);
        gate.ask(OPEN_ENTRY);
        gate.run(1_000);
        assert_eq!(gate.releases, 1, "the host that may opens the entry");
        gate.ask(ToController::Withdraw);
        gate.run(15_000);
        assert!(gate.is_shut() && gate.host.is_connected());
        gate
    }

    pub(crate) fn ask(&mut self, message: ToController) {
        self.host.send(message).expect("a session");
    }

    pub(crate) fn is_shut(&self) -> bool {
        !RELEASES.iter().any(|output| self.outputs.output(*output))
    }

    /// The controller is reset; its keys and its doors stay.
    pub(crate) fn reset_controller(&mut self) {
        self.lives += 1;
        self.controller = controller(self.now, self.lives);
        self.interlock = Interlock::new(self.now, CheckedSite::default());
    }

    pub(crate) fn run(&mut self, millis: u64) {
        let end = self.now + Duration::from_millis(millis);
        while self.now < end {
            self.step();
        }
    }

    pub(crate) fn step(&mut self) {
        self.now = self.now + STEP;
        self.scan();
        self.empty_host();
        self.empty_controller();
    }

    /// Somebody writes this on the line to the controller.
    pub(crate) fn inject(&mut self, wire: &[u8]) {
        self.controller.receive(self.now, wire);
        self.empty_controller();
    }

    fn scan(&mut self) {
        let shut = self.is_shut();
        self.interlock
            .lease(self.now, self.controller.has_lease(self.now));
        self.inputs = self.world.step(self.now, self.outputs);
        self.outputs = self.interlock.scan(self.now, self.inputs);
        self.releases += usize::from(shut && !self.is_shut());
        while let Some(event) = self.interlock.next_event() {
            // Nothing here happens so often that it finds no room.
            let _ = self.controller.report(self.now, event);
        }
        self.controller.set_lane(Lane {
            state: self.interlock.state(),
            inputs: self.inputs.0,
            outputs: self.outputs.0,
            passage: self.interlock.passage(),
        });
    }

    fn empty_host(&mut self) {
        loop {
            match self.host.next(self.now) {
                Next::Transmit(wire) => {
                    let frame = decode(&wire);
                    self.from_host.push(frame.clone());
                    for wire in (self.to_controller)(frame) {
                        self.controller.receive(self.now, &wire);
                    }
                }
                Next::Deliver(delivery) => self.host_told(delivery),
                Next::Wait(_) => return,
            }
        }
    }

    fn host_told(&mut self, delivery: host::Delivery) {
        match delivery {
            host::Delivery::Connected(_) => self.connected += 1,
            host::Delivery::Down(error) => self.down.push(error),
            host::Delivery::Event(occurrence) => self.events.push(occurrence.event),
            host::Delivery::Tampering { .. } => self.alarms += 1,
            _ => {}
        }
    }

    fn empty_controller(&mut self) {
        loop {
            match self.controller.next(self.now) {
                Next::Transmit(wire) => {
                    let frame = decode(&wire);
                    self.from_controller.push(frame.clone());
                    for wire in (self.to_host)(frame) {
                        self.host.receive(self.now, &wire);
                    }
                }
                Next::Deliver(delivery) => self.controller_told(delivery),
                Next::Wait(_) => return,
            }
        }
    }

    fn controller_told(&mut self, delivery: controller::Delivery) {
        match delivery {
            controller::Delivery::SessionOpened => {
                self.sessions += 1;
                self.interlock.open_session(self.now);
            }
            controller::Delivery::LeaseLapsed => {
                self.lapses += 1;
                self.interlock.lease(self.now, false);
            }
            controller::Delivery::Request { number, message } => {
                self.asked.push(message);
                self.interlock
                    .lease(self.now, self.controller.has_lease(self.now));
                let answer = self.interlock.request(self.now, &message);
                self.controller.answer(number, answer);
            }
            controller::Delivery::Paired(_) => unreachable!("nobody is at the cabinet"),
        }
    }

    /// Runs an attack and sees that no output moves for it, then or soon after, that the session
    /// lives, and that its host is still obeyed.
    pub(crate) fn withstands(&mut self, what: &str, attack: impl FnOnce(&mut Self)) {
        let before = (self.asked.len(), self.releases, self.sessions, self.lapses);
        attack(self);
        self.run(2_000);
        let after = (self.asked.len(), self.releases, self.sessions, self.lapses);
        assert_eq!(
            after, before,
            "{what}: commands, releases, sessions, lapses"
        );
        assert_eq!(self.down, [], "{what}");
        self.ask(OPEN_ENTRY);
        self.run(1_000);
        assert_eq!(
            self.releases,
            before.1 + 1,
            "{what}: the host is not obeyed"
        );
        self.ask(ToController::Withdraw);
        self.run(15_000);
        assert!(self.is_shut(), "{what}");
    }

    /// Whether the host has learnt of an attack, and by whom.
    pub(crate) fn tampering_told(&self) -> bool {
        let told = |event: &Event| matches!(event, Event::Tampering(_));
        self.events.iter().any(told)
    }
}

const RELEASES: [Output; 4] = [
    Output::EntryDrive,
    Output::EntryRelease,
    Output::ExitDrive,
    Output::ExitRelease,
];

pub(crate) fn host(now: Instant, seed: &str) -> HostLink {
    let keys = keys::of_host(&test_page(TEST_SERIAL));
    HostLink::new(now, keys, Secret::derive(seed, &[]))
}

fn controller(now: Instant, life: u64) -> ControllerLink {
    let identity = Identity {
        firmware: [0, 1, 0],
        board: Board::Simulated,
        reset: ResetCause::PowerOn,
        boot: life as u32 + 1,
        entropy: Entropy::Weak,
    };
    let keys = keys::of_controller(&test_page(TEST_SERIAL));
    let seed = Secret::derive("controller", &[&life.to_le_bytes()]);
    ControllerLink::new(now, identity, keys, seed)
}

pub(crate) fn decode(wire: &[u8]) -> Frame {
    let mut decoder = Decoder::new();
    let frame = wire.iter().find_map(|byte| decoder.push(*byte));
    frame.expect("a whole frame").expect("a good one")
}

/// The bytes of a frame before CRC and COBS.
pub(crate) fn plain(frame: &Frame) -> Vec<u8> {
    [&frame.head()[..], &frame.content].concat()
}

/// Any bytes as a frame with a right CRC.
pub(crate) fn wire(plain: &[u8]) -> Vec<u8> {
    let crc = crc::Crc::<u16>::new(&crc::CRC_16_IBM_3740).checksum(plain);
    let mut whole = plain.to_vec();
    whole.extend(crc.to_le_bytes());
    let mut wire = vec![0; cobs::max_encoding_length(whole.len()) + 1];
    let used = cobs::encode(&whole, &mut wire);
    wire.truncate(used + 1);
    wire
}
