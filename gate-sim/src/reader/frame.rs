//! What a reader of the RTE6701 family puts on the line ("RTE Native").

/// Characters in the lines of a document with three lines, and with one or two.
const WIDTHS: (usize, usize) = (30, 44);

/// The frame for what was recognised, top line first; at most three lines.
///
/// The bottom line is always the third, a missing line still sends its CR, short lines are filled
/// up with `_` and long ones cut at the right.
#[must_use]
pub fn rte_native(lines: &[&str]) -> Vec<u8> {
    let width = if lines.len() >= 3 { WIDTHS.0 } else { WIDTHS.1 };
    let mut text = vec![b'O', b'U', 0x02, b' '];
    text.extend(std::iter::repeat_n(
        b'\r',
        3_usize.saturating_sub(lines.len()),
    ));
    for line in lines.iter().take(3) {
        let filled = line.bytes().chain(std::iter::repeat(b'_')).take(width);
        text.extend(filled);
        text.push(b'\r');
    }
    text.push(0x03);
    let length = text.len() + 1; // the check character counts too
    let mut frame = vec![0x01, (length & 0x7f) as u8, (length >> 7) as u8];
    frame.extend(text);
    frame.push(frame[1..].iter().fold(0, |sum, byte| sum ^ byte));
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bottom_line_is_the_third() {
        let text = |lines: &[&str]| String::from_utf8(rte_native(lines)[6..].to_vec()).unwrap();
        assert!(text(&["AB"]).starts_with(" \r\rAB____"));
        assert!(text(&["A", "B"]).starts_with(" \rA____"));
        assert!(text(&["A", "B", "C"]).starts_with(" A____"));
        assert!(text(&[]).starts_with(" \r\r\r\u{3}"));
    }

    #[test]
    fn the_length_word_has_seven_bits_in_a_byte() {
        let frame = rte_native(&["A"; 3]);
        assert_eq!(frame.len(), 3 + 9 + 3 * 30);
        assert_eq!((frame[1], frame[2]), (99, 0));
        let wide = rte_native(&["A", "B"]);
        assert_eq!(
            usize::from(wide[1]) + 128 * usize::from(wide[2]),
            wide.len() - 3
        );
    }
}
