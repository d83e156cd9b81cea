//! Makes artefacts out of photographs: what a camera would see of a print, a screen, a cut-out.
//!
//! They show whether a cue reacts to the traces that such things leave. They are drawn, not filmed: no
//! figure found with them is evidence in the sense of ISO/IEC 30107-3.

use gate_face::detect::Point;
use image::{Rgb, RgbImage, imageops};
use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use std::f32::consts::TAU;

/// Least width of what a camera sees, in px.
const VIEW: f32 = 600.0;

/// Pitch of a print's dots in px of the camera.
const FINE: f32 = 2.2;

/// As [`FINE`], twice as coarse.
const COARSE: f32 = 4.4;

/// What is presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Species {
    /// The person.
    BonaFide,
    /// A matte print with its white margin, held in the hand; dots that the camera just resolves.
    FinePrint,
    /// The same with dots twice as large, as of an office printer.
    CoarsePrint,
    /// A fine print that fills the frame: no margin, no hand.
    NearPrint,
    /// A telephone's screen, with its black frame, reflections and moire.
    Telephone,
    /// A large screen that fills the frame: weak moire, raised black, nothing around it.
    Monitor,
    /// A fine print cut out along the head, before the lane's background.
    CutOut,
    /// A fine print of the face with holes for the eyes, worn by somebody.
    PaperMask,
}

impl Species {
    pub(super) const ALL: [Self; 8] = [
        Self::BonaFide,
        Self::FinePrint,
        Self::CoarsePrint,
        Self::NearPrint,
        Self::Telephone,
        Self::Monitor,
        Self::CutOut,
        Self::PaperMask,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::BonaFide => "bona fide",
            Self::FinePrint => "print, fine",
            Self::CoarsePrint => "print, coarse",
            Self::NearPrint => "print, fills the frame",
            Self::Telephone => "replay, telephone",
            Self::Monitor => "replay, monitor",
            Self::CutOut => "cut-out",
            Self::PaperMask => "paper mask, worn",
        }
    }

    /// How far the nose stands before the plane of eyes and mouth, in mm. Bent paper lifts it by 3 mm; of
    /// a mask that is worn we assume the worst, that it follows the nose below.
    pub(super) const fn relief(self) -> f32 {
        match self {
            Self::BonaFide | Self::PaperMask => 20.0,
            Self::FinePrint | Self::CoarsePrint | Self::NearPrint | Self::CutOut => 3.0,
            Self::Telephone | Self::Monitor => 0.0,
        }
    }

    /// One frame of a presentation. Each has its own noise, light, place and reflections. `landmarks` are
    /// those of the face in the photograph.
    pub(super) fn frame(
        self,
        photograph: &RgbImage,
        landmarks: &[Point; 5],
        chance: &mut ChaCha8Rng,
    ) -> RgbImage {
        let seen = match self {
            Self::BonaFide => photograph.clone(),
            Self::FinePrint => framed(&printed(photograph, FINE), 0.07, [228; 3], chance),
            Self::CoarsePrint => framed(&printed(photograph, COARSE), 0.07, [228; 3], chance),
            Self::NearPrint => printed(photograph, FINE),
            Self::Telephone => framed(&shown(photograph, 7.0, chance), 0.05, [12; 3], chance),
            Self::Monitor => shown(photograph, 3.0, chance),
            Self::CutOut => cut_out(&printed(photograph, FINE), chance),
            Self::PaperMask => worn(photograph, &printed(photograph, FINE), landmarks),
        };
        filmed(&seen, chance)
    }
}

/// As large as a lane's camera sees head and shoulders: its noise is that of its own pixels, whatever the
/// photograph's are.
pub(super) fn in_view(photograph: &RgbImage) -> RgbImage {
    let (width, height) = photograph.dimensions();
    let scale = (VIEW / width.max(1) as f32).max(1.0);
    imageops::resize(
        photograph,
        (width as f32 * scale) as u32,
        (height as f32 * scale) as u32,
        imageops::FilterType::CatmullRom,
    )
}

fn map(picture: &RgbImage, change: impl Fn(f32, f32, [f32; 3]) -> [f32; 3]) -> RgbImage {
    RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        let pixel = picture.get_pixel(x, y).0.map(f32::from);
        Rgb(change(x as f32, y as f32, pixel).map(|value| value.clamp(0.0, 255.0) as u8))
    })
}

/// Less contrast and colour, and a screen of dots at 45 degrees, `pitch` px apart.
fn printed(picture: &RgbImage, pitch: f32) -> RgbImage {
    map(picture, |x, y, pixel| {
        let grey = 0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2];
        let dots = 7.0 * (TAU * (x + y) / pitch).sin() * (TAU * (x - y) / pitch).sin();
        pixel.map(|value| 40.0 + 0.7 * (0.75 * value + 0.25 * grey + dots))
    })
}

/// Raised black, a blue cast, two moire waves of `moire` grey levels, lines of pixels, a reflection.
fn shown(picture: &RgbImage, moire: f32, chance: &mut ChaCha8Rng) -> RgbImage {
    let (width, height) = (picture.width() as f32, picture.height() as f32);
    let place = chance.random_range(0.1..0.9) * width;
    let phase = chance.random_range(0.0..TAU);
    map(picture, |x, y, pixel| {
        let wave = |angle: f32, pitch: f32| {
            (TAU * (x * angle.cos() + y * angle.sin()) / pitch + phase).sin()
        };
        let waves = moire * wave(0.12, width / 55.0) + 0.7 * moire * wave(1.5, width / 38.0);
        let (across, down) = ((x - place) / (0.15 * width), y / height / 0.2 - 0.75);
        let glare = 8.0 * moire * (-(across * across + down * down)).exp();
        let cast = [0.94, 1.0, 1.1];
        std::array::from_fn(|channel| {
            (22.0 + 0.85 * pixel[channel]) * cast[channel] + waves + glare
        })
    })
}

/// Lays it on a wall with a margin of this part of its width.
fn framed(picture: &RgbImage, part: f32, margin: [u8; 3], chance: &mut ChaCha8Rng) -> RgbImage {
    let wide = (part * picture.width() as f32) as u32;
    let (width, height) = picture.dimensions();
    let wall = Rgb([0; 3].map(|_: u8| chance.random_range(60..140)));
    let mut frame = RgbImage::from_pixel(width + 4 * wide, height + 4 * wide, wall);
    let paper = RgbImage::from_pixel(width + 2 * wide, height + 2 * wide, Rgb(margin));
    imageops::replace(&mut frame, &paper, i64::from(wide), i64::from(wide));
    imageops::replace(
        &mut frame,
        picture,
        i64::from(2 * wide),
        i64::from(2 * wide),
    );
    frame
}

/// Keeps an upright oval in the middle, where sets of faces have the head.
fn cut_out(picture: &RgbImage, chance: &mut ChaCha8Rng) -> RgbImage {
    let (width, height) = (picture.width() as f32, picture.height() as f32);
    let wall = [0.0; 3].map(|_: f32| chance.random_range(60.0..140.0));
    map(picture, |x, y, pixel| {
        let across = (x / width - 0.5) / 0.28;
        let down = (y / height - 0.5) / 0.38;
        if across * across + down * down <= 1.0 {
            pixel
        } else {
            wall
        }
    })
}

/// Lays the print over the face, with holes for the eyes; hair, neck and room stay as they are.
fn worn(picture: &RgbImage, print: &RgbImage, landmarks: &[Point; 5]) -> RgbImage {
    let [left, right, nose, ..] = *landmarks;
    let eyes = (right.x - left.x).hypot(right.y - left.y).max(1.0);
    let within = |x: f32, y: f32, middle: Point, wide: f32, high: f32| {
        let (across, down) = (
            (x - middle.x) / (wide * eyes),
            (y - middle.y) / (high * eyes),
        );
        across * across + down * down <= 1.0
    };
    RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        let (across, down) = (x as f32, y as f32);
        let hole = [left, right]
            .into_iter()
            .any(|eye| within(across, down, eye, 0.3, 0.17));
        match within(across, down, nose, 1.15, 1.6) && !hole {
            true => *print.get_pixel(x, y),
            false => *picture.get_pixel(x, y),
        }
    })
}

/// What every camera adds: a little defocus, uneven light, noise.
fn filmed(picture: &RgbImage, chance: &mut ChaCha8Rng) -> RgbImage {
    let width = picture.width() as f32;
    let (gain, slope) = (
        chance.random_range(0.92..1.04),
        chance.random_range(-0.08..0.08),
    );
    let soft = imageops::blur(picture, chance.random_range(0.3..0.7));
    let noise: Vec<f32> = (0..4_099)
        .map(|_| (0..4).map(|_| chance.random_range(-1.7..1.7)).sum())
        .collect();
    // A row is no multiple of the noise's length, so that it does not repeat visibly.
    map(&soft, |x, y, pixel| {
        let light = gain + slope * (x / width - 0.5);
        let at = (y * width + x) as usize * 3;
        std::array::from_fn(|channel| pixel[channel] * light + noise[(at + channel) % noise.len()])
    })
}
