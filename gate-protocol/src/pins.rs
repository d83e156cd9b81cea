//! Names and bit positions of the controller's inputs and outputs, as `Status` reports them.
//!
//! The positions are part of the wire and never change. For every input the reading with a broken
//! wire is the safe one; every output is safe when off.

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
