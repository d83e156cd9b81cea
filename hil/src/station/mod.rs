//! A station: who tests what, and which device of the lane is real.
//!
//! Each device is simulated unless the station's file says that it is real, and where. So a technician
//! tests a real reader of printed zones with everything else simulated, or a whole gate.

mod file;
mod ports;

pub(crate) use file::schema;

use anyhow::Context;
use gate_document::seal::imager::ImagerSettings;
use gate_host::ports::reader::Profile;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A station, checked.
#[derive(Clone, Debug)]
pub(crate) struct Station {
    /// The bench.
    pub(crate) station: String,
    /// Who stands at it: a role or a shift rather than a name.
    pub(crate) operator: String,
    /// Serial number of the gate.
    pub(crate) gate: String,
    /// Version of the controller's firmware.
    pub(crate) firmware: String,
    /// What the gate was calibrated with.
    pub(crate) calibration: String,
    /// How long the bench waits for a person.
    pub(crate) patience: Duration,
    /// The doors' controller.
    pub(crate) controller: Controller,
    /// What moves a real controller's inputs and lays documents down; a person without.
    pub(crate) io_board: Option<Port>,
    /// The I/O board has a document feeder.
    pub(crate) feeder: bool,
    /// The reader of printed zones, where it is real.
    pub(crate) mrz_reader: Option<MrzReader>,
    /// The contactless reader, where it is real.
    pub(crate) chip_reader: Option<ChipReader>,
    /// The reader of barcodes, where it is real.
    pub(crate) barcode_reader: Option<BarcodeReader>,
    /// The camera, where it is real.
    pub(crate) camera: Option<Camera>,
    /// Serial numbers of devices, by their tables.
    serials: Vec<(&'static str, String)>,
}

/// What the controller is.
#[derive(Clone, Debug)]
pub(crate) enum Controller {
    /// Interlock and link without a board.
    Simulated,
    /// The firmware on an emulated board.
    Emulated,
    /// A real one.
    Real(RealController),
}

/// A real controller.
#[derive(Clone, Debug)]
pub(crate) struct RealController {
    /// Its line.
    pub(crate) port: Port,
    /// The keys that pairing made, as the daemon keeps them.
    pub(crate) keys: PathBuf,
    /// It has weak random numbers, as a simulated one.
    pub(crate) weak_entropy: bool,
    /// The daemon's `controller.site`, word by word; what the controller knows without.
    pub(crate) site: Option<toml::Table>,
}

/// A serial line, and where the file names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Port {
    /// Table of the file, which names the device.
    pub(crate) device: &'static str,
    /// Line of the file, from 1.
    pub(crate) line: usize,
    /// The line's name in the system.
    pub(crate) path: PathBuf,
    /// Bits per second.
    pub(crate) baud: u32,
}

/// A real reader of printed zones.
#[derive(Clone, Debug)]
pub(crate) struct MrzReader {
    /// Its line.
    pub(crate) port: Port,
    /// How it speaks.
    pub(crate) profile: Profile,
}

/// A real contactless reader, and whom it is to trust: no real card was issued by the bench.
#[derive(Clone, Debug)]
pub(crate) struct ChipReader {
    /// Line of the file, from 1.
    pub(crate) line: usize,
    /// A part of its PC/SC name.
    pub(crate) name: String,
    /// The bundle of trust, and the key of whoever signed it.
    pub(crate) trust: PathBuf,
    pub(crate) trust_key: PathBuf,
    /// The zone of the document that is going to lie on it; empty with a real reader of zones.
    pub(crate) zone: String,
}

/// A real reader of barcodes.
#[derive(Clone, Debug)]
pub(crate) struct BarcodeReader {
    /// Its line.
    pub(crate) port: Port,
    /// How it frames a barcode.
    pub(crate) frame: ImagerSettings,
}

/// A real camera.
#[derive(Clone, Debug)]
pub(crate) struct Camera {
    /// Line of the file, from 1.
    pub(crate) line: usize,
    /// Its stream.
    pub(crate) url: String,
    /// A photograph of whoever is going to stand before it, for simulated chips.
    pub(crate) portrait: Option<PathBuf>,
}

/// A device as a report lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// What it is.
    pub(crate) name: &'static str,
    /// Its serial number, if the file gives one.
    pub(crate) serial: String,
    /// Simulated, emulated or real.
    pub(crate) is: &'static str,
}

/// How long the bench waits for a person if the file does not say.
const PATIENCE: Duration = Duration::from_secs(60);

impl Default for Station {
    fn default() -> Self {
        Self::simulated(Controller::Simulated)
    }
}

impl Station {
    /// A station where nothing is real, and of which nobody has said anything.
    pub(crate) const fn simulated(controller: Controller) -> Self {
        Self {
            station: String::new(),
            operator: String::new(),
            gate: String::new(),
            firmware: String::new(),
            calibration: String::new(),
            patience: PATIENCE,
            controller,
            io_board: None,
            feeder: false,
            mrz_reader: None,
            chip_reader: None,
            barcode_reader: None,
            camera: None,
            serials: Vec::new(),
        }
    }

    /// Reads a station's file.
    ///
    /// # Errors
    ///
    /// What is wrong with it: file, line, key, what was expected and what was found.
    pub(crate) fn open(path: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
        Self::parse(&text).with_context(|| path.display().to_string())
    }

    /// Whether any device is real: then only the bench rig is what the file describes.
    pub(crate) const fn has_real(&self) -> bool {
        matches!(self.controller, Controller::Real(_))
            || self.mrz_reader.is_some()
            || self.chip_reader.is_some()
            || self.barcode_reader.is_some()
            || self.camera.is_some()
    }

    /// Whether somebody has to lay documents down, show barcodes or faces, or go through the lane.
    pub(crate) const fn needs_a_person(&self) -> bool {
        let documents = self.mrz_reader.is_some() || self.chip_reader.is_some();
        documents && !self.feeder
            || self.barcode_reader.is_some()
            || self.camera.is_some()
            || self.is_walked()
    }

    /// Whether people of flesh and blood go through the lane: its doors hang on a real controller.
    pub(crate) const fn is_walked(&self) -> bool {
        matches!(self.controller, Controller::Real(_)) && self.io_board.is_none()
    }

    /// What each line of a report's header is called, and what it says.
    pub(crate) fn lines(&self) -> [(&'static str, &str); 5] {
        [
            ("Station", &self.station),
            ("Operator", &self.operator),
            ("Gate, serial number", &self.gate),
            ("Firmware", &self.firmware),
            ("Calibration", &self.calibration),
        ]
    }

    /// Every device, real or not.
    pub(crate) fn devices(&self) -> Vec<Row> {
        let real = |is: bool| if is { "real" } else { "simulated" };
        let controller = match self.controller {
            Controller::Simulated => "simulated",
            Controller::Emulated => "emulated",
            Controller::Real(_) => "real",
        };
        let mut rows = vec![
            ("controller", controller),
            ("mrz-reader", real(self.mrz_reader.is_some())),
            ("chip-reader", real(self.chip_reader.is_some())),
            ("barcode-reader", real(self.barcode_reader.is_some())),
            ("camera", real(self.camera.is_some())),
        ];
        if self.io_board.is_some() {
            rows.push(("io-board", "real"));
        }
        let serial = |name: &str| {
            let mut all = self.serials.iter();
            all.find(|(table, _)| *table == name)
                .map_or_else(String::new, |(_, serial)| serial.clone())
        };
        let row = |(name, is)| Row {
            name,
            serial: serial(name),
            is,
        };
        rows.into_iter().map(row).collect()
    }
}
