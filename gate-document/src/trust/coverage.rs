//! Of which countries a gate can judge documents, and how well.

use super::{SourceKind, TrustStore};
use crate::country;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;
use std::collections::BTreeMap;

/// What the store has for one country.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// Trusted certificates.
    pub authorities: usize,
    /// Of them, valid on the day of the report.
    pub valid: usize,
    /// Of them, handed over by the country itself.
    pub bilateral: usize,
    /// Newest source of a certificate.
    pub as_of: Option<Date>,
    /// Days since the newest revocation list; none where there is none that its issuer signed.
    pub revocation_list_days: Option<i64>,
    /// The next revocation list is overdue.
    pub revocation_list_overdue: bool,
}

impl Coverage {
    /// Documents of the country cannot be judged.
    #[must_use]
    pub const fn is_missing(&self) -> bool {
        self.valid == 0
    }
}

/// Coverage on the day `today` of every country in the store, and of those `expected`, which may be
/// absent from it: codes of two letters, or of three as in the zone.
#[must_use]
pub fn report(store: &TrustStore, expected: &[&str], today: Date) -> BTreeMap<String, Coverage> {
    let mut countries: BTreeMap<String, Coverage> = expected
        .iter()
        .map(|code| {
            let code = country::alpha2(code).unwrap_or(code);
            (code.to_ascii_uppercase(), Coverage::default())
        })
        .collect();
    let noon = TimeZone::UTC.to_timestamp(today.at(12, 0, 0, 0)).ok();
    for anchor in store.anchors() {
        let code = anchor.country().unwrap_or_default();
        let row = countries.entry(code).or_default();
        row.authorities += 1;
        let valid = noon.and_then(|noon| anchor.certificate.was_valid(noon));
        row.valid += usize::from(valid == Some(true));
        row.bilateral += usize::from(anchor.source.kind == SourceKind::Bilateral);
        row.as_of = row.as_of.max(anchor.source.as_of);
    }
    for list in store.crls().iter().filter(|list| list.is_genuine(store)) {
        let (Some(code), Some(made), Some(noon)) = (list.country(), list.this_update(), noon)
        else {
            continue;
        };
        let row = countries.entry(code).or_default();
        let days = noon.duration_since(made).as_hours() / 24;
        if row.revocation_list_days.is_none_or(|known| days < known) {
            row.revocation_list_days = Some(days);
            row.revocation_list_overdue = list.next_update().is_some_and(|next| next < noon);
        }
    }
    countries
}
