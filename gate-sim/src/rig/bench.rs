//! How long travellers take: many of them, one after the other, in virtual time.

use super::devices::Costs;
use super::pure::{Journey, PureRig, RigError};
use crate::profile::Profile;
use crate::world::Persona;
use gate_session::Outcome;
use serde::Serialize;
use std::time::Duration;

/// Percentiles of a time, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Percentiles {
    /// Median.
    pub p50: f64,
    /// 95th percentile.
    pub p95: f64,
    /// 99th percentile.
    pub p99: f64,
}

/// What a run of genuine travellers took.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Who came.
    pub travellers: usize,
    /// How many were cleared.
    pub cleared: usize,
    /// From being inside to being outside.
    pub total_ms: Percentiles,
    /// What the program added to that.
    pub software_ms: Percentiles,
    /// Travellers an hour, if each waits for the one before.
    pub per_hour: f64,
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
}

/// Lets `travellers` genuine travellers come, one after the other.
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
    let mut rig = PureRig::new(profile, costs, seed)?;
    let journeys: Vec<Journey> = (0..travellers)
        .map(|_| rig.serve(Persona::Genuine))
        .collect::<Result<_, _>>()?;
    Ok(report(&journeys))
}

/// The figures of these journeys. Times are those of the cleared.
#[must_use]
pub fn report(journeys: &[Journey]) -> Report {
    let cleared: Vec<&Journey> = journeys
        .iter()
        .filter(|journey| journey.outcome == Outcome::Cleared)
        .collect();
    let whole: Duration = journeys.iter().map(|journey| journey.whole).sum();
    Report {
        travellers: journeys.len(),
        cleared: cleared.len(),
        total_ms: Percentiles::of(cleared.iter().map(|journey| journey.timeline.total())),
        software_ms: Percentiles::of(cleared.iter().map(|journey| journey.timeline.software())),
        per_hour: 3_600.0 * journeys.len() as f64 / whole.as_secs_f64().max(f64::MIN_POSITIVE),
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
