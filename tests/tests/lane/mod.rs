//! A whole lane: the daemon in this process; the emulated controller, the simulated devices and a
//! traveller around it.
//!
//! Needs `GATE_QEMU`, `GATE_FIRMWARE` and `GATE_MODELS` as `cargo xtask test` sets them, and what a
//! PC/SC daemon of our own needs; without the three the tests say so and pass. A machine has one
//! PC/SC daemon, so there is one lane at a time.
#![allow(
    dead_code,
    reason = "tests and an example share this lane, each its own part"
)]

pub(crate) mod log;
mod page;
mod people;
pub(crate) mod secrets;

use anyhow::{Context, Result, bail, ensure};
use gate_document::seal::imager::Symbology;
use gate_face::manifest::Manifest;
use gate_host::daemon::{self, StartError};
use gate_host::journal;
use gate_host::keys::HostKeys;
use gate_host::settings::Settings;
use gate_protocol::pins::{Bits, Input};
use gate_protocol::{Door, Instant};
use gate_session::{Outcome, Screen};
use gate_sim::camera::{Camera, Format, Scene};
use gate_sim::chip::pcscd::Pcscd;
use gate_sim::chip::vpcd::Placed;
use gate_sim::chip::{Chip, Fault};
use gate_sim::emulator::{Board, Config, TEST_SERIAL, test_page};
use gate_sim::imager::{FRAME, Imager};
use gate_sim::issuer::trust;
use gate_sim::keys;
use gate_sim::models::RootModel;
use gate_sim::page::{Printer, blank};
use gate_sim::profile::Profile;
use gate_sim::reader::Reader;
use gate_sim::tools::passed_over;
use gate_sim::world::{Action, Persona, View, World};
use jiff::Timestamp;
use page::Page;
use people::Traveller;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

/// How often doors and people move.
const STEP: Duration = Duration::from_millis(5);
/// Longer than anything takes, on a machine that is busy with something else.
const LIMIT: Duration = Duration::from_secs(120);
/// From a document on the glass to its zone on the line.
const RECOGNISED: Duration = Duration::from_millis(300);
const READER_BAUD: u32 = 9_600;
/// How far down a page its zone stands, in px.
const ZONE_DOWN: f32 = 560.0;

/// The model manifest.
pub(crate) const MANIFEST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/manifest.toml");

/// Where the tools and models are that only `cargo xtask` puts there.
pub(crate) struct Tools {
    qemu: PathBuf,
    firmware: PathBuf,
    pub(crate) models: PathBuf,
}

impl Tools {
    /// `None` and a word about it where the tests run without.
    pub(crate) fn find() -> Option<Self> {
        let find = |name| std::env::var_os(name).map(PathBuf::from);
        let tools = (
            find("GATE_QEMU"),
            find("GATE_FIRMWARE"),
            find("GATE_MODELS"),
        );
        let (Some(qemu), Some(firmware), Some(models)) = tools else {
            passed_over("GATE_QEMU, GATE_FIRMWARE and GATE_MODELS are not all set");
            return None;
        };
        Some(Self {
            qemu,
            firmware,
            models,
        })
    }
}

/// Plays `scene` in a lane that is still switched off. Whatever the scene was about, nothing may
/// have panicked, and nothing of the document's holder may stand in log, journal or page.
pub(crate) fn in_lane(scene: impl AsyncFnOnce(&mut Lane) -> Result<()>) {
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(tools) = Tools::find() else {
        return;
    };
    log::begin();
    let runtime = tokio::runtime::Runtime::new().expect("a test has threads");
    let result = runtime.block_on(async {
        let mut lane = Lane::assemble(tools).await?;
        let result = scene(&mut lane).await;
        let checked = lane.check_discretion().and(log::check_no_panic());
        let stopped = lane.switch_off().await;
        result.and(checked).and(stopped)
    });
    if let Err(problem) = result {
        panic!("{problem:#}\nthe daemon said:\n{}", log::last_words());
    }
}

/// A lane and whoever is in it.
pub(crate) struct Lane {
    daemon: Option<Running>,
    pub(crate) board: Board,
    /// The settings name the controller's site.
    pub(crate) has_site: bool,
    reader: Option<Reader>,
    /// Zones come from a camera over the glass instead, before which this prints pages.
    printer: Option<Printer>,
    page_camera: Option<Camera>,
    page_camera_address: SocketAddr,
    camera: Option<Camera>,
    camera_address: SocketAddr,
    pcscd: Option<Pcscd>,
    page: Page,
    page_address: SocketAddr,
    world: World,
    inputs: Bits,
    /// When which input changed to what.
    edges: Vec<(Input, bool, Timestamp)>,
    started: tokio::time::Instant,
    traveller: Arc<Traveller>,
    document: Document,
    imager: Option<Imager>,
    /// The permit in the next traveller's hand.
    permit: Option<Vec<u8>>,
    /// What the reader makes of the next document that is laid down, where that is not its zone.
    misread: Option<String>,
    tools: Tools,
    manifest: PathBuf,
    folder: TempDir,
}

/// The keys with which the emulated board comes paired.
pub(crate) fn write_keys(file: &Path) -> Result<()> {
    let keys = keys::of_host(&test_page(TEST_SERIAL));
    let keys = HostKeys {
        own: keys.own,
        pairing: keys.pairing,
    };
    Ok(keys.write(file, true)?)
}

/// A daemon, and what ends it when it is dropped.
struct Running {
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), StartError>>,
}

/// Where the traveller's document is.
enum Document {
    None,
    InHand(Box<Chip>),
    Placed(Placed),
    /// On its way back into the hand: the reader takes its time to notice.
    Lifted(JoinHandle<Option<Chip>>),
}

impl Lane {
    /// A lane with nothing plugged in and no daemon.
    async fn assemble(tools: Tools) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("gate-").tempdir()?;
        let manifest = Manifest::open(Path::new(MANIFEST))?;
        let traveller = Traveller::born(&manifest, &tools.models)?;
        let people = Profile {
            misplaced: 0.0,
            second_look: 0.0,
            ..Profile::fast()
        };
        let mut world = World::new(people, 1);
        let inputs = world.step(Instant::ZERO, Bits(0));
        let mut config =
            Config::new(&tools.qemu, &tools.firmware, folder.path().join("board")).without_site();
        config.data_dir = std::env::var_os("GATE_QEMU_DATA").map(Into::into);
        let page_address = free_port()?;
        std::fs::create_dir(folder.path().join("journal"))?;
        Ok(Self {
            daemon: None,
            board: Board::power_on(&config, inputs)?,
            has_site: true,
            reader: None,
            printer: None,
            page_camera: None,
            page_camera_address: free_port()?,
            camera: None,
            camera_address: free_port()?,
            pcscd: Some(Pcscd::start()?),
            page: Page::follow(page_address),
            page_address,
            world,
            inputs,
            edges: Vec::new(),
            started: tokio::time::Instant::now(),
            traveller,
            document: Document::None,
            imager: None,
            permit: None,
            misread: None,
            tools,
            manifest: MANIFEST.into(),
            folder,
        })
    }

    /// Plugs everything in, starts the daemon, and waits until the lane is open.
    pub(crate) async fn open(&mut self) -> Result<()> {
        self.deliver_list()?;
        self.plug_controller()?;
        match self.printer {
            Some(_) => self.plug_page_camera().await?,
            None => self.plug_reader()?,
        }
        self.plug_camera().await?;
        self.start()?;
        self.shows(Screen::Welcome).await
    }

    pub(crate) fn plug_controller(&self) -> Result<()> {
        let name = self.folder.path().join("controller");
        Ok(std::os::unix::fs::symlink(self.board.tty(), name)?)
    }

    /// Puts a list that names nobody where the daemon looks for it.
    pub(crate) fn deliver_list(&self) -> Result<()> {
        let list = format!("key {}\n", "00".repeat(32));
        Ok(std::fs::write(self.folder.path().join("lists.txt"), list)?)
    }

    pub(crate) fn plug_reader(&mut self) -> Result<()> {
        let name = self.folder.path().join("mrz");
        self.reader = Some(Reader::plug(&name, READER_BAUD)?);
        Ok(())
    }

    /// From now on zones come from a camera over the glass.
    pub(crate) fn read_pages_by_camera(&mut self, printer: Printer) {
        self.printer = Some(printer);
    }

    async fn plug_page_camera(&mut self) -> Result<()> {
        let glass = Scene::still(&blank())?;
        let camera = Camera::listen(self.page_camera_address, Format::default(), glass);
        self.page_camera = Some(camera.await?);
        Ok(())
    }

    /// The camera over the glass.
    pub(crate) fn page_camera(&self) -> &Camera {
        self.page_camera
            .as_ref()
            .expect("the scene has asked for it")
    }

    pub(crate) async fn plug_camera(&mut self) -> Result<()> {
        let scene = self.traveller.scene(View::Nobody);
        let camera = Camera::listen(self.camera_address, Format::default(), scene);
        self.camera = Some(camera.await?);
        Ok(())
    }

    /// Puts `model` in the place of the one whose file it names; the daemon takes it for calibrated.
    pub(crate) fn replace_model(&mut self, model: RootModel) -> Result<()> {
        let folder = self.folder.path().join("models");
        self.manifest = model.replace(&self.manifest, &self.tools.models, &folder)?;
        self.tools.models = folder;
        Ok(())
    }

    /// Plugs an imager in: everybody needs a permit by `profile` for the place VNHPH.
    pub(crate) fn need_permits(&mut self, profile: &str) -> Result<()> {
        std::fs::write(self.folder.path().join("permit.toml"), profile)?;
        self.imager = Some(Imager::plug(&self.folder.path().join("imager"))?);
        Ok(())
    }

    /// The imager.
    pub(crate) fn imager(&mut self) -> &mut Imager {
        self.imager.as_mut().expect("the scene has plugged it in")
    }

    /// Somebody with a good document and this permit comes.
    pub(crate) fn send_with_permit(&mut self, permit: Vec<u8>) {
        self.permit = Some(permit);
        let chip = Chip::new(&self.traveller.document, 1);
        self.document = Document::InHand(Box::new(chip));
        self.world.send(Persona::WithPermit);
    }

    /// Somebody with a document that has this chip comes.
    pub(crate) fn send_with_chip(&mut self, chip: impl FnOnce(Chip) -> Chip) {
        let chip = chip(Chip::new(&self.traveller.document, 1));
        self.document = Document::InHand(Box::new(chip));
        self.world.send(Persona::Genuine);
    }

    /// The reader takes the next document for one with this zone, once.
    pub(crate) fn misread(&mut self, zone: &str) {
        self.misread = Some(zone.to_owned());
    }

    /// The machine's reader stack goes down and comes back: the contactless reader with it.
    pub(crate) fn restart_chip_reader(&mut self) -> Result<()> {
        self.pcscd = None;
        self.pcscd = Some(Pcscd::start()?);
        Ok(())
    }

    /// Whether a part of the chip has been read, and not all of it.
    pub(crate) fn chip_is_being_read(&self) -> bool {
        let (Screen::KeepDocument { percent } | Screen::LookHere { percent, .. }) =
            self.page.screen()
        else {
            return false;
        };
        (1..80).contains(&percent)
    }

    /// Whether the reader stack is this lane's own.
    pub(crate) fn owns_chip_reader(&self) -> bool {
        self.pcscd().is_private()
    }

    fn pcscd(&self) -> &Pcscd {
        self.pcscd.as_ref().expect("it runs but for a restart")
    }

    /// The reader of printed zones.
    pub(crate) fn reader(&self) -> &Reader {
        self.reader.as_ref().expect("the scene has plugged it in")
    }

    /// The camera.
    pub(crate) fn camera(&self) -> &Camera {
        self.camera.as_ref().expect("the scene has plugged it in")
    }

    /// The folder in which the daemon keeps its journal and nothing else.
    pub(crate) fn journal_folder(&self) -> PathBuf {
        self.folder.path().join("journal")
    }

    fn journal(&self) -> PathBuf {
        self.journal_folder().join("journal.sqlite")
    }

    /// Starts the daemon as its program does.
    pub(crate) fn start(&mut self) -> Result<()> {
        let folder = self.folder.path();
        let desk = self.traveller.desk.certificate();
        trust::write_with(folder, &self.traveller.trust, desk.into_iter().collect())?;
        write_keys(&folder.join("controller.keys"))?;
        let file = folder.join("gate.toml");
        std::fs::write(&file, self.settings())?;
        let settings = Settings::open(&file)?;
        let (stop, stopped) = oneshot::channel::<()>();
        let shutdown = async {
            // A lane that is dropped ends its daemon, too.
            let _dropped = stopped.await;
        };
        let task = tokio::spawn(daemon::run(settings, shutdown));
        self.daemon = Some(Running { stop, task });
        Ok(())
    }

    fn settings(&self) -> String {
        let place = |name: &str| format!("{:?}", self.folder.path().join(name));
        let imager = match self.imager {
            Some(_) => format!(
                "imager = {{ device = {device}, permits = [{permit}], places = [\"VNHPH\"], \
                 required = true, frame = {FRAME} }}\n",
                device = place("imager"),
                permit = place("permit.toml"),
            ),
            None => String::new(),
        };
        format!(
            "controller = {{ device = {controller}, keys = {keys}, weak_entropy = true{site} }}\n\
             {reader}\n\
             chip = {{ reader = {chip:?}, trust = {trust}, trust_key = {trust_key}, extended_length = true }}\n\
             camera.url = \"http://{camera}/stream.mjpeg\"\n\
             face = {{ manifest = {manifest:?}, models = {models:?} }}\n\
             lists.file = {lists}\n\
             journal.file = {journal:?}\n\
             page.listen = \"{page}\"\n\
             limits.officer = \"1 s\"\n{imager}",
            controller = place("controller"),
            site = if self.has_site {
                ", site = { shape = \"two-doors\", exit_lock = \"fail-safe\" }"
            } else {
                ""
            },
            keys = place("controller.keys"),
            reader = match self.printer {
                Some(_) => {
                    let camera = self.page_camera_address;
                    format!("page_camera.url = \"http://{camera}/stream.mjpeg\"")
                }
                None => {
                    let device = place("mrz");
                    format!("reader = {{ device = {device}, baud = {READER_BAUD} }}")
                }
            },
            chip = self.pcscd().reader(),
            trust = place("trust.bundle"),
            trust_key = place("trust.pub"),
            camera = self.camera_address,
            manifest = self.manifest,
            models = self.tools.models,
            lists = place("lists.txt"),
            journal = self.journal(),
            page = self.page_address,
        )
    }

    /// Lets the world go on until the page shows `wanted`.
    pub(crate) async fn shows(&mut self, wanted: Screen) -> Result<()> {
        self.until(|lane| lane.page.screen() == wanted)
            .await
            .with_context(|| format!("{wanted:?} expected"))
    }

    /// Lets the world go on until the entry stands open: the controller has done as it was told.
    pub(crate) async fn entry_is_open(&mut self) -> Result<()> {
        self.until(|lane| lane.world.opening(Door::Entry) >= 1.0)
            .await
            .context("entry still closed")
    }

    /// Somebody with a good document comes; the chip has these faults, one for each placement.
    pub(crate) fn send(&mut self, faults: impl IntoIterator<Item = Fault>) {
        let chip = Chip::new(&self.traveller.document, 1).with_faults(faults);
        self.document = Document::InHand(Box::new(chip));
        self.world.send(Persona::Genuine);
    }

    /// Somebody with a good document comes and is asked for it, the entry closing behind them.
    pub(crate) async fn receives_somebody(&mut self) -> Result<()> {
        self.send([]);
        self.until(|lane| matches!(lane.page.screen(), Screen::PlaceDocument { .. }))
            .await
            .context("nobody is asked for a document")
    }

    pub(crate) fn is_deserted(&self) -> bool {
        self.world.is_deserted()
    }

    pub(crate) fn is_exit_open(&self) -> bool {
        self.world.opening(Door::Exit) > 0.0
    }

    /// Lets the world go on until nobody is in the lane.
    pub(crate) async fn is_left(&mut self) -> Result<()> {
        self.until(|lane| lane.world.is_deserted())
            .await
            .context("traveller still there")
    }

    /// Lets the world go on until `done`.
    pub(crate) async fn until(&mut self, done: impl Fn(&Self) -> bool) -> Result<()> {
        let began = tokio::time::Instant::now();
        while !done(self) {
            let screen = self.page.screen();
            ensure!(
                began.elapsed() < LIMIT,
                "the page still shows {screen:?} after {LIMIT:?}"
            );
            self.check_daemon().await?;
            self.step().await?;
            // The world is made of steps; nothing is waited for here but the next.
            sleep(STEP).await;
        }
        Ok(())
    }

    async fn check_daemon(&mut self) -> Result<()> {
        if let Some(ended) = self.daemon.take_if(|daemon| daemon.task.is_finished()) {
            ended.task.await??;
            bail!("the daemon has ended");
        }
        Ok(())
    }

    /// One step of the world in real time.
    async fn step(&mut self) -> Result<()> {
        let now = Instant::from_micros(u64::try_from(self.started.elapsed().as_micros())?);
        if let Some(screen) = self.page.changed() {
            self.world.show(now, screen);
        }
        let inputs = self.world.step(now, self.board.outputs());
        for input in Input::ALL {
            let high = inputs.input(input);
            if high != self.inputs.input(input) {
                self.board.set_input(input, high)?;
                self.edges.push((input, high, Timestamp::now()));
            }
        }
        self.inputs = inputs;
        while let Some(action) = self.world.action() {
            self.act(action).await?;
        }
        Ok(())
    }

    async fn act(&mut self, action: Action) -> Result<()> {
        match action {
            Action::PlaceDocument(placement) => {
                let misread = self.misread.take();
                let zone = misread.unwrap_or_else(|| self.traveller.zone());
                match &self.printer {
                    Some(printer) => {
                        let mut page = blank();
                        let lines: Vec<String> = zone.lines().map(str::to_owned).collect();
                        printer.print(&mut page, &lines, ZONE_DOWN, 0);
                        self.page_camera().show(Scene::still(&page)?);
                    }
                    None => self.reader().place(&zone, placement, RECOGNISED),
                }
                self.place().await?;
            }
            Action::LiftDocument => {
                match &self.page_camera {
                    Some(glass) => glass.show(Scene::still(&blank())?),
                    None => self.reader().lift(),
                }
                self.lift();
            }
            Action::InView(view) => self.camera().show(self.traveller.scene(view)),
            Action::ShowPermit => {
                if let (Some(imager), Some(permit)) = (&mut self.imager, &self.permit) {
                    imager.show(Symbology::Qr, permit);
                }
            }
        }
        Ok(())
    }

    async fn place(&mut self) -> Result<()> {
        let chip = match std::mem::replace(&mut self.document, Document::None) {
            Document::InHand(chip) => Some(*chip),
            Document::Lifted(lifted) => lifted.await?,
            Document::None | Document::Placed(_) => None,
        };
        if let Some(chip) = chip {
            self.document = Document::Placed(Placed::place(chip, self.pcscd().card_address())?);
        }
        Ok(())
    }

    fn lift(&mut self) {
        if let Document::Placed(placed) = std::mem::replace(&mut self.document, Document::None) {
            self.document = Document::Lifted(tokio::task::spawn_blocking(move || placed.remove()));
        }
    }

    /// The page's address for a browser.
    pub(crate) fn page_url(&self) -> String {
        format!("http://{}/", self.page_address)
    }

    /// When `input` went low, in milliseconds of the calendar's clock.
    pub(crate) fn falls(&self, input: Input) -> Vec<i64> {
        self.edges
            .iter()
            .filter(|(which, high, _)| *which == input && !high)
            .map(|(_, _, at)| at.as_millisecond())
            .collect()
    }

    /// Every decision in the journal, whose chain is whole.
    pub(crate) fn decisions(&self) -> Result<Vec<Outcome>> {
        let entries = self.decided()?.into_iter();
        Ok(entries
            .map(serde_json::from_value)
            .collect::<Result<_, _>>()?)
    }

    /// The same as they are written.
    pub(crate) fn decided(&self) -> Result<Vec<serde_json::Value>> {
        let mut decided = Vec::new();
        for entry in journal::read(&self.journal())? {
            let body: serde_json::Value = serde_json::from_str(&entry.body)?;
            if body["entry"] == "decision" {
                decided.push(body);
            }
        }
        Ok(decided)
    }

    /// Every screen that the page has shown.
    pub(crate) fn screens(&self) -> Vec<Screen> {
        self.page.screens()
    }

    /// Whether the page has ever shown `screen`.
    pub(crate) fn has_shown(&self, screen: Screen) -> bool {
        self.page.screens().contains(&screen)
    }

    /// Nothing of the document's holder stands anywhere.
    fn check_discretion(&self) -> Result<()> {
        let journal = if self.journal().exists() {
            journal::read(&self.journal())?
        } else {
            Vec::new()
        };
        let entries: String = journal.into_iter().map(|entry| entry.body + "\n").collect();
        let words = secrets::of(&self.traveller.document);
        for (what, text) in [
            ("log", &log::text()),
            ("journal", &entries),
            ("page", &self.page.text()),
        ] {
            if let Some((word, line)) = secrets::find(text, &words) {
                bail!("{word:?} stands in the {what}: {line}");
            }
        }
        Ok(())
    }

    async fn switch_off(&mut self) -> Result<()> {
        if let Some(Running { stop, task }) = self.daemon.take() {
            drop(stop);
            timeout(LIMIT, task).await???;
        }
        Ok(())
    }
}

/// A port that nobody has now.
fn free_port() -> Result<SocketAddr> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?)
}
