//! What the templates of all faces have in common, and taking it away.
//!
//! An embedder answers every face with a part that is always the same (of the first embedder's answers a
//! third of their length). It makes strangers alike, it tells nobody apart, and compression changes it. The
//! mean over many people is that part. It is found when the matcher is calibrated and stands in the
//! calibration file; of no single person it says anything.

use crate::embed::{LENGTHS, Template};

/// The mean template of many people, in the layout of [`Template`]. The default is none: nothing is taken
/// away.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Centre(Box<[f32]>);

impl Centre {
    /// How many numbers a centre has, unless it is none.
    pub const LENGTH: usize = LENGTHS[0] + LENGTHS[1];

    /// A centre out of a calibration; without numbers it is none. `None` for another length than
    /// [`Centre::LENGTH`] and for values that no mean of vectors of length 1 has.
    #[must_use]
    pub fn new(values: &[f32]) -> Option<Self> {
        let within = values.iter().all(|value| (-1.0..=1.0).contains(value));
        let sized = values.is_empty() || values.len() == Self::LENGTH;
        (within && sized).then(|| Self(values.into()))
    }

    /// The mean of templates from which nothing was taken away; one for each person, so that each
    /// counts alike. Rounded to five digits. `None` without a template.
    #[must_use]
    pub fn of<'a>(templates: impl IntoIterator<Item = &'a Template>) -> Option<Self> {
        let mut sum = vec![0.0_f64; Self::LENGTH];
        let mut count = 0_u32;
        for template in templates {
            if template.values().len() != sum.len() {
                return None;
            }
            for (sum, value) in sum.iter_mut().zip(template.values()) {
                *sum += f64::from(*value);
            }
            count += 1;
        }
        let mean = |sum: f64| ((sum / f64::from(count) * 1e5).round() / 1e5) as f32;
        (count > 0).then(|| Self(sum.into_iter().map(mean).collect()))
    }

    /// The numbers, for the calibration file.
    #[must_use]
    pub fn values(&self) -> &[f32] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embed::{Part, ROLES, WEIGHTS};
    use crate::error::FaceError;
    use crate::likeness::Likeness;

    /// A face with these first numbers of each part.
    fn face(numbers: [f32; 3]) -> Template {
        let part = |which: usize| {
            let mut values = vec![0.0; LENGTHS[which]];
            values[..3].copy_from_slice(&numbers);
            Part::new(ROLES[which], &values).unwrap()
        };
        Template::join(&[[part(0), part(1)]]).unwrap()
    }

    #[test]
    fn what_all_have_in_common_no_longer_makes_them_alike() {
        let people = [[1.0, 1.0, 0.0], [1.0, -1.0, 0.0], [1.0, 0.0, 1.0]].map(face);
        let centre = Centre::of(&people).unwrap();
        let before = Likeness::of(&people[0], &people[1]).unwrap().value();
        let [one, other] = [0, 1].map(|index: usize| people[index].centred(&centre).unwrap());
        let after = Likeness::of(&one, &other).unwrap().value();
        assert!(after < before - 0.5, "{before} {after}");
        // Both embedders keep their weight.
        let length = |values: &[f32]| values.iter().map(|value| value * value).sum::<f32>();
        let (first, second) = one.values().split_at(LENGTHS[0]);
        assert!((length(first) - WEIGHTS[0]).abs() < 1e-5);
        assert!((length(second) - WEIGHTS[1]).abs() < 1e-5);
    }

    #[test]
    fn without_a_centre_a_template_stays_as_it_is() {
        let person = face([0.3, 0.4, 0.5]);
        let same = person.centred(&Centre::default()).unwrap();
        assert_eq!(same.values(), person.values());
    }

    #[test]
    fn what_is_no_centre_is_refused() {
        assert!(Centre::new(&[]).is_some());
        assert!(Centre::new(&[0.1; Centre::LENGTH]).is_some());
        assert!(Centre::new(&[0.1; 3]).is_none());
        assert!(Centre::new(&[f32::NAN; Centre::LENGTH]).is_none());
        assert!(Centre::of(&[]).is_none());
        // Of a person who is the centre nothing is left to compare.
        let person = face([1.0, 0.0, 0.0]);
        let centre = Centre::of([&person]).unwrap();
        let short = Template::new(&[1.0, 0.0]).unwrap();
        assert!(matches!(
            short.centred(&centre),
            Err(FaceError::TemplateSize { .. })
        ));
    }
}
