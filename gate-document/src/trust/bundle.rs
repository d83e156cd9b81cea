//! The trust bundle: everything that a gate trusts, in one signed file with a version and an age.
//!
//! ```text
//! Bundle    ::= SEQUENCE { content Content, signature OCTET STRING }     -- Ed25519 (RFC 8032)
//! Content   ::= SEQUENCE {
//!     format      INTEGER (1),
//!     version     INTEGER,                       -- never goes down at a gate
//!     issued      UTF8String,                    -- 2026-11-22
//!     anchors     SEQUENCE OF SEQUENCE { kind ENUMERATED, from UTF8String, asOf UTF8String, Certificate },
//!     links       SEQUENCE OF Certificate,       -- worth something where they chain to an anchor
//!     crls        SEQUENCE OF CertificateList,
//!     sealSigners SEQUENCE OF Certificate,
//!     defects     UTF8String,                    -- TOML: see [`super::defects`]
//!     documentSigners SEQUENCE OF Certificate,   -- for EF.SODs that enclose none
//!     defectLists SEQUENCE OF ContentInfo }      -- as they were signed: see [`super::defect_list`]
//! ```
//!
//! A bundle that was made before there were the last two has none of them.
//!
//! The signature is over `gate trust bundle 1`, a zero byte, and the content as it stands. The whole
//! file counts or nothing of it.

use super::crl::Crl;
use super::defect_list::{DefectList, DefectListError};
use super::defects::{Defects, DefectsError};
use super::{Anchor, Source, SourceKind, TrustStore};
use crate::certificate::{Certificate, significant};
use crate::tlv::{Reader, Tlv, TlvError, write};
use jiff::civil::Date;
use openssl::error::ErrorStack;
use openssl::pkey::{Id, PKey, Private, Public};
use openssl::sign::{Signer, Verifier};
use zeroize::Zeroizing;

/// Longest bundle that is read: the directory's authorities and lists have 12 MB.
pub const BUNDLE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Elements of each kind, at most.
const ELEMENTS_MAX: usize = 60_000;

const CONTEXT: &[u8] = b"gate trust bundle 1\0";
const FORMAT: u8 = 1;

/// Why a bundle is not used. The gate keeps the one that it has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BundleError {
    /// Longer than any bundle.
    #[error("trust bundle of {length} bytes, at most {BUNDLE_BYTES_MAX} expected")]
    TooLong {
        /// Bytes found.
        length: usize,
    },
    /// Cut, damaged, or no bundle: fetch it again.
    #[error("trust bundle {0}")]
    Structure(#[from] TlvError),
    /// Made by somebody else, or damaged: do not use it. If the key was changed, pin the new one.
    #[error("the trust bundle is not signed by the pinned key")]
    Signature,
    /// Made for other software: update the gate.
    #[error("trust bundle of format {found}, {FORMAT} expected")]
    Format {
        /// Format found.
        found: u64,
    },
    /// Its list of defects is wrong: make the bundle anew.
    #[error("trust bundle: {0}")]
    Defects(#[from] DefectsError),
    /// One of its lists of defects is damaged: make the bundle anew.
    #[error("trust bundle: {0}")]
    DefectList(#[from] DefectListError),
    /// The gate has a newer one. Force it only where the newer one is known to be wrong.
    #[error("trust bundle of version {found}, the gate has {present}")]
    Older {
        /// Version found.
        found: u64,
        /// Version that was used before.
        present: u64,
    },
    /// The file of the key holds none of Ed25519 in PEM.
    #[error("no Ed25519 key in PEM")]
    Key,
    /// OpenSSL was built without Ed25519: look at `openssl list -signature-algorithms`.
    #[error("OpenSSL refuses: {0}")]
    Crypto(String),
}

impl From<ErrorStack> for BundleError {
    fn from(error: ErrorStack) -> Self {
        Self::Crypto(error.to_string())
    }
}

/// The pinned key: bundles of nobody else are used.
#[derive(Clone)]
pub struct BundleKey(PKey<Public>);

impl BundleKey {
    /// Reads `-----BEGIN PUBLIC KEY-----`.
    ///
    /// # Errors
    ///
    /// [`BundleError::Key`].
    pub fn from_pem(pem: &[u8]) -> Result<Self, BundleError> {
        PKey::public_key_from_pem(pem)
            .ok()
            .filter(|key| key.id() == Id::ED25519)
            .map(Self)
            .ok_or(BundleError::Key)
    }
}

impl core::fmt::Debug for BundleKey {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("BundleKey")
    }
}

/// The key that makes bundles. It lies where they are made, never at a gate.
pub struct BundleSigner(PKey<Private>);

impl BundleSigner {
    /// Reads `-----BEGIN PRIVATE KEY-----`.
    ///
    /// # Errors
    ///
    /// [`BundleError::Key`].
    pub fn from_pem(pem: &[u8]) -> Result<Self, BundleError> {
        PKey::private_key_from_pem(pem)
            .ok()
            .filter(|key| key.id() == Id::ED25519)
            .map(Self)
            .ok_or(BundleError::Key)
    }

    /// The key of 32 secret bytes.
    ///
    /// # Errors
    ///
    /// [`BundleError::Crypto`].
    pub fn from_secret(secret: &[u8; 32]) -> Result<Self, BundleError> {
        Ok(Self(PKey::private_key_from_raw_bytes(secret, Id::ED25519)?))
    }

    /// A new key.
    ///
    /// # Errors
    ///
    /// [`BundleError::Crypto`].
    pub fn generate() -> Result<Self, BundleError> {
        Ok(Self(PKey::generate_ed25519()?))
    }

    /// The key itself, in PEM without a password: who has it makes bundles.
    ///
    /// # Errors
    ///
    /// [`BundleError::Crypto`].
    pub fn private_pem(&self) -> Result<Zeroizing<Vec<u8>>, BundleError> {
        Ok(Zeroizing::new(self.0.private_key_to_pem_pkcs8()?))
    }

    /// The key that gates pin.
    ///
    /// # Errors
    ///
    /// [`BundleError`].
    pub fn pinned(&self) -> Result<BundleKey, BundleError> {
        BundleKey::from_pem(&self.public_pem()?)
    }

    /// What gates pin, in PEM.
    ///
    /// # Errors
    ///
    /// [`BundleError::Crypto`].
    pub fn public_pem(&self) -> Result<Vec<u8>, BundleError> {
        Ok(self.0.public_key_to_pem()?)
    }
}

impl core::fmt::Debug for BundleSigner {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("BundleSigner(…)")
    }
}

/// What goes into a bundle.
#[derive(Clone, Debug, PartialEq)]
pub struct Contents {
    /// Version: each bundle has a higher one than the one before.
    pub version: u64,
    /// The day of its making.
    pub issued: Date,
    /// Trusted authorities.
    pub anchors: Vec<Anchor>,
    /// Link certificates that must chain to one of them.
    pub links: Vec<Certificate>,
    /// Revocation lists.
    pub crls: Vec<Crl>,
    /// Certificates of seal signers, which must chain as well.
    pub seal_signers: Vec<Certificate>,
    /// Known defects, in TOML; may be empty.
    pub defects: String,
    /// Certificates of document signers, for EF.SODs that enclose none. They must chain as well.
    pub document_signers: Vec<Certificate>,
    /// Lists of known defects, whose signers were verified.
    pub defect_lists: Vec<DefectList>,
}

impl Contents {
    /// Nothing yet.
    #[must_use]
    pub const fn new(version: u64, issued: Date) -> Self {
        Self {
            version,
            issued,
            anchors: Vec::new(),
            links: Vec::new(),
            crls: Vec::new(),
            seal_signers: Vec::new(),
            defects: String::new(),
            document_signers: Vec::new(),
            defect_lists: Vec::new(),
        }
    }

    /// Makes the file.
    ///
    /// # Errors
    ///
    /// [`BundleError::Defects`] for a list that no gate would take, and [`BundleError::Crypto`].
    pub fn sign(&self, signer: &BundleSigner) -> Result<Vec<u8>, BundleError> {
        Defects::parse(&self.defects)?;
        let content = self.encode();
        let mut operation = Signer::new_without_digest(&signer.0)?;
        let signature = operation.sign_oneshot_to_vec(&[CONTEXT, &content].concat())?;
        let signature = object(0x04, &signature);
        Ok(object(0x30, &[content, signature].concat()))
    }

    fn encode(&self) -> Vec<u8> {
        let anchor = |anchor: &Anchor| {
            let Source { kind, from, as_of } = &anchor.source;
            let as_of = as_of.map(|day| day.to_string()).unwrap_or_default();
            let parts = [
                object(0x0A, &[code(*kind)]),
                object(0x0C, from.as_bytes()),
                object(0x0C, as_of.as_bytes()),
                anchor.certificate.der().to_vec(),
            ];
            object(0x30, &parts.concat())
        };
        let certificates = |list: &[Certificate]| {
            let all: Vec<&[u8]> = list.iter().map(Certificate::der).collect();
            object(0x30, &all.concat())
        };
        let anchors: Vec<Vec<u8>> = self.anchors.iter().map(anchor).collect();
        let lists: Vec<&[u8]> = self.defect_lists.iter().map(DefectList::der).collect();
        let crls: Vec<&[u8]> = self.crls.iter().map(Crl::der).collect();
        let version = [&[0], &self.version.to_be_bytes()[..]].concat();
        let parts = [
            object(0x02, &[FORMAT]),
            object(0x02, &version),
            object(0x0C, self.issued.to_string().as_bytes()),
            object(0x30, &anchors.concat()),
            certificates(&self.links),
            object(0x30, &crls.concat()),
            certificates(&self.seal_signers),
            object(0x0C, self.defects.as_bytes()),
            certificates(&self.document_signers),
            object(0x30, &lists.concat()),
        ];
        object(0x30, &parts.concat())
    }

    /// Reads a file that `key` has signed.
    ///
    /// # Errors
    ///
    /// [`BundleError`], and nothing of the bundle counts.
    pub fn open(bytes: &[u8], key: &BundleKey) -> Result<Self, BundleError> {
        if bytes.len() > BUNDLE_BYTES_MAX {
            return Err(BundleError::TooLong {
                length: bytes.len(),
            });
        }
        let whole = Reader::new(bytes).expect(0x30, "trust bundle")?;
        if whole.raw.len() != bytes.len() {
            return Err(whole.wrong("one trust bundle").into());
        }
        let mut reader = whole.reader();
        let content = reader.expect(0x30, "content of the bundle")?;
        let signature = reader.expect(0x04, "signature of the bundle")?;
        // Nothing inside is looked at before this.
        let signed = [CONTEXT, content.raw].concat();
        let mut verifier = Verifier::new_without_digest(&key.0)?;
        if !verifier
            .verify_oneshot(signature.value, &signed)
            .unwrap_or(false)
        {
            return Err(BundleError::Signature);
        }
        Self::decode(&content)
    }

    fn decode(content: &Tlv<'_>) -> Result<Self, BundleError> {
        let mut reader = content.reader();
        let format = number(&reader.expect(0x02, "format")?)?;
        if format != u64::from(FORMAT) {
            return Err(BundleError::Format { found: format });
        }
        let version = number(&reader.expect(0x02, "version")?)?;
        let issued = reader.expect(0x0C, "day of issue")?;
        let issued = day(&issued)?.ok_or_else(|| issued.wrong("day of issue"))?;
        let anchors = list(&reader.expect(0x30, "anchors")?, |entry| {
            let mut parts = entry.reader();
            let kind = parts.expect(0x0A, "kind of source")?;
            let source = Source {
                kind: kind_of(kind.value).ok_or_else(|| kind.wrong("kind of source"))?,
                from: text(&parts.expect(0x0C, "source")?)?.to_owned(),
                as_of: day(&parts.expect(0x0C, "day of the source")?)?,
            };
            let certificate = Certificate::parse(parts.expect(0x30, "certificate")?.raw)?;
            Ok(Anchor {
                certificate,
                source,
            })
        })?;
        let certificates = |of: &Tlv<'_>| list(of, |entry| Certificate::parse(entry.raw));
        let links = certificates(&reader.expect(0x30, "link certificates")?)?;
        let crls = list(&reader.expect(0x30, "revocation lists")?, |entry| {
            Crl::parse(entry.raw)
        })?;
        let seal_signers = certificates(&reader.expect(0x30, "seal signers")?)?;
        let defects = text(&reader.expect(0x0C, "defects")?)?.to_owned();
        let document_signers = match reader.optional(0x30)? {
            Some(signers) => certificates(&signers)?,
            None => Vec::new(),
        };
        let mut defect_lists = Vec::new();
        if let Some(lists) = reader.optional(0x30)? {
            for der in list(&lists, |entry| Ok(entry.raw.to_vec()))? {
                defect_lists.push(DefectList::from_bundle(&der)?);
            }
        }
        Ok(Self {
            version,
            issued,
            anchors,
            links,
            crls,
            seal_signers,
            defects,
            document_signers,
            defect_lists,
        })
    }

    /// Makes a store of it.
    ///
    /// # Errors
    ///
    /// [`BundleError::Defects`].
    pub fn into_store(self) -> Result<TrustStore, BundleError> {
        let defects = Defects::parse(&self.defects)?.with_lists(&self.defect_lists);
        Ok(TrustStore {
            links: self.links,
            crls: self.crls,
            seal_signers: self.seal_signers,
            document_signers: self.document_signers,
            defects,
            version: Some(self.version),
            issued: Some(self.issued),
            ..TrustStore::of(self.anchors)
        })
    }
}

impl TrustStore {
    /// Reads a bundle that `key` has signed.
    ///
    /// # Errors
    ///
    /// [`BundleError`], and nothing of the bundle counts.
    pub fn open(bytes: &[u8], key: &BundleKey) -> Result<Self, BundleError> {
        Contents::open(bytes, key)?.into_store()
    }

    /// Whether this store may take the place of one of version `present`: the version never goes
    /// down.
    ///
    /// # Errors
    ///
    /// [`BundleError::Older`].
    pub fn may_follow(&self, present: Option<u64>) -> Result<(), BundleError> {
        let found = self.version.unwrap_or(0);
        match present {
            Some(present) if found < present => Err(BundleError::Older { found, present }),
            _ => Ok(()),
        }
    }
}

const fn code(kind: SourceKind) -> u8 {
    match kind {
        SourceKind::Unstated => 0,
        SourceKind::MasterList => 1,
        SourceKind::Bilateral => 2,
    }
}

fn kind_of(value: &[u8]) -> Option<SourceKind> {
    match value {
        [0] => Some(SourceKind::Unstated),
        [1] => Some(SourceKind::MasterList),
        [2] => Some(SourceKind::Bilateral),
        _ => None,
    }
}

fn object(tag: u32, value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len() + 8);
    write(&mut out, tag, value);
    out
}

fn number(object: &Tlv<'_>) -> Result<u64, TlvError> {
    let bytes = significant(object.value);
    if bytes.len() > 8 {
        return Err(object.wrong("a number below 2^64"));
    }
    Ok(bytes
        .iter()
        .fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

fn text<'a>(object: &Tlv<'a>) -> Result<&'a str, TlvError> {
    core::str::from_utf8(object.value).map_err(|_| object.wrong("text in UTF-8"))
}

/// A day, or none where the text is empty.
fn day(object: &Tlv<'_>) -> Result<Option<Date>, TlvError> {
    match text(object)? {
        "" => Ok(None),
        day => day.parse().map(Some).map_err(|_| object.wrong("a day")),
    }
}

fn list<T>(
    of: &Tlv<'_>,
    read: impl Fn(&Tlv<'_>) -> Result<T, TlvError>,
) -> Result<Vec<T>, TlvError> {
    let mut found = Vec::new();
    let mut reader = of.reader();
    while !reader.is_empty() {
        if found.len() == ELEMENTS_MAX {
            return Err(of.wrong("at most 60 000 elements"));
        }
        found.push(read(&reader.any("element")?)?);
    }
    Ok(found)
}
