//! `gatectl face attacks`: what the attack cue does with drawn artefacts, species by species.

use super::artefact::{Species, in_view};
use super::evaluate::{percent, rate_json};
use super::pairs::Trial;
use super::{FaceCommandError, Models, load, picture, write};
use gate_face::manifest::Role;
use gate_face::rates::Rate;
use gate_face::{FaceEngine, Picture};
use image::RgbImage;
use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Folder with a folder a person; the first photograph of each is presented.
    #[arg(long)]
    folder: PathBuf,
    /// At most so many persons.
    #[arg(long, default_value_t = 300)]
    people: usize,
    /// Frames of each presentation; the median decides, as in the gate.
    #[arg(long, default_value_t = 5)]
    frames: usize,
    /// Threshold to try instead of the calibrated one.
    #[arg(long)]
    threshold: Option<f32>,
    /// Where all figures go.
    #[arg(long)]
    json: Option<PathBuf>,
    #[command(flatten)]
    models: Models,
}

/// Bona-fide scores of the frames of one presentation; `None` where no face was found.
type Presentation = Vec<Option<f32>>;

pub(super) fn run(arguments: &Arguments) -> Result<(), FaceCommandError> {
    let trial = Trial::of_folder(&arguments.folder)?;
    let set = arguments.models.open()?;
    let engine = load(&set)?;
    let threshold = arguments
        .threshold
        .unwrap_or(set.manifest().model(Role::Attack).threshold.value);
    let photographs = trial.people.iter().take(arguments.people);
    let photographs: Vec<_> = photographs
        .filter_map(|own| picture::open(&trial.pictures[own[0]]).ok())
        .map(|photograph| Picture::new(in_view(&photograph)))
        .collect();
    let mut results = Vec::new();
    for species in [Species::BonaFide].into_iter().chain(Species::ATTACKS) {
        eprintln!("  {}", species.name());
        let presentations: Vec<Presentation> = photographs
            .iter()
            .enumerate()
            .map(|(person, photograph)| {
                present(&engine, species, photograph, person, arguments.frames)
            })
            .collect();
        results.push(Outcome::new(species, &presentations, threshold));
    }
    print!("{}", table(&results, threshold));
    if let Some(path) = &arguments.json {
        let species: Vec<Value> = results.iter().map(Outcome::json).collect();
        let text =
            json!({ "threshold": threshold, "frames": arguments.frames, "species": species });
        write(path, &format!("{text:#}\n"))?;
    }
    Ok(())
}

/// The frames of one presentation, the same in every run.
fn present(
    engine: &FaceEngine,
    species: Species,
    photograph: &RgbImage,
    person: usize,
    frames: usize,
) -> Presentation {
    let mut chance = ChaCha8Rng::seed_from_u64(person as u64);
    (0..frames)
        .map(|_| {
            let frame = species.frame(photograph, &mut chance);
            let face = engine.subject(&frame).ok()?;
            Some(engine.bona_fide(&frame, &face).ok()?.value())
        })
        .collect()
}

/// How often presentations of one species pass as bona fide.
struct Outcome {
    species: Species,
    /// By the first frame alone.
    frame: Rate,
    /// By the median of all frames.
    median: Rate,
    /// Presentations in which no frame had one face: they score nothing and pass nowhere.
    without_face: usize,
}

impl Outcome {
    fn new(species: Species, presentations: &[Presentation], threshold: f32) -> Self {
        let passes = |scores: Vec<f32>| Rate {
            count: scores.iter().filter(|score| **score >= threshold).count(),
            tries: scores.len(),
        };
        let first = |frames: &Presentation| frames.iter().flatten().next().copied();
        Self {
            species,
            frame: passes(presentations.iter().filter_map(first).collect()),
            median: passes(presentations.iter().filter_map(|all| median(all)).collect()),
            without_face: presentations
                .iter()
                .filter(|frames| frames.iter().all(Option::is_none))
                .count(),
        }
    }

    /// APCER for attacks; BPCER, the share that does not pass, for honest people.
    fn errors(&self) -> [Rate; 2] {
        [self.frame, self.median].map(|passed| match self.species {
            Species::BonaFide => Rate {
                count: passed.tries - passed.count,
                ..passed
            },
            _ => passed,
        })
    }

    fn json(&self) -> Value {
        let [frame, median] = self.errors().map(rate_json);
        let kind = match self.species {
            Species::BonaFide => "BPCER",
            _ => "APCER",
        };
        json!({
            "species": self.species.name(),
            "rate": kind,
            "one_frame": frame,
            "median_of_frames": median,
            "presentations_without_face": self.without_face,
        })
    }
}

/// The lower median, as in the gate.
fn median(frames: &[Option<f32>]) -> Option<f32> {
    let mut scores: Vec<f32> = frames.iter().flatten().copied().collect();
    scores.sort_by(f32::total_cmp);
    scores.get(scores.len().checked_sub(1)? / 2).copied()
}

fn table(results: &[Outcome], threshold: f32) -> String {
    let mut text = format!(
        "threshold {threshold}\n\n| species | rate | one frame | median of frames | no face |\n\
         | --- | --- | --- | --- | --- |\n"
    );
    for result in results {
        let [frame, median] = result.errors().map(percent);
        let kind = match result.species {
            Species::BonaFide => "BPCER",
            _ => "APCER",
        };
        let (name, none) = (result.species.name(), result.without_face);
        let _ = writeln!(text, "| {name} | {kind} | {frame} | {median} | {none} |");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    #[test]
    fn an_attack_that_passes_and_a_person_who_does_not_are_errors() {
        let presentations = [
            vec![Some(0.9), Some(0.1), Some(0.2)],
            vec![None, Some(0.8), Some(0.7)],
            vec![None, None, None],
        ];
        let counts = |species| {
            let outcome = Outcome::new(species, &presentations, 0.5);
            assert_eq!(outcome.without_face, 1);
            outcome.errors().map(|rate| (rate.count, rate.tries))
        };
        assert_eq!(counts(Species::Print), [(2, 2), (1, 2)]);
        assert_eq!(counts(Species::BonaFide), [(0, 2), (1, 2)]);
    }

    #[test]
    fn artefacts_are_the_same_in_every_run_and_differ_from_frame_to_frame() {
        let photograph = RgbImage::from_fn(60, 60, |x, y| Rgb([x as u8 * 3, y as u8 * 3, 90]));
        for species in [Species::BonaFide].into_iter().chain(Species::ATTACKS) {
            let frames = || {
                let mut chance = ChaCha8Rng::seed_from_u64(7);
                [0; 2].map(|_| species.frame(&photograph, &mut chance))
            };
            let [one, other] = frames();
            assert_eq!(frames()[0], one, "{species:?}");
            assert_ne!(one, other, "{species:?}");
            assert_ne!(one.as_raw(), photograph.as_raw(), "{species:?}");
        }
    }
}
