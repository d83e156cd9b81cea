//! The model that reads printed lines, and the walk of a picture.

use crate::decode::{self, CLASSES, Characters};
use crate::error::{LoadError, Problem, ZoneError};
use crate::find::{self, Candidate, Line, Search};
use crate::judge::{self, Reading};
use crate::level;
use crate::picture::Grey;
use crate::strip::{self, Cut, Strips};
use gate_face::engine;
use gate_face::models::ModelSet;
use gate_face::picture::wipe;
use ort::session::Session;
use ort::session::builder::GraphOptimizationLevel;
use ort::value::TensorRef;
use std::sync::{Mutex, PoisonError};

/// The model's name in the manifest.
pub const MODEL: &str = "mrz-reader";
const OUTPUT: &str = "log_probabilities";
/// Steps that the model gives for a strip.
const STEPS: usize = strip::WIDTH / 4;
/// Width of a step in px of the strip.
const STEP: f32 = 4.0;

/// What the model saw may be off by so many characters from what a zone has; more is other print.
const OFF_MAX: usize = 3;
/// Print in which the likeliest characters are less likely than that on average is no zone.
const LIKE_A_ZONE: f32 = 0.6;
/// The same for one line alone.
const LIKE_A_LINE: f32 = 0.85;
/// Cuts of the same lines that are tried where check digits contradict: as the characters lie, larger,
/// smaller, and moved.
const CUTS: [(f32, f32); 5] = [
    (1.0, 0.0),
    (0.94, 0.0),
    (1.06, 0.0),
    (1.0, 0.12),
    (1.0, -0.12),
];

/// The loaded model. One for the whole process: share it behind an `Arc`.
///
/// One call at a time, of some tens of milliseconds: not for async threads. The runtime's own work memory
/// keeps traces of the last input; it ends with the process.
#[derive(Debug)]
pub struct ZoneReader {
    session: Mutex<Session>,
}

/// What was made of one candidate.
struct Attempt {
    result: Result<Reading, Problem>,
    /// Mean likelihood of the likeliest characters.
    likelihood: f32,
    lines: usize,
}

impl Attempt {
    /// Whether the print is a zone, though not all of it was read. One line alone has to be seen well: other
    /// print has lines, too.
    fn is_zone(&self) -> bool {
        self.likelihood
            >= if self.lines > 1 {
                LIKE_A_ZONE
            } else {
                LIKE_A_LINE
            }
    }

    /// Which attempt tells most of what is wrong: lines count more than how well they were seen.
    fn worth(&self) -> f32 {
        let lines = if self.is_zone() { self.lines.min(2) } else { 0 };
        self.likelihood + lines as f32
    }
}

impl ZoneReader {
    /// Verifies and loads runtime and model, and runs it once, so that the first document does not wait.
    ///
    /// # Errors
    ///
    /// [`LoadError`] names the file.
    pub fn load(models: &ModelSet) -> Result<Self, LoadError> {
        let bytes = models.read_own(MODEL)?;
        let environment = engine::environment(&models.runtime()?)?;
        let session = || -> Result<Session, ort::Error> {
            Session::builder(&environment)?
                .with_intra_threads(1)?
                .with_inter_threads(1)?
                .with_optimization_level(GraphOptimizationLevel::Level3)?
                .commit_from_memory(&bytes)
        };
        let session = session().map_err(|source| LoadError::Model(source.into()))?;
        let reader = Self {
            session: Mutex::new(session),
        };
        let blank = Grey::new(64, 64, Vec::new());
        let line = Line {
            left: (0.0, 32.0),
            right: (63.0, 32.0),
            height: 8.0,
        };
        let cut = Cut {
            pitch: 8.0,
            down: 0.0,
        };
        let strips = Strips::cut(&blank, &[line; 2], cut);
        reader
            .run(&strips, |_| ())
            .map_err(|source| LoadError::Run(Box::new(source)))?;
        Ok(reader)
    }

    /// Reads the zone of the page in `picture`, whichever way up, at up to 14 degrees from straight.
    ///
    /// # Errors
    ///
    /// [`ZoneError`]. What a check digit contradicts is never a reading.
    pub fn read(&self, picture: &Grey) -> Result<Reading, ZoneError> {
        let small = level::small(picture);
        let upright = (0, level::lie(&small));
        let turned = (1, level::lie(&small.turned(1)));
        let mut ways = [upright, turned];
        ways.sort_by(|(_, one), (_, other)| other.evidence.total_cmp(&one.evidence));
        let mut best = None;
        for (turns, lie) in ways {
            let turned;
            let page = match turns {
                0 => picture,
                _ => {
                    turned = picture.turned(turns);
                    &turned
                }
            };
            let search = Search::new(page, lie.slope);
            for gap in find::GAPS {
                let mut readings = self.readings(page, &search.zones(gap), &mut best)?;
                match readings.len() {
                    0 => {}
                    1 => return Ok(readings.remove(0)),
                    _ => return Err(ZoneError::SeveralZones),
                }
            }
        }
        match best {
            Some(attempt) if attempt.is_zone() => Err(ZoneError::Partial {
                lines: attempt.lines,
                problem: attempt.result.err().unwrap_or(Problem::Missing),
            }),
            _ => Err(ZoneError::NoZone),
        }
    }

    /// Every zone that can be read among the candidates; the best attempt that gave none is kept.
    fn readings(
        &self,
        page: &Grey,
        candidates: &[Candidate],
        best: &mut Option<Attempt>,
    ) -> Result<Vec<Reading>, ZoneError> {
        let mut readings: Vec<(Reading, &Candidate)> = Vec::new();
        for candidate in candidates {
            if readings.iter().any(|(_, other)| touch(candidate, other)) {
                continue;
            }
            let Some(attempt) = self.attempt(page, candidate)? else {
                continue;
            };
            match attempt.result {
                Ok(reading) => readings.push((reading, candidate)),
                Err(_)
                    if best
                        .as_ref()
                        .is_none_or(|best| attempt.worth() > best.worth()) =>
                {
                    *best = Some(attempt);
                }
                Err(_) => {}
            }
        }
        Ok(readings.into_iter().map(|(reading, _)| reading).collect())
    }

    /// Reads a candidate upright and, where that gives nothing, standing on its head; what looks more like a
    /// zone is then looked at again. `None` for print that is no zone.
    fn attempt(&self, page: &Grey, candidate: &Candidate) -> Result<Option<Attempt>, ZoneError> {
        let upright = &candidate.lines;
        let turned: Vec<Line> = upright.iter().rev().map(on_its_head).collect();
        let mut likelier: Option<(Attempt, Vec<Line>, Cut)> = None;
        for lines in [upright, &turned] {
            let Some(cut) = guess(lines) else {
                continue;
            };
            let seen = self.seen(page, lines, cut)?;
            let first = seen.attempt();
            if first.result.is_ok() {
                return Ok(Some(first));
            }
            let limit = if lines.len() > 1 {
                3 * OFF_MAX
            } else {
                OFF_MAX
            };
            let more = |(other, ..): &(Attempt, _, _)| first.likelihood > other.likelihood;
            if seen.off <= limit && likelier.as_ref().is_none_or(more) {
                // The characters themselves tell best where the line begins and how wide they are.
                let (lines, cut) = seen.aligned(lines, cut);
                likelier = Some((first, lines, cut));
            }
        }
        let Some((mut best, lines, cut)) = likelier else {
            return Ok(None);
        };
        for (larger, down) in CUTS {
            if best.result.is_ok() || best.likelihood < LIKE_A_ZONE / 2.0 {
                break;
            }
            let other = Cut {
                pitch: cut.pitch * larger,
                down,
            };
            let again = self.seen(page, &lines, other)?.attempt();
            if again.result.is_ok() || again.likelihood > best.likelihood {
                best = again;
            }
        }
        Ok(Some(best))
    }

    fn seen(&self, page: &Grey, lines: &[Line], cut: Cut) -> Result<Seen, ZoneError> {
        let strips = Strips::cut(page, lines, cut);
        self.run(&strips, |steps| {
            let each = || steps.chunks_exact(STEPS * CLASSES);
            let mut counts: Vec<usize> = each().map(decode::count).collect();
            counts.sort_unstable();
            let length = length(lines.len(), counts[counts.len() / 2]);
            let read = each().enumerate().map(|(line, steps)| {
                decode::line(steps, length, judge::allowed(lines.len(), line))
            });
            Seen {
                off: counts
                    .iter()
                    .map(|count| count.abs_diff(length))
                    .max()
                    .unwrap_or(0),
                lines: read.collect(),
            }
        })
    }

    /// Runs the model on all strips at once; `read` gets 192 x 38 values for each.
    fn run<T>(&self, strips: &Strips, read: impl FnOnce(&[f32]) -> T) -> Result<T, ZoneError> {
        let failed = |source: ort::Error| ZoneError::Runtime(source.into());
        let expected = strips.view().shape()[0] * STEPS * CLASSES;
        // A session is no less usable after a caller's panic: it is handed over whole.
        let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        let input = TensorRef::from_array_view(strips.view()).map_err(failed)?;
        let mut outputs = session.run(ort::inputs![input]).map_err(failed)?;
        let none = ZoneError::Shape { expected, found: 0 };
        let output = outputs.get_mut(OUTPUT).ok_or(none)?;
        let (_, steps) = output.try_extract_tensor_mut::<f32>().map_err(failed)?;
        let found = steps.len();
        if found != expected {
            return Err(ZoneError::Shape { expected, found });
        }
        let result = read(steps);
        wipe(steps);
        Ok(result)
    }
}

/// What the model saw of some lines.
struct Seen {
    lines: Vec<Characters>,
    /// By how many characters the worst line was off.
    off: usize,
}

impl Seen {
    fn attempt(&self) -> Attempt {
        let likelihoods = self.lines.iter().flat_map(|line| {
            line.text()
                .enumerate()
                .map(|(at, character)| line.likelihood(at, character))
        });
        let characters = self.lines.iter().map(Characters::len).sum::<usize>().max(1);
        let result = match self.lines.len() {
            2.. if self.off <= OFF_MAX => judge::judge(&self.lines),
            _ => Err(Problem::Missing),
        };
        Attempt {
            likelihood: likelihoods.sum::<f32>() / characters as f32,
            result,
            lines: self.lines.len(),
        }
    }

    /// The lines with what the characters tell of their places.
    fn aligned(&self, lines: &[Line], cut: Cut) -> (Vec<Line>, Cut) {
        // The middle of a step lies so far from the strip's left edge.
        let place = |step: f32| step * STEP + (STEP - 1.0) / 2.0;
        let spreads: Vec<(f32, f32)> = self.lines.iter().filter_map(Characters::spread).collect();
        if spreads.len() != lines.len() {
            return (lines.to_vec(), cut);
        }
        let pitch = spreads.iter().map(|(_, pitch)| pitch * STEP).sum::<f32>() / lines.len() as f32;
        let moved = lines.iter().zip(&spreads).map(|(line, (first, _))| {
            let from = (place(*first) - pitch / 2.0 - strip::MARGIN) * cut.pitch / strip::PITCH;
            line.from(from)
        });
        let cut = Cut {
            pitch: cut.pitch * (pitch / strip::PITCH).clamp(0.75, 1.3),
            ..cut
        };
        (moved.collect(), cut)
    }
}

/// How many characters there are is a guess by their height, until the model has counted them.
fn guess(lines: &[Line]) -> Option<Cut> {
    let by_length = |one: &&Line, other: &&Line| one.length().total_cmp(&other.length());
    let whole = lines.iter().max_by(by_length)?;
    let height = lines.iter().map(|line| line.height).sum::<f32>() / lines.len() as f32;
    let by_height = (whole.length() / strip::pitch_by_height(height)).round() as usize;
    Some(Cut {
        pitch: strip::pitch(whole, length(lines.len(), by_height)),
        down: 0.0,
    })
}

/// How long a line of a zone of `lines` lines is that seems to have `count` characters.
fn length(lines: usize, count: usize) -> usize {
    let any = || {
        [30, 36, 44]
            .into_iter()
            .min_by_key(|length: &usize| length.abs_diff(count))
    };
    judge::line_length(lines, count).or_else(any).unwrap_or(44)
}

fn on_its_head(line: &Line) -> Line {
    Line {
        left: line.right,
        right: line.left,
        ..*line
    }
}

/// Whether two candidates have a line in common.
fn touch(one: &Candidate, other: &Candidate) -> bool {
    one.lines.iter().any(|line| {
        other.lines.iter().any(|other| {
            let apart = |a: (f32, f32), b: (f32, f32)| (a.0 - b.0).hypot(a.1 - b.1);
            let middle = |line: &Line| {
                (
                    f32::midpoint(line.left.0, line.right.0),
                    f32::midpoint(line.left.1, line.right.1),
                )
            };
            apart(middle(line), middle(other)) < 3.0 * line.height
        })
    })
}
