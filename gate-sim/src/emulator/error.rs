//! Why there is no emulated board.

use std::path::PathBuf;
use std::time::Duration;

/// Why the emulated board cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum EmulatorError {
    /// Install the package named in the text.
    #[error(
        "{qemu} cannot be run: install QEMU 10 (Debian 12: suite bookworm-backports, package \
         qemu-system-arm)"
    )]
    QemuMissing {
        /// Program that was to be run.
        qemu: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// QEMU before version 9 does not know the board. Install the package named in the text.
    #[error(
        "{qemu} has no machine {machine}: install QEMU 10 (Debian 12: suite bookworm-backports, \
         package qemu-system-arm)"
    )]
    MachineMissing {
        /// Program that was asked.
        qemu: PathBuf,
        /// Machine that is needed.
        machine: &'static str,
    },
    /// Build it: `cargo build --release` in `gate-firmware`.
    #[error("firmware image {path} is missing: build it in gate-firmware")]
    FirmwareMissing {
        /// Where the image should be.
        path: PathBuf,
    },
    /// Not an ELF file for the controller, or larger than its flash: build it anew.
    #[error("{path} holds nothing for the flash of the controller")]
    NoFirmware {
        /// The file.
        path: PathBuf,
    },
    /// The system refuses something: see the source.
    #[error("cannot {what}")]
    Io {
        /// What was tried.
        what: &'static str,
        /// What the system says.
        source: std::io::Error,
    },
    /// QEMU ended by itself; the text has its last words.
    #[error("QEMU ended by itself: {said}")]
    Ended {
        /// What it wrote last, shortened.
        said: String,
    },
    /// QEMU does not answer: the machine is overloaded, or the process is stuck. Power the board
    /// on anew.
    #[error("QEMU left {what} unanswered for {limit:?}")]
    Silent {
        /// What was asked.
        what: String,
        /// How long it was waited for.
        limit: Duration,
    },
    /// QEMU does not take a command: an input may be driven as an output by the firmware.
    #[error("QEMU refused {what}: {reply}")]
    Refused {
        /// What was asked.
        what: String,
        /// What it answered.
        reply: String,
    },
}

impl EmulatorError {
    /// Wraps what the system says about `what`.
    pub(super) fn io(what: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Io { what, source }
    }
}
