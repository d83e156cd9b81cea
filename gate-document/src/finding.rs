//! What an inspection finds: never a lone boolean (BSI TR-03135-1, result model).

use serde::{Deserialize, Serialize};

/// A check with a name of its own. The names are stable: journal, pages and statistics use them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// Syntax and check digits of the printed zone (Doc 9303-3, 4.9).
    PrintedZone,
    /// The document has not expired on the day of inspection.
    Validity,
    /// The chip opened with a key from the printed zone: BAC or PACE (Doc 9303-11, 4).
    ChipAccess,
    /// EF.COM, DG1, DG2 and EF.SOD were read completely.
    ChipReading,
    /// The signature over EF.SOD verifies under the document signer certificate (Doc 9303-11, 5.1).
    SodSignature,
    /// The document signer certificate chains to a trusted CSCA, and was valid at signing time.
    SignerTrust,
    /// The digests of the data groups read equal those in EF.SOD.
    DataGroupDigests,
    /// EF.COM lists the data groups that EF.SOD lists.
    ComAgainstSod,
    /// Issuing State in DG1 equals the country of the document signer certificate.
    IssuerAgainstSigner,
    /// Printed zone and DG1 are the same.
    PrintedAgainstChip,
    /// The portrait could be decoded.
    Portrait,
    /// The live face is the face of the portrait.
    FaceLikeness,
    /// The live face is no presentation attack (ISO/IEC 30107-3).
    PresentationAttack,
    /// The traveller is alone in the lane.
    OnePerson,
    /// The document is on no list of lost, stolen or wanted.
    Lists,
    /// The chip has the private key that its signed data groups announce for Chip Authentication, or
    /// proved as much in PACE (Doc 9303-11, 6.2 and 4.4.3.5).
    ChipAuthentication,
    /// The chip signed a challenge with the key of its signed DG15 (Doc 9303-11, 6.1).
    ActiveAuthentication,
}

impl Check {
    /// Every check, in the order of a journey.
    pub const ALL: [Self; 17] = [
        Self::PrintedZone,
        Self::Validity,
        Self::ChipAccess,
        Self::ChipReading,
        Self::SodSignature,
        Self::SignerTrust,
        Self::DataGroupDigests,
        Self::ComAgainstSod,
        Self::IssuerAgainstSigner,
        Self::PrintedAgainstChip,
        Self::Portrait,
        Self::FaceLikeness,
        Self::PresentationAttack,
        Self::OnePerson,
        Self::Lists,
        Self::ChipAuthentication,
        Self::ActiveAuthentication,
    ];
}

/// Result of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Done, and right.
    Passed,
    /// Done, and wrong.
    Failed,
    /// Could have been done, and was not.
    NotDone,
    /// This document or this gate cannot do it.
    NotSupported,
}

/// One check and its result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Which check.
    pub check: Check,
    /// Its result.
    pub outcome: Outcome,
    /// Why, in words without personal data; empty where there is nothing to add.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
}

impl Finding {
    /// `check` was done and is right.
    #[must_use]
    pub fn passed(check: Check) -> Self {
        Self {
            check,
            outcome: Outcome::Passed,
            reason: String::new(),
        }
    }

    /// `check` was done and is wrong.
    #[must_use]
    pub fn failed(check: Check, reason: impl Into<String>) -> Self {
        Self {
            check,
            outcome: Outcome::Failed,
            reason: reason.into(),
        }
    }

    /// `check` was not done.
    #[must_use]
    pub fn not_done(check: Check, reason: impl Into<String>) -> Self {
        Self {
            check,
            outcome: Outcome::NotDone,
            reason: reason.into(),
        }
    }

    /// `check` is impossible here.
    #[must_use]
    pub fn not_supported(check: Check, reason: impl Into<String>) -> Self {
        Self {
            check,
            outcome: Outcome::NotSupported,
            reason: reason.into(),
        }
    }
}
