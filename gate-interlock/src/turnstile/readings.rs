//! Input bits of a turnstile as words.

use super::arm::ArmReading;
use core::time::Duration;
use gate_protocol::pins::{Bits, Input, TurnstileInput};

/// What the debounced inputs say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Readings {
    pub(crate) fire: bool,
    /// One channel is enough.
    pub(crate) emergency_stop: bool,
    /// One channel of the emergency stop is pressed and the other is not.
    pub(crate) channels_differ: bool,
    pub(crate) cabinet_open: bool,
    pub(crate) mains: bool,
    pub(crate) battery_low: bool,
    pub(crate) key: bool,
    pub(crate) hindered: bool,
    pub(crate) arm: ArmReading,
    /// The beams from the entry to the exit.
    pub(crate) beams_free: [bool; 3],
}

impl Readings {
    pub(crate) fn of(inputs: Bits) -> Self {
        let on = |input| inputs.turnstile_input(input);
        let (channel_1, channel_2) = (on(TurnstileInput::EstopOk1), on(TurnstileInput::EstopOk2));
        Self {
            fire: !on(TurnstileInput::FireOk),
            emergency_stop: !(channel_1 && channel_2),
            channels_differ: channel_1 != channel_2,
            cabinet_open: !on(TurnstileInput::TamperOk),
            mains: on(TurnstileInput::MainsOk),
            battery_low: on(TurnstileInput::BatteryLow),
            key: on(TurnstileInput::KeyService),
            hindered: !on(TurnstileInput::ArmFree),
            arm: ArmReading {
                home: on(TurnstileInput::Home),
                rotation: [on(TurnstileInput::RotationA), on(TurnstileInput::RotationB)],
            },
            beams_free: [
                on(TurnstileInput::Beam1Free),
                on(TurnstileInput::Beam2Free),
                on(TurnstileInput::Beam3Free),
            ],
        }
    }
}

/// How long an input must read differently before it is believed: `(when it falls, when it rises)`.
///
/// SAF-013: danger is believed at once. The hub sensor is slow beside its own steps only if it
/// waits for less than those take, 15 ms at a run.
pub(crate) fn delays(input: Input) -> (Duration, Duration) {
    let ms = |falling, rising| {
        (
            Duration::from_millis(falling),
            Duration::from_millis(rising),
        )
    };
    match TurnstileInput::at(input) {
        Some(TurnstileInput::FireOk | TurnstileInput::EstopOk1 | TurnstileInput::EstopOk2) => {
            ms(0, 100)
        }
        Some(TurnstileInput::ArmFree) => ms(0, 50),
        Some(TurnstileInput::RotationA | TurnstileInput::RotationB) => ms(2, 2),
        Some(TurnstileInput::Home) => ms(5, 5),
        Some(TurnstileInput::Beam1Free | TurnstileInput::Beam2Free | TurnstileInput::Beam3Free) => {
            ms(30, 30)
        }
        Some(TurnstileInput::TamperOk | TurnstileInput::KeyService | TurnstileInput::Pair) => {
            ms(50, 50)
        }
        Some(TurnstileInput::MainsOk) => ms(100, 100),
        Some(TurnstileInput::BatteryLow) => ms(1_000, 1_000),
        None => ms(20, 20),
    }
}
