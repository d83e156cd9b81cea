//! What a hostile host may say to a turnstile.

use super::{NEWEST, TICK};
use crate::host::Lease;
use gate_protocol::pins::Output;
use gate_protocol::{Door, Lock, Mode, Passage, Shape, Site, ToController, WaysOut};

/// The longest time of a permit that is good, in ticks.
const LONG: u8 = 2;

/// Something that reaches the turnstile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Word {
    Nothing,
    Lease(Lease),
    /// A host says hello.
    Session,
    Mode(Mode),
    /// Leave to turn the arm, for so many ticks, under a number.
    Permit(Door, u8, Passage),
    SendBack,
    /// Drives one output by hand for a tick.
    Force(Output, bool),
    Withdraw,
    ClearAlarm,
    /// Sets the ways out of all dangers.
    Configure(WaysOut),
    /// A site with a time out of its bounds.
    ConfigureWrongly,
    /// A site of a gate that is built so.
    Rebuild(Shape, Lock),
}

impl Word {
    pub(crate) fn asked(self) -> Option<ToController> {
        Some(match self {
            Self::Nothing | Self::Lease(_) | Self::Session => return None,
            Self::Mode(mode) => ToController::SetMode { mode },
            Self::Permit(door, ticks, passage) => ToController::Permit {
                door,
                for_ms: ms(ticks),
                passage,
            },
            Self::SendBack => ToController::SendBack { passage: NEWEST },
            Self::Force(output, on) => ToController::Force {
                output: output as u8,
                on,
                for_ms: ms(1),
            },
            Self::Withdraw => ToController::Withdraw,
            Self::ClearAlarm => ToController::ClearAlarm,
            Self::Configure(ways) => ToController::Configure { site: site(ways) },
            Self::ConfigureWrongly => {
                let mut site = site(WaysOut::ExitOnly);
                site.timings.turning = u32::MAX;
                ToController::Configure { site }
            }
            Self::Rebuild(shape, exit_lock) => ToController::Configure {
                site: Site {
                    shape,
                    exit_lock,
                    ..site(WaysOut::Both)
                },
            },
        })
    }
}

/// Leave for the next turn towards the exit.
pub(crate) const fn right_permit() -> Word {
    Word::Permit(Door::Exit, LONG, NEWEST + 1)
}

/// A turnstile whose dangers all open these ways.
pub(crate) fn site(ways: WaysOut) -> Site {
    Site {
        shape: Shape::Turnstile,
        on_fire: ways,
        on_emergency_stop: ways,
        on_power_loss: ways,
        ..Site::DEFAULT
    }
}

fn ms(ticks: u8) -> u16 {
    u16::from(ticks) * u16::try_from(TICK.as_millis()).expect("a tick is short")
}

/// Everything that a hostile host can say.
pub(crate) fn hostile() -> Vec<Word> {
    let mut words = effective();
    words.extend([
        Word::Session,
        Word::SendBack,
        Word::Lease(Lease::Unheard),
        Word::Mode(Mode::WalkIn),
        Word::ConfigureWrongly,
        Word::Rebuild(Shape::TwoDoors, Lock::FailSafe),
        Word::Rebuild(Shape::TwoDoors, Lock::FailSecure),
        Word::Rebuild(Shape::Turnstile, Lock::FailSecure),
    ]);
    for door in [Door::Entry, Door::Exit] {
        words.extend([0, 1, LONG + 1].map(|ticks| Word::Permit(door, ticks, NEWEST + 1)));
        let wrong = [0, NEWEST, NEWEST + 2].into_iter();
        words.extend(wrong.map(|passage| Word::Permit(door, LONG, passage)));
    }
    words.extend([WaysOut::Both, WaysOut::EntryOnly].map(Word::Configure));
    words
}

/// What moves anything, of all that a hostile host can say.
pub(crate) fn effective() -> Vec<Word> {
    vec![
        Word::Nothing,
        Word::Lease(Lease::Lost),
        Word::Lease(Lease::Held),
        Word::Mode(Mode::Closed),
        Word::Mode(Mode::OnPermit),
        Word::Mode(Mode::Blocked),
        Word::Mode(Mode::Free(Door::Entry)),
        Word::Mode(Mode::Free(Door::Exit)),
        Word::Permit(Door::Entry, LONG, NEWEST + 1),
        Word::Permit(Door::Exit, LONG, NEWEST + 1),
        Word::Withdraw,
        Word::ClearAlarm,
    ]
}

/// The same, and a hand on the buttons of the service.
pub(crate) fn forcing() -> Vec<Word> {
    let mut words = effective();
    for output in [Output::EntryHold, Output::ExitHold, Output::EntryRelease] {
        words.extend([false, true].map(|on| Word::Force(output, on)));
    }
    words
}
