//! What the host may ask of a turnstile, and what it is answered.

use super::limits::Limits;
use super::{Stage, Turn, Turnstile};
use crate::service::Force;
use core::time::Duration;
use gate_protocol::pins::{Output, TurnstileOutput};
use gate_protocol::{
    Answer, Door, Event, Instant, Mode, Passage, Refusal, Sign, Site, ToController,
};

impl Turnstile {
    /// Answers the host. Nothing moves before the next scan, and that still has the last word.
    pub fn request(&mut self, now: Instant, asked: &ToController) -> Answer {
        match self.consider(now, asked) {
            Ok(()) => Answer::Accepted,
            Err(refusal) => Answer::Refused(refusal),
        }
    }

    fn consider(&mut self, now: Instant, asked: &ToController) -> Result<(), Refusal> {
        match *asked {
            // The link's own business (see `open_session` and `lease`) or the firmware's.
            ToController::Hello { .. }
            | ToController::Heartbeat { .. }
            | ToController::EventSeen { .. }
            | ToController::ReadHealth
            | ToController::Update(_) => return Err(Refusal::WrongState),
            // SAF-008: without a lease nothing else is taken.
            _ if !self.lease.stands(now) => return Err(Refusal::NoLease),
            ToController::Permit {
                door,
                for_ms,
                passage,
            } => self.permit(now, door, Duration::from_millis(for_ms.into()), passage)?,
            ToController::Withdraw => self.withdraw(now),
            // Nobody is ever between two doors, and a turnstile does not stand open for walking in.
            ToController::SendBack { .. } | ToController::SetMode { mode: Mode::WalkIn } => {
                return Err(Refusal::NotThisShape);
            }
            ToController::SetMode { mode } => {
                if mode != Mode::OnPermit {
                    self.withdraw(now);
                }
                self.mode = mode;
            }
            ToController::Show { sign } => self.sign = sign,
            ToController::ClearAlarm => self.clear_alarm(now)?,
            ToController::Configure { site } => self.configure(site)?,
            // The owner sends the site after the answer: see `Turnstile::site`.
            ToController::ReadSite => {}
            ToController::Force { output, on, for_ms } => {
                let time = Duration::from_millis(for_ms.into());
                self.force(now, output, on, time)?;
            }
        }
        Ok(())
    }

    /// A host has said hello: forgets what an earlier session wanted. People and alarms stay.
    pub fn open_session(&mut self, now: Instant) {
        self.mode = Mode::Closed;
        self.sign = Sign::Closed;
        self.withdraw(now);
    }

    /// SAF-004: a permit is good for the turn that it names, one way, once: taking it uses the
    /// number up.
    fn permit(
        &mut self,
        now: Instant,
        way: Door,
        time: Duration,
        passage: Passage,
    ) -> Result<(), Refusal> {
        if self.alarm_stands() {
            return Err(Refusal::Alarm);
        }
        if time.is_zero() || time > self.limits.permit {
            return Err(Refusal::OutOfRange);
        }
        if self.stage != Stage::Idle || self.mode != Mode::OnPermit || !self.arm.is_home() {
            return Err(Refusal::WrongState);
        }
        if passage != self.next_passage() {
            return Err(Refusal::WrongPassage);
        }
        if self.seen.hindered {
            return Err(Refusal::NotEmpty);
        }
        self.newest_passage = passage;
        let until = Some(now + time.min(self.limits.armed));
        self.beams.begin();
        self.go(
            now,
            Stage::Armed(Turn {
                way,
                passage,
                until,
            }),
        );
        self.released = Some(passage);
        self.happened(match way {
            Door::Exit => Event::ExitReleased(passage),
            Door::Entry => Event::ReturnReleased(passage),
        });
        Ok(())
    }

    /// A turn that has begun is finished: the arm must not catch anybody. It does not begin again.
    pub(super) fn withdraw(&mut self, now: Instant) {
        if let Stage::Armed(turn) | Stage::Turning(turn) = &mut self.stage
            && let Some(until) = &mut turn.until
        {
            *until = now.min(*until);
        }
    }

    /// SAF-023: a site is taken whole or not at all, and only while it can hurt nobody. It holds
    /// from now on. A gate that is built otherwise has another machine, which [`crate::Gate`] puts here.
    fn configure(&mut self, site: Site) -> Result<(), Refusal> {
        let checked = site.check().map_err(|_| Refusal::OutOfRange)?;
        if !self.at_rest() {
            return Err(Refusal::WrongState);
        }
        self.site = site;
        self.limits = Limits::of(checked);
        self.site_to_store = Some(site);
        Ok(())
    }

    /// SAF-024: by hand only with the service key, and only while somebody holds the button.
    fn force(&mut self, now: Instant, output: u8, on: bool, time: Duration) -> Result<(), Refusal> {
        let output = Output::ALL.get(usize::from(output)).copied();
        let output = output
            .filter(|output| TurnstileOutput::at(*output).is_some())
            .filter(|output| *output != Output::Watchdog)
            .ok_or(Refusal::OutOfRange)?;
        if time.is_zero() || time > self.limits.force {
            return Err(Refusal::OutOfRange);
        }
        if self.stage != Stage::Service {
            return Err(Refusal::WrongState);
        }
        let until = now + time;
        self.forces.add(now, Force { output, on, until })
    }

    /// SAF-011: what an officer must look at ends only when the inputs are normal *and* somebody
    /// has looked, or has turned the service key.
    pub(super) fn clear_alarm(&mut self, now: Instant) -> Result<(), Refusal> {
        let calm = self.calm_since.map(|since| now.since(since));
        let (may_end, event) = match self.stage {
            Stage::Emergency { .. } => (
                calm.is_some_and(|calm| calm >= self.limits.emergency_over),
                Some(Event::EmergencyEnded),
            ),
            Stage::Tamper => (!self.seen.cabinet_open, Some(Event::TamperEnded)),
            Stage::Trouble => (!self.contradicts(now), Some(Event::TroubleCleared)),
            Stage::Tailgated => (true, None),
            _ => {
                self.quiet();
                return Ok(());
            }
        };
        if !may_end || !self.arm.is_home() {
            return Err(Refusal::Alarm);
        }
        if let Some(event) = event {
            self.happened(event);
        }
        match self.stage {
            Stage::Tamper => self.tampered = false,
            // SAF-020: the button is still to be looked at, which wants a word of its own.
            Stage::Emergency { .. } if core::mem::take(&mut self.channel_fault) => {
                self.go(now, Stage::Trouble);
                return Ok(());
            }
            _ => {}
        }
        self.go(now, Stage::Secure);
        self.quiet();
        Ok(())
    }

    /// Another machine takes the place of this one: whatever stands has its end told.
    pub(crate) fn conclude(&mut self, now: Instant) {
        if matches!(self.stage, Stage::Emergency { .. }) {
            self.happened(Event::EmergencyEnded);
        }
        if core::mem::take(&mut self.channel_fault) || self.stage == Stage::Trouble {
            self.happened(Event::TroubleCleared);
        }
        if core::mem::take(&mut self.tampered) {
            self.happened(Event::TamperEnded);
        }
        self.go(now, Stage::Secure);
    }

    pub(super) fn quiet(&mut self) {
        self.alarm = false;
        self.buzzer_until = None;
    }
}
