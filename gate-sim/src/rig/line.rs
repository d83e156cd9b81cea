//! A serial line in virtual time: bytes take their time, one after the other.

use gate_protocol::Instant;
use std::time::Duration;

/// Time of a byte at 115,200 bits per second: start bit, eight bits, stop bit.
const BYTE: Duration = Duration::from_nanos(86_806);

/// One direction of a line.
#[derive(Debug, Default)]
pub(super) struct Line {
    free: Instant,
}

impl Line {
    /// Sends `count` bytes; tells when the last of them has arrived.
    pub(super) fn send(&mut self, now: Instant, count: usize) -> Instant {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        self.free = self.free.max(now) + BYTE * count;
        self.free
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_queue_for_the_line() {
        let mut line = Line::default();
        let start = Instant::from_millis(1);
        assert_eq!(line.send(start, 16).since(start).as_micros(), 1_388);
        assert_eq!(line.send(start, 16).since(start).as_micros(), 2_776);
        let later = Instant::from_millis(100);
        assert_eq!(line.send(later, 16).since(later).as_micros(), 1_388);
    }
}
