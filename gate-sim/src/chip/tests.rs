//! The chip against the gate's own reader: two implementations of one standard.

use gate_document::{
    AccessKey, ApduLength, Card as _, CardError, ChipFiles, ElementaryFile, ReadError, read,
};
use rand::SeedableRng as _;
use rand_chacha::ChaCha20Rng;

use super::field::InField;
use super::*;
use crate::issuer::tests::{picture, specimen};
use crate::issuer::{
    Authority, DocumentRequest, Encoding, Format, Portrait, Scheme, State as Issuer,
};

const FILES: [(ElementaryFile, u16); 4] = [
    (ElementaryFile::Com, 0x011E),
    (ElementaryFile::DG1, 0x0101),
    (ElementaryFile::DG2, 0x0102),
    (ElementaryFile::Sod, 0x011D),
];

fn document() -> TestDocument {
    let portrait = Portrait::encode(&picture(3), Encoding::Jpeg2000, 15_000).unwrap();
    let request = DocumentRequest {
        portrait,
        ..specimen()
    };
    Authority::new(Issuer::UTOPIA, Scheme::Elliptic, 1)
        .unwrap()
        .issue(&request)
        .unwrap()
}

fn read_with(
    card: &mut InField,
    key_information: &str,
    apdus: ApduLength,
) -> Result<ChipFiles, ReadError> {
    let key = AccessKey::from_mrz_information(key_information);
    read(
        card,
        &key.into(),
        &mut apdus.into(),
        &mut ChaCha20Rng::seed_from_u64(9),
        &mut |_| {},
    )
}

fn check_files(files: &ChipFiles, document: &TestDocument) {
    for (file, id) in FILES {
        assert_eq!(files.get(file), document.file(id), "{file}");
    }
}

#[test]
fn every_file_is_read_byte_by_byte_in_short_and_long_blocks() {
    let document = document();
    for (apdus, commands) in [(ApduLength::Short, 70..95), (ApduLength::Extended, 8..25)] {
        let mut card = InField::new(Chip::new(&document, 4));
        let files = read_with(&mut card, document.key_information(), apdus).unwrap();
        check_files(&files, &document);
        assert!(
            commands.contains(&card.commands()),
            "{apdus:?}: {} commands",
            card.commands()
        );
    }
}

#[test]
fn every_seed_is_read_for_no_counter_or_key_is_special() {
    let document = Authority::new(Issuer::UTOPIA, Scheme::Elliptic, 1)
        .unwrap()
        .issue(&specimen())
        .unwrap();
    for seed in 0..200 {
        let mut card = InField::new(Chip::new(&document, seed));
        check_files(
            &read_with(&mut card, document.key_information(), ApduLength::Short).unwrap(),
            &document,
        );
    }
}

#[test]
fn a_chip_without_extended_length_is_read_all_the_same() {
    let document = document();
    let mut card = InField::new(Chip::new(&document, 4).without_extended_length());
    let files = read_with(&mut card, document.key_information(), ApduLength::Extended).unwrap();
    check_files(&files, &document);
}

#[test]
fn a_card_with_a_long_number_opens_with_it() {
    let request = DocumentRequest {
        format: Format::Td1,
        number: "D23145890734".into(),
        optional: String::new(),
        ..specimen()
    };
    let document = Authority::new(Issuer::UTOPIA, Scheme::Elliptic, 1)
        .unwrap()
        .issue(&request)
        .unwrap();
    let mut card = InField::new(Chip::new(&document, 4));
    let files = read_with(&mut card, document.key_information(), ApduLength::Short).unwrap();
    check_files(&files, &document);
}

#[test]
fn a_wrong_key_opens_nothing() {
    let document = document();
    let mut card = InField::new(Chip::new(&document, 4));
    let error = read_with(&mut card, "L898902C3674081221204150", ApduLength::Short).unwrap_err();
    assert!(matches!(error, ReadError::Access(_)), "{error}");
    assert!(error.to_string().contains("6300"), "{error}");
}

#[test]
fn nothing_is_read_without_a_key() {
    let mut card = InField::new(Chip::new(&document(), 4));
    let mut status = |command: &[u8]| card.transmit(command).unwrap();
    assert_eq!(status(&hex("00A4040C07A0000002471001")), [0x90, 0]);
    assert_eq!(status(&hex("00A4020C020101")), [0x69, 0x82]);
    assert_eq!(status(&hex("00B08100FF")), [0x69, 0x82]);
    assert_eq!(status(&hex("0CB08100")), [0x68, 0x82]);
    assert_eq!(status(&hex("00A4020C")), [0x67, 0x00]);
    assert_eq!(status(&hex("00E0000000")), [0x6D, 0x00]);
    assert_eq!(status(&hex("00")), [0x67, 0x00]);
}

#[test]
fn a_challenge_serves_once() {
    let mut card = InField::new(Chip::new(&document(), 4));
    let authenticate = [&hex("0082000028")[..], &[0; 40], &[0x28]].concat();
    assert_eq!(card.transmit(&authenticate).unwrap(), [0x69, 0x85]);
    assert_eq!(card.transmit(&hex("0084000008")).unwrap().len(), 10);
    assert_eq!(card.transmit(&authenticate).unwrap(), [0x63, 0x00]);
    assert_eq!(card.transmit(&authenticate).unwrap(), [0x69, 0x85]);
}

#[test]
fn a_document_that_slips_away_and_is_placed_again_is_read() {
    let document = document();
    for after in [0, 1, 3, 10, 40] {
        let chip = Chip::new(&document, 4).with_faults([Fault::Vanishes { after }]);
        let mut card = InField::new(chip);
        let error =
            read_with(&mut card, document.key_information(), ApduLength::Short).unwrap_err();
        assert!(matches!(
            error,
            ReadError::Card {
                error: CardError::Removed,
                ..
            }
        ));
        let mut card = InField::new(card.remove());
        check_files(
            &read_with(&mut card, document.key_information(), ApduLength::Short).unwrap(),
            &document,
        );
    }
}

#[test]
fn nonsense_is_neither_believed_nor_fatal() {
    let document = document();
    for after in [0, 1, 2, 3, 5, 20] {
        for seed in 0..20 {
            let chip = Chip::new(&document, seed).with_faults([Fault::TalksNonsense { after }]);
            let mut card = InField::new(chip);
            let result = read_with(&mut card, document.key_information(), ApduLength::Short);
            let complete =
                result.is_ok_and(|files| FILES.iter().all(|(file, _)| files.get(*file).is_some()));
            assert!(!complete, "nonsense after {after} commands, seed {seed}");
        }
    }
}

#[test]
fn time_passes_as_the_profile_says() {
    let document = document();
    let mut times = Vec::new();
    for profile in [
        Profile::INSTANT,
        Profile::FAST,
        Profile::TYPICAL,
        Profile::SLOW,
    ] {
        let mut card = InField::new(Chip::new(&document, 4).with_profile(profile));
        read_with(&mut card, document.key_information(), ApduLength::Short).unwrap();
        times.push(card.elapsed());
    }
    assert_eq!(times[0], Duration::ZERO);
    assert!(
        times.is_sorted() && times[3] < Duration::from_secs(7),
        "{times:?}"
    );
}

#[test]
fn nothing_of_the_holder_is_printed() {
    let text = format!("{:?}", InField::new(Chip::new(&document(), 4))).to_uppercase();
    for personal in ["ERIKSSON", "L898902C3", "740812"] {
        assert!(!text.contains(personal), "{text}");
    }
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}
