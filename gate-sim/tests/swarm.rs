//! Random people and random faults: a sample of the swarm that `hil swarm` runs at length.

use gate_sim::scenario::Verdict;
use gate_sim::swarm;

/// Episodes of the sample.
const EPISODES: u64 = 200;

#[test]
fn whatever_fails_the_lane_keeps_its_rules_and_recovers() {
    for seed in 0..EPISODES {
        let scenario = swarm::episode(seed);
        let run = swarm::play(&scenario);
        if run.verdict != Verdict::Passed {
            let least = swarm::minimise(&scenario);
            panic!(
                "seed {seed}: {:?}\n{}\n{}",
                run.verdict,
                least.text(),
                swarm::play(&least).text()
            );
        }
    }
}
