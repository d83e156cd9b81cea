//! What came of it, as a page of the documentation.

use crate::mutate::Change;
use crate::peers::Peer;
use crate::reasons::Known;
use crate::{Found, ZONES};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

const HEAD: &str = "# Printed zones beside other parsers

`gate-document` reads printed zones with a parser of its own ([decision 5](decisions/0005-own-mrz-parser.md)). A
test (`gate-document/tests/zones_against_peers/`) gives it, and four parsers by others, the same zones of all five
formats: right ones, and ones that were changed on the way. It compares who takes a zone, and every field that
both read: code, State, number, names, nationality, birth and expiry with their centuries, sex, optional data. A
difference without a reason from the list below fails the test, which also writes this page (`GATE_ACCEPT=1`):

```text
cargo xtask models
GATE_MODELS=$PWD/target/gate/models cargo test -p gate-document --test zones_against_peers
```

Crate `mrz` and PyPI's `mrz` know all five formats, npm's `mrz` TD1, TD2 and TD3, the crate `mrtd` TD1 and TD3; a
parser is given no zone of a format that it does not know. Of centuries npm's says nothing; of code and optional data
the crate `mrtd` says nothing.
";

/// Compares the page with the one that is committed, or writes it.
pub(crate) fn hold(found: &Found) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/mrz-peers.md");
    let page = write(found);
    if std::env::var_os("GATE_ACCEPT").is_some() {
        std::fs::write(&path, &page).expect("a page");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == page,
        "docs/mrz-peers.md says otherwise:\n{page}"
    );
}

fn write(found: &Found) -> String {
    let mut page = String::from(HEAD);
    let names: Vec<&str> = Peer::ALL.iter().map(|peer| peer.name()).collect();
    let _ = write!(
        page,
        "\n## Who reads what\n\n{} zones, and behind them the {} that our parser made right. *Read* and *repaired* are \
         ours: strictly, and under a check digit.\n\n| Change | Zones | Read | Repaired | {} |\n|{}\n",
        thousands(ZONES),
        thousands(
            found
                .changes
                .get(&Change::Repaired)
                .map_or(0, |tally| tally.zones)
        ),
        names.join(" | "),
        " --- |".repeat(4 + names.len()),
    );
    for (change, tally) in &found.changes {
        let numbers = [tally.zones, tally.read, tally.repaired];
        let numbers = numbers.into_iter().chain(tally.by_peer).map(thousands);
        let _ = writeln!(
            page,
            "| {} | {} |",
            name(*change),
            numbers.collect::<Vec<_>>().join(" | ")
        );
    }
    let _ = write!(
        page,
        "\n## Why they differ\n\nZones by parser and reason. Where a number follows the clock, the parser does.\n\n\
         | Difference | Reason | {} |\n|{}\n",
        names.join(" | "),
        " --- |".repeat(2 + names.len()),
    );
    let kinds: BTreeSet<Known> = found.known.keys().map(|(_, known)| *known).collect();
    for known in kinds {
        let count = |peer: Peer| match found.known.get(&(peer, known)) {
            None => String::new(),
            Some(_) if known.follows_the_clock(peer) => "by the clock".to_owned(),
            Some(count) => thousands(*count),
        };
        let counts = Peer::ALL.map(count);
        let _ = writeln!(
            page,
            "| {known:?} | {} | {} |",
            known.why(),
            counts.join(" | ")
        );
    }
    page
}

const fn name(change: Change) -> &'static str {
    match change {
        Change::None => "none",
        Change::Substitution => "1 to 3 characters are others",
        Change::Insertion => "a character too many in a line",
        Change::Deletion => "a character too few in a line",
        Change::Shift => "a character gone, another elsewhere in the line",
        Change::Transposition => "two neighbours exchanged",
        Change::LineSwap => "two lines exchanged",
        Change::LineCount => "a line twice, or gone",
        Change::Case => "lower case",
        Change::Length => "a line cut, or longer by fillers",
        Change::Fillers => "fillers and marks as readers write them",
        Change::LookAlike => "a look-alike",
        Change::Repaired => "as our parser repaired it",
    }
}

/// 12345 as `12,345`.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let parts: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|part| std::str::from_utf8(part).unwrap_or_default())
        .collect();
    parts.join(",")
}
