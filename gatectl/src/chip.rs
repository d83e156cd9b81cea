//! The document on a PC/SC reader.

use crate::Exit;
use crate::inspection::{self, ChipError, Key};
use crate::report;
use gate_document::chip::Cause;
use gate_document::step::Step;
use gate_document::{CardError, ChipFiles, Fault, Mrz, Progress, ReadError};
use gate_host::ports::chip::pcsc::PcscReader;
use std::time::Duration;

/// Why nothing was read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotRead {
    /// Put the document on the reader.
    #[error("no document came within {seconds} s")]
    NoDocument {
        /// How long it was waited for.
        seconds: u64,
    },
    /// Look at the reader, its cable, and at pcscd.
    #[error(transparent)]
    Reader(CardError),
    /// See [`ChipError`].
    #[error(transparent)]
    Chip(#[from] ChipError),
}

impl NotRead {
    pub(crate) const fn exit(&self) -> Exit {
        match self {
            Self::Reader(_)
            | Self::Chip(ChipError::Read(ReadError::Card {
                error: CardError::Reader { .. },
                ..
            })) => Exit::Fault,
            Self::Chip(ChipError::NoAccessNumber) => Exit::Usage,
            Self::NoDocument { .. } | Self::Chip(ChipError::Read(_)) => Exit::NotRead,
        }
    }

    /// The failure in words that stay.
    pub(crate) fn fault(&self) -> Fault {
        let at = |kind, step: &str, rule, clause| Fault {
            kind,
            step: step.to_owned(),
            rule,
            clause,
        };
        match self {
            Self::NoDocument { .. } => at(
                "no-document",
                "wait for a document",
                "a chip answers in the field of the reader",
                "ISO/IEC 14443",
            ),
            Self::Reader(_) => at(
                Cause::Reader.name(),
                "look for a document",
                "the reader answers",
                "the gate's own",
            ),
            Self::Chip(ChipError::Read(error)) => error.fault(),
            Self::Chip(ChipError::NoAccessNumber) => at(
                "can-format",
                "card access number",
                "a card access number has six digits",
                "Doc 9303-11, 4.4",
            ),
        }
    }

    /// What to do about it.
    pub(crate) const fn next_step(&self) -> &'static str {
        match self {
            Self::NoDocument { .. } => "lay the document flat on the reader, its chip towards it",
            Self::Reader(_)
            | Self::Chip(ChipError::Read(ReadError::Card {
                error: CardError::Reader { .. },
                ..
            })) => "plug the reader in, see that pcscd runs, and give a part of the reader's name",
            Self::Chip(ChipError::NoAccessNumber) => "give the number, or --mrz or --mrz-file",
            Self::Chip(ChipError::Read(ReadError::Card { .. })) => {
                "leave the document on the reader until everything is read"
            }
            Self::Chip(ChipError::Read(problem @ ReadError::Access(_))) => match problem.cause() {
                Cause::WrongZone | Cause::WrongNumber => {
                    "compare the zone, or the card access number, with the document"
                }
                Cause::Distrust => "suspect a forged chip: keep what is said here",
                _ => "this gate cannot open the chip: compare with another document of the model",
            },
            Self::Chip(ChipError::Read(ReadError::NoApplication { .. })) => {
                "this chip is no travel document's"
            }
            Self::Chip(ChipError::Read(_)) => "try again; if it stays, keep what is said here",
        }
    }
}

/// Waits for a document, opens its chip and reads it.
pub(crate) fn read(name: &str, wait: u64, key: &Key) -> Result<(Option<Mrz>, ChipFiles), NotRead> {
    let mut reader = PcscReader::new(name);
    let mut present = reader.watch(Duration::ZERO).map_err(NotRead::Reader)?;
    if let Some(name) = reader.name() {
        report::step(&format!("reader {name}"));
    }
    if !present {
        report::step("waiting for a document");
    }
    for _ in 0..wait {
        if present {
            break;
        }
        present = reader
            .watch(Duration::from_secs(1))
            .map_err(NotRead::Reader)?;
    }
    if !present {
        return Err(NotRead::NoDocument { seconds: wait });
    }
    let connected = reader.connect().map_err(|error| ReadError::Card {
        step: Step::CardAccess,
        error,
    });
    let mut card = connected.map_err(ChipError::Read)?;
    report::step("opening the chip");
    Ok(inspection::read(
        &mut card,
        key,
        &mut |progress| match progress {
            Progress::Opened(access) => report::step(&format!("the chip is open: {access}")),
            Progress::Begun { file, length } => report::step(&format!("{file}: {length} bytes")),
            Progress::Advanced { .. } => {}
            Progress::Done { file, .. } => report::step(&format!("{file}: read")),
            Progress::Noticed(notice) => report::step(&format!("noticed: {notice}")),
        },
    )?)
}
