//! What the inspection of a seal finds (BSI TR-03135-1, group "seal").

use crate::fault::Fault;
use crate::finding::Outcome;
use serde::{Deserialize, Serialize};

/// A check of a seal or a permit. The names are stable: journal, pages and statistics use them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SealCheck {
    /// The bytes are a seal: header, lengths, characters and days (Doc 9303-13).
    SealStructure,
    /// A certificate of the signer is known, or in the seal.
    SealSigner,
    /// The signature verifies under that certificate.
    SealSignature,
    /// The certificate chains to a trusted CSCA, was valid when the seal was signed, and its key is
    /// for signatures.
    SealSignerTrust,
    /// The certificate has not been revoked.
    SealRevocation,
    /// Issuing State of the seal, country of the certificate, and that of its CSCA are the same.
    SealCountries,
    /// The seal is of the kind that the profile describes, from one of its issuers.
    PermitKind,
    /// Every mandatory feature is there.
    PermitMandatory,
    /// Every feature is of its type and length.
    PermitValues,
    /// The check digits of a zone inside the seal are right.
    PermitZone,
    /// The permit is valid on the day of inspection.
    PermitValidity,
    /// The permit is for this port or area.
    PermitArea,
    /// The permit is the traveller's: what it names is in the printed zone.
    PermitHolder,
    /// The permit has not been used as often as it may be: a register counts.
    PermitUses,
}

impl SealCheck {
    /// Every check, in the order in which they are done.
    pub const ALL: [Self; 14] = [
        Self::SealStructure,
        Self::SealSigner,
        Self::SealSignature,
        Self::SealSignerTrust,
        Self::SealRevocation,
        Self::SealCountries,
        Self::PermitKind,
        Self::PermitMandatory,
        Self::PermitValues,
        Self::PermitZone,
        Self::PermitValidity,
        Self::PermitArea,
        Self::PermitHolder,
        Self::PermitUses,
    ];
}

/// One check of a seal and its result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealFinding {
    /// Which check.
    pub check: SealCheck,
    /// Its result.
    pub outcome: Outcome,
    /// Why, in words without personal data; empty where there is nothing to add.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// What it was decided on, in words without personal data: formats, algorithms, certificates.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub evidence: String,
}

impl SealFinding {
    /// What failed, in words that stay; `None` where nothing did.
    #[must_use]
    pub fn fault(&self) -> Option<Fault> {
        let failed = matches!(self.outcome, Outcome::Failed | Outcome::Aborted);
        failed.then(|| self.check.rule().broken(self.check.name()))
    }

    pub(super) fn new(check: SealCheck, outcome: Outcome, reason: impl Into<String>) -> Self {
        Self {
            check,
            outcome,
            reason: reason.into(),
            evidence: String::new(),
        }
    }

    pub(super) fn passed(check: SealCheck) -> Self {
        Self::new(check, Outcome::Passed, "")
    }

    pub(super) fn failed(check: SealCheck, reason: impl Into<String>) -> Self {
        Self::new(check, Outcome::Failed, reason)
    }

    pub(super) fn not_done(check: SealCheck, reason: impl Into<String>) -> Self {
        Self::new(check, Outcome::NotDone, reason)
    }

    pub(super) fn not_supported(check: SealCheck, reason: impl Into<String>) -> Self {
        Self::new(check, Outcome::NotSupported, reason)
    }

    pub(super) fn on(mut self, evidence: impl Into<String>) -> Self {
        self.evidence = evidence.into();
        self
    }
}
