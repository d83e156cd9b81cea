//! The rule of every check of a seal, and the kinds of what is no seal.

use super::{Fault, Rule};
use crate::seal::{SealCheck, SealError};

impl SealCheck {
    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SealStructure => "seal-structure",
            Self::SealSigner => "seal-signer",
            Self::SealSignature => "seal-signature",
            Self::SealSignerTrust => "seal-signer-trust",
            Self::SealRevocation => "seal-revocation",
            Self::SealCountries => "seal-countries",
            Self::PermitKind => "permit-kind",
            Self::PermitMandatory => "permit-mandatory",
            Self::PermitValues => "permit-values",
            Self::PermitZone => "permit-zone",
            Self::PermitValidity => "permit-validity",
            Self::PermitArea => "permit-area",
            Self::PermitHolder => "permit-holder",
            Self::PermitUses => "permit-uses",
        }
    }

    /// The rule that the check applies.
    #[must_use]
    pub const fn rule(self) -> Rule {
        let (step, text, clause) = match self {
            Self::SealStructure => (
                BARCODE,
                "header, lengths, characters and days are those of a seal",
                "Doc 9303-13, 2",
            ),
            Self::SealSigner => (
                SIGNER,
                "a certificate of the signer is known, or in the seal",
                "Doc 9303-13, 2",
            ),
            Self::SealSignature => (
                SIGNER,
                "the signature verifies under that certificate",
                "Doc 9303-13, 2",
            ),
            Self::SealSignerTrust => (
                SIGNER,
                "the certificate chains to a trusted CSCA certificate",
                "Doc 9303-12, 7.1",
            ),
            Self::SealRevocation => (
                SIGNER,
                "the certificate is on no revocation list",
                "Doc 9303-12, 4.1.5",
            ),
            Self::SealCountries => (
                SIGNER,
                "issuing State, signer and CSCA are of one country",
                "Doc 9303-12, 7.1",
            ),
            Self::PermitKind => (
                PERMIT,
                "the seal is of a kind that a profile describes",
                PROFILE,
            ),
            Self::PermitMandatory => (PERMIT, "every mandatory feature is there", PROFILE),
            Self::PermitValues => (PERMIT, "every feature has its type and length", PROFILE),
            Self::PermitZone => (
                PERMIT,
                "check digits of a zone inside the seal are right",
                "Doc 9303-3, 4.9",
            ),
            Self::PermitValidity => (PERMIT, "the permit is valid on the day", PROFILE),
            Self::PermitArea => (PERMIT, "the permit is for this place", PROFILE),
            Self::PermitHolder => (PERMIT, "the permit is the traveller's", PROFILE),
            Self::PermitUses => (PERMIT, "the permit has not been used up", PROFILE),
        };
        Rule::new(step, text, clause)
    }
}

const BARCODE: &str = "barcode";
const SIGNER: &str = "signer of the seal";
const PERMIT: &str = "permit";
const PROFILE: &str = "the permit's profile";

impl SealError {
    /// The stable name of the kind.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Unknown => "seal-unknown",
            Self::TooLong { .. } => "seal-too-long",
            Self::Version { .. } => "seal-version",
            Self::Structure(_) => "seal-structure",
            Self::C40 { .. } => "seal-c40",
            Self::Date { .. } => "seal-date",
            Self::Encoding { .. } => "seal-encoding",
            Self::Compressed { .. } => "seal-compressed",
            Self::Algorithm { .. } => "seal-algorithm",
            Self::Json { .. } => "seal-json",
            Self::Member { .. } => "seal-member",
            Self::TooManyFeatures => "seal-too-many-features",
        }
    }

    /// The failure in words that stay.
    #[must_use]
    pub fn fault(&self) -> Fault {
        SealCheck::SealStructure.rule().broken(self.kind())
    }
}
