//! Runs the tasks, and sleeps when none has anything to do.
//!
//! The executor that comes with embassy sleeps with WFE, which the emulator takes for "do
//! nothing": it then burns a whole core of the machine it runs on. WFI sleeps in both.

use core::sync::atomic::{AtomicBool, Ordering};

use embassy_executor::{Spawner, raw};
use static_cell::StaticCell;

static EXECUTOR: StaticCell<raw::Executor> = StaticCell::new();
static WOKEN: AtomicBool = AtomicBool::new(true);

/// embassy calls this when a task has been woken.
// SAFETY: the name and the signature are the ones that embassy-executor asks for.
#[unsafe(export_name = "__pender")]
fn pender(_context: *mut ()) {
    WOKEN.store(true, Ordering::SeqCst);
}

/// Starts what `start` spawns and never comes back.
pub(crate) fn run(start: impl FnOnce(Spawner)) -> ! {
    let executor: &'static raw::Executor = EXECUTOR.init(raw::Executor::new(core::ptr::null_mut()));
    start(executor.spawner());
    loop {
        // SAFETY: the executor is initialised, is polled by this loop only and never from within
        // itself.
        unsafe { executor.poll() };
        cortex_m::interrupt::disable();
        if !WOKEN.swap(false, Ordering::SeqCst) {
            // An interrupt ends the sleep also while it is masked, so none is slept through.
            cortex_m::asm::wfi();
        }
        // SAFETY: this loop is in no critical section.
        unsafe { cortex_m::interrupt::enable() };
    }
}
