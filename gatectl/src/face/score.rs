//! `gatectl face score`: pairs of photographs in, similarities or reasons out.
//!
//! Each photograph is looked at once, in however many pairs it stands. A pair that cannot be compared has its
//! reason, and the others go on.

use super::list::{self, Pair, Row};
use super::picture::{self, NoScore};
use super::{FaceCommandError, Models, check_output, load};
use gate_face::calibration::PIPELINE;
use gate_face::manifest::Role;
use gate_face::quality::Quality;
use gate_face::{FaceEngine, Likeness, Template};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// CSV file: two paths of photographs a line, from here or from the list's folder.
    #[arg(long)]
    pairs: PathBuf,
    /// Where the result goes, in the order of the lines.
    #[arg(long)]
    json: PathBuf,
    #[command(flatten)]
    models: Models,
}

/// What one photograph gives.
pub(super) type Looked = Result<(Quality, Template), NoScore>;

/// The result, written pair by pair.
#[derive(Serialize)]
struct Output<'a> {
    pipeline: u32,
    threshold: f32,
    threshold_single_frame: Option<f32>,
    pairs: Lines<'a>,
}

struct Lines<'a> {
    pairs: &'a [Pair],
    looked: &'a HashMap<&'a Path, Looked>,
}

impl Serialize for Lines<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.pairs.iter().map(|pair| self.line(pair)))
    }
}

pub(super) fn run(arguments: &Arguments) -> Result<(), FaceCommandError> {
    check_output(&arguments.json)?;
    let pairs = list::pairs(&arguments.pairs)?;
    let set = arguments.models.open()?;
    let engine = load(&set)?;
    let looked = look(&engine, &pairs);
    let threshold = &set.manifest().model(Role::Embedder).threshold;
    let lines = Lines {
        pairs: &pairs,
        looked: &looked,
    };
    let scored = pairs.iter().filter(|pair| lines.has_score(pair)).count();
    let output = Output {
        pipeline: PIPELINE,
        threshold: threshold.value,
        threshold_single_frame: threshold.high,
        pairs: lines,
    };
    let write = || {
        let mut file = BufWriter::new(File::create(&arguments.json)?);
        serde_json::to_writer_pretty(&mut file, &output)?;
        writeln!(file)?;
        file.flush()
    };
    write().map_err(|source| FaceCommandError::Output {
        path: arguments.json.clone(),
        source,
    })?;
    println!("{} pairs, {scored} with a similarity", pairs.len());
    Ok(())
}

/// Looks at every photograph of `pairs` once.
fn look<'a>(engine: &FaceEngine, pairs: &'a [Pair]) -> HashMap<&'a Path, Looked> {
    let paths = pairs.iter().flat_map(|pair| &pair.paths).flatten();
    let mut waiting: Vec<&Path> = paths.map(PathBuf::as_path).collect();
    waiting.sort_unstable();
    waiting.dedup();
    let all = waiting.len();
    let look = |(index, path): (usize, &'a Path)| {
        if index % 100 == 0 {
            eprintln!("  {index} of {all} photographs");
        }
        (path, picture::template(engine, path))
    };
    waiting.into_iter().enumerate().map(look).collect()
}

impl Lines<'_> {
    /// What both photographs gave; `None` for a line that names no two.
    fn both(&self, pair: &Pair) -> Option<[&Looked; 2]> {
        let [one, other] = pair.paths.as_ref().ok()?;
        Some([self.looked.get(&**one)?, self.looked.get(&**other)?])
    }

    fn has_score(&self, pair: &Pair) -> bool {
        let looked = self.both(pair);
        looked.is_some_and(|looked| compare(looked).is_ok())
    }

    /// A pair has a similarity or a reason, never both.
    fn line(&self, pair: &Pair) -> Value {
        let mut object = match (&pair.paths, self.both(pair)) {
            (Ok(paths), Some(looked)) => {
                let mut object = match compare(looked) {
                    Ok(likeness) => json!({ "similarity": likeness.value(), "reason": null }),
                    Err(refusal) => refusal,
                };
                object["first"] = paths[0].to_string_lossy().into();
                object["second"] = paths[1].to_string_lossy().into();
                object["quality"] = qualities(looked);
                object
            }
            (paths, _) => json!({
                "similarity": null,
                "reason": "no-pair",
                "detail": Row::problem(paths.as_ref().err().copied().unwrap_or_default()),
            }),
        };
        object["line"] = pair.line.into();
        object
    }
}

/// How alike both are, or why there is no answer.
fn compare(looked: [&Looked; 2]) -> Result<Likeness, Value> {
    let refusal = |problem: &NoScore, which: Option<&str>| {
        json!({
            "similarity": null,
            "reason": problem.code(),
            "picture": which,
            "detail": problem.to_string(),
        })
    };
    match looked {
        [Ok((_, one)), Ok((_, other))] => {
            Likeness::of(one, other).map_err(|problem| refusal(&NoScore::Face(problem), None))
        }
        [Err(problem), _] => Err(refusal(problem, Some("first"))),
        [_, Err(problem)] => Err(refusal(problem, Some("second"))),
    }
}

fn qualities(looked: [&Looked; 2]) -> Value {
    let of = |looked: &Looked| match looked {
        Ok((found, _)) => quality(found),
        Err(_) => Value::Null,
    };
    json!(looked.map(of))
}

/// Measures with the names of ISO/IEC 29794-5 where it has one.
fn quality(quality: &Quality) -> Value {
    json!({
        "inter_eye_distance_px": quality.eyes,
        "head_height_share": quality.height_share,
        "head_pose_yaw_degrees": quality.yaw,
        "nose_between_eyes_and_mouth": quality.nose,
        "sharpness": quality.sharpness,
        "mean_luma": quality.brightness,
        "rank": quality.rank(),
        "flaw": quality.check().err().map(|flaw| flaw.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use gate_face::FaceError;

    #[test]
    fn a_pair_has_a_similarity_or_a_reason() {
        let quality = Quality {
            eyes: 60.0,
            height_share: 0.4,
            yaw: 5.0,
            nose: 0.5,
            sharpness: 0.2,
            brightness: 120.0,
        };
        let good = |values: &[f32]| Ok((quality, Template::new(values).unwrap()));
        let looked = HashMap::from([
            (Path::new("a"), good(&[1.0, 1.0])),
            (Path::new("b"), good(&[1.0, 1.0])),
            (Path::new("other model"), good(&[1.0])),
            (
                Path::new("two people"),
                Err(NoScore::Face(FaceError::SeveralFaces { count: 2 })),
            ),
        ]);
        let lines = Lines {
            pairs: &[],
            looked: &looked,
        };
        let found = |line: u64, paths: Result<[&str; 2], usize>| {
            let pair = Pair {
                line,
                paths: paths.map(|paths| paths.map(PathBuf::from)),
            };
            let object = lines.line(&pair);
            assert_eq!(object["similarity"].is_number(), lines.has_score(&pair));
            assert_eq!(object["line"], line);
            object
        };
        let scored = found(1, Ok(["a", "b"]));
        assert!((scored["similarity"].as_f64().unwrap() - 1.0).abs() < 1e-6);
        assert!(scored["reason"].is_null() && scored["quality"][0].is_object());
        assert_eq!(scored["second"], "b");
        let refused = found(2, Ok(["a", "two people"]));
        assert!(refused["similarity"].is_null() && refused["quality"][1].is_null());
        assert_eq!(refused["reason"], "several-faces");
        assert_eq!(refused["picture"], "second");
        let refused = found(3, Ok(["a", "other model"]));
        assert_eq!(refused["reason"], "model-failed");
        let refused = found(4, Err(1));
        assert_eq!(refused["reason"], "no-pair");
        assert!(refused["similarity"].is_null());
    }
}
