//! Turns a face upright and to the size that the embedding model was trained on.

use image::{Rgb, RgbImage};

use crate::detect::Point;
use crate::error::FaceError;
use crate::picture::Picture;

/// Width and height of an aligned face, in px.
pub const SIDE: u32 = 112;

/// Where the landmarks lie in an aligned face, in px: the reference points of `ArcFace` and `SFace`.
pub const REFERENCE: [Point; 5] = [
    Point {
        x: 38.2946,
        y: 51.6963,
    },
    Point {
        x: 73.5318,
        y: 51.5014,
    },
    Point {
        x: 56.0252,
        y: 71.7366,
    },
    Point {
        x: 41.5493,
        y: 92.3655,
    },
    Point {
        x: 70.7299,
        y: 92.2041,
    },
];

/// More samples than this for one pixel, per axis, bring nothing that can be seen.
const SAMPLES_MAX: u32 = 4;

/// Turning, scaling and shifting, no mirroring: `(x, y)` becomes `(a·x − b·y + x0, b·x + a·y + y0)`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Similarity {
    /// Scale · cosine of the angle.
    pub a: f64,
    /// Scale · sine of the angle.
    pub b: f64,
    /// Shift to the right.
    pub x0: f64,
    /// Shift downwards.
    pub y0: f64,
}

impl Similarity {
    /// The similarity that brings `from` nearest to `to` (least squares; Umeyama 1991 in two
    /// dimensions, where it is a regression of complex numbers and needs no decomposition).
    ///
    /// # Errors
    ///
    /// [`FaceError::Landmarks`] if `from` is one point or no numbers.
    pub fn between(from: &[Point; 5], to: &[Point; 5]) -> Result<Self, FaceError> {
        let (from_x, from_y) = middle(from);
        let (to_x, to_y) = middle(to);
        let (mut along, mut across, mut spread) = (0.0, 0.0, 0.0);
        for (source, target) in from.iter().zip(to) {
            let (x, y) = (f64::from(source.x) - from_x, f64::from(source.y) - from_y);
            let (u, v) = (f64::from(target.x) - to_x, f64::from(target.y) - to_y);
            along += x * u + y * v;
            across += x * v - y * u;
            spread += x * x + y * y;
        }
        let (a, b) = (along / spread, across / spread);
        if !(a.is_finite() && b.is_finite() && a.hypot(b) > 0.0) {
            return Err(FaceError::Landmarks);
        }
        Ok(Self {
            a,
            b,
            x0: to_x - a * from_x + b * from_y,
            y0: to_y - b * from_x - a * from_y,
        })
    }

    /// How many times longer things become.
    #[must_use]
    pub fn scale(&self) -> f64 {
        self.a.hypot(self.b)
    }

    /// The way back.
    fn inverse(&self) -> Self {
        let square = self.a * self.a + self.b * self.b;
        let (a, b) = (self.a / square, -self.b / square);
        Self {
            a,
            b,
            x0: -a * self.x0 + b * self.y0,
            y0: -b * self.x0 - a * self.y0,
        }
    }

    fn apply(&self, x: f64, y: f64) -> (f64, f64) {
        (
            self.a * x - self.b * y + self.x0,
            self.b * x + self.a * y + self.y0,
        )
    }
}

/// Cuts the face with these landmarks out of `picture`: [`SIDE`] x [`SIDE`] px, eyes level.
///
/// Bilinear; a face much larger than the result is sampled several times for each pixel, since four
/// neighbours alone would alias. What lies outside the picture is black.
///
/// # Errors
///
/// [`FaceError::Landmarks`].
pub fn align(picture: &RgbImage, landmarks: &[Point; 5]) -> Result<Picture, FaceError> {
    let back = Similarity::between(landmarks, &REFERENCE)?.inverse();
    let samples = (back.scale().round() as u32).clamp(1, SAMPLES_MAX);
    let offsets: Vec<f64> = (0..samples)
        .map(|index| (f64::from(index) + 0.5) / f64::from(samples) - 0.5)
        .collect();
    let share = 1.0 / (samples * samples) as f32;
    let crop = RgbImage::from_fn(SIDE, SIDE, |column, row| {
        let mut sum = [0.5; 3];
        for down in &offsets {
            for across in &offsets {
                let (x, y) = back.apply(f64::from(column) + across, f64::from(row) + down);
                add(&mut sum, sample(picture, x, y), share);
            }
        }
        Rgb(sum.map(|value| value as u8))
    });
    Ok(Picture::new(crop))
}

fn add(sum: &mut [f32; 3], value: [f32; 3], share: f32) {
    for (sum, value) in sum.iter_mut().zip(value) {
        *sum += value * share;
    }
}

/// The colour between the four pixels around `(x, y)`; pixel centres lie at whole numbers.
fn sample(picture: &RgbImage, x: f64, y: f64) -> [f32; 3] {
    let (left, top) = (x.floor(), y.floor());
    let (right_share, lower_share) = ((x - left) as f32, (y - top) as f32);
    let (left, top) = (left as i64, top as i64);
    let mut colour = [0.0; 3];
    for (row, share_down) in [(top, 1.0 - lower_share), (top + 1, lower_share)] {
        for (column, share_across) in [(left, 1.0 - right_share), (left + 1, right_share)] {
            if let Some(pixel) = pixel(picture, column, row) {
                add(&mut colour, pixel.map(f32::from), share_across * share_down);
            }
        }
    }
    colour
}

fn pixel(picture: &RgbImage, column: i64, row: i64) -> Option<[u8; 3]> {
    let (column, row) = (u32::try_from(column).ok()?, u32::try_from(row).ok()?);
    picture.get_pixel_checked(column, row).map(|pixel| pixel.0)
}

fn middle(points: &[Point; 5]) -> (f64, f64) {
    let sum = points.iter().fold((0.0, 0.0), |sum, point| {
        (sum.0 + f64::from(point.x), sum.1 + f64::from(point.y))
    });
    (sum.0 / 5.0, sum.1 / 5.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The reference points, turned by `degrees`, scaled and shifted.
    fn moved(degrees: f64, scale: f64, x0: f64, y0: f64) -> [Point; 5] {
        let (sine, cosine) = degrees.to_radians().sin_cos();
        let way = Similarity {
            a: scale * cosine,
            b: scale * sine,
            x0,
            y0,
        };
        REFERENCE.map(|point| {
            let (x, y) = way.apply(f64::from(point.x), f64::from(point.y));
            Point {
                x: x as f32,
                y: y as f32,
            }
        })
    }

    #[test]
    fn a_moved_face_is_moved_back() {
        for (degrees, scale, x0, y0) in [
            (0.0, 1.0, 0.0, 0.0),
            (30.0, 3.0, 400.0, -20.0),
            (-170.0, 0.2, 9.0, 7.0),
        ] {
            let landmarks = moved(degrees, scale, x0, y0);
            let way = Similarity::between(&landmarks, &REFERENCE).unwrap();
            assert!(
                (way.scale() - 1.0 / scale).abs() < 1e-4 / scale,
                "{degrees}: {way:?}"
            );
            for (landmark, reference) in landmarks.iter().zip(REFERENCE) {
                let (x, y) = way.apply(f64::from(landmark.x), f64::from(landmark.y));
                assert!((x - f64::from(reference.x)).abs() < 1e-3, "{degrees}");
                assert!((y - f64::from(reference.y)).abs() < 1e-3, "{degrees}");
                let (x, y) = way.inverse().apply(x, y);
                assert!((x - f64::from(landmark.x)).abs() < 1e-3, "{degrees}");
                assert!((y - f64::from(landmark.y)).abs() < 1e-3, "{degrees}");
            }
        }
    }

    #[test]
    fn landmarks_in_one_point_are_no_face() {
        let picture = RgbImage::new(10, 10);
        for x in [5.0, f32::NAN, f32::INFINITY] {
            let landmarks = [Point { x, y: 5.0 }; 5];
            assert!(
                matches!(align(&picture, &landmarks), Err(FaceError::Landmarks)),
                "{x}"
            );
        }
    }

    #[test]
    fn a_face_in_place_is_copied_pixel_by_pixel() {
        let picture = RgbImage::from_fn(SIDE, SIDE, |x, y| Rgb([x as u8, y as u8, (x ^ y) as u8]));
        let crop = align(&picture, &REFERENCE).unwrap();
        assert!(
            crop.pixels()
                .zip(picture.pixels())
                .all(|(one, other)| one == other)
        );
    }

    #[test]
    fn a_large_face_is_averaged_and_not_sampled() {
        // Stripes of one pixel vanish into grey when four pixels become one.
        let stripes = RgbImage::from_fn(4 * SIDE, 4 * SIDE, |x, _| {
            Rgb([if x % 2 == 0 { 0 } else { 200 }; 3])
        });
        let crop = align(&stripes, &moved(0.0, 4.0, 0.0, 0.0)).unwrap();
        let middle = crop.get_pixel(50, 50).0[0];
        assert!((95..=105).contains(&middle), "{middle}");
    }

    #[test]
    fn what_lies_outside_the_picture_is_black() {
        let picture = RgbImage::from_pixel(SIDE, SIDE, Rgb([255; 3]));
        let crop = align(&picture, &moved(0.0, 1.0, 60.0, 0.0)).unwrap();
        assert_eq!(crop.get_pixel(10, 50).0, [255; 3]);
        assert_eq!(crop.get_pixel(60, 50).0, [0; 3]);
    }
}
