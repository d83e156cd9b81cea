//! The page for people: one file, no script, nothing from elsewhere.

use super::chart;
use super::times::Part;
use super::told::Told;
use super::traffic;
use super::{Fault, Report};
use crate::waterfall::word;
use gate_protocol::Instant;
use gate_session::{Left, Outcome, SpanKind, Timeline};
use gate_sim::rig::bench::Percentiles;
use gate_sim::scenario::observed::Traveller;
use gate_sim::scenario::{Measured, Verdict};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use plotters::style::RGBColor;
use std::time::Duration;

/// Waterfalls of one scenario: more travellers than that are counted.
const TRAVELLERS_MAX: usize = 20;
/// Reasons at the head of the page.
const REASONS_MAX: usize = 10;

/// Nothing is loaded and nothing runs, whatever stands in the page.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'";

/// The whole page.
pub(super) fn draw(report: &Report) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content=(POLICY);
                title { (headline(report).0) " – bench report" }
                style { (PreEscaped(super::style::CSS)) }
            }
            body {
                (verdict(report))
                main {
                    (station(report))
                    (summary(report))
                    (times(report))
                    @if !report.told.is_empty() {
                        h2 { "Each scenario" }
                        @for (index, told) in report.told.iter().enumerate() {
                            (scenario(report, index, told))
                        }
                    }
                }
                footer {
                    p {
                        "Written by hil " (env!("CARGO_PKG_VERSION")) ". No name, number or picture of a "
                        "traveller is in this page."
                    }
                }
            }
        }
    }
    .into_string()
}

/// The verdict in words, and its colour.
fn headline(report: &Report) -> (&'static str, &'static str) {
    match report.fault() {
        Fault::Gate => ("The gate is at fault", "gate"),
        Fault::Bench => ("The bench is at fault", "bench"),
        Fault::Nobody | Fault::Unknown if report.stopped => ("Stopped before the end", "bench"),
        Fault::Unknown => ("Not everything was checked", "bench"),
        Fault::Nobody => ("Passed", "passed"),
    }
}

fn verdict(report: &Report) -> Markup {
    let (words, class) = headline(report);
    let failures: Vec<(usize, &Told)> = report
        .told
        .iter()
        .enumerate()
        .filter(|(_, told)| !told.passed())
        .collect();
    html! {
        header class={ "verdict " (class) } {
            h1 { (words) }
            @if report.fault() == Fault::Bench {
                p { "Nothing is said about the gate: the bench could not do its part." }
            }
            @if report.stopped { p { "Somebody stopped the bench; what follows is what it had done by then." } }
            p {
                (report.played) ": " (report.sum())
                @if report.times.count() > 0 { "; " (report.times.count()) " travellers cleared" }
                "."
            }
            @if !failures.is_empty() {
                ul {
                    @for (index, told) in failures.iter().take(REASONS_MAX) {
                        li {
                            a href={ "#scenario-" (index) } { (told.name()) } ": "
                            (word_of(told)) ", " (told.verdict().1.unwrap_or_default())
                        }
                    }
                    @if failures.len() > REASONS_MAX { li { "and " (failures.len() - REASONS_MAX) " more" } }
                }
            }
        }
    }
}

fn word_of(told: &Told) -> Markup {
    let class = match told.run().verdict {
        Verdict::Passed => "passed",
        Verdict::Gate(_) => "gate",
        Verdict::Bench(_) => "bench",
    };
    html! { span class={ "word " (class) } { (told.verdict().0) } }
}

fn station(report: &Report) -> Markup {
    html! {
        section {
            h2 { "Where and what" }
            dl {
                @for (name, value) in report.station.lines() {
                    dt { (name) }
                    dd { (given(value)) }
                }
                dt { "Began" }
                dd { (report.began.strftime("%Y-%m-%d %H:%M:%S %:z")) }
            }
            h3 { "Devices" }
            table {
                thead { tr { th { "Device" } th { "Serial number" } th { "Real or simulated" } } }
                tbody {
                    @for device in report.station.devices() {
                        tr {
                            td { (device.name) }
                            td { @if device.is == "real" { (given(&device.serial)) } @else { "–" } }
                            td { (device.is) }
                        }
                    }
                }
            }
        }
    }
}

fn given(value: &str) -> Markup {
    html! {
        @if value.is_empty() { span class="missing" { "not given" } } @else { (value) }
    }
}

fn summary(report: &Report) -> Markup {
    if report.told.is_empty() {
        return html! {};
    }
    html! {
        section {
            h2 { "Verdicts" }
            table {
                thead { tr { th { "Scenario" } th { "Verdict" } th class="number" { "Time" } } }
                tbody {
                    @for (index, told) in report.told.iter().enumerate() {
                        tr {
                            td { a href={ "#scenario-" (index) } { (told.name()) } }
                            td { (word_of(told)) }
                            td class="number" { (seconds_at(told.ended())) }
                        }
                    }
                }
            }
        }
    }
}

fn times(report: &Report) -> Markup {
    if report.times.count() == 0 {
        return html! {};
    }
    html! {
        section {
            h2 { "Where the time went" }
            p {
                (report.times.count()) " cleared travellers, from the entry's closing to clear of the exit, "
                "against the budget of a typical traveller. Faults and slow people cost time that no "
                "gate gives back: what is over the budget is worth a look, and is no verdict."
            }
            table {
                thead {
                    tr {
                        th { "Time" }
                        @for word in ["p50", "p95", "p99"] { th class="number" { (word) } }
                    }
                }
                tbody { @for part in Part::ALL { (part_row(report, part)) } }
            }
            p { "In the charts the line is the share of travellers who took no longer; the dots are the budget: the line should pass to the left of them." }
            div class="charts" {
                @for part in Part::ALL {
                    @if report.times.percentiles(part).p99 > 0.0 {
                        (figure(part.word(), &chart::distribution(&report.times, part)))
                    }
                }
            }
            @if let Some((place, traveller)) = &report.times.slowest {
                h3 { "The slowest of them: traveller " (traveller.number) " of " (place) }
                (waterfall(&traveller.timeline))
            }
        }
    }
}

fn part_row(report: &Report, part: Part) -> Markup {
    let Percentiles { p50, p95, p99 } = report.times.percentiles(part);
    let budget = part.budget();
    let cells = [
        (p50, Some(budget.p50)),
        (p95, Some(budget.p95)),
        (p99, budget.p99),
    ];
    html! {
        tr {
            td { (part.word()) }
            @for (found, limit) in cells {
                @let over = limit.is_some_and(|limit| found > limit * 1_000.0);
                td class="number" {
                    span class=[over.then_some("over")] { (milliseconds(found)) }
                    @if let Some(limit) = limit { small { "of " (milliseconds(limit * 1_000.0)) } }
                }
            }
        }
    }
}

fn scenario(report: &Report, index: usize, told: &Told) -> Markup {
    let run = told.run();
    let observed = told.observed();
    html! {
        details id={ "scenario-" (index) } open[!told.passed()] {
            summary { h3 { (told.name()) } " – " (word_of(told)) }
            @if !run.title.is_empty() { p { (run.title) } }
            @if let Some(why) = told.verdict().1 { p { strong { (why) } } }
            p { "Rig: " (run.rig) ". Time at its end: " (seconds_at(run.ended)) "." }
            @if !run.measured.is_empty() { (measured(&run.measured)) }
            (travellers(report, &observed.travellers))
            @if observed.levels.len() > 1 {
                h3 { "Pins" }
                p { "Only those that changed; filled is high. " @if !told.passed() { "The red line is the failure." } }
                (figure("Levels of the controller's pins over time", &chart::pins(&observed.levels, run.ended, told.failed_at())))
            }
            @if let Some(failed) = told.failed_at() { (around(told, failed)) }
            @if !run.trace.is_empty() {
                details {
                    summary { "What happened, in order" }
                    p { "< what was done to the lane, > what it did, ! what was wrong; seconds" }
                    pre { (run.text()) }
                }
            }
            @if let Some(text) = told.scenario() {
                details open[!told.passed()] {
                    summary { "The scenario: hil run plays it again from a file" }
                    pre { (text) }
                }
            }
        }
    }
}

fn measured(all: &[Measured]) -> Markup {
    html! {
        h3 { "Limits and measured values" }
        table {
            thead {
                tr {
                    th { "Awaited" }
                    th class="number" { "limit" }
                    th class="number" { "measured" }
                    th { "" }
                }
            }
            tbody {
                @for one in all {
                    tr {
                        td { (one.what) @if one.line > 0 { " (line " (one.line) ")" } }
                        td class="number" { (seconds(one.limit)) }
                        td class={ "number" @if !one.kept { " over" } } { (seconds(one.took)) }
                        td { @if one.kept { "kept" } @else { span class="over" { "not kept" } } }
                    }
                }
            }
        }
    }
}

fn travellers(report: &Report, all: &[Traveller]) -> Markup {
    let slowest = all.iter().max_by_key(|one| one.timeline.total());
    let chosen = report.traveller.or(slowest.map(|one| one.number));
    let drawn = |one: &&Traveller| !one.timeline.spans.is_empty();
    html! {
        @if !all.is_empty() {
            h3 { "Travellers" }
            @for one in all.iter().filter(drawn).take(TRAVELLERS_MAX) {
                details open[chosen == Some(one.number)] {
                    summary {
                        "Traveller " (one.number) ": " (outcome(one)) ", "
                        (seconds(one.timeline.total()))
                        @if slowest.is_some_and(|slowest| slowest.number == one.number) && all.len() > 1 { " – the slowest" }
                    }
                    (waterfall(&one.timeline))
                }
            }
            @if all.len() > TRAVELLERS_MAX { p { "and " (all.len() - TRAVELLERS_MAX) " more" } }
        }
    }
}

fn outcome(traveller: &Traveller) -> String {
    let decided = match traveller.outcome {
        None => "not decided".to_owned(),
        Some(Outcome::Cleared) => "cleared".to_owned(),
        Some(other) => format!("{}: {}", other.word(), other.reason().unwrap_or_default()),
    };
    let left = match traveller.left {
        Some(Left::ThroughExit) => "left through the exit",
        Some(Left::ThroughEntry) => "left through the entry",
        Some(Left::NeverEntered) => "never inside",
        Some(Left::Unknown) => "nobody knows how they left",
        None => "not seen leaving",
    };
    format!("{decided}, {left}")
}

fn waterfall(timeline: &Timeline) -> Markup {
    let kinds = [
        SpanKind::Human,
        SpanKind::Device,
        SpanKind::Network,
        SpanKind::Software,
    ];
    html! {
        (figure("Where this traveller's time went", &chart::waterfall(timeline)))
        p class="legend" {
            @for kind in kinds {
                span { i style={ "background:" (css(chart::colour(kind))) } {} (word(kind)) }
            }
        }
        p {
            "In all " (milliseconds(timeline.total().as_secs_f64() * 1_000.0))
            ", of which added by software " (milliseconds(timeline.software().as_secs_f64() * 1_000.0)) "."
        }
    }
}

fn around(told: &Told, failed: Instant) -> Markup {
    let words = traffic::around(told.observed(), failed);
    html! {
        h3 { "The controller's line around the failure" }
        @if words.is_empty() {
            p class="missing" { "This rig has kept no traffic." }
        } @else {
            p { "Frames as they went over the line are sealed; the lines in dark are what the ends said and understood." }
            table class="traffic" {
                thead { tr { th class="number" { "s" } th { "Who" } th { "In words" } } }
                tbody {
                    @for one in words {
                        tr class=(if one.opened { "opened" } else { "sealed" }) {
                            td class="number" { (format!("{:.3}", at(one.at))) }
                            td class="who" { (one.from) }
                            td class=[one.damaged.then_some("over")] { (one.words) }
                        }
                    }
                }
            }
        }
    }
}

fn figure(caption: &str, svg: &str) -> Markup {
    html! {
        figure {
            figcaption { (caption) }
            div role="img" aria-label=(caption) { (PreEscaped(svg)) }
        }
    }
}

fn css(RGBColor(red, green, blue): RGBColor) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

fn at(at: Instant) -> f64 {
    at.as_micros() as f64 / 1e6
}

fn seconds_at(instant: Instant) -> String {
    format!("{:.1} s", at(instant))
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

/// Short times in ms, long ones in s.
fn milliseconds(ms: f64) -> String {
    if ms < 1_000.0 {
        format!("{ms:.0} ms")
    } else {
        format!("{:.1} s", ms / 1_000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Files;
    use super::*;
    use crate::station::Station;
    use gate_sim::scenario::Run;

    #[test]
    fn what_a_file_says_cannot_become_part_of_the_page() {
        let mut report = Files::default()
            .begin("<script>alert(1)</script>".to_owned(), Station::default())
            .unwrap();
        let why = "line 3: found \"<img src=x>\"".to_owned();
        let run = Run::refused("<b>title</b>".to_owned(), "pure", why);
        report.add(Told::of("<i>name</i>".to_owned(), run));
        let page = draw(&report);
        for tag in ["<script", "<img", "<b>", "<i>name"] {
            assert!(!page.contains(tag), "{tag}");
        }
        assert!(page.contains("&lt;img src=x&gt;"));
        assert!(page.contains("<h1>The bench is at fault</h1>"));
        assert_eq!(
            page.matches("not given").count(),
            5,
            "an empty header is said to be empty"
        );
    }

    #[test]
    fn a_report_without_scenarios_is_still_a_page() {
        let mut report = Files::default()
            .begin("swarm".to_owned(), Station::default())
            .unwrap();
        report.stop();
        assert!(draw(&report).contains("<h1>Stopped before the end</h1>"));
    }
}
