//! The gate's reader against chips as they are met in the field: two implementations of the standard,
//! and every known way in which chips differ from it. `docs/quirks.md` has the table of quirks and tests.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper of a test fails by panicking, like the test"
)]

use gate_document::access::{PasswordKind, Protocol, WithoutPace};
use gate_document::apdu::Status;
use gate_document::channel::Notice;
use gate_document::chip::{ChipHabits, Extended};
use gate_document::conversation::{ChallengeProof, ChipProof};
use gate_document::policy::{Policy, Verdict};
use gate_document::step::Step;
use gate_document::{
    AccessError, AccessKey, ApduLength, Card, CardAccessNumber, CardError, Cause, Check, ChipFiles,
    ElementaryFile, Finding, Habits, Inspection, Mrz, Outcome, Passwords, Progress, ReadError,
    Request, chip_not_read, inspect, inspect_without_portrait, read,
};
use gate_sim::chip::field::InField;
use gate_sim::chip::{Chip, Cipher, Fault, Quirk};
use gate_sim::issuer::details::{Details, Making, Notified, Valid};
use gate_sim::issuer::electronics::{ChipOffer, Electronics, Mapping, PaceOffer, SignatureOffer};
use gate_sim::issuer::oddity::{OddKey, Oddity};
use gate_sim::issuer::{
    Authority, DocumentRequest, Encoding, Portrait, Scheme, Sex, State, TestDocument,
};
use image::{Rgb, RgbImage};
use jiff::civil::{Date, date};
use rand::SeedableRng as _;
use rand_chacha::ChaCha20Rng;
use std::sync::OnceLock;

mod access;
mod contents;
mod noticed;
mod proof;
mod reading;
mod signer;
mod table;
mod zone;

const NUMBER: &str = "123456";

fn request() -> DocumentRequest {
    static PORTRAIT: OnceLock<Portrait> = OnceLock::new();
    let portrait = PORTRAIT.get_or_init(|| {
        let picture = RgbImage::from_fn(240, 320, |x, y| {
            let grain = (x * 7919 + y * 104_729 + x * y) % 23;
            Rgb([90, (x / 2 + grain) as u8, (y / 3 + grain) as u8])
        });
        Portrait::encode(&picture, Encoding::Jpeg2000, 5_000).unwrap()
    });
    DocumentRequest::specimen(portrait.clone())
}

fn authority() -> Authority {
    Authority::new(State::UTOPIA, Scheme::Elliptic, 1).unwrap()
}

fn document(electronics: &Electronics) -> TestDocument {
    authority().issue_with(&request(), electronics).unwrap()
}

const fn pace(mapping: Mapping, cipher: Cipher, parameters: u8) -> PaceOffer {
    PaceOffer {
        mapping,
        cipher,
        parameters,
    }
}

const fn proof(cipher: Cipher, parameters: u8) -> ChipOffer {
    ChipOffer {
        cipher,
        parameters,
        number: None,
        announced: true,
    }
}

const GENERIC: PaceOffer = pace(Mapping::Generic, Cipher::Aes128, 13);

/// A passport of these days: PACE, Chip Authentication, Active Authentication.
fn modern() -> Electronics {
    Electronics {
        pace: vec![GENERIC],
        number: Some(NUMBER.into()),
        chip: vec![proof(Cipher::Aes128, 13)],
        signature: Some(SignatureOffer::Elliptic { announced: true }),
        ..Electronics::default()
    }
}

/// What a reading led to.
struct Seen {
    result: Result<ChipFiles, ReadError>,
    habits: Habits,
    commands: u32,
}

fn mrz(document: &TestDocument) -> Passwords {
    AccessKey::from_mrz_information(document.key_information()).into()
}

fn see(mut card: InField, request: &Request, mut habits: Habits) -> Seen {
    let mut rng = ChaCha20Rng::seed_from_u64(3);
    let result = read(&mut card, request, &mut habits, &mut rng, &mut |_| {});
    Seen {
        result,
        habits,
        commands: card.commands(),
    }
}

fn read_chip(document: &TestDocument, chip: Chip) -> Seen {
    see(
        InField::new(chip),
        &mrz(document).into(),
        ApduLength::Extended.into(),
    )
}

/// Reads a chip with quirks, and expects every file as it was issued.
fn check(electronics: &Electronics, quirks: &[Quirk]) -> (ChipFiles, Seen) {
    let document = document(electronics);
    let chip = Chip::new(&document, 4).with_quirks(quirks.iter().copied());
    let seen = read_chip(&document, chip);
    let files = match &seen.result {
        Ok(files) => files.clone(),
        Err(error) => panic!("{quirks:?}: {error}"),
    };
    for (id, bytes) in document.files() {
        let [_, short] = id.to_be_bytes();
        let file = match short {
            0x1E => ElementaryFile::Com,
            0x1D => ElementaryFile::Sod,
            number => ElementaryFile::DataGroup(number),
        };
        assert_eq!(files.get(file), Some(bytes), "{quirks:?}: {file}");
    }
    (files, seen)
}

fn opened(files: &ChipFiles) -> String {
    files.conversation().unwrap().access.to_string()
}

fn notices(files: &ChipFiles) -> &[Notice] {
    &files.conversation().unwrap().notices
}

fn findings(document: &TestDocument, files: &ChipFiles) -> Vec<Finding> {
    let printed = Mrz::parse(&document.lines().join("\n")).unwrap();
    let trust = authority().trust_store().unwrap();
    inspect_without_portrait(&printed, files, &trust, Some(date(2026, 11, 22)))
}

fn outcome(electronics: &Electronics, quirks: &[Quirk], check: Check) -> (Outcome, String) {
    let document = document(electronics);
    let chip = Chip::new(&document, 4).with_quirks(quirks.iter().copied());
    let files = read_chip(&document, chip).result.unwrap();
    let findings = findings(&document, &files);
    let finding = findings.iter().find(|finding| finding.check == check);
    let finding = finding.unwrap();
    (finding.outcome, finding.reason.clone())
}

const TODAY: Date = date(2026, 11, 22);

/// Reads the chip with the key on the page, and everything that may also be wanted, and inspects it with
/// the certificate of `authority` as the only anchor.
fn inspected(authority: &Authority, document: &TestDocument) -> Inspection {
    let request = Request {
        also: vec![11, 12, 13, 16],
        ..mrz(document).into()
    };
    let card = InField::new(Chip::new(document, 4));
    let files = see(card, &request, ApduLength::Extended.into()).result;
    let printed = Mrz::parse(&document.lines().join("\n")).unwrap();
    let trust = authority.trust_store().unwrap();
    inspect(&printed, &files.unwrap(), &trust, Some(TODAY))
}

fn told(inspection: &Inspection, check: Check) -> (Outcome, &str) {
    let finding = inspection.finding(check).unwrap();
    (finding.outcome, &finding.reason)
}

fn failed(inspection: &Inspection) -> Vec<Check> {
    let findings = inspection.findings.iter();
    let failed = findings.filter(|finding| finding.outcome == Outcome::Failed);
    failed.map(|finding| finding.check).collect()
}
