//! What a scan and an answer cost, in instructions: the emulator counts them, and the board's own
//! measures are in their time.

use super::turnstile::SITE;
use super::unconfigured::turnstile_alone;
use super::*;

/// Each instruction takes 8 ns of the board's time.
const SHIFT: u8 = 3;
/// Clock cycles of a scan's period on the real board: 1 ms at 80 MHz.
pub(super) const PERIOD_CYCLES: u32 = 80_000;
/// Bits of a byte on the line, and bits in a second.
const BITS: u32 = 10;
const BAUD: u32 = 115_200;
/// Clock cycles from one byte of the line to the next: the receiver keeps one, and nobody fetches it
/// during a scan. That is less than the fifth of its period that a scan may take.
const BYTE_CYCLES: u32 = PERIOD_CYCLES * 1_000 / BAUD * BITS;
/// Tenths of a clock cycle that an instruction takes, with loads, branches and what the flash's cache
/// misses: reckoned, not measured. Every figure of ours that is a time goes by it.
pub(super) const CYCLES_TENTHS: u32 = 14;
/// Bytes of a sealed permit and of the answer to it: see the bytes of the wire.
const PERMIT_AND_ANSWER: u32 = 65;
/// Clock cycles while those bytes are on the line.
const WIRE_CYCLES: u32 = PERIOD_CYCLES / 100 * (PERMIT_AND_ANSWER * BITS * 100_000 / BAUD);
/// Bytes of the stack: see `memory.x` of the firmware.
const STACK: u32 = 24 * 1_024;

#[test]
fn the_costliest_scan_is_over_before_the_next_byte_of_the_line() {
    let Some(mut bench) = Bench::switched_on_with(|config| {
        config.instruction_shift = Some(SHIFT);
    }) else {
        return;
    };
    bench.until("a session", |bench| !bench.sessions.is_empty());
    bench.send(ToController::SetMode { mode: Mode::WalkIn });
    bench.until("the entry's drive", |bench| bench.on(Output::EntryDrive));
    // A traveller walks through.
    bench.inside(true);
    bench.until("the traveller", |bench| {
        bench.events.contains(&Event::Entered(1))
    });
    bench.send(ToController::Permit {
        door: Door::Exit,
        for_ms: 30_000,
        passage: 1,
    });
    bench.until("the exit's drive", |bench| bench.on(Output::ExitDrive));
    bench.inside(false);
    bench.until("the end", |bench| bench.events.contains(&Event::Passed(1)));
    bench.everything_changes(ALL_CALM);
    bench.judge("lane");
}

#[test]
fn the_costliest_scan_of_a_turnstile_is_over_before_the_next_byte_of_the_line() {
    let Some(mut bench) = Bench::with_site(SITE, turnstile_alone(), |config| {
        config.instruction_shift = Some(SHIFT);
    }) else {
        return;
    };
    bench.offer();
    // Somebody passes, with everybody else in the beams.
    bench.permit(Door::Exit);
    bench.turn(1..=12);
    bench.walk_through_the_beams();
    bench.turn(13..=24);
    bench.until("the passage", |bench| {
        bench.events.contains(&Event::Passed(1))
    });
    bench.everything_changes(turnstile_alone());
    bench.judge("turnstile");
}

impl Bench {
    /// Everything changes at once, again and again, until nothing is plausible any more.
    fn everything_changes(&mut self, calm: Bits) {
        for round in 0..20 {
            for input in Input::ALL {
                let on = calm.input(input) == (round % 2 == 1);
                self.board.set_input(input, on).expect("a pin");
            }
            let then = self.status.map_or(0, |status| status.uptime_ms) + 120;
            self.until("a moment", |bench| {
                bench.status.is_some_and(|status| status.uptime_ms > then)
            });
        }
        assert!(self.events.contains(&Event::EmergencyBegan));
    }

    fn judge(&mut self, gate: &str) {
        self.send(ToController::ReadHealth);
        self.until("the health", |bench| bench.health.is_some());
        let health = self.health.expect("it has come");
        let instructions = health.scan_worst_ns >> SHIFT;
        let answer = health.answer_worst_ns >> SHIFT;
        let cycles = |instructions: u32| instructions * CYCLES_TENTHS / 10;
        let percent = |of: u32, whole: u32| f64::from(cycles(of)) * 100.0 / f64::from(whole);
        let line = format!(
            "{gate}: costliest scan: {instructions} instructions, {:.1} % of the period and {:.0} % of a \
             byte's time on the line; costliest answer: {answer} instructions, {:.1} % of its bytes' time \
             on the line; stack used: {} bytes\n",
            percent(instructions, PERIOD_CYCLES),
            percent(instructions, BYTE_CYCLES),
            percent(answer, WIRE_CYCLES),
            STACK - health.stack_free,
        );
        // Around the test harness, which swallows what passing tests print.
        std::io::stderr()
            .write_all(line.as_bytes())
            .expect("a terminal");
        assert!(instructions > 100, "{health}");
        assert!(cycles(instructions) < BYTE_CYCLES, "{health}");
        // With the way of the bytes that makes one and a half times their time on the line at most.
        assert!(answer > 1_000, "{health}");
        assert!(cycles(answer) < WIRE_CYCLES / 2, "{health}");
        assert!(health.stack_free > STACK / 4, "{health}");
    }
}
