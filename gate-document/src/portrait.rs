//! The portrait's pixels, from bytes that nobody vouches for yet.
//!
//! Sizes are checked before anything is allocated for them: a few hundred hostile bytes can
//! announce an image of gigabytes. `codestream` holds what JPEG 2000 announces against its limits.
//!
//! Decoders fill what is missing of a picture with grey, and half a face would be compared: a picture
//! that is not whole is refused ([`PortraitError::Damaged`], [`PortraitError::CutShort`]). What stands
//! behind its end is padding, and counts for nothing. A JPEG 2000 whose tile-parts are all there is whole
//! without the marker of its end ([`Portrait::end_is_missing`]).

mod codestream;

use codestream::End;
use core::fmt;
use hayro_jpeg2000::{DecodeSettings, DecoderContext, Image};
use image::codecs::jpeg::JpegDecoder;
use image::{DynamicImage, ImageDecoder, RgbImage};
use std::io::Cursor;
use zeroize::Zeroizing;

/// How a portrait is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PortraitKind {
    /// JPEG (ISO/IEC 10918-1).
    Jpeg,
    /// JPEG 2000 (ISO/IEC 15444-1), with or without the JP2 container.
    Jpeg2000,
}

/// First bytes of the JP2 container.
const JP2: [u8; 8] = *b"\0\0\0\x0CjP  ";
/// First bytes of JPEG: start of image and the next marker.
const JPEG: [u8; 3] = [0xFF, 0xD8, 0xFF];

impl PortraitKind {
    /// The compression of an image that starts with `bytes`.
    #[must_use]
    pub fn of_image(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(&JPEG) {
            Some(Self::Jpeg)
        } else if bytes.starts_with(&JP2) || bytes.starts_with(&codestream::START) {
            Some(Self::Jpeg2000)
        } else {
            None
        }
    }
}

/// A compressed portrait as DG2 holds it.
#[derive(Clone, PartialEq, Eq)]
pub struct Portrait {
    /// Compression.
    pub kind: PortraitKind,
    /// The image file, from its first marker to its last.
    pub bytes: Zeroizing<Vec<u8>>,
}

impl Portrait {
    /// Whether this is a JPEG 2000 of which all is there but the marker of its end. Only headers are looked at.
    #[must_use]
    pub fn end_is_missing(&self) -> bool {
        self.kind == PortraitKind::Jpeg2000
            && self.bytes.len() <= BYTES_MAX
            && codestream::check(&self.bytes) == Ok(End::Unmarked)
    }
}

impl fmt::Debug for Portrait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Portrait({:?}, {} bytes)", self.kind, self.bytes.len())
    }
}

/// Longest compressed portrait. Those in passports have 10 to 30 kB.
pub const BYTES_MAX: usize = 1 << 20;
/// Largest portrait in pixels. Those in passports have 413 × 531 or so.
pub const PIXELS_MAX: u64 = 4_000_000;
/// Why a portrait has no pixels.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PortraitError {
    /// More bytes than any portrait needs.
    #[error("portrait of {found} bytes, at most {limit} expected")]
    TooLong {
        /// Bytes found.
        found: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// More pixels than any portrait needs, or none.
    #[error("portrait of {width} × {height} pixels, 1 to {limit} pixels expected")]
    Size {
        /// Pixels per row.
        width: u32,
        /// Rows.
        height: u32,
        /// Pixels allowed.
        limit: u64,
    },
    /// The JPEG 2000 header describes no portrait.
    #[error("JPEG 2000 header: {problem}")]
    Header {
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The image is damaged, or of a kind that is not read.
    #[error("portrait does not decode: {problem}")]
    Decoder {
        /// What the decoder said. It names markers and sizes.
        problem: String,
    },
    /// The compressed data of a JPEG does not add up: bytes of it are missing or others.
    #[error("portrait is damaged: the compressed data does not add up")]
    Damaged,
    /// A JPEG 2000 codestream ends before its last tile-part, or without a marker where nothing else says
    /// where it ends.
    #[error("portrait is cut short: {problem}")]
    CutShort {
        /// What is missing.
        problem: &'static str,
    },
    /// Neither grey nor colour.
    #[error("portrait of {channels} colour channels, 1 or 3 expected")]
    Channels {
        /// Channels without alpha.
        channels: usize,
    },
}

/// Decodes the portrait.
///
/// # Errors
///
/// [`PortraitError`] for anything that is no complete image within the limits.
pub fn decode(portrait: &Portrait) -> Result<RgbImage, PortraitError> {
    let found = portrait.bytes.len();
    if found > BYTES_MAX {
        return Err(PortraitError::TooLong {
            found,
            limit: BYTES_MAX,
        });
    }
    match portrait.kind {
        PortraitKind::Jpeg => decode_jpeg(&portrait.bytes),
        PortraitKind::Jpeg2000 => decode_jpeg2000(&portrait.bytes),
    }
}

fn decode_jpeg(bytes: &[u8]) -> Result<RgbImage, PortraitError> {
    let decoder = JpegDecoder::new(Cursor::new(bytes)).map_err(decoder_error)?;
    let (width, height) = decoder.dimensions();
    check_size(width, height)?;
    gate_jpeg::check(bytes).map_err(|gate_jpeg::Damaged| PortraitError::Damaged)?;
    Ok(DynamicImage::from_decoder(decoder)
        .map_err(decoder_error)?
        .into_rgb8())
}

fn decode_jpeg2000(bytes: &[u8]) -> Result<RgbImage, PortraitError> {
    codestream::check(bytes)?;
    let image = Image::new(bytes, &DecodeSettings::default()).map_err(decoder_error)?;
    let (width, height) = (image.width(), image.height());
    check_size(width, height)?;
    let channels = usize::from(image.color_space().num_channels());
    let stride = channels + usize::from(image.has_alpha());
    let mut context = DecoderContext::default();
    let pixels = Zeroizing::new(image.decode(&mut context).map_err(decoder_error)?.data_u8());
    let colours: fn(&[u8]) -> [u8; 3] = match channels {
        1 => |pixel| [pixel[0]; 3],
        3 => |pixel| [pixel[0], pixel[1], pixel[2]],
        _ => return Err(PortraitError::Channels { channels }),
    };
    let rgb: Vec<u8> = pixels.chunks_exact(stride).flat_map(colours).collect();
    let size = rgb.len();
    RgbImage::from_raw(width, height, rgb).ok_or_else(|| PortraitError::Decoder {
        problem: format!("{size} samples for {width} × {height} pixels"),
    })
}

fn decoder_error(error: impl fmt::Display) -> PortraitError {
    PortraitError::Decoder {
        problem: error.to_string(),
    }
}

fn check_size(width: u32, height: u32) -> Result<(), PortraitError> {
    let pixels = u64::from(width) * u64::from(height);
    if (1..=PIXELS_MAX).contains(&pixels) {
        return Ok(());
    }
    Err(PortraitError::Size {
        width,
        height,
        limit: PIXELS_MAX,
    })
}

#[cfg(test)]
mod tests;
