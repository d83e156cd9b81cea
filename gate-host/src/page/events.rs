//! The stream that a browser follows.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::{Stream, stream};
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::{Interval, MissedTickBehavior};

use super::{Page, Published, assets};

/// The page shows *out of service* after three seconds of silence: two beats may be lost.
pub(super) const BEAT_EVERY: Duration = Duration::from_secs(1);

/// `retry:` of the stream. A browser that lost the lane asks again this often.
const RETRY_AFTER: Duration = Duration::from_millis(500);

pub(super) async fn follow(State(page): State<Page>) -> Response {
    let Ok(place) = page.followers.try_acquire_owned() else {
        let retry = (header::RETRY_AFTER, HeaderValue::from_static("5"));
        return (StatusCode::SERVICE_UNAVAILABLE, [retry], "too many pages\n").into_response();
    };
    let follower = Follower::new(page.screens, page.closing, place);
    let mut response = Sse::new(follower.into_stream()).into_response();
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// One browser that follows the screen.
struct Follower {
    screens: watch::Receiver<Published>,
    closing: watch::Receiver<()>,
    beats: Interval,
    /// Gives the place back when the browser has gone.
    _place: OwnedSemaphorePermit,
}

impl Follower {
    fn new(
        mut screens: watch::Receiver<Published>,
        closing: watch::Receiver<()>,
        place: OwnedSemaphorePermit,
    ) -> Self {
        // Whoever comes sees the present screen at once.
        screens.mark_changed();
        let mut beats = tokio::time::interval(BEAT_EVERY);
        beats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            screens,
            closing,
            beats,
            _place: place,
        }
    }

    fn into_stream(self) -> impl Stream<Item = Result<Event, Infallible>> {
        stream::unfold(self, |mut follower| async {
            let event = follower.next().await?;
            Some((Ok(event), follower))
        })
    }

    /// The next thing to tell, or nothing when the lane or the server has ended.
    async fn next(&mut self) -> Option<Event> {
        tokio::select! {
            biased;
            _ = self.closing.changed() => None,
            changed = self.screens.changed() => {
                changed.ok()?;
                Some(screen_event(*self.screens.borrow_and_update()))
            }
            _ = self.beats.tick() => Some(beat()),
        }
    }
}

fn screen_event(published: Published) -> Event {
    Event::default()
        .event("screen")
        .retry(RETRY_AFTER)
        .json_data(published)
        .expect("numbers and fixed words always serialise")
}

/// An event and not a comment: a browser hides comments from the page, and the page
/// must notice silence by itself.
fn beat() -> Event {
    Event::default().event("beat").data(assets::bundle())
}
