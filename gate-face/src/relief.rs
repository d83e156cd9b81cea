//! A cue against everything flat: whether the face has relief, from a depth camera beside the lane's.
//!
//! It is independent of [`crate::attack`]: another sensor, no model, plain geometry. A print or a screen is
//! a plane whatever it shows; a print bent around a cylinder of 15 cm lifts its nose by 3 mm, a living
//! nose stands about 20 mm before the plane of eyes and mouth. What is shaped like a face, a mask say,
//! passes: this cue knows nothing of skin.

use std::fmt;

use crate::detect::Point;

/// Height of the nose below which a face is flat, in mm: between a bent print and a small nose.
pub const FLAT_BELOW: f32 = 10.0;

/// Height above which it is no nose: the depths do not belong to this face.
pub const NOSE_MAX: f32 = 60.0;

/// Distances at which a traveller can stand, in mm.
pub const DISTANCES: [f32; 2] = [200.0, 2_500.0];

/// The driver of a depth camera that is registered to the lane's camera: the same pixels, or mapped to
/// them.
pub trait DepthSensor: Send {
    /// The depth along the optical axis at each of these points of the newest frame, in mm. `None`
    /// when it did not measure: in sunlight, say, or when it is unplugged.
    fn depths(&mut self, points: &[Point; 5]) -> Option<[f32; 5]>;

    /// The lane camera's focal length and principal point, in px of its frame.
    fn lens(&self) -> (f32, Point);
}

/// A depth camera made of software: a face looks straight into it from [`Simulated::DISTANCE`]. For tests, and
/// for `gatectl face attacks`.
#[derive(Debug)]
pub struct Simulated<E> {
    /// How far the nose stands before eyes and mouth, in mm; `None` while it measures nothing.
    pub height: Option<f32>,
    /// The error of the next depth, in mm.
    pub error: E,
}

impl<E> Simulated<E> {
    /// How far eyes and mouth are away, in mm.
    pub const DISTANCE: f32 = 700.0;
}

impl<E: FnMut() -> f32 + Send> DepthSensor for Simulated<E> {
    fn depths(&mut self, _: &[Point; 5]) -> Option<[f32; 5]> {
        let mut depths = [Self::DISTANCE; 5];
        depths[2] -= self.height?;
        Some(depths.map(|depth| depth + (self.error)()))
    }

    fn lens(&self) -> (f32, Point) {
        (900.0, Point { x: 640.0, y: 360.0 })
    }
}

/// Asks `sensor` for the relief of a face with these landmarks.
pub fn measure(sensor: &mut dyn DepthSensor, landmarks: &[Point; 5]) -> Option<Relief> {
    let depths = sensor.depths(landmarks)?;
    let (focal, centre) = sensor.lens();
    Relief::of(landmarks, &depths, focal, centre)
}

/// How far the nose tip stands before the plane of eyes and mouth, in mm.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
pub struct Relief(f32);

impl Relief {
    /// From the landmarks in px of the camera's frame and the depth along the optical axis at each of
    /// them in mm. `focal` is the camera's focal length and `centre` its principal point, both in px.
    ///
    /// `None` if a depth is missing, out of [`DISTANCES`], or the nose is higher than [`NOSE_MAX`] on
    /// either side: then nothing was measured, and nothing follows for the traveller.
    #[must_use]
    pub fn of(
        landmarks: &[Point; 5],
        depths: &[f32; 5],
        focal: f32,
        centre: Point,
    ) -> Option<Self> {
        let within = |depth: &f32| (DISTANCES[0]..=DISTANCES[1]).contains(depth);
        let has_lens = focal.is_finite() && focal > 0.0;
        if !has_lens || !depths.iter().all(within) {
            return None;
        }
        let place = |index: usize| {
            let (point, depth) = (landmarks[index], depths[index]);
            let across = (point.x - centre.x) * depth / focal;
            let down = (point.y - centre.y) * depth / focal;
            [across, down, depth]
        };
        let [left, right, nose, mouth_left, mouth_right] = std::array::from_fn(place);
        // The plane through the middle of the four, along both diagonals: for four points of a plane
        // it is that plane, and an error of one of them counts a quarter.
        let middle: [f32; 3] = std::array::from_fn(|axis| {
            (left[axis] + right[axis] + mouth_left[axis] + mouth_right[axis]) / 4.0
        });
        let normal = cross(minus(mouth_right, left), minus(mouth_left, right));
        let length = dot(normal, normal).sqrt();
        // Positive towards the camera, which looks along the third axis.
        let height = -dot(minus(nose, middle), normal) / length * normal[2].signum();
        (height.abs() <= NOSE_MAX).then_some(Self(height))
    }

    /// The height in mm, −60 ..= 60; negative for a hollow. Never NaN.
    #[must_use]
    pub const fn millimetres(self) -> f32 {
        self.0
    }

    /// Whether this is no living face.
    #[must_use]
    pub fn is_flat(self) -> bool {
        self.0 < FLAT_BELOW
    }
}

impl fmt::Debug for Relief {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Relief({:.0} mm)", self.0)
    }
}

fn minus(one: [f32; 3], other: [f32; 3]) -> [f32; 3] {
    std::array::from_fn(|axis| one[axis] - other[axis])
}

fn dot(one: [f32; 3], other: [f32; 3]) -> f32 {
    one.iter().zip(other).map(|(one, other)| one * other).sum()
}

fn cross([a, b, c]: [f32; 3], [x, y, z]: [f32; 3]) -> [f32; 3] {
    [b * z - c * y, c * x - a * z, a * y - b * x]
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOCAL: f32 = 900.0;
    const CENTRE: Point = Point { x: 640.0, y: 360.0 };

    /// Eyes, nose, mouth of a head in mm, the nose `height` before the others, turned by `yaw` and
    /// `pitch` degrees, 700 mm away; as landmarks and depths.
    fn seen(height: f32, bend: f32, yaw: f32, pitch: f32) -> ([Point; 5], [f32; 5]) {
        let points = [
            [-32.0, -35.0],
            [32.0, -35.0],
            [0.0, 0.0],
            [-25.0, 35.0],
            [25.0, 35.0],
        ];
        let (yaw, pitch) = (yaw.to_radians().sin_cos(), pitch.to_radians().sin_cos());
        let mut depths = [0.0; 5];
        let landmarks = std::array::from_fn(|index| {
            let [x, y] = points[index];
            let z = if index == 2 { -height } else { 0.0 } + bend * x * x;
            let (x, z) = (x * yaw.1 + z * yaw.0, z * yaw.1 - x * yaw.0);
            let (y, z) = (y * pitch.1 - z * pitch.0, z * pitch.1 + y * pitch.0);
            depths[index] = 700.0 + z;
            Point {
                x: CENTRE.x + FOCAL * x / depths[index],
                y: CENTRE.y + FOCAL * y / depths[index],
            }
        });
        (landmarks, depths)
    }

    fn relief(height: f32, bend: f32, yaw: f32, pitch: f32) -> Relief {
        let (landmarks, depths) = seen(height, bend, yaw, pitch);
        Relief::of(&landmarks, &depths, FOCAL, CENTRE).unwrap()
    }

    #[test]
    fn a_nose_is_as_high_from_every_side() {
        for (yaw, pitch) in [(0.0, 0.0), (25.0, 0.0), (-25.0, 10.0), (0.0, -20.0)] {
            let found = relief(20.0, 0.0, yaw, pitch);
            assert!((found.millimetres() - 20.0).abs() < 0.1, "{found:?}");
            assert!(!found.is_flat());
        }
    }

    #[test]
    fn a_print_is_flat_however_it_is_held_or_bent() {
        for (yaw, pitch) in [(0.0, 0.0), (30.0, 0.0), (-30.0, 20.0)] {
            // Flat, around a cylinder of 150 mm towards the camera, and hollow.
            for bend in [0.0, 1.0 / 300.0, -1.0 / 300.0] {
                assert!(relief(0.0, bend, yaw, pitch).is_flat(), "{yaw} {bend}");
            }
        }
    }

    #[test]
    fn a_sensor_tells_a_head_from_a_print_and_may_be_blind() {
        let flat = |height: Option<f32>| {
            let (landmarks, _) = seen(height.unwrap_or(0.0), 0.0, 0.0, 0.0);
            let mut errors = [2.0, -2.0, 3.0, -1.0, 1.0].into_iter().cycle();
            let error = || errors.next().unwrap_or_default();
            measure(&mut Simulated { height, error }, &landmarks).map(Relief::is_flat)
        };
        assert_eq!(flat(Some(20.0)), Some(false));
        assert_eq!(flat(Some(0.0)), Some(true));
        assert_eq!(flat(None), None);
    }

    #[test]
    fn what_was_not_measured_accuses_nobody() {
        let (landmarks, depths) = seen(20.0, 0.0, 0.0, 0.0);
        for bad in [0.0, f32::NAN, f32::INFINITY, 9_000.0, 500.0] {
            let mut depths = depths;
            depths[2] = bad;
            assert_eq!(
                Relief::of(&landmarks, &depths, FOCAL, CENTRE),
                None,
                "{bad}"
            );
        }
        assert_eq!(Relief::of(&landmarks, &depths, 0.0, CENTRE), None);
        let together = [CENTRE; 5];
        assert_eq!(Relief::of(&together, &depths, FOCAL, CENTRE), None);
    }
}
