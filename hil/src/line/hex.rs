//! Bytes as digits, with or without what they may say of a traveller.

use std::fmt::Write as _;

/// So many bytes are printed; the rest is counted.
const SHOWN_MAX: usize = 64;

/// Whether bytes may be read by whoever sees them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Privacy {
    /// The bytes are nobody's.
    Open,
    /// They may be letters and digits of a document: those are hidden.
    Hidden,
}

/// `01 0e ·· ·· 02 … and 12 more`.
pub(super) fn hex(bytes: &[u8], privacy: Privacy) -> String {
    let mut text = String::new();
    for (at, byte) in bytes.iter().take(SHOWN_MAX).enumerate() {
        if at > 0 {
            text.push(' ');
        }
        if privacy == Privacy::Hidden && is_printable(*byte) {
            text.push_str("··");
        } else {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
    }
    if bytes.len() > SHOWN_MAX {
        let _ = write!(text, " … and {} more", bytes.len() - SHOWN_MAX);
    }
    text
}

/// A letter, digit or sign, also where a parity bit stands above it.
const fn is_printable(byte: u8) -> bool {
    matches!(byte & 0x7f, b' '..=b'~')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_hidden_with_and_without_parity() {
        let bytes = [0x01, b'A', b'A' | 0x80, b'<', 0x0d, 0x8d];
        assert_eq!(hex(&bytes, Privacy::Hidden), "01 ·· ·· ·· 0d 8d");
        assert_eq!(hex(&bytes, Privacy::Open), "01 41 c1 3c 0d 8d");
    }

    #[test]
    fn very_many_bytes_are_counted_and_not_printed() {
        let text = hex(&[0; 1_000], Privacy::Open);
        assert!(text.ends_with("00 … and 936 more"), "{text}");
    }
}
