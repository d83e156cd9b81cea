//! The key that images are signed with, for the tools that build and sign.

use std::string::String;

/// The published test key. Whoever builds without another key gets a controller that takes updates
/// from everybody: fine on a desk, and nowhere else.
pub const TEST_SEED: [u8; 32] = *b"border gate test key, not secret";

/// The public key for a build: `GATE_UPDATE_KEY` in hexadecimal, or that of the test key.
///
/// # Panics
///
/// If the variable is set and is not 64 hexadecimal digits: such a build must not come about.
#[must_use]
pub fn from_environment() -> [u8; 32] {
    std::println!("cargo:rerun-if-env-changed=GATE_UPDATE_KEY");
    match std::env::var("GATE_UPDATE_KEY") {
        Ok(digits) => parse(&digits).expect("GATE_UPDATE_KEY: 64 hexadecimal digits"),
        Err(_) => crate::image::public_key(&TEST_SEED),
    }
}

/// Whether anybody can sign for this key.
#[must_use]
pub fn is_published(key: &[u8; 32]) -> bool {
    *key == crate::image::public_key(&TEST_SEED)
}

/// Reads 64 hexadecimal digits.
#[must_use]
pub fn parse(digits: &str) -> Option<[u8; 32]> {
    let mut key = [0; 32];
    if digits.len() != 64 || !digits.is_ascii() {
        return None;
    }
    for (byte, at) in key.iter_mut().zip((0..).step_by(2)) {
        *byte = u8::from_str_radix(&digits[at..at + 2], 16).ok()?;
    }
    Some(key)
}

/// Writes 64 hexadecimal digits.
#[must_use]
pub fn to_digits(key: &[u8; 32]) -> String {
    key.iter().map(|byte| std::format!("{byte:02x}")).collect()
}
