//! "RTE Native" of the RTE6701 family.

use super::text::{LINE_MAX, LINES};
use super::zone::Zone;
use super::{CR, ETX, FrameError, STX, Verdict};
use gate_document::Sensitive;
use zeroize::Zeroizing;

/// SOH and length word.
pub(super) const PREFIX: usize = 3;
const HEADER: [u8; 3] = [b'O', b'U', STX];
/// Bytes after the length word of a frame with three empty lines.
pub(super) const LENGTH_MIN: usize = HEADER.len() + 1 + LINES + 2;
/// Bytes after the length word of a frame with three lines of 44 characters.
pub(super) const LENGTH_MAX: usize = LENGTH_MIN + LINES * LINE_MAX;

pub(super) fn judge(bytes: &[u8]) -> Verdict {
    let [_, low, high, rest @ ..] = bytes else {
        return Verdict::Incomplete { begun: false };
    };
    let length = usize::from(*low) | usize::from(*high) << 7;
    if *low > 0x7f || *high > 0x7f || !(LENGTH_MIN..=LENGTH_MAX).contains(&length) {
        return Verdict::Bad(FrameError::Length { found: length });
    }
    let header = rest.len().min(HEADER.len());
    if rest[..header] != HEADER[..header] {
        return Verdict::Bad(FrameError::Header);
    }
    if rest.len() < length {
        return Verdict::Incomplete {
            begun: header == HEADER.len(),
        };
    }
    match rte_native_zone(&bytes[..PREFIX + length]) {
        Ok(zone) => Verdict::Whole(PREFIX + length, zone),
        Err(error) => Verdict::Bad(error),
    }
}

/// The zone of a frame whose length and header are right.
fn rte_native_zone(frame: &[u8]) -> Result<Zone, FrameError> {
    let (body, check) = frame.split_at(frame.len() - 1);
    if body.last() != Some(&ETX) {
        return Err(FrameError::End);
    }
    let expected = body[1..].iter().fold(0, |sum, byte| sum ^ byte);
    if check[0] != expected {
        return Err(FrameError::Checksum {
            expected,
            found: check[0],
        });
    }
    let text = &body[PREFIX + HEADER.len() + 1..body.len() - 1];
    let lines: Vec<&[u8]> = text.split(|byte| *byte == CR).collect();
    let [first, second, third, []] = lines[..] else {
        return Err(FrameError::Lines);
    };
    let mut zone = Zeroizing::new(String::with_capacity(text.len()));
    for line in [first, second, third] {
        if line.len() > LINE_MAX || !line.iter().all(|byte| (b' '..=b'~').contains(byte)) {
            return Err(FrameError::Lines);
        }
        if !line.is_empty() && !zone.is_empty() {
            zone.push('\r');
        }
        zone.extend(line.iter().map(|byte| char::from(*byte)));
    }
    Ok(Zone(Sensitive::new(std::mem::take(&mut *zone))))
}
