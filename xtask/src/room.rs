//! Whether there is room for what will be built: a disk that is full in the middle says so in many
//! ways, none of them plain.

use crate::steps::{output, target};
use anyhow::{Context, ensure};
use std::process::Command;

const GIB: u64 = 1 << 30;

/// What a lane's programs, models and firmware need, built from nothing.
pub(crate) const LANE: u64 = 5 * GIB;
/// What the whole check needs, from nothing.
pub(crate) const CHECK: u64 = 9 * GIB;

/// Sees to it that `needed` bytes are free where cargo builds, less what it has built already.
pub(crate) fn look(needed: u64) -> anyhow::Result<()> {
    let folder = target();
    std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let number = |command: &mut Command| -> anyhow::Result<u64> {
        let said = output(command)?;
        let word = said
            .split_whitespace()
            .find_map(|word| word.parse::<u64>().ok());
        word.with_context(|| format!("no number in {said:?}"))
    };
    let free = number(
        Command::new("df")
            .args(["--output=avail", "-B1"])
            .arg(&folder),
    )?;
    let built = number(Command::new("du").args(["-s", "-B1"]).arg(&folder))?;
    ensure!(
        free.saturating_add(built) >= needed,
        "{}: {:.1} GB must be free to build there, found {:.1}; make room, or name another folder in CARGO_TARGET_DIR",
        folder.display(),
        needed.saturating_sub(built) as f64 / 1e9,
        free as f64 / 1e9
    );
    Ok(())
}
