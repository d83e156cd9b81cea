//! What is no signature over a security object.

use super::*;

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
