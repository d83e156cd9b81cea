//! What the characters are worth: check digits decide, and what none of them covers has to be sure.

use crate::decode::{Allowed, Characters};
use crate::error::Problem;
use gate_document::mrz::{Format, Mrz, MrzError, Position};
use zeroize::Zeroizing;

/// A character that no check digit covers is read if the model is that sure of it.
const LEGIBLE: f32 = 0.5;
/// Less sure than that, it is read but said to be doubtful.
const SURE: f32 = 0.95;
/// A correction is believed if the model thinks it that likely: others are accidents of arithmetic.
const CONCEIVABLE: f32 = 0.002;

/// A zone that was read from a picture.
///
/// Every check digit is right. [`Mrz::repairs`] says where the likeliest character was not the one that
/// a check digit proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The zone.
    pub mrz: Mrz,
    /// Characters that the model was less sure of, and that no check digit proves: compare them with the
    /// chip or the page.
    pub doubtful: Vec<Position>,
}

/// What may stand in a line (from 0) of a zone of `lines` lines: names are letters.
#[must_use]
pub const fn allowed(lines: usize, line: usize) -> Allowed {
    match (lines, line) {
        (2, 0) | (3, 2) => Allowed::Letters,
        _ => Allowed::All,
    }
}

/// Lets the check digits decide on what was read, line by line from the top.
///
/// What the model is unsure of is given to [`Mrz::read`] as unreadable if the likeliest characters
/// contradict a check digit; what comes back has to be something that the model saw.
///
/// # Errors
///
/// [`Problem`]; nothing is a reading that a check digit contradicts.
pub fn judge(lines: &[Characters]) -> Result<Reading, Problem> {
    let found = Mrz::read(&text(lines, |_, likeliest, _| likeliest));
    let mrz = match found {
        Ok(mrz) => conceivable(lines, mrz),
        Err(MrzError::Shape { .. }) => return Err(Problem::Missing),
        Err(error) => Err(error),
    };
    let mrz = mrz
        .or_else(|error| {
            let marked = text(lines, |_, likeliest, likelihood| {
                if likelihood < LEGIBLE {
                    b'?'
                } else {
                    likeliest
                }
            });
            // The first problem is about what was read, the second about question marks.
            Mrz::read(&marked)
                .map_err(|_| error.clone())
                .and_then(|mrz| conceivable(lines, mrz).map_err(|_| error))
        })
        .map_err(Problem::Contradiction)?;
    let unproved = |least: f32| -> Vec<Position> {
        places(&mrz)
            .filter(|(place, character)| {
                !mrz.format.is_proved(*place) && likelihood(lines, *place, *character) < least
            })
            .map(|(place, _)| place)
            .collect()
    };
    match unproved(LEGIBLE).len() {
        0 => Ok(Reading {
            doubtful: doubtful(lines, &mrz),
            mrz,
        }),
        count => Err(Problem::Unsure { count }),
    }
}

/// What has to be compared with the page: characters that the model was not sure of. A check digit proves one of
/// them, but not two: every tenth pair of mistakes passes, such as twice the digit 0 for the letter O.
fn doubtful(lines: &[Characters], mrz: &Mrz) -> Vec<Position> {
    let unsure: Vec<Position> = places(mrz)
        .filter(|(place, character)| likelihood(lines, *place, *character) < SURE)
        .map(|(place, _)| place)
        .collect();
    let is_proved = |place: &&Position| mrz.format.is_proved(**place);
    let alone = unsure.iter().filter(is_proved).count() < 2;
    unsure
        .into_iter()
        .filter(|place| !(alone && mrz.format.is_proved(*place)))
        .collect()
}

/// The likeliest of a reading and its alternatives; an error if it holds what the model did not see.
fn conceivable(lines: &[Characters], mut mrz: Mrz) -> Result<Mrz, MrzError> {
    let sure = |mrz: &Mrz| -> f32 {
        places(mrz)
            .map(|(place, character)| likelihood(lines, place, character).max(1e-9).ln())
            .sum()
    };
    let mut most = sure(&mrz);
    for other in mrz.alternatives().to_vec() {
        let found = sure(&other);
        if found > most {
            (most, mrz) = (found, other);
        }
    }
    let strange = mrz.repairs().iter().find_map(|place| {
        let (_, character) = places(&mrz).find(|(other, _)| other == place)?;
        (likelihood(lines, *place, character) < CONCEIVABLE).then_some(*place)
    });
    match strange {
        None => Ok(mrz),
        Some(place) => Err(MrzError::CheckDigit {
            field: gate_document::mrz::Field::Composite,
            line: place.line,
            position: place.position,
        }),
    }
}

fn likelihood(lines: &[Characters], place: Position, character: u8) -> f32 {
    lines
        .get(place.line - 1)
        .map_or(0.0, |line| line.likelihood(place.position - 1, character))
}

fn places(mrz: &Mrz) -> impl Iterator<Item = (Position, u8)> {
    mrz.lines().enumerate().flat_map(|(line, text)| {
        text.bytes().enumerate().map(move |(position, character)| {
            let place = Position {
                line: line + 1,
                position: position + 1,
            };
            (place, character)
        })
    })
}

/// The lines as text; `each` sees line, likeliest character and its likelihood.
fn text(lines: &[Characters], each: impl Fn(usize, u8, f32) -> u8) -> Zeroizing<String> {
    // The longest zone has 90 characters: the text never moves, and leaves no copy behind.
    let mut text = Zeroizing::new(String::with_capacity(128));
    for (number, line) in lines.iter().enumerate().take(3) {
        if number > 0 {
            text.push('\n');
        }
        for (position, character) in line.text().enumerate() {
            let likelihood = line.likelihood(position, character);
            text.push(char::from(each(number, character, likelihood)));
        }
    }
    text
}

/// How long the lines are of the format that has so many of them, with about `count` characters each; `None` if
/// no format has so many.
#[must_use]
pub fn line_length(lines: usize, count: usize) -> Option<usize> {
    let lengths = [Format::Td1, Format::Td2, Format::Td3]
        .into_iter()
        .filter(|format| format.lines() == lines)
        .map(Format::line_length);
    lengths.min_by_key(|length| length.abs_diff(count))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decode::{self, ALPHABET, CLASSES};

    /// The specimen of Doc 9303-4, appendix B.
    const PASSPORT: [&str; 2] = [
        "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
        "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
    ];

    /// What a model says that reads `text`; `(position, likelier, how much)` changes one character.
    fn seen(line: usize, changes: &[(usize, u8, f32)]) -> Characters {
        let text = PASSPORT[line].as_bytes();
        let steps: Vec<f32> = text
            .iter()
            .enumerate()
            .flat_map(|(position, character)| {
                let class = |wanted: u8| ALPHABET.iter().position(|known| *known == wanted);
                let mut step = vec![-12.0; CLASSES];
                step[class(*character).unwrap()] = -0.001;
                for (at, other, likelihood) in changes {
                    if *at == position {
                        step[class(*character).unwrap()] = (1.0 - likelihood).ln();
                        step[class(*other).unwrap()] = likelihood.ln();
                    }
                }
                let mut none = vec![-12.0; CLASSES];
                none[CLASSES - 1] = -0.001;
                [step, none].concat()
            })
            .collect();
        decode::line(&steps, 44, allowed(2, line))
    }

    #[test]
    fn a_zone_that_is_seen_well_is_read_without_repair_or_doubt() {
        let reading = judge(&[seen(0, &[]), seen(1, &[])]).unwrap();
        assert_eq!(reading.mrz.lines().collect::<Vec<_>>(), PASSPORT);
        assert_eq!(reading.mrz.repairs(), []);
        assert_eq!(reading.doubtful, []);
    }

    #[test]
    fn a_check_digit_corrects_what_the_model_thought_possible() {
        // B for 8 in the document number: the eight was the second guess.
        let reading = judge(&[seen(0, &[]), seen(1, &[(1, b'B', 0.7)])]).unwrap();
        assert_eq!(
            reading.mrz.repairs(),
            [Position {
                line: 2,
                position: 2
            }]
        );
        assert_eq!(reading.mrz.lines().collect::<Vec<_>>(), PASSPORT);
    }

    #[test]
    fn a_contradicted_check_digit_is_never_a_reading() {
        // The model is sure of B, and does not see an eight.
        let sure = judge(&[seen(0, &[]), seen(1, &[(1, b'B', 0.9999)])]);
        assert!(matches!(sure, Err(Problem::Contradiction(_))), "{sure:?}");
        let other = judge(&[seen(0, &[]), seen(1, &[(14, b'7', 0.9999)])]);
        assert!(matches!(other, Err(Problem::Contradiction(_))), "{other:?}");
    }

    #[test]
    fn a_check_digit_proves_one_unsure_character_and_not_two() {
        let doubtful = |changes: &[(usize, u8, f32)]| {
            let reading = judge(&[seen(0, &[]), seen(1, changes)]).unwrap();
            assert_eq!(reading.mrz.lines().collect::<Vec<_>>(), PASSPORT);
            let places = reading.doubtful.iter();
            places.map(|place| place.position).collect::<Vec<_>>()
        };
        assert_eq!(doubtful(&[(30, b'I', 0.3)]), [0; 0]);
        assert_eq!(doubtful(&[(30, b'I', 0.3), (33, b'Z', 0.2)]), [31, 34]);
    }

    #[test]
    fn an_unsure_name_is_doubtful_and_an_illegible_one_is_no_reading() {
        let reading = judge(&[seen(0, &[(5, b'F', 0.3)]), seen(1, &[])]).unwrap();
        assert_eq!(
            reading.doubtful,
            [Position {
                line: 1,
                position: 6
            }]
        );
        let two = seen(0, &[(5, b'F', 0.45), (6, b'B', 0.56)]);
        // The likeliest is what counts: B at 0.56 is legible, and doubtful.
        assert_eq!(judge(&[two, seen(1, &[])]).unwrap().doubtful.len(), 2);
        let lines = [
            decode::line(&[-3.6; 64 * CLASSES], 44, Allowed::Letters),
            seen(1, &[]),
        ];
        assert!(judge(&lines).is_err());
    }

    #[test]
    fn a_line_too_few_is_missing() {
        assert_eq!(judge(&[seen(1, &[])]), Err(Problem::Missing));
        assert_eq!(judge(&[]), Err(Problem::Missing));
        assert_eq!(line_length(2, 45), Some(44));
        assert_eq!(line_length(2, 37), Some(36));
        assert_eq!(line_length(1, 44), None);
    }
}
