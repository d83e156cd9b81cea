//! Samples, decides, drives: the only code that moves an output.

use core::cell::RefCell;

use cortex_m::peripheral::SCB;
use critical_section::Mutex;
use gate_interlock::{Gate, ReadBack};
use gate_protocol::link::controller::Lane;
use gate_protocol::{CheckedSite, Fault, Instant, NoSite, Task};

use crate::board::Board;
use crate::board::nucleo_l476rg::NucleoL476rg;
use crate::{clock, link, progress};

struct Scan<B> {
    board: B,
    interlock: Gate,
    read_back: ReadBack,
    timing: Timing,
}

/// SAF-066: how long scans take.
#[derive(Clone, Copy, Default)]
pub(crate) struct Timing {
    /// The longest, in nanoseconds.
    pub(crate) worst_ns: u32,
    /// Longest time from a tick to the end of its scan, in nanoseconds.
    pub(crate) latest_ns: u32,
    /// Scans that did not end before the next tick.
    pub(crate) late: u32,
}

static SCAN: Mutex<RefCell<Option<Scan<NucleoL476rg>>>> = Mutex::new(RefCell::new(None));

/// Puts the board under the scan's command. The first tick starts it.
pub(crate) fn begin(board: NucleoL476rg, site: Result<CheckedSite, NoSite>) {
    let scan = Scan {
        board,
        interlock: Gate::new(clock::now(), site),
        read_back: ReadBack::new(),
        timing: Timing::default(),
    };
    critical_section::with(|token| *SCAN.borrow_ref_mut(token) = Some(scan));
}

/// The scan of each tick. Gives a task that has to be taken for stuck.
pub(crate) fn run(now: Instant) -> Option<Task> {
    with_scan(|scan| scan.run(now)).flatten()
}

/// A scan between two ticks, because an input cannot wait.
pub(crate) fn at_once() {
    with_scan(|scan| scan.walk(clock::now()));
}

/// How long scans have taken so far.
pub(crate) fn timing() -> Timing {
    with_scan(|scan| scan.timing).unwrap_or_default()
}

/// `None` only before [`begin`].
fn with_scan<R>(work: impl FnOnce(&mut Scan<NucleoL476rg>) -> R) -> Option<R> {
    critical_section::with(|token| SCAN.borrow_ref_mut(token).as_mut().map(work))
}

/// Lets the link talk to the interlock between two scans. `None` only before [`begin`].
pub(crate) fn with_interlock<R>(talk: impl FnOnce(&mut Gate) -> R) -> Option<R> {
    with_scan(|scan| talk(&mut scan.interlock))
}

/// The lane as the host is shown it.
pub(crate) fn lane(interlock: &Gate) -> Lane {
    Lane {
        state: interlock.state(),
        inputs: interlock.inputs().0,
        outputs: interlock.outputs().0,
        passage: interlock.passage(),
    }
}

impl<B: Board> Scan<B> {
    /// Samples, decides and drives: the one place that does.
    fn walk(&mut self, now: Instant) {
        let began = clock::cycles_since_tick();
        let before = lane(&self.interlock);
        let outputs = self.interlock.scan(now, self.board.sample());
        self.board.drive(outputs);
        if lane(&self.interlock) != before {
            link::wake();
        }
        let took = clock::cycles_since_tick().saturating_sub(began);
        self.timing.worst_ns = self.timing.worst_ns.max(clock::nanoseconds(took));
    }

    /// SAF-014: a scan that did not end before the next tick does not feed the watchdogs, nor does
    /// one during which a task is stuck, and nothing else does.
    fn run(&mut self, now: Instant) -> Option<Task> {
        self.board.listen_again();
        self.check_outputs(now);
        self.walk(now);
        let ended = clock::nanoseconds(clock::cycles_since_tick());
        self.timing.latest_ns = self.timing.latest_ns.max(ended);
        if SCB::is_pendst_pending() {
            self.timing.late = self.timing.late.saturating_add(1);
            return None;
        }
        let stuck = progress::tick();
        if stuck.is_none() {
            self.board.feed_watchdog();
        }
        stuck
    }

    /// SAF-015: finds an output that does not follow what it was driven to.
    fn check_outputs(&mut self, now: Instant) {
        let real = self.board.read_back();
        if self.read_back.finds_stuck(self.interlock.outputs(), real) {
            self.interlock.report(now, Fault::Output);
        }
    }
}
