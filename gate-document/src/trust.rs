//! Whom this gate believes: country signing authorities (CSCA), with where each came from and how
//! old that is; revocation lists; known defects; signers of seals.
//!
//! Countries have several keys under one name, and link certificates under the same name again: a
//! CSCA is found by key identifier and by name, every candidate is tried, and there is never "the"
//! CSCA of a country. Nothing is decoded before it is needed: see [`crate::certificate`].
//!
//! A store comes out of one signed file, a [`bundle`]. What goes into a bundle comes from
//! [`master_list`]s, [`ldif`] files of the ICAO PKD, and [`bilateral`] hand-overs.

pub mod assembly;
pub mod bilateral;
pub mod bundle;
mod chain;
mod country;
pub mod coverage;
pub mod crl;
pub mod defect_list;
pub mod defects;
pub mod difference;
pub mod ldif;
pub mod master_list;
mod pinned;
mod seals;

pub use crate::certificate::{Certificate, Fingerprint, NoFingerprint};
pub(crate) use chain::Moment;
pub use chain::{Chain, ChainError};

use crate::certificate::canonical;
use crate::tlv::TlvError;
use crl::Crl;
use defects::Defects;
use jiff::Timestamp;
use jiff::civil::Date;
use std::collections::HashMap;

/// Where a certificate came from: its trust status (BSI TR-03135-1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SourceKind {
    /// A file of certificates without any statement. For desks and tests.
    Unstated,
    /// A master list whose signer was verified.
    MasterList,
    /// Handed over by the country itself and compared by two persons.
    Bilateral,
}

impl SourceKind {
    /// The name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unstated => "unstated",
            Self::MasterList => "master-list",
            Self::Bilateral => "bilateral",
        }
    }
}

/// Where a certificate came from, and how old that is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Kind of source.
    pub kind: SourceKind,
    /// Country whose list it was, or which handed it over; two letters. Empty where unknown.
    pub from: String,
    /// When the list was signed, or the certificate handed over.
    pub as_of: Option<Date>,
}

impl Source {
    /// Nothing is known.
    #[must_use]
    pub const fn unstated() -> Self {
        Self {
            kind: SourceKind::Unstated,
            from: String::new(),
            as_of: None,
        }
    }
}

/// A CSCA certificate that is trusted, link certificates included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// The certificate.
    pub certificate: Certificate,
    /// Where it came from.
    pub source: Source,
}

/// How old what is trusted may be before it is worth less. In days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Freshness {
    /// The bundle. Beyond, the trust status is undetermined.
    pub bundle: u16,
    /// A revocation list, even where it names no next one (Doc 9303-12, 4.1.5: every 90 days).
    pub revocation_list: u16,
    /// A master list.
    pub master_list: u16,
    /// A bilateral hand-over.
    pub bilateral: u16,
}

impl Default for Freshness {
    fn default() -> Self {
        Self {
            bundle: 35,
            revocation_list: 90,
            master_list: 400,
            bilateral: 1830,
        }
    }
}

/// A set of trusted certificates, and what is known about them.
#[derive(Clone, Default)]
pub struct TrustStore {
    anchors: Vec<Anchor>,
    by_key: HashMap<Vec<u8>, Vec<usize>>,
    by_name: HashMap<Vec<u8>, Vec<usize>>,
    /// Link certificates that nobody vouches for: worth something only where they chain to an anchor.
    links: Vec<Certificate>,
    crls: Vec<Crl>,
    seal_signers: Vec<Certificate>,
    document_signers: Vec<Certificate>,
    defects: Defects,
    version: Option<u64>,
    issued: Option<Date>,
    freshness: Freshness,
}

/// Why a set of certificates cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrustStoreError {
    /// The file holds no certificate. A gate that trusts nobody says so with
    /// [`TrustStore::empty`].
    #[error("no certificate in a bundle of {length} bytes")]
    Empty {
        /// Bytes in the bundle.
        length: usize,
    },
    /// One of the certificates is damaged. Import the file again.
    #[error("certificate {index} does not parse: {problem}")]
    Certificate {
        /// Which one, from 1.
        index: usize,
        /// What is wrong.
        problem: String,
    },
}

const PEM_START: &[u8] = b"-----BEGIN CERTIFICATE-----";
const PEM_END: &[u8] = b"-----END CERTIFICATE-----";

impl TrustStore {
    /// Trusts nobody.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// Trusts `anchors`.
    #[must_use]
    pub fn of(anchors: Vec<Anchor>) -> Self {
        let mut store = Self {
            anchors,
            ..Self::default()
        };
        for (index, anchor) in store.anchors.iter().enumerate() {
            let name = canonical(anchor.certificate.subject());
            store.by_name.entry(name).or_default().push(index);
            if let Some(key) = &anchor.certificate.extensions.subject_key {
                store.by_key.entry(key.clone()).or_default().push(index);
            }
        }
        store
    }

    /// Reads certificates in PEM, with any text between them. Nobody vouches for such a file: gates
    /// load a [`bundle`].
    ///
    /// # Errors
    ///
    /// [`TrustStoreError`] when there is none, or one of them does not parse: a file counts whole
    /// or not at all.
    pub fn from_pem(text: &[u8]) -> Result<Self, TrustStoreError> {
        let starts = text.windows(PEM_START.len()).enumerate();
        let starts = starts.filter(|(_, window)| *window == PEM_START);
        let decoded = starts.map(|(start, _)| pem(&text[start + PEM_START.len()..]));
        Self::read(decoded, text.len())
    }

    /// Reads certificates in DER.
    ///
    /// # Errors
    ///
    /// As [`TrustStore::from_pem`].
    pub fn from_der<'a>(
        certificates: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<Self, TrustStoreError> {
        Self::read(certificates.into_iter().map(|der| Ok(der.to_vec())), 0)
    }

    fn read(
        certificates: impl Iterator<Item = Result<Vec<u8>, String>>,
        length: usize,
    ) -> Result<Self, TrustStoreError> {
        let anchors = certificates
            .enumerate()
            .map(|(index, der)| {
                let parse = |der: Vec<u8>| {
                    Certificate::parse(&der).map_err(|problem: TlvError| problem.to_string())
                };
                let certificate = der.and_then(parse).map_err(|problem| {
                    let index = index + 1;
                    TrustStoreError::Certificate { index, problem }
                })?;
                let source = Source::unstated();
                Ok(Anchor {
                    certificate,
                    source,
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        if anchors.is_empty() {
            return Err(TrustStoreError::Empty { length });
        }
        Ok(Self::of(anchors))
    }

    /// The same store with other limits of age.
    #[must_use]
    pub const fn with_freshness(mut self, freshness: Freshness) -> Self {
        self.freshness = freshness;
        self
    }

    /// The same store with revocation lists.
    #[must_use]
    pub fn with_crls(mut self, crls: Vec<Crl>) -> Self {
        self.crls = crls;
        self
    }

    /// The same store with link certificates that must chain to one of its anchors.
    #[must_use]
    pub fn with_links(mut self, links: Vec<Certificate>) -> Self {
        self.links = links;
        self
    }

    /// The same store with a list of defects.
    #[must_use]
    pub fn with_defects(mut self, defects: Defects) -> Self {
        self.defects = defects;
        self
    }

    /// Number of trusted certificates.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.anchors.len()
    }

    /// The trusted certificates.
    #[must_use]
    pub fn anchors(&self) -> &[Anchor] {
        &self.anchors
    }

    /// Revocation lists.
    #[must_use]
    pub fn crls(&self) -> &[Crl] {
        &self.crls
    }

    /// Known defects of documents.
    #[must_use]
    pub const fn defects(&self) -> &Defects {
        &self.defects
    }

    /// Version of the bundle; `None` for a store that came out of none.
    #[must_use]
    pub const fn version(&self) -> Option<u64> {
        self.version
    }

    /// The day on which the bundle was issued.
    #[must_use]
    pub const fn issued(&self) -> Option<Date> {
        self.issued
    }

    /// Limits of age.
    #[must_use]
    pub const fn freshness(&self) -> Freshness {
        self.freshness
    }

    /// The same store with signers of seals, which must chain to one of its anchors.
    #[must_use]
    pub fn with_seal_signers(mut self, signers: Vec<Certificate>) -> Self {
        self.seal_signers = signers;
        self
    }

    /// Signers of seals. Which of them signed a seal, and whether it is trusted, says
    /// [`crate::seal::verify()`], for which a store is a [`crate::seal::SealSigners`].
    #[must_use]
    pub fn seal_signers(&self) -> &[Certificate] {
        &self.seal_signers
    }

    /// The same store with certificates of document signers, which must chain to one of its anchors.
    #[must_use]
    pub fn with_document_signers(mut self, signers: Vec<Certificate>) -> Self {
        self.document_signers = signers;
        self
    }

    /// Document signers, for an EF.SOD that encloses no certificate. EF.SOD names the one by issuer
    /// and serial number, or by key identifier.
    #[must_use]
    pub fn document_signers(&self) -> &[Certificate] {
        &self.document_signers
    }

    /// Certificates that may have signed something with this authority key identifier and issuer
    /// name: first those with that key, then those of that name.
    pub(crate) fn issuers<'a>(
        &'a self,
        authority_key: Option<&[u8]>,
        issuer: &[u8],
    ) -> Vec<&'a Anchor> {
        let none = Vec::new();
        let by_key = authority_key.and_then(|key| self.by_key.get(key));
        let by_key = by_key.unwrap_or(&none);
        let by_name = self.by_name.get(&canonical(issuer)).unwrap_or(&none);
        let also = by_name.iter().filter(|index| !by_key.contains(index));
        by_key
            .iter()
            .chain(also)
            .take(CANDIDATES_MAX)
            .filter_map(|index| self.anchors.get(*index))
            .collect()
    }

    /// What the revocation lists say about `certificate` on the day `today`.
    #[must_use]
    pub fn revocation(&self, certificate: &Certificate, today: Option<Timestamp>) -> crl::Status {
        crl::status(self, certificate, today)
    }

    /// What certificate above the signer is revoked, link or authority, if one is.
    pub(crate) fn revoked_above(&self, chain: &Chain<'_>) -> Option<&'static str> {
        let revoked =
            |of: &Certificate| matches!(self.revocation(of, None), crl::Status::Revoked { .. });
        if chain.over.iter().any(revoked) {
            return Some("CSCA link");
        }
        revoked(&chain.anchor.certificate).then_some("CSCA")
    }
}

/// Candidates that are tried for one signature. No country has more keys under one name; China has 25
/// under several.
const CANDIDATES_MAX: usize = 64;

/// The bytes between the lines of a certificate in PEM.
fn pem(text: &[u8]) -> Result<Vec<u8>, String> {
    let end = text
        .windows(PEM_END.len())
        .take(2 * crate::certificate::CERTIFICATE_BYTES_MAX)
        .position(|window| window == PEM_END)
        .ok_or("no end line")?;
    let base64: Vec<u8> = text[..end]
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    let base64 = core::str::from_utf8(&base64).map_err(|_| "no base64")?;
    openssl::base64::decode_block(base64).map_err(|_| "no base64".to_owned())
}

impl core::fmt::Debug for TrustStore {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "TrustStore({} certificates)", self.count())
    }
}

#[cfg(test)]
mod tests;
