//! EF.SOD: the signed digests of the data groups (Doc 9303-10, 4.6.2), which is a CMS SignedData
//! (RFC 5652).
//!
//! This file only reads. What the signature is worth is said in [`crate::passive`].

use crate::algorithm::{AlgorithmError, Digest, Oid, SignatureAlgorithm};
use crate::tlv::{Found, Reader, Tlv, TlvError, to_definite};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// Why EF.SOD cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SodError {
    /// The data objects are not those of the standard.
    #[error("EF.SOD {0}")]
    Structure(#[from] TlvError),
    /// It uses an algorithm that is unknown here.
    #[error("EF.SOD: {0}")]
    Algorithm(Oid),
    /// It signs something else than digests of data groups.
    #[error("EF.SOD signs content of type {found}, security object of a document expected")]
    Content {
        /// Type of the content.
        found: Oid,
    },
}

impl From<AlgorithmError> for SodError {
    fn from(error: AlgorithmError) -> Self {
        match error {
            AlgorithmError::Structure(problem) => Self::Structure(problem),
            AlgorithmError::Unknown(oid) => Self::Algorithm(oid),
        }
    }
}

/// What EF.SOD says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sod {
    /// Digest algorithm of the data groups.
    pub digest: Digest,
    /// Digests of the data groups, by number.
    pub digests: BTreeMap<u8, Vec<u8>>,
    /// Certificates, each as it stands in the file.
    pub(crate) certificates: Vec<Vec<u8>>,
    pub(crate) signer: SignerInfo,
    pub(crate) content_type: Oid,
    /// The signed content: what its digest is taken over.
    pub(crate) content: Vec<u8>,
}

/// The one signer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SignerInfo {
    pub(crate) identifier: SignerIdentifier,
    pub(crate) digest: Digest,
    pub(crate) attributes: Option<Attributes>,
    pub(crate) algorithm: SignatureAlgorithm,
    pub(crate) signature: Vec<u8>,
}

/// How the signer's certificate is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SignerIdentifier {
    /// Name of the issuer and serial number, as they stand.
    IssuerAndSerial { issuer: Vec<u8>, serial: Vec<u8> },
    /// Subject key identifier.
    KeyIdentifier(Vec<u8>),
}

/// What is signed in place of the content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Attributes {
    /// The attributes as a SET, which is what the signature is over (RFC 5652, 5.4).
    pub(crate) signed: Vec<u8>,
    pub(crate) content_type: Oid,
    pub(crate) message_digest: Vec<u8>,
    pub(crate) signing_time: Option<Timestamp>,
}

/// Content types under which issuers sign the security object: that of Doc 9303, that of its first
/// edition, and plain data (China).
const CONTENT_TYPES: [&[u8]; 3] = [
    &[0x67, 0x81, 0x08, 0x01, 0x01, 0x01],
    &[0x2B, 0x1B, 0x01, 0x01, 0x01],
    &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x01],
];

const SIGNED_DATA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x02];
const CONTENT_TYPE: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x03];
const MESSAGE_DIGEST: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x04];
const SIGNING_TIME: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x05];

/// Certificates looked at. Issuers put one; more only cost time.
const CERTIFICATES_MAX: usize = 8;

impl Sod {
    /// Reads the file, outer tag included.
    ///
    /// # Errors
    ///
    /// [`SodError`] for the first thing that is not as the standard says.
    pub fn parse(bytes: &[u8]) -> Result<Self, SodError> {
        // New Zealand's documents of 2013 use indefinite lengths.
        let bytes = to_definite(bytes)?;
        let file = Reader::new(&bytes).expect(0x77, "EF.SOD (77)")?;
        let mut info = file.reader().expect(0x30, "content information")?.reader();
        let kind = info.expect(0x06, "content type")?;
        if kind.value != SIGNED_DATA {
            return Err(kind.wrong("signed data").into());
        }
        let mut explicit = info.expect(0xA0, "signed data")?.reader();
        let mut data = explicit.expect(0x30, "signed data")?.reader();
        data.expect(0x02, "version")?;
        data.expect(0x31, "digest algorithms")?;
        let (content_type, content) = encapsulated(&data.expect(0x30, "content")?)?;
        let certificates = match data.optional(0xA0)? {
            Some(set) => certificates(&set)?,
            None => Vec::new(),
        };
        data.optional(0xA1)?;
        let signers = data.expect(0x31, "signers")?;
        let signer = signer_info(&signers.reader().expect(0x30, "signer")?)?;
        let (digest, digests) = security_object(&content)?;
        Ok(Self {
            digest,
            digests,
            certificates,
            signer,
            content_type,
            content,
        })
    }

    /// When the signer says it signed.
    #[must_use]
    pub fn signing_time(&self) -> Option<Timestamp> {
        self.signer.attributes.as_ref()?.signing_time
    }
}

fn encapsulated(content: &Tlv<'_>) -> Result<(Oid, Vec<u8>), SodError> {
    let mut reader = content.reader();
    let found = Oid::new(reader.expect(0x06, "content type")?.value);
    if !CONTENT_TYPES.contains(&found.as_bytes()) {
        return Err(SodError::Content { found });
    }
    let object = reader
        .expect(0xA0, "content")?
        .reader()
        .any("octet string")?;
    let bytes = match object.tag {
        0x04 => object.value.to_vec(),
        // An octet string in pieces.
        0x24 => {
            let mut bytes = Vec::with_capacity(object.value.len());
            let mut pieces = object.reader();
            while !pieces.is_empty() {
                bytes.extend_from_slice(pieces.expect(0x04, "octet string")?.value);
            }
            bytes
        }
        _ => return Err(object.wrong("octet string").into()),
    };
    Ok((found, bytes))
}

fn certificates(set: &Tlv<'_>) -> Result<Vec<Vec<u8>>, TlvError> {
    let mut certificates = Vec::new();
    let mut reader = set.reader();
    while !reader.is_empty() && certificates.len() < CERTIFICATES_MAX {
        let object = reader.any("certificate")?;
        // Other kinds of certificate have context tags.
        if object.tag == 0x30 {
            certificates.push(object.raw.to_vec());
        }
    }
    Ok(certificates)
}

fn signer_info(signer: &Tlv<'_>) -> Result<SignerInfo, SodError> {
    let mut reader = signer.reader();
    reader.expect(0x02, "version")?;
    let name = reader.any("signer identifier")?;
    let identifier = match name.tag {
        0x30 => {
            let mut reader = name.reader();
            let issuer = reader.expect(0x30, "issuer")?.raw.to_vec();
            let serial = reader.expect(0x02, "serial number")?.value.to_vec();
            SignerIdentifier::IssuerAndSerial { issuer, serial }
        }
        0x80 => SignerIdentifier::KeyIdentifier(name.value.to_vec()),
        _ => return Err(name.wrong("signer identifier").into()),
    };
    let digest = Digest::read(&reader.expect(0x30, "digest algorithm")?)?;
    let attributes = reader
        .optional(0xA0)?
        .map(|object| attributes(&object))
        .transpose()?;
    let algorithm = SignatureAlgorithm::read(&reader.expect(0x30, "signature algorithm")?, digest)?;
    let signature = reader.expect(0x04, "signature")?.value.to_vec();
    Ok(SignerInfo {
        identifier,
        digest,
        attributes,
        algorithm,
        signature,
    })
}

fn attributes(object: &Tlv<'_>) -> Result<Attributes, TlvError> {
    let (mut content_type, mut message_digest, mut signing_time) = (None, None, None);
    let mut reader = object.reader();
    while !reader.is_empty() {
        let mut attribute = reader.expect(0x30, "signed attribute")?.reader();
        let kind = attribute.expect(0x06, "attribute type")?;
        let mut values = attribute.expect(0x31, "attribute values")?.reader();
        match kind.value {
            CONTENT_TYPE => {
                content_type = Some(Oid::new(values.expect(0x06, "content type")?.value))
            }
            MESSAGE_DIGEST => {
                message_digest = Some(values.expect(0x04, "message digest")?.value.to_vec());
            }
            SIGNING_TIME => signing_time = time(&values.any("signing time")?),
            _ => {}
        }
    }
    let missing = |expected| TlvError {
        offset: object.offset,
        expected,
        found: Found::End,
    };
    // Signed as a SET, stored as [0].
    let mut signed = object.raw.to_vec();
    if let Some(tag) = signed.first_mut() {
        *tag = 0x31;
    }
    Ok(Attributes {
        signed,
        content_type: content_type.ok_or_else(|| missing("content type attribute"))?,
        message_digest: message_digest.ok_or_else(|| missing("message digest attribute"))?,
        signing_time,
    })
}

/// UTCTime or GeneralizedTime in UTC with seconds, the only forms that CMS allows. `None` for others:
/// the time is a statement of the signer, and a missing one is judged like none.
fn time(object: &Tlv<'_>) -> Option<Timestamp> {
    let text = core::str::from_utf8(object.value).ok()?.strip_suffix('Z')?;
    let (year, rest) = match object.tag {
        0x17 => {
            let (year, rest) = text.split_at_checked(2)?;
            let year: i16 = year.parse().ok()?;
            // RFC 5280, 4.1.2.5.1.
            (if year < 50 { 2000 + year } else { 1900 + year }, rest)
        }
        0x18 => {
            let (year, rest) = text.split_at_checked(4)?;
            (year.parse().ok()?, rest)
        }
        _ => return None,
    };
    if rest.len() != 10 || !rest.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part = |at: usize| rest[at..at + 2].parse::<i8>().ok();
    let moment = DateTime::new(year, part(0)?, part(2)?, part(4)?, part(6)?, part(8)?, 0).ok()?;
    TimeZone::UTC.to_timestamp(moment).ok()
}

/// The LDS security object, version 0 or 1 (Doc 9303-10, 4.6.2.3).
fn security_object(content: &[u8]) -> Result<(Digest, BTreeMap<u8, Vec<u8>>), SodError> {
    let mut reader = Reader::new(content)
        .expect(0x30, "security object")?
        .reader();
    reader.expect(0x02, "version")?;
    let digest = Digest::read(&reader.expect(0x30, "digest algorithm")?)?;
    let list = reader.expect(0x30, "digests of data groups")?;
    let mut digests = BTreeMap::new();
    let mut reader = list.reader();
    while !reader.is_empty() {
        let mut entry = reader.expect(0x30, "digest of a data group")?.reader();
        let number = entry.expect(0x02, "number of a data group")?;
        let value = entry.expect(0x04, "digest")?;
        let group = match number.value {
            [group @ 1..=16] | [0, group @ 1..=16] => *group,
            _ => return Err(number.wrong("number 1 to 16").into()),
        };
        if digests.insert(group, value.value.to_vec()).is_some() {
            return Err(number.wrong("each data group once").into());
        }
    }
    Ok((digest, digests))
}
