//! The folder with the fetched files, and the proof that each is the one the manifest means.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::manifest::{Manifest, Model, Role, Wanted};

/// A manifest together with the folder that holds its files.
#[derive(Clone, Debug)]
pub struct ModelSet {
    manifest: Manifest,
    folder: PathBuf,
}

/// Why a model, the runtime or a picture cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ModelsError {
    /// Fetch the models, or point `GATE_MODELS` at the folder that has them.
    #[error("{} is missing: run `gate-host models fetch`, or `cargo xtask models` in the source tree", .file.display())]
    Missing {
        /// The file in question.
        file: PathBuf,
    },
    /// The folder or the disk is at fault.
    #[error("{} cannot be read", .file.display())]
    Unreadable {
        /// The file in question.
        file: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The file was changed or torn. Remove it and fetch again; a wanted change needs a new hash
    /// *and* a new calibration in the manifest.
    #[error("{} has SHA-256 {found}, expected {expected}", .file.display())]
    Changed {
        /// The file in question.
        file: PathBuf,
        /// The manifest's hash.
        expected: String,
        /// The file's hash.
        found: String,
    },
    /// The file is longer or shorter than the manifest says.
    #[error("{} has {found} bytes, expected {expected}", .file.display())]
    Size {
        /// The file in question.
        file: PathBuf,
        /// The manifest's size.
        expected: u64,
        /// The file's size.
        found: u64,
    },
    /// The manifest is older than the program: take the one that belongs to it.
    #[error("model manifest has no model {name} of the project's own")]
    NoOwn {
        /// The name in question.
        name: &'static str,
    },
    /// The manifest has no runtime for this processor: add one.
    #[error("model manifest has no runtime for {architecture}")]
    Architecture {
        /// This processor, as Rust names it.
        architecture: &'static str,
    },
}

impl ModelSet {
    /// Joins a manifest with the folder of its files. Nothing is read yet.
    #[must_use]
    pub const fn new(manifest: Manifest, folder: PathBuf) -> Self {
        Self { manifest, folder }
    }

    /// The manifest.
    #[must_use]
    pub const fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The folder of the files.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The model that fills `role`: contract, threshold, doubts.
    #[must_use]
    pub fn model(&self, role: Role) -> &Model {
        self.manifest.model(role)
    }

    /// The verified bytes of the model that fills `role`: what was hashed is what gets loaded.
    ///
    /// # Errors
    ///
    /// [`ModelsError`] names the file, the expected and the found value.
    pub fn read(&self, role: Role) -> Result<Vec<u8>, ModelsError> {
        self.read_file(self.model(role).wanted())
    }

    /// The verified bytes of the project's own model `name`.
    ///
    /// # Errors
    ///
    /// [`ModelsError`]; also when the manifest does not know the model.
    pub fn read_own(&self, name: &'static str) -> Result<Vec<u8>, ModelsError> {
        let model = self.manifest.own(name).ok_or(ModelsError::NoOwn { name })?;
        self.read_file(model.wanted())
    }

    /// Path of the verified runtime library for this processor.
    ///
    /// # Errors
    ///
    /// [`ModelsError`]; also when the manifest knows no library for this processor.
    pub fn runtime(&self) -> Result<PathBuf, ModelsError> {
        let architecture = std::env::consts::ARCH;
        let runtime = self
            .manifest
            .runtime(architecture)
            .ok_or(ModelsError::Architecture { architecture })?;
        self.verify(runtime.wanted())?;
        Ok(self.folder.join(&runtime.file))
    }

    /// The verified bytes of any file of the manifest.
    ///
    /// # Errors
    ///
    /// [`ModelsError`] names the file, the expected and the found value.
    pub fn read_file(&self, wanted: Wanted<'_>) -> Result<Vec<u8>, ModelsError> {
        let mut bytes = Vec::new();
        self.check(wanted, |block| bytes.extend_from_slice(block))?;
        Ok(bytes)
    }

    /// Whether the file is there and is the right one.
    ///
    /// # Errors
    ///
    /// [`ModelsError`] names the file, the expected and the found value.
    pub fn verify(&self, wanted: Wanted<'_>) -> Result<(), ModelsError> {
        self.check(wanted, |_| ())
    }

    fn check(&self, wanted: Wanted<'_>, mut keep: impl FnMut(&[u8])) -> Result<(), ModelsError> {
        let file = self.folder.join(wanted.file);
        let unreadable = |source| ModelsError::Unreadable {
            file: file.clone(),
            source,
        };
        let mut source = open(&file)?;
        // The size comes first: a file that is not ours is never read into memory.
        let found = source.metadata().map_err(unreadable)?.len();
        if found != wanted.bytes {
            return Err(ModelsError::Size {
                file,
                expected: wanted.bytes,
                found,
            });
        }
        let mut hash = Sha256::new();
        let mut block = vec![0; 1 << 18];
        loop {
            let length = source.read(&mut block).map_err(unreadable)?;
            if length == 0 {
                break;
            }
            hash.update(&block[..length]);
            keep(&block[..length]);
        }
        let found = hexadecimal(&hash.finalize());
        if found != wanted.sha256 {
            return Err(ModelsError::Changed {
                file,
                expected: wanted.sha256.to_owned(),
                found,
            });
        }
        Ok(())
    }
}

/// SHA-256 of `bytes` as 64 lower-case hexadecimal digits.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    hexadecimal(&Sha256::digest(bytes))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn open(file: &Path) -> Result<File, ModelsError> {
    File::open(file).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => ModelsError::Missing {
            file: file.to_owned(),
        },
        _ => ModelsError::Unreadable {
            file: file.to_owned(),
            source,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with the attack model of the manifest, filled with `content`.
    fn set_with(content: Option<&[u8]>) -> (tempfile::TempDir, ModelSet) {
        let folder = tempfile::tempdir().unwrap();
        let set = ModelSet::new(Manifest::built_in().unwrap(), folder.path().to_owned());
        if let Some(content) = content {
            std::fs::write(folder.path().join(&set.model(Role::Attack).file), content).unwrap();
        }
        (folder, set)
    }

    #[test]
    fn a_missing_file_says_how_to_get_it() {
        let (_folder, set) = set_with(None);
        let found = set.read(Role::Attack).unwrap_err().to_string();
        assert!(found.contains("fr_liveness.onnx is missing"), "{found}");
    }

    #[test]
    fn a_torn_file_is_refused_by_its_size() {
        let (_folder, set) = set_with(Some(b"half a model"));
        let found = set.read(Role::Attack).unwrap_err().to_string();
        assert!(found.ends_with("has 12 bytes, expected 1886811"), "{found}");
    }

    #[test]
    fn a_changed_file_is_refused_by_its_hash() {
        let (_folder, set) = set_with(Some(&vec![7; 1_886_811]));
        let found = set
            .verify(set.model(Role::Attack).wanted())
            .unwrap_err()
            .to_string();
        assert!(found.contains("has SHA-256 "), "{found}");
        assert!(found.contains("expected afa783b7"), "{found}");
    }
}
