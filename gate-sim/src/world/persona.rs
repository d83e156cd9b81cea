//! Who comes to the lane, and with what.

use gate_session::{Abandonment, Outcome, Referral};
use serde::{Deserialize, Serialize};

/// A kind of traveller. What each does is in `person.rs`; how each must end is here.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Persona {
    /// The holder of a good document.
    Genuine,
    /// Shows somebody else's document.
    Impostor,
    /// Holds the holder's photograph to the camera.
    PhotoAttack,
    /// The holder of a document that has expired.
    ExpiredDocument,
    /// Shows a document whose chip holds another portrait than the issuer signed.
    ChangedPortrait,
    /// The holder of a good document that slips on the reader once.
    ChipFailsOnce,
    /// Stands before the open entry and thinks better of it.
    DoesNotStepIn,
    /// Follows close behind somebody.
    Tailgater,
    /// The holder of a good document who forgets a bag inside.
    LeavesBag,
    /// The holder of a good document and of a good permit.
    WithPermit,
    /// The holder of a good document, with a permit that no authority signed.
    ForgedPermit,
    /// The holder of a good document who crosses every day: quick, and nothing goes wrong.
    Practised,
    /// The holder of a good document who takes all the time that the gate allows.
    Dawdler,
    /// Steps into the entry, thinks better of it and turns back.
    TurnsBackInside,
    /// The holder of a good document who leads a child by the hand.
    WithChild,
    /// The holder of a good document, behind whom somebody else comes in through the exit.
    WrongWay,
    /// Brings a permit that clears without a document, where a lane's policy says so: no scenario's
    /// lane does, the benchmark's does.
    #[serde(skip)]
    PermitAlone,
}

/// What lies on the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Papers {
    /// The traveller's own, in order.
    Own,
    /// In order, but somebody else's.
    SomebodyElses,
    /// The traveller's own, expired.
    Expired,
    /// The portrait on the chip is not the one that was signed.
    PortraitChanged,
}

/// The permit that is shown to the imager.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ShownPermit {
    /// In order.
    Good,
    /// Signed by somebody else.
    Forged,
    /// In order, and clears without a document.
    Alone,
}

/// What is shown to the camera.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Presentation {
    /// The traveller's own face.
    Live,
    /// A printed photograph of the document's holder.
    Photograph,
}

/// A second body, which shows no document.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Companion {
    /// Walks behind the traveller at this distance, m.
    Follows(f64),
    /// Stands outside the exit, and walks in when somebody has come out.
    ComesInThroughExit,
}

impl Persona {
    /// Every persona that may come to any lane.
    pub const ALL: [Self; 16] = [
        Self::Genuine,
        Self::Impostor,
        Self::PhotoAttack,
        Self::ExpiredDocument,
        Self::ChangedPortrait,
        Self::ChipFailsOnce,
        Self::DoesNotStepIn,
        Self::Tailgater,
        Self::LeavesBag,
        Self::WithPermit,
        Self::ForgedPermit,
        Self::Practised,
        Self::Dawdler,
        Self::TurnsBackInside,
        Self::WithChild,
        Self::WrongWay,
    ];

    /// How this traveller's journey must end.
    #[must_use]
    pub const fn ends(self) -> Outcome {
        match self {
            Self::Genuine
            | Self::ChipFailsOnce
            | Self::LeavesBag
            | Self::WithPermit
            | Self::Practised
            | Self::Dawdler
            | Self::WrongWay
            | Self::PermitAlone => Outcome::Cleared,
            Self::ForgedPermit => Outcome::Referred(Referral::PermitNotGenuine),
            Self::Impostor => Outcome::Referred(Referral::FaceMismatch),
            Self::PhotoAttack => Outcome::Referred(Referral::PresentationAttack),
            Self::ExpiredDocument => Outcome::Referred(Referral::DocumentExpired),
            Self::ChangedPortrait => Outcome::Referred(Referral::DocumentNotGenuine),
            Self::DoesNotStepIn | Self::TurnsBackInside => {
                Outcome::Abandoned(Abandonment::NotEntered)
            }
            Self::Tailgater | Self::WithChild => Outcome::Referred(Referral::SeveralPersons),
        }
    }

    /// The document this traveller shows.
    #[must_use]
    pub const fn papers(self) -> Papers {
        match self {
            Self::Impostor => Papers::SomebodyElses,
            Self::ExpiredDocument => Papers::Expired,
            Self::ChangedPortrait => Papers::PortraitChanged,
            _ => Papers::Own,
        }
    }

    /// The permit this traveller shows, unasked.
    #[must_use]
    pub const fn permit(self) -> Option<ShownPermit> {
        match self {
            Self::WithPermit => Some(ShownPermit::Good),
            Self::ForgedPermit => Some(ShownPermit::Forged),
            Self::PermitAlone => Some(ShownPermit::Alone),
            _ => None,
        }
    }

    /// What this traveller shows to the camera.
    #[must_use]
    pub const fn presents(self) -> Presentation {
        match self {
            Self::PhotoAttack => Presentation::Photograph,
            _ => Presentation::Live,
        }
    }

    /// How often the chip fails before it can be read.
    #[must_use]
    pub const fn chip_failures(self) -> u8 {
        match self {
            Self::ChipFailsOnce => 1,
            _ => 0,
        }
    }

    /// Who comes beside the traveller.
    #[must_use]
    pub const fn companion(self) -> Option<Companion> {
        match self {
            // The distances of two bodies, m.
            Self::Tailgater => Some(Companion::Follows(0.55)),
            Self::WithChild => Some(Companion::Follows(0.3)),
            Self::WrongWay => Some(Companion::ComesInThroughExit),
            _ => None,
        }
    }

    /// Word for reports and tables.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Genuine => "genuine",
            Self::Impostor => "impostor",
            Self::PhotoAttack => "photo-attack",
            Self::ExpiredDocument => "expired-document",
            Self::ChangedPortrait => "changed-portrait",
            Self::ChipFailsOnce => "chip-fails-once",
            Self::DoesNotStepIn => "does-not-step-in",
            Self::Tailgater => "tailgater",
            Self::LeavesBag => "leaves-bag",
            Self::WithPermit => "with-permit",
            Self::ForgedPermit => "forged-permit",
            Self::Practised => "practised",
            Self::Dawdler => "dawdler",
            Self::TurnsBackInside => "turns-back-inside",
            Self::WithChild => "with-child",
            Self::WrongWay => "wrong-way",
            Self::PermitAlone => "permit-alone",
        }
    }

    /// The persona of that word.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.word() == word)
    }
}
