//! Every scheme, digest and curve that documents are signed with.

use super::*;

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
