//! A hand on a button: an output is forced as long as somebody holds the key.

use gate_protocol::pins::Output;
use gate_protocol::{Instant, ToController};
use std::time::Duration;

/// A terminal does not say when a key is let go, only that it repeats. Somebody holds it as long as
/// repetitions come; the first is the slowest.
const REPEATS_WITHIN: Duration = Duration::from_millis(700);
/// How often the controller is told.
const TOLD_EVERY: Duration = Duration::from_millis(200);
/// For how long each time: two of them may be lost.
const FOR_MS: u16 = 600;

/// What is being held, if anything.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Hand {
    held: Option<Held>,
}

#[derive(Clone, Copy, Debug)]
struct Held {
    output: Output,
    on: bool,
    let_go: Instant,
    tell: Instant,
}

impl Hand {
    /// The key for `output` is pressed, or repeats.
    pub(super) fn press(&mut self, now: Instant, output: Output, on: bool) {
        let same = |held: &Held| held.output == output && held.on == on;
        let tell = self.held.filter(same).map_or(now, |held| held.tell);
        self.held = Some(Held {
            output,
            on,
            let_go: now + REPEATS_WITHIN,
            tell,
        });
    }

    /// What to tell the controller now.
    pub(super) fn next(&mut self, now: Instant) -> Option<(Output, bool, ToController)> {
        let held = self.held.as_mut()?;
        if now >= held.let_go {
            self.held = None;
            return None;
        }
        if now < held.tell {
            return None;
        }
        held.tell = now + TOLD_EVERY;
        Some((held.output, held.on, force(held.output, held.on, FOR_MS)))
    }
}

/// The command.
pub(super) const fn force(output: Output, on: bool, for_ms: u16) -> ToController {
    ToController::Force {
        output: output as u8,
        on,
        for_ms,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When the controller is told within four seconds, if the key is pressed at these times.
    fn told(pressed: &[u64]) -> Vec<u64> {
        let mut hand = Hand::default();
        (0..4_000)
            .filter(|ms| {
                let now = Instant::from_millis(*ms);
                if pressed.contains(ms) {
                    hand.press(now, Output::ExitGreen, true);
                }
                hand.next(now).is_some()
            })
            .collect()
    }

    #[test]
    fn a_key_is_held_as_long_as_it_repeats() {
        assert_eq!(told(&[]), [0; 0]);
        assert_eq!(told(&[10]), [10, 210, 410, 610]);
        // The keyboard's first repetition, then the others.
        let repeats: Vec<u64> = std::iter::once(0).chain((600..1_500).step_by(30)).collect();
        assert_eq!(told(&repeats), (0..2_190).step_by(200).collect::<Vec<_>>());
    }

    #[test]
    fn another_key_is_told_at_once() {
        let mut hand = Hand::default();
        let now = Instant::ZERO;
        for on in [true, false] {
            hand.press(now, Output::Light, on);
            let told = hand.next(now).map(|(_, _, message)| message);
            assert_eq!(told, Some(force(Output::Light, on, FOR_MS)));
        }
    }
}
