//! How long a lane takes until it is ready again when a fault is over.

use crate::ending::{GateFault, Stopped};
use crate::rig::{Kind, Parts, ProcessRig};
use crate::stop::Stop;
use anyhow::{Context, ensure};
use gate_sim::fault::Fault;
use gate_sim::profile::Profile;
use gate_sim::scenario::{Rig, Scenario};
use indicatif::{ProgressBar, ProgressStyle};
use std::time::Duration;

/// What a lane without anybody in it gets over by itself.
const FAULTS: [Fault; 10] = [
    Fault::HostKilled,
    Fault::HostHangs,
    Fault::ControllerOff,
    Fault::LineCut,
    Fault::LineNoise,
    Fault::MrzReaderLost,
    Fault::ChipReaderLost,
    Fault::CameraLost,
    Fault::ListsLost,
    Fault::MainsLost,
];

/// A lane whose daemon was killed is ready again by then, s: at the median, and at worst.
const KILLED_MAX: (f64, f64) = (3.0, 10.0);

/// A lane that is not ready by then does not come back.
const GIVEN_UP: Duration = Duration::from_secs(60);

/// What is tried, and how often.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// What the lane is made of.
    #[arg(long, value_enum, default_value = "daemon")]
    rig: Kind,
    #[command(flatten)]
    parts: Parts,
    /// Faults by their words; without any, those that an empty lane gets over by itself.
    #[arg(long = "fault", value_parser = fault)]
    faults: Vec<Fault>,
    /// How often each.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    times: u32,
    /// How long a fault lasts, in milliseconds; a daemon that is killed starts again at once.
    #[arg(long, default_value_t = 2_000, value_parser = clap::value_parser!(u64).range(1..=600_000))]
    lasts_ms: u64,
}

fn fault(word: &str) -> Result<Fault, String> {
    let all = Fault::ALL;
    all.into_iter()
        .find(|fault| fault.word() == word)
        .ok_or_else(|| {
            let words = all.map(Fault::word).join(", ");
            format!("expected one of {words}")
        })
}

/// Lets each fault happen in an empty lane and tells how long the lane took; an error if it did not
/// come back.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    ensure!(
        matches!(options.rig, Kind::Daemon | Kind::Emulated),
        "--rig: expected daemon or emulated: virtual time says nothing of programs, and a bench with real \
         devices has `gate-check`"
    );
    let nobody = Scenario {
        title: String::new(),
        seed: 1,
        profile: Profile::typical(),
        steps: Vec::new(),
    };
    let station = options.rig.station(None)?;
    let lane = (options.rig, &station);
    let stop = Stop::listen()?;
    let mut rig = ProcessRig::power_on(&options.parts, &nobody, lane, stop.clone())?;
    let opened = ready(&mut rig);
    if stop.is_asked() {
        return Err(Stopped.into());
    }
    opened?.context("the lane does not open")?;
    let faults = if options.faults.is_empty() {
        &FAULTS[..]
    } else {
        &options.faults
    };
    let tries = faults.len() as u64 * u64::from(options.times);
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} {msg}, {elapsed} gone")?;
    let bar = ProgressBar::new(tries).with_style(style);
    let mut missed = Vec::new();
    say!("until the lane is ready again, {} rig:", rig.name());
    for fault in faults {
        if !rig.can(*fault) {
            bar.suspend(|| say!("  {:20} this rig cannot do it", fault.word()));
            bar.inc(u64::from(options.times));
            continue;
        }
        let mut times = Vec::new();
        let mut unnoticed = 0;
        bar.set_message(fault.word());
        for _ in 0..options.times {
            let came = once(&mut rig, *fault, options.lasts_ms);
            bar.inc(1);
            if stop.is_asked() {
                return Err(Stopped.into());
            }
            match came? {
                Came::After(time) => times.push(time.as_secs_f64()),
                Came::Unnoticed => unnoticed += 1,
                Came::Never => {
                    let said = rig.last_words();
                    let why = format!("{fault}: not ready {GIVEN_UP:?} after its end; {said}");
                    return Err(GateFault(why).into());
                }
            }
        }
        if unnoticed > 0 {
            let lasts = options.lasts_ms;
            let word = fault.word();
            bar.suspend(|| say!("  {word:20} not noticed within {lasts} ms, {unnoticed} times"));
        }
        if times.is_empty() {
            continue;
        }
        times.sort_by(f64::total_cmp);
        let median = times.get(times.len() / 2).copied().unwrap_or_default();
        let worst = times.last().copied().unwrap_or_default();
        let (word, count) = (fault.word(), times.len());
        bar.suspend(|| {
            say!("  {word:20} p50 {median:6.2} s   worst {worst:6.2} s   {count} times")
        });
        let (p50_max, worst_max) = KILLED_MAX;
        if *fault == Fault::HostKilled && (median > p50_max || worst > worst_max) {
            missed.push(format!(
                "{fault}: at most {p50_max} s at the median and {worst_max} s ever wanted"
            ));
        }
    }
    bar.finish_and_clear();
    missed.extend(rig.violations());
    if missed.is_empty() {
        return Ok(());
    }
    Err(GateFault(missed.join("; ")).into())
}

/// How the lane came back.
enum Came {
    /// So long after the end of the fault.
    After(Duration),
    /// The lane stood open all the time: it has not noticed that anything was wrong.
    Unnoticed,
    /// Not at all.
    Never,
}

/// From the end of the fault, or from the kill of a daemon, to a lane that is ready.
fn once(rig: &mut ProcessRig, fault: Fault, lasts_ms: u64) -> anyhow::Result<Came> {
    rig.begins(fault)?;
    if fault != Fault::HostKilled {
        live(rig, Duration::from_millis(lasts_ms))?;
    }
    let noticed = fault == Fault::HostKilled || !rig.is_ready();
    let over = rig.now();
    rig.ends(fault)?;
    if fault == Fault::HostKilled {
        // The page of the daemon that is gone still stands.
        live(rig, Duration::from_millis(150))?;
    }
    let time = ready(rig)?.map(|at| at.since(over));
    live(rig, Duration::from_secs(1))?;
    Ok(match (time, noticed) {
        (None, _) => Came::Never,
        (Some(_), false) => Came::Unnoticed,
        (Some(time), true) => Came::After(time),
    })
}

/// When the lane is ready, if it ever is.
fn ready(rig: &mut ProcessRig) -> anyhow::Result<Option<gate_protocol::Instant>> {
    let until = rig.now() + GIVEN_UP;
    while !rig.is_ready() {
        if rig.now() >= until {
            return Ok(None);
        }
        let soon = (rig.now() + Duration::from_millis(5)).min(until);
        rig.lives(soon)?;
    }
    Ok(Some(rig.now()))
}

fn live(rig: &mut ProcessRig, time: Duration) -> anyhow::Result<()> {
    let until = rig.now() + time;
    while rig.now() < until {
        rig.lives(until)?;
    }
    Ok(())
}
