//! Looks at the traveller page in Chromium.
//!
//! ```text
//! cargo run -p gate-tests --example traveller_page -- screenshots FOLDER
//! cargo run -p gate-tests --example traveller_page -- latency [CHANGES]
//! ```
//!
//! `screenshots` writes a picture of every state in both sizes. `latency` prints the
//! time from publishing a screen to its paint.

#[path = "../tests/browser/mod.rs"]
mod browser;

use std::path::Path;

use anyhow::{Context, Result, bail};
use browser::{Browser, Gate, SIZES};
use gate_host::page::every_screen;
use gate_session::Screen;

#[tokio::main]
async fn main() -> Result<()> {
    let installed = browser::installed().context("apt install chromium chromium-driver")?;
    let browser = Browser::start(&installed, &[]).await?;
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments[..] {
        ["screenshots", folder] => screenshots(&browser, Path::new(folder)).await,
        ["latency"] => latency(&browser, 200).await,
        ["latency", changes] => latency(&browser, changes.parse()?).await,
        _ => bail!("screenshots FOLDER, or latency [CHANGES]"),
    };
    browser.close().await?;
    done
}

async fn screenshots(browser: &Browser, folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    let gate = Gate::open(0, Screen::OutOfService).await?;
    browser.client.goto(&gate.url()).await?;
    for size in SIZES {
        browser.resize(size).await?;
        for screen in every_screen() {
            browser.painted(gate.show(screen)).await?;
            // Half a second into its motion, a figure is neither at rest nor gone.
            browser
                .run("document.getAnimations().forEach((a) => { a.pause(); a.currentTime = 500; })")
                .await?;
            let name = browser.run("return document.body.dataset.moment").await?;
            let name = name.as_str().context("a moment has a name")?;
            let file = folder.join(format!("{}x{}-{name}.png", size.0, size.1));
            std::fs::write(&file, browser.client.screenshot().await?)?;
            println!("{}", file.display());
        }
    }
    Ok(())
}

async fn latency(browser: &Browser, changes: usize) -> Result<()> {
    let gate = Gate::open(0, Screen::OutOfService).await?;
    browser.client.goto(&gate.url()).await?;
    browser.resize(SIZES[0]).await?;
    let screens: Vec<Screen> = every_screen().collect();
    let mut times = Vec::with_capacity(changes);
    for screen in screens.iter().cycle().take(changes) {
        times.push(browser.painted(gate.show(*screen)).await?);
    }
    times.sort_unstable();
    let at =
        |share: usize| times.get((times.len() * share / 100).min(times.len().saturating_sub(1)));
    let (p50, p95, p100) = (at(50), at(95), at(100));
    let (Some(p50), Some(p95), Some(p100)) = (p50, p95, p100) else {
        bail!("at least one change is needed");
    };
    println!("{changes} changes, event to paint: p50 {p50} ms, p95 {p95} ms, longest {p100} ms");
    Ok(())
}
