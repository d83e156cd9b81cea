//! Revocation, and the age of lists.

use super::*;

#[test]
fn revocation_is_judged_with_the_age_of_the_list() {
    let csca = authority(p256(), CSCA, None);
    let impostor = authority(p256(), CSCA, None);
    let signer = authority(p256(), SIGNER, Some(&csca));
    let issuer = SodIssuer::new(&signer);
    let serial: &[u8] = &[0x80, 0x01];
    use Outcome::{Failed, NotDone, Passed};
    for (name, by, revoked, made, next, expected, reason) in [
        (
            "fresh",
            &csca,
            vec![],
            "261101000000Z",
            Some("270101000000Z"),
            Passed,
            "revocation list of 21 days",
        ),
        (
            "another is revoked",
            &csca,
            vec![(&[7_u8][..], None)],
            "261101000000Z",
            None,
            Passed,
            "revocation list of 21 days",
        ),
        (
            "revoked",
            &csca,
            vec![(serial, Some(1))],
            "261101000000Z",
            None,
            Failed,
            "the document signer certificate is revoked, reason 1",
        ),
        (
            "revoked without a reason",
            &csca,
            vec![(serial, None)],
            "261101000000Z",
            None,
            Failed,
            "the document signer certificate is revoked, reason 0",
        ),
        (
            "revoked on an old list",
            &csca,
            vec![(serial, Some(1))],
            "250901000000Z",
            Some("251001000000Z"),
            Failed,
            "the document signer certificate is revoked, reason 1",
        ),
        (
            "taken back",
            &csca,
            vec![(serial, Some(8))],
            "261101000000Z",
            None,
            Passed,
            "revocation list of 21 days",
        ),
        (
            "overdue",
            &csca,
            vec![],
            "261101000000Z",
            Some("261115000000Z"),
            NotDone,
            "the revocation list of UT is 21 days old",
        ),
        (
            "without a next one, and old",
            &csca,
            vec![],
            "260601000000Z",
            None,
            NotDone,
            "the revocation list of UT is 174 days old",
        ),
        (
            "forged",
            &impostor,
            vec![(serial, Some(1))],
            "261101000000Z",
            None,
            NotDone,
            "no revocation list of UT",
        ),
    ] {
        let list = Crl::parse(&make_crl(by, &revoked, made, next)).unwrap();
        let store = store_of(&[&csca]).with_crls(vec![list]);
        let found = finding(&store, &issuer, Check::Revocation);
        assert_eq!(
            (found.outcome, found.reason.as_str()),
            (expected, reason),
            "{name}"
        );
    }
    let cut = make_crl(&csca, &[(serial, Some(1))], "261101000000Z", None);
    assert!(Crl::parse(&cut[..cut.len() - 1]).is_err());
    // Without a day, no list is fresh; a revoked signer is revoked all the same.
    let list = |revoked: &[(&[u8], Option<u8>)]| {
        vec![Crl::parse(&make_crl(&csca, revoked, "261101000000Z", None)).unwrap()]
    };
    let status = |store: TrustStore| store.revocation(&read(&signer), None);
    assert_eq!(
        status(store_of(&[&csca]).with_crls(list(&[]))),
        crl::Status::Stale { days: None }
    );
    assert!(matches!(
        status(store_of(&[&csca]).with_crls(list(&[(serial, None)]))),
        crl::Status::Revoked { reason: 0, .. }
    ));
}

#[test]
fn only_a_whole_list_with_a_date_says_that_nobody_is_revoked() {
    let csca = authority(p256(), CSCA, None);
    let signer = authority(p256(), SIGNER, Some(&csca));
    let serial: &[u8] = &[0x80, 0x01];
    let today = jiff::tz::TimeZone::UTC
        .to_timestamp(TODAY.at(0, 0, 0, 0))
        .unwrap();
    // deltaCRLIndicator 1, an empty issuingDistributionPoint, an unknown one; the number of the list.
    let delta = hex!("300D 0603551D1B 0101FF 0403 020101");
    let quiet_delta = hex!("300A 0603551D1B 0403 020101");
    let part = hex!("300C 0603551D1C 0101FF 0402 3000");
    let unknown = hex!("300B 06022A03 0101FF 0402 0500");
    let harmless = hex!("3008 06022A03 0402 0500");
    let number = hex!("300D 0603551D14 0101FF 0403 020101");
    let (november, soon) = ("261101000000Z", Some("270101000000Z"));
    let list = |revoked: &[(&[u8], Option<u8>)], made, extensions: &[&[u8]]| {
        Crl::parse(&crl_with(&csca, revoked, made, soon, extensions)).unwrap()
    };
    let of = |lists: Vec<Crl>| {
        let store = store_of(&[&csca]).with_crls(lists);
        store.revocation(&read(&signer), Some(today))
    };
    let whole = || list(&[], november, &[]);
    for (name, extension) in [
        ("delta", &delta[..]),
        ("delta that is not critical", &quiet_delta),
        ("part", &part),
        ("unknown", &unknown),
    ] {
        let partial =
            |revoked: &[(&[u8], Option<u8>)]| list(revoked, "261120000000Z", &[extension]);
        assert_eq!(of(vec![partial(&[])]), crl::Status::NoList, "{name}");
        let good = crl::Status::Good { days: 21 };
        assert_eq!(of(vec![partial(&[]), whole()]), good, "{name}");
        let revoked = of(vec![whole(), partial(&[(serial, Some(1))])]);
        assert!(
            matches!(revoked, crl::Status::Revoked { reason: 1, .. }),
            "{name}: {revoked:?}"
        );
    }
    for extension in [&harmless[..], &number] {
        let list = list(&[], november, &[extension]);
        assert_eq!(of(vec![list]), crl::Status::Good { days: 21 });
    }
    // A list that does not say when it was made hides nobody, and clears nobody.
    let undated = |revoked: &[(&[u8], Option<u8>)]| list(revoked, "2611010000", &[]);
    let revoked = crl::Status::Revoked {
        reason: 1,
        list: None,
    };
    assert_eq!(of(vec![whole(), undated(&[(serial, Some(1))])]), revoked);
    assert_eq!(of(vec![undated(&[])]), crl::Status::NoList);
    // Nor does one of next week.
    let future = || list(&[], "261129000000Z", &[]);
    let stale = crl::Status::Stale { days: Some(-7) };
    assert_eq!(of(vec![future()]), stale);
    assert_eq!(of(vec![future(), whole()]), crl::Status::Good { days: 21 });
    let store = store_of(&[&csca]).with_crls(vec![future()]);
    let found = finding(&store, &SodIssuer::new(&signer), Check::Revocation);
    assert_eq!(
        (found.outcome, found.reason.as_str()),
        (
            Outcome::NotDone,
            "the revocation list of UT is dated in the future"
        )
    );
}

#[test]
fn what_stands_above_a_signer_is_looked_up_as_well() {
    let older = authority(p256(), CSCA, None);
    let newer = authority(p256(), CSCA, None);
    // The number of a link is that of a signer in these tests, 8001; an authority's is 1.
    let link = authority(newer.key.clone(), CSCA, Some(&older));
    let signer = authority(p256(), SIGNER, Some(&newer));
    let signer = Authority {
        certificate: renumbered(&signer, &newer),
        key: signer.key,
    };
    let list = |by: &Authority, serial: &[u8]| {
        Crl::parse(&make_crl(by, &[(serial, None)], "261101000000Z", None)).unwrap()
    };
    let linked = store_of(&[&older]).with_links(vec![read(&link)]);
    for (name, store, lists, expected) in [
        (
            "link",
            &linked,
            vec![list(&older, &[0x80, 0x01])],
            (Outcome::Failed, "the CSCA link certificate is revoked"),
        ),
        (
            "authority",
            &linked,
            vec![list(&older, &[1])],
            (Outcome::Failed, "the CSCA certificate is revoked"),
        ),
        // The newer key is known through the link alone, and its list counts.
        (
            "list of the newer key",
            &linked,
            vec![list(&newer, &[7])],
            (Outcome::Passed, "revocation list of 21 days"),
        ),
        (
            "list of a key without a link",
            &store_of(&[&older]),
            vec![list(&newer, &[7])],
            (Outcome::NotDone, "the signer is not trusted"),
        ),
    ] {
        let store = store.clone().with_crls(lists);
        let found = finding(&store, &SodIssuer::new(&signer), Check::Revocation);
        assert_eq!((found.outcome, found.reason.as_str()), expected, "{name}");
    }
}

/// The certificate of `signer` by `issuer` with another serial number.
fn renumbered(signer: &Authority, issuer: &Authority) -> openssl::x509::X509 {
    let old = &signer.certificate;
    let mut new = openssl::x509::X509::builder().unwrap();
    new.set_version(2).unwrap();
    let serial = openssl::bn::BigNum::from_u32(0x9002).unwrap();
    let serial = openssl::asn1::Asn1Integer::from_bn(&serial).unwrap();
    new.set_serial_number(&serial).unwrap();
    new.set_subject_name(old.subject_name()).unwrap();
    new.set_issuer_name(old.issuer_name()).unwrap();
    new.set_not_before(old.not_before()).unwrap();
    new.set_not_after(old.not_after()).unwrap();
    new.set_pubkey(&signer.key).unwrap();
    let digest = openssl::hash::MessageDigest::sha256();
    new.sign(&issuer.key, digest).unwrap();
    new.build()
}
