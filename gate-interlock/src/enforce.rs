//! The last word before the pins.

use gate_protocol::{Door, WaysOut};

/// Which doors are released: unlocked and driven open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Released {
    /// The door through which travellers come in.
    pub entry: bool,
    /// The door that leads across the border.
    pub exit: bool,
}

impl Released {
    /// The doors of `ways`.
    #[must_use]
    pub const fn of(ways: WaysOut) -> Self {
        Self {
            entry: matches!(ways, WaysOut::Both | WaysOut::EntryOnly),
            exit: matches!(ways, WaysOut::Both | WaysOut::ExitOnly),
        }
    }

    /// Either door.
    #[must_use]
    pub const fn any(self) -> bool {
        self.entry || self.exit
    }

    /// The doors of both.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self {
            entry: self.entry || other.entry,
            exit: self.exit || other.exit,
        }
    }

    /// Nothing.
    pub const NONE: Self = Self {
        entry: false,
        exit: false,
    };
    /// Both.
    pub const BOTH: Self = Self {
        entry: true,
        exit: true,
    };

    /// One of them.
    #[must_use]
    pub const fn only(door: Door) -> Self {
        match door {
            Door::Entry => Self {
                entry: true,
                exit: false,
            },
            Door::Exit => Self {
                entry: false,
                exit: true,
            },
        }
    }

    /// Whether `door` is among them.
    #[must_use]
    pub const fn has(self, door: Door) -> bool {
        match door {
            Door::Entry => self.entry,
            Door::Exit => self.exit,
        }
    }
}

/// All that [`enforce`] knows of the world.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Surroundings {
    /// Doors that fire, emergency stop, break-glass or a power failure opens.
    pub way_out: Released,
    /// The service key is turned: a technician stands before the lane.
    pub service: bool,
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

impl Surroundings {
    /// The same with nobody in a light curtain.
    pub(crate) const fn without_people(self) -> Self {
        Self {
            entry_obstructed: false,
            exit_obstructed: false,
            ..self
        }
    }
}

/// Decides which doors are released. It knows no travellers, only doors.
#[must_use]
pub fn enforce(seen: Surroundings, wanted: Released) -> Released {
    // SAF-003: an open leaf does not close on somebody, whatever else is wanted.
    let kept = Released {
        entry: seen.entry_obstructed && !seen.entry_shut,
        exit: seen.exit_obstructed && !seen.exit_shut,
    };
    if seen.way_out.any() {
        // SAF-001: an emergency opens the ways out, whatever else is wanted.
        return seen.way_out.or(kept);
    }
    // SAF-002: on request a door opens only while the other is closed and locked, and never both.
    // SAF-024: whoever has the service key sees the other door, whose contacts may be broken.
    let exit = wanted.exit && (seen.entry_shut || seen.service);
    let entry = wanted.entry && (seen.exit_shut || seen.service) && !exit;
    Released { entry, exit }.or(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every combination of what `enforce` can be given.
    fn all() -> impl Iterator<Item = (Surroundings, Released)> {
        (0..512_u16).map(|bits| {
            let bit = |n: u16| bits & (1 << n) != 0;
            (
                Surroundings {
                    way_out: Released {
                        entry: bit(0),
                        exit: bit(1),
                    },
                    service: bit(2),
                    entry_shut: bit(3),
                    exit_shut: bit(4),
                    entry_obstructed: bit(5),
                    exit_obstructed: bit(6),
                },
                Released {
                    entry: bit(7),
                    exit: bit(8),
                },
            )
        })
    }

    /// All but ways out and the service key.
    fn in_service() -> impl Iterator<Item = (Surroundings, Released)> {
        all().filter(|(seen, _)| !seen.way_out.any() && !seen.service)
    }

    #[test]
    fn an_emergency_opens_the_ways_out_whatever_else_is_wanted() {
        for (seen, wanted) in all().filter(|(seen, _)| seen.way_out.any()) {
            let released = enforce(seen, wanted);
            for (released, way, obstructed, shut) in [
                (
                    released.entry,
                    seen.way_out.entry,
                    seen.entry_obstructed,
                    seen.entry_shut,
                ),
                (
                    released.exit,
                    seen.way_out.exit,
                    seen.exit_obstructed,
                    seen.exit_shut,
                ),
            ] {
                assert_eq!(
                    released,
                    way || (obstructed && !shut),
                    "{seen:?} {wanted:?}"
                );
            }
        }
    }

    #[test]
    fn a_shut_door_opens_only_while_the_other_is_shut() {
        for (seen, wanted) in in_service() {
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
    fn both_doors_are_released_only_as_ways_out_or_with_somebody_in_a_leaf() {
        for (seen, wanted) in all().filter(|(seen, _)| !seen.way_out.any()) {
            let released = enforce(seen, wanted);
            if released.entry && released.exit {
                let entry = seen.entry_obstructed && !seen.entry_shut;
                let exit = seen.exit_obstructed && !seen.exit_shut;
                assert!(
                    (entry && exit) || (seen.service && (entry || exit)),
                    "{seen:?} {wanted:?}"
                );
            }
        }
    }

    #[test]
    fn the_service_key_opens_one_door_beside_contacts_that_may_be_broken() {
        let service = || all().filter(|(seen, _)| seen.service && !seen.way_out.any());
        for (seen, wanted) in service().filter(|(_, wanted)| wanted.entry != wanted.exit) {
            let released = enforce(seen, wanted);
            assert!(!wanted.entry || released.entry, "{seen:?}");
            assert!(!wanted.exit || released.exit, "{seen:?}");
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
        for (seen, _) in all().filter(|(seen, _)| !seen.way_out.any()) {
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
