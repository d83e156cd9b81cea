//! Mains and battery.

use crate::Limits;
use crate::rebase::Moments;
use core::time::Duration;
use gate_protocol::{Event, Instant};

/// What feeds the lane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Power {
    on_battery: bool,
    mains_since: Option<Instant>,
    battery_low: bool,
}

impl Power {
    /// Whether the mains are lost, or back for too short a time to be trusted.
    pub(crate) const fn on_battery(self) -> bool {
        self.on_battery
    }

    /// Whether a technician has to look.
    pub(crate) const fn needs_service(self) -> bool {
        self.on_battery || self.battery_low
    }

    /// Takes what the inputs say; tells what is new.
    ///
    /// SAF-022: mains that come and go do not offer the lane each time they come.
    pub(crate) fn observe(
        &mut self,
        now: Instant,
        mains: bool,
        low: bool,
        trusted_after: Duration,
    ) -> [Option<Event>; 2] {
        let mut news = [None; 2];
        if low && !self.battery_low {
            news[0] = Some(Event::BatteryLow);
        }
        self.battery_low = low;
        if !mains {
            if !self.on_battery {
                news[1] = Some(Event::MainsLost);
            }
            self.on_battery = true;
            self.mains_since = None;
            return news;
        }
        let since = *self.mains_since.get_or_insert(now);
        if self.on_battery && now.since(since) >= trusted_after {
            self.on_battery = false;
            news[1] = Some(Event::MainsReturned);
        }
        news
    }
}

impl Power {
    /// Forgets since when trusted mains have been there.
    pub(crate) fn forget(&mut self) {
        self.mains_since = self.mains_since.filter(|_| self.on_battery);
    }
}

impl Moments for Power {
    fn moments(&mut self, limits: &Limits, visit: &mut impl FnMut(&mut Instant, Duration)) {
        if let Some(since) = &mut self.mains_since {
            visit(since, limits.mains_back);
        }
    }
}
