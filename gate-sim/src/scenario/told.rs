//! What a rig tells of the lane, in the same words whatever the lane is made of.

use gate_protocol::State;
use gate_session::{Left, Outcome, Screen};
use std::fmt::{self, Display, Formatter};

/// Something that could be observed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// The traveller's screen changed.
    Screen(Screen),
    /// The controller does something else.
    Controller(State),
    /// The gate's decision about this traveller number is in the journal.
    Decided(u64, Outcome),
    /// An officer's decision is in the journal.
    OfficerDecided(u64, Outcome),
    /// The traveller has left, and the journal says how.
    Left(u64, Left),
}

/// The word for an outcome: `cleared`, `referred: face-mismatch`.
pub(super) fn outcome_word(outcome: Outcome) -> String {
    match outcome.reason() {
        None => outcome.word().to_owned(),
        Some(reason) => format!("{}: {reason}", outcome.word()),
    }
}

/// The word for how somebody left.
pub(super) const fn left_word(left: Left) -> &'static str {
    match left {
        Left::ThroughExit => "through-exit",
        Left::ThroughEntry => "through-entry",
        Left::NeverEntered => "never-entered",
        Left::Unknown => "unknown",
    }
}

/// The word for a screen, whatever its hint.
pub(super) const fn screen_word(screen: Screen) -> &'static str {
    match screen {
        Screen::OutOfService => "out-of-service",
        Screen::Welcome => "welcome",
        Screen::StepIn => "step-in",
        Screen::PlaceDocument { .. } => "place-document",
        Screen::KeepDocument { .. } => "keep-document",
        Screen::LookHere { .. } => "look-here",
        Screen::OneMoment => "one-moment",
        Screen::Go => "go",
        Screen::OfficerComing => "officer-coming",
        Screen::StepBack => "step-back",
        Screen::OnePerson => "one-person",
        Screen::Emergency => "emergency",
        Screen::ShowPermit { .. } => "show-permit",
    }
}

impl Display for Told {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Screen(screen) => write!(f, "screen {}", screen_word(*screen)),
            Self::Controller(state) => write!(f, "controller {state}"),
            Self::Decided(traveller, outcome) => {
                write!(f, "gate decides {traveller} {}", outcome_word(*outcome))
            }
            Self::OfficerDecided(traveller, outcome) => {
                write!(f, "officer decides {traveller} {}", outcome_word(*outcome))
            }
            Self::Left(traveller, left) => write!(f, "left {traveller} {}", left_word(*left)),
        }
    }
}
