//! How long the real image takes, in its own time: the emulator counts instructions, or the board's
//! clock is read while it stands. Nothing here depends on how busy the machine is.

use super::failures::place_of;
use super::scan::{CYCLES_TENTHS, PERIOD_CYCLES};
use super::*;
use gate_protocol::FailureKind;
use gate_sim::emulator::Sabotage;

/// Each instruction takes 8 ns of the board's time.
const SHIFT: u8 = 3;
/// What the chip does of them in a millisecond.
const INSTRUCTIONS_A_MS: u32 = PERIOD_CYCLES * 10 / CYCLES_TENTHS;
/// What the supervisor waits for an edge, in milliseconds.
const SUPERVISOR_MS: u64 = 100;
/// What the chip's own watchdog waits, in milliseconds.
const WATCHDOG_MS: u64 = 500;

/// S1: from the edge of an input to the edges of the outputs.
#[test]
fn danger_opens_the_ways_out_within_a_millisecond_of_instructions() {
    let mut worst = 0;
    for input in [
        Input::FireOk,
        Input::EstopOk1,
        Input::EstopOk2,
        Input::BreakglassOk,
    ] {
        let Some(mut bench) = Bench::switched_on_with(|config| {
            config.instruction_shift = Some(SHIFT);
        }) else {
            return;
        };
        bench.until("rest", |bench| {
            bench.is(State::Idle) && bench.on(Output::EntryHold) && bench.on(Output::ExitHold)
        });
        let both_open = |bits: Bits| {
            let on = |output| bits.output(output);
            let free = !on(Output::EntryHold) && !on(Output::ExitHold);
            free && on(Output::EntryRelease) && on(Output::ExitRelease)
        };
        let taken = bench
            .board
            .instructions_until(input, false, INSTRUCTIONS_A_MS, both_open)
            .expect("a board");
        let taken = taken.unwrap_or_else(|| panic!("S1: {input:?} opens nothing in a millisecond"));
        worst = worst.max(taken);
    }
    say(&format!(
        "danger to both ways out: at most {worst} instructions, {:.2} ms at 80 MHz\n",
        f64::from(worst) / f64::from(INSTRUCTIONS_A_MS),
    ));
}

/// S18: a task that hangs has its outputs off within 150 ms; a scan that hangs, with or without its
/// interrupts, is fed for no more than a millisecond, and both watchdogs do the rest.
#[test]
fn a_hang_has_the_outputs_off_in_150_ms_and_ends_in_600() {
    let Some(mut bench) = Bench::guarded() else {
        return;
    };
    let clock = place_of("5clock5TICKS").end - 8;
    let mut figures = String::new();
    // A task is given most of 100 ms; a scan that hangs notes no further tick.
    for (how, kind, at_least_ms, outputs_ms, reset_ms) in [
        (
            Sabotage::TaskHangs,
            FailureKind::Stuck(gate_protocol::Task::Link),
            50,
            0,
            0,
        ),
        (
            Sabotage::ScanHangs,
            FailureKind::Stopped,
            0,
            SUPERVISOR_MS,
            WATCHDOG_MS,
        ),
        (
            Sabotage::AllHangs,
            FailureKind::Stopped,
            0,
            SUPERVISOR_MS,
            WATCHDOG_MS,
        ),
    ] {
        // A link that is about to take keys has more time: see S18 in `docs/hazards.md`.
        bench.for_a_while(1_000);
        let resets = bench.board.resets();
        let hung = bench.board.sabotage_at(clock, how).expect("a board");
        // Where the clock lies in the image is taken for granted: what was read there must be the time.
        let told = bench.status.expect("a status").uptime_ms;
        assert!(
            hung.abs_diff(told.into()) <= 1_000,
            "{how:?}: hung at {hung} ms by the clock, and {told} ms was told last"
        );
        let failure = bench.until_back(resets);
        assert_eq!(failure.kind, kind, "{failure}");
        // When the firmware noticed, or the last tick that it saw.
        let ended = u64::from(failure.uptime_ms);
        let noticed = ended.checked_sub(hung).unwrap_or_else(|| {
            panic!("S18: {how:?}: hung at {hung} ms, and ended at {ended} ms before it")
        });
        assert!(noticed >= at_least_ms, "S18: {how:?}: {noticed} ms");
        assert!(noticed + outputs_ms <= 150, "S18: {how:?}: {noticed} ms");
        assert!(noticed + reset_ms <= 600, "S18: {how:?}: {noticed} ms");
        figures += &format!("{how:?}: outputs off after {} ms; ", noticed + outputs_ms);
        bench.power_anew();
    }
    say(&format!("{figures}in the board's time\n"));
}

/// Says something around the test harness, which swallows what passing tests print.
fn say(line: &str) {
    std::io::stderr()
        .write_all(line.as_bytes())
        .expect("a terminal");
}
