//! What a chip does to show that it is no copy.

use super::*;

#[test]
fn the_chip_that_has_the_signed_key_is_no_copy() {
    use Outcome::{Failed, NotSupported, Passed};
    let chip = |chip: &[ChipOffer]| Electronics {
        chip: chip.to_vec(),
        ..Electronics::default()
    };
    let numbered = |number, offer| ChipOffer {
        number: Some(number),
        ..offer
    };
    let silent = |offer| ChipOffer {
        announced: false,
        ..offer
    };
    let ca = Check::ChipAuthentication;
    for (what, quirks, expected, reason) in [
        (
            chip(&[]),
            vec![],
            NotSupported,
            "the signed data groups announce none",
        ),
        (
            chip(&[proof(Cipher::TripleDes, 13)]),
            vec![],
            Passed,
            "CA-ECDH-3DES-CBC-CBC",
        ),
        (
            chip(&[proof(Cipher::Aes128, 12)]),
            vec![],
            Passed,
            "CA-ECDH-AES-CBC-CMAC-128",
        ),
        (
            chip(&[proof(Cipher::Aes192, 16)]),
            vec![],
            Passed,
            "CA-ECDH-AES-CBC-CMAC-192",
        ),
        (
            chip(&[proof(Cipher::Aes256, 18)]),
            vec![],
            Passed,
            "CA-ECDH-AES-CBC-CMAC-256",
        ),
        (
            chip(&[proof(Cipher::TripleDes, 0)]),
            vec![],
            Passed,
            "CA-DH-3DES-CBC-CBC",
        ),
        (
            chip(&[proof(Cipher::Aes128, 2)]),
            vec![],
            Passed,
            "CA-DH-AES-CBC-CMAC-128",
        ),
        // A key and no word about the way (French passports and others).
        (
            chip(&[silent(proof(Cipher::TripleDes, 13))]),
            vec![],
            Passed,
            "CA-ECDH-3DES-CBC-CBC",
        ),
        // Two keys: the better way, with the number of its key.
        (
            chip(&[
                numbered(7, proof(Cipher::TripleDes, 11)),
                numbered(9, proof(Cipher::Aes256, 13)),
            ]),
            vec![],
            Passed,
            "CA-ECDH-AES-CBC-CMAC-256",
        ),
        (
            chip(&[proof(Cipher::Aes128, 13)]),
            vec![Quirk::NoChipAuthentication(0x6A80)],
            Failed,
            "the chip refused with status 6A80",
        ),
        (
            chip(&[proof(Cipher::Aes128, 13)]),
            vec![Quirk::OtherKey],
            Failed,
            "the chip has not the new keys: the chip ended secure messaging with status 6988",
        ),
    ] {
        assert_eq!(
            outcome(&what, &quirks, ca),
            (expected, reason.to_owned()),
            "{what:?} {quirks:?}"
        );
    }
}

#[test]
fn chip_authentication_mapping_proves_the_chip_with_its_key_in_dg14() {
    use Outcome::{Failed, Passed};
    let what = Electronics {
        pace: vec![
            GENERIC,
            pace(Mapping::ChipAuthentication, Cipher::Aes256, 13),
        ],
        chip: vec![proof(Cipher::Aes128, 13)],
        ..Electronics::default()
    };
    let (files, _) = check(&what, &[]);
    assert!(opened(&files).starts_with("PACE-ECDH-CAM-AES-CBC-CMAC-256, brainpoolP256r1"));
    let ca = Check::ChipAuthentication;
    let (passed, _) = outcome(&what, &[], ca);
    let (refused, _) = outcome(&what, &[Quirk::NoChipAuthentication(0x6A80)], ca);
    let (copied, reason) = outcome(&what, &[Quirk::OtherKey], ca);
    assert_eq!((passed, refused, copied), (Passed, Failed, Failed));
    assert_eq!(reason, "PACE-CAM: no static key fits the chip's proof");
}

#[test]
fn a_copy_without_the_key_of_dg15_is_found_out() {
    use Outcome::{Failed, NotSupported, Passed};
    let aa = Check::ActiveAuthentication;
    let with = |offer| Electronics {
        signature: offer,
        ..Electronics::default()
    };
    let elliptic = |announced| Some(SignatureOffer::Elliptic { announced });
    for (offer, quirks, expected) in [
        (None, vec![], NotSupported),
        (Some(SignatureOffer::RsaSha1(1024)), vec![], Passed),
        (Some(SignatureOffer::RsaSha256(1024)), vec![], Passed),
        // Longer than a short response, and every way to be asked for it.
        (Some(SignatureOffer::RsaSha256(2048)), vec![], Passed),
        (
            Some(SignatureOffer::RsaSha1(2048)),
            vec![Quirk::CutsSignature],
            Passed,
        ),
        (
            Some(SignatureOffer::RsaSha1(2048)),
            vec![Quirk::PickySignature],
            Passed,
        ),
        (
            Some(SignatureOffer::RsaSha1(1024)),
            vec![Quirk::DropsZeros],
            Passed,
        ),
        (elliptic(true), vec![], Passed),
        // secp384r1 with SHA-256, and DG14 does not say so; DER.
        (elliptic(false), vec![], Passed),
        (elliptic(true), vec![Quirk::DerSignature], Passed),
    ] {
        let (found, reason) = outcome(&with(offer), &quirks, aa);
        assert_eq!(found, expected, "{offer:?} {quirks:?}: {reason}");
    }
    // The files of one chip, the key of another: what a copy is.
    let document = document(&with(elliptic(true)));
    let other = Authority::new(State::UTOPIA, Scheme::Elliptic, 2).unwrap();
    let other = other.issue_with(&request(), &with(elliptic(true))).unwrap();
    let files = read_chip(&document, Chip::new(&document, 4))
        .result
        .unwrap();
    let mut copy = files.clone();
    let stolen = read_chip(&other, Chip::new(&other, 4)).result.unwrap();
    copy.set_conversation(stolen.conversation().unwrap().clone());
    let findings = findings(&document, &copy);
    let finding = findings.iter().find(|finding| finding.check == aa).unwrap();
    assert_eq!(finding.outcome, Failed, "{}", finding.reason);
}

#[test]
fn what_is_announced_and_held_back_counts_against_the_document() {
    let what = modern();
    for (group, check) in [
        (14, Check::ChipAuthentication),
        (15, Check::ActiveAuthentication),
    ] {
        let (found, reason) = outcome(&what, &[Quirk::RefusesGroup(group)], check);
        assert_eq!(found, Outcome::Failed);
        assert_eq!(
            reason,
            format!("EF.SOD lists DG{group}, which was not read")
        );
    }
    // The same files without a chip, such as from a folder: nobody could ask.
    let document = document(&what);
    let files = read_chip(&document, Chip::new(&document, 4))
        .result
        .unwrap();
    let mut folder = ChipFiles::new();
    for (file, bytes) in files.iter() {
        folder.insert(file, bytes.to_vec());
    }
    for check in [Check::ChipAuthentication, Check::ActiveAuthentication] {
        let findings = findings(&document, &folder);
        let finding = findings.iter().find(|finding| finding.check == check);
        assert_eq!(finding.unwrap().outcome, Outcome::NotDone);
    }
}

#[test]
fn a_proof_that_this_gate_cannot_compute_goes_to_the_officer() {
    // Quirk 27: the signed DG14 announces a curve or a protocol that is not known here. A copy could
    // not be told from the original, so that it is undone, never unsupported.
    let document = document(&modern());
    let mut files = read_chip(&document, Chip::new(&document, 4))
        .result
        .unwrap();
    let mut conversation = files.conversation().unwrap().clone();
    conversation.chip_authentication = ChipProof::Unsupported("an unknown curve".into());
    files.set_conversation(conversation);
    let findings = findings(&document, &files);
    let check = Check::ChipAuthentication;
    let finding = findings.iter().find(|it| it.check == check).unwrap();
    assert_eq!(finding.outcome, Outcome::NotDone);
    assert_eq!(finding.reason, "this gate cannot do it: an unknown curve");
    let verdict = Policy::default().verdict(&[check], &findings);
    assert_ne!(verdict, Verdict::Accept);
}

#[test]
fn a_signature_that_lost_its_leading_zeros_is_verified() {
    // Quirk 16, with a signature that has one to lose.
    for (offer, width) in [
        (SignatureOffer::RsaSha1(1024), 128),
        (SignatureOffer::RsaSha256(2048), 256),
    ] {
        let what = Electronics {
            signature: Some(offer),
            ..Electronics::default()
        };
        let document = document(&what);
        let chip = Chip::new(&document, 4).with_quirks([Quirk::DropsZeros]);
        let files = read_chip(&document, chip).result.unwrap();
        let proof = &files.conversation().unwrap().active_authentication;
        let ChallengeProof::Answered { signature, .. } = proof else {
            panic!("{proof:?}");
        };
        assert!(signature.len() < width, "{}", signature.len());
        let findings = findings(&document, &files);
        let check = Check::ActiveAuthentication;
        let finding = findings.iter().find(|it| it.check == check).unwrap();
        assert_eq!(finding.outcome, Outcome::Passed, "{}", finding.reason);
    }
}

#[test]
fn what_one_state_invents_is_not_supported_and_never_taken_for_a_forgery() {
    // Quirk 27: a key of GOST, one on a curve of 192 bits, one under the name of another kind.
    use Outcome::{NotDone, Passed};
    let chip = |cipher, parameters, odd: &[Oddity]| Electronics {
        chip: vec![proof(cipher, parameters)],
        groups: vec![(13, 300)],
        odd: odd.to_vec(),
        ..Electronics::default()
    };
    for (what, outcome, reason) in [
        (
            chip(Cipher::Aes128, 13, &[Oddity::KeyOfGost]),
            NotDone,
            "this gate cannot do it",
        ),
        (
            chip(Cipher::TripleDes, 13, &[Oddity::KeyOfGost]),
            NotDone,
            "this gate cannot do it",
        ),
        (
            chip(Cipher::TripleDes, 8, &[]),
            Passed,
            "CA-ECDH-3DES-CBC-CBC",
        ),
        (
            chip(Cipher::Aes128, 9, &[]),
            Passed,
            "CA-ECDH-AES-CBC-CMAC-128",
        ),
        (
            chip(Cipher::Aes128, 13, &[Oddity::KeyMisnamed]),
            Passed,
            "CA-ECDH-AES-CBC-CMAC-128",
        ),
        (
            chip(Cipher::TripleDes, 12, &[Oddity::KeyMisnamed]),
            Passed,
            "CA-ECDH-3DES-CBC-CBC",
        ),
    ] {
        let inspection = inspected(&authority(), &document(&what));
        let (found, said) = told(&inspection, Check::ChipAuthentication);
        assert_eq!(found, outcome, "{what:?}: {said}");
        assert!(said.starts_with(reason), "{what:?}: {said}");
        // What nobody here understands in DG13 says nothing, and is signed all the same.
        assert_eq!(failed(&inspection), [], "{what:?}");
        assert_eq!(told(&inspection, Check::DataGroupDigests).0, Passed);
    }
}

#[test]
fn options_in_no_order_are_taken_as_they_stand() {
    // Quirk 18: DG14 is a SET OF, which DER sorts; digests are taken over the bytes as they came.
    let what = modern();
    let document = document(&what);
    let group = document.file(0x010E).unwrap();
    let mut set = gate_document::tlv::Reader::new(group)
        .any("DG14")
        .unwrap()
        .reader();
    let mut entries = set.any("set").unwrap().reader();
    let mut listed = Vec::new();
    while let Ok(entry) = entries.any("entry") {
        listed.push(entry.raw.to_vec());
    }
    assert!(listed.len() > 2 && !listed.is_sorted());
    let inspection = inspected(&authority(), &document);
    for check in [
        Check::DataGroupDigests,
        Check::ChipAuthentication,
        Check::ActiveAuthentication,
        Check::CardAccess,
    ] {
        assert_eq!(told(&inspection, check).0, Outcome::Passed, "{check:?}");
    }
}

#[test]
fn no_proof_and_no_optional_file_ends_the_reading() {
    // A wrong checksum is no quirk of the field: somebody may be in between. What an inspection can do
    // without is given up, what it needs is read in a new session, and both are told.
    const INTERNAL_AUTHENTICATE: u8 = 0x88;
    const MANAGE_SECURITY_ENVIRONMENT: u8 = 0x22;
    let modern = Electronics {
        groups: vec![(11, 300), (13, 300)],
        ..modern()
    };
    let mapped = Electronics {
        pace: vec![pace(Mapping::ChipAuthentication, Cipher::Aes128, 13)],
        ..modern.clone()
    };
    let (ca, aa) = (Check::ChipAuthentication, Check::ActiveAuthentication);
    for (what, quirk, step, failed) in [
        (
            &modern,
            Quirk::GarblesAnswers(INTERNAL_AUTHENTICATE),
            Step::ActiveAuthentication,
            vec![aa],
        ),
        (
            &modern,
            Quirk::GarblesAnswers(MANAGE_SECURITY_ENVIRONMENT),
            Step::ChipAuthentication,
            vec![ca],
        ),
        (
            &modern,
            Quirk::Garbles(0x010E),
            Step::File(ElementaryFile::DataGroup(14)),
            vec![ca],
        ),
        (
            &modern,
            Quirk::Garbles(0x010F),
            Step::File(ElementaryFile::DataGroup(15)),
            vec![aa],
        ),
        (
            &modern,
            Quirk::Garbles(0x010B),
            Step::File(ElementaryFile::DataGroup(11)),
            vec![],
        ),
        (
            &modern,
            Quirk::Garbles(0x011E),
            Step::File(ElementaryFile::Com),
            vec![],
        ),
        (
            &mapped,
            Quirk::GarblesMaster(0x011D),
            Step::CardSecurity,
            vec![ca, Check::CardSecurity],
        ),
    ] {
        let document = document(what);
        let chip = Chip::new(&document, 4).with_quirks([quirk]);
        let files = read_chip(&document, chip).result;
        let files = files.unwrap_or_else(|error| panic!("{quirk:?}: {error}"));
        for file in [ElementaryFile::DG1, ElementaryFile::DG2] {
            assert!(files.get(file).is_some(), "{quirk:?}: {file}");
        }
        let cause = Cause::Distrust;
        let given_up = Notice::GivenUp { step, cause };
        assert!(notices(&files).contains(&given_up), "{quirk:?}");
        let findings = findings(&document, &files);
        let wrong = |check| {
            let finding = findings.iter().find(|finding| finding.check == check);
            finding.unwrap().outcome == Outcome::Failed
        };
        assert!(wrong(Check::ChipConversation), "{quirk:?}");
        for check in [ca, aa, Check::CardSecurity] {
            assert_eq!(wrong(check), failed.contains(&check), "{quirk:?} {check:?}");
        }
    }
}

#[test]
fn a_chip_that_is_gone_after_the_portrait_has_given_what_is_needed() {
    let what = Electronics {
        groups: vec![(11, 300)],
        ..modern()
    };
    let document = document(&what);
    let whole = read_chip(&document, Chip::new(&document, 4));
    let mut read = 0;
    for after in 0..whole.commands {
        let chip = Chip::new(&document, 4).with_faults([Fault::Vanishes { after }]);
        match read_chip(&document, chip).result {
            Ok(files) => {
                assert!(files.get(ElementaryFile::DG2).is_some());
                assert!(files.get(ElementaryFile::Com).is_none());
                let findings = findings(&document, &files);
                let wrong = |finding: &&Finding| finding.outcome == Outcome::Failed;
                assert_eq!(findings.iter().find(wrong), None, "{after}");
                read += 1;
            }
            Err(error) => {
                assert_eq!(error.cause(), Cause::Removed, "{after}");
                assert_eq!(read, 0, "{after}: everything needed had been read before");
            }
        }
    }
    assert!(read > 0);
}
