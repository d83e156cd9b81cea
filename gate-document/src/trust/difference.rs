//! What a new bundle would change, for whoever has to agree to it.

use super::TrustStore;
use crate::certificate::Fingerprint;
use core::fmt;
use std::collections::{BTreeMap, BTreeSet};

/// What changes from one store to another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Versions before and after.
    pub versions: (Option<u64>, Option<u64>),
    /// Authorities added and removed, by country.
    pub countries: BTreeMap<String, Changed>,
    /// Revocation lists before and after.
    pub crls: (usize, usize),
    /// Defects before and after.
    pub defects: (usize, usize),
    /// Authorities before and after.
    pub authorities: (usize, usize),
}

/// Authorities of one country.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// Only in the new store.
    pub added: usize,
    /// Only in the old one.
    pub removed: usize,
    /// In both.
    pub kept: usize,
}

impl Difference {
    /// Compares two stores.
    #[must_use]
    pub fn between(old: &TrustStore, new: &TrustStore) -> Self {
        let known = |store: &TrustStore| -> BTreeMap<Fingerprint, String> {
            let anchors = store.anchors().iter();
            anchors
                .map(|anchor| {
                    let country = anchor.certificate.country().unwrap_or_default();
                    (anchor.certificate.fingerprint(), country)
                })
                .collect()
        };
        let (before, after) = (known(old), known(new));
        let mut countries: BTreeMap<String, Changed> = BTreeMap::new();
        let all: BTreeSet<_> = before.iter().chain(&after).collect();
        for (fingerprint, country) in all {
            let row = countries.entry(country.clone()).or_default();
            match (
                before.contains_key(fingerprint),
                after.contains_key(fingerprint),
            ) {
                (true, true) => row.kept += 1,
                (true, false) => row.removed += 1,
                _ => row.added += 1,
            }
        }
        countries.retain(|_, row| row.added + row.removed > 0);
        Self {
            versions: (old.version(), new.version()),
            countries,
            crls: (old.crls().len(), new.crls().len()),
            defects: (old.defects().entries().len(), new.defects().entries().len()),
            authorities: (before.len(), after.len()),
        }
    }

    /// Countries that lose their last authority.
    pub fn lost(&self) -> impl Iterator<Item = &str> {
        self.countries
            .iter()
            .filter(|(_, row)| row.removed > 0 && row.added + row.kept == 0)
            .map(|(country, _)| country.as_str())
    }

    /// More than a quarter of all authorities goes, or a country loses its last one: rather a cut
    /// file than a decision.
    #[must_use]
    pub fn is_suspicious(&self) -> bool {
        let (before, _) = self.authorities;
        let removed: usize = self.countries.values().map(|row| row.removed).sum();
        removed * 4 > before || self.lost().next().is_some()
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let version = |version: Option<u64>| version.map_or("none".to_owned(), |it| it.to_string());
        let (old, new) = self.versions;
        write!(f, "version {} to {}", version(old), version(new))?;
        let name = |country: &str| match country {
            "" => "no country".to_owned(),
            country => country.to_owned(),
        };
        let certificates = |count: usize| match count {
            1 => "1 CSCA".to_owned(),
            count => format!("{count} CSCAs"),
        };
        for (country, row) in &self.countries {
            for (verb, count) in [("removes", row.removed), ("adds", row.added)] {
                if count > 0 {
                    write!(f, "\n{verb} {} of {}", certificates(count), name(country))?;
                }
            }
            if row.removed > 0 && row.added + row.kept == 0 {
                write!(f, "\n{} is left without any", name(country))?;
            }
        }
        let (old, new) = self.crls;
        if old != new {
            write!(f, "\nrevocation lists: {old} to {new}")?;
        }
        let (old, new) = self.defects;
        if old != new {
            write!(f, "\nknown defects: {old} to {new}")?;
        }
        Ok(())
    }
}
