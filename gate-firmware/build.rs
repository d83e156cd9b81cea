//! Tells the linker where the image lies, and the firmware which build it is and whose updates it
//! takes.
//!
//! `GATE_SLOT` is `A` (as without it) or `B`. `GATE_UPDATE_KEY` is the public key that updates are
//! signed with, in hexadecimal; without it, it is the one of the published test key.

use gate_boot::slot::Slot;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

fn main() {
    let folder = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    place(&folder);
    let key = gate_boot::key::from_environment();
    fs::write(folder.join("key.rs"), format!("{key:?}")).expect("a key.rs");
    let published = gate_boot::key::is_published(&key);
    fs::write(folder.join("key_is_published.rs"), published.to_string()).expect("a word");
    name_build();
}

/// Links the image for its slot.
fn place(folder: &Path) {
    println!("cargo:rerun-if-env-changed=GATE_SLOT");
    println!("cargo:rerun-if-changed=memory.x.in");
    let asked = env::var("GATE_SLOT").unwrap_or_else(|_| "A".to_owned());
    let slot = Slot::ALL
        .into_iter()
        .find(|slot| slot.to_string() == asked)
        .expect("GATE_SLOT is A or B");
    let template = fs::read_to_string("memory.x.in").expect("the template");
    let start = format!("{:#x}", slot.region().start);
    fs::write(folder.join("memory.x"), template.replace("@SLOT@", &start)).expect("a memory.x");
    println!("cargo:rustc-link-search={}", folder.display());
}

fn name_build() {
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
