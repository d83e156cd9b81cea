//! From bytes to findings: everything that can be said about a document once it has been read.
//!
//! Nothing here looks at a clock or asks anybody: the same bytes, trust store and day give the same
//! findings, at the lane and in second line.

mod basis;
mod face;
mod talk;

pub use face::{PortraitFailure, decode_portrait};

use crate::access::{Access, AccessError};
use crate::authenticity;
use crate::beside::{self, Beside};
use crate::card_access;
use crate::certificate::Certificate;
use crate::channel::Notice;
use crate::chip::ReadError;
use crate::country;
use crate::deviation::Deviation;
use crate::document_details::DocumentDetails;
use crate::file::{ChipFiles, ElementaryFile};
use crate::finding::{Check, Finding, Outcome};
use crate::lds::{self, LdsError};
use crate::mrz::{self, Field, Mrz};
use crate::national;
use crate::passive::{self, card_security};
use crate::personal;
use crate::policy::{Policy, Verdict};
use crate::report::Evidence;
use crate::sod::{Sod, SodError};
use crate::trust::TrustStore;
use crate::trust::defects::Subject;
use basis::Basis;
use image::RgbImage;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// The checks of this crate, each of which has a finding in every [`Inspection`].
pub const CHECKS: [Check; 31] = [
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
    Check::Revocation,
    Check::TrustStatus,
    Check::KeyPeriod,
    Check::DocumentType,
    Check::SignatureStrength,
    Check::Conformance,
    Check::KnownDefects,
    Check::DatesPlausible,
    Check::PersonalDetails,
    Check::NationalRules,
    Check::CardAccess,
    Check::CardSecurity,
    Check::FrontAgainstBack,
    Check::ZoneAgainstPage,
    Check::VisaAgainstDocument,
    Check::VisaValidity,
    Check::ChipConversation,
    Check::ZoneCheckDigits,
];

/// What an inspection has found.
#[derive(Clone)]
pub struct Inspection {
    /// One finding for each of [`CHECKS`], in that order.
    pub findings: Vec<Finding>,
    /// What the findings rest on.
    pub evidence: Evidence,
    /// The zone in the chip, where it could be read.
    pub dg1: Option<Mrz>,
    /// The decoded portrait of DG2, where it could be decoded.
    pub portrait: Option<RgbImage>,
}

impl Inspection {
    /// Whether the default policy lets the document through: see [`Inspection::verdict`].
    #[must_use]
    pub fn genuine(&self) -> bool {
        self.verdict(&Policy::default()) == Verdict::Accept
    }

    /// The same with what was read `beside` the zone `printed` and the chip.
    #[must_use]
    pub fn with_beside(mut self, printed: &Mrz, beside: &Beside, today: Option<Date>) -> Self {
        self.findings
            .retain(|finding| !beside::CHECKS.contains(&finding.check));
        for check in beside::CHECKS {
            self.evidence.forget(check);
        }
        basis::note_beside(printed, beside, &mut self.evidence);
        self.findings
            .extend(beside::findings(printed, beside, today));
        self.findings.sort_by_key(|finding| finding.check);
        self
    }

    /// What `policy` makes of the findings.
    #[must_use]
    pub fn verdict(&self, policy: &Policy) -> Verdict {
        policy.verdict(&CHECKS, &self.findings)
    }

    /// The findings, each with its evidence: what a journal keeps of them.
    #[must_use]
    pub fn for_journal(self) -> Vec<Finding> {
        self.evidence.attach(self.findings)
    }

    /// The finding for `check`, if it is one of [`CHECKS`].
    #[must_use]
    pub fn finding(&self, check: Check) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.check == check)
    }

    fn of(
        mut findings: Vec<Finding>,
        evidence: Evidence,
        dg1: Option<Mrz>,
        portrait: Option<RgbImage>,
    ) -> Self {
        for check in CHECKS {
            if !findings.iter().any(|finding| finding.check == check) {
                findings.push(Finding::not_done(check, "the chip was not read"));
            }
        }
        findings.sort_by_key(|finding| finding.check);
        Self {
            findings,
            evidence,
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

/// Inspects a document whose chip was read, portrait included. A portrait that passive
/// authentication does not vouch for is not decoded: its bytes may be anybody's.
#[must_use]
pub fn inspect(
    printed: &Mrz,
    chip: &ChipFiles,
    trust: &TrustStore,
    today: Option<Date>,
) -> Inspection {
    decoded(chip, examine(Some(printed), chip, trust, today))
}

/// Inspects files of a chip without a printed zone: it cannot be read, or the chip was opened with
/// its card access number. Signature, chain and digests need no zone, and are judged over whatever files
/// are there. The zone of DG1 stands in where a day or a State is asked for; nothing is passed of the
/// printed one, so the document is never accepted.
#[must_use]
pub fn inspect_without_zone(
    chip: &ChipFiles,
    trust: &TrustStore,
    today: Option<Date>,
) -> Inspection {
    decoded(chip, examine(None, chip, trust, today))
}

fn decoded(chip: &ChipFiles, (findings, evidence): (Vec<Finding>, Evidence)) -> Inspection {
    let outcome = |check| {
        let found = findings.iter().find(|finding| finding.check == check);
        found.map(|finding| finding.outcome)
    };
    let passed = |check| outcome(check) == Some(Outcome::Passed);
    // Undone is the comparison where a group is missing and those that are there are the signed ones.
    let digests = outcome(Check::DataGroupDigests);
    let as_signed = matches!(digests, Some(Outcome::Passed | Outcome::NotDone));
    let portrait = if passed(Check::SodSignature) && passed(Check::SignerTrust) && as_signed {
        decode_portrait(chip)
    } else {
        Err(PortraitFailure::NotVouchedFor)
    };
    whole(chip, findings, evidence, portrait)
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
    let (findings, evidence) = examine(Some(printed), chip, trust, today);
    whole(chip, findings, evidence, portrait)
}

fn whole(
    chip: &ChipFiles,
    mut findings: Vec<Finding>,
    mut evidence: Evidence,
    portrait: Result<RgbImage, PortraitFailure>,
) -> Inspection {
    findings.push(face::finding(chip, &portrait));
    face::note(chip, &portrait, &mut evidence);
    let dg1 = chip
        .get(ElementaryFile::DG1)
        .and_then(|dg1| lds::dg1(dg1).ok());
    Inspection::of(findings, evidence, dg1, portrait.ok())
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
    examine(Some(printed), chip, trust, today).0
}

/// The same, each finding with its evidence: what a journal keeps of it. Nothing of it is the traveller's.
#[must_use]
pub fn inspect_for_journal(
    printed: &Mrz,
    chip: &ChipFiles,
    trust: &TrustStore,
    today: Option<Date>,
) -> Vec<Finding> {
    let (findings, evidence) = examine(Some(printed), chip, trust, today);
    evidence.attach(findings)
}

/// Whether `dg2` is the file that a trusted signer signed, before all files are there: who decodes a
/// picture earlier decodes what anybody wrote. Digest, signature and trust are verified, in this
/// order of cost.
#[must_use]
pub fn vouches_for(
    file: ElementaryFile,
    bytes: &[u8],
    sod: &[u8],
    trust: &TrustStore,
    today: Option<Date>,
) -> bool {
    let ElementaryFile::DataGroup(number) = file else {
        return false;
    };
    Sod::parse(sod).is_ok_and(|sod| {
        let signed = sod.digests.get(&number);
        let same = sod
            .digest
            .of(bytes)
            .is_ok_and(|digest| signed.is_some_and(|signed| **signed == *digest));
        same && passive::vouches(&passive::authenticate(&sod, trust, today))
    })
}

/// EF.SOD is judged first, and everything else in its light.
fn examine(
    printed: Option<&Mrz>,
    chip: &ChipFiles,
    trust: &TrustStore,
    today: Option<Date>,
) -> (Vec<Finding>, Evidence) {
    let mut findings = Vec::new();
    let mut evidence = Evidence::default();
    let mut signer = None;
    let mut issued = None;
    let mut deviations = of_files(chip);
    let sod = readable_sod(chip);
    let dg1 = chip.get(ElementaryFile::DG1).map(lds::dg1);
    let zone = match &dg1 {
        Some(Ok(zone)) => Ok(zone),
        Some(Err(problem)) => Err(problem.to_string()),
        None => Err(chip.why_missing(ElementaryFile::DG1)),
    };
    let zone = zone.as_ref().map(|zone| *zone).map_err(String::as_str);
    let looked_at = match &sod {
        Ok(sod) => {
            let signature = passive::authenticate(sod, trust, today);
            signer = signature.signer;
            issued = sod
                .signing_time()
                .map(|at| TimeZone::UTC.to_datetime(at).date());
            evidence.extend(signature.evidence);
            deviations.extend(signature.deviations);
            findings.extend([
                signature.signature,
                signature.trust,
                data_group_digests(chip, sod),
                issuer_against_signer(zone, signer.as_ref()),
                document_type(zone, signer.as_ref()),
                personal::finding(chip, sod, zone),
                com_against_sod(chip, sod),
            ]);
            findings.extend(signature.others);
            signer.as_ref().map(drop).ok_or(passive::NO_SIGNER)
        }
        Err((signature, why)) => {
            findings.extend(without_sod(signature, why));
            Err(why.as_str())
        }
    };
    findings.push(conformance(looked_at, &mut deviations));
    note_deviations(&deviations, &mut evidence);
    let readable = sod.as_ref().ok();
    let security = card_security::judge(chip.conversation(), signer.as_ref(), trust, today);
    findings.extend(authenticity::findings(
        chip,
        sod.as_ref().map_err(|(_, why)| why.as_str()),
        security.infos.as_ref(),
    ));
    findings.push(card_access::finding(
        chip.conversation(),
        readable.and_then(|sod| authenticity::signed_dg14(chip, sod)),
        security.set.as_deref(),
    ));
    findings.push(security.finding);
    // The zone to go by: the printed one; where there is none, that of the chip.
    let known = printed.map_or(zone, Ok);
    let card = known.ok().zip(readable);
    let card = card.and_then(|(known, sod)| national::card_details(known, chip, sod));
    // The day of issue that was signed; where none is known, the day of the signature.
    let by_issuer = readable
        .and_then(|sod| issued_by_dg12(chip, sod))
        .or_else(|| card.as_ref().and_then(|card| card.issued));
    let stated = by_issuer.or(issued);
    let basis = Basis {
        printed,
        zone: known.ok(),
        dg1: zone.ok(),
        chip,
        sod: readable,
        signer: signer.as_ref(),
        trust,
        today,
        issued: stated,
    };
    basis.note(&CHECKS, &mut evidence);
    findings.extend([
        chip_opened(chip.conversation().map(|conversation| &conversation.access)),
        chip_reading(chip),
        talk::finding(chip.conversation(), &mut evidence),
    ]);
    let no_zone = match (printed, zone) {
        (None, Err(why)) => Some(format!("no printed zone was read; {why}")),
        _ => None,
    };
    match (known, &no_zone) {
        (Ok(known), _) => {
            findings.extend([
                mrz::check_digits(known),
                mrz::validity(known, today),
                dates_plausible(known, stated, by_issuer, today),
                national::finding(known, stated, card.as_ref()),
            ]);
            findings.extend(beside::findings(known, &Beside::default(), today));
        }
        (Err(why), no_zone) => {
            let why = no_zone.as_deref().unwrap_or(why);
            let undone = |check| Finding::not_done(check, why);
            findings.extend(OF_THE_ZONE.into_iter().chain(beside::CHECKS).map(undone));
        }
    }
    findings.extend(match printed {
        Some(printed) => [
            mrz::consistency(printed),
            printed_against_chip(printed, chip, dg1.as_ref()),
        ],
        None => [Check::PrintedZone, Check::PrintedAgainstChip]
            .map(|check| Finding::not_done(check, "no printed zone was read")),
    });
    let subject = Subject {
        issuer: known.map_or("", |known| &known.issuing_state),
        document_code: known.map_or("", |known| &known.document_code),
        number: known.map_or("", |known| known.document_number.expose()),
        signer: signer.as_ref(),
        issued,
    };
    let mut defects = trust.defects().apply(&subject, &mut findings, today);
    if let Some(why) = no_zone.filter(|_| defects.outcome == Outcome::Passed) {
        // Entries that name a signer alone were looked for, those that name a model could not be.
        defects = Finding::not_done(Check::KnownDefects, why);
    }
    findings.push(defects);
    findings.sort_by_key(|finding| finding.check);
    (findings, evidence)
}

/// EF.SOD as it can be read; else the finding for its signature, and why everything else that needs it
/// is open.
fn readable_sod(chip: &ChipFiles) -> Result<Sod, (Finding, String)> {
    let file = ElementaryFile::Sod;
    match chip.get(file).map(Sod::parse) {
        Some(Ok(sod)) => Ok(sod),
        Some(Err(error)) => Err((sod_unreadable(&error), "EF.SOD cannot be read".to_owned())),
        None => {
            let why = chip.why_missing(file);
            Err((Finding::not_done(Check::SodSignature, why.clone()), why))
        }
    }
}

/// What the files themselves do otherwise than the standard says.
fn of_files(chip: &ChipFiles) -> Vec<Deviation> {
    let behind = chip.excess();
    let mut found: Vec<Deviation> = behind
        .map(|(file, _)| Deviation::BytesBehind(file))
        .collect();
    if let Some(bytes) = chip.get(ElementaryFile::DG1)
        && lds::dg1(bytes).is_ok_and(|zone| !lds::is_plain_dg1(bytes, &zone))
    {
        found.push(Deviation::Dg1Form);
    }
    if let Some(bytes) = chip.get(ElementaryFile::DG2)
        && lds::portrait(bytes).is_ok_and(|portrait| portrait.end_is_missing())
    {
        found.push(Deviation::PortraitEndMissing);
    }
    found
}

/// The finding for [`Check::Conformance`]: every deviation, also where EF.SOD could not be looked at.
fn conformance(looked_at: Result<(), &str>, deviations: &mut Vec<Deviation>) -> Finding {
    let check = Check::Conformance;
    deviations.sort_unstable();
    deviations.dedup();
    let told = passive::joined(deviations);
    match (looked_at, told.is_empty()) {
        (Ok(()), true) => Finding::passed(check),
        (Ok(()), false) => Finding::not_done(check, told),
        (Err(why), true) => Finding::not_done(check, why),
        (Err(why), false) => Finding::not_done(check, format!("{why}; {told}")),
    }
}

fn note_deviations(deviations: &[Deviation], evidence: &mut Evidence) {
    if !deviations.is_empty() {
        let names: Vec<&str> = deviations.iter().map(|it| it.name()).collect();
        evidence.note(Check::Conformance, "deviations", names.join(", "));
    }
}

/// What is judged by a zone alone, the printed one or that of the chip.
const OF_THE_ZONE: [Check; 4] = [
    Check::ZoneCheckDigits,
    Check::Validity,
    Check::DatesPlausible,
    Check::NationalRules,
];

/// Inspects a document whose chip could not be read. `notices` is what was noticed until then:
/// [`Progress::Noticed`](crate::chip::Progress::Noticed).
#[must_use]
pub fn chip_not_read(
    printed: &Mrz,
    error: &ReadError,
    notices: &[Notice],
    today: Option<Date>,
) -> Inspection {
    let reason = error.to_string();
    let mut evidence = Evidence::default();
    let basis = Basis {
        printed: Some(printed),
        zone: Some(printed),
        dg1: None,
        chip: &ChipFiles::new(),
        sod: None,
        signer: None,
        trust: &TrustStore::empty(),
        today,
        issued: None,
    };
    basis.note(&[Check::PrintedZone], &mut evidence);
    basis.note(&OF_THE_ZONE, &mut evidence);
    let mut findings = vec![
        mrz::consistency(printed),
        mrz::check_digits(printed),
        mrz::validity(printed, today),
        dates_plausible(printed, None, None, today),
        national::finding(printed, None, None),
    ];
    findings.extend(beside::findings(printed, &Beside::default(), today));
    findings.extend(match error {
        ReadError::Access(AccessError::Refused { .. }) => {
            vec![Finding::not_supported(Check::ChipAccess, reason)]
        }
        ReadError::NoApplication { .. } | ReadError::Access(_) => {
            vec![Finding::failed(Check::ChipAccess, reason)]
        }
        // The chip or the reader went away, or OpenSSL failed us: nothing is known of either check.
        ReadError::Card { .. } | ReadError::Crypto(_) => vec![
            Finding::aborted(Check::ChipAccess, reason.clone()),
            Finding::aborted(Check::ChipReading, reason),
        ],
        ReadError::Messaging { .. }
        | ReadError::Refused { .. }
        | ReadError::Malformed { .. }
        | ReadError::TooLong { .. }
        | ReadError::Block { .. } => {
            vec![
                Finding {
                    reason: "open until reading failed".to_owned(),
                    ..Finding::passed(Check::ChipAccess)
                },
                Finding::failed(Check::ChipReading, reason),
            ]
        }
    });
    for finding in &findings {
        let of_chip = matches!(finding.check, Check::ChipAccess | Check::ChipReading);
        if of_chip && finding.outcome != Outcome::Passed {
            let fault = error.fault();
            evidence.note(finding.check, "kind", fault.kind);
            evidence.note(finding.check, "step", fault.step.clone());
            evidence.blame(finding.check, fault);
        }
    }
    findings.extend(talk::broken_off(notices, &mut evidence));
    Inspection::of(findings, evidence, None, None)
}

/// Which protocol opened the chip is part of the result (BSI TR-03135-1). Files that come without a
/// conversation were read before, by somebody else or by nobody: the check is undetermined.
fn chip_opened(access: Option<&Access>) -> Finding {
    match access {
        Some(access) => Finding {
            reason: access.to_string(),
            ..Finding::passed(Check::ChipAccess)
        },
        None => Finding::not_done(Check::ChipAccess, "no chip was there"),
    }
}

/// EF.COM is not among what is wanted: nobody signs it, and EF.SOD says the same and more. What it
/// says, or that it is not there, is [`Check::ComAgainstSod`].
fn chip_reading(chip: &ChipFiles) -> Finding {
    let wanted = [
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
fn printed_against_chip(
    printed: &Mrz,
    files: &ChipFiles,
    dg1: Option<&Result<Mrz, LdsError>>,
) -> Finding {
    let check = Check::PrintedAgainstChip;
    let chip = match dg1 {
        None => return Finding::not_done(check, files.why_missing(ElementaryFile::DG1)),
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
            return Finding::not_done(check, chip.why_missing(file));
        }
    }
    Finding::passed(check)
}

/// EF.COM is signed by nobody: it is judged by EF.SOD, never the other way round.
fn com_against_sod(chip: &ChipFiles, sod: &Sod) -> Finding {
    let check = Check::ComAgainstSod;
    let com = match chip.get(ElementaryFile::Com).map(lds::com) {
        None => return Finding::not_done(check, chip.why_missing(ElementaryFile::Com)),
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
    let mut different = [only_in("EF.COM", in_com), only_in("EF.SOD", in_sod)].concat();
    // Security objects of version 1 sign the version (Doc 9303-10, 4.6.2.3).
    if let (Some(signed), Some(stated)) = (&sod.lds_version, &com.lds_version)
        && signed != stated
    {
        different.push("EF.COM states another LDS version".to_owned());
    }
    if !different.is_empty() {
        return Finding::failed(check, different.join(", "));
    }
    let refused: Vec<String> = sod
        .digests
        .keys()
        .filter_map(|group| {
            let file = ElementaryFile::DataGroup(*group);
            let status = chip.refusal(file)?;
            // Fingers and irises are for those whom the issuer lets (Doc 9303-11, 7).
            let expected = matches!(group, 3 | 4);
            (!expected).then(|| format!("{file} is signed and was refused with status {status}"))
        })
        .collect();
    if !refused.is_empty() {
        return Finding::not_done(check, refused.join(", "));
    }
    Finding::passed(check)
}

/// The zone of DG1 and the document signer, where both are known; else which of them is missing, and why.
fn both<'a>(
    check: Check,
    zone: Result<&'a Mrz, &str>,
    signer: Option<&'a Certificate>,
) -> Result<(&'a Mrz, &'a Certificate), Finding> {
    match (signer, zone) {
        (None, _) => Err(Finding::not_done(check, passive::NO_SIGNER)),
        (_, Err(why)) => Err(Finding::not_done(check, why)),
        (Some(signer), Ok(zone)) => Ok((zone, signer)),
    }
}

fn issuer_against_signer(zone: Result<&Mrz, &str>, signer: Option<&Certificate>) -> Finding {
    let check = Check::IssuerAgainstSigner;
    let (zone, signer) = match both(check, zone, signer) {
        Ok(both) => both,
        Err(missing) => return missing,
    };
    let Some(country) = signer.country() else {
        return Finding::failed(check, "the document signer certificate names no country");
    };
    let state = &zone.issuing_state;
    match country::agree(state, &country) {
        Some(true) => Finding::passed(check),
        Some(false) => Finding::failed(check, format!("document of {state}, signer of {country}")),
        // Any authority could sign for a State that nobody knows.
        None => Finding::failed(check, format!("no country is known for \"{state}\"")),
    }
}

/// The signer's list names document codes as the zone has them (Doc 9303-12, 7.1.1.6); a single letter
/// stands for every code that begins with it.
fn document_type(zone: Result<&Mrz, &str>, signer: Option<&Certificate>) -> Finding {
    let check = Check::DocumentType;
    let (zone, signer) = match both(check, zone, signer) {
        Ok(both) => both,
        Err(missing) => return missing,
    };
    let types = &signer.extensions.document_types;
    if types.is_empty() {
        return Finding::not_supported(check, "the document signer certificate lists no types");
    }
    let code = &zone.document_code;
    let listed = types
        .iter()
        .any(|listed| listed == code || listed.len() == 1 && code.starts_with(listed.as_str()));
    if listed {
        return Finding::passed(check);
    }
    Finding::failed(
        check,
        format!("document of type {code}, signer for {}", types.join(", ")),
    )
}

/// Birth, issue and expiry in their order. Which day any of them is stays out of the reason. `issued`
/// may be the day of the signature, which a clock stated; `by_issuer` is what the document says, and
/// cannot be in the future: a day of difference is left to the zones of the world.
fn dates_plausible(
    zone: &Mrz,
    issued: Option<Date>,
    by_issuer: Option<Date>,
    today: Option<Date>,
) -> Finding {
    let check = Check::DatesPlausible;
    let Some(today) = today else {
        return Finding::not_done(check, "the gate does not know the date");
    };
    let mut wrong = Vec::new();
    if let mrz::Expiry::On(last) = zone.expiry {
        let longest = national::longest_validity(zone);
        let years_after = |day: Date| last.year() - day.year();
        if years_after(today) > longest {
            wrong.push(format!("expires more than {longest} years from now"));
        }
        if issued.is_some_and(|issued| last < issued) {
            wrong.push("had expired when it was issued".to_owned());
        }
        if issued.is_some_and(|issued| years_after(issued) > longest) {
            wrong.push(format!("valid for more than {longest} years"));
        }
    }
    let tomorrow = today.tomorrow().unwrap_or(today);
    if by_issuer.is_some_and(|issued| issued > tomorrow) {
        wrong.push("issued after the day of inspection".to_owned());
    }
    // The nearest year that the two digits may mean is not after today.
    let birth = zone.birth.expose().date(today);
    if let (Some(birth), Some(issued)) = (birth, issued)
        && birth > issued
    {
        wrong.push("issued before the holder was born".to_owned());
    }
    if !wrong.is_empty() {
        return Finding::failed(check, wrong.join(", "));
    }
    Finding::passed(check)
}

/// The day of issue in DG12, where it is the one that EF.SOD signs.
fn issued_by_dg12(chip: &ChipFiles, sod: &Sod) -> Option<Date> {
    let bytes = authenticity::signed_group(chip, sod, 12)?;
    DocumentDetails::parse(bytes).ok()?.issued
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

/// The findings that need EF.SOD, when `signature` says what is wrong with it, and `why` what that
/// leaves open.
fn without_sod(signature: &Finding, why: &str) -> Vec<Finding> {
    let others = [
        Check::SignerTrust,
        Check::DataGroupDigests,
        Check::ComAgainstSod,
        Check::IssuerAgainstSigner,
        Check::DocumentType,
        Check::PersonalDetails,
    ];
    let not_done = |check| Finding::not_done(check, why);
    let others = others.into_iter().chain(passive::OTHERS).map(not_done);
    [signature.clone()].into_iter().chain(others).collect()
}

#[cfg(test)]
mod tests;
