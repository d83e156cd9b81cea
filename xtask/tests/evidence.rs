//! What the documents say about proofs must be so: a proof that was renamed is a proof that is lost.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Every Rust file of the project: where it lies, and its text.
struct Source {
    files: Vec<(PathBuf, String)>,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask lies below the top")
}

fn page(name: &str) -> String {
    fs::read_to_string(root().join("docs").join(name)).expect("the page is committed")
}

fn gather(at: &Path, into: &mut Vec<(PathBuf, String)>) {
    let entries = fs::read_dir(at).expect("a folder of the project");
    for entry in entries.flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if path.is_dir() {
            if name != "target" && !name.to_string_lossy().starts_with('.') {
                gather(&path, into);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("a source file");
            let path = path.strip_prefix(root()).expect("below the top").to_owned();
            into.push((path, text));
        }
    }
}

impl Source {
    fn read() -> Self {
        let mut files = Vec::new();
        gather(root(), &mut files);
        Self { files }
    }

    /// Whether a test of that name is there, or a module of tests: `lane::round::a_slow_chip`,
    /// `duty::tests`, `lane::walk`.
    fn has_proof(&self, name: &str) -> bool {
        let parts: Vec<&str> = name.split("::").filter(|part| *part != "tests").collect();
        let Some((last, folders)) = parts.split_last() else {
            return false;
        };
        let lies_in = |path: &Path, part: &str| {
            let parts = path
                .iter()
                .map(|part| part.to_string_lossy().replace(".rs", ""));
            parts.into_iter().any(|there| there == part)
        };
        self.files.iter().any(|(path, text)| {
            let there = folders.iter().all(|part| lies_in(path, part));
            there && (is_test(text, last) || (lies_in(path, last) && text.contains("#[test]")))
        })
    }
}

/// Whether a text has a test function of that name.
fn is_test(text: &str, name: &str) -> bool {
    let head = format!("fn {name}(");
    text.match_indices(&head).any(|(at, _)| {
        let before = text[..at].trim_end_matches("async ").trim_end();
        let attributes = before.rsplit("\n\n").next().unwrap_or_default();
        attributes.contains("test]") || attributes.contains("test(")
    })
}

/// What stands in backticks.
fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}

/// A name that can only be a test's, or a module's of tests.
fn names_a_proof(name: &str) -> bool {
    let written = |letter: char| {
        letter.is_ascii_lowercase() || letter.is_ascii_digit() || "_:".contains(letter)
    };
    name.chars().all(written) && (name.contains("::") || name.contains('_'))
}

/// The cells of one column alone, of all tables that have it.
fn cells_of<'a>(page: &'a str, column: &str) -> Vec<&'a str> {
    let mut at = None;
    let mut cells = Vec::new();
    for line in page.lines() {
        if !line.starts_with('|') {
            at = None;
            continue;
        }
        let mut row = line.split(" | ");
        match at {
            None => {
                at = row
                    .position(|cell| cell.trim_matches(['|', ' ']) == column)
                    .or(Some(usize::MAX));
            }
            Some(at) => cells.extend(row.nth(at)),
        }
    }
    cells
}

/// The rows of all tables whose head has `column`, from that column on.
fn cells_from<'a>(page: &'a str, column: &str) -> Vec<&'a str> {
    let mut from = None;
    let mut cells = Vec::new();
    for line in page.lines() {
        if !line.starts_with('|') {
            from = None;
            continue;
        }
        let row = line.split(" | ");
        match from {
            None => {
                from = row
                    .clone()
                    .position(|cell| cell.trim_matches(['|', ' ']) == column)
                    .or(Some(usize::MAX))
            }
            Some(from) => cells.extend(row.skip(from)),
        }
    }
    cells
}

#[test]
fn every_proof_that_the_hazards_name_is_there() {
    let (source, page) = (Source::read(), page("hazards.md"));
    let cells = [cells_from(&page, "Proof"), cells_from(&page, "M")].concat();
    let named: BTreeSet<&str> = cells
        .into_iter()
        .flat_map(quoted)
        .filter(|name| names_a_proof(name))
        .collect();
    assert!(
        named.len() > 200,
        "only {} proofs were found on the page",
        named.len()
    );
    let lost: Vec<&&str> = named
        .iter()
        .filter(|name| !source.has_proof(name))
        .collect();
    assert_eq!(lost, Vec::<&&str>::new());
}

/// What comes before a name where it is declared.
const DECLARES: [&str; 5] = ["fn", "struct", "enum", "const", "static"];

/// A function, with its type or its module if it has one; a type, a table, a file.
#[test]
fn every_function_that_the_hazards_name_is_there() {
    let (source, page) = (Source::read(), page("hazards.md"));
    let firmware = root().join("gate-firmware");
    let mut declared: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, (_, text)) in source.files.iter().enumerate() {
        let words = text.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
        let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
        for pair in words.windows(2).filter(|pair| DECLARES.contains(&pair[0])) {
            declared.entry(pair[1]).or_default().push(index);
        }
    }
    let is_there = |name: &str| {
        let mut parts = name.rsplit("::");
        let (last, above) = (parts.next().unwrap_or_default(), parts.next());
        let belongs = |index: &&usize| {
            let (path, text) = &source.files[**index];
            above.is_none_or(|above| {
                let file = path.file_stem().is_some_and(|stem| stem == above);
                file || text.contains(&format!("{above} {{")) || text.contains(&format!("{above}<"))
            })
        };
        let files = declared.get(last).into_iter().flatten();
        let is_file = |(path, _): &(PathBuf, String)| path.file_stem().is_some_and(|it| it == name);
        files.filter(belongs).count() > 0
            || source.files.iter().any(is_file)
            || firmware.join(format!("{name}.in")).exists()
    };
    let names: BTreeSet<&str> = cells_of(&page, "Function")
        .into_iter()
        .flat_map(quoted)
        .filter(|name| !name.starts_with("gate-"))
        .collect();
    assert!(
        names.len() > 60,
        "only {} functions were found on the page",
        names.len()
    );
    let lost: Vec<&&str> = names.iter().filter(|name| !is_there(name)).collect();
    assert_eq!(lost, Vec::<&&str>::new());
}

#[test]
fn every_measure_stands_at_its_function_and_every_number_has_a_row() {
    let numbers = |text: &str| -> BTreeSet<String> {
        let numbers = text
            .match_indices("SAF-")
            .filter_map(|(at, _)| text.get(at..at + 7))
            .filter(|number| number.ends_with(|last: char| last.is_ascii_digit()));
        numbers.map(str::to_owned).collect()
    };
    let source = Source::read();
    let ours = |path: &Path| !path.starts_with("xtask");
    let files = source.files.iter().filter(|(path, _)| ours(path));
    let in_source: BTreeSet<String> = files.flat_map(|(_, text)| numbers(text)).collect();
    let in_rows: BTreeSet<String> = numbers(&page("hazards.md"));
    let apart: Vec<&String> = in_source.symmetric_difference(&in_rows).collect();
    assert_eq!(apart, Vec::<&String>::new());
}

#[test]
fn every_mutation_has_been_tried_and_was_caught() {
    let list = fs::read_to_string(root().join("gate-interlock/mutations.toml")).expect("the list");
    let list: toml::Table = toml::from_str(&list).expect("the list can be read");
    let listed: BTreeSet<&str> = list["mutation"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|mutation| mutation["name"].as_str().expect("a name"))
        .collect();
    let page = page("mutations.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| "));
    let heads = ["Broken", "---"];
    let caught = |row: &str| row.contains('`') && !row.contains("not tried");
    let caught: BTreeSet<&str> = rows
        .filter(|row| caught(row))
        .filter_map(|row| row.split(" | ").next())
        .filter(|name| !heads.contains(name))
        .collect();
    let open: Vec<&&str> = listed.symmetric_difference(&caught).collect();
    assert_eq!(
        open,
        Vec::<&&str>::new(),
        "to be tried: cargo xtask mutations --write NAME"
    );
}

/// Each entry of a list of changes: its name, the file that it changes, and the text that it looks for.
fn changes(list: &str, name: &str, folder: impl Fn(&toml::Value) -> PathBuf) -> Vec<[String; 3]> {
    let text = fs::read_to_string(root().join(list)).expect("the list is committed");
    let list: toml::Table = toml::from_str(&text).expect("the list can be read");
    let entries = list[name].as_array().expect("a list");
    let of = |entry: &toml::Value| {
        let text = |key: &str| entry[key].as_str().expect("a text").to_owned();
        let file = folder(entry).join(text("file"));
        [text("name"), file.display().to_string(), text("find")]
    };
    entries.iter().map(of).collect()
}

#[test]
fn what_is_to_be_broken_on_purpose_stands_where_the_lists_say() {
    let of_crate = |entry: &toml::Value| {
        let named = entry.get("crate").and_then(toml::Value::as_str);
        root().join(named.unwrap_or("gate-interlock"))
    };
    let mutations = changes("gate-interlock/mutations.toml", "mutation", of_crate);
    let bugs = changes("tests/planted-bugs.toml", "bug", |_| root().to_owned());
    for [name, file, find] in mutations.iter().chain(&bugs) {
        let source = fs::read_to_string(file).unwrap_or_default();
        assert_eq!(source.matches(find).count(), 1, "{name}: {file}");
    }
    let page = page("planted-bugs.md");
    for [name, ..] in &bugs {
        assert!(page.contains(&format!("| {name} |")), "{name} has no row");
    }
}
