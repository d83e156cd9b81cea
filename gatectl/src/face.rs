//! `gatectl face`: how alike photographs are, and how often the gate's matcher errs.
//!
//! Everything runs through the pipeline of the gate. Templates stay in memory; nothing but figures
//! and paths is written.

#[cfg(test)]
#[path = "../tests/desk/schema.rs"]
mod schema;

mod across;
mod artefact;
mod attacks;
mod evaluate;
mod list;
mod pairs;
mod picture;
mod plot;
mod presentation;
mod score;
mod sequence;

use crate::Exit;
use crate::failure::{self, Failing, Failure};
use clap::Subcommand;
use gate_face::centre::Centre;
use gate_face::engine::{FaceEngine, LoadError};
use gate_face::manifest::ManifestError;
use gate_face::{Manifest, ModelSet};
use std::fs::{self, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Compares pairs of photographs; each has a similarity, or a reason why not.
    Score(score::Arguments),
    /// Measures how often the matcher errs: FMR, FNMR, EER, failure to acquire, by group if wanted.
    Evaluate(evaluate::Arguments),
    /// Measures how often attacks made of photographs pass, and honest people fail.
    Attacks(attacks::Arguments),
}

/// Which models look at the photographs.
#[derive(Debug, clap::Args)]
struct Models {
    /// The model manifest; without it the one that this program was built with.
    #[arg(long)]
    manifest: Option<PathBuf>,
    /// The folder of the models.
    #[arg(long, env = "GATE_MODELS", default_value = "/var/lib/gate/models")]
    models: PathBuf,
}

/// Why nothing was measured.
#[derive(Debug, thiserror::Error)]
enum FaceCommandError {
    /// See [`ManifestError`].
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// See [`LoadError`].
    #[error(transparent)]
    Models(#[from] LoadError),
    /// See [`pairs::ListError`].
    #[error(transparent)]
    List(#[from] pairs::ListError),
    /// The disk is at fault, or the path.
    #[error("{} cannot be written: {source}", .path.display())]
    Output {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// There are not enough pairs, or sequences, to find a threshold at the wanted false match rate. Add
    /// people, or photographs of those who have few.
    #[error("{impostors} impostor {kind} are too few to calibrate, at least {least} are needed")]
    TooFew {
        /// Pairs or sequences.
        kind: &'static str,
        /// How many there are.
        impostors: usize,
        /// How many are needed.
        least: usize,
    },
    /// Mean templates have a threshold of their own: leave `--frames` out, or say at least 1.
    #[error("--calibration needs sequences: --frames must be at least 1")]
    NoFrames,
    /// Give more photographs: half of the people give the threshold.
    #[error("{people} honest people are too few to calibrate, at least {least} are needed")]
    TooFewPeople {
        /// How many could be presented.
        people: usize,
        /// How many are needed.
        least: usize,
    },
}

impl Failing for FaceCommandError {
    fn failure(&self) -> Failure {
        const LIST: &str = "list of photographs";
        let (kind, step, rule, next) = match self {
            Self::Manifest(_) | Self::Models(_) => (
                "no-model",
                "model",
                "the models are those of the manifest, and run",
                "run `gate-host models verify`, and give --models",
            ),
            Self::List(pairs::ListError::Read(problem)) => return problem.failure(LIST),
            Self::List(pairs::ListError::File { .. }) => (
                "unreadable-file",
                LIST,
                "the list or folder is there and can be read",
                "correct the path, or the permissions",
            ),
            Self::List(pairs::ListError::Line { .. }) => (
                "list-line",
                LIST,
                "a line of a list has two fields, in UTF-8",
                "correct the line",
            ),
            Self::List(pairs::ListError::Many | pairs::ListError::Long { .. }) => (
                "list-too-long",
                LIST,
                "lists and pictures fit into memory",
                "split the list or the folder",
            ),
            Self::List(_) => (
                "list-empty",
                LIST,
                "there are pairs of photographs, of one person and of several",
                "look at the layout: a folder a person, or two paths a line",
            ),
            Self::Output { .. } => (
                "unwritable-file",
                "result",
                "the result can be written",
                "correct the path, or the permissions",
            ),
            Self::TooFew { .. } | Self::TooFewPeople { .. } => (
                "too-few",
                "calibration",
                "a threshold rests on enough pairs and people",
                "add people, or photographs of those who have few",
            ),
            Self::NoFrames => (
                "usage",
                "command line",
                "a calibration needs sequences",
                "leave --frames out, or say at least 1",
            ),
        };
        Failure::new(kind, step, rule, next)
    }

    fn exit(&self) -> Exit {
        match self {
            Self::NoFrames => Exit::Usage,
            _ => Exit::Fault,
        }
    }
}

pub(crate) fn run(command: &Command) -> Exit {
    let (result, json) = match command {
        Command::Score(arguments) => (score::run(arguments), true),
        Command::Evaluate(arguments) => (evaluate::run(arguments), arguments.json.is_some()),
        Command::Attacks(arguments) => (attacks::run(arguments), arguments.json.is_some()),
    };
    match result {
        Ok(()) => Exit::Done,
        // The file of --json stays as it was: the failure goes to standard output.
        Err(problem) => failure::tell(&problem, json),
    }
}

impl Models {
    /// The models with their calibrations.
    fn open(&self) -> Result<ModelSet, FaceCommandError> {
        let manifest = match &self.manifest {
            Some(path) => Manifest::open(path)?,
            None => Manifest::built_in()?,
        };
        Ok(ModelSet::new(manifest, self.models.clone()))
    }

    /// The models without thresholds and centre: they are what is to be found out.
    fn open_uncalibrated(&self) -> Result<ModelSet, FaceCommandError> {
        let mut manifest = match &self.manifest {
            Some(path) => Manifest::open_to_calibrate(path)?,
            None => Manifest::built_in()?,
        };
        for model in &mut manifest.models {
            model.centre = Centre::default();
        }
        Ok(ModelSet::new(manifest, self.models.clone()))
    }
}

fn load(set: &ModelSet) -> Result<FaceEngine, FaceCommandError> {
    Ok(FaceEngine::load(set)?)
}

/// Whether a result can be written there, before it takes an hour to find. What is there stays as it is.
fn check_output(path: &Path) -> Result<(), FaceCommandError> {
    let is_new = !path.exists();
    let check = || {
        OpenOptions::new().create(true).append(true).open(path)?;
        match is_new {
            true => fs::remove_file(path),
            false => Ok(()),
        }
    };
    check().map_err(|source| FaceCommandError::Output {
        path: path.to_owned(),
        source,
    })
}

fn write(path: &Path, text: &str) -> Result<(), FaceCommandError> {
    fs::write(path, text).map_err(|source| FaceCommandError::Output {
        path: path.to_owned(),
        source,
    })
}
