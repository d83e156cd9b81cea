//! What is known of one traveller, and what follows from it: the gate's rule for clearing.

use crate::event::{FaceReport, FaceVerdict, ListsAnswer};
use crate::permit::{Permit, PermitRule, Standing};
use crate::referral::{Outcome, Referral};
use gate_document::beside::{self, Beside};
use gate_document::finding::Outcome as CheckOutcome;
use gate_document::inspect::CHECKS;
use gate_document::mrz::Mrz;
use gate_document::policy::{Policy, Verdict};
use gate_document::seal::SealInspection;
use gate_document::{Check, Finding};
use jiff::civil::Date;

/// Everything that has been found out about the traveller in the lane.
#[derive(Debug, Default)]
pub(crate) struct Evidence {
    /// The printed zone.
    pub printed: Option<Box<Mrz>>,
    /// What the printed zone alone tells.
    pub on_paper: Vec<Finding>,
    /// What the chip tells; none while it is being read.
    pub on_chip: Option<Vec<Finding>>,
    /// What a chip tells that could not be read; worth something only while `on_chip` is none.
    pub on_unread_chip: Vec<Finding>,
    /// Whether the portrait became a template; none while that is going on.
    pub portrait: Option<Result<(), String>>,
    /// The live face.
    pub face: Option<FaceReport>,
    /// The lists.
    pub lists: Option<ListsAnswer>,
    /// The controller has counted who is inside.
    pub counted: bool,
    /// More than one person was seen.
    pub several: bool,
    /// The permit.
    pub permit: Permit,
    /// A visa.
    pub visa: Option<Visa>,
}

/// A visa, and the day on which it was read.
#[derive(Debug)]
pub(crate) struct Visa {
    pub beside: Beside,
    pub today: Option<Date>,
}

impl Evidence {
    /// A new printed zone makes everything that was learnt from another document worthless. The face
    /// goes with the chip: see [`Evidence::forget_chip`].
    pub(crate) fn start_over(&mut self, printed: Box<Mrz>, on_paper: Vec<Finding>) {
        self.printed = Some(printed);
        self.on_paper = on_paper;
        self.on_chip = None;
        self.on_unread_chip.clear();
        self.portrait = None;
        self.lists = None;
    }

    /// What a chip said, and the face that was compared with its portrait.
    pub(crate) fn forget_chip(&mut self) {
        self.on_chip = None;
        self.portrait = None;
        self.face = None;
    }

    /// Whether the permit clears without a document: its profile and the policy say so, and no
    /// document was shown that would tell more.
    pub(crate) fn clears_alone(&self, policy: &Policy) -> bool {
        let alone = |permit: &SealInspection| permit.alone;
        self.printed.is_none()
            && policy.permits_alone()
            && self.permit.standing() == Standing::Accepted
            && self.permit.judged().is_some_and(alone)
    }

    /// Without a portrait nobody can say whose face it is; that there is one, alive and alone, can be
    /// seen.
    fn verdict_alone(&self) -> Option<Outcome> {
        match self.face?.verdict {
            FaceVerdict::Captured if self.counted => Some(Outcome::Cleared),
            FaceVerdict::Attack => Some(Outcome::Referred(Referral::PresentationAttack)),
            _ => None,
        }
    }

    /// Whether chip and lists have been answered and the portrait is ready: only the face is open.
    pub(crate) fn document_done(&self) -> bool {
        self.on_chip.is_some() && self.portrait.is_some() && self.lists.is_some()
    }

    /// Whether whoever stands before the entry may step in: document, lists and permit are answered,
    /// and nothing of them speaks against it. The face is still to come.
    pub(crate) fn admits(&self, policy: &Policy, permits: PermitRule) -> bool {
        let answered = self.on_chip.is_some() && self.lists.is_some();
        let settled = answered && self.permit.is_settled(permits);
        self.objection(policy).is_none() && (settled || self.clears_alone(policy))
    }

    /// What must be decided now, if anything. `None`: wait for more.
    ///
    /// A face is judged only when the document is, so that an officer who is called finds the
    /// whole picture.
    pub(crate) fn verdict(&self, policy: &Policy, permits: PermitRule) -> Option<Outcome> {
        if let Some(referral) = self.objection(policy) {
            return Some(Outcome::Referred(referral));
        }
        if self.clears_alone(policy) {
            return self.verdict_alone();
        }
        if !self.document_done() || !self.permit.is_settled(permits) {
            return None;
        }
        match self.face.map(|face| face.verdict) {
            Some(FaceVerdict::Match) if self.lacks_nothing(policy) => Some(Outcome::Cleared),
            Some(FaceVerdict::Match) => Some(Outcome::Referred(Referral::DocumentNotGenuine)),
            Some(FaceVerdict::NoMatch) => Some(Outcome::Referred(Referral::FaceMismatch)),
            Some(FaceVerdict::Attack) => Some(Outcome::Referred(Referral::PresentationAttack)),
            Some(FaceVerdict::Undecided(_) | FaceVerdict::Captured | FaceVerdict::SeveralFaces)
            | None => None,
        }
    }

    /// The first thing that speaks against the traveller, whatever else is still unknown.
    fn objection(&self, policy: &Policy) -> Option<Referral> {
        if self.several || self.several_faces() {
            return Some(Referral::SeveralPersons);
        }
        match outcome_of(Check::Validity, &self.on_paper) {
            Some(CheckOutcome::Failed) => return Some(Referral::DocumentExpired),
            Some(CheckOutcome::NotDone | CheckOutcome::NotSupported | CheckOutcome::Aborted) => {
                return Some(Referral::DateUnknown);
            }
            Some(CheckOutcome::Passed) | None => {}
        }
        match self.lists {
            Some(ListsAnswer::Hit) => return Some(Referral::Listed),
            Some(ListsAnswer::Unavailable) => return Some(Referral::ListsUnavailable),
            Some(ListsAnswer::Clear) | None => {}
        }
        self.permit
            .objection(self.on_chip.is_some())
            .or_else(|| self.visa_objection(policy))
            .or_else(|| self.chip_objection(policy))
    }

    /// What the visa says of the document that has proved its zone.
    fn visa_findings(&self) -> Vec<Finding> {
        let (Some(visa), Some(printed), Some(_)) = (&self.visa, &self.printed, &self.on_chip)
        else {
            return Vec::new();
        };
        let [_, _, holder, validity] = beside::findings(printed, &visa.beside, visa.today);
        vec![holder, validity]
    }

    fn visa_objection(&self, policy: &Policy) -> Option<Referral> {
        let findings = self.visa_findings();
        let wrong = findings.iter().find(|finding| policy.objects_to(finding))?;
        Some(match wrong.check {
            Check::VisaValidity => Referral::DocumentExpired,
            _ => Referral::DocumentInconsistent,
        })
    }

    pub(crate) fn several_faces(&self) -> bool {
        self.face
            .is_some_and(|face| face.verdict == FaceVerdict::SeveralFaces)
    }

    /// What in the chip speaks against the traveller. Forgery weighs more than disagreement, and
    /// both weigh more than a portrait that cannot be used.
    fn chip_objection(&self, policy: &Policy) -> Option<Referral> {
        let chip = self.on_chip.as_ref()?;
        let wrong: Vec<Check> = chip
            .iter()
            .filter(|finding| policy.objects_to(finding))
            .map(|finding| finding.check)
            .collect();
        let inconsistent =
            |check: &Check| matches!(check, Check::PrintedAgainstChip | Check::ZoneCheckDigits);
        let other = |check: &&Check| !inconsistent(check) && **check != Check::Portrait;
        if wrong.iter().any(|check| other(&check)) {
            return Some(Referral::DocumentNotGenuine);
        }
        if wrong.iter().any(inconsistent) {
            return Some(Referral::DocumentInconsistent);
        }
        if wrong.contains(&Check::Portrait) || matches!(self.portrait, Some(Err(_))) {
            return Some(Referral::PortraitUnusable);
        }
        None
    }

    /// SAF-102: whether the policy wants nothing more.
    fn lacks_nothing(&self, policy: &Policy) -> bool {
        policy.verdict(&CHECKS, &self.findings()) == Verdict::Accept
    }

    /// Why no decision could be reached in time: the first question that is still open.
    pub(crate) fn why_late(&self, permits: PermitRule) -> Referral {
        if self.printed.is_some() && permits == PermitRule::Required && self.permit.is_missing() {
            return Referral::NoPermit;
        }
        if self.printed.is_none() {
            return Referral::NoDocument;
        }
        if self.on_chip.is_none() {
            return Referral::ChipUnreadable;
        }
        if self.portrait.is_none() {
            return Referral::PortraitUnusable;
        }
        if self.lists.is_none() {
            return Referral::ListsUnavailable;
        }
        match self.face.map(|face| face.verdict) {
            Some(FaceVerdict::Undecided(_) | FaceVerdict::Captured) | None => {
                Referral::FaceNotCaptured
            }
            Some(
                FaceVerdict::Match
                | FaceVerdict::NoMatch
                | FaceVerdict::Attack
                | FaceVerdict::SeveralFaces,
            ) => Referral::TookTooLong,
        }
    }

    /// Every check of the journey in its order, each with a result.
    pub(crate) fn findings(&self) -> Vec<Finding> {
        let chip = self.on_chip.as_ref().unwrap_or(&self.on_unread_chip);
        let mut known: Vec<Finding> = self.on_paper.iter().chain(chip).cloned().collect();
        known.extend(self.visa_findings());
        known.extend(self.portrait_finding());
        known.extend(self.face_findings());
        known.push(self.one_person());
        known.extend(self.lists_finding());
        Check::ALL
            .into_iter()
            .map(|check| {
                let found = known.iter().rfind(|finding| finding.check == check);
                found
                    .cloned()
                    .unwrap_or_else(|| Finding::not_done(check, ""))
            })
            .collect()
    }

    fn portrait_finding(&self) -> Option<Finding> {
        Some(match self.portrait.as_ref()? {
            Ok(()) => Finding::passed(Check::Portrait),
            Err(reason) => Finding::failed(Check::Portrait, reason.clone()),
        })
    }

    fn face_findings(&self) -> Vec<Finding> {
        let (Some(face), Some(Ok(()))) = (self.face, &self.portrait) else {
            return Vec::new();
        };
        let likeness = face
            .likeness
            .map_or_else(String::new, |likeness| format!("likeness {likeness:.2}"));
        let bona_fide = face
            .bona_fide
            .map_or_else(String::new, |score| format!("bona fide {score:.2}"));
        let finding = |check, outcome, reason: &str| Finding {
            outcome,
            reason: reason.into(),
            ..Finding::passed(check)
        };
        let (alike, alive) = match face.verdict {
            FaceVerdict::Match => (CheckOutcome::Passed, CheckOutcome::Passed),
            FaceVerdict::NoMatch => (CheckOutcome::Failed, CheckOutcome::NotDone),
            FaceVerdict::Attack => (CheckOutcome::NotDone, CheckOutcome::Failed),
            FaceVerdict::Undecided(_) | FaceVerdict::Captured | FaceVerdict::SeveralFaces => {
                (CheckOutcome::NotDone, CheckOutcome::NotDone)
            }
        };
        vec![
            finding(Check::FaceLikeness, alike, &likeness),
            finding(Check::PresentationAttack, alive, &bona_fide),
        ]
    }

    fn one_person(&self) -> Finding {
        if self.several || self.several_faces() {
            return Finding::failed(Check::OnePerson, "more than one person was seen");
        }
        if !self.counted {
            return Finding::not_done(Check::OnePerson, "the entry has not closed behind anybody");
        }
        Finding::passed(Check::OnePerson)
    }

    fn lists_finding(&self) -> Option<Finding> {
        Some(match self.lists? {
            ListsAnswer::Clear => Finding::passed(Check::Lists),
            ListsAnswer::Hit => Finding::failed(Check::Lists, "on a list"),
            ListsAnswer::Unavailable => {
                Finding::not_done(Check::Lists, "the lists could not be asked")
            }
        })
    }
}

fn outcome_of(check: Check, findings: &[Finding]) -> Option<CheckOutcome> {
    findings
        .iter()
        .rfind(|finding| finding.check == check)
        .map(|finding| finding.outcome)
}
