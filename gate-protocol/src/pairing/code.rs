//! The code on the controller's label.

use core::fmt::{self, Debug, Display, Formatter, Write};
use core::str::FromStr;

use crc::{CRC_10_ATM, Crc};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::keys::Secret;

/// Crockford's digits: none looks like another.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Digits of 128 bits, the last with two bits to spare.
const CODE_DIGITS: usize = 26;
/// Two digits more, to find slips of the pen.
const ALL_DIGITS: usize = CODE_DIGITS + 2;
/// Digits between two hyphens.
const GROUP: usize = 4;

static CHECK: Crc<u16> = Crc::<u16>::new(&CRC_10_ATM);

/// 128 random bits, printed on the label inside the cabinet: seven groups of four digits, the last
/// two of which check the others.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
pub struct LabelCode(pub [u8; 16]);

/// Why a text is no label's code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// Type all seven groups.
    #[error("label code of {found} characters, {ALL_DIGITS} expected")]
    Length {
        /// Characters without hyphens and spaces.
        found: usize,
    },
    /// Codes have digits and the letters A to Z without I, L, O and U.
    #[error("character {place} of the label code is none that occurs in codes")]
    Character {
        /// Which one, from 1, without hyphens and spaces.
        place: usize,
    },
    /// A character was misread: compare with the label.
    #[error("check characters of the label code do not match: something is mistyped")]
    Check,
}

impl LabelCode {
    /// The key that both ends put into the pairing's handshake.
    #[must_use]
    pub fn secret(&self) -> Secret {
        Secret::derive("label", &[&self.0])
    }

    fn digits(&self) -> [u8; ALL_DIGITS] {
        let mut digits = [0; ALL_DIGITS];
        let padded = u128::from_be_bytes(self.0);
        for (place, digit) in digits[..CODE_DIGITS].iter_mut().enumerate() {
            // The highest bits come first; the last digit holds three bits and two zeros.
            let above = 5 * (place + 1);
            let bits = if above <= 128 {
                padded >> (128 - above)
            } else {
                padded << (above - 128)
            };
            *digit = (bits & 31) as u8;
        }
        let check = CHECK.checksum(&self.0);
        digits[CODE_DIGITS] = (check >> 5) as u8;
        digits[CODE_DIGITS + 1] = (check & 31) as u8;
        digits
    }
}

impl Debug for LabelCode {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

impl Display for LabelCode {
    /// As on the label. Only whoever makes labels prints this.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (place, digit) in self.digits().into_iter().enumerate() {
            if place > 0 && place % GROUP == 0 {
                f.write_char('-')?;
            }
            f.write_char(DIGITS[usize::from(digit)].into())?;
        }
        Ok(())
    }
}

impl FromStr for LabelCode {
    type Err = CodeError;

    /// Takes capital and small letters; hyphens and spaces may stand anywhere.
    fn from_str(text: &str) -> Result<Self, CodeError> {
        let written = || text.chars().filter(|c| !matches!(c, '-' | ' '));
        let found = written().count();
        if found != ALL_DIGITS {
            return Err(CodeError::Length { found });
        }
        let mut value = 0_u128;
        let mut given = [0; ALL_DIGITS];
        for (place, character) in written().enumerate() {
            let digit = digit(character).ok_or(CodeError::Character { place: place + 1 })?;
            given[place] = digit;
            if place + 1 < CODE_DIGITS {
                value = value << 5 | u128::from(digit);
            } else if place + 1 == CODE_DIGITS {
                value = value << 3 | u128::from(digit >> 2);
            }
        }
        let code = Self(value.to_be_bytes());
        if code.digits() == given {
            Ok(code)
        } else {
            Err(CodeError::Check)
        }
    }
}

fn digit(character: char) -> Option<u8> {
    let upper = character.to_ascii_uppercase();
    let place = DIGITS
        .iter()
        .position(|digit| char::from(*digit) == upper)?;
    u8::try_from(place).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    extern crate std;
    use std::format;
    use std::string::{String, ToString};

    const CODE: LabelCode =
        LabelCode(*b"\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff");

    #[test]
    fn what_is_printed_is_read_however_it_is_typed() {
        for code in [CODE, LabelCode([0; 16]), LabelCode([0xff; 16])] {
            let label = code.to_string();
            assert_eq!(label.len(), ALL_DIGITS + 6, "{label}");
            for typed in [label.clone(), label.to_lowercase(), label.replace('-', " ")] {
                assert_eq!(typed.parse(), Ok(code.clone()), "{typed}");
            }
        }
    }

    #[test]
    fn every_single_slip_of_the_pen_is_found() {
        let label: String = CODE.to_string().replace('-', "");
        for place in 0..ALL_DIGITS {
            for digit in DIGITS {
                let mut typed = label.clone().into_bytes();
                if typed[place] == *digit {
                    continue;
                }
                typed[place] = *digit;
                let typed = String::from_utf8(typed).unwrap();
                assert_eq!(typed.parse::<LabelCode>(), Err(CodeError::Check), "{typed}");
            }
        }
    }

    #[test]
    fn what_is_no_code_is_named() {
        for (typed, error) in [
            ("", CodeError::Length { found: 0 }),
            ("0000-0000", CodeError::Length { found: 8 }),
            (
                "0000-0000-0000-0000-0000-0000-000U",
                CodeError::Character { place: 28 },
            ),
        ] {
            assert_eq!(typed.parse::<LabelCode>(), Err(error));
        }
        assert_eq!(format!("{CODE:?}"), "…");
    }
}
