//! Where things are, in metres along the lane. The entry door is at 0, the way across is positive.

/// A stretch of the lane.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stretch {
    from: f64,
    to: f64,
}

/// A doorway: bodies stop before it while the leaves are in the way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Doorway(f64);

/// Half the length of a body with what it carries, m.
const BODY_HALF: f64 = 0.2;
/// A light curtain sees this far before and behind its door, m.
const CURTAIN_HALF: f64 = 0.1;

/// Where somebody comes from, and goes back to.
pub(super) const START: f64 = -3.0;
/// Where somebody stands before the entry.
pub(super) const QUEUE: f64 = -0.55;
/// Where reader and camera are.
pub(super) const STAND: f64 = 1.4;
/// Where somebody turns who has only just stepped in: between the leaves of the entry.
pub(super) const THRESHOLD: f64 = 0.0;
/// Where somebody stands who waits for the exit to open, from outside.
pub(super) const BEYOND: f64 = 3.1;
/// Where nobody sees anybody any more.
pub(super) const FAR: f64 = 4.0;

/// The way that the profile's time for walking in is meant for, m.
pub(super) const WAY_IN: f64 = 1.5;
/// From the reader to behind the beam after the exit, m.
pub(super) const WAY_OUT: f64 = 1.65;

pub(super) const ENTRY: Doorway = Doorway(0.0);
pub(super) const EXIT: Doorway = Doorway(2.4);

pub(super) const ZONE_IN: Stretch = Stretch {
    from: -1.0,
    to: -0.15,
};
pub(super) const CHAMBER_1: Stretch = Stretch {
    from: 0.15,
    to: 1.2,
};
pub(super) const CHAMBER_2: Stretch = Stretch {
    from: 1.2,
    to: 2.25,
};
/// Where the chamber begins.
pub(super) const CHAMBER_FROM: f64 = 0.15;
/// Where the chamber ends.
pub(super) const CHAMBER_TO: f64 = 2.25;
pub(super) const CHAMBER: Stretch = Stretch {
    from: CHAMBER_FROM,
    to: CHAMBER_TO,
};
pub(super) const ZONE_OUT: Stretch = Stretch {
    from: 2.55,
    to: 2.85,
};

impl Stretch {
    /// Whether a body at `x` is seen in this stretch.
    pub(super) fn holds(self, x: f64) -> bool {
        x + BODY_HALF > self.from && x - BODY_HALF < self.to
    }
}

impl Doorway {
    /// Whether a body at `x` is in the light curtain.
    pub(super) fn holds(self, x: f64) -> bool {
        Stretch {
            from: self.0 - CURTAIN_HALF,
            to: self.0 + CURTAIN_HALF,
        }
        .holds(x)
    }

    /// Whether a body at `x` has walked out of it, the way across.
    pub(super) fn is_behind(self, x: f64) -> bool {
        x >= self.0 + CURTAIN_HALF + BODY_HALF
    }

    /// Where a body gets that wants from `from` to `to`. Whoever is already between the leaves
    /// walks on.
    pub(super) fn stops(self, from: f64, to: f64, passable: bool) -> f64 {
        let before = self.0 - CURTAIN_HALF - BODY_HALF;
        let behind = self.0 + CURTAIN_HALF + BODY_HALF;
        if passable || from > before && from < behind {
            to
        } else if from <= before {
            to.min(before)
        } else {
            to.max(behind)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shut_door_stops_whoever_is_not_yet_in_it() {
        let cases = [
            ("towards it", 1.0, 3.0, false, 2.1),
            ("through it", 1.0, 3.0, true, 3.0),
            ("between the leaves", 2.3, 2.5, false, 2.5),
            ("from behind", 3.5, 1.0, false, 2.7),
            ("away from it", 1.0, 0.5, false, 0.5),
        ];
        for (name, from, to, passable, expected) in cases {
            let found = EXIT.stops(from, to, passable);
            assert!((found - expected).abs() < 1e-9, "{name}: {found}");
        }
    }

    #[test]
    fn whoever_stands_at_the_reader_is_in_the_chamber_and_in_no_doorway() {
        assert!(CHAMBER.holds(STAND));
        assert!(!ENTRY.holds(STAND) && !EXIT.holds(STAND));
        assert!(!ZONE_IN.holds(STAND) && !ZONE_OUT.holds(STAND));
        assert!(ZONE_IN.holds(QUEUE) && !ENTRY.holds(QUEUE));
    }
}
