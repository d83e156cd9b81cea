//! Decides over several frames whether the traveller is the person in the document.
//!
//! Knows no picture, no model and no clock: it takes what [`crate::engine::FaceEngine::examine`] said
//! about each frame, and when. Capture runs while the chip is read, so the portrait may come before,
//! between or after the frames. The rule, in the order in which it is applied:
//!
//! 1. **Several faces** for [`Rules::several_for`] without a break: [`Verdict::SeveralFaces`]. While
//!    more than one face is in sight nothing is matched.
//! 2. **Match**: at least [`Rules::match_frames`] good frames of one person whose median bona-fide score
//!    reaches its threshold, as does that of all good frames; among them at least [`FUSED`] that look bona
//!    fide themselves; and of these either one likeness at or over the high threshold, or that of their
//!    mean template ([`Fusion`]) at or over the fused one.
//! 3. **Attack**: at least [`Rules::attack_frames`] good frames over at least [`Rules::attack_after`]
//!    with a median below the threshold, of all people or of the one who stands there now.
//! 4. **No match**: at least [`Rules::no_match_frames`] frames were compared, the first good one at
//!    least [`Rules::no_match_after`] ago.
//! 5. The window [`Rules::window`] is over, counted from the later of start and portrait:
//!    [`Verdict::NoFace`] if nobody was ever seen, otherwise [`Verdict::Poor`] with the last hint.
//!
//! A frame whose face a depth camera calls flat counts with a bona-fide score of 0 ([`Sample::living`]):
//! the two cues are independent, and either of them accuses.
//!
//! **One person**: a frame belongs to the person watched so far if its template reaches the threshold of a
//! single comparison against the mean of that person's frames. If not, somebody else stands there, or a
//! photograph of somebody else: everything begins anew with this frame, and nothing of the frames before
//! lends it likeness or life. Whoever takes turns is never matched. Nor does a change wash anything off: the
//! scores of all frames count as well.
//!
//! A verdict other than [`Verdict::Undecided`] stays. Why so: the attack model fails some honest frames,
//! so no single frame accuses anybody; the best of thirty frames of an impostor is better than one
//! frame, so a single one must be much better than the mean; the mean of frames of the right person is
//! more like the portrait than most of them, and its threshold is measured for itself; and a frame that looks like a photograph must not lend its likeness to the living person beside it.

use std::time::Duration;

use crate::attack::BonaFide;
use crate::embed::Template;
use crate::error::{FaceError, FrameResult, Sample};
use crate::fusion::Fusion;
use crate::likeness::Likeness;
use crate::manifest::{Manifest, Role};
use crate::quality::Hint;

/// At least this many frames of one person make a mean; with fewer nobody is matched.
pub const FUSED: usize = 3;

/// Frames kept with their template until the portrait is there. Afterwards none is kept.
pub const KEPT: usize = 8;

/// Scores that enter a median, the newest ones: about four seconds at 15 frames a second.
pub const SCORES: usize = 64;

/// The hint that most of this many last frames gave is shown, so that it does not flicker.
pub const HINT_FRAMES: usize = 5;

/// Thresholds and patience.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rules {
    /// Cosine from which two pictures show one person, as far as one comparison can tell.
    pub likeness: f32,
    /// Cosine that suffices for a single frame.
    pub likeness_high: f32,
    /// Cosine that the mean template must reach.
    pub likeness_fused: f32,
    /// Median bona-fide score that the frames must reach, and each frame whose likeness counts.
    pub bona_fide: f32,
    /// Good frames of one person before a match: glare comes and goes, and five cost a third of a second at 15
    /// frames a second. Against a photograph that is shown steadily they gain nothing (docs/face.md).
    pub match_frames: usize,
    /// Good frames before an attack is named.
    pub attack_frames: usize,
    /// Time since the first good frame before an attack is named: glare passes, a photograph stays.
    pub attack_after: Duration,
    /// Compared frames before the answer is no.
    pub no_match_frames: usize,
    /// Time since the first good frame before the answer is no: an expression passes.
    pub no_match_after: Duration,
    /// How long several faces must be in sight.
    pub several_for: Duration,
    /// The whole attempt. Field guidance: eight seconds, then a second try with help.
    pub window: Duration,
}

/// What the frames say so far.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    /// Go on; the screen shows the hint.
    Undecided(Hint),
    /// The person in the document.
    Match(Evidence),
    /// Somebody else, or a face that the model does not recognise.
    NoMatch(Evidence),
    /// Looks like a photograph or a screen. The traveller's screen must not say so.
    Attack(BonaFide),
    /// Nobody came before the camera.
    NoFace,
    /// More than one person stands in the lane.
    SeveralFaces,
    /// Somebody was there, but the frames were never good enough.
    Poor(Hint),
}

/// The numbers behind a comparison, for the journal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evidence {
    /// The better one of the mean template's likeness and the best single frame's.
    pub likeness: Likeness,
    /// Median over the good frames.
    pub bona_fide: BonaFide,
    /// How many frames of the person were compared.
    pub frames: usize,
}

/// One attempt of one traveller. Times are counted from its start.
#[derive(Debug)]
pub struct Capture {
    rules: Rules,
    portrait: Option<(Duration, Template)>,
    /// Who stands there now.
    person: Person,
    /// Bona-fide scores of the good frames.
    bona_fide: Newest<BonaFide, SCORES>,
    first_good: Option<Duration>,
    several_since: Option<Duration>,
    seen: bool,
    hints: Newest<Hint, HINT_FRAMES>,
    decided: Option<Verdict>,
}

/// The person whom the newest frames show, alive or not.
#[derive(Debug, Default)]
struct Person {
    /// When the first of them came; none before.
    since: Option<Duration>,
    /// Bona-fide scores of all good frames, those that do not look bona fide included.
    bona_fide: Newest<BonaFide, SCORES>,
    mean: Fusion,
    /// Frames that wait for the portrait, best first.
    waiting: Vec<Sample>,
    /// What comparing single frames gave.
    likenesses: Newest<Likeness, SCORES>,
}

impl Rules {
    /// The manifest's thresholds with the usual patience.
    #[must_use]
    pub fn of(manifest: &Manifest) -> Self {
        let likeness = &manifest.model(Role::Embedder).threshold;
        let high = likeness.high.unwrap_or(likeness.value);
        Self {
            likeness: likeness.value,
            likeness_high: high,
            // Without a threshold of its own the mean has to reach the stricter one.
            likeness_fused: likeness.fused.unwrap_or(high),
            bona_fide: manifest.model(Role::Attack).threshold.value,
            match_frames: 5,
            attack_frames: 8,
            attack_after: Duration::from_millis(1_000),
            no_match_frames: KEPT,
            no_match_after: Duration::from_millis(2_000),
            several_for: Duration::from_millis(1_500),
            window: Duration::from_secs(8),
        }
    }
}

impl Capture {
    /// Begins an attempt.
    #[must_use]
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            portrait: None,
            person: Person::default(),
            bona_fide: Newest::default(),
            first_good: None,
            several_since: None,
            seen: false,
            hints: Newest::default(),
            decided: None,
        }
    }

    /// Takes the document's face; good frames that waited for it are compared and forgotten.
    ///
    /// # Errors
    ///
    /// A fault of the gate: templates of different models.
    pub fn portrait(&mut self, at: Duration, template: Template) -> Result<(), FaceError> {
        let waiting = std::mem::take(&mut self.person.waiting);
        waiting
            .iter()
            .try_for_each(|sample| self.person.compare(&template, sample))?;
        self.portrait = Some((at, template));
        self.judge(at);
        Ok(())
    }

    /// Takes what a frame said.
    ///
    /// # Errors
    ///
    /// Hands back a fault of the gate ([`FaceError::is_fault`]); it counts neither for nor against.
    pub fn frame(&mut self, at: Duration, result: FrameResult) -> Result<(), FaceError> {
        match result {
            Ok(sample) => self.good(at, sample)?,
            Err(fault) if fault.is_fault() => return Err(fault),
            Err(FaceError::SeveralFaces { .. }) => {
                self.several_since.get_or_insert(at);
                self.note(Hint::SeveralFaces);
            }
            Err(reason) => {
                self.several_since = None;
                self.note(reason.hint().unwrap_or(Hint::LookHere));
            }
        }
        self.judge(at);
        Ok(())
    }

    /// The verdict at this moment. Ask also when no frame came: a silent camera must end too.
    pub fn verdict(&mut self, at: Duration) -> Verdict {
        self.judge(at);
        self.decided.unwrap_or(Verdict::Undecided(self.hint()))
    }

    fn good(&mut self, at: Duration, sample: Sample) -> Result<(), FaceError> {
        self.several_since = None;
        self.first_good.get_or_insert(at);
        self.note(Hint::LookHere);
        if !self.person.is_shown_by(&sample, self.rules.likeness)? {
            self.person = Person::default();
        }
        self.bona_fide.push(sample.living());
        self.person.bona_fide.push(sample.living());
        self.person.since.get_or_insert(at);
        if sample.living().value() < self.rules.bona_fide {
            return Ok(());
        }
        self.person.mean.add(&sample.template)?;
        match &self.portrait {
            Some((_, portrait)) => self.person.compare(portrait, &sample),
            None => {
                self.person.keep(sample);
                Ok(())
            }
        }
    }

    fn note(&mut self, hint: Hint) {
        self.seen |= hint != Hint::NoFace;
        self.hints.push(hint);
    }

    fn judge(&mut self, at: Duration) {
        if self.decided.is_none() {
            self.decided = self.decide(at);
        }
    }

    /// The written rule; the first line that holds is the verdict.
    fn decide(&self, at: Duration) -> Option<Verdict> {
        let rules = &self.rules;
        let since = |start: Option<Duration>| start.map(|start| at.saturating_sub(start));
        if let Some(several) = since(self.several_since) {
            if several >= rules.several_for {
                return Some(Verdict::SeveralFaces);
            }
        } else if let (Some(all), Some(own)) = (
            median_of(&self.bona_fide),
            median_of(&self.person.bona_fide),
        ) {
            let lives = |median: BonaFide| median.value() >= rules.bona_fide;
            // The worse of the two is what counts, and what is told.
            let bona_fide = if own.value() < all.value() { own } else { all };
            let frames = self.person.bona_fide.len();
            let watched = since(self.person.since).unwrap_or_default();
            let good = since(self.first_good).unwrap_or_default();
            let fused = self.fused();
            if lives(bona_fide) && frames >= rules.match_frames && self.alike(fused) {
                return self.evidence(bona_fide, fused).map(Verdict::Match);
            }
            for (median, frames, seen) in
                [(all, self.bona_fide.len(), good), (own, frames, watched)]
            {
                if !lives(median) && frames >= rules.attack_frames && seen >= rules.attack_after {
                    return Some(Verdict::Attack(median));
                }
            }
            let compared = self.person.likenesses.len();
            if compared >= rules.no_match_frames && watched >= rules.no_match_after {
                return self.evidence(bona_fide, fused).map(Verdict::NoMatch);
            }
        }
        self.is_over(at).then(|| {
            if self.seen {
                Verdict::Poor(self.hint())
            } else {
                Verdict::NoFace
            }
        })
    }

    /// Whether enough frames of one person reach a threshold, together or one of them.
    fn alike(&self, fused: Option<Likeness>) -> bool {
        let rules = &self.rules;
        let best = self.person.best();
        self.person.mean.frames() >= FUSED
            && (fused.is_some_and(|fused| fused.value() >= rules.likeness_fused)
                || best.is_some_and(|best| best.value() >= rules.likeness_high))
    }

    /// How alike the portrait and the mean of the person's frames are.
    fn fused(&self) -> Option<Likeness> {
        let (_, portrait) = self.portrait.as_ref()?;
        // Of another model is no frame: it was refused when it came.
        self.person.mean.likeness(portrait).ok().flatten()
    }

    /// Good frames that only wait for a slow chip do not run out of time: the reading has its own limit.
    fn is_over(&self, at: Duration) -> bool {
        let start = match &self.portrait {
            Some((portrait, _)) => *portrait,
            None if self.first_good.is_some() => return false,
            None => Duration::ZERO,
        };
        at.saturating_sub(start) >= self.rules.window
    }

    fn evidence(&self, bona_fide: BonaFide, fused: Option<Likeness>) -> Option<Evidence> {
        Some(Evidence {
            likeness: better(self.person.best(), fused)?,
            bona_fide,
            frames: self.person.likenesses.len(),
        })
    }

    /// What most of the last frames asked for; of equals the newest.
    fn hint(&self) -> Hint {
        let count = |wanted: &Hint| self.hints.iter().filter(|hint| *hint == wanted).count();
        self.hints
            .iter()
            .max_by_key(|hint| count(hint))
            .copied()
            .unwrap_or(Hint::NoFace)
    }
}

impl Person {
    /// Whether `sample` shows the person watched so far. The first one does.
    fn is_shown_by(&self, sample: &Sample, threshold: f32) -> Result<bool, FaceError> {
        let likeness = self.mean.likeness(&sample.template)?;
        Ok(likeness.is_none_or(|likeness| likeness.value() >= threshold))
    }

    fn compare(&mut self, portrait: &Template, sample: &Sample) -> Result<(), FaceError> {
        self.likenesses
            .push(Likeness::of(portrait, &sample.template)?);
        Ok(())
    }

    /// Keeps the best [`KEPT`] frames.
    fn keep(&mut self, sample: Sample) {
        let rank = sample.quality.rank();
        let place = self
            .waiting
            .partition_point(|kept| kept.quality.rank() >= rank);
        self.waiting.insert(place, sample);
        self.waiting.truncate(KEPT);
    }

    fn best(&self) -> Option<Likeness> {
        self.likenesses.iter().copied().map(Some).fold(None, better)
    }
}

/// The greater one of those that are there.
fn better(one: Option<Likeness>, other: Option<Likeness>) -> Option<Likeness> {
    [one, other]
        .into_iter()
        .flatten()
        .max_by(|one, other| one.value().total_cmp(&other.value()))
}

fn median_of(scores: &Newest<BonaFide, SCORES>) -> Option<BonaFide> {
    median(scores.iter().map(|score| score.value())).and_then(BonaFide::new)
}

/// The lower median, so that an even number of frames decides against the doubtful case.
fn median(scores: impl Iterator<Item = f32>) -> Option<f32> {
    let mut scores: Vec<f32> = scores.collect();
    scores.sort_by(f32::total_cmp);
    let middle = scores.len().checked_sub(1)? / 2;
    scores.get(middle).copied()
}

/// The newest `N` values.
#[derive(Debug)]
struct Newest<T, const N: usize>(std::collections::VecDeque<T>);

impl<T, const N: usize> Default for Newest<T, N> {
    fn default() -> Self {
        Self(std::collections::VecDeque::new())
    }
}

impl<T, const N: usize> Newest<T, N> {
    fn push(&mut self, value: T) {
        if self.0.len() == N {
            self.0.pop_front();
        }
        self.0.push_back(value);
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    /// Oldest first.
    fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter()
    }
}

#[cfg(test)]
#[path = "capture_tests.rs"]
mod tests;
