//! What the scan needs of a board, and the boards there are.

pub(crate) mod nucleo_l476rg;

use gate_protocol::ResetCause;
use gate_protocol::pins::Bits;

/// A board as the scan sees it. Nothing here waits.
pub(crate) trait Board {
    /// Levels of the input pins, in the sense of [`gate_protocol::pins::Input`].
    fn sample(&self) -> Bits;

    /// Drives the output pins, all but the watchdog's.
    fn drive(&mut self, outputs: Bits);

    /// The levels that the driven output pins really have.
    fn read_back(&self) -> Bits;

    /// Scans at once, from now on, when one of the inputs that protect people falls. Called before
    /// each tick's scan.
    fn listen_again(&mut self);

    /// Tells the watchdogs that a scan kept its time. Called after each such scan; the board keeps
    /// to the pace that its watchdogs want.
    fn feed_watchdog(&mut self);
}

/// What starting the board brought to light.
pub(crate) struct Start {
    /// Clock of the core, in hertz.
    pub(crate) core_hz: u32,
    /// Why it started, as far as the chip knows.
    pub(crate) reset: ResetCause,
}
