//! A real browser that looks at the real traveller page.
//!
//! Chromium is driven over WebDriver: the protocol is a standard, and Debian builds the
//! driver together with the browser, so the two always fit. Crates that speak DevTools
//! carry the protocol of one browser release. Of the WebDriver crates `fantoccini` is
//! the small one: over plain HTTP it needs no TLS, and its client is the `hyper` that
//! the HTTP server brings anyway.
#![allow(
    unreachable_pub,
    dead_code,
    reason = "a test and an example share this module, each its own part"
)]

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use fantoccini::{Client, ClientBuilder};
use gate_host::page::{Published, serve};
use gate_session::Screen;
use gate_sim::tools::passed_over;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// The two screens that gates have: upright and across, in pixels.
pub const SIZES: [(u32, u32); 2] = [(1080, 1920), (1280, 800)];

/// Longer than anything here takes, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

const FLAGS: [&str; 11] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--force-device-scale-factor=1",
];

/// Where the browser and its driver are, or nothing when one of them is missing.
pub fn installed() -> Option<(PathBuf, PathBuf)> {
    let find = |name: &str| {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path)
            .map(|folder| folder.join(name))
            .find(|file| file.is_file())
    };
    Some((find("chromium")?, find("chromedriver")?))
}

/// Says on standard error why a test did nothing.
pub fn say_skipped() {
    passed_over("the Debian packages chromium and chromium-driver are missing");
}

/// A window of a browser with a fresh profile.
pub struct Browser {
    pub client: Client,
    _driver: Child,
    _profile: TempDir,
}

impl Browser {
    /// Starts driver and browser. More `flags` are added to the usual ones.
    pub async fn start((chromium, driver): &(PathBuf, PathBuf), flags: &[&str]) -> Result<Self> {
        let profile = tempfile::tempdir()?;
        let (driver, port) = start_driver(driver.as_os_str()).await?;
        let folder = format!("--user-data-dir={}", profile.path().display());
        let args: Vec<&str> = FLAGS
            .iter()
            .chain(flags)
            .copied()
            .chain([&*folder])
            .collect();
        let options = json!({ "goog:chromeOptions": { "binary": chromium, "args": args } });
        let Value::Object(options) = options else {
            bail!("capabilities are an object");
        };
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(options)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await?;
        Ok(Self {
            client,
            _driver: driver,
            _profile: profile,
        })
    }

    /// Makes the page itself (not the window round it) `width` by `height` pixels.
    pub async fn resize(&self, (width, height): (u32, u32)) -> Result<()> {
        self.client.set_window_size(width, height).await?;
        let frame = "return [outerWidth - innerWidth, outerHeight - innerHeight]";
        let frame: (u32, u32) = serde_json::from_value(self.run(frame).await?)?;
        self.client
            .set_window_size(width + frame.0, height + frame.1)
            .await?;
        let size = format!("return innerWidth === {width} && innerHeight === {height}");
        self.wait(&size).await
    }

    /// Runs a script in the page.
    pub async fn run(&self, script: &str) -> Result<Value> {
        Ok(self.client.execute(script, vec![]).await?)
    }

    /// Asks the page again and again until `condition` returns true.
    pub async fn wait(&self, condition: &str) -> Result<()> {
        let until_true = async {
            while self.run(condition).await? != Value::Bool(true) {}
            Ok(())
        };
        timeout(PATIENCE, until_true)
            .await
            .with_context(|| format!("the page never came to: {condition}"))?
    }

    /// Waits until the page has painted what was published, and returns the
    /// milliseconds from publishing to paint.
    pub async fn painted(&self, published: Published) -> Result<i64> {
        let since = published.since.as_millisecond();
        self.wait(&format!("return window.paintedAt?.since_ms === {since}"))
            .await?;
        let painted = self.run("return window.paintedAt.painted_ms").await?;
        Ok(painted.as_i64().context("a time in milliseconds")? - since)
    }

    /// Ends the browser; the driver ends with this value.
    pub async fn close(self) -> Result<()> {
        Ok(self.client.close().await?)
    }
}

async fn start_driver(program: &OsStr) -> Result<(Child, u16)> {
    let mut driver = Command::new(program)
        .arg("--port=0")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    let stdout = driver.stdout.take().context("standard output is piped")?;
    let mut lines = BufReader::new(stdout).lines();
    let port = async {
        while let Some(line) = lines.next_line().await? {
            if let Some((_, port)) = line.split_once("started successfully on port ") {
                return Ok(port.trim_end_matches('.').parse()?);
            }
        }
        bail!("chromedriver ended before it named its port")
    };
    let port = timeout(PATIENCE, port).await??;
    Ok((driver, port))
}

/// The real server with the lane's end of its channel.
pub struct Gate {
    pub port: u16,
    lane: watch::Sender<Published>,
    stop: oneshot::Sender<()>,
    server: JoinHandle<std::io::Result<()>>,
}

impl Gate {
    /// Serves `screen` on a loopback port; port 0 takes a free one.
    pub async fn open(port: u16, screen: Screen) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", port)).await?;
        let port = listener.local_addr()?.port();
        let (lane, screens) = watch::channel(now(screen));
        let (stop, stopped) = oneshot::channel::<()>();
        let server = tokio::spawn(serve(listener, screens, async move {
            stopped.await.ok();
        }));
        Ok(Self {
            port,
            lane,
            stop,
            server,
        })
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// Shows `screen` from now on.
    pub fn show(&self, screen: Screen) -> Published {
        let mut published = now(screen);
        // Two screens within a millisecond must still be told apart.
        let before = self.lane.borrow().since;
        if published.since.as_millisecond() == before.as_millisecond() {
            published.since += jiff::SignedDuration::from_millis(1);
        }
        self.lane.send_replace(published);
        published
    }

    /// Stops the server and returns its port, so that it can come back there.
    pub async fn close(self) -> Result<u16> {
        ensure!(self.stop.send(()).is_ok(), "the server ended too early");
        self.server.await??;
        Ok(self.port)
    }
}

fn now(screen: Screen) -> Published {
    Published {
        screen,
        traveller: 1,
        since: jiff::Timestamp::now(),
    }
}
