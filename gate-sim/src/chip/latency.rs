//! How long a chip takes. Figures, not sleeping: whoever carries the bytes waits.

use std::time::Duration;

/// Time that a chip and its radio link need for one exchange.
///
/// A model after ISO/IEC 14443 bit rates and published reading logs: a constant part per command
/// (file access, authentication code, reader and USB round trip) and a part per byte (air time and
/// the chip's cipher).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Constant part of every exchange.
    pub per_command: Duration,
    /// Part per byte of command and response.
    pub per_byte: Duration,
}

impl Profile {
    /// No time at all: what remains is the software's own.
    pub const INSTANT: Self = Self::new(0, 0);
    /// 848 kbit/s, 11.5 ms per command, 5 µs per byte in the chip.
    pub const FAST: Self = Self::new(11_500, 15);
    /// 424 kbit/s, 13.5 ms per command, 5 µs per byte in the chip.
    pub const TYPICAL: Self = Self::new(13_500, 26);
    /// 106 kbit/s, where many readers stay, and an old chip: 25 ms per command.
    pub const SLOW: Self = Self::new(25_000, 90);

    const fn new(per_command_us: u64, per_byte_us: u64) -> Self {
        Self {
            per_command: Duration::from_micros(per_command_us),
            per_byte: Duration::from_micros(per_byte_us),
        }
    }

    /// Time for an exchange of `command_len` bytes there and `response_len` bytes back.
    #[must_use]
    pub fn duration(&self, command_len: usize, response_len: usize) -> Duration {
        let bytes = u32::try_from(command_len + response_len).unwrap_or(u32::MAX);
        self.per_command + self.per_byte.saturating_mul(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 68 blocks of 223 bytes, protected, as in the model's table for a 15 083-byte DG2.
    #[test]
    fn a_portrait_takes_as_long_as_the_model_says() {
        let seconds = |profile: Profile| (profile.duration(20, 251) * 68).as_secs_f64();
        let cases = [
            (Profile::FAST, 1.0..1.25),
            (Profile::TYPICAL, 1.35..1.55),
            (Profile::SLOW, 2.65..3.6),
        ];
        for (profile, range) in cases {
            assert!(
                range.contains(&seconds(profile)),
                "{profile:?}: {} s",
                seconds(profile)
            );
        }
        assert_eq!(Profile::INSTANT.duration(20, 251), Duration::ZERO);
    }
}
