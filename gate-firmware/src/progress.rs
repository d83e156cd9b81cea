//! Who runs below the scan and has to show that it gets on.
//!
//! SAF-061: the watchdogs are fed only while every task does. A task that hangs does not move a
//! door, because the scan runs above it, but nobody could say what else is wrong with a firmware
//! of which a part has stopped.

use core::sync::atomic::{AtomicU16, Ordering};

use gate_protocol::Task;

/// Scans without progress after which a task is stuck. Only scans that kept their time count: in
/// one that did not, the task may have had no time either.
pub(crate) const USUAL: u16 = 100;
/// The same for a task that is about to take keys: a handshake takes 0.13 s, and 0.7 s on a board
/// whose fast clock does not start.
pub(crate) const LONG: u16 = 1_500;

static LINK: AtomicU16 = AtomicU16::new(USUAL);

const fn patience(task: Task) -> &'static AtomicU16 {
    match task {
        Task::Link => &LINK,
    }
}

/// The task gets on, and is to be taken for stuck after so many scans without another word.
pub(crate) fn report(task: Task, patience_scans: u16) {
    patience(task).store(patience_scans, Ordering::SeqCst);
}

/// Takes a scan's worth of patience from every task; gives one that has used it up.
pub(crate) fn tick() -> Option<Task> {
    [Task::Link].into_iter().find(|task| {
        let left = patience(*task);
        // No task runs while the scan does: nothing comes between load and store.
        let now = left.load(Ordering::SeqCst).saturating_sub(1);
        left.store(now, Ordering::SeqCst);
        now == 0
    })
}
