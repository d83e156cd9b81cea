//! The table in `docs/quirks.md` has every quirk, and every test that it names is there.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Quirks that are known from the field.
const QUIRKS: std::ops::RangeInclusive<u8> = 1..=32;

/// Names of the functions below `#[test]` in a file.
fn tests(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    let functions = text.split("#[test]\nfn ").skip(1);
    let name = |function: &str| function.split('(').next().map(str::to_owned);
    functions.filter_map(name).collect()
}

#[test]
fn every_quirk_has_its_tests_with_a_chip_that_behaves_that_way() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = fs::read_dir(root.join("tests/chip_quirks")).unwrap();
    let mut files: Vec<_> = folder.map(|entry| entry.unwrap().path()).collect();
    files.push(root.join("tests/documents.rs"));
    let known: BTreeSet<String> = files.iter().flat_map(|path| tests(path)).collect();

    let table = fs::read_to_string(root.join("../docs/quirks.md")).unwrap();
    let mut listed = Vec::new();
    for row in table.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let Ok(number) = cells[0].parse::<u8>() else {
            continue;
        };
        let named: Vec<&str> = cells[3].split('`').skip(1).step_by(2).collect();
        assert!(!named.is_empty(), "quirk {number} has no test");
        for name in named {
            assert!(
                known.contains(name),
                "quirk {number}: no test is called {name}"
            );
        }
        listed.push(number);
    }
    assert_eq!(listed, QUIRKS.collect::<Vec<u8>>());
}
