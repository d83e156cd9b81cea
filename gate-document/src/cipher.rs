//! The block ciphers of a session: which there are, and what is done with their keys (Doc 9303-11,
//! 9.7.1 and 9.8).

use crate::crypto::{self, CryptoError, KeyUse, TripleDesKey};
use core::fmt;
use openssl::symm::Mode;
use zeroize::Zeroizing;

/// A block cipher, and the authentication code and digest that go with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Suite {
    /// Two-key triple DES in CBC mode, retail MAC, SHA-1.
    TripleDes,
    /// AES with 128 bits in CBC mode, CMAC, SHA-1.
    Aes128,
    /// AES with 192 bits in CBC mode, CMAC, SHA-256.
    Aes192,
    /// AES with 256 bits in CBC mode, CMAC, SHA-256.
    Aes256,
}

impl Suite {
    /// The last byte of the object identifiers of PACE and Chip Authentication (Doc 9303-11, 9.2.3
    /// and 9.2.7).
    #[must_use]
    pub const fn from_identifier(last: u8) -> Option<Self> {
        match last {
            1 => Some(Self::TripleDes),
            2 => Some(Self::Aes128),
            3 => Some(Self::Aes192),
            4 => Some(Self::Aes256),
            _ => None,
        }
    }

    /// Bytes in a block.
    #[must_use]
    pub const fn block(self) -> usize {
        match self {
            Self::TripleDes => crypto::DES_BLOCK,
            _ => 16,
        }
    }

    /// Bytes in a key.
    #[must_use]
    pub const fn key_length(self) -> usize {
        match self {
            Self::TripleDes | Self::Aes128 => 16,
            Self::Aes192 => 24,
            Self::Aes256 => 32,
        }
    }

    /// Derives a key from a shared secret or a password (Doc 9303-11, 9.7.1).
    ///
    /// # Errors
    ///
    /// [`CryptoError`] when OpenSSL lacks the digest.
    pub fn derive(self, secret: &[u8], key_use: KeyUse) -> Result<Key, CryptoError> {
        let bytes = match self {
            Self::TripleDes => crypto::triple_des_key(secret, key_use)?.to_vec(),
            Self::Aes128 => crypto::sha1(&counted(secret, key_use))?[..16].to_vec(),
            Self::Aes192 | Self::Aes256 => {
                crypto::sha256(&counted(secret, key_use))?[..self.key_length()].to_vec()
            }
        };
        Ok(Key {
            suite: self,
            bytes: Zeroizing::new(bytes),
        })
    }
}

/// As the names of the protocols have it: `3DES-CBC-CBC`, `AES-CBC-CMAC-128`.
impl fmt::Display for Suite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TripleDes => "3DES-CBC-CBC",
            Self::Aes128 => "AES-CBC-CMAC-128",
            Self::Aes192 => "AES-CBC-CMAC-192",
            Self::Aes256 => "AES-CBC-CMAC-256",
        })
    }
}

fn counted(secret: &[u8], key_use: KeyUse) -> Zeroizing<Vec<u8>> {
    Zeroizing::new([secret, &(key_use as u32).to_be_bytes()].concat())
}

/// A key of one of the ciphers.
#[derive(Clone)]
pub struct Key {
    suite: Suite,
    bytes: Zeroizing<Vec<u8>>,
}

impl Key {
    /// A key as it stands. `None` unless `bytes` has the length that `suite` wants.
    #[must_use]
    pub fn new(suite: Suite, bytes: &[u8]) -> Option<Self> {
        (bytes.len() == suite.key_length()).then(|| Self {
            suite,
            bytes: Zeroizing::new(bytes.to_vec()),
        })
    }

    /// Which cipher it is for.
    #[must_use]
    pub const fn suite(&self) -> Suite {
        self.suite
    }

    /// Encrypts whole blocks in CBC mode. Triple DES knows no other vector than zero here.
    pub(crate) fn encrypt(&self, iv: &[u8], blocks: &[u8]) -> Result<Vec<u8>, CryptoError> {
        match self.suite {
            Suite::TripleDes => crypto::triple_des_encrypt(&self.triple_des(), blocks),
            _ => crypto::aes(&self.bytes, Some(iv), Mode::Encrypt, blocks)
                .map(|mut output| core::mem::take(&mut *output)),
        }
    }

    /// Decrypts what [`Key::encrypt`] made.
    pub(crate) fn decrypt(
        &self,
        iv: &[u8],
        blocks: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        match self.suite {
            Suite::TripleDes => crypto::triple_des_decrypt(&self.triple_des(), blocks),
            _ => crypto::aes(&self.bytes, Some(iv), Mode::Decrypt, blocks),
        }
    }

    /// Encrypts one block: how AES makes a vector (Doc 9303-11, 9.8.7.1).
    pub(crate) fn encrypt_block(&self, block: &[u8]) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        crypto::aes(&self.bytes, None, Mode::Encrypt, block)
    }

    /// Vector for the counter of secure messaging: its encryption for AES, zero for triple DES.
    pub(crate) fn vector(&self, counter: &[u8]) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        match self.suite {
            Suite::TripleDes => Ok(Zeroizing::new(vec![0; crypto::DES_BLOCK])),
            _ => self.encrypt_block(counter),
        }
    }

    /// Authentication code of an authentication token (Doc 9303-11, 4.4.3.4).
    pub(crate) fn token(&self, data: &[u8]) -> Result<[u8; 8], CryptoError> {
        match self.suite {
            Suite::TripleDes => crypto::retail_mac(&self.triple_des(), data),
            _ => crypto::cmac(&self.bytes, data),
        }
    }

    /// Authentication code of secure messaging, which pads whatever the cipher (Doc 9303-11,
    /// 9.8.6.2 and 9.8.7.2).
    pub(crate) fn checksum(&self, data: &[u8]) -> Result<[u8; 8], CryptoError> {
        match self.suite {
            Suite::TripleDes => crypto::retail_mac(&self.triple_des(), data),
            _ => crypto::cmac(&self.bytes, &crypto::pad(data, self.suite.block())),
        }
    }

    fn triple_des(&self) -> TripleDesKey {
        let mut key = Zeroizing::new([0; 16]);
        for (byte, source) in key.iter_mut().zip(self.bytes.iter()) {
            *byte = *source;
        }
        key
    }
}

/// Keys stay out of every log.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.suite)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hex_literal::hex;

    #[test]
    fn keys_of_every_length_are_derived_as_the_standard_says() {
        // Keys from the card access number 123456, as the worked examples of Doc 9303-11, Appendix
        // H, and published tests of German identity cards have them.
        for (suite, key) in [
            (Suite::Aes128, &hex!("591468CDA83D65219CCCB8560233600F")[..]),
            (
                Suite::Aes192,
                &hex!("8DF3278FB32026E66277357FCD6C826DBEB3DE32088B2531"),
            ),
            (
                Suite::Aes256,
                &hex!("8DF3278FB32026E66277357FCD6C826DBEB3DE32088B2531757D753940185923"),
            ),
            (Suite::TripleDes, &hex!("581568CDA83D64209DCDB9570232610E")),
        ] {
            let derived = suite.derive(b"123456", KeyUse::Password).unwrap();
            assert_eq!(*derived.bytes, key, "{suite}");
        }
    }

    #[test]
    fn the_code_is_that_of_the_recommendation() {
        // NIST SP 800-38B, Appendix D.1, examples 1 and 3: an empty message and one of 40 bytes.
        let key = Key::new(Suite::Aes128, &hex!("2B7E151628AED2A6ABF7158809CF4F3C")).unwrap();
        assert_eq!(key.token(&[]).unwrap(), hex!("BB1D6929E9593728"));
        let message = hex!(
            "6BC1BEE22E409F96E93D7E117393172AAE2D8A571E03AC9C9EB76FAC45AF8E5130C81C46A35CE411"
        );
        assert_eq!(key.token(&message).unwrap(), hex!("DFA66747DE9AE630"));
        assert!(Key::new(Suite::Aes128, &[0; 24]).is_none());
        assert_eq!(format!("{key:?}"), "Key(AES-CBC-CMAC-128)");
    }
}
