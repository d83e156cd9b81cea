//! Decides over several frames whether the traveller is the person in the document.
//!
//! Knows no picture, no model and no clock: it takes what [`crate::engine::FaceEngine::examine`] said
//! about each frame, and when. Capture runs while the chip is read, so the portrait may come before,
//! between or after the frames. The rule, in the order in which it is applied:
//!
//! 1. **Several faces** for [`Rules::several_for`] without a break: [`Verdict::SeveralFaces`]. While
//!    more than one face is in sight nothing is matched.
//! 2. **Match**: at least [`Rules::match_frames`] good frames whose median bona-fide score reaches
//!    its threshold, and among the frames that look bona fide themselves either one likeness at or over
//!    the high threshold or a median of at least [`FUSED`] at or over the normal one.
//! 3. **Attack**: at least [`Rules::attack_frames`] good frames over at least [`Rules::attack_after`]
//!    with a median below the threshold.
//! 4. **No match**: at least [`Rules::no_match_frames`] frames were compared, the first good one at
//!    least [`Rules::no_match_after`] ago.
//! 5. The window [`Rules::window`] is over, counted from the later of start and portrait:
//!    [`Verdict::NoFace`] if nobody was ever seen, otherwise [`Verdict::Poor`] with the last hint.
//!
//! A frame whose face a depth camera calls flat counts with a bona-fide score of 0 ([`Sample::living`]):
//! the two cues are independent, and either of them accuses.
//!
//! A verdict other than [`Verdict::Undecided`] stays. Why so: the attack model fails one honest frame
//! in ten, so no single frame accuses anybody; the best of thirty frames of an impostor is better than one
//! frame, so the normal threshold is held against the median, whose false match rate is that of a single
//! pair; and a frame that looks like a photograph must not lend its likeness to the living person beside it.

use std::time::Duration;

use crate::attack::BonaFide;
use crate::embed::Template;
use crate::error::{FaceError, FrameResult, Sample};
use crate::likeness::Likeness;
use crate::manifest::{Manifest, Role};
use crate::quality::Hint;

/// At least this many likenesses make a median that is held against the normal threshold.
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
    /// Cosine that the median must reach.
    pub likeness: f32,
    /// Cosine that suffices for a single frame.
    pub likeness_high: f32,
    /// Median bona-fide score that the frames must reach, and each frame whose likeness counts.
    pub bona_fide: f32,
    /// Good frames before a match. Were frames independent, an attack that passes 22 % of them would
    /// pass three with 12 % and five with 8 %; five cost a third of a second at 15 frames a second.
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
    /// Best likeness of a single frame.
    pub likeness: Likeness,
    /// Median over the good frames.
    pub bona_fide: BonaFide,
    /// How many frames were compared.
    pub frames: usize,
}

/// One attempt of one traveller. Times are counted from its start.
#[derive(Debug)]
pub struct Capture {
    rules: Rules,
    portrait: Option<(Duration, Template)>,
    /// Good frames that wait for the portrait, best first.
    waiting: Vec<Sample>,
    /// Bona-fide scores of the good frames.
    bona_fide: Newest<BonaFide, SCORES>,
    /// Likenesses of the frames that look bona fide.
    likenesses: Newest<Likeness, SCORES>,
    first_good: Option<Duration>,
    several_since: Option<Duration>,
    seen: bool,
    hints: Newest<Hint, HINT_FRAMES>,
    decided: Option<Verdict>,
}

impl Rules {
    /// The manifest's thresholds with the usual patience.
    #[must_use]
    pub fn of(manifest: &Manifest) -> Self {
        let likeness = &manifest.model(Role::Embedder).threshold;
        Self {
            likeness: likeness.value,
            likeness_high: likeness.high.unwrap_or(likeness.value),
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
    pub const fn new(rules: Rules) -> Self {
        Self {
            rules,
            portrait: None,
            waiting: Vec::new(),
            bona_fide: Newest::new(),
            likenesses: Newest::new(),
            first_good: None,
            several_since: None,
            seen: false,
            hints: Newest::new(),
            decided: None,
        }
    }

    /// Takes the document's face; good frames that waited for it are compared and forgotten.
    ///
    /// # Errors
    ///
    /// A fault of the gate: templates of different models.
    pub fn portrait(&mut self, at: Duration, template: Template) -> Result<(), FaceError> {
        self.portrait = Some((at, template));
        let waiting = std::mem::take(&mut self.waiting);
        waiting
            .into_iter()
            .try_for_each(|sample| self.compare(&sample))?;
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
        self.bona_fide.push(sample.living());
        if self.portrait.is_some() {
            return self.compare(&sample);
        }
        let rank = sample.quality.rank();
        let place = self
            .waiting
            .partition_point(|kept| kept.quality.rank() >= rank);
        self.waiting.insert(place, sample);
        self.waiting.truncate(KEPT);
        Ok(())
    }

    fn compare(&mut self, sample: &Sample) -> Result<(), FaceError> {
        let Some((_, portrait)) = &self.portrait else {
            return Ok(());
        };
        if sample.living().value() < self.rules.bona_fide {
            return Ok(());
        }
        self.likenesses
            .push(Likeness::of(portrait, &sample.template)?);
        Ok(())
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
        } else if let (Some(bona_fide), Some(good)) = (self.living(), since(self.first_good)) {
            let living = bona_fide.value() >= rules.bona_fide;
            let frames = self.bona_fide.len();
            if living && frames >= rules.match_frames && self.alike() {
                return self.evidence(bona_fide).map(Verdict::Match);
            }
            if !living && frames >= rules.attack_frames && good >= rules.attack_after {
                return Some(Verdict::Attack(bona_fide));
            }
            if self.likenesses.len() >= rules.no_match_frames && good >= rules.no_match_after {
                return self.evidence(bona_fide).map(Verdict::NoMatch);
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

    /// Whether the likenesses reach the thresholds.
    fn alike(&self) -> bool {
        let fused = self.likenesses.len() >= FUSED
            && median(self.likenesses.iter().map(|likeness| likeness.value()))
                .is_some_and(|median| median >= self.rules.likeness);
        fused
            || self
                .best()
                .is_some_and(|best| best.value() >= self.rules.likeness_high)
    }

    fn best(&self) -> Option<Likeness> {
        self.likenesses
            .iter()
            .copied()
            .max_by(|one, other| one.value().total_cmp(&other.value()))
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

    fn evidence(&self, bona_fide: BonaFide) -> Option<Evidence> {
        Some(Evidence {
            likeness: self.best()?,
            bona_fide,
            frames: self.likenesses.len(),
        })
    }

    fn living(&self) -> Option<BonaFide> {
        median(self.bona_fide.iter().map(|score| score.value())).and_then(BonaFide::new)
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

impl<T, const N: usize> Newest<T, N> {
    const fn new() -> Self {
        Self(std::collections::VecDeque::new())
    }

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
