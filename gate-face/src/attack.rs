//! A cue against photographs and screens held to the camera (presentation attack, ISO/IEC 30107-1).
//!
//! The model looks at texture in one frame. It has seen no masks, cut-outs or good prints, and
//! fails some honest frames (docs/face.md has the rates): it advises, and only over several frames ([`crate::capture`]). The crop is
//! the mean of all pixels: with four neighbours a camera's noise looks like print (docs/face.md).

use image::RgbImage;

use crate::detect::Face;
use crate::error::FaceError;
use crate::manifest::{Colour, Role};
use crate::tensor::{Region, Tensor};

/// Side of the crop that the model reads, in px.
pub const SIDE: u32 = 128;

/// The crop is this many times as wide and as high as the face: the frame of a photograph or a
/// telephone is a cue too.
pub const MARGIN: f32 = 2.7;

/// How many classes the model tells apart; the first is bona fide.
const CLASSES: usize = 3;

/// Probability that a living person stands before the camera, 0.0 ..= 1.0, as one model sees one
/// frame. Never NaN.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct BonaFide(f32);

impl BonaFide {
    /// Certainly an attack.
    pub const NONE: Self = Self(0.0);

    /// A probability measured elsewhere; `None` outside 0.0 ..= 1.0.
    #[must_use]
    pub fn new(value: f32) -> Option<Self> {
        (0.0..=1.0).contains(&value).then_some(Self(value))
    }

    /// The probability.
    #[must_use]
    pub const fn value(self) -> f32 {
        self.0
    }
}

/// Cuts the face with its surroundings out of `picture`: shape `[1, 3, 128, 128]`, blue first,
/// 0.0 ..= 255.0. The proportions of the face box are not kept, as in the model's training.
///
/// # Errors
///
/// [`FaceError::Region`] if the box lies outside the picture.
pub fn to_tensor(picture: &RgbImage, face: &Face) -> Result<Tensor, FaceError> {
    let region = surroundings(face.place, picture.width(), picture.height());
    Tensor::view(picture, region, (SIDE, SIDE), Colour::Bgr)
}

/// Reads the model's answer, `[1, 3]` logits.
///
/// # Errors
///
/// [`FaceError::Shape`] for another length, [`FaceError::NotFinite`] for values that are no numbers.
pub fn bona_fide(logits: &[f32]) -> Result<BonaFide, FaceError> {
    if logits.len() != CLASSES {
        let found = logits.len();
        return Err(FaceError::Shape {
            model: Role::Attack,
            output: "output",
            expected: CLASSES,
            found,
        });
    }
    if !logits.iter().all(|logit| logit.is_finite()) {
        return Err(FaceError::NotFinite {
            model: Role::Attack,
        });
    }
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f32 = logits.iter().map(|logit| (logit - largest).exp()).sum();
    Ok(BonaFide((logits[0] - largest).exp() / sum))
}

/// The box [`MARGIN`] times as large, shifted to stay in the picture and shrunk if it is too large.
fn surroundings(place: Region, width: u32, height: u32) -> Region {
    let (width, height) = (width as f32, height as f32);
    let margin = MARGIN.min(width / place.width).min(height / place.height);
    let size = (place.width * margin, place.height * margin);
    let left = place.left + (place.width - size.0) / 2.0;
    let top = place.top + (place.height - size.1) / 2.0;
    Region {
        left: left.min(width - size.0).max(0.0),
        top: top.min(height - size.1).max(0.0),
        width: size.0,
        height: size.1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_class_is_bona_fide() {
        let cases = [
            ([0.0, 0.0, 0.0], 1.0 / 3.0),
            ([9.0, -9.0, -9.0], 1.0),
            ([-9.0, 9.0, -9.0], 0.0),
            ([1e30, 0.0, 0.0], 1.0),
        ];
        for (logits, expected) in cases {
            let found = bona_fide(&logits).unwrap().value();
            assert!((found - expected).abs() < 1e-6, "{logits:?}: {found}");
        }
    }

    #[test]
    fn an_answer_that_is_no_number_is_no_score() {
        for logits in [
            [f32::NAN, 0.0, 0.0],
            [0.0, f32::INFINITY, 0.0],
            [0.0, 0.0, f32::NEG_INFINITY],
        ] {
            assert!(
                matches!(bona_fide(&logits), Err(FaceError::NotFinite { .. })),
                "{logits:?}"
            );
        }
        assert!(matches!(
            bona_fide(&[0.0]),
            Err(FaceError::Shape { found: 1, .. })
        ));
    }

    #[test]
    fn the_crop_stays_within_the_picture() {
        let place = |left, top, width, height| Region {
            left,
            top,
            width,
            height,
        };
        let cases = [
            (
                place(400.0, 300.0, 100.0, 120.0),
                place(315.0, 198.0, 270.0, 324.0),
            ),
            (place(0.0, 0.0, 100.0, 100.0), place(0.0, 0.0, 270.0, 270.0)),
            (
                place(900.0, 700.0, 100.0, 100.0),
                place(730.0, 530.0, 270.0, 270.0),
            ),
            (
                place(300.0, 200.0, 400.0, 400.0),
                place(100.0, 0.0, 800.0, 800.0),
            ),
        ];
        for (face, expected) in cases {
            let found = surroundings(face, 1_000, 800);
            assert!(
                (found.left - expected.left).abs() < 1e-3,
                "{face:?}: {found:?}"
            );
            assert!(
                (found.top - expected.top).abs() < 1e-3,
                "{face:?}: {found:?}"
            );
            assert!(
                (found.width - expected.width).abs() < 1e-3,
                "{face:?}: {found:?}"
            );
            assert!(
                (found.height - expected.height).abs() < 1e-3,
                "{face:?}: {found:?}"
            );
        }
    }
}
