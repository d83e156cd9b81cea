use super::*;
use crate::access::PasswordKind;
use crate::apdu::Status;
use crate::card::CardError;
use crate::finding::Outcome::{self, Aborted, Failed, NotDone, NotSupported, Passed};
use crate::step::Step;
use crate::test_issuer::{
    CSCA, SIGNER, SodIssuer, Terms, ZONE, authority, dg1, dg2, dumped, files, object, p256,
};
use hex_literal::hex;
use jiff::civil::date;

const NOT_VOUCHED_FOR: &str = "DG2 was not decoded: no trusted signature vouches for it";
const REFUSED: &str = "EF.SOD was refused with status 6982";
const UNREADABLE: &str = "EF.SOD cannot be read";

const TODAY: Option<Date> = Some(date(2026, 11, 22));

/// Checks for which the documents of these tests give no occasion: their store has no statements
/// and no revocation lists, their signer states neither period nor types, and they are of no State
/// with rules of its own.
const WITHOUT_OCCASION: [Check; 14] = [
    Check::Revocation,
    Check::TrustStatus,
    Check::KeyPeriod,
    Check::DocumentType,
    Check::PersonalDetails,
    Check::NationalRules,
    // Their signed data groups announce no proof of the chip.
    Check::ChipAuthentication,
    Check::ActiveAuthentication,
    Check::CardAccess,
    Check::CardSecurity,
    // Nothing was read beside zone and chip.
    Check::FrontAgainstBack,
    Check::ZoneAgainstPage,
    Check::VisaAgainstDocument,
    Check::VisaValidity,
];

/// What is not passed, and why.
fn complaints(inspection: &Inspection) -> Vec<(Check, Outcome, &str)> {
    let not_passed = |finding: &&Finding| {
        finding.outcome != Passed && !WITHOUT_OCCASION.contains(&finding.check)
    };
    let findings = inspection.findings.iter().filter(not_passed);
    findings
        .map(|finding| (finding.check, finding.outcome, finding.reason.as_str()))
        .collect()
}

#[test]
fn a_document_is_genuine_only_when_nothing_was_tampered_with() {
    let csca = authority(p256(), CSCA, None);
    let signer = authority(p256(), SIGNER, Some(&csca));
    let trust = TrustStore::from_pem(&csca.certificate.to_pem().unwrap()).unwrap();
    let printed = Mrz::parse(ZONE).unwrap();
    let other_zone = ZONE.replace("ANNA", "ANNE");
    let other_optional = ZONE.replace("ZE184226B<<<<<16", "<<<<<<<<<<<<<<04");
    type Tamper<'a> = Box<dyn Fn(&mut ChipFiles) + 'a>;
    let insert = |file, bytes: Vec<u8>| -> Tamper<'_> {
        Box::new(move |files: &mut ChipFiles| files.insert(file, bytes.clone()))
    };
    let resign = |groups: Vec<(u8, Vec<u8>)>| -> Tamper<'_> {
        let signer = &signer;
        Box::new(move |files: &mut ChipFiles| {
            let listed: Vec<(u8, &[u8])> = groups
                .iter()
                .map(|(number, bytes)| (*number, &bytes[..]))
                .collect();
            files.insert(ElementaryFile::Sod, SodIssuer::new(signer).sod(&listed));
            for (number, bytes) in &groups {
                files.insert(ElementaryFile::DataGroup(*number), bytes.clone());
            }
        })
    };
    let no_image = object(
        0x75,
        &[&object(0x7F61, &[&object(0x7F60, &[&object(0x5F2E, &[])])])],
    );
    let iso39794 = object(
        0x75,
        &[&object(0x7F61, &[&object(0x7F60, &[&object(0x7F2E, &[])])])],
    );
    let other_state = ZONE.replace("P<UTO", "P<VNM");
    let no_state = ZONE.replace("P<UTO", "P<ZZZ");
    type Case<'a> = (&'a str, Tamper<'a>, Vec<(Check, Outcome, &'a str)>);
    let cases: Vec<Case<'_>> = vec![
        ("genuine", Box::new(|_| ()), vec![]),
        (
            "another portrait",
            insert(ElementaryFile::DG2, dg2(121)),
            vec![
                (Check::DataGroupDigests, Failed, "DG2 is not the signed one"),
                (Check::Portrait, NotDone, NOT_VOUCHED_FOR),
            ],
        ),
        (
            "another name in the chip",
            insert(ElementaryFile::DG1, dg1(&other_zone)),
            vec![
                (Check::DataGroupDigests, Failed, "DG1 is not the signed one"),
                (Check::PrintedAgainstChip, Failed, "different: name"),
                (Check::Portrait, NotDone, NOT_VOUCHED_FOR),
            ],
        ),
        (
            "a chip of another document",
            resign(vec![(1, dg1(&other_zone)), (2, dg2(120))]),
            vec![(Check::PrintedAgainstChip, Failed, "different: name")],
        ),
        (
            "other optional data",
            resign(vec![(1, dg1(&other_optional)), (2, dg2(120))]),
            vec![(
                Check::PrintedAgainstChip,
                NotDone,
                "different: optional data",
            )],
        ),
        (
            "a document of another State than its signer",
            resign(vec![(1, dg1(&other_state)), (2, dg2(120))]),
            vec![
                (
                    Check::IssuerAgainstSigner,
                    Failed,
                    "document of VNM, signer of UT",
                ),
                (
                    Check::PrintedAgainstChip,
                    Failed,
                    "different: issuing State",
                ),
            ],
        ),
        (
            "a State that nobody knows",
            resign(vec![(1, dg1(&no_state)), (2, dg2(120))]),
            vec![
                (
                    Check::IssuerAgainstSigner,
                    Failed,
                    "no country is known for \"ZZZ\"",
                ),
                (
                    Check::PrintedAgainstChip,
                    Failed,
                    "different: issuing State",
                ),
            ],
        ),
        (
            "a zone with a wrong check digit in the chip",
            resign(vec![
                (1, dg1(&ZONE.replace("L898902C3", "L898902C4"))),
                (2, dg2(120)),
            ]),
            vec![(
                Check::PrintedAgainstChip,
                Failed,
                "different: document number",
            )],
        ),
        (
            "a data group that is not signed",
            insert(ElementaryFile::DataGroup(15), hex!("6F00").to_vec()),
            vec![
                (Check::DataGroupDigests, Failed, "DG15 is not in EF.SOD"),
                (Check::Portrait, NotDone, NOT_VOUCHED_FOR),
            ],
        ),
        (
            "a data group only in EF.COM",
            insert(ElementaryFile::Com, hex!("6005 5C03 61756F").to_vec()),
            vec![(Check::ComAgainstSod, Failed, "DG15 only in EF.COM")],
        ),
        (
            "a data group hidden by EF.COM",
            insert(ElementaryFile::Com, hex!("6003 5C01 61").to_vec()),
            vec![(Check::ComAgainstSod, Failed, "DG2 only in EF.SOD")],
        ),
        (
            "a portrait without an image",
            resign(vec![(1, dg1(ZONE)), (2, no_image)]),
            vec![(
                Check::Portrait,
                Failed,
                "DG2: no image marker in a face record of 0 bytes",
            )],
        ),
        (
            "a portrait of the new kind that is empty",
            resign(vec![(1, dg1(ZONE)), (2, iso39794)]),
            vec![(
                Check::Portrait,
                Failed,
                "DG2 at offset 11: FaceImageDataBlock (65) expected, end of data found",
            )],
        ),
        (
            "no EF.SOD",
            Box::new(|files| {
                let complete = core::mem::take(files);
                for (file, bytes) in complete.iter().filter(|(f, _)| *f != ElementaryFile::Sod) {
                    files.insert(file, bytes.to_vec());
                }
                files.set_conversation(complete.conversation().unwrap().clone());
                files.refuse(ElementaryFile::Sod, Status::SECURITY_STATUS);
            }),
            vec![
                (
                    Check::ChipReading,
                    Failed,
                    "EF.SOD refused with status 6982",
                ),
                (Check::SodSignature, NotDone, REFUSED),
                (Check::SignerTrust, NotDone, REFUSED),
                (Check::DataGroupDigests, NotDone, REFUSED),
                (Check::ComAgainstSod, NotDone, REFUSED),
                (Check::IssuerAgainstSigner, NotDone, REFUSED),
                (Check::Portrait, NotDone, NOT_VOUCHED_FOR),
                (Check::SignatureStrength, NotDone, REFUSED),
                (Check::Conformance, NotDone, REFUSED),
            ],
        ),
        (
            "a damaged EF.SOD",
            insert(ElementaryFile::Sod, hex!("7703 020100").to_vec()),
            vec![
                (
                    Check::SodSignature,
                    Failed,
                    "EF.SOD at offset 2: content information expected, tag 02 found",
                ),
                (Check::SignerTrust, NotDone, UNREADABLE),
                (Check::DataGroupDigests, NotDone, UNREADABLE),
                (Check::ComAgainstSod, NotDone, UNREADABLE),
                (Check::IssuerAgainstSigner, NotDone, UNREADABLE),
                (Check::Portrait, NotDone, NOT_VOUCHED_FOR),
                (Check::SignatureStrength, NotDone, UNREADABLE),
                (Check::Conformance, NotDone, UNREADABLE),
            ],
        ),
    ];
    for (name, tamper, expected) in cases {
        let mut files = files(&SodIssuer::new(&signer));
        tamper(&mut files);
        let inspection = inspect(&printed, &files, &trust, TODAY);
        assert_eq!(complaints(&inspection), expected, "{name}");
        assert_eq!(inspection.genuine(), expected.is_empty(), "{name}");
        let checks: Vec<Check> = inspection
            .findings
            .iter()
            .map(|finding| finding.check)
            .collect();
        assert_eq!(checks, CHECKS, "{name}");
    }
}

/// `files` without `gone`, which the chip refused.
fn without(files: &ChipFiles, gone: &[ElementaryFile]) -> ChipFiles {
    let mut left = ChipFiles::new();
    for (file, bytes) in files.iter().filter(|(file, _)| !gone.contains(file)) {
        left.insert(file, bytes.to_vec());
    }
    for file in gone {
        left.refuse(*file, Status::SECURITY_STATUS);
    }
    left.set_conversation(files.conversation().unwrap().clone());
    left
}

#[test]
fn signature_chain_and_digests_need_no_zone() {
    let csca = authority(p256(), CSCA, None);
    let signer = authority(p256(), SIGNER, Some(&csca));
    let trust = TrustStore::from_pem(&csca.certificate.to_pem().unwrap()).unwrap();
    let whole = files(&SodIssuer::new(&signer));
    let bare = without(&whole, &[ElementaryFile::DG1, ElementaryFile::Com]);
    let no_zone = "no printed zone was read; DG1 was refused with status 6982";
    let no_dg1 = "DG1 was refused with status 6982";
    let inspection = inspect_without_zone(&bare, &trust, TODAY);
    let outcome = |check| {
        let finding = inspection.finding(check).unwrap();
        (finding.outcome, finding.reason.as_str())
    };
    for check in [
        Check::SodSignature,
        Check::SignerTrust,
        Check::SignatureStrength,
        Check::Conformance,
        Check::Portrait,
    ] {
        assert_eq!(outcome(check), (Passed, ""), "{check:?}");
    }
    assert_eq!(inspection.portrait.as_ref().unwrap().width(), 32);
    for (check, reason) in [
        (Check::DataGroupDigests, no_dg1),
        (Check::IssuerAgainstSigner, no_dg1),
        (Check::DocumentType, no_dg1),
        (Check::PersonalDetails, no_dg1),
        (Check::ComAgainstSod, "EF.COM was refused with status 6982"),
        (Check::PrintedZone, "no printed zone was read"),
        (Check::PrintedAgainstChip, "no printed zone was read"),
        (Check::ZoneCheckDigits, no_zone),
        (Check::Validity, no_zone),
        (Check::DatesPlausible, no_zone),
        (Check::NationalRules, no_zone),
        (Check::KnownDefects, no_zone),
        (Check::VisaValidity, no_zone),
    ] {
        assert_eq!(outcome(check), (NotDone, reason), "{check:?}");
    }
    assert!(!inspection.genuine());

    // The group that is there is not the signed one: nobody's face.
    let mut forged = without(&bare, &[]);
    forged.insert(ElementaryFile::DG2, dg2(121));
    let inspection = inspect_without_zone(&forged, &trust, TODAY);
    let finding = |check| inspection.finding(check).unwrap();
    let digests = finding(Check::DataGroupDigests);
    assert_eq!(digests.reason, "DG2 is not the signed one");
    assert_eq!(digests.outcome, Failed);
    assert_eq!(finding(Check::Portrait).reason, NOT_VOUCHED_FOR);

    // The zone of the chip stands in, and nothing is said of the printed one.
    let inspection = inspect_without_zone(&whole, &trust, TODAY);
    let reason = "no printed zone was read";
    assert_eq!(
        complaints(&inspection),
        [
            (Check::PrintedZone, NotDone, reason),
            (Check::PrintedAgainstChip, NotDone, reason),
        ]
    );
    assert!(!inspection.genuine());
}

#[test]
fn what_stands_behind_a_file_and_beside_the_zone_in_dg1_is_told_and_never_taken_in_silence() {
    let csca = authority(p256(), CSCA, None);
    let signer = authority(p256(), SIGNER, Some(&csca));
    let trust = TrustStore::from_pem(&csca.certificate.to_pem().unwrap()).unwrap();
    let printed = Mrz::parse(ZONE).unwrap();
    let genuine = files(&SodIssuer::new(&signer));
    let padded = |file, behind: &[u8]| {
        let mut files = without(&genuine, &[]);
        files.insert(file, [genuine.get(file).unwrap(), behind].concat());
        files
    };
    let with_dg1 = |dg1: Vec<u8>| {
        let mut files = without(&genuine, &[]);
        let sod = SodIssuer::new(&signer).sod(&[(1, &dg1), (2, &dg2(120))]);
        files.insert(ElementaryFile::Sod, sod);
        files.insert(ElementaryFile::DG1, dg1);
        files
    };
    let zone = ZONE.replace('\n', "");
    let plain = object(0x5F1F, &[zone.as_bytes()]);
    let long_form = [&hex!("61 82 005B")[..], &plain].concat();
    let long_inside = [&hex!("5F1F 81 58")[..], zone.as_bytes()].concat();
    let long_inside = object(0x61, &[&long_inside]);
    let further = object(0x61, &[&plain, &object(0x5F20, &[b"X"])]);
    let lower_case = object(0x61, &[&object(0x5F1F, &[zone.to_lowercase().as_bytes()])]);
    let form = "DG1 is not in its shortest form";
    for (name, files, told, deviation) in [
        (
            "a byte behind EF.SOD",
            padded(ElementaryFile::Sod, &[0]),
            "bytes behind the end of EF.SOD",
            "bytes-behind",
        ),
        (
            "padding behind EF.SOD",
            padded(ElementaryFile::Sod, &[0; 64]),
            "bytes behind the end of EF.SOD",
            "bytes-behind",
        ),
        (
            "padding behind DG2",
            padded(ElementaryFile::DG2, &[0; 300]),
            "bytes behind the end of DG2",
            "bytes-behind",
        ),
        (
            "another object behind DG1",
            padded(ElementaryFile::DG1, &plain),
            "bytes behind the end of DG1",
            "bytes-behind",
        ),
        (
            "longer length of DG1",
            with_dg1(long_form),
            form,
            "dg1-form",
        ),
        (
            "longer length of the zone",
            with_dg1(long_inside),
            form,
            "dg1-form",
        ),
        (
            "another object beside the zone",
            with_dg1(further),
            form,
            "dg1-form",
        ),
        ("lower case", with_dg1(lower_case), form, "dg1-form"),
    ] {
        let inspection = inspect(&printed, &files, &trust, TODAY);
        assert_eq!(
            complaints(&inspection),
            [(Check::Conformance, NotDone, told)],
            "{name}"
        );
        let evidence = inspection.evidence.of(Check::Conformance);
        assert_eq!(evidence["deviations"], deviation, "{name}");
    }
    // Without a signature to look at, what can be seen is told beside the reason.
    let mut files = padded(ElementaryFile::DG2, &[0]);
    files.insert(ElementaryFile::Sod, hex!("7703 020100").to_vec());
    let inspection = inspect(&printed, &files, &trust, TODAY);
    let conformance = inspection.finding(Check::Conformance).unwrap();
    let told = format!("{UNREADABLE}; bytes behind the end of DG2");
    assert_eq!(conformance.reason, told);
}

#[test]
fn a_signed_portrait_of_which_half_is_missing_refers() {
    let csca = authority(p256(), CSCA, None);
    let signer = authority(p256(), SIGNER, Some(&csca));
    let trust = TrustStore::from_pem(&csca.certificate.to_pem().unwrap()).unwrap();
    let printed = Mrz::parse(ZONE).unwrap();
    let whole = lds::portrait(&dg2(120)).unwrap().bytes;
    let half = &whole[..whole.len() - 12];
    let record = [b"FAC\x00010\0".as_slice(), &[0; 38], half, &[0xFF, 0xD9]].concat();
    let template = object(0x7F60, &[&object(0xA1, &[]), &object(0x5F2E, &[&record])]);
    let cut = object(0x75, &[&object(0x7F61, &[&hex!("020101"), &template])]);
    let mut files = without(&files(&SodIssuer::new(&signer)), &[]);
    let sod = SodIssuer::new(&signer).sod(&[(1, &dg1(ZONE)), (2, &cut)]);
    files.insert(ElementaryFile::Sod, sod);
    files.insert(ElementaryFile::DG2, cut);
    let inspection = inspect(&printed, &files, &trust, TODAY);
    assert_eq!(
        complaints(&inspection),
        [(
            Check::Portrait,
            Failed,
            "portrait is damaged: the compressed data does not add up"
        )]
    );
    assert_eq!(
        inspection.verdict(&Policy::default()),
        Verdict::Refer(vec![Check::Portrait])
    );
}

#[test]
fn time_and_trust_are_arguments() {
    let csca = authority(p256(), CSCA, None);
    let signer = authority(
        p256(),
        Terms {
            country: "ut",
            ..SIGNER
        },
        Some(&csca),
    );
    let trust = TrustStore::from_pem(&csca.certificate.to_pem().unwrap()).unwrap();
    let printed = Mrz::parse(ZONE).unwrap();
    let files = files(&SodIssuer::new(&signer));
    let empty = TrustStore::empty();
    for (trust, today, expected) in [
        (&trust, TODAY, vec![]),
        (
            &trust,
            None,
            vec![
                (Check::Validity, NotDone, "the gate does not know the date"),
                (
                    Check::DatesPlausible,
                    NotDone,
                    "the gate does not know the date",
                ),
            ],
        ),
        (
            &trust,
            Some(date(2032, 4, 16)),
            vec![(Check::Validity, Failed, "the document has expired")],
        ),
        (
            &empty,
            TODAY,
            vec![
                (
                    Check::SignerTrust,
                    Failed,
                    "no CSCA of UT in the trust store",
                ),
                (Check::Portrait, NotDone, NOT_VOUCHED_FOR),
            ],
        ),
    ] {
        let inspection = inspect(&printed, &files, trust, today);
        assert_eq!(complaints(&inspection), expected);
        assert_eq!(inspection.genuine(), expected.is_empty());
        assert_eq!(inspection.dg1.as_ref(), Some(&printed));
        let vouched = trust.count() > 0;
        assert_eq!(
            inspection.portrait.map(|portrait| portrait.dimensions()),
            vouched.then_some((32, 40))
        );
    }
}

#[test]
fn a_chip_that_was_not_read_is_never_genuine() {
    let printed = Mrz::parse(ZONE).unwrap();
    let status = Status(0x6300);
    for (error, access, reading) in [
        (
            ReadError::Card {
                step: Step::Application,
                error: CardError::Removed,
            },
            Aborted,
            Aborted,
        ),
        (ReadError::NoApplication { status }, Failed, NotDone),
        (
            ReadError::Access(AccessError::WrongPassword {
                step: Step::PaceTokens,
                password: PasswordKind::Mrz,
                status,
            }),
            Failed,
            NotDone,
        ),
        (
            ReadError::Access(AccessError::Refused {
                step: Step::Challenge,
                status,
                without_pace: None,
            }),
            NotSupported,
            NotDone,
        ),
        (
            ReadError::Refused {
                file: ElementaryFile::DG2,
                offset: 4,
                status,
            },
            Passed,
            Failed,
        ),
    ] {
        let inspection = chip_not_read(&printed, &error, &[], TODAY);
        let outcome = |check| inspection.finding(check).unwrap().outcome;
        assert_eq!(outcome(Check::ChipAccess), access, "{error}");
        assert_eq!(outcome(Check::ChipReading), reading, "{error}");
        assert_eq!(outcome(Check::Validity), Passed);
        assert_eq!(outcome(Check::SodSignature), NotDone);
        assert_eq!(inspection.findings.len(), CHECKS.len());
        assert!(!inspection.genuine());
    }
}

#[test]
fn files_that_nobody_read_from_a_chip_are_no_proof_of_access() {
    let csca = authority(p256(), CSCA, None);
    let signer = authority(p256(), SIGNER, Some(&csca));
    let trust = TrustStore::from_pem(&csca.certificate.to_pem().unwrap()).unwrap();
    let printed = Mrz::parse(ZONE).unwrap();
    let inspection = inspect(&printed, &dumped(&SodIssuer::new(&signer)), &trust, TODAY);
    assert_eq!(
        complaints(&inspection),
        [
            (Check::ChipAccess, NotDone, "no chip was there"),
            (Check::ChipConversation, NotDone, "no chip was there"),
        ]
    );
    assert_eq!(
        inspection.verdict(&Policy::default()),
        Verdict::Refer(vec![Check::ChipAccess])
    );
}

#[test]
fn an_inspection_does_not_print_its_traveller() {
    let csca = authority(p256(), CSCA, None);
    let signer = authority(p256(), SIGNER, Some(&csca));
    let files = files(&SodIssuer::new(&signer));
    let inspection = inspect(
        &Mrz::parse(ZONE).unwrap(),
        &files,
        &TrustStore::empty(),
        TODAY,
    );
    let printed = format!("{inspection:?} {files:?}");
    for personal in ["ERIKSSON", "ANNA", "L898902C", "740812", "115, 115"] {
        assert!(!printed.contains(personal), "{personal} in {printed}");
    }
}
