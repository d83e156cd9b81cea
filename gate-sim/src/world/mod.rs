//! Glass, steel and people: what hangs on the controller's pins.
//!
//! The world is stepped and knows no clock: pin levels out of the controller go in, pin levels
//! into the controller come out. A door moves because a relay rose, a contact changes because the
//! door moved, a beam is broken because somebody walked through it. Every rig, in real or in
//! virtual time, uses this world; what its people do with documents and faces comes out as
//! [`Action`]s for the simulated devices.

mod door;
mod lane;
mod person;
mod persona;
mod suffer;
#[cfg(test)]
mod tests;
mod turnstile;

pub use person::Placement;
pub use persona::{Companion, Papers, Persona, Presentation, ShownPermit};
pub use turnstile::{TurnstileWorld, Walk};

use crate::fault::Fault;
use crate::profile::Profile;
use door::{Command, DoorLeaves};
use gate_protocol::pins::{Bits, Input, Output};
use gate_protocol::{Door, Instant};
use gate_session::Screen;
use person::{Passable, Person};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::collections::VecDeque;
use std::time::Duration;

/// Doors and people move in steps of at most this length, however rarely the world is stepped.
const STEP_MAX: Duration = Duration::from_millis(10);
/// After this time somebody brings a forgotten bag away.
const BAG_FOUND: Duration = Duration::from_secs(8);

/// What a person does that a device notices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Lays the document on the reader.
    PlaceDocument(Placement),
    /// Takes the document from the reader.
    LiftDocument,
    /// What the camera sees from now on.
    InView(View),
    /// Holds the permit before the imager.
    ShowPermit,
}

/// What the camera sees.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum View {
    /// The empty lane.
    #[default]
    Nobody,
    /// Somebody who walks in or looks elsewhere: a face too far away to be used.
    Approaching,
    /// Somebody before the camera with the head turned.
    TurnedAway,
    /// A face before the camera.
    Face(Presentation),
}

/// The lane and everybody in it.
#[derive(Clone, Debug)]
pub struct World {
    profile: Profile,
    rng: ChaCha8Rng,
    now: Instant,
    entry: DoorLeaves,
    exit: DoorLeaves,
    people: Vec<Person>,
    screen: Screen,
    bag: Option<Bag>,
    forced: Forced,
    hindered: [bool; 2],
    reader_outside: bool,
    faults: Vec<Fault>,
    at_rest: bool,
    outputs: Bits,
    actions: VecDeque<Action>,
}

/// A forgotten bag.
#[derive(Clone, Copy, Debug)]
struct Bag {
    x: f64,
    found: Instant,
}

/// Inputs that somebody holds at a level: a pressed button, a broken wire.
#[derive(Clone, Copy, Debug, Default)]
struct Forced {
    mask: u32,
    level: u32,
}

impl World {
    /// An empty lane with shut doors. The same seed meets the same people.
    #[must_use]
    pub fn new(profile: Profile, seed: u64) -> Self {
        Self {
            profile,
            rng: ChaCha8Rng::seed_from_u64(seed),
            now: Instant::ZERO,
            entry: DoorLeaves::new(),
            exit: DoorLeaves::new(),
            people: Vec::new(),
            screen: Screen::OutOfService,
            bag: None,
            forced: Forced::default(),
            hindered: [false; 2],
            reader_outside: false,
            faults: Vec::new(),
            at_rest: false,
            outputs: Bits(0),
            actions: VecDeque::new(),
        }
    }

    /// The same lane with its reader before the entry.
    #[must_use]
    pub const fn with_reader_outside(mut self) -> Self {
        self.reader_outside = true;
        self
    }

    /// Somebody sets out for the lane.
    pub fn send(&mut self, persona: Persona) {
        let opens = self.profile.door_opens;
        let closes = self.profile.door_closes;
        for door in [&mut self.entry, &mut self.exit] {
            door.paced(
                opens.draw(&mut self.rng).as_secs_f64(),
                closes.draw(&mut self.rng).as_secs_f64(),
            );
        }
        let practised = Profile::practised();
        let habits = match persona {
            Persona::Practised => &practised,
            _ => &self.profile,
        };
        let person = Person::new(persona, habits, &mut self.rng);
        let person = person.reading_outside(self.reader_outside);
        if let Some(companion) = persona.companion() {
            self.people.push(person.accompanied_by(companion));
        }
        self.people.push(person);
        self.at_rest = false;
    }

    /// The traveller's screen changes.
    pub fn show(&mut self, now: Instant, screen: Screen) {
        self.screen = screen;
        for person in &mut self.people {
            person.see(now, screen);
        }
    }

    /// Lives on until `now` under the controller's `outputs`; gives the controller's inputs.
    pub fn step(&mut self, now: Instant, outputs: Bits) -> Bits {
        if outputs != self.outputs {
            self.outputs = outputs;
            self.at_rest = false;
        }
        if self.at_rest && self.rests_until().is_some_and(|wakes| now < wakes) {
            self.now = now;
            return self.inputs();
        }
        while self.now < now {
            let next = (self.now + STEP_MAX).min(now);
            self.advance(next);
        }
        self.inputs()
    }

    fn advance(&mut self, now: Instant) {
        let dt = now.since(self.now).as_secs_f64();
        self.now = now;
        let mut moved = self.move_doors(dt);
        let doors = Passable {
            entry: self.entry.is_passable(),
            exit: self.exit.is_passable(),
            somebody_is_out: self.people.iter().any(Person::is_out),
            is_deserted: self.people.iter().all(Person::is_companion),
        };
        for person in &mut self.people {
            let outside = !person.is_inside();
            let stood = person.stands_at_reader();
            moved |= person.step(now, dt, doors, &mut self.actions);
            if outside && person.is_inside() || !stood && person.stands_at_reader() {
                // Whoever comes in, or to the reader, sees what the screen has been saying for a while.
                person.see(now, self.screen);
            }
            if person.leaves_bag() && self.bag.is_none() && !person.is_inside() {
                self.bag = Some(Bag {
                    x: lane::STAND,
                    found: now + BAG_FOUND,
                });
                moved = true;
            }
        }
        moved |= self.tidy(now);
        self.at_rest = !moved;
    }

    fn move_doors(&mut self, dt: f64) -> bool {
        let outputs = self.outputs;
        let entry = Command {
            hold: outputs.output(Output::EntryHold),
            open: outputs.output(Output::EntryDrive) || outputs.output(Output::EntryRelease),
        };
        let exit = Command {
            hold: outputs.output(Output::ExitHold),
            open: outputs.output(Output::ExitDrive) || outputs.output(Output::ExitRelease),
        };
        let (in_entry, in_exit) = (self.in_doorway(Door::Entry), self.in_doorway(Door::Exit));
        let entry_moved = self.entry.step(dt, entry, in_entry);
        self.exit.step(dt, exit, in_exit) || entry_moved
    }

    /// Forgets who is gone; brings the forgotten bag away.
    fn tidy(&mut self, now: Instant) -> bool {
        let before = self.people.len();
        self.people.retain(|person| !person.is_gone());
        let found = self.bag.is_some_and(|bag| bag.found <= now);
        if found {
            self.bag = None;
        }
        found || before != self.people.len()
    }

    fn in_doorway(&self, door: Door) -> bool {
        let (place, hindered) = match door {
            Door::Entry => (lane::ENTRY, self.hindered[0]),
            Door::Exit => (lane::EXIT, self.hindered[1]),
        };
        hindered || self.people.iter().any(|person| place.holds(person.x()))
    }

    fn inputs(&self) -> Bits {
        let someone = |stretch: lane::Stretch| {
            self.people.iter().any(|person| stretch.holds(person.x()))
                || self.bag.is_some_and(|bag| stretch.holds(bag.x))
        };
        let inside = self
            .people
            .iter()
            .filter(|person| person.is_inside())
            .count();
        let bag = self.bag.is_some();
        let mut inputs = Bits(0);
        for (input, high) in [
            (Input::FireOk, true),
            (Input::EstopOk1, true),
            (Input::EstopOk2, true),
            (Input::BreakglassOk, true),
            (Input::EntryClosed, self.entry.is_closed()),
            (Input::EntryLocked, self.entry.is_locked()),
            (Input::EntryOpen, self.entry.is_open()),
            (Input::ExitClosed, self.exit.is_closed()),
            (Input::ExitLocked, self.exit.is_locked()),
            (Input::ExitOpen, self.exit.is_open()),
            (Input::EntrySafe, !self.in_doorway(Door::Entry)),
            (Input::ExitSafe, !self.in_doorway(Door::Exit)),
            (Input::ZoneInFree, !someone(lane::ZONE_IN)),
            (Input::Chamber1Free, !someone(lane::CHAMBER_1)),
            (Input::Chamber2Free, !someone(lane::CHAMBER_2)),
            (Input::SingleOk, inside == 1 && !bag),
            (Input::EmptyOk, inside == 0 && !bag),
            (Input::ZoneOutFree, !someone(lane::ZONE_OUT)),
            (Input::TamperOk, true),
            (Input::MainsOk, true),
            (Input::DrivesOk, true),
        ] {
            inputs = inputs.with_input(input, high);
        }
        Bits(inputs.0 & !self.forced.mask | self.forced.level)
    }

    /// What somebody just did, oldest first.
    pub fn action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// Until when nothing happens by itself while the outputs and the screen stay as they are;
    /// none while something moves.
    #[must_use]
    pub fn rests_until(&self) -> Option<Instant> {
        if !self.at_rest {
            return None;
        }
        let deeds = self.people.iter().filter_map(Person::next_deed);
        let bag = self.bag.map(|bag| bag.found);
        Some(
            deeds
                .chain(bag)
                .min()
                .unwrap_or(Instant::from_micros(u64::MAX)),
        )
    }

    /// Nobody is in or near the lane, and nothing was left in it.
    #[must_use]
    pub fn is_deserted(&self) -> bool {
        self.people.is_empty() && self.bag.is_none()
    }

    /// How many people stand between the doors.
    #[must_use]
    pub fn people_inside(&self) -> usize {
        self.people
            .iter()
            .filter(|person| person.is_inside())
            .count()
    }

    /// How far the leaves of `door` are apart, 0.0 (shut) ..= 1.0 (open).
    #[must_use]
    pub const fn opening(&self, door: Door) -> f64 {
        match door {
            Door::Entry => self.entry.position(),
            Door::Exit => self.exit.position(),
        }
    }

    /// Holds an input at a level, whatever the lane looks like: a pressed emergency stop, a fire
    /// alarm, a broken wire. `None` lets it go.
    pub fn force(&mut self, input: Input, level: Option<bool>) {
        let bit = 1 << input as u8;
        self.forced.mask &= !bit;
        self.forced.level &= !bit;
        if let Some(high) = level {
            self.forced.mask |= bit;
            self.forced.level |= if high { bit } else { 0 };
        }
        self.at_rest = false;
    }

    /// Puts something between the leaves of `door`, or takes it away.
    pub fn hinder(&mut self, door: Door, hindered: bool) {
        self.hindered[usize::from(door == Door::Exit)] = hindered;
        self.at_rest = false;
    }

    /// Jams the leaves of `door` where they are, or frees them.
    pub fn stick(&mut self, door: Door, stuck: bool) {
        self.leaves(door).stick(stuck);
    }

    /// Somebody pushes `door` open against its bolt, or lets go.
    pub fn push(&mut self, door: Door, pushed: bool) {
        self.leaves(door).push(pushed);
    }

    const fn leaves(&mut self, door: Door) -> &mut DoorLeaves {
        self.at_rest = false;
        match door {
            Door::Entry => &mut self.entry,
            Door::Exit => &mut self.exit,
        }
    }
}
