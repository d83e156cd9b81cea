//! What the journey wants done.

use crate::referral::Outcome;
use crate::screen::Screen;
use crate::ticket::Ticket;
use crate::timeline::Timeline;
use gate_document::Finding;
use gate_document::mrz::Mrz;
use gate_document::portrait::Portrait;
use gate_document::seal::imager::Scanned;
use gate_document::seal::{SealFinding, SealInspection};
use gate_protocol::{Instant, Mode, Passage, Sign};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Something to start. Nothing here waits: the answer comes back as an event.
#[derive(Debug)]
pub enum Effect {
    /// How the controller offers the lane.
    SetMode(Mode),
    /// What the lamps say.
    ShowSign(Sign),
    /// What the screen says to this traveller number.
    Show(u64, Screen),
    /// Lets this passage out through the exit, once.
    ReleaseExit(Passage, Duration),
    /// Lets this passage back through the entry.
    SendBack(Passage),
    /// Lets one person in through the entry: only where a document is examined before it.
    ReleaseEntry(Duration),

    /// Read the chip with the key from this zone.
    ReadChip(Ticket, Box<Mrz>),
    /// Turn the portrait into a template.
    PreparePortrait(Ticket, Box<Portrait>),
    /// Watch the camera for a face and compare it.
    CaptureFace(Ticket),
    /// Ask the lists for this document.
    AskLists(Ticket, Box<Mrz>),
    /// Write this down for good; answer when it is on disk.
    Record(Ticket, Box<Record>),
    /// Call an officer to the lane.
    CallOfficer(u64, Outcome),
    /// The traveller is gone: zero everything that is known of him.
    Forget,
    /// Judge this barcode as a permit, beside the zone of the traveller's document if one was read.
    JudgePermit(Ticket, Box<Scanned>, Option<Box<Mrz>>),
}

/// What the driver does next.
#[derive(Debug)]
pub enum Next {
    /// Start this, then ask again.
    Do(Effect),
    /// Nothing left to start: sleep until the deadline or the next event.
    Wait(Option<Instant>),
}

/// One entry of the journal. It holds no name, no number and no image.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "entry")]
pub enum Record {
    /// What was decided, before anything moves.
    Decision {
        /// Number of the traveller at this lane.
        traveller: u64,
        /// The controller's number for the person in the lane; 0 if nobody was.
        passage: Passage,
        /// What was decided and why.
        #[serde(flatten)]
        outcome: Outcome,
        /// Who decided.
        by: DecidedBy,
        /// Every check of the journey, in order.
        findings: Vec<Finding>,
        /// Where the time went until now.
        timeline: Timeline,
        /// The permit, where one was judged.
        #[serde(skip_serializing_if = "Option::is_none")]
        permit: Option<PermitRecord>,
    },
    /// What became of it.
    Completion {
        /// Number of the traveller at this lane.
        traveller: u64,
        /// How the traveller left the lane.
        left: Left,
        /// Where the time went, to the end.
        timeline: Timeline,
    },
}

/// What the journal keeps of a permit.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct PermitRecord {
    /// Title of the profile that describes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Digest of the seal in hexadecimal, where its uses are counted: a clearance that names it is one
    /// use.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seal: Option<String>,
    /// Every check of the permit, in order.
    pub findings: Vec<SealFinding>,
}

impl PermitRecord {
    pub(crate) fn of(inspection: &SealInspection) -> Self {
        let key = inspection.register_key.as_ref();
        let counted = key.filter(|_| inspection.entries.is_some());
        Self {
            kind: inspection.permit.clone(),
            seal: counted.map(|key| {
                let digits = key.expose().iter().map(|byte| format!("{byte:02x}"));
                digits.collect()
            }),
            findings: inspection.findings.clone(),
        }
    }
}

/// Who decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DecidedBy {
    /// The gate by its own rules.
    Gate,
    /// An officer.
    Officer,
}

/// How a traveller left the lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Left {
    /// Through the exit.
    ThroughExit,
    /// Back through the entry.
    ThroughEntry,
    /// Never was inside.
    NeverEntered,
    /// Nobody knows: the controller was lost or the lane was cleared by hand.
    Unknown,
}
