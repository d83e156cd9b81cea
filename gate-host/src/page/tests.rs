use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use gate_session::{DocumentHint, FaceHint};
use serde::Deserialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::*;

// ---- Texts and pictures are complete ----

/// What the page says at one moment, as `texts.json` holds it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Moment {
    tone: String,
    picture: String,
    vi: Words,
    en: Words,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    say: String,
    more: Option<String>,
}

fn catalogue() -> BTreeMap<String, Moment> {
    let texts = assets::find("texts.json").unwrap();
    serde_json::from_slice(texts.bytes).unwrap()
}

/// The same rule as `momentOf` in `page.js`.
fn key(screen: Screen) -> String {
    let value = serde_json::to_value(screen).unwrap();
    let name = value["screen"].as_str().unwrap();
    match value["hint"].as_str() {
        None | Some("none") => name.to_owned(),
        Some(hint) => format!("{name}.{hint}"),
    }
}

fn index_html() -> &'static str {
    std::str::from_utf8(assets::INDEX.bytes).unwrap()
}

#[test]
fn every_screen_and_hint_has_words_in_both_languages_and_a_picture() {
    let catalogue = catalogue();
    for screen in every_screen() {
        let key = key(screen);
        let moment = catalogue
            .get(&key)
            .unwrap_or_else(|| panic!("{key}: no texts"));
        for (language, words) in [("vi", &moment.vi), ("en", &moment.en)] {
            assert!(
                !words.say.trim().is_empty(),
                "{key}: nothing to say in {language}"
            );
            assert!(
                words.say.chars().count() <= 36,
                "{key}: too many words in {language}"
            );
        }
        assert_eq!(
            moment.vi.more.is_some(),
            moment.en.more.is_some(),
            "{key}: one language says more than the other"
        );
        let picture = format!("data-picture=\"{}\"", moment.picture);
        assert_eq!(
            index_html().matches(&picture).count(),
            1,
            "{key}: {picture}"
        );
        let shape = format!("data-tone=\"{}\" ", moment.tone);
        assert_eq!(index_html().matches(&shape).count(), 1, "{key}: {shape}");
    }
}

#[test]
fn no_text_and_no_picture_is_left_over() {
    let mut wanted: Vec<String> = every_screen().map(key).collect();
    wanted.push("reminder".to_owned());
    wanted.sort();
    let catalogue = catalogue();
    assert_eq!(catalogue.keys().cloned().collect::<Vec<_>>(), wanted);

    let mut drawn: Vec<&str> = index_html()
        .split("data-picture=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    let mut used: Vec<&str> = catalogue.values().map(|moment| &*moment.picture).collect();
    drawn.sort_unstable();
    used.sort_unstable();
    used.dedup();
    assert_eq!(drawn, used);
}

#[test]
fn every_screen_is_listed_once() {
    let keys: Vec<String> = every_screen().map(key).collect();
    let mut unique = keys.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), keys.len());
    let documents = [
        DocumentHint::None,
        DocumentHint::Turn,
        DocumentHint::LiftAndPlace,
        DocumentHint::LeaveIt,
        DocumentHint::PushIn,
        DocumentHint::ReadAgain,
        DocumentHint::ReaderFault,
    ];
    for hint in documents {
        assert!(every_screen().any(|screen| screen == Screen::PlaceDocument { hint }));
    }
    let faces = every_screen().filter(|screen| matches!(screen, Screen::LookHere { .. }));
    assert_eq!(faces.count(), 8);
}

#[test]
fn every_referral_looks_the_same() {
    // The page is told one screen for all causes and holds one text for it.
    let referred: Vec<String> = catalogue()
        .into_keys()
        .filter(|key| key.starts_with("officer-coming"))
        .collect();
    assert_eq!(referred, ["officer-coming"]);
}

#[test]
fn red_is_only_for_a_closed_lane_and_an_emergency() {
    let red: Vec<String> = catalogue()
        .into_iter()
        .filter(|(_, moment)| moment.tone == "closed")
        .map(|(key, _)| key)
        .collect();
    assert_eq!(red, ["emergency", "out-of-service"]);
}

#[test]
fn without_script_the_page_says_that_the_lane_is_closed() {
    let closed = &catalogue()["out-of-service"];
    for words in [&closed.vi, &closed.en] {
        assert!(index_html().contains(&format!("<p class=\"say\">{}</p>", words.say)));
        let more = words.more.as_deref().unwrap();
        let more = more.replace('\u{a0}', "&nbsp;");
        assert!(index_html().contains(&format!("<p class=\"more\">{more}</p>")));
    }
}

#[test]
fn the_page_is_small_and_asks_nobody_else() {
    let files = std::iter::once(&assets::INDEX).chain(&assets::ASSETS);
    assert!(files.clone().map(|file| file.bytes.len()).sum::<usize>() <= 200_000);
    for file in files {
        let text = std::str::from_utf8(file.bytes).unwrap();
        let text = text.replace("http://www.w3.org/2000/svg", "");
        for outside in [
            "http:", "https:", "url(", "@import", " style=", "<style", " onload=",
        ] {
            assert!(!text.contains(outside), "{}: {outside}", file.name);
        }
    }
}

// ---- The server ----

fn published(screen: Screen) -> Published {
    Published {
        screen,
        traveller: 7,
        since: jiff::Timestamp::from_millisecond(1_700_000_000_123).unwrap(),
    }
}

/// A served page with the lane's and the daemon's handles on it.
struct Served {
    address: SocketAddr,
    lane: watch::Sender<Published>,
    stop: oneshot::Sender<()>,
    server: JoinHandle<io::Result<()>>,
}

async fn serve_page(screen: Screen) -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (lane, screens) = watch::channel(published(screen));
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(serve(listener, screens, async move {
        stopped.await.ok();
    }));
    Served {
        address,
        lane,
        stop,
        server,
    }
}

/// A test that waits longer for the server has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// One connection, read piece by piece as a browser would.
struct Client {
    stream: TcpStream,
    text: String,
}

impl Client {
    async fn ask(address: SocketAddr, method: &str, path: &str, more: &str) -> Self {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let request = format!("{method} {path} HTTP/1.1\r\nHost: gate\r\n{more}\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        Self {
            stream,
            text: String::new(),
        }
    }

    /// Reads until `wanted` has come, and forgets everything up to its end.
    async fn until(&mut self, wanted: &str) -> String {
        loop {
            if let Some(at) = self.text.find(wanted) {
                let rest = self.text.split_off(at + wanted.len());
                return std::mem::replace(&mut self.text, rest);
            }
            assert!(self.piece().await, "ended before {wanted:?}: {}", self.text);
        }
    }

    async fn rest(mut self) -> String {
        while self.piece().await {}
        self.text
    }

    async fn piece(&mut self) -> bool {
        let mut buffer = [0; 65_536];
        let read = timeout(PATIENCE, self.stream.read(&mut buffer)).await;
        let length = read.expect("the server says nothing").unwrap();
        self.text += std::str::from_utf8(&buffer[..length]).unwrap();
        length > 0
    }
}

async fn get_once(address: SocketAddr, path: &str, more: &str) -> String {
    let more = format!("Connection: close\r\n{more}");
    Client::ask(address, "GET", path, &more).await.rest().await
}

#[tokio::test]
async fn a_follower_sees_the_present_screen_at_once_and_then_every_change() {
    let served = serve_page(Screen::Welcome).await;
    let mut client = Client::ask(served.address, "GET", "/events", "").await;
    client.until("event: screen\n").await;
    client
        .until(r#"{"screen":"welcome","traveller":7,"since_ms":1700000000123}"#)
        .await;
    let screen = Screen::LookHere {
        hint: FaceHint::Closer,
        percent: 40,
    };
    served.lane.send_replace(published(screen));
    client
        .until(r#"{"screen":"look-here","hint":"closer","percent":40,"traveller":7,"since_ms":1700000000123}"#)
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_follower_hears_beats_while_nothing_changes() {
    let served = serve_page(Screen::Welcome).await;
    let mut client = Client::ask(served.address, "GET", "/events", "").await;
    for _ in 0..30 {
        client.until("event: beat\n").await;
        client.until(assets::bundle()).await;
    }
}

#[tokio::test]
async fn the_stream_ends_when_the_lane_ends() {
    let served = serve_page(Screen::Welcome).await;
    let mut client = Client::ask(served.address, "GET", "/events", "Connection: close\r\n").await;
    client.until("event: screen").await;
    assert!(
        get_once(served.address, "/healthz", "")
            .await
            .starts_with("HTTP/1.1 200")
    );
    drop(served.lane);
    client.rest().await;
    assert!(
        get_once(served.address, "/healthz", "")
            .await
            .starts_with("HTTP/1.1 503")
    );
}

#[tokio::test]
async fn the_server_ends_although_somebody_still_follows() {
    let served = serve_page(Screen::Welcome).await;
    let mut client = Client::ask(served.address, "GET", "/events", "").await;
    client.until("event: screen").await;
    served.stop.send(()).unwrap();
    served.server.await.unwrap().unwrap();
    client.rest().await;
}

#[tokio::test]
async fn too_many_followers_are_refused_and_a_place_comes_back() {
    let served = serve_page(Screen::Welcome).await;
    let mut followers = Vec::new();
    for _ in 0..FOLLOWERS_MAX {
        let mut client = Client::ask(served.address, "GET", "/events", "").await;
        client.until("event: screen").await;
        followers.push(client);
    }
    let refused = get_once(served.address, "/events", "").await;
    assert!(refused.starts_with("HTTP/1.1 503"), "{refused}");
    assert!(refused.contains("retry-after: 5"));
    followers.clear();
    loop {
        let mut client = Client::ask(served.address, "GET", "/events", "").await;
        if client.until("\r\n").await.starts_with("HTTP/1.1 200") {
            break;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_connection_is_closed() {
    let served = serve_page(Screen::Welcome).await;
    let silent = Client {
        stream: TcpStream::connect(served.address).await.unwrap(),
        text: String::new(),
    };
    assert_eq!(silent.rest().await, "");
}

#[tokio::test]
async fn every_file_comes_with_its_type_and_the_policy() {
    let served = serve_page(Screen::Welcome).await;
    let cases = [
        ("/", "text/html; charset=utf-8"),
        ("/assets/page.css", "text/css; charset=utf-8"),
        ("/assets/page.js", "text/javascript; charset=utf-8"),
        ("/assets/texts.json", "application/json"),
        ("/assets/icon.svg", "image/svg+xml"),
    ];
    for (path, content_type) in cases {
        let answer = get_once(served.address, path, "").await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{path}: {answer}");
        for wanted in [
            &*format!("content-type: {content_type}\r\n"),
            &*format!("etag: \"{}\"\r\n", assets::bundle()),
            "cache-control: no-cache\r\n",
            "x-content-type-options: nosniff\r\n",
            "content-security-policy: default-src 'none'; script-src 'self';",
        ] {
            assert!(answer.contains(wanted), "{path}: no {wanted}");
        }
        let known = format!("If-None-Match: \"{}\"\r\n", assets::bundle());
        let again = get_once(served.address, path, &known).await;
        assert!(again.starts_with("HTTP/1.1 304"), "{path}: {again}");
    }
}

#[tokio::test]
async fn only_get_is_answered_and_only_for_what_there_is() {
    let served = serve_page(Screen::Welcome).await;
    let cases = [
        ("POST", "/", "405"),
        ("PUT", "/events", "405"),
        ("DELETE", "/assets/page.js", "405"),
        ("GET", "/assets/other.js", "404"),
        ("GET", "/assets/..%2f..%2fmod.rs", "404"),
        ("GET", "/journal", "404"),
    ];
    for (method, path, status) in cases {
        let close = "Connection: close\r\nContent-Length: 0\r\n";
        let answer = Client::ask(served.address, method, path, close)
            .await
            .rest()
            .await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{method} {path}: {answer}"
        );
        assert!(
            answer.contains("x-content-type-options: nosniff"),
            "{method} {path}"
        );
    }
}
