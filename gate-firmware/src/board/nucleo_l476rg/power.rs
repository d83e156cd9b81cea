//! Clocks and the reason of the last reset.

use gate_protocol::ResetCause;
use stm32_metapac::rcc::vals::{Pllm, Plln, Pllr, Pllsrc, Sw};
use stm32_metapac::{FLASH, RCC};

/// How often a ready bit is read before it is given up. The slowest needs some microseconds, and
/// the emulator does not model all of them.
const POLLS_MAX: u32 = 10_000;

const HSI_HZ: u32 = 16_000_000;
/// 16 MHz × 10 / 2. A scan must be over before the second byte from the line has come in
/// (87 µs): the receiver holds only one.
pub(crate) const CORE_HZ: u32 = 80_000_000;

fn within_bounds(ready: impl Fn() -> bool) -> bool {
    (0..POLLS_MAX).any(|_| ready())
}

/// Starts the clocks of core, pins and serial line; gives the core's in hertz. Without a locked
/// PLL the board runs on its slow clock, which is safe but may lose bytes from the line.
pub(super) fn start_clocks() -> u32 {
    let core_hz = start_core_clock();
    RCC.ahb2enr().modify(|w| {
        w.set_gpioaen(true);
        w.set_gpioben(true);
        w.set_gpiocen(true);
        w.set_gpioden(true);
    });
    RCC.apb1enr1().modify(|w| w.set_usart2en(true));
    core_hz
}

fn start_core_clock() -> u32 {
    RCC.cr().modify(|w| w.set_hsion(true));
    within_bounds(|| RCC.cr().read().hsirdy());
    run_from(Sw::HSI);

    // Four wait states, as 80 MHz at full core voltage want.
    FLASH.acr().modify(|w| {
        w.set_latency(4);
        w.set_prften(true);
        w.set_icen(true);
        w.set_dcen(true);
    });
    RCC.pllcfgr().write(|w| {
        w.set_pllsrc(Pllsrc::HSI);
        w.set_pllm(Pllm::DIV1);
        w.set_plln(Plln::MUL10);
        w.set_pllr(Pllr::DIV2);
        w.set_pllren(true);
    });
    RCC.cr().modify(|w| w.set_pllon(true));
    if within_bounds(|| RCC.cr().read().pllrdy()) && run_from(Sw::PLL1_R) {
        CORE_HZ
    } else {
        run_from(Sw::HSI);
        HSI_HZ
    }
}

fn run_from(source: Sw) -> bool {
    RCC.cfgr().modify(|w| w.set_sw(source));
    within_bounds(|| RCC.cfgr().read().sws() == source)
}

/// Why the controller started. Reading forgets it, so that the next reset is not mistaken.
///
/// The emulator knows no causes: there every reset looks like power.
pub(super) fn reset_cause() -> ResetCause {
    let flags = RCC.csr().read();
    RCC.csr().modify(|w| w.set_rmvf(true));
    // Every reset also pulls the reset line, so that flag says least and comes last.
    if flags.iwdgrstf() || flags.wwdgrstf() {
        ResetCause::Watchdog
    } else if flags.sftrstf() {
        ResetCause::Software
    } else if flags.borrstf() {
        ResetCause::PowerOn
    } else if flags.pinrstf() {
        ResetCause::Pin
    } else {
        ResetCause::Unknown
    }
}
