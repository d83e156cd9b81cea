//! Visible digital seals in binary (Doc 9303-13): header, message zone, signature zone.
//!
//! ```text
//! DC  version  country(2)  signer and reference(6, or 4 and as many as it takes)
//! issued(3)  signed(3)  feature definition(1)  document category(1)
//! tag length value …  FF length r‖s
//! ```
//!
//! The version byte is one less than the version: 02 for version 3, 03 for version 4. In version 4
//! two hexadecimal digits behind the signer count the characters of the reference, which begins in
//! the next pair of bytes. The signature covers everything before the tag `FF`.

use super::raw::{Cursor, write};
use super::{
    DayOf, DocumentType, Feature, Seal, SealError, SealFormat, SealSignature, SignerReference, Tag,
    c40, date,
};
use crate::sensitive::Sensitive;
use crate::tlv::{Found, TlvError};
use jiff::civil::Date;

/// First byte of every seal.
pub const MAGIC: u8 = 0xDC;
/// Tag of the signature.
const SIGNATURE: u8 = 0xFF;
/// Longest certificate reference: two hexadecimal digits count it, and a serial number has at most 20
/// bytes (RFC 5280, 4.1.2.2).
const REFERENCE_MAX: usize = 40;
/// Longest signature: r and s on a curve of 521 bits.
const SIGNATURE_MAX: usize = 2 * 66;

/// Reads a seal.
///
/// # Errors
///
/// [`SealError`] for the first rule that the bytes break. A seal without signature is one without
/// end: the signature zone is mandatory.
pub fn read(bytes: &[u8]) -> Result<Seal, SealError> {
    let mut cursor = Cursor::new(bytes, 0);
    if cursor.byte("0xDC")? != MAGIC {
        return Err(SealError::Unknown);
    }
    let format = match cursor.byte("version")? {
        2 => SealFormat::Vds3,
        3 => SealFormat::Vds4,
        found => return Err(SealError::Version { found }),
    };
    let issuer = text(&mut cursor, 2, "issuing country")?;
    let signer = match format {
        SealFormat::Vds3 => {
            let both = text(&mut cursor, 6, "signer and certificate reference")?;
            split(&both, &cursor).map(|(signer, reference)| (signer, reference.to_owned()))?
        }
        _ => long_reference(&mut cursor)?,
    };
    let issued = day(&mut cursor, "document issue date")?;
    let signed_on = day(&mut cursor, "signature creation date")?;
    let document = u16::from_be_bytes(cursor.array("document type")?);

    let mut features = Vec::new();
    let (signature, end) = loop {
        let object = cursor.object()?;
        if object.tag == SIGNATURE {
            break (object.value, object.offset);
        }
        if features.len() == super::FEATURES_MAX {
            return Err(SealError::TooManyFeatures);
        }
        features.push(Feature {
            tag: Tag::Number(object.tag),
            value: Sensitive::new(object.value.to_vec()),
        });
    };
    if !cursor.is_empty() {
        let found = Found::Length(bytes.len() - cursor.offset());
        return Err(cursor.wrong("end of the seal", found).into());
    }
    let fits =
        !signature.is_empty() && signature.len() % 2 == 0 && signature.len() <= SIGNATURE_MAX;
    if !fits {
        let found = Found::Length(signature.len());
        return Err(cursor.wrong("r and s of the same length", found).into());
    }
    Ok(Seal {
        format,
        issuer: issuer.trim_end().to_owned(),
        signer: Some(SignerReference::Name {
            signer: signer.0,
            reference: signer.1,
        }),
        issued: Sensitive::new(DayOf(Some(issued))),
        signed_on: Sensitive::new(DayOf(Some(signed_on))),
        document: Some(DocumentType::Number(document)),
        features,
        signed: Sensitive::new(bytes[..end].to_vec()),
        signature: Some(SealSignature {
            digest: None,
            bytes: signature.to_vec(),
        }),
        certificate: None,
    })
}

fn text(cursor: &mut Cursor<'_>, count: usize, field: &'static str) -> Result<String, SealError> {
    let offset = cursor.offset();
    c40::decode(cursor.take(count, field)?).ok_or(SealError::C40 { offset, field })
}

fn day(cursor: &mut Cursor<'_>, field: &'static str) -> Result<Date, SealError> {
    let offset = cursor.offset();
    date::decode(cursor.array(field)?).ok_or(SealError::Date { offset, field })
}

/// Four characters of signer, and what comes behind them.
fn split<'a>(both: &'a str, cursor: &Cursor<'_>) -> Result<(String, &'a str), TlvError> {
    let (signer, rest) = both
        .split_at_checked(4)
        .ok_or_else(|| cursor.wrong("signer of four characters", Found::Length(both.len())))?;
    Ok((signer.trim_end().to_owned(), rest))
}

/// Signer, and a reference of the length stated behind it.
fn long_reference(cursor: &mut Cursor<'_>) -> Result<(String, String), SealError> {
    let both = text(cursor, 4, "signer and length of the certificate reference")?;
    let (signer, digits) = split(&both, cursor)?;
    let length = usize::from_str_radix(digits, 16)
        .ok()
        .filter(|length| (1..=REFERENCE_MAX).contains(length))
        .ok_or_else(|| cursor.wrong("length of the certificate reference", Found::Value))?;
    let reference = text(cursor, length.div_ceil(3) * 2, "certificate reference")?;
    if reference.len() < length || !reference.is_char_boundary(length) {
        let found = Found::Length(reference.len());
        return Err(cursor
            .wrong("the whole certificate reference", found)
            .into());
    }
    Ok((signer, reference[..length].to_owned()))
}

/// The header of a seal that is about to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VdsHeader {
    /// [`SealFormat::Vds3`] or [`SealFormat::Vds4`].
    pub format: SealFormat,
    /// Issuing State: up to three letters, for example `VNM` or `D`.
    pub issuer: String,
    /// Country and authority of the signer: four characters.
    pub signer: String,
    /// Serial number of the signer's certificate in hexadecimal: up to five characters in version 3.
    pub reference: String,
    /// Day of issue.
    pub issued: Date,
    /// Day of signature.
    pub signed_on: Date,
    /// Feature definition reference and document category.
    pub document: u16,
}

/// Why a seal cannot be made. Look at what was to go into it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// Letters, digits and fillers only, in so many characters.
    #[error("{field} does not fit: {expected} expected, {found} characters found")]
    Text {
        /// Which field.
        field: &'static str,
        /// What fits.
        expected: &'static str,
        /// How long it is.
        found: usize,
    },
    /// Binary seals only.
    #[error("{0} is not written like this")]
    Format(SealFormat),
    /// More than a barcode holds.
    #[error("{found} bytes, at most {limit} fit")]
    TooLong {
        /// How long it is.
        found: usize,
        /// The limit.
        limit: usize,
    },
}

/// Header and message zone: what is signed.
///
/// # Errors
///
/// [`WriteError`] where a text of the header does not fit.
pub fn unsigned(header: &VdsHeader, features: &[(u8, Vec<u8>)]) -> Result<Vec<u8>, WriteError> {
    let field = |text: &str, count: usize, field, expected| {
        let padded = format!("{text:<count$}");
        let fits = !text.is_empty() && padded.len() == count;
        let bytes = fits.then(|| c40::encode(&padded.to_ascii_uppercase()));
        bytes.flatten().ok_or(WriteError::Text {
            field,
            expected,
            found: text.len(),
        })
    };
    let version = match header.format {
        SealFormat::Vds3 => 2,
        SealFormat::Vds4 => 3,
        other => return Err(WriteError::Format(other)),
    };
    let mut bytes = vec![MAGIC, version];
    bytes.extend(field(&header.issuer, 3, "country", "up to three letters")?);
    let reference = &header.reference;
    let (count, reference) = match header.format {
        SealFormat::Vds3 => (9, format!("{reference:0>5}")),
        _ => {
            let length = reference.len().min(REFERENCE_MAX + 1);
            // The reference begins a pair of bytes of its own.
            (6 + length, format!("{length:02X}{reference}"))
        }
    };
    let is_short = header.reference.is_empty();
    if is_short || reference.len() > REFERENCE_MAX + 2 || header.signer.len() != 4 {
        return Err(WriteError::Text {
            field: "signer and certificate reference",
            expected: "four, and one to 40 characters",
            found: header.signer.len() + reference.len(),
        });
    }
    let both = format!("{}{reference}", header.signer);
    bytes.extend(field(
        &both,
        count,
        "signer and certificate reference",
        "letters and digits, in version 3 five of reference",
    )?);
    bytes.extend(date::encode(header.issued));
    bytes.extend(date::encode(header.signed_on));
    bytes.extend(header.document.to_be_bytes());
    for (tag, value) in features {
        write(&mut bytes, *tag, value);
    }
    within(bytes)
}

/// The whole seal: `unsigned` and the signature over it, r and s one after the other.
///
/// # Errors
///
/// [`WriteError::TooLong`].
pub fn seal(mut unsigned: Vec<u8>, signature: &[u8]) -> Result<Vec<u8>, WriteError> {
    write(&mut unsigned, SIGNATURE, signature);
    within(unsigned)
}

pub(super) fn within(bytes: Vec<u8>) -> Result<Vec<u8>, WriteError> {
    if bytes.len() > super::BYTES_MAX {
        return Err(WriteError::TooLong {
            found: bytes.len(),
            limit: super::BYTES_MAX,
        });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hex_literal::hex;
    use jiff::civil::date;

    fn header(format: SealFormat, reference: &str) -> VdsHeader {
        VdsHeader {
            format,
            issuer: "UTO".to_owned(),
            signer: "UTTS".to_owned(),
            reference: reference.to_owned(),
            issued: date(2026, 11, 22),
            signed_on: date(2026, 11, 23),
            document: 0xF101,
        }
    }

    #[test]
    fn references_of_any_length_come_out_again() {
        for (format, reference, expected) in [
            (SealFormat::Vds3, "5B", "0005B"),
            (SealFormat::Vds3, "12345", "12345"),
            (SealFormat::Vds4, "5B", "5B"),
            (SealFormat::Vds4, "A", "A"),
            (
                SealFormat::Vds4,
                "0123456789ABCDEF0123456789ABCDEF01234567",
                "0123456789ABCDEF0123456789ABCDEF01234567",
            ),
        ] {
            let header = header(format, reference);
            let bytes = unsigned(&header, &[(1, vec![7])]).unwrap();
            let read_again = read(&seal(bytes.clone(), &[1; 64]).unwrap()).unwrap();
            let signer = SignerReference::Name {
                signer: "UTTS".to_owned(),
                reference: expected.to_owned(),
            };
            assert_eq!(read_again.signer, Some(signer));
            assert_eq!(read_again.signed(), bytes);
            assert_eq!(read_again.issued.expose().0, Some(header.issued));
            assert_eq!(read_again.signed_on.expose().0, Some(header.signed_on));
            assert_eq!(read_again.document, Some(DocumentType::Number(0xF101)));
        }
        for (format, reference) in [
            (SealFormat::Vds3, "123456"),
            (SealFormat::Vds4, ""),
            (SealFormat::Vds4, "5b-"),
            (
                SealFormat::Vds4,
                "01234567890123456789012345678901234567890",
            ),
        ] {
            let header = header(format, reference);
            assert!(unsigned(&header, &[]).is_err(), "{reference}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_seal_is_said_with_its_place() {
        let genuine = {
            let bytes = unsigned(&header(SealFormat::Vds4, "5B"), &[(1, vec![7])]).unwrap();
            seal(bytes, &[1; 64]).unwrap()
        };
        let changed = |at: usize, with: &[u8]| {
            let mut bytes = genuine.clone();
            bytes[at..at + with.len()].copy_from_slice(with);
            bytes
        };
        for (bytes, error) in [
            (
                changed(0, &[0xDD]),
                "no seal begins like this; 0xDC, RDB1, NDB1 or a brace expected",
            ),
            (
                changed(1, &[0x04]),
                "header version byte 0x04, 0x02 or 0x03 expected",
            ),
            (
                changed(2, &[0, 0]),
                "at offset 2: issuing country is not in C40",
            ),
            (
                changed(10, &[0xFF; 3]),
                "at offset 10: document issue date is no day",
            ),
            (
                changed(13, &[0; 3]),
                "at offset 13: signature creation date is no day",
            ),
            (
                changed(19, &[0x7F]),
                "at offset 20: value expected, end of data found",
            ),
            (
                changed(19, &[0x80]),
                "at offset 19: length of one to three bytes expected, another encoding found",
            ),
            (
                genuine[..20].to_vec(),
                "at offset 20: value expected, end of data found",
            ),
            (
                genuine[..21].to_vec(),
                "at offset 21: tag expected, end of data found",
            ),
            (
                [&genuine[..], &[0]].concat(),
                "at offset 87: end of the seal expected, length 1 found",
            ),
            (
                changed(22, &hex!("3F"))[..86].to_vec(),
                "at offset 86: r and s of the same length expected, length 63 found",
            ),
        ] {
            assert_eq!(super::super::read(&bytes).unwrap_err().to_string(), error);
        }
    }
}
