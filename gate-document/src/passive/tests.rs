use super::*;
use crate::finding::Outcome::{Failed, NotDone, Passed};
use crate::test_issuer::{
    Authority, CSCA, FROM, LDS, SIGNER, Scheme, SodIssuer, Terms, authority, ec_key, p256, rsa_key,
};
use hex_literal::hex;
use jiff::civil::date;
use openssl::ec::Asn1Flag;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use proptest::prelude::*;

const TODAY: Option<Date> = Some(date(2026, 11, 22));

fn store(authorities: &[&Authority]) -> TrustStore {
    let pem: Vec<u8> = authorities
        .iter()
        .flat_map(|authority| authority.certificate.to_pem().unwrap())
        .collect();
    TrustStore::from_pem(&pem).unwrap()
}

fn outcome(sod: &[u8], trust: &TrustStore, today: Option<Date>) -> (Finding, Finding) {
    let result = authenticate(&Sod::parse(sod).unwrap(), trust, today);
    (result.signature, result.trust)
}

const GROUPS: [(u8, &[u8]); 2] = [(1, b"one"), (2, b"two")];

#[test]
fn documents_are_verified_whatever_they_are_signed_with() {
    let brainpool = || ec_key(Nid::BRAINPOOL_P512R1, Asn1Flag::NAMED_CURVE);
    let explicit = || ec_key(Nid::BRAINPOOL_P384R1, Asn1Flag::EXPLICIT_CURVE);
    type Key = fn() -> PKey<Private>;
    let cases: [(&str, Key, Key, Scheme); 6] = [
        ("ECDSA P-256", p256, p256, Scheme::Ecdsa),
        ("ECDSA brainpool", brainpool, brainpool, Scheme::Ecdsa),
        (
            "ECDSA explicit parameters",
            explicit,
            explicit,
            Scheme::Ecdsa,
        ),
        ("RSA PKCS#1", rsa_key, rsa_key, Scheme::RsaPkcs1),
        ("RSA-PSS", rsa_key, rsa_key, Scheme::RsaPss),
        ("RSA below ECDSA", p256, rsa_key, Scheme::RsaPss),
    ];
    for (name, csca_key, signer_key, scheme) in cases {
        let csca = authority(csca_key(), CSCA, None);
        let signer = authority(signer_key(), SIGNER, Some(&csca));
        let sod = SodIssuer {
            scheme,
            ..SodIssuer::new(&signer)
        }
        .sod(&GROUPS);
        let (signature, trust) = outcome(&sod, &store(&[&csca]), TODAY);
        assert_eq!(
            (signature.outcome, trust.outcome),
            (Passed, Passed),
            "{name}: {trust:?}"
        );
        assert_eq!(signature.reason, "", "{name}");
    }
}

#[test]
fn every_digest_goes_with_every_scheme() {
    use Digest::{Sha1, Sha224, Sha256, Sha384, Sha512};
    let csca = authority(p256(), CSCA, None);
    let rsa = authority(rsa_key(), SIGNER, Some(&csca));
    let elliptic = authority(
        ec_key(Nid::SECP521R1, Asn1Flag::NAMED_CURVE),
        SIGNER,
        Some(&csca),
    );
    let short = authority(
        ec_key(Nid::X9_62_PRIME192V1, Asn1Flag::NAMED_CURVE),
        SIGNER,
        Some(&csca),
    );
    let trust = store(&[&csca]);
    for digest in [Sha1, Sha224, Sha256, Sha384, Sha512] {
        for (signer, scheme) in [
            (&rsa, Scheme::RsaPkcs1),
            (&rsa, Scheme::RsaPss),
            (&elliptic, Scheme::Ecdsa),
            (&elliptic, Scheme::EcdsaPlain),
            (&short, Scheme::Ecdsa),
            (&short, Scheme::EcdsaPlain),
        ] {
            let issuer = SodIssuer {
                digest,
                scheme,
                ..SodIssuer::new(signer)
            };
            let sod = Sod::parse(&issuer.sod(&GROUPS)).unwrap();
            assert_eq!(sod.digest, digest);
            let result = authenticate(&sod, &trust, TODAY);
            let outcomes = (result.signature.outcome, result.trust.outcome);
            assert_eq!(outcomes, (Passed, Passed), "{digest:?} {scheme:?}");
            assert_eq!(result.signature.reason, "", "{digest:?} {scheme:?}");
            let altered = SodIssuer {
                alter_content: true,
                ..issuer
            };
            let (signature, _) = outcome(&altered.sod(&GROUPS), &trust, TODAY);
            assert_eq!(signature.outcome, Failed, "{digest:?} {scheme:?}");
        }
    }
}

#[test]
fn oddities_of_the_field_are_tolerated_and_recorded() {
    let csca = authority(p256(), CSCA, None);
    let plain_data = &hex!("0609 2A864886F70D010701");
    // A number of some vendor's.
    let vendor = &hex!("0607 2A868D1F030102");
    type Key = fn() -> PKey<Private>;
    let cases: [(Key, Scheme, &'static [u8], &str); 7] = [
        (
            rsa_key,
            Scheme::RsaPssMisnamed,
            &LDS,
            "RSASSA-PSS parameters name another digest",
        ),
        (
            rsa_key,
            Scheme::RsaKeyName,
            &LDS,
            "a key algorithm in place of the signature algorithm",
        ),
        (
            p256,
            Scheme::EcdsaPadded,
            &LDS,
            "superfluous zeros in the signature",
        ),
        (p256, Scheme::EcdsaPlain, &LDS, ""),
        (
            p256,
            Scheme::Ecdsa,
            plain_data,
            "other content type of the security object",
        ),
        (
            p256,
            Scheme::Ecdsa,
            vendor,
            "other content type of the security object",
        ),
        (p256, Scheme::Ecdsa, &LDS, ""),
    ];
    for (key, scheme, content_type, deviation) in cases {
        let signer = authority(key(), SIGNER, Some(&csca));
        let issuer = SodIssuer {
            scheme,
            content_type,
            ..SodIssuer::new(&signer)
        };
        let sod = issuer.sod(&GROUPS);
        let result = authenticate(&Sod::parse(&sod).unwrap(), &store(&[&csca]), TODAY);
        assert_eq!(result.signature.outcome, Passed, "{scheme:?}");
        assert_eq!(result.trust.outcome, Passed, "{scheme:?}");
        let conformance = result
            .others
            .iter()
            .find(|it| it.check == Check::Conformance);
        let conformance = conformance.unwrap();
        assert_eq!(conformance.reason, deviation, "{scheme:?}");
        assert_eq!(
            conformance.outcome == Passed,
            deviation.is_empty(),
            "{scheme:?}"
        );
        // What is tolerated is the form: a changed content is noticed all the same.
        let altered = SodIssuer {
            alter_content: true,
            ..issuer
        };
        let (signature, _) = outcome(&altered.sod(&GROUPS), &store(&[&csca]), TODAY);
        assert_eq!(signature.outcome, Failed, "{scheme:?}");
    }
}

#[test]
fn what_is_signed_for_something_else_is_no_security_object() {
    let csca = authority(p256(), CSCA, None);
    let signer = authority(p256(), SIGNER, Some(&csca));
    let others: [&'static [u8]; 4] = [
        &hex!("0606 678108010102"),
        &hex!("0606 678108010107"),
        &hex!("0608 04007F0007030105"),
        &hex!("0608 04007F0007030201"),
    ];
    for content_type in others {
        let sod = SodIssuer {
            content_type,
            ..SodIssuer::new(&signer)
        };
        let refused = Sod::parse(&sod.sod(&GROUPS)).unwrap_err();
        assert!(
            matches!(refused, crate::sod::SodError::Content { .. }),
            "{refused}"
        );
    }
}

#[test]
fn sha1_and_short_keys_have_a_status_of_their_own() {
    let short = || PKey::from_rsa(openssl::rsa::Rsa::generate(1024).unwrap()).unwrap();
    let csca = authority(p256(), CSCA, None);
    for (key, scheme, expected) in [
        (p256 as fn() -> PKey<Private>, Scheme::Ecdsa, ""),
        (rsa_key, Scheme::RsaPss, ""),
        (
            short,
            Scheme::RsaPkcs1,
            "legacy: a short key of the document signer",
        ),
    ] {
        let signer = authority(key(), SIGNER, Some(&csca));
        let issuer = SodIssuer {
            scheme,
            ..SodIssuer::new(&signer)
        };
        let mut sod = Sod::parse(&issuer.sod(&GROUPS)).unwrap();
        let strength = |sod: &Sod| {
            let result = authenticate(sod, &store(&[&csca]), TODAY);
            let mut others = result.others.into_iter();
            others
                .find(|it| it.check == Check::SignatureStrength)
                .unwrap()
        };
        let found = strength(&sod);
        assert_eq!(found.reason, expected);
        assert_eq!(
            found.outcome,
            if expected.is_empty() { Passed } else { NotDone }
        );
        sod.digest = Digest::Sha1;
        assert!(strength(&sod).reason.contains("SHA-1 over the data groups"));
    }
}

#[test]
fn what_is_wrong_with_a_signature_is_said() {
    let csca = authority(p256(), CSCA, None);
    let signer = authority(p256(), SIGNER, Some(&csca));
    let other = authority(p256(), SIGNER, Some(&csca));
    let forged = Authority {
        key: p256(),
        certificate: signer.certificate.clone(),
    };
    let trust = store(&[&csca]);
    let genuine = || SodIssuer::new(&signer);
    for (issuer, expected, reason) in [
        (genuine(), Passed, ""),
        (
            SodIssuer {
                without_attributes: true,
                ..genuine()
            },
            Passed,
            "",
        ),
        (
            SodIssuer {
                named: &csca.certificate,
                ..genuine()
            },
            Passed,
            "the signer identifier names another certificate",
        ),
        (
            SodIssuer {
                signer: &forged,
                ..genuine()
            },
            Failed,
            "the signature is not one of the document signer",
        ),
        (
            SodIssuer {
                alter_content: true,
                ..genuine()
            },
            Failed,
            "the signed digest is not that of the content",
        ),
        (
            SodIssuer {
                without_certificate: true,
                ..genuine()
            },
            Failed,
            "no document signer certificate in EF.SOD or in the trust store",
        ),
        (
            SodIssuer {
                alter_content: true,
                without_attributes: true,
                ..genuine()
            },
            Failed,
            "the signature is not one of the document signer",
        ),
        // Another certificate of the same name and number, with another key.
        (
            SodIssuer {
                named: &other.certificate,
                ..genuine()
            },
            Passed,
            "",
        ),
    ] {
        let (signature, chain) = outcome(&issuer.sod(&GROUPS), &trust, TODAY);
        assert_eq!(
            (signature.outcome, signature.reason.as_str()),
            (expected, reason)
        );
        let trusted = if expected == Passed { Passed } else { NotDone };
        assert_eq!(chain.outcome, trusted, "{reason}");
    }
}

#[test]
fn every_curve_is_known_by_its_name_and_by_its_numbers() {
    for curve in [
        Nid::BRAINPOOL_P224R1,
        Nid::BRAINPOOL_P256R1,
        Nid::BRAINPOOL_P320R1,
        Nid::BRAINPOOL_P384R1,
        Nid::BRAINPOOL_P512R1,
        Nid::SECP224R1,
        Nid::X9_62_PRIME256V1,
        Nid::SECP384R1,
        Nid::SECP521R1,
    ] {
        for flag in [Asn1Flag::NAMED_CURVE, Asn1Flag::EXPLICIT_CURVE] {
            let csca = authority(ec_key(curve, flag), CSCA, None);
            let signer = authority(ec_key(curve, flag), SIGNER, Some(&csca));
            let sod = SodIssuer::new(&signer).sod(&GROUPS);
            let (signature, trust) = outcome(&sod, &store(&[&csca]), TODAY);
            assert_eq!(
                (signature.outcome, signature.reason.as_str(), trust.outcome),
                (Passed, "", Passed),
                "{curve:?} {flag:?}: {trust:?}"
            );
        }
    }
}

#[test]
fn a_signer_that_the_sod_does_not_enclose_comes_from_the_trust_store() {
    let csca = authority(p256(), CSCA, None);
    let signer = authority(p256(), SIGNER, Some(&csca));
    // Of the same name and number, with another key.
    let namesake = authority(p256(), SIGNER, Some(&csca));
    let nobody = authority(p256(), CSCA, None);
    let stray = authority(p256(), SIGNER, Some(&nobody));
    let read = |of: &Authority| Certificate::parse(&of.certificate.to_der().unwrap()).unwrap();
    let missing = "no document signer certificate in EF.SOD or in the trust store";
    let tolerated = "the signer certificate is not enclosed";
    let wrong = "the signature is not one of the document signer";
    for (signer, by_key_identifier, stored, expected, reason, trusted) in [
        (&signer, false, vec![&signer], Passed, tolerated, Passed),
        (&signer, true, vec![&signer], Passed, tolerated, Passed),
        (
            &signer,
            false,
            vec![&namesake, &signer],
            Passed,
            tolerated,
            Passed,
        ),
        (&signer, false, vec![&namesake], Failed, wrong, NotDone),
        (&signer, true, vec![&namesake], Failed, missing, NotDone),
        (&signer, false, vec![], Failed, missing, NotDone),
        // Nobody whom the gate trusts has certified it.
        (&stray, false, vec![&stray], Passed, tolerated, Failed),
    ] {
        let signers = stored.into_iter().map(read).collect();
        let store = store(&[&csca]).with_document_signers(signers);
        let sod = SodIssuer {
            without_certificate: true,
            by_key_identifier,
            ..SodIssuer::new(signer)
        };
        let (signature, chain) = outcome(&sod.sod(&GROUPS), &store, TODAY);
        assert_eq!(
            (signature.outcome, signature.reason.as_str()),
            (expected, reason)
        );
        assert_eq!(chain.outcome, trusted, "{reason}");
    }
}

#[test]
fn what_is_wrong_with_a_signer_is_said() {
    const DAY: i64 = 86_400;
    // EF.SOD is signed on 2025-06-01.
    let signed = FROM + 151 * DAY;
    let nobody = authority(p256(), CSCA, None);
    let elsewhere = authority(
        p256(),
        Terms {
            country: "XX",
            ..CSCA
        },
        None,
    );
    let only = |terms: Terms| Terms {
        until: signed + 30 * DAY,
        ..terms
    };
    for (name, csca, signer, time, today, expected, reason) in [
        (
            "genuine",
            CSCA,
            SIGNER,
            Some("250601120000Z"),
            TODAY,
            Passed,
            "",
        ),
        (
            "expired since",
            only(CSCA),
            only(SIGNER),
            Some("250601120000Z"),
            TODAY,
            Passed,
            "",
        ),
        ("no signing time", CSCA, SIGNER, None, TODAY, Passed, ""),
        (
            "no signing time, expired signer",
            CSCA,
            only(SIGNER),
            None,
            TODAY,
            Failed,
            "the document signer certificate was not valid today",
        ),
        (
            "no time at all",
            CSCA,
            SIGNER,
            None,
            None,
            NotDone,
            "neither signing time nor today's date is known",
        ),
        (
            "no date of today",
            CSCA,
            SIGNER,
            Some("250601120000Z"),
            None,
            Passed,
            "",
        ),
        (
            "signed before the signer was valid",
            CSCA,
            Terms {
                from: signed + DAY,
                ..SIGNER
            },
            Some("250601120000Z"),
            TODAY,
            Failed,
            "the document signer certificate was not valid when EF.SOD was signed",
        ),
        (
            "signed when the CSCA had expired",
            Terms {
                until: signed - DAY,
                ..CSCA
            },
            SIGNER,
            Some("250601120000Z"),
            TODAY,
            Failed,
            "the CSCA certificate was not valid when EF.SOD was signed",
        ),
        (
            "signed tomorrow",
            CSCA,
            SIGNER,
            Some("261124120000Z"),
            TODAY,
            Failed,
            "signed in the future",
        ),
        (
            "signer's key for encryption",
            CSCA,
            Terms {
                for_signatures: false,
                ..SIGNER
            },
            Some("250601120000Z"),
            TODAY,
            Failed,
            "the document signer's key is not for this kind of signature",
        ),
        (
            "signer of barcodes",
            CSCA,
            Terms {
                purpose: Some("2.23.136.1.1.14.1"),
                ..SIGNER
            },
            Some("250601120000Z"),
            TODAY,
            Failed,
            "the document signer certificate is not one for documents",
        ),
        (
            "signer of master lists",
            CSCA,
            Terms {
                for_lists: true,
                ..SIGNER
            },
            Some("250601120000Z"),
            TODAY,
            Failed,
            "the document signer certificate is not one for documents",
        ),
        (
            "web server",
            CSCA,
            Terms {
                purpose: Some("1.3.6.1.5.5.7.3.1"),
                ..SIGNER
            },
            Some("250601120000Z"),
            TODAY,
            Failed,
            "the document signer certificate is not one for documents",
        ),
        (
            "an authority",
            CSCA,
            Terms {
                for_certificates: true,
                ..SIGNER
            },
            Some("250601120000Z"),
            TODAY,
            Failed,
            "the document signer certificate is not one for documents",
        ),
        (
            "signer for any purpose",
            CSCA,
            Terms {
                purpose: Some("2.5.29.37.0"),
                ..SIGNER
            },
            Some("250601120000Z"),
            TODAY,
            Passed,
            "",
        ),
        (
            "CSCA's key not for certificates",
            Terms {
                for_certificates: false,
                for_signatures: true,
                ..CSCA
            },
            SIGNER,
            Some("250601120000Z"),
            TODAY,
            Failed,
            "the CSCA's key is not for this kind of signature",
        ),
    ] {
        let csca = authority(p256(), csca, None);
        let signer = authority(p256(), signer, Some(&csca));
        let sod = SodIssuer {
            signing_time: time,
            ..SodIssuer::new(&signer)
        }
        .sod(&GROUPS);
        let (signature, chain) = outcome(&sod, &store(&[&nobody, &csca, &elsewhere]), today);
        assert_eq!(signature.outcome, Passed, "{name}");
        assert_eq!(
            (chain.outcome, chain.reason.as_str()),
            (expected, reason),
            "{name}"
        );
    }
}

#[test]
fn only_the_keys_in_the_trust_store_are_trusted() {
    let csca = authority(p256(), CSCA, None);
    let impostor = authority(p256(), CSCA, None);
    let elsewhere = authority(
        p256(),
        Terms {
            country: "XX",
            ..CSCA
        },
        None,
    );
    let expired = authority(
        csca.key.clone(),
        Terms {
            until: FROM + 1,
            ..CSCA
        },
        None,
    );
    let signer = authority(p256(), SIGNER, Some(&csca));
    let sod = SodIssuer::new(&signer).sod(&GROUPS);
    for (trust, expected, reason) in [
        (
            TrustStore::empty(),
            Failed,
            "no CSCA of UT in the trust store",
        ),
        (
            store(&[&elsewhere]),
            Failed,
            "no CSCA of UT in the trust store",
        ),
        (
            store(&[&impostor]),
            Failed,
            "signed by none of 1 CSCA certificates of UT",
        ),
        (store(&[&impostor, &csca]), Passed, ""),
        (
            store(&[&expired]),
            Failed,
            "the CSCA certificate was not valid when EF.SOD was signed",
        ),
        // Two certificates over one key: one that is valid is enough.
        (store(&[&expired, &csca]), Passed, ""),
    ] {
        let (_, chain) = outcome(&sod, &trust, TODAY);
        assert_eq!((chain.outcome, chain.reason.as_str()), (expected, reason));
    }
}

#[test]
fn a_sod_in_pieces_of_indefinite_length_is_the_same_sod() {
    let csca = authority(p256(), CSCA, None);
    let signer = authority(p256(), SIGNER, Some(&csca));
    let definite = SodIssuer::new(&signer).sod(&GROUPS);
    let parsed = Sod::parse(&definite).unwrap();
    // The same file with its outer layers indefinite and the content as an octet string in pieces.
    let octets = |bytes: &[u8]| crate::test_issuer::object(0x04, &[bytes]);
    let (one, two) = parsed.data.content.split_at(20);
    let whole = crate::test_issuer::object(0xA0, &[&octets(&parsed.data.content)]);
    let pieces = [
        &hex!("A080 2480")[..],
        &octets(one),
        &octets(two),
        &hex!("0000 0000"),
    ]
    .concat();
    let at = definite
        .windows(whole.len())
        .position(|window| window == whole)
        .unwrap();
    let mut reader = crate::tlv::Reader::new(&definite);
    for tag in [0x77, 0x30] {
        reader = reader.expect(tag, "layer").unwrap().reader();
    }
    let kind = reader.expect(0x06, "type").unwrap();
    let data = reader
        .expect(0xA0, "data")
        .unwrap()
        .reader()
        .expect(0x30, "data")
        .unwrap();
    let mut inside = data.reader();
    let version = inside.any("version").unwrap().raw;
    let digests = inside.any("digests").unwrap().raw;
    let content_type = inside
        .expect(0x30, "content")
        .unwrap()
        .reader()
        .any("type")
        .unwrap()
        .raw;
    let rest = &definite[at + whole.len()..];
    let inner = [
        &hex!("3080")[..],
        kind.raw,
        &hex!("A080 3080"),
        version,
        digests,
        &hex!("3080"),
        content_type,
        &pieces,
        &hex!("0000"),
        rest,
        &hex!("0000 0000 0000"),
    ]
    .concat();
    let indefinite = crate::test_issuer::object(0x77, &[&inner]);
    let read = Sod::parse(&indefinite).unwrap();
    assert_eq!(read.data, parsed.data);
    assert_eq!(read.digests, parsed.digests);
    assert_eq!(read.deviations, [Deviation::IndefiniteLength]);
    let (signature, trust) = outcome(&indefinite, &store(&[&csca]), TODAY);
    assert_eq!((signature.outcome, trust.outcome), (Passed, Passed));
}

#[test]
fn a_sod_of_another_kind_is_refused() {
    let csca = authority(p256(), CSCA, None);
    let signer = authority(p256(), SIGNER, Some(&csca));
    for (content_type, accepted) in [
        (&hex!("0606 678108010101")[..], true),
        (&hex!("0605 2B1B010101"), true),
        (&hex!("0609 2A864886F70D010701"), true),
        // A master list of CSCA certificates.
        (&hex!("0606 678108010102"), false),
    ] {
        let sod = SodIssuer {
            content_type,
            ..SodIssuer::new(&signer)
        }
        .sod(&GROUPS);
        assert_eq!(Sod::parse(&sod).is_ok(), accepted);
    }
}

#[test]
fn bundles_are_read_whole_or_not_at_all() {
    let csca = authority(p256(), CSCA, None);
    let pem = csca.certificate.to_pem().unwrap();
    let with_text = [b"Utopia, 2025\n", &pem[..], b"\nagain\n", &pem].concat();
    assert_eq!(TrustStore::from_pem(&with_text).unwrap().count(), 2);
    let der = csca.certificate.to_der().unwrap();
    assert_eq!(TrustStore::from_der([&der[..]]).unwrap().count(), 1);
    let error = TrustStore::from_pem(b"nothing").unwrap_err();
    assert_eq!(error.to_string(), "no certificate in a bundle of 7 bytes");
    let cut = [&pem[..], &pem[..100]].concat();
    let error = TrustStore::from_pem(&cut).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("certificate 2 does not parse"),
        "{error}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_damaged_sod_is_believed(
        damage in proptest::collection::vec((any::<prop::sample::Index>(), 1..=255_u8), 1..4),
    ) {
        let csca = authority(p256(), CSCA, None);
        let signer = authority(p256(), SIGNER, Some(&csca));
        let genuine = SodIssuer::new(&signer).sod(&GROUPS);
        let parsed = Sod::parse(&genuine).unwrap();
        let mut damaged = genuine.clone();
        for (index, bits) in damage {
            damaged[index.index(genuine.len())] ^= bits;
        }
        if let Ok(sod) = Sod::parse(&damaged) {
            let result = authenticate(&sod, &store(&[&csca]), TODAY);
            if result.signature.outcome == Passed && result.trust.outcome == Passed {
                // Damage where nothing is signed, such as the version, changes nothing that counts.
                prop_assert_eq!(sod.digests, parsed.digests);
            }
        }
    }

    #[test]
    fn any_bytes_are_a_sod_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Sod::parse(&bytes);
        let _ = Sod::parse(&crate::test_issuer::object(0x77, &[&bytes]));
        let _ = TrustStore::from_pem(&bytes);
    }
}
