//! How long travellers take: many of them, one after the other, in virtual time, beside the ideal.
//!
//! The ideal is the same lane with the same people and devices, by the same seed, whose program costs
//! no time ([`Costs::NOTHING`]), and of whose travellers' times everything is taken out that no human,
//! device or network spends: whatever can overlap, overlaps.

use super::costs::Costs;
use super::layout::Layout;
use super::pure::{Journey, PureRig, RigError};
use crate::profile::Profile;
use gate_session::{Outcome, SpanKind, Timeline};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::time::Duration;

/// Percentiles of a time, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Percentiles {
    /// Median.
    pub p50: f64,
    /// 95th percentile.
    pub p95: f64,
    /// 99th percentile.
    pub p99: f64,
}

/// All spans of one name.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SpanTimes {
    /// Who spent the time.
    pub kind: SpanKind,
    /// How many there were.
    pub count: usize,
    /// How long one took.
    pub took_ms: Percentiles,
}

/// What a run of genuine travellers took.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Who came.
    pub travellers: usize,
    /// How many were cleared.
    pub cleared: usize,
    /// A traveller's time: in a one-step lane from being inside to being outside, in a two-step lane
    /// from coming to the reader before the entry.
    pub total_ms: Percentiles,
    /// What the program added to that.
    pub software_ms: Percentiles,
    /// Spans by their names.
    pub spans: BTreeMap<String, SpanTimes>,
    /// Travellers an hour, if each waits for the one before.
    pub per_hour: f64,
}

/// A lane, and what it could be at best.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// How the lane is laid out.
    pub layout: Layout,
    /// The lane.
    pub report: Report,
    /// The total of the ideal.
    pub ideal_ms: Percentiles,
    /// Total by ideal, each percentile by its own; 1.0 is the ideal.
    pub to_ideal: Percentiles,
}

impl Percentiles {
    /// The percentiles of `times` by nearest rank; all zero where there are none.
    #[must_use]
    pub fn of(times: impl IntoIterator<Item = Duration>) -> Self {
        let mut times: Vec<Duration> = times.into_iter().collect();
        times.sort_unstable();
        let at = |share: f64| {
            let rank = (times.len() as f64 * share).ceil() as usize;
            times
                .get(rank.max(1) - 1)
                .map_or(0.0, |time| time.as_secs_f64() * 1_000.0)
        };
        Self {
            p50: at(0.50),
            p95: at(0.95),
            p99: at(0.99),
        }
    }

    /// Each of these by the same of `other`; 1.0 where both are nothing.
    #[must_use]
    pub fn by(self, other: Self) -> Self {
        let ratio = |one: f64, other: f64| match (one, other) {
            (0.0, 0.0) => 1.0,
            (one, other) => one / other,
        };
        Self {
            p50: ratio(self.p50, other.p50),
            p95: ratio(self.p95, other.p95),
            p99: ratio(self.p99, other.p99),
        }
    }
}

/// Lets `travellers` genuine travellers come to a one-step lane, one after the other.
///
/// # Errors
///
/// The rig's, if the lane hangs.
pub fn genuine(
    travellers: usize,
    profile: Profile,
    costs: Costs,
    seed: u64,
) -> Result<Report, RigError> {
    let journeys = walk(Layout::OneStep, travellers, profile, costs, seed, || {})?;
    Ok(report(&journeys))
}

/// Lets `travellers` genuine travellers come to a lane of this layout, and to its ideal; `each` is
/// called after every one of them, twice as often as travellers come.
///
/// # Errors
///
/// The rig's, if the lane hangs.
pub fn compare(
    layout: Layout,
    travellers: usize,
    profile: &Profile,
    costs: Costs,
    seed: u64,
    mut each: impl FnMut(),
) -> Result<Comparison, RigError> {
    let mut come = |costs| walk(layout, travellers, profile.clone(), costs, seed, &mut each);
    let report = report(&come(costs)?);
    let ideal = come(Costs::NOTHING)?;
    let cleared = ideal
        .iter()
        .filter(|one| one.outcome == Outcome::Cleared)
        .map(|one| one.timeline.total().saturating_sub(one.timeline.software()));
    let ideal_ms = Percentiles::of(cleared);
    Ok(Comparison {
        layout,
        to_ideal: report.total_ms.by(ideal_ms),
        report,
        ideal_ms,
    })
}

fn walk(
    layout: Layout,
    travellers: usize,
    profile: Profile,
    costs: Costs,
    seed: u64,
    mut each: impl FnMut(),
) -> Result<Vec<Journey>, RigError> {
    let mut rig = PureRig::of(layout, profile, costs, seed)?;
    let mut journeys = Vec::with_capacity(travellers);
    for _ in 0..travellers {
        journeys.push(rig.serve(layout.genuine())?);
        each();
    }
    Ok(journeys)
}

/// The figures of these journeys. Times are those of the cleared.
#[must_use]
pub fn report(journeys: &[Journey]) -> Report {
    let cleared: Vec<&Timeline> = journeys
        .iter()
        .filter(|journey| journey.outcome == Outcome::Cleared)
        .map(|journey| &journey.timeline)
        .collect();
    let whole: Duration = journeys.iter().map(|journey| journey.whole).sum();
    figures(journeys.len(), &cleared, whole)
}

/// The figures of the timelines of the cleared among `travellers` who took `whole` in a row.
#[must_use]
pub fn figures(travellers: usize, cleared: &[&Timeline], whole: Duration) -> Report {
    let mut spans: BTreeMap<&str, (SpanKind, Vec<Duration>)> = BTreeMap::new();
    for span in cleared.iter().flat_map(|timeline| &timeline.spans) {
        let (_, times) = spans
            .entry(&span.name)
            .or_insert_with(|| (span.kind, Vec::new()));
        times.push(span.duration());
    }
    let spans = spans.into_iter().map(|(name, (kind, times))| {
        let span = SpanTimes {
            kind,
            count: times.len(),
            took_ms: Percentiles::of(times),
        };
        (name.to_owned(), span)
    });
    Report {
        travellers,
        cleared: cleared.len(),
        total_ms: Percentiles::of(cleared.iter().map(|timeline| timeline.total())),
        software_ms: Percentiles::of(cleared.iter().map(|timeline| timeline.software())),
        spans: spans.collect(),
        per_hour: 3_600.0 * travellers as f64 / whole.as_secs_f64().max(f64::MIN_POSITIVE),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_nearest_ranks() {
        let times = (1..=100).map(Duration::from_millis);
        assert_eq!(
            Percentiles::of(times),
            Percentiles {
                p50: 50.0,
                p95: 95.0,
                p99: 99.0
            }
        );
        let one = Percentiles::of([Duration::from_millis(7)]);
        assert_eq!(
            one,
            Percentiles {
                p50: 7.0,
                p95: 7.0,
                p99: 7.0
            }
        );
        assert_eq!(
            Percentiles::of([]),
            Percentiles {
                p50: 0.0,
                p95: 0.0,
                p99: 0.0
            }
        );
    }
}
