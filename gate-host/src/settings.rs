//! Settings: one TOML file, every key known, units in the values.

use crate::ports::camera::CameraSettings;
use crate::ports::controller::ControllerSettings;
use crate::ports::imager::ImagerSettings;
use crate::ports::reader::ReaderSettings;
use gate_protocol::site::OutOfBounds;
use gate_session::{Design, Limits};
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

mod site;

pub use site::SiteSettings;

/// Settings of one lane.
///
/// ```toml
/// [controller]
/// device = "/dev/gate/controller"
/// keys = "/etc/gate/controller.keys"
///
/// [controller.site]
/// shape = "two-doors"
/// exit_lock = "fail-safe"
/// on_fire = "both"
/// on_power_loss = "entry-only"
/// timings = { enter = "15 s" }
///
/// [reader] # or [page_camera], with a url as [camera] has it
/// device = "/dev/gate/mrz"
/// profile = "rte-native"
///
/// [chip]
/// reader = "OMNIKEY"
/// trust = "/etc/gate/trust.bundle"
/// trust_key = "/etc/gate/trust.pub"
///
/// [camera]
/// url = "http://192.168.1.20/mjpeg"
///
/// [face]
/// manifest = "/usr/share/gate/models/manifest.toml"
/// models = "/var/lib/gate/models"
///
/// [lists]
/// file = "/var/lib/gate/lists.txt"
///
/// [journal]
/// file = "/var/lib/gate/journal.sqlite"
///
/// [page]
/// listen = "127.0.0.1:8080"
///
/// [limits]
/// officer = "60 s"
///
/// [lane]
/// design = "one-step"
///
/// [imager]
/// device = "/dev/gate/imager"
/// permits = ["/etc/gate/permits/crew-shore-leave.toml"]
/// places = ["VNHPH"]
/// required = false
/// frame = { end = "length", prefix = "\u0002", suffix = "\u0003" }
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Doors and lamps.
    pub controller: ControllerSettings,
    /// Printed zones, from a reader that gives text.
    #[serde(default)]
    pub reader: Option<ReaderSettings>,
    /// Printed zones, from a camera over the glass. A lane has either this or `reader`.
    #[serde(default)]
    pub page_camera: Option<CameraSettings>,
    /// Chips.
    pub chip: ChipSettings,
    /// Camera.
    pub camera: CameraSettings,
    /// Models.
    pub face: FaceSettings,
    /// Lists.
    pub lists: FileSettings,
    /// Journal.
    pub journal: FileSettings,
    /// The traveller's page.
    pub page: PageSettings,
    /// Times and tries; defaults for what is not named.
    #[serde(default)]
    pub limits: LimitSettings,
    /// Permits with a barcode; a lane without this table reads none.
    #[serde(default)]
    pub imager: Option<ImagerSettings>,
    /// How travellers go through the lane.
    #[serde(default)]
    pub lane: LaneSettings,
}

/// How travellers go through the lane.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LaneSettings {
    /// `one-step`, where it is not named: the entry stands open, document and face are examined inside.
    /// `two-step`: the reader stands before the entry, which opens when the document is in order.
    #[serde(default)]
    pub design: Design,
}

/// The contactless reader and whom it trusts.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChipSettings {
    /// A part of the PC/SC reader's name.
    pub reader: String,
    /// The trust bundle (`gate_document::trust::bundle`).
    pub trust: PathBuf,
    /// Public key of whoever makes the bundle: Ed25519 in PEM.
    pub trust_key: PathBuf,
    /// What differs from the default policy (`gate-document/policy/default.toml`); nothing where
    /// there is no such file.
    #[serde(default)]
    pub policy: Option<PathBuf>,
    /// Whether extended-length APDUs are tried (ISO/IEC 7816-4): a chip is read in a third of the
    /// commands. True where it is not named, for a reader or chip that cannot take them is read with
    /// short ones all the same; false is for a reader that hangs over them.
    #[serde(default = "tried")]
    pub extended_length: bool,
}

const fn tried() -> bool {
    true
}

/// Where the models are.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaceSettings {
    /// The list of models with digests and thresholds.
    pub manifest: PathBuf,
    /// Folder with the files that it names.
    pub models: PathBuf,
}

/// A file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileSettings {
    /// Path.
    pub file: PathBuf,
}

/// Where pages are served.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PageSettings {
    /// Address and port. Nothing but loopback is served before there is TLS.
    pub listen: SocketAddr,
}

/// [`Limits`] as a settings file names them: `"8 s"`, `"500 ms"`, `"1 m 30 s"`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LimitSettings {
    entering: Option<Span>,
    placing: Option<Span>,
    reading: Option<Span>,
    looking: Option<Span>,
    examining: Option<Span>,
    recording: Option<Span>,
    lists: Option<Span>,
    leaving: Option<Span>,
    officer: Option<Span>,
    document_tries: Option<u8>,
    chip_tries: Option<u8>,
}

/// A length of time with its unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Span(
    #[serde(
        deserialize_with = "jiff::fmt::serde::unsigned_duration::friendly::compact::required::deserialize"
    )]
    Duration,
);

/// What the controller takes as a permit's time.
const LEAVING_RANGE: std::ops::RangeInclusive<Duration> =
    Duration::from_secs(3)..=Duration::from_secs(30);

/// Shortest and longest time that a settings file may name for any limit.
const LIMIT_RANGE: std::ops::RangeInclusive<Duration> =
    Duration::from_millis(100)..=Duration::from_secs(600);

/// Why there are no settings.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// Look at path and permissions.
    #[error("settings {path}: {problem}")]
    File {
        /// Path of the settings.
        path: PathBuf,
        /// What the system said.
        problem: std::io::Error,
    },
    /// The text names the line, what was expected and what was found.
    #[error("settings {path}: {problem}")]
    Text {
        /// Path of the settings.
        path: PathBuf,
        /// What is wrong.
        problem: Box<toml::de::Error>,
    },
    /// Choose a value inside the range.
    #[error("settings {path}: limits.{key} is {found:?}, {min:?} to {max:?} expected")]
    Range {
        /// Path of the settings.
        path: PathBuf,
        /// Key.
        key: &'static str,
        /// Value found.
        found: Duration,
        /// Least value.
        min: Duration,
        /// Greatest value.
        max: Duration,
    },
    /// Choose a time inside its bounds: the controller takes no other.
    #[error("settings {path}: controller.site: {problem}")]
    Site {
        /// Path of the settings.
        path: PathBuf,
        /// Which time, its bounds and what was found.
        problem: OutOfBounds,
    },
    /// Name one of the two: a lane reads zones in one way.
    #[error("settings {path}: {found} of the tables reader and page_camera, 1 expected")]
    ZoneReader {
        /// Path of the settings.
        path: PathBuf,
        /// How many there are.
        found: usize,
    },
    /// The page may only listen on loopback.
    #[error("settings {path}: page.listen is {found}, a loopback address expected")]
    NotLoopback {
        /// Path of the settings.
        path: PathBuf,
        /// Address found.
        found: SocketAddr,
    },
}

impl Settings {
    /// Reads and checks the settings at `path`.
    ///
    /// # Errors
    ///
    /// [`SettingsError`].
    pub fn open(path: &Path) -> Result<Self, SettingsError> {
        let text = std::fs::read_to_string(path).map_err(|problem| SettingsError::File {
            path: path.into(),
            problem,
        })?;
        Self::parse(&text, path)
    }

    /// Reads and checks the text of settings, which came from `path`.
    ///
    /// # Errors
    ///
    /// [`SettingsError`].
    pub fn parse(text: &str, path: &Path) -> Result<Self, SettingsError> {
        let settings: Self = toml::from_str(text).map_err(|problem| SettingsError::Text {
            path: path.into(),
            problem: Box::new(problem),
        })?;
        if !settings.page.listen.ip().is_loopback() {
            return Err(SettingsError::NotLoopback {
                path: path.into(),
                found: settings.page.listen,
            });
        }
        let found =
            usize::from(settings.reader.is_some()) + usize::from(settings.page_camera.is_some());
        if found != 1 {
            return Err(SettingsError::ZoneReader {
                path: path.into(),
                found,
            });
        }
        settings.limits.check(path)?;
        if let Some(site) = &settings.controller.site {
            site.site().map_err(|problem| SettingsError::Site {
                path: path.into(),
                problem,
            })?;
        }
        Ok(settings)
    }
}

impl LimitSettings {
    const fn named(&self) -> [(&'static str, Option<Span>); 9] {
        [
            ("entering", self.entering),
            ("placing", self.placing),
            ("reading", self.reading),
            ("looking", self.looking),
            ("examining", self.examining),
            ("recording", self.recording),
            ("lists", self.lists),
            ("leaving", self.leaving),
            ("officer", self.officer),
        ]
    }

    fn check(&self, path: &Path) -> Result<(), SettingsError> {
        for (key, value) in self.named() {
            let range = if key == "leaving" {
                LEAVING_RANGE
            } else {
                LIMIT_RANGE
            };
            if let Some(Span(found)) = value
                && !range.contains(&found)
            {
                let (min, max) = range.into_inner();
                return Err(SettingsError::Range {
                    path: path.into(),
                    key,
                    found,
                    min,
                    max,
                });
            }
        }
        Ok(())
    }

    /// The limits: what is named here, defaults for the rest.
    #[must_use]
    pub fn limits(&self) -> Limits {
        let default = Limits::default();
        let or = |value: Option<Span>, otherwise| value.map_or(otherwise, |Span(value)| value);
        Limits {
            entering: or(self.entering, default.entering),
            placing: or(self.placing, default.placing),
            reading: or(self.reading, default.reading),
            looking: or(self.looking, default.looking),
            examining: or(self.examining, default.examining),
            recording: or(self.recording, default.recording),
            lists: or(self.lists, default.lists),
            leaving: or(self.leaving, default.leaving),
            officer: or(self.officer, default.officer),
            document_tries: self.document_tries.unwrap_or(default.document_tries).max(1),
            chip_tries: self.chip_tries.unwrap_or(default.chip_tries).max(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
[controller]
device = "/dev/gate/controller"
keys = "/etc/gate/controller.keys"
[reader]
device = "/dev/gate/mrz"
[chip]
reader = "OMNIKEY"
trust = "/etc/gate/trust.bundle"
trust_key = "/etc/gate/trust.pub"
[camera]
url = "http://127.0.0.1:9/mjpeg"
[face]
manifest = "/m/manifest.toml"
models = "/m"
[lists]
file = "/l"
[journal]
file = "/j"
[page]
listen = "127.0.0.1:8080"
[limits]
officer = "90 s"
looking = "1m 30s"
"#;

    const PAGE_CAMERA: &str = "[page_camera]\nurl = \"http://127.0.0.1:9/page\"\n[face]";

    fn open(text: &str) -> Result<Settings, SettingsError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        Settings::open(file.path())
    }

    #[test]
    fn times_carry_their_unit() {
        let limits = open(GOOD).unwrap().limits.limits();
        assert_eq!(limits.officer, Duration::from_secs(90));
        assert_eq!(limits.looking, Duration::from_secs(90));
        assert_eq!(limits.reading, Limits::default().reading);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        let cases = [
            (GOOD.replace("officer", "oficer"), "oficer"),
            (GOOD.replace("\"90 s\"", "90"), "officer"),
            (GOOD.replace("90 s", "90 parsecs"), "officer"),
            (GOOD.replace("90 s", "90 h"), "limits.officer"),
            (GOOD.replace("officer", "leaving"), "limits.leaving"),
            (GOOD.replace("officer", "leaving"), "limits.leaving"),
            (GOOD.replace("[journal]\nfile = \"/j\"\n", ""), "journal"),
            (GOOD.replace("127.0.0.1:8080", "0.0.0.0:8080"), "loopback"),
            (GOOD.replace("[page]", "[page"), "line 20"),
            (
                GOOD.replace("[reader]\ndevice = \"/dev/gate/mrz\"\n", ""),
                "0 of the tables",
            ),
            (
                GOOD.replace("[face]", PAGE_CAMERA),
                "2 of the tables reader and page_camera",
            ),
        ];
        for (text, word) in cases {
            let error = open(&text).unwrap_err().to_string();
            assert!(error.contains(word), "{word}: {error}");
        }
    }
}
