//! C40: three characters in two bytes (ISO/IEC 16022, 5.2.5; Doc 9303-13).
//!
//! Only the basic set is used: digits, capital letters and the space, which stands for the filler
//! `<` of a machine readable zone. Shift characters have no place in a seal but as padding.

/// A single character at the end: the byte after it holds the character plus one.
const UNLATCH: u8 = 0xFE;

/// Text in C40, or `None` where a character is outside the basic set.
///
/// `<` becomes a space. Small letters are refused: whoever writes decides about case.
#[must_use]
pub fn encode(text: &str) -> Option<Vec<u8>> {
    let values = text.bytes().map(value).collect::<Option<Vec<u16>>>()?;
    let mut bytes = Vec::with_capacity(values.len().div_ceil(3) * 2);
    for triple in values.chunks(3) {
        let packed = match *triple {
            [one, two, three] => 1600 * one + 40 * two + three + 1,
            // Shift 1 fills the third place.
            [one, two] => 1600 * one + 40 * two + 1,
            _ => {
                let last = *text.as_bytes().last()?;
                let last = if last == b'<' { b' ' } else { last };
                bytes.extend([UNLATCH, last + 1]);
                continue;
            }
        };
        bytes.extend(packed.to_be_bytes());
    }
    Some(bytes)
}

/// The text of bytes in C40, or `None` where they are no such text. Fillers come out as spaces.
#[must_use]
pub fn decode(bytes: &[u8]) -> Option<String> {
    if !bytes.len().is_multiple_of(2) {
        return None;
    }
    let pairs = bytes.len() / 2;
    let mut text = String::with_capacity(pairs * 3);
    for (index, pair) in bytes.chunks_exact(2).enumerate() {
        let last = index + 1 == pairs;
        if pair[0] == UNLATCH {
            let single = pair[1].checked_sub(1)?;
            value(single).filter(|_| last && single != b'<')?;
            text.push(char::from(single));
            continue;
        }
        let packed = u16::from_be_bytes([pair[0], pair[1]]).checked_sub(1)?;
        let values = [packed / 1600, packed / 40 % 40, packed % 40];
        for (place, value) in values.into_iter().enumerate() {
            match character(value) {
                Some(character) => text.push(character),
                None if value == 0 && place == 2 && last => {}
                None => return None,
            }
        }
    }
    Some(text)
}

/// Value of a character in the basic set.
const fn value(character: u8) -> Option<u16> {
    match character {
        b' ' | b'<' => Some(3),
        b'0'..=b'9' => Some((character - b'0') as u16 + 4),
        b'A'..=b'Z' => Some((character - b'A') as u16 + 14),
        _ => None,
    }
}

/// Character of a value in the basic set; the shifts 0 to 2 are none.
fn character(value: u16) -> Option<char> {
    let value = u8::try_from(value).ok()?;
    match value {
        3 => Some(' '),
        4..=13 => Some(char::from(b'0' + value - 4)),
        14..=39 => Some(char::from(b'A' + value - 14)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};
    use hex_literal::hex;
    use proptest::prelude::*;

    #[test]
    fn texts_are_packed_as_the_standard_shows() {
        for (text, bytes) in [
            // Doc 9303-13, encoding of strings with C40, and BSI TR-03137-1.
            ("XK<CD", &hex!("EB04 66A9")[..]),
            ("BSI01", &hex!("62D7 19C9")),
            ("DETS32", &hex!("6D32 C91F")),
            ("D<<", &hex!("6ABC")),
            ("UTO", &hex!("D9C5")),
            ("A", &hex!("FE42")),
            ("<", &hex!("FE21")),
            ("", &[]),
        ] {
            assert_eq!(encode(text).unwrap(), bytes, "{text}");
            assert_eq!(decode(bytes).unwrap(), text.replace('<', " "), "{text}");
        }
    }

    #[test]
    fn every_value_of_the_basic_set_has_its_character() {
        let set = " 0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
        for (value, character) in (3_u16..).zip(set.chars()) {
            let packed = (1600 * value + 1).to_be_bytes();
            let triple = (1600 * value + 40 * value + value + 1).to_be_bytes();
            assert_eq!(decode(&triple).unwrap(), String::from(character).repeat(3));
            // Padding is one character at the end, never two.
            assert_eq!(decode(&packed), None);
        }
    }

    #[test]
    fn what_is_no_text_is_refused() {
        for bytes in [
            &hex!("00")[..],
            &hex!("0000"),
            &hex!("FFFF"),
            &hex!("FE00"),
            &hex!("FE62"),
            // Shifts in the middle, and a single character that is not the last.
            &hex!("EB01 6D32"),
            &hex!("FE42 6D32"),
        ] {
            assert_eq!(decode(bytes), None, "{bytes:02X?}");
        }
        assert_eq!(encode("a"), None);
        assert_eq!(encode("Đ"), None);
    }

    proptest! {
        #[test]
        fn what_was_packed_comes_out_again(text in "[0-9A-Z ]{0,80}") {
            prop_assert_eq!(decode(&encode(&text).unwrap()).unwrap(), text);
        }
    }
}
