//! STM32 Nucleo-L476RG, and boards with the same registers: the L475 that the emulator models.

mod edges;
pub(crate) mod flash;
mod pins;
mod power;
pub(crate) mod random;
mod watchdog;

use cortex_m::peripheral::NVIC;
use gate_protocol::ResetCause;
use gate_protocol::hello::Entropy;
use gate_protocol::link::controller::Identity;
use gate_protocol::pins::Bits;
use stm32_metapac::{GPIOA, GPIOB, GPIOC, GPIOD, Interrupt, gpio};

use super::{Board, Start};
use crate::serial;
use pins::{INPUTS, OUTPUTS, Pull};
use watchdog::Watchdog;

pub(crate) use pins::all_outputs_off;
pub(crate) use power::CORE_HZ;
pub(crate) use watchdog::feed_before_the_scan;

/// Below the scan; only one interrupt is as low as this.
const BELOW_THE_SCAN: u8 = 0x80;

/// Ports A to D.
const PORTS: [gpio::Gpio; 4] = [GPIOA, GPIOB, GPIOC, GPIOD];

/// The board, once its pins are set up.
pub(crate) struct NucleoL476rg {
    watchdog: Watchdog,
}

impl NucleoL476rg {
    /// Sets up clocks and pins. Outputs are off from their first moment.
    pub(crate) fn prepare() -> Start {
        let reset = power::reset_cause();
        let core_hz = power::start_clocks();
        pins::start();
        Start { core_hz, reset }
    }

    /// Sets up serial line, watchdogs and urgent inputs: from now on the scan has to run.
    pub(crate) fn begin(core: &mut cortex_m::Peripherals, core_hz: u32) -> Self {
        serial::begin(core_hz);
        // SAFETY: the priority is set before the interrupt is unmasked, and nothing relies on
        // masking by priority: critical sections mask every interrupt.
        unsafe {
            core.NVIC.set_priority(Interrupt::USART2, BELOW_THE_SCAN);
            NVIC::unmask(Interrupt::USART2);
        }
        edges::start();
        Self {
            watchdog: Watchdog::start(),
        }
    }
}

impl Board for NucleoL476rg {
    fn sample(&self) -> Bits {
        let levels = PORTS.map(|port| port.idr().read().0);
        INPUTS.iter().fold(Bits(0), |bits, (input, pin, pull)| {
            let high = levels[pin.port] & pin.mask() != 0;
            // The one input that is pulled up and pressed to ground.
            bits.with_input(*input, high != (*pull == Pull::UpPressedLow))
        })
    }

    fn drive(&mut self, outputs: Bits) {
        let mut set_reset = [0_u32; PORTS.len()];
        for (output, pin) in &OUTPUTS {
            set_reset[pin.port] |= if outputs.output(*output) {
                pin.mask()
            } else {
                pin.mask() << 16
            };
        }
        for (port, word) in PORTS.iter().zip(set_reset) {
            port.bsrr().write_value(gpio::regs::Bsrr(word));
        }
    }

    fn read_back(&self) -> Bits {
        let levels = PORTS.map(|port| port.idr().read().0);
        OUTPUTS.iter().fold(Bits(0), |bits, (output, pin)| {
            bits.with_output(*output, levels[pin.port] & pin.mask() != 0)
        })
    }

    fn listen_again(&mut self) {
        edges::listen_again();
    }

    fn feed_watchdog(&mut self) {
        self.watchdog.feed();
    }
}

/// What the controller says of itself.
pub(crate) const fn identity(reset: ResetCause, boot: u32, entropy: Entropy) -> Identity {
    Identity {
        firmware: version(),
        board: gate_protocol::Board::NucleoL476rg,
        reset,
        boot,
        entropy,
    }
}

/// The firmware's version, as its `Cargo.toml` says.
pub(crate) const fn version() -> [u8; 3] {
    const fn number(text: &str) -> u8 {
        let mut digits = text.as_bytes();
        let mut number = 0;
        while let [digit, rest @ ..] = digits {
            number = number * 10 + (*digit - b'0');
            digits = rest;
        }
        number
    }
    [
        number(env!("CARGO_PKG_VERSION_MAJOR")),
        number(env!("CARGO_PKG_VERSION_MINOR")),
        number(env!("CARGO_PKG_VERSION_PATCH")),
    ]
}
