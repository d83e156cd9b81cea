//! From an aligned face to a template.
//!
//! Two embedders look at the face and at its mirror image. The answers of one embedder are scaled to
//! length 1, added and scaled again; the halves are joined so that the cosine between two templates is
//! the weighted mean of both embedders' cosines ([`WEIGHTS`]).

use std::fmt;

use image::RgbImage;

use crate::align;
use crate::centre::Centre;
use crate::error::FaceError;
use crate::manifest::{Colour, Role};
use crate::picture::wipe;
use crate::tensor::Tensor;

/// How many numbers each embedder gives.
pub const LENGTHS: [usize; 2] = [128, 512];

/// The share of each embedder's cosine. The optimum is flat: from 0.5 to 0.7 for the first one, the
/// errors differ by less than their confidence limits (docs/face.md).
pub const WEIGHTS: [f32; 2] = [0.65, 0.35];

/// The embedders in the order of [`LENGTHS`].
pub const ROLES: [Role; 2] = [Role::Embedder, Role::SecondEmbedder];

/// What is compared: a vector of length 1. It is zeroed when dropped and never printed.
///
/// A template is biometric data (GDPR article 9): it lives as long as one traveller and is never stored.
#[derive(Clone)]
pub struct Template(Box<[f32]>);

/// What one embedder says of one view, scaled to length 1. It is zeroed when dropped.
pub struct Part(Box<[f32]>);

impl Part {
    /// Scales the answer of the model with `role` to length 1.
    ///
    /// # Errors
    ///
    /// [`FaceError::NotFinite`] if a value is no number or the vector has no direction.
    pub fn new(role: Role, values: &[f32]) -> Result<Self, FaceError> {
        let length = values.iter().map(|value| value * value).sum::<f32>().sqrt();
        if !length.is_finite() || length < f32::EPSILON {
            return Err(FaceError::NotFinite { model: role });
        }
        Ok(Self(values.iter().map(|value| value / length).collect()))
    }

    /// Reads the answer of the embedder `ROLES[which]`, `[1, LENGTHS[which]]`.
    ///
    /// # Errors
    ///
    /// [`FaceError::Shape`] for another length, [`FaceError::NotFinite`] for values that are no
    /// numbers.
    pub fn read(which: usize, output: &'static str, answer: &[f32]) -> Result<Self, FaceError> {
        let (model, expected, found) = (ROLES[which], LENGTHS[which], answer.len());
        if found != expected {
            return Err(FaceError::Shape {
                model,
                output,
                expected,
                found,
            });
        }
        Self::new(model, answer)
    }

    /// The direction in the middle of several views of one face.
    fn middle<'a>(role: Role, views: impl Iterator<Item = &'a Self>) -> Result<Self, FaceError> {
        let mut sum: Box<[f32]> = Box::default();
        for view in views {
            if sum.is_empty() {
                sum = view.0.clone();
            } else {
                for (sum, value) in sum.iter_mut().zip(&view.0) {
                    *sum += value;
                }
            }
        }
        let part = Self::new(role, &sum);
        wipe(&mut sum);
        part
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

impl Template {
    /// A template of one embedder's answer alone, of any length: for embedders under evaluation.
    ///
    /// # Errors
    ///
    /// [`FaceError::NotFinite`] if a value is no number or the vector has no direction.
    pub fn new(values: &[f32]) -> Result<Self, FaceError> {
        let mut part = Part::new(Role::Embedder, values)?;
        Ok(Self(std::mem::take(&mut part.0)))
    }

    /// Joins what both embedders say of each view of one face: of the crop and of its mirror image.
    ///
    /// # Errors
    ///
    /// [`FaceError::NotFinite`] without a view, and if views have opposite answers.
    pub fn join(views: &[[Part; 2]]) -> Result<Self, FaceError> {
        let mut joined = Vec::with_capacity(LENGTHS.iter().sum());
        for (which, role) in ROLES.into_iter().enumerate() {
            let part = Part::middle(role, views.iter().map(|view| &view[which]))?;
            let share = WEIGHTS[which].sqrt();
            joined.extend(part.0.iter().map(|value| value * share));
        }
        Ok(Self(joined.into_boxed_slice()))
    }

    /// The template without what all faces have in common; each embedder keeps its weight.
    ///
    /// # Errors
    ///
    /// [`FaceError::TemplateSize`] if the centre is not of these embedders, [`FaceError::NotFinite`] if
    /// nothing is left.
    pub fn centred(&self, centre: &Centre) -> Result<Self, FaceError> {
        let centre = centre.values();
        if centre.is_empty() {
            return Ok(self.clone());
        }
        if centre.len() != self.0.len() {
            return Err(FaceError::TemplateSize {
                expected: centre.len(),
                found: self.0.len(),
            });
        }
        let mut apart: Box<[f32]> = self.0.iter().zip(centre).map(|(a, b)| a - b).collect();
        let (first, second) = apart.split_at(LENGTHS[0]);
        let joined = [Part::new(ROLES[0], first), Part::new(ROLES[1], second)];
        wipe(&mut apart);
        let [first, second] = joined;
        Self::join(&[[first?, second?]])
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

/// Turns an aligned crop into the tensor that the embedder `ROLES[which]` expects.
///
/// `crop` is 112 × 112 px RGB, eyes level. The result has shape `[1, 3, 112, 112]`: for the first
/// embedder with values 0.0 ..= 255.0, red first, since the graph itself subtracts the mean; for the
/// second one (value − 127) / 128, blue first.
///
/// # Errors
///
/// [`FaceError::CropSize`] for any other size. Nothing is resized here: only [`align::align`] knows
/// the landmarks.
pub fn to_tensor(which: usize, crop: &RgbImage) -> Result<Tensor, FaceError> {
    let expected = (align::SIDE, align::SIDE);
    let found = crop.dimensions();
    if found != expected {
        return Err(FaceError::CropSize { expected, found });
    }
    Ok(match ROLES[which] {
        Role::SecondEmbedder => Tensor::of(crop, Colour::Bgr).normalised(127.0, 128.0),
        _ => Tensor::of(crop, Colour::Rgb),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Likeness;

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
            Part::read(0, "fc1", &[1.0; 127]),
            Err(FaceError::Shape { found: 127, .. })
        ));
        assert!(matches!(
            Part::read(1, "output", &[f32::NAN; 512]),
            Err(FaceError::NotFinite {
                model: Role::SecondEmbedder
            })
        ));
    }

    #[test]
    fn the_cosine_of_joined_templates_is_the_weighted_mean() {
        let part = |role, values: &[f32]| Part::new(role, values).unwrap();
        let face = |angle: f32, other: f32| {
            let parts = || {
                [
                    part(ROLES[0], &[angle.cos(), angle.sin()]),
                    part(ROLES[1], &[other.cos(), 0.0, other.sin()]),
                ]
            };
            Template::join(&[parts(), parts()]).unwrap()
        };
        let found = Likeness::of(&face(0.0, 0.0), &face(0.3, 1.2)).unwrap();
        let expected = WEIGHTS[0] * 0.3_f32.cos() + WEIGHTS[1] * 1.2_f32.cos();
        assert!((found.value() - expected).abs() < 1e-6, "{found:?}");
        assert!(matches!(
            Template::join(&[]),
            Err(FaceError::NotFinite { .. })
        ));
    }

    #[test]
    fn a_crop_of_another_size_is_refused() {
        let found = to_tensor(0, &RgbImage::new(112, 111))
            .unwrap_err()
            .to_string();
        assert_eq!(found, "crop is (112, 111) px, expected (112, 112)");
    }
}
