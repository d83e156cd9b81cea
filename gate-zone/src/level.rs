//! Which way the lines of a page run.

use crate::picture::Grey;

/// Longest side of the picture that is looked at, in px: lines show in much smaller pictures than
/// characters.
const SIDE: usize = 640;
/// Greatest angle that is looked for, in degrees to either side.
const ANGLE_MAX: i32 = 14;
/// Radius of the window that paper and print are told apart in, in px.
const WINDOW: usize = 7;
/// What is less than so much darker than its surroundings is not print.
const DARKER: f32 = 8.0;
/// Darker than that counts no more: an edge of the page is no line.
const DARKEST: f32 = 50.0;

/// How the lines of a page lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lie {
    /// Slope of the lines, downwards to the right: px down for each px to the right.
    pub slope: f32,
    /// How much of the print lies in lines, above 0; only good for comparing.
    pub evidence: f32,
}

/// The picture in the size in which [`lie`] is told: at most 640 px a side.
#[must_use]
pub fn small(picture: &Grey) -> Grey {
    picture.smaller(picture.width().max(picture.height()).div_ceil(SIDE))
}

/// How lines lie that run from left to right, at up to 14 degrees, in a [`small`] picture.
///
/// For each angle the print is summed up along it: where the angle is right, lines and the paper between
/// them stay apart, and the squares of the sums are greatest.
#[must_use]
pub fn lie(small: &Grey) -> Lie {
    let mut print = print(small);
    let lie = lie_of(&print, small);
    gate_face::picture::wipe(&mut print);
    lie
}

fn lie_of(print: &[(f32, f32, f32)], small: &Grey) -> Lie {
    let total: f32 = print.iter().map(|(_, _, dark)| dark).sum();
    if total <= 0.0 {
        return Lie {
            slope: 0.0,
            evidence: 0.0,
        };
    }
    let mut sums = Vec::new();
    let mut judge = |degrees: f32| {
        let slope = degrees.to_radians().tan();
        (
            evidence(print, small, slope, &mut sums) / (total * total),
            degrees,
        )
    };
    let better = |one: (f32, f32), other: (f32, f32)| if other.0 > one.0 { other } else { one };
    let whole = (-ANGLE_MAX..=ANGLE_MAX)
        .map(|degrees| judge(degrees as f32))
        .fold((0.0, 0.0), better);
    let quarter = (-4..=4)
        .map(|step| judge(whole.1 + step as f32 * 0.25))
        .fold(whole, better);
    Lie {
        slope: quarter.1.to_radians().tan(),
        evidence: quarter.0 * small.height() as f32,
    }
}

/// The squares of the sums of print along lines of one slope.
fn evidence(print: &[(f32, f32, f32)], small: &Grey, slope: f32, sums: &mut Vec<f32>) -> f32 {
    let reach = (slope.abs() * small.width() as f32) as usize + 2;
    sums.clear();
    sums.resize(small.height() + 2 * reach, 0.0);
    for (x, y, dark) in print {
        // Not below zero: the reach is as far as the slope can go.
        let row = (y - slope * x + reach as f32).max(0.0) as usize;
        if let Some(sum) = sums.get_mut(row) {
            *sum += dark;
        }
    }
    sums.iter().map(|sum| sum * sum).sum()
}

/// Where the picture is darker than around, and by how much: `(x, y, 8 to 50)`.
fn print(small: &Grey) -> Vec<(f32, f32, f32)> {
    let means = Means::of(small);
    // Room for all: what grew would leave copies behind.
    let mut print = Vec::with_capacity(small.width() * small.height());
    for y in 0..small.height() {
        for (x, value) in small.row(y).iter().enumerate() {
            let darker = means.around(x, y, WINDOW).0 - f32::from(*value);
            if darker >= DARKER {
                print.push((x as f32, y as f32, darker.min(DARKEST)));
            }
        }
    }
    print
}

/// Means and deviations of windows, from sums over everything above and to the left. For pictures of up to
/// eight million pixels: then two sums fit into 32 bits.
pub(crate) struct Means {
    width: usize,
    height: usize,
    sums: Vec<u32>,
    squares: Vec<u64>,
}

impl Means {
    pub(crate) fn of(picture: &Grey) -> Self {
        let (width, height) = (picture.width(), picture.height());
        let across = width + 1;
        let mut sums = vec![0_u32; across * (height + 1)];
        let mut squares = vec![0_u64; across * (height + 1)];
        for y in 0..height {
            let (mut sum, mut square) = (0_u32, 0_u64);
            for (x, value) in picture.row(y).iter().enumerate() {
                sum += u32::from(*value);
                square += u64::from(*value) * u64::from(*value);
                let at = (y + 1) * across + x + 1;
                sums[at] = sums[at - across] + sum;
                squares[at] = squares[at - across] + square;
            }
        }
        Self {
            width,
            height,
            sums,
            squares,
        }
    }

    /// Mean and deviation of the pixels at most `radius` px from a pixel of the picture.
    pub(crate) fn around(&self, x: usize, y: usize, radius: usize) -> (f32, f32) {
        let across = self.width + 1;
        let (left, top) = (x.saturating_sub(radius), y.saturating_sub(radius));
        let (right, below) = (
            (x + radius + 1).min(self.width),
            (y + radius + 1).min(self.height),
        );
        let corners = [
            below * across + right,
            top * across + left,
            below * across + left,
            top * across + right,
        ];
        let count = ((right - left) * (below - top)) as f32;
        let sum = |corner: usize| self.sums[corner];
        let square = |corner: usize| self.squares[corner];
        let [a, b, c, d] = corners;
        let mean = (sum(a) + sum(b) - sum(c) - sum(d)) as f32 / count;
        let square = (square(a) + square(b) - square(c) - square(d)) as f32 / count;
        (mean, (square - mean * mean).max(0.0).sqrt())
    }
}

impl Drop for Means {
    fn drop(&mut self) {
        gate_face::picture::wipe(&mut self.sums);
        gate_face::picture::wipe(&mut self.squares);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Dashes in lines of a slope.
    fn page(slope: f32) -> Grey {
        let (width, height) = (600, 400);
        let mut pixels = vec![220; width * height];
        for line in 0..4 {
            for x in 60..540 {
                let y = 120.0 + line as f32 * 40.0 + slope * x as f32;
                for row in 0..12 {
                    if x % 12 < 6 {
                        pixels[(y as usize + row) * width + x] = 40;
                    }
                }
            }
        }
        Grey::new(width, height, pixels)
    }

    #[test]
    fn the_slope_of_lines_is_found() {
        for slope in [0.0, 0.05, -0.1, 0.17] {
            let found = lie(&page(slope));
            assert!((found.slope - slope).abs() < 0.006, "{slope}: {found:?}");
        }
    }

    #[test]
    fn lines_show_more_evidence_along_than_across() {
        let page = page(0.03);
        assert!(lie(&page).evidence > lie(&page.turned(1)).evidence);
        let blank = Grey::new(50, 50, vec![128; 2_500]);
        assert_eq!(lie(&blank).evidence, 0.0);
    }
}
