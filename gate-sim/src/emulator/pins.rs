//! The wiring of the bench: which pin of the chip carries which signal.
//!
//! The firmware has a table of its own. The two were written apart from each other, as those of a
//! board and of its bench are, and meet on the emulated pins.

use gate_protocol::pins::{Bits, Input, Output};
use std::fmt;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// Everything normal, both doors shut, nobody there.
pub const ALL_CALM: Bits = Bits(0xFF_FFFF)
    .with_input(Input::EntryOpen, false)
    .with_input(Input::ExitOpen, false)
    .with_input(Input::SingleOk, false)
    .with_input(Input::BatteryLow, false)
    .with_input(Input::KeyService, false)
    .with_input(Input::Pair, false);

/// A pin of the chip, such as `PB10`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pin {
    /// `'a'` to `'d'`.
    pub(super) port: char,
    /// 0 to 15.
    pub(super) number: u8,
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "P{}{}", self.port.to_ascii_uppercase(), self.number)
    }
}

impl Pin {
    /// Number of the line by which QEMU reports the pin: sixteen for each port.
    pub(super) const fn line(self) -> u32 {
        (self.port as u32 - 'a' as u32) * 16 + self.number as u32
    }
}

const fn pin(port: char, number: u8) -> Pin {
    Pin { port, number }
}

/// Where an input is wired to.
#[must_use]
pub const fn input(input: Input) -> Pin {
    match input {
        Input::FireOk => pin('b', 0),
        Input::EstopOk1 => pin('b', 1),
        Input::EstopOk2 => pin('b', 2),
        Input::BreakglassOk => pin('b', 10),
        Input::EntryClosed => pin('b', 11),
        Input::EntryLocked => pin('b', 12),
        Input::EntryOpen => pin('c', 12),
        Input::ExitClosed => pin('b', 13),
        Input::ExitLocked => pin('b', 14),
        Input::ExitOpen => pin('c', 11),
        Input::EntrySafe => pin('b', 15),
        Input::ExitSafe => pin('a', 8),
        Input::ZoneInFree => pin('a', 9),
        Input::Chamber1Free => pin('a', 10),
        Input::Chamber2Free => pin('a', 11),
        Input::SingleOk => pin('a', 12),
        Input::EmptyOk => pin('c', 10),
        Input::ZoneOutFree => pin('b', 5),
        Input::TamperOk => pin('b', 6),
        Input::MainsOk => pin('b', 7),
        Input::BatteryLow => pin('b', 8),
        Input::KeyService => pin('b', 9),
        Input::Pair => pin('c', 13),
        Input::DrivesOk => pin('d', 2),
    }
}

/// Whether the pin is high for a signal that is on. The board's button connects to ground.
pub(super) fn level(input: Input, on: bool) -> bool {
    on != matches!(input, Input::Pair)
}

/// Where an output is wired to.
#[must_use]
pub const fn output(output: Output) -> Pin {
    match output {
        Output::EntryHold => pin('c', 0),
        Output::ExitHold => pin('c', 1),
        Output::EntryDrive => pin('c', 2),
        Output::ExitDrive => pin('c', 3),
        Output::EntryRelease => pin('c', 4),
        Output::ExitRelease => pin('c', 5),
        Output::EntryRed => pin('c', 6),
        Output::EntryGreen => pin('c', 7),
        Output::EntryAmber => pin('c', 8),
        Output::ExitRed => pin('c', 9),
        Output::ExitGreen => pin('a', 0),
        Output::ExitAmber => pin('a', 1),
        Output::Buzzer => pin('a', 4),
        Output::NoAlarm => pin('a', 6),
        Output::Ready => pin('a', 7),
        Output::FaultLed => pin('a', 5),
        Output::Watchdog => pin('a', 15),
        Output::Light => pin('b', 4),
    }
}

/// The outputs have changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// When the last edge was seen.
    pub at: Instant,
    /// All outputs since then. The watchdog's pin changes all the time and is told to nobody.
    pub outputs: Bits,
    /// Whether that pin has had an edge since the board last started, so that the supervisor watches.
    pub watched: bool,
}

/// The output pins as seen from outside.
#[derive(Debug, Default)]
pub(super) struct Outputs {
    watched: Mutex<Watched>,
}

#[derive(Debug, Default)]
struct Watched {
    bits: Bits,
    listeners: Vec<Sender<Change>>,
    last_watchdog_edge: Option<Instant>,
    /// Edges are the bench's own and not the board's.
    deaf: bool,
}

impl Outputs {
    pub(super) fn bits(&self) -> Bits {
        self.watched().bits
    }

    /// When the external watchdog was last fed, if ever since the last start.
    pub(super) fn last_watchdog_edge(&self) -> Option<Instant> {
        self.watched().last_watchdog_edge
    }

    pub(super) fn listen(&self) -> Receiver<Change> {
        let (listener, changes) = channel();
        self.watched().listeners.push(listener);
        changes
    }

    /// An edge on one of QEMU's lines; most are inputs and are of no interest.
    pub(super) fn edge(&self, at: Instant, line: u32, high: bool) {
        let Some(output) = Output::ALL
            .into_iter()
            .find(|candidate| output(*candidate).line() == line)
        else {
            return;
        };
        let mut watched = self.watched();
        if watched.deaf {
            return;
        }
        if output == Output::Watchdog {
            watched.last_watchdog_edge = Some(at);
            watched.bits = watched.bits.with_output(output, high);
        } else {
            let bits = watched.bits.with_output(output, high);
            watched.become_bits(at, bits);
        }
    }

    /// From now on edges are those that the bench makes itself, or the board's again.
    pub(super) fn be_deaf(&self, deaf: bool) {
        self.watched().deaf = deaf;
    }

    /// No power, or a reset: every output is off. Gives the pins that were high.
    pub(super) fn all_off(&self, at: Instant) -> Vec<Pin> {
        let mut watched = self.watched();
        let bits = watched.bits;
        watched.last_watchdog_edge = None;
        watched.become_bits(at, Bits(0));
        Output::ALL
            .into_iter()
            .filter(|candidate| bits.output(*candidate))
            .map(output)
            .collect()
    }

    fn watched(&self) -> std::sync::MutexGuard<'_, Watched> {
        // Nobody panics between two halves of a change.
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Watched {
    fn become_bits(&mut self, at: Instant, outputs: Bits) {
        if outputs == self.bits {
            return;
        }
        self.bits = outputs;
        let change = Change {
            at,
            outputs,
            watched: self.last_watchdog_edge.is_some(),
        };
        self.listeners
            .retain(|listener| listener.send(change).is_ok());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn no_pin_is_wired_twice() {
        let inputs = Input::ALL.into_iter().map(|signal| input(signal).line());
        let outputs = Output::ALL.into_iter().map(|signal| output(signal).line());
        let lines: Vec<u32> = inputs.chain(outputs).collect();
        let distinct: HashSet<u32> = lines.iter().copied().collect();
        assert_eq!(distinct.len(), lines.len());
    }

    #[test]
    fn an_edge_on_an_output_is_told_once_and_one_on_an_input_never() {
        let outputs = Outputs::default();
        let changes = outputs.listen();
        let at = super::super::now();
        outputs.edge(at, output(Output::EntryDrive).line(), true);
        outputs.edge(at, output(Output::EntryDrive).line(), true);
        outputs.edge(at, output(Output::Watchdog).line(), true);
        outputs.edge(at, input(Input::FireOk).line(), true);
        let told: Vec<Change> = changes.try_iter().collect();
        assert_eq!(
            told,
            [Change {
                at,
                outputs: Bits(0).with_output(Output::EntryDrive, true),
                watched: false,
            }]
        );
        assert_eq!(outputs.last_watchdog_edge(), Some(at));
        outputs.edge(at, output(Output::EntryDrive).line(), false);
        assert!(changes.try_recv().expect("a change").watched);
    }
}
