//! Test documents under the gate's inspection: each deviation is noticed by the check that is there
//! for it, and by no other.
#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails by panicking, like the test"
)]

use gate_document::beside::{Beside, PageText};
use gate_document::policy::{Policy, Verdict};
use gate_document::trust::defects::Defects;
use gate_document::{
    AccessKey, ApduLength, Check, Inspection, Mrz, Outcome, Sensitive, inspect, read,
};
use gate_sim::chip::field::{InField, read_placed};
use gate_sim::chip::{Chip, Cipher};
use gate_sim::issuer::details::{Details, Valid};
use gate_sim::issuer::electronics::{
    ChipOffer, FaceRecord, Mapping, Misprint, PaceOffer, SignatureOffer,
};
use gate_sim::issuer::{
    Authority, DocumentRequest, Electronics, Encoding, Format, Portrait, Scheme, Sex, State,
    TestDocument,
};
use image::{Rgb, RgbImage};
use jiff::civil::{Date, date};
use rand::SeedableRng as _;
use rand_chacha::ChaCha20Rng;

const TODAY: Date = date(2026, 11, 22);

fn portrait(shade: u8, encoding: Encoding) -> Portrait {
    let picture = RgbImage::from_fn(240, 320, |x, y| {
        let grain = (x * 7919 + y * 104_729 + x * y) % 23;
        Rgb([shade, (x / 2 + grain) as u8, (y / 3 + grain) as u8])
    });
    Portrait::encode(&picture, encoding, 15_000).unwrap()
}

fn request() -> DocumentRequest {
    DocumentRequest::specimen(portrait(90, Encoding::Jpeg2000))
}

fn authority() -> Authority {
    Authority::new(State::UTOPIA, Scheme::Elliptic, 1).unwrap()
}

/// Reads the document's chip with the key on its page and inspects both.
fn inspected(document: &TestDocument, trusted: &Authority) -> Inspection {
    let printed = Mrz::parse(&document.lines().join("\n")).unwrap();
    let key = AccessKey::from_mrz_information(document.key_information());
    assert_eq!(
        printed.access_key().mrz_information(),
        key.mrz_information()
    );
    let files = read_placed(document, Chip::new(document, 1)).unwrap();
    let trust = trusted.trust_store().unwrap();
    inspect(&printed, &files, &trust, Some(TODAY))
}

fn failed(inspection: &Inspection) -> Vec<Check> {
    inspection
        .findings
        .iter()
        .filter(|finding| finding.outcome == Outcome::Failed)
        .map(|finding| finding.check)
        .collect()
}

#[test]
fn signatures_of_every_length_and_curve_verify_and_short_ones_are_told() {
    for scheme in Scheme::ALL {
        let authority = Authority::new(State::UTOPIA, scheme, 1).unwrap();
        let document = authority.issue(&request()).unwrap();
        let inspection = inspected(&document, &authority);
        assert_eq!(failed(&inspection), [], "{scheme:?}");
        assert!(inspection.genuine(), "{scheme:?}");
        let strength = inspection.finding(Check::SignatureStrength).unwrap();
        let is_strong = strength.outcome == Outcome::Passed;
        assert_eq!(is_strong, scheme != Scheme::ShortRsa, "{scheme:?}");
        // Somebody else's authority of the same kind and name has signed nothing of it.
        if scheme != Scheme::LongRsa {
            let other = inspected(&document, &authority.impostor().unwrap());
            assert!(!other.genuine(), "{scheme:?}");
        }
        let forged = document.exchange_portrait(&portrait(200, Encoding::Jpeg));
        assert!(!inspected(&forged, &authority).genuine(), "{scheme:?}");
    }
}

#[test]
fn every_genuine_document_passes_every_check() {
    for scheme in [Scheme::Elliptic, Scheme::Rsa] {
        for state in [State::UTOPIA, State::VIETNAM] {
            let authority = Authority::new(state, scheme, 1).unwrap();
            for format in [Format::Td3, Format::Td1] {
                for encoding in [Encoding::Jpeg, Encoding::Jpeg2000] {
                    let portrait = portrait(90, encoding);
                    let request = DocumentRequest {
                        format,
                        portrait,
                        ..request()
                    };
                    let inspection = inspected(&authority.issue(&request).unwrap(), &authority);
                    let what = format!("{scheme:?} {state:?} {format:?} {encoding:?}");
                    assert_eq!(failed(&inspection), [], "{what}: {:?}", inspection.findings);
                    assert!(inspection.genuine(), "{what}");
                    assert_eq!(
                        inspection.portrait.unwrap().dimensions(),
                        (240, 320),
                        "{what}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_vietnamese_card_passes_every_check() {
    let authority = Authority::new(State::VIETNAM, Scheme::Elliptic, 1).unwrap();
    let request = DocumentRequest {
        format: Format::Td1,
        nationality: "VNM",
        birth: date(1974, 8, 12),
        sex: Sex::Female,
        // The sixtieth birthday.
        expiry: date(2034, 8, 12),
        ..request()
    };
    let document = authority
        .issue(&request.with_personal_number("001174000001").unwrap())
        .unwrap();
    let inspection = inspected(&document, &authority);
    assert_eq!(failed(&inspection), [], "{:?}", inspection.findings);
}

#[test]
fn what_dg11_and_dg13_say_in_national_spelling_is_held_against_dg1() {
    let vietnam = Authority::new(State::VIETNAM, Scheme::Elliptic, 3).unwrap();
    let utopia = authority();
    let card = DocumentRequest {
        format: Format::Td1,
        surname: "Tran".into(),
        given_names: "Thi Thu Huong".into(),
        nationality: "VNM",
        birth: date(1990, 1, 15),
        expiry: date(2030, 1, 15),
        ..request()
    };
    let card = card.with_personal_number("001190123456").unwrap();
    let holder = Details {
        name: "Trần Thị Thu Hương".into(),
        personal_number: "001190123456".into(),
        birth: date(1990, 1, 15),
        sex: Sex::Female,
        issued: None,
        valid: Valid::Unstated,
    };
    let other_name = Details {
        name: "Trần Thị Thu Hà".into(),
        ..holder.clone()
    };
    let other_day = Details {
        birth: date(1990, 1, 16),
        ..holder.clone()
    };
    let mueller = DocumentRequest {
        surname: "Mueller".into(),
        given_names: "Joerg".into(),
        ..request()
    };
    let dg11 = |name: &str| Electronics {
        dg11: Some(Details {
            name: name.into(),
            personal_number: String::new(),
            birth: date(1974, 8, 12),
            sex: Sex::Unspecified,
            issued: None,
            valid: Valid::Unstated,
        }),
        ..Electronics::default()
    };
    let dg13 = |details: &Details| Electronics {
        dg13: Some(details.clone()),
        ..Electronics::default()
    };
    for (issuer, request, electronics, outcome, reason) in [
        (&vietnam, &card, dg13(&holder), Outcome::Passed, ""),
        (
            &vietnam,
            &card,
            dg13(&other_name),
            Outcome::Failed,
            "DG13: another name",
        ),
        (
            &vietnam,
            &card,
            dg13(&other_day),
            Outcome::Failed,
            "DG13: another day of birth",
        ),
        (&utopia, &mueller, dg11("Müller<<Jörg"), Outcome::Passed, ""),
        (
            &utopia,
            &mueller,
            dg11("Möller<<Jörg"),
            Outcome::Failed,
            "DG11: another name",
        ),
        (
            &utopia,
            &mueller,
            Electronics::default(),
            Outcome::NotSupported,
            "the chip holds no further details",
        ),
    ] {
        let document = issuer.issue_with(request, &electronics).unwrap();
        let inspection = inspected(&document, issuer);
        let finding = inspection.finding(Check::PersonalDetails).unwrap();
        assert_eq!(
            (finding.outcome, finding.reason.as_str()),
            (outcome, reason)
        );
        // Spelling is no proof of forgery elsewhere, and a right one breaks no other rule.
        let others: Vec<Check> = failed(&inspection)
            .into_iter()
            .filter(|check| *check != Check::PersonalDetails)
            .collect();
        assert_eq!(others, [], "{:?}", inspection.findings);
    }
}

#[test]
fn dg13_says_when_a_vietnamese_card_was_issued_and_how_long_it_lasts() {
    let vietnam = Authority::new(State::VIETNAM, Scheme::Elliptic, 3).unwrap();
    let card = DocumentRequest {
        format: Format::Td1,
        nationality: "VNM",
        birth: date(1990, 1, 15),
        expiry: date(2030, 1, 15),
        ..request()
    };
    let card = card.with_personal_number("001190123456").unwrap();
    let holder = Details {
        name: "Eriksson Anna Maria".into(),
        personal_number: "001190123456".into(),
        birth: date(1990, 1, 15),
        sex: Sex::Female,
        issued: Some(date(2021, 5, 4)),
        valid: Valid::Until(date(2030, 1, 15)),
    };
    for (valid, issued, outcome) in [
        (holder.valid, holder.issued, Outcome::Passed),
        (Valid::Unlimited, holder.issued, Outcome::Failed),
        (
            Valid::Until(date(2031, 1, 15)),
            holder.issued,
            Outcome::Failed,
        ),
        (holder.valid, Some(date(2010, 5, 4)), Outcome::Failed),
        // Issued in two years' time: the rules of the card are kept, those of the calendar are not.
        (holder.valid, Some(date(2028, 5, 4)), Outcome::Passed),
    ] {
        let details = Details {
            valid,
            issued,
            ..holder.clone()
        };
        let electronics = Electronics {
            dg13: Some(details),
            ..Electronics::default()
        };
        let document = vietnam.issue_with(&card, &electronics).unwrap();
        let inspection = inspected(&document, &vietnam);
        let finding = inspection.finding(Check::NationalRules).unwrap();
        assert_eq!(finding.outcome, outcome, "{valid:?}: {}", finding.reason);
        let dates = inspection.finding(Check::DatesPlausible).unwrap();
        let in_future = issued.is_some_and(|day| day > TODAY);
        assert_eq!(dates.outcome == Outcome::Failed, in_future, "{issued:?}");
        let evidence = inspection.evidence.of(Check::NationalRules);
        assert_eq!(evidence["files"], "DG13");
        let year = issued.map(|day| day.year().to_string());
        assert_eq!(evidence.get("year-of-issue").copied(), year.as_deref());
    }
}

#[test]
fn every_check_says_on_what_it_rests_or_why_it_was_not_done() {
    let electronics = Electronics {
        pace: vec![PaceOffer {
            mapping: Mapping::ChipAuthentication,
            cipher: Cipher::Aes128,
            parameters: 13,
        }],
        chip: vec![ChipOffer {
            cipher: Cipher::Aes128,
            parameters: 13,
            number: None,
            announced: true,
        }],
        signature: Some(SignatureOffer::Elliptic { announced: true }),
        dg11: Some(Details {
            name: "Eriksson<<Anna Maria".into(),
            personal_number: String::new(),
            birth: date(1974, 8, 12),
            sex: Sex::Female,
            issued: None,
            valid: Valid::Unstated,
        }),
        ..Electronics::default()
    };
    let authority = authority();
    let document = authority.issue_with(&request(), &electronics).unwrap();
    let good = inspected(&document, &authority);
    assert!(good.genuine(), "{:?}", good.findings);
    let printed = Mrz::parse(&document.lines().join("\n")).unwrap();
    let page = PageText {
        sex: Some(Sensitive::new(gate_document::mrz::Sex::Female)),
        ..PageText::default()
    };
    let beside = Beside {
        front: Some(page),
        back: None,
        visa: Some(Box::new(printed.clone())),
    };
    let good = good.with_beside(&printed, &beside, Some(TODAY));
    let forged = document.exchange_portrait(&portrait(200, Encoding::Jpeg));
    let bad = inspected(&forged, &authority.impostor().unwrap());
    for inspection in [&good, &bad] {
        for finding in &inspection.findings {
            let evidence = inspection.evidence.of(finding.check);
            let told = match finding.outcome {
                Outcome::Passed | Outcome::Failed => !evidence.is_empty(),
                _ => !finding.reason.is_empty(),
            };
            assert!(told, "{finding:?} {evidence:?}");
            for personal in ["ERIKSSON", "ANNA", "L898902C", "740812", "320415", "1974"] {
                let text = format!("{evidence:?}").to_uppercase();
                assert!(!text.contains(personal), "{text}");
            }
        }
    }
    let passed = |inspection: &Inspection| {
        let all = inspection.findings.iter();
        all.filter(|it| it.outcome == Outcome::Passed).count()
    };
    // Nearly every check was done, so that the loop above is about evidence.
    assert!(passed(&good) > 20, "{:?}", good.findings);
    assert!(!bad.genuine());
}

#[test]
fn every_deviation_is_noticed_by_its_own_check() {
    let authority = authority();
    let genuine = authority.issue(&request()).unwrap();
    let expired = DocumentRequest {
        expiry: date(2026, 11, 21),
        ..request()
    };
    let cases = [
        (
            "expired yesterday",
            authority.issue(&expired).unwrap(),
            Check::Validity,
        ),
        (
            "portrait exchanged",
            genuine
                .clone()
                .exchange_portrait(&portrait(200, Encoding::Jpeg)),
            Check::DataGroupDigests,
        ),
        (
            "another name printed",
            genuine.clone().reprint_name("Smith", "John").unwrap(),
            Check::PrintedAgainstChip,
        ),
        (
            "signed by nobody",
            authority.impostor().unwrap().issue(&request()).unwrap(),
            Check::SignerTrust,
        ),
    ];
    for (what, document, check) in cases {
        let inspection = inspected(&document, &authority);
        assert_eq!(
            failed(&inspection),
            [check],
            "{what}: {:?}",
            inspection.findings
        );
    }
}

#[test]
fn a_face_of_the_new_kind_is_read_from_the_chip_and_decoded() {
    let authority = authority();
    let electronics = Electronics {
        face: FaceRecord::Iso39794,
        ..Electronics::default()
    };
    for encoding in [Encoding::Jpeg, Encoding::Jpeg2000] {
        let request = DocumentRequest {
            portrait: portrait(90, encoding),
            ..request()
        };
        let document = authority.issue_with(&request, &electronics).unwrap();
        assert_eq!(document.file(0x0102).unwrap()[0], 0x75);
        let inspection = inspected(&document, &authority);
        assert_eq!(failed(&inspection), [], "{:?}", inspection.findings);
        assert!(inspection.genuine());
        assert_eq!(inspection.portrait.unwrap().dimensions(), (240, 320));
    }
    let forged = authority.issue_with(&request(), &electronics).unwrap();
    let forged = forged.exchange_portrait(&portrait(200, Encoding::Jpeg));
    assert_eq!(
        failed(&inspected(&forged, &authority)),
        [Check::DataGroupDigests]
    );
}

#[test]
fn a_document_issued_with_a_wrong_check_digit_opens_and_is_failed_for_the_digit_alone() {
    let authority = authority();
    // The digit over the birth of a booklet; the zone's last digit covers it and is wrong with it.
    for in_key in [true, false] {
        let electronics = Electronics {
            misprint: Some(Misprint {
                line: 1,
                position: 19,
                character: '7',
                in_key,
            }),
            ..Electronics::default()
        };
        let document = authority.issue_with(&request(), &electronics).unwrap();
        let text = document.lines().join("\n");
        assert!(Mrz::read(&text).is_err());
        let printed = Mrz::read_tolerant(&text).unwrap();
        let keys: Vec<_> = std::iter::once(&printed)
            .chain(printed.alternatives())
            .map(Mrz::access_key)
            .collect();
        // As printed first, as it should have been printed second.
        let at = usize::from(!in_key);
        assert_eq!(keys[at].mrz_information(), document.key_information());
        let mut habits = ApduLength::Extended.into();
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let files = keys.into_iter().find_map(|key| {
            let mut card = InField::new(Chip::new(&document, 1));
            read(&mut card, &key.into(), &mut habits, &mut rng, &mut |_| {}).ok()
        });
        let files = files.unwrap();
        let judged = |defect: &str| {
            let trust = authority.trust_store().unwrap();
            let trust = trust.with_defects(Defects::parse(defect).unwrap());
            inspect(&printed, &files, &trust, Some(TODAY))
        };
        let inspection = judged("");
        assert_eq!(failed(&inspection), [Check::ZoneCheckDigits]);
        assert!(!inspection.genuine());
        // A gate that does not mind waives the digit, and it is written down all the same.
        let policy = "[checks]\nzone-check-digits = \"recorded\"";
        let policy = Policy::parse(policy).unwrap();
        assert_eq!(inspection.verdict(&policy), Verdict::Accept);

        // A gate that knows the model waives the digit of this model, and nothing else.
        let defect = |issuer: &str, check: &str, more: &str| {
            format!(
                "[[defect]]\nid = \"uto-digit\"\nissuer = \"{issuer}\"\ncheck = \"{check}\"\n\
                 effect = \"waive\"\nsource = \"circular\"\n{more}"
            )
        };
        let known = judged(&defect(
            "UTO",
            "zone-check-digits",
            "until = \"2026-11-22\"",
        ));
        assert_eq!(failed(&known), []);
        assert!(known.genuine());
        let waived = known.finding(Check::ZoneCheckDigits).unwrap();
        assert!(waived.reason.starts_with("waived by defect uto-digit"));
        let told = known.finding(Check::KnownDefects).unwrap();
        assert_eq!(
            (told.outcome, &told.reason[..]),
            (Outcome::NotDone, "uto-digit")
        );
        for other in [
            defect("VNM", "zone-check-digits", ""),
            defect("UTO", "conformance", ""),
            defect("UTO", "zone-check-digits", "until = \"2026-11-21\""),
            defect("UTO", "zone-check-digits", "document = \"I\""),
        ] {
            let inspection = judged(&other);
            assert_eq!(failed(&inspection), [Check::ZoneCheckDigits], "{other}");
            assert!(!inspection.genuine(), "{other}");
        }
        // A forgery of the same model is no better for it.
        let forged = document.exchange_portrait(&portrait(200, Encoding::Jpeg));
        let mut card = InField::new(Chip::new(&forged, 1));
        let opens = AccessKey::from_mrz_information(forged.key_information());
        let files = read(&mut card, &opens.into(), &mut habits, &mut rng, &mut |_| {}).unwrap();
        let trust = authority.trust_store().unwrap();
        let defect = defect("UTO", "zone-check-digits", "");
        let trust = trust.with_defects(Defects::parse(&defect).unwrap());
        let inspection = inspect(&printed, &files, &trust, Some(TODAY));
        assert_eq!(failed(&inspection), [Check::DataGroupDigests]);
    }
}
