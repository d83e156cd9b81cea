//! The latency benchmark in virtual time.

use anyhow::Context;
use gate_sim::profile::Profile;
use gate_sim::rig::{Costs, bench};

/// What the benchmark needs to know.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How many genuine travellers come.
    #[arg(long, default_value_t = 200)]
    travellers: usize,
    /// How fast people and devices are: fast, typical, slow.
    #[arg(long, default_value = "typical")]
    profile: String,
    /// Decides who is how fast.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Runs the benchmark and prints its figures.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let profile = Profile::named(&options.profile).with_context(|| {
        format!(
            "profile {:?}: fast, typical or slow expected",
            options.profile
        )
    })?;
    let report = bench::genuine(options.travellers, profile, Costs::default(), options.seed)?;
    if options.json {
        say!("{}", serde_json::to_string(&report)?);
        return Ok(());
    }
    say!(
        "one-step lane, profile {}, seed {}",
        options.profile,
        options.seed
    );
    say!(
        "  travellers {:>6}   cleared {:>6}   per hour {:>5.0}",
        report.travellers,
        report.cleared,
        report.per_hour
    );
    for (name, times) in [("total", report.total_ms), ("software", report.software_ms)] {
        say!(
            "  {name:9} p50 {:>7.0} ms   p95 {:>7.0} ms   p99 {:>7.0} ms",
            times.p50,
            times.p95,
            times.p99
        );
    }
    Ok(())
}
