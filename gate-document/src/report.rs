//! The result of an inspection as a report (BSI TR-03135-1, result model): every check with its
//! stable name, result, reason and evidence, the step and the clause that it belongs to, and what the
//! policy makes of them. A failure has a stable kind besides ([`Fault`]).
//!
//! `schemas/report.schema.json` describes the form. Nothing of it belongs to the traveller: no name,
//! number, day of birth or image.

use crate::fault::Fault;
use crate::finding::{Check, Finding, Outcome};
use crate::inspect::Inspection;
use crate::mrz::{Format, Mrz};
use crate::policy::{Policy, Verdict};
use serde::Serialize;
use std::collections::BTreeMap;

/// What findings rest on, by check and by name: what was compared, with which algorithm, certificate
/// and day. Values are words without personal data.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evidence {
    notes: BTreeMap<Check, BTreeMap<&'static str, String>>,
    faults: BTreeMap<Check, Fault>,
}

impl Evidence {
    pub(crate) fn note(&mut self, check: Check, name: &'static str, value: impl Into<String>) {
        let notes = self.notes.entry(check).or_default();
        notes.insert(name, value.into());
    }

    pub(crate) fn blame(&mut self, check: Check, fault: Fault) {
        self.faults.insert(check, fault);
    }

    pub(crate) fn extend(&mut self, other: Self) {
        for (check, values) in other.notes {
            self.notes.entry(check).or_default().extend(values);
        }
        self.faults.extend(other.faults);
    }

    pub(crate) fn forget(&mut self, check: Check) {
        self.notes.remove(&check);
        self.faults.remove(&check);
    }

    /// The evidence for one check.
    #[must_use]
    pub fn of(&self, check: Check) -> BTreeMap<&'static str, &str> {
        let values = self.notes.get(&check).into_iter().flatten();
        values
            .map(|(name, value)| (*name, value.as_str()))
            .collect()
    }

    /// `findings`, each with its evidence; what was not passed names its rule and the clause as well.
    pub(crate) fn attach(&self, mut findings: Vec<Finding>) -> Vec<Finding> {
        for finding in &mut findings {
            let mut notes = self.of(finding.check);
            let rule = finding.check.rule();
            if finding.outcome != Outcome::Passed {
                notes.extend([("rule", rule.text), ("clause", rule.clause)]);
            }
            let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
            finding.evidence = notes.into_iter().map(owned).collect();
        }
        findings
    }

    /// What `finding` failed of, in words that stay: of a chip that was not read, what kept it from
    /// that; else the rule of the check. `None` where nothing failed.
    #[must_use]
    pub fn fault(&self, finding: &Finding) -> Option<Fault> {
        let check = finding.check;
        let known = self.faults.get(&check).cloned();
        match finding.outcome {
            Outcome::Passed => None,
            Outcome::Failed | Outcome::Aborted => {
                known.or_else(|| Some(check.rule().broken(check.name())))
            }
            Outcome::NotDone | Outcome::NotSupported => known,
        }
    }
}

/// Name and version of the form.
pub const FORM: &str = "gate-document-report-2";

/// The JSON Schema of a report.
pub const SCHEMA: &str = include_str!("../schemas/report.schema.json");

/// A report.
#[derive(Clone, Debug, Serialize)]
pub struct Report<'a> {
    form: &'static str,
    document: Option<Document<'a>>,
    verdict: String,
    because: Vec<Check>,
    checks: Vec<Line<'a>>,
}

#[derive(Clone, Debug, Serialize)]
struct Document<'a> {
    format: &'static str,
    code: &'a str,
    issuer: &'a str,
}

#[derive(Clone, Debug, Serialize)]
struct Line<'a> {
    check: Check,
    result: &'static str,
    level: &'static str,
    reason: &'a str,
    step: &'static str,
    rule: &'static str,
    clause: &'static str,
    fault: Option<Fault>,
    evidence: BTreeMap<&'static str, &'a str>,
}

impl<'a> Report<'a> {
    /// Reports `inspection` of the document with the zone `printed`, under `policy`; of one without a
    /// printed zone, with that of DG1, or with none.
    #[must_use]
    pub fn new(
        printed: impl Into<Option<&'a Mrz>>,
        inspection: &'a Inspection,
        policy: &Policy,
    ) -> Self {
        let verdict = inspection.verdict(policy);
        let checks = inspection.findings.iter().map(|finding| {
            let rule = finding.check.rule();
            Line {
                check: finding.check,
                result: result(finding.outcome),
                level: policy.level(finding.check).name(),
                reason: &finding.reason,
                step: rule.step,
                rule: rule.text,
                clause: rule.clause,
                fault: inspection.evidence.fault(finding),
                evidence: inspection.evidence.of(finding.check),
            }
        });
        Self {
            form: FORM,
            document: printed.into().map(|printed| Document {
                format: format_name(printed.format),
                code: &printed.document_code,
                issuer: &printed.issuing_state,
            }),
            verdict: verdict.to_string(),
            because: match verdict {
                Verdict::Accept => Vec::new(),
                Verdict::Refer(because) => because,
            },
            checks: checks.collect(),
        }
    }

    /// The report in JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Strings, lists and maps with names for keys: there is nothing that JSON cannot hold.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

/// TR-03135's name of an outcome.
#[must_use]
pub const fn result(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Passed => "successful",
        Outcome::Failed => "failed",
        Outcome::NotDone => "undetermined",
        Outcome::NotSupported => "not-supported",
        Outcome::Aborted => "aborted",
    }
}

pub(crate) const fn format_name(format: Format) -> &'static str {
    match format {
        Format::Td1 => "TD1",
        Format::Td2 => "TD2",
        Format::Td3 => "TD3",
        Format::MrvA => "MRV-A",
        Format::MrvB => "MRV-B",
    }
}

#[cfg(test)]
mod tests;
