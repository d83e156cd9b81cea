//! A letter, a length, and so many characters.

use super::text::{PIECE_MIN, TEXT_MAX, zone_of_lines};
use super::{FrameError, Verdict};

/// Letter and length.
const PREFIX: usize = 3;

pub(super) fn judge(bytes: &[u8]) -> Verdict {
    let [command, high, low, text @ ..] = bytes else {
        return Verdict::Incomplete { begun: false };
    };
    let length = usize::from(*high) << 8 | usize::from(*low);
    if length > TEXT_MAX {
        return Verdict::Bad(FrameError::Length { found: length });
    }
    let text = match text.get(..length) {
        // Only a zone is news; the answer to a setting may be as long as it likes.
        None => {
            return Verdict::Incomplete {
                begun: *command != b'C' && text.len() >= PIECE_MIN,
            };
        }
        Some([]) => return Verdict::Nothing(PREFIX),
        Some(_) if *command == b'C' => return Verdict::Nothing(PREFIX + length),
        Some(text) => text,
    };
    match zone_of_lines(text) {
        Some(zone) => Verdict::Whole(PREFIX + length, zone),
        None => Verdict::Bad(FrameError::Lines),
    }
}
