//! Personal details beside DG1, in national spelling: DG11 (Doc 9303-10, 4.7.11), and DG13 as
//! Vietnamese identity cards fill it; DG12 and DG16 (4.7.12, 4.7.16).

use super::Sex;
use super::der::{integer, sequence, tlv};
use super::oddity::Oddity;
use jiff::civil::Date;

/// What the holder of a test document is called in DG11 or DG13.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Details {
    /// Names as they are spelt; `<<` between surname and given names in DG11.
    pub name: String,
    /// Number of the person.
    pub personal_number: String,
    /// Day of birth.
    pub birth: Date,
    /// Sex; in DG13 only.
    pub sex: Sex,
    /// Day of issue; in DG13 only.
    pub issued: Option<Date>,
    /// How long the card is valid; in DG13 only.
    pub valid: Valid,
}

/// How long DG13 says that a card is valid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Valid {
    /// It does not say.
    #[default]
    Unstated,
    /// Until this day.
    Until(Date),
    /// Without end: "Không thời hạn".
    Unlimited,
}

/// How a document was made: what DG12 says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Making {
    /// Who issued it.
    pub authority: String,
    /// Day of issue.
    pub issued: Date,
    /// Other persons on the document.
    pub others: Vec<String>,
    /// Remarks of the issuer.
    pub observations: String,
}

/// Somebody to be notified in an emergency: an entry of DG16.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notified {
    /// Name, `<<` between surname and given names.
    pub name: String,
    /// Telephone number.
    pub telephone: String,
}

/// A day as eight digits, or as four bytes of two digits each.
fn day(day: Date, odd: &[Oddity]) -> Vec<u8> {
    let digits = day.strftime("%Y%m%d").to_string();
    if !odd.contains(&Oddity::ShortDates) {
        return digits.into_bytes();
    }
    let digits: Vec<u8> = digits.bytes().map(|digit| digit - b'0').collect();
    digits
        .chunks(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}

/// DG11 with name, personal number and day of birth.
pub(super) fn data_group_11(details: &Details, odd: &[Oddity]) -> Vec<u8> {
    let other = tlv(0x5F0F, details.name.as_bytes());
    let others = if odd.contains(&Oddity::NameOutsideList) {
        other
    } else if odd.contains(&Oddity::ListWithoutNumber) {
        tlv(0xA0, &other)
    } else {
        Vec::new()
    };
    let fields = [
        tlv(0x5C, &[0x5F, 0x0E, 0x5F, 0x10, 0x5F, 0x2B]),
        tlv(0x5F0E, details.name.as_bytes()),
        others,
        tlv(0x5F10, details.personal_number.as_bytes()),
        tlv(0x5F2B, &day(details.birth, odd)),
    ];
    tlv(0x6B, &fields.concat())
}

/// DG12 with authority, day of issue, other persons and observations.
pub(super) fn data_group_12(making: &Making, odd: &[Oddity]) -> Vec<u8> {
    let others = making.others.iter();
    let others: Vec<u8> = others
        .flat_map(|name| tlv(0x5F1A, name.as_bytes()))
        .collect();
    let count = u8::try_from(making.others.len()).unwrap_or(u8::MAX);
    let fields = [
        tlv(0x5C, &[0x5F, 0x19, 0x5F, 0x26, 0xA0, 0x5F, 0x1B]),
        tlv(0x5F19, making.authority.as_bytes()),
        tlv(0x5F26, &day(making.issued, odd)),
        tlv(0xA0, &[integer(count), others].concat()),
        tlv(0x5F1B, making.observations.as_bytes()),
    ];
    tlv(0x6C, &fields.concat())
}

/// DG16: one template per person, numbered by its tag.
pub(super) fn data_group_16(persons: &[Notified]) -> Vec<u8> {
    let count = u8::try_from(persons.len()).unwrap_or(u8::MAX);
    let templates = (0xA1..).zip(persons).flat_map(|(tag, person)| {
        let fields = [
            tlv(0x5F50, b"20200115"),
            tlv(0x5F51, person.name.as_bytes()),
            tlv(0x5F52, person.telephone.as_bytes()),
        ];
        tlv(tag, &fields.concat())
    });
    let templates: Vec<u8> = templates.collect();
    tlv(0x70, &[integer(count), templates].concat())
}

/// DG13: a number and a text for each detail.
pub(super) fn data_group_13(details: &Details, odd: &[Oddity]) -> Vec<u8> {
    let sex = match details.sex {
        Sex::Female => "Nữ",
        Sex::Male => "Nam",
        Sex::Unspecified => "",
    };
    let written = |day: Date| day.strftime("%d/%m/%Y").to_string();
    let expiry = match details.valid {
        Valid::Unstated => String::new(),
        Valid::Until(last) => written(last),
        Valid::Unlimited => "Không thời hạn".to_owned(),
    };
    let issued = details.issued.map(written).unwrap_or_default();
    let birth = written(details.birth);
    let texts = [
        (1, details.personal_number.as_str()),
        (2, &details.name),
        (3, &birth),
        (4, sex),
        (11, &issued),
        (12, &expiry),
    ];
    let fields = texts
        .into_iter()
        .filter(|(_, text)| !text.is_empty())
        .flat_map(|(number, text)| sequence(&[&integer(number), &tlv(0x0C, text.as_bytes())]));
    let mut fields: Vec<u8> = fields.collect();
    if odd.contains(&Oddity::BrokenDg13) {
        fields.extend([0x30, 0x40, 0x02]);
    }
    let mut file = tlv(0x6D, &fields);
    if odd.contains(&Oddity::OverlongDg13)
        && let Some(last) = file.get_mut(1)
    {
        *last = last.saturating_add(9).min(0x7F);
    }
    file
}
