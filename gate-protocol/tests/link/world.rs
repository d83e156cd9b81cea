//! Both ends of the link with a bad line between them, in virtual time.

use std::collections::VecDeque;
use std::ops::Range;
use std::time::Duration;

use gate_protocol::frame::Kind;
use gate_protocol::hello::Entropy;
use gate_protocol::keys::{Pairing, Secret};
use gate_protocol::link::controller::{self, Identity, Lane};
use gate_protocol::link::host::{self, Occurrence};
use gate_protocol::pairing::LabelCode;
use gate_protocol::{
    Answer, Board, CommandNumber, ControllerLink, Decoder, Event, Failure, Health, HostLink,
    Instant, LinkError, Next, Refusal, ResetCause, Text, ToController, ToHost,
};

/// How far one step of the world goes.
pub(crate) const STEP: Duration = Duration::from_millis(5);

pub(crate) const HEALTH: Health = Health {
    uptime_ms: u32::MAX,
    build: Text::tail_of("v255.255.255-9999-g1234567"),
    scan_worst_ns: u32::MAX,
    scan_latest_ns: u32::MAX,
    scans_late: u32::MAX,
    stack_free: u32::MAX,
    failures: u16::MAX,
    frames_received: u32::MAX,
    frames_sent: u32::MAX,
    bad_frames: u32::MAX,
    duplicates: u32::MAX,
    events_lost: u32::MAX,
    answer_worst_ns: u32::MAX,
    late_frames: u32::MAX,
};

/// What the line does to frames, each in thousandths of all frames.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Faults {
    pub(crate) lost: u32,
    pub(crate) doubled: u32,
    pub(crate) flipped: u32,
    pub(crate) cut_short: u32,
    pub(crate) noise: u32,
    /// A frame of an earlier session comes once more.
    pub(crate) stale: u32,
    /// This frame and all behind it are held back for up to three seconds, and then come at once.
    pub(crate) held: u32,
}

/// Small generator of reproducible numbers (splitmix64).
#[derive(Clone)]
pub(crate) struct Random(pub u64);

impl Random {
    pub(crate) fn below(&mut self, limit: u32) -> u32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) >> 32) as u32 % limit
    }

    pub(crate) fn secret(&mut self) -> Secret {
        Secret::new(std::array::from_fn(|_| self.below(256) as u8))
    }

    fn happens(&mut self, thousandths: u32) -> bool {
        self.below(1_000) < thousandths
    }
}

/// One direction of the serial line. It damages frames but cannot reorder them.
#[derive(Default)]
pub(crate) struct Line {
    bytes: VecDeque<u8>,
    /// Every frame that was ever sent, with its kind and session.
    pub(crate) log: Vec<(Kind, u8, Vec<u8>)>,
    pub(crate) cut: bool,
    /// Frames of these lengths are picked out of the line, in bytes.
    pub(crate) picked: Range<usize>,
    /// Until when everything is held back.
    pub(crate) held_until: Instant,
    held: Vec<u8>,
}

impl Line {
    fn transmit(&mut self, now: Instant, wire: &[u8], faults: Faults, random: &mut Random) {
        let (kind, session) = session_of(wire);
        self.log.push((kind, session, wire.to_vec()));
        if random.happens(faults.held) {
            let millis = random.below(3_000);
            self.held_until = now + Duration::from_millis(millis.into());
        }
        if random.happens(faults.stale) {
            let stale: Vec<_> = self
                .log
                .iter()
                .filter(|(_, of, _)| *of != session)
                .collect();
            if !stale.is_empty() {
                let pick = random.below(stale.len() as u32) as usize;
                self.bytes.extend(&stale[pick].2);
            }
        }
        if random.happens(faults.noise) {
            let noise = random.below(40);
            self.bytes
                .extend((0..noise).map(|_| random.below(256) as u8));
        }
        if self.cut || self.picked.contains(&wire.len()) || random.happens(faults.lost) {
            return;
        }
        let mut sent = wire.to_vec();
        if random.happens(faults.flipped) {
            for _ in 0..=random.below(3) {
                let bit = random.below(sent.len() as u32 * 8) as usize;
                sent[bit / 8] ^= 1 << (bit % 8);
            }
        }
        if random.happens(faults.cut_short) {
            sent.truncate(random.below(sent.len() as u32) as usize);
        }
        let doubled = random.happens(faults.doubled);
        for _ in 0..=usize::from(doubled) {
            if self.held_until > now {
                self.held.extend(&sent);
            } else {
                self.bytes.extend(&sent);
            }
        }
    }

    /// What comes out within one step: at 115,200 baud some 57 bytes.
    fn arrive(&mut self, now: Instant) -> Vec<u8> {
        if self.held_until <= now {
            self.bytes.extend(self.held.drain(..));
        }
        let len = self.bytes.len().min(57);
        self.bytes.drain(..len).collect()
    }
}

pub(crate) fn session_of(wire: &[u8]) -> (Kind, u8) {
    let mut decoder = Decoder::new();
    let frame = wire.iter().find_map(|byte| decoder.push(*byte));
    let frame = frame.expect("a whole frame").expect("a good frame");
    (frame.kind, frame.session)
}

/// What became of a command, as the host was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Answered(Answer),
    Lost,
}

pub(crate) struct World {
    pub(crate) now: Instant,
    pub(crate) random: Random,
    pub(crate) faults: Faults,
    pub(crate) host: HostLink,
    pub(crate) controller: ControllerLink,
    pub(crate) to_controller: Line,
    pub(crate) to_host: Line,
    pub(crate) lane: Lane,

    /// Requests that the controller's owner still thinks about, and when it answers.
    thinking: Vec<(Instant, CommandNumber)>,
    /// Commands in the order in which the controller did them.
    pub(crate) done: Vec<(CommandNumber, ToController)>,
    /// Commands in the order in which the host sent them.
    pub(crate) sent: Vec<(CommandNumber, ToController)>,
    /// Outcomes in the order in which the host was told.
    pub(crate) outcomes: Vec<(CommandNumber, Outcome)>,
    /// Events in the order in which they happened.
    pub(crate) happened: Vec<Event>,
    /// Events in the order in which the host was told.
    pub(crate) told: Vec<Occurrence>,
    /// How many outcomes there were, and the health told then.
    pub(crate) healths: Vec<(usize, Health)>,
    pub(crate) failures: Vec<Failure>,
    pub(crate) lapses: u32,
    pub(crate) sessions_opened: u32,
    pub(crate) connected: Vec<host::Controller>,
    pub(crate) down: Vec<LinkError>,
    pub(crate) statuses: Vec<(Instant, host::Status)>,
    /// When the host transmitted.
    pub(crate) host_frames: Vec<Instant>,
    /// Events that the host was told are lost, without one behind them.
    pub(crate) lost: Vec<u32>,
    /// Alarms of the host's own end.
    pub(crate) tampering: Vec<u32>,
}

impl World {
    pub(crate) fn new(seed: u64, faults: Faults) -> Self {
        let now = Instant::from_millis(10_000);
        let mut random = Random(seed);
        let seed = random.secret();
        let controller = new_controller(now, random.secret(), ResetCause::PowerOn);
        Self {
            now,
            random,
            faults,
            host: HostLink::new(now, host_keys(), seed),
            controller,
            to_controller: Line::default(),
            to_host: Line::default(),
            lane: Lane::default(),
            thinking: Vec::new(),
            done: Vec::new(),
            sent: Vec::new(),
            outcomes: Vec::new(),
            happened: Vec::new(),
            told: Vec::new(),
            healths: Vec::new(),
            failures: Vec::new(),
            lapses: 0,
            sessions_opened: 0,
            connected: Vec::new(),
            down: Vec::new(),
            statuses: Vec::new(),
            host_frames: Vec::new(),
            lost: Vec::new(),
            tampering: Vec::new(),
        }
    }

    /// A good line, and both ends in session.
    pub(crate) fn connected() -> Self {
        let mut world = Self::new(1, Faults::default());
        world.run(Duration::from_millis(300));
        assert_eq!(world.connected.len(), 1);
        world
    }

    pub(crate) fn send(&mut self, message: ToController) -> Result<CommandNumber, LinkError> {
        let number = self.host.send(message)?;
        self.sent.push((number, message));
        Ok(number)
    }

    pub(crate) fn happen(&mut self, event: Event) {
        if self.controller.report(self.now, event).is_ok() {
            self.happened.push(event);
        }
    }

    /// The daemon starts anew, with the same keys.
    pub(crate) fn restart_host(&mut self) {
        self.host = HostLink::new(self.now, host_keys(), self.random.secret());
    }

    /// Cuts the line until the session is lost, and waits for the next one.
    pub(crate) fn reconnect(&mut self) {
        let before = self.connected.len();
        self.to_host.cut = true;
        self.run(Duration::from_millis(1_000));
        self.to_host.cut = false;
        self.run(Duration::from_millis(500));
        assert_eq!(self.connected.len(), before + 1);
    }

    /// The controller's watchdog barks: everything in its memory is gone.
    pub(crate) fn reset_controller(&mut self) {
        let seed = self.random.secret();
        self.controller = new_controller(self.now, seed, ResetCause::Watchdog);
        self.thinking.clear();
        self.to_host.bytes.clear();
    }

    pub(crate) fn run(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            self.step();
        }
    }

    pub(crate) fn step(&mut self) {
        self.now = self.now + STEP;
        let bytes = self.to_controller.arrive(self.now);
        self.controller.receive(self.now, &bytes);
        self.controller.set_lane(self.lane);
        self.empty_controller();
        let bytes = self.to_host.arrive(self.now);
        self.host.receive(self.now, &bytes);
        self.empty_host();
    }

    fn empty_controller(&mut self) {
        let due: Vec<_> = self
            .thinking
            .extract_if(.., |(at, _)| *at <= self.now)
            .collect();
        for (_, number) in due {
            self.controller.answer(number, answer_to(number));
        }
        loop {
            match self.controller.next(self.now) {
                Next::Transmit(wire) => {
                    self.to_host
                        .transmit(self.now, &wire, self.faults, &mut self.random);
                }
                Next::Deliver(delivery) => self.controller_told(delivery),
                Next::Wait(deadline) => {
                    assert!(deadline > self.now, "the controller would spin");
                    return;
                }
            }
        }
    }

    fn controller_told(&mut self, delivery: controller::Delivery) {
        match delivery {
            controller::Delivery::SessionOpened => self.sessions_opened += 1,
            controller::Delivery::LeaseLapsed => self.lapses += 1,
            controller::Delivery::Paired(_) => unreachable!("nobody pairs here"),
            controller::Delivery::Request { number, message } => {
                // SAF-079: what the host was told is lost is not begun any more.
                let lost = self.outcomes.contains(&(number, Outcome::Lost));
                assert!(!lost, "{number} is begun although it was lost");
                self.done.push((number, message));
                if message == ToController::ReadHealth {
                    self.controller.tell(ToHost::Health { health: HEALTH });
                }
                // Most answers are there at once, some only after a repetition has come.
                let wait = [0, 0, 0, 20, 150][self.random.below(5) as usize];
                if wait == 0 {
                    self.controller.answer(number, answer_to(number));
                } else {
                    self.thinking
                        .push((self.now + Duration::from_millis(wait), number));
                }
            }
        }
    }

    fn empty_host(&mut self) {
        loop {
            match self.host.next(self.now) {
                Next::Transmit(wire) => {
                    self.host_frames.push(self.now);
                    self.to_controller
                        .transmit(self.now, &wire, self.faults, &mut self.random);
                }
                Next::Deliver(delivery) => self.host_told(delivery),
                Next::Wait(deadline) => {
                    assert!(deadline > self.now, "the host would spin");
                    return;
                }
            }
        }
    }

    fn host_told(&mut self, delivery: host::Delivery) {
        match delivery {
            host::Delivery::Connected(controller) => self.connected.push(controller),
            host::Delivery::Down(error) => self.down.push(error),
            host::Delivery::Status(status) => self.statuses.push((self.now, status)),
            host::Delivery::Event(occurrence) => self.told.push(occurrence),
            host::Delivery::Accepted(number) => {
                self.outcomes
                    .push((number, Outcome::Answered(Answer::Accepted)));
            }
            host::Delivery::Refused(number, refusal) => {
                let answer = Answer::Refused(refusal);
                self.outcomes.push((number, Outcome::Answered(answer)));
            }
            host::Delivery::Lost(number) => self.outcomes.push((number, Outcome::Lost)),
            host::Delivery::Tampering { frames } => self.tampering.push(frames),
            host::Delivery::Health(health) => self.healths.push((self.outcomes.len(), health)),
            host::Delivery::EventsLost { missing } => self.lost.push(missing),
            host::Delivery::Site(_) | host::Delivery::Update(_) | host::Delivery::Warning(_) => {}
            host::Delivery::LastFailure(failure) => self.failures.push(failure),
        }
    }

    /// What the host was told of the lane; alarms of the link itself come and go as they like.
    pub(crate) fn told_events(&self) -> Vec<Event> {
        let events = self.told.iter().map(|occurrence| occurrence.event);
        events
            .filter(|event| !matches!(event, Event::Tampering(_)))
            .collect()
    }

    pub(crate) fn done_numbers(&self) -> Vec<CommandNumber> {
        self.done.iter().map(|(number, _)| *number).collect()
    }

    /// What must hold at every moment, whatever the line does.
    pub(crate) fn check(&self) {
        // Each command is done at most once, in order, and as it was sent.
        assert!(
            self.done_numbers().is_sorted_by(|one, next| one < next),
            "{:?}",
            self.done
        );
        for done in &self.done {
            assert!(self.sent.contains(done), "{done:?} was never sent");
        }
        // Each outcome is told once, in order, and an answer is the controller's own.
        let numbers: Vec<_> = self.outcomes.iter().map(|(number, _)| *number).collect();
        let sent: Vec<_> = self.sent.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, sent[..numbers.len()]);
        for (number, outcome) in &self.outcomes {
            if let Outcome::Answered(answer) = outcome {
                assert_eq!(*answer, answer_to(*number));
                assert!(
                    self.done_numbers().contains(number),
                    "{number} was not done"
                );
            }
        }
    }
}

pub(crate) fn label() -> LabelCode {
    LabelCode(*b"0123456789abcdef")
}

pub(crate) fn secret(number: u8) -> Secret {
    Secret::new([number; 32])
}

/// Host 1 and controller 2 are paired.
pub(crate) fn host_keys() -> host::Keys {
    host::Keys {
        own: secret(1),
        pairing: Pairing {
            peer: controller::public_key(&secret(2)),
            shared: secret(3),
        },
        weak_entropy_will_do: false,
    }
}

pub(crate) fn controller_keys() -> controller::Keys {
    controller::Keys {
        own: secret(2),
        label: Some(label()),
        pairing: Some(Pairing {
            peer: host::public_key(&secret(1)),
            shared: secret(3),
        }),
    }
}

pub(crate) const IDENTITY: Identity = Identity {
    firmware: [0, 1, 2],
    board: Board::Simulated,
    reset: ResetCause::PowerOn,
    boot: 1,
    entropy: Entropy::Strong,
};

fn new_controller(now: Instant, seed: Secret, reset: ResetCause) -> ControllerLink {
    let identity = Identity { reset, ..IDENTITY };
    ControllerLink::new(now, identity, controller_keys(), seed)
}

/// Every third command is refused.
pub(crate) fn answer_to(number: CommandNumber) -> Answer {
    if number.is_multiple_of(3) {
        Answer::Refused(Refusal::WrongState)
    } else {
        Answer::Accepted
    }
}
