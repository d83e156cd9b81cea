//! The pseudo-terminal that stands in for a real line.

use anyhow::Context;
use gate_sim::reader::SerialLine;
use std::io;
use std::path::Path;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::time::Instant;

/// A line that another program opens under a name.
#[derive(Debug)]
pub(crate) struct Terminal(AsyncFd<SerialLine>);

impl Terminal {
    /// Offers a line under `name`. Needs a tokio runtime.
    pub(crate) fn offer(name: &Path) -> anyhow::Result<Self> {
        let line = SerialLine::plug(name)
            .with_context(|| format!("{}: no line can be offered there", name.display()))?;
        Ok(Self(watched(line)?))
    }

    /// Waits for bytes from the other program; tells how many there are.
    pub(crate) async fn read(&self, bytes: &mut [u8]) -> io::Result<usize> {
        loop {
            let mut ready = self.0.readable().await?;
            if let Ok(read) = ready.try_io(|line| line.get_ref().read(bytes)) {
                return read;
            }
        }
    }

    /// Puts bytes on the line; tells how many of them found room.
    pub(crate) fn send(&self, bytes: &[u8]) -> usize {
        self.0.get_ref().offer(bytes)
    }
}

impl Terminal {
    /// How many bytes lie on the line that the other program has not read.
    pub(super) fn unread(&self) -> u64 {
        self.0.get_ref().unread()
    }
}

#[expect(
    deprecated,
    reason = "its successor is unsafe for the sake of types that may close their descriptor early; a line keeps its own until it is dropped"
)]
fn watched(line: SerialLine) -> io::Result<AsyncFd<SerialLine>> {
    AsyncFd::with_interest(line, Interest::READABLE)
}

/// The time since `began`, as recordings count it.
pub(super) fn now_after(began: Instant) -> gate_protocol::Instant {
    gate_protocol::Instant::ZERO + began.elapsed()
}
