//! Times of genuine travellers in virtual time: `pure_bench [TRAVELLERS [SEED [PROFILE]]]`.

use anyhow::{Context, Result};
use gate_sim::profile::Profile;
use gate_sim::rig::{Costs, bench};
use std::env;

fn main() -> Result<()> {
    let mut words = env::args().skip(1);
    let travellers = words
        .next()
        .map_or(Ok(1_000), |word| word.parse())
        .context("travellers")?;
    let seed = words
        .next()
        .map_or(Ok(1), |word| word.parse())
        .context("seed")?;
    let profile = match words.next() {
        None => Profile::typical(),
        Some(name) => Profile::named(&name).with_context(|| format!("no profile {name}"))?,
    };
    for (name, costs) in [
        ("as measured", Costs::default()),
        ("without software", Costs::NOTHING),
    ] {
        let report = bench::genuine(travellers, profile.clone(), costs, seed)?;
        println!("{name}: {}", serde_json::to_string(&report)?);
    }
    Ok(())
}
