//! Nothing but lines.

use super::text::{PIECE_MIN, is_zone_character, zone_of_lines};
use super::zone::Zone;
use super::{ACK, Answers, CR, ENQ, FrameError, LF, NAK, NOISE_MAX, Verdict};
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

/// The longest answer to a command that a profile sends. Fewer characters may be one, and tell nobody that
/// something lies on the reader.
const ANSWER_MAX: usize = 16;

/// Lines, or an answer to a command.
pub(super) fn judge_or_answer(bytes: &[u8], answers: Answers) -> Verdict {
    if let Some(length) = answer(bytes, answers) {
        return Verdict::Nothing(length);
    }
    match judge(bytes) {
        Verdict::Incomplete { begun } => Verdict::Incomplete {
            begun: begun && bytes.len() > ANSWER_MAX,
        },
        verdict => verdict,
    }
}

/// How long the answer is with which `bytes` begin, up to its first mark.
fn answer(bytes: &[u8], answers: Answers) -> Option<usize> {
    let end = bytes
        .iter()
        .take(ANSWER_MAX)
        .position(|byte| matches!(*byte, ACK | NAK | ENQ))?;
    let mark = bytes.get(end + 1)?;
    let command = match answers {
        // Some give the whole command back, its beginning included.
        Answers::Bare => bytes[..end].strip_prefix(b"M\r").unwrap_or(&bytes[..end]),
        Answers::Framed => bytes[..end].strip_prefix(b"0000")?.get(1..)?,
    };
    let is_command = !command.is_empty() && command.iter().all(u8::is_ascii_alphanumeric);
    (is_command && matches!(*mark, b'.' | b'!' | b',' | b';')).then_some(end + 2)
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
