//! The factory of emulated boards.

use gate_boot::factory::FactoryPage;
use gate_boot::map::FACTORY;
use sha2::{Digest, Sha256};

/// Serial number of every board that is not given another factory page.
pub const TEST_SERIAL: &str = "TEST-0001";

/// The factory page of a test board. Its secrets follow from its serial number, so both ends of a
/// test know them, and no real controller may ever have them.
#[must_use]
pub fn test_page(serial: &str) -> FactoryPage {
    let secret = |of: &str| -> [u8; 32] {
        Sha256::digest(format!("border gate test secret: {of} of {serial}")).into()
    };
    let mut label_code = [0; 16];
    label_code.copy_from_slice(&secret("label")[..16]);
    FactoryPage {
        serial: serial.chars().take(16).collect(),
        label_code,
        device_secret: secret("device"),
        seed: secret("seed"),
    }
}

/// Where a factory page lies, and its bytes: for [`super::Config::preload`].
#[must_use]
pub fn preloaded(page: &FactoryPage) -> (u32, Vec<u8>) {
    (FACTORY.start, page.to_bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_test_board_has_secrets_of_its_own_and_always_the_same() {
        let (one, other) = (test_page(TEST_SERIAL), test_page("TEST-0002"));
        assert_eq!(one, test_page(TEST_SERIAL));
        assert_ne!(one.label_code, other.label_code);
        assert_ne!(one.device_secret, other.device_secret);
        assert_ne!(one.seed, other.seed);
        assert_ne!(one.seed, one.device_secret);
        let (address, bytes) = preloaded(&one);
        assert_eq!(address, FACTORY.start);
        assert_eq!(FactoryPage::from_bytes(&bytes), Ok(one));
    }
}
