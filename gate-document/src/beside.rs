//! What was read beside a document's zone and chip, held against the zone: the text of its pages, and
//! a visa (BSI TR-03135-1, combined checks; Doc 9303-5, 9303-7).
//!
//! Only some readers give the text of a page, and only some travellers need a visa. What was not given
//! is undetermined; a policy that wants more says "mandatory".

use crate::finding::{Check, Finding, Outcome};
use crate::mrz::{Birth, Expiry, Format, Mrz, Sex, Truncation};
use crate::personal::{fold, same_name};
use crate::sensitive::Sensitive;
use jiff::civil::Date;

/// What was read beside zone and chip.
#[derive(Clone, Debug, Default)]
pub struct Beside {
    /// The text of the page or side with the portrait.
    pub front: Option<PageText>,
    /// A card's other side, which has the zone: the text above it.
    pub back: Option<PageText>,
    /// The zone of a visa.
    pub visa: Option<Box<Mrz>>,
}

/// Text of a page (the visual inspection zone), as far as a reader recognised it. What is not known is
/// not compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageText {
    /// All names in any order, in national spelling.
    pub name: Option<Sensitive<String>>,
    /// Document number; spaces and hyphens do not count.
    pub number: Option<Sensitive<String>>,
    /// Nationality, three letters.
    pub nationality: Option<Sensitive<String>>,
    /// Day of birth.
    pub birth: Option<Sensitive<Birth>>,
    /// Sex.
    pub sex: Option<Sensitive<Sex>>,
    /// Last day of validity.
    pub expiry: Option<Date>,
}

/// The checks of this module, each of which has a finding in every inspection.
pub const CHECKS: [Check; 4] = [
    Check::FrontAgainstBack,
    Check::ZoneAgainstPage,
    Check::VisaAgainstDocument,
    Check::VisaValidity,
];

/// The findings for [`CHECKS`], in their order, for the document with the zone `printed` on the day
/// `today`.
#[must_use]
pub fn findings(printed: &Mrz, beside: &Beside, today: Option<Date>) -> [Finding; 4] {
    let is_card = printed.format == Format::Td1;
    let front = Check::FrontAgainstBack;
    let page = Check::ZoneAgainstPage;
    let (visa, validity) = match beside.visa.as_deref() {
        None => (
            Finding::not_done(Check::VisaAgainstDocument, "no visa was shown"),
            Finding::not_done(Check::VisaValidity, "no visa was shown"),
        ),
        Some(visa) => (visa_against(visa, printed), visa_validity(visa, today)),
    };
    [
        match (is_card, &beside.front) {
            // Doc 9303-5: the zone of a card is on its back, the portrait on its front.
            (false, _) => Finding::not_supported(front, "the zone is on the page of the portrait"),
            (true, None) => Finding::not_done(front, "the reader gives no text of the front"),
            (true, Some(text)) => text.against(printed, front),
        },
        match if is_card { &beside.back } else { &beside.front } {
            None => Finding::not_done(page, "the reader gives no text of the page"),
            Some(text) => text.against(printed, page),
        },
        visa,
        validity,
    ]
}

/// Whether a zone is that of a visa (Doc 9303-7).
#[must_use]
pub const fn is_visa(zone: &Mrz) -> bool {
    matches!(zone.format, Format::MrvA | Format::MrvB)
}

impl PageText {
    fn against(&self, zone: &Mrz, check: Check) -> Finding {
        let name = self
            .name
            .as_ref()
            .map(|name| same_name(name.expose(), zone));
        let number = self.number.as_ref().map(|number| {
            let plain: String = number
                .expose()
                .chars()
                .filter(|letter| letter.is_ascii_alphanumeric())
                .collect();
            plain.to_ascii_uppercase() == *zone.document_number.expose()
        });
        let nationality = self.nationality.as_ref().map(|it| *it == zone.nationality);
        let birth = self
            .birth
            .as_ref()
            .map(|birth| same_birth(*birth.expose(), *zone.birth.expose()));
        let expiry = match (self.expiry, zone.expiry) {
            (Some(page), Expiry::On(zone)) => Some(page == zone),
            (Some(_), Expiry::Unlimited) => Some(false),
            _ => None,
        };
        let sex = self
            .sex
            .as_ref()
            .map(|sex| same_sex(*sex.expose(), *zone.sex.expose()));
        let all = [
            ("name", name.flatten()),
            ("document number", number),
            ("nationality", nationality),
            ("date of birth", birth),
            ("sex", sex),
            ("date of expiry", expiry),
        ];
        verdict(check, &all, "nothing on the page can be compared")
    }
}

/// Fails where anything differs; undetermined where nothing was compared.
fn verdict(check: Check, all: &[(&str, Option<bool>)], nothing: &str) -> Finding {
    let different: Vec<&str> = all
        .iter()
        .filter(|(_, same)| *same == Some(false))
        .map(|(name, _)| *name)
        .collect();
    if !different.is_empty() {
        return Finding::failed(check, format!("different: {}", different.join(", ")));
    }
    if all.iter().all(|(_, same)| same.is_none()) {
        return Finding::not_done(check, nothing);
    }
    Finding::passed(check)
}

/// Parts that one of the two does not know say nothing.
fn same_birth(one: Birth, other: Birth) -> bool {
    let same =
        |one: Option<u8>, other: Option<u8>| one.is_none() || other.is_none() || one == other;
    same(one.year_of_century, other.year_of_century)
        && same(one.month, other.month)
        && same(one.day, other.day)
}

const fn same_sex(one: Sex, other: Sex) -> bool {
    matches!(
        (one, other),
        (Sex::Unspecified, _)
            | (_, Sex::Unspecified)
            | (Sex::Female, Sex::Female)
            | (Sex::Male, Sex::Male)
    )
}

/// The visa was issued to the holder of this document (Doc 9303-7, 4.2.2): name, nationality, birth and
/// sex are the same. Its number is the passport's or one of its own; which of them, only the issuing
/// State knows, so that a number which is not the passport's is undetermined.
fn visa_against(visa: &Mrz, document: &Mrz) -> Finding {
    let check = Check::VisaAgainstDocument;
    if !is_visa(visa) {
        return Finding::failed(check, "what was shown as a visa is no visa");
    }
    if !visa.wrong_digits().is_empty() {
        return Finding::failed(check, WRONG_DIGIT);
    }
    let same = [
        ("name", Some(same_names(visa, document))),
        (
            "nationality",
            Some(visa.nationality == document.nationality),
        ),
        (
            "date of birth",
            Some(same_birth(*visa.birth.expose(), *document.birth.expose())),
        ),
        (
            "sex",
            Some(same_sex(*visa.sex.expose(), *document.sex.expose())),
        ),
    ];
    let finding = verdict(check, &same, "");
    if finding.outcome != Outcome::Passed || names_passport(visa, document) {
        return finding;
    }
    Finding::not_done(check, "the visa has a number of its own")
}

/// The passport's number stands in the number field, cut to its length, or in the optional data.
fn names_passport(visa: &Mrz, document: &Mrz) -> bool {
    /// Characters of the number field.
    const FIELD: usize = 9;
    let number = document.document_number.expose();
    let short = number.get(..FIELD).unwrap_or(number);
    let own = visa.document_number.expose();
    own == number || own == short || visa.optional_data.expose().starts_with(number.as_str())
}

/// The same words; where one of the zones ran out of room, as far as it goes (Doc 9303-3, 4.6).
fn same_names(one: &Mrz, other: &Mrz) -> bool {
    let words = |zone: &Mrz| {
        let all = format!("{} {}", zone.surname.expose(), zone.given_names.expose());
        Sensitive::new(fold(&all).unwrap_or_default())
    };
    let (left, right) = (words(one), words(other));
    let (left, right) = (left.expose().as_str(), right.expose().as_str());
    let may_be_cut = |zone: &Mrz| zone.truncation != Truncation::None;
    left == right
        || may_be_cut(one) && begins_alike(left, right)
        || may_be_cut(other) && begins_alike(right, left)
}

/// Each word of `cut` begins a word of `whole`, in the same order.
fn begins_alike(cut: &str, whole: &str) -> bool {
    let mut words = whole.split(' ');
    cut.split(' ')
        .all(|word| words.any(|other| other.starts_with(word)))
}

/// Nothing proves a visa's zone but its check digits.
const WRONG_DIGIT: &str = "a check digit of the visa's zone is wrong";

fn visa_validity(visa: &Mrz, today: Option<Date>) -> Finding {
    let check = Check::VisaValidity;
    match (visa.expiry, today) {
        _ if !is_visa(visa) => Finding::failed(check, "what was shown as a visa is no visa"),
        _ if !visa.wrong_digits().is_empty() => Finding::failed(check, WRONG_DIGIT),
        (Expiry::On(_), None) => Finding::not_done(check, "the gate does not know the date"),
        (Expiry::On(last), Some(today)) if today <= last => Finding::passed(check),
        (Expiry::On(_), Some(_)) => Finding::failed(check, "the visa has expired"),
        (Expiry::Unlimited | Expiry::Unknown, _) => {
            Finding::not_done(check, "the visa states no last day")
        }
    }
}

#[cfg(test)]
mod tests;
