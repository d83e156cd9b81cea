//! Certificates of country signing authorities, and a master list of them, as States have really
//! published them: no two issuers keep to the same rules. Needs the folder that `cargo xtask models` fills: `GATE_MODELS` names it;
//! without it the test says so and passes over.

#![expect(clippy::unwrap_used, reason = "a test must be able to fail")]

use data_encoding::BASE64;
use gate_document::certificate::Certificate;
use gate_document::tlv::Reader;
use gate_document::trust::master_list::{Doubt, MasterList, MasterListError};
use jiff::civil::date;
use openssl::cms::{CMSOptions, CmsContentInfo};
use openssl::x509::X509;
use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// The text holds one certificate in Base64 between each two backticks.
fn published(text: &str) -> Vec<Vec<u8>> {
    let certificates: BTreeSet<Vec<u8>> = text
        .split('`')
        .skip(1)
        .step_by(2)
        .map(|base64| {
            let characters: Vec<u8> = base64.bytes().filter(u8::is_ascii_graphic).collect();
            BASE64.decode(&characters).unwrap()
        })
        .collect();
    certificates.into_iter().collect()
}

/// The folder with what was published. `None` where the test is passed over.
fn folder() -> Option<PathBuf> {
    let Some(folder) = env::var_os("GATE_MODELS") else {
        // Nothing may be passed over in the whole check.
        assert!(env::var_os("GATE_ALL").is_none(), "GATE_MODELS is not set");
        println!("passed over: GATE_MODELS is not set, run `cargo xtask test`");
        return None;
    };
    Some(PathBuf::from(folder).join("certificates"))
}

/// The certificates of one collection, which is not Germany's.
fn collection(folder: &Path) -> Vec<Certificate> {
    let text = fs::read_to_string(folder.join("csca.js")).unwrap();
    let published = published(&text);
    let read = published.iter().map(|der| Certificate::parse(der).unwrap());
    read.collect()
}

/// Every certificate of a master list, read by OpenSSL.
fn listed(list: &[u8]) -> Vec<X509> {
    let mut list = CmsContentInfo::from_der(list).unwrap();
    let mut content = Vec::new();
    let flags = CMSOptions::NO_SIGNER_CERT_VERIFY;
    list.verify(None, None, None, Some(&mut content), flags)
        .unwrap();
    let mut content = Reader::new(&content)
        .expect(0x30, "a list")
        .unwrap()
        .reader();
    content.expect(0x02, "version").unwrap();
    let mut all = content.expect(0x31, "certificates").unwrap().reader();
    let mut certificates = Vec::new();
    while !all.is_empty() {
        let der = all.expect(0x30, "a certificate").unwrap().raw;
        certificates.push(X509::from_der(der).unwrap());
    }
    certificates
}

#[test]
fn every_published_certificate_is_read_and_its_signature_found_good() {
    let Some(folder) = folder() else {
        return;
    };
    let certificates = collection(&folder);
    assert_eq!(certificates.len(), 551);

    let by_itself = |certificate: &Certificate| certificate.is_signed_by(certificate);
    let by_another = |certificate: &Certificate| {
        certificates
            .iter()
            .filter(|other| other.country() == certificate.country())
            .any(|other| certificate.is_signed_by(other))
    };
    let (own, linked): (Vec<_>, Vec<_>) = certificates.iter().partition(|one| by_itself(one));
    let without: BTreeSet<_> = linked
        .iter()
        .filter(|one| !by_another(one))
        .filter_map(|one| one.country())
        .collect();
    assert_eq!((own.len(), linked.len()), (335, 216));
    // Bermuda's is signed by the United Kingdom's; the issuers of the others are not among them.
    assert_eq!(without.iter().collect::<Vec<_>>(), ["BM", "CI", "MA"]);

    // San Marino's says no country; every other is found by its own.
    let nowhere: Vec<_> = certificates
        .iter()
        .filter(|one| one.country().is_none())
        .map(|one| one.common_name().unwrap())
        .collect();
    assert_eq!(nowhere, ["RSM-CSCA"]);
}

#[test]
fn a_published_master_list_is_believed_up_to_an_authority_that_came_another_way() {
    let Some(folder) = folder() else {
        return;
    };
    let list = fs::read(folder.join("germany-2024-04-10.ml")).unwrap();
    let known = collection(&folder);
    let of = |country: &str| -> Vec<Certificate> {
        let all = known.iter().cloned();
        all.filter(|one| one.country().as_deref() == Some(country))
            .collect()
    };
    let day = date(2024, 4, 11);
    let taken = MasterList::import(&list, &of("DE"), day).unwrap();
    assert_eq!(taken.country, "DE");
    assert_eq!(taken.signed.unwrap().to_string(), "2024-04-10T08:54:13Z");
    let (own, linked): (Vec<_>, Vec<_>) = taken
        .anchors
        .iter()
        .map(|anchor| &anchor.certificate)
        .partition(|one| one.is_signed_by(one));
    assert_eq!((own.len(), linked.len()), (350, 164));
    // Two publishers of one world: three in five are in both.
    let in_both = taken.anchors.iter();
    let in_both = in_both.filter(|anchor| known.contains(&anchor.certificate));
    assert_eq!(in_both.count(), 309);
    let told = |doubt| {
        let told = taken.doubts.iter().filter(|(_, other)| *other == doubt);
        told.map(|(at, _)| *at).collect::<Vec<_>>()
    };
    // Kept on the list's word: their issuers are not in it.
    assert_eq!(told(Doubt::IssuerMissing), [9, 10, 46, 116, 295, 474]);
    // Left out: link certificates which say that they are no authority's, or may sign no certificate. Nobody
    // misses them, for each of their keys is in another certificate of the list.
    let all = listed(&list);
    let left_out = told(Doubt::NoAuthority);
    assert_eq!((all.len(), left_out.len()), (526, 12));
    assert_eq!(all.len(), taken.anchors.len() + taken.doubts.len() - 6);
    let countries: BTreeSet<_> = left_out
        .iter()
        .map(|at| {
            let link = &all[at - 1];
            let key = link.public_key().unwrap();
            assert!(!link.verify(&key).unwrap(), "no link: {at}");
            let elsewhere = (1..).zip(&all).any(|(other, certificate)| {
                let same = certificate.public_key().unwrap().public_eq(&key);
                same && !left_out.contains(&other)
            });
            assert!(elsewhere, "the only certificate of its key: {at}");
            let der = link.to_der().unwrap();
            Certificate::parse(&der).unwrap().country().unwrap()
        })
        .collect();
    assert_eq!(
        countries.iter().collect::<Vec<_>>(),
        ["BE", "CM", "IT", "LU", "PT", "TR"]
    );

    // Nobody's word counts but that of a pinned signer.
    let refused = MasterList::import(&list, &of("FR"), day);
    assert!(matches!(refused, Err(MasterListError::NotPinned { .. })));
}
