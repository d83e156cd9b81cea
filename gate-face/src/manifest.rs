//! What `models/manifest.toml` says: which file has which purpose, origin, licence and threshold.

mod archive;
mod error;
mod files;
mod model;
mod text;

use std::path::Path;

use serde::Deserialize;

use crate::calibration::Calibration;
use crate::centre::Centre;
use files::{check_hash, check_path};
use text::{BUILT_IN, built_in_calibration, read, read_beside};

pub use archive::{Archive, Form, Made, Member};
pub use error::ManifestError;
pub use files::{Portrait, Runtime, Source, Text, Wanted};
pub use model::{Colour, Input, Model, Output, OwnModel, Role, Threshold};

/// The layout of the manifest that this code understands.
const SCHEMA: u32 = 2;

/// Everything the gate fetches, with its hashes.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Layout version.
    schema: u32,
    /// Packages of the registries.
    #[serde(rename = "archive")]
    pub archives: Vec<Archive>,
    /// One model for each [`Role`].
    #[serde(rename = "model")]
    pub models: Vec<Model>,
    /// Models of the project's own, which come with the program.
    #[serde(default)]
    pub own: Vec<OwnModel>,
    /// ONNX Runtime, one library for each processor architecture.
    #[serde(rename = "runtime")]
    pub runtimes: Vec<Runtime>,
    /// Portraits for tests and the demonstration.
    #[serde(rename = "picture", default)]
    pub pictures: Vec<Portrait>,
    /// Texts that must stay beside the pictures.
    #[serde(default)]
    pub credits: Vec<Text>,
    /// Certificates that States have published, for tests of the inspection of documents.
    #[serde(default)]
    pub certificates: Vec<Text>,
}

impl Manifest {
    /// Reads a manifest and its calibrations and checks that they are complete in themselves.
    /// `calibration` gives the text of a file beside the manifest.
    ///
    /// # Errors
    ///
    /// [`ManifestError`]; nothing is guessed and no unknown key is passed over.
    pub fn parse(
        text: &str,
        calibration: impl Fn(&str) -> Result<String, ManifestError>,
    ) -> Result<Self, ManifestError> {
        let mut manifest = Self::parse_uncalibrated(text)?;
        for role in Role::ALL {
            manifest.calibrate(role, &calibration)?;
        }
        Ok(manifest)
    }

    /// Reads a manifest for the tools that calibrate: thresholds but the detector's are 0.
    /// No lane starts with it.
    ///
    /// # Errors
    ///
    /// [`ManifestError`].
    pub fn parse_to_calibrate(
        text: &str,
        calibration: impl Fn(&str) -> Result<String, ManifestError>,
    ) -> Result<Self, ManifestError> {
        let mut manifest = Self::parse_uncalibrated(text)?;
        manifest.calibrate(Role::Detector, calibration)?;
        Ok(manifest)
    }

    fn calibrate(
        &mut self,
        role: Role,
        calibration: impl Fn(&str) -> Result<String, ManifestError>,
    ) -> Result<(), ManifestError> {
        let file = self.model(role).calibration.clone();
        let found = Calibration::parse(&file, &calibration(&file)?)?;
        found.check(&file, role, &self.models)?;
        for model in self.models.iter_mut().filter(|model| model.role == role) {
            model.threshold.value = found.threshold;
            model.threshold.high = found.high;
            model.threshold.fused = found.fused;
            // `check` has refused what is none.
            model.centre = Centre::new(&found.centre).unwrap_or_default();
        }
        Ok(())
    }

    fn parse_uncalibrated(text: &str) -> Result<Self, ManifestError> {
        let manifest: Self = toml::from_str(text)?;
        if manifest.schema != SCHEMA {
            return Err(ManifestError::Schema {
                found: manifest.schema,
            });
        }
        for role in Role::ALL {
            let found = manifest
                .models
                .iter()
                .filter(|model| model.role == role)
                .count();
            if found != 1 {
                return Err(ManifestError::Role { role, found });
            }
        }
        manifest
            .archives
            .iter()
            .try_for_each(|archive| check_hash(&archive.name, &archive.sha256))?;
        for wanted in manifest.files() {
            manifest.check_file(wanted)?;
        }
        Ok(manifest)
    }

    /// Reads the manifest at `path` and the calibrations beside it.
    ///
    /// # Errors
    ///
    /// As [`Manifest::parse`], and [`ManifestError::Unreadable`].
    pub fn open(path: &Path) -> Result<Self, ManifestError> {
        Self::parse(&read(path)?, |file| read_beside(path, file))
    }

    /// As [`Manifest::open`], for the tools that calibrate: see [`Manifest::parse_to_calibrate`].
    ///
    /// # Errors
    ///
    /// As [`Manifest::open`].
    pub fn open_to_calibrate(path: &Path) -> Result<Self, ManifestError> {
        Self::parse_to_calibrate(&read(path)?, |file| read_beside(path, file))
    }

    /// The manifest that came with this program.
    ///
    /// # Errors
    ///
    /// As [`Manifest::parse`]; a test keeps the built-in text valid.
    pub fn built_in() -> Result<Self, ManifestError> {
        Self::parse(BUILT_IN, built_in_calibration)
    }

    /// The model for `role`. `parse` has seen to it that there is one.
    #[must_use]
    pub fn model(&self, role: Role) -> &Model {
        self.models
            .iter()
            .find(|model| model.role == role)
            .expect("parse refuses a manifest without a model for every role")
    }

    /// The runtime library for `architecture` (`std::env::consts::ARCH`).
    #[must_use]
    pub fn runtime(&self, architecture: &str) -> Option<&Runtime> {
        self.runtimes
            .iter()
            .find(|runtime| runtime.architecture == architecture)
    }

    /// The archive with this name.
    #[must_use]
    pub fn archive(&self, name: &str) -> Option<&Archive> {
        self.archives.iter().find(|archive| archive.name == name)
    }

    /// The project's own model with this name.
    #[must_use]
    pub fn own(&self, name: &str) -> Option<&OwnModel> {
        self.own.iter().find(|model| model.name == name)
    }

    /// What a lane of `architecture` needs: models and runtime, no test picture.
    pub fn lane_files<'a>(&'a self, architecture: &'a str) -> impl Iterator<Item = Wanted<'a>> {
        let models = self.models.iter().map(Model::wanted);
        let own = self.own.iter().map(OwnModel::wanted);
        models
            .chain(own)
            .chain(self.runtime(architecture).map(Runtime::wanted))
    }

    /// Every file that a machine of `architecture` keeps: models, runtime, and what tests look at.
    pub fn files_for<'a>(&'a self, architecture: &'a str) -> impl Iterator<Item = Wanted<'a>> {
        self.lane_files(architecture).chain(self.for_tests())
    }

    fn for_tests(&self) -> impl Iterator<Item = Wanted<'_>> {
        let texts = self.credits.iter().chain(&self.certificates);
        let pictures = self.pictures.iter().map(Portrait::wanted);
        let archives = self.archives.iter().filter_map(Archive::wanted);
        pictures.chain(texts.map(Text::wanted)).chain(archives)
    }

    fn files(&self) -> impl Iterator<Item = Wanted<'_>> {
        let models = self.models.iter().map(Model::wanted);
        let own = self.own.iter().map(OwnModel::wanted);
        let runtimes = self.runtimes.iter().map(Runtime::wanted);
        models.chain(own).chain(runtimes).chain(self.for_tests())
    }

    fn check_file(&self, wanted: Wanted<'_>) -> Result<(), ManifestError> {
        check_path(wanted.file)?;
        let file = wanted.file.to_owned();
        check_hash(&file, wanted.sha256)?;
        let Source::Member(from) = wanted.from else {
            return Ok(());
        };
        if self.archive(&from.archive).is_none() {
            return Err(ManifestError::Archive {
                file,
                archive: from.archive.clone(),
            });
        }
        check_hash(&file, &from.sha256)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_manifest_is_complete() {
        let manifest = Manifest::built_in().unwrap();
        for role in Role::ALL {
            assert!(manifest.model(role).threshold.value > 0.0, "{role:?}");
        }
        assert!(manifest.runtime("x86_64").is_some() && manifest.runtime("aarch64").is_some());
        assert_eq!(manifest.pictures.len(), 6);
        assert!(manifest.files_for("x86_64").all(|wanted| wanted.bytes > 0));
    }

    #[test]
    fn a_mistake_in_the_manifest_names_its_place() {
        let cases = [
            ("schema = 2", "schema = 7", "schema 7, expected 2"),
            (
                "file = \"fr_liveness.onnx\"",
                "file = \"../fr_liveness.onnx\"",
                "leaves the model folder",
            ),
            (
                "archive = \"faceplugin\"",
                "archive = \"faceplug\"",
                "which is not listed",
            ),
            (
                "role = \"attack\"",
                "role = \"detector\"",
                "names 2 models with role Detector",
            ),
            (
                "sha256 = \"afa783b7",
                "sha256 = \"AFA783b7",
                "64 lower-case hexadecimal digits",
            ),
            ("role = \"attack\"", "rolle = \"attack\"", "not valid"),
        ];
        for (good, bad, expected) in cases {
            let text = BUILT_IN.replacen(good, bad, 1);
            let found = Manifest::parse(&text, built_in_calibration)
                .unwrap_err()
                .to_string();
            assert!(found.contains(expected), "{bad}: {found}");
        }
    }

    #[test]
    fn a_changed_model_without_a_new_calibration_is_refused() {
        for model in &Manifest::built_in().unwrap().models {
            let hash = &model.sha256;
            let other = format!("0000{}", &hash[4..]);
            let text = BUILT_IN.replace(hash.as_str(), &other);
            let found = Manifest::parse(&text, built_in_calibration).unwrap_err();
            assert!(
                matches!(&found, ManifestError::Uncalibrated { role, .. } if *role == model.role),
                "{:?}: {found}",
                model.role
            );
            // The tools that calibrate can read it.
            let to_calibrate = Manifest::parse_to_calibrate(&text, built_in_calibration);
            assert_eq!(to_calibrate.is_ok(), model.role != Role::Detector);
        }
    }

    #[test]
    fn a_calibration_that_cannot_be_used_says_why() {
        let cases = [
            ("schema = 1", "schema = 9", "schema 9, expected 1"),
            ("pipeline = ", "pipeline = 9", "calibrate anew"),
            ("threshold = 0", "threshold = nan\n# 0", "is NaN"),
            ("threshold = 0", "threshold = 7", "expected -1 to 1"),
            ("embedder = ", "ember = ", "unknown variant"),
            ("threshold = 0", "threshhold = 0", "unknown field"),
        ];
        for (good, bad, expected) in cases {
            let found = Manifest::parse(BUILT_IN, |file| {
                Ok(built_in_calibration(file)?.replacen(good, bad, 1))
            })
            .unwrap_err()
            .to_string();
            assert!(found.contains(expected), "{bad}: {found}");
        }
    }
}
