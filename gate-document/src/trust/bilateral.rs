//! Certificates that a country hands over by itself, because it is in no master list: Laos and
//! Cambodia are in none of the published ones.
//!
//! Paper vouches for such a certificate. Two persons read the fingerprint from it, each by
//! themselves, and both must have read that of the certificate.

use super::{Anchor, Source, SourceKind};
use crate::certificate::{Certificate, Fingerprint, Usage};
use crate::country::two_letters;
use crate::tlv::TlvError;
use jiff::civil::Date;

/// Why a hand-over is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BilateralError {
    /// Fetch the file again.
    #[error("handed over certificate {0}")]
    Structure(#[from] TlvError),
    /// Whoever typed it reads the paper again; if it stands there, the file is not what was handed over.
    #[error("the fingerprint of person {person} is not that of the certificate, {found}")]
    Fingerprint {
        /// First or second person.
        person: u8,
        /// Fingerprint of the certificate in the file.
        found: Fingerprint,
    },
    /// Ask the country for the certificate of its signing authority.
    #[error("handed over certificate {0}")]
    Kind(&'static str),
    /// The certificate names another country than whoever brought it.
    #[error("certificate of {found}, {expected} expected")]
    Country {
        /// Country that handed over.
        expected: String,
        /// Country in the certificate.
        found: String,
    },
}

/// What was handed over, and what two persons read on paper.
#[derive(Clone, Copy, Debug)]
pub struct HandOver<'a> {
    /// Certificate in DER.
    pub certificate: &'a [u8],
    /// Country that handed it over: two letters.
    pub country: &'a str,
    /// The day of the hand-over.
    pub received: Date,
    /// What each of the two persons typed.
    pub fingerprints: [Fingerprint; 2],
}

impl HandOver<'_> {
    /// Takes the certificate as a trust anchor with a status of its own.
    ///
    /// # Errors
    ///
    /// [`BilateralError`].
    pub fn import(&self) -> Result<Anchor, BilateralError> {
        let certificate = Certificate::parse(self.certificate)?;
        let found = certificate.fingerprint();
        for (person, typed) in (1..).zip(self.fingerprints) {
            if typed != found {
                return Err(BilateralError::Fingerprint { person, found });
            }
        }
        // One that names no country speaks for the country that hands it over.
        let state = two_letters(self.country);
        let own = certificate.country().map(|own| two_letters(&own));
        let own = own.unwrap_or_else(|| state.clone());
        if own != state {
            return Err(BilateralError::Country {
                expected: self.country.to_ascii_uppercase(),
                found: own,
            });
        }
        if !certificate.extensions.authority || !certificate.allows(Usage::CertificateSign) {
            return Err(BilateralError::Kind("is not that of an authority"));
        }
        if certificate.is_self_issued() && !certificate.is_signed_by(&certificate) {
            return Err(BilateralError::Kind("has not signed itself"));
        }
        Ok(Anchor {
            certificate,
            source: Source {
                kind: SourceKind::Bilateral,
                from: state,
                as_of: Some(self.received),
            },
        })
    }
}
