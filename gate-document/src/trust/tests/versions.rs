//! Bundles and their versions.

use super::*;

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
