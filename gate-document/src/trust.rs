//! The country signing certificates that this gate trusts.

/// A set of CSCA certificates.
#[derive(Clone, Debug, Default)]
pub struct TrustStore {}

/// Why a bundle of certificates cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrustStoreError {
    /// No certificate in it.
    #[error("no certificate in the bundle")]
    Empty,
}

impl TrustStore {
    /// Trusts nobody.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// Reads a bundle of PEM certificates.
    ///
    /// # Errors
    ///
    /// See [`TrustStoreError`].
    pub fn from_pem(bundle: &[u8]) -> Result<Self, TrustStoreError> {
        let _ = bundle;
        unimplemented!()
    }

    /// Number of certificates.
    #[must_use]
    pub fn count(&self) -> usize {
        0
    }
}
