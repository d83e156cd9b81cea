//! All files of a lane in one tar file, for a machine without a registry.
//!
//! The bundle proves nothing by itself: what comes out of it is held against the manifest of the
//! machine that takes it, like anything a registry serves.

use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::path::{Path, PathBuf};

use super::{FetchError, News, check, missing, place};
use crate::ModelSet;
use crate::manifest::Wanted;
use crate::models::ModelsError;

/// Why a bundle cannot be written or used.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// A file to be packed is missing or changed: fetch it first.
    #[error(transparent)]
    Models(#[from] ModelsError),
    /// A file of the bundle is not the one that the manifest means, or the folder is at fault.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The bundle is torn, no bundle, or the disk is at fault.
    #[error("bundle {}", .path.display())]
    File {
        /// The bundle.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Another file: name the one that `bundle` wrote.
    #[error("{} is no bundle: no tar archive", .path.display())]
    NoArchive {
        /// The file.
        path: PathBuf,
    },
    /// The bundle was made for another processor or from another manifest.
    #[error("bundle lacks {file}")]
    Lacks {
        /// Path in the model folder.
        file: String,
    },
}

/// Writes `files`, verified, to `path`. The same files give the same bytes.
///
/// # Errors
///
/// [`BundleError`].
pub fn write(set: &ModelSet, files: &[Wanted<'_>], path: &Path) -> Result<(), BundleError> {
    let failed = |source| BundleError::File {
        path: path.to_owned(),
        source,
    };
    let mut builder = tar::Builder::new(File::create(path).map_err(failed)?);
    for wanted in files {
        let bytes = set.read_file(*wanted)?;
        let mut header = tar::Header::new_gnu();
        header.set_size(wanted.bytes);
        header.set_mode(0o644);
        builder
            .append_data(&mut header, wanted.file, &bytes[..])
            .map_err(failed)?;
    }
    builder
        .into_inner()
        .and_then(|file| file.sync_all())
        .map_err(failed)
}

/// Whether the file begins as a tar archive (POSIX.1-1988 on): the library would show its bytes as numbers.
fn is_archive(file: &mut File) -> io::Result<bool> {
    let mut start = Vec::new();
    file.take(512).read_to_end(&mut start)?;
    file.rewind()?;
    Ok(start.get(257..262) == Some(b"ustar"))
}

/// Takes the missing ones of `files` out of the bundle at `path`. What nobody asked for stays in it.
///
/// # Errors
///
/// [`BundleError`]; no file is placed before it was verified.
pub fn fetch(
    set: &ModelSet,
    files: &[Wanted<'_>],
    path: &Path,
    news: &dyn Fn(News<'_>),
) -> Result<(), BundleError> {
    let failed = |source| BundleError::File {
        path: path.to_owned(),
        source,
    };
    let mut wanted = missing(set, files, news);
    let folder = set.folder();
    let disk = |source| FetchError::Disk {
        path: folder.to_owned(),
        source,
    };
    std::fs::create_dir_all(folder).map_err(disk)?;
    let scratch = tempfile::tempdir_in(folder).map_err(disk)?;
    let mut file = File::open(path).map_err(failed)?;
    if !is_archive(&mut file).map_err(failed)? {
        return Err(BundleError::NoArchive {
            path: path.to_owned(),
        });
    }
    let mut archive = tar::Archive::new(file);
    for entry in archive.entries().map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let name = entry.path().map_err(failed)?.into_owned();
        let Some(index) = wanted.iter().position(|file| name == Path::new(file.file)) else {
            continue;
        };
        let file = wanted.swap_remove(index);
        // One byte more than expected shows a longer file without reading all of it.
        let mut bytes = Vec::new();
        entry
            .take(file.bytes.saturating_add(1))
            .read_to_end(&mut bytes)
            .map_err(failed)?;
        check(folder, file, &bytes)?;
        place(folder, scratch.path(), file.file, &bytes)?;
        news(News::Line(&format!("  {}", file.file)));
    }
    match wanted.first() {
        Some(file) => Err(BundleError::Lacks {
            file: file.file.to_owned(),
        }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Manifest;
    use crate::manifest::{Made, Member, Source};
    use crate::models::sha256;

    const CONTENT: &[u8] = b"weights";

    fn set(folder: &Path) -> ModelSet {
        ModelSet::new(Manifest::built_in().unwrap(), folder.to_owned())
    }

    fn wanted<'a>(file: &'a str, sha256: &'a str, from: &'a Member) -> Wanted<'a> {
        Wanted {
            file,
            bytes: CONTENT.len() as u64,
            sha256,
            from: Source::Member(from),
            made: Made::AsShipped,
        }
    }

    #[test]
    fn a_bundle_fills_an_empty_folder_and_nothing_else_comes_out_of_it() {
        let [packed, empty] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        let from = Member {
            archive: "x".into(),
            path: "x".into(),
            sha256: String::new(),
        };
        let hash = sha256(CONTENT);
        let files = ["a.onnx", "b.onnx"].map(|file| wanted(file, &hash, &from));
        for file in &files {
            std::fs::write(packed.path().join(file.file), CONTENT).unwrap();
        }
        let tar = packed.path().join("models.tar");
        write(&set(packed.path()), &files, &tar).unwrap();
        let take = |files: &[Wanted<'_>]| fetch(&set(empty.path()), files, &tar, &|_| {});
        take(&files[..1]).unwrap();
        assert_eq!(std::fs::read(empty.path().join("a.onnx")).unwrap(), CONTENT);
        assert!(!empty.path().join("b.onnx").exists());

        let other = sha256(b"other");
        let changed = take(&[wanted("b.onnx", &other, &from)]).unwrap_err();
        assert!(
            changed.to_string().contains("has SHA-256"),
            "a bundle proves nothing by itself: {changed}"
        );
        assert!(!empty.path().join("b.onnx").exists());
        let lacks = take(&[wanted("c.onnx", &hash, &from)]).unwrap_err();
        assert_eq!(lacks.to_string(), "bundle lacks c.onnx");
        std::fs::write(&tar, b"no bundle").unwrap();
        assert!(take(&files).is_err());
    }

    #[test]
    fn a_file_that_is_no_archive_is_told_without_its_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("models.tar");
        for content in [vec![0xfe; 4_096], b"<html>".to_vec(), Vec::new()] {
            std::fs::write(&path, content).unwrap();
            let found = fetch(&set(folder.path()), &[], &path, &|_| {}).unwrap_err();
            assert!(matches!(found, BundleError::NoArchive { .. }), "{found}");
        }
    }
}
