//! What a signer may sign, and when.

use super::*;

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
