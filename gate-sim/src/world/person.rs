//! A person in the lane: reads the screen, takes time, does what people do.

use super::lane;
use super::persona::{Companion, Persona, Presentation};
use super::{Action, View};
use crate::profile::{Latency, Profile};
use gate_protocol::Instant;
use gate_session::{DocumentHint, FaceHint, Screen};
use rand::{Rng, RngExt};
use std::collections::VecDeque;
use std::time::Duration;

/// Share of the time for the way out that goes into taking up the document; the door opens
/// meanwhile.
const TAKING: f64 = 0.3;
/// Nobody stands longer than this before a lane that does not let anybody in.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long somebody looks at the open entry before thinking better of it.
const HESITATION: Duration = Duration::from_secs(4);
/// A first look that was no use is followed by a better one after this time, hint or not.
const SECOND_LOOK: Duration = Duration::from_millis(1_500);
/// From the instruction to a permit before the imager, for somebody who brings nothing else.
const SHOW: Latency = Latency::new(1.2, 2.5);
/// A dawdler does not lay the document down before this time, nor look or take it up before that.
const DAWDLES: Duration = Duration::from_secs(9);
const LINGERS: Duration = Duration::from_secs(3);
/// A dawdler's share of other people's speed, and the least, m/s.
const STROLL: f64 = 0.6;
const STROLL_MIN: f64 = 0.3;

/// How a document lies on the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Placement {
    /// The printed zone lies where the reader looks.
    Right,
    /// Turned or not at the edge: the reader sees part of the printed zone.
    Wrong,
}

/// Which way somebody leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Entry,
    Exit,
    /// Whichever door stands open first.
    Any,
}

/// Something a person has made up the mind to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    Place(Placement),
    Lift,
    Look { useful: bool },
    Leave(Way),
    ShowPermit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Coming,
    /// Stands outside the exit until somebody has come out.
    Lurking,
    Waiting {
        since: Instant,
    },
    Entering,
    Inside,
    Leaving(Way),
    Gone,
}

/// What this person is like: drawn once, so that the same seed meets the same people whatever the
/// gate does.
#[derive(Clone, Debug)]
struct Habits {
    place: Duration,
    misplaces: bool,
    place_again: Duration,
    look: Duration,
    looks_twice: bool,
    react: Duration,
    show: Duration,
    take: Duration,
    /// m/s.
    speed_in: f64,
    /// m/s.
    speed_out: f64,
}

impl Habits {
    fn draw(persona: Persona, profile: &Profile, rng: &mut impl Rng) -> Self {
        let walk_in = profile.walk_in.draw(rng).as_secs_f64();
        let walk_out = profile.walk_out.draw(rng).as_secs_f64();
        let mut habits = Self {
            place: profile.place.draw(rng),
            misplaces: rng.random_bool(profile.misplaced),
            place_again: profile.place_again.draw(rng),
            look: profile.look.draw(rng),
            looks_twice: rng.random_bool(profile.second_look),
            react: profile.react.draw(rng),
            show: Duration::ZERO,
            take: Duration::from_secs_f64(walk_out * TAKING),
            speed_in: lane::WAY_IN / walk_in,
            speed_out: lane::WAY_OUT / (walk_out * (1.0 - TAKING)),
        };
        habits.show = match persona {
            Persona::PermitAlone => SHOW.draw(rng),
            _ => habits.react,
        };
        if persona == Persona::Dawdler {
            habits.place = habits.place.max(DAWDLES);
            habits.look = habits.look.max(LINGERS);
            habits.take = habits.take.max(LINGERS);
            for speed in [&mut habits.speed_in, &mut habits.speed_out] {
                *speed = (*speed * STROLL).max(STROLL_MIN);
            }
        }
        habits
    }
}

/// One person.
#[derive(Clone, Debug)]
pub(super) struct Person {
    persona: Persona,
    /// Comes beside somebody and shows no document.
    companion: Option<Companion>,
    habits: Habits,
    stage: Stage,
    deeds: VecDeque<(Instant, Deed)>,
    x: f64,
    document_on_reader: bool,
    /// The permit has been shown, unasked.
    permit_offered: bool,
    in_view: View,
    /// The reader stands before the entry.
    reader_outside: bool,
}

/// Whether the doors let somebody through.
#[derive(Clone, Copy, Debug)]
pub(super) struct Passable {
    pub entry: bool,
    pub exit: bool,
    /// Somebody has walked out and is still near.
    pub somebody_is_out: bool,
    /// Nobody is there who shows a document.
    pub is_deserted: bool,
}

impl Person {
    pub(super) fn new(persona: Persona, profile: &Profile, rng: &mut impl Rng) -> Self {
        Self {
            persona,
            companion: None,
            habits: Habits::draw(persona, profile, rng),
            stage: Stage::Coming,
            deeds: VecDeque::new(),
            x: lane::START,
            document_on_reader: false,
            permit_offered: false,
            in_view: View::Nobody,
            reader_outside: false,
        }
    }

    /// Somebody who meets the reader before the entry.
    pub(super) const fn reading_outside(mut self, outside: bool) -> Self {
        self.reader_outside = outside;
        self
    }

    /// Whether this person stands before the entry, and at a reader.
    pub(super) const fn stands_at_reader(&self) -> bool {
        self.reader_outside && matches!(self.stage, Stage::Waiting { .. })
    }

    /// Somebody else who comes beside this person.
    pub(super) fn accompanied_by(&self, companion: Companion) -> Self {
        let mut other = self.clone();
        other.companion = Some(companion);
        match companion {
            Companion::Follows(distance) => other.x -= distance,
            Companion::ComesInThroughExit => {
                other.x = lane::BEYOND;
                other.stage = Stage::Lurking;
            }
        }
        other
    }

    pub(super) const fn is_companion(&self) -> bool {
        self.companion.is_some()
    }

    /// Has walked out through the exit.
    pub(super) fn is_out(&self) -> bool {
        self.stage == Stage::Leaving(Way::Exit) && lane::EXIT.is_behind(self.x)
    }

    /// Where the body is, m along the lane: middle.
    pub(super) const fn x(&self) -> f64 {
        self.x
    }

    pub(super) fn is_gone(&self) -> bool {
        self.stage == Stage::Gone
    }

    pub(super) fn is_inside(&self) -> bool {
        lane::CHAMBER.holds(self.x)
    }

    /// Leaves a bag when walking out.
    pub(super) fn leaves_bag(&self) -> bool {
        self.persona == Persona::LeavesBag && self.stage == Stage::Leaving(Way::Exit)
    }

    /// When this person does something without being told, if standing still.
    pub(super) fn next_deed(&self) -> Option<Instant> {
        let waited = match self.stage {
            Stage::Waiting { since } => Some(since + self.patience()),
            _ => None,
        };
        self.deeds
            .front()
            .map(|(due, _)| *due)
            .into_iter()
            .chain(waited)
            .min()
    }

    /// Sees a new instruction on the screen.
    pub(super) fn see(&mut self, now: Instant, screen: Screen) {
        // No screen is seen from outside the exit.
        if self.companion == Some(Companion::ComesInThroughExit) && lane::EXIT.is_behind(self.x) {
            return;
        }
        // Whoever is asked anew after that shows everything anew.
        if matches!(
            screen,
            Screen::OfficerComing | Screen::StepBack | Screen::OutOfService | Screen::Emergency
        ) {
            self.permit_offered = false;
        }
        let stays = matches!(self.stage, Stage::Entering | Stage::Inside);
        // Whoever stands before a door that does not open looks at the screen again.
        let turns = matches!(
            screen,
            Screen::Emergency | Screen::Go | Screen::StepBack | Screen::OnePerson
        ) && matches!(self.stage, Stage::Leaving(_))
            && self.is_inside();
        if self.stands_at_reader() {
            if let Screen::PlaceDocument { hint } = screen
                && !self.is_companion()
            {
                self.place(now, hint);
            }
            return;
        }
        if !stays && !turns {
            return;
        }
        match screen {
            Screen::PlaceDocument { hint } if !self.is_companion() => {
                if !std::mem::replace(&mut self.permit_offered, true) {
                    self.show_permit(now);
                }
                if self.persona != Persona::PermitAlone {
                    self.place(now, hint);
                }
            }
            Screen::ShowPermit { .. } if !self.is_companion() => self.show_permit(now),
            Screen::LookHere { hint, .. } if !self.is_companion() => self.look(now, hint),
            Screen::Go => self.leave(now, self.habits.take, Way::Exit),
            Screen::StepBack | Screen::OnePerson => self.leave(now, self.habits.react, Way::Entry),
            Screen::Emergency => self.leave(now, self.habits.react, Way::Any),
            Screen::OfficerComing => self.deeds.clear(),
            _ => {}
        }
    }

    fn place(&mut self, now: Instant, hint: DocumentHint) {
        let placing = self
            .deeds
            .iter()
            .any(|(_, deed)| matches!(deed, Deed::Place(_)));
        if placing {
            return;
        }
        if !self.document_on_reader {
            let fit = if self.habits.misplaces {
                Placement::Wrong
            } else {
                Placement::Right
            };
            self.plan(now + self.habits.place, Deed::Place(fit));
        } else if hint != DocumentHint::None {
            self.plan(now + self.habits.place_again / 3, Deed::Lift);
            self.plan(now + self.habits.place_again, Deed::Place(Placement::Right));
        }
    }

    fn show_permit(&mut self, now: Instant) {
        if self.persona.permit().is_some() {
            self.plan(now + self.habits.show, Deed::ShowPermit);
        }
    }

    fn look(&mut self, now: Instant, hint: FaceHint) {
        let looking = matches!(self.in_view, View::Face(_) | View::TurnedAway);
        let planned = self
            .deeds
            .iter()
            .any(|(_, deed)| matches!(deed, Deed::Look { .. }));
        if !looking && !planned {
            let first = now + self.habits.look;
            self.plan(
                first,
                Deed::Look {
                    useful: !self.habits.looks_twice,
                },
            );
            if self.habits.looks_twice {
                self.plan(first + SECOND_LOOK, Deed::Look { useful: true });
            }
        } else if self.in_view == View::TurnedAway && hint != FaceHint::None {
            self.plan(now + self.habits.react, Deed::Look { useful: true });
        }
    }

    fn leave(&mut self, now: Instant, after: Duration, way: Way) {
        if self.deeds.iter().any(|(_, deed)| *deed == Deed::Leave(way)) {
            return;
        }
        self.deeds.clear();
        if self.document_on_reader {
            self.plan(now + after, Deed::Lift);
        }
        self.plan(now + after, Deed::Leave(way));
    }

    fn plan(&mut self, due: Instant, deed: Deed) {
        let after = self
            .deeds
            .iter()
            .take_while(|(other, _)| *other <= due)
            .count();
        self.deeds.insert(after, (due, deed));
    }

    /// Lives on for `dt` seconds until `now`. Tells whether the body moved.
    pub(super) fn step(
        &mut self,
        now: Instant,
        dt: f64,
        doors: Passable,
        actions: &mut VecDeque<Action>,
    ) -> bool {
        while self.stage != Stage::Entering
            && self.deeds.front().is_some_and(|(due, _)| *due <= now)
        {
            if let Some((_, deed)) = self.deeds.pop_front() {
                self.act(deed, actions);
            }
        }
        self.decide(now, doors, actions);
        let before = self.x;
        self.walk(dt, doors);
        self.arrive(now);
        self.watch_view(actions);
        before.to_bits() != self.x.to_bits()
    }

    fn act(&mut self, deed: Deed, actions: &mut VecDeque<Action>) {
        match deed {
            Deed::Place(placement) => {
                self.document_on_reader = true;
                self.habits.misplaces = false;
                actions.push_back(Action::PlaceDocument(placement));
            }
            Deed::Lift => {
                self.document_on_reader = false;
                actions.push_back(Action::LiftDocument);
            }
            Deed::Look { useful } => {
                let view = if useful {
                    View::Face(self.persona.presents())
                } else {
                    View::TurnedAway
                };
                self.show_to_camera(view, actions);
            }
            Deed::ShowPermit => actions.push_back(Action::ShowPermit),
            // Whoever is out meanwhile does not go back in.
            Deed::Leave(_) if lane::EXIT.is_behind(self.x) => {
                self.stage = Stage::Leaving(Way::Exit);
            }
            Deed::Leave(way) => self.stage = Stage::Leaving(way),
        }
    }

    fn patience(&self) -> Duration {
        if self.persona == Persona::DoesNotStepIn {
            HESITATION
        } else {
            PATIENCE
        }
    }

    fn decide(&mut self, now: Instant, doors: Passable, actions: &mut VecDeque<Action>) {
        let outside = lane::EXIT.is_behind(self.x);
        match (self.stage, self.companion) {
            (Stage::Lurking, _) if doors.somebody_is_out => self.stage = Stage::Entering,
            // Nobody opens it any more.
            (Stage::Lurking, _) if doors.is_deserted => self.stage = Stage::Leaving(Way::Exit),
            // It shuts before anybody gets in.
            (Stage::Entering, Some(Companion::ComesInThroughExit)) if outside && !doors.exit => {
                self.stage = Stage::Leaving(Way::Exit);
            }
            _ => {}
        }
        if let Stage::Waiting { since } = self.stage {
            if now.since(since) >= self.patience() {
                self.stage = Stage::Leaving(Way::Entry);
            } else if doors.entry && self.persona != Persona::DoesNotStepIn {
                self.stage = Stage::Entering;
                if std::mem::take(&mut self.document_on_reader) {
                    actions.push_back(Action::LiftDocument); // it goes in with its holder
                }
            }
        }
    }

    fn walk(&mut self, dt: f64, doors: Passable) {
        let (target, speed) = match self.stage {
            Stage::Coming => (self.place_in_queue(), self.habits.speed_in),
            Stage::Entering => (self.place_inside(), self.habits.speed_in),
            Stage::Leaving(way) => (self.way_out(way, doors), self.habits.speed_out),
            Stage::Waiting { .. } | Stage::Lurking | Stage::Inside | Stage::Gone => return,
        };
        let wanted = self.x + (target - self.x).clamp(-speed * dt, speed * dt);
        let wanted = lane::ENTRY.stops(self.x, wanted, doors.entry);
        self.x = lane::EXIT.stops(self.x, wanted, doors.exit);
    }

    fn arrive(&mut self, now: Instant) {
        self.stage = match self.stage {
            Stage::Coming if self.x >= self.place_in_queue() => Stage::Waiting { since: now },
            Stage::Entering if self.has_arrived_inside() => match self.persona {
                Persona::TurnsBackInside => Stage::Leaving(Way::Entry),
                _ => Stage::Inside,
            },
            Stage::Leaving(_) if self.x >= lane::FAR || self.x <= lane::START => Stage::Gone,
            stage => stage,
        };
    }

    fn has_arrived_inside(&self) -> bool {
        match self.companion {
            Some(Companion::ComesInThroughExit) => self.x <= self.place_inside(),
            _ => self.x >= self.place_inside(),
        }
    }

    const fn place_in_queue(&self) -> f64 {
        lane::QUEUE - self.distance()
    }

    const fn place_inside(&self) -> f64 {
        match self.persona {
            Persona::TurnsBackInside => lane::THRESHOLD,
            _ => lane::STAND - self.distance(),
        }
    }

    /// How far behind the traveller this body walks, m.
    const fn distance(&self) -> f64 {
        match self.companion {
            Some(Companion::Follows(distance)) => distance,
            _ => 0.0,
        }
    }

    fn way_out(&self, way: Way, doors: Passable) -> f64 {
        match way {
            Way::Entry => lane::START,
            Way::Exit => lane::FAR,
            // Whoever is outside already goes on from there.
            Way::Any if self.x < lane::CHAMBER_FROM => lane::START,
            Way::Any if self.x > lane::CHAMBER_TO => lane::FAR,
            Way::Any if doors.exit => lane::FAR,
            Way::Any if doors.entry => lane::START,
            Way::Any => self.x,
        }
    }

    /// Keeps the camera told of a body that comes, stands and goes.
    fn watch_view(&mut self, actions: &mut VecDeque<Action>) {
        if self.is_companion() {
            return;
        }
        let leaving = matches!(self.stage, Stage::Leaving(_) | Stage::Gone);
        let view = match self.in_view {
            View::Nobody if self.is_inside() && !leaving => View::Approaching,
            View::Nobody => View::Nobody,
            _ if leaving => View::Nobody,
            view => view,
        };
        self.show_to_camera(view, actions);
    }

    fn show_to_camera(&mut self, view: View, actions: &mut VecDeque<Action>) {
        if self.in_view != view {
            self.in_view = view;
            actions.push_back(Action::InView(view));
        }
    }
}

impl View {
    /// Whether a face can be compared.
    #[must_use]
    pub const fn is_useful(self) -> bool {
        matches!(
            self,
            Self::Face(Presentation::Live | Presentation::Photograph)
        )
    }
}
