//! What happens when, in virtual time.

use crate::world::View;
use gate_protocol::Instant;
use gate_protocol::frame::Wire;
use gate_protocol::pins::Input;
use gate_session::{Asked, Event, Record, Screen, Span, Ticket};
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// Something that is under way.
#[derive(Debug)]
pub(super) enum Due {
    /// Bytes reach the host.
    AtHost(Wire),
    /// Bytes reach the controller.
    AtController(Wire),
    /// The traveller's screen changes.
    Screen(Screen),
    /// Something to tell the session.
    Tell(Event),
    /// The reader begins to send the zone of its present document.
    ZoneBegins(u32),
    /// The reader has sent the zone.
    ZoneEnds(u32),
    /// The chip has been read so far, in percent.
    ChipProgress(u32, u8),
    /// DG2 has been read.
    ChipPortrait(u32),
    /// The chip has been read and judged, or not.
    ChipEnds(u32),
    /// The portrait is a template.
    PortraitReady(Ticket, Instant),
    /// The camera took a frame.
    Frame(Asked),
    /// The models have examined a frame that was taken then and showed this.
    FrameExamined(Asked, Instant, View),
    /// An input of the controller is held at a level, or let go.
    Pin(Input, Option<bool>),
    /// An entry reaches the disk, or finds it full; it was handed over then.
    Write(Ticket, Box<Record>, Instant),
    /// The session hears of it.
    Recorded(Ticket, Span, bool),
    /// A daemon that was killed has started anew.
    HostStarts,
}

impl Due {
    /// Whether this happens without a daemon.
    pub(super) const fn is_of_the_world(&self) -> bool {
        matches!(
            self,
            Self::AtController(_) | Self::Pin(..) | Self::Screen(_) | Self::HostStarts
        )
    }
}

#[derive(Debug)]
struct Entry {
    at: Instant,
    /// Things due at the same time happen in the order in which they were planned.
    number: u64,
    due: Due,
}

/// Everything that is under way, soonest first.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    entries: BinaryHeap<Entry>,
    planned: u64,
}

impl Agenda {
    pub(super) fn plan(&mut self, at: Instant, due: Due) {
        self.planned += 1;
        self.entries.push(Entry {
            at,
            number: self.planned,
            due,
        });
    }

    /// Forgets what is not to happen any more.
    pub(super) fn keep(&mut self, stays: impl Fn(&Due) -> bool) {
        self.entries.retain(|entry| stays(&entry.due));
    }

    /// When the next thing happens.
    pub(super) fn next(&self) -> Option<Instant> {
        self.entries.peek().map(|entry| entry.at)
    }

    /// The next thing that has happened by now.
    pub(super) fn pop(&mut self, now: Instant) -> Option<Due> {
        if self.next()? <= now {
            self.entries.pop().map(|entry| entry.due)
        } else {
            None
        }
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.number).cmp(&(self.at, self.number))
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Entry {}
