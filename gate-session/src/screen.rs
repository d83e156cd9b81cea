//! What the traveller sees: one instruction at a time.

use serde::{Deserialize, Serialize};

/// The traveller's screen. Every value has its picture and its words on the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "screen")]
pub enum Screen {
    /// The lane does not work: use another one.
    #[default]
    OutOfService,
    /// The lane is free: come in.
    Welcome,
    /// Somebody stands before the open entry: step in.
    StepIn,
    /// Put the document on the reader.
    PlaceDocument {
        /// What was wrong with the last try.
        hint: DocumentHint,
    },
    /// Leave the document where it is.
    KeepDocument {
        /// How much of the chip has been read, 0 to 100.
        percent: u8,
    },
    /// Look into the camera.
    LookHere {
        /// What would make the picture better.
        hint: FaceHint,
        /// How much of the chip has been read, 0 to 100: the document must stay.
        percent: u8,
    },
    /// The gate is thinking.
    OneMoment,
    /// Take the document and go.
    Go,
    /// An officer is coming: stay. The same for every cause.
    OfficerComing,
    /// The way back is open: go back.
    StepBack,
    /// One person at a time: go back.
    OnePerson,
    /// Leave the lane now.
    Emergency,
    /// Hold the permit's barcode before the imager.
    ShowPermit {
        /// What was wrong with the last try.
        hint: PermitHint,
    },
}

/// What was wrong with the last try to read the document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DocumentHint {
    /// Nothing: this is the first try.
    #[default]
    None,
    /// The printed zone was not found or only in part: turn the document, push it to the edge.
    Turn,
    /// The chip did not answer: lift the document and place it again.
    LiftAndPlace,
    /// The document left the reader too early: leave it there.
    LeaveIt,
    /// The reader saw a part of the printed zone: push the document in to the edge.
    PushIn,
    /// The key from the printed zone did not open the chip: turn the document, one document only.
    ReadAgain,
    /// The reader failed, not the document: lift it and place it again.
    ReaderFault,
}

/// What was wrong with the last try to read a permit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PermitHint {
    /// Nothing: this is the first try.
    #[default]
    None,
    /// What was shown is no permit's barcode, or could not be read: hold it flat.
    NotRead,
}

/// What would make the picture of the face better (pictograms of ISO/IEC 24779-5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaceHint {
    /// Nothing is wrong, or nothing is known yet.
    #[default]
    None,
    /// No face in sight: look at the camera.
    LookHere,
    /// The face is too small: come closer.
    Closer,
    /// The face is too large: step back.
    Back,
    /// The picture is blurred: hold still.
    HoldStill,
    /// The head is turned: look straight.
    LookStraight,
    /// Too dark or too bright: uncover the face, face the light.
    Light,
    /// More than one face: one person only.
    OnePerson,
}
