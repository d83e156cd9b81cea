//! The file of the trust bundle: opened at the start, followed while the lane runs, replaced whole.
//!
//! Beside `trust.bundle` lies `trust.bundle.version`, the highest version that this gate has used. An
//! older bundle is refused, at the start and afterwards, unless `install-trust --force` says so. So is
//! every bundle while that note is there and cannot be read.

use gate_document::trust::bundle::{BUNDLE_BYTES_MAX, BundleError, BundleKey};
use gate_document::trust::difference::Difference;
use gate_document::trust::{Freshness, TrustStore};
use std::ffi::OsString;
use std::fs::{File, Metadata};
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;
use tracing::{error, info, warn};

/// Why there is no trust store.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// Look at path and permissions.
    #[error("{what} {path}: {problem}")]
    File {
        /// What the file is for.
        what: &'static str,
        /// Path.
        path: PathBuf,
        /// What the system said.
        problem: io::Error,
    },
    /// See [`BundleError`].
    #[error("{path}: {problem}")]
    Bundle {
        /// Path.
        path: PathBuf,
        /// What is wrong.
        problem: BundleError,
    },
    /// Look at what goes; if it is meant, force it.
    #[error("{path} takes too much away:\n{difference}")]
    Shrinks {
        /// Path of the new bundle.
        path: PathBuf,
        /// What changes.
        difference: Box<Difference>,
    },
}

/// Where the bundle is, and whose signature it must have.
#[derive(Clone, Debug)]
pub struct TrustFile {
    path: PathBuf,
    key: BundleKey,
}

impl TrustFile {
    /// The bundle at `path`, signed by the key in `key`.
    ///
    /// # Errors
    ///
    /// [`TrustError`] about the key; the bundle is not looked at.
    pub fn new(path: PathBuf, key: &Path) -> Result<Self, TrustError> {
        let pem = read("key of the trust bundle", key)?;
        let key = BundleKey::from_pem(&pem).map_err(|problem| TrustError::Bundle {
            path: key.to_owned(),
            problem,
        })?;
        Ok(Self { path, key })
    }

    /// Reads the bundle. The version never goes down.
    ///
    /// # Errors
    ///
    /// [`TrustError`].
    pub fn open(&self) -> Result<TrustStore, TrustError> {
        let store = self.read(&self.path)?;
        let used = self.highest_used()?;
        store
            .may_follow(used)
            .map_err(|problem| self.refused(&self.path, problem))?;
        if store.version() > used
            && let Err(problem) = self.note(store.version().unwrap_or(0))
        {
            warn!(%problem, "the version of the trust bundle cannot be noted: an older one will not be noticed after a restart");
        }
        Ok(store)
    }

    /// Puts the bundle `new` in place of the one that is there: written beside it, synced, renamed.
    /// `force` takes an older one, and one that takes much away.
    ///
    /// # Errors
    ///
    /// [`TrustError`], and nothing has changed.
    pub fn install(&self, new: &Path, force: bool) -> Result<Difference, TrustError> {
        let bytes = read("new trust bundle", new)?;
        let store =
            TrustStore::open(&bytes, &self.key).map_err(|problem| self.refused(new, problem))?;
        let present = match self.read(&self.path) {
            Ok(present) => present,
            Err(TrustError::File { problem, .. }) if problem.kind() == io::ErrorKind::NotFound => {
                TrustStore::empty()
            }
            // What cannot be read is replaced, and says nothing about what goes.
            Err(TrustError::Bundle { .. }) => TrustStore::empty(),
            Err(problem) => return Err(problem),
        };
        let difference = Difference::between(&present, &store);
        if !force {
            let used = self.highest_used()?.max(present.version());
            store
                .may_follow(used)
                .map_err(|problem| self.refused(new, problem))?;
            if difference.is_suspicious() {
                return Err(TrustError::Shrinks {
                    path: new.to_owned(),
                    difference: Box::new(difference),
                });
            }
        }
        let failed = |problem| TrustError::File {
            what: "trust bundle",
            path: self.path.clone(),
            problem,
        };
        // The note first: should the power fail between the two, a forced older bundle is not there
        // yet, and a newer note would refuse it.
        if force {
            self.note(store.version().unwrap_or(0)).map_err(failed)?;
        }
        replace(&self.path, &bytes).map_err(failed)?;
        Ok(difference)
    }

    fn read(&self, path: &Path) -> Result<TrustStore, TrustError> {
        let bytes = read("trust bundle", path)?;
        TrustStore::open(&bytes, &self.key).map_err(|problem| self.refused(path, problem))
    }

    fn refused(&self, path: &Path, problem: BundleError) -> TrustError {
        TrustError::Bundle {
            path: path.to_owned(),
            problem,
        }
    }

    fn note_path(&self) -> PathBuf {
        beside(&self.path, ".version")
    }

    /// `None` where no bundle was ever used. A note that cannot be read is no licence to go back: the
    /// bundle is refused until `install-trust --force` writes a new one.
    fn highest_used(&self) -> Result<Option<u64>, TrustError> {
        let path = self.note_path();
        let failed = |problem| TrustError::File {
            what: "note of the highest version of the trust bundle",
            path: path.clone(),
            problem,
        };
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(problem) if problem.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(problem) => return Err(failed(problem)),
        };
        let version = text.trim().parse().map_err(|_| {
            failed(io::Error::new(
                io::ErrorKind::InvalidData,
                "no version number",
            ))
        });
        version.map(Some)
    }

    fn note(&self, version: u64) -> io::Result<()> {
        replace(&self.note_path(), format!("{version}\n").as_bytes())
    }
}

/// The store that is in use, and its file. A copy follows the file by itself.
#[derive(Clone, Debug)]
pub struct Follower {
    file: TrustFile,
    freshness: Freshness,
    store: Arc<TrustStore>,
    seen: Option<Stamp>,
}

/// What tells one content of a file from the next: when it was changed, its length, its inode.
type Stamp = (SystemTime, u64, u64);

impl Follower {
    /// Opens the bundle.
    ///
    /// # Errors
    ///
    /// [`TrustError`]: a lane does not start without one.
    pub fn open(file: TrustFile, freshness: Freshness) -> Result<Self, TrustError> {
        let seen = stamp(&file.path);
        let store = Arc::new(file.open()?.with_freshness(freshness));
        Ok(Self {
            file,
            freshness,
            store,
            seen,
        })
    }

    /// The store of the newest good bundle. A bad one is reported once, and the one before stays.
    pub fn store(&mut self) -> Arc<TrustStore> {
        let now = stamp(&self.file.path);
        if now != self.seen {
            self.seen = now;
            match self.file.open() {
                Ok(store) => {
                    let change = Difference::between(&self.store, &store);
                    info!(certificates = store.count(), version = store.version(), %change, "trust bundle read anew");
                    self.store = Arc::new(store.with_freshness(self.freshness));
                }
                Err(problem) => error!(%problem, "trust bundle not used, the one before stays"),
            }
        }
        Arc::clone(&self.store)
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    let file = std::fs::metadata(path).ok()?;
    Some((Metadata::modified(&file).ok()?, file.len(), file.ino()))
}

fn read(what: &'static str, path: &Path) -> Result<Vec<u8>, TrustError> {
    let failed = |problem| TrustError::File {
        what,
        path: path.to_owned(),
        problem,
    };
    let mut bytes = Vec::new();
    // One byte more than any bundle has: it is refused for its length, not read to its end.
    let most = u64::try_from(BUNDLE_BYTES_MAX).unwrap_or(u64::MAX) + 1;
    let file = File::open(path).map_err(failed)?;
    file.take(most).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

/// Writes beside, syncs, renames: whoever opens the file finds the old content or the new one.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = beside(path, ".new");
    let mut file = File::create(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&new, path)?;
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use gate_document::trust::bundle::{BundleSigner, Contents};
    use jiff::civil::date;

    struct Place {
        folder: tempfile::TempDir,
        signer: BundleSigner,
    }

    impl Place {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let signer = BundleSigner::from_secret(&[1; 32]).unwrap();
            let key = signer.public_pem().unwrap();
            std::fs::write(folder.path().join("key"), key).unwrap();
            Self { folder, signer }
        }

        fn path(&self, name: &str) -> PathBuf {
            self.folder.path().join(name)
        }

        fn bundle(&self, name: &str, version: u64) -> PathBuf {
            let contents = Contents::new(version, date(2026, 11, 22));
            std::fs::write(self.path(name), contents.sign(&self.signer).unwrap()).unwrap();
            self.path(name)
        }

        fn file(&self) -> TrustFile {
            TrustFile::new(self.path("bundle"), &self.path("key")).unwrap()
        }
    }

    #[test]
    fn a_running_lane_takes_a_new_bundle_and_keeps_the_old_one_where_the_new_one_is_bad() {
        let place = Place::new();
        place.bundle("bundle", 3);
        let mut follower = Follower::open(place.file(), Freshness::default()).unwrap();
        assert_eq!(follower.store().version(), Some(3));
        place
            .file()
            .install(&place.bundle("new", 4), false)
            .unwrap();
        assert_eq!(follower.store().version(), Some(4));
        replace(&place.path("bundle"), b"damaged").unwrap();
        assert_eq!(follower.store().version(), Some(4));
        let older = std::fs::read(place.bundle("older", 2)).unwrap();
        replace(&place.path("bundle"), &older).unwrap();
        assert_eq!(follower.store().version(), Some(4));
        std::fs::remove_file(place.path("bundle")).unwrap();
        assert_eq!(follower.store().version(), Some(4));
        place
            .file()
            .install(&place.bundle("new", 5), false)
            .unwrap();
        assert_eq!(follower.store().version(), Some(5));
    }

    #[test]
    fn an_older_bundle_is_refused_even_after_a_restart_unless_it_is_forced() {
        let place = Place::new();
        place.bundle("bundle", 3);
        place.file().open().unwrap();
        let older = place.bundle("older", 2);
        let refused = |result: Result<Difference, TrustError>| {
            matches!(
                result,
                Err(TrustError::Bundle {
                    problem: BundleError::Older {
                        found: 2,
                        present: 3
                    },
                    ..
                })
            )
        };
        assert!(refused(place.file().install(&older, false)));
        assert_eq!(place.file().open().unwrap().version(), Some(3));
        // Somebody puts it there by hand.
        std::fs::copy(&older, place.path("bundle")).unwrap();
        assert!(place.file().open().is_err());
        place.file().install(&older, true).unwrap();
        assert_eq!(place.file().open().unwrap().version(), Some(2));
    }

    #[test]
    fn a_damaged_note_of_the_version_lets_no_bundle_in_until_one_is_forced() {
        let place = Place::new();
        place.bundle("bundle", 3);
        place.file().open().unwrap();
        let newer = place.bundle("newer", 4);
        for note in [&b""[..], b"three", b"-1", &[0xFF]] {
            std::fs::write(place.path("bundle.version"), note).unwrap();
            assert!(matches!(place.file().open(), Err(TrustError::File { .. })));
            assert!(place.file().install(&newer, false).is_err());
        }
        place.file().install(&newer, true).unwrap();
        assert_eq!(place.file().open().unwrap().version(), Some(4));
    }

    #[test]
    fn a_bundle_of_another_key_is_never_installed() {
        let place = Place::new();
        place.bundle("bundle", 3);
        let other = BundleSigner::from_secret(&[2; 32]).unwrap();
        let contents = Contents::new(9, date(2026, 11, 22));
        std::fs::write(place.path("new"), contents.sign(&other).unwrap()).unwrap();
        for force in [false, true] {
            assert!(place.file().install(&place.path("new"), force).is_err());
        }
        assert_eq!(place.file().open().unwrap().version(), Some(3));
        assert!(!place.path("bundle.new").exists());
        assert!(TrustFile::new(place.path("bundle"), &place.path("bundle")).is_err());
    }
}
