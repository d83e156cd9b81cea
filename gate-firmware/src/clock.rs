//! One millisecond after the other.
//!
//! SysTick is the only timer that exists on every board and in the emulator. Its interrupt runs
//! the scan and counts the time that everybody else goes by.

use core::cell::{Cell, RefCell};
use core::task::Waker;

use core::arch::naked_asm;

use cortex_m::peripheral::scb::SystemHandler;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m::peripheral::{SCB, SYST};
use critical_section::Mutex;
use embassy_time_driver::Driver;
use embassy_time_queue_utils::Queue;
use gate_protocol::Instant;

use crate::board::nucleo_l476rg;
use crate::fault::{self, Frame};
use crate::{kept, scan};

/// Highest of the sixteen priorities.
const ABOVE_EVERYTHING: u8 = 0x00;

struct Ticks {
    count: Mutex<Cell<u64>>,
    waiting: Mutex<RefCell<Queue>>,
}

embassy_time_driver::time_driver_impl!(static TICKS: Ticks = Ticks {
    count: Mutex::new(Cell::new(0)),
    waiting: Mutex::new(RefCell::new(Queue::new())),
});

impl Driver for Ticks {
    fn now(&self) -> u64 {
        critical_section::with(|token| self.count.borrow(token).get())
    }

    fn schedule_wake(&self, at: u64, waker: &Waker) {
        critical_section::with(|token| {
            // The next tick looks at the queue in any case, so it does not matter what is first.
            let mut waiting = self.waiting.borrow_ref_mut(token);
            waiting.schedule_wake(at, waker);
        });
    }
}

/// Starts the ticks and with them the scan.
pub(crate) fn begin(core: &mut cortex_m::Peripherals, core_hz: u32) {
    // SAFETY: the priority is set before the interrupt is enabled, and nothing relies on masking
    // by priority: critical sections mask every interrupt.
    unsafe {
        core.SCB
            .set_priority(SystemHandler::SysTick, ABOVE_EVERYTHING)
    };
    let ticks = &mut core.SYST;
    ticks.set_clock_source(SystClkSource::Core);
    ticks.set_reload(core_hz / 1_000 - 1);
    ticks.clear_current();
    ticks.enable_counter();
    ticks.enable_interrupt();
}

/// What the clock of the core was said to be.
pub(crate) fn core_hz() -> u32 {
    (SYST::get_reload() + 1) * 1_000
}

/// Time since the controller started.
pub(crate) fn now() -> Instant {
    Instant::from_millis(TICKS.now())
}

/// Sleeps until then.
pub(crate) fn sleep_until(then: Instant) {
    while now() < then {
        nucleo_l476rg::feed_before_the_scan();
        cortex_m::asm::wfi();
    }
}

/// Processor cycles since the last tick; more than a period if the next one waits already.
pub(crate) fn cycles_since_tick() -> u32 {
    let period = SYST::get_reload() + 1;
    loop {
        let late = SCB::is_pendst_pending();
        // A tick is when the counter comes to nought, where it stays for a cycle.
        let into = match SYST::get_current() {
            0 => 0,
            left => period - left,
        };
        if late == SCB::is_pendst_pending() {
            return if late { into + period } else { into };
        }
    }
}

/// Nanoseconds since the first tick; wraps after 4.3 s, so only differences mean something.
pub(crate) fn fine() -> u32 {
    critical_section::with(|token| {
        let ticks = TICKS.count.borrow(token).get() as u32;
        ticks
            .wrapping_mul(1_000_000)
            .wrapping_add(nanoseconds(cycles_since_tick()))
    })
}

/// Nanoseconds that so many processor cycles take.
pub(crate) fn nanoseconds(cycles: u32) -> u32 {
    let cycles_per_tick = u64::from(SYST::get_reload()) + 1;
    // A tick is a million nanoseconds; some ticks fit by far.
    (u64::from(cycles) * 1_000_000 / cycles_per_tick) as u32
}

/// Hands the tick what it interrupted.
// SAFETY: the name is the one that the vector table asks for. The stack stays as the processor
// left it, and the tick returns from the exception as an ordinary function does.
#[unsafe(no_mangle)]
#[unsafe(naked)]
unsafe extern "C" fn SysTick() {
    naked_asm!("mov r0, sp", "b {tick}", tick = sym tick)
}

/// The scan comes first: whoever waits for the time waits for people.
extern "C" fn tick(interrupted: &Frame) {
    let count = critical_section::with(|token| {
        let count = TICKS.count.borrow(token);
        count.set(count.get() + 1);
        count.get()
    });
    // Wraps after 49.7 days, as the message says.
    kept::note_life(count as u32);
    if let Some(task) = scan::run(Instant::from_millis(count)) {
        fault::stuck(task, interrupted);
    }
    critical_section::with(|token| {
        // What comes next is looked up at the next tick.
        let _ = TICKS.waiting.borrow_ref_mut(token).next_expiration(count);
    });
}
