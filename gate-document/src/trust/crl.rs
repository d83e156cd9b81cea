//! Revocation lists (Doc 9303-12, 7.1.4; RFC 5280, 5), with their age.

use super::TrustStore;
use super::country::{is_under, state_of};
use crate::algorithm::{AlgorithmError, Digest, Oid, SignatureAlgorithm};
use crate::certificate::{self, Certificate, Usage, each_extension, range, significant};
use crate::tlv::{Reader, Tlv, TlvError};
use core::ops::Range;
use jiff::{Timestamp, ToSpan as _};
use std::sync::OnceLock;

/// Longest list that is read.
pub const CRL_BYTES_MAX: usize = 8 * 1024 * 1024;

/// A revocation list whose structure is right.
#[derive(Clone)]
pub struct Crl {
    der: Vec<u8>,
    signed: Range<usize>,
    issuer: Range<usize>,
    entries: Range<usize>,
    signature: Range<usize>,
    algorithm: Result<SignatureAlgorithm, Oid>,
    this_update: Option<Timestamp>,
    next_update: Option<Timestamp>,
    authority_key: Option<Vec<u8>>,
    /// A critical extension that nobody here knows: the list may leave certificates out.
    partial: bool,
    /// The State whose authority signed it, once that was asked.
    genuine: OnceLock<Option<String>>,
}

/// What revocation lists say about a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// No list of the issuer is there, or none that the issuer signed.
    NoList,
    /// It is on the list of this moment.
    Revoked {
        /// Reason code of RFC 5280, 5.3.1; 0 where the list names none.
        reason: u8,
        /// When the list was made; `None` where it says so in no readable way.
        list: Option<Timestamp>,
    },
    /// It is on no list, but the newest list is too old to rely on, or dated in the future.
    Stale {
        /// Age in days, negative for the future; `None` where the day is unknown.
        days: Option<i64>,
    },
    /// It is not on the newest list.
    Good {
        /// Age of the list in days.
        days: i64,
    },
}

impl Crl {
    /// Reads a list in DER.
    ///
    /// # Errors
    ///
    /// [`TlvError`] for the first thing that is not as RFC 5280, 5.1 says.
    pub fn parse(der: &[u8]) -> Result<Self, TlvError> {
        let whole = Reader::new(der).expect(0x30, "revocation list")?;
        if whole.raw.len() != der.len() || der.len() > CRL_BYTES_MAX {
            return Err(whole.wrong("one revocation list"));
        }
        let mut reader = whole.reader();
        let signed = reader.expect(0x30, "signed part of the list")?;
        let algorithm = reader.expect(0x30, "signature algorithm")?;
        let signature = reader.expect(0x03, "signature")?;
        let mut inside = signed.reader();
        inside.optional(0x02)?;
        inside.expect(0x30, "signature algorithm")?;
        let issuer = inside.expect(0x30, "issuer")?;
        let this_update = certificate::time(&inside.any("time of this list")?);
        let next_update = match inside.peek() {
            Some(0x17 | 0x18) => certificate::time(&inside.any("time of the next list")?),
            _ => None,
        };
        let entries = inside.optional(0x30)?;
        if let Some(entries) = &entries {
            check_entries(entries)?;
        }
        let extensions = match inside.optional(0xA0)? {
            Some(list) => extensions(&list)?,
            None => Extensions::default(),
        };
        let algorithm = match SignatureAlgorithm::read(&algorithm, Digest::Sha1) {
            Ok(algorithm) => Ok(algorithm),
            Err(AlgorithmError::Unknown(oid)) => Err(oid),
            Err(AlgorithmError::Structure(problem)) => return Err(problem),
        };
        let bits = range(&signature);
        Ok(Self {
            signed: range(&signed),
            issuer: range(&issuer),
            entries: entries.map_or(0..0, |list| list.offset..list.offset + list.value.len()),
            signature: (signature.offset + 1).min(bits.end)..bits.end,
            algorithm,
            this_update,
            next_update,
            authority_key: extensions.authority_key,
            partial: extensions.unknown_critical,
            genuine: OnceLock::new(),
            der: der.to_vec(),
        })
    }

    /// The list as it stands.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// When the list was made.
    #[must_use]
    pub const fn this_update(&self) -> Option<Timestamp> {
        self.this_update
    }

    /// When the next list comes, at the latest.
    #[must_use]
    pub const fn next_update(&self) -> Option<Timestamp> {
        self.next_update
    }

    /// The issuer's country, in upper case.
    #[must_use]
    pub fn country(&self) -> Option<String> {
        certificate::country(self.issuer())
    }

    /// Whether an authority of the State that the list names has signed it: one that the store trusts,
    /// or whose key a link certificate leads to. The answer is remembered: ask one store only.
    #[must_use]
    pub fn is_genuine(&self, store: &TrustStore) -> bool {
        self.state(store).is_some()
    }

    /// The State whose authority signed the list.
    fn state(&self, store: &TrustStore) -> Option<&str> {
        let find = || {
            let mut above = store.authorities(self.authority_key.as_deref(), self.issuer());
            above.find_map(|(authority, state)| {
                let state = state?;
                let genuine =
                    is_under(self.issuer(), authority, &state) && self.is_signed_by(authority);
                genuine.then_some(state)
            })
        };
        self.genuine.get_or_init(find).as_deref()
    }

    /// Whether `issuer`'s key made the list's signature, and may.
    #[must_use]
    pub fn is_signed_by(&self, issuer: &Certificate) -> bool {
        let (Ok(algorithm), Some(key)) = (&self.algorithm, issuer.key()) else {
            return false;
        };
        let signed = &self.der[self.signed.clone()];
        let signature = &self.der[self.signature.clone()];
        issuer.allows(Usage::CrlSign)
            && algorithm
                .verify(&key.key, signed, signature)
                .is_ok_and(|verified| verified.is_some())
    }

    /// Reason code for the certificate with this serial number, if it is revoked.
    #[must_use]
    pub fn reason(&self, serial: &[u8]) -> Option<u8> {
        let mut entries = Reader::new(&self.der[self.entries.clone()]);
        while let Ok(entry) = entries.expect(0x30, "entry") {
            let mut parts = entry.reader();
            let number = parts.expect(0x02, "serial number").ok()?;
            if significant(number.value) == significant(serial) {
                let reason = reason_code(&mut parts).ok().flatten().unwrap_or(0);
                // `removeFromCRL` takes a suspension back.
                return (reason != 8).then_some(reason);
            }
        }
        None
    }

    fn issuer(&self) -> &[u8] {
        &self.der[self.issuer.clone()]
    }
}

/// A list that is cut inside would let revoked certificates pass.
fn check_entries(entries: &Tlv<'_>) -> Result<(), TlvError> {
    let mut reader = entries.reader();
    while !reader.is_empty() {
        let mut entry = reader.expect(0x30, "revoked certificate")?.reader();
        entry.expect(0x02, "serial number")?;
    }
    Ok(())
}

/// What a list's extensions say.
#[derive(Default)]
struct Extensions {
    authority_key: Option<Vec<u8>>,
    unknown_critical: bool,
}

/// Reads the extensions of RFC 5280, 5.2 that a list of a CSCA has (Doc 9303-12, 7.1.4). What remains
/// changes what the list covers: a delta, one of some reasons or kinds of certificates, one for others.
fn extensions(list: &Tlv<'_>) -> Result<Extensions, TlvError> {
    let mut found = Extensions::default();
    let list = list.reader().expect(0x30, "extensions")?.reader();
    each_extension(list, |extension| {
        match extension.kind {
            [0x55, 0x1D, 35] => {
                let mut names = extension.value.reader();
                let mut names = names.expect(0x30, "authority key identifier")?.reader();
                found.authority_key = names.optional(0x80)?.map(|key| key.value.to_vec());
            }
            // Number of the list, other names of the issuer.
            [0x55, 0x1D, 18 | 20] => {}
            // A list that covers a part says so critically; one that forgets to is one all the same.
            [0x55, 0x1D, 27 | 28] => found.unknown_critical = true,
            _ => found.unknown_critical |= extension.critical,
        }
        Ok(())
    })?;
    Ok(found)
}

fn reason_code(entry: &mut Reader<'_>) -> Result<Option<u8>, TlvError> {
    let mut found = None;
    entry.any("time of revocation")?;
    let Some(list) = entry.optional(0x30)? else {
        return Ok(None);
    };
    each_extension(list.reader(), |extension| {
        if extension.kind == [0x55, 0x1D, 21] {
            let reason = extension.value.reader().expect(0x0A, "reason")?;
            found = reason.value.first().copied();
        }
        Ok(())
    })?;
    Ok(found)
}

impl core::fmt::Debug for Crl {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let country = self.country();
        write!(f, "Crl({})", country.as_deref().unwrap_or("no country"))
    }
}

impl PartialEq for Crl {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

/// What the lists of `store` say about `certificate`. One list covers all keys of an authority
/// (Doc 9303-12, 2), so it is found by the issuer's name.
pub(super) fn status(
    store: &TrustStore,
    certificate: &Certificate,
    today: Option<Timestamp>,
) -> Status {
    let issuer = certificate::canonical(certificate.issuer());
    let of_issuer = store.crls.iter().filter(|list| {
        certificate::canonical(list.issuer()) == issuer
            || certificate.extensions.authority_key.is_some()
                && list.authority_key == certificate.extensions.authority_key
    });
    // A key identifier is whatever its writer likes: the list is of the certificate's own State.
    let state = state_of(certificate);
    let genuine: Vec<&Crl> = of_issuer
        .filter(|list| {
            list.state(store)
                .is_some_and(|of| state.as_deref() == Some(of))
        })
        .collect();
    // Whoever was ever revoked stays revoked, whichever list says so: a partial one, too, or one that
    // does not say when it was made.
    for list in &genuine {
        if let Some(reason) = list.reason(certificate.serial()) {
            let list = list.this_update;
            return Status::Revoked { reason, list };
        }
    }
    // That somebody is not revoked, a whole list says that has a date.
    let mut dated: Vec<_> = genuine
        .iter()
        .filter(|list| !list.partial)
        .filter_map(|list| Some((list.this_update?, list)))
        .collect();
    dated.sort_unstable_by_key(|(at, _)| *at);
    let Some((last, _)) = dated.last() else {
        return Status::NoList;
    };
    let Some(today) = today else {
        return Status::Stale { days: None };
    };
    // The day of inspection ends up to 36 hours after it begins in UTC.
    let end = today.checked_add(36.hours()).unwrap_or(Timestamp::MAX);
    let Some((newest, list)) = dated.iter().rfind(|(at, _)| *at <= end) else {
        let days = (last.duration_since(today).as_hours() / 24).max(1);
        return Status::Stale { days: Some(-days) };
    };
    let days = today.duration_since(*newest).as_hours() / 24;
    let expired = list.next_update.is_some_and(|next| next < today);
    if expired || days > i64::from(store.freshness.revocation_list) {
        return Status::Stale { days: Some(days) };
    }
    Status::Good { days: days.max(0) }
}
