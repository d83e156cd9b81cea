//! The last word before the pins of a turnstile.

use crate::Released;
use gate_protocol::Site;

/// Which ways the site wants open when nobody decides any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Escape {
    /// In a fire and until it is cleared. During it the arm drops as well.
    pub on_fire: Released,
    /// While an emergency stop is pressed.
    pub on_emergency_stop: Released,
    /// While the mains are lost and the battery lasts.
    pub on_power_loss: Released,
}

impl Escape {
    /// What the site wants.
    #[must_use]
    pub const fn of(site: Site) -> Self {
        Self {
            on_fire: Released::of(site.on_fire),
            on_emergency_stop: Released::of(site.on_emergency_stop),
            on_power_loss: Released::of(site.on_power_loss),
        }
    }
}

/// All that [`enforce_arm`] knows of the world. The order is the order of precedence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ArmSurroundings {
    /// Fire now.
    pub fire: bool,
    /// There was a fire and nobody has cleared it.
    pub after_fire: bool,
    /// Emergency stop, and until somebody has cleared it.
    pub emergency_stop: bool,
    /// Tamper, trouble, too many people or the host's block: nobody may begin to turn.
    pub barred: bool,
    /// Mains lost.
    pub power_failed: bool,
    /// The arm stands away from home and left it rightly, but nobody should be turning it (any
    /// more): somebody may stand in it.
    pub caught: bool,
}

/// What becomes of the arm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ArmCommand {
    /// The ways it may turn.
    pub released: Released,
    /// It drops out of the way.
    pub drop: bool,
}

/// Decides which ways the arm may turn. It knows no travellers, only the arm.
///
/// `wanted` is what the state of the turnstile asks for.
#[must_use]
pub fn enforce_arm(escape: Escape, seen: ArmSurroundings, wanted: Released) -> ArmCommand {
    let burns = seen.fire || seen.after_fire;
    let ways = if burns || seen.emergency_stop {
        // SAF-051: fire and emergency stop open the site's ways out, whatever else is wanted.
        let on_fire = if burns {
            escape.on_fire
        } else {
            Released::NONE
        };
        let on_stop = if seen.emergency_stop {
            escape.on_emergency_stop
        } else {
            Released::NONE
        };
        on_fire.or(on_stop)
    } else if seen.barred {
        Released::NONE
    } else if seen.power_failed {
        escape.on_power_loss
    } else {
        // SAF-052: on request one way at most.
        Released {
            exit: wanted.exit,
            entry: wanted.entry && !wanted.exit,
        }
    };
    ArmCommand {
        released: Released {
            // SAF-054: whoever stands in the arm can go on or back; at home it is held again.
            entry: ways.entry || seen.caught,
            exit: ways.exit || seen.caught,
        },
        // Not after it: somebody has to raise the arm before the alarm can be cleared.
        drop: seen.fire,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn released(bits: u32) -> Released {
        Released {
            entry: bits & 1 != 0,
            exit: bits & 2 != 0,
        }
    }

    /// Every combination of what `enforce_arm` can be given.
    fn all() -> impl Iterator<Item = (Escape, ArmSurroundings, Released)> {
        (0..1 << 14_u32).map(|bits: u32| {
            let bit = |n: u32| bits & (1 << n) != 0;
            (
                Escape {
                    on_fire: released(bits >> 7),
                    on_emergency_stop: released(bits >> 9),
                    on_power_loss: released(bits >> 11),
                },
                ArmSurroundings {
                    fire: bit(0),
                    emergency_stop: bit(1),
                    barred: bit(2),
                    power_failed: bit(3),
                    caught: bit(4),
                    after_fire: bit(13),
                },
                released(bits >> 5),
            )
        })
    }

    const fn burns(seen: &ArmSurroundings) -> bool {
        seen.fire || seen.after_fire
    }

    fn contains(all: Released, some: Released) -> bool {
        (all.entry || !some.entry) && (all.exit || !some.exit)
    }

    #[test]
    fn two_dangers_open_the_ways_of_both_and_no_others() {
        for (escape, seen, wanted) in all().filter(|(_, seen, _)| !seen.caught) {
            let mut ways = Released::NONE;
            if burns(&seen) {
                ways = ways.or(escape.on_fire);
            }
            if seen.emergency_stop {
                ways = ways.or(escape.on_emergency_stop);
            }
            if burns(&seen) || seen.emergency_stop {
                let released = enforce_arm(escape, seen, wanted).released;
                assert_eq!(released, ways, "{escape:?} {seen:?}");
            }
        }
    }

    #[test]
    fn fire_opens_the_sites_ways_and_drops_the_arm_whatever_else_is_wanted() {
        for (escape, seen, wanted) in all() {
            let command = enforce_arm(escape, seen, wanted);
            assert_eq!(command.drop, seen.fire, "{seen:?}");
            if seen.fire || seen.after_fire {
                assert!(contains(command.released, escape.on_fire), "{seen:?}");
            }
        }
    }

    #[test]
    fn an_emergency_stop_opens_the_sites_ways_whatever_else_is_wanted() {
        for (escape, seen, wanted) in
            all().filter(|(_, seen, _)| seen.emergency_stop && !burns(seen))
        {
            let command = enforce_arm(escape, seen, wanted);
            assert!(
                contains(command.released, escape.on_emergency_stop),
                "{seen:?}"
            );
        }
    }

    #[test]
    fn a_barred_arm_turns_only_for_danger_or_for_whoever_stands_in_it() {
        for (escape, seen, wanted) in all().filter(|(_, seen, _)| seen.barred) {
            let command = enforce_arm(escape, seen, wanted);
            let danger = burns(&seen) || seen.emergency_stop;
            assert!(
                danger || seen.caught || command.released == Released::NONE,
                "{seen:?} {wanted:?}"
            );
        }
    }

    #[test]
    fn on_request_one_way_at_most_and_none_that_nobody_wants() {
        let calm = |seen: &ArmSurroundings| {
            !(burns(seen) || seen.emergency_stop || seen.power_failed || seen.caught)
        };
        for (escape, seen, wanted) in all().filter(|(_, seen, _)| calm(seen)) {
            let released = enforce_arm(escape, seen, wanted).released;
            assert!(!(released.entry && released.exit), "{seen:?} {wanted:?}");
            assert!(contains(wanted, released), "{seen:?} {wanted:?}");
            if wanted != Released::BOTH && !seen.barred {
                assert_eq!(released, wanted, "what is harmless is done");
            }
        }
    }

    #[test]
    fn without_mains_the_sites_ways_are_open_whatever_is_wanted() {
        let dark = |seen: &ArmSurroundings| {
            seen.power_failed && !(burns(seen) || seen.emergency_stop || seen.barred)
        };
        for (escape, seen, wanted) in all().filter(|(_, seen, _)| dark(seen)) {
            let released = enforce_arm(escape, seen, wanted).released;
            assert!(contains(released, escape.on_power_loss), "{seen:?}");
            assert!(seen.caught || released == escape.on_power_loss, "{seen:?}");
        }
    }

    #[test]
    fn whoever_stands_in_the_arm_can_go_on_or_back() {
        for (escape, seen, wanted) in all().filter(|(_, seen, _)| seen.caught) {
            let command = enforce_arm(escape, seen, wanted);
            assert_eq!(command.released, Released::BOTH, "{seen:?} {wanted:?}");
        }
    }
}
