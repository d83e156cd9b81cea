//! The bystander at a single turnstile.
//!
//! The rules are those of the lane, as far as they do not speak of two doors, and those of an arm:
//! `docs/hazards.md` has both. It is asked as [`Invariants`](super::Invariants) is, and follows the
//! hub, the beams and the permits by a book of its own.

mod hub;
mod rules;
mod seen;

use super::alarms::Alarms;
use super::{AT_ONCE, Facts, Rule, Violation};
use crate::Released;
use crate::rebase::{BEYOND, shift};
use crate::turnstile::Limits;
use core::time::Duration;
use gate_protocol::pins::{Bits, TurnstileInput, TurnstileOutput};
use gate_protocol::{
    Answer, CheckedSite, Door, Event, Instant, Mode, Passage, Site, State, ToController,
};
use hub::{Hub, LAG, STILL};
use seen::Seen;

/// Nobody needs to be counted beyond.
const MOST_PEOPLE: u8 = 3;

/// Leave to turn the arm once, as the bystander heard it given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Permit {
    way: Door,
    until: Instant,
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
            hub: Hub::unknown(),
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
