//! Photographs in files: JPEG, PNG and JPEG 2000, each refused with its own reason.

use crate::file::{self, FileError};
use gate_document::portrait::{self, Portrait, PortraitError, PortraitKind};
use gate_face::engine::FaceEngine;
use gate_face::picture::PictureError;
use gate_face::quality::{Flaw, Quality};
use gate_face::{FaceError, Picture, Template};
use gate_zone::picture::png;
use std::path::Path;
use zeroize::Zeroizing;

/// Longest file, in bytes: a photograph of 4 096 x 4 096 px without compression has as many.
const FILE_MAX: u64 = 50_331_648;

/// First bytes of the formats.
const PNG: &[u8] = b"\x89PNG";
const JPEG: &[u8] = b"\xff\xd8";
const JP2: &[u8] = b"\0\0\0\x0cjP  ";
const CODESTREAM: &[u8] = b"\xff\x4f\xff\x51";

/// The marker that ends every JPEG 2000 codestream (ITU-T T.800, A.4.4).
const END_OF_CODESTREAM: [u8; 2] = [0xff, 0xd9];

/// Why a photograph gives no score.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoScore {
    /// See [`FileError`].
    #[error(transparent)]
    File(#[from] FileError),
    /// Convert it to JPEG, PNG or JPEG 2000.
    #[error("file is no JPEG, PNG or JPEG 2000")]
    Format,
    /// See [`PictureError`].
    #[error(transparent)]
    Picture(#[from] PictureError),
    /// See [`PortraitError`].
    #[error(transparent)]
    Portrait(#[from] PortraitError),
    /// See [`FaceError`].
    #[error(transparent)]
    Face(#[from] FaceError),
}

impl NoScore {
    /// The reason as a word that programs can rely on.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::File(FileError::Long { .. }) => "picture-too-large",
            Self::File(_) => "unreadable-file",
            Self::Format => "unknown-format",
            Self::Picture(problem) => match problem {
                PictureError::Broken(_) | PictureError::Torn | PictureError::Damaged => {
                    "broken-picture"
                }
                PictureError::Deep => "more-than-8-bits",
                PictureError::Rotated => "rotated-picture",
                PictureError::Size { .. } => "picture-too-large",
            },
            Self::Portrait(problem) => match problem {
                PortraitError::TooLong { .. } | PortraitError::Size { .. } => "picture-too-large",
                PortraitError::Channels { .. } => "unknown-format",
                _ => "broken-picture",
            },
            Self::Face(problem) => match problem {
                FaceError::NoFace => "no-face",
                FaceError::SeveralFaces { .. } => "several-faces",
                FaceError::Grey => "grey-picture",
                FaceError::Rotated => "rotated-picture",
                FaceError::Poor(Flaw::TooFar) => "face-too-small",
                FaceError::Poor(_) | FaceError::Region | FaceError::Landmarks => "poor-face",
                FaceError::NotFinite { .. } => "model-gave-no-number",
                _ => "model-failed",
            },
        }
    }
}

/// The template of the photograph in a file, as the gate makes it of a portrait.
pub(crate) fn template(engine: &FaceEngine, path: &Path) -> Result<(Quality, Template), NoScore> {
    let photograph = open(path)?;
    Ok(engine.photograph(&photograph)?)
}

/// Reads a photograph.
pub(crate) fn open(path: &Path) -> Result<Picture, NoScore> {
    let bytes = file::read(path, FILE_MAX)?;
    decode(&bytes)
}

fn decode(bytes: &[u8]) -> Result<Picture, NoScore> {
    if bytes.starts_with(JPEG) {
        return Ok(Picture::from_jpeg(bytes)?);
    }
    if bytes.starts_with(PNG) {
        let decoder = png(bytes).map_err(PictureError::Broken)?;
        return Ok(Picture::from_decoder(decoder)?);
    }
    if bytes.starts_with(JP2) || bytes.starts_with(CODESTREAM) {
        // Decoders make a blurred picture of half a file.
        let stream = codestream(bytes).filter(|stream| is_whole(stream));
        if is_deep(stream.ok_or(PictureError::Torn)?) {
            return Err(PictureError::Deep.into());
        }
        let pixels = portrait::decode(&Portrait {
            kind: PortraitKind::Jpeg2000,
            bytes: Zeroizing::new(bytes.to_vec()),
        })?;
        return Ok(Picture::new(pixels));
    }
    Err(NoScore::Format)
}

/// Whether every part of every tile is as long as it says and the end follows the last one (ITU-T T.800, A.4).
fn is_whole(codestream: &[u8]) -> bool {
    let mut rest = codestream.get(2..).unwrap_or_default();
    loop {
        let length = match *rest {
            [0xff, 0xd9, ..] => return rest.len() == 2,
            // Start of a part: lengths, number of the tile, and how long the part is; 0 up to the end.
            [0xff, 0x90, _, _, _, _, a, b, c, d, ..] => match u32::from_be_bytes([a, b, c, d]) {
                0 => return rest.ends_with(&END_OF_CODESTREAM),
                length => length as usize,
            },
            [0xff, _, high, low, ..] => 2 + usize::from(u16::from_be_bytes([high, low])),
            _ => return false,
        };
        rest = match rest.get(length..) {
            Some(rest) if length > 2 => rest,
            _ => return false,
        };
    }
}

/// Whether the codestream has more than 8 bits a sample in any component (ITU-T T.800, A.5.1).
fn is_deep(codestream: &[u8]) -> bool {
    // Two markers' bytes, then lengths and places of 4 bytes each, the count of components, three bytes each.
    let count = codestream.get(40..42).map_or(0, |count| {
        usize::from(u16::from_be_bytes([count[0], count[1]]))
    });
    let depths = codestream.get(42..).unwrap_or_default().chunks(3);
    depths.take(count).any(|depth| depth[0] & 0x7f > 7)
}

/// The codestream of a JPEG 2000 file, from its own box if it has boxes (ITU-T T.800, I.4); `None` if it is not
/// all there.
fn codestream(bytes: &[u8]) -> Option<&[u8]> {
    let mut rest = bytes;
    while !rest.starts_with(CODESTREAM) {
        let (length, kind) = rest.get(..8)?.split_at(4);
        let (head, length) = match u32::from_be_bytes(length.try_into().ok()?) {
            // Up to the end of the file.
            0 => (8, rest.len()),
            // The length has 64 bits and stands behind the kind.
            1 => {
                let long = u64::from_be_bytes(rest.get(8..16)?.try_into().ok()?);
                (16, usize::try_from(long).ok()?)
            }
            length => (8, usize::try_from(length).ok()?),
        };
        let content = rest.get(head..length)?;
        if kind == b"jp2c" {
            return Some(content);
        }
        rest = &rest[length..];
    }
    Some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{ExtendedColorType, ImageEncoder as _};

    fn png(colour: ExtendedColorType, (width, height): (u32, u32), pixels: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        image::codecs::png::PngEncoder::new(&mut bytes)
            .write_image(pixels, width, height, colour)
            .unwrap();
        bytes
    }

    #[test]
    fn half_a_jpeg_2000_is_torn_with_boxes_and_without() {
        // SIZ without content, and one part of a tile: 12 bytes of header, two that say that data follows.
        let part = [
            &[0xff, 0x90, 0, 10, 0, 0, 0, 0, 0, 18, 0, 1, 0xff, 0x93][..],
            b"data",
        ]
        .concat();
        let stream = [CODESTREAM, &[0, 2], &part, &END_OF_CODESTREAM].concat();
        let length = (8 + stream.len() as u32).to_be_bytes();
        let file = |length: &[u8]| [JP2, b"\r\n\x87\n", length, b"jp2c", &stream].concat();
        let long = [
            &[0_u8, 0, 0, 1][..],
            &b"jp2c\0\0\0\0"[..],
            &(16 + stream.len() as u32).to_be_bytes(),
        ];
        let long = [JP2, b"\r\n\x87\n", &long.concat(), &stream].concat();
        for whole in [stream.clone(), file(&length), file(&[0; 4]), long] {
            assert_eq!(codestream(&whole), Some(&*stream));
            assert!(is_whole(&stream));
            let torn = &whole[..whole.len() - 3];
            assert!(codestream(torn).is_none_or(|stream| !is_whole(stream)));
            assert_eq!(decode(torn).unwrap_err().code(), "broken-picture");
        }
        let with_an_end = [&stream[..stream.len() - 4], &END_OF_CODESTREAM].concat();
        assert!(!is_whole(&with_an_end));
    }

    #[test]
    fn a_jpeg_2000_of_16_bits_is_too_deep_and_not_broken() {
        // SIZ: length, capabilities, eight numbers, three components of 16 bits.
        let siz = [&[0xff, 0x51, 0, 47][..], &[0; 34], &[0, 3]].concat();
        let depth = |bits: u8| [bits - 1, 1, 1].repeat(3);
        let stream = |bits| [&[0xff, 0x4f], &*siz, &depth(bits), &END_OF_CODESTREAM].concat();
        assert_eq!(decode(&stream(16)).unwrap_err().code(), "more-than-8-bits");
        assert_ne!(decode(&stream(8)).unwrap_err().code(), "more-than-8-bits");
    }

    #[test]
    fn every_picture_that_cannot_be_compared_has_its_own_reason() {
        let good = png(ExtendedColorType::Rgb8, (2, 2), &[9; 12]);
        assert!(decode(&good).is_ok());
        let cases = [
            (
                png(ExtendedColorType::Rgb16, (2, 2), &[9; 24]),
                "more-than-8-bits",
            ),
            (
                png(ExtendedColorType::Rgb8, (5_000, 1), &[9; 15_000]),
                "picture-too-large",
            ),
            (good[..good.len() / 2].to_vec(), "broken-picture"),
            (b"\xff\xd8 torn".to_vec(), "broken-picture"),
            (b"\xff\x4f\xff\x51 torn".to_vec(), "broken-picture"),
            (b"GIF89a".to_vec(), "unknown-format"),
            (Vec::new(), "unknown-format"),
        ];
        for (bytes, expected) in cases {
            assert_eq!(decode(&bytes).unwrap_err().code(), expected);
        }
        let missing = open(Path::new("/there/is/no/such.jpg"));
        assert_eq!(missing.unwrap_err().code(), "unreadable-file");
        for irregular in ["/", "/dev/zero"] {
            let found = open(Path::new(irregular)).unwrap_err();
            assert!(
                matches!(found, NoScore::File(FileError::Irregular { .. })),
                "{found}"
            );
        }
    }
}
