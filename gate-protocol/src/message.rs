//! What the two ends say.
//!
//! Both enums are append-only: within a wire version a variant keeps its number, its fields and
//! their order, and new ones stand at the end. `Hello` keeps them for ever. The bytes are postcard's
//! and are frozen in `tests/frozen/`.
//!
//! | number | host → controller | controller → host |
//! | --- | --- | --- |
//! | 0 | `Hello` | `Hello` |
//! | 1 | `Heartbeat` | `Done` |
//! | 2 | `EventSeen` | `Status` |
//! | 3 | `Permit` | `Event` |
//! | 4 | `Withdraw` | `Site` |
//! | 5 | `SendBack` | `Health` |
//! | 6 | `SetMode` | `LastFailure` |
//! | 7 | `Show` | `Update` |
//! | 8 | `ClearAlarm` | `Warning` |
//! | 9 | `Configure` | |
//! | 10 | `ReadSite` | |
//! | 11 | `Force` | |
//! | 12 | `ReadHealth` | |
//! | 13 | `Update` | |
//!
//! The host asks and the controller decides: a `Permit` is leave to open a door, never an order.

use serde::{Deserialize, Serialize};

use crate::health::{Failure, Health};
use crate::site::{NoSite, Site};
use crate::update::{UpdateReport, UpdateRequest};

/// Number that the controller gives to each person (or group) it finds in the lane.
///
/// A permit for the way out must name it, so that a permit for one traveller cannot be used by the
/// next. It rises by one for each entry and starts at 1 after a reset; 0 means "nobody".
pub type Passage = u32;

/// Number of a command. The controller answers a repeated number from its memory and does nothing.
pub type CommandNumber = u32;

/// One of the two doors of the lane. A turnstile has no doors but two ways to turn; each is called
/// after the door at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Door {
    /// The door through which travellers come in (door A).
    Entry,
    /// The door that leads across the border (door B).
    Exit,
}

impl Door {
    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Entry => Self::Exit,
            Self::Exit => Self::Entry,
        }
    }
}

/// How the lane is offered to travellers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Mode {
    /// Both doors locked, nobody is let in. The state after every reset.
    #[default]
    Closed,
    /// The entry stands open while the lane is empty, closes behind whoever comes in.
    WalkIn,
    /// The entry opens only with a permit of its own. A turnstile turns only with a permit.
    OnPermit,
    /// A turnstile turns freely this way, and counts. Other gates refuse it.
    Free(Door),
    /// A turnstile is locked against everything but fire, emergency and loss of power, the service
    /// key included. Other gates refuse it.
    Blocked,
}

/// What the lamps at the lane's two ends say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Sign {
    /// All lamps off.
    #[default]
    Dark,
    /// Lane closed: red at the entry.
    Closed,
    /// Lane free: green at the entry.
    Welcome,
    /// Somebody is being served: red at the entry.
    Busy,
    /// The way out is open: green at the exit.
    Go,
    /// An officer is coming: amber at both ends.
    Help,
}

/// Host → controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToController {
    /// Says which wire versions the host speaks, in clear: the beginning of [`crate::hello`].
    Hello {
        /// Lowest wire version the host speaks.
        wire_min: u8,
        /// Highest wire version the host speaks.
        wire_max: u8,
    },
    /// Prolongs the lease. When the lease lapses, permits die and nobody new is let in.
    Heartbeat {
        /// How long the controller may go on believing in the host, in milliseconds. At most
        /// 2,000 are granted.
        lease_ms: u16,
        /// The host's own clock in milliseconds, from anywhere; wraps after 49.7 days. The next
        /// status says it again: see [`ToHost::Status`].
        at_ms: u32,
    },
    /// The host has stored event `number` and all before it: the controller may forget them.
    EventSeen {
        /// Number of the newest event that the host has.
        number: u32,
    },
    /// Leave to release a door once.
    Permit {
        /// Which door.
        door: Door,
        /// How long the leave stays good, in milliseconds. At most 30,000.
        for_ms: u16,
        /// For [`Door::Exit`] the passage that may leave; for [`Door::Entry`] 0. At a turnstile, for
        /// both ways, the number of the next turn, which its status shows.
        passage: Passage,
    },
    /// Takes back every permit that has not been used. A door that is open closes when it is safe.
    Withdraw,
    /// Lets the person inside go back through the entry.
    SendBack {
        /// Who is sent back.
        passage: Passage,
    },
    /// How the lane is offered from now on.
    SetMode {
        /// The new mode.
        mode: Mode,
    },
    /// What the lamps say.
    Show {
        /// The sign to show.
        sign: Sign,
    },
    /// An officer has looked at the lane and its alarm or trouble may end, if the inputs agree.
    ClearAlarm,
    /// The site from now on. Taken while the lane is closed, idle and empty; always by a controller
    /// without a site, which drives nothing; one with another shape or exit lock only with the
    /// cabinet open and the service key turned ([`Refusal::Wiring`]).
    Configure {
        /// The site. A time out of its bounds refuses the whole of it.
        site: Site,
    },
    /// Asks for the site that the controller obeys. Answered with `Done` and `Site`, or refused
    /// where there is none.
    ReadSite,
    /// Drives one output by hand, in [`State::Service`] only, one door at a time.
    Force {
        /// Bit of the output: see [`crate::pins::Output`]. The watchdog's is nobody's.
        output: u8,
        /// High or low.
        on: bool,
        /// For how long, in milliseconds, 1 to 1,000: whoever holds the button repeats it.
        for_ms: u16,
    },
    /// Asks for [`ToHost::Health`], which comes before the answer.
    ReadHealth,
    /// A step of a firmware update: see [`crate::update`].
    Update(UpdateRequest),
}

/// Controller → host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ToHost {
    /// Answers the host's `Hello`, and is sent unasked while there is no session. In clear: the
    /// beginning of [`crate::hello`].
    Hello {
        /// Lowest wire version the controller speaks.
        wire_min: u8,
        /// Highest wire version the controller speaks.
        wire_max: u8,
        /// Firmware version as major, minor, patch.
        firmware: [u8; 3],
        /// Which board the firmware was built for.
        board: Board,
        /// Why the controller last started.
        reset: ResetCause,
        /// Milliseconds since the controller started.
        uptime_ms: u32,
    },
    /// Answers a command.
    Done {
        /// Number of the command answered.
        command: CommandNumber,
        /// What became of it.
        answer: Answer,
    },
    /// State of the lane: five times a second and on every change.
    Status {
        /// Milliseconds since the controller started; wraps after 49.7 days.
        uptime_ms: u32,
        /// What the controller is doing.
        state: State,
        /// Debounced inputs, one bit each: see [`crate::pins::Input`].
        inputs: u32,
        /// Outputs as driven, one bit each: see [`crate::pins::Output`].
        outputs: u32,
        /// Who is in the lane, 0 if nobody. At a turnstile the turn that is permitted, under way or
        /// next; 0 if none can be.
        passage: Passage,
        /// Number of the newest event.
        newest_event: u32,
        /// What the newest heartbeat said of the host's clock: how old this status is at most.
        heartbeat_ms: u32,
    },
    /// Something happened. Sent again until the host says `EventSeen`.
    Event {
        /// Counts up by one, from 1 after a reset. A number that never comes belongs to an event
        /// that the controller had no room to keep: the host was away for too long.
        number: u32,
        /// When it happened, in milliseconds since the controller started.
        uptime_ms: u32,
        /// What happened.
        event: Event,
    },
    /// Answers `ReadSite`.
    Site {
        /// The site that the controller obeys.
        site: Site,
    },
    /// How the controller fares. Sent when asked for.
    Health {
        /// All of it.
        health: Health,
    },
    /// How the firmware ended before its last start. Sent once in each session, and only if it did
    /// not end by a power cut or by somebody's wish.
    LastFailure {
        /// All of it.
        failure: Failure,
    },
    /// How the controller stands with an update: see [`crate::update`].
    Update(UpdateReport),
    /// Something that makes this controller unfit for people. Said in each session, and again with
    /// each `Health`.
    Warning(Warning),
}

/// What makes a controller unfit for people, however well it works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Warning {
    /// It takes updates that are signed with the published test key, from anybody. Build its
    /// firmware and boot loader with a key of one's own.
    PublishedUpdateKey,
    /// Its fast clock has not started: it serves the lane at a fifth of its speed, may lose bytes from
    /// the line, and is without its lease while it shakes hands. Replace the board.
    SlowClock,
}

/// Board that the firmware runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Board {
    /// STM32 Nucleo-L476RG and register-compatible boards.
    NucleoL476rg,
    /// No board at all: the interlock inside a simulation.
    Simulated,
}

/// Why the controller started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ResetCause {
    /// Power came on.
    PowerOn,
    /// The reset button or line.
    Pin,
    /// The firmware asked for it.
    Software,
    /// A watchdog ran out.
    Watchdog,
    /// None of the causes above was recorded.
    Unknown,
}

/// What became of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Answer {
    /// Taken.
    Accepted,
    /// Not taken, and why.
    Refused(Refusal),
}

/// Why the controller did not take a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Refusal {
    /// No session: say `Hello` first.
    NoSession,
    /// The lease has lapsed: send a heartbeat first.
    NoLease,
    /// The permit names a passage that is not in the lane (any more).
    WrongPassage,
    /// The lane is not in a state in which this can be done.
    WrongState,
    /// The other door is not closed.
    OtherDoorOpen,
    /// The unicity sensor does not say "exactly one person".
    NotSingle,
    /// The lane is not empty.
    NotEmpty,
    /// An emergency, an alarm or a fault stands.
    Alarm,
    /// A time or an output in the command lies outside its limits.
    OutOfRange,
    /// A gate of this shape has no such thing.
    NotThisShape,
    /// The controller could not keep it over a power cut and goes by it only until the next: its
    /// flash is worn out. Change the board.
    NotKept,
    /// The controller has no site and drives nothing: `Configure` it.
    NoSite,
    /// Another shape or exit lock than the gate has is taken only from whoever stands there: the
    /// service key turned, the cabinet open, and neither fire nor emergency stop.
    Wiring,
    /// It is done again only after a minute: each time wears the flash out a little.
    TooOften,
}

/// What the controller is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum State {
    /// No host session or no lease: both doors locked, nobody inside.
    #[default]
    Secure,
    /// Both doors closed and locked, nobody inside.
    Idle,
    /// The entry is released.
    EntryOpen,
    /// The entry is closing.
    EntryClosing,
    /// One person is inside, both doors locked, passage number given.
    Occupied,
    /// More than one person, or a person and a thing, came in.
    Several,
    /// The exit is released.
    ExitOpen,
    /// The exit is closing.
    ExitClosing,
    /// The entry is released so that the person inside can go back.
    Returning,
    /// Nobody passed but something was left in the lane.
    LeftObject,
    /// Fire or emergency: the way out is released.
    Emergency,
    /// Inputs contradict each other, a door was forced, a drive failed: no motion.
    Trouble,
    /// Mains lost, nobody is let in: the doors stand as the site wants them on battery.
    PowerFail,
    /// The cabinet was opened: both doors locked, whoever is inside may go back.
    Tamper,
    /// The service key is turned: doors move by hand only.
    Service,
    /// Turnstile: locked by the host against all but fire, emergency and loss of power.
    Blocked,
    /// Turnstile: turns freely one way.
    Free,
    /// Turnstile: unlocked one way for one person, who has not begun to turn it.
    Armed,
    /// Turnstile: somebody turns it.
    Turning,
    /// Turnstile: stands away from its rest for too long, free to turn on or back.
    Obstructed,
    /// The controller does not know what hangs on its pins, and why: every output is off until it
    /// takes a site.
    NoSite(NoSite),
}

/// Something that happened in the lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Event {
    /// The controller started.
    Started,
    /// Somebody stands before the entry.
    Approached,
    /// Whoever stood before the entry went away without coming in.
    WentAway,
    /// One person is inside and the entry is closed.
    Entered(Passage),
    /// More than one person, or a person and a thing, are inside.
    SeveralEntered(Passage),
    /// The exit is released for this passage.
    ExitReleased(Passage),
    /// The person has left through the exit and the lane is empty.
    Passed(Passage),
    /// The exit was open but the person stayed; it has been closed again.
    DidNotLeave(Passage),
    /// The entry is released so that the person can go back.
    ReturnReleased(Passage),
    /// The person has gone back through the entry and the lane is empty.
    WentBack(Passage),
    /// The lane is empty of people but a thing lies in it.
    ObjectLeft(Passage),
    /// The thing was removed.
    ObjectRemoved(Passage),
    /// Somebody came in through the exit.
    WrongWay,
    /// A door left its closed position without having been released.
    Forced(Door),
    /// A door stands open longer than it may.
    HeldOpen(Door),
    /// A closing door met something and opened again.
    Obstructed(Door),
    /// Fire or emergency began.
    EmergencyBegan,
    /// Fire and emergency inputs are normal again and the alarm was cleared.
    EmergencyEnded,
    /// Inputs contradict each other or a door does not obey.
    Trouble(Fault),
    /// Trouble was cleared.
    TroubleCleared,
    /// The host fell silent and its lease lapsed.
    LeaseLapsed,
    /// What goes on in the lane has cut this passage short: nobody knows where the person is.
    Abandoned(Passage),
    /// The mains are lost, the lane runs on battery.
    MainsLost,
    /// The mains are back for good.
    MainsReturned,
    /// The battery is low.
    BatteryLow,
    /// The cabinet was opened without the service key.
    TamperBegan,
    /// The cabinet is closed and an officer or the service key has cleared it.
    TamperEnded,
    /// The service key was turned on.
    ServiceBegan,
    /// The service key was turned off.
    ServiceEnded,
    /// More than one person went through the turnstile on this permit.
    Tailgated(Passage),
    /// Frames keep coming whose CRC is right and whose seal is wrong, or that have come before:
    /// somebody writes on the line, or has the wrong key. How many such frames since the start.
    Tampering(u32),
    /// Somebody with the cabinet open has held the pairing button: a host with the label's code
    /// may pair now.
    PairingOpened,
    /// The time for pairing is over.
    PairingClosed,
    /// The controller is paired with a host, and with no other any more.
    Paired,
}

/// What is wrong with the lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Fault {
    /// A door's contacts say open and closed at once.
    DoorContacts(Door),
    /// The unicity sensor says empty and single at once.
    UnicitySensor,
    /// A door does not reach the position it was told to.
    DoorStuck(Door),
    /// A door was forced open.
    DoorForced(Door),
    /// A pin does not follow what it is driven to.
    Output,
    /// The two channels of the emergency stop contradict each other: one of them is broken.
    EmergencyStopChannels,
    /// A door's drive says that it has failed.
    Drive,
    /// Home switch, hub sensor and beams of a turnstile contradict each other.
    ArmSensors,
}
