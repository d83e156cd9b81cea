//! The barcode on the front of Vietnamese identity cards (Căn cước công dân): seven fields between
//! vertical bars, in UTF-8, **signed by nobody**.
//!
//! It may fill in a form or help to find a record. It proves nothing: anybody can print one. So it is
//! a type of its own that goes nowhere: it is no [`Seal`](super::Seal), [`verify`](super::verify()) does
//! not take it, it makes no finding, and nothing turns it into something that does.
//!
//! ```
//! use gate_document::seal::hint::IdentityHint;
//!
//! let hint = IdentityHint::read("001199000001||Trần Thị A|01011999|Nữ|Hà Nội|02012022".as_bytes())?;
//! assert_eq!(hint.to_prefill().number, "001199000001");
//! # Ok::<(), gate_document::seal::hint::HintError>(())
//! ```
//!
//! The compiler refuses to verify one:
//!
//! ```compile_fail,E0308
//! use gate_document::seal::{SealSigners, hint::IdentityHint, verify};
//!
//! fn accept(hint: &IdentityHint, signers: &dyn SealSigners) {
//!     let _ = verify(hint, signers, None);
//! }
//! ```
//!
//! to make a seal of one:
//!
//! ```compile_fail,E0277
//! use gate_document::seal::{Seal, hint::IdentityHint};
//!
//! fn accept(hint: IdentityHint) -> Seal {
//!     hint.into()
//! }
//! ```
//!
//! and to make a finding of one:
//!
//! ```compile_fail,E0277
//! use gate_document::seal::{SealFinding, hint::IdentityHint};
//!
//! fn accept(hint: IdentityHint) -> SealFinding {
//!     hint.into()
//! }
//! ```

use crate::mrz::Mrz;
use crate::mrz::vietnam::PersonalNumber;
use crate::personal::same_name;
use crate::sensitive::Sensitive;
use core::fmt;
use jiff::civil::Date;

/// What the barcode says, and nobody vouches for.
#[derive(Clone, PartialEq, Eq)]
pub struct IdentityHint {
    number: Sensitive<String>,
    old_number: Sensitive<String>,
    name: Sensitive<String>,
    birth: Option<Date>,
    residence: Sensitive<String>,
}

/// Fields for a form that an officer checks, or for a search. Never for a decision.
#[derive(Clone, Copy)]
pub struct Prefill<'a> {
    /// Personal number, twelve digits.
    pub number: &'a str,
    /// Number of the identity card before, nine digits; empty where there was none.
    pub old_number: &'a str,
    /// Name in Vietnamese spelling.
    pub name: &'a str,
    /// Day of birth, where it is one.
    pub birth: Option<Date>,
    /// Place of residence.
    pub residence: &'a str,
}

/// Why a barcode is no hint. It is another barcode.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HintError {
    /// Longer than any card's.
    #[error("{found} bytes, at most {BYTES_MAX} expected")]
    TooLong {
        /// Bytes received.
        found: usize,
    },
    /// The imager has to be set to hand bytes on as they are.
    #[error("no text in UTF-8")]
    Text,
    /// Other cards have other fields.
    #[error("{found} fields between vertical bars, 7 expected")]
    Fields {
        /// Fields received.
        found: usize,
    },
    /// Not the number of a Vietnamese identity card.
    #[error("field {field} has not {expected} digits")]
    Number {
        /// Which field, from 1.
        field: usize,
        /// How many digits it should have.
        expected: usize,
    },
}

/// Longest hint: seven fields of the longest names and addresses.
pub const BYTES_MAX: usize = 1_024;

impl IdentityHint {
    /// Reads a hint.
    ///
    /// # Errors
    ///
    /// [`HintError`] for the first rule that the bytes break.
    pub fn read(bytes: &[u8]) -> Result<Self, HintError> {
        if bytes.len() > BYTES_MAX {
            return Err(HintError::TooLong { found: bytes.len() });
        }
        let text = core::str::from_utf8(bytes).map_err(|_| HintError::Text)?;
        let fields: Vec<&str> = text.trim().split('|').collect();
        let [number, old_number, name, birth, _sex, residence, _issued] = fields[..] else {
            return Err(HintError::Fields {
                found: fields.len(),
            });
        };
        let digits = |text: &str, count: usize| {
            text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())
        };
        if !digits(number, 12) {
            return Err(HintError::Number {
                field: 1,
                expected: 12,
            });
        }
        if !old_number.is_empty() && !digits(old_number, 9) {
            return Err(HintError::Number {
                field: 2,
                expected: 9,
            });
        }
        let keep = |text: &str| Sensitive::new(text.to_owned());
        Ok(Self {
            number: keep(number),
            old_number: keep(old_number),
            name: keep(name),
            birth: digits(birth, 8).then(|| day(birth)).flatten(),
            residence: keep(residence),
        })
    }

    /// What the hint says otherwise than the zone of a card or passport, for somebody who looks: a
    /// hint that differs is a reason to look closer, and one that does not proves nothing. `None` for
    /// what one of the two does not have.
    #[must_use]
    pub fn compare(&self, zone: &Mrz) -> [(&'static str, Option<bool>); 3] {
        let number = PersonalNumber::of(zone);
        let number = number.map(|number| number.digits() == self.number.expose());
        let birth = zone.birth.expose();
        let same = |own: Option<u8>, stated: i16| own.is_none_or(|own| i16::from(own) == stated);
        let birth = self.birth.map(|day| {
            same(birth.year_of_century, day.year() % 100)
                && same(birth.month, day.month().into())
                && same(birth.day, day.day().into())
        });
        [
            ("personal number", number),
            ("name", same_name(self.name.expose(), zone)),
            ("date of birth", birth),
        ]
    }

    /// What it says, for filling in and searching.
    #[must_use]
    pub fn to_prefill(&self) -> Prefill<'_> {
        Prefill {
            number: self.number.expose(),
            old_number: self.old_number.expose(),
            name: self.name.expose(),
            birth: self.birth,
            residence: self.residence.expose(),
        }
    }
}

fn day(text: &str) -> Option<Date> {
    let part = |range: core::ops::Range<usize>| text.get(range)?.parse::<i16>().ok();
    let (day, month, year) = (part(0..2)?, part(2..4)?, part(4..8)?);
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

impl fmt::Debug for IdentityHint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdentityHint(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_hint_is_read_and_not_printed() {
        let text = "001199000001|012345678|Trần Thị A|29021996|Nữ|Số 1, Hà Nội|02012022";
        let hint = IdentityHint::read(text.as_bytes()).unwrap();
        let form = hint.to_prefill();
        assert_eq!(
            (form.number, form.old_number),
            ("001199000001", "012345678")
        );
        assert_eq!((form.name, form.residence), ("Trần Thị A", "Số 1, Hà Nội"));
        assert_eq!(form.birth, Some(date(1996, 2, 29)));
        assert_eq!(format!("{hint:?}"), "IdentityHint(…)");
    }

    #[test]
    fn a_hint_is_held_against_a_zone_field_by_field() {
        let zone = Mrz::parse(crate::test_issuer::ZONE).unwrap();
        for (text, expected) in [
            (
                "001199000001||Anna Maria Eriksson|12081974|Nữ|B|C",
                [None, Some(true), Some(true)],
            ),
            (
                "001199000001||Anna Maria|13081974|Nữ|B|C",
                [None, Some(false), Some(false)],
            ),
            ("001199000001||Анна|31021974|Nữ|B|C", [None, None, None]),
        ] {
            let hint = IdentityHint::read(text.as_bytes()).unwrap();
            assert_eq!(
                hint.compare(&zone).map(|(_, same)| same),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn another_barcode_is_no_hint() {
        for (text, error) in [
            (
                "001199000001||A|01011999|Nam|B",
                "6 fields between vertical bars, 7 expected",
            ),
            (
                "00119900000x||A|01011999|Nam|B|C",
                "field 1 has not 12 digits",
            ),
            (
                "001199000001|1|A|01011999|Nam|B|C",
                "field 2 has not 9 digits",
            ),
        ] {
            let found = IdentityHint::read(text.as_bytes()).unwrap_err();
            assert_eq!(found.to_string(), error);
        }
        assert_eq!(IdentityHint::read(&[0xFF]), Err(HintError::Text));
        let found = BYTES_MAX + 1;
        let long = "1".repeat(found);
        assert_eq!(
            IdentityHint::read(long.as_bytes()),
            Err(HintError::TooLong { found })
        );
        let no_day = "001199000001||A|31021999|Nam|B|C";
        assert_eq!(IdentityHint::read(no_day.as_bytes()).unwrap().birth, None);
    }
}
