//! A firmware image: a signed header, then the bytes that it signs for.
//!
//! ```text
//! offset  bytes
//!      0      8  "GATEIMG1"
//!      8      2  product          (all numbers little-endian)
//!     10      2  board
//!     12      1  slot that the image is linked for: 0 is A, 1 is B
//!     13      3  version: major, minor, patch
//!     16      4  security version
//!     20      4  length of the body, a multiple of 128
//!     24     64  SHA-512 of the body
//!     88     64  Ed25519 signature over all before it
//!    152         erased up to 512, where the body begins with its vector table
//! ```

use core::ops::Range;

use salty::{Keypair, PublicKey, Sha512, Signature};

use crate::map::{HEADER, SLOT_A};
use crate::slot::Slot;

/// Bytes of a header that mean something.
pub const HEADER_LEN: usize = 152;
/// A body's length is a multiple of this; the packer fills it up with erased bytes.
pub const CHUNK: u32 = 128;
/// Longest body.
pub const BODY_MAX: u32 = SLOT_A.end - SLOT_A.start - HEADER;

const MAGIC: [u8; 8] = *b"GATEIMG1";
const SIGNED: usize = 88;

/// The product that these images are for.
pub const PRODUCT: u16 = 1;
/// STM32 Nucleo-L476RG and boards with the same registers.
pub const BOARD_NUCLEO_L476RG: u16 = 1;

/// What an image says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Product that the image is for: [`PRODUCT`].
    pub product: u16,
    /// Board that the image is for.
    pub board: u16,
    /// Slot that the image is linked for.
    pub slot: Slot,
    /// Version: major, minor, patch. Any may follow any.
    pub version: [u8; 3],
    /// Rises when an older image must never run again. Once an image has been confirmed, none with
    /// a lower one starts.
    pub security_version: u32,
    /// Bytes of the body.
    pub length: u32,
    /// SHA-512 of the body.
    pub digest: [u8; 64],
}

/// What an image must be, to be started or written.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Key that images are signed with.
    pub key: [u8; 32],
    /// Product of this controller.
    pub product: u16,
    /// Board of this controller.
    pub board: u16,
    /// Lowest security version that may run.
    pub security_floor: u32,
}

/// Why an image is not good enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImageError {
    /// Nothing is there, or something else.
    #[error("there is no image")]
    Missing,
    /// Signed by nobody, by somebody else, or changed since.
    #[error("the image is not signed with the key that this controller knows")]
    Signature,
    /// For another product.
    #[error("the image is for product {found}, this is {expected}")]
    Product {
        /// What the image is for.
        found: u16,
        /// What this is.
        expected: u16,
    },
    /// For another board.
    #[error("the image is for board {found}, this is {expected}")]
    Board {
        /// What the image is for.
        found: u16,
        /// What this is.
        expected: u16,
    },
    /// Linked for the other slot: take the other image of the release.
    #[error("the image is linked for slot {found}, needed is {expected}")]
    Slot {
        /// What it is linked for.
        found: Slot,
        /// Where it would be.
        expected: Slot,
    },
    /// Older than what has run here: it has a known weakness.
    #[error("the image has security version {found}, at least {floor} is needed")]
    SecurityVersion {
        /// Security version of the image.
        found: u32,
        /// Lowest that may run.
        floor: u32,
    },
    /// No slot has room for it, or it is no multiple of 128.
    #[error("the image has {length} bytes, not a multiple of 128 up to {BODY_MAX}")]
    Length {
        /// Bytes of the body.
        length: u32,
    },
    /// Cut short or damaged.
    #[error("the image is not whole")]
    Digest,
}

impl Header {
    /// The header of `body`. Fields that the body does not decide come from `like`.
    #[must_use]
    pub fn of(body: &[u8], like: &Self) -> Self {
        Self {
            length: u32::try_from(body.len()).unwrap_or(u32::MAX),
            digest: digest(body),
            ..like.clone()
        }
    }

    /// The header's bytes, signed with the key that grows from `seed`.
    #[must_use]
    pub fn sign(&self, seed: &[u8; 32]) -> [u8; HEADER_LEN] {
        let mut bytes = [0; HEADER_LEN];
        bytes[..SIGNED].copy_from_slice(&self.signed_bytes());
        let signature = Keypair::from(seed).sign(&bytes[..SIGNED]);
        bytes[SIGNED..].copy_from_slice(&signature.to_bytes());
        bytes
    }

    fn signed_bytes(&self) -> [u8; SIGNED] {
        let mut bytes = [0; SIGNED];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..10].copy_from_slice(&self.product.to_le_bytes());
        bytes[10..12].copy_from_slice(&self.board.to_le_bytes());
        bytes[12] = self.slot.number();
        bytes[13..16].copy_from_slice(&self.version);
        bytes[16..20].copy_from_slice(&self.security_version.to_le_bytes());
        bytes[20..24].copy_from_slice(&self.length.to_le_bytes());
        bytes[24..].copy_from_slice(&self.digest);
        bytes
    }

    /// Reads a header without believing it: see [`Wanted::check_header`].
    #[must_use]
    pub fn parse(bytes: &[u8; HEADER_LEN]) -> Option<Self> {
        let half = |at: usize| u16::from_le_bytes([bytes[at], bytes[at + 1]]);
        let word = |at: usize| u32::from(half(at)) | u32::from(half(at + 2)) << 16;
        let mut digest = [0; 64];
        digest.copy_from_slice(&bytes[24..SIGNED]);
        Some(Self {
            product: half(8),
            board: half(10),
            slot: Slot::from_number(bytes[12])?,
            version: [bytes[13], bytes[14], bytes[15]],
            security_version: word(16),
            length: word(20),
            digest,
        })
        .filter(|_| bytes.starts_with(&MAGIC))
    }
}

impl Wanted {
    /// Checks everything that a header alone can show, the signature first: what is not signed is
    /// not even read.
    ///
    /// # Errors
    ///
    /// Every [`ImageError`] but [`ImageError::Digest`].
    pub fn check_header(&self, bytes: &[u8; HEADER_LEN], slot: Slot) -> Result<Header, ImageError> {
        let header = Header::parse(bytes).ok_or(ImageError::Missing)?;
        if !is_signed(bytes, &self.key) {
            return Err(ImageError::Signature);
        }
        let Header { product, board, .. } = header;
        if product != self.product {
            return Err(ImageError::Product {
                found: product,
                expected: self.product,
            });
        }
        if board != self.board {
            return Err(ImageError::Board {
                found: board,
                expected: self.board,
            });
        }
        self.check_fit(header, slot)
    }

    fn check_fit(&self, header: Header, slot: Slot) -> Result<Header, ImageError> {
        let Header {
            security_version,
            length,
            ..
        } = header;
        if header.slot != slot {
            return Err(ImageError::Slot {
                found: header.slot,
                expected: slot,
            });
        }
        if security_version < self.security_floor {
            return Err(ImageError::SecurityVersion {
                found: security_version,
                floor: self.security_floor,
            });
        }
        if length == 0 || length > BODY_MAX || !length.is_multiple_of(CHUNK) {
            return Err(ImageError::Length { length });
        }
        Ok(header)
    }

    /// SAF-082: checks a whole slot.
    ///
    /// # Errors
    ///
    /// Every [`ImageError`].
    pub fn check_slot<'f>(
        &self,
        read: impl Fn(Range<u32>) -> &'f [u8],
        slot: Slot,
    ) -> Result<Header, ImageError> {
        let start = slot.region().start;
        let bytes = read(start..start + HEADER_LEN as u32);
        let bytes = bytes.first_chunk().ok_or(ImageError::Missing)?;
        let header = self.check_header(bytes, slot)?;
        let body = read(slot.vectors()..slot.vectors() + header.length);
        if digest(body) != header.digest {
            return Err(ImageError::Digest);
        }
        Ok(header)
    }
}

/// An image in a file: as in its slot, header first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packed<'f> {
    /// The header's bytes, not believed yet.
    pub head: &'f [u8; HEADER_LEN],
    /// What the header is about.
    pub body: &'f [u8],
}

impl<'f> Packed<'f> {
    /// The images of a file, one behind the other; ends at the first that is none.
    pub fn all(file: &'f [u8]) -> impl Iterator<Item = (Self, Header)> {
        let mut rest = file;
        core::iter::from_fn(move || {
            let head = rest.first_chunk()?;
            let header = Header::parse(head)?;
            let end = (HEADER as usize).checked_add(header.length as usize)?;
            let body = rest.get(HEADER as usize..end)?;
            rest = &rest[end..];
            Some((Self { head, body }, header))
        })
    }
}

/// The public key that belongs to the signing key that grows from `seed`.
#[must_use]
pub fn public_key(seed: &[u8; 32]) -> [u8; 32] {
    Keypair::from(seed).public.to_bytes()
}

fn is_signed(bytes: &[u8; HEADER_LEN], key: &[u8; 32]) -> bool {
    let (signed, signature) = bytes.split_at(SIGNED);
    let (Ok(key), Some(signature)) = (PublicKey::try_from(key), signature.first_chunk()) else {
        return false;
    };
    key.verify(signed, &Signature::from(signature)).is_ok()
}

fn digest(body: &[u8]) -> [u8; 64] {
    Sha512::new().updated(body).finalize()
}
