//! What the controller is told while it does not take its site, and what a technician is told of a
//! controller that does not serve: both ends of the link, without a line.

use super::*;
use crate::clock::Clock;
use gate_protocol::frame::Kind;
use gate_protocol::hello::Entropy;
use gate_protocol::keys::Pairing;
use gate_protocol::link::controller::{self, ControllerLink, Identity};
use gate_protocol::link::host;
use gate_protocol::{Answer, Board, Decoder, ResetCause};
use std::cell::RefCell;
use std::io;
use std::sync::Once;

/// The daemon's task, and a controller that answers as it is told.
struct Rig {
    task: Task,
    _inbox: mpsc::Receiver<Event>,
    controller: ControllerLink,
    identity: Identity,
    /// What it answers a site; everything else it takes.
    to_a_site: Answer,
    /// It answers nothing, but lives.
    silent: bool,
    waiting: Vec<(CommandNumber, ToController)>,
    /// How it was last told to offer the lane.
    mode: Option<Mode>,
    /// The versions that somebody writes over those that it says it speaks.
    speaks: Option<[u8; 2]>,
}

impl Rig {
    /// A session in which the lane is offered, and the site was refused for the time being.
    async fn held() -> Self {
        let mut rig = Self::new();
        rig.run(500).await;
        let mode = Mode::OnPermit;
        rig.task.send(ToController::SetMode { mode });
        rig.run(100).await;
        assert_eq!(rig.mode, Some(Mode::Closed), "nobody is let in");
        rig
    }

    /// Both ends before their first word. The site will be refused for the time being.
    fn new() -> Self {
        let (own, peer) = (Secret::new([1; 32]), Secret::new([2; 32]));
        let shared = || Secret::new([3; 32]);
        let (outbox, inbox) = super::super::queue(Clock::start());
        let now = outbox.now();
        let settings = toml::from_str(
            r#"
            device = "none"
            keys = "none"
            site = { shape = "two-doors", exit_lock = "fail-safe" }
            "#,
        );
        let identity = Identity {
            firmware: [0, 1, 0],
            board: Board::Simulated,
            reset: ResetCause::PowerOn,
            boot: 1,
            entropy: Entropy::Strong,
        };
        let its = controller::Keys {
            own: peer.clone(),
            label: None,
            pairing: Some(Pairing {
                peer: host::public_key(&own),
                shared: shared(),
            }),
        };
        let ours = Keys {
            pairing: Pairing {
                peer: controller::public_key(&peer),
                shared: shared(),
            },
            own,
            weak_entropy_will_do: false,
        };
        let (_, queue) = mpsc::channel(QUEUE);
        Self {
            task: Task {
                settings: settings.expect("settings"),
                link: HostLink::new(now, ours, Secret::new([4; 32])),
                queue,
                outbox,
                observer: Observer::default(),
                standing: Standing::default(),
                exits: HashMap::new(),
                site: SiteTalk::default(),
                mode: Mode::Closed,
                complained: false,
            },
            _inbox: inbox,
            identity,
            controller: ControllerLink::new(now, identity, its, Secret::new([5; 32])),
            to_a_site: Answer::Refused(Refusal::WrongState),
            silent: false,
            waiting: Vec::new(),
            mode: None,
            speaks: None,
        }
    }

    async fn run(&mut self, ms: u64) {
        for _ in 0..ms / 5 {
            tokio::time::advance(Duration::from_millis(5)).await;
            let now = self.task.outbox.now();
            loop {
                match self.task.link.next(now) {
                    Next::Deliver(delivery) => self.task.deliver(delivery),
                    Next::Transmit(wire) => {
                        self.controller.receive(now, &wire);
                    }
                    Next::Wait(_) => break,
                }
            }
            loop {
                match self.controller.next(now) {
                    Next::Deliver(controller::Delivery::Request { number, message }) => {
                        self.waiting.push((number, message));
                    }
                    Next::Deliver(_) => {}
                    Next::Transmit(wire) => {
                        let wire = self.rewritten(&wire);
                        self.task.link.receive(now, &wire);
                    }
                    Next::Wait(_) => break,
                }
            }
            if !self.silent {
                self.answer();
            }
        }
    }

    /// What becomes of the controller's word on its way.
    fn rewritten(&self, wire: &[u8]) -> Vec<u8> {
        let mut decoder = Decoder::new();
        let frame = wire.iter().find_map(|byte| decoder.push(*byte));
        match (self.speaks, frame) {
            (Some(versions), Some(Ok(mut frame))) if frame.kind == Kind::Hello => {
                // Behind the message's own number.
                frame.content[1..3].copy_from_slice(&versions);
                frame.encode().to_vec()
            }
            _ => wire.to_vec(),
        }
    }

    fn answer(&mut self) {
        for (number, message) in self.waiting.drain(..) {
            let answer = match message {
                ToController::Configure { .. } => self.to_a_site,
                _ => Answer::Accepted,
            };
            if let ToController::SetMode { mode } = message {
                self.mode = Some(mode);
            }
            self.controller.answer(number, answer);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_lane_is_offered_again_whatever_answer_ends_the_wait_for_the_site() {
    for answer in [
        Answer::Accepted,
        Answer::Refused(Refusal::NotKept),
        Answer::Refused(Refusal::OutOfRange),
        Answer::Refused(Refusal::Wiring),
        Answer::Refused(Refusal::TooOften),
    ] {
        let mut rig = Rig::held().await;
        rig.run(3_000).await;
        assert_eq!(rig.mode, Some(Mode::Closed), "as long as it is refused");
        rig.to_a_site = answer;
        rig.run(2_000).await;
        assert_eq!(rig.mode, Some(Mode::OnPermit), "{answer:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_site_that_finds_no_room_on_the_line_is_told_later() {
    let mut rig = Rig::held().await;
    rig.run(350).await;
    rig.silent = true;
    let greet = ToController::Show {
        sign: Sign::Welcome,
    };
    while rig.task.link.send(greet).is_ok() {
        rig.run(5).await;
    }
    rig.run(250).await;
    rig.silent = false;
    rig.to_a_site = Answer::Accepted;
    rig.run(300).await;
    assert_eq!(rig.mode, Some(Mode::Closed), "there was no room for it");
    rig.run(2_000).await;
    assert_eq!(rig.mode, Some(Mode::OnPermit));
}

thread_local! {
    /// What this thread has logged at the levels that a technician sees.
    static LOG: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

struct Kept;

impl io::Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.with_borrow_mut(|log| log.extend(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Has every thread keep its log. A subscriber for one thread alone would miss what another thread
/// says first.
fn keep_the_log() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        tracing_subscriber::fmt()
            .with_max_level(tracing::Level::INFO)
            .with_ansi(false)
            .without_time()
            .with_writer(|| Kept)
            .init();
    });
}

/// The lines of errors since the last call.
fn errors() -> Vec<String> {
    let log = String::from_utf8(LOG.take()).expect("a log of letters");
    let errors = log.lines().filter(|line| line.contains("ERROR"));
    errors.map(str::to_owned).collect()
}

#[tokio::test(start_paused = true)]
async fn each_wrong_between_host_and_controller_has_a_text_of_its_own_in_the_log() {
    keep_the_log();
    let mut told = Vec::new();
    let mut says = |what: &str, words: &[&str]| {
        let errors = errors();
        let [error] = &errors[..] else {
            panic!("{what}: one error, and not {errors:?}");
        };
        for word in words {
            assert!(error.contains(word), "{what}: no {word:?} in {error}");
        }
        told.push(error.clone());
    };

    let mut rig = Rig::new();
    rig.speaks = Some([4, 5]);
    rig.run(2_000).await;
    says(
        "another wire version",
        &[
            "controller lost",
            "speaks wire version 5, this host needs 3 to 3",
        ],
    );
    assert!(!rig.task.link.is_connected());

    let mut rig = Rig::new();
    let identity = rig.identity;
    let unpaired = controller::Keys {
        own: Secret::new([2; 32]),
        label: None,
        pairing: None,
    };
    let now = rig.task.outbox.now();
    rig.controller = ControllerLink::new(now, identity, unpaired, Secret::new([5; 32]));
    rig.run(2_000).await;
    says(
        "an unpaired controller",
        &["controller lost", "is not paired with any host"],
    );
    assert!(!rig.task.link.is_connected());

    let mut rig = Rig::new();
    rig.to_a_site = Answer::Refused(Refusal::OutOfRange);
    rig.run(2_000).await;
    says(
        "settings out of bounds",
        &[
            "did not take the site of the settings",
            "outside the bounds of its firmware",
        ],
    );
    assert!(rig.task.link.is_connected());

    // A full queue: a hole that shows with the event behind it, and one with nothing behind it.
    let mut rig = Rig::new();
    rig.to_a_site = Answer::Accepted;
    rig.run(500).await;
    let now = rig.task.outbox.now();
    let overflow = |rig: &mut Rig| {
        let told = (0..controller::EVENTS_MAX + 3).filter(|_| {
            rig.controller
                .report(now, LaneEvent::EmergencyBegan)
                .is_err()
        });
        assert_eq!(told.count(), 3);
    };
    overflow(&mut rig);
    rig.run(500).await;
    let last = rig
        .controller
        .report(rig.task.outbox.now(), LaneEvent::Started);
    assert!(last.is_ok(), "there is room again");
    rig.run(200).await;
    says(
        "a hole with an event behind it",
        &["controller had to throw events away", "missing=3"],
    );
    assert!(rig.task.link.is_connected());
    overflow(&mut rig);
    rig.run(2_500).await;
    let errors = errors();
    let told_of_the_hole = errors.iter().any(|error| {
        error.contains("missing=3") && error.contains("events of the controller have not come")
    });
    assert!(told_of_the_hole, "{errors:?}");
    assert!(
        errors.iter().any(|error| error.contains("controller lost")
            && error.contains("3 events of the gate controller have not come")),
        "the lane ends with it: {errors:?}"
    );

    let distinct: std::collections::BTreeSet<&String> = told.iter().collect();
    assert_eq!(distinct.len(), 4, "{told:?}");
}
