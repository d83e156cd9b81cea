//! What the host's end tells its owner.

use crate::health::{Failure, Health};
use crate::hello::Entropy;
use crate::link::LinkError;
use crate::message::{Board, CommandNumber, Event, Passage, Refusal, ResetCause, State, Warning};
use crate::site::Site;
use crate::update::UpdateReport;

/// The controller as it says of itself when a session opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Controller {
    /// Firmware version as major, minor, patch.
    pub firmware: [u8; 3],
    /// Which board the firmware was built for.
    pub board: Board,
    /// Why it last started.
    pub reset: ResetCause,
    /// Milliseconds since it started.
    pub uptime_ms: u32,
    /// How often it has started in its life; 0 if it cannot count.
    pub boot: u32,
    /// How good its random numbers are.
    pub entropy: Entropy,
    /// Whether it has certainly started anew since this link last had a session with it.
    pub restarted: bool,
}

/// The lane as the controller sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// Milliseconds since the controller started; wraps after 49.7 days.
    pub uptime_ms: u32,
    /// What the controller is doing.
    pub state: State,
    /// Debounced inputs: see [`crate::pins::Input`].
    pub inputs: u32,
    /// Outputs as driven: see [`crate::pins::Output`].
    pub outputs: u32,
    /// Who is in the lane, 0 if nobody.
    pub passage: Passage,
    /// Number of the newest event.
    pub newest_event: u32,
}

/// Something that happened in the lane, delivered once and in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// The controller's number of the event; begins again at 1 when the controller starts anew.
    pub number: u32,
    /// When it happened, in milliseconds since the controller started.
    pub uptime_ms: u32,
    /// What happened.
    pub event: Event,
    /// How many events before this one the controller had to throw away: the host was away for
    /// too long.
    pub missing: u32,
}

/// What the link tells its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// A session is open, for the first time or again. The controller knows nothing of earlier
    /// sessions: set mode and sign anew.
    Connected(Controller),
    /// The session is lost, or none could be opened. Told once for each cause; the link goes on
    /// calling and says [`Delivery::Connected`] when it is back.
    Down(LinkError),
    /// The lane as it is now.
    Status(Status),
    /// Something happened. Store it before you call `next` again: that call lets the controller
    /// forget it.
    Event(Occurrence),
    /// The controller took the command.
    Accepted(CommandNumber),
    /// The controller did not take the command.
    Refused(CommandNumber, Refusal),
    /// The session ended before the command was answered; comes after [`Delivery::Down`]. It may
    /// or may not have been done, and is not begun any more (SAF-079). A permit that was not used
    /// dies with its session.
    Lost(CommandNumber),
    /// The site that the controller goes by, as asked with [`ToController::ReadSite`].
    ///
    /// [`ToController::ReadSite`]: crate::message::ToController::ReadSite
    Site(Site),
    /// How the controller fares, as asked with [`ToController::ReadHealth`].
    ///
    /// [`ToController::ReadHealth`]: crate::message::ToController::ReadHealth
    Health(Health),
    /// How the firmware ended before its last start. Told in each session.
    LastFailure(Failure),
    /// Frames keep coming whose CRC is right and whose seal is wrong, or that have come before:
    /// somebody writes on the line. Look at the cable.
    Tampering {
        /// How many such frames since the link was made.
        frames: u32,
    },
    /// How the controller stands with an update. Comes before the answer that it belongs to.
    Update(UpdateReport),
    /// What makes this controller unfit for people. Told in each session, and with each
    /// [`Delivery::Health`].
    Warning(Warning),
    /// Statuses have named events for a second that did not come: the controller threw them away
    /// because the host was away for too long, or somebody keeps them back. The session ends. A hole
    /// with an event behind it is told by [`Occurrence::missing`].
    EventsLost {
        /// How many.
        missing: u32,
    },
}
