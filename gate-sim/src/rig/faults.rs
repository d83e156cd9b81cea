//! What each fault does to the pure rig.

use super::agenda::Due;
use super::host::Host;
use super::pure::PureRig;
use crate::fault::Fault;
use gate_session::{Device, Event, Screen};
use std::time::Duration;

/// From the start of the daemon to its devices: models, journal, settings.
const START: Duration = Duration::from_millis(1_500);
/// The page says by itself that nobody answers.
const PAGE_ALONE: Duration = Duration::from_secs(1);

/// The device that is gone while this lasts.
const fn device_of(fault: Fault) -> Option<Device> {
    match fault {
        Fault::MrzReaderLost => Some(Device::MrzReader),
        Fault::ChipReaderLost => Some(Device::ChipReader),
        Fault::CameraLost | Fault::NetworkCut => Some(Device::Camera),
        Fault::ListsLost => Some(Device::Lists),
        _ => None,
    }
}

impl PureRig {
    /// Lets a fault begin now. One that is there already stays as it is.
    pub fn begin(&mut self, fault: Fault) {
        if self.trouble.begin(fault) {
            self.change(fault, true);
        }
    }

    /// Lets a fault end now, if it is there.
    pub fn end(&mut self, fault: Fault) {
        if self.trouble.end(fault) {
            self.change(fault, false);
        }
    }

    fn change(&mut self, fault: Fault, begins: bool) {
        self.world.suffer(fault, begins);
        if let Some(device) = device_of(fault) {
            let was_there = self.devices.is_plugged(device);
            // What another fault still keeps away stays away.
            let is_there = !self.trouble.any(|other| device_of(other) == Some(device));
            self.devices.plug(device, is_there);
            let event = match is_there {
                true => Event::DeviceReady(device),
                false => Event::DeviceLost(device),
            };
            if was_there != is_there {
                self.agenda.plan(self.now, Due::Tell(event));
            }
        }
        match fault {
            Fault::HostKilled if begins => self.kill_host(),
            Fault::HostKilled => self.agenda.plan(self.now + START, Due::HostStarts),
            Fault::HostHangs if !begins => self.wake_host(),
            Fault::ControllerOff if begins => {
                self.board.power_off();
                self.monitor.let_go();
            }
            Fault::ControllerOff => self.board.power_on(self.now),
            _ => {}
        }
        self.scan_at = self.now;
        self.stir();
    }

    /// The process is gone, and with it everything that it had not written down.
    fn kill_host(&mut self) {
        self.host_lives = false;
        self.agenda.keep(|due| due.is_of_the_world());
        self.held.clear();
        self.devices.forget();
        self.session_at = None;
        self.journal_free = self.now;
        self.agenda
            .plan(self.now + PAGE_ALONE, Due::Screen(Screen::OutOfService));
    }

    /// The process has started: it knows what is on disk.
    pub(super) fn start_host(&mut self) {
        let now = self.now;
        if self.host_lives || self.trouble.has(Fault::HostKilled) {
            return;
        }
        self.host_lives = true;
        self.starts += 1;
        self.host = Host::new(now, self.starts);
        if self.observed.is_some() {
            self.host.listen();
        }
        self.session = self
            .layout
            .session()
            .counting_from(self.book.ledger.travellers());
        self.greet();
    }

    /// Tells a new session which devices work; the controller speaks for itself.
    pub(super) fn greet(&mut self) {
        for device in Device::ALL {
            let lost = device == Device::Controller || !self.devices.is_plugged(device);
            if !lost {
                self.session.handle(self.now, Event::DeviceReady(device));
            }
        }
    }

    /// The process goes on with what has piled up meanwhile.
    fn wake_host(&mut self) {
        for due in std::mem::take(&mut self.held) {
            self.agenda.plan(self.now, due);
        }
    }
}
