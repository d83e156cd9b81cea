//! `gatectl face score`: pairs of photographs in, similarities or reasons out.

use super::picture::{self, NoScore};
use super::{FaceCommandError, Models, load, pairs, write};
use gate_face::quality::Quality;
use gate_face::{FaceEngine, Likeness, Template};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// CSV file: two paths of photographs a line.
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

pub(super) fn run(arguments: &Arguments) -> Result<(), FaceCommandError> {
    let pairs = pairs::paths(&arguments.pairs)?;
    let set = arguments.models.open()?;
    let engine = load(&set)?;
    let mut known = HashMap::new();
    let lines: Vec<Value> = pairs
        .iter()
        .map(|[one, other]| {
            for path in [one, other] {
                look(&engine, path, &mut known);
            }
            line([one, other], [&known[one], &known[other]])
        })
        .collect();
    let threshold = &set
        .manifest()
        .model(gate_face::manifest::Role::Embedder)
        .threshold;
    let text = json!({
        "pipeline": gate_face::calibration::PIPELINE,
        "threshold": threshold.value,
        "threshold_single_frame": threshold.high,
        "pairs": lines,
    });
    write(&arguments.json, &format!("{text:#}\n"))?;
    let scored = lines
        .iter()
        .filter(|line| !line["similarity"].is_null())
        .count();
    println!("{} pairs, {scored} with a similarity", lines.len());
    Ok(())
}

fn look(engine: &FaceEngine, path: &Path, known: &mut HashMap<PathBuf, Looked>) {
    if !known.contains_key(path) {
        known.insert(path.to_owned(), picture::template(engine, path));
    }
}

/// A pair has a similarity or a reason, never both.
fn line(paths: [&Path; 2], looked: [&Looked; 2]) -> Value {
    let compared = match looked {
        [Ok((_, one)), Ok((_, other))] => Likeness::of(one, other).map_err(NoScore::Face),
        [Err(problem), _] => return no_score(paths, looked, problem, Some("first")),
        [_, Err(problem)] => return no_score(paths, looked, problem, Some("second")),
    };
    let likeness = match compared {
        Ok(likeness) => likeness,
        Err(problem) => return no_score(paths, looked, &problem, None),
    };
    json!({
        "first": paths[0],
        "second": paths[1],
        "similarity": likeness.value(),
        "quality": qualities(looked),
        "reason": Value::Null,
    })
}

fn no_score(
    paths: [&Path; 2],
    looked: [&Looked; 2],
    problem: &NoScore,
    which: Option<&str>,
) -> Value {
    json!({
        "first": paths[0],
        "second": paths[1],
        "similarity": Value::Null,
        "quality": qualities(looked),
        "reason": problem.code(),
        "picture": which,
        "detail": problem.to_string(),
    })
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
        let bad = || Err(NoScore::Face(FaceError::SeveralFaces { count: 2 }));
        let paths = [Path::new("a.jpg"), Path::new("b.jpg")];
        let found = line(paths, [&good(&[1.0, 1.0]), &good(&[1.0, 1.0])]);
        assert!((found["similarity"].as_f64().unwrap() - 1.0).abs() < 1e-6);
        assert!(found["reason"].is_null() && found["quality"][0].is_object());
        let found = line(paths, [&good(&[1.0, 1.0]), &bad()]);
        assert!(found["similarity"].is_null() && found["quality"][1].is_null());
        assert_eq!(found["reason"], "several-faces");
        assert_eq!(found["picture"], "second");
        let found = line(paths, [&good(&[1.0, 1.0]), &good(&[1.0])]);
        assert!(found["similarity"].is_null());
        assert_eq!(found["reason"], "model-failed");
    }
}
