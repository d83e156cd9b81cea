//! What is built, and with what.

use crate::steps::{cargo, note, output, root, run, step, succeeds, target};
use anyhow::{Context, anyhow, bail};
use gate_boot::image::public_key;
use gate_boot::key::{TEST_SEED, to_digits};
use gate_boot::pack;
use gate_boot::slot::Slot;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The controller's processor: Cortex-M4 with floating point.
const FIRMWARE_TARGET: &str = "thumbv7em-none-eabihf";

/// Rises when no older image may run again: a weakness was mended. Releases tell why.
const SECURITY_VERSION: u32 = 1;

/// The programs of a lane.
pub(crate) struct Programs {
    /// The daemon.
    pub(crate) gate_host: PathBuf,
    /// The bench.
    pub(crate) hil: PathBuf,
}

/// Builds the controller's boot loader and firmware, packs and signs them, and says where the whole
/// flash of a new controller is. What an update needs, `update.img`, lies beside it.
///
/// `key` is a file with the 32 bytes from which the signing key grows; without one, the published
/// test key signs.
pub(crate) fn firmware(key: Option<&Path>) -> anyhow::Result<PathBuf> {
    step("Firmware of the gate controller");
    if !target_is_there()? {
        run(Command::new("rustup").args(["target", "add", FIRMWARE_TARGET]))
            .with_context(|| format!("the Rust target {FIRMWARE_TARGET} is missing; install it with `rustup target add {FIRMWARE_TARGET}`"))?;
    }
    let folder = root().join("gate-firmware");
    let controller = image(&folder, &folder.join("target"), &Slot::ALL, &seed(key)?)?;
    note(&format!("{}", controller.display()));
    Ok(controller)
}

/// The same of a copy of the firmware, for a mutation of it: signed with the published test key, and
/// without an update.
pub(crate) fn broken_firmware(folder: &Path, target: &Path) -> anyhow::Result<PathBuf> {
    image(folder, target, &[Slot::A], &TEST_SEED)
}

fn image(folder: &Path, target: &Path, slots: &[Slot], seed: &[u8; 32]) -> anyhow::Result<PathBuf> {
    let packed = target.join("controller");
    std::fs::create_dir_all(&packed)?;
    let mut update = Vec::new();
    for &slot in slots {
        let elf = build_image(folder, target, "gate-firmware", slot, seed)?;
        let about = pack::about(slot, version(), SECURITY_VERSION);
        update.push(pack::image(&elf, &about, seed)?);
    }
    let boot_loader = build_image(folder, target, "gate-boot-loader", Slot::A, seed)?;
    let controller = packed.join("controller.bin");
    std::fs::write(&controller, pack::controller(&boot_loader, &update[0])?)?;
    std::fs::write(packed.join("update.img"), update.concat())?;
    Ok(controller)
}

/// Builds one program of the controller and says where it is.
fn build_image(
    folder: &Path,
    target: &Path,
    package: &str,
    slot: Slot,
    seed: &[u8; 32],
) -> anyhow::Result<PathBuf> {
    run(cargo()
        .current_dir(folder)
        // An inherited target directory would put the image where nobody looks for it.
        .env("CARGO_TARGET_DIR", target)
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env("GATE_SLOT", slot.to_string())
        .env("GATE_UPDATE_KEY", to_digits(&public_key(seed)))
        .args(["build", "--release", "--locked", "--package", package]))?;
    let image = target.join(FIRMWARE_TARGET).join("release").join(package);
    if !image.exists() {
        bail!("{}: built, and not there", image.display());
    }
    // The same name for both slots: kept apart before the next one is built.
    let kept = target.join(format!("controller/{package}-{slot}.elf"));
    std::fs::copy(&image, &kept)?;
    Ok(kept)
}

fn seed(key: Option<&Path>) -> anyhow::Result<[u8; 32]> {
    let Some(path) = key else {
        note("signed with the published test key: for desks only");
        return Ok(TEST_SEED);
    };
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let found = bytes.len();
    bytes
        .try_into()
        .map_err(|_| anyhow!("{} has {found} bytes, expected 32", path.display()))
}

/// Version of the workspace, which the controller's image carries.
fn version() -> [u8; 3] {
    let mut numbers = env!("CARGO_PKG_VERSION").split('.');
    std::array::from_fn(|_| {
        numbers
            .next()
            .and_then(|number| number.parse().ok())
            .unwrap_or(0)
    })
}

fn target_is_there() -> anyhow::Result<bool> {
    let mut query = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
    let folder = output(query.args(["--print", "target-libdir", "--target", FIRMWARE_TARGET]))?;
    Ok(PathBuf::from(folder.trim()).exists())
}

/// Builds daemon and bench, optimised.
pub(crate) fn programs() -> anyhow::Result<Programs> {
    step("Daemon and bench");
    run(cargo().env("RUSTFLAGS", rustflags()).args([
        "build",
        "--release",
        "--locked",
        "--package",
        "gate-host",
        "--package",
        "hil",
    ]))?;
    Ok(Programs::in_folder(&target().join("release")))
}

/// Frames on the controller's line are shorter than what vectors are made for: without them they are
/// sealed and opened in half the time.
const SHORT_FRAMES: &str = "--cfg poly1305_backend=\"soft\" --cfg chacha20_backend=\"soft\"";

fn rustflags() -> String {
    let given = std::env::var("RUSTFLAGS").unwrap_or_default();
    format!("{given} {SHORT_FRAMES}")
}

impl Programs {
    /// Those that cargo has put there.
    pub(crate) fn in_folder(folder: &Path) -> Self {
        Self {
            gate_host: folder.join("gate-host"),
            hil: folder.join("hil"),
        }
    }
}

/// Whether `cargo nextest` is there; `cargo test` does the same more slowly.
pub(crate) fn has_nextest() -> bool {
    succeeds(cargo().args(["nextest", "--version"]))
}
