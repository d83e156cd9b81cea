//! For which State an authority speaks.
//!
//! A CSCA certifies signers of its own State alone: the country is the same in the subject of the CSCA,
//! in the issuer and in the subject of whatever it signs (Doc 9303-12, 7.1.1.1). A trust store holds
//! the authorities of all States, and a key identifier is whatever its writer likes, so without this
//! rule each of them could sign the documents of every other.
//!
//! Organisations are States of their own here: the United Nations (`UN`; `UNO` in the zone) and the
//! European Union (`EU`; `EUE`) sign as `UN` and `EU`, and no member signs for them nor they for it.
//! Codes that nobody lists, as of other organisations, agree with themselves.
//!
//! A CSCA whose name has no country (San Marino: `CN = RSM-CSCA`) speaks for the State that handed it
//! over, where one did. A master list says only who made the list, so such a CSCA out of one speaks for
//! nobody: it must be handed over.

use super::{Anchor, SourceKind};
use crate::certificate::{Certificate, country as named};
use crate::country::two_letters;

impl Anchor {
    /// The State that it speaks for, in two letters, upper case; `None` where nobody says which.
    #[must_use]
    pub fn country(&self) -> Option<String> {
        let own = state_of(&self.certificate);
        own.or_else(|| {
            let handed_over = self.source.kind == SourceKind::Bilateral;
            (handed_over && !self.source.from.is_empty()).then(|| two_letters(&self.source.from))
        })
    }
}

/// The State of a certificate: that of its subject, or of its issuer where the subject has none.
pub(super) fn state_of(certificate: &Certificate) -> Option<String> {
    certificate.country().as_deref().map(two_letters)
}

/// Whether what names `issuer` above itself may be under an authority of `state` that calls itself
/// `authority`: the name has the same country, or has none as the authority's has none.
pub(super) fn is_under(issuer: &[u8], authority: &Certificate, state: &str) -> bool {
    match named(issuer) {
        Some(country) => two_letters(&country) == state,
        None => named(authority.subject()).is_none(),
    }
}
