//! The end itself: see the module above.

use core::mem::discriminant;
use core::time::Duration;

use heapless::Deque;

use super::calling::Calling;
use super::delivery::{Controller, Delivery, Occurrence, Status};
use crate::body::{self, FromHost};
use crate::frame::{Decoder, Frame, Kind, WIRE_MAX, WIRE_MIN, Wire};
use crate::hello::{self, Entropy, Introduction, Reply};
use crate::keys::{KeySource, Pairing, Secret};
use crate::link::suspicion::Suspicion;
use crate::link::{
    DOUBT, Dropped, EVENTS_LATE, HEARTBEAT_EVERY, HELLO_EVERY, KNOWN_FOR, KNOWN_SLACK, LEASE,
    LinkError, LinkStatistics, Next, REPEATS, RETRY_AFTER, SILENT_AFTER, TURNED_AWAY_FOR,
    UNHEARD_AFTER, count,
};
use crate::message::{Answer, CommandNumber, Event, ToController, ToHost};
use crate::seal::{Opener, Sealer};
use crate::time::Instant;

/// Most commands that wait for their turn.
pub const COMMANDS_MAX: usize = 8;
/// Most deliveries that may follow from one frame and the deadlines after it: the end of a
/// session tells its cause and each command lost.
const ROOM_FOR_A_FRAME: usize = COMMANDS_MAX + 6;
/// Deliveries that wait for the owner.
const DELIVERIES_MAX: usize = 2 * ROOM_FOR_A_FRAME;
/// How much farther than the host's time the controller's uptime may seem to have gone: frames
/// wait in the buffers of a host that is busy.
const CLOCK_SLACK: Duration = Duration::from_secs(60);

/// What the host knows that nobody but its controller does, in part.
#[derive(Clone, Debug)]
pub struct Keys {
    /// Its own static key.
    pub own: Secret,
    /// The controller that it is paired with.
    pub pairing: Pairing,
    /// Whether a controller with weak random numbers will do: an emulated one, or for a
    /// technician.
    pub weak_entropy_will_do: bool,
}

/// What the link is about.
#[derive(Debug)]
enum Stage {
    /// Says `Hello` until it is answered.
    Calling(Calling),
    /// A session is open.
    Open(Session),
}

/// An open session.
#[derive(Debug)]
struct Session {
    sealer: Sealer,
    opener: Opener,
    heartbeat_at: Instant,
    /// Since when somebody says in clear that the controller has no session. It is forgotten as
    /// soon as a sealed frame comes.
    doubted: Option<Instant>,
    /// When the heartbeat was sent that the controller last showed to have heard.
    heard_us: Instant,
    /// Why nothing more is said, while a command is on the line that may yet be done.
    ending: Option<LinkError>,
}

/// The command that waits for its answer.
#[derive(Clone, Copy, Debug)]
struct Outstanding {
    number: CommandNumber,
    message: ToController,
    sent: u32,
    again_at: Instant,
    /// When the controller takes it no more, wherever it has been held back.
    dead_at: Instant,
}

/// The controller's clock when it was last heard, to tell whether it has started anew.
#[derive(Clone, Copy, Debug)]
struct Heard {
    boot: u32,
    uptime_ms: u32,
    at: Instant,
}

/// The host's end of the link: see the module.
#[derive(Debug)]
pub struct HostLink {
    keys: Keys,
    source: KeySource,
    decoder: Decoder,
    statistics: LinkStatistics,
    suspicion: Suspicion,

    stage: Stage,
    /// Low byte of the session's number.
    number: u8,
    /// Why there is no session; meaningless while there is one.
    trouble: LinkError,
    /// When the controller last proved that it is there.
    alive_at: Instant,
    heard: Option<Heard>,

    next_number: CommandNumber,
    commands: Deque<(CommandNumber, ToController), COMMANDS_MAX>,
    outstanding: Option<Outstanding>,

    newest_event: Option<Occurrence>,
    /// Number of the newest event that was delivered or told lost; none before the first.
    accounted: Option<u32>,
    /// Since when statuses name events that do not come, with none between.
    owed_since: Option<Instant>,
    /// Number of the event that is delivered but not yet handed out in this session.
    unread_event: Option<u32>,
    seen_due: Option<u32>,

    deliveries: Deque<Delivery, DELIVERIES_MAX>,
}

impl HostLink {
    /// A link that starts to call at `now`.
    ///
    /// `seed` is random and never the same twice: the keys of all sessions come from it, and the
    /// number of the first, so that what a daemon before this one left on the line is not taken for
    /// ours.
    #[must_use]
    pub fn new(now: Instant, keys: Keys, seed: Secret) -> Self {
        let mut source = KeySource::new(seed);
        let number = source.next(b"first session").bytes()[0].max(1);
        let stage = Stage::Calling(Calling::new(now, &keys, &mut source, number));
        Self {
            keys,
            source,
            decoder: Decoder::new(),
            statistics: LinkStatistics::NONE,
            suspicion: Suspicion::new(),
            stage,
            number,
            trouble: LinkError::Connecting,
            alive_at: now,
            heard: None,
            next_number: 1,
            commands: Deque::new(),
            outstanding: None,
            newest_event: None,
            accounted: None,
            owed_since: None,
            unread_event: None,
            seen_due: None,
            deliveries: Deque::new(),
        }
    }

    /// Sends a command as soon as those before it are answered. Gives the number by which its
    /// answer will be known. Call [`HostLink::next`] afterwards.
    ///
    /// # Errors
    ///
    /// The link's own error while there is no session, [`LinkError::QueueFull`],
    /// [`LinkError::NotACommand`].
    pub fn send(&mut self, message: ToController) -> Result<CommandNumber, LinkError> {
        if !message.is_command() {
            return Err(LinkError::NotACommand);
        }
        if !self.is_connected() {
            return Err(self.trouble);
        }
        let number = self.next_number;
        self.commands
            .push_back((number, message))
            .map_err(|_| LinkError::QueueFull {
                limit: COMMANDS_MAX,
            })?;
        self.next_number = number.checked_add(1).unwrap_or(1);
        Ok(number)
    }

    /// Takes bytes that have come in, in any portions.
    pub fn receive(&mut self, now: Instant, bytes: &[u8]) {
        for byte in bytes {
            if let Some(Ok(frame)) = self.decoder.push(*byte)
                && let Err(reason) = self.take(now, &frame)
            {
                self.drop_frame(now, reason);
            }
        }
    }

    /// What to do next. Ask until it says [`Next::Wait`].
    pub fn next(&mut self, now: Instant) -> Next<Delivery> {
        self.check_time(now);
        if let Some(delivery) = self.deliveries.pop_front() {
            if matches!(delivery, Delivery::Event(_)) {
                self.seen_due = self.unread_event.take();
            }
            return Next::Deliver(delivery);
        }
        if let Some(wire) = self.wire(now) {
            count(&mut self.statistics.frames_sent);
            return Next::Transmit(wire);
        }
        Next::Wait(self.deadline())
    }

    /// Whether a session is open.
    #[must_use]
    pub const fn is_connected(&self) -> bool {
        matches!(&self.stage, Stage::Open(session) if session.ending.is_none())
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
        let told = |delivery: &Delivery| matches!(delivery, Delivery::Tampering { .. });
        if reason.is_suspicious()
            && self.suspicion.note(now)
            && self.has_room()
            && !self.deliveries.iter().any(told)
        {
            let LinkStatistics {
                forged, replayed, ..
            } = self.statistics;
            let frames = forged.saturating_add(replayed);
            self.deliver(Delivery::Tampering { frames });
        }
    }

    fn has_room(&self) -> bool {
        self.deliveries.capacity() - self.deliveries.len() >= ROOM_FOR_A_FRAME
    }

    fn take(&mut self, now: Instant, frame: &Frame) -> Result<(), Dropped> {
        if !self.has_room() {
            return Err(Dropped::Unread);
        }
        match frame.kind {
            Kind::Hello => self.take_hello(now, frame),
            Kind::Sealed => self.take_sealed(now, frame),
        }
    }

    fn take_sealed(&mut self, now: Instant, frame: &Frame) -> Result<(), Dropped> {
        let Stage::Open(session) = &mut self.stage else {
            return Err(Dropped::Stale);
        };
        if frame.session != self.number {
            return Err(Dropped::Stale);
        }
        let body = session.opener.open(frame)?;
        session.doubted = None;
        match body::read_to_host(&body)? {
            ToHost::Done { command, answer } => self.take_answer(command, answer),
            ToHost::Event {
                number,
                uptime_ms,
                event,
            } => self.take_event(number, uptime_ms, event),
            ToHost::Site { site } => {
                self.deliver(Delivery::Site(site));
                Ok(())
            }
            ToHost::Health { health } => {
                self.deliver(Delivery::Health(health));
                Ok(())
            }
            ToHost::Update(report) => {
                self.deliver(Delivery::Update(report));
                Ok(())
            }
            ToHost::Warning(warning) => {
                self.deliver(Delivery::Warning(warning));
                Ok(())
            }
            ToHost::LastFailure { failure } => {
                self.deliver(Delivery::LastFailure(failure));
                Ok(())
            }
            message => self.take_status(now, message),
        }
    }

    fn take_hello(&mut self, now: Instant, frame: &Frame) -> Result<(), Dropped> {
        let (clear, reply) = hello::read_reply(&frame.content)?;
        let calling = match &mut self.stage {
            Stage::Open(session) if frame.session == 0 => {
                // Perhaps the controller has forgotten the session, perhaps somebody says so.
                session.doubted.get_or_insert(now);
                return Ok(());
            }
            // Our call was repeated before its answer came.
            Stage::Open(_) if frame.session == self.number => return Err(Dropped::Duplicate),
            Stage::Calling(calling) if frame.session == self.number => calling,
            _ => return Err(Dropped::Stale),
        };
        self.alive_at = now;
        if let ToHost::Hello {
            wire_min, wire_max, ..
        } = clear
            && !hello::compatible(wire_min, wire_max)
        {
            self.turned_away(now, version_error(wire_max));
            return Ok(());
        }
        match reply {
            Some(Reply::Session(answer)) => {
                if (frame.version, frame.counter) != (WIRE_MAX, 0) {
                    return Err(Dropped::BadBody);
                }
                // The controller that we are paired with would have proved it.
                let proved = calling.finish(answer);
                let (payload, keys) = proved.map_err(|_| Dropped::Forged)?;
                let introduction = Introduction::read(&payload);
                let Some(introduction) = introduction.ok().filter(|one| one.in_clear() == clear)
                else {
                    // What the controller said in clear was changed on the way.
                    self.call(now + HELLO_EVERY);
                    return Err(Dropped::Forged);
                };
                let session = Session {
                    sealer: Sealer::new(keys.host),
                    opener: Opener::new(keys.controller),
                    heartbeat_at: now,
                    doubted: None,
                    heard_us: now,
                    ending: None,
                };
                self.open(now, session, introduction);
            }
            Some(Reply::Unpaired) => self.turned_away(now, LinkError::Unpaired),
            Some(Reply::Stranger) => self.turned_away(now, LinkError::Stranger),
            Some(Reply::NoEntropy) => self.turned_away(now, LinkError::NoEntropy),
            _ => return Err(Dropped::Stale),
        }
        Ok(())
    }

    fn open(&mut self, now: Instant, session: Session, introduction: Introduction) {
        let Introduction {
            wire_min,
            wire_max,
            firmware,
            board,
            reset,
            uptime_ms,
            boot,
            entropy,
        } = introduction;
        if !hello::compatible(wire_min, wire_max) {
            return self.turned_away(now, version_error(wire_max));
        }
        match entropy {
            Entropy::Strong => {}
            Entropy::Weak if self.keys.weak_entropy_will_do => {}
            Entropy::Weak => return self.turned_away(now, LinkError::WeakEntropy),
            Entropy::None => return self.turned_away(now, LinkError::NoEntropy),
        }
        let restarted = self
            .heard
            .is_some_and(|heard| heard.contradicts(boot, uptime_ms, now));
        if restarted {
            (self.newest_event, self.accounted) = (None, None);
        }
        self.owed_since = None;
        self.heard = Some(Heard {
            boot,
            uptime_ms,
            at: now,
        });
        self.stage = Stage::Open(session);
        count(&mut self.statistics.sessions);
        self.deliver(Delivery::Connected(Controller {
            firmware,
            board,
            reset,
            uptime_ms,
            boot,
            entropy,
            restarted,
        }));
    }

    /// There is a controller, and it is of no use: ask again, but not all the time.
    fn turned_away(&mut self, now: Instant, error: LinkError) {
        self.trouble(error);
        let again_at = now + TURNED_AWAY_FOR;
        // It does not fall silent while it is not asked.
        self.alive_at = again_at;
        self.call(again_at);
    }

    fn take_status(&mut self, now: Instant, message: ToHost) -> Result<(), Dropped> {
        let ToHost::Status {
            uptime_ms,
            state,
            inputs,
            outputs,
            passage,
            newest_event,
            heartbeat_ms,
        } = message
        else {
            return Err(Dropped::BadBody);
        };
        self.alive_at = now;
        if let Stage::Open(session) = &mut self.stage {
            let age = clock_ms(now).wrapping_sub(heartbeat_ms);
            let sent_at = now.as_micros().saturating_sub(u64::from(age) * 1_000);
            session.heard_us = Instant::from_micros(sent_at);
        }
        if let Some(heard) = &mut self.heard {
            (heard.uptime_ms, heard.at) = (uptime_ms, now);
        }
        self.account_for_events(now, newest_event);
        // Only the newest status counts: one that was not read yet is replaced.
        if matches!(self.deliveries.back(), Some(Delivery::Status(_))) {
            self.deliveries.pop_back();
        }
        self.deliver(Delivery::Status(Status {
            uptime_ms,
            state,
            inputs,
            outputs,
            passage,
            newest_event,
        }));
        Ok(())
    }

    fn take_answer(&mut self, command: CommandNumber, answer: Answer) -> Result<(), Dropped> {
        self.outstanding
            .take_if(|outstanding| outstanding.number == command)
            .ok_or(Dropped::Duplicate)?;
        self.deliver(match answer {
            Answer::Accepted => Delivery::Accepted(command),
            Answer::Refused(refusal) => Delivery::Refused(command, refusal),
        });
        Ok(())
    }

    /// SAF-089: an event that waits at the controller is sent again and again. One that has not come
    /// for long was thrown away, and no later one may ever show the hole; or somebody keeps it from
    /// us, and the session ends.
    fn account_for_events(&mut self, now: Instant, newest: u32) {
        // What was before the first session is not known, and not this host's: it has a second to
        // come.
        if self.accounted == Some(newest) {
            self.owed_since = None;
            return;
        }
        let owed_since = *self.owed_since.get_or_insert(now);
        if now.since(owed_since) < EVENTS_LATE {
            return;
        }
        self.owed_since = None;
        let before = self.accounted.replace(newest).unwrap_or(newest);
        if let Some(missing @ 1..) = newest.checked_sub(before) {
            self.count_lost(missing);
            self.deliver(Delivery::EventsLost { missing });
            if let Stage::Open(session) = &mut self.stage {
                session
                    .ending
                    .get_or_insert(LinkError::EventsMissing { missing });
            }
        }
    }

    fn count_lost(&mut self, missing: u32) {
        let lost = &mut self.statistics.events_lost;
        *lost = lost.saturating_add(missing);
    }

    /// The controller sends one event at a time and the next only after this one was seen. So
    /// whatever is not the newest once more is new; a lower number means that the controller has
    /// started anew.
    fn take_event(&mut self, number: u32, uptime_ms: u32, event: Event) -> Result<(), Dropped> {
        self.owed_since = None;
        let before = self.newest_event;
        let repeated = before.is_some_and(|before| {
            (before.number, before.uptime_ms, before.event) == (number, uptime_ms, event)
        });
        if repeated {
            if self.unread_event.is_none() {
                self.seen_due = Some(number);
            }
            return Err(Dropped::Duplicate);
        }
        let missing = self
            .accounted
            .replace(number)
            .and_then(|before| number.checked_sub(before)?.checked_sub(1))
            .unwrap_or(0);
        self.count_lost(missing);
        let occurrence = Occurrence {
            number,
            uptime_ms,
            event,
            missing,
        };
        self.newest_event = Some(occurrence);
        self.unread_event = Some(number);
        self.deliver(Delivery::Event(occurrence));
        Ok(())
    }

    /// Looks whether something that should have come has not.
    fn check_time(&mut self, now: Instant) {
        let silent = now.since(self.alive_at);
        let silent = (silent >= SILENT_AFTER).then_some(LinkError::Silent {
            silent,
            limit: SILENT_AFTER,
        });
        let Stage::Open(session) = &mut self.stage else {
            if let Some(error) = silent {
                self.trouble(error);
            }
            return;
        };
        let unheard = now.since(session.heard_us);
        let doubted = |since| now.since(since) >= DOUBT;
        let ending = session.ending.or(silent).or_else(|| {
            if session.doubted.is_some_and(doubted) {
                Some(LinkError::Restarted)
            } else if unheard >= UNHEARD_AFTER {
                Some(LinkError::Unheard {
                    unheard,
                    limit: UNHEARD_AFTER,
                })
            } else {
                self.outstanding?.given_up(now)
            }
        });
        session.ending = ending;
        let Some(error) = ending else {
            return;
        };
        self.trouble = error;
        let may_be_done = |one: Outstanding| one.dead_at > now;
        if !self.outstanding.is_some_and(may_be_done) {
            self.lose(now, error);
        }
    }

    /// Ends the session and calls for a new one.
    fn lose(&mut self, now: Instant, error: LinkError) {
        self.trouble = LinkError::Connecting;
        self.trouble(error);
        if let Some(outstanding) = self.outstanding.take() {
            self.deliver(Delivery::Lost(outstanding.number));
        }
        while let Some((number, _)) = self.commands.pop_front() {
            self.deliver(Delivery::Lost(number));
        }
        self.unread_event = None;
        self.seen_due = None;
        self.call(now);
    }

    /// Calls for a new session, from `at` on.
    fn call(&mut self, at: Instant) {
        self.number = self.number.checked_add(1).unwrap_or(1);
        self.stage = Stage::Calling(Calling::new(at, &self.keys, &mut self.source, self.number));
    }

    /// Notes why there is no session, and tells the owner if that is news.
    fn trouble(&mut self, error: LinkError) {
        if discriminant(&self.trouble) != discriminant(&error) {
            self.deliver(Delivery::Down(error));
        }
        self.trouble = error;
    }

    fn deliver(&mut self, delivery: Delivery) {
        self.deliveries
            .push_back(delivery)
            .expect("no frame is taken unless there is room for all that may follow from it");
    }

    fn wire(&mut self, now: Instant) -> Option<Wire> {
        if let Stage::Calling(calling) = &self.stage {
            if calling.is_given_up() && calling.again_at() <= now {
                // The controller may know this session's number from a daemon before us.
                self.call(now);
            }
            let Stage::Calling(calling) = &mut self.stage else {
                return None;
            };
            return calling.due(now, self.number);
        }
        if !self.is_connected() {
            return None;
        }
        let (number, message) = self
            .due_seen()
            .or_else(|| self.due_heartbeat(now))
            .or_else(|| self.due_command(now))?;
        let said = FromHost {
            knows_ms: self.heard?.uptime_ms,
            number,
            message,
        };
        match &mut self.stage {
            Stage::Open(session) => session
                .sealer
                .seal(self.number, &body::to_controller(&said)),
            Stage::Calling(_) => None,
        }
    }

    fn due_seen(&mut self) -> Option<(CommandNumber, ToController)> {
        let number = self.seen_due.take()?;
        Some((0, ToController::EventSeen { number }))
    }

    fn due_heartbeat(&mut self, now: Instant) -> Option<(CommandNumber, ToController)> {
        let Stage::Open(session) = &mut self.stage else {
            return None;
        };
        if session.heartbeat_at > now {
            return None;
        }
        session.heartbeat_at = now + HEARTBEAT_EVERY;
        Some((
            0,
            ToController::Heartbeat {
                lease_ms: LEASE.as_millis() as u16,
                at_ms: clock_ms(now),
            },
        ))
    }

    fn due_command(&mut self, now: Instant) -> Option<(CommandNumber, ToController)> {
        if self.outstanding.is_none() {
            let (number, message) = self.commands.pop_front()?;
            self.outstanding = Some(Outstanding {
                number,
                message,
                sent: 0,
                again_at: now,
                dead_at: now,
            });
        }
        let known_at = self.heard?.at;
        let outstanding = self
            .outstanding
            .as_mut()
            .filter(|due| due.again_at <= now)?;
        if outstanding.sent > 0 {
            count(&mut self.statistics.retries);
        }
        outstanding.sent += 1;
        outstanding.again_at = now + RETRY_AFTER;
        outstanding.dead_at = known_at + KNOWN_FOR + KNOWN_SLACK;
        Some((outstanding.number, outstanding.message))
    }

    fn deadline(&self) -> Instant {
        let silent_at = self.alive_at + SILENT_AFTER;
        match &self.stage {
            Stage::Calling(calling) if matches!(self.trouble, LinkError::Silent { .. }) => {
                calling.again_at()
            }
            Stage::Calling(calling) => calling.again_at().min(silent_at),
            Stage::Open(session) if session.ending.is_some() => {
                let dead_at = self.outstanding.map(|outstanding| outstanding.dead_at);
                dead_at.unwrap_or(Instant::ZERO)
            }
            Stage::Open(session) => [
                session.doubted.map(|since| since + DOUBT),
                self.outstanding.map(|outstanding| outstanding.again_at),
                Some(session.heard_us + UNHEARD_AFTER),
                Some(silent_at),
            ]
            .into_iter()
            .flatten()
            .fold(session.heartbeat_at, Instant::min),
        }
    }
}

/// The host's clock as its heartbeats tell it; wraps after 49.7 days.
const fn clock_ms(now: Instant) -> u32 {
    now.as_millis() as u32
}

impl Outstanding {
    /// Why the session ends if the command was said often enough.
    fn given_up(&self, now: Instant) -> Option<LinkError> {
        let given_up = self.sent > REPEATS && self.again_at <= now;
        given_up.then_some(LinkError::Unanswered {
            command: self.number,
            sent: self.sent,
        })
    }
}

const fn version_error(found: u8) -> LinkError {
    LinkError::Version {
        found,
        min: WIRE_MIN,
        max: WIRE_MAX,
    }
}

impl Heard {
    /// Whether a controller that says `uptime_ms` at `now` cannot have run on since.
    ///
    /// Its clock may be slow (an emulated one is) but not fast, so an uptime that has gone back,
    /// or forward by far more than time has passed, belongs to another life. Differences are
    /// taken modulo 2³², which makes the wrap after 49.7 days no special case.
    fn contradicts(&self, boot: u32, uptime_ms: u32, now: Instant) -> bool {
        let advance = Duration::from_millis(uptime_ms.wrapping_sub(self.uptime_ms).into());
        boot != self.boot || advance > now.since(self.at) + CLOCK_SLACK
    }
}
