//! A pair of sliding leaves with a bolt.

/// How long the bolt takes from one end to the other, s.
const BOLT_S: f64 = 0.06;
/// A leaf counts as in its end position this far from it (share of its way).
const END: f64 = 0.005;
/// Somebody between the leaves keeps them this far apart (share of the way).
const BODY: f64 = 0.4;
/// Leaves this far apart let a person through (share of the way).
const PASSABLE: f64 = 0.75;

/// What the controller's relays ask of a door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Command {
    /// The fail-safe lock is energised: bolted as soon as the leaves are shut.
    pub hold: bool,
    /// The drive opens; without it the drive closes.
    pub open: bool,
}

/// A door. Positions are shares of the whole way: 0.0 shut, 1.0 open.
#[derive(Clone, Debug)]
pub(super) struct DoorLeaves {
    leaf: f64,
    bolt: f64,
    opens_s: f64,
    closes_s: f64,
    stuck: bool,
    pushed: bool,
}

impl DoorLeaves {
    /// A shut, unbolted door, as it stands without power.
    pub(super) const fn new() -> Self {
        Self {
            leaf: 0.0,
            bolt: 0.0,
            opens_s: 0.8,
            closes_s: 0.9,
            stuck: false,
            pushed: false,
        }
    }

    /// How long the next motions take, s.
    pub(super) const fn paced(&mut self, opens_s: f64, closes_s: f64) {
        self.opens_s = opens_s;
        self.closes_s = closes_s;
    }

    /// The leaves do not move any more, or do again.
    pub(super) const fn stick(&mut self, stuck: bool) {
        self.stuck = stuck;
    }

    /// Somebody pushes the leaves apart with force, or lets go.
    pub(super) const fn push(&mut self, pushed: bool) {
        self.pushed = pushed;
    }

    /// Moves for `dt` seconds; `blocked` while a body is between the leaves. Tells whether
    /// anything moved.
    pub(super) fn step(&mut self, dt: f64, command: Command, blocked: bool) -> bool {
        let before = (self.leaf, self.bolt);
        let shut = self.is_closed();
        let bolt_way = dt / BOLT_S;
        self.bolt = if command.hold && shut {
            (self.bolt + bolt_way).min(1.0)
        } else {
            (self.bolt - bolt_way).max(0.0)
        };
        if !self.stuck {
            self.leaf = self.moved(dt, command, blocked);
        }
        before != (self.leaf, self.bolt)
    }

    fn moved(&self, dt: f64, command: Command, blocked: bool) -> f64 {
        if self.pushed {
            return (self.leaf + dt / self.opens_s).min(1.0);
        }
        if command.open {
            let free = self.bolt <= 0.0;
            return if free {
                (self.leaf + dt / self.opens_s).min(1.0)
            } else {
                self.leaf
            };
        }
        let least = if blocked { BODY.min(self.leaf) } else { 0.0 };
        (self.leaf - dt / self.closes_s).max(least)
    }

    /// The contact of the closed position.
    pub(super) fn is_closed(&self) -> bool {
        self.leaf <= END
    }

    /// The contact of the bolt.
    pub(super) fn is_locked(&self) -> bool {
        self.is_closed() && self.bolt >= 1.0
    }

    /// The contact of the open position.
    pub(super) fn is_open(&self) -> bool {
        self.leaf >= 1.0 - END
    }

    /// Whether a person can pass.
    pub(super) fn is_passable(&self) -> bool {
        self.leaf >= PASSABLE
    }

    /// How far the leaves are apart, 0.0 ..= 1.0.
    pub(super) const fn position(&self) -> f64 {
        self.leaf
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN: Command = Command {
        hold: false,
        open: true,
    };
    const SHUT: Command = Command {
        hold: true,
        open: false,
    };

    fn run(door: &mut DoorLeaves, seconds: f64, command: Command, blocked: bool) {
        for _ in 0..(seconds * 1000.0) as u32 {
            door.step(0.001, command, blocked);
        }
    }

    #[test]
    fn a_door_opens_in_its_time_and_shuts_and_bolts_again() {
        let mut door = DoorLeaves::new();
        run(&mut door, 0.1, SHUT, false);
        assert!(door.is_locked());
        run(&mut door, 0.7, OPEN, false);
        assert!(!door.is_open() && !door.is_closed() && !door.is_locked());
        run(&mut door, 0.2, OPEN, false);
        assert!(door.is_open());
        run(&mut door, 1.0, SHUT, false);
        assert!(door.is_closed() && door.is_locked());
    }

    #[test]
    fn a_bolted_door_does_not_open() {
        let mut door = DoorLeaves::new();
        run(&mut door, 0.1, SHUT, false);
        run(
            &mut door,
            2.0,
            Command {
                hold: true,
                open: true,
            },
            false,
        );
        assert!(door.is_locked());
    }

    #[test]
    fn a_body_between_the_leaves_keeps_them_apart() {
        let mut door = DoorLeaves::new();
        run(&mut door, 1.0, OPEN, false);
        run(&mut door, 3.0, SHUT, true);
        assert!(!door.is_closed() && door.position() >= BODY);
    }

    #[test]
    fn force_overcomes_the_bolt() {
        let mut door = DoorLeaves::new();
        run(&mut door, 0.1, SHUT, false);
        door.push(true);
        run(&mut door, 0.2, SHUT, false);
        assert!(!door.is_closed() && !door.is_locked());
    }
}
