//! The real interlock against a world and a host that may do anything: every state is visited.
//!
//! Each test is one search. It starts with a lane just switched on and follows every choice of
//! world and host, each state only once, until nothing new comes up. A rule that does not hold ends
//! the search with the way there, step by step. A search that would take too long for every day stops
//! after so many steps; `GATE_MODEL_STEPS` is the number for all of them. One that stops begins in
//! each stage of a journey, so that it gets to the end of one.
//!
//! `lane` puts gate, `world` and `host` together and passes one tick; `properties` has the rules,
//! `search` the order of things. `arm` is all of it for a single turnstile, `gate` for a controller
//! that does not know yet what it drives; `worlds` has what each world can do, `hostile` lets a host with
//! every word into each. What a state leaves out must not matter: `forgetting`.

mod arm;
mod forgetting;
mod gate;
mod host;
mod hostile;
mod lane;
mod properties;
mod search;
mod world;
mod worlds;

use core::time::Duration;
use lane::{Lane, Powers};
use search::{Counterexample, Scene};

/// Searches until nothing new comes up.
const TO_THE_END: u64 = u64::MAX;

/// Stops a search of a world that can do too much for every day.
const FOR_TODAY: u64 = 2_000_000;

/// Stops a search whose end is known, so that a check is no longer than it was.
const BRIEFLY: u64 = 300_000;

/// Runs one search and prints what it went through.
fn explore<S: Scene>(
    name: &str,
    powers: &S::Powers,
    steps: u64,
) -> Result<(), Box<Counterexample>> {
    let steps = std::env::var("GATE_MODEL_STEPS").map_or(steps, |text| {
        text.parse().expect("GATE_MODEL_STEPS is a number of steps")
    });
    let before = worked();
    let explored = search::search::<S>(powers, steps)?;
    let took = worked().saturating_sub(before).as_secs_f32();
    let deep = S::TICK * explored.depth;
    println!("{name}: {explored}; {deep:?} deep, {took:.1} s of one processor");
    Ok(())
}

/// How long this thread has been at work, where Linux says so: what else the machine does is none of
/// a search's time.
fn worked() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = told.split(' ').next().and_then(|nanos| nanos.parse().ok());
    Duration::from_nanos(nanos.unwrap_or_default())
}

/// The same for a lane.
fn explore_lane(powers: &Powers, steps: u64) -> Result<(), Box<Counterexample>> {
    explore::<Lane>(powers.name, powers, steps)
}

/// A host that says anything at any time, and a link that repeats, delays and loses all of it.
#[test]
fn no_word_of_a_hostile_host_breaks_a_rule() -> Result<(), Box<Counterexample>> {
    explore_lane(
        &Powers {
            words: host::hostile(),
            ..Powers::named("hostile host")
        },
        TO_THE_END,
    )
}

#[test]
fn no_permit_reaches_another_than_the_host_meant() -> Result<(), Box<Counterexample>> {
    explore_lane(
        &Powers {
            words: host::honest(),
            identities: true,
            ..Powers::named("honest host, lossy link")
        },
        TO_THE_END,
    )
}

#[test]
fn no_beam_breaks_a_rule() -> Result<(), Box<Counterexample>> {
    explore_lane(&worlds::beams(), TO_THE_END)
}

#[test]
fn no_emergency_breaks_a_rule() -> Result<(), Box<Counterexample>> {
    explore_lane(&worlds::emergencies(), TO_THE_END)
}

#[test]
fn nobody_in_a_curtain_breaks_a_rule() -> Result<(), Box<Counterexample>> {
    explore_lane(&worlds::people_in_leaves(), TO_THE_END)
}

/// S20, SAF-028, SAF-031.
#[test]
fn nobody_who_walks_out_breaks_a_rule() -> Result<(), Box<Counterexample>> {
    explore_lane(&worlds::people_on_the_way_out(), TO_THE_END)
}

/// S4, SAF-032.
#[test]
fn nobody_who_leans_on_the_exit_breaks_a_rule() -> Result<(), Box<Counterexample>> {
    explore_lane(&worlds::leant_on(), FOR_TODAY)
}

#[test]
fn no_hand_on_a_leaf_breaks_a_rule() -> Result<(), Box<Counterexample>> {
    explore_lane(&worlds::a_hand(), TO_THE_END)
}

#[test]
fn no_hands_on_both_leaves_break_a_rule() -> Result<(), Box<Counterexample>> {
    explore_lane(&worlds::hands(), FOR_TODAY)
}

/// S15, SAF-029.
#[test]
fn no_hand_on_a_leaf_without_its_bolt_breaks_a_rule() -> Result<(), Box<Counterexample>> {
    explore_lane(&worlds::unbolted(), BRIEFLY)
}

/// S20, SAF-027.
#[test]
fn nobody_seen_late_before_an_exit_that_sticks_breaks_a_rule() -> Result<(), Box<Counterexample>> {
    explore_lane(&worlds::stuck_exit(), BRIEFLY)
}

#[test]
fn no_sensor_that_lies_breaks_a_rule() -> Result<(), Box<Counterexample>> {
    explore_lane(&worlds::sensors_that_lie(), TO_THE_END)
}

#[test]
fn no_contact_of_a_leaf_that_lies_breaks_a_rule() -> Result<(), Box<Counterexample>> {
    explore_lane(&worlds::contacts_that_lie(), TO_THE_END)
}

#[test]
fn neither_power_nor_key_nor_cabinet_breaks_a_rule() -> Result<(), Box<Counterexample>> {
    explore_lane(&worlds::mains_cabinet_key(), TO_THE_END)
}

#[test]
fn mains_that_fail_break_no_rule() -> Result<(), Box<Counterexample>> {
    explore_lane(&worlds::mains(), TO_THE_END)
}

#[test]
fn an_opened_cabinet_breaks_no_rule() -> Result<(), Box<Counterexample>> {
    explore_lane(&worlds::cabinet(), TO_THE_END)
}

#[test]
fn a_broken_drive_breaks_no_rule() -> Result<(), Box<Counterexample>> {
    explore_lane(&worlds::drives_that_fail(), TO_THE_END)
}

#[test]
fn no_danger_breaks_a_rule_where_the_exit_locks_without_current() -> Result<(), Box<Counterexample>>
{
    explore_lane(&worlds::dangers_at_a_locked_site(), TO_THE_END)
}

#[test]
fn no_site_that_a_host_may_send_breaks_a_rule() -> Result<(), Box<Counterexample>> {
    explore_lane(&worlds::sites(), TO_THE_END)
}

/// S11, S8: a reset may find anybody anywhere, and each door as it happens to stand.
#[test]
fn no_reset_breaks_a_rule() -> Result<(), Box<Counterexample>> {
    explore_lane(&worlds::resets(), TO_THE_END)
}

#[test]
fn no_reset_breaks_a_rule_where_the_exit_locks_without_current() -> Result<(), Box<Counterexample>>
{
    explore_lane(&worlds::resets_at_a_locked_site(), TO_THE_END)
}
