//! Nothing of a traveller leaves the daemon: not in its log at the finest level, not in its
//! journal, not in what a browser is sent.

#![expect(
    clippy::panic,
    reason = "a helper of a test fails by panicking, like the test"
)]

mod lane;

use anyhow::{bail, ensure};
use gate_session::{Outcome, Screen};
use gate_sim::chip::Fault;
use lane::{in_lane, log, secrets};
use serde_json::Value;

/// The lane itself looks for the holder's data when the scene is over.
#[test]
fn a_journey_leaves_nothing_of_the_traveller_in_log_journal_or_page() {
    in_lane(async |lane| {
        lane.open().await?;
        // Once as it should be, and once with a chip that never lets itself be read: errors talk.
        lane.send([]);
        lane.is_left().await?;
        lane.send([Fault::TalksNonsense { after: 6 }; 2]);
        lane.is_left().await?;
        lane.shows(Screen::Welcome).await?;
        let decisions = lane.decisions()?;
        ensure!(
            matches!(decisions[..], [Outcome::Cleared, Outcome::Referred(_)]),
            "{decisions:?}"
        );
        // The journal keeps what each check rests on, and the rule that was not kept.
        let written = lane.decided()?;
        let [cleared, referred] = &written[..] else {
            bail!("{written:?}");
        };
        let signer = &evidence(cleared, "sod-signature")["signer"];
        ensure!(signer.as_str().is_some_and(|it| it.len() == 64), "{signer}");
        let reading = evidence(referred, "chip-reading");
        ensure!(reading["rule"].is_string(), "{reading}");
        ensure!(reading["clause"] == "Doc 9303-10, 3.6", "{reading}");
        lane.entry_is_open().await?;
        ensure!(lane.has_shown(Screen::Go) && lane.has_shown(Screen::StepBack));
        lane.has_said(&["WARN", "chip not read"])?;
        ensure!(log::text().contains("DEBUG"), "the log is not complete");
        Ok(())
    });
}

/// What `decision` says that `check` rests on.
fn evidence<'a>(decision: &'a Value, check: &str) -> &'a Value {
    let findings = decision["findings"].as_array().into_iter().flatten();
    let mut findings = findings.filter(|finding| finding["check"] == check);
    findings
        .next()
        .map_or(&Value::Null, |finding| &finding["evidence"])
}

#[test]
fn the_search_finds_a_word_in_every_way_of_writing_it() {
    let words = ["X4J7K2P9Q", "830719"].map(str::to_owned);
    for text in [
        "number X4J7K2P9Q read",
        "zone=P<UTOX4J7K2P9Q<<",
        "58344a374b32503951",
        "[0, 88, 52, 74, 55, 75, 50, 80, 57, 81]",
        "x4j7k2p9q",
        "born 830719, female",
    ] {
        assert!(secrets::find(text, &words).is_some(), "{text}");
    }
    for text in ["X4J7K2P9", "at 1830719123 µs", "8307190 bytes", "nothing"] {
        assert_eq!(secrets::find(text, &words), None, "{text}");
    }
}
