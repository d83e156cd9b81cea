//! Error rates of a matcher or an attack cue, out of scores (ISO/IEC 19795-1, ISO/IEC 30107-3).
//!
//! A score at or over the threshold is a match. Intervals are Wilson's for 95 %, as if pairs were
//! independent; pairs that share a person are not, so the true intervals are somewhat wider.

/// Quantile of the normal distribution for intervals of 95 %.
const Z: f64 = 1.959_964;

/// How often something happened.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    /// How often.
    pub count: usize,
    /// Out of how many tries.
    pub tries: usize,
}

impl Rate {
    /// `count / tries`, 0.0 ..= 1.0; 0.0 without tries.
    #[must_use]
    pub fn value(self) -> f64 {
        match self.tries {
            0 => 0.0,
            tries => self.count as f64 / tries as f64,
        }
    }

    /// Lower and upper confidence limit (95 %, Wilson 1927); 0 to 1 without tries.
    #[must_use]
    pub fn limits(self) -> [f64; 2] {
        if self.tries == 0 {
            return [0.0, 1.0];
        }
        let tries = self.tries as f64;
        let (share, square) = (self.value(), Z * Z / tries);
        let middle = share + square / 2.0;
        let spread = Z * (share * (1.0 - share) / tries + square / (4.0 * tries)).sqrt();
        let at = |limit: f64| (limit / (1.0 + square)).clamp(0.0, 1.0);
        [at(middle - spread), at(middle + spread)]
    }
}

/// Genuine and impostor scores, each sorted.
#[derive(Clone, Debug)]
pub struct Scores {
    genuine: Vec<f32>,
    impostors: Vec<f32>,
}

/// What a threshold does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// The threshold.
    pub threshold: f32,
    /// False match rate: impostor scores at or over it.
    pub fmr: Rate,
    /// False non-match rate: genuine scores below it.
    pub fnmr: Rate,
}

impl Scores {
    /// Takes scores in any order; those that are no numbers are left out.
    #[must_use]
    pub fn new(mut genuine: Vec<f32>, mut impostors: Vec<f32>) -> Self {
        for scores in [&mut genuine, &mut impostors] {
            scores.retain(|score| !score.is_nan());
            scores.sort_by(f32::total_cmp);
        }
        Self { genuine, impostors }
    }

    /// What `threshold` does.
    #[must_use]
    pub fn at(&self, threshold: f32) -> Point {
        let below = |scores: &[f32]| scores.partition_point(|score| *score < threshold);
        let impostors = self.impostors.len();
        Point {
            threshold,
            fmr: Rate {
                count: impostors - below(&self.impostors),
                tries: impostors,
            },
            fnmr: Rate {
                count: below(&self.genuine),
                tries: self.genuine.len(),
            },
        }
    }

    /// The lowest threshold at which at most the part `fmr` (0.0 ..= 1.0) of the impostors match.
    /// `None` when there are too few of them to tell: fewer than 1 / `fmr`.
    #[must_use]
    pub fn at_fmr(&self, fmr: f64) -> Option<Point> {
        let tries = self.impostors.len();
        // Both are counts, far below 2^52.
        let allowed = (fmr * tries as f64 + 1e-9) as usize;
        if allowed == 0 || allowed >= tries {
            return None;
        }
        let first_refused = self.impostors[tries - 1 - allowed];
        Some(self.at(first_refused.next_up()))
    }

    /// Where both rates are equal, as nearly as the scores allow: the threshold and the mean of the
    /// two rates there. `None` without scores.
    #[must_use]
    pub fn equal_error(&self) -> Option<(f32, f64)> {
        if self.genuine.is_empty() || self.impostors.is_empty() {
            return None;
        }
        // FNMR − FMR grows with the threshold and can change at genuine scores only from one side.
        let index = self.genuine.partition_point(|score| {
            let point = self.at(*score);
            point.fnmr.value() < point.fmr.value()
        });
        let points = [index.saturating_sub(1), index.min(self.genuine.len() - 1)];
        points
            .into_iter()
            .map(|index| self.at(self.genuine[index]))
            .min_by(|one, other| gap(one).total_cmp(&gap(other)))
            .map(|point| {
                let rate = f64::midpoint(point.fmr.value(), point.fnmr.value());
                (point.threshold, rate)
            })
    }

    /// The curve of detection error trade-off, at most `points` of it, evenly spread over the
    /// logarithm of FMR.
    #[must_use]
    pub fn det(&self, points: usize) -> Vec<Point> {
        let least = 1.0 / self.impostors.len().max(1) as f64;
        let mut curve: Vec<Point> = (0..points)
            .filter_map(|index| {
                let share = index as f64 / points.saturating_sub(1).max(1) as f64;
                self.at_fmr(least.powf(1.0 - share) * 0.5_f64.powf(share))
            })
            .collect();
        curve.dedup();
        curve
    }
}

fn gap(point: &Point) -> f64 {
    (point.fmr.value() - point.fnmr.value()).abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hundredths(range: std::ops::Range<i32>) -> Vec<f32> {
        range.map(|value| value as f32 / 100.0).collect()
    }

    #[test]
    fn limits_are_wilsons() {
        // Worked by hand: 10 of 100 gives 0.0552 to 0.1744; none of 10 gives 0 to 0.2775.
        let limits = |count, tries| Rate { count, tries }.limits();
        let [low, high] = limits(10, 100);
        assert!((low - 0.0552).abs() < 1e-4 && (high - 0.1744).abs() < 1e-4);
        let [low, high] = limits(0, 10);
        assert!(low < 1e-12 && (high - 0.2775).abs() < 1e-4);
        assert_eq!(limits(0, 0), [0.0, 1.0]);
    }

    #[test]
    fn a_threshold_lets_no_more_impostors_through_than_asked() {
        let scores = Scores::new(hundredths(50..150), hundredths(-900..100));
        for fmr in [0.5, 0.1, 0.01, 0.001] {
            let point = scores.at_fmr(fmr).unwrap();
            assert!((point.fmr.value() - fmr).abs() < 1e-9, "{point:?}");
        }
        let point = scores.at_fmr(0.01).unwrap();
        assert_eq!(point.fnmr.count, 40);
        assert_eq!(scores.at_fmr(0.000_1), None);
        // Equal scores are let through all or not at all.
        let equal = Scores::new(vec![0.9], vec![0.5; 100]);
        assert_eq!(equal.at_fmr(0.1).unwrap().fmr.count, 0);
    }

    #[test]
    fn equal_errors_are_found_where_the_curves_cross() {
        let (threshold, rate) = Scores::new(hundredths(0..100), hundredths(-50..50))
            .equal_error()
            .unwrap();
        assert!((rate - 0.25).abs() < 0.006, "{rate}");
        assert!((threshold - 0.25).abs() < 0.011, "{threshold}");
        let (_, apart) = Scores::new(hundredths(50..60), hundredths(0..10))
            .equal_error()
            .unwrap();
        assert!(apart < 1e-12);
        assert_eq!(Scores::new(vec![], vec![0.1]).equal_error(), None);
    }

    #[test]
    fn what_is_no_number_is_no_score() {
        let scores = Scores::new(vec![0.5, f32::NAN], vec![f32::NAN]);
        let point = scores.at(0.4);
        assert_eq!((point.fnmr.tries, point.fmr.tries), (1, 0));
        assert!(scores.det(10).is_empty());
    }

    #[test]
    fn the_curve_falls() {
        let curve = Scores::new(hundredths(0..100), hundredths(-500..50)).det(40);
        assert!(curve.len() > 10);
        for pair in curve.windows(2) {
            assert!(pair[0].fmr.count <= pair[1].fmr.count);
            assert!(pair[0].fnmr.count >= pair[1].fnmr.count);
        }
    }
}
