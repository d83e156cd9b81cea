//! Status words (ISO/IEC 7816-4, 5.6).

pub(super) const OK: u16 = 0x9000;
pub(super) const END_OF_FILE: u16 = 0x6282;
pub(super) const WRONG_DATA: u16 = 0x6A80;
pub(super) const AUTHENTICATION_FAILED: u16 = 0x6300;
pub(super) const WRONG_LENGTH: u16 = 0x6700;
pub(super) const MESSAGING_NOT_SUPPORTED: u16 = 0x6882;
pub(super) const ACCESS_DENIED: u16 = 0x6982;
pub(super) const CONDITIONS_NOT_MET: u16 = 0x6985;
pub(super) const NO_FILE_SELECTED: u16 = 0x6986;
pub(super) const MESSAGING_OBJECTS_MISSING: u16 = 0x6987;
pub(super) const MESSAGING_OBJECTS_WRONG: u16 = 0x6988;
pub(super) const NOT_FOUND: u16 = 0x6A82;
pub(super) const WRONG_PARAMETERS: u16 = 0x6A86;
pub(super) const OFFSET_OUTSIDE: u16 = 0x6B00;
pub(super) const INSTRUCTION_UNKNOWN: u16 = 0x6D00;
pub(super) const FAILED: u16 = 0x6F00;

/// A response that consists of `status` alone.
pub(super) fn alone(status: u16) -> Vec<u8> {
    status.to_be_bytes().to_vec()
}
