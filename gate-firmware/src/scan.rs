//! Samples, decides, drives: the only code that moves an output.

use core::cell::RefCell;

use cortex_m::peripheral::SCB;
use critical_section::Mutex;
use gate_interlock::Interlock;
use gate_protocol::link::controller::Lane;
use gate_protocol::pins::Bits;
use gate_protocol::{CheckedSite, Fault, Instant};

use crate::board::Board;
use crate::board::nucleo_l476rg::NucleoL476rg;
use crate::link;

/// Scans in a row in which a pin must differ from what it is driven to. One is not enough: a pin
/// with a relay on it needs some microseconds to follow.
const DIFFERING_SCANS_MAX: u8 = 3;

struct Scan<B> {
    board: B,
    interlock: Interlock,
    differing: u8,
}

static SCAN: Mutex<RefCell<Option<Scan<NucleoL476rg>>>> = Mutex::new(RefCell::new(None));

/// Puts the board under the scan's command. The first tick starts it.
pub(crate) fn begin(board: NucleoL476rg) {
    let scan = Scan {
        board,
        interlock: Interlock::new(Instant::ZERO, CheckedSite::default()),
        differing: 0,
    };
    critical_section::with(|token| *SCAN.borrow_ref_mut(token) = Some(scan));
}

/// One scan. Called by the tick and by nobody else.
pub(crate) fn run(now: Instant) {
    let changed = critical_section::with(|token| {
        let mut scan = SCAN.borrow_ref_mut(token);
        scan.as_mut().is_some_and(|scan| scan.run(now))
    });
    if changed {
        link::wake();
    }
}

/// Lets the link talk to the interlock between two scans. `None` only before [`begin`].
pub(crate) fn with_interlock<R>(talk: impl FnOnce(&mut Interlock) -> R) -> Option<R> {
    critical_section::with(|token| {
        let mut scan = SCAN.borrow_ref_mut(token);
        scan.as_mut().map(|scan| talk(&mut scan.interlock))
    })
}

/// The lane as the host is shown it.
pub(crate) fn lane(interlock: &Interlock) -> Lane {
    Lane {
        state: interlock.state(),
        inputs: interlock.inputs().0,
        outputs: interlock.outputs().0,
        passage: interlock.passage(),
    }
}

impl<B: Board> Scan<B> {
    /// Says whether there is something to tell the host.
    fn run(&mut self, now: Instant) -> bool {
        let before = lane(&self.interlock);
        self.check_outputs(now);
        let outputs = self.interlock.scan(now, self.board.sample());
        self.board.drive(outputs);
        // SAF-014: a scan that did not end before the next tick does not feed the watchdog, and
        // nothing else does.
        if !SCB::is_pendst_pending() {
            self.board.feed_watchdog();
        }
        lane(&self.interlock) != before
    }

    /// SAF-015: finds an output that does not follow what it was driven to.
    fn check_outputs(&mut self, now: Instant) {
        let Bits(driven) = self.interlock.outputs();
        let Bits(real) = self.board.read_back();
        if driven == real {
            self.differing = 0;
        } else if self.differing < DIFFERING_SCANS_MAX {
            self.differing += 1;
        } else {
            self.interlock.report(now, Fault::Output);
        }
    }
}
