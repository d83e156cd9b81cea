//! From the edge of a safety input to the edge of an output, on the emulated board.
//!
//! ```text
//! cargo run --release -p gate-sim --example edges -- <image> [<edges>] [<qemu>]
//! ```
//!
//! Each edge finds a board that has just been reset and has locked both doors, at some moment of
//! its millisecond. Both edges are seen from outside: the time includes two hops over a socket of
//! QEMU's. A miss is an edge without an answer within 20 ms. The board cannot write its flash, so
//! that QEMU keeps the code that it has translated: see [`Config::flash_is_writable`].

use anyhow::{Context, bail};
use gate_protocol::pins::{Bits, Input, Output};
use gate_sim::emulator::{ALL_CALM, Board, Change, Config};
use rand::RngExt;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

const EMERGENCIES: [Input; 4] = [
    Input::FireOk,
    Input::EstopOk1,
    Input::EstopOk2,
    Input::BreakglassOk,
];

/// Every release has to come within this time.
const LIMIT: Duration = Duration::from_millis(20);
/// Far beyond what a start takes.
const START_WITHIN: Duration = Duration::from_secs(20);
/// Where the firmware keeps how it ended: without that, each start looks like one after a power
/// cut, and none is held up.
const KEPT: u32 = 0x1000_0000;

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let image = arguments.next().context("which image?")?;
    let count = arguments.next().map_or(Ok(10_000), |text| text.parse())?;
    let qemu = arguments.next().unwrap_or("qemu-system-arm".to_owned());
    let folder = tempfile::tempdir()?;
    let mut config = Config::new(qemu, image, folder.path());
    config.flash_is_writable = false;
    let board = Board::power_on(&config, ALL_CALM)?;
    let changes = board.changes();
    let mut times = Vec::with_capacity(count);
    let mut misses = 0;
    for (edge, input) in (0..count).zip(EMERGENCIES.into_iter().cycle()) {
        if edge > 0 {
            board.overwrite(KEPT, &[0; 256])?;
            board.reset()?;
        }
        await_locks(&board, &changes)?;
        match release(&board, &changes, input)? {
            Some(time) => times.push(time),
            None => misses += 1,
        }
        board.set_input(input, true)?;
    }
    report(&mut times, misses);
    Ok(())
}

/// Waits for both locks, and then for some part of a millisecond.
fn await_locks(board: &Board, changes: &Receiver<Change>) -> anyhow::Result<()> {
    let locked = |bits: Bits| bits.output(Output::EntryHold) && bits.output(Output::ExitHold);
    while !locked(board.outputs()) {
        let Ok(_) = changes.recv_timeout(START_WITHIN) else {
            bail!("the board does not start");
        };
    }
    let phase = rand::rng().random_range(2_000..4_000);
    #[expect(clippy::disallowed_methods, reason = "the board runs in real time")]
    std::thread::sleep(Duration::from_micros(phase));
    while changes.try_recv().is_ok() {}
    Ok(())
}

/// How long the release takes; none if it does not come in time.
fn release(
    board: &Board,
    changes: &Receiver<Change>,
    input: Input,
) -> anyhow::Result<Option<Duration>> {
    #[expect(clippy::disallowed_methods, reason = "the board runs in real time")]
    let began = Instant::now();
    board.set_input(input, false)?;
    loop {
        let Ok(change) = changes.recv_timeout(LIMIT) else {
            return Ok(None);
        };
        let free = change.outputs.output(Output::EntryRelease)
            && change.outputs.output(Output::ExitRelease)
            && !change.outputs.output(Output::EntryHold)
            && !change.outputs.output(Output::ExitHold);
        if free {
            let time = change.at.duration_since(began);
            return Ok((time <= LIMIT).then_some(time));
        }
    }
}

fn report(times: &mut [Duration], misses: usize) {
    times.sort();
    let micros = |share: usize| {
        let at = (times.len() * share / 1_000).min(times.len().saturating_sub(1));
        times.get(at).map_or(0, Duration::as_micros)
    };
    println!(
        "{} edges: p50 {} µs, p95 {} µs, p99 {} µs, max {} µs, {misses} misses",
        times.len() + misses,
        micros(500),
        micros(950),
        micros(990),
        micros(1_000)
    );
}
