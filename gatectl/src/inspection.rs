//! The one place that calls gate-document's reading and judging.

use crate::details::Details;
use crate::dump::{Dump, LeftOut};
use gate_document::access::{CardAccessNumber, Passwords};
use gate_document::beside::Beside;
use gate_document::chip::{Cause, Habits};
use gate_document::inspect::Inspection;
use gate_document::policy::{Policy, Verdict};
use gate_document::report::Report;
use gate_document::{
    ApduLength, Card, Check, ChipFiles, Fault, Finding, Mrz, Progress, ReadError, Request,
    TrustStore,
};
use gate_host::clock;
use std::collections::BTreeMap;

/// Data groups beside those that every inspection needs, and a desk has time for.
const DETAILS: [u8; 4] = [11, 12, 13, 16];

/// What opens a chip.
#[derive(Debug)]
pub(crate) enum Key {
    /// The printed zone, and its other readings.
    Zone(Box<Mrz>),
    /// The card access number.
    Can(CardAccessNumber),
}

/// What a document is held against on a desk.
#[derive(Debug)]
pub(crate) struct Desk<'a> {
    /// The text of pages, and a visa.
    pub(crate) beside: &'a Beside,
    /// Whom to trust.
    pub(crate) trust: &'a TrustStore,
    /// What the results do.
    pub(crate) policy: &'a Policy,
}

/// What was found out about a document.
#[derive(Debug)]
pub(crate) struct Inspected {
    /// Every check, in the order of an inspection.
    pub(crate) findings: Vec<Finding>,
    /// The same as a report (`gate-document/schemas/report.schema.json`).
    pub(crate) report: Option<serde_json::Value>,
    /// Step, rule and clause of what failed.
    pub(crate) faults: BTreeMap<Check, Fault>,
    /// Files, and their lengths in bytes.
    pub(crate) files: Vec<(String, usize)>,
    /// Files that are there and could not be read.
    pub(crate) left_out: Vec<LeftOut>,
    /// What the chip says of the document itself.
    pub(crate) details: Details,
    /// The policy accepts the document, as far as it could be checked here.
    pub(crate) is_good: bool,
    /// The checks for which it does not.
    pub(crate) because: Vec<Check>,
    /// The files were dumped before: no chip is there to be read again.
    pub(crate) dumped: bool,
}

impl Inspected {
    /// What `policy` makes of an inspection. What could not be done, whatever the document, is
    /// recorded there and does not count.
    fn of(zone: Option<&Mrz>, inspection: &Inspection, files: &ChipFiles, policy: &Policy) -> Self {
        let report = Report::new(zone, inspection, policy);
        let verdict = inspection.verdict(policy);
        let faults = inspection.findings.iter().filter_map(|finding| {
            let fault = inspection.evidence.fault(finding)?;
            Some((finding.check, fault))
        });
        Self {
            findings: inspection.findings.clone(),
            report: serde_json::to_value(report).ok(),
            faults: faults.collect(),
            files: lengths(files),
            left_out: Vec::new(),
            details: Details::of(files),
            is_good: verdict == Verdict::Accept,
            because: match verdict {
                Verdict::Accept => Vec::new(),
                Verdict::Refer(because) => because,
            },
            dumped: false,
        }
    }
}

fn lengths(files: &ChipFiles) -> Vec<(String, usize)> {
    let all = files.iter();
    all.map(|(file, bytes)| (file.to_string(), bytes.len()))
        .collect()
}

/// Opens the chip with the first reading of the zone that it accepts, and reads its files.
pub(crate) fn read(
    card: &mut dyn Card,
    key: &Key,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<(Option<Mrz>, ChipFiles), ReadError> {
    let mut habits: Habits = ApduLength::Extended.into();
    let mut read = |passwords: Passwords| {
        let request = Request {
            also: DETAILS.to_vec(),
            ..passwords.into()
        };
        gate_document::read(card, &request, &mut habits, &mut rand::rng(), progress)
    };
    let zone: &Mrz = match key {
        Key::Zone(zone) => zone,
        Key::Can(number) => return Ok((None, read(number.clone().into())?)),
    };
    let mut result = read(zone.access_key().into()).map(|files| (zone, files));
    for other in zone.alternatives() {
        if result
            .as_ref()
            .is_err_and(|error| error.cause() == Cause::WrongZone)
        {
            result = read(other.access_key().into()).map(|files| (other, files));
        }
    }
    let (zone, files) = result?;
    Ok((Some(zone.clone()), files))
}

/// Judges what was read from a chip.
pub(crate) fn inspect_read(zone: Option<&Mrz>, files: &ChipFiles, desk: &Desk<'_>) -> Inspected {
    // What the chip has proved, or not, counts with a zone and without.
    judge(zone, files, desk, Vec::new())
}

/// Judges files of which nobody knows how they came out of a chip.
pub(crate) fn inspect_dumped(zone: Option<&Mrz>, dump: Dump, desk: &Desk<'_>) -> Inspected {
    let unknown = [
        Check::ChipAccess,
        Check::ChipAuthentication,
        Check::ActiveAuthentication,
        Check::CardAccess,
        Check::CardSecurity,
    ]
    .map(|check| (check, "the files were dumped before"));
    Inspected {
        left_out: dump.left_out,
        dumped: true,
        ..judge(zone, &dump.files, desk, unknown.to_vec())
    }
}

/// Judges files with what is `unknown` about them, and why. Without a printed zone, nothing is said of it.
fn judge(
    zone: Option<&Mrz>,
    files: &ChipFiles,
    desk: &Desk<'_>,
    mut unknown: Vec<(Check, &'static str)>,
) -> Inspected {
    let today = clock::today();
    let mut found = match zone {
        Some(printed) => gate_document::inspect(printed, files, desk.trust, today),
        None => {
            let reason = "no printed zone was given";
            unknown.push((Check::PrintedZone, reason));
            unknown.push((Check::PrintedAgainstChip, reason));
            gate_document::inspect_without_zone(files, desk.trust, today)
        }
    };
    let from_chip = found.dg1.clone();
    let known = zone.or(from_chip.as_ref());
    if let Some(known) = known {
        found = found.with_beside(known, desk.beside, today);
    }
    for finding in &mut found.findings {
        if let Some((_, reason)) = unknown.iter().find(|(check, _)| *check == finding.check) {
            *finding = Finding::not_done(finding.check, *reason);
        }
    }
    let beside_the_point: Vec<Check> = unknown.into_iter().map(|(check, _)| check).collect();
    let policy = desk.policy.clone().recording(&beside_the_point);
    Inspected::of(known, &found, files, &policy)
}
