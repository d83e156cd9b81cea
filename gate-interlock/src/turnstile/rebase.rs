//! The same turnstile at another time: see [`Interlock::rebased`](crate::Interlock::rebased).

use super::{Limits, Stage, Turn, Turnstile, readings};
use crate::rebase::{BEYOND, Moments, NOW, shift};
use core::time::Duration;
use gate_protocol::{Instant, Passage};

impl Turnstile {
    /// The same turnstile as if it were always the same moment now, 1,000 s after the start: two
    /// that will behave alike from now on compare equal.
    #[must_use]
    pub fn rebased(&self, now: Instant) -> Self {
        let mut turnstile = self.clone();
        turnstile.forget(now);
        turnstile.moments(now, &mut |moment, oldest| shift(moment, now, oldest));
        turnstile
    }

    /// Forgets what no scan will ask for before it is written anew.
    fn forget(&mut self, now: Instant) {
        let permitted = |turn: Turn| turn.until.is_some();
        self.beams.reduce(self.stage.turn().is_some_and(permitted));
        for until in [&mut self.buzzer_until, &mut self.passed_until] {
            *until = until.filter(|until| now < *until);
        }
        self.buzzer_duty.forget(now, self.limits.buzzer_rest);
        self.power.forget();
        if !matches!(self.stage, Stage::Emergency { .. }) {
            // An emergency begins with a danger.
            self.calm_since = None;
        }
        if !matches!(self.stage, Stage::Turning(_)) {
            self.since = now;
        }
    }

    /// The same turnstile with limits of one's own, which may be out of all bounds: for searches
    /// that have to wait for each of them.
    #[must_use]
    pub const fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The same turnstile as if its passages had other numbers.
    #[must_use]
    pub fn renumbered(mut self, number: impl Fn(Passage) -> Passage) -> Self {
        self.newest_passage = number(self.newest_passage);
        self.released = self.released.map(&number);
        if let Stage::Armed(turn) | Stage::Turning(turn) | Stage::Obstructed(Some(turn)) =
            &mut self.stage
        {
            turn.passage = number(turn.passage);
        }
        self
    }

    /// What [`Self::rebased`] takes for now.
    pub const REBASED_NOW: Instant = NOW;

    fn moments(&mut self, now: Instant, visit: &mut impl FnMut(&mut Instant, Duration)) {
        let limits = self.limits;
        let shared = crate::Limits {
            mains_back: limits.mains_back,
            ..crate::Limits::default()
        };
        self.debounce.moments_with(readings::delays, visit);
        self.arm.moments(now, limits.contradiction, visit);
        self.power.moments(&shared, visit);
        self.buzzer_duty
            .moments(limits.buzzer.max(limits.buzzer_rest), visit);
        for until in self.forces.ends() {
            visit(until, Duration::ZERO);
        }
        if let Stage::Armed(turn) | Stage::Turning(turn) | Stage::Obstructed(Some(turn)) =
            &mut self.stage
            && let Some(until) = &mut turn.until
        {
            // A permit that has ended counts on for as long as sensors lag behind.
            visit(until, super::arm::LAG);
        }
        visit(&mut self.since, limits.turning);
        for (moment, oldest) in [
            (self.lease.end(), Duration::ZERO),
            (self.buzzer_until.as_mut(), Duration::ZERO),
            (self.passed_until.as_mut(), Duration::ZERO),
            (self.calm_since.as_mut(), limits.emergency_over),
            (
                self.channels_differ_since.as_mut(),
                limits.channels + BEYOND,
            ),
        ] {
            if let Some(moment) = moment {
                visit(moment, oldest);
            }
        }
    }
}
