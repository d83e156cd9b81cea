//! Where the lines of a zone are on a page that lies level.
//!
//! Print is what is darker than the paper around it. Along a line it is joined, so that a line of
//! characters becomes one long blob; blobs that lie one below the other, as long as each other and as far
//! apart as Doc 9303-3, 4.2 wants the lines, are a zone.

use crate::level::Means;
use crate::picture::Grey;

/// Longest side of the picture that lines are looked for in, in px.
const SIDE: usize = 1_100;
/// Gaps in a line that are joined, in px of that picture: for middling, large and small characters.
pub const GAPS: [usize; 3] = [22, 44, 11];
/// Radius of the window that paper and print are told apart in, in px of that picture.
const WINDOW: usize = 14;
/// Print is darker than the mean around it by so many deviations, and by so many steps of grey.
const DARKER: (f32, f32) = (0.35, 7.0);
/// Heights of characters that are looked for, in px of that picture.
const HEIGHTS: core::ops::RangeInclusive<f32> = 5.0..=64.0;
/// A line is at least so many times as long as high; the shortest of the standard 31 times.
const SLENDER: f32 = 16.0;
/// Blobs that are looked at, largest first: a page has some dozen.
const BLOBS_MAX: usize = 400;
/// Lines that are put together, longest first.
const LINES_MAX: usize = 100;
/// Zones that are proposed, likeliest first.
const ZONES_MAX: usize = 6;
/// Capital letters are so high, in character pitches (OCR-B size 1: 2.4 of 2.54 mm).
pub const CAPITAL: f32 = 0.95;

/// A line of print on a picture, in its px. Its middle runs from `left` to `right`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Line {
    /// Where the print begins, `(x, y)`.
    pub left: (f32, f32),
    /// Where it ends, `(x, y)`.
    pub right: (f32, f32),
    /// Height of capital letters.
    pub height: f32,
}

/// Lines that may be a zone, from the top: two or three, or one of which the others were not found.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The lines.
    pub lines: Vec<Line>,
    /// How well they fit together, 0 to 1.
    pub fit: f32,
}

impl Line {
    /// Length in px.
    #[must_use]
    pub fn length(&self) -> f32 {
        (self.right.0 - self.left.0).hypot(self.right.1 - self.left.1)
    }

    /// The line, begun so many px further along.
    #[must_use]
    pub fn from(&self, px: f32) -> Self {
        let share = px / self.length().max(1.0);
        let (x, y) = (self.right.0 - self.left.0, self.right.1 - self.left.1);
        Self {
            left: (self.left.0 + share * x, self.left.1 + share * y),
            ..*self
        }
    }

    fn middle(&self) -> f32 {
        f32::midpoint(self.left.1, self.right.1)
    }
}

/// A page whose lines are looked for.
pub struct Search {
    sheet: Sheet,
    print: Print,
}

impl Search {
    /// Prepares `page`, whose lines have the slope `slope`.
    #[must_use]
    pub fn new(page: &Grey, slope: f32) -> Self {
        let sheet = Sheet::of(page, slope);
        let print = sheet.print();
        Self { sheet, print }
    }

    /// What may be a zone, in the page's px; likeliest first, at most six. Gaps of up to `gap` of [`GAPS`]
    /// px are joined to lines.
    #[must_use]
    pub fn zones(&self, gap: usize) -> Vec<Candidate> {
        let mut candidates: Vec<Candidate> = Vec::new();
        for candidate in groups(&lines(&self.print, gap)) {
            if !candidates.iter().any(|other| overlap(&candidate, other)) {
                candidates.push(candidate);
            }
        }
        candidates.truncate(ZONES_MAX);
        for line in candidates.iter_mut().flat_map(|zone| &mut zone.lines) {
            *line = self.sheet.on_page(line);
        }
        candidates
    }
}

/// The page turned level and made smaller.
struct Sheet {
    grey: Grey,
    /// Px of the page for each of the sheet.
    scale: f32,
    /// Cosine and sine of the slope.
    turn: (f32, f32),
    /// Where the sheet's first pixel lies on the page.
    origin: (f32, f32),
}

impl Sheet {
    fn of(page: &Grey, slope: f32) -> Self {
        let factor = page.width().max(page.height()).div_ceil(SIDE).max(1);
        let small = page.smaller(factor);
        let length = slope.hypot(1.0);
        let (cosine, sine) = (1.0 / length, slope / length);
        let (width, height) = (small.width() as f32, small.height() as f32);
        let across = width * cosine + height * sine.abs();
        let down = height * cosine + width * sine.abs();
        // The middle of the one lies on the middle of the other.
        let origin = (
            (width - across * cosine + down * sine) / 2.0,
            (height - across * sine - down * cosine) / 2.0,
        );
        let mut pixels = Vec::with_capacity(across as usize * down as usize);
        for y in 0..down as usize {
            pixels.extend((0..across as usize).map(|x| {
                let (x, y) = (x as f32, y as f32);
                let from = (
                    origin.0 + x * cosine - y * sine,
                    origin.1 + x * sine + y * cosine,
                );
                small.between(from.0, from.1) as u8
            }));
        }
        Self {
            grey: Grey::new(across as usize, down as usize, pixels),
            scale: factor as f32,
            turn: (cosine, sine),
            origin,
        }
    }

    fn on_page(&self, line: &Line) -> Line {
        let (cosine, sine) = self.turn;
        // A pixel's centre lies at whole numbers, in both pictures.
        let place = |(x, y): (f32, f32)| {
            let small = (
                self.origin.0 + x * cosine - y * sine,
                self.origin.1 + x * sine + y * cosine,
            );
            let whole = |at: f32| (at + 0.5) * self.scale - 0.5;
            (whole(small.0), whole(small.1))
        };
        Line {
            left: place(line.left),
            right: place(line.right),
            height: line.height * self.scale,
        }
    }

    /// Where there is print.
    fn print(&self) -> Print {
        let means = Means::of(&self.grey);
        let (width, height) = (self.grey.width(), self.grey.height());
        let mut dark = Vec::with_capacity(width * height);
        for y in 0..height {
            dark.extend((0..width).map(|x| {
                let (mean, deviation) = means.around(x, y, WINDOW);
                // The mean of nine, or noise would be print.
                let here = means.around(x, y, 1).0;
                mean - here > (DARKER.0 * deviation).max(DARKER.1)
            }));
        }
        Print {
            width,
            height,
            dark,
        }
    }
}

struct Print {
    width: usize,
    height: usize,
    dark: Vec<bool>,
}

impl Drop for Print {
    fn drop(&mut self) {
        gate_face::picture::wipe(&mut self.dark);
    }
}

/// Print of one row without a gap.
#[derive(Clone, Copy)]
struct Run {
    y: usize,
    from: usize,
    /// One behind the last.
    to: usize,
}

/// Every long blob of the print, where gaps of up to `gap` px are joined.
fn lines(print: &Print, gap: usize) -> Vec<Line> {
    let runs = runs(print, gap);
    let mut blobs: Vec<Vec<Run>> = blobs(&runs)
        .into_iter()
        .filter(|blob| blob.iter().any(|run| run.to - run.from > gap))
        .collect();
    blobs.sort_by_key(|blob| {
        core::cmp::Reverse(blob.iter().map(|run| run.to - run.from).sum::<usize>())
    });
    blobs.truncate(BLOBS_MAX);
    let mut pieces: Vec<Line> = blobs.iter().filter_map(|blob| fit(print, blob)).collect();
    pieces.sort_by(|one, other| one.left.0.total_cmp(&other.left.0));
    joined(pieces)
        .into_iter()
        .filter(|line| line.length() >= SLENDER * line.height)
        .collect()
}

fn runs(print: &Print, gap: usize) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for y in 0..print.height {
        let row = &print.dark[y * print.width..(y + 1) * print.width];
        for (x, dark) in row.iter().enumerate() {
            if !dark {
                continue;
            }
            match runs.last_mut() {
                Some(run) if run.y == y && x - run.to < gap => run.to = x + 1,
                _ => runs.push(Run {
                    y,
                    from: x,
                    to: x + 1,
                }),
            }
        }
    }
    // A speck is no print, however far its neighbours.
    runs.retain(|run| run.to - run.from > gap / 2);
    runs
}

/// Runs that touch each other from row to row.
fn blobs(runs: &[Run]) -> Vec<Vec<Run>> {
    let mut parents: Vec<usize> = (0..runs.len()).collect();
    fn root(parents: &mut [usize], mut at: usize) -> usize {
        while parents[at] != at {
            parents[at] = parents[parents[at]];
            at = parents[at];
        }
        at
    }
    let mut above = 0;
    for at in 0..runs.len() {
        let run = runs[at];
        while runs[above].y + 1 < run.y
            || (runs[above].y + 1 == run.y && runs[above].to <= run.from)
        {
            above += 1;
        }
        let mut touching = above;
        while runs[touching].y + 1 == run.y && runs[touching].from < run.to {
            let (one, other) = (root(&mut parents, touching), root(&mut parents, at));
            parents[one] = other;
            touching += 1;
        }
    }
    let mut blobs: Vec<Vec<Run>> = vec![Vec::new(); runs.len()];
    for (at, run) in runs.iter().enumerate() {
        blobs[root(&mut parents, at)].push(*run);
    }
    blobs.retain(|blob| !blob.is_empty());
    blobs
}

/// The line through the print of a blob; `None` if that is no line of characters.
///
/// What the background adds to a blob lies beside the line, and thinly: the line is laid through the print
/// three times, each time without what was far from it, and ends where the print becomes thin.
fn fit(print: &Print, blob: &[Run]) -> Option<Line> {
    let mut points: Vec<(f32, f32)> = blob
        .iter()
        .flat_map(|run| {
            let row = &print.dark[run.y * print.width..];
            (run.from..run.to)
                .filter(|x| row[*x])
                .map(|x| (x as f32, run.y as f32))
        })
        .collect();
    let mut line = Straight::through(&points)?;
    for _ in 0..2 {
        points.retain(|point| (line.above(*point) - line.middle).abs() <= 0.75 * line.height);
        line = Straight::through(&points)?;
    }
    let (from, to) = ends(&points, line.height)?;
    gate_face::picture::wipe(&mut points);
    let at = |x: f32| (x, line.base + line.slope * x + line.middle);
    (HEIGHTS.contains(&line.height) && to - from > 1.5 * line.height).then(|| Line {
        left: at(from),
        right: at(to),
        height: line.height,
    })
}

/// A straight line with a height.
struct Straight {
    slope: f32,
    base: f32,
    /// The middle of the print, above or below the line.
    middle: f32,
    height: f32,
}

impl Straight {
    /// The line from which the squares of the distances are least.
    fn through(points: &[(f32, f32)]) -> Option<Self> {
        let (mut sx, mut sy, mut sxx, mut sxy) = (0.0_f64, 0.0, 0.0, 0.0);
        for (x, y) in points {
            let (x, y) = (f64::from(*x), f64::from(*y));
            sx += x;
            sy += y;
            sxx += x * x;
            sxy += x * y;
        }
        let count = points.len() as f64;
        let spread = count * sxx - sx * sx;
        if count < 20.0 || spread <= 0.0 {
            return None;
        }
        let slope = ((count * sxy - sx * sy) / spread).clamp(-0.1, 0.1);
        let mut line = Self {
            slope: slope as f32,
            base: ((sy - slope * sx) / count) as f32,
            middle: 0.0,
            height: 0.0,
        };
        // Strokes stand evenly over the height of a line, so the middle four fifths of them have four
        // fifths of it.
        let mut offsets: Vec<f32> = points.iter().map(|point| line.above(*point)).collect();
        offsets.sort_unstable_by(f32::total_cmp);
        let (low, high) = (offsets[offsets.len() / 10], offsets[offsets.len() * 9 / 10]);
        line.height = (high - low) / 0.8;
        line.middle = f32::midpoint(low, high);
        Some(line)
    }

    fn above(&self, (x, y): (f32, f32)) -> f32 {
        y - self.base - self.slope * x
    }
}

/// From where to where print is as thick as in the line: windows as wide as a character is high.
fn ends(points: &[(f32, f32)], height: f32) -> Option<(f32, f32)> {
    let least = points.iter().map(|point| point.0).reduce(f32::min)?;
    let window = height.max(1.0);
    let mut counts: Vec<usize> = Vec::new();
    let of = |x: f32| ((x - least) / window) as usize;
    for (x, _) in points {
        let at = of(*x);
        if at >= counts.len() {
            counts.resize(at + 1, 0);
        }
        counts[at] += 1;
    }
    let mut sorted = counts.clone();
    sorted.sort_unstable();
    // Fillers have half the print of letters.
    let thick = sorted[sorted.len() * 2 / 3] * 3 / 10;
    let first = counts.iter().position(|count| *count > thick)?;
    let last = counts.iter().rposition(|count| *count > thick)?;
    let inside = || {
        let within = |x: f32| (first..=last).contains(&of(x));
        points
            .iter()
            .map(|point| point.0)
            .filter(move |x| within(*x))
    };
    Some((inside().reduce(f32::min)?, inside().reduce(f32::max)?))
}

/// Pieces of a line that a gap divides: glare, a fold, long fillers. From the left.
fn joined(pieces: Vec<Line>) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for piece in pieces {
        let continues = |line: &&mut Line| {
            let height = line.height.max(piece.height);
            let gap = piece.left.0 - line.right.0;
            (piece.left.1 - line.right.1).abs() < 0.6 * height
                && gap > -height
                && gap < 5.0 * height
                && line.height.min(piece.height) > 0.5 * height
        };
        match lines.iter_mut().find(continues) {
            Some(line) => {
                let (one, other) = (line.length(), piece.length());
                line.height = (line.height * one + piece.height * other) / (one + other);
                if piece.right.0 > line.right.0 {
                    line.right = piece.right;
                }
            }
            None => lines.push(piece),
        }
    }
    lines
}

/// Lines below each other that may be a zone, and long lines that stand alone.
fn groups(lines: &[Line]) -> Vec<Candidate> {
    let mut lines = lines.to_vec();
    lines.sort_by(|one, other| other.length().total_cmp(&one.length()));
    lines.truncate(LINES_MAX);
    lines.sort_by(|one, other| one.middle().total_cmp(&other.middle()));
    let mut found = Vec::new();
    for (at, first) in lines.iter().enumerate() {
        for (next, second) in lines.iter().enumerate().skip(at + 1) {
            let fit = together(first, second);
            if fit <= 0.0 {
                continue;
            }
            found.push(Candidate {
                lines: as_long(&[*first, *second]),
                fit,
            });
            for third in &lines[next + 1..] {
                let more = together(second, third).min(even(first, second, third));
                if more > 0.0 {
                    found.push(Candidate {
                        lines: as_long(&[*first, *second, *third]),
                        // Two lines of three always fit, too.
                        fit: fit.min(more) + 0.2,
                    });
                }
            }
        }
        found.push(Candidate {
            lines: vec![*first],
            fit: 0.01 * (first.length() / first.height / 46.0).min(1.0),
        });
    }
    found.sort_by(|one, other| other.fit.total_cmp(&one.fit));
    found.truncate(4 * ZONES_MAX);
    found
}

/// The lines, each made as long as the longest: all lines of a zone are, with fillers.
fn as_long(lines: &[Line]) -> Vec<Line> {
    let Some(longest) = lines
        .iter()
        .max_by(|one, other| one.length().total_cmp(&other.length()))
    else {
        return Vec::new();
    };
    let (from, to) = (longest.left.0, longest.right.0);
    let stretched = lines.iter().map(|line| {
        let slope = (line.right.1 - line.left.1) / (line.right.0 - line.left.0).max(1.0);
        let at = |x: f32| (x, line.left.1 + slope * (x - line.left.0));
        Line {
            left: at(from),
            right: at(to),
            height: line.height,
        }
    });
    stretched.collect()
}

/// How much two lines look like neighbours in a zone, 0 to 1.
fn together(upper: &Line, lower: &Line) -> f32 {
    let length = upper.length().max(lower.length());
    let height = f32::midpoint(upper.height, lower.height);
    let ends =
        ((upper.left.0 - lower.left.0).abs() + (upper.right.0 - lower.right.0).abs()) / length;
    let apart = (lower.middle() - upper.middle()) / height;
    let heights = upper.height.min(lower.height) / upper.height.max(lower.height);
    // 2.5 pitches are 2.6 heights of a capital; blur and blots make the print higher.
    if ends > 0.5 || !(1.5..4.2).contains(&apart) || heights < 0.5 {
        return 0.0;
    }
    let slender = (length / height / 28.0).min(1.0);
    (1.0 - 2.0 * ends).max(0.05) * heights * slender * (1.0 - (apart - 2.6).abs() / 4.0)
}

/// Whether three lines are as far apart: 1, or less down to 0.
fn even(first: &Line, second: &Line, third: &Line) -> f32 {
    let (one, other) = (
        second.middle() - first.middle(),
        third.middle() - second.middle(),
    );
    (1.0 - 2.0 * (one / other - 1.0).abs()).max(0.0)
}

/// Whether both are about the same lines.
fn overlap(one: &Candidate, other: &Candidate) -> bool {
    one.lines.len() == other.lines.len()
        && one.lines.iter().zip(&other.lines).all(|(one, other)| {
            (one.middle() - other.middle()).abs() < one.height
                && (one.left.0 - other.left.0).abs() < 2.0 * one.height
                && (one.right.0 - other.right.0).abs() < 2.0 * one.height
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Paper with lines of strokes: `(x, y, characters, pitch)`.
    fn page(lines: &[(usize, usize, usize, usize)]) -> Grey {
        let (width, height) = (1_000, 600);
        let mut pixels = vec![210; width * height];
        for &(left, top, count, pitch) in lines {
            for character in 0..count {
                for y in 0..pitch * 19 / 20 {
                    for x in 0..pitch / 4 {
                        for stroke in [0, pitch / 2] {
                            pixels[(top + y) * width + left + character * pitch + stroke + x] = 40;
                        }
                    }
                }
            }
        }
        Grey::new(width, height, pixels)
    }

    fn zones(page: &Grey, slope: f32) -> Vec<Candidate> {
        Search::new(page, slope).zones(GAPS[0])
    }

    #[test]
    fn two_lines_as_long_as_each_other_are_a_zone_and_other_text_is_not() {
        let page = page(&[
            (400, 60, 20, 14),
            (300, 120, 12, 14),
            (100, 450, 44, 18),
            (100, 495, 44, 18),
        ]);
        let found = zones(&page, 0.0);
        let zone = &found[0].lines;
        assert_eq!(zone.len(), 2);
        for (line, top) in zone.iter().zip([450.0, 495.0]) {
            assert!((line.left.0 - 100.0).abs() < 3.0, "{line:?}");
            assert!((line.right.0 - 887.0).abs() < 4.0, "{line:?}");
            assert!((line.left.1 - top - 8.0).abs() < 2.0, "{line:?}");
            assert!((line.height - 17.0).abs() < 3.0, "{line:?}");
        }
    }

    #[test]
    fn three_lines_are_preferred_to_two_of_them() {
        let found = zones(
            &page(&[(80, 300, 30, 24), (80, 360, 30, 24), (80, 420, 30, 24)]),
            0.0,
        );
        assert_eq!(found[0].lines.len(), 3);
    }

    #[test]
    fn an_empty_page_has_no_lines() {
        assert!(zones(&page(&[]), 0.1).is_empty());
        assert!(zones(&Grey::new(24, 24, vec![7; 576]), -0.2).is_empty());
    }
}
