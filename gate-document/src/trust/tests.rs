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

#[test]
fn a_master_list_is_believed_only_when_its_signer_is_pinned() {
    let maker = authority(p256(), CSCA, None);
    let lists = Terms {
        for_lists: true,
        ..SIGNER
    };
    let signer = authority(p256(), lists, Some(&maker));
    let no_list_signer = authority(p256(), SIGNER, Some(&maker));
    let expired = authority(
        p256(),
        Terms {
            until: FROM + 1,
            ..lists
        },
        Some(&maker),
    );
    let one = authority(
        p256(),
        Terms {
            country: "LA",
            ..CSCA
        },
        None,
    );
    let all = [
        maker.certificate.to_der().unwrap(),
        one.certificate.to_der().unwrap(),
    ];
    let list = master_list(&signer, &all);
    let stranger = authority(p256(), CSCA, None);
    for (name, list, pinned, expected) in [
        ("signer pinned", &list, read(&signer), None),
        ("its authority pinned", &list, read(&maker), None),
        (
            "another pinned",
            &list,
            read(&stranger),
            Some("which is not pinned"),
        ),
        (
            "not for lists",
            &master_list(&no_list_signer, &all),
            read(&maker),
            Some("master list signer is not for such lists"),
        ),
        (
            "expired",
            &master_list(&expired, &all),
            read(&maker),
            Some("master list signer is not valid today"),
        ),
        (
            "another content",
            &signed_data(&signer, &crate::test_issuer::LDS, b""),
            read(&signer),
            Some("signed content is no master list"),
        ),
    ] {
        let result = MasterList::import(list, &[pinned], TODAY);
        match (result, expected) {
            (Ok(found), None) => {
                assert_eq!(found.country, "UT", "{name}");
                assert_eq!(found.anchors.len(), 2, "{name}");
                assert_eq!(found.doubts, [], "{name}");
                let source = Source {
                    kind: SourceKind::MasterList,
                    from: "UT".to_owned(),
                    as_of: Some(date(2026, 11, 1)),
                };
                assert!(found.anchors.iter().all(|anchor| anchor.source == source));
            }
            (Err(problem), Some(expected)) => {
                assert!(problem.to_string().contains(expected), "{name}: {problem}");
            }
            (result, _) => panic!("{name}: {result:?}"),
        }
    }
    let mut damaged = list.clone();
    let certificate = &all[1];
    let at = list
        .windows(certificate.len())
        .position(|window| window == certificate)
        .unwrap();
    damaged[at + certificate.len() - 1] ^= 1;
    assert!(matches!(
        MasterList::import(&damaged, &[read(&signer)], TODAY),
        Err(MasterListError::Signature(_))
    ));
}

#[test]
fn every_certificate_of_a_master_list_is_looked_at() {
    let maker = authority(p256(), CSCA, None);
    let signer = authority(
        p256(),
        Terms {
            for_lists: true,
            ..SIGNER
        },
        Some(&maker),
    );
    let older = authority(p256(), CSCA, None);
    let link = authority(maker.key.clone(), CSCA, Some(&older));
    let mut broken = authority(p256(), CSCA, None).certificate.to_der().unwrap();
    *broken.last_mut().unwrap() ^= 1;
    let list = master_list(
        &signer,
        &[
            maker.certificate.to_der().unwrap(),
            link.certificate.to_der().unwrap(),
            broken,
            signer.certificate.to_der().unwrap(),
            hex!("3000").to_vec(),
            maker.certificate.to_der().unwrap(),
        ],
    );
    let found = MasterList::import(&list, &[read(&maker)], TODAY).unwrap();
    assert_eq!(
        found.doubts,
        [
            (2, Doubt::IssuerMissing),
            (3, Doubt::WrongSignature),
            (4, Doubt::NoAuthority),
            (5, Doubt::Unreadable),
        ]
    );
    assert_eq!(found.anchors.len(), 2);
}

#[test]
fn a_bilateral_certificate_needs_two_persons_who_read_the_same() {
    let laos = authority(
        p256(),
        Terms {
            country: "LA",
            ..CSCA
        },
        None,
    );
    let der = laos.certificate.to_der().unwrap();
    let right = read(&laos).fingerprint();
    let wrong = Fingerprint([7; 32]);
    let take = |fingerprints, country, der: &[u8]| {
        HandOver {
            certificate: der,
            country,
            received: date(2026, 10, 1),
            fingerprints,
        }
        .import()
    };
    let taken = take([right, right], "la", &der).unwrap();
    assert_eq!(taken.source.kind, SourceKind::Bilateral);
    assert_eq!(taken.source.as_of, Some(date(2026, 10, 1)));
    for (fingerprints, person) in [
        ([right, wrong], 2),
        ([wrong, right], 1),
        ([wrong, wrong], 1),
    ] {
        assert_eq!(
            take(fingerprints, "LA", &der),
            Err(BilateralError::Fingerprint {
                person,
                found: right
            })
        );
    }
    assert!(matches!(
        take([right; 2], "KH", &der),
        Err(BilateralError::Country { .. })
    ));
    let signer = authority(
        p256(),
        Terms {
            country: "LA",
            ..SIGNER
        },
        Some(&laos),
    );
    let own = read(&signer).fingerprint();
    let der = signer.certificate.to_der().unwrap();
    assert!(matches!(
        take([own; 2], "LA", &der),
        Err(BilateralError::Kind(_))
    ));
    // The typed text may have colons; nothing shorter or longer is a fingerprint.
    let typed: String = right
        .to_string()
        .as_bytes()
        .chunks(2)
        .map(|pair| format!("{}:", String::from_utf8_lossy(pair)))
        .collect();
    assert_eq!(typed.to_uppercase().parse(), Ok(right));
    for bad in [
        "",
        "00",
        &right.to_string()[1..],
        &format!("{right}0"),
        "zz",
    ] {
        assert!(bad.parse::<Fingerprint>().is_err(), "{bad}");
    }
}

#[test]
fn a_signer_is_held_to_its_period_and_to_its_kinds_of_documents() {
    use Outcome::{Failed, NotDone, NotSupported, Passed};
    let csca = authority(p256(), CSCA, None);
    let store = store_of(&[&csca]);
    // EF.SOD is signed on 2025-06-01, and the zone says P.
    let year = Some(("20250101000000Z", "20251231235959Z"));
    let before = Some(("20250101000000Z", "20250531235959Z"));
    let after = Some(("20250701000000Z", "20251231235959Z"));
    let signed = Some("250601120000Z");
    for (check, key_period, document_types, signing_time, expected) in [
        (Check::KeyPeriod, year, &[][..], signed, Passed),
        (Check::KeyPeriod, before, &[], signed, Failed),
        (Check::KeyPeriod, after, &[], signed, Failed),
        (Check::KeyPeriod, year, &[], None, NotDone),
        (Check::KeyPeriod, None, &[], signed, NotSupported),
        (Check::DocumentType, None, &["P"], signed, Passed),
        (Check::DocumentType, None, &["ID", "P<"], signed, Passed),
        (Check::DocumentType, None, &["ID", "PD"], signed, Failed),
        (Check::DocumentType, None, &[], signed, NotSupported),
    ] {
        let terms = Terms {
            key_period,
            document_types,
            ..SIGNER
        };
        let signer = authority(p256(), terms, Some(&csca));
        let issuer = SodIssuer {
            signing_time,
            ..SodIssuer::new(&signer)
        };
        let found = finding(&store, &issuer, check);
        assert_eq!(
            found.outcome, expected,
            "{document_types:?}: {}",
            found.reason
        );
        // The extensions are none that anybody would call unknown.
        let trust = finding(&store, &issuer, Check::SignerTrust);
        assert_eq!(trust.outcome, Passed, "{}", trust.reason);
    }
}

#[test]
fn a_security_object_of_version_1_signs_the_version_that_ef_com_states() {
    let csca = authority(p256(), CSCA, None);
    let signer = authority(p256(), SIGNER, Some(&csca));
    let store = store_of(&[&csca]);
    for (lds_version, expected, reason) in [
        (None, Outcome::Passed, ""),
        (Some("0107"), Outcome::Passed, ""),
        (
            Some("0108"),
            Outcome::Failed,
            "EF.COM states another LDS version",
        ),
    ] {
        let issuer = SodIssuer {
            lds_version,
            ..SodIssuer::new(&signer)
        };
        let found = finding(&store, &issuer, Check::ComAgainstSod);
        assert_eq!((found.outcome, found.reason.as_str()), (expected, reason));
        let signature = finding(&store, &issuer, Check::SodSignature);
        assert_eq!(signature.outcome, Outcome::Passed, "{}", signature.reason);
    }
}

#[test]
fn trust_has_a_status_and_an_age() {
    let csca = authority(p256(), CSCA, None);
    let signer = authority(p256(), SIGNER, Some(&csca));
    let key = BundleSigner::from_secret(&[1; 32]).unwrap();
    let pinned = BundleKey::from_pem(&key.public_pem().unwrap()).unwrap();
    use Outcome::{NotDone, Passed};
    let as_of = Some(date(2026, 10, 13));
    for (kind, as_of, issued, expected, reason) in [
        (
            SourceKind::MasterList,
            as_of,
            date(2026, 11, 20),
            Passed,
            "master list of UT, 40 days old; bundle 2 days old",
        ),
        (
            SourceKind::Bilateral,
            as_of,
            date(2026, 11, 20),
            Passed,
            "handed over by UT, 40 days old; bundle 2 days old",
        ),
        (
            SourceKind::MasterList,
            Some(date(2024, 1, 1)),
            date(2026, 11, 20),
            NotDone,
            "master list of UT, 1056 days old; bundle 2 days old",
        ),
        (
            SourceKind::Bilateral,
            Some(date(2024, 1, 1)),
            date(2026, 11, 20),
            Passed,
            "handed over by UT, 1056 days old; bundle 2 days old",
        ),
        (
            SourceKind::MasterList,
            as_of,
            date(2026, 10, 13),
            NotDone,
            "master list of UT, 40 days old; bundle 40 days old",
        ),
        (
            SourceKind::MasterList,
            None,
            date(2026, 11, 20),
            NotDone,
            "master list of UT, of no known date",
        ),
        (
            SourceKind::Unstated,
            None,
            date(2026, 11, 20),
            NotDone,
            "nobody says where the CSCA certificate came from",
        ),
        (
            SourceKind::MasterList,
            as_of,
            date(2027, 1, 1),
            NotDone,
            "master list of UT, 40 days old; bundle -40 days old",
        ),
        (
            SourceKind::MasterList,
            Some(date(2026, 11, 23)),
            date(2026, 11, 20),
            NotDone,
            "master list of UT, -1 days old; bundle 2 days old",
        ),
    ] {
        let contents = Contents {
            anchors: vec![anchor(&csca, kind, as_of)],
            ..Contents::new(3, issued)
        };
        let store = TrustStore::open(&contents.sign(&key).unwrap(), &pinned).unwrap();
        let found = finding(&store, &SodIssuer::new(&signer), Check::TrustStatus);
        assert_eq!((found.outcome, found.reason.as_str()), (expected, reason));
    }
}

/// A bundle with something of everything.
fn contents() -> Contents {
    let csca = authority(p256(), CSCA, None);
    let older = authority(p256(), CSCA, None);
    let seal = authority(p256(), SIGNER, Some(&csca));
    Contents {
        anchors: vec![
            anchor(&csca, SourceKind::MasterList, Some(date(2026, 11, 1))),
            anchor(&older, SourceKind::Bilateral, None),
        ],
        links: vec![read(&authority(csca.key.clone(), CSCA, Some(&older)))],
        crls: vec![Crl::parse(&make_crl(&csca, &[], "261101000000Z", None)).unwrap()],
        document_signers: vec![read(&seal), read(&older)],
        seal_signers: vec![read(&seal)],
        defects: "[[defect]]\nid = \"a\"\nissuer = \"UTO\"\ncheck = \"portrait\"\neffect = \"note\"\nsource = \"x\"".to_owned(),
        ..Contents::new(u64::MAX, TODAY)
    }
}

#[test]
fn a_bundle_comes_back_whole_and_only_under_its_key() {
    let key = BundleSigner::from_secret(&[1; 32]).unwrap();
    let pinned = BundleKey::from_pem(&key.public_pem().unwrap()).unwrap();
    let contents = contents();
    let bundle = contents.sign(&key).unwrap();
    assert_eq!(Contents::open(&bundle, &pinned).unwrap(), contents);
    let store = TrustStore::open(&bundle, &pinned).unwrap();
    assert_eq!(
        (store.version(), store.issued()),
        (Some(u64::MAX), Some(TODAY))
    );
    let [signer] = store.seal_signers() else {
        panic!("one signer");
    };
    let at = |seconds| Timestamp::from_second(seconds).unwrap();
    assert!(store.chain(signer, at(FROM + 1)).is_ok());
    assert!(store.chain(signer, at(UNTIL + 1)).is_err());

    let other = BundleSigner::from_secret(&[2; 32]).unwrap();
    let other = BundleKey::from_pem(&other.public_pem().unwrap()).unwrap();
    assert_eq!(Contents::open(&bundle, &other), Err(BundleError::Signature));
    for at in (0..bundle.len()).step_by(7) {
        let mut damaged = bundle.clone();
        damaged[at] ^= 1;
        assert!(Contents::open(&damaged, &pinned).is_err(), "{at}");
    }
    assert!(Contents::open(&bundle[..bundle.len() - 1], &pinned).is_err());
    assert!(Contents::open(&[&bundle[..], &[0]].concat(), &pinned).is_err());
    let wrong = Contents {
        defects: "defect = 3".to_owned(),
        ..contents
    };
    assert!(matches!(wrong.sign(&key), Err(BundleError::Defects(_))));
    assert_eq!(
        BundleKey::from_pem(b"nothing").err(),
        Some(BundleError::Key)
    );
    assert!(!format!("{key:?}").contains("0101"));
}

#[test]
fn the_version_never_goes_down() {
    let store = Contents::new(4, TODAY).into_store().unwrap();
    for (present, allowed) in [
        (None, true),
        (Some(3), true),
        (Some(4), true),
        (Some(5), false),
    ] {
        assert_eq!(store.may_follow(present).is_ok(), allowed, "{present:?}");
    }
    assert_eq!(
        store.may_follow(Some(5)).unwrap_err().to_string(),
        "trust bundle of version 4, the gate has 5"
    );
}

#[test]
fn a_preview_says_what_a_bundle_takes_away() {
    let of = |country| authority(p256(), Terms { country, ..CSCA }, None);
    let germany: Vec<Authority> = (0..4).map(|_| of("DE")).collect();
    let (laos, china) = (of("LA"), of("CN"));
    let all: Vec<&Authority> = germany.iter().chain([&china]).collect();
    let old = store_of(&all);
    let new = store_of(&[&germany[0], &laos]);
    let change = Difference::between(&old, &new);
    assert_eq!(
        change.to_string(),
        "version none to none\nremoves 1 CSCA of CN\nCN is left without any\n\
         removes 3 CSCAs of DE\nadds 1 CSCA of LA"
    );
    assert!(change.is_suspicious());
    assert_eq!(change.lost().collect::<Vec<_>>(), ["CN"]);
    let same = Difference::between(&old, &old);
    assert_eq!(same.to_string(), "version none to none");
    assert!(!same.is_suspicious());
}

#[test]
fn a_report_names_the_countries_without_an_authority() {
    let csca = authority(p256(), CSCA, None);
    let expired = authority(
        p256(),
        Terms {
            until: FROM + 1,
            ..CSCA
        },
        None,
    );
    let list = Crl::parse(&make_crl(
        &csca,
        &[],
        "261101000000Z",
        Some("261115000000Z"),
    ))
    .unwrap();
    let store = TrustStore::of(vec![
        anchor(&csca, SourceKind::Bilateral, Some(date(2026, 1, 1))),
        anchor(&expired, SourceKind::MasterList, None),
    ])
    .with_crls(vec![list]);
    let report = coverage::report(&store, &["LAO", "KH", "D"], TODAY);
    assert_eq!(report.keys().collect::<Vec<_>>(), ["DE", "KH", "LA", "UT"]);
    assert!(
        ["DE", "KH", "LA"]
            .iter()
            .all(|code| report[*code].is_missing())
    );
    let own = &report["UT"];
    assert_eq!((own.authorities, own.valid, own.bilateral), (2, 1, 1));
    assert_eq!(own.as_of, Some(date(2026, 1, 1)));
    assert_eq!(own.revocation_list_days, Some(21));
    assert!(own.revocation_list_overdue && !own.is_missing());
}

#[test]
fn a_directory_file_gives_its_lists_signers_and_master_lists() {
    let text = b"version: 1\r\n# comment\r\n more of it\r\ndn: o=DSC,c=UT,dc=data\r\n\
        userCertificate;binary:: MAA=\r\nsn: 1\r\n\r\ndn: c=UT\nCERTIFICATEREVOCATIONLIST;BINARY::MAEA\n\n\
        dn: c=DE\npkdMasterListContent;binary:: MAAw\n AA=\n\
        -\npkdMasterListContent:: MAEB\ncACertificate;binary:: MAAA\njpegPhoto:: AAAA\njpegPhoto:: AAAA";
    // Four characters of base64, continued on the next line: `MAAwAA=` lacks one.
    assert_eq!(
        Directory::parse(text),
        Err(LdifError::Line {
            line: 12,
            expected: "base64"
        })
    );
    let text = String::from_utf8_lossy(text).replace("\n AA=\n", "\n AA==\n");
    let directory = Directory::parse(text.as_bytes()).unwrap();
    assert_eq!(directory.signers, [hex!("3000")]);
    assert_eq!(directory.crls, [hex!("300100")]);
    assert_eq!(
        directory.master_lists,
        [hex!("30003000").to_vec(), hex!("300101").to_vec()]
    );
    assert_eq!(directory.authorities, [hex!("300000")]);
    assert_eq!(directory.passed_over["jpegphoto"], 2);
    assert!(matches!(
        Directory::parse(b" x"),
        Err(LdifError::Line { line: 1, .. })
    ));
    assert!(matches!(
        Directory::parse(b"a\nb: c"),
        Err(LdifError::Line { line: 1, .. })
    ));
    assert_eq!(Directory::parse(b""), Ok(Directory::default()));
}

fn defects(effect: &str, check: &str, more: &str) -> Defects {
    Defects::parse(&format!(
        "[[defect]]\nid = \"model-1\"\nissuer = \"UTO\"\ncheck = \"{check}\"\n\
         effect = \"{effect}\"\nsource = \"circular\"\n{more}\n"
    ))
    .unwrap()
}

#[test]
fn a_known_defect_is_never_silent() {
    let csca = authority(p256(), CSCA, None);
    let signer = authority(p256(), SIGNER, Some(&csca));
    let printed = Mrz::parse(ZONE).unwrap();
    let issuer = SodIssuer::new(&signer);
    let signer_line = format!("signer = \"{}\"", read(&signer).fingerprint());
    use Outcome::{Failed, NotDone, Passed};
    // EF.COM hides DG2, which fails one check.
    for (name, list, com, known, genuine) in [
        ("none", Defects::default(), Failed, Passed, false),
        (
            "waived",
            defects("waive", "com-against-sod", ""),
            Passed,
            NotDone,
            true,
        ),
        (
            "waived for a range",
            defects(
                "waive",
                "com-against-sod",
                "numbers = { from = \"L898902C0\", to = \"L898902C9\" }",
            ),
            Passed,
            NotDone,
            true,
        ),
        (
            "another range",
            defects(
                "waive",
                "com-against-sod",
                "numbers = { from = \"L898902C4\", to = \"L898902C9\" }",
            ),
            Failed,
            Passed,
            false,
        ),
        (
            "waived for a signer",
            defects("waive", "com-against-sod", &signer_line),
            Passed,
            NotDone,
            true,
        ),
        (
            "another signer",
            defects("waive", "com-against-sod", "signer = \"00\""),
            Failed,
            Passed,
            false,
        ),
        (
            "another code",
            defects("waive", "com-against-sod", "document = \"ID\""),
            Failed,
            Passed,
            false,
        ),
        (
            "waived for days of issue",
            defects(
                "waive",
                "com-against-sod",
                "issued = { from = \"2025-06-01\", to = \"2025-06-01\" }",
            ),
            Passed,
            NotDone,
            true,
        ),
        (
            "other days",
            defects(
                "waive",
                "com-against-sod",
                "issued = { from = \"2025-06-02\", to = \"2025-06-03\" }",
            ),
            Failed,
            Passed,
            false,
        ),
        (
            "run out",
            defects("waive", "com-against-sod", "until = \"2026-11-21\""),
            Failed,
            Passed,
            false,
        ),
        (
            "last day",
            defects("waive", "com-against-sod", "until = \"2026-11-22\""),
            Passed,
            NotDone,
            true,
        ),
        (
            "noted",
            defects("note", "com-against-sod", ""),
            Failed,
            NotDone,
            false,
        ),
        (
            "refused",
            defects("fail", "portrait", ""),
            Failed,
            Failed,
            false,
        ),
    ] {
        let mut chip = files(&issuer);
        chip.insert(crate::ElementaryFile::Com, hex!("6003 5C01 61").to_vec());
        let store = store_of(&[&csca]).with_defects(list);
        let inspection = inspect(&printed, &chip, &store, Some(TODAY));
        let outcome = |check| inspection.finding(check).unwrap().outcome;
        assert_eq!(outcome(Check::ComAgainstSod), com, "{name}");
        assert_eq!(outcome(Check::KnownDefects), known, "{name}");
        assert_eq!(inspection.genuine(), genuine, "{name}");
        let told = |check| {
            inspection
                .finding(check)
                .unwrap()
                .reason
                .contains("model-1")
        };
        assert_eq!(told(Check::KnownDefects), known != Passed, "{name}");
        assert_eq!(told(Check::ComAgainstSod), com == Passed, "{name}");
    }
}

#[test]
fn signatures_cannot_be_waived_and_mistakes_are_refused() {
    let entry = "id = \"a\"\nissuer = \"UTO\"\neffect = \"waive\"\nsource = \"x\"";
    for check in [
        "sod-signature",
        "signer-trust",
        "data-group-digests",
        "revocation",
        "validity",
    ] {
        let text = format!("[[defect]]\n{entry}\ncheck = \"{check}\"");
        let error = Defects::parse(&text).unwrap_err().to_string();
        assert_eq!(error, "defect a: this check cannot be waived");
    }
    let one = format!("[[defect]]\n{entry}\ncheck = \"portrait\"\n");
    assert!(Defects::parse(&one).is_ok());
    let twice = Defects::parse(&[&one[..], &one].concat()).unwrap_err();
    assert_eq!(twice.to_string(), "defect a is listed twice");
    let unknown = Defects::parse(&format!("{one}efect = 3")).unwrap_err();
    assert!(unknown.to_string().contains("efect"), "{unknown}");
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
