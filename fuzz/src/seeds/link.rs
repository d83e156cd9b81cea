//! The controller's line.

use super::Seed;
use gate_protocol::body::FromHost;
use gate_protocol::hello::Entropy;
use gate_protocol::keys::{Pairing, Secret};
use gate_protocol::link::Next;
use gate_protocol::link::controller::{Delivery, Identity, Keys};
use gate_protocol::link::host::HostPairing;
use gate_protocol::pairing::LabelCode;
use gate_protocol::{
    Answer, Board, ControllerLink, Door, Event, Failure, FailureKind, HostLink, Instant, Lock,
    Mode, Refusal, ResetCause, Shape, Sign, Site, State, Text, ToController, ToHost, body,
};
use gate_sim::emulator::{TEST_SERIAL, site_record, test_page};
use gate_sim::keys;
use std::sync::OnceLock;

/// What the true host asks for in the seeds.
pub const COMMANDS: [ToController; 4] = [
    ToController::Permit {
        door: Door::Exit,
        for_ms: 8_000,
        passage: 1,
    },
    ToController::SetMode { mode: Mode::WalkIn },
    ToController::Show {
        sign: Sign::Welcome,
    },
    ToController::ReadHealth,
];

/// When the session of [`opened`] has been opened, in milliseconds.
pub const OPENED_MS: u64 = 50;

/// A session that has just been opened, and what was said on the line before and afterwards.
pub struct Opened {
    /// The controller's end, before the first command.
    pub controller: ControllerLink,
    /// The host's frames that open the session.
    call: Vec<u8>,
    /// The host's frames behind those.
    commands: Vec<u8>,
    /// All of the controller's frames.
    answers: Vec<u8>,
}

/// The host's end, which has sent its call. Its keys are always the same.
pub fn calling_host() -> HostLink {
    let keys = keys::of_host(&test_page(TEST_SERIAL));
    let mut host = HostLink::new(Instant::ZERO, keys, Secret::derive("host's seed", &[]));
    let called = matches!(host.next(Instant::ZERO), Next::Transmit(_));
    assert!(called, "a host that has just begun calls");
    host
}

/// A conversation of the true ends.
pub fn opened() -> &'static Opened {
    static OPENED: OnceLock<Opened> = OnceLock::new();
    OPENED.get_or_init(converse)
}

fn converse() -> Opened {
    let keys = keys::of_host(&test_page(TEST_SERIAL));
    let mut host = HostLink::new(Instant::ZERO, keys, Secret::derive("host's seed", &[]));
    let mut controller = new_controller(keys::of_controller(&test_page(TEST_SERIAL)));
    let (mut said, mut answers) = (Vec::new(), Vec::new());
    let mut talk = |controller: &mut ControllerLink, host: &mut HostLink, until: u64| {
        let mut newly_said = Vec::new();
        for millis in (until - OPENED_MS..until).step_by(5) {
            let now = Instant::from_millis(millis);
            let heard = transmitted(|| host.next(now));
            controller.receive(now, &heard);
            newly_said.extend(heard);
            let answered = transmitted(|| controller.next(now));
            host.receive(now, &answered);
            answers.extend(answered);
        }
        newly_said
    };
    said.extend(talk(&mut controller, &mut host, OPENED_MS));
    let opened = controller.clone();
    assert!(opened.has_session() && host.is_connected());
    let mut commands = Vec::new();
    for (round, command) in (2..).zip(COMMANDS) {
        host.send(command).expect("a session");
        commands.extend(talk(&mut controller, &mut host, round * OPENED_MS));
        // Nobody answers for the lane here; the next command waits for that.
        controller.answer(u32::try_from(round).unwrap_or(0) - 1, Answer::Accepted);
    }
    Opened {
        controller: opened,
        call: said,
        commands,
        answers,
    }
}

fn new_controller(keys: Keys) -> ControllerLink {
    let identity = Identity {
        firmware: [0, 1, 0],
        board: Board::Simulated,
        reset: ResetCause::PowerOn,
        boot: 1,
        entropy: Entropy::Weak,
    };
    let seed = Secret::derive("controller's seed", &[]);
    ControllerLink::new(Instant::ZERO, identity, keys, seed)
}

/// A pairing of the true ends, and what was said on the line.
pub struct Paired {
    /// What the host keeps of it.
    pub of_host: Pairing,
    /// What the controller keeps of it.
    pub of_controller: Pairing,
    said: Vec<u8>,
    answers: Vec<u8>,
}

/// The host's end of a pairing, which has sent its call.
pub fn pairing_host() -> HostPairing {
    let mut host = new_pairing_host();
    let called = matches!(host.next(Instant::ZERO), Next::Transmit(_));
    assert!(called, "a host that has just begun calls");
    host
}

fn new_pairing_host() -> HostPairing {
    let page = test_page(TEST_SERIAL);
    let own = keys::of_host(&page).own;
    let seed = Secret::derive("pairing host's seed", &[]);
    HostPairing::new(Instant::ZERO, own, &LabelCode(page.label_code), seed)
}

/// A controller that is paired with nobody, and whose pairing window is open.
pub fn pairing_controller() -> ControllerLink {
    let mut controller = new_controller(Keys {
        pairing: None,
        ..keys::of_controller(&test_page(TEST_SERIAL))
    });
    controller.let_pair(true);
    controller
}

/// The pairing of the true ends.
pub fn paired() -> &'static Paired {
    static PAIRED: OnceLock<Paired> = OnceLock::new();
    PAIRED.get_or_init(pair)
}

fn pair() -> Paired {
    let (mut host, mut controller) = (new_pairing_host(), pairing_controller());
    let (mut said, mut answers) = (Vec::new(), Vec::new());
    let mut of_controller = None;
    for millis in (0..2_000).step_by(5) {
        let now = Instant::from_millis(millis);
        loop {
            match host.next(now) {
                Next::Transmit(wire) => {
                    controller.receive(now, &wire);
                    said.extend(wire);
                }
                Next::Deliver(of_host) => {
                    return Paired {
                        of_host: of_host.expect("paired"),
                        of_controller: of_controller.expect("the controller is first"),
                        said,
                        answers,
                    };
                }
                Next::Wait(_) => break,
            }
        }
        loop {
            match controller.next(now) {
                Next::Transmit(wire) => {
                    host.receive(now, &wire);
                    answers.extend(wire);
                }
                Next::Deliver(Delivery::Paired(pairing)) => {
                    controller.adopt(pairing.clone());
                    of_controller = Some(pairing);
                }
                Next::Deliver(other) => unreachable!("{other:?}"),
                Next::Wait(_) => break,
            }
        }
    }
    unreachable!("two true ends pair")
}

/// What the true controller answers a host that pairs.
pub fn host_pairing() -> Vec<Seed> {
    vec![("answers", paired().answers.clone())]
}

/// What the true host says to pair.
pub fn controller_pairing() -> Vec<Seed> {
    vec![("calls", paired().said.clone())]
}

/// All that an end has to say now.
fn transmitted<D>(mut next: impl FnMut() -> Next<D>) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        match next() {
            Next::Transmit(wire) => bytes.extend(wire),
            Next::Deliver(_) => {}
            Next::Wait(_) => return bytes,
        }
    }
}

/// Frames of both ends.
pub fn frames() -> Vec<Seed> {
    let opened = opened();
    vec![
        ("call", opened.call.clone()),
        ("commands", opened.commands.clone()),
        ("answers", opened.answers.clone()),
    ]
}

/// What the true host says in the open session, and its call again.
pub fn controller_link() -> Vec<Seed> {
    let opened = opened();
    vec![
        ("commands", opened.commands.clone()),
        ("call-again", [&opened.call[..], &opened.commands].concat()),
    ]
}

/// What the true controller answers.
pub fn host_link() -> Vec<Seed> {
    vec![("answers", opened().answers.clone())]
}

pub(super) fn said(number: u32, message: ToController) -> Vec<u8> {
    let said = FromHost {
        knows_ms: 70_000,
        number,
        message,
    };
    body::to_controller(&said).to_vec()
}

/// Messages behind the seal.
pub fn bodies_to_controller() -> Vec<Seed> {
    let named = ["permit", "set-mode", "show", "read-health"];
    let commands = named.into_iter().zip(COMMANDS);
    let others = [
        (
            "heartbeat",
            ToController::Heartbeat {
                lease_ms: 1_000,
                at_ms: 70_000,
            },
        ),
        ("event-seen", ToController::EventSeen { number: 1 }),
        (
            "configure",
            ToController::Configure {
                site: Site::default(),
            },
        ),
    ];
    let body = |(name, message): (&'static str, ToController)| {
        let number = u32::from(message.is_command()) * 9;
        (name, said(number, message))
    };
    commands.chain(others).map(body).collect()
}

/// Messages behind the seal.
pub fn bodies_to_host() -> Vec<Seed> {
    let text = Text::tail_of("v0.1.0-4-gabcdef0");
    [
        (
            "status",
            ToHost::Status {
                uptime_ms: 70_000,
                state: State::Occupied,
                inputs: 0x00cf_ffff,
                outputs: 0x0001_6082,
                passage: 7,
                newest_event: 4,
                heartbeat_ms: 60_000,
            },
        ),
        (
            "event",
            ToHost::Event {
                number: 1,
                uptime_ms: 9,
                event: Event::Entered(1),
            },
        ),
        (
            "refused",
            ToHost::Done {
                command: 1,
                answer: Answer::Refused(Refusal::NotSingle),
            },
        ),
        (
            "site",
            ToHost::Site {
                site: Site::default(),
            },
        ),
        (
            "last-failure",
            ToHost::LastFailure {
                failure: Failure {
                    kind: FailureKind::Panic,
                    firmware: [0, 1, 0],
                    build: text,
                    uptime_ms: 70_000,
                    pc: 0,
                    lr: 0,
                    file: Text::tail_of("src/scan.rs"),
                    line: 42,
                    in_a_row: 1,
                },
            },
        ),
    ]
    .map(|(name, message)| (name, body::to_host(&message).to_vec()))
    .into()
}

/// Keys of the host, as pairing writes them.
pub fn host_keys() -> Vec<Seed> {
    let digits = |byte: &str| byte.repeat(32);
    let text = format!(
        "# Keys of a test.\nown = \"{}\"\ncontroller = \"{}\"\nshared = \"{}\"\n",
        digits("11"),
        digits("22"),
        digits("aB"),
    );
    vec![("paired", text.into_bytes())]
}

/// Sites as a controller keeps them.
pub fn stored_site() -> Vec<Seed> {
    let turnstile = Site {
        shape: Shape::Turnstile,
        exit_lock: Lock::FailSecure,
        ..Site::DEFAULT
    };
    vec![
        ("lane", site_record(Site::DEFAULT)),
        ("turnstile", site_record(turnstile)),
    ]
}
