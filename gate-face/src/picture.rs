//! A picture of a person: it is zeroed when dropped and never printed.

use std::fmt;
use std::io::Cursor;
use std::ops::Deref;

use image::codecs::jpeg::JpegDecoder;
use image::{DynamicImage, ImageDecoder as _, RgbImage};
use zeroize::optimization_barrier;

/// Longest side of a picture that is decoded, in px. Cameras and chips stay far below; a forged header
/// that claims more must not reserve gigabytes.
pub const SIDE_MAX: u32 = 4_096;

/// An RGB picture, 8 bits a channel, that wipes its pixels when it goes.
///
/// The decoder's own buffers are not wiped; they hold compressed coefficients and single rows.
#[derive(Default)]
pub struct Picture(RgbImage);

/// Why bytes are no picture for us.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// Torn or not a JPEG.
    #[error("picture is no readable JPEG")]
    Broken(#[source] image::ImageError),
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

    /// Decodes a JPEG; grey and CMYK become RGB. Takes some milliseconds: not for an async thread.
    ///
    /// # Errors
    ///
    /// [`PictureError`]; the size is judged before memory is reserved for pixels.
    pub fn from_jpeg(bytes: &[u8]) -> Result<Self, PictureError> {
        let decoder = JpegDecoder::new(Cursor::new(bytes)).map_err(PictureError::Broken)?;
        let (width, height) = decoder.dimensions();
        if width == 0 || height == 0 || width.max(height) > SIDE_MAX {
            return Err(PictureError::Size { width, height });
        }
        let pixels = DynamicImage::from_decoder(decoder).map_err(PictureError::Broken)?;
        Ok(Self(pixels.into_rgb8()))
    }
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
pub(crate) fn wipe<T: Default + Copy>(values: &mut [T]) {
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
    fn a_grey_jpeg_becomes_rgb() {
        let grey = GrayImage::from_pixel(16, 8, image::Luma([100]));
        let picture = Picture::from_jpeg(&jpeg(16, 8, ExtendedColorType::L8, &grey)).unwrap();
        assert_eq!(picture.dimensions(), (16, 8));
        assert_eq!(picture.get_pixel(3, 3).0, [100, 100, 100]);
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
    fn a_torn_jpeg_never_panics() {
        let whole = jpeg(32, 32, ExtendedColorType::Rgb8, &[90; 3_072]);
        for length in 0..whole.len() {
            // A torn tail may still give a picture with grey rows; detection judges that one.
            if let Ok(picture) = Picture::from_jpeg(&whole[..length]) {
                assert_eq!(picture.dimensions(), (32, 32));
            }
        }
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
