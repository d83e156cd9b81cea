//! What the host may ask, and what it is answered.

use crate::Interlock;
use crate::Limits;
use crate::readings::Lane;
use crate::service::Force;
use crate::stage::Stage;
use crate::way_out::WayOut;
use core::time::Duration;
use gate_protocol::pins::Output;
use gate_protocol::{
    Answer, Door, Event, Instant, Mode, Passage, Refusal, Sign, Site, ToController,
};

impl Interlock {
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
            _ if !self.leased(now) => return Err(Refusal::NoLease),
            ToController::Permit {
                door,
                for_ms,
                passage,
            } => {
                let time = Duration::from_millis(for_ms.into());
                if time.is_zero() || time > self.limits.permit {
                    return Err(Refusal::OutOfRange);
                }
                match door {
                    Door::Entry => self.permit_entry(now, time, passage)?,
                    Door::Exit => self.permit_exit(now, time, passage)?,
                }
            }
            ToController::Withdraw => self.withdraw(now),
            ToController::SendBack { passage } => self.send_back(now, passage)?,
            ToController::SetMode {
                mode: Mode::Free(_) | Mode::Blocked,
            } => return Err(Refusal::NotThisShape),
            ToController::SetMode { mode } => self.mode = mode,
            ToController::Show { sign } => self.sign = sign,
            ToController::ClearAlarm => self.clear_alarm(now)?,
            ToController::Configure { site } => self.configure(site)?,
            // The owner sends the site after the answer: see `Interlock::site`.
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

    fn permit_entry(
        &mut self,
        now: Instant,
        time: Duration,
        passage: Passage,
    ) -> Result<(), Refusal> {
        self.refuse_in_alarm()?;
        if passage != 0 {
            return Err(Refusal::WrongPassage);
        }
        if self.stage != Stage::Idle || self.mode == Mode::Closed {
            return Err(Refusal::WrongState);
        }
        self.may_enter()?;
        self.go(
            now,
            Stage::EntryOpen {
                until: now + time,
                by_permit: true,
            },
        );
        Ok(())
    }

    /// SAF-005: nobody is let in unless the exit is shut and the lane is empty.
    pub(crate) fn may_enter(&self) -> Result<(), Refusal> {
        if !self.seen.exit.shut() {
            return Err(Refusal::OtherDoorOpen);
        }
        if self.seen.lane != Lane::Empty {
            return Err(Refusal::NotEmpty);
        }
        Ok(())
    }

    /// SAF-004: the exit opens only for the one person whose passage the permit names, and only
    /// once: taking the permit ends the stage in which it could be taken.
    fn permit_exit(
        &mut self,
        now: Instant,
        time: Duration,
        passage: Passage,
    ) -> Result<(), Refusal> {
        self.refuse_in_alarm()?;
        let inside = self.occupant.ok_or(Refusal::WrongPassage)?;
        if inside.passage != passage {
            return Err(Refusal::WrongPassage);
        }
        if self.stage != Stage::Occupied {
            return Err(Refusal::WrongState);
        }
        // SAF-007: whoever has been kept for too long is let back by the next scan.
        if self.kept(now) {
            return Err(Refusal::WrongState);
        }
        // SAF-004: an exit that gives way to somebody is released already, for whoever is there.
        if self.exit.is_released() {
            return Err(Refusal::WrongState);
        }
        if !self.seen.entry.shut() {
            return Err(Refusal::OtherDoorOpen);
        }
        if self.settled_lane(now) != Some(Lane::Single) {
            return Err(Refusal::NotSingle);
        }
        let until = now + time;
        let warning = self.limits.warning.min(time / 4);
        let warned = now + time.saturating_sub(warning);
        let way = WayOut::default();
        self.go(now, Stage::ExitOpen { until, warned, way });
        self.happened(Event::ExitReleased(passage));
        Ok(())
    }

    fn withdraw(&mut self, now: Instant) {
        match self.stage {
            Stage::EntryOpen {
                by_permit: true, ..
            } => self.go(now, Stage::entry_closing()),
            Stage::ExitOpen { way, .. } => self.go(now, Stage::exit_closing(way)),
            _ => {}
        }
    }

    fn send_back(&mut self, now: Instant, passage: Passage) -> Result<(), Refusal> {
        self.refuse_in_alarm()?;
        let inside = self.occupant.ok_or(Refusal::WrongPassage)?;
        if inside.passage != passage {
            return Err(Refusal::WrongPassage);
        }
        match self.stage {
            // A thing left behind is taken out the same way.
            Stage::Occupied | Stage::LeftObject => {}
            Stage::Several | Stage::Returning => return Ok(()),
            _ => return Err(Refusal::WrongState),
        }
        if !self.seen.exit.bars() {
            return Err(Refusal::OtherDoorOpen);
        }
        self.let_back(now);
        Ok(())
    }

    fn refuse_in_alarm(&self) -> Result<(), Refusal> {
        match self.stage {
            Stage::Emergency | Stage::Trouble | Stage::Tamper => Err(Refusal::Alarm),
            _ => Ok(()),
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

    /// SAF-011: an emergency, tamper or trouble ends only when the inputs are normal *and*
    /// somebody has looked.
    fn clear_alarm(&mut self, now: Instant) -> Result<(), Refusal> {
        match self.stage {
            Stage::Emergency => self.end_emergency(now)?,
            Stage::Tamper => self.end_tamper(now)?,
            Stage::Trouble => self.end_trouble(now)?,
            _ => {}
        }
        self.alarm = false;
        self.buzzer_until = None;
        Ok(())
    }

    pub(crate) fn end_emergency(&mut self, now: Instant) -> Result<(), Refusal> {
        let calm = self.calm_since.map(|since| now.since(since));
        if calm.is_none_or(|calm| calm < self.limits.emergency_over) {
            return Err(Refusal::Alarm);
        }
        self.happened(Event::EmergencyEnded);
        let broken = core::mem::take(&mut self.channel_fault);
        self.go(
            now,
            if broken {
                Stage::Trouble
            } else {
                Stage::Secure
            },
        );
        Ok(())
    }

    pub(crate) fn end_tamper(&mut self, now: Instant) -> Result<(), Refusal> {
        if self.seen.cabinet_open {
            return Err(Refusal::Alarm);
        }
        self.tampered = false;
        self.happened(Event::TamperEnded);
        self.go(now, Stage::Secure);
        Ok(())
    }

    fn end_trouble(&mut self, now: Instant) -> Result<(), Refusal> {
        let shut = self.seen.entry.shut() && self.seen.exit.shut();
        if !shut || self.seen.contradiction.is_some() || self.seen.drive_fault {
            return Err(Refusal::Alarm);
        }
        self.happened(Event::TroubleCleared);
        self.go(now, Stage::Secure);
        Ok(())
    }
}
