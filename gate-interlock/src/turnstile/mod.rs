//! A single turnstile as a scan: one arm, two ways to turn it, and whoever stands in it.
//!
//! It is the lane's little sister and keeps its manners: [`Turnstile::scan`] every millisecond,
//! [`Turnstile::request`] for what the host asks, no clock, no pin, no heap. Each way is named after
//! the [`Door`] that would stand at its end: towards the exit means across the border.
//!
//! The arm is held by current and free without it. A hold acts in the arm's rest; how an arm stands
//! that has left its rest says `arm`, how many people went along says `beams`, what goes before
//! what says `order`, a traveller's way says `turn`, and the last word before the pins is
//! [`enforce_arm`].

mod arm;
mod beams;
mod enforce;
mod limits;
mod order;
mod readings;
mod rebase;
mod requests;
mod signs;
mod turn;

pub use enforce::{ArmCommand, ArmSurroundings, Escape, enforce_arm};
pub use limits::Limits;

use crate::Released;
use crate::debounce::Debounce;
use crate::duty::Duty;
use crate::invariants::Facts;
use crate::lease::Lease;
use crate::power::Power;
use crate::service::Forces;
use arm::{Arm, Arrival};
use beams::Beams;
use gate_protocol::pins::{Bits, TurnstileInput};
use gate_protocol::{CheckedSite, Door, Event, Fault, Instant, Mode, Passage, Sign, Site, State};
use heapless::Vec;
use limits::HALF_TURN;
use readings::Readings;
use signs::Signs;

/// More events than one scan can bring about; the owner fetches them after each scan.
const EVENTS_MAX: usize = 16;

/// One way through the arm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Turn {
    way: Door,
    passage: Passage,
    /// Until when the permit is good; `None` where no permit is needed.
    until: Option<Instant>,
}

/// Where the turnstile is. [`State`] is what the host sees of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Stage {
    Secure,
    Idle,
    Free(Door),
    Armed(Turn),
    Turning(Turn),
    /// Away from home for too long; `None` if nobody was meant to turn it.
    Obstructed(Option<Turn>),
    Tailgated,
    Blocked,
    Service,
    PowerFail,
    Trouble,
    Tamper,
    Emergency {
        fire: bool,
        stop: bool,
    },
}

impl Stage {
    const fn turn(self) -> Option<Turn> {
        match self {
            Self::Armed(turn) | Self::Turning(turn) | Self::Obstructed(Some(turn)) => Some(turn),
            _ => None,
        }
    }
}

/// The arm and everybody who turns it: see the module.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Turnstile {
    site: Site,
    limits: Limits,
    site_to_store: Option<Site>,
    debounce: Debounce,
    inputs: Bits,
    outputs: Bits,
    seen: Readings,
    arm: Arm,
    beams: Beams,

    mode: Mode,
    sign: Sign,
    lease: Lease,

    stage: Stage,
    /// When the stage began.
    since: Instant,
    newest_passage: Passage,
    /// The release whose end has not been told yet.
    released: Option<Passage>,

    /// Since when fire and emergency inputs have been normal.
    calm_since: Option<Instant>,
    channels_differ_since: Option<Instant>,
    /// The broken channel has been told.
    channel_fault: bool,
    /// The cabinet was opened, and nobody has cleared that yet.
    tampered: bool,
    power: Power,
    forces: Forces,
    /// Something that an officer should look at, whatever the stage.
    alarm: bool,
    buzzer_until: Option<Instant>,
    buzzer_duty: Duty,
    passed_until: Option<Instant>,

    events: Vec<Event, EVENTS_MAX>,
}

impl Turnstile {
    /// A turnstile after a reset.
    ///
    /// SAF-017: no permit, no lease, [`Mode::Closed`].
    #[must_use]
    pub fn new(now: Instant, site: CheckedSite) -> Self {
        let mut events = Vec::new();
        // The queue is empty: there is room.
        let _ = events.push(Event::Started);
        Self {
            site: site.get(),
            limits: Limits::of(site),
            site_to_store: None,
            debounce: Debounce::default(),
            inputs: Bits(0),
            outputs: Bits(0),
            seen: Readings::of(Bits(0)),
            arm: Arm::unknown(),
            beams: Beams::new(),
            mode: Mode::Closed,
            sign: Sign::Closed,
            lease: Lease::default(),
            stage: Stage::Secure,
            since: now,
            newest_passage: 0,
            released: None,
            calm_since: None,
            channels_differ_since: None,
            channel_fault: false,
            tampered: false,
            power: Power::default(),
            forces: Forces::default(),
            alarm: false,
            buzzer_until: None,
            buzzer_duty: Duty::default(),
            passed_until: None,
            events,
        }
    }

    /// Takes the levels of the input pins and says which output pins to drive high.
    ///
    /// To be called every millisecond. The watchdog's bit stays low: that edge is the board's.
    pub fn scan(&mut self, now: Instant, raw: Bits) -> Bits {
        let arrival = self.observe(now, raw);
        let next = self.before_all(now, arrival);
        let next = next.unwrap_or_else(|| self.step(now, arrival));
        if next != self.stage {
            self.go(now, next);
        }
        let escape = Escape::of(self.site);
        let command = enforce_arm(escape, self.surroundings(), self.wanted(now));
        self.outputs = self.drive(now, command);
        // By hand a way may be held that is free otherwise: the arm goes by the pins.
        self.arm.tell(now, signs::released(self.outputs));
        self.outputs
    }

    /// The link's word whether the host holds its lease. Given at least as often as half of
    /// 500 ms; the turnstile does not believe a link that falls silent.
    pub fn lease(&mut self, now: Instant, held: bool) {
        if self.lease.tell(now, held, self.limits.lease_word) {
            self.lapsed(now);
        }
    }

    /// SAF-008: permits die with the lease, and do not come back with the next one.
    fn lapsed(&mut self, now: Instant) {
        self.happened(Event::LeaseLapsed);
        self.withdraw(now);
    }

    /// Reports something wrong that only the board can see.
    pub fn report(&mut self, now: Instant, fault: Fault) {
        if !self.alarm_stands() {
            let next = self.fail(now, fault);
            self.go(now, next);
        }
    }

    /// The oldest event not fetched yet.
    pub fn next_event(&mut self) -> Option<Event> {
        (!self.events.is_empty()).then(|| self.events.remove(0))
    }

    /// What the host sees of the turnstile's stage.
    #[must_use]
    pub const fn state(&self) -> State {
        match self.stage {
            Stage::Secure => State::Secure,
            Stage::Idle => State::Idle,
            Stage::Free(_) => State::Free,
            Stage::Armed(_) => State::Armed,
            Stage::Turning(_) => State::Turning,
            Stage::Obstructed(_) => State::Obstructed,
            Stage::Tailgated => State::Several,
            Stage::Blocked => State::Blocked,
            Stage::Service => State::Service,
            Stage::PowerFail => State::PowerFail,
            Stage::Trouble => State::Trouble,
            Stage::Tamper => State::Tamper,
            Stage::Emergency { .. } => State::Emergency,
        }
    }

    /// The turn that is permitted, under way or next: a permit must name it. 0 if none can be.
    #[must_use]
    pub fn passage(&self) -> Passage {
        match (self.stage.turn(), self.stage) {
            (Some(turn), _) => turn.passage,
            (None, Stage::Idle | Stage::Free(_)) => self.next_passage(),
            _ => 0,
        }
    }

    /// The site that the turnstile works with.
    #[must_use]
    pub const fn site(&self) -> Site {
        self.site
    }

    /// A site that the host has sent and the turnstile obeys already, to be kept over a power cut.
    /// Given once.
    pub const fn take_site_to_store(&mut self) -> Option<Site> {
        self.site_to_store.take()
    }

    /// Whether the cabinet is open now.
    #[must_use]
    pub const fn cabinet_open(&self) -> bool {
        self.seen.cabinet_open
    }

    /// Whether somebody presses the pairing button.
    #[must_use]
    pub const fn pair_pressed(&self) -> bool {
        self.inputs.turnstile_input(TurnstileInput::Pair)
    }

    /// Closed, idle and nobody there: nothing that takes the controller's time can hurt anybody.
    #[must_use]
    pub fn at_rest(&self) -> bool {
        let resting = matches!(self.stage, Stage::Secure | Stage::Idle);
        resting && self.mode == Mode::Closed && self.is_still()
    }

    /// The arm at home, nobody there, and no danger: a moment in which the controller does not look
    /// hurts nobody, although a technician may be at work.
    #[must_use]
    pub fn is_still(&self) -> bool {
        let nobody = self.seen.beams_free == [true; 3];
        let danger = self.seen.fire || self.seen.emergency_stop;
        self.arm.is_home() && nobody && !danger
    }

    /// The number of the last turn that was permitted.
    pub(crate) const fn newest_passage(&self) -> Passage {
        self.newest_passage
    }

    /// Takes the place of another machine: goes on counting from its newest passage, and tells what
    /// it has not told yet instead of a start.
    pub(crate) fn succeed(&mut self, newest: Passage, events: impl Iterator<Item = Event>) {
        self.newest_passage = newest;
        self.events.clear();
        self.events.extend(events.take(EVENTS_MAX));
    }

    /// Whether the host holds its lease, as far as the turnstile knows.
    #[must_use]
    pub fn leased(&self, now: Instant) -> bool {
        self.lease.stands(now)
    }

    /// What a bystander is told after a scan: see [`crate::invariants`].
    #[must_use]
    pub fn facts(&self, now: Instant) -> Facts {
        Facts {
            state: self.state(),
            passage: self.passage(),
            leased: self.leased(now),
            inputs: self.inputs,
        }
    }

    /// The debounced inputs of the last scan.
    #[must_use]
    pub const fn inputs(&self) -> Bits {
        self.inputs
    }

    /// The outputs of the last scan.
    #[must_use]
    pub const fn outputs(&self) -> Bits {
        self.outputs
    }

    fn observe(&mut self, now: Instant, raw: Bits) -> Option<Arrival> {
        if self.lease.lapse(now) {
            self.lapsed(now);
        }
        self.inputs = self.debounce.update_with(now, raw, readings::delays);
        let before = core::mem::replace(&mut self.seen, Readings::of(self.inputs));
        self.beams.update(self.seen.beams_free);
        let danger = self.seen.fire || self.seen.emergency_stop;
        self.calm_since = (!danger).then(|| self.calm_since.unwrap_or(now));
        self.channels_differ_since = self
            .seen
            .channels_differ
            .then(|| self.channels_differ_since.unwrap_or(now));
        let (mains, low) = (self.seen.mains, self.seen.battery_low);
        for event in self.power.observe(now, mains, low, self.limits.mains_back) {
            event.into_iter().for_each(|event| self.happened(event));
        }
        if self.seen.key && !before.key && self.alarm_stands() {
            // The key is as good as an officer's word. If it is too early, the alarm stays.
            let _ = self.clear_alarm(now);
        }
        self.arm.update(now, self.seen.arm, HALF_TURN)
    }

    /// Begins a stage, and tells the end of a release that the old one leaves behind (SAF-055).
    fn go(&mut self, now: Instant, next: Stage) {
        let unused = matches!(self.stage, Stage::Armed(_)) && self.beams.people() == 0;
        if let Stage::Turning(turn) = next {
            self.arm.permit(turn.way);
        }
        if next.turn().is_none()
            && let Some(passage) = self.released.take()
        {
            self.happened(if unused {
                Event::DidNotLeave(passage)
            } else {
                Event::Abandoned(passage)
            });
        }
        if core::mem::discriminant(&next) != core::mem::discriminant(&self.stage) {
            self.announce(now, next);
        }
        self.stage = next;
        self.since = now;
    }

    fn announce(&mut self, now: Instant, next: Stage) {
        if self.stage == Stage::Service {
            self.forces = Forces::default();
            self.happened(Event::ServiceEnded);
        }
        match next {
            Stage::Emergency { .. } => self.happened(Event::EmergencyBegan),
            Stage::Tamper => {} // told when the cabinet was opened
            Stage::Service => {
                if self.stage == Stage::Trouble {
                    self.happened(Event::TroubleCleared);
                }
                self.quiet();
                return self.happened(Event::ServiceBegan);
            }
            _ => return,
        }
        self.sound(now);
    }

    fn happened(&mut self, event: Event) {
        // An owner that fetches the events after each scan never fills the queue. One that does
        // not loses the newest, which are the least likely to explain how it got there.
        let _ = self.events.push(event);
    }

    fn sound(&mut self, now: Instant) {
        self.alarm = true;
        self.buzzer_until = Some(now + self.limits.buzzer);
    }

    fn surroundings(&self) -> ArmSurroundings {
        let turning = matches!(self.stage, Stage::Armed(_) | Stage::Turning(_));
        ArmSurroundings {
            // The stage is the inputs' memory until somebody has cleared it.
            fire: self.seen.fire,
            after_fire: matches!(self.stage, Stage::Emergency { fire: true, .. }),
            emergency_stop: matches!(self.stage, Stage::Emergency { stop: true, .. }),
            barred: matches!(
                self.stage,
                Stage::Tamper | Stage::Trouble | Stage::Tailgated | Stage::Blocked
            ),
            power_failed: self.stage == Stage::PowerFail,
            caught: self.arm.is_rightly_away() && !turning,
        }
    }

    fn drive(&mut self, now: Instant, command: ArmCommand) -> Bits {
        let signs = self.signs(now);
        if self.stage != Stage::Service {
            return signs::outputs(command, signs);
        }
        // SAF-024: by hand each pin moves by itself, but for an arm in which somebody stands.
        let seen = self.surroundings();
        let resting = enforce_arm(Escape::of(self.site), seen, Released::NONE);
        let allowed = if seen.caught {
            Released::NONE
        } else {
            command.released
        };
        self.forces.over(signs::outputs(resting, signs), allowed)
    }

    fn wanted(&self, now: Instant) -> Released {
        match self.stage {
            Stage::Armed(turn) if !self.is_good(now, turn) => Released::NONE,
            Stage::Armed(turn) | Stage::Turning(turn) => Released::only(turn.way),
            Stage::Free(way) => Released::only(way),
            Stage::Service => self.forces.wanted(),
            _ => Released::NONE,
        }
    }

    fn signs(&mut self, now: Instant) -> Signs {
        let Limits {
            buzzer,
            buzzer_rest,
            ..
        } = self.limits;
        let sounds = self.buzzer_until.is_some_and(|until| now < until);
        let may_sound = self.buzzer_duty.allows(now, sounds, buzzer, buzzer_rest);
        let needs_officer = matches!(
            self.stage,
            Stage::Emergency { .. }
                | Stage::Tamper
                | Stage::Trouble
                | Stage::Tailgated
                | Stage::Obstructed(_)
        );
        let ready = match self.stage {
            Stage::Idle => self.mode == Mode::OnPermit,
            Stage::Free(_) => true,
            _ => false,
        };
        Signs {
            amber: needs_officer || self.sign == Sign::Help,
            buzzer: sounds && may_sound,
            alarm: needs_officer || self.alarm,
            ready: ready && self.arm.is_home(),
            fault: self.stage == Stage::Trouble,
            passed: self.passed_until.is_some_and(|until| now < until),
        }
    }
}
