//! ICAO Datastructure for Barcode: a seal as text in base32, for any symbology.
//!
//! ```text
//! RDB1 flag base32( [zlib] country(2) [algorithm(1) certificate reference(5) signed(4)]
//!                   61 length { tag length value … }  [7E length certificate]  [7F length r‖s] )
//! ```
//!
//! The flag is a letter: `A` for nothing, one more for signed, two more for compressed. The signature
//! covers header and message group. National structures begin with `NDB1`, and are alike otherwise.

use super::raw::{Cursor, write};
use super::vds::{WriteError, within};
use super::{
    BYTES_MAX, DayOf, DocumentType, Feature, Seal, SealError, SealFormat, SealSignature,
    SignerReference, Tag, base32, c40, date,
};
use crate::algorithm::Digest;
use crate::sensitive::Sensitive;
use crate::tlv::{Found, TlvError};
use jiff::civil::Date;
use std::io::Read as _;

/// Message group.
const GROUP: u8 = 0x61;
/// Signer's certificate.
const CERTIFICATE: u8 = 0x7E;
/// Signature.
const SIGNATURE: u8 = 0x7F;
/// National document identifier: which document of its issuer this is.
const DOCUMENT: u8 = 0x86;

const SIGNED: u8 = 1;
const ZIPPED: u8 = 2;

/// Whether `text` begins like one.
#[must_use]
pub fn begins(text: &[u8]) -> bool {
    text.starts_with(b"RDB1") || text.starts_with(b"NDB1")
}

/// Reads a seal.
///
/// # Errors
///
/// [`SealError`] for the first rule that the text breaks. A compressed seal may not grow beyond
/// [`BYTES_MAX`].
pub fn read(text: &[u8]) -> Result<Seal, SealError> {
    let (Some((flag, rest)), true) = (text.get(4..).and_then(<[u8]>::split_first), begins(text))
    else {
        return Err(SealError::Unknown);
    };
    let flags = flag.wrapping_sub(b'A');
    if flags > SIGNED + ZIPPED {
        let field = "the flag";
        let encoding = "the letters A to D";
        return Err(SealError::Encoding { field, encoding });
    }
    let mut payload = base32::decode(rest).ok_or(SealError::Encoding {
        field: "the payload",
        encoding: "base32",
    })?;
    if flags & ZIPPED != 0 {
        payload = inflate(&payload)?;
    }
    payload_of(&payload, flags & SIGNED != 0)
}

/// Reads a payload: what is left when text and compression are gone.
///
/// # Errors
///
/// As [`read`].
pub fn payload_of(payload: &[u8], is_signed: bool) -> Result<Seal, SealError> {
    let mut cursor = Cursor::new(payload, 0);
    let issuer = c40::decode(cursor.take(2, "country")?).ok_or(SealError::C40 {
        offset: 0,
        field: "country",
    })?;
    let header = is_signed.then(|| header(&mut cursor)).transpose()?;
    let start = cursor.offset();
    let rest = payload.get(start..).unwrap_or_default();
    let mut parts = Parts::default();
    for object in Cursor::new(rest, start).objects()? {
        let place = match object.tag {
            GROUP => &mut parts.group,
            CERTIFICATE => &mut parts.certificate,
            SIGNATURE => &mut parts.signature,
            tag => return Err(wrong(object.offset, "61, 7E or 7F", Found::Tag(tag.into()))),
        };
        if place.replace(object).is_some() {
            let found = Found::Tag(object.tag.into());
            return Err(wrong(object.offset, "each part once", found));
        }
    }
    let Some(group) = parts.group else {
        return Err(wrong(payload.len(), "message group", Found::End));
    };
    if group.offset != start {
        return Err(wrong(start, "message group", Found::Value));
    }
    let signature = match (&header, parts.signature) {
        (Some(header), Some(object)) => Some(SealSignature {
            digest: Some(header.digest),
            bytes: object.value.to_vec(),
        }),
        (Some(_), None) => return Err(wrong(payload.len(), "signature", Found::End)),
        (None, Some(object)) => {
            return Err(wrong(
                object.offset,
                "no signature",
                Found::Tag(SIGNATURE.into()),
            ));
        }
        (None, None) => None,
    };
    let features: Vec<Feature> = Cursor::new(group.value, group.inside)
        .objects()?
        .into_iter()
        .map(|object| Feature {
            tag: Tag::Number(object.tag),
            value: Sensitive::new(object.value.to_vec()),
        })
        .collect();
    let certificate = parts.certificate.map(|object| object.value.to_vec());
    let signer = match (&header, &certificate) {
        (None, _) => None,
        (Some(_), Some(_)) => Some(SignerReference::Embedded),
        (Some(header), None) => Some(SignerReference::Digest(header.reference)),
    };
    let end = group.inside + group.value.len();
    Ok(Seal {
        format: SealFormat::Idb,
        issuer: issuer.trim_end().to_owned(),
        signer,
        issued: Sensitive::default(),
        signed_on: Sensitive::new(DayOf(header.and_then(|header| header.signed_on))),
        document: document(&features),
        features,
        signed: Sensitive::new(payload[..end].to_vec()),
        signature,
        certificate,
    })
}

#[derive(Default)]
struct Parts<'a> {
    group: Option<super::raw::Object<'a>>,
    certificate: Option<super::raw::Object<'a>>,
    signature: Option<super::raw::Object<'a>>,
}

const fn wrong(offset: usize, expected: &'static str, found: Found) -> SealError {
    SealError::Structure(TlvError {
        offset,
        expected,
        found,
    })
}

struct Header {
    digest: Digest,
    reference: [u8; 5],
    signed_on: Option<Date>,
}

fn header(cursor: &mut Cursor<'_>) -> Result<Header, SealError> {
    let digest = match cursor.byte("signature algorithm")? {
        1 => Digest::Sha256,
        2 => Digest::Sha384,
        3 => Digest::Sha512,
        found => return Err(SealError::Algorithm { found }),
    };
    let reference = cursor.array("certificate reference")?;
    let offset = cursor.offset();
    let field = "signature creation date";
    let signed_on =
        date::decode_masked(cursor.array(field)?).ok_or(SealError::Date { offset, field })?;
    Ok(Header {
        digest,
        reference,
        signed_on,
    })
}

fn document(features: &[Feature]) -> Option<DocumentType> {
    let feature = features
        .iter()
        .find(|feature| feature.tag == Tag::Number(DOCUMENT))?;
    match feature.value.expose()[..] {
        [one] => Some(DocumentType::Number(one.into())),
        [one, two] => Some(DocumentType::Number(u16::from_be_bytes([one, two]))),
        _ => None,
    }
}

/// zlib (RFC 1950), bounded: a few hundred bytes can announce megabytes.
fn inflate(bytes: &[u8]) -> Result<Vec<u8>, SealError> {
    let mut payload = Vec::new();
    let limit = BYTES_MAX as u64 + 1;
    let decoder = flate2::read::ZlibDecoder::new(bytes);
    match decoder.take(limit).read_to_end(&mut payload) {
        Ok(length) if length <= BYTES_MAX => Ok(payload),
        _ => Err(SealError::Compressed { limit: BYTES_MAX }),
    }
}

/// The header of a signed structure that is about to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdbHeader {
    /// Issuing State: up to three letters.
    pub issuer: String,
    /// The digest that the signature is over: SHA-256, SHA-384 or SHA-512.
    pub digest: Digest,
    /// The last five bytes of the SHA-1 digest of the signer's certificate.
    pub reference: [u8; 5],
    /// Day of signature.
    pub signed_on: Date,
}

/// Header and message group: what is signed.
///
/// # Errors
///
/// [`WriteError`] where the country does not fit, or there is more than a barcode holds.
pub fn unsigned(header: &IdbHeader, features: &[(u8, Vec<u8>)]) -> Result<Vec<u8>, WriteError> {
    let padded = format!("{:<3}", header.issuer);
    let mut bytes = c40::encode(&padded)
        .filter(|bytes| bytes.len() == 2)
        .ok_or(WriteError::Text {
            field: "country",
            expected: "up to three letters",
            found: header.issuer.len(),
        })?;
    bytes.push(match header.digest {
        Digest::Sha384 => 2,
        Digest::Sha512 => 3,
        _ => 1,
    });
    bytes.extend(header.reference);
    bytes.extend(date::encode_masked(header.signed_on));
    let mut group = Vec::new();
    for (tag, value) in features {
        write(&mut group, *tag, value);
    }
    write(&mut bytes, GROUP, &group);
    within(bytes)
}

/// The whole seal as text: `unsigned`, the certificate if it is to travel along, and the signature
/// over `unsigned`, r and s one after the other.
///
/// # Errors
///
/// [`WriteError::TooLong`].
pub fn seal(
    mut unsigned: Vec<u8>,
    certificate: Option<&[u8]>,
    signature: &[u8],
) -> Result<String, WriteError> {
    if let Some(certificate) = certificate {
        write(&mut unsigned, CERTIFICATE, certificate);
    }
    write(&mut unsigned, SIGNATURE, signature);
    let text = format!("RDB1B{}", base32::encode(&unsigned));
    within(text.into_bytes()).map(|bytes| bytes.into_iter().map(char::from).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use hex_literal::hex;
    use std::io::Write as _;

    const PAYLOAD: [u8; 22] = hex!("6ABC 6112 0410 B0B1B2B3B4B5B6B7B8B9BABBBCBDBEBF");

    #[test]
    fn a_seal_that_nobody_signed_says_so() {
        let text = format!("NDB1A{}", base32::encode(&PAYLOAD));
        let seal = read(text.as_bytes()).unwrap();
        assert_eq!(seal.issuer, "D");
        assert_eq!((seal.signer.as_ref(), seal.signature()), (None, None));
        assert_eq!(seal.features.len(), 1);
    }

    #[test]
    fn a_compressed_seal_cannot_grow_beyond_a_seal() {
        for (length, fits) in [(8_000, true), (20_000_000, false)] {
            let mut group = vec![1, 0x82];
            group.extend(8_000_u16.to_be_bytes());
            group.resize(length, 0);
            let mut payload = hex!("6ABC").to_vec();
            write(&mut payload, GROUP, &group[..8_000.min(group.len())]);
            payload.resize(payload.len().max(length), 0);
            let mut zip = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
            zip.write_all(&payload).unwrap();
            let text = format!("RDB1C{}", base32::encode(&zip.finish().unwrap()));
            let limit = BYTES_MAX;
            let compressed = read(text.as_bytes()) == Err(SealError::Compressed { limit });
            assert_eq!(!compressed, fits, "{length}");
        }
        assert!(read(b"RDB1CMZXW6YTBOI").is_err());
    }

    #[test]
    fn what_is_wrong_with_a_seal_is_said() {
        let signed = |hex: &[u8]| format!("RDB1B{}", base32::encode(hex));
        for (text, error) in [
            (
                "RDB1".to_owned(),
                "no seal begins like this; 0xDC, RDB1, NDB1 or a brace expected",
            ),
            (
                "RDB1ENK6".to_owned(),
                "the flag is not in the letters A to D",
            ),
            ("RDB1Ank6g".to_owned(), "the payload is not in base32"),
            (
                "RDB1ANK6A".to_owned(),
                "at offset 2: message group expected, end of data found",
            ),
            (
                signed(&hex!("6ABC 09")),
                "signature algorithm 0x09 is not one of the format",
            ),
            (
                signed(&hex!("6ABC 01 0504030201 00FFFFFF")),
                "at offset 8: signature creation date is no day",
            ),
            (
                signed(&hex!("6ABC 01 0504030201 009B5D88 6100")),
                "at offset 14: signature expected, end of data found",
            ),
            (
                signed(&hex!("6ABC 01 0504030201 009B5D88 6100 6100")),
                "at offset 14: each part once expected, tag 61 found",
            ),
            (
                signed(&hex!("6ABC 01 0504030201 009B5D88 7F00 6100")),
                "at offset 12: message group expected, another value found",
            ),
            (
                signed(&hex!("6ABC 01 0504030201 009B5D88 6200")),
                "at offset 12: 61, 7E or 7F expected, tag 62 found",
            ),
        ] {
            assert_eq!(
                super::super::read(text.as_bytes()).unwrap_err().to_string(),
                error
            );
        }
    }
}
