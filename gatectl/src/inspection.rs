//! The one place that calls gate-document's reading and judging.

use gate_document::bac::AccessError;
use gate_document::{
    ApduLength, Card, Check, ChipFiles, ElementaryFile, Finding, Mrz, Outcome, Progress, ReadError,
    Sensitive, TrustStore, lds,
};
use gate_host::clock;

/// What opens a chip.
#[derive(Debug)]
pub(crate) enum Key {
    /// The printed zone, and its other readings.
    Zone(Box<Mrz>),
    /// The card access number.
    Can(Sensitive<String>),
}

/// Why there is nothing to judge.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChipError {
    /// See [`ReadError`].
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Give the printed zone instead.
    #[error("this build opens chips with the printed zone only, not with a card access number")]
    Can,
    /// Look on the front of the card, or under the zone of a passport.
    #[error("a card access number has six digits")]
    NoAccessNumber,
}

/// What was found out about a document.
#[derive(Debug, serde::Serialize)]
pub(crate) struct Inspected {
    /// Every check, in the order of an inspection.
    pub(crate) findings: Vec<Finding>,
    /// Files, and their lengths in bytes.
    pub(crate) files: Vec<(String, usize)>,
    /// Checks that cannot be done here, whatever the document: they do not count.
    #[serde(skip)]
    beside_the_point: Vec<Check>,
}

impl Inspected {
    /// Every check that could be done was passed.
    pub(crate) fn is_good(&self) -> bool {
        let counts = |finding: &&Finding| !self.beside_the_point.contains(&finding.check);
        let mut counting = self.findings.iter().filter(counts);
        counting.all(|finding| finding.outcome == Outcome::Passed)
    }

    fn of(findings: Vec<Finding>, files: &ChipFiles) -> Self {
        let files = files.iter();
        Self {
            findings,
            files: files
                .map(|(file, bytes)| (file.to_string(), bytes.len()))
                .collect(),
            beside_the_point: Vec::new(),
        }
    }
}

/// Opens the chip with the first reading of the zone that it accepts, and reads its files.
pub(crate) fn read(
    card: &mut dyn Card,
    key: &Key,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<(Option<Mrz>, ChipFiles), ChipError> {
    let zone: &Mrz = match key {
        Key::Zone(zone) => zone,
        Key::Can(can) if is_access_number(can.expose()) => return Err(ChipError::Can),
        Key::Can(_) => return Err(ChipError::NoAccessNumber),
    };
    let mut read = |zone: &Mrz| {
        let key = zone.access_key();
        let apdus = ApduLength::Extended;
        gate_document::read(card, &key, apdus, &mut rand::rng(), progress)
    };
    let mut result = read(zone).map(|files| (zone, files));
    for other in zone.alternatives() {
        if let Err(ReadError::Access(AccessError::WrongKey { .. })) = result {
            result = read(other).map(|files| (other, files));
        }
    }
    let (zone, files) = result?;
    Ok((Some(zone.clone()), files))
}

/// Six digits (Doc 9303-11, 4.4).
fn is_access_number(text: &str) -> bool {
    text.len() == 6 && text.bytes().all(|character| character.is_ascii_digit())
}

/// Judges what was read from a chip.
pub(crate) fn inspect_read(zone: Option<&Mrz>, files: &ChipFiles, trust: &TrustStore) -> Inspected {
    match zone {
        Some(zone) => {
            let found = gate_document::inspect(zone, files, trust, clock::today());
            Inspected::of(found.findings, files)
        }
        None => inspect_dumped(None, files, trust),
    }
}

/// Judges files of which nobody knows how they came out of a chip. Without a printed zone, that of
/// DG1 stands in for it, and nothing is said of the printed one.
pub(crate) fn inspect_dumped(
    zone: Option<&Mrz>,
    files: &ChipFiles,
    trust: &TrustStore,
) -> Inspected {
    let mut unknown = vec![(Check::ChipAccess, "the files were dumped before")];
    let from_chip = files
        .get(ElementaryFile::DG1)
        .and_then(|dg1| lds::dg1(dg1).ok());
    let printed = zone.or(from_chip.as_ref());
    if zone.is_none() {
        let reason = "no printed zone was given";
        unknown.push((Check::PrintedZone, reason));
        unknown.push((Check::PrintedAgainstChip, reason));
    }
    let Some(printed) = printed else {
        let reason = "there is no zone to begin with: neither a printed one nor DG1";
        let findings = gate_document::inspect::CHECKS.map(|check| Finding::not_done(check, reason));
        return Inspected::of(findings.into(), files);
    };
    let found = gate_document::inspect(printed, files, trust, clock::today());
    let mut inspected = Inspected::of(found.findings, files);
    for finding in &mut inspected.findings {
        if let Some((_, reason)) = unknown.iter().find(|(check, _)| *check == finding.check) {
            *finding = Finding::not_done(finding.check, *reason);
        }
    }
    inspected.beside_the_point = unknown.into_iter().map(|(check, _)| check).collect();
    inspected
}
