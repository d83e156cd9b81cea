//! One lane in real time, for hours: random people, random faults, and what the daemon holds on to.

use crate::ending::{GateFault, Stopped};
use crate::rig::{Kind, Parts, ProcessRig};
use crate::stop::Stop;
use anyhow::{bail, ensure};
use gate_sim::fault::Fault;
use gate_sim::profile::Profile;
use gate_sim::scenario::{Deed, Rig, Scenario, Step, Verdict, run as play};
use gate_sim::swarm;
use indicatif::{ProgressBar, ProgressStyle};
use std::time::Duration;

/// How long, and with whom.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// What the lane is made of.
    #[arg(long, value_enum, default_value = "daemon")]
    rig: Kind,
    #[command(flatten)]
    parts: Parts,
    /// How long, in hours.
    #[arg(long, default_value_t = 1.0, value_parser = hours)]
    hours: f64,
    /// The seed of the first episode; the next episode has the next one.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// A year is more than anybody waits for.
fn hours(text: &str) -> Result<f64, String> {
    let hours = text.parse().ok();
    let hours = hours.filter(|hours: &f64| *hours > 0.0 && *hours <= 8_766.0);
    hours.ok_or_else(|| "hours above 0 and up to 8766 expected".to_owned())
}

/// Lets episodes of the swarm happen in one lane, one after the other, until the time is over; an
/// error with the episode as a scenario if anything happened that must not.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    ensure!(
        matches!(options.rig, Kind::Daemon | Kind::Emulated),
        "--rig: expected daemon or emulated; `hil swarm` is for virtual time, and no person goes through a \
         real gate for hours"
    );
    let hours = Duration::from_secs_f64(options.hours * 3_600.0);
    // The lane's disk can be full in every episode.
    let lane = Scenario {
        title: String::new(),
        seed: options.seed,
        profile: Profile::typical(),
        steps: vec![Step {
            line: 0,
            after: Duration::ZERO,
            deed: Deed::Begins(Fault::DiskFull, None),
        }],
    };
    let stop = Stop::listen()?;
    let station = options.rig.station(None)?;
    let rig = (options.rig, &station);
    let mut rig = ProcessRig::power_on(&options.parts, &lane, rig, stop.clone())?;
    let faults: Vec<Fault> = Fault::ALL
        .into_iter()
        .filter(|fault| rig.can(*fault))
        .collect();
    let style = "{bar:40} {percent} % of the time, {elapsed} gone; {msg}";
    let bar = ProgressBar::new(hours.as_secs()).with_style(ProgressStyle::with_template(style)?);
    let mut travellers = 0;
    for seed in options.seed.. {
        let left = hours.saturating_sub(rig.now().since(gate_protocol::Instant::ZERO));
        if left.is_zero() {
            break;
        }
        bar.set_position(hours.saturating_sub(left).as_secs());
        bar.set_message(format!("episode {seed}"));
        let episode = swarm::episode_of(seed, &faults);
        let played = play(&episode, &mut rig);
        if stop.is_asked() && !matches!(played.verdict, Verdict::Gate(_)) {
            bar.finish_and_clear();
            say!("{travellers} travellers until then; nothing had gone wrong");
            return Err(Stopped.into());
        }
        travellers += swarm::TRAVELLERS;
        let holds = rig.holds().map_or_else(String::new, |(memory, files)| {
            format!("the daemon holds {memory} MiB and {files} files")
        });
        let verdict = match &played.verdict {
            Verdict::Passed => "passed",
            Verdict::Gate(_) => "gate at fault",
            Verdict::Bench(_) => "bench at fault",
        };
        let to_go = left.as_secs_f64() / 3_600.0;
        bar.suspend(|| say!("episode {seed}: {verdict}, {holds}, {to_go:.1} h to go"));
        if let Verdict::Gate(why) | Verdict::Bench(why) = &played.verdict {
            bar.finish_and_clear();
            say!("{}\n{}", episode.text(), played.text());
            let why = format!("episode {seed}: {why}\n{}", rig.last_words());
            match played.verdict {
                Verdict::Gate(_) => return Err(GateFault(why).into()),
                _ => bail!(why),
            }
        }
    }
    bar.finish_and_clear();
    say!("{travellers} travellers; no rule was broken, and the lane recovered every time");
    Ok(())
}
