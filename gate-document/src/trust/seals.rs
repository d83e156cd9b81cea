//! Signers of seals out of the trust store: found by what a seal calls them, chained to an authority
//! directly or over link certificates, and looked up in the revocation lists.

use super::TrustStore;
use super::crl::Status;
use crate::certificate::Certificate;
use crate::seal::{SealSigners, SignerReference};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use openssl::sha::{sha1, sha256};
use openssl::x509::{X509, X509Ref};

impl SealSigners for TrustStore {
    fn signers(&self, reference: &SignerReference) -> Vec<X509> {
        let named = self.seal_signers.iter();
        x509(named.filter(|certificate| is_named(certificate, reference)))
    }

    /// Authorities whose key has signed `signer`. Where none has, all that are named as its issuer,
    /// so that the finding can say how many there were.
    fn anchors(&self, signer: &X509Ref) -> Vec<X509> {
        let Some(signer) = own(signer) else {
            return Vec::new();
        };
        let named = self.authorities_above(&signer);
        let signed: Vec<&Certificate> = named
            .iter()
            .copied()
            .filter(|authority| signer.is_signed_by(authority))
            .collect();
        match signed.is_empty() {
            true => x509(named.into_iter()),
            false => x509(signed.into_iter()),
        }
    }

    fn revocation(&self, signer: &X509Ref, today: Option<Date>) -> Status {
        let now = today.and_then(|day| TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok());
        let Some(signer) = own(signer) else {
            return Status::NoList;
        };
        // A signer whose authorities are all revoked is as good as revoked.
        let above = self.authorities_above(&signer).into_iter();
        let mut above = above
            .filter(|authority| signer.is_signed_by(authority))
            .map(|authority| self.revocation(authority, now))
            .peekable();
        let status = self.revocation(&signer, now);
        let is_revoked = |of: &Status| matches!(of, Status::Revoked { .. });
        match above.peek().cloned() {
            Some(revoked) if !is_revoked(&status) && above.all(|it| is_revoked(&it)) => revoked,
            _ => status,
        }
    }
}

/// Whether a seal means this certificate (Doc 9303-13, 2.3.1; for the reference of five bytes, see
/// [`SignerReference::Digest`]).
fn is_named(certificate: &Certificate, reference: &SignerReference) -> bool {
    match reference {
        SignerReference::Name { signer, reference } => {
            let country = certificate.country().unwrap_or_default();
            let name = country + &certificate.common_name().unwrap_or_default();
            let serial: String = certificate
                .serial()
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            let significant = |number: &str| number.trim_start_matches('0').to_ascii_lowercase();
            name.eq_ignore_ascii_case(signer) && significant(&serial) == significant(reference)
        }
        SignerReference::Digest(digest) => sha1(certificate.der()).ends_with(digest),
        SignerReference::Embedded => false,
        SignerReference::OneOf(digests) => digests.contains(&sha256(certificate.der())),
    }
}

fn own(certificate: &X509Ref) -> Option<Certificate> {
    Certificate::parse(&certificate.to_der().ok()?).ok()
}

/// A certificate that OpenSSL cannot read signs no seal.
fn x509<'a>(certificates: impl Iterator<Item = &'a Certificate>) -> Vec<X509> {
    certificates
        .filter_map(|certificate| X509::from_der(certificate.der()).ok())
        .collect()
}

#[cfg(test)]
mod tests;
