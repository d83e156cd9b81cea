//! Names and bit positions of the controller's inputs and outputs, as `Status` reports them.
//!
//! The positions are part of the wire and never change. For every input the reading with a broken
//! wire is the safe one; every output is safe when off.
//!
//! A single turnstile is wired to the same terminals. What it shares with a lane keeps its place;
//! what only a turnstile has takes the place of something that only a lane has, of the same
//! electrical kind:
//!
//! | position | lane | turnstile |
//! | --- | --- | --- |
//! | input 4 | `EntryClosed` | `Home` |
//! | input 5 | `EntryLocked` | `RotationA` |
//! | input 6 | `EntryOpen` | `RotationB` |
//! | input 10 | `EntrySafe` | `ArmFree` |
//! | input 12 | `ZoneInFree` | `Beam1Free` |
//! | input 13 | `Chamber1Free` | `Beam2Free` |
//! | input 17 | `ZoneOutFree` | `Beam3Free` |
//! | output 0 | `EntryHold` | `EntryHold`: the arm does not turn towards the entry |
//! | output 1 | `ExitHold` | `ExitHold`: the arm does not turn towards the exit |
//! | output 4 | `EntryRelease` | `DropArm` |
//! | output 17 | `Light` | `Passed` |

/// An input. A set bit means the line is high; the name says what high means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Input {
    /// Fire loop intact (normally closed). Low: fire.
    FireOk = 0,
    /// Emergency stop, channel 1, not pressed (normally closed).
    EstopOk1 = 1,
    /// Emergency stop, channel 2, not pressed (normally closed).
    EstopOk2 = 2,
    /// Break-glass at the exit side intact (normally closed).
    BreakglassOk = 3,
    /// Entry door in its closed position.
    EntryClosed = 4,
    /// Entry door bolted.
    EntryLocked = 5,
    /// Entry door in its open position.
    EntryOpen = 6,
    /// Exit door in its closed position.
    ExitClosed = 7,
    /// Exit door bolted.
    ExitLocked = 8,
    /// Exit door in its open position.
    ExitOpen = 9,
    /// Light curtain of the entry door free (normally closed).
    EntrySafe = 10,
    /// Light curtain of the exit door free (normally closed).
    ExitSafe = 11,
    /// Beam before the entry free.
    ZoneInFree = 12,
    /// Presence zone near the entry free.
    Chamber1Free = 13,
    /// Presence zone near the exit free.
    Chamber2Free = 14,
    /// Unicity sensor: exactly one person.
    SingleOk = 15,
    /// Unicity sensor: nobody and nothing.
    EmptyOk = 16,
    /// Beam after the exit free.
    ZoneOutFree = 17,
    /// Cabinet closed (normally closed).
    TamperOk = 18,
    /// Mains present.
    MainsOk = 19,
    /// Battery low.
    BatteryLow = 20,
    /// Service key turned.
    KeyService = 21,
    /// Pairing button pressed.
    Pair = 22,
    /// Both door drives healthy (normally closed).
    DrivesOk = 23,
}

/// An output. A set bit means the line is driven high.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Output {
    /// Holds the entry's fail-safe lock.
    EntryHold = 0,
    /// Holds the exit's fail-safe lock; releases a fail-secure one ([`crate::Lock`]).
    ExitHold = 1,
    /// Tells the entry's drive to open.
    EntryDrive = 2,
    /// Tells the exit's drive to open.
    ExitDrive = 3,
    /// Emergency opening of the entry's drive.
    EntryRelease = 4,
    /// Emergency opening of the exit's drive.
    ExitRelease = 5,
    /// Entry lamp red.
    EntryRed = 6,
    /// Entry lamp green.
    EntryGreen = 7,
    /// Entry lamp amber.
    EntryAmber = 8,
    /// Exit lamp red.
    ExitRed = 9,
    /// Exit lamp green.
    ExitGreen = 10,
    /// Exit lamp amber.
    ExitAmber = 11,
    /// Buzzer.
    Buzzer = 12,
    /// High: no alarm. Low: alarm.
    NoAlarm = 13,
    /// Ready for a traveller.
    Ready = 14,
    /// Fault lamp on the board.
    FaultLed = 15,
    /// External watchdog: an edge every 10 to 50 ms.
    Watchdog = 16,
    /// Light inside the lane.
    Light = 17,
}

/// A set of inputs or outputs, one bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Bits(pub u32);

impl Bits {
    /// Whether the bit of `input` is set.
    #[must_use]
    pub const fn input(self, input: Input) -> bool {
        self.0 & (1 << input as u8) != 0
    }

    /// Whether the bit of `output` is set.
    #[must_use]
    pub const fn output(self, output: Output) -> bool {
        self.0 & (1 << output as u8) != 0
    }

    /// The same set with the bit of `input` as told.
    #[must_use]
    pub const fn with_input(self, input: Input, high: bool) -> Self {
        self.with(input as u8, high)
    }

    /// The same set with the bit of `output` as told.
    #[must_use]
    pub const fn with_output(self, output: Output, high: bool) -> Self {
        self.with(output as u8, high)
    }

    const fn with(self, bit: u8, high: bool) -> Self {
        let mask = 1 << bit;
        Self(if high { self.0 | mask } else { self.0 & !mask })
    }
}

impl Input {
    /// Every input, in order of its bit.
    pub const ALL: [Self; 24] = [
        Self::FireOk,
        Self::EstopOk1,
        Self::EstopOk2,
        Self::BreakglassOk,
        Self::EntryClosed,
        Self::EntryLocked,
        Self::EntryOpen,
        Self::ExitClosed,
        Self::ExitLocked,
        Self::ExitOpen,
        Self::EntrySafe,
        Self::ExitSafe,
        Self::ZoneInFree,
        Self::Chamber1Free,
        Self::Chamber2Free,
        Self::SingleOk,
        Self::EmptyOk,
        Self::ZoneOutFree,
        Self::TamperOk,
        Self::MainsOk,
        Self::BatteryLow,
        Self::KeyService,
        Self::Pair,
        Self::DrivesOk,
    ];
}

impl Output {
    /// Every output, in order of its bit.
    pub const ALL: [Self; 18] = [
        Self::EntryHold,
        Self::ExitHold,
        Self::EntryDrive,
        Self::ExitDrive,
        Self::EntryRelease,
        Self::ExitRelease,
        Self::EntryRed,
        Self::EntryGreen,
        Self::EntryAmber,
        Self::ExitRed,
        Self::ExitGreen,
        Self::ExitAmber,
        Self::Buzzer,
        Self::NoAlarm,
        Self::Ready,
        Self::FaultLed,
        Self::Watchdog,
        Self::Light,
    ];
}

/// An input of a single turnstile. A set bit means the line is high; the name says what high means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TurnstileInput {
    /// Fire loop intact (normally closed). Low: fire.
    FireOk,
    /// Emergency stop, channel 1, not pressed (normally closed).
    EstopOk1,
    /// Emergency stop, channel 2, not pressed (normally closed).
    EstopOk2,
    /// The arm stands in one of its rests, where it can be locked.
    Home,
    /// Quadrature of the hub, channel A. It leads channel B while the arm turns towards the exit.
    RotationA,
    /// Quadrature of the hub, channel B.
    RotationB,
    /// Nothing hinders the arm (normally closed).
    ArmFree,
    /// Beam at the entry's side free.
    Beam1Free,
    /// Beam at the arm free.
    Beam2Free,
    /// Beam at the exit's side free.
    Beam3Free,
    /// Cabinet closed (normally closed).
    TamperOk,
    /// Mains present.
    MainsOk,
    /// Battery low.
    BatteryLow,
    /// Service key turned.
    KeyService,
    /// Pairing button pressed.
    Pair,
}

/// An output of a single turnstile. A set bit means the line is driven high.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TurnstileOutput {
    /// Holds the arm against turning towards the entry.
    EntryHold,
    /// Holds the arm against turning towards the exit.
    ExitHold,
    /// Lets the arm drop out of the way. Somebody has to raise it by hand.
    DropArm,
    /// Lamp at the entry's side, for whoever goes towards the exit: red.
    EntryRed,
    /// Lamp at the entry's side green.
    EntryGreen,
    /// Lamp at the entry's side amber.
    EntryAmber,
    /// Lamp at the exit's side red.
    ExitRed,
    /// Lamp at the exit's side green.
    ExitGreen,
    /// Lamp at the exit's side amber.
    ExitAmber,
    /// Buzzer.
    Buzzer,
    /// High: no alarm. Low: alarm.
    NoAlarm,
    /// Ready for a traveller.
    Ready,
    /// Fault lamp on the board.
    FaultLed,
    /// External watchdog: an edge every 10 to 50 ms.
    Watchdog,
    /// Somebody has passed: high for 0.3 s.
    Passed,
}

impl TurnstileInput {
    /// Every input of a turnstile, in order of its bit.
    pub const ALL: [Self; 15] = [
        Self::FireOk,
        Self::EstopOk1,
        Self::EstopOk2,
        Self::Home,
        Self::RotationA,
        Self::RotationB,
        Self::ArmFree,
        Self::Beam1Free,
        Self::Beam2Free,
        Self::Beam3Free,
        Self::TamperOk,
        Self::MainsOk,
        Self::BatteryLow,
        Self::KeyService,
        Self::Pair,
    ];

    /// The terminal it is wired to, under the name that it has in a lane.
    #[must_use]
    pub const fn terminal(self) -> Input {
        match self {
            Self::FireOk => Input::FireOk,
            Self::EstopOk1 => Input::EstopOk1,
            Self::EstopOk2 => Input::EstopOk2,
            Self::Home => Input::EntryClosed,
            Self::RotationA => Input::EntryLocked,
            Self::RotationB => Input::EntryOpen,
            Self::ArmFree => Input::EntrySafe,
            Self::Beam1Free => Input::ZoneInFree,
            Self::Beam2Free => Input::Chamber1Free,
            Self::Beam3Free => Input::ZoneOutFree,
            Self::TamperOk => Input::TamperOk,
            Self::MainsOk => Input::MainsOk,
            Self::BatteryLow => Input::BatteryLow,
            Self::KeyService => Input::KeyService,
            Self::Pair => Input::Pair,
        }
    }

    /// What a turnstile has at the terminal of `input`, if anything. A scan asks it of every input.
    #[must_use]
    pub const fn at(input: Input) -> Option<Self> {
        Some(match input {
            Input::FireOk => Self::FireOk,
            Input::EstopOk1 => Self::EstopOk1,
            Input::EstopOk2 => Self::EstopOk2,
            Input::EntryClosed => Self::Home,
            Input::EntryLocked => Self::RotationA,
            Input::EntryOpen => Self::RotationB,
            Input::EntrySafe => Self::ArmFree,
            Input::ZoneInFree => Self::Beam1Free,
            Input::Chamber1Free => Self::Beam2Free,
            Input::ZoneOutFree => Self::Beam3Free,
            Input::TamperOk => Self::TamperOk,
            Input::MainsOk => Self::MainsOk,
            Input::BatteryLow => Self::BatteryLow,
            Input::KeyService => Self::KeyService,
            Input::Pair => Self::Pair,
            Input::BreakglassOk
            | Input::ExitClosed
            | Input::ExitLocked
            | Input::ExitOpen
            | Input::ExitSafe
            | Input::Chamber2Free
            | Input::SingleOk
            | Input::EmptyOk
            | Input::DrivesOk => return None,
        })
    }
}

impl TurnstileOutput {
    /// Every output of a turnstile, in order of its bit.
    pub const ALL: [Self; 15] = [
        Self::EntryHold,
        Self::ExitHold,
        Self::DropArm,
        Self::EntryRed,
        Self::EntryGreen,
        Self::EntryAmber,
        Self::ExitRed,
        Self::ExitGreen,
        Self::ExitAmber,
        Self::Buzzer,
        Self::NoAlarm,
        Self::Ready,
        Self::FaultLed,
        Self::Watchdog,
        Self::Passed,
    ];

    /// The terminal it is wired to, under the name that it has in a lane.
    #[must_use]
    pub const fn terminal(self) -> Output {
        match self {
            Self::EntryHold => Output::EntryHold,
            Self::ExitHold => Output::ExitHold,
            Self::DropArm => Output::EntryRelease,
            Self::EntryRed => Output::EntryRed,
            Self::EntryGreen => Output::EntryGreen,
            Self::EntryAmber => Output::EntryAmber,
            Self::ExitRed => Output::ExitRed,
            Self::ExitGreen => Output::ExitGreen,
            Self::ExitAmber => Output::ExitAmber,
            Self::Buzzer => Output::Buzzer,
            Self::NoAlarm => Output::NoAlarm,
            Self::Ready => Output::Ready,
            Self::FaultLed => Output::FaultLed,
            Self::Watchdog => Output::Watchdog,
            Self::Passed => Output::Light,
        }
    }

    /// What a turnstile has at the terminal of `output`, if anything.
    #[must_use]
    pub fn at(output: Output) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.terminal() == output)
    }
}

impl Bits {
    /// Whether the bit of a turnstile's `input` is set.
    #[must_use]
    pub const fn turnstile_input(self, input: TurnstileInput) -> bool {
        self.input(input.terminal())
    }

    /// Whether the bit of a turnstile's `output` is set.
    #[must_use]
    pub const fn turnstile_output(self, output: TurnstileOutput) -> bool {
        self.output(output.terminal())
    }

    /// The same set with the bit of a turnstile's `input` as told.
    #[must_use]
    pub const fn with_turnstile_input(self, input: TurnstileInput, high: bool) -> Self {
        self.with_input(input.terminal(), high)
    }

    /// The same set with the bit of a turnstile's `output` as told.
    #[must_use]
    pub const fn with_turnstile_output(self, output: TurnstileOutput, high: bool) -> Self {
        self.with_output(output.terminal(), high)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_lines_of_a_turnstile_share_a_terminal() {
        for input in TurnstileInput::ALL {
            assert_eq!(TurnstileInput::at(input.terminal()), Some(input));
        }
        for output in TurnstileOutput::ALL {
            assert_eq!(TurnstileOutput::at(output.terminal()), Some(output));
        }
        let there = |input: &Input| TurnstileInput::at(*input).is_some();
        let inputs = Input::ALL.into_iter().filter(there);
        assert_eq!(inputs.count(), TurnstileInput::ALL.len());
        assert_eq!(TurnstileInput::at(Input::ExitSafe), None);
        assert_eq!(TurnstileOutput::at(Output::ExitDrive), None);
    }
}
