//! The last word before the pins.

/// Which doors are released: unlocked and driven open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Released {
    /// The door through which travellers come in.
    pub entry: bool,
    /// The door that leads across the border.
    pub exit: bool,
}

/// All that [`enforce`] knows of the world.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Surroundings {
    /// Fire, emergency stop or break-glass.
    pub emergency: bool,
    /// The entry is closed and locked.
    pub entry_shut: bool,
    /// The exit is closed and locked.
    pub exit_shut: bool,
    /// Something stands in the light curtain of the entry, whose leaf was opened rightly and has
    /// not closed since.
    pub entry_obstructed: bool,
    /// The same at the exit.
    pub exit_obstructed: bool,
}

/// Decides which doors are released. It knows no travellers, only doors.
///
/// In an emergency both doors open, which is the project's default until a site plan says
/// otherwise: whoever is in the lane can leave it at either end.
#[must_use]
pub fn enforce(seen: Surroundings, wanted: Released) -> Released {
    if seen.emergency {
        // SAF-001: an emergency opens the way out, whatever else is wanted.
        return Released {
            entry: true,
            exit: true,
        };
    }
    // SAF-002: on request a door opens only while the other is closed and locked, and never both.
    let exit = wanted.exit && seen.entry_shut;
    let entry = wanted.entry && seen.exit_shut && !exit;
    Released {
        // SAF-003: an open leaf does not close on somebody, whatever else is wanted.
        entry: entry || (seen.entry_obstructed && !seen.entry_shut),
        exit: exit || (seen.exit_obstructed && !seen.exit_shut),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every combination of what `enforce` can be given.
    fn all() -> impl Iterator<Item = (Surroundings, Released)> {
        (0..128_u8).map(|bits| {
            let bit = |n: u8| bits & (1 << n) != 0;
            (
                Surroundings {
                    emergency: bit(0),
                    entry_shut: bit(1),
                    exit_shut: bit(2),
                    entry_obstructed: bit(3),
                    exit_obstructed: bit(4),
                },
                Released {
                    entry: bit(5),
                    exit: bit(6),
                },
            )
        })
    }

    #[test]
    fn an_emergency_opens_both_ways_whatever_else_is_wanted() {
        for (seen, wanted) in all().filter(|(seen, _)| seen.emergency) {
            let released = enforce(seen, wanted);
            assert!(released.exit && released.entry, "{seen:?} {wanted:?}");
        }
    }

    #[test]
    fn a_shut_door_opens_only_while_the_other_is_shut() {
        for (seen, wanted) in all().filter(|(seen, _)| !seen.emergency) {
            let released = enforce(seen, wanted);
            if released.exit && seen.exit_shut {
                assert!(seen.entry_shut && !released.entry, "{seen:?} {wanted:?}");
            }
            if released.entry && seen.entry_shut {
                assert!(seen.exit_shut && !released.exit, "{seen:?} {wanted:?}");
            }
        }
    }

    #[test]
    fn both_doors_are_released_only_in_an_emergency_or_with_somebody_in_both_leaves() {
        for (seen, wanted) in all() {
            let released = enforce(seen, wanted);
            if released.entry && released.exit && !seen.emergency {
                assert!(
                    seen.entry_obstructed && seen.exit_obstructed,
                    "{seen:?} {wanted:?}"
                );
                assert!(!seen.entry_shut && !seen.exit_shut, "{seen:?} {wanted:?}");
            }
        }
    }

    #[test]
    fn an_open_leaf_does_not_close_on_somebody() {
        for (seen, wanted) in all() {
            let released = enforce(seen, wanted);
            assert!(
                released.entry || !seen.entry_obstructed || seen.entry_shut,
                "{seen:?} {wanted:?}"
            );
            assert!(
                released.exit || !seen.exit_obstructed || seen.exit_shut,
                "{seen:?} {wanted:?}"
            );
        }
    }

    #[test]
    fn nothing_opens_that_nobody_wants() {
        for (seen, _) in all().filter(|(seen, _)| !seen.emergency) {
            let released = enforce(seen, Released::default());
            assert!(!released.entry || seen.entry_obstructed, "{seen:?}");
            assert!(!released.exit || seen.exit_obstructed, "{seen:?}");
        }
    }

    #[test]
    fn what_is_wanted_and_harmless_is_done() {
        let shut = Surroundings {
            entry_shut: true,
            exit_shut: true,
            ..Surroundings::default()
        };
        for wanted in [
            Released::default(),
            Released {
                entry: true,
                exit: false,
            },
            Released {
                entry: false,
                exit: true,
            },
        ] {
            assert_eq!(enforce(shut, wanted), wanted);
        }
    }
}
