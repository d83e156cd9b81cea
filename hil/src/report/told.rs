//! What came of the scenarios, for people and for machines.

use gate_protocol::Instant;
use gate_sim::scenario::{Measured, Observed, Run, Verdict};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use serde::Serialize;
use std::time::Duration;

/// A scenario's name and what came of it.
#[derive(Debug)]
pub(crate) struct Told {
    name: String,
    run: Run,
    observed: Observed,
    /// The file that gives the same run again.
    scenario: Option<String>,
    /// The rig could not do it, and it was left out.
    left_out: bool,
}

/// One line of the report file.
#[derive(Debug, Serialize)]
struct Line<'a> {
    scenario: &'a str,
    title: &'a str,
    rig: &'a str,
    verdict: &'a str,
    reason: Option<&'a str>,
    seconds: f64,
    measured: Vec<Measure<'a>>,
    trace: Vec<String>,
}

/// A limit, and what was measured.
#[derive(Debug, Serialize)]
struct Measure<'a> {
    line: usize,
    what: &'a str,
    limit_s: f64,
    took_s: f64,
    kept: bool,
}

impl Told {
    pub(crate) fn of(name: String, run: Run) -> Self {
        Self {
            name,
            run,
            observed: Observed::default(),
            scenario: None,
            left_out: false,
        }
    }

    /// Something that this rig cannot do, and why.
    pub(crate) fn not_checked(name: String, rig: &'static str, why: String) -> Self {
        Self {
            left_out: true,
            ..Self::of(name.clone(), Run::refused(name, rig, why))
        }
    }

    /// With what the rig kept of it.
    pub(crate) fn with(self, observed: Observed) -> Self {
        Self { observed, ..self }
    }

    /// With the file that gives the same run again.
    pub(crate) fn played_from(self, scenario: String) -> Self {
        Self {
            scenario: Some(scenario),
            ..self
        }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) const fn run(&self) -> &Run {
        &self.run
    }

    pub(crate) const fn observed(&self) -> &Observed {
        &self.observed
    }

    pub(super) fn scenario(&self) -> Option<&str> {
        self.scenario.as_deref()
    }

    pub(super) const fn ended(&self) -> Instant {
        self.run.ended
    }

    pub(crate) const fn is_left_out(&self) -> bool {
        self.left_out
    }

    pub(crate) fn passed(&self) -> bool {
        self.run.verdict == Verdict::Passed
    }

    /// When it went wrong, if it did.
    pub(super) fn failed_at(&self) -> Option<Instant> {
        let failure = self.run.trace.iter().rev().find(|line| line.mark == '!');
        (!self.passed() && !self.left_out).then(|| failure.map_or(self.run.ended, |line| line.at))
    }

    /// The word for the verdict, and why.
    pub(crate) fn verdict(&self) -> (&'static str, Option<&str>) {
        match &self.run.verdict {
            Verdict::Bench(why) if self.left_out => ("not checked", Some(why)),
            Verdict::Passed => ("passed", None),
            Verdict::Gate(why) => ("gate at fault", Some(why)),
            Verdict::Bench(why) => ("bench at fault", Some(why)),
        }
    }

    fn took(&self) -> Duration {
        Duration::from_micros(self.run.ended.as_micros())
    }

    /// For people. A failure shows what happened, asked or not.
    pub(crate) fn text(&self, trace: bool) -> String {
        let (verdict, why) = self.verdict();
        let seconds = self.took().as_secs_f64();
        let mut text = format!("{:48} {verdict} ({seconds:.1} s)\n", self.name);
        if let Some(why) = why {
            text.push_str(&format!("    {why}\n"));
        }
        if trace || !self.passed() {
            for line in &self.run.trace {
                text.push_str(&format!("    {line}\n"));
            }
        }
        text
    }
}

/// The results as JUnit's XML: the gate's faults are failures, the bench's are errors, and what was not
/// checked is skipped.
pub(super) fn junit(all: &[Told]) -> anyhow::Result<String> {
    let mut suite = TestSuite::new("scenarios");
    for told in all {
        let status = match told.verdict() {
            (_, Some(why)) if told.left_out => {
                let mut status = TestCaseStatus::skipped();
                status.set_message(why);
                status
            }
            (_, None) => TestCaseStatus::success(),
            (word, Some(why)) => {
                let kind = match told.run.verdict {
                    Verdict::Bench(_) => NonSuccessKind::Error,
                    Verdict::Passed | Verdict::Gate(_) => NonSuccessKind::Failure,
                };
                let mut status = TestCaseStatus::non_success(kind);
                status.set_message(why).set_type(word);
                status.set_description(told.run.text());
                status
            }
        };
        let mut case = TestCase::new(told.name.as_str(), status);
        case.set_classname(told.run.rig).set_time(told.took());
        suite.add_test_case(case);
    }
    let mut report = Report::new("hil");
    report.add_test_suite(suite);
    Ok(report.to_string()?)
}

/// The results as a line of JSON each.
pub(super) fn json(all: &[Told]) -> anyhow::Result<String> {
    let mut text = String::new();
    for told in all {
        let (verdict, reason) = told.verdict();
        let line = Line {
            scenario: &told.name,
            title: &told.run.title,
            rig: told.run.rig,
            verdict,
            reason,
            seconds: told.took().as_secs_f64(),
            measured: told.run.measured.iter().map(Measure::of).collect(),
            trace: told.run.trace.iter().map(ToString::to_string).collect(),
        };
        text.push_str(&serde_json::to_string(&line)?);
        text.push('\n');
    }
    Ok(text)
}

impl<'a> Measure<'a> {
    fn of(measured: &'a Measured) -> Self {
        Self {
            line: measured.line,
            what: &measured.what,
            limit_s: measured.limit.as_secs_f64(),
            took_s: measured.took.as_secs_f64(),
            kept: measured.kept,
        }
    }
}
