//! Master lists.

use super::*;
use crate::trust::assembly::Assembly;

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
    // Who makes a bundle of it is told in words.
    let mut assembly = Assembly::new(TODAY);
    assembly
        .master_list("list", &list, &[read(&maker)])
        .unwrap();
    let (_, notes) = assembly.finish(1, String::new()).unwrap();
    for told in [
        "1 kept, whose issuer is not in the list",
        "1 left out, with a signature that is not its own",
        "1 left out, no authority's",
        "1 left out, unreadable",
    ] {
        let note = format!("list: certificates with a doubt: {told}");
        assert!(notes.contains(&note), "{notes:?}");
    }
}
