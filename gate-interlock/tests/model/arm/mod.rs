//! The real turnstile against people, wires and a host that may do anything.
//!
//! The rules are those of the bystander, [`ArmInvariants`]; here stands what only the maker of the
//! world can know: who is free to leave the arm.

mod forgetting;
mod host;
mod world;

use crate::host::Lease;
use crate::lane::with_limits;
use crate::properties::Broken;
use crate::search::{Counterexample, Scene, Waits};
use core::fmt;
use core::time::Duration;
use gate_interlock::invariants::ArmInvariants;
use gate_interlock::{Gate, TurnstileLimits};
use gate_protocol::pins::{Bits, TurnstileInput, TurnstileOutput};
use gate_protocol::{
    Answer, Door, Instant, Mode, Passage, Shape, Site, State, ToController, WaysOut,
};
use host::Word;
use world::{Move, World, released};

/// In one tick one thing happens in the world and the host says one thing.
const TICK: Duration = Duration::from_millis(250);

/// What the clock shows when a tick begins, when the host has spoken, and when all is settled. The
/// world moves before the host speaks.
const NOW: Instant = Gate::REBASED_NOW;
const SPOKEN: Instant = Instant::from_millis(1_000_130);
const SETTLED: Instant = Instant::from_millis(1_000_240);

/// Ticks that are enough for one turn.
const JOURNEY: u32 = 12;

/// The number of the newest permit when a tick begins.
const NEWEST: Passage = 100;

/// Limits of a few ticks each.
pub(crate) fn limits() -> TurnstileLimits {
    TurnstileLimits {
        permit: TICK * 2,
        lease_word: TICK + TICK / 5,
        armed: TICK * 2,
        turning: TICK * 3,
        contradiction: TICK,
        channels: TICK / 10,
        passed: TICK,
        emergency_over: TICK,
        mains_back: TICK,
        force: TICK,
        buzzer: TICK,
        buzzer_rest: TICK,
    }
}

/// What world and host are able to do in one search.
struct Powers {
    name: &'static str,
    words: Vec<Word>,
    /// Inputs that may change at any time, one of them at once.
    flips: &'static [TurnstileInput],
    /// Somebody is stronger than the hold.
    force: bool,
    /// People break the beams.
    walks: bool,
    /// The controller may start anew at any time.
    resets: bool,
    site: Site,
}

impl Powers {
    /// People who push, and a host that says what moves anything.
    fn named(name: &'static str) -> Self {
        Self {
            name,
            words: host::effective(),
            flips: &[],
            force: false,
            walks: false,
            resets: false,
            site: host::site(WaysOut::Both),
        }
    }
}

/// What happens in one tick.
#[derive(Clone, Copy, Debug)]
struct Step {
    moved: Move,
    said: Word,
}

impl fmt::Display for Step {
    fn fmt(&self, into: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (moved, said) = (format!("{:?}", self.moved), format!("{:?}", self.said));
        write!(into, "{moved:24} {said:40}")
    }
}

/// Everything there is, at the moment [`NOW`].
#[derive(Clone, Debug, Hash)]
struct Arm {
    gate: Gate,
    world: World,
    lease: Lease,
    bystander: ArmInvariants,
    /// The newest passage number in this tick.
    newest: Passage,
}

impl Scene for Arm {
    type Powers = Powers;
    type Step = Step;
    const TICK: Duration = TICK;

    fn switched_on(powers: &Powers) -> Self {
        let site = powers.site.check().expect("a site within its bounds");
        Self {
            gate: with_limits(&Gate::new(NOW, Ok(site))).renumbered(|_| NEWEST),
            world: World::default(),
            lease: Lease::Lost,
            bystander: ArmInvariants::new(site)
                .with_limits(limits())
                .renumbered(|_| NEWEST),
            newest: NEWEST,
        }
    }

    /// One turn on a permit, from the first tick until the arm is home.
    fn stages(powers: &Powers) -> Result<Vec<Self>, Broken> {
        let mut arm = Self::switched_on(powers);
        let mut stages = vec![arm.clone()];
        for tick in 0..JOURNEY {
            let (moved, said) = match arm.gate.state() {
                State::Secure => (Move::Nothing, Word::Lease(Lease::Held)),
                State::Idle if tick < 2 => (Move::Nothing, Word::Mode(Mode::OnPermit)),
                State::Idle => (Move::Nothing, host::right_permit()),
                State::Armed | State::Turning => (Move::Pushes(Door::Exit), Word::Nothing),
                _ => (Move::Nothing, Word::Nothing),
            };
            let before = arm.gate.state();
            arm = arm.after(Step { moved, said }, powers)?;
            if arm.gate.state() != before {
                stages.push(arm.clone());
            }
        }
        Ok(stages)
    }

    /// The world moves first, then the host speaks.
    fn next(&self, powers: &Powers, mut each: impl FnMut(Step, Result<Self, Broken>)) {
        for moved in self.world.moves(self.gate.outputs(), powers) {
            let met = self.met(moved, powers);
            for &said in &powers.words {
                if let Some(next) = met.clone().and_then(|met| met.told(said)).transpose() {
                    each(Step { moved, said }, next);
                }
            }
        }
    }

    fn after(&self, step: Step, powers: &Powers) -> Result<Self, Broken> {
        let met = self.met(step.moved, powers)?;
        match met.clone().told(step.said)? {
            Some(next) => Ok(next),
            None => met.rest(),
        }
    }

    /// S8: an arm that left its rest rightly lets whoever stands in it go on and back before long,
    /// or calls an officer, whether the host is there or not.
    fn waits(&self, powers: &Powers, _: &mut Waits) -> Result<u32, Broken> {
        if self.world.position == 0 || self.world.forced || self.world.dropped {
            return Ok(0);
        }
        let mut longest = 0;
        for lease in [Lease::Held, Lease::Lost] {
            let mut later = self.clone();
            later.world = later.world.fair();
            later.lease = lease;
            longest = longest.max(later.freed_after(powers)?);
        }
        Ok(longest)
    }
}

impl Arm {
    /// First part of a tick: the world has moved.
    fn met(&self, moved: Move, powers: &Powers) -> Result<Self, Broken> {
        let mut arm = match moved {
            Move::Resets => Self {
                world: self.world,
                ..Self::switched_on(powers)
            },
            _ => self.clone(),
        };
        arm.hear(NOW);
        let (mut world, outputs) = (arm.world, arm.gate.outputs());
        world.make(moved, outputs, |after, raw| arm.scan(NOW + after, raw))?;
        arm.world = world;
        Ok(arm)
    }

    /// Second part: the host speaks, the rest of the tick passes. Nothing if its word changes
    /// nothing and is as good as silence.
    fn told(mut self, said: Word) -> Result<Option<Self>, Broken> {
        match said {
            Word::Nothing => {}
            Word::Lease(lease) if lease == self.lease => return Ok(None),
            Word::Lease(lease) => {
                self.lease = lease;
                self.hear(SPOKEN);
            }
            Word::Session => {
                self.gate.open_session(SPOKEN);
                self.bystander.session_opened();
            }
            _ => match said.asked() {
                Some(asked) if self.changed_by(&asked)? => {}
                _ => return Ok(None),
            },
        }
        self.rest().map(Some)
    }

    /// Asks, and says whether anything but the answer came of it.
    fn changed_by(&mut self, asked: &ToController) -> Result<bool, Broken> {
        let before = self.gate.clone();
        let answer = self.gate.request(SPOKEN, asked);
        self.bystander.answered(SPOKEN, asked, answer);
        let told = || format!("{asked:?} in {:?} was {answer:?}", before.state());
        let taken = answer == Answer::Accepted;
        if taken && (self.lease == Lease::Lost || !before.leased(SPOKEN)) {
            let rule = "S9: nothing is taken without a lease".to_owned();
            return Err(Broken { rule, how: told() });
        }
        if !taken && before != self.gate {
            let rule = "S12: what is refused moves nothing".to_owned();
            return Err(Broken { rule, how: told() });
        }
        if matches!(asked, ToController::Configure { .. }) {
            // The search keeps its own limits, whatever site is taken.
            self.gate = with_limits(&self.gate);
            self.bystander = self.bystander.clone().with_limits(limits());
            let _ = self.gate.take_site_to_store();
        }
        Ok(taken && before != self.gate)
    }

    /// Third part: the inputs settle.
    fn rest(mut self) -> Result<Self, Broken> {
        for now in [SPOKEN, SETTLED] {
            let raw = self.world.inputs();
            self.scan(now, raw)?;
        }
        self.world.follow(self.gate.outputs());
        let given = self.newest - NEWEST;
        self.newest = NEWEST;
        let older = |passage: Passage| (passage - given).max(NEWEST - 2);
        let over = NOW + TICK;
        self.gate = self.gate.rebased(over).renumbered(older);
        self.bystander = self.bystander.rebased(over).renumbered(older);
        Ok(self)
    }

    /// The link gives its word for the lease, unless it hangs.
    fn hear(&mut self, now: Instant) {
        match self.lease {
            Lease::Unheard => {}
            Lease::Held => self.gate.lease(now, true),
            Lease::Lost => self.gate.lease(now, false),
        }
    }

    fn scan(&mut self, now: Instant, raw: Bits) -> Result<(), Broken> {
        let outputs = self.gate.scan(now, raw);
        while let Some(event) = self.gate.next_event() {
            self.bystander.happened(event);
        }
        self.newest = self.newest.max(self.bystander.newest_passage());
        let facts = self.gate.facts(now);
        let shape = self.gate.site().map(|site| site.shape);
        if shape != Some(Shape::Turnstile) {
            let rule = "SAF-026: no host alone changes how the gate is built".to_owned();
            let how = format!("{shape:?}");
            return Err(Broken { rule, how });
        }
        self.bystander
            .check(now, raw, outputs, facts)
            .map_err(|violation| Broken {
                rule: format!("{:?}: {}", violation.rule, violation.what),
                how: format!("{:?}", violation.state),
            })
    }

    fn freed_after(mut self, powers: &Powers) -> Result<u32, Broken> {
        let patience = limits().turning + limits().armed + TICK;
        for ticks in 0..=patience.as_millis() / TICK.as_millis() {
            let outputs = self.gate.outputs();
            let called = !outputs.turnstile_output(TurnstileOutput::NoAlarm);
            if called
                || [Door::Entry, Door::Exit]
                    .iter()
                    .all(|way| released(outputs, *way))
            {
                return Ok(u32::try_from(ticks).expect("limits are short here"));
            }
            self = self.met(Move::Nothing, powers)?.rest()?;
        }
        Err(Broken {
            rule: "S8: nobody is kept in the arm".to_owned(),
            how: format!("{:?}, {:?}", self.lease, self.gate.state()),
        })
    }
}

impl fmt::Display for Arm {
    /// The turnstile in one line: state, arm, what is released.
    fn fmt(&self, into: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outputs = self.gate.outputs();
        let free = |way, name| if released(outputs, way) { name } else { "" };
        write!(
            into,
            "{:?}, arm at {}{}{}{}{}",
            self.gate.state(),
            self.world.position,
            if self.world.forced { " by force" } else { "" },
            if self.world.dropped { ", dropped" } else { "" },
            free(Door::Entry, ", entry free"),
            free(Door::Exit, ", exit free"),
        )
    }
}

fn explore(powers: &Powers, steps: u64) -> Result<(), Box<Counterexample>> {
    crate::explore::<Arm>(powers.name, powers, steps)
}

#[test]
fn no_word_of_a_hostile_host_breaks_a_rule() -> Result<(), Box<Counterexample>> {
    explore(
        &Powers {
            words: host::hostile(),
            walks: true,
            ..Powers::named("turnstile: hostile host")
        },
        crate::TO_THE_END,
    )
}

#[test]
fn no_force_on_the_arm_breaks_a_rule() -> Result<(), Box<Counterexample>> {
    explore(
        &Powers {
            force: true,
            walks: true,
            ..Powers::named("turnstile: force on the arm")
        },
        crate::TO_THE_END,
    )
}

#[test]
fn no_danger_breaks_a_rule_whatever_the_ways_out() -> Result<(), Box<Counterexample>> {
    let site = Site {
        on_fire: WaysOut::ExitOnly,
        on_power_loss: WaysOut::Both,
        ..host::site(WaysOut::EntryOnly)
    };
    explore(
        &Powers {
            flips: &[
                TurnstileInput::FireOk,
                TurnstileInput::EstopOk1,
                TurnstileInput::MainsOk,
            ],
            site,
            ..Powers::named("turnstile: dangers, ways out that differ")
        },
        crate::TO_THE_END,
    )
}

#[test]
fn no_sensor_that_lies_breaks_a_rule() -> Result<(), Box<Counterexample>> {
    explore(
        &Powers {
            flips: &[
                TurnstileInput::Home,
                TurnstileInput::RotationA,
                TurnstileInput::ArmFree,
                TurnstileInput::Beam2Free,
            ],
            walks: true,
            ..Powers::named("turnstile: sensors that lie")
        },
        crate::TO_THE_END,
    )
}

#[test]
fn neither_key_nor_cabinet_breaks_a_rule() -> Result<(), Box<Counterexample>> {
    explore(
        &Powers {
            words: host::forcing(),
            flips: &[
                TurnstileInput::TamperOk,
                TurnstileInput::KeyService,
                TurnstileInput::FireOk,
            ],
            force: true,
            ..Powers::named("turnstile: cabinet, key, fire")
        },
        crate::TO_THE_END,
    )
}

/// S11, S8: a reset may find the arm anywhere, and somebody in it.
#[test]
fn no_reset_breaks_a_rule() -> Result<(), Box<Counterexample>> {
    explore(
        &Powers {
            flips: &[TurnstileInput::FireOk, TurnstileInput::MainsOk],
            force: true,
            resets: true,
            ..Powers::named("turnstile: resets, fire, mains")
        },
        crate::TO_THE_END,
    )
}
