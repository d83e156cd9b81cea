//! The traveller's page: what [`Screen`] means in pictures and words.
//!
//! The lane publishes into one [`watch`] channel; every browser that has the page
//! open follows it through server-sent events. Only the newest screen counts: a
//! browser that was slow skips the ones between, because an instruction that is no
//! longer true must not be shown.
//!
//! The page knows no person. A [`Published`] screen is an instruction, a counter
//! and a time; nothing else ever reaches the browser.
//!
//! | path             | answer                                                        |
//! |------------------|---------------------------------------------------------------|
//! | `/`              | the page                                                      |
//! | `/assets/{name}` | its style, script, texts and icon                             |
//! | `/events`        | `screen` at once and at every change, `beat` every second     |
//! | `/healthz`       | `200` while the lane publishes, `503` when it is gone         |
//!
//! When the lane goes away (the sender is dropped) or the server ends, the streams
//! end, and the page shows *out of service* by itself until it hears a beat again.

mod assets;
mod connections;
mod events;
mod moments;

use std::future::Future;
use std::io;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use gate_session::Screen;
use serde::Serialize;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

pub use moments::every_screen;

/// How many browsers may follow the screen at once: the gate's own, a second one on
/// the other side, and a few people who watch. More get `503`.
pub const FOLLOWERS_MAX: usize = 16;

/// A screen as the lane publishes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Published {
    /// What the traveller is asked to do.
    #[serde(flatten)]
    pub screen: Screen,
    /// Number of the traveller over all starts of the daemon; 0 before the first.
    pub traveller: u64,
    /// When the lane decided to show it. The page reports its paint against this
    /// time, so it is the event's own, not the time of sending.
    #[serde(
        rename = "since_ms",
        serialize_with = "jiff::fmt::serde::timestamp::millisecond::required::serialize"
    )]
    pub since: jiff::Timestamp,
}

/// Serves the page on `listener` until `shutdown` is done, then ends every stream.
///
/// Connections are bounded in number and in idle time, so that forgotten browsers
/// cannot use up the daemon's file handles.
///
/// # Errors
///
/// When the listener itself fails. A failing client ends only its own connection.
pub async fn serve(
    listener: TcpListener,
    screens: watch::Receiver<Published>,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let (open, closing) = watch::channel(());
    let page = Page {
        screens,
        closing,
        followers: Arc::new(Semaphore::new(FOLLOWERS_MAX)),
    };
    axum::serve(connections::Bounded::new(listener), router(page))
        .with_graceful_shutdown(async move {
            shutdown.await;
            drop(open);
        })
        .await
}

/// What every handler may know.
#[derive(Clone)]
struct Page {
    screens: watch::Receiver<Published>,
    /// Its sender is dropped when the server ends: streams would otherwise never do.
    closing: watch::Receiver<()>,
    followers: Arc<Semaphore>,
}

fn router(page: Page) -> Router {
    Router::new()
        .route("/", get(index))
        .route("/assets/{name}", get(asset))
        .route("/events", get(events::follow))
        .route("/healthz", get(healthz))
        .layer(middleware::map_response(guard))
        .with_state(page)
}

async fn index(headers: HeaderMap) -> Response {
    assets::answer(&assets::INDEX, &headers)
}

async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Response {
    match assets::find(&name) {
        Some(asset) => assets::answer(asset, &headers),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn healthz(State(page): State<Page>) -> (StatusCode, &'static str) {
    // `has_changed` fails exactly when the lane's sender is gone.
    match page.screens.has_changed() {
        Ok(_) => (StatusCode::OK, "ok\n"),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the lane has ended\n"),
    }
}

/// Nothing but the page's own files may load or run, and nobody may frame it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'; trusted-types 'none'";

async fn guard(mut response: Response) -> Response {
    const HEADERS: [(HeaderName, &str); 5] = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
    ];
    for (name, value) in HEADERS {
        response
            .headers_mut()
            .insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests;
