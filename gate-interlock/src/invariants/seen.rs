//! One scan as a bystander sees it: pins, and what the controller says of itself.

use super::alarms::Signals;
use crate::Released;
use gate_protocol::pins::{Bits, Input, Output};
use gate_protocol::{Door, Fault, Instant, Lock, Passage, State};

/// What the interlock says of itself after a scan; the same is in a status on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Facts {
    /// State of the lane.
    pub state: State,
    /// Who is inside; 0 if nobody.
    pub passage: Passage,
    /// Whether the host holds its lease.
    pub leased: bool,
    /// The debounced inputs.
    pub inputs: Bits,
}

/// One scan. The words are made of the bits anew: a bystander who asked the interlock what it
/// reads would share its mistakes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub(super) now: Instant,
    pub(super) raw: Bits,
    pub(super) outputs: Bits,
    pub(super) facts: Facts,
    pub(super) released: Released,
}

impl Seen {
    pub(super) fn new(now: Instant, raw: Bits, outputs: Bits, facts: Facts, lock: Lock) -> Self {
        let on = |output| outputs.output(output);
        let released = Released {
            entry: !on(Output::EntryHold) || on(Output::EntryDrive) || on(Output::EntryRelease),
            exit: lock.is_released(on(Output::ExitHold))
                || on(Output::ExitDrive)
                || on(Output::ExitRelease),
        };
        Self {
            now,
            raw,
            outputs,
            facts,
            released,
        }
    }

    pub(super) const fn is(&self, input: Input) -> bool {
        self.facts.inputs.input(input)
    }

    pub(super) fn shut(&self, door: Door) -> bool {
        let [closed, locked, open, _] = pins(door);
        self.is(closed) && self.is(locked) && !self.is(open)
    }

    /// One contact says that it is shut, and none that it is open.
    pub(super) fn bars(&self, door: Door) -> bool {
        let [closed, locked, open, _] = pins(door);
        (self.is(closed) || self.is(locked)) && !self.is(open)
    }

    pub(super) fn closed(&self, door: Door) -> bool {
        self.is(pins(door)[0])
    }

    /// Its contact says closed, and none says open.
    pub(super) fn framed(&self, door: Door) -> bool {
        self.closed(door) && !self.open(door)
    }

    pub(super) fn open(&self, door: Door) -> bool {
        self.is(pins(door)[2])
    }

    pub(super) fn free(&self, door: Door) -> bool {
        self.is(pins(door)[3])
    }

    /// Somebody stands in a leaf of which some contact says that it is away from its frame, as far
    /// as the interlock can know.
    pub(super) fn obstructed(&self, door: Door) -> bool {
        (!self.closed(door) || self.open(door)) && !self.free(door)
    }

    /// The same, as the pins have it.
    pub(super) fn obstructed_now(&self, door: Door) -> bool {
        let [closed, _, open, free] = pins(door);
        (!self.raw.input(closed) || self.raw.input(open)) && !self.raw.input(free)
    }

    pub(super) const fn released(&self, door: Door) -> bool {
        match door {
            Door::Entry => self.released.entry,
            Door::Exit => self.released.exit,
        }
    }

    pub(super) const fn driven(&self, door: Door) -> bool {
        let (drive, release) = match door {
            Door::Entry => (Output::EntryDrive, Output::EntryRelease),
            Door::Exit => (Output::ExitDrive, Output::ExitRelease),
        };
        self.outputs.output(drive) || self.outputs.output(release)
    }

    pub(super) fn single(&self) -> bool {
        self.is(Input::SingleOk) && !self.is(Input::EmptyOk)
    }

    pub(super) fn empty(&self) -> bool {
        self.is(Input::EmptyOk) && !self.is(Input::SingleOk) && self.zones_free()
    }

    /// Neither one nor none, and a zone sees somebody.
    pub(super) fn several(&self) -> bool {
        !self.is(Input::SingleOk) && !self.is(Input::EmptyOk) && !self.zones_free()
    }

    /// Neither one nor none, whatever the zones see.
    pub(super) fn not_one(&self) -> bool {
        !self.is(Input::SingleOk) && !self.is(Input::EmptyOk)
    }

    /// Neither empty nor only a thing.
    pub(super) fn somebody(&self) -> bool {
        self.is(Input::SingleOk) || !self.zones_free()
    }

    fn zones_free(&self) -> bool {
        self.is(Input::Chamber1Free) && self.is(Input::Chamber2Free)
    }

    fn calm(&self) -> bool {
        let loops = [
            Input::FireOk,
            Input::EstopOk1,
            Input::EstopOk2,
            Input::BreakglassOk,
        ];
        loops.into_iter().all(|normal| self.is(normal))
    }

    pub(super) fn signals(&self) -> Signals {
        Signals {
            now: self.now,
            state: self.facts.state,
            calm: self.calm(),
            channels_differ: self.is(Input::EstopOk1) != self.is(Input::EstopOk2),
            cabinet_open: !self.is(Input::TamperOk),
            key: self.is(Input::KeyService),
            buzzes: self.outputs.output(Output::Buzzer),
        }
    }

    pub(super) fn contradiction(&self) -> Option<Fault> {
        let contacts = |door| {
            let [closed, locked, open, _] = pins(door);
            self.is(open) && (self.is(closed) || self.is(locked))
        };
        if contacts(Door::Entry) {
            Some(Fault::DoorContacts(Door::Entry))
        } else if contacts(Door::Exit) {
            Some(Fault::DoorContacts(Door::Exit))
        } else if self.is(Input::EmptyOk) && self.is(Input::SingleOk) {
            Some(Fault::UnicitySensor)
        } else {
            None
        }
    }
}

/// Closed, locked, open, free.
const fn pins(door: Door) -> [Input; 4] {
    match door {
        Door::Entry => [
            Input::EntryClosed,
            Input::EntryLocked,
            Input::EntryOpen,
            Input::EntrySafe,
        ],
        Door::Exit => [
            Input::ExitClosed,
            Input::ExitLocked,
            Input::ExitOpen,
            Input::ExitSafe,
        ],
    }
}
