//! A network camera: MJPEG over HTTP, as such cameras serve it.

mod scene;

pub use scene::{Format, Scene, Sight, portrait};

use crate::stream::{Piece, Stream, StreamFault};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};

/// How the camera misbehaves from now on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum CameraFault {
    /// Not at all.
    #[default]
    None,
    /// The connection stays, no frame comes.
    Frozen,
    /// Every connection is closed at once.
    Closed,
    /// Parts of the announced length, but no pictures.
    Garbage,
    /// Pictures that break off in the middle, as over a cable that fails.
    Torn,
}

/// What the camera sends, and since when.
#[derive(Clone, Debug)]
struct Shown {
    scene: Scene,
    since: Instant,
    fault: CameraFault,
}

/// A simulated camera. It serves until it is dropped.
#[derive(Debug)]
pub struct Camera {
    address: SocketAddr,
    shown: watch::Sender<Shown>,
    line: Line,
}

/// What happens to the bytes of every connection.
type Line = Arc<Mutex<Stream>>;

/// Path of the stream.
const PATH: &str = "/stream.mjpeg";
/// What separates the frames.
const BOUNDARY: &str = "frame";
/// A client must have asked for the stream by then, in this many bytes.
const ASKED_WITHIN: Duration = Duration::from_secs(5);
const REQUEST_MAX: usize = 4_096;
/// One byte in so many is hurt while the line is bad: one or two of a picture.
const HURT_ONE_IN: u32 = 20_000;
/// Decides which.
const LINE_SEED: u64 = 8;
/// A client that takes no bytes for so long is gone.
const STALLED: Duration = Duration::from_secs(5);

impl Camera {
    /// Serves `scene` on a free port of this machine, `format.rate` frames a second.
    ///
    /// # Errors
    ///
    /// What the system says when no port can be had.
    pub async fn start(format: Format, scene: Scene) -> io::Result<Self> {
        Self::listen(SocketAddr::from(([127, 0, 0, 1], 0)), format, scene).await
    }

    /// The same on an address of the caller's choice.
    ///
    /// # Errors
    ///
    /// What the system says when the address cannot be had.
    pub async fn listen(address: SocketAddr, format: Format, scene: Scene) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let now = Instant::now();
        let (shown, watched) = watch::channel(Shown {
            scene,
            since: now,
            fault: CameraFault::None,
        });
        let line = Arc::new(Mutex::new(Stream::new(LINE_SEED, HURT_ONE_IN)));
        let sent = Arc::clone(&line);
        tokio::spawn(accept(listener, watched, sent, format.rate.max(1)));
        Ok(Self {
            address,
            shown,
            line,
        })
    }

    /// Where the stream is.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}{PATH}", self.address)
    }

    /// Shows `scene` from its beginning.
    pub fn show(&self, scene: Scene) {
        self.shown.send_modify(|shown| {
            shown.scene = scene;
            shown.since = Instant::now();
        });
    }

    /// Misbehaves from now on.
    pub fn fault(&self, fault: CameraFault) {
        self.shown.send_modify(|shown| shown.fault = fault);
    }

    /// A fault of its connections begins or ends.
    pub fn stream(&self, fault: StreamFault, begins: bool) {
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        line.suffer(fault, begins);
    }
}

/// What arrives of a part, and when.
fn carry(line: &Line, part: &[u8]) -> Vec<Piece> {
    let mut line = line.lock().unwrap_or_else(PoisonError::into_inner);
    line.carry(part)
}

async fn accept(listener: TcpListener, mut shown: watch::Receiver<Shown>, line: Line, rate: u32) {
    loop {
        let client = tokio::select! {
            client = listener.accept() => client,
            dropped = shown.wait_for(|_| false) => match dropped {
                Ok(_) => continue,
                Err(_) => return,
            },
        };
        if let Ok((client, _)) = client {
            tokio::spawn(serve(client, shown.clone(), Arc::clone(&line), rate));
        }
    }
}

/// Serves one client until it or the camera goes.
async fn serve(mut client: TcpStream, shown: watch::Receiver<Shown>, line: Line, rate: u32) {
    // However it ends, the client sees the end of the connection and comes again.
    let _ = stream(&mut client, shown, line, rate).await;
}

async fn stream(
    client: &mut TcpStream,
    shown: watch::Receiver<Shown>,
    line: Line,
    rate: u32,
) -> io::Result<()> {
    client.set_nodelay(true)?;
    let path = timeout(ASKED_WITHIN, request(client)).await??;
    if path != PATH {
        let refusal = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        return client.write_all(refusal).await;
    }
    let head = format!(
        "HTTP/1.1 200 OK\r\nConnection: close\r\nCache-Control: no-cache\r\n\
         Content-Type: multipart/x-mixed-replace; boundary={BOUNDARY}\r\n\r\n"
    );
    client.write_all(head.as_bytes()).await?;
    let mut tick = interval(Duration::from_secs(1) / rate);
    tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        tick.tick().await;
        if shown.has_changed().is_err() {
            return Ok(()); // the camera is gone
        }
        let part = {
            let shown = shown.borrow();
            match shown.fault {
                CameraFault::None => part(shown.scene.frame(count(&shown, rate))),
                CameraFault::Torn => {
                    let whole = shown.scene.frame(count(&shown, rate));
                    part(&whole[..whole.len() / 2])
                }
                CameraFault::Garbage => part(&[0x55; 2_000]),
                CameraFault::Frozen => continue,
                CameraFault::Closed => return Ok(()),
            }
        };
        for piece in carry(&line, &part) {
            sleep(piece.after).await;
            timeout(STALLED, client.write_all(&piece.bytes)).await??;
        }
    }
}

/// How many frames the scene has been shown for.
fn count(shown: &Shown, rate: u32) -> usize {
    (shown.since.elapsed().as_secs_f64() * f64::from(rate)) as usize
}

fn part(jpeg: &[u8]) -> Vec<u8> {
    let mut part = format!(
        "--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {}\r\n\r\n",
        jpeg.len()
    )
    .into_bytes();
    part.extend_from_slice(jpeg);
    part.extend_from_slice(b"\r\n");
    part
}

/// Reads the head of a request and gives its path.
async fn request(client: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() >= REQUEST_MAX {
            return Err(io::ErrorKind::InvalidData.into());
        }
        head.push(client.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head);
    let path = head.split_whitespace().nth(1).unwrap_or_default();
    Ok(path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::RgbImage;

    const SMALL: Format = Format {
        width: 32,
        height: 32,
        rate: 100,
    };

    async fn camera() -> (Camera, TcpStream) {
        let scene = Scene::draw(Sight::Empty, SMALL, 1);
        let camera = Camera::start(SMALL, scene).await.unwrap();
        let mut client = TcpStream::connect(camera.address).await.unwrap();
        client
            .write_all(b"GET /stream.mjpeg HTTP/1.1\r\nHost: x\r\n\r\n")
            .await
            .unwrap();
        (camera, client)
    }

    /// Reads one line without its end.
    async fn line(client: &mut TcpStream) -> String {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            line.push(client.read_u8().await.unwrap());
        }
        String::from_utf8(line).unwrap().trim_end().to_owned()
    }

    async fn next_part(client: &mut TcpStream) -> Vec<u8> {
        while line(client).await != "--frame" {}
        assert_eq!(line(client).await, "Content-Type: image/jpeg");
        let length = line(client).await;
        let length: usize = length
            .strip_prefix("Content-Length: ")
            .unwrap()
            .parse()
            .unwrap();
        assert_eq!(line(client).await, "");
        let mut jpeg = vec![0; length];
        client.read_exact(&mut jpeg).await.unwrap();
        jpeg
    }

    #[tokio::test]
    async fn frames_are_parts_with_a_length() {
        let (_camera, mut client) = camera().await;
        assert_eq!(line(&mut client).await, "HTTP/1.1 200 OK");
        for _ in 0..3 {
            let jpeg = next_part(&mut client).await;
            let picture = image::load_from_memory(&jpeg).unwrap();
            assert_eq!((picture.width(), picture.height()), (32, 32));
        }
    }

    #[tokio::test]
    async fn another_scene_is_seen_without_connecting_again() {
        let (camera, mut client) = camera().await;
        let bright = RgbImage::from_pixel(32, 32, image::Rgb([255; 3]));
        let middle = |jpeg: &[u8]| {
            image::load_from_memory(jpeg)
                .unwrap()
                .to_luma8()
                .get_pixel(16, 20)
                .0[0]
        };
        let before = middle(&next_part(&mut client).await);
        camera.show(Scene::draw(Sight::Face(&bright), SMALL, 1));
        let mut after = before;
        for _ in 0..50 {
            after = middle(&next_part(&mut client).await);
        }
        assert!(after > before + 50, "{before} {after}");
    }

    #[tokio::test]
    async fn a_closed_camera_ends_the_stream_and_garbage_is_no_picture() {
        let (camera, mut client) = camera().await;
        camera.fault(CameraFault::Garbage);
        let mut jpeg = next_part(&mut client).await;
        for _ in 0..50 {
            jpeg = next_part(&mut client).await;
        }
        assert!(image::load_from_memory(&jpeg).is_err());
        camera.fault(CameraFault::Closed);
        let mut rest = Vec::new();
        client.read_to_end(&mut rest).await.unwrap();
    }

    #[tokio::test]
    async fn a_picture_that_comes_in_pieces_is_the_same_picture() {
        let (camera, mut client) = camera().await;
        camera.stream(StreamFault::Splits, true);
        for _ in 0..3 {
            let jpeg = next_part(&mut client).await;
            assert!(image::load_from_memory(&jpeg).is_ok());
        }
    }

    #[tokio::test]
    async fn another_path_is_not_found() {
        let (camera, _) = camera().await;
        let mut client = TcpStream::connect(camera.address).await.unwrap();
        client.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
        assert_eq!(line(&mut client).await, "HTTP/1.1 404 Not Found");
    }
}
