//! What the journal tells of one traveller.

use crate::waterfall;
use anyhow::Context;
use gate_host::journal::Entry;
use gate_host::journal::Tail;
use gate_session::{DecidedBy, Left, Outcome, Timeline};
use gate_sim::rig::Entry as Written;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::path::Path;

/// Follows a journal while the daemon writes it.
#[derive(Debug)]
pub(crate) struct Reading {
    tail: Tail,
    /// Read and not told yet.
    entries: VecDeque<Entry>,
    decided: Option<Decision>,
}

/// The daemon's decision as the journal has it.
#[derive(Clone, Debug, Deserialize)]
struct Decision {
    traveller: u64,
    #[serde(flatten)]
    outcome: Outcome,
    findings: Vec<Value>,
}

#[derive(Debug, Deserialize)]
struct Completion {
    traveller: u64,
    left: String,
    timeline: Timeline,
}

/// What an entry of the journal says, as far as it matters whether all are there, and where the
/// traveller's time went until then.
///
/// # Errors
///
/// The entry is none of this program's.
pub(crate) fn entry(body: &str) -> anyhow::Result<(Written, Timeline)> {
    #[derive(Deserialize)]
    #[serde(tag = "entry", rename_all = "kebab-case")]
    enum Body {
        Decision {
            traveller: u64,
            #[serde(flatten)]
            outcome: Outcome,
            by: DecidedBy,
            timeline: Timeline,
        },
        Completion {
            traveller: u64,
            left: Left,
            timeline: Timeline,
        },
    }
    Ok(match serde_json::from_str(body)? {
        Body::Decision {
            traveller,
            outcome,
            by: DecidedBy::Gate,
            timeline,
        } => (Written::Gate(traveller, outcome), timeline),
        Body::Decision {
            traveller,
            outcome,
            timeline,
            ..
        } => (Written::Officer(traveller, outcome), timeline),
        Body::Completion {
            traveller,
            left,
            timeline,
        } => (Written::Completion(traveller, left), timeline),
    })
}

/// One traveller from begin to end.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    /// Number at the lane.
    pub(crate) traveller: u64,
    /// How the gate decided.
    pub(crate) outcome: Outcome,
    /// How the traveller left.
    pub(crate) left: String,
    /// Every check.
    pub(crate) findings: Vec<Value>,
    /// Where the time went.
    pub(crate) timeline: Timeline,
}

/// One line of the report file.
#[derive(Debug, Serialize)]
struct Line<'a> {
    traveller: u64,
    persona: &'a str,
    outcome: &'a str,
    reason: Option<&'a str>,
    as_expected: bool,
    left: &'a str,
    total_ms: f64,
    software_ms: f64,
    spans: Vec<Value>,
    findings: &'a [Value],
}

impl Reading {
    /// Begins after what is already there.
    pub(crate) fn begin(path: &Path) -> anyhow::Result<Self> {
        let mut tail = Tail::of(path);
        tail.entries()?;
        Ok(Self {
            tail,
            entries: VecDeque::new(),
            decided: None,
        })
    }

    /// The next traveller who has left, if the journal has one.
    pub(crate) fn next(&mut self) -> anyhow::Result<Option<Told>> {
        self.entries.extend(self.tail.entries()?);
        while let Some(entry) = self.entries.pop_front() {
            let body: Value = serde_json::from_str(&entry.body)
                .with_context(|| format!("journal entry {}", entry.sequence))?;
            if body["entry"] == "decision" {
                self.decided = Some(serde_json::from_value(body)?);
                continue;
            }
            let completion: Completion = serde_json::from_value(body)?;
            let decision = self
                .decided
                .take()
                .context("a completion without a decision before it")?;
            anyhow::ensure!(
                decision.traveller == completion.traveller,
                "journal: traveller {} completed, traveller {} was decided",
                completion.traveller,
                decision.traveller
            );
            return Ok(Some(Told {
                traveller: completion.traveller,
                outcome: decision.outcome,
                left: completion.left,
                findings: decision.findings,
                timeline: completion.timeline,
            }));
        }
        Ok(None)
    }
}

impl Told {
    /// For people.
    pub(crate) fn text(&self, persona: &str, expected: Outcome) -> String {
        let verdict = if self.outcome == expected {
            "as it should be"
        } else {
            "NOT AS IT SHOULD BE"
        };
        format!(
            "  traveller {:>3}  {persona:20} {}{}  — {verdict}\n{}",
            self.traveller,
            self.outcome.word(),
            self.outcome
                .reason()
                .map_or_else(String::new, |reason| format!(": {reason}")),
            waterfall::draw(&self.timeline)
        )
    }

    /// For programs: one line of JSON.
    pub(crate) fn json(&self, persona: &str, expected: Outcome) -> anyhow::Result<String> {
        let ms = |at: gate_protocol::Instant| at.since(self.timeline.began).as_secs_f64() * 1e3;
        let spans = self.timeline.spans.iter().map(|span| {
            json!({ "name": span.name, "kind": waterfall::word(span.kind), "start_ms": ms(span.start), "end_ms": ms(span.end) })
        });
        Ok(serde_json::to_string(&Line {
            traveller: self.traveller,
            persona,
            outcome: self.outcome.word(),
            reason: self.outcome.reason(),
            as_expected: self.outcome == expected,
            left: &self.left,
            total_ms: self.timeline.total().as_secs_f64() * 1e3,
            software_ms: self.timeline.software().as_secs_f64() * 1e3,
            spans: spans.collect(),
            findings: &self.findings,
        })?)
    }
}
