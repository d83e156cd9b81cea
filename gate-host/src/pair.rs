//! Pairs this host with a gate controller, once, with somebody at its open cabinet.

use crate::clock::Clock;
use crate::keys::{HostKeys, KeysError};
use gate_protocol::keys::Secret;
use gate_protocol::link::Next;
use gate_protocol::link::host::{HostPairing, PairingError};
use gate_protocol::pairing::LabelCode;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_serial::SerialPortBuilderExt;

/// Longer than it takes to hold the button and find the code on the label.
const PATIENCE: Duration = Duration::from_secs(120);

/// Why the host is not paired.
#[derive(Debug, thiserror::Error)]
pub enum PairError {
    /// See [`KeysError`].
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// Look at cable and name. A daemon that runs has the line for itself: stop it first.
    #[error("gate controller's serial line {device}: {problem}")]
    Line {
        /// Serial device.
        device: PathBuf,
        /// What the system said.
        problem: std::io::Error,
    },
    /// What the controller said last, if it said anything; look at the cable if it did not.
    #[error("not paired within {PATIENCE:?}: {}", said(.last))]
    TimedOut {
        /// What the controller said last.
        last: Option<PairingError>,
    },
}

fn said(last: &Option<PairingError>) -> String {
    last.map_or_else(
        || "the gate controller does not answer".to_owned(),
        |problem| problem.to_string(),
    )
}

/// Pairs with the controller on `device` whose label bears `code`, and writes the keys to `file`.
/// `tell` hears what somebody at the cabinet has to know.
///
/// # Errors
///
/// [`PairError`]. Nothing is written then.
pub async fn pair(
    device: &Path,
    baud: u32,
    code: &LabelCode,
    file: &Path,
    again: bool,
    tell: impl FnMut(PairingError),
) -> Result<HostKeys, PairError> {
    HostKeys::check_free(file, again)?;
    let line = |problem| PairError::Line {
        device: device.into(),
        problem,
    };
    let port = tokio_serial::new(device.to_string_lossy(), baud)
        .open_native_async()
        .map_err(|problem| line(problem.into()))?;
    let own = Secret::new(rand::random());
    let pairing = HostPairing::new(
        Clock::start().now(),
        own.clone(),
        code,
        Secret::new(rand::random()),
    );
    let keys = converse(port, pairing, own, tell)
        .await
        .map_err(|problem| match problem {
            Failed::Line(problem) => line(problem),
            Failed::TimedOut(last) => PairError::TimedOut { last },
        })?;
    keys.write(file, again)?;
    Ok(keys)
}

enum Failed {
    Line(std::io::Error),
    TimedOut(Option<PairingError>),
}

async fn converse(
    mut port: impl AsyncReadExt + AsyncWriteExt + Unpin,
    mut pairing: HostPairing,
    own: Secret,
    mut tell: impl FnMut(PairingError),
) -> Result<HostKeys, Failed> {
    let clock = Clock::start();
    let end = clock.now() + PATIENCE;
    let mut last = None;
    let mut bytes = [0; 256];
    loop {
        let deadline = match pairing.next(clock.now()) {
            Next::Deliver(Ok(pairing)) => return Ok(HostKeys { own, pairing }),
            Next::Deliver(Err(problem)) => {
                tell(problem);
                last = Some(problem);
                continue;
            }
            Next::Transmit(wire) => {
                port.write_all(&wire).await.map_err(Failed::Line)?;
                continue;
            }
            Next::Wait(deadline) => deadline,
        };
        if clock.now() >= end {
            return Err(Failed::TimedOut(last));
        }
        tokio::select! {
            read = port.read(&mut bytes) => {
                let count = read.map_err(Failed::Line)?;
                if count == 0 {
                    return Err(Failed::Line(std::io::ErrorKind::UnexpectedEof.into()));
                }
                pairing.receive(clock.now(), &bytes[..count]);
            }
            () = clock.until(Some(deadline.min(end))) => {}
        }
    }
}
