//! People, leaves and wires: what happens to the lane without anybody asking the interlock.

use crate::lane::Powers;
use gate_protocol::pins::{Bits, Input, Output};
use gate_protocol::{Door, Lock};

/// Somebody in the lane, as far as the one question goes that the border asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Person {
    /// Came in through the entry, and nobody has decided about them.
    Unknown,
    /// The host has decided to let them out.
    Cleared,
    /// Came in through the exit: is over the border already.
    FromBeyond,
}

/// Who and what is between the doors. Two people stand for any number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Inside {
    /// In order, the lowest first, so that two who swap places are the same two.
    people: [Option<Person>; 2],
    thing: bool,
}

impl Inside {
    pub(crate) fn people(&self) -> impl Iterator<Item = Person> + '_ {
        self.people.iter().copied().flatten()
    }

    pub(crate) fn count(&self) -> usize {
        self.people().count()
    }

    /// Exactly one person and nothing else.
    pub(crate) fn single(&self) -> bool {
        self.count() == 1 && !self.thing
    }

    fn empty(&self) -> bool {
        self.count() == 0 && !self.thing
    }

    /// The only person becomes one whom the host has decided about.
    pub(crate) fn clear(&mut self) {
        if self.single() {
            self.people = [Some(Person::Cleared), None];
        }
    }

    fn comes(&mut self, person: Person) {
        self.people[1] = Some(person);
        self.people.sort_by_key(|place| (place.is_none(), *place));
    }

    fn goes(&mut self, person: Person) {
        let place = self.people.iter_mut().find(|place| **place == Some(person));
        *place.expect("only who is inside can go") = None;
        self.people.sort_by_key(|place| (place.is_none(), *place));
    }
}

/// How far a leaf stands open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Position {
    #[default]
    Shut,
    Ajar,
    Open,
}

/// One leaf with its contacts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Leaf {
    pub(crate) position: Position,
    /// Something or somebody keeps it where it is.
    pub(crate) jammed: bool,
    /// It was opened by force and has not been shut since.
    pub(crate) wrenched: bool,
}

impl Leaf {
    pub(crate) fn shut(self) -> bool {
        self.position == Position::Shut
    }

    /// One tick of travel: all the way open, or one position towards shut. A leaf does not close through whoever stands in its curtain.
    fn follow(&mut self, driven: bool, curtain_free: bool) {
        if self.jammed {
            return;
        }
        self.position = match (self.position, driven) {
            (_, true) => Position::Open,
            (Position::Open, false) => Position::Ajar,
            (Position::Ajar, false) if curtain_free => Position::Shut,
            (stays, false) => stays,
        };
        self.wrenched &= !self.shut();
    }
}

/// All that the interlock cannot decide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct World {
    pub(crate) inside: Inside,
    pub(crate) entry: Leaf,
    pub(crate) exit: Leaf,
    /// Inputs that read otherwise than in a quiet lane: a beam broken, a button pressed, a mains
    /// cable pulled, a sensor that lies.
    pub(crate) flipped: Bits,
    /// What the exit's lock does without current.
    exit_lock: Lock,
}

/// Something that happens in one tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Move {
    Nothing,
    ComesIn(Person),
    GoesOut(Person),
    /// Somebody goes and leaves a thing behind.
    LeavesThing(Person),
    TakesThing,
    Flips(Input),
    /// A shut leaf is torn open and held.
    Wrenches(Door),
    /// A leaf is held where it is, or let go.
    Jams(Door),
    /// The controller starts anew, with people and leaves where they are.
    Resets,
}

impl World {
    /// Both leaves shut, nobody inside.
    pub(crate) fn built(exit_lock: Lock) -> Self {
        Self {
            exit_lock,
            ..Self::default()
        }
    }

    pub(crate) fn leaf(&self, door: Door) -> Leaf {
        match door {
            Door::Entry => self.entry,
            Door::Exit => self.exit,
        }
    }

    fn leaf_mut(&mut self, door: Door) -> &mut Leaf {
        match door {
            Door::Entry => &mut self.entry,
            Door::Exit => &mut self.exit,
        }
    }

    pub(crate) fn curtain_free(&self, door: Door) -> bool {
        !self.flipped.input(match door {
            Door::Entry => Input::EntrySafe,
            Door::Exit => Input::ExitSafe,
        })
    }

    /// Every move that is physically possible now and within the powers given.
    pub(crate) fn moves(&self, powers: &Powers, into: &mut Vec<Move>) {
        into.push(Move::Nothing);
        into.extend(powers.resets.then_some(Move::Resets));
        self.walks(powers, into);
        let many = self.flipped.0.count_ones() >= powers.flips_at_once;
        into.extend(
            powers
                .flips
                .iter()
                .filter(|input| !many || self.flipped.input(**input))
                .map(|input| Move::Flips(*input)),
        );
        let held = |door: Door| self.leaf(door).jammed;
        let hands = [Door::Entry, Door::Exit]
            .into_iter()
            .filter(|door| held(*door));
        let busy = hands.count() >= powers.hands_at_once;
        for &door in powers.hands.iter().filter(|door| !busy || held(**door)) {
            if self.leaf(door).shut() {
                into.push(Move::Wrenches(door));
            }
            into.push(Move::Jams(door));
        }
    }

    fn walks(&self, powers: &Powers, into: &mut Vec<Move>) {
        if self.entry.shut() && self.exit.shut() {
            return;
        }
        for (leaf, person) in [
            (self.entry, Person::Unknown),
            (self.exit, powers.whoever_comes_in_by_the_exit()),
        ] {
            if !leaf.shut() && self.inside.count() < 2 {
                into.push(Move::ComesIn(person));
            }
        }
        // Two who cannot be told apart go out in one way.
        let mut people: Vec<Person> = self.inside.people().collect();
        people.dedup();
        into.extend(people.into_iter().map(Move::GoesOut));
        if self.inside.single() {
            into.extend(self.inside.people().map(Move::LeavesThing));
        }
        if self.inside.thing {
            into.push(Move::TakesThing);
        }
    }

    pub(crate) fn make(&mut self, happens: Move) {
        match happens {
            Move::Nothing => {}
            Move::ComesIn(person) => self.inside.comes(person),
            Move::GoesOut(person) => self.inside.goes(person),
            Move::LeavesThing(person) => {
                self.inside.goes(person);
                self.inside.thing = true;
            }
            Move::TakesThing => self.inside.thing = false,
            Move::Flips(input) => {
                let flipped = self.flipped.input(input);
                self.flipped = self.flipped.with_input(input, !flipped);
            }
            Move::Wrenches(door) => {
                *self.leaf_mut(door) = Leaf {
                    position: Position::Ajar,
                    jammed: true,
                    wrenched: true,
                }
            }
            Move::Jams(door) => self.leaf_mut(door).jammed ^= true,
            // The lane's business, not the world's.
            Move::Resets => {}
        }
    }

    /// What the pins read while the outputs are as they are.
    pub(crate) fn inputs(&self, outputs: Bits) -> Bits {
        let quiet = [
            (Input::SingleOk, self.inside.single()),
            (Input::EmptyOk, self.inside.empty()),
            (Input::Chamber1Free, self.inside.count() == 0),
            (Input::Chamber2Free, self.inside.count() == 0),
            (Input::EntryClosed, self.entry.shut()),
            (Input::ExitClosed, self.exit.shut()),
            (
                Input::EntryLocked,
                self.entry.shut() && outputs.output(Output::EntryHold),
            ),
            (
                Input::ExitLocked,
                self.exit.shut() && !self.exit_lock.is_released(outputs.output(Output::ExitHold)),
            ),
            (Input::EntryOpen, self.entry.position == Position::Open),
            (Input::ExitOpen, self.exit.position == Position::Open),
            (Input::BatteryLow, false),
            (Input::KeyService, false),
            (Input::Pair, false),
        ]
        .into_iter()
        .fold(Bits(0x00ff_ffff), |bits, (input, high)| {
            bits.with_input(input, high)
        });
        Bits(quiet.0 ^ self.flipped.0)
    }

    /// The leaves move for one tick.
    pub(crate) fn follow(&mut self, outputs: Bits) {
        let on = |output| outputs.output(output);
        let entry = on(Output::EntryDrive) || on(Output::EntryRelease);
        let exit = on(Output::ExitDrive) || on(Output::ExitRelease);
        let curtains = [Door::Entry, Door::Exit].map(|door| self.curtain_free(door));
        self.entry.follow(entry, curtains[0]);
        self.exit.follow(exit, curtains[1]);
    }

    /// The same lane with everybody out of the curtains, no leaf held and no sensor lying.
    /// Emergencies, mains and cabinet stay as they are.
    pub(crate) fn fair(mut self) -> Self {
        for input in Input::ALL {
            let standing = matches!(
                input,
                Input::FireOk
                    | Input::EstopOk1
                    | Input::EstopOk2
                    | Input::BreakglassOk
                    | Input::TamperOk
                    | Input::MainsOk
                    | Input::BatteryLow
                    | Input::KeyService
                    // A torn wire of the exit stays torn.
                    | Input::ExitLocked
            );
            if !standing {
                self.flipped = self.flipped.with_input(input, false);
            }
        }
        self.entry.jammed = false;
        self.exit.jammed = false;
        self
    }
}
