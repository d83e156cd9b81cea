//! What every lane needs besides programs: models and firmware.

use crate::steps::{note, root, step};
use crate::{build, models};
use gate_face::Manifest;
use indicatif::{ProgressBar, ProgressStyle};
use std::path::PathBuf;
use std::process::Command;

/// The parts of a simulated lane that are not built with the workspace.
pub(crate) struct Lane {
    /// The controller's firmware.
    pub(crate) firmware: PathBuf,
    /// The model manifest.
    pub(crate) manifest: PathBuf,
    /// The models, the runtime and the test pictures.
    pub(crate) models: PathBuf,
}

impl Lane {
    /// Tells a test where everything is.
    pub(crate) fn environment<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .env("GATE_MODELS", &self.models)
            .env("GATE_FIRMWARE", &self.firmware)
            .env("GATE_QEMU", "qemu-system-arm")
            // A test whose tools are missing fails: nothing is passed over.
            .env("GATE_ALL", "1")
    }
}

/// Fetches models and builds the firmware.
pub(crate) fn lane() -> anyhow::Result<Lane> {
    let models = models()?;
    let manifest = root().join("models/manifest.toml");
    Ok(Lane {
        firmware: build::firmware(None)?,
        manifest,
        models,
    })
}

/// Fetches and verifies models, runtime and test pictures.
pub(crate) fn models() -> anyhow::Result<PathBuf> {
    step("Models, ONNX Runtime and test pictures");
    let style = ProgressStyle::with_template(
        "   {spinner} {msg} [{bar:30}] {bytes}/{total_bytes} {elapsed}",
    )?;
    let progress = ProgressBar::no_length().with_style(style);
    // Tests run in the folder of their crate: a path relative to ours would lead them nowhere.
    let folder = std::path::absolute(models::folder())?;
    models::fetch(&Manifest::built_in()?, &folder, &progress)?;
    note(&format!("{}", folder.display()));
    Ok(folder)
}
