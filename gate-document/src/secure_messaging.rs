//! Secure messaging (Doc 9303-11, 9.8): after access control every command and every response is
//! encrypted and authenticated, and counted.

use crate::apdu::{Command, Response, SHORT_RESPONSE, Status, low_bytes};
use crate::cipher::{Key, Suite};
use crate::crypto::{self, CryptoError, KeyUse};
use crate::tlv::{self, Reader, TlvError};
use zeroize::Zeroizing;

/// Bytes in a MAC, whatever the cipher.
const MAC: usize = 8;

/// Bytes around the data of a protected response: tag, length of up to three bytes and padding
/// indicator of DO'87', DO'99' and DO'8E'.
const OVERHEAD: usize = 1 + 2 + 1 + 4 + 2 + MAC;

/// Tags of the data objects (Doc 9303-11, 9.8.4).
const CRYPTOGRAM: u32 = 0x87;
/// The same after an odd instruction: what is inside are data objects, and no padding indicator
/// stands before it.
const CRYPTOGRAM_OF_OBJECTS: u32 = 0x85;
const EXPECTED_LENGTH: u32 = 0x97;
const STATUS: u32 = 0x99;
const CHECKSUM: u32 = 0x8E;

/// CLA of a protected command whose header is authenticated.
const PROTECTED_CLASS: u8 = 0x0C;

/// Why a response cannot be believed. Each of them ends the session.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessagingError {
    /// The chip gave up the session: it could not verify our command, or it restarted.
    #[error("the chip ended secure messaging with status {status}")]
    Ended {
        /// 6987 or 6988; 6882 from chips that no longer know of a session.
        status: Status,
    },
    /// Data or success without a checksum inside a session: somebody between the chip and us may
    /// have put it there. A security event.
    #[error("response of {found} bytes without protection inside secure messaging")]
    Unprotected {
        /// Bytes of data.
        found: usize,
    },
    /// The checksum is not over this response, in this place of the session. A security event.
    #[error("checksum of a protected response is wrong")]
    Checksum,
    /// Well authenticated, and yet not what the standard describes.
    #[error("protected response: {0}")]
    Structure(#[from] TlvError),
    /// The padding inside the cryptogram is wrong.
    #[error("padding of a protected response is wrong")]
    Padding,
    /// See [`CryptoError`].
    #[error(transparent)]
    Crypto(#[from] CryptoError),
}

/// What came back for a protected command.
pub(crate) enum Answer {
    /// Verified and decrypted.
    Protected(Response),
    /// A status word alone, which anybody may have sent. Good for choosing a smaller block, and for
    /// nothing else. The chip did not count the command, so neither do we.
    Naked(Status),
}

/// A session with a chip.
pub(crate) struct SecureMessaging {
    encryption: Key,
    mac: Key,
    /// Send sequence counter; only its last block is ever used.
    counter: u128,
}

impl SecureMessaging {
    /// A session with keys from a shared secret (Doc 9303-11, 9.7.1).
    pub(crate) fn derive(suite: Suite, secret: &[u8], counter: u128) -> Result<Self, CryptoError> {
        Ok(Self {
            encryption: suite.derive(secret, KeyUse::Encryption)?,
            mac: suite.derive(secret, KeyUse::Mac)?,
            counter,
        })
    }

    #[cfg(test)]
    pub(crate) const fn new(encryption: Key, mac: Key, counter: u128) -> Self {
        Self {
            encryption,
            mac,
            counter,
        }
    }

    /// The key that authentication tokens of the protocol that made this session are under.
    pub(crate) const fn mac_key(&self) -> &Key {
        &self.mac
    }

    /// The key that the session is encrypted with.
    pub(crate) const fn encryption_key(&self) -> &Key {
        &self.encryption
    }

    const fn block(&self) -> usize {
        self.encryption.suite().block()
    }

    /// Longest data that a short response can carry in a session with these keys.
    pub(crate) const fn short_block(&self) -> usize {
        let block = self.block();
        // At least one byte of the last cipher block is padding.
        (SHORT_RESPONSE - OVERHEAD) / block * block - 1
    }

    /// Encrypts and authenticates `command`.
    pub(crate) fn protect(
        &mut self,
        command: &Command<'_>,
    ) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        self.counter = self.counter.wrapping_add(1);
        let mut objects = Zeroizing::new(Vec::new());
        if !command.data.is_empty() {
            let padded = crypto::pad(command.data, self.block());
            let vector = self.encryption.vector(&self.counter_block())?;
            let cryptogram = self.encryption.encrypt(&vector, &padded)?;
            if command.instruction.is_multiple_of(2) {
                let indicated = [&[0x01], &cryptogram[..]].concat();
                tlv::write(&mut objects, CRYPTOGRAM, &indicated);
            } else {
                tlv::write(&mut objects, CRYPTOGRAM_OF_OBJECTS, &cryptogram);
            }
        }
        if let Some(expected) = command.expected {
            if expected > SHORT_RESPONSE {
                tlv::write(&mut objects, EXPECTED_LENGTH, &low_bytes::<2>(expected));
            } else {
                tlv::write(&mut objects, EXPECTED_LENGTH, &low_bytes::<1>(expected));
            }
        }
        let header = [PROTECTED_CLASS, command.instruction, command.p1, command.p2];
        let mut authenticated = self.counter_block();
        authenticated.extend_from_slice(&crypto::pad(&header, self.block()));
        authenticated.extend_from_slice(&objects);
        let mac = self.mac.checksum(&authenticated)?;
        tlv::write(&mut objects, CHECKSUM, &mac);
        let long = command
            .expected
            .is_some_and(|expected| expected > self.short_block());
        let protected = Command {
            class: PROTECTED_CLASS,
            data: &objects,
            expected: Some(if long { 65_536 } else { SHORT_RESPONSE }),
            ..*command
        };
        Ok(protected.to_bytes())
    }

    /// Verifies and decrypts the response to the command that was protected last.
    pub(crate) fn unprotect(&mut self, response: &Response) -> Result<Answer, MessagingError> {
        if response.data.is_empty() {
            return self.naked(response.status);
        }
        self.counter = self.counter.wrapping_add(1);
        let objects = Objects::read(&response.data)?;
        let mut authenticated = self.counter_block();
        authenticated.extend_from_slice(objects.authenticated);
        if !crypto::same(&self.mac.checksum(&authenticated)?, objects.checksum) {
            return Err(MessagingError::Checksum);
        }
        let data = match objects.cryptogram {
            Some(cryptogram) => self.decrypt(cryptogram)?,
            None => Zeroizing::default(),
        };
        Ok(Answer::Protected(Response {
            data,
            status: objects.status,
        }))
    }

    fn naked(&mut self, status: Status) -> Result<Answer, MessagingError> {
        match status.0 {
            0x6987 | 0x6988 | 0x6882 => Err(MessagingError::Ended { status }),
            0x9000 => Err(MessagingError::Unprotected { found: 0 }),
            _ => {
                self.counter = self.counter.wrapping_sub(1);
                Ok(Answer::Naked(status))
            }
        }
    }

    fn decrypt(&self, cryptogram: &[u8]) -> Result<Zeroizing<Vec<u8>>, MessagingError> {
        if !cryptogram.len().is_multiple_of(self.block()) {
            return Err(MessagingError::Padding);
        }
        let vector = self.encryption.vector(&self.counter_block())?;
        let mut data = self.encryption.decrypt(&vector, cryptogram)?;
        let length = crypto::unpadded_length(&data).ok_or(MessagingError::Padding)?;
        data.truncate(length);
        Ok(data)
    }

    fn counter_block(&self) -> Vec<u8> {
        let bytes = self.counter.to_be_bytes();
        bytes[bytes.len() - self.block()..].to_vec()
    }
}

/// The data objects of a protected response.
struct Objects<'a> {
    /// Without the padding indicator.
    cryptogram: Option<&'a [u8]>,
    status: Status,
    checksum: &'a [u8],
    /// Everything before the checksum.
    authenticated: &'a [u8],
}

impl<'a> Objects<'a> {
    fn read(data: &'a [u8]) -> Result<Self, MessagingError> {
        // Data that does not even look protected is not a malformed response but a naked one.
        let unprotected = MessagingError::Unprotected { found: data.len() };
        if !matches!(data.first(), Some(0x85 | 0x87 | 0x99)) {
            return Err(unprotected);
        }
        let mut reader = Reader::new(data);
        let cryptogram = match reader.optional(CRYPTOGRAM)? {
            Some(object) => match object.value.split_first() {
                Some((0x01, cryptogram)) => Some(cryptogram),
                _ => return Err(object.wrong("padding indicator 01").into()),
            },
            None => reader
                .optional(CRYPTOGRAM_OF_OBJECTS)?
                .map(|object| object.value),
        };
        let status = reader.expect(STATUS, "status (99)")?;
        let word = status
            .value
            .try_into()
            .map_err(|_| status.wrong("status of 2 bytes"))?;
        let end = status.offset + status.value.len();
        if reader.is_empty() {
            return Err(unprotected);
        }
        let checksum = reader.expect(CHECKSUM, "checksum (8E)")?;
        if !reader.is_empty() {
            return Err(checksum.wrong("checksum as the last object").into());
        }
        Ok(Self {
            cryptogram,
            status: Status(u16::from_be_bytes(word)),
            checksum: checksum.value,
            authenticated: &data[..end],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hex_literal::hex;
    use proptest::prelude::*;

    /// The session of Doc 9303-11, Appendix D.4.
    fn session() -> SecureMessaging {
        let key = |bytes: &[u8]| Key::new(Suite::TripleDes, bytes).unwrap();
        SecureMessaging::new(
            key(&hex!("979EC13B1CBFE9DCD01AB0FED307EAE5")),
            key(&hex!("F1CB1F1FB5ADF208806B89DC579DC1F8")),
            0x8870_2212_0C06_C226,
        )
    }

    const SELECT: Command<'static> = Command {
        class: 0,
        instruction: 0xA4,
        p1: 2,
        p2: 0x0C,
        data: &[0x01, 0x1E],
        expected: None,
    };

    fn response(data: &[u8], status: u16) -> Response {
        Response {
            data: Zeroizing::new(data.to_vec()),
            status: Status(status),
        }
    }

    #[test]
    fn a_response_is_believed_only_with_its_checksum() {
        let genuine = hex!("99029000 8E08 FA855A5D4C50A8ED");
        let mut altered = genuine;
        altered[13] ^= 1;
        for (data, status, expected) in [
            (&altered[..], 0x9000, MessagingError::Checksum),
            (
                &hex!("60145F01"),
                0x9000,
                MessagingError::Unprotected { found: 4 },
            ),
            (
                &hex!("99029000"),
                0x9000,
                MessagingError::Unprotected { found: 4 },
            ),
            (&[], 0x9000, MessagingError::Unprotected { found: 0 }),
            (
                &[],
                0x6988,
                MessagingError::Ended {
                    status: Status(0x6988),
                },
            ),
            (
                &hex!("9902900087"),
                0x9000,
                MessagingError::Structure(TlvError {
                    offset: 5,
                    expected: "length",
                    found: tlv::Found::End,
                }),
            ),
        ] {
            let mut session = session();
            session.protect(&SELECT).unwrap();
            let error = session.unprotect(&response(data, status)).err();
            assert_eq!(error, Some(expected));
        }
        let mut session = session();
        session.protect(&SELECT).unwrap();
        assert!(matches!(
            session.unprotect(&response(&genuine, 0x9000)),
            Ok(Answer::Protected(Response {
                status: Status::SUCCESS,
                ..
            }))
        ));
        // The same response once more is a replay.
        session.protect(&SELECT).unwrap();
        assert_eq!(
            session.unprotect(&response(&genuine, 0x9000)).err(),
            Some(MessagingError::Checksum)
        );
    }

    #[test]
    fn a_naked_refusal_does_not_count() {
        let mut session = session();
        let first = session.protect(&SELECT).unwrap();
        assert!(matches!(
            session.unprotect(&response(&[], 0x6700)),
            Ok(Answer::Naked(Status(0x6700)))
        ));
        assert_eq!(session.protect(&SELECT).unwrap(), first);
    }

    #[test]
    fn a_short_block_fills_a_short_response() {
        assert_eq!(session().short_block(), 231);
        for suite in [Suite::Aes128, Suite::Aes192, Suite::Aes256] {
            let session = SecureMessaging::derive(suite, &[7; 32], 0).unwrap();
            assert_eq!(session.short_block(), 223, "{suite}");
        }
    }

    proptest! {
        #[test]
        fn no_response_is_believed_by_chance(
            data in proptest::collection::vec(any::<u8>(), 0..64), status: u16,
        ) {
            let mut session = session();
            session.protect(&SELECT).unwrap();
            let answer = session.unprotect(&response(&data, status));
            prop_assert!(!matches!(answer, Ok(Answer::Protected(_))));
        }
    }
}
