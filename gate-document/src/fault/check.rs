//! The rule of every check of a document.

use super::{Rule, ZONE};
use crate::finding::Check;

impl Check {
    /// The rule that the check applies.
    #[must_use]
    pub const fn rule(self) -> Rule {
        let (step, text, clause) = match self {
            Self::PrintedZone => (
                ZONE,
                "the zone has the syntax of its format, and keeps its issuer's own rules",
                "Doc 9303-3, 4.3",
            ),
            Self::ZoneCheckDigits => (
                ZONE,
                "every check digit is that of its field",
                "Doc 9303-3, 4.9",
            ),
            Self::Validity => (
                ZONE,
                "the day of inspection is not after the day of expiry",
                "Doc 9303-3, 4.8",
            ),
            Self::DatesPlausible => (
                ZONE,
                "birth, issue and expiry can be those of one document",
                TR_03135,
            ),
            Self::NationalRules => (
                ZONE,
                "the document keeps the rules of its own issuer",
                "Decree 137/2015/NĐ-CP; Law 26/2023/QH15, Article 21",
            ),
            Self::ChipAccess => (
                "access to the chip",
                "the chip opens with a key from the document, and proves that it knows it",
                "Doc 9303-11, 4",
            ),
            Self::ChipReading => (
                READING,
                "DG1, DG2 and EF.SOD are there and can be read",
                "Doc 9303-10, 3.6",
            ),
            Self::ChipConversation => (
                READING,
                "every answer inside a session is protected",
                "Doc 9303-11, 9.8",
            ),
            Self::SodSignature => (
                PASSIVE,
                "the signature over EF.SOD verifies under the document signer certificate",
                "Doc 9303-11, 5.1",
            ),
            Self::SignerTrust => (
                PASSIVE,
                "the document signer certificate chains to a trusted CSCA certificate",
                "Doc 9303-11, 5.1",
            ),
            Self::DataGroupDigests => (
                PASSIVE,
                "the digest of every data group is the one in EF.SOD",
                "Doc 9303-11, 5.1",
            ),
            Self::Revocation => (
                PASSIVE,
                "the document signer certificate is on no revocation list",
                "Doc 9303-12, 4.1.5",
            ),
            Self::TrustStatus => (
                PASSIVE,
                "the source of the CSCA certificate is known and fresh",
                TR_03135,
            ),
            Self::KeyPeriod => (
                PASSIVE,
                "EF.SOD was signed within the usage period of the private key",
                "Doc 9303-12, 7.1.1",
            ),
            Self::DocumentType => (
                PASSIVE,
                "the document signer may sign documents of this type",
                "Doc 9303-12, 7.1.1.6",
            ),
            Self::SignatureStrength => (
                PASSIVE,
                "digest and key are of a strength that is still relied on",
                "Doc 9303-12, 4.1.6",
            ),
            Self::Conformance => (
                PASSIVE,
                "EF.SOD is encoded as the standard says",
                "Doc 9303-10, 4.6.2",
            ),
            Self::KnownDefects => (
                PASSIVE,
                "the document's model has no known defect",
                "BSI TR-03129-2",
            ),
            Self::IssuerAgainstSigner => (
                PASSIVE,
                "issuing State and country of the document signer are the same",
                "Doc 9303-12, 7.1",
            ),
            Self::ComAgainstSod => (
                GROUPS,
                "EF.COM lists the data groups that EF.SOD signs",
                "Doc 9303-10, 4.6.1",
            ),
            Self::PrintedAgainstChip => (
                GROUPS,
                "the printed zone is that of DG1",
                "Doc 9303-10, 4.7.1",
            ),
            Self::Portrait => (
                GROUPS,
                "DG2 holds a portrait that can be decoded",
                "Doc 9303-10, 4.7.2",
            ),
            Self::PersonalDetails => (
                GROUPS,
                "details in DG11 and DG13 are those of DG1",
                "Doc 9303-10, 4.7.11",
            ),
            Self::ChipAuthentication => (
                PROOF,
                "the chip has the static key that its signed files announce",
                "Doc 9303-11, 6.2",
            ),
            Self::ActiveAuthentication => (
                PROOF,
                "the chip signs with the key of its signed DG15",
                "Doc 9303-11, 6.1",
            ),
            Self::CardAccess => (
                PROOF,
                "EF.CardAccess announces the ways of PACE that signed files announce",
                "Doc 9303-11, 4.2",
            ),
            Self::CardSecurity => (
                PROOF,
                "a trusted document signer has signed EF.CardSecurity",
                "Doc 9303-11, 4.4.3.5",
            ),
            Self::FrontAgainstBack => (
                BESIDE,
                "the front of a card belongs to its back",
                "Doc 9303-5; BSI TR-03135-1",
            ),
            Self::ZoneAgainstPage => (BESIDE, "the text of the page is that of the zone", TR_03135),
            Self::VisaAgainstDocument => (
                BESIDE,
                "the visa was issued to the holder of the document",
                "Doc 9303-7, 4.2.2",
            ),
            Self::VisaValidity => (
                BESIDE,
                "the day of inspection is not after the last day of the visa",
                "Doc 9303-7, 4.2.2",
            ),
            Self::FaceLikeness => (
                LANE,
                "the live face is the face of the portrait",
                "BSI TR-03121-3",
            ),
            Self::PresentationAttack => (
                LANE,
                "the live face is no presentation attack",
                "ISO/IEC 30107-3",
            ),
            Self::OnePerson => (LANE, "the traveller is alone", "the gate's own"),
            Self::Lists => (LANE, "document and holder are on no list", "the gate's own"),
        };
        Rule::new(step, text, clause)
    }
}

const READING: &str = "reading of the chip";
const PASSIVE: &str = "passive authentication";
const GROUPS: &str = "data groups";
const PROOF: &str = "proof of the chip";
const BESIDE: &str = "pages and visa";
const LANE: &str = "lane";
const TR_03135: &str = "BSI TR-03135-1";
