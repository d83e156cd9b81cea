//! `gatectl face evaluate`: error rates of the whole pipeline on a set of photographs.

use super::across::{self, Across};
use super::list::{self, Row};
use super::pairs::{ListError, Trial};
use super::picture;
use super::plot::{self, Curve};
use super::{FaceCommandError, Models, check_output, load, sequence, write};
use gate_face::calibration::{self, Calibration};
use gate_face::centre::Centre;
use gate_face::manifest::{Manifest, Role};
use gate_face::rates::{Point, Rate, Scores};
use gate_face::{FaceEngine, Likeness, Template};
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// False match rates that the table has.
pub(super) const FMRS: [f64; 3] = [1e-2, 1e-3, 1e-4];

/// The normal threshold and the one of mean templates are those of this false match rate. Calibrating below needs ten times the pairs.
const CALIBRATED_FMR: f64 = 1e-4;

/// Distance of the threshold for a single frame above the normal one, in cosine: between FMR 1e-4 and
/// 1e-5 on the 16.5 million impostor pairs of all of LFW lay 0.054 to 0.067, whichever embedder.
const HIGH_ABOVE: f32 = 0.06;

/// Fewest impostor pairs that calibrate: ten of them lie above the threshold.
const IMPOSTORS_MIN: usize = 100_000;

/// Longest sequence: choices grow quickly with it.
const FRAMES_MAX: usize = 5;

/// Points of the curve.
const CURVE: usize = 200;

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true).args(["folder", "genuine"]))]
pub(crate) struct Arguments {
    /// Folder with a folder a person. Every two photographs of a person are a genuine pair, the first
    /// ones of any two persons an impostor pair.
    #[arg(long)]
    folder: Option<PathBuf>,
    /// CSV file: two photographs of one person a line.
    #[arg(long, requires = "impostors")]
    genuine: Option<PathBuf>,
    /// CSV file: photographs of two persons a line.
    #[arg(long, requires = "genuine")]
    impostors: Option<PathBuf>,
    /// CSV file: a path, or a person's folder name, and a group a line. Rates are given for each
    /// group at the thresholds of all.
    #[arg(long)]
    groups: Option<PathBuf>,
    /// Folder of the same layout as `--folder` with other copies (JPEG 2000, say) of the photographs;
    /// where it has one, it stands for the first of each pair.
    #[arg(long, requires = "folder")]
    portraits: Option<PathBuf>,
    /// Photographs that stand for the frames of one passage, at most 5; 0 to leave sequences out.
    #[arg(long, default_value_t = 3, value_parser = parse_frames)]
    frames: usize,
    /// Where all figures go.
    #[arg(long)]
    pub(super) json: Option<PathBuf>,
    /// Where the curve goes: `.svg`, or `.html` with the table.
    #[arg(long)]
    plot: Option<PathBuf>,
    /// Also measures each half of the people with the centre and the thresholds of the other half.
    #[arg(long, requires = "folder", conflicts_with = "portraits")]
    across: bool,
    /// Writes the calibration of the matcher, to stand beside the manifest.
    #[arg(long, requires = "folder")]
    calibration: Option<PathBuf>,
    #[command(flatten)]
    models: Models,
}

pub(super) fn run(arguments: &Arguments) -> Result<(), FaceCommandError> {
    for path in [&arguments.json, &arguments.plot, &arguments.calibration] {
        path.as_deref().map_or(Ok(()), check_output)?;
    }
    if arguments.calibration.is_some() && arguments.frames == 0 {
        return Err(FaceCommandError::NoFrames);
    }
    let mut trial = match (&arguments.folder, &arguments.genuine, &arguments.impostors) {
        (Some(folder), ..) => Trial::of_folder(folder)?,
        (None, Some(genuine), Some(impostors)) => Trial::of_lists(genuine, impostors)?,
        // The command line is refused before.
        _ => Trial::default(),
    };
    if let (Some(folder), Some(portraits)) = (&arguments.folder, &arguments.portraits) {
        trial.portraits(folder, portraits)?;
    }
    let groups = match &arguments.groups {
        Some(list) => Groups::read(list, &trial.pictures)?,
        None => Groups::default(),
    };
    // Only a manifest that is to be calibrated may lack the calibration.
    let in_force = match arguments.calibration {
        Some(_) => None,
        None => Some(arguments.models.open()?),
    };
    let set = arguments.models.open_uncalibrated()?;
    let mut looked = look(&load(&set)?, &trial.pictures);
    let across = match arguments.across {
        true => across::rates(&trial, &looked.templates, arguments.frames),
        false => Vec::new(),
    };
    let centre = match &in_force {
        Some(set) => set.manifest().model(Role::Embedder).centre.clone(),
        None => looked.centre(&trial)?,
    };
    looked.take_away(&centre);
    let mut result = Evaluation::new(&trial, &looked, &groups);
    result.across = across;
    if let Some(set) = &in_force {
        let threshold = &set.manifest().model(Role::Embedder).threshold;
        let high = threshold.high.map(|high| ("single frame", high));
        result.in_force = [("pair", threshold.value)]
            .into_iter()
            .chain(high)
            .collect();
    }
    if arguments.frames > 0 && !trial.people.is_empty() {
        let scores = sequence::scores(&trial, &looked.templates, arguments.frames);
        result.sequences = Some((arguments.frames, scores));
    }
    crate::print::out(format_args!("{}", result.table()));
    if let Some(path) = &arguments.json {
        write(path, &format!("{:#}\n", result.json()))?;
    }
    if let Some(path) = &arguments.plot {
        write(path, &plot::draw(path, &result.curves(), &result.table()))?;
    }
    match &arguments.calibration {
        Some(path) => write(path, &result.calibration(set.manifest(), &centre)?),
        None => Ok(()),
    }
}

fn parse_frames(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(frames) if frames <= FRAMES_MAX => Ok(frames),
        _ => Err(format!("expected 0 to {FRAMES_MAX}")),
    }
}

/// What became of each picture.
struct Looked {
    templates: Vec<Option<Template>>,
    /// How many pictures gave no template, by reason.
    reasons: BTreeMap<&'static str, usize>,
}

impl Looked {
    /// What the first photographs of all people have in common.
    fn centre(&self, trial: &Trial) -> Result<Centre, FaceCommandError> {
        let first = |own: &Vec<usize>| self.templates[*own.first()?].as_ref();
        let centre = Centre::of(trial.people.iter().filter_map(first));
        centre.ok_or(FaceCommandError::TooFew {
            kind: "pairs",
            impostors: 0,
            least: IMPOSTORS_MIN,
        })
    }

    fn take_away(&mut self, centre: &Centre) {
        for template in &mut self.templates {
            *template = template
                .take()
                .and_then(|template| template.centred(centre).ok());
        }
    }
}

fn look(engine: &FaceEngine, pictures: &[PathBuf]) -> Looked {
    let mut reasons = BTreeMap::new();
    let templates = pictures
        .iter()
        .enumerate()
        .map(|(index, path)| {
            if index % 500 == 0 {
                complain!("  {index} of {} pictures", pictures.len());
            }
            picture::template(engine, path)
                .map(|(_, template)| template)
                .map_err(|problem| *reasons.entry(problem.code()).or_insert(0) += 1)
                .ok()
        })
        .collect();
    Looked { templates, reasons }
}

/// Group of each picture.
#[derive(Default)]
struct Groups(Vec<Option<String>>);

impl Groups {
    fn read(list: &Path, pictures: &[PathBuf]) -> Result<Self, FaceCommandError> {
        let mut by_path = HashMap::new();
        let mut by_person = HashMap::new();
        for row in list::rows(list)? {
            let [name, group] = row.fields.map_err(|fields| ListError::Line {
                path: list.to_owned(),
                problem: format!("line {} has {}", row.line, Row::problem(fields)),
            })?;
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes.trim_ascii()).into_owned();
            by_path.insert(list::find(&name, list), text(&group));
            by_person.insert(text(&name), text(&group));
        }
        let of = |path: &PathBuf| {
            let person = path.parent().and_then(Path::file_name);
            by_path
                .get(path)
                .or_else(|| by_person.get(&*person?.to_string_lossy()))
                .cloned()
        };
        let groups: Vec<Option<String>> = pictures.iter().map(of).collect();
        let none = groups.iter().filter(|group| group.is_none()).count();
        complain!("  {none} of {} pictures have no group", pictures.len());
        Ok(Self(groups))
    }

    /// The group of a pair, if both belong to the same one.
    fn of(&self, [one, other]: [usize; 2]) -> Option<&str> {
        let group = |index: usize| self.0.get(index)?.as_deref();
        group(one).filter(|found| group(other) == Some(found))
    }
}

struct Evaluation {
    scores: Scores,
    /// Pictures that gave no template.
    no_template: Rate,
    reasons: BTreeMap<&'static str, usize>,
    /// Genuine pairs with such a picture: they count as refused in a gate.
    genuine_lost: Rate,
    people: usize,
    groups: BTreeMap<String, Scores>,
    /// How many frames make a sequence, and the sequences' scores.
    sequences: Option<(usize, Scores)>,
    /// The thresholds that the gate uses for pairs of pictures.
    in_force: Vec<(&'static str, f32)>,
    across: Vec<Across>,
}

/// The operating points that the scores suffice for.
fn points(scores: &Scores) -> impl Iterator<Item = (f64, Point)> {
    FMRS.into_iter()
        .filter_map(|fmr| Some((fmr, scores.at_fmr(fmr)?)))
}

impl Evaluation {
    fn new(trial: &Trial, looked: &Looked, groups: &Groups) -> Self {
        let mut by_group: BTreeMap<String, [Vec<f32>; 2]> = BTreeMap::new();
        let mut compare = |pairs: &[[usize; 2]], kind: usize| -> Vec<f32> {
            let score = |pair: &[usize; 2]| {
                let [one, other] = pair.map(|index| looked.templates[index].as_ref());
                let likeness = Likeness::of(one?, other?).ok()?.value();
                if let Some(group) = groups.of(*pair) {
                    by_group.entry(group.to_owned()).or_default()[kind].push(likeness);
                }
                Some(likeness)
            };
            pairs.iter().filter_map(score).collect()
        };
        let genuine = compare(&trial.genuine, 0);
        let impostors = compare(&trial.impostors, 1);
        Self {
            no_template: Rate {
                count: looked.reasons.values().sum(),
                tries: looked.templates.len(),
            },
            reasons: looked.reasons.clone(),
            genuine_lost: Rate {
                count: trial.genuine.len() - genuine.len(),
                tries: trial.genuine.len(),
            },
            people: trial.people.len(),
            scores: Scores::new(genuine, impostors),
            groups: by_group
                .into_iter()
                .map(|(name, [genuine, impostors])| (name, Scores::new(genuine, impostors)))
                .collect(),
            sequences: None,
            in_force: Vec::new(),
            across: Vec::new(),
        }
    }

    fn points(&self) -> impl Iterator<Item = (f64, Point)> {
        points(&self.scores)
    }

    /// The curve of all pairs, and of each group that has pairs of both kinds.
    fn curves(&self) -> Vec<Curve> {
        let all = ("all pairs", &self.scores);
        let groups = self.groups.iter();
        let groups = groups.map(|(name, scores)| (name.as_str(), scores));
        std::iter::once(all)
            .chain(groups)
            .map(|(name, scores)| Curve {
                name: name.to_owned(),
                points: scores.det(CURVE),
            })
            .filter(|curve| !curve.points.is_empty())
            .collect()
    }

    fn data(&self) -> String {
        let all = self.scores.at(0.0);
        format!(
            "{} people, {} pictures, {} genuine and {} impostor pairs",
            self.people, self.no_template.tries, all.fnmr.tries, all.fmr.tries
        )
    }

    /// The figures for a person to read; Markdown.
    fn table(&self) -> String {
        let mut text = format!("{}\n\n", self.data());
        let _ = writeln!(
            text,
            "failure to acquire: {} of pictures ({:?}), {} of genuine pairs",
            percent(self.no_template),
            self.reasons,
            percent(self.genuine_lost)
        );
        if let Some((threshold, rate)) = self.scores.equal_error() {
            let rate = 100.0 * rate;
            let _ = writeln!(text, "equal error rate: {rate:.2} % at {threshold:.4}");
        }
        text.push_str("\n| FMR | threshold | FNMR (95 % limits) | with failure to acquire |\n");
        text.push_str("| --- | --- | --- | --- |\n");
        for (fmr, point) in self.points() {
            let (threshold, fnmr) = (point.threshold, percent(point.fnmr));
            let all = percent(self.with_lost(point.fnmr));
            let _ = writeln!(text, "| {fmr:e} | {threshold:.4} | {fnmr} | {all} |");
        }
        let impostors = self.scores.at(0.0).fmr.tries;
        for fmr in FMRS
            .into_iter()
            .filter(|fmr| self.scores.at_fmr(*fmr).is_none())
        {
            let _ = writeln!(
                text,
                "| {fmr:e} | | {impostors} impostor pairs are too few: {:.0} at least | |",
                1.0 / fmr
            );
        }
        for (name, threshold) in &self.in_force {
            let here = self.scores.at(*threshold);
            let (fmr, fnmr) = (percent(here.fmr), percent(here.fnmr));
            let _ = writeln!(
                text,
                "\nat the threshold in force for a {name}, {threshold}: FMR {fmr}, FNMR {fnmr}"
            );
        }
        if let Some((frames, scores)) = &self.sequences {
            let _ = writeln!(
                text,
                "\nmean template of {frames} photographs, at its own thresholds:"
            );
            for (fmr, point) in points(scores) {
                let (threshold, fnmr) = (point.threshold, percent(point.fnmr));
                let _ = writeln!(text, "  FMR {fmr:e} at {threshold:.4}: FNMR {fnmr}");
            }
        }
        if !self.across.is_empty() {
            text.push_str(&across::table(&self.across));
        }
        for (name, scores) in &self.groups {
            let _ = writeln!(text, "\n{name}:");
            for (fmr, point) in self.points() {
                let here = scores.at(point.threshold);
                let (found, fnmr) = (percent(here.fmr), percent(here.fnmr));
                let _ = writeln!(text, "  threshold of {fmr:e}: FMR {found}, FNMR {fnmr}");
            }
            for (kind, threshold) in &self.in_force {
                let here = scores.at(*threshold);
                let (found, fnmr) = (percent(here.fmr), percent(here.fnmr));
                let _ = writeln!(text, "  in force for a {kind}: FMR {found}, FNMR {fnmr}");
            }
        }
        text
    }

    /// Genuine pairs that were not compared count as refused.
    fn with_lost(&self, fnmr: Rate) -> Rate {
        Rate {
            count: fnmr.count + self.genuine_lost.count,
            tries: fnmr.tries + self.genuine_lost.count,
        }
    }

    fn json(&self) -> Value {
        let operating: Vec<Value> = self
            .points()
            .map(|(fmr, point)| {
                let mut value = point_json(&point);
                value["fmr_wanted"] = json!(fmr);
                value["fnmr_with_failure_to_acquire"] = rate_json(self.with_lost(point.fnmr));
                value
            })
            .collect();
        let groups: BTreeMap<&str, Vec<Value>> = self
            .groups
            .iter()
            .map(|(name, scores)| {
                let at = |(_, point): (f64, Point)| point_json(&scores.at(point.threshold));
                (name.as_str(), self.points().map(at).collect())
            })
            .collect();
        let equal = self.scores.equal_error();
        let sequences = self.sequences.as_ref().map(|(frames, scores)| {
            let of = |(fmr, point): (f64, Point)| {
                let mut value = point_json(&point);
                value["fmr_wanted"] = json!(fmr);
                value
            };
            json!({ "frames": frames, "operating_points": points(scores).map(of).collect::<Vec<_>>() })
        });
        let in_force = self.in_force.iter();
        let in_force: BTreeMap<&str, Value> = in_force
            .map(|(name, threshold)| (*name, point_json(&self.scores.at(*threshold))))
            .collect();
        json!({
            "pipeline": calibration::PIPELINE,
            "data": self.data(),
            "failure_to_acquire": rate_json(self.no_template),
            "failure_reasons": self.reasons,
            "genuine_pairs_not_compared": rate_json(self.genuine_lost),
            "equal_error_rate": equal.map(|(_, rate)| rate),
            "equal_error_threshold": equal.map(|(threshold, _)| threshold),
            "operating_points": operating,
            "groups": groups,
            "sequences": sequences,
            "at_thresholds_in_force": in_force,
            "across": across::as_json(&self.across),
            "det": self.scores.det(CURVE).iter().map(point_json).collect::<Vec<_>>(),
        })
    }

    fn calibration(
        &self,
        manifest: &Manifest,
        centre: &Centre,
    ) -> Result<String, FaceCommandError> {
        let too_few = || FaceCommandError::TooFew {
            kind: "pairs",
            impostors: self.scores.at(0.0).fmr.tries,
            least: IMPOSTORS_MIN,
        };
        if self.scores.at(0.0).fmr.tries < IMPOSTORS_MIN {
            return Err(too_few());
        }
        let point = self.scores.at_fmr(CALIBRATED_FMR).ok_or_else(too_few)?;
        let threshold = rounded_up(point.threshold);
        let high = rounded_up(threshold + HIGH_ABOVE);
        let (frames, sequences) = self.sequences.as_ref().ok_or(FaceCommandError::NoFrames)?;
        if sequences.at(0.0).fmr.tries < IMPOSTORS_MIN {
            return Err(FaceCommandError::TooFew {
                kind: "sequences",
                impostors: sequences.at(0.0).fmr.tries,
                least: IMPOSTORS_MIN,
            });
        }
        let fused = sequences.at_fmr(CALIBRATED_FMR).ok_or_else(too_few)?;
        let fused = rounded_up(fused.threshold);
        let said = |scores: &Scores, threshold: f32| {
            let point = scores.at(threshold);
            format!(
                "at {threshold}: FMR {}, FNMR {}",
                percent(point.fmr),
                percent(point.fnmr)
            )
        };
        let calibration = Calibration {
            schema: calibration::SCHEMA,
            pipeline: calibration::PIPELINE,
            threshold,
            high: Some(high),
            fused: Some(fused),
            command:
                "gatectl face evaluate --folder FACES --calibration models/calibration/matcher.toml"
                    .into(),
            data: self.data(),
            figures: format!(
                "{}; {}; mean template of {frames} photographs {}",
                said(&self.scores, threshold),
                said(&self.scores, high),
                said(sequences, fused)
            ),
            centre: centre.values().to_vec(),
            models: [Role::Detector, Role::Embedder, Role::SecondEmbedder]
                .map(|role| (role, manifest.model(role).sha256.clone()))
                .into(),
        };
        Ok(calibration.to_text())
    }
}

/// To the thousandth above: a threshold that people can say.
fn rounded_up(threshold: f32) -> f32 {
    (threshold * 1_000.0).ceil() / 1_000.0
}

pub(super) fn percent(rate: Rate) -> String {
    let [low, high] = rate.limits().map(|limit| 100.0 * limit);
    format!(
        "{:.3} % ({low:.3} to {high:.3}, {} of {})",
        100.0 * rate.value(),
        rate.count,
        rate.tries
    )
}

pub(super) fn rate_json(rate: Rate) -> Value {
    json!({
        "rate": rate.value(),
        "limits_95": rate.limits(),
        "count": rate.count,
        "tries": rate.tries,
    })
}

fn point_json(point: &Point) -> Value {
    json!({
        "threshold": point.threshold,
        "fmr": rate_json(point.fmr),
        "fnmr": rate_json(point.fnmr),
    })
}

#[cfg(test)]
mod tests {
    use super::super::schema::misfit;
    use super::*;

    fn template(angle: f32) -> Option<Template> {
        Some(Template::new(&[angle.cos(), angle.sin()]).unwrap())
    }

    /// Two people with two pictures each; the last one cannot be used.
    fn evaluation(groups: &Groups) -> Evaluation {
        let trial = Trial {
            pictures: ["a/1", "a/2", "b/1", "b/2"].map(PathBuf::from).into(),
            genuine: vec![[0, 1], [2, 3]],
            impostors: vec![[0, 2]],
            people: vec![vec![0, 1], vec![2, 3]],
        };
        let looked = Looked {
            templates: vec![template(0.0), template(0.1), template(1.5), None],
            reasons: [("no-face", 1)].into(),
        };
        Evaluation::new(&trial, &looked, groups)
    }

    #[test]
    fn a_picture_without_a_face_is_a_failure_to_acquire_and_no_score() {
        let found = evaluation(&Groups::default()).json();
        assert_eq!(found["failure_to_acquire"]["count"], 1);
        assert_eq!(found["failure_reasons"]["no-face"], 1);
        assert_eq!(found["genuine_pairs_not_compared"]["tries"], 2);
        assert_eq!(found["genuine_pairs_not_compared"]["count"], 1);
    }

    #[test]
    fn pairs_of_one_group_count_for_it_and_mixed_pairs_for_none() {
        let groups = Groups(vec![Some("x".into()), Some("x".into()), None, None]);
        let found = evaluation(&groups);
        let all = found.groups["x"].at(0.0);
        assert_eq!((all.fnmr.tries, all.fmr.tries), (1, 0));
    }

    #[test]
    fn a_rate_that_few_pairs_cannot_show_is_said_and_the_thresholds_in_force_have_theirs() {
        let mut found = evaluation(&Groups::default());
        found.in_force = vec![("pair", 0.344)];
        let table = found.table();
        assert!(table.contains("| 1e-3 | | 1 impostor pairs are too few: 1000 at least | |"));
        let line = "at the threshold in force for a pair, 0.344: FMR 0.000 %";
        assert!(table.contains(line), "{table}");
        let json = found.json();
        assert_eq!(json["at_thresholds_in_force"]["pair"]["fnmr"]["tries"], 1);
    }

    #[test]
    fn the_figures_have_the_form_of_their_schema() {
        let mut templates = Vec::new();
        let mut people = Vec::new();
        for person in 0..40 {
            people.push(vec![templates.len(), templates.len() + 1]);
            let angle = person as f32 * 0.03;
            templates.extend([template(angle), template(angle + 0.01)]);
        }
        let pictures = (0..templates.len()).map(|name| PathBuf::from(name.to_string()));
        let trial = Trial::of_people(pictures.collect(), people);
        let groups = Groups(vec![Some("x".into()); templates.len()]);
        let looked = Looked {
            templates,
            reasons: [("no-face", 1)].into(),
        };
        let mut found = Evaluation::new(&trial, &looked, &groups);
        found.in_force = vec![("pair", 0.344)];
        found.across = across::rates(&trial, &looked.templates, 1);
        found.sequences = Some((1, sequence::scores(&trial, &looked.templates, 1)));
        let json = found.json();
        assert!(json["across"][0].is_object() && json["operating_points"][0].is_object());
        let schema = "gatectl/schemas/face-evaluate.schema.json";
        assert_eq!(misfit(schema, &json), None);
        assert_eq!(misfit(schema, &evaluation(&Groups::default()).json()), None);
        let mut wrong = json.clone();
        wrong["det"][0]["fmr"]["count"] = (-1).into();
        assert!(misfit(schema, &wrong).is_some());
    }

    #[test]
    fn a_line_of_groups_that_names_none_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let list = folder.path().join("groups.csv");
        std::fs::write(&list, "a,x\nb\n").unwrap();
        let found = Groups::read(&list, &[]).map(|_| ()).unwrap_err();
        assert!(found.to_string().contains("line 2 has 1 fields"), "{found}");
    }

    #[test]
    fn a_few_pairs_do_not_calibrate() {
        let manifest = Manifest::built_in().unwrap();
        let found = evaluation(&Groups::default()).calibration(&manifest, &Centre::default());
        assert!(matches!(
            found,
            Err(FaceCommandError::TooFew { impostors: 1, .. })
        ));
    }
}
