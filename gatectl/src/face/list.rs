//! Lists: CSV files (RFC 4180) with two fields a line, more are passed over.
//!
//! A byte-order mark, any line ends, empty lines, and lines that begin with `#` are no fields. Paths are bytes, as
//! file systems have them, but without line ends: a quote that nobody closes would take in all lines after it.

use super::pairs::ListError;
use crate::file;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// Longer lists are not taken: they are kept in memory.
const ROWS_MAX: usize = 5_000_000;

/// Longest list, in bytes.
const BYTES_MAX: u64 = 512 << 20;

/// A line with two fields.
pub(crate) struct Row {
    /// Its number in the file, from 1.
    pub(crate) line: u64,
    /// Both fields; for a line with fewer, how many it has.
    pub(crate) fields: Result<[Vec<u8>; 2], usize>,
}

/// A line that should name two photographs.
pub(crate) struct Pair {
    /// Its number in the file, from 1.
    pub(crate) line: u64,
    /// Both photographs; for a line with fewer fields, how many it has.
    pub(crate) paths: Result<[PathBuf; 2], usize>,
}

impl Row {
    /// What is wrong with a line of so many fields.
    pub(crate) fn problem(fields: usize) -> String {
        format!("{fields} fields, expected 2 with a comma between them")
    }
}

/// Reads a list.
///
/// # Errors
///
/// [`ListError`], for a file that cannot be read, a list that is too long or in UTF-16, and a quote that is not
/// closed in its line.
pub(crate) fn rows(path: &Path) -> Result<Vec<Row>, ListError> {
    let failed = |source: io::Error| ListError::File {
        path: path.to_owned(),
        source,
    };
    let text = file::read(path, BYTES_MAX)?;
    let in_line = |line: u64, problem: &str| ListError::Line {
        path: path.to_owned(),
        problem: format!("line {line} {problem}"),
    };
    if text.starts_with(b"\xff\xfe") || text.starts_with(b"\xfe\xff") {
        return Err(in_line(1, "is UTF-16, expected UTF-8"));
    }
    let text = with_line_feeds(&text);
    let records = csv::ReaderBuilder::new()
        .has_headers(false)
        .comment(Some(b'#'))
        .flexible(true)
        .from_reader(&*text)
        .into_byte_records();
    let mut lines = Lines::of(&text);
    let mut rows = Vec::new();
    for record in records {
        let record = record.map_err(|problem| failed(problem.into()))?;
        let fields = match [record.get(0), record.get(1)] {
            [Some(one), Some(other)] => Ok([one.to_vec(), other.to_vec()]),
            _ => Err(record.len()),
        };
        let offset = record.position().map_or(0, csv::Position::byte);
        let line = lines.of_record(offset as usize);
        if record.iter().any(|field| field.contains(&b'\n')) {
            return Err(in_line(line, "has a quote that is not closed in it"));
        }
        rows.push(Row { line, fields });
        if rows.len() > ROWS_MAX {
            return Err(ListError::Long { most: ROWS_MAX });
        }
    }
    Ok(rows)
}

/// The text with a line feed for each line end, whichever of the three kinds it is.
fn with_line_feeds(text: &[u8]) -> Vec<u8> {
    let mut lines = Vec::with_capacity(text.len());
    let mut before = 0;
    for byte in text {
        match (before, byte) {
            (b'\r', b'\n') => {}
            (_, b'\r') => lines.push(b'\n'),
            _ => lines.push(*byte),
        }
        before = *byte;
    }
    lines
}

/// Counts lines up to a record. The position of a record is where the one before ends, in the middle of a line
/// end perhaps, and before empty lines and remarks.
struct Lines<'a> {
    text: &'a [u8],
    /// So many bytes were counted.
    counted: usize,
    /// The line that the next byte is in.
    line: u64,
}

impl<'a> Lines<'a> {
    const fn of(text: &'a [u8]) -> Self {
        Self {
            text,
            counted: 0,
            line: 1,
        }
    }

    /// The line in which the record begins that is found from `offset` on; offsets rise.
    fn of_record(&mut self, offset: usize) -> u64 {
        let mut at = offset;
        loop {
            at += match self.text.get(at..).unwrap_or_default() {
                [b'\n', ..] => 1,
                remark @ [b'#', ..] => remark
                    .iter()
                    .position(|byte| *byte == b'\n')
                    .unwrap_or(remark.len()),
                _ => break,
            };
        }
        let passed = self.text.get(self.counted..at).unwrap_or_default();
        self.line += passed.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.counted = at.max(self.counted);
        self.line
    }
}

/// Reads a list of pairs of photographs. A first line that names no file, and nothing with an extension, is a
/// heading.
///
/// # Errors
///
/// As [`rows`].
pub(crate) fn pairs(path: &Path) -> Result<Vec<Pair>, ListError> {
    let mut pairs: Vec<Pair> = rows(path)?
        .into_iter()
        .map(|row| Pair {
            line: row.line,
            paths: row
                .fields
                .map(|fields| fields.map(|field| find(&field, path))),
        })
        .collect();
    let names_nothing = |path: &PathBuf| !path.exists() && path.extension().is_none();
    let first = pairs.first().and_then(|pair| pair.paths.as_ref().ok());
    if first.is_some_and(|paths| paths.iter().all(names_nothing)) {
        pairs.remove(0);
    }
    Ok(pairs)
}

/// The file that a field of `list` names: as it stands or without the blanks and quotes around it, from here
/// or from the list's folder. What is there nowhere is looked for here.
pub(crate) fn find(field: &[u8], list: &Path) -> PathBuf {
    let trimmed = field.trim_ascii();
    let unquoted = trimmed.strip_prefix(b"\"").unwrap_or(trimmed);
    let bare = unquoted.strip_suffix(b"\"").unwrap_or(unquoted);
    let name = |bytes| Path::new(OsStr::from_bytes(bytes));
    let folder = list.parent().unwrap_or(Path::new(""));
    let places = [field, trimmed, bare]
        .into_iter()
        .filter(|bytes| !bytes.is_empty())
        .flat_map(|bytes| [name(bytes).to_owned(), folder.join(name(bytes))]);
    let mut there = places.filter(|path| path.exists());
    there.next().unwrap_or_else(|| name(bare).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// A folder with files of odd names, and what a list in it says.
    fn read(list: &[u8]) -> Vec<(u64, Result<[String; 2], usize>)> {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a.jpg", "b c.jpg", "grün, \"quoted\".jpg", " blank.jpg"] {
            fs::write(folder.path().join(name), b"").unwrap();
        }
        let at = folder.path().join("pairs.csv");
        fs::write(&at, list).unwrap();
        let name = |path: PathBuf| {
            let inside = path.strip_prefix(folder.path()).unwrap_or(&path);
            inside.to_string_lossy().into_owned()
        };
        let pairs = pairs(&at).unwrap().into_iter();
        pairs
            .map(|pair| (pair.line, pair.paths.map(|paths| paths.map(name))))
            .collect()
    }

    #[test]
    fn lists_of_every_kind_name_the_same_files() {
        let expected = |line| [(line, Ok(["a.jpg".to_owned(), "b c.jpg".to_owned()]))];
        assert_eq!(read(b"a.jpg,b c.jpg"), expected(1));
        assert_eq!(read(b"\xef\xbb\xbfa.jpg,b c.jpg\r\n"), expected(1));
        assert_eq!(read(b"one,two\r\na.jpg , \"b c.jpg\"\r\n\r\n"), expected(2));
        assert_eq!(read(b"# a note\n\"a.jpg\",\"b c.jpg\",same\n"), expected(2));
        let odd = read("a.jpg,\"grün, \"\"quoted\"\".jpg\"\n\" blank.jpg\",./a.jpg\n".as_bytes());
        assert_eq!(odd[0].1.as_ref().unwrap()[1], "grün, \"quoted\".jpg");
        assert_eq!(odd[1].1.as_ref().unwrap()[0], " blank.jpg");
    }

    #[test]
    fn lines_are_counted_whatever_ends_them() {
        for end in ["\n", "\r\n", "\r"] {
            let list = ["# note", "a.jpg,b c.jpg", "", "a.jpg", "a.jpg,a.jpg", ""].join(end);
            let found = read(list.as_bytes());
            let lines: Vec<u64> = found.iter().map(|(line, _)| *line).collect();
            assert_eq!(lines, [2, 4, 5], "{end:?}");
        }
    }

    #[test]
    fn a_quote_that_is_not_closed_is_told_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().join("pairs.csv");
        for (list, expected) in [
            (
                &b"a.jpg,b.jpg\n\"c.jpg,d.jpg\ne.jpg,f.jpg\n"[..],
                "line 2 has a quote",
            ),
            (b"a.jpg,\"b.jpg\r\"c.jpg\",d.jpg\r", "line 1 has a quote"),
            (b"\xff\xfea\0,\0b\0", "line 1 is UTF-16"),
        ] {
            fs::write(&at, list).unwrap();
            let found = rows(&at).map(|rows| rows.len()).unwrap_err().to_string();
            assert!(found.contains(expected), "{found}");
        }
    }

    #[test]
    fn a_line_that_is_no_pair_is_told_by_its_number_and_the_others_stay() {
        let list = b"a.jpg,b c.jpg\r\na.jpg\r\na.jpg;b c.jpg\n\n# note\na.jpg,\n\xff\xfe.jpg,a.jpg";
        let found = read(list);
        let lines: Vec<u64> = found.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [1, 2, 3, 6, 7]);
        assert_eq!((&found[1].1, &found[2].1), (&Err(1), &Err(1)));
        assert_eq!(found[3].1.as_ref().unwrap()[1], "");
        assert_eq!(found[4].1.as_ref().unwrap()[1], "a.jpg");
    }
}
