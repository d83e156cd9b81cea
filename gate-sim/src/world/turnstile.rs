//! A tripod turnstile and the people who push it.
//!
//! Like the lane's world it is stepped and knows no clock. The arm turns in thirds: a body in the
//! beams pushes it if its way is not held, and a spring brings it to the nearest rest when nobody
//! does. Angles are degrees, places are metres along the way to the exit; the arm is at 0.

use gate_protocol::pins::{Bits, TurnstileInput, TurnstileOutput};
use gate_protocol::{Door, Instant};
use std::time::Duration;

/// The arm moves in steps of at most this length, however rarely the world is stepped: the hub
/// sensor must not jump over a step.
const STEP_MAX: Duration = Duration::from_millis(2);
/// From one rest of the arm to the next, degrees.
const TURN: f64 = 120.0;
/// One step of the hub sensor, degrees: 24 from rest to rest.
const HUB_STEP: f64 = 5.0;
/// The arm counts as at home this near to its rest, degrees.
const HOME: f64 = 5.0;
/// How far a held arm gives way, degrees. Less than the home switch notices.
const PLAY: f64 = 4.0;
/// How fast the spring brings the arm to a rest, degrees per second.
const SPRING: f64 = 150.0;
/// Walking speed, m/s.
const WALK: f64 = 0.9;
/// A person pushes the arm from here to here; in between the arm makes its turn.
const PUSHES: f64 = 0.6;
/// Half the depth of a body, m.
const BODY_HALF: f64 = 0.15;
/// How far behind the first a second one walks who goes through with them, m.
const HEELS: f64 = 0.38;
/// Where people come from and where they are gone, m from the arm.
const FAR: f64 = 1.5;
/// Where somebody turns back who does: the spring still brings the arm back from here, m.
const HALF_WAY: f64 = -0.1;
/// Beams from the entry's side to the exit's.
const BEAMS: [f64; 3] = [-0.25, 0.0, 0.25];

/// What somebody does who comes to the arm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Walk {
    /// Goes through as soon as the arm gives way.
    Through,
    /// Goes almost half the way and back again.
    HalfAndBack,
    /// Goes almost half the way and stays there.
    StaysInTheArm,
    /// Shakes the arm for two seconds and goes away.
    Rattles,
    /// Turns the arm whatever holds it.
    Forces,
}

#[derive(Clone, Debug)]
struct Walker {
    walk: Walk,
    way: Door,
    /// Place along this person's own way: negative before the arm.
    x: f64,
    /// Somebody close behind, who slips through on the same turn.
    tail: bool,
    turns_back: bool,
    /// The rest of the arm in which this person stepped between its bars.
    between_bars: Option<f64>,
    rattled: Duration,
}

/// The arm and everybody at it.
#[derive(Clone, Debug)]
pub struct TurnstileWorld {
    now: Instant,
    /// Towards the exit counted up; a multiple of [`TURN`] is a rest.
    angle: f64,
    walker: Option<Walker>,
    dropped: bool,
    inputs: Bits,
    crossed: [u32; 2],
}

impl Default for TurnstileWorld {
    fn default() -> Self {
        Self::new()
    }
}

impl TurnstileWorld {
    /// An arm at rest and nobody there.
    #[must_use]
    pub fn new() -> Self {
        let low = [
            TurnstileInput::BatteryLow,
            TurnstileInput::KeyService,
            TurnstileInput::Pair,
        ];
        let inputs = low.into_iter().fold(Bits(0x00ff_ffff), |bits, input| {
            bits.with_turnstile_input(input, false)
        });
        Self {
            now: Instant::ZERO,
            angle: 0.0,
            walker: None,
            dropped: false,
            inputs,
            crossed: [0; 2],
        }
    }

    /// Somebody comes to the arm, where nobody else is.
    pub fn send(&mut self, way: Door, walk: Walk) {
        self.walker = Some(Walker {
            walk,
            way,
            x: -FAR,
            tail: false,
            turns_back: false,
            between_bars: None,
            rattled: Duration::ZERO,
        });
    }

    /// Two people come, one close behind the other.
    pub fn send_two(&mut self, way: Door) {
        self.send(way, Walk::Through);
        if let Some(walker) = &mut self.walker {
            walker.tail = true;
        }
    }

    /// Whoever is there is gone.
    pub fn clear(&mut self) {
        self.walker = None;
    }

    /// Raises an arm that has dropped.
    pub fn raise(&mut self) {
        self.dropped = false;
    }

    /// Holds an input at a level that nothing else here moves: a button, a loop, a key.
    pub fn set(&mut self, input: TurnstileInput, high: bool) {
        self.inputs = self.inputs.with_turnstile_input(input, high);
    }

    /// How many people have gone through that way.
    #[must_use]
    pub const fn crossed(&self, way: Door) -> u32 {
        self.crossed[way as usize]
    }

    /// Nobody is at the arm.
    #[must_use]
    pub const fn is_deserted(&self) -> bool {
        self.walker.is_none()
    }

    /// Lives on until `now` under the controller's `outputs`; gives the controller's inputs.
    pub fn step(&mut self, now: Instant, outputs: Bits) -> Bits {
        while self.now < now {
            let next = (self.now + STEP_MAX).min(now);
            let dt = next.since(self.now);
            self.now = next;
            self.advance(dt, outputs);
        }
        self.sense()
    }

    fn advance(&mut self, dt: Duration, outputs: Bits) {
        self.dropped |= outputs.turnstile_output(TurnstileOutput::DropArm);
        let free = Free {
            entry: !outputs.turnstile_output(TurnstileOutput::EntryHold),
            exit: !outputs.turnstile_output(TurnstileOutput::ExitHold),
        };
        let Some(mut walker) = self.walker.take() else {
            return self.spring_home(dt);
        };
        let before = walker.x;
        let step = walker.wanted_step(dt);
        if self.dropped {
            walker.x += step;
            walker.between_bars = None;
        } else {
            self.push(&mut walker, step, free);
        }
        if before < PUSHES && walker.x >= PUSHES {
            self.crossed[walker.way as usize] += if walker.tail { 2 } else { 1 };
        }
        if walker.between_bars.is_none() {
            self.spring_home(dt);
        }
        self.walker = Some(walker).filter(|walker| !walker.is_gone());
    }

    /// Takes somebody `step` metres on, and the arm with them as long as they are between its bars.
    fn push(&mut self, walker: &mut Walker, step: f64, free: Free) {
        let wanted = walker.x + step;
        if !(-PUSHES..PUSHES).contains(&wanted) && walker.between_bars.is_none() {
            walker.x = wanted;
            return;
        }
        let rest = *walker
            .between_bars
            .get_or_insert_with(|| nearest_rest(self.angle));
        let sign = if walker.way == Door::Exit { 1.0 } else { -1.0 };
        let share = (wanted.clamp(-PUSHES, PUSHES) + PUSHES) / (2.0 * PUSHES);
        let angle = rest + sign * share * TURN;
        let limited = if walker.walk == Walk::Forces {
            angle
        } else {
            self.limited(angle, free)
        };
        self.angle = limited;
        if (limited - angle).abs() > 1e-9 {
            walker.x = (limited - rest) * sign / TURN * 2.0 * PUSHES - PUSHES;
            return;
        }
        walker.x = wanted;
        if !(-PUSHES..PUSHES).contains(&wanted) {
            walker.between_bars = None;
        }
    }

    /// A hold is a pawl: it catches the arm in a rest, with some play, and nowhere else.
    fn limited(&self, wanted: f64, free: Free) -> f64 {
        let (below, above) = (
            (self.angle / TURN).floor() * TURN,
            (self.angle / TURN).ceil() * TURN,
        );
        let up = if free.exit {
            f64::INFINITY
        } else if self.angle - below <= PLAY {
            below + PLAY
        } else {
            below + TURN + PLAY
        };
        let down = if free.entry {
            f64::NEG_INFINITY
        } else if above - self.angle <= PLAY {
            above - PLAY
        } else {
            above - TURN - PLAY
        };
        wanted.clamp(down, up)
    }

    fn spring_home(&mut self, dt: Duration) {
        let most = SPRING * dt.as_secs_f64();
        self.angle += (nearest_rest(self.angle) - self.angle).clamp(-most, most);
    }

    fn sense(&self) -> Bits {
        let phase = (self.angle / HUB_STEP).round().rem_euclid(4.0);
        let from_rest = (self.angle - nearest_rest(self.angle)).abs();
        let beams = [
            TurnstileInput::Beam1Free,
            TurnstileInput::Beam2Free,
            TurnstileInput::Beam3Free,
        ];
        let inputs = self
            .inputs
            .with_turnstile_input(TurnstileInput::Home, from_rest <= HOME && !self.dropped)
            .with_turnstile_input(TurnstileInput::RotationA, (0.5..2.5).contains(&phase))
            .with_turnstile_input(TurnstileInput::RotationB, phase >= 1.5);
        beams
            .into_iter()
            .zip(BEAMS)
            .fold(inputs, |bits, (input, at)| {
                let broken = self.walker.as_ref().is_some_and(|one| one.breaks(at));
                bits.with_turnstile_input(input, bits.turnstile_input(input) && !broken)
            })
    }
}

fn nearest_rest(angle: f64) -> f64 {
    (angle / TURN).round() * TURN
}

/// The ways in which the arm is not held.
#[derive(Clone, Copy)]
struct Free {
    entry: bool,
    exit: bool,
}

impl Walker {
    /// Metres along this person's way, against it if negative.
    fn wanted_step(&mut self, dt: Duration) -> f64 {
        let step = WALK * dt.as_secs_f64();
        match self.walk {
            Walk::Through | Walk::Forces => {}
            Walk::HalfAndBack => self.turns_back |= self.x >= HALF_WAY,
            Walk::StaysInTheArm if self.x >= HALF_WAY => return 0.0,
            Walk::StaysInTheArm => {}
            Walk::Rattles if self.x > -PUSHES - 0.05 && !self.turns_back => {
                self.rattled += dt;
                self.turns_back = self.rattled >= Duration::from_secs(2);
                let forth = (self.rattled.as_millis() / 70).is_multiple_of(2);
                return if forth { step } else { -step };
            }
            Walk::Rattles => {}
        }
        if self.turns_back { -step } else { step }
    }

    fn is_gone(&self) -> bool {
        let last = if self.tail { self.x - HEELS } else { self.x };
        last >= FAR || (self.turns_back && self.x <= -FAR)
    }

    /// `at` is the beam's place towards the exit.
    fn breaks(&self, at: f64) -> bool {
        let at = if self.way == Door::Exit { at } else { -at };
        let at_body = |x: f64| (x - at).abs() < BODY_HALF;
        at_body(self.x) || (self.tail && at_body(self.x - HEELS))
    }
}
