//! What `models/manifest.toml` says: which file has which purpose, origin, licence and threshold.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::calibration::Calibration;
use crate::centre::Centre;

/// The manifest as it was when this program was built.
const BUILT_IN: &str = include_str!("../../models/manifest.toml");

/// Its calibrations.
const BUILT_IN_CALIBRATIONS: [(&str, &str); 3] = [
    (
        "calibration/detector.toml",
        include_str!("../../models/calibration/detector.toml"),
    ),
    (
        "calibration/matcher.toml",
        include_str!("../../models/calibration/matcher.toml"),
    ),
    (
        "calibration/attack.toml",
        include_str!("../../models/calibration/attack.toml"),
    ),
];

/// Longest manifest or calibration file, in bytes: the built-in ones have a tenth of it.
const TEXT_MAX: u64 = 200_000;

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

/// A package as a registry serves it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Archive {
    /// Name within the manifest.
    pub name: String,
    /// Which client fetches it, and what it looks like.
    pub form: Form,
    /// Name of the package in its registry.
    pub package: String,
    /// Exact version.
    pub version: String,
    /// Python version of a wheel that depends on it, such as `3.11`.
    pub python: Option<String>,
    /// Platform tag of a wheel that depends on it.
    pub platform: Option<String>,
    /// Size of the archive.
    pub bytes: u64,
    /// Hash of the archive, 64 lower-case hexadecimal digits.
    pub sha256: String,
}

/// The kinds of archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// A Python wheel, fetched by pip: a ZIP file.
    Wheel,
    /// A Python source package, fetched by pip: a `.tar.gz` file.
    Source,
    /// A Node package, fetched by npm: a `.tgz` file.
    Npm,
    /// A Rust crate, fetched by cargo and never built: a `.crate` file, which is a `.tar.gz`.
    Crate,
}

/// One member of an archive.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Member {
    /// [`Archive::name`].
    pub archive: String,
    /// Path inside the archive.
    pub path: String,
    /// Hash of the member as shipped.
    pub sha256: String,
}

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

/// What is done to a shipped file before it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Made {
    /// Nothing.
    AsShipped,
    /// Input height and width are declared free; weights untouched.
    FreeSize,
    /// Block-quantised weights are multiplied out to fp32 and inputs that nobody feeds are removed.
    Fold,
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
    /// The file beside the manifest that holds its thresholds: [`Calibration`].
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

/// The library that runs models.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Runtime {
    /// Processor architecture as Rust names it: `x86_64`, `aarch64`.
    pub architecture: String,
    /// Path in the model folder.
    pub file: String,
    /// Size of `file`.
    pub bytes: u64,
    /// Hash of `file`.
    pub sha256: String,
    /// Licence as stated.
    pub licence: String,
    /// What it needs of the system.
    pub needs: String,
    /// Where it comes from.
    pub from: Member,
}

/// A photograph of a publicly known person under a stated free licence.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Portrait {
    /// Path in the model folder.
    pub file: String,
    /// Who it shows. Pictures of one person are a genuine pair.
    pub person: String,
    /// Year, where the source says it.
    pub taken: Option<u16>,
    /// Who must be named.
    pub credit: String,
    /// Licence as stated.
    pub licence: String,
    /// Width and height in px.
    pub size: [u32; 2],
    /// Size of `file`.
    pub bytes: u64,
    /// Where it comes from.
    pub from: Member,
}

/// A text: credits, or certificates.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// Path in the model folder.
    pub file: String,
    /// Size of `file`.
    pub bytes: u64,
    /// Where it comes from.
    pub from: Member,
}

/// One file of the model folder, whatever it is for.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Path in the model folder.
    pub file: &'a str,
    /// Its size.
    pub bytes: u64,
    /// Its hash.
    pub sha256: &'a str,
    /// Where it comes from.
    pub from: Source<'a>,
    /// How it comes from there.
    pub made: Made,
}

/// Where a file of the model folder comes from.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a> {
    /// Out of a package.
    Member(&'a Member),
    /// It is committed, and the program carries it.
    Committed,
}

/// Why a manifest cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// Correct the file at the place the source names.
    #[error("model manifest is not valid")]
    Syntax(#[from] toml::de::Error),
    /// Manifest and program belong to different versions.
    #[error("model manifest has schema {found}, expected {SCHEMA}")]
    Schema {
        /// What the file says.
        found: u32,
    },
    /// Each role must be filled exactly once.
    #[error("model manifest names {found} models with role {role:?}, expected 1")]
    Role {
        /// The role in question.
        role: Role,
        /// How many fill it.
        found: usize,
    },
    /// A member refers to an archive that is not listed.
    #[error("model manifest: {file} comes from archive {archive:?}, which is not listed")]
    Archive {
        /// The file in question.
        file: String,
        /// The missing archive.
        archive: String,
    },
    /// A hash is not 64 lower-case hexadecimal digits.
    #[error("model manifest: {file} has hash {found:?}, expected 64 lower-case hexadecimal digits")]
    Hash {
        /// The file in question.
        file: String,
        /// What stands there.
        found: String,
    },
    /// A path would leave the model folder.
    #[error("model manifest: path {file:?} leaves the model folder")]
    Path {
        /// The path in question.
        file: String,
    },
    /// The file is missing, or the disk is at fault: install it again.
    #[error("{} cannot be read", .path.display())]
    Unreadable {
        /// Manifest or calibration.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Run the evaluation again and let it write the file.
    #[error("calibration {file}: {problem}")]
    Calibration {
        /// Path beside the manifest.
        file: String,
        /// What is wrong.
        problem: String,
    },
    /// A model was changed and its calibration was not: run the evaluation with the new model.
    #[error("{role:?} model has SHA-256 {found}, calibration {file} was made with {calibrated}")]
    Uncalibrated {
        /// The model in question.
        role: Role,
        /// Path of the calibration beside the manifest.
        file: String,
        /// Hash of the model that was calibrated.
        calibrated: String,
        /// Hash of the model that the manifest means.
        found: String,
    },
    /// A threshold is no number to compare with.
    #[error("model manifest: threshold of {role:?} is {found}, expected -1 to 1")]
    Threshold {
        /// The model in question.
        role: Role,
        /// What stands there.
        found: f32,
    },
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
        pictures.chain(texts.map(Text::wanted))
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

impl Model {
    /// The model as a file of the model folder.
    #[must_use]
    pub fn wanted(&self) -> Wanted<'_> {
        Wanted {
            file: &self.file,
            bytes: self.bytes,
            sha256: &self.sha256,
            from: Source::Member(&self.from),
            made: self.made,
        }
    }
}

impl OwnModel {
    /// The model as a file of the model folder.
    #[must_use]
    pub fn wanted(&self) -> Wanted<'_> {
        Wanted {
            file: &self.file,
            bytes: self.bytes,
            sha256: &self.sha256,
            from: Source::Committed,
            made: Made::AsShipped,
        }
    }
}

impl Runtime {
    /// The library as a file of the model folder.
    #[must_use]
    pub fn wanted(&self) -> Wanted<'_> {
        as_shipped(&self.file, self.bytes, &self.from)
    }
}

impl Portrait {
    /// The picture as a file of the model folder.
    #[must_use]
    pub fn wanted(&self) -> Wanted<'_> {
        as_shipped(&self.file, self.bytes, &self.from)
    }
}

impl Text {
    /// The text as a file of the model folder.
    #[must_use]
    pub fn wanted(&self) -> Wanted<'_> {
        as_shipped(&self.file, self.bytes, &self.from)
    }
}

fn as_shipped<'a>(file: &'a str, bytes: u64, from: &'a Member) -> Wanted<'a> {
    Wanted {
        file,
        bytes,
        sha256: &from.sha256,
        from: Source::Member(from),
        made: Made::AsShipped,
    }
}

fn check_hash(file: &str, hash: &str) -> Result<(), ManifestError> {
    let hexadecimal = hash
        .bytes()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if hash.len() == 64 && hexadecimal {
        return Ok(());
    }
    Err(ManifestError::Hash {
        file: file.to_owned(),
        found: hash.to_owned(),
    })
}

fn check_path(file: &str) -> Result<(), ManifestError> {
    let inside = file.split('/').all(|part| !matches!(part, "" | "." | ".."));
    if inside && !file.contains('\\') {
        return Ok(());
    }
    Err(ManifestError::Path {
        file: file.to_owned(),
    })
}

fn read(path: &Path) -> Result<String, ManifestError> {
    let read = || {
        let mut text = String::new();
        io::Read::read_to_string(
            &mut io::Read::take(fs::File::open(path)?, TEXT_MAX),
            &mut text,
        )?;
        Ok(text)
    };
    read().map_err(|source| ManifestError::Unreadable {
        path: path.to_owned(),
        source,
    })
}

fn read_beside(manifest: &Path, file: &str) -> Result<String, ManifestError> {
    check_path(file)?;
    read(&manifest.with_file_name(file))
}

fn built_in_calibration(file: &str) -> Result<String, ManifestError> {
    BUILT_IN_CALIBRATIONS
        .iter()
        .find(|(name, _)| *name == file)
        .map(|(_, text)| (*text).to_owned())
        .ok_or_else(|| ManifestError::Calibration {
            file: file.to_owned(),
            problem: "not built in".to_owned(),
        })
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
