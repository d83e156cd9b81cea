//! An output that must not stay on.

use core::time::Duration;
use gate_protocol::Instant;

/// How long an output has been working or resting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Duty {
    works_since: Option<Instant>,
    rests_since: Option<Instant>,
}

impl Duty {
    /// SAF-018: says whether the output may be on. After `longest` of work it rests for `rest`,
    /// whatever is wanted meanwhile.
    pub(crate) fn allows(
        &mut self,
        now: Instant,
        works: bool,
        longest: Duration,
        rest: Duration,
    ) -> bool {
        if let Some(since) = self.rests_since {
            if now.since(since) < rest {
                return false;
            }
            self.rests_since = None;
        }
        if !works {
            self.works_since = None;
            return true;
        }
        let since = *self.works_since.get_or_insert(now);
        if now.since(since) < longest {
            return true;
        }
        *self = Self {
            works_since: None,
            rests_since: Some(now),
        };
        false
    }
}

impl Duty {
    /// Forgets a rest that is over.
    pub(crate) fn forget(&mut self, now: Instant, rest: Duration) {
        self.rests_since.take_if(|since| now.since(*since) >= rest);
    }

    /// Its moments, for an output that neither works nor rests for longer: see
    /// [`Moments`](crate::rebase::Moments).
    pub(crate) fn moments(
        &mut self,
        longest: Duration,
        visit: &mut impl FnMut(&mut Instant, Duration),
    ) {
        let moments = [&mut self.works_since, &mut self.rests_since];
        for moment in moments.into_iter().flatten() {
            visit(moment, longest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_worked_for_its_longest_time_rests() {
        let mut duty = Duty::default();
        let at = |duty: &mut Duty, second: u64, works| {
            let now = Instant::from_millis(second * 1_000);
            duty.allows(now, works, Duration::from_secs(10), Duration::from_secs(4))
        };
        for (second, works, allowed) in [
            (0, true, true),
            (9, true, true),
            (10, true, false),
            (13, true, false),
            (14, true, true),
            (20, false, true),
            (21, true, true),
            (30, true, true),
            (31, true, false),
            (32, false, false),
            (35, false, true),
        ] {
            assert_eq!(at(&mut duty, second, works), allowed, "at {second} s");
        }
    }
}
