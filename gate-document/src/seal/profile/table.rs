//! A TOML table that is taken apart key by key, so that nothing in it stays unread and every complaint
//! has its file and line.

use core::fmt;
use core::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Why a file is no profile, or no data for one. Correct the line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {problem}")]
pub struct FileError {
    /// The file, as its reader named it.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// What is wrong there.
    pub problem: Problem,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// No TOML.
    Syntax(String),
    /// A key that no profile has.
    UnknownKey {
        /// Its path.
        key: String,
        /// The known key that is spelt most like it.
        nearest: String,
    },
    /// A key that has to be there.
    Missing {
        /// Its path.
        key: String,
        /// What it should hold.
        expected: String,
    },
    /// Another value than the key takes.
    Value {
        /// Its path.
        key: String,
        /// What it should hold.
        expected: String,
        /// What it holds: a type, or a word of the file.
        found: String,
    },
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Syntax(problem) => write!(f, "no TOML: {problem}"),
            Self::UnknownKey { key, nearest } => {
                write!(
                    f,
                    "key {key} is unknown; the nearest known one is {nearest}"
                )
            }
            Self::Missing { key, expected } => {
                write!(f, "key {key} is missing: {expected} expected")
            }
            Self::Value {
                key,
                expected,
                found,
            } => write!(f, "key {key}: {expected} expected, {found} found"),
        }
    }
}

/// Longest file: a profile of every tag has some thousand lines.
const FILE_MAX: usize = 256 * 1024;
/// Longest piece of a value that an error repeats.
const FOUND_MAX: usize = 40;

/// The text of a file and its name.
#[derive(Clone, Copy)]
pub(crate) struct File<'a> {
    pub(crate) name: &'a str,
    pub(crate) text: &'a str,
}

impl<'a> File<'a> {
    pub(crate) fn parse(self) -> Result<Table<'a>, FileError> {
        if self.text.len() > FILE_MAX {
            let problem = format!("{} bytes, at most {FILE_MAX} expected", self.text.len());
            return Err(self.error(0, Problem::Syntax(problem)));
        }
        match DeTable::parse(self.text) {
            Ok(root) => Ok(Table {
                file: self,
                path: String::new(),
                start: 0,
                entries: root.into_inner().into_iter().collect(),
                known: Vec::new(),
            }),
            Err(error) => {
                let at = error.span().map_or(0, |span| span.start);
                Err(self.error(at, Problem::Syntax(error.message().to_owned())))
            }
        }
    }

    pub(crate) fn error(&self, at: usize, problem: Problem) -> FileError {
        let before = self.text.as_bytes().get(..at).unwrap_or_default();
        FileError {
            file: self.name.to_owned(),
            line: 1 + before.iter().filter(|byte| **byte == b'\n').count(),
            problem,
        }
    }
}

type Entry<'a> = (Spanned<toml::de::DeString<'a>>, Spanned<DeValue<'a>>);

/// A table, of which keys are taken until none is left.
pub(crate) struct Table<'a> {
    file: File<'a>,
    path: String,
    /// Where it begins, for keys that are missing.
    start: usize,
    entries: Vec<Entry<'a>>,
    known: Vec<&'static str>,
}

/// A value and where it stands.
pub(crate) struct Item<'a> {
    file: File<'a>,
    pub(crate) key: String,
    span: Range<usize>,
    value: DeValue<'a>,
}

impl<'a> Table<'a> {
    /// The value of `key`, if it is there.
    pub(crate) fn optional(&mut self, key: &'static str) -> Option<Item<'a>> {
        self.known.push(key);
        let at = self
            .entries
            .iter()
            .position(|(name, _)| name.get_ref() == key)?;
        let (_, value) = self.entries.swap_remove(at);
        Some(Item {
            file: self.file,
            key: self.path_of(key),
            span: value.span(),
            value: value.into_inner(),
        })
    }

    /// The value of `key`, which has to be there.
    pub(crate) fn required(
        &mut self,
        key: &'static str,
        expected: &str,
    ) -> Result<Item<'a>, FileError> {
        self.optional(key).ok_or_else(|| {
            self.file.error(
                self.start,
                Problem::Missing {
                    key: self.path_of(key),
                    expected: expected.to_owned(),
                },
            )
        })
    }

    /// Every entry that is left, for tables whose keys are names.
    pub(crate) fn rest(&mut self) -> Vec<(String, Item<'a>)> {
        let entries = core::mem::take(&mut self.entries);
        entries
            .into_iter()
            .map(|(name, value)| {
                let name = name.into_inner().into_owned();
                let item = Item {
                    file: self.file,
                    key: self.path_of(&name),
                    span: value.span(),
                    value: value.into_inner(),
                };
                (name, item)
            })
            .collect()
    }

    /// Nothing may be left.
    pub(crate) fn finish(self) -> Result<(), FileError> {
        let first = self
            .entries
            .iter()
            .min_by_key(|(name, _)| name.span().start);
        let Some((name, _)) = first else {
            return Ok(());
        };
        let nearest = nearest(name.get_ref(), self.known.iter().copied());
        let key = self.path_of(name.get_ref());
        let nearest = self.path_of(nearest);
        Err(self
            .file
            .error(name.span().start, Problem::UnknownKey { key, nearest }))
    }

    fn path_of(&self, key: &str) -> String {
        let key: String = key.chars().take(FOUND_MAX).collect();
        match self.path.as_str() {
            "" => key,
            path => format!("{path}.{key}"),
        }
    }
}

/// The word that is spelt most like `found`.
pub(crate) fn nearest<'a>(found: &str, known: impl Iterator<Item = &'a str>) -> &'a str {
    let found: String = found.chars().take(FOUND_MAX).collect();
    known
        .min_by_key(|known| strsim::damerau_levenshtein(&found, known))
        .unwrap_or_default()
}

impl<'a> Item<'a> {
    /// An error about this value.
    pub(crate) fn wrong(&self, expected: impl Into<String>) -> FileError {
        let found = match &self.value {
            DeValue::String(text) => {
                format!("{:?}", text.chars().take(FOUND_MAX).collect::<String>())
            }
            DeValue::Integer(number) => number.to_string(),
            other => format!("a value of type {}", other.type_str()),
        };
        self.file.error(
            self.span.start,
            Problem::Value {
                key: self.key.clone(),
                expected: expected.into(),
                found,
            },
        )
    }

    /// As [`Item::wrong`], for values that are somebody's: their type is all that is said.
    pub(crate) fn wrong_value(&self, expected: impl Into<String>) -> FileError {
        self.wrong_found(expected, format!("another {}", self.value.type_str()))
    }

    /// The same, for values of which there is something to say without repeating them.
    pub(crate) fn wrong_found(
        &self,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> FileError {
        self.file.error(
            self.span.start,
            Problem::Value {
                key: self.key.clone(),
                expected: expected.into(),
                found: found.into(),
            },
        )
    }

    /// This value has a key that nobody knows.
    pub(crate) fn unknown(&self, nearest: String) -> FileError {
        let key = self.key.clone();
        self.file
            .error(self.span.start, Problem::UnknownKey { key, nearest })
    }

    pub(crate) fn text(&self, expected: &str) -> Result<&str, FileError> {
        self.value.as_str().ok_or_else(|| self.wrong(expected))
    }

    pub(crate) fn truth(&self) -> Result<bool, FileError> {
        self.value
            .as_bool()
            .ok_or_else(|| self.wrong("true or false"))
    }

    /// A number from 0 to `max`.
    pub(crate) fn number(&self, max: u64) -> Result<u64, FileError> {
        self.value
            .as_integer()
            .and_then(|number| {
                let digits = number.as_str().replace('_', "");
                u64::from_str_radix(digits.trim_start_matches('+'), number.radix()).ok()
            })
            .filter(|number| *number <= max)
            .ok_or_else(|| self.wrong(format!("a number from 0 to {max}")))
    }

    pub(crate) fn is_number(&self) -> bool {
        self.value.is_integer()
    }

    /// A day, written as one in TOML: `2026-11-22`.
    pub(crate) fn day(&self) -> Option<jiff::civil::Date> {
        let date = self.value.as_datetime().and_then(|moment| moment.date)?;
        let (month, day) = (i8::try_from(date.month).ok()?, i8::try_from(date.day).ok()?);
        jiff::civil::Date::new(i16::try_from(date.year).ok()?, month, day).ok()
    }

    /// One of several words.
    pub(crate) fn word<T: Copy>(&self, words: &[(&'static str, T)]) -> Result<T, FileError> {
        let known = || words.iter().map(|(word, _)| *word);
        let expected = || {
            known()
                .map(|word| format!("{word:?}"))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let text = self.text(&format!("one of {}", expected()))?;
        let found = words.iter().find(|(word, _)| *word == text);
        found.map(|(_, value)| *value).ok_or_else(|| {
            let nearest = nearest(text, known());
            self.wrong(format!("one of {} (nearest: {nearest:?})", expected()))
        })
    }

    /// Elements of a list.
    pub(crate) fn list(self, expected: &str) -> Result<Vec<Self>, FileError> {
        if !self.value.is_array() {
            return Err(self.wrong(expected));
        }
        let DeValue::Array(elements) = self.value else {
            return Ok(Vec::new());
        };
        let items = elements
            .into_iter()
            .enumerate()
            .map(|(index, element)| Self {
                file: self.file,
                key: format!("{}[{index}]", self.key),
                span: element.span(),
                value: element.into_inner(),
            });
        Ok(items.collect())
    }

    /// The table inside.
    pub(crate) fn table(self) -> Result<Table<'a>, FileError> {
        if !self.value.is_table() {
            return Err(self.wrong("a table"));
        }
        let entries = match self.value {
            DeValue::Table(entries) => entries.into_iter().collect(),
            _ => Vec::new(),
        };
        Ok(Table {
            file: self.file,
            path: self.key,
            start: self.span.start,
            entries,
            known: Vec::new(),
        })
    }
}
