//! What was measured before: a committed file, compared as ratios, so that another machine's speed
//! says nothing.

use super::Figures;
use anyhow::Context;
use gate_sim::rig::bench::{Comparison, Percentiles};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// So much more than before is worse, and not chance.
const WORSE: f64 = 1.10;
/// A ratio to the ideal may grow by this.
const WORSE_TO_IDEAL: f64 = 0.01;

/// Figures of each layout.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Baseline {
    profile: String,
    seed: u64,
    layout: BTreeMap<String, One>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct One {
    travellers: usize,
    total_ms: Percentiles,
    software_ms: Percentiles,
    to_ideal: Percentiles,
}

impl Baseline {
    pub(super) fn of(figures: &Figures) -> Self {
        let layouts = figures.layouts.iter().map(|one| {
            let kept = One {
                travellers: one.report.travellers,
                total_ms: one.report.total_ms,
                software_ms: one.report.software_ms,
                to_ideal: one.to_ideal,
            };
            (one.layout.word().to_owned(), kept)
        });
        Self {
            profile: figures.profile.clone(),
            seed: figures.seed,
            layout: layouts.collect(),
        }
    }

    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        let named = || path.display().to_string();
        let text = fs::read_to_string(path).with_context(named)?;
        toml::from_str(&text).with_context(named)
    }

    pub(super) fn write(&self, path: &Path) -> anyhow::Result<()> {
        fs::write(path, toml::to_string(self)?).with_context(|| path.display().to_string())
    }

    /// Total now by total before.
    pub(super) fn ratio(&self, now: &Comparison) -> Option<Percentiles> {
        let before = self.layout.get(now.layout.word())?;
        Some(now.report.total_ms.by(before.total_ms))
    }

    /// What cannot be compared, and why, in words.
    pub(super) fn silent(&self, figures: &Figures) -> Vec<String> {
        if self.profile != figures.profile {
            let (before, now) = (&self.profile, &figures.profile);
            return vec![format!("it is of profile {before}, this is {now}")];
        }
        let missing = figures.layouts.iter().map(|one| one.layout.word());
        missing
            .filter(|word| !self.layout.contains_key(*word))
            .map(|word| format!("it has no figures of the {word} lane"))
            .collect()
    }

    /// What is worse than before, in words. Figures of another profile are not compared, nor is a lane
    /// that the baseline does not know: [`Self::silent`] says so.
    pub(super) fn worse(&self, figures: &Figures) -> Vec<String> {
        let mut worse = Vec::new();
        if self.profile != figures.profile {
            return worse;
        }
        for now in &figures.layouts {
            let word = now.layout.word();
            let Some(before) = self.layout.get(word) else {
                continue;
            };
            let total = now.report.total_ms.by(before.total_ms);
            let added = now.report.software_ms.by(before.software_ms);
            for (what, ratio) in [
                ("total, p50", total.p50),
                ("total, p95", total.p95),
                ("software, p50", added.p50),
                ("software, p95", added.p95),
            ] {
                if ratio > WORSE {
                    worse.push(format!("{word}: {what}: {ratio:.2} times the baseline"));
                }
            }
            let (now, before) = (now.to_ideal.p50, before.to_ideal.p50);
            if now > before + WORSE_TO_IDEAL {
                worse.push(format!(
                    "{word}: total by ideal {now:.3}, before {before:.3}"
                ));
            }
        }
        worse
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gate_sim::profile::Profile;
    use gate_sim::rig::{Cost, Costs, Layout, bench};

    fn figures(costs: Costs) -> Figures {
        let one = bench::compare(
            Layout::OneStep,
            20,
            &Profile::typical(),
            costs.clone(),
            1,
            || {},
        );
        Figures {
            profile: "typical".to_owned(),
            seed: 1,
            costs,
            layouts: vec![one.unwrap()],
            real: None,
        }
    }

    #[test]
    fn a_slower_program_is_worse_than_its_baseline_and_the_same_is_not() {
        let before = figures(Costs::default());
        let text = toml::to_string(&Baseline::of(&before)).unwrap();
        let baseline: Baseline = toml::from_str(&text).unwrap();
        assert_eq!(baseline.worse(&before), Vec::<String>::new());
        assert_eq!(baseline.silent(&before), Vec::<String>::new());
        let slow = Costs {
            journal: Cost::always(200.0),
            ..Costs::default()
        };
        let worse = baseline.worse(&figures(slow));
        assert!(
            worse.iter().any(|what| what.contains("software, p50")),
            "{worse:?}"
        );
    }
    #[test]
    fn what_a_baseline_knows_nothing_of_is_said() {
        let before = figures(Costs::default());
        let mut baseline = Baseline::of(&before);
        baseline.layout.clear();
        assert_eq!(
            baseline.silent(&before),
            ["it has no figures of the one-step lane"]
        );
        baseline.profile = "slow".to_owned();
        assert_eq!(
            baseline.silent(&before),
            ["it is of profile slow, this is typical"]
        );
    }
}
