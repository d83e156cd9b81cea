//! From an aligned face to a template.

use std::fmt;

use image::RgbImage;

use crate::align;
use crate::error::FaceError;
use crate::manifest::{Colour, Role};
use crate::picture::wipe;
use crate::tensor::Tensor;

/// How many numbers `SFace` gives.
pub const LENGTH: usize = 128;

/// What is compared: a vector of length 1. It is zeroed when dropped and never printed.
///
/// A template is biometric data (GDPR article 9): it lives as long as one traveller and is never stored.
#[derive(Clone)]
pub struct Template(Box<[f32]>);

impl Template {
    /// Scales the model's answer to length 1.
    ///
    /// # Errors
    ///
    /// [`FaceError::NotFinite`] if a value is no number or the vector has no direction.
    pub fn new(values: &[f32]) -> Result<Self, FaceError> {
        let length = values.iter().map(|value| value * value).sum::<f32>().sqrt();
        if !length.is_finite() || length < f32::EPSILON {
            return Err(FaceError::NotFinite {
                model: Role::Embedder,
            });
        }
        Ok(Self(values.iter().map(|value| value / length).collect()))
    }

    pub(crate) fn values(&self) -> &[f32] {
        &self.0
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Template(…)")
    }
}

impl Drop for Template {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

/// Turns an aligned crop into the tensor that the embedding model expects.
///
/// `crop` is 112 × 112 px RGB, eyes level. The result has shape `[1, 3, 112, 112]` with values
/// 0.0 ..= 255.0, red first: the graph itself subtracts the mean.
///
/// # Errors
///
/// [`FaceError::CropSize`] for any other size. Nothing is resized here: only [`align::align`] knows
/// the landmarks.
pub fn to_tensor(crop: &RgbImage) -> Result<Tensor, FaceError> {
    let expected = (align::SIDE, align::SIDE);
    let found = crop.dimensions();
    if found != expected {
        return Err(FaceError::CropSize { expected, found });
    }
    Ok(Tensor::of(crop, Colour::Rgb))
}

/// Reads the model's answer, `[1, 128]`.
///
/// # Errors
///
/// [`FaceError::Shape`] for another length, [`FaceError::NotFinite`] for values that are no numbers.
pub fn template(answer: &[f32]) -> Result<Template, FaceError> {
    if answer.len() != LENGTH {
        let found = answer.len();
        return Err(FaceError::Shape {
            model: Role::Embedder,
            output: "fc1",
            expected: LENGTH,
            found,
        });
    }
    Template::new(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_has_length_one_and_does_not_print() {
        let template = Template::new(&[3.0, -4.0]).unwrap();
        assert_eq!(template.values(), [0.6, -0.8]);
        assert_eq!(format!("{template:?}"), "Template(…)");
    }

    #[test]
    fn an_answer_without_direction_is_no_template() {
        let answers: [&[f32]; 5] = [
            &[],
            &[0.0; 128],
            &[f32::NAN; 128],
            &[f32::INFINITY; 128],
            &[f32::MAX; 128],
        ];
        for answer in answers {
            assert!(
                matches!(Template::new(answer), Err(FaceError::NotFinite { .. })),
                "{answer:?}"
            );
        }
        assert!(matches!(
            template(&[1.0; 127]),
            Err(FaceError::Shape { found: 127, .. })
        ));
    }

    #[test]
    fn a_crop_of_another_size_is_refused() {
        let found = to_tensor(&RgbImage::new(112, 111)).unwrap_err().to_string();
        assert_eq!(found, "crop is (112, 111) px, expected (112, 112)");
    }
}
