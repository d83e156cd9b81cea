//! A traveller's time, drawn.

use gate_session::{Span, SpanKind, Timeline};
use std::fmt::Write as _;

/// Columns of the drawing.
const WIDTH: usize = 48;

/// One line of the drawing: all spans of one name.
#[derive(Debug)]
pub(crate) struct Row<'a> {
    pub(crate) name: &'a str,
    pub(crate) kind: SpanKind,
    pub(crate) spans: Vec<&'a Span>,
}

/// Draws the spans of a timeline below each other, one line a name, in the order of their begin.
#[must_use]
pub(crate) fn draw(timeline: &Timeline) -> String {
    let mut text = String::new();
    for row in rows(timeline) {
        let busy: u128 = row
            .spans
            .iter()
            .map(|span| span.duration().as_millis())
            .sum();
        let times = if row.spans.len() > 1 {
            format!(" ×{}", row.spans.len())
        } else {
            String::new()
        };
        let _ = writeln!(
            text,
            "    {:9} {:26} {} {busy:>6} ms{times}",
            word(row.kind),
            row.name,
            bar(timeline, &row.spans)
        );
    }
    let _ = writeln!(
        text,
        "    total {} ms, of which added by software {} ms",
        timeline.total().as_millis(),
        timeline.software().as_millis()
    );
    text
}

/// The spans of a timeline by name and kind, in the order of their begin.
pub(crate) fn rows(timeline: &Timeline) -> Vec<Row<'_>> {
    let mut rows: Vec<Row<'_>> = Vec::new();
    for span in &timeline.spans {
        match rows
            .iter_mut()
            .find(|row| row.name == span.name && row.kind == span.kind)
        {
            Some(row) => row.spans.push(span),
            None => rows.push(Row {
                name: &span.name,
                kind: span.kind,
                spans: vec![span],
            }),
        }
    }
    rows.sort_by_key(|row| row.spans.iter().map(|span| span.start).min());
    rows
}

fn bar(timeline: &Timeline, spans: &[&Span]) -> String {
    let total = timeline.total().as_micros().max(1);
    let column = |at: gate_protocol::Instant| {
        let offset = at.since(timeline.began).as_micros() * WIDTH as u128 / total;
        usize::try_from(offset).unwrap_or(WIDTH).min(WIDTH)
    };
    let mut cells = ['·'; WIDTH];
    for span in spans {
        let from = column(span.start).min(WIDTH - 1);
        let to = column(span.end).max(from + 1);
        cells[from..to.min(WIDTH)].fill(mark(span.kind));
    }
    cells.iter().collect()
}

/// The word of a kind of span, as reports spell it.
pub(crate) const fn word(kind: SpanKind) -> &'static str {
    match kind {
        SpanKind::Human => "human",
        SpanKind::Device => "device",
        SpanKind::Network => "network",
        SpanKind::Software => "software",
    }
}

const fn mark(kind: SpanKind) -> char {
    match kind {
        SpanKind::Human => '▒',
        SpanKind::Device => '▓',
        SpanKind::Network => '░',
        SpanKind::Software => '█',
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use gate_protocol::Instant;

    #[test]
    fn spans_of_one_name_share_a_line_and_stand_where_they_happened() {
        let at = Instant::from_millis;
        let mut timeline = Timeline::new(at(1_000));
        timeline.add(Span::new("walk", SpanKind::Human, at(1_000), at(1_500)));
        timeline.add(Span::new("look", SpanKind::Software, at(1_500), at(1_750)));
        timeline.add(Span::new("look", SpanKind::Software, at(1_750), at(2_000)));
        timeline.ended = at(2_000);
        let text = draw(&timeline);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(
            lines[0].contains(&format!("{}{}", "▒".repeat(24), "·".repeat(24))),
            "{text}"
        );
        assert!(
            lines[1].contains(&format!("{}{}", "·".repeat(24), "█".repeat(24))),
            "{text}"
        );
        assert!(lines[1].ends_with("500 ms ×2"), "{text}");
        assert!(
            lines[2].contains("total 1000 ms, of which added by software 500 ms"),
            "{text}"
        );
    }
}
