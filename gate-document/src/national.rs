//! Rules that issuers follow beyond the standard: today those of Vietnam's identity card.
//!
//! Its personal number is [`crate::mrz::vietnam`]'s. Cards run to the 14th, 25th, 40th or 60th
//! birthday, and later ones say 991231: they do not expire.

use crate::finding::{Check, Finding};
use crate::mrz::vietnam::{NO_EXPIRY_FROM, PersonalNumber};
use crate::mrz::{Birth, Expiry, Format, Mrz};
use jiff::civil::Date;

/// Birthdays on which a card ends.
const LAST_BIRTHDAYS: [i16; 4] = [14, 25, 40, 60];

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

/// The rules that a card breaks, or why they cannot be applied. What the zone contradicts itself about
/// is the printed zone's finding.
fn broken(zone: &Mrz, issued: Option<Date>) -> Result<Vec<&'static str>, &'static str> {
    let personal = PersonalNumber::of(zone).ok_or("no personal number in the optional data")?;
    let year = personal.year_of_birth();
    let birth = zone.birth.expose();
    let mut broken = Vec::new();
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

/// Whether the holder was sixty at issue, or within the time of an early renewal.
fn was_old_enough(year: i16, birth: &Birth, issued: Date) -> bool {
    let month = i16::from(birth.month.unwrap_or(1));
    let day = i16::from(birth.day.unwrap_or(1));
    let had_birthday = (month, day) <= (i16::from(issued.month()), i16::from(issued.day()));
    let age = issued.year() - year - i16::from(!had_birthday);
    age >= NO_EXPIRY_FROM
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
