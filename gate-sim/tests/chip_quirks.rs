//! The gate's reader against chips as they are met in the field: two implementations of the standard,
//! and every known way in which chips differ from it.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper of a test fails by panicking, like the test"
)]

use gate_document::access::{PasswordKind, Protocol, WithoutPace};
use gate_document::apdu::Status;
use gate_document::channel::Notice;
use gate_document::chip::{ChipHabits, Extended};
use gate_document::conversation::{ChallengeProof, ChipProof};
use gate_document::policy::{Policy, Verdict};
use gate_document::step::Step;
use gate_document::{
    AccessError, AccessKey, ApduLength, Card, CardAccessNumber, CardError, Cause, Check, ChipFiles,
    ElementaryFile, Finding, Habits, Mrz, Outcome, Passwords, Progress, ReadError, Request,
    TrustStore, chip_not_read, inspect, inspect_without_portrait, read,
};
use gate_sim::chip::field::InField;
use gate_sim::chip::{Chip, Cipher, Fault, Quirk};
use gate_sim::issuer::electronics::{ChipOffer, Electronics, Mapping, PaceOffer, SignatureOffer};
use gate_sim::issuer::{
    Authority, DocumentRequest, Encoding, Format, Portrait, Scheme, Sex, State, TestDocument,
};
use image::{Rgb, RgbImage};
use jiff::civil::date;
use rand::SeedableRng as _;
use rand_chacha::ChaCha20Rng;
use std::sync::OnceLock;

const NUMBER: &str = "123456";

fn request() -> DocumentRequest {
    static PORTRAIT: OnceLock<Portrait> = OnceLock::new();
    let portrait = PORTRAIT.get_or_init(|| {
        let picture = RgbImage::from_fn(240, 320, |x, y| {
            let grain = (x * 7919 + y * 104_729 + x * y) % 23;
            Rgb([90, (x / 2 + grain) as u8, (y / 3 + grain) as u8])
        });
        Portrait::encode(&picture, Encoding::Jpeg2000, 5_000).unwrap()
    });
    DocumentRequest {
        format: Format::Td3,
        surname: "Eriksson".into(),
        given_names: "Anna Maria".into(),
        number: "L898902C3".into(),
        nationality: "UTO",
        birth: date(1974, 8, 12),
        sex: Sex::Female,
        expiry: date(2032, 4, 15),
        optional: String::new(),
        portrait: portrait.clone(),
    }
}

fn authority() -> Authority {
    Authority::new(State::UTOPIA, Scheme::Elliptic, 1).unwrap()
}

fn document(electronics: &Electronics) -> TestDocument {
    authority().issue_with(&request(), electronics).unwrap()
}

const fn pace(mapping: Mapping, cipher: Cipher, parameters: u8) -> PaceOffer {
    PaceOffer {
        mapping,
        cipher,
        parameters,
    }
}

const fn proof(cipher: Cipher, parameters: u8) -> ChipOffer {
    ChipOffer {
        cipher,
        parameters,
        number: None,
        announced: true,
    }
}

const GENERIC: PaceOffer = pace(Mapping::Generic, Cipher::Aes128, 13);

/// A passport of these days: PACE, Chip Authentication, Active Authentication.
fn modern() -> Electronics {
    Electronics {
        pace: vec![GENERIC],
        number: Some(NUMBER.into()),
        chip: vec![proof(Cipher::Aes128, 13)],
        signature: Some(SignatureOffer::Elliptic { announced: true }),
        ..Electronics::default()
    }
}

/// What a reading led to.
struct Seen {
    result: Result<ChipFiles, ReadError>,
    habits: Habits,
    commands: u32,
}

fn mrz(document: &TestDocument) -> Passwords {
    AccessKey::from_mrz_information(document.key_information()).into()
}

fn see(mut card: InField, request: &Request, mut habits: Habits) -> Seen {
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let result = read(&mut card, request, &mut habits, &mut rng, &mut |_| {});
    Seen {
        result,
        habits,
        commands: card.commands(),
    }
}

fn read_chip(document: &TestDocument, chip: Chip) -> Seen {
    see(
        InField::new(chip),
        &mrz(document).into(),
        ApduLength::Extended.into(),
    )
}

/// Reads a chip with quirks, and expects every file as it was issued.
fn check(electronics: &Electronics, quirks: &[Quirk]) -> (ChipFiles, Seen) {
    let document = document(electronics);
    let chip = Chip::new(&document, 4).with_quirks(quirks.iter().copied());
    let seen = read_chip(&document, chip);
    let files = match &seen.result {
        Ok(files) => files.clone(),
        Err(error) => panic!("{quirks:?}: {error}"),
    };
    for (id, bytes) in document.files() {
        let [_, short] = id.to_be_bytes();
        let file = match short {
            0x1E => ElementaryFile::Com,
            0x1D => ElementaryFile::Sod,
            number => ElementaryFile::DataGroup(number),
        };
        assert_eq!(files.get(file), Some(bytes), "{quirks:?}: {file}");
    }
    (files, seen)
}

fn opened(files: &ChipFiles) -> String {
    files.conversation().unwrap().access.to_string()
}

fn notices(files: &ChipFiles) -> &[Notice] {
    &files.conversation().unwrap().notices
}

fn findings(document: &TestDocument, files: &ChipFiles) -> Vec<Finding> {
    let printed = Mrz::parse(&document.lines().join("\n")).unwrap();
    let trust = TrustStore::from_pem(&authority().csca_pem().unwrap()).unwrap();
    inspect_without_portrait(&printed, files, &trust, Some(date(2026, 11, 22)))
}

fn outcome(electronics: &Electronics, quirks: &[Quirk], check: Check) -> (Outcome, String) {
    let document = document(electronics);
    let chip = Chip::new(&document, 4).with_quirks(quirks.iter().copied());
    let files = read_chip(&document, chip).result.unwrap();
    let findings = findings(&document, &files);
    let finding = findings.iter().find(|finding| finding.check == check);
    let finding = finding.unwrap();
    (finding.outcome, finding.reason.clone())
}

#[test]
fn every_way_of_pace_opens_a_chip_with_either_password() {
    let ciphers = [
        Cipher::TripleDes,
        Cipher::Aes128,
        Cipher::Aes192,
        Cipher::Aes256,
    ];
    let mut ways = Vec::new();
    for cipher in ciphers {
        ways.extend([
            pace(Mapping::Generic, cipher, 13),
            pace(Mapping::Integrated, cipher, 12),
            pace(Mapping::Generic, cipher, 0),
            pace(Mapping::Integrated, cipher, 0),
        ]);
    }
    for parameters in (8..=18).chain([1, 2]) {
        ways.push(pace(Mapping::Generic, Cipher::Aes256, parameters));
        if parameters != 10 {
            ways.push(pace(Mapping::Integrated, Cipher::Aes128, parameters));
        }
    }
    for way in ways {
        let document = document(&Electronics {
            pace: vec![way],
            number: Some(NUMBER.into()),
            ..Electronics::default()
        });
        let number = CardAccessNumber::new(NUMBER).unwrap();
        for (passwords, kind) in [
            (mrz(&document), PasswordKind::Mrz),
            (number.into(), PasswordKind::Can),
        ] {
            let card = InField::new(Chip::new(&document, 4));
            let seen = see(card, &passwords.into(), ApduLength::Extended.into());
            let files = seen
                .result
                .unwrap_or_else(|error| panic!("{way:?}: {error}"));
            let access = &files.conversation().unwrap().access;
            assert!(
                matches!(access.protocol, Protocol::Pace(_)),
                "{way:?}: {access}"
            );
            assert_eq!(access.password, kind, "{way:?}");
            assert_eq!(
                files.get(ElementaryFile::DG2),
                document.file(0x0102),
                "{way:?}"
            );
        }
    }
}

#[test]
fn integrated_mapping_is_right_for_points_of_both_kinds_and_many_nonces() {
    for (seed, parameters) in (0..40).zip([8, 9, 12, 13, 14, 15, 18].into_iter().cycle()) {
        let document = document(&Electronics {
            pace: vec![pace(Mapping::Integrated, Cipher::Aes128, parameters)],
            ..Electronics::default()
        });
        let seen = read_chip(&document, Chip::new(&document, seed));
        assert!(seen.result.is_ok(), "{parameters}, seed {seed}");
    }
}

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
fn a_refused_master_file_stops_nobody() {
    // Quirk 1, and 3: EF.DIR is never asked for.
    for status in [0x6982, 0x6A81, 0x6A86, 0x6A87, 0x6D00] {
        for quirks in [
            vec![Quirk::MasterFile(status)],
            vec![Quirk::MasterFile(status), Quirk::NoShortIdentifiers],
        ] {
            let (files, _) = check(&modern(), &quirks);
            assert!(opened(&files).starts_with("PACE"), "{quirks:?}");
        }
    }
}

#[test]
fn a_warning_about_card_access_is_noted_and_no_more() {
    // Quirk 2.
    let quirks = [Quirk::NoShortIdentifiers, Quirk::CardAccessWarning(0x6283)];
    let (files, _) = check(&modern(), &quirks);
    assert!(opened(&files).starts_with("PACE"));
    let warning = Notice::Warning {
        step: Step::CardAccess,
        status: Status(0x6283),
    };
    assert!(notices(&files).contains(&warning));
}

#[test]
fn lengths_are_asked_for_as_each_chip_wants_them() {
    // Quirks 4, 5, 13.
    let old = Electronics::default();
    for quirks in [
        vec![Quirk::NoLengthField],
        vec![Quirk::AnyLength],
        vec![Quirk::Pieces(100)],
        vec![Quirk::Block(200), Quirk::NamesLength],
    ] {
        check(&old, &quirks);
        check(&modern(), &quirks);
    }
}

#[test]
fn domain_parameters_are_named_or_not_as_each_chip_wants_it() {
    // Quirk 6.
    let one = modern();
    let two = Electronics {
        pace: vec![GENERIC, pace(Mapping::Generic, Cipher::Aes256, 12)],
        ..modern()
    };
    for (what, quirk) in [
        (&one, Quirk::WantsParameters),
        (&two, Quirk::RefusesParameters(0x6A87)),
        (&two, Quirk::RefusesParameters(0x6A80)),
        (&two, Quirk::WantsParameters),
    ] {
        let (files, _) = check(what, &[quirk]);
        assert!(
            opened(&files).starts_with("PACE"),
            "{quirk:?}: {}",
            opened(&files)
        );
    }
}

#[test]
fn bac_is_used_where_pace_cannot_be_and_the_result_says_why() {
    // Quirk 7 and the fallback.
    let unknown = Electronics {
        pace: vec![pace(Mapping::Generic, Cipher::Aes128, 31)],
        ..Electronics::default()
    };
    for (what, quirks, expected) in [
        (
            Electronics::default(),
            vec![],
            "BAC, key from the printed zone; PACE not used: EF.CardAccess refused with status 6A82",
        ),
        (
            unknown,
            vec![],
            "BAC, key from the printed zone; PACE not used: none of 1 ways offered is supported",
        ),
        (
            modern(),
            vec![Quirk::WantsParameters, Quirk::RefusesParameters(0x6A87)],
            "BAC, key from the printed zone; \
             PACE not used: PACE, choice of the way refused with status 6A80",
        ),
    ] {
        let (files, _) = check(&what, &quirks);
        assert_eq!(opened(&files), expected);
    }
}

#[test]
fn wrong_passwords_refusals_removals_and_faults_are_told_apart() {
    // Quirk 8 among them: BAC switched off is no wrong zone.
    let wrong = || Passwords::from(AccessKey::from_mrz_information("L898902C3674081221204150"));
    let number = |text| Passwords::from(CardAccessNumber::new(text).unwrap());
    let old = Electronics::default();
    type Case = (Electronics, Vec<Quirk>, Option<Passwords>, Cause, Step);
    let cases: Vec<Case> = vec![
        (
            modern(),
            vec![],
            Some(wrong()),
            Cause::WrongZone,
            Step::PaceTokens,
        ),
        (
            old.clone(),
            vec![],
            Some(wrong()),
            Cause::WrongZone,
            Step::MutualAuthentication,
        ),
        (
            modern(),
            vec![],
            Some(number("654321")),
            Cause::WrongNumber,
            Step::PaceTokens,
        ),
        (
            old.clone(),
            vec![],
            Some(number(NUMBER)),
            Cause::NoAccess,
            Step::CardAccess,
        ),
        (
            old.clone(),
            vec![Quirk::NoBac(0x6982)],
            None,
            Cause::NoAccess,
            Step::Challenge,
        ),
        (
            old.clone(),
            vec![Quirk::NoBac(0x6985)],
            None,
            Cause::NoAccess,
            Step::Challenge,
        ),
        (
            old,
            vec![Quirk::NakedData],
            None,
            Cause::Distrust,
            Step::File(ElementaryFile::Sod),
        ),
    ];
    for (what, quirks, passwords, cause, step) in cases {
        let document = document(&what);
        let chip = Chip::new(&document, 4).with_quirks(quirks.iter().copied());
        let passwords = passwords.unwrap_or_else(|| mrz(&document));
        let seen = see(
            InField::new(chip),
            &passwords.into(),
            ApduLength::Extended.into(),
        );
        let error = seen.result.unwrap_err();
        assert_eq!(
            (error.cause(), error.step()),
            (cause, Some(step)),
            "{error}"
        );
        assert!(error.clause().unwrap().starts_with("Doc 9303-1"), "{error}");
    }
    let document = document(&modern());
    let faulty = Chip::new(&document, 4).with_faults([Fault::Vanishes { after: 12 }]);
    let error = read_chip(&document, faulty).result.unwrap_err();
    assert_eq!(error.cause(), Cause::Removed);
    let reader = ReadError::Card {
        step: Step::Application,
        error: CardError::Reader {
            reader: "r".into(),
            problem: "p".into(),
        },
    };
    assert_eq!(reader.cause(), Cause::Reader);
}

#[test]
fn a_switched_off_bac_says_that_pace_was_not_there_either() {
    let document = document(&Electronics::default());
    let chip = Chip::new(&document, 4).with_quirks([Quirk::NoBac(0x6985)]);
    let error = read_chip(&document, chip).result.unwrap_err();
    let expected = AccessError::Refused {
        step: Step::Challenge,
        status: Status(0x6985),
        without_pace: Some(WithoutPace::NoCardAccess {
            status: Status(0x6A82),
        }),
    };
    assert_eq!(error, ReadError::Access(expected));
}

#[test]
fn a_chip_that_does_not_take_the_number_is_opened_with_the_zone() {
    let document = document(&modern());
    let chip = Chip::new(&document, 4).with_quirks([Quirk::RefusesNumber(0x6A88)]);
    let passwords = Passwords {
        can: CardAccessNumber::new(NUMBER),
        ..mrz(&document)
    };
    let seen = see(
        InField::new(chip),
        &passwords.into(),
        ApduLength::Extended.into(),
    );
    let files = seen.result.unwrap();
    assert_eq!(
        files.conversation().unwrap().access.password,
        PasswordKind::Mrz
    );
}

#[test]
fn blocks_become_as_short_as_the_chip_wants_them() {
    // Quirks 9 and 11; the unprotected status is an event, and the counter stays.
    for what in [Electronics::default(), modern()] {
        for limit in [2048, 1024, 231, 223, 192, 160, 128, 100, 96, 64] {
            check(&what, &[Quirk::Block(limit)]);
            let (files, seen) = check(&what, &[Quirk::Block(limit), Quirk::NakedRefusal]);
            let unprotected = |notice: &Notice| matches!(notice, Notice::Unprotected { .. });
            assert!(notices(&files).iter().any(unprotected), "{limit}");
            assert!(
                seen.habits.chip.block.is_some_and(|block| block <= limit),
                "{limit}"
            );
            let lost = [
                Quirk::Block(limit),
                Quirk::NakedRefusal,
                Quirk::ForgetsSession,
            ];
            check(&what, &lost);
        }
    }
}

#[test]
fn what_was_noticed_in_the_conversation_is_found_and_told_with_its_evidence() {
    let what = modern();
    let document = document(&what);
    let printed = Mrz::parse(&document.lines().join("\n")).unwrap();
    let trust = TrustStore::from_pem(&authority().csca_pem().unwrap()).unwrap();
    let inspected = |chip: Chip| {
        let files = read_chip(&document, chip).result.unwrap();
        inspect(&printed, &files, &trust, Some(date(2026, 11, 22)))
    };
    let chip = |quirks: &[Quirk]| Chip::new(&document, 4).with_quirks(quirks.iter().copied());
    for (chip, outcome, word) in [
        (chip(&[]), Outcome::Passed, ""),
        (
            chip(&[Quirk::Block(200), Quirk::NakedRefusal]),
            Outcome::Failed,
            "unprotected status 6700 inside a session",
        ),
        (
            chip(&[Quirk::NoShortIdentifiers, Quirk::CardAccessWarning(0x6283)]),
            Outcome::NotDone,
            "done with warning 6283",
        ),
        (
            chip(&[Quirk::MindsTheEnd]),
            Outcome::NotDone,
            "session lost, chip opened anew",
        ),
        (
            chip(&[]).with_faults([Fault::DropsOut { after: 10 }]),
            Outcome::NotDone,
            "the document left and came back",
        ),
    ] {
        let inspection = inspected(chip);
        let check = Check::ChipConversation;
        let finding = inspection.finding(check).unwrap();
        assert_eq!(finding.outcome, outcome, "{word}: {}", finding.reason);
        assert!(finding.reason.contains(word), "{}", finding.reason);
        let evidence = inspection.evidence.of(check);
        let told = evidence.get("notices").copied().unwrap_or_default();
        assert!(told.contains(word), "{told}");
        // Recorded: none of it refers by itself, unless a gate's own policy says so.
        assert!(inspection.genuine(), "{word}");
        let strict = Policy::parse("[checks]\nchip-conversation = \"optional\"").unwrap();
        assert_eq!(strict.objects_to(finding), outcome == Outcome::Failed);
    }
}

#[test]
fn data_without_protection_end_the_conversation() {
    // Quirk 10.
    let document = document(&modern());
    let chip = Chip::new(&document, 4).with_quirks([Quirk::NakedData]);
    let error = read_chip(&document, chip).result.unwrap_err();
    assert_eq!(error.cause(), Cause::Distrust, "{error}");
}

#[test]
fn nothing_is_read_past_the_end_where_the_chip_minds() {
    // Quirk 12: 6B00, and the session is gone; 6282 is what the chip says otherwise.
    for what in [Electronics::default(), modern()] {
        let (_, seen) = check(&what, &[Quirk::MindsTheEnd]);
        assert!(seen.habits.chip.exact);
        let (_, seen) = check(&what, &[]);
        assert!(!seen.habits.chip.exact);
    }
}

#[test]
fn what_was_learnt_saves_the_next_chip_of_its_kind_the_detours() {
    let document = document(&modern());
    for quirks in [
        vec![Quirk::MindsTheEnd],
        vec![Quirk::NoShortIdentifiers],
        vec![Quirk::Block(160), Quirk::NakedRefusal],
    ] {
        let chip = || Chip::new(&document, 4).with_quirks(quirks.iter().copied());
        let first = read_chip(&document, chip());
        assert!(first.result.is_ok());
        let request = mrz(&document).into();
        let second = see(InField::new(chip()), &request, first.habits);
        assert!(second.result.is_ok());
        assert!(second.commands < first.commands, "{quirks:?}");
        // On a chip without the quirk nothing breaks.
        let third = see(
            InField::new(Chip::new(&document, 4)),
            &request,
            first.habits,
        );
        assert!(third.result.is_ok());
    }
}

#[test]
fn groups_that_are_refused_or_broken_end_nothing() {
    // Quirks 26 and 28.
    let what = Electronics {
        groups: vec![(3, 2_000), (11, 80), (13, 300)],
        ..modern()
    };
    let document = document(&what);
    let quirks = [Quirk::RefusesGroup(3), Quirk::RefusesGroup(13)];
    let chip = Chip::new(&document, 4).with_quirks(quirks);
    let request = Request {
        also: vec![3, 11, 13, 12, 0, 99],
        ..mrz(&document).into()
    };
    let seen = see(InField::new(chip), &request, ApduLength::Extended.into());
    let files = seen.result.unwrap();
    let group = ElementaryFile::DataGroup;
    assert_eq!(files.get(group(11)), document.file(0x010B));
    assert_eq!(files.refusal(group(3)), Some(Status(0x6982)));
    assert_eq!(files.refusal(group(13)), Some(Status(0x6982)));
    assert_eq!(files.refusal(group(12)), None, "EF.SOD does not list it");
    assert!(files.get(ElementaryFile::Com).is_some());
}

#[test]
fn files_beyond_the_reach_of_short_offsets_are_read() {
    for length in [32_760, 32_767, 32_768, 40_000, 65_532, 65_536, 100_000] {
        let what = Electronics {
            groups: vec![(13, length)],
            ..modern()
        };
        let document = document(&what);
        let request = Request {
            also: vec![13],
            ..mrz(&document).into()
        };
        for apdus in [ApduLength::Short, ApduLength::Extended] {
            let card = InField::new(Chip::new(&document, 4));
            let seen = see(card, &request, apdus.into());
            let files = seen.result.unwrap();
            let group = files.get(ElementaryFile::DataGroup(13));
            assert_eq!(group, document.file(0x010D), "{length} {apdus:?}");
        }
    }
}

#[test]
fn a_reader_that_cannot_carry_long_commands_is_remembered() {
    // Quirk 29.
    let document = document(&modern());
    let request = mrz(&document).into();
    let card = || InField::new(Chip::new(&document, 4)).in_short_reader();
    let first = see(card(), &request, ApduLength::Extended.into());
    assert!(first.result.is_ok());
    assert_eq!(first.habits.extended, Extended::Fails);
    assert_eq!(first.habits.chip, ChipHabits::default());
    let second = see(card(), &request, first.habits);
    assert!(second.result.is_ok());
    assert!(second.commands < first.commands);
}

#[test]
fn a_reader_that_calls_long_commands_a_removal_is_found_out_by_a_second_one() {
    let document = document(&modern());
    let request = mrz(&document).into();
    let card = InField::new(Chip::new(&document, 4)).in_short_reader_that_says_removed();
    let seen = see(card, &request, ApduLength::Extended.into());
    assert!(seen.result.is_ok(), "{:?}", seen.result.err());
    assert_eq!(seen.habits.extended, Extended::Fails);
    // A document that moved once says nothing about its reader.
    for after in 0..60 {
        let chip = Chip::new(&document, 4).with_faults([Fault::DropsOut { after }]);
        let seen = read_chip(&document, chip);
        assert_eq!(seen.habits.extended, Extended::Works, "{after}");
    }
}

#[test]
fn pace_is_resumed_where_the_application_hides_the_master_file() {
    let lost = [
        Quirk::ApplicationHidesMaster,
        Quirk::Block(200),
        Quirk::NakedRefusal,
        Quirk::ForgetsSession,
    ];
    let refusals = [0x6982, 0x6A81, 0x6A82, 0x6A86, 0x6D00].map(Quirk::MasterFile);
    for refusal in [None].into_iter().chain(refusals.map(Some)) {
        for short in [None, Some(Quirk::NoShortIdentifiers)] {
            let quirks: Vec<Quirk> = lost.into_iter().chain(refusal).chain(short).collect();
            let (files, _) = check(&modern(), &quirks);
            assert!(opened(&files).starts_with("PACE"), "{quirks:?}");
            let reopened = |notice: &Notice| matches!(notice, Notice::Reopened { .. });
            assert!(notices(&files).iter().any(reopened), "{quirks:?}");
            let conversation = files.conversation().unwrap();
            assert!(conversation.card_access.is_some(), "{quirks:?}");
        }
    }
}

#[test]
fn a_chip_that_gives_byte_by_byte_is_not_listened_to() {
    let document = document(&modern());
    for bytes in [1, 15] {
        let chip = Chip::new(&document, 4).with_quirks([Quirk::Drips(bytes)]);
        let seen = read_chip(&document, chip);
        let error = seen.result.unwrap_err();
        assert_eq!(error.cause(), Cause::Chip, "{error}");
        assert!(seen.commands < 40, "{}", seen.commands);
    }
    check(&modern(), &[Quirk::Drips(32)]);
}

#[test]
fn a_document_without_readable_com_is_not_referred_for_that() {
    let document = document(&modern());
    let files = read_chip(&document, Chip::new(&document, 4))
        .result
        .unwrap();
    let mut without = ChipFiles::new();
    for (file, bytes) in files.iter() {
        if file != ElementaryFile::Com {
            without.insert(file, bytes.to_vec());
        }
    }
    without.refuse(ElementaryFile::Com, Status(0x6982));
    without.set_conversation(files.conversation().unwrap().clone());
    let printed = Mrz::parse(&document.lines().join("\n")).unwrap();
    let trust = TrustStore::from_pem(&authority().csca_pem().unwrap()).unwrap();
    let inspection = inspect(&printed, &without, &trust, Some(date(2026, 11, 22)));
    let outcome = |check| inspection.finding(check).unwrap().outcome;
    assert_eq!(outcome(Check::ChipReading), Outcome::Passed);
    assert_eq!(outcome(Check::ComAgainstSod), Outcome::NotDone);
    assert!(inspection.genuine());
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
fn a_document_that_flickers_is_read_on_where_it_stopped() {
    // Quirk 30.
    for what in [Electronics::default(), modern()] {
        let document = document(&what);
        let untouched = read_chip(&document, Chip::new(&document, 4));
        let whole = untouched.result.unwrap();
        for after in 0..untouched.commands {
            let chip = Chip::new(&document, 4).with_faults([Fault::DropsOut { after }]);
            let seen = read_chip(&document, chip);
            let files = seen
                .result
                .unwrap_or_else(|error| panic!("{after}: {error}"));
            for (file, bytes) in whole.iter() {
                assert_eq!(files.get(file), Some(bytes), "{after}: {file}");
            }
            let came_back = |notice: &Notice| matches!(notice, Notice::CameBack { .. });
            assert!(notices(&files).iter().any(came_back), "{after}");
            let findings = findings(&document, &files);
            let failed = |finding: &&Finding| finding.outcome == Outcome::Failed;
            assert_eq!(findings.iter().find(failed), None, "{after}");
        }
    }
}

#[test]
fn a_card_that_nobody_can_bring_back_is_gone() {
    struct Gone;
    impl Card for Gone {
        fn transmit(&mut self, _: &[u8]) -> Result<Vec<u8>, CardError> {
            Err(CardError::Removed)
        }
    }
    assert_eq!(Gone.reconnect(), Err(CardError::Removed));
}

#[test]
fn what_was_noticed_before_a_chip_failed_is_told_and_stands_in_the_findings() {
    let document = document(&modern());
    let chip = Chip::new(&document, 4)
        .with_quirks([Quirk::NoShortIdentifiers, Quirk::CardAccessWarning(0x6283)])
        .with_faults([Fault::Vanishes { after: 14 }]);
    let mut card = InField::new(chip);
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let mut habits = ApduLength::Extended.into();
    let mut notices = Vec::new();
    let mut note = |progress: Progress<'_>| {
        if let Progress::Noticed(notice) = progress {
            notices.push(notice);
        }
    };
    let request = mrz(&document).into();
    let error = read(&mut card, &request, &mut habits, &mut rng, &mut note).unwrap_err();
    assert_eq!(error.cause(), Cause::Removed);
    assert!(
        matches!(notices[..], [Notice::Warning { .. }]),
        "{notices:?}"
    );
    let printed = Mrz::parse(&document.lines().join("\n")).unwrap();
    let known = chip_not_read(&printed, &error, &notices, Some(date(2026, 11, 22)));
    let finding = known.finding(Check::ChipConversation).unwrap();
    assert_eq!(finding.outcome, Outcome::NotDone);
    assert!(
        finding.reason.ends_with("done with warning 6283"),
        "{}",
        finding.reason
    );
}
