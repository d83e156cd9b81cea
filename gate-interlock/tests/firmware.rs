//! Parts of the firmware that touch no register, as the image has them.

#[path = "../../gate-firmware/src/progress.rs"]
mod progress;

use gate_protocol::Task;
use progress::{LONG, USUAL, report, tick};

/// S18, as far as it is arithmetic: what the scan does with the answer is seen on the emulated board.
#[test]
fn a_task_that_shows_no_progress_is_found_when_its_patience_is_used_up() {
    for patience in [USUAL, LONG] {
        report(Task::Link, patience);
        for scan in 1..patience {
            assert_eq!(tick(), None, "scan {scan} of {patience}");
        }
        for _ in 0..2 {
            assert_eq!(tick(), Some(Task::Link), "after {patience} scans");
        }
    }
    for _ in 0..10 * USUAL {
        report(Task::Link, USUAL);
        assert_eq!(tick(), None, "a task that gets on");
    }
}
