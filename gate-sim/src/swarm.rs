//! The swarm: random people and random faults in virtual time.
//!
//! Each episode is a [`Scenario`] drawn from a seed. The rules of the interlock and of the journal
//! are watched at every scan; at the end the faults are over, the lane must be ready again, and
//! somebody in order must be cleared; nobody else ever is. A failing episode is made as short as it fails
//! in the same way, and printed as a scenario.

use crate::fault::Fault;
use crate::profile::Profile;
use crate::rig::{Costs, PureRig};
use crate::scenario::{Deed, Expected, Observed, Rig, Run, Scenario, Step, Verdict, run};
use crate::world::Persona;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::time::Duration;

/// Travellers of an episode, the last one in order and cleared.
pub const TRAVELLERS: usize = 5;

/// Steps at the end of every episode.
const LAST: usize = 4;

/// Most faults beside one traveller.
const FAULTS_MAX: u32 = 2;

/// Draws the episode of this seed, with whatever a lane in virtual time can suffer.
#[must_use]
pub fn episode(seed: u64) -> Scenario {
    let here = |fault: &Fault| fault.of_bytes().is_none();
    let faults: Vec<Fault> = Fault::ALL.into_iter().filter(here).collect();
    episode_of(seed, &faults)
}

/// Draws the episode of this seed for a rig that can do only these faults, at least one.
#[must_use]
pub fn episode_of(seed: u64, faults: &[Fault]) -> Scenario {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let profile = pick(&mut rng, &Profile::all());
    let mut steps = Vec::new();
    for _ in 1..TRAVELLERS {
        let mut put = |after: u64, deed| {
            steps.push(Step {
                line: 0,
                after: Duration::from_millis(after),
                deed,
            });
        };
        put(0, Deed::Comes(pick(&mut rng, &Persona::ALL)));
        for _ in 0..rng.random_range(0..=FAULTS_MAX) {
            let after = rng.random_range(0..12_000);
            put(
                after,
                Deed::Begins(pick(&mut rng, faults), Some(lasting(&mut rng))),
            );
        }
    }
    steps.extend(in_order());
    Scenario {
        title: format!("episode {seed} of the swarm"),
        seed,
        profile,
        steps,
    }
}

/// Mostly short, sometimes long: a shaken wire, a pulled plug, a night without mains.
fn lasting(rng: &mut impl Rng) -> Duration {
    let ms = match rng.random_range(0..10) {
        0..3 => rng.random_range(5..300),
        3..8 => rng.random_range(300..10_000),
        _ => rng.random_range(10_000..90_000),
    };
    Duration::from_millis(ms)
}

fn pick<T: Clone>(rng: &mut impl Rng, all: &[T]) -> T {
    all[rng.random_range(0..all.len())].clone()
}

/// After the faults: the lane recovers, and whoever comes then in order is cleared.
fn in_order() -> [Step; LAST] {
    let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
    [
        Deed::Recovers,
        Deed::Comes(Persona::Practised),
        Deed::Expect(Expected::Decided("cleared", None), minutes(2)),
        Deed::Expect(Expected::Left("through-exit"), minutes(1)),
    ]
    .map(|deed| Step {
        line: 0,
        after: Duration::ZERO,
        deed,
    })
}

/// Plays `scenario` in virtual time.
#[must_use]
pub fn play(scenario: &Scenario) -> Run {
    match PureRig::new(scenario.profile.clone(), Costs::default(), scenario.seed) {
        Ok(mut rig) => run(scenario, &mut rig),
        Err(problem) => Run::refused(scenario.title.clone(), "pure", problem.to_string()),
    }
}

/// Plays `scenario` as [`play`] does, and keeps what a report shows.
#[must_use]
pub fn watch(scenario: &Scenario) -> (Run, Observed) {
    match PureRig::new(scenario.profile.clone(), Costs::default(), scenario.seed) {
        Ok(mut rig) => {
            rig.observe();
            let run = run(scenario, &mut rig);
            (run, rig.observed())
        }
        Err(problem) => {
            let why = problem.to_string();
            let run = Run::refused(scenario.title.clone(), "pure", why);
            (run, Observed::default())
        }
    }
}

/// What was wrong, whenever and with whomever it was.
fn kind(verdict: &Verdict) -> String {
    let text = match verdict {
        Verdict::Passed => String::new(),
        Verdict::Gate(why) => format!("gate: {why}"),
        Verdict::Bench(why) => format!("bench: {why}"),
    };
    text.replace(|character: char| character.is_ascii_digit(), "")
}

/// The shortest scenario that still fails in the same way, found by leaving out steps.
#[must_use]
pub fn minimise(scenario: &Scenario) -> Scenario {
    let wanted = kind(&play(scenario).verdict);
    let fails = |one: &Scenario| kind(&play(one).verdict) == wanted;
    let mut least = scenario.clone();
    loop {
        let mut shorter = None;
        for at in 0..least.steps.len().saturating_sub(LAST) {
            let mut tried = least.clone();
            let gone = tried.steps.remove(at);
            if let Some(next) = tried.steps.get_mut(at) {
                next.after += gone.after; // what follows stays when it was
            }
            if fails(&tried) {
                shorter = Some(tried);
                break;
            }
        }
        match shorter {
            Some(tried) => least = tried,
            None => return least,
        }
    }
}
