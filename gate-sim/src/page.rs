//! Pages with a printed zone, as a scanner or a camera over the glass sees them.

use crate::tools::passed_over;
use ab_glyph::{Font as _, FontVec, Point, PxScale};
use image::{GrayImage, Luma};

/// OCR-B of Debian's package fonts-ocr-b, free for any use.
const TYPEFACE: &str = "/usr/share/fonts/opentype/ocr-b/OCRB.otf";
/// Character pitch in px, as a scanner with 200 dots an inch has it.
const PITCH: f32 = 20.0;
/// Grey of the paper; ink is darker by so much.
const PAPER: u8 = 225;
const INK: f32 = 190.0;
/// Size of a page in px.
const SIZE: (u32, u32) = (1_040, 720);

/// Prints zones.
pub struct Printer {
    typeface: FontVec,
}

impl Printer {
    /// `None` and a word about it where the typeface is missing.
    ///
    /// # Panics
    ///
    /// As [`passed_over`].
    #[must_use]
    pub fn find() -> Option<Self> {
        let typeface = std::fs::read(TYPEFACE).ok();
        let typeface = typeface.and_then(|bytes| FontVec::try_from_vec(bytes).ok());
        if typeface.is_none() {
            passed_over(&format!("{TYPEFACE} is missing: install fonts-ocr-b"));
        }
        Some(Self {
            typeface: typeface?,
        })
    }

    /// Prints a zone `down` px from the top, whose first `hidden` characters a finger covers.
    pub fn print(&self, page: &mut GrayImage, lines: &[String], down: f32, hidden: usize) {
        let typeface = &self.typeface;
        let unit = |height: f32| {
            let zero = typeface.glyph_id('0');
            typeface.h_advance_unscaled(zero) * height / typeface.height_unscaled()
        };
        let scale = PxScale::from(PITCH / unit(1.0));
        for (row, line) in lines.iter().enumerate() {
            for (column, character) in line.chars().enumerate().skip(hidden) {
                let at = Point {
                    x: 80.0 + column as f32 * PITCH,
                    y: down + row as f32 * 2.5 * PITCH,
                };
                let glyph = typeface
                    .glyph_id(character)
                    .with_scale_and_position(scale, at);
                let Some(outline) = typeface.outline_glyph(glyph) else {
                    continue;
                };
                let corner = outline.px_bounds().min;
                outline.draw(|x, y, ink| {
                    let place = (corner.x as u32 + x, corner.y as u32 + y);
                    let Some(pixel) = page.get_pixel_mut_checked(place.0, place.1) else {
                        return;
                    };
                    pixel.0[0] = pixel.0[0].min((f32::from(PAPER) - ink.min(1.0) * INK) as u8);
                });
            }
        }
    }
}

/// A page without print.
#[must_use]
pub fn blank() -> GrayImage {
    GrayImage::from_pixel(SIZE.0, SIZE.1, Luma([PAPER]))
}
