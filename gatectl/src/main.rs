//! The technician's command.
//!
//! `gatectl document read` and `gatectl document check` inspect a document on any PC/SC reader or
//! from dumped files, as the gate does; `gatectl document barcode` says what a barcode is; `gatectl
//! reader which` finds out which reader of printed zones is on a serial line; `gatectl trust` makes the
//! bundle that says whom gates believe. Progress and failures go to standard error, the result to
//! standard output; with `--json` exactly one object is there, a failure's too (`schemas/`).
//! No name, number or picture is printed: only `--dump` lets a document's data out, into files, and
//! `--show` of `document mrz` and `document barcode` what stands in a zone or a hint.

#[macro_use]
mod print;

mod barcode;
mod beside;
mod chip;
mod details;
mod document;
mod dump;
mod face;
mod failure;
mod file;
mod inspection;
mod reader;
mod report;
mod trust;
mod usage;
mod zone;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Documents and readers, on a desk or at a lane.
#[derive(Debug, Parser)]
#[command(version, after_help = EXIT_CODES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Travel documents.
    #[command(subcommand, after_help = EXIT_CODES)]
    Document(document::Command),
    /// Readers of printed zones.
    #[command(subcommand, after_help = EXIT_CODES)]
    Reader(reader::Command),
    /// The signed bundle that says whom gates believe.
    #[command(subcommand, after_help = EXIT_CODES)]
    Trust(trust::Command),
    /// Faces: comparing photographs, and measuring how often the gate errs.
    #[command(subcommand, after_help = EXIT_CODES)]
    Face(face::Command),
}

const EXIT_CODES: &str = "Exit codes:
  0  done; for a document: every check that could be done was passed
  1  the document was inspected, and a check failed or could not be done; for a trust bundle: it, or
     one of its sources, is not to be used
  2  the command line is wrong
  3  the document could not be read: none there, taken away, or it refused the key
  4  a reader, a serial line or a file does not work
A failure is told on standard error, with what to do next. With --json it is one object on standard
output, too, with kind, step and rule, whatever the exit code: gatectl/schemas/failure.schema.json.";

/// How a command ends; see `gatectl --help`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Exit {
    Done = 0,
    Findings = 1,
    Usage = 2,
    NotRead = 3,
    Fault = 4,
}

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(problem) => return ExitCode::from(usage::tell(problem) as u8),
    };
    let exit = match arguments.command {
        Command::Document(command) => document::run(&command),
        Command::Reader(command) => reader::run(&command),
        Command::Trust(command) => trust::run(&command),
        Command::Face(command) => face::run(&command),
    };
    ExitCode::from(exit as u8)
}
