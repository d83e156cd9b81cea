//! Fields of a zone and their check digits.

use core::fmt;

/// A field of the zone, for messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// Document code.
    DocumentCode,
    /// Issuing State or organisation.
    IssuingState,
    /// Primary and secondary identifier.
    Name,
    /// Document number, with its continuation in the optional data.
    DocumentNumber,
    /// Nationality.
    Nationality,
    /// Date of birth.
    Birth,
    /// Sex.
    Sex,
    /// Date of expiry.
    Expiry,
    /// Optional data, which TD3 calls personal number.
    OptionalData,
    /// The fields that the composite check digit covers.
    Composite,
    /// The twelve digits that a Vietnamese card has in its optional data.
    PersonalNumber,
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DocumentCode => "document code",
            Self::IssuingState => "issuing State",
            Self::Name => "name",
            Self::DocumentNumber => "document number",
            Self::Nationality => "nationality",
            Self::Birth => "date of birth",
            Self::Sex => "sex",
            Self::Expiry => "date of expiry",
            Self::OptionalData => "optional data",
            Self::Composite => "composite",
            Self::PersonalNumber => "personal number",
        })
    }
}

/// Check digit of `field`: weights 7, 3, 1 repeating, sum modulo 10; `<` counts 0, `A` to `Z` count
/// 10 to 35 (Doc 9303-3, 4.9). `None` where another character stands in the field.
#[must_use]
pub fn check_digit(field: &[u8]) -> Option<u8> {
    let mut sum = 0_u32;
    for (&character, weight) in field.iter().zip([7, 3, 1].into_iter().cycle()) {
        let value = match character {
            b'0'..=b'9' => character - b'0',
            b'A'..=b'Z' => character - b'A' + 10,
            b'<' => 0,
            _ => return None,
        };
        // Modulo at each step: a field of any length cannot overflow the sum.
        sum = (sum + u32::from(value) * weight) % 10;
    }
    u8::try_from(sum).ok()
}

/// Whether the character `digit` is the check digit of `field`.
#[must_use]
pub fn has_check_digit(field: &[u8], digit: u8) -> bool {
    check_digit(field).is_some_and(|expected| expected + b'0' == digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_are_those_of_the_standard() {
        // Doc 9303-3, 4.9 and the specimens of 9303-4 and 9303-5.
        for (field, digit) in [
            ("520727", 3),
            ("AB2134<<<", 5),
            ("L898902C3", 6),
            ("740812", 2),
            ("120415", 9),
            ("ZE184226B<<<<<", 1),
            ("", 0),
        ] {
            assert_eq!(check_digit(field.as_bytes()), Some(digit), "{field}");
        }
        assert_eq!(check_digit(b"a"), None);
    }
}
