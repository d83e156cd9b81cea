//! Invariants that hold at every scan, whoever comes and whatever fails.

use gate_interlock::invariants;
use gate_protocol::Instant;
use gate_protocol::pins::{Bits, Input, Output};
use std::time::Duration;

/// Something that must never happen has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// The interlock has broken one of its own rules (S1, S3 to S10, S14 to S17, S20).
    #[error("{0}")]
    Rule(#[from] invariants::Violation),
    /// Both doors stood open at once without an emergency (S3).
    #[error("both doors open at {}.{:03} s", at.as_millis() / 1_000, at.as_millis() % 1_000)]
    BothOpen {
        /// When.
        at: Instant,
    },
    /// The exit was released before the journal had a decision to clear somebody (SAF-101).
    #[error("exit released without a recorded decision at {}.{:03} s",
        at.as_millis() / 1_000, at.as_millis() % 1_000)]
    ExitUndecided {
        /// When.
        at: Instant,
    },
    /// The journal has two decisions of the gate for one traveller.
    #[error("traveller {traveller} decided twice at {}.{:03} s",
        at.as_millis() / 1_000, at.as_millis() % 1_000)]
    DecidedTwice {
        /// When the second was written.
        at: Instant,
        /// Whose.
        traveller: u64,
    },
    /// The journal completes a traveller whom nobody decided, or completes one twice.
    #[error("traveller {traveller} completed without a decision, or twice, at {}.{:03} s",
        at.as_millis() / 1_000, at.as_millis() % 1_000)]
    CompletedUnknown {
        /// When it was written.
        at: Instant,
        /// Whose.
        traveller: u64,
    },
}

/// Watches pins and journal.
#[derive(Debug, Default)]
pub struct Monitor {
    /// Decisions to clear that are on disk and have not been used.
    cleared: u32,
    exit_released: bool,
    /// Since when the exit has been bolted again.
    bolted: Option<Instant>,
    /// Both doors stand open, and the controller did not do it.
    excused: bool,
    violations: Vec<Violation>,
}

/// A bolt has fallen when it has been down for so long, for the interlock as for its bystander.
const BOLTED: Duration = Duration::from_millis(500);

/// More than this many violations say nothing new.
const VIOLATIONS_MAX: usize = 100;

impl Monitor {
    /// The journal has a decision to clear somebody.
    pub const fn cleared(&mut self) {
        self.cleared += 1;
    }

    /// The decision to clear somebody was taken back before it was used.
    pub const fn taken_back(&mut self) {
        self.cleared = 0;
    }

    /// The ways out fell open without current: nobody released them.
    pub const fn let_go(&mut self) {
        self.exit_released = true;
        self.bolted = None;
        self.excused = true;
    }

    /// Looks at the pins of one scan. `emergency` while fire, emergency stop or break-glass have the
    /// ways out open, `forced` while somebody pushes a door open against its bolt.
    pub fn watch(
        &mut self,
        at: Instant,
        emergency: bool,
        (inputs, outputs): (Bits, Bits),
        forced: bool,
    ) {
        let both_open = !inputs.input(Input::EntryClosed) && !inputs.input(Input::ExitClosed);
        if emergency {
            self.exit_released = true; // the way out is open, and no decision is needed
            self.bolted = None;
            self.excused = both_open;
            return;
        }
        // What an emergency or a push has opened stays open until one of the two is shut.
        self.excused = both_open && (self.excused || forced);
        let exit = !outputs.output(Output::ExitHold);
        if both_open && !self.excused {
            self.report(Violation::BothOpen { at });
        }
        if exit && !self.exit_released {
            if self.cleared == 0 {
                self.report(Violation::ExitUndecided { at });
            }
            self.cleared = 0;
        }
        // A leaf that meets somebody gives way again: the way out is over when the exit is bolted, and
        // has been for a moment: a bolt that springs back has not fallen.
        let bolted = !exit && inputs.input(Input::ExitLocked);
        self.bolted = bolted.then(|| self.bolted.unwrap_or(at));
        let over = self.bolted.is_some_and(|since| at.since(since) >= BOLTED);
        self.exit_released = exit || self.exit_released && !over;
    }

    /// Takes what the interlock's own bystander says of one scan.
    pub fn judge(&mut self, rules: Result<(), invariants::Violation>) {
        if let Err(violation) = rules {
            self.report(violation.into());
        }
    }

    /// What must never happen and has.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// Notes that something has happened that must not.
    pub fn report(&mut self, violation: Violation) {
        if self.violations.len() < VIOLATIONS_MAX {
            self.violations.push(violation);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gate_protocol::State;

    const SHUT: Bits = Bits(
        1 << Input::EntryClosed as u32
            | 1 << Input::ExitClosed as u32
            | 1 << Input::ExitLocked as u32,
    );
    const HELD: Bits = Bits(1 << Output::EntryHold as u32 | 1 << Output::ExitHold as u32);
    const EXIT: Bits = Bits(1 << Output::EntryHold as u32);

    #[test]
    fn what_must_not_happen_is_seen() {
        let at = Instant::ZERO;
        let cases: &[(&str, Bits, Bits, bool, &[Violation])] = &[
            ("at rest", SHUT, HELD, false, &[]),
            ("exit after a decision", SHUT, EXIT, true, &[]),
            (
                "exit without one",
                SHUT,
                EXIT,
                false,
                &[Violation::ExitUndecided { at }],
            ),
            (
                "both open",
                Bits(0),
                HELD,
                false,
                &[Violation::BothOpen { at }],
            ),
        ];
        for (name, inputs, outputs, cleared, expected) in cases {
            let mut monitor = Monitor::default();
            if *cleared {
                monitor.cleared();
            }
            monitor.watch(at, false, (*inputs, *outputs), false);
            assert_eq!(monitor.violations(), *expected, "{name}");
        }
    }

    #[test]
    fn a_broken_rule_of_the_interlock_is_kept() {
        let violation = invariants::Violation {
            rule: invariants::Rule::S3,
            at: Instant::from_millis(1_005),
            state: State::Idle,
            what: "both doors are released",
        };
        let mut monitor = Monitor::default();
        monitor.judge(Ok(()));
        monitor.judge(Err(violation));
        let told = monitor.violations().iter().map(ToString::to_string);
        let line = "S3 at 1.005 s in state idle: both doors are released";
        assert_eq!(told.collect::<Vec<_>>(), [line]);
    }

    #[test]
    fn a_decision_opens_the_exit_once() {
        let mut monitor = Monitor::default();
        monitor.cleared();
        // A bolt that springs back, and one that falls.
        for (ms, outputs) in [
            (0, EXIT),
            (1, HELD),
            (500, EXIT),
            (600, HELD),
            (1_100, HELD),
        ] {
            let at = Instant::from_millis(ms);
            monitor.watch(at, false, (SHUT, outputs), false);
        }
        assert!(monitor.violations().is_empty());
        monitor.watch(Instant::from_millis(1_101), false, (SHUT, EXIT), false);
        assert_eq!(monitor.violations().len(), 1);
    }
}
