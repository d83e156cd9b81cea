//! Issues and verifies permits with a signed barcode.
//!
//! What a permit looks like stands in a profile (`gate-document/permits/README.md`); keys are files in
//! PEM or stay in a PKCS#11 token.

#![forbid(unsafe_code)]

mod issue;
mod key;
mod keygen;
mod picture;
mod token;
mod verify;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

/// Issues and verifies permits with a signed barcode.
#[derive(Debug, Parser)]
#[command(version)]
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
    let done = match Arguments::parse().command {
        Command::Issue(issue) => issue.run().map(|()| true),
        Command::Verify(verify) => verify.run(),
        Command::Keygen(keygen) => keygen.run().map(|()| true),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("gate-permit: {error:#}");
            ExitCode::from(2)
        }
    }
}
