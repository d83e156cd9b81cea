//! Reading a chip: open it with a key from the printed zone, then its files in the order in which
//! they are needed.

use crate::card::{Card, CardError};
use crate::file::{ChipFiles, ElementaryFile};
use crate::mrz::AccessKey;
use core::fmt;
use rand::CryptoRng;

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
    /// The length of a file is known, its first bytes are read.
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

/// Why a chip could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// See [`CardError`].
    #[error(transparent)]
    Card(#[from] CardError),
}

/// Opens the chip with `key` and reads EF.SOD, DG1, DG2 and EF.COM, in this order.
///
/// # Errors
///
/// See [`ReadError`].
pub fn read(
    card: &mut dyn Card,
    key: &AccessKey,
    apdus: ApduLength,
    rng: &mut impl CryptoRng,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<ChipFiles, ReadError> {
    let _ = (card, key, apdus, rng, progress);
    unimplemented!()
}
