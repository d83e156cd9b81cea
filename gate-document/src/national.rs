//! Rules that issuers follow beyond the standard: today those of Vietnam's identity card.
//!
//! Its personal number is [`crate::mrz::vietnam`]'s. Cards run to the 14th, 25th, 40th or 60th
//! birthday, and later ones say 991231: they do not expire. DG13 says the same in words, and when the
//! card was issued: from that day follows on which birthday it ends.

use crate::authenticity;
use crate::file::ChipFiles;
use crate::finding::{Check, Finding};
use crate::mrz::vietnam::{EARLY_RENEWAL, NO_EXPIRY_FROM, PersonalNumber};
use crate::mrz::{Birth, Expiry, Format, Mrz};
use crate::personal::{self, Details};
use crate::sod::Sod;
use jiff::civil::Date;

/// Birthdays on which a card ends.
const LAST_BIRTHDAYS: [i16; 4] = [14, 25, 40, 60];

/// Years that a document is valid at most, with some to spare: ten are usual, fifteen the window in
/// which TR-03135 looks for the century of an expiry. A Vietnamese card that is issued two years before
/// the fortieth birthday ends on the sixtieth.
pub(crate) fn longest_validity(zone: &Mrz) -> i16 {
    match is_vietnamese_card(zone) {
        true => 20 + EARLY_RENEWAL,
        false => 15,
    }
}

/// What DG13 of a Vietnamese card says, where it is the one that EF.SOD signs and can be read.
pub(crate) fn card_details(zone: &Mrz, chip: &ChipFiles, sod: &Sod) -> Option<Details> {
    let bytes = authenticity::signed_group(chip, sod, 13)?;
    is_vietnamese_card(zone)
        .then(|| personal::dg13(bytes).ok())
        .flatten()
}

/// The finding for [`Check::NationalRules`]. `issued` is the day of issue, where it is known, and
/// `card` what [`card_details`] found.
pub(crate) fn finding(zone: &Mrz, issued: Option<Date>, card: Option<&Details>) -> Finding {
    let check = Check::NationalRules;
    if !is_vietnamese_card(zone) {
        return Finding::not_supported(check, "no rules are known for this kind of document");
    }
    match broken(zone, issued, card) {
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
fn broken(
    zone: &Mrz,
    issued: Option<Date>,
    card: Option<&Details>,
) -> Result<Vec<&'static str>, &'static str> {
    let personal = PersonalNumber::of(zone).ok_or("no personal number in the optional data")?;
    let year = personal.year_of_birth();
    let birth = zone.birth.expose();
    let stated = card.and_then(|card| card.issued);
    let mut broken = Vec::new();
    match zone.expiry {
        Expiry::Unlimited => {
            let issued = stated.or(issued);
            if issued.is_some_and(|day| age(year, birth, day) < NO_EXPIRY_FROM) {
                broken.push("no expiry for a holder below sixty");
            }
        }
        Expiry::On(last) if !is_birthday(year, birth, last) => {
            broken.push("the card does not end on one of the birthdays");
        }
        Expiry::On(last) => {
            if stated.is_some_and(|day| !ends_in_turn(age(year, birth, day), last.year() - year)) {
                broken.push("the card does not end on the birthday that follows its issue");
            }
        }
        Expiry::Unknown => broken.push("no date of expiry"),
    }
    match (card.and_then(|card| card.expiry), zone.expiry) {
        (None, _) | (Some(Expiry::Unlimited), Expiry::Unlimited) => {}
        (Some(Expiry::On(last)), Expiry::On(printed)) if last == printed => {}
        (Some(Expiry::Unknown), _) if broken.is_empty() => {
            return Err("DG13: a date of expiry that is no day");
        }
        (Some(Expiry::Unknown), _) => {}
        (Some(Expiry::Unlimited), _) => {
            broken.push("DG13 says that the card does not expire, and the zone does not");
        }
        (Some(Expiry::On(_)), Expiry::Unlimited) => {
            broken.push("the zone says that the card does not expire, and DG13 does not");
        }
        (Some(Expiry::On(_)), _) => broken.push("DG13 has another date of expiry"),
    }
    Ok(broken)
}

/// Full years between birth and `day`; a part of the birth that is unknown counts as early.
fn age(year: i16, birth: &Birth, day: Date) -> i16 {
    let birthday = (
        i16::from(birth.month.unwrap_or(1)),
        i16::from(birth.day.unwrap_or(1)),
    );
    let had_birthday = birthday <= (i16::from(day.month()), i16::from(day.day()));
    day.year() - year - i16::from(!had_birthday)
}

/// Whether a card that was issued at the age of `issued` ends at `last`: on the next of the
/// birthdays, or, after an early renewal, on the one that follows.
fn ends_in_turn(issued: i16, last: i16) -> bool {
    let mut coming = LAST_BIRTHDAYS.into_iter().filter(|age| *age > issued);
    match coming.next() {
        Some(next) if next == last => true,
        Some(next) => next - issued <= EARLY_RENEWAL && coming.next() == Some(last),
        None => false,
    }
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
