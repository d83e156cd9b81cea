//! The imager's serial line: bytes in, barcodes out; opened again when it vanishes.

use gate_document::seal::imager::{FrameError, Frames, Heard, Scanned};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::time::{sleep, timeout};
use tokio_serial::{SerialPortBuilderExt, SerialStream};

/// What the imager tells.
#[derive(Debug)]
pub(super) enum Told {
    /// The line is open.
    Found,
    /// The line is not there (any more); it is tried again without end.
    Lost(LineError),
    /// A barcode.
    Code(Scanned),
    /// Bytes that are none, and how many were thrown away since the start.
    Bad(FrameError, u64),
}

/// Why the imager's line cannot be used. Look at the cable and at the name in the settings; it is
/// opened by itself once it is there.
#[derive(Debug, thiserror::Error)]
pub(super) enum LineError {
    /// There is no such line.
    #[error("imager's serial line {device} cannot be opened: {problem}")]
    Open {
        /// The line.
        device: PathBuf,
        /// What the system said.
        problem: String,
    },
    /// It was there and has gone.
    #[error("imager's serial line {device} is gone: {problem}")]
    Gone {
        /// The line.
        device: PathBuf,
        /// What the system said.
        problem: String,
    },
}

/// Longer than any imager pauses within a barcode; a traveller does not notice it.
const QUIET: Duration = Duration::from_millis(80);
/// First and longest wait before a line is opened again.
const REOPEN: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));

/// Listens for ever and hands what it hears to `sink`, which must not block. Ends when the sink says
/// so by returning `false`.
pub(super) async fn run(
    device: PathBuf,
    baud: u32,
    mut frames: Frames,
    mut sink: impl FnMut(Told) -> bool + Send,
) {
    let mut wait = REOPEN.0;
    let mut complained = false;
    loop {
        let lost = match open(&device, baud) {
            Ok(port) => {
                (wait, complained) = (REOPEN.0, false);
                if !sink(Told::Found) {
                    return;
                }
                match listen(port, &mut frames, &mut sink).await {
                    None => return,
                    Some(problem) => LineError::Gone {
                        device: device.clone(),
                        problem: problem.to_string(),
                    },
                }
            }
            Err(problem) => problem,
        };
        // A frame that was under way will never be finished.
        frames.quiet();
        if !std::mem::replace(&mut complained, true) && !sink(Told::Lost(lost)) {
            return;
        }
        sleep(wait).await;
        wait = (wait * 2).min(REOPEN.1);
    }
}

fn open(device: &Path, baud: u32) -> Result<SerialStream, LineError> {
    tokio_serial::new(device.to_string_lossy(), baud)
        .open_native_async()
        .map_err(|problem| LineError::Open {
            device: device.to_owned(),
            problem: problem.to_string(),
        })
}

/// Why the line ended; `None` where the sink did.
async fn listen(
    mut port: SerialStream,
    frames: &mut Frames,
    sink: &mut impl FnMut(Told) -> bool,
) -> Option<io::Error> {
    let mut bytes = zeroize::Zeroizing::new([0; 256]);
    loop {
        let mut heard = Vec::new();
        let read = match frames.is_open() {
            true => timeout(QUIET, port.read(&mut bytes[..])).await,
            false => Ok(port.read(&mut bytes[..]).await),
        };
        match read {
            Ok(Ok(0)) => return Some(io::ErrorKind::UnexpectedEof.into()),
            Ok(Ok(count)) => frames.receive(&bytes[..count], |one| heard.push(one)),
            Ok(Err(problem)) => return Some(problem),
            Err(_) => heard.extend(frames.quiet()),
        }
        for one in heard {
            let told = match one {
                Heard::Began => continue,
                Heard::Code(code) => Told::Code(code),
                Heard::Bad(problem) => Told::Bad(problem, frames.discarded()),
            };
            if !sink(told) {
                return None;
            }
        }
    }
}
