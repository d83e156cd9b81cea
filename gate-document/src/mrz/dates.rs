//! Dates of a zone: six digits, of which two must do for a year.

use core::fmt;
use jiff::civil::Date;
use zeroize::Zeroize;

/// Day of birth as the zone states it; unknown parts are fillers there (Doc 9303-3, 4.8), or `XX`
/// where an issuer took over what the printed date says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Zeroize)]
pub struct Birth {
    /// Last two digits of the year.
    pub year_of_century: Option<u8>,
    /// Month, 1 to 12.
    pub month: Option<u8>,
    /// Day, 1 to 31.
    pub day: Option<u8>,
}

impl Birth {
    /// The day, in the latest century that does not put it after `today`.
    ///
    /// Somebody older than a hundred years comes out a hundred years too young: two digits hold no
    /// more. `None` while a part is unknown.
    #[must_use]
    pub fn date(self, today: Date) -> Option<Date> {
        let (year, month, day) = (self.year_of_century?, self.month?, self.day?);
        let century = today.year() / 100 * 100;
        [century, century - 100]
            .into_iter()
            .filter_map(|century| date(century + i16::from(year), month, day))
            .find(|date| *date <= today)
    }
}

/// Last day of validity.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Expiry {
    /// The last day on which the document is valid.
    ///
    /// Years 00 to 69 are 2000 to 2069, years 70 to 99 are 1970 to 1999. A window around today
    /// would need a clock; this rule holds as long as no document is valid for decades, and
    /// machine readable zones are not older than the 1980s.
    On(Date),
    /// The document does not expire: Vietnamese identity cards of holders above sixty say 991231
    /// ("Không thời hạn"). The same digits in another issuer's document are a day of 1999.
    Unlimited,
    /// The zone has fillers in place of the date or of a part of it.
    Unknown,
}

// The day is printed in the zone beside the name; it stays out of logs with it.
impl fmt::Debug for Expiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::On(_) => "On(…)",
            Self::Unlimited => "Unlimited",
            Self::Unknown => "Unknown",
        })
    }
}

/// First two-digit year that belongs to the last century, for expiry only.
const EXPIRY_PIVOT: u8 = 70;

/// Six characters of a date of birth. `None` when they are no date.
pub(super) fn birth(characters: &[u8]) -> Option<Birth> {
    let birth = Birth {
        year_of_century: part(characters, 0)?,
        month: part(characters, 2)?,
        day: part(characters, 4)?,
    };
    let month_fits = birth.month.is_none_or(|month| (1..=12).contains(&month));
    let day_fits = birth.day.is_none_or(|day| (1..=31).contains(&day));
    // A leap year decides about 29 February, so 2000 stands in for an unknown year; of the two
    // centuries that a known year may mean, one must have the day.
    let exists = match (birth.year_of_century, birth.month, birth.day) {
        (Some(year), Some(month), Some(day)) => [1900, 2000]
            .into_iter()
            .any(|century| date(century + i16::from(year), month, day).is_some()),
        (None, Some(month), Some(day)) => date(2000, month, day).is_some(),
        _ => true,
    };
    (month_fits && day_fits && exists).then_some(birth)
}

/// Six characters of a date of expiry. `None` when they are no date.
pub(super) fn expiry(
    characters: &[u8],
    issuing_state: &str,
    document_code: &str,
) -> Option<Expiry> {
    if characters == b"991231" && issuing_state == "VNM" && document_code.starts_with('I') {
        return Some(Expiry::Unlimited);
    }
    match (
        part(characters, 0)?,
        part(characters, 2)?,
        part(characters, 4)?,
    ) {
        (Some(year), Some(month), Some(day)) => {
            let century = if year < EXPIRY_PIVOT { 2000 } else { 1900 };
            date(century + i16::from(year), month, day).map(Expiry::On)
        }
        // Without its day a last day is none: nobody is let through by such a date.
        (_, month, day) => (month.is_none_or(|month| (1..=12).contains(&month))
            && day.is_none_or(|day| (1..=31).contains(&day)))
        .then_some(Expiry::Unknown),
    }
}

fn date(year: i16, month: u8, day: u8) -> Option<Date> {
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// Two characters at `at`: `Some(None)` for an unknown part, `None` for anything that is no number.
fn part(characters: &[u8], at: usize) -> Option<Option<u8>> {
    match characters.get(at..at + 2)? {
        b"<<" | b"XX" => Some(None),
        [tens @ b'0'..=b'9', ones @ b'0'..=b'9'] => Some(Some((tens - b'0') * 10 + ones - b'0')),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date as day;

    #[test]
    fn two_digits_of_a_year_find_their_century() {
        let today = day(2026, 11, 22);
        for (text, expected) in [
            ("740812", Some(day(1974, 8, 12))),
            ("261122", Some(day(2026, 11, 22))),
            ("261123", Some(day(1926, 11, 23))),
            ("000229", Some(day(2000, 2, 29))),
            ("74<<<<", None),
            ("<<<<<<", None),
            ("74XXXX", None),
            ("XXXXXX", None),
        ] {
            assert_eq!(
                birth(text.as_bytes()).unwrap().date(today),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn days_that_no_calendar_has_are_refused() {
        for text in [
            "741301", "740832", "010229", "7408<1", "740", "AB0101", "<<0230",
        ] {
            assert_eq!(birth(text.as_bytes()), None, "{text}");
        }
        for text in ["301301", "1213<<", "12<<32", "1<<<<<", "010229"] {
            assert_eq!(expiry(text.as_bytes(), "UTO", "P"), None, "{text}");
        }
    }

    #[test]
    fn a_vietnamese_card_without_expiry_is_unlimited_and_no_other_document_is() {
        for (issuer, code, expected) in [
            ("VNM", "ID", Expiry::Unlimited),
            ("VNM", "I", Expiry::Unlimited),
            ("VNM", "P", Expiry::On(day(1999, 12, 31))),
            ("UTO", "ID", Expiry::On(day(1999, 12, 31))),
        ] {
            assert_eq!(
                expiry(b"991231", issuer, code),
                Some(expected),
                "{issuer} {code}"
            );
        }
        assert_eq!(
            expiry(b"690101", "UTO", "P"),
            Some(Expiry::On(day(2069, 1, 1)))
        );
        for text in ["<<<<<<", "XXXXXX", "30<<<<", "3012<<", "<<<<15"] {
            let found = expiry(text.as_bytes(), "UTO", "P");
            assert_eq!(found, Some(Expiry::Unknown), "{text}");
        }
    }
}
