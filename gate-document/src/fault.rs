//! What failed, in words that stay the same: for reports, statistics and the traveller's screen.
//!
//! A reason is written for people and may change; a [`Fault`] is what a program may rely on.

use crate::chip::{Cause, ReadError};
use crate::finding::Check;
use crate::mrz::{Field, MrzError};
use crate::seal::{SealCheck, SealError};
use serde::Serialize;

/// Where a failure happened, and against which rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fault {
    /// Stable name of the kind: `wrong-mrz`, `document-removed`, `zone-check-digit`. Of a check that
    /// is wrong in one way only, it is the name of the check.
    pub kind: &'static str,
    /// The step that failed, for example `PACE, tokens`.
    pub step: String,
    /// The rule that was broken.
    pub rule: &'static str,
    /// Where the rule stands.
    pub clause: &'static str,
}

/// A rule of the standard, and the step of an inspection that applies it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The step.
    pub step: &'static str,
    /// The rule as a sentence.
    pub text: &'static str,
    /// Where it stands.
    pub clause: &'static str,
}

impl Rule {
    const fn new(step: &'static str, text: &'static str, clause: &'static str) -> Self {
        Self { step, text, clause }
    }

    /// The failure of `kind` to keep the rule.
    #[must_use]
    pub fn broken(self, kind: &'static str) -> Fault {
        Fault {
            kind,
            step: self.step.to_owned(),
            rule: self.text,
            clause: self.clause,
        }
    }
}

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

const ZONE: &str = "printed zone";
const READING: &str = "reading of the chip";
const PASSIVE: &str = "passive authentication";
const GROUPS: &str = "data groups";
const PROOF: &str = "proof of the chip";
const BESIDE: &str = "pages and visa";
const LANE: &str = "lane";
const TR_03135: &str = "BSI TR-03135-1";

impl Cause {
    /// The stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Removed => "document-removed",
            Self::Reader => "reader-fault",
            Self::WrongZone => "wrong-mrz",
            Self::WrongNumber => "wrong-can",
            Self::NoAccess => "access-refused",
            Self::Distrust => "chip-distrusted",
            Self::Chip => "chip-fault",
            Self::Gate => "gate-fault",
        }
    }
}

impl ReadError {
    /// The failure in words that stay.
    #[must_use]
    pub fn fault(&self) -> Fault {
        let rule = match self {
            Self::Card { .. } => "the chip answers every command",
            Self::NoApplication { .. } => "the chip has the travel document application",
            Self::Access(_) => Check::ChipAccess.rule().text,
            Self::Messaging { .. } => Check::ChipConversation.rule().text,
            Self::Refused { .. } => "the chip gives every byte of a file that it begins",
            Self::Malformed { .. } => "a file is one data object with its tag",
            Self::TooLong { .. } => "a file is no longer than the gate's limit",
            Self::Block { .. } => "a block is as long as it was asked for",
            Self::Crypto(_) => "the computer has the algorithm",
        };
        let at = self.step();
        Fault {
            kind: self.cause().name(),
            step: at.map_or_else(|| "computation".to_owned(), |step| step.to_string()),
            rule,
            clause: self.clause().unwrap_or("the gate's own"),
        }
    }
}

impl MrzError {
    /// The failure in words that stay. The step says where in the zone.
    #[must_use]
    pub fn fault(&self) -> Fault {
        let at = |line, position| format!("{ZONE}, line {line}, position {position}");
        let (kind, step, rule, clause) = match self {
            Self::Shape { .. } => (
                "zone-shape",
                ZONE.to_owned(),
                "a zone has the lines of one of the formats",
                "Doc 9303-4 to 9303-7, 4.2",
            ),
            Self::Character { line, position, .. } => (
                "zone-character",
                at(line, position),
                "a field has only its own characters",
                "Doc 9303-3, 4.3",
            ),
            Self::CheckDigit {
                field,
                line,
                position,
            } => (
                "zone-check-digit",
                at(line, position),
                Check::ZoneCheckDigits.rule().text,
                match field {
                    Field::PersonalNumber => "the issuer's own",
                    _ => Check::ZoneCheckDigits.rule().clause,
                },
            ),
            Self::Date { line, position, .. } => (
                "zone-date",
                at(line, position),
                "a date is a day of the calendar",
                "Doc 9303-3, 4.8",
            ),
        };
        Fault {
            kind,
            step,
            rule,
            clause,
        }
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{AccessError, PasswordKind, WithoutPace};
    use crate::apdu::Status;
    use crate::card::CardError;
    use crate::file::ElementaryFile;
    use crate::mrz::Mrz;
    use crate::step::Step;

    fn card(error: CardError) -> ReadError {
        let step = Step::File(ElementaryFile::DG2);
        ReadError::Card { step, error }
    }

    fn wrong(password: PasswordKind) -> ReadError {
        ReadError::Access(AccessError::WrongPassword {
            step: Step::PaceTokens,
            password,
            status: Status(0x6300),
        })
    }

    #[test]
    fn whatever_keeps_a_chip_from_being_read_has_its_kind_step_and_clause() {
        let reader = "r".to_owned();
        let problem = "p".to_owned();
        let status = Status(0x6985);
        let without_pace = WithoutPace::NoCardAccess { status };
        for (error, kind, step, clause) in [
            (
                wrong(PasswordKind::Mrz),
                "wrong-mrz",
                "PACE, tokens",
                "Doc 9303-11, 4.4.4.2",
            ),
            (
                wrong(PasswordKind::Can),
                "wrong-can",
                "PACE, tokens",
                "Doc 9303-11, 4.4.4.2",
            ),
            (
                ReadError::Access(AccessError::NoPassword { without_pace }),
                "access-refused",
                "EF.CardAccess",
                "Doc 9303-11, 9.2.11",
            ),
            (
                ReadError::NoApplication { status },
                "access-refused",
                "selection of the application",
                "Doc 9303-10, 4.1",
            ),
            (
                card(CardError::Removed),
                "document-removed",
                "DG2",
                "Doc 9303-10, 3.6",
            ),
            (
                card(CardError::Reader { reader, problem }),
                "reader-fault",
                "DG2",
                "Doc 9303-10, 3.6",
            ),
            (
                card(CardError::Late),
                "chip-fault",
                "DG2",
                "Doc 9303-10, 3.6",
            ),
        ] {
            let fault = error.fault();
            let told = (fault.kind, fault.step.as_str(), fault.clause);
            assert_eq!(told, (kind, step, clause), "{error}");
            assert!(!fault.rule.is_empty());
        }
    }

    #[test]
    fn a_zone_that_cannot_be_read_says_where_and_against_which_clause() {
        for (zone, kind, step, clause) in [
            (
                "P<UTO",
                "zone-shape",
                "printed zone",
                "Doc 9303-4 to 9303-7, 4.2",
            ),
            (
                "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\n\
                 L898902C36UTO7408123F1204159ZE184226B<<<<<10",
                "zone-check-digit",
                "printed zone, line 2, position 20",
                "Doc 9303-3, 4.9",
            ),
            (
                "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\n\
                 L898902C36UTO74081?2F1204159ZE184226B<<<<<10",
                "zone-character",
                "printed zone, line 2, position 19",
                "Doc 9303-3, 4.3",
            ),
        ] {
            let fault = Mrz::parse(zone).unwrap_err().fault();
            let told = (fault.kind, fault.step.as_str(), fault.clause);
            assert_eq!(told, (kind, step, clause));
        }
    }

    #[test]
    fn every_check_applies_a_rule_of_its_own() {
        let rules: std::collections::BTreeSet<&str> =
            Check::ALL.iter().map(|check| check.rule().text).collect();
        assert_eq!(rules.len(), Check::ALL.len());
        for check in SealCheck::ALL {
            let named = serde_json::to_value(check).unwrap();
            assert_eq!(named, check.name());
            assert!(!check.rule().clause.is_empty());
        }
    }
}
