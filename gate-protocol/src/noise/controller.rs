//! The controller's end of both handshakes, without a heap: the core of `noise-protocol` over the
//! three primitives.

use blake2::{Blake2s256, Digest};
use noise_protocol::patterns::{HandshakePattern, Token, noise_kk_psk0};
use noise_protocol::{Cipher, DH, HandshakeState, Hash, U8Array};
use x25519_dalek::{PublicKey as Point, StaticSecret};

use super::{Message, Paired, Unproven};
use crate::frame::TAG_LEN;
use crate::keys::{KEY_LEN, Pairing, PublicKey, Secret};
use crate::seal::{self, SessionKeys};

/// The public half of a static key.
#[must_use]
pub fn public_key(own: &Secret) -> PublicKey {
    PublicKey(X25519::pubkey(own))
}

/// Answers a host's call for a session, if the host proves to be the one that `pairing` names.
/// Gives the answer, which carries `payload`, and the keys.
pub(crate) fn answer_session(
    own: &Secret,
    pairing: &Pairing,
    ephemeral: Secret,
    prologue: &[u8],
    call: &[u8],
    payload: &[u8],
) -> Result<(Message, SessionKeys), Unproven> {
    let mut handshake = Handshake::new(
        noise_kk_psk0(),
        false,
        prologue,
        Some(Clone::clone(own)),
        Some(ephemeral),
        Some(pairing.peer.0),
        None,
    );
    handshake.push_psk(pairing.shared.bytes());
    read(&mut handshake, call)?;
    let answer = write(&mut handshake, payload)?;
    Ok((answer, keys(&handshake)))
}

/// A pairing to which the host has to add its last message.
#[derive(Clone)]
pub(crate) struct HalfPaired(Handshake);

impl core::fmt::Debug for HalfPaired {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("HalfPaired(…)")
    }
}

/// Answers a host's call for a pairing, if the host proves to know the label's code.
pub(crate) fn answer_pairing(
    own: &Secret,
    label: &Secret,
    ephemeral: Secret,
    prologue: &[u8],
    call: &[u8],
) -> Result<(Message, HalfPaired), Unproven> {
    let own = Some(Clone::clone(own));
    let mut handshake =
        Handshake::new(xx_psk0(), false, prologue, own, Some(ephemeral), None, None);
    handshake.push_psk(label.bytes());
    read(&mut handshake, call)?;
    let answer = write(&mut handshake, &[])?;
    Ok((answer, HalfPaired(handshake)))
}

impl HalfPaired {
    /// Takes the host's last message.
    pub(crate) fn finish(&self, last: &[u8]) -> Result<Paired, Unproven> {
        let mut handshake = self.0.clone();
        read(&mut handshake, last)?;
        let peer = handshake.get_rs().ok_or(Unproven)?;
        Ok(Paired {
            peer: PublicKey(peer),
            keys: keys(&handshake),
            transcript: U8Array::from_slice(handshake.get_hash()),
        })
    }
}

/// Takes a message without payload.
fn read(handshake: &mut Handshake, message: &[u8]) -> Result<(), Unproven> {
    if message.len() != handshake.get_next_message_overhead() {
        return Err(Unproven);
    }
    handshake
        .read_message(message, &mut [])
        .map_err(|_| Unproven)
}

fn write(handshake: &mut Handshake, payload: &[u8]) -> Result<Message, Unproven> {
    let mut message = Message::new();
    let len = payload.len() + handshake.get_next_message_overhead();
    message.resize(len, 0).map_err(|_| Unproven)?;
    handshake
        .write_message(payload, &mut message)
        .map_err(|_| Unproven)?;
    Ok(message)
}

fn keys(handshake: &Handshake) -> SessionKeys {
    let (host, controller) = handshake.get_ciphers();
    SessionKeys {
        host: host.extract().0,
        controller: controller.extract().0,
    }
}

/// `XXpsk0`, which the crate does not have under its name.
fn xx_psk0() -> HandshakePattern {
    use Token::{E, EE, ES, PSK, S, SE};
    HandshakePattern::new(&[], &[], &[&[PSK, E], &[E, EE, S, ES], &[S, SE]], "XXpsk0")
}

type Handshake = HandshakeState<X25519, ChaChaPoly, Blake2s>;

/// Keys are wiped when the handshake drops them.
impl U8Array for Secret {
    fn new() -> Self {
        Self::new_with(0)
    }

    fn new_with(byte: u8) -> Self {
        Self::new([byte; KEY_LEN])
    }

    fn from_slice(bytes: &[u8]) -> Self {
        Self::new(U8Array::from_slice(bytes))
    }

    fn len() -> usize {
        KEY_LEN
    }

    fn as_slice(&self) -> &[u8] {
        self.bytes()
    }

    fn as_mut(&mut self) -> &mut [u8] {
        self.bytes_mut()
    }
}

struct X25519;

impl DH for X25519 {
    type Key = Secret;
    type Pubkey = [u8; KEY_LEN];
    type Output = Secret;

    fn name() -> &'static str {
        "25519"
    }

    /// Never asked: every handshake is given its ephemeral key, because only the owner of the link
    /// knows where random numbers come from.
    fn genkey() -> Secret {
        unreachable!("every handshake is given its ephemeral key")
    }

    fn pubkey(key: &Secret) -> [u8; KEY_LEN] {
        Point::from(&StaticSecret::from(*key.bytes())).to_bytes()
    }

    fn dh(key: &Secret, point: &[u8; KEY_LEN]) -> Result<Secret, ()> {
        let shared = StaticSecret::from(*key.bytes()).diffie_hellman(&Point::from(*point));
        // A point of small order makes the same number with every key.
        if shared.was_contributory() {
            Ok(Secret::new(shared.to_bytes()))
        } else {
            Err(())
        }
    }
}

struct ChaChaPoly;

impl Cipher for ChaChaPoly {
    type Key = Secret;

    fn name() -> &'static str {
        "ChaChaPoly"
    }

    fn encrypt(key: &Secret, nonce: u64, ad: &[u8], plain: &[u8], out: &mut [u8]) {
        out[..plain.len()].copy_from_slice(plain);
        Self::encrypt_in_place(key, nonce, ad, out, plain.len());
    }

    fn encrypt_in_place(
        key: &Secret,
        nonce: u64,
        ad: &[u8],
        in_out: &mut [u8],
        plain_len: usize,
    ) -> usize {
        let (text, rest) = in_out.split_at_mut(plain_len);
        rest[..TAG_LEN].copy_from_slice(&seal::encrypt(key, nonce, ad, text));
        plain_len + TAG_LEN
    }

    fn decrypt(
        key: &Secret,
        nonce: u64,
        ad: &[u8],
        sealed: &[u8],
        out: &mut [u8],
    ) -> Result<(), ()> {
        let (text, tag) = sealed.split_last_chunk::<TAG_LEN>().ok_or(())?;
        out.copy_from_slice(text);
        seal::decrypt(key, nonce, ad, out, tag).map_err(drop)
    }

    fn decrypt_in_place(
        key: &Secret,
        nonce: u64,
        ad: &[u8],
        in_out: &mut [u8],
        sealed_len: usize,
    ) -> Result<usize, ()> {
        let sealed = in_out.get_mut(..sealed_len).ok_or(())?;
        let (text, tag) = sealed.split_last_chunk_mut::<TAG_LEN>().ok_or(())?;
        seal::decrypt(key, nonce, ad, text, tag).map_err(drop)?;
        Ok(text.len())
    }
}

#[derive(Clone, Default)]
struct Blake2s(Blake2s256);

impl Hash for Blake2s {
    type Block = [u8; 64];
    type Output = Secret;

    fn name() -> &'static str {
        "BLAKE2s"
    }

    fn input(&mut self, data: &[u8]) {
        self.0.update(data);
    }

    fn result(&mut self) -> Secret {
        Secret::new(core::mem::take(&mut self.0).finalize().into())
    }
}
