//! What the documents of the pure rig say. The chip conversation is not part of this rig; what an
//! inspection of the test documents finds is stated here.

use crate::world::{Papers, ShownPermit};
use gate_document::mrz::check_digit;
use gate_document::mrz::{Mrz, MrzError};
use gate_document::seal::{SealCheck, SealFinding, SealInspection};
use gate_document::{Check, Finding, Outcome};
use jiff::civil::{Date, date};

/// The day of every inspection in virtual time.
pub(super) const TODAY: Date = date(2026, 11, 22);
/// What a calendar says that has jumped.
pub(super) const AHEAD: Date = date(2037, 11, 22);

/// Everything that is found in a chip that is in order.
const ON_CHIP: [Check; 11] = [
    Check::ChipAccess,
    Check::ChipReading,
    Check::SodSignature,
    Check::SignerTrust,
    Check::DataGroupDigests,
    Check::ComAgainstSod,
    Check::IssuerAgainstSigner,
    Check::PrintedAgainstChip,
    Check::Portrait,
    Check::ChipAuthentication,
    Check::ActiveAuthentication,
];

/// The printed zone of these papers, read by the real parser.
pub(super) fn zone(papers: Papers) -> Result<Mrz, MrzError> {
    let expiry = if papers == Papers::Expired {
        "261121"
    } else {
        "330101"
    };
    Mrz::parse(&text(expiry))
}

/// A specimen of TD3 that expires on the day `YYMMDD`.
fn text(expiry: &str) -> String {
    let with_digit = |field: &str| {
        let digit = check_digit(field.as_bytes()).unwrap_or_default();
        format!("{field}{digit}")
    };
    let (number, birth) = (with_digit("L898902C3"), with_digit("740812"));
    let (expiry, optional) = (with_digit(expiry), with_digit("ZE184226B<<<<<"));
    let all = with_digit(&format!("{number}{birth}{expiry}{optional}"));
    let composite = all.chars().last().unwrap_or('<');
    format!(
        "P<UTO{:<<39}\r{number}UTO{birth}F{expiry}{optional}{composite}",
        "ERIKSSON<<ANNA<MARIA"
    )
}

/// What the inspection of the chip finds.
pub(super) fn findings(papers: Papers) -> Vec<Finding> {
    ON_CHIP
        .into_iter()
        .map(|check| match (papers, check) {
            (Papers::PortraitChanged, Check::DataGroupDigests) => {
                Finding::failed(check, "digest of DG2 differs")
            }
            _ => Finding::passed(check),
        })
        .collect()
}

/// What the inspection of a permit finds.
pub(super) fn permit(permit: Option<ShownPermit>, document_is_read: bool) -> SealInspection {
    let outcome = |check| match (permit, check) {
        (Some(ShownPermit::Forged), SealCheck::SealSignature) => Outcome::Failed,
        (Some(ShownPermit::Alone), SealCheck::PermitHolder) => Outcome::Passed,
        (_, SealCheck::PermitHolder) if !document_is_read => Outcome::NotDone,
        _ => Outcome::Passed,
    };
    let findings = SealCheck::ALL.map(|check| SealFinding {
        check,
        outcome: outcome(check),
        reason: String::new(),
        evidence: String::new(),
    });
    SealInspection {
        findings: findings.into(),
        permit: Some("Test permit".to_owned()),
        face_of: None,
        alone: permit == Some(ShownPermit::Alone),
        entries: None,
        register_key: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_zone_is_read_and_only_the_expired_one_has_expired() {
        use gate_document::Outcome::{Failed, Passed};
        for (papers, validity) in [
            (Papers::Own, Passed),
            (Papers::SomebodyElses, Passed),
            (Papers::PortraitChanged, Passed),
            (Papers::Expired, Failed),
        ] {
            let zone = zone(papers).unwrap();
            let found = gate_document::mrz::validity(&zone, Some(TODAY));
            assert_eq!(found.outcome, validity, "{papers:?}");
        }
    }
}
