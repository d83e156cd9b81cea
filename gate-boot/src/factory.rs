//! The factory page: what makes one controller differ from the next.
//!
//! Written once, in the factory, and never by the firmware. Layout: `"GATE"`, length of the body
//! (16 bits), the body in postcard's bytes, CRC-32 over all before it; little-endian. Erased bytes
//! follow.

use core::fmt;

use crc::{CRC_32_ISO_HDLC, Crc};
use heapless::{String, Vec};
use serde::{Deserialize, Serialize};

/// Most bytes that a factory page uses.
pub const BYTES_MAX: usize = 128;

const MAGIC: [u8; 4] = *b"GATE";
const HEAD: usize = MAGIC.len() + 2;
const CRC: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);

/// What the factory gave this one controller.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FactoryPage {
    /// Serial number, as on the type plate.
    pub serial: String<16>,
    /// Secret that is printed on the label inside the cabinet: whoever pairs a host must read it.
    pub label_code: [u8; 16],
    /// Static X25519 secret key of this controller.
    pub device_secret: [u8; 32],
    /// Seed of the controller's random numbers.
    pub seed: [u8; 32],
}

/// Everything but the serial number is secret.
impl fmt::Debug for FactoryPage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FactoryPage")
            .field("serial", &self.serial)
            .finish_non_exhaustive()
    }
}

/// Why a factory page cannot be used. The remedy is always the same: provision the controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FactoryError {
    /// Nothing was ever written, or something else.
    #[error("factory page: there is none")]
    Missing,
    /// The page is damaged.
    #[error("factory page: CRC {found:#010x}, expected {expected:#010x}")]
    Damaged {
        /// CRC in the page.
        found: u32,
        /// CRC of what the page holds.
        expected: u32,
    },
    /// The CRC is right and the body is not: written by a tool of another version.
    #[error("factory page: its body of {length} bytes is not one of this version")]
    Malformed {
        /// Length of the body.
        length: usize,
    },
}

impl FactoryPage {
    /// The bytes that belong at the beginning of [`crate::map::FACTORY`].
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8, BYTES_MAX> {
        let mut body = [0; BYTES_MAX];
        // The largest page that the type allows fits: `the_largest_page_fits`.
        let body = postcard::to_slice(self, &mut body).unwrap_or_default();
        let length = u16::try_from(body.len()).unwrap_or(0).to_le_bytes();
        let mut bytes = Vec::new();
        bytes.extend(MAGIC.into_iter().chain(length).chain(body.iter().copied()));
        let crc = CRC.checksum(&bytes).to_le_bytes();
        bytes.extend(crc);
        bytes
    }

    /// Reads a page; what follows it does not matter.
    ///
    /// # Errors
    ///
    /// [`FactoryError`] if nothing readable is there.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, FactoryError> {
        let missing = FactoryError::Missing;
        let length = match bytes {
            [b'G', b'A', b'T', b'E', low, high, ..] => {
                usize::from(u16::from_le_bytes([*low, *high]))
            }
            _ => return Err(missing),
        };
        let (checked, rest) = bytes.split_at_checked(HEAD + length).ok_or(missing)?;
        let found = u32::from_le_bytes(*rest.first_chunk().ok_or(missing)?);
        let expected = CRC.checksum(checked);
        if found != expected {
            return Err(FactoryError::Damaged { found, expected });
        }
        postcard::from_bytes(&checked[HEAD..]).map_err(|_| FactoryError::Malformed { length })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::{DOUBLE_WORD, ERASED};
    use std::format;

    fn largest() -> FactoryPage {
        FactoryPage {
            serial: String::try_from("0123456789ABCDEF").expect("16 characters"),
            label_code: [0xA5; 16],
            device_secret: [0xFE; 32],
            seed: [0x11; 32],
        }
    }

    #[test]
    fn the_largest_page_fits() {
        let page = largest();
        let mut bytes = page.to_bytes().to_vec();
        assert_eq!(bytes.len(), HEAD + 1 + 16 + 16 + 32 + 32 + 4);
        assert!(bytes.len() <= BYTES_MAX && BYTES_MAX.is_multiple_of(DOUBLE_WORD as usize));
        bytes.resize(2_048, ERASED);
        assert_eq!(FactoryPage::from_bytes(&bytes), Ok(page));
    }

    #[test]
    fn any_flipped_bit_and_any_cut_is_noticed() {
        let bytes = largest().to_bytes();
        for bit in 0..bytes.len() * 8 {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(FactoryPage::from_bytes(&damaged).is_err(), "bit {bit}");
        }
        for length in 0..bytes.len() {
            assert!(FactoryPage::from_bytes(&bytes[..length]).is_err());
        }
        assert_eq!(
            FactoryPage::from_bytes(&[ERASED; 2_048]),
            Err(FactoryError::Missing)
        );
    }

    #[test]
    fn secrets_are_not_printed() {
        assert_eq!(
            format!("{:?}", largest()),
            r#"FactoryPage { serial: "0123456789ABCDEF", .. }"#
        );
    }
}
