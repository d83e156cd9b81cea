//! What the controller is told while it does not take its site: both ends of the link, without a line.

use super::*;
use crate::clock::Clock;
use gate_protocol::hello::Entropy;
use gate_protocol::keys::Pairing;
use gate_protocol::link::controller::{self, ControllerLink, Identity};
use gate_protocol::link::host;
use gate_protocol::{Answer, Board, ResetCause};

/// The daemon's task, and a controller that answers as it is told.
struct Rig {
    task: Task,
    _inbox: mpsc::Receiver<Event>,
    controller: ControllerLink,
    /// What it answers a site; everything else it takes.
    to_a_site: Answer,
    /// It answers nothing, but lives.
    silent: bool,
    waiting: Vec<(CommandNumber, ToController)>,
    /// How it was last told to offer the lane.
    mode: Option<Mode>,
}

impl Rig {
    /// A session in which the lane is offered, and the site was refused for the time being.
    async fn held() -> Self {
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
        let mut rig = Self {
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
            controller: ControllerLink::new(now, identity, its, Secret::new([5; 32])),
            to_a_site: Answer::Refused(Refusal::WrongState),
            silent: false,
            waiting: Vec::new(),
            mode: None,
        };
        rig.run(500).await;
        let mode = Mode::OnPermit;
        rig.task.send(ToController::SetMode { mode });
        rig.run(100).await;
        assert_eq!(rig.mode, Some(Mode::Closed), "nobody is let in");
        rig
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
                    Next::Transmit(wire) => self.task.link.receive(now, &wire),
                    Next::Wait(_) => break,
                }
            }
            if !self.silent {
                self.answer();
            }
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
