//! Machine readable zones of the formats TD1 and TD3 (Doc 9303-4, 4.2 and 9303-5, 4.2).

use jiff::civil::Date;

use super::electronics::Misprint;
use super::{DocumentRequest, Format, IssuerError, Sex, State};

/// The lines, top to bottom: two of 44 characters or three of 30.
pub(super) fn lines(request: &DocumentRequest, state: State) -> Result<Vec<String>, IssuerError> {
    match request.format {
        Format::Td3 => td3(request, state),
        Format::Td1 => td1(request, state),
    }
}

/// Document number, date of birth and date of expiry with their check digits: what opens the chip
/// (Doc 9303-11, 9.7.2).
pub(super) fn key_information(request: &DocumentRequest) -> Result<String, IssuerError> {
    let number = checked(&document_number(request)?);
    let birth = checked(&date(request.birth));
    let expiry = checked(&date(request.expiry));
    Ok(format!("{number}{birth}{expiry}"))
}

/// Prints another character, where the zone has that place.
pub(super) fn misprint(lines: &mut [String], misprint: Misprint) {
    let Misprint { line, position, .. } = misprint;
    if let Some(line) = lines.get_mut(line) {
        let printed = line.chars().enumerate().map(|(at, character)| {
            if at == position {
                misprint.character
            } else {
                character
            }
        });
        *line = printed.collect();
    }
}

/// What a reader takes the key from: the fields as they are printed. Numbers of nine characters only.
pub(super) fn printed_key(lines: &[String]) -> String {
    let at = |line: usize, place: core::ops::Range<usize>| {
        lines
            .get(line)
            .and_then(|line| line.get(place))
            .unwrap_or("")
    };
    if lines.len() == 2 {
        format!("{}{}{}", at(1, 0..10), at(1, 13..20), at(1, 21..28))
    } else {
        format!("{}{}{}", at(0, 5..15), at(1, 0..7), at(1, 8..15))
    }
}

fn td3(request: &DocumentRequest, state: State) -> Result<Vec<String>, IssuerError> {
    let number = document_number(request)?;
    if number.len() > 9 {
        return Err(IssuerError::NumberLength {
            found: number.len(),
            most: 9,
        });
    }
    let number = checked(&number);
    let birth = checked(&date(request.birth));
    let expiry = checked(&date(request.expiry));
    let optional = checked(&fill(&optional_data(request, 14)?, 14));
    let composite = check_digit(&format!("{number}{birth}{expiry}{optional}"));
    let names = names(request, 39)?;
    let (nationality, sex) = (fill(request.nationality, 3), sex(request.sex));
    Ok(vec![
        format!("P<{}{names}", state.code),
        format!("{number}{nationality}{birth}{sex}{expiry}{optional}{composite}"),
    ])
}

fn td1(request: &DocumentRequest, state: State) -> Result<Vec<String>, IssuerError> {
    let code = if state == State::VIETNAM { "ID" } else { "I<" };
    let (number, optional) = td1_number(request)?;
    let birth = checked(&date(request.birth));
    let expiry = checked(&date(request.expiry));
    let composite = check_digit(&format!("{number}{optional}{birth}{expiry}{:<<11}", ""));
    let (nationality, sex) = (fill(request.nationality, 3), sex(request.sex));
    Ok(vec![
        format!("{code}{}{number}{optional}", state.code),
        format!("{birth}{sex}{expiry}{nationality}{:<<11}{composite}", ""),
        names(request, 30)?,
    ])
}

/// Number with check digit, and optional data: 10 and 15 characters. A number that is longer than
/// its field goes on, check digit at its end, in the optional data (Doc 9303-5, 4.2.2.1, note j).
fn td1_number(request: &DocumentRequest) -> Result<(String, String), IssuerError> {
    let number = document_number(request)?;
    match number.split_at_checked(9) {
        Some((head, tail)) if !tail.is_empty() => {
            if !request.optional.is_empty() || tail.len() > 13 {
                return Err(IssuerError::NumberLength {
                    found: number.len(),
                    most: 22,
                });
            }
            Ok((
                format!("{head}<"),
                fill(&format!("{tail}{}", check_digit(&number)), 15),
            ))
        }
        _ => Ok((checked(&number), fill(&optional_data(request, 15)?, 15))),
    }
}

/// At least nine characters.
fn document_number(request: &DocumentRequest) -> Result<String, IssuerError> {
    let number = &request.number;
    if number.is_empty()
        || !number
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    {
        return Err(IssuerError::Characters {
            field: "document number",
        });
    }
    Ok(fill(number, 9))
}

fn optional_data(request: &DocumentRequest, most: usize) -> Result<String, IssuerError> {
    let optional = &request.optional;
    let is_allowed = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'<';
    if optional.len() > most || !optional.bytes().all(is_allowed) {
        return Err(IssuerError::Characters {
            field: "optional data",
        });
    }
    Ok(optional.clone())
}

/// Surname, two fillers, given names; cut or filled to `width`.
fn names(request: &DocumentRequest, width: usize) -> Result<String, IssuerError> {
    let mut line = name(&request.surname)?;
    if !request.given_names.is_empty() {
        line.push_str("<<");
        line.push_str(&name(&request.given_names)?);
    }
    line.truncate(width);
    Ok(fill(&line, width))
}

/// Spaces and hyphens become fillers, apostrophes go (Doc 9303-3, 4.6).
fn name(text: &str) -> Result<String, IssuerError> {
    text.chars()
        .filter(|&character| character != '\'')
        .map(|character| match character {
            ' ' | '-' => Ok('<'),
            'A'..='Z' => Ok(character),
            'a'..='z' => Ok(character.to_ascii_uppercase()),
            _ => Err(IssuerError::Characters { field: "name" }),
        })
        .collect()
}

fn date(date: Date) -> String {
    format!(
        "{:02}{:02}{:02}",
        date.year().rem_euclid(100),
        date.month(),
        date.day()
    )
}

fn sex(sex: Sex) -> char {
    match sex {
        Sex::Female => 'F',
        Sex::Male => 'M',
        Sex::Unspecified => '<',
    }
}

fn fill(text: &str, width: usize) -> String {
    format!("{text:<<width$}")
}

fn checked(field: &str) -> String {
    format!("{field}{}", check_digit(field))
}

/// Weights 7, 3, 1 repeating, sum modulo 10 (Doc 9303-3, 4.9).
pub(super) fn check_digit(field: &str) -> u32 {
    let values = field
        .chars()
        .map(|character| character.to_digit(36).unwrap_or(0));
    values
        .zip([7, 3, 1].into_iter().cycle())
        .map(|(value, weight)| value * weight)
        .sum::<u32>()
        % 10
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::issuer::tests::specimen;

    /// The worked example of Doc 9303-4, appendix B.
    #[test]
    fn the_specimen_passport_of_doc_9303_comes_out() {
        let request = specimen();
        let right = [
            "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
            "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
        ];
        assert_eq!(lines(&request, State::UTOPIA).unwrap(), right);
        assert_eq!(
            key_information(&request).unwrap(),
            "L898902C3674081221204159"
        );
    }

    /// The worked example of Doc 9303-5, appendix B; and its long document number, 4.2.4.
    #[test]
    fn the_specimen_card_of_doc_9303_comes_out() {
        let mut request = DocumentRequest {
            format: Format::Td1,
            number: "D23145890".into(),
            optional: String::new(),
            ..specimen()
        };
        let right = [
            "I<UTOD231458907<<<<<<<<<<<<<<<",
            "7408122F1204159UTO<<<<<<<<<<<6",
            "ERIKSSON<<ANNA<MARIA<<<<<<<<<<",
        ];
        assert_eq!(lines(&request, State::UTOPIA).unwrap(), right);
        request.number = "D23145890734".into();
        let long = lines(&request, State::UTOPIA).unwrap();
        assert_eq!(long[0], "I<UTOD23145890<7349<<<<<<<<<<<");
        assert_eq!(
            key_information(&request).unwrap(),
            "D23145890734974081221204159"
        );
    }

    #[test]
    fn a_vietnamese_card_carries_the_personal_number_and_its_own_check_digit() {
        let request = DocumentRequest {
            format: Format::Td1,
            ..specimen()
        }
        .with_personal_number("001174000001")
        .unwrap();
        let lines = lines(&request, State::VIETNAM).unwrap();
        assert!(lines[0].starts_with("IDVNM174000001"));
        assert_eq!(lines[0].len(), 30);
        assert_eq!(&lines[0][15..29], "001174000001<<");
        let digit = check_digit("001174000001").to_string();
        assert_eq!(&lines[0][29..], digit);
    }

    #[test]
    fn what_cannot_be_printed_is_refused_by_the_name_of_the_field() {
        let mut cases = [specimen(), specimen(), specimen(), specimen()];
        cases[0].surname = "Nguyễn".into();
        cases[1].number = "l898".into();
        cases[2].optional = "0123456789ABCDEF".into();
        cases[3].number = "1234567890".into();
        let errors = cases.map(|request| lines(&request, State::UTOPIA).unwrap_err().to_string());
        let fields = [
            "name",
            "document number",
            "optional data",
            "document number",
        ];
        for (error, field) in errors.iter().zip(fields) {
            assert!(error.contains(field), "{error}");
            assert!(!error.contains("Nguy") && !error.contains("l898"));
        }
    }

    #[test]
    fn long_names_are_cut_to_the_line() {
        let mut request = specimen();
        request.given_names = "A".repeat(60);
        request.expiry = date(2030, 1, 1);
        assert!(
            lines(&request, State::UTOPIA)
                .unwrap()
                .iter()
                .all(|line| line.len() == 44)
        );
    }
}
