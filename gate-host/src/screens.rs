//! What the traveller's screen says, from the lane to whoever shows it.

use crate::clock;
use crate::page::Published;
use gate_session::Screen;
use tokio::sync::watch;

/// The lane's end: the newest screen counts, nobody needs the one before.
#[derive(Debug)]
pub struct Screens(watch::Sender<Published>);

impl Screens {
    /// A screen that is out of service, and where it can be followed.
    #[must_use]
    pub fn new() -> (Self, watch::Receiver<Published>) {
        let nothing = Published {
            screen: Screen::OutOfService,
            traveller: 0,
            since: clock::utc(),
        };
        let (sender, receiver) = watch::channel(nothing);
        (Self(sender), receiver)
    }

    /// Shows `screen` to traveller number `traveller`.
    pub fn show(&self, traveller: u64, screen: Screen) {
        self.0.send_replace(Published {
            screen,
            traveller,
            since: clock::utc(),
        });
    }
}
