//! What a search leaves out of a state must not matter: a machine that forgets after each tick, as
//! the searches let it, does in all that comes what one does that remembers everything.

use crate::host::{self, Lease};
use crate::lane::{NEWEST, NOW, Powers, TICK, limits, with_limits};
use crate::world::{Move, World};
use core::time::Duration;
use gate_interlock::Gate;
use gate_interlock::invariants::{ArmInvariants, Invariants, Violation};
use gate_protocol::pins::{Bits, Input};
use gate_protocol::{Answer, CheckedSite, Door, Event, Instant, Mode, Site, State, ToController};
use std::collections::HashSet;

pub(crate) const RUNS: u64 = 300;
pub(crate) const TICKS: u32 = 150;

/// Small generator of reproducible numbers (splitmix64).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) >> 32).expect("32 bits") % limit
    }

    pub(crate) fn one_of<T: Copy>(&mut self, things: &[T]) -> T {
        things[self.below(things.len())]
    }
}

/// The one who watches a lane, or a turnstile.
pub(crate) trait Bystander: Clone {
    fn answered(&mut self, now: Instant, asked: &ToController, answer: Answer);
    fn happened(&mut self, event: Event);
    fn check(&mut self, now: Instant, raw: Bits, gate: &Gate) -> Result<(), Violation>;
    fn forgets(&self, now: Instant) -> Self;
}

macro_rules! watches {
    ($bystander:ty) => {
        impl Bystander for $bystander {
            fn answered(&mut self, now: Instant, asked: &ToController, answer: Answer) {
                self.answered(now, asked, answer);
            }

            fn happened(&mut self, event: Event) {
                self.happened(event);
            }

            fn check(&mut self, now: Instant, raw: Bits, gate: &Gate) -> Result<(), Violation> {
                self.check(now, raw, gate.outputs(), gate.facts(now))
            }

            fn forgets(&self, now: Instant) -> Self {
                self.rebased(now)
            }
        }
    };
}

watches!(Invariants);
watches!(ArmInvariants);

/// A gate, its bystander, and what time it is for them.
#[derive(Clone)]
pub(crate) struct Kept<B> {
    pub(crate) gate: Gate,
    bystander: B,
    now: Instant,
}

/// All that can be seen of one scan.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    outputs: Bits,
    state: State,
    events: Vec<Event>,
    broken: Option<&'static str>,
}

impl<B: Bystander> Kept<B> {
    pub(crate) fn new(site: Site, bystander: impl FnOnce(CheckedSite) -> B) -> Self {
        let site = site.check().expect("a site within its bounds");
        Self {
            gate: with_limits(&Gate::new(NOW, Ok(site))).renumbered(|_| NEWEST),
            bystander: bystander(site),
            now: NOW,
        }
    }

    pub(crate) fn hear(&mut self, after: Duration, lease: Lease) {
        if lease != Lease::Unheard {
            self.gate.lease(self.now + after, lease == Lease::Held);
        }
    }

    pub(crate) fn ask(&mut self, after: Duration, asked: &ToController) -> Answer {
        let answer = self.gate.request(self.now + after, asked);
        self.bystander.answered(self.now + after, asked, answer);
        answer
    }

    pub(crate) fn scan(&mut self, after: Duration, raw: Bits) -> Shown {
        let now = self.now + after;
        let outputs = self.gate.scan(now, raw);
        let events: Vec<Event> = core::iter::from_fn(|| self.gate.next_event()).collect();
        for event in &events {
            self.bystander.happened(*event);
        }
        let verdict = self.bystander.check(now, raw, &self.gate);
        Shown {
            outputs,
            state: self.gate.state(),
            events,
            broken: verdict.err().map(|violation| violation.what),
        }
    }

    pub(crate) fn go_on(&mut self) {
        self.now = self.now + TICK;
    }

    pub(crate) fn forget(&mut self) {
        self.gate = self.gate.rebased(self.now);
        self.bystander = self.bystander.forgets(self.now);
        self.now = NOW;
    }
}

/// A site would bring its own limits.
pub(crate) fn keeps_limits(asked: &ToController) -> bool {
    !matches!(asked, ToController::Configure { .. })
}

/// What a host says that wants people to get through, and now and then anything else.
fn says(dice: &mut Dice, powers: &Powers, lane: &Gate) -> Option<ToController> {
    let mode = |mode| ToController::SetMode { mode };
    match (dice.below(8), lane.state()) {
        (0, _) => dice.one_of(&powers.words).asked(None).filter(keeps_limits),
        (1..=3, State::Occupied) => Some(host::permit(Door::Exit, 2, lane.passage())),
        (1, _) => Some(ToController::ClearAlarm),
        (2, _) => Some(mode(Mode::WalkIn)),
        _ => None,
    }
}

/// What happens in the lane: what goes wrong comes now and then, and goes away; else nothing ever
/// gets far.
fn happens(dice: &mut Dice, powers: &Powers, world: &World) -> Move {
    let mut moves = Vec::new();
    world.moves(powers, &mut moves);
    let walks = |moved: &Move| !matches!(moved, Move::Flips(_) | Move::Wrenches(_) | Move::Jams(_));
    let mends = |moved: &Move| match *moved {
        Move::Flips(input) => world.flipped.input(input),
        Move::Jams(door) => world.leaf(door).jammed,
        _ => false,
    };
    let wanted: Vec<Move> = match dice.below(12) {
        0 => moves,
        1..=6 => moves.into_iter().filter(walks).collect(),
        _ => moves.into_iter().filter(mends).collect(),
    };
    if wanted.is_empty() {
        return Move::Nothing;
    }
    dice.one_of(&wanted)
}

#[test]
fn a_lane_that_forgets_does_what_one_does_that_remembers() {
    let powers = Powers {
        words: host::hostile(),
        flips: &Input::ALL,
        flips_at_once: 2,
        hands: &[Door::Entry, Door::Exit],
        hands_at_once: 2,
        ..Powers::named("everything")
    };
    let ms = Duration::from_millis;
    let mut states = HashSet::new();
    for seed in 0..RUNS {
        let mut dice = Dice(seed);
        let bystander = |site| Invariants::new(site).with_limits(limits());
        let mut remembers = Kept::new(powers.site, bystander);
        let mut forgets = remembers.clone();
        let mut world = World::built(powers.site.exit_lock);
        for tick in 0..TICKS {
            world.make(happens(&mut dice, &powers, &world));
            let lease = dice.one_of(&[
                Lease::Held,
                Lease::Held,
                Lease::Held,
                Lease::Lost,
                Lease::Unheard,
            ]);
            let said = says(&mut dice, &powers, &remembers.gate);
            for after in [0, 100, 200].map(ms) {
                let raw = world.inputs(remembers.gate.outputs());
                let both = [&mut remembers, &mut forgets].map(|kept| {
                    let mut answer = None;
                    match after.as_millis() {
                        0 => kept.hear(after, lease),
                        100 => answer = said.as_ref().map(|said| kept.ask(after, said)),
                        _ => {}
                    }
                    (answer, kept.scan(after, raw))
                });
                assert_eq!(both[0], both[1], "seed {seed}, tick {tick}, {after:?}");
            }
            states.insert(format!("{:?}", remembers.gate.state()));
            world.follow(remembers.gate.outputs());
            for kept in [&mut remembers, &mut forgets] {
                kept.go_on();
            }
            forgets.forget();
        }
    }
    // All of them but the turnstile's, and a gate's without a site.
    assert_eq!(states.len(), 15, "{states:?}");
}
