//! How a message is sealed: ChaCha20-Poly1305 (RFC 8439) with the whole tag of 16 bytes.
//!
//! Each direction of a session has a key of its own from the handshake. The nonce is the frame's
//! counter, as Noise writes it: four zero bytes, then 64 bits, lowest byte first. The tag covers
//! the frame's [head](Frame::head) too.
//!
//! After every [`FRAMES_PER_KEY`] counters the key is replaced by one that follows from it (Noise,
//! section 4.2, `REKEY`), so that a key that leaks opens nothing that went before. Both ends know
//! from the counter when; nothing is said about it on the line.

use chacha20poly1305::aead::{AeadInOut, KeyInit};
use chacha20poly1305::{ChaCha20Poly1305, Tag};

use crate::frame::{Body, Content, Frame, Kind, TAG_LEN, WIRE_MAX, Wire};
use crate::keys::{KEY_LEN, Secret};

/// Counters that share a key: about an hour of a busy lane.
pub(crate) const FRAMES_PER_KEY: u32 = 1 << 16;

/// The frame was not sealed with this key: tampering, or a wrong key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Forged;

/// Keys of a session, each named after who seals with it.
#[derive(Clone, Debug)]
pub(crate) struct SessionKeys {
    pub(crate) host: Secret,
    pub(crate) controller: Secret,
}

/// The key of one direction as it stands.
#[derive(Clone, Debug)]
struct Ratchet {
    key: Secret,
    /// How often the key has been replaced.
    turns: u32,
}

impl Ratchet {
    const fn new(key: Secret) -> Self {
        Self { key, turns: 0 }
    }

    fn turned(&self) -> Self {
        Self {
            key: rekey(&self.key),
            turns: self.turns + 1,
        }
    }
}

/// Seals what goes out.
#[derive(Clone, Debug)]
pub(crate) struct Sealer {
    ratchet: Ratchet,
    /// `None` when the last counter has been used: no nonce is ever used twice.
    next: Option<u32>,
}

impl Sealer {
    pub(crate) const fn new(key: Secret) -> Self {
        Self {
            ratchet: Ratchet::new(key),
            next: Some(0),
        }
    }

    /// The next frame, or nothing more in this session: the peer hears nothing and a new session
    /// begins.
    pub(crate) fn seal(&mut self, session: u8, body: &Body) -> Option<Wire> {
        let counter = self.next?;
        self.next = counter.checked_add(1);
        if counter / FRAMES_PER_KEY > self.ratchet.turns {
            self.ratchet = self.ratchet.turned();
        }
        let mut frame = Frame {
            kind: Kind::Sealed,
            version: WIRE_MAX,
            session,
            counter,
            content: Content::from_slice(body).ok()?,
        };
        let tag = encrypt(
            &self.ratchet.key,
            counter.into(),
            &frame.head(),
            &mut frame.content,
        );
        frame.content.extend_from_slice(&tag).ok()?;
        Some(frame.encode())
    }

    #[cfg(test)]
    pub(crate) fn skip_to(&mut self, counter: u32) {
        while self.ratchet.turns < counter / FRAMES_PER_KEY {
            self.ratchet = self.ratchet.turned();
        }
        self.next = Some(counter);
    }
}

/// Why a sealed frame is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotTaken {
    /// Its counter is not above all before it; a serial line cannot reorder.
    Repeated,
    /// See [`Forged`].
    Forged,
}

/// Opens what comes in.
#[derive(Clone, Debug)]
pub(crate) struct Opener {
    ratchet: Ratchet,
    last: Option<u32>,
}

impl Opener {
    pub(crate) const fn new(key: Secret) -> Self {
        Self {
            ratchet: Ratchet::new(key),
            last: None,
        }
    }

    /// SAF-071: opens a frame of this session, once. A frame that is not taken changes nothing here.
    pub(crate) fn open(&mut self, frame: &Frame) -> Result<Body, NotTaken> {
        if self.last.is_some_and(|last| frame.counter <= last) {
            return Err(NotTaken::Repeated);
        }
        let turns = frame.counter / FRAMES_PER_KEY;
        if turns == self.ratchet.turns {
            let body = decrypted(&self.ratchet.key, frame)?;
            self.last = Some(frame.counter);
            return Ok(body);
        }
        // A session falls silent long before the line can lose a whole key's worth of frames, so
        // nobody makes this end turn more than once for one frame.
        if turns != self.ratchet.turns + 1 {
            return Err(NotTaken::Forged);
        }
        let turned = self.ratchet.turned();
        let body = decrypted(&turned.key, frame)?;
        self.ratchet = turned;
        self.last = Some(frame.counter);
        Ok(body)
    }
}

fn decrypted(key: &Secret, frame: &Frame) -> Result<Body, NotTaken> {
    let (body, tag) = frame
        .content
        .split_last_chunk::<TAG_LEN>()
        .ok_or(NotTaken::Forged)?;
    let mut body = Body::from_slice(body).map_err(|_| NotTaken::Forged)?;
    decrypt(key, frame.counter.into(), &frame.head(), &mut body, tag)
        .map_err(|Forged| NotTaken::Forged)?;
    Ok(body)
}

/// Encrypts `text` in its place; gives the tag over it and `head`.
pub(crate) fn encrypt(key: &Secret, nonce: u64, head: &[u8], text: &mut [u8]) -> [u8; TAG_LEN] {
    ChaCha20Poly1305::new(key.bytes().into())
        .encrypt_inout_detached(&nonce_of(nonce).into(), head, text.into())
        .expect("a text is far shorter than 256 GiB")
        .into()
}

/// Decrypts `text` in its place, or leaves it as it is.
pub(crate) fn decrypt(
    key: &Secret,
    nonce: u64,
    head: &[u8],
    text: &mut [u8],
    tag: &[u8; TAG_LEN],
) -> Result<(), Forged> {
    ChaCha20Poly1305::new(key.bytes().into())
        .decrypt_inout_detached(&nonce_of(nonce).into(), head, text.into(), &Tag::from(*tag))
        .map_err(|_| Forged)
}

fn nonce_of(number: u64) -> [u8; 12] {
    let mut nonce = [0; 12];
    nonce[4..].copy_from_slice(&number.to_le_bytes());
    nonce
}

/// The key after this one: what the key makes of zeros under the last nonce of all.
fn rekey(key: &Secret) -> Secret {
    let mut next = [0; KEY_LEN];
    // Nothing is ever sealed under this nonce, and the tag says nothing that is needed.
    let _ = encrypt(key, u64::MAX, &[], &mut next);
    Secret::new(next)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Decoder;

    const SESSION: u8 = 7;

    fn ends() -> (Sealer, Opener) {
        let key = Secret::derive("test", &[]);
        (Sealer::new(key.clone()), Opener::new(key))
    }

    fn decode(wire: &[u8]) -> Frame {
        let mut decoder = Decoder::new();
        let frame = wire.iter().find_map(|byte| decoder.push(*byte));
        frame.expect("a whole frame").expect("a good one")
    }

    fn body(text: &[u8]) -> Body {
        Body::from_slice(text).expect("short enough")
    }

    #[test]
    fn a_sealed_body_is_opened_once_and_looks_like_nothing() {
        let (mut sealer, mut opener) = ends();
        let frame = decode(&sealer.seal(SESSION, &body(b"permit")).expect("a frame"));
        assert!(!frame.content.windows(3).any(|piece| piece == b"per"));
        assert_eq!(opener.open(&frame), Ok(body(b"permit")));
        assert_eq!(opener.open(&frame), Err(NotTaken::Repeated));
    }

    #[test]
    fn both_ends_change_the_key_with_the_counter_and_not_before() {
        let (mut sealer, mut opener) = ends();
        let first = sealer.ratchet.key.clone();
        for round in 1..4 {
            sealer.skip_to(round * FRAMES_PER_KEY - 1);
            for _ in 0..2 {
                let frame = decode(&sealer.seal(SESSION, &body(b"on")).expect("a frame"));
                assert_eq!(opener.open(&frame), Ok(body(b"on")), "{}", frame.counter);
            }
            assert_eq!(sealer.ratchet.turns, round);
            assert_eq!(opener.ratchet.turns, round);
        }
        assert_ne!(sealer.ratchet.key, first);
    }

    #[test]
    fn a_key_that_was_replaced_seals_nothing_any_more() {
        let (mut sealer, mut opener) = ends();
        let mut thief = sealer.clone();
        sealer.skip_to(FRAMES_PER_KEY);
        let frame = decode(&sealer.seal(SESSION, &body(b"on")).expect("a frame"));
        assert!(opener.open(&frame).is_ok());
        thief.next = Some(FRAMES_PER_KEY + 1);
        thief.ratchet.turns = 1;
        let forged = decode(&thief.seal(SESSION, &body(b"open")).expect("a frame"));
        assert_eq!(opener.open(&forged), Err(NotTaken::Forged));
    }

    #[test]
    fn a_forged_counter_makes_nobody_turn_keys_for_ever() {
        let (mut sealer, mut opener) = ends();
        let mut frame = decode(&sealer.seal(SESSION, &body(b"on")).expect("a frame"));
        for counter in [FRAMES_PER_KEY, 2 * FRAMES_PER_KEY, u32::MAX] {
            frame.counter = counter;
            assert_eq!(opener.open(&frame), Err(NotTaken::Forged));
            assert_eq!(opener.ratchet.turns, 0);
        }
        frame.counter = 0;
        assert_eq!(
            opener.open(&frame),
            Ok(body(b"on")),
            "the true one still counts"
        );
    }

    #[test]
    fn after_the_last_counter_nothing_is_sealed() {
        let (mut sealer, _) = ends();
        sealer.next = Some(u32::MAX);
        sealer.ratchet.turns = u32::MAX / FRAMES_PER_KEY;
        assert!(sealer.seal(SESSION, &body(b"on")).is_some());
        assert_eq!(sealer.seal(SESSION, &body(b"on")), None);
    }
}
