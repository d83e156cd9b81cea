//! Faces and their landmarks, from the raw answer of YuNet.
//!
//! Detection runs twice. The first run sees the whole frame and finds who is there; the second sees
//! only the nearest face, scaled to about 200 px ([`FRAME_WIDTHS`]), because the place of the landmarks decides
//! the tail of the matcher's errors: on LFW the larger face cut FNMR at FMR 1e-4 from 2.40 % to 1.42 %.

use image::RgbImage;

use crate::error::FaceError;
use crate::manifest::{Colour, Role};
use crate::tensor::{Region, Tensor};

/// Side of the square that both runs see, in px.
pub const SIDE: u32 = 320;

/// Width of the face in the close-up of a frame, in px of the square. YuNet places landmarks best at
/// 180 to 280.
pub const FRAME_WIDTHS: [f32; 1] = [200.0];

/// Widths of the face in the close-ups of a photograph. Compression of a chip's portrait moves landmarks
/// this way at one width and that way at another; nobody waits for the two more looks.
pub const PORTRAIT_WIDTHS: [f32; 3] = [150.0, 200.0, 240.0];

/// The second run leaves this part of the square above and below the face at least.
const FACE_HEIGHT_MAX: f32 = 0.9 * SIDE as f32;

/// Boxes that share more than this part of their union are one face.
const OVERLAP_MAX: f32 = 0.3;

/// Distances between cells of YuNet's three grids, in px.
const STRIDES: [usize; 3] = [8, 16, 32];

/// A place in a picture in px, y downwards.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Point {
    /// Distance from the left edge.
    pub x: f32,
    /// Distance from the upper edge.
    pub y: f32,
}

/// A face in a picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Face {
    /// The box around it, forehead to chin; may reach beyond the picture.
    pub place: Region,
    /// Image-left eye, image-right eye, nose tip, image-left and image-right corner of the mouth.
    pub landmarks: [Point; 5],
    /// Confidence, 0.0 ..= 1.0.
    pub score: f32,
}

/// YuNet's answer: for each kind one slice for each of the strides 8, 16, 32.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    /// Class probability, one value a cell.
    pub class: [&'a [f32]; 3],
    /// Object probability, one value a cell.
    pub object: [&'a [f32]; 3],
    /// Box, four values a cell.
    pub place: [&'a [f32]; 3],
    /// Landmarks, ten values a cell.
    pub landmarks: [&'a [f32]; 3],
}

/// The square that shows the whole picture, in its upper left corner.
///
/// # Errors
///
/// [`FaceError::Region`] for a picture without pixels.
pub fn whole(picture: &RgbImage) -> Result<(Region, Tensor), FaceError> {
    let side = picture.width().max(picture.height()) as f32;
    look(
        picture,
        Region {
            left: 0.0,
            top: 0.0,
            width: side,
            height: side,
        },
    )
}

/// The square around `face` in which it is `width` px wide, or less if it were too high.
///
/// # Errors
///
/// [`FaceError::Region`] if the box lies outside the picture.
pub fn close_up(
    picture: &RgbImage,
    face: &Face,
    width: f32,
) -> Result<(Region, Tensor), FaceError> {
    let place = face.place;
    let side = SIDE as f32 * (place.width / width).max(place.height / FACE_HEIGHT_MAX);
    let left = place.left + (place.width - side) / 2.0;
    let top = place.top + (place.height - side) / 2.0;
    look(
        picture,
        Region {
            left,
            top,
            width: side,
            height: side,
        },
    )
}

/// The square of [`SIDE`] px that shows `region` of the picture.
///
/// # Errors
///
/// [`FaceError::Region`] if it lies outside.
pub fn look(picture: &RgbImage, region: Region) -> Result<(Region, Tensor), FaceError> {
    let tensor = Tensor::view(picture, region, (SIDE, SIDE), Colour::Bgr)?;
    Ok((region, tensor))
}

/// The faces in a square of [`SIDE`] px that shows `region`, in px of the picture, best first.
///
/// score = √(class · object); centre = (cell + place\[0..2\]) · stride; size = exp(place\[2..4\]) · stride;
/// landmark = (cell + value) · stride. Of faces that overlap the best one stays.
///
/// # Errors
///
/// [`FaceError::Shape`] or [`FaceError::NotFinite`] if the answer is not YuNet's.
pub fn faces(answer: &Answer<'_>, region: Region, threshold: f32) -> Result<Vec<Face>, FaceError> {
    let mut found = Vec::new();
    for (level, stride) in STRIDES.into_iter().enumerate() {
        let grid = Grid::new(answer, level, SIDE as usize / stride)?;
        for cell in 0..grid.class.len() {
            let score = grid.score(cell)?;
            if score >= threshold {
                found.push(grid.face(cell, stride as f32, score, region)?);
            }
        }
    }
    Ok(strongest(found))
}

/// Squares that overlap by half and cover a picture of this size, `part` of them along its longer side but for
/// the overlap.
pub fn tiles(size: (u32, u32), part: u32) -> impl Iterator<Item = Region> {
    let side = size.0.max(size.1).div_ceil(part.max(1)).max(1);
    let from = move |length: u32| {
        (0..length.saturating_sub(side / 2).max(1)).step_by((side / 2).max(1) as usize)
    };
    from(size.1).flat_map(move |top| {
        from(size.0).map(move |left| Region {
            left: left as f32,
            top: top as f32,
            width: side as f32,
            height: side as f32,
        })
    })
}

/// The same face as found in the close-up. The first finding stands if the second run missed it.
#[must_use]
pub fn refined(first: Face, close: &[Face]) -> Face {
    close
        .iter()
        .map(|face| (overlap(&first.place, &face.place), face))
        .filter(|(shared, _)| *shared > OVERLAP_MAX)
        .max_by(|one, other| one.0.total_cmp(&other.0))
        .map_or(first, |(_, face)| *face)
}

/// The face halfway between its findings in a close-up and in the mirrored close-up: what the detector
/// errs to one side in the one, it errs to the other side in the other.
///
/// `mirrored` holds faces as found in the mirrored tensor of `region`, which was not mirrored itself.
#[must_use]
pub fn steadied(first: Face, mirrored: &[Face], region: Region) -> Face {
    let axis = 2.0 * region.left + region.width;
    // The centre of the last pixel of the mirror image is the centre of the first one.
    let axis = axis - region.width / SIDE as f32;
    let back: Vec<Face> = mirrored
        .iter()
        .map(|face| {
            let [left, right, nose, mouth_left, mouth_right] = face.landmarks.map(|point| Point {
                x: axis - point.x,
                y: point.y,
            });
            Face {
                place: Region {
                    left: axis - face.place.left - face.place.width,
                    ..face.place
                },
                landmarks: [right, left, nose, mouth_right, mouth_left],
                score: face.score,
            }
        })
        .collect();
    let other = refined(first, &back);
    let mut landmarks = first.landmarks;
    for (one, other) in landmarks.iter_mut().zip(other.landmarks) {
        one.x = (one.x + other.x) / 2.0;
        one.y = (one.y + other.y) / 2.0;
    }
    Face { landmarks, ..first }
}

/// The face with the mean of all landmarks that `looks` found; the last of them says where it is.
#[must_use]
pub fn mean(first: Face, looks: &[Face]) -> Face {
    let Some(last) = looks.last() else {
        return first;
    };
    let count = looks.len() as f32;
    let landmarks = std::array::from_fn(|index| Point {
        x: looks
            .iter()
            .map(|face| face.landmarks[index].x)
            .sum::<f32>()
            / count,
        y: looks
            .iter()
            .map(|face| face.landmarks[index].y)
            .sum::<f32>()
            / count,
    });
    Face { landmarks, ..*last }
}

/// The face, if it stands upright: the mouth within 45 degrees of straight below the eyes.
///
/// # Errors
///
/// [`FaceError::Rotated`].
pub fn upright(face: Face) -> Result<Face, FaceError> {
    let [left, right, _, mouth_left, mouth_right] = face.landmarks;
    let across = mouth_left.x + mouth_right.x - left.x - right.x;
    let down = mouth_left.y + mouth_right.y - left.y - right.y;
    if down > across.abs() {
        Ok(face)
    } else {
        Err(FaceError::Rotated)
    }
}

/// One of the three grids.
struct Grid<'a> {
    class: &'a [f32],
    object: &'a [f32],
    place: &'a [f32],
    landmarks: &'a [f32],
    across: usize,
}

impl<'a> Grid<'a> {
    fn new(answer: &Answer<'a>, level: usize, across: usize) -> Result<Self, FaceError> {
        let cells = across * across;
        let sized = |values: &'a [f32], output, expected| match values.len() {
            found if found == expected => Ok(values),
            found => Err(FaceError::Shape {
                model: Role::Detector,
                output,
                expected,
                found,
            }),
        };
        Ok(Self {
            class: sized(answer.class[level], "cls", cells)?,
            object: sized(answer.object[level], "obj", cells)?,
            place: sized(answer.place[level], "bbox", 4 * cells)?,
            landmarks: sized(answer.landmarks[level], "kps", 10 * cells)?,
            across,
        })
    }

    fn score(&self, cell: usize) -> Result<f32, FaceError> {
        let score = (self.class[cell].clamp(0.0, 1.0) * self.object[cell].clamp(0.0, 1.0)).sqrt();
        finite(score)
    }

    fn face(
        &self,
        cell: usize,
        stride: f32,
        score: f32,
        region: Region,
    ) -> Result<Face, FaceError> {
        let (column, row) = ((cell % self.across) as f32, (cell / self.across) as f32);
        let scale = region.width / SIDE as f32;
        let point = |x: f32, y: f32| -> Result<Point, FaceError> {
            let x = region.left + (column + finite(x)?) * stride * scale;
            let y = region.top + (row + finite(y)?) * stride * scale;
            Ok(Point { x, y })
        };
        let place = &self.place[4 * cell..4 * cell + 4];
        let centre = point(place[0], place[1])?;
        let width = finite(place[2].exp())? * stride * scale;
        let height = finite(place[3].exp())? * stride * scale;
        let mut landmarks = [Point::default(); 5];
        let values = self.landmarks[10 * cell..10 * cell + 10].chunks_exact(2);
        for (landmark, value) in landmarks.iter_mut().zip(values) {
            *landmark = point(value[0], value[1])?;
        }
        let left = centre.x - width / 2.0;
        let top = centre.y - height / 2.0;
        Ok(Face {
            place: Region {
                left,
                top,
                width,
                height,
            },
            landmarks,
            score,
        })
    }
}

fn finite(value: f32) -> Result<f32, FaceError> {
    if value.is_finite() {
        Ok(value)
    } else {
        Err(FaceError::NotFinite {
            model: Role::Detector,
        })
    }
}

/// Keeps the best of all that overlap, best first.
#[must_use]
pub fn strongest(mut faces: Vec<Face>) -> Vec<Face> {
    faces.sort_by(|one, other| other.score.total_cmp(&one.score));
    let mut kept: Vec<Face> = Vec::new();
    for face in faces {
        if kept
            .iter()
            .all(|other| overlap(&other.place, &face.place) <= OVERLAP_MAX)
        {
            kept.push(face);
        }
    }
    kept
}

/// Shared part of the union of two boxes, 0.0 ..= 1.0.
fn overlap(one: &Region, other: &Region) -> f32 {
    let width = (one.left + one.width).min(other.left + other.width) - one.left.max(other.left);
    let height = (one.top + one.height).min(other.top + other.height) - one.top.max(other.top);
    let shared = width.max(0.0) * height.max(0.0);
    let union = one.width * one.height + other.width * other.height - shared;
    if union > 0.0 { shared / union } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An answer with nothing in it, as the network's output buffers.
    struct Buffers([[Vec<f32>; 4]; 3]);

    impl Buffers {
        fn silent() -> Self {
            Self(STRIDES.map(|stride| {
                let cells = (SIDE as usize / stride).pow(2);
                [1, 1, 4, 10].map(|values| vec![0.0; cells * values])
            }))
        }

        /// Puts a face of `size` px with its centre `(0.5, 0.5)` cells into `cell`.
        fn with(mut self, level: usize, cell: usize, score: f32, size: f32) -> Self {
            let [class, object, place, landmarks] = &mut self.0[level];
            (class[cell], object[cell]) = (score, score);
            let log = (size / STRIDES[level] as f32).ln();
            place[4 * cell..4 * cell + 4].copy_from_slice(&[0.5, 0.5, log, log]);
            landmarks[10 * cell..10 * cell + 10].fill(0.25);
            self
        }

        fn answer(&self) -> Answer<'_> {
            let kind = |kind: usize| [0, 1, 2].map(|level: usize| &self.0[level][kind][..]);
            Answer {
                class: kind(0),
                object: kind(1),
                place: kind(2),
                landmarks: kind(3),
            }
        }

        fn faces(&self) -> Result<Vec<Face>, FaceError> {
            faces(
                &self.answer(),
                Region {
                    left: 0.0,
                    top: 0.0,
                    width: 640.0,
                    height: 640.0,
                },
                0.6,
            )
        }
    }

    #[test]
    fn a_cell_becomes_a_face_in_px_of_the_picture() {
        let found = Buffers::silent()
            .with(1, 20 * 5 + 3, 0.9, 48.0)
            .faces()
            .unwrap();
        let [face] = found[..] else {
            panic!("{found:?}")
        };
        // Stride 16, picture twice as large as the square: cell 3 begins at 3 * 16 * 2 = 96 px.
        assert!((face.place.left - (112.0 - 48.0)).abs() < 1e-3, "{face:?}");
        assert!((face.place.top - (176.0 - 48.0)).abs() < 1e-3, "{face:?}");
        assert!((face.place.width - 96.0).abs() < 1e-3, "{face:?}");
        assert!((face.landmarks[2].x - 104.0).abs() < 1e-3, "{face:?}");
        assert!((face.score - 0.9).abs() < 1e-6);
    }

    #[test]
    fn of_two_boxes_on_one_face_the_better_stays() {
        let found = Buffers::silent()
            .with(0, 50, 0.7, 80.0)
            .with(0, 51, 0.8, 80.0)
            .faces()
            .unwrap();
        assert_eq!(found.len(), 1);
        assert!((found[0].score - 0.8).abs() < 1e-6);
    }

    #[test]
    fn tiles_cover_the_picture_and_overlap_by_half() {
        let found: Vec<Region> = tiles((400, 200), 2).collect();
        let corners: Vec<(f32, f32)> = found.iter().map(|tile| (tile.left, tile.top)).collect();
        assert_eq!(corners, [(0., 0.), (100., 0.), (200., 0.),]);
        assert!(
            found
                .iter()
                .all(|tile| tile.width == 200.0 && tile.height == 200.0)
        );
        assert_eq!(tiles((4_000, 4_000), 4).count(), 49);
        assert_eq!(tiles((1, 1), 4).count(), 1);
    }

    #[test]
    fn the_mirrored_close_up_halves_what_leans_to_one_side() {
        let region = Region {
            left: 100.0,
            top: 50.0,
            width: 320.0,
            height: 320.0,
        };
        let point = |x: f32, y: f32| Point { x, y };
        let place = Region {
            left: 200.0,
            top: 100.0,
            width: 100.0,
            height: 120.0,
        };
        let first = Face {
            place,
            landmarks: [
                point(220.0, 140.0),
                point(280.0, 140.0),
                point(252.0, 170.0),
                point(230.0, 190.0),
                point(270.0, 190.0),
            ],
            score: 0.9,
        };
        // The mirror image of the same findings: the axis lies at 259.5, between the pixels' centres.
        let back = |point: Point| Point {
            x: 519.0 - point.x,
            ..point
        };
        let [left, right, nose, mouth_left, mouth_right] = first.landmarks.map(back);
        let mirrored = Face {
            place: Region {
                left: 519.0 - 300.0,
                ..place
            },
            landmarks: [right, left, nose, mouth_right, mouth_left],
            score: 0.9,
        };
        assert_eq!(steadied(first, &[mirrored], region), first);
        // The nose leans by 2 px in each of the two: both errors are gone.
        let mut leaning = mirrored;
        leaning.landmarks[2].x += 4.0;
        let found = steadied(first, &[leaning], region);
        assert!((found.landmarks[2].x - 250.0).abs() < 1e-3, "{found:?}");
        assert_eq!(steadied(first, &[], region), first);
    }

    #[test]
    fn a_face_on_its_side_or_head_is_rotated() {
        type Turn = fn(f32, f32) -> (f32, f32);
        let face = |turn: Turn| Face {
            place: Region {
                left: 0.0,
                top: 0.0,
                width: 100.0,
                height: 100.0,
            },
            landmarks: crate::align::REFERENCE.map(|point| {
                let (x, y) = turn(point.x, point.y);
                Point { x, y }
            }),
            score: 0.9,
        };
        assert!(upright(face(|x, y| (x, y))).is_ok());
        assert!(upright(face(|x, y| (x - 0.3 * y, y + 0.3 * x))).is_ok());
        let turns: [Turn; 3] = [|x, y| (-y, x), |x, y| (-x, -y), |x, y| (y, -x)];
        for turn in turns {
            assert!(matches!(upright(face(turn)), Err(FaceError::Rotated)));
        }
    }

    #[test]
    fn a_value_that_is_no_number_is_never_a_face() {
        for (kind, value) in [
            (0, f32::NAN),
            (1, f32::NAN),
            (2, f32::INFINITY),
            (3, f32::NAN),
        ] {
            let mut buffers = Buffers::silent().with(1, 7, 0.9, 48.0);
            buffers.0[1][kind].fill(value);
            let found = buffers.faces();
            assert!(
                matches!(
                    found,
                    Err(FaceError::NotFinite {
                        model: Role::Detector
                    })
                ),
                "{kind}"
            );
        }
    }

    #[test]
    fn an_answer_of_another_model_is_refused() {
        let mut buffers = Buffers::silent();
        buffers.0[2][3].pop();
        let found = buffers.faces().unwrap_err().to_string();
        assert_eq!(
            found,
            "Detector model gave 999 values for kps, expected 1000"
        );
    }

    #[test]
    fn the_close_up_shows_the_face_at_the_wanted_width() {
        let picture = RgbImage::new(500, 400);
        let place = Region {
            left: 200.0,
            top: 100.0,
            width: 50.0,
            height: 60.0,
        };
        let face = Face {
            place,
            landmarks: [Point::default(); 5],
            score: 1.0,
        };
        let (region, tensor) = close_up(&picture, &face, 200.0).unwrap();
        assert_eq!(tensor.shape(), [1, 3, 320, 320]);
        assert!((50.0 * 320.0 / region.width - 200.0).abs() < 1e-3);
        assert!((region.left + region.width / 2.0 - 225.0).abs() < 1e-3);
        let long = Face {
            place: Region {
                height: 200.0,
                ..place
            },
            ..face
        };
        let (region, _) = close_up(&picture, &long, 200.0).unwrap();
        assert!(200.0 * 320.0 / region.height <= FACE_HEIGHT_MAX + 1e-3);
    }

    #[test]
    fn the_first_finding_stands_if_the_close_up_finds_somebody_else() {
        let at = |left: f32| Face {
            place: Region {
                left,
                top: 0.0,
                width: 100.0,
                height: 100.0,
            },
            landmarks: [Point::default(); 5],
            score: 0.9,
        };
        assert_eq!(refined(at(0.0), &[at(300.0), at(10.0)]), at(10.0));
        assert_eq!(refined(at(0.0), &[at(300.0)]), at(0.0));
        assert_eq!(refined(at(0.0), &[]), at(0.0));
    }
}
