//! The two handshakes, by the Noise Protocol Framework (revision 34).
//!
//! | handshake | for | who knows what before |
//! | --- | --- | --- |
//! | `Noise_KKpsk0_25519_ChaChaPoly_BLAKE2s` | a session | both: the other's static key, [`Pairing::shared`] |
//! | `Noise_XXpsk0_25519_ChaChaPoly_BLAKE2s` | pairing | both: the code on the controller's label |
//!
//! The host speaks first in both. It uses another implementation than the controller, so each
//! checks the other.
//!
//! [`Pairing::shared`]: crate::keys::Pairing::shared

#[cfg(feature = "controller")]
pub(crate) mod controller;
#[cfg(feature = "host")]
pub(crate) mod host;

use crate::frame::Frame;
use crate::keys::{PublicKey, Secret};
use crate::seal::SessionKeys;

/// Bytes of a public key, which is what every handshake begins with.
pub(crate) const EPHEMERAL_LEN: usize = 32;
/// Longest message of a handshake in bytes.
pub(crate) const MESSAGE_MAX: usize = 144;
/// One message of a handshake.
pub(crate) type Message = heapless::Vec<u8, MESSAGE_MAX>;

/// The message does not prove what it must: another key, another code, or another first message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Unproven;

/// What both ends must have seen alike for the handshake to come to its end: that it is about an
/// e-gate, and the frame's kind, version and session with everything that the host says in clear.
///
/// Without the counter, because a repeated call carries the same message under another one.
pub(crate) fn prologue(frame: &Frame, clear: &[u8]) -> heapless::Vec<u8, 32> {
    let [header, session, ..] = frame.head();
    let mut prologue = heapless::Vec::new();
    // What is longer than any call is cut: it proves nothing and is refused.
    prologue.extend(
        b"e-gate"
            .iter()
            .chain(&[header, session])
            .chain(clear)
            .copied()
            .take(32),
    );
    prologue
}

/// What a pairing ends with, before it is pinned.
pub(crate) struct Paired {
    pub(crate) peer: PublicKey,
    pub(crate) keys: SessionKeys,
    /// Hash over all that was said.
    pub(crate) transcript: [u8; 32],
}

impl Paired {
    /// The secret that both ends keep, from both keys that the handshake gives.
    pub(crate) fn shared(&self) -> Secret {
        self.derive("pairing")
    }

    /// What the controller shows to prove that it has come to the same end.
    pub(crate) fn proof(&self) -> Secret {
        self.derive("paired")
    }

    fn derive(&self, purpose: &str) -> Secret {
        let SessionKeys { host, controller } = &self.keys;
        Secret::derive(
            purpose,
            &[host.bytes(), controller.bytes(), &self.transcript],
        )
    }
}
