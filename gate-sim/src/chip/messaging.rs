//! Secure messaging, the card's side (Doc 9303-11, 9.8).

use openssl::error::ErrorStack;
use openssl::symm::Mode;

use super::apdu::Command;
use super::cipher::{Cipher, KeyPair, pad_to, unpad};
use super::status;

/// What a protected command contained.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plain {
    /// Command data, deciphered.
    pub(super) data: Vec<u8>,
    /// How many bytes the response may have at most; `None` if no data is expected.
    pub(super) expected: Option<usize>,
}

/// Session keys and the send sequence counter.
pub(super) struct Session {
    keys: KeyPair,
    counter: u128,
}

impl Session {
    /// A session that has not yet seen a command.
    pub(super) fn new(keys: KeyPair, counter: u128) -> Self {
        Self { keys, counter }
    }

    /// Checks and deciphers `command`. The error is a status word; the session is over then.
    pub(super) fn open(&mut self, command: &Command<'_>) -> Result<Plain, u16> {
        self.counter = self.counter.wrapping_add(1);
        let objects = Objects::parse(command.data).ok_or(status::MESSAGING_OBJECTS_WRONG)?;
        let mac = objects.mac.ok_or(status::MESSAGING_OBJECTS_MISSING)?;
        let mut signed = pad_to(&command.header, self.keys.cipher().block());
        if !objects.authenticated.is_empty() {
            signed.extend_from_slice(objects.authenticated);
            signed = pad_to(&signed, self.keys.cipher().block());
        }
        let right = self
            .mac(&signed)
            .map_err(|_| status::MESSAGING_OBJECTS_WRONG)?;
        if !openssl::memcmp::eq(&right, mac) {
            return Err(status::MESSAGING_OBJECTS_WRONG);
        }
        let data = match objects.cryptogram {
            None => Vec::new(),
            Some(([], _)) => return Err(status::MESSAGING_OBJECTS_WRONG),
            Some((cryptogram, indicated)) => self
                .decipher(cryptogram, indicated)
                .ok_or(status::MESSAGING_OBJECTS_WRONG)?,
        };
        Ok(Plain {
            data,
            expected: objects.expected,
        })
    }

    /// Gives back a command that was answered without protection, and so not counted.
    pub(super) fn uncount(&mut self) {
        self.counter = self.counter.wrapping_sub(1);
    }

    /// Bytes of data that fit into a short protected response.
    pub(super) fn short_data_max(&self) -> usize {
        // Whole blocks, one byte of which is padding, beside 18 bytes of tags, status and code.
        let block = self.keys.cipher().block();
        (256 - 18) / block * block - 1
    }

    /// Protects a response; `odd` after an instruction whose data are data objects.
    pub(super) fn seal(
        &mut self,
        data: &[u8],
        status: u16,
        odd: bool,
    ) -> Result<Vec<u8>, ErrorStack> {
        self.counter = self.counter.wrapping_add(1);
        let block = self.keys.cipher().block();
        let mut response = Vec::with_capacity(data.len() + 40);
        if !data.is_empty() {
            let cryptogram =
                self.keys
                    .in_session(Mode::Encrypt, &self.count(), &pad_to(data, block))?;
            if odd {
                response.extend(object(0x85, &cryptogram));
            } else {
                response.extend(object(0x87, &[&[0x01], &cryptogram[..]].concat()));
            }
        }
        response.extend(object(0x99, &status.to_be_bytes()));
        let mac = self.mac(&pad_to(&response, block))?;
        response.extend(object(0x8E, &mac));
        response.extend(status.to_be_bytes());
        Ok(response)
    }

    fn mac(&self, padded: &[u8]) -> Result<[u8; 8], ErrorStack> {
        self.keys.code(&[&self.count()[..], padded].concat())
    }

    /// The counter as one block.
    fn count(&self) -> Vec<u8> {
        let bytes = self.counter.to_be_bytes();
        match self.keys.cipher() {
            Cipher::TripleDes => bytes[8..].to_vec(),
            _ => bytes.to_vec(),
        }
    }

    /// A cryptogram begins with the padding indicator 01, unless it holds data objects.
    fn decipher(&self, cryptogram: &[u8], indicated: bool) -> Option<Vec<u8>> {
        let blocks = if indicated {
            cryptogram.strip_prefix(&[0x01])?
        } else {
            cryptogram
        };
        let plain = self
            .keys
            .in_session(Mode::Decrypt, &self.count(), blocks)
            .ok()?;
        unpad(&plain).map(<[u8]>::to_vec)
    }
}

/// The data objects of a protected command.
#[derive(Default)]
struct Objects<'a> {
    /// Everything before the MAC, as it was sent.
    authenticated: &'a [u8],
    /// The value, and whether a padding indicator stands before it.
    cryptogram: Option<(&'a [u8], bool)>,
    expected: Option<usize>,
    mac: Option<&'a [u8]>,
}

impl<'a> Objects<'a> {
    fn parse(bytes: &'a [u8]) -> Option<Self> {
        let mut objects = Self::default();
        let mut rest = bytes;
        while let [tag, after_tag @ ..] = rest {
            let before = bytes.len() - rest.len();
            let (value, after) = length_and_value(after_tag)?;
            match tag {
                0x87 => objects.cryptogram = Some((value, true)),
                0x85 => objects.cryptogram = Some((value, false)),
                0x97 => objects.expected = Some(expected(value)?),
                0x8E => {
                    objects.authenticated = &bytes[..before];
                    objects.mac = Some(value);
                    return after.is_empty().then_some(objects);
                }
                _ => return None,
            }
            rest = after;
        }
        Some(objects)
    }
}

fn length_and_value(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = match bytes {
        [length @ 0..=0x7F, rest @ ..] => (usize::from(*length), rest),
        [0x81, length, rest @ ..] => (usize::from(*length), rest),
        [0x82, high, low, rest @ ..] => (usize::from(u16::from_be_bytes([*high, *low])), rest),
        _ => return None,
    };
    rest.split_at_checked(length)
}

fn expected(value: &[u8]) -> Option<usize> {
    match value {
        [0] => Some(256),
        [0, 0] => Some(65_536),
        [le] => Some(usize::from(*le)),
        [high, low] => Some(usize::from(u16::from_be_bytes([*high, *low]))),
        _ => None,
    }
}

fn object(tag: u8, value: &[u8]) -> Vec<u8> {
    crate::issuer::der::tlv(u32::from(tag), value)
}
