//! What the camera sees, drawn from portrait photographs and kept as a short loop of JPEGs, so
//! that serving it costs almost nothing.

use image::codecs::jpeg::JpegEncoder;
use image::imageops::{self, FilterType};
use image::{GrayImage, ImageError, Rgb, RgbImage};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::f32::consts::TAU;
use std::path::Path;
use std::sync::Arc;

/// Frames of a loop: about a second, after which swaying begins anew.
const LOOP: usize = 16;
/// Frames in which somebody walks up to the camera.
const WALK: usize = 16;
/// JPEG quality of network cameras at their usual setting, 1 ..= 100.
const QUALITY: u8 = 88;
/// Share of the picture's height that somebody at the reader fills.
const NEAR: f32 = 0.95;
/// Size of somebody at the entry, and on the way in, against somebody at the reader: a face too
/// small to be compared.
const FAR: f32 = 0.20;
const NEARER: f32 = 0.35;
/// How far down the face goes while somebody bends over the reader (share of the height).
const BENT: f32 = 0.8;
/// How far the edges of a portrait fade into the lane (share of its width).
const FADE: f32 = 0.14;

/// The picture that a camera takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Format {
    /// Columns, px.
    pub width: u32,
    /// Rows, px.
    pub height: u32,
    /// Frames in a second.
    pub rate: u32,
}

impl Default for Format {
    fn default() -> Self {
        Self {
            width: 1_280,
            height: 720,
            rate: 15,
        }
    }
}

/// What there is to see.
#[derive(Clone, Copy, Debug)]
pub enum Sight<'a> {
    /// The empty lane.
    Empty,
    /// Somebody walks up and bends over the reader, the face out of sight.
    Approaching(&'a RgbImage),
    /// Somebody before the camera who moves too much to be recognised.
    Restless(&'a RgbImage),
    /// Somebody looks into the camera.
    Face(&'a RgbImage),
    /// A printed photograph is held to the camera.
    Print(&'a RgbImage),
}

/// A scene, ready to be served. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Scene {
    frames: Arc<Vec<Vec<u8>>>,
    /// After the last frame the scene goes on with this one.
    again: usize,
}

/// Loads a portrait photograph (JPEG).
///
/// # Errors
///
/// What the decoder says, or the system.
pub fn portrait(file: &Path) -> Result<RgbImage, ImageError> {
    Ok(image::open(file)?.to_rgb8())
}

impl Scene {
    /// Draws a scene. The same seed draws the same pictures.
    #[must_use]
    pub fn draw(sight: Sight<'_>, format: Format, seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let studio = Studio::new(format, &mut rng);
        let height = format.height as f32;
        let person = |photo: &RgbImage| Figure::person(photo, height * NEAR);
        match sight {
            Sight::Empty => studio.looped(None, |_| Pose::STILL, &mut rng),
            Sight::Face(photo) => studio.looped(Some(&person(photo)), sway(1.0), &mut rng),
            Sight::Print(photo) => {
                studio.looped(Some(&Figure::print(photo, height * 0.8)), held(), &mut rng)
            }
            Sight::Restless(photo) => {
                studio.looped(Some(&person(photo).blurred(5.0)), sway(8.0), &mut rng)
            }
            Sight::Approaching(photo) => studio.walk(&person(photo), &mut rng),
        }
    }

    /// One picture that never changes, as of a glass on which nothing moves.
    ///
    /// # Errors
    ///
    /// The encoder's, for a picture larger than a JPEG can be.
    pub fn still(picture: &GrayImage) -> Result<Self, ImageError> {
        let mut jpeg = Vec::new();
        JpegEncoder::new_with_quality(&mut jpeg, QUALITY).encode_image(picture)?;
        Ok(Self {
            frames: Arc::new(vec![jpeg]),
            again: 0,
        })
    }

    /// The JPEG to send as the `count`th frame since the scene began.
    #[must_use]
    pub fn frame(&self, count: usize) -> &[u8] {
        let length = self.frames.len();
        let at = if count < length {
            count
        } else {
            self.again + (count - length) % (length - self.again)
        };
        &self.frames[at]
    }
}

/// Where a figure is in the picture.
#[derive(Clone, Copy)]
struct Pose {
    /// Size against the figure as drawn.
    scale: f32,
    /// Offset of the figure's middle from the picture's, px.
    x: f32,
    /// Offset of the figure's foot from the picture's, px; positive is down.
    y: f32,
    /// Rad.
    tilt: f32,
    /// Factor.
    light: f32,
}

impl Pose {
    const STILL: Self = Self {
        scale: 1.0,
        x: 0.0,
        y: 0.0,
        tilt: 0.0,
        light: 1.0,
    };
}

/// Somebody who stands never stands still.
fn sway(extent: f32) -> impl Fn(usize) -> Pose {
    move |frame| {
        let phase = TAU * frame as f32 / LOOP as f32;
        Pose {
            scale: 1.0 + 0.004 * extent * phase.cos(),
            x: 3.0 * extent * phase.sin(),
            y: 1.5 * extent * (2.0 * phase).sin(),
            tilt: 0.004 * extent * phase.sin(),
            light: 1.0 + 0.015 * (phase + 1.0).sin(),
        }
    }
}

/// A hand trembles and holds nothing straight.
fn held() -> impl Fn(usize) -> Pose {
    |frame| {
        let phase = TAU * frame as f32 / LOOP as f32;
        Pose {
            scale: 1.0 + 0.006 * phase.sin(),
            x: 20.0 + 4.0 * (2.0 * phase).sin(),
            y: -40.0 + 3.0 * phase.cos(),
            tilt: 0.06 + 0.008 * (phase + 0.5).sin(),
            light: 0.97 + 0.01 * phase.cos(),
        }
    }
}

/// The empty lane and the camera before it.
struct Studio {
    backdrop: RgbImage,
}

impl Studio {
    /// A wall in bad light: two slow gradients.
    fn new(format: Format, rng: &mut impl Rng) -> Self {
        let tint: [f32; 3] = std::array::from_fn(|_| rng.random_range(-6.0..6.0));
        let (width, height) = (format.width as f32, format.height as f32);
        let backdrop = RgbImage::from_fn(format.width, format.height, |x, y| {
            let (across, down) = (x as f32 / width, y as f32 / height);
            let grey = 150.0 - 45.0 * down - 30.0 * (across - 0.45).abs();
            Rgb(tint.map(|shade| (grey + shade).clamp(0.0, 255.0) as u8))
        });
        Self { backdrop }
    }

    fn looped(
        &self,
        figure: Option<&Figure>,
        pose: impl Fn(usize) -> Pose,
        rng: &mut impl Rng,
    ) -> Scene {
        let frames = (0..LOOP)
            .map(|frame| self.shoot(figure, pose(frame), rng))
            .collect();
        Scene {
            frames: Arc::new(frames),
            again: 0,
        }
    }

    fn walk(&self, figure: &Figure, rng: &mut impl Rng) -> Scene {
        let height = self.backdrop.height() as f32;
        let pose = |frame: usize| {
            let near = (frame as f32 / WALK as f32).min(1.0);
            let step = sway(3.0)(frame);
            let scale = step.scale
                * if frame < WALK {
                    FAR + (NEARER - FAR) * near
                } else {
                    1.0
                };
            let bent = if frame < WALK { 0.0 } else { BENT * height };
            Pose {
                scale,
                y: step.y + bent,
                ..step
            }
        };
        let frames = (0..WALK + LOOP)
            .map(|frame| self.shoot(Some(figure), pose(frame), rng))
            .collect();
        Scene {
            frames: Arc::new(frames),
            again: WALK,
        }
    }

    /// One exposure: composition, light, sensor noise, compression.
    fn shoot(&self, figure: Option<&Figure>, pose: Pose, rng: &mut impl Rng) -> Vec<u8> {
        let mut picture = self.backdrop.clone();
        if let Some(figure) = figure {
            figure.stand(&mut picture, pose);
        }
        for value in picture.iter_mut() {
            let noise = (rng.next_u32() & 7) as f32 - 3.5;
            *value = (f32::from(*value) * pose.light + noise).clamp(0.0, 255.0) as u8;
        }
        let mut jpeg = Vec::new();
        JpegEncoder::new_with_quality(&mut jpeg, QUALITY)
            .encode_image(&picture)
            .expect(
                "memory takes every byte, and every picture of the studio has a size JPEG knows",
            );
        jpeg
    }
}

/// Something that stands before the backdrop.
struct Figure {
    picture: RgbImage,
    /// 0.0 (backdrop) ..= 1.0 (figure), one for each pixel.
    cover: Vec<f32>,
    /// Its foot is the picture's foot; otherwise it hangs in the middle.
    stands: bool,
}

impl Figure {
    /// A portrait whose edges fade into the lane, as tall as told.
    fn person(photo: &RgbImage, height: f32) -> Self {
        let picture = resized(photo, height);
        let (width, height) = (picture.width() as f32, picture.height() as f32);
        let cover = cover(&picture, |x, y| {
            let side = x.min(width - x) / (FADE * width);
            let top = y / (0.5 * FADE * height);
            soft(side.min(top))
        });
        Self {
            picture,
            cover,
            stands: true,
        }
    }

    /// The portrait, cut to a head as in a passport, printed on matte paper with a white border,
    /// as tall as told.
    fn print(photo: &RgbImage, height: f32) -> Self {
        let (width, rows) = photo.dimensions();
        let cut = imageops::crop_imm(photo, width * 3 / 20, 0, width * 14 / 20, rows * 16 / 20);
        let mut print = resized(&cut.to_image(), height);
        let width = print.width() as f32;
        let dot = (width / 320.0).max(2.2);
        for (x, y, pixel) in print.enumerate_pixels_mut() {
            let grey = pixel.0.iter().map(|value| f32::from(*value)).sum::<f32>() / 3.0;
            let (along, across) = ((x + y) as f32, x as f32 - y as f32);
            let halftone = 7.0 * (TAU * along / dot).sin() * (TAU * across / dot).sin();
            let shade = 1.0 - 0.15 * x as f32 / width;
            pixel.0 = pixel.0.map(|value| {
                let ink = 0.75 * f32::from(value) + 0.25 * grey + halftone;
                ((40.0 + 0.70 * ink) * shade).clamp(0.0, 255.0) as u8
            });
        }
        let print = imageops::blur(&print, 0.8);
        let border = (0.07 * width) as u32;
        let mut picture = RgbImage::from_pixel(
            print.width() + 2 * border,
            print.height() + 2 * border,
            Rgb([230, 228, 225]),
        );
        imageops::replace(&mut picture, &print, i64::from(border), i64::from(border));
        let cover = vec![1.0; (picture.width() * picture.height()) as usize];
        Self {
            picture,
            cover,
            stands: false,
        }
    }

    fn blurred(mut self, sigma: f32) -> Self {
        self.picture = imageops::blur(&self.picture, sigma);
        self
    }

    /// Puts the figure into the picture: every pixel looks up where it comes from.
    fn stand(&self, picture: &mut RgbImage, pose: Pose) {
        let (width, height) = (self.picture.width() as f32, self.picture.height() as f32);
        let (sin, cos) = pose.tilt.sin_cos();
        let middle = picture.width() as f32 / 2.0 + pose.x;
        let foot = if self.stands {
            picture.height() as f32
        } else {
            (picture.height() as f32 + height * pose.scale) / 2.0
        } + pose.y;
        for (x, y, pixel) in picture.enumerate_pixels_mut() {
            let (dx, dy) = (
                (x as f32 - middle) / pose.scale,
                (y as f32 - foot) / pose.scale,
            );
            let from_x = width / 2.0 + cos * dx + sin * dy;
            let from_y = height - sin * dx + cos * dy;
            if from_x >= 0.0 && from_y >= 0.0 && from_x < width - 1.0 && from_y < height - 1.0 {
                self.blend(pixel, from_x, from_y);
            }
        }
    }

    fn blend(&self, pixel: &mut Rgb<u8>, x: f32, y: f32) {
        let (left, top) = (x as u32, y as u32);
        let (right, down) = (x.fract(), y.fract());
        let cover = self.cover[(top * self.picture.width() + left) as usize];
        let corner = |dx: u32, dy: u32| self.picture.get_pixel(left + dx, top + dy).0;
        let corners = [corner(0, 0), corner(1, 0), corner(0, 1), corner(1, 1)];
        for (channel, value) in pixel.0.iter_mut().enumerate() {
            let at = |corner: usize| f32::from(corners[corner][channel]);
            let upper = at(0) + (at(1) - at(0)) * right;
            let lower = at(2) + (at(3) - at(2)) * right;
            let figure = upper + (lower - upper) * down;
            *value = (f32::from(*value) + (figure - f32::from(*value)) * cover) as u8;
        }
    }
}

fn resized(photo: &RgbImage, height: f32) -> RgbImage {
    let scale = height / photo.height().max(1) as f32;
    let width = (photo.width() as f32 * scale).max(2.0) as u32;
    imageops::resize(photo, width, height.max(2.0) as u32, FilterType::CatmullRom)
}

fn cover(picture: &RgbImage, share: impl Fn(f32, f32) -> f32) -> Vec<f32> {
    picture
        .enumerate_pixels()
        .map(|(x, y, _)| share(x as f32, y as f32))
        .collect()
}

/// 0.0 to 1.0 without a corner.
fn soft(share: f32) -> f32 {
    let share = share.clamp(0.0, 1.0);
    share * share * (3.0 - 2.0 * share)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Format = Format {
        width: 96,
        height: 64,
        rate: 15,
    };

    /// Stripes: sharp where they are seen, grey where they are blurred away.
    fn photo() -> RgbImage {
        RgbImage::from_fn(60, 80, |x, _| Rgb([if x % 4 < 2 { 250 } else { 10 }; 3]))
    }

    fn decoded(scene: &Scene, count: usize) -> RgbImage {
        image::load_from_memory(scene.frame(count))
            .unwrap()
            .to_rgb8()
    }

    /// Mean difference of neighbours in the middle row.
    fn sharpness(picture: &RgbImage) -> f32 {
        let row: Vec<f32> = (0..picture.width())
            .map(|x| f32::from(picture.get_pixel(x, picture.height() / 2).0[1]))
            .collect();
        row.windows(2)
            .map(|two| (two[0] - two[1]).abs())
            .sum::<f32>()
            / row.len() as f32
    }

    #[test]
    fn every_frame_is_a_picture_of_the_camera_s_size() {
        let photo = photo();
        for sight in [
            Sight::Empty,
            Sight::Approaching(&photo),
            Sight::Restless(&photo),
            Sight::Face(&photo),
            Sight::Print(&photo),
        ] {
            let scene = Scene::draw(sight, SMALL, 3);
            for count in [0, LOOP, 1_000_003] {
                assert_eq!(decoded(&scene, count).dimensions(), (96, 64), "{sight:?}");
            }
        }
    }

    #[test]
    fn whoever_stands_still_is_sharper_than_whoever_does_not_and_the_lane_is_empty() {
        let photo = photo();
        let sharp = |sight| sharpness(&decoded(&Scene::draw(sight, SMALL, 3), 1));
        let (face, restless) = (sharp(Sight::Face(&photo)), sharp(Sight::Restless(&photo)));
        assert!(face > 2.0 * restless, "{face} {restless}");
        assert!(restless > 0.0 && sharp(Sight::Empty) < face / 4.0);
    }

    #[test]
    fn a_person_moves_from_frame_to_frame() {
        let photo = photo();
        let scene = Scene::draw(Sight::Face(&photo), SMALL, 3);
        assert_ne!(decoded(&scene, 0), decoded(&scene, LOOP / 4));
        assert_eq!(decoded(&scene, 0), decoded(&scene, LOOP));
    }
}
