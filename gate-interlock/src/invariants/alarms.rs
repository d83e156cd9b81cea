//! What the bystanders of a lane and of a turnstile have in common: danger, tamper, the buzzer, and
//! who ended them.

use super::{Verdict, must, over};
use crate::rebase::BEYOND;
use core::time::Duration;
use gate_protocol::{Event, Fault, Instant, State};

/// One scan, as far as it says something about alarms.
pub(super) struct Signals {
    pub(super) now: Instant,
    pub(super) state: State,
    /// No emergency input is active.
    pub(super) calm: bool,
    /// The two channels of the emergency stop differ.
    pub(super) channels_differ: bool,
    pub(super) cabinet_open: bool,
    pub(super) key: bool,
    pub(super) buzzes: bool,
}

/// How long each may last: those of the same names in [`crate::Limits`].
#[derive(Clone, Copy)]
pub(super) struct Limits {
    pub(super) emergency_over: Duration,
    pub(super) channels: Duration,
    pub(super) buzzer: Duration,
}

impl From<crate::Limits> for Limits {
    fn from(limits: crate::Limits) -> Self {
        Self {
            emergency_over: limits.emergency_over,
            channels: limits.channels,
            buzzer: limits.buzzer,
        }
    }
}

impl From<crate::TurnstileLimits> for Limits {
    fn from(limits: crate::TurnstileLimits) -> Self {
        Self {
            emergency_over: limits.emergency_over,
            channels: limits.channels,
            buzzer: limits.buzzer,
        }
    }
}

/// What is remembered of alarms from scan to scan.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Alarms {
    /// The state of the scan before.
    pub(super) before: State,
    key_before: bool,
    /// Somebody has cleared an alarm since the scan before.
    cleared: bool,
    tampered: bool,
    calm_since: Option<Instant>,
    channels_since: Option<Instant>,
    channels_told: bool,
    buzzer_since: Option<Instant>,
}

impl Alarms {
    pub(super) const fn new() -> Self {
        Self {
            before: State::Secure,
            key_before: false,
            cleared: false,
            tampered: false,
            calm_since: None,
            channels_since: None,
            channels_told: false,
            buzzer_since: None,
        }
    }

    /// Somebody has cleared an alarm.
    pub(super) const fn clear(&mut self) {
        self.cleared = true;
    }

    pub(super) fn happened(&mut self, event: Event) {
        match event {
            Event::Trouble(Fault::EmergencyStopChannels) => self.channels_told = true,
            Event::TamperBegan => self.tampered = true,
            Event::TamperEnded => self.tampered = false,
            _ => {}
        }
    }

    /// Takes a scan in before it is judged.
    pub(super) fn remember(&mut self, seen: &Signals) {
        let since = |holds: bool, since: Option<Instant>| holds.then(|| since.unwrap_or(seen.now));
        self.calm_since = since(seen.calm, self.calm_since);
        self.channels_since = since(seen.channels_differ, self.channels_since);
        self.buzzer_since = since(seen.buzzes, self.buzzer_since);
        self.channels_told &= seen.state == State::Emergency;
    }

    /// Keeps of a scan what the next one is compared with.
    pub(super) const fn keep(&mut self, state: State, key: bool) {
        self.before = state;
        self.key_before = key;
        self.cleared = false;
    }

    /// Whether somebody has given their word by this scan: an officer, or with the service key.
    pub(super) const fn has_word(&self, seen: &Signals) -> bool {
        self.cleared || (seen.key && !self.key_before)
    }

    /// S10, for the buzzer.
    pub(super) fn s10(&self, seen: &Signals, limits: Limits) -> Verdict {
        must(
            !over(seen.now, self.buzzer_since, limits.buzzer),
            "the buzzer sounds too long",
        )
    }

    /// S14, for the emergency stop.
    pub(super) fn s14(&self, seen: &Signals, limits: Limits) -> Verdict {
        must(
            self.channels_told || !over(seen.now, self.channels_since, limits.channels),
            "the channels of the emergency stop differ and nobody is told",
        )
    }

    /// S16, for emergency and tamper.
    pub(super) fn s16(&self, seen: &Signals, limits: Limits) -> Verdict {
        let (state, word) = (seen.state, self.has_word(seen));
        let stronger = matches!(state, State::Emergency | State::Tamper);
        if self.before == State::Emergency && state != State::Emergency {
            let calm = self.calm_since.map(|since| seen.now.since(since));
            must(
                calm.is_some_and(|calm| calm >= limits.emergency_over),
                "an emergency ended before its inputs were normal",
            )?;
            must(word, "an emergency ended by itself")?;
        }
        if self.before == State::Tamper && !stronger {
            must(!seen.cabinet_open, "tamper ended with the cabinet open")?;
            must(word, "tamper ended by itself")?;
        }
        must(!self.tampered || stronger, "tamper is forgotten")?;
        must(
            !seen.cabinet_open || stronger || state == State::Service,
            "the cabinet is open and the gate goes on",
        )
    }

    /// Forgets what no scan will ask for before it is written anew.
    pub(super) fn forget(&mut self) {
        if self.before != State::Emergency {
            // An emergency begins with a danger.
            self.calm_since = None;
        }
    }

    /// The moments, as in [`Moments`](crate::rebase::Moments).
    pub(super) fn moments(
        &mut self,
        limits: Limits,
        visit: &mut impl FnMut(&mut Instant, Duration),
    ) {
        for (moment, oldest) in [
            (&mut self.calm_since, limits.emergency_over),
            (&mut self.channels_since, limits.channels),
            (&mut self.buzzer_since, limits.buzzer),
        ] {
            if let Some(moment) = moment {
                visit(moment, oldest + BEYOND);
            }
        }
    }
}
