//! Signatures and certificates that are not made as the standard says, over chips that are read.

use super::*;

fn issue(authority: &Authority, odd: &[Oddity]) -> TestDocument {
    let electronics = Electronics {
        odd: odd.to_vec(),
        ..Electronics::default()
    };
    authority.issue_with(&request(), &electronics).unwrap()
}

#[test]
fn a_signature_made_in_another_way_is_verified_and_the_way_is_told() {
    // Quirks 19 to 22.
    use Oddity::{
        ContentType, IndefiniteLengths, KeyAlgorithm, OtherSigner, PaddedSignature, PssParameters,
    };
    const DATA: &[u32] = &[1, 2, 840, 113_549, 1, 7, 1];
    const FIRST_EDITION: &[u32] = &[1, 3, 27, 1, 1, 1];
    const DUTCH: &[u32] = &[1, 2, 528, 1, 1006, 1, 20, 1];
    let elliptic = authority();
    let rsa = Authority::new(State::UTOPIA, Scheme::Rsa, 1).unwrap();
    let usual = [&elliptic, &rsa].map(|authority| issue(authority, &[]));
    let other_type = "other content type of the security object";
    let other_signer = "the signer identifier names another certificate";
    let key_algorithm = "a key algorithm in place of the signature algorithm";
    for (authority, odd, reason) in [
        (&elliptic, IndefiniteLengths, "indefinite lengths in EF.SOD"),
        (&rsa, IndefiniteLengths, "indefinite lengths in EF.SOD"),
        (&elliptic, ContentType(DATA), other_type),
        (&elliptic, ContentType(FIRST_EDITION), other_type),
        (&elliptic, ContentType(DUTCH), other_type),
        (&elliptic, OtherSigner, other_signer),
        (&rsa, OtherSigner, other_signer),
        (&elliptic, KeyAlgorithm, key_algorithm),
        (&rsa, KeyAlgorithm, key_algorithm),
        (
            &rsa,
            PssParameters,
            "RSASSA-PSS parameters name another digest",
        ),
        (
            &elliptic,
            PaddedSignature,
            "superfluous zeros in the signature",
        ),
    ] {
        let document = issue(authority, &[odd]);
        let is_odd = |usual: &TestDocument| document.file(0x011D) != usual.file(0x011D);
        assert!(usual.iter().all(is_odd), "{odd:?}");
        let inspection = inspected(authority, &document);
        assert_eq!(failed(&inspection), [], "{odd:?}");
        assert!(inspection.genuine(), "{odd:?}");
        let signature = told(&inspection, Check::SodSignature);
        assert_eq!(signature, (Outcome::Passed, reason), "{odd:?}");
        let conformance = told(&inspection, Check::Conformance);
        assert_eq!(conformance, (Outcome::NotDone, reason), "{odd:?}");
        // The tolerance covers the form alone: what is signed is signed.
        let other = Portrait::encode(&RgbImage::new(60, 80), Encoding::Jpeg, 3_000).unwrap();
        let forged = inspected(authority, &document.exchange_portrait(&other));
        assert_eq!(failed(&forged), [Check::DataGroupDigests], "{odd:?}");
    }
    let impostor = elliptic.impostor().unwrap();
    for odd in [IndefiniteLengths, ContentType(DATA), OtherSigner] {
        let inspection = inspected(&elliptic, &issue(&impostor, &[odd]));
        assert!(!inspection.genuine(), "{odd:?}");
        assert_eq!(told(&inspection, Check::SignerTrust).0, Outcome::Failed);
    }
}

#[test]
fn a_certificate_that_misstates_its_curve_is_used_by_its_numbers() {
    // Quirk 22: a generator with a leading zero, and a curve by the wrong name.
    for odd in [OddKey::PaddedGenerator, OddKey::WrongCurve] {
        let authority = authority().with_odd_key(odd).unwrap();
        let inspection = inspected(&authority, &issue(&authority, &[]));
        assert_eq!(failed(&inspection), [], "{odd:?}");
        assert!(inspection.genuine(), "{odd:?}");
        let reason = "curve parameters not encoded as they should be";
        let conformance = told(&inspection, Check::Conformance);
        assert_eq!(conformance, (Outcome::NotDone, reason), "{odd:?}");
    }
}

#[test]
fn a_state_is_the_country_of_its_certificates_however_both_are_written() {
    // Quirk 23.
    for (code, country, agrees) in [
        ("GBR", "gb", Some(true)),
        ("GBD", "GB", Some(true)),
        ("GBR", "UK", Some(true)),
        ("D<<", "DE", Some(true)),
        ("D<<", "de", Some(true)),
        ("RKS", "KS", Some(true)),
        ("RKS", "XK", Some(true)),
        ("VNM", "vn", Some(true)),
        ("VNM", "LA", Some(false)),
        ("D<<", "AT", Some(false)),
    ] {
        let state = State { code, country };
        let authority = Authority::new(state, Scheme::Elliptic, 1).unwrap();
        let inspection = inspected(&authority, &issue(&authority, &[]));
        let (outcome, reason) = told(&inspection, Check::IssuerAgainstSigner);
        let expected = match agrees {
            Some(true) => Outcome::Passed,
            _ => Outcome::Failed,
        };
        assert_eq!(outcome, expected, "{code} {country}: {reason}");
        assert_eq!(
            inspection.genuine(),
            agrees == Some(true),
            "{code} {country}"
        );
    }
}
