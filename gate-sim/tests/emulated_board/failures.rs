//! Firmware that fails in every way there is: safe outputs, a new start, and a word to the host.

use super::*;
use gate_protocol::{FailureKind, Task};
use gate_sim::emulator::Sabotage;
use object::read::elf::ElfFile32;
use object::{Endianness, Object, ObjectSymbol};

impl Bench {
    /// A board whose doors are locked and whose watchdogs watch, as they do in a cabinet.
    pub(super) fn guarded() -> Option<Self> {
        // The supervisor's real time is 100 ms; a busy machine stalls QEMU for longer than that.
        let watchdogs = Watchdogs {
            chip: true,
            supervisor: Some(Duration::from_secs(3)),
        };
        let mut bench = Self::switched_on(watchdogs)?;
        bench.until_at_rest();
        Some(bench)
    }

    /// A power cut forgets failures and their row, which would hold the next start up.
    pub(super) fn power_anew(&mut self) {
        let sessions = self.sessions.len();
        self.board.power_cut();
        self.board.power_back().expect("power");
        self.until("a new session", |bench| bench.sessions.len() > sessions);
        self.until_at_rest();
    }

    fn until_at_rest(&mut self) {
        self.until("rest", |bench| {
            bench.link.is_connected() && bench.is(State::Idle) && bench.on(Output::EntryHold)
        });
    }

    /// Waits until the firmware has failed and is back; gives what it says of that.
    pub(super) fn until_back(&mut self, resets: u64) -> Failure {
        let (sessions, told) = (self.sessions.len(), self.failures.len());
        self.until("the reset", |bench| bench.board.resets() > resets);
        self.until("a new session", |bench| bench.sessions.len() > sessions);
        self.until("the failure", |bench| bench.failures.len() > told);
        self.until_at_rest();
        *self.failures.last().expect("one that was told")
    }

    fn fails(&mut self, how: Sabotage) -> Failure {
        let resets = self.board.resets();
        self.board.sabotage(how).expect("a board");
        self.until_back(resets)
    }

    pub(super) fn read_health(&mut self) -> Health {
        self.health = None;
        self.send(ToController::ReadHealth);
        self.until("the health", |bench| bench.health.is_some());
        self.health.expect("it has come")
    }
}

/// Where the image has something that it calls `name` in its source.
fn address_of(name: &str) -> u32 {
    place_of(name).start
}

/// The same, from its first byte to behind its last.
pub(super) fn place_of(name: &str) -> std::ops::Range<u32> {
    let image = std::env::var_os("GATE_FIRMWARE").expect("the board runs it");
    // What the linker made lies beside what the packer made of it.
    let linked = std::path::Path::new(&image).with_file_name("gate-firmware-A.elf");
    let image = if linked.exists() {
        linked
    } else {
        image.into()
    };
    let image = std::fs::read(image).expect("an image");
    let image = ElfFile32::<Endianness>::parse(&*image).expect("an ELF file");
    let symbol = image
        .symbols()
        .find(|symbol| symbol.name().is_ok_and(|found| found.contains(name)))
        .expect("a symbol of this name");
    let address = |at: u64| u32::try_from(at).expect("an address of the chip");
    address(symbol.address())..address(symbol.address() + symbol.size())
}

#[test]
fn however_the_firmware_fails_the_outputs_go_off_and_the_host_learns_what_happened() {
    let Some(mut bench) = Bench::guarded() else {
        return;
    };
    assert_eq!(bench.failures, [], "power came on: nothing has failed");
    for (how, kind, pc) in [
        (
            Sabotage::TaskHangs,
            FailureKind::Stuck(Task::Link),
            Sabotage::place(),
        ),
        (
            Sabotage::BadInstruction,
            FailureKind::Fault,
            Sabotage::place(),
        ),
        (Sabotage::EndlessRecursion, FailureKind::StackOverflow, 0),
        (
            Sabotage::NoStackForAnInterrupt,
            FailureKind::StackOverflow,
            0,
        ),
        (Sabotage::AllHangs, FailureKind::Stopped, 0),
        (Sabotage::ScanHangs, FailureKind::Stopped, 0),
        (Sabotage::ScanIsLate, FailureKind::Stopped, 0),
    ] {
        let changes = bench.board.changes();
        let failure = bench.fails(how);
        assert_eq!((failure.kind, failure.pc), (kind, pc), "{how:?}: {failure}");
        assert_eq!(failure.firmware, bench.sessions[0].firmware);
        let dark = |change: Change| change.outputs.with_output(Output::Watchdog, false) == Bits(0);
        assert!(changes.try_iter().any(dark), "{how:?}");
        bench.power_anew();
    }
}

#[test]
fn a_panic_says_in_which_file_and_line() {
    let Some(mut bench) = Bench::guarded() else {
        return;
    };
    let resets = bench.board.resets();
    // The scan's cell says that somebody else is using it.
    let scan = address_of("4scan4SCAN");
    bench
        .board
        .overwrite(scan, &1_i32.to_le_bytes())
        .expect("a board");
    let failure = bench.until_back(resets);
    assert_eq!(failure.kind, FailureKind::Panic, "{failure}");
    assert!(failure.file.to_string().ends_with("scan.rs"), "{failure}");
    assert!(failure.line > 0, "{failure}");
    assert_eq!(
        bench.sessions.last().expect("a session").reset,
        gate_protocol::ResetCause::Software
    );
}

#[test]
fn a_ruined_memory_ends_in_a_new_start() {
    for noise in [0x00, 0xFF, 0xA5] {
        let Some(mut bench) = Bench::guarded() else {
            return;
        };
        let resets = bench.board.resets();
        // All that the firmware keeps between two scans.
        let data = address_of("4scan4SCAN");
        bench.board.overwrite(data, &[noise; 2_048]).unwrap();
        let failure = bench.until_back(resets);
        assert_eq!(failure.in_a_row, 1, "{noise:#x}: {failure}");
    }
}

#[test]
fn firmware_that_fails_again_and_again_waits_longer_and_longer_with_its_outputs_off() {
    let Some(mut bench) = Bench::guarded() else {
        return;
    };
    // The last one holds the start up for longer than the supervisor waits for an edge.
    for (in_a_row, held_ms) in [(1, 0), (2, 0), (3, 1_000), (4, 2_000), (5, 4_000)] {
        let failure = bench.fails(Sabotage::BadInstruction);
        assert_eq!(failure.in_a_row, in_a_row, "{failure}");
        // The scan's clock runs while the outputs are held off, the link's does not yet.
        let health = bench.read_health();
        let status = bench.status.expect("a status");
        let before_the_link = health.uptime_ms.saturating_sub(status.uptime_ms);
        assert!(before_the_link >= held_ms, "{health}, {status:?}");
        assert_eq!(health.failures, u16::from(in_a_row));
    }
}

#[test]
fn somebody_who_presses_reset_in_the_emulator_is_told_that_the_firmware_stopped() {
    let Some(mut bench) = Bench::guarded() else {
        return;
    };
    let resets = bench.board.resets();
    bench.board.reset().unwrap();
    // The emulator's reset line leaves no trace that tells it from a watchdog.
    assert_eq!(bench.until_back(resets).kind, FailureKind::Stopped);
}

#[test]
fn the_controller_says_how_it_fares() {
    let Some(mut bench) = Bench::guarded() else {
        return;
    };
    let health = bench.read_health();
    assert!(health.stack_free > 8_192, "{health}");
    assert!(health.stack_free < 24 * 1_024, "{health}");
    assert!(health.scan_worst_ns > 0, "{health}");
    assert!(health.frames_received > 0 && health.frames_sent > 0);
    assert_eq!((health.bad_frames, health.failures), (0, 0));
    assert_ne!(health.build.to_string(), "");
}
