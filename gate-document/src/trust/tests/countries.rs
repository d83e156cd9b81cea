//! For which State an authority speaks.

use super::*;

/// An authority's key under the name and the key identifier of `victim`: what a rogue authority writes
/// into the certificates that it signs.
fn in_the_name_of(rogue: &Authority, victim: &Authority) -> Authority {
    Authority {
        key: rogue.key.clone(),
        certificate: victim.certificate.clone(),
    }
}

const LAOS: Terms = Terms {
    country: "LA",
    ..CSCA
};

#[test]
fn an_authority_signs_for_its_own_country_alone() {
    let victim = authority(p256(), CSCA, None);
    let rogue = authority(p256(), LAOS, None);
    let with_key_of_victim = authority(rogue.key.clone(), LAOS, Some(&victim));
    // Signers that call themselves Utopian, below the name of Laos, and below that of Utopia.
    let own_name = authority(p256(), SIGNER, Some(&rogue));
    let lender = in_the_name_of(&rogue, &victim);
    let victims_name = authority(p256(), SIGNER, Some(&lender));
    let laotian = Terms {
        for_certificates: false,
        for_signatures: true,
        ..LAOS
    };
    let honest = authority(p256(), laotian, Some(&rogue));
    let victims_issuer = authority(p256(), laotian, Some(&lender));
    let crossing = read(&authority(rogue.key.clone(), CSCA, Some(&victim)));
    let refused = "a certificate of UT is signed by a CSCA of LA";
    for (name, signer, links, expected) in [
        ("subject alone", &own_name, vec![], Err(refused)),
        // The key identifier leads to the victim, which has not signed it.
        (
            "name and key identifier",
            &victims_name,
            vec![],
            Err("signed by none of 1 CSCA certificates of UT"),
        ),
        ("honest", &honest, vec![], Ok(0)),
        (
            "issuer's name alone",
            &victims_issuer,
            vec![],
            Err("signed by none of 1 CSCA certificates of UT"),
        ),
        // A link that takes a key from one country into the other is none.
        (
            "link from Utopia to Laos",
            &honest,
            vec![read(&with_key_of_victim)],
            Ok(0),
        ),
        (
            "link of Utopia to that key",
            &own_name,
            vec![crossing],
            Err(refused),
        ),
    ] {
        let store = store_of(&[&victim, &rogue]).with_links(links);
        let at = Timestamp::from_second(FROM + 1).unwrap();
        let found = store.chain(&read(signer), at);
        let found = found.map(|chain| chain.links).map_err(|it| it.to_string());
        assert_eq!(found, expected.map_err(str::to_owned), "{name}");
    }
    let over_link = store_of(&[&victim]).with_links(vec![read(&with_key_of_victim)]);
    let at = Timestamp::from_second(FROM + 1).unwrap();
    assert_eq!(
        over_link.chain(&read(&honest), at).unwrap_err().to_string(),
        "a certificate of LA is signed by a CSCA of UT"
    );
    let trust = finding(
        &store_of(&[&victim, &rogue]),
        &SodIssuer::new(&own_name),
        Check::SignerTrust,
    );
    assert_eq!(
        (trust.outcome, trust.reason.as_str()),
        (Outcome::Failed, refused)
    );
}

#[test]
fn a_key_identifier_leads_to_the_key_and_not_to_the_country() {
    // The rogue authority's own key identifier below the victim's name.
    let rogue = authority(p256(), LAOS, None);
    let victim = authority(p256(), CSCA, None);
    let namesake = authority(rogue.key.clone(), CSCA, None);
    let signer = authority(p256(), SIGNER, Some(&namesake));
    let at = Timestamp::from_second(FROM + 1).unwrap();
    let store = store_of(&[&victim, &rogue]);
    assert_eq!(
        store.chain(&read(&signer), at).unwrap_err(),
        ChainError::Country {
            signed: "UT".to_owned(),
            authority: "LA".to_owned()
        }
    );
    // Nor does such an authority speak about the victim's signers in a revocation list.
    let genuine = authority(p256(), SIGNER, Some(&victim));
    let lists: Vec<Crl> = [&namesake, &in_the_name_of(&rogue, &victim)]
        .map(|by| Crl::parse(&make_crl(by, &[], "261101000000Z", None)).unwrap())
        .to_vec();
    let store = store_of(&[&victim, &rogue]).with_crls(lists);
    let today = jiff::tz::TimeZone::UTC
        .to_timestamp(TODAY.at(0, 0, 0, 0))
        .unwrap();
    for signer in [&genuine, &signer] {
        let status = store.revocation(&read(signer), Some(today));
        assert_eq!(status, crl::Status::NoList);
    }
}

#[test]
fn a_country_has_one_name_and_whoever_has_none_must_be_handed_over() {
    let at = Timestamp::from_second(FROM + 1).unwrap();
    for (above, below, agree) in [
        ("UT", "ut", true),
        ("GB", "UK", true),
        ("XK", "KS", true),
        ("UN", "UN", true),
        ("EU", "DE", false),
        ("DE", "EU", false),
        ("UT", "", false),
        ("", "SM", false),
    ] {
        let csca = authority(
            p256(),
            Terms {
                country: above,
                ..CSCA
            },
            None,
        );
        let signer = authority(
            p256(),
            Terms {
                country: below,
                ..SIGNER
            },
            Some(&csca),
        );
        // An issuer that names a country speaks for a signer that names none.
        let agree = agree || below.is_empty();
        let chain = store_of(&[&csca]).chain(&read(&signer), at).is_ok();
        assert_eq!(chain, agree, "{above} {below}");
        if above.is_empty() {
            let der = csca.certificate.to_der().unwrap();
            let found = read(&csca).fingerprint();
            let take = |country| {
                let taken = HandOver {
                    certificate: &der,
                    country,
                    received: date(2026, 10, 1),
                    fingerprints: [found; 2],
                };
                TrustStore::of(vec![taken.import().unwrap()])
            };
            assert!(take("SM").chain(&read(&signer), at).is_ok());
            assert!(take("LA").chain(&read(&signer), at).is_err());
        }
    }
}
