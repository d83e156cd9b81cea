//! The lane as a state machine: one scan after the other. `precedence` has what comes first,
//! `round` the way through the stages.

use crate::Limits;
use crate::debounce::Debounce;
use crate::duty::Duty;
use crate::enforce::{Released, Surroundings, enforce};
use crate::invariants::Facts;
use crate::leaf::Leaf;
use crate::power::Power;
use crate::readings::{DoorReading, Lane, Readings};
use crate::service::Forces;
use crate::signs::{Signs, outputs, released_by};
use crate::stage::{Occupant, Stage};
use gate_protocol::pins::{Bits, Input, Output};
use gate_protocol::{CheckedSite, Event, Fault, Instant, Mode, Passage, Sign, Site, State};
use heapless::Vec;

/// More events than one scan can bring about; the owner fetches them after each scan.
const EVENTS_MAX: usize = 16;

/// Both doors of one lane and everybody in it: see the crate.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Interlock {
    pub(crate) site: Site,
    pub(crate) limits: Limits,
    pub(crate) site_to_store: Option<Site>,
    pub(crate) debounce: Debounce,
    pub(crate) inputs: Bits,
    pub(crate) outputs: Bits,
    pub(crate) seen: Readings,

    pub(crate) mode: Mode,
    pub(crate) sign: Sign,
    /// Until when the link's word for the host's lease is good.
    pub(crate) leased_until: Option<Instant>,
    pub(crate) unleased_since: Instant,

    pub(crate) stage: Stage,
    /// When the stage began.
    pub(crate) since: Instant,
    pub(crate) occupant: Option<Occupant>,
    pub(crate) newest_passage: Passage,
    /// Since when the lane has been as it is seen.
    pub(crate) lane_since: Instant,
    /// Since when somebody has been in the lane.
    pub(crate) somebody_since: Option<Instant>,
    /// Since when the lane has not been empty.
    pub(crate) inside_since: Option<Instant>,
    /// Since when somebody has been in the lane without the entry released or the exit fully open.
    pub(crate) held_since: Option<Instant>,
    pub(crate) entry: Leaf,
    pub(crate) exit: Leaf,

    pub(crate) approached: bool,
    /// Somebody went back through the entry and may still stand in its beam.
    pub(crate) leaving: bool,
    pub(crate) zone_free_since: Option<Instant>,
    pub(crate) contradicted: Option<(Fault, Instant)>,
    pub(crate) power: Power,
    /// Since when fire and emergency inputs have been normal.
    pub(crate) calm_since: Option<Instant>,
    /// Every way out that has been opened since the emergency began.
    pub(crate) emergency_way_out: Released,
    pub(crate) channels_differ_since: Option<Instant>,
    /// The emergency stop has shown that it is broken, and nobody has looked at it yet.
    pub(crate) channel_fault: bool,
    /// The cabinet was opened, and nobody has cleared that yet.
    pub(crate) tampered: bool,
    pub(crate) key: bool,
    pub(crate) forces: Forces,
    /// Something that an officer should look at, whatever the stage.
    pub(crate) alarm: bool,
    pub(crate) buzzer_until: Option<Instant>,
    pub(crate) buzzer_duty: Duty,
    pub(crate) entry_duty: Duty,
    pub(crate) exit_duty: Duty,

    pub(crate) events: Vec<Event, EVENTS_MAX>,
}

impl Interlock {
    /// A lane after a reset.
    ///
    /// SAF-017: nobody inside that is known of, no permit, no lease, [`Mode::Closed`].
    #[must_use]
    pub fn new(now: Instant, site: CheckedSite) -> Self {
        let mut events = Vec::new();
        // The queue is empty: there is room.
        let _ = events.push(Event::Started);
        Self {
            site: site.get(),
            limits: Limits::of(site),
            site_to_store: None,
            debounce: Debounce::default(),
            inputs: Bits(0),
            outputs: Bits(0),
            seen: Readings::of(Bits(0)),
            mode: Mode::Closed,
            sign: Sign::Closed,
            leased_until: None,
            unleased_since: now,
            stage: Stage::Secure,
            since: now,
            occupant: None,
            newest_passage: 0,
            lane_since: now,
            somebody_since: None,
            inside_since: None,
            held_since: None,
            entry: Leaf::unknown(),
            exit: Leaf::unknown(),
            approached: false,
            leaving: false,
            zone_free_since: None,
            contradicted: None,
            power: Power::default(),
            calm_since: None,
            emergency_way_out: Released::default(),
            channels_differ_since: None,
            channel_fault: false,
            tampered: false,
            key: false,
            forces: Forces::default(),
            alarm: false,
            buzzer_until: None,
            buzzer_duty: Duty::default(),
            entry_duty: Duty::default(),
            exit_duty: Duty::default(),
            events,
        }
    }

    /// Takes the levels of the input pins and says which output pins to drive high.
    ///
    /// To be called every millisecond. The watchdog's bit stays low: that edge is the board's.
    pub fn scan(&mut self, now: Instant, raw: Bits) -> Bits {
        let key_turned = self.observe(now, raw);
        self.move_on(now, key_turned);
        let surroundings = self.surroundings();
        let wanted = self.wanted(now);
        let released = enforce(surroundings, wanted);
        // A door that is to close is no longer wanted open, however often it gives way.
        let kept_open = match self.stage {
            Stage::EntryClosing(_) | Stage::ExitClosing { .. } => Released::default(),
            _ => wanted,
        };
        let without_people = enforce(surroundings.without_people(), kept_open);
        // An exit that is unlocked and cracks open has let nobody go.
        let empty = self.settled_lane(now) == Some(Lane::Empty);
        let freed = released.entry || self.seen.exit.open || empty;
        self.held_since = (!freed).then(|| self.held_since.unwrap_or(now));
        self.outputs = self.drive(now, surroundings, released);
        // By hand each pin moves by itself, so that a door may be meant and not released.
        let moved = match self.stage {
            Stage::Service => released_by(self.outputs, self.site.exit_lock),
            _ => released,
        };
        let (entry, exit) = (self.seen.entry, self.seen.exit);
        self.entry.tell(entry, moved.entry, without_people.entry);
        self.exit.tell(exit, moved.exit, without_people.exit);
        self.outputs
    }

    /// The link's word whether the host holds its lease. Given at least as often as half of
    /// [`Limits::lease_word`]; the interlock does not believe a link that falls silent.
    pub fn lease(&mut self, now: Instant, held: bool) {
        self.lapse(now);
        if held {
            self.leased_until = Some(now + self.limits.lease_word);
        } else if self.leased_until.is_some() {
            self.leased_until = Some(now);
            self.lapse(now);
        }
    }

    /// Reports something wrong that only the board can see.
    pub fn report(&mut self, now: Instant, fault: Fault) {
        if !self.overruled() {
            self.fail(now, fault);
        }
    }

    /// The oldest event not fetched yet.
    pub fn next_event(&mut self) -> Option<Event> {
        (!self.events.is_empty()).then(|| self.events.remove(0))
    }

    /// What the host sees of the lane's stage.
    #[must_use]
    pub const fn state(&self) -> State {
        self.stage.state()
    }

    /// Who is in the lane; 0 if nobody.
    #[must_use]
    pub fn passage(&self) -> Passage {
        self.occupant.map_or(0, |occupant| occupant.passage)
    }

    /// The site that the lane works with.
    #[must_use]
    pub const fn site(&self) -> Site {
        self.site
    }

    /// A site that the host has sent and the lane obeys already, to be kept over a power cut. Given
    /// once.
    pub const fn take_site_to_store(&mut self) -> Option<Site> {
        self.site_to_store.take()
    }

    /// Whether the cabinet is open now: what the link forgets of its keys, and when it pairs, is
    /// the link's business.
    #[must_use]
    pub const fn cabinet_open(&self) -> bool {
        self.seen.cabinet_open
    }

    /// Whether somebody presses the pairing button.
    #[must_use]
    pub const fn pair_pressed(&self) -> bool {
        self.inputs.input(Input::Pair)
    }

    /// Closed, idle and empty: nothing that takes the controller's time can hurt anybody.
    #[must_use]
    pub fn at_rest(&self) -> bool {
        let resting = matches!(self.stage, Stage::Secure | Stage::Idle);
        resting && self.mode == Mode::Closed && self.is_still()
    }

    /// Shut and empty, and no danger: a moment in which the controller does not look hurts nobody,
    /// although a technician may be at work.
    #[must_use]
    pub fn is_still(&self) -> bool {
        let shut = self.seen.entry.shut() && self.seen.exit.shut();
        shut && self.seen.lane == Lane::Empty && !self.seen.emergency()
    }

    /// The number of the last passage that was given.
    pub(crate) const fn newest_passage(&self) -> Passage {
        self.newest_passage
    }

    /// Takes the place of another machine: goes on counting from its newest passage, and tells what
    /// it has not told yet instead of a start.
    pub(crate) fn succeed(&mut self, newest: Passage, events: impl Iterator<Item = Event>) {
        self.newest_passage = newest;
        self.events.clear();
        self.events.extend(events.take(EVENTS_MAX));
    }

    /// What a bystander is told after a scan: see [`crate::invariants`].
    #[must_use]
    pub fn facts(&self, now: Instant) -> Facts {
        Facts {
            state: self.state(),
            passage: self.passage(),
            leased: self.leased(now),
            inputs: self.inputs,
        }
    }

    /// The debounced inputs of the last scan.
    #[must_use]
    pub const fn inputs(&self) -> Bits {
        self.inputs
    }

    /// The outputs of the last scan.
    #[must_use]
    pub const fn outputs(&self) -> Bits {
        self.outputs
    }

    /// Whether the host holds its lease, as far as the interlock knows.
    #[must_use]
    pub fn leased(&self, now: Instant) -> bool {
        self.leased_until.is_some_and(|until| now < until)
    }

    pub(crate) fn go(&mut self, now: Instant, stage: Stage) {
        self.stage = stage;
        self.since = now;
    }

    pub(crate) fn happened(&mut self, event: Event) {
        // An owner that fetches the events after each scan never fills the queue. One that does
        // not loses the newest, which are the least likely to explain how the lane got there.
        let _ = self.events.push(event);
    }

    /// What the lane has looked like for long enough to be believed.
    pub(crate) fn settled_lane(&self, now: Instant) -> Option<Lane> {
        self.is_settled(now).then_some(self.seen.lane)
    }

    pub(crate) fn is_settled(&self, now: Instant) -> bool {
        now.since(self.lane_since) >= self.limits.single
    }

    /// Something stronger than a fault has the lane, or a fault already.
    const fn overruled(&self) -> bool {
        matches!(
            self.stage,
            Stage::Emergency | Stage::Tamper | Stage::Service | Stage::Trouble
        )
    }

    /// Takes the inputs in; says whether the service key was turned on.
    fn observe(&mut self, now: Instant, raw: Bits) -> bool {
        self.lapse(now);
        self.inputs = self.debounce.update(now, raw);
        let before = self.seen.lane;
        self.seen = Readings::of(self.inputs);
        if self.seen.lane != before {
            self.lane_since = now;
        }
        let since = |holds: bool, since: Option<Instant>| holds.then(|| since.unwrap_or(now));
        // Whoever is between two zones for a moment, or lost by the sensor for one, is still there.
        let lately = |limit| now.since(self.lane_since) < limit;
        let doubtful = self.seen.lane == Lane::Empty && lately(self.limits.single);
        let between = self.seen.lane == Lane::Thing && lately(self.limits.left_object);
        let there = self.somebody_since.is_some() && (between || doubtful);
        self.somebody_since = since(self.seen.somebody() || there, self.somebody_since);
        let inside = self.inside_since.is_some() && doubtful;
        self.inside_since = since(self.seen.lane != Lane::Empty || inside, self.inside_since);
        self.calm_since = since(!self.seen.emergency(), self.calm_since);
        self.channels_differ_since = since(self.seen.channels_differ, self.channels_differ_since);
        self.contradicted = self
            .seen
            .contradiction
            .map(|fault| match self.contradicted {
                Some((same, since)) if same == fault => (same, since),
                _ => (fault, now),
            });
        let (mains, low) = (self.seen.mains, self.seen.battery_low);
        for event in self.power.observe(now, mains, low, self.limits.mains_back) {
            event.into_iter().for_each(|event| self.happened(event));
        }
        let technician = self.stage == Stage::Service && self.seen.service_key;
        if self.seen.cabinet_open && !self.tampered && !technician {
            self.tampered = true;
            self.happened(Event::TamperBegan);
        }
        let before = core::mem::replace(&mut self.key, self.seen.service_key);
        self.key && !before
    }

    /// SAF-008: a lease that is not prolonged lapses by itself.
    fn lapse(&mut self, now: Instant) {
        if self.leased_until.is_some_and(|until| until <= now) {
            self.leased_until = None;
            self.unleased_since = now;
            self.happened(Event::LeaseLapsed);
        }
    }

    pub(crate) fn sound(&mut self, now: Instant) {
        self.alarm = true;
        self.buzzer_until = Some(now + self.limits.buzzer);
    }

    fn surroundings(&self) -> Surroundings {
        let exit_obstructed = self.exit.obstructed(self.seen.exit);
        Surroundings {
            way_out: match self.stage {
                // What is active now, and its memory until somebody has cleared it.
                Stage::Emergency => self.emergency_way_out,
                Stage::PowerFail => self.ways_out_without_mains(),
                _ => Released::default(),
            },
            service: self.stage == Stage::Service,
            entry_shut: self.seen.entry.shut(),
            exit_shut: if self.leads_back() {
                // SAF-003: whoever stands in it shows that the contact which says shut lies.
                self.seen.exit.bars() && !exit_obstructed
            } else {
                self.seen.exit.shut()
            },
            entry_obstructed: self.entry.obstructed(self.seen.entry),
            exit_obstructed,
        }
    }

    /// SAF-021: the ways out that the site wants on battery. Where it wants one of them, that one waits
    /// for the leaf of the other, which may stand open still behind somebody who was let out by it.
    fn ways_out_without_mains(&self) -> Released {
        let ways = Released::of(self.site.on_power_loss);
        let bars = |leaf: &Leaf, door: DoorReading| door.bars() && !leaf.obstructed(door);
        Released {
            entry: ways.entry && (ways.exit || bars(&self.exit, self.seen.exit)),
            exit: ways.exit && (ways.entry || bars(&self.entry, self.seen.entry)),
        }
    }

    /// SAF-007: somebody is to go back the way they came. A broken contact of the exit must not
    /// keep them: without a permit it is held, whatever it reads.
    const fn leads_back(&self) -> bool {
        matches!(
            self.stage,
            Stage::Several | Stage::Returning | Stage::Trouble | Stage::Tamper
        )
    }

    fn wanted(&self, now: Instant) -> Released {
        let (entry, exit) = match self.stage {
            Stage::EntryOpen { .. } | Stage::Several | Stage::Returning => (true, false),
            Stage::EntryClosing(closing) => (closing.open_until.is_some(), false),
            Stage::ExitOpen { .. } => (false, true),
            Stage::ExitClosing { closing, .. } => (false, closing.open_until.is_some()),
            Stage::Trouble => (self.trapped_in_trouble(now), false),
            // SAF-019: whoever is inside an opened gate goes back, nobody goes on.
            Stage::Tamper => (self.seen.lane != Lane::Empty, false),
            Stage::Service => return self.forces.wanted(),
            Stage::Secure | Stage::Idle | Stage::Occupied | Stage::LeftObject => (false, false),
            // Their ways out are no wishes.
            Stage::Emergency | Stage::PowerFail => (false, false),
        };
        Released { entry, exit }
    }

    /// All outputs: the only place that sets one.
    fn drive(&mut self, now: Instant, surroundings: Surroundings, released: Released) -> Bits {
        let lock = self.site.exit_lock;
        let bits = if self.stage == Stage::Service {
            // By hand each pin moves by itself, but for a door that opens because it met somebody.
            let kept = enforce(surroundings, Released::default());
            let allowed = Released {
                entry: released.entry && !kept.entry,
                exit: released.exit && !kept.exit,
            };
            let resting = outputs(kept, lock, self.signs(now, surroundings));
            self.forces.over(resting, allowed)
        } else {
            outputs(released, lock, self.signs(now, surroundings))
        };
        self.limit_duty(now, bits)
    }

    /// SAF-018: no output is on for longer than it may be. A drive works as long as it pushes a
    /// leaf that does not get open; while somebody stands in the leaf, people come before motors.
    fn limit_duty(&mut self, now: Instant, bits: Bits) -> Bits {
        let limits = self.limits;
        let (entry, exit) = (self.seen.entry, self.seen.exit);
        let entry_pushes = bits.output(Output::EntryDrive) && !entry.open && entry.free;
        let exit_pushes = bits.output(Output::ExitDrive) && !exit.open && exit.free;
        let buzzes = bits.output(Output::Buzzer);
        let entry_may = self
            .entry_duty
            .allows(now, entry_pushes, limits.push, limits.push);
        let exit_may = self
            .exit_duty
            .allows(now, exit_pushes, limits.push, limits.push);
        let buzzer_may = self
            .buzzer_duty
            .allows(now, buzzes, limits.buzzer, limits.buzzer_rest);
        [
            (Output::EntryDrive, entry_may || !entry.free),
            (Output::ExitDrive, exit_may || !exit.free),
            (Output::Buzzer, buzzer_may),
        ]
        .into_iter()
        .fold(bits, |bits, (output, may)| {
            bits.with_output(output, bits.output(output) && may)
        })
    }

    /// SAF-006: whoever is still inside hears it before the exit closes.
    fn warns(&self, now: Instant) -> bool {
        let soon = matches!(self.stage, Stage::ExitOpen { warned, .. } if now >= warned);
        soon && self.seen.lane != Lane::Empty
    }

    fn signs(&self, now: Instant, surroundings: Surroundings) -> Signs {
        let needs_officer = match self.stage {
            Stage::Emergency
            | Stage::Tamper
            | Stage::Trouble
            | Stage::Several
            | Stage::LeftObject => true,
            Stage::Service => self.seen.lane != Lane::Empty,
            _ => false,
        };
        let sign = match self.stage {
            Stage::Trouble | Stage::Tamper | Stage::LeftObject => Sign::Help,
            Stage::PowerFail | Stage::Service => Sign::Closed,
            _ if !self.leased(now) => Sign::Closed,
            _ => self.sign,
        };
        let offered = match self.stage {
            Stage::EntryOpen { .. } => true,
            Stage::Idle => self.mode != Mode::Closed,
            _ => false,
        };
        let held_open = self.entry.is_held_open() || self.exit.is_held_open();
        Signs {
            way_out: surroundings.way_out,
            emergency: self.stage == Stage::Emergency,
            sign,
            buzzer: self.buzzer_until.is_some_and(|until| now < until) || self.warns(now),
            alarm: needs_officer || self.alarm || held_open,
            ready: offered && self.occupant.is_none(),
            fault: matches!(self.stage, Stage::Trouble | Stage::Tamper)
                || self.power.needs_service(),
            light: !matches!(self.stage, Stage::Secure | Stage::PowerFail)
                || self.seen.lane != Lane::Empty,
        }
    }
}

#[cfg(test)]
mod tests;
