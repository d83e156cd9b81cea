//! Master lists of CSCA certificates (Doc 9303-12, 9): signed by one country, about all of them.
//!
//! A list is believed when its signer is the pinned one, or was certified by the pinned authority.
//! Then every certificate is looked at by itself: a list may carry what its maker was handed.

use super::pinned::{self, Refused};
use super::{Anchor, Source, SourceKind};
use crate::certificate::{Certificate, Fingerprint, Usage};
use crate::cms::{CmsError, SignedData};
use crate::tlv::{Reader, TlvError, to_definite};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Longest list that is read. The longest one published has 1.2 MB.
pub const MASTER_LIST_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Certificates in a list, at most.
const CERTIFICATES_MAX: usize = 10_000;

const CSCA_MASTER_LIST: &[u8] = &[0x67, 0x81, 0x08, 0x01, 0x01, 0x02];
const MASTER_LIST_SIGNING: &[u8] = &[0x67, 0x81, 0x08, 0x01, 0x01, 0x03];

/// Why a master list is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MasterListError {
    /// Fetch the list again.
    #[error("master list {0}")]
    Structure(#[from] TlvError),
    /// Fetch the list again, or a newer version of this software.
    #[error("master list: {0}")]
    Cms(#[from] CmsError),
    /// This is something else.
    #[error("signed content is no master list")]
    Content,
    /// Longer than any list.
    #[error("master list of {length} bytes, at most {MASTER_LIST_BYTES_MAX} expected")]
    TooLong {
        /// Bytes found.
        length: usize,
    },
    /// Damaged or forged: fetch the list again, from where it is published.
    #[error("master list: {0}")]
    Signature(String),
    /// Compare the signer's certificate with the publisher's, then pin it.
    #[error(
        "master list signed by {signer}, which is not pinned and not certified by a pinned one"
    )]
    NotPinned {
        /// The signer's certificate.
        signer: Fingerprint,
    },
    /// The signer's certificate is not for master lists, or was not valid: do not use the list.
    #[error("master list signer {0}")]
    Signer(&'static str),
}

/// What is odd about a certificate of a list. It is told, and where it says so, the certificate is
/// left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// Left out: it cannot be read.
    Unreadable,
    /// Left out: it is no certificate of an authority.
    NoAuthority,
    /// Left out: it names itself as issuer, and the signature is not its own.
    WrongSignature,
    /// Kept, for the list's signer vouches for it: a link certificate whose issuer is not in the list.
    IssuerMissing,
}

impl core::fmt::Display for Doubt {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::Unreadable => "left out, unreadable",
            Self::NoAuthority => "left out, no authority's",
            Self::WrongSignature => "left out, with a signature that is not its own",
            Self::IssuerMissing => "kept, whose issuer is not in the list",
        })
    }
}

/// A master list that is believed.
#[derive(Clone, Debug)]
pub struct MasterList {
    /// Country of the signer, two letters.
    pub country: String,
    /// When it was signed, if it says so.
    pub signed: Option<Timestamp>,
    /// Its certificates, each with where it comes from.
    pub anchors: Vec<Anchor>,
    /// What is odd, by position in the list, from 1.
    pub doubts: Vec<(usize, Doubt)>,
}

impl MasterList {
    /// Reads a list, verifies its signer against `pinned` on the day `today`, then every certificate.
    ///
    /// `pinned` holds certificates of master list signers, or of the authorities that certify them.
    ///
    /// # Errors
    ///
    /// [`MasterListError`].
    pub fn import(
        bytes: &[u8],
        pinned: &[Certificate],
        today: Date,
    ) -> Result<Self, MasterListError> {
        if bytes.len() > MASTER_LIST_BYTES_MAX {
            return Err(MasterListError::TooLong {
                length: bytes.len(),
            });
        }
        let definite = to_definite(bytes)?;
        let data = SignedData::read(&Reader::new(&definite).expect(0x30, "signed data")?)?;
        if data.content_type.as_bytes() != CSCA_MASTER_LIST {
            return Err(MasterListError::Content);
        }
        let (signer, _) = data
            .verify(pinned, "master list signer")
            .map_err(|problem| MasterListError::Signature(problem.to_string()))?;
        check_signer(&signer, pinned, today)?;
        let signed = data.signer.attributes.as_ref();
        let signed = signed.and_then(|attributes| attributes.signing_time);
        let country = signer.country().unwrap_or_default();
        let source = Source {
            kind: SourceKind::MasterList,
            from: country.clone(),
            as_of: signed.map(|at| TimeZone::UTC.to_datetime(at).date()),
        };
        let (anchors, doubts) = judge(&certificates(&data.content)?, &source);
        Ok(Self {
            country,
            signed,
            anchors,
            doubts,
        })
    }
}

fn check_signer(
    signer: &Certificate,
    pinned: &[Certificate],
    today: Date,
) -> Result<(), MasterListError> {
    pinned::check(signer, pinned, Some(MASTER_LIST_SIGNING), today).map_err(|refused| match refused
    {
        Refused::NotPinned(signer) => MasterListError::NotPinned { signer },
        Refused::Signer(problem) => MasterListError::Signer(problem),
    })
}

/// CscaMasterList: version 0 and a SET of certificates.
fn certificates(content: &[u8]) -> Result<Vec<&[u8]>, TlvError> {
    let mut list = Reader::new(content).expect(0x30, "master list")?.reader();
    list.expect(0x02, "version")?;
    let set = list.expect(0x31, "certificates")?;
    let mut reader = set.reader();
    let mut found = Vec::new();
    while !reader.is_empty() {
        if found.len() == CERTIFICATES_MAX {
            return Err(set.wrong("at most 10 000 certificates"));
        }
        found.push(reader.any("certificate")?.raw);
    }
    Ok(found)
}

/// Looks at every certificate by itself.
pub(super) fn judge(list: &[&[u8]], source: &Source) -> (Vec<Anchor>, Vec<(usize, Doubt)>) {
    let mut doubts = Vec::new();
    let mut read = Vec::new();
    for (index, der) in list.iter().enumerate() {
        match Certificate::parse(der) {
            Err(_) => doubts.push((index + 1, Doubt::Unreadable)),
            Ok(certificate) if !is_authority(&certificate) => {
                doubts.push((index + 1, Doubt::NoAuthority));
            }
            Ok(certificate) => read.push((index + 1, certificate)),
        }
    }
    let all = super::TrustStore::of(
        read.iter()
            .map(|(_, certificate)| Anchor {
                certificate: certificate.clone(),
                source: source.clone(),
            })
            .collect(),
    );
    let mut anchors = Vec::new();
    for (index, certificate) in read {
        let key = certificate.extensions.authority_key.as_deref();
        let by_another = || {
            all.issuers(key, certificate.issuer())
                .into_iter()
                .any(|issuer| certificate.is_signed_by(&issuer.certificate))
        };
        let own_key =
            key.is_none_or(|key| certificate.extensions.subject_key.as_deref() == Some(key));
        if !certificate.is_signed_by(&certificate) && !by_another() {
            if certificate.is_self_issued() && own_key {
                doubts.push((index, Doubt::WrongSignature));
                continue;
            }
            doubts.push((index, Doubt::IssuerMissing));
        }
        if !anchors
            .iter()
            .any(|known: &Anchor| known.certificate == certificate)
        {
            let source = source.clone();
            anchors.push(Anchor {
                certificate,
                source,
            });
        }
    }
    doubts.sort_by_key(|(index, _)| *index);
    (anchors, doubts)
}

/// An authority says so, or is of the time before extensions and signs itself.
fn is_authority(certificate: &Certificate) -> bool {
    certificate.allows(Usage::CertificateSign)
        && (certificate.extensions.authority
            || certificate.extensions.usage.is_none() && certificate.is_self_issued())
}
