//! From what the model says of a strip to characters.
//!
//! The model names, for each of 192 steps along the strip, how likely each character stands there, or none
//! (connectionist temporal classification: repeated characters are one, and "none" divides them). A line of a
//! zone has a known number of characters, so the likeliest way through the steps *with exactly so many* is
//! looked for: a row of fillers does not lose one of them.

use gate_face::picture::wipe;
use std::fmt;

/// Characters in the order of the model's classes.
pub const ALPHABET: &[u8; 37] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ<";
/// Classes: the alphabet, and none.
pub const CLASSES: usize = ALPHABET.len() + 1;
const NONE: usize = ALPHABET.len();
/// Longest line of a zone.
pub const CHARACTERS_MAX: usize = 44;
/// Steps that are looked at: 192 come from a strip.
const STEPS_MAX: usize = 256;
/// Less likely than that is not told apart, as a natural logarithm.
const LEAST: f32 = -30.0;

/// What a line may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// Letters, digits and fillers.
    All,
    /// Letters and fillers: names (Doc 9303-3, 4.6).
    Letters,
}

/// The characters of a line, likeliest first for each place.
///
/// Zeroed when dropped and never printed.
#[derive(Default)]
pub struct Characters {
    places: Vec<[(u8, f32); CLASSES - 1]>,
    /// The step that says most for the character; `None` where none does.
    steps: Vec<Option<usize>>,
}

impl Characters {
    /// The likeliest characters.
    pub fn text(&self) -> impl Iterator<Item = u8> {
        self.places.iter().map(|place| place[0].0)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Where the characters stand: the step of the first, and steps from one to the next. `None` for a line
    /// of less than eight characters.
    #[must_use]
    pub fn spread(&self) -> Option<(f32, f32)> {
        let half = self.len() / 2;
        if half < 4 {
            return None;
        }
        let middle = |mut values: Vec<f32>| {
            values.sort_unstable_by(f32::total_cmp);
            values.get(values.len() / 2).copied()
        };
        // Medians, because one wrong character must not move the others.
        let pitch = middle(
            (0..self.len() - half)
                .filter_map(|at| {
                    Some((self.steps[at + half]? as f32 - self.steps[at]? as f32) / half as f32)
                })
                .collect(),
        )?;
        let known = self.steps.iter().enumerate();
        let first = middle(
            known
                .filter_map(|(at, step)| Some((*step)? as f32 - at as f32 * pitch))
                .collect(),
        )?;
        (pitch > 0.5).then_some((first, pitch))
    }

    /// How likely `character` stands at `position` (from 0), 0 to 1; 0 for what is not there.
    #[must_use]
    pub fn likelihood(&self, position: usize, character: u8) -> f32 {
        self.places
            .get(position)
            .and_then(|place| place.iter().find(|(found, _)| *found == character))
            .map_or(0.0, |(_, likelihood)| *likelihood)
    }
}

impl fmt::Debug for Characters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Characters({}, …)", self.len())
    }
}

impl Drop for Characters {
    fn drop(&mut self) {
        for place in &mut self.places {
            wipe(place);
        }
    }
}

/// How many characters the model sees without being told how many there are.
///
/// `steps` has 38 logarithms of probabilities for each step.
#[must_use]
pub fn count(steps: &[f32]) -> usize {
    let mut count = 0;
    let mut before = NONE;
    for step in steps.chunks_exact(CLASSES).take(STEPS_MAX) {
        let best = best(step);
        count += usize::from(best != NONE && best != before);
        before = best;
    }
    count
}

fn best(step: &[f32]) -> usize {
    let better = |one: usize, other: usize| if step[other] > step[one] { other } else { one };
    (0..step.len()).fold(NONE, better)
}

/// The likeliest line of exactly `count` characters; empty if there are not as many steps, or more than 44
/// characters asked for.
///
/// `steps` has 38 logarithms of probabilities for each step; what is not finite counts as impossible.
#[must_use]
pub fn line(steps: &[f32], count: usize, allowed: Allowed) -> Characters {
    let steps: Vec<&[f32]> = steps.chunks_exact(CLASSES).take(STEPS_MAX).collect();
    if count == 0 || count > CHARACTERS_MAX || steps.len() < count {
        return Characters::default();
    }
    let path = path(&steps, count, allowed);
    // Where a character's own steps say most for it, the others stand beside it.
    let mut peaks: Vec<Option<(usize, f32)>> = vec![None; count];
    for (step, (place, class)) in path.iter().enumerate() {
        if *class == NONE || *place == 0 {
            continue;
        }
        let says = value(steps[step], *class);
        let peak = &mut peaks[place - 1];
        if peak.is_none_or(|(_, most)| says > most) {
            *peak = Some((step, says));
        }
    }
    let places = peaks
        .iter()
        .map(|peak| ranked(peak.map(|(step, _)| steps[step]), allowed));
    Characters {
        places: places.collect(),
        steps: peaks
            .iter()
            .map(|peak| peak.map(|(step, _)| step))
            .collect(),
    }
}

/// For each step: how many characters there were until then, and the class.
///
/// A state is (characters so far, class of the last step): Viterbi's way, over 192 x 45 x 38 of them.
fn path(steps: &[&[f32]], count: usize, allowed: Allowed) -> Vec<(usize, usize)> {
    let states = (count + 1) * CLASSES;
    let mut scores = vec![f32::NEG_INFINITY; states];
    scores[NONE] = 0.0;
    let mut next = scores.clone();
    let mut from = vec![0_u16; steps.len() * states];
    for (at, step) in steps.iter().enumerate() {
        next.fill(f32::NEG_INFINITY);
        let from = &mut from[at * states..(at + 1) * states];
        let mut before: Option<(usize, usize)> = None;
        for place in 0..=count.min(at + 1) {
            let here = place * CLASSES;
            let (best, second) = two_best(&scores[here..here + CLASSES]);
            // None, after none or after the character of this place.
            let mut reach = |class: usize, source: usize| {
                next[here + class] = scores[source] + value(step, class);
                // At most 45 x 38 states.
                from[here + class] = source as u16;
            };
            reach(NONE, here + best);
            if let Some((best, second)) = before {
                for class in (0..NONE).filter(|class| may(*class, allowed)) {
                    // A character follows itself only with none between.
                    let other = if best == class { second } else { best };
                    let (anew, on) = (here - CLASSES + other, here + class);
                    reach(class, if scores[anew] > scores[on] { anew } else { on });
                }
            }
            before = Some((best, second));
        }
        core::mem::swap(&mut scores, &mut next);
    }
    let last = &scores[count * CLASSES..];
    let mut state = count * CLASSES + two_best(last).0;
    let mut path = vec![(0, NONE); steps.len()];
    for at in (0..steps.len()).rev() {
        path[at] = (state / CLASSES, state % CLASSES);
        state = usize::from(from[at * states + state]);
    }
    wipe(&mut from);
    path
}

fn two_best(scores: &[f32]) -> (usize, usize) {
    let (mut first, mut second) = (NONE, 0);
    for (class, score) in scores.iter().enumerate() {
        if class == first {
            continue;
        }
        if *score > scores[first] {
            (first, second) = (class, first);
        } else if second == first || *score > scores[second] {
            second = class;
        }
    }
    (first, second)
}

const fn may(class: usize, allowed: Allowed) -> bool {
    match allowed {
        Allowed::All => true,
        Allowed::Letters => class >= 10,
    }
}

fn value(step: &[f32], class: usize) -> f32 {
    let value = step[class];
    if value.is_finite() {
        value.clamp(LEAST, 0.0)
    } else {
        LEAST
    }
}

/// The characters of one place, likeliest first, among what is allowed there and none.
fn ranked(step: Option<&[f32]>, allowed: Allowed) -> [(u8, f32); CLASSES - 1] {
    let mut ranked = [(b'<', 0.0); CLASSES - 1];
    let mut sum = step.map_or(0.0, |step| value(step, NONE).exp());
    for (class, place) in ranked.iter_mut().enumerate() {
        let likelihood = match step {
            Some(step) if may(class, allowed) => value(step, class).exp(),
            _ => 0.0,
        };
        *place = (ALPHABET[class], likelihood);
        sum += likelihood;
    }
    if sum > 0.0 {
        ranked.iter_mut().for_each(|place| place.1 /= sum);
    }
    ranked.sort_by(|one, other| other.1.total_cmp(&one.1));
    ranked
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Steps that say each of `text` with certainty; `.` is none.
    fn steps(text: &str) -> Vec<f32> {
        text.bytes()
            .flat_map(|said| {
                let class = ALPHABET
                    .iter()
                    .position(|known| *known == said)
                    .unwrap_or(NONE);
                (0..CLASSES).map(move |other| if other == class { -0.01 } else { -8.0 })
            })
            .collect()
    }

    fn read(said: &str, count: usize) -> String {
        let line = line(&steps(said), count, Allowed::All);
        line.text().map(char::from).collect()
    }

    #[test]
    fn repeated_steps_are_one_character_and_none_divides_them() {
        assert_eq!(count(&steps("..AAA.A.B<<")), 4);
        assert_eq!(read("..AAA.A.B<<", 4), "AAB<");
    }

    #[test]
    fn fillers_that_run_together_are_divided_where_the_length_asks_for_it() {
        assert_eq!(count(&steps("A.<<<<<<<.B")), 3);
        assert_eq!(read("A.<<<<<<<.B", 4), "A<<B");
        assert_eq!(read("A.<<<<<<<.B", 5), "A<<<B");
    }

    #[test]
    fn a_name_has_letters_and_the_likelihood_says_how_sure_that_is() {
        let mut said = steps("A.0.B");
        said[2 * CLASSES + 24] = -1.0; // an O, after all
        let line = line(&said, 3, Allowed::Letters);
        assert_eq!(line.text().collect::<Vec<_>>(), b"AOB");
        assert!(line.likelihood(0, b'A') > 0.9 && line.likelihood(1, b'O') > 0.9);
        assert_eq!(line.likelihood(1, b'0'), 0.0);
        assert_eq!(format!("{line:?}"), "Characters(3, …)");
    }

    #[test]
    fn what_cannot_be_is_no_line() {
        assert!(line(&steps("AB"), 3, Allowed::All).is_empty());
        assert!(line(&steps("AB"), 45, Allowed::All).is_empty());
        assert!(line(&[], 0, Allowed::All).is_empty());
        let strange = vec![f32::NAN; 50 * CLASSES];
        assert_eq!(line(&strange, 30, Allowed::All).len(), 30);
        assert_eq!(count(&strange), 0);
    }
}
