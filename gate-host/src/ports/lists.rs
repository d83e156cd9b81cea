//! The lists: documents that were lost, stolen or are wanted.
//!
//! The list is a local file, so that a cut network costs nothing. It holds no document number:
//! each line is the first 16 bytes of HMAC-SHA-256 over issuing State and number, in hexadecimal,
//! under a key that stands in the first line as `key <hex>`.

use super::Outbox;
use gate_document::mrz::Mrz;
use gate_session::{Event, ListsAnswer, Span, SpanKind, Ticket};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use tracing::error;

type Mark = [u8; 16];

/// Why a list cannot be used. Until it can, every traveller is referred.
#[derive(Debug, thiserror::Error)]
pub enum ListsError {
    /// Look at path and permissions.
    #[error("list {path}: {problem}")]
    File {
        /// Path of the list.
        path: PathBuf,
        /// What the system said.
        problem: std::io::Error,
    },
    /// The file was cut or edited by hand: fetch it again.
    #[error("list {path}, line {line}: {expected} expected")]
    Line {
        /// Path of the list.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What should have stood there.
        expected: &'static str,
    },
}

/// A list in memory.
#[derive(Debug)]
pub struct Lists {
    key: Vec<u8>,
    marks: HashSet<Mark>,
}

impl Lists {
    /// Reads the list at `path`.
    ///
    /// # Errors
    ///
    /// [`ListsError`].
    pub fn open(path: &Path) -> Result<Self, ListsError> {
        let text = std::fs::read_to_string(path).map_err(|problem| ListsError::File {
            path: path.into(),
            problem,
        })?;
        let wrong = |line, expected| ListsError::Line {
            path: path.into(),
            line,
            expected,
        };
        let mut lines = text.lines().enumerate();
        let key = lines
            .next()
            .and_then(|(_, line)| line.strip_prefix("key "))
            .and_then(bytes)
            .filter(|key| key.len() >= 16)
            .ok_or_else(|| wrong(1, "`key ` and at least 32 hexadecimal digits"))?;
        let marks = lines
            .filter(|(_, line)| !line.trim().is_empty())
            .map(|(at, line)| {
                let mark = bytes(line.trim()).and_then(|mark| Mark::try_from(mark).ok());
                mark.ok_or_else(|| wrong(at + 1, "32 hexadecimal digits"))
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { key, marks })
    }

    /// Whether the document is on the list.
    #[must_use]
    pub fn contains(&self, issuing_state: &str, number: &str) -> bool {
        self.marks.contains(&mark(&self.key, issuing_state, number))
    }
}

/// The line that puts a document on a list under `key`.
#[must_use]
pub fn line(key: &[u8], issuing_state: &str, number: &str) -> String {
    mark(key, issuing_state, number)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

fn mark(key: &[u8], issuing_state: &str, number: &str) -> Mark {
    let mut hmac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    hmac.update(issuing_state.as_bytes());
    hmac.update(b"|");
    hmac.update(number.as_bytes());
    let whole: [u8; 32] = hmac.finalize().into_bytes().into();
    let mut mark = Mark::default();
    mark.copy_from_slice(&whole[..16]);
    mark
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = hex
        .chars()
        .map(|digit| u8::try_from(digit.to_digit(16)?).ok())
        .collect();
    let digits = digits?;
    (digits.len() % 2 == 0).then(|| {
        digits
            .chunks(2)
            .map(|pair| pair[0] << 4 | pair[1])
            .collect()
    })
}

/// Answers from a list that was read when the daemon started.
#[derive(Debug)]
pub struct ListsPort {
    lists: Option<Lists>,
    outbox: Outbox,
}

impl ListsPort {
    /// Reads the list; one that cannot be read is reported, and nobody is cleared without it.
    #[must_use]
    pub fn open(path: &Path, outbox: Outbox) -> Self {
        let lists = Lists::open(path)
            .inspect_err(|problem| error!(%problem, "lists cannot be asked"))
            .ok();
        Self { lists, outbox }
    }

    /// Asks for the document; `Event::ListsAnswered` follows.
    pub fn ask(&self, ticket: Ticket, printed: &Mrz) {
        let started = self.outbox.now();
        let answer = match &self.lists {
            None => ListsAnswer::Unavailable,
            Some(lists)
                if lists.contains(&printed.issuing_state, printed.document_number.expose()) =>
            {
                ListsAnswer::Hit
            }
            Some(_) => ListsAnswer::Clear,
        };
        let spent = Span::new("ask lists", SpanKind::Software, started, self.outbox.now());
        self.outbox.post(Event::Spent(ticket.asked(), vec![spent]));
        self.outbox.post(Event::ListsAnswered(ticket, answer));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "000102030405060708090a0b0c0d0e0f";

    fn list(text: &str) -> Result<Lists, ListsError> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        Lists::open(file.path())
    }

    #[test]
    fn a_document_is_found_by_state_and_number_together() {
        let line = line(&bytes(KEY).unwrap(), "UTO", "L898902C3");
        let list = list(&format!("key {KEY}\n{line}\n")).unwrap();
        assert!(list.contains("UTO", "L898902C3"));
        assert!(!list.contains("VNM", "L898902C3"));
        assert!(!list.contains("UTO", "L898902C4"));
    }

    #[test]
    fn a_list_that_is_not_whole_is_refused_with_the_line() {
        let cases = [
            ("", 1),
            ("no key", 1),
            ("key 0011\n", 1),
            ("key 000102030405060708090a0b0c0d0e0f\n00112233\n", 2),
            (
                "key 000102030405060708090a0b0c0d0e0f\n\nzz112233445566778899aabbccddeeff\n",
                3,
            ),
        ];
        for (text, expected) in cases {
            let error = list(text).unwrap_err();
            assert!(
                matches!(error, ListsError::Line { line, .. } if line == expected),
                "{text:?}: {error}"
            );
        }
    }
}
