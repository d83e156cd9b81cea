//! Why a manifest cannot be used.

use std::io;
use std::path::PathBuf;

use super::SCHEMA;
use super::model::Role;

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
