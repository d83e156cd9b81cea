//! Why a command has no result, in the words that every subcommand uses: on standard error, and with
//! `--json` as the one object on standard output (`schemas/failure.schema.json`).

use crate::Exit;
use gate_document::Fault;
use serde::Serialize;
use std::fmt::Display;

/// What is said of a failure besides its text, which is written for people and may change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Failure {
    /// Stable name of the kind: `unreadable-file`, `wrong-mrz`.
    pub(crate) kind: &'static str,
    /// The step that failed.
    pub(crate) step: String,
    /// The rule that was broken.
    pub(crate) rule: &'static str,
    /// Where the rule stands, if it is a standard's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) clause: Option<&'static str>,
    /// What to do about it.
    pub(crate) next: &'static str,
}

/// What keeps a command from its result.
pub(crate) trait Failing: Display {
    /// The failure in words that stay.
    fn failure(&self) -> Failure;
    /// How the command ends.
    fn exit(&self) -> Exit;
}

/// The object that `--json` prints.
#[derive(Serialize)]
struct Told<'a> {
    read: bool,
    problem: String,
    #[serde(flatten)]
    failure: &'a Failure,
}

impl Failure {
    /// A failure of something that no standard rules.
    pub(crate) fn new(
        kind: &'static str,
        step: impl Into<String>,
        rule: &'static str,
        next: &'static str,
    ) -> Self {
        Self {
            kind,
            step: step.into(),
            rule,
            clause: None,
            next,
        }
    }

    /// A failure to keep a rule of the standard.
    pub(crate) fn of(fault: Fault, next: &'static str) -> Self {
        Self {
            kind: fault.kind,
            step: fault.step,
            rule: fault.rule,
            clause: Some(fault.clause),
            next,
        }
    }

    fn in_words(&self) -> String {
        let Self {
            kind,
            step,
            rule,
            clause,
            next,
        } = self;
        let clause = clause.map_or(String::new(), |clause| format!(" ({clause})"));
        format!("  step: {step}; rule: {rule}{clause}; kind: {kind}\n  next: {next}")
    }
}

/// Tells of `problem` and says how the command ends.
pub(crate) fn tell(problem: &dyn Failing, json: bool) -> Exit {
    let failure = problem.failure();
    if json {
        say!("{}", object(problem, &failure));
    }
    complain!("error: {problem}\n{}", failure.in_words());
    problem.exit()
}

/// The failure as `--json` prints it.
pub(crate) fn object(problem: impl Display, failure: &Failure) -> serde_json::Value {
    let told = Told {
        read: false,
        problem: problem.to_string(),
        failure,
    };
    // Texts and a truth value: there is nothing that JSON cannot hold.
    serde_json::to_value(told).unwrap_or_default()
}
