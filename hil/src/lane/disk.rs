//! A disk of the journal's own that can be full.

use anyhow::Context;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A small disk. Dropping it takes it away.
#[derive(Debug)]
pub(crate) struct Disk {
    folder: PathBuf,
}

impl Disk {
    /// Mounts one on `folder`; none where that is not allowed, as to most users.
    pub(crate) fn mount(folder: &Path) -> Option<Self> {
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=4m", "gate-bench"])
            .arg(folder)
            .output();
        mount.ok()?.status.success().then(|| Self {
            folder: folder.to_owned(),
        })
    }

    /// Takes all the room there is, or gives it back.
    pub(crate) fn fill(&self, full: bool) -> anyhow::Result<()> {
        let filler = self.folder.join("filler");
        if !full {
            return fs::remove_file(&filler).with_context(|| filler.display().to_string());
        }
        let mut file = File::create(&filler)?;
        while file.write_all(&[0; 4_096]).is_ok() {}
        Ok(())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: the daemon has the journal open until it has ended.
        let _ = Command::new("umount")
            .arg("--lazy")
            .arg(&self.folder)
            .status();
    }
}
