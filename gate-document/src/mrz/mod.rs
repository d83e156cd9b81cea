//! The machine readable zone of cards, passports and visas (ICAO Doc 9303-3 to 9303-7).
//!
//! A zone is read as a whole or not at all: every check digit that the format has must be right.
//! [`Mrz::parse`] takes the characters as they are; [`Mrz::read`] also tries what a reader may have
//! confused, and keeps what a check digit proves. [`Mrz::read_tolerant`] is for documents that were
//! issued with a wrong digit: it names the digit, and [`check_digits`] fails it. Errors name lines, positions and fields, never the
//! characters found, because those are the traveller's.

mod dates;
mod field;
mod layout;
mod parse;
mod repair;
pub mod vietnam;
mod written;

pub use dates::{Birth, Expiry};
pub use field::{Field, check_digit, has_check_digit};
pub use written::{WrittenError, written};

use crate::country;
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
    /// Visa of a full page: 2 lines of 44 characters, the first of them `V` (Doc 9303-7, 4.2).
    MrvA,
    /// Smaller visa: 2 lines of 36 characters, the first of them `V` (Doc 9303-7, 5.2).
    MrvB,
}

impl Format {
    /// Number of lines.
    #[must_use]
    pub const fn lines(self) -> usize {
        match self {
            Self::Td1 => 3,
            Self::Td2 | Self::Td3 | Self::MrvA | Self::MrvB => 2,
        }
    }

    /// Characters in each line.
    #[must_use]
    pub const fn line_length(self) -> usize {
        match self {
            Self::Td1 => 30,
            Self::Td2 | Self::MrvB => 36,
            Self::Td3 | Self::MrvA => 44,
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

/// Whether a name may go on beyond its field (Doc 9303-3, 4.6): a letter in the last position says
/// so, a filler there says that it does not. A name that just fits looks like one that was cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Truncation {
    /// The name is complete.
    None,
    /// Given names may be missing or cut short; so may be words of the surname, which issuers
    /// shorten to make room for at least one letter of a given name.
    Possible,
    /// The surname alone fills the field: it may be cut, and given names may be missing.
    Surname,
}

/// A character of the zone, by where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Position {
    /// Line, from 1.
    pub line: usize,
    /// Position in the line, from 1.
    pub position: usize,
}

/// A zone that was read completely, with every check digit right but its [`Mrz::wrong_digits`].
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
    ///
    /// Names stay as the zone has them: an apostrophe was dropped, a hyphen became a space, and what
    /// was transliterated cannot be turned back (`UE` may have been `Ü` or `UE`; Doc 9303-3, 6).
    pub surname: Sensitive<String>,
    /// Secondary identifier, words separated by one space; empty where the zone has none. Everything
    /// behind the first `<<` belongs to it, also where an issuer wrote a second `<<`.
    pub given_names: Sensitive<String>,
    /// Whether the name may go on beyond its field.
    pub truncation: Truncation,
    /// Optional data without leading and trailing fillers, and without what a long document number
    /// took of it. TD1: the field of the first line.
    pub optional_data: Sensitive<String>,
    /// TD1: the optional data of the second line, without trailing fillers. Empty in other formats.
    pub optional_data_2: Sensitive<String>,
    /// The normalised lines, without separators.
    text: Sensitive<String>,
    wrong_digits: Vec<WrongDigit>,
    key_digits: KeyDigits,
    repairs: Vec<Position>,
    alternatives: Vec<Mrz>,
}

/// A check digit that is not the one of its field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrongDigit {
    /// What the digit protects.
    pub field: Field,
    /// Where the digit stands.
    pub at: Position,
}

/// Which check digits open the chip, where some are printed wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum KeyDigits {
    /// As they stand in the zone.
    Printed,
    /// As Doc 9303-3, 4.9 computes them.
    Computed,
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

    /// Reads a zone as [`Mrz::parse`] does, and where that fails tries which confusion of the reader
    /// explains it: `0` for `O`, `1` for `I`, `8` for `B` and their like, or a character marked as
    /// unreadable (`?`, `*`, `#`).
    ///
    /// Nothing is changed but under a check digit that is right afterwards; names, nationality and
    /// sex have none and are never touched. The result is the likeliest reading, the others are its
    /// [`Mrz::alternatives`]: the chip knows which of them is right.
    ///
    /// # Errors
    ///
    /// [`MrzError`] for the first rule that the text breaks as it stands, when no confusion explains
    /// it.
    pub fn read(text: &str) -> Result<Self, MrzError> {
        repair::read(text)
    }

    /// Takes a zone as [`Mrz::parse`] does, wrong check digits included: an issuer may have printed
    /// them. They are the zone's [`Mrz::wrong_digits`].
    ///
    /// # Errors
    ///
    /// [`MrzError`] for the first other rule that the text breaks.
    pub fn parse_tolerant(text: &str) -> Result<Self, MrzError> {
        parse::as_printed(&parse::normalise(text)?)
    }

    /// Reads a zone as [`Mrz::read`] does, and takes it with its [`Mrz::wrong_digits`] where no
    /// confusion explains them. Where one does, the zone as printed is among the
    /// [`Mrz::alternatives`], the third to be tried at the latest: the chip knows.
    ///
    /// Where no confusion explains them, a chip is asked with the digits as printed first, then with those
    /// that the issuer should have printed: that reading is an alternative too. Where one does, the readings
    /// that explain them take its place.
    ///
    /// # Errors
    ///
    /// [`MrzError`] for the first rule that the text breaks as it stands, when it is more than check
    /// digits.
    pub fn read_tolerant(text: &str) -> Result<Self, MrzError> {
        repair::read_tolerant(text)
    }

    /// The check digits that are wrong, in the order document number, birth, expiry, optional data,
    /// composite, personal number. Empty but for [`Mrz::parse_tolerant`] and [`Mrz::read_tolerant`].
    #[must_use]
    pub fn wrong_digits(&self) -> &[WrongDigit] {
        &self.wrong_digits
    }

    /// Where this reading differs from what the reader sent, in the order of the zone. Empty for
    /// every zone that [`Mrz::parse`] takes.
    #[must_use]
    pub fn repairs(&self) -> &[Position] {
        &self.repairs
    }

    /// Other readings of the same characters, likeliest first; at most four.
    ///
    /// A zone that was read without any repair has them too, where two characters that look alike
    /// have the same check value: `6` and `G`, `1` and `L` in a document number.
    #[must_use]
    pub fn alternatives(&self) -> &[Self] {
        &self.alternatives
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

impl From<WrongDigit> for MrzError {
    fn from(wrong: WrongDigit) -> Self {
        Self::CheckDigit {
            field: wrong.field,
            line: wrong.at.line,
            position: wrong.at.position,
        }
    }
}

/// The finding for [`Check::ZoneCheckDigits`]: each digit that is wrong, by field and place.
#[must_use]
pub fn check_digits(mrz: &Mrz) -> Finding {
    if mrz.wrong_digits.is_empty() {
        return Finding::passed(Check::ZoneCheckDigits);
    }
    let wrong = mrz.wrong_digits.iter().map(|wrong| {
        let WrongDigit { field, at } = wrong;
        format!("check digit over {field} is wrong ({at})")
    });
    Finding::failed(Check::ZoneCheckDigits, wrong.collect::<Vec<_>>().join("; "))
}

/// The finding for [`Check::PrintedZone`].
#[must_use]
pub fn printed_zone(zone: &Result<Mrz, MrzError>) -> Finding {
    match zone {
        Ok(zone) => consistency(zone),
        Err(error) => Finding::failed(Check::PrintedZone, error.to_string()),
    }
}

/// The finding for [`Check::PrintedZone`] of a zone that could be read: what was corrected in it is
/// said. A nationality that nobody has is failed (BSI TR-03135-1 wants State codes judged; the issuing
/// State's is [`Check::IssuerAgainstSigner`]), and so is what its issuer's own rules forbid ([`vietnam`]).
/// Where fillers stand in place of the nationality, nothing wrong is printed, and nothing can be judged.
#[must_use]
pub fn consistency(mrz: &Mrz) -> Finding {
    let contradictions = vietnam::contradictions(mrz);
    let mut wrong: Vec<String> = contradictions.iter().map(ToString::to_string).collect();
    let nationality = mrz.nationality.expose();
    if !nationality.is_empty() && !country::is_nationality(nationality) {
        wrong.push("the nationality is no code of Doc 9303-3, 5".to_owned());
    }
    if !wrong.is_empty() {
        return Finding::failed(Check::PrintedZone, wrong.join(", "));
    }
    if nationality.is_empty() {
        return Finding::not_done(Check::PrintedZone, "no nationality is printed");
    }
    let places: Vec<String> = mrz.repairs.iter().map(ToString::to_string).collect();
    Finding {
        reason: match places.len() {
            0 => String::new(),
            _ => format!("corrected under a check digit: {}", places.join("; ")),
        },
        ..Finding::passed(Check::PrintedZone)
    }
}

/// The finding for [`Check::Validity`] on the day `today`; `None` means that the gate does not
/// know the day, and an unknown day is never a valid document.
#[must_use]
pub fn validity(mrz: &Mrz, today: Option<Date>) -> Finding {
    match (mrz.expiry, today) {
        (Expiry::Unlimited, Some(today)) if vietnam::too_young_for_no_expiry(mrz, today) => {
            Finding::failed(
                Check::Validity,
                "a card without expiry, of a holder too young for one",
            )
        }
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

impl core::fmt::Display for Position {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "line {}, position {}", self.line, self.position)
    }
}

/// A string that is zeroed when dropped, for intermediate steps.
type Secret = Zeroizing<String>;

#[cfg(test)]
mod tests;
