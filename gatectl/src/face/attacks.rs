//! `gatectl face attacks`: how often drawn artefacts pass as living people, species by species, and how often
//! honest people do not; and the threshold that follows.
//!
//! One half of the people gives the threshold, the other half the figures.

use super::artefact::{Species, in_view};
use super::evaluate::{percent, rate_json};
use super::pairs::Trial;
use super::presentation::{FRAMES, Presentation, Taken, look};
use super::{FaceCommandError, Models, check_output, load, picture, write};
use gate_face::attack::BonaFide;
use gate_face::calibration::{self, Calibration};
use gate_face::detect::Point;
use gate_face::manifest::{Manifest, Role};
use gate_face::rates::Rate;
use gate_face::{FaceEngine, Picture, Rules};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::PathBuf;

/// The threshold is the highest hundredth at which the rule over several frames refuses at most this part of
/// the honest people that it is sought with.
const CALIBRATED_BPCER: f64 = 0.10;

/// Shares of refused honest people that the second table has.
const BPCERS: [f64; 5] = [0.01, 0.02, 0.05, 0.10, 0.20];

/// Fewest honest people that calibrate: three of them may be refused.
const PEOPLE_MIN: usize = 60;

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Folder with a folder a person; the first photograph of each is presented.
    #[arg(long)]
    folder: PathBuf,
    /// At most so many persons.
    #[arg(long, default_value_t = 200)]
    people: usize,
    /// Error of the simulated depth camera in mm (standard deviation of each depth).
    #[arg(long, default_value_t = 5.0)]
    depth_error: f32,
    /// Threshold to try instead of the calibrated one.
    #[arg(long, conflicts_with = "calibration")]
    threshold: Option<f32>,
    /// Where all figures go.
    #[arg(long)]
    pub(super) json: Option<PathBuf>,
    /// Writes the calibration of the attack cue, to stand beside the manifest.
    #[arg(long)]
    calibration: Option<PathBuf>,
    #[command(flatten)]
    models: Models,
}

/// A photograph as large as the lane's camera sees people, and where the face is.
type Shown = (Picture, [Point; 5]);

pub(super) fn run(arguments: &Arguments) -> Result<(), FaceCommandError> {
    for path in [&arguments.json, &arguments.calibration] {
        path.as_deref().map_or(Ok(()), check_output)?;
    }
    let trial = Trial::of_folder(&arguments.folder)?;
    let set = match arguments.calibration {
        Some(_) => arguments.models.open_uncalibrated()?,
        None => arguments.models.open()?,
    };
    let engine = load(&set)?;
    let wanted = trial.people.len().min(arguments.people);
    let shown: Vec<Shown> = trial.people[..wanted]
        .iter()
        .filter_map(|own| show(&engine, &trial.pictures[own[0]]))
        .collect();
    complain!("  {} of {wanted} photographs can be presented", shown.len());
    let trial = Presented::new(&engine, &shown);
    let rules = Rules::of(set.manifest());
    let threshold = match (arguments.threshold, &arguments.calibration) {
        (Some(threshold), _) => threshold,
        (None, Some(_)) => trial.threshold(&rules, CALIBRATED_BPCER)?,
        (None, None) => rules.bona_fide,
    };
    let results = trial.measure(&rules, threshold, arguments.depth_error);
    let points = trial.operating_points(&rules);
    crate::print::out(format_args!(
        "{}",
        table(&results, threshold, arguments.depth_error)
    ));
    crate::print::out(format_args!("{}", trade(&points)));
    if let Some(path) = &arguments.json {
        let json = figures(threshold, arguments.depth_error, &results, &points);
        write(path, &format!("{json:#}\n"))?;
    }
    match &arguments.calibration {
        Some(path) => write(
            path,
            &trial.calibration(set.manifest(), threshold, &results),
        ),
        None => Ok(()),
    }
}

/// All figures (`schemas/face-attacks.schema.json`).
fn figures(
    threshold: f32,
    depth_error: f32,
    results: &[Outcome],
    points: &[OperatingPoint],
) -> Value {
    json!({
        "pipeline": calibration::PIPELINE,
        "threshold": threshold,
        "frames": FRAMES,
        "depth_error_mm": depth_error,
        "species": results.iter().map(Outcome::json).collect::<Vec<_>>(),
        "operating_points": points.iter().map(point_json).collect::<Vec<_>>(),
    })
}

/// The photograph, if the gate would take it for a good frame: what is refused as a picture says nothing of
/// attacks.
fn show(engine: &FaceEngine, path: &std::path::Path) -> Option<Shown> {
    let photograph = Picture::new(in_view(&*picture::open(path).ok()?));
    let landmarks = *look(engine, &photograph).ok()?.landmarks();
    Some((photograph, landmarks))
}

/// Every presentation: people by species. Even places give the threshold, odd ones the figures.
struct Presented(Vec<(Species, Vec<Presentation>)>);

/// What happens at one share of refused honest people.
struct OperatingPoint {
    wanted: f64,
    threshold: f32,
    /// The rule over several frames, on the other half: each species with its error.
    errors: Vec<(Species, Rate)>,
}

impl Presented {
    fn new(engine: &FaceEngine, shown: &[Shown]) -> Self {
        let present = |species: Species| {
            let presented = shown
                .iter()
                .enumerate()
                .map(|(person, (photograph, face))| {
                    if person.is_multiple_of(20) {
                        complain!("  {}: {person} of {}", species.name(), shown.len());
                    }
                    Presentation::new(engine, species, (photograph, face), person as u64)
                });
            (species, presented.collect())
        };
        Self(Species::ALL.map(present).into())
    }

    /// The half of a species that gives the threshold (0), or the figures (1).
    fn half<'a>(
        &'a self,
        half: usize,
    ) -> impl Iterator<Item = (Species, impl Iterator<Item = &'a Presentation> + Clone)> {
        let of = move |(species, all): &'a (Species, Vec<Presentation>)| {
            (*species, all.iter().skip(half).step_by(2))
        };
        self.0.iter().map(of)
    }

    /// The highest hundredth at which at most `bpcer` of the honest people of the first half are refused.
    fn threshold(&self, rules: &Rules, bpcer: f64) -> Result<f32, FaceCommandError> {
        let refused = |threshold: f32| {
            let rules = Rules {
                bona_fide: threshold,
                ..*rules
            };
            let honest = self
                .half(0)
                .find(|(species, _)| *species == Species::BonaFide);
            honest.map(|(species, people)| errors(species, people, &rules, None))
        };
        let people = refused(0.0).map_or(0, |rate| rate.tries);
        let hundredths = (1..100).rev().map(|hundredth| hundredth as f32 / 100.0);
        hundredths
            .filter(|_| people >= PEOPLE_MIN)
            .find(|threshold| refused(*threshold).is_some_and(|rate| rate.value() <= bpcer))
            .ok_or(FaceCommandError::TooFewPeople {
                people,
                least: PEOPLE_MIN,
            })
    }

    fn measure(&self, rules: &Rules, threshold: f32, depth_error: f32) -> Vec<Outcome> {
        let rules = Rules {
            bona_fide: threshold,
            ..*rules
        };
        let of =
            |(species, presentations)| Outcome::new(species, presentations, &rules, depth_error);
        self.half(1).map(of).collect()
    }

    fn operating_points(&self, rules: &Rules) -> Vec<OperatingPoint> {
        let point = |wanted: f64| {
            let threshold = self.threshold(rules, wanted).ok()?;
            let rules = Rules {
                bona_fide: threshold,
                ..*rules
            };
            let of = |(species, all)| (species, errors(species, all, &rules, None));
            Some(OperatingPoint {
                wanted,
                threshold,
                errors: self.half(1).map(of).collect(),
            })
        };
        BPCERS.into_iter().filter_map(point).collect()
    }

    fn calibration(&self, manifest: &Manifest, threshold: f32, results: &[Outcome]) -> String {
        let [sought, measured] = [0, 1].map(|half| {
            let honest = self.half(half).next();
            honest.map_or(0, |(_, people)| people.count())
        });
        let figures: Vec<String> = results
            .iter()
            .map(|result| {
                let (kind, name) = (result.kind(), result.species.name());
                format!("{kind} {} ({name})", percent(result.rule))
            })
            .collect();
        Calibration {
            schema: calibration::SCHEMA,
            pipeline: calibration::PIPELINE,
            threshold,
            high: None,
            fused: None,
            command:
                "gatectl face attacks --folder FACES --calibration models/calibration/attack.toml"
                    .into(),
            data: format!(
                "drawn artefacts of photographs, {FRAMES} frames each; {sought} people for the threshold, {measured} others for the figures"
            ),
            figures: format!(
                "rule over several frames, texture alone: {}; no evidence in the sense of ISO/IEC 30107-3",
                figures.join(", ")
            ),
            centre: Vec::new(),
            models: [Role::Detector, Role::Attack]
                .map(|role| (role, manifest.model(role).sha256.clone()))
                .into(),
        }
        .to_text()
    }
}

/// How often presentations of one species are taken for what they are not (ISO/IEC 30107-3).
struct Outcome {
    species: Species,
    /// The first good frame alone.
    frame: Rate,
    /// The rule over several frames.
    rule: Rate,
    /// The same with a simulated depth camera.
    with_depth: Rate,
    /// Presentations with too few good frames for any verdict: they pass nowhere, and are counted apart.
    no_response: Rate,
}

impl Outcome {
    fn new<'a>(
        species: Species,
        presentations: impl Iterator<Item = &'a Presentation> + Clone,
        rules: &Rules,
        depth_error: f32,
    ) -> Self {
        let first = presentations.clone().filter_map(Presentation::first);
        let first = first.filter_map(BonaFide::new);
        let taken = first.map(|score| match score.value() >= rules.bona_fide {
            true => Taken::BonaFide,
            false => Taken::Attack,
        });
        let all = presentations.clone().count();
        let rule = errors(species, presentations.clone(), rules, None);
        Self {
            species,
            frame: count(species, taken),
            rule,
            with_depth: errors(species, presentations, rules, Some(depth_error)),
            no_response: Rate {
                count: all - rule.tries,
                tries: all,
            },
        }
    }

    /// The name of the error: of attack or bona-fide presentation classification.
    const fn kind(&self) -> &'static str {
        match self.species {
            Species::BonaFide => "BPCER",
            _ => "APCER",
        }
    }

    fn json(&self) -> Value {
        json!({
            "species": self.species.name(),
            "rate": self.kind(),
            "one_frame": rate_json(self.frame),
            "rule": rate_json(self.rule),
            "rule_with_simulated_depth": rate_json(self.with_depth),
            "no_response": rate_json(self.no_response),
        })
    }
}

/// The errors of the rule over several frames.
fn errors<'a>(
    species: Species,
    presentations: impl Iterator<Item = &'a Presentation>,
    rules: &Rules,
    depth_error: Option<f32>,
) -> Rate {
    count(
        species,
        presentations.map(|one| one.judge(rules, depth_error)),
    )
}

/// Attacks that pass, or honest people who do not, among those that were judged at all.
fn count(species: Species, taken: impl Iterator<Item = Taken>) -> Rate {
    let wrong = match species {
        Species::BonaFide => Taken::Attack,
        _ => Taken::BonaFide,
    };
    taken.fold(Rate { count: 0, tries: 0 }, |rate, taken| Rate {
        count: rate.count + usize::from(taken == wrong),
        tries: rate.tries + usize::from(taken != Taken::NoResponse),
    })
}

fn table(results: &[Outcome], threshold: f32, depth_error: f32) -> String {
    let mut text = format!(
        "threshold {threshold}; simulated depth camera with an error of {depth_error} mm\n\n\
         | species | rate | one frame | rule over several frames | and a depth camera | no response |\n\
         | --- | --- | --- | --- | --- | --- |\n"
    );
    for result in results {
        let (name, kind) = (result.species.name(), result.kind());
        let [frame, rule, depth, none] = [
            result.frame,
            result.rule,
            result.with_depth,
            result.no_response,
        ]
        .map(percent);
        let _ = writeln!(
            text,
            "| {name} | {kind} | {frame} | {rule} | {depth} | {none} |"
        );
    }
    text
}

/// What other thresholds would do.
fn trade(points: &[OperatingPoint]) -> String {
    let mut text =
        "\nthe rule over several frames at other thresholds, each sought with the first half:\n\n\
                    | refused at most | threshold |"
            .to_owned();
    let mut rule = "\n| --- | --- |".to_owned();
    for species in Species::ALL {
        let _ = write!(text, " {} |", species.name());
        rule.push_str(" --- |");
    }
    text.push_str(&rule);
    for point in points {
        let (wanted, threshold) = (100.0 * point.wanted, point.threshold);
        let _ = write!(text, "\n| {wanted} % | {threshold} |");
        for (_, rate) in &point.errors {
            let _ = write!(text, " {:.1} % |", 100.0 * rate.value());
        }
    }
    text + "\n"
}

fn point_json(point: &OperatingPoint) -> Value {
    let errors = point.errors.iter();
    let errors: serde_json::Map<_, _> = errors
        .map(|(species, rate)| (species.name().to_owned(), rate_json(*rate)))
        .collect();
    json!({ "bpcer_wanted": point.wanted, "threshold": point.threshold, "errors": errors })
}

#[cfg(test)]
mod tests {
    use super::super::presentation::tests::scored;
    use super::super::schema::misfit;
    use super::*;
    use image::{Rgb, RgbImage};
    use rand::SeedableRng as _;
    use rand_chacha::ChaCha8Rng;

    fn rules(bona_fide: f32) -> Rules {
        Rules {
            bona_fide,
            ..Rules::of(&Manifest::built_in().unwrap())
        }
    }

    fn steady(species: Species, score: f32) -> Presentation {
        scored(species, &[Some(score); FRAMES])
    }

    #[test]
    fn an_attack_that_passes_and_a_person_who_does_not_are_errors() {
        let errors = |species| {
            let presentations = [
                steady(species, 0.9),
                steady(species, 0.8),
                steady(species, 0.1),
                scored(species, &[None; FRAMES]),
            ];
            let found = Outcome::new(species, presentations.iter(), &rules(0.5), 2.0);
            assert_eq!((found.no_response.count, found.no_response.tries), (1, 4));
            [found.frame, found.rule, found.with_depth].map(|rate| (rate.count, rate.tries))
        };
        assert_eq!(errors(Species::FinePrint), [(2, 3), (2, 3), (0, 3)]);
        assert_eq!(errors(Species::PaperMask), [(2, 3); 3]);
        assert_eq!(errors(Species::BonaFide), [(1, 3); 3]);
    }

    #[test]
    fn one_half_gives_the_threshold_and_the_other_one_the_figures() {
        // Of each pair the first one is sought with: 100 people with scores of 0.01 to 1.0.
        let people = |species| -> Vec<Presentation> {
            let of = |place: usize| match place % 2 {
                0 => steady(species, (place / 2 + 1) as f32 / 100.0),
                _ => steady(species, 0.5),
            };
            (0..200).map(of).collect()
        };
        let presented = Presented(
            Species::ALL
                .map(|species| (species, people(species)))
                .into(),
        );
        let threshold = presented.threshold(&rules(0.0), 0.05).unwrap();
        assert!((threshold - 0.06).abs() < 1e-6, "{threshold}");
        let results = presented.measure(&rules(0.0), threshold, 2.0);
        assert_eq!((results[0].rule.count, results[0].rule.tries), (0, 100));
        assert_eq!((results[1].rule.count, results[1].rule.tries), (100, 100));
        let points = presented.operating_points(&rules(0.0));
        let json = figures(threshold, 2.0, &results, &points);
        assert!(json["operating_points"][0].is_object());
        let schema = "gatectl/schemas/face-attacks.schema.json";
        assert_eq!(misfit(schema, &json), None);
        let text = presented.calibration(&Manifest::built_in().unwrap(), threshold, &results);
        let found = Calibration::parse("attack.toml", &text).unwrap();
        assert!((found.threshold - 0.06).abs() < 1e-6);
        assert!(found.models.contains_key(&Role::Attack), "{text}");
    }

    #[test]
    fn a_few_people_do_not_calibrate() {
        let people = |species| (species, (0..20).map(|_| steady(species, 0.9)).collect());
        let found = Presented(Species::ALL.map(people).into()).threshold(&rules(0.0), 0.05);
        assert!(matches!(
            found,
            Err(FaceCommandError::TooFewPeople { people: 10, .. })
        ));
    }

    #[test]
    fn artefacts_are_the_same_in_every_run_and_differ_from_frame_to_frame() {
        let photograph = RgbImage::from_fn(60, 60, |x, y| Rgb([x as u8 * 3, y as u8 * 3, 90]));
        let face = [(22., 25.), (38., 25.), (30., 32.), (24., 40.), (36., 40.)]
            .map(|(x, y)| Point { x, y });
        for species in Species::ALL {
            let frames = || {
                let mut chance = ChaCha8Rng::seed_from_u64(7);
                [0; 2].map(|_| species.frame(&photograph, &face, &mut chance))
            };
            let [one, other] = frames();
            assert_eq!(frames()[0], one, "{species:?}");
            assert_ne!(one, other, "{species:?}");
            assert_ne!(one.as_raw(), photograph.as_raw(), "{species:?}");
        }
    }
}
