//! Follows the traveller's page as a browser does, so that simulated people see what real ones do.

use anyhow::{Context, bail};
use gate_session::Screen;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, timeout};

/// A page that says nothing for so long has lost its daemon.
const SILENT: Duration = Duration::from_secs(5);

/// Follows the page at `address` until it ends; what it shows comes out of the channel.
pub(crate) fn follow(address: SocketAddr) -> watch::Receiver<Screen> {
    follow_all(address).0
}

/// The same, and every screen in its order, however short it stood.
pub(crate) fn follow_all(
    address: SocketAddr,
) -> (watch::Receiver<Screen>, mpsc::UnboundedReceiver<Screen>) {
    let (shown, screen) = watch::channel(Screen::OutOfService);
    let (each, all) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let show = |screen| {
            if shown.send_replace(screen) != screen {
                // Whoever looks at the last one only has dropped the other end.
                let _ = each.send(screen);
            }
        };
        while !shown.is_closed() {
            // Whatever ends the stream, a page without a daemon says that the lane is closed.
            let _ended = read(address, &show).await;
            show(Screen::OutOfService);
            sleep(Duration::from_millis(100)).await;
        }
    });
    (screen, all)
}

async fn read(address: SocketAddr, show: &impl Fn(Screen)) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    // HTTP/1.0: the answer comes without chunks and ends with the connection.
    stream
        .write_all(
            format!("GET /events HTTP/1.0\r\nHost: {address}\r\nAccept: text/event-stream\r\n\r\n")
                .as_bytes(),
        )
        .await?;
    let mut lines = BufReader::new(stream).lines();
    loop {
        let Some(line) = timeout(SILENT, lines.next_line()).await?? else {
            bail!("stream ended");
        };
        if let Some(data) = line.strip_prefix("data:")
            && let Ok(screen) = serde_json::from_str::<Screen>(data.trim())
        {
            show(screen);
        }
    }
}

/// Waits until the page shows what `wanted` wants, at most for `limit`.
pub(crate) async fn wait(
    screen: &mut watch::Receiver<Screen>,
    limit: Duration,
    wanted: impl Fn(Screen) -> bool,
) -> anyhow::Result<Duration> {
    let started = Instant::now();
    match timeout(limit, screen.wait_for(|screen| wanted(*screen)))
        .await
        .map(|found| found.map(drop))
    {
        Ok(found) => found.context("the page is followed no more")?,
        Err(_) => bail!(
            "the page still shows {:?} after {limit:?}",
            *screen.borrow()
        ),
    }
    Ok(started.elapsed())
}
