//! From a barcode's bytes to findings: everything that can be said about a seal.
//!
//! The same bytes, profiles, certificates and day give the same findings, at the lane and in second
//! line.

use super::profile::{Gate, PermitProfile};
use super::{BYTES_MAX, Seal, SealCheck, SealError, SealFinding, SealSigners, read, verify};
use crate::finding::Outcome;
use crate::sensitive::Sensitive;
use openssl::sha::sha256;

/// What follows for a permit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PermitVerdict {
    /// Nothing speaks against it.
    Accepted,
    /// Nothing speaks against it yet: the traveller's document says whether it is theirs.
    NeedsDocument,
    /// Nothing speaks against it yet: a registered face says whether it is the traveller's.
    NeedsFace,
    /// This check speaks against it.
    Refused(SealCheck),
}

/// What the inspection of a barcode has found.
#[derive(Clone, Debug)]
pub struct SealInspection {
    /// One finding for each of [`SealCheck::ALL`], in that order.
    pub findings: Vec<SealFinding>,
    /// Title of the profile that describes the seal.
    pub permit: Option<String>,
    /// Number of the record whose face the traveller must have, where the permit is bound to a face.
    pub face_of: Option<Sensitive<String>>,
    /// Whether the profile lets the permit clear without the traveller's document. A gate's policy has
    /// to allow it as well.
    pub alone: bool,
    /// How often the permit may be used, where it says so.
    pub entries: Option<u64>,
    /// Under which a register of used permits counts: the digest of what was signed. Two copies of a
    /// barcode have the same.
    pub register_key: Option<Sensitive<Vec<u8>>>,
}

impl SealInspection {
    /// The rule for accepting a permit at a desk: every check was done and passed. Three may be open.
    /// Revocation, while no list of the signer's country is at hand; the uses, which a gate's register
    /// counts; and the holder, where a face decides: then [`SealInspection::face_of`] says whose.
    #[must_use]
    pub fn accepted(&self) -> bool {
        self.findings.iter().all(|finding| match finding.outcome {
            Outcome::Passed => true,
            Outcome::NotDone => match finding.check {
                SealCheck::SealRevocation | SealCheck::PermitUses => true,
                SealCheck::PermitHolder => self.face_of.is_some(),
                _ => false,
            },
            Outcome::Failed | Outcome::NotSupported | Outcome::Aborted => false,
        })
    }

    /// The rule for accepting a permit at a gate: every check was done and passed, but for revocation
    /// while no list of the signer's country is at hand.
    #[must_use]
    pub fn verdict(&self) -> PermitVerdict {
        let mut verdict = PermitVerdict::Accepted;
        for finding in &self.findings {
            match (finding.outcome, finding.check) {
                (Outcome::Passed, _) | (Outcome::NotDone, SealCheck::SealRevocation) => {}
                (Outcome::NotDone, SealCheck::PermitHolder) if self.face_of.is_some() => {
                    verdict = PermitVerdict::NeedsFace;
                }
                (Outcome::NotDone, SealCheck::PermitHolder) => {
                    verdict = PermitVerdict::NeedsDocument;
                }
                (_, check) => return PermitVerdict::Refused(check),
            }
        }
        verdict
    }

    /// What the register says: the permit has been `used` so often; `None` where it cannot be asked.
    #[must_use]
    pub fn with_uses(mut self, used: Option<u64>) -> Self {
        let check = SealCheck::PermitUses;
        let Some(entries) = self.entries else {
            return self;
        };
        let counted = match used {
            None => SealFinding::new(check, Outcome::Aborted, "the register cannot be asked"),
            Some(used) if used < entries => SealFinding::passed(check),
            Some(used) => SealFinding::failed(check, format!("used {used} times of {entries}")),
        };
        for finding in &mut self.findings {
            if finding.check == check {
                *finding = counted.clone();
            }
        }
        self
    }

    /// The finding for `check`.
    #[must_use]
    pub fn finding(&self, check: SealCheck) -> Option<&SealFinding> {
        self.findings.iter().find(|finding| finding.check == check)
    }

    fn of(mut findings: Vec<SealFinding>, reason: &str) -> Self {
        for check in SealCheck::ALL {
            if !findings.iter().any(|finding| finding.check == check) {
                findings.push(SealFinding::not_done(check, reason));
            }
        }
        findings.sort_by_key(|finding| finding.check);
        Self {
            findings,
            permit: None,
            face_of: None,
            alone: false,
            entries: None,
            register_key: None,
        }
    }
}

/// Inspects the bytes of a barcode with the profiles of this gate.
#[must_use]
pub fn inspect(
    barcode: &[u8],
    profiles: &[PermitProfile],
    signers: &dyn SealSigners,
    gate: &Gate<'_>,
) -> SealInspection {
    // A text that a profile lays out begins as it says; every other format begins in its own way.
    let bounded = (barcode.len() <= BYTES_MAX).then_some(barcode);
    let texts = profiles.iter().filter_map(|profile| profile.text.as_ref());
    let text = bounded.and_then(|barcode| texts.filter_map(|text| text.read(barcode)).next());
    match text.unwrap_or_else(|| read(barcode)) {
        Ok(seal) => inspect_seal(&seal, profiles, signers, gate),
        Err(error) => unreadable(&error),
    }
}

fn unreadable(error: &SealError) -> SealInspection {
    let finding = SealFinding::failed(SealCheck::SealStructure, error.to_string());
    let finding = finding.on(error.kind());
    SealInspection::of(vec![finding], "the barcode is no seal")
}

/// Inspects a seal that has been read.
#[must_use]
pub fn inspect_seal(
    seal: &Seal,
    profiles: &[PermitProfile],
    signers: &dyn SealSigners,
    gate: &Gate<'_>,
) -> SealInspection {
    let mut findings = verify(seal, signers, gate.today).findings;
    let Some(profile) = profiles.iter().find(|profile| profile.describes(seal)) else {
        let reason = "no profile describes this kind of seal";
        findings.push(SealFinding::failed(SealCheck::PermitKind, reason));
        return SealInspection::of(findings, reason);
    };
    let judgement = profile.judge(seal, gate);
    findings.extend(judgement.findings);
    let inspection = SealInspection::of(findings, "");
    SealInspection {
        permit: Some(profile.title.clone()),
        face_of: judgement.face_of,
        alone: profile.holder.alone,
        entries: judgement.entries,
        register_key: Some(Sensitive::new(sha256(seal.signed()).to_vec())),
        ..inspection
    }
}
