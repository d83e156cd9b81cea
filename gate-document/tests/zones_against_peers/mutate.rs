//! What happens to a zone between the printer and a parser.

use crate::generate::{characters, digit, pick};
use rand::RngExt;
use rand::rngs::StdRng;

/// What was done to a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Change {
    /// Nothing: the generator's.
    None,
    /// Up to three characters are others.
    Substitution,
    /// A character too many, in one line.
    Insertion,
    /// A character too few, in one line.
    Deletion,
    /// One character goes and another comes elsewhere in the line, which keeps its length.
    Shift,
    /// Two neighbours change places.
    Transposition,
    /// Two lines change places.
    LineSwap,
    /// A line twice, or not at all.
    LineCount,
    /// Characters in lower case.
    Case,
    /// A line that is cut or goes on, in fillers.
    Length,
    /// Fillers as readers write them, and characters that they could not make out.
    Fillers,
    /// A look-alike: `0` for `O`, `8` for `B`.
    LookAlike,
    /// What our parser made of a damaged zone.
    Repaired,
}

const CHANGES: [Change; 11] = [
    Change::Substitution,
    Change::Insertion,
    Change::Deletion,
    Change::Shift,
    Change::Transposition,
    Change::LineSwap,
    Change::LineCount,
    Change::Case,
    Change::Length,
    Change::Fillers,
    Change::LookAlike,
];

const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789<<<<0OI1";

/// Changes the zone, and now and then computes the last digit anew: damage alone would seldom reach what
/// lies behind it.
pub(crate) fn change(zone: &mut Vec<String>, rng: &mut StdRng) -> Change {
    let change = CHANGES[rng.random_range(0..CHANGES.len())];
    let line = rng.random_range(0..zone.len());
    let length = zone[line].len();
    let at = rng.random_range(0..length);
    let character = characters(rng, 1, ALPHABET);
    match change {
        Change::None | Change::Repaired => {}
        Change::Substitution => {
            for _ in 0..rng.random_range(1..4) {
                let line = rng.random_range(0..zone.len());
                let at = rng.random_range(0..zone[line].len());
                zone[line].replace_range(at..=at, &characters(rng, 1, ALPHABET));
            }
        }
        Change::Insertion => zone[line].insert_str(at, &character),
        Change::Deletion => zone[line].replace_range(at..=at, ""),
        Change::Shift => {
            zone[line].replace_range(at..=at, "");
            let other = rng.random_range(0..length);
            zone[line].insert_str(other, &character);
        }
        Change::Transposition => {
            let at = at.min(length - 2);
            let pair: String = zone[line][at..at + 2].chars().rev().collect();
            zone[line].replace_range(at..at + 2, &pair);
        }
        Change::LineSwap => {
            let other = (line + 1) % zone.len();
            zone.swap(line, other);
        }
        Change::LineCount if rng.random_bool(0.5) => {
            zone.remove(line);
        }
        Change::LineCount => zone.insert(line, zone[line].clone()),
        Change::Case => {
            let end = rng.random_range(at..length) + 1;
            let lower = zone[line][at..end].to_ascii_lowercase();
            zone[line].replace_range(at..end, &lower);
        }
        Change::Length if rng.random_bool(0.5) => zone[line].truncate(at),
        Change::Length => {
            let more = rng.random_range(1..20);
            zone[line].push_str(&"<".repeat(more));
        }
        Change::Fillers => {
            let other = pick(rng, &["_", " ", "?", "*", "#", "="]);
            if let ("_" | " ", true) = (other, rng.random_bool(0.5)) {
                zone[line] = zone[line].replace('<', other);
            } else {
                zone[line].replace_range(at..=at, other);
            }
        }
        Change::LookAlike => look_alike(zone, rng),
    }
    if rng.random_bool(0.3) {
        compute_composite(zone);
    }
    change
}

/// Exchanges one character that has a look-alike.
fn look_alike(zone: &mut [String], rng: &mut StdRng) {
    const PAIRS: &str = "0O1I2Z5S6G8B0D4A7T1L";
    let places: Vec<(usize, usize)> = zone
        .iter()
        .enumerate()
        .flat_map(|(line, text)| {
            let alike = text.bytes().enumerate();
            let alike = alike.filter(|(_, byte)| PAIRS.bytes().any(|other| other == *byte));
            alike.map(move |(at, _)| (line, at)).collect::<Vec<_>>()
        })
        .collect();
    let (line, at) = places[rng.random_range(0..places.len())];
    let found = zone[line].as_bytes()[at];
    let pair = PAIRS
        .as_bytes()
        .chunks(2)
        .find(|pair| pair.contains(&found));
    if let Some([digit, letter]) = pair {
        let other = if found == *digit { letter } else { digit };
        zone[line].replace_range(at..=at, &char::from(*other).to_string());
    }
}

/// The last digit of what still has the shape of a card or a passport.
fn compute_composite(zone: &mut [String]) {
    let lengths: Vec<usize> = zone.iter().map(String::len).collect();
    let covered = match lengths[..] {
        [30, 30, 30] => {
            let (upper, lower) = (&zone[0][5..30], &zone[1]);
            format!("{upper}{}{}{}", &lower[..7], &lower[8..15], &lower[18..29])
        }
        [36, 36] | [44, 44] if !zone[0].starts_with('V') => {
            let lower = &zone[1];
            let end = lower.len() - 1;
            format!("{}{}{}", &lower[..10], &lower[13..20], &lower[21..end])
        }
        _ => return,
    };
    let digit = digit(&covered);
    if !digit.is_empty() {
        let end = zone[1].len() - 1;
        zone[1].replace_range(end.., &digit);
    }
}
