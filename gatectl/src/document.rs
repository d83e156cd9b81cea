//! `gatectl document`: reads the arguments, and says how it went.

use crate::failure::{self, Failing, Failure};
use crate::file::{self, FileError, LONGEST};
use crate::inspection::{self, Desk, Inspected};
use crate::{Exit, barcode, beside, chip, dump, report, zone};
use clap::{Args, Subcommand};
use gate_document::access::CardAccessNumber;
use gate_document::mrz::{self, WrittenError};
use gate_document::policy::{Policy, PolicyError};
use gate_document::{Mrz, TrustStore, TrustStoreError};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Reads the document on a PC/SC reader and judges it.
    Read(Read),
    /// Judges data groups that were dumped before.
    Check(Check),
    /// Reads the machine readable zone out of a picture of a page.
    Mrz(zone::Arguments),
    /// Says what a barcode is: a seal, or the unsigned hint on a Vietnamese identity card.
    Barcode(barcode::Arguments),
}

#[derive(Debug, Args)]
pub(crate) struct Read {
    /// A part of the PC/SC reader's name; the first reader if not given.
    #[arg(long, default_value = "")]
    reader: String,
    /// The card access number, printed on the front of a card (Doc 9303-11, 4.4). With a zone beside
    /// it, the number opens the chip and the zone is compared.
    #[arg(long)]
    can: Option<String>,
    #[command(flatten)]
    zone: Zone,
    #[command(flatten)]
    common: Common,
    /// Writes the files of the chip into this folder, which is made if it is not there. They hold
    /// the traveller's name and face.
    #[arg(long)]
    dump: Option<PathBuf>,
    /// Seconds to wait for a document.
    #[arg(long, default_value_t = 30)]
    wait: u64,
}

#[derive(Debug, Args)]
#[command(after_help = dump::NAMES)]
pub(crate) struct Check {
    /// Folders of dumped files, or the files themselves.
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    zone: Zone,
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, Args)]
struct Common {
    #[command(flatten)]
    beside: beside::Arguments,
    /// Country signing certificates in PEM, one after the other; or a trust bundle, with
    /// --trust-key. Without it no signer is trusted.
    #[arg(long)]
    trust: Option<PathBuf>,
    /// The public key of the trust bundle: --trust is the bundle of a gate then.
    #[arg(long, requires = "trust")]
    trust_key: Option<PathBuf>,
    /// What the result of each check does, in TOML, as a gate's own policy: a file names what differs
    /// from the default.
    #[arg(long)]
    policy: Option<PathBuf>,
    /// The result as one JSON object on standard output.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Zone {
    /// The lines of the printed zone, as separate words or with any separator. They stay in the
    /// shell's memory: rather use --mrz-file for somebody's real document.
    #[arg(long, num_args = 1..=3, group = "key")]
    mrz: Option<Vec<String>>,
    /// A file with the lines of the printed zone.
    #[arg(long, group = "key")]
    mrz_file: Option<PathBuf>,
}

/// Why a document is not judged.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    /// Give one of --mrz, --mrz-file and --can.
    #[error(
        "the chip opens with the printed zone (--mrz, --mrz-file) or the card access number (--can)"
    )]
    NoKey,
    /// Look on the front of the card, or under the zone of a passport.
    #[error("--can: {found} given, a card access number has six digits")]
    AccessNumber {
        /// How many characters of which kind.
        found: String,
    },
    /// Compare the lines with the document; `<` is a filler.
    #[error("{place}: the printed zone cannot be read: {problem}")]
    Zone {
        /// The file, or `--mrz`.
        place: String,
        /// Where in it, and what is wrong.
        problem: WrittenError,
    },
    /// See [`FileError`].
    #[error("{problem}")]
    File {
        /// What the file is for.
        step: &'static str,
        /// What is wrong.
        problem: FileError,
    },
    /// The file holds certificates in PEM, or a bundle whose key is given as well.
    #[error("{path}: {problem}{hint}")]
    Trust {
        /// Which file.
        path: String,
        /// Why nobody can be trusted by it.
        problem: TrustStoreError,
        /// What it seems to be.
        hint: &'static str,
    },
    /// The error names the key, what is expected, and the nearest name that is known.
    #[error("{path}: {problem}")]
    Policy {
        /// Which file.
        path: String,
        /// What is wrong in it.
        problem: PolicyError,
    },
    /// See [`crate::trust::Problem`].
    #[error(transparent)]
    Bundle(#[from] crate::trust::Problem),
    /// See [`dump::DumpError`].
    #[error(transparent)]
    Dump(#[from] dump::DumpError),
    /// See [`beside::PageError`].
    #[error(transparent)]
    Page(#[from] beside::PageError),
    /// See [`chip::NotRead`].
    #[error(transparent)]
    Chip(#[from] chip::NotRead),
    /// See [`barcode::NotRead`].
    #[error("{path}: {problem}")]
    Barcode {
        /// Which file.
        path: String,
        /// Why it says nothing.
        problem: barcode::NotRead,
    },
    /// `--mrz` takes three lines at most, each in quotes.
    #[error("a line of a zone, not repeated here, stands where a file or folder is expected")]
    StrayLine,
}

impl Failing for Problem {
    fn failure(&self) -> Failure {
        match self {
            Self::NoKey => Failure::new(
                "no-key",
                "command line",
                "a chip opens with the printed zone or the card access number",
                "give --mrz-file, --mrz or --can",
            ),
            Self::AccessNumber { .. } => Failure {
                clause: Some("Doc 9303-11, 4.4"),
                ..Failure::new(
                    "can-format",
                    "card access number",
                    "a card access number has six digits",
                    "give the number, or --mrz or --mrz-file",
                )
            },
            Self::Zone { problem, .. } => {
                Failure::of(problem.fault(), "compare the lines with the document")
            }
            Self::File { step, problem } => problem.failure(step),
            Self::Trust { .. } => Failure::new(
                "trust-file",
                "whom to trust",
                "the file holds certificates in PEM, each of which can be read",
                "give the certificates in PEM, or a trust bundle with --trust-key",
            ),
            Self::Policy { .. } => Failure::new(
                "policy-file",
                "policy",
                "a policy has known keys and values, and no less than the floor",
                "correct the file: gate-document/policy/default.toml has every key",
            ),
            Self::Bundle(problem) => problem.failure(),
            Self::Dump(problem) => problem.failure(),
            Self::Page(problem) => problem.failure(),
            Self::Chip(problem) => problem.failure(),
            Self::Barcode { problem, .. } => problem.failure(),
            Self::StrayLine => Failure::new(
                "stray-line",
                "command line",
                "files and folders are named apart from the lines of a zone",
                "name the folder first, and give --mrz two or three lines in quotes",
            ),
        }
    }

    fn exit(&self) -> Exit {
        match self {
            Self::NoKey | Self::AccessNumber { .. } | Self::Zone { .. } | Self::StrayLine => {
                Exit::Usage
            }
            Self::File { .. } | Self::Trust { .. } | Self::Policy { .. } | Self::Bundle(_) => {
                Exit::Fault
            }
            Self::Dump(problem) => problem.exit(),
            Self::Page(problem) => problem.exit(),
            Self::Chip(problem) => problem.exit(),
            Self::Barcode { problem, .. } => problem.exit(),
        }
    }
}

pub(crate) fn run(command: &Command) -> Exit {
    let (result, json) = match command {
        Command::Read(read) => (read.run(), read.common.json),
        Command::Check(check) => (check.run(), check.common.json),
        Command::Barcode(barcode) => (barcode.run(), barcode.json),
        Command::Mrz(arguments) => return zone::run(arguments),
    };
    result.unwrap_or_else(|problem| failure::tell(&problem, json))
}

impl Read {
    fn run(&self) -> Result<Exit, Problem> {
        let printed = self.zone.read()?;
        let key = match (&self.can, &printed) {
            (Some(can), _) => inspection::Key::Can(access_number(can)?),
            (None, Some(zone)) => inspection::Key::Zone(Box::new(zone.clone())),
            (None, None) => return Err(Problem::NoKey),
        };
        let policy = self.common.policy()?;
        let trust = self.common.trust(&policy)?;
        let beside = self.common.beside.read()?;
        if let Some(folder) = &self.dump {
            dump::prepare(folder)?;
        }
        let (opened, files) = chip::read(&self.reader, self.wait, &key)?;
        if let Some(folder) = &self.dump {
            dump::write(folder, &files)?;
            report::step(&format!("files written to {}", folder.display()));
        }
        let desk = Desk {
            beside: &beside,
            trust: &trust,
            policy: &policy,
        };
        let inspected = inspection::inspect_read(printed.as_ref(), opened.as_ref(), &files, &desk);
        Ok(finish(&inspected, self.common.json))
    }
}

impl Check {
    fn run(&self) -> Result<Exit, Problem> {
        if self.paths.iter().any(|path| is_zone_line(path)) {
            return Err(Problem::StrayLine);
        }
        let dump = dump::read(&self.paths)?;
        for (file, bytes) in dump.files.iter() {
            report::step(&format!("{file}: {} bytes", bytes.len()));
        }
        for left in &dump.left_out {
            report::step(&format!("{}: left out: {}", left.file, left.problem));
        }
        let zone = self.zone.read()?;
        let beside = self.common.beside.read()?;
        let policy = self.common.policy()?;
        let trust = self.common.trust(&policy)?;
        let desk = Desk {
            beside: &beside,
            trust: &trust,
            policy: &policy,
        };
        let inspected = inspection::inspect_dumped(zone.as_ref(), dump, &desk);
        Ok(finish(&inspected, self.common.json))
    }
}

fn finish(inspected: &Inspected, json: bool) -> Exit {
    report::inspected(inspected, json);
    if inspected.is_good {
        Exit::Done
    } else {
        Exit::Findings
    }
}

impl Zone {
    pub(crate) fn read(&self) -> Result<Option<Mrz>, Problem> {
        let (place, written) = match (&self.mrz, &self.mrz_file) {
            (Some(lines), _) => {
                let lines = Zeroizing::new(lines.join("\n").into_bytes());
                ("--mrz".to_owned(), lines)
            }
            (None, Some(path)) => {
                let step = "printed zone";
                let bytes = file::read(path, LONGEST);
                let bytes = bytes.map_err(|problem| Problem::File { step, problem })?;
                (path.display().to_string(), bytes)
            }
            (None, None) => return Ok(None),
        };
        let zone = mrz::written(&written, Mrz::read_tolerant)
            .map_err(|problem| Problem::Zone { place, problem })?;
        for place in zone.repairs() {
            report::step(&format!(
                "printed zone corrected under a check digit: {place}"
            ));
        }
        for wrong in zone.wrong_digits() {
            report::step(&format!(
                "check digit over {} is wrong ({}): taken as printed, compare it with the document",
                wrong.field, wrong.at
            ));
        }
        Ok(Some(zone))
    }
}

impl Common {
    fn policy(&self) -> Result<Policy, Problem> {
        let Some(path) = &self.policy else {
            return Ok(Policy::default());
        };
        let step = "policy";
        let text = file::text(path).map_err(|problem| Problem::File { step, problem })?;
        Policy::parse(&text).map_err(|problem| Problem::Policy {
            path: path.display().to_string(),
            problem,
        })
    }

    /// Whom to trust, and as long as `policy` says.
    fn trust(&self, policy: &Policy) -> Result<TrustStore, Problem> {
        let Some(path) = &self.trust else {
            return Ok(TrustStore::empty());
        };
        let store = match &self.trust_key {
            Some(key) => crate::trust::open(path, key)?,
            None => {
                let step = "whom to trust";
                let bytes = file::read(path, LONGEST);
                let bytes = bytes.map_err(|problem| Problem::File { step, problem })?;
                TrustStore::from_pem(&bytes).map_err(|problem| Problem::Trust {
                    path: path.display().to_string(),
                    problem,
                    hint: match bytes.first() {
                        // What both begin with in DER.
                        Some(0x30) => {
                            "; it seems to be a certificate in DER, or a bundle without --trust-key"
                        }
                        _ => "; certificates in PEM expected",
                    },
                })?
            }
        };
        if store.count() == 0 {
            report::step(&format!(
                "{}: no authority in it, so no signer is trusted",
                path.display()
            ));
        }
        Ok(store.with_freshness(policy.freshness()))
    }
}

/// An error about such a path would repeat a name or a number.
fn is_zone_line(path: &Path) -> bool {
    let text = path.as_os_str().as_encoded_bytes();
    let of_zone = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'<';
    matches!(text.len(), 30 | 36 | 44) && text.iter().all(of_zone) && !path.exists()
}

/// Before a reader is touched: what is no number opens no chip.
fn access_number(text: &str) -> Result<CardAccessNumber, Problem> {
    CardAccessNumber::new(text).ok_or_else(|| {
        let text = text.trim();
        let digits = text.chars().filter(char::is_ascii_digit).count();
        let others = text.chars().count() - digits;
        Problem::AccessNumber {
            found: match others {
                0 => format!("{digits} digits"),
                _ => format!("{digits} digits and {others} other characters"),
            },
        }
    })
}
