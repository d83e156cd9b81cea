//! Tags of one byte with lengths in DER, as seals have them. A tag of BER goes on where its low bits
//! are all set; `7F` and `FF` are whole tags here.

use super::{FEATURES_MAX, SealError};
use crate::tlv::{Found, TlvError};

/// Bytes and how far they have been read.
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    position: usize,
    /// Where `bytes` begins in the seal, for errors.
    base: usize,
}

/// One object.
#[derive(Clone, Copy)]
pub(super) struct Object<'a> {
    pub(super) tag: u8,
    pub(super) value: &'a [u8],
    /// Where the tag stands in the seal.
    pub(super) offset: usize,
    /// Where the value stands in the seal.
    pub(super) inside: usize,
}

impl<'a> Cursor<'a> {
    pub(super) const fn new(bytes: &'a [u8], base: usize) -> Self {
        Self {
            bytes,
            position: 0,
            base,
        }
    }

    pub(super) const fn offset(&self) -> usize {
        self.base + self.position
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.position >= self.bytes.len()
    }

    /// The next `count` bytes.
    pub(super) fn take(
        &mut self,
        count: usize,
        expected: &'static str,
    ) -> Result<&'a [u8], TlvError> {
        let rest = self.bytes.get(self.position..).unwrap_or_default();
        let Some(taken) = rest.get(..count) else {
            return Err(self.wrong(expected, Found::End));
        };
        self.position += count;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(
        &mut self,
        expected: &'static str,
    ) -> Result<[u8; N], TlvError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N, expected)?);
        Ok(array)
    }

    pub(super) fn byte(&mut self, expected: &'static str) -> Result<u8, TlvError> {
        self.array::<1>(expected).map(|[byte]| byte)
    }

    /// The next object.
    pub(super) fn object(&mut self) -> Result<Object<'a>, TlvError> {
        let offset = self.offset();
        let tag = self.byte("tag")?;
        let at = self.offset();
        let length = match self.byte("length")? {
            short @ 0..=0x7F => usize::from(short),
            0x81 => usize::from(self.byte("length")?),
            0x82 => usize::from(u16::from_be_bytes(self.array("length")?)),
            _ => {
                return Err(TlvError {
                    offset: at,
                    expected: "length of one to three bytes",
                    found: Found::Form,
                });
            }
        };
        let inside = self.offset();
        let value = self.take(length, "value")?;
        Ok(Object {
            tag,
            value,
            offset,
            inside,
        })
    }

    /// Objects up to the end.
    pub(super) fn objects(mut self) -> Result<Vec<Object<'a>>, SealError> {
        let mut objects = Vec::new();
        while !self.is_empty() {
            if objects.len() == FEATURES_MAX {
                return Err(SealError::TooManyFeatures);
            }
            objects.push(self.object()?);
        }
        Ok(objects)
    }

    pub(super) const fn wrong(&self, expected: &'static str, found: Found) -> TlvError {
        TlvError {
            offset: self.offset(),
            expected,
            found,
        }
    }
}

/// Appends an object. A value longer than 65,535 bytes is no part of any barcode.
pub(super) fn write(out: &mut Vec<u8>, tag: u8, value: &[u8]) {
    out.push(tag);
    match value.len() {
        length @ 0..=0x7F => out.push(length as u8),
        length @ 0x80..=0xFF => out.extend([0x81, length as u8]),
        length => {
            out.push(0x82);
            out.extend((length as u16).to_be_bytes());
        }
    }
    out.extend_from_slice(value);
}
