//! The gate's reading through the machine's own PC/SC stack: pcscd, vpcd's virtual reader, and the
//! simulated chip at its far end.
//!
//! Needs Debian's packages pcscd and vsmartcard-vpcd, and root where no pcscd runs; elsewhere the
//! test says what is missing and does nothing.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a helper of a test fails by panicking, like the test"
)]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use gate_document::access::{PasswordKind, Protocol};
use gate_document::{
    Access, AccessKey, ApduLength, Card, CardAccessNumber, CardError, Cause, ChipFiles,
    ElementaryFile, Passwords, Progress, ReadError, read,
};
use gate_host::ports::chip::pcsc::PcscReader;
use gate_host::ports::chip::timed::Timed;
use gate_sim::chip::pcscd::{Pcscd, PcscdError};
use gate_sim::chip::vpcd::Placed;
use gate_sim::chip::{Chip, Fault, Profile};
use gate_sim::issuer::{
    Authority, DocumentRequest, Encoding, Portrait, Scheme, State, TestDocument,
};
use gate_sim::tools::passed_over;
use rand::SeedableRng as _;
use rand_chacha::ChaCha20Rng;

const FILES: [(ElementaryFile, u16); 4] = [
    (ElementaryFile::Com, 0x011E),
    (ElementaryFile::DG1, 0x0101),
    (ElementaryFile::DG2, 0x0102),
    (ElementaryFile::Sod, 0x011D),
];

/// One daemon per machine: everything in one test, step by step.
#[test]
fn documents_come_and_go_and_are_read_through_the_machines_own_reader_stack() {
    let daemon = match Pcscd::start() {
        Ok(daemon) => daemon,
        Err(problem @ (PcscdError::Package { .. } | PcscdError::Permission { .. })) => {
            passed_over(&problem.to_string());
            return;
        }
        Err(problem) => panic!("{problem}"),
    };
    let mut reader = PcscReader::new(daemon.reader());
    assert!(!watch_for(&mut reader, false).1);

    let document = document();
    let chip = Chip::new(&document, 1);
    let chip = every_file_arrives(&daemon, &mut reader, chip, &document, ApduLength::Short);
    let chip = every_file_arrives(&daemon, &mut reader, chip, &document, ApduLength::Extended);
    let chip = chip.with_profile(Profile::TYPICAL);
    let chip = every_file_arrives(&daemon, &mut reader, chip, &document, ApduLength::Short);
    let chip = every_file_arrives(&daemon, &mut reader, chip, &document, ApduLength::Extended);
    let chip = chip
        .with_profile(Profile::INSTANT)
        .with_faults([Fault::Vanishes { after: 20 }]);
    let chip = a_document_slips_away(&daemon, &mut reader, chip, &document);
    let chip = every_file_arrives(&daemon, &mut reader, chip, &document, ApduLength::Short);
    let chip = two_slots_have_a_document_each(&daemon, chip, &document);
    let mut reader = a_reset_ends_the_session(&daemon, reader, chip, &document);
    chips_by_others_are_read(&daemon, &mut reader, &document);
    let (daemon, reader) = the_reader_goes_in_the_middle(daemon, reader, &document);
    let reader = the_daemon_goes_and_comes_back(daemon, reader, &document);
    the_reader_goes_alone(reader, &document);
}

fn document() -> TestDocument {
    let portrait = Portrait::grainy(360, 480, Encoding::Jpeg2000, 15_000).unwrap();
    let request = DocumentRequest::specimen(portrait);
    Authority::new(State::UTOPIA, Scheme::Elliptic, 1)
        .unwrap()
        .issue(&request)
        .unwrap()
}

fn every_file_arrives(
    daemon: &Pcscd,
    reader: &mut PcscReader,
    chip: Chip,
    document: &TestDocument,
    apdus: ApduLength,
) -> Chip {
    let what = format!("{chip:?}");
    let placed = Placed::place(chip, daemon.card_address()).unwrap();
    let (noticed, is_present) = watch_for(reader, true);
    assert!(is_present);
    let (files, report) = read_once(reader, document, apdus);
    check_files(&files.unwrap(), document);
    println!("{what} {apdus:?}: {report}, noticed after {noticed:?}");
    let chip = placed.remove().unwrap();
    assert!(!watch_for(reader, false).1);
    chip
}

fn a_document_slips_away(
    daemon: &Pcscd,
    reader: &mut PcscReader,
    chip: Chip,
    document: &TestDocument,
) -> Chip {
    let placed = Placed::place(chip, daemon.card_address()).unwrap();
    assert!(watch_for(reader, true).1);
    let (files, _) = read_once(reader, document, ApduLength::Short);
    assert!(matches!(
        files.err(),
        Some(ReadError::Card {
            error: CardError::Removed,
            ..
        })
    ));
    assert!(!watch_for(reader, false).1);
    assert!(!placed.is_in_field());
    assert_eq!(reader.connect().err(), Some(CardError::Removed));
    placed.remove().unwrap()
}

fn a_reset_ends_the_session(
    daemon: &Pcscd,
    mut reader: PcscReader,
    chip: Chip,
    document: &TestDocument,
) -> PcscReader {
    let _placed = Placed::place(chip, daemon.card_address()).unwrap();
    assert!(watch_for(&mut reader, true).1);
    let mut card = reader.connect().unwrap();
    let key = AccessKey::from_mrz_information(document.key_information());
    for seed in 0..3 {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let mut habits = ApduLength::Extended.into();
        let request = key.clone().into();
        let files = read(&mut card, &request, &mut habits, &mut rng, &mut |_| {}).unwrap();
        check_files(&files, document);
        card.reset().unwrap();
    }
    reader
}

/// A document in the second slot is nothing to the first.
fn two_slots_have_a_document_each(daemon: &Pcscd, chip: Chip, document: &TestDocument) -> Chip {
    let mut first = PcscReader::new(daemon.reader());
    let mut second = PcscReader::new(daemon.reader().replace("00 00", "00 01"));
    assert!(!watch_for(&mut first, false).1);
    let mut address = daemon.card_address();
    address.set_port(address.port() + 1);
    let placed = Placed::place(chip, address).unwrap();
    assert!(watch_for(&mut second, true).1);
    assert!(!first.watch(Duration::ZERO).unwrap());
    assert_eq!(first.connect().err(), Some(CardError::Removed));
    let other = Placed::place(Chip::new(document, 3), daemon.card_address()).unwrap();
    assert!(watch_for(&mut first, true).1);
    for reader in [&mut first, &mut second] {
        let (files, _) = read_once(reader, document, ApduLength::Extended);
        check_files(&files.unwrap(), document);
    }
    let _other = other.remove().unwrap();
    let chip = placed.remove().unwrap();
    assert!(!watch_for(&mut first, false).1);
    assert!(!watch_for(&mut second, false).1);
    chip
}

/// Debian's vsmartcard, repaired in memory: `tests/tools/foreign_chip.py` says where.
fn chips_by_others_are_read(daemon: &Pcscd, reader: &mut PcscReader, document: &TestDocument) {
    let key = AccessKey::from_mrz_information(document.key_information());
    let wrong = AccessKey::from_mrz_information("L898902C3674081221204150");
    for apdus in [ApduLength::Short, ApduLength::Extended] {
        let Some(chip) = ForeignChip::place(daemon, document, &[]) else {
            passed_over(
                "the Debian packages vsmartcard-vpicc and python3-pycryptodome are missing",
            );
            return;
        };
        assert!(watch_for(reader, true).1);
        let mut card = reader.connect().unwrap();
        // A refused key leads to the right one without a reset.
        let refused = opened(&mut card, wrong.clone(), apdus).unwrap_err();
        assert_eq!(refused.cause(), Cause::WrongZone, "{refused}");
        let files = opened(&mut card, key.clone(), apdus).unwrap();
        check_files(&files, document);
        assert!(matches!(access(&files).protocol, Protocol::Bac { .. }));
        drop(card);
        drop(chip);
        assert!(!watch_for(reader, false).1);
        println!("chip by others: BAC, {apdus:?} read");
    }
    let Some(chip) = ForeignChip::place(daemon, document, &WAYS) else {
        return;
    };
    assert!(watch_for(reader, true).1);
    let mut card = reader.connect().unwrap();
    let [number, other] = ["123456", "654321"].map(|digits| CardAccessNumber::new(digits).unwrap());
    for way in WAYS {
        for (passwords, wrong, cause, kind) in [
            (
                Passwords::from(key.clone()),
                Passwords::from(wrong.clone()),
                Cause::WrongZone,
                PasswordKind::Mrz,
            ),
            (
                number.clone().into(),
                other.clone().into(),
                Cause::WrongNumber,
                PasswordKind::Can,
            ),
        ] {
            let refused = opened(&mut card, wrong, ApduLength::Extended).unwrap_err();
            assert_eq!(refused.cause(), cause, "{way:?} {refused}");
            let files = opened(&mut card, passwords, ApduLength::Extended);
            let files = files.unwrap_or_else(|error| panic!("{way:?} {kind}: {error}"));
            check_files(&files, document);
            let access = access(&files);
            let Protocol::Pace(info) = access.protocol else {
                panic!("{way:?}: {access}");
            };
            assert_eq!(info.identifier()[8..], way.0, "{access}");
            assert_eq!(info.parameters, Some(i64::from(way.1)), "{access}");
            assert_eq!(access.password, kind);
            card.reset().unwrap();
        }
        println!("chip by others: {way:02X?} read");
    }
    drop(card);
    drop(chip);
    assert!(!watch_for(reader, false).1);
}

/// A way of PACE: the end of its object identifier, and its domain parameters (Doc 9303-11, 9.2.1 and 9.5.1).
type Way = ([u8; 2], u8);

/// What OpenPACE's chip side can do, as decision 34 says: each cipher on curves and in fields, and each of the
/// domain parameters.
const WAYS: [Way; 18] = [
    ([2, 1], 0x0C),
    ([2, 2], 0x0C),
    ([2, 3], 0x0C),
    ([2, 4], 0x0C),
    ([2, 1], 0x08),
    ([2, 2], 0x09),
    ([2, 3], 0x0A),
    ([2, 4], 0x0B),
    ([2, 1], 0x0D),
    ([2, 2], 0x0D),
    ([2, 3], 0x0F),
    ([2, 4], 0x10),
    ([2, 2], 0x11),
    ([2, 4], 0x12),
    ([2, 2], 0x0E),
    ([1, 2], 0x00),
    ([1, 4], 0x01),
    ([1, 1], 0x02),
];

fn opened(
    card: &mut impl Card,
    passwords: impl Into<Passwords>,
    apdus: ApduLength,
) -> Result<ChipFiles, ReadError> {
    let mut rng = ChaCha20Rng::seed_from_u64(7);
    let request = passwords.into().into();
    read(card, &request, &mut apdus.into(), &mut rng, &mut |_| {})
}

fn access(files: &ChipFiles) -> Access {
    files.conversation().unwrap().access.clone()
}

/// A process that is a chip; taken out of the field on drop.
struct ForeignChip {
    process: std::process::Child,
    _files: tempfile::TempDir,
}

impl ForeignChip {
    /// `None` where its packages are not installed.
    fn place(daemon: &Pcscd, document: &TestDocument, ways: &[Way]) -> Option<Self> {
        let tool = concat!(env!("CARGO_MANIFEST_DIR"), "/tools/foreign_chip.py");
        let has_packages = std::process::Command::new("/usr/bin/python3")
            .args([tool, "--help"])
            .output()
            .is_ok_and(|output| output.status.success());
        if !has_packages {
            return None;
        }
        let folder = tempfile::tempdir().unwrap();
        let mut command = std::process::Command::new("/usr/bin/python3");
        command.arg(tool);
        command.args(["--port", &daemon.card_address().port().to_string()]);
        command.arg("--zone").args(document.lines());
        for (_, id) in FILES {
            let path = folder.path().join(format!("{id:04X}.bin"));
            std::fs::write(&path, document.file(id).unwrap()).unwrap();
            command
                .arg("--file")
                .arg(format!("{id:04X}={}", path.display()));
        }
        if !ways.is_empty() {
            command.arg("--pace");
        }
        for ([mapping, cipher], parameters) in ways {
            command.arg(format!("{mapping:02X}{cipher:02X}:{parameters:02X}"));
        }
        let process = command.stdout(std::process::Stdio::null()).spawn().unwrap();
        Some(Self {
            process,
            _files: folder,
        })
    }
}

impl Drop for ForeignChip {
    fn drop(&mut self) {
        let _gone_already = self.process.kill();
        let _reaped = self.process.wait();
    }
}

/// The service, and the reader with it, ends while DG2 is being read: that is no document that was
/// taken away, and the reader is found again by the same value.
fn the_reader_goes_in_the_middle(
    daemon: Pcscd,
    mut reader: PcscReader,
    document: &TestDocument,
) -> (Pcscd, PcscReader) {
    if !daemon.is_private() {
        return (daemon, reader);
    }
    let placed = Placed::place(Chip::new(document, 4), daemon.card_address()).unwrap();
    assert!(watch_for(&mut reader, true).1);
    let mut card = reader.connect().unwrap();
    let key = AccessKey::from_mrz_information(document.key_information());
    let mut rng = ChaCha20Rng::seed_from_u64(6);
    let mut daemon = Some(daemon);
    let files = read(
        &mut card,
        &key.into(),
        &mut ApduLength::Short.into(),
        &mut rng,
        &mut |progress| {
            if let Progress::Advanced {
                file: ElementaryFile::DG2,
                ..
            } = progress
            {
                daemon = None;
            }
        },
    );
    is_the_readers(files);
    drop(card);
    drop(placed);
    let _gone = reader.watch(Duration::from_millis(10)).unwrap_err();
    let daemon = Pcscd::start().unwrap();
    let chip = Chip::new(document, 5);
    every_file_arrives(&daemon, &mut reader, chip, document, ApduLength::Extended);
    (daemon, reader)
}

fn the_daemon_goes_and_comes_back(
    daemon: Pcscd,
    mut reader: PcscReader,
    document: &TestDocument,
) -> PcscReader {
    if !daemon.is_private() {
        return reader;
    }
    drop(daemon);
    for _ in 0..3 {
        let error = reader.watch(Duration::from_millis(10)).unwrap_err();
        assert!(matches!(error, CardError::Reader { .. }), "{error}");
    }
    assert!(matches!(
        reader.connect().err(),
        Some(CardError::Reader { .. })
    ));
    let daemon = Pcscd::start().unwrap();
    let chip = Chip::new(document, 2);
    every_file_arrives(&daemon, &mut reader, chip, document, ApduLength::Extended);
    reader
}

/// The cable is cut while DG2 is being read, and the service stays: that is no document that was taken
/// away either, and the reader is there again as soon as the cable is.
fn the_reader_goes_alone(mut reader: PcscReader, document: &TestDocument) {
    let folder = tempfile::tempdir().unwrap();
    let Some(driver) = driver_with_a_cable(folder.path()) else {
        passed_over("there is no C compiler");
        return;
    };
    let cut = folder.path().join("unplugged");
    let Some(daemon) = Pcscd::start_with(&driver, &cut).unwrap() else {
        return;
    };
    let placed = Placed::place(Chip::new(document, 7), daemon.card_address()).unwrap();
    // The daemon before is gone, which is said once.
    let _gone = reader.watch(Duration::ZERO);
    assert!(watch_for(&mut reader, true).1);
    let mut card = reader.connect().unwrap();
    let key = AccessKey::from_mrz_information(document.key_information());
    let mut watching = PcscReader::new(daemon.reader());
    let mut rng = ChaCha20Rng::seed_from_u64(8);
    let mut habits = ApduLength::Short.into();
    let files = read(
        &mut card,
        &key.into(),
        &mut habits,
        &mut rng,
        &mut |progress| {
            let reads_on = matches!(
                progress,
                Progress::Advanced {
                    file: ElementaryFile::DG2,
                    ..
                }
            );
            if reads_on && !cut.exists() {
                std::fs::write(&cut, []).unwrap();
                assert!(is_lost(&mut watching), "the reader is not there any more");
            }
        },
    );
    is_the_readers(files);
    drop(card);
    assert!(is_lost(&mut reader), "the reader is not there any more");
    let no_reader = reader.connect().unwrap_err();
    assert!(matches!(no_reader, CardError::Reader { .. }), "{no_reader}");
    drop(placed);
    std::fs::remove_file(&cut).unwrap();
    let found = (0..5).any(|_| reader.watch(Duration::from_secs(1)).is_ok());
    assert!(found, "the reader is back");
    let chip = Chip::new(document, 9);
    every_file_arrives(&daemon, &mut reader, chip, document, ApduLength::Extended);
}

/// Reading failed, for the reader's fault and not the document's.
fn is_the_readers(files: Result<ChipFiles, ReadError>) {
    let error = files.unwrap_err();
    let is_readers = matches!(
        error,
        ReadError::Card {
            error: CardError::Reader { .. },
            ..
        }
    );
    assert!(is_readers, "{error}");
}

/// Watches until the daemon has noticed, which looks every 0.4 s.
fn is_lost(reader: &mut PcscReader) -> bool {
    (0..5).any(|_| reader.watch(Duration::from_secs(1)).is_err())
}

/// The driver of `tests/tools/reader_that_goes.c`, which stands before vpcd's. `None` without a
/// compiler.
fn driver_with_a_cable(folder: &Path) -> Option<PathBuf> {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tools/reader_that_goes.c");
    let driver = folder.join("driver.so");
    // By this name the linker remembers vpcd's driver, and looks for it beside ours.
    let own = folder.join("libifdvpcd.so.0");
    std::os::unix::fs::symlink(Pcscd::driver(), &own).unwrap();
    let compiled = std::process::Command::new("cc")
        .args(["-shared", "-fPIC", "-o"])
        .args([&driver, Path::new(source)])
        .arg("-Wl,--no-as-needed")
        .arg(&own)
        .arg("-Wl,-rpath,$ORIGIN")
        .status();
    compiled.ok()?.success().then_some(driver)
}

fn read_once(
    reader: &mut PcscReader,
    document: &TestDocument,
    apdus: ApduLength,
) -> (Result<ChipFiles, ReadError>, String) {
    let start = now();
    let clock = || gate_protocol::Instant::from_micros(start.elapsed().as_micros() as u64);
    let never = gate_protocol::Instant::from_millis(u64::MAX);
    let mut card = Timed::new(reader.connect().unwrap(), clock, never);
    let key = AccessKey::from_mrz_information(document.key_information());
    let mut rng = ChaCha20Rng::seed_from_u64(5);
    let mut habits = apdus.into();
    let files = read(&mut card, &key.into(), &mut habits, &mut rng, &mut |_| {});
    let (all, device, count) = (start.elapsed(), card.device_time(), card.exchanges().len());
    (
        files,
        format!("{count} commands in {all:?}, device {device:?}"),
    )
}

fn check_files(files: &ChipFiles, document: &TestDocument) {
    for (file, id) in FILES {
        assert_eq!(files.get(file), document.file(id), "{file}");
    }
}

/// Watches until the reader says `wanted`, at most five times a second long.
fn watch_for(reader: &mut PcscReader, wanted: bool) -> (Duration, bool) {
    let start = now();
    for _ in 0..5 {
        if reader.watch(Duration::from_secs(1)).unwrap() == wanted {
            return (start.elapsed(), wanted);
        }
    }
    (start.elapsed(), !wanted)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the figures of real devices are printed"
)]
fn now() -> Instant {
    Instant::now()
}
