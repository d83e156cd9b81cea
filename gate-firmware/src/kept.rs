//! Memory that outlives a reset: how the firmware ended.
//!
//! SAF-064: whoever looks after the lane learns what failed, where, and how often.
//!
//! Whatever stands there is believed only if its check sum is right: after a power cut it is
//! noise, and firmware that fails may have written anywhere.

use core::sync::atomic::{AtomicU32, Ordering};

use crc::{CRC_32_ISO_HDLC, Crc, NoTable};
use gate_protocol::Failure;

/// Longest record in words; the longest [`Failure`] has some 80 bytes.
const RECORD_WORDS: usize = 32;

static CRC: Crc<u32, NoTable> = Crc::<u32, NoTable>::new(&CRC_32_ISO_HDLC);

/// A word that stands for "the record below was written by the life that has just ended".
const FRESH: u32 = 0x4641_494C;

/// All words have one type, so that none needs `unsafe` and a reset between two of them leaves a
/// check sum that does not fit.
struct Kept {
    /// Milliseconds that the present life has lasted, and their complement.
    life: [AtomicU32; 2],
    fresh: AtomicU32,
    /// Length in bytes, above it the number of failures since power came on.
    head: AtomicU32,
    check: AtomicU32,
    record: [AtomicU32; RECORD_WORDS],
}

// The linker leaves this section alone and so does the start-up code; the zeros are never written.
#[unsafe(link_section = ".kept")]
static KEPT: Kept = Kept {
    life: [const { AtomicU32::new(0) }; 2],
    fresh: AtomicU32::new(0),
    head: AtomicU32::new(0),
    check: AtomicU32::new(0),
    record: [const { AtomicU32::new(0) }; RECORD_WORDS],
};

/// Notes that the firmware lives, `uptime_ms` after its start.
pub(crate) fn note_life(uptime_ms: u32) {
    KEPT.life[0].store(uptime_ms, Ordering::SeqCst);
    KEPT.life[1].store(!uptime_ms, Ordering::SeqCst);
}

/// Notes that what comes next is no failure.
pub(crate) fn end_life() {
    KEPT.life[1].store(KEPT.life[0].load(Ordering::SeqCst), Ordering::SeqCst);
}

/// How long the life lasted that nobody ended, if the last one did end so.
pub(crate) fn unended_life() -> Option<u32> {
    let [uptime, complement] = [0, 1].map(|at: usize| KEPT.life[at].load(Ordering::SeqCst));
    (uptime == !complement).then_some(uptime)
}

/// Keeps a failure and the number of failures since power came on.
pub(crate) fn write(failure: &Failure, failures: u16) {
    let mut bytes = [0; RECORD_WORDS * 4];
    let Ok(used) = postcard::to_slice(failure, &mut bytes) else {
        return;
    };
    let head = u32::from(failures) << 16 | used.len() as u32;
    for (word, bytes) in KEPT.record.iter().zip(bytes.as_chunks().0) {
        word.store(u32::from_le_bytes(*bytes), Ordering::SeqCst);
    }
    KEPT.head.store(head, Ordering::SeqCst);
    KEPT.check.store(check(head, &bytes), Ordering::SeqCst);
    KEPT.fresh.store(FRESH, Ordering::SeqCst);
}

/// The failure that was kept last and the number of failures since power came on.
pub(crate) fn read() -> Option<(Failure, u16)> {
    let mut bytes = [0; RECORD_WORDS * 4];
    for (word, bytes) in KEPT.record.iter().zip(bytes.as_chunks_mut().0) {
        *bytes = word.load(Ordering::SeqCst).to_le_bytes();
    }
    let head = KEPT.head.load(Ordering::SeqCst);
    if KEPT.check.load(Ordering::SeqCst) != check(head, &bytes) {
        return None;
    }
    let record = bytes.get(..(head & 0xFFFF) as usize)?;
    let failure = postcard::from_bytes(record).ok()?;
    Some((failure, (head >> 16) as u16))
}

/// Whether the record was written since this was last asked.
pub(crate) fn take_fresh() -> bool {
    KEPT.fresh.swap(0, Ordering::SeqCst) == FRESH
}

fn check(head: u32, bytes: &[u8]) -> u32 {
    let mut digest = CRC.digest();
    digest.update(&head.to_le_bytes());
    digest.update(bytes);
    digest.finalize()
}
