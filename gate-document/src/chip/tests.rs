//! The worked example of the standard, and chips that behave as chips in the field do.

use super::test_chip::{Chip, Quirks, files};
use super::*;
use crate::access::{AccessError, PasswordKind, WithoutPace};
use crate::apdu::Status;
use crate::card::CardError;
use crate::mrz::AccessKey;
use crate::secure_messaging::MessagingError;
use crate::step::Step;
use crate::test_random::Fixed;
use crate::tlv::{Found, TlvError};
use hex_literal::hex;
use proptest::prelude::{any, prop_assert, proptest};

/// The chip of these tests has BAC only, and says so in its way.
const NO_CARD_ACCESS: WithoutPace = WithoutPace::NoCardAccess {
    status: Status::SECURITY_STATUS,
};

fn key() -> AccessKey {
    AccessKey::from_mrz_information("L898902C<369080619406236")
}

/// Answers the commands of a list, in order, and nothing else.
struct Script(Vec<(Vec<u8>, Vec<u8>)>);

impl Card for Script {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, CardError> {
        if self.0.is_empty() {
            return Err(CardError::Removed);
        }
        let (expected, response) = self.0.remove(0);
        assert_eq!(command, expected);
        Ok(response)
    }
}

#[test]
fn the_worked_example_of_the_standard_is_replayed_byte_for_byte() {
    // Doc 9303-11, Appendix D.3 and D.4.
    let random = hex!("781723860C06C226 0B795240CB7049B01C19B33E32804F0B");
    let mut card =
        Script(vec![
        // Before the example: the chip is asked whether it has PACE.
        (hex!("00A4020C02011C").to_vec(), hex!("6A82").to_vec()),
        (hex!("00A4040C07A0000002471001").to_vec(), hex!("9000").to_vec()),
        (hex!("0084000008").to_vec(), hex!("4608F919887022129000").to_vec()),
        (
            hex!(
                "0082000028 72C29C2371CC9BDB65B779B8E8D37B29ECC154AA56A8799FAE2F498F76ED92F2"
                "5F1448EEA8AD90A7 28"
            )
            .to_vec(),
            hex!(
                "46B9342A41396CD7386BF5803104D7CEDC122B9132139BAF2EEDC94EE178534F"
                "2F2D235D074D7449 9000"
            )
            .to_vec(),
        ),
        (
            hex!("0CA4020C158709016375432908C044F68E08BF8B92D635FF24F800").to_vec(),
            hex!("990290008E08FA855A5D4C50A8ED9000").to_vec(),
        ),
        (
            hex!("0CB000000D9701048E08ED6705417E96BA5500").to_vec(),
            hex!("8709019FF0EC34F9922651990290008E08AD55CC17140B2DED9000").to_vec(),
        ),
        (
            hex!("0CB000040D9701128E082EA28A70F3C7B53500").to_vec(),
            hex!(
                "871901FB9235F4E4037F2327DCC8964F1F9B8C30F42C8E2FFF224A990290008E08C8B2787EAEA07D74"
                "9000"
            )
            .to_vec(),
        ),
    ]);
    let passwords = Passwords::from(key());
    let mut rng = Fixed::new(&random);
    let mut habits = Habits {
        chip: ChipHabits {
            by_identifier: true,
            exact: true,
            block: None,
        },
        ..Habits::default()
    };
    let mut told = |_: Progress<'_>| ();
    let opened = Session::open(&mut card, &passwords, &mut habits, &mut rng, &mut told);
    let mut session = opened.unwrap();
    let mut partial = Partial::default();
    let answer = session
        .read_on(ElementaryFile::Com, &mut partial, &mut |_| ())
        .unwrap();
    let FileAnswer::Bytes(bytes) = answer else {
        panic!("EF.COM refused")
    };
    assert_eq!(bytes, hex!("60145F0104303130365F36063034303030305C026175"));
}

fn read_all(chip: &mut Chip, apdus: ApduLength) -> Result<ChipFiles, ReadError> {
    let mut habits = apdus.into();
    read(
        chip,
        &key().into(),
        &mut habits,
        &mut Fixed::new(&[]),
        &mut |_| (),
    )
}

#[test]
fn a_chip_is_read_whatever_its_quirks() {
    use ApduLength::{Extended, Short};
    let plain = Quirks::default();
    // Commands: the search for PACE, opening, EF.SOD, DG14 and DG15 in vain, DG1, DG2 and EF.COM. A
    // change of the strategy shows here.
    for (name, quirks, apdus, commands) in [
        (
            "as the standard says",
            plain,
            Short,
            4 + 3 + 9 + 4 + 1 + 66 + 1,
        ),
        (
            "extended length",
            plain,
            Extended,
            4 + 3 + 1 + 4 + 1 + 1 + 1,
        ),
        (
            "no short identifiers",
            Quirks {
                no_short_identifier: true,
                ..plain
            },
            Short,
            0,
        ),
        (
            "no extended length",
            Quirks {
                block: Some(231),
                ..plain
            },
            Extended,
            0,
        ),
        (
            "160 bytes at most",
            Quirks {
                block: Some(160),
                ..plain
            },
            Extended,
            0,
        ),
        (
            "96 bytes at most",
            Quirks {
                block: Some(96),
                ..plain
            },
            Short,
            0,
        ),
        (
            "naked 6700",
            Quirks {
                block: Some(231),
                naked_refusal: true,
                ..plain
            },
            Extended,
            0,
        ),
        (
            "naked 6700 ends the session",
            Quirks {
                block: Some(160),
                naked_refusal: true,
                forgets_session: true,
                ..plain
            },
            Extended,
            0,
        ),
        (
            "6Cxx",
            Quirks {
                block: Some(200),
                names_length: true,
                ..plain
            },
            Short,
            0,
        ),
        (
            "61xx",
            Quirks {
                pieces: Some(100),
                ..plain
            },
            Short,
            0,
        ),
        (
            "any length only",
            Quirks {
                wants_any_length: true,
                ..plain
            },
            Short,
            0,
        ),
        (
            "6B00 past the end",
            Quirks {
                past_end: Some(0x6B00),
                ..plain
            },
            Short,
            0,
        ),
        (
            "6282 past the end",
            Quirks {
                past_end: Some(0x6282),
                ..plain
            },
            Extended,
            0,
        ),
    ] {
        let mut chip = Chip::new(quirks);
        let read = read_all(&mut chip, apdus).unwrap_or_else(|error| panic!("{name}: {error}"));
        for (file, bytes) in files() {
            assert_eq!(read.get(file), Some(&bytes[..]), "{name}: {file}");
        }
        if commands > 0 {
            assert_eq!(chip.commands, commands, "{name}");
        }
    }
}

#[test]
fn a_chip_that_cannot_be_read_says_why() {
    let plain = Quirks::default();
    let status = Status;
    for (quirks, expected) in [
        (
            Quirks {
                no_application: true,
                ..plain
            },
            ReadError::NoApplication {
                status: status(0x6A82),
            },
        ),
        (
            Quirks {
                refuses_challenge: Some(0x6985),
                ..plain
            },
            ReadError::Access(AccessError::Refused {
                step: Step::Challenge,
                status: status(0x6985),
                without_pace: Some(NO_CARD_ACCESS),
            }),
        ),
        (
            Quirks {
                refuses_key: Some(0x6982),
                ..plain
            },
            ReadError::Access(AccessError::Refused {
                step: Step::MutualAuthentication,
                status: status(0x6982),
                without_pace: Some(NO_CARD_ACCESS),
            }),
        ),
        (
            Quirks {
                refuses_key: Some(0x6300),
                ..plain
            },
            ReadError::Access(AccessError::WrongPassword {
                step: Step::MutualAuthentication,
                password: PasswordKind::Mrz,
                status: status(0x6300),
            }),
        ),
        (
            Quirks {
                leaves_after: Some(5),
                ..plain
            },
            ReadError::Card {
                step: Step::Challenge,
                error: CardError::Removed,
            },
        ),
        (
            Quirks {
                leaves_after: Some(40),
                ..plain
            },
            ReadError::Card {
                step: Step::File(ElementaryFile::DG2),
                error: CardError::Removed,
            },
        ),
        (
            Quirks {
                block: Some(20),
                ..plain
            },
            ReadError::Refused {
                file: ElementaryFile::Sod,
                offset: 4,
                status: status(0x6700),
            },
        ),
        (
            Quirks {
                naked_data: true,
                ..plain
            },
            ReadError::Messaging {
                step: Step::File(ElementaryFile::Sod),
                problem: MessagingError::Unprotected { found: 231 },
            },
        ),
        (
            Quirks {
                bit_flip: true,
                ..plain
            },
            ReadError::Messaging {
                step: Step::File(ElementaryFile::Sod),
                problem: MessagingError::Checksum,
            },
        ),
        (
            Quirks {
                empty_blocks: true,
                ..plain
            },
            ReadError::Block {
                file: ElementaryFile::Sod,
                offset: 231,
                expected: 231,
                found: 0,
            },
        ),
    ] {
        let mut chip = Chip::new(quirks);
        assert_eq!(read_all(&mut chip, ApduLength::Short).err(), Some(expected));
    }
}

#[test]
fn a_key_of_another_document_is_refused() {
    let other = AccessKey::from_mrz_information("L898902C<369080619406237");
    let error = read(
        &mut Chip::new(Quirks::default()),
        &other.into(),
        &mut Habits::default(),
        &mut Fixed::new(&[]),
        &mut |_| (),
    );
    let wrong_key = AccessError::WrongPassword {
        step: Step::MutualAuthentication,
        password: PasswordKind::Mrz,
        status: Status(0x6300),
    };
    assert_eq!(error.err(), Some(ReadError::Access(wrong_key)));
}

#[test]
fn a_missing_file_does_not_end_the_reading() {
    for file in [ElementaryFile::Com, ElementaryFile::DG2] {
        let mut chip = Chip::new(Quirks {
            without: Some(file),
            ..Quirks::default()
        });
        let read = read_all(&mut chip, ApduLength::Short).unwrap();
        assert_eq!(read.refusal(file), Some(Status::FILE_NOT_FOUND));
        assert_eq!(read.iter().count(), 3);
    }
}

#[test]
fn a_file_that_is_no_file_is_refused() {
    let dg1 = ElementaryFile::DG1;
    let malformed = |offset, expected, found| ReadError::Malformed {
        file: dg1,
        problem: TlvError {
            offset,
            expected,
            found,
        },
    };
    for (head, expected) in [
        (
            &hex!("7503 010203")[..],
            malformed(0, "tag of this file", Found::Tag(0x75)),
        ),
        (
            &hex!("6180 0000"),
            malformed(1, "definite length", Found::Form),
        ),
        (&hex!("6182 7F"), malformed(3, "length", Found::End)),
        (
            &hex!("6183 7FFFFF"),
            ReadError::TooLong {
                file: dg1,
                found: 0x7F_FFFF + 5,
                limit: 0x2_0000,
            },
        ),
        (
            &hex!("6182 FFFF 00"),
            ReadError::Block {
                file: dg1,
                offset: 5,
                expected: 231,
                found: 0,
            },
        ),
    ] {
        let mut chip = Chip::new(Quirks::default());
        chip.files[1].1 = head.to_vec();
        assert_eq!(read_all(&mut chip, ApduLength::Short).err(), Some(expected));
    }
}

#[test]
fn progress_counts_every_byte_and_prints_none() {
    let mut seen = Vec::new();
    let mut chip = Chip::new(Quirks::default());
    let mut note = |progress: Progress<'_>| seen.push(format!("{progress:?}"));
    read(
        &mut chip,
        &key().into(),
        &mut ApduLength::Extended.into(),
        &mut Fixed::new(&[]),
        &mut note,
    )
    .unwrap();
    assert_eq!(
        seen,
        [
            "Opened(BAC, key from the printed zone; PACE not used: EF.CardAccess refused with status 6982)",
            "Begun(EF.SOD, 1938 bytes)",
            "Advanced(EF.SOD, 1938 of 1938 bytes)",
            "Done(EF.SOD, 1938 bytes)",
            "Begun(DG1, 93 bytes)",
            "Advanced(DG1, 93 of 93 bytes)",
            "Done(DG1, 93 bytes)",
            "Begun(DG2, 15087 bytes)",
            "Advanced(DG2, 15087 of 15087 bytes)",
            "Done(DG2, 15087 bytes)",
            "Begun(EF.COM, 22 bytes)",
            "Advanced(EF.COM, 22 of 22 bytes)",
            "Done(EF.COM, 22 bytes)",
        ]
    );
}

/// Answers anything with the next of its responses, then leaves.
struct Noise(Vec<Vec<u8>>);

impl Card for Noise {
    fn transmit(&mut self, _: &[u8]) -> Result<Vec<u8>, CardError> {
        self.0.pop().ok_or(CardError::Removed)
    }
}

proptest! {
    #[test]
    fn noise_is_no_chip(
        mut responses in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 0..8),
    ) {
        // SELECT and GET CHALLENGE succeed, so that the noise reaches the later steps as well.
        responses.push([&[7; 8][..], &hex!("9000")].concat());
        responses.push(hex!("9000").to_vec());
        let mut rng = Fixed::new(&[]);
        let mut habits = Habits::default();
        prop_assert!(read(&mut Noise(responses), &key().into(), &mut habits, &mut rng, &mut |_| ()).is_err());
    }

    #[test]
    fn a_chip_that_knows_the_key_may_still_hold_anything(
        contents in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 4..300), 4),
        tagged: bool,
    ) {
        let mut chip = Chip::new(Quirks::default());
        for ((file, bytes), content) in chip.files.iter_mut().zip(contents) {
            *bytes = content;
            if tagged {
                bytes[0] = file.tag().unwrap();
                // A length that fits, so that what is inside is looked at.
                bytes[1] = u8::try_from(bytes.len() - 2).unwrap_or(0x7F).min(0x7F);
            }
        }
        if let Ok(files) = read_all(&mut chip, ApduLength::Short) {
            let zone = crate::mrz::Mrz::parse(crate::test_issuer::ZONE).unwrap();
            let trust = crate::trust::TrustStore::empty();
            prop_assert!(!crate::inspect::inspect(&zone, &files, &trust, None).genuine());
        }
    }
}
