//! Why reading ended.

use crate::access::{AccessError, PasswordKind};
use crate::apdu::Status;
use crate::card::CardError;
use crate::crypto::CryptoError;
use crate::file::ElementaryFile;
use crate::secure_messaging::MessagingError;
use crate::step::Step;
use crate::tlv::TlvError;

/// Why a chip could not be read. Each variant says at which step, by which rule, and the step knows
/// its clause; [`ReadError::cause`] says whose fault it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The document left the reader, or the reader failed: the inner error tells them apart.
    #[error("{step}: {error}")]
    Card {
        /// When.
        step: Step,
        /// Which of the two.
        error: CardError,
    },
    /// No travel document: a bank card, a work permit, a phone.
    #[error("the chip has no travel document application: SELECT refused with status {status}")]
    NoApplication {
        /// Usually 6A82.
        status: Status,
    },
    /// The chip stays closed: wrong password, another protocol, or no proof from the chip.
    #[error(transparent)]
    Access(AccessError),
    /// A response cannot be believed, or the chip ended the session.
    #[error("{step}: {problem} (Doc 9303-11, 9.8)")]
    Messaging {
        /// What was being done.
        step: Step,
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
    /// The chip answered a read with no data, with so few that it would never end, or with more than
    /// was asked for.
    #[error("{file} at offset {offset}: {} to {expected} bytes expected, {found} found", (*expected).min(16))]
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

/// Whose fault it is that a chip was not read: what the traveller's screen has to tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// The document was taken away: *leave it on the glass*.
    Removed,
    /// The reader does not work: the lane closes.
    Reader,
    /// The key from the printed zone does not fit: *turn the document*, the zone is read again.
    WrongZone,
    /// The card access number does not fit: it is asked for again.
    WrongNumber,
    /// The chip cannot be opened by this gate, or is no travel document's: *please see the officer*.
    NoAccess,
    /// The chip or somebody between it and us does not keep to the protocol: *please see the
    /// officer*, who may want to look closely.
    Distrust,
    /// The chip does not work as it should: place it again, then *please see the officer*.
    Chip,
    /// This computer does not work: see [`CryptoError`].
    Gate,
}

impl ReadError {
    /// Whose fault it is.
    #[must_use]
    pub const fn cause(&self) -> Cause {
        match self {
            Self::Card { error, .. } => match error {
                CardError::Removed => Cause::Removed,
                CardError::Reader { .. } => Cause::Reader,
                CardError::TooShort { .. } | CardError::Late => Cause::Chip,
            },
            Self::Access(AccessError::WrongPassword { password, .. }) => match password {
                PasswordKind::Mrz => Cause::WrongZone,
                PasswordKind::Can => Cause::WrongNumber,
            },
            Self::NoApplication { .. }
            | Self::Access(AccessError::Refused { .. } | AccessError::NoPassword { .. }) => {
                Cause::NoAccess
            }
            Self::Access(AccessError::NotMutual { .. } | AccessError::Key { .. }) => {
                Cause::Distrust
            }
            Self::Messaging { problem, .. } => match problem {
                MessagingError::Unprotected { .. } | MessagingError::Checksum => Cause::Distrust,
                MessagingError::Crypto(_) => Cause::Gate,
                _ => Cause::Chip,
            },
            Self::Crypto(_) | Self::Access(AccessError::Crypto(_)) => Cause::Gate,
            Self::Access(AccessError::Structure { .. })
            | Self::Refused { .. }
            | Self::Malformed { .. }
            | Self::TooLong { .. }
            | Self::Block { .. } => Cause::Chip,
        }
    }

    /// The step that failed. `None` where this computer failed.
    #[must_use]
    pub const fn step(&self) -> Option<Step> {
        match self {
            Self::Card { step, .. } | Self::Messaging { step, .. } => Some(*step),
            Self::NoApplication { .. } => Some(Step::Application),
            Self::Access(error) => error.step(),
            Self::Refused { file, .. }
            | Self::Malformed { file, .. }
            | Self::TooLong { file, .. }
            | Self::Block { file, .. } => Some(Step::File(*file)),
            Self::Crypto(_) => None,
        }
    }

    /// The clause that rules the step that failed.
    #[must_use]
    pub fn clause(&self) -> Option<&'static str> {
        match self {
            Self::Messaging { .. } => Some("Doc 9303-11, 9.8"),
            other => other.step().map(Step::clause),
        }
    }
}

// Wherever OpenSSL fails us, it is OpenSSL that failed.
impl From<AccessError> for ReadError {
    fn from(error: AccessError) -> Self {
        match error {
            AccessError::Crypto(error) => Self::Crypto(error),
            error => Self::Access(error),
        }
    }
}
