//! What is written beside a terminal: its number, its name, its pin, and what a level means there.

use gate_protocol::Shape;
use gate_protocol::pins::{Input, Output, TurnstileInput, TurnstileOutput};
use gate_sim::emulator::{input_pin, output_pin};
use std::fmt::Debug;

/// What a level means to whoever looks at the panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Off, and nothing to say about it.
    Off,
    /// On, as it should be or may be.
    On,
    /// Worth a look: a key, a lost supply, a released lock.
    Notice,
    /// Fire, emergency, tamper, fault, alarm.
    Danger,
}

/// A terminal of the controller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Terminal {
    /// `I1` to `I24`, `O1` to `O18`.
    pub(crate) number: String,
    /// `FIRE_OK`.
    pub(crate) name: String,
    /// `PB0`.
    pub(crate) pin: String,
}

/// The terminal of `input`; none if a gate of this shape leaves it free.
pub(crate) fn input(shape: Shape, input: Input) -> Option<Terminal> {
    let name = match shape {
        Shape::TwoDoors => spelled(&input),
        Shape::Turnstile => spelled(&TurnstileInput::at(input)?),
    };
    Some(Terminal {
        number: format!("I{}", input as u8 + 1),
        name,
        pin: input_pin(input).to_string(),
    })
}

/// The terminal of `output`; none if a gate of this shape leaves it free.
pub(crate) fn output(shape: Shape, output: Output) -> Option<Terminal> {
    let name = match shape {
        Shape::TwoDoors => spelled(&output),
        Shape::Turnstile => spelled(&TurnstileOutput::at(output)?),
    };
    Some(Terminal {
        number: format!("O{}", output as u8 + 1),
        name,
        pin: output_pin(output).to_string(),
    })
}

/// `ESTOP_OK_1` for `EstopOk1`, as it stands in the wiring table.
fn spelled(name: &impl Debug) -> String {
    let mut spelled = String::new();
    for letter in format!("{name:?}").chars() {
        if (letter.is_ascii_uppercase() || letter.is_ascii_digit()) && !spelled.is_empty() {
            spelled.push('_');
        }
        spelled.push(letter.to_ascii_uppercase());
    }
    spelled
}

/// What `on` means at `input`.
pub(crate) const fn input_tone(input: Input, on: bool) -> Tone {
    match (input, on) {
        (
            Input::FireOk
            | Input::EstopOk1
            | Input::EstopOk2
            | Input::BreakglassOk
            | Input::TamperOk
            | Input::DrivesOk,
            false,
        ) => Tone::Danger,
        (Input::MainsOk, false) | (Input::BatteryLow | Input::KeyService | Input::Pair, true) => {
            Tone::Notice
        }
        (_, true) => Tone::On,
        (_, false) => Tone::Off,
    }
}

/// What `on` means at `output`.
pub(crate) const fn output_tone(output: Output, on: bool) -> Tone {
    match (output, on) {
        (Output::NoAlarm, false) | (Output::FaultLed, true) => Tone::Danger,
        (Output::EntryHold | Output::ExitHold, false)
        | (Output::EntryRelease | Output::ExitRelease | Output::Buzzer, true) => Tone::Notice,
        (_, true) => Tone::On,
        (_, false) => Tone::Off,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminals_are_called_as_in_the_wiring_table() {
        let lane = |one| input(Shape::TwoDoors, one).expect("a lane uses every input");
        for (found, number, name, pin) in [
            (lane(Input::FireOk), "I1", "FIRE_OK", "PB0"),
            (lane(Input::EstopOk2), "I3", "ESTOP_OK_2", "PB2"),
            (lane(Input::Chamber1Free), "I14", "CHAMBER_1_FREE", "PA10"),
            (lane(Input::DrivesOk), "I24", "DRIVES_OK", "PD2"),
        ] {
            assert_eq!(
                (&*found.number, &*found.name, &*found.pin),
                (number, name, pin)
            );
        }
        let drop = output(Shape::Turnstile, Output::EntryRelease).expect("it drops the arm");
        assert_eq!(
            (&*drop.number, &*drop.name, &*drop.pin),
            ("O5", "DROP_ARM", "PC4")
        );
        assert_eq!(output(Shape::Turnstile, Output::ExitDrive), None);
        assert_eq!(input(Shape::Turnstile, Input::ExitSafe), None);
    }
}
