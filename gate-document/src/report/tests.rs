use super::*;
use crate::inspect::inspect;
use crate::test_issuer::{CSCA, SIGNER, SodIssuer, ZONE, authority, files, p256};
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
        // The test itself notices what does not fit.
        for (path, bad) in [
            ("/verdict", Value::from("perhaps")),
            ("/checks/0/result", Value::from("passed")),
            ("/document/issuer", Value::from("uto")),
            ("/checks", Value::from(Vec::<Value>::new())),
            ("/checks/0", Value::from("x")),
        ] {
            let mut value = value.clone();
            *value.pointer_mut(path).unwrap() = bad;
            assert!(!fits(&value), "{path}");
        }
    }
}

#[test]
fn names_in_reports_are_those_of_the_journal() {
    for check in Check::ALL {
        assert_eq!(serde_json::to_value(check).unwrap(), check.name());
    }
}
