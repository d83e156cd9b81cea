//! What `models/manifest.toml` says: which file has which purpose, origin, licence and threshold.

use serde::Deserialize;

/// The manifest as it was when this program was built.
const BUILT_IN: &str = include_str!("../../models/manifest.toml");

/// The layout of the manifest that this code understands.
const SCHEMA: u32 = 1;

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
    /// ONNX Runtime, one library for each processor architecture.
    #[serde(rename = "runtime")]
    pub runtimes: Vec<Runtime>,
    /// Portraits for tests and the demonstration.
    #[serde(rename = "picture", default)]
    pub pictures: Vec<Portrait>,
    /// Texts that must stay beside the pictures.
    #[serde(default)]
    pub credits: Vec<Credits>,
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Faces and landmarks.
    Detector,
    /// Face to template.
    Embedder,
    /// Presentation attack cue.
    Attack,
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
    /// What is known against that statement, in plain words.
    pub doubts: String,
    /// Where it comes from.
    pub from: Member,
    /// What goes in.
    pub input: Input,
    /// What comes out.
    pub output: Output,
    /// What its score means.
    pub threshold: Threshold,
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
    /// The default.
    pub value: f32,
    /// A stricter one, where a single measurement must suffice.
    pub high: Option<f32>,
    /// What is compared with it.
    pub meaning: String,
    /// The measurement behind it.
    pub calibration: String,
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

/// A text that accompanies the pictures.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Credits {
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
    pub from: &'a Member,
    /// How it comes from there.
    pub made: Made,
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
    /// Reads a manifest and checks that it is complete in itself.
    ///
    /// # Errors
    ///
    /// [`ManifestError`]; nothing is guessed and no unknown key is passed over.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        let manifest: Self = toml::from_str(text)?;
        if manifest.schema != SCHEMA {
            return Err(ManifestError::Schema {
                found: manifest.schema,
            });
        }
        for role in [Role::Detector, Role::Embedder, Role::Attack] {
            let found = manifest
                .models
                .iter()
                .filter(|model| model.role == role)
                .count();
            if found != 1 {
                return Err(ManifestError::Role { role, found });
            }
        }
        manifest.models.iter().try_for_each(check_threshold)?;
        manifest
            .archives
            .iter()
            .try_for_each(|archive| check_hash(&archive.name, &archive.sha256))?;
        for wanted in manifest.files() {
            manifest.check_file(wanted)?;
        }
        Ok(manifest)
    }

    /// The manifest that came with this program.
    ///
    /// # Errors
    ///
    /// As [`Manifest::parse`]; a test keeps the built-in text valid.
    pub fn built_in() -> Result<Self, ManifestError> {
        Self::parse(BUILT_IN)
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

    /// Every file that a machine of `architecture` keeps: models, runtime, pictures, credits.
    pub fn files_for<'a>(&'a self, architecture: &'a str) -> impl Iterator<Item = Wanted<'a>> {
        let models = self.models.iter().map(Model::wanted);
        let runtime = self.runtime(architecture).into_iter().map(Runtime::wanted);
        let pictures = self.pictures.iter().map(Portrait::wanted);
        let credits = self.credits.iter().map(Credits::wanted);
        models.chain(runtime).chain(pictures).chain(credits)
    }

    fn files(&self) -> impl Iterator<Item = Wanted<'_>> {
        let models = self.models.iter().map(Model::wanted);
        let runtimes = self.runtimes.iter().map(Runtime::wanted);
        let pictures = self.pictures.iter().map(Portrait::wanted);
        let credits = self.credits.iter().map(Credits::wanted);
        models.chain(runtimes).chain(pictures).chain(credits)
    }

    fn check_file(&self, wanted: Wanted<'_>) -> Result<(), ManifestError> {
        let file = wanted.file.to_owned();
        let inside = file.split('/').all(|part| !matches!(part, "" | "." | ".."));
        if !inside || file.contains('\\') {
            return Err(ManifestError::Path { file });
        }
        if self.archive(&wanted.from.archive).is_none() {
            return Err(ManifestError::Archive {
                file,
                archive: wanted.from.archive.clone(),
            });
        }
        check_hash(&file, wanted.sha256)?;
        check_hash(&file, &wanted.from.sha256)
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
            from: &self.from,
            made: self.made,
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

impl Credits {
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
        from,
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

/// Scores are cosines or probabilities: a threshold outside −1 ..= 1 would decide by itself.
fn check_threshold(model: &Model) -> Result<(), ManifestError> {
    let values = [Some(model.threshold.value), model.threshold.high];
    match values
        .into_iter()
        .flatten()
        .find(|value| !(-1.0..=1.0).contains(value))
    {
        Some(found) => Err(ManifestError::Threshold {
            role: model.role,
            found,
        }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_manifest_is_complete() {
        let manifest = Manifest::built_in().unwrap();
        assert_eq!(manifest.model(Role::Embedder).threshold.value, 0.42);
        assert!(manifest.runtime("x86_64").is_some() && manifest.runtime("aarch64").is_some());
        assert_eq!(manifest.pictures.len(), 6);
        assert!(manifest.files_for("x86_64").all(|wanted| wanted.bytes > 0));
    }

    #[test]
    fn a_mistake_in_the_manifest_names_its_place() {
        let cases = [
            ("schema = 1", "schema = 7", "schema 7, expected 1"),
            (
                "value = 0.42",
                "value = nan",
                "threshold of Embedder is NaN",
            ),
            ("value = 0.42", "value = 42", "threshold of Embedder is 42"),
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
            let found = Manifest::parse(&text).unwrap_err().to_string();
            assert!(found.contains(expected), "{bad}: {found}");
        }
    }
}
