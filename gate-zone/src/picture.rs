//! A grey picture of a page: it is zeroed when dropped and never printed.

use gate_face::picture::{SIDE_MAX, header_limits, wipe};
use image::codecs::jpeg::JpegDecoder;
use image::codecs::png::PngDecoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, Limits};
use std::fmt;
use std::io::Cursor;

/// Longest file, in bytes: a picture of 4 096 x 4 096 px without compression has as many.
pub const FILE_MAX: usize = 50_331_648;

/// Least side of a picture, in px: a zone has more, whatever it was taken with.
pub const SIDE_LEAST: u32 = 24;

const PNG: &[u8] = b"\x89PNG";
const JPEG: &[u8] = b"\xff\xd8";
/// The marker that ends every JPEG.
const END_OF_IMAGE: [u8; 2] = [0xff, 0xd9];

/// Memory that a decoder may take for itself, in bytes.
const DECODER_MAX: u64 = 256 << 20;

/// A picture of one channel, 8 bits, dark is 0; rows from the top, without gaps.
#[derive(Default)]
pub struct Grey {
    width: usize,
    height: usize,
    pixels: Vec<u8>,
}

/// Why bytes are no picture for us.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// Convert it to JPEG or PNG.
    #[error("no JPEG and no PNG")]
    Format,
    /// Damaged: take it again.
    #[error("picture cannot be decoded")]
    Broken(#[source] image::ImageError),
    /// The end is missing: the transfer broke off.
    #[error("picture is torn")]
    Torn,
    /// Longer than [`FILE_MAX`]: set the camera or scanner to a smaller picture, 300 dpi is enough.
    #[error("file has more than {FILE_MAX} bytes")]
    Long,
    /// Larger or smaller than any picture of a page.
    #[error("picture is {width}x{height} px, expected {SIDE_LEAST} to {SIDE_MAX} a side")]
    Size {
        /// Found width in px.
        width: u32,
        /// Found height in px.
        height: u32,
    },
}

/// The decoder of a PNG, which unpacks no colour profile of many megabytes on the way to the size.
///
/// # Errors
///
/// [`image::ImageError`] for bytes that are no PNG.
pub fn png(bytes: &[u8]) -> Result<PngDecoder<Cursor<&[u8]>>, image::ImageError> {
    PngDecoder::with_limits(Cursor::new(bytes), header_limits())
}

impl Grey {
    /// Decodes a JPEG or a PNG of any colour, and turns it as its metadata says.
    ///
    /// # Errors
    ///
    /// [`PictureError`]; the size is judged before memory is reserved for pixels.
    pub fn decode(bytes: &[u8]) -> Result<Self, PictureError> {
        if bytes.len() > FILE_MAX {
            return Err(PictureError::Long);
        }
        if bytes.starts_with(PNG) {
            return Self::from_decoder(png(bytes).map_err(PictureError::Broken)?);
        }
        if !bytes.starts_with(JPEG) {
            return Err(PictureError::Format);
        }
        // Some cameras pad frames with zeros. Decoders fill what is missing with grey: half a zone.
        let padding = bytes.iter().rev().take_while(|byte| **byte == 0).count();
        if !bytes[..bytes.len() - padding].ends_with(&END_OF_IMAGE) {
            return Err(PictureError::Torn);
        }
        Self::from_decoder(JpegDecoder::new(Cursor::new(bytes)).map_err(PictureError::Broken)?)
    }

    fn from_decoder(mut decoder: impl ImageDecoder) -> Result<Self, PictureError> {
        let (width, height) = decoder.dimensions();
        if width.min(height) < SIDE_LEAST || width.max(height) > SIDE_MAX {
            return Err(PictureError::Size { width, height });
        }
        let mut limits = Limits::default();
        limits.max_alloc = Some(DECODER_MAX);
        decoder.set_limits(limits).map_err(PictureError::Broken)?;
        let turn = decoder.orientation().map_err(PictureError::Broken)?;
        let mut picture = DynamicImage::from_decoder(decoder).map_err(PictureError::Broken)?;
        if turn != Orientation::NoTransforms {
            let mut turned = picture.clone();
            turned.apply_orientation(turn);
            wipe_all(&mut picture);
            picture = turned;
        }
        let grey = match picture {
            DynamicImage::ImageLuma8(grey) => grey,
            mut colour => {
                let grey = colour.to_luma8();
                wipe_all(&mut colour);
                grey
            }
        };
        let (width, height) = grey.dimensions();
        Ok(Self::new(width as usize, height as usize, grey.into_raw()))
    }

    /// Takes over `pixels`, to be wiped when dropped; what is missing of `width` x `height` is white.
    #[must_use]
    pub fn new(width: usize, height: usize, mut pixels: Vec<u8>) -> Self {
        pixels.resize(width * height, u8::MAX);
        Self {
            width,
            height,
            pixels,
        }
    }

    /// Width in px.
    #[must_use]
    pub const fn width(&self) -> usize {
        self.width
    }

    /// Height in px.
    #[must_use]
    pub const fn height(&self) -> usize {
        self.height
    }

    /// A row, from the left; empty below the last.
    #[must_use]
    pub fn row(&self, y: usize) -> &[u8] {
        self.pixels
            .get(y * self.width..(y + 1) * self.width)
            .unwrap_or_default()
    }

    /// The value between the four pixels around `(x, y)`; beyond the edge that of the edge, 255 for a
    /// picture without pixels. A pixel's centre lies at whole numbers.
    #[must_use]
    pub fn between(&self, x: f32, y: f32) -> f32 {
        if self.pixels.is_empty() {
            return f32::from(u8::MAX);
        }
        let x = x.clamp(0.0, (self.width - 1) as f32);
        let y = y.clamp(0.0, (self.height - 1) as f32);
        let (left, top) = (x as usize, y as usize);
        let (right, below) = (
            (left + 1).min(self.width - 1),
            (top + 1).min(self.height - 1),
        );
        let (fx, fy) = (x - left as f32, y - top as f32);
        let at = |x: usize, y: usize| f32::from(self.pixels[y * self.width + x]);
        let upper = at(left, top) + (at(right, top) - at(left, top)) * fx;
        let lower = at(left, below) + (at(right, below) - at(left, below)) * fx;
        upper + (lower - upper) * fy
    }

    /// The picture at `1 / factor` of its size, each pixel the mean of `factor` x `factor`.
    #[must_use]
    pub fn smaller(&self, factor: usize) -> Self {
        let factor = factor.max(1);
        let (width, height) = (self.width / factor, self.height / factor);
        let mut pixels = Vec::with_capacity(width * height);
        let mut sums = vec![0_u32; width];
        for y in 0..height {
            sums.fill(0);
            for row in y * factor..(y + 1) * factor {
                for (sum, part) in sums.iter_mut().zip(self.row(row).chunks_exact(factor)) {
                    *sum += part.iter().map(|value| u32::from(*value)).sum::<u32>();
                }
            }
            let count = (factor * factor) as u32;
            pixels.extend(sums.iter().map(|sum| (sum / count) as u8));
        }
        Self::new(width, height, pixels)
    }

    /// The picture turned by `turns` quarters of a circle, clockwise.
    #[must_use]
    pub fn turned(&self, turns: u8) -> Self {
        let (width, height) = (self.width, self.height);
        let (new_width, new_height) = match turns % 2 {
            0 => (width, height),
            _ => (height, width),
        };
        let mut pixels = Vec::with_capacity(self.pixels.len());
        for y in 0..new_height {
            pixels.extend((0..new_width).map(|x| {
                let (x, y) = match turns % 4 {
                    0 => (x, y),
                    1 => (y, height - 1 - x),
                    2 => (width - 1 - x, height - 1 - y),
                    _ => (width - 1 - y, x),
                };
                self.pixels[y * width + x]
            }));
        }
        Self::new(new_width, new_height, pixels)
    }
}

/// Wipes whatever JPEG and PNG decode to.
fn wipe_all(picture: &mut DynamicImage) {
    match picture {
        DynamicImage::ImageLuma8(pixels) => wipe(pixels),
        DynamicImage::ImageLumaA8(pixels) => wipe(pixels),
        DynamicImage::ImageRgb8(pixels) => wipe(pixels),
        DynamicImage::ImageRgba8(pixels) => wipe(pixels),
        DynamicImage::ImageLuma16(pixels) => wipe(pixels),
        DynamicImage::ImageLumaA16(pixels) => wipe(pixels),
        DynamicImage::ImageRgb16(pixels) => wipe(pixels),
        DynamicImage::ImageRgba16(pixels) => wipe(pixels),
        // Samples of 32 bits, which neither has.
        _ => {}
    }
}

impl fmt::Debug for Grey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Grey({}x{}, …)", self.width, self.height)
    }
}

impl Drop for Grey {
    fn drop(&mut self) {
        wipe(&mut self.pixels);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{ExtendedColorType, ImageEncoder as _};

    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = Vec::new();
        let pixels = vec![90; (width * height) as usize];
        image::codecs::png::PngEncoder::new(&mut bytes)
            .write_image(&pixels, width, height, ExtendedColorType::L8)
            .unwrap();
        bytes
    }

    #[test]
    fn each_bad_picture_has_its_own_reason() {
        assert!(Grey::decode(&png(40, 30)).is_ok());
        let refused = |bytes: &[u8]| Grey::decode(bytes).unwrap_err();
        assert!(matches!(refused(b""), PictureError::Format));
        assert!(matches!(refused(b"GIF89a"), PictureError::Format));
        assert!(matches!(
            refused(&png(40, 30)[..60]),
            PictureError::Broken(_)
        ));
        assert!(matches!(refused(b"\xff\xd8\xff"), PictureError::Torn));
        assert!(matches!(
            refused(b"\xff\xd8\xff\xd9"),
            PictureError::Broken(_)
        ));
        assert!(matches!(
            refused(&png(4_100, 30)),
            PictureError::Size { .. }
        ));
        assert!(matches!(refused(&png(40, 8)), PictureError::Size { .. }));
        assert!(matches!(
            refused(&vec![0; FILE_MAX + 1]),
            PictureError::Long
        ));
    }

    #[test]
    fn a_colour_profile_of_many_megabytes_is_not_unpacked() {
        let mut bytes = Vec::new();
        let mut encoder = image::codecs::png::PngEncoder::new(&mut bytes);
        encoder.set_icc_profile(vec![0; 20 << 20]).unwrap();
        encoder
            .write_image(&[90; 1_200], 40, 30, ExtendedColorType::L8)
            .unwrap();
        assert!(super::png(&bytes).unwrap().icc_profile().unwrap().is_none());
        assert!(Grey::decode(&bytes).is_ok());
    }

    #[test]
    fn four_quarters_turn_a_picture_into_itself() {
        let picture = Grey::new(3, 2, vec![1, 2, 3, 4, 5, 6]);
        let once = picture.turned(1);
        assert_eq!((once.width(), once.height()), (2, 3));
        assert_eq!(once.pixels, [4, 1, 5, 2, 6, 3]);
        assert_eq!(once.turned(1).pixels, picture.turned(2).pixels);
        assert_eq!(once.turned(3).pixels, picture.pixels);
    }

    #[test]
    fn values_between_pixels_are_between_their_values() {
        let picture = Grey::new(2, 2, vec![0, 100, 100, 200]);
        assert_eq!(picture.between(0.5, 0.5), 100.0);
        assert_eq!(picture.between(-7.0, 0.5), 50.0);
        assert_eq!(picture.between(9.0, 9.0), 200.0);
        assert_eq!(picture.smaller(2).pixels, [100]);
        assert_eq!(format!("{picture:?}"), "Grey(2x2, …)");
    }
}
