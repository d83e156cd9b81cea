//! What went over a serial line, as a file.
//!
//! Each line of the file is a JSON object. The first says what was recorded, each other one is a
//! stretch of bytes in one direction, in the order in which they came:
//!
//! ```text
//! {"gate-recording":1,"port":"/dev/gate/mrz","baud":9600,"line":"rte-native","began":"2026-01-05T08:00:00Z"}
//! {"us":1203456,"from":"device","hex":"010e004f55"}
//! {"us":1207001,"from":"host","hex":"06"}
//! ```
//!
//! | key | meaning |
//! | --- | --- |
//! | `gate-recording` | version of the format: 1 |
//! | `port`, `baud` | the real line, and its bits per second |
//! | `line` | who is at its far end: `controller`, a reader's profile, or `unknown` |
//! | `began` | when the recording began, RFC 3339; for people |
//! | `us` | microseconds since the recording began, by a clock that never goes back |
//! | `from` | who sent the bytes: `host` or `device` |
//! | `hex` | the bytes, two lower or upper case digits each; at most [`CHUNK_MAX`] |
//!
//! Keys that are not in the table are left alone. A last line that breaks off, as a power cut leaves
//! it, is no error. A recording of a reader's line holds what travellers' documents say: no error
//! of this module repeats anything from its lines.

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use gate_protocol::Instant;
use serde::Serialize;
use serde_json::{Map, Value};
use std::io::{self, BufRead, Read, Write};

/// The version that is written, and the only one that is read.
pub const VERSION: u64 = 1;
/// Most bytes of one stretch.
pub const CHUNK_MAX: usize = 4_096;
/// Longest line of the file in bytes: a stretch with room for keys that are not known here.
const LINE_MAX: u64 = 16_384;

/// Who sent bytes over a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The gate's computer.
    Host,
    /// What stands at the line's far end.
    Device,
}

/// What was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The real line.
    pub port: String,
    /// Its bits per second.
    pub baud: u32,
    /// Who is at its far end: `controller`, the name of a reader's profile, `unknown`.
    pub line: String,
    /// When the recording began, RFC 3339; empty if nobody said.
    pub began: String,
}

/// A stretch of bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Since the recording began.
    pub at: Instant,
    /// Who sent them.
    pub from: Side,
    /// At most [`CHUNK_MAX`].
    pub bytes: Vec<u8>,
}

/// Why a recording cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// The file cannot be read. Look at the disk, and at who may read the file.
    #[error("recording: {0}")]
    Io(#[from] io::Error),
    /// Another file, or one that was changed by hand: the line says what is expected there.
    #[error("line {line}: expected {expected}, found {found}")]
    Line {
        /// Line of the file, from 1.
        line: u64,
        /// What belongs there.
        expected: &'static str,
        /// What sort of thing stands there.
        found: &'static str,
    },
    /// A newer program wrote it: read it with that one.
    #[error("line 1: expected a recording of version {VERSION}, found version {found}")]
    Version {
        /// Version of the file.
        found: u64,
    },
}

impl Side {
    const fn word(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Device => "device",
        }
    }
}

/// The first line of the file.
#[derive(Debug, Serialize)]
struct First<'a> {
    #[serde(rename = "gate-recording")]
    version: u64,
    port: &'a str,
    baud: u32,
    line: &'a str,
    began: &'a str,
}

/// Every other line of it.
#[derive(Debug, Serialize)]
struct Stretch {
    us: u64,
    from: &'static str,
    hex: String,
}

/// Writes a recording.
#[derive(Debug)]
pub struct Writer<W> {
    file: W,
}

impl<W: Write> Writer<W> {
    /// Begins a recording.
    ///
    /// # Errors
    ///
    /// The file's.
    pub fn begin(file: W, header: &Header) -> io::Result<Self> {
        let mut writer = Self { file };
        writer.line(&First {
            version: VERSION,
            port: &header.port,
            baud: header.baud,
            line: &header.line,
            began: &header.began,
        })?;
        Ok(writer)
    }

    /// Adds bytes, as many lines as they need.
    ///
    /// # Errors
    ///
    /// The file's. A line that was written in part is the file's last.
    pub fn add(&mut self, at: Instant, from: Side, bytes: &[u8]) -> io::Result<()> {
        for bytes in bytes.chunks(CHUNK_MAX) {
            self.line(&Stretch {
                us: at.as_micros(),
                from: from.word(),
                hex: HEXLOWER.encode(bytes),
            })?;
        }
        Ok(())
    }

    /// One call for a line, so that a power cut tears the last one only.
    fn line(&mut self, value: &impl Serialize) -> io::Result<()> {
        let text = serde_json::to_string(value)? + "\n";
        self.file.write_all(text.as_bytes())?;
        self.file.flush()
    }
}

/// Reads a recording, a line at a time.
#[derive(Debug)]
pub struct Reader<R> {
    file: R,
    /// Number of the line that was read last.
    line: u64,
    header: Header,
    latest: Instant,
    torn: bool,
}

/// A line of the file.
enum Text {
    Whole(String),
    /// The last one, without its end.
    Torn(String),
    End,
}

impl<R: BufRead> Reader<R> {
    /// Opens a recording.
    ///
    /// # Errors
    ///
    /// The file's, or what is wrong with its first line.
    pub fn open(file: R) -> Result<Self, RecordingError> {
        let mut reader = Self {
            file,
            line: 0,
            header: Header {
                port: String::new(),
                baud: 0,
                line: String::new(),
                began: String::new(),
            },
            latest: Instant::ZERO,
            torn: false,
        };
        let expected = "the first line of a recording: an object with `gate-recording`";
        let (Text::Whole(text) | Text::Torn(text)) = reader.text(expected)? else {
            reader.line = 1;
            return Err(reader.wrong(expected, "an empty file"));
        };
        let object = object(&text).map_err(|found| reader.wrong(expected, found))?;
        let version = object.get("gate-recording");
        match version.and_then(Value::as_u64) {
            Some(VERSION) => {}
            Some(found) => return Err(RecordingError::Version { found }),
            None => return Err(reader.wrong("`gate-recording`, a number", kind(version))),
        }
        let word = |key| {
            let word = object.get(key).and_then(Value::as_str);
            word.unwrap_or_default().to_owned()
        };
        let baud = object.get("baud").and_then(Value::as_u64);
        let baud = baud.and_then(|baud| u32::try_from(baud).ok());
        reader.header = Header {
            port: word("port"),
            baud: baud
                .ok_or_else(|| reader.wrong("`baud`, bits per second", kind(object.get("baud"))))?,
            line: word("line"),
            began: word("began"),
        };
        Ok(reader)
    }

    /// What was recorded.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// Whether the file breaks off in its last line, once that has been reached.
    pub const fn is_torn(&self) -> bool {
        self.torn
    }

    /// The next stretch of bytes; none at the end.
    ///
    /// # Errors
    ///
    /// The file's, or what is wrong with the line.
    pub fn chunk(&mut self) -> Result<Option<Chunk>, RecordingError> {
        let (text, torn) = match self.text("a line of a recording")? {
            Text::Whole(text) => (text, false),
            Text::Torn(text) => (text, true),
            Text::End => return Ok(None),
        };
        match self.read(&text) {
            Err(_) if torn => {
                self.torn = true;
                Ok(None)
            }
            read => read.map(Some),
        }
    }

    fn read(&mut self, text: &str) -> Result<Chunk, RecordingError> {
        let object =
            object(text).map_err(|found| self.wrong("an object with us, from, hex", found))?;
        let get = |key: &str| object.get(key);
        let at = get("us")
            .and_then(Value::as_u64)
            .ok_or_else(|| self.wrong("`us`, a whole number", kind(get("us"))))?;
        let at = Instant::from_micros(at);
        if at < self.latest {
            let expected = "a time that is not before that of the line above";
            return Err(self.wrong(expected, "an earlier one"));
        }
        let from = match get("from").and_then(Value::as_str) {
            Some("host") => Side::Host,
            Some("device") => Side::Device,
            _ => return Err(self.wrong("`from`, host or device", kind(get("from")))),
        };
        let expected = "`hex`, an even number of hexadecimal digits";
        let digits = get("hex")
            .and_then(Value::as_str)
            .ok_or_else(|| self.wrong(expected, kind(get("hex"))))?;
        let bytes = HEXLOWER_PERMISSIVE
            .decode(digits.as_bytes())
            .map_err(|_| self.wrong(expected, "another text"))?;
        if bytes.len() > CHUNK_MAX {
            return Err(self.wrong("`hex`, at most 4096 bytes", "more"));
        }
        self.latest = at;
        Ok(Chunk { at, from, bytes })
    }

    fn text(&mut self, expected: &'static str) -> Result<Text, RecordingError> {
        let mut bytes = Vec::new();
        (&mut self.file)
            .take(LINE_MAX)
            .read_until(b'\n', &mut bytes)?;
        if bytes.is_empty() {
            return Ok(Text::End);
        }
        self.line += 1;
        let whole = bytes.last() == Some(&b'\n');
        if !whole && bytes.len() as u64 == LINE_MAX {
            return Err(self.wrong(expected, "a line of more than 16384 bytes"));
        }
        match String::from_utf8(bytes) {
            Ok(text) if whole => Ok(Text::Whole(text)),
            Ok(text) => Ok(Text::Torn(text)),
            Err(_) if whole => Err(self.wrong(expected, "bytes that are no UTF-8")),
            Err(_) => Ok(Text::Torn(String::new())),
        }
    }

    const fn wrong(&self, expected: &'static str, found: &'static str) -> RecordingError {
        RecordingError::Line {
            line: self.line,
            expected,
            found,
        }
    }
}

fn object(text: &str) -> Result<Map<String, Value>, &'static str> {
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(other) => Err(kind(Some(&other))),
        Err(_) => Err("something that is no JSON"),
    }
}

/// What sort of value it is: what it says stays unsaid.
const fn kind(value: Option<&Value>) -> &'static str {
    match value {
        None => "nothing",
        Some(Value::Null) => "null",
        Some(Value::Bool(_)) => "true or false",
        Some(Value::Number(_)) => "another number",
        Some(Value::String(_)) => "another text",
        Some(Value::Array(_)) => "a list",
        Some(Value::Object(_)) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header() -> Header {
        Header {
            port: "/dev/gate/mrz".to_owned(),
            baud: 9_600,
            line: "rte-native".to_owned(),
            began: "2026-01-05T08:00:00Z".to_owned(),
        }
    }

    fn recorded(chunks: &[(u64, Side, &[u8])]) -> Vec<u8> {
        let mut file = Vec::new();
        let mut writer = Writer::begin(&mut file, &header()).unwrap();
        for (us, from, bytes) in chunks {
            writer.add(Instant::from_micros(*us), *from, bytes).unwrap();
        }
        file
    }

    fn read(file: &[u8]) -> Result<(Vec<Chunk>, bool), RecordingError> {
        let mut reader = Reader::open(file)?;
        let mut chunks = Vec::new();
        while let Some(chunk) = reader.chunk()? {
            chunks.push(chunk);
        }
        Ok((chunks, reader.is_torn()))
    }

    #[test]
    fn what_is_written_is_read_again() {
        let long = vec![0xa5; CHUNK_MAX + 1];
        let file = recorded(&[(0, Side::Host, b"\x00\xff"), (7, Side::Device, &long)]);
        assert_eq!(*Reader::open(&*file).unwrap().header(), header());
        let (chunks, torn) = read(&file).unwrap();
        let told: Vec<_> = chunks
            .iter()
            .map(|one| (one.at.as_micros(), one.from, one.bytes.len()))
            .collect();
        let expected = [
            (0, Side::Host, 2),
            (7, Side::Device, CHUNK_MAX),
            (7, Side::Device, 1),
        ];
        assert_eq!(told, expected);
        assert!(!torn);
    }

    #[test]
    fn wherever_a_recording_breaks_off_what_came_before_is_kept() {
        let whole = recorded(&[(1, Side::Host, b"ab"), (2, Side::Device, b"cd")]);
        let first = recorded(&[(1, Side::Host, b"ab")]).len();
        for end in first + 1..whole.len() - 1 {
            let (chunks, torn) = read(&whole[..end]).unwrap();
            assert_eq!((chunks.len(), torn), (1, true), "{end}");
        }
        let (chunks, torn) = read(&whole[..whole.len() - 1]).unwrap();
        assert_eq!((chunks.len(), torn), (2, false));
        let mut zeros = whole;
        zeros.extend([0; 40]); // what some file systems leave
        assert_eq!(read(&zeros).unwrap().0.len(), 2);
    }

    #[test]
    fn a_bad_file_is_told_with_its_line_and_without_what_it_says() {
        let good = String::from_utf8(recorded(&[(5, Side::Host, b"ab")])).unwrap();
        let cases = [
            (String::new(), "line 1", "an empty file"),
            ("title = 3\n".to_owned(), "line 1", "no JSON"),
            ("[1]\n".to_owned(), "line 1", "a list"),
            ("{\"baud\":1}\n".to_owned(), "`gate-recording`", "nothing"),
            (
                "{\"gate-recording\":2,\"baud\":1}\n".to_owned(),
                "version 1",
                "version 2",
            ),
            (
                "{\"gate-recording\":1,\"baud\":\"MUSTERMANN\"}\n".to_owned(),
                "`baud`",
                "another text",
            ),
            (good.clone() + "MUSTERMANN\n", "line 3", "no JSON"),
            (
                good.clone() + "{\"us\":6,\"from\":\"MUSTERMANN\",\"hex\":\"\"}\n",
                "line 3",
                "host or device",
            ),
            (
                good.clone() + "{\"us\":6,\"from\":\"host\",\"hex\":\"MUSTERMANN\"}\n",
                "line 3",
                "hexadecimal",
            ),
            (
                good.clone() + "{\"us\":4,\"from\":\"host\",\"hex\":\"\"}\n",
                "line 3",
                "earlier",
            ),
            (good + &"x".repeat(20_000), "line 3", "16384"),
        ];
        for (text, place, found) in cases {
            let told = read(text.as_bytes()).unwrap_err().to_string();
            assert!(told.contains(place), "{told}");
            assert!(told.contains(found), "{told}");
            assert!(!told.contains("MUSTERMANN"), "{told}");
        }
    }
}
