//! How a file is read, block by block.

use super::session::{Session, read_binary};
use super::{Progress, ReadError};
use crate::apdu::{Command, Response, Status};
use crate::file::ElementaryFile;
use crate::step::Step;
use crate::tlv::{self, Found, Reader, TlvError};
use rand::CryptoRng;
use zeroize::Zeroizing;

/// Enough of a file for tag and length: 9303 has one-byte tags, and files of 64 kB and more are rare.
const HEAD: usize = 4;

/// Longest file: eight portraits' worth. It bounds what is reserved before anything is verified.
pub(super) const LONGEST_FILE: usize = 0x2_0000;

/// Fewest bytes that a block brings on a file, but for the last: no chip is known that gives less, and
/// one that gave byte by byte would keep its reader busy with 131,072 commands.
const LEAST_BLOCK: usize = 16;

/// Offsets up to here stand in the header of READ BINARY; beyond, an odd instruction has them in its
/// data (ISO/IEC 7816-4, 11.3.3).
const LAST_SHORT_OFFSET: usize = 0x7FFF;

/// Bytes around the data of a response to the odd instruction: tag and length.
const DISCRETIONARY_OVERHEAD: usize = 4;

/// Data of a read, or the status that refused it.
type Data = Result<Zeroizing<Vec<u8>>, Status>;

/// What became of a file.
pub(super) enum FileAnswer {
    /// All of it.
    Bytes(Vec<u8>),
    /// The chip does not have it or does not give it.
    Refused(Status),
}

/// A file that is being read; it outlives a session that is lost meanwhile.
#[derive(Default)]
pub(super) struct Partial {
    bytes: Zeroizing<Vec<u8>>,
    length: Option<usize>,
}

impl<R: CryptoRng> Session<'_, R> {
    /// Reads on in `file`, up to its end.
    pub(super) fn read_on(
        &mut self,
        file: ElementaryFile,
        partial: &mut Partial,
        progress: &mut dyn FnMut(Progress<'_>),
    ) -> Result<FileAnswer, ReadError> {
        let length = match partial.length {
            Some(length) => length,
            None => {
                let mut head = match self.head(file)? {
                    Ok(head) => head,
                    Err(status) => return Ok(FileAnswer::Refused(status)),
                };
                if let [_, 0x83, _, _] = **head {
                    head.extend_from_slice(&self.read_block(file, HEAD, 1)?);
                }
                let length = file_length(file, &head)?;
                progress(Progress::Begun { file, length });
                // Reserved at once: a vector that grows leaves copies behind.
                partial.bytes = Zeroizing::new(Vec::with_capacity(length.max(head.len())));
                partial.bytes.extend_from_slice(&head);
                partial.bytes.truncate(length);
                partial.length = Some(length);
                if partial.bytes.len() > HEAD {
                    advanced(file, partial, length, progress);
                }
                length
            }
        };
        while partial.bytes.len() < length {
            let offset = partial.bytes.len();
            let block = self.read_block(file, offset, length - offset)?;
            partial.bytes.extend_from_slice(&block);
            advanced(file, partial, length, progress);
        }
        Ok(FileAnswer::Bytes(core::mem::take(&mut *partial.bytes)))
    }

    /// Selects the file and reads its beginning, as much as comes at a time; or says with which
    /// status the chip refused.
    fn head(
        &mut self,
        file: ElementaryFile,
    ) -> Result<Result<Zeroizing<Vec<u8>>, Status>, ReadError> {
        loop {
            let exact = self.habits.chip.exact;
            let expected = if exact {
                HEAD.min(self.block())
            } else {
                self.block()
            };
            if !self.habits.chip.by_identifier {
                self.selected = None;
                let short = 0x80 | file.short_identifier();
                let response = self.read(file, &read_binary(short, 0, expected))?;
                match data_of(response) {
                    Ok(data) if !data.is_empty() => {
                        self.selected = Some(file);
                        return Ok(Ok(data));
                    }
                    Ok(_) => {}
                    Err(status) if self.can_do_better(status, expected) => continue,
                    // A file that does not exist says nothing about how files are selected.
                    Err(Status::FILE_NOT_FOUND) => {}
                    Err(Status::SECURITY_STATUS) => {}
                    Err(_) => self.habits.chip.by_identifier = true,
                }
            }
            let selected = self.select(file)?;
            if !selected.is_done() {
                return Ok(Err(selected));
            }
            let response = self.read(file, &read_binary(0, 0, expected))?;
            match data_of(response) {
                Ok(data) if data.is_empty() && !exact => self.habits.chip.exact = true,
                Err(status) if self.can_do_better(status, expected) => {}
                answer => return Ok(answer),
            }
        }
    }

    /// Changes how this chip is read, if `status` says that `expected` bytes were too many for it.
    fn can_do_better(&mut self, status: Status, expected: usize) -> bool {
        let announced = usize::from(status.sw2());
        let exact = self.habits.chip.exact;
        if status.sw1() == 0x6C && !exact && (1..expected).contains(&announced) {
            // Either the longest block that the chip gives, or all there is in a short file.
            self.habits.chip.exact = true;
            return true;
        }
        match status.0 {
            // "Outside the file": the chip minds what lies past the end.
            0x6B00 if !self.habits.chip.exact => {
                self.habits.chip.exact = true;
                true
            }
            0x6700 | 0x6F00 | 0x6C00 => {
                if expected > self.channel.short_block() {
                    self.shrink(expected)
                } else if self.habits.chip.exact {
                    expected > HEAD && self.shrink(expected)
                } else {
                    self.habits.chip.exact = true;
                    true
                }
            }
            _ => false,
        }
    }

    fn select(&mut self, file: ElementaryFile) -> Result<Status, ReadError> {
        let command = Command {
            class: 0,
            instruction: 0xA4,
            p1: 0x02,
            p2: 0x0C,
            data: &file.identifier().to_be_bytes(),
            expected: None,
        };
        let status = self.exchange(Step::File(file), &command)?.status;
        self.selected = status.is_done().then_some(file);
        Ok(status)
    }

    /// Reads up to `remaining` bytes at `offset`, with smaller blocks until the chip agrees.
    fn read_block(
        &mut self,
        file: ElementaryFile,
        offset: usize,
        remaining: usize,
    ) -> Result<Zeroizing<Vec<u8>>, ReadError> {
        loop {
            if self.selected != Some(file) {
                let status = self.select(file)?;
                if !status.is_done() {
                    return Err(ReadError::Refused {
                        file,
                        offset,
                        status,
                    });
                }
            }
            let (answer, expected) = if offset > LAST_SHORT_OFFSET {
                self.far_block(file, offset, remaining)?
            } else {
                let expected = remaining.min(self.block());
                let [.., p1, p2] = offset.to_be_bytes();
                let response = self.read(file, &read_binary(p1, p2, expected))?;
                (data_of(response), expected)
            };
            let status = match answer {
                Ok(data) if (LEAST_BLOCK.min(expected)..=expected).contains(&data.len()) => {
                    return Ok(data);
                }
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
            if status.sw1() == 0x6C && (LEAST_BLOCK..expected).contains(&announced) {
                self.habits.chip.block = Some(announced);
            } else if !(is_about_length(status) && self.shrink(expected)) {
                return Err(ReadError::Refused {
                    file,
                    offset,
                    status,
                });
            }
        }
    }

    /// A block beyond the offsets that fit into the header: offset and data are data objects
    /// (Doc 9303-10, 3.6.6). Gives the data and how many bytes of it were asked for.
    fn far_block(
        &mut self,
        file: ElementaryFile,
        offset: usize,
        remaining: usize,
    ) -> Result<(Data, usize), ReadError> {
        let room = self.block().saturating_sub(DISCRETIONARY_OVERHEAD).max(1);
        let expected = remaining.min(room);
        let bytes = offset.to_be_bytes();
        let significant = bytes.iter().position(|byte| *byte != 0).unwrap_or(0);
        let mut data = Vec::with_capacity(6);
        tlv::write(&mut data, 0x54, &bytes[significant..]);
        let command = Command {
            class: 0,
            instruction: 0xB1,
            p1: 0,
            p2: 0,
            data: &data,
            expected: Some(expected + DISCRETIONARY_OVERHEAD),
        };
        let answer = match data_of(self.read(file, &command)?) {
            Ok(object) => {
                let data = Reader::new(&object)
                    .expect(0x53, "discretionary data (53)")
                    .map_err(|problem| ReadError::Malformed { file, problem })?;
                Ok(Zeroizing::new(data.value.to_vec()))
            }
            Err(status) => Err(status),
        };
        Ok((answer, expected))
    }

    fn read(&mut self, file: ElementaryFile, command: &Command<'_>) -> Result<Response, ReadError> {
        self.exchange(Step::File(file), command)
    }
}

fn advanced(
    file: ElementaryFile,
    partial: &Partial,
    length: usize,
    progress: &mut dyn FnMut(Progress<'_>),
) {
    progress(Progress::Advanced {
        file,
        read: partial.bytes.len(),
        length,
    });
}

/// Data of a read that was carried out, perhaps up to an early end of the file; else its status.
fn data_of(response: Response) -> Data {
    match response.status {
        Status::SUCCESS | Status::END_OF_FILE => Ok(response.data),
        status => Err(status),
    }
}

/// Statuses by which chips say that a block is too long for them.
const fn is_about_length(status: Status) -> bool {
    matches!(status.0, 0x6700 | 0x6B00 | 0x6F00) || status.sw1() == 0x6C
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
