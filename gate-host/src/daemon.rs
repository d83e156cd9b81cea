//! Puts a lane together from its settings and runs it.

use crate::clock::Clock;
use crate::journal::{Journal, JournalError};
use crate::keys::{HostKeys, KeysError};
use crate::lane;
use crate::page;
use crate::ports::camera::Camera;
use crate::ports::chip::ChipPort;
use crate::ports::controller::ControllerPort;
use crate::ports::face::FacePort;
use crate::ports::imager::{ImagerPort, PermitsError};
use crate::ports::journal::JournalPort;
use crate::ports::lists::ListsPort;
use crate::ports::{self, LanePorts, page_camera, zone};
use crate::register::Register;
use crate::screens::Screens;
use crate::settings::{ChipSettings, Settings};
use crate::trust::{self, TrustError, TrustFile};
use gate_document::policy::{Policy, PolicyError};
use gate_face::capture::Rules;
use gate_face::engine::{FaceEngine, LoadError};
use gate_face::manifest::{Manifest, ManifestError};
use gate_face::models::ModelSet;
use gate_protocol::keys::Secret;
use gate_session::{Device, Event, PermitRule, Session};
use gate_zone::ZoneReader;
use std::path::{Path, PathBuf};
use tokio::net::TcpListener;
use tracing::{info, warn};

/// Why a lane does not start. What may come back by itself — a device, a camera — is no such
/// reason: the lane starts closed and opens when everything is there.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// See [`JournalError`].
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// See [`KeysError`].
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// Look at path and permissions.
    #[error("{what} {path}: {problem}")]
    File {
        /// What the file is for.
        what: &'static str,
        /// Path.
        path: PathBuf,
        /// What the system said.
        problem: std::io::Error,
    },
    /// See [`TrustError`].
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// See [`PolicyError`].
    #[error("{path}: {problem}")]
    Policy {
        /// Path.
        path: PathBuf,
        /// What is wrong.
        problem: PolicyError,
    },
    /// See [`PermitsError`].
    #[error(transparent)]
    Permits(#[from] PermitsError),
    /// The list of models is damaged: install it again.
    #[error("model manifest {path}: {problem}")]
    Manifest {
        /// Path.
        path: PathBuf,
        /// What is wrong.
        problem: ManifestError,
    },
    /// A model or the runtime is missing or not the one that was calibrated: fetch it again.
    #[error(transparent)]
    Models(#[from] LoadError),
    /// The same, of the model that reads printed lines.
    #[error(transparent)]
    ZoneModel(#[from] gate_zone::error::LoadError),
    /// Another program has the port, or a second daemon runs.
    #[error("page cannot listen on {address}: {problem}")]
    Page {
        /// Address in the settings.
        address: std::net::SocketAddr,
        /// What the system said.
        problem: std::io::Error,
    },
    /// A part of the daemon ended that never should; it is started anew by the system. Report it.
    #[error("the {0} ended by itself")]
    Ended(&'static str),
    /// The system is out of threads.
    #[error("thread cannot be started: {0}")]
    Thread(std::io::Error),
}

/// Runs a lane until `shutdown` is done.
///
/// # Errors
///
/// [`StartError`] while starting; afterwards only [`StartError::Ended`].
pub async fn run(
    settings: Settings,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<(), StartError> {
    let clock = Clock::start();
    let keys = HostKeys::open(&settings.controller.keys)?;
    let journal = Journal::open(&settings.journal.file)?;
    let travellers = journal.last_traveller()?;
    let policy = open_policy(&settings.chip)?;
    let mut trust = open_trust(&settings.chip, &policy)?;
    let store = trust.store();
    info!(
        certificates = store.count(),
        version = store.version(),
        "trust bundle read"
    );
    let models = open_models(&settings)?;
    let rules = Rules::of(models.manifest());
    let engine = tokio::task::block_in_place(|| FaceEngine::load(&models))?;
    let listen = settings.page.listen;
    let listener = TcpListener::bind(listen)
        .await
        .map_err(|problem| StartError::Page {
            address: listen,
            problem,
        })?;
    let (screens, published) = Screens::new();

    let (outbox, inbox) = ports::queue(clock);
    if let Some(reader) = settings.reader {
        zone::spawn(reader, outbox.clone());
    }
    if let Some(camera) = settings.page_camera {
        let reader = tokio::task::block_in_place(|| ZoneReader::load(&models))?;
        page_camera::spawn(camera, reader, outbox.clone()).map_err(StartError::Thread)?;
    }
    let camera = Camera::spawn(settings.camera, clock, {
        let outbox = outbox.clone();
        move |works| {
            outbox.post(if works {
                Event::DeviceReady(Device::Camera)
            } else {
                Event::DeviceLost(Device::Camera)
            })
        }
    });
    let mut rule = PermitRule::default();
    let imager = match settings.imager {
        Some(imager) => {
            rule = imager.rule();
            let permits = imager.open()?;
            let register = Register::open(&settings.journal.file)?;
            let port = ImagerPort::spawn(imager, permits, trust.clone(), register, outbox.clone());
            Some(port.map_err(StartError::Thread)?)
        }
        None => None,
    };
    let ports = LanePorts {
        inbox,
        controller: ControllerPort::spawn(
            settings.controller,
            keys,
            Secret::new(rand::random()),
            outbox.clone(),
        ),
        chip: ChipPort::spawn(settings.chip, trust, outbox.clone()).map_err(StartError::Thread)?,
        // No depth camera has a driver yet.
        face: FacePort::spawn(engine, rules, camera, None, outbox.clone())
            .map_err(StartError::Thread)?,
        lists: ListsPort::spawn(settings.lists.file, outbox.clone()),
        journal: JournalPort::spawn(journal, outbox).map_err(StartError::Thread)?,
        screens,
        imager,
    };
    let session = Session::new(settings.limits.limits())
        .with_policy(policy)
        .with_permits(rule)
        .with_design(settings.lane.design)
        .counting_from(travellers);
    info!(page = %format!("http://{listen}/"), after_ms = clock.now().as_millis(), "lane started");
    tokio::select! {
        () = lane::run(session, ports, clock) => Err(StartError::Ended("lane")),
        served = page::serve(listener, published, std::future::pending()) => {
            if let Err(problem) = served {
                warn!(%problem, "page ended");
            }
            Err(StartError::Ended("page"))
        }
        () = shutdown => {
            info!("stopped: the controller makes the lane safe when the lease lapses");
            Ok(())
        }
    }
}

fn open_policy(settings: &ChipSettings) -> Result<Policy, StartError> {
    let Some(path) = &settings.policy else {
        return Ok(Policy::default());
    };
    let text = std::fs::read_to_string(path).map_err(|problem| StartError::File {
        what: "policy",
        path: path.clone(),
        problem,
    })?;
    Policy::parse(&text).map_err(|problem| StartError::Policy {
        path: path.clone(),
        problem,
    })
}

fn open_trust(settings: &ChipSettings, policy: &Policy) -> Result<trust::Follower, TrustError> {
    let file = TrustFile::new(settings.trust.clone(), &settings.trust_key)?;
    trust::Follower::open(file, policy.freshness())
}

fn open_models(settings: &Settings) -> Result<ModelSet, StartError> {
    let manifest = read_manifest(&settings.face.manifest)?;
    Ok(ModelSet::new(manifest, settings.face.models.clone()))
}

/// Reads the list of models with its calibrations.
pub(crate) fn read_manifest(path: &Path) -> Result<Manifest, StartError> {
    Manifest::open(path).map_err(|problem| StartError::Manifest {
        path: path.to_owned(),
        problem,
    })
}
