//! The host's end of the link.
//!
//! It calls the controller until it is answered, keeps the session alive, and says by itself when
//! the session is lost and when it is back. Its owner sends commands with [`HostLink::send`].

mod delivery;

use core::mem::discriminant;
use core::time::Duration;

use heapless::Deque;

use super::{
    Channel, Dropped, HEARTBEAT_EVERY, HELLO_EVERY, LEASE, LinkError, LinkStatistics, Next,
    REPEATS, RETRY_AFTER, SILENT_AFTER, count,
};
use crate::body;
use crate::frame::{Decoder, Frame, Kind, WIRE_MAX, WIRE_MIN, Wire};
use crate::message::{Answer, CommandNumber, Event, ToController, ToHost};
use crate::time::Instant;

pub use delivery::{Controller, Delivery, Occurrence, Status};

/// Most commands that wait for their turn.
pub const COMMANDS_MAX: usize = 8;
/// Most deliveries that may follow from one frame and the deadlines after it: the end of a
/// session tells its cause and each command lost.
const ROOM_FOR_A_FRAME: usize = COMMANDS_MAX + 5;
/// Deliveries that wait for the owner.
const DELIVERIES_MAX: usize = 2 * ROOM_FOR_A_FRAME;
/// How much farther than the host's time the controller's uptime may seem to have gone: frames
/// wait in the buffers of a host that is busy.
const CLOCK_SLACK: Duration = Duration::from_secs(60);

/// What the link is about.
#[derive(Clone, Copy, Debug)]
enum Stage {
    /// Says `Hello` until it is answered.
    Calling {
        /// How many times this session's `Hello` was sent.
        sent: u32,
        again_at: Instant,
    },
    /// A session is open.
    Open { heartbeat_at: Instant },
}

/// The command that waits for its answer.
#[derive(Clone, Copy, Debug)]
struct Outstanding {
    number: CommandNumber,
    message: ToController,
    sent: u32,
    again_at: Instant,
}

/// The controller's clock when it was last heard, to tell whether it has started anew.
#[derive(Clone, Copy, Debug)]
struct Heard {
    uptime_ms: u32,
    at: Instant,
}

/// The host's end of the link: see the module.
#[derive(Clone, Debug)]
pub struct HostLink {
    decoder: Decoder,
    statistics: LinkStatistics,

    stage: Stage,
    channel: Channel,
    /// Why there is no session; meaningless while there is one.
    trouble: LinkError,
    /// When the controller last proved that it is there.
    alive_at: Instant,
    heard: Option<Heard>,

    next_number: CommandNumber,
    commands: Deque<(CommandNumber, ToController), COMMANDS_MAX>,
    outstanding: Option<Outstanding>,

    newest_event: Option<Occurrence>,
    /// Number of the event that is delivered but not yet handed out in this session.
    unread_event: Option<u32>,
    seen_due: Option<u32>,

    deliveries: Deque<Delivery, DELIVERIES_MAX>,
}

impl HostLink {
    /// A link that starts to call at `now`.
    ///
    /// `first_session` numbers its first session; take a random one, so that what a daemon before
    /// this one left on the line is not taken for ours. 0 is made 1.
    #[must_use]
    pub const fn new(now: Instant, first_session: u8) -> Self {
        let session = if first_session == 0 { 1 } else { first_session };
        Self {
            decoder: Decoder::new(),
            statistics: LinkStatistics::NONE,
            stage: Stage::Calling {
                sent: 0,
                again_at: now,
            },
            channel: Channel::new(session),
            trouble: LinkError::Connecting,
            alive_at: now,
            heard: None,
            next_number: 1,
            commands: Deque::new(),
            outstanding: None,
            newest_event: None,
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
                self.statistics.count_dropped(&reason);
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
        matches!(self.stage, Stage::Open { .. })
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
        let message = body::read_to_host(frame.kind, &frame.body)?;
        if self.deliveries.capacity() - self.deliveries.len() < ROOM_FOR_A_FRAME {
            return Err(Dropped::Unread);
        }
        if self.is_connected() && frame.session == 0 {
            // A controller without a session has forgotten ours.
            self.lose(now, LinkError::Restarted);
            return Ok(());
        }
        if frame.session != self.channel.session {
            return Err(Dropped::Stale);
        }
        if !self.channel.takes(frame.counter) {
            return Err(Dropped::Duplicate);
        }
        match (self.stage, message) {
            (Stage::Calling { .. }, message) => self.take_hello(now, message),
            // Our `Hello` was repeated before its answer came.
            (Stage::Open { .. }, ToHost::Hello { .. }) => Err(Dropped::Duplicate),
            (Stage::Open { .. }, ToHost::Done { command, answer }) => {
                self.take_answer(command, answer)
            }
            (
                Stage::Open { .. },
                ToHost::Event {
                    number,
                    uptime_ms,
                    event,
                },
            ) => self.take_event(number, uptime_ms, event),
            (Stage::Open { .. }, ToHost::Health { health }) => {
                self.deliver(Delivery::Health(health));
                Ok(())
            }
            (Stage::Open { .. }, ToHost::LastFailure { failure }) => {
                self.deliver(Delivery::LastFailure(failure));
                Ok(())
            }
            (Stage::Open { .. }, message) => self.take_status(now, message),
        }
    }

    fn take_hello(&mut self, now: Instant, message: ToHost) -> Result<(), Dropped> {
        let ToHost::Hello {
            wire_min,
            wire_max,
            firmware,
            board,
            reset,
            uptime_ms,
        } = message
        else {
            return Err(Dropped::Stale);
        };
        self.alive_at = now;
        if wire_max < WIRE_MIN || WIRE_MAX < wire_min {
            self.trouble(LinkError::Version {
                found: wire_max,
                min: WIRE_MIN,
                max: WIRE_MAX,
            });
            return Ok(());
        }
        let restarted = self
            .heard
            .is_some_and(|heard| heard.contradicts(uptime_ms, now));
        if restarted {
            self.newest_event = None;
        }
        self.heard = Some(Heard { uptime_ms, at: now });
        self.stage = Stage::Open { heartbeat_at: now };
        count(&mut self.statistics.sessions);
        self.deliver(Delivery::Connected(Controller {
            firmware,
            board,
            reset,
            uptime_ms,
            restarted,
        }));
        Ok(())
    }

    fn take_status(&mut self, now: Instant, message: ToHost) -> Result<(), Dropped> {
        let ToHost::Status {
            uptime_ms,
            state,
            inputs,
            outputs,
            passage,
            newest_event,
        } = message
        else {
            return Err(Dropped::BadBody);
        };
        self.alive_at = now;
        self.heard = Some(Heard { uptime_ms, at: now });
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

    /// The controller sends one event at a time and the next only after this one was seen. So
    /// whatever is not the newest once more is new; a lower number means that the controller has
    /// started anew.
    fn take_event(&mut self, number: u32, uptime_ms: u32, event: Event) -> Result<(), Dropped> {
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
        let missing = before
            .and_then(|before| number.checked_sub(before.number)?.checked_sub(1))
            .unwrap_or(0);
        let lost = &mut self.statistics.events_lost;
        *lost = lost.saturating_add(missing);
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
        let unanswered = self
            .outstanding
            .filter(|outstanding| outstanding.sent > REPEATS && outstanding.again_at <= now);
        if silent >= SILENT_AFTER {
            let error = LinkError::Silent {
                silent,
                limit: SILENT_AFTER,
            };
            if self.is_connected() {
                self.lose(now, error);
            } else {
                self.trouble(error);
            }
        } else if let Some(Outstanding { number, sent, .. }) = unanswered {
            self.lose(
                now,
                LinkError::Unanswered {
                    command: number,
                    sent,
                },
            );
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

    fn call(&mut self, now: Instant) {
        let session = self.channel.session.checked_add(1).unwrap_or(1);
        self.channel = Channel::new(session);
        self.stage = Stage::Calling {
            sent: 0,
            again_at: now,
        };
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
        if let Stage::Calling { sent, again_at } = self.stage {
            return (again_at <= now).then(|| self.hello(now, sent));
        }
        let (number, message) = self
            .due_seen()
            .or_else(|| self.due_heartbeat(now))
            .or_else(|| self.due_command(now))?;
        let body = body::to_controller(number, &message);
        Some(self.channel.pack(Kind::Plain, body))
    }

    fn hello(&mut self, now: Instant, sent: u32) -> Wire {
        let mut sent = sent;
        if sent > REPEATS {
            // The controller may know this session number from a daemon before us.
            self.call(now);
            sent = 0;
        }
        self.stage = Stage::Calling {
            sent: sent + 1,
            again_at: now + HELLO_EVERY,
        };
        let message = ToController::Hello {
            wire_min: WIRE_MIN,
            wire_max: WIRE_MAX,
        };
        let body = body::to_controller(0, &message);
        self.channel.pack(Kind::Hello, body)
    }

    fn due_seen(&mut self) -> Option<(CommandNumber, ToController)> {
        let number = self.seen_due.take()?;
        Some((0, ToController::EventSeen { number }))
    }

    fn due_heartbeat(&mut self, now: Instant) -> Option<(CommandNumber, ToController)> {
        let Stage::Open { heartbeat_at } = &mut self.stage else {
            return None;
        };
        if *heartbeat_at > now {
            return None;
        }
        *heartbeat_at = now + HEARTBEAT_EVERY;
        Some((
            0,
            ToController::Heartbeat {
                lease_ms: LEASE.as_millis() as u16,
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
            });
        }
        let outstanding = self
            .outstanding
            .as_mut()
            .filter(|due| due.again_at <= now)?;
        if outstanding.sent > 0 {
            count(&mut self.statistics.retries);
        }
        outstanding.sent += 1;
        outstanding.again_at = now + RETRY_AFTER;
        Some((outstanding.number, outstanding.message))
    }

    fn deadline(&self) -> Instant {
        let silent_at = self.alive_at + SILENT_AFTER;
        match self.stage {
            Stage::Calling { again_at, .. } if matches!(self.trouble, LinkError::Silent { .. }) => {
                again_at
            }
            Stage::Calling { again_at, .. } => again_at.min(silent_at),
            Stage::Open { heartbeat_at } => self
                .outstanding
                .map_or(heartbeat_at, |outstanding| {
                    heartbeat_at.min(outstanding.again_at)
                })
                .min(silent_at),
        }
    }
}

impl Heard {
    /// Whether a controller that says `uptime_ms` at `now` cannot have run on since.
    ///
    /// Its clock may be slow (an emulated one is) but not fast, so an uptime that has gone back,
    /// or forward by far more than time has passed, belongs to another life. Differences are
    /// taken modulo 2³², which makes the wrap after 49.7 days no special case.
    fn contradicts(&self, uptime_ms: u32, now: Instant) -> bool {
        let advance = Duration::from_millis(uptime_ms.wrapping_sub(self.uptime_ms).into());
        advance > now.since(self.at) + CLOCK_SLACK
    }
}
