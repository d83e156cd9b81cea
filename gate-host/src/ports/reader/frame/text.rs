//! The lines of a zone as readers write them, whatever is around them.

use super::zone::Zone;
use super::{CR, LF};
use gate_document::Sensitive;
use zeroize::Zeroizing;

/// Most lines of a zone.
pub(super) const LINES: usize = 3;
/// Most characters in a line.
pub(super) const LINE_MAX: usize = 44;
/// Characters of the longest zone, its separators, and a little more.
pub(super) const TEXT_MAX: usize = 2 * LINE_MAX + 2 * LINES + 2;
/// Fewer characters are no part of a zone: an acknowledgement, or a stray.
pub(super) const PIECE_MIN: usize = 7;

/// What readers put into a zone, unreadable characters included.
pub(super) const fn is_zone_character(byte: u8) -> bool {
    matches!(byte, b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'<' | b'_' | b' ' | b'?' | b'*' | b'#')
}

/// Up to three lines, with CR, LF or both between them and behind, or one run of two or three.
pub(super) fn zone_of_lines(text: &[u8]) -> Option<Zone> {
    let mut lines = text
        .split(|byte| matches!(*byte, CR | LF))
        .filter(|line| !line.is_empty());
    let mut zone = Zeroizing::new(String::with_capacity(text.len()));
    for line in lines.by_ref().take(LINES) {
        if line.len() > 2 * LINE_MAX + 2 || !line.iter().all(|byte| (b' '..=b'~').contains(byte)) {
            return None;
        }
        if !zone.is_empty() {
            zone.push('\r');
        }
        zone.extend(line.iter().map(|byte| char::from(*byte)));
    }
    let is_zone = lines.next().is_none() && !zone.is_empty();
    is_zone.then(|| Zone(Sensitive::new(std::mem::take(&mut *zone))))
}
