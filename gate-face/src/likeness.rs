//! How alike two faces are.

use crate::embed::Template;
use crate::error::FaceError;

/// Cosine between two templates, −1.0 ..= 1.0; more is more alike. Never NaN.
///
/// What it means depends on the model: compare it only with the threshold that the manifest gives for
/// the same models and the same centre (docs/face.md).
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Likeness(f32);

impl Likeness {
    /// Compares two faces.
    ///
    /// # Errors
    ///
    /// [`FaceError::TemplateSize`] if the templates come from different models.
    pub fn of(one: &Template, other: &Template) -> Result<Self, FaceError> {
        let (one, other) = (one.values(), other.values());
        if one.len() != other.len() {
            return Err(FaceError::TemplateSize {
                expected: one.len(),
                found: other.len(),
            });
        }
        // Templates hold finite numbers and have length 1, so only rounding can leave the range.
        let cosine: f32 = one.iter().zip(other).map(|(one, other)| one * other).sum();
        Ok(Self(cosine.clamp(-1.0, 1.0)))
    }

    /// A likeness measured elsewhere; `None` outside −1.0 ..= 1.0.
    #[must_use]
    pub fn new(value: f32) -> Option<Self> {
        (-1.0..=1.0).contains(&value).then_some(Self(value))
    }

    /// The cosine.
    #[must_use]
    pub const fn value(self) -> f32 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn likeness_is_the_cosine() {
        let cases = [
            ([1.0, 0.0], [2.0, 0.0], 1.0),
            ([1.0, 0.0], [0.0, 3.0], 0.0),
            ([1.0, 1.0], [-1.0, -1.0], -1.0),
            ([3.0, 4.0], [4.0, 3.0], 0.96),
        ];
        for (one, other, expected) in cases {
            let found = Likeness::of(
                &Template::new(&one).unwrap(),
                &Template::new(&other).unwrap(),
            )
            .unwrap();
            assert!(
                (found.value() - expected).abs() < 1e-6,
                "{one:?} {other:?}: {found:?}"
            );
        }
    }

    #[test]
    fn templates_of_different_models_are_not_compared() {
        let found = Likeness::of(
            &Template::new(&[1.0; 2]).unwrap(),
            &Template::new(&[1.0; 3]).unwrap(),
        );
        assert!(matches!(
            found,
            Err(FaceError::TemplateSize {
                expected: 2,
                found: 3
            })
        ));
    }

    #[test]
    fn a_likeness_is_never_out_of_range() {
        for value in [f32::NAN, 1.1, -1.1, f32::INFINITY] {
            assert_eq!(Likeness::new(value), None);
        }
    }
}
