//! What a score means: thresholds, and the run that gave them.
//!
//! A calibration states the run behind a threshold; `gatectl face evaluate` writes the matcher's, `gatectl
//! face attacks` that of the attack cue. It names the hash of every model that took part, so that it cannot be
//! used with others.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::centre::Centre;
use crate::manifest::{ManifestError, Model, Role};

/// The layout of the file that this code understands.
pub const SCHEMA: u32 = 1;

/// Version of everything between pixels and scores that is not a model: crops, mirroring, weights. It
/// grows with each change that moves a score, and every calibration has to be made anew.
pub const PIPELINE: u32 = 3;

/// One calibration file.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Calibration {
    /// Layout of the file: [`SCHEMA`].
    pub schema: u32,
    /// The pipeline that gave the scores: [`PIPELINE`].
    pub pipeline: u32,
    /// The default: a cosine or a probability.
    pub threshold: f32,
    /// A stricter one, where a single measurement must suffice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<f32>,
    /// The one for the mean of several measurements.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fused: Option<f32>,
    /// The command that made this file.
    pub command: String,
    /// What it saw: how many people, pictures, pairs.
    pub data: String,
    /// The figures at these thresholds.
    pub figures: String,
    /// What is taken away from every template before comparing: [`Centre`]. None where it is empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub centre: Vec<f32>,
    /// SHA-256 of every model that moves the score, by role.
    pub models: BTreeMap<Role, String>,
}

impl Calibration {
    /// Reads a calibration file.
    ///
    /// # Errors
    ///
    /// [`ManifestError::Calibration`] with what is wrong.
    pub fn parse(file: &str, text: &str) -> Result<Self, ManifestError> {
        toml::from_str(text).map_err(|source| ManifestError::Calibration {
            file: file.to_owned(),
            problem: source.message().to_owned(),
        })
    }

    /// The file's text, with a line that says what it is.
    #[must_use]
    pub fn to_text(&self) -> String {
        let values = toml::to_string(self).unwrap_or_default();
        format!("# Output of the command below; do not edit. docs/face.md says more.\n{values}")
    }

    /// Checks that the scores of `role` were calibrated with exactly `models`.
    ///
    /// # Errors
    ///
    /// [`ManifestError::Calibration`], [`ManifestError::Uncalibrated`].
    pub fn check(&self, file: &str, role: Role, models: &[Model]) -> Result<(), ManifestError> {
        let wrong = |problem: String| ManifestError::Calibration {
            file: file.to_owned(),
            problem,
        };
        if self.schema != SCHEMA {
            return Err(wrong(format!("schema {}, expected {SCHEMA}", self.schema)));
        }
        if self.pipeline != PIPELINE {
            let found = self.pipeline;
            return Err(wrong(format!(
                "made with pipeline {found}, this program has {PIPELINE}: calibrate anew"
            )));
        }
        let values = [Some(self.threshold), self.high, self.fused];
        // Scores are cosines or probabilities: another threshold would decide by itself.
        if let Some(found) = values
            .into_iter()
            .flatten()
            .find(|value| !(-1.0..=1.0).contains(value))
        {
            return Err(ManifestError::Threshold { role, found });
        }
        if Centre::new(&self.centre).is_none() {
            let (found, expected) = (self.centre.len(), Centre::LENGTH);
            return Err(wrong(format!(
                "centre has {found} values, expected {expected} from -1 to 1"
            )));
        }
        if !self.models.contains_key(&role) {
            return Err(wrong(format!("does not name the {role:?} model")));
        }
        for (part, calibrated) in &self.models {
            let found = models.iter().find(|model| model.role == *part);
            match found {
                Some(model) if model.sha256 == *calibrated => {}
                Some(model) => {
                    return Err(ManifestError::Uncalibrated {
                        role: *part,
                        file: file.to_owned(),
                        calibrated: calibrated.clone(),
                        found: model.sha256.clone(),
                    });
                }
                None => return Err(wrong(format!("names a {part:?} model that is not there"))),
            }
        }
        Ok(())
    }
}
