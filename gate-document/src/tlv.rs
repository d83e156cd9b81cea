//! Data objects in BER-TLV (ISO/IEC 8825-1, ISO/IEC 7816-4), bounded and without copies.
//!
//! Readers see definite lengths only. The few files that use indefinite lengths are rewritten by
//! [`to_definite`] first.

use core::fmt;

/// A data object.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Tlv<'a> {
    /// Tag, its bytes read as one big-endian number: `0x30`, `0x7F61`.
    pub tag: u32,
    /// Content.
    pub value: &'a [u8],
    /// Tag, length and content, as they stand in the file.
    pub raw: &'a [u8],
    /// Where the content starts, counted from the start of the file.
    pub offset: usize,
}

/// A length or a tag that does not fit. No content is ever in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at offset {offset}: {expected} expected, {found} found")]
pub struct TlvError {
    /// Where, counted from the start of the file.
    pub offset: usize,
    /// What should stand there.
    pub expected: &'static str,
    /// What stands there.
    pub found: Found,
}

/// What stands where something else is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// The end of the data.
    End,
    /// Another tag.
    Tag(u32),
    /// A length, in bytes or elements.
    Length(usize),
    /// A form of tag or length that is not allowed here.
    Form,
    /// A value out of its range.
    Value,
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::End => f.write_str("end of data"),
            Self::Tag(tag) => write!(f, "tag {tag:02X}"),
            Self::Length(length) => write!(f, "length {length}"),
            Self::Form => f.write_str("another encoding"),
            Self::Value => f.write_str("another value"),
        }
    }
}

impl<'a> Tlv<'a> {
    /// Reads the objects inside.
    #[must_use]
    pub const fn reader(&self) -> Reader<'a> {
        Reader {
            bytes: self.value,
            position: 0,
            base: self.offset,
        }
    }

    /// An error about this object's content.
    #[must_use]
    pub const fn wrong(&self, expected: &'static str) -> TlvError {
        TlvError {
            offset: self.offset,
            expected,
            found: Found::Value,
        }
    }
}

/// Reads data objects one after the other.
#[derive(Clone)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    position: usize,
    /// Offset of `bytes` in the file.
    base: usize,
}

impl<'a> Reader<'a> {
    /// Starts at the first byte of a file.
    #[must_use]
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            position: 0,
            base: 0,
        }
    }

    /// Whether everything was read.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.position >= self.bytes.len()
    }

    /// Tag of the next object, if there is one.
    #[must_use]
    pub fn peek(&self) -> Option<u32> {
        header(self.bytes, self.position, self.base)
            .ok()
            .map(|header| header.tag)
    }

    /// The next object, whatever its tag; `expected` names it in errors.
    ///
    /// # Errors
    ///
    /// [`TlvError`] at the end, or when the object reaches beyond the data.
    pub fn any(&mut self, expected: &'static str) -> Result<Tlv<'a>, TlvError> {
        let wrong = |found| TlvError {
            offset: self.base + self.position,
            expected,
            found,
        };
        if self.is_empty() {
            return Err(wrong(Found::End));
        }
        let header = header(self.bytes, self.position, self.base)?;
        let length = header.length.ok_or_else(|| wrong(Found::Form))?;
        let start = self.position + header.size;
        let end = start
            .checked_add(length)
            .ok_or_else(|| wrong(Found::Length(length)))?;
        let value = self
            .bytes
            .get(start..end)
            .ok_or_else(|| wrong(Found::Length(length)))?;
        let raw = &self.bytes[self.position..end];
        self.position = end;
        Ok(Tlv {
            tag: header.tag,
            value,
            raw,
            offset: self.base + start,
        })
    }

    /// The next object, which must have `tag`; `expected` names it in errors.
    ///
    /// # Errors
    ///
    /// [`TlvError`] for another tag, at the end, or when the object reaches beyond the data.
    pub fn expect(&mut self, tag: u32, expected: &'static str) -> Result<Tlv<'a>, TlvError> {
        let offset = self.base + self.position;
        let object = self.any(expected)?;
        if object.tag != tag {
            return Err(TlvError {
                offset,
                expected,
                found: Found::Tag(object.tag),
            });
        }
        Ok(object)
    }

    /// The next object if it has `tag`.
    ///
    /// # Errors
    ///
    /// [`TlvError`] when that object reaches beyond the data.
    pub fn optional(&mut self, tag: u32) -> Result<Option<Tlv<'a>>, TlvError> {
        if self.peek() == Some(tag) {
            self.any("data object").map(Some)
        } else {
            Ok(None)
        }
    }
}

/// Tag and length of an object.
pub(crate) struct Header {
    /// See [`Tlv::tag`].
    pub(crate) tag: u32,
    /// Bytes of tag and length.
    pub(crate) size: usize,
    /// Bytes of content; `None` for the indefinite form.
    pub(crate) length: Option<usize>,
}

/// Reads tag and length at `position`; `base` is added to offsets in errors.
pub(crate) fn header(bytes: &[u8], position: usize, base: usize) -> Result<Header, TlvError> {
    // Three tag bytes and four length bytes are more than any file of 64 kB needs.
    const TAG_BYTES: usize = 3;
    const LENGTH_BYTES: usize = 4;
    let byte = |at: usize, expected| {
        bytes.get(at).copied().ok_or(TlvError {
            offset: base + at,
            expected,
            found: Found::End,
        })
    };
    let mut at = position;
    let first = byte(at, "tag")?;
    let mut tag = u32::from(first);
    at += 1;
    if first & 0x1F == 0x1F {
        loop {
            let next = byte(at, "tag")?;
            tag = tag << 8 | u32::from(next);
            at += 1;
            if next & 0x80 == 0 {
                break;
            }
            if at - position >= TAG_BYTES {
                let found = Found::Form;
                return Err(TlvError {
                    offset: base + position,
                    expected: "tag of 3 bytes",
                    found,
                });
            }
        }
    }
    let first = byte(at, "length")?;
    at += 1;
    let length = match first {
        0..=0x7F => Some(usize::from(first)),
        0x80 => None,
        _ => {
            let count = usize::from(first & 0x7F);
            if count > LENGTH_BYTES {
                let found = Found::Form;
                return Err(TlvError {
                    offset: base + at - 1,
                    expected: "length of 4 bytes",
                    found,
                });
            }
            let mut length = 0_usize;
            for _ in 0..count {
                length = length << 8 | usize::from(byte(at, "length")?);
                at += 1;
            }
            Some(length)
        }
    };
    Ok(Header {
        tag,
        size: at - position,
        length,
    })
}

/// Appends an object: `tag`, the shortest form of the length, `value`.
pub fn write(out: &mut Vec<u8>, tag: u32, value: &[u8]) {
    write_number(out, tag);
    match value.len() {
        length @ 0..=0x7F => out.push(u8::try_from(length).unwrap_or(0x7F)),
        length => {
            let bytes = length.to_be_bytes();
            let skip = bytes.iter().take_while(|byte| **byte == 0).count();
            out.push(0x80 | u8::try_from(bytes.len() - skip).unwrap_or(8));
            out.extend_from_slice(&bytes[skip..]);
        }
    }
    out.extend_from_slice(value);
}

fn write_number(out: &mut Vec<u8>, tag: u32) {
    let bytes = tag.to_be_bytes();
    let skip = bytes.iter().take_while(|byte| **byte == 0).count().min(3);
    out.extend_from_slice(&bytes[skip..]);
}

/// Bytes of the first object in `bytes`, in either form of length; `None` where it is not whole.
#[must_use]
pub fn first_length(bytes: &[u8]) -> Option<usize> {
    let header = header(bytes, 0, 0).ok()?;
    match header.length {
        Some(length) => header.size.checked_add(length),
        None => copy_definite(bytes, 0, 0, &mut Vec::new()).ok(),
    }
    .filter(|length| *length <= bytes.len())
}

/// Copies `bytes`, with every indefinite length made definite.
///
/// Whatever has definite lengths all through is copied as it stands, so that digests and signatures
/// over it stay right.
///
/// # Errors
///
/// [`TlvError`] when an indefinite object does not end, or objects are nested deeper than 32.
pub fn to_definite(bytes: &[u8]) -> Result<Vec<u8>, TlvError> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut position = 0;
    while position < bytes.len() {
        position = copy_definite(bytes, position, 0, &mut out)?;
    }
    Ok(out)
}

/// Copies the object at `position` and returns where the next one starts.
fn copy_definite(
    bytes: &[u8],
    position: usize,
    depth: usize,
    out: &mut Vec<u8>,
) -> Result<usize, TlvError> {
    const DEPTH: usize = 32;
    let wrong = |expected, found| TlvError {
        offset: position,
        expected,
        found,
    };
    if depth > DEPTH {
        return Err(wrong("at most 32 levels", Found::Length(depth)));
    }
    let header = header(bytes, position, 0)?;
    let start = position + header.size;
    let mut inner = Vec::new();
    let Some(length) = header.length else {
        let mut at = start;
        while bytes.get(at..at + 2) != Some(&[0, 0]) {
            at = copy_definite(bytes, at, depth + 1, &mut inner)?;
        }
        write(out, header.tag, &inner);
        return Ok(at + 2);
    };
    let end = start.checked_add(length).filter(|end| *end <= bytes.len());
    let end = end.ok_or_else(|| wrong("data object", Found::Length(length)))?;
    let constructed = bytes[position] & 0x20 != 0;
    if constructed
        && copy_children(&bytes[..end], start, depth, &mut inner).is_ok()
        && inner != bytes[start..end]
    {
        write(out, header.tag, &inner);
    } else {
        out.extend_from_slice(&bytes[position..end]);
    }
    Ok(end)
}

/// Copies the objects from `at` to the end of `bytes`.
fn copy_children(
    bytes: &[u8],
    mut at: usize,
    depth: usize,
    out: &mut Vec<u8>,
) -> Result<(), TlvError> {
    while at < bytes.len() {
        at = copy_definite(bytes, at, depth + 1, out)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use hex_literal::hex;
    use proptest::prelude::*;

    #[test]
    fn objects_are_read_with_every_form_of_tag_and_length() {
        let bytes = hex!("04 02 AABB  7F61 81 01 CC  5F1F 82 0001 DD  5C 00");
        let mut reader = Reader::new(&bytes);
        let mut objects = Vec::new();
        while !reader.is_empty() {
            let object = reader.any("object").unwrap();
            objects.push((object.tag, object.value.to_vec(), object.offset));
        }
        assert_eq!(
            objects,
            [
                (0x04, vec![0xAA, 0xBB], 2),
                (0x7F61, vec![0xCC], 8),
                (0x5F1F, vec![0xDD], 14),
                (0x5C, vec![], 17),
            ]
        );
    }

    #[test]
    fn errors_say_where_what_and_instead_of_what() {
        for (bytes, text) in [
            (
                &hex!("")[..],
                "at offset 0: a sequence expected, end of data found",
            ),
            (
                &hex!("3003 0101"),
                "at offset 0: a sequence expected, length 3 found",
            ),
            (
                &hex!("3180"),
                "at offset 0: a sequence expected, another encoding found",
            ),
            (
                &hex!("0400"),
                "at offset 0: a sequence expected, tag 04 found",
            ),
            (
                &hex!("30"),
                "at offset 1: length expected, end of data found",
            ),
            (
                &hex!("308500"),
                "at offset 1: length of 4 bytes expected, another encoding found",
            ),
            (
                &hex!("3084FFFFFFFF"),
                "at offset 0: a sequence expected, length 4294967295 found",
            ),
        ] {
            let error = Reader::new(bytes).expect(0x30, "a sequence").err().unwrap();
            assert_eq!(error.to_string(), text);
        }
    }

    #[test]
    fn indefinite_lengths_become_definite_and_the_rest_stays() {
        for (indefinite, definite) in [
            (
                &hex!("77 07  30 80  04 01 AA  00 00  0500")[..],
                &hex!("77 05  30 03 04 01 AA  05 00")[..],
            ),
            (
                &hex!("30 80  24 80 04 01 AA 04 01 BB 00 00  00 00"),
                &hex!("30 08 24 06 04 01 AA 04 01 BB"),
            ),
            // Superfluous length bytes are part of what was signed.
            (&hex!("30 81 03 02 01 05"), &hex!("30 81 03 02 01 05")),
            // What only looks constructed stays as well.
            (&hex!("30 02 04 05"), &hex!("30 02 04 05")),
            (&hex!("31 06 0500 30 80 00 00"), &hex!("31 04 0500 30 00")),
        ] {
            assert_eq!(to_definite(indefinite).unwrap(), definite);
        }
        assert!(to_definite(&hex!("30 80 04 01 AA")).is_err());
        assert!(to_definite(&[0x30, 0x80].repeat(40)).is_err());
    }

    #[test]
    fn what_is_written_is_read() {
        for (tag, length) in [
            (0x04, 0),
            (0x87, 127),
            (0x7F61, 128),
            (0x75, 300),
            (0x30, 70_000),
        ] {
            let value = vec![0xA5; length];
            let mut bytes = Vec::new();
            write(&mut bytes, tag, &value);
            let object = Reader::new(&bytes).expect(tag, "object").unwrap();
            assert_eq!(object.value, value);
            assert_eq!(object.raw.len(), bytes.len());
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut reader = Reader::new(&bytes);
            while reader.any("object").is_ok() {}
            if let Ok(definite) = to_definite(&bytes) {
                prop_assert_eq!(to_definite(&definite).ok(), Some(definite));
            }
        }
    }
}
