//! The two watchdogs that QEMU does not model.
//!
//! The chip's own is judged by the registers that the firmware really writes: QEMU logs them as
//! accesses to a device that is not there. The supervisor chip is judged by the edges on its pin.

use super::chip::Chip;
use super::now;
use super::pins::Outputs;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How often the models look at the clock.
const LOOK_EVERY: Duration = Duration::from_millis(2);
/// The chip's slow oscillator.
const LSI_HZ: u64 = 32_000;

/// Which watchdogs reset the board.
///
/// Both measure wall-clock time, as the real ones do. A machine so busy that QEMU does not get to
/// run looks to them like firmware that hangs; switch them off where that is not the question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Watchdogs {
    /// The chip's own, with the time that the firmware gives it.
    pub chip: bool,
    /// The supervisor on the watchdog pin, with its time from one edge to the next; none without
    /// one. The real chip has 100 ms.
    pub supervisor: Option<Duration>,
}

/// Registers of the chip's watchdog.
#[derive(Debug)]
struct Registers {
    running: bool,
    prescaler: u32,
    reload: u32,
}

impl Registers {
    const AFTER_RESET: Self = Self {
        running: false,
        prescaler: 0,
        reload: 0xFFF,
    };

    /// Takes a write; gives the time until the reset if the write feeds the dog.
    fn write(&mut self, offset: u32, value: u32) -> Option<Duration> {
        match (offset, value) {
            (0x0, 0xCCCC) => self.running = true,
            (0x0, 0xAAAA) => {}
            (0x4, _) => {
                self.prescaler = value & 0x7;
                return None;
            }
            (0x8, _) => {
                self.reload = value & 0xFFF;
                return None;
            }
            _ => return None,
        }
        self.running.then(|| self.time())
    }

    fn time(&self) -> Duration {
        let divider = 4_u64 << self.prescaler.min(6);
        Duration::from_millis((u64::from(self.reload) + 1) * divider * 1_000 / LSI_HZ)
    }
}

/// What both models know.
#[derive(Debug)]
pub(super) struct Kennel {
    registers: Mutex<Registers>,
    chip_until: Mutex<Option<Instant>>,
    resets: AtomicU64,
    over: AtomicBool,
}

impl Kennel {
    pub(super) const fn new() -> Self {
        Self {
            registers: Mutex::new(Registers::AFTER_RESET),
            chip_until: Mutex::new(None),
            resets: AtomicU64::new(0),
            over: AtomicBool::new(false),
        }
    }

    /// How often a watchdog has reset the board.
    pub(super) fn resets(&self) -> u64 {
        self.resets.load(Ordering::SeqCst)
    }

    /// Reads one line of QEMU's log.
    pub(super) fn read_log(&self, line: &str) {
        let Some((offset, value)) = register_write(line) else {
            return;
        };
        if let Some(time) = lock(&self.registers).write(offset, value) {
            *lock(&self.chip_until) = Some(now() + time);
        }
    }

    /// The board starts anew: its watchdog waits to be started again.
    pub(super) fn calm(&self) {
        *lock(&self.registers) = Registers::AFTER_RESET;
        *lock(&self.chip_until) = None;
    }

    fn bites(&self, watchdogs: Watchdogs, outputs: &Outputs) -> bool {
        let now = now();
        let chip = watchdogs.chip && lock(&self.chip_until).is_some_and(|until| now > until);
        let supervisor = watchdogs.supervisor.is_some_and(|limit| {
            outputs
                .last_watchdog_edge()
                .is_some_and(|edge| now.saturating_duration_since(edge) > limit)
        });
        chip || supervisor
    }
}

/// Lets the watchdogs watch, and the firmware's own wish for a reset be done, until [`Watch`] is
/// dropped.
pub(super) fn watch(
    watchdogs: Watchdogs,
    kennel: Arc<Kennel>,
    outputs: Arc<Outputs>,
    chip: Arc<Chip>,
) -> Watch {
    let watched = kennel.clone();
    let thread = thread::spawn(move || {
        while !watched.over.load(Ordering::SeqCst) {
            rest();
            let bites = watched.bites(watchdogs, &outputs);
            if bites {
                watched.resets.fetch_add(1, Ordering::SeqCst);
            }
            if bites || chip.wants_restart() {
                watched.calm();
                // Without power there is nothing to reset.
                let _ = chip.restart();
            }
        }
    });
    Watch {
        kennel,
        thread: Some(thread),
    }
}

/// The thread that watches; dropping it ends it.
#[derive(Debug)]
pub(super) struct Watch {
    kennel: Arc<Kennel>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.kennel.over.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            // It ends by itself; if it panicked, there is nothing to be done about it here.
            let _ = thread.join();
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a watchdog measures time on the wall clock"
)]
fn rest() {
    thread::sleep(LOOK_EVERY);
}

/// Offset and value of a line such as
/// `IWDG: unimplemented device write (size 4, offset 0x000, value 0x0000aaaa)`.
fn register_write(line: &str) -> Option<(u32, u32)> {
    let write = line.strip_prefix("IWDG: unimplemented device write")?;
    let number = |name: &str| {
        let (_, rest) = write.split_once(name)?;
        let digits = rest.trim_start().trim_start_matches("0x");
        let end = digits
            .find(|c: char| !c.is_ascii_hexdigit())
            .unwrap_or(digits.len());
        u32::from_str_radix(&digits[..end], 16).ok()
    };
    Some((number("offset")?, number("value")?))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // Nobody panics while holding one of these.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_line_tells_the_register_and_its_value() {
        let line = "IWDG: unimplemented device write (size 4, offset 0x000, value 0x0000aaaa)";
        assert_eq!(register_write(line), Some((0, 0xAAAA)));
        let line = "IWDG: unimplemented device write (size 4, offset 0x008, value 0x000003e8)";
        assert_eq!(register_write(line), Some((8, 1_000)));
        let line = "FLASH: unimplemented device write (size 4, offset 0x000, value 0x00000704)";
        assert_eq!(register_write(line), None);
    }

    #[test]
    fn the_chips_watchdog_runs_once_started_and_fed() {
        let mut registers = Registers::AFTER_RESET;
        assert_eq!(registers.write(0, 0xAAAA), None, "not started");
        assert_eq!(registers.write(0, 0xCCCC), Some(Duration::from_millis(512)));
        assert_eq!(registers.write(0, 0x5555), None);
        assert_eq!(registers.write(4, 2), None);
        assert_eq!(registers.write(8, 1_000), None);
        assert_eq!(registers.write(0, 0xAAAA), Some(Duration::from_millis(500)));
    }
}
