//! The QEMU process: started, listened to, and never left behind.

use super::error::EmulatorError;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

/// A board with the ports, interrupts and serial lines of the STM32L4: `docs/hazards.md` says what
/// it lacks.
pub(super) const MACHINE: &str = "b-l475e-iot01a";

/// A running QEMU. Dropping it kills the process.
#[derive(Debug)]
pub(super) struct Process {
    /// Closing this channel ends the process; a message back says that it has ended.
    quit: Option<Sender<()>>,
    ended: Receiver<()>,
}

impl Process {
    /// Starts QEMU with `arguments`, halted before the first instruction. `listen` gets every line
    /// that it writes to its standard error.
    ///
    /// The kernel kills the process when the thread that started it ends, so a test that crashes
    /// leaves no emulator behind that eats a core for ever. That thread is one of our own: the
    /// caller's might well end long before the board is to be switched off.
    pub(super) fn start(
        qemu: &Path,
        arguments: Vec<String>,
        listen: impl FnMut(&str) + Send + 'static,
    ) -> Result<Self, EmulatorError> {
        let mut command = Command::new("setpriv");
        command
            .args(["--pdeathsig", "KILL", "--"])
            .arg(qemu)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let (quit, quits) = channel();
        let (end, ended) = channel();
        let (report, started) = channel();
        thread::spawn(move || {
            let spawned = command.spawn();
            match spawned {
                Ok(child) => own(child, &report, &quits, listen),
                Err(error) => drop(report.send(Err(error))),
            }
            // The board may have been dropped without waiting.
            let _ = end.send(());
        });
        match started.recv() {
            Ok(Ok(())) => Ok(Self {
                quit: Some(quit),
                ended,
            }),
            Ok(Err(source)) => Err(EmulatorError::Io {
                what: "run setpriv (package util-linux)",
                source,
            }),
            Err(_) => Err(EmulatorError::Ended {
                said: "it never began".to_owned(),
            }),
        }
    }
}

/// Keeps the child until somebody wants it gone.
fn own(
    mut child: Child,
    report: &Sender<Result<(), std::io::Error>>,
    quits: &Receiver<()>,
    listen: impl FnMut(&str) + Send + 'static,
) {
    let listener = child.stderr.take().map(|errors| read_lines(errors, listen));
    // Whoever started it waits for this message.
    let _ = report.send(Ok(()));
    // Either a message or the end of the channel: both mean "quit".
    let _ = quits.recv();
    // A process that has ended by itself needs no killing, only burying.
    let _ = child.kill();
    let _ = child.wait();
    if let Some(listener) = listener {
        let _ = listener.join();
    }
}

fn read_lines(
    errors: ChildStderr,
    mut listen: impl FnMut(&str) + Send + 'static,
) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        for line in BufReader::new(errors).lines() {
            let Ok(line) = line else { break };
            listen(&line);
        }
    })
}

impl Drop for Process {
    fn drop(&mut self) {
        self.quit = None;
        // When this returns the process is gone, so its sockets and its core are free again.
        let _ = self.ended.recv();
    }
}

/// Checks that `qemu` runs and knows the board.
pub(super) fn check(qemu: &Path, firmware: &Path) -> Result<(), EmulatorError> {
    if !firmware.is_file() {
        return Err(EmulatorError::FirmwareMissing {
            path: firmware.to_owned(),
        });
    }
    let machines = Command::new(qemu)
        .args(["-machine", "help"])
        .stdin(Stdio::null())
        .output()
        .map_err(|source| EmulatorError::QemuMissing {
            qemu: qemu.to_owned(),
            source,
        })?;
    let known = String::from_utf8_lossy(&machines.stdout)
        .lines()
        .any(|line| line.split_whitespace().next() == Some(MACHINE));
    if known {
        Ok(())
    } else {
        Err(EmulatorError::MachineMissing {
            qemu: qemu.to_owned(),
            machine: MACHINE,
        })
    }
}
