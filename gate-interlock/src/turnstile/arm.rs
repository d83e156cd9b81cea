//! Where the arm stands, how it came there and whether it was free to.

use super::limits::HALF_TURN;
use crate::Released;
use core::time::Duration;
use gate_protocol::{Door, Instant};

/// Brake and home switch lag behind: an arm that leaves home this soon after it was held had begun
/// before.
pub(crate) const LAG: Duration = Duration::from_millis(50);
/// Steps that an arm has counted in its rest are forgotten when it has been still for this long.
const STILL: Duration = Duration::from_millis(500);
/// A turn, and a period of the hub for an arm that swings on. Whoever rocks in the arm never counts so
/// far: a hub that has, without a rest, says no more by it than that the home switch is blind.
const MOST_STEPS: i16 = 2 * HALF_TURN + 4;

/// Home switch and hub sensor of the arm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct ArmReading {
    pub(crate) home: bool,
    pub(crate) rotation: [bool; 2],
}

/// How the arm came home.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// In the next rest that way: somebody has passed.
    Turned(Door),
    /// In the rest that it had left.
    Returned,
}

/// The arm over time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Arm {
    phase: Option<u8>,
    /// Steps of the hub since the arm was last at home, towards the exit counted up.
    steps: i16,
    stepped: Instant,
    home: bool,
    /// It has been at home since the start.
    known: bool,
    left: Instant,
    /// When it was last free to turn towards the entry and the exit.
    freed: [Option<Instant>; 2],
    /// The ways that it has been free to turn since it left home.
    free: Released,
    /// The ways that the last scan released.
    told: Released,
    /// The ways that were released when it left home, not only a moment before: it may go all the way.
    leave: Released,
}

impl Arm {
    /// An arm of which nothing is known. After a power cut it may stand away from home, rightly.
    pub(crate) const fn unknown() -> Self {
        Self {
            phase: None,
            steps: 0,
            stepped: Instant::ZERO,
            home: false,
            known: false,
            left: Instant::ZERO,
            freed: [None; 2],
            free: Released::BOTH,
            told: Released::NONE,
            leave: Released::BOTH,
        }
    }

    /// Follows the sensors. `half_turn` is half the way from one rest to the next, in steps.
    pub(crate) fn update(
        &mut self,
        now: Instant,
        reading: ArmReading,
        half_turn: i16,
    ) -> Option<Arrival> {
        self.count(now, reading.rotation);
        let was_home = core::mem::replace(&mut self.home, reading.home);
        if was_home && !reading.home {
            self.left = now;
            let lately = |freed: Option<Instant>| freed.is_some_and(|at| now.since(at) <= LAG);
            let [entry, exit] = self.freed.map(lately);
            self.free = Released { entry, exit };
            self.leave = self.told;
        }
        if was_home || !reading.home {
            return None;
        }
        self.known = true;
        let steps = core::mem::take(&mut self.steps);
        Some(match way(steps) {
            Some(way) if steps.abs() >= half_turn => Arrival::Turned(way),
            _ => Arrival::Returned,
        })
    }

    /// Two channels a quarter of a period apart. A jump over two phases says no direction and
    /// counts nothing.
    fn count(&mut self, now: Instant, [a, b]: [bool; 2]) {
        let phase = match (a, b) {
            (false, false) => 0,
            (true, false) => 1,
            (true, true) => 2,
            (false, true) => 3_u8,
        };
        let step = match phase.wrapping_sub(self.phase.unwrap_or(phase)) & 3 {
            1 => 1,
            3 => -1,
            _ => 0,
        };
        self.phase = Some(phase);
        if step != 0 {
            // Turning back does not make a blind switch see.
            self.steps += if self.is_lost() { 0 } else { step };
            self.stepped = now;
        } else if self.home && now.since(self.stepped) >= STILL {
            // A step that was lost while the arm rattled in its rest must not count for ever.
            self.steps = 0;
        }
    }

    /// Notes which ways the scan released.
    pub(crate) fn tell(&mut self, now: Instant, released: Released) {
        for (freed, is) in self.freed.iter_mut().zip([released.entry, released.exit]) {
            *freed = if is { Some(now) } else { *freed };
        }
        self.free = self.free.or(released);
        self.told = released;
    }

    /// Somebody has begun to turn it in time, although it may have left home a moment too late.
    pub(crate) fn permit(&mut self, way: Door) {
        self.leave = self.leave.or(Released::only(way));
    }

    /// Forgets what no longer matters, and visits the moments that do: see
    /// [`Moments`](crate::rebase::Moments).
    pub(crate) fn moments(
        &mut self,
        now: Instant,
        contradiction: Duration,
        visit: &mut impl FnMut(&mut Instant, Duration),
    ) {
        if self.home {
            (self.free, self.leave) = (Released::NONE, Released::NONE);
        } else {
            self.told = Released::NONE;
        }
        // Steps in the rest are forgotten in time; away from it the sensors may contradict each other as long as there are none.
        let (resting, unseen) = (self.home && self.steps != 0, !self.home && self.steps == 0);
        let (still, lies) = (
            if resting { STILL } else { Duration::ZERO },
            if unseen {
                contradiction
            } else {
                Duration::ZERO
            },
        );
        visit(&mut self.stepped, still.max(lies));
        visit(&mut self.left, lies);
        for freed in &mut self.freed {
            *freed = freed.filter(|at| now.since(*at) <= LAG);
            if let Some(at) = freed {
                visit(at, LAG);
            }
        }
    }

    pub(crate) const fn is_home(&self) -> bool {
        self.home
    }

    /// Where it stands away from home, once that is known.
    pub(crate) fn away(&self) -> Option<Door> {
        way(self.steps).filter(|_| !self.home)
    }

    /// SAF-053: it stands away from home where it was not free to go.
    pub(crate) fn forced(&self) -> Option<Door> {
        self.away().filter(|way| self.known && !self.free.has(*way))
    }

    /// SAF-053: it has come home by a whole turn for which it was held. What it was given to swing on
    /// when the turn before had ended is no leave to take another.
    pub(crate) fn forced_through(&self, arrival: Option<Arrival>) -> Option<Door> {
        match arrival {
            Some(Arrival::Turned(way)) if !self.leave.has(way) => Some(way),
            _ => None,
        }
    }

    /// It stands away from home where it was free to go, so somebody may stand in it.
    pub(crate) fn is_rightly_away(&self) -> bool {
        let freely = || self.away().is_some_and(|way| self.free.has(way));
        !self.home && !self.is_lost() && (!self.known || freely())
    }

    /// SAF-058: it must have passed a rest that the home switch has not seen.
    const fn is_lost(&self) -> bool {
        self.steps.abs() >= MOST_STEPS
    }

    /// SAF-010: the home switch says one thing and the hub another.
    pub(crate) fn contradicts_itself(
        &self,
        now: Instant,
        half_turn: i16,
        patience: Duration,
    ) -> bool {
        if self.home {
            return self.steps.abs() >= half_turn;
        }
        if self.is_lost() {
            return true;
        }
        self.known && self.steps == 0 && now.since(self.left.max(self.stepped)) >= patience
    }
}

const fn way(steps: i16) -> Option<Door> {
    match steps {
        0 => None,
        1.. => Some(Door::Exit),
        _ => Some(Door::Entry),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(home: bool, phase: i16) -> ArmReading {
        let phase = phase.rem_euclid(4);
        ArmReading {
            home,
            rotation: [phase == 1 || phase == 2, phase >= 2],
        }
    }

    /// An arm at home in its rest, then led through `steps`, 10 ms each; what came of it.
    fn led(free: Released, steps: impl IntoIterator<Item = i16>) -> (Arm, Option<Arrival>) {
        let mut arm = Arm::unknown();
        let mut arrived = None;
        for ms in 0..3 {
            arm.update(Instant::from_millis(ms), reading(true, 0), HALF_TURN);
            arm.tell(Instant::from_millis(ms), free);
        }
        for (n, step) in steps.into_iter().enumerate() {
            let now = Instant::from_millis(10 + 10 * n as u64);
            let home = step % (2 * HALF_TURN) == 0;
            arrived = arm.update(now, reading(home, step), HALF_TURN).or(arrived);
            arm.tell(now, Released::NONE);
        }
        (arm, arrived)
    }

    #[test]
    fn the_way_of_a_turn_is_known_when_it_ends() {
        let exit = Released::only(Door::Exit);
        let cases = [
            (
                "towards the exit",
                led(exit, 1..=24),
                Some(Arrival::Turned(Door::Exit)),
            ),
            (
                "towards the entry",
                led(exit, (-24..0).rev()),
                Some(Arrival::Turned(Door::Entry)),
            ),
            (
                "there and back",
                led(exit, (1..=11).chain((0..11).rev())),
                Some(Arrival::Returned),
            ),
            ("not there yet", led(exit, 1..=23), None),
        ];
        for (name, (_, arrived), expected) in cases {
            assert_eq!(arrived, expected, "{name}");
        }
    }

    #[test]
    fn an_arm_that_leaves_home_where_it_is_held_was_forced() {
        let exit = Released::only(Door::Exit);
        for (name, free, step, forced) in [
            ("held", Released::NONE, 1, Some(Door::Exit)),
            ("free that way", exit, 1, None),
            ("free the other way", exit, -1, Some(Door::Entry)),
            ("free", Released::BOTH, -1, None),
        ] {
            let (arm, _) = led(free, [step]);
            assert_eq!(arm.forced(), forced, "{name}");
            assert_eq!(arm.is_rightly_away(), forced.is_none(), "{name}");
        }
    }

    #[test]
    fn an_arm_found_away_from_home_was_not_forced() {
        let mut arm = Arm::unknown();
        for step in 0..5 {
            let now = Instant::from_millis(10 * step as u64);
            arm.update(now, reading(false, step), HALF_TURN);
            arm.tell(now, Released::NONE);
        }
        assert_eq!(arm.forced(), None);
        assert!(arm.is_rightly_away());
    }

    #[test]
    fn a_home_switch_that_does_not_follow_the_hub_is_noticed_and_the_other_way_round() {
        let patience = Duration::from_millis(500);
        let mut arm = Arm::unknown();
        for step in 0..=HALF_TURN {
            assert!(!arm.contradicts_itself(Instant::from_millis(0), HALF_TURN, patience));
            let now = Instant::from_millis(10 * step as u64);
            arm.update(now, reading(true, step), HALF_TURN);
        }
        assert!(arm.contradicts_itself(Instant::from_millis(120), HALF_TURN, patience));

        let mut arm = Arm::unknown();
        arm.update(Instant::ZERO, reading(true, 0), HALF_TURN);
        arm.update(Instant::from_millis(1), reading(false, 0), HALF_TURN);
        assert!(!arm.contradicts_itself(Instant::from_millis(500), HALF_TURN, patience));
        assert!(arm.contradicts_itself(Instant::from_millis(501), HALF_TURN, patience));
    }

    #[test]
    fn an_arm_that_rattles_in_its_rest_never_counts_up() {
        let mut arm = Arm::unknown();
        let mut now = Instant::ZERO;
        for _ in 0..100 {
            for (home, phase, ms) in [
                (true, 0, 10),
                (true, 1, 10),
                (true, 3, 1_000),
                (true, 0, 10),
            ] {
                now = now + Duration::from_millis(ms);
                arm.update(now, reading(home, phase), HALF_TURN);
                let patience = Duration::from_millis(500);
                assert!(!arm.contradicts_itself(now, HALF_TURN, patience));
            }
        }
    }
}
