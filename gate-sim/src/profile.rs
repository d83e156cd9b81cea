//! How long people and devices take, drawn from a seed.
//!
//! A time is log-normal and given by its median and its 95th percentile, the way the field states
//! it. [`Profile::typical`] holds the reference values; `fast` and `slow` are the same lane with
//! quick frequent travellers and good devices, and with first-timers and slow chips; `faulty` has
//! devices that are worn out.

use crate::chip::latency;
use rand::{Rng, RngExt};
use rand_distr::StandardNormal;
use std::time::Duration;

/// 95th percentile of the standard normal distribution.
const Z95: f64 = 1.644_853_6;

/// Nothing in a lane takes longer than this many times its 95th percentile: a log-normal tail has
/// no end, and a bench that waits for it measures the distribution instead of the gate.
const TAIL_MAX: f64 = 3.0;

/// A log-normal time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Latency {
    /// Median, s.
    pub p50: f64,
    /// 95th percentile, s; not below the median.
    pub p95: f64,
}

impl Latency {
    /// A time with this median and 95th percentile, both in seconds.
    #[must_use]
    pub const fn new(p50: f64, p95: f64) -> Self {
        Self { p50, p95 }
    }

    /// One time out of the distribution.
    pub fn draw(&self, rng: &mut impl Rng) -> Duration {
        let normal: f64 = rng.sample(StandardNormal);
        let sigma = (self.p95 / self.p50).ln() / Z95;
        let seconds = self.p50 * (sigma * normal).exp();
        Duration::from_secs_f64(seconds.min(self.p95 * TAIL_MAX))
    }
}

/// Every time and every share of a lane, its people included.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// Name for reports.
    pub name: &'static str,

    /// From the instruction to the open document on the glass.
    pub place: Latency,
    /// Share of travellers that lay the document down wrongly first, 0.0 ..= 1.0.
    pub misplaced: f64,
    /// From being told so to the document lying right.
    pub place_again: Latency,
    /// From the way in being open to standing inside, for 1.5 m.
    pub walk_in: Latency,
    /// From the instruction to looking into the camera.
    pub look: Latency,
    /// Share of travellers whose first look is no use, 0.0 ..= 1.0.
    pub second_look: f64,
    /// From the way out being open to being outside, the document taken up on the way.
    pub walk_out: Latency,
    /// From any other instruction to doing something about it.
    pub react: Latency,

    /// Exposure and reading of the printed zone.
    pub ocr: Latency,
    /// The whole chip: access, data groups, EF.SOD.
    pub chip: Latency,
    /// Share of the chip's time after which the portrait has been read, 0.0 ..= 1.0.
    pub portrait_at: f64,
    /// Share of readings that the radio breaks off, 0.0 ..= 1.0.
    pub chip_breaks: f64,
    /// A door opens.
    pub door_opens: Latency,
    /// A door closes.
    pub door_closes: Latency,
}

impl Profile {
    /// The reference values of the field.
    #[must_use]
    pub const fn typical() -> Self {
        Self {
            name: "typical",
            place: Latency::new(2.5, 5.5),
            misplaced: 0.10,
            place_again: Latency::new(3.5, 5.0),
            walk_in: Latency::new(1.8, 3.0),
            look: Latency::new(1.0, 3.0),
            second_look: 0.05,
            walk_out: Latency::new(2.0, 3.5),
            react: Latency::new(0.6, 1.2),
            ocr: Latency::new(0.6, 1.0),
            chip: Latency::new(2.2, 4.2),
            portrait_at: 0.75,
            chip_breaks: 0.03,
            door_opens: Latency::new(0.8, 1.1),
            door_closes: Latency::new(0.9, 1.2),
        }
    }

    /// Frequent travellers, a chip with large reads at 424 kbit/s.
    #[must_use]
    pub const fn fast() -> Self {
        Self {
            name: "fast",
            place: Latency::new(1.8, 3.0),
            misplaced: 0.02,
            walk_in: Latency::new(1.4, 2.2),
            look: Latency::new(0.7, 1.5),
            second_look: 0.02,
            walk_out: Latency::new(1.6, 2.4),
            ocr: Latency::new(0.4, 0.6),
            chip: Latency::new(1.4, 2.4),
            chip_breaks: 0.01,
            ..Self::typical()
        }
    }

    /// Somebody who crosses every day: nothing goes wrong, and every time is its median.
    #[must_use]
    pub const fn practised() -> Self {
        const fn always(seconds: f64) -> Latency {
            Latency::new(seconds, seconds)
        }
        Self {
            name: "practised",
            place: always(1.8),
            misplaced: 0.0,
            place_again: always(3.5),
            walk_in: always(1.4),
            look: always(0.7),
            second_look: 0.0,
            walk_out: always(1.6),
            react: always(0.6),
            ocr: always(0.4),
            chip: always(1.4),
            chip_breaks: 0.0,
            ..Self::typical()
        }
    }

    /// First-timers with bags, 160-byte reads from a chip that does slow PACE.
    #[must_use]
    pub const fn slow() -> Self {
        Self {
            name: "slow",
            place: Latency::new(3.5, 8.0),
            misplaced: 0.28,
            walk_in: Latency::new(2.4, 4.0),
            look: Latency::new(1.5, 4.0),
            second_look: 0.10,
            walk_out: Latency::new(2.6, 4.5),
            ocr: Latency::new(0.9, 1.6),
            chip: Latency::new(4.0, 6.6),
            chip_breaks: 0.07,
            door_opens: Latency::new(1.1, 1.5),
            door_closes: Latency::new(1.2, 1.6),
            ..Self::typical()
        }
    }

    /// The people of `typical` before devices that are worn out: a zone that is read at the second or
    /// third look, a chip at 106 kbit/s whose radio breaks off now and then, a camera whose first frames
    /// are no use. Whoever is in order may be referred here, for what could not be read in time.
    #[must_use]
    pub const fn faulty() -> Self {
        Self {
            name: "faulty",
            misplaced: 0.28,
            second_look: 0.35,
            ocr: Latency::new(1.4, 4.0),
            chip: Latency::new(4.5, 9.0),
            chip_breaks: 0.35,
            ..Self::typical()
        }
    }

    /// Whether somebody in order may be referred although nothing is named as a fault.
    #[must_use]
    pub fn is_faulty(&self) -> bool {
        self.name == Self::faulty().name
    }

    /// How long a chip of this profile takes for an exchange.
    #[must_use]
    pub fn exchange(&self) -> latency::Profile {
        match self.name {
            "fast" | "practised" => latency::Profile::FAST,
            "slow" | "faulty" => latency::Profile::SLOW,
            _ => latency::Profile::TYPICAL,
        }
    }

    /// Every profile that a scenario may name.
    #[must_use]
    pub const fn all() -> [Self; 4] {
        [Self::fast(), Self::typical(), Self::slow(), Self::faulty()]
    }

    /// The profile of that name: `fast`, `typical`, `slow` or `faulty`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::all().into_iter().find(|one| one.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn the_distribution_has_the_percentiles_it_was_given() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let chip = Profile::typical().chip;
        let mut times: Vec<f64> = (0..20_000)
            .map(|_| chip.draw(&mut rng).as_secs_f64())
            .collect();
        times.sort_by(f64::total_cmp);
        assert!(
            (times[10_000] - chip.p50).abs() < 0.05,
            "p50 {}",
            times[10_000]
        );
        assert!(
            (times[19_000] - chip.p95).abs() < 0.15,
            "p95 {}",
            times[19_000]
        );
        assert!(times[19_999] <= chip.p95 * TAIL_MAX);
    }

    #[test]
    fn the_same_seed_gives_the_same_times() {
        let draw = || {
            Profile::slow()
                .place
                .draw(&mut ChaCha8Rng::seed_from_u64(7))
        };
        assert_eq!(draw(), draw());
    }

    #[test]
    fn profiles_are_found_by_name() {
        for profile in Profile::all() {
            assert_eq!(Profile::named(profile.name).as_ref(), Some(&profile));
        }
        assert_eq!(Profile::named("leisurely"), None);
    }

    #[test]
    fn a_worn_chip_takes_longer_for_each_exchange_too() {
        let takes = |profile: Profile| profile.exchange().duration(20, 251);
        let all = [Profile::fast(), Profile::typical(), Profile::faulty()].map(takes);
        assert!(all.is_sorted_by(|one, next| one < next), "{all:?}");
    }
}
