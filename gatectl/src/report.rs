//! What is said, in words or as JSON.

use crate::failure;
use crate::inspection::{Basis, Inspected, Lacking, Reading};
use gate_document::mrz::Position;
use gate_document::{Check, Fault, Finding, Outcome};
use std::fmt::Write as _;

/// One step of progress, on standard error.
pub(crate) fn step(text: &str) {
    complain!("  {text}");
}

/// Step, rule and clause of a failure, `indent` columns in.
fn told(fault: &Fault, indent: usize) -> String {
    let Fault {
        kind,
        step,
        rule,
        clause,
    } = fault;
    format!(
        "{:indent$}step: {step}; rule: {rule} ({clause}); kind: {kind}",
        ""
    )
}

/// Every finding, and what to do about those that were not passed.
pub(crate) fn inspected(inspected: &Inspected, json: bool) {
    if json {
        say!("{}", as_json(inspected));
    } else {
        crate::print::out(format_args!("{}", in_words(inspected)));
    }
}

fn as_json(inspected: &Inspected) -> serde_json::Value {
    let files: serde_json::Map<String, serde_json::Value> = inspected
        .files
        .iter()
        .map(|(name, length)| (name.clone(), (*length).into()))
        .collect();
    let left_out = inspected.left_out.iter().map(|left| {
        let failure = left.problem.failure("dumped files");
        let mut object = failure::object(&left.problem, &failure);
        object["file"] = left.file.to_string().into();
        object
    });
    serde_json::json!({
        "read": true,
        "passed": inspected.is_good,
        "findings": inspected.findings,
        "files": files,
        "left_out": left_out.collect::<Vec<_>>(),
        "reading": inspected.reading.as_ref().map(|reading| serde_json::json!({
            "likeliest": reading.likeliest,
            "corrected": reading.corrected.iter().map(place).collect::<Vec<_>>(),
        })),
        "details": inspected.details,
        "report": inspected.report,
    })
}

/// What was passed, what was not done, and at the end, beside the verdict, what failed.
fn in_words(inspected: &Inspected) -> String {
    let mut text = String::new();
    let of = |outcomes: &'static [Outcome]| {
        let findings = inspected.findings.iter();
        findings.filter(|finding| outcomes.contains(&finding.outcome))
    };
    for finding in of(&[Outcome::Passed]).chain(of(&[Outcome::NotSupported])) {
        text += &line(finding, inspected);
    }
    // What one step mends stands together above it.
    let mut steps: Vec<(Option<String>, String)> = Vec::new();
    for finding in of(&[Outcome::NotDone]) {
        let next = next(finding, inspected);
        let line = line(finding, inspected);
        match steps.iter_mut().find(|(known, _)| *known == next) {
            Some((_, lines)) => *lines += &line,
            None => steps.push((next, line)),
        }
    }
    for (next, lines) in steps {
        text += &lines;
        text += &advice(next);
    }
    for left in &inspected.left_out {
        let failure = left.problem.failure("dumped files");
        // Writing to a string does not fail.
        let _ = writeln!(text, "{:13} {}: {}", "left out", left.file, left.problem);
        let _ = writeln!(text, "{:13} next: {}", "", failure.next);
    }
    for finding in of(&[Outcome::Aborted, Outcome::Failed]) {
        text += &line(finding, inspected);
        text += &advice(next(finding, inspected));
    }
    if let Some(reading) = &inspected.reading
        && !reading.likeliest
    {
        let _ = writeln!(text, "{}", taken(reading));
    }
    if let Some(details) = inspected.details.in_words() {
        let _ = writeln!(text, "the chip says: {details}");
    }
    if inspected.is_good {
        return text + "every check that could be done was passed\n";
    }
    let because: Vec<&str> = inspected.because.iter().map(|check| name(*check)).collect();
    let because = match because[..] {
        [] => String::new(),
        _ => format!(", because of: {}", because.join("; ")),
    };
    text + &format!("this document would be referred to an officer{because}\n")
}

/// That not the likeliest reading of the zone was judged, but the one that the chip has.
fn taken(reading: &Reading) -> String {
    let places: Vec<String> = reading.corrected.iter().map(ToString::to_string).collect();
    let how = match places[..] {
        [] => "as it is printed".to_owned(),
        _ => format!("corrected at {}", places.join("; ")),
    };
    format!("the printed zone was read {how}: of its readings the one that the chip has")
}

fn place(place: &Position) -> serde_json::Value {
    serde_json::json!({ "line": place.line, "position": place.position })
}

/// A finding, and of what it failed.
fn line(finding: &Finding, inspected: &Inspected) -> String {
    let outcome = match finding.outcome {
        Outcome::Passed => "passed",
        Outcome::Failed => "FAILED",
        Outcome::NotDone => "not done",
        Outcome::NotSupported => "not supported",
        Outcome::Aborted => "broken off",
    };
    let mut text = format!("{outcome:13} {}", name(finding.check));
    if !finding.reason.is_empty() {
        let _ = write!(text, ": {}", finding.reason);
    }
    text.push('\n');
    if let Some(fault) = inspected.faults.get(&finding.check) {
        let _ = writeln!(text, "{}", told(fault, 14));
    }
    text
}

fn advice(next: Option<String>) -> String {
    next.map_or(String::new(), |next| format!("{:13} next: {next}\n", ""))
}

fn next(finding: &Finding, inspected: &Inspected) -> Option<String> {
    waits_for(finding, inspected).map_or_else(
        || next_step(finding, &inspected.basis).map(str::to_owned),
        |check| Some(format!("first {}", name(check))),
    )
}

/// The check that has to be passed before this one can be done at all.
fn waits_for(finding: &Finding, inspected: &Inspected) -> Option<Check> {
    if finding.outcome != Outcome::NotDone {
        return None;
    }
    let before: &[Check] = match finding.check {
        Check::SignerTrust
        | Check::DataGroupDigests
        | Check::ComAgainstSod
        | Check::IssuerAgainstSigner
        | Check::KeyPeriod
        | Check::DocumentType
        | Check::SignatureStrength
        | Check::Conformance
        | Check::PersonalDetails => &[Check::SodSignature],
        Check::Revocation | Check::TrustStatus => &[Check::SodSignature, Check::SignerTrust],
        Check::Portrait => &[
            Check::SodSignature,
            Check::SignerTrust,
            Check::DataGroupDigests,
        ],
        _ => &[],
    };
    let is_open = |check: &&Check| {
        let mut findings = inspected.findings.iter();
        findings.any(|finding| finding.check == **check && finding.outcome != Outcome::Passed)
    };
    before.iter().find(is_open).copied()
}

const fn name(check: Check) -> &'static str {
    match check {
        Check::PrintedZone => "printed zone",
        Check::Validity => "validity",
        Check::ChipAccess => "access to the chip",
        Check::ChipReading => "reading of the chip",
        Check::SodSignature => "signature over the data",
        Check::SignerTrust => "trust in the signer",
        Check::DataGroupDigests => "data unchanged since signing",
        Check::ComAgainstSod => "list of files against the signed one",
        Check::IssuerAgainstSigner => "issuing State against the signer",
        Check::PrintedAgainstChip => "printed zone against the chip",
        Check::Portrait => "portrait",
        Check::ChipAuthentication => "chip has the key that it announces",
        Check::ActiveAuthentication => "chip signs with the key that it announces",
        Check::Revocation => "signer not revoked",
        Check::TrustStatus => "where the trust comes from, and its age",
        Check::KeyPeriod => "signed while the signer's key was in use",
        Check::DocumentType => "kind of document against the signer",
        Check::SignatureStrength => "strength of the signature",
        Check::Conformance => "conformity with the standard",
        Check::KnownDefects => "known defects of the model",
        Check::DatesPlausible => "birth, issue and expiry in their order",
        Check::PersonalDetails => "further details against the zone in the chip",
        Check::NationalRules => "rules of the issuer itself",
        Check::CardAccess => "announced ways into the chip against the signed ones",
        Check::CardSecurity => "signature over the chip's own key",
        Check::FrontAgainstBack => "front of the card against its back",
        Check::ZoneAgainstPage => "zone against the text of the page",
        Check::VisaAgainstDocument => "visa against the document",
        Check::VisaValidity => "validity of the visa",
        Check::ChipConversation => "conversation with the chip",
        Check::ZoneCheckDigits => "check digits of the zone",
        other => other.name(),
    }
}

/// What a technician can do about a finding: nothing about one that was passed, or that this document
/// cannot have. What was not done mostly waits for what the inspection lacked.
fn next_step(finding: &Finding, basis: &Basis) -> Option<&'static str> {
    let dumped = basis.dumped;
    let lacks = |what| basis.lacks(what);
    let failed = match finding.outcome {
        Outcome::Passed | Outcome::NotSupported => return None,
        Outcome::Failed => true,
        Outcome::NotDone | Outcome::Aborted => false,
    };
    Some(match (finding.check, failed) {
        (
            Check::ChipAccess
            | Check::ChipAuthentication
            | Check::ActiveAuthentication
            | Check::CardAccess
            | Check::CardSecurity
            | Check::ChipConversation,
            false,
        ) if dumped => "read the document itself with gatectl document read",
        (Check::PrintedZone | Check::ZoneCheckDigits, true) => {
            "compare the zone with the document, character by character"
        }
        (Check::PrintedZone | Check::ZoneCheckDigits, false) => "give --mrz or --mrz-file",
        (Check::PrintedAgainstChip, false) if lacks(Lacking::PrintedZone) => {
            "give --mrz or --mrz-file"
        }
        (Check::PrintedAgainstChip | Check::IssuerAgainstSigner | Check::DocumentType, false)
            if lacks(Lacking::ChipZone) && dumped =>
        {
            "dump DG1, whole, and name it"
        }
        (Check::PrintedAgainstChip | Check::IssuerAgainstSigner | Check::DocumentType, false)
            if lacks(Lacking::ChipZone) =>
        {
            "read again, the document flat and still on the reader"
        }
        (Check::PrintedAgainstChip, false) => {
            "compare the optional data of the zone: known of some issuers"
        }
        (Check::Validity, true) => "nothing: the document is not valid today",
        (Check::Validity, false) if lacks(Lacking::PrintedZone) && lacks(Lacking::ChipZone) => {
            "give --mrz or --mrz-file: DG1 says nothing"
        }
        (Check::Validity, false) if lacks(Lacking::Day) => "see that the computer knows the date",
        (Check::Validity, false) => "look for the day of expiry on the page: the zone has none",
        (Check::ChipAccess, _) => "read the document with gatectl document read",
        (Check::ChipReading, _) if dumped => "dump DG1, DG2 and EF.SOD, and name them all",
        (Check::ChipReading, _) => "read again, the document flat and still on the reader",
        (Check::SodSignature, true) => {
            "the data was altered, or the chip was badly written: keep a dump"
        }
        (Check::SodSignature, false) => "dump EF.SOD as well",
        (Check::SignerTrust, _) => {
            "give --trust with the issuing State's newest signing certificates; else suspect a forgery"
        }
        (Check::DataGroupDigests, true) => {
            "a file is not the one that was signed: suspect a forgery"
        }
        (Check::DataGroupDigests, false) => "dump every data group that is to be judged",
        (Check::ComAgainstSod, _) => {
            "known of some issuers; compare with another document of the model"
        }
        (Check::IssuerAgainstSigner, true) => {
            "suspect a forgery, or an issuer that signs for another"
        }
        (Check::IssuerAgainstSigner, false) => "keep a dump: nothing says who signed",
        (Check::PrintedAgainstChip, true) => {
            "the chip belongs to another document, or the zone is misread"
        }
        (Check::Portrait, false) => "dump DG2 as well",
        (Check::Portrait, true) => "keep a dump: the picture has a form that is not read",
        (Check::ChipAuthentication | Check::ActiveAuthentication, true) => {
            "suspect a copied chip: compare with another document of the model"
        }
        (Check::ChipAuthentication | Check::ActiveAuthentication, false) => {
            "nothing, where the document announces no such key; else read it with gatectl document read"
        }
        (Check::Revocation, true) => "the signer was revoked: keep the document",
        (Check::Revocation, false) => {
            "bring the trust bundle a revocation list of the issuing State"
        }
        (Check::TrustStatus, _) => {
            "bring a newer trust bundle, or one that says where its anchors are from"
        }
        (Check::KeyPeriod, _) => "compare the day of issue with the signer's certificate",
        (Check::DocumentType, _) => {
            "compare with another document of the model: the signer is for others"
        }
        (Check::SignatureStrength, _) => "nothing: an old document; look at it more closely",
        (Check::Conformance, _) => "nothing: known of some issuers; keep what is said here",
        (Check::KnownDefects, _) => "do what the list of defects says of this model",
        (Check::DatesPlausible, _) => "compare the dates on the page with those of the zone",
        (Check::PersonalDetails, _) => "compare the names on the page with those of the chip",
        (Check::CardAccess, true) => {
            "somebody may stand between chip and reader: read again with nothing between them"
        }
        (Check::CardAccess, false) => {
            "nothing, where the document announces no PACE; else read it with gatectl document read"
        }
        (Check::CardSecurity, true) => {
            "suspect a copied chip: compare with another document of the model"
        }
        (Check::CardSecurity, false) => {
            "nothing, where no chip authentication mapping was used; else read it with gatectl document read"
        }
        (Check::NationalRules, _) => "compare the card with another one of the same issuer",
        (Check::FrontAgainstBack | Check::ZoneAgainstPage, true) => {
            "compare the page with the zone, character by character"
        }
        (Check::FrontAgainstBack | Check::ZoneAgainstPage, false) => {
            "give --front or --back with the text of the page, where it is to be compared"
        }
        (Check::VisaAgainstDocument, true) => "the visa was issued to somebody else",
        (Check::VisaAgainstDocument, false) => {
            "give --visa, where one is needed; a number of its own has to be asked for"
        }
        (Check::VisaValidity, true) => "nothing: the visa is not valid today",
        (Check::VisaValidity, false) => "give --visa, where one is needed",
        (Check::ChipConversation, true) => {
            "read again with nothing between chip and reader; if it stays, compare with another document of the model"
        }
        (Check::ChipConversation, false) => {
            "nothing, where a chip was read: keep what is said here; else read it with gatectl document read"
        }
        _ => "nothing",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With and without each thing to go by.
    fn bases() -> Vec<Basis> {
        let all = [Lacking::PrintedZone, Lacking::ChipZone, Lacking::Day];
        let subsets = (0..1 << all.len()).map(|bits: usize| {
            let chosen = all.iter().enumerate();
            let chosen = chosen.filter(|(at, _)| bits >> at & 1 == 1);
            chosen.map(|(_, what)| *what).collect::<Vec<_>>()
        });
        let both = |lacking: Vec<Lacking>| {
            [true, false].map(|dumped| Basis {
                dumped,
                lacking: lacking.clone(),
            })
        };
        subsets.flat_map(both).collect()
    }

    #[test]
    fn whatever_is_not_passed_has_a_next_step() {
        for check in gate_document::inspect::CHECKS {
            assert_ne!(name(check), "check of the lane", "{check:?}");
            let basis = Basis::default();
            assert!(next_step(&Finding::passed(check), &basis).is_none());
            assert!(next_step(&Finding::not_supported(check, ""), &basis).is_none());
            assert!(
                !name(check).contains('-'),
                "{check:?} has no words of its own"
            );
            for finding in [Finding::failed(check, ""), Finding::not_done(check, "")] {
                for basis in bases() {
                    let next = next_step(&finding, &basis);
                    assert!(next.is_some_and(|next| next != "nothing"), "{finding:?}");
                }
            }
        }
    }

    #[test]
    fn what_was_not_done_is_sent_for_what_it_lacked_and_accuses_nobody() {
        let next = |check, basis: &Basis| {
            let next = next_step(&Finding::not_done(check, ""), basis);
            next.unwrap_or_default()
        };
        for basis in bases() {
            let validity = next(Check::Validity, &basis);
            let no_zone = basis.lacks(Lacking::PrintedZone) && basis.lacks(Lacking::ChipZone);
            let needs_date = basis.lacks(Lacking::Day) && !no_zone;
            assert_eq!(validity.contains("computer"), needs_date, "{basis:?}");
            assert_eq!(validity.contains("--mrz"), no_zone, "{basis:?}");
            let issuer = next(Check::IssuerAgainstSigner, &basis);
            assert!(!issuer.contains("forgery"), "{basis:?}: {issuer}");
        }
    }
}
