//! What the bystander remembers from scan to scan.

use super::seen::Seen;
use super::{Invariants, Permit};
use crate::rebase::{BEYOND, Moments};
use crate::{Limits, Released};
use core::time::Duration;
use gate_protocol::pins::{Input, Output};
use gate_protocol::{Door, Instant, State, WaysOut};

/// One door over time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct DoorHistory {
    /// Since when its leaf has been closed without being released.
    closed_since: Option<Instant>,
    /// It was closed for good; the next opening without a release is a forced one.
    settled: bool,
    /// It has been released and nobody has seen its bolt home since: whoever is in it is there by
    /// right.
    owed: bool,
    /// It has been out of its frame since.
    moved: bool,
    /// It was released and locked again in its frame, before it had moved or before somebody who was not
    /// alone.
    taken_back: bool,
    /// It had not moved.
    unopened: bool,
    /// And is released again by this scan.
    pub(super) reopened: bool,
    /// Since when its bolt has been home.
    bolted_since: Option<Instant>,
    /// Since when its leaf has lain in its frame, bolted or not; and with nobody in its curtain.
    lain_since: Option<Instant>,
    alone_since: Option<Instant>,
    /// Since when it has stood open by force.
    pub(super) forced_since: Option<Instant>,
    pub(super) forced_told: bool,
    /// Since when it should have been shut.
    pub(super) awaited_shut: Option<Instant>,
    pub(super) held_open_told: bool,
    /// Since when somebody has stood in the leaf, rightly open, without its opening.
    pub(super) squeezed_since: Option<Instant>,
    /// Since when its drive has pushed.
    pub(super) pushed_since: Option<Instant>,
}

impl DoorHistory {
    pub(super) const fn told_forced(&mut self) {
        self.forced_told = true;
    }

    pub(super) const fn told_held_open(&mut self) {
        self.held_open_told = true;
    }

    fn remember(&mut self, door: Door, seen: &Seen, released_before: bool, limits: &Limits) {
        let now = seen.now;
        let since = |holds: bool, since: Option<Instant>| holds.then(|| since.unwrap_or(now));
        // What this scan released can have moved nothing yet.
        let shut = seen.shut(door) && !released_before;
        let closed = seen.closed(door) && !seen.open(door) && !released_before;
        self.bolted_since = since(shut, self.bolted_since);
        self.lain_since = since(closed, self.lain_since);
        self.alone_since = since(closed && seen.free(door), self.alone_since);
        self.owed &= [
            (self.bolted_since, limits.settle),
            (self.alone_since, limits.free),
            (self.lain_since, limits.caught),
        ]
        .into_iter()
        .all(|(since, limit)| since.is_none_or(|since| now.since(since) < limit));
        self.moved &= self.owed;
        if released_before || seen.released(door) {
            self.settled = false;
            self.owed = true;
            self.forced_since = None;
            self.moved |= !seen.framed(door);
        }
        let ends = released_before && !seen.released(door) && seen.framed(door);
        let before_two = ends && door == Door::Exit && !seen.single();
        let unopened = ends && !self.moved;
        self.reopened = self.unopened && seen.released(door);
        let locked_again = before_two || unopened;
        self.taken_back = self.owed && !seen.released(door) && (self.taken_back || locked_again);
        self.unopened = self.taken_back && (self.unopened || unopened);
        self.moved &= !self.taken_back;
        if self.settled && !seen.closed(door) {
            self.settled = false;
            self.forced_since = Some(now);
        }
        self.closed_since = since(closed, self.closed_since);
        self.settled |= (!self.owed || self.unopened)
            && self
                .closed_since
                .is_some_and(|since| now.since(since) >= limits.settle);
        // A forced leaf that bounces is still the forced one, until it has settled.
        if self.settled {
            self.forced_since = None;
        }
        self.forced_told &= self.forced_since.is_some();
        let awaited = !seen.shut(door) && !released_before;
        self.awaited_shut = since(awaited, self.awaited_shut);
        // A leaf that gives way where nobody wants it open, and then is given up, has been told of.
        let wanted = matches!(
            (seen.facts.state, door),
            (State::Emergency | State::PowerFail, _)
                | (
                    State::EntryOpen | State::Several | State::Returning | State::Tamper,
                    Door::Entry
                )
                | (State::ExitOpen, Door::Exit)
        );
        self.held_open_told &= awaited || !(wanted || shut);

        let rightly = self.owed || !(self.settled || self.forced_since.is_some());
        let squeezed =
            rightly && !self.taken_back && seen.obstructed_now(door) && !seen.driven(door);
        self.squeezed_since = since(squeezed, self.squeezed_since);
        let drive = match door {
            Door::Entry => Output::EntryDrive,
            Door::Exit => Output::ExitDrive,
        };
        let pushed = seen.outputs.output(drive) && !seen.open(door) && seen.free(door);
        self.pushed_since = since(pushed, self.pushed_since);
    }
}

impl Invariants {
    /// Takes this scan into the memory before it is judged.
    pub(super) fn remember(&mut self, seen: &Seen) {
        let now = seen.now;
        let since = |holds: bool, since: Option<Instant>| holds.then(|| since.unwrap_or(now));
        let before = self.released_before;
        self.entry
            .remember(Door::Entry, seen, before.entry, &self.limits);
        self.exit
            .remember(Door::Exit, seen, before.exit, &self.limits);
        self.single_since = since(seen.single(), self.single_since);
        let on_the_way = matches!(seen.facts.state, State::ExitOpen | State::ExitClosing);
        let under_way = on_the_way && self.open_for.is_some();
        self.exit_moved |= under_way && !seen.framed(Door::Exit);
        let several = under_way && seen.several();
        self.several_since = since(several, self.several_since);
        // One of them may have gone out since, and left a thing behind: the beam was free and is not.
        let beyond = seen.is(Input::ZoneOutFree);
        let in_leaf = !seen.free(Door::Exit) && !seen.framed(Door::Exit);
        self.leaf_at = match under_way && in_leaf {
            true => Some(now),
            false => self
                .leaf_at
                .filter(|at| now.since(*at) < self.limits.crossing),
        };
        let reaches = self.beyond_before && !beyond;
        let gets_there = reaches && self.leaf_at.is_some();
        let goes = gets_there || (self.beam_was_free && !beyond);
        self.one_gone = under_way && (several || !beyond) && (self.one_gone || goes);
        self.beyond_before = under_way && beyond;
        // Who stood in leaf and beam at once and then in the beam alone is out; who is counted
        // then is another.
        self.steps_out = under_way && !beyond && (self.steps_out || (reaches && in_leaf));
        let out = self.steps_out && seen.free(Door::Exit) && !seen.framed(Door::Exit);
        self.one_out = under_way && (self.one_out || out);
        let another = seen.single() || (self.another_since.is_some() && !seen.empty());
        self.another_since = since(self.one_out && another, self.another_since);
        self.beam_was_free = several && (self.beam_was_free || beyond);
        // Nothing that one has left behind walks into the leaf by itself.
        let second = self.one_gone && several;
        let apart = self.apart_since.map(|since| now.since(since));
        let walks = apart.is_some_and(|apart| apart > self.limits.single) && in_leaf;
        self.walks_since = since(
            second && (walks || self.walks_since.is_some()),
            self.walks_since,
        );
        self.apart_since = since(second && !in_leaf, self.apart_since);
        let beside = several && !self.one_gone && seen.free(Door::Exit);
        self.beside_since = since(beside, self.beside_since);
        self.beside_told &= on_the_way;
        let alarmed = !seen.outputs.output(Output::NoAlarm);
        // Whatever the outputs say, nobody walks through a leaf that stays where it is. Only ways out
        // and a technician leave it to people's hands.
        let apart = Self::is_apart(seen.facts.state);
        let left_to_hands = |door| apart && seen.released(door);
        let entry_bars = seen.bars(Door::Entry) && !left_to_hands(Door::Entry);
        // A leaf that cracks open is no way out.
        let exit_bars = !seen.open(Door::Exit) && !left_to_hands(Door::Exit);
        let held = seen.somebody() && entry_bars && exit_bars && !alarmed;
        self.held_since = since(held, self.held_since);
        self.alarms.remember(&seen.signals());
        let state = seen.facts.state;
        let closing = match state {
            State::EntryClosing => !seen.shut(Door::Entry),
            State::ExitClosing => !seen.shut(Door::Exit),
            _ => false,
        };
        let goes_on = closing && self.alarms.before == state;
        self.closing_since = since(goes_on, self.closing_since);
        self.mains_since = since(seen.is(Input::MainsOk), self.mains_since);
        let mains = self.mains_since.map(|since| now.since(since));
        self.dark = mains.is_none_or(|mains| self.dark && mains < self.limits.mains_back);
        self.contradicted = seen.contradiction().map(|fault| match self.contradicted {
            Some((same, since)) if same == fault => (same, since),
            _ => (fault, now),
        });
        self.remember_ways_out(seen);
        if !seen.facts.leased {
            self.permit = None;
        }
    }

    fn remember_ways_out(&mut self, seen: &Seen) {
        if seen.facts.state != State::Emergency {
            self.ways_out = Released::default();
            return;
        }
        for (input, ways) in self.ways() {
            if !seen.is(input) {
                self.ways_out = self.ways_out.or(Released::of(ways));
            }
        }
    }

    /// For each emergency input the ways out that it opens.
    pub(super) const fn ways(&self) -> [(Input, WaysOut); 4] {
        [
            (Input::FireOk, self.site.on_fire),
            (Input::EstopOk1, self.site.on_emergency_stop),
            (Input::EstopOk2, self.site.on_emergency_stop),
            (Input::BreakglassOk, WaysOut::Both),
        ]
    }

    /// Keeps of this scan what the next one is compared with.
    pub(super) fn keep(&mut self, seen: &Seen) {
        let unlocked = self.unlocked(seen, Door::Exit);
        if let Some(Permit { used, .. }) = &mut self.permit {
            *used |= unlocked;
        }
        let key = seen.is(Input::KeyService);
        self.alarms.keep(seen.facts.state, key);
        self.released_before = seen.released;
        self.out = None;
        self.told_wrong = None;
        (self.entry.reopened, self.exit.reopened) = (false, false);
    }
}

impl Moments for DoorHistory {
    fn moments(&mut self, limits: &Limits, visit: &mut impl FnMut(&mut Instant, Duration)) {
        for (moment, oldest) in [
            (&mut self.closed_since, limits.settle),
            (&mut self.bolted_since, limits.settle),
            (&mut self.alone_since, limits.free),
            (&mut self.lain_since, limits.caught),
            (&mut self.forced_since, super::AT_ONCE),
            (&mut self.awaited_shut, limits.held_open + super::AT_ONCE),
            (&mut self.squeezed_since, super::AT_ONCE),
            (&mut self.pushed_since, limits.push),
        ] {
            if let Some(moment) = moment {
                visit(moment, oldest + BEYOND);
            }
        }
    }
}

impl Invariants {
    /// Forgets what no scan will ask for before it is written anew.
    pub(crate) fn forget(&mut self, now: Instant) {
        self.permit = self.permit.filter(|permit| now < permit.until);
        let told = match self.alarms.before {
            State::EntryClosing => self.entry.held_open_told,
            _ => self.exit.held_open_told,
        };
        if told {
            // It stays told for as long as the door goes on closing.
            self.closing_since = self.closing_since.map(|_| now);
        }
        self.alarms.forget();
        if !self.dark {
            // Mains that are there are as good as mains that have been there for long.
            self.mains_since = self.mains_since.map(|_| now);
        }
    }
}

impl Moments for Invariants {
    fn moments(&mut self, limits: &Limits, visit: &mut impl FnMut(&mut Instant, Duration)) {
        self.entry.moments(limits, visit);
        self.exit.moments(limits, visit);
        self.alarms.moments((*limits).into(), visit);
        if let Some(permit) = &mut self.permit {
            visit(&mut permit.until, Duration::ZERO);
        }
        for (moment, oldest) in [
            (&mut self.single_since, limits.single),
            (
                &mut self.several_since,
                limits.left_object.max(limits.closing * 2) + super::AT_ONCE,
            ),
            (&mut self.beside_since, limits.single + super::AT_ONCE),
            (&mut self.another_since, limits.crossing + super::AT_ONCE),
            (&mut self.leaf_at, limits.crossing),
            (&mut self.apart_since, limits.single),
            (&mut self.walks_since, super::AT_ONCE),
            (&mut self.held_since, longest_held(limits)),
            (&mut self.mains_since, limits.mains_back),
            (&mut self.closing_since, longest_closing(limits)),
        ] {
            if let Some(moment) = moment {
                visit(moment, oldest + BEYOND);
            }
        }
        if let Some((_, since)) = &mut self.contradicted {
            visit(since, limits.contradiction + BEYOND);
        }
    }
}

/// S8: how long somebody may be held between two locked doors. To the time to decide comes the
/// closing before it.
pub(super) fn longest_held(limits: &Limits) -> Duration {
    limits.decide + limits.trap + limits.closing * 2
}

/// S15: how long a door may be closing before somebody is told: it gives way so many times, and
/// waits for whoever stands in it.
pub(super) fn longest_closing(limits: &Limits) -> Duration {
    let tries = u32::from(limits.closing_tries) + 2;
    limits.held_open + (limits.closing + limits.reopened) * tries
}
