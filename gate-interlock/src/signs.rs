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

#[cfg(test)]
mod tests {
    use super::*;

    const SIGNS: [Sign; 6] = [
        Sign::Dark,
        Sign::Closed,
        Sign::Welcome,
        Sign::Busy,
        Sign::Go,
        Sign::Help,
    ];

    /// Every combination of what [`outputs`] can be given, with what it says.
    fn all() -> impl Iterator<Item = (Released, Lock, Signs, Bits)> {
        (0..1 << 11).flat_map(|bits: u32| {
            let bit = |n: u32| bits & (1 << n) != 0;
            let released = Released {
                entry: bit(0),
                exit: bit(1),
            };
            let lock = [Lock::FailSafe, Lock::FailSecure][usize::from(bit(2))];
            SIGNS.map(|sign| {
                let signs = Signs {
                    way_out: Released {
                        entry: bit(3),
                        exit: bit(4),
                    },
                    emergency: bit(5),
                    sign,
                    buzzer: bit(6),
                    alarm: bit(7),
                    ready: bit(8),
                    fault: bit(9),
                    light: bit(10),
                };
                (released, lock, signs, outputs(released, lock, signs))
            })
        })
    }

    #[test]
    fn a_door_is_free_and_moved_exactly_where_it_is_released() {
        for (released, lock, signs, bits) in all() {
            let on = |output| bits.output(output);
            // What the wires do: current holds an entry, and frees a fail-secure exit.
            let exit_current = on(Output::ExitHold);
            let exit_free = (lock == Lock::FailSecure) == exit_current;
            for (free, drive, release, released, way_out) in [
                (
                    !on(Output::EntryHold),
                    on(Output::EntryDrive),
                    on(Output::EntryRelease),
                    released.entry,
                    signs.way_out.entry,
                ),
                (
                    exit_free,
                    on(Output::ExitDrive),
                    on(Output::ExitRelease),
                    released.exit,
                    signs.way_out.exit,
                ),
            ] {
                let how = (released && !way_out, released && way_out);
                assert_eq!(free, released, "{lock:?} {signs:?}");
                assert_eq!((drive, release), how, "{lock:?} {signs:?}");
            }
            assert_eq!(released_by(bits, lock), released, "{lock:?} {signs:?}");
        }
    }

    #[test]
    fn each_end_shows_one_lamp_at_most_and_in_an_emergency_green_where_people_can_get_out() {
        for (released, lock, signs, bits) in all() {
            let on = |output| bits.output(output);
            let entry = [Output::EntryRed, Output::EntryGreen, Output::EntryAmber].map(on);
            let exit = [Output::ExitRed, Output::ExitGreen, Output::ExitAmber].map(on);
            let told = (released, lock, signs);
            assert!(entry.iter().filter(|on| **on).count() <= 1, "{told:?}");
            if signs.emergency {
                let lamps = |way_out: bool| [!way_out, way_out, false];
                assert_eq!(entry, lamps(signs.way_out.entry), "{told:?}");
                assert_eq!(exit, lamps(signs.way_out.exit), "{told:?}");
                continue;
            }
            let shown = match signs.sign {
                Sign::Dark | Sign::Go => [false, false, false],
                Sign::Closed | Sign::Busy => [true, false, false],
                Sign::Welcome => [false, true, false],
                Sign::Help => [false, false, true],
            };
            assert_eq!(entry, shown, "{told:?}");
            let green = signs.way_out.exit || signs.sign == Sign::Go;
            assert_eq!(exit, [false, green, signs.sign == Sign::Help], "{told:?}");
        }
    }

    /// The alarm contact and "ready" are what other systems go by: without current they say alarm
    /// and not ready.
    #[test]
    fn each_contact_follows_its_own_sign_and_the_watchdog_is_left_alone() {
        for (_, _, signs, bits) in all() {
            for (output, on) in [
                (Output::Buzzer, signs.buzzer),
                (Output::NoAlarm, !signs.alarm),
                (Output::Ready, signs.ready),
                (Output::FaultLed, signs.fault),
                (Output::Light, signs.light),
                (Output::Watchdog, false),
            ] {
                assert_eq!(bits.output(output), on, "{output:?} {signs:?}");
            }
        }
    }
}
