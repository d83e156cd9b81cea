//! The journal: every decision, for good, in the order in which it was made.
//!
//! One SQLite file. Entries are only ever appended; each carries the SHA-256 of itself and of the
//! entry before it, so that a change, a gap or a swap shows. There is no name, number, image or
//! template in it.

use gate_session::Record;
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Digest of an entry.
type Link = [u8; 32];

/// What the first entry is chained to.
const BEGINNING: Link = [0; 32];

/// Why the journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file cannot be opened, read or written. Look at disk space and permissions; the lane
    /// stays closed until an entry can be written again.
    #[error("journal {path}: {problem}")]
    Storage {
        /// Path of the journal.
        path: PathBuf,
        /// What SQLite said.
        problem: rusqlite::Error,
    },
    /// An entry does not follow from the one before it: the file was changed by something else
    /// than this program. Keep the file, tell headquarters, start a new one.
    #[error(
        "journal {path}: entry {sequence} does not continue the chain of the entries before it"
    )]
    Broken {
        /// Path of the journal.
        path: PathBuf,
        /// First entry that is wrong.
        sequence: i64,
    },
    /// An entry cannot be written as text. This is an error of the program: report it.
    #[error("journal entry cannot be encoded: {0}")]
    Encoding(#[from] serde_json::Error),
}

/// An entry as it stands in the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Counts up by one, from 1, without a gap.
    pub sequence: i64,
    /// When it was written, in Coordinated Universal Time.
    pub at: String,
    /// The record as JSON.
    pub body: String,
}

/// An open journal that can be written to.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: Connection,
    last: i64,
    link: Link,
}

impl Journal {
    /// Opens the journal at `path`, or begins one, and checks its whole chain.
    ///
    /// # Errors
    ///
    /// [`JournalError::Storage`], [`JournalError::Broken`].
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        let storage = |problem| JournalError::Storage {
            path: path.into(),
            problem,
        };
        let file = Connection::open(path).map_err(storage)?;
        file.busy_timeout(Duration::from_secs(1)).map_err(storage)?;
        file.execute_batch(SCHEMA).map_err(storage)?;
        let (last, link) = verify(&file, path)?;
        Ok(Self {
            path: path.into(),
            file,
            last,
            link,
        })
    }

    /// SAF-106: appends a record written at `at`; when this returns, it is on disk.
    ///
    /// # Errors
    ///
    /// [`JournalError::Storage`]; the journal is then as it was before.
    pub fn append(&mut self, at: &str, record: &Record) -> Result<i64, JournalError> {
        let body = serde_json::to_string(record)?;
        let sequence = self.last + 1;
        let link = chain(&self.link, sequence, at, &body);
        self.file
            .prepare_cached("INSERT INTO entry (sequence, at, body, link) VALUES (?1, ?2, ?3, ?4)")
            .and_then(|mut insert| insert.execute(params![sequence, at, body, link]))
            .map_err(|problem| JournalError::Storage {
                path: self.path.clone(),
                problem,
            })?;
        self.last = sequence;
        self.link = link;
        Ok(sequence)
    }

    /// The highest traveller number in the journal; 0 in a new one.
    ///
    /// # Errors
    ///
    /// [`JournalError::Storage`].
    pub fn last_traveller(&self) -> Result<u64, JournalError> {
        self.file
            .query_row(
                "SELECT max(json_extract(body, '$.traveller')) FROM entry",
                [],
                |row| row.get::<_, Option<i64>>(0),
            )
            .optional()
            .map(|number| {
                number
                    .flatten()
                    .and_then(|number| u64::try_from(number).ok())
                    .unwrap_or(0)
            })
            .map_err(|problem| JournalError::Storage {
                path: self.path.clone(),
                problem,
            })
    }
}

/// `synchronous = FULL`: an entry that was acknowledged survives a power cut.
const SCHEMA: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    CREATE TABLE IF NOT EXISTS entry (
        sequence INTEGER PRIMARY KEY,
        at       TEXT NOT NULL,
        body     TEXT NOT NULL,
        link     BLOB NOT NULL
    ) STRICT;
    CREATE TRIGGER IF NOT EXISTS no_change BEFORE UPDATE ON entry
        BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
    CREATE TRIGGER IF NOT EXISTS no_removal BEFORE DELETE ON entry
        BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
    CREATE INDEX IF NOT EXISTS permit ON entry (json_extract(body, '$.permit.seal'))
        WHERE json_extract(body, '$.permit.seal') IS NOT NULL;
";

/// Reads the whole journal at `path` without changing it, and checks its chain.
///
/// # Errors
///
/// [`JournalError::Storage`], [`JournalError::Broken`].
pub fn read(path: &Path) -> Result<Vec<Entry>, JournalError> {
    Tail::of(path).entries()
}

/// Follows a journal while it is written: gives every entry once. What has been given is not read
/// again: whoever wants to know whether somebody has changed it since calls [`read`].
#[derive(Clone, Debug)]
pub struct Tail {
    path: PathBuf,
    last: i64,
    link: Link,
}

impl Tail {
    /// Begins with the first entry of the journal at `path`.
    #[must_use]
    pub fn of(path: &Path) -> Self {
        Self {
            path: path.into(),
            last: 0,
            link: BEGINNING,
        }
    }

    /// The entries since the last call; each must continue the chain of those before.
    ///
    /// # Errors
    ///
    /// [`JournalError::Storage`], [`JournalError::Broken`]. The same entries are read again by the next
    /// call.
    pub fn entries(&mut self) -> Result<Vec<Entry>, JournalError> {
        let path = &self.path;
        let storage = |problem| JournalError::Storage {
            path: path.clone(),
            problem,
        };
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        let file = Connection::open_with_flags(path, flags).map_err(storage)?;
        file.busy_timeout(Duration::from_secs(1)).map_err(storage)?;
        let mut entries = Vec::new();
        let end = follow(&file, path, (self.last, self.link), |entry| {
            entries.push(entry);
        })?;
        (self.last, self.link) = end;
        Ok(entries)
    }
}

/// Walks the chain and gives the last entry's number and link.
fn verify(file: &Connection, path: &Path) -> Result<(i64, Link), JournalError> {
    follow(file, path, (0, BEGINNING), drop)
}

/// Walks the chain from behind an entry, given by its number and link, to the last one.
fn follow(
    file: &Connection,
    path: &Path,
    from: (i64, Link),
    mut each: impl FnMut(Entry),
) -> Result<(i64, Link), JournalError> {
    let storage = |problem| JournalError::Storage {
        path: path.into(),
        problem,
    };
    let mut select = file
        .prepare("SELECT sequence, at, body, link FROM entry WHERE sequence > ?1 ORDER BY sequence")
        .map_err(storage)?;
    let (mut last, mut link) = from;
    let mut rows = select.query([last]).map_err(storage)?;
    while let Some(row) = rows.next().map_err(storage)? {
        let (sequence, at, body, found): (i64, String, String, Vec<u8>) =
            row.try_into().map_err(storage)?;
        let expected = chain(&link, last + 1, &at, &body);
        if sequence != last + 1 || found != expected {
            return Err(JournalError::Broken {
                path: path.into(),
                sequence,
            });
        }
        (last, link) = (sequence, expected);
        each(Entry { sequence, at, body });
    }
    Ok((last, link))
}

fn chain(previous: &Link, sequence: i64, at: &str, body: &str) -> Link {
    let mut digest = Sha256::new();
    digest.update(previous);
    digest.update(sequence.to_be_bytes());
    digest.update((at.len() as u64).to_be_bytes());
    digest.update(at);
    digest.update(body);
    digest.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use gate_session::{Left, Timeline};

    fn record(traveller: u64) -> Record {
        Record::Completion {
            traveller,
            left: Left::ThroughExit,
            timeline: Timeline::default(),
        }
    }

    fn filled(dir: &Path) -> PathBuf {
        let path = dir.join("journal.sqlite");
        let mut journal = Journal::open(&path).unwrap();
        for traveller in 1..=5 {
            journal
                .append("2026-11-22T00:00:00Z", &record(traveller))
                .unwrap();
        }
        path
    }

    #[test]
    fn whoever_follows_gets_every_entry_once_and_notices_a_broken_chain() {
        let dir = tempfile::tempdir().unwrap();
        let path = filled(dir.path());
        let mut tail = Tail::of(&path);
        assert_eq!(tail.entries().unwrap().len(), 5);
        assert_eq!(tail.entries().unwrap().len(), 0);
        let mut journal = Journal::open(&path).unwrap();
        journal.append("2026-11-22T00:00:01Z", &record(6)).unwrap();
        let numbers = |tail: &mut Tail| -> Vec<i64> {
            let entries = tail.entries().unwrap();
            entries.iter().map(|entry| entry.sequence).collect()
        };
        assert_eq!(numbers(&mut tail), [6]);
        journal.append("2026-11-22T00:00:02Z", &record(7)).unwrap();
        drop(journal);
        let file = Connection::open(&path).unwrap();
        file.execute_batch(
            "DROP TRIGGER no_change; UPDATE entry SET link = x'00' WHERE sequence = 7",
        )
        .unwrap();
        let broken = tail.entries();
        assert!(matches!(
            broken,
            Err(JournalError::Broken { sequence: 7, .. })
        ));
    }

    #[test]
    fn what_was_written_is_read_in_order_and_continued() {
        let dir = tempfile::tempdir().unwrap();
        let path = filled(dir.path());
        let mut journal = Journal::open(&path).unwrap();
        assert_eq!(journal.last_traveller().unwrap(), 5);
        assert_eq!(
            journal.append("2026-11-22T00:00:01Z", &record(6)).unwrap(),
            6
        );
        let numbers: Vec<i64> = read(&path)
            .unwrap()
            .iter()
            .map(|entry| entry.sequence)
            .collect();
        assert_eq!(numbers, [1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn the_file_itself_refuses_changes() {
        let dir = tempfile::tempdir().unwrap();
        let file = Connection::open(filled(dir.path())).unwrap();
        for change in [
            "UPDATE entry SET body = '{}' WHERE sequence = 3",
            "DELETE FROM entry WHERE sequence = 5",
        ] {
            let refused = file.execute(change, []).unwrap_err().to_string();
            assert!(refused.contains("append-only"), "{refused}");
        }
    }

    #[test]
    fn a_change_behind_its_back_breaks_the_chain() {
        let cases = [
            (
                "UPDATE entry SET body = replace(body, 'exit', 'entry') WHERE sequence = 3",
                3,
            ),
            (
                "UPDATE entry SET at = '2026-11-21T00:00:00Z' WHERE sequence = 2",
                2,
            ),
            ("DELETE FROM entry WHERE sequence = 3", 4),
            ("UPDATE entry SET link = zeroblob(32) WHERE sequence = 5", 5),
        ];
        for (change, broken) in cases {
            let dir = tempfile::tempdir().unwrap();
            let path = filled(dir.path());
            let file = Connection::open(&path).unwrap();
            file.execute_batch("DROP TRIGGER no_change; DROP TRIGGER no_removal;")
                .unwrap();
            assert_eq!(file.execute(change, []).unwrap(), 1, "{change}");
            drop(file);
            for result in [Journal::open(&path).map(|_| ()), read(&path).map(|_| ())] {
                let found = result.unwrap_err();
                assert!(
                    matches!(found, JournalError::Broken { sequence, .. } if sequence == broken),
                    "{change}: {found}"
                );
            }
        }
    }

    #[test]
    fn a_file_that_is_no_journal_is_refused_with_its_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal.sqlite");
        std::fs::write(
            &path,
            "this is no database, but long enough to be read as one".repeat(100),
        )
        .unwrap();
        let error = Journal::open(&path).unwrap_err().to_string();
        assert!(error.contains("journal.sqlite"), "{error}");
    }
}
