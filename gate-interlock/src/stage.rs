//! Where the lane is in its round.

use crate::way_out::WayOut;
use gate_protocol::{Instant, Passage, State};

/// A closing door.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Closing {
    /// How often it has met something.
    pub(crate) met: u8,
    /// Until when it stays open again.
    pub(crate) open_until: Option<Instant>,
}

/// Where the lane is in its round. [`State`] is what the host sees of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Stage {
    Secure,
    Idle,
    EntryOpen {
        until: Instant,
        /// Opened by a permit rather than by [`gate_protocol::Mode::WalkIn`].
        by_permit: bool,
    },
    EntryClosing(Closing),
    Occupied,
    Several,
    ExitOpen {
        until: Instant,
        /// From when on whoever is still inside is warned.
        warned: Instant,
        way: WayOut,
    },
    ExitClosing {
        closing: Closing,
        way: WayOut,
    },
    Returning,
    LeftObject,
    Emergency,
    Trouble,
    PowerFail,
    Tamper,
    Service,
}

impl Stage {
    pub(crate) const fn entry_closing() -> Self {
        Self::EntryClosing(Closing {
            met: 0,
            open_until: None,
        })
    }

    pub(crate) const fn exit_closing(way: WayOut) -> Self {
        Self::ExitClosing {
            closing: Closing {
                met: 0,
                open_until: None,
            },
            way,
        }
    }

    pub(crate) const fn state(self) -> State {
        match self {
            Self::Secure => State::Secure,
            Self::Idle => State::Idle,
            Self::EntryOpen { .. } => State::EntryOpen,
            Self::EntryClosing(_) => State::EntryClosing,
            Self::Occupied => State::Occupied,
            Self::Several => State::Several,
            Self::ExitOpen { .. } => State::ExitOpen,
            Self::ExitClosing { .. } => State::ExitClosing,
            Self::Returning => State::Returning,
            Self::LeftObject => State::LeftObject,
            Self::Emergency => State::Emergency,
            Self::Trouble => State::Trouble,
            Self::PowerFail => State::PowerFail,
            Self::Tamper => State::Tamper,
            Self::Service => State::Service,
        }
    }
}

/// Who is inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Occupant {
    pub(crate) passage: Passage,
    /// Only a thing is left of the person.
    pub(crate) thing: bool,
}
