//! Values of features: bytes in a seal, words in a file.

use super::super::{c40, date};
use super::{FeatureRule, ProfileFormat};
use crate::mrz::{Mrz, has_check_digit};
use crate::sensitive::Sensitive;
use jiff::civil::Date;

/// How the bytes of a feature are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FeatureType {
    /// Digits, capital letters and spaces: C40 in binary, plain in JSON.
    C40,
    /// Any text, in UTF-8.
    Utf8,
    /// A day: three bytes in VDS, four with a mask in IDB, `YYYY-MM-DD` in JSON.
    Date,
    /// A number: up to eight bytes, high byte first, or digits in JSON.
    Number,
    /// Bytes that only mean something elsewhere.
    Bytes,
    /// A whole machine readable zone: TD1, TD2 or TD3 (C40 in binary).
    Zone,
    /// The zone of a visa as seals have it: the first line, and 28 characters of the second (MRV-A 72,
    /// MRV-B 64 characters, in C40).
    VisaZone,
}

impl FeatureType {
    pub(super) const WORDS: [(&'static str, Self); 7] = [
        ("c40", Self::C40),
        ("utf8", Self::Utf8),
        ("date", Self::Date),
        ("number", Self::Number),
        ("bytes", Self::Bytes),
        ("zone", Self::Zone),
        ("visa-zone", Self::VisaZone),
    ];
}

/// What a feature says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Text(Sensitive<String>),
    Day(Date),
    Number(u64),
    Bytes,
    Zone(Box<Mrz>),
    /// A zone whose check digits are wrong, for a finding of its own.
    WrongZone,
    VisaZone(Sensitive<String>),
}

/// Reads `bytes` by the rule; `None` where they do not follow it.
pub(super) fn read(rule: &FeatureRule, format: ProfileFormat, bytes: &[u8]) -> Option<Value> {
    let utf8 = || core::str::from_utf8(bytes).ok();
    // C40 knows no filler but the space, and pads nothing.
    let c40 = || match format {
        format if format.is_text() => utf8().map(str::to_owned),
        _ => c40::decode(bytes),
    };
    let fits = |length: usize| (rule.min..=rule.max).contains(&length);
    match rule.kind {
        FeatureType::C40 => c40()
            .filter(|text| fits(text.chars().count()))
            .map(|text| Value::Text(Sensitive::new(text))),
        FeatureType::Utf8 => utf8()
            .filter(|text| fits(text.chars().count()))
            .map(|text| Value::Text(Sensitive::new(text.to_owned()))),
        FeatureType::Date => day(format, bytes).map(Value::Day),
        FeatureType::Number => match format {
            format if format.is_text() => utf8()?.parse().ok().map(Value::Number),
            _ => {
                let mut number = [0; 8];
                let start = 8_usize.checked_sub(bytes.len())?;
                number[start..].copy_from_slice(bytes);
                (!bytes.is_empty() && fits(bytes.len()))
                    .then(|| Value::Number(u64::from_be_bytes(number)))
            }
        },
        FeatureType::Bytes => fits(bytes.len()).then_some(Value::Bytes),
        FeatureType::Zone => {
            let text = Sensitive::new(c40()?);
            let length = text
                .expose()
                .chars()
                .filter(|one| !one.is_ascii_control())
                .count();
            if ![90, 72, 88].contains(&length) {
                return None;
            }
            Some(match Mrz::parse(text.expose()) {
                Ok(zone) => Value::Zone(Box::new(zone)),
                Err(_) => Value::WrongZone,
            })
        }
        FeatureType::VisaZone => {
            let text = Sensitive::new(c40()?.replace(' ', "<"));
            if ![72, 64].contains(&text.expose().len()) {
                return None;
            }
            Some(if visa_digits_are_right(text.expose()) {
                Value::VisaZone(text)
            } else {
                Value::WrongZone
            })
        }
    }
}

fn day(format: ProfileFormat, bytes: &[u8]) -> Option<Date> {
    match format {
        ProfileFormat::Vds => date::decode(bytes.try_into().ok()?),
        ProfileFormat::Idb => date::decode_masked(bytes.try_into().ok()?).flatten(),
        ProfileFormat::VdsNc | ProfileFormat::Text => {
            core::str::from_utf8(bytes).ok()?.parse().ok()
        }
    }
}

/// Check digits of number, birth and expiry in the second line (Doc 9303-7, 4.2).
fn visa_digits_are_right(text: &str) -> bool {
    let bytes = text.as_bytes();
    let Some(second) = bytes
        .len()
        .checked_sub(28)
        .and_then(|start| bytes.get(start..))
    else {
        return false;
    };
    [(0..9, 9), (13..19, 19), (21..27, 27)]
        .into_iter()
        .all(|(field, digit)| has_check_digit(&second[field], second[digit]))
}

/// Bytes for a text, or `None` where it does not follow the rule.
pub(super) fn write(rule: &FeatureRule, format: ProfileFormat, text: &str) -> Option<Vec<u8>> {
    let c40 = |text: &str| match format {
        format if format.is_text() => Some(text.as_bytes().to_vec()),
        _ => c40::encode(text),
    };
    let bytes = match rule.kind {
        FeatureType::C40 => c40(text)?,
        FeatureType::Utf8 => text.as_bytes().to_vec(),
        FeatureType::Zone | FeatureType::VisaZone => {
            let joined: String = text.split_whitespace().collect();
            c40(&joined)?
        }
        FeatureType::Bytes => data_encoding::HEXUPPER_PERMISSIVE
            .decode(text.as_bytes())
            .ok()?,
        FeatureType::Date => return text.parse().ok().and_then(|day| write_day(format, day)),
        FeatureType::Number => {
            return text
                .parse()
                .ok()
                .map(|number| write_number(format, rule, number));
        }
    };
    // What is written must be read again.
    match read(rule, format, &bytes)? {
        Value::WrongZone => None,
        _ => Some(bytes),
    }
}

pub(super) fn write_day(format: ProfileFormat, day: Date) -> Option<Vec<u8>> {
    Some(match format {
        ProfileFormat::Vds => date::encode(day).to_vec(),
        ProfileFormat::Idb => date::encode_masked(day).to_vec(),
        ProfileFormat::VdsNc | ProfileFormat::Text => day.to_string().into_bytes(),
    })
}

pub(super) fn write_number(format: ProfileFormat, rule: &FeatureRule, number: u64) -> Vec<u8> {
    if format.is_text() {
        return number.to_string().into_bytes();
    }
    let bytes = number.to_be_bytes();
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes[zeros.min(8 - rule.min.clamp(1, 8))..].to_vec()
}
