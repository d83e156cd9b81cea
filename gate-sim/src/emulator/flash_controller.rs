//! The thread that waits for the firmware to want something of its flash.

use super::chip::Chip;
use super::error::EmulatorError;
use super::flash::Flash;
use super::gdb::readable;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How often the thread looks whether the board still has power.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The thread; dropping this ends it.
#[derive(Debug)]
pub(super) struct FlashController {
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl FlashController {
    /// Serves `chip` from now on.
    pub(super) fn serve(chip: Arc<Chip>, flash: Flash) -> Result<Self, EmulatorError> {
        let bell = chip.bell()?;
        let over = Arc::new(AtomicBool::new(false));
        let ends = over.clone();
        let thread = thread::spawn(move || wait(&chip, &flash, &bell, &ends));
        Ok(Self {
            over,
            thread: Some(thread),
        })
    }
}

fn wait(chip: &Chip, flash: &Flash, bell: &UnixStream, over: &AtomicBool) {
    while !over.load(Ordering::SeqCst) {
        // An error means that QEMU is gone; whoever needs the board next is told so.
        if readable(bell, LOOK_EVERY) && chip.serve(flash).is_err() {
            break;
        }
    }
}

impl Drop for FlashController {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            // It ends by itself; if it panicked, there is nothing to be done about it here.
            let _ = thread.join();
        }
    }
}
