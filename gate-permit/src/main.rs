//! Issues and verifies permits with a signed barcode.
//!
//! What a permit looks like stands in a profile (`gate-document/permits/README.md`); keys are files in
//! PEM or stay in a PKCS#11 token.

#![forbid(unsafe_code)]

mod failure;
mod file;
mod issue;
mod key;
mod keygen;
mod picture;
mod token;
mod verify;

use clap::{Parser, Subcommand};
use failure::Step;
use std::process::ExitCode;

const EXIT_CODES: &str = "Exit codes:
  0  done; for verify: a gate would accept the permit
  1  verify: a gate would refuse the permit
  2  the command line is wrong, or a file, a key or a token cannot be used
A failure is told on standard error, with what to do next. With --json it is one object on standard
output, too, with kind, step and rule: gatectl/schemas/failure.schema.json.";

/// Issues and verifies permits with a signed barcode.
#[derive(Debug, Parser)]
#[command(version, after_help = EXIT_CODES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Makes a signed permit: a picture to print, or the bytes of the barcode.
    Issue(issue::Issue),
    /// Verifies a permit as a gate would. Exits with 1 when the gate would refuse it.
    Verify(verify::Verify),
    /// Makes an authority and a signer for tests.
    Keygen(keygen::Keygen),
}

fn main() -> ExitCode {
    let command = match Arguments::try_parse() {
        Ok(arguments) => arguments.command,
        Err(problem) => return misunderstood(&problem),
    };
    let json = matches!(&command, Command::Verify(verify) if verify.json);
    let done = match command {
        Command::Issue(issue) => issue.run().map(|()| true),
        Command::Verify(verify) => verify.run(),
        Command::Keygen(keygen) => keygen.run().map(|()| true),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            failure::tell(&error, json);
            ExitCode::from(2)
        }
    }
}

/// Prints help where it was asked for, and else what is wrong.
fn misunderstood(problem: &clap::Error) -> ExitCode {
    if !problem.use_stderr() {
        // Nobody is left to tell where standard output is closed.
        let _ = problem.print();
        return ExitCode::SUCCESS;
    }
    if std::env::args_os().any(|word| word == "--json") {
        let text = problem.to_string();
        let text = text.trim_start_matches("error: ").trim_end().to_owned();
        failure::tell(&anyhow::Error::msg(text).context(Step::Arguments), true);
    } else {
        let _ = problem.print();
    }
    ExitCode::from(2)
}
