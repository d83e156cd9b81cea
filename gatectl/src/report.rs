//! What is said, in words or as JSON.

use crate::inspection::Inspected;
use gate_document::{Check, Fault, Finding, Outcome};
use std::fmt::{Display, Write as _};

/// One step of progress, on standard error.
pub(crate) fn step(text: &str) {
    eprintln!("  {text}");
}

/// What keeps the command from doing anything.
pub(crate) fn problem(problem: &impl Display) {
    eprintln!("error: {problem}");
}

/// What was not read: why, by which rule where one was broken, and what to do.
pub(crate) fn not_read(problem: &impl Display, fault: Option<&Fault>, next: &str, json: bool) {
    if json {
        println!("{}", failure(problem, fault, next));
        return;
    }
    println!("not read: {problem}");
    if let Some(fault) = fault {
        println!("{}", told(fault, 4));
    }
    println!("    next: {next}");
}

/// The same as an object.
pub(crate) fn failure(
    problem: &impl Display,
    fault: Option<&Fault>,
    next: &str,
) -> serde_json::Value {
    let mut object = serde_json::json!({
        "read": false,
        "problem": problem.to_string(),
        "next": next,
    });
    if let Some(fault) = fault {
        object["kind"] = fault.kind.into();
        object["step"] = fault.step.as_str().into();
        object["rule"] = fault.rule.into();
        object["clause"] = fault.clause.into();
    }
    object
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
        println!("{}", as_json(inspected));
    } else {
        print!("{}", in_words(inspected));
    }
}

fn as_json(inspected: &Inspected) -> serde_json::Value {
    let files: serde_json::Map<String, serde_json::Value> = inspected
        .files
        .iter()
        .map(|(name, length)| (name.clone(), (*length).into()))
        .collect();
    serde_json::json!({
        "read": true,
        "passed": inspected.is_good,
        "findings": inspected.findings,
        "files": files,
        "details": inspected.details,
        "report": inspected.report,
    })
}

fn in_words(inspected: &Inspected) -> String {
    let mut text = String::new();
    for finding in &inspected.findings {
        let outcome = match finding.outcome {
            Outcome::Passed => "passed",
            Outcome::Failed => "FAILED",
            Outcome::NotDone => "not done",
            Outcome::NotSupported => "not supported",
            Outcome::Aborted => "broken off",
        };
        // Writing to a string does not fail.
        let _ = write!(text, "{outcome:13} {}", name(finding.check));
        if !finding.reason.is_empty() {
            let _ = write!(text, ": {}", finding.reason);
        }
        text.push('\n');
        if let Some(fault) = inspected.faults.get(&finding.check) {
            let _ = writeln!(text, "{}", told(fault, 14));
        }
        if let Some(next) = next_step(finding) {
            let _ = writeln!(text, "{:13} next: {next}", "");
        }
    }
    if let Some(details) = inspected.details.in_words() {
        let _ = writeln!(text, "the chip says: {details}");
    }
    text.push_str(if inspected.is_good {
        "every check that could be done was passed\n"
    } else {
        "this document would be referred to an officer\n"
    });
    text
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
        Check::FrontAgainstBack => "front of the card against its back",
        Check::ZoneAgainstPage => "zone against the text of the page",
        Check::VisaAgainstDocument => "visa against the document",
        Check::VisaValidity => "validity of the visa",
        Check::ChipConversation => "conversation with the chip",
        Check::ZoneCheckDigits => "check digits of the zone",
        other => other.name(),
    }
}

/// What a technician can do about a finding; nothing for one that was passed.
fn next_step(finding: &Finding) -> Option<&'static str> {
    let failed = match finding.outcome {
        Outcome::Passed => return None,
        Outcome::Failed => true,
        Outcome::NotDone | Outcome::NotSupported | Outcome::Aborted => false,
    };
    Some(match (finding.check, failed) {
        (Check::PrintedZone | Check::ZoneCheckDigits, true) => {
            "compare the zone with the document, character by character"
        }
        (Check::PrintedZone | Check::ZoneCheckDigits | Check::PrintedAgainstChip, false) => {
            "give --mrz or --mrz-file"
        }
        (Check::Validity, true) => "nothing: the document is not valid today",
        (Check::Validity, false) => "see that the computer knows the date",
        (Check::ChipAccess, _) => "read the document with gatectl document read",
        (Check::ChipReading, _) => "read again, the document flat and still on the reader",
        (Check::SodSignature, true) => {
            "the data was altered, or the chip was badly written: keep a dump"
        }
        (Check::SodSignature, false) => "dump EF.SOD as well",
        (Check::SignerTrust, _) => "give --trust with the issuing State's signing certificates",
        (Check::DataGroupDigests, true) => {
            "a file is not the one that was signed: suspect a forgery"
        }
        (Check::DataGroupDigests, false) => "dump every data group that is to be judged",
        (Check::ComAgainstSod, _) => {
            "known of some issuers; compare with another document of the model"
        }
        (Check::IssuerAgainstSigner, _) => "suspect a forgery, or an issuer that signs for another",
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

    #[test]
    fn whatever_is_not_passed_has_a_next_step() {
        for check in gate_document::inspect::CHECKS {
            assert_ne!(name(check), "check of the lane", "{check:?}");
            assert!(next_step(&Finding::passed(check)).is_none());
            for finding in [
                Finding::failed(check, ""),
                Finding::not_done(check, ""),
                Finding::not_supported(check, ""),
            ] {
                assert_ne!(next_step(&finding), Some("nothing"), "{finding:?}");
            }
        }
    }
}
