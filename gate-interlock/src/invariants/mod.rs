//! A bystander who knows the rules and watches every scan.
//!
//! Any rig can ask it: the tests of this crate, the search over everything that can happen, the
//! simulated lane, a recording of a real one. It keeps its own memory of permits, doors and
//! people, and comes to its own judgement of them. What it takes from the interlock that it watches
//! are [`Facts`]: debounced inputs, the lease, the number of the passage. That the lease is right is the search's own
//! book (`properties.rs`), and debouncing has tests of its own. After each scan:
//!
//! 1. [`Invariants::answered`] for each request since the scan before, with its answer;
//! 2. [`Invariants::happened`] for each event of this scan;
//! 3. [`Invariants::check`] with the pins.

mod alarms;
mod arm;
mod history;
mod rules;
mod seen;
#[cfg(test)]
mod tests;
mod violation;

pub use arm::ArmInvariants;
pub use seen::Facts;
pub use violation::{Rule, Violation};

use crate::{Limits, Released};
use alarms::Alarms;
use core::time::Duration;
use gate_protocol::pins::Bits;
use gate_protocol::{
    Answer, CheckedSite, Door, Event, Fault, Instant, Passage, Site, ToController,
};
use history::DoorHistory;
use seen::Seen;

/// How long a leaf may go on towards somebody, and a forced door go untold.
const AT_ONCE: Duration = Duration::from_millis(100);

type Verdict = Result<(), &'static str>;

/// `what` must hold.
fn must(holds: bool, what: &'static str) -> Verdict {
    if holds { Ok(()) } else { Err(what) }
}

/// Whether something has lasted for longer than it may.
fn over(now: Instant, since: Option<Instant>, limit: Duration) -> bool {
    since.is_some_and(|since| now.since(since) > limit)
}

/// Leave to open the exit, as the bystander heard it given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Permit {
    pub(crate) passage: Passage,
    until: Instant,
    used: bool,
}

/// Everything that the bystander remembers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Invariants {
    site: Site,
    pub(crate) limits: Limits,
    alarms: Alarms,
    /// The doors that the scan before released.
    released_before: Released,
    pub(crate) permit: Option<Permit>,
    /// The passage that the exit was released for, until an event ends that.
    pub(crate) open_for: Option<Passage>,
    ways_out: Released,
    mains_since: Option<Instant>,
    closing_since: Option<Instant>,
    /// No mains, or none for long enough yet.
    dark: bool,
    single_since: Option<Instant>,
    /// Since when more than one person have been inside, while a release of the exit has no end yet.
    several_since: Option<Instant>,
    /// The same, with nobody in the exit's leaf or gone through it.
    beside_since: Option<Instant>,
    /// That was told.
    beside_told: bool,
    /// While more than one have been inside, the beam behind the exit was free.
    beam_was_free: bool,
    /// And was broken after that, or by somebody who still was in the exit's leaf.
    one_gone: bool,
    /// The beam behind the exit was free in the scan before.
    beyond_before: bool,
    /// When somebody was last in the exit's leaf.
    leaf_at: Option<Instant>,
    /// Since when more than one have been seen behind one who has gone, with nobody in the leaf; and
    /// since when one of them has gone into it.
    apart_since: Option<Instant>,
    walks_since: Option<Instant>,
    /// Somebody stands in that beam who has reached it out of the leaf.
    steps_out: bool,
    /// And was seen there with nobody in the leaf any more.
    one_out: bool,
    /// Whose number that was: whoever stays is another.
    out: Option<Passage>,
    /// When one person was first counted inside all the same, while the lane does not read empty.
    another_since: Option<Instant>,
    /// The exit's leaf has been seen out of its frame since it was released.
    exit_moved: bool,
    held_since: Option<Instant>,
    contradicted: Option<(Fault, Instant)>,
    entry: DoorHistory,
    exit: DoorHistory,
    /// A rule that an event has broken.
    told_wrong: Option<&'static str>,
}

impl Invariants {
    /// A bystander who comes when the controller starts.
    #[must_use]
    pub fn new(site: CheckedSite) -> Self {
        Self {
            site: site.get(),
            limits: Limits::of(site),
            alarms: Alarms::new(),
            released_before: Released::default(),
            permit: None,
            open_for: None,
            ways_out: Released::default(),
            mains_since: None,
            closing_since: None,
            dark: false,
            single_since: None,
            several_since: None,
            beside_since: None,
            beside_told: false,
            beam_was_free: false,
            one_gone: false,
            beyond_before: false,
            leaf_at: None,
            apart_since: None,
            walks_since: None,
            steps_out: false,
            one_out: false,
            out: None,
            another_since: None,
            exit_moved: false,
            held_since: None,
            contradicted: None,
            entry: DoorHistory::default(),
            exit: DoorHistory::default(),
            told_wrong: None,
        }
    }

    pub(crate) const fn limits(&self) -> Limits {
        self.limits
    }

    /// The host has asked, and this is what it was answered.
    pub fn answered(&mut self, now: Instant, asked: &ToController, answer: Answer) {
        if answer != Answer::Accepted {
            return;
        }
        match *asked {
            ToController::Permit {
                door: Door::Exit,
                for_ms,
                passage,
            } => {
                self.permit = Some(Permit {
                    passage,
                    until: now + Duration::from_millis(for_ms.into()),
                    used: false,
                });
            }
            ToController::Withdraw => self.permit = None,
            ToController::ClearAlarm => self.alarms.clear(),
            ToController::Configure { site } => {
                if let Ok(checked) = site.check() {
                    (self.site, self.limits) = (site, Limits::of(checked));
                }
            }
            _ => {}
        }
    }

    /// The host has opened a new session: what it wanted before is gone.
    pub const fn session_opened(&mut self) {
        self.permit = None;
    }

    /// The controller has told an event.
    pub fn happened(&mut self, event: Event) {
        match event {
            Event::ExitReleased(passage) => {
                let twice = self.open_for.replace(passage).is_some();
                self.wrong(twice, "the exit was released before its last release ended");
                self.exit_moved = false;
            }
            Event::Passed(_) | Event::ObjectLeft(_)
                if self.open_for.is_some() && !self.exit_moved =>
            {
                self.wrong(
                    true,
                    "somebody was told to have left through a leaf that never moved",
                );
            }
            Event::Passed(passage) | Event::DidNotLeave(passage) => {
                self.out = self.one_out.then_some(passage);
                let other = self.open_for.take() != Some(passage);
                self.wrong(other, "an end was told of a passage that was not let out");
            }
            Event::ObjectLeft(passage) | Event::Abandoned(passage) => {
                let other = self.open_for.take().is_some_and(|open| open != passage);
                self.wrong(other, "an end was told of another passage");
            }
            Event::WrongWay | Event::SeveralEntered(_) => self.beside_told = true,
            Event::Forced(Door::Entry) => self.entry.told_forced(),
            Event::Forced(Door::Exit) => self.exit.told_forced(),
            Event::HeldOpen(Door::Entry) => self.entry.told_held_open(),
            Event::HeldOpen(Door::Exit) => self.exit.told_held_open(),
            event => self.alarms.happened(event),
        }
    }

    fn wrong(&mut self, is_wrong: bool, what: &'static str) {
        if is_wrong {
            self.told_wrong = Some(what);
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
        let seen = Seen::new(now, raw, outputs, facts, self.site.exit_lock);
        self.remember(&seen);
        let verdict = self.judge(&seen);
        self.keep(&seen);
        verdict
    }
}
