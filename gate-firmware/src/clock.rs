//! One millisecond after the other.
//!
//! SysTick is the only timer that exists on every board and in the emulator. Its interrupt runs
//! the scan and counts the time that everybody else goes by.

use core::cell::{Cell, RefCell};
use core::task::Waker;

use cortex_m::peripheral::scb::SystemHandler;
use cortex_m::peripheral::syst::SystClkSource;
use cortex_m::peripheral::{SCB, SYST};
use critical_section::Mutex;
use embassy_time_driver::Driver;
use embassy_time_queue_utils::Queue;
use gate_protocol::Instant;

use crate::scan;

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
pub(crate) fn begin(mut ticks: SYST, scb: &mut SCB, core_hz: u32) {
    // SAFETY: the priority is set before the interrupt is enabled, and nothing relies on masking
    // by priority: critical sections mask every interrupt.
    unsafe { scb.set_priority(SystemHandler::SysTick, ABOVE_EVERYTHING) };
    ticks.set_clock_source(SystClkSource::Core);
    ticks.set_reload(core_hz / 1_000 - 1);
    ticks.clear_current();
    ticks.enable_counter();
    ticks.enable_interrupt();
}

/// Time since the controller started.
pub(crate) fn now() -> Instant {
    Instant::from_millis(TICKS.now())
}

/// The scan comes first: whoever waits for the time waits for people.
#[cortex_m_rt::exception]
fn SysTick() {
    let count = critical_section::with(|token| {
        let count = TICKS.count.borrow(token);
        count.set(count.get() + 1);
        count.get()
    });
    scan::run(Instant::from_millis(count));
    critical_section::with(|token| {
        // What comes next is looked up at the next tick.
        let _ = TICKS.waiting.borrow_ref_mut(token).next_expiration(count);
    });
}
