//! Tells the linker where `memory.x` is, and the firmware which build it is.

use std::process::Command;

fn main() {
    println!("cargo:rustc-link-search={}", env!("CARGO_MANIFEST_DIR"));
    println!("cargo:rerun-if-changed=memory.x");

    let build = git(&["describe", "--always", "--tags", "--dirty"]);
    println!(
        "cargo:rustc-env=GATE_BUILD={}",
        build.as_deref().unwrap_or("unknown")
    );
    println!("cargo:rerun-if-changed=src");
    // Both change with every commit; outside a repository there is nothing to watch.
    for name in ["logs/HEAD", "index"] {
        if let Some(path) = git(&["rev-parse", "--git-path", name]) {
            println!("cargo:rerun-if-changed={path}");
        }
    }
}

/// What git says, if there is git and a repository.
fn git(arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).output().ok()?;
    let said = String::from_utf8(output.stdout).ok()?;
    (output.status.success() && !said.trim().is_empty()).then(|| said.trim().to_owned())
}
