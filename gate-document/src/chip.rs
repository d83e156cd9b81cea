//! Reading a chip: open it with a key from the printed zone, then its files in the order in which
//! they are needed.

mod error;
mod session;

pub use error::ReadError;

use crate::card::Card;
use crate::file::{ChipFiles, ElementaryFile};
use crate::mrz::AccessKey;
use core::fmt;
use rand::CryptoRng;
use session::{FileAnswer, Session};

/// What the reader between us and the chip can carry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ApduLength {
    /// Short APDUs only: 231 bytes of a file at a time.
    #[default]
    Short,
    /// Extended length as well: 4 kB at a time, with short APDUs as soon as the chip objects.
    Extended,
}

/// How far reading has come.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Progress<'a> {
    /// The chip accepted the key.
    Opened,
    /// The length of a file is known, its first bytes are read. A file that had to be started anew
    /// is reported anew.
    Begun {
        /// Which file.
        file: ElementaryFile,
        /// Its length in bytes.
        length: usize,
    },
    /// More bytes of it are read.
    Advanced {
        /// Which file.
        file: ElementaryFile,
        /// Bytes read so far.
        read: usize,
        /// Its length in bytes.
        length: usize,
    },
    /// A file is complete. Nothing is verified yet.
    Done {
        /// Which file.
        file: ElementaryFile,
        /// The whole file, for work that need not wait for the rest.
        bytes: &'a [u8],
    },
}

impl fmt::Debug for Progress<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opened => f.write_str("Opened"),
            Self::Begun { file, length } => write!(f, "Begun({file}, {length} bytes)"),
            Self::Advanced { file, read, length } => {
                write!(f, "Advanced({file}, {read} of {length} bytes)")
            }
            Self::Done { file, bytes } => write!(f, "Done({file}, {} bytes)", bytes.len()),
        }
    }
}

/// What is read, and when: the signature first, because work on it needs no other file; the long
/// portrait before EF.COM, because the traveller waits for the comparison of faces.
const ORDER: [ElementaryFile; 4] = [
    ElementaryFile::Sod,
    ElementaryFile::DG1,
    ElementaryFile::DG2,
    ElementaryFile::Com,
];

/// Opens the chip with `key` and reads EF.SOD, DG1, DG2 and EF.COM, in this order.
///
/// A file that the chip refuses is noted in the result and does not end the reading. A chip that
/// loses the session over a block that is too long for it is opened again with a smaller one.
///
/// # Errors
///
/// [`ReadError`] when nothing more can be read.
pub fn read(
    card: &mut dyn Card,
    key: &AccessKey,
    apdus: ApduLength,
    rng: &mut impl CryptoRng,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<ChipFiles, ReadError> {
    let mut session = Session::open(card, key, apdus, rng)?;
    progress(Progress::Opened);
    let mut files = ChipFiles::new();
    for file in ORDER {
        match read_file(&mut session, file, progress)? {
            FileAnswer::Bytes(bytes) => {
                progress(Progress::Done {
                    file,
                    bytes: &bytes,
                });
                files.insert(file, bytes);
            }
            FileAnswer::Refused(status) => files.refuse(file, status),
        }
    }
    Ok(files)
}

fn read_file<R: CryptoRng>(
    session: &mut Session<'_, R>,
    file: ElementaryFile,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<FileAnswer, ReadError> {
    loop {
        match session.read_file(file, progress) {
            Err(error) if session.may_reopen_after(&error) => session.reopen()?,
            result => return result,
        }
    }
}

#[cfg(test)]
mod test_chip;
#[cfg(test)]
mod tests;
