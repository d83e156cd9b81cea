//! How the controller fares, and how it last failed.

use core::fmt::{self, Display, Formatter};

use serde::{Deserialize, Serialize};

use crate::link::LinkStatistics;

/// Longest [`Text`] in bytes.
pub const TEXT_MAX: usize = 24;

/// A short text of fixed size, filled up with zeros.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Text([u8; TEXT_MAX]);

impl Text {
    /// The end of `text`, because the end of a file's path tells more than its beginning.
    #[must_use]
    pub const fn tail_of(text: &str) -> Self {
        let bytes = text.as_bytes();
        let skipped = bytes.len().saturating_sub(TEXT_MAX);
        let mut tail = [0; TEXT_MAX];
        let mut at = skipped;
        while at < bytes.len() {
            tail[at - skipped] = bytes[at];
            at += 1;
        }
        Self(tail)
    }
}

impl Display for Text {
    /// Whatever is not printable ASCII comes out as `?`: the bytes may be what a failing firmware
    /// left behind.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for byte in self.0.into_iter().take_while(|byte| *byte != 0) {
            let printable = byte == b' ' || byte.is_ascii_graphic();
            write!(f, "{}", if printable { char::from(byte) } else { '?' })?;
        }
        Ok(())
    }
}

/// What runs below the scan and has to show that it makes progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Task {
    /// The conversation with the host.
    Link,
}

/// How the firmware failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum FailureKind {
    /// It met a state that must not be; `file` and `line` say where.
    Panic,
    /// The processor met an instruction or an address that it cannot use.
    Fault,
    /// The stack was full.
    StackOverflow,
    /// An interrupt came that nobody had asked for.
    StrayInterrupt,
    /// A task showed no progress; `pc` says where it was.
    Stuck(Task),
    /// It ended without a word: hung until a watchdog bit, or lost its supply for a moment.
    Stopped,
}

/// How the firmware ended before its last start. Kept in memory that outlives a reset, not in flash: a power cut
/// forgets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What happened.
    pub kind: FailureKind,
    /// Version of the firmware that failed, as major, minor, patch.
    pub firmware: [u8; 3],
    /// Build of the firmware that failed: its place in the history of the source.
    pub build: Text,
    /// Milliseconds from its start to its failure.
    pub uptime_ms: u32,
    /// Address of the instruction that failed or was interrupted; 0 if unknown.
    pub pc: u32,
    /// Address that this code would have returned to; 0 if unknown.
    pub lr: u32,
    /// End of the name of the source file, for a panic.
    pub file: Text,
    /// Line in that file, from 1; 0 if there is none.
    pub line: u32,
    /// Failures that followed each other within a minute, this one included; from 1.
    pub in_a_row: u8,
}

/// How the controller fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// Milliseconds since the controller started; wraps after 49.7 days.
    pub uptime_ms: u32,
    /// Which build of the firmware this is: its place in the history of the source.
    pub build: Text,
    /// Longest scan so far, in nanoseconds.
    pub scan_worst_ns: u32,
    /// Longest time from a tick to the end of its scan, in nanoseconds; 1,000,000 is the period.
    pub scan_latest_ns: u32,
    /// Scans that were not over before the next tick.
    pub scans_late: u32,
    /// Bytes of the stack that have never been used.
    pub stack_free: u32,
    /// Failures of the firmware since power came on.
    pub failures: u16,
    /// Good frames received.
    pub frames_received: u32,
    /// Frames sent.
    pub frames_sent: u32,
    /// Bad frames received.
    pub bad_frames: u32,
    /// Frames that had been received before.
    pub duplicates: u32,
    /// Events thrown away because the host was away for too long.
    pub events_lost: u32,
    /// Longest time from the bytes of a sealed frame to all that was said to it, in nanoseconds,
    /// scans in between included and handshakes not.
    pub answer_worst_ns: u32,
    /// Good frames that came too late: see [`LinkStatistics::late`].
    pub late_frames: u32,
}

impl Health {
    /// The same with the counters of the link.
    #[must_use]
    pub fn with_link(self, link: &LinkStatistics) -> Self {
        Self {
            frames_received: link.line.frames,
            frames_sent: link.frames_sent,
            bad_frames: link.line.bad_frames(),
            duplicates: link.duplicates,
            events_lost: link.events_lost,
            late_frames: link.late,
            ..self
        }
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)?;
        if self.line != 0 {
            write!(f, " in {} line {}", self.file, self.line)?;
        }
        if self.pc != 0 {
            write!(f, " at {:#010x} (from {:#010x})", self.pc, self.lr)?;
        }
        let [major, minor, patch] = self.firmware;
        write!(
            f,
            ", {}.{:03} s after its start, firmware {major}.{minor}.{patch} build {}",
            self.uptime_ms / 1_000,
            self.uptime_ms % 1_000,
            self.build
        )?;
        match self.in_a_row {
            0 | 1 => Ok(()),
            more => write!(f, ", {more} times in a row"),
        }
    }
}

impl Display for FailureKind {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Panic => "panic",
            Self::Fault => "processor fault",
            Self::StackOverflow => "stack overflow",
            Self::StrayInterrupt => "unknown interrupt",
            Self::Stuck(Task::Link) => "link task stuck",
            Self::Stopped => "stopped without a word",
        })
    }
}

impl Display for Health {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "build {}, scan at most {} µs, over {} µs after its tick, {} late, answers after {} µs, ",
            self.build,
            self.scan_worst_ns.div_ceil(1_000),
            self.scan_latest_ns.div_ceil(1_000),
            self.scans_late,
            self.answer_worst_ns.div_ceil(1_000)
        )?;
        write!(
            f,
            "stack {} bytes free, {} failures, frames {} in, {} out, {} bad, {} repeated, {} too late, {} events lost",
            self.stack_free,
            self.failures,
            self.frames_received,
            self.frames_sent,
            self.bad_frames,
            self.duplicates,
            self.late_frames,
            self.events_lost
        )
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use std::string::ToString;

    #[test]
    fn a_text_keeps_its_end_and_prints_only_what_can_be_printed() {
        for (text, printed) in [
            ("", ""),
            ("src/scan.rs", "src/scan.rs"),
            (
                "/a/very/long/path/to/gate-firmware/src/scan.rs",
                "gate-firmware/src/scan.rs",
            ),
            ("tab\tand \u{7}", "tab?and ?"),
        ] {
            let printed = &printed[printed.len().saturating_sub(TEXT_MAX)..];
            assert_eq!(Text::tail_of(text).to_string(), printed);
        }
    }

    #[test]
    fn a_failure_says_what_where_and_when() {
        let mut failure = Failure {
            kind: FailureKind::Panic,
            firmware: [1, 2, 3],
            build: Text::tail_of("v1.2.3-4-gabcdef0"),
            uptime_ms: 12_034,
            pc: 0,
            lr: 0,
            file: Text::tail_of("src/link.rs"),
            line: 42,
            in_a_row: 1,
        };
        assert_eq!(
            failure.to_string(),
            "panic in src/link.rs line 42, 12.034 s after its start, \
             firmware 1.2.3 build v1.2.3-4-gabcdef0"
        );
        failure = Failure {
            kind: FailureKind::Stuck(Task::Link),
            pc: 0x0800_1234,
            lr: 0x0800_4321,
            line: 0,
            in_a_row: 3,
            ..failure
        };
        assert_eq!(
            failure.to_string(),
            "link task stuck at 0x08001234 (from 0x08004321), 12.034 s after its start, \
             firmware 1.2.3 build v1.2.3-4-gabcdef0, 3 times in a row"
        );
    }
}
