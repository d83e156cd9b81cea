//! Why a command has no result: in words, and with `--json` as the one object on standard output, of
//! the same form as that of `gatectl` (`gatectl/schemas/failure.schema.json`).

use gate_document::Fault;
use gate_document::mrz::WrittenError;
use std::fmt;
use std::io;

/// The step in which a command failed: the outermost context of its error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Arguments,
    Profile,
    Data,
    Key,
    Token,
    Certificates,
    Signature,
    Barcode,
    Zone,
    Output,
}

impl Step {
    /// Kind, name, rule and what to do.
    const fn words(self) -> [&'static str; 4] {
        match self {
            Self::Arguments => [
                "usage",
                "command line",
                "the command line is one that --help describes",
                "see --help of the command",
            ],
            Self::Profile => [
                "permit-profile",
                "profile",
                "a profile has known keys and values",
                "correct the line: gate-document/permits/README.md has the keys",
            ],
            Self::Data => [
                "permit-data",
                "data",
                "every mandatory feature is there, of its type and length",
                "correct the line; the profile says what belongs there",
            ],
            Self::Key => [
                "signer-key",
                "signer's key",
                "the private key is in PEM, and that of the certificate",
                "give key and certificate of one signer",
            ],
            Self::Token => [
                "signer-token",
                "signer's token",
                "the token is there, opens with its PIN and has the key",
                "look at --module, --token, --label and --pin-file",
            ],
            Self::Certificates => [
                "certificate-file",
                "certificates",
                "the file holds a certificate or more in PEM or DER",
                "export the certificate as PEM",
            ],
            Self::Signature => [
                "signature",
                "signature",
                "header, features and signature make a seal",
                "compare profile, issuer and the signer's certificate",
            ],
            Self::Barcode => [
                "barcode",
                "barcode",
                "the file is a picture of one barcode, or the bytes of one",
                "take the picture again, one barcode flat and whole; bytes are in a file ending in .bin",
            ],
            Self::Zone => [
                "zone",
                "printed zone",
                "the file has the lines of a zone",
                "compare the lines with the document",
            ],
            Self::Output => [
                "unwritable-file",
                "output",
                "the file can be written, and ends in .png, .svg or .bin",
                "correct the path, its ending or the permissions",
            ],
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words()[1])
    }
}

/// Tells of an error.
pub(crate) fn tell(error: &anyhow::Error, json: bool) {
    let step = error.downcast_ref().copied().unwrap_or(Step::Arguments);
    let [kind, name, rule, next] = step.words();
    let of_zone = error.downcast_ref().map(WrittenError::fault);
    let of_system = error.chain().any(|cause| cause.is::<io::Error>());
    let (fault, clause) = match of_zone {
        Some(fault) => {
            let clause = Some(fault.clause);
            (fault, clause)
        }
        None => {
            let kind = match step {
                Step::Output => kind,
                _ if of_system => "unreadable-file",
                _ => kind,
            };
            let fault = Fault {
                kind,
                step: name.to_owned(),
                rule,
                clause: "",
            };
            (fault, None)
        }
    };
    if json {
        let mut object = serde_json::json!({
            "read": false,
            "problem": format!("{error:#}"),
            "kind": fault.kind,
            "step": fault.step,
            "rule": fault.rule,
            "next": next,
        });
        if let Some(clause) = clause {
            object["clause"] = clause.into();
        }
        println!("{object}");
    }
    eprintln!("gate-permit: {error:#}\n  next: {next}");
}
