//! Where trust comes from, and how old it is.

use super::*;

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
