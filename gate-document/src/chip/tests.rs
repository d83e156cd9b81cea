//! The worked example of the standard, and chips that behave as chips in the field do.

use super::*;
use crate::apdu::Status;
use crate::bac::AccessError;
use crate::card::CardError;
use crate::crypto::{self, KeyUse, TripleDesKey};
use crate::secure_messaging::MessagingError;
use crate::tlv::{self, Found, Reader, TlvError};
use core::convert::Infallible;
use hex_literal::hex;
use rand::{TryCryptoRng, TryRng};

/// Gives out the bytes of a list: the random numbers of a worked example.
struct Fixed(Vec<u8>);

impl TryRng for Fixed {
    type Error = Infallible;
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(0)
    }
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(0)
    }
    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for byte in bytes {
            *byte = if self.0.is_empty() {
                0x5A
            } else {
                self.0.remove(0)
            };
        }
        Ok(())
    }
}

impl TryCryptoRng for Fixed {}

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
    let key = key();
    let mut rng = Fixed(random.to_vec());
    let mut session = Session::open(&mut card, &key, ApduLength::Short, &mut rng).unwrap();
    session.select_by_identifier();
    let answer = session.read_file(ElementaryFile::Com, &mut |_| ()).unwrap();
    let FileAnswer::Bytes(bytes) = answer else {
        panic!("EF.COM refused")
    };
    assert_eq!(bytes, hex!("60145F0104303130365F36063034303030305C026175"));
}

/// How a chip differs from the standard's.
#[derive(Clone, Copy, Default)]
struct Quirks {
    /// READ BINARY does not take short file identifiers.
    no_short_identifier: bool,
    /// Longest block.
    block: Option<usize>,
    /// Too long blocks are refused naked, not protected.
    naked_refusal: bool,
    /// After a naked refusal the session is gone.
    forgets_session: bool,
    /// EXTERNAL AUTHENTICATE with the exact length is refused.
    wants_any_length: bool,
    /// Statuses of refused commands.
    refuses_challenge: Option<u16>,
    refuses_key: Option<u16>,
    no_application: bool,
    /// A file that is not there.
    without: Option<ElementaryFile>,
    /// Leaves the field after so many commands.
    leaves_after: Option<usize>,
    /// Reads past the end are refused with this.
    past_end: Option<u16>,
    /// From this command on, data comes without protection.
    naked_data: bool,
    /// Every response with data has one bit wrong.
    bit_flip: bool,
    /// Reads beyond the head give nothing.
    empty_blocks: bool,
}

/// The card side, written from the standard, for the tests of this file.
struct Chip {
    files: Vec<(ElementaryFile, Vec<u8>)>,
    quirks: Quirks,
    encryption: TripleDesKey,
    mac: TripleDesKey,
    session: Option<(TripleDesKey, TripleDesKey, u64)>,
    current: Option<ElementaryFile>,
    commands: usize,
}

const CHALLENGE: [u8; 8] = hex!("4608F91988702212");
const MATERIAL: [u8; 16] = hex!("0B4F80323EB3191CB04970CB4052790B");

fn file(file: ElementaryFile, length: usize) -> (ElementaryFile, Vec<u8>) {
    let content: Vec<u8> = (0..length).map(|index| (index % 251) as u8).collect();
    let mut bytes = Vec::new();
    tlv::write(&mut bytes, u32::from(file.tag().unwrap()), &content);
    (file, bytes)
}

fn files() -> Vec<(ElementaryFile, Vec<u8>)> {
    vec![
        file(ElementaryFile::Com, 20),
        file(ElementaryFile::DG1, 91),
        file(ElementaryFile::DG2, 15_083),
        file(ElementaryFile::Sod, 1_934),
    ]
}

impl Chip {
    fn new(quirks: Quirks) -> Self {
        let digest = crypto::sha1(b"L898902C<369080619406236").unwrap();
        let derive = |key_use| crypto::triple_des_key(&digest[..16], key_use).unwrap();
        Self {
            files: files(),
            quirks,
            encryption: derive(KeyUse::Encryption),
            mac: derive(KeyUse::Mac),
            session: None,
            current: None,
            commands: 0,
        }
    }

    fn external_authenticate(&mut self, token: &[u8], expected: u8) -> Vec<u8> {
        if let Some(status) = self.quirks.refuses_key {
            return status.to_be_bytes().to_vec();
        }
        if self.quirks.wants_any_length && expected != 0 {
            return hex!("6A88").to_vec();
        }
        let (cryptogram, mac) = token.split_at(32);
        if crypto::retail_mac(&self.mac, cryptogram).unwrap() != mac {
            return hex!("6300").to_vec();
        }
        let plain = crypto::triple_des_decrypt(&self.encryption, cryptogram).unwrap();
        let (theirs, ours) = (&plain[..8], &plain[8..16]);
        assert_eq!(ours, CHALLENGE);
        let seed: Vec<u8> = plain[16..]
            .iter()
            .zip(MATERIAL)
            .map(|(a, b)| a ^ b)
            .collect();
        let counter = [&CHALLENGE[4..], &theirs[4..]].concat();
        self.session = Some((
            crypto::triple_des_key(&seed, KeyUse::Encryption).unwrap(),
            crypto::triple_des_key(&seed, KeyUse::Mac).unwrap(),
            u64::from_be_bytes(counter.try_into().unwrap()),
        ));
        let answer = [&CHALLENGE[..], theirs, &MATERIAL].concat();
        let mut token = crypto::triple_des_encrypt(&self.encryption, &answer).unwrap();
        let mac = crypto::retail_mac(&self.mac, &token).unwrap();
        token.extend(mac);
        token.extend(hex!("9000"));
        token
    }

    fn protected(&mut self, command: &[u8]) -> Vec<u8> {
        let Some((encryption, mac_key, counter)) = self.session.clone() else {
            return hex!("6988").to_vec();
        };
        let counter = counter + 1;
        let extended = command[4] == 0;
        let body = if extended {
            &command[7..command.len() - 2]
        } else {
            &command[5..command.len() - 1]
        };
        let mut reader = Reader::new(body);
        let cryptogram = reader.optional(0x87).unwrap();
        let expected = reader.optional(0x97).unwrap().map(|le| match *le.value {
            [0] => 256,
            [short] => usize::from(short),
            [high, low] => usize::from(high) << 8 | usize::from(low),
            _ => panic!("length field"),
        });
        let objects = &body[..body.len() - 10];
        let mut input = counter.to_be_bytes().to_vec();
        input.extend_from_slice(&crypto::pad(&command[..4], 8));
        input.extend_from_slice(objects);
        if crypto::retail_mac(&mac_key, &input).unwrap() != body[body.len() - 8..] {
            self.session = None;
            return hex!("6988").to_vec();
        }
        if let (Some(limit), Some(expected)) = (self.quirks.block, expected)
            && expected > limit
            && self.quirks.naked_refusal
        {
            if self.quirks.forgets_session {
                self.session = None;
            }
            return hex!("6700").to_vec();
        }
        let data = cryptogram.map(|object| {
            let plain = crypto::triple_des_decrypt(&encryption, &object.value[1..]).unwrap();
            plain[..crypto::unpadded_length(&plain).unwrap()].to_vec()
        });
        let (mut answer, status) = self.plain(command, data.as_deref(), expected);
        if self.quirks.naked_data && !answer.is_empty() {
            answer.extend(hex!("9000"));
            return answer;
        }
        let mut objects = Vec::new();
        if !answer.is_empty() {
            let cryptogram =
                crypto::triple_des_encrypt(&encryption, &crypto::pad(&answer, 8)).unwrap();
            tlv::write(&mut objects, 0x87, &[&[1], &cryptogram[..]].concat());
        }
        tlv::write(&mut objects, 0x99, &status.to_be_bytes());
        let counter = counter + 1;
        let input = [&counter.to_be_bytes()[..], &objects].concat();
        let mac = crypto::retail_mac(&mac_key, &input).unwrap();
        tlv::write(&mut objects, 0x8E, &mac);
        if self.quirks.bit_flip {
            objects[4] ^= 1;
        }
        self.session = Some((encryption, mac_key, counter));
        objects.extend(status.to_be_bytes());
        objects
    }

    /// SELECT and READ BINARY, without protection.
    fn plain(
        &mut self,
        command: &[u8],
        data: Option<&[u8]>,
        expected: Option<usize>,
    ) -> (Vec<u8>, u16) {
        let exists = |id: u8| {
            let mut files = self.files.iter().map(|(file, _)| *file);
            files.find(|file| file.short_identifier() == id && Some(*file) != self.quirks.without)
        };
        let (p1, p2) = (command[2], command[3]);
        match command[1] {
            0xA4 => {
                self.current = exists(data.unwrap()[1]);
                (
                    vec![],
                    if self.current.is_some() {
                        0x9000
                    } else {
                        0x6A82
                    },
                )
            }
            0xB0 => {
                if p1 & 0x80 != 0 {
                    if self.quirks.no_short_identifier {
                        return (vec![], 0x6A86);
                    }
                    self.current = exists(p1 & 0x1F);
                }
                let Some(current) = self.current else {
                    return (vec![], 0x6A82);
                };
                let offset = usize::from(p2)
                    | usize::from(p1 & 0x7F & if p1 & 0x80 == 0 { 0x7F } else { 0 }) << 8;
                let (_, bytes) = self
                    .files
                    .iter()
                    .find(|(file, _)| *file == current)
                    .unwrap();
                let expected = expected.unwrap();
                if self.quirks.block.is_some_and(|limit| expected > limit) {
                    return (vec![], 0x6700);
                }
                if let (Some(status), true) =
                    (self.quirks.past_end, offset + expected > bytes.len())
                {
                    return (vec![], status);
                }
                if self.quirks.empty_blocks && offset > 0 {
                    return (vec![], 0x9000);
                }
                (
                    bytes[offset..bytes.len().min(offset + expected)].to_vec(),
                    0x9000,
                )
            }
            other => panic!("instruction {other:02X}"),
        }
    }
}

impl Card for Chip {
    fn transmit(&mut self, command: &[u8]) -> Result<Vec<u8>, CardError> {
        self.commands += 1;
        if self
            .quirks
            .leaves_after
            .is_some_and(|limit| self.commands > limit)
        {
            return Err(CardError::Removed);
        }
        Ok(match command {
            [0x00, 0xA4, 0x04, 0x0C, ..] => {
                self.session = None;
                if self.quirks.no_application {
                    hex!("6A82")
                } else {
                    hex!("9000")
                }
                .to_vec()
            }
            [0x00, 0x84, 0x00, 0x00, 0x08] => match self.quirks.refuses_challenge {
                Some(status) => status.to_be_bytes().to_vec(),
                None => [&CHALLENGE[..], &hex!("9000")].concat(),
            },
            [0x00, 0x82, 0x00, 0x00, 0x28, token @ .., expected] => {
                self.external_authenticate(token, *expected)
            }
            [0x0C, ..] => self.protected(command),
            _ => hex!("6982").to_vec(),
        })
    }
}

fn read_all(chip: &mut Chip, apdus: ApduLength) -> Result<ChipFiles, ReadError> {
    read(chip, &key(), apdus, &mut Fixed(vec![]), &mut |_| ())
}

#[test]
fn a_chip_is_read_whatever_its_quirks() {
    use ApduLength::{Extended, Short};
    let plain = Quirks::default();
    // Commands: opening, then EF.SOD, DG1, DG2 and EF.COM. A change of the strategy shows here.
    for (name, quirks, apdus, commands) in [
        ("as the standard says", plain, Short, 3 + 10 + 2 + 67 + 2),
        ("extended length", plain, Extended, 3 + 2 + 2 + 5 + 2),
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
            ReadError::Access(AccessError::NotOffered {
                step: "GET CHALLENGE",
                status: status(0x6985),
            }),
        ),
        (
            Quirks {
                refuses_key: Some(0x6982),
                ..plain
            },
            ReadError::Access(AccessError::NotOffered {
                step: "EXTERNAL AUTHENTICATE",
                status: status(0x6982),
            }),
        ),
        (
            Quirks {
                refuses_key: Some(0x6300),
                ..plain
            },
            ReadError::Access(AccessError::WrongKey {
                status: status(0x6300),
            }),
        ),
        (
            Quirks {
                leaves_after: Some(2),
                ..plain
            },
            ReadError::Card(CardError::Removed),
        ),
        (
            Quirks {
                leaves_after: Some(40),
                ..plain
            },
            ReadError::Card(CardError::Removed),
        ),
        (
            Quirks {
                block: Some(50),
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
                file: ElementaryFile::Sod,
                problem: MessagingError::Unprotected { found: 4 },
            },
        ),
        (
            Quirks {
                bit_flip: true,
                ..plain
            },
            ReadError::Messaging {
                file: ElementaryFile::Sod,
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
                offset: 4,
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
        &other,
        ApduLength::Short,
        &mut Fixed(vec![]),
        &mut |_| (),
    );
    let wrong_key = AccessError::WrongKey {
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
        (&hex!("6183 7FFFFF"), malformed(4, "length", Found::End)),
        (
            &hex!("6182 FFFF 00"),
            ReadError::TooLong {
                file: dg1,
                found: 0xFFFF + 4,
                limit: 0x7FFF,
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
        &key(),
        ApduLength::Extended,
        &mut Fixed(vec![]),
        &mut note,
    )
    .unwrap();
    assert_eq!(
        seen,
        [
            "Opened",
            "Begun(EF.SOD, 1938 bytes)",
            "Advanced(EF.SOD, 1938 of 1938 bytes)",
            "Done(EF.SOD, 1938 bytes)",
            "Begun(DG1, 93 bytes)",
            "Advanced(DG1, 93 of 93 bytes)",
            "Done(DG1, 93 bytes)",
            "Begun(DG2, 15087 bytes)",
            "Advanced(DG2, 4100 of 15087 bytes)",
            "Advanced(DG2, 8196 of 15087 bytes)",
            "Advanced(DG2, 12292 of 15087 bytes)",
            "Advanced(DG2, 15087 of 15087 bytes)",
            "Done(DG2, 15087 bytes)",
            "Begun(EF.COM, 22 bytes)",
            "Advanced(EF.COM, 22 of 22 bytes)",
            "Done(EF.COM, 22 bytes)",
        ]
    );
}
