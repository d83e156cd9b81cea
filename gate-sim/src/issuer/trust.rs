//! Trust bundles for test gates, under a key that everybody knows.

use gate_document::trust::bundle::{BundleError, BundleSigner, Contents};
use gate_document::trust::{Anchor, Certificate, Source, SourceKind, TrustStore};
use jiff::civil::{Date, date};
use std::path::Path;

/// The day on which test bundles are issued.
const ISSUED: Date = date(2026, 1, 1);

/// Secret of the key, which protects nothing.
const SECRET: [u8; 32] = *b"everybody knows the test bundle\0";

/// The key that signs test bundles.
///
/// # Errors
///
/// [`BundleError::Crypto`] if OpenSSL has no Ed25519.
pub fn signer() -> Result<BundleSigner, BundleError> {
    BundleSigner::from_secret(&SECRET)
}

/// A bundle of version 1 that trusts the certificates in `pem`, as if a master list named them.
///
/// # Errors
///
/// [`BundleError`] if OpenSSL has no Ed25519. Certificates that cannot be read are left out.
pub fn bundle(pem: &[u8]) -> Result<Vec<u8>, BundleError> {
    bundle_with(pem, Vec::new())
}

fn bundle_with(pem: &[u8], seal_signers: Vec<Certificate>) -> Result<Vec<u8>, BundleError> {
    let store = TrustStore::from_pem(pem).unwrap_or_default();
    let anchors = store.anchors().iter().map(|anchor| Anchor {
        source: Source {
            kind: SourceKind::MasterList,
            from: "UT".to_owned(),
            as_of: Some(ISSUED),
        },
        ..anchor.clone()
    });
    let contents = Contents {
        anchors: anchors.collect(),
        seal_signers,
        ..Contents::new(1, ISSUED)
    };
    contents.sign(&signer()?)
}

/// Writes `trust.bundle` and `trust.pub`, as a gate's settings name them, into `folder`.
///
/// # Errors
///
/// The system's, and [`BundleError`] as one of them.
pub fn write(folder: &Path, pem: &[u8]) -> std::io::Result<()> {
    write_with(folder, pem, Vec::new())
}

/// The same, with certificates of those who sign barcodes.
///
/// # Errors
///
/// As [`write()`].
pub fn write_with(
    folder: &Path,
    pem: &[u8],
    seal_signers: Vec<Certificate>,
) -> std::io::Result<()> {
    let key = signer().and_then(|signer| signer.public_pem());
    std::fs::write(
        folder.join("trust.pub"),
        key.map_err(std::io::Error::other)?,
    )?;
    let bundle = bundle_with(pem, seal_signers).map_err(std::io::Error::other)?;
    std::fs::write(folder.join("trust.bundle"), bundle)
}
