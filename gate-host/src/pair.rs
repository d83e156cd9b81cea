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
    let seed = Secret::new(rand::random());
    let keys = converse(port, own, code, seed, tell)
        .await
        .map_err(|problem| match problem {
            Failed::Line(problem) => line(problem),
            Failed::TimedOut(last) => PairError::TimedOut { last },
        })?;
    keys.write(file, again)?;
    Ok(keys)
}

#[derive(Debug)]
enum Failed {
    Line(std::io::Error),
    TimedOut(Option<PairingError>),
}

async fn converse(
    mut port: impl AsyncReadExt + AsyncWriteExt + Unpin,
    own: Secret,
    code: &LabelCode,
    seed: Secret,
    mut tell: impl FnMut(PairingError),
) -> Result<HostKeys, Failed> {
    let clock = Clock::start();
    let end = clock.now() + PATIENCE;
    let mut pairing = HostPairing::new(clock.now(), own.clone(), code, seed);
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

#[cfg(test)]
mod tests {
    use super::*;
    use gate_protocol::hello::Entropy;
    use gate_protocol::link::controller::{self, ControllerLink, Delivery, Identity};
    use gate_protocol::link::host;
    use gate_protocol::{Board, ResetCause};
    use tokio::io::DuplexStream;

    const CODE: LabelCode = LabelCode(*b"printed in there");

    /// A controller whose button was held `after` so long, and that pairs once.
    async fn cabinet(mut port: DuplexStream, after: Duration) -> Option<HostKeys> {
        let clock = Clock::start();
        let identity = Identity {
            firmware: [0, 1, 0],
            board: Board::Simulated,
            reset: ResetCause::PowerOn,
            boot: 1,
            entropy: Entropy::Strong,
        };
        let keys = controller::Keys {
            own: Secret::new([2; 32]),
            label: Some(CODE),
            pairing: None,
        };
        let mut link = ControllerLink::new(clock.now(), identity, keys, Secret::new([3; 32]));
        let mut bytes = [0; 256];
        let mut pinned = None;
        let opens = clock.now() + after;
        let mut open = false;
        loop {
            if clock.now() >= opens && !std::mem::replace(&mut open, true) {
                link.let_pair(true);
            }
            let deadline = match link.next(clock.now()) {
                Next::Deliver(Delivery::Paired(pairing)) => {
                    link.adopt(pairing.clone());
                    pinned = Some(HostKeys {
                        own: Secret::new([2; 32]),
                        pairing,
                    });
                    continue;
                }
                Next::Deliver(_) => continue,
                Next::Transmit(wire) => {
                    if port.write_all(&wire).await.is_err() {
                        return pinned;
                    }
                    continue;
                }
                Next::Wait(deadline) => deadline,
            };
            tokio::select! {
                read = port.read(&mut bytes) => match read {
                    Ok(count) if count > 0 => {
                        link.receive(clock.now(), &bytes[..count]);
                    }
                    _ => return pinned,
                },
                () = clock.until(Some(deadline)) => {}
            }
        }
    }

    async fn both(
        code: LabelCode,
        after: Duration,
    ) -> (
        Result<HostKeys, Failed>,
        Option<HostKeys>,
        Vec<PairingError>,
    ) {
        let (here, there) = tokio::io::duplex(4_096);
        let mut told = Vec::new();
        let tell = |problem| told.push(problem);
        let own = Secret::new([1; 32]);
        let host = converse(here, own, &code, Secret::new([4; 32]), tell);
        let (paired, pinned) = tokio::join!(host, cabinet(there, after));
        (paired, pinned, told)
    }

    #[tokio::test(start_paused = true)]
    async fn host_and_controller_end_with_each_others_keys() {
        let (paired, pinned, told) = both(CODE, Duration::from_secs(20)).await;
        let (paired, pinned) = (paired.unwrap(), pinned.unwrap());
        assert_eq!(paired.pairing.peer, controller::public_key(&pinned.own));
        assert_eq!(pinned.pairing.peer, host::public_key(&paired.own));
        assert_eq!(paired.pairing.shared, pinned.pairing.shared);
        assert_eq!(
            told,
            [PairingError::Closed],
            "said once, while nobody held the button"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_mistypes_the_code_is_told_and_gets_nothing() {
        let (paired, pinned, told) = both(LabelCode([0; 16]), Duration::ZERO).await;
        let Err(Failed::TimedOut(Some(PairingError::Code))) = paired else {
            panic!("{paired:?}");
        };
        assert_eq!((pinned, &told[..]), (None, &[PairingError::Code][..]));
    }

    #[tokio::test(start_paused = true)]
    async fn a_line_without_a_controller_ends_the_wait() {
        let (here, there) = tokio::io::duplex(1 << 20);
        let own = Secret::new([1; 32]);
        let failed = converse(here, own, &CODE, Secret::new([4; 32]), |_| {}).await;
        assert!(matches!(failed, Err(Failed::TimedOut(None))), "{failed:?}");
        drop(there);
    }

    #[test]
    fn what_failed_is_said_in_words() {
        for (last, words) in [
            (
                None,
                "not paired within 120s: the gate controller does not answer",
            ),
            (
                Some(PairingError::Closed),
                "not paired within 120s: gate controller does not pair now: open its cabinet and hold the button for 3 s",
            ),
        ] {
            assert_eq!(PairError::TimedOut { last }.to_string(), words);
        }
    }
}
