//! When the controller lets itself be paired.

use core::time::Duration;

use crate::time::Instant;

/// How long the button is held before pairing opens.
pub const HELD_FOR: Duration = Duration::from_secs(3);
/// How long pairing then stays open.
pub const OPEN_FOR: Duration = Duration::from_secs(60);

/// What has just happened to the window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Pairing is possible from now on.
    Opened,
    /// It is not any more, and nobody was paired.
    Closed,
}

/// SAF-076: the time in which pairing is possible.
///
/// It opens when, with the cabinet open, the button has been held for [`HELD_FOR`]. It closes after
/// [`OPEN_FOR`], when the cabinet is shut, or after one success. The button has to be let go before
/// it can open anew.
#[derive(Clone, Copy, Debug, Default)]
pub struct PairingWindow {
    held_since: Option<Instant>,
    /// This press has opened the window already.
    spent: bool,
    open_until: Option<Instant>,
}

impl PairingWindow {
    /// A window that is closed.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            held_since: None,
            spent: false,
            open_until: None,
        }
    }

    /// Looks at cabinet and button, as often as the owner likes.
    pub fn watch(&mut self, now: Instant, cabinet_open: bool, button: bool) -> Option<Change> {
        if self
            .open_until
            .is_some_and(|until| until <= now || !cabinet_open)
        {
            self.open_until = None;
            self.held_since = None;
            return Some(Change::Closed);
        }
        if !button || !cabinet_open {
            self.held_since = None;
            self.spent &= button;
            return None;
        }
        let held = now.since(*self.held_since.get_or_insert(now));
        if self.spent || self.is_open() || held < HELD_FOR {
            return None;
        }
        self.spent = true;
        self.open_until = Some(now + OPEN_FOR);
        Some(Change::Opened)
    }

    /// Whether pairing is possible.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.open_until.is_some()
    }

    /// Somebody was paired: the window closes without a word.
    pub const fn succeed(&mut self) {
        self.open_until = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPEN: bool = true;
    const SHUT: bool = false;

    /// Each line: from this second on, cabinet, button, and what must happen in that very second.
    fn check(steps: &[(u64, bool, bool, Option<Change>)]) {
        let mut window = PairingWindow::new();
        let end = steps.last().map_or(0, |(second, ..)| *second);
        let mut wires = (SHUT, false);
        for second in 0..=end {
            let step = steps.iter().find(|(at, ..)| *at == second);
            wires = step.map_or(wires, |(_, cabinet, button, _)| (*cabinet, *button));
            let change = window.watch(Instant::from_millis(second * 1_000), wires.0, wires.1);
            assert_eq!(
                change,
                step.and_then(|(.., change)| *change),
                "at {second} s"
            );
        }
    }

    #[test]
    fn it_opens_after_three_seconds_and_closes_after_sixty() {
        check(&[
            (1, OPEN, true, None),
            (4, OPEN, true, Some(Change::Opened)),
            (5, OPEN, false, None),
            (64, OPEN, false, Some(Change::Closed)),
            (70, OPEN, false, None),
        ]);
    }

    #[test]
    fn a_shut_cabinet_keeps_it_shut_and_shuts_it() {
        check(&[
            (1, SHUT, true, None),
            (10, SHUT, true, None),
            (11, OPEN, true, None),
            (14, OPEN, true, Some(Change::Opened)),
            (20, SHUT, false, Some(Change::Closed)),
            (30, SHUT, false, None),
        ]);
    }

    #[test]
    fn a_short_press_opens_nothing() {
        check(&[
            (1, OPEN, true, None),
            (3, OPEN, false, None),
            (4, OPEN, true, None),
            (6, OPEN, false, None),
            (20, OPEN, false, None),
        ]);
    }

    #[test]
    fn a_button_that_sticks_opens_it_once() {
        check(&[
            (1, OPEN, true, None),
            (4, OPEN, true, Some(Change::Opened)),
            (64, OPEN, true, Some(Change::Closed)),
            (200, OPEN, true, None),
            (201, OPEN, false, None),
            (202, OPEN, true, None),
            (205, OPEN, true, Some(Change::Opened)),
        ]);
    }

    #[test]
    fn one_success_closes_it_and_the_act_is_needed_again() {
        let mut window = PairingWindow::new();
        let second = |second: u64| Instant::from_millis(second * 1_000);
        window.watch(second(0), OPEN, true);
        assert_eq!(window.watch(second(3), OPEN, true), Some(Change::Opened));
        window.succeed();
        assert!(!window.is_open());
        for at in 4..100 {
            assert_eq!(window.watch(second(at), OPEN, true), None);
        }
    }
}
