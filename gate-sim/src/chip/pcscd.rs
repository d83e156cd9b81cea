//! The machine's PC/SC daemon with a virtual reader: started for us, or already running.
//!
//! Debian's packages `pcscd` and `vsmartcard-vpcd` are expected. The daemon's socket has a fixed
//! path, so there is one daemon per machine: where the system runs it, its own virtual reader
//! serves; otherwise a private one is started with a reader of our own and stopped on drop.
//!
//! vpcd can also be told to connect to the card. Debian's version then aborts the daemon as soon as
//! the connection is lost, therefore it listens here, on all interfaces, while the daemon runs.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

const DAEMON: &str = "/usr/sbin/pcscd";
const DRIVER: &str = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so";
const RUN: &str = "/run/pcscd";
const SOCKET: &str = "/run/pcscd/pcscd.comm";
const PID_FILE: &str = "/run/pcscd/pcscd.pid";

/// Name and port of vpcd's reader as Debian configures it.
const SYSTEM_READER: (&str, u16) = ("Virtual PCD", 35_963);
const OWN_READER: &str = "Gate Simulated Reader";
const OWN_FILE: &str = "gate-sim";

/// Every reader of vpcd takes two ports, one per slot; ours are looked for from here on.
const PORTS_FROM: u16 = 35_973;

const POLL: Duration = Duration::from_millis(10);
const START_POLLS: u32 = 500;
const STOP_POLLS: u32 = 300;

/// Why there is no virtual reader.
#[derive(Debug, thiserror::Error)]
pub enum PcscdError {
    /// Install the package: `apt-get install <package>`.
    #[error("{file} is missing: install the Debian package {package}")]
    Package {
        /// The file looked for.
        file: &'static str,
        /// The package that has it.
        package: &'static str,
    },
    /// The daemon that runs already has no virtual reader. Restart it after the installation of
    /// vsmartcard-vpcd: `systemctl restart pcscd`.
    #[error("the running pcscd has no virtual reader on port {port}")]
    NoVirtualReader {
        /// Where one was expected.
        port: u16,
    },
    /// Run as root, or start the system's own daemon: `systemctl start pcscd.socket`.
    #[error("no pcscd runs, and none can be started: cannot write to {path}")]
    Permission {
        /// The directory that the daemon needs.
        path: &'static str,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Free some ports from 35973 on.
    #[error("no two free ports in a row from {from} on")]
    Ports {
        /// Where the search began.
        from: u16,
    },
    /// The files of the daemon's private configuration cannot be written.
    #[error("private configuration of pcscd")]
    Configuration(#[source] io::Error),
    /// The daemon ended or did not get ready within five seconds; `said` is its last line.
    #[error("pcscd did not get ready: {said}")]
    NotReady {
        /// Last line of the daemon's log.
        said: String,
    },
}

/// A PC/SC daemon with a virtual reader.
#[derive(Debug)]
pub struct Pcscd {
    reader: String,
    port: u16,
    /// Stops with us; `None` if the daemon was there before.
    own: Option<Own>,
}

/// A daemon that we started and have to stop.
#[derive(Debug)]
struct Own {
    child: Child,
    directory: TempDir,
}

impl Pcscd {
    /// Finds a running daemon or starts a private one; returns when its reader is there.
    ///
    /// # Errors
    ///
    /// [`PcscdError`] says what to install or to do.
    pub fn start() -> Result<Self, PcscdError> {
        for (file, package) in [(DAEMON, "pcscd"), (DRIVER, "vsmartcard-vpcd")] {
            if !Path::new(file).exists() {
                return Err(PcscdError::Package { file, package });
            }
        }
        if UnixStream::connect(SOCKET).is_ok() {
            Self::join()
        } else {
            Self::start_own(Path::new(DRIVER), None)
        }
    }

    /// Starts a private daemon whose reader has another driver, which finds the file `mark` named in
    /// the variable `GATE_UNPLUGGED`. `None` where a daemon runs already.
    ///
    /// # Errors
    ///
    /// [`PcscdError`] says what to install or to do.
    pub fn start_with(driver: &Path, mark: &Path) -> Result<Option<Self>, PcscdError> {
        if UnixStream::connect(SOCKET).is_ok() {
            return Ok(None);
        }
        Self::start_own(driver, Some(mark)).map(Some)
    }

    /// vpcd's driver, for those that stand before it.
    #[must_use]
    pub fn driver() -> &'static Path {
        Path::new(DRIVER)
    }

    /// Name of the reader as PC/SC clients see it: the fragment by which to choose it.
    #[must_use]
    pub fn reader(&self) -> &str {
        &self.reader
    }

    /// Where a card connects, see [`super::vpcd::Placed::place`].
    #[must_use]
    pub fn card_address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))
    }

    /// Whether the daemon was started for us and stops with us.
    #[must_use]
    pub fn is_private(&self) -> bool {
        self.own.is_some()
    }

    /// A daemon of the system, or one that an earlier run of ours left behind when it was killed.
    fn join() -> Result<Self, PcscdError> {
        let left_behind = running_configuration().and_then(|directory| configured_port(&directory));
        let (name, port) = match left_behind {
            Some(port) => (OWN_READER, port),
            None => SYSTEM_READER,
        };
        if !wait_until(START_POLLS, || is_listening(port)) {
            return Err(PcscdError::NoVirtualReader { port });
        }
        Ok(Self {
            reader: first_slot(name),
            port,
            own: None,
        })
    }

    fn start_own(driver: &Path, mark: Option<&Path>) -> Result<Self, PcscdError> {
        make_room().map_err(|source| PcscdError::Permission { path: RUN, source })?;
        let port = free_ports()?;
        let directory = configuration(port, driver).map_err(PcscdError::Configuration)?;
        let log_path = directory.path().join("log");
        let log = fs::File::create(&log_path).map_err(PcscdError::Configuration)?;
        let errors = log.try_clone().map_err(PcscdError::Configuration)?;
        let child = Command::new(DAEMON)
            .envs(mark.map(|mark| ("GATE_UNPLUGGED", mark)))
            .arg("--foreground")
            .arg("--config")
            .arg(directory.path().join("readers"))
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            .spawn()
            .map_err(PcscdError::Configuration)?;
        let mut own = Own { child, directory };
        if !wait_until(START_POLLS, || own.has_ended() || own.is_ready(port)) || own.has_ended() {
            let said = fs::read_to_string(log_path).unwrap_or_default();
            let said = said.lines().last().unwrap_or("nothing").to_owned();
            return Err(PcscdError::NotReady { said });
        }
        Ok(Self {
            reader: first_slot(OWN_READER),
            port,
            own: Some(own),
        })
    }
}

impl Own {
    fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// vpcd's driver listens before the daemon opens its socket.
    fn is_ready(&self, port: u16) -> bool {
        is_listening(port) && UnixStream::connect(SOCKET).is_ok()
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid
            && !self.has_ended()
        {
            let _gone_already = kill_process(pid, Signal::TERM);
        }
        if !wait_until(STOP_POLLS, || self.has_ended()) {
            let _gone_already = self.child.kill();
            let _reaped = self.child.wait();
        }
        debug_assert!(
            self.directory.path().exists(),
            "the daemon's files outlive the daemon"
        );
    }
}

/// A two-slot reader is listed once per slot; documents lie in the first.
fn first_slot(name: &str) -> String {
    format!("{name} 00 00")
}

/// Makes the daemon's directory, and removes what a killed daemon left in it.
fn make_room() -> io::Result<()> {
    fs::create_dir_all(RUN)?;
    for file in [SOCKET, PID_FILE] {
        match fs::remove_file(file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    // Shows that the directory can be written to, before the daemon stumbles over it.
    tempfile::tempfile_in(RUN).map(drop)
}

fn configuration(port: u16, driver: &Path) -> io::Result<TempDir> {
    let directory = TempDir::new()?;
    let readers = directory.path().join("readers");
    fs::create_dir(&readers)?;
    let text = format!(
        "FRIENDLYNAME \"{OWN_READER}\"\nDEVICENAME /dev/null:{port}\nLIBPATH {}\nCHANNELID {port}\n",
        driver.display()
    );
    fs::write(readers.join(OWN_FILE), text)?;
    Ok(directory)
}

/// The configuration directory on the running daemon's command line.
fn running_configuration() -> Option<PathBuf> {
    // The daemon writes a zero byte after the number.
    let text = fs::read_to_string(PID_FILE).ok()?;
    let pid: u32 = text
        .trim_end_matches(|end: char| !end.is_ascii_digit())
        .parse()
        .ok()?;
    let line = fs::read_to_string(format!("/proc/{pid}/cmdline")).ok()?;
    let mut words = line.split('\0').skip_while(|word| *word != "--config");
    words.nth(1).map(PathBuf::from)
}

fn configured_port(directory: &Path) -> Option<u16> {
    let text = fs::read_to_string(directory.join(OWN_FILE)).ok()?;
    text.lines()
        .find_map(|line| line.strip_prefix("CHANNELID ")?.parse().ok())
}

fn free_ports() -> Result<u16, PcscdError> {
    let is_free = |port: u16| TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).is_ok();
    (PORTS_FROM..PORTS_FROM + 200)
        .step_by(2)
        .find(|&port| is_free(port) && is_free(port + 1))
        .ok_or(PcscdError::Ports { from: PORTS_FROM })
}

/// Asks the system's table: a connection just to see would be taken for a card.
fn is_listening(port: u16) -> bool {
    let suffix = format!(":{port:04X}");
    let is_it = |line: &str| {
        let mut words = line.split_whitespace().skip(1);
        words.next().is_some_and(|local| local.ends_with(&suffix)) && words.nth(1) == Some("0A")
    };
    fs::read_to_string("/proc/net/tcp").is_ok_and(|table| table.lines().any(is_it))
}

#[expect(
    clippy::disallowed_methods,
    reason = "waits for another process at start and stop only"
)]
fn wait_until(polls: u32, mut is_done: impl FnMut() -> bool) -> bool {
    for _ in 0..polls {
        if is_done() {
            return true;
        }
        std::thread::sleep(POLL);
    }
    false
}
