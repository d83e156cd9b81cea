//! The file with the host's keys: made by pairing, read at the start, for nobody else's eyes.
//!
//! ```toml
//! own = "64 hexadecimal digits"        # the host's static key: secret
//! controller = "64 hexadecimal digits" # the controller's static key: public
//! shared = "64 hexadecimal digits"     # known to both: secret
//! ```

use gate_protocol::keys::{KEY_LEN, Pairing, PublicKey, Secret};
use serde::Deserialize;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use zeroize::{Zeroize, Zeroizing};

/// Read and write for the owner, nothing for anybody else.
const MODE: u32 = 0o600;
/// Far more than three keys and some comments.
const FILE_MAX: u64 = 4_096;

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// There is no such file, or the daemon may not read it: pair the controller (`gate-host pair`)
    /// or look at the permissions.
    #[error("keys of the gate controller {path}: {problem}")]
    File {
        /// Path of the keys.
        path: PathBuf,
        /// What the system said.
        problem: io::Error,
    },
    /// Whoever read the file can act as this host: take the permission away (`chmod 600`), and pair
    /// anew if somebody may have read it.
    #[error("keys of the gate controller {path}: mode {found:03o}, {MODE:03o} expected")]
    Insecure {
        /// Path of the keys.
        path: PathBuf,
        /// Its permissions.
        found: u32,
    },
    /// The file is damaged: pair the controller anew.
    #[error("keys of the gate controller {path}: {problem}")]
    Text {
        /// Path of the keys.
        path: PathBuf,
        /// What is wrong; never what stands there.
        problem: &'static str,
    },
    /// The host is paired already: to pair it anew, say so (`--again`).
    #[error("keys of the gate controller {path}: exist already")]
    Exists {
        /// Path of the keys.
        path: PathBuf,
    },
}

/// A host's keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostKeys {
    /// Its own static key.
    pub own: Secret,
    /// The controller that it is paired with.
    pub pairing: Pairing,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    own: String,
    controller: String,
    shared: String,
}

impl Drop for Text {
    fn drop(&mut self) {
        self.own.zeroize();
        self.shared.zeroize();
    }
}

impl HostKeys {
    /// Reads the file at `path`.
    ///
    /// # Errors
    ///
    /// [`KeysError::File`], [`KeysError::Insecure`], [`KeysError::Text`].
    pub fn open(path: &Path) -> Result<Self, KeysError> {
        let failed = |problem| KeysError::File {
            path: path.into(),
            problem,
        };
        let file = File::open(path).map_err(failed)?;
        let found = file.metadata().map_err(failed)?.mode() & 0o777;
        if found & !MODE != 0 {
            return Err(KeysError::Insecure {
                path: path.into(),
                found,
            });
        }
        let mut text = Zeroizing::new(String::new());
        file.take(FILE_MAX)
            .read_to_string(&mut text)
            .map_err(failed)?;
        Self::parse(&text).map_err(|problem| KeysError::Text {
            path: path.into(),
            problem,
        })
    }

    /// Reads the text of such a file.
    ///
    /// # Errors
    ///
    /// What is wrong; never what stands there.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let text: Text = toml::from_str(text)
            .map_err(|_| "own, controller and shared expected, each once, in TOML")?;
        let [own, controller, shared] = [&text.own, &text.controller, &text.shared].map(|t| hex(t));
        Ok(Self {
            own: own.ok_or("own is not 64 hexadecimal digits")?,
            pairing: Pairing {
                peer: PublicKey(
                    *controller
                        .ok_or("controller is not 64 hexadecimal digits")?
                        .bytes(),
                ),
                shared: shared.ok_or("shared is not 64 hexadecimal digits")?,
            },
        })
    }

    /// Says whether the file at `path` may be written.
    ///
    /// # Errors
    ///
    /// [`KeysError::Exists`] if it is there and `again` is not meant.
    pub fn check_free(path: &Path, again: bool) -> Result<(), KeysError> {
        if path.exists() && !again {
            return Err(KeysError::Exists { path: path.into() });
        }
        Ok(())
    }

    /// Writes the file at `path`, whole or not at all.
    ///
    /// # Errors
    ///
    /// [`KeysError::Exists`] as [`HostKeys::check_free`] says, [`KeysError::File`].
    pub fn write(&self, path: &Path, again: bool) -> Result<(), KeysError> {
        Self::check_free(path, again)?;
        self.write_beside(path).map_err(|problem| KeysError::File {
            path: path.into(),
            problem,
        })
    }

    fn write_beside(&self, path: &Path) -> io::Result<()> {
        let beside = path.with_extension("new");
        match std::fs::remove_file(&beside) {
            Err(problem) if problem.kind() != io::ErrorKind::NotFound => return Err(problem),
            _ => {}
        }
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(MODE)
            .open(&beside)?;
        let text = Zeroizing::new(format!(
            "# Keys of this host and its gate controller. Whoever reads them can act as this host.\n\
             own = \"{}\"\ncontroller = \"{}\"\nshared = \"{}\"\n",
            *digits(self.own.bytes()),
            *digits(&self.pairing.peer.0),
            *digits(self.pairing.shared.bytes()),
        ));
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&beside, path)
    }
}

fn digits(key: &[u8; KEY_LEN]) -> Zeroizing<String> {
    Zeroizing::new(key.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn hex(text: &str) -> Option<Secret> {
    let mut key = Zeroizing::new([0; KEY_LEN]);
    // A number may have a sign before it, a key may not.
    let digits = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if text.len() != 2 * KEY_LEN || !digits {
        return None;
    }
    for (place, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&text[2 * place..2 * place + 2], 16).ok()?;
    }
    Some(Secret::new(*key))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn keys() -> HostKeys {
        HostKeys {
            own: Secret::new([0x11; KEY_LEN]),
            pairing: Pairing {
                peer: PublicKey([0x22; KEY_LEN]),
                shared: Secret::new([0x33; KEY_LEN]),
            },
        }
    }

    #[test]
    fn what_is_written_is_read_and_nobody_else_can() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.toml");
        keys().write(&path, false).unwrap();
        assert_eq!(HostKeys::open(&path).unwrap(), keys());
        assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o600);
    }

    #[test]
    fn keys_are_not_overwritten_unless_that_is_meant() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.toml");
        keys().write(&path, false).unwrap();
        let error = keys().write(&path, false).unwrap_err();
        assert!(matches!(error, KeysError::Exists { .. }), "{error}");
        let other = HostKeys {
            own: Secret::new([0x44; KEY_LEN]),
            ..keys()
        };
        other.write(&path, true).unwrap();
        assert_eq!(HostKeys::open(&path).unwrap(), other);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_others_may_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys.toml");
        keys().write(&path, false).unwrap();
        for mode in [0o640, 0o604, 0o660, 0o601, 0o777] {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            let error = HostKeys::open(&path).unwrap_err().to_string();
            assert!(
                error.contains(&format!("mode {mode:03o}, 600 expected")),
                "{error}"
            );
        }
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o400)).unwrap();
        assert!(HostKeys::open(&path).is_ok());
    }

    #[test]
    fn what_is_wrong_is_named_and_no_key_is_shown() {
        let good = "own = \"OOO\"\ncontroller = \"CCC\"\nshared = \"SSS\"\n"
            .replace("OOO", &"11".repeat(32))
            .replace("CCC", &"22".repeat(32))
            .replace("SSS", &"33".repeat(32));
        assert_eq!(HostKeys::parse(&good), Ok(keys()));
        for (text, word) in [
            (good.replace("1111", "+1+1"), "own is not"),
            (good.replace("own", "won"), "own, controller and shared"),
            (
                good.replace("shared", "shared = 1 #"),
                "own, controller and shared",
            ),
            (good.replace(&"11".repeat(32), "11"), "own is not 64"),
            (good.replace("22", "2g"), "controller is not 64"),
            (good.replace("33", "3"), "shared is not 64"),
            (good.replace("33", "3é"), "shared is not 64"),
            (String::new(), "own, controller and shared"),
        ] {
            let error = HostKeys::parse(&text).unwrap_err();
            assert!(error.contains(word), "{word}: {error}");
            assert!(
                !error.contains("1111") && !error.contains("3333"),
                "{error}"
            );
        }
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = HostKeys::open(Path::new("/none/keys.toml")).unwrap_err();
        assert!(error.to_string().contains("/none/keys.toml"), "{error}");
    }
}
