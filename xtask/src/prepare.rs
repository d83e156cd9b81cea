//! What every lane needs besides programs: models and firmware.

use crate::build;
use crate::steps::{note, root, step};
use gate_face::fetch::{self, News};
use gate_face::{Manifest, ModelSet};
use indicatif::{ProgressBar, ProgressStyle};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

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
    let folder = std::path::absolute(models_folder())?;
    let manifest = Manifest::built_in()?;
    let files: Vec<_> = manifest.files_for(std::env::consts::ARCH).collect();
    let set = ModelSet::new(manifest.clone(), folder.clone());
    fetch::fetch(&set, &files, &|news| match news {
        News::Needs(bytes) => {
            progress.set_length(bytes);
            progress.enable_steady_tick(Duration::from_millis(100));
        }
        News::Begins(archive) => {
            progress.set_message(format!("{} {}", archive.package, archive.version));
        }
        News::Ends(archive) => progress.inc(archive.bytes),
        // The bar hides itself where standard error is no terminal, and its own lines with it.
        News::Line(line) => progress.suspend(|| eprintln!("{line}")),
    })?;
    progress.finish_and_clear();
    note(&format!("{}", folder.display()));
    Ok(folder)
}

/// Where the files live: `GATE_MODELS`, else `target/gate/models` in the project.
fn models_folder() -> PathBuf {
    std::env::var_os("GATE_MODELS").map_or_else(|| root().join("target/gate/models"), PathBuf::from)
}
