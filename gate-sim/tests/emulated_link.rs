//! The real firmware image and its line: paired at the emulated cabinet, and attacked at the cable.
//!
//! Needs `GATE_QEMU`, `GATE_FIRMWARE` and perhaps `GATE_QEMU_DATA` as `emulated_board` does.

use gate_protocol::keys::{Pairing, Secret};
use gate_protocol::link::host::{Delivery, HostLink, HostPairing, Keys, PairingError};
use gate_protocol::link::{LinkError, Next};
use gate_protocol::pairing::LabelCode;
use gate_protocol::pins::{Input, Output};
use gate_protocol::{Decoder, Event, Frame, Instant, Sign, ToController};
use gate_sim::emulator::{ALL_CALM, Board, Config, TEST_SERIAL, preloaded, test_page};
use gate_sim::keys;
use gate_sim::tools::passed_over;
use std::fs::File;
use std::io::{Read, Write};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;
use tempfile::TempDir;

/// Far beyond what any step takes, also on a machine with a dozen other things to do.
const PATIENCE: Duration = Duration::from_secs(120);

struct Bench {
    board: Board,
    tty: File,
    bytes: Receiver<Vec<u8>>,
    began: std::time::Instant,
    /// All that a link has sent.
    sent: Vec<Vec<u8>>,
    _folder: TempDir,
}

impl Bench {
    /// A board from the factory: paired with nobody.
    fn unpaired() -> Option<Self> {
        Self::switched_on(|config| config.preload = vec![preloaded(&test_page(TEST_SERIAL))])
    }

    /// A board with whatever `change` makes of the usual one.
    fn switched_on(change: impl FnOnce(&mut Config)) -> Option<Self> {
        let (Some(qemu), Some(firmware)) = (
            std::env::var_os("GATE_QEMU"),
            std::env::var_os("GATE_FIRMWARE"),
        ) else {
            passed_over("GATE_QEMU and GATE_FIRMWARE are not both set");
            return None;
        };
        let folder = TempDir::new().expect("a folder");
        let mut config = Config::new(qemu, firmware, folder.path());
        config.data_dir = std::env::var_os("GATE_QEMU_DATA").map(Into::into);
        change(&mut config);
        let board = Board::power_on(&config, ALL_CALM).expect("a board");
        let tty = File::options()
            .read(true)
            .write(true)
            .open(board.tty())
            .expect("the board's device");
        let bytes = listen(tty.try_clone().expect("a second handle"));
        Some(Self {
            board,
            tty,
            bytes,
            began: now(),
            sent: Vec::new(),
            _folder: folder,
        })
    }

    fn now(&self) -> Instant {
        Instant::from_micros(self.began.elapsed().as_micros() as u64)
    }

    fn heard(&self) -> Vec<u8> {
        let rest = self.bytes.recv_timeout(Duration::from_millis(5));
        rest.unwrap_or_default()
    }

    /// What the pairing says next.
    fn pairs(&mut self, host: &mut HostPairing) -> Result<Pairing, PairingError> {
        let began = now();
        loop {
            assert!(began.elapsed() < PATIENCE, "no word about the pairing");
            let heard = self.heard();
            host.receive(self.now(), &heard);
            loop {
                match host.next(self.now()) {
                    Next::Deliver(outcome) => return outcome,
                    Next::Transmit(wire) => self.tty.write_all(&wire).expect("a line"),
                    Next::Wait(_) => break,
                }
            }
        }
    }

    /// What the link says until `enough`.
    fn hears(
        &mut self,
        link: &mut HostLink,
        enough: impl Fn(&[Delivery]) -> bool,
    ) -> Vec<Delivery> {
        let began = now();
        let mut told = Vec::new();
        while !enough(&told) {
            assert!(began.elapsed() < PATIENCE, "told no more than {told:?}");
            let heard = self.heard();
            link.receive(self.now(), &heard);
            loop {
                match link.next(self.now()) {
                    Next::Deliver(Delivery::Status(_)) => {}
                    Next::Deliver(delivery) => told.push(delivery),
                    Next::Transmit(wire) => {
                        self.tty.write_all(&wire).expect("a line");
                        self.sent.push(wire.to_vec());
                    }
                    Next::Wait(_) => break,
                }
            }
        }
        told
    }

    /// Sends a command and sees it done.
    fn does(&mut self, link: &mut HostLink, message: ToController) {
        let number = link.send(message).expect("a session");
        self.hears(link, |told| told.contains(&Delivery::Accepted(number)));
    }

    /// Keeps the session alive for so long.
    fn keeps(&mut self, link: &mut HostLink, time: Duration) -> Vec<Delivery> {
        let began = now();
        self.hears(link, |_| began.elapsed() > time)
    }

    fn link(&self, pairing: &Pairing, seed: u8) -> HostLink {
        let keys = Keys {
            own: own(),
            pairing: pairing.clone(),
            weak_entropy_will_do: true,
        };
        HostLink::new(self.now(), keys, Secret::new([seed; 32]))
    }
}

fn own() -> Secret {
    Secret::new([0x11; 32])
}

fn is_connected(told: &[Delivery]) -> bool {
    matches!(told.last(), Some(Delivery::Connected(_)))
}

#[test]
fn a_host_is_paired_at_the_open_cabinet_with_button_and_code_and_stays_paired() {
    let Some(mut bench) = Bench::unpaired() else {
        return;
    };
    let nobody = Pairing {
        peer: gate_protocol::link::controller::public_key(&Secret::new(
            test_page(TEST_SERIAL).device_secret,
        )),
        shared: Secret::new([0; 32]),
    };
    let mut link = bench.link(&nobody, 1);
    let told = bench.hears(&mut link, |told| !told.is_empty());
    assert_eq!(told, [Delivery::Down(LinkError::Unpaired)]);

    let code = LabelCode(test_page(TEST_SERIAL).label_code);
    let mut host = HostPairing::new(bench.now(), own(), &code, Secret::new([2; 32]));
    // The button alone does nothing.
    bench.board.set_input(Input::Pair, true).expect("a pin");
    assert_eq!(bench.pairs(&mut host), Err(PairingError::Closed));
    bench
        .board
        .set_input(Input::TamperOk, false)
        .expect("a pin");
    let pairing = bench.pairs(&mut host).expect("paired");
    assert_eq!(pairing.peer, nobody.peer);
    bench.board.set_input(Input::Pair, false).expect("a pin");
    bench.board.set_input(Input::TamperOk, true).expect("a pin");

    let mut link = bench.link(&pairing, 3);
    let paired = |delivery: &Delivery| matches!(delivery, Delivery::Event(one) if one.event == Event::Paired);
    let told = bench.hears(&mut link, |told| told.iter().any(paired));
    let events: Vec<Event> = told
        .iter()
        .filter_map(|delivery| match delivery {
            Delivery::Event(occurrence) => Some(occurrence.event),
            _ => None,
        })
        .collect();
    assert!(events.contains(&Event::PairingOpened), "{events:?}");

    bench.board.power_cut();
    bench.board.power_back().expect("power");
    let mut link = bench.link(&pairing, 4);
    bench.hears(&mut link, is_connected);
}

/// What is shown can be seen at the pins, and needs no door.
const HELP: ToController = ToController::Show { sign: Sign::Help };
const BUSY: ToController = ToController::Show { sign: Sign::Busy };

#[test]
fn what_was_recorded_or_forged_moves_no_pin_of_the_real_image() {
    let Some(mut bench) = Bench::switched_on(|_| {}) else {
        return;
    };
    let keys = keys::of_host(&test_page(TEST_SERIAL));
    let mut link = HostLink::new(bench.now(), keys, Secret::new([5; 32]));
    bench.hears(&mut link, is_connected);
    bench.does(&mut link, HELP);
    bench.does(&mut link, BUSY);
    bench.keeps(&mut link, Duration::from_millis(300));
    let command = intercepted(&mut bench, &mut link);
    // The host says it again, and then something else.
    bench.keeps(&mut link, Duration::from_millis(300));
    bench.does(&mut link, BUSY);
    bench.keeps(&mut link, Duration::from_millis(300));
    let recorded = std::mem::take(&mut bench.sent);
    let changes = bench.board.changes();

    let mut told = Vec::new();
    for wire in &recorded {
        bench.tty.write_all(wire).expect("a line");
        told.extend(bench.keeps(&mut link, Duration::from_millis(5)));
    }
    let whole = decode(&command);
    for bit in (0..whole.content.len() * 8).step_by(5) {
        let mut forged = whole.clone();
        forged.content[bit / 8] ^= 1 << (bit % 8);
        // Else it would be taken for a repetition.
        forged.counter += 10_000;
        bench.tty.write_all(&forged.encode()).expect("a line");
        told.extend(bench.keeps(&mut link, Duration::from_millis(5)));
    }
    let alarm = |delivery: &Delivery| matches!(delivery, Delivery::Event(one) if matches!(one.event, Event::Tampering(_)));
    if !told.iter().any(alarm) {
        told.extend(bench.hears(&mut link, |told| told.iter().any(alarm)));
    }
    let lost = |delivery: &Delivery| matches!(delivery, Delivery::Down(_));
    assert!(!told.iter().any(lost), "{told:?}");
    assert!(changes.try_recv().is_err(), "an output moved");

    // After a reset nothing of all that means anything.
    bench.board.reset().expect("a reset");
    let began = now();
    while !bench.board.outputs().output(Output::EntryHold) {
        assert!(began.elapsed() < PATIENCE, "the board does not start");
        bench.heard();
    }
    let changes = bench.board.changes();
    for wire in recorded.iter().chain([&command]) {
        bench.tty.write_all(wire).expect("a line");
        bench.heard();
    }
    for _ in 0..200 {
        bench.heard();
    }
    assert!(
        changes.try_recv().is_err(),
        "an output moved after the reset"
    );
}

/// The command that shows something else, taken off the line before it arrives.
fn intercepted(bench: &mut Bench, link: &mut HostLink) -> Vec<u8> {
    link.send(HELP).expect("a session");
    loop {
        match link.next(bench.now()) {
            Next::Transmit(wire) => {
                // A heartbeat is longer: 4 bytes of what is known, number, name, sign, and the seal.
                if decode(&wire).content.len() == 4 + 3 + 16 {
                    return wire.to_vec();
                }
                bench.tty.write_all(&wire).expect("a line");
            }
            Next::Deliver(_) => {}
            Next::Wait(_) => unreachable!("a command waits"),
        }
    }
}

fn decode(wire: &[u8]) -> Frame {
    let mut decoder = Decoder::new();
    let frame = wire.iter().find_map(|byte| decoder.push(*byte));
    frame.expect("a whole frame").expect("a good one")
}

fn listen(mut tty: File) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut bytes = [0; 256];
        while let Ok(count) = tty.read(&mut bytes) {
            if count == 0 || sender.send(bytes[..count].to_vec()).is_err() {
                return;
            }
        }
    });
    receiver
}

#[expect(
    clippy::disallowed_methods,
    reason = "the emulated board runs in real time"
)]
fn now() -> std::time::Instant {
    std::time::Instant::now()
}
