//! What only a person can do, asked for in the terminal.
//!
//! [`Asks`] is a machine without I/O or clock; [`Hands`] prints what it has to say, and hears the Enter
//! key. What was asked for counts as done when the person presses Enter, or when the traveller's screen
//! goes on by itself: the lane has seen it.

use gate_protocol::Instant;
use gate_session::Screen;
use std::collections::VecDeque;
use std::io::{BufRead, stdin};
use std::mem::{Discriminant, discriminant};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

/// Nobody did in time what the bench asked for. It says nothing about the gate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nobody did it within {patience:?}: {what}")]
pub(crate) struct NobodyDid {
    what: String,
    patience: Duration,
}

#[derive(Clone, Debug)]
struct Ask {
    what: String,
    /// Where it is done: a new ask there makes an older one void.
    place: &'static str,
    /// The screen with which it is asked, if another one says that it was done.
    seen_by: Option<Discriminant<Screen>>,
    until: Option<Instant>,
}

/// What has been asked for and not been done, in order.
#[derive(Debug)]
pub(crate) struct Asks {
    patience: Duration,
    open: VecDeque<Ask>,
}

impl Asks {
    /// Whoever is asked for something has so much time.
    pub(crate) const fn new(patience: Duration) -> Self {
        Self {
            patience,
            open: VecDeque::new(),
        }
    }

    /// Asks for `what` at `place`. With `screen`, any other one says that it was done.
    pub(crate) fn ask(&mut self, place: &'static str, what: String, screen: Option<Screen>) {
        self.open.retain(|ask| ask.place != place);
        self.open.push_back(Ask {
            what,
            place,
            seen_by: screen.map(|screen| discriminant(&screen)),
            until: None,
        });
    }

    /// Nothing more has to be done there.
    pub(crate) fn forget(&mut self, place: &str) {
        self.open.retain(|ask| ask.place != place);
    }

    /// Whether nothing is waited for.
    pub(crate) fn is_done(&self) -> bool {
        self.open.is_empty()
    }

    /// Lives on until `now`, with what the screen shows and whether somebody has pressed Enter. Gives
    /// what is to be printed.
    ///
    /// # Errors
    ///
    /// [`NobodyDid`], once.
    pub(crate) fn step(
        &mut self,
        now: Instant,
        screen: Screen,
        pressed: bool,
    ) -> Result<Option<String>, NobodyDid> {
        let shows = discriminant(&screen);
        let seen = |ask: &Ask| ask.seen_by.is_some_and(|asked| asked != shows);
        let mut done = pressed;
        while let Some(first) = self.open.front_mut() {
            let Some(until) = first.until else {
                first.until = Some(now + self.patience);
                return Ok(Some(first.what.clone()));
            };
            if std::mem::take(&mut done) || seen(first) {
                self.open.pop_front();
                continue;
            }
            if now < until {
                break;
            }
            let what = first.what.clone();
            self.open.clear();
            return Err(NobodyDid {
                what,
                patience: self.patience,
            });
        }
        Ok(None)
    }
}

/// The terminal.
#[derive(Debug)]
pub(crate) struct Hands {
    asks: Asks,
    /// Each Enter; ends with the input.
    pressed: Option<Receiver<()>>,
}

impl Hands {
    /// Nobody is asked for anything yet.
    pub(crate) const fn new(patience: Duration) -> Self {
        Self {
            asks: Asks::new(patience),
            pressed: None,
        }
    }

    /// Asks for `what`: see [`Asks::ask`].
    pub(crate) fn ask(&mut self, place: &'static str, what: String, screen: Option<Screen>) {
        self.pressed.get_or_insert_with(listen);
        self.asks.ask(place, what, screen);
    }

    /// Nothing more has to be done there.
    pub(crate) fn forget(&mut self, place: &str) {
        self.asks.forget(place);
    }

    /// Whether nothing is waited for.
    pub(crate) fn is_done(&self) -> bool {
        self.asks.is_done()
    }

    /// Lives on until `now`.
    ///
    /// # Errors
    ///
    /// [`NobodyDid`].
    pub(crate) fn step(&mut self, now: Instant, screen: Screen) -> Result<(), NobodyDid> {
        if self.asks.is_done() {
            return Ok(());
        }
        let pressed = self
            .pressed
            .as_ref()
            .is_some_and(|all| all.try_recv().is_ok());
        if let Some(what) = self.asks.step(now, screen, pressed)? {
            let seconds = self.asks.patience.as_secs();
            say!("  >> {what}\n     (then press Enter, within {seconds} s)");
        }
        Ok(())
    }
}

/// Hears the Enter key until the input ends.
fn listen() -> Receiver<()> {
    let (each, pressed) = mpsc::channel();
    thread::spawn(move || {
        let mut line = String::new();
        // An input that has ended is a bench without a keyboard: screens tell what was done.
        while stdin()
            .lock()
            .read_line(&mut line)
            .is_ok_and(|read| read > 0)
        {
            line.clear();
            if each.send(()).is_err() {
                return;
            }
        }
    });
    pressed
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(10);

    fn at(seconds: u64) -> Instant {
        Instant::from_millis(1_000 * seconds)
    }

    fn asks() -> Asks {
        let mut asks = Asks::new(PATIENCE);
        asks.ask("glass", "lay it down".to_owned(), Some(Screen::Welcome));
        asks
    }

    #[test]
    fn what_is_asked_is_said_once_and_done_with_enter() {
        let mut asks = asks();
        let said = asks.step(at(1), Screen::Welcome, false);
        assert_eq!(said, Ok(Some("lay it down".to_owned())));
        assert_eq!(asks.step(at(2), Screen::Welcome, false), Ok(None));
        assert!(!asks.is_done());
        assert_eq!(asks.step(at(3), Screen::Welcome, true), Ok(None));
        assert!(asks.is_done());
    }

    #[test]
    fn the_lane_that_goes_on_says_that_it_was_done() {
        let mut asks = asks();
        let _said = asks.step(at(1), Screen::Welcome, false);
        assert_eq!(asks.step(at(2), Screen::OneMoment, false), Ok(None));
        assert!(asks.is_done());
        // What no screen shows, only Enter says.
        asks.ask("key", "turn it".to_owned(), None);
        let _said = asks.step(at(3), Screen::OneMoment, false);
        let _waits = asks.step(at(4), Screen::Welcome, false);
        assert!(!asks.is_done());
    }

    #[test]
    fn an_enter_before_the_question_answers_nothing() {
        let mut asks = asks();
        let said = asks.step(at(1), Screen::Welcome, true);
        assert_eq!(said, Ok(Some("lay it down".to_owned())));
        assert!(!asks.is_done());
    }

    #[test]
    fn nobody_is_waited_for_longer_than_patience_lasts() {
        let mut asks = asks();
        let _said = asks.step(at(1), Screen::Welcome, false);
        assert_eq!(asks.step(at(10), Screen::Welcome, false), Ok(None));
        let late = asks.step(at(11), Screen::Welcome, false).unwrap_err();
        assert!(late.to_string().contains("lay it down"), "{late}");
        assert!(asks.is_done());
    }

    #[test]
    fn a_new_question_at_a_place_makes_the_old_one_void() {
        let mut asks = asks();
        let _said = asks.step(at(1), Screen::Welcome, false);
        asks.ask("glass", "lay it down again".to_owned(), None);
        let said = asks.step(at(2), Screen::Welcome, false);
        assert_eq!(said, Ok(Some("lay it down again".to_owned())));
        asks.forget("glass");
        assert!(asks.is_done());
    }
}
