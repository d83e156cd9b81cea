//! Whatever keeps a command from its result is told: in words with the next step, and with `--json` as one
//! object, whose form `Desk::run` holds against the committed schemas.

mod desk;

use desk::Desk;
use gate_sim::issuer::Electronics;
use image::{GrayImage, ImageFormat, Luma};
use std::fs;
use std::process::{Command, Stdio};

fn desk() -> Desk {
    let desk = Desk::new(&Electronics::default());
    desk.dump();
    desk
}

#[test]
fn a_wrong_command_line_says_what_is_wrong_in_json_too() {
    let desk = desk();
    let missing = desk.run(&["document", "check", "--json"]).failure();
    assert_eq!(
        missing["problem"],
        "the following required arguments were not provided: <PATHS>..."
    );
    let mistyped = desk.run(&["document", "check", "dump", "--jsn", "--json"]);
    let mistyped = mistyped.failure();
    let problem = mistyped["problem"].as_str().unwrap_or_default();
    assert!(problem.contains("found; tip: "), "{problem}");
    assert!(problem.ends_with("'--json'"), "{problem}");
    assert!(!problem.contains("Usage"), "{problem}");
}

#[test]
fn every_failure_is_one_object_with_kind_step_and_rule_and_has_its_exit_code() {
    let desk = desk();
    fs::create_dir(desk.path("empty")).expect("a folder");
    desk.write("nothing", b"");
    desk.write("bad.toml", b"[checks]\nrevokation = \"mandatory\"\n");
    desk.write("latin.toml", b"# caf\xE9\n");
    desk.write("page.toml", b"name = \"Zenobia\"\nbirth = 830719\n");
    desk.write("short.txt", b"P<UTO\n");
    let csca = fs::read(desk.path("csca.pem")).expect("a certificate");
    let csca = openssl::x509::X509::from_pem(&csca).expect("a certificate");
    desk.write("csca.der", &csca.to_der().expect("DER"));
    let page = GrayImage::from_pixel(400, 300, Luma([225]));
    page.save_with_format(desk.path("page.png"), ImageFormat::Png)
        .expect("a file");
    let whole = fs::read(desk.path("page.png")).expect("a file");
    desk.write("torn.png", &whole[..whole.len() / 2]);
    desk.write("moving.gif", b"GIF89a\x01\0\x01\0\0\0\0;");
    desk.write("barcode.bin", b"https://example.org");
    for (words, code, kind) in [
        ("document check", 2, "usage"),
        ("document check dump --frobnicate", 2, "usage"),
        ("document read --mrz-file zone.txt --wait soon", 2, "usage"),
        ("document examine dump", 2, "usage"),
        ("document check nowhere", 4, "unreadable-file"),
        ("document check empty", 4, "dump-empty"),
        ("document check zone.txt", 4, "dump-name"),
        ("document check dump --policy nowhere", 4, "unreadable-file"),
        ("document check dump --policy bad.toml", 4, "policy-file"),
        (
            "document check dump --policy latin.toml",
            4,
            "file-encoding",
        ),
        (
            "document check dump --policy /dev/zero",
            4,
            "unreadable-file",
        ),
        ("document check dump --trust nowhere", 4, "unreadable-file"),
        ("document check dump --trust empty", 4, "unreadable-file"),
        ("document check dump --trust zone.txt", 4, "trust-file"),
        ("document check dump --trust csca.der", 4, "trust-file"),
        (
            "document check dump --trust csca.pem --trust-key csca.pem",
            4,
            "trust-bundle",
        ),
        (
            "document check dump --trust nothing --trust-key csca.pem",
            4,
            "trust-bundle",
        ),
        (
            "document check dump --mrz-file nowhere",
            4,
            "unreadable-file",
        ),
        ("document check dump --mrz-file nothing", 2, "zone-shape"),
        ("document check dump --mrz-file short.txt", 2, "zone-shape"),
        ("document check dump --mrz P<UTO", 2, "zone-shape"),
        ("document check dump --visa short.txt", 2, "zone-shape"),
        (
            "document check dump L898902C36UTO7408122F3204153ZE184226B<<<<<16",
            2,
            "stray-line",
        ),
        ("document check dump --front nowhere", 4, "unreadable-file"),
        ("document check dump --front page.toml", 4, "page-text"),
        ("document read", 2, "no-key"),
        ("document read --can abcdef", 2, "can-format"),
        ("document read --can 12345", 2, "can-format"),
        (
            "document read --can 123456 --policy nowhere",
            4,
            "unreadable-file",
        ),
        (
            "document read --can 123456 --dump zone.txt",
            4,
            "unwritable-file",
        ),
        (
            "document read --can 123456 --reader nobody-has-this",
            4,
            "reader-fault",
        ),
        ("document mrz nowhere", 4, "unreadable-file"),
        ("document mrz nothing", 3, "no-picture"),
        ("document mrz zone.txt", 3, "no-picture"),
        ("document mrz torn.png", 3, "broken-picture"),
        ("document mrz page.png --models nowhere", 4, "no-model"),
        ("document mrz page.png --manifest zone.txt", 4, "no-model"),
        ("document barcode nowhere", 4, "unreadable-file"),
        ("document barcode /dev/zero", 4, "unreadable-file"),
        ("document barcode page.png", 3, "barcode-count"),
        ("document barcode torn.png", 3, "broken-picture"),
        ("document barcode moving.gif", 3, "no-picture"),
        ("document barcode barcode.bin", 3, "seal-unknown"),
        ("document barcode nothing", 3, "seal-unknown"),
        ("trust show nowhere --key csca.pem", 1, "trust-bundle"),
        ("trust show csca.der", 2, "usage"),
        ("trust show csca.der --key nowhere", 4, "unreadable-file"),
        ("trust show csca.der --key nothing", 1, "empty-file"),
        ("face score --pairs nowhere", 2, "usage"),
    ] {
        let words = format!("{words} --json");
        let arguments: Vec<&str> = words.split(' ').collect();
        let said = desk.run(&arguments);
        assert_eq!(said.code, Some(code), "{words}: {}", said.progress);
        let object = said.failure();
        assert_eq!(object["kind"], kind, "{words}: {object}");
        let error = said
            .progress
            .lines()
            .find(|line| line.starts_with("error: "));
        assert!(error.is_some(), "{words}: {}", said.progress);
    }
    let stray = "document check dump L898902C36UTO7408122F3204153ZE184226B<<<<<16";
    let said = desk.run(&stray.split(' ').collect::<Vec<_>>());
    assert!(!said.progress.contains("L898902C"), "{}", said.progress);
    let zone = "trust build zone.txt --key key --out bundle";
    desk.run(&["trust", "key", "key"]);
    let said = desk.run(&zone.split(' ').collect::<Vec<_>>());
    assert_eq!(said.code, Some(2), "{}", said.progress);
    assert!(
        said.progress.contains("zone.txt: line 1, column "),
        "{}",
        said.progress
    );
    let policy = "document check dump --policy zone.txt";
    let said = desk.run(&policy.split(' ').collect::<Vec<_>>());
    assert!(
        said.progress.contains("zone.txt: policy: line 1, column "),
        "{}",
        said.progress
    );
    let face = "face score --pairs /dev/zero --json scores.json";
    let said = desk.run(&face.split(' ').collect::<Vec<_>>());
    assert_eq!(said.code, Some(4), "{}", said.progress);
    let irregular = "a pipe or device found, a regular file expected";
    assert!(said.progress.contains(irregular), "{}", said.progress);
    let face = "face evaluate --folder nowhere --json figures.json";
    let said = desk.run(&face.split(' ').collect::<Vec<_>>());
    assert_eq!(said.code, Some(4), "{}", said.progress);
    assert_eq!(said.failure()["kind"], "unreadable-file");
}

#[test]
fn what_is_wrong_in_a_file_is_said_with_its_line_and_never_with_its_value() {
    let desk = desk();
    let zone = fs::read_to_string(desk.path("zone.txt")).expect("a zone");
    let lines: Vec<&str> = zone.lines().collect();
    let short = format!("{}\n\n{}\n", lines[0], &lines[1][..43]);
    desk.write("short.txt", short.as_bytes());
    desk.write("wide.txt", b"\xFF\xFEP\0<\0");
    desk.write(
        "page.toml",
        b"name = \"Zenobia Quagliardi\"\nnumber = 830719\nsex = \"F\"\n",
    );
    desk.write("latin.toml", b"[checks]\n# caf\xE9\n");
    let csca = fs::read(desk.path("csca.pem")).expect("a certificate");
    let csca = openssl::x509::X509::from_pem(&csca).expect("a certificate");
    desk.write("csca.der", &csca.to_der().expect("DER"));
    for (words, said) in [
        (
            "--mrz-file short.txt",
            "short.txt: the printed zone cannot be read: line 3: 43 characters, 44 expected",
        ),
        ("--mrz-file wide.txt", "line 1: not in UTF-8"),
        (
            "--visa short.txt",
            "short.txt: the visa's zone cannot be read: line 3: 43",
        ),
        (
            "--front page.toml",
            "page.toml: line 2: number = \"...\", once expected",
        ),
        ("--policy latin.toml", "latin.toml: line 2 is not in UTF-8"),
        (
            "--policy /dev/zero",
            "/dev/zero: a pipe or device found, a regular file expected",
        ),
        ("--trust csca.der", "it seems to be a certificate in DER"),
        ("--trust short.txt", "certificates in PEM expected"),
    ] {
        let words = format!("document check dump {words}");
        let told = desk.run(&words.split(' ').collect::<Vec<_>>());
        assert!(told.progress.contains(said), "{words}: {}", told.progress);
        assert!(told.progress.contains("\n  next: "), "{words}");
        assert_eq!(told.out, "", "{words}");
    }
    let can = desk.run(&["document", "read", "--can", "12a456"]);
    let said = "--can: 5 digits and 1 other characters given, a card access number has six digits";
    assert!(can.progress.contains(said), "{}", can.progress);
}

#[test]
fn a_zone_may_be_saved_by_any_editor() {
    let desk = desk();
    let zone = fs::read_to_string(desk.path("zone.txt")).expect("a zone");
    let saved = format!("\u{feff}\r\n  {}  \r\n", zone.replace('\n', " \r\n\r\n\t"));
    desk.write("saved.txt", saved.as_bytes());
    let check = "document check dump --mrz-file saved.txt --trust csca.pem --json";
    let said = desk.run(&check.split(' ').collect::<Vec<_>>());
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.progress);
    assert_eq!(said.result("printed-against-chip"), "successful");
}

#[test]
fn a_file_that_cannot_be_read_is_a_finding_of_its_own_and_the_rest_is_judged() {
    let desk = desk();
    let stretch = |name: &str| {
        let file = fs::File::create(desk.path("dump").join(name)).expect("a file");
        file.set_len((16 << 20) + 1).expect("stretched");
    };
    let check = "document check dump --mrz-file zone.txt --trust csca.pem";
    let arguments: Vec<&str> = check.split(' ').collect();
    let json = [&arguments[..], &["--json"]].concat();
    // Optional: a file that is too long, and a folder in the place of one.
    stretch("DG13.bin");
    fs::create_dir(desk.path("dump/DG11.bin")).expect("a folder");
    let said = desk.run(&json);
    assert_eq!(said.code, Some(0), "{}", said.out);
    let object: serde_json::Value = serde_json::from_str(&said.out).expect("JSON");
    let left = object["left_out"].as_array().expect("a list");
    let named: Vec<_> = left
        .iter()
        .map(|left| (&left["file"], &left["kind"]))
        .collect();
    let expected = [("DG11", "unreadable-file"), ("DG13", "file-too-long")];
    assert!(
        named
            .iter()
            .map(|(file, kind)| (file.as_str(), kind.as_str()))
            .eq(expected
                .iter()
                .map(|(file, kind)| (Some(*file), Some(*kind)))),
        "{named:?}"
    );
    let words = desk.run(&arguments).out;
    let line = "left out      DG13: dump/DG13.bin: longer than 16777216 bytes";
    assert!(words.contains(line), "{words}");
    // Mandatory: the reading failed, and signature and trust are judged nevertheless.
    stretch("DG2.bin");
    let said = desk.run(&json);
    assert_eq!(said.code, Some(1), "{}", said.out);
    assert_eq!(said.result("chip-reading"), "failed");
    assert_eq!(said.result("sod-signature"), "successful");
    assert_eq!(said.result("signer-trust"), "successful");
    assert_eq!(said.result("printed-against-chip"), "successful");
    let words = desk.run(&arguments).out;
    assert!(words.contains("left out      DG2: "), "{words}");
}

#[test]
fn a_document_of_no_state_is_reported_in_the_form_of_the_schema() {
    let desk = desk();
    let check = [
        "document",
        "check",
        "dump",
        "--trust",
        "csca.pem",
        "--mrz",
        "P<<<<ERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
        "L898902C36UTO7408122F3204153ZE184226B<<<<<16",
        "--json",
    ];
    let said = desk.run(&check);
    assert_eq!(said.code, Some(1), "{}", said.progress);
    assert_eq!(said.report()["document"]["issuer"], "");
}

#[test]
fn whoever_reads_no_further_changes_neither_the_verdict_nor_the_exit_code() {
    let desk = desk();
    let mut child = Command::new(env!("CARGO_BIN_EXE_gatectl"))
        .args(["document", "check", "dump"])
        .current_dir(desk.folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command");
    drop((child.stdout.take(), child.stderr.take()));
    let status = child.wait().expect("an end");
    assert_eq!(status.code(), Some(1));
}
