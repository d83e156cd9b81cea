//! The document on a PC/SC reader.

use crate::Exit;
use crate::failure::{Failing, Failure};
use crate::inspection::{self, Key};
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
    /// See [`ReadError`].
    #[error(transparent)]
    Chip(#[from] ReadError),
}

impl Failing for NotRead {
    fn failure(&self) -> Failure {
        let fault = match self {
            Self::NoDocument { .. } => Fault {
                kind: "no-document",
                step: "wait for a document".to_owned(),
                rule: "a chip answers in the field of the reader",
                clause: "ISO/IEC 14443",
            },
            Self::Reader(_) => {
                return Failure::new(
                    Cause::Reader.name(),
                    "look for a document",
                    "the reader answers",
                    self.next_step(),
                );
            }
            Self::Chip(error) => error.fault(),
        };
        Failure::of(fault, self.next_step())
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Reader(_)
            | Self::Chip(ReadError::Card {
                error: CardError::Reader { .. },
                ..
            }) => Exit::Fault,
            Self::NoDocument { .. } | Self::Chip(_) => Exit::NotRead,
        }
    }
}

impl NotRead {
    /// What to do about it.
    const fn next_step(&self) -> &'static str {
        match self {
            Self::NoDocument { .. } => "lay the document flat on the reader, its chip towards it",
            Self::Reader(_)
            | Self::Chip(ReadError::Card {
                error: CardError::Reader { .. },
                ..
            }) => "plug the reader in, see that pcscd runs, and give a part of the reader's name",
            Self::Chip(ReadError::Card { .. }) => {
                "leave the document on the reader until everything is read"
            }
            Self::Chip(problem @ ReadError::Access(_)) => match problem.cause() {
                Cause::WrongZone | Cause::WrongNumber => {
                    "compare the zone, or the card access number, with the document"
                }
                Cause::Distrust => "suspect a forged chip: keep what is said here",
                _ => "this gate cannot open the chip: compare with another document of the model",
            },
            Self::Chip(ReadError::NoApplication { .. }) => "this chip is no travel document's",
            Self::Chip(_) => "try again; if it stays, keep what is said here",
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
    let mut card = connected?;
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
