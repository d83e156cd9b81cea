//! Both ends of the link between host and gate controller.
//!
//! Neither end does I/O nor knows what time it is. Whoever owns one feeds it all bytes that came
//! in and then empties it, in this order: an owner that was busy must not take its own delay for
//! the peer's silence.
//!
//! ```text
//! link.receive(now, bytes);
//! loop {
//!     match link.next(now) {
//!         Next::Deliver(delivery) => …             // tell the owner's own logic
//!         Next::Transmit(wire) => …                // write the bytes to the line
//!         Next::Wait(deadline) => break deadline,  // sleep until then or until bytes come
//!     }
//! }
//! ```
//!
//! The rules that both ends keep:
//!
//! - The host opens a **session** with a handshake in two `Hello` frames, in which both ends prove
//!   that they are paired with each other. All else is sealed under the session's keys. Nothing
//!   outlives a session: a command that was not answered before its end is reported as lost and is
//!   never sent again by itself.
//! - A `Hello` alone ends nothing. The controller keeps its session until a sealed frame of a newer
//!   one has come; the host keeps its own as long as sealed frames come.
//! - **Commands** go one at a time. The host repeats one that is not answered; the controller does
//!   a number once and answers a repetition from its memory.
//! - **Events** go one at a time. The controller repeats one until the host says `EventSeen`; the
//!   host delivers it once. Events do outlive sessions.
//! - The **lease** lets the controller believe in the host for a while. **Status** lets the host
//!   believe in the controller.
//! - A session begins with its first heartbeat and dies with its lease.
//! - Nothing that is held back on the line gets better with time. Each frame of the host names the
//!   newest **status** that it knows: the controller takes none that goes by what it told longer than
//!   [`KNOWN_FOR`] ago, and the lease of a heartbeat runs from that status on. Each status names the
//!   newest heartbeat that the controller knows: the host gives up one that has not heard it for
//!   [`UNHEARD_AFTER`]. So whoever hoards frames gets no longer lease for them, and a command that
//!   the host was told is [lost](host::Delivery::Lost) is not begun any more.

#[cfg(feature = "controller")]
pub mod controller;
pub mod host;
#[cfg(feature = "seal")]
mod suspicion;

use core::time::Duration;

#[cfg(feature = "seal")]
use crate::body::BodyError;
use crate::frame::{FrameStatistics, Wire};
use crate::message::CommandNumber;
#[cfg(feature = "seal")]
use crate::seal::NotTaken;
use crate::time::Instant;

/// How often the host says `Heartbeat`.
pub const HEARTBEAT_EVERY: Duration = Duration::from_millis(200);
/// Lease that each heartbeat asks for: four may be lost before the fifth is missed.
pub const LEASE: Duration = Duration::from_millis(1_000);
/// Longest lease that the controller grants, whatever the host asks for.
pub const LEASE_MAX: Duration = Duration::from_millis(2_000);
/// How long what the controller has told stays a ground for what the host says: two lost statuses
/// and the way there and back.
pub const KNOWN_FOR: Duration = Duration::from_millis(600);
/// How much longer the host waits than [`KNOWN_FOR`] before it calls a command lost: the two clocks
/// do not run quite alike.
pub const KNOWN_SLACK: Duration = Duration::from_millis(50);
/// How old the newest heartbeat that a status names may be before the host gives the session up.
pub const UNHEARD_AFTER: Duration = LEASE;
/// How long the host waits for an answer before it sends a command again.
pub const RETRY_AFTER: Duration = Duration::from_millis(100);
/// How many times a command is sent again before the session is given up.
pub const REPEATS: u32 = 3;
/// How often the host says `Hello` until it is answered.
pub const HELLO_EVERY: Duration = Duration::from_millis(200);
/// How often a controller without a session says `Hello` unasked.
pub const GREETING_EVERY: Duration = Duration::from_millis(200);
/// Least time between two answers in clear of the controller: whoever floods it with greetings must
/// not fill the line back to the host.
pub const ANSWER_GAP: Duration = Duration::from_millis(50);
/// Least time between two handshakes at the controller: one takes 0.1 s of its processor, and
/// anybody on the line can ask for one.
pub const HANDSHAKE_GAP: Duration = Duration::from_millis(500);
/// How long the host waits before it calls a controller again that has turned it away.
pub const TURNED_AWAY_FOR: Duration = Duration::from_millis(1_000);
/// How long the host waits for a sealed frame after somebody in clear has said that the controller
/// has no session: longer than [`STATUS_EVERY`].
pub const DOUBT: Duration = Duration::from_millis(300);
/// How often the controller sends `Status` when nothing changes.
pub const STATUS_EVERY: Duration = Duration::from_millis(200);
/// Least time between two `Status` frames: an input that chatters must not fill the line.
pub const STATUS_GAP: Duration = Duration::from_millis(20);
/// How often the controller sends an event again.
pub const EVENT_EVERY: Duration = Duration::from_millis(200);
/// How long the host waits for events that statuses name, with none coming, before it takes them for
/// lost: the controller sends each that waits five times in that time.
pub const EVENTS_LATE: Duration = Duration::from_millis(1_000);
/// How long the host goes without a `Status` before it calls the controller silent.
pub const SILENT_AFTER: Duration = Duration::from_millis(600);

/// What the owner of a link end does next.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "without a heap the bytes have to lie somewhere, and they are written out at once"
)]
pub enum Next<Delivery> {
    /// Something for the owner to act on. Then ask again.
    Deliver(Delivery),
    /// Bytes for the line. Then ask again. They may be thrown away if the line is stuffed: the
    /// link treats that as noise.
    Transmit(Wire),
    /// Nothing left to do: come back at this time, with bytes, or with something to send.
    Wait(Instant),
}

/// Why the link to the gate controller cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// No status in time. The controller has made the lane safe by itself, or has no power. The
    /// link keeps calling and recovers by itself; look at cable and supply if it does not.
    #[error("gate controller silent for {silent:?} (limit {limit:?})")]
    Silent {
        /// Time since the last status, or since the link was started.
        silent: Duration,
        /// Time that is allowed.
        limit: Duration,
    },
    /// Flash the controller or update the daemon.
    #[error("gate controller speaks wire version {found}, this host needs {min} to {max}")]
    Version {
        /// Highest version that the controller speaks.
        found: u8,
        /// Lowest version that this host speaks.
        min: u8,
        /// Highest version that this host speaks.
        max: u8,
    },
    /// The controller sends its status but does not answer. The link starts a new session by
    /// itself; if this comes back, the line from host to controller is bad.
    #[error("gate controller left command {command} unanswered, sent {sent} times")]
    Unanswered {
        /// Number of the command.
        command: CommandNumber,
        /// How many times it was sent.
        sent: u32,
    },
    /// Statuses come, and show that the controller has not heard this host for long: the line from
    /// host to controller is cut, or somebody delays what is said on it. The link starts a new
    /// session by itself; if this comes back, look at the cable.
    #[error("gate controller has not heard this host for {unheard:?} (limit {limit:?})")]
    Unheard {
        /// Time since the heartbeat that the newest status names.
        unheard: Duration,
        /// Time that is allowed.
        limit: Duration,
    },
    /// Statuses come, and name events that do not. The controller threw them away for want of room,
    /// because the host was away for long; or somebody keeps them from the host. What happened in the
    /// lane is not known: the link starts a new session by itself; if this comes back, look at the
    /// cable.
    #[error("{missing} events of the gate controller have not come")]
    EventsMissing {
        /// How many.
        missing: u32,
    },
    /// The controller has forgotten the session: it was reset, its cabinet was opened, or another
    /// host was paired. The link starts a new one by itself.
    #[error("gate controller has forgotten the session")]
    Restarted,
    /// The controller has never been paired, or its memory was erased: pair it (`gate-host pair`).
    #[error("gate controller is not paired with any host")]
    Unpaired,
    /// Controller and host do not prove to each other that they are paired. Another board was put
    /// in, the key file is another gate's, or somebody else answers: look at the cable, then pair
    /// anew.
    #[error("gate controller and this host are not paired with each other")]
    Stranger,
    /// The controller lacks its source of random numbers or cannot store its counter of starts, so
    /// that its keys rest on a secret alone that somebody may have read: replace the board. Settings may allow it, for an emulated one.
    #[error("gate controller has only weak random numbers, this host needs strong ones")]
    WeakEntropy,
    /// The controller has neither random numbers nor a counter of its starts, and opens no session
    /// with anybody: replace the board. No setting allows it.
    #[error("gate controller has neither random numbers nor a counter, and opens no session")]
    NoEntropy,
    /// No session yet. Wait for [`host::Delivery::Connected`].
    #[error("gate controller has not answered yet")]
    Connecting,
    /// Too many commands wait for their turn. Wait for answers.
    #[error("{limit} commands are waiting already")]
    QueueFull {
        /// How many may wait.
        limit: usize,
    },
    /// `Hello`, `Heartbeat` and `EventSeen` are the link's own business.
    #[error("message is no command")]
    NotACommand,
}

/// What a link end has done and met since it was made. Every counter stops at its highest value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinkStatistics {
    /// What the line brought: good frames, discarded bytes, bad frames by cause.
    pub line: FrameStatistics,
    /// Frames sent.
    pub frames_sent: u32,
    /// Frames whose CRC is right and whose seal or handshake is wrong: tampering, or another key.
    pub forged: u32,
    /// Handshakes that were not even looked at, because one came shortly before.
    pub throttled: u32,
    /// Good frames with a body that is no message.
    pub bad_bodies: u32,
    /// Frames of a session that is not the present one, where that may be nobody's doing: at the
    /// controller while it has none, at the host always.
    pub stale: u32,
    /// Frames that are not newer than one received before. No noise does that and no end says a frame
    /// twice: somebody has recorded it, or held it back. At the controller frames of another session
    /// are among them while one is open, since its host has gone on and a line keeps its order.
    pub replayed: u32,
    /// Good frames of the host that came too late: it had not heard the controller for longer than
    /// [`KNOWN_FOR`] when they came. A line that loses much does this, and so does somebody who
    /// holds frames back.
    pub late: u32,
    /// Commands that had been received before, because an answer was lost.
    pub duplicates: u32,
    /// Good frames dropped because the owner had not emptied the link: the peer sends them again.
    pub unread: u32,
    /// Messages sent again for want of an answer.
    pub retries: u32,
    /// Sessions opened.
    pub sessions: u32,
    /// Events lost for want of room. At the controller: thrown away. At the host: missing in the
    /// numbers.
    pub events_lost: u32,
}

#[cfg(feature = "seal")]
impl LinkStatistics {
    const NONE: Self = Self {
        line: FrameStatistics::NONE,
        frames_sent: 0,
        forged: 0,
        throttled: 0,
        bad_bodies: 0,
        stale: 0,
        replayed: 0,
        late: 0,
        duplicates: 0,
        unread: 0,
        retries: 0,
        sessions: 0,
        events_lost: 0,
    };

    fn count_dropped(&mut self, reason: &Dropped) {
        count(match reason {
            Dropped::Forged => &mut self.forged,
            #[cfg(feature = "controller")]
            Dropped::Throttled => &mut self.throttled,
            Dropped::BadBody => &mut self.bad_bodies,
            Dropped::Stale => &mut self.stale,
            Dropped::Replayed => &mut self.replayed,
            #[cfg(feature = "controller")]
            Dropped::Late => &mut self.late,
            Dropped::Duplicate => &mut self.duplicates,
            Dropped::Unread => &mut self.unread,
        });
    }
}

#[cfg(feature = "seal")]
fn count(counter: &mut u32) {
    *counter = counter.saturating_add(1);
}

/// Why a frame was not acted upon.
#[cfg(feature = "seal")]
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dropped {
    Forged,
    #[cfg(feature = "controller")]
    Throttled,
    BadBody,
    Stale,
    Replayed,
    #[cfg(feature = "controller")]
    Late,
    Duplicate,
    Unread,
}

#[cfg(feature = "seal")]
impl Dropped {
    /// Whether somebody must have had a hand in it, if it comes again and again.
    const fn is_suspicious(self) -> bool {
        matches!(self, Self::Forged | Self::Replayed)
    }
}

#[cfg(feature = "seal")]
impl From<BodyError> for Dropped {
    fn from(_: BodyError) -> Self {
        Self::BadBody
    }
}

#[cfg(feature = "seal")]
impl From<NotTaken> for Dropped {
    fn from(reason: NotTaken) -> Self {
        match reason {
            NotTaken::Repeated => Self::Replayed,
            NotTaken::Forged => Self::Forged,
        }
    }
}
