//! The curve of detection error trade-off, with its confidence band.

use gate_face::rates::{Point, Rate};
use plotters::prelude::*;
use std::path::Path;

/// Size of the picture in px.
const SIZE: (u32, u32) = (900, 700);

/// One curve of the plot.
pub(super) struct Curve {
    pub(super) name: String,
    /// By falling threshold.
    pub(super) points: Vec<Point>,
}

/// Draws `curves` as SVG, or as a page with `table` when `path` ends in `.html`.
pub(super) fn draw(path: &Path, curves: &[Curve], table: &str) -> String {
    let mut svg = String::new();
    // Writing to a string cannot fail; without points there is nothing but axes.
    let _ = chart(&mut svg, curves);
    match path.extension().is_some_and(|kind| kind == "html") {
        true => format!(
            "<!doctype html>\n<meta charset=\"utf-8\">\n<title>Face evaluation</title>\n{svg}\n<pre>\n{}</pre>\n",
            as_html(table)
        ),
        false => svg,
    }
}

/// Names of groups come from a list, and may have any character.
fn as_html(text: &str) -> String {
    let text = text.replace('&', "&amp;");
    text.replace('<', "&lt;").replace('>', "&gt;")
}

fn chart(svg: &mut String, curves: &[Curve]) -> Result<(), Box<dyn std::error::Error>> {
    let area = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .caption(
            "Detection error trade-off; limits of 95 % of the false non-match rate",
            ("sans-serif", 20),
        )
        .margin(15)
        .x_label_area_size(45)
        .y_label_area_size(70)
        .build_cartesian_2d((1e-6..0.5).log_scale(), (1e-4..0.5).log_scale())?;
    chart
        .configure_mesh()
        .x_desc("false match rate")
        .y_desc("false non-match rate")
        .axis_desc_style(("sans-serif", 16))
        .label_style(("sans-serif", 14))
        .x_label_formatter(&|value| format!("{value:.0e}"))
        .y_label_formatter(&|value| format!("{value:.0e}"))
        .draw()?;
    for (index, curve) in curves.iter().enumerate() {
        let colour = Palette99::pick(index).to_rgba();
        let along = |rate: fn(Rate) -> f64| {
            let place = move |point: &Point| (point.fmr.value(), rate(point.fnmr));
            curve.points.iter().map(place).collect::<Vec<_>>()
        };
        let lower = along(|rate| rate.limits()[0]);
        let upper = along(|rate| rate.limits()[1]);
        let band = lower.into_iter().chain(upper.into_iter().rev());
        let band: Vec<_> = band.map(|(x, y)| (x, y.max(1e-4))).collect();
        chart.draw_series([Polygon::new(band, colour.mix(0.2))])?;
        chart
            .draw_series(LineSeries::new(along(Rate::value), colour.stroke_width(2)))?
            .label(&curve.name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 20, y)], colour));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .label_font(("sans-serif", 16))
        .background_style(WHITE.mix(0.8))
        .draw()?;
    area.present()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use gate_face::rates::Scores;

    #[test]
    fn the_curve_and_its_band_are_drawn_and_the_page_has_the_table() {
        let genuine = (0..500).map(|value| value as f32 / 500.0).collect();
        let impostors = (0..5_000).map(|value| value as f32 / 8_000.0).collect();
        let points = Scores::new(genuine, impostors).det(50);
        let curves = [Curve {
            name: "all pairs".into(),
            points,
        }];
        let svg = draw(Path::new("a.svg"), &curves, "");
        assert!(svg.starts_with("<svg"), "{svg}");
        assert!(
            svg.contains("<polyline") && svg.contains("<polygon"),
            "{svg}"
        );
        let page = draw(Path::new("a.html"), &curves, "| FMR | <b> & co |");
        assert!(page.starts_with("<!doctype html>"), "{page}");
        assert!(page.contains("| FMR | &lt;b&gt; &amp; co |"), "{page}");
    }
}
