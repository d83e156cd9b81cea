//! The host's end of both handshakes: `snow`.

use core::fmt::{self, Debug, Formatter};

extern crate alloc;
use alloc::boxed::Box;

use snow::params::{CipherChoice, DHChoice, HashChoice};
use snow::resolvers::{BoxedCryptoResolver, CryptoResolver, DefaultResolver};
use snow::types::{Cipher, Dh, Hash, Random};
use snow::{Builder, HandshakeState};

use super::{EPHEMERAL_LEN, MESSAGE_MAX, Message, Paired, Unproven};
use crate::frame::TAG_LEN;
use crate::keys::{KEY_LEN, Pairing, PublicKey, Secret};
use crate::seal::SessionKeys;

const SESSION: &str = "Noise_KKpsk0_25519_ChaChaPoly_BLAKE2s";
const PAIRING: &str = "Noise_XXpsk0_25519_ChaChaPoly_BLAKE2s";
const RIGHT: &str = "names, keys and lengths are right for the handshake";

/// The public half of a static key.
///
/// # Panics
///
/// Never: the resolver knows the one curve that is asked for.
#[must_use]
pub fn public_key(own: &Secret) -> PublicKey {
    let mut pair = DefaultResolver
        .resolve_dh(&DHChoice::Curve25519)
        .expect(RIGHT);
    pair.set(own.bytes());
    PublicKey(pair.pubkey().try_into().expect(RIGHT))
}

/// A handshake that the host has begun.
pub(crate) struct Call {
    handshake: Box<HandshakeState>,
    message: Message,
}

impl Debug for Call {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("Call(…)")
    }
}

impl Call {
    /// Calls the controller that `pairing` names.
    pub(crate) fn session(
        own: &Secret,
        pairing: &Pairing,
        ephemeral: Secret,
        prologue: &[u8],
    ) -> Self {
        let builder = builder(SESSION, own, &pairing.shared, ephemeral, prologue);
        Self::begin(builder.remote_public_key(&pairing.peer.0).expect(RIGHT))
    }

    /// Calls whatever controller has the label's code.
    pub(crate) fn pairing(
        own: &Secret,
        label: &Secret,
        ephemeral: Secret,
        prologue: &[u8],
    ) -> Self {
        Self::begin(builder(PAIRING, own, label, ephemeral, prologue))
    }

    fn begin(builder: Builder<'_>) -> Self {
        let mut handshake = Box::new(builder.build_initiator().expect(RIGHT));
        let message = write(&mut handshake);
        Self { handshake, message }
    }

    /// The first message.
    pub(crate) fn message(&self) -> &[u8] {
        &self.message
    }

    /// Takes the answer; gives what it carries and the keys. After a wrong answer the true one may
    /// still come.
    pub(crate) fn finish(&mut self, answer: &[u8]) -> Result<(Message, SessionKeys), Unproven> {
        let payload = read(&mut self.handshake, answer)?;
        Ok((payload, keys(&mut self.handshake)))
    }

    /// Takes the answer to a call for a pairing; gives the last message and what came of it. After
    /// a wrong answer the true one may still come.
    pub(crate) fn finish_pairing(&mut self, answer: &[u8]) -> Result<(Message, Paired), Unproven> {
        read(&mut self.handshake, answer)?;
        let last = write(&mut self.handshake);
        let peer = self.handshake.get_remote_static().expect(RIGHT);
        let peer = PublicKey(peer.try_into().expect(RIGHT));
        let transcript = self.handshake.get_handshake_hash().try_into().expect(RIGHT);
        let paired = Paired {
            peer,
            keys: keys(&mut self.handshake),
            transcript,
        };
        Ok((last, paired))
    }
}

fn builder<'a>(
    name: &str,
    own: &'a Secret,
    shared: &'a Secret,
    ephemeral: Secret,
    prologue: &'a [u8],
) -> Builder<'a> {
    let resolver: BoxedCryptoResolver = Box::new(Resolver(ephemeral));
    Builder::with_resolver(name.parse().expect(RIGHT), resolver)
        .prologue(prologue)
        .and_then(|builder| builder.local_private_key(own.bytes()))
        .and_then(|builder| builder.psk(0, shared.bytes()))
        .expect(RIGHT)
}

/// A message without payload.
fn write(handshake: &mut HandshakeState) -> Message {
    let mut message = Message::new();
    message.resize(MESSAGE_MAX, 0).expect(RIGHT);
    let len = handshake.write_message(&[], &mut message).expect(RIGHT);
    message.truncate(len);
    message
}

fn read(handshake: &mut HandshakeState, message: &[u8]) -> Result<Message, Unproven> {
    if message.len() < EPHEMERAL_LEN + TAG_LEN {
        return Err(Unproven);
    }
    let mut payload = Message::new();
    payload.resize(MESSAGE_MAX, 0).expect(RIGHT);
    let len = handshake
        .read_message(message, &mut payload)
        .map_err(|_| Unproven)?;
    payload.truncate(len);
    Ok(payload)
}

fn keys(handshake: &mut HandshakeState) -> SessionKeys {
    let (host, controller) = handshake.dangerously_get_raw_split();
    SessionKeys {
        host: Secret::new(host),
        controller: Secret::new(controller),
    }
}

/// `snow`'s own primitives, and the random number that the caller gives.
struct Resolver(Secret);

impl CryptoResolver for Resolver {
    fn resolve_rng(&self) -> Option<Box<dyn Random>> {
        Some(Box::new(Given(self.0.clone())))
    }

    fn resolve_dh(&self, choice: &DHChoice) -> Option<Box<dyn Dh>> {
        DefaultResolver.resolve_dh(choice)
    }

    fn resolve_hash(&self, choice: &HashChoice) -> Option<Box<dyn Hash>> {
        DefaultResolver.resolve_hash(choice)
    }

    fn resolve_cipher(&self, choice: &CipherChoice) -> Option<Box<dyn Cipher>> {
        DefaultResolver.resolve_cipher(choice)
    }
}

/// The ephemeral key, which is all that a handshake wants of chance.
struct Given(Secret);

impl Random for Given {
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), snow::Error> {
        if bytes.len() != KEY_LEN {
            return Err(snow::Error::Rng);
        }
        bytes.copy_from_slice(self.0.bytes());
        Ok(())
    }
}
