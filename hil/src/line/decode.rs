//! `hil decode`: a recording in words.

use super::Line;
use super::hex::Privacy;
use super::words::{Interpreter, Spoken};
use crate::print;
use anyhow::{Context, anyhow};
use gate_sim::recording::{Reader, Side};
use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

/// What to put into words.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The recording, as `hil record` writes it.
    file: PathBuf,
    /// Who is at the far end of the line, if the recording says it wrongly: controller, unknown, or
    /// a reader's profile.
    #[arg(long, value_name = "WHO")]
    line: Option<Line>,
    /// Print what travellers' documents say: names, numbers, birthdays. Without this they are
    /// hidden.
    #[arg(long)]
    show_personal: bool,
}

/// Prints the recording.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let name = || options.file.display().to_string();
    let file = File::open(&options.file).with_context(name)?;
    let mut recording = Reader::open(BufReader::new(file)).with_context(name)?;
    let header = recording.header().clone();
    let recorded: Line = header
        .line
        .parse()
        .map_err(|problem| anyhow!("{}: line 1: `line`: {problem}", name()))?;
    let line = options.line.unwrap_or(recorded);
    let is_open = options.show_personal || (line, recorded) == (Line::Controller, Line::Controller);
    let privacy = match is_open {
        true => Privacy::Open,
        false => Privacy::Hidden,
    };
    say!(
        "{line} on {} at {} baud, recorded {}",
        header.port.escape_debug(),
        header.baud,
        if header.began.is_empty() {
            "nobody knows when"
        } else {
            header.began.get(..40).unwrap_or(&header.began)
        }
        .escape_debug()
    );
    let mut interpreter = Interpreter::new(line, privacy);
    let mut bytes = [0_usize; 2];
    let mut bad = 0;
    while let Some(chunk) = recording.chunk().with_context(name)? {
        bytes[usize::from(chunk.from == Side::Device)] += chunk.bytes.len();
        bad += show(line, interpreter.take(&chunk));
        if !print::is_heard() {
            return Ok(());
        }
    }
    bad += show(line, interpreter.finish());
    say!(
        "{} bytes from the host, {} from the {}",
        bytes[0],
        bytes[1],
        line.device()
    );
    match bad {
        0 => say!("nothing is wrong with any frame"),
        1 => say!("1 line above tells of something wrong: it begins with !"),
        _ => say!("{bad} lines above tell of something wrong: they begin with !"),
    }
    if recording.is_torn() {
        say!("the file breaks off in its last line, which is left out");
    }
    if privacy == Privacy::Hidden {
        say!("letters and digits of documents are hidden; --show-personal shows them");
    }
    Ok(())
}

/// Prints what was said; tells how much of it is bad.
fn show(line: Line, spoken: Vec<Spoken>) -> usize {
    let mut bad = 0;
    for one in spoken {
        let us = one.at.as_micros();
        let (seconds, micros) = (us / 1_000_000, us % 1_000_000);
        bad += usize::from(one.bad);
        say!(
            "{}{seconds:>6}.{micros:06} {:10} {}",
            if one.bad { '!' } else { ' ' },
            line.side(one.from),
            one.words
        );
    }
    bad
}
