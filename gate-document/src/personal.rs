//! Personal details in DG11 (Doc 9303-10, 4.7.11) and in Vietnam's DG13, against DG1.
//!
//! DG1 has the letters of the zone, the others the national spelling: names are folded to letters
//! without marks before they are compared (Doc 9303-3, 6). Neither findings nor errors repeat any of
//! it. What a card says of ethnicity, religion and parents is not even read.

use crate::file::{ChipFiles, ElementaryFile};
use crate::finding::{Check, Finding};
use crate::mrz::{Expiry, Mrz, Sex, Truncation};
use crate::sensitive::Sensitive;
use crate::sod::Sod;
use crate::tlv::{Reader, TlvError};
use jiff::civil::Date;

/// Details that DG1 has as well, as far as a data group states them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// Names, in national spelling.
    pub name: Option<Sensitive<String>>,
    /// Number of the person.
    pub personal_number: Option<Sensitive<String>>,
    /// Day, month and year of birth as eight digits `YYYYMMDD`.
    pub birth: Option<Sensitive<String>>,
    /// Sex.
    pub sex: Option<Sensitive<Sex>>,
    /// Day of issue.
    pub issued: Option<Date>,
    /// Last day of validity: [`Expiry::Unlimited`] where the document says in words that it has none,
    /// [`Expiry::Unknown`] where what it says is no day.
    pub expiry: Option<Expiry>,
    /// A field is encoded otherwise than the standard says, and was read all the same: which.
    pub tolerated: Option<&'static str>,
}

/// Fields that are looked at, at most.
const FIELDS_MAX: usize = 64;

/// Reads DG11.
///
/// # Errors
///
/// [`TlvError`]; an optional data group never ends an inspection.
pub fn dg11(bytes: &[u8]) -> Result<Details, TlvError> {
    let mut reader = Reader::new(bytes).expect(0x6B, "DG11 (6B)")?.reader();
    let mut details = Details::default();
    for _ in 0..FIELDS_MAX {
        if reader.is_empty() {
            break;
        }
        let field = reader.any("detail")?;
        let text = || core::str::from_utf8(field.value).ok().map(str::trim);
        match field.tag {
            0x5F0E => details.name = text().map(|name| Sensitive::new(name.replace('<', " "))),
            0x5F10 => details.personal_number = text().map(|it| Sensitive::new(it.to_owned())),
            0x5F2B => {
                details.birth = eight_digits(field.value).map(Sensitive::new);
                if details.birth.is_some() && field.value.len() == 4 {
                    details.tolerated = Some("date of birth in four bytes");
                }
            }
            _ => {}
        }
    }
    Ok(details)
}

/// A date as eight digits, or as four bytes of two digits each (some issuers).
pub(crate) fn eight_digits(value: &[u8]) -> Option<String> {
    let text = match value.len() {
        4 => value.iter().map(|byte| format!("{byte:02x}")).collect(),
        8 => core::str::from_utf8(value).ok()?.to_owned(),
        _ => return None,
    };
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then_some(text)
}

/// Reads DG13 of a Vietnamese identity card: SEQUENCEs of a number and a text.
///
/// # Errors
///
/// [`TlvError`]; an optional data group never ends an inspection.
pub fn dg13(bytes: &[u8]) -> Result<Details, TlvError> {
    let mut reader = Reader::new(bytes).expect(0x6D, "DG13 (6D)")?.reader();
    // Some cards put one SEQUENCE or SET around all.
    if let Some(0x30 | 0x31) = reader.peek() {
        let mut whole = reader.clone();
        let around = whole.any("details")?;
        if whole.is_empty() && matches!(around.reader().peek(), Some(0x30 | 0x31)) {
            reader = around.reader();
        }
    }
    let mut details = Details::default();
    for _ in 0..FIELDS_MAX {
        if reader.is_empty() {
            break;
        }
        let mut field = reader.expect(0x30, "detail")?.reader();
        let number = field.expect(0x02, "number of the detail")?.value;
        let value = field.any("text")?;
        let Ok(text) = core::str::from_utf8(value.value).map(str::trim) else {
            continue;
        };
        match number {
            [1] => details.personal_number = Some(Sensitive::new(text.to_owned())),
            [2] => details.name = Some(Sensitive::new(text.to_owned())),
            [3] => {
                details.birth = day(text).map(|day| {
                    Sensitive::new(format!(
                        "{:04}{:02}{:02}",
                        day.year(),
                        day.month(),
                        day.day()
                    ))
                })
            }
            [4] => {
                details.sex = match fold(text).as_deref() {
                    Some("NAM") => Some(Sensitive::new(Sex::Male)),
                    Some("NU") => Some(Sensitive::new(Sex::Female)),
                    _ => None,
                };
            }
            [11] => details.issued = day(text),
            [12] => {
                details.expiry = Some(match fold(text).as_deref() {
                    Some("KHONG THOI HAN") => Expiry::Unlimited,
                    _ => day(text).map_or(Expiry::Unknown, Expiry::On),
                });
            }
            _ => {}
        }
    }
    Ok(details)
}

/// `dd/mm/yyyy`.
fn day(text: &str) -> Option<Date> {
    let mut parts = text.split('/');
    let (day, month, year) = (parts.next()?, parts.next()?, parts.next()?);
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

/// Letters of Vietnamese and of Western Europe, by the letter without marks.
const FOLDED: [(&str, &str); 17] = [
    ("A", "àáảãạăằắẳẵặâầấẩẫậåāąÀÁẢÃẠĂẰẮẲẴẶÂẦẤẨẪẬÅĀĄ"),
    ("E", "èéẻẽẹêềếểễệëēęěÈÉẺẼẸÊỀẾỂỄỆËĒĘĚ"),
    ("I", "ìíỉĩịîïīÌÍỈĨỊÎÏĪ"),
    ("O", "òóỏõọôồốổỗộơờớởỡợōÒÓỎÕỌÔỒỐỔỖỘƠỜỚỞỠỢŌ"),
    ("U", "ùúủũụưừứửữựûūůÙÚỦŨỤƯỪỨỬỮỰÛŪŮ"),
    ("Y", "ỳýỷỹỵÿỲÝỶỸỴŸ"),
    ("D", "đďĐĎ"),
    ("C", "çćčÇĆČ"),
    ("N", "ñńňÑŃŇ"),
    ("S", "śšşŚŠŞ"),
    ("Z", "źżžŹŻŽ"),
    ("L", "łĺľŁĹĽ"),
    ("AE", "äæÄÆ"),
    ("OE", "öøœÖØŒ"),
    ("UE", "üÜ"),
    ("SS", "ßẞ"),
    ("TH", "þÞ"),
];

/// `text` in letters A to Z, digits and single spaces; `None` where it has letters that this table
/// does not know.
#[must_use]
pub fn fold(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            'A'..='Z' | '0'..='9' => out.push(letter),
            'a'..='z' => out.push(letter.to_ascii_uppercase()),
            // Marks of their own, after the letter that they stand on.
            '\u{300}'..='\u{36F}' => {}
            '\'' | '\u{2019}' | '.' => {}
            ' ' | '-' | '<' | ',' | '\u{A0}' => out.push(' '),
            _ => {
                let (plain, _) = FOLDED.iter().find(|(_, with)| with.contains(letter))?;
                out.push_str(plain);
            }
        }
    }
    let words: Vec<&str> = out.split_whitespace().collect();
    Some(words.join(" "))
}

/// The finding for [`Check::PersonalDetails`]. `zone` is that of DG1, or why there is none.
pub(crate) fn finding(chip: &ChipFiles, sod: &Sod, zone: Result<&Mrz, &str>) -> Finding {
    let check = Check::PersonalDetails;
    let zone = match zone {
        Ok(zone) => zone,
        Err(why) => return Finding::not_done(check, why),
    };
    let vietnamese = zone.issuing_state == "VNM";
    let (mut wrong, mut open, mut compared) = (Vec::new(), Vec::new(), false);
    let mut tolerated = String::new();
    for (number, read) in [(11, dg11 as fn(&[u8]) -> _), (13, dg13)] {
        let file = ElementaryFile::DataGroup(number);
        // DG13 is each issuer's own; only Vietnam's is known here.
        if number == 13 && !vietnamese || !sod.digests.contains_key(&number) {
            continue;
        }
        match chip.get(file).map(read) {
            None => open.push(format!("{file} was not read")),
            Some(Err(_)) => open.push(format!("{file} cannot be read")),
            Some(Ok(details)) => {
                compared = true;
                if let Some(what) = details.tolerated {
                    tolerated = format!("{file}: {what}");
                }
                compare(file, &details, zone, &mut wrong, &mut open);
            }
        }
    }
    if !wrong.is_empty() {
        return Finding::failed(check, wrong.join(", "));
    }
    if !open.is_empty() {
        return Finding::not_done(check, open.join(", "));
    }
    if !compared {
        return Finding::not_supported(check, "the chip holds no further details");
    }
    Finding {
        reason: tolerated,
        ..Finding::passed(check)
    }
}

fn compare(
    file: ElementaryFile,
    details: &Details,
    zone: &Mrz,
    wrong: &mut Vec<String>,
    open: &mut Vec<String>,
) {
    if let Some(name) = &details.name {
        match same_name(name.expose(), zone) {
            Some(true) => {}
            Some(false) => wrong.push(format!("{file}: another name")),
            None => open.push(format!("{file}: a name in letters that are not known here")),
        }
    }
    let birth = zone.birth.expose();
    if let Some(stated) = details.birth.as_ref().map(Sensitive::expose) {
        let pair = |at: usize| {
            stated
                .get(at..at + 2)
                .and_then(|pair| pair.parse::<u8>().ok())
        };
        // Parts that are unknown in the zone say nothing; zeros in a data group neither.
        let differs = |zone: Option<u8>, own: Option<u8>| match (zone, own) {
            (Some(zone), Some(own)) => zone != own,
            _ => false,
        };
        let part = |at: usize| pair(at).filter(|part| *part != 0);
        if differs(birth.year_of_century, pair(2))
            || differs(birth.month, part(4))
            || differs(birth.day, part(6))
        {
            wrong.push(format!("{file}: another day of birth"));
        }
    }
    if details.sex.as_ref().is_some_and(|sex| sex != &zone.sex) {
        wrong.push(format!("{file}: another sex"));
    }
    if file == ElementaryFile::DataGroup(13)
        && let Some(number) = &details.personal_number
    {
        let number = number.expose();
        let optional = zone.optional_data.expose();
        if !optional.is_empty() && !optional.starts_with(number.as_str()) {
            wrong.push(format!("{file}: another personal number"));
        }
    }
}

/// Whether the words of a name are those of the zone, in whatever order; a zone that ran out of room
/// has some of them, the last one cut. `None` where the name cannot be folded.
pub(crate) fn same_name(name: &str, zone: &Mrz) -> Option<bool> {
    let folded = fold(name)?;
    let mut stated: Vec<&str> = folded.split(' ').collect();
    let zone_words = format!("{} {}", zone.surname.expose(), zone.given_names.expose());
    let zone_words: Vec<&str> = zone_words.split_whitespace().collect();
    for (index, word) in zone_words.iter().enumerate() {
        let last = index + 1 == zone_words.len() && zone.truncation != Truncation::None;
        let at = stated
            .iter()
            .position(|other| other == word)
            .or_else(|| last.then(|| stated.iter().position(|other| other.starts_with(word)))?);
        match at {
            Some(at) => drop(stated.swap_remove(at)),
            None => return Some(joined(name, zone)),
        }
    }
    Some(stated.is_empty() || zone.truncation != Truncation::None || joined(name, zone))
}

/// The same letters when every space is left out: hyphens and particles are written both ways.
fn joined(name: &str, zone: &Mrz) -> bool {
    let squeeze = |text: &str| text.replace(' ', "");
    let (surname, given) = (zone.surname.expose(), zone.given_names.expose());
    let folded = fold(name).map(|name| squeeze(&name));
    let orders = [
        squeeze(&format!("{surname}{given}")),
        squeeze(&format!("{given}{surname}")),
    ];
    folded.is_some_and(|name| orders.contains(&name))
}

#[cfg(test)]
mod tests;
