//! The two watchdogs: the chip's own, and a supervisor that also holds the relays' supply.

use stm32_metapac::gpio::regs::Bsrr;
use stm32_metapac::{IWDG, iwdg};

use super::PORTS;
use super::pins::{self, WATCHDOG};

/// Scans between two feedings. The supervisor wants an edge every 10 to 50 ms.
const FEED_EVERY: u8 = 20;

/// Half a second: the 32 kHz oscillator divided by 16, counted down from 1,000.
const DIVIDE_BY_16: u32 = 2;
const COUNT: u32 = 1_000;

const START: u32 = 0xCCCC;
const UNLOCK: u32 = 0x5555;
const FEED: u32 = 0xAAAA;

/// Feeds the chip's own watchdog while there is no scan yet that could: the boot loader has
/// started it, with eight seconds. Does nothing if nobody has.
pub(crate) fn feed_before_the_scan() {
    IWDG.kr().write_value(iwdg::regs::Kr(FEED));
}

pub(super) struct Watchdog {
    scans: u8,
    high: bool,
}

impl Watchdog {
    /// Starts both; nothing but a reset stops them.
    pub(super) fn start() -> Self {
        for key in [START, UNLOCK] {
            IWDG.kr().write_value(iwdg::regs::Kr(key));
        }
        IWDG.pr().write_value(iwdg::regs::Pr(DIVIDE_BY_16));
        IWDG.rlr().write_value(iwdg::regs::Rlr(COUNT));
        IWDG.kr().write_value(iwdg::regs::Kr(FEED));
        pins::drive_watchdog();
        Self {
            // The first scan that keeps its time feeds both: the supervisor waits for its edge.
            scans: FEED_EVERY - 1,
            high: false,
        }
    }

    pub(super) fn feed(&mut self) {
        self.scans += 1;
        if self.scans < FEED_EVERY {
            return;
        }
        self.scans = 0;
        IWDG.kr().write_value(iwdg::regs::Kr(FEED));
        self.high = !self.high;
        let shift = if self.high { 0 } else { 16 };
        PORTS[WATCHDOG.port]
            .bsrr()
            .write_value(Bsrr(WATCHDOG.mask() << shift));
    }
}
