//! Known defects.

use super::*;

fn defects(effect: &str, check: &str, more: &str) -> Defects {
    Defects::parse(&format!(
        "[[defect]]\nid = \"model-1\"\nissuer = \"UTO\"\ncheck = \"{check}\"\n\
         effect = \"{effect}\"\nsource = \"circular\"\n{more}\n"
    ))
    .unwrap()
}

#[test]
fn a_known_defect_is_never_silent() {
    let csca = authority(p256(), CSCA, None);
    let signer = authority(p256(), SIGNER, Some(&csca));
    let printed = Mrz::parse(ZONE).unwrap();
    let issuer = SodIssuer::new(&signer);
    let signer_line = format!("signer = \"{}\"", read(&signer).fingerprint());
    use Outcome::{Failed, NotDone, Passed};
    // EF.COM hides DG2, which fails one check.
    for (name, list, com, known, genuine) in [
        ("none", Defects::default(), Failed, Passed, false),
        (
            "waived",
            defects("waive", "com-against-sod", ""),
            Passed,
            NotDone,
            true,
        ),
        (
            "waived for a range",
            defects(
                "waive",
                "com-against-sod",
                "numbers = { from = \"L898902C0\", to = \"L898902C9\" }",
            ),
            Passed,
            NotDone,
            true,
        ),
        (
            "another range",
            defects(
                "waive",
                "com-against-sod",
                "numbers = { from = \"L898902C4\", to = \"L898902C9\" }",
            ),
            Failed,
            Passed,
            false,
        ),
        (
            "waived for a signer",
            defects("waive", "com-against-sod", &signer_line),
            Passed,
            NotDone,
            true,
        ),
        (
            "another signer",
            defects("waive", "com-against-sod", "signer = \"00\""),
            Failed,
            Passed,
            false,
        ),
        (
            "another code",
            defects("waive", "com-against-sod", "document = \"ID\""),
            Failed,
            Passed,
            false,
        ),
        (
            "waived for days of issue",
            defects(
                "waive",
                "com-against-sod",
                "issued = { from = \"2025-06-01\", to = \"2025-06-01\" }",
            ),
            Passed,
            NotDone,
            true,
        ),
        (
            "other days",
            defects(
                "waive",
                "com-against-sod",
                "issued = { from = \"2025-06-02\", to = \"2025-06-03\" }",
            ),
            Failed,
            Passed,
            false,
        ),
        (
            "run out",
            defects("waive", "com-against-sod", "until = \"2026-11-21\""),
            Failed,
            Passed,
            false,
        ),
        (
            "last day",
            defects("waive", "com-against-sod", "until = \"2026-11-22\""),
            Passed,
            NotDone,
            true,
        ),
        (
            "noted",
            defects("note", "com-against-sod", ""),
            Failed,
            NotDone,
            false,
        ),
        (
            "refused",
            defects("fail", "portrait", ""),
            Failed,
            Failed,
            false,
        ),
    ] {
        let mut chip = files(&issuer);
        chip.insert(crate::ElementaryFile::Com, hex!("6003 5C01 61").to_vec());
        let store = store_of(&[&csca]).with_defects(list);
        let inspection = inspect(&printed, &chip, &store, Some(TODAY));
        let outcome = |check| inspection.finding(check).unwrap().outcome;
        assert_eq!(outcome(Check::ComAgainstSod), com, "{name}");
        assert_eq!(outcome(Check::KnownDefects), known, "{name}");
        assert_eq!(inspection.genuine(), genuine, "{name}");
        let told = |check| {
            inspection
                .finding(check)
                .unwrap()
                .reason
                .contains("model-1")
        };
        assert_eq!(told(Check::KnownDefects), known != Passed, "{name}");
        assert_eq!(told(Check::ComAgainstSod), com == Passed, "{name}");
    }
}

#[test]
fn signatures_cannot_be_waived_and_mistakes_are_refused() {
    let entry = "id = \"a\"\nissuer = \"UTO\"\neffect = \"waive\"\nsource = \"x\"";
    for check in [
        "sod-signature",
        "signer-trust",
        "data-group-digests",
        "revocation",
        "validity",
    ] {
        let text = format!("[[defect]]\n{entry}\ncheck = \"{check}\"");
        let error = Defects::parse(&text).unwrap_err().to_string();
        assert_eq!(error, "defect a: this check cannot be waived");
    }
    let one = format!("[[defect]]\n{entry}\ncheck = \"portrait\"\n");
    assert!(Defects::parse(&one).is_ok());
    let twice = Defects::parse(&[&one[..], &one].concat()).unwrap_err();
    assert_eq!(twice.to_string(), "defect a is listed twice");
    let unknown = Defects::parse(&format!("{one}efect = 3")).unwrap_err();
    assert!(unknown.to_string().contains("efect"), "{unknown}");
}
