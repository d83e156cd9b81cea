//! Signed data (RFC 5652), as EF.SOD and master lists use it: read by the bounded reader, verified
//! over the bytes as they stand.

use crate::algorithm::{AlgorithmError, Digest, Oid, SignatureAlgorithm};
use crate::certificate::{self, Certificate, significant};
use crate::deviation::Deviation;
use crate::tlv::{Found, Tlv, TlvError};
use jiff::Timestamp;
use openssl::error::ErrorStack;

/// Why signed data cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CmsError {
    /// The data objects are not those of the standard.
    #[error(transparent)]
    Structure(#[from] TlvError),
    /// It uses an algorithm that is unknown here.
    #[error("algorithm {0} is not supported")]
    Algorithm(Oid),
}

impl From<AlgorithmError> for CmsError {
    fn from(error: AlgorithmError) -> Self {
        match error {
            AlgorithmError::Structure(problem) => Self::Structure(problem),
            AlgorithmError::Unknown(oid) => Self::Algorithm(oid),
        }
    }
}

/// Why no certificate is the signer's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SignatureError {
    #[error("the signed content type is not that of the content")]
    ContentType,
    #[error("the signed digest is not that of the content")]
    Digest,
    #[error("no {0} certificate")]
    NoCertificate(&'static str),
    #[error("the {0} certificate cannot be read")]
    Unreadable(&'static str),
    #[error("the signature is not one of the {0}")]
    NotTheirs(&'static str),
    #[error("OpenSSL refuses the algorithm: {0}")]
    Refused(String),
}

impl From<ErrorStack> for SignatureError {
    fn from(error: ErrorStack) -> Self {
        Self::Refused(error.to_string())
    }
}

/// Content, certificates and the first signer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SignedData {
    pub(crate) content_type: Oid,
    /// The signed content: what its digest is taken over.
    pub(crate) content: Vec<u8>,
    /// Certificates, each as it stands in the file.
    pub(crate) certificates: Vec<Vec<u8>>,
    pub(crate) signer: SignerInfo,
}

/// A signer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SignerInfo {
    pub(crate) identifier: SignerIdentifier,
    pub(crate) digest: Digest,
    pub(crate) attributes: Option<Attributes>,
    pub(crate) algorithm: SignatureAlgorithm,
    /// The algorithm was named by a key's identifier.
    pub(crate) key_algorithm: bool,
    pub(crate) signature: Vec<u8>,
}

/// How the signer's certificate is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SignerIdentifier {
    /// Name of the issuer as it stands, serial number without leading zeros.
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

const SIGNED_DATA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x02];
const CONTENT_TYPE: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x03];
const MESSAGE_DIGEST: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x04];
const SIGNING_TIME: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x09, 0x05];
const RSA_ENCRYPTION: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01];
const EC_PUBLIC_KEY: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01];

/// Certificates looked at. Issuers put one or two; more only cost time.
const CERTIFICATES_MAX: usize = 8;

impl SignedData {
    /// Reads a ContentInfo with definite lengths.
    pub(crate) fn read(info: &Tlv<'_>) -> Result<Self, CmsError> {
        let mut info = info.reader();
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
        Ok(Self {
            content_type,
            content,
            certificates,
            signer,
        })
    }

    /// The certificate whose key made the signature, and what had to be tolerated; `spare` holds
    /// certificates from elsewhere. `name` is what the signer is called in errors.
    pub(crate) fn verify(
        &self,
        spare: &[Certificate],
        name: &'static str,
    ) -> Result<(Certificate, Vec<Deviation>), SignatureError> {
        let info = &self.signer;
        let signed = match &info.attributes {
            Some(attributes) => {
                if attributes.content_type != self.content_type {
                    return Err(SignatureError::ContentType);
                }
                if *info.digest.of(&self.content)? != *attributes.message_digest {
                    return Err(SignatureError::Digest);
                }
                &attributes.signed
            }
            None => &self.content,
        };
        let enclosed: Vec<Certificate> = self
            .certificates
            .iter()
            .filter_map(|der| Certificate::parse(der).ok())
            .collect();
        let outside = spare
            .iter()
            .filter(|certificate| info.identifier.names(certificate));
        let mut readable = false;
        for (certificate, is_enclosed) in enclosed
            .iter()
            .map(|certificate| (certificate, true))
            .chain(outside.map(|certificate| (certificate, false)))
        {
            let Some(key) = certificate.key() else {
                continue;
            };
            readable = true;
            let verified =
                info.algorithm
                    .verify_tolerantly(&key.key, info.digest, signed, &info.signature)?;
            if let Some(tolerated) = verified {
                let mut deviations = tolerated;
                deviations.extend(key.deviation);
                if info.key_algorithm {
                    deviations.push(Deviation::KeyAlgorithm);
                }
                if !is_enclosed {
                    deviations.push(Deviation::SignerNotEnclosed);
                }
                if !info.identifier.names(certificate) {
                    // The key decides, the deviation is noted.
                    deviations.push(Deviation::SignerIdentifier);
                }
                return Ok((certificate.clone(), deviations));
            }
        }
        Err(match (self.certificates.is_empty(), readable) {
            (_, true) => SignatureError::NotTheirs(name),
            (true, false) => SignatureError::NoCertificate(name),
            (false, false) => SignatureError::Unreadable(name),
        })
    }
}

impl SignerIdentifier {
    pub(crate) fn names(&self, certificate: &Certificate) -> bool {
        match self {
            Self::KeyIdentifier(identifier) => {
                certificate.extensions.subject_key.as_ref() == Some(identifier)
            }
            Self::IssuerAndSerial { issuer, serial } => {
                certificate.serial() == serial
                    && certificate::canonical(certificate.issuer())
                        == certificate::canonical(issuer)
            }
        }
    }
}

fn encapsulated(content: &Tlv<'_>) -> Result<(Oid, Vec<u8>), CmsError> {
    let mut reader = content.reader();
    let found = Oid::new(reader.expect(0x06, "content type")?.value);
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

fn signer_info(signer: &Tlv<'_>) -> Result<SignerInfo, CmsError> {
    let mut reader = signer.reader();
    reader.expect(0x02, "version")?;
    let name = reader.any("signer identifier")?;
    let identifier = match name.tag {
        0x30 => {
            let mut reader = name.reader();
            let issuer = reader.expect(0x30, "issuer")?.raw.to_vec();
            let serial = reader.expect(0x02, "serial number")?.value;
            let serial = significant(serial).to_vec();
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
    let stated = reader.expect(0x30, "signature algorithm")?;
    let oid = stated.reader().expect(0x06, "signature algorithm")?.value;
    let algorithm = SignatureAlgorithm::read(&stated, digest)?;
    let signature = reader.expect(0x04, "signature")?.value.to_vec();
    Ok(SignerInfo {
        identifier,
        digest,
        attributes,
        algorithm,
        key_algorithm: oid == EC_PUBLIC_KEY || oid == RSA_ENCRYPTION,
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
                content_type = Some(Oid::new(values.expect(0x06, "content type")?.value));
            }
            MESSAGE_DIGEST => {
                message_digest = Some(values.expect(0x04, "message digest")?.value.to_vec());
            }
            // A time in no form that CMS allows is judged like none.
            SIGNING_TIME => signing_time = certificate::time(&values.any("signing time")?),
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
