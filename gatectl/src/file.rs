//! Files of a desk: regular ones, as long as their kind may be.

use crate::failure::Failure;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::Path;
use zeroize::Zeroizing;

/// Longer than any file of a chip, and than the certificates of all States in PEM (692 of them take
/// some 1.5 MB), in bytes.
pub(crate) const LONGEST: u64 = 16 << 20;

/// Why a file was not read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileError {
    /// Correct the path, or the permissions.
    #[error("{path}: {problem}")]
    System {
        /// Which file.
        path: String,
        /// What the system said.
        problem: io::Error,
    },
    /// Name a file. A pipe would be waited for, and a device has no end.
    #[error("{path}: {found} found, a regular file expected")]
    Irregular {
        /// Which file.
        path: String,
        /// What it is.
        found: &'static str,
    },
    /// It is another file than the one that was meant.
    #[error("{path}: longer than {most} bytes")]
    Long {
        /// Which file.
        path: String,
        /// So many are read.
        most: u64,
    },
    /// Save it as UTF-8.
    #[error("{path}: line {line} is not in UTF-8")]
    Encoding {
        /// Which file.
        path: String,
        /// Which line, from 1.
        line: usize,
    },
}

impl FileError {
    /// The failure in words that stay, in the step that wanted the file.
    pub(crate) fn failure(&self, step: &'static str) -> Failure {
        let (kind, rule, next) = match self {
            Self::System { .. } => (
                "unreadable-file",
                "the file is there and can be read",
                "correct the path, or the permissions",
            ),
            Self::Irregular { .. } => (
                "unreadable-file",
                "the file is a regular one",
                "name a file: no folder, pipe or device",
            ),
            Self::Long { .. } => (
                "file-too-long",
                "the file is no longer than its kind may be",
                "name the right file: this one is too long to be it",
            ),
            Self::Encoding { .. } => (
                "file-encoding",
                "the file is text in UTF-8",
                "save the file as UTF-8",
            ),
        };
        Failure::new(kind, step, rule, next)
    }
}

/// Reads a regular file of at most `most` bytes.
pub(crate) fn read(path: &Path, most: u64) -> Result<Zeroizing<Vec<u8>>, FileError> {
    let name = || path.display().to_string();
    let failed = |problem| FileError::System {
        path: name(),
        problem,
    };
    let found = fs::metadata(path).map_err(failed)?;
    if !found.is_file() {
        return Err(FileError::Irregular {
            path: name(),
            found: if found.is_dir() {
                "a folder"
            } else {
                "a pipe or device"
            },
        });
    }
    let file = File::open(path).map_err(failed)?;
    // As long as the file says, so that nothing moves and leaves a copy behind.
    let length = found.len().min(most) as usize;
    let mut bytes = Zeroizing::new(Vec::with_capacity(length + 1));
    file.take(most + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() as u64 > most {
        return Err(FileError::Long { path: name(), most });
    }
    Ok(bytes)
}

/// Reads a text, without the mark that some editors put before it.
pub(crate) fn text(path: &Path) -> Result<Zeroizing<String>, FileError> {
    let bytes = read(path, LONGEST)?;
    let bare = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
    match std::str::from_utf8(bare) {
        Ok(text) => Ok(Zeroizing::new(text.to_owned())),
        Err(problem) => {
            let before = &bare[..problem.valid_up_to()];
            Err(FileError::Encoding {
                path: path.display().to_string(),
                line: 1 + before.iter().filter(|byte| **byte == b'\n').count(),
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_regular_file_or_no_text_is_refused_with_its_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let said = |path: &Path| text(path).err().map(|error| error.to_string());
        let of = |path: &str| said(Path::new(path));
        let device = "/dev/zero: a pipe or device found, a regular file expected";
        assert_eq!(of("/dev/zero").as_deref(), Some(device));
        let inside = said(folder.path()).expect("refused");
        assert!(inside.ends_with(": a folder found, a regular file expected"));
        let path = folder.path().join("policy.toml");
        fs::write(&path, b"\xEF\xBB\xBF[checks]\n").expect("written");
        assert_eq!(**text(&path).expect("read"), *"[checks]\n");
        fs::write(&path, b"[checks]\n# caf\xE9\n").expect("written");
        let latin = said(&path).expect("refused");
        assert!(
            latin.ends_with("policy.toml: line 2 is not in UTF-8"),
            "{latin}"
        );
    }

    #[test]
    fn a_file_with_the_certificates_of_all_states_is_not_too_long() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("anchors.pem");
        fs::write(&path, vec![b'A'; 692 * 4_096]).expect("written");
        assert_eq!(read(&path, LONGEST).expect("read").len(), 692 * 4_096);
        let long = File::create(&path).expect("made");
        long.set_len(LONGEST + 1).expect("stretched");
        let refused = read(&path, LONGEST).err();
        assert!(matches!(refused, Some(FileError::Long { .. })));
    }
}
