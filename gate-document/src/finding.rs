//! What an inspection finds: never a lone boolean (BSI TR-03135-1, result model).

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A check with a name of its own. The names are stable: journal, pages and statistics use them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Check {
    /// Syntax of the printed zone (Doc 9303-3, 4.3), and what its issuer adds.
    PrintedZone,
    /// The document has not expired on the day of inspection.
    Validity,
    /// The chip opened with a key from the printed zone: BAC or PACE (Doc 9303-11, 4).
    ChipAccess,
    /// DG1, DG2 and EF.SOD were read completely.
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
    /// The document signer certificate is on no revocation list of its authority, and the list is
    /// not too old (Doc 9303-12, 4.1.5).
    Revocation,
    /// Where the trusted certificate came from, and how old source and bundle are (BSI TR-03135-1).
    TrustStatus,
    /// EF.SOD was signed while the signer's private key was to be used (Doc 9303-12, 7.1.1).
    KeyPeriod,
    /// The document signer may sign documents of this kind (Doc 9303-12, 7.1.1.6).
    DocumentType,
    /// No algorithm of the signature is one that is no longer to be relied on: SHA-1, short RSA.
    SignatureStrength,
    /// The document does nothing otherwise than the standard says, as far as it was looked at.
    Conformance,
    /// The document's model has no known defect.
    KnownDefects,
    /// Birth, issue and expiry can be those of one document (BSI TR-03135-1, window rules).
    DatesPlausible,
    /// Personal details in DG11 and DG13 are those of DG1, spelling folded.
    PersonalDetails,
    /// The document follows the rules of its own issuer, where they are known here.
    NationalRules,
    /// What EF.CardAccess announces of PACE is what the signed data groups announce: nobody between
    /// chip and gate took the better ways out (Doc 9303-11, 4.2).
    CardAccess,
    /// A trusted document signer has signed EF.CardSecurity, whose key proves the chip in PACE with
    /// chip authentication mapping (Doc 9303-11, 4.4.3.5).
    CardSecurity,
    /// A card's front is that of its back: the text of the one, the zone on the other (BSI TR-03135-1;
    /// Doc 9303-5).
    FrontAgainstBack,
    /// The text of a page is that of the zone on it (BSI TR-03135-1).
    ZoneAgainstPage,
    /// The visa was issued to the holder of this document (Doc 9303-7).
    VisaAgainstDocument,
    /// The visa has not expired on the day of inspection (Doc 9303-7).
    VisaValidity,
    /// Nothing unusual happened while the chip was read: no status without protection inside secure
    /// messaging (Doc 9303-11, 9.8), no warning, no lost session, no absence.
    ChipConversation,
    /// Every check digit of the printed zone is that of its field (Doc 9303-3, 4.9). Some documents
    /// were issued with a wrong one.
    ZoneCheckDigits,
}

impl Check {
    /// Every check, in the order of a journey.
    pub const ALL: [Self; 35] = [
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
        Self::Revocation,
        Self::TrustStatus,
        Self::KeyPeriod,
        Self::DocumentType,
        Self::SignatureStrength,
        Self::Conformance,
        Self::KnownDefects,
        Self::DatesPlausible,
        Self::PersonalDetails,
        Self::NationalRules,
        Self::CardAccess,
        Self::CardSecurity,
        Self::FrontAgainstBack,
        Self::ZoneAgainstPage,
        Self::VisaAgainstDocument,
        Self::VisaValidity,
        Self::ChipConversation,
        Self::ZoneCheckDigits,
    ];

    /// The stable name: what journal, reports and policies call the check.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::PrintedZone => "printed-zone",
            Self::Validity => "validity",
            Self::ChipAccess => "chip-access",
            Self::ChipReading => "chip-reading",
            Self::SodSignature => "sod-signature",
            Self::SignerTrust => "signer-trust",
            Self::DataGroupDigests => "data-group-digests",
            Self::ComAgainstSod => "com-against-sod",
            Self::IssuerAgainstSigner => "issuer-against-signer",
            Self::PrintedAgainstChip => "printed-against-chip",
            Self::Portrait => "portrait",
            Self::FaceLikeness => "face-likeness",
            Self::PresentationAttack => "presentation-attack",
            Self::OnePerson => "one-person",
            Self::Lists => "lists",
            Self::Revocation => "revocation",
            Self::TrustStatus => "trust-status",
            Self::KeyPeriod => "key-period",
            Self::DocumentType => "document-type",
            Self::SignatureStrength => "signature-strength",
            Self::Conformance => "conformance",
            Self::KnownDefects => "known-defects",
            Self::DatesPlausible => "dates-plausible",
            Self::PersonalDetails => "personal-details",
            Self::NationalRules => "national-rules",
            Self::CardAccess => "card-access",
            Self::CardSecurity => "card-security",
            Self::FrontAgainstBack => "front-against-back",
            Self::ZoneAgainstPage => "zone-against-page",
            Self::VisaAgainstDocument => "visa-against-document",
            Self::VisaValidity => "visa-validity",
            Self::ChipConversation => "chip-conversation",
            Self::ZoneCheckDigits => "zone-check-digits",
            Self::ChipAuthentication => "chip-authentication",
            Self::ActiveAuthentication => "active-authentication",
        }
    }
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
    /// Begun, and broken off: document, reader or gate went away.
    Aborted,
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
    /// What it rests on, by name, in words without personal data, and the rule with its clause where it
    /// was not passed. Empty but in what a journal keeps
    /// ([`inspect_for_journal`](crate::inspect::inspect_for_journal)).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub evidence: BTreeMap<String, String>,
}

impl Finding {
    fn of(check: Check, outcome: Outcome, reason: impl Into<String>) -> Self {
        Self {
            check,
            outcome,
            reason: reason.into(),
            evidence: BTreeMap::new(),
        }
    }

    /// `check` was done and is right.
    #[must_use]
    pub fn passed(check: Check) -> Self {
        Self::of(check, Outcome::Passed, "")
    }

    /// `check` was done and is wrong.
    #[must_use]
    pub fn failed(check: Check, reason: impl Into<String>) -> Self {
        Self::of(check, Outcome::Failed, reason)
    }

    /// `check` was not done.
    #[must_use]
    pub fn not_done(check: Check, reason: impl Into<String>) -> Self {
        Self::of(check, Outcome::NotDone, reason)
    }

    /// `check` was begun and broken off.
    #[must_use]
    pub fn aborted(check: Check, reason: impl Into<String>) -> Self {
        Self::of(check, Outcome::Aborted, reason)
    }

    /// `check` is impossible here.
    #[must_use]
    pub fn not_supported(check: Check, reason: impl Into<String>) -> Self {
        Self::of(check, Outcome::NotSupported, reason)
    }
}
