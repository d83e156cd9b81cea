//! What Vietnamese identity cards add to TD1.
//!
//! The optional data of the first line holds the holder's personal number: twelve digits, two
//! fillers, and at position 30 a check digit of its own. Its digits say where and when the holder
//! was registered (Decree 137/2015/NĐ-CP): three for the place, one for century and sex, two for the
//! year of birth, six by chance. The document number is its last nine digits, and `991231` in place
//! of an expiry means that there is none.

use super::parse::Zone;
use super::{Expiry, Field, Format, Mrz, Position, Sex, WrongDigit, has_check_digit};
use crate::sensitive::Sensitive;
use core::fmt;
use jiff::civil::Date;

const DIGITS: usize = 12;
/// Where the number stands in the zone without separators, and where its check digit.
const NUMBER: core::ops::Range<usize> = 15..15 + DIGITS;
pub(super) const CHECK_DIGIT: usize = 29;

/// A card is changed at 14, 25, 40 and 60; one that is issued in so many years before an age is good
/// until the next one, which after 60 does not come (Law 26/2023/QH15, Article 21).
pub(crate) const EARLY_RENEWAL: i16 = 2;

/// So a card without expiry may be there from this age on.
pub(crate) const NO_EXPIRY_FROM: i16 = 60 - EARLY_RENEWAL;

/// The personal number in the zone of a Vietnamese identity card.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonalNumber(Sensitive<String>);

impl PersonalNumber {
    /// The number in `mrz`; `None` where it is no Vietnamese identity card or holds none.
    #[must_use]
    pub fn of(mrz: &Mrz) -> Option<Self> {
        let digits = digits(mrz.format, mrz.text.expose())?;
        Some(Self(Sensitive::new(digits.to_owned())))
    }

    /// All twelve digits.
    #[must_use]
    pub fn digits(&self) -> &str {
        self.0.expose()
    }

    /// Code of the province, or of the country, where the birth was registered: digits 1 to 3.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.digits()[..3]
    }

    /// The last nine digits, which are the document number.
    #[must_use]
    pub fn document_number(&self) -> &str {
        &self.digits()[3..]
    }

    /// Sex: an even fourth digit is male, an odd one female.
    #[must_use]
    pub fn sex(&self) -> Sex {
        if self.number(3..4) % 2 == 0 {
            Sex::Male
        } else {
            Sex::Female
        }
    }

    /// Year of birth, 1900 to 2399: the fourth digit counts centuries by two.
    #[must_use]
    pub fn year_of_birth(&self) -> i16 {
        1900 + self.number(3..4) / 2 * 100 + self.number(4..6)
    }

    fn number(&self, range: core::ops::Range<usize>) -> i16 {
        self.digits()[range].parse().unwrap_or_default()
    }
}

/// What a zone and its own personal number disagree about. See the officer: an issued card that
/// does so is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Contradiction {
    /// The document number is not the last nine digits.
    DocumentNumber,
    /// The fourth digit says another sex.
    Sex,
    /// Digits 5 and 6 say another year of birth.
    YearOfBirth,
}

impl fmt::Display for Contradiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DocumentNumber => "the document number is not the end of the personal number",
            Self::Sex => "sex and personal number disagree",
            Self::YearOfBirth => "year of birth and personal number disagree",
        })
    }
}

/// What the zone of a Vietnamese card contradicts itself about; nothing for any other document.
#[must_use]
pub fn contradictions(mrz: &Mrz) -> Vec<Contradiction> {
    let Some(personal) = PersonalNumber::of(mrz) else {
        return Vec::new();
    };
    let year = mrz.birth.expose().year_of_century.map(i16::from);
    let sex = *mrz.sex.expose();
    let disagree = [
        (
            Contradiction::DocumentNumber,
            mrz.document_number.expose() != personal.document_number(),
        ),
        (
            Contradiction::Sex,
            sex != Sex::Unspecified && sex != personal.sex(),
        ),
        (
            Contradiction::YearOfBirth,
            year.is_some_and(|year| year != personal.year_of_birth() % 100),
        ),
    ];
    disagree
        .into_iter()
        .filter_map(|(what, wrong)| wrong.then_some(what))
        .collect()
}

/// Whether the holder of a card without expiry is younger than any who can have one.
pub(super) fn too_young_for_no_expiry(mrz: &Mrz, today: Date) -> bool {
    if mrz.expiry != Expiry::Unlimited {
        return false;
    }
    let born = match PersonalNumber::of(mrz) {
        Some(personal) => Some(personal.year_of_birth()),
        None => mrz.birth.expose().date(today).map(Date::year),
    };
    // In the year of the birthday the card may be there already.
    born.is_some_and(|born| today.year() - born < NO_EXPIRY_FROM)
}

/// Whether the zone is that of a Vietnamese card with the fillers behind a personal number, whatever
/// a reader made of its digits.
pub(super) fn may_hold_personal_number(zone: &Zone) -> bool {
    let text = zone.text.as_str();
    is_card(zone.format, text) && followed_by_digit(text)
}

/// The personal number and its check digit.
pub(super) fn personal_number_offsets() -> impl Iterator<Item = usize> + Clone {
    NUMBER.chain([CHECK_DIGIT])
}

/// The check digit at position 30.
pub(super) fn check(zone: &Zone) -> Result<(), WrongDigit> {
    match digits(zone.format, &zone.text) {
        Some(digits) if !has_check_digit(digits.as_bytes(), zone.text.as_bytes()[CHECK_DIGIT]) => {
            Err(WrongDigit {
                field: Field::PersonalNumber,
                at: Position {
                    line: 1,
                    position: CHECK_DIGIT + 1,
                },
            })
        }
        _ => Ok(()),
    }
}

/// The twelve digits, where the zone is that of a Vietnamese identity card and has them, their two
/// fillers, and something at position 30.
fn digits(format: Format, zone: &str) -> Option<&str> {
    let number = zone.get(NUMBER)?;
    let is_number = number.bytes().all(|character| character.is_ascii_digit());
    (is_card(format, zone) && followed_by_digit(zone) && is_number).then_some(number)
}

fn is_card(format: Format, zone: &str) -> bool {
    format == Format::Td1 && zone.starts_with('I') && zone.get(2..5) == Some("VNM")
}

fn followed_by_digit(zone: &str) -> bool {
    zone.get(NUMBER.end..CHECK_DIGIT) == Some("<<")
        && zone.as_bytes().get(CHECK_DIGIT) != Some(&b'<')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Outcome;
    use crate::mrz::{check_digit, consistency, validity};
    use jiff::civil::date;

    /// An invented card: personal number, birth with its check digit, sex, expiry.
    fn card(number: &str, personal: &str, birth: &str, sex: char, expiry: &str) -> String {
        let checked = |text: &str| format!("{text}{}", check_digit(text.as_bytes()).unwrap());
        let personal_digit = check_digit(personal.as_bytes()).unwrap();
        let upper = format!("{}{personal}<<{personal_digit}", checked(number));
        let (birth, expiry) = (checked(birth), checked(expiry));
        let composite = check_digit(format!("{upper}{birth}{expiry}<<<<<<<<<<<").as_bytes());
        format!(
            "IDVNM{upper}\n{birth}{sex}{expiry}VNM<<<<<<<<<<<{}\nTRAN<<THI<THU<HUONG<<<<<<<<<<<",
            composite.unwrap()
        )
    }

    #[test]
    fn a_personal_number_says_who_is_meant() {
        let zone = card("164123456", "001164123456", "640115", 'F', "991231");
        let mrz = Mrz::parse(&zone).unwrap();
        let personal = PersonalNumber::of(&mrz).unwrap();
        assert_eq!(personal.place(), "001");
        assert_eq!(personal.document_number(), "164123456");
        assert_eq!(
            (personal.sex(), personal.year_of_birth()),
            (Sex::Female, 1964)
        );
        assert!(contradictions(&mrz).is_empty());
        assert!(!format!("{personal:?}").contains("164"));
        // The next century: 2 is male, 3 is female.
        let zone = card("208000001", "079208000001", "080229", 'M', "330228");
        let personal = PersonalNumber::of(&Mrz::parse(&zone).unwrap()).unwrap();
        assert_eq!(
            (personal.sex(), personal.year_of_birth()),
            (Sex::Male, 2008)
        );
    }

    #[test]
    fn a_card_that_contradicts_its_personal_number_is_failed_by_name() {
        for (zone, expected) in [
            (
                card("164123457", "001164123456", "640115", 'F', "991231"),
                Contradiction::DocumentNumber,
            ),
            (
                card("164123456", "001164123456", "640115", 'M', "991231"),
                Contradiction::Sex,
            ),
            (
                card("164123456", "001164123456", "650115", 'F', "991231"),
                Contradiction::YearOfBirth,
            ),
        ] {
            let mrz = Mrz::parse(&zone).unwrap();
            assert_eq!(contradictions(&mrz), [expected]);
            let finding = consistency(&mrz);
            assert_eq!(finding.outcome, Outcome::Failed);
            assert_eq!(finding.reason, expected.to_string());
        }
    }

    #[test]
    fn the_check_digit_at_position_30_is_held_against_the_personal_number() {
        let right = card("164123456", "001164123456", "640115", 'F', "991231");
        let wrong = right.replace("<<5\n", "<<6\n");
        // The composite digit notices first; made right again, only the card's own digit is wrong.
        let wrong = (0..10)
            .map(|digit| wrong.replace("<<<0\n", &format!("<<<{digit}\n")))
            .map(|zone| Mrz::parse(&zone).unwrap_err().to_string())
            .find(|error| !error.contains("composite"));
        assert_eq!(
            wrong.as_deref(),
            Some("zone line 1, position 30: check digit over personal number is wrong")
        );
        // Another country's optional data is its own.
        let other = right.replace("IDVNM", "IDUTO");
        assert!(PersonalNumber::of(&Mrz::parse(&other).unwrap()).is_none());
    }

    #[test]
    fn a_card_without_expiry_is_for_the_old() {
        let today = Some(date(2026, 11, 22));
        for (personal, birth, expected) in [
            ("001164123456", "640115", Outcome::Passed),
            ("001168123456", "680115", Outcome::Passed),
            ("001169123456", "690115", Outcome::Failed),
            ("001301123456", "010115", Outcome::Failed),
        ] {
            let zone = card(&personal[3..], personal, birth, 'F', "991231");
            let mrz = Mrz::parse(&zone).unwrap();
            assert_eq!(mrz.expiry, Expiry::Unlimited);
            assert_eq!(validity(&mrz, today).outcome, expected, "{birth}");
        }
    }
}
