//! How the controller fares, for whoever looks after it.

use core::sync::atomic::{AtomicU32, Ordering};

use cortex_m_rt::STACK_PAINT_VALUE;
use gate_protocol::Health;

use crate::{clock, fault, scan};

static ANSWER_WORST_NS: AtomicU32 = AtomicU32::new(0);

/// The link has answered what came in, after so many nanoseconds.
pub(crate) fn answered_after(nanoseconds: u32) {
    ANSWER_WORST_NS.fetch_max(nanoseconds, Ordering::Relaxed);
}

/// All but the link's counters.
pub(crate) fn health(failures: u16) -> Health {
    let timing = scan::timing();
    Health {
        // Wraps after 49.7 days, as the message says.
        uptime_ms: clock::now().as_millis() as u32,
        build: fault::BUILD,
        scan_worst_ns: timing.worst_ns,
        scan_latest_ns: timing.latest_ns,
        scans_late: timing.late,
        stack_free: stack_free(),
        failures,
        frames_received: 0,
        frames_sent: 0,
        bad_frames: 0,
        duplicates: 0,
        events_lost: 0,
        answer_worst_ns: ANSWER_WORST_NS.load(Ordering::Relaxed),
        late_frames: 0,
    }
}

/// Bytes of the stack that have never been used: the start-up code paints it, and what is used
/// loses its paint.
fn stack_free() -> u32 {
    let painted = fault::stack()
        .step_by(size_of::<u32>())
        // SAFETY: these are aligned words of the stack's memory, and reading ends at the first
        // that has been in use, far below the one that this function uses.
        .take_while(|word| unsafe { (*word as *const u32).read_volatile() } == STACK_PAINT_VALUE)
        .count();
    (painted * size_of::<u32>()) as u32
}
