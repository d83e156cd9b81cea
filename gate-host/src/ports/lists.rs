//! The lists: documents that were lost, stolen or are wanted.
//!
//! The list is a local file, so that a cut network costs nothing. It holds no document number:
//! each line is the first 16 bytes of HMAC-SHA-256 over issuing State and number, in hexadecimal,
//! under a key that stands in the first line as `key <hex>`.

use super::Outbox;
use gate_document::mrz::Mrz;
use gate_session::{Device, Event, ListsAnswer, Span, SpanKind, Ticket};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::collections::HashSet;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};
use tracing::{error, info};

type Mark = [u8; 16];

/// Why a list cannot be used. While there is no other, the lane is closed.
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
        Self::parse(&text, path)
    }

    /// Reads the text of a list, which came from `path`.
    ///
    /// # Errors
    ///
    /// [`ListsError::Line`].
    pub fn parse(text: &str, path: &Path) -> Result<Self, ListsError> {
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

/// How often the file is looked at. A list is replaced some times a day at most.
const LOOK_EVERY: Duration = Duration::from_secs(1);

type Shared = Arc<RwLock<Option<Lists>>>;

/// Answers from the list in memory, and follows its file.
#[derive(Debug)]
pub struct ListsPort {
    lists: Shared,
    outbox: Outbox,
}

impl ListsPort {
    /// Follows the list at `path`: it is read anew whenever the file changes. Without any list the
    /// lane is closed; with one, a bad or missing file is reported and the list in memory stays.
    #[must_use]
    pub fn spawn(path: PathBuf, outbox: Outbox) -> Self {
        let lists = Shared::default();
        let mut follower = Follower::new(path, Arc::clone(&lists));
        let news = outbox.clone();
        tokio::spawn(async move {
            while news.is_open() {
                let (back, event) = look(follower).await;
                follower = back;
                if let Some(event) = event {
                    news.post(event);
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        });
        Self { lists, outbox }
    }

    /// Asks for the document; `Event::ListsAnswered` follows.
    pub fn ask(&self, ticket: Ticket, printed: &Mrz) {
        let started = self.outbox.now();
        let lists = self.lists.read().unwrap_or_else(PoisonError::into_inner);
        let answer = match &*lists {
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

/// A long list takes a while to read, and the daemon's threads have other things to do.
async fn look(mut follower: Follower) -> (Follower, Option<Event>) {
    tokio::task::spawn_blocking(move || {
        let event = follower.look();
        (follower, event)
    })
    .await
    .expect("reading a list does not panic, and nobody cancels it")
}

/// What tells one content of a file from the next: when it was changed, its length, its inode.
type Stamp = (SystemTime, u64, u64);

/// The file as it was last seen.
struct Follower {
    path: PathBuf,
    lists: Shared,
    /// `None`: not looked at yet. `Some(None)`: there was no file.
    seen: Option<Option<Stamp>>,
}

impl Follower {
    const fn new(path: PathBuf, lists: Shared) -> Self {
        Self {
            path,
            lists,
            seen: None,
        }
    }

    /// Looks at the file; gives what the lane should know.
    fn look(&mut self) -> Option<Event> {
        let stamp = std::fs::metadata(&self.path)
            .ok()
            .and_then(|file| Some((file.modified().ok()?, file.len(), file.ino())));
        if self.seen == Some(stamp) {
            return None;
        }
        self.seen = Some(stamp);
        let found = Lists::open(&self.path);
        let mut lists = self.lists.write().unwrap_or_else(PoisonError::into_inner);
        match found {
            Ok(list) => {
                info!(documents = list.marks.len(), path = %self.path.display(), "list read");
                let first = lists.replace(list).is_none();
                first.then_some(Event::DeviceReady(Device::Lists))
            }
            Err(problem) if lists.is_some() => {
                error!(%problem, "list not read, the one before stays in use");
                None
            }
            Err(problem) => {
                error!(%problem, "lists cannot be asked");
                Some(Event::DeviceLost(Device::Lists))
            }
        }
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
    fn a_list_is_followed_and_a_bad_one_does_not_replace_a_good_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lists.txt");
        let lists = Shared::default();
        let mut follower = Follower::new(path.clone(), Arc::clone(&lists));
        let listed = |number| {
            let lists = lists.read().unwrap();
            lists.as_ref().map(|lists| lists.contains("UTO", number))
        };
        assert!(matches!(
            follower.look(),
            Some(Event::DeviceLost(Device::Lists))
        ));
        assert!(follower.look().is_none(), "told once");

        std::fs::write(&path, format!("key {KEY}\n")).unwrap();
        assert!(matches!(
            follower.look(),
            Some(Event::DeviceReady(Device::Lists))
        ));
        assert_eq!(listed("L898902C3"), Some(false));

        let line = line(&bytes(KEY).unwrap(), "UTO", "L898902C3");
        std::fs::write(&path, format!("key {KEY}\n{line}\n")).unwrap();
        assert!(follower.look().is_none(), "the lane is open already");
        assert_eq!(listed("L898902C3"), Some(true));

        for bad in [Some("no list"), None] {
            match bad {
                Some(text) => std::fs::write(&path, text).unwrap(),
                None => std::fs::remove_file(&path).unwrap(),
            }
            assert!(follower.look().is_none());
            assert_eq!(listed("L898902C3"), Some(true));
        }
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
