//! Base32 without padding (RFC 4648, 6), as the ICAO Datastructure for Barcode uses it.

use data_encoding::{BASE32, BASE32_NOPAD};

/// Bytes as text, without padding.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    BASE32_NOPAD.encode(bytes)
}

/// The bytes of a text, with or without padding; `None` where it is none.
#[must_use]
pub fn decode(text: &[u8]) -> Option<Vec<u8>> {
    if text.ends_with(b"=") {
        BASE32.decode(text).ok()
    } else {
        BASE32_NOPAD.decode(text).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};

    #[test]
    fn texts_are_those_of_the_rfc() {
        // RFC 4648, 10.
        for (bytes, text, padded) in [
            ("", "", ""),
            ("f", "MY", "MY======"),
            ("fo", "MZXQ", "MZXQ===="),
            ("foo", "MZXW6", "MZXW6==="),
            ("foob", "MZXW6YQ", "MZXW6YQ="),
            ("fooba", "MZXW6YTB", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI", "MZXW6YTBOI======"),
        ] {
            assert_eq!(encode(bytes.as_bytes()), text);
            for text in [text, padded] {
                assert_eq!(decode(text.as_bytes()).as_deref(), Some(bytes.as_bytes()));
            }
        }
        for text in ["my", "M", "M1", "MZ", "MY=====", "MY======="] {
            assert_eq!(decode(text.as_bytes()), None, "{text}");
        }
    }
}
