//! From the text of a reader to the fields of a zone.

use super::dates;
use super::layout::{DOCUMENT_CODE, ISSUING_STATE, Layout, Place, fields};
use super::{
    AccessKey, Field, Format, KeyDigits, Mrz, MrzError, Position, Secret, Sex, Truncation,
    WrongDigit, check_digit, has_check_digit, vietnam,
};
use crate::sensitive::Sensitive;
use zeroize::Zeroizing;

/// A text of the right shape, and nothing known about its characters but that they are
/// ASCII.
pub(super) struct Zone {
    pub(super) format: Format,
    pub(super) text: Secret,
}

impl Zone {
    pub(super) fn at(&self, place: &Place) -> &[u8] {
        let start = place.0 * self.format.line_length();
        &self.text.as_bytes()[start + place.1.start..start + place.1.end]
    }

    pub(super) fn character(&self, line: usize, position: usize) -> u8 {
        self.text.as_bytes()[line * self.format.line_length() + position]
    }

    /// The field's text without trailing fillers.
    fn trimmed(&self, place: &Place) -> String {
        let text: String = self.at(place).iter().copied().map(char::from).collect();
        text.trim_end_matches('<').to_owned()
    }
}

pub(super) fn parse(text: &str) -> Result<Mrz, MrzError> {
    judge(&normalise(text)?)
}

/// Holds a zone against every rule, and takes it apart.
pub(super) fn judge(zone: &Zone) -> Result<Mrz, MrzError> {
    let layout = zone.format.layout();
    check_alphabet(zone, layout)?;
    match wrong_digits(zone, layout).first() {
        Some(wrong) => Err(MrzError::from(*wrong)),
        None => take_apart(zone, layout),
    }
}

/// Holds a zone against every rule but its check digits; those that are wrong are named.
pub(super) fn as_printed(zone: &Zone) -> Result<Mrz, MrzError> {
    let layout = zone.format.layout();
    check_alphabet(zone, layout)?;
    Ok(Mrz {
        wrong_digits: wrong_digits(zone, layout),
        ..take_apart(zone, layout)?
    })
}

/// Every check digit that is wrong, as the fields stand in Doc 9303.
fn wrong_digits(zone: &Zone, layout: &'static Layout) -> Vec<WrongDigit> {
    let checks = [
        check_number(zone, layout),
        check_protected(zone, &layout.birth, Field::Birth),
        check_protected(zone, &layout.expiry, Field::Expiry),
        check_optional(zone, layout),
        check_composite(zone, layout),
        vietnam::check(zone),
    ];
    checks.into_iter().filter_map(Result::err).collect()
}

fn take_apart(zone: &Zone, layout: &'static Layout) -> Result<Mrz, MrzError> {
    let number = document_number(zone, layout);
    let document_code = zone.trimmed(&DOCUMENT_CODE);
    let issuing_state = zone.trimmed(&ISSUING_STATE);
    let birth =
        dates::birth(zone.at(&layout.birth)).ok_or_else(|| no_date(&layout.birth, Field::Birth))?;
    let expiry = dates::expiry(zone.at(&layout.expiry), &issuing_state, &document_code)
        .ok_or_else(|| no_date(&layout.expiry, Field::Expiry))?;
    let (surname, given_names) = names(zone.at(&layout.name));
    Ok(Mrz {
        format: zone.format,
        document_code,
        issuing_state,
        document_number: number.text.to_string().into(),
        nationality: zone.trimmed(&layout.nationality).into(),
        birth: birth.into(),
        sex: sex(zone, layout)?.into(),
        expiry,
        surname: surname.into(),
        given_names: given_names.into(),
        truncation: truncation(zone.at(&layout.name)),
        optional_data: optional_data(zone, layout, number.end).into(),
        optional_data_2: match layout.optional {
            [_, second] => zone.trimmed(second).into(),
            _ => Sensitive::default(),
        },
        text: Sensitive::new(zone.text.to_string()),
        wrong_digits: Vec::new(),
        key_digits: KeyDigits::Printed,
        repairs: Vec::new(),
        alternatives: Vec::new(),
    })
}

/// Brings the text of any reader into the alphabet of the zone and finds its shape.
pub(super) fn normalise(text: &str) -> Result<Zone, MrzError> {
    // The longest zone has 90 characters: anything much longer is no zone, and not worth a copy.
    const LONGEST_TEXT: usize = 256;
    let lines = || {
        text.split(['\r', '\n'])
            .map(|line| line.trim_matches('\0'))
            .filter(|line| !line.is_empty())
    };
    let longest = lines().map(|line| line.chars().count()).max().unwrap_or(0);
    let shape = MrzError::Shape {
        lines: lines().count(),
        longest,
    };
    if text.len() > LONGEST_TEXT {
        return Err(shape);
    }
    let mut normal = Zeroizing::new(String::with_capacity(LONGEST_TEXT));
    for line in lines() {
        normal.extend(line.chars().map(|character| match character {
            '_' | ' ' => '<',
            // One byte per character, so that positions stay right: `?` is in no field's alphabet.
            other if !other.is_ascii() => '?',
            other => other.to_ascii_uppercase(),
        }));
    }
    let format = Format::of(&normal).ok_or_else(|| shape.clone())?;
    // Either no separators at all, or the lines of the format.
    let whole = lines().count() == 1;
    if !whole && (longest != format.line_length() || lines().count() != format.lines()) {
        return Err(shape);
    }
    Ok(Zone {
        format,
        text: normal,
    })
}

fn check_alphabet(zone: &Zone, layout: &'static Layout) -> Result<(), MrzError> {
    for (field, place) in fields(layout) {
        let letters_only = matches!(
            field,
            Field::DocumentCode
                | Field::IssuingState
                | Field::Name
                | Field::Nationality
                | Field::Sex
        );
        let allowed = |character: &u8| match character {
            b'A'..=b'Z' | b'<' => true,
            b'0'..=b'9' => !letters_only,
            _ => false,
        };
        if let Some(offset) = zone
            .at(&place)
            .iter()
            .position(|character| !allowed(character))
        {
            let position = place.1.start + offset + 1;
            return Err(MrzError::Character {
                field,
                line: place.0 + 1,
                position,
            });
        }
    }
    // A document without a code or a number is no document; the rest may be fillers.
    for (field, place) in [
        (Field::DocumentCode, &DOCUMENT_CODE),
        (Field::DocumentNumber, &layout.number),
    ] {
        if zone.at(place).first() == Some(&b'<') {
            return Err(MrzError::Character {
                field,
                line: place.0 + 1,
                position: place.1.start + 1,
            });
        }
    }
    Ok(())
}

/// A document number, put together again where it is longer than its field.
pub(super) struct Number {
    text: Secret,
    /// How much of its continuation belongs to it.
    end: usize,
    /// The character in place of its check digit, and where it stands.
    digit: u8,
    at: Position,
}

/// The whole document number, right or not.
///
/// TD1 and TD2 keep nine characters in the field; a longer number has a filler in place of its
/// check digit and goes on in the optional data up to the first filler, closed by the check digit
/// over the whole number (Doc 9303-5, 4.2.2.1 note j).
fn document_number(zone: &Zone, layout: &'static Layout) -> Number {
    let Place(line, range) = &layout.number;
    let digit = zone.character(*line, range.end);
    let more = layout.number_continues.as_ref();
    let more = more.filter(|_| digit == b'<').and_then(|place| {
        let more = zone.at(place).split(|byte| *byte == b'<').next()?;
        let (digit, rest) = more.split_last().filter(|(_, rest)| !rest.is_empty())?;
        Some((place, *digit, rest))
    });
    let Some((place, digit, rest)) = more else {
        return Number {
            text: Zeroizing::new(zone.trimmed(&layout.number)),
            end: 0,
            digit,
            at: Position {
                line: line + 1,
                position: range.end + 1,
            },
        };
    };
    let whole = zone.at(&layout.number).iter().chain(rest);
    let end = rest.len() + 1;
    Number {
        text: Zeroizing::new(whole.copied().map(char::from).collect()),
        end,
        digit,
        at: Position {
            line: place.0 + 1,
            position: place.1.start + end,
        },
    }
}

pub(super) fn check_number(zone: &Zone, layout: &'static Layout) -> Result<(), WrongDigit> {
    let number = document_number(zone, layout);
    // Fillers behind a number count nothing.
    if has_check_digit(number.text.as_bytes(), number.digit) {
        return Ok(());
    }
    Err(WrongDigit {
        field: Field::DocumentNumber,
        at: number.at,
    })
}

pub(super) fn check_protected(zone: &Zone, place: &Place, field: Field) -> Result<(), WrongDigit> {
    let Place(line, range) = place;
    let digit = zone.character(*line, range.end);
    if has_check_digit(zone.at(place), digit) {
        return Ok(());
    }
    Err(WrongDigit {
        field,
        at: Position {
            line: line + 1,
            position: range.end + 1,
        },
    })
}

pub(super) fn check_optional(zone: &Zone, layout: &'static Layout) -> Result<(), WrongDigit> {
    let Some(place) = layout
        .optional
        .last()
        .filter(|_| layout.optional_has_check_digit)
    else {
        return Ok(());
    };
    // The digit over an empty field may be a filler (Doc 9303-4, 4.2.2.2 note).
    let empty = zone.at(place).iter().all(|character| *character == b'<');
    if empty && zone.character(place.0, place.1.end) == b'<' {
        return Ok(());
    }
    check_protected(zone, place, Field::OptionalData)
}

fn check_composite(zone: &Zone, layout: &'static Layout) -> Result<(), WrongDigit> {
    let Some((line, position)) = layout.composite_digit else {
        return Ok(());
    };
    let mut covered = Zeroizing::new(Vec::with_capacity(90));
    for place in layout.composite {
        covered.extend_from_slice(zone.at(place));
    }
    if has_check_digit(&covered, zone.character(line, position)) {
        return Ok(());
    }
    Err(WrongDigit {
        field: Field::Composite,
        at: Position {
            line: line + 1,
            position: position + 1,
        },
    })
}

fn sex(zone: &Zone, layout: &'static Layout) -> Result<Sex, MrzError> {
    match zone.at(&layout.sex) {
        b"F" => Ok(Sex::Female),
        b"M" => Ok(Sex::Male),
        b"<" | b"X" => Ok(Sex::Unspecified),
        _ => Err(MrzError::Character {
            field: Field::Sex,
            line: layout.sex.0 + 1,
            position: layout.sex.1.start + 1,
        }),
    }
}

fn no_date(place: &Place, field: Field) -> MrzError {
    MrzError::Date {
        field,
        line: place.0 + 1,
        position: place.1.start + 1,
    }
}

/// Primary and secondary identifier: `<<` stands between them, `<` between words.
fn names(field: &[u8]) -> (String, String) {
    let text: Secret = Zeroizing::new(field.iter().copied().map(char::from).collect());
    let (surname, given) = text.split_once("<<").unwrap_or((&text, ""));
    let words = |part: &str| {
        part.split('<')
            .filter(|word| !word.is_empty())
            .collect::<Vec<_>>()
            .join(" ")
    };
    (words(surname), words(given))
}

/// A letter in the last position says that the name may go on (Doc 9303-3, 4.6).
fn truncation(field: &[u8]) -> Truncation {
    if field.last() == Some(&b'<') {
        Truncation::None
    } else if field.windows(2).any(|pair| pair == b"<<") {
        Truncation::Possible
    } else {
        Truncation::Surname
    }
}

/// The first field of optional data, without what the document number took of it.
fn optional_data(zone: &Zone, layout: &'static Layout, number_end: usize) -> String {
    let Some(Place(line, range)) = layout.optional.first() else {
        return String::new();
    };
    let text = zone.trimmed(&Place(*line, range.start + number_end..range.end));
    text.trim_start_matches('<').to_owned()
}

/// `MRZ_information` with the check digits that `mrz` wants of it.
pub(super) fn access_key(mrz: &Mrz) -> AccessKey {
    let zone = zone_of(mrz);
    let layout = zone.format.layout();
    let number = document_number(&zone, layout);
    let with = |field: &[u8], printed: u8| -> Secret {
        let digit = match mrz.key_digits {
            KeyDigits::Printed => printed,
            KeyDigits::Computed => check_digit(field).unwrap_or_default() + b'0',
        };
        let characters = field.iter().copied().chain([digit]);
        Zeroizing::new(characters.map(char::from).collect())
    };
    let date = |place: &Place| with(zone.at(place), zone.character(place.0, place.1.end));
    // A number of up to nine characters keeps its fillers; a longer one is used whole.
    let padded = Zeroizing::new(format!("{:<<9}", *number.text));
    let information = Zeroizing::new(format!(
        "{}{}{}",
        *with(padded.as_bytes(), number.digit),
        *date(&layout.birth),
        *date(&layout.expiry),
    ));
    AccessKey::from_mrz_information(&information)
}

pub(super) fn differences(one: &Mrz, other: &Mrz) -> Vec<Field> {
    if one.format != other.format {
        return vec![Field::DocumentCode];
    }
    let (one, other) = (zone_of(one), zone_of(other));
    let mut different: Vec<Field> = fields(one.format.layout())
        .into_iter()
        .filter(|(_, place)| one.at(place) != other.at(place))
        .map(|(field, _)| field)
        .collect();
    different.dedup();
    // The composite digit follows its fields; it is news only when it differs alone.
    if different.len() > 1 {
        different.retain(|field| *field != Field::Composite);
    }
    different
}

pub(super) fn zone_of(mrz: &Mrz) -> Zone {
    Zone {
        format: mrz.format,
        text: Zeroizing::new(mrz.text.expose().clone()),
    }
}
