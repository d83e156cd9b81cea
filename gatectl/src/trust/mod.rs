//! `gatectl trust`: makes the signed bundle that says whom gates believe, and shows what is in one.
//!
//! What is believed is decided by [`gate_document::trust`]; this only brings files there and back.

mod sources;

use crate::failure::{self, Failing, Failure};
use crate::file::FileError;
use crate::{Exit, report};
use clap::Subcommand;
use gate_document::trust::assembly::AssemblyError;
use gate_document::trust::bundle::{BundleError, BundleKey, BundleSigner};
use gate_document::trust::coverage::{self, Coverage};
use gate_document::trust::difference::Difference;
use gate_document::trust::{TrustStore, TrustStoreError};
use gate_host::clock;
use jiff::civil::Date;
use sources::{Sources, bounded};
use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Makes the key that signs bundles, and beside it, with `.pub` at its end, the one that gates
    /// pin. The key has no password: keep it where bundles are made, never at a gate.
    Key {
        /// The file of the key, which must not exist yet.
        file: PathBuf,
    },
    /// Makes a bundle of what the sources hold, says what changes, and what is missing.
    #[command(after_help = sources::EXAMPLE)]
    Build {
        /// The file that names the sources.
        sources: PathBuf,
        /// The key that `gatectl trust key` has made.
        #[arg(long)]
        key: PathBuf,
        /// The bundle to write, which must not exist yet.
        #[arg(long)]
        out: PathBuf,
        /// The bundle that gates have now: the new one is compared with it and has the next version.
        #[arg(long)]
        previous: Option<PathBuf>,
        /// The public key of the previous bundle, if it is another one.
        #[arg(long, requires = "previous")]
        previous_key: Option<PathBuf>,
        /// Makes it even if it takes much away.
        #[arg(long)]
        force: bool,
    },
    /// Shows of which States a bundle lets documents be judged, and how well.
    Show {
        /// The bundle.
        bundle: PathBuf,
        /// The public key that gates pin.
        #[arg(long)]
        key: PathBuf,
        /// States whose documents are expected, as in the zone: `VNM,LAO`.
        #[arg(long, value_delimiter = ',')]
        expect: Vec<String>,
        /// As one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Says what changes from one bundle to another.
    Diff {
        /// The bundle before.
        old: PathBuf,
        /// The bundle after.
        new: PathBuf,
        /// The public key that gates pin.
        #[arg(long)]
        key: PathBuf,
    },
    /// Verifies the signature of a bundle, and that all of it can be read.
    Verify {
        /// The bundle.
        bundle: PathBuf,
        /// The public key that gates pin.
        #[arg(long)]
        key: PathBuf,
    },
}

/// What keeps a command from ending well.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Problem {
    /// See [`FileError`].
    #[error(transparent)]
    File(#[from] FileError),
    /// Look at path and permissions. A key or bundle is never written over another one.
    #[error("{path} cannot be written: {problem}")]
    Output {
        /// Which file.
        path: String,
        /// What the system said.
        problem: io::Error,
    },
    /// Name a source: `gatectl trust build --help` shows one.
    #[error("{path}: no source named, one or more expected")]
    NoSources {
        /// Which file.
        path: String,
    },
    /// Fetch it again: an empty file is no statement that there is nothing.
    #[error("{path}: nothing in the file")]
    EmptyFile {
        /// Which file.
        path: String,
    },
    /// Every document would be referred. Name a master list, or a hand-over.
    #[error(
        "no source has an authority (CSCA): gates would trust nobody; --force makes it nevertheless"
    )]
    NoAuthority,
    /// Mend the file: `gatectl trust build --help` shows one.
    #[error("{path}: {problem}")]
    Sources {
        /// Which file.
        path: String,
        /// Which line, what was found.
        problem: String,
    },
    /// A source is not what it should be, and nothing is made.
    #[error("{path}: {problem}")]
    Source {
        /// Which file.
        path: String,
        /// What is wrong.
        problem: AssemblyError,
    },
    /// Two persons read the fingerprint from paper: 64 hexadecimal digits.
    #[error("{path}: a fingerprint has 64 hexadecimal digits")]
    Fingerprint {
        /// Which hand-over.
        path: String,
    },
    /// The file holds no certificate in DER or PEM.
    #[error("{path}: {problem}")]
    Certificate {
        /// Which file.
        path: String,
        /// Why not.
        problem: TrustStoreError,
    },
    /// See [`BundleError`].
    #[error("{path}: {problem}")]
    Bundle {
        /// Which file.
        path: String,
        /// What is wrong.
        problem: BundleError,
    },
    /// See [`AssemblyError`].
    #[error(transparent)]
    Assembly(#[from] AssemblyError),
    /// Look at what goes; if it is meant, force it.
    #[error("the new bundle takes too much away; --force makes it nevertheless")]
    Shrinks,
    /// Set the computer's clock: validity and ages hang on the day.
    #[error("the computer does not know the date")]
    NoDate,
}

impl Failing for Problem {
    fn failure(&self) -> Failure {
        const SOURCES: &str = "sources of a trust bundle";
        const BUNDLE: &str = "trust bundle";
        let (kind, step, rule, next) = match self {
            Self::File(problem) => return problem.failure(BUNDLE),
            Self::Output { .. } => (
                "unwritable-file",
                BUNDLE,
                "the file can be made, and is not there yet",
                "correct the path or the permissions, or name another file",
            ),
            Self::NoSources { .. } | Self::Sources { .. } => (
                "trust-sources",
                SOURCES,
                "the file names one source or more, with known keys",
                "correct the file: gatectl trust build --help shows one",
            ),
            Self::EmptyFile { .. } => (
                "empty-file",
                BUNDLE,
                "a file holds what it is named for",
                "fetch or make the file again, or do not name it",
            ),
            Self::Source { .. } | Self::Assembly(_) => (
                "trust-source",
                SOURCES,
                "a source is whole, and signed by whom it should be",
                "look where the source came from, and fetch it again",
            ),
            Self::Fingerprint { .. } => (
                "trust-fingerprint",
                SOURCES,
                "a fingerprint has 64 hexadecimal digits",
                "type the fingerprint from the paper, whole",
            ),
            Self::Certificate { .. } => (
                "trust-certificate",
                SOURCES,
                "the file holds certificates in DER or PEM",
                "fetch the certificate again",
            ),
            Self::Bundle { .. } => (
                "trust-bundle",
                BUNDLE,
                "a bundle is whole, and signed with the key that gates pin",
                "fetch the bundle again, and give the key that made it",
            ),
            Self::NoAuthority => (
                "trust-no-authority",
                BUNDLE,
                "a bundle has an authority",
                "name a master list or a hand-over among the sources",
            ),
            Self::Shrinks => (
                "trust-shrinks",
                BUNDLE,
                "a new bundle takes little away",
                "look at what goes; if it is meant, give --force",
            ),
            Self::NoDate => (
                "no-date",
                BUNDLE,
                "the computer knows the date",
                "set the computer's clock",
            ),
        };
        Failure::new(kind, step, rule, next)
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Sources { .. } | Self::NoSources { .. } | Self::Fingerprint { .. } => Exit::Usage,
            Self::File(_) | Self::Output { .. } | Self::NoDate => Exit::Fault,
            Self::Source { .. }
            | Self::EmptyFile { .. }
            | Self::Certificate { .. }
            | Self::Bundle { .. }
            | Self::Assembly(_)
            | Self::NoAuthority
            | Self::Shrinks => Exit::Findings,
        }
    }
}

pub(crate) fn run(command: &Command) -> Exit {
    let result = match command {
        Command::Key { file } => key(file),
        Command::Build {
            sources,
            key,
            out,
            previous,
            previous_key,
            force,
        } => build(
            sources,
            key,
            out,
            previous.as_deref(),
            previous_key.as_deref(),
            *force,
        ),
        Command::Show {
            bundle,
            key,
            expect,
            json,
        } => show(bundle, key, expect, *json),
        Command::Diff { old, new, key } => open(old, key).and_then(|old| {
            say!("{}", Difference::between(&old, &open(new, key)?));
            Ok(())
        }),
        Command::Verify { bundle, key } => open(bundle, key).map(|store| head(&store)),
    };
    match result {
        Ok(()) => Exit::Done,
        Err(problem) => {
            let json = matches!(command, Command::Show { json: true, .. });
            failure::tell(&problem, json)
        }
    }
}

fn key(file: &Path) -> Result<(), Problem> {
    let failed = |problem| bundle_problem(file, problem);
    let signer = BundleSigner::generate().map_err(failed)?;
    let mut public = file.as_os_str().to_owned();
    public.push(".pub");
    let public = PathBuf::from(public);
    write_new(file, 0o600, &signer.private_pem().map_err(failed)?)?;
    write_new(&public, 0o644, &signer.public_pem().map_err(failed)?)?;
    say!("{}: signs bundles, keep it secret", file.display());
    say!("{}: chip.trust-key of every gate", public.display());
    Ok(())
}

fn build(
    path: &Path,
    key: &Path,
    out: &Path,
    previous: Option<&Path>,
    previous_key: Option<&Path>,
    force: bool,
) -> Result<(), Problem> {
    let today = clock::today().ok_or(Problem::NoDate)?;
    let failed = |problem| bundle_problem(key, problem);
    let signer = BundleSigner::from_pem(&bounded(key)?).map_err(failed)?;
    let before = match (previous, previous_key) {
        (None, _) => TrustStore::empty(),
        (Some(bundle), Some(key)) => open(bundle, key)?,
        (Some(bundle), None) => open_with(bundle, &signer.pinned().map_err(failed)?)?,
    };
    let sources = Sources::read(path)?;
    let version = before.version().map_or(1, |version| version + 1);
    let assembly = sources.assemble(today)?;
    let (contents, notes) = assembly.finish(version, sources.defects()?)?;
    for note in &notes {
        report::step(note);
    }
    if contents.anchors.is_empty() && !force {
        return Err(Problem::NoAuthority);
    }
    let bytes = contents.sign(&signer).map_err(failed)?;
    let pinned = signer.pinned().map_err(failed)?;
    // What is written is what a gate will read.
    let store =
        TrustStore::open(&bytes, &pinned).map_err(|problem| bundle_problem(out, problem))?;
    head(&store);
    let covered = coverage_of(&store, &sources.expected, today);
    for warning in warnings(&covered) {
        say!("warning: {warning}");
    }
    let difference = Difference::between(&before, &store);
    say!("{difference}");
    if previous.is_some() && difference.is_suspicious() && !force {
        return Err(Problem::Shrinks);
    }
    write_new(out, 0o644, &bytes)?;
    say!("{}: {} bytes", out.display(), bytes.len());
    Ok(())
}

fn show(bundle: &Path, key: &Path, expect: &[String], json: bool) -> Result<(), Problem> {
    let today = clock::today().ok_or(Problem::NoDate)?;
    let store = open(bundle, key)?;
    let covered = coverage_of(&store, expect, today);
    if json {
        let object = serde_json::json!({
            "read": true,
            "version": store.version(),
            "issued": store.issued(),
            "authorities": store.count(),
            "document-signers": store.document_signers().len(),
            "seal-signers": store.seal_signers().len(),
            "revocation-lists": store.crls().len(),
            "defects": store.defects().entries().len(),
            "coverage": covered,
        });
        say!("{object:#}");
        return Ok(());
    }
    head(&store);
    say!("State  CSCA  valid  bilateral  source of    revocation list");
    for (country, row) in &covered {
        let source = row.as_of.map_or("-".to_owned(), |day| day.to_string());
        let list = match (row.revocation_list_days, row.revocation_list_overdue) {
            (None, _) => "none".to_owned(),
            (Some(days), false) => format!("{days} days old"),
            (Some(days), true) => format!("{days} days old, overdue"),
        };
        say!(
            "{country:5}  {:4}  {:5}  {:9}  {source:11}  {list}",
            row.authorities,
            row.valid,
            row.bilateral
        );
    }
    for warning in warnings(&covered) {
        say!("warning: {warning}");
    }
    Ok(())
}

/// One line each on what is in a bundle.
fn head(store: &TrustStore) {
    let version = store.version().unwrap_or(0);
    let issued = store.issued().map(|day| day.to_string());
    say!(
        "trust bundle {version} of {}: {} authorities, {} document signers, {} seal signers, {} \
         revocation lists, {} known defects",
        issued.unwrap_or_default(),
        store.count(),
        store.document_signers().len(),
        store.seal_signers().len(),
        store.crls().len(),
        store.defects().entries().len(),
    );
    if store.count() == 0 {
        say!("warning: no authority in it: every document is referred");
    }
}

fn coverage_of(store: &TrustStore, expected: &[String], today: Date) -> BTreeMap<String, Coverage> {
    let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    coverage::report(store, &expected, today)
}

fn warnings(covered: &BTreeMap<String, Coverage>) -> Vec<String> {
    let mut found = Vec::new();
    for (country, row) in covered {
        if row.is_missing() {
            found.push(format!(
                "{country}: no valid authority, its documents are referred"
            ));
        } else if row.revocation_list_overdue {
            found.push(format!("{country}: the next revocation list is overdue"));
        } else if row.revocation_list_days.is_none() {
            found.push(format!("{country}: no revocation list"));
        }
    }
    found
}

/// Opens a bundle that the public key in `key` has signed.
pub(crate) fn open(bundle: &Path, key: &Path) -> Result<TrustStore, Problem> {
    let pinned =
        BundleKey::from_pem(&bounded(key)?).map_err(|problem| bundle_problem(key, problem))?;
    open_with(bundle, &pinned)
}

fn open_with(bundle: &Path, key: &BundleKey) -> Result<TrustStore, Problem> {
    TrustStore::open(&bounded(bundle)?, key).map_err(|problem| bundle_problem(bundle, problem))
}

fn bundle_problem(path: &Path, problem: BundleError) -> Problem {
    Problem::Bundle {
        path: path.display().to_string(),
        problem,
    }
}

fn write_new(path: &Path, mode: u32, bytes: &[u8]) -> Result<(), Problem> {
    let write = || {
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create_new(true).mode(mode).open(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(|problem| Problem::Output {
        path: path.display().to_string(),
        problem,
    })
}
