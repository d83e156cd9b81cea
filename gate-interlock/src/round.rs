//! A traveller's way through the lane: when each stage ends, and what comes after it.

use crate::Interlock;
use crate::leaf::Leaf;
use crate::readings::Lane;
use crate::stage::{Closing, Occupant, Stage};
use crate::way_out::{Beside, WayOut};
use gate_protocol::{Door, Event, Fault, Instant, Mode, Passage};

enum Progress {
    Moving(Closing),
    Shut,
    Stuck,
}

impl Interlock {
    /// Moves the lane on. Read the arms from top to bottom: they are a traveller's way.
    pub(crate) fn step(&mut self, now: Instant) -> Stage {
        match self.stage {
            Stage::Secure => self.secure(now),
            Stage::Idle => self.idle(now),
            Stage::EntryOpen { until, by_permit } => self.entry_open(now, until, by_permit),
            Stage::EntryClosing(closing) => self.entry_closing(now, closing),
            Stage::Occupied => self.occupied(now),
            Stage::ExitOpen { until, way, .. } => self.exit_open(now, until, way),
            Stage::ExitClosing { closing, way } => self.exit_closing(now, closing, way),
            Stage::Several | Stage::Returning => self.returning(now),
            Stage::LeftObject => self.left_object(now),
            Stage::PowerFail if !self.power.on_battery() => Stage::Secure,
            stage @ (Stage::Emergency
            | Stage::Trouble
            | Stage::PowerFail
            | Stage::Tamper
            | Stage::Service) => stage,
        }
    }

    fn secure(&mut self, now: Instant) -> Stage {
        // SAF-021: on battery nobody is let in, and the doors stand as the site wants it.
        if self.power.on_battery() {
            return Stage::PowerFail;
        }
        let shut = self.seen.entry.shut() && self.seen.exit.shut();
        if self.leased(now) && shut && self.settled_lane(now) == Some(Lane::Empty) {
            return Stage::Idle;
        }
        self.look_at_rest(now)
    }

    fn idle(&mut self, now: Instant) -> Stage {
        if !self.leased(now) || self.power.on_battery() {
            return Stage::Secure;
        }
        self.watch_approach(now);
        if self.mode == Mode::WalkIn && self.may_enter().is_ok() {
            return Stage::EntryOpen {
                until: now + self.limits.stand_open,
                by_permit: false,
            };
        }
        self.look_at_rest(now)
    }

    /// Nobody should be inside. Something that stays is called what it is, so that somebody looks:
    /// it may be a person whom no beam sees, or a sensor that is broken.
    fn look_at_rest(&mut self, now: Instant) -> Stage {
        let long = now.since(self.since.max(self.lane_since)) >= self.limits.left_object;
        if long && self.settled_lane(now) == Some(Lane::Thing) {
            let passage = self.admit();
            return self.object_left(passage);
        }
        self.let_out_whoever_is_found(now)
    }

    /// SAF-007: a reset may find somebody inside, whom nobody knows any more; or there is somebody
    /// where an object was left.
    fn let_out_whoever_is_found(&mut self, now: Instant) -> Stage {
        let waited = |since| now.since(self.since.max(since)) >= self.limits.trap;
        if self.somebody_since.is_some_and(waited) && self.seen.exit.bars() {
            self.let_back(now);
        }
        self.stage
    }

    fn watch_approach(&mut self, now: Instant) {
        if !self.seen.zone_in_free {
            self.zone_free_since = None;
            // Whoever has just gone back does not come anew while still in the beam.
            if !self.approached && !self.leaving {
                self.approached = true;
                self.happened(Event::Approached);
            }
            return;
        }
        self.leaving = false;
        let since = *self.zone_free_since.get_or_insert(now);
        if self.approached && now.since(since) >= self.limits.went_away {
            self.approached = false;
            self.happened(Event::WentAway);
        }
    }

    fn entry_open(&mut self, now: Instant, until: Instant, by_permit: bool) -> Stage {
        let inside = self.seen.lane != Lane::Empty;
        if !inside {
            self.watch_approach(now);
        }
        let offered = match self.mode {
            Mode::Closed | Mode::Free(_) | Mode::Blocked => false,
            Mode::WalkIn => true,
            Mode::OnPermit => by_permit,
        };
        let entered =
            inside && (self.seen.zone_in_free || now.since(self.lane_since) >= self.limits.enter);
        let unfit = !self.entry.is_released() && self.may_enter().is_err();
        let closed = unfit || self.power.on_battery() || !self.leased(now);
        // SAF-006: every release ends. SAF-008: without a lease nobody new is let in.
        if entered || now >= until || !offered || closed {
            return Stage::entry_closing();
        }
        self.stage
    }

    fn entry_closing(&mut self, now: Instant, closing: Closing) -> Stage {
        match self.follow(now, Door::Entry, closing) {
            Progress::Moving(closing) => Stage::EntryClosing(closing),
            Progress::Stuck => self.stuck(now, Door::Entry),
            Progress::Shut => self.look_inside(now),
        }
    }

    /// The entry has closed: who is inside?
    ///
    /// SAF-012: whoever is behind a newly closed entry gets a number of their own, also if
    /// somebody was inside before. Nobody else's permit opens the exit for them.
    fn look_inside(&mut self, now: Instant) -> Stage {
        let lane = match self.settled_lane(now) {
            Some(lane) => lane,
            None if now.since(self.since) < self.limits.closing * 2 => return self.stage,
            // A sensor that cannot make up its mind does not see one person.
            None => Lane::Several,
        };
        if lane == Lane::Empty {
            self.gone_back();
            return self.resting(now);
        }
        self.approached = false;
        let passage = self.admit();
        let (event, stage) = match lane {
            Lane::Single => (Event::Entered(passage), Stage::Occupied),
            Lane::Thing => return self.object_left(passage),
            Lane::Empty | Lane::Several => (Event::SeveralEntered(passage), Stage::Several),
        };
        self.happened(event);
        stage
    }

    fn occupied(&mut self, now: Instant) -> Stage {
        match self.settled_lane(now) {
            Some(Lane::Several | Lane::Thing) => {
                self.happened(Event::SeveralEntered(self.passage()));
                return Stage::Several;
            }
            // Nobody leaves through two locked doors.
            Some(Lane::Empty) => {
                self.fail(now, Fault::UnicitySensor);
                return self.stage;
            }
            Some(Lane::Single) | None => {}
        }
        if (self.kept(now) || self.trapped(now)) && self.seen.exit.bars() {
            self.let_back(now);
        }
        self.stage
    }

    fn exit_open(&mut self, now: Instant, until: Instant, way: WayOut) -> Stage {
        let way = self.watch_way_out(now, way);
        let left = way.is_left(&self.seen, self.is_settled(now)) && self.seen.zone_out_free;
        let came_in = way.left && self.is_somebody_seen();
        let alone = self.is_alone();
        if !alone && self.exit.is_released() {
            self.exit.take_back();
        }
        let fit = alone && !way.has_told() && self.seen.entry.shut();
        // SAF-006: every release ends. SAF-008: permits die with the lease.
        if left || came_in || !fit || now >= until || !self.leased(now) {
            return Stage::exit_closing(way);
        }
        self.stage
    }

    /// Somebody is in a lane that was empty: no thing that falls back into it, and no zone that lags
    /// behind a sensor that says empty.
    fn is_somebody_seen(&self) -> bool {
        self.seen.somebody() && !self.seen.sensor_says_empty
    }

    /// SAF-004: what the permit was given for may have changed since, until the exit is released.
    /// SAF-027: and until its leaf has left the frame: the release is taken back.
    fn is_alone(&self) -> bool {
        match self.seen.lane {
            Lane::Single => true,
            Lane::Empty => self.exit.is_released(),
            Lane::Several | Lane::Thing => self.exit.is_released() && !self.seen.exit.in_frame(),
        }
    }

    /// SAF-028: tells at once whoever is seen beside the traveller while the exit is released or not
    /// yet shut again.
    fn watch_way_out(&mut self, now: Instant, mut way: WayOut) -> WayOut {
        let (released, settled) = (self.exit.is_released(), self.is_settled(now));
        let beside = way.look(now, &self.seen, released, settled, &self.limits);
        if let (Some(beside), Some(inside)) = (beside, self.occupant) {
            self.happened(match beside {
                Beside::CameIn => Event::WrongWay,
                Beside::SeenInside => Event::SeveralEntered(inside.passage),
            });
            self.sound(now);
        }
        self.note_way(way);
        way
    }

    /// The stage goes on as it is, whatever is seen on the way out.
    const fn note_way(&mut self, seen: WayOut) {
        if let Stage::ExitOpen { way, .. } | Stage::ExitClosing { way, .. } = &mut self.stage {
            *way = seen;
        }
    }

    fn exit_closing(&mut self, now: Instant, closing: Closing, way: WayOut) -> Stage {
        let mut way = self.watch_way_out(now, way);
        if way.left && self.is_somebody_seen() && self.occupant.is_some() {
            self.passed();
            self.happened(Event::WrongWay);
            self.sound(now);
        }
        match self.follow(now, Door::Exit, closing) {
            Progress::Moving(closing) => {
                way.left |= way.is_left(&self.seen, self.is_settled(now));
                self.note_way(way);
                Stage::ExitClosing { closing, way }
            }
            Progress::Stuck => self.stuck(now, Door::Exit),
            Progress::Shut => self.look_behind(now, way),
        }
    }

    /// SAF-030: the exit has closed: is anybody still inside?
    fn look_behind(&mut self, now: Instant, way: WayOut) -> Stage {
        let settled = self.settled_lane(now);
        if settled.is_none() && now.since(self.since) < self.limits.closing * 2 {
            return self.stage;
        }
        // A sensor that cannot make up its mind does not see an empty lane.
        let lane = settled.unwrap_or(Lane::Several);
        // Nobody has gone through a leaf that has never moved, and a thing is left by one who was seen
        // beyond it: what no zone sees may be somebody who has fallen.
        let gone = lane == Lane::Empty && way.opened;
        let Some(inside) = self.occupant.filter(|_| !gone) else {
            return self.look_behind_the_last(now, lane);
        };
        if lane == Lane::Empty || (lane == Lane::Single && !way.may_be_another()) {
            self.happened(Event::DidNotLeave(inside.passage));
            return Stage::Occupied;
        }
        let sure = settled.is_none() || (way.may_be_another() && lane != Lane::Thing);
        if !sure && now.since(self.lane_since) < self.limits.left_object {
            return self.stage;
        }
        if lane == Lane::Thing && way.opened && (way.left || way.beyond) {
            return self.object_left(inside.passage);
        }
        // SAF-012, SAF-031: two were inside, and the exit was open: nobody knows whom the permit was for.
        self.happened(Event::DidNotLeave(inside.passage));
        let passage = self.admit();
        self.happened(Event::SeveralEntered(passage));
        Stage::Several
    }

    /// Nobody is inside, or somebody who came in through the exit.
    fn look_behind_the_last(&mut self, now: Instant, lane: Lane) -> Stage {
        self.passed();
        if lane == Lane::Empty {
            return self.resting(now);
        }
        let passage = self.admit();
        self.happened(Event::SeveralEntered(passage));
        Stage::Several
    }

    fn returning(&mut self, now: Instant) -> Stage {
        if self.seen.lane == Lane::Empty {
            self.gone_back();
            return Stage::entry_closing();
        }
        // SAF-006: every release ends. Whoever is still inside then is looked at anew.
        if now.since(self.since) >= self.limits.clear {
            self.happened(Event::HeldOpen(Door::Entry));
            self.sound(now);
            return Stage::entry_closing();
        }
        self.stage
    }

    fn left_object(&mut self, now: Instant) -> Stage {
        if self.settled_lane(now) == Some(Lane::Empty) {
            self.gone_back();
            return self.resting(now);
        }
        if self.trapped(now) && self.seen.exit.bars() {
            self.let_back(now);
        }
        // Whoever took it for an object may be wrong, and a forced door lets people in.
        self.let_out_whoever_is_found(now)
    }

    /// Follows a closing door until it is shut, and counts what it meets on its way.
    fn follow(&mut self, now: Instant, door: Door, mut closing: Closing) -> Progress {
        let reading = self.seen.door(door);
        let reopening = closing.open_until.is_some() && self.leaf(door).is_released();
        if !reopening && reading.shut() {
            return Progress::Shut;
        }
        let obstructed = self.leaf(door).obstructed(reading);
        match closing.open_until {
            // A leaf that stands fully open has met nothing yet; it only waits.
            None if obstructed && reading.open => self.since = now,
            None if obstructed => {
                self.happened(Event::Obstructed(door));
                closing.met += 1;
                if closing.met > self.limits.closing_tries {
                    return Progress::Stuck;
                }
                closing.open_until = Some(now + self.limits.reopened);
            }
            Some(_) if obstructed => closing.open_until = Some(now + self.limits.reopened),
            Some(until) if now >= until => closing.open_until = None,
            None if now.since(self.since) >= self.limits.closing => return Progress::Stuck,
            _ => {}
        }
        Progress::Moving(closing)
    }

    const fn leaf(&self, door: Door) -> &Leaf {
        match door {
            Door::Entry => &self.entry,
            Door::Exit => &self.exit,
        }
    }

    fn stuck(&mut self, now: Instant, door: Door) -> Stage {
        self.fail(now, Fault::DoorStuck(door));
        self.stage
    }

    fn resting(&self, now: Instant) -> Stage {
        if self.leased(now) {
            Stage::Idle
        } else {
            Stage::Secure
        }
    }

    /// Gives the next passage number; 0 means "nobody" and is left out.
    fn admit(&mut self) -> Passage {
        self.newest_passage = self.newest_passage.checked_add(1).unwrap_or(1);
        self.occupant = Some(Occupant {
            passage: self.newest_passage,
            thing: false,
        });
        self.newest_passage
    }

    fn object_left(&mut self, passage: Passage) -> Stage {
        self.occupant = Some(Occupant {
            passage,
            thing: true,
        });
        self.happened(Event::ObjectLeft(passage));
        Stage::LeftObject
    }

    fn passed(&mut self) {
        if let Some(inside) = self.occupant.take() {
            self.happened(Event::Passed(inside.passage));
        }
    }

    fn gone_back(&mut self) {
        if let Some(inside) = self.occupant.take() {
            self.leaving = !inside.thing;
            self.happened(if inside.thing {
                Event::ObjectRemoved(inside.passage)
            } else {
                Event::WentBack(inside.passage)
            });
        }
    }

    /// SAF-007: nobody is kept behind two locked doors for long, whatever the host does. A permit that
    /// came to nothing does not buy the host more time.
    pub(crate) fn kept(&self, now: Instant) -> bool {
        let long = |since| now.since(since) >= self.limits.decide;
        long(self.since) || self.held_since.is_some_and(long)
    }

    /// SAF-007: somebody may be inside and no host has cared for long enough.
    pub(crate) fn trapped(&self, now: Instant) -> bool {
        !self.leased(now)
            && self.seen.lane != Lane::Empty
            && now.since(self.since.max(self.unleased_since)) >= self.limits.trap
    }

    /// SAF-007: in trouble nobody decides anything about whoever is inside, so the host's being
    /// there is no reason to wait. Who has just come in through a broken exit waits as well.
    pub(crate) fn trapped_in_trouble(&self, now: Instant) -> bool {
        let waited = |since| now.since(self.since.max(since)) >= self.limits.trap;
        self.seen.lane != Lane::Empty && self.inside_since.is_some_and(waited)
    }

    /// Releases the entry for whoever, or whatever, is inside.
    pub(crate) fn let_back(&mut self, now: Instant) {
        let passage = match self.occupant {
            Some(inside) => inside.passage,
            None => self.admit(),
        };
        self.happened(Event::ReturnReleased(passage));
        self.go(now, Stage::Returning);
    }
}
