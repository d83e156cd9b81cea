//! A zone that somebody wrote into a file: its lines and nothing else, however an editor saved them.

use super::{Mrz, MrzError};
use crate::fault::Fault;
use zeroize::Zeroizing;

/// Why a file is no zone. None of it repeats what stands there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WrittenError {
    /// Save the file as UTF-8, or as plain ASCII.
    #[error("line {line}: not in UTF-8; A to Z, 0 to 9 and < expected")]
    Encoding {
        /// Line of the file, from 1.
        line: usize,
    },
    /// The lines of one zone belong into the file, and nothing else.
    #[error("{found} lines with text, 2 or 3 expected")]
    Lines {
        /// Lines that are not blank.
        found: usize,
    },
    /// Compare the line with the document: a filler is missing, or one too many.
    #[error("line {line}: {found} characters, {expected} expected")]
    Length {
        /// Line of the file, from 1.
        line: usize,
        /// Characters without the blanks around them.
        found: usize,
        /// Characters of the format that comes nearest.
        expected: usize,
    },
    /// See [`MrzError`].
    #[error("line {line}: {problem}")]
    Zone {
        /// Line of the file, from 1.
        line: usize,
        /// What is wrong, and where in the zone.
        problem: MrzError,
    },
}

impl WrittenError {
    /// The failure in words that stay.
    #[must_use]
    pub fn fault(&self) -> Fault {
        let shape = MrzError::Shape {
            lines: 0,
            longest: 0,
        };
        match self {
            Self::Zone { problem, .. } => problem.fault(),
            Self::Lines { .. } | Self::Length { .. } => shape.fault(),
            Self::Encoding { line } => Fault {
                kind: "zone-encoding",
                step: format!("printed zone, line {line} of the file"),
                rule: "a zone has only A to Z, 0 to 9 and <",
                clause: "Doc 9303-3, 4.3",
            },
        }
    }
}

/// Reads the zone in a file with `read`, for example [`Mrz::read_tolerant`].
///
/// A byte-order mark, any line ends, blank lines, and blanks around a line are no part of the zone. A
/// blank inside a line is a filler, as everywhere; and so are those around it where the line has the
/// length of its format only with them.
///
/// # Errors
///
/// [`WrittenError`], with the line of the file.
pub fn written(
    file: &[u8],
    read: impl Fn(&str) -> Result<Mrz, MrzError>,
) -> Result<Mrz, WrittenError> {
    let text = text(file)?;
    let end = if text.contains('\n') { '\n' } else { '\r' };
    let lines = text.split(end).zip(1..);
    let lines: Vec<(&str, usize)> = lines.filter(|(line, _)| !line.trim().is_empty()).collect();
    let blanks: [fn(&str) -> &str; 3] = [str::trim, str::trim_start, |line| {
        line.trim_end_matches('\r')
    }];
    let mut readings = blanks.into_iter().map(|bare| {
        let zone: Vec<&str> = lines.iter().map(|(line, _)| bare(line)).collect();
        read(&Zeroizing::new(zone.join("\n")))
    });
    let is_shaped = |result: &Result<Mrz, MrzError>| !matches!(result, Err(MrzError::Shape { .. }));
    match readings.find(is_shaped) {
        Some(Ok(zone)) => Ok(zone),
        Some(Err(problem)) => Err(at_its_line(problem, &lines)),
        None => Err(misshapen(&lines)),
    }
}

fn text(file: &[u8]) -> Result<&str, WrittenError> {
    let bare = file.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(file);
    let text = core::str::from_utf8(bare).map_err(|problem| {
        let before = bare.get(..problem.valid_up_to()).unwrap_or_default();
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        WrittenError::Encoding { line }
    })?;
    // UTF-16 without a mark is UTF-8 with a zero in every other place.
    match text.contains('\0') {
        true => Err(WrittenError::Encoding { line: 1 }),
        false => Ok(text),
    }
}

fn at_its_line(problem: MrzError, lines: &[(&str, usize)]) -> WrittenError {
    let of_zone = match problem {
        MrzError::Character { line, .. }
        | MrzError::CheckDigit { line, .. }
        | MrzError::Date { line, .. } => line,
        MrzError::Shape { .. } => 1,
    };
    // A zone without separators is all in one line of the file.
    let line = lines.get(of_zone - 1).or_else(|| lines.first());
    WrittenError::Zone {
        line: line.map_or(1, |(_, line)| *line),
        problem,
    }
}

/// The first line that is not as long as those of the format that comes nearest.
fn misshapen(lines: &[(&str, usize)]) -> WrittenError {
    let length = |line: &str| line.trim().chars().count();
    let longest = lines.iter().map(|(line, _)| length(line)).max();
    let expected = match (lines.len(), longest.unwrap_or(0)) {
        (3, _) => 30,
        (2, ..=40) => 36,
        (2, _) => 44,
        (found, _) => return WrittenError::Lines { found },
    };
    let wrong = lines.iter().find(|(line, _)| length(line) != expected);
    let (line, at) = wrong.or(lines.first()).copied().unwrap_or_default();
    WrittenError::Length {
        line: at,
        found: length(line),
        expected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &str = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<";
    const TWO: &str = "L898902C36UTO7408122F1204159ZE184226B<<<<<10";

    fn read(file: &[u8]) -> Result<Mrz, WrittenError> {
        written(file, Mrz::parse)
    }

    #[test]
    fn however_an_editor_saved_it_the_zone_is_the_same() {
        let plain = Mrz::parse(&format!("{ONE}\n{TWO}")).unwrap();
        let spaces = ONE.replace('<', " ");
        for (file, what) in [
            (format!("{ONE}\n{TWO}\n"), "plain"),
            (format!("\u{feff}{ONE}\r\n{TWO}\r\n"), "mark and CRLF"),
            (format!("\n\n{ONE}\n\n\n{TWO}\n\n"), "blank lines"),
            (format!("  {ONE}\n\t{TWO}\n"), "indented"),
            (format!("{ONE}   \n{TWO} \t \r\n"), "blanks at the end"),
            (format!("{ONE}\r{TWO}\r"), "CR alone"),
            (format!("{ONE}{TWO}"), "no separator"),
            (format!("{spaces}\n{TWO}\n"), "blanks for fillers"),
            (format!("    {spaces}\n    {TWO}\n"), "the same, indented"),
        ] {
            assert_eq!(read(file.as_bytes()), Ok(plain.clone()), "{what}");
        }
    }

    #[test]
    fn what_is_no_zone_is_said_with_the_line_of_the_file() {
        let short = &TWO[..43];
        let digit = TWO.replacen("7408122", "7408123", 1);
        for (file, said) in [
            (String::new(), "0 lines with text, 2 or 3 expected"),
            (format!("{ONE}\n"), "1 lines with text, 2 or 3 expected"),
            (
                format!("{ONE}\n\n\n{short}\n"),
                "line 4: 43 characters, 44 expected",
            ),
            (
                format!("a note\n{ONE}\n{TWO}\n"),
                "line 1: 6 characters, 30 expected",
            ),
            (
                format!("\n{ONE}\n\n{digit}\n"),
                "line 4: zone line 2, position 20: check digit over date of birth is wrong",
            ),
        ] {
            let problem = read(file.as_bytes()).unwrap_err();
            assert_eq!(problem.to_string(), said);
            assert!(problem.fault().kind.starts_with("zone-"));
        }
        let wide: Vec<u8> = ONE.bytes().flat_map(|byte| [byte, 0]).collect();
        let marked = [b"\xFF\xFE", &wide[..]].concat();
        let torn = [ONE.as_bytes(), b"\nL898902C3\xFF"].concat();
        for (file, line) in [(wide, 1), (marked, 1), (torn, 2)] {
            assert_eq!(read(&file), Err(WrittenError::Encoding { line }));
        }
    }
}
