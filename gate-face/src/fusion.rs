//! The mean face of the frames that show one person.
//!
//! What frames have in common is the person; what they differ in is light, expression and noise. The mean
//! of their templates keeps the first and loses some of the second (figures: docs/face.md).

use crate::embed::Template;
use crate::error::FaceError;
use crate::likeness::Likeness;
use crate::picture::wipe;

/// The sum of the templates seen so far; of constant size, however many they are. Zeroed when dropped.
#[derive(Default)]
pub struct Fusion {
    sum: Box<[f32]>,
    frames: usize,
}

impl Fusion {
    /// How many templates were added.
    #[must_use]
    pub const fn frames(&self) -> usize {
        self.frames
    }

    /// Adds what another frame of the same person gave.
    ///
    /// # Errors
    ///
    /// [`FaceError::TemplateSize`] if it comes from another model than those before.
    pub fn add(&mut self, template: &Template) -> Result<(), FaceError> {
        let values = template.values();
        if self.frames == 0 {
            self.sum = values.into();
        } else if self.sum.len() == values.len() {
            for (sum, value) in self.sum.iter_mut().zip(values) {
                *sum += value;
            }
        } else {
            return Err(FaceError::TemplateSize {
                expected: self.sum.len(),
                found: values.len(),
            });
        }
        self.frames += 1;
        Ok(())
    }

    /// How alike the mean and `template` are; `None` before the first frame, and for templates so
    /// opposite that their sum has no direction.
    ///
    /// # Errors
    ///
    /// [`FaceError::TemplateSize`] if it comes from another model.
    pub fn likeness(&self, template: &Template) -> Result<Option<Likeness>, FaceError> {
        match Template::new(&self.sum) {
            Ok(mean) => Likeness::of(&mean, template).map(Some),
            Err(_) => Ok(None),
        }
    }
}

impl std::fmt::Debug for Fusion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Fusion({} frames, …)", self.frames)
    }
}

impl Drop for Fusion {
    fn drop(&mut self) {
        wipe(&mut self.sum);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn face(angle: f32) -> Template {
        Template::new(&[angle.cos(), angle.sin()]).unwrap()
    }

    #[test]
    fn the_mean_lies_between_the_frames_and_does_not_print() {
        let mut fusion = Fusion::default();
        assert_eq!(fusion.likeness(&face(0.0)).unwrap(), None);
        for angle in [0.2, -0.4, 0.2] {
            fusion.add(&face(angle)).unwrap();
        }
        let likeness = fusion.likeness(&face(0.0)).unwrap().unwrap();
        assert!(likeness.value() > 0.9999, "{likeness:?}");
        assert_eq!(format!("{fusion:?}"), "Fusion(3 frames, …)");
    }

    #[test]
    fn opposite_frames_have_no_mean_and_other_models_no_place() {
        let mut fusion = Fusion::default();
        fusion.add(&Template::new(&[1.0, 0.0]).unwrap()).unwrap();
        assert!(matches!(
            fusion.add(&Template::new(&[1.0; 3]).unwrap()),
            Err(FaceError::TemplateSize { .. })
        ));
        fusion.add(&Template::new(&[-1.0, 0.0]).unwrap()).unwrap();
        assert_eq!(fusion.likeness(&face(0.0)).unwrap(), None);
    }
}
