//! Who tested what: the header of a report.

use anyhow::Context;
use serde::Deserialize;
use std::fs;
use std::path::Path;

/// Who tested what, as a TOML file says it. What is left out is said to be missing.
///
/// ```toml
/// station = "workshop 2"
/// operator = "shift A"
/// gate = "G-0017"
/// controller = "4711"
/// firmware = "0.1.0, build 9f2c"
/// calibration = "models of May, thresholds 3"
///
/// [[device]]
/// name = "document reader"
/// serial = "E-100-231"
/// simulated = false
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Station {
    /// The bench.
    pub(crate) station: String,
    /// Who stood at it: a role or a shift rather than a name.
    pub(crate) operator: String,
    /// Serial number of the gate.
    pub(crate) gate: String,
    /// Serial number of its controller.
    pub(crate) controller: String,
    /// Version of the controller's firmware.
    pub(crate) firmware: String,
    /// What the gate was calibrated with.
    pub(crate) calibration: String,
    /// What else stood there.
    pub(crate) device: Vec<Device>,
}

/// A device of the gate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Device {
    /// What it is.
    pub(crate) name: String,
    /// Its serial number.
    #[serde(default)]
    pub(crate) serial: String,
    /// Whether the bench stood in for it.
    #[serde(default)]
    pub(crate) simulated: bool,
}

impl Station {
    /// Reads the header.
    pub(crate) fn open(path: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
        toml::from_str(&text).with_context(|| path.display().to_string())
    }

    /// What each line of the header is called, and what it says.
    pub(crate) fn lines(&self) -> [(&'static str, &str); 6] {
        [
            ("Station", &self.station),
            ("Operator", &self.operator),
            ("Gate, serial number", &self.gate),
            ("Controller, serial number", &self.controller),
            ("Firmware", &self.firmware),
            ("Calibration", &self.calibration),
        ]
    }
}
