//! Which pin is what: the table of the wiring.

use gate_protocol::pins::{Input, Output};
use stm32_metapac::gpio::regs::Bsrr;
use stm32_metapac::gpio::vals::{Moder, Pupdr};

use super::PORTS;

/// A pin: its port as a place in [`PORTS`], its number 0 to 15.
pub(super) struct Pin {
    pub(super) port: usize,
    number: u8,
}

impl Pin {
    pub(super) const fn mask(&self) -> u32 {
        1 << self.number
    }

    /// 0 to 15.
    pub(super) const fn number(&self) -> u8 {
        self.number
    }

    /// 0 for port A, and so on.
    pub(super) const fn port_number(&self) -> u8 {
        self.port as u8
    }
}

/// SAF-013: what a broken wire reads as, which is always the safe side.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Pull {
    /// Low, which is fire, not closed, occupied, not turned.
    Down,
    /// High, which is "battery low".
    Up,
    /// High, and pressing the button makes it low: the board's own button B1.
    UpPressedLow,
}

const fn a(number: u8) -> Pin {
    Pin { port: 0, number }
}

const fn b(number: u8) -> Pin {
    Pin { port: 1, number }
}

const fn c(number: u8) -> Pin {
    Pin { port: 2, number }
}

const fn d(number: u8) -> Pin {
    Pin { port: 3, number }
}

/// Where each input is.
pub(super) static INPUTS: [(Input, Pin, Pull); Input::ALL.len()] = [
    (Input::FireOk, b(0), Pull::Down),
    (Input::EstopOk1, b(1), Pull::Down),
    (Input::EstopOk2, b(2), Pull::Down),
    (Input::BreakglassOk, b(10), Pull::Down),
    (Input::EntryClosed, b(11), Pull::Down),
    (Input::EntryLocked, b(12), Pull::Down),
    (Input::EntryOpen, c(12), Pull::Down),
    (Input::ExitClosed, b(13), Pull::Down),
    (Input::ExitLocked, b(14), Pull::Down),
    (Input::ExitOpen, c(11), Pull::Down),
    (Input::EntrySafe, b(15), Pull::Down),
    (Input::ExitSafe, a(8), Pull::Down),
    (Input::ZoneInFree, a(9), Pull::Down),
    (Input::Chamber1Free, a(10), Pull::Down),
    (Input::Chamber2Free, a(11), Pull::Down),
    (Input::SingleOk, a(12), Pull::Down),
    (Input::EmptyOk, c(10), Pull::Down),
    (Input::ZoneOutFree, b(5), Pull::Down),
    (Input::TamperOk, b(6), Pull::Down),
    (Input::MainsOk, b(7), Pull::Down),
    (Input::BatteryLow, b(8), Pull::Up),
    (Input::KeyService, b(9), Pull::Down),
    (Input::Pair, c(13), Pull::UpPressedLow),
    (Input::DrivesOk, d(2), Pull::Down),
];

/// Where each output is, all but the watchdog's: that one is [`WATCHDOG`].
pub(super) static OUTPUTS: [(Output, Pin); Output::ALL.len() - 1] = [
    (Output::EntryHold, c(0)),
    (Output::ExitHold, c(1)),
    (Output::EntryDrive, c(2)),
    (Output::ExitDrive, c(3)),
    (Output::EntryRelease, c(4)),
    (Output::ExitRelease, c(5)),
    (Output::EntryRed, c(6)),
    (Output::EntryGreen, c(7)),
    (Output::EntryAmber, c(8)),
    (Output::ExitRed, c(9)),
    (Output::ExitGreen, a(0)),
    (Output::ExitAmber, a(1)),
    (Output::Buzzer, a(4)),
    (Output::NoAlarm, a(6)),
    (Output::Ready, a(7)),
    (Output::FaultLed, a(5)),
    (Output::Light, b(4)),
];

/// The external watchdog's input.
pub(super) static WATCHDOG: Pin = a(15);

/// USART2, which the board's debugger offers as a serial port over USB: PA2 sends, PA3 receives.
const SERIAL: [Pin; 2] = [a(2), a(3)];
const SERIAL_FUNCTION: u8 = 7;

/// Sets up every pin but the supervisor's.
///
/// SAF-017: an output is off before it becomes an output, so no relay twitches.
pub(super) fn start() {
    all_outputs_off();
    for (_, pin) in &OUTPUTS {
        become_output(pin);
    }
    for (_, pin, pull) in &INPUTS {
        let pull = match pull {
            Pull::Down => Pupdr::PULL_DOWN,
            Pull::Up | Pull::UpPressedLow => Pupdr::PULL_UP,
        };
        let number = pin.number.into();
        PORTS[pin.port]
            .pupdr()
            .modify(|w| w.set_pupdr(number, pull));
        PORTS[pin.port]
            .moder()
            .modify(|w| w.set_moder(number, Moder::INPUT));
    }
    for pin in &SERIAL {
        let number = usize::from(pin.number);
        PORTS[pin.port]
            .afr(number / 8)
            .modify(|w| w.set_afr(number % 8, SERIAL_FUNCTION));
        PORTS[pin.port]
            .moder()
            .modify(|w| w.set_moder(number, Moder::ALTERNATE));
    }
}

/// Lets the supervisor watch.
///
/// SAF-065: it takes a pin that nobody drives as "not yet", and the first edge as "from now on".
/// While images are checked, or a start is held up, nobody could feed it.
pub(super) fn drive_watchdog() {
    become_output(&WATCHDOG);
}

fn become_output(pin: &Pin) {
    let number = pin.number.into();
    PORTS[pin.port]
        .pupdr()
        .modify(|w| w.set_pupdr(number, Pupdr::FLOATING));
    PORTS[pin.port]
        .moder()
        .modify(|w| w.set_moder(number, Moder::OUTPUT));
}

/// Drives every output low, whatever the rest of the firmware is doing.
pub(crate) fn all_outputs_off() {
    for (_, pin) in &OUTPUTS {
        PORTS[pin.port].bsrr().write_value(Bsrr(pin.mask() << 16));
    }
}
