//! Follows the traveller's page as a browser does.

use gate_session::Screen;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;

/// A page that says nothing for so long has lost its daemon.
const SILENT: Duration = Duration::from_secs(5);
/// How soon a browser asks again.
const AGAIN: Duration = Duration::from_millis(100);

/// A page that is followed for as long as the runtime lives.
pub(super) struct Page {
    screen: watch::Receiver<Screen>,
    lines: Arc<Mutex<String>>,
}

impl Page {
    pub(super) fn follow(address: SocketAddr) -> Self {
        let (shown, screen) = watch::channel(Screen::OutOfService);
        let lines = Arc::new(Mutex::new(String::new()));
        let kept = lines.clone();
        tokio::spawn(async move {
            while !shown.is_closed() {
                // Whatever ends the stream, a page without a daemon says that the lane is closed.
                let _ended = read(address, &shown, &kept).await;
                shown.send_replace(Screen::OutOfService);
                tokio::time::sleep(AGAIN).await;
            }
        });
        Self { screen, lines }
    }

    pub(super) fn screen(&self) -> Screen {
        *self.screen.borrow()
    }

    /// The screen, if it is another than when last asked.
    pub(super) fn changed(&mut self) -> Option<Screen> {
        let changed = self.screen.has_changed().unwrap_or(false);
        changed.then(|| *self.screen.borrow_and_update())
    }

    /// Every line that ever came.
    pub(super) fn text(&self) -> String {
        self.lines
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Every screen that ever came.
    pub(super) fn screens(&self) -> Vec<Screen> {
        self.text().lines().filter_map(screen).collect()
    }
}

async fn read(
    address: SocketAddr,
    shown: &watch::Sender<Screen>,
    kept: &Mutex<String>,
) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    // HTTP/1.0: the answer comes without chunks and ends with the connection.
    let request =
        format!("GET /events HTTP/1.0\r\nHost: {address}\r\nAccept: text/event-stream\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut lines = BufReader::new(stream).lines();
    while let Some(line) = timeout(SILENT, lines.next_line()).await?? {
        if let Some(screen) = screen(&line) {
            shown.send_replace(screen);
        }
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push_str(&line);
        kept.push('\n');
    }
    Ok(())
}

fn screen(line: &str) -> Option<Screen> {
    serde_json::from_str(line.strip_prefix("data:")?.trim()).ok()
}
