//! The camera: MJPEG over HTTP, as network cameras serve it.
//!
//! One task follows the stream and keeps only the newest frame; whoever looks at frames takes it when
//! free. A camera that sends nothing for [`STALL`] is lost, is called again with growing pauses, and is
//! found with its next frame.
//!
//! The client is hyper: it is in the daemon anyway for the traveller page, bounds heads by itself and
//! gives the body as it arrives. A larger client would add redirects, cookies, TLS and name look-up
//! caches that a camera on the lane's own cable does not need.

pub mod parts;

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use gate_face::Picture;
use gate_face::picture::PictureError;
use gate_protocol::Instant;
use http_body_util::{BodyExt as _, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::{Request, Response, StatusCode, Uri, header};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tracing::{info, warn};
use zeroize::Zeroizing;

use crate::clock::Clock;
use parts::Parts;
pub use parts::PartsError;

/// Longest silence of a camera that works: even five frames a second leave four in it.
pub const STALL: Duration = Duration::from_secs(1);

/// Longest wait for connection and answer.
const ANSWER: Duration = Duration::from_secs(2);

/// First and longest pause before a lost camera is called again.
const PAUSES: [Duration; 2] = [Duration::from_millis(250), Duration::from_secs(4)];

/// Every JPEG begins with these.
const JPEG: [u8; 2] = [0xff, 0xd8];

/// Where the camera is.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CameraSettings {
    /// Its stream: `http://192.168.1.20/mjpeg`.
    pub url: CameraUrl,
}

/// An address of a stream: `http`, with a host.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct CameraUrl {
    host: String,
    port: u16,
    path: String,
}

/// Why there are no frames. All but [`CameraError::Url`] may go by themselves.
#[derive(Debug, thiserror::Error)]
pub enum CameraError {
    /// Correct the settings.
    #[error("camera address must be like http://192.168.1.20/mjpeg, without user and password")]
    Url,
    /// Cable, power, address.
    #[error("camera cannot be reached")]
    Connect(#[source] std::io::Error),
    /// The camera took the call and then said nothing.
    #[error("camera gave no answer within {ANSWER:?}")]
    NoAnswer,
    /// Not an HTTP server, or one that broke off.
    #[error("camera broke off")]
    Http(#[from] hyper::Error),
    /// Wrong path, or the camera wants a password.
    #[error("camera answered {found}, expected 200 OK")]
    Status {
        /// What it answered.
        found: StatusCode,
    },
    /// Wrong path: this one is no MJPEG stream.
    #[error("camera sends no multipart/x-mixed-replace with a boundary")]
    Kind,
    /// Something else comes over the stream.
    #[error("camera stream cannot be read: {0}")]
    Parts(#[from] PartsError),
    /// The parts are no pictures.
    #[error("camera sends something other than JPEG")]
    NotJpeg,
    /// The camera hangs.
    #[error("camera sent no frame for {STALL:?}")]
    Stalled,
    /// The camera ended the stream.
    #[error("camera ended the stream")]
    Ended,
}

/// A frame as it came from the camera. Its bytes are zeroed when dropped.
pub struct Frame {
    /// When its last byte had arrived.
    pub at: Instant,
    /// When the frame before it had arrived, taken by anybody or not: since then the camera has
    /// been busy with this one.
    pub since: Instant,
    jpeg: Zeroizing<Vec<u8>>,
}

/// A camera that is followed until it is dropped.
#[derive(Debug)]
pub struct Camera {
    slot: Arc<Slot>,
    task: JoinHandle<()>,
}

/// The newest frame that nobody has taken.
#[derive(Debug, Default)]
struct Slot {
    frame: Mutex<Option<Frame>>,
    filled: Condvar,
}

/// What following a camera needs besides the connection.
struct Follower<F> {
    url: CameraUrl,
    clock: Clock,
    slot: Arc<Slot>,
    on_state: F,
    /// What was last told.
    works: Option<bool>,
    pause: Duration,
}

impl Camera {
    /// Follows the camera. `on_state` hears `true` with the first frame and `false` when no more come,
    /// also when none ever came.
    ///
    /// # Panics
    ///
    /// Outside a tokio runtime.
    #[must_use]
    pub fn spawn(
        settings: CameraSettings,
        clock: Clock,
        on_state: impl FnMut(bool) + Send + 'static,
    ) -> Self {
        let slot = Arc::new(Slot::default());
        let follower = Follower {
            url: settings.url,
            clock,
            slot: Arc::clone(&slot),
            on_state,
            works: None,
            pause: PAUSES[0],
        };
        Self {
            slot,
            task: tokio::spawn(follower.run()),
        }
    }

    /// Takes the newest frame, waiting for one as long as `patience`. Blocks: not for async threads.
    #[must_use]
    pub fn next(&self, patience: Duration) -> Option<Frame> {
        let frame = self.slot.lock();
        let waited = self
            .slot
            .filled
            .wait_timeout_while(frame, patience, |frame| frame.is_none());
        waited.unwrap_or_else(PoisonError::into_inner).0.take()
    }
}

impl Drop for Camera {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Frame {
    /// The picture. Takes some milliseconds: not for async threads.
    ///
    /// # Errors
    ///
    /// [`PictureError`] for a torn frame.
    pub fn decode(&self) -> Result<Picture, PictureError> {
        Picture::from_jpeg(&self.jpeg)
    }

    /// The file as it came.
    pub(super) fn jpeg(&self) -> &[u8] {
        &self.jpeg
    }
}

impl std::fmt::Debug for Frame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Frame({:?}, {} bytes, …)", self.at, self.jpeg.len())
    }
}

impl Slot {
    fn lock(&self) -> MutexGuard<'_, Option<Frame>> {
        self.frame.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, frame: Frame) {
        *self.lock() = Some(frame);
        self.filled.notify_all();
    }

    /// A frame from before the camera was lost shows the past.
    fn clear(&self) {
        *self.lock() = None;
    }
}

impl<F: FnMut(bool) + Send> Follower<F> {
    async fn run(mut self) {
        loop {
            let problem = match connect(&self.url).await {
                Ok(stream) => self.follow(stream).await,
                Err(problem) => problem,
            };
            self.lost(&problem);
            sleep(self.pause).await;
            self.pause = (self.pause * 2).min(PAUSES[1]);
        }
    }

    /// Takes frames until there is a problem.
    async fn follow<S>(&mut self, stream: S) -> CameraError
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        match self.take_frames(stream).await {
            Ok(never) => match never {},
            Err(problem) => problem,
        }
    }

    async fn take_frames<S>(&mut self, stream: S) -> Result<std::convert::Infallible, CameraError>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let asked = timeout(ANSWER, ask(stream, &self.url)).await;
        let (_connection, response) = asked.map_err(|_| CameraError::NoAnswer)??;
        let mut parts = Parts::new(&boundary(&response)?);
        let mut body = response.into_body();
        let mut last = self.clock.now();
        loop {
            // Bytes that never become a frame do not count as a sign of life.
            let frame = timeout(STALL, next_frame(&mut body, &mut parts)).await;
            let jpeg = frame.map_err(|_| CameraError::Stalled)??;
            if !jpeg.starts_with(&JPEG) {
                return Err(CameraError::NotJpeg);
            }
            let at = self.clock.now();
            let since = std::mem::replace(&mut last, at);
            self.slot.put(Frame { at, since, jpeg });
            self.found();
        }
    }

    fn found(&mut self) {
        self.pause = PAUSES[0];
        if self.works != Some(true) {
            info!(host = self.url.host, "camera found");
            self.works = Some(true);
            (self.on_state)(true);
        }
    }

    fn lost(&mut self, problem: &CameraError) {
        self.slot.clear();
        if self.works != Some(false) {
            warn!(host = self.url.host, %problem, "camera lost");
            self.works = Some(false);
            (self.on_state)(false);
        }
    }
}

async fn connect(url: &CameraUrl) -> Result<TcpStream, CameraError> {
    let connected = timeout(ANSWER, TcpStream::connect((&url.host[..], url.port))).await;
    connected
        .map_err(|_| CameraError::NoAnswer)?
        .map_err(CameraError::Connect)
}

/// Ends the connection's task with its owner.
struct Connection(JoinHandle<()>);

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn ask<S>(stream: S, url: &CameraUrl) -> Result<(Connection, Response<Incoming>), CameraError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let connection = Connection(tokio::spawn(async move {
        // However it ends, the body of the answer says so.
        let _ = connection.await;
    }));
    let request = Request::get(&url.path)
        .header(header::HOST, format!("{}:{}", url.host, url.port))
        .body(Empty::<Bytes>::new())
        .map_err(|_| CameraError::Url)?;
    let response = sender.send_request(request).await?;
    match response.status() {
        StatusCode::OK => Ok((connection, response)),
        found => Err(CameraError::Status { found }),
    }
}

/// What separates the frames.
fn boundary(response: &Response<Incoming>) -> Result<String, CameraError> {
    let kind = response
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    boundary_of(kind.unwrap_or_default()).ok_or(CameraError::Kind)
}

fn boundary_of(kind: &str) -> Option<String> {
    let (kind, settings) = kind.split_once(';')?;
    let multipart = kind
        .trim()
        .eq_ignore_ascii_case("multipart/x-mixed-replace");
    let value = settings
        .split(';')
        .filter_map(|setting| setting.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("boundary"))
        .map(|(_, value)| value.trim().trim_matches('"'))?;
    (multipart && !value.trim_matches('-').is_empty()).then(|| value.to_owned())
}

async fn next_frame(
    body: &mut Incoming,
    parts: &mut Parts,
) -> Result<Zeroizing<Vec<u8>>, CameraError> {
    loop {
        let piece = body.frame().await.ok_or(CameraError::Ended)??;
        if let Some(frame) = piece
            .data_ref()
            .map(|bytes| parts.push(bytes))
            .transpose()?
            .flatten()
        {
            return Ok(frame);
        }
    }
}

impl TryFrom<String> for CameraUrl {
    type Error = CameraError;

    fn try_from(text: String) -> Result<Self, CameraError> {
        let uri: Uri = text.parse().map_err(|_| CameraError::Url)?;
        let host = uri
            .host()
            .filter(|host| !host.is_empty())
            .ok_or(CameraError::Url)?;
        let plain = uri
            .authority()
            .is_some_and(|authority| !authority.as_str().contains('@'));
        if uri.scheme_str() != Some("http") || !plain {
            return Err(CameraError::Url);
        }
        Ok(Self {
            host: host.trim_matches(['[', ']']).to_owned(),
            port: uri.port_u16().unwrap_or(80),
            path: uri
                .path_and_query()
                .map_or("/", |path| path.as_str())
                .to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};
    use tokio::sync::mpsc;

    const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace;boundary=cut\r\nConnection: close\r\n\r\n";

    fn part(jpeg: &[u8]) -> Vec<u8> {
        [
            format!("--cut\r\nContent-Length: {}\r\n\r\n", jpeg.len()).as_bytes(),
            jpeg,
            b"\r\n",
        ]
        .concat()
    }

    type States = mpsc::UnboundedReceiver<bool>;

    fn follower() -> (Follower<impl FnMut(bool) + Send>, Arc<Slot>, States) {
        let (told, states) = mpsc::unbounded_channel();
        let slot = Arc::new(Slot::default());
        let follower = Follower {
            url: CameraUrl::try_from("http://camera/stream".to_owned()).unwrap(),
            clock: Clock::start(),
            slot: Arc::clone(&slot),
            on_state: move |works| told.send(works).unwrap(),
            works: None,
            pause: PAUSES[0],
        };
        (follower, slot, states)
    }

    /// Waits for the request, then answers.
    async fn answer(camera: &mut DuplexStream, bytes: &[u8]) {
        let mut request = [0; 512];
        let length = camera.read(&mut request).await.unwrap();
        assert!(request[..length].starts_with(b"GET /stream HTTP/1.1\r\n"));
        camera.write_all(bytes).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn only_the_newest_frame_is_kept_and_silence_is_noticed() {
        let (mut follower, slot, mut states) = follower();
        let (host, mut camera) = duplex(1 << 16);
        let following =
            tokio::spawn(async move { (follower.follow(host).await, follower.clock.now()) });
        answer(&mut camera, HEAD.as_bytes()).await;
        camera.write_all(&part(b"\xff\xd8 old")).await.unwrap();
        assert_eq!(states.recv().await, Some(true));
        sleep(Duration::from_millis(400)).await;
        camera.write_all(&part(b"\xff\xd8 new")).await.unwrap();
        let (problem, at) = following.await.unwrap();
        assert!(matches!(problem, CameraError::Stalled), "{problem}");
        assert!((1_400..1_410).contains(&at.as_millis()), "{at:?}");
        let frame = slot.lock().take().unwrap();
        assert_eq!(&frame.jpeg[..], b"\xff\xd8 new");
        assert!((400..410).contains(&frame.at.as_millis()), "{frame:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn each_way_to_fail_has_its_own_word() {
        let ok = |kind: &str| {
            format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nConnection: close\r\n\r\n")
        };
        let cases = [
            (
                "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n".into(),
                "camera answered 401",
            ),
            (ok("image/jpeg"), "no multipart/x-mixed-replace"),
            (
                ok("multipart/x-mixed-replace;boundary="),
                "no multipart/x-mixed-replace",
            ),
            ("SSH-2.0-OpenSSH_9.2\r\n".into(), "camera broke off"),
            (
                format!("{HEAD}--cut\r\nContent-Length: 4\r\n\r\nUUUU"),
                "something other than JPEG",
            ),
            (
                format!("{HEAD}--cut\r\nContent-Length: 9999999999\r\n\r\n"),
                "frame has more than",
            ),
            (HEAD.into(), "camera ended the stream"),
        ];
        for (bytes, expected) in cases {
            let (mut follower, _, _states) = follower();
            let (host, mut camera) = duplex(1 << 16);
            let following = tokio::spawn(async move { follower.follow(host).await });
            answer(&mut camera, bytes.as_bytes()).await;
            drop(camera);
            let problem = following.await.unwrap().to_string();
            assert!(problem.contains(expected), "{bytes}: {problem}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_camera_that_says_nothing_is_given_up() {
        let (mut follower, _, _states) = follower();
        let (host, _camera) = duplex(1 << 16);
        assert!(matches!(follower.follow(host).await, CameraError::NoAnswer));
    }

    #[tokio::test(start_paused = true)]
    async fn loss_and_return_are_told_once_and_old_frames_are_forgotten() {
        let (mut follower, slot, mut states) = follower();
        follower.lost(&CameraError::Ended);
        follower.lost(&CameraError::Stalled);
        follower.found();
        follower.found();
        slot.put(Frame {
            at: Instant::ZERO,
            since: Instant::ZERO,
            jpeg: Zeroizing::new(JPEG.to_vec()),
        });
        follower.lost(&CameraError::Ended);
        assert!(slot.lock().is_none());
        drop(follower);
        let mut told = Vec::new();
        while let Some(works) = states.recv().await {
            told.push(works);
        }
        assert_eq!(told, [false, true, false]);
    }

    #[test]
    fn an_address_that_is_none_is_refused() {
        for text in [
            "",
            "camera",
            "https://camera/",
            "http://user:secret@camera/",
            "rtsp://camera/",
            "http:///x",
        ] {
            assert!(CameraUrl::try_from(text.to_owned()).is_err(), "{text}");
        }
        let url = CameraUrl::try_from("http://[fe80::1]:8080/a?b=c".to_owned()).unwrap();
        assert_eq!(
            (&url.host[..], url.port, &url.path[..]),
            ("fe80::1", 8_080, "/a?b=c")
        );
    }
}
