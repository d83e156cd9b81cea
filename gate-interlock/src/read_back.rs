//! Whether the output pins do what they are told.

use gate_protocol::pins::{Bits, Output};

/// Scans in a row that a pin may differ from what it is driven to. One is not enough: a pin with a
/// relay on it needs some microseconds to follow.
const DIFFERING_MAX: u8 = 3;

/// Compares, before each scan, what is driven with what the pins read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadBack {
    differing: u8,
}

impl ReadBack {
    /// The watchdog's pin is the board's own and not compared.
    const COMPARED: u32 = !(1 << Output::Watchdog as u8);

    /// A comparison that begins now.
    #[must_use]
    pub const fn new() -> Self {
        Self { differing: 0 }
    }

    /// SAF-015: says whether a driver is stuck, for as long as it is.
    pub const fn finds_stuck(&mut self, driven: Bits, real: Bits) -> bool {
        if (driven.0 ^ real.0) & Self::COMPARED == 0 {
            self.differing = 0;
        } else if self.differing <= DIFFERING_MAX {
            self.differing += 1;
        }
        self.differing > DIFFERING_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DRIVEN: Bits = Bits(0x0000_2043);

    /// How many scans until it is found, with `real` at the pins.
    fn found_after(read_back: &mut ReadBack, real: Bits) -> Option<usize> {
        (1..=10).find(|_| read_back.finds_stuck(DRIVEN, real))
    }

    #[test]
    fn a_pin_that_is_stuck_high_or_low_is_found_in_the_fourth_scan() {
        for output in Output::ALL {
            let real = DRIVEN.with_output(output, !DRIVEN.output(output));
            let expected = (output != Output::Watchdog).then_some(4);
            assert_eq!(
                found_after(&mut ReadBack::new(), real),
                expected,
                "{output:?}"
            );
        }
    }

    #[test]
    fn a_pin_that_follows_late_is_not_stuck_however_often() {
        let mut read_back = ReadBack::new();
        let late = DRIVEN.with_output(Output::ExitHold, !DRIVEN.output(Output::ExitHold));
        for _ in 0..100 {
            for real in [late, late, late, DRIVEN] {
                assert!(!read_back.finds_stuck(DRIVEN, real));
            }
        }
    }

    #[test]
    fn a_stuck_pin_is_told_until_it_follows_again() {
        let mut read_back = ReadBack::new();
        let stuck = Bits(0);
        assert_eq!(found_after(&mut read_back, stuck), Some(4));
        for _ in 0..1_000 {
            assert!(read_back.finds_stuck(DRIVEN, stuck));
        }
        assert!(!read_back.finds_stuck(DRIVEN, DRIVEN));
        assert_eq!(
            found_after(&mut read_back, stuck),
            Some(4),
            "from the beginning"
        );
    }
}
