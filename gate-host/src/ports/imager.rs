//! Permits: the imager that reads their barcodes, and a thread that judges them by the profiles, the
//! trust store and the register of used permits.

mod line;

use super::Outbox;
use crate::clock;
use crate::register::Register;
use crate::trust::Follower;
use gate_document::mrz::Mrz;
use gate_document::seal::imager::{
    FrameError, Frames, ImagerSettings as FrameSettings, ImagerSettingsError, Scanned,
};
use gate_document::seal::profile::{FileError, Gate, MarkError, PermitProfile, check_marks};
use gate_document::seal::{self, SealInspection};
use gate_session::{Device, Event, PermitRule, Span, SpanKind, Ticket};
use line::Told;
use serde::Deserialize;
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;
use tracing::{error, info, warn};

/// Where the imager is, how it is set up, and which permits are taken.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImagerSettings {
    /// Serial device, by a name that does not change: `/dev/gate/imager`.
    pub device: PathBuf,
    /// Bits per second.
    #[serde(default = "baud")]
    pub baud: u32,
    /// How it frames a barcode.
    #[serde(default)]
    pub frame: FrameSettings,
    /// Profiles of the permits (`gate-document/permits/README.md`).
    pub permits: Vec<PathBuf>,
    /// Codes of this port, and of the areas that it belongs to.
    #[serde(default)]
    pub places: Vec<String>,
    /// Everybody needs a permit here: without the imager the lane is closed.
    #[serde(default)]
    pub required: bool,
}

const fn baud() -> u32 {
    115_200
}

/// Why permits cannot be judged: the lane does not start.
#[derive(Debug, thiserror::Error)]
pub enum PermitsError {
    /// Look at path and permissions.
    #[error("permit profile {path}: {problem}")]
    File {
        /// Path.
        path: PathBuf,
        /// What the system said.
        problem: std::io::Error,
    },
    /// Correct the file: see [`FileError`].
    #[error(transparent)]
    Profile(#[from] FileError),
    /// Correct `imager.frame`: see [`ImagerSettingsError`].
    #[error("imager.frame: {0}")]
    Frame(#[from] ImagerSettingsError),
    /// Correct one of the two profiles: see [`MarkError`].
    #[error(transparent)]
    Marks(#[from] MarkError),
    /// Name the profiles, or leave the table `[imager]` out.
    #[error("imager.permits names no profile")]
    Nothing,
}

/// What the settings name, read and found good.
#[derive(Debug)]
pub struct Permits {
    profiles: Vec<PermitProfile>,
    frames: Frames,
}

impl ImagerSettings {
    /// Who has to show a permit.
    #[must_use]
    pub const fn rule(&self) -> PermitRule {
        match self.required {
            true => PermitRule::Required,
            false => PermitRule::Optional,
        }
    }

    /// Reads the profiles.
    ///
    /// # Errors
    ///
    /// [`PermitsError`].
    pub fn open(&self) -> Result<Permits, PermitsError> {
        let profile = |path: &PathBuf| {
            let text = std::fs::read_to_string(path).map_err(|problem| PermitsError::File {
                path: path.clone(),
                problem,
            })?;
            Ok(PermitProfile::parse(&path.display().to_string(), &text)?)
        };
        let profiles: Vec<PermitProfile> = self
            .permits
            .iter()
            .map(profile)
            .collect::<Result<_, PermitsError>>()?;
        if profiles.is_empty() {
            return Err(PermitsError::Nothing);
        }
        check_marks(&profiles)?;
        let frames = Frames::new(self.frame.clone())?;
        Ok(Permits { profiles, frames })
    }
}

/// Questions that may wait: one traveller shows one permit at a time.
const QUEUE: usize = 4;

type Question = (Ticket, Box<Scanned>, Option<Box<Mrz>>);

/// The imager and whoever judges.
#[derive(Debug)]
pub struct ImagerPort {
    questions: mpsc::SyncSender<Question>,
}

impl ImagerPort {
    /// Listens to the imager for as long as the lane exists, and starts the judging thread.
    ///
    /// # Errors
    ///
    /// The system's, when no thread can be started.
    pub fn spawn(
        settings: ImagerSettings,
        permits: Permits,
        trust: Follower,
        register: Register,
        outbox: Outbox,
    ) -> std::io::Result<Self> {
        let Permits { profiles, frames } = permits;
        let device = settings.device.display().to_string();
        let to_lane = outbox.clone();
        tokio::spawn(line::run(
            settings.device,
            settings.baud,
            frames,
            move |told| {
                if let Some(event) = translate(told, &device) {
                    to_lane.post(event);
                }
                to_lane.is_open()
            },
        ));
        let (questions, waiting) = mpsc::sync_channel(QUEUE);
        let judge = Judge {
            profiles,
            places: settings.places,
            trust,
            register,
            outbox,
        };
        thread::Builder::new()
            .name("permits".into())
            .spawn(move || judge.run(&waiting))?;
        Ok(Self { questions })
    }

    /// Judges a barcode; `Event::PermitJudged` follows. Where it does not, the journey stops waiting
    /// by itself.
    pub fn judge(&self, ticket: Ticket, barcode: Box<Scanned>, printed: Option<Box<Mrz>>) {
        if self.questions.try_send((ticket, barcode, printed)).is_err() {
            error!(limit = QUEUE, "permits: queue is full");
        }
    }
}

fn translate(told: Told, device: &str) -> Option<Event> {
    match told {
        Told::Found => {
            info!(device, "imager found");
            Some(Event::DeviceReady(Device::Imager))
        }
        Told::Lost(problem) => {
            error!(%problem, "imager lost");
            Some(Event::DeviceLost(Device::Imager))
        }
        Told::Code(barcode) => {
            info!(symbology = ?barcode.symbology, "barcode read");
            Some(Event::BarcodeRead(Box::new(barcode)))
        }
        // Noise on the line is nobody's permit.
        Told::Bad(problem @ FrameError::NoPrefix { .. }, discarded) => {
            warn!(device, %problem, discarded, "imager sends noise");
            None
        }
        Told::Bad(problem, discarded) => {
            warn!(device, %problem, discarded, "imager sent bytes that are no barcode");
            Some(Event::BarcodeUnreadable)
        }
    }
}

struct Judge {
    profiles: Vec<PermitProfile>,
    places: Vec<String>,
    trust: Follower,
    register: Register,
    outbox: Outbox,
}

impl Judge {
    fn run(mut self, waiting: &mpsc::Receiver<Question>) {
        for (ticket, barcode, printed) in waiting {
            let started = self.outbox.now();
            let inspection = self.inspect(&barcode, printed.as_deref());
            let spent = Span::new(
                "judge permit",
                SpanKind::Software,
                started,
                self.outbox.now(),
            );
            self.outbox.post(Event::Spent(ticket.asked(), vec![spent]));
            self.outbox
                .post(Event::PermitJudged(ticket, Box::new(inspection)));
        }
    }

    fn inspect(&mut self, barcode: &Scanned, printed: Option<&Mrz>) -> SealInspection {
        let places: Vec<&str> = self.places.iter().map(String::as_str).collect();
        let gate = Gate {
            places: &places,
            today: clock::today(),
            printed,
            symbology: barcode.symbology,
        };
        let store = self.trust.store();
        let inspection = seal::inspect(barcode.bytes.expose(), &self.profiles, &*store, &gate);
        let key = inspection.register_key.as_ref();
        let used = key.and_then(|key| match self.register.uses(key.expose()) {
            Ok(used) => Some(used),
            Err(problem) => {
                error!(%problem, "register of used permits cannot be asked");
                None
            }
        });
        inspection.with_uses(used)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> ImagerSettings {
        toml::from_str(&format!("device = \"/dev/gate/imager\"\n{text}")).expect("settings")
    }

    #[test]
    fn settings_that_cannot_work_stop_the_start_and_say_why() {
        let profiles = concat!(env!("CARGO_MANIFEST_DIR"), "/../gate-document/permits");
        let crew = format!("permits = [\"{profiles}/crew-shore-leave.toml\"]\n");
        let good = settings(&crew);
        assert_eq!(good.open().expect("a profile").profiles.len(), 1);
        assert_eq!(good.rule(), PermitRule::Optional);
        assert_eq!(
            settings(&format!("{crew}required = true")).rule(),
            PermitRule::Required
        );
        for (text, word) in [
            ("permits = []".to_owned(), "names no profile"),
            ("permits = [\"/none.toml\"]".to_owned(), "/none.toml"),
            (
                format!("permits = [\"{profiles}/README.md\"]"),
                "README.md:3",
            ),
            (
                format!("{crew}frame = {{ end = \"suffix\" }}"),
                "imager.frame: end = \"suffix\" needs a suffix",
            ),
            (
                format!("permits = [\"{profiles}/port-pass.toml\", \"{profiles}/port-pass.toml\"]"),
                "the mark of one begins with that of the other",
            ),
        ] {
            let problem = settings(&text).open().expect_err(&text).to_string();
            assert!(problem.contains(word), "{problem}");
        }
    }
}
