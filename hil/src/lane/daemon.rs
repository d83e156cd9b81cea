//! The real daemon, started with settings for the simulated devices.

use super::cast::{PLACE, permit_profile};
use super::disk::Disk;
use super::stand::Stand;
use crate::rig::Parts;
use crate::station::{Controller, Station};
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
use toml::Table;

/// Where the daemon finds its lane, and what it is told of it.
pub(crate) struct Places<'a> {
    /// Which devices are real.
    pub(crate) station: &'a Station,
    /// The devices, real or not.
    pub(crate) stand: &'a Stand,
    /// The programs and models.
    pub(crate) parts: &'a Parts,
    /// Where pages are served.
    pub(crate) page: SocketAddr,
    /// The journal gets a disk of its own that can be full, where one can be mounted.
    pub(crate) small_disk: bool,
}

/// How every simulated lane is built.
const SITE: &str = "shape = \"two-doors\"\nexit_lock = \"fail-safe\"\n";

/// A lane that waits for a person waits for so much longer than the bench does.
const SLOWER: Duration = Duration::from_secs(30);

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
    /// Starts a daemon with its files in `folder`.
    pub(crate) fn start(
        folder: &Path,
        places: &Places<'_>,
        authorities: &[u8],
        permit_signers: Vec<Certificate>,
    ) -> anyhow::Result<Self> {
        let program = places.parts.gate_host()?;
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
        std::fs::write(folder.join("gate.toml"), settings(folder, places)?)?;
        let journal = folder.join("journal");
        std::fs::create_dir_all(&journal)?;
        let disk = places.small_disk.then(|| Disk::mount(&journal)).flatten();
        Ok(Self {
            child: launch(&program, folder)?,
            program,
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
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        let ended = self
            .ended()
            .map_or_else(String::new, |status| format!("\ndaemon ended: {status}"));
        format!(
            "{}{ended}",
            lines[lines.len().saturating_sub(20)..].join("\n")
        )
    }

    /// Everything that the daemon has written.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("gate-host.log")).unwrap_or_default()
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

/// The daemon's settings, for this station.
fn settings(folder: &Path, places: &Places<'_>) -> anyhow::Result<String> {
    let own = |name: &str| folder.join(name).display().to_string();
    let named = |path: &Path| anyhow::Ok(std::path::absolute(path)?.display().to_string());
    let (station, devices) = (places.station, places.stand.devices());
    let mut controller = table([
        ("device", text(places.stand.controller().tty())),
        ("keys", own("controller.keys").into()),
        ("weak_entropy", true.into()),
        ("site", toml::from_str::<Table>(SITE)?.into()),
    ]);
    if let Controller::Real(real) = &station.controller {
        controller.insert("keys".to_owned(), named(&real.keys)?.into());
        controller.insert("weak_entropy".to_owned(), real.weak_entropy.into());
        controller.remove("site");
        if let Some(site) = &real.site {
            controller.insert("site".to_owned(), site.clone().into());
        }
    }
    let mut reader = table([("device", text(devices.reader()))]);
    if let Some(real) = &station.mrz_reader {
        reader.insert("profile".to_owned(), real.profile.to_string().into());
    }
    let mut chip = table([
        ("reader", devices.chip_reader().into()),
        ("trust", own("trust.bundle").into()),
        ("trust_key", own("trust.pub").into()),
        ("extended_length", true.into()),
    ]);
    if let Some(real) = &station.chip_reader {
        chip.insert("trust".to_owned(), named(&real.trust)?.into());
        chip.insert("trust_key".to_owned(), named(&real.trust_key)?.into());
    }
    let frame = match &station.barcode_reader {
        Some(real) => toml::Value::try_from(&real.frame)?,
        None => toml::from_str::<Table>(&format!("frame = {FRAME}"))?
            .remove("frame")
            .context("the simulated barcode reader's frame")?,
    };
    let imager = table([
        ("device", text(devices.imager())),
        ("permits", vec![own("permit.toml")].into()),
        ("places", vec![PLACE].into()),
        ("frame", frame),
    ]);
    let mut limits = table([("officer", "4 s".into())]);
    if station.needs_a_person() {
        // The bench gives up first: nobody is referred because a technician was slow.
        let longer = station.patience + SLOWER;
        let longer = format!("{} s", longer.as_secs());
        for key in ["entering", "placing", "reading", "looking", "examining"] {
            limits.insert(key.to_owned(), longer.clone().into());
        }
    }
    let face = table([
        ("manifest", named(&places.parts.manifest)?.into()),
        ("models", named(&places.parts.models)?.into()),
    ]);
    let all = table([
        ("controller", controller.into()),
        ("reader", reader.into()),
        ("chip", chip.into()),
        ("camera", table([("url", devices.camera().into())]).into()),
        ("face", face.into()),
        ("lists", table([("file", own("lists.txt").into())]).into()),
        (
            "journal",
            table([("file", own("journal/journal.sqlite").into())]).into(),
        ),
        (
            "page",
            table([("listen", places.page.to_string().into())]).into(),
        ),
        ("limits", limits.into()),
        ("imager", imager.into()),
    ]);
    Ok(toml::to_string(&all)?)
}

fn table<const N: usize>(entries: [(&str, toml::Value); N]) -> Table {
    let owned = entries.map(|(key, value)| (key.to_owned(), value));
    owned.into_iter().collect()
}

fn text(path: &Path) -> toml::Value {
    path.display().to_string().into()
}

/// `wanted` if nobody has it, else a port that is free now.
pub(crate) fn free_port(wanted: u16) -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind(("127.0.0.1", wanted))
        .or_else(|_| TcpListener::bind(("127.0.0.1", 0)))?;
    Ok(listener.local_addr()?)
}
