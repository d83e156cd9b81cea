//! Certificates that were handed over.

use super::*;

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
