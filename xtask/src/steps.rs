//! Running other programs, and saying what is being done.

use anyhow::{Context, bail};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Announces a step.
pub(crate) fn step(what: &str) {
    eprintln!("\n── {what}");
}

/// Adds a line to the step.
pub(crate) fn note(what: &str) {
    eprintln!("   {what}");
}

/// Runs a program to its end, its output going where ours goes.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<()> {
    let words = words(command);
    note(&format!("$ {words}"));
    let status = command
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("{words}: cannot be started"))?;
    if !status.success() {
        bail!("{words}: {status}");
    }
    Ok(())
}

/// Runs a program and gives what it printed.
pub(crate) fn output(command: &mut Command) -> anyhow::Result<String> {
    let words = words(command);
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("{words}: cannot be started"))?;
    if !output.status.success() {
        bail!(
            "{words}: {}\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether a program can be started and says that all is well.
pub(crate) fn succeeds(command: &mut Command) -> bool {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn words(command: &Command) -> String {
    let mut words = vec![command.get_program().to_string_lossy().into_owned()];
    words.extend(
        command
            .get_args()
            .map(|word| word.to_string_lossy().into_owned()),
    );
    words.join(" ")
}

/// `cargo`, as it was called for us.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root());
    cargo
}

/// The top of the project.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask lies below the top")
}

/// Where cargo builds.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| root().join("target"), |dir| root().join(dir))
}

/// Where what was fetched and prepared is kept; nothing in it is ever committed.
pub(crate) fn cache() -> PathBuf {
    root().join("target/gate")
}
