//! What the gate makes of a presentation: frame by frame, and by the rule over all of them.
//!
//! Frames are looked at once, and the rule of [`gate_face::capture`] is played again for any threshold and
//! with or without a depth camera. Likeness is left out of it: whatever is presented resembles the portrait
//! perfectly, so that an artefact which passes here is stopped by nothing else.

use super::artefact::Species;
use gate_face::align;
use gate_face::attack::BonaFide;
use gate_face::detect::{Face, Point};
use gate_face::error::Sample;
use gate_face::quality::Quality;
use gate_face::relief::{self, Simulated};
use gate_face::{Capture, FaceEngine, FaceError, Rules, Template, Verdict};
use image::RgbImage;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use std::time::Duration;

/// Fifteen frames a second.
const FRAME: Duration = Duration::from_millis(67);

/// By then the rule has decided, if every frame is good: it names an attack a second after the first one.
pub(super) const FRAMES: usize = 17;

/// What one good frame says.
pub(super) struct Look {
    face: Face,
    quality: Quality,
    bona_fide: BonaFide,
}

/// The frames of one presentation; `None` where the gate would have refused the frame.
pub(super) struct Presentation {
    species: Species,
    seed: u64,
    frames: Vec<Option<Look>>,
}

/// What a presentation was taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// A living person.
    BonaFide,
    /// An attack.
    Attack,
    /// Nothing: there were too few good frames.
    NoResponse,
}

/// Looks at a frame as the gate does, up to the attack cue.
pub(super) fn look(engine: &FaceEngine, frame: &RgbImage) -> Result<Look, FaceError> {
    let face = engine.find(frame)?;
    let crop = align::align(frame, &face.landmarks)?;
    let quality = Quality::of(&face, &crop, frame.height());
    quality.check().map_err(FaceError::Poor)?;
    let bona_fide = engine.bona_fide(frame, &face)?;
    Ok(Look {
        face,
        quality,
        bona_fide,
    })
}

impl Look {
    /// Where eyes, nose and mouth are.
    pub(super) const fn landmarks(&self) -> &[Point; 5] {
        &self.face.landmarks
    }
}

impl Presentation {
    /// Presents an artefact made of `photograph`, the same in every run with the same `seed`.
    pub(super) fn new(
        engine: &FaceEngine,
        species: Species,
        (photograph, landmarks): (&RgbImage, &[Point; 5]),
        seed: u64,
    ) -> Self {
        let mut chance = ChaCha8Rng::seed_from_u64(seed);
        let mut frame = || species.frame(photograph, landmarks, &mut chance);
        Self {
            species,
            seed,
            frames: (0..FRAMES).map(|_| look(engine, &frame()).ok()).collect(),
        }
    }

    /// The score of the first good frame.
    pub(super) fn first(&self) -> Option<f32> {
        let first = self.frames.iter().flatten().next()?;
        Some(first.bona_fide.value())
    }

    /// What the gate's rule takes it for. `depth` is the error of a depth camera beside the lane's, in mm
    /// (standard deviation); `None` without one.
    pub(super) fn judge(&self, rules: &Rules, depth: Option<f32>) -> Taken {
        self.replay(rules, depth).unwrap_or(Taken::NoResponse)
    }

    fn replay(&self, rules: &Rules, depth: Option<f32>) -> Option<Taken> {
        let shown = Template::new(&[1.0]).ok()?;
        let mut chance = ChaCha8Rng::seed_from_u64(self.seed);
        let mut sensor = depth.map(|deviation| Simulated {
            height: Some(self.species.relief()),
            error: move || {
                // Twelve of them have a deviation of one, and are nearly normal.
                let sum: f32 = (0..12).map(|_| chance.random_range(-0.5..0.5)).sum();
                deviation * sum
            },
        });
        let mut capture = Capture::new(*rules);
        capture.portrait(Duration::ZERO, shown.clone()).ok()?;
        let mut at = Duration::ZERO;
        for look in &self.frames {
            at += FRAME;
            let result = match look {
                Some(look) => Ok(Sample {
                    face: look.face,
                    quality: look.quality,
                    bona_fide: look.bona_fide,
                    template: shown.clone(),
                    relief: sensor
                        .as_mut()
                        .and_then(|sensor| relief::measure(sensor, look.landmarks())),
                }),
                None => Err(FaceError::NoFace),
            };
            capture.frame(at, result).ok()?;
            match capture.verdict(at) {
                Verdict::Match(_) => return Some(Taken::BonaFide),
                Verdict::Attack(_) => return Some(Taken::Attack),
                _ => {}
            }
        }
        None
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use gate_face::Manifest;
    use gate_face::tensor::Region;

    /// A presentation whose frames have these scores.
    pub(crate) fn scored(species: Species, scores: &[Option<f32>]) -> Presentation {
        let look = |score: f32| Look {
            face: Face {
                place: Region {
                    left: 0.0,
                    top: 0.0,
                    width: 90.0,
                    height: 120.0,
                },
                landmarks: [(-30., -30.), (30., -30.), (0., 0.), (-25., 30.), (25., 30.)]
                    .map(|(x, y)| Point { x, y }),
                score: 0.9,
            },
            quality: Quality {
                eyes: 60.0,
                height_share: 0.4,
                yaw: 0.0,
                nose: 0.5,
                sharpness: 0.2,
                brightness: 120.0,
            },
            bona_fide: BonaFide::new(score).unwrap(),
        };
        Presentation {
            species,
            seed: 1,
            frames: scores.iter().map(|score| score.map(look)).collect(),
        }
    }

    #[test]
    fn the_gates_own_rule_decides_over_all_frames() {
        let rules = Rules {
            bona_fide: 0.5,
            ..Rules::of(&Manifest::built_in().unwrap())
        };
        let judged =
            |species, scores: &[Option<f32>], depth| scored(species, scores).judge(&rules, depth);
        let steady = |score| vec![Some(score); FRAMES];
        let print = Species::FinePrint;
        assert_eq!(judged(print, &steady(0.9), None), Taken::BonaFide);
        assert_eq!(judged(print, &steady(0.1), None), Taken::Attack);
        assert_eq!(judged(print, &[None; FRAMES], None), Taken::NoResponse);
        // The median rises with the sixth frame, so five bad ones alone are no verdict.
        let late = [vec![Some(0.1); 4], vec![Some(0.9); 13]].concat();
        assert_eq!(judged(print, &late, None), Taken::BonaFide);
        // Whatever its texture, what is flat is no face; what has relief is not excused by it.
        assert_eq!(judged(print, &steady(0.9), Some(3.0)), Taken::Attack);
        let person = Species::BonaFide;
        assert_eq!(judged(person, &steady(0.9), Some(3.0)), Taken::BonaFide);
        assert_eq!(judged(person, &steady(0.1), Some(3.0)), Taken::Attack);
    }
}
