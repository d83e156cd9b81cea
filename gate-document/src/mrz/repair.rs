//! What a reader may have confused, as far as check digits can tell.
//!
//! This file only *proposes* zones, in the order of their likelihood; `parse` holds each of
//! them against every rule, and what it refuses is no reading. So a character is changed only where
//! a check digit covers it and is right afterwards:
//!
//! - a letter where only a digit can stand (dates, check digits) is the digit that looks like it;
//! - in a document number or optional data, look-alikes are exchanged: one, two that stand out
//!   among their neighbours, or every one of a kind;
//! - a character that the reader marked as unreadable is each character that may stand there. One a
//!   field, because one check digit proves one unknown; and none that only the zone's last digit
//!   would confirm by having been computed from it.
//!
//! Names, nationality and sex are covered by no check digit and stay as they are (Doc 9303-3, 4.9).

use super::layout::{Place, with_digit};
use super::parse::{Zone, as_printed, check_number, check_protected, judge, normalise};
use super::{Field, KeyDigits, Mrz, MrzError, Position, check_digit, has_check_digit, vietnam};
use core::ops::Range;
use zeroize::Zeroizing;

/// The likeliest reading and its alternatives. A chip may be asked with each of them, and some answer slower with
/// every wrong key.
const READINGS_MAX: usize = 5;
/// Proposals for one field, likeliest first, that go on to be combined with those of the others.
const PROPOSALS_MAX: usize = 6;
/// Combinations that are judged before a zone is given up.
const COMBINATIONS_MAX: usize = 128;

/// Digit, letter, and how seldom the two are taken for each other in OCR-B.
const LOOK_ALIKES: [(u8, u8, Cost); 11] = [
    (b'0', b'O', 2),
    (b'1', b'I', 2),
    (b'2', b'Z', 2),
    (b'5', b'S', 2),
    (b'6', b'G', 2),
    (b'8', b'B', 2),
    (b'0', b'D', 4),
    (b'0', b'Q', 4),
    (b'1', b'L', 4),
    (b'4', b'A', 4),
    (b'7', b'T', 4),
];

/// How unlikely a change is: 0 is none.
type Cost = u8;

/// Characters of the zone to be replaced, by their offset in the text without separators.
#[derive(Clone, Default)]
struct Proposal {
    cost: Cost,
    changes: Vec<(usize, u8)>,
}

pub(super) fn read(text: &str) -> Result<Mrz, MrzError> {
    read_zone(&normalise(text)?)
}

/// Where in the order of readings the zone as printed stands, behind those that a confusion explains:
/// a reader errs more often than an issuer.
const AS_PRINTED: usize = 2;

pub(super) fn read_tolerant(text: &str) -> Result<Mrz, MrzError> {
    let zone = normalise(text)?;
    let printed = || as_printed(&zone).map(with_computed_key);
    match read_zone(&zone) {
        Ok(mut first) if !first.repairs.is_empty() => {
            if let Ok(mut printed) = printed() {
                printed.alternatives = Vec::new();
                let at = first.alternatives.len().min(AS_PRINTED - 1);
                first.alternatives.insert(at, printed);
                first.alternatives.truncate(READINGS_MAX - 1);
            }
            Ok(first)
        }
        Err(error @ MrzError::CheckDigit { .. }) => printed().map_err(|_| error),
        result => result,
    }
}

/// An issuer may have computed the chip's key from digits that it did not print.
fn with_computed_key(mut printed: Mrz) -> Mrz {
    let computed = Mrz {
        key_digits: KeyDigits::Computed,
        ..printed.clone()
    };
    if computed.access_key() != printed.access_key() {
        printed.alternatives.push(computed);
    }
    printed
}

fn read_zone(zone: &Zone) -> Result<Mrz, MrzError> {
    let mut readings = match judge(zone) {
        Ok(mrz) => vec![mrz],
        Err(error) => match repaired(zone) {
            readings if readings.is_empty() => return Err(error),
            readings => readings,
        },
    };
    let twins = twins(&readings[0]);
    readings.extend(twins);
    readings.truncate(READINGS_MAX);
    let mut first = readings.remove(0);
    first.alternatives = readings;
    Ok(first)
}

/// Every reading that the check digits prove, likeliest first.
fn repaired(zone: &Zone) -> Vec<Mrz> {
    let forced = forced_digits(zone);
    let sure = zone.with(&forced.changes);
    let mut combinations = vec![forced];
    for group in groups(&sure) {
        let proposals = group.proposals(&sure);
        combinations = product(&combinations, &proposals);
    }
    let mut readings = Vec::new();
    for proposal in &combinations {
        let changed = zone.with(&proposal.changes);
        match judge(&changed) {
            Ok(mrz) => readings.push((proposal.clone(), mrz)),
            // Only the optional data is left to blame.
            Err(
                MrzError::CheckDigit {
                    field: Field::Composite,
                    ..
                }
                | MrzError::Character {
                    field: Field::OptionalData,
                    ..
                },
            ) => readings.extend(under_composite(zone, proposal)),
            Err(_) => {}
        }
        if readings.len() >= READINGS_MAX {
            break;
        }
    }
    readings.sort_by_key(|(proposal, _)| proposal.cost);
    readings
        .into_iter()
        .map(|(proposal, mrz)| with_repairs(mrz, &proposal))
        .collect()
}

/// Letters where only digits can stand, taken for the digits that they look like.
fn forced_digits(zone: &Zone) -> Proposal {
    let mut proposal = Proposal::default();
    let mut digits: Vec<usize> = Vec::with_capacity(40);
    let layout = zone.format.layout();
    for place in [&layout.birth, &layout.expiry] {
        digits.extend(zone.offsets(&with_digit(place)));
    }
    digits.push(zone.offsets(&layout.number).end);
    if let Some((line, position)) = layout.composite_digit {
        digits.extend(zone.offsets(&Place(line, position..position + 1)));
    }
    if layout.optional_has_check_digit {
        digits.extend(layout.optional.last().map(|place| zone.offsets(place).end));
    }
    if vietnam::may_hold_personal_number(zone) {
        digits.extend(zone.offsets(&layout.number));
        digits.extend(vietnam::personal_number_offsets());
    }
    for offset in digits {
        let found = zone.text.as_bytes()[offset];
        if let Some((digit, _, cost)) = LOOK_ALIKES.iter().find(|pair| pair.1 == found) {
            proposal.cost = proposal.cost.saturating_add(cost / 2);
            proposal.changes.push((offset, *digit));
        }
    }
    proposal
}

/// A field with a check digit of its own.
struct Group {
    field: Field,
    /// The field's characters, of which a long number has some elsewhere in the zone.
    characters: Vec<usize>,
    /// The digit over them.
    digit: usize,
    /// Nothing but digits can stand in it.
    digits_only: bool,
}

fn groups(zone: &Zone) -> Vec<Group> {
    let layout = zone.format.layout();
    let of = |field, place: &Place, digits_only| Group {
        field,
        characters: zone.offsets(place).collect(),
        digit: zone.offsets(place).end,
        digits_only,
    };
    let mut groups = vec![
        of(Field::Birth, &layout.birth, true),
        of(Field::Expiry, &layout.expiry, true),
    ];
    let is_long = zone.character(layout.number.0, layout.number.1.end) == b'<';
    let more = layout.number_continues.as_ref().filter(|_| is_long);
    let is_vietnamese = vietnam::may_hold_personal_number(zone);
    let mut number = of(Field::DocumentNumber, &layout.number, is_vietnamese);
    if let Some(more) = more {
        // Number, filler, and the rest of the number with its digit, up to the next filler.
        let rest = zone.at(more).iter().take_while(|byte| **byte != b'<');
        let start = zone.offsets(more).start;
        number.digit = start + rest.count().saturating_sub(1);
        number.characters.extend(start..number.digit);
        number.digits_only = false;
    }
    groups.push(number);
    if layout.optional_has_check_digit {
        groups.extend(
            layout
                .optional
                .last()
                .map(|place| of(Field::OptionalData, place, false)),
        );
    }
    if is_vietnamese {
        let offsets = vietnam::personal_number_offsets();
        let digits = offsets.clone().min().unwrap_or_default()..vietnam::CHECK_DIGIT;
        groups.push(of(Field::PersonalNumber, &Place(0, digits), true));
    }
    groups
}

impl Group {
    fn holds(&self, zone: &Zone) -> bool {
        match self.field {
            Field::DocumentNumber => check_number(zone, zone.format.layout()).is_ok(),
            Field::PersonalNumber => vietnam::check(zone).is_ok(),
            // The digit over an empty field may be a filler.
            Field::OptionalData => super::parse::check_optional(zone, zone.format.layout()).is_ok(),
            Field::Birth => check_protected(zone, &zone.format.layout().birth, self.field).is_ok(),
            _ => check_protected(zone, &zone.format.layout().expiry, self.field).is_ok(),
        }
    }

    /// What makes the check digit right, likeliest first; nothing, as one proposal, where it is.
    fn proposals(&self, zone: &Zone) -> Vec<Proposal> {
        let unreadable: Vec<usize> = (self.characters.iter().copied())
            .chain([self.digit])
            .filter(|offset| is_unreadable(zone.text.as_bytes()[*offset]))
            .collect();
        let mut proposals = match unreadable[..] {
            [] if self.holds(zone) => return vec![Proposal::default()],
            [] if self.digits_only => Vec::new(),
            [] => exchanges(zone, &self.characters)
                .into_iter()
                .filter(|proposal| self.holds(&zone.with(&proposal.changes)))
                .collect(),
            [at] => self.readings_of(zone, at),
            _ => Vec::new(),
        };
        proposals.sort_by_key(|proposal| proposal.cost);
        proposals.truncate(PROPOSALS_MAX);
        proposals
    }

    /// What the unreadable character at `at` may be.
    fn readings_of(&self, zone: &Zone, at: usize) -> Vec<Proposal> {
        let field = &self.characters;
        if at == self.digit {
            // Its own digit proves nothing about a field that it was computed from: the zone's last
            // digit must.
            let characters = field.iter().map(|at| zone.text.as_bytes()[*at]);
            let computed = check_digit(&Zeroizing::new(characters.collect::<Vec<u8>>()))
                .filter(|_| zone.format.layout().composite_digit.is_some());
            return computed
                .map(|digit| Proposal {
                    cost: 2,
                    changes: vec![(at, digit + b'0')],
                })
                .into_iter()
                .collect();
        }
        alphabet(self.digits_only)
            .map(|character| Proposal {
                cost: fit(zone, field, at, character),
                changes: vec![(at, character)],
            })
            .filter(|proposal| self.holds(&zone.with(&proposal.changes)))
            .collect()
    }
}

/// Look-alikes exchanged in the characters `field`: one, two, or every one of a kind.
fn exchanges(zone: &Zone, field: &[usize]) -> Vec<Proposal> {
    let text = zone.text.as_bytes();
    let mut single: Vec<(usize, u8, Cost)> = Vec::new();
    for &at in field {
        for (digit, letter, cost) in LOOK_ALIKES {
            let other = match text[at] {
                found if found == digit => letter,
                found if found == letter => digit,
                _ => continue,
            };
            single.push((at, other, cost - 1 + fit(zone, field, at, other)));
        }
    }
    let mut proposals: Vec<Proposal> = Vec::new();
    for (index, one) in single.iter().enumerate() {
        proposals.push(Proposal {
            cost: one.2,
            changes: vec![(one.0, one.1)],
        });
        // One digit in ten fits by chance: two changes are believed only where each is likely.
        let likely = |change: &&(usize, u8, Cost)| change.2 <= 1;
        let others = single[index + 1..].iter().filter(likely);
        for other in others.filter(|other| likely(&one) && other.0 != one.0) {
            proposals.push(Proposal {
                cost: one.2 + other.2,
                changes: vec![(one.0, one.1), (other.0, other.1)],
            });
        }
        let kind: Vec<&(usize, u8, Cost)> = single
            .iter()
            .filter(|other| (text[other.0], other.1) == (text[one.0], one.1))
            .collect();
        if kind.len() > 2 && kind[0].0 == one.0 {
            let changes: Vec<(usize, u8)> =
                kind.iter().map(|change| (change.0, change.1)).collect();
            // A reader with a habit: how well they fit is seen beside each other.
            let together = zone.with(&changes);
            let fits = kind
                .iter()
                .map(|change| fit(&together, field, change.0, change.1));
            proposals.push(Proposal {
                cost: fits.min().unwrap_or_default(),
                changes,
            });
        }
    }
    proposals
}

/// 0 where `character` at `at` is a digit among digits or a letter among letters, 1 at a border
/// between them, 2 where it stands alone.
fn fit(zone: &Zone, field: &[usize], at: usize, character: u8) -> Cost {
    let text = zone.text.as_bytes();
    let neighbours = [at.wrapping_sub(1), at + 1];
    let neighbours = neighbours
        .into_iter()
        .filter(|neighbour| field.contains(neighbour))
        .map(|neighbour| text[neighbour])
        .filter(u8::is_ascii_alphanumeric);
    let alien = neighbours
        .clone()
        .filter(|other| other.is_ascii_digit() != character.is_ascii_digit())
        .count();
    match (alien, neighbours.count()) {
        (0, _) => 0,
        (alien, all) if alien < all => 1,
        _ => 2,
    }
}

/// One more change, in optional data that only the composite digit covers.
fn under_composite(zone: &Zone, proposal: &Proposal) -> Vec<(Proposal, Mrz)> {
    let layout = zone.format.layout();
    let base = zone.with(&proposal.changes);
    if layout.optional_has_check_digit || layout.composite_digit.is_none() {
        return Vec::new();
    }
    let fields: Vec<Vec<usize>> = layout
        .optional
        .iter()
        .map(|place| zone.offsets(place).collect())
        .collect();
    let unreadable: Vec<(usize, &[usize])> = fields
        .iter()
        .flat_map(|field| field.iter().map(move |at| (*at, &field[..])))
        .filter(|(at, _)| is_unreadable(base.text.as_bytes()[*at]))
        .collect();
    let more: Vec<Proposal> = match &unreadable[..] {
        [] => fields
            .iter()
            .flat_map(|field| exchanges(&base, field))
            .filter(|proposal| proposal.changes.len() == 1)
            .collect(),
        [(at, field)] => alphabet(false)
            .map(|character| Proposal {
                cost: fit(&base, field, *at, character),
                changes: vec![(*at, character)],
            })
            .collect(),
        _ => Vec::new(),
    };
    let mut readings: Vec<(Proposal, Mrz)> = product(core::slice::from_ref(proposal), &more)
        .into_iter()
        .filter_map(|proposal| {
            let mrz = judge(&zone.with(&proposal.changes)).ok()?;
            Some((proposal, mrz))
        })
        .collect();
    readings.truncate(PROPOSALS_MAX);
    readings
}

/// The readings of a document number that no check digit can tell from that of `mrz`.
fn twins(mrz: &Mrz) -> Vec<Mrz> {
    let zone = Zone::of(mrz);
    if vietnam::may_hold_personal_number(&zone) {
        return Vec::new();
    }
    let field: Vec<usize> = zone.offsets(&zone.format.layout().number).collect();
    let mut proposals: Vec<Proposal> = exchanges(&zone, &field)
        .into_iter()
        .filter(|proposal| match proposal.changes[..] {
            [(at, other)] => check_digit(&[zone.text.as_bytes()[at]])
                .is_some_and(|value| has_check_digit(&[other], value + b'0')),
            _ => false,
        })
        .collect();
    proposals.sort_by_key(|proposal| proposal.cost);
    proposals
        .into_iter()
        .filter_map(|proposal| {
            let twin = judge(&zone.with(&proposal.changes)).ok()?;
            let mut twin = with_repairs(twin, &proposal);
            twin.repairs.extend_from_slice(&mrz.repairs);
            twin.repairs
                .sort_by_key(|place| (place.line, place.position));
            twin.repairs.dedup();
            Some(twin)
        })
        .collect()
}

fn with_repairs(mut mrz: Mrz, proposal: &Proposal) -> Mrz {
    let length = mrz.format.line_length();
    let mut offsets: Vec<usize> = proposal.changes.iter().map(|change| change.0).collect();
    offsets.sort_unstable();
    mrz.repairs = offsets
        .into_iter()
        .map(|offset| Position {
            line: offset / length + 1,
            position: offset % length + 1,
        })
        .collect();
    mrz
}

/// Every combination that changes no character twice, likeliest first, at most [`COMBINATIONS_MAX`].
fn product(one: &[Proposal], other: &[Proposal]) -> Vec<Proposal> {
    let mut both: Vec<Proposal> = one
        .iter()
        .flat_map(|one| {
            let again = |change: &(usize, u8)| one.changes.iter().any(|made| made.0 == change.0);
            let apart = other
                .iter()
                .filter(move |other| !other.changes.iter().any(again));
            apart.map(|other| Proposal {
                cost: one.cost.saturating_add(other.cost),
                changes: [&one.changes[..], &other.changes[..]].concat(),
            })
        })
        .collect();
    both.sort_by_key(|proposal| proposal.cost);
    both.truncate(COMBINATIONS_MAX);
    both
}

/// What readers put in place of a character that they could not make out.
const fn is_unreadable(character: u8) -> bool {
    matches!(character, b'?' | b'*' | b'#')
}

fn alphabet(digits_only: bool) -> impl Iterator<Item = u8> {
    let letters = if digits_only {
        b'A'..b'A'
    } else {
        b'A'..b'Z' + 1
    };
    (b'0'..=b'9').chain(letters)
}

impl Zone {
    fn of(mrz: &Mrz) -> Self {
        super::parse::zone_of(mrz)
    }

    /// Where `place` is in the text without separators.
    fn offsets(&self, place: &Place) -> Range<usize> {
        let start = place.0 * self.format.line_length();
        start + place.1.start..start + place.1.end
    }

    fn with(&self, changes: &[(usize, u8)]) -> Self {
        let mut text = Zeroizing::new(String::with_capacity(self.text.len()));
        text.extend(self.text.bytes().enumerate().map(|(at, found)| {
            let change = changes.iter().rev().find(|change| change.0 == at);
            char::from(change.map_or(found, |change| change.1))
        }));
        Self {
            format: self.format,
            text,
        }
    }
}

#[cfg(test)]
mod tests;
