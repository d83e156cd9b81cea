//! The same gate at another time: see [`Interlock::rebased`](crate::Interlock::rebased).

use super::{Changes, Gate, Machine};
use crate::invariants::Facts;
use crate::rebase::NOW;
use crate::{Limits, TurnstileLimits};
use gate_protocol::{Instant, Passage};

impl Gate {
    /// The same gate as if it were always the same moment now, 1,000 s after the start: two that
    /// will behave alike from now on compare equal, as far as that is known.
    #[must_use]
    pub fn rebased(&self, now: Instant) -> Self {
        let mut gate = self.with_machine(match &self.machine {
            Machine::Lane(lane) => Machine::Lane(lane.rebased(now)),
            Machine::Turnstile(turnstile) => Machine::Turnstile(turnstile.rebased(now)),
            Machine::Unconfigured(none) => Machine::Unconfigured(none.rebased(now)),
        });
        // That the flash is spared never makes a gate do more: a search lets every change through.
        gate.changes = Changes::all(NOW);
        gate
    }

    /// The same gate with limits of one's own, for whichever machine it is, which may be out of all
    /// bounds: for searches that have to wait for each of them.
    #[must_use]
    pub fn with_limits(&self, lane: Limits, turnstile: TurnstileLimits) -> Self {
        self.with_machine(match self.machine.clone() {
            Machine::Lane(machine) => Machine::Lane(machine.with_limits(lane)),
            Machine::Turnstile(machine) => Machine::Turnstile(machine.with_limits(turnstile)),
            none @ Machine::Unconfigured(_) => none,
        })
    }

    /// The same gate as if its passages had other numbers.
    #[must_use]
    pub fn renumbered(&self, number: impl Fn(Passage) -> Passage) -> Self {
        self.with_machine(match self.machine.clone() {
            Machine::Lane(machine) => Machine::Lane(machine.renumbered(number)),
            Machine::Turnstile(machine) => Machine::Turnstile(machine.renumbered(number)),
            none @ Machine::Unconfigured(_) => none,
        })
    }

    /// What a bystander is told after a scan: see [`crate::invariants`].
    #[must_use]
    pub fn facts(&self, now: Instant) -> Facts {
        Facts {
            state: self.state(),
            passage: self.passage(),
            leased: self.leased(now),
            inputs: self.inputs(),
        }
    }

    fn with_machine(&self, machine: Machine) -> Self {
        Self {
            machine,
            next: self.next,
            to_store: self.to_store,
            changes: self.changes.clone(),
        }
    }

    /// What [`Self::rebased`] takes for now.
    pub const REBASED_NOW: Instant = NOW;
}
