//! How long the host is believed in.

use core::time::Duration;
use gate_protocol::Instant;

/// The link's word for the host's lease.
///
/// SAF-008: it is good for a while only, so that a link that hangs loses the lease too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Lease {
    until: Option<Instant>,
}

impl Lease {
    /// Takes the link's word, good for `word`. Says whether the lease has just ended.
    pub(crate) fn tell(&mut self, now: Instant, held: bool, word: Duration) -> bool {
        let lapsed = self.lapse(now);
        if held {
            self.until = Some(now + word);
            return lapsed;
        }
        self.until.take().is_some() || lapsed
    }

    /// Ends a lease whose time is over. Says whether it has just done so.
    pub(crate) fn lapse(&mut self, now: Instant) -> bool {
        self.until.take_if(|until| *until <= now).is_some()
    }

    /// When the link's word ends.
    pub(crate) const fn end(&mut self) -> Option<&mut Instant> {
        self.until.as_mut()
    }

    /// Whether the host holds its lease.
    pub(crate) fn stands(&self, now: Instant) -> bool {
        self.until.is_some_and(|until| now < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORD: Duration = Duration::from_millis(500);

    #[test]
    fn a_lease_ends_once_by_silence_or_by_word() {
        let at = Instant::from_millis;
        let mut lease = Lease::default();
        assert!(!lease.stands(at(0)) && !lease.lapse(at(0)));
        assert!(!lease.tell(at(0), true, WORD));
        assert!(lease.stands(at(499)) && !lease.stands(at(500)));
        assert!(lease.lapse(at(500)) && !lease.lapse(at(500)));
        lease.tell(at(600), true, WORD);
        assert!(lease.tell(at(700), false, WORD) && !lease.tell(at(800), false, WORD));
        lease.tell(at(900), true, WORD);
        assert!(
            lease.tell(at(2_000), true, WORD),
            "it had ended in the meantime"
        );
    }
}
