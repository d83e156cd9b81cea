//! `gatectl document check`: dumped files, pages and visas, exit codes, and what is said.

mod desk;

use desk::Desk;
use gate_sim::issuer::Electronics;
use gate_sim::issuer::details::{Making, Notified};
use gate_sim::issuer::electronics::Misprint;
use jiff::ToSpan as _;

const CHECK: [&str; 4] = ["document", "check", "dump", "--json"];

fn desk() -> Desk {
    let desk = Desk::new(&Electronics::default());
    desk.dump();
    desk
}

#[test]
fn a_dumped_document_is_judged_as_far_as_a_dump_goes() {
    let desk = desk();
    let run = |more: &[&str]| desk.run(&[&CHECK[..], more].concat());
    let whole = ["--mrz-file", "zone.txt", "--trust", "csca.pem"];

    let good = run(&whole);
    assert_eq!(good.code, Some(0), "{}", good.out);
    assert_eq!(good.report()["verdict"], "accept");
    assert_eq!(good.result("printed-against-chip"), "successful");
    assert_eq!(good.result("chip-access"), "undetermined");
    for file in ["EF.COM", "EF.SOD", "DG1", "DG2"] {
        assert!(
            good.progress.contains(&format!("{file}: ")),
            "{}",
            good.progress
        );
    }

    let untrusted = run(&whole[..2]);
    assert_eq!(untrusted.code, Some(1));
    assert_eq!(untrusted.result("signer-trust"), "failed");

    let without_zone = run(&whole[2..]);
    assert_eq!(without_zone.code, Some(0), "{}", without_zone.out);
    assert_eq!(without_zone.result("printed-zone"), "undetermined");

    let words = desk.run(&[&CHECK[..3], &whole[..2]].concat());
    assert_eq!(words.code, Some(1));
    assert!(
        words.out.contains("FAILED        trust in the signer"),
        "{}",
        words.out
    );
    assert!(words.out.contains("next: give --trust"), "{}", words.out);
    // What follows from a failure says so, and the verdict stands beside what it rests on.
    let mut lines = words.out.lines();
    let portrait = |line: &&str| line.starts_with("not done      portrait: DG2 was not decoded");
    lines.find(portrait).expect("the portrait");
    let advice = lines.find(|line| line.contains("next: "));
    assert_eq!(
        advice,
        Some("              next: first trust in the signer")
    );
    let reading = words.out.matches("next: read the document itself").count();
    assert_eq!(reading, 1, "said once: {}", words.out);
    let verdict =
        "this document would be referred to an officer, because of: trust in the signer; portrait";
    let mut last = words.out.lines().rev();
    assert_eq!(last.next(), Some(verdict));
    let failed = last.position(|line| line.starts_with("FAILED"));
    assert_eq!(failed, Some(2), "{}", words.out);

    let mut dg2 = std::fs::read(desk.path("dump/DG2.bin")).expect("a file");
    *dg2.last_mut().expect("a byte") ^= 1;
    desk.write("dump/DG2.bin", &dg2);
    let altered = run(&whole);
    assert_eq!(altered.code, Some(1));
    assert_eq!(altered.result("data-group-digests"), "failed");
}

#[test]
fn a_look_alike_misread_in_a_zone_accuses_no_genuine_document() {
    let desk = Desk::misread(&Electronics::default());
    desk.dump();
    let run = |zone: &str| {
        let more = ["--mrz-file", zone, "--trust", "csca.pem"];
        desk.run(&[&CHECK[..], &more].concat())
    };
    let reading = |said: &desk::Said| {
        let said: serde_json::Value = serde_json::from_str(&said.out).expect("JSON");
        said["reading"].clone()
    };
    let right = run("zone.txt");
    assert_eq!(right.code, Some(0), "{}", right.out);
    let likeliest = serde_json::json!({ "likeliest": true, "corrected": [] });
    assert_eq!(reading(&right), likeliest);

    let misread = run("misread.txt");
    assert_eq!(misread.result("printed-against-chip"), "successful");
    assert_eq!(misread.code, Some(0), "{}", misread.out);
    let other = serde_json::json!({
        "likeliest": false,
        "corrected": [{ "line": 2, "position": 9 }],
    });
    assert_eq!(reading(&misread), other);
    let more = ["--mrz-file", "misread.txt", "--trust", "csca.pem"];
    let words = desk.run(&[&CHECK[..3], &more].concat());
    let told = "the printed zone was read corrected at line 2, position 9";
    assert!(words.out.contains(told), "{}", words.out);

    // No reading is the chip's: the chip is another document's, and nothing hides it.
    let zone = std::fs::read_to_string(desk.path("misread.txt")).expect("a zone");
    desk.write("other.txt", zone.replace("ZENOBIA", "ZENAIDA").as_bytes());
    let another = run("other.txt");
    assert_eq!(another.code, Some(1), "{}", another.out);
    assert_eq!(another.result("printed-against-chip"), "failed");
    assert_eq!(reading(&another), likeliest);
    let none = desk.run(&[&CHECK[..], &["--trust", "csca.pem"]].concat());
    assert_eq!(reading(&none), serde_json::Value::Null);
}

#[test]
fn what_a_dump_without_dg1_leaves_open_says_to_dump_it() {
    let desk = desk();
    let next = |more: &[&str], check: &str| {
        let words = desk.run(&[&CHECK[..3], &["--trust", "csca.pem"], more].concat());
        let mut lines = words.out.lines();
        let found = lines.any(|line| line.contains(&format!("not done      {check}")));
        assert!(found, "{check}: {}", words.out);
        let next = lines.find_map(|line| line.trim().strip_prefix("next: "));
        next.unwrap_or_default().to_owned()
    };
    let issuer = "issuing State against the signer";
    // One byte of the zone in the chip is none that a zone has.
    let whole = std::fs::read(desk.path("dump/DG1.bin")).expect("a file");
    let mut odd = whole.clone();
    odd[10] = b'+';
    desk.write("dump/DG1.bin", &odd);
    assert_eq!(next(&[], issuer), "dump DG1, whole, and name it");
    assert_eq!(
        next(&[], "validity"),
        "give --mrz or --mrz-file: DG1 says nothing"
    );
    std::fs::remove_file(desk.path("dump/DG1.bin")).expect("a file");
    assert_eq!(next(&[], issuer), "dump DG1, whole, and name it");
    let zone = ["--mrz-file", "zone.txt"];
    let against = "printed zone against the chip";
    assert_eq!(next(&zone, against), "dump DG1, whole, and name it");
}

#[test]
fn pages_and_visas_are_held_against_the_zone() {
    let desk = desk();
    let run = |more: &[&str]| {
        let whole = ["--mrz-file", "zone.txt", "--trust", "csca.pem"];
        desk.run(&[&CHECK[..], &whole, more].concat())
    };
    // Doc 9303-7, 4.2: the visa names the passport and its holder, or somebody else.
    let digit = |field: &str| gate_document::mrz::check_digit(field.as_bytes()).expect("a digit");
    let visa = |sex: char| {
        format!(
            "V<VNMQUAGLIARDI<<ZENOBIA<<<<<<<<<<<<<<<<<<<<\n\
             X4J7K2P9Q{}UTO830719{}{sex}491231{}<<<<<<<<<<<<<<<<",
            digit("X4J7K2P9Q"),
            digit("830719"),
            digit("491231"),
        )
    };
    desk.write("visa.txt", visa('F').as_bytes());
    let good = run(&["--visa", "visa.txt"]);
    assert_eq!(good.code, Some(0), "{}{}", good.out, good.progress);
    assert_eq!(good.result("visa-against-document"), "successful");
    assert_eq!(good.result("visa-validity"), "successful");
    desk.write("visa.txt", visa('M').as_bytes());
    let other = run(&["--visa", "visa.txt"]);
    assert_eq!(other.code, Some(1));
    assert_eq!(other.result("visa-against-document"), "failed");

    desk.write("page.toml", b"name = \"Zenobia Quagliardi\"\nsex = \"F\"\n");
    let page = run(&["--front", "page.toml"]);
    assert_eq!(page.code, Some(0), "{}", page.out);
    assert_eq!(page.result("zone-against-page"), "successful");
    assert_eq!(page.result("front-against-back"), "not-supported");
    desk.write("page.toml", b"number = \"Y1\"\nsex = \"F\"\n");
    let page = run(&["--front", "page.toml"]);
    assert_eq!(page.code, Some(1));
    assert_eq!(page.result("zone-against-page"), "failed");
    desk.write("page.toml", b"nmae = \"Zenobia\"\n");
    let wrong = run(&["--front", "page.toml"]);
    assert_eq!(wrong.code, Some(4));
    assert!(wrong.progress.contains("page.toml"), "{}", wrong.progress);
}

#[test]
fn what_cannot_begin_says_so_with_its_exit_code() {
    let desk = desk();
    for (arguments, code, word) in [
        (&["document", "check"][..], 2, "required"),
        (&["document", "check", "nowhere"], 4, "nowhere"),
        (&["document", "check", "zone.txt"], 4, "zone.txt"),
        (
            &["document", "check", "dump", "--trust", "zone.txt"],
            4,
            "zone.txt",
        ),
        (
            &["document", "check", "dump", "--mrz", "P<UTO"],
            2,
            "1 lines with text, 2 or 3 expected",
        ),
        (&["document", "read"], 2, "--mrz"),
        (
            &["document", "read", "--mrz-file", "y", "--mrz", "x"],
            2,
            "cannot be used with",
        ),
        (&["reader", "which", "/nowhere"], 4, "/nowhere"),
    ] {
        let said = desk.run(arguments);
        assert_eq!(said.code, Some(code), "{arguments:?}: {}", said.progress);
        assert!(
            said.progress.contains(word),
            "{arguments:?}: {}",
            said.progress
        );
    }
}

#[test]
fn a_document_issued_with_a_wrong_check_digit_is_judged_and_failed_for_it() {
    let electronics = Electronics {
        misprint: Some(Misprint {
            line: 1,
            position: 19,
            character: '5',
            in_key: true,
        }),
        ..Electronics::default()
    };
    let desk = Desk::new(&electronics);
    desk.dump();
    let more = ["--mrz-file", "zone.txt", "--trust", "csca.pem"];
    let judged = desk.run(&[&CHECK[..], &more].concat());
    assert_eq!(judged.report()["verdict"], "refer");
    assert_eq!(judged.result("zone-check-digits"), "failed");
    assert_eq!(judged.result("printed-zone"), "successful");
    assert_eq!(judged.result("printed-against-chip"), "successful");
    let named = "check digit over date of birth is wrong (line 2, position 20)";
    assert!(judged.progress.contains(named), "{}", judged.progress);
}

#[test]
fn what_the_chip_says_of_the_document_is_told_and_other_persons_are_counted() {
    let electronics = Electronics {
        dg12: Some(Making {
            authority: "Passport Office of Zenith".into(),
            issued: jiff::Zoned::now().date().saturating_sub(6.years()),
            others: vec!["Quagliardi<<Emma".into()],
            observations: "Spouse Zenobia".into(),
        }),
        dg16: vec![Notified {
            name: "Quagliardi<<Erik".into(),
            telephone: "+000 1234".into(),
        }],
        ..Electronics::default()
    };
    let desk = Desk::new(&electronics);
    desk.dump();
    for (id, bytes) in desk.document.files() {
        desk.write(&format!("dump/{id:04X}.bin"), bytes);
    }
    let more = ["--mrz-file", "zone.txt", "--trust", "csca.pem"];
    let words = desk.run(&[&CHECK[..3], &more].concat());
    assert_eq!(words.code, Some(0), "{}", words.out);
    let line = words
        .out
        .lines()
        .find(|line| line.contains("the chip says"));
    let line = line.unwrap();
    for told in [
        "by Passport Office of Zenith",
        "other persons: 1",
        "with observations",
        "persons to notify: 1",
    ] {
        assert!(line.contains(told), "{line}");
    }
    for person in ["Erik", "Emma", "1234", "Spouse"] {
        assert!(!words.out.contains(person), "{person}");
    }
    let judged = desk.run(&[&CHECK[..], &more].concat());
    let said: serde_json::Value = serde_json::from_str(&judged.out).unwrap();
    assert_eq!(said["details"]["persons_to_notify"], 1);
    assert_eq!(said["details"]["other_persons"], 1);
}

#[test]
fn a_written_policy_combines_the_checks_and_a_bad_one_is_named_with_what_was_meant() {
    let desk = desk();
    let run = |policy: &str| {
        desk.write("policy.toml", policy.as_bytes());
        let more = [
            "--mrz-file",
            "zone.txt",
            "--trust",
            "csca.pem",
            "--policy",
            "policy.toml",
        ];
        desk.run(&[&CHECK[..], &more].concat())
    };
    let default = run("");
    assert_eq!(default.code, Some(0), "{}", default.out);
    let stricter = run("[checks]\nrevocation = \"mandatory\"\n");
    assert_eq!(stricter.code, Some(1));
    assert_eq!(
        stricter.report()["because"],
        serde_json::json!(["revocation"])
    );
    // What a dump cannot show is written down, whatever a policy says.
    let access = run("[checks]\nchip-access = \"mandatory\"\n");
    assert_eq!(access.code, Some(0), "{}", access.out);
    for (policy, said) in [
        (
            "[checks]\nrevokation = \"mandatory\"\n",
            "checks.revokation is unknown, perhaps revocation is meant",
        ),
        (
            "[freshness]\nbundle = \"old\"\n",
            "freshness.bundle is \"old\", a number of days up to 65535 expected",
        ),
        (
            "[checks]\nsod-signature = \"optional\"\n",
            "sod-signature cannot be less than mandatory",
        ),
        ("[checks\n", "line 1, column 8"),
    ] {
        let refused = run(policy);
        assert_eq!(refused.code, Some(4), "{policy}: {}", refused.out);
        for word in ["policy.toml", said] {
            assert!(
                refused.progress.contains(word),
                "{word}: {}",
                refused.progress
            );
        }
    }
}

#[test]
fn every_failure_says_its_step_its_rule_its_clause_and_its_kind() {
    let desk = desk();
    let mut dg2 = std::fs::read(desk.path("dump/DG2.bin")).expect("a file");
    *dg2.last_mut().expect("a byte") ^= 1;
    desk.write("dump/DG2.bin", &dg2);
    let more = ["--mrz-file", "zone.txt", "--trust", "csca.pem"];
    let told = desk.run(&[&CHECK[..], &more].concat()).report();
    let checks = told["checks"].as_array().expect("checks");
    let line = checks
        .iter()
        .find(|line| line["check"] == "data-group-digests");
    let fault = &line.expect("the check")["fault"];
    assert_eq!(fault["kind"], "data-group-digests");
    assert_eq!(fault["step"], "passive authentication");
    assert_eq!(fault["clause"], "Doc 9303-11, 5.1");
    let words = desk.run(&[&CHECK[..3], &more].concat()).out;
    let rule = "step: passive authentication; rule: the digest of every data group is the one in \
                EF.SOD (Doc 9303-11, 5.1); kind: data-group-digests";
    assert!(words.contains(rule), "{words}");

    // A zone that cannot be read.
    for (zone, kind, clause) in [
        ("P<UTO", "zone-shape", "Doc 9303-4 to 9303-7, 4.2"),
        (
            "P<UTOERIKSS+N<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\n\
             L898902C36UTO7408122F1204159ZE184226B<<<<<10",
            "zone-character",
            "Doc 9303-3, 4.3",
        ),
    ] {
        desk.write("bad.txt", zone.as_bytes());
        let said = desk.run(&[&CHECK[..], &["--mrz-file", "bad.txt"]].concat());
        assert_eq!(said.code, Some(2), "{}", said.out);
        let object: serde_json::Value = serde_json::from_str(&said.out).expect("JSON");
        assert_eq!(object["read"], false);
        assert_eq!(object["kind"], kind);
        assert_eq!(object["clause"], clause);
    }
}

#[test]
fn the_barcode_of_an_identity_card_is_a_hint_and_never_evidence() {
    const HINT: &str = "001183000001||Nguyễn Thị Thu|19071983|Nữ|Hà Nội|02012022";
    let desk = desk();
    desk.write("hint.bin", HINT.as_bytes());
    let run = |more: &[&str]| desk.run(&[&["document", "barcode"], more].concat());
    let said = run(&["hint.bin"]);
    assert_eq!(said.code, Some(0), "{}", said.progress);
    assert!(said.out.contains("a hint, not evidence"), "{}", said.out);
    for personal in ["001183000001", "Nguyễn", "1983"] {
        assert!(!said.out.contains(personal), "{}", said.out);
    }
    let shown = run(&["hint.bin", "--show"]);
    assert!(shown.out.contains("001183000001"), "{}", shown.out);
    // The desk's document is somebody else's.
    let compared = run(&["hint.bin", "--mrz-file", "zone.txt", "--json"]);
    let object: serde_json::Value = serde_json::from_str(&compared.out).expect("JSON");
    assert_eq!(object["evidence"], false);
    assert_eq!(object["against_zone"]["name"], false);
    assert_eq!(object["against_zone"]["date of birth"], true);

    desk.write("other.bin", b"https://example.org");
    let other = run(&["other.bin", "--json"]);
    assert_eq!(other.code, Some(3));
    let object: serde_json::Value = serde_json::from_str(&other.out).expect("JSON");
    assert_eq!(object["kind"], "seal-unknown");
    assert_eq!(object["clause"], "Doc 9303-13, 2");
}

#[test]
fn a_dump_without_any_zone_is_judged_for_what_is_there() {
    let desk = desk();
    for file in ["DG1.bin", "EF.COM.bin"] {
        std::fs::remove_file(desk.path(&format!("dump/{file}"))).expect("a file");
    }
    let bare = desk.run(&[&CHECK[..], &["--trust", "csca.pem"]].concat());
    assert_eq!(bare.code, Some(1), "{}", bare.out);
    assert_eq!(bare.report()["verdict"], "refer");
    for check in ["sod-signature", "signer-trust", "portrait"] {
        assert_eq!(bare.result(check), "successful", "{check}");
    }
    for check in ["data-group-digests", "issuer-against-signer", "validity"] {
        assert_eq!(bare.result(check), "undetermined", "{check}");
        assert!(bare.out.contains("DG1 was not read"), "{}", bare.out);
    }
}

#[test]
fn padding_behind_a_dumped_file_is_told_and_is_no_forgery() {
    let desk = desk();
    for file in ["EF.SOD.bin", "DG2.bin"] {
        let path = format!("dump/{file}");
        let dumped = std::fs::read(desk.path(&path)).expect("a file");
        desk.write(&path, &[&dumped[..], &[0; 100]].concat());
    }
    let whole = ["--mrz-file", "zone.txt", "--trust", "csca.pem"];
    let padded = desk.run(&[&CHECK[..], &whole].concat());
    assert_eq!(padded.code, Some(0), "{}", padded.out);
    assert_eq!(padded.result("data-group-digests"), "successful");
    assert_eq!(padded.result("conformance"), "undetermined");
    let told = "bytes behind the end of DG2, bytes behind the end of EF.SOD";
    assert!(padded.out.contains(told), "{}", padded.out);
}
