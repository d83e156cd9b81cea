//! Plays a scenario on a rig, and tells the gate's faults from the bench's.

use super::file::{Deed, Expected, Scenario, Step};
use super::observed::Observed;
use super::told::{Told, left_word, outcome_word, screen_word};
use crate::fault::Fault;
use crate::world::Persona;
use gate_protocol::Instant;
use gate_session::Outcome;
use std::fmt::{self, Display, Formatter};
use std::time::Duration;

/// A lane that a scenario can be played on, whatever it is made of.
pub trait Rig {
    /// Its name for reports: pure, daemon, emulated, bench.
    fn name(&self) -> &'static str;

    /// The rig's time.
    fn now(&self) -> Instant;

    /// Whether this rig can do that to its lane.
    fn can(&self, fault: Fault) -> bool;

    /// Whether this rig would notice that.
    fn notices(&self, expected: &Expected) -> bool {
        let _ = expected;
        true
    }

    /// Somebody sets out for the lane.
    ///
    /// # Errors
    ///
    /// What the bench could not do.
    fn comes(&mut self, persona: Persona) -> Result<(), BenchFault>;

    /// A fault begins.
    ///
    /// # Errors
    ///
    /// What the bench could not do.
    fn begins(&mut self, fault: Fault) -> Result<(), BenchFault>;

    /// A fault ends. One that is not there is no error.
    ///
    /// # Errors
    ///
    /// What the bench could not do.
    fn ends(&mut self, fault: Fault) -> Result<(), BenchFault>;

    /// Lives on until something is told or `until` is reached.
    ///
    /// # Errors
    ///
    /// What broke at the bench.
    fn lives(&mut self, until: Instant) -> Result<Option<(Instant, Told)>, BenchFault>;

    /// Nobody is in or near the lane, and nothing was left in it.
    fn is_deserted(&self) -> bool;

    /// The lane waits for a traveller, and nobody is there.
    fn is_ready(&self) -> bool;

    /// What must never happen and has, in words.
    fn violations(&self) -> Vec<String>;

    /// Why a device that stands beside the gate cannot be trusted: a gate that fails meanwhile may be
    /// innocent.
    fn distrusts(&self) -> Option<String> {
        None
    }

    /// Keeps from now on what a report shows. A rig that cannot does nothing.
    fn observe(&mut self) {}

    /// What was kept, which is forgotten here; nothing if the rig keeps nothing.
    fn observed(&mut self) -> Observed {
        Observed::default()
    }
}

/// The bench could not do its part. It says nothing about the gate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BenchFault(pub String);

/// Who is at fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nobody: everything was as the scenario wants it.
    Passed,
    /// The gate, and what it did.
    Gate(String),
    /// The bench, and what it could not do.
    Bench(String),
}

/// A line of the trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// When.
    pub at: Instant,
    /// `<` what was done to the lane, `>` what it did, `!` what was wrong.
    pub mark: char,
    /// In words.
    pub text: String,
}

/// Something that was waited for, and how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measured {
    /// Line of the file, from 1; 0 where no file asked for it.
    pub line: usize,
    /// What was to be seen.
    pub what: String,
    /// How long it might take.
    pub limit: Duration,
    /// How long it took, or how long it was waited for in vain.
    pub took: Duration,
    /// It came in time, and was the right one.
    pub kept: bool,
}

/// What came of a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The scenario's sentence.
    pub title: String,
    /// The rig's name.
    pub rig: &'static str,
    /// Who is at fault.
    pub verdict: Verdict,
    /// What happened, in order.
    pub trace: Vec<Line>,
    /// What was waited for, in order.
    pub measured: Vec<Measured>,
    /// The rig's time at the end.
    pub ended: Instant,
}

/// Whoever is not in the lane any more has been completed by then, or is not going to be.
const GONE: Duration = Duration::from_secs(20);
/// How often a technician comes before the lane is given up.
const VISITS: u32 = 3;
/// A lane that is not ready after this time gets a technician with the service key.
const KEY_AFTER: Duration = Duration::from_secs(90);
/// What has just begun or ended has been noticed by everything that takes part.
const SETTLED: Duration = Duration::from_secs(1);
/// A lane that has been ready for this time has nothing more to tell of what is over: longer than the
/// interlock waits for a bolt or for contacts that contradict each other.
const AT_REST: Duration = Duration::from_secs(3);
/// How long the technician turns the key: long enough to be believed, and to see the lane.
const KEY_TURNED: Duration = Duration::from_secs(5);
/// Nobody looks at the lane less often than this.
const GLANCE: Duration = Duration::from_millis(500);

impl Display for Line {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let ms = self.at.as_millis();
        let at = format!("{}.{:03}", ms / 1_000, ms % 1_000);
        write!(f, "{at:>8} {} {}", self.mark, self.text)
    }
}

impl Run {
    /// A scenario that the bench could not even begin.
    #[must_use]
    pub const fn refused(title: String, rig: &'static str, why: String) -> Self {
        Self {
            title,
            rig,
            verdict: Verdict::Bench(why),
            trace: Vec::new(),
            measured: Vec::new(),
            ended: Instant::ZERO,
        }
    }

    /// The trace as a file: a line for everything that happened.
    #[must_use]
    pub fn text(&self) -> String {
        self.trace.iter().map(|line| format!("{line}\n")).collect()
    }
}

/// Plays `scenario` on `rig`. At its end every fault is over and the lane must be ready again,
/// with a technician's key if it wants one.
pub fn run(scenario: &Scenario, rig: &mut dyn Rig) -> Run {
    let mut play = Play {
        rig,
        trace: Vec::new(),
        measured: Vec::new(),
        active: Vec::new(),
        seen: Seen::default(),
        somebody_came: false,
        present: None,
        undecided: None,
        wrongly_cleared: None,
    };
    // What a rule has to say is not unsaid because the bench failed behind it.
    let ended = match play.whole(scenario) {
        Err(End::Bench(fault)) => play.violated().and(Err(End::Bench(fault))),
        Err(End::Gate(why)) => Err(play.doubted(why)),
        ended => ended,
    };
    play.end_all();
    let verdict = match ended {
        Ok(()) => Verdict::Passed,
        Err(End::Gate(why)) => Verdict::Gate(why),
        Err(End::Bench(BenchFault(why))) => Verdict::Bench(why),
    };
    if let Verdict::Gate(why) | Verdict::Bench(why) = &verdict {
        play.note('!', why.clone());
    }
    Run {
        title: scenario.title.clone(),
        rig: play.rig.name(),
        verdict,
        ended: play.rig.now(),
        trace: play.trace,
        measured: play.measured,
    }
}

/// Why a scenario ended early.
enum End {
    Gate(String),
    Bench(BenchFault),
}

impl From<BenchFault> for End {
    fn from(fault: BenchFault) -> Self {
        Self::Bench(fault)
    }
}

/// What was told since somebody came last.
#[derive(Default)]
struct Seen {
    /// The last traveller number that was told before somebody came.
    earlier: u64,
    /// The last one told since.
    traveller: u64,
    decided: Option<Outcome>,
    left: Option<&'static str>,
    screen: Option<&'static str>,
    controller: Option<String>,
}

struct Play<'a> {
    rig: &'a mut dyn Rig,
    trace: Vec<Line>,
    measured: Vec<Measured>,
    /// Faults that are there, and when they end by themselves.
    active: Vec<(Fault, Option<Instant>)>,
    seen: Seen,
    somebody_came: bool,
    /// Who came last.
    present: Option<Persona>,
    /// Who came before, while nothing has been decided about them: a daemon that stood still decides
    /// late.
    undecided: Option<Persona>,
    /// Somebody was cleared who must not be.
    wrongly_cleared: Option<&'static str>,
}

impl Play<'_> {
    fn whole(&mut self, scenario: &Scenario) -> Result<(), End> {
        for step in &scenario.steps {
            if let Deed::Begins(fault, _) | Deed::Ends(fault) = step.deed
                && !self.rig.can(fault)
            {
                let name = self.rig.name();
                let why = format!("{}the {name} rig cannot do {fault}", place(step));
                return Err(End::Bench(BenchFault(why)));
            }
            if let Deed::Expect(expected, _) = &step.deed
                && !self.rig.notices(expected)
            {
                let name = self.rig.name();
                let why = format!("{}the {name} rig cannot see a {expected}", place(step));
                return Err(End::Bench(BenchFault(why)));
            }
        }
        self.pass(SETTLED)?;
        self.attended("the lane opens", |play| play.rig.is_ready())?;
        for step in &scenario.steps {
            self.pass(step.after)?;
            self.step(step)?;
        }
        self.recover()
    }

    fn step(&mut self, step: &Step) -> Result<(), End> {
        match &step.deed {
            Deed::Comes(persona) => {
                self.attended("the lane is empty", |play| play.rig.is_deserted())?;
                if self.somebody_came && self.seen.left.is_none() {
                    self.is_within(GONE, |play| play.seen.left.is_some())?;
                }
                self.somebody_came = true;
                let undecided = self.present.filter(|_| self.seen.decided.is_none());
                self.undecided = undecided.or(self.undecided);
                self.seen = Seen {
                    earlier: self.seen.earlier.max(self.seen.traveller),
                    screen: self.seen.screen,
                    controller: self.seen.controller.take(),
                    ..Seen::default()
                };
                self.note('<', format!("{} comes", persona.word()));
                self.present = Some(*persona);
                self.rig.comes(*persona)?;
            }
            Deed::Begins(fault, lasts) => {
                let until = lasts.map(|lasts| self.rig.now() + lasts);
                self.begin(*fault, until)?;
            }
            Deed::Ends(fault) => self.end(*fault)?,
            Deed::Recovers => self.recover()?,
            Deed::Expect(expected, within) => {
                let place = place(step);
                let began = self.rig.now();
                let seen = self
                    .wait(*within, &format!("{place}{expected}"), |play| {
                        play.has_seen(expected)
                    })
                    .and_then(|()| self.check(step, expected));
                self.measured.push(Measured {
                    line: step.line,
                    what: expected.to_string(),
                    limit: *within,
                    took: self.rig.now().since(began),
                    kept: seen.is_ok(),
                });
                seen?;
            }
        }
        Ok(())
    }

    /// What was awaited is there; it may still be the wrong one.
    fn check(&self, step: &Step, expected: &Expected) -> Result<(), End> {
        let found = match expected {
            Expected::Decided(kind, reason) => {
                let Some(outcome) = self.seen.decided else {
                    return Ok(());
                };
                let right = outcome.word() == *kind
                    && reason.is_none_or(|reason| outcome.reason() == Some(reason));
                (!right).then(|| outcome_word(outcome))
            }
            Expected::Left(way) => self
                .seen
                .left
                .filter(|left| left != way)
                .map(ToOwned::to_owned),
            Expected::Screen(_) | Expected::Controller(_) => None,
        };
        match found {
            None => Ok(()),
            Some(found) => Err(End::Gate(format!(
                "{}expected {expected}, found {found}",
                place(step)
            ))),
        }
    }

    fn has_seen(&self, expected: &Expected) -> bool {
        match expected {
            Expected::Decided(..) => self.seen.decided.is_some(),
            Expected::Left(_) => self.seen.left.is_some(),
            Expected::Screen(screen) => self.seen.screen == Some(screen),
            Expected::Controller(state) => self.seen.controller.as_ref() == Some(state),
        }
    }

    /// Every fault ends, those that have a time when it is over, and the lane must be ready for the next
    /// traveller.
    fn recover(&mut self) -> Result<(), End> {
        while let Some(fault) = self.unending() {
            self.end(fault)?;
        }
        while let Some(until) = self.active.iter().filter_map(|(_, until)| *until).max() {
            self.glance(until)?;
        }
        let began = self.rig.now();
        self.pass(SETTLED)?;
        let what = "the lane is ready again";
        let ready = self.is_ready_for_good(what);
        self.measured.push(Measured {
            line: 0,
            what: what.to_owned(),
            limit: SETTLED + (KEY_AFTER + KEY_TURNED) * VISITS + KEY_AFTER,
            took: self.rig.now().since(began),
            kept: ready.is_ok(),
        });
        ready
    }

    /// A fault that lasts until somebody ends it.
    fn unending(&self) -> Option<Fault> {
        let mut active = self.active.iter();
        active
            .find(|(_, until)| until.is_none())
            .map(|(fault, _)| *fault)
    }

    /// Ready, and still ready a moment later: a door that did not fall shut is told when it should have.
    fn is_ready_for_good(&mut self, what: &str) -> Result<(), End> {
        for _ in 0..VISITS {
            self.attended(what, |play| play.rig.is_ready())?;
            self.pass(AT_REST)?;
            if self.rig.is_ready() {
                return Ok(());
            }
        }
        Err(End::Gate(format!("not for long: {what}")))
    }

    /// Waits for the lane; a technician looks after one that does not get on by itself.
    fn attended(&mut self, what: &str, done: impl Fn(&Self) -> bool) -> Result<(), End> {
        for _ in 0..VISITS {
            if self.is_within(KEY_AFTER, &done)? {
                return Ok(());
            }
            self.begin(Fault::ServiceKey, None)?;
            self.pass(KEY_TURNED)?;
            self.end(Fault::ServiceKey)?;
        }
        self.wait(KEY_AFTER, what, done)
    }

    /// However a scenario ends, nothing that it did lasts.
    fn end_all(&mut self) {
        for (fault, _) in std::mem::take(&mut self.active) {
            if let Err(trouble) = self.rig.ends(fault) {
                self.note('!', format!("{fault} could not be ended: {trouble}"));
            }
        }
    }

    fn begin(&mut self, fault: Fault, until: Option<Instant>) -> Result<(), End> {
        let lasts = until.map_or_else(String::new, |until| {
            format!(" for {:.1} s", until.since(self.rig.now()).as_secs_f64())
        });
        self.note('<', format!("{fault} begins{lasts}"));
        self.active.retain(|(other, _)| *other != fault);
        self.active.push((fault, until));
        self.rig.begins(fault)?;
        Ok(())
    }

    fn end(&mut self, fault: Fault) -> Result<(), End> {
        self.active.retain(|(other, _)| *other != fault);
        self.note('<', format!("{fault} ends"));
        self.rig.ends(fault)?;
        Ok(())
    }

    fn pass(&mut self, time: Duration) -> Result<(), End> {
        let until = self.rig.now() + time;
        while self.rig.now() < until {
            self.glance(until)?;
        }
        Ok(())
    }

    fn wait(
        &mut self,
        patience: Duration,
        what: &str,
        done: impl Fn(&Self) -> bool,
    ) -> Result<(), End> {
        if self.is_within(patience, done)? {
            return Ok(());
        }
        let patience = patience.as_secs_f64();
        Err(End::Gate(format!("not within {patience:.1} s: {what}")))
    }

    fn is_within(&mut self, patience: Duration, done: impl Fn(&Self) -> bool) -> Result<bool, End> {
        let until = self.rig.now() + patience;
        while !done(self) {
            if self.rig.now() >= until {
                return Ok(false);
            }
            self.glance((self.rig.now() + GLANCE).min(until))?;
        }
        Ok(true)
    }

    /// Lives on until `until`, the end of a fault, or something that the lane tells.
    fn glance(&mut self, until: Instant) -> Result<(), End> {
        let ends = self.active.iter().filter_map(|(_, ends)| *ends);
        let until = ends.fold(until, Instant::min);
        if let Some((at, told)) = self.rig.lives(until)? {
            self.hear(at, told);
        }
        self.violated()?;
        let now = self.rig.now();
        while let Some((fault, _)) = self
            .active
            .iter()
            .find(|(_, ends)| ends.is_some_and(|ends| ends <= now))
            .copied()
        {
            self.end(fault)?;
        }
        Ok(())
    }

    fn violated(&self) -> Result<(), End> {
        if let Some(persona) = self.wrongly_cleared {
            return Err(End::Gate(format!("{persona} was cleared")));
        }
        match self.rig.violations().into_iter().next() {
            None => Ok(()),
            Some(violation) => Err(End::Gate(violation)),
        }
    }

    /// Who is at fault for `why`. A rule that was broken is the gate's, whatever a device said.
    fn doubted(&self, why: String) -> End {
        match (self.violated(), self.rig.distrusts()) {
            (Err(broken), _) => broken,
            (Ok(()), Some(device)) => End::Bench(BenchFault(format!("{device}; beside it: {why}"))),
            (Ok(()), None) => End::Gate(why),
        }
    }

    fn hear(&mut self, at: Instant, told: Told) {
        match told {
            // The next one's, who must not be cleared, it cannot be.
            Told::Decided(traveller, outcome @ Outcome::Cleared)
                if traveller > self.seen.earlier && self.is_belated(outcome) =>
            {
                self.seen.earlier = traveller;
                self.undecided = None;
            }
            Told::Decided(traveller, outcome) if traveller > self.seen.earlier => {
                self.seen.decided.get_or_insert(outcome);
                self.seen.traveller = traveller;
                if outcome == Outcome::Cleared {
                    let wrong = self
                        .present
                        .filter(|persona| persona.ends() != Outcome::Cleared);
                    self.wrongly_cleared = wrong.map(Persona::word);
                }
            }
            Told::Left(traveller, left) if traveller > self.seen.earlier => {
                self.seen.left.get_or_insert(left_word(left));
                self.seen.traveller = traveller;
            }
            Told::Screen(screen) => self.seen.screen = Some(screen_word(screen)),
            Told::Controller(state) => self.seen.controller = Some(state.to_string()),
            Told::OfficerDecided(..) | Told::Decided(..) | Told::Left(..) => {}
        }
        let text = told.to_string();
        let same = self.trace.iter().rev().find(|line| line.mark == '>');
        let repeats = matches!(told, Told::Screen(_)) && same.is_some_and(|line| line.text == text);
        if !repeats {
            self.trace.push(Line {
                at,
                mark: '>',
                text,
            });
        }
    }

    /// Whether it is the one before who is decided about, late, and not who came last.
    fn is_belated(&self, outcome: Outcome) -> bool {
        let ends = |who: Option<Persona>| who.map(Persona::ends);
        self.seen.decided.is_none()
            && ends(self.undecided) == Some(outcome)
            && ends(self.present) != Some(outcome)
    }

    fn note(&mut self, mark: char, text: String) {
        let at = self.rig.now();
        self.trace.push(Line { at, mark, text });
    }
}

fn place(step: &Step) -> String {
    match step.line {
        0 => String::new(),
        line => format!("line {line}: "),
    }
}

impl Display for Expected {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Decided(kind, None) => f.write_str(kind),
            Self::Decided(kind, Some(reason)) => write!(f, "{kind}: {reason}"),
            Self::Left(way) => write!(f, "left {way}"),
            Self::Screen(screen) => write!(f, "screen {screen}"),
            Self::Controller(state) => write!(f, "controller {state}"),
        }
    }
}
