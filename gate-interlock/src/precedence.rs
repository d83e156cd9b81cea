//! What comes before a traveller's way: emergency, tamper, service key, faults, in this order.

use crate::Interlock;
use crate::enforce::Released;
use crate::leaf::Finding;
use crate::service::Forces;
use crate::stage::Stage;
use gate_protocol::{Door, Event, Fault, Instant, WaysOut};

impl Interlock {
    /// Moves the lane on under whatever has the first word now.
    pub(crate) fn move_on(&mut self, now: Instant, key_turned: bool) {
        let fault = self.find_fault(now);
        if self.seen.emergency() {
            return self.emergency(now);
        }
        // The key is as good as an officer's word: whoever has it stands before the lane.
        if key_turned {
            let _ = match self.stage {
                Stage::Emergency => self.end_emergency(now),
                Stage::Tamper => self.end_tamper(now),
                _ => Ok(()),
            };
        }
        self.forces.expire(now);
        if self.stage == Stage::Service && !self.seen.service_key && !self.tampered {
            self.break_off(now, Stage::Secure);
        }
        match self.stage {
            Stage::Emergency | Stage::Tamper => {}
            _ if self.tampered => self.begin_tamper(now),
            Stage::Service => {}
            _ if self.seen.service_key => self.begin_service(now),
            Stage::Trouble => {}
            _ => match fault {
                Some(fault) => self.fail(now, fault),
                None => {
                    let next = self.step(now);
                    if next != self.stage {
                        self.go(now, next);
                    }
                }
            },
        }
    }

    /// SAF-001: the ways out that the site wants for what is active now. Whoever breaks the glass
    /// opens both doors: it is at the exit, and the way from there leads through the lane.
    fn ways_out_now(&self) -> Released {
        [
            (self.seen.fire, self.site.on_fire),
            (self.seen.emergency_stop, self.site.on_emergency_stop),
            (self.seen.break_glass, WaysOut::Both),
        ]
        .into_iter()
        .filter(|(active, _)| *active)
        .fold(Released::default(), |open, (_, ways)| {
            open.or(Released::of(ways))
        })
    }

    /// Begins an emergency, or keeps it. A way out once opened stays open until the end.
    fn emergency(&mut self, now: Instant) {
        if self.stage != Stage::Emergency {
            self.emergency_way_out = Released::default();
            self.happened(Event::EmergencyBegan);
            self.break_off(now, Stage::Emergency);
            self.sound(now);
        }
        self.emergency_way_out = self.emergency_way_out.or(self.ways_out_now());
        // SAF-020: a button whose channels part is an emergency and a fault at once.
        let differ = self.channels_differ_since;
        if !self.channel_fault
            && differ.is_some_and(|since| now.since(since) > self.limits.channels)
        {
            self.channel_fault = true;
            self.happened(Event::Trouble(Fault::EmergencyStopChannels));
        }
    }

    /// SAF-019: an opened cabinet ends every passage but the way back.
    fn begin_tamper(&mut self, now: Instant) {
        self.break_off(now, Stage::Tamper);
        self.sound(now);
    }

    fn begin_service(&mut self, now: Instant) {
        if self.stage == Stage::Trouble {
            self.happened(Event::TroubleCleared);
        }
        self.happened(Event::ServiceBegan);
        self.break_off(now, Stage::Service);
        self.alarm = false;
        self.buzzer_until = None;
    }

    pub(crate) fn fail(&mut self, now: Instant, fault: Fault) {
        self.happened(Event::Trouble(fault));
        self.break_off(now, Stage::Trouble);
        self.sound(now);
    }

    /// Ends whatever went on in the lane.
    fn break_off(&mut self, now: Instant, stage: Stage) {
        if self.stage == Stage::Service {
            self.forces = Forces::default();
            self.happened(Event::ServiceEnded);
        }
        if let Some(inside) = self.occupant.take() {
            self.happened(Event::Abandoned(inside.passage));
        }
        self.go(now, stage);
    }

    /// Another machine takes the place of this one: whatever stands has its end told.
    pub(crate) fn conclude(&mut self, now: Instant) {
        if self.stage == Stage::Emergency {
            self.happened(Event::EmergencyEnded);
        }
        if core::mem::take(&mut self.channel_fault) || self.stage == Stage::Trouble {
            self.happened(Event::TroubleCleared);
        }
        if core::mem::take(&mut self.tampered) {
            self.happened(Event::TamperEnded);
        }
        self.break_off(now, Stage::Secure);
    }

    /// What is wrong with doors, sensors or drives, unless something stronger stands already.
    fn find_fault(&mut self, now: Instant) -> Option<Fault> {
        let entry = self.entry.watch(now, self.seen.entry, &self.limits);
        let exit = self.exit.watch(now, self.seen.exit, &self.limits);
        let mut fault = None;
        for (door, finding) in [(Door::Entry, entry), (Door::Exit, exit)] {
            match finding {
                None => {}
                Some(Finding::Forced) => {
                    self.happened(Event::Forced(door));
                    self.sound(now);
                    fault = fault.or(Some(Fault::DoorForced(door)));
                }
                Some(Finding::HeldOpen) => {
                    self.happened(Event::HeldOpen(door));
                    self.sound(now);
                }
                // On battery a leaf may be left to people's hands.
                Some(Finding::Stuck) if self.stage == Stage::PowerFail => {}
                Some(Finding::Stuck) => fault = fault.or(Some(Fault::DoorStuck(door))),
            }
        }
        // SAF-010: contradicting inputs end every motion.
        let contradiction = self
            .contradicted
            .filter(|(_, since)| now.since(*since) >= self.limits.contradiction)
            .map(|(fault, _)| fault);
        // Drives without mains may say that they are not well: that is no fault of theirs.
        let drive = self.seen.drive_fault && !self.power.on_battery();
        fault.or(contradiction).or(drive.then_some(Fault::Drive))
    }
}
