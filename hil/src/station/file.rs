//! The station's file: TOML, with a line for every error.

use super::{
    BarcodeReader, Camera, ChipReader, Controller, MrzReader, PATIENCE, Port, RealController,
    Station,
};
use gate_document::mrz::Mrz;
use gate_document::seal::imager::{Frames, ImagerSettings};
use gate_host::ports::reader::Profile;
use gate_sim::io_board;
use jiff::SignedDuration;
use schemars::JsonSchema;
use serde::Deserialize;
use std::path::PathBuf;
use std::time::Duration;
use toml::Spanned;

/// Longest time that the bench waits for a person.
const PATIENCE_MAX: Duration = Duration::from_secs(500);

/// Why a station's file cannot be used. Remedy: the line says what is expected there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum StationError {
    /// The file is no TOML, or has a key or a word that does not exist; the message shows the place.
    #[error("{0}")]
    Toml(String),
    /// A real device is not described.
    #[error("line {line}: {table}: `{key}`: expected {expected}, found nothing")]
    Missing {
        /// Line of the table.
        line: usize,
        /// The table.
        table: &'static str,
        /// The key.
        key: &'static str,
        /// What belongs there.
        expected: &'static str,
    },
    /// A key stands where it says nothing.
    #[error(
        "line {line}: {table}: `{key}` belongs to a device that is real; found `is = \"{is}\"`"
    )]
    Stray {
        /// Line of the table.
        line: usize,
        /// The table.
        table: &'static str,
        /// The key.
        key: &'static str,
        /// What the device is said to be.
        is: &'static str,
    },
    /// A board that would move nothing.
    #[error(
        "line {line}: io-board: it moves the terminals of a controller that is real; found `[controller] is = \"{is}\"`"
    )]
    Idle {
        /// Line of the table.
        line: usize,
        /// What the controller is said to be.
        is: &'static str,
    },
    /// A value is none of those that are possible.
    #[error("line {line}: {key}: expected {expected}, found {found:?}")]
    Value {
        /// Line of the value.
        line: usize,
        /// Table and key.
        key: &'static str,
        /// What is expected.
        expected: String,
        /// What stands there.
        found: String,
    },
}

/// Who tests what, and which device of the lane is real.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[schemars(title = "Station")]
struct File {
    /// The bench.
    station: String,
    /// Who stands at it: a role or a shift rather than a name.
    operator: String,
    /// Serial number of the gate.
    gate: String,
    /// Version of the controller's firmware.
    firmware: String,
    /// What the gate was calibrated with.
    calibration: String,
    /// How long the bench waits for a person: "60 s".
    #[schemars(with = "Option<String>")]
    patience: Option<Spanned<String>>,
    /// The doors' controller.
    #[schemars(with = "Option<ControllerTable>")]
    controller: Option<Spanned<ControllerTable>>,
    /// What moves a real controller's inputs; a person without.
    #[schemars(with = "Option<IoBoardTable>")]
    io_board: Option<Spanned<IoBoardTable>>,
    /// The reader of printed zones.
    #[schemars(with = "Option<MrzReaderTable>")]
    mrz_reader: Option<Spanned<MrzReaderTable>>,
    /// The contactless reader.
    #[schemars(with = "Option<ChipReaderTable>")]
    chip_reader: Option<Spanned<ChipReaderTable>>,
    /// The reader of barcodes.
    #[schemars(with = "Option<BarcodeReaderTable>")]
    barcode_reader: Option<Spanned<BarcodeReaderTable>>,
    /// The camera.
    #[schemars(with = "Option<CameraTable>")]
    camera: Option<Spanned<CameraTable>>,
}

/// Whether the bench stands in for a device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Is {
    /// The bench is this device.
    #[default]
    Simulated,
    /// It is there.
    Real,
}

/// Whether the bench stands in for the controller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum ControllerIs {
    /// Interlock and link without a board.
    #[default]
    Simulated,
    /// The firmware on an emulated board.
    Emulated,
    /// It is there.
    Real,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct ControllerTable {
    /// simulated, emulated or real.
    is: ControllerIs,
    /// Its serial number.
    serial: String,
    /// Its serial line, at 115,200 bits per second.
    port: Option<PathBuf>,
    /// File with the keys that `gate-host pair` has made.
    keys: Option<PathBuf>,
    /// It has weak random numbers: only simulated ones do.
    weak_entropy: bool,
    /// As `controller.site` of the daemon's settings; without it what the controller knows.
    #[schemars(with = "Option<serde_json::Map<String, serde_json::Value>>")]
    site: Option<toml::Table>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct IoBoardTable {
    /// Its serial line, at 115,200 bits per second.
    port: PathBuf,
    /// Its serial number.
    #[serde(default)]
    serial: String,
    /// It lays documents down.
    #[serde(default)]
    feeder: bool,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct MrzReaderTable {
    /// simulated or real.
    is: Is,
    /// Its serial number.
    serial: String,
    /// Its serial line.
    port: Option<PathBuf>,
    /// Bits per second.
    baud: Option<u32>,
    /// How it speaks, as `reader.profile` of the daemon's settings.
    #[schemars(with = "Option<String>")]
    profile: Option<Profile>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct ChipReaderTable {
    /// simulated or real.
    is: Is,
    /// Its serial number.
    serial: String,
    /// A part of its PC/SC name.
    name: Option<String>,
    /// The bundle of trust that has the issuer of the documents.
    trust: Option<PathBuf>,
    /// Public key of whoever signed the bundle.
    trust_key: Option<PathBuf>,
    /// The zone of the document that will lie on it, lines separated by line breaks: what a simulated
    /// reader of zones is to say.
    #[schemars(with = "Option<String>")]
    zone: Option<Spanned<String>>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct BarcodeReaderTable {
    /// simulated or real.
    is: Is,
    /// Its serial number.
    serial: String,
    /// Its serial line.
    port: Option<PathBuf>,
    /// Bits per second.
    baud: Option<u32>,
    /// How it frames a barcode, as `imager.frame` of the daemon's settings.
    #[schemars(with = "Option<serde_json::Map<String, serde_json::Value>>")]
    frame: Option<Spanned<ImagerSettings>>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct CameraTable {
    /// simulated or real.
    is: Is,
    /// Its serial number.
    serial: String,
    /// Its stream: "http://192.168.1.20/mjpeg".
    url: Option<String>,
    /// A photograph of whoever will stand before it, for the portrait of simulated chips.
    portrait: Option<PathBuf>,
}

/// The JSON Schema of a station, for editors.
pub(crate) fn schema() -> schemars::Schema {
    schemars::schema_for!(File)
}

/// A table of the file, while it is checked.
struct Table<'a> {
    name: &'static str,
    line: usize,
    text: &'a str,
}

impl<'a> Table<'a> {
    fn new<T>(name: &'static str, text: &'a str, table: &Spanned<T>) -> Self {
        Self {
            name,
            line: line_of(text, table.span().start),
            text,
        }
    }

    /// A key that a real device must have.
    fn need<T>(
        &self,
        value: Option<T>,
        key: &'static str,
        expected: &'static str,
    ) -> Result<T, StationError> {
        value.ok_or(StationError::Missing {
            line: self.line,
            table: self.name,
            key,
            expected,
        })
    }

    /// Keys that a simulated device must not have.
    fn none(&self, is: &'static str, keys: &[(&'static str, bool)]) -> Result<(), StationError> {
        match keys.iter().find(|(_, there)| *there) {
            None => Ok(()),
            Some((key, _)) => Err(StationError::Stray {
                line: self.line,
                table: self.name,
                key,
                is,
            }),
        }
    }

    fn port(&self, path: PathBuf, baud: u32) -> Port {
        Port {
            device: self.name,
            line: self.line,
            path,
            baud,
        }
    }

    fn value(
        &self,
        at: usize,
        key: &'static str,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> StationError {
        StationError::Value {
            line: line_of(self.text, at),
            key,
            expected: expected.into(),
            found: found.into(),
        }
    }
}

fn line_of(text: &str, at: usize) -> usize {
    1 + text.get(..at).unwrap_or(text).matches('\n').count()
}

const PORT: &str = "the name of a serial line, such as \"/dev/gate/mrz\"";

impl Station {
    /// Reads a station.
    ///
    /// # Errors
    ///
    /// [`StationError`].
    pub(crate) fn parse(text: &str) -> Result<Self, StationError> {
        let file: File =
            toml::from_str(text).map_err(|error| StationError::Toml(error.to_string()))?;
        let mut serials = Vec::new();
        let patience = match file.patience {
            None => PATIENCE,
            Some(time) => patience(text, &time)?,
        };
        let controller = match file.controller {
            None => Controller::Simulated,
            Some(table) => {
                serials.push(("controller", table.get_ref().serial.clone()));
                controller(text, table)?
            }
        };
        let mrz_reader = match file.mrz_reader {
            None => None,
            Some(table) => {
                serials.push(("mrz-reader", table.get_ref().serial.clone()));
                mrz_reader(text, table)?
            }
        };
        let chip_reader = match file.chip_reader {
            None => None,
            Some(table) => {
                serials.push(("chip-reader", table.get_ref().serial.clone()));
                chip_reader(text, table, mrz_reader.is_some())?
            }
        };
        let barcode_reader = match file.barcode_reader {
            None => None,
            Some(table) => {
                serials.push(("barcode-reader", table.get_ref().serial.clone()));
                barcode_reader(text, table)?
            }
        };
        let camera = match file.camera {
            None => None,
            Some(table) => {
                serials.push(("camera", table.get_ref().serial.clone()));
                camera(text, table, chip_reader.is_some())?
            }
        };
        let mut feeder = false;
        let io_board = match file.io_board {
            None => None,
            Some(table) => {
                let place = Table::new("io-board", text, &table);
                let is = match controller {
                    Controller::Simulated => "simulated",
                    Controller::Emulated => "emulated",
                    Controller::Real(_) => "",
                };
                if !is.is_empty() {
                    return Err(StationError::Idle {
                        line: place.line,
                        is,
                    });
                }
                let table = table.into_inner();
                serials.push(("io-board", table.serial));
                feeder = table.feeder;
                Some(place.port(table.port, io_board::BAUD))
            }
        };
        Ok(Self {
            station: file.station,
            operator: file.operator,
            gate: file.gate,
            firmware: file.firmware,
            calibration: file.calibration,
            patience,
            controller,
            io_board,
            feeder,
            mrz_reader,
            chip_reader,
            barcode_reader,
            camera,
            serials,
        })
    }
}

fn patience(text: &str, time: &Spanned<String>) -> Result<Duration, StationError> {
    let found = time.get_ref();
    let parsed: Option<SignedDuration> = found.parse().ok();
    parsed
        .and_then(|time| Duration::try_from(time).ok())
        .filter(|time| !time.is_zero() && *time <= PATIENCE_MAX)
        .ok_or_else(|| StationError::Value {
            line: line_of(text, time.span().start),
            key: "patience",
            expected: "a time with its unit up to 500 s, like \"60 s\"".to_owned(),
            found: found.clone(),
        })
}

fn controller(text: &str, table: Spanned<ControllerTable>) -> Result<Controller, StationError> {
    let place = Table::new("controller", text, &table);
    let table = table.into_inner();
    let real = [
        ("port", table.port.is_some()),
        ("keys", table.keys.is_some()),
        ("site", table.site.is_some()),
        ("weak-entropy", table.weak_entropy),
    ];
    Ok(match table.is {
        ControllerIs::Simulated => {
            place.none("simulated", &real)?;
            Controller::Simulated
        }
        ControllerIs::Emulated => {
            place.none("emulated", &real)?;
            Controller::Emulated
        }
        ControllerIs::Real => {
            let port = place.need(table.port, "port", PORT)?;
            let keys = "the file of keys that `gate-host pair` has made";
            Controller::Real(RealController {
                port: place.port(port, 115_200),
                keys: place.need(table.keys, "keys", keys)?,
                weak_entropy: table.weak_entropy,
                site: table.site,
            })
        }
    })
}

fn mrz_reader(
    text: &str,
    table: Spanned<MrzReaderTable>,
) -> Result<Option<MrzReader>, StationError> {
    let place = Table::new("mrz-reader", text, &table);
    let table = table.into_inner();
    if table.is == Is::Simulated {
        let real = [
            ("port", table.port.is_some()),
            ("baud", table.baud.is_some()),
            ("profile", table.profile.is_some()),
        ];
        place.none("simulated", &real)?;
        return Ok(None);
    }
    let port = place.need(table.port, "port", PORT)?;
    Ok(Some(MrzReader {
        port: place.port(port, table.baud.unwrap_or(9_600)),
        profile: table.profile.unwrap_or_default(),
    }))
}

fn chip_reader(
    text: &str,
    table: Spanned<ChipReaderTable>,
    zones_are_read: bool,
) -> Result<Option<ChipReader>, StationError> {
    let place = Table::new("chip-reader", text, &table);
    let table = table.into_inner();
    if table.is == Is::Simulated {
        let real = [
            ("name", table.name.is_some()),
            ("trust", table.trust.is_some()),
            ("trust-key", table.trust_key.is_some()),
            ("zone", table.zone.is_some()),
        ];
        place.none("simulated", &real)?;
        return Ok(None);
    }
    let zone = match table.zone {
        None if zones_are_read => String::new(),
        None => place.need(None, "zone", "the zone of the document that will lie there")?,
        Some(zone) => {
            let found = zone.get_ref().trim();
            if let Err(problem) = Mrz::parse(found) {
                let expected = format!("a printed zone whose check digits are right: {problem}");
                let at = zone.span().start;
                let lines = format!("{} lines", found.lines().count());
                return Err(place.value(at, "chip-reader.zone", expected, lines));
            }
            found.to_owned()
        }
    };
    let name = "a part of its name among the PC/SC readers";
    let trust = "the bundle of trust that has the issuer of the documents";
    let key = "the public key of whoever signed the bundle";
    Ok(Some(ChipReader {
        line: place.line,
        name: place.need(table.name, "name", name)?,
        trust: place.need(table.trust, "trust", trust)?,
        trust_key: place.need(table.trust_key, "trust-key", key)?,
        zone,
    }))
}

fn barcode_reader(
    text: &str,
    table: Spanned<BarcodeReaderTable>,
) -> Result<Option<BarcodeReader>, StationError> {
    let place = Table::new("barcode-reader", text, &table);
    let table = table.into_inner();
    if table.is == Is::Simulated {
        let real = [
            ("port", table.port.is_some()),
            ("baud", table.baud.is_some()),
            ("frame", table.frame.is_some()),
        ];
        place.none("simulated", &real)?;
        return Ok(None);
    }
    let frame = match table.frame {
        None => ImagerSettings::default(),
        Some(frame) => {
            let at = frame.span().start;
            let frame = frame.into_inner();
            if let Err(problem) = Frames::new(frame.clone()) {
                let expected = problem.to_string();
                return Err(place.value(at, "barcode-reader.frame", expected, "another"));
            }
            frame
        }
    };
    let port = place.need(table.port, "port", PORT)?;
    Ok(Some(BarcodeReader {
        port: place.port(port, table.baud.unwrap_or(115_200)),
        frame,
    }))
}

fn camera(
    text: &str,
    table: Spanned<CameraTable>,
    chips_are_real: bool,
) -> Result<Option<Camera>, StationError> {
    let place = Table::new("camera", text, &table);
    let table = table.into_inner();
    if table.is == Is::Simulated {
        let real = [
            ("url", table.url.is_some()),
            ("portrait", table.portrait.is_some()),
        ];
        place.none("simulated", &real)?;
        return Ok(None);
    }
    let portrait = match chips_are_real {
        true => table.portrait,
        false => {
            let expected = "a photograph of whoever will stand before the camera, \
                            for the portrait of simulated chips";
            Some(place.need(table.portrait, "portrait", expected)?)
        }
    };
    let url = "its stream, such as \"http://192.168.1.20/mjpeg\"";
    Ok(Some(Camera {
        line: place.line,
        url: place.need(table.url, "url", url)?,
        portrait,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE_REAL: &str = r#"
station = "workshop 2"
patience = "20 s"

[mrz-reader]
is = "real"
serial = "E-100-231"
port = "/dev/gate/mrz"
profile = "desko"
"#;

    #[test]
    fn each_device_is_real_or_simulated_by_itself() {
        let station = Station::parse(ONE_REAL).unwrap();
        assert_eq!(station.patience, Duration::from_secs(20));
        let reader = station.mrz_reader.as_ref().unwrap();
        assert_eq!(reader.profile, Profile::Desko);
        assert_eq!((reader.port.line, reader.port.baud), (5, 9_600));
        assert!(station.has_real() && station.needs_a_person() && !station.is_walked());
        let rows: Vec<_> = station
            .devices()
            .into_iter()
            .map(|row| (row.name, row.is, row.serial))
            .collect();
        let plain = |name, is| (name, is, String::new());
        assert_eq!(
            rows,
            [
                plain("controller", "simulated"),
                ("mrz-reader", "real", "E-100-231".to_owned()),
                plain("chip-reader", "simulated"),
                plain("barcode-reader", "simulated"),
                plain("camera", "simulated"),
            ]
        );
        let nothing = Station::parse("").unwrap();
        assert!(!nothing.has_real() && !nothing.needs_a_person());
    }

    #[test]
    fn a_board_does_what_a_person_would_have_to() {
        let board = "[io-board]\nport = \"/dev/io\"\nfeeder = true\n";
        let real = "[controller]\nis = \"real\"\nport = \"/dev/c\"\nkeys = \"/etc/k\"\n";
        let station = Station::parse(real).unwrap();
        assert!(station.is_walked() && station.needs_a_person());
        let station = Station::parse(&(real.to_owned() + board)).unwrap();
        assert!(!station.is_walked() && !station.needs_a_person());
    }

    #[test]
    fn what_is_wrong_is_told_with_line_key_what_was_expected_and_found() {
        for (text, expected) in [
            (
                "\n[mrz-reader]\nis = \"real\"\n",
                "line 2: mrz-reader: `port`: expected the name of a serial line",
            ),
            (
                "[camera]\nurl = \"http://x/y\"\n",
                "line 1: camera: `url` belongs to a device that is real; found `is = \"simulated\"`",
            ),
            (
                "[controller]\nis = \"emulated\"\nport = \"/dev/c\"\n",
                "found `is = \"emulated\"`",
            ),
            (
                "station = \"a\"\npatience = \"soon\"\n",
                "line 2: patience: expected a time with its unit up to 500 s, like \"60 s\", found \"soon\"",
            ),
            ("[mrz-reader]\nis = \"plugged\"\n", "line 2"),
            ("[mrz-reader]\nspeed = 1\n", "unknown field `speed`"),
            ("[io-board]\n", "missing field `port`"),
            (
                "[mrz-reader]\n\n[io-board]\nport = \"/dev/gone\"\n",
                "line 3: io-board: it moves the terminals of a controller that is real; found `[controller] is = \"simulated\"`",
            ),
            (
                "[camera]\nis = \"real\"\nurl = \"http://x/y\"\n",
                "`portrait`: expected a photograph",
            ),
            (
                "[chip-reader]\nis = \"real\"\nname = \"x\"\ntrust = \"t\"\ntrust-key = \"k\"\nzone = \"P<UTO\"\n",
                "line 6: chip-reader.zone: expected a printed zone",
            ),
            (
                "[barcode-reader]\nis = \"real\"\nport = \"/dev/b\"\nframe = { end = \"suffix\" }\n",
                "line 4: barcode-reader.frame: expected",
            ),
        ] {
            let told = Station::parse(text).unwrap_err().to_string();
            assert!(told.contains(expected), "{text}\n{told}");
        }
    }

    #[test]
    fn the_example_is_a_station() {
        let station = Station::parse(include_str!("../../station.example.toml")).unwrap();
        assert!(station.has_real());
    }

    #[test]
    fn the_schema_for_editors_is_committed() {
        let found = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/station.schema.json");
        let accepted = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            accepted == found,
            "hil schema station > hil/station.schema.json, and look at the difference"
        );
    }
}
