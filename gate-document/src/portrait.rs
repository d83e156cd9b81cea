//! The portrait's pixels, from bytes that nobody vouches for yet.

use image::RgbImage;
use zeroize::Zeroizing;

/// How a portrait is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PortraitKind {
    /// JPEG (ISO/IEC 10918-1).
    Jpeg,
    /// JPEG 2000 (ISO/IEC 15444-1), with or without the JP2 container.
    Jpeg2000,
}

/// A compressed portrait as DG2 holds it.
#[derive(Clone, PartialEq, Eq)]
pub struct Portrait {
    /// Compression.
    pub kind: PortraitKind,
    /// The image file, from its first marker to its last.
    pub bytes: Zeroizing<Vec<u8>>,
}

/// Prints no pixel: kind and size only.
impl core::fmt::Debug for Portrait {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Portrait({:?}, {} bytes)", self.kind, self.bytes.len())
    }
}

/// Why a portrait has no pixels.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PortraitError {
    /// The decoder gave up.
    #[error("portrait does not decode")]
    Decoder,
}

/// Decodes the portrait.
///
/// # Errors
///
/// See [`PortraitError`].
pub fn decode(portrait: &Portrait) -> Result<RgbImage, PortraitError> {
    let _ = portrait;
    unimplemented!()
}
