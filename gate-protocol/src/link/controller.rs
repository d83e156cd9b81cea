//! The controller's end of the link.
//!
//! Its owner is the firmware or a simulation. The owner keeps [`ControllerLink::set_lane`] up to
//! date, reports events with [`ControllerLink::report`], and answers each [`Delivery::Request`]
//! with [`ControllerLink::answer`], at once or later.

use core::time::Duration;

use heapless::{Deque, HistoryBuf};

use super::{
    Channel, Dropped, EVENT_EVERY, LEASE_MAX, LinkStatistics, Next, STATUS_EVERY, STATUS_GAP, count,
};
use crate::body;
use crate::frame::{Decoder, Frame, Kind, WIRE_MAX, WIRE_MIN, Wire};
use crate::message::{
    Answer, Board, CommandNumber, Event, Passage, ResetCause, State, ToController, ToHost,
};
use crate::time::Instant;

/// Most events that wait for the host.
pub const EVENTS_MAX: usize = 32;
/// Comings and goings before the entry are kept only while fewer events than this wait, so that
/// they cannot push out what matters.
pub const CHATTER_MAX: usize = EVENTS_MAX / 2;
/// How many earlier sessions are remembered, so that a `Hello` left over from one of them is not
/// taken for a new one.
const EARLIER_SESSIONS: usize = 8;
/// Most things told outside the rules of answers and events: see [`ControllerLink::tell`].
const TOLD_MAX: usize = 2;

/// What the controller says of itself in its `Hello`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Firmware version as major, minor, patch.
    pub firmware: [u8; 3],
    /// Which board the firmware was built for.
    pub board: Board,
    /// Why the controller last started.
    pub reset: ResetCause,
}

/// The lane as `Status` shows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lane {
    /// What the controller is doing.
    pub state: State,
    /// Debounced inputs: see [`crate::pins::Input`].
    pub inputs: u32,
    /// Outputs as driven: see [`crate::pins::Output`].
    pub outputs: u32,
    /// Who is in the lane, 0 if nobody.
    pub passage: Passage,
}

/// What the link tells its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// A host has opened a session. Every earlier one has ended: forget permits and mode. There
    /// is no lease until the first heartbeat.
    SessionOpened,
    /// The host fell silent: permits die and nobody new is let in.
    LeaseLapsed,
    /// Do this and hand the number back to [`ControllerLink::answer`]. Each command comes once.
    Request {
        /// Number of the command.
        number: CommandNumber,
        /// What the host wants. Always a command: see [`ToController::is_command`].
        message: ToController,
    },
}

/// The event was thrown away because too many wait for the host. Its number is used up, so that
/// the host sees the hole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("event {number} lost: {limit} events wait for the host")]
pub struct EventLost {
    /// Number that the event would have had.
    pub number: u32,
    /// How many may wait.
    pub limit: usize,
}

/// The last command: repeated, it is answered from here and not done again.
#[derive(Clone, Copy, Debug)]
struct Memory {
    number: CommandNumber,
    answer: Option<Answer>,
}

/// An event that waits for the host.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    number: u32,
    uptime_ms: u32,
    event: Event,
}

/// The controller's end of the link: see the module.
#[derive(Clone, Debug)]
pub struct ControllerLink {
    started: Instant,
    identity: Identity,
    decoder: Decoder,
    statistics: LinkStatistics,

    /// Session 0 means that there is none.
    channel: Channel,
    earlier_sessions: HistoryBuf<u8, EARLIER_SESSIONS>,
    /// Session of a `Hello` to send. It is not ours if it answers a host that speaks no wire
    /// version of ours.
    greeting: Option<u8>,

    lease_until: Option<Instant>,
    opened: bool,
    lapsed: bool,
    request: Option<(CommandNumber, ToController)>,
    memory: Option<Memory>,
    answer_due: bool,

    lane: Lane,
    lane_changed: bool,
    status_sent: Option<Instant>,

    events: Deque<Waiting, EVENTS_MAX>,
    newest_event: u32,
    /// When the oldest waiting event was last sent.
    event_sent: Option<Instant>,

    /// Said once each, before the next answer.
    told: Deque<ToHost, TOLD_MAX>,
}

impl ControllerLink {
    /// The link of a controller that starts at `now`. It says `Hello` unasked.
    #[must_use]
    pub fn new(now: Instant, identity: Identity) -> Self {
        Self {
            started: now,
            identity,
            decoder: Decoder::new(),
            statistics: LinkStatistics::NONE,
            channel: Channel::new(0),
            earlier_sessions: HistoryBuf::new(),
            greeting: Some(0),
            lease_until: None,
            opened: false,
            lapsed: false,
            request: None,
            memory: None,
            answer_due: false,
            lane: Lane::default(),
            lane_changed: true,
            status_sent: None,
            events: Deque::new(),
            newest_event: 0,
            event_sent: None,
            told: Deque::new(),
        }
    }

    /// Whether the host may be believed: there is a session and its lease has not lapsed.
    #[must_use]
    pub fn has_lease(&self, now: Instant) -> bool {
        self.lease_until.is_some_and(|until| now < until)
    }

    /// Whether a host has opened a session.
    #[must_use]
    pub const fn has_session(&self) -> bool {
        self.channel.session != 0
    }

    /// Shows the lane to the host: soon if it has changed, in any case five times a second.
    pub fn set_lane(&mut self, lane: Lane) {
        self.lane_changed |= lane != self.lane;
        self.lane = lane;
    }

    /// Reports an event. It is sent again until the host has it. Gives its number.
    ///
    /// # Errors
    ///
    /// [`EventLost`] if too many events wait: the host has been away for long.
    pub fn report(&mut self, now: Instant, event: Event) -> Result<u32, EventLost> {
        let number = self.newest_event.wrapping_add(1);
        self.newest_event = number;
        let chatter = matches!(event, Event::Approached | Event::WentAway);
        let limit = if chatter { CHATTER_MAX } else { EVENTS_MAX };
        let waiting = Waiting {
            number,
            uptime_ms: self.uptime_ms(now),
            event,
        };
        if self.events.len() < limit && self.events.push_back(waiting).is_ok() {
            return Ok(number);
        }
        count(&mut self.statistics.events_lost);
        Err(EventLost { number, limit })
    }

    /// Tells the host something once, before the next answer. A line that loses it loses it, and so
    /// does the end of the session: the host asks again, or hears it in its next session.
    pub fn tell(&mut self, message: ToHost) {
        // More at once than there is room for is more than the host asked for.
        let _ = self.told.push_back(message);
    }

    /// Answers a request. An answer to anything but the newest request comes too late and is
    /// dropped: the host has given that command up.
    pub fn answer(&mut self, number: CommandNumber, answer: Answer) {
        if let Some(memory) = &mut self.memory
            && memory.number == number
            && memory.answer.is_none()
        {
            memory.answer = Some(answer);
            self.answer_due = true;
        }
    }

    /// Takes bytes that have come in, in any portions.
    pub fn receive(&mut self, now: Instant, bytes: &[u8]) {
        self.check_lease(now);
        for byte in bytes {
            if let Some(Ok(frame)) = self.decoder.push(*byte)
                && let Err(reason) = self.take(now, &frame)
            {
                self.statistics.count_dropped(&reason);
            }
        }
    }

    /// What to do next. Ask until it says [`Next::Wait`].
    pub fn next(&mut self, now: Instant) -> Next<Delivery> {
        self.check_lease(now);
        if let Some(delivery) = self.delivery() {
            return Next::Deliver(delivery);
        }
        if let Some(wire) = self.wire(now) {
            count(&mut self.statistics.frames_sent);
            return Next::Transmit(wire);
        }
        Next::Wait(self.deadline(now))
    }

    /// What the link has done and met so far.
    #[must_use]
    pub const fn statistics(&self) -> LinkStatistics {
        LinkStatistics {
            line: *self.decoder.statistics(),
            ..self.statistics
        }
    }

    fn take(&mut self, now: Instant, frame: &Frame) -> Result<(), Dropped> {
        let (number, message) = body::read_to_controller(frame.kind, &frame.body)?;
        if let ToController::Hello { wire_min, wire_max } = message {
            return self.take_hello(frame, wire_min <= WIRE_MAX && WIRE_MIN <= wire_max);
        }
        if !self.has_session() || frame.session != self.channel.session {
            return Err(Dropped::Stale);
        }
        if !self.channel.takes(frame.counter) {
            return Err(Dropped::Duplicate);
        }
        match message {
            ToController::Heartbeat { lease_ms } => {
                let asked = Duration::from_millis(lease_ms.into());
                self.lease_until = Some(now + asked.min(LEASE_MAX));
            }
            ToController::EventSeen { number } => self.forget_event(number),
            command => return self.take_command(number, command),
        }
        Ok(())
    }

    fn take_hello(&mut self, frame: &Frame, compatible: bool) -> Result<(), Dropped> {
        let known = self.has_session() && frame.session == self.channel.session;
        if frame.session == 0 || self.earlier_sessions.contains(&frame.session) {
            return Err(Dropped::Stale);
        }
        if known && !self.channel.takes(frame.counter) {
            return Err(Dropped::Duplicate);
        }
        self.greeting = Some(frame.session);
        let leased = self.end_session();
        if compatible {
            if !known {
                self.replace_channel(Channel::new(frame.session));
                self.channel.last_in = Some(frame.counter);
            }
            self.opened = true;
            count(&mut self.statistics.sessions);
        } else {
            self.replace_channel(Channel::new(0));
            self.lapsed |= leased;
        }
        Ok(())
    }

    fn replace_channel(&mut self, channel: Channel) {
        if self.has_session() {
            self.earlier_sessions.write(self.channel.session);
        }
        self.channel = channel;
    }

    /// Forgets all that belongs to a session. Events are the lane's and stay. Tells whether there
    /// was a lease.
    fn end_session(&mut self) -> bool {
        self.opened = false;
        self.request = None;
        self.memory = None;
        self.answer_due = false;
        self.event_sent = None;
        self.status_sent = None;
        self.told.clear();
        self.lease_until.take().is_some()
    }

    fn take_command(
        &mut self,
        number: CommandNumber,
        message: ToController,
    ) -> Result<(), Dropped> {
        if let Some(memory) = self.memory
            && number <= memory.number
        {
            self.answer_due |= number == memory.number && memory.answer.is_some();
            return Err(Dropped::Duplicate);
        }
        if self.request.is_some() {
            return Err(Dropped::Unread);
        }
        self.memory = Some(Memory {
            number,
            answer: None,
        });
        self.answer_due = false;
        self.request = Some((number, message));
        Ok(())
    }

    /// Only the oldest event is ever on the line, so that the host gets them in order; only that
    /// one can have been seen.
    fn forget_event(&mut self, number: u32) {
        let seen = self.event_sent.is_some()
            && self
                .events
                .front()
                .is_some_and(|oldest| oldest.number == number);
        if seen {
            self.events.pop_front();
            self.event_sent = None;
        }
    }

    fn check_lease(&mut self, now: Instant) {
        if self.lease_until.is_some_and(|until| until <= now) {
            self.lease_until = None;
            self.lapsed = true;
        }
    }

    fn delivery(&mut self) -> Option<Delivery> {
        if core::mem::take(&mut self.lapsed) {
            return Some(Delivery::LeaseLapsed);
        }
        if core::mem::take(&mut self.opened) {
            return Some(Delivery::SessionOpened);
        }
        let (number, message) = self.request.take()?;
        Some(Delivery::Request { number, message })
    }

    fn wire(&mut self, now: Instant) -> Option<Wire> {
        if let Some(session) = self.greeting.take() {
            return Some(self.hello(now, session));
        }
        let message = self
            .due_telling()
            .or_else(|| self.due_answer())
            .or_else(|| self.due_event(now))
            .or_else(|| self.due_status(now))?;
        Some(self.channel.pack(Kind::Plain, body::to_host(&message)))
    }

    fn hello(&mut self, now: Instant, session: u8) -> Wire {
        let message = ToHost::Hello {
            wire_min: WIRE_MIN,
            wire_max: WIRE_MAX,
            firmware: self.identity.firmware,
            board: self.identity.board,
            reset: self.identity.reset,
            uptime_ms: self.uptime_ms(now),
        };
        let body = body::to_host(&message);
        if session == self.channel.session {
            self.channel.pack(Kind::Hello, body)
        } else {
            Channel::new(session).pack(Kind::Hello, body)
        }
    }

    fn due_telling(&mut self) -> Option<ToHost> {
        self.told.pop_front().filter(|_| self.has_session())
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

    fn due_status(&mut self, now: Instant) -> Option<ToHost> {
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
        })
    }

    /// When the oldest event is to be sent, if there is one and somebody to send it to.
    fn event_at(&self, now: Instant) -> Option<Instant> {
        if !self.has_session() || self.events.is_empty() {
            return None;
        }
        Some(self.event_sent.map_or(now, |sent| sent + EVENT_EVERY))
    }

    fn status_at(&self, now: Instant) -> Instant {
        let wait = if self.lane_changed {
            STATUS_GAP
        } else {
            STATUS_EVERY
        };
        self.status_sent.map_or(now, |sent| sent + wait)
    }

    fn deadline(&self, now: Instant) -> Instant {
        [self.event_at(now), self.lease_until]
            .into_iter()
            .flatten()
            .fold(self.status_at(now), Instant::min)
    }

    /// Wraps after 49.7 days, as the message says.
    fn uptime_ms(&self, now: Instant) -> u32 {
        now.since(self.started).as_millis() as u32
    }
}
