//! From a failure of the firmware to outputs that are off, on the emulated board with both
//! watchdogs.
//!
//! ```text
//! cargo run --release -p gate-sim --example hangs -- <image> [<rounds>] [<qemu>]
//! ```
//!
//! The supervisor has its real 100 ms here: run it on a machine with nothing else to do.

use anyhow::{Context, bail};
use gate_protocol::pins::{Bits, Output};
use gate_sim::emulator::{ALL_CALM, Board, Change, Config, Sabotage, Watchdogs};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

const WAYS: [Sabotage; 6] = [
    Sabotage::TaskHangs,
    Sabotage::AllHangs,
    Sabotage::ScanHangs,
    Sabotage::BadInstruction,
    Sabotage::EndlessRecursion,
    Sabotage::NoStackForAnInterrupt,
];

/// Far beyond what anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// The supervisor begins with the first scan that kept its time, and what an emulator runs for the
/// first time does not.
const FIRST_SCANS: Duration = Duration::from_millis(50);

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let image = arguments.next().context("which image?")?;
    let rounds: usize = arguments.next().map_or(Ok(20), |text| text.parse())?;
    let qemu = arguments.next().unwrap_or("qemu-system-arm".to_owned());
    let folder = tempfile::tempdir()?;
    let mut config = Config::new(qemu, image, folder.path());
    config.watchdogs = Watchdogs {
        chip: true,
        supervisor: Some(Duration::from_millis(100)),
    };
    let mut board = Board::power_on(&config, ALL_CALM)?;
    let changes = board.changes();
    for way in WAYS {
        let mut times = Vec::new();
        for _ in 0..rounds {
            await_outputs(&board, &changes, |bits| {
                bits.output(Output::EntryHold) && bits.output(Output::ExitHold)
            })?;
            rest(FIRST_SCANS);
            while changes.try_recv().is_ok() {}
            times.push(time_to_dark(&board, &changes, way)?);
            // Without power it forgets how it ended, so that no start is held up.
            board.power_cut();
            board.power_back()?;
        }
        times.sort();
        println!(
            "{way:?}: outputs off after p50 {:?}, max {:?} ({rounds} times)",
            times[times.len() / 2],
            times[times.len() - 1]
        );
    }
    Ok(())
}

fn await_outputs(
    board: &Board,
    changes: &Receiver<Change>,
    wanted: impl Fn(Bits) -> bool,
) -> anyhow::Result<()> {
    let until = now() + PATIENCE;
    while !wanted(board.outputs()) {
        let left = until.saturating_duration_since(now());
        if changes.recv_timeout(left).is_err() {
            bail!("the board does not start");
        }
    }
    Ok(())
}

/// From the failure to the last door output that goes off.
fn time_to_dark(
    board: &Board,
    changes: &Receiver<Change>,
    way: Sabotage,
) -> anyhow::Result<Duration> {
    let began = now();
    board.sabotage(way)?;
    loop {
        let change = changes.recv_timeout(PATIENCE)?;
        if change.outputs.with_output(Output::Watchdog, false) == Bits(0) {
            return Ok(change.at.duration_since(began));
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the board runs in real time")]
fn now() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "the board runs in real time")]
fn rest(time: Duration) {
    std::thread::sleep(time);
}
