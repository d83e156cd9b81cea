//! The same state at another time: for searches that must know a state they have met before.

use crate::invariants::Invariants;
use crate::readings::Lane;
use crate::stage::{Closing, Stage};
use crate::{Interlock, Limits, Released};
use core::time::Duration;
use gate_protocol::{Instant, Passage};

/// The moment that a rebased state takes for now. Nothing that matters lies longer ago.
pub(crate) const NOW: Instant = Instant::from_millis(1_000_000);

/// Something that remembers moments.
pub(crate) trait Moments {
    /// Calls `visit` with each moment and the age beyond which it matters no more; a moment that
    /// something is valid until matters not at all once it is past.
    fn moments(&mut self, limits: &Limits, visit: &mut impl FnMut(&mut Instant, Duration));
}

/// One step older than a limit that is judged with "more than".
pub(crate) const BEYOND: Duration = Duration::from_millis(1);

/// Puts a moment relative to [`NOW`], if it lies no longer ago than `oldest`, and there if it does.
pub(crate) fn shift(moment: &mut Instant, now: Instant, oldest: Duration) {
    *moment = if *moment > now {
        NOW + moment.since(now)
    } else {
        let age = now.since(*moment).min(oldest);
        Instant::ZERO + NOW.since(Instant::ZERO).saturating_sub(age)
    };
}

pub(crate) fn rebase<T: Moments>(mut state: T, limits: &Limits, now: Instant) -> T {
    state.moments(limits, &mut |moment, oldest| shift(moment, now, oldest));
    state
}

impl Interlock {
    /// The same lane as if it were always the same moment now, 1,000 s after the start: two lanes
    /// that will behave alike from now on compare equal, as far as that is known.
    #[must_use]
    pub fn rebased(&self, now: Instant) -> Self {
        let mut lane = self.clone();
        lane.forget(now);
        rebase(lane, &self.limits, now)
    }

    /// Forgets what no scan will ask for before it is written anew.
    fn forget(&mut self, now: Instant) {
        let past = |until: &mut Option<Instant>| *until = until.filter(|until| now < *until);
        past(&mut self.buzzer_until);
        let limits = self.limits;
        self.buzzer_duty.forget(now, limits.buzzer_rest);
        self.entry_duty.forget(now, limits.push);
        self.exit_duty.forget(now, limits.push);
        self.power.forget();
        if self.stage != Stage::Emergency {
            // An emergency begins with a danger, and with no way open.
            self.calm_since = None;
            self.emergency_way_out = Released::default();
        }
        if !self.approached {
            // Whoever approaches breaks the beam.
            self.zone_free_since = None;
        }
        // What is older than the stage never counts: the later one of the two does.
        let began = self.since;
        let counts = |moment: Instant, holds| if holds { moment.max(began) } else { now };
        let unserved = matches!(self.stage, Stage::Occupied | Stage::LeftObject);
        let lost = self.leased_until.is_none();
        self.unleased_since = counts(self.unleased_since, unserved && lost);
        let found = matches!(self.stage, Stage::Secure | Stage::Idle | Stage::LeftObject);
        self.somebody_since = self.somebody_since.map(|since| counts(since, found));
        let trouble = self.stage == Stage::Trouble;
        self.inside_since = self.inside_since.map(|since| counts(since, trouble));
    }

    /// How old a stage may get until its age matters no more.
    fn longest_stage(&self) -> Duration {
        let limits = &self.limits;
        match self.stage {
            Stage::Secure | Stage::Idle => limits.left_object.max(limits.trap),
            Stage::EntryClosing(_) | Stage::ExitClosing { .. } => limits.closing * 2,
            Stage::Occupied => limits.decide.max(limits.trap),
            Stage::Several | Stage::Returning => limits.clear,
            Stage::LeftObject | Stage::Trouble => limits.trap,
            Stage::EntryOpen { .. }
            | Stage::ExitOpen { .. }
            | Stage::Emergency
            | Stage::PowerFail
            | Stage::Tamper
            | Stage::Service => Duration::ZERO,
        }
    }

    /// The same for what the lane looks like.
    fn longest_look(&self) -> Duration {
        let limits = &self.limits;
        match self.seen.lane {
            Lane::Empty => limits.single,
            Lane::Single => limits.single.max(limits.enter),
            Lane::Several | Lane::Thing => limits.single.max(limits.enter).max(limits.left_object),
        }
    }

    /// The same lane with limits of one's own, which may be out of all bounds: for searches that
    /// have to wait for each of them.
    #[must_use]
    pub const fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The same lane as if its passages had other numbers.
    #[must_use]
    pub fn renumbered(mut self, number: impl Fn(Passage) -> Passage) -> Self {
        self.newest_passage = number(self.newest_passage);
        if let Some(inside) = &mut self.occupant {
            inside.passage = number(inside.passage);
        }
        self
    }

    /// What [`Self::rebased`] takes for now.
    pub const REBASED_NOW: Instant = NOW;
}

impl Invariants {
    /// The same memory as if it were always the same moment now: see [`Interlock::rebased`].
    #[must_use]
    pub fn rebased(&self, now: Instant) -> Self {
        let limits = self.limits();
        let mut memory = self.clone();
        memory.forget(now);
        rebase(memory, &limits, now)
    }

    /// The same memory of a lane [`with_limits`](Interlock::with_limits) of its own.
    #[must_use]
    pub const fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The same memory as if passages had other numbers: see [`Interlock::renumbered`].
    #[must_use]
    pub fn renumbered(mut self, number: impl Fn(Passage) -> Passage) -> Self {
        self.open_for = self.open_for.map(&number);
        if let Some(permit) = &mut self.permit {
            permit.passage = number(permit.passage);
        }
        self
    }
}

impl<T: Moments> Moments for Option<T> {
    fn moments(&mut self, limits: &Limits, visit: &mut impl FnMut(&mut Instant, Duration)) {
        if let Some(state) = self {
            state.moments(limits, visit);
        }
    }
}

impl Moments for Closing {
    fn moments(&mut self, _: &Limits, visit: &mut impl FnMut(&mut Instant, Duration)) {
        if let Some(until) = &mut self.open_until {
            visit(until, Duration::ZERO);
        }
    }
}

impl Moments for Stage {
    fn moments(&mut self, limits: &Limits, visit: &mut impl FnMut(&mut Instant, Duration)) {
        match self {
            Self::EntryOpen { until, .. } => visit(until, Duration::ZERO),
            Self::EntryClosing(closing) => closing.moments(limits, visit),
            Self::ExitOpen { until, warned, way } => {
                visit(until, Duration::ZERO);
                visit(warned, Duration::ZERO);
                way.moments(limits, visit);
            }
            Self::ExitClosing { closing, way } => {
                closing.moments(limits, visit);
                way.moments(limits, visit);
            }
            _ => {}
        }
    }
}

impl Moments for Interlock {
    fn moments(&mut self, limits: &Limits, visit: &mut impl FnMut(&mut Instant, Duration)) {
        let (stage, look) = (self.longest_stage(), self.longest_look());
        self.debounce.moments(limits, visit);
        self.stage.moments(limits, visit);
        self.entry.moments(limits, visit);
        self.exit.moments(limits, visit);
        self.power.moments(limits, visit);
        self.buzzer_duty
            .moments(limits.buzzer.max(limits.buzzer_rest), visit);
        self.entry_duty.moments(limits.push, visit);
        self.exit_duty.moments(limits.push, visit);
        for until in self.forces.ends() {
            visit(until, Duration::ZERO);
        }
        visit(&mut self.unleased_since, limits.trap);
        visit(&mut self.since, stage);
        visit(&mut self.lane_since, look);
        for (moment, oldest) in [
            (&mut self.leased_until, Duration::ZERO),
            (&mut self.buzzer_until, Duration::ZERO),
            (&mut self.somebody_since, limits.trap),
            (&mut self.inside_since, limits.trap),
            (&mut self.held_since, limits.decide),
            (&mut self.zone_free_since, limits.went_away),
            (&mut self.calm_since, limits.emergency_over),
            // It is compared with "more than", unlike all others.
            (&mut self.channels_differ_since, limits.channels * 2),
        ] {
            if let Some(moment) = moment {
                visit(moment, oldest);
            }
        }
        if let Some((_, since)) = &mut self.contradicted {
            visit(since, limits.contradiction);
        }
    }
}
