//! What the controller says in a session, and when.

use super::{ControllerLink, Session};
use crate::body;
use crate::frame::Wire;
use crate::link::{EVENT_EVERY, STATUS_EVERY, STATUS_GAP, count};
use crate::message::ToHost;
use crate::time::Instant;

impl ControllerLink {
    /// The next frame that is due, in clear or sealed.
    pub(super) fn wire(&mut self, now: Instant) -> Option<Wire> {
        if let Some(wire) = self.due_greeting(now) {
            return Some(wire);
        }
        let Session {
            number,
            heartbeat_ms,
            ..
        } = *self.session.as_ref()?;
        let message = self
            .due_telling()
            .or_else(|| self.due_answer())
            .or_else(|| self.due_event(now))
            .or_else(|| self.due_status(now, heartbeat_ms))?;
        let sealer = &mut self.session.as_mut()?.sealer;
        sealer.seal(number, &body::to_host(&message))
    }

    fn due_telling(&mut self) -> Option<ToHost> {
        self.told.pop_front()
    }

    fn due_answer(&mut self) -> Option<ToHost> {
        let memory = self
            .memory
            .filter(|_| core::mem::take(&mut self.answer_due))?;
        Some(ToHost::Done {
            command: memory.number,
            answer: memory.answer?,
        })
    }

    fn due_event(&mut self, now: Instant) -> Option<ToHost> {
        if self.event_at(now)? > now {
            return None;
        }
        if self.event_sent.replace(now).is_some() {
            count(&mut self.statistics.retries);
        }
        self.events.front().map(|oldest| ToHost::Event {
            number: oldest.number,
            uptime_ms: oldest.uptime_ms,
            event: oldest.event,
        })
    }

    fn due_status(&mut self, now: Instant, heartbeat_ms: u32) -> Option<ToHost> {
        if self.status_at(now) > now {
            return None;
        }
        self.status_sent = Some(now);
        self.lane_changed = false;
        Some(ToHost::Status {
            uptime_ms: self.uptime_ms(now),
            state: self.lane.state,
            inputs: self.lane.inputs,
            outputs: self.lane.outputs,
            passage: self.lane.passage,
            newest_event: self.newest_event,
            heartbeat_ms,
        })
    }

    /// When the oldest event is to be sent, if there is one and somebody to send it to.
    pub(super) fn event_at(&self, now: Instant) -> Option<Instant> {
        if !self.has_session() || self.events.is_empty() {
            return None;
        }
        Some(self.event_sent.map_or(now, |sent| sent + EVENT_EVERY))
    }

    pub(super) fn status_at(&self, now: Instant) -> Instant {
        let wait = if self.lane_changed {
            STATUS_GAP
        } else {
            STATUS_EVERY
        };
        self.status_sent.map_or(now, |sent| sent + wait)
    }
}
