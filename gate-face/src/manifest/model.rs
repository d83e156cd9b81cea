//! Models: contract, licence, doubts and threshold.

use serde::{Deserialize, Serialize};

use super::archive::{Made, Member};
use crate::centre::Centre;

/// What a model is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Faces and landmarks.
    Detector,
    /// Face to the first half of a template.
    Embedder,
    /// Presentation attack cue.
    Attack,
    /// Face to the second half of a template.
    SecondEmbedder,
}

impl Role {
    /// All of them, each filled by one model.
    pub const ALL: [Self; 4] = [
        Self::Detector,
        Self::Embedder,
        Self::Attack,
        Self::SecondEmbedder,
    ];
}

/// A model, its contract and its calibration.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// What the gate uses it for.
    pub role: Role,
    /// Its usual name.
    pub name: String,
    /// Purpose in one sentence.
    pub purpose: String,
    /// Path in the model folder.
    pub file: String,
    /// How `file` comes from the member.
    pub made: Made,
    /// Size of `file`.
    pub bytes: u64,
    /// Hash of `file`.
    pub sha256: String,
    /// Licence of the weights as their publisher states it.
    pub licence: String,
    /// What that licence allows.
    pub allows: String,
    /// What is known against that statement, in plain words.
    pub doubts: String,
    /// Where it comes from.
    pub from: Member,
    /// What goes in.
    pub input: Input,
    /// What comes out.
    pub output: Output,
    /// The file beside the manifest that holds its thresholds: [`Calibration`](crate::calibration::Calibration).
    pub calibration: String,
    /// What its score means.
    pub threshold: Threshold,
    /// What is taken away from every template; out of the calibration of the matcher.
    #[serde(skip)]
    pub centre: Centre,
}

/// A model of the project's own: it lives in the repository, and the program carries it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnModel {
    /// Its name, by which programs ask for it.
    pub name: String,
    /// Purpose in one sentence.
    pub purpose: String,
    /// Path in the model folder, and below `models/` in the repository.
    pub file: String,
    /// Size of `file`.
    pub bytes: u64,
    /// Hash of `file`.
    pub sha256: String,
    /// Licence of the weights.
    pub licence: String,
    /// What that licence allows.
    pub allows: String,
    /// What is known against it, in plain words.
    pub doubts: String,
    /// How it is made anew: path in the repository.
    pub recipe: String,
    /// What goes in: tensor name, shape, values.
    pub input: String,
    /// What comes out: tensor name, shape, values.
    pub output: String,
}

/// A model's input tensor.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Tensor name.
    pub name: String,
    /// Shape in words.
    pub shape: String,
    /// Order of the channels.
    pub colour: Colour,
    /// Smallest and largest value.
    pub range: [f32; 2],
    /// What is done to pixel values.
    pub normalisation: String,
}

/// Order of the colour channels in a tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Colour {
    /// Red first.
    Rgb,
    /// Blue first.
    Bgr,
}

/// A model's output tensors.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Output {
    /// Tensor names, in the order of the graph.
    pub names: Vec<String>,
    /// Shape in words.
    pub shape: String,
    /// How to read them.
    pub meaning: String,
}

/// The value that divides yes from no, and where it comes from.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Threshold {
    /// The default, out of the calibration.
    #[serde(skip)]
    pub value: f32,
    /// A stricter one, where a single measurement must suffice; out of the calibration.
    #[serde(skip)]
    pub high: Option<f32>,
    /// The one for the mean of several measurements; out of the calibration.
    #[serde(skip)]
    pub fused: Option<f32>,
    /// What is compared with it.
    pub meaning: String,
}
