//! The swarm: very many random episodes in virtual time.

use crate::ending::GateFault;
use crate::report::{Files, Times, Told};
use crate::rig::Kind;
use crate::stop::Stop;
use gate_protocol::Instant;
use gate_sim::scenario::{Observed, Run, Scenario, Verdict};
use gate_sim::swarm::{self, TRAVELLERS};
use indicatif::{ProgressBar, ProgressStyle};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

/// How long the swarm is, and where it begins.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// How many travellers come.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..))]
    travellers: u64,
    /// The seed of the first episode; the next episode has the next one.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[command(flatten)]
    files: Files,
}

/// Lets the swarm come; an error if anything that must not happen happened.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let episodes = options.travellers.div_ceil(TRAVELLERS as u64);
    let asked = format!(
        "swarm of {episodes} episodes with {TRAVELLERS} travellers each, seeds {} to {}",
        options.seed,
        options.seed.saturating_add(episodes).saturating_sub(1)
    );
    let station = options.files.station(Kind::Pure)?;
    let mut report = options.files.begin(asked.clone(), station)?;
    let stop = Stop::listen()?;
    // What is printed for a seed that fails is a scenario and nothing else.
    complain!("{asked}");
    let swarm = Swarm {
        first: options.seed,
        episodes,
        details: options.files.want_details(),
        stop: &stop,
        next: AtomicU64::new(0),
        failed: Mutex::new(None),
        bar: ProgressBar::new(episodes).with_style(ProgressStyle::with_template(
            "{bar:40} {pos}/{len} episodes, {elapsed} gone, {eta} to go",
        )?),
    };
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let mut passed = 0;
    thread::scope(|scope| {
        let all: Vec<_> = (0..workers).map(|_| scope.spawn(|| swarm.work())).collect();
        for worker in all {
            match worker.join() {
                Ok((times, episodes)) => {
                    report.count(times);
                    passed += episodes;
                }
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
    });
    report.remark(&format!(", of which {passed} passed"));
    let seconds = swarm.bar.elapsed().as_secs_f64();
    let played = passed * TRAVELLERS;
    swarm.bar.finish_and_clear();
    if let Some(seed) = swarm.failed.into_inner().unwrap_or(None) {
        complain!("seed {seed} fails; looking for the shortest scenario that does …");
        let least = swarm::minimise(&swarm::episode(seed));
        let (run, observed) = swarm::watch(&least);
        say!("{}", replayable(&least, &run));
        let told = Told::of(format!("seed-{seed}"), run).with(observed);
        report.add_uncounted(told.played_from(least.text()));
        let why = format!("seed {seed}: something happened that must not");
        return match options.files.finish(&report) {
            Err(problem) if !problem.is::<GateFault>() => Err(problem),
            _ => Err(GateFault(why).into()),
        };
    }
    let speed = played as f64 / seconds.max(f64::MIN_POSITIVE);
    say!(
        "{played} travellers in {seconds:.1} s ({speed:.0} a second on {workers} cores); no rule was broken, and every lane recovered"
    );
    if stop.is_asked() {
        report.stop();
    } else {
        report.add_uncounted(Told::of("swarm".to_owned(), passed_whole(asked, seconds)));
    }
    options.files.finish(&report)
}

/// A swarm in which nothing happened that must not.
fn passed_whole(title: String, seconds: f64) -> Run {
    Run {
        verdict: Verdict::Passed,
        ended: Instant::ZERO + Duration::from_secs_f64(seconds),
        ..Run::refused(title, "pure", String::new())
    }
}

/// The scenario as a file that plays it again, and what came of it as remarks.
fn replayable(scenario: &Scenario, run: &Run) -> String {
    let mut text = format!("{}\n# {:?}", scenario.text(), run.verdict);
    for line in &run.trace {
        text.push_str(&format!("\n# {line}"));
    }
    text
}

/// What the workers share.
struct Swarm<'a> {
    first: u64,
    episodes: u64,
    /// Somebody wants to see times.
    details: bool,
    stop: &'a Stop,
    next: AtomicU64,
    /// The lowest seed that failed.
    failed: Mutex<Option<u64>>,
    bar: ProgressBar,
}

impl Swarm<'_> {
    /// Plays episodes until there are none left, one fails, or somebody stops it. Tells how many
    /// passed.
    fn work(&self) -> (Times, usize) {
        let mut times = Times::default();
        let mut passed = 0;
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            if number >= self.episodes || self.stop.is_asked() {
                return (times, passed);
            }
            let seed = self.first.wrapping_add(number);
            let (run, observed) = self.play(seed);
            for traveller in &observed.travellers {
                times.add(&format!("seed {seed}"), traveller);
            }
            self.bar.inc(1);
            if run.verdict != Verdict::Passed {
                // The others stop too, after those that may have a lower seed.
                self.next.fetch_max(self.episodes, Ordering::Relaxed);
                if let Ok(mut failed) = self.failed.lock() {
                    *failed = Some(failed.map_or(seed, |other| other.min(seed)));
                }
                return (times, passed);
            }
            passed += 1;
        }
    }

    fn play(&self, seed: u64) -> (Run, Observed) {
        let episode = swarm::episode(seed);
        match self.details {
            true => swarm::watch(&episode),
            false => (swarm::play(&episode), Observed::default()),
        }
    }
}
