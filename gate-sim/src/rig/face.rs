//! The camera and the models, in virtual time: what a face answers is decided by who stands there,
//! after as many frames and as long as the real capture takes.

use crate::world::{Papers, Presentation, View};
use gate_protocol::Instant;
use gate_session::{Asked, FaceHint, FaceReport, FaceVerdict};
use std::time::Duration;

/// Time between two frames of the camera.
pub(super) const FRAME: Duration = Duration::from_micros(66_667);
/// Good frames until the person of the portrait is recognised.
const MATCH_FRAMES: u16 = 5;
/// Good frames, and time since the first, until an attack is called one.
const ATTACK: (u16, Duration) = (8, Duration::from_secs(1));
/// The same until somebody is called another person.
const NO_MATCH: (u16, Duration) = (5, Duration::from_secs(2));

/// One attempt to see the face of one traveller.
#[derive(Debug)]
pub(super) struct Attempt {
    pub asked: Asked,
    papers: Papers,
    has_portrait: Option<Instant>,
    first_good: Option<Instant>,
    good: u16,
    seen: Option<Presentation>,
    hint: FaceHint,
    said: Option<FaceReport>,
    decided: bool,
}

impl Attempt {
    pub(super) const fn new(asked: Asked, papers: Papers) -> Self {
        Self {
            asked,
            papers,
            has_portrait: None,
            first_good: None,
            good: 0,
            seen: None,
            hint: FaceHint::LookHere,
            said: None,
            decided: false,
        }
    }

    pub(super) const fn is_decided(&self) -> bool {
        self.decided
    }

    pub(super) const fn portrait(&mut self, now: Instant) {
        self.has_portrait = Some(now);
    }

    /// A frame that showed `view` has been examined.
    pub(super) fn frame(&mut self, now: Instant, view: View) {
        match view {
            View::Face(presentation) => {
                self.good = self.good.saturating_add(1);
                self.first_good.get_or_insert(now);
                self.seen = Some(presentation);
                self.hint = FaceHint::None;
            }
            View::TurnedAway => self.hint = FaceHint::LookStraight,
            View::Approaching => self.hint = FaceHint::Closer,
            View::Nobody => self.hint = FaceHint::LookHere,
        }
    }

    /// What follows by now, if it is something new.
    pub(super) fn news(&mut self, now: Instant) -> Option<FaceReport> {
        let verdict = self.verdict(now);
        self.decided |= matches!(
            verdict,
            FaceVerdict::Match | FaceVerdict::NoMatch | FaceVerdict::Attack
        );
        let report = FaceReport {
            verdict,
            likeness: None,
            bona_fide: None,
            frames: self.good,
        };
        (self.said.replace(report) != Some(report)).then_some(report)
    }

    fn verdict(&self, now: Instant) -> FaceVerdict {
        let long = |(frames, time): (u16, Duration)| {
            self.good >= frames
                && self
                    .first_good
                    .is_some_and(|first| now.since(first) >= time)
        };
        match self.seen {
            None => FaceVerdict::Undecided(self.hint),
            Some(Presentation::Photograph) if long(ATTACK) => FaceVerdict::Attack,
            Some(_) if self.has_portrait.is_none() => {
                if self.good >= MATCH_FRAMES {
                    FaceVerdict::Captured
                } else {
                    FaceVerdict::Undecided(self.hint)
                }
            }
            Some(Presentation::Live) if self.papers == Papers::SomebodyElses => {
                if long(NO_MATCH) {
                    FaceVerdict::NoMatch
                } else {
                    FaceVerdict::Undecided(self.hint)
                }
            }
            Some(Presentation::Live) if self.good >= MATCH_FRAMES => FaceVerdict::Match,
            Some(_) => FaceVerdict::Undecided(self.hint),
        }
    }
}
