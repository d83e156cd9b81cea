//! What a search leaves out of a state must not matter: a machine that forgets after each tick, as
//! the searches let it, does in all that comes what one does that remembers everything.

use crate::host::{self, Lease};
use crate::lane::{NEWEST, NOW, Powers, TICK, limits};
use crate::world::{Move, World};
use core::time::Duration;
use gate_interlock::Interlock;
use gate_interlock::invariants::Invariants;
use gate_protocol::pins::{Bits, Input};
use gate_protocol::{Answer, Door, Event, Instant, Mode, State, ToController};
use std::collections::HashSet;

const RUNS: u64 = 300;
const TICKS: u32 = 150;

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

/// A machine, its bystander, and what time it is for them.
#[derive(Clone)]
struct Kept {
    interlock: Interlock,
    bystander: Invariants,
    now: Instant,
}

/// All that can be seen of one scan.
type Shown = (Bits, State, Vec<Event>, Result<(), &'static str>);

impl Kept {
    fn new(powers: &Powers) -> Self {
        let site = powers.site.check().expect("a site within its bounds");
        let interlock = Interlock::new(NOW, site).with_limits(limits());
        Self {
            interlock: interlock.renumbered(|_| NEWEST),
            bystander: Invariants::new(site).with_limits(limits()),
            now: NOW,
        }
    }

    fn hear(&mut self, after: Duration, lease: Lease) {
        if lease != Lease::Unheard {
            let held = lease == Lease::Held;
            self.interlock.lease(self.now + after, held);
        }
    }

    fn ask(&mut self, after: Duration, asked: &ToController) -> Answer {
        let answer = self.interlock.request(self.now + after, asked);
        self.bystander.answered(self.now + after, asked, answer);
        answer
    }

    fn scan(&mut self, after: Duration, raw: Bits) -> Shown {
        let now = self.now + after;
        let outputs = self.interlock.scan(now, raw);
        let events: Vec<Event> = core::iter::from_fn(|| self.interlock.next_event()).collect();
        for event in &events {
            self.bystander.happened(*event);
        }
        let facts = self.interlock.facts(now);
        let verdict = self.bystander.check(now, raw, outputs, facts);
        let verdict = verdict.map_err(|violation| violation.what);
        (outputs, self.interlock.state(), events, verdict)
    }

    fn go_on(&mut self) {
        self.now = self.now + TICK;
    }

    fn forget(&mut self) {
        self.interlock = self.interlock.rebased(self.now);
        self.bystander = self.bystander.rebased(self.now);
        self.now = NOW;
    }
}

/// What a host says that wants people to get through, and now and then anything else.
fn says(dice: &mut Dice, powers: &Powers, lane: &Interlock) -> Option<ToController> {
    let mode = |mode| ToController::SetMode { mode };
    match (dice.below(8), lane.state()) {
        (0, _) => dice.one_of(&powers.words).asked(None),
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
        let mut remembers = Kept::new(&powers);
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
            let said = says(&mut dice, &powers, &remembers.interlock);
            for after in [0, 100, 200].map(ms) {
                let raw = world.inputs(remembers.interlock.outputs());
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
            states.insert(format!("{:?}", remembers.interlock.state()));
            world.follow(remembers.interlock.outputs());
            for kept in [&mut remembers, &mut forgets] {
                kept.go_on();
            }
            forgets.forget();
        }
    }
    // All of them but the turnstile's, and a gate's without a site.
    assert_eq!(states.len(), 15, "{states:?}");
}
