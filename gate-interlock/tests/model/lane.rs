//! One state of everything: interlock, world, link, and what the properties remember.

use crate::host::{self, Lease, Word};
use crate::properties::{Broken, Scan, Watch, nobody_is_kept};
use crate::search::{Scene, Waits};
use crate::world::{Move, Person, World};
use core::fmt;
use core::time::Duration;
use gate_interlock::invariants::Invariants;
use gate_interlock::{Gate, Limits};
use gate_protocol::pins::{Input, Output};
use gate_protocol::{Answer, Door, Event, Instant, Mode, Passage, Site, State, ToController};

/// How coarse the search is: in one tick one thing happens in the world, the host says one thing,
/// and each leaf moves by one position.
pub(crate) const TICK: Duration = Duration::from_millis(250);

/// What the clock shows when a tick begins.
///
/// A tick is scanned three times: when the world has moved and nothing but emergencies and
/// curtains is believed; when the host has spoken; and when everything is believed.
pub(crate) const NOW: Instant = Gate::REBASED_NOW;
const SPOKEN: Instant = Instant::from_millis(1_000_100);
const SETTLED: Instant = Instant::from_millis(1_000_200);

/// The passage number given last when a tick begins.
pub(crate) const NEWEST: Passage = 100;

/// Limits of a few ticks each. Which is longer than which is as in the defaults where it matters.
pub(crate) fn limits() -> Limits {
    Limits {
        permit: TICK * 2,
        lease_word: TICK + TICK / 5,
        enter: TICK,
        stand_open: TICK * 2,
        opening: TICK * 2,
        closing: TICK * 5 / 2,
        reopened: TICK,
        closing_tries: 1,
        settle: TICK,
        held_open: TICK * 3,
        single: TICK,
        crossing: TICK * 2,
        free: TICK * 5,
        caught: TICK * 6,
        left_object: TICK * 2,
        contradiction: TICK,
        decide: TICK * 3,
        trap: TICK * 2,
        clear: TICK * 2,
        warning: TICK,
        went_away: TICK,
        emergency_over: TICK,
        buzzer: TICK,
        buzzer_rest: TICK,
        push: TICK * 3,
        channels: TICK / 10,
        mains_back: TICK,
        force: TICK,
    }
}

/// The gate with limits that a search can wait for.
pub(crate) fn with_limits(gate: &Gate) -> Gate {
    gate.with_limits(limits(), crate::arm::limits())
}

/// What the world and the host are able to do in one search.
#[derive(Clone, Debug)]
pub(crate) struct Powers {
    pub(crate) name: &'static str,
    pub(crate) words: Vec<Word>,
    /// Inputs that may change at any time.
    pub(crate) flips: &'static [Input],
    /// How many of them may be changed at once.
    pub(crate) flips_at_once: u32,
    /// Doors that hands can tear open and hold.
    pub(crate) hands: &'static [Door],
    /// How many of them may be held at once.
    pub(crate) hands_at_once: usize,
    /// The controller may start anew at any time.
    pub(crate) resets: bool,
    /// Whether it matters who somebody is.
    pub(crate) identities: bool,
    /// The gate as it is built.
    pub(crate) site: Site,
}

/// Ticks that are enough for one traveller.
const JOURNEY: u32 = 16;

/// Inputs that no door opens for.
const HARMLESS: [Input; 2] = [Input::ZoneInFree, Input::ZoneOutFree];

impl Powers {
    /// People, and a host that says what moves anything.
    pub(crate) fn named(name: &'static str) -> Self {
        Self {
            name,
            words: host::effective(),
            flips: &[],
            flips_at_once: 0,
            hands: &[],
            hands_at_once: 1,
            resets: false,
            identities: false,
            site: Site::DEFAULT,
        }
    }

    pub(crate) const fn whoever_comes_in_by_the_exit(&self) -> Person {
        if self.identities {
            Person::FromBeyond
        } else {
            Person::Unknown
        }
    }

    /// Whether a door may come open other than by the interlock's own decision on request.
    pub(crate) fn may_force(&self) -> bool {
        !self.hands.is_empty() || !self.flips.iter().all(|input| HARMLESS.contains(input))
    }

    /// Whether the sensor of who is inside always tells the truth.
    pub(crate) fn truthful(&self) -> bool {
        !self.flips.contains(&Input::SingleOk) && !self.flips.contains(&Input::EmptyOk)
    }
}

/// What happens in one tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) moved: Move,
    pub(crate) said: Word,
}

impl fmt::Display for Step {
    fn fmt(&self, into: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (moved, said) = (format!("{:?}", self.moved), format!("{:?}", self.said));
        write!(into, "{moved:32} {said:40}")
    }
}

/// Everything there is, at the moment [`NOW`].
#[derive(Clone, Debug, Hash)]
pub(crate) struct Lane {
    pub(crate) gate: Gate,
    pub(crate) world: World,
    pub(crate) lease: Lease,
    /// Whose permit for the exit the link still has.
    on_its_way: Option<Passage>,
    /// The passage number given last in this tick.
    newest: Passage,
    pub(crate) watch: Watch,
}

impl Scene for Lane {
    type Powers = Powers;
    type Step = Step;
    const TICK: Duration = TICK;

    fn switched_on(powers: &Powers) -> Self {
        let site = powers.site.check().expect("a site within its bounds");
        Self {
            gate: with_limits(&Gate::new(NOW, Ok(site))).renumbered(|_| NEWEST),
            world: World::built(powers.site.exit_lock),
            lease: Lease::Lost,
            watch: Watch::new(Invariants::new(site).with_limits(limits())),
            on_its_way: None,
            newest: NEWEST,
        }
    }

    /// One traveller with a host, from the first tick until they have left.
    fn stages(powers: &Powers) -> Result<Vec<Self>, Broken> {
        let mut lane = Self::switched_on(powers);
        let mut stages = vec![lane.clone()];
        if powers.identities {
            // Nobody has decided about the traveller below.
            return Ok(stages);
        }
        for _ in 0..JOURNEY {
            let somebody = lane.world.inside.count() > 0;
            let (moved, said) = match lane.gate.state() {
                State::Secure => (Move::Nothing, Word::Lease(Lease::Held)),
                State::Idle => (Move::Nothing, Word::Mode(Mode::WalkIn)),
                State::EntryOpen if !somebody && !lane.world.entry.shut() => {
                    (Move::ComesIn(Person::Unknown), Word::Nothing)
                }
                State::Occupied => (Move::Nothing, host::right_permit()),
                State::ExitOpen if somebody && !lane.world.exit.shut() => {
                    (Move::GoesOut(Person::Unknown), Word::Nothing)
                }
                _ => (Move::Nothing, Word::Nothing),
            };
            let before = lane.gate.state();
            lane = lane.after(Step { moved, said }, powers)?;
            if lane.gate.state() != before {
                stages.push(lane.clone());
            }
        }
        Ok(stages)
    }

    /// The world moves first, and the host speaks before the interlock believes it: a request may
    /// meet readings that are no longer true.
    fn next(&self, powers: &Powers, mut each: impl FnMut(Step, Result<Self, Broken>)) {
        let mut moves = Vec::new();
        self.world.moves(powers, &mut moves);
        for &moved in &moves {
            let met = self.met(moved, powers);
            for &said in &powers.words {
                let next = met.clone().and_then(|met| met.told(said, powers));
                if let Some(next) = next.transpose() {
                    each(Step { moved, said }, next);
                }
            }
        }
    }

    fn after(&self, step: Step, powers: &Powers) -> Result<Self, Broken> {
        let met = self.met(step.moved, powers)?;
        match met.clone().told(step.said, powers)? {
            Some(next) => Ok(next),
            None => met.rest(powers),
        }
    }

    fn waits(&self, powers: &Powers, known: &mut Waits) -> Result<u32, Broken> {
        match self.world.inside.count() {
            0 => Ok(0),
            _ => nobody_is_kept(self, powers, known),
        }
    }
}

impl Lane {
    /// First part of a tick: the world has moved and is looked at once.
    fn met(&self, moved: Move, powers: &Powers) -> Result<Self, Broken> {
        let mut lane = match moved {
            Move::Resets => Self {
                world: self.world,
                ..Self::switched_on(powers)
            },
            _ => self.clone(),
        };
        lane.world.make(moved);
        lane.watch.begin(lane.lease);
        lane.hear(NOW);
        lane.scan(NOW, powers)?;
        Ok(lane)
    }

    /// Second part: the host speaks, the rest of the tick passes. Nothing if its word changes
    /// nothing and is as good as silence, as most is that a hostile host says.
    fn told(mut self, said: Word, powers: &Powers) -> Result<Option<Self>, Broken> {
        match said {
            Word::Nothing => {}
            Word::Lease(lease) if lease == self.lease => return Ok(None),
            Word::Lease(lease) => {
                self.lease = lease;
                self.watch.lease(lease);
                self.hear(SPOKEN);
            }
            Word::Session => {
                self.gate.open_session(SPOKEN);
                self.watch.bystander.session_opened();
            }
            Word::Decides if self.gate.state() != State::Occupied => return Ok(None),
            Word::Decides => {
                self.world.inside.clear();
                self.on_its_way = Some(self.gate.passage());
            }
            _ => match said.asked(self.on_its_way) {
                Some(asked) if self.changed_by(&asked)? => {}
                _ => return Ok(None),
            },
        }
        self.rest(powers).map(Some)
    }

    /// Asks, and says whether anything but the answer came of it.
    fn changed_by(&mut self, asked: &ToController) -> Result<bool, Broken> {
        let before = self.gate.clone();
        let answer = self.gate.request(SPOKEN, asked);
        self.watch
            .answered(SPOKEN, asked, answer, &before, &self.gate)?;
        if matches!(asked, ToController::Configure { .. }) {
            // The search keeps its own limits, whatever site is taken.
            self.gate = with_limits(&self.gate);
            self.watch.bystander = self.watch.bystander.clone().with_limits(limits());
            let _ = self.gate.take_site_to_store();
        }
        Ok(answer == Answer::Accepted && before != self.gate)
    }

    /// Third part: the inputs settle, the leaves move.
    fn rest(mut self, powers: &Powers) -> Result<Self, Broken> {
        self.scan(SPOKEN, powers)?;
        self.scan(SETTLED, powers)?;
        self.world.follow(self.gate.outputs());
        let given = self.newest - NEWEST;
        self.newest = NEWEST;
        let older = |passage: Passage| (passage - given).max(NEWEST - 2);
        self.on_its_way = self.on_its_way.map(older);
        let over = NOW + TICK;
        self.gate = self.gate.rebased(over).renumbered(older);
        let watch = self.watch.bystander.rebased(over).renumbered(older);
        self.watch.bystander = watch;
        Ok(self)
    }

    /// A tick in which nothing happens that was not under way.
    pub(crate) fn undisturbed(&self, powers: &Powers) -> Result<Self, Broken> {
        self.met(Move::Nothing, powers)?.rest(powers)
    }

    /// The link gives its word for the lease, unless it hangs.
    fn hear(&mut self, now: Instant) {
        match self.lease {
            Lease::Unheard => {}
            Lease::Held => self.gate.lease(now, true),
            Lease::Lost => self.gate.lease(now, false),
        }
    }

    fn scan(&mut self, now: Instant, powers: &Powers) -> Result<(), Broken> {
        let raw = self.world.inputs(self.gate.outputs());
        self.gate.scan(now, raw);
        while let Some(event) = self.gate.next_event() {
            self.newest = self.newest.max(named(event));
            self.watch.bystander.happened(event);
        }
        self.watch.scanned(&Scan {
            now,
            raw,
            gate: &self.gate,
            world: &self.world,
            powers,
        })
    }
}

/// The passage number in an event, 0 if it has none.
const fn named(event: Event) -> Passage {
    match event {
        Event::Entered(passage)
        | Event::SeveralEntered(passage)
        | Event::ReturnReleased(passage)
        | Event::ObjectLeft(passage) => passage,
        _ => 0,
    }
}

impl fmt::Display for Lane {
    /// The lane in one line: state, leaves, who is inside, what is released.
    fn fmt(&self, into: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outputs = self.gate.outputs();
        let free = |hold, name| if outputs.output(hold) { "" } else { name };
        write!(
            into,
            "{:?}, entry {:?}, exit {:?}, {:?}{}{}",
            self.gate.state(),
            self.world.entry.position,
            self.world.exit.position,
            self.world.inside,
            free(Output::EntryHold, ", entry released"),
            free(Output::ExitHold, ", exit released"),
        )
    }
}
