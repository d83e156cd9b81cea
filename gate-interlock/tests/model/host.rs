//! A host that may say anything at any moment, and a link that loses, delays and repeats.

use crate::lane::{NEWEST, TICK};
use gate_protocol::pins::Output;
use gate_protocol::{Door, Lock, Mode, Passage, Shape, Sign, Site, ToController, WaysOut};

/// What the link says about the host's lease.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Lease {
    /// Nothing held.
    #[default]
    Lost,
    Held,
    /// The link itself hangs and says nothing at all.
    Unheard,
}

/// Whose passage number a command carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Whose {
    /// The number given last: the right one if somebody is inside.
    Newest,
    Previous,
    NotYetGiven,
    /// 0.
    Nobody,
}

impl Whose {
    const ALL: [Self; 4] = [
        Self::Newest,
        Self::Previous,
        Self::NotYetGiven,
        Self::Nobody,
    ];

    const fn passage(self) -> Passage {
        match self {
            Self::Newest => NEWEST,
            Self::Previous => NEWEST - 1,
            Self::NotYetGiven => NEWEST + 1,
            Self::Nobody => 0,
        }
    }
}

/// Something that reaches the interlock, or is put on its way to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Word {
    Nothing,
    Lease(Lease),
    /// A host says hello.
    Session,
    Mode(Mode),
    Show(Sign),
    /// Leave to release a door for so many ticks.
    Permit(Door, u8, Whose),
    /// Leave to go that ends before a leaf can follow it.
    Glimpse,
    SendBack(Whose),
    /// Drives one output by hand for a tick.
    Force(Output, bool),
    Withdraw,
    ClearAlarm,
    /// Sets the ways out of all dangers.
    Configure(WaysOut, Lock),
    /// A site with a time out of its bounds.
    ConfigureWrongly,
    /// A site of a gate that is built so.
    Rebuild(Shape, Lock),
    /// An honest host lets out whom it sees; the permit is on its way.
    Decides,
    /// The permit on its way arrives; the link may bring it again.
    Arrives,
}

impl Word {
    /// As the interlock hears it, given the passage of the permit on its way; nothing if the link keeps it to itself.
    pub(crate) fn asked(self, on_its_way: Option<Passage>) -> Option<ToController> {
        Some(match self {
            Self::Nothing | Self::Lease(_) | Self::Session | Self::Decides => return None,
            Self::Mode(mode) => ToController::SetMode { mode },
            Self::Show(sign) => ToController::Show { sign },
            Self::Permit(door, ticks, whose) => permit(door, ticks, whose.passage()),
            Self::Glimpse => ToController::Permit {
                door: Door::Exit,
                for_ms: 50,
                passage: NEWEST,
            },
            Self::SendBack(whose) => ToController::SendBack {
                passage: whose.passage(),
            },
            Self::Force(output, on) => ToController::Force {
                output: output as u8,
                on,
                for_ms: ms(1),
            },
            Self::Withdraw => ToController::Withdraw,
            Self::ClearAlarm => ToController::ClearAlarm,
            Self::Configure(ways, exit_lock) => ToController::Configure {
                site: Site {
                    on_fire: ways,
                    on_emergency_stop: ways,
                    on_power_loss: ways,
                    exit_lock,
                    ..Site::DEFAULT
                },
            },
            Self::ConfigureWrongly => {
                let mut site = Site {
                    on_fire: WaysOut::ExitOnly,
                    ..Site::DEFAULT
                };
                site.timings.decide = u32::MAX;
                ToController::Configure { site }
            }
            Self::Rebuild(shape, exit_lock) => ToController::Configure {
                site: Site {
                    shape,
                    exit_lock,
                    ..Site::DEFAULT
                },
            },
            Self::Arrives => permit(Door::Exit, LONG, on_its_way?),
        })
    }
}

/// The longest time of a permit that is good, in ticks.
const LONG: u8 = 2;

fn ms(ticks: u8) -> u16 {
    u16::from(ticks) * u16::try_from(TICK.as_millis()).expect("a tick is short")
}

pub(crate) fn permit(door: Door, ticks: u8, passage: Passage) -> ToController {
    ToController::Permit {
        door,
        for_ms: ms(ticks),
        passage,
    }
}

/// Leave to go for whoever is inside.
pub(crate) const fn right_permit() -> Word {
    Word::Permit(Door::Exit, LONG, Whose::Newest)
}

/// A site for every way in which a gate may be built.
pub(crate) const REBUILDS: [Word; 4] = [
    Word::Rebuild(Shape::TwoDoors, Lock::FailSafe),
    Word::Rebuild(Shape::TwoDoors, Lock::FailSecure),
    Word::Rebuild(Shape::Turnstile, Lock::FailSafe),
    Word::Rebuild(Shape::Turnstile, Lock::FailSecure),
];

/// Everything that a hostile host can say.
///
/// It covers a link that loses, delays, reorders and repeats what an honest one says: whatever
/// arrives through such a link, this host can say at that moment.
pub(crate) fn hostile() -> Vec<Word> {
    let mut words = vec![
        Word::Nothing,
        Word::Session,
        Word::Withdraw,
        Word::ClearAlarm,
        Word::Glimpse,
    ];
    words.extend([Lease::Lost, Lease::Held, Lease::Unheard].map(Word::Lease));
    words.extend([Mode::Closed, Mode::WalkIn, Mode::OnPermit].map(Word::Mode));
    words.extend([Sign::Closed, Sign::Go].map(Word::Show));
    words.extend(REBUILDS);
    for whose in Whose::ALL {
        words.push(Word::SendBack(whose));
        for door in [Door::Entry, Door::Exit] {
            words.extend([0, 1, LONG, LONG + 1].map(|ticks| Word::Permit(door, ticks, whose)));
        }
    }
    words
}

/// What moves anything, of all that a hostile host can say: for searches in which the world can do
/// more.
pub(crate) fn effective() -> Vec<Word> {
    vec![
        Word::Nothing,
        Word::Lease(Lease::Lost),
        Word::Lease(Lease::Held),
        Word::Mode(Mode::Closed),
        Word::Mode(Mode::WalkIn),
        Word::Permit(Door::Exit, LONG, Whose::Newest),
        Word::Permit(Door::Exit, LONG, Whose::Previous),
        Word::SendBack(Whose::Newest),
        Word::Withdraw,
        Word::ClearAlarm,
    ]
}

/// What lets one after the other through: so few words that a search gets far.
pub(crate) fn letting_through() -> Vec<Word> {
    vec![
        Word::Nothing,
        Word::Lease(Lease::Held),
        Word::Mode(Mode::WalkIn),
        right_permit(),
        Word::Withdraw,
    ]
}

/// What moves anything while somebody leaves.
pub(crate) fn leaving() -> Vec<Word> {
    vec![
        Word::Nothing,
        Word::Lease(Lease::Lost),
        Word::Lease(Lease::Held),
        Word::Permit(Door::Exit, LONG, Whose::Newest),
        Word::Withdraw,
    ]
}

/// What moves anything, and a hand on the buttons of the service.
pub(crate) fn forcing() -> Vec<Word> {
    let mut words = effective();
    for output in [
        Output::EntryDrive,
        Output::EntryHold,
        Output::ExitDrive,
        Output::ExitHold,
        Output::ExitRelease,
    ] {
        words.extend([false, true].map(|on| Word::Force(output, on)));
    }
    words
}

/// What moves anything, and every site that a hostile host may try, on a lane with this lock.
pub(crate) fn configuring(lock: Lock) -> Vec<Word> {
    let mut words = effective();
    for ways in [WaysOut::Both, WaysOut::EntryOnly, WaysOut::ExitOnly] {
        words.push(Word::Configure(ways, lock));
    }
    words.push(Word::ConfigureWrongly);
    words.extend(REBUILDS);
    words
}

/// What an honest host can say, over a link that loses, delays and repeats its permits.
pub(crate) fn honest() -> Vec<Word> {
    vec![
        Word::Nothing,
        Word::Lease(Lease::Lost),
        Word::Lease(Lease::Held),
        Word::Mode(Mode::WalkIn),
        Word::SendBack(Whose::Newest),
        Word::ClearAlarm,
        Word::Decides,
        Word::Arrives,
    ]
}
