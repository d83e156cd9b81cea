//! `gatectl document`: reads the arguments, and says how it went.

use crate::inspection::{self, Desk, Inspected};
use crate::{Exit, barcode, beside, chip, dump, report, zone};
use clap::{Args, Subcommand};
use gate_document::policy::{Policy, PolicyError};
use gate_document::{Fault, Mrz, MrzError, TrustStore, TrustStoreError};
use std::io;
use std::path::{Path, PathBuf};

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

/// What keeps a command from beginning.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    /// Give one of --mrz, --mrz-file and --can.
    #[error(
        "the chip opens with the printed zone (--mrz, --mrz-file) or the card access number (--can)"
    )]
    NoKey,
    /// Compare the lines with the document; `<` is a filler.
    #[error("the printed zone cannot be read: {0}")]
    Zone(#[from] MrzError),
    /// Look at path and permissions.
    #[error("{path}: {problem}")]
    File {
        /// Which file.
        path: String,
        /// What the system said.
        problem: io::Error,
    },
    /// The bundle holds PEM certificates.
    #[error("{path}: {problem}")]
    Trust {
        /// Which file.
        path: String,
        /// Why it is no bundle.
        problem: TrustStoreError,
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
}

impl Problem {
    const fn exit(&self) -> Exit {
        match self {
            Self::NoKey | Self::Zone(_) | Self::Page(beside::PageError::Visa(_)) => Exit::Usage,
            Self::File { .. }
            | Self::Trust { .. }
            | Self::Policy { .. }
            | Self::Bundle(_)
            | Self::Dump(_)
            | Self::Page(_) => Exit::Fault,
        }
    }

    /// Which rule of the standard a zone breaks; a file or a command line breaks none.
    fn fault(&self) -> Option<Fault> {
        match self {
            Self::Zone(problem) | Self::Page(beside::PageError::Visa(problem)) => {
                Some(problem.fault())
            }
            _ => None,
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
    result.unwrap_or_else(|problem| {
        report::problem(&problem);
        if let Some(fault) = problem.fault() {
            let next = "compare the lines with the document";
            report::not_read(&problem, Some(&fault), next, json);
        }
        problem.exit()
    })
}

impl Read {
    fn run(&self) -> Result<Exit, Problem> {
        let printed = self.zone.read()?;
        let key = match (&self.can, &printed) {
            (Some(can), _) => inspection::Key::Can(can.clone().into()),
            (None, Some(zone)) => inspection::Key::Zone(Box::new(zone.clone())),
            (None, None) => return Err(Problem::NoKey),
        };
        let policy = self.common.policy()?;
        let trust = self.common.trust(&policy)?;
        let beside = self.common.beside.read()?;
        let (zone, files) = match chip::read(&self.reader, self.wait, &key) {
            Ok(read) => read,
            Err(problem) => {
                let next = problem.next_step();
                report::not_read(&problem, Some(&problem.fault()), next, self.common.json);
                return Ok(problem.exit());
            }
        };
        if let Some(folder) = &self.dump {
            dump::write(folder, &files)?;
            report::step(&format!("files written to {}", folder.display()));
        }
        let zone = zone.or(printed);
        let desk = Desk {
            beside: &beside,
            trust: &trust,
            policy: &policy,
        };
        let inspected = inspection::inspect_read(zone.as_ref(), &files, &desk);
        Ok(finish(&inspected, self.common.json))
    }
}

impl Check {
    fn run(&self) -> Result<Exit, Problem> {
        let files = dump::read(&self.paths)?;
        for (file, bytes) in files.iter() {
            report::step(&format!("{file}: {} bytes", bytes.len()));
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
        let inspected = inspection::inspect_dumped(zone.as_ref(), &files, &desk);
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
        let text = match (&self.mrz, &self.mrz_file) {
            (Some(lines), _) => lines.join("\n"),
            (None, Some(path)) => {
                let bytes = read_file(path)?;
                String::from_utf8_lossy(&bytes).into_owned()
            }
            (None, None) => return Ok(None),
        };
        let zone = Mrz::read_tolerant(&zeroize::Zeroizing::new(text))?;
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
        let text = read_file(path)?;
        let name = path.display().to_string();
        Policy::parse(&String::from_utf8_lossy(&text)).map_err(|problem| Problem::Policy {
            path: name,
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
            None => TrustStore::from_pem(&read_file(path)?).map_err(|problem| Problem::Trust {
                path: path.display().to_string(),
                problem,
            })?,
        };
        Ok(store.with_freshness(policy.freshness()))
    }
}

fn read_file(path: &Path) -> Result<Vec<u8>, Problem> {
    dump::bounded(path).map_err(|problem| Problem::File {
        path: path.display().to_string(),
        problem,
    })
}
