//! A picture of a person: it is zeroed when dropped and never printed.

use std::fmt;
use std::io::Cursor;
use std::ops::Deref;

use image::codecs::jpeg::JpegDecoder;
use image::metadata::Orientation;
use image::{ColorType, DynamicImage, ImageDecoder, Limits, RgbImage};
use zeroize::optimization_barrier;

/// Longest side of a picture that is decoded, in px. Cameras and chips stay far below; a forged header
/// that claims more must not reserve gigabytes.
pub const SIDE_MAX: u32 = 4_096;

/// Memory that a decoder may take for what stands beside the pixels, in bytes: a colour profile of
/// gigabytes packs into some megabytes.
const HEADER_MAX: u64 = 16 << 20;

/// Channels of a grey picture differ by at most this much: two roundings on the way through a JPEG or
/// JPEG 2000 and back. Photographs that look grey but were taken in colour differ by 9 and more.
const GREY_MAX: u8 = 4;

/// The marker that ends every JPEG.
const END_OF_IMAGE: [u8; 2] = [0xff, 0xd9];

/// An RGB picture, 8 bits a channel, that wipes its pixels when it goes.
///
/// The decoder's own buffers are not wiped; they hold compressed coefficients and single rows.
#[derive(Default)]
pub struct Picture(RgbImage);

/// Why bytes are no picture for us.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// Not of the format that it should have, or damaged.
    #[error("picture cannot be decoded")]
    Broken(#[source] image::ImageError),
    /// The end is missing: the transfer broke off.
    #[error("picture is torn")]
    Torn,
    /// Bytes in the middle were changed: its compressed data does not add up ([`gate_jpeg`]).
    #[error("picture's data is damaged")]
    Damaged,
    /// More than 8 bits a channel. Convert it, with the right transfer curve.
    #[error("picture has more than 8 bits a channel")]
    Deep,
    /// The metadata says that the picture must be turned or mirrored first.
    #[error("picture is rotated: its metadata says so")]
    Rotated,
    /// Larger than any camera or chip that we know.
    #[error("picture is {width}x{height} px, expected 1 to {SIDE_MAX} a side")]
    Size {
        /// Found width in px.
        width: u32,
        /// Found height in px.
        height: u32,
    },
}

impl Picture {
    /// Takes over `pixels`, to be wiped when dropped.
    #[must_use]
    pub const fn new(pixels: RgbImage) -> Self {
        Self(pixels)
    }

    /// Decodes a JPEG. Takes some milliseconds: not for an async thread.
    ///
    /// # Errors
    ///
    /// [`PictureError`]; the size is judged before memory is reserved for pixels. A JPEG without its
    /// end is broken: decoders fill the rest with grey, and half a face would be compared.
    pub fn from_jpeg(bytes: &[u8]) -> Result<Self, PictureError> {
        // Some cameras pad frames with zeros.
        let padding = bytes.iter().rev().take_while(|byte| **byte == 0).count();
        if !bytes[..bytes.len() - padding].ends_with(&END_OF_IMAGE) {
            return Err(PictureError::Torn);
        }
        let mut decoder = JpegDecoder::new(Cursor::new(bytes)).map_err(PictureError::Broken)?;
        judge(&mut decoder)?;
        gate_jpeg::check(bytes).map_err(|gate_jpeg::Damaged| PictureError::Damaged)?;
        Self::from_judged(decoder)
    }

    /// Decodes with the decoder of any format.
    ///
    /// # Errors
    ///
    /// [`PictureError`]; everything is judged before memory is reserved for pixels.
    pub fn from_decoder(mut decoder: impl ImageDecoder) -> Result<Self, PictureError> {
        judge(&mut decoder)?;
        Self::from_judged(decoder)
    }

    fn from_judged(decoder: impl ImageDecoder) -> Result<Self, PictureError> {
        let pixels = DynamicImage::from_decoder(decoder).map_err(PictureError::Broken)?;
        Ok(Self(pixels.into_rgb8()))
    }
}

/// Whether what the header announces can be compared.
fn judge(decoder: &mut impl ImageDecoder) -> Result<(), PictureError> {
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 || width.max(height) > SIDE_MAX {
        return Err(PictureError::Size { width, height });
    }
    match decoder.color_type() {
        // Whether a picture is grey is seen in its pixels, however many channels it has.
        ColorType::L8 | ColorType::La8 | ColorType::Rgb8 | ColorType::Rgba8 => {}
        _ => return Err(PictureError::Deep),
    }
    if decoder.orientation().map_err(PictureError::Broken)? != Orientation::NoTransforms {
        return Err(PictureError::Rotated);
    }
    Ok(())
}

/// Limits for the header of a picture, before its size is known. To be given to the decoder at once: set
/// afterwards they come too late.
#[must_use]
pub fn header_limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_alloc = Some(HEADER_MAX);
    limits
}

/// Whether a picture has no colour anywhere, in whatever format it came.
#[must_use]
pub fn is_grey(picture: &RgbImage) -> bool {
    picture.pixels().all(|pixel| {
        let [red, green, blue] = pixel.0;
        red.max(green).max(blue) - red.min(green).min(blue) <= GREY_MAX
    })
}

impl Deref for Picture {
    type Target = RgbImage;

    fn deref(&self) -> &RgbImage {
        &self.0
    }
}

impl From<RgbImage> for Picture {
    fn from(pixels: RgbImage) -> Self {
        Self(pixels)
    }
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Picture({}x{}, …)", self.0.width(), self.0.height())
    }
}

impl Drop for Picture {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

/// Sets every value to zero so that the compiler cannot leave it out.
///
/// `zeroize` itself writes value by value, which costs milliseconds on a camera frame; filling and a
/// barrier cost what memory costs.
pub fn wipe<T: Default + Copy>(values: &mut [T]) {
    values.fill(T::default());
    optimization_barrier(values);
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::codecs::jpeg::JpegEncoder;
    use image::{ExtendedColorType, GrayImage, ImageEncoder as _};

    fn jpeg(width: u32, height: u32, colour: ExtendedColorType, pixels: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        JpegEncoder::new(&mut bytes)
            .write_image(pixels, width, height, colour)
            .unwrap();
        bytes
    }

    #[test]
    fn what_the_models_were_not_calibrated_for_has_its_reason() {
        let whole = jpeg(16, 8, ExtendedColorType::Rgb8, &[90; 384]);
        assert!(Picture::from_jpeg(&whole).is_ok());
        let deep = Depth(ColorType::Rgb16);
        assert!(matches!(
            Picture::from_decoder(deep),
            Err(PictureError::Deep)
        ));
        // EXIF: little endian, one entry, orientation 6.
        let exif = b"\xff\xe1\x00\x22Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
        let turned = [&whole[..2], exif, &whole[2..]].concat();
        assert!(matches!(
            Picture::from_jpeg(&turned),
            Err(PictureError::Rotated)
        ));
        assert!(matches!(
            Picture::from_jpeg(b"no picture\xff\xd9"),
            Err(PictureError::Broken(_))
        ));
    }

    #[test]
    fn a_picture_is_grey_by_its_pixels_and_not_by_its_channels() {
        let of = |pixel: fn(u8) -> [u8; 3]| {
            RgbImage::from_fn(40, 24, |x, y| image::Rgb(pixel((x * 5 + y) as u8)))
        };
        let grey = of(|value| [value; 3]);
        let one_channel = GrayImage::from_fn(40, 24, |x, y| image::Luma([(x * 5 + y) as u8]));
        assert!(is_grey(&grey));
        for (colour, pixels) in [
            (ExtendedColorType::Rgb8, grey.as_raw()),
            (ExtendedColorType::L8, one_channel.as_raw()),
        ] {
            let picture = Picture::from_jpeg(&jpeg(40, 24, colour, pixels)).unwrap();
            assert!(is_grey(&picture), "{colour:?}");
        }
        assert!(is_grey(&of(|value| [
            value,
            value.saturating_add(2),
            value
        ])));
        assert!(!is_grey(&of(|value| [
            value,
            value.saturating_add(9),
            value
        ])));
        let mut spot = grey;
        spot.put_pixel(7, 7, image::Rgb([90, 40, 40]));
        assert!(!is_grey(&spot));
    }

    /// A decoder of a picture with another kind of pixels.
    struct Depth(ColorType);

    impl ImageDecoder for Depth {
        fn dimensions(&self) -> (u32, u32) {
            (4, 4)
        }

        fn color_type(&self) -> ColorType {
            self.0
        }

        fn read_image(self, _: &mut [u8]) -> image::ImageResult<()> {
            Ok(())
        }

        fn read_image_boxed(self: Box<Self>, pixels: &mut [u8]) -> image::ImageResult<()> {
            (*self).read_image(pixels)
        }
    }

    #[test]
    fn a_forged_size_is_refused_before_memory_is_reserved() {
        let mut bytes = jpeg(8, 8, ExtendedColorType::Rgb8, &[0; 192]);
        let header = bytes
            .windows(2)
            .position(|marker| marker == [0xff, 0xc0])
            .unwrap();
        bytes[header + 5..header + 9].copy_from_slice(&[0xff, 0xff, 0xff, 0xff]);
        let found = Picture::from_jpeg(&bytes).unwrap_err();
        assert!(
            matches!(
                found,
                PictureError::Size {
                    width: 65_535,
                    height: 65_535
                }
            ),
            "{found}"
        );
    }

    #[test]
    fn a_torn_jpeg_is_no_picture() {
        let whole = jpeg(32, 32, ExtendedColorType::Rgb8, &[90; 3_072]);
        for length in 0..whole.len() {
            let found = Picture::from_jpeg(&whole[..length]);
            assert!(matches!(found, Err(PictureError::Torn)), "{length}");
        }
        let padded = [&whole[..], &[0; 100]].concat();
        assert!(Picture::from_jpeg(&padded).is_ok());
    }

    #[test]
    fn a_jpeg_with_changed_bytes_in_the_middle_is_no_picture() {
        let pixels: Vec<u8> = (0..3_072_u32)
            .map(|index| (index.wrapping_mul(2_654_435_761) >> 24) as u8)
            .collect();
        let mut bytes = jpeg(32, 32, ExtendedColorType::Rgb8, &pixels);
        let middle = bytes.len() - 200;
        bytes[middle..middle + 64].fill(0xfe);
        assert!(matches!(
            Picture::from_jpeg(&bytes),
            Err(PictureError::Damaged)
        ));
    }

    #[test]
    fn a_picture_does_not_print_its_pixels() {
        let picture = Picture::new(RgbImage::from_pixel(2, 1, image::Rgb([251, 252, 253])));
        assert_eq!(format!("{picture:?}"), "Picture(2x1, …)");
    }

    #[test]
    fn wiping_leaves_zeros() {
        let mut values = [1.5_f32, -2.0];
        wipe(&mut values);
        assert_eq!(values, [0.0, 0.0]);
    }
}
