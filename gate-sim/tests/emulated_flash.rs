//! The real firmware image writes the flash of the emulated board, and the power fails meanwhile.
//!
//! Needs `GATE_QEMU`, `GATE_FIRMWARE` and perhaps `GATE_QEMU_DATA` as `emulated_board` does.

use embassy_futures::block_on;
use embedded_storage_async::nor_flash::{
    ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash,
};
use gate_boot::map::{DOUBLE_WORD, PAGE, STORAGE};
use gate_protocol::pins::Output;
use gate_sim::emulator::{ALL_CALM, Board, Config, Flash, Torn};
use gate_sim::tools::passed_over;
use sequential_storage::cache::Cache;
use sequential_storage::map::{MapConfig, MapStorage};
use std::time::Duration;
use tempfile::TempDir;

/// Far beyond what any step takes, also on a machine with a dozen other things to do.
const PATIENCE: Duration = Duration::from_secs(60);
/// Under which the firmware keeps how often it has started.
const BOOTS: u8 = 0;

fn switched_on() -> Option<(Board, TempDir)> {
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
    let board = Board::power_on(&config, ALL_CALM).expect("a board");
    Some((board, folder))
}

fn until(what: &str, mut come: impl FnMut() -> bool) {
    let began = now();
    while !come() {
        assert!(
            now().duration_since(began) < PATIENCE,
            "still waiting for {what}"
        );
        rest();
    }
}

/// The scan drives its outputs, so the start is over.
fn until_it_runs(board: &Board) {
    until("locked doors", || board.outputs().output(Output::EntryHold));
}

fn starts_counted(board: &Board) -> Option<u32> {
    let storage = Copied(board.flash().clone());
    let config = const { MapConfig::new(STORAGE) };
    let mut map = MapStorage::<u8, _, _>::new(storage, config, Cache::new_uncached());
    let mut buffer = [0; 512];
    let bytes = block_on(map.fetch_item::<&[u8]>(&mut buffer, &BOOTS)).expect("a readable storage");
    bytes.map(|bytes| postcard::from_bytes(bytes).expect("a number"))
}

#[test]
fn the_controller_counts_its_starts_over_resets_and_power_cuts() {
    let Some((mut board, _folder)) = switched_on() else {
        return;
    };
    until_it_runs(&board);
    assert_eq!(starts_counted(&board), Some(1));
    board.reset().expect("a reset");
    until("the second start", || starts_counted(&board) == Some(2));
    until_it_runs(&board);
    board.power_cut();
    board.power_back().expect("power");
    until_it_runs(&board);
    assert_eq!(starts_counted(&board), Some(3));
}

#[test]
fn wherever_the_power_fails_in_a_store_the_controller_starts_and_its_count_never_falls() {
    let Some((mut board, _folder)) = switched_on() else {
        return;
    };
    until_it_runs(&board);
    let mut counted = starts_counted(&board).expect("a first count");
    for torn in [Torn::Before, Torn::Halfway] {
        for operation in 0.. {
            board.power_cut();
            board.flash().cut_power(operation, torn);
            board.power_back().expect("power");
            until("a power cut or the start", || {
                !board.has_power() || board.outputs().output(Output::EntryHold)
            });
            let was_cut = !board.has_power();
            if was_cut {
                board.power_cut();
                board.power_back().expect("power");
                until_it_runs(&board);
            }
            let now = starts_counted(&board).expect("a count");
            assert!(
                now > counted,
                "{torn:?} at operation {operation}: {counted} became {now}"
            );
            counted = now;
            if !was_cut {
                assert!(operation > 0, "a start writes something");
                board.flash().forget_cut();
                break;
            }
        }
    }
}

/// The board's flash, to be read only.
struct Copied(Flash);

#[derive(Debug)]
struct ReadOnly;

impl NorFlashError for ReadOnly {
    fn kind(&self) -> NorFlashErrorKind {
        NorFlashErrorKind::Other
    }
}

impl ErrorType for Copied {
    type Error = ReadOnly;
}

impl ReadNorFlash for Copied {
    const READ_SIZE: usize = 1;

    async fn read(&mut self, offset: u32, bytes: &mut [u8]) -> Result<(), ReadOnly> {
        let end = offset + u32::try_from(bytes.len()).expect("a small read");
        bytes.copy_from_slice(&self.0.read(offset..end));
        Ok(())
    }

    fn capacity(&self) -> usize {
        STORAGE.end as usize
    }
}

impl NorFlash for Copied {
    const WRITE_SIZE: usize = DOUBLE_WORD as usize;
    const ERASE_SIZE: usize = PAGE as usize;

    async fn erase(&mut self, _: u32, _: u32) -> Result<(), ReadOnly> {
        Err(ReadOnly)
    }

    async fn write(&mut self, _: u32, _: &[u8]) -> Result<(), ReadOnly> {
        Err(ReadOnly)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the emulated board runs in real time"
)]
fn now() -> std::time::Instant {
    std::time::Instant::now()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the emulated board runs in real time"
)]
fn rest() {
    std::thread::sleep(Duration::from_millis(2));
}
