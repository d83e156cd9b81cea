//! How many travellers a second one core lets through in virtual time, inference modelled:
//! `cargo run --release -p gate-sim --example speed`.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "it measures and prints real time"
)]

use gate_sim::profile::Profile;
use gate_sim::rig::{Costs, bench};
use gate_sim::scenario::Verdict;
use gate_sim::swarm;
use std::time::Instant;

fn main() -> anyhow::Result<()> {
    let begun = Instant::now();
    let travellers = 3_000;
    bench::genuine(travellers, Profile::typical(), Costs::default(), 1)?;
    say("genuine", travellers, begun);
    let begun = Instant::now();
    let episodes = 400;
    for seed in 1..=episodes {
        let run = swarm::play(&swarm::episode(seed));
        anyhow::ensure!(
            run.verdict == Verdict::Passed,
            "seed {seed}: {:?}",
            run.verdict
        );
    }
    say(
        "swarm with faults",
        episodes as usize * swarm::TRAVELLERS,
        begun,
    );
    Ok(())
}

fn say(what: &str, travellers: usize, begun: Instant) {
    let seconds = begun.elapsed().as_secs_f64();
    let rate = travellers as f64 / seconds;
    println!("{what}: {travellers} travellers in {seconds:.2} s, {rate:.0} a second on one core");
}
