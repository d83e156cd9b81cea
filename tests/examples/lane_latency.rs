//! How long the traveller's screen takes on a lane that runs: emulated controller, real models,
//! the machine's own PC/SC stack, and Chromium in front of it.
//!
//! ```text
//! cargo run -p gate-tests --example lane_latency -- [TRAVELLERS]
//! ```
//!
//! Needs what `tests/lane` needs. Prints the time from the journey's word to its paint, over every
//! change of the screen, and from the broken beam before the entry to the painted answer.

#![expect(
    clippy::panic,
    reason = "the lane of the tests fails by panicking, like a test"
)]

#[path = "../tests/browser/mod.rs"]
mod browser;
#[path = "../tests/lane/mod.rs"]
mod lane;

use anyhow::{Context, Result};
use browser::{Browser, SIZES};
use gate_protocol::pins::Input;
use gate_session::Screen;
use lane::in_lane;

/// Notes each paint of another screen: what it was, when the journey said it, when it was painted.
const WATCH: &str = "
    window.paints = [];
    const watch = () => {
        const at = window.paintedAt, last = window.paints.at(-1);
        if (at && last?.[1] !== at.since_ms) {
            window.paints.push([document.body.dataset.screen, at.since_ms, at.painted_ms]);
        }
        requestAnimationFrame(watch);
    };
    watch();
    return true;";

/// Screen, milliseconds of the journey's word, milliseconds of the paint.
type Paint = (String, i64, i64);

fn main() -> Result<()> {
    let travellers = std::env::args()
        .nth(1)
        .map_or(Ok(5), |count| count.parse())
        .context("number of travellers")?;
    in_lane(async |lane| {
        let installed = browser::installed().context("apt install chromium chromium-driver")?;
        let browser = Browser::start(&installed, &[]).await?;
        lane.open().await?;
        browser.client.goto(&lane.page_url()).await?;
        browser.resize(SIZES[0]).await?;
        browser.run(WATCH).await?;
        for _ in 0..travellers {
            lane.send([]);
            lane.is_left().await?;
            lane.shows(Screen::Welcome).await?;
        }
        let paints: Vec<Paint> =
            serde_json::from_value(browser.run("return window.paints").await?)?;
        report(
            "journey's word to paint",
            paints.iter().map(|(_, since, painted)| painted - since),
        );
        let approaches = lane.falls(Input::ZoneInFree).into_iter();
        report(
            "broken beam to paint",
            approaches.filter_map(|broken| {
                paints
                    .iter()
                    .find(|(screen, _, painted)| screen == "step-in" && *painted >= broken)
                    .map(|(_, _, painted)| painted - broken)
                    .filter(|ms| *ms < 5_000)
            }),
        );
        browser.close().await
    });
    Ok(())
}

fn report(what: &str, times: impl Iterator<Item = i64>) {
    let mut times: Vec<i64> = times.collect();
    times.sort_unstable();
    let at = |share: usize| {
        let last = times.len().saturating_sub(1);
        times.get((times.len() * share / 100).min(last))
    };
    match (at(50), at(95), at(100)) {
        (Some(p50), Some(p95), Some(max)) => println!(
            "{what}: {} times, p50 {p50} ms, p95 {p95} ms, longest {max} ms",
            times.len()
        ),
        _ => println!("{what}: never seen"),
    }
}
