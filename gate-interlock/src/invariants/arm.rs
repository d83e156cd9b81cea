//! The bystander at a single turnstile.
//!
//! The rules are those of the lane, as far as they do not speak of two doors, and those of an arm:
//! `docs/hazards.md` has both. It is asked as [`Invariants`](super::Invariants) is, and follows the
//! hub, the beams and the permits by a book of its own.

use super::alarms::{Alarms, Signals};
use super::{AT_ONCE, Facts, Rule, Verdict, Violation, must, over};
use crate::Released;
use crate::rebase::{BEYOND, shift};
use crate::turnstile::Limits;
use core::time::Duration;
use gate_protocol::pins::{Bits, TurnstileInput, TurnstileOutput};
use gate_protocol::{
    Answer, CheckedSite, Door, Event, Instant, Mode, Passage, Site, State, ToController,
};

/// Half the way from one rest to the next, in steps of the hub.
const HALF_TURN: i8 = 12;
const HALF_TURN_BACK: i8 = -HALF_TURN;
/// Steps that the hub counts at most without a rest: there is one at the end of every turn, and a
/// period of the hub is left for an arm that swings on.
const MOST_STEPS: i8 = 2 * HALF_TURN + 4;
/// Nobody needs to be counted beyond.
const MOST_PEOPLE: u8 = 3;
/// Brake and home switch lag behind the arm by so much at most.
const LAG: Duration = Duration::from_millis(50);
/// An arm that has been still in its rest for so long stands where it stands.
const STILL: Duration = Duration::from_millis(500);
const WAYS: [Door; 2] = [Door::Entry, Door::Exit];

/// Leave to turn the arm once, as the bystander heard it given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Permit {
    way: Door,
    until: Instant,
}

/// Where the arm stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Hub {
    phase: Option<u8>,
    /// Steps from its rest, towards the exit counted up.
    steps: i8,
    stepped: Instant,
    home: bool,
    /// It has been seen in a rest.
    known: bool,
    left: Instant,
    /// When each way was last free, and which have been since the arm left its rest.
    freed: [Option<Instant>; 2],
    free: Released,
    /// What the last scan released, and what was released when the arm left its rest.
    released: Released,
    leave: Released,
    /// How it has come home in this scan.
    arrived: Option<Came>,
}

/// How the arm has come into a rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Came {
    /// By a whole turn.
    Round(Door),
    /// Otherwise.
    Back,
}

/// One scan.
struct Seen {
    now: Instant,
    raw: Bits,
    outputs: Bits,
    facts: Facts,
    released: Released,
}

impl Seen {
    const fn is(&self, input: TurnstileInput) -> bool {
        self.facts.inputs.turnstile_input(input)
    }

    fn calm(&self) -> bool {
        let loops = [
            TurnstileInput::FireOk,
            TurnstileInput::EstopOk1,
            TurnstileInput::EstopOk2,
        ];
        loops.into_iter().all(|normal| self.is(normal))
    }

    fn signals(&self) -> Signals {
        Signals {
            now: self.now,
            state: self.facts.state,
            calm: self.calm(),
            channels_differ: self.is(TurnstileInput::EstopOk1) != self.is(TurnstileInput::EstopOk2),
            cabinet_open: !self.is(TurnstileInput::TamperOk),
            key: self.is(TurnstileInput::KeyService),
            buzzes: self.outputs.turnstile_output(TurnstileOutput::Buzzer),
        }
    }

    fn beams_free(&self) -> [bool; 3] {
        [
            TurnstileInput::Beam1Free,
            TurnstileInput::Beam2Free,
            TurnstileInput::Beam3Free,
        ]
        .map(|beam| self.is(beam))
    }

    const fn alarmed(&self) -> bool {
        !self.outputs.turnstile_output(TurnstileOutput::NoAlarm)
    }

    /// Danger, no mains or a technician: the host has no say.
    const fn is_apart(&self) -> bool {
        matches!(
            self.facts.state,
            State::Emergency | State::PowerFail | State::Service
        )
    }

    /// Nothing is served.
    const fn is_stopped(&self) -> bool {
        matches!(
            self.facts.state,
            State::Trouble | State::Emergency | State::Tamper | State::Service
        )
    }
}

/// Everything that the bystander of a turnstile remembers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ArmInvariants {
    site: Site,
    limits: Limits,
    mode: Mode,
    alarms: Alarms,
    permit: Option<Permit>,
    /// The number of the newest permit.
    newest: Passage,
    /// The passage that the arm was released for, until an event ends that.
    open_for: Option<Passage>,
    /// There has been a fire since the emergency began.
    burnt: bool,
    /// The same for an emergency stop.
    stopped: bool,
    /// Since when the arm has stood away from its rest, rightly.
    away_since: Option<Instant>,
    /// Since when something has been in the way of an arm that is not free both ways.
    squeezed_since: Option<Instant>,
    hub: Hub,
    beams_free: [bool; 3],
    broken: [u8; 3],
    /// The arm has stayed in its rest since the permit: whatever gets through is no person.
    ahead: bool,
    /// What became of the turn has been told.
    accounted: bool,
    inputs: Bits,
    /// A rule that an answer or an event has broken.
    told_wrong: Option<(Rule, &'static str)>,
}

impl ArmInvariants {
    /// A bystander who comes when the controller starts.
    #[must_use]
    pub fn new(site: CheckedSite) -> Self {
        Self {
            site: site.get(),
            limits: Limits::of(site),
            mode: Mode::Closed,
            alarms: Alarms::new(),
            permit: None,
            newest: 0,
            open_for: None,
            burnt: false,
            stopped: false,
            away_since: None,
            squeezed_since: None,
            hub: Hub {
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
            },
            beams_free: [true; 3],
            broken: [0; 3],
            ahead: false,
            accounted: false,
            inputs: Bits(0),
            told_wrong: None,
        }
    }

    /// The newest passage number that the bystander has heard of.
    #[must_use]
    pub const fn newest_passage(&self) -> Passage {
        self.newest
    }

    /// The host has asked, and this is what it was answered.
    pub fn answered(&mut self, now: Instant, asked: &ToController, answer: Answer) {
        if answer != Answer::Accepted {
            return;
        }
        match *asked {
            ToController::Permit {
                door,
                for_ms,
                passage,
            } => self.permitted(now, door, Duration::from_millis(for_ms.into()), passage),
            ToController::Withdraw => self.permit = None,
            ToController::SetMode { mode } => {
                self.mode = mode;
                if mode != Mode::OnPermit {
                    self.permit = None;
                }
            }
            ToController::ClearAlarm => self.alarms.clear(),
            ToController::Configure { site } => {
                if let Ok(checked) = site.check() {
                    (self.site, self.limits) = (site, Limits::of(checked));
                }
            }
            _ => {}
        }
    }

    fn permitted(&mut self, now: Instant, way: Door, time: Duration, passage: Passage) {
        let twice = passage == 0 || passage == self.newest || self.permit.is_some();
        self.wrong(twice, Rule::S4, "a number was permitted twice");
        let there = |input| self.inputs.turnstile_input(input);
        let fit = there(TurnstileInput::Home) && there(TurnstileInput::ArmFree);
        self.wrong(!fit, Rule::S5, "an arm was permitted that is not at rest");
        self.newest = passage;
        self.broken = self.beams_free.map(|free| u8::from(!free));
        self.ahead = true;
        let until = now + time.min(self.limits.armed);
        self.permit = Some(Permit { way, until });
    }

    /// The host has opened a new session: what it wanted before is gone.
    pub const fn session_opened(&mut self) {
        self.permit = None;
        self.mode = Mode::Closed;
    }

    /// The controller has told an event.
    pub fn happened(&mut self, event: Event) {
        self.accounted |= matches!(
            event,
            Event::Passed(_) | Event::WentBack(_) | Event::Tailgated(_)
        );
        match event {
            Event::ExitReleased(passage) | Event::ReturnReleased(passage) => {
                let twice = self.open_for.replace(passage).is_some();
                self.wrong(twice, Rule::S17, "released before the last release ended");
            }
            Event::Passed(passage) | Event::WentBack(passage) => {
                // In a free turnstile people pass whom nobody was told to expect.
                let open = self.open_for.take();
                let other = open.is_some_and(|open| open != passage);
                self.wrong(other, Rule::S17, "an end was told of another passage");
                self.permit = None;
                self.newest = passage;
            }
            Event::DidNotLeave(passage) | Event::Tailgated(passage) | Event::Abandoned(passage) => {
                let other = self.open_for.take() != Some(passage);
                let what = "an end was told of a passage that was not released";
                self.wrong(other, Rule::S17, what);
                self.permit = None;
            }
            event => self.alarms.happened(event),
        }
    }

    fn wrong(&mut self, is_wrong: bool, rule: Rule, what: &'static str) {
        if is_wrong {
            self.told_wrong = Some((rule, what));
        }
    }

    /// Looks at one scan: the pins as they were read and driven, and what the controller says.
    ///
    /// # Errors
    ///
    /// The first rule that this scan has broken.
    pub fn check(
        &mut self,
        now: Instant,
        raw: Bits,
        outputs: Bits,
        facts: Facts,
    ) -> Result<(), Violation> {
        let held = |output| outputs.turnstile_output(output);
        let seen = Seen {
            now,
            raw,
            outputs,
            facts,
            released: Released {
                entry: !held(TurnstileOutput::EntryHold),
                exit: !held(TurnstileOutput::ExitHold),
            },
        };
        self.remember(&seen);
        let verdict = self.judge(&seen);
        self.keep(&seen);
        verdict.map_err(|(rule, what)| Violation {
            rule,
            at: now,
            state: facts.state,
            what,
        })
    }

    fn remember(&mut self, seen: &Seen) {
        let now = seen.now;
        let since = |holds: bool, since: Option<Instant>| holds.then(|| since.unwrap_or(now));
        self.inputs = seen.facts.inputs;
        let was_home = self.hub.home;
        self.hub.follow(seen);
        self.count(seen.beams_free());
        if was_home && !self.hub.home {
            (self.ahead, self.accounted) = (false, false);
        }
        self.alarms.remember(&seen.signals());
        let emergency = seen.facts.state == State::Emergency;
        self.burnt = emergency && (self.burnt || !seen.is(TurnstileInput::FireOk));
        let pressed = !(seen.is(TurnstileInput::EstopOk1) && seen.is(TurnstileInput::EstopOk2));
        self.stopped = emergency && (self.stopped || pressed);
        self.away_since = since(self.hub.is_rightly_away(), self.away_since);
        let hindered = !seen.is(TurnstileInput::ArmFree);
        let squeezed = self.hub.is_rightly_away() && hindered && seen.released != Released::BOTH;
        self.squeezed_since = since(squeezed, self.squeezed_since);
        if !seen.facts.leased {
            self.permit = None;
        }
    }

    /// Counts the beams, without what is pushed through them ahead of a turn.
    fn count(&mut self, free: [bool; 3]) {
        for ((broken, was), is) in self.broken.iter_mut().zip(self.beams_free).zip(free) {
            *broken = MOST_PEOPLE.min(*broken + u8::from(was && !is));
        }
        self.beams_free = free;
        if self.ahead {
            let whole = self.people();
            self.broken.iter_mut().for_each(|times| *times -= whole);
        }
    }

    fn people(&self) -> u8 {
        self.broken.into_iter().min().unwrap_or(0)
    }

    fn keep(&mut self, seen: &Seen) {
        self.hub.tell(seen.now, seen.released);
        // Whoever has stepped back may push something ahead again.
        self.ahead |= (self.alarms.before, seen.facts.state) == (State::Turning, State::Armed);
        let key = seen.is(TurnstileInput::KeyService);
        self.alarms.keep(seen.facts.state, key);
        self.told_wrong = None;
    }

    fn judge(&self, seen: &Seen) -> Result<(), (Rule, &'static str)> {
        if let Some(wrong) = self.told_wrong {
            return Err(wrong);
        }
        [
            (Rule::S1, self.s1(seen)),
            (Rule::S3, self.s3(seen)),
            (Rule::S4, self.s4(seen)),
            (Rule::S7, self.s7(seen)),
            (Rule::S8, self.s8(seen)),
            (Rule::S9, self.s9(seen)),
            (Rule::S10, self.s10(seen)),
            (Rule::S14, self.s14(seen)),
            (Rule::S15, self.s15(seen)),
            (Rule::S16, self.s16(seen)),
            (Rule::S17, self.s17(seen)),
            (Rule::S20, self.s20(seen)),
        ]
        .into_iter()
        .try_for_each(|(rule, verdict)| verdict.map_err(|what| (rule, what)))
    }

    /// The ways that the site wants open now, if nobody decides.
    fn ways_out(&self, state: State) -> Released {
        match state {
            State::Emergency => {
                let of = |danger, ways| match danger {
                    true => Released::of(ways),
                    false => Released::NONE,
                };
                of(self.burnt, self.site.on_fire).or(of(self.stopped, self.site.on_emergency_stop))
            }
            State::PowerFail => Released::of(self.site.on_power_loss),
            _ => Released::NONE,
        }
    }

    fn s1(&self, seen: &Seen) -> Verdict {
        let low = |input| !seen.raw.turnstile_input(input);
        let fire = low(TurnstileInput::FireOk);
        let stop = low(TurnstileInput::EstopOk1) || low(TurnstileInput::EstopOk2);
        let drops = seen.outputs.turnstile_output(TurnstileOutput::DropArm);
        must(drops || !fire, "a fire does not drop the arm")?;
        let emergency = seen.facts.state == State::Emergency;
        must(emergency || !(fire || stop), "an emergency is not told")?;
        let wanted = self.ways_out(seen.facts.state);
        must(
            !emergency || wanted.or(seen.released) == seen.released,
            "a way out is held",
        )
    }

    fn s3(&self, seen: &Seen) -> Verdict {
        if !self.hub.home {
            return Ok(());
        }
        let ways = self.ways_out(seen.facts.state);
        match seen.facts.state {
            State::Emergency | State::PowerFail => must(
                ways.or(seen.released) == ways,
                "a way is free that is no way out",
            ),
            _ => must(seen.released != Released::BOTH, "both ways are free"),
        }
    }

    fn s4(&self, seen: &Seen) -> Verdict {
        if !self.hub.home || seen.is_apart() {
            return Ok(());
        }
        for way in WAYS {
            let permit = self.permit.filter(|permit| seen.now < permit.until);
            let permitted = permit.is_some_and(|permit| permit.way == way);
            must(
                !seen.released.has(way) || permitted || self.mode == Mode::Free(way),
                "an arm at rest is free for nobody's permit",
            )?;
        }
        Ok(())
    }

    fn s7(&self, seen: &Seen) -> Verdict {
        must(
            !over(seen.now, self.squeezed_since, AT_ONCE),
            "the arm is held against whoever stands in it",
        )
    }

    fn s8(&self, seen: &Seen) -> Verdict {
        let served = matches!(seen.facts.state, State::Armed | State::Turning);
        let long = over(seen.now, self.away_since, self.limits.turning + AT_ONCE);
        let held = self.hub.is_rightly_away() && seen.released != Released::BOTH;
        must(
            !held || (served && !(long && seen.facts.state == State::Turning)),
            "whoever stands in the arm cannot go on or back",
        )
    }

    fn s9(&self, seen: &Seen) -> Verdict {
        let released = self.hub.home && seen.released.any() && !seen.is_apart();
        must(
            !released || seen.facts.leased,
            "an arm at rest is free without a lease",
        )
    }

    fn s10(&self, seen: &Seen) -> Verdict {
        self.alarms.s10(&seen.signals(), self.limits.into())
    }

    fn s14(&self, seen: &Seen) -> Verdict {
        let stopped = seen.is_stopped();
        must(
            stopped || !self.hub.home || self.hub.steps.abs() < HALF_TURN,
            "the hub turns at home and the turnstile goes on",
        )?;
        let still = seen.now.since(self.hub.left.max(self.hub.stepped));
        let lies = self.hub.known && !self.hub.home && self.hub.steps == 0;
        must(
            stopped || !lies || still <= self.limits.contradiction,
            "the arm is away and the hub has not turned, and the turnstile goes on",
        )?;
        must(
            stopped || !self.hub.is_lost(),
            "the hub turns past a rest that is not seen, and the turnstile goes on",
        )?;
        let free = seen.released.any() && !seen.is_apart();
        must(
            !free || !self.hub.is_lost(),
            "an arm whose rest nobody sees is let go",
        )?;
        let back = self.hub.arrived == Some(Came::Back) && self.alarms.before == State::Armed;
        must(
            stopped || !back || self.people() == 0,
            "somebody is through, the hub has not turned, and the turnstile goes on",
        )?;
        self.alarms.s14(&seen.signals(), self.limits.into())?;
        let moves = self.hub.home && seen.released.any();
        must(
            !moves || seen.facts.state != State::Trouble,
            "the arm is free in trouble",
        )
    }

    fn s15(&self, seen: &Seen) -> Verdict {
        let forced = self.hub.is_forced();
        must(!forced || seen.is_stopped(), "a forced arm is not told")?;
        let untold = match self.hub.arrived {
            Some(Came::Round(way)) => !self.hub.leave.has(way) && !self.accounted,
            _ => false,
        };
        must(
            !untold || seen.is_stopped(),
            "a turn is taken that nobody had leave for, and it is not told",
        )?;
        let free = seen.released.any() && !seen.is_apart();
        must(!forced || !free, "a forced arm is let go")?;
        must(
            seen.facts.state != State::Trouble || seen.alarmed(),
            "trouble calls nobody",
        )
    }

    /// Besides emergency and tamper: a second person and trouble end by somebody's word only.
    fn s16(&self, seen: &Seen) -> Verdict {
        let signals = seen.signals();
        self.alarms.s16(&signals, self.limits.into())?;
        let (state, before) = (seen.facts.state, self.alarms.before);
        let stands = matches!(before, State::Several | State::Trouble);
        let stronger = matches!(
            state,
            State::Emergency | State::Tamper | State::Trouble | State::Service
        );
        let ends = stands && !stronger && state != before;
        must(
            !ends || self.alarms.has_word(&signals),
            "an alarm ended by itself",
        )
    }

    fn s17(&self, seen: &Seen) -> Verdict {
        let state = seen.facts.state;
        let going_on = matches!(state, State::Armed | State::Turning | State::Obstructed);
        must(
            going_on || self.open_for.is_none(),
            "what became of a release was not told",
        )?;
        must(
            state != State::Armed || self.open_for == Some(seen.facts.passage),
            "the arm is released and nobody was told for whom",
        )
    }

    fn s20(&self, seen: &Seen) -> Verdict {
        let people = self.people();
        let under_way = matches!(self.alarms.before, State::Turning | State::Obstructed);
        let served = under_way && self.open_for.is_some() && !seen.is_stopped();
        must(people <= 1 || !served, "two go through on one turn")?;
        must(
            seen.facts.state != State::Several || seen.alarmed(),
            "nobody is called about a second one",
        )
    }
}

impl Hub {
    fn follow(&mut self, seen: &Seen) {
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

    fn tell(&mut self, now: Instant, released: Released) {
        for (freed, way) in self.freed.iter_mut().zip(WAYS) {
            *freed = if released.has(way) { Some(now) } else { *freed };
        }
        self.free = self.free.or(released);
        self.released = released;
    }

    /// It has not been seen in a rest for more than a turn.
    const fn is_lost(&self) -> bool {
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

    fn is_forced(&self) -> bool {
        self.known && self.away().is_some_and(|way| !self.free.has(way))
    }

    fn is_rightly_away(&self) -> bool {
        let freely = !self.known || self.away().is_some_and(|way| self.free.has(way));
        !self.home && !self.is_past_counting() && freely
    }
}

impl ArmInvariants {
    /// The same memory as if it were always the same moment now: see
    /// [`Turnstile::rebased`](crate::Turnstile::rebased).
    #[must_use]
    pub fn rebased(&self, now: Instant) -> Self {
        let mut memory = self.clone();
        memory.moments(now, |moment, oldest| shift(moment, now, oldest));
        memory
    }

    /// The same memory of a turnstile [`with_limits`](crate::Turnstile::with_limits) of its own.
    #[must_use]
    pub const fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The same memory as if passages had other numbers: see
    /// [`Turnstile::renumbered`](crate::Turnstile::renumbered).
    #[must_use]
    pub fn renumbered(mut self, number: impl Fn(Passage) -> Passage) -> Self {
        self.open_for = self.open_for.map(&number);
        self.newest = number(self.newest);
        self
    }

    fn moments(&mut self, now: Instant, mut visit: impl FnMut(&mut Instant, Duration)) {
        let limits = self.limits;
        if self.open_for.is_none() {
            (self.broken, self.ahead) = ([0; 3], false);
        }
        // In a rest it is the next turn that matters, of which nothing has been told.
        self.accounted &= !self.hub.home;
        self.hub.arrived = None;
        self.permit = self.permit.filter(|permit| now < permit.until);
        let hub = &mut self.hub;
        if hub.home {
            (hub.free, hub.leave) = (Released::NONE, Released::NONE);
        } else {
            hub.released = Released::NONE;
        }
        if hub.home && hub.steps == 0 {
            hub.stepped = now;
        }
        if hub.home {
            hub.left = now;
        }
        self.alarms.forget();
        self.alarms.moments(limits.into(), &mut visit);
        visit(&mut hub.stepped, STILL.max(limits.contradiction) + BEYOND);
        visit(&mut hub.left, limits.contradiction + BEYOND);
        hub.freed = hub.freed.map(|at| at.filter(|at| now.since(*at) <= LAG));
        for moment in hub.freed.iter_mut().flatten() {
            visit(moment, LAG);
        }
        if let Some(permit) = &mut self.permit {
            visit(&mut permit.until, Duration::ZERO);
        }
        for (moment, oldest) in [
            (&mut self.away_since, limits.turning + AT_ONCE),
            (&mut self.squeezed_since, AT_ONCE),
        ] {
            if let Some(moment) = moment {
                visit(moment, oldest + BEYOND);
            }
        }
    }
}
