//! The board, as the boot loader sees it: the firmware's own source for flash, clocks and pins.

#[path = "../../src/board/nucleo_l476rg/flash.rs"]
#[allow(dead_code, reason = "the boot loader stores records and nothing else")]
pub(crate) mod flash;
#[path = "../../src/board/nucleo_l476rg/pins.rs"]
#[allow(
    dead_code,
    reason = "the boot loader switches outputs off and reads no input"
)]
mod pins;
#[path = "../../src/board/nucleo_l476rg/power.rs"]
#[allow(dead_code, reason = "the reset's cause is the firmware's to read")]
mod power;

use stm32_metapac::{GPIOA, GPIOB, GPIOC, GPIOD, IWDG, gpio, iwdg};

/// Ports A to D.
const PORTS: [gpio::Gpio; 4] = [GPIOA, GPIOB, GPIOC, GPIOD];

/// Eight seconds: the 32 kHz oscillator divided by 256, counted down from 1,000. Checking both
/// images takes a tenth of that; an image that hangs before it starts its own watchdog is ended.
const DIVIDE_BY_256: u32 = 6;
const COUNT: u32 = 1_000;

const START: u32 = 0xCCCC;
const UNLOCK: u32 = 0x5555;
const FEED: u32 = 0xAAAA;

/// Full speed, all outputs off, the watchdog on.
pub(crate) fn start() {
    power::start_clocks();
    pins::start();
    for key in [START, UNLOCK] {
        IWDG.kr().write_value(iwdg::regs::Kr(key));
    }
    IWDG.pr().write_value(iwdg::regs::Pr(DIVIDE_BY_256));
    IWDG.rlr().write_value(iwdg::regs::Rlr(COUNT));
    IWDG.kr().write_value(iwdg::regs::Kr(FEED));
}
