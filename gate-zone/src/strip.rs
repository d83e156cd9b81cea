//! From a line on a picture to what the model sees of it.

use crate::find::{CAPITAL, Line};
use crate::picture::Grey;
use gate_face::picture::wipe;
use ndarray::{Array4, ArrayView4};
use std::fmt;

/// Height of a strip in px.
pub const HEIGHT: usize = 32;
/// Width of a strip in px.
pub const WIDTH: usize = 768;
/// Character pitch in a strip, in px: the longest line has 44 of them.
pub const PITCH: f32 = 16.0;
/// Where the first character begins, in px.
pub const MARGIN: f32 = 24.0;
/// Deviation of a strip below which it is no longer stretched, in steps of grey: it holds noise.
const DEVIATION_LEAST: f32 = 4.0;

/// Which part of the line is cut, against what the finder said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cut {
    /// Character pitch on the picture, in px.
    pub pitch: f32,
    /// Moved down, in character pitches.
    pub down: f32,
}

/// Strips of one zone: shape `[lines, 1, 32, 768]`, each with mean 0 and deviation 1; a capital letter is
/// about 15 px high, and the pitch is about 16 px.
///
/// Zeroed when dropped and never printed.
pub struct Strips(Array4<f32>);

impl Strips {
    /// Cuts `lines` out of `page`; at most three of them count. Rows of the strip run along the line.
    #[must_use]
    pub fn cut(page: &Grey, lines: &[Line], cut: Cut) -> Self {
        let lines = &lines[..lines.len().min(3)];
        let mut strips = Array4::zeros((lines.len(), 1, HEIGHT, WIDTH));
        for (mut strip, line) in strips.outer_iter_mut().zip(lines) {
            sample(page, line, cut, |x, y, value| strip[[0, y, x]] = value);
            let mean = strip.mean().unwrap_or_default();
            let deviation = strip.std(0.0).max(DEVIATION_LEAST);
            strip.mapv_inplace(|value| (value - mean) / deviation);
        }
        Self(strips)
    }

    /// As the runtime takes them.
    #[must_use]
    pub fn view(&self) -> ArrayView4<'_, f32> {
        self.0.view()
    }
}

/// The pitch at which `count` characters fill `line`.
#[must_use]
pub fn pitch(line: &Line, count: usize) -> f32 {
    // The last character is narrower than its pitch by about a fifth.
    (line.length() / (count as f32 - 0.2)).max(1.0)
}

/// The pitch of characters whose capitals are `height` px high.
#[must_use]
pub fn pitch_by_height(height: f32) -> f32 {
    (height / CAPITAL).max(1.0)
}

/// The picture along the line. Where it is larger than the strip, several values are put together.
fn sample(page: &Grey, line: &Line, cut: Cut, mut put: impl FnMut(usize, usize, f32)) {
    let length = line.length().max(1.0);
    let along = (
        (line.right.0 - line.left.0) / length,
        (line.right.1 - line.left.1) / length,
    );
    let scale = cut.pitch / PITCH;
    let taps = (scale.ceil() as usize).clamp(1, 4);
    for y in 0..HEIGHT {
        for x in 0..WIDTH {
            let mut sum = 0.0;
            for tap_y in 0..taps {
                for tap_x in 0..taps {
                    let part = |tap: usize| (tap as f32 + 0.5) / taps as f32 - 0.5;
                    let across = (x as f32 - MARGIN + part(tap_x)) * scale;
                    let down = (y as f32 + 0.5 - HEIGHT as f32 / 2.0 + part(tap_y)) * scale
                        + cut.down * cut.pitch;
                    sum += page.between(
                        line.left.0 + along.0 * across - along.1 * down,
                        line.left.1 + along.1 * across + along.0 * down,
                    );
                }
            }
            put(x, y, sum / (taps * taps) as f32);
        }
    }
}

impl fmt::Debug for Strips {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Strips({:?}, …)", self.0.shape())
    }
}

impl Drop for Strips {
    fn drop(&mut self) {
        if let Some(values) = self.0.as_slice_mut() {
            wipe(values);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Black squares of 20 px, one each 40 px, from (100, 90) on.
    fn page() -> Grey {
        let (width, height) = (1_300, 200);
        let mut pixels = vec![200; width * height];
        for y in 90..110 {
            for x in (100..1_220).filter(|x| (x - 100) % 40 < 20) {
                pixels[y * width + x] = 20;
            }
        }
        Grey::new(width, height, pixels)
    }

    #[test]
    fn a_character_pitch_becomes_sixteen_pixels_and_the_line_the_middle_row() {
        let line = Line {
            left: (100.0, 99.5),
            right: (1_220.0, 99.5),
            height: 20.0,
        };
        let cut = Cut {
            pitch: 40.0,
            down: 0.0,
        };
        let strips = Strips::cut(&page(), &[line], cut);
        let strip = strips.view();
        assert_eq!(strip.shape(), [1, 1, 32, 768]);
        assert!(strip[[0, 0, 15, 28]] < -1.0, "in the first square");
        assert!(strip[[0, 0, 15, 36]] > 0.0, "behind it");
        assert!(strip[[0, 0, 15, 44]] < -1.0, "in the second one");
        assert!(strip[[0, 0, 9, 28]] > 0.0 && strip[[0, 0, 22, 28]] > 0.0);
        assert!(strip.mean().unwrap().abs() < 1e-3);
        assert_eq!(format!("{strips:?}"), "Strips([1, 1, 32, 768], …)");
    }
}
