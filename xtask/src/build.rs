//! What is built, and with what.

use crate::steps::{cargo, note, output, root, run, step, succeeds, target};
use anyhow::{Context, bail};
use std::path::PathBuf;
use std::process::Command;

/// The controller's processor: Cortex-M4 with floating point.
const FIRMWARE_TARGET: &str = "thumbv7em-none-eabihf";

/// The programs of a lane, optimised.
pub(crate) struct Programs {
    /// The daemon.
    pub(crate) gate_host: PathBuf,
    /// The bench.
    pub(crate) hil: PathBuf,
}

/// Builds the controller's firmware and says where it is.
pub(crate) fn firmware() -> anyhow::Result<PathBuf> {
    step("Firmware of the gate controller");
    if !target_is_there()? {
        run(Command::new("rustup").args(["target", "add", FIRMWARE_TARGET]))
            .with_context(|| format!("the Rust target {FIRMWARE_TARGET} is missing; install it with `rustup target add {FIRMWARE_TARGET}`"))?;
    }
    let folder = root().join("gate-firmware");
    // An inherited target directory would put the image where nobody looks for it.
    run(cargo()
        .current_dir(&folder)
        .env_remove("CARGO_TARGET_DIR")
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .args(["build", "--release", "--locked"]))?;
    let image = folder
        .join("target")
        .join(FIRMWARE_TARGET)
        .join("release/gate-firmware");
    if !image.exists() {
        bail!("{}: built, and not there", image.display());
    }
    note(&format!("{}", image.display()));
    Ok(image)
}

fn target_is_there() -> anyhow::Result<bool> {
    let mut query = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    let folder = output(query.args(["--print", "target-libdir", "--target", FIRMWARE_TARGET]))?;
    Ok(PathBuf::from(folder.trim()).exists())
}

/// Builds daemon and bench.
pub(crate) fn programs() -> anyhow::Result<Programs> {
    step("Daemon and bench");
    run(cargo().args([
        "build",
        "--release",
        "--locked",
        "--package",
        "gate-host",
        "--package",
        "hil",
    ]))?;
    let release = target().join("release");
    Ok(Programs {
        gate_host: release.join("gate-host"),
        hil: release.join("hil"),
    })
}

/// Whether `cargo nextest` is there; `cargo test` does the same more slowly.
pub(crate) fn has_nextest() -> bool {
    succeeds(cargo().args(["nextest", "--version"]))
}
