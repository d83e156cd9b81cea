//! Tells the linker where `memory.x` is, and the boot loader whose images it starts: see the
//! firmware's `build.rs`.

use std::path::PathBuf;
use std::{env, fs};

fn main() {
    println!("cargo:rustc-link-search={}", env!("CARGO_MANIFEST_DIR"));
    println!("cargo:rerun-if-changed=memory.x");
    let folder = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let key = gate_boot::key::from_environment();
    fs::write(folder.join("key.rs"), format!("{key:?}")).expect("a key.rs");
}
