//! Locks, drives, lamps, buzzer and contacts as output bits.
//!
//! | output | longest time on | then |
//! | --- | --- | --- |
//! | drives | [`crate::Limits::push`] without an open leaf | off, and rests as long |
//! | buzzer | [`crate::Limits::buzzer`] | off |
//! | locks, emergency openings, lamps, contacts, light | none: they are made to stay on | |

use crate::Released;
use gate_protocol::pins::{Bits, Output};
use gate_protocol::{Lock, Sign};

/// What the lane tells people and neighbouring systems.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Signs {
    /// Doors that stand open as ways out.
    pub(crate) way_out: Released,
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
pub(crate) fn outputs(released: Released, exit_lock: Lock, signs: Signs) -> Bits {
    let [red, green, amber] = match signs.sign {
        _ if signs.emergency => [!signs.way_out.entry, signs.way_out.entry, false],
        Sign::Closed | Sign::Busy => [true, false, false],
        Sign::Welcome => [false, true, false],
        Sign::Help => [false, false, true],
        Sign::Dark | Sign::Go => [false; 3],
    };
    let exit_green = signs.way_out.exit || (!signs.emergency && signs.sign == Sign::Go);
    let exit_hold = match exit_lock {
        Lock::FailSafe => !released.exit,
        Lock::FailSecure => released.exit,
    };
    // Ways out are opened by the drives' emergency inputs, not by a normal opening.
    let (entry_out, exit_out) = (signs.way_out.entry, signs.way_out.exit);
    [
        (Output::EntryHold, !released.entry),
        (Output::ExitHold, exit_hold),
        (Output::EntryDrive, released.entry && !entry_out),
        (Output::ExitDrive, released.exit && !exit_out),
        (Output::EntryRelease, released.entry && entry_out),
        (Output::ExitRelease, released.exit && exit_out),
        (Output::EntryRed, red),
        (Output::EntryGreen, green),
        (Output::EntryAmber, amber),
        (Output::ExitRed, signs.emergency && !exit_out),
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

/// The doors that these pins release: unlocked, driven open, or both.
pub(crate) fn released_by(pins: Bits, exit_lock: Lock) -> Released {
    let on = |output| pins.output(output);
    Released {
        entry: !on(Output::EntryHold) || on(Output::EntryDrive) || on(Output::EntryRelease),
        exit: exit_lock.is_released(on(Output::ExitHold))
            || on(Output::ExitDrive)
            || on(Output::ExitRelease),
    }
}
