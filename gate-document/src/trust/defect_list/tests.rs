use super::*;
use crate::finding::Outcome::{self, Failed, NotDone, Passed};
use crate::inspect::inspect_without_portrait;
use crate::mrz::Mrz;
use crate::test_issuer::{
    Authority, CSCA, SIGNER, SodIssuer, Terms, ZONE, authority, files, object, p256, signed_data,
};
use crate::trust::bundle::{BundleKey, BundleSigner, Contents};
use crate::trust::{Anchor, Source, TrustStore};
use hex_literal::hex;
use jiff::civil::date;
use proptest::prelude::*;

const TODAY: Date = date(2026, 11, 22);

fn read(of: &Authority) -> Certificate {
    Certificate::parse(&of.certificate.to_der().unwrap()).unwrap()
}

fn oid(of: &[u8], branch: &[u8]) -> Vec<u8> {
    object(0x06, &[of, branch])
}

/// One deviation about `documents`, which are complete objects.
fn deviation_list(
    signer: &Authority,
    documents: &[Vec<u8>],
    branch: &[u8],
    detail: Option<u8>,
) -> Vec<u8> {
    let detail = detail.map_or(vec![], |detail| {
        object(0xA0, &[&object(0x02, &[&[detail]])])
    });
    let kind = oid(DEVIATION_LIST, branch);
    let description = object(0x30, &[&object(0x13, &[b"SEE CIRCULAR"]), &kind, &detail]);
    let deviation = object(
        0x30,
        &[
            &object(0x30, &[&documents.concat()]),
            &object(0x31, &[&description]),
        ],
    );
    let content = object(0x30, &[&hex!("020100"), &object(0x31, &[&deviation])]);
    signed_data(signer, &oid(DEVIATION_LIST, &[]), &content)
}

fn defect_list(signer: &Authority, named: &[u8], known: &[Vec<u8>]) -> Vec<u8> {
    let known: Vec<Vec<u8>> = known.iter().map(|parts| object(0x30, &[parts])).collect();
    let defect = object(0x30, &[named, &object(0x31, &[&known.concat()])]);
    let content = object(
        0x30,
        &[
            &hex!("020100 0609608648016503040201"),
            &object(0x31, &[&defect]),
        ],
    );
    signed_data(signer, &oid(DEFECT_LIST, &[]), &content)
}

struct State {
    csca: Authority,
    signer: Authority,
    lists: Authority,
}

fn state() -> State {
    let csca = authority(p256(), CSCA, None);
    let signer = authority(p256(), SIGNER, Some(&csca));
    let terms = Terms {
        for_deviations: true,
        ..SIGNER
    };
    let lists = authority(p256(), terms, Some(&csca));
    State {
        csca,
        signer,
        lists,
    }
}

impl State {
    /// Outcome and reason of `check` and of the known defects, with `list` in the bundle.
    fn judge(&self, list: &[u8], pinned: &Authority, check: Check) -> [(Outcome, String); 2] {
        let list = DefectList::import(list, &[read(pinned)], TODAY).unwrap();
        let contents = Contents {
            anchors: vec![Anchor {
                certificate: read(&self.csca),
                source: Source::unstated(),
            }],
            defect_lists: vec![list],
            ..Contents::new(1, TODAY)
        };
        let key = BundleSigner::from_secret(&[1; 32]).unwrap();
        let pinned = BundleKey::from_pem(&key.public_pem().unwrap()).unwrap();
        let bundle = contents.sign(&key).unwrap();
        assert_eq!(Contents::open(&bundle, &pinned).unwrap(), contents);
        let store = TrustStore::open(&bundle, &pinned).unwrap();
        let mut chip = files(&SodIssuer::new(&self.signer));
        // EF.COM names a data group that is not there.
        chip.insert(
            crate::ElementaryFile::Com,
            hex!("60155F0104303130375F36063034303030305C03617563").to_vec(),
        );
        let found =
            inspect_without_portrait(&Mrz::parse(ZONE).unwrap(), &chip, &store, Some(TODAY));
        [check, Check::KnownDefects].map(|check| {
            let finding = found.iter().find(|finding| finding.check == check).unwrap();
            (finding.outcome, finding.reason.clone())
        })
    }
}

#[test]
fn a_deviation_list_speaks_of_the_documents_that_it_names_and_of_no_others() {
    let state = state();
    let signer = &state.signer.certificate;
    let issuer = signer.issuer_name().to_der().unwrap();
    let serial = object(
        0x02,
        &[&[0], &signer.serial_number().to_bn().unwrap().to_vec()],
    );
    let by_serial = object(0xA1, &[&issuer, &serial]);
    let by_key = object(0x82, &[signer.subject_key_id().unwrap().as_slice()]);
    let by_digest = object(0x83, &[&read(&state.signer).fingerprint().0]);
    let period =
        |from: &[u8], to: &[u8]| object(0xA4, &[&object(0x18, &[from]), &object(0x18, &[to])]);
    let numbers = |numbers: &[&[u8]]| {
        let all: Vec<Vec<u8>> = numbers.iter().map(|one| object(0x13, &[one])).collect();
        object(0xA5, &[&all.concat()])
    };
    let passport = object(0x80, &[b"P<"]);
    // EF.SOD is signed on 2025-06-01.
    let then = period(b"20250101000000Z", b"20251231235959.999Z");
    let later = period(b"20250701000000Z", b"20251231235959Z");
    let other_key = object(0x82, &[&[7; 20]]);
    for (name, documents, concerned) in [
        ("all", vec![], true),
        ("a type", vec![passport.clone()], true),
        ("another type", vec![object(0x80, &[b"ID"])], false),
        ("a signer by number", vec![by_serial], true),
        ("a signer by key", vec![by_key.clone()], true),
        ("a signer by digest", vec![by_digest], true),
        ("another signer", vec![other_key], false),
        ("a period", vec![then.clone()], true),
        ("another period", vec![later], false),
        (
            "numbers",
            vec![numbers(&[b"X12345678", b"L898902C3", b"A00000000"])],
            true,
        ),
        ("other numbers", vec![numbers(&[b"L898902C4"])], false),
        ("everything", vec![passport, by_key, then], true),
    ] {
        let list = deviation_list(&state.lists, &documents, &[2, 4], None);
        let [com, known] = state.judge(&list, &state.csca, Check::ComAgainstSod);
        let id = "deviation-list-UT-com-inconsistent";
        if concerned {
            let reason = format!("waived by defect {id}: DG3 only in EF.COM");
            assert_eq!(com, (Passed, reason), "{name}");
            assert_eq!(known, (NotDone, id.to_owned()), "{name}");
        } else {
            assert_eq!(com, (Failed, "DG3 only in EF.COM".to_owned()), "{name}");
            assert_eq!(known, (Passed, String::new()), "{name}");
        }
    }
}

#[test]
fn what_is_signed_is_never_waived_by_a_list() {
    let state = state();
    for branch in [
        &[1, 1][..],
        &[1, 2],
        &[1, 3],
        &[2, 2],
        &[2, 3],
        &[4],
        &[5],
        &[9, 9],
    ] {
        for detail in [None, Some(1), Some(2), Some(14), Some(20)] {
            let list = deviation_list(&state.lists, &[], branch, detail);
            let list = DefectList::import(&list, &[read(&state.csca)], TODAY).unwrap();
            assert_eq!(list.entries.len(), 1);
            assert_eq!(list.entries[0].effect, Effect::Note, "{branch:?}");
        }
    }
}

#[test]
fn a_defect_list_names_signers_of_any_state() {
    let state = state();
    let bsi = authority(
        p256(),
        Terms {
            country: "DE",
            ..SIGNER
        },
        None,
    );
    let key = state.signer.certificate.subject_key_id().unwrap();
    let named = object(0x80, &[key.as_slice()]);
    let known = |branch: &[u8], parameters: &[u8]| [&oid(DEFECT_LIST, branch), parameters].concat();
    let groups = hex!("3106 02010B 02010D");
    let list = defect_list(
        &bsi,
        &named,
        &[
            known(&[1, 1], &hex!("0A0103")),
            known(&[2, 1], &groups),
            known(&[4, 3], &[]),
        ],
    );
    let [_, defects] = state.judge(&list, &bsi, Check::Revocation);
    let ids = "defect-list-DE-signer-revoked, defect-list-DE-dg11-malformed, \
               defect-list-DE-dg13-malformed, defect-list-DE-power-down";
    assert_eq!(defects, (Failed, ids.to_owned()));

    // The other signer of the same name and number has another digest.
    let digest = object(0x04, &[&[7; 32]]);
    let list = defect_list(&bsi, &[named, digest].concat(), &[known(&[1, 1], &[])]);
    let [_, defects] = state.judge(&list, &bsi, Check::Revocation);
    assert_eq!(defects, (Passed, String::new()));
}

#[test]
fn a_list_is_believed_only_when_its_signer_is_pinned_for_it() {
    let state = state();
    let pins = |pinned: &Authority| vec![read(pinned)];
    let genuine = deviation_list(&state.lists, &[], &[2, 4], None);
    let import = |list: &[u8], pinned: &[Certificate]| {
        DefectList::import(list, pinned, TODAY).map(|list| list.country)
    };
    assert_eq!(import(&genuine, &pins(&state.csca)).as_deref(), Ok("UT"));
    assert_eq!(import(&genuine, &pins(&state.lists)).as_deref(), Ok("UT"));
    let stranger = authority(p256(), CSCA, None);
    for (name, list, pinned, problem) in [
        ("nobody", genuine.clone(), vec![], "not pinned"),
        ("stranger", genuine.clone(), pins(&stranger), "not pinned"),
        (
            "a document signer",
            deviation_list(&state.signer, &[], &[2, 4], None),
            pins(&state.csca),
            "is not for such lists",
        ),
        // The other form has no key usage of its own that is known here.
        (
            "certified only",
            defect_list(&state.lists, &object(0x80, &[&[1]]), &[]),
            pins(&state.csca),
            "not pinned",
        ),
        (
            "no list",
            signed_data(&state.lists, &hex!("0606 678108010102"), b"\x30\0"),
            pins(&state.csca),
            "no list of defects",
        ),
        (
            "unknown narrowing",
            deviation_list(&state.lists, &[object(0x86, &[b"x"])], &[2, 4], None),
            pins(&state.csca),
            "documents of a deviation expected",
        ),
    ] {
        let error = import(&list, &pinned).unwrap_err().to_string();
        assert!(error.contains(problem), "{name}: {error}");
    }
    for at in (0..genuine.len()).step_by(5) {
        let mut damaged = genuine.clone();
        damaged[at] ^= 1;
        if let Ok(list) = DefectList::import(&damaged, &pins(&state.csca), TODAY) {
            // What is not signed may change: the certificate beside the signer.
            assert_eq!(list.entries.len(), 1, "{at}");
        }
    }
}

#[test]
fn a_compromised_key_proves_nothing() {
    let state = state();
    let list = deviation_list(&state.lists, &[], &[1, 4], None);
    let list = DefectList::import(&list, &[read(&state.csca)], TODAY).unwrap();
    let defects = crate::trust::defects::Defects::default().with_lists(&[list]);
    let mut findings = [crate::Finding::passed(Check::ActiveAuthentication)];
    let subject = crate::trust::defects::Subject {
        issuer: "UTO",
        document_code: "P",
        number: "L898902C3",
        signer: None,
        issued: None,
    };
    let known = defects.apply(&subject, &mut findings, Some(TODAY));
    assert_eq!(findings[0].outcome, NotDone);
    assert_eq!(
        findings[0].reason,
        "proves nothing because of defect deviation-list-UT-active-authentication-key"
    );
    assert_eq!(known.outcome, NotDone);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_bytes_are_a_list_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = DefectList::import(&bytes, &[], TODAY);
        if let Ok(content) = Reader::new(&bytes).any("content") {
            let _ = deviations(&content, "UT");
            let _ = defects(&content, "UT");
        }
    }
}
