//! Whose face it is: of the traveller before the camera, and of the subject of a photograph.
//!
//! More than one face is an event of its own. Who counts is a rule in numbers, since travellers have others behind
//! them and photographs are full of people.

use crate::detect::Face;
use crate::error::FaceError;

/// Somebody whose face is at least this part as wide as the nearest one stands in the lane too. A
/// person waiting behind the gate's door is at least twice as far away.
const NEAR_WIDTH: f32 = 0.5;

/// A photograph's subject that lies farther than this from its middle, in longer sides, was not alone before
/// the camera if anybody beside it has a face at least [`BESIDE`] as wide.
const OFF_CENTRE: f32 = 0.1;
const BESIDE: f32 = 0.4;

/// Two others with faces at least this part as wide as the subject's make a group.
const GROUP_WIDTH: f32 = 0.75;

/// Nor is it a portrait if somebody near stands apart by more than this, in widths of the subject's face.
const APART: f32 = 1.75;

/// Somebody whose face lies this much farther from a photograph's middle, in longer sides of it, is
/// not the one it was taken of.
const RIM: f32 = 0.14;

/// A face at least this part as wide as the subject's, and seen with at least this score, can be that of a picture in
/// the picture: held before the body, or laid over it.
const HELD_WIDTH: f32 = 0.15;
const HELD_SCORE: f32 = 0.85;

/// So far sideways of the subject is its body, in widths of its face.
const BODY: f32 = 1.0;

/// What is held has so much around it within the photograph, in widths of its face; people at the rim are cut off.
const AROUND: f32 = 0.3;

/// A face of which more than this part lies in the subject's is a picture on it.
const WITHIN: f32 = 0.5;

/// The traveller: the nearest face, if nobody else is as near.
///
/// # Errors
///
/// [`FaceError::NoFace`] and [`FaceError::SeveralFaces`].
pub fn traveller(faces: &[Face]) -> Result<Face, FaceError> {
    let nearest = faces
        .iter()
        .max_by(|one, other| one.place.width.total_cmp(&other.place.width))
        .ok_or(FaceError::NoFace)?;
    let near = nearest.place.width * NEAR_WIDTH;
    let count = faces.iter().filter(|face| face.place.width >= near).count();
    if count > 1 {
        return Err(FaceError::SeveralFaces { count });
    }
    Ok(*nearest)
}

/// The person whom a photograph shows: the face nearest its middle, among those at least half as wide
/// as the widest. People at the rim do not count, however near they stand, unless they are two of the subject's
/// size or more, stand apart, or the subject itself is off the middle. Nor is a face before the subject's body at the
/// rim, be it a child's or a picture's.
///
/// `size` is the picture's width and height in px.
///
/// # Errors
///
/// [`FaceError::NoFace`], and [`FaceError::SeveralFaces`] when it is no portrait of one person.
pub fn subject(faces: &[Face], size: (u32, u32)) -> Result<Face, FaceError> {
    let (width, height) = (size.0 as f32, size.1 as f32);
    let aside = |face: &Face| {
        let x = face.place.left + (face.place.width - width) / 2.0;
        let y = face.place.top + (face.place.height - height) / 2.0;
        x.hypot(y) / width.max(height)
    };
    let widest = faces
        .iter()
        .map(|face| face.place.width)
        .fold(0.0, f32::max);
    let subject = faces
        .iter()
        .filter(|face| face.place.width >= widest * NEAR_WIDTH)
        .min_by(|one, other| aside(one).total_cmp(&aside(other)))
        .ok_or(FaceError::NoFace)?;
    let own = subject.place.width;
    let others = |least: f32| {
        faces
            .iter()
            .filter(move |face| *face != subject && face.place.width >= least)
    };
    let rim = aside(subject) + RIM;
    let centred = aside(subject) <= OFF_CENTRE;
    let counts = [
        others(widest * NEAR_WIDTH)
            .filter(|face| aside(face) < rim)
            .count(),
        others(own * GROUP_WIDTH).count() / 2 * 2,
        others(own * NEAR_WIDTH)
            .filter(|face| apart(subject, face) > APART * own)
            .count(),
        others(own * HELD_WIDTH)
            .filter(|face| is_before(subject, face, (width, height)))
            .count(),
        if centred {
            0
        } else {
            others(own * BESIDE).count()
        },
    ];
    match counts.into_iter().max() {
        Some(0) | None => Ok(*subject),
        Some(others) => Err(FaceError::SeveralFaces { count: 1 + others }),
    }
}

/// Whether a face lies before the subject's: below the chin and before the body, all of it seen well, or within the
/// face itself.
fn is_before(subject: &Face, face: &Face, (width, height): (f32, f32)) -> bool {
    let (own, place) = (subject.place, face.place);
    let ((x, y), (subject_x, _)) = (centre(face), centre(subject));
    let around = AROUND * place.width;
    let is_whole = place.left.min(place.top) >= around
        && place.left + place.width <= width - around
        && place.top + place.height <= height - around;
    let is_low = y > own.top + own.height && (x - subject_x).abs() < BODY * own.width;
    let across = (place.left + place.width).min(own.left + own.width) - place.left.max(own.left);
    let down = (place.top + place.height).min(own.top + own.height) - place.top.max(own.top);
    let shared = across.max(0.0) * down.max(0.0);
    is_low && is_whole && face.score >= HELD_SCORE || shared > WITHIN * place.width * place.height
}

/// Distance between the centres of two faces in px.
fn apart(one: &Face, other: &Face) -> f32 {
    let ((x, y), (other_x, other_y)) = (centre(one), centre(other));
    (x - other_x).hypot(y - other_y)
}

fn centre(face: &Face) -> (f32, f32) {
    let place = face.place;
    (
        place.left + place.width / 2.0,
        place.top + place.height / 2.0,
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::Point;
    use crate::tensor::Region;

    /// A face with its centre there.
    fn at(x: f32, y: f32, width: f32) -> Face {
        Face {
            place: Region {
                left: x - width / 2.0,
                top: y - width / 2.0,
                width,
                height: width,
            },
            landmarks: [Point::default(); 5],
            score: 0.9,
        }
    }

    /// How many are seen too many; 0 for a portrait of one person.
    fn several(faces: &[Face], size: (u32, u32)) -> usize {
        match subject(faces, size) {
            Err(FaceError::SeveralFaces { count }) => count,
            _ => 0,
        }
    }

    #[test]
    fn a_person_far_behind_is_not_a_second_traveller() {
        let near = at(150.0, 150.0, 200.0);
        let behind = [near, at(450.0, 150.0, 80.0)];
        assert_eq!(traveller(&behind).unwrap(), near);
        let beside = [near, at(450.0, 150.0, 120.0)];
        assert!(matches!(
            traveller(&beside),
            Err(FaceError::SeveralFaces { count: 2 })
        ));
        assert!(matches!(traveller(&[]), Err(FaceError::NoFace)));
    }

    #[test]
    fn a_photograph_shows_the_person_in_its_middle() {
        let size = (200, 100);
        let middle = at(105.0, 50.0, 40.0);
        let rim = at(45.0, 50.0, 45.0);
        assert_eq!(subject(&[rim, middle], size).unwrap(), middle);
        // A small face in the middle is somebody far behind.
        assert_eq!(subject(&[rim, at(105.0, 50.0, 10.0)], size).unwrap(), rim);
        assert_eq!(
            several(&[at(50.0, 50.0, 40.0), at(150.0, 50.0, 40.0)], size),
            2
        );
        assert!(matches!(subject(&[], size), Err(FaceError::NoFace)));
    }

    #[test]
    fn a_group_is_no_portrait_of_the_one_in_its_middle() {
        let row = |faces: &[(f32, f32)], width: u32| {
            let faces: Vec<Face> = faces.iter().map(|(x, wide)| at(*x, 125.0, *wide)).collect();
            several(&faces, (width, 250))
        };
        // Three in a row; a person and a smaller one beside; two who fill the picture, off its middle.
        assert_eq!(row(&[(125., 106.), (375., 100.), (625., 112.)], 750), 3);
        assert_eq!(row(&[(125., 106.), (310., 51.)], 370), 2);
        assert_eq!(row(&[(25., 100.), (195., 100.)], 280), 2);
        // Two as large at both rims of a portrait, and far away from a small one.
        assert_eq!(row(&[(125., 80.), (30., 65.), (220., 65.)], 250), 3);
        assert_eq!(row(&[(400., 60.), (520., 40.)], 800), 2);
        // Somebody at the rim of a portrait.
        assert_eq!(row(&[(125., 106.), (20., 100.)], 250), 0);
        assert_eq!(row(&[(125., 106.), (20., 70.), (230., 80.)], 250), 0);
    }

    #[test]
    fn a_picture_held_before_the_body_is_a_second_face() {
        let person = at(200.0, 150.0, 100.0);
        let with = |face: Face| several(&[person, face], (400, 400));
        assert_eq!(with(at(200.0, 260.0, 30.0)), 2);
        assert_eq!(with(at(290.0, 260.0, 16.0)), 2);
        // Too small to be told, too far aside, beside the face, cut off by the rim, hardly seen.
        assert_eq!(with(at(200.0, 260.0, 14.0)), 0);
        assert_eq!(with(at(305.0, 260.0, 30.0)), 0);
        assert_eq!(with(at(290.0, 150.0, 30.0)), 0);
        assert_eq!(with(at(200.0, 385.0, 30.0)), 0);
        let faint = Face {
            score: 0.8,
            ..at(200.0, 260.0, 30.0)
        };
        assert_eq!(with(faint), 0);
        // Over the face itself, however it is seen.
        let on_it = Face {
            score: 0.7,
            ..at(230.0, 170.0, 30.0)
        };
        assert_eq!(with(on_it), 2);
        assert_eq!(with(at(260.0, 150.0, 30.0)), 0);
    }
}
