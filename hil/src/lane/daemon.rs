//! The real daemon, started with settings for the simulated devices.

use super::cast::{PLACE, permit_profile};
use super::disk::Disk;
use anyhow::{Context, ensure};
use gate_document::trust::Certificate;
use gate_host::keys::HostKeys;
use gate_sim::emulator::{TEST_SERIAL, test_page};
use gate_sim::fault::Fault;
use gate_sim::imager::FRAME;
use gate_sim::issuer::trust;
use gate_sim::keys;
use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

/// Where the daemon finds its lane.
#[derive(Debug)]
pub(crate) struct Places<'a> {
    /// The controller's serial line.
    pub(crate) controller: &'a Path,
    /// The document reader's serial line.
    pub(crate) reader: &'a Path,
    /// The imager's serial line.
    pub(crate) imager: &'a Path,
    /// Name of the PC/SC reader.
    pub(crate) chip: &'a str,
    /// The camera.
    pub(crate) camera: &'a str,
    /// The model manifest.
    pub(crate) manifest: &'a Path,
    /// The models.
    pub(crate) models: &'a Path,
    /// Where pages are served.
    pub(crate) page: SocketAddr,
    /// The journal gets a disk of its own that can be full, where one can be mounted.
    pub(crate) small_disk: bool,
}

/// A list that names nobody.
const NOBODY: &str = "key 0000000000000000000000000000000000000000000000000000000000000000\n";

/// A running daemon. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Daemon {
    program: PathBuf,
    child: Child,
    /// It stands still, or will when it is there again.
    hangs: bool,
    folder: PathBuf,
    /// Kept until the daemon has ended.
    disk: Option<Disk>,
}

impl Daemon {
    /// Starts `program` with its files in `folder`.
    pub(crate) fn start(
        program: &Path,
        folder: &Path,
        places: &Places<'_>,
        authorities: &[u8],
        permit_signers: Vec<Certificate>,
    ) -> anyhow::Result<Self> {
        trust::write_with(folder, authorities, permit_signers)?;
        std::fs::write(folder.join("permit.toml"), permit_profile())?;
        std::fs::write(folder.join("lists.txt"), NOBODY)?;
        // The emulated board comes paired with these.
        let keys = keys::of_host(&test_page(TEST_SERIAL));
        let keys = HostKeys {
            own: keys.own,
            pairing: keys.pairing,
        };
        keys.write(&folder.join("controller.keys"), true)?;
        std::fs::write(folder.join("gate.toml"), settings(folder, places))?;
        let journal = folder.join("journal");
        std::fs::create_dir_all(&journal)?;
        let disk = places.small_disk.then(|| Disk::mount(&journal)).flatten();
        Ok(Self {
            program: program.to_owned(),
            child: launch(program, folder)?,
            hangs: false,
            folder: folder.into(),
            disk,
        })
    }

    /// Whether this daemon can be made to suffer that.
    pub(crate) const fn can(&self, fault: Fault) -> bool {
        match fault {
            Fault::HostKilled | Fault::HostHangs | Fault::ListsLost => true,
            Fault::DiskFull => self.disk.is_some(),
            _ => false,
        }
    }

    /// Lets a fault of its process or files begin or end. A daemon that was killed starts anew when
    /// that ends.
    pub(crate) fn suffer(&mut self, fault: Fault, begins: bool) -> anyhow::Result<()> {
        match fault {
            Fault::HostKilled if begins => {
                self.child.kill()?;
                self.child.wait()?;
            }
            Fault::HostKilled => {
                self.child = launch(&self.program, &self.folder)?;
                if self.hangs {
                    self.signal("-STOP")?;
                }
            }
            Fault::HostHangs => {
                self.hangs = begins;
                self.signal(if begins { "-STOP" } else { "-CONT" })?;
            }
            Fault::ListsLost if begins => std::fs::remove_file(self.lists())?,
            Fault::ListsLost => std::fs::write(self.lists(), NOBODY)?,
            Fault::DiskFull => {
                if let Some(disk) = &self.disk {
                    disk.fill(begins)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    fn lists(&self) -> PathBuf {
        self.folder.join("lists.txt")
    }

    /// Sends a signal; to nobody once the daemon has ended, whose number may be another's by then.
    fn signal(&mut self, signal: &str) -> anyhow::Result<()> {
        if self.ended().is_some() {
            return Ok(());
        }
        let id = self.child.id().to_string();
        let status = Command::new("kill").args([signal, &id]).status()?;
        ensure!(status.success(), "kill {signal} {id}: {status}");
        Ok(())
    }

    /// The journal.
    pub(crate) fn journal(&self) -> PathBuf {
        self.folder.join("journal/journal.sqlite")
    }

    /// What the daemon last said, for whoever wonders why it does not work.
    pub(crate) fn last_words(&mut self) -> String {
        let log = std::fs::read_to_string(self.folder.join("gate-host.log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let ended = self
            .ended()
            .map_or_else(String::new, |status| format!("\ndaemon ended: {status}"));
        format!(
            "{}{ended}",
            lines[lines.len().saturating_sub(20)..].join("\n")
        )
    }

    /// The most memory it ever had, in MiB.
    pub(crate) fn memory(&self) -> Option<u64> {
        self.status("VmHWM:")
    }

    /// The memory it has now, in MiB.
    pub(crate) fn memory_now(&self) -> Option<u64> {
        self.status("VmRSS:")
    }

    /// How many files, sockets and lines it has open.
    pub(crate) fn open_files(&self) -> Option<usize> {
        let files = std::fs::read_dir(format!("/proc/{}/fd", self.child.id())).ok()?;
        Some(files.count())
    }

    fn status(&self, key: &str) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix(key))?;
        let kib = line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?;
        Some(kib / 1024)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Told to stop as systemd does it; killed if that is not understood.
        // One that stands still hears nothing.
        let _ = self.signal("-CONT");
        let asked = self.signal("-TERM").is_ok();
        for _ in 0..if asked { 100 } else { 0 } {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            pause();
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "waits for another process to end"
)]
fn pause() {
    std::thread::sleep(Duration::from_millis(20));
}

/// Starts the daemon with the settings in `folder`; what it says goes behind what was said before.
fn launch(program: &Path, folder: &Path) -> anyhow::Result<Child> {
    let log = folder.join("gate-host.log");
    let log = File::options().create(true).append(true).open(log)?;
    Command::new(program)
        .args(["run", "--settings"])
        .arg(folder.join("gate.toml"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .with_context(|| format!("{}: daemon expected", program.display()))
}

fn settings(folder: &Path, places: &Places<'_>) -> String {
    let quoted = |path: &Path| format!("{:?}", path.display().to_string());
    format!(
        "[controller]\ndevice = {controller}\nkeys = {keys}\nweak_entropy = true\n\n[controller.site]\nshape = \"two-doors\"\nexit_lock = \"fail-safe\"\n\n[reader]\ndevice = {reader}\n\n\
         [chip]\nreader = {chip:?}\ntrust = {trust}\ntrust_key = {trust_key}\nextended_length = true\n\n[camera]\nurl = {camera:?}\n\n\
         [face]\nmanifest = {manifest}\nmodels = {models}\n\n[lists]\nfile = {lists}\n\n[journal]\nfile = {journal}\n\n\
         [page]\nlisten = \"{page}\"\n\n[limits]\nofficer = \"4 s\"\n\n\
         [imager]\ndevice = {imager}\npermits = [{permit}]\nplaces = [\"{PLACE}\"]\nframe = {FRAME}\n",
        imager = quoted(places.imager),
        permit = quoted(&folder.join("permit.toml")),
        controller = quoted(places.controller),
        keys = quoted(&folder.join("controller.keys")),
        reader = quoted(places.reader),
        chip = places.chip,
        trust = quoted(&folder.join("trust.bundle")),
        trust_key = quoted(&folder.join("trust.pub")),
        camera = places.camera,
        manifest = quoted(places.manifest),
        models = quoted(places.models),
        lists = quoted(&folder.join("lists.txt")),
        journal = quoted(&folder.join("journal/journal.sqlite")),
        page = places.page,
    )
}

/// `wanted` if nobody has it, else a port that is free now.
pub(crate) fn free_port(wanted: u16) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind(("127.0.0.1", wanted))
        .or_else(|_| TcpListener::bind(("127.0.0.1", 0)))?;
    Ok(listener.local_addr()?)
}
