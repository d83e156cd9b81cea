//! The printed zone, files of a chip, and what stands beside a document.

use crate::seeds;
use gate_document::beside::{self, Beside, PageText};
use gate_document::document_details::DocumentDetails;
use gate_document::sod::Sod;
use gate_document::tlv::{Reader, to_definite};
use gate_document::{
    Check, ChipFiles, Finding, Mrz, Outcome, Sensitive, TrustStore, inspect_without_portrait, lds,
    mrz, notified, personal,
};
use jiff::civil::date;
use std::sync::OnceLock;

/// The printed zone.
pub fn mrz(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    // What is read as it stands is read first of all readings, and each of those holds together.
    let zone = Mrz::read(&text);
    assert!(
        Mrz::parse(&text).is_err() || zone.as_ref().is_ok_and(|zone| zone.repairs().is_empty())
    );
    // What is taken with wrong check digits is refused by the strict, and for nothing else.
    let tolerant = Mrz::read_tolerant(&text);
    assert!(zone.is_err() || tolerant.is_ok());
    let others = tolerant.iter().flat_map(Mrz::alternatives);
    for reading in tolerant.iter().chain(others) {
        let lines: String = reading.lines().collect();
        assert_eq!(
            Mrz::parse(&lines).is_ok(),
            reading.wrong_digits().is_empty()
        );
        assert!(!reading.access_key().mrz_information().is_empty());
    }
    // A file with the same lines is the same zone, however an editor saved them.
    if let Ok(written) = mrz::written(bytes, Mrz::parse) {
        let lines: Vec<&str> = written.lines().collect();
        let saved = format!("\u{feff}\r\n  {} \r\n", lines.join(" \r\n\t"));
        let again = mrz::written(saved.as_bytes(), Mrz::parse);
        assert_eq!(again.as_ref(), Ok(&written));
    }
    zone.is_ok_and(|zone| {
        for other in zone.alternatives() {
            let lines: String = other.lines().collect();
            assert!(Mrz::parse(&lines).is_ok());
        }
        !zone.access_key().mrz_information().is_empty()
    })
}

/// Data objects.
pub fn tlv(bytes: &[u8]) -> bool {
    descend(Reader::new(bytes), 0);
    let definite = to_definite(bytes);
    definite.is_ok_and(|definite| {
        assert!(definite.len() <= bytes.len() * 8 + 8);
        true
    })
}

fn descend(mut reader: Reader<'_>, depth: usize) {
    while !reader.is_empty() {
        let Ok(object) = reader.any("anything") else {
            return;
        };
        assert!(object.raw.len() >= object.value.len());
        if depth < 16 {
            descend(object.reader(), depth + 1);
        }
    }
}

/// Files of a chip.
pub fn files(bytes: &[u8]) -> bool {
    lds::com(bytes).is_ok() | lds::dg1(bytes).is_ok() | lds::portrait(bytes).is_ok()
}

/// The signature over a chip's files.
pub fn signature(bytes: &[u8]) -> bool {
    let object = Sod::parse(bytes);
    object.is_ok_and(|object| {
        let _ = object.signing_time();
        true
    })
}

/// Details of person and document in optional data groups.
pub fn details(bytes: &[u8]) -> bool {
    let _ = personal::fold(&String::from_utf8_lossy(bytes));
    personal::dg11(bytes).is_ok()
        | personal::dg13(bytes).is_ok()
        | DocumentDetails::parse(bytes).is_ok()
        | notified::dg16(bytes).is_ok()
}

/// EF.CardSecurity beside a chip that was opened with it: whatever it says, judged with the right trust.
pub fn card_security(bytes: &[u8]) -> bool {
    static TRUST: OnceLock<TrustStore> = OnceLock::new();
    let trust = TRUST.get_or_init(|| TrustStore::from_pem(&seeds::csca()).expect("an anchor"));
    let mut conversation = seeds::mapped_conversation().clone();
    conversation.card_security = Some(bytes.to_vec().into());
    let mut files = ChipFiles::new();
    files.set_conversation(conversation);
    let found = inspect_without_portrait(seeds::printed(), &files, trust, Some(seeds::TODAY));
    let passed = Finding::passed(Check::CardSecurity);
    found
        .iter()
        .any(|finding| finding.check == passed.check && finding.outcome == passed.outcome)
}

/// The text of a page, a line for each of name, number and nationality, and behind them the zone of a
/// visa; held against a passport's zone and a card's.
pub fn page_texts(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.splitn(4, '\n');
    let mut line = || lines.next().map(|line| Sensitive::new(line.to_owned()));
    let page = PageText {
        name: line(),
        number: line(),
        nationality: line(),
        ..PageText::default()
    };
    let visa = lines.next().and_then(|zone| Mrz::read(zone).ok());
    let beside = Beside {
        front: Some(page.clone()),
        back: Some(page),
        visa: visa.map(Box::new),
    };
    seeds::zones().iter().fold(false, |fits, printed| {
        let findings = beside::findings(printed, &beside, Some(date(2026, 11, 22)));
        fits | findings.iter().any(|one| one.outcome == Outcome::Passed)
    })
}
