//! When the chip had the word: tells a device's time from the software's, and ends what takes too long.

use std::time::Duration;

use gate_document::{Card, CardError};
use gate_protocol::Instant;

/// Exchanges that are kept apart. The longest file in the shortest blocks takes fewer; beyond it the
/// last one grows.
const EXCHANGES_MAX: usize = 4_096;

/// From command to response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// The command was handed to the reader.
    pub begin: Instant,
    /// The response, or the reader's excuse, was there.
    pub end: Instant,
}

/// A card whose every exchange is timed by `clock`, and that is silent from `deadline` on.
#[derive(Debug)]
pub struct Timed<C, F> {
    card: C,
    clock: F,
    deadline: Instant,
    exchanges: Vec<Exchange>,
}

impl<C: Card, F: Fn() -> Instant> Timed<C, F> {
    /// Times `card` by `clock`. From `deadline` on, it is not asked any more: [`CardError::Late`].
    pub fn new(card: C, clock: F, deadline: Instant) -> Self {
        Self {
            card,
            clock,
            deadline,
            exchanges: Vec::new(),
        }
    }

    /// All exchanges so far, in order, failed ones included.
    #[must_use]
    pub fn exchanges(&self) -> &[Exchange] {
        &self.exchanges
    }

    /// Time that reader and chip needed.
    #[must_use]
    pub fn device_time(&self) -> Duration {
        self.exchanges
            .iter()
            .map(|exchange| exchange.end.since(exchange.begin))
            .sum()
    }

    /// The card, and when it had the word.
    #[must_use]
    pub fn into_parts(self) -> (C, Vec<Exchange>) {
        (self.card, self.exchanges)
    }
}

impl<C: Card, F: Fn() -> Instant> Card for Timed<C, F> {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, CardError> {
        let begin = (self.clock)();
        if begin >= self.deadline {
            return Err(CardError::Late);
        }
        let response = self.card.transmit(command);
        let end = (self.clock)();
        if self.exchanges.len() < EXCHANGES_MAX {
            self.exchanges.push(Exchange { begin, end });
        } else if let Some(last) = self.exchanges.last_mut() {
            last.end = end;
        }
        response
    }

    fn reconnect(&mut self) -> Result<(), CardError> {
        if (self.clock)() >= self.deadline {
            return Err(CardError::Late);
        }
        self.card.reconnect()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// Later than any of these tests ends.
    const FAR: Instant = Instant::from_millis(u64::MAX);

    /// A card that takes 3 ms and refuses every second command.
    struct Slow<'a>(&'a Cell<u64>, u64);

    impl Card for Slow<'_> {
        fn transmit(&mut self, _: &[u8]) -> Result<Vec<u8>, CardError> {
            self.0.set(self.0.get() + 3);
            self.1 += 1;
            if self.1.is_multiple_of(2) {
                Err(CardError::Removed)
            } else {
                Ok(vec![0x90, 0])
            }
        }
    }

    #[test]
    fn the_card_has_the_word_from_command_to_response_and_no_longer() {
        let now = Cell::new(0);
        let mut card = Timed::new(Slow(&now, 0), || Instant::from_millis(now.get()), FAR);
        for _ in 0..3 {
            now.set(now.get() + 10); // the software thinks
            let _refused_every_second_time = card.transmit(&[]);
        }
        let at = |begin, end| Exchange {
            begin: Instant::from_millis(begin),
            end: Instant::from_millis(end),
        };
        assert_eq!(card.exchanges(), [at(10, 13), at(23, 26), at(36, 39)]);
        assert_eq!(card.device_time(), Duration::from_millis(9));
    }

    #[test]
    fn a_chip_is_asked_nothing_more_from_its_deadline_on() {
        let now = Cell::new(0);
        let clock = || Instant::from_millis(now.get());
        let mut card = Timed::new(Slow(&now, 0), clock, Instant::from_millis(3_000));
        let asked = (0..)
            .take_while(|_| card.transmit(&[]) != Err(CardError::Late))
            .count();
        assert_eq!((asked, now.get()), (1_000, 3_000));
        assert_eq!(card.reconnect(), Err(CardError::Late));
        assert_eq!(card.exchanges().len(), 1_000);
    }

    #[test]
    fn a_chip_that_never_ends_fills_no_memory() {
        let now = Cell::new(0);
        let mut card = Timed::new(Slow(&now, 0), || Instant::from_millis(now.get()), FAR);
        for _ in 0..EXCHANGES_MAX + 10 {
            let _refused_every_second_time = card.transmit(&[]);
        }
        assert_eq!(card.exchanges().len(), EXCHANGES_MAX);
        assert_eq!(
            card.exchanges().last().unwrap().end,
            Instant::from_millis(now.get())
        );
    }
}
