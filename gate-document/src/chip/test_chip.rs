//! A chip made from the standard and from reports of the field, for the tests of this folder. It
//! shares the primitives with the reader, which the worked example proves, and nothing else.

use crate::card::{Card, CardError};
use crate::crypto::{self, KeyUse, TripleDesKey};
use crate::file::ElementaryFile;
use crate::tlv::{self, Reader};
use hex_literal::hex;

/// How a chip differs from the standard's.
#[derive(Clone, Copy, Default)]
pub(super) struct Quirks {
    /// READ BINARY does not take short file identifiers.
    pub(super) no_short_identifier: bool,
    /// Longest block.
    pub(super) block: Option<usize>,
    /// Too long blocks are refused naked, not protected.
    pub(super) naked_refusal: bool,
    /// Too long blocks are refused with the right length, 6Cxx.
    pub(super) names_length: bool,
    /// Responses come in pieces of so many bytes, to be fetched.
    pub(super) pieces: Option<usize>,
    /// After a naked refusal the session is gone.
    pub(super) forgets_session: bool,
    /// EXTERNAL AUTHENTICATE with the exact length is refused.
    pub(super) wants_any_length: bool,
    /// Statuses of refused commands.
    pub(super) refuses_challenge: Option<u16>,
    pub(super) refuses_key: Option<u16>,
    pub(super) no_application: bool,
    /// A file that is not there.
    pub(super) without: Option<ElementaryFile>,
    /// Leaves the field after so many commands.
    pub(super) leaves_after: Option<usize>,
    /// Reads past the end are refused with this.
    pub(super) past_end: Option<u16>,
    /// From this command on, data comes without protection.
    pub(super) naked_data: bool,
    /// Every response with data has one bit wrong.
    pub(super) bit_flip: bool,
    /// Reads beyond the head give nothing.
    pub(super) empty_blocks: bool,
}

/// The card side, written from the standard, for the tests of this file.
pub(super) struct Chip {
    pub(super) files: Vec<(ElementaryFile, Vec<u8>)>,
    quirks: Quirks,
    encryption: TripleDesKey,
    mac: TripleDesKey,
    session: Option<(TripleDesKey, TripleDesKey, u64)>,
    current: Option<ElementaryFile>,
    rest: Vec<u8>,
    pub(super) commands: usize,
}

const CHALLENGE: [u8; 8] = hex!("4608F91988702212");
const MATERIAL: [u8; 16] = hex!("0B4F80323EB3191CB04970CB4052790B");

fn file(file: ElementaryFile, length: usize) -> (ElementaryFile, Vec<u8>) {
    let content: Vec<u8> = (0..length).map(|index| (index % 251) as u8).collect();
    let mut bytes = Vec::new();
    tlv::write(&mut bytes, u32::from(file.tag().unwrap()), &content);
    (file, bytes)
}

pub(super) fn files() -> Vec<(ElementaryFile, Vec<u8>)> {
    vec![
        file(ElementaryFile::Com, 20),
        file(ElementaryFile::DG1, 91),
        file(ElementaryFile::DG2, 15_083),
        file(ElementaryFile::Sod, 1_934),
    ]
}

impl Chip {
    pub(super) fn new(quirks: Quirks) -> Self {
        let digest = crypto::sha1(b"L898902C<369080619406236").unwrap();
        let derive = |key_use| crypto::triple_des_key(&digest[..16], key_use).unwrap();
        Self {
            files: files(),
            quirks,
            encryption: derive(KeyUse::Encryption),
            mac: derive(KeyUse::Mac),
            session: None,
            current: None,
            rest: Vec::new(),
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

    /// The whole response, or its first piece.
    fn give(&mut self, mut response: Vec<u8>) -> Vec<u8> {
        match self.quirks.pieces {
            Some(piece) if response.len() > piece + 2 => {
                self.rest = response.split_off(piece);
                response.extend([0x61, (self.rest.len() - 2).min(255) as u8]);
                response
            }
            _ => response,
        }
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
                    let limit = self.quirks.block.unwrap_or_default();
                    return (
                        vec![],
                        if self.quirks.names_length {
                            0x6C00 | limit as u16
                        } else {
                            0x6700
                        },
                    );
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
            [0x0C, ..] => {
                let response = self.protected(command);
                self.give(response)
            }
            [0x00, 0xC0, 0x00, 0x00, _] => {
                let rest = core::mem::take(&mut self.rest);
                self.give(rest)
            }
            _ => hex!("6982").to_vec(),
        })
    }
}
