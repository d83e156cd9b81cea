//! Who signed, and who vouches for it.

use super::*;

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
