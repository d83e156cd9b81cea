//! What `hil run` and `hil swarm` leave behind: exit codes, files, and the page in a real browser.

#[path = "../../tests/tests/browser/mod.rs"]
mod browser;

use anyhow::{Context, Result, ensure};
use browser::{Browser, installed, say_skipped};
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use tempfile::TempDir;

/// One that passes, one in which the gate is too slow, and one that is no scenario.
const GOOD: &str = "title = \"in order\"\n[[step]]\ncomes = \"practised\"\n[[step]]\nexpect = \"cleared\"\n[[step]]\nleaves = \"through-exit\"\n";
const SLOW: &str = "title = \"an impatient bench\"\n[[step]]\nbegins = \"line-noise\"\n[[step]]\ncomes = \"practised\"\n[[step]]\nexpect = \"cleared\"\nwithin = \"5 s\"\n";
const BROKEN: &str = "title = \"nobody\"\n[[step]]\ncomes = \"a ghost\"\n";

fn hil(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_hil"))
        .current_dir(folder)
        .args(arguments)
        .output()
        .expect("hil runs")
}

fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in [("good", GOOD), ("slow", SLOW), ("broken", BROKEN)] {
        let path = folder.path().join(name).with_extension("toml");
        fs::write(path, text).expect("a file");
    }
    folder
}

#[test]
fn the_exit_code_says_who_is_at_fault() {
    let folder = folder();
    for (arguments, code) in [
        (&["run", "good.toml"][..], 0),
        (&["run", "good.toml", "slow.toml"], 1),
        (&["run", "good.toml", "broken.toml"], 2),
        (&["run", "slow.toml", "broken.toml"], 1),
        (&["run", "nowhere.toml"], 2),
        (&["run", "good.toml", "--html", "nowhere/page.html"], 2),
        (&["run", "--rig", "paper"], 2),
        (&["run", "--colour"], 2),
        (&["swarm", "--travellers", "20"], 0),
        (&["swarm", "--travellers", "0"], 2),
        (&["list", "--folder", "."], 0),
        (&["--help"], 0),
        (&["decode", "good.toml"], 2),
        (&["replay", "good.toml", "--as", "reader"], 2),
    ] {
        let found = hil(folder.path(), arguments);
        let said = String::from_utf8_lossy(&found.stderr);
        assert_eq!(found.status.code(), Some(code), "{arguments:?}: {said}");
        let tells_what_it_does = arguments.first() == Some(&"swarm");
        let silent = code == 0 && !tells_what_it_does;
        assert_eq!(said.is_empty(), silent, "{arguments:?}: {said}");
    }
}

#[test]
fn what_no_lane_could_do_and_what_is_no_text_is_the_benchs_fault_with_its_line() {
    let folder = folder();
    let never = "title = \"t\"\n[[step]]\ncomes = \"impostor\"\n[[step]]\nexpect = \"cleared\"\n";
    for (name, text, told) in [
        (
            "never.toml",
            never.as_bytes(),
            "line 5: `expect` asks the impossible",
        ),
        (
            "bytes.toml",
            &b"title = \"t\"\n# \xff\n"[..],
            "line 2: byte 14",
        ),
    ] {
        fs::write(folder.path().join(name), text).expect("a file");
        let found = hil(folder.path(), &["run", name]);
        let said = String::from_utf8_lossy(&found.stdout);
        assert_eq!(found.status.code(), Some(2), "{said}");
        assert!(said.contains("bench at fault"), "{said}");
        assert!(said.contains(name) && said.contains(told), "{said}");
    }
}

#[test]
fn scenarios_of_bytes_are_listed_and_found_by_their_name() {
    let folder = folder();
    let bytes = folder.path().join("bytes");
    fs::create_dir(&bytes).expect("a folder");
    fs::write(bytes.join("pieces.toml"), GOOD).expect("a file");
    let listed = hil(folder.path(), &["list", "--folder", "."]);
    assert!(String::from_utf8_lossy(&listed.stdout).contains("pieces"));
    let played = hil(folder.path(), &["run", "pieces", "--folder", "."]);
    assert_eq!(played.status.code(), Some(0));
    // A lane in virtual time has no bytes to hurt.
    let all = hil(folder.path(), &["run", "--folder", "."]);
    assert!(!String::from_utf8_lossy(&all.stdout).contains("pieces"));
}

#[test]
fn who_stops_reading_stops_nothing_and_is_no_panic() {
    let folder = folder();
    let cases: [(&[&str], i32); 4] = [
        (&["list", "--folder", "."], 0),
        (&["schema"], 0),
        (&["run", "good.toml", "--trace"], 0),
        (&["run", "slow.toml"], 1),
    ];
    for (arguments, code) in cases {
        let mut child = Command::new(env!("CARGO_BIN_EXE_hil"))
            .current_dir(folder.path())
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("hil runs");
        drop(child.stdout.take());
        let found = child.wait_with_output().expect("hil ends");
        let said = String::from_utf8_lossy(&found.stderr);
        assert_eq!(found.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(!said.contains("panicked"), "{arguments:?}: {said}");
    }
}

#[test]
fn a_full_disk_behind_the_output_is_told() {
    let full = fs::File::create("/dev/full").expect("Linux has it");
    let found = Command::new(env!("CARGO_BIN_EXE_hil"))
        .arg("schema")
        .stdout(full)
        .output()
        .expect("hil runs");
    assert_eq!(found.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&found.stderr).contains("standard output"));
}

#[test]
fn whoever_stops_a_swarm_or_closes_its_terminal_ends_it_with_its_report_written() {
    for signal in ["-INT", "-TERM", "-HUP"] {
        ends_with_its_report_written(signal);
    }
}

fn ends_with_its_report_written(signal: &str) {
    let folder = folder();
    let mut child = Command::new(env!("CARGO_BIN_EXE_hil"))
        .current_dir(folder.path())
        .args(["swarm", "--travellers", "1000000000", "--html", "page.html"])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("hil runs");
    let mut said = BufReader::new(child.stderr.take().expect("piped"));
    let mut first = String::new();
    said.read_line(&mut first).expect("a line");
    let id = child.id().to_string();
    let asked = Command::new("kill").args([signal, &id]).status();
    assert!(asked.is_ok_and(|status| status.success()));
    let mut rest = String::new();
    said.read_to_string(&mut rest).expect("text");
    assert_eq!(
        child.wait().expect("an end").code(),
        Some(130),
        "{signal}: {rest}"
    );
    let page = fs::read_to_string(folder.path().join("page.html")).expect("a page");
    assert!(page.contains("<h1>Stopped before the end</h1>"));
}

#[test]
fn machines_read_limits_measured_values_and_whose_fault_it_is() {
    let folder = folder();
    let files = [
        "--json", "all.json", "--junit", "all.xml", "--vcd", "pins.vcd",
    ];
    let scenarios = ["run", "good.toml", "slow.toml", "broken.toml"];
    hil(folder.path(), &[&scenarios[..], &files].concat());
    let read = |name| fs::read_to_string(folder.path().join(name)).expect("a file");
    let lines = read("all.json");
    let lines: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect();
    let verdicts: Vec<&str> = lines
        .iter()
        .filter_map(|one| one["verdict"].as_str())
        .collect();
    assert_eq!(verdicts, ["passed", "gate at fault", "bench at fault"]);
    let measured = &lines[0]["measured"];
    assert_eq!(measured[0]["what"], "cleared");
    assert!(measured[0]["took_s"].as_f64() < measured[0]["limit_s"].as_f64());
    assert_eq!(lines[1]["measured"][0]["kept"], false);
    assert_eq!(lines[1]["measured"][0]["limit_s"], 5.0);
    let swarm = ["swarm", "--travellers", "10", "--junit", "swarm.xml"];
    hil(folder.path(), &swarm);
    let swarm = read("swarm.xml");
    assert!(swarm.contains("<testcase name=\"swarm\""), "{swarm}");
    let junit = read("all.xml");
    assert!(
        junit.contains("failures=\"1\"") && junit.contains("errors=\"1\""),
        "{junit}"
    );
    let pins = read("pins.vcd");
    assert!(pins.contains("$scope module good $end") && pins.contains("ENTRY_HOLD"));
}

/// What somebody sees who looks at the page.
const LOOK: &str = r#"
const all = (selector) => [...document.querySelectorAll(selector)];
const seen = (element) => element.checkVisibility() && element.getBoundingClientRect().width > 0;
return {
  title: document.title,
  headline: document.querySelector("h1").innerText,
  first: document.body.firstElementChild.tagName,
  scripts: all("script, link, iframe, img, object, [src]").length,
  loaded: performance.getEntriesByType("resource").length,
  width: innerWidth,
  needed: document.documentElement.scrollWidth,
  open: all("body > main > details").map((one) => one.open),
  figures: all("figure").filter(seen).map((one) => ({
    name: one.innerText.trim().split("\n")[0],
    marks: one.querySelectorAll("svg rect, svg polyline, svg line").length,
    width: one.querySelector("svg").getBoundingClientRect().width,
    right: one.querySelector("svg").getBoundingClientRect().right,
  })),
  smallest: Math.min(...all("figure svg").filter(seen).flatMap((svg) => {
    const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
    return [...svg.querySelectorAll("text")].map((text) => parseFloat(text.getAttribute("font-size")) * scale);
  })),
  narrowest: Math.min(...all("td, th").filter(seen).filter((one) => one.innerText.length > 3)
    .map((one) => one.getBoundingClientRect().width)),
  text: document.body.innerText,
  ink: getComputedStyle(document.body).color,
  paper: getComputedStyle(document.body).backgroundColor,
};
"#;

fn check(seen: &Value) -> Result<()> {
    ensure!(seen["headline"] == "The gate is at fault", "{seen}");
    ensure!(seen["first"] == "HEADER", "the verdict comes first");
    ensure!(seen["scripts"] == 0 && seen["loaded"] == 0, "{seen}");
    let number = |value: &Value| value.as_f64().unwrap_or(f64::NAN);
    ensure!(number(&seen["needed"]) <= number(&seen["width"]), "{seen}");
    ensure!(
        seen["open"] == serde_json::json!([false, true, true]),
        "{seen}"
    );
    let figures = seen["figures"].as_array().context("figures")?;
    let names: Vec<&str> = figures
        .iter()
        .filter_map(|one| one["name"].as_str())
        .collect();
    for name in [
        "whole traveller",
        "added by software",
        "Where this traveller's time went",
        "Levels of the controller's pins over time",
    ] {
        ensure!(names.contains(&name), "{name} is not among {names:?}");
    }
    for figure in figures {
        ensure!(number(&figure["width"]) > 200.0, "{figure}");
        ensure!(
            number(&figure["right"]) <= number(&seen["width"]),
            "{figure}"
        );
        ensure!(number(&figure["marks"]) >= 3.0, "{figure}");
    }
    ensure!(number(&seen["smallest"]) >= 8.0, "{}", seen["smallest"]);
    ensure!(number(&seen["narrowest"]) >= 30.0, "{}", seen["narrowest"]);
    ensure!(seen["ink"] == "rgb(26, 26, 26)" && seen["paper"] == "rgb(255, 255, 255)");
    let text = seen["text"].as_str().unwrap_or_default();
    for words in [
        "1 passed, 2 failed",
        "workshop 2",
        "not given",
        "bench at fault",
        "damaged on the line",
        "command #1: set mode walk in",
        "not within 5.0 s: line 7: cleared",
    ] {
        ensure!(text.contains(words), "{words} is not in the page");
    }
    Ok(())
}

#[test]
fn the_page_tells_its_story_on_a_desk_and_on_a_phone() {
    let Some(programs) = installed() else {
        return say_skipped();
    };
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("station.toml"), "station = \"workshop 2\"\n").expect("a file");
    // A page has no width of its own choice: the frame is the phone.
    let phone = "<iframe src=page.html width=390 height=844 style='border:0'></iframe>";
    fs::write(path("phone.html"), phone).expect("a file");
    let scenarios = ["run", "good.toml", "slow.toml", "broken.toml"];
    let files = ["--html", "page.html", "--station", "station.toml"];
    let found = hil(folder.path(), &[&scenarios[..], &files].concat());
    assert_eq!(found.status.code(), Some(1));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let result: Result<()> = runtime.block_on(async {
        let browser = Browser::start(&programs, &[]).await?;
        browser.resize((1_280, 900)).await?;
        let url = |name: &str| format!("file://{}", path(name).display());
        browser.client.goto(&url("page.html")).await?;
        check(&browser.run(LOOK).await?).context("on a desk")?;
        browser.client.goto(&url("phone.html")).await?;
        browser.client.enter_frame(0).await?;
        let seen = browser.run(LOOK).await?;
        ensure!(seen["width"] == 390);
        check(&seen).context("on a phone")?;
        browser.close().await
    });
    result.expect("a page that can be read");
}

#[test]
fn a_gate_in_order_is_accepted_device_by_device() {
    let output = Command::new(env!("CARGO_BIN_EXE_hil"))
        .args(["gate-check", "--rig", "pure"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}");
    for device in ["camera", "controller's line", "fire alarm"] {
        let line = said.lines().find(|line| line.contains(device));
        assert!(line.is_some_and(|line| line.contains("in order")), "{said}");
    }
}

#[test]
fn the_benchmark_sets_a_lane_of_every_layout_beside_its_ideal() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("bench");
    let output = Command::new(env!("CARGO_BIN_EXE_hil"))
        .args(["bench", "--travellers", "100", "--json", "--costs"])
        .arg(folder.join("costs.toml"))
        .output()
        .unwrap();
    let figures: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(figures["layouts"].as_array().map(Vec::len), Some(3));
}
