//! The real firmware image on the emulated board, talked to as a host does and watched at its pins.
//!
//! Needs `GATE_QEMU` (qemu-system-arm 10), `GATE_FIRMWARE` (the image) and, if QEMU does not find
//! its data by itself, `GATE_QEMU_DATA`; without them the tests say so and pass.

#[path = "emulated_board/bad_input.rs"]
mod bad_input;
#[path = "emulated_board/cable.rs"]
mod cable;
#[path = "emulated_board/cuts.rs"]
mod cuts;
#[path = "emulated_board/failures.rs"]
mod failures;
#[path = "emulated_board/pins.rs"]
mod pins;
#[path = "emulated_board/read_back.rs"]
mod read_back;
#[path = "emulated_board/resets.rs"]
mod resets;
#[path = "emulated_board/rules.rs"]
mod rules;
#[path = "emulated_board/scan.rs"]
mod scan;
#[path = "emulated_board/time.rs"]
mod time;
#[path = "emulated_board/turnstile.rs"]
mod turnstile;
#[path = "emulated_board/unconfigured.rs"]
mod unconfigured;
#[path = "emulated_board/update.rs"]
mod update;

use gate_protocol::keys::Secret;
use gate_protocol::link::host::{Controller, Delivery, HostLink, Status};
use gate_protocol::link::{LinkError, Next};
use gate_protocol::pins::{Bits, Input, Output};
use gate_protocol::{
    Door, Event, Failure, Health, Instant, Lock, Mode, Refusal, Sign, Site, State, ToController,
    UpdateReport, Warning, WaysOut,
};
use gate_sim::emulator::{
    ALL_CALM, Board, Change, Config, EmulatorError, TEST_SERIAL, Watchdogs, test_page,
};
use gate_sim::keys;
use gate_sim::tools::passed_over;
use std::fs::File;
use std::io::{Read, Write};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;
use tempfile::TempDir;

/// Far beyond what any step takes, also on a machine with a dozen other things to do.
const PATIENCE: Duration = Duration::from_secs(60);

/// A host at the board's serial device, and doors that follow their drives at once.
struct Bench {
    board: Board,
    tty: File,
    bytes: Receiver<Vec<u8>>,
    link: HostLink,
    began: std::time::Instant,
    /// Every session's beginning.
    sessions: Vec<Controller>,
    events: Vec<Event>,
    status: Option<Status>,
    site: Option<Site>,
    health: Option<Health>,
    /// What was said in each session anew of a controller that is not fit for people.
    warnings: Vec<Warning>,
    /// What was told of earlier lives of the firmware, in each session anew.
    failures: Vec<Failure>,
    accepted: usize,
    refused: usize,
    /// The newest refusal.
    refusal: Option<Refusal>,
    lost: usize,
    /// The newest report on an update.
    update: Option<UpdateReport>,
    /// All that the host has put on the line.
    sent: Vec<Vec<u8>>,
    /// Why the link had no session, each time anew.
    down: Vec<LinkError>,
    /// Events that the host was told it has missed.
    missed: u32,
    /// The host is alive.
    talks: bool,
    doors: Bits,
    /// What current does to the exit's lock.
    exit_lock: Lock,
    /// There are no doors at the pins but an arm, which the test moves.
    arm: bool,
    _folder: TempDir,
}

impl Bench {
    /// A board that has just been switched on; none if this machine is not set up for it.
    fn switched_on(watchdogs: Watchdogs) -> Option<Self> {
        Self::switched_on_with(|config| config.watchdogs = watchdogs)
    }

    fn switched_on_with(change: impl FnOnce(&mut Config)) -> Option<Self> {
        Self::switched_on_at(ALL_CALM, change)
    }

    /// The same with these levels at its inputs from the first instruction on.
    fn switched_on_at(inputs: Bits, change: impl FnOnce(&mut Config)) -> Option<Self> {
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
        let board = Board::power_on(&config, inputs).expect("a board");
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
            link: HostLink::new(
                Instant::ZERO,
                keys::of_host(&test_page(TEST_SERIAL)),
                Secret::derive("seed of the bench", &[]),
            ),
            began: now(),
            sessions: Vec::new(),
            events: Vec::new(),
            status: None,
            site: None,
            health: None,
            warnings: Vec::new(),
            failures: Vec::new(),
            accepted: 0,
            refused: 0,
            refusal: None,
            lost: 0,
            update: None,
            sent: Vec::new(),
            down: Vec::new(),
            missed: 0,
            talks: true,
            doors: Bits(0),
            exit_lock: Lock::FailSafe,
            arm: false,
            _folder: folder,
        })
    }

    /// A board with a host session.
    fn connected() -> Option<Self> {
        let mut bench = Self::switched_on(Watchdogs::default())?;
        bench.until("a session", |bench| !bench.sessions.is_empty());
        Some(bench)
    }

    /// A board whose entry stands open for travellers.
    fn offered() -> Option<Self> {
        let mut bench = Self::connected()?;
        bench.send(ToController::SetMode { mode: Mode::WalkIn });
        bench.until("the entry's drive", |bench| bench.on(Output::EntryDrive));
        Some(bench)
    }

    /// Lives on until something has come about.
    fn until(&mut self, what: &str, mut come: impl FnMut(&Self) -> bool) {
        let began = now();
        while !come(self) {
            assert!(
                now().duration_since(began) < PATIENCE,
                "still waiting for {what}: outputs {:?}, status {:?}, events {:?}",
                self.board.outputs(),
                self.status,
                self.events
            );
            self.live();
        }
    }

    /// So long on the wall, for what nobody tells the end of.
    fn lives_for(&mut self, time: Duration) {
        let began = now();
        while began.elapsed() < time {
            self.live();
        }
    }

    /// A few milliseconds of host and doors.
    fn live(&mut self) {
        if let Ok(bytes) = self.bytes.recv_timeout(Duration::from_millis(5)) {
            let now = self.now();
            self.link.receive(now, &bytes);
        }
        self.move_doors();
        while self.talks {
            match self.link.next(self.now()) {
                Next::Deliver(delivery) => self.take(delivery),
                Next::Transmit(wire) => {
                    self.tty.write_all(&wire).expect("a line");
                    self.sent.push(wire.to_vec());
                }
                Next::Wait(_) => break,
            }
        }
    }

    fn take(&mut self, delivery: Delivery) {
        match delivery {
            Delivery::Connected(controller) => self.sessions.push(controller),
            Delivery::Status(status) => self.status = Some(status),
            Delivery::Event(occurrence) => {
                self.missed += occurrence.missing;
                self.events.push(occurrence.event);
            }
            Delivery::Accepted(_) => self.accepted += 1,
            Delivery::Site(site) => self.site = Some(site),
            Delivery::Health(health) => self.health = Some(health),
            Delivery::LastFailure(failure) => self.failures.push(failure),
            Delivery::Tampering { frames } => unreachable!("{frames} forged frames"),
            Delivery::Refused(_, refusal) => {
                self.refused += 1;
                self.refusal = Some(refusal);
            }
            Delivery::Lost(_) => self.lost += 1,
            Delivery::Update(report) => self.update = Some(report),
            Delivery::Warning(warning) => self.warnings.push(warning),
            Delivery::EventsLost { missing } => self.missed += missing,
            Delivery::Down(problem) => self.down.push(problem),
        }
    }

    fn move_doors(&mut self) {
        if self.arm {
            return;
        }
        let outputs = self.board.outputs();
        let open = |drive, release| outputs.output(drive) || outputs.output(release);
        let entry = open(Output::EntryDrive, Output::EntryRelease);
        let exit = open(Output::ExitDrive, Output::ExitRelease);
        let doors = Bits(0)
            .with_input(Input::EntryClosed, !entry)
            .with_input(
                Input::EntryLocked,
                !entry && outputs.output(Output::EntryHold),
            )
            .with_input(Input::EntryOpen, entry)
            .with_input(Input::ExitClosed, !exit)
            .with_input(
                Input::ExitLocked,
                !exit && !self.exit_lock.is_released(outputs.output(Output::ExitHold)),
            )
            .with_input(Input::ExitOpen, exit);
        if doors == self.doors {
            return;
        }
        self.doors = doors;
        for contact in [
            Input::EntryClosed,
            Input::EntryLocked,
            Input::EntryOpen,
            Input::ExitClosed,
            Input::ExitLocked,
            Input::ExitOpen,
        ] {
            self.board
                .set_input(contact, doors.input(contact))
                .expect("a pin");
        }
    }

    fn inside(&self, one: bool) {
        for (input, on) in [
            (Input::Chamber1Free, !one),
            (Input::SingleOk, one),
            (Input::EmptyOk, !one),
        ] {
            self.board.set_input(input, on).expect("a pin");
        }
    }

    /// Sends a command and sees it done; a lost session is waited for and the command sent again.
    fn send(&mut self, message: ToController) {
        let before = self.accepted;
        let mut sent_in = 0;
        while self.accepted == before {
            if self.link.is_connected() && self.sessions.len() > sent_in {
                sent_in = self.sessions.len();
                self.link.send(message).expect("a session");
            }
            self.until("an answer", |bench| {
                let anew = bench.link.is_connected() && bench.sessions.len() > sent_in;
                bench.accepted > before || anew
            });
        }
    }

    fn on(&self, output: Output) -> bool {
        self.board.outputs().output(output)
    }

    fn is(&self, state: State) -> bool {
        self.status.is_some_and(|status| status.state == state)
    }

    fn now(&self) -> Instant {
        let micros = now().duration_since(self.began).as_micros();
        Instant::from_micros(u64::try_from(micros).expect("a short test"))
    }
}

#[expect(clippy::disallowed_methods, reason = "the board runs in real time")]
fn now() -> std::time::Instant {
    std::time::Instant::now()
}

/// Reads the device until the board is gone.
fn listen(mut tty: File) -> Receiver<Vec<u8>> {
    let (send, bytes) = channel();
    std::thread::spawn(move || {
        let mut buffer = [0; 256];
        while let Ok(count) = tty.read(&mut buffer) {
            if count == 0 || send.send(buffer[..count].to_vec()).is_err() {
                break;
            }
        }
    });
    bytes
}

#[test]
fn the_image_boots_locks_both_doors_and_says_hello() {
    let Some(mut bench) = Bench::connected() else {
        return;
    };
    let controller = bench.sessions[0];
    assert_eq!(controller.board, gate_protocol::Board::NucleoL476rg);
    assert_eq!(controller.firmware, [0, 1, 0]);
    assert!(bench.on(Output::EntryHold) && bench.on(Output::ExitHold));
    assert!(bench.on(Output::NoAlarm) && bench.on(Output::EntryRed));
    bench.until("rest", |bench| bench.is(State::Idle));
    bench.until("the first event", |bench| !bench.events.is_empty());
    assert_eq!(bench.events, [Event::Started]);
    // Built without a key of one's own, as every image for a desk is.
    assert_eq!(bench.warnings, [Warning::PublishedUpdateKey]);
}

#[test]
fn a_traveller_walks_through_the_real_controller() {
    let Some(mut bench) = Bench::offered() else {
        return;
    };
    bench.send(ToController::Show {
        sign: Sign::Welcome,
    });
    bench.until("the sign", |bench| bench.on(Output::EntryGreen));
    assert!(bench.on(Output::Ready) && !bench.on(Output::ExitDrive));
    bench.inside(true);
    bench.until("the traveller", |bench| {
        bench.events.contains(&Event::Entered(1))
    });
    assert!(bench.on(Output::EntryHold) && !bench.on(Output::EntryDrive));
    bench.send(ToController::Permit {
        door: Door::Exit,
        for_ms: 30_000,
        passage: 1,
    });
    bench.until("the exit's drive", |bench| bench.on(Output::ExitDrive));
    assert!(bench.on(Output::EntryHold) && !bench.on(Output::ExitHold));
    bench.inside(false);
    bench.until("the end", |bench| bench.events.contains(&Event::Passed(1)));
    assert_eq!(
        bench.events,
        [
            Event::Started,
            Event::Entered(1),
            Event::ExitReleased(1),
            Event::Passed(1)
        ]
    );
}

#[test]
fn every_pin_of_the_board_is_the_pin_of_the_bench() {
    let Some(mut bench) = Bench::connected() else {
        return;
    };
    bench.until("a status", |bench| bench.status.is_some());
    // None of these moves a door, so each can be tried alone.
    for input in [
        Input::ZoneInFree,
        Input::ZoneOutFree,
        Input::Chamber1Free,
        Input::Chamber2Free,
        Input::SingleOk,
        Input::EmptyOk,
        Input::EntrySafe,
        Input::ExitSafe,
        Input::TamperOk,
        Input::MainsOk,
        Input::BatteryLow,
        Input::KeyService,
        Input::Pair,
        Input::DrivesOk,
    ] {
        for on in [!ALL_CALM.input(input), ALL_CALM.input(input)] {
            bench.board.set_input(input, on).unwrap();
            bench.until("the input in the status", |bench| {
                bench
                    .status
                    .is_some_and(|status| Bits(status.inputs).input(input) == on)
            });
        }
    }
    // What the firmware says it drives is what the bench sees.
    let watchdog = |bits: Bits| bits.with_output(Output::Watchdog, false);
    bench.until("the outputs in the status", |bench| {
        bench
            .status
            .is_some_and(|status| Bits(status.outputs) == watchdog(bench.board.outputs()))
    });
}

#[test]
fn each_emergency_input_opens_both_ways_without_any_host() {
    for input in [
        Input::FireOk,
        Input::EstopOk1,
        Input::EstopOk2,
        Input::BreakglassOk,
    ] {
        let Some(mut bench) = Bench::switched_on(Watchdogs::default()) else {
            return;
        };
        bench.talks = false;
        bench.until("locked doors", |bench| {
            bench.on(Output::EntryHold) && bench.on(Output::ExitHold)
        });
        bench.board.set_input(input, false).unwrap();
        bench.until("both ways open", |bench| {
            bench.on(Output::EntryRelease)
                && bench.on(Output::ExitRelease)
                && !bench.on(Output::EntryHold)
                && !bench.on(Output::ExitHold)
        });
    }
}

#[test]
fn a_torn_fire_wire_is_a_fire() {
    let Some(mut bench) = Bench::connected() else {
        return;
    };
    bench.board.tear_wire(Input::FireOk).unwrap();
    bench.until("the way out", |bench| bench.on(Output::ExitRelease));
    bench.until("the event", |bench| {
        bench.events.contains(&Event::EmergencyBegan)
    });
}

#[test]
fn a_silent_host_gets_the_entry_shut_and_is_heard_again_later() {
    let Some(mut bench) = Bench::offered() else {
        return;
    };
    let sessions = bench.sessions.len();
    bench.board.line_faults().cut(true);
    bench.until("the entry shut", |bench| {
        bench.on(Output::EntryHold) && !bench.on(Output::EntryDrive) && bench.on(Output::EntryRed)
    });
    bench.board.line_faults().cut(false);
    bench.until("a new session", |bench| bench.sessions.len() > sessions);
    bench.until("the event", |bench| {
        bench.events.contains(&Event::LeaseLapsed)
    });
    assert!(!bench.on(Output::EntryDrive), "a new session begins closed");
}

#[test]
fn a_power_cut_drops_every_relay_and_forgets_everything() {
    let Some(mut bench) = Bench::offered() else {
        return;
    };
    bench.board.power_cut();
    assert_eq!(bench.board.outputs(), Bits(0));
    let tty = bench.board.tty().to_owned();
    let sessions = bench.sessions.len();
    bench.board.power_back().unwrap();
    assert_eq!(bench.board.tty(), tty, "the host's device stays");
    bench.until("a new session", |bench| bench.sessions.len() > sessions);
    assert!(bench.sessions[sessions].restarted);
    bench.until("rest", |bench| bench.is(State::Idle));
    assert!(!bench.on(Output::EntryDrive) && bench.on(Output::EntryHold));
}

#[test]
fn a_site_is_obeyed_and_outlives_a_power_cut() {
    let Some(mut bench) = Bench::connected() else {
        return;
    };
    bench.until("rest", |bench| bench.is(State::Idle));
    let site = Site {
        on_fire: WaysOut::EntryOnly,
        ..Site::DEFAULT
    };
    bench.send(ToController::Configure { site });
    for told_before_the_cut in [true, false] {
        bench.send(ToController::ReadSite);
        bench.until("the site", |bench| bench.site == Some(site));
        bench.board.set_input(Input::FireOk, false).unwrap();
        bench.until("the way back", |bench| bench.on(Output::EntryRelease));
        assert!(!bench.on(Output::ExitRelease) && bench.on(Output::ExitHold));
        bench.board.set_input(Input::FireOk, true).unwrap();
        if told_before_the_cut {
            let sessions = bench.sessions.len();
            bench.site = None;
            bench.board.power_cut();
            bench.board.power_back().unwrap();
            bench.until("a new session", |bench| bench.sessions.len() > sessions);
        }
    }
}

#[test]
fn a_reset_forgets_the_mode_and_is_noticed() {
    let Some(mut bench) = Bench::offered() else {
        return;
    };
    let (sessions, resets) = (bench.sessions.len(), bench.board.resets());
    bench.board.reset().unwrap();
    bench.until("a new session", |bench| bench.sessions.len() > sessions);
    assert_eq!(bench.board.resets(), resets + 1);
    bench.until("rest", |bench| bench.is(State::Idle));
    assert!(!bench.on(Output::EntryDrive) && bench.on(Output::EntryHold));
}

#[test]
fn either_watchdog_resets_a_scan_that_hangs_and_leaves_alone_one_that_runs() {
    // The supervisor's real time is 100 ms; a busy machine stalls QEMU for longer than that.
    let supervisor = Some(Duration::from_secs(3));
    for watchdogs in [
        Watchdogs {
            chip: true,
            supervisor: None,
        },
        Watchdogs {
            chip: false,
            supervisor,
        },
    ] {
        let Some(mut bench) = Bench::switched_on(watchdogs) else {
            return;
        };
        bench.until("seconds of a scan that runs", |bench| {
            bench.status.is_some_and(|status| status.uptime_ms > 4_000)
        });
        let bites = bench.board.watchdog_resets();
        bench.board.hang().unwrap();
        bench.until("the watchdog", |bench| {
            bench.board.watchdog_resets() > bites
        });
        bench.until("a new start", |bench| {
            bench.status.is_some_and(|status| status.uptime_ms < 4_000)
        });
        bench.until("locked doors", |bench| {
            bench.on(Output::EntryHold) && bench.on(Output::ExitHold)
        });
    }
}

#[test]
fn firmware_that_fails_drops_every_output_and_starts_anew() {
    let Some(mut bench) = Bench::offered() else {
        return;
    };
    let (changes, resets) = (bench.board.changes(), bench.board.resets());
    bench.board.crash().unwrap();
    bench.until("the reset", |bench| bench.board.resets() > resets);
    let dark = |change: Change| change.outputs.with_output(Output::Watchdog, false) == Bits(0);
    assert!(changes.try_iter().any(dark));
    bench.until("rest", |bench| {
        bench
            .sessions
            .last()
            .is_some_and(|session| session.restarted)
            && bench.is(State::Idle)
    });
    assert!(!bench.on(Output::EntryDrive) && bench.on(Output::EntryHold));
}

#[test]
fn commands_come_through_a_line_that_flips_and_loses_bytes() {
    let Some(mut bench) = Bench::connected() else {
        return;
    };
    // One frame in seven is damaged, far more than on any line that is in order. Much worse, and
    // no answer to a call, which has 80 bytes, comes through in time.
    bench.board.line_faults().flip_every(397);
    bench.board.line_faults().drop_every(811);
    for mode in [Mode::OnPermit, Mode::Closed, Mode::WalkIn] {
        bench.send(ToController::SetMode { mode });
    }
    bench.until("bad frames", |bench| bench.link.statistics().line.crc > 0);
    bench.until("the entry's drive", |bench| bench.on(Output::EntryDrive));
}

#[test]
fn a_board_that_is_dropped_leaves_no_process_behind() {
    let Some(bench) = Bench::connected() else {
        return;
    };
    let Bench {
        board,
        _folder: folder,
        ..
    } = bench;
    let socket = folder.path().join("qmp");
    assert!(socket.exists());
    drop(board);
    assert!(std::os::unix::net::UnixStream::connect(socket).is_err());
}

#[test]
fn what_is_missing_is_named() {
    let folder = TempDir::new().unwrap();
    let image = folder.path().join("image");
    let config = Config::new("no-such-qemu", &image, folder.path());
    let error = Board::power_on(&config, ALL_CALM).unwrap_err();
    assert!(
        matches!(error, EmulatorError::FirmwareMissing { .. }),
        "{error}"
    );
    File::create(&image).unwrap();
    let error = Board::power_on(&config, ALL_CALM).unwrap_err();
    assert!(error.to_string().contains("qemu-system-arm"), "{error}");
    let config = Config::new("true", &image, folder.path());
    let error = Board::power_on(&config, ALL_CALM).unwrap_err();
    assert!(error.to_string().contains("b-l475e-iot01a"), "{error}");
}
