//! From bytes to findings: everything that can be said about a document once it has been read.
//!
//! Nothing here looks at a clock or asks anybody: the same bytes, trust store and day give the same
//! findings, at the lane and in second line.

mod face;

pub use face::{PortraitFailure, decode_portrait};

use crate::access::{Access, AccessError};
use crate::authenticity;
use crate::chip::ReadError;
use crate::country;
use crate::file::{ChipFiles, ElementaryFile};
use crate::finding::{Check, Finding};
use crate::lds::{self, LdsError};
use crate::mrz::{self, Field, Mrz};
use crate::passive;
use crate::sod::{Sod, SodError};
use crate::trust::{self, TrustStore};
use image::RgbImage;
use jiff::civil::Date;
use openssl::x509::X509;

/// The checks of this crate, each of which has a finding in every [`Inspection`].
pub const CHECKS: [Check; 13] = [
    Check::PrintedZone,
    Check::Validity,
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

/// What an inspection has found.
#[derive(Clone)]
pub struct Inspection {
    /// One finding for each of [`CHECKS`], in that order.
    pub findings: Vec<Finding>,
    /// The zone in the chip, where it could be read.
    pub dg1: Option<Mrz>,
    /// The decoded portrait of DG2, where it could be decoded.
    pub portrait: Option<RgbImage>,
}

impl Inspection {
    /// The rule for letting a document through: every one of [`CHECKS`] was done and passed. A check
    /// that was not done or is not supported counts as little as one that failed, and an expired
    /// document is not let through either. The proofs of [`authenticity::OFFERED`] need not be
    /// supported by the document: where its signed data groups announce none, none is missed.
    #[must_use]
    pub fn genuine(&self) -> bool {
        CHECKS.iter().all(|check| {
            self.finding(*check)
                .is_some_and(authenticity::is_acceptable)
        })
    }

    /// The finding for `check`, if it is one of [`CHECKS`].
    #[must_use]
    pub fn finding(&self, check: Check) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.check == check)
    }

    fn of(mut findings: Vec<Finding>, dg1: Option<Mrz>, portrait: Option<RgbImage>) -> Self {
        for check in CHECKS {
            if !findings.iter().any(|finding| finding.check == check) {
                findings.push(Finding::not_done(check, "the chip was not read"));
            }
        }
        findings.sort_by_key(|finding| finding.check);
        Self {
            findings,
            dg1,
            portrait,
        }
    }
}

// Names and faces stay out of every log.
impl core::fmt::Debug for Inspection {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Inspection")
            .field("findings", &self.findings)
            .finish_non_exhaustive()
    }
}

/// Inspects a document whose chip was read, portrait included.
#[must_use]
pub fn inspect(
    printed: &Mrz,
    chip: &ChipFiles,
    trust: &TrustStore,
    today: Option<Date>,
) -> Inspection {
    inspect_decoded(printed, chip, decode_portrait(chip), trust, today)
}

/// Inspects a document for a caller that decoded the portrait while the rest was read: `portrait` is
/// the result of [`decode_portrait`].
#[must_use]
pub fn inspect_decoded(
    printed: &Mrz,
    chip: &ChipFiles,
    portrait: Result<RgbImage, PortraitFailure>,
    trust: &TrustStore,
    today: Option<Date>,
) -> Inspection {
    let mut findings = inspect_without_portrait(printed, chip, trust, today);
    findings.push(face::finding(&portrait));
    let dg1 = chip
        .get(ElementaryFile::DG1)
        .and_then(|dg1| lds::dg1(dg1).ok());
    Inspection::of(findings, dg1, portrait.ok())
}

/// The findings of every check but [`Check::Portrait`], for a caller that judges the portrait
/// elsewhere.
#[must_use]
pub fn inspect_without_portrait(
    printed: &Mrz,
    chip: &ChipFiles,
    trust: &TrustStore,
    today: Option<Date>,
) -> Vec<Finding> {
    let dg1 = chip.get(ElementaryFile::DG1).map(lds::dg1);
    let mut findings = vec![
        mrz::consistency(printed),
        mrz::validity(printed, today),
        chip_opened(chip.conversation().map(|conversation| &conversation.access)),
        chip_reading(chip),
        printed_against_chip(printed, dg1.as_ref()),
    ];
    let sod = chip.get(ElementaryFile::Sod).map(Sod::parse);
    let readable = sod.as_ref().and_then(|sod| sod.as_ref().ok());
    findings.extend(authenticity::findings(chip, readable));
    match sod {
        Some(Ok(sod)) => {
            let signature = passive::authenticate(&sod, trust, today);
            let zone = dg1.as_ref().and_then(|dg1| dg1.as_ref().ok());
            findings.extend([
                data_group_digests(chip, &sod),
                com_against_sod(chip, &sod),
                issuer_against_signer(zone, signature.signer.as_ref()),
                signature.signature,
                signature.trust,
            ]);
        }
        Some(Err(error)) => findings.extend(without_sod(&sod_unreadable(&error))),
        None => {
            let not_done = Finding::not_done(Check::SodSignature, "EF.SOD was not read");
            findings.extend(without_sod(&not_done));
        }
    }
    findings.sort_by_key(|finding| finding.check);
    findings
}

/// Inspects a document whose chip could not be read.
#[must_use]
pub fn chip_not_read(printed: &Mrz, error: &ReadError, today: Option<Date>) -> Inspection {
    let reason = error.to_string();
    let mut findings = vec![mrz::consistency(printed), mrz::validity(printed, today)];
    findings.extend(match error {
        ReadError::Access(AccessError::Refused { .. }) => {
            vec![Finding::not_supported(Check::ChipAccess, reason)]
        }
        ReadError::NoApplication { .. } | ReadError::Access(_) => {
            vec![Finding::failed(Check::ChipAccess, reason)]
        }
        // The chip or the reader went away, or OpenSSL failed us: nothing is known of either check.
        ReadError::Card { .. } | ReadError::Crypto(_) => vec![
            Finding::not_done(Check::ChipAccess, reason.clone()),
            Finding::not_done(Check::ChipReading, reason),
        ],
        ReadError::Messaging { .. }
        | ReadError::Refused { .. }
        | ReadError::Malformed { .. }
        | ReadError::TooLong { .. }
        | ReadError::Block { .. } => {
            vec![
                chip_opened(None),
                Finding::failed(Check::ChipReading, reason),
            ]
        }
    });
    Inspection::of(findings, None, None)
}

/// Which protocol opened the chip is part of the result (BSI TR-03135-1).
fn chip_opened(access: Option<&Access>) -> Finding {
    Finding {
        reason: access.map(ToString::to_string).unwrap_or_default(),
        ..Finding::passed(Check::ChipAccess)
    }
}

fn chip_reading(chip: &ChipFiles) -> Finding {
    let wanted = [
        ElementaryFile::Com,
        ElementaryFile::DG1,
        ElementaryFile::DG2,
        ElementaryFile::Sod,
    ];
    let missing: Vec<String> = wanted
        .into_iter()
        .filter(|file| chip.get(*file).is_none())
        .map(|file| match chip.refusal(file) {
            Some(status) => format!("{file} refused with status {status}"),
            None => format!("{file} not read"),
        })
        .collect();
    if missing.is_empty() {
        return Finding::passed(Check::ChipReading);
    }
    Finding::failed(Check::ChipReading, missing.join(", "))
}

/// Field by field (BSI TR-03135-1): optional data alone may differ for reasons that are no forgery,
/// so such a document is undecided.
fn printed_against_chip(printed: &Mrz, dg1: Option<&Result<Mrz, LdsError>>) -> Finding {
    let check = Check::PrintedAgainstChip;
    let chip = match dg1 {
        None => return Finding::not_done(check, "DG1 was not read"),
        Some(Err(error)) => return Finding::failed(check, error.to_string()),
        Some(Ok(chip)) => chip,
    };
    if printed.format != chip.format {
        return Finding::failed(check, "the zones have different formats");
    }
    let different = printed.differences(chip);
    if different.is_empty() {
        return Finding::passed(check);
    }
    let names: Vec<String> = different.iter().map(ToString::to_string).collect();
    let reason = format!("different: {}", names.join(", "));
    if different == [Field::OptionalData] {
        return Finding::not_done(check, reason);
    }
    Finding::failed(check, reason)
}

fn data_group_digests(chip: &ChipFiles, sod: &Sod) -> Finding {
    let check = Check::DataGroupDigests;
    let mut wrong = Vec::new();
    for (file, bytes) in chip.iter() {
        let ElementaryFile::DataGroup(number) = file else {
            continue;
        };
        match (sod.digests.get(&number), sod.digest.of(bytes)) {
            (None, _) => wrong.push(format!("{file} is not in EF.SOD")),
            (_, Err(error)) => {
                return Finding::not_supported(check, format!("OpenSSL has no digest: {error}"));
            }
            (Some(signed), Ok(digest)) if **signed != *digest => {
                wrong.push(format!("{file} is not the signed one"));
            }
            _ => {}
        }
    }
    if !wrong.is_empty() {
        return Finding::failed(check, wrong.join(", "));
    }
    for file in [ElementaryFile::DG1, ElementaryFile::DG2] {
        if chip.get(file).is_none() {
            return Finding::not_done(check, format!("{file} was not read"));
        }
    }
    Finding::passed(check)
}

fn com_against_sod(chip: &ChipFiles, sod: &Sod) -> Finding {
    let check = Check::ComAgainstSod;
    let com = match chip.get(ElementaryFile::Com).map(lds::com) {
        None => return Finding::not_done(check, "EF.COM was not read"),
        Some(Err(error)) => return Finding::failed(check, error.to_string()),
        Some(Ok(com)) => com,
    };
    let only_in = |name: &str, groups: Vec<u8>| {
        groups
            .into_iter()
            .map(|group| format!("DG{group} only in {name}"))
            .collect::<Vec<_>>()
    };
    let in_com = com.data_groups.iter().copied();
    let in_com = in_com
        .filter(|group| !sod.digests.contains_key(group))
        .collect();
    let in_sod = sod.digests.keys().copied();
    let in_sod = in_sod
        .filter(|group| !com.data_groups.contains(group))
        .collect();
    let different = [only_in("EF.COM", in_com), only_in("EF.SOD", in_sod)].concat();
    if different.is_empty() {
        return Finding::passed(check);
    }
    Finding::failed(check, different.join(", "))
}

fn issuer_against_signer(zone: Option<&Mrz>, signer: Option<&X509>) -> Finding {
    let check = Check::IssuerAgainstSigner;
    let (Some(zone), Some(signer)) = (zone, signer) else {
        return Finding::not_done(check, "issuing State or document signer is not known");
    };
    let Some(country) =
        trust::country(signer.subject_name()).or_else(|| trust::country(signer.issuer_name()))
    else {
        return Finding::failed(check, "the document signer certificate names no country");
    };
    let state = &zone.issuing_state;
    match country::agree(state, &country) {
        Some(true) => Finding::passed(check),
        Some(false) => Finding::failed(check, format!("document of {state}, signer of {country}")),
        None => Finding::not_supported(check, format!("no country is known for {state}")),
    }
}

fn sod_unreadable(error: &SodError) -> Finding {
    let reason = error.to_string();
    match error {
        SodError::Algorithm(_) => Finding::not_supported(Check::SodSignature, reason),
        SodError::Structure(_) | SodError::Content { .. } => {
            Finding::failed(Check::SodSignature, reason)
        }
    }
}

/// The findings that need EF.SOD, when `signature` says why there is none.
fn without_sod(signature: &Finding) -> Vec<Finding> {
    let others = [
        Check::SignerTrust,
        Check::DataGroupDigests,
        Check::ComAgainstSod,
        Check::IssuerAgainstSigner,
    ];
    let not_done = |check| Finding::not_done(check, "EF.SOD could not be used");
    [
        vec![signature.clone()],
        others.into_iter().map(not_done).collect(),
    ]
    .concat()
}

#[cfg(test)]
mod tests;
