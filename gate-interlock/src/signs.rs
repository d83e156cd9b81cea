//! Locks, drives, lamps, buzzer and contacts as output bits.

use crate::Released;
use gate_protocol::Sign;
use gate_protocol::pins::{Bits, Output};

/// What the lane tells people and neighbouring systems.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Signs {
    pub(crate) emergency: bool,
    pub(crate) sign: Sign,
    pub(crate) buzzer: bool,
    pub(crate) alarm: bool,
    pub(crate) ready: bool,
    pub(crate) fault: bool,
    pub(crate) light: bool,
}

/// Every output but the watchdog's, which belongs to the board.
///
/// A door that is not released is held, also while it is still open: the lock must be one that
/// lets a closing leaf in (a magnet, or a latch with a slope).
pub(crate) fn outputs(released: Released, signs: Signs) -> Bits {
    let [red, green, amber] = match signs.sign {
        _ if signs.emergency => [false, true, false],
        Sign::Closed | Sign::Busy => [true, false, false],
        Sign::Welcome => [false, true, false],
        Sign::Help => [false, false, true],
        Sign::Dark | Sign::Go => [false; 3],
    };
    let exit_green = signs.emergency || signs.sign == Sign::Go;
    [
        (Output::EntryHold, !released.entry),
        (Output::ExitHold, !released.exit),
        // In an emergency the drives are moved by their emergency inputs, not by a normal opening.
        (Output::EntryDrive, released.entry && !signs.emergency),
        (Output::ExitDrive, released.exit && !signs.emergency),
        (Output::EntryRelease, released.entry && signs.emergency),
        (Output::ExitRelease, released.exit && signs.emergency),
        (Output::EntryRed, red),
        (Output::EntryGreen, green),
        (Output::EntryAmber, amber),
        (Output::ExitGreen, exit_green),
        (Output::ExitAmber, amber),
        (Output::Buzzer, signs.buzzer),
        (Output::NoAlarm, !signs.alarm),
        (Output::Ready, signs.ready),
        (Output::FaultLed, signs.fault),
        (Output::Light, signs.light),
    ]
    .into_iter()
    .fold(Bits(0), |bits, (output, on)| bits.with_output(output, on))
}
