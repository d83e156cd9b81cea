//! Signed barcodes of two dimensions: ICAO Doc 9303-13 and the formats beside it.
//!
//! A barcode's bytes go through three steps, each of which can be used alone:
//!
//! 1. [`read`] finds the format and takes the bytes apart: a [`Seal`]. Nothing is believed yet.
//! 2. [`verify()`] asks who signed it: [`SealFinding`]s, and the certificate that did.
//! 3. [`PermitProfile::judge`](profile::PermitProfile::judge) says whether what was signed lets this
//!    traveller through this gate today. What a permit looks like stands in a file, not in code.
//!
//! [`imager`] makes frames of a serial imager's bytes, `symbol` (feature `symbols`) finds barcodes in
//! pictures. [`hint`] reads the barcode of Vietnamese identity cards, which nobody signed and which
//! therefore never becomes a [`Seal`].
//!
//! *Invariant:* a signature proves who issued a seal, never that it was not copied: [`verify()`] says
//! nothing about possession. *Invariant:* an unknown tag invalidates nothing, a missing mandatory one
//! does (Doc 9303-13). *Invariant:* no error, finding or `Debug` text holds a feature's value.

pub mod base32;
pub mod c40;
pub mod date;
pub mod finding;
pub mod hint;
pub mod idb;
pub mod imager;
mod inspect;
pub mod profile;
mod raw;
pub mod sign;
#[cfg(feature = "symbols")]
pub mod symbol;
pub mod text;
pub mod vds;
pub mod vds_nc;
pub mod verify;
mod x509;

#[cfg(test)]
mod examples;
#[cfg(test)]
pub(crate) mod test_signer;

pub use finding::{SealCheck, SealFinding};
pub use inspect::{PermitVerdict, SealInspection, inspect, inspect_seal};
pub use verify::{SealSigners, SignerList, Verification, verify};

use crate::algorithm::Digest;
use crate::sensitive::Sensitive;
use crate::tlv::TlvError;
use core::fmt;
use jiff::civil::Date;

/// Longest barcode: more than the largest of any symbology holds (QR version 40: 2,953 bytes), and a
/// text in base32 or base64 besides.
pub const BYTES_MAX: usize = 8 * 1024;

/// Most features in a seal: one for each tag.
pub const FEATURES_MAX: usize = 256;

/// How a seal is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SealFormat {
    /// Doc 9303-13, header version 3: a certificate reference of five characters.
    Vds3,
    /// Doc 9303-13, header version 4: a certificate reference of any length.
    Vds4,
    /// ICAO Datastructure for Barcode.
    Idb,
    /// Visible digital seal for non-constrained environments.
    VdsNc,
    /// Text as a profile lays it out.
    Text,
}

impl fmt::Display for SealFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Vds3 => "VDS version 3",
            Self::Vds4 => "VDS version 4",
            Self::Idb => "IDB",
            Self::VdsNc => "VDS-NC",
            Self::Text => "signed text",
        })
    }
}

/// Which kind of document a seal says it is on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum DocumentType {
    /// VDS: feature definition reference and document type category, one byte each, as one number.
    /// IDB: the national document identifier.
    Number(u16),
    /// VDS-NC: the type in the header, for example `icao.test`. Signed text: its mark.
    Name(String),
}

impl fmt::Display for DocumentType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number:#06X}"),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// How a seal names its signer's certificate.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SignerReference {
    /// VDS: country and common name of the certificate's subject (two characters each), and its
    /// serial number in hexadecimal.
    Name {
        /// Four characters, for example `UTTS`.
        signer: String,
        /// Serial number in hexadecimal, as the seal states it.
        reference: String,
    },
    /// IDB: the last five bytes of the SHA-1 digest of the certificate.
    Digest([u8; 5]),
    /// The certificate is in the seal.
    Embedded,
    /// Signed text: SHA-256 of the certificates that its profile names.
    OneOf(Vec<[u8; 32]>),
}

impl fmt::Display for SignerReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name { signer, reference } => write!(f, "{signer} {reference}"),
            Self::Digest(digest) => digest.iter().try_for_each(|byte| write!(f, "{byte:02x}")),
            Self::Embedded => f.write_str("in the seal"),
            Self::OneOf(_) => f.write_str("one of the profile's"),
        }
    }
}

/// Where a feature stands in a seal.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tag {
    /// VDS and IDB. Signed text: which field, from 1.
    Number(u8),
    /// VDS-NC: names and positions below `msg`, joined by dots, for example `ve.0.des`.
    Path(String),
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number:#04X}"),
            Self::Path(path) => f.write_str(path),
        }
    }
}

/// One feature: a tag and its bytes, not interpreted yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feature {
    /// Where it stands.
    pub tag: Tag,
    /// What stands there. In VDS-NC the UTF-8 text of a string, number or truth value.
    pub value: Sensitive<Vec<u8>>,
}

/// A signature as it stands in a seal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealSignature {
    /// The digest that the seal prescribes. `None`: the size of the key decides (Doc 9303-13).
    pub digest: Option<Digest>,
    /// r and s one after the other, or their DER form.
    pub bytes: Vec<u8>,
}

/// What a barcode says, believed by nobody yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal {
    /// How it is written.
    pub format: SealFormat,
    /// Issuing State or organisation without fillers, for example `VNM` or `D`.
    pub issuer: String,
    /// How the signer's certificate is named.
    pub signer: Option<SignerReference>,
    /// Day on which the document was issued.
    pub issued: Sensitive<DayOf>,
    /// Day on which the seal was signed.
    pub signed_on: Sensitive<DayOf>,
    /// Kind of document, where the format has such a thing.
    pub document: Option<DocumentType>,
    /// Features in their order.
    pub features: Vec<Feature>,
    /// The bytes under the signature.
    signed: Sensitive<Vec<u8>>,
    signature: Option<SealSignature>,
    /// DER.
    certificate: Option<Vec<u8>>,
}

impl Seal {
    /// The first feature with `tag`.
    #[must_use]
    pub fn feature(&self, tag: &Tag) -> Option<&Feature> {
        self.features.iter().find(|feature| feature.tag == *tag)
    }

    /// The signature, where the seal has one.
    #[must_use]
    pub const fn signature(&self) -> Option<&SealSignature> {
        self.signature.as_ref()
    }

    /// The signer's certificate in DER, where it is in the seal.
    #[must_use]
    pub fn certificate(&self) -> Option<&[u8]> {
        self.certificate.as_deref()
    }

    /// The bytes under the signature. They are personal.
    #[must_use]
    pub fn signed(&self) -> &[u8] {
        self.signed.expose()
    }
}

/// A day that may be absent; the traveller's, because it is the day of issue.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct DayOf(pub Option<Date>);

impl zeroize::Zeroize for DayOf {
    fn zeroize(&mut self) {
        self.0 = None;
    }
}

/// Why bytes are no seal. Scan again; what stays is a barcode of another kind, or a damaged one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// None of the formats begins like this: another barcode was shown.
    #[error("no seal begins like this; 0xDC, RDB1, NDB1 or a brace expected")]
    Unknown,
    /// More bytes than any barcode holds: look at the imager's framing.
    #[error("{found} bytes, at most {limit} expected")]
    TooLong {
        /// Bytes received.
        found: usize,
        /// The limit.
        limit: usize,
    },
    /// The header is of a version that this library does not know: update it.
    #[error("header version byte {found:#04X}, 0x02 or 0x03 expected")]
    Version {
        /// The byte.
        found: u8,
    },
    /// Lengths or tags do not fit.
    #[error(transparent)]
    Structure(#[from] TlvError),
    /// Bytes that no text in C40 has.
    #[error("at offset {offset}: {field} is not in C40")]
    C40 {
        /// Where the field begins.
        offset: usize,
        /// Which field.
        field: &'static str,
    },
    /// A day that the calendar does not have.
    #[error("at offset {offset}: {field} is no day")]
    Date {
        /// Where the field begins.
        offset: usize,
        /// Which field.
        field: &'static str,
    },
    /// Characters that are not of the encoding.
    #[error("{field} is not in {encoding}")]
    Encoding {
        /// Which part.
        field: &'static str,
        /// Which encoding.
        encoding: &'static str,
    },
    /// The compressed part is damaged, or grows beyond what a seal may be.
    #[error("the compressed part is damaged, or longer than {limit} bytes")]
    Compressed {
        /// The limit.
        limit: usize,
    },
    /// The signature algorithm is not one of the format's.
    #[error("signature algorithm {found:#04X} is not one of the format")]
    Algorithm {
        /// Its number.
        found: u8,
    },
    /// No JSON, or JSON with two values under one name, or too deep.
    #[error("no canonical JSON: line {line}, column {column}")]
    Json {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// A member is absent or of another type.
    #[error("{member} is absent or of another type, {expected} expected")]
    Member {
        /// Path of the member.
        member: &'static str,
        /// What should stand there.
        expected: &'static str,
    },
    /// More features than a seal may have.
    #[error("more than {FEATURES_MAX} features")]
    TooManyFeatures,
}

/// Takes the bytes of a barcode apart, whichever format they are in.
///
/// Text formats may have white space around them; a binary seal is taken as it stands.
///
/// # Errors
///
/// [`SealError`] for the first rule that the bytes break.
pub fn read(bytes: &[u8]) -> Result<Seal, SealError> {
    if bytes.len() > BYTES_MAX {
        return Err(SealError::TooLong {
            found: bytes.len(),
            limit: BYTES_MAX,
        });
    }
    if bytes.first() == Some(&vds::MAGIC) {
        return vds::read(bytes);
    }
    let text = bytes.trim_ascii();
    if idb::begins(text) {
        idb::read(text)
    } else if text.first() == Some(&b'{') {
        vds_nc::read(text)
    } else {
        Err(SealError::Unknown)
    }
}
