//! One scan as the bystander of a turnstile sees it.

use crate::Released;
use crate::invariants::Facts;
use crate::invariants::alarms::Signals;
use gate_protocol::pins::{Bits, TurnstileInput, TurnstileOutput};
use gate_protocol::{Instant, State};

/// One scan.
pub(super) struct Seen {
    pub(super) now: Instant,
    pub(super) raw: Bits,
    pub(super) outputs: Bits,
    pub(super) facts: Facts,
    pub(super) released: Released,
}

impl Seen {
    pub(super) const fn is(&self, input: TurnstileInput) -> bool {
        self.facts.inputs.turnstile_input(input)
    }

    fn calm(&self) -> bool {
        let loops = [
            TurnstileInput::FireOk,
            TurnstileInput::EstopOk1,
            TurnstileInput::EstopOk2,
        ];
        loops.into_iter().all(|normal| self.is(normal))
    }

    pub(super) fn signals(&self) -> Signals {
        Signals {
            now: self.now,
            state: self.facts.state,
            calm: self.calm(),
            channels_differ: self.is(TurnstileInput::EstopOk1) != self.is(TurnstileInput::EstopOk2),
            cabinet_open: !self.is(TurnstileInput::TamperOk),
            key: self.is(TurnstileInput::KeyService),
            buzzes: self.outputs.turnstile_output(TurnstileOutput::Buzzer),
        }
    }

    pub(super) fn beams_free(&self) -> [bool; 3] {
        [
            TurnstileInput::Beam1Free,
            TurnstileInput::Beam2Free,
            TurnstileInput::Beam3Free,
        ]
        .map(|beam| self.is(beam))
    }

    pub(super) const fn alarmed(&self) -> bool {
        !self.outputs.turnstile_output(TurnstileOutput::NoAlarm)
    }

    /// Danger, no mains or a technician: the host has no say.
    pub(super) const fn is_apart(&self) -> bool {
        matches!(
            self.facts.state,
            State::Emergency | State::PowerFail | State::Service
        )
    }

    /// Nothing is served.
    pub(super) const fn is_stopped(&self) -> bool {
        matches!(
            self.facts.state,
            State::Trouble | State::Emergency | State::Tamper | State::Service
        )
    }
}
