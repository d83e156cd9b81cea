//! Nothing but lines.

use super::text::{PIECE_MIN, is_zone_character, zone_of_lines};
use super::zone::Zone;
use super::{CR, FrameError, LF, NOISE_MAX, Verdict};
use gate_document::mrz::Mrz;
use zeroize::Zeroizing;

/// Lines end with a pause; a zone that holds together needs none.
pub(super) fn judge(bytes: &[u8]) -> Verdict {
    if bytes.is_empty() {
        return Verdict::Incomplete { begun: false };
    }
    if bytes.len() > NOISE_MAX {
        return Verdict::Bad(FrameError::Lines);
    }
    let letters = bytes.iter().take_while(|byte| is_zone_character(**byte));
    let begun = letters.count() >= PIECE_MIN;
    match zone(bytes) {
        Some(zone) if Mrz::parse(zone.text()).is_ok() => Verdict::Whole(bytes.len(), zone),
        _ => Verdict::Incomplete { begun },
    }
}

/// What of these bytes are lines of a zone; acknowledgements between them are none.
pub(super) fn zone(bytes: &[u8]) -> Option<Zone> {
    let mut text = Zeroizing::new(Vec::with_capacity(bytes.len()));
    for line in bytes.split(|byte| matches!(*byte, CR | LF | 0)) {
        if line.len() >= PIECE_MIN && line.iter().all(|byte| is_zone_character(*byte)) {
            if !text.is_empty() {
                text.push(CR);
            }
            text.extend_from_slice(line);
        }
    }
    zone_of_lines(&text)
}
