//! What a host does wrong while somebody is inside: each has its own answer and its own text, and the
//! doors are as the interlock wants them.

use super::rules::{Analyser, SITE};
use super::*;
use gate_protocol::frame::Kind;
use gate_protocol::hello;
use gate_protocol::link::host::Keys;
use gate_protocol::{Decoder, Frame, ToHost};
use std::collections::BTreeSet;

/// What somebody makes of a frame on its way.
type Rewrite = fn(Frame) -> Frame;

impl Bench {
    /// Another host calls until its link says why it gets no session; gives that, and what the board
    /// has answered in clear.
    fn calls_in_vain(
        &mut self,
        host: &mut HostLink,
        (to_board, to_host): (Rewrite, Rewrite),
    ) -> (LinkError, Vec<ToHost>) {
        let began = now();
        let mut decoder = Decoder::new();
        let mut answers = Vec::new();
        loop {
            assert!(began.elapsed() < PATIENCE, "no word about the session");
            self.move_doors();
            let heard = self.bytes.recv_timeout(Duration::from_millis(5));
            for byte in heard.unwrap_or_default() {
                let Some(Ok(frame)) = decoder.push(byte) else {
                    continue;
                };
                if frame.kind == Kind::Hello && frame.session != 0 {
                    answers.extend(
                        hello::read_reply(&frame.content)
                            .ok()
                            .map(|(clear, _)| clear),
                    );
                }
                host.receive(self.now(), &to_host(frame).encode());
            }
            loop {
                match host.next(self.now()) {
                    // Not answered yet on a busy machine.
                    Next::Deliver(Delivery::Down(LinkError::Silent { .. })) => {}
                    Next::Deliver(Delivery::Down(problem)) => return (problem, answers),
                    Next::Deliver(other) => unreachable!("{other:?}"),
                    Next::Transmit(wire) => {
                        let call = to_board(cable::decode(&wire));
                        self.tty.write_all(&call.encode()).expect("a line");
                    }
                    Next::Wait(_) => break,
                }
            }
        }
    }

    fn host_of(&self, keys: Keys, seed: &str) -> HostLink {
        HostLink::new(self.now(), keys, Secret::derive(seed, &[]))
    }
}

const AS_IT_IS: Rewrite = |frame| frame;

#[test]
fn a_host_in_the_wrong_gets_an_answer_of_its_own_and_whoever_is_inside_goes_back() {
    let Some(mut bench) = Bench::at_rest_with_short_times() else {
        return;
    };
    let mut texts = BTreeSet::new();
    bench.until_offered();
    bench.inside(true);
    bench.until_told(Event::Entered(1));
    bench.until("locked doors", |bench| {
        bench.on(Output::EntryHold) && bench.on(Output::ExitHold)
    });
    let mut analyser = Analyser::at(&bench);

    // Settings out of bounds, and good ones at the wrong time.
    let mut wild = SITE;
    wild.timings.trap = 0;
    for (site, refusal) in [
        (wild, Refusal::OutOfRange),
        (Site::DEFAULT, Refusal::WrongState),
    ] {
        bench.refused(ToController::Configure { site });
        assert_eq!(bench.refusal, Some(refusal));
        texts.insert(refusal.to_string());
    }
    bench.send(ToController::ReadSite);
    bench.until("the site", |bench| bench.site == Some(SITE));
    analyser.judge();
    assert_eq!((analyser.entry_unlocked, analyser.exit_unlocked), (0, 0));

    // The host dies, and its place is taken by one of another wire version: the board names its own,
    // in clear, and has no session with it.
    bench.talks = false;
    let mut host = bench.host_of(keys::of_host(&test_page(TEST_SERIAL)), "of another version");
    let newer: Rewrite = |mut call| {
        if call.kind == Kind::Hello {
            call.content[2..4].copy_from_slice(&[4, 9]);
        }
        call
    };
    let older: Rewrite = |mut answer| {
        if answer.kind == Kind::Hello {
            answer.content[1..3].copy_from_slice(&[1, 1]);
        }
        answer
    };
    let (problem, answers) = bench.calls_in_vain(&mut host, (newer, older));
    assert!(
        matches!(problem, LinkError::Version { found: 1, .. }),
        "{problem}"
    );
    let own = |answer: &ToHost| {
        matches!(
            answer,
            ToHost::Hello {
                wire_min: 3,
                wire_max: 3,
                ..
            }
        )
    };
    assert!(
        !answers.is_empty() && answers.iter().all(own),
        "{answers:?}"
    );
    texts.insert(problem.to_string());

    // And by one that is not paired.
    let stranger = Keys {
        own: Secret::derive("another host", &[]),
        ..keys::of_host(&test_page(TEST_SERIAL))
    };
    let mut host = bench.host_of(stranger, "of a stranger");
    let (problem, _) = bench.calls_in_vain(&mut host, (AS_IT_IS, AS_IT_IS));
    assert_eq!(problem, LinkError::Stranger);
    texts.insert(problem.to_string());

    // Nobody cares for whoever is inside: they are let back, and never on.
    bench.until("the way back", |bench| bench.on(Output::EntryDrive));
    analyser.judge();
    assert_eq!((analyser.entry_unlocked, analyser.exit_unlocked), (1, 0));

    // More happens than the controller keeps for a host that is away.
    for _ in 0..25 {
        for turned in [true, false] {
            bench.set(Input::KeyService, turned);
            bench.lives_for(Duration::from_millis(90));
        }
    }
    analyser.judge();
    assert_eq!(analyser.exit_unlocked, 0);
    bench.talks = true;
    bench.until("word of what was missed", |bench| bench.missed > 0);
    assert!(bench.told(Event::LeaseLapsed) > 0, "the oldest are kept");
    // With the host back the way back still stands open, and the lane comes to rest behind them.
    bench.until("the way back", |bench| !bench.on(Output::EntryHold));
    assert!(bench.on(Output::ExitHold) && !bench.on(Output::ExitDrive));
    bench.inside(false);
    bench.until("rest", |bench| bench.is(State::Idle));
    analyser.judge();
    assert_eq!(analyser.exit_unlocked, 0);
    assert_eq!(texts.len(), 4, "each has its own text: {texts:?}");
}
