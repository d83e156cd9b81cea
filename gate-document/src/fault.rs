//! What failed, in words that stay the same: for reports, statistics and the traveller's screen.
//!
//! A reason is written for people and may change; a [`Fault`] is what a program may rely on.

mod check;
mod seal;

use crate::chip::{Cause, ReadError};
use crate::finding::Check;
use crate::mrz::{Field, MrzError};
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

/// The step that every rule of a printed zone belongs to.
const ZONE: &str = "printed zone";

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{AccessError, PasswordKind, WithoutPace};
    use crate::apdu::Status;
    use crate::card::CardError;
    use crate::file::ElementaryFile;
    use crate::mrz::Mrz;
    use crate::seal::SealCheck;
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
