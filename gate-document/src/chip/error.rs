//! Why reading ended.

use crate::apdu::Status;
use crate::bac::AccessError;
use crate::card::CardError;
use crate::crypto::CryptoError;
use crate::file::ElementaryFile;
use crate::secure_messaging::MessagingError;
use crate::tlv::TlvError;

/// Why a chip could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The document left the reader, or the reader failed.
    #[error(transparent)]
    Card(CardError),
    /// No travel document: a bank card, a work permit, a phone.
    #[error("the chip has no travel document application: SELECT refused with status {status}")]
    NoApplication {
        /// Usually 6A82.
        status: Status,
    },
    /// The chip stays closed: wrong key, another protocol, or no proof from the chip.
    #[error(transparent)]
    Access(AccessError),
    /// A response cannot be believed, or the chip ended the session.
    #[error("{file}: {problem}")]
    Messaging {
        /// File that was being read.
        file: ElementaryFile,
        /// What was wrong.
        problem: MessagingError,
    },
    /// The chip gave the beginning of a file and refuses the rest, whatever the block.
    #[error("{file} at offset {offset}: the chip refused to read on with status {status}")]
    Refused {
        /// File that was being read.
        file: ElementaryFile,
        /// Bytes read so far.
        offset: usize,
        /// Status word.
        status: Status,
    },
    /// The file is not the data object that it should be.
    #[error("{file} {problem}")]
    Malformed {
        /// Which file.
        file: ElementaryFile,
        /// Where, what was expected, what was found.
        problem: TlvError,
    },
    /// The file says that it is longer than any this gate reads.
    #[error("{file} announces {found} bytes, at most {limit} expected")]
    TooLong {
        /// Which file.
        file: ElementaryFile,
        /// Announced length.
        found: usize,
        /// Longest file.
        limit: usize,
    },
    /// The chip answered a read with no data, or with more than was asked for.
    #[error("{file} at offset {offset}: 1 to {expected} bytes expected, {found} found")]
    Block {
        /// Which file.
        file: ElementaryFile,
        /// Where the block starts.
        offset: usize,
        /// Bytes asked for.
        expected: usize,
        /// Bytes received.
        found: usize,
    },
    /// See [`CryptoError`].
    #[error(transparent)]
    Crypto(#[from] CryptoError),
}

// A lost document is a lost document, whichever step noticed it.
impl From<AccessError> for ReadError {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::Card(error) => Self::Card(error),
            AccessError::Crypto(error) => Self::Crypto(error),
            error => Self::Access(error),
        }
    }
}

impl From<CardError> for ReadError {
    fn from(error: CardError) -> Self {
        Self::Card(error)
    }
}
