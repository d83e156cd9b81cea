//! A technician's desk: a test document, its files, and the command.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::panic,
    clippy::unwrap_used,
    reason = "each test file uses its own part, and a helper of a test fails by panicking"
)]

pub mod schema;

use gate_document::ElementaryFile;
use gate_sim::issuer::{
    Authority, DocumentRequest, Electronics, Encoding, Format, Portrait, Scheme, Sex, State,
    TestDocument,
};
use image::{Rgb, RgbImage};
use jiff::ToSpan;
use jiff::civil::date;
use serde_json::Value;
use std::path::PathBuf;
use std::process::{Command, Output};
use tempfile::TempDir;

/// Words of the document's holder, which nobody may print.
const PERSONAL: [&str; 6] = [
    "QUAGLIARDI",
    "ZENOBIA",
    NUMBER,
    LOOK_ALIKE,
    "830719",
    "ZQ8814WX",
];
const NUMBER: &str = "X4J7K2P9Q";
/// A number in which the last `G` may be read as `6`: no check digit tells the two apart.
const LOOK_ALIKE: &str = "X4J7K2P9G";

pub struct Desk {
    pub folder: TempDir,
    pub document: TestDocument,
}

pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub progress: String,
}

impl Desk {
    /// A desk with a document whose chip can do so much.
    pub fn new(electronics: &Electronics) -> Self {
        Self::numbered(NUMBER, electronics)
    }

    /// The same, with a document whose number has a look-alike, and its zone as it is easily misread.
    pub fn misread(electronics: &Electronics) -> Self {
        let desk = Self::numbered(LOOK_ALIKE, electronics);
        let zone = desk.document.lines().join("\n");
        let other = zone.replace(LOOK_ALIKE, &LOOK_ALIKE.replace('G', "6"));
        assert_ne!(zone, other, "the number is in the zone");
        desk.write("misread.txt", other.as_bytes());
        desk
    }

    fn numbered(number: &str, electronics: &Electronics) -> Self {
        let authority = Authority::new(State::UTOPIA, Scheme::Elliptic, 1).expect("keys");
        let picture =
            RgbImage::from_fn(120, 160, |x, y| Rgb([(x % 256) as u8, (y % 256) as u8, 90]));
        let request = DocumentRequest {
            format: Format::Td3,
            surname: "Quagliardi".into(),
            given_names: "Zenobia".into(),
            number: number.into(),
            nationality: "UTO",
            birth: date(1983, 7, 19),
            sex: Sex::Female,
            expiry: jiff::Zoned::now().date().saturating_add(4.years()),
            optional: "ZQ8814WX".into(),
            portrait: Portrait::encode(&picture, Encoding::Jpeg, 6_000).expect("a picture"),
        };
        let document = authority.issue_with(&request, electronics);
        let desk = Self {
            folder: tempfile::tempdir().expect("a folder"),
            document: document.expect("a document"),
        };
        desk.write("csca.pem", &authority.csca_pem().expect("a certificate"));
        desk.write("zone.txt", desk.document.lines().join("\n").as_bytes());
        desk
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path(name), bytes).expect("a file");
    }

    /// The files of the chip as somebody else's program dumps them.
    pub fn dump(&self) {
        let folder = self.path("dump");
        std::fs::create_dir_all(&folder).expect("a folder");
        for file in [
            ElementaryFile::Sod,
            ElementaryFile::Com,
            ElementaryFile::DG1,
            ElementaryFile::DG2,
        ] {
            let bytes = self.document.file(file.identifier()).expect("a file");
            std::fs::write(folder.join(format!("{file}.bin")), bytes).expect("a file");
        }
    }

    /// Runs `gatectl`, which says nothing of the document's holder whatever happens.
    pub fn run(&self, arguments: &[&str]) -> Said {
        let output: Output = Command::new(env!("CARGO_BIN_EXE_gatectl"))
            .args(arguments)
            .current_dir(self.folder.path())
            .output()
            .expect("the command");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let said = Said {
            code: output.status.code(),
            out: text(&output.stdout),
            progress: text(&output.stderr),
        };
        let all = format!("{}{}", said.out, said.progress).to_uppercase();
        for word in PERSONAL {
            assert!(!all.contains(word), "{arguments:?}: {word} in {all}");
        }
        schema::check(arguments, &said.out);
        said
    }
}

impl Said {
    /// The object of a failure.
    pub fn failure(&self) -> Value {
        let object: Value = serde_json::from_str(&self.out).expect("JSON");
        assert_eq!(object["read"], false, "{object}");
        object
    }

    /// The report in what was said.
    pub fn report(&self) -> Value {
        let said: Value = serde_json::from_str(&self.out).expect("JSON");
        assert_eq!(said["read"], true);
        let accepted = said["report"]["verdict"] == "accept";
        assert_eq!(said["passed"], accepted, "one verdict");
        said["report"].clone()
    }

    /// The result of `check` in the report.
    pub fn result(&self, check: &str) -> String {
        let report = self.report();
        let checks = report["checks"].as_array().expect("checks");
        let line = checks.iter().find(|line| line["check"] == check);
        line.and_then(|line| line["result"].as_str())
            .unwrap_or_default()
            .to_owned()
    }
}
