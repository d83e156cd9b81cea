//! The only place that reads a clock or a calendar.

use gate_protocol::Instant;
use jiff::civil::Date;
use jiff::{Timestamp, Zoned};
use std::time::Duration;

/// Monotonic time since the daemon started.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    origin: tokio::time::Instant,
}

impl Clock {
    /// A clock that starts now.
    #[must_use]
    pub fn start() -> Self {
        Self {
            origin: tokio::time::Instant::now(),
        }
    }

    /// Time since the clock started.
    #[must_use]
    pub fn now(self) -> Instant {
        let micros = u64::try_from(self.origin.elapsed().as_micros()).unwrap_or(u64::MAX);
        Instant::from_micros(micros)
    }

    /// Sleeps until `deadline`; for ever without one.
    pub async fn until(self, deadline: Option<Instant>) {
        match deadline {
            Some(at) => {
                tokio::time::sleep_until(self.origin + Duration::from_micros(at.as_micros())).await
            }
            None => std::future::pending().await,
        }
    }
}

/// The day this program was released: a clock that shows an earlier one is wrong.
const RELEASED: Date = jiff::civil::date(2026, 11, 1);

/// SAF-108: today by the system's time zone, or `None` where the clock is certainly wrong: then nobody's
/// document can be judged, and everybody is referred.
#[must_use]
pub fn today() -> Option<Date> {
    let today = Zoned::now().date();
    (today >= RELEASED).then_some(today)
}

/// The moment in Coordinated Universal Time, for the journal.
#[must_use]
pub fn utc() -> Timestamp {
    Timestamp::now()
}
