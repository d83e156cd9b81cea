//! Holds, lamps, buzzer and contacts of a turnstile as output bits.

use super::enforce::ArmCommand;
use crate::Released;
use gate_protocol::pins::{Bits, TurnstileOutput};

/// What the turnstile tells people and neighbouring systems.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Signs {
    /// An officer is needed.
    pub(crate) amber: bool,
    pub(crate) buzzer: bool,
    pub(crate) alarm: bool,
    pub(crate) ready: bool,
    pub(crate) fault: bool,
    pub(crate) passed: bool,
}

/// Every output but the watchdog's, which belongs to the board.
///
/// A lamp is green only while the arm can be turned that way: nobody is invited to push a held arm.
pub(crate) fn outputs(command: ArmCommand, signs: Signs) -> Bits {
    let ArmCommand { released, drop } = command;
    let lamp = |green: bool| [!green && !signs.amber, green, !green && signs.amber];
    // Whoever looks at the lamp at the entry's side goes towards the exit.
    let [entry_red, entry_green, entry_amber] = lamp(released.exit);
    let [exit_red, exit_green, exit_amber] = lamp(released.entry);
    [
        (TurnstileOutput::EntryHold, !released.entry),
        (TurnstileOutput::ExitHold, !released.exit),
        (TurnstileOutput::DropArm, drop),
        (TurnstileOutput::EntryRed, entry_red),
        (TurnstileOutput::EntryGreen, entry_green),
        (TurnstileOutput::EntryAmber, entry_amber),
        (TurnstileOutput::ExitRed, exit_red),
        (TurnstileOutput::ExitGreen, exit_green),
        (TurnstileOutput::ExitAmber, exit_amber),
        (TurnstileOutput::Buzzer, signs.buzzer),
        (TurnstileOutput::NoAlarm, !signs.alarm),
        (TurnstileOutput::Ready, signs.ready),
        (TurnstileOutput::FaultLed, signs.fault),
        (TurnstileOutput::Passed, signs.passed),
    ]
    .into_iter()
    .fold(Bits(0), |bits, (output, on)| {
        bits.with_turnstile_output(output, on)
    })
}

/// The ways that are free at these pins.
pub(crate) const fn released(outputs: Bits) -> Released {
    Released {
        entry: !outputs.turnstile_output(TurnstileOutput::EntryHold),
        exit: !outputs.turnstile_output(TurnstileOutput::ExitHold),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every combination of what [`outputs`] can be given: each pin follows what it stands for, an
    /// end never shows two lamps, and nobody is shown green before a held arm.
    #[test]
    fn a_way_is_free_exactly_where_it_is_released_and_green_says_so() {
        for bits in 0..1_u32 << 9 {
            let bit = |n: u32| bits & (1 << n) != 0;
            let released = Released {
                entry: bit(0),
                exit: bit(1),
            };
            let command = ArmCommand {
                released,
                drop: bit(2),
            };
            let signs = Signs {
                amber: bit(3),
                buzzer: bit(4),
                alarm: bit(5),
                ready: bit(6),
                fault: bit(7),
                passed: bit(8),
            };
            let pins = outputs(command, signs);
            let on = |output| pins.turnstile_output(output);
            let lamp = |green: bool| [!green && !signs.amber, green, !green && signs.amber];
            let shown = |lamps: [TurnstileOutput; 3]| lamps.map(on);
            assert_eq!(
                shown([
                    TurnstileOutput::EntryRed,
                    TurnstileOutput::EntryGreen,
                    TurnstileOutput::EntryAmber
                ]),
                lamp(released.exit),
                "{command:?} {signs:?}"
            );
            assert_eq!(
                shown([
                    TurnstileOutput::ExitRed,
                    TurnstileOutput::ExitGreen,
                    TurnstileOutput::ExitAmber
                ]),
                lamp(released.entry),
                "{command:?} {signs:?}"
            );
            for (output, level) in [
                (TurnstileOutput::EntryHold, !released.entry),
                (TurnstileOutput::ExitHold, !released.exit),
                (TurnstileOutput::DropArm, command.drop),
                (TurnstileOutput::Buzzer, signs.buzzer),
                (TurnstileOutput::NoAlarm, !signs.alarm),
                (TurnstileOutput::Ready, signs.ready),
                (TurnstileOutput::FaultLed, signs.fault),
                (TurnstileOutput::Passed, signs.passed),
            ] {
                assert_eq!(on(output), level, "{output:?} {command:?} {signs:?}");
            }
        }
    }
}
