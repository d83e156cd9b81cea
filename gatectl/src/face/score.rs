//! `gatectl face score`: pairs of photographs in, similarities or reasons out.
//!
//! Each photograph is looked at once, in however many pairs it stands. A pair that cannot be compared has its
//! reason, and the others go on.

use super::list::{self, Pair, Row};
use super::pairs::ListError;
use super::picture::{self, NoScore};
use super::{FaceCommandError, Models, check_output, load};
use gate_face::calibration::PIPELINE;
use gate_face::manifest::{Manifest, Role};
use gate_face::quality::Quality;
use gate_face::{Likeness, Template};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
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

pub(super) fn run(arguments: &Arguments) -> Result<(), FaceCommandError> {
    check_output(&arguments.json)?;
    let pairs = list::pairs(&arguments.pairs)?;
    if pairs.is_empty() {
        return Err(ListError::NoPairs {
            path: arguments.pairs.clone(),
        }
        .into());
    }
    let set = arguments.models.open()?;
    let engine = load(&set)?;
    let failed = |source| FaceCommandError::Output {
        path: arguments.json.clone(),
        source,
    };
    let head = head(set.manifest());
    let file = File::create(&arguments.json).map_err(failed)?;
    let mut result = Growing::new(file, &head).map_err(failed)?;
    let mut photographs = Photographs::default();
    let mut scored = 0;
    for pair in &pairs {
        photographs.look(pair, |path| picture::template(&engine, path));
        let line = photographs.line(pair);
        scored += usize::from(line["similarity"].is_number());
        result.add(&line).map_err(failed)?;
    }
    say!("{} pairs, {scored} with a similarity", pairs.len());
    Ok(())
}

/// What stands before the pairs (`schemas/face-score.schema.json`).
fn head(manifest: &Manifest) -> Value {
    let threshold = &manifest.model(Role::Embedder).threshold;
    json!({
        "pipeline": PIPELINE,
        "threshold": threshold.value,
        "threshold_single_frame": threshold.high,
    })
}

/// A JSON document whose last member, `pairs`, grows. It is whole after each pair: whatever ends the program,
/// what was found stays.
struct Growing<F> {
    file: F,
    /// Where the end of the document stands.
    end: u64,
    is_empty: bool,
}

impl<F: Write + Seek> Growing<F> {
    /// What stands behind the last pair.
    const END: &str = "\n  ]\n}\n";

    fn new(mut file: F, head: &Value) -> io::Result<Self> {
        let head = format!("{head:#}");
        let head = head.trim_end_matches(['\n', '}']);
        let head = format!("{head},\n  \"pairs\": [");
        file.write_all(format!("{head}{}", Self::END).as_bytes())?;
        Ok(Self {
            file,
            end: head.len() as u64,
            is_empty: true,
        })
    }

    fn add(&mut self, pair: &Value) -> io::Result<()> {
        let comma = if self.is_empty { "" } else { "," };
        let pair = format!("{comma}\n{pair:#}").replace('\n', "\n    ");
        self.file.seek(SeekFrom::Start(self.end))?;
        self.file
            .write_all(format!("{pair}{}", Self::END).as_bytes())?;
        self.end += pair.len() as u64;
        self.is_empty = false;
        Ok(())
    }
}

/// What the photographs gave that were looked at.
#[derive(Default)]
struct Photographs<'a>(HashMap<&'a Path, Looked>);

impl<'a> Photographs<'a> {
    /// Looks at both photographs of `pair`, if nobody has yet.
    fn look(&mut self, pair: &'a Pair, mut look: impl FnMut(&Path) -> Looked) {
        for path in pair.paths.iter().flatten() {
            let count = self.0.len();
            self.0.entry(path).or_insert_with(|| {
                if count.is_multiple_of(100) {
                    complain!("  line {}, photograph {count}", pair.line);
                }
                look(path)
            });
        }
    }

    /// What both photographs gave; `None` for a line that names no two.
    fn both(&self, pair: &Pair) -> Option<[&Looked; 2]> {
        let [one, other] = pair.paths.as_ref().ok()?;
        Some([self.0.get(&**one)?, self.0.get(&**other)?])
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
    use super::super::schema::misfit;
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
        let photographs = Photographs(HashMap::from([
            (Path::new("a"), good(&[1.0, 1.0])),
            (Path::new("b"), good(&[1.0, 1.0])),
            (Path::new("other model"), good(&[1.0])),
            (
                Path::new("two people"),
                Err(NoScore::Face(FaceError::SeveralFaces { count: 2 })),
            ),
        ]));
        let found = |line: u64, paths: Result<[&str; 2], usize>| {
            let pair = Pair {
                line,
                paths: paths.map(|paths| paths.map(PathBuf::from)),
            };
            let object = photographs.line(&pair);
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
        let pair = |line, paths: Result<[&str; 2], usize>| found(line, paths);
        let mut whole = head(&Manifest::built_in().unwrap());
        whole["pairs"] = json!([
            pair(1, Ok(["a", "b"])),
            pair(2, Ok(["a", "two people"])),
            pair(3, Ok(["a", "other model"])),
            pair(4, Err(1)),
        ]);
        let schema = "gatectl/schemas/face-score.schema.json";
        assert_eq!(misfit(schema, &whole), None);
        whole["pairs"][0]["reason"] = "no-face".into();
        assert!(
            misfit(schema, &whole).is_some(),
            "a similarity and a reason"
        );
    }

    #[test]
    fn the_result_is_whole_after_each_pair() {
        let mut bytes = Vec::new();
        let mut file = io::Cursor::new(&mut bytes);
        let mut result = Growing::new(&mut file, &json!({ "pipeline": 3 })).unwrap();
        result.add(&json!({ "line": 1, "first": "a" })).unwrap();
        result
            .add(&json!({ "line": 2, "quality": [null] }))
            .unwrap();
        let text = String::from_utf8(bytes).unwrap();
        let found: Value = serde_json::from_str(&text).unwrap();
        let expected = json!({
            "pipeline": 3,
            "pairs": [{ "line": 1, "first": "a" }, { "line": 2, "quality": [null] }],
        });
        assert_eq!(found, expected);
        assert!(text.ends_with("\n  ]\n}\n"), "{text}");
        let mut empty = Vec::new();
        Growing::new(io::Cursor::new(&mut empty), &json!({ "pipeline": 3 })).unwrap();
        let found: Value = serde_json::from_slice(&empty).unwrap();
        assert_eq!(found, json!({ "pipeline": 3, "pairs": [] }));
    }

    #[test]
    fn each_photograph_is_looked_at_once() {
        let pair = |line, paths: [&str; 2]| Pair {
            line,
            paths: Ok(paths.map(PathBuf::from)),
        };
        let pairs = [
            pair(1, ["a", "b"]),
            pair(2, ["b", "a"]),
            pair(3, ["a", "c"]),
        ];
        let mut photographs = Photographs::default();
        let mut looked = Vec::new();
        for pair in &pairs {
            photographs.look(pair, |path| {
                looked.push(path.to_owned());
                Err(NoScore::Format)
            });
        }
        assert_eq!(looked, ["a", "b", "c"].map(PathBuf::from));
    }
}
