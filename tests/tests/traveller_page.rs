//! The traveller page in a real browser: every screen says what it should, fits both
//! kinds of display, and survives the loss of the daemon.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod browser;

use anyhow::{Context, Result, ensure};
use browser::{Browser, Gate, SIZES};
use gate_host::page::every_screen;
use gate_session::{DocumentHint, FaceHint, Screen};
use serde::Deserialize;
use serde_json::Value;

/// What somebody in front of the display sees and hears.
#[derive(Deserialize)]
struct Seen {
    moment: String,
    screen: String,
    tone: String,
    /// Names of the pictures and shapes that are painted and have an extent.
    pictures: Vec<String>,
    shapes: Vec<String>,
    /// Texts by language, as a screen reader gets them.
    vi: Vec<String>,
    en: Vec<String>,
    /// Whether a screen reader is told at once and as a whole.
    announced: bool,
    /// Progress as told to a screen reader, and as drawn.
    percent: Option<String>,
    drawn_percent: Option<String>,
    reminded: bool,
    /// Everything that is cut off or lies outside the display.
    clipped: Vec<String>,
    /// Smallest ratio of luminance between a text and what lies behind it (WCAG 2.2, 1.4.3).
    contrast: f64,
    /// Height of the smallest letters, in pixels.
    smallest: f64,
}

/// The page's own, and what is left where it is not installed: wider and less high.
const TYPEFACES: [&str; 2] = ["Noto Sans", "DejaVu Sans"];

const LOOK: &str = include_str!("browser/look.js");

async fn look(browser: &Browser) -> Result<Seen> {
    Ok(serde_json::from_value(browser.run(LOOK).await?)?)
}

fn texts() -> Value {
    serde_json::from_str(include_str!("../../gate-host/src/page/assets/texts.json")).unwrap()
}

/// What `texts.json` has for this moment and language, in the order of reading.
fn wanted(text: &Value, language: &str) -> Vec<String> {
    ["say", "more"]
        .iter()
        .filter_map(|part| text[language][part].as_str())
        .map(str::to_owned)
        .collect()
}

/// Runs `scene` in a browser and always ends the browser afterwards.
fn in_browser(flags: &[&str], scene: impl AsyncFnOnce(&Browser) -> Result<()>) {
    let Some(installed) = browser::installed() else {
        browser::say_skipped();
        return;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let result = runtime.block_on(async {
        let browser = Browser::start(&installed, flags).await?;
        let result = scene(&browser).await;
        browser.close().await?;
        result
    });
    result.unwrap();
}

#[test]
fn every_screen_has_its_picture_and_words_and_fits_both_displays() {
    in_browser(&[], async |browser| {
        let texts = texts();
        let gate = Gate::open(0, Screen::OutOfService).await?;
        browser.client.goto(&gate.url()).await?;
        for typeface in TYPEFACES {
            let set = format!("document.body.style.fontFamily = '{typeface}'");
            browser.run(&set).await?;
            for size in SIZES {
                browser.resize(size).await?;
                for screen in every_screen() {
                    browser.painted(gate.show(screen)).await?;
                    let seen = look(browser).await?;
                    check(screen, &seen, &texts)
                        .with_context(|| format!("{typeface}, {size:?}"))?;
                }
            }
        }
        Ok(())
    });
}

fn check(screen: Screen, seen: &Seen, texts: &Value) -> Result<()> {
    let text = &texts[&seen.moment];
    let name = &seen.moment;
    ensure!(
        name.starts_with(&seen.screen),
        "{screen:?} is shown as {name}"
    );
    ensure!(
        serde_json::to_value(screen)?["screen"] == *seen.screen,
        "{screen:?} is shown as {name}"
    );
    ensure!(seen.tone == text["tone"], "{name}: tone {}", seen.tone);
    ensure!(
        seen.shapes == [&*seen.tone],
        "{name}: shapes {:?}",
        seen.shapes
    );
    let picture = text["picture"].as_str().unwrap_or_default();
    ensure!(
        seen.pictures == [picture],
        "{name}: pictures {:?}",
        seen.pictures
    );
    ensure!(seen.vi == wanted(text, "vi"), "{name}: says {:?}", seen.vi);
    ensure!(seen.en == wanted(text, "en"), "{name}: says {:?}", seen.en);
    ensure!(seen.announced, "{name}: not told to screen readers");
    ensure!(
        seen.clipped.is_empty(),
        "{name}: clipped {:?}",
        seen.clipped
    );
    ensure!(seen.contrast >= 7.0, "{name}: contrast {}", seen.contrast);
    ensure!(
        seen.smallest >= 28.0,
        "{name}: letters of {} px",
        seen.smallest
    );
    let (percent, reminded) = match screen {
        Screen::KeepDocument { percent } => (Some(percent), false),
        Screen::LookHere { percent, .. } => (Some(percent), percent < 100),
        _ => (None, false),
    };
    let percent = percent.map(|percent| percent.to_string());
    ensure!(
        seen.percent == percent,
        "{name}: progress {:?}",
        seen.percent
    );
    ensure!(
        seen.drawn_percent == percent,
        "{name}: ring {:?}",
        seen.drawn_percent
    );
    ensure!(
        seen.reminded == reminded,
        "{name}: reminder {}",
        seen.reminded
    );
    Ok(())
}

#[test]
fn progress_moves_the_ring_without_saying_the_words_again() {
    in_browser(&[], async |browser| {
        let gate = Gate::open(0, Screen::KeepDocument { percent: 0 }).await?;
        browser.client.goto(&gate.url()).await?;
        browser
            .wait("return document.body.dataset.screen === 'keep-document'")
            .await?;
        browser
            .run(
                "window.said = 0; new MutationObserver(() => { window.said += 1; }).observe(\
                 document.querySelector('[aria-live]'),\
                 { subtree: true, childList: true, characterData: true })",
            )
            .await?;
        for percent in [1, 30, 99, 100] {
            browser
                .painted(gate.show(Screen::KeepDocument { percent }))
                .await?;
            let seen = look(browser).await?;
            ensure!(seen.drawn_percent == Some(percent.to_string()));
        }
        ensure!(browser.run("return window.said").await? == 0);
        let done = Screen::LookHere {
            hint: FaceHint::None,
            percent: 100,
        };
        browser.painted(gate.show(done)).await?;
        ensure!(
            !look(browser).await?.reminded,
            "the chip is read: nothing to leave there"
        );
        ensure!(browser.run("return window.said > 0").await? == true);
        Ok(())
    });
}

#[test]
fn a_lost_daemon_closes_the_lane_on_screen_until_it_comes_back() {
    in_browser(&[], async |browser| {
        let hint = DocumentHint::None;
        let gate = Gate::open(0, Screen::PlaceDocument { hint }).await?;
        browser.client.goto(&gate.url()).await?;
        browser
            .wait("return document.body.dataset.screen === 'place-document'")
            .await?;

        let port = gate.close().await?;
        browser
            .wait("return document.body.dataset.screen === 'out-of-service'")
            .await?;
        let seen = look(browser).await?;
        ensure!(seen.pictures == ["closed"] && seen.tone == "closed");
        ensure!(seen.vi == wanted(&texts()["out-of-service"], "vi"));

        let gate = Gate::open(port, Screen::Welcome).await?;
        browser
            .wait("return document.body.dataset.screen === 'welcome'")
            .await?;
        browser.painted(gate.show(Screen::StepIn)).await?;
        Ok(())
    });
}

#[test]
fn a_daemon_that_falls_silent_closes_the_lane_on_screen() {
    in_browser(&[], async |browser| {
        let gate = Gate::open(0, Screen::Welcome).await?;
        browser.client.goto(&gate.url()).await?;
        browser
            .wait("return document.body.dataset.screen === 'welcome'")
            .await?;
        // The connection stays, but nothing comes any more: as if the daemon hung.
        let port = gate.close().await?;
        let hung = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
        browser
            .wait("return document.body.dataset.screen === 'out-of-service'")
            .await?;
        drop(hung);
        let _gate = Gate::open(port, Screen::Go).await?;
        browser
            .wait("return document.body.dataset.screen === 'go'")
            .await
    });
}

#[test]
fn who_wants_no_motion_gets_none_and_still_sees_every_picture() {
    in_browser(&["--force-prefers-reduced-motion"], async |browser| {
        let gate = Gate::open(0, Screen::OutOfService).await?;
        browser.client.goto(&gate.url()).await?;
        for screen in every_screen() {
            browser.painted(gate.show(screen)).await?;
            ensure!(
                browser
                    .run("return document.getAnimations().length")
                    .await?
                    == 0
            );
            ensure!(look(browser).await?.pictures.len() == 1, "{screen:?}");
        }
        Ok(())
    });
}

#[test]
fn the_page_loads_nothing_from_elsewhere_and_breaks_no_policy() {
    in_browser(&[], async |browser| {
        let gate = Gate::open(0, Screen::Welcome).await?;
        browser.client.goto(&gate.url()).await?;
        browser
            .wait("return document.body.dataset.screen === 'welcome'")
            .await?;
        let foreign = browser
            .run(
                "return performance.getEntriesByType('resource').map((entry) => entry.name)\
                 .filter((name) => !name.startsWith(location.origin))",
            )
            .await?;
        ensure!(foreign == Value::Array(vec![]), "{foreign}");
        // A script that gets into the page by any other way does not run.
        browser
            .run(
                "const script = document.createElement('script');\
                 script.append('window.stranger = true'); document.body.append(script)",
            )
            .await
            .ok();
        ensure!(browser.run("return window.stranger === undefined").await? == true);
        Ok(())
    });
}
