mod age;
mod countries;
mod directory;
mod hand_over;
mod known_defects;
mod links;
mod master_lists;
mod preview;
mod revocation;
mod signers;
mod uncovered;
mod versions;

use super::bilateral::{BilateralError, HandOver};
use super::bundle::{BundleError, BundleKey, BundleSigner, Contents};
use super::coverage;
use super::difference::Difference;
use super::ldif::{Directory, LdifError};
use super::master_list::{Doubt, MasterList, MasterListError};
use super::*;
use crate::inspect::{inspect, inspect_without_portrait};
use crate::test_issuer::{
    Authority, CSCA, FROM, SIGNER, SodIssuer, Terms, UNTIL, ZONE, authority, crl as make_crl,
    crl_with, files, master_list, p256, signed_data,
};
use crate::{Check, Finding, Mrz, Outcome};
use hex_literal::hex;
use jiff::civil::date;
use proptest::prelude::*;

const TODAY: Date = date(2026, 11, 22);

fn read(of: &Authority) -> Certificate {
    Certificate::parse(&of.certificate.to_der().unwrap()).unwrap()
}

fn anchor(of: &Authority, kind: SourceKind, as_of: Option<Date>) -> Anchor {
    Anchor {
        certificate: read(of),
        source: Source {
            kind,
            from: "UT".to_owned(),
            as_of,
        },
    }
}

fn store_of(authorities: &[&Authority]) -> TrustStore {
    let anchors = authorities
        .iter()
        .map(|of| anchor(of, SourceKind::MasterList, Some(date(2026, 11, 1))));
    TrustStore::of(anchors.collect())
}

fn finding(store: &TrustStore, issuer: &SodIssuer<'_>, check: Check) -> Finding {
    let printed = Mrz::parse(ZONE).unwrap();
    let findings = inspect_without_portrait(&printed, &files(issuer), store, Some(TODAY));
    findings
        .into_iter()
        .find(|found| found.check == check)
        .unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_are_imported_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = (Certificate::parse(&bytes), Crl::parse(&bytes), Directory::parse(&bytes));
        let _ = MasterList::import(&bytes, &[], TODAY);
        let sequence = crate::test_issuer::object(0x30, &[&bytes]);
        let _ = (Certificate::parse(&sequence), Crl::parse(&sequence));
        let _ = Defects::parse(&String::from_utf8_lossy(&bytes));
    }
}
