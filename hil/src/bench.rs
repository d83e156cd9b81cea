//! The latency benchmark: how long travellers take, in virtual and in real time, beside the ideal and
//! beside what was measured before.

mod baseline;
mod real;

use crate::ending::{GateFault, Stopped};
use crate::rig::Parts;
use crate::stop::Stop;
use anyhow::{Context, ensure};
use baseline::Baseline;
use gate_sim::profile::Profile;
use gate_sim::rig::bench::{self, Comparison, Percentiles, Report};
use gate_sim::rig::{Costs, Layout};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use std::fs;
use std::path::{Path, PathBuf};

/// Total by ideal may be this at the median and at the 95th percentile.
const TO_IDEAL_MAX: f64 = 1.03;
/// What the program may add: median, 95th and 99th percentile, ms.
const ADDED_MAX: Percentiles = Percentiles {
    p50: 70.0,
    p95: 150.0,
    p99: 300.0,
};

/// What the benchmark needs to know.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How many genuine travellers come to each lane in virtual time.
    #[arg(long, default_value_t = 10_000)]
    travellers: usize,
    /// How many come to the daemon's rig in real time: a quarter of a minute each.
    #[arg(long, default_value_t = 0)]
    real: usize,
    /// One layout in place of all: one-step, two-step, barcode-and-face.
    #[arg(long, value_parser = layout)]
    layout: Option<Layout>,
    /// How fast people and devices are: fast, typical, slow.
    #[arg(long, default_value = "typical")]
    profile: String,
    /// Decides who is how fast.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// What the program's work costs, as measured; the defaults without.
    #[arg(long)]
    costs: Option<PathBuf>,
    /// Write the costs that the real rig showed, for `--costs`.
    #[arg(long, requires = "real")]
    measure: Option<PathBuf>,
    /// Figures of before, to compare with: more than a tenth above is an error.
    #[arg(long)]
    baseline: Option<PathBuf>,
    /// Write these figures as a baseline.
    #[arg(long)]
    write_baseline: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    parts: Parts,
}

fn layout(word: &str) -> Result<Layout, String> {
    Layout::named(word).ok_or_else(|| {
        let words = Layout::ALL.map(Layout::word).join(", ");
        format!("expected one of {words}")
    })
}

/// Everything that was measured.
#[derive(Debug, Serialize)]
struct Figures {
    profile: String,
    seed: u64,
    costs: Costs,
    layouts: Vec<Comparison>,
    #[serde(skip_serializing_if = "Option::is_none")]
    real: Option<Report>,
}

/// Runs the benchmark and prints its figures; an error if they are not kept, or worse than before.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let profile = Profile::named(&options.profile).with_context(|| {
        format!(
            "profile {:?}: fast, typical or slow expected",
            options.profile
        )
    })?;
    ensure!(
        options.travellers > 0,
        "--travellers: expected one or more, found 0"
    );
    let baseline = options.baseline.as_deref().map(Baseline::read);
    let baseline = baseline.transpose()?;
    let stop = Stop::listen()?;
    let mut costs = costs(options.costs.as_deref())?;
    let mut real = None;
    if options.real > 0 {
        let parts = &options.parts;
        let timelines = real::walk(parts, options.real, &profile, options.seed, &stop)?;
        costs = real::measured(&timelines, &costs);
        if let Some(path) = &options.measure {
            let text = toml::to_string(&costs)?;
            fs::write(path, text).with_context(|| path.display().to_string())?;
        }
        real = Some(real::report(options.real, &timelines));
    }
    let layouts = match options.layout {
        Some(one) => vec![one],
        None => Layout::ALL.to_vec(),
    };
    let mut figures = Figures {
        profile: options.profile.clone(),
        seed: options.seed,
        costs: costs.clone(),
        layouts: Vec::new(),
        real,
    };
    let bar = bar(2 * options.travellers as u64 * layouts.len() as u64)?;
    for layout in layouts {
        bar.set_message(layout.word());
        let each = || bar.inc(1);
        let one = bench::compare(
            layout,
            options.travellers,
            &profile,
            costs.clone(),
            options.seed,
            each,
        );
        figures
            .layouts
            .push(one.map_err(|stuck| GateFault(stuck.to_string()))?);
        if stop.is_asked() {
            return Err(Stopped.into());
        }
    }
    bar.finish_and_clear();
    match options.json {
        true => say!("{}", serde_json::to_string(&figures)?),
        false => print(&figures, baseline.as_ref()),
    }
    if let Some(path) = &options.write_baseline {
        Baseline::of(&figures).write(path)?;
    }
    for why in baseline.iter().flat_map(|one| one.silent(&figures)) {
        complain!("not compared with the baseline: {why}");
    }
    let mut faults = missed(&figures);
    faults.extend(baseline.iter().flat_map(|one| one.worse(&figures)));
    match faults.is_empty() {
        true => Ok(()),
        false => Err(GateFault(faults.join("; ")).into()),
    }
}

fn costs(path: Option<&Path>) -> anyhow::Result<Costs> {
    let Some(path) = path else {
        return Ok(Costs::default());
    };
    let named = || path.display().to_string();
    let text = fs::read_to_string(path).with_context(named)?;
    Costs::parse(&text).with_context(named)
}

fn bar(length: u64) -> anyhow::Result<ProgressBar> {
    let style =
        ProgressStyle::with_template("{bar:40} {pos}/{len} {msg}, {elapsed} gone, {eta} to go")?;
    Ok(ProgressBar::new(length).with_style(style))
}

/// Figures that are not kept, in words.
fn missed(figures: &Figures) -> Vec<String> {
    let mut missed = Vec::new();
    let mut keep = |what: String, found: f64, limit: f64| {
        if found > limit {
            missed.push(format!("{what}: {found:.3}, at most {limit} wanted"));
        }
    };
    for one in &figures.layouts {
        let word = one.layout.word();
        keep(
            format!("{word}: total by ideal, p50"),
            one.to_ideal.p50,
            TO_IDEAL_MAX,
        );
        keep(
            format!("{word}: total by ideal, p95"),
            one.to_ideal.p95,
            TO_IDEAL_MAX,
        );
        let added = one.report.software_ms;
        keep(format!("{word}: software, p50"), added.p50, ADDED_MAX.p50);
        keep(format!("{word}: software, p95"), added.p95, ADDED_MAX.p95);
        keep(format!("{word}: software, p99"), added.p99, ADDED_MAX.p99);
    }
    missed
}

fn print(figures: &Figures, baseline: Option<&Baseline>) {
    for one in &figures.layouts {
        say!(
            "{} lane, profile {}, seed {}, virtual time",
            one.layout.word(),
            figures.profile,
            figures.seed
        );
        print_report(&one.report);
        line("ideal", one.ideal_ms);
        let ratio = one.to_ideal;
        say!(
            "  {:26} p50 {:>10.3}   p95 {:>10.3}   p99 {:>10.3}",
            "total by ideal",
            ratio.p50,
            ratio.p95,
            ratio.p99
        );
        if let Some(before) = baseline.and_then(|before| before.ratio(one)) {
            say!(
                "  {:26} p50 {:>10.3}   p95 {:>10.3}   p99 {:>10.3}",
                "total by baseline",
                before.p50,
                before.p95,
                before.p99
            );
        }
    }
    if let Some(report) = &figures.real {
        say!("one-step lane, daemon rig, real time");
        print_report(report);
    }
}

fn print_report(report: &Report) {
    say!(
        "  travellers {:>6}   cleared {:>6}   per hour {:>5.0}",
        report.travellers,
        report.cleared,
        report.per_hour
    );
    line("total", report.total_ms);
    line("software", report.software_ms);
    for (name, span) in &report.spans {
        let name = format!("  {name} ({})", crate::waterfall::word(span.kind));
        line(&name, span.took_ms);
    }
}

fn line(name: &str, times: Percentiles) {
    say!(
        "  {name:40} p50 {:>7.0} ms   p95 {:>7.0} ms   p99 {:>7.0} ms",
        times.p50,
        times.p95,
        times.p99
    );
}
