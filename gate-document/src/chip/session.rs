//! An opened chip, and how its files are read block by block.

use super::{ApduLength, Progress, ReadError};
use crate::apdu::{self, Command, Response, Status};
use crate::bac;
use crate::card::{Card, CardError};
use crate::file::ElementaryFile;
use crate::mrz::AccessKey;
use crate::secure_messaging::{Answer, MessagingError, SecureMessaging};
use crate::tlv::{self, Found, TlvError};
use rand::CryptoRng;
use zeroize::Zeroizing;

/// Application identifier of the travel document application (Doc 9303-10, 3.2).
const APPLICATION: [u8; 7] = [0xA0, 0x00, 0x00, 0x02, 0x47, 0x10, 0x01];

/// Enough of a file for tag and length: 9303 has one-byte tags and files below 64 kB.
const HEAD: usize = 4;

/// Longest file. READ BINARY with an even instruction reaches offsets of fifteen bits.
const LONGEST_FILE: usize = 0x7FFF;

/// Block with extended length. More gains nothing measurable, and a lost frame costs more.
const EXTENDED_BLOCK: usize = 4096;

/// Smaller blocks that old chips still accept.
const SMALL_BLOCKS: [usize; 4] = [192, 160, 128, 96];

/// A chip whose application is selected and opened.
pub(super) struct Session<'a, R> {
    card: &'a mut dyn Card,
    key: &'a AccessKey,
    rng: &'a mut R,
    messaging: SecureMessaging,
    /// Bytes asked for at a time.
    block: usize,
    /// Whether READ BINARY may select the file by itself, which saves a command per file.
    by_short_identifier: bool,
}

/// What became of a file.
pub(super) enum FileAnswer {
    /// All of it.
    Bytes(Vec<u8>),
    /// The chip does not have it or does not give it.
    Refused(Status),
}

impl<'a, R: CryptoRng> Session<'a, R> {
    pub(super) fn open(
        card: &'a mut dyn Card,
        key: &'a AccessKey,
        apdus: ApduLength,
        rng: &'a mut R,
    ) -> Result<Self, ReadError> {
        select_application(card)?;
        let messaging = bac::authenticate(card, key, rng)?;
        let block = match apdus {
            ApduLength::Short => messaging.short_block(),
            ApduLength::Extended => EXTENDED_BLOCK,
        };
        Ok(Self {
            card,
            key,
            rng,
            messaging,
            block,
            by_short_identifier: true,
        })
    }

    /// Selects files as the worked example of the standard does.
    #[cfg(test)]
    pub(super) fn select_by_identifier(&mut self) {
        self.by_short_identifier = false;
    }

    /// Whether `error` may come from a block that was too long, and a smaller one is left. The
    /// smaller one is then taken.
    pub(super) fn may_reopen_after(&mut self, error: &ReadError) -> bool {
        let extended = self.block > self.messaging.short_block();
        let too_long = match error {
            ReadError::Messaging {
                problem: MessagingError::Ended { .. },
                ..
            } => true,
            // Readers that cannot carry extended length fail instead of saying so.
            ReadError::Card(CardError::Reader { .. } | CardError::TooShort { .. }) => extended,
            _ => false,
        };
        too_long && self.shrink(self.block)
    }

    /// Opens the application again after the chip ended the session.
    pub(super) fn reopen(&mut self) -> Result<(), ReadError> {
        select_application(self.card)?;
        self.messaging = bac::authenticate(self.card, self.key, self.rng)?;
        Ok(())
    }

    pub(super) fn read_file(
        &mut self,
        file: ElementaryFile,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<FileAnswer, ReadError> {
        let head = match self.head(file)? {
            Ok(head) => head,
            Err(status) => return Ok(FileAnswer::Refused(status)),
        };
        let length = file_length(file, &head)?;
        progress(Progress::Begun { file, length });
        // Reserved at once: a vector that grows leaves copies behind. `LONGEST_FILE` bounds it.
        let mut bytes = Zeroizing::new(Vec::with_capacity(length.max(head.len())));
        bytes.extend_from_slice(&head);
        bytes.truncate(length);
        while bytes.len() < length {
            let block = self.block(file, bytes.len(), length - bytes.len())?;
            bytes.extend_from_slice(&block);
            progress(Progress::Advanced {
                file,
                read: bytes.len(),
                length,
            });
        }
        Ok(FileAnswer::Bytes(core::mem::take(&mut *bytes)))
    }

    /// Selects the file and reads its first bytes, or says with which status the chip refused.
    fn head(
        &mut self,
        file: ElementaryFile,
    ) -> Result<Result<Zeroizing<Vec<u8>>, Status>, ReadError> {
        if self.by_short_identifier {
            let answer = self.read_binary(file, 0x80 | file.short_identifier(), 0, HEAD)?;
            match data_of(answer) {
                Ok(data) => return Ok(Ok(data)),
                // A file that does not exist says nothing about how files are selected.
                Err(status) => self.by_short_identifier = status == Status::FILE_NOT_FOUND,
            }
        }
        let select = Command {
            class: 0,
            instruction: 0xA4,
            p1: 0x02,
            p2: 0x0C,
            data: &file.identifier().to_be_bytes(),
            expected: None,
        };
        let selected = self.exchange(file, &select)?.status();
        if !selected.is_done() {
            return Ok(Err(selected));
        }
        let answer = self.read_binary(file, 0, 0, HEAD)?;
        Ok(data_of(answer))
    }

    /// Reads up to `remaining` bytes at `offset`, with smaller blocks until the chip agrees.
    fn block(
        &mut self,
        file: ElementaryFile,
        offset: usize,
        remaining: usize,
    ) -> Result<Zeroizing<Vec<u8>>, ReadError> {
        loop {
            let expected = remaining.min(self.block);
            // `LONGEST_FILE` keeps offsets within the fifteen bits of P1 and P2.
            let [.., p1, p2] = offset.to_be_bytes();
            let status = match data_of(self.read_binary(file, p1, p2, expected)?) {
                Ok(data) if (1..=expected).contains(&data.len()) => return Ok(data),
                Ok(data) => {
                    let found = data.len();
                    return Err(ReadError::Block {
                        file,
                        offset,
                        expected,
                        found,
                    });
                }
                Err(status) => status,
            };
            let announced = usize::from(status.sw2());
            if status.sw1() == 0x6C && (1..expected).contains(&announced) {
                self.block = announced;
            } else if !(is_about_length(status) && self.shrink(expected)) {
                return Err(ReadError::Refused {
                    file,
                    offset,
                    status,
                });
            }
        }
    }

    /// Takes the next block smaller than `refused`. False when there is none.
    fn shrink(&mut self, refused: usize) -> bool {
        let smaller = [self.messaging.short_block()]
            .into_iter()
            .chain(SMALL_BLOCKS)
            .find(|block| *block < refused);
        self.block = smaller.unwrap_or(self.block);
        smaller.is_some()
    }

    fn read_binary(
        &mut self,
        file: ElementaryFile,
        p1: u8,
        p2: u8,
        expected: usize,
    ) -> Result<Answer, ReadError> {
        let command = Command {
            class: 0,
            instruction: 0xB0,
            p1,
            p2,
            data: &[],
            expected: Some(expected),
        };
        self.exchange(file, &command)
    }

    fn exchange(
        &mut self,
        file: ElementaryFile,
        command: &Command<'_>,
    ) -> Result<Answer, ReadError> {
        let protected = self.messaging.protect(command)?;
        let response = apdu::transmit_bytes(self.card, &protected)?;
        self.messaging
            .unprotect(&response)
            .map_err(|problem| ReadError::Messaging { file, problem })
    }
}

/// Data of a read that was carried out, perhaps up to an early end of the file; else its status.
fn data_of(answer: Answer) -> Result<Zeroizing<Vec<u8>>, Status> {
    match answer {
        Answer::Protected(Response {
            data,
            status: Status::SUCCESS | Status::END_OF_FILE,
        }) => Ok(data),
        other => Err(other.status()),
    }
}

/// Statuses by which chips say that a block is too long for them.
const fn is_about_length(status: Status) -> bool {
    matches!(status.0, 0x6700 | 0x6B00 | 0x6F00) || status.sw1() == 0x6C
}

fn select_application(card: &mut dyn Card) -> Result<(), ReadError> {
    let command = Command {
        class: 0,
        instruction: 0xA4,
        p1: 0x04,
        p2: 0x0C,
        data: &APPLICATION,
        // German documents refuse a length field where no data is expected.
        expected: None,
    };
    let status = apdu::transmit(card, &command)?.status;
    if status.is_done() {
        Ok(())
    } else {
        Err(ReadError::NoApplication { status })
    }
}

/// Length of the whole file, from its first bytes.
fn file_length(file: ElementaryFile, head: &[u8]) -> Result<usize, ReadError> {
    let malformed = |problem| ReadError::Malformed { file, problem };
    let header = tlv::header(head, 0, 0).map_err(malformed)?;
    if file.tag().map(u32::from) != Some(header.tag) {
        let found = Found::Tag(header.tag);
        return Err(malformed(TlvError {
            offset: 0,
            expected: "tag of this file",
            found,
        }));
    }
    let Some(length) = header.length else {
        let problem = TlvError {
            offset: 1,
            expected: "definite length",
            found: Found::Form,
        };
        return Err(malformed(problem));
    };
    let found = header.size.saturating_add(length);
    if found > LONGEST_FILE {
        return Err(ReadError::TooLong {
            file,
            found,
            limit: LONGEST_FILE,
        });
    }
    Ok(found)
}
