//! Steady levels out of bouncing contacts.

use crate::Limits;
use crate::rebase::Moments;
use core::time::Duration;
use gate_protocol::Instant;
use gate_protocol::pins::{Bits, Input};

/// How long an input must read differently before it is believed: `(when it falls, when it rises)`.
///
/// SAF-013: inputs that protect people fall at once: a low level means fire, emergency or an obstacle, and
/// a false alarm costs less than a late one.
const fn delays(input: Input) -> (Duration, Duration) {
    const fn ms(falling: u64, rising: u64) -> (Duration, Duration) {
        (
            Duration::from_millis(falling),
            Duration::from_millis(rising),
        )
    }
    match input {
        Input::FireOk | Input::EstopOk1 | Input::EstopOk2 | Input::BreakglassOk => ms(0, 100),
        Input::EntrySafe | Input::ExitSafe => ms(0, 50),
        Input::EntryClosed
        | Input::EntryLocked
        | Input::EntryOpen
        | Input::ExitClosed
        | Input::ExitLocked
        | Input::ExitOpen => ms(20, 20),
        Input::ZoneInFree | Input::ZoneOutFree => ms(30, 30),
        Input::Chamber1Free
        | Input::Chamber2Free
        | Input::TamperOk
        | Input::KeyService
        | Input::Pair => ms(50, 50),
        // Later than the mains that the drives are fed from.
        Input::DrivesOk => ms(200, 50),
        Input::SingleOk | Input::MainsOk => ms(100, 100),
        Input::EmptyOk => ms(200, 200),
        Input::BatteryLow => ms(1_000, 1_000),
    }
}

/// Levels that have been steady for as long as their input demands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Debounce {
    steady: Option<Bits>,
    /// For each input, since when it has read differently from its steady level.
    differs: [Option<Instant>; Input::ALL.len()],
}

impl Debounce {
    /// Takes the levels read now and returns the steady ones.
    ///
    /// The first reading is believed as it is. Starting from "all low" instead would see a fire
    /// after every reset.
    pub(crate) fn update(&mut self, now: Instant, raw: Bits) -> Bits {
        self.update_with(now, raw, delays)
    }

    /// The same for other contacts than a lane's: their `(falling, rising)` delays are told.
    pub(crate) fn update_with(
        &mut self,
        now: Instant,
        raw: Bits,
        delays: fn(Input) -> (Duration, Duration),
    ) -> Bits {
        let mut steady = self.steady.unwrap_or(raw);
        for (input, differs) in Input::ALL.into_iter().zip(&mut self.differs) {
            let high = raw.input(input);
            if high == steady.input(input) {
                *differs = None;
                continue;
            }
            let since = *differs.get_or_insert(now);
            let (falling, rising) = delays(input);
            if now.since(since) >= if high { rising } else { falling } {
                steady = steady.with_input(input, high);
                *differs = None;
            }
        }
        self.steady = Some(steady);
        steady
    }
}

impl Debounce {
    /// The moments of other contacts than a lane's: see [`Moments`].
    pub(crate) fn moments_with(
        &mut self,
        delays: fn(Input) -> (Duration, Duration),
        visit: &mut impl FnMut(&mut Instant, Duration),
    ) {
        for (input, differs) in Input::ALL.into_iter().zip(&mut self.differs) {
            let (falling, rising) = delays(input);
            if let Some(since) = differs {
                visit(since, falling.max(rising));
            }
        }
    }
}

impl Moments for Debounce {
    fn moments(&mut self, _: &Limits, visit: &mut impl FnMut(&mut Instant, Duration)) {
        self.moments_with(delays, visit);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL_HIGH: Bits = Bits(0x00ff_ffff);

    /// Milliseconds of 1 ms scans until `input` reads `high` after it changed to that.
    fn lag(input: Input, high: bool) -> u64 {
        let mut debounce = Debounce::default();
        let before = ALL_HIGH.with_input(input, !high);
        debounce.update(Instant::ZERO, before);
        let after = before.with_input(input, high);
        (1..5_000)
            .find(|ms| {
                let read = debounce.update(Instant::from_millis(*ms), after);
                read.input(input) == high
            })
            .expect("every level is believed in the end")
            - 1
    }

    #[test]
    fn emergencies_and_obstacles_are_believed_at_once() {
        for input in [
            Input::FireOk,
            Input::EstopOk1,
            Input::EstopOk2,
            Input::BreakglassOk,
            Input::EntrySafe,
            Input::ExitSafe,
        ] {
            assert_eq!(lag(input, false), 0, "{input:?}");
            assert!(lag(input, true) >= 50, "{input:?}");
        }
    }

    #[test]
    fn every_other_input_must_be_steady() {
        for (input, falling, rising) in [
            (Input::FireOk, 0, 100),
            (Input::EntryClosed, 20, 20),
            (Input::ExitLocked, 20, 20),
            (Input::ZoneInFree, 30, 30),
            (Input::Chamber1Free, 50, 50),
            (Input::SingleOk, 100, 100),
            (Input::EmptyOk, 200, 200),
            (Input::BatteryLow, 1_000, 1_000),
        ] {
            assert_eq!(lag(input, false), falling, "{input:?} falling");
            assert_eq!(lag(input, true), rising, "{input:?} rising");
        }
    }

    #[test]
    fn a_bouncing_contact_is_not_believed() {
        let mut debounce = Debounce::default();
        debounce.update(Instant::ZERO, ALL_HIGH);
        for ms in 1..1_000 {
            let bounced = ALL_HIGH.with_input(Input::EntryClosed, ms % 15 == 0);
            let bounced = if ms % 15 < 10 { ALL_HIGH } else { bounced };
            let read = debounce.update(Instant::from_millis(ms), bounced);
            assert!(read.input(Input::EntryClosed), "at {ms} ms");
        }
    }

    #[test]
    fn the_first_reading_is_believed() {
        let read = Debounce::default().update(Instant::ZERO, ALL_HIGH);
        assert_eq!(read, ALL_HIGH);
        let read = Debounce::default().update(Instant::ZERO, Bits(0));
        assert_eq!(read, Bits(0));
    }
}
