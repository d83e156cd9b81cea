//! `docs/worked-examples.md` names tests that are there.

use std::fs;
use std::path::{Path, PathBuf};

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else {
            found.push(path);
        }
    }
}

#[test]
fn every_worked_example_that_is_said_to_be_replayed_has_its_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    sources(&root.join("src"), &mut files);
    let text: String = files
        .iter()
        .map(|path| fs::read_to_string(path).expect("a source file"))
        .collect();
    let table = fs::read_to_string(root.join("../docs/worked-examples.md")).expect("the table");
    let mut named = 0;
    for row in table.lines().filter(|line| line.starts_with("| ")).skip(1) {
        let tests = row.trim_end_matches('|').rsplit('|').next();
        let tests = tests.unwrap_or_default().split('`').skip(1).step_by(2);
        for test in tests.filter(|name| !name.contains('.')) {
            assert!(
                text.contains(&format!("#[test]\n    fn {test}("))
                    || text.contains(&format!("#[test]\nfn {test}(")),
                "{test}"
            );
            named += 1;
        }
    }
    assert!(named > 10, "{named}");
}
