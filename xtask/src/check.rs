//! Everything that must be right before a change is right.

use crate::build::{self, Programs};
use crate::steps::{cache, cargo, note, root, run, step, succeeds, target};
use crate::{bench, debian, mutations, prepare, room};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The version of the licence audit that `deny.toml` was written for.
const CARGO_DENY: &str = "0.20.2";

/// Travellers of the demonstration that ends the check: each kind of them once.
const TRAVELLERS: &str = "12";

/// Played in real time as well, so that the rig stays in order; all of them would take ten minutes.
const SCENARIOS: [&str; 2] = ["a-traveller-in-order", "bytes/devices-that-speak-in-pieces"];

/// Runs every check, the quick ones first; the first that fails ends it.
pub(crate) fn all() -> anyhow::Result<()> {
    room::look(room::CHECK)?;
    format()?;
    debian::lane()?;
    debian::browser()?;
    let lane = prepare::lane()?;
    lints()?;
    documents()?;
    licences()?;
    let programs = programs()?;
    walk(&lane, &programs)?;
    scenarios(&lane, &programs)?;
    tests(&lane)?;
    mutations::each_invariant_once()?;
    step("All checks passed");
    Ok(())
}

fn firmware() -> PathBuf {
    root().join("gate-firmware")
}

fn format() -> anyhow::Result<()> {
    step("Format");
    for (program, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        if !succeeds(cargo().args([program, "--version"])) {
            run(Command::new("rustup").args(["component", "add", component]))?;
        }
    }
    run(cargo().args(["fmt", "--all", "--", "--check"]))?;
    run(cargo()
        .current_dir(firmware())
        .args(["fmt", "--all", "--", "--check"]))
}

fn lints() -> anyhow::Result<()> {
    step("Lints");
    run(cargo().args([
        "clippy",
        "--workspace",
        "--all-targets",
        "--locked",
        "--",
        "--deny",
        "warnings",
    ]))?;
    run(in_firmware().args([
        "clippy",
        "--workspace",
        "--release",
        "--locked",
        "--",
        "--deny",
        "warnings",
    ]))
}

/// The firmware has a target directory of its own, because it has a target of its own.
fn in_firmware() -> Command {
    let mut cargo = cargo();
    cargo
        .current_dir(firmware())
        .env_remove("CARGO_TARGET_DIR")
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS");
    cargo
}

/// What is built for the tests; examples are no part of it, the lints look at them.
const TARGETS: [&str; 5] = ["--workspace", "--locked", "--lib", "--bins", "--tests"];

/// Builds daemon, bench and tests in one go. The lane is walked through with these programs: with
/// optimised ones everything below them would have to be built twice.
fn programs() -> anyhow::Result<Programs> {
    step("Daemon, bench and tests");
    run(cargo().arg("build").args(TARGETS))?;
    Ok(Programs::in_folder(&target().join("debug")))
}

fn tests(lane: &prepare::Lane) -> anyhow::Result<()> {
    step("Tests");
    let mut command = cargo();
    if build::has_nextest() {
        command.args(["nextest", "run", "--no-fail-fast"]);
    } else {
        command.args(["test", "--no-fail-fast"]);
    }
    run(lane.environment(command.args(TARGETS)))?;
    run(lane.environment(cargo().args(["test", "--workspace", "--locked", "--doc"])))
}

fn documents() -> anyhow::Result<()> {
    step("Documentation");
    let mut command = cargo();
    command.args([
        "doc",
        "--workspace",
        "--no-deps",
        "--locked",
        "--document-private-items",
    ]);
    run(command.env("RUSTDOCFLAGS", "--deny warnings"))
}

fn licences() -> anyhow::Result<()> {
    step("Licences, sources and bans of all dependencies");
    let tools = cache().join("tools");
    let deny = tools.join("bin/cargo-deny");
    if !succeeds(Command::new(&deny).arg("--version")) {
        note("cargo-deny is built once; this takes some minutes");
        let mut install = cargo();
        install
            .args([
                "install",
                "cargo-deny",
                "--quiet",
                "--debug",
                "--locked",
                "--version",
                CARGO_DENY,
                "--root",
            ])
            .arg(&tools);
        run(&mut install)?;
    }
    for manifest in [root().join("Cargo.toml"), firmware().join("Cargo.toml")] {
        run(audit(&deny, &manifest).args(["check", "licenses", "bans", "sources"]))?;
    }
    Ok(())
}

fn audit(deny: &Path, manifest: &Path) -> Command {
    let mut command = Command::new(deny);
    command
        .arg("--manifest-path")
        .arg(manifest)
        .arg("--config")
        .arg(root().join("deny.toml"));
    command
}

/// The whole lane, every kind of traveller, in real time: what no test of a part can show.
fn walk(lane: &prepare::Lane, programs: &Programs) -> anyhow::Result<()> {
    step("The whole lane, in real time");
    let report = cache().join("demo.jsonl");
    let report = report.display().to_string();
    let walk = ["demo", "--headless", "--travellers", TRAVELLERS, "--json"];
    bench::run_bench(lane, programs, &[&walk[..], &[&report]].concat())
}

/// What happens before the real daemon is what happens in virtual time.
fn scenarios(lane: &prepare::Lane, programs: &Programs) -> anyhow::Result<()> {
    step("Scenarios before the real daemon");
    let run = ["run", "--rig", "daemon"];
    bench::run_bench(lane, programs, &[&run[..], &SCENARIOS].concat())
}
