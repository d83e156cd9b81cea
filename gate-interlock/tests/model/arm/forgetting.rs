//! The same as for a lane: a turnstile that forgets what a search leaves out does in all that comes
//! what one does that remembers.

use super::host::{self, Word};
use super::world::{Move, World};
use super::{Powers, limits};
use crate::forgetting::{Dice, Kept, RUNS, Shown, TICKS, keeps_limits};
use crate::host::Lease;
use core::convert::Infallible;
use core::time::Duration;
use gate_interlock::invariants::ArmInvariants;
use gate_protocol::pins::{Bits, TurnstileInput};
use gate_protocol::{Door, Mode, State, ToController};
use std::collections::HashSet;

/// What may be otherwise than at a quiet turnstile, one at once.
const FLIPS: [TurnstileInput; 11] = [
    TurnstileInput::FireOk,
    TurnstileInput::EstopOk1,
    TurnstileInput::EstopOk2,
    TurnstileInput::Home,
    TurnstileInput::RotationA,
    TurnstileInput::RotationB,
    TurnstileInput::ArmFree,
    TurnstileInput::Beam2Free,
    TurnstileInput::TamperOk,
    TurnstileInput::MainsOk,
    TurnstileInput::KeyService,
];

/// What a host says that wants people to get through, and now and then anything else.
fn says(dice: &mut Dice, powers: &Powers, kept: &Kept<ArmInvariants>) -> Option<ToController> {
    let mode = |mode| Some(ToController::SetMode { mode });
    match (dice.below(8), kept.gate.state()) {
        (0, _) => dice.one_of(&powers.words).asked().filter(keeps_limits),
        (1..=3, State::Idle) => {
            let way = dice.one_of(&[Door::Entry, Door::Exit]);
            let permit = Word::Permit(way, 2, kept.gate.passage());
            permit.asked()
        }
        (1, _) => Some(ToController::ClearAlarm),
        (2, _) => mode(Mode::OnPermit),
        (3, _) => mode(Mode::Free(Door::Exit)),
        _ => None,
    }
}

/// What happens at the arm: what goes wrong comes now and then, and goes away.
fn happens(dice: &mut Dice, powers: &Powers, world: &World, outputs: Bits) -> Move {
    let moves = world.moves(outputs, powers);
    let walks = |moved: &Move| !matches!(moved, Move::Flips(_));
    let mends =
        |moved: &Move| matches!(moved, Move::Flips(input) if world.flipped.turnstile_input(*input));
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
fn a_turnstile_that_forgets_does_what_one_does_that_remembers() {
    let powers = Powers {
        words: host::hostile(),
        flips: &FLIPS,
        force: true,
        walks: true,
        ..Powers::named("everything")
    };
    let (spoken, settled) = (Duration::from_millis(130), Duration::from_millis(240));
    let mut states = HashSet::new();
    for seed in 0..RUNS {
        let mut dice = Dice(seed);
        let bystander = |site| ArmInvariants::new(site).with_limits(limits());
        let mut remembers = Kept::new(powers.site, bystander);
        let mut forgets = remembers.clone();
        let mut world = World::default();
        for tick in 0..TICKS {
            let outputs = remembers.gate.outputs();
            let moved = happens(&mut dice, &powers, &world, outputs);
            let lease = dice.one_of(&[Lease::Held, Lease::Held, Lease::Lost, Lease::Unheard]);
            let said = says(&mut dice, &powers, &remembers);
            let before = world;
            let both = [&mut remembers, &mut forgets].map(|kept| {
                let mut shown: Vec<Shown> = Vec::new();
                world = before;
                kept.hear(Duration::ZERO, lease);
                let made = world.make(moved, outputs, |after, raw| {
                    shown.push(kept.scan(after, raw));
                    Ok::<(), Infallible>(())
                });
                let Ok(()) = made;
                let answer = said.as_ref().map(|said| kept.ask(spoken, said));
                for after in [spoken, settled] {
                    shown.push(kept.scan(after, world.inputs()));
                }
                (answer, shown)
            });
            assert_eq!(both[0], both[1], "seed {seed}, tick {tick}");
            states.insert(format!("{:?}", remembers.gate.state()));
            world.follow(remembers.gate.outputs());
            for kept in [&mut remembers, &mut forgets] {
                kept.go_on();
            }
            forgets.forget();
        }
    }
    // Every state that a turnstile has.
    assert_eq!(states.len(), 13, "{states:?}");
}
