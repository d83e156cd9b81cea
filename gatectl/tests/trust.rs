//! A technician makes a trust bundle, a gate takes it, and a document is judged with it.
#![expect(
    clippy::unwrap_used,
    reason = "a helper of a test fails by panicking, like the test"
)]

use gate_document::ElementaryFile;
use gate_document::trust::Certificate;
use gate_host::trust::TrustFile;
use gate_sim::issuer::{Authority, Deviating, DocumentRequest, Encoding, Portrait, Scheme, State};
use image::{Rgb, RgbImage};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

#[path = "desk/schema.rs"]
mod schema;

struct Desk(tempfile::TempDir);

impl Desk {
    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn put(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).unwrap();
    }

    /// Exit code, standard output, standard error.
    fn gatectl(&self, words: &str) -> (i32, String, String) {
        let program = Command::new(env!("CARGO_BIN_EXE_gatectl"))
            .current_dir(self.0.path())
            .args(words.split(' '))
            .output();
        let Output {
            status,
            stdout,
            stderr,
        } = program.unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let (told, problem) = (text(stdout), text(stderr));
        let words: Vec<&str> = words.split(' ').collect();
        schema::check(&words, &told);
        (status.code().unwrap(), told, problem)
    }
}

/// A document's files, as `gatectl document read --dump` writes them, and its zone.
fn dump(desk: &Desk, authority: &Authority) {
    let picture = RgbImage::from_pixel(240, 320, Rgb([90, 120, 60]));
    let document = authority
        .issue(&DocumentRequest::specimen(
            Portrait::encode(&picture, Encoding::Jpeg, 3_000).unwrap(),
        ))
        .unwrap();
    fs::create_dir(desk.path("dump")).unwrap();
    desk.put("zone.txt", document.lines().join("\n"));
    for file in [
        ElementaryFile::Sod,
        ElementaryFile::Com,
        ElementaryFile::DG1,
        ElementaryFile::DG2,
    ] {
        let bytes = document.file(file.identifier()).unwrap();
        fs::write(desk.path("dump").join(file.to_string()), bytes).unwrap();
    }
}

fn fingerprint(der: &[u8]) -> String {
    Certificate::parse(der).unwrap().fingerprint().to_string()
}

fn base64(bytes: &[u8]) -> String {
    openssl::base64::encode_block(bytes).replace('\n', "")
}

const CHECK: &str =
    "document check dump --mrz-file zone.txt --trust gate.bundle --trust-key key.pub";

#[test]
fn a_technician_makes_a_bundle_that_a_gate_takes_and_judges_documents_with() {
    let desk = Desk(tempfile::tempdir().unwrap());
    let utopia = Authority::new(State::UTOPIA, Scheme::Elliptic, 1).unwrap();
    let neighbour = Authority::new(State::VIETNAM, Scheme::Elliptic, 2).unwrap();
    dump(&desk, &utopia);
    let csca = utopia.csca_der().unwrap();
    let handed_over = neighbour.csca_der().unwrap();
    let stray = utopia.impostor().unwrap();
    desk.put("ut.cer", &csca);
    desk.put(
        "ut.ml",
        utopia.master_list(std::slice::from_ref(&csca)).unwrap(),
    );
    desk.put("vn.pem", neighbour.csca_pem().unwrap());
    let revoked = utopia.revocation_list(&[&[1]], "261101000000Z", "380101000000Z");
    let foreign = stray.revocation_list(&[], "261101000000Z", "380101000000Z");
    desk.put(
        "pkd.ldif",
        format!(
            "dn: o=dsc,c=UT\nuserCertificate;binary:: {}\nuserCertificate;binary:: {}\n\n\
             dn: o=crl,c=UT\ncertificateRevocationList;binary:: {}\n\
             certificateRevocationList;binary:: {}\n",
            base64(&utopia.signer_der().unwrap()),
            base64(&stray.signer_der().unwrap()),
            base64(&revoked.unwrap()),
            base64(&foreign.unwrap()),
        ),
    );
    let passports = Deviating {
        kind: Some("P<".into()),
        ..Deviating::default()
    };
    let deviations = utopia.deviation_list(&passports, &[2, 4], None).unwrap();
    desk.put("ut.dl", deviations);
    let typed = fingerprint(&handed_over);
    let common = "expected = [\"UTO\", \"LAO\"]\n\
                  [[master-list]]\nfile = \"ut.ml\"\npinned = [\"ut.cer\"]\n\
                  [[directory]]\nfile = \"pkd.ldif\"\n\
                  [[defect-list]]\nfile = \"ut.dl\"\npinned = [\"ut.cer\"]\n";
    desk.put(
        "sources.toml",
        format!(
            "{common}[[hand-over]]\nfile = \"vn.pem\"\ncountry = \"VN\"\n\
             received = \"2026-11-02\"\nfingerprints = [\"{typed}\", \"{typed}\"]\n"
        ),
    );

    let (exit, told, _) = desk.gatectl("trust key key");
    assert_eq!(exit, 0, "{told}");
    let again = desk.gatectl("trust key key");
    assert_eq!(again.0, 4, "a key is never written over");

    let (exit, told, notes) = desk.gatectl("trust build sources.toml --key key --out one.bundle");
    assert_eq!(exit, 0, "{told}{notes}");
    for line in [
        ": 2 authorities, 1 document signers, 0 seal signers, 1 revocation lists, 1 known defects",
        "warning: LA: no valid authority, its documents are referred",
        "warning: VN: no revocation list",
        "adds 1 CSCA of UT",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
    assert!(!told.contains("warning: UT"), "{told}");
    for line in [
        "ut.ml: master list of UT, 1 certificates",
        "1 signers left out: they chain to no authority",
        "1 revocation lists left out: no authority here has signed them",
    ] {
        assert!(notes.contains(line), "{line}: {notes}");
    }

    // A gate takes it.
    let file = TrustFile::new(desk.path("gate.bundle"), &desk.path("key.pub")).unwrap();
    file.install(&desk.path("one.bundle"), false).unwrap();
    let (exit, told, _) = desk.gatectl(CHECK);
    assert_eq!(exit, 0, "{told}");
    for line in [
        "passed        trust in the signer",
        "passed        signer not revoked: revocation list of",
        "not done      known defects of the model: deviation-list-UT-com-inconsistent",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }

    // The next one forgets the neighbour, and revokes the signer.
    let serial = utopia.signer_serial().unwrap();
    let revoked = utopia.revocation_list(&[&serial], "261110000000Z", "380101000000Z");
    desk.put("ut.crl", revoked.unwrap());
    desk.put(
        "less.toml",
        format!("{common}[[revocation-list]]\nfile = \"ut.crl\"\n"),
    );
    let less = "trust build less.toml --key key --out two.bundle --previous gate.bundle";
    let (exit, told, problem) = desk.gatectl(less);
    assert_eq!(exit, 1, "{told}");
    assert!(told.contains("VN is left without any"), "{told}");
    assert!(problem.contains("takes too much away"), "{problem}");
    assert!(!desk.path("two.bundle").exists());
    let (exit, told, _) = desk.gatectl(&format!("{less} --force"));
    assert_eq!(exit, 0, "{told}");
    let (exit, told, _) = desk.gatectl("trust diff one.bundle two.bundle --key key.pub");
    assert_eq!(exit, 0);
    assert!(
        told.starts_with("version 1 to 2\nremoves 1 CSCA of VN"),
        "{told}"
    );
    assert!(file.install(&desk.path("two.bundle"), false).is_err());
    file.install(&desk.path("two.bundle"), true).unwrap();
    let (exit, told, _) = desk.gatectl(CHECK);
    assert_eq!(exit, 1, "{told}");
    assert!(
        told.contains(
            "FAILED        signer not revoked: the document signer certificate is revoked"
        ),
        "{told}"
    );

    let (exit, told, _) = desk.gatectl("trust show gate.bundle --key key.pub --expect KHM --json");
    assert_eq!(exit, 0);
    let shown: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!(shown["version"], 2);
    assert_eq!(shown["coverage"]["UT"]["valid"], 1);
    assert_eq!(shown["coverage"]["KH"]["valid"], 0);
    let (exit, told, _) = desk.gatectl("trust show one.bundle --key key.pub");
    assert_eq!(exit, 0);
    assert!(
        told.contains("\nVN        1      1          1  2026-11-02   none"),
        "{told}"
    );
}

#[test]
fn a_source_that_is_not_what_it_should_be_stops_the_bundle() {
    let desk = Desk(tempfile::tempdir().unwrap());
    let utopia = Authority::new(State::UTOPIA, Scheme::Elliptic, 1).unwrap();
    let impostor = utopia.impostor().unwrap();
    let csca = utopia.csca_der().unwrap();
    desk.put("ut.cer", &csca);
    desk.put(
        "ut.ml",
        impostor.master_list(std::slice::from_ref(&csca)).unwrap(),
    );
    let stray = impostor.revocation_list(&[], "261101000000Z", "380101000000Z");
    desk.put("stray.crl", stray.unwrap());
    desk.put("empty", "");
    desk.put("empty.ldif", "version: 1\n\ndn: o=dsc,c=UT\ncn: nothing\n");
    desk.put("ut-signer.cer", utopia.signer_der().unwrap());
    assert_eq!(desk.gatectl("trust key key").0, 0);
    let other = Desk(tempfile::tempdir().unwrap());
    assert_eq!(other.gatectl("trust key key").0, 0);
    let right = fingerprint(&csca);
    let digit = if right.starts_with('0') { '1' } else { '0' };
    let wrong = format!("{digit}{}", &right[1..]);
    let hand_over = |first: &str, second: &str, country: &str| {
        format!(
            "[[hand-over]]\nfile = \"ut.cer\"\ncountry = \"{country}\"\nreceived = \"2026-11-02\"\n\
             fingerprints = [\"{first}\", \"{second}\"]\n"
        )
    };
    for (sources, code, said) in [
        (
            "[[master-list]]\nfile = \"ut.ml\"\npinned = [\"ut.cer\"]\n".to_owned(),
            1,
            "which is not pinned",
        ),
        (hand_over(&right, &wrong, "UT"), 1, "person 2"),
        (
            hand_over(&right, &right, "LA"),
            1,
            "certificate of UT, LA expected",
        ),
        (hand_over("12", &right, "UT"), 2, "64 hexadecimal digits"),
        (
            hand_over(&right, &right, "UT") + "[[revocation-list]]\nfile = \"stray.crl\"\n",
            1,
            "revocation list of UT that no trusted authority has signed",
        ),
        (
            "[[certificate]]\nfile = \"empty\"\n".to_owned(),
            1,
            "empty: nothing in the file",
        ),
        (
            "[[certificate]]\nfile = \"sources.toml\"\n".to_owned(),
            1,
            "no certificate",
        ),
        (
            "[[directory]]\nfile = \"empty.ldif\"\n".to_owned(),
            1,
            "empty.ldif: entries with certificates or lists in the LDIF file expected, none found",
        ),
        (String::new(), 2, "sources.toml: no source named"),
        ("expected = [\"UTO\"]\n".to_owned(), 2, "no source named"),
        (
            "[[certificate]]\nfile = \"ut-signer.cer\"\n".to_owned(),
            1,
            "no source has an authority (CSCA)",
        ),
        (
            "[[certificate]]\nfile = \"missing\"\n".to_owned(),
            4,
            "missing",
        ),
        ("[[masterlist]]\n".to_owned(), 2, "masterlist"),
    ] {
        desk.put("sources.toml", &sources);
        let (exit, _, problem) = desk.gatectl("trust build sources.toml --key key --out bundle");
        assert_eq!(exit, code, "{sources}: {problem}");
        assert!(problem.contains(said), "{said}: {problem}");
        assert!(!Path::new(&desk.path("bundle")).exists());
    }
    // A bundle that trusts nobody is made only by force, and told whenever it is used.
    let signer = "[[certificate]]\nfile = \"ut-signer.cer\"\n";
    desk.put("sources.toml", signer);
    let (exit, told, _) = desk.gatectl("trust build sources.toml --key key --out nobody --force");
    assert_eq!(exit, 0, "{told}");
    assert!(told.contains("warning: no authority in it"), "{told}");
    dump(&desk, &utopia);
    let check = "document check dump --trust nobody --trust-key key.pub";
    let (exit, _, progress) = desk.gatectl(check);
    assert_eq!(exit, 1);
    assert!(
        progress.contains("nobody: no authority in it"),
        "{progress}"
    );
    desk.put("sources.toml", hand_over(&right, &right, "UT"));
    let made = desk.gatectl("trust build sources.toml --key key --out bundle");
    assert_eq!(made.0, 0, "{}", made.2);
    assert_eq!(desk.gatectl("trust verify bundle --key key.pub").0, 0);
    fs::copy(other.path("key.pub"), desk.path("other.pub")).unwrap();
    let (exit, _, problem) = desk.gatectl("trust verify bundle --key other.pub");
    assert_eq!(exit, 1);
    assert!(
        problem.contains("not signed by the pinned key"),
        "{problem}"
    );
}
