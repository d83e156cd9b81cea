//! The machine readable zone of TD1, TD2 and TD3 documents (ICAO Doc 9303-3 to 9303-6).
//!
//! A zone is read as a whole or not at all: every check digit that the format has must be right.
//! Errors name lines, positions and fields, never the characters found, because those are the
//! traveller's.

mod dates;
mod field;
mod layout;
mod parse;

pub use dates::{Birth, Expiry};
pub use field::{Field, check_digit, has_check_digit};

use crate::finding::{Check, Finding};
use crate::sensitive::Sensitive;
use jiff::civil::Date;
use zeroize::{DefaultIsZeroes, Zeroizing};

/// Layout of a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Card: 3 lines of 30 characters (Doc 9303-5).
    Td1,
    /// Larger card: 2 lines of 36 characters (Doc 9303-6).
    Td2,
    /// Passport booklet: 2 lines of 44 characters (Doc 9303-4).
    Td3,
}

impl Format {
    /// Number of lines.
    #[must_use]
    pub const fn lines(self) -> usize {
        match self {
            Self::Td1 => 3,
            Self::Td2 | Self::Td3 => 2,
        }
    }

    /// Characters in each line.
    #[must_use]
    pub const fn line_length(self) -> usize {
        match self {
            Self::Td1 => 30,
            Self::Td2 => 36,
            Self::Td3 => 44,
        }
    }
}

/// Sex as the zone states it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Sex {
    /// `F`.
    Female,
    /// `M`.
    Male,
    /// `<` or `X`.
    #[default]
    Unspecified,
}

impl DefaultIsZeroes for Sex {}

/// A zone that was read completely, with every check digit right.
///
/// What belongs to the document's kind is plain; what belongs to the traveller is [`Sensitive`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mrz {
    /// Layout.
    pub format: Format,
    /// Document code without fillers, for example `P`, `ID` or `I`.
    pub document_code: String,
    /// Issuing State or organisation without fillers, for example `VNM` or `D`.
    pub issuing_state: String,
    /// Document number without fillers, put together again where it is longer than its field.
    pub document_number: Sensitive<String>,
    /// Nationality without fillers.
    pub nationality: Sensitive<String>,
    /// Day of birth, as far as it is known.
    pub birth: Sensitive<Birth>,
    /// Sex.
    pub sex: Sensitive<Sex>,
    /// Last day of validity.
    pub expiry: Expiry,
    /// Primary identifier, words separated by one space.
    pub surname: Sensitive<String>,
    /// Secondary identifier, words separated by one space; empty where the zone has none.
    pub given_names: Sensitive<String>,
    /// The name fills its field to the last character, so it may have been cut (Doc 9303-3, 4.6).
    pub name_may_be_truncated: bool,
    /// Optional data without trailing fillers; TD1's two fields one after the other.
    pub optional_data: Sensitive<String>,
    /// The normalised lines, without separators.
    text: Sensitive<String>,
}

impl Mrz {
    /// Reads a zone from the text of a reader: lines separated by CR, LF or both, or none at all.
    ///
    /// `_` and space count as `<`, lower case as upper case. Characters that a reader marks as
    /// unreadable are errors.
    ///
    /// # Errors
    ///
    /// [`MrzError`] for the first rule that the text breaks.
    pub fn parse(text: &str) -> Result<Self, MrzError> {
        parse::parse(text)
    }

    /// The key that opens the chip: document number, birth and expiry, each with its check digit
    /// (`MRZ_information` of Doc 9303-11, 4.3.2 and Appendix D.2).
    #[must_use]
    pub fn access_key(&self) -> AccessKey {
        parse::access_key(self)
    }

    /// The lines of the zone, normalised.
    pub fn lines(&self) -> impl Iterator<Item = &str> {
        let text = self.text.expose().as_str();
        let length = self.format.line_length();
        (0..self.format.lines()).map(move |line| &text[line * length..(line + 1) * length])
    }

    /// Fields in which `self` and `other` differ, in the order of the zone.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<Field> {
        parse::differences(self, other)
    }
}

/// What the holder of the printed zone knows and the chip asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessKey {
    mrz_information: Sensitive<String>,
}

impl AccessKey {
    /// Takes `MRZ_information` as it stands: number, birth and expiry with their check digits.
    #[must_use]
    pub fn from_mrz_information(text: &str) -> Self {
        Self {
            mrz_information: Sensitive::new(text.to_owned()),
        }
    }

    /// `MRZ_information`, the input of the key derivation.
    #[must_use]
    pub fn mrz_information(&self) -> &str {
        self.mrz_information.expose()
    }
}

/// Why a text is no machine readable zone. Turn the document and read it again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MrzError {
    /// Part of a zone, or none.
    #[error(
        "zone of {lines} lines, the longest of {longest} characters; 3 of 30, 2 of 36 or 2 of 44 expected"
    )]
    Shape {
        /// Lines found.
        lines: usize,
        /// Characters in the longest line.
        longest: usize,
    },
    /// Nothing but `A` to `Z`, `0` to `9` and `<` may stand in a zone, and only some of them in
    /// each field.
    #[error("zone line {line}, position {position}: character not allowed in {field}")]
    Character {
        /// Field.
        field: Field,
        /// Line, from 1.
        line: usize,
        /// Position in the line, from 1.
        position: usize,
    },
    /// The document is misread or altered.
    #[error("zone line {line}, position {position}: check digit over {field} is wrong")]
    CheckDigit {
        /// What the digit protects.
        field: Field,
        /// Line of the digit, from 1.
        line: usize,
        /// Position of the digit, from 1.
        position: usize,
    },
    /// Right check digit over a day that no calendar has.
    #[error("zone line {line}, position {position}: {field} is no day of the calendar")]
    Date {
        /// Which date.
        field: Field,
        /// Line of the date, from 1.
        line: usize,
        /// First position of the date, from 1.
        position: usize,
    },
}

/// The finding for [`Check::PrintedZone`].
#[must_use]
pub fn printed_zone(zone: &Result<Mrz, MrzError>) -> Finding {
    match zone {
        Ok(_) => Finding::passed(Check::PrintedZone),
        Err(error) => Finding::failed(Check::PrintedZone, error.to_string()),
    }
}

/// The finding for [`Check::Validity`] on the day `today`; `None` means that the gate does not
/// know the day, and an unknown day is never a valid document.
#[must_use]
pub fn validity(mrz: &Mrz, today: Option<Date>) -> Finding {
    match (mrz.expiry, today) {
        (Expiry::Unlimited, _) => Finding::passed(Check::Validity),
        (Expiry::Unknown, _) => Finding::not_done(Check::Validity, "the zone states no expiry"),
        (Expiry::On(_), None) => {
            Finding::not_done(Check::Validity, "the gate does not know the date")
        }
        (Expiry::On(last), Some(today)) if today <= last => Finding::passed(Check::Validity),
        // Which day it was is the traveller's.
        (Expiry::On(_), Some(_)) => Finding::failed(Check::Validity, "the document has expired"),
    }
}

/// A string that is zeroed when dropped, for intermediate steps.
type Secret = Zeroizing<String>;

#[cfg(test)]
mod tests;
