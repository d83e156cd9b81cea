//! A hostile host with every word it has, in each world: elsewhere a world that can do more meets
//! what moves anything, and no more.
//!
//! Each search is bounded; `GATE_MODEL_STEPS=18446744073709551615` lets it go to its end.

use crate::lane::{Lane, Powers};
use crate::search::Counterexample;
use crate::{explore, host, worlds};

/// Steps of a search in a check.
const FOR_A_CHECK: u64 = 50_000;

/// The world, and a host that says what it says there and everything else.
fn searches(world: Powers) -> Result<(), Box<Counterexample>> {
    let mut words = host::hostile();
    words.extend(
        world
            .words
            .iter()
            .filter(|word| !host::hostile().contains(word)),
    );
    let name = format!("hostile host: {}", world.name);
    explore::<Lane>(&name, &Powers { words, ..world }, FOR_A_CHECK)
}

macro_rules! meets {
    ($($world:ident)*) => {
        $(
            #[test]
            fn $world() -> Result<(), Box<Counterexample>> {
                searches(worlds::$world())
            }
        )*
    };
}

meets! {
    beams emergencies people_in_leaves people_on_the_way_out a_hand hands leant_on stuck_exit unbolted sensors_that_lie
    contacts_that_lie mains_cabinet_key
    mains cabinet drives_that_fail dangers_at_a_locked_site resets resets_at_a_locked_site
}
