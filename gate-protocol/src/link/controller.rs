//! The controller's end of the link.
//!
//! Its owner is the firmware or a simulation. The owner keeps [`ControllerLink::set_lane`] up to
//! date, reports events with [`ControllerLink::report`], and answers each [`Delivery::Request`]
//! with [`ControllerLink::answer`], at once or later. It says when pairing is possible
//! ([`ControllerLink::let_pair`]) and when the session must not go on
//! ([`ControllerLink::drop_session`]).

mod calling;
mod greeting;
mod pairing;
mod saying;

use core::time::Duration;

use heapless::Deque;

use super::suspicion::Suspicion;
use super::{
    ANSWER_GAP, Dropped, GREETING_EVERY, KNOWN_FOR, LEASE_MAX, LinkStatistics, Next, count,
};
use crate::body::{self, FromHost};
use crate::frame::{Content, Decoder, Frame, Kind};
use crate::hello::Entropy;
use crate::keys::{KeySource, Pairing, Secret};
use crate::message::{
    Answer, Board, CommandNumber, Event, Passage, ResetCause, State, ToController, ToHost,
};
use crate::noise::EPHEMERAL_LEN;
use crate::pairing::LabelCode;
use crate::seal::{Opener, Sealer, SessionKeys};
use crate::time::Instant;

use greeting::Greeting;
use pairing::PairingStage;

pub use crate::noise::controller::public_key;

/// Most events that wait for the host.
pub const EVENTS_MAX: usize = 32;
/// Comings and goings before the entry are kept only while fewer events than this wait, so that
/// they cannot push out what matters.
pub const CHATTER_MAX: usize = EVENTS_MAX / 2;
/// Most things told outside the rules of answers and events: see [`ControllerLink::tell`]. A
/// failure, a warning, and what two requests bring about.
const TOLD_MAX: usize = 4;

/// What the controller says of itself in its `Hello`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Firmware version as major, minor, patch.
    pub firmware: [u8; 3],
    /// Which board the firmware was built for.
    pub board: Board,
    /// Why the controller last started.
    pub reset: ResetCause,
    /// How often it has started in its life; 0 if it cannot count.
    pub boot: u32,
    /// How good the seed of its keys is.
    pub entropy: Entropy,
}

/// What the controller knows that nobody else does.
#[derive(Clone, Debug)]
pub struct Keys {
    /// Its own static key.
    pub own: Secret,
    /// The code on its label. Without one it cannot be paired.
    pub label: Option<LabelCode>,
    /// The host that it is paired with.
    pub pairing: Option<Pairing>,
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The host has opened a session. Every earlier one has ended: forget permits and mode.
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
    /// A host has proved to know the label's code. Store this, and hand it to
    /// [`ControllerLink::adopt`] once it is stored; until then the host that was there stays.
    Paired(Pairing),
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

/// One session as the controller sees it.
#[derive(Clone, Debug)]
struct Session {
    /// Low byte of its number.
    number: u8,
    sealer: Sealer,
    opener: Opener,
    /// When the host's lease lapses, and the session with it.
    lease_until: Instant,
    /// What the newest heartbeat said of the host's clock.
    heartbeat_ms: u32,
}

impl Session {
    fn new(now: Instant, number: u8, keys: SessionKeys) -> Self {
        Self {
            number,
            sealer: Sealer::new(keys.controller),
            opener: Opener::new(keys.host),
            lease_until: now,
            heartbeat_ms: 0,
        }
    }
}

/// A session whose handshake is done, and of which no heartbeat has come yet: it may be a call
/// that somebody has recorded and plays again.
#[derive(Clone, Debug)]
struct Offered {
    session: Session,
    /// What the call began with, to know the same call when it comes again.
    call: [u8; EPHEMERAL_LEN],
    /// What answers it, each time alike. It names the time: when it has been said for
    /// [`super::HANDSHAKE_GAP`], the same call is answered anew.
    answer: Content,
    /// When the answer was first said. A handshake may take long, and what comes meanwhile is older
    /// than its answer.
    said_at: Option<Instant>,
}

/// The controller's end of the link: see the module.
#[derive(Clone, Debug)]
pub struct ControllerLink {
    started: Instant,
    identity: Identity,
    keys: Keys,
    source: KeySource,
    decoder: Decoder,
    statistics: LinkStatistics,
    suspicion: Suspicion,

    session: Option<Session>,
    offered: Option<Offered>,
    handshake_at: Option<Instant>,
    pairing: PairingStage,
    /// An answer in clear that waits for its time.
    greeting: Option<(u8, Greeting)>,
    answered: Option<Instant>,
    /// When the controller last spoke unasked.
    greeted: Option<Instant>,

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
    ///
    /// `seed` is random, and never the same in two lives of a controller.
    #[must_use]
    pub const fn new(now: Instant, identity: Identity, keys: Keys, seed: Secret) -> Self {
        Self {
            started: now,
            identity,
            keys,
            source: KeySource::new(seed),
            decoder: Decoder::new(),
            statistics: LinkStatistics::NONE,
            suspicion: Suspicion::new(),
            session: None,
            offered: None,
            handshake_at: None,
            pairing: PairingStage::Shut,
            greeting: None,
            answered: None,
            greeted: None,
            opened: false,
            lapsed: false,
            request: None,
            memory: None,
            answer_due: false,
            lane: Lane {
                state: State::Secure,
                inputs: 0,
                outputs: 0,
                passage: 0,
            },
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
        let lease = self.session.as_ref().map(|session| session.lease_until);
        lease.is_some_and(|until| now < until)
    }

    /// Whether a host has opened a session.
    #[must_use]
    pub const fn has_session(&self) -> bool {
        self.session.is_some()
    }

    /// Ends the session, if there is one, and forgets its keys: somebody may be at the board. The
    /// host calls again by itself.
    pub fn drop_session(&mut self) {
        self.offered = None;
        if matches!(self.greeting, Some((_, Greeting::Offer))) {
            self.greeting = None;
        }
        self.lose_session();
    }

    fn lose_session(&mut self) {
        self.lapsed |= self.session.take().is_some();
        self.end_session();
        self.greeted = None;
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

    /// Takes bytes that have come in, in any portions; says whether a frame has ended among them, good
    /// or bad.
    pub fn receive(&mut self, now: Instant, bytes: &[u8]) -> bool {
        self.check_lease(now);
        let mut ended = false;
        for byte in bytes {
            let frame = self.decoder.push(*byte);
            ended |= frame.is_some();
            if let Some(Ok(frame)) = frame
                && let Err(reason) = self.take(now, &frame)
            {
                self.drop_frame(now, reason);
            }
        }
        ended
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

    fn drop_frame(&mut self, now: Instant, reason: Dropped) {
        self.statistics.count_dropped(&reason);
        // One alarm that waits for the host is enough: others must not push out what happened in
        // the lane.
        let told = |waiting: &Waiting| matches!(waiting.event, Event::Tampering(_));
        if reason.is_suspicious() && self.suspicion.note(now) && !self.events.iter().any(told) {
            let LinkStatistics {
                forged, replayed, ..
            } = self.statistics;
            // An alarm that finds no room is one of many events that wait.
            let _ = self.report(now, Event::Tampering(forged.saturating_add(replayed)));
        }
    }

    fn take(&mut self, now: Instant, frame: &Frame) -> Result<(), Dropped> {
        match frame.kind {
            Kind::Hello => self.take_hello(now, frame),
            Kind::Sealed => self.take_sealed(now, frame),
        }
    }

    fn take_sealed(&mut self, now: Instant, frame: &Frame) -> Result<(), Dropped> {
        let is_offered = |offered: &Offered| offered.session.number == frame.session;
        let opens = self.offered.as_ref().is_some_and(is_offered);
        let session = match (&mut self.offered, &mut self.session) {
            (Some(offered), _) if opens => &mut offered.session,
            (_, Some(session)) if session.number == frame.session => session,
            // The host has gone on to the present session, and nothing overtakes on a line: whoever
            // says what belongs to another has recorded it.
            (_, Some(_)) => return Err(Dropped::Replayed),
            (_, None) => return Err(Dropped::Stale),
        };
        let said = body::read_to_controller(&session.opener.open(frame)?)?;
        let known_for = self.known_for(now, &said);
        match said.message {
            ToController::Heartbeat { lease_ms, at_ms } => {
                let asked = Duration::from_millis(lease_ms.into()).min(LEASE_MAX);
                if known_for >= asked {
                    return Err(Dropped::Late);
                }
                if opens {
                    self.open_session();
                }
                if let Some(session) = &mut self.session {
                    session.lease_until = now + (asked - known_for);
                    session.heartbeat_ms = at_ms;
                }
            }
            // A session begins with a heartbeat, which the host says first.
            _ if opens => return Err(Dropped::Stale),
            _ if known_for > KNOWN_FOR => return Err(Dropped::Late),
            ToController::EventSeen { number } => self.forget_event(number),
            command => return self.take_command(said.number, command),
        }
        Ok(())
    }

    /// SAF-079: how old what the host goes by is. Who keeps frames back and hands them on later
    /// cannot make them name a newer status than the host knew when it sealed them.
    fn known_for(&self, now: Instant, said: &FromHost) -> Duration {
        let age = self.uptime_ms(now).wrapping_sub(said.knows_ms);
        Duration::from_millis(age.into())
    }

    /// The host has proved that it is there now: the session that was offered takes the place of
    /// the one before.
    fn open_session(&mut self) {
        self.end_session();
        self.session = self.offered.take().map(|offered| offered.session);
        self.opened = true;
        count(&mut self.statistics.sessions);
    }

    /// Forgets all that was said in a session. Events are the lane's and stay.
    fn end_session(&mut self) {
        self.opened = false;
        self.lane_changed = true;
        self.request = None;
        self.memory = None;
        self.answer_due = false;
        self.event_sent = None;
        self.status_sent = None;
        self.told.clear();
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

    /// SAF-078: ends a session whose host has fallen silent: what comes later was held back.
    fn check_lease(&mut self, now: Instant) {
        if self.session.is_some() && !self.has_lease(now) {
            // A newer one that is being opened is nothing to do with it.
            self.lose_session();
        }
    }

    fn delivery(&mut self) -> Option<Delivery> {
        if core::mem::take(&mut self.lapsed) {
            return Some(Delivery::LeaseLapsed);
        }
        if let Some(paired) = self.pairing.take_news() {
            return Some(Delivery::Paired(paired));
        }
        if core::mem::take(&mut self.opened) {
            return Some(Delivery::SessionOpened);
        }
        let (number, message) = self.request.take()?;
        Some(Delivery::Request { number, message })
    }

    fn deadline(&self, now: Instant) -> Instant {
        let regular = if self.has_session() {
            self.status_at(now)
        } else {
            self.greeting_at(now)
        };
        let session_ends = self.session.as_ref().map(|session| session.lease_until);
        [self.event_at(now), session_ends, self.answer_at(now)]
            .into_iter()
            .flatten()
            .fold(regular, Instant::min)
    }

    /// Wraps after 49.7 days, as the message says.
    fn uptime_ms(&self, now: Instant) -> u32 {
        now.since(self.started).as_millis() as u32
    }
}
