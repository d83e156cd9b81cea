//! DG12, details of the document (Doc 9303-10, 4.7.12): who issued it and when, what it says of other
//! persons and of itself.
//!
//! Only the day of issue is judged. The pictures of the pages are not decoded.

use crate::personal::eight_digits;
use crate::sensitive::Sensitive;
use crate::tlv::{Reader, TlvError};
use jiff::civil::{Date, DateTime};

/// What DG12 says. A field that is missing, or in no form that is known here, is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DocumentDetails {
    /// Authority that issued the document (5F19).
    pub authority: Option<Sensitive<String>>,
    /// Day of issue (5F26).
    pub issued: Option<Date>,
    /// Names of other persons on the document (A0, 5F1A), `<` as a space: at most [`OTHERS_MAX`].
    pub others: Vec<Sensitive<String>>,
    /// Endorsements and observations (5F1B).
    pub observations: Option<Sensitive<String>>,
    /// Tax and exit requirements (5F1C).
    pub exit_requirements: Option<Sensitive<String>>,
    /// Length in bytes of the picture of the front (5F1D).
    pub front: Option<usize>,
    /// Length in bytes of the picture of the rear (5F1E).
    pub rear: Option<usize>,
    /// When the document was personalised (5F55); whose clock it was, nobody says.
    pub personalised: Option<DateTime>,
    /// Serial number of the system that personalised it (5F56).
    pub system: Option<Sensitive<String>>,
    /// A field is encoded otherwise than the standard says, and was read all the same: which.
    pub tolerated: Option<&'static str>,
}

/// Other persons that are kept.
pub const OTHERS_MAX: usize = 16;

/// Fields that are looked at, at most.
const FIELDS_MAX: usize = 64;

impl DocumentDetails {
    /// Reads DG12.
    ///
    /// # Errors
    ///
    /// [`TlvError`]; an optional data group never ends an inspection.
    pub fn parse(bytes: &[u8]) -> Result<Self, TlvError> {
        let mut reader = Reader::new(bytes).expect(0x6C, "DG12 (6C)")?.reader();
        let mut details = Self::default();
        for _ in 0..FIELDS_MAX {
            if reader.is_empty() {
                break;
            }
            let field = reader.any("detail of the document")?;
            match field.tag {
                0x5F19 => details.authority = text(field.value),
                0x5F26 => {
                    details.issued = eight_digits(field.value).and_then(|digits| day(&digits));
                    if details.issued.is_some() && field.value.len() == 4 {
                        details.tolerated = Some("date of issue in four bytes");
                    }
                }
                0xA0 => details.others(field.reader())?,
                // One outside the list, as some issuers write other names in DG11.
                0x5F1A => {
                    details.other(field.value);
                    details.tolerated = Some("another person outside the list");
                }
                0x5F1B => details.observations = text(field.value),
                0x5F1C => details.exit_requirements = text(field.value),
                0x5F1D => details.front = Some(field.value.len()),
                0x5F1E => details.rear = Some(field.value.len()),
                0x5F55 => details.personalised = moment(field.value),
                0x5F56 => details.system = text(field.value),
                _ => {}
            }
        }
        Ok(details)
    }

    fn others(&mut self, mut list: Reader<'_>) -> Result<(), TlvError> {
        for _ in 0..FIELDS_MAX {
            if list.is_empty() {
                break;
            }
            let field = list.any("other person")?;
            if field.tag == 0x5F1A {
                self.other(field.value);
            }
        }
        Ok(())
    }

    fn other(&mut self, name: &[u8]) {
        if self.others.len() < OTHERS_MAX {
            let name = text(name).map(|name| Sensitive::new(name.expose().replace('<', " ")));
            self.others.extend(name);
        }
    }
}

/// Text that can be shown: UTF-8 without characters that command a terminal or turn the line around.
pub(crate) fn text(value: &[u8]) -> Option<Sensitive<String>> {
    let commands = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
    };
    let text = core::str::from_utf8(value).ok()?.trim();
    let is_shown = !text.is_empty() && !text.chars().any(commands);
    is_shown.then(|| Sensitive::new(text.to_owned()))
}

/// `YYYYMMDD`.
pub(crate) fn day(digits: &str) -> Option<Date> {
    let part = |range: core::ops::Range<usize>| digits.get(range)?.parse::<i16>().ok();
    let (month, day) = (part(4..6)?, part(6..8)?);
    Date::new(
        part(0..4)?,
        i8::try_from(month).ok()?,
        i8::try_from(day).ok()?,
    )
    .ok()
}

/// `YYYYMMDDhhmmss`, as digits or two of them in each byte.
fn moment(value: &[u8]) -> Option<DateTime> {
    let digits: String = match value.len() {
        7 => value.iter().map(|byte| format!("{byte:02x}")).collect(),
        14 => core::str::from_utf8(value).ok()?.to_owned(),
        _ => return None,
    };
    let day = day(digits.get(..8)?)?;
    let part = |range: core::ops::Range<usize>| digits.get(range)?.parse::<i8>().ok();
    DateTime::new(
        day.year(),
        day.month(),
        day.day(),
        part(8..10)?,
        part(10..12)?,
        part(12..14)?,
        0,
    )
    .ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tlv::write;
    use jiff::civil::{date, datetime};

    fn object(tag: u32, value: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        write(&mut bytes, tag, value);
        bytes
    }

    fn dg12(fields: &[(u32, &[u8])]) -> Vec<u8> {
        let fields: Vec<u8> = fields
            .iter()
            .flat_map(|(tag, value)| object(*tag, value))
            .collect();
        object(0x6C, &fields)
    }

    #[test]
    fn every_field_of_the_standard_is_read() {
        let persons = [
            object(0x02, &[2]),
            object(0x5F1A, b"SMITH<<BRENDA<P"),
            object(0x5F1A, "Müller<<Jörg".as_bytes()),
        ];
        let bytes = dg12(&[
            (0x5C, &[0x5F, 0x19, 0x5F, 0x26, 0xA0]),
            (0x5F19, b"UNITED STATES OF AMERICA"),
            (0x5F26, b"20020531"),
            (0xA0, &persons.concat()),
            (0x5F1B, b"NONE"),
            (0x5F1C, b"PAID"),
            (0x5F1D, &[0xFF; 40]),
            (0x5F1E, &[0xFF; 41]),
            (0x5F55, b"20020531143005"),
            (0x5F56, b"SYS-7"),
        ]);
        let details = DocumentDetails::parse(&bytes).unwrap();
        let shown = |text: &Option<Sensitive<String>>| text.as_ref().unwrap().expose().clone();
        assert_eq!(shown(&details.authority), "UNITED STATES OF AMERICA");
        assert_eq!(details.issued, Some(date(2002, 5, 31)));
        assert_eq!(details.others[0].expose(), "SMITH  BRENDA P");
        assert_eq!(details.others[1].expose(), "Müller  Jörg");
        assert_eq!(shown(&details.observations), "NONE");
        assert_eq!(shown(&details.exit_requirements), "PAID");
        assert_eq!((details.front, details.rear), (Some(40), Some(41)));
        assert_eq!(
            details.personalised,
            Some(datetime(2002, 5, 31, 14, 30, 5, 0))
        );
        assert_eq!(shown(&details.system), "SYS-7");
        assert_eq!(details.tolerated, None);
        let printed = format!("{details:?}");
        for personal in ["SMITH", "Müller", "NONE", "SYS"] {
            assert!(!printed.contains(personal), "{printed}");
        }
    }

    #[test]
    fn what_issuers_write_otherwise_is_read_and_told() {
        let short = DocumentDetails::parse(&dg12(&[
            (0x5F26, &[0x20, 0x20, 0x01, 0x15]),
            (0x5F55, &[0x20, 0x20, 0x01, 0x15, 0x09, 0x30, 0x59]),
        ]));
        let short = short.unwrap();
        assert_eq!(short.issued, Some(date(2020, 1, 15)));
        assert_eq!(
            short.personalised,
            Some(datetime(2020, 1, 15, 9, 30, 59, 0))
        );
        assert_eq!(short.tolerated, Some("date of issue in four bytes"));
        let outside = DocumentDetails::parse(&dg12(&[(0x5F1A, b"DOE<<JANE")])).unwrap();
        assert_eq!(outside.others.len(), 1);
        assert!(outside.tolerated.is_some());
    }

    #[test]
    fn what_makes_no_sense_is_no_field_and_no_panic() {
        for (tag, value) in [
            (0x5F26, &b"20201332"[..]),
            (0x5F26, &[0xAB, 0xCD, 0xEF, 0x01]),
            (0x5F26, b"2020-1-1"),
            (0x5F26, b"+202+1+1"),
            (0x5F55, b"20200115246060"),
            (0x5F19, b"\x1B[2J"),
            (0x5F19, "abc\u{202E}def".as_bytes()),
            (0x5F19, &[0xFF, 0xFE]),
            (0x5F1B, b"   "),
        ] {
            let details = DocumentDetails::parse(&dg12(&[(tag, value)])).unwrap();
            assert_eq!(details, DocumentDetails::default(), "{tag:X} {value:?}");
        }
        let many = object(0x5F1A, b"DOE<<JANE").repeat(1000);
        let many = DocumentDetails::parse(&dg12(&[(0xA0, &many)])).unwrap();
        assert_eq!(many.others.len(), OTHERS_MAX);
        assert!(DocumentDetails::parse(&object(0x6B, &[])).is_err());
        assert!(DocumentDetails::parse(&object(0x6C, &[0x5F, 0x19, 0x40])).is_err());
    }
}
