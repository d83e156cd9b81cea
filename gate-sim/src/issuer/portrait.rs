//! Portraits as a chip holds them: JPEG or JPEG 2000, about fifteen kilobytes.

use image::codecs::jpeg::JpegEncoder;
use image::{Rgb, RgbImage};
use openjp2::openjpeg::{CODEC_FORMAT, OPJ_CLRSPC_SRGB};
use openjp2::{Codec, Stream, opj_cparameters_t, opj_image, opj_image_comptparm};

use super::IssuerError;

/// How the portrait is compressed (ISO/IEC 19794-5, image data type).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// ISO/IEC 10918-1, baseline.
    Jpeg,
    /// ISO/IEC 15444-1, in a JP2 file.
    Jpeg2000,
}

/// A compressed portrait.
#[derive(Clone, PartialEq, Eq)]
pub struct Portrait {
    /// How it is compressed.
    pub encoding: Encoding,
    /// Width in pixels.
    pub width: u16,
    /// Height in pixels.
    pub height: u16,
    /// The compressed image, complete with its own headers.
    pub bytes: Vec<u8>,
}

impl Portrait {
    /// A picture with a grain, as photographs have: a smooth one would compress to nothing.
    ///
    /// # Errors
    ///
    /// As [`Portrait::encode`].
    pub fn grainy(
        width: u32,
        height: u32,
        encoding: Encoding,
        most: usize,
    ) -> Result<Self, IssuerError> {
        let picture = RgbImage::from_fn(width, height, |x, y| {
            let grain = (x * 7919 + y * 104_729 + x * y) % 23;
            Rgb([
                (x / 2 + grain) as u8,
                (y / 3 + grain) as u8,
                ((x + y) / 5 + grain) as u8,
            ])
        });
        Self::encode(&picture, encoding, most)
    }

    /// Compresses `image` into at most `most` bytes, or as near above it as the coarsest sensible
    /// quality comes.
    ///
    /// # Errors
    ///
    /// [`IssuerError::Portrait`] if the image has no pixels or more than 65 535 in a row, or the
    /// encoder refuses it.
    pub fn encode(image: &RgbImage, encoding: Encoding, most: usize) -> Result<Self, IssuerError> {
        let (width, height) = dimensions(image)?;
        let bytes = match encoding {
            Encoding::Jpeg => jpeg(image, most)?,
            Encoding::Jpeg2000 => jpeg2000(image, most)?,
        };
        Ok(Self {
            encoding,
            width,
            height,
            bytes,
        })
    }
}

fn dimensions(image: &RgbImage) -> Result<(u16, u16), IssuerError> {
    match (u16::try_from(image.width()), u16::try_from(image.height())) {
        (Ok(width @ 1..), Ok(height @ 1..)) => Ok((width, height)),
        _ => Err(IssuerError::Portrait {
            problem: "1 to 65535 pixels a side expected",
        }),
    }
}

fn jpeg(image: &RgbImage, most: usize) -> Result<Vec<u8>, IssuerError> {
    let mut bytes = Vec::new();
    for quality in [92, 85, 78, 70, 62, 54, 46, 38, 30] {
        bytes.clear();
        JpegEncoder::new_with_quality(&mut bytes, quality)
            .encode_image(image)
            .map_err(|_| IssuerError::Portrait {
                problem: "the JPEG encoder refused it",
            })?;
        if bytes.len() <= most {
            break;
        }
    }
    Ok(bytes)
}

/// One quality layer at the rate that gives `most` bytes; colour transformed, irreversible wavelet.
///
/// The encoder writes to paths only, hence the temporary file.
fn jpeg2000(image: &RgbImage, most: usize) -> Result<Vec<u8>, IssuerError> {
    let refused = || IssuerError::Portrait {
        problem: "the JPEG 2000 encoder refused it",
    };
    let file = tempfile::NamedTempFile::new().map_err(IssuerError::TemporaryFile)?;
    let mut parameters = opj_cparameters_t {
        tcp_numlayers: 1,
        cp_disto_alloc: 1,
        irreversible: 1,
        tcp_mct: 1,
        ..Default::default()
    };
    parameters.tcp_rates[0] = image.as_raw().len() as f32 / most.max(1) as f32;

    let mut planes = planes(image).ok_or_else(refused)?;
    let mut codec = Codec::new_encoder(CODEC_FORMAT::OPJ_CODEC_JP2).ok_or_else(refused)?;
    let mut stream =
        Stream::new_file(file.path(), 1 << 16, false).map_err(IssuerError::TemporaryFile)?;
    let done = codec.setup_encoder(&mut parameters, &mut planes) == 1
        && codec.start_compress(&mut planes, &mut stream) == 1
        && codec.encode(&mut stream) == 1
        && codec.end_compress(&mut stream) == 1;
    drop(stream);
    if !done {
        return Err(refused());
    }
    std::fs::read(file.path()).map_err(IssuerError::TemporaryFile)
}

/// The three colours, one plane each.
fn planes(image: &RgbImage) -> Option<Box<opj_image>> {
    let component = opj_image_comptparm {
        dx: 1,
        dy: 1,
        w: image.width(),
        h: image.height(),
        x0: 0,
        y0: 0,
        prec: 8,
        bpp: 8,
        sgnd: 0,
    };
    let mut planes = opj_image::create(&[component; 3], OPJ_CLRSPC_SRGB)?;
    planes.x1 = image.width();
    planes.y1 = image.height();
    for (colour, plane) in planes.comps_data_mut_iter()?.enumerate() {
        for (value, pixel) in plane.iter_mut().zip(image.pixels()) {
            *value = i32::from(pixel.0[colour]);
        }
    }
    Some(planes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::issuer::tests::picture;

    #[test]
    fn both_encodings_keep_to_the_size_and_to_the_picture() {
        let image = picture(7);
        for (encoding, start) in [
            (Encoding::Jpeg, &[0xFF, 0xD8][..]),
            (Encoding::Jpeg2000, &[0, 0, 0, 12]),
        ] {
            let portrait = Portrait::encode(&image, encoding, 15_000).unwrap();
            assert!(
                (4_000..=15_200).contains(&portrait.bytes.len()),
                "{}",
                portrait.bytes.len()
            );
            assert!(portrait.bytes.starts_with(start));
            assert_eq!((portrait.width, portrait.height), (360, 480));
        }
    }

    #[test]
    fn an_empty_picture_is_refused() {
        let empty = RgbImage::new(0, 0);
        assert!(Portrait::encode(&empty, Encoding::Jpeg2000, 15_000).is_err());
    }
}
