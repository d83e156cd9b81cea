//! The one place that calls gate-document's reading and judging.

use crate::details::Details;
use crate::dump::{Dump, LeftOut};
use gate_document::access::{CardAccessNumber, Passwords};
use gate_document::beside::Beside;
use gate_document::chip::{Cause, Habits};
use gate_document::inspect::Inspection;
use gate_document::mrz::Position;
use gate_document::policy::{Policy, Verdict};
use gate_document::report::Report;
use gate_document::{
    ApduLength, Card, Check, ChipFiles, ElementaryFile, Fault, Finding, Mrz, Progress, ReadError,
    Request, TrustStore, lds,
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

/// A reading of the printed zone.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    /// It is the likeliest one, and not another that the chip has.
    pub(crate) likeliest: bool,
    /// Where it differs from the zone as it was given.
    pub(crate) corrected: Vec<Position>,
}

impl Reading {
    /// What `taken` is among the readings of `given`.
    fn of(taken: &Mrz, given: &Mrz) -> Self {
        Self {
            likeliest: taken.lines().eq(given.lines()),
            corrected: taken.repairs().to_vec(),
        }
    }
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
    /// Which reading of the printed zone was judged, where one was given.
    pub(crate) reading: Option<Reading>,
    /// What the chip says of the document itself.
    pub(crate) details: Details,
    /// The policy accepts the document, as far as it could be checked here.
    pub(crate) is_good: bool,
    /// The checks for which it does not.
    pub(crate) because: Vec<Check>,
    /// What there was to go by.
    pub(crate) basis: Basis,
}

/// What an inspection had to go by: a next step depends on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Basis {
    /// The files were dumped before: no chip is there to be read again.
    pub(crate) dumped: bool,
    /// What was not there.
    pub(crate) lacking: Vec<Lacking>,
}

/// What an inspection can lack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lacking {
    /// Nobody gave the printed zone.
    PrintedZone,
    /// DG1 is not there, or cannot be read.
    ChipZone,
    /// The computer does not know the date.
    Day,
}

impl Basis {
    pub(crate) fn lacks(&self, what: Lacking) -> bool {
        self.lacking.contains(&what)
    }
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
            reading: None,
            details: Details::of(files),
            is_good: verdict == Verdict::Accept,
            because: match verdict {
                Verdict::Accept => Vec::new(),
                Verdict::Refer(because) => because,
            },
            basis: Basis::default(),
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

/// Judges what was read from a chip. `opened` is the reading of the zone that opened it: what has another
/// key is no reading of this document.
pub(crate) fn inspect_read(
    zone: Option<&Mrz>,
    opened: Option<&Mrz>,
    files: &ChipFiles,
    desk: &Desk<'_>,
) -> Inspected {
    let taken = zone.map(|zone| match opened {
        Some(opened) => {
            let key = opened.access_key();
            let same_key = readings(zone).filter(|reading| reading.access_key() == key);
            as_in_chip(same_key, files).unwrap_or(opened)
        }
        None => as_in_chip(readings(zone), files).unwrap_or(zone),
    });
    // What the chip has proved, or not, counts with a zone and without.
    Inspected {
        reading: taken
            .zip(zone)
            .map(|(taken, zone)| Reading::of(taken, zone)),
        ..judge(taken, files, desk, Vec::new())
    }
}

/// The zone as it is likeliest, then its other readings.
fn readings(zone: &Mrz) -> impl Iterator<Item = &Mrz> {
    std::iter::once(zone).chain(zone.alternatives())
}

/// The first of the `readings` that the chip has in DG1. A look-alike misread accuses no document whose chip
/// has what is printed.
fn as_in_chip<'a>(
    mut readings: impl Iterator<Item = &'a Mrz>,
    files: &ChipFiles,
) -> Option<&'a Mrz> {
    let chip = lds::dg1(files.get(ElementaryFile::DG1)?).ok()?;
    readings.find(|reading| reading.differences(&chip).is_empty())
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
    let taken = zone.map(|zone| as_in_chip(readings(zone), &dump.files).unwrap_or(zone));
    let judged = judge(taken, &dump.files, desk, unknown.to_vec());
    Inspected {
        reading: taken
            .zip(zone)
            .map(|(taken, zone)| Reading::of(taken, zone)),
        left_out: dump.left_out,
        basis: Basis {
            dumped: true,
            ..judged.basis
        },
        ..judged
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
    let lacking = [
        (Lacking::PrintedZone, zone.is_none()),
        (Lacking::ChipZone, from_chip.is_none()),
        (Lacking::Day, today.is_none()),
    ];
    let lacking = lacking.into_iter().filter(|(_, lacks)| *lacks);
    Inspected {
        basis: Basis {
            dumped: false,
            lacking: lacking.map(|(what, _)| what).collect(),
        },
        ..Inspected::of(known, &found, files, &policy)
    }
}
