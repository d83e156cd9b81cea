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
    assert!(
        words.out.contains("referred to an officer"),
        "{}",
        words.out
    );

    let mut dg2 = std::fs::read(desk.path("dump/DG2.bin")).expect("a file");
    *dg2.last_mut().expect("a byte") ^= 1;
    desk.write("dump/DG2.bin", &dg2);
    let altered = run(&whole);
    assert_eq!(altered.code, Some(1));
    assert_eq!(altered.result("data-group-digests"), "failed");
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
            "zone of 1 lines",
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
