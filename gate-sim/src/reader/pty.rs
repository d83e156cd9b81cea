//! A serial line made of a pseudo-terminal, under a name that stays.

use rustix::fd::{AsFd, OwnedFd};
use rustix::fs::OFlags;
use rustix::pty::{OpenptFlags, grantpt, ioctl_tiocgptpeer, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};
use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The device's end of a serial line. Dropping it pulls the plug: the host's end reports an error
/// and the name is gone, as with a USB cable.
#[derive(Debug)]
pub struct SerialLine {
    name: PathBuf,
    device: OwnedFd,
    /// Keeps the line's settings, and the line itself while no host has it open.
    host: OwnedFd,
}

impl SerialLine {
    /// Makes a raw line that the host finds under `name`; a stale link of that name to
    /// another pseudo-terminal is replaced.
    ///
    /// # Errors
    ///
    /// What the system says when there is no pseudo-terminal or the link cannot be made; `AlreadyExists` if
    /// the name is something else's.
    pub fn plug(name: &Path) -> io::Result<Self> {
        // Not for the programs that a bench starts: a line that one of them holds is never pulled.
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let device = openpt(flags)?;
        grantpt(&device)?;
        unlockpt(&device)?;
        let host = ioctl_tiocgptpeer(&device, flags)?;
        let mut settings = tcgetattr(&host)?;
        settings.make_raw();
        tcsetattr(&host, OptionalActions::Now, &settings)?;
        let status = rustix::fs::fcntl_getfl(&device)?;
        rustix::fs::fcntl_setfl(&device, status | OFlags::NONBLOCK)?;
        let target = ptsname(&device, Vec::new())?;
        // A link to anything but a line is somebody's, and stays.
        if std::fs::read_link(name).is_ok_and(|there| there.starts_with("/dev/pts")) {
            std::fs::remove_file(name)?;
        }
        std::os::unix::fs::symlink(std::ffi::OsStr::from_bytes(target.as_bytes()), name)?;
        Ok(Self {
            name: name.to_owned(),
            device,
            host,
        })
    }

    /// Puts bytes on the line. A real line waits for nobody: bytes that nobody reads are lost once
    /// the host's buffer is full.
    pub fn send(&self, bytes: &[u8]) {
        self.offer(bytes);
    }

    /// Puts bytes on the line and tells how many of them it took: none with nobody at the other end.
    pub fn offer(&self, bytes: &[u8]) -> usize {
        rustix::io::write(self.device.as_fd(), bytes).unwrap_or(0)
    }

    /// How many bytes lie on the line that no host has read.
    #[must_use]
    pub fn unread(&self) -> u64 {
        rustix::io::ioctl_fionread(&self.host).unwrap_or(0)
    }

    /// Takes what the host has written, as much as `bytes` has room for.
    ///
    /// # Errors
    ///
    /// `WouldBlock` if it has written nothing; what the system says else.
    pub fn read(&self, bytes: &mut [u8]) -> io::Result<usize> {
        Ok(rustix::io::read(self.device.as_fd(), bytes)?)
    }

    /// What the host has written since the last call; nothing if it has not.
    #[must_use]
    pub fn receive(&self) -> Vec<u8> {
        let mut bytes = [0; 256];
        let mut all = Vec::new();
        while let Ok(count) = rustix::io::read(self.device.as_fd(), &mut bytes[..]) {
            if count == 0 {
                break;
            }
            all.extend_from_slice(&bytes[..count]);
        }
        all
    }
}

/// For whoever waits until the host has written.
impl AsRawFd for SerialLine {
    fn as_raw_fd(&self) -> RawFd {
        self.device.as_raw_fd()
    }
}

impl Drop for SerialLine {
    fn drop(&mut self) {
        // Whoever removed the name before has done the same.
        let _ = std::fs::remove_file(&self.name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_started_does_not_hold_the_line() {
        let folder = tempfile::tempdir().unwrap();
        let line = SerialLine::plug(&folder.path().join("line")).unwrap();
        for end in [&line.device, &line.host] {
            let flags = rustix::io::fcntl_getfd(end).unwrap();
            assert!(flags.contains(rustix::io::FdFlags::CLOEXEC));
        }
    }
}
