//! From a signer to an authority, over link certificates.

use super::*;

#[test]
fn a_signer_below_a_link_certificate_is_trusted_over_the_older_key() {
    let older = authority(p256(), CSCA, None);
    let newer = authority(p256(), CSCA, None);
    let link = authority(newer.key.clone(), CSCA, Some(&older));
    let stranger = authority(p256(), CSCA, None);
    let forged = authority(newer.key.clone(), CSCA, Some(&stranger));
    let no_authority = authority(
        newer.key.clone(),
        Terms {
            for_certificates: false,
            for_signatures: true,
            ..CSCA
        },
        Some(&older),
    );
    let signer = authority(p256(), SIGNER, Some(&newer));
    let issuer = SodIssuer::new(&signer);
    for (name, links, expected, reason) in [
        (
            "no link",
            vec![],
            Outcome::Failed,
            "signed by none of 1 CSCA certificates of UT",
        ),
        (
            "link",
            vec![&link],
            Outcome::Passed,
            "over 1 link certificates",
        ),
        (
            "forged link",
            vec![&forged],
            Outcome::Failed,
            "signed by none of 3 CSCA certificates of UT",
        ),
        (
            "link without a right",
            vec![&no_authority],
            Outcome::Failed,
            "signed by none of 1 CSCA certificates of UT",
        ),
    ] {
        let links = links.into_iter().map(read).collect();
        let store = store_of(&[&older]).with_links(links);
        let trust = finding(&store, &issuer, Check::SignerTrust);
        assert_eq!(
            (trust.outcome, trust.reason.as_str()),
            (expected, reason),
            "{name}"
        );
    }
    // Where the link itself is in a master list, it is an anchor.
    let trust = finding(&store_of(&[&link]), &issuer, Check::SignerTrust);
    assert_eq!(
        (trust.outcome, trust.reason.as_str()),
        (Outcome::Passed, "")
    );
}

#[test]
fn a_chain_of_links_ends() {
    // Ten keys, each vouching for the next, and the first one vouched for by the last.
    let keys: Vec<_> = (0..10).map(|_| authority(p256(), CSCA, None)).collect();
    let links = (0..10).map(|index| {
        let below = &keys[(index + 1) % 10];
        read(&authority(below.key.clone(), CSCA, Some(&keys[index])))
    });
    let stranger = authority(p256(), CSCA, None);
    let store = store_of(&[&stranger]).with_links(links.collect());
    let signer = authority(p256(), SIGNER, Some(&keys[0]));
    let trust = finding(&store, &SodIssuer::new(&signer), Check::SignerTrust);
    assert_eq!(trust.outcome, Outcome::Failed);
}
