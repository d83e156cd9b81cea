//! Personal details beside DG1, in national spelling: DG11 (Doc 9303-10, 4.7.11), and DG13 as
//! Vietnamese identity cards fill it.

use super::Sex;
use super::der::{integer, sequence, tlv};
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
    /// The card does not expire; in DG13 only.
    pub unlimited: bool,
}

/// DG11 with name, personal number and day of birth.
pub(super) fn data_group_11(details: &Details) -> Vec<u8> {
    let birth = details.birth.strftime("%Y%m%d").to_string();
    let fields = [
        tlv(0x5C, &[0x5F, 0x0E, 0x5F, 0x10, 0x5F, 0x2B]),
        tlv(0x5F0E, details.name.as_bytes()),
        tlv(0x5F10, details.personal_number.as_bytes()),
        tlv(0x5F2B, birth.as_bytes()),
    ];
    tlv(0x6B, &fields.concat())
}

/// DG13: a number and a text for each detail.
pub(super) fn data_group_13(details: &Details) -> Vec<u8> {
    let sex = match details.sex {
        Sex::Female => "Nữ",
        Sex::Male => "Nam",
        Sex::Unspecified => "",
    };
    let expiry = if details.unlimited {
        "Không thời hạn"
    } else {
        ""
    };
    let birth = details.birth.strftime("%d/%m/%Y").to_string();
    let texts = [
        (1, details.personal_number.as_str()),
        (2, &details.name),
        (3, &birth),
        (4, sex),
        (12, expiry),
    ];
    let fields = texts
        .into_iter()
        .filter(|(_, text)| !text.is_empty())
        .flat_map(|(number, text)| sequence(&[&integer(number), &tlv(0x0C, text.as_bytes())]));
    tlv(0x6D, &fields.collect::<Vec<u8>>())
}
