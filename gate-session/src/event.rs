//! What the journey is told.

use crate::screen::FaceHint;
use crate::ticket::{Asked, Ticket};
use crate::timeline::Span;
use gate_document::Finding;
use gate_document::mrz::Mrz;
use gate_document::portrait::Portrait;
use gate_document::seal::SealInspection;
use gate_document::seal::imager::Scanned;
use gate_protocol::{Door, Event as LaneEvent, Passage, Refusal, State as LaneState};
use jiff::civil::Date;

/// A device or service that the lane cannot work without.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Device {
    /// The gate controller on its serial line.
    Controller,
    /// The reader of the printed zone.
    MrzReader,
    /// The contactless reader.
    ChipReader,
    /// The camera.
    Camera,
    /// The models that find and compare faces.
    FaceModels,
    /// The journal of decisions.
    Journal,
    /// The lists of lost, stolen and wanted documents.
    Lists,
    /// The imager of barcodes. A lane needs it only where every traveller must show a permit.
    Imager,
}

impl Device {
    /// Every device.
    pub const ALL: [Self; 8] = [
        Self::Controller,
        Self::MrzReader,
        Self::ChipReader,
        Self::Camera,
        Self::FaceModels,
        Self::Journal,
        Self::Lists,
        Self::Imager,
    ];
}

/// Something that happened outside the journey.
#[derive(Debug)]
pub enum Event {
    /// The time that the journey asked to be woken at has come.
    DeadlineReached,
    /// A device works (again).
    DeviceReady(Device),
    /// A device does not work (any more).
    DeviceLost(Device),

    /// The controller saw something in the lane.
    Lane(LaneEvent),
    /// What the controller is doing, and who is in the lane: on every change.
    LaneState(LaneState, Passage),
    /// The unicity sensor sees somebody or something in the lane, or no more.
    Inside(bool),
    /// A door reached its open position, or left it.
    DoorOpen(Door, bool),
    /// Somebody who stood in the beam behind the exit has left it.
    ClearOfExit,
    /// The controller did not take the permit for the exit; with passage 0, for the entry.
    ExitRefused(Passage, Refusal),

    /// Something lies on the reader.
    DocumentPresented,
    /// The reader sent a printed zone that holds together, on this day (if the gate knows it).
    MrzRead(Box<Mrz>, Option<Date>),
    /// The reader sent a zone that is incomplete or contradicts its check digits.
    MrzUnreadable,

    /// The chip has been read so far, 0 to 100 percent.
    ChipProgress(Asked, u8),
    /// The chip's portrait is there, the rest of the chip is still coming.
    PortraitRead(Asked, Box<Portrait>),
    /// The chip has been read and judged, or could not be.
    ChipRead(Ticket, Result<Vec<Finding>, ChipFailure>),
    /// What is known of a chip that could not be read.
    ChipJudged(Asked, Vec<Finding>),
    /// The portrait has been turned into a template, or why not (in words without personal data).
    PortraitReady(Ticket, Result<(), String>),
    /// How the live face compares, as far as is known.
    FaceJudged(Asked, FaceReport),
    /// What the lists say.
    ListsAnswered(Ticket, ListsAnswer),
    /// The journal has the entry on disk, or not.
    Recorded(Ticket, bool),
    /// Where a port spent time on a question.
    Spent(Asked, Vec<Span>),

    /// An officer decided the case of this traveller number.
    OfficerDecided(u64, OfficerDecision),

    /// The reader saw a part of a zone: the document is not pushed in all the way, or lies askew.
    MrzPartial,
    /// The chip opened with an alternative reading of the printed zone: this one is right.
    ZoneProved(Asked, Box<Mrz>),

    /// The imager read a barcode.
    BarcodeRead(Box<Scanned>),
    /// The imager read something that is no barcode of a permit.
    BarcodeUnreadable,
    /// What the barcode is worth, uses included.
    PermitJudged(Ticket, Box<SealInspection>),
}

/// Why the chip could not be read; the screen says something else for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChipFailure {
    /// No chip answered in time.
    Absent,
    /// The document was taken away in the middle.
    Removed,
    /// The chip did not accept the key from the printed zone: misread, or another document's.
    WrongZone,
    /// The chip cannot be opened by this gate, or is no travel document's.
    NoAccess,
    /// The chip, or somebody between it and the gate, does not keep to the protocol.
    Distrust,
    /// The chip misbehaved.
    Faulty,
    /// The reader misbehaved, or went away.
    ReaderFault,
}

/// What is known of the live face.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FaceReport {
    /// What follows from it.
    pub verdict: FaceVerdict,
    /// Best likeness so far, −1.0 ..= 1.0 (cosine); none before portrait and face are both there.
    pub likeness: Option<f32>,
    /// Score of the attack detector, 0.0 (attack) ..= 1.0 (bona fide); none before there is one.
    pub bona_fide: Option<f32>,
    /// How many usable frames this rests on.
    pub frames: u16,
}

/// What follows from the frames seen so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaceVerdict {
    /// Not enough seen; what would help.
    Undecided(FaceHint),
    /// A good live picture was taken; the portrait is still missing.
    Captured,
    /// The person of the portrait, alive.
    Match,
    /// Somebody else.
    NoMatch,
    /// Probably a picture or a mask.
    Attack,
    /// More than one face, for longer than somebody takes to pass behind.
    SeveralFaces,
}

/// What the lists say of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ListsAnswer {
    /// On none of them.
    Clear,
    /// On at least one.
    Hit,
    /// Could not be asked.
    Unavailable,
}

/// What an officer can decide of a referred traveller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OfficerDecision {
    /// May cross.
    Clear,
    /// Goes back through the entry.
    SendBack,
}
