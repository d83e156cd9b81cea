//! `gatectl document read` and `gatectl reader which`, on the machine's own PC/SC stack and on a
//! pseudo-terminal.
//!
//! Needs Debian's packages pcscd and vsmartcard-vpcd, and root where no pcscd runs; elsewhere the test
//! says what is missing and is passed over, unless everything is asked for.

mod desk;

use desk::Desk;
use gate_sim::chip::pcscd::{Pcscd, PcscdError};
use gate_sim::chip::vpcd::Placed;
use gate_sim::chip::{Chip, Cipher, Fault, Quirk};
use gate_sim::issuer::Electronics;
use gate_sim::issuer::electronics::{ChipOffer, Mapping, PaceOffer, SignatureOffer};
use gate_sim::reader::SerialLine;
use gate_sim::tools::passed_over;
use serde_json::Value;

const NUMBER: &str = "481516";
/// The specimen of Doc 9303-4, appendix B, in validity: another document's zone.
const OTHER: &[u8] = b"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\n\
                       L898902C36UTO7408122F3204153ZE184226B<<<<<16";

/// A machine has one PC/SC daemon: everything in one test, step by step.
#[test]
fn a_document_on_a_reader_is_read_and_each_way_to_fail_says_what_to_do() {
    let daemon = match Pcscd::start() {
        Ok(daemon) => daemon,
        Err(problem @ (PcscdError::Package { .. } | PcscdError::Permission { .. })) => {
            return passed_over(&problem.to_string());
        }
        Err(problem) => panic!("{problem}"),
    };
    let desk = Desk::misread(&Electronics {
        pace: vec![PaceOffer {
            mapping: Mapping::Generic,
            cipher: Cipher::Aes128,
            parameters: 12,
        }],
        number: Some(NUMBER.to_owned()),
        chip: vec![ChipOffer {
            cipher: Cipher::Aes128,
            parameters: 13,
            number: None,
            announced: true,
        }],
        signature: Some(SignatureOffer::Elliptic { announced: true }),
        ..Electronics::default()
    });
    desk.write("other.txt", OTHER);
    let reader = daemon.reader();
    let read = |more: &[&str]| {
        let known = [
            "document", "read", "--reader", reader, "--wait", "1", "--json",
        ];
        desk.run(&[&known[..], more].concat())
    };
    let not_read = |more: &[&str], next: &str, kind: &str| {
        let said = read(more);
        assert_eq!(
            said.code,
            Some(3),
            "{more:?}: {}{}",
            said.out,
            said.progress
        );
        let object: Value = serde_json::from_str(&said.out).expect("JSON");
        assert_eq!(object["read"], false);
        let advice = object["next"].as_str().unwrap_or_default();
        assert!(advice.contains(next), "{more:?}: {object}");
        assert_eq!(object["kind"], kind, "{object}");
        for told in ["step", "rule", "clause"] {
            let told = object[told].as_str().unwrap_or_default();
            assert!(!told.is_empty(), "{object}");
        }
    };
    let zone = ["--mrz-file", "zone.txt"];
    not_read(&zone, "lay the document flat", "no-document");

    let placed = Placed::place(Chip::new(&desk.document, 1), daemon.card_address()).expect("vpcd");
    let good = read(&[&zone[..], &["--trust", "csca.pem", "--dump", "dump"]].concat());
    assert_eq!(good.code, Some(0), "{}{}", good.out, good.progress);
    assert_eq!(good.result("chip-access"), "successful");
    for step in [
        "reader ",
        "opening the chip",
        "the chip is open: PACE",
        "DG2: read",
    ] {
        assert!(good.progress.contains(step), "{step}: {}", good.progress);
    }
    // What was dumped is judged like what was read.
    let dumped = desk.run(&["document", "check", "dump", "--trust", "csca.pem", "--json"]);
    assert_eq!(dumped.code, Some(0), "{}{}", dumped.out, dumped.progress);

    let by_number = read(&["--can", NUMBER, "--trust", "csca.pem"]);
    assert_eq!(
        by_number.code,
        Some(0),
        "{}{}",
        by_number.out,
        by_number.progress
    );
    assert_eq!(by_number.result("chip-authentication"), "successful");
    assert_eq!(by_number.result("active-authentication"), "successful");
    assert_eq!(by_number.result("printed-against-chip"), "undetermined");
    let with_both = [&zone[..], &["--can", NUMBER, "--trust", "csca.pem"]].concat();
    let with_both = read(&with_both);
    assert_eq!(
        with_both.code,
        Some(0),
        "{}{}",
        with_both.out,
        with_both.progress
    );
    assert_eq!(with_both.result("printed-against-chip"), "successful");
    // A look-alike misread accuses nobody, whatever opens the chip.
    for key in [&["--can", NUMBER][..], &[]] {
        let zone = ["--mrz-file", "misread.txt", "--trust", "csca.pem"];
        let misread = read(&[key, &zone].concat());
        assert_eq!(
            misread.code,
            Some(0),
            "{key:?}: {}{}",
            misread.out,
            misread.progress
        );
        let said: Value = serde_json::from_str(&misread.out).expect("JSON");
        assert_eq!(said["reading"]["likeliest"], false, "{key:?}");
    }
    not_read(
        &["--can", "000000"],
        "compare the zone, or the card access number",
        "wrong-can",
    );
    not_read(
        &["--mrz-file", "other.txt"],
        "compare the zone",
        "wrong-mrz",
    );
    let mistyped = read(&["--can", "12"]);
    assert_eq!(mistyped.code, Some(2), "{}", mistyped.out);
    let chip = placed.remove().expect("a chip");

    // A copy has all the files and not the key, and is found out whatever opened it.
    let copy = Chip::new(&desk.document, 1).with_quirks([Quirk::OtherKey]);
    let placed = Placed::place(copy, daemon.card_address()).expect("vpcd");
    for key in [&zone[..], &["--can", NUMBER]] {
        let copied = read(&[key, &["--trust", "csca.pem"]].concat());
        assert_eq!(
            copied.code,
            Some(1),
            "{key:?}: {}{}",
            copied.out,
            copied.progress
        );
        assert_eq!(copied.result("chip-authentication"), "failed", "{key:?}");
    }
    drop(placed.remove());

    let chip = chip.with_faults([Fault::Vanishes { after: 9 }]);
    let placed = Placed::place(chip, daemon.card_address()).expect("vpcd");
    not_read(
        &zone,
        "leave the document on the reader",
        "document-removed",
    );
    drop(placed.remove());

    let closed = Desk::new(&Electronics::default());
    let chip = Chip::new(&closed.document, 1).with_quirks([Quirk::NoBac(0x6985)]);
    let placed = Placed::place(chip, daemon.card_address()).expect("vpcd");
    not_read(&zone, "this gate cannot open", "access-refused");
    drop(placed.remove());

    let nowhere = desk.run(&[
        "document",
        "read",
        "--reader",
        "no such reader",
        "--mrz-file",
        "zone.txt",
    ]);
    assert_eq!(nowhere.code, Some(4), "{}", nowhere.out);
    assert!(
        nowhere.progress.contains("plug the reader in")
            && nowhere.progress.contains("kind: reader-fault"),
        "{}",
        nowhere.progress
    );
}

#[test]
fn a_reader_that_nobody_understands_is_shown_with_what_was_thrown_away() {
    let desk = Desk::new(&Electronics::default());
    let name = desk.path("mrz");
    let line = SerialLine::plug(&name).expect("a pseudo-terminal");
    let listening = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
    let speaking = {
        let listening = listening.clone();
        std::thread::spawn(move || {
            // A frame with a wrong check character, over and over.
            while listening.load(std::sync::atomic::Ordering::Relaxed) {
                line.send(b"\x01\x0e\x00OU\x02 \r\rAB<12\r\x03\x05");
                std::thread::park_timeout(std::time::Duration::from_millis(300));
            }
        })
    };
    let said = desk.run(&["reader", "which", "mrz", "--listen", "2"]);
    listening.store(false, std::sync::atomic::Ordering::Relaxed);
    speaking.join().expect("a thread");
    // The header before STX is nothing to a reader that begins with STX.
    let nearest = "as desko, discarded: 2 bytes";
    assert!(said.out.contains(nearest), "{}", said.out);
}
