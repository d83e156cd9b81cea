//! Keys: zeroed when they are dropped, never printed.

use core::fmt::{self, Debug, Formatter};

use blake2::{Blake2s256, Digest};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Bytes of every key in this crate.
pub const KEY_LEN: usize = 32;

/// A key that nobody else may know.
#[derive(Clone, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct Secret([u8; KEY_LEN]);

impl Secret {
    /// A key of these bytes, which the caller wipes.
    #[must_use]
    pub const fn new(bytes: [u8; KEY_LEN]) -> Self {
        Self(bytes)
    }

    /// The bytes. Whoever copies them has to wipe the copy.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; KEY_LEN] {
        &self.0
    }

    /// For whoever fills a key in.
    #[cfg(feature = "controller")]
    pub(crate) const fn bytes_mut(&mut self) -> &mut [u8; KEY_LEN] {
        &mut self.0
    }

    /// A key that follows from `parts` and says nothing about them: BLAKE2s over the purpose and
    /// the parts, each with its length before it. Different purposes give unrelated keys.
    #[must_use]
    pub fn derive(purpose: &str, parts: &[&[u8]]) -> Self {
        let mut hash = Blake2s256::new();
        for part in core::iter::once(&purpose.as_bytes()).chain(parts) {
            hash.update((part.len() as u32).to_le_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }
}

impl Debug for Secret {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl PartialEq for Secret {
    /// Takes the same time wherever the first difference lies.
    fn eq(&self, other: &Self) -> bool {
        let pairs = self.0.iter().zip(&other.0);
        pairs.fold(0, |differing, (one, two)| differing | (one ^ two)) == 0
    }
}

impl Eq for Secret {}

/// The half of a static key that the other end knows.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PublicKey(pub [u8; KEY_LEN]);

impl Debug for PublicKey {
    /// The first bytes tell keys apart.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, ..] = self.0;
        write!(f, "{a:02x}{b:02x}{c:02x}{d:02x}…")
    }
}

/// What one end keeps of its pairing with the other: made by [`crate::pairing`], pinned for good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pairing {
    /// Static key of the other end.
    pub peer: PublicKey,
    /// Known to these two ends and mixed into each session's keys.
    pub shared: Secret,
}

/// Makes keys, each from a secret that is replaced at once, so that nobody who reads the memory
/// later learns an earlier key.
#[derive(Clone, Debug)]
pub(crate) struct KeySource(Secret);

impl KeySource {
    /// `seed` must never be used twice: it is all that makes keys differ between two lives of
    /// their owner.
    pub(crate) const fn new(seed: Secret) -> Self {
        Self(seed)
    }

    /// A new key. `context` is what the key is for; it makes keys differ even if a seed does come
    /// twice.
    pub(crate) fn next(&mut self, context: &[u8]) -> Secret {
        let key = Secret::derive("key", &[self.0.bytes(), context]);
        self.0 = Secret::derive("seed", &[self.0.bytes(), context]);
        key
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    extern crate std;
    use std::format;

    #[test]
    fn no_key_is_ever_printed() {
        let secret = Secret::new([0x5a; KEY_LEN]);
        let pairing = Pairing {
            peer: PublicKey([0x11; KEY_LEN]),
            shared: secret.clone(),
        };
        let printed = format!(
            "{secret:?} {pairing:?} {:?}",
            KeySource::new(secret.clone())
        );
        assert!(
            !printed.contains("5a") && !printed.contains("90"),
            "{printed}"
        );
        assert!(printed.contains("11111111…"));
    }

    #[test]
    fn purposes_and_boundaries_make_other_keys() {
        let key = Secret::derive("one", &[b"ab", b"c"]);
        assert_eq!(key, Secret::derive("one", &[b"ab", b"c"]));
        assert_ne!(key, Secret::derive("two", &[b"ab", b"c"]));
        assert_ne!(key, Secret::derive("one", &[b"a", b"bc"]));
    }

    #[test]
    fn a_source_never_gives_a_key_twice() {
        let mut source = KeySource::new(Secret::new([1; KEY_LEN]));
        let mut again = KeySource::new(Secret::new([1; KEY_LEN]));
        let (first, second) = (source.next(b""), source.next(b""));
        assert_ne!(first, second);
        assert_eq!(first, again.next(b""));
        assert_ne!(second, again.next(b"another use"));
    }
}
