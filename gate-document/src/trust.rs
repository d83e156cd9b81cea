//! The country signing certificates (CSCA) that this gate trusts.
//!
//! Countries have several keys under one name, and link certificates under the same name again: a
//! CSCA is never looked up but tried.

use openssl::nid::Nid;
use openssl::x509::{X509, X509NameRef, X509Ref};

/// A set of CSCA certificates.
#[derive(Clone, Default)]
pub struct TrustStore {
    certificates: Vec<X509>,
}

/// Why a bundle of certificates cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrustStoreError {
    /// The bundle holds no certificate. A gate that trusts nobody says so with
    /// [`TrustStore::empty`].
    #[error("no certificate in a bundle of {length} bytes")]
    Empty {
        /// Bytes in the bundle.
        length: usize,
    },
    /// One of the certificates is damaged. Import the bundle again.
    #[error("certificate {index} does not parse: {problem}")]
    Certificate {
        /// Which one, from 1.
        index: usize,
        /// What OpenSSL said.
        problem: String,
    },
}

/// Start of a certificate in PEM.
const PEM_START: &[u8] = b"-----BEGIN CERTIFICATE-----";

impl TrustStore {
    /// Trusts nobody.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// Reads a bundle of certificates in PEM, with any text between them.
    ///
    /// # Errors
    ///
    /// [`TrustStoreError`] when there is none, or one of them does not parse: a bundle counts whole
    /// or not at all.
    pub fn from_pem(bundle: &[u8]) -> Result<Self, TrustStoreError> {
        let starts = bundle.windows(PEM_START.len()).enumerate();
        let starts = starts
            .filter(|(_, text)| *text == PEM_START)
            .map(|(start, _)| start);
        Self::of(
            starts.map(|start| X509::from_pem(&bundle[start..])),
            bundle.len(),
        )
    }

    /// Reads certificates in DER.
    ///
    /// # Errors
    ///
    /// As [`TrustStore::from_pem`].
    pub fn from_der<'a>(
        certificates: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<Self, TrustStoreError> {
        Self::of(certificates.into_iter().map(X509::from_der), 0)
    }

    fn of(
        certificates: impl Iterator<Item = Result<X509, openssl::error::ErrorStack>>,
        length: usize,
    ) -> Result<Self, TrustStoreError> {
        let certificates = certificates
            .enumerate()
            .map(|(index, certificate)| {
                certificate.map_err(|error| TrustStoreError::Certificate {
                    index: index + 1,
                    problem: error.to_string(),
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        if certificates.is_empty() {
            return Err(TrustStoreError::Empty { length });
        }
        Ok(Self { certificates })
    }

    /// Number of certificates.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.certificates.len()
    }

    /// Certificates that may have signed `signer`, by key identifier or by name.
    pub(crate) fn issuers_of<'a>(
        &'a self,
        signer: &'a X509Ref,
    ) -> impl Iterator<Item = &'a X509Ref> {
        let identifier = signer
            .authority_key_id()
            .map(|identifier| identifier.as_slice());
        let issuer = signer.issuer_name();
        self.certificates
            .iter()
            .map(AsRef::as_ref)
            .filter(move |candidate| {
                let by_identifier = identifier.is_some()
                    && candidate
                        .subject_key_id()
                        .map(|identifier| identifier.as_slice())
                        == identifier;
                // OpenSSL compares names without regard to case and spaces, as X.509 asks.
                by_identifier
                    || candidate
                        .subject_name()
                        .try_cmp(issuer)
                        .is_ok_and(|order| order.is_eq())
            })
    }
}

impl core::fmt::Debug for TrustStore {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "TrustStore({} certificates)", self.count())
    }
}

/// The country in a name, in upper case.
pub(crate) fn country(name: &X509NameRef) -> Option<String> {
    let entry = name.entries_by_nid(Nid::COUNTRYNAME).next()?;
    let text = core::str::from_utf8(entry.data().as_slice()).ok()?;
    // What is printed in a finding must be a country, not whatever a certificate says.
    (text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_alphabetic()))
        .then(|| text.to_ascii_uppercase())
}
