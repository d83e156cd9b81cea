//! The lane's connections to the world: one file each, and what joins them.

pub mod camera;
pub mod chip;
pub mod controller;
pub mod face;
mod health;
pub mod imager;
pub mod journal;
pub mod lists;
pub mod page_camera;
pub mod reader;
pub mod zone;

use crate::clock::Clock;
use crate::screens::Screens;
use gate_protocol::Instant;
use gate_session::{Effect, Event};
use tokio::sync::mpsc;
use tracing::{info, warn};

/// What a lane loop needs of the world.
pub trait Ports {
    /// Starts something and returns at once.
    fn start(&mut self, effect: Effect);
    /// The next thing that happened; `None` when nothing can happen any more.
    fn event(&mut self) -> impl Future<Output = Option<Event>> + Send;
}

/// Events that may wait for the lane loop, which takes microseconds for each.
const QUEUE: usize = 1_024;

/// Where ports put their events, and what tells them the time.
#[derive(Clone, Debug)]
pub struct Outbox {
    events: mpsc::Sender<Event>,
    clock: Clock,
}

/// Makes a lane's queue of events.
#[must_use]
pub fn queue(clock: Clock) -> (Outbox, mpsc::Receiver<Event>) {
    let (events, inbox) = mpsc::channel(QUEUE);
    (Outbox { events, clock }, inbox)
}

impl Outbox {
    /// Tells the lane. Events are only lost when the lane loop has stood still for a thousand of
    /// them, and its watchdog with it.
    pub fn post(&self, event: Event) {
        if let Err(problem) = self.events.try_send(event) {
            warn!(%problem, "event lost");
        }
    }

    /// Whether anybody still listens.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.events.is_closed()
    }

    /// The lane's time.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// The lane's clock.
    #[must_use]
    pub const fn clock(&self) -> Clock {
        self.clock
    }
}

/// The real ports of one lane.
#[derive(Debug)]
pub struct LanePorts {
    /// What has happened.
    pub inbox: mpsc::Receiver<Event>,
    /// Doors and lamps.
    pub controller: controller::ControllerPort,
    /// Chips.
    pub chip: chip::ChipPort,
    /// Faces.
    pub face: face::FacePort,
    /// Lists.
    pub lists: lists::ListsPort,
    /// The journal.
    pub journal: journal::JournalPort,
    /// The traveller's screen.
    pub screens: Screens,
    /// Permits; none in a lane without an imager.
    pub imager: Option<imager::ImagerPort>,
}

impl Ports for LanePorts {
    fn start(&mut self, effect: Effect) {
        match effect {
            Effect::SetMode(mode) => self.controller.set_mode(mode),
            Effect::ShowSign(sign) => self.controller.show(sign),
            Effect::ReleaseExit(passage, wait) => self.controller.release_exit(passage, wait),
            Effect::ReleaseEntry(wait) => self.controller.release_entry(wait),
            Effect::SendBack(passage) => self.controller.send_back(passage),
            Effect::Show(traveller, screen) => self.screens.show(traveller, screen),
            Effect::ReadChip(ticket, printed) => self.chip.read(ticket, printed),
            Effect::PreparePortrait(ticket, portrait) => self.face.prepare(ticket, portrait),
            Effect::CaptureFace(ticket) => self.face.capture(ticket),
            Effect::AskLists(ticket, printed) => self.lists.ask(ticket, &printed),
            Effect::Record(ticket, record) => self.journal.record(ticket, record),
            Effect::CallOfficer(traveller, outcome) => {
                info!(traveller, reason = outcome.reason(), "officer called");
            }
            Effect::Forget => self.face.forget(),
            Effect::JudgePermit(ticket, barcode, printed) => {
                // Without an imager no barcode was read.
                if let Some(imager) = &self.imager {
                    imager.judge(ticket, barcode, printed);
                }
            }
        }
    }

    async fn event(&mut self) -> Option<Event> {
        self.inbox.recv().await
    }
}
