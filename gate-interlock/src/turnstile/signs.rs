//! Holds, lamps, buzzer and contacts of a turnstile as output bits.

use super::enforce::ArmCommand;
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
