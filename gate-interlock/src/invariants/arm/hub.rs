//! Where the arm stands, by a book of the bystander's own.

use super::seen::Seen;
use crate::Released;
use core::time::Duration;
use gate_protocol::pins::TurnstileInput;
use gate_protocol::{Door, Instant};

/// Half the way from one rest to the next, in steps of the hub.
pub(super) const HALF_TURN: i8 = 12;
const HALF_TURN_BACK: i8 = -HALF_TURN;
/// Steps that the hub counts at most without a rest: there is one at the end of every turn, and a
/// period of the hub is left for an arm that swings on.
const MOST_STEPS: i8 = 2 * HALF_TURN + 4;
/// Brake and home switch lag behind the arm by so much at most.
pub(super) const LAG: Duration = Duration::from_millis(50);
/// An arm that has been still in its rest for so long stands where it stands.
pub(super) const STILL: Duration = Duration::from_millis(500);
pub(super) const WAYS: [Door; 2] = [Door::Entry, Door::Exit];

/// Where the arm stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Hub {
    pub(super) phase: Option<u8>,
    /// Steps from its rest, towards the exit counted up.
    pub(super) steps: i8,
    pub(super) stepped: Instant,
    pub(super) home: bool,
    /// It has been seen in a rest.
    pub(super) known: bool,
    pub(super) left: Instant,
    /// When each way was last free, and which have been since the arm left its rest.
    pub(super) freed: [Option<Instant>; 2],
    pub(super) free: Released,
    /// What the last scan released, and what was released when the arm left its rest.
    pub(super) released: Released,
    pub(super) leave: Released,
    /// How it has come home in this scan.
    pub(super) arrived: Option<Came>,
}

/// How the arm has come into a rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Came {
    /// By a whole turn.
    Round(Door),
    /// Otherwise.
    Back,
}

impl Hub {
    /// Nothing has been seen yet: whoever stands in the arm is there rightly.
    pub(super) const fn unknown() -> Self {
        Self {
            phase: None,
            steps: 0,
            stepped: Instant::ZERO,
            home: false,
            known: false,
            left: Instant::ZERO,
            freed: [None; 2],
            free: Released::BOTH,
            released: Released::NONE,
            leave: Released::BOTH,
            arrived: None,
        }
    }

    pub(super) fn follow(&mut self, seen: &Seen) {
        let now = seen.now;
        let phase = match (
            seen.is(TurnstileInput::RotationA),
            seen.is(TurnstileInput::RotationB),
        ) {
            (false, false) => 0,
            (true, false) => 1,
            (true, true) => 2,
            (false, true) => 3,
        };
        let turned = (phase + 4 - self.phase.replace(phase).unwrap_or(phase)) % 4;
        let home = seen.is(TurnstileInput::Home);
        if turned % 2 == 1 {
            let step = if turned == 1 { 1 } else { -1 };
            self.steps += if self.is_past_counting() { 0 } else { step };
            self.stepped = now;
        } else if self.home && now.since(self.stepped) >= STILL {
            self.steps = 0;
        }
        if self.home && !home {
            self.left = now;
            let lately = |freed: Option<Instant>| freed.is_some_and(|at| now.since(at) <= LAG);
            let [entry, exit] = self.freed.map(lately);
            self.free = Released { entry, exit };
            self.leave = self.released;
        }
        self.arrived = None;
        if home && !self.home {
            self.arrived = Some(match core::mem::take(&mut self.steps) {
                HALF_TURN.. => Came::Round(Door::Exit),
                ..=HALF_TURN_BACK => Came::Round(Door::Entry),
                _ => Came::Back,
            });
            self.known = true;
        }
        self.home = home;
    }

    pub(super) fn tell(&mut self, now: Instant, released: Released) {
        for (freed, way) in self.freed.iter_mut().zip(WAYS) {
            *freed = if released.has(way) { Some(now) } else { *freed };
        }
        self.free = self.free.or(released);
        self.released = released;
    }

    /// It has not been seen in a rest for more than a turn.
    pub(super) const fn is_lost(&self) -> bool {
        !self.home && self.is_past_counting()
    }

    const fn is_past_counting(&self) -> bool {
        self.steps.abs() >= MOST_STEPS
    }

    /// Which way it stands away from its rest, once that is known.
    const fn away(&self) -> Option<Door> {
        match self.steps {
            _ if self.home => None,
            0 => None,
            1.. => Some(Door::Exit),
            _ => Some(Door::Entry),
        }
    }

    pub(super) fn is_forced(&self) -> bool {
        self.known && self.away().is_some_and(|way| !self.free.has(way))
    }

    pub(super) fn is_rightly_away(&self) -> bool {
        let freely = !self.known || self.away().is_some_and(|way| self.free.has(way));
        !self.home && !self.is_past_counting() && freely
    }
}
