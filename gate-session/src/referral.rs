//! How a journey ends, and why: closed lists, so that every code has its texts and its statistics.

use serde::{Deserialize, Serialize};

/// How a journey ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome", content = "reason")]
pub enum Outcome {
    /// Every question was answered well: the traveller may cross.
    Cleared,
    /// An officer decides.
    Referred(Referral),
    /// The traveller gave up before there was anything to decide.
    Abandoned(Abandonment),
}

/// Why an officer must decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Referral {
    /// No document was shown in time.
    NoDocument,
    /// The printed zone could not be read.
    DocumentUnreadable,
    /// The document has expired.
    DocumentExpired,
    /// The gate does not know what day it is, and so cannot judge validity.
    DateUnknown,
    /// The chip could not be read.
    ChipUnreadable,
    /// Signature, trust or digests of the chip's data are wrong.
    DocumentNotGenuine,
    /// Printed page and chip disagree.
    DocumentInconsistent,
    /// The chip's portrait cannot be used.
    PortraitUnusable,
    /// No usable picture of the traveller's face in time.
    FaceNotCaptured,
    /// The traveller is not the person of the portrait.
    FaceMismatch,
    /// The face shown is probably a picture or a mask.
    PresentationAttack,
    /// More than one person, or a person and a thing, in the lane.
    SeveralPersons,
    /// The document is on a list.
    Listed,
    /// The lists could not be asked.
    ListsUnavailable,
    /// The exit was open and the traveller stayed.
    DidNotLeave,
    /// Somebody disturbed the lane: a door forced, the wrong way, an emergency.
    LaneDisturbed,
    /// A device that was needed failed.
    DeviceFailed,
    /// It took too long, and none of the reasons above says why.
    TookTooLong,
    /// No permit was shown in time, where everybody needs one.
    NoPermit,
    /// The permit's signature or signer is wrong, or no profile describes it.
    PermitNotGenuine,
    /// The permit is genuine and not valid here today.
    PermitNotValid,
    /// The permit is somebody else's, or nothing here says whose.
    PermitNotTheirs,
    /// The permit has been used as often as it may be, or the register cannot be asked.
    PermitUsedUp,
    /// The entry has been open since the decision: who is inside need not be whom it was about.
    AnotherPerson,
}

/// How a traveller gave up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Abandonment {
    /// Stood before the entry and did not step in.
    NotEntered,
    /// Stepped in and went back before a decision was made.
    WentBack,
}

impl Outcome {
    /// The word for tables: `cleared`, `referred` or `abandoned`.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Cleared => "cleared",
            Self::Referred(_) => "referred",
            Self::Abandoned(_) => "abandoned",
        }
    }

    /// The reason code, if the outcome has one.
    #[must_use]
    pub const fn reason(self) -> Option<&'static str> {
        match self {
            Self::Cleared => None,
            Self::Referred(referral) => Some(referral.code()),
            Self::Abandoned(Abandonment::NotEntered) => Some("not-entered"),
            Self::Abandoned(Abandonment::WentBack) => Some("went-back"),
        }
    }
}

impl Referral {
    /// Every referral, for tables and completeness tests.
    pub const ALL: [Self; 24] = [
        Self::NoDocument,
        Self::DocumentUnreadable,
        Self::DocumentExpired,
        Self::DateUnknown,
        Self::ChipUnreadable,
        Self::DocumentNotGenuine,
        Self::DocumentInconsistent,
        Self::PortraitUnusable,
        Self::FaceNotCaptured,
        Self::FaceMismatch,
        Self::PresentationAttack,
        Self::SeveralPersons,
        Self::Listed,
        Self::ListsUnavailable,
        Self::DidNotLeave,
        Self::LaneDisturbed,
        Self::DeviceFailed,
        Self::TookTooLong,
        Self::NoPermit,
        Self::PermitNotGenuine,
        Self::PermitNotValid,
        Self::PermitNotTheirs,
        Self::PermitUsedUp,
        Self::AnotherPerson,
    ];

    /// The stable code of this referral, as journal and statistics spell it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::NoDocument => "no-document",
            Self::DocumentUnreadable => "document-unreadable",
            Self::DocumentExpired => "document-expired",
            Self::DateUnknown => "date-unknown",
            Self::ChipUnreadable => "chip-unreadable",
            Self::DocumentNotGenuine => "document-not-genuine",
            Self::DocumentInconsistent => "document-inconsistent",
            Self::PortraitUnusable => "portrait-unusable",
            Self::FaceNotCaptured => "face-not-captured",
            Self::FaceMismatch => "face-mismatch",
            Self::PresentationAttack => "presentation-attack",
            Self::SeveralPersons => "several-persons",
            Self::Listed => "listed",
            Self::ListsUnavailable => "lists-unavailable",
            Self::DidNotLeave => "did-not-leave",
            Self::LaneDisturbed => "lane-disturbed",
            Self::DeviceFailed => "device-failed",
            Self::TookTooLong => "took-too-long",
            Self::NoPermit => "no-permit",
            Self::PermitNotGenuine => "permit-not-genuine",
            Self::PermitNotValid => "permit-not-valid",
            Self::PermitNotTheirs => "permit-not-theirs",
            Self::PermitUsedUp => "permit-used-up",
            Self::AnotherPerson => "another-person",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_the_name_that_serde_writes() {
        for referral in Referral::ALL {
            let written = serde_json::to_string(&referral).unwrap();
            assert_eq!(written, format!("\"{}\"", referral.code()));
        }
    }
}
