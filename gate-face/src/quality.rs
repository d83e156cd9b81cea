//! Whether a face is worth comparing, and what the traveller should do if not.
//!
//! The measures follow the names of ISO/IEC 29794-5; they come from the landmarks and the aligned
//! crop alone and cost no inference.

use std::fmt;

use image::RgbImage;

use crate::detect::{Face, Point};

/// Fewest px between the eyes. `SFace` sees 35 px; below that the picture would only be blown up.
pub const EYES_MIN: f32 = 36.0;

/// Least height in px of the box around a face in a photograph that is compared at all: about 24 px
/// between the eyes, two thirds of what the embedders see. Below that a likeness says more about the
/// enlargement than about the person. The height, because a head in profile is small only across.
pub const HEIGHT_LEAST: f32 = 64.0;

/// A face that fills more of the frame's height leaves no surroundings for the attack cue.
pub const HEIGHT_SHARE_MAX: f32 = 0.75;

/// Largest turn of the head to either side, in degrees. Beyond it the nose hides a cheek.
pub const YAW_MAX: f32 = 30.0;

/// Where the nose tip may lie between the line of the eyes (0) and the mouth (1). Upright faces
/// have about 0.5; a head thrown back or bowed leaves this range.
pub const NOSE_RANGE: [f32; 2] = [0.22, 0.85];

/// Least [`Quality::sharpness`].
pub const SHARPNESS_MIN: f32 = 0.01;

/// Range of [`Quality::brightness`] in which skin still shows its structure.
pub const BRIGHTNESS_RANGE: [f32; 2] = [45.0, 225.0];

/// Distance of the nose tip from the plane of the eyes in units of the distance between the eyes.
const NOSE_LENGTH: f32 = 0.55;

/// The part of the aligned crop that is skin in every face, in px: forehead to upper lip.
const INNER: std::ops::Range<u32> = 32..84;

/// How good the picture of a face is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quality {
    /// Distance between the eyes in px of the frame.
    pub eyes: f32,
    /// Height of the face as a part of the frame's height, above 0.0.
    pub height_share: f32,
    /// Turn of the head in degrees, positive towards the right edge of the picture. An estimate from
    /// the nose's place, good to about 10 degrees.
    pub yaw: f32,
    /// Place of the nose between eyes (0.0) and mouth (1.0): small when the head is thrown back.
    pub nose: f32,
    /// Fine structure as a part of all structure in the aligned crop, 0.0 when there is none.
    pub sharpness: f32,
    /// Mean luma of the inner face, 0.0 ..= 255.0.
    pub brightness: f32,
}

/// Why a face is not compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Flaw {
    /// Too few pixels between the eyes.
    TooFar,
    /// The face fills the frame.
    TooNear,
    /// The head is turned or bowed.
    TurnedAway,
    /// Motion or focus.
    Blurred,
    /// Too little light.
    TooDark,
    /// Too much light.
    TooBright,
}

/// What the traveller's screen shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hint {
    /// Nobody is in the picture.
    NoFace,
    /// One person at a time.
    SeveralFaces,
    /// Come closer.
    Closer,
    /// Step back.
    StepBack,
    /// Look at the camera.
    LookHere,
    /// Stand still.
    HoldStill,
    /// The lane's light is at fault, not the traveller: raise it.
    TooDark,
    /// The lane's light is at fault, not the traveller: lower it.
    TooBright,
}

impl Flaw {
    /// What the traveller should do about it.
    #[must_use]
    pub const fn hint(self) -> Hint {
        match self {
            Self::TooFar => Hint::Closer,
            Self::TooNear => Hint::StepBack,
            Self::TurnedAway => Hint::LookHere,
            Self::Blurred => Hint::HoldStill,
            Self::TooDark => Hint::TooDark,
            Self::TooBright => Hint::TooBright,
        }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooFar => "too far away",
            Self::TooNear => "too near",
            Self::TurnedAway => "turned away",
            Self::Blurred => "blurred",
            Self::TooDark => "too dark",
            Self::TooBright => "too bright",
        })
    }
}

impl Quality {
    /// Measures a face in a frame of `frame_height` px. `crop` is the same face, aligned.
    #[must_use]
    pub fn of(face: &Face, crop: &RgbImage, frame_height: u32) -> Self {
        let [left, right, nose, mouth_left, mouth_right] = face.landmarks;
        let eyes = minus(right, left);
        let distance = eyes.x.hypot(eyes.y);
        let from_eyes = minus(nose, middle(left, right));
        let mouth = minus(middle(mouth_left, mouth_right), middle(left, right));
        // Along the line of the eyes and across it, so that a tilted head changes nothing.
        let aside = (from_eyes.x * eyes.x + from_eyes.y * eyes.y) / (distance * distance);
        let down = |point: Point| point.y * eyes.x - point.x * eyes.y;
        Self {
            eyes: distance,
            height_share: face.place.height / frame_height as f32,
            yaw: aside.atan2(NOSE_LENGTH).to_degrees(),
            nose: down(from_eyes) / down(mouth),
            sharpness: sharpness(crop),
            brightness: brightness(crop),
        }
    }

    /// The first thing to put right, the most helpful hint first.
    ///
    /// # Errors
    ///
    /// The [`Flaw`]. A measure that is no number is a flaw.
    pub fn check(&self) -> Result<(), Flaw> {
        let within = |value: f32, range: [f32; 2]| value >= range[0] && value <= range[1];
        let conditions = [
            (self.eyes >= EYES_MIN, Flaw::TooFar),
            (self.height_share <= HEIGHT_SHARE_MAX, Flaw::TooNear),
            (
                self.yaw.abs() <= YAW_MAX && within(self.nose, NOSE_RANGE),
                Flaw::TurnedAway,
            ),
            (self.brightness >= BRIGHTNESS_RANGE[0], Flaw::TooDark),
            (self.brightness <= BRIGHTNESS_RANGE[1], Flaw::TooBright),
            (self.sharpness >= SHARPNESS_MIN, Flaw::Blurred),
        ];
        match conditions.into_iter().find(|(holds, _)| !holds) {
            Some((_, flaw)) => Err(flaw),
            None => Ok(()),
        }
    }

    /// Order among good frames, 0.0 ..= 1.0: frontal, sharp and large come first.
    #[must_use]
    pub fn rank(&self) -> f32 {
        let frontal = 1.0 - (self.yaw.abs() / YAW_MAX).min(1.0);
        let large = (self.eyes / (3.0 * EYES_MIN)).min(1.0);
        let sharp = (self.sharpness / (10.0 * SHARPNESS_MIN)).min(1.0);
        (frontal + large + sharp) / 3.0
    }
}

fn minus(one: Point, other: Point) -> Point {
    Point {
        x: one.x - other.x,
        y: one.y - other.y,
    }
}

fn middle(one: Point, other: Point) -> Point {
    Point {
        x: (one.x + other.x) / 2.0,
        y: (one.y + other.y) / 2.0,
    }
}

/// Luma after ITU-R BT.601, 0.0 ..= 255.0.
fn luma(crop: &RgbImage, column: u32, row: u32) -> f32 {
    let [red, green, blue] = crop.get_pixel(column, row).0.map(f32::from);
    0.299 * red + 0.587 * green + 0.114 * blue
}

/// Whether the crop is large enough for [`INNER`] and its neighbours.
fn covers_inner(crop: &RgbImage) -> bool {
    crop.width() > INNER.end && crop.height() > INNER.end
}

fn brightness(crop: &RgbImage) -> f32 {
    if !covers_inner(crop) {
        return 0.0;
    }
    let sum: f32 = INNER
        .flat_map(|row| INNER.map(move |column| luma(crop, column, row)))
        .sum();
    sum / (INNER.len() * INNER.len()) as f32
}

/// Mean square of the Laplacian over the variance of luma: how much of the contrast lies in single
/// pixels. Dividing by the variance makes it independent of light and skin.
fn sharpness(crop: &RgbImage) -> f32 {
    if !covers_inner(crop) {
        return 0.0;
    }
    let (mut edges, mut sum, mut squares) = (0.0, 0.0, 0.0);
    for row in INNER {
        for column in INNER {
            let here = luma(crop, column, row);
            let around = luma(crop, column - 1, row)
                + luma(crop, column + 1, row)
                + luma(crop, column, row - 1)
                + luma(crop, column, row + 1);
            edges += (around - 4.0 * here).powi(2);
            sum += here;
            squares += here * here;
        }
    }
    let count = (INNER.len() * INNER.len()) as f32;
    let variance = squares / count - (sum / count).powi(2);
    if variance < 1.0 {
        0.0
    } else {
        edges / count / variance
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::align::REFERENCE;
    use crate::tensor::Region;
    use image::Rgb;

    const GOOD: Quality = Quality {
        eyes: 60.0,
        height_share: 0.4,
        yaw: 5.0,
        nose: 0.5,
        sharpness: 0.2,
        brightness: 120.0,
    };

    fn face(landmarks: [Point; 5]) -> Face {
        Face {
            place: Region {
                left: 0.0,
                top: 0.0,
                width: 90.0,
                height: 120.0,
            },
            landmarks,
            score: 0.9,
        }
    }

    /// Turns all points by `degrees` and makes them twice as large.
    fn turned(points: [Point; 5], degrees: f32) -> [Point; 5] {
        let (sine, cosine) = degrees.to_radians().sin_cos();
        points.map(|Point { x, y }| Point {
            x: 2.0 * (x * cosine - y * sine),
            y: 2.0 * (x * sine + y * cosine),
        })
    }

    #[test]
    fn each_flaw_has_its_hint() {
        let cases = [
            (GOOD, None),
            (Quality { eyes: 30.0, ..GOOD }, Some(Hint::Closer)),
            (
                Quality {
                    height_share: 0.8,
                    ..GOOD
                },
                Some(Hint::StepBack),
            ),
            (Quality { yaw: -40.0, ..GOOD }, Some(Hint::LookHere)),
            (Quality { nose: 0.95, ..GOOD }, Some(Hint::LookHere)),
            (Quality { nose: 0.1, ..GOOD }, Some(Hint::LookHere)),
            (
                Quality {
                    sharpness: 0.001,
                    ..GOOD
                },
                Some(Hint::HoldStill),
            ),
            (
                Quality {
                    brightness: 20.0,
                    ..GOOD
                },
                Some(Hint::TooDark),
            ),
            (
                Quality {
                    brightness: 240.0,
                    ..GOOD
                },
                Some(Hint::TooBright),
            ),
        ];
        for (quality, expected) in cases {
            assert_eq!(
                quality.check().err().map(Flaw::hint),
                expected,
                "{quality:?}"
            );
        }
    }

    #[test]
    fn a_measure_that_is_no_number_is_a_flaw() {
        let none = f32::NAN;
        let broken = [
            Quality { eyes: none, ..GOOD },
            Quality {
                height_share: none,
                ..GOOD
            },
            Quality { yaw: none, ..GOOD },
            Quality { nose: none, ..GOOD },
            Quality {
                sharpness: none,
                ..GOOD
            },
            Quality {
                brightness: none,
                ..GOOD
            },
        ];
        for quality in broken {
            assert!(quality.check().is_err(), "{quality:?}");
        }
    }

    #[test]
    fn a_tilted_head_is_not_a_turned_one() {
        let crop = RgbImage::new(112, 112);
        for degrees in [-30.0, 0.0, 45.0] {
            let quality = Quality::of(&face(turned(REFERENCE, degrees)), &crop, 400);
            assert!(quality.yaw.abs() < 3.0, "{degrees}: {quality:?}");
            assert!(
                (quality.nose - 0.495).abs() < 0.01,
                "{degrees}: {quality:?}"
            );
            assert!((quality.eyes - 70.5).abs() < 0.1, "{degrees}: {quality:?}");
        }
        let mut aside = REFERENCE;
        aside[2].x += 20.0;
        assert!(Quality::of(&face(aside), &crop, 400).yaw > YAW_MAX);
    }

    #[test]
    fn light_does_not_change_sharpness_but_blur_does() {
        let texture = |contrast: f32, period: f32| {
            let crop = RgbImage::from_fn(112, 112, |x, y| {
                let wave = (x as f32 / period).sin() + (y as f32 / period).sin();
                Rgb([(120.0 + contrast * wave) as u8; 3])
            });
            sharpness(&crop)
        };
        let (bright, dim, blurred) = (texture(50.0, 1.0), texture(20.0, 1.0), texture(50.0, 6.0));
        assert!((bright - dim).abs() < 0.1 * bright, "{bright} {dim}");
        assert!(blurred < 0.05 * bright, "{bright} {blurred}");
        assert_eq!(sharpness(&RgbImage::new(112, 112)), 0.0);
        assert_eq!(sharpness(&RgbImage::new(3, 3)), 0.0);
    }
}
