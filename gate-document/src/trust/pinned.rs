//! Whose lists are believed: those whose signer is pinned, or was certified by a pinned authority for
//! this kind of list.

use crate::certificate::{Certificate, Fingerprint, Usage};
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Why a signer is not believed.
pub(super) enum Refused {
    NotPinned(Fingerprint),
    Signer(&'static str),
}

/// Judges `signer` on the day `today`. `purpose` is what its extended key usage must name (Doc
/// 9303-12, 7.1.1.3); without one, the signer itself has to be pinned.
pub(super) fn check(
    signer: &Certificate,
    pinned: &[Certificate],
    purpose: Option<&[u8]>,
    today: Date,
) -> Result<(), Refused> {
    let is_pinned = pinned.contains(signer);
    let certified = || {
        pinned.iter().any(|authority| {
            authority.allows(Usage::CertificateSign)
                && authority.extensions.authority
                && signer.is_signed_by(authority)
        })
    };
    if !is_pinned && (purpose.is_none() || !certified()) {
        return Err(Refused::NotPinned(signer.fingerprint()));
    }
    let for_lists = purpose.is_none_or(|purpose| {
        let purposes = &signer.extensions.purposes;
        purposes.iter().any(|own| own.as_bytes() == purpose)
    });
    // A pinned authority that signs lists itself has no extended key usage.
    if !(for_lists || is_pinned && signer.extensions.authority) {
        return Err(Refused::Signer("is not for such lists"));
    }
    if !signer.allows(Usage::DigitalSignature) && !signer.extensions.authority {
        return Err(Refused::Signer("is not for signatures"));
    }
    let noon = TimeZone::UTC.to_timestamp(today.at(12, 0, 0, 0)).ok();
    match noon.and_then(|noon| signer.was_valid(noon)) {
        Some(true) => Ok(()),
        _ => Err(Refused::Signer("is not valid today")),
    }
}
