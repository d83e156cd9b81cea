//! Where travellers' time went, by who spent it, and what it should be.

use gate_protocol::Instant;
use gate_session::{Outcome, SpanKind, Timeline};
use gate_sim::profile::{Latency, Profile};
use gate_sim::rig::bench::Percentiles;
use gate_sim::scenario::observed::Traveller;
use std::time::Duration;

/// So many travellers are kept for the distribution.
const TRAVELLERS_MAX: usize = 2_000_000;

/// What a time is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// From the entry's closing to clear of the exit.
    Whole,
    /// In which this kind was busy, whatever else was; for the software, in which nobody else was.
    Of(SpanKind),
}

/// How long a part may take, in seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Budget {
    pub(crate) p50: f64,
    pub(crate) p95: f64,
    pub(crate) p99: Option<f64>,
}

impl Part {
    /// Every part, the whole first.
    pub(crate) const ALL: [Self; 5] = [
        Self::Whole,
        Self::Of(SpanKind::Human),
        Self::Of(SpanKind::Device),
        Self::Of(SpanKind::Network),
        Self::Of(SpanKind::Software),
    ];

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Whole => "whole traveller",
            Self::Of(SpanKind::Software) => "added by software",
            Self::Of(kind) => crate::waterfall::word(kind),
        }
    }

    /// This part of a timeline.
    pub(crate) fn of(self, timeline: &Timeline) -> Duration {
        match self {
            Self::Whole => timeline.total(),
            Self::Of(SpanKind::Software) => timeline.software(),
            Self::Of(kind) => covered(timeline, kind),
        }
    }

    /// What it should be for a traveller of the field in a lane of one step. The whole and the
    /// software's part are the project's goals; people's and devices' are the sums of the typical
    /// profile's steps, as if none overlapped, so that 95th percentile is generous.
    pub(crate) fn budget(self) -> Budget {
        const FIELD: Profile = Profile::typical();
        let sum = |steps: &[Latency]| Budget {
            p50: steps.iter().map(|step| step.p50).sum(),
            p95: steps.iter().map(|step| step.p95).sum(),
            p99: None,
        };
        let of = |p50, p95, p99| Budget {
            p50,
            p95,
            p99: Some(p99),
        };
        match self {
            Self::Whole => of(9.0, 14.0, 18.0),
            Self::Of(SpanKind::Software) => of(0.070, 0.150, 0.300),
            Self::Of(SpanKind::Human) => sum(&[FIELD.place, FIELD.look, FIELD.walk_out]),
            Self::Of(SpanKind::Device) => {
                sum(&[FIELD.door_closes, FIELD.ocr, FIELD.chip, FIELD.door_opens])
            }
            Self::Of(SpanKind::Network) => sum(&[Latency::new(0.05, 0.5)]),
        }
    }
}

/// Time within the timeline in which a span of `kind` was under way.
fn covered(timeline: &Timeline, kind: SpanKind) -> Duration {
    let mut busy: Vec<(Instant, Instant)> = timeline
        .spans
        .iter()
        .filter(|span| span.kind == kind)
        .map(|span| {
            let start = span.start.max(timeline.began);
            (start, span.end.min(timeline.ended))
        })
        .filter(|(start, end)| start < end)
        .collect();
    busy.sort_unstable();
    let mut reached = timeline.began;
    let mut sum = Duration::ZERO;
    for (start, end) in busy {
        sum += end.since(start.max(reached));
        reached = reached.max(end);
    }
    sum
}

/// The times of those who were cleared.
#[derive(Clone, Debug, Default)]
pub(crate) struct Times {
    /// Microseconds, one list for each part.
    parts: [Vec<u32>; Part::ALL.len()],
    /// The slowest of them, and where they came.
    pub(crate) slowest: Option<(String, Traveller)>,
}

impl Times {
    /// Takes a traveller of the scenario or episode `place`, if they were cleared.
    pub(crate) fn add(&mut self, place: &str, traveller: &Traveller) {
        let is_cleared = traveller.outcome == Some(Outcome::Cleared) && traveller.left.is_some();
        if !is_cleared || self.count() >= TRAVELLERS_MAX {
            return;
        }
        for (times, part) in self.parts.iter_mut().zip(Part::ALL) {
            let micros = part.of(&traveller.timeline).as_micros();
            times.push(u32::try_from(micros).unwrap_or(u32::MAX));
        }
        let total = traveller.timeline.total();
        let slower = self.slowest.as_ref();
        if slower.is_none_or(|(_, other)| other.timeline.total() < total) {
            self.slowest = Some((place.to_owned(), traveller.clone()));
        }
    }

    /// Takes what another one has.
    pub(crate) fn join(&mut self, other: Self) {
        for (mine, theirs) in self.parts.iter_mut().zip(other.parts) {
            mine.extend(theirs);
        }
        let total = |one: &Option<(String, Traveller)>| {
            one.as_ref()
                .map(|(_, traveller)| traveller.timeline.total())
        };
        if total(&self.slowest) < total(&other.slowest) {
            self.slowest = other.slowest;
        }
    }

    /// How many travellers there are.
    pub(crate) fn count(&self) -> usize {
        self.parts[0].len()
    }

    /// This part of each of them, sorted.
    pub(crate) fn sorted(&self, part: Part) -> Vec<Duration> {
        let at = Part::ALL.iter().position(|one| *one == part);
        let times = at.and_then(|at| self.parts.get(at));
        let times = times.into_iter().flatten();
        let mut times: Vec<Duration> = times
            .map(|micros| Duration::from_micros(u64::from(*micros)))
            .collect();
        times.sort_unstable();
        times
    }

    /// Percentiles of a part.
    pub(crate) fn percentiles(&self, part: Part) -> Percentiles {
        Percentiles::of(self.sorted(part))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gate_session::{Left, Span};

    fn at(ms: u64) -> Instant {
        Instant::from_millis(ms)
    }

    fn traveller(number: u64, total: u64, outcome: Outcome) -> Traveller {
        let mut timeline = Timeline::new(at(100));
        let mut add = |kind, from, to| timeline.add(Span::new("x", kind, at(from), at(to)));
        add(SpanKind::Human, 50, 140);
        add(SpanKind::Human, 120, 160);
        add(SpanKind::Device, 150, 180);
        timeline.ended = at(100 + total);
        Traveller {
            number,
            outcome: Some(outcome),
            left: Some(Left::ThroughExit),
            timeline,
        }
    }

    #[test]
    fn what_overlaps_counts_once_and_what_nobody_did_is_the_softwares() {
        let timeline = traveller(1, 100, Outcome::Cleared).timeline;
        let ms = |part: Part| part.of(&timeline).as_millis();
        assert_eq!(Part::ALL.map(ms), [100, 60, 30, 0, 20]);
    }

    #[test]
    fn only_the_cleared_count_and_the_slowest_is_kept_when_two_lists_become_one() {
        let mut times = Times::default();
        let referred = gate_session::Referral::FaceMismatch;
        times.add("a", &traveller(1, 100, Outcome::Cleared));
        times.add("a", &traveller(2, 900, Outcome::Referred(referred)));
        let mut other = Times::default();
        other.add("b", &traveller(3, 300, Outcome::Cleared));
        times.join(other);
        assert_eq!(times.count(), 2);
        let (place, slowest) = times.slowest.clone().unwrap();
        assert_eq!((place.as_str(), slowest.number), ("b", 3));
        assert_eq!(times.percentiles(Part::Whole).p99, 300.0);
    }

    #[test]
    fn the_budget_of_people_and_devices_is_that_of_the_typical_profile() {
        let human = Part::Of(SpanKind::Human).budget();
        assert!((human.p50 - 5.5).abs() < 1e-9 && (human.p95 - 12.0).abs() < 1e-9);
        assert!(Part::Whole.budget().p50 < human.p50 + Part::Of(SpanKind::Device).budget().p50);
    }
}
