//! The lane's devices but its controller, each of which the bench is or has before it: what people do
//! reaches them, and they suffer faults.

use super::cast::{Cast, Part};
use super::guide::by_hand;
use super::hands::Hands;
use super::tap::{Judge, Tap};
use crate::station::{self, Station};
use anyhow::{Context, bail};
use gate_document::seal::imager::{Frames, Symbology};
use gate_document::seal::symbol::Modules;
use gate_session::Screen;
use gate_sim::camera::Camera;
use gate_sim::chip::Chip;
use gate_sim::chip::latency;
use gate_sim::chip::pcscd::Pcscd;
use gate_sim::chip::vpcd::Placed;
use gate_sim::fault::{ByteStream, Fault};
use gate_sim::imager::Imager;
use gate_sim::io_board::Order;
use gate_sim::profile::Profile;
use gate_sim::reader::{Reader, ReaderFault};
use gate_sim::stream::StreamFault;
use gate_sim::world::{Action, Placement, Presentation, View};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use tokio::task::JoinHandle;

/// Bits per second of the simulated document reader's line.
const READER_BAUD: u32 = 9_600;

/// How many times as long a slow chip takes.
const SLOW: u32 = 3;

/// Where a person lays documents down.
const GLASS: &str = "glass";
/// Where a person stands.
const BEFORE_CAMERA: &str = "camera";
/// Where a person holds a permit.
const BEFORE_IMAGER: &str = "imager";

/// A device on a serial line.
enum Line<S> {
    Simulated(S),
    Real(Tap),
}

/// The camera.
enum Eye {
    /// None while it is unplugged.
    Simulated(Option<Camera>, SocketAddr),
    Real(station::Camera),
}

/// The contactless reader.
enum Antenna {
    /// None while it is unplugged.
    Simulated(Option<Pcscd>),
    Real(station::ChipReader),
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

/// Everything but controller, doors and people.
pub(crate) struct Devices {
    reader: Line<Reader>,
    reader_name: PathBuf,
    imager: Line<Imager>,
    imager_name: PathBuf,
    camera: Eye,
    antenna: Antenna,
    chip_name: String,
    cast: Cast,
    profile: Profile,
    rng: ChaCha8Rng,
    document: Document,
    /// A person has been asked to lay it down so; what the bench stands in for waits for that.
    awaited: Option<Placement>,
    /// Zone and face of who came last.
    part: Option<(String, usize)>,
    permit: Option<Vec<u8>>,
    /// What the camera sees when it sees anything.
    view: View,
    faults: BTreeSet<Fault>,
    /// The I/O board lays documents down.
    feeder: bool,
}

/// Who does what the bench cannot do itself.
pub(crate) struct Help<'a> {
    /// A person.
    pub(crate) hands: &'a mut Hands,
    /// What the person sees.
    pub(crate) screen: Screen,
    /// An I/O board.
    pub(crate) io: Option<&'a super::io::Io>,
}

impl Devices {
    /// Switches everything on that the bench is, and opens everything that is real.
    pub(crate) async fn switch_on(
        station: &Station,
        folder: &Path,
        mut cast: Cast,
        profile: Profile,
        seed: u64,
    ) -> anyhow::Result<Self> {
        let reader_name = folder.join("mrz");
        let reader = match &station.mrz_reader {
            Some(real) => {
                let judge = Judge::reader(real.profile);
                Line::Real(Tap::open(&real.port, &reader_name, judge)?)
            }
            None => {
                let reader = Reader::plug(&reader_name, READER_BAUD);
                Line::Simulated(reader.context("simulated document reader")?)
            }
        };
        let imager_name = folder.join("imager");
        let imager = match &station.barcode_reader {
            Some(real) => {
                let frames = Frames::new(real.frame.clone())?;
                let judge = Judge::Barcode { frames };
                Line::Real(Tap::open(&real.port, &imager_name, judge)?)
            }
            None => {
                let imager = Imager::plug(&imager_name).context("simulated barcode reader")?;
                Line::Simulated(imager)
            }
        };
        let camera = match &station.camera {
            Some(real) => {
                real.look().await?;
                Eye::Real(real.clone())
            }
            None => {
                let address = super::daemon::free_port(0)?;
                let scene = cast.scene(0, View::Nobody);
                let camera = Camera::listen(address, cast.format(), scene).await;
                Eye::Simulated(Some(camera.context("simulated camera")?), address)
            }
        };
        let (antenna, chip_name) = match &station.chip_reader {
            Some(real) => {
                real.look().await?;
                (Antenna::Real(real.clone()), real.name.clone())
            }
            None => {
                let pcscd = Pcscd::start()?;
                let name = pcscd.reader().to_owned();
                (Antenna::Simulated(Some(pcscd)), name)
            }
        };
        Ok(Self {
            reader,
            reader_name,
            imager,
            imager_name,
            camera,
            antenna,
            chip_name,
            cast,
            profile,
            rng: ChaCha8Rng::seed_from_u64(seed),
            document: Document::None,
            awaited: None,
            part: None,
            permit: None,
            view: View::Nobody,
            faults: BTreeSet::new(),
            feeder: station.feeder,
        })
    }

    /// The document reader's serial line, as the daemon finds it.
    pub(crate) fn reader(&self) -> &Path {
        &self.reader_name
    }

    /// The imager's serial line, as the daemon finds it.
    pub(crate) fn imager(&self) -> &Path {
        &self.imager_name
    }

    /// Name of the contactless reader.
    pub(crate) fn chip_reader(&self) -> &str {
        &self.chip_name
    }

    /// Where the camera serves.
    pub(crate) fn camera(&self) -> String {
        match &self.camera {
            Eye::Simulated(_, address) => format!("http://{address}/stream.mjpeg"),
            Eye::Real(camera) => camera.url.clone(),
        }
    }

    /// The faces and documents of this lane.
    pub(crate) const fn cast(&mut self) -> &mut Cast {
        &mut self.cast
    }

    /// Somebody sets out with this.
    pub(crate) fn expect(&mut self, part: Part) {
        self.permit = part.permit;
        let zone = match &self.antenna {
            // It is the card on the real reader that has to be opened.
            Antenna::Real(real) if !real.zone.is_empty() => real.zone.clone(),
            _ => part.zone,
        };
        self.part = Some((zone, part.face));
        self.document = Document::InHand(Box::new(part.chip));
        if let Line::Real(tap) = &self.reader {
            tap.expect(None);
        }
    }

    /// Why the bench can do nothing with a device any more.
    pub(crate) fn trouble(&self) -> Option<String> {
        let gone = |fault, tap: &Tap| match self.faults.contains(&fault) {
            true => None, // somebody was asked to pull it
            false => tap.gone(),
        };
        let reader = match &self.reader {
            Line::Real(tap) => gone(Fault::MrzReaderLost, tap),
            Line::Simulated(_) => None,
        };
        reader.or_else(|| match &self.imager {
            Line::Real(tap) => tap.gone(),
            Line::Simulated(_) => None,
        })
    }

    /// Why a device cannot be trusted.
    pub(crate) fn nonsense(&self) -> Option<String> {
        let reader = match &self.reader {
            Line::Real(tap) => tap.nonsense(),
            Line::Simulated(_) => None,
        };
        reader.or_else(|| match &self.imager {
            Line::Real(tap) => tap.nonsense(),
            Line::Simulated(_) => None,
        })
    }

    /// Somebody does something.
    pub(crate) async fn act(&mut self, action: Action, help: Help<'_>) -> anyhow::Result<()> {
        match action {
            Action::PlaceDocument(placement) => self.offer(placement, help).await?,
            Action::LiftDocument => self.take_up(help),
            Action::InView(view) => {
                self.view = view;
                self.stand_there(view, help);
                self.expose();
            }
            Action::ShowPermit => self.show_permit(help)?,
        }
        Ok(())
    }

    /// What waits for a person goes on as soon as that has been done.
    pub(crate) async fn go_on(&mut self, hands: &Hands) -> anyhow::Result<()> {
        if hands.is_done()
            && let Some(placement) = self.awaited.take()
        {
            self.lay(placement).await?;
        }
        Ok(())
    }

    const fn has_real_glass(&self) -> bool {
        matches!(self.reader, Line::Real(_)) || matches!(self.antenna, Antenna::Real(_))
    }

    async fn offer(&mut self, placement: Placement, help: Help<'_>) -> anyhow::Result<()> {
        let Some((zone, _)) = &self.part else {
            return Ok(());
        };
        if let Line::Real(tap) = &self.reader {
            tap.expect((placement == Placement::Right).then_some(zone.as_str()));
        }
        if !self.has_real_glass() {
            return self.lay(placement).await;
        }
        if self.feeder {
            match help.io {
                Some(io) => io.order(Order::Document(true)),
                None => {
                    bail!("io-board: `feeder`: it lays documents down for a real controller only")
                }
            }
            return self.lay(placement).await;
        }
        let how = match placement {
            Placement::Right => "present",
            Placement::Wrong => "present, half beside the glass,",
        };
        let lines = zone.replace('\n', "\n     ");
        let what = format!("{how} this document on the glass:\n     {lines}");
        help.hands.ask(GLASS, what, Some(help.screen));
        self.awaited = Some(placement);
        Ok(())
    }

    fn take_up(&mut self, help: Help<'_>) {
        if let Line::Simulated(reader) = &self.reader {
            reader.lift();
        }
        if self.has_real_glass() {
            match help.io {
                Some(io) if self.feeder => io.order(Order::Document(false)),
                _ => {
                    let what = "take the document away".to_owned();
                    help.hands.ask(GLASS, what, Some(help.screen));
                }
            }
            self.awaited = None;
        }
        self.lift();
    }

    fn stand_there(&self, view: View, help: Help<'_>) {
        if !matches!(self.camera, Eye::Real(_)) {
            return;
        }
        let what = match view {
            View::Face(Presentation::Live) => "look into the camera",
            View::Face(Presentation::Photograph) => {
                "hold a photograph of the document's holder before the camera"
            }
            View::Nobody | View::Approaching | View::TurnedAway => {
                return help.hands.forget(BEFORE_CAMERA);
            }
        };
        let screen = Some(help.screen);
        help.hands.ask(BEFORE_CAMERA, what.to_owned(), screen);
    }

    fn show_permit(&mut self, help: Help<'_>) -> anyhow::Result<()> {
        let Some(permit) = &self.permit else {
            return Ok(());
        };
        match &mut self.imager {
            Line::Simulated(imager) => imager.show(Symbology::Qr, permit),
            Line::Real(_) => {
                let symbol = drawn(&Modules::of(Symbology::Qr, permit)?);
                let what = format!("hold the barcode reader before this permit\n{symbol}");
                let screen = Some(help.screen);
                help.hands.ask(BEFORE_IMAGER, what, screen);
            }
        }
        Ok(())
    }

    /// Shows the camera what there is to see.
    fn expose(&mut self) {
        let view = match self.faults.contains(&Fault::CameraDark) {
            true => View::Nobody,
            false => self.view,
        };
        let face = self.part.as_ref().map_or(0, |(_, face)| *face);
        if let Eye::Simulated(Some(camera), _) = &self.camera {
            camera.show(self.cast.scene(face, view));
        }
    }

    fn chip_profile(&self) -> latency::Profile {
        let usual = self.profile.exchange();
        let times = if self.faults.contains(&Fault::ChipSlow) {
            SLOW
        } else {
            1
        };
        latency::Profile {
            per_command: usual.per_command * times,
            per_byte: usual.per_byte * times,
        }
    }

    /// The document lies there: what the bench is takes notice of it.
    async fn lay(&mut self, placement: Placement) -> anyhow::Result<()> {
        let Some((zone, _)) = &self.part else {
            return Ok(());
        };
        if let Line::Simulated(reader) = &self.reader {
            reader.place(zone, placement, self.profile.ocr.draw(&mut self.rng));
        }
        let Antenna::Simulated(pcscd) = &self.antenna else {
            return Ok(());
        };
        let address = match pcscd {
            Some(pcscd) if !self.faults.contains(&Fault::ChipSilent) => Some(pcscd.card_address()),
            // It lies there, and nothing that asks it gets an answer.
            _ => None,
        };
        let chip = match std::mem::replace(&mut self.document, Document::None) {
            Document::InHand(chip) => Some(*chip),
            Document::Lifted(lifted) => lifted.await?,
            Document::None | Document::Placed(_) => None,
        };
        let Some(chip) = chip else {
            return Ok(());
        };
        self.document = match address {
            None => Document::InHand(Box::new(chip)),
            Some(address) => {
                let chip = chip.with_profile(self.chip_profile());
                Document::Placed(Placed::place(chip, address)?)
            }
        };
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

/// A barcode in half blocks, with its margin: light on a dark terminal.
fn drawn(code: &Modules) -> String {
    let dark = |x: u32, y: u32| match (x.checked_sub(code.margin), y.checked_sub(code.margin)) {
        (Some(x), Some(y)) => code.is_dark(x, y),
        _ => false,
    };
    let mut text = String::new();
    for y in (0..code.height + 2 * code.margin).step_by(2) {
        for x in 0..code.width + 2 * code.margin {
            text.push(match (dark(x, y), dark(x, y + 1)) {
                (false, false) => '█',
                (false, true) => '▀',
                (true, false) => '▄',
                (true, true) => ' ',
            });
        }
        text.push('\n');
    }
    text
}

/// Faults.
impl Devices {
    /// Whether a device here can suffer that; none if the fault is nothing of theirs.
    pub(crate) fn can(&self, fault: Fault) -> Option<bool> {
        let reader = matches!(self.reader, Line::Simulated(_));
        let imager = matches!(self.imager, Line::Simulated(_));
        let camera = matches!(self.camera, Eye::Simulated(..));
        let chips = match &self.antenna {
            Antenna::Simulated(pcscd) => Some(pcscd.as_ref()),
            Antenna::Real(_) => None,
        };
        if let Some((whose, what)) = fault.of_bytes() {
            // A tap hears a few bytes at a time: it cannot tell where a message has its middle.
            let by_tap = what != StreamFault::Stalls;
            return Some(match whose {
                ByteStream::MrzReader => reader || by_tap,
                ByteStream::Barcode => imager || by_tap,
                ByteStream::Camera => camera,
            });
        }
        Some(match fault {
            Fault::MrzReaderLost | Fault::CameraLost | Fault::CameraDark => true,
            Fault::MrzReaderGarbage => reader,
            Fault::NetworkCut => camera,
            Fault::ChipReaderLost => match chips {
                Some(pcscd) => self.faults.contains(&fault) || pcscd.is_some_and(Pcscd::is_private),
                None => true,
            },
            Fault::ChipSilent | Fault::ChipSlow => chips.is_some(),
            _ => return None,
        })
    }

    /// What a person has to do for that, if the device is real.
    pub(crate) const fn by_hand(&self, fault: Fault, begins: bool) -> Option<&'static str> {
        let is_real = match fault {
            Fault::MrzReaderLost => matches!(self.reader, Line::Real(_)),
            Fault::ChipReaderLost => matches!(self.antenna, Antenna::Real(_)),
            Fault::CameraLost | Fault::CameraDark => matches!(self.camera, Eye::Real(_)),
            _ => false,
        };
        match (is_real, by_hand(fault)) {
            (true, Some((begin, end))) => Some(if begins { begin } else { end }),
            _ => None,
        }
    }

    /// Lets a fault begin or end. What only a hand can do has been asked for.
    pub(crate) async fn suffer(&mut self, fault: Fault, begins: bool) -> anyhow::Result<()> {
        if begins {
            self.faults.insert(fault);
        } else {
            self.faults.remove(&fault);
        }
        if let Some((whose, what)) = fault.of_bytes() {
            match (whose, &mut self.reader, &mut self.imager, &self.camera) {
                (ByteStream::MrzReader, Line::Simulated(it), ..) => it.stream(what, begins),
                (ByteStream::MrzReader, Line::Real(tap), ..) => tap.stream(what, begins),
                (ByteStream::Barcode, _, Line::Simulated(it), _) => it.stream(what, begins),
                (ByteStream::Barcode, _, Line::Real(tap), _) => tap.stream(what, begins),
                (ByteStream::Camera, _, _, Eye::Simulated(Some(it), _)) => it.stream(what, begins),
                (ByteStream::Camera, ..) => {}
            }
            return Ok(());
        }
        match fault {
            Fault::MrzReaderLost | Fault::MrzReaderGarbage => {
                let now = self.reader_fault();
                if let Line::Simulated(reader) = &self.reader {
                    reader.fault(now);
                }
            }
            Fault::ChipReaderLost if matches!(self.antenna, Antenna::Real(_)) => {}
            Fault::ChipReaderLost if begins => {
                self.lift();
                self.antenna = Antenna::Simulated(None);
            }
            Fault::ChipReaderLost => {
                let pcscd = tokio::task::block_in_place(Pcscd::start)?;
                self.antenna = Antenna::Simulated(Some(pcscd));
            }
            Fault::CameraLost | Fault::NetworkCut => {
                let gone = [Fault::CameraLost, Fault::NetworkCut];
                let gone = gone.iter().any(|fault| self.faults.contains(fault));
                self.plug_camera(!gone).await?;
            }
            Fault::CameraDark => self.expose(),
            _ => {}
        }
        Ok(())
    }

    async fn plug_camera(&mut self, plugged: bool) -> anyhow::Result<()> {
        let Eye::Simulated(camera, address) = &mut self.camera else {
            return Ok(());
        };
        *camera = None;
        if plugged {
            let scene = self.cast.scene(0, View::Nobody);
            *camera = Some(Camera::listen(*address, self.cast.format(), scene).await?);
            for fault in &self.faults {
                if let (Some((ByteStream::Camera, what)), Some(camera)) =
                    (fault.of_bytes(), &camera)
                {
                    camera.stream(what, true);
                }
            }
            self.expose();
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
