//! Rules that issuers follow beyond the standard: today those of Vietnam's identity card.
//!
//! The twelve digits of a person (Decree 137/2015/NĐ-CP): three for the place, one for century and
//! sex, two for the year of birth, six more. The card's document number is the last nine of them;
//! the optional data is all twelve, fillers, and a check digit over them in position 30. Cards run
//! to the 14th, 25th, 40th or 60th birthday, and later ones say 991231: they do not expire.

use crate::finding::{Check, Finding};
use crate::mrz::{Birth, Expiry, Format, Mrz, Sex, check_digit};
use jiff::civil::Date;

/// Birthdays on which a card ends.
const LAST_BIRTHDAYS: [i16; 4] = [14, 25, 40, 60];

/// Age from which cards no longer expire.
const UNLIMITED_FROM: i16 = 60;

/// A renewal up to two years before a birthday runs to the next one (Law 26/2023/QH15, 21).
const EARLY_YEARS: i16 = 2;

/// The finding for [`Check::NationalRules`]. `issued` is the day of issue, where it is known.
pub(crate) fn finding(zone: &Mrz, issued: Option<Date>) -> Finding {
    let check = Check::NationalRules;
    if !is_vietnamese_card(zone) {
        return Finding::not_supported(check, "no rules are known for this kind of document");
    }
    match broken(zone, issued) {
        Ok(broken) if broken.is_empty() => Finding::passed(check),
        Ok(broken) => Finding::failed(check, broken.join(", ")),
        Err(open) => Finding::not_done(check, open),
    }
}

fn is_vietnamese_card(zone: &Mrz) -> bool {
    zone.format == Format::Td1 && zone.issuing_state == "VNM" && zone.document_code.starts_with('I')
}

/// The rules that a card breaks, or why they cannot be applied.
fn broken(zone: &Mrz, issued: Option<Date>) -> Result<Vec<&'static str>, &'static str> {
    let optional = zone.optional_data.expose();
    let personal = optional.get(..12).filter(|text| digits(text));
    let personal = personal.ok_or("no personal number in the optional data")?;
    let mut broken = Vec::new();
    if personal[3..] != *zone.document_number.expose() {
        broken.push("the document number is not the end of the personal number");
    }
    // Fillers count nothing, so the digit is the same with and without them.
    let stated = optional[12..].trim_start_matches('<');
    let over = |text: &str| check_digit(text.as_bytes()).map(|digit| digit.to_string());
    if over(personal).as_deref() != Some(stated) {
        broken.push("the check digit of the personal number is wrong");
    }
    let number = |range: core::ops::Range<usize>| personal[range].parse::<i16>().unwrap_or(0);
    let century = 1900 + number(3..4) / 2 * 100;
    let sex = if number(3..4) % 2 == 0 {
        Sex::Male
    } else {
        Sex::Female
    };
    let year = century + number(4..6);
    let birth = zone.birth.expose();
    if *zone.sex.expose() != sex {
        broken.push("the personal number states another sex");
    }
    if birth.year_of_century.map(i16::from) != Some(year % 100) {
        broken.push("the personal number states another year of birth");
    }
    match zone.expiry {
        Expiry::Unlimited => {
            if issued.is_some_and(|day| !was_old_enough(year, birth, day)) {
                broken.push("no expiry for a holder below sixty");
            }
        }
        Expiry::On(last) if !is_birthday(year, birth, last) => {
            broken.push("the card does not end on one of the birthdays");
        }
        Expiry::On(_) => {}
        Expiry::Unknown => broken.push("no date of expiry"),
    }
    Ok(broken)
}

fn digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether the holder was sixty at issue, or within the time of an early renewal.
fn was_old_enough(year: i16, birth: &Birth, issued: Date) -> bool {
    let month = i16::from(birth.month.unwrap_or(1));
    let day = i16::from(birth.day.unwrap_or(1));
    let had_birthday = (month, day) <= (i16::from(issued.month()), i16::from(issued.day()));
    let age = issued.year() - year - i16::from(!had_birthday);
    age >= UNLIMITED_FROM - EARLY_YEARS
}

fn is_birthday(year: i16, birth: &Birth, last: Date) -> bool {
    let same =
        |own: Option<u8>, stated: i8| own.is_none_or(|own| i16::from(own) == i16::from(stated));
    let on_day = same(birth.month, last.month()) && same(birth.day, last.day());
    // Born on 29 February: the card ends on the last day of February or the first of March.
    let leap = birth.month == Some(2)
        && birth.day == Some(29)
        && matches!((last.month(), last.day()), (2, 28) | (3, 1));
    LAST_BIRTHDAYS.contains(&(last.year() - year)) && (on_day || leap)
}

#[cfg(test)]
mod tests;
