//! Debian packages: what is missing is installed, or the command that would do it is printed.

use crate::steps::{note, output, run, step, succeeds};
use anyhow::{Context, bail};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What building needs, whatever is built.
const BUILD: [&str; 5] = [
    "gcc",
    "libc6-dev",
    "pkg-config",
    "libssl-dev",
    "libpcsclite-dev",
];

/// What a simulated lane needs to run.
const LANE: [&str; 2] = ["pcscd", "vsmartcard-vpcd"];

/// The typeface of the pages: without it their words are as wide as whatever the machine has.
const PAGES: [&str; 1] = ["fonts-noto-core"];

/// What the test with a chip by other people needs beside a lane.
const FOREIGN_CHIP: [&str; 3] = ["vsmartcard-vpicc", "python3-pycryptodome", "libeac3"];

/// What fetching models needs.
const FETCH: [(&str, &str); 3] = [
    ("python3", "python3"),
    ("pip", "python3-pip"),
    ("npm", "npm"),
];

/// What checking pages in a real browser needs.
const BROWSER: [&str; 2] = ["chromium", "chromium-driver"];

/// What signing permits with a key in a token needs.
const TOKEN: [&str; 1] = ["softhsm2"];

/// The typeface of machine readable zones, which tests draw pages with.
const TYPEFACE: [&str; 1] = ["fonts-ocr-b"];

/// The machine that the firmware runs on in the emulator; QEMU has it from version 9 on.
const MACHINE: &str = "b-l475e-iot01a";

/// Installs what building and running a simulated lane needs.
pub(crate) fn lane() -> anyhow::Result<()> {
    step("Debian packages");
    let mut wanted: Vec<&str> = BUILD.into_iter().chain(LANE).chain(PAGES).collect();
    wanted.extend(
        FETCH
            .into_iter()
            .filter(|(program, _)| !has(program))
            .map(|(_, package)| package),
    );
    install(&wanted, &[])?;
    emulator()
}

/// Installs what `cargo xtask test` needs beyond a lane.
pub(crate) fn browser() -> anyhow::Result<()> {
    step(
        "Debian packages for the tests of the browser, of tokens, of a chip by other people and of printed zones",
    );
    let wanted: Vec<&str> = BROWSER
        .into_iter()
        .chain(TOKEN)
        .chain(FOREIGN_CHIP)
        .chain(TYPEFACE)
        .collect();
    install(&wanted, &[])
}

fn has(program: &str) -> bool {
    match program {
        "pip" => {
            succeeds(Command::new("python3").args(["-m", "pip", "--version"]))
                || succeeds(Command::new("pip").arg("--version"))
        }
        _ => succeeds(Command::new(program).arg("--version")),
    }
}

/// Installs the packages that are not there yet. `options` go to apt.
fn install(packages: &[&str], options: &[String]) -> anyhow::Result<()> {
    let missing: Vec<&str> = packages
        .iter()
        .copied()
        .filter(|package| !is_installed(package))
        .collect();
    if missing.is_empty() {
        note(&format!("all there: {}", packages.join(" ")));
        return Ok(());
    }
    note(&format!("missing: {}", missing.join(" ")));
    let Some(prefix) = privilege() else {
        bail!(
            "these Debian packages are missing and this user may not install them; run\n\n    sudo apt-get update && sudo apt-get install {}\n\nand start again",
            missing.join(" ")
        );
    };
    run(apt(prefix).args(options).arg("update").arg("-qq"))?;
    let mut command = apt(prefix);
    command
        .args(options)
        .args(["install", "-qq", "--yes", "--no-install-recommends"])
        .args(&missing);
    run(&mut command)
}

fn is_installed(package: &str) -> bool {
    let mut query = Command::new("dpkg-query");
    query.args(["--show", "--showformat=${db:Status-Status}", package]);
    output(&mut query).is_ok_and(|status| status.trim() == "installed")
}

/// How this user may run apt: as root, through sudo without a password, or not at all.
fn privilege() -> Option<&'static [&'static str]> {
    if output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0") {
        return Some(&[]);
    }
    succeeds(Command::new("sudo").args(["--non-interactive", "true"])).then_some(&[
        "sudo",
        "--non-interactive",
        "--preserve-env=DEBIAN_FRONTEND",
    ])
}

fn apt(prefix: &[&str]) -> Command {
    let mut words = prefix.iter().copied().chain(["apt-get"]);
    let mut command = Command::new(words.next().unwrap_or("apt-get"));
    command.args(words).env("DEBIAN_FRONTEND", "noninteractive");
    command
}

/// The emulator: QEMU with the controller's machine. Debian 12 has it only in its backports.
fn emulator() -> anyhow::Result<()> {
    step("QEMU with the controller's machine");
    if has_machine() {
        note(&format!("there, and it knows {MACHINE}"));
        return Ok(());
    }
    let backports = Backports::of_this_machine()?;
    note(&format!(
        "from {} of this machine's own package source",
        backports.suite
    ));
    if privilege().is_none() {
        bail!(
            "QEMU with the machine {MACHINE} is missing and this user may not install it; run\n\n    echo '{}' | sudo tee /etc/apt/sources.list.d/gate-backports.list\n    sudo apt-get update && sudo apt-get install -t {} qemu-system-arm\n\nand start again",
            backports.line,
            backports.suite
        );
    }
    let sources = backports.beside_the_others()?;
    let folder = sources.path().display();
    let options = [
        format!("--option=Dir::Etc::SourceParts={folder}"),
        format!("--option=Dir::State::Lists={folder}/lists"),
    ];
    if let Some(prefix) = privilege() {
        run(apt(prefix).args(&options).args(["update", "-qq"]))?;
        let mut command = apt(prefix);
        command.args(&options);
        command.args([
            "install",
            "-qq",
            "--yes",
            "--no-install-recommends",
            "--target-release",
            &backports.suite,
        ]);
        run(command.arg("qemu-system-arm"))?;
    }
    if !has_machine() {
        bail!("qemu-system-arm was installed and still does not know the machine {MACHINE}");
    }
    Ok(())
}

fn has_machine() -> bool {
    output(Command::new("qemu-system-arm").args(["-machine", "help"]))
        .is_ok_and(|machines| machines.contains(MACHINE))
}

/// The backports of the Debian release that runs here.
struct Backports {
    suite: String,
    line: String,
}

impl Backports {
    /// Takes the address from the source that this machine gets Debian itself from.
    fn of_this_machine() -> anyhow::Result<Self> {
        let release = fs::read_to_string("/etc/os-release")
            .context("/etc/os-release: what system is this?")?;
        let codename = release
            .lines()
            .find_map(|line| line.strip_prefix("VERSION_CODENAME="))
            .context("/etc/os-release: VERSION_CODENAME expected; this set-up is for Debian 12")?
            .trim_matches('"')
            .to_owned();
        let texts = source_files()?;
        let address = texts
            .iter()
            .find_map(|text| address_of(text, &codename))
            .with_context(|| {
                format!("no apt source with the suite {codename} found under /etc/apt")
            })?;
        let suite = format!("{codename}-backports");
        let line = format!(
            "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] {address} {suite} main"
        );
        Ok(Self { suite, line })
    }

    /// A folder with the machine's own sources and this one: nothing under /etc is changed.
    fn beside_the_others(&self) -> anyhow::Result<tempfile::TempDir> {
        let folder = tempfile::Builder::new().prefix("gate-apt-").tempdir()?;
        for file in source_parts()? {
            if let Some(name) = file.file_name() {
                fs::copy(&file, folder.path().join(name))?;
            }
        }
        fs::write(
            folder.path().join("gate-backports.list"),
            format!("{}\n", self.line),
        )?;
        fs::create_dir_all(folder.path().join("lists/partial"))?;
        Ok(folder)
    }
}

fn source_parts() -> anyhow::Result<Vec<PathBuf>> {
    let Ok(folder) = fs::read_dir("/etc/apt/sources.list.d") else {
        return Ok(Vec::new());
    };
    let mut files: Vec<PathBuf> = folder
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    files.retain(|file| {
        file.extension()
            .is_some_and(|ending| ending == "list" || ending == "sources")
    });
    files.sort();
    Ok(files)
}

fn source_files() -> anyhow::Result<Vec<String>> {
    let mut files = vec![Path::new("/etc/apt/sources.list").to_path_buf()];
    files.extend(source_parts()?);
    Ok(files
        .iter()
        .filter_map(|file| fs::read_to_string(file).ok())
        .collect())
}

/// The address under which `text`, in either format of apt's sources, has the suite `codename`.
fn address_of(text: &str, codename: &str) -> Option<String> {
    let one_line = text.lines().find_map(|line| {
        let line = line.trim().strip_prefix("deb ")?;
        let line = if line.trim_start().starts_with('[') {
            line.split_once(']')?.1
        } else {
            line
        };
        let mut words = line.split_whitespace();
        let (address, suite) = (words.next()?, words.next()?);
        (suite == codename).then(|| address.to_owned())
    });
    one_line.or_else(|| {
        text.split("\n\n").find_map(|stanza| {
            let field = |name: &str| {
                stanza
                    .lines()
                    .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
                    .map(str::split_whitespace)
            };
            let has_suite = field("Suites")?.any(|suite| suite == codename);
            let is_binary = field("Types")?.any(|kind| kind == "deb");
            (has_suite && is_binary).then(|| field("URIs")?.next().map(str::to_owned))?
        })
    })
}

#[cfg(test)]
mod tests {
    use super::address_of;

    #[test]
    fn the_address_is_found_in_both_formats() {
        let cases = [
            (
                "deb http://a.example/debian bookworm main\n",
                Some("http://a.example/debian"),
            ),
            ("# deb http://a.example/debian bookworm main\n", None),
            (
                "deb [arch=amd64 signed-by=/k] http://b.example/debian bookworm main contrib\n",
                Some("http://b.example/debian"),
            ),
            (
                "deb http://c.example/debian-security bookworm-security main\n",
                None,
            ),
            ("deb-src http://d.example/debian bookworm main\n", None),
            (
                "Types: deb\nURIs: http://e.example/sec\nSuites: bookworm-security\n\nTypes: deb deb-src\n# note\nURIs: http://f.example/debian\nSuites: bookworm bookworm-updates\n",
                Some("http://f.example/debian"),
            ),
            ("", None),
        ];
        for (text, address) in cases {
            assert_eq!(address_of(text, "bookworm").as_deref(), address, "{text:?}");
        }
    }
}
