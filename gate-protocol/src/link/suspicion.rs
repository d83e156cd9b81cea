//! When forged frames are no accident any more.

use core::time::Duration;

use heapless::HistoryBuf;

use crate::time::Instant;

/// So many forged frames within [`WITHIN`] are an attack. A single one may be a damaged frame that
/// one CRC in 65,536 passes.
const ENOUGH: usize = 3;
const WITHIN: Duration = Duration::from_secs(10);

/// Watches over forged frames.
#[derive(Clone, Debug, Default)]
pub(super) struct Suspicion {
    recent: HistoryBuf<Instant, ENOUGH>,
}

impl Suspicion {
    pub(super) const fn new() -> Self {
        Self {
            recent: HistoryBuf::new(),
        }
    }

    /// SAF-073: notes a forged frame; says whether it is time to raise an alarm. An alarm that stands
    /// is raised again by each further [`ENOUGH`].
    pub(super) fn note(&mut self, now: Instant) -> bool {
        self.recent.write(now);
        let first = self.recent.oldest_ordered().next().copied();
        let alarm =
            self.recent.len() == ENOUGH && first.is_some_and(|first| now.since(first) <= WITHIN);
        if alarm {
            self.recent.clear();
        }
        alarm
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_in_ten_seconds_are_an_alarm_and_three_in_eleven_are_not() {
        for (seconds, alarms) in [
            (&[0, 5, 10][..], &[10][..]),
            (&[0, 5, 11], &[]),
            (&[0, 5, 11, 12], &[12]),
            (&[0, 0, 0, 1, 1, 1], &[0, 1]),
            (&[0, 20, 40, 60], &[]),
        ] {
            let mut suspicion = Suspicion::default();
            let raised = seconds
                .iter()
                .filter(|second| suspicion.note(Instant::from_millis(**second * 1_000)));
            assert!(raised.eq(alarms), "{seconds:?}");
        }
    }
}
