//! Chips, and what they announce.

use super::Seed;
use super::issuer::{document, electronics, issue_with, modern_document};
use crate::targets;
use gate_document::{Card, CardError, ElementaryFile};
use gate_sim::chip::Chip;
use gate_sim::chip::field::InField;
use gate_sim::issuer::electronics::SignatureOffer;
use gate_sim::issuer::{Encoding, Format, TestDocument};

/// Chips that answer: refusing, asking for another length, announcing more.
pub fn wild_chip() -> Vec<Seed> {
    vec![
        ("refuses", vec![2, 0x69, 0x82, 2, 0x6A, 0x82]),
        (
            "other-length",
            vec![2, 0x90, 0x00, 2, 0x6C, 0x08, 2, 0x90, 0x00],
        ),
        (
            "more",
            vec![2, 0x90, 0x00, 4, 1, 2, 0x61, 0x02, 4, 3, 4, 0x90, 0x00],
        ),
        (
            "challenge",
            vec![
                2, 0x90, 0x00, 10, 1, 2, 3, 4, 5, 6, 7, 8, 0x90, 0x00, 2, 0x63, 0x00,
            ],
        ),
        ("opens-by-bac", opening(document())),
        ("opens-by-pace", opening(modern_document())),
    ]
}

/// The first answers of a genuine chip, each behind its length, up to the first long one: whoever
/// is given them again has opened the chip.
fn opening(document: &TestDocument) -> Vec<u8> {
    struct Recorded {
        chip: InField,
        answers: Vec<u8>,
        whole: bool,
    }
    impl Card for Recorded {
        fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, CardError> {
            let answer = self.chip.transmit(command)?;
            match u8::try_from(answer.len()) {
                Ok(length) if !self.whole => {
                    self.answers.push(length);
                    self.answers.extend(&answer);
                }
                _ => self.whole = true,
            }
            Ok(answer)
        }
    }
    let mut card = Recorded {
        chip: InField::new(Chip::new(document, 1)),
        answers: Vec::new(),
        whole: false,
    };
    assert!(targets::converse(&mut card), "a genuine chip");
    card.answers
}

/// Faults of a chip that does every protocol.
pub fn damaged_modern_chip() -> Vec<Seed> {
    vec![
        ("none", Vec::new()),
        ("card-access", vec![1, 9, 1]),
        ("nonce", vec![5, 8, 0x40]),
        ("mapping", vec![6, 20, 1]),
        ("late", vec![14, 30, 1, 22, 60, 2]),
    ]
}

/// What chips announce of themselves.
pub fn security_infos() -> Vec<Seed> {
    let announced = |file: ElementaryFile| {
        let bytes = modern_document().file(file.identifier());
        bytes.expect("a file of the document").to_vec()
    };
    vec![
        ("dg14", announced(ElementaryFile::DataGroup(14))),
        ("card-access", card_access()),
    ]
}

/// EF.CardAccess of the modern document: PACE-ECDH-GM-AES-CBC-CMAC-128 with secp256r1.
fn card_access() -> Vec<u8> {
    vec![
        0x31, 0x14, 0x30, 0x12, 0x06, 0x0A, 4, 0, 0x7F, 0, 7, 2, 2, 4, 2, 2, 2, 1, 2, 2, 1, 12,
    ]
}

/// Keys of Active Authentication.
pub fn active_key() -> Vec<Seed> {
    let key = |signature| {
        let electronics = electronics(signature);
        let document = issue_with(Encoding::Jpeg, Format::Td3, &electronics);
        let document = document.expect("a test document");
        let file = document.file(ElementaryFile::DataGroup(15).identifier());
        file.expect("a key").to_vec()
    };
    vec![
        ("rsa", key(SignatureOffer::RsaSha256(2048))),
        (
            "elliptic",
            key(SignatureOffer::Elliptic { announced: true }),
        ),
    ]
}

/// Faults of an otherwise genuine chip: none, one in the opening, one in each file.
pub fn damaged_chip() -> Vec<Seed> {
    vec![
        ("none", Vec::new()),
        ("challenge", vec![1, 0, 1]),
        ("authentication", vec![2, 7, 0x80]),
        ("first-file", vec![4, 3, 0xFF]),
        ("late", vec![9, 200, 1, 12, 60, 2]),
    ]
}
