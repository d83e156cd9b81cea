//! Charts of the page, as SVG: where the time of a traveller went, how times are distributed, what
//! the pins did.
//!
//! They are drawn for a phone's width and shown larger on a screen.

use super::times::{Budget, Part, Times};
use super::vcd::Pin;
use crate::waterfall::{self, Row};
use gate_protocol::Instant;
use gate_protocol::pins::Output;
use gate_session::{SpanKind, Timeline};
use gate_sim::scenario::observed::Levels;
use plotters::prelude::*;
use std::error::Error;
use std::time::Duration;

/// Width of every chart in px.
const WIDTH: u32 = 480;
/// Height of a row of a waterfall in px, its words included.
const WATERFALL_ROW: u32 = 32;
/// Height of a pin's row in px.
const PIN_ROW: u32 = 19;
/// Width of the pins' names in px.
const PIN_NAMES: u32 = 132;
/// Room for the time's axis in px.
const AXIS: u32 = 28;
/// Height of a distribution in px.
const DISTRIBUTION: u32 = 190;
/// Points of a curve: more than its chart is wide.
const POINTS_MAX: usize = 500;
/// The shortest level that is drawn as its own, as a share of the chart.
const SHORTEST: f64 = 1.0 / 720.0;

const TEXT: (&str, u32) = ("sans-serif", 17);
const SMALL: (&str, u32) = ("sans-serif", 16);
const INK: RGBColor = RGBColor(0x22, 0x22, 0x22);
const FAINT: RGBColor = RGBColor(0xdd, 0xdd, 0xdd);
const LEVEL: RGBColor = RGBColor(0x33, 0x55, 0x77);
const FAILURE: RGBColor = RGBColor(0xb0, 0x00, 0x20);

type Drawn = Result<(), Box<dyn Error>>;

/// The colour of whoever spent time, told apart by every kind of eye.
pub(super) const fn colour(kind: SpanKind) -> RGBColor {
    match kind {
        SpanKind::Human => RGBColor(0xe6, 0x9f, 0x00),
        SpanKind::Device => RGBColor(0x00, 0x72, 0xb2),
        SpanKind::Network => RGBColor(0x00, 0x9e, 0x73),
        SpanKind::Software => RGBColor(0xd5, 0x5e, 0x00),
    }
}

/// A traveller's spans below each other, by their begin.
pub(super) fn waterfall(timeline: &Timeline) -> String {
    let rows = waterfall::rows(timeline);
    let height = AXIS + WATERFALL_ROW * u32::try_from(rows.len()).unwrap_or(0);
    draw(height, |svg| draw_waterfall(svg, height, timeline, &rows))
}

/// Shares of travellers by how long a part of their time was, with its budget.
pub(super) fn distribution(times: &Times, part: Part) -> String {
    let sorted = times.sorted(part);
    draw(DISTRIBUTION, |svg| {
        draw_distribution(svg, &sorted, part.budget())
    })
}

/// Levels of the pins that changed, until `end`; a line where something failed.
pub(super) fn pins(levels: &[Levels], end: Instant, failed: Option<Instant>) -> String {
    let rows: Vec<(String, Vec<(u64, bool)>)> = Pin::all()
        // It changes all the time: that it does is its message.
        .filter(|pin| *pin != Pin::Output(Output::Watchdog))
        .map(|pin| (pin.name(), pin.changes(levels)))
        .filter(|(_, changes)| changes.len() > 1)
        .collect();
    let height = AXIS + PIN_ROW * u32::try_from(rows.len()).unwrap_or(0);
    draw(height, |svg| draw_pins(svg, height, &rows, end, failed))
}

/// Writing to a string cannot fail; what could not be drawn is missing in the picture.
fn draw(height: u32, drawing: impl FnOnce(&mut String) -> Drawn) -> String {
    let mut svg = String::new();
    if height > AXIS {
        let _ = drawing(&mut svg);
    }
    svg
}

fn draw_waterfall(svg: &mut String, height: u32, timeline: &Timeline, rows: &[Row<'_>]) -> Drawn {
    let area = SVGBackend::with_string(svg, (WIDTH, height)).into_drawing_area();
    area.fill(&WHITE)?;
    let total = timeline.total().as_secs_f64().max(0.001);
    let mut chart = ChartBuilder::on(&area)
        .margin_left(12)
        .margin_right(12)
        .x_label_area_size(AXIS)
        .build_cartesian_2d(0.0..total, 0.0..rows.len() as f64)?;
    mesh(&mut chart, "s")?;
    let from_begin = |at: Instant| at.since(timeline.began).as_secs_f64().min(total);
    for (index, row) in rows.iter().enumerate() {
        let top = (rows.len() - index) as f64;
        let busy: Duration = row.spans.iter().map(|span| span.duration()).sum();
        let times = match row.spans.len() {
            1 => String::new(),
            times => format!(" ×{times}"),
        };
        let words = format!(
            "{} ({}){times} {} ms",
            row.name,
            waterfall::word(row.kind),
            busy.as_millis()
        );
        chart.draw_series([Text::new(
            words,
            (0.0, top - 0.05),
            TEXT.into_font().color(&INK),
        )])?;
        let bar = |from, to| [(from, top - 0.58), (to, top - 0.92)];
        chart.draw_series([Rectangle::new(bar(0.0, total), FAINT.mix(0.5).filled())])?;
        chart.draw_series(row.spans.iter().map(|span| {
            let (from, to) = (from_begin(span.start), from_begin(span.end));
            let to = to.max(from + total / f64::from(WIDTH));
            Rectangle::new(bar(from, to), colour(row.kind).filled())
        }))?;
    }
    drop(chart);
    area.present()?;
    Ok(())
}

fn draw_distribution(svg: &mut String, sorted: &[Duration], budget: Budget) -> Drawn {
    let area = SVGBackend::with_string(svg, (WIDTH, DISTRIBUTION)).into_drawing_area();
    area.fill(&WHITE)?;
    let marks: Vec<(f64, f64, &str)> = [
        (Some(budget.p50), 0.50, "p50"),
        (Some(budget.p95), 0.95, "p95"),
        (budget.p99, 0.99, "p99"),
    ]
    .into_iter()
    .filter_map(|(time, share, word)| Some((time?, share, word)))
    .collect();
    // One in a hundred may be so slow that nobody would see the others.
    let slow = sorted.get(sorted.len() * 99 / 100).or(sorted.last());
    let slow = slow.copied().unwrap_or_default().as_secs_f64() * 1.3;
    let longest = marks.iter().fold(slow, |max, (time, ..)| max.max(*time));
    // What is short is read in milliseconds.
    let (unit, scale) = if longest < 1.0 {
        ("ms", 1_000.0)
    } else {
        ("s", 1.0)
    };
    let mut chart = ChartBuilder::on(&area)
        .margin(8)
        .margin_right(14)
        .x_label_area_size(AXIS)
        .y_label_area_size(56)
        .build_cartesian_2d(0.0..longest * scale * 1.05, 0.0..1.0)?;
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .bold_line_style(FAINT)
        .label_style(SMALL.into_font().color(&INK))
        .x_label_formatter(&|time| format!("{} {unit}", short(*time)))
        .y_label_formatter(&|share| format!("{:.0} %", share * 100.0))
        .x_labels(6)
        .y_labels(5)
        .draw()?;
    let step = sorted.len().div_ceil(POINTS_MAX).max(1);
    let last = sorted.len().saturating_sub(1);
    let count = sorted.len().max(1) as f64;
    let curve = sorted
        .iter()
        .enumerate()
        .filter(|(at, _)| at % step == 0 || *at == last)
        .flat_map(|(at, time)| {
            let time = time.as_secs_f64() * scale;
            // Up at this time: a stair.
            [(time, at as f64 / count), (time, (at + 1) as f64 / count)]
        })
        .take_while(|(time, _)| *time <= longest * scale * 1.05);
    let curve = std::iter::once((0.0, 0.0)).chain(curve);
    chart.draw_series(LineSeries::new(curve, LEVEL.stroke_width(2)))?;
    for (time, share, word) in marks {
        let place = (time * scale, share);
        chart.draw_series([Circle::new(place, 4, FAILURE.filled())])?;
        let style = SMALL.into_font().color(&FAILURE);
        let below = (time * scale, share - 0.04);
        chart.draw_series([Text::new(word.to_owned(), below, style)])?;
    }
    drop(chart);
    area.present()?;
    Ok(())
}

fn draw_pins(
    svg: &mut String,
    height: u32,
    rows: &[(String, Vec<(u64, bool)>)],
    end: Instant,
    failed: Option<Instant>,
) -> Drawn {
    let area = SVGBackend::with_string(svg, (WIDTH, height)).into_drawing_area();
    area.fill(&WHITE)?;
    let (names, waves) = area.split_horizontally(PIN_NAMES);
    let total = (end.as_micros() as f64 / 1e6).max(0.001);
    let mut chart = ChartBuilder::on(&waves)
        .margin_right(14)
        .x_label_area_size(AXIS)
        .build_cartesian_2d(0.0..total, 0.0..rows.len() as f64)?;
    mesh(&mut chart, "s")?;
    for (index, (name, changes)) in rows.iter().enumerate() {
        let row = i32::try_from(u32::try_from(index)? * PIN_ROW)?;
        let style = SMALL.into_font().color(&INK);
        names.draw(&Text::new(name.clone(), (2, row + 3), style))?;
        let low = (rows.len() - index) as f64 - 0.85;
        let line = [(0.0, low), (total, low)];
        chart.draw_series([PathElement::new(line, FAINT)])?;
        chart.draw_series(
            highs(changes, total)
                .into_iter()
                .map(|(from, to)| Rectangle::new([(from, low), (to, low + 0.65)], LEVEL.filled())),
        )?;
    }
    if let Some(failed) = failed {
        let at = (failed.as_micros() as f64 / 1e6).min(total);
        let line = [(at, 0.0), (at, rows.len() as f64)];
        chart.draw_series([PathElement::new(line, FAILURE.stroke_width(2))])?;
    }
    drop(chart);
    area.present()?;
    Ok(())
}

/// From when to when a pin is high, in seconds. What is too short to be seen is made just long
/// enough, and what lies too close together is one.
fn highs(changes: &[(u64, bool)], total: f64) -> Vec<(f64, f64)> {
    let least = total * SHORTEST;
    let ends = changes.iter().skip(1).map(|(at, _)| *at as f64 / 1e6);
    let ends = ends.chain([total]);
    let mut highs: Vec<(f64, f64)> = Vec::new();
    for ((from, high), to) in changes.iter().zip(ends) {
        if !high {
            continue;
        }
        let from = *from as f64 / 1e6;
        let to = to.max(from + least);
        match highs.last_mut() {
            Some((_, last)) if from < *last + least => *last = last.max(to),
            _ => highs.push((from, to)),
        }
    }
    highs
}

type Plane<'a, 'b> = ChartContext<
    'a,
    SVGBackend<'b>,
    Cartesian2d<plotters::coord::types::RangedCoordf64, plotters::coord::types::RangedCoordf64>,
>;

/// Upright lines with the time below them.
fn mesh(chart: &mut Plane<'_, '_>, unit: &str) -> Drawn {
    chart
        .configure_mesh()
        .disable_y_mesh()
        .disable_y_axis()
        .light_line_style(WHITE)
        .bold_line_style(FAINT)
        .axis_style(FAINT)
        .label_style(SMALL.into_font().color(&INK))
        .x_labels(6)
        .x_label_formatter(&|time| format!("{} {unit}", short(*time)))
        .draw()?;
    Ok(())
}

/// A number without digits that say nothing.
fn short(number: f64) -> String {
    let text = format!("{number:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_too_short_to_be_seen_are_drawn_and_not_ten_thousand_of_them() {
        let changes: Vec<(u64, bool)> = (0..20_000)
            .map(|at| (at * 1_000, at % 2 == 0))
            .chain([(50_000_000, true), (50_000_100, false)])
            .collect();
        let highs = highs(&changes, 60.0);
        assert_eq!(highs.len(), 2, "one long stretch and one flash");
        let (from, to) = highs[1];
        assert!(from == 50.0 && to > 50.01, "{from} {to}");
    }

    #[test]
    fn axes_say_no_more_than_they_must() {
        assert_eq!(
            [0.0, 2.5, 10.0, 0.25].map(short),
            ["0", "2.5", "10", "0.25"]
        );
    }
}
