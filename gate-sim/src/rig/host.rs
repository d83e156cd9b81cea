//! The host's end of the link, and what it tells the session.

use crate::emulator::{TEST_SERIAL, test_page};
use crate::keys;
use crate::recording::Side;
use gate_protocol::frame::Wire;
use gate_protocol::keys::Secret;
use gate_protocol::link::Next;
use gate_protocol::link::host::{Delivery, HostLink};
use gate_protocol::{CommandNumber, Instant, Passage, Refusal, ToController};
use gate_session::{Device, Event, Observer, Standing};
use std::collections::VecDeque;

#[derive(Debug)]
pub(super) struct Host {
    link: HostLink,
    observer: Observer,
    standing: Standing,
    /// Permits, that for the entry with passage 0, whose answer is outstanding.
    exits: Vec<(CommandNumber, Passage)>,
    events: VecDeque<Event>,
    /// What both ends say behind the seal, if anybody listens.
    heard: Option<Vec<(Side, String)>>,
    /// The last status that was heard, without its time.
    status: Option<String>,
}

impl Host {
    /// A host that starts for the `start`th time: each start draws other keys.
    pub(super) fn new(now: Instant, start: u32) -> Self {
        let keys = keys::of_host(&test_page(TEST_SERIAL));
        let seed = Secret::derive("seed of the rig's host", &[&start.to_le_bytes()]);
        Self {
            link: HostLink::new(now, keys, seed),
            observer: Observer::default(),
            standing: Standing::default(),
            exits: Vec::new(),
            events: VecDeque::new(),
            heard: None,
            status: None,
        }
    }

    pub(super) fn receive(&mut self, now: Instant, bytes: &[u8]) {
        self.link.receive(now, bytes);
    }

    /// Keeps what is said behind the seal, for a report.
    pub(super) fn listen(&mut self) {
        self.heard = Some(Vec::new());
    }

    /// What was said since the last call.
    pub(super) fn heard(&mut self) -> Vec<(Side, String)> {
        self.heard.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Puts a delivery into words; a status that says nothing new is left out.
    fn hear(&mut self, delivery: &Delivery) {
        let Some(heard) = &mut self.heard else {
            return;
        };
        let words = match delivery {
            Delivery::Connected(_) => "session opened".to_owned(),
            Delivery::Down(problem) => problem.to_string(),
            Delivery::Status(status) => {
                let words = format!(
                    "status: {}, inputs {:06x}, outputs {:05x}, passage {}",
                    status.state, status.inputs, status.outputs, status.passage
                );
                if self.status.as_ref() == Some(&words) {
                    return;
                }
                self.status = Some(words.clone());
                words
            }
            Delivery::Event(one) => format!("event {}: {}", one.number, one.event),
            Delivery::Accepted(number) => format!("command #{number} accepted"),
            Delivery::Refused(number, why) => format!("command #{number} refused: {why}"),
            Delivery::Lost(number) => format!("command #{number} lost with its session"),
            Delivery::Site(site) => format!("site {site}"),
            Delivery::Health(health) => format!("health: {health}"),
            Delivery::LastFailure(failure) => format!("last failure: {failure}"),
            Delivery::Tampering { frames } => format!("tampering with the line, {frames} frames"),
            Delivery::Update(report) => format!("update: {report}"),
            Delivery::Warning(warning) => format!("warning: {warning}"),
            Delivery::EventsLost { missing } => format!("{missing} events lost"),
        };
        heard.push((Side::Device, words));
    }

    /// Sends a command. One that the link does not take is a permit refused, or forgotten: the
    /// session says mode and sign anew when the controller is back.
    pub(super) fn send(&mut self, command: ToController) {
        let number = self.link.send(command);
        if let Some(heard) = &mut self.heard {
            let words = match &number {
                Ok(number) => format!("command #{number}: {command}"),
                Err(problem) => format!("{command}: not sent, {problem}"),
            };
            heard.push((Side::Host, words));
        }
        if let Ok(number) = number {
            self.standing.sent(command, number);
        }
        if let ToController::Permit { passage, .. } = command {
            match number {
                Ok(number) => self.exits.push((number, passage)),
                Err(_) => self
                    .events
                    .push_back(Event::ExitRefused(passage, Refusal::NoSession)),
            }
        }
    }

    /// The oldest event for the session.
    pub(super) fn event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Bytes for the line, or when to come again.
    pub(super) fn next(&mut self, now: Instant) -> Result<Wire, Instant> {
        loop {
            match self.link.next(now) {
                Next::Deliver(delivery) => self.deliver(delivery),
                Next::Transmit(wire) => return Ok(wire),
                Next::Wait(deadline) => return Err(deadline),
            }
        }
    }

    fn deliver(&mut self, delivery: Delivery) {
        self.hear(&delivery);
        match delivery {
            Delivery::Connected(_) => {
                self.observer.forget();
                self.standing.forget();
                self.events
                    .push_back(Event::DeviceReady(Device::Controller));
            }
            Delivery::Down(_) => self.events.push_back(Event::DeviceLost(Device::Controller)),
            Delivery::Status(status) => {
                let events = &mut self.events;
                self.observer
                    .observe(status, |event| events.push_back(event));
                for command in self.standing.again() {
                    self.send(command);
                }
            }
            Delivery::Event(occurrence) => self.events.push_back(Event::Lane(occurrence.event)),
            Delivery::Accepted(number) => self.exits.retain(|(other, _)| *other != number),
            Delivery::Refused(number, refusal) => {
                self.standing.refused(number, refusal);
                self.refused(number, refusal);
            }
            Delivery::Lost(number) => self.refused(number, Refusal::NoSession),
            // For technicians: the session does not act on it.
            Delivery::Site(_)
            | Delivery::Warning(_)
            | Delivery::EventsLost { .. }
            | Delivery::Health(_)
            | Delivery::LastFailure(_)
            | Delivery::Update(_) => {}
            // The session has no use for it: the daemon's log has.
            Delivery::Tampering { .. } => {}
        }
    }

    fn refused(&mut self, number: CommandNumber, refusal: Refusal) {
        if let Some(at) = self.exits.iter().position(|(other, _)| *other == number) {
            let (_, passage) = self.exits.swap_remove(at);
            self.events.push_back(Event::ExitRefused(passage, refusal));
        }
    }
}
