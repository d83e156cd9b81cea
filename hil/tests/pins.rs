//! `hil pins` as a script uses it, on the emulated board with the real firmware and at nothing.
//!
//! Needs `GATE_QEMU` and `GATE_FIRMWARE` as `gate-sim`'s `emulated_board` does; without them the
//! tests of the board say so and pass.

use gate_sim::tools::passed_over;
use serde_json::Value;
use std::process::{Command, Output};

fn pins(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hil"))
        .arg("pins")
        .args(arguments)
        .output()
        .expect("hil runs")
}

/// One look at a new emulated board; none if this machine is not set up for it.
fn look(arguments: &[&str]) -> Option<Value> {
    if std::env::var_os("GATE_QEMU").is_none() || std::env::var_os("GATE_FIRMWARE").is_none() {
        passed_over("GATE_QEMU and GATE_FIRMWARE are not both set");
        return None;
    }
    let mut all = vec!["--emulated", "--once", "--json", "--within", "120"];
    all.extend(arguments);
    let found = pins(&all);
    let problem = String::from_utf8_lossy(&found.stderr);
    assert!(found.status.success(), "{problem}");
    Some(serde_json::from_slice(&found.stdout).expect("JSON"))
}

/// The level of a terminal.
fn level(report: &Value, row: &str, name: &str) -> bool {
    report[row]
        .as_array()
        .and_then(|all| all.iter().find(|one| one["name"] == name))
        .and_then(|one| one["on"].as_bool())
        .unwrap_or_else(|| unreachable!("{name} in {report}"))
}

#[test]
fn a_board_without_a_host_is_shown_as_it_is() {
    let Some(report) = look(&["--set", "ZONE_IN_FREE=off"]) else {
        return;
    };
    assert_eq!(report["controller"]["board"], "nucleo-l476rg");
    for (row, name, on) in [
        ("inputs", "FIRE_OK", true),
        ("inputs", "ENTRY_CLOSED", true),
        ("inputs", "ZONE_IN_FREE", false),
        ("inputs", "KEY_SERVICE", false),
        ("outputs", "ENTRY_HOLD", true),
        ("outputs", "EXIT_HOLD", true),
        ("outputs", "EXIT_DRIVE", false),
    ] {
        assert_eq!(level(&report, row, name), on, "{name}");
    }
    assert_eq!(report["link"]["sessions"], 1);
    assert!(report["health"]["stack_free"].as_u64() > Some(0));
    assert_eq!(report["forced"], Value::Null);
    let site = report["site"].as_str().expect("a site");
    assert!(site.starts_with("two doors"), "{site}");
    let warning = report["warning"].as_str().expect("a warning");
    assert!(warning.contains("published test key"), "{warning}");
}

#[test]
fn without_the_key_no_output_is_forced_and_the_reason_is_shown() {
    let Some(report) = look(&["--force", "EXIT_RED=on"]) else {
        return;
    };
    assert_eq!(report["forced"]["accepted"], false);
    let reason = report["forced"]["reason"].as_str().expect("a reason");
    assert!(
        reason.starts_with("not in this state of the lane"),
        "{reason}"
    );
    assert!(!level(&report, "outputs", "EXIT_RED"));
}

#[test]
fn with_the_key_an_output_is_forced() {
    let Some(report) = look(&["--set", "KEY_SERVICE=on", "--force", "EXIT_RED=on"]) else {
        return;
    };
    assert_eq!(report["state"], "service");
    assert_eq!(report["forced"]["accepted"], true);
    assert!(level(&report, "outputs", "EXIT_RED"));
}

#[test]
fn a_missing_device_and_missing_keys_are_named() {
    let folder = tempfile::TempDir::new().expect("a folder");
    let keys = folder.path().join("none.keys").display().to_string();
    for (arguments, expected) in [
        (
            &["--port", "/dev/null", "--keys", &keys][..],
            "none.keys: No such file",
        ),
        (&["--once"][..], "--port"),
        (
            &["--emulated", "--set", "KEY=on", "--firmware", "x"][..],
            "input \"KEY\"",
        ),
    ] {
        let found = pins(arguments);
        let problem = String::from_utf8_lossy(&found.stderr);
        assert!(!found.status.success(), "{arguments:?}");
        assert!(problem.contains(expected), "{arguments:?}: {problem}");
    }
}
