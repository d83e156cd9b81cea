//! The swarm: very many random episodes in virtual time.

use anyhow::bail;
use gate_sim::scenario::Verdict;
use gate_sim::swarm::{self, TRAVELLERS};
use indicatif::{ProgressBar, ProgressStyle};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

/// How long the swarm is, and where it begins.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How many travellers come.
    #[arg(long, default_value_t = 10_000)]
    travellers: u64,
    /// The seed of the first episode; the next episode has the next one.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Lets the swarm come; an error if anything that must not happen happened.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let episodes = options.travellers.div_ceil(TRAVELLERS as u64);
    println!(
        "{episodes} episodes of {TRAVELLERS} travellers, seeds {} to {}",
        options.seed,
        options.seed.saturating_add(episodes).saturating_sub(1)
    );
    let bar = ProgressBar::new(episodes).with_style(ProgressStyle::with_template(
        "{bar:40} {pos}/{len} episodes, {elapsed} gone, {eta} to go",
    )?);
    let next = AtomicU64::new(0);
    let stop = AtomicBool::new(false);
    let first_failure: Mutex<Option<u64>> = Mutex::new(None);
    let workers = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= episodes {
                        return;
                    }
                    let seed = options.seed.wrapping_add(number);
                    if swarm::play(&swarm::episode(seed)).verdict != Verdict::Passed {
                        stop.store(true, Ordering::Relaxed);
                        if let Ok(mut first) = first_failure.lock() {
                            *first = Some(first.map_or(seed, |other| other.min(seed)));
                        }
                    }
                    bar.inc(1);
                }
            });
        }
    });
    let seconds = bar.elapsed().as_secs_f64();
    bar.finish_and_clear();
    if let Some(seed) = first_failure.into_inner().unwrap_or(None) {
        eprintln!("seed {seed} fails; looking for the shortest scenario that does …");
        let least = swarm::minimise(&swarm::episode(seed));
        let run = swarm::play(&least);
        println!("{}\n# {:?}", least.text(), run.verdict);
        for line in run.trace {
            println!("# {line}");
        }
        bail!("seed {seed}: something happened that must not");
    }
    let travellers = episodes * TRAVELLERS as u64;
    println!(
        "{travellers} travellers in {seconds:.1} s ({:.0} a second on {workers} cores); no rule was broken, and every lane recovered",
        travellers as f64 / seconds
    );
    Ok(())
}
