//! What the program's own work costs, so that virtual time has it.

use crate::profile::Latency;
use rand::Rng;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A time that the program needs for one piece of work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cost {
    /// Median, ms, 0.0 ..= 60,000.0.
    pub p50_ms: f64,
    /// 95th percentile, ms; not below the median.
    pub p95_ms: f64,
}

/// What this program's own work costs, measured on the machine that the rig stands for.
///
/// `hil bench --real` measures what can be measured in a whole lane and writes it down; the
/// committed file is `hil/bench/costs.toml`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Costs {
    /// From bytes at a port to the session, and from the session to the port.
    pub hop: Cost,
    /// From the session to the traveller's eyes: page, browser, screen.
    pub display: Cost,
    /// The portrait's pixels.
    pub decode_portrait: Cost,
    /// A template of the portrait.
    pub embed_portrait: Cost,
    /// A frame of the camera: decode, detect, attack score, template.
    pub examine_frame: Cost,
    /// Signatures and digests of a chip.
    pub inspect: Cost,
    /// An entry of the journal on disk.
    pub journal: Cost,
    /// The lists on this machine.
    pub lists: Cost,
}

/// Why costs cannot be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CostsError {
    /// The file is no TOML, or lacks a cost; the message shows the place.
    #[error("{0}")]
    Toml(String),
    /// Times are finite, not negative, at most a minute, and the 95th percentile is not below the median.
    #[error("{name}: expected 0 <= p50_ms <= p95_ms <= {max}, found {p50_ms} and {p95_ms}", max = MS_MAX)]
    Range {
        /// Which cost.
        name: &'static str,
        /// Its median.
        p50_ms: f64,
        /// Its 95th percentile.
        p95_ms: f64,
    },
}

/// Longest cost, ms.
const MS_MAX: f64 = 60_000.0;

impl Cost {
    /// No time at all.
    pub const NOTHING: Self = Self::always(0.0);

    /// The same time whenever it is spent, ms.
    #[must_use]
    pub const fn always(ms: f64) -> Self {
        Self {
            p50_ms: ms,
            p95_ms: ms,
        }
    }

    /// One time out of the distribution: log-normal, where the two percentiles differ.
    pub(super) fn draw(self, rng: &mut impl Rng) -> Duration {
        if self.p50_ms <= 0.0 || self.p95_ms <= self.p50_ms {
            return Duration::from_secs_f64(self.p50_ms.max(0.0) / 1_000.0);
        }
        Latency::new(self.p50_ms / 1_000.0, self.p95_ms / 1_000.0).draw(rng)
    }
}

impl Costs {
    /// A program that costs no time: what remains is people and devices.
    pub const NOTHING: Self = Self {
        hop: Cost::NOTHING,
        display: Cost::NOTHING,
        decode_portrait: Cost::NOTHING,
        embed_portrait: Cost::NOTHING,
        examine_frame: Cost::NOTHING,
        inspect: Cost::NOTHING,
        journal: Cost::NOTHING,
        lists: Cost::NOTHING,
    };

    /// Reads measured costs.
    ///
    /// # Errors
    ///
    /// What is wrong with the file, and where.
    pub fn parse(text: &str) -> Result<Self, CostsError> {
        let costs: Self =
            toml::from_str(text).map_err(|error| CostsError::Toml(error.to_string()))?;
        for (name, cost) in costs.named() {
            let Cost { p50_ms, p95_ms } = cost;
            let right = p50_ms >= 0.0 && p50_ms <= p95_ms && p95_ms <= MS_MAX;
            if !right {
                return Err(CostsError::Range {
                    name,
                    p50_ms,
                    p95_ms,
                });
            }
        }
        Ok(costs)
    }

    const fn named(&self) -> [(&'static str, Cost); 8] {
        [
            ("hop", self.hop),
            ("display", self.display),
            ("decode_portrait", self.decode_portrait),
            ("embed_portrait", self.embed_portrait),
            ("examine_frame", self.examine_frame),
            ("inspect", self.inspect),
            ("journal", self.journal),
            ("lists", self.lists),
        ]
    }
}

impl Default for Costs {
    fn default() -> Self {
        Self {
            hop: Cost::always(0.1),
            display: Cost::always(20.0),
            decode_portrait: Cost::always(20.0),
            embed_portrait: Cost::always(45.0),
            examine_frame: Cost::always(40.0),
            inspect: Cost::always(5.0),
            journal: Cost::always(5.0),
            lists: Cost::always(1.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn costs_that_were_written_down_are_read_again() {
        let text = toml::to_string(&Costs::default()).unwrap();
        assert_eq!(Costs::parse(&text), Ok(Costs::default()));
    }

    #[test]
    fn a_cost_that_no_clock_can_have_measured_is_refused_by_name() {
        let wrong = Costs {
            journal: Cost {
                p50_ms: 5.0,
                p95_ms: f64::NAN,
            },
            ..Costs::default()
        };
        let text = toml::to_string(&wrong).unwrap();
        let problem = Costs::parse(&text).unwrap_err();
        assert!(problem.to_string().starts_with("journal: expected"));
    }

    #[test]
    fn a_cost_without_spread_draws_nothing_from_the_seed() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let before = rng.clone();
        assert_eq!(Cost::always(20.0).draw(&mut rng), Duration::from_millis(20));
        assert_eq!(rng, before);
    }
}
