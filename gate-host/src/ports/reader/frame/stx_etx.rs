//! Text between STX and ETX.

use super::text::{PIECE_MIN, TEXT_MAX, zone_of_lines};
use super::zone::Zone;
use super::{ETX, FrameError, STX, Verdict};

pub(super) fn judge(bytes: &[u8], bcc: bool, kind: bool) -> Verdict {
    let Some((_, body)) = bytes.split_first() else {
        return Verdict::Incomplete { begun: false };
    };
    let Some(end) = body.iter().position(|byte| matches!(*byte, STX | ETX)) else {
        return if body.len() > TEXT_MAX {
            Verdict::Bad(FrameError::End)
        } else {
            Verdict::Incomplete {
                begun: body.len() >= PIECE_MIN,
            }
        };
    };
    // Another beginning before the end: the frame before it was torn.
    if body[end] == STX {
        return Verdict::Bad(FrameError::End);
    }
    let mut whole = 1 + end + 1;
    if bcc {
        let Some(found) = body.get(end + 1) else {
            return Verdict::Incomplete { begun: true };
        };
        let expected = body[..=end].iter().fold(0, |sum, byte| sum ^ byte);
        if *found != expected {
            return Verdict::Bad(FrameError::Checksum {
                expected,
                found: *found,
            });
        }
        whole += 1;
    }
    let text = match (kind, &body[..end]) {
        (true, [b'S', text @ ..]) => text,
        (true, [b'E']) => return Verdict::Whole(whole, Zone::unread()),
        (true, [b'O']) => return Verdict::Nothing(whole),
        (true, _) => return Verdict::Bad(FrameError::Header),
        (false, text) => text,
    };
    if text.is_empty() {
        return Verdict::Whole(whole, Zone::unread());
    }
    match zone_of_lines(text) {
        Some(zone) => Verdict::Whole(whole, zone),
        None => Verdict::Bad(FrameError::Lines),
    }
}
