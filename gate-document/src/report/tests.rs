use super::*;
use crate::access::{AccessError, PasswordKind};
use crate::apdu::Status;
use crate::card::CardError;
use crate::chip::ReadError;
use crate::file::{ChipFiles, ElementaryFile};
use crate::inspect::{chip_not_read, inspect, inspect_for_journal, inspect_without_zone};
use crate::step::Step;
use crate::test_issuer::{CSCA, SIGNER, SodIssuer, ZONE, authority, dg2, files, p256};
use crate::trust::TrustStore;
use boon::{Compiler, Schemas};
use jiff::civil::date;
use serde_json::Value;

/// Whether `value` has the form of the committed schema.
fn fits(value: &Value) -> bool {
    const NAME: &str = "file:///report.schema.json";
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    let text = serde_json::from_str(SCHEMA).unwrap();
    compiler.add_resource(NAME, text).unwrap();
    let schema = compiler.compile(NAME, &mut schemas).unwrap();
    schemas.validate(value, schema).is_ok()
}

#[test]
fn a_report_has_the_form_of_its_schema_and_nothing_of_the_traveller() {
    let csca = authority(p256(), CSCA, None);
    let signer = authority(p256(), SIGNER, Some(&csca));
    let trust = TrustStore::from_pem(&csca.certificate.to_pem().unwrap()).unwrap();
    let printed = Mrz::parse(ZONE).unwrap();
    let files = files(&SodIssuer::new(&signer));
    let empty = TrustStore::empty();
    for (trust, verdict, because) in [(&trust, "accept", 0), (&empty, "refer", 2)] {
        let inspection = inspect(&printed, &files, trust, Some(date(2026, 11, 22)));
        let json = Report::new(&printed, &inspection, &Policy::default()).to_json();
        let value: Value = serde_json::from_str(&json).unwrap();
        assert!(fits(&value), "{json}");
        assert_eq!(value["verdict"], verdict);
        assert_eq!(
            value["because"].as_array().unwrap().len(),
            because,
            "{json}"
        );
        assert_eq!(
            value["checks"].as_array().unwrap().len(),
            crate::inspect::CHECKS.len()
        );
        for personal in ["ERIKSSON", "ANNA", "L898902C", "740812", "320415"] {
            assert!(!json.contains(personal), "{personal} in {json}");
        }
        let signature = value["checks"]
            .as_array()
            .unwrap()
            .iter()
            .find(|it| it["check"] == "sod-signature");
        assert_eq!(signature.unwrap()["evidence"]["algorithm"], "Ecdsa(Sha256)");
        for line in value["checks"].as_array().unwrap() {
            // What was done says on what it rests, what was not says why; what failed says of what.
            let done = line["result"] == "successful" || line["result"] == "failed";
            let rests = !line["evidence"].as_object().unwrap().is_empty();
            assert!(if done { rests } else { line["reason"] != "" }, "{line}");
            assert_eq!(
                line["fault"].is_object(),
                line["result"] == "failed",
                "{line}"
            );
        }
        // The test itself notices what does not fit.
        for (path, bad) in [
            ("/verdict", Value::from("perhaps")),
            ("/checks/0/result", Value::from("passed")),
            ("/document/issuer", Value::from("uto")),
            ("/checks", Value::from(Vec::<Value>::new())),
            ("/checks/0/clause", Value::from("")),
            ("/checks/0/fault", Value::from("x")),
            ("/checks/0", Value::from("x")),
        ] {
            let mut value = value.clone();
            *value.pointer_mut(path).unwrap() = bad;
            assert!(!fits(&value), "{path}");
        }
    }
}

#[test]
fn a_chip_that_was_not_read_is_reported_with_kind_step_and_clause() {
    let printed = Mrz::parse(ZONE).unwrap();
    let status = Status(0x6300);
    let wrong = |password| {
        ReadError::Access(AccessError::WrongPassword {
            step: Step::PaceTokens,
            password,
            status,
        })
    };
    let card = |error| ReadError::Card {
        step: Step::File(ElementaryFile::DG2),
        error,
    };
    let reader = CardError::Reader {
        reader: "r".into(),
        problem: "p".into(),
    };
    let broken = ReadError::Refused {
        file: ElementaryFile::DG2,
        offset: 4,
        status,
    };
    for (error, check, kind, clause) in [
        (
            wrong(PasswordKind::Mrz),
            "chip-access",
            "wrong-mrz",
            "Doc 9303-11, 4.4.4.2",
        ),
        (
            wrong(PasswordKind::Can),
            "chip-access",
            "wrong-can",
            "Doc 9303-11, 4.4.4.2",
        ),
        (
            ReadError::Access(AccessError::Refused {
                step: Step::Challenge,
                status,
                without_pace: None,
            }),
            "chip-access",
            "access-refused",
            "Doc 9303-11, 4.3.4.1",
        ),
        (
            card(CardError::Removed),
            "chip-reading",
            "document-removed",
            "Doc 9303-10, 3.6",
        ),
        (
            card(reader),
            "chip-reading",
            "reader-fault",
            "Doc 9303-10, 3.6",
        ),
        (broken, "chip-reading", "chip-fault", "Doc 9303-10, 3.6"),
    ] {
        let inspection = chip_not_read(&printed, &error, &[], Some(date(2026, 11, 22)));
        let json = Report::new(&printed, &inspection, &Policy::default()).to_json();
        let value: Value = serde_json::from_str(&json).unwrap();
        assert!(fits(&value), "{json}");
        let checks = value["checks"].as_array().unwrap();
        let line = checks.iter().find(|it| it["check"] == check).unwrap();
        assert_eq!(line["fault"]["kind"], kind, "{error}");
        assert_eq!(line["fault"]["clause"], clause, "{error}");
        assert_ne!(line["evidence"]["step"], Value::Null, "{error}");
    }
}

#[test]
fn a_report_of_a_document_without_any_zone_has_the_form_too() {
    let csca = authority(p256(), CSCA, None);
    let signer = authority(p256(), SIGNER, Some(&csca));
    let whole = files(&SodIssuer::new(&signer));
    let mut bare = ChipFiles::new();
    let sod = whole.get(ElementaryFile::Sod).unwrap();
    bare.insert(ElementaryFile::Sod, sod.to_vec());
    let inspection = inspect_without_zone(&bare, &TrustStore::empty(), None);
    let report = Report::new(None::<&Mrz>, &inspection, &Policy::default());
    let value: Value = serde_json::from_str(&report.to_json()).unwrap();
    assert!(fits(&value), "{value}");
    assert_eq!(value["document"], Value::Null);
    assert_eq!(value["verdict"], "refer");
}

#[test]
fn what_a_journal_keeps_of_a_finding_is_its_evidence_and_the_rule_that_was_not_kept() {
    let csca = authority(p256(), CSCA, None);
    let signer = authority(p256(), SIGNER, Some(&csca));
    let trust = TrustStore::from_pem(&csca.certificate.to_pem().unwrap()).unwrap();
    let printed = Mrz::parse(ZONE).unwrap();
    let mut files = files(&SodIssuer::new(&signer));
    files.insert(ElementaryFile::DG2, dg2(121));
    let kept = inspect_for_journal(&printed, &files, &trust, Some(date(2026, 11, 22)));
    let inspection = inspect(&printed, &files, &trust, Some(date(2026, 11, 22)));
    for finding in &kept {
        let known = inspection.finding(finding.check).unwrap();
        assert_eq!(
            (finding.outcome, &finding.reason),
            (known.outcome, &known.reason)
        );
        let notes = inspection.evidence.of(finding.check);
        for (name, value) in notes {
            assert_eq!(finding.evidence[name], value);
        }
        let rule = finding.check.rule();
        let told = finding.evidence.get("rule").map(String::as_str);
        let failed = finding.outcome != Outcome::Passed;
        assert_eq!(told, failed.then_some(rule.text), "{:?}", finding.check);
    }
    let text = serde_json::to_string(&kept).unwrap();
    for personal in ["ERIKSSON", "ANNA", "L898902C", "740812", "320415"] {
        assert!(!text.contains(personal), "{personal} in {text}");
    }
    let digests = kept.iter().find(|it| it.check == Check::DataGroupDigests);
    let digests = &digests.unwrap().evidence;
    assert_eq!(digests["compared"], "DG1, DG2");
    assert_eq!(digests["clause"], Check::DataGroupDigests.rule().clause);
    // Who reads a journal of the time before finds no evidence, and no error.
    let old = r#"{"check":"portrait","outcome":"failed","reason":"r"}"#;
    let old: Finding = serde_json::from_str(old).unwrap();
    assert_eq!(old, Finding::failed(Check::Portrait, "r"));
}

#[test]
fn names_in_reports_are_those_of_the_journal() {
    for check in Check::ALL {
        assert_eq!(serde_json::to_value(check).unwrap(), check.name());
    }
}
