//! From issuing to the gate: keys, data, a barcode, a picture of it, and what a gate says.

use boon::{Compiler, Schemas};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// A folder, and the tool at work in it.
struct Desk {
    folder: TempDir,
    environment: Vec<(&'static str, PathBuf)>,
}

impl Desk {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().expect("a folder"),
            environment: Vec::new(),
        }
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Output {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.folder.path());
        command.envs(self.environment.iter().map(|(name, path)| (name, path)));
        let output = command.output().expect("a program");
        if arguments.contains(&"--json") {
            let out = String::from_utf8_lossy(&output.stdout);
            assert_eq!(misfit(&out), None, "{arguments:?}: {out}");
        }
        output
    }

    fn permit(&self, arguments: &[&str]) -> Output {
        self.run(env!("CARGO_BIN_EXE_gate-permit"), arguments)
    }

    /// Runs the tool, which has to succeed.
    fn done(&self, arguments: &[&str]) -> String {
        let output = self.permit(arguments);
        let said = text(&output);
        assert!(output.status.success(), "{arguments:?}: {said}");
        said
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.folder.path().join(name), text).expect("a file");
    }

    /// The committed profile, for permits of Utopia.
    fn profile(&self, name: &str) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../gate-document/permits");
        let text = fs::read_to_string(folder.join(name)).expect("a profile");
        let (before, rest) = text.split_once("issuers = [").expect("issuers");
        let (_, after) = rest.split_once(']').expect("a list");
        self.write(name, &format!("{before}issuers = [\"UTO\"]{after}"));
    }

    /// Names the test signer in a profile that wants to know who signs.
    fn pin(&self, name: &str) {
        let path = self.folder.path().join(name);
        let text = fs::read_to_string(&path).expect("a profile");
        let pem = fs::read(self.folder.path().join("keys/signer.pem")).expect("a certificate");
        let signer = openssl::x509::X509::from_pem(&pem).expect("a certificate");
        let digest = openssl::sha::sha256(&signer.to_der().expect("DER"));
        let digits: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        fs::write(path, text.replace(&"0".repeat(64), &digits)).expect("a file");
    }
}

/// What of an output is not of the committed schema.
fn misfit(out: &str) -> Option<String> {
    const ROOT: &str = "file:///repository";
    const VERIFY: &str = "gate-permit/schemas/verify.schema.json";
    let value = match serde_json::from_str(out) {
        Ok(value) => value,
        Err(problem) => return Some(problem.to_string()),
    };
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    for path in [
        "gatectl/schemas/failure.schema.json",
        "gate-document/schemas/report.schema.json",
        "gate-document/schemas/seal.schema.json",
        VERIFY,
    ] {
        let text = fs::read_to_string(repository.join(path)).expect("a schema");
        let text = serde_json::from_str(&text).expect("JSON");
        let added = compiler.add_resource(&format!("{ROOT}/{path}"), text);
        added.expect("a schema");
    }
    let schema = compiler.compile(&format!("{ROOT}/{VERIFY}"), &mut schemas);
    let fault = schemas.validate(&value, schema.expect("a schema")).err();
    fault.map(|fault| format!("{fault:#}"))
}

fn text(output: &Output) -> String {
    let parts = [&output.stdout[..], &output.stderr[..]].concat();
    String::from_utf8_lossy(&parts).into_owned()
}

/// The specimen of Doc 9303-4, Appendix A, in validity.
const ZONE: &str = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\n\
                    L898902C36UTO7408122F3204153ZE184226B<<<<<16\n";

const SHORE_LEAVE: &str = "document-number = \"L898902C3\"\nship = \"IMO9074729\"\n\
                           ports = \"VNHPH\"\nlast-day = 9999-12-30\nentries = 4\n";
const BOARDING: &str = "document-identifier = 0x21\nzone = \"\"\"\nP<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\n\
                        L898902C36UTO7408122F3204153ZE184226B<<<<<16\"\"\"\nemployer = \"Cảng Hải Phòng\"\n\
                        first-day = 2020-01-01\nlast-day = 9999-12-30\narea = \"VNHPH\"\n";
const RESIDENT: &str = "record = \"LC00012345\"\ndistricts = \"VNHPH CN53\"\n";
const GROUP: &str = "organiser = \"Du lịch\"\ndocuments = \"X1234567 L898902C3\"\n\
                     first-day = 2020-01-01\nlast-day = 9999-12-30\n";

const PORT: &str = "document-number = \"L898902C3\"\nfirst-day = 2020-01-01\n\
                    last-day = 9999-12-30\nareas = \"VNHPH\"\n";

const VERIFY: [&str; 8] = [
    "--signers",
    "keys/signer.pem",
    "--anchors",
    "keys/csca.pem",
    "--place",
    "VNHPH",
    "--zone",
    "zone.txt",
];

#[test]
fn every_example_permit_goes_from_issuing_to_the_gate_as_every_barcode() {
    let desk = Desk::new();
    desk.done(&["keygen", "--test", "keys"]);
    desk.write("zone.txt", ZONE);
    for (profile, data, symbologies) in [
        (
            "crew-shore-leave.toml",
            SHORE_LEAVE,
            &["data-matrix", "qr"][..],
        ),
        (
            "ship-boarding.toml",
            BOARDING,
            &["data-matrix", "qr", "aztec", "pdf417"],
        ),
        ("border-resident.toml", RESIDENT, &["qr", "aztec"]),
        ("group-list.toml", GROUP, &["qr", "pdf417"]),
        ("port-pass.toml", PORT, &["qr"]),
    ] {
        desk.profile(profile);
        desk.pin(profile);
        desk.write("data.toml", data);
        let issue = |symbology, out| {
            desk.done(&[
                "issue",
                "--profile",
                profile,
                "--data",
                "data.toml",
                "--key",
                "keys/signer.key",
                "--certificate",
                "keys/signer.pem",
                "--symbology",
                symbology,
                "--out",
                out,
            ])
        };
        for symbology in symbologies {
            issue(symbology, "permit.png");
            let verify = [&["verify", "permit.png", "--profile", profile][..], &VERIFY].concat();
            let said = desk.done(&verify);
            assert!(
                said.contains("accepted: "),
                "{profile} as {symbology}: {said}"
            );
        }
        issue(symbologies[0], "permit.bin");
        let verify = [&["verify", "permit.bin", "--profile", profile][..], &VERIFY].concat();
        desk.done(&verify);
        issue(symbologies[0], "permit.svg");
        let drawing = fs::read_to_string(desk.folder.path().join("permit.svg")).unwrap();
        assert!(drawing.starts_with("<svg ") && drawing.contains("<path d=\"M"));
    }
}

#[test]
fn a_gate_refuses_what_is_forged_changed_or_shown_elsewhere() {
    const KNOWN: [&str; 4] = ["verify", "permit.bin", "--profile", "crew-shore-leave.toml"];
    let desk = Desk::new();
    desk.done(&["keygen", "--test", "keys"]);
    desk.done(&["keygen", "--test", "others"]);
    desk.write("zone.txt", ZONE);
    desk.write("data.toml", SHORE_LEAVE);
    desk.profile("crew-shore-leave.toml");
    let issue = |keys: &str| {
        let (key, certificate) = (format!("{keys}/signer.key"), format!("{keys}/signer.pem"));
        desk.done(&[
            "issue",
            "--profile",
            "crew-shore-leave.toml",
            "--data",
            "data.toml",
            "--key",
            &key,
            "--certificate",
            &certificate,
            "--header",
            "3",
            "--out",
            "permit.bin",
        ]);
    };
    let refused = |arguments: &[&str], reason: &str| {
        let output = desk.permit(&[&KNOWN[..], arguments].concat());
        let said = text(&output);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(said.contains(reason), "{reason}: {said}");
        assert!(!said.contains("L898902C3"), "{said}");
    };
    issue("others");
    refused(&VERIFY, "the signature is not one of the signer");
    refused(
        &VERIFY,
        "step: signer of the seal; rule: the signature verifies under that certificate (Doc 9303-13, 2)",
    );
    let json = [&VERIFY[..], &["--json"]].concat();
    refused(&json, "\"kind\": \"seal-signature\"");
    refused(&VERIFY, "signature over the seal            FAILED");
    let words = text(&desk.permit(&[&KNOWN[..], &VERIFY].concat()));
    for name in ["Seal", "Permit"] {
        let coded = words.lines().find(|line| line.starts_with(name));
        assert_eq!(coded, None, "a name of the code");
    }
    issue("keys");
    let mut elsewhere = VERIFY;
    elsewhere[5] = "VNSGN";
    refused(&elsewhere, "the permit is for another place");
    refused(&VERIFY[..6], "the traveller's document was not read");
    let mut nobody = VERIFY;
    nobody[3] = "others/csca.pem";
    refused(&nobody, "signed by none of 1 CSCA certificates of UT");
    let path = desk.folder.path().join("permit.bin");
    let mut bytes = fs::read(&path).unwrap();
    bytes[25] ^= 1;
    fs::write(&path, bytes).unwrap();
    refused(&VERIFY, "FAILED");
}

#[test]
fn what_cannot_be_issued_is_said_with_file_and_line() {
    let desk = Desk::new();
    desk.done(&["keygen", "--test", "keys"]);
    desk.done(&["keygen", "--test", "others"]);
    desk.profile("crew-shore-leave.toml");
    let issue = |key: &str, data: &str, more: &[&str]| {
        desk.write("data.toml", data);
        let known = ["issue", "--data", "data.toml", "--key", key];
        let certificate = ["--certificate", "keys/signer.pem"];
        let profile = ["--profile", "crew-shore-leave.toml"];
        let out = ["--out", "permit.png"];
        let mut arguments = [&known[..], &certificate, more].concat();
        for default in [profile, out] {
            if !more.contains(&default[0]) {
                arguments.extend(default);
            }
        }
        let output = desk.permit(&arguments);
        assert_eq!(output.status.code(), Some(2), "{}", text(&output));
        text(&output)
    };
    let key = "keys/signer.key";
    for (said, expected) in [
        (
            issue(key, &SHORE_LEAVE.replace("ship", "shp"), &[]),
            "data.toml:1: key ship is missing",
        ),
        (
            issue(key, &SHORE_LEAVE.replace("IMO9074729", "secret"), &[]),
            "data.toml:2: key ship: 7 to 10 capital letters",
        ),
        (
            issue("others/signer.key", SHORE_LEAVE, &[]),
            "others/signer.key is not the key of the certificate",
        ),
        (
            issue(key, SHORE_LEAVE, &["--issuer", "VNM"]),
            "--issuer: one of UTO expected, VNM found",
        ),
        (
            issue(key, SHORE_LEAVE, &["--symbology", "aztec"]),
            "does not print this permit as aztec",
        ),
    ] {
        assert!(said.contains(expected), "{said}");
        assert!(!said.contains("secret"), "{said}");
    }
    for (data, out, said) in [
        (
            SHORE_LEAVE.replace("9999-12-30", "2020-01-01"),
            "permit.png",
            "data.toml:4: key last-day: the day of issue or a later day expected, an earlier one found",
        ),
        (
            SHORE_LEAVE.into(),
            "permit.jpeg",
            "permit.jpeg: .png, .svg or .bin expected, .jpeg found",
        ),
        (
            SHORE_LEAVE.into(),
            "permit",
            ".png, .svg or .bin expected, no ending found",
        ),
    ] {
        let told = issue(key, &data, &["--out", out]);
        assert!(told.contains(said), "{told}");
        assert!(told.contains("\n  next: "), "{told}");
    }
    desk.profile("port-pass.toml");
    desk.pin("port-pass.toml");
    let data = PORT.replace("2020-01-01", "9999-12-31");
    let told = issue(key, &data, &["--profile", "port-pass.toml"]);
    let said = "data.toml:3: key last-day: first-day or a later day expected, an earlier one found";
    assert!(told.contains(said), "{told}");
    let again = desk.permit(&["keygen", "--test", "keys"]);
    assert_eq!(again.status.code(), Some(2), "keys are never written over");
}

#[test]
fn every_failure_is_one_object_and_files_are_bounded_and_regular() {
    let desk = Desk::new();
    desk.done(&["keygen", "--test", "keys"]);
    desk.profile("crew-shore-leave.toml");
    desk.write("data.toml", SHORE_LEAVE);
    desk.write("bad.toml", "titel = \"a permit\"\n");
    desk.write("nothing", "");
    let path = |name: &str| desk.folder.path().join(name);
    let zone = format!("\u{feff}\r\n  {}\r\n", ZONE.replace('\n', " \r\n\r\n"));
    fs::write(path("zone.txt"), zone).expect("a file");
    desk.write("short.txt", &ZONE[..80]);
    let long = fs::File::create(path("long.pem")).expect("a file");
    long.set_len((16 << 20) + 1).expect("stretched");
    let issue = [
        "issue",
        "--profile",
        "crew-shore-leave.toml",
        "--data",
        "data.toml",
        "--key",
        "keys/signer.key",
        "--certificate",
        "keys/signer.pem",
        "--out",
    ];
    for out in ["permit.BIN", "permit.PNG"] {
        desk.done(&[&issue[..], &[out]].concat());
        let verify = [
            "verify",
            out,
            "--profile",
            "crew-shore-leave.toml",
            "--json",
        ];
        desk.done(&[&verify[..], &VERIFY].concat());
    }
    let csca = fs::read(path("keys/csca.pem")).expect("a certificate");
    let csca = openssl::x509::X509::from_pem(&csca).expect("a certificate");
    fs::write(path("csca.der"), csca.to_der().expect("DER")).expect("a file");
    let mut der = VERIFY;
    der[3] = "csca.der";
    let verify = ["verify", "permit.BIN", "--profile", "crew-shore-leave.toml"];
    desk.done(&[&verify[..], &der].concat());
    let whole = fs::read(path("permit.PNG")).expect("a picture");
    fs::write(path("torn.png"), &whole[..whole.len() / 2]).expect("a file");
    fs::copy(path("permit.BIN"), path("permit.raw")).expect("a copy");
    for (permit, replaced, kind, said) in [
        ("permit.BIN", [5, 5], "usage", "unexpected argument"),
        ("nowhere.bin", [0, 0], "unreadable-file", "nowhere.bin"),
        (
            "/dev/zero",
            [0, 0],
            "unreadable-file",
            "a regular file expected",
        ),
        (
            "torn.png",
            [0, 0],
            "barcode",
            "torn.png: the picture cannot be decoded",
        ),
        (
            "permit.raw",
            [0, 0],
            "barcode",
            "bytes of a barcode end in .bin",
        ),
        (
            "permit.BIN",
            [1, 0],
            "unreadable-file",
            "long.pem: longer than 16777216 bytes",
        ),
        (
            "permit.BIN",
            [1, 1],
            "unreadable-file",
            "keys: a folder found",
        ),
        (
            "permit.BIN",
            [1, 2],
            "certificate-file",
            "nothing: certificates in PEM or DER expected",
        ),
        (
            "permit.BIN",
            [3, 2],
            "certificate-file",
            "nothing: certificates in PEM or DER expected",
        ),
        (
            "permit.BIN",
            [7, 3],
            "zone-shape",
            "short.txt: line 2: 35 characters, 44 expected",
        ),
        (
            "permit.BIN",
            [8, 4],
            "permit-profile",
            "bad.toml:1: key title is missing",
        ),
        ("permit.BIN", [8, 5], "unreadable-file", "nowhere.toml"),
    ] {
        let files = [
            "long.pem",
            "keys",
            "nothing",
            "short.txt",
            "bad.toml",
            "nowhere.toml",
        ];
        let mut arguments = VERIFY.to_vec();
        let mut profile = "crew-shore-leave.toml";
        match replaced {
            [0, _] => {}
            [5, 5] => arguments.push("--frobnicate"),
            [8, file] => profile = files[file],
            [at, file] => arguments[at] = files[file],
        }
        let verify = ["verify", permit, "--profile", profile, "--json"];
        let output = desk.permit(&[&verify[..], &arguments].concat());
        let told = text(&output);
        assert_eq!(output.status.code(), Some(2), "{told}");
        let object: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(object["kind"], kind, "{object}");
        assert!(told.contains(said), "{said}: {told}");
        assert!(told.contains("\n  next: "), "{told}");
    }
}

/// SoftHSM's library in Debian.
const SOFTHSM: &str = "/usr/lib/softhsm/libsofthsm2.so";

#[test]
fn a_key_in_a_token_signs_what_a_gate_accepts() {
    if !Path::new(SOFTHSM).exists() {
        // Nothing may be passed over in the whole check.
        assert!(
            std::env::var_os("GATE_ALL").is_none(),
            "{SOFTHSM}: install the package softhsm2"
        );
        eprintln!("skipped: {SOFTHSM} is not there; install the package softhsm2");
        return;
    }
    let mut desk = Desk::new();
    let folder = desk.folder.path().to_owned();
    fs::create_dir(folder.join("tokens")).unwrap();
    let tokens = folder.join("tokens");
    desk.write(
        "softhsm2.conf",
        &format!(
            "directories.tokendir = {}\nobjectstore.backend = file\n",
            tokens.display()
        ),
    );
    desk.environment = vec![("SOFTHSM2_CONF", folder.join("softhsm2.conf"))];
    let made = desk.run(
        "softhsm2-util",
        &[
            "--init-token",
            "--free",
            "--label",
            "permits",
            "--so-pin",
            "12345678",
            "--pin",
            "123456",
        ],
    );
    assert!(made.status.success(), "{}", text(&made));
    desk.write("pin", "123456\n");
    desk.write("zone.txt", ZONE);
    desk.write("data.toml", SHORE_LEAVE);
    desk.profile("crew-shore-leave.toml");
    let token = [
        "--module",
        SOFTHSM,
        "--token",
        "permits",
        "--label",
        "signer",
        "--pin-file",
        "pin",
    ];
    for (keys, curve) in [("keys", "p256"), ("keys384", "p384")] {
        let mut token = token;
        token[5] = curve;
        desk.done(&[&["keygen", "--test", keys, "--curve", curve][..], &token].concat());
        assert!(
            !folder.join(keys).join("signer.key").exists(),
            "the key stays in the token"
        );
        let certificate = format!("{keys}/signer.pem");
        let issue = [
            "issue",
            "--profile",
            "crew-shore-leave.toml",
            "--data",
            "data.toml",
            "--certificate",
            &certificate,
            "--out",
            "permit.png",
        ];
        desk.done(&[&issue[..], &token].concat());
        let anchors = format!("{keys}/csca.pem");
        let mut verify = VERIFY;
        (verify[1], verify[3]) = (&certificate, &anchors);
        let known = ["verify", "permit.png", "--profile", "crew-shore-leave.toml"];
        let said = desk.done(&[&known[..], &verify].concat());
        assert!(said.contains("accepted: Crew shore leave permit"), "{said}");
    }
    desk.write("pin", "654321\n");
    let issue = [
        "issue",
        "--profile",
        "crew-shore-leave.toml",
        "--data",
        "data.toml",
        "--certificate",
        "keys/signer.pem",
        "--out",
        "permit.png",
    ];
    let output = desk.permit(&[&issue[..], &token].concat());
    assert!(
        text(&output).contains("the token refuses the PIN"),
        "{}",
        text(&output)
    );
}
