//! The simulated lane: the emulated controller, the devices, and the world that moves both.

use super::cast::{Cast, Part};
use anyhow::Context;
use gate_document::seal::imager::Symbology;
use gate_protocol::Instant;
use gate_protocol::pins::{Bits, Input};
use gate_session::Screen;
use gate_sim::camera::Camera;
use gate_sim::chip::Chip;
use gate_sim::chip::pcscd::Pcscd;
use gate_sim::chip::vpcd::Placed;
use gate_sim::emulator::{Board, Config};
use gate_sim::imager::Imager;
use gate_sim::profile::Profile;
use gate_sim::reader::Reader;
use gate_sim::world::{Action, Placement, View, World};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval};

/// How often doors and people move.
const STEP: Duration = Duration::from_millis(5);

/// Bits per second of the document reader's line.
const READER_BAUD: u32 = 9_600;

/// The devices of a lane and the world around them.
pub(crate) struct Stand {
    board: Board,
    reader: Reader,
    reader_name: PathBuf,
    camera: Camera,
    pcscd: Pcscd,
    world: World,
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
        qemu: &Path,
        firmware: &Path,
        folder: &Path,
        mut cast: Cast,
        profile: Profile,
        seed: u64,
    ) -> anyhow::Result<Self> {
        let mut world = World::new(profile.clone(), seed);
        let inputs = world.step(Instant::ZERO, Bits(0));
        // The daemon gives it its site.
        let config = Config::new(qemu, firmware, folder.join("board")).without_site();
        let board = Board::power_on(&config, inputs)?;
        let reader_name = folder.join("mrz");
        let reader =
            Reader::plug(&reader_name, READER_BAUD).context("simulated document reader")?;
        let camera = Camera::start(cast.format(), cast.scene(0, View::Nobody))
            .await
            .context("simulated camera")?;
        let pcscd = Pcscd::start()?;
        let imager_name = folder.join("imager");
        let imager = Imager::plug(&imager_name).context("simulated imager")?;
        let (_, nothing) = watch::channel(Screen::OutOfService);
        Ok(Self {
            board,
            reader,
            reader_name,
            camera,
            pcscd,
            world,
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
        })
    }

    /// The controller's serial line.
    pub(crate) fn controller(&self) -> &Path {
        self.board.tty()
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
        self.pcscd.reader()
    }

    /// Where the camera serves.
    pub(crate) fn camera(&self) -> String {
        self.camera.url()
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
        let now = Instant::from_micros(u64::try_from(self.started.elapsed().as_micros())?);
        if self.screen.has_changed().unwrap_or(false) {
            let screen = *self.screen.borrow_and_update();
            self.world.show(now, screen);
        }
        let inputs = self.world.step(now, self.board.outputs());
        for input in Input::ALL {
            if inputs.input(input) != self.inputs.input(input) {
                self.board.set_input(input, inputs.input(input))?;
            }
        }
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
                let face = self.part.as_ref().map_or(0, |(_, face)| *face);
                let scene = self.cast.scene(face, view);
                self.camera.show(scene);
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
            self.document = Document::Placed(Placed::place(chip, self.pcscd.card_address())?);
        }
        Ok(())
    }

    fn lift(&mut self) {
        if let Document::Placed(placed) = std::mem::replace(&mut self.document, Document::None) {
            self.document = Document::Lifted(tokio::task::spawn_blocking(move || placed.remove()));
        }
    }
}
