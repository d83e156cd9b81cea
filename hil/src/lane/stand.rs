//! The simulated lane: the controller, the devices, and the world that moves both.

use super::cast::{Cast, Part};
use super::controller::{Controller, Make};
use anyhow::Context;
use gate_document::seal::imager::Symbology;
use gate_protocol::Instant;
use gate_protocol::pins::Bits;
use gate_session::Screen;
use gate_sim::camera::Camera;
use gate_sim::chip::Chip;
use gate_sim::chip::latency;
use gate_sim::chip::pcscd::Pcscd;
use gate_sim::chip::vpcd::Placed;
use gate_sim::fault::Fault;
use gate_sim::imager::Imager;
use gate_sim::profile::Profile;
use gate_sim::reader::{Reader, ReaderFault};
use gate_sim::world::{Action, Placement, View, World};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

/// How often doors and people move.
const STEP: Duration = Duration::from_millis(5);

/// Doors and people move so far at once at most: on a machine that is late they are slow, and do not
/// jump past what a sensor would have seen.
const STRIDE_MAX: Duration = Duration::from_millis(20);

/// Bits per second of the document reader's line.
const READER_BAUD: u32 = 9_600;

/// How many times as long a slow chip takes.
const SLOW: u32 = 3;

/// The devices of a lane and the world around them.
pub(crate) struct Stand {
    controller: Controller,
    reader: Reader,
    reader_name: PathBuf,
    camera: Option<Camera>,
    camera_address: SocketAddr,
    pcscd: Option<Pcscd>,
    chip_reader: String,
    world: World,
    /// The world's time, and when it was that late.
    world_now: Instant,
    stepped: Instant,
    cast: Cast,
    inputs: Bits,
    profile: Profile,
    rng: ChaCha8Rng,
    screen: watch::Receiver<Screen>,
    started: tokio::time::Instant,
    document: Document,
    part: Option<(String, usize)>,
    imager: Imager,
    imager_name: PathBuf,
    permit: Option<Vec<u8>>,
    /// What the camera sees when it sees anything.
    view: View,
    faults: BTreeSet<Fault>,
}

/// Where the traveller's document is.
enum Document {
    /// There is none.
    None,
    /// In the traveller's hand.
    InHand(Box<Chip>),
    /// On the reader.
    Placed(Placed),
    /// On its way back into the hand: the reader takes its time to notice.
    Lifted(JoinHandle<Option<Chip>>),
}

impl Stand {
    /// Switches everything on.
    pub(crate) async fn power_on(
        make: &Make,
        folder: &Path,
        mut cast: Cast,
        profile: Profile,
        seed: u64,
    ) -> anyhow::Result<Self> {
        let mut world = World::new(profile.clone(), seed);
        let inputs = world.step(Instant::ZERO, Bits(0));
        let controller = Controller::power_on(make, folder, inputs)?;
        let reader_name = folder.join("mrz");
        let reader =
            Reader::plug(&reader_name, READER_BAUD).context("simulated document reader")?;
        let camera_address = super::daemon::free_port(0)?;
        let scene = cast.scene(0, View::Nobody);
        let camera = Camera::listen(camera_address, cast.format(), scene);
        let camera = camera.await.context("simulated camera")?;
        let pcscd = Pcscd::start()?;
        let imager_name = folder.join("imager");
        let imager = Imager::plug(&imager_name).context("simulated imager")?;
        let (_, nothing) = watch::channel(Screen::OutOfService);
        Ok(Self {
            controller,
            reader,
            reader_name,
            camera: Some(camera),
            camera_address,
            chip_reader: pcscd.reader().to_owned(),
            pcscd: Some(pcscd),
            world,
            world_now: Instant::ZERO,
            stepped: Instant::ZERO,
            cast,
            inputs,
            profile,
            rng: ChaCha8Rng::seed_from_u64(seed),
            screen: nothing,
            started: tokio::time::Instant::now(),
            document: Document::None,
            part: None,
            imager,
            imager_name,
            permit: None,
            view: View::Nobody,
            faults: BTreeSet::new(),
        })
    }

    /// The controller.
    pub(crate) const fn controller(&self) -> &Controller {
        &self.controller
    }

    /// The levels at the controller's inputs.
    pub(crate) const fn inputs(&self) -> Bits {
        self.inputs
    }

    /// Time since everything was switched on.
    pub(crate) fn now(&self) -> Instant {
        let micros = self.started.elapsed().as_micros();
        Instant::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
    }

    /// The document reader's serial line.
    pub(crate) fn reader(&self) -> &Path {
        &self.reader_name
    }

    /// The imager's serial line.
    pub(crate) fn imager(&self) -> &Path {
        &self.imager_name
    }

    /// Name of the contactless reader.
    pub(crate) fn chip_reader(&self) -> &str {
        &self.chip_reader
    }

    /// Where the camera serves.
    pub(crate) fn camera(&self) -> String {
        format!("http://{}/stream.mjpeg", self.camera_address)
    }

    /// The people in the lane see this screen from now on.
    pub(crate) fn look_at(&mut self, screen: watch::Receiver<Screen>) {
        self.screen = screen;
    }

    /// The faces and documents of this lane.
    pub(crate) const fn cast(&mut self) -> &mut Cast {
        &mut self.cast
    }

    /// Somebody sets out for the lane.
    pub(crate) fn send(&mut self, part: Part) {
        self.permit = part.permit;
        self.part = Some((part.zone, part.face));
        self.document = Document::InHand(Box::new(part.chip));
        self.world.send(part.persona);
    }

    /// Whether nobody is in the lane or on the way to it.
    pub(crate) fn is_deserted(&self) -> bool {
        self.world.is_deserted()
    }

    /// Lets the world go on until `done` is done.
    pub(crate) async fn live<T>(&mut self, done: impl Future<Output = T>) -> anyhow::Result<T> {
        let mut steps = interval(STEP);
        steps.set_missed_tick_behavior(MissedTickBehavior::Delay);
        tokio::pin!(done);
        loop {
            tokio::select! {
                result = &mut done => return Ok(result),
                _ = steps.tick() => self.step().await?,
            }
        }
    }

    /// One step of the world, and the pause until the next.
    pub(crate) async fn step_and_rest(&mut self) -> anyhow::Result<()> {
        self.step().await?;
        tokio::time::sleep(STEP).await;
        Ok(())
    }

    /// One step of the world in real time.
    async fn step(&mut self) -> anyhow::Result<()> {
        let late = self.now();
        self.world_now = self.world_now + late.since(self.stepped).min(STRIDE_MAX);
        self.stepped = late;
        let now = self.world_now;
        if self.screen.has_changed().unwrap_or(false) {
            let screen = *self.screen.borrow_and_update();
            self.world.show(now, screen);
        }
        let inputs = self.world.step(now, self.controller.outputs());
        self.controller.set_inputs(inputs, self.inputs)?;
        self.inputs = inputs;
        while let Some(action) = self.world.action() {
            self.act(action).await?;
        }
        Ok(())
    }

    async fn act(&mut self, action: Action) -> anyhow::Result<()> {
        match action {
            Action::PlaceDocument(placement) => self.place(placement).await,
            Action::LiftDocument => {
                self.reader.lift();
                self.lift();
                Ok(())
            }
            Action::InView(view) => {
                self.view = view;
                self.expose();
                Ok(())
            }
            Action::ShowPermit => {
                if let Some(permit) = &self.permit {
                    self.imager.show(Symbology::Qr, permit);
                }
                Ok(())
            }
        }
    }

    /// Shows the camera what there is to see.
    fn expose(&mut self) {
        let view = match self.faults.contains(&Fault::CameraDark) {
            true => View::Nobody,
            false => self.view,
        };
        let face = self.part.as_ref().map_or(0, |(_, face)| *face);
        let scene = self.cast.scene(face, view);
        if let Some(camera) = &self.camera {
            camera.show(scene);
        }
    }

    fn chip_profile(&self) -> latency::Profile {
        let typical = latency::Profile::TYPICAL;
        let times = if self.faults.contains(&Fault::ChipSlow) {
            SLOW
        } else {
            1
        };
        latency::Profile {
            per_command: typical.per_command * times,
            per_byte: typical.per_byte * times,
        }
    }

    async fn place(&mut self, placement: Placement) -> anyhow::Result<()> {
        let Some((zone, _)) = &self.part else {
            return Ok(());
        };
        self.reader
            .place(zone, placement, self.profile.ocr.draw(&mut self.rng));
        let chip = match std::mem::replace(&mut self.document, Document::None) {
            Document::InHand(chip) => Some(*chip),
            Document::Lifted(lifted) => lifted.await?,
            Document::None | Document::Placed(_) => None,
        };
        if let Some(chip) = chip {
            let address = match &self.pcscd {
                Some(pcscd) if !self.faults.contains(&Fault::ChipSilent) => pcscd.card_address(),
                // It lies there, and nothing that asks it gets an answer.
                _ => {
                    self.document = Document::InHand(Box::new(chip));
                    return Ok(());
                }
            };
            let chip = chip.with_profile(self.chip_profile());
            self.document = Document::Placed(Placed::place(chip, address)?);
        }
        Ok(())
    }

    fn lift(&mut self) {
        self.document = match std::mem::replace(&mut self.document, Document::None) {
            Document::Placed(placed) => {
                Document::Lifted(tokio::task::spawn_blocking(move || placed.remove()))
            }
            elsewhere => elsewhere,
        };
    }
}

/// Faults.
impl Stand {
    /// Whether this lane can have that fault.
    pub(crate) fn can(&self, fault: Fault) -> bool {
        match fault {
            Fault::ChipReaderLost => self.pcscd.as_ref().is_some_and(Pcscd::is_private),
            Fault::LineCut
            | Fault::LineNoise
            | Fault::LineLoss
            | Fault::LineDoubles
            | Fault::ControllerOff => self.controller.can(fault),
            // These are the daemon's, its files' and its clock's.
            Fault::HostKilled
            | Fault::HostHangs
            | Fault::ListsLost
            | Fault::ListsSilent
            | Fault::DiskFull
            | Fault::DiskSlow
            | Fault::DateUnknown => false,
            _ => true,
        }
    }

    /// Lets a fault begin or end.
    pub(crate) async fn suffer(&mut self, fault: Fault, begins: bool) -> anyhow::Result<()> {
        if begins {
            self.faults.insert(fault);
        } else {
            self.faults.remove(&fault);
        }
        match fault {
            Fault::MrzReaderLost | Fault::MrzReaderGarbage => {
                self.reader.fault(self.reader_fault())
            }
            Fault::ChipReaderLost if begins => {
                self.lift();
                self.pcscd = None;
            }
            Fault::ChipReaderLost => {
                self.pcscd = Some(tokio::task::block_in_place(Pcscd::start)?);
            }
            Fault::CameraLost if begins => self.camera = None,
            Fault::CameraLost => {
                let scene = self.cast.scene(0, View::Nobody);
                let camera = Camera::listen(self.camera_address, self.cast.format(), scene);
                self.camera = Some(camera.await?);
                self.expose();
            }
            Fault::CameraDark => self.expose(),
            Fault::LineCut
            | Fault::LineNoise
            | Fault::LineLoss
            | Fault::LineDoubles
            | Fault::ControllerOff => self.controller.suffer(fault, begins)?,
            _ => self.world.suffer(fault, begins),
        }
        Ok(())
    }

    fn reader_fault(&self) -> ReaderFault {
        if self.faults.contains(&Fault::MrzReaderLost) {
            ReaderFault::Unplugged
        } else if self.faults.contains(&Fault::MrzReaderGarbage) {
            ReaderFault::Garbage
        } else {
            ReaderFault::None
        }
    }
}
