//! Certificates of country signing authorities as States have really published them: no two issuers
//! keep to the same rules. Needs the folder that `cargo xtask models` fills: `GATE_MODELS` names it;
//! without it the test says so and passes over.

#![expect(clippy::unwrap_used, reason = "a test must be able to fail")]

use data_encoding::BASE64;
use gate_document::certificate::Certificate;
use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::Path;

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

#[test]
fn every_published_certificate_is_read_and_its_signature_found_good() {
    let Some(folder) = env::var_os("GATE_MODELS") else {
        // Nothing may be passed over in the whole check.
        assert!(env::var_os("GATE_ALL").is_none(), "GATE_MODELS is not set");
        println!("passed over: GATE_MODELS is not set, run `cargo xtask test`");
        return;
    };
    let text = fs::read_to_string(Path::new(&folder).join("certificates/csca.js")).unwrap();
    let certificates: Vec<Certificate> = published(&text)
        .iter()
        .map(|der| Certificate::parse(der).unwrap())
        .collect();
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
