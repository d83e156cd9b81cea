//! Permits with a signed barcode: who has to show one, and what one does to the journey.
//!
//! A permit stands beside a document. It clears nobody whose face has not been compared with a
//! portrait, unless its profile and the policy both say that it does.

use crate::effect::{DecidedBy, Effect};
use crate::journey::{Session, Stage};
use crate::questions::Question;
use crate::referral::{Outcome, Referral};
use crate::screen::PermitHint;
use crate::ticket::Ticket;
use gate_document::seal::imager::Scanned;
use gate_document::seal::{PermitVerdict, SealCheck, SealInspection};
use gate_protocol::Instant;
use std::time::Duration;

/// Who has to show a permit at this lane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PermitRule {
    /// Nobody: what is shown all the same is judged, and a bad one refers.
    #[default]
    Optional,
    /// Everybody.
    Required,
}

/// Longer than a barcode takes to be judged: milliseconds, and a look into the register.
const JUDGING: Duration = Duration::from_secs(2);

/// The permit that the traveller has shown.
#[derive(Debug, Default)]
pub(crate) struct Permit {
    /// The barcode, to be judged again when the document has been read.
    barcode: Option<Box<Scanned>>,
    inspection: Option<Box<SealInspection>>,
}

/// Where a permit stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// None was shown.
    Missing,
    /// It is being judged, or the traveller's document says the rest.
    Open,
    /// Nothing speaks against it.
    Accepted,
    /// This does.
    Refused(Referral),
}

impl Permit {
    pub(crate) fn judged(&self) -> Option<&SealInspection> {
        self.inspection.as_deref()
    }

    pub(crate) const fn is_missing(&self) -> bool {
        self.barcode.is_none()
    }

    pub(crate) fn standing(&self) -> Standing {
        if self.is_missing() {
            return Standing::Missing;
        }
        match self.judged().map(SealInspection::verdict) {
            None | Some(PermitVerdict::NeedsDocument) => Standing::Open,
            Some(PermitVerdict::Accepted) => Standing::Accepted,
            // No face is registered at this gate.
            Some(PermitVerdict::NeedsFace) => Standing::Refused(Referral::PermitNotTheirs),
            Some(PermitVerdict::Refused(check)) => Standing::Refused(reason(check)),
        }
    }

    /// Whether a traveller whose document is in order may go as far as the permit is concerned.
    pub(crate) fn is_settled(&self, rule: PermitRule) -> bool {
        match self.standing() {
            Standing::Missing => rule == PermitRule::Optional,
            Standing::Accepted => true,
            Standing::Open | Standing::Refused(_) => false,
        }
    }

    /// What speaks against the traveller. Whose document it is is known when the chip has proved one of
    /// the readings of its zone.
    pub(crate) fn objection(&self, chip_is_read: bool) -> Option<Referral> {
        let by_holder = PermitVerdict::Refused(SealCheck::PermitHolder);
        let is_early =
            self.judged().map(SealInspection::verdict) == Some(by_holder) && !chip_is_read;
        match self.standing() {
            Standing::Refused(_) if is_early => None,
            Standing::Refused(referral) => Some(referral),
            Standing::Missing | Standing::Open | Standing::Accepted => None,
        }
    }
}

const fn reason(check: SealCheck) -> Referral {
    match check {
        SealCheck::SealStructure
        | SealCheck::SealSigner
        | SealCheck::SealSignature
        | SealCheck::SealSignerTrust
        | SealCheck::SealRevocation
        | SealCheck::SealCountries
        | SealCheck::PermitKind => Referral::PermitNotGenuine,
        SealCheck::PermitMandatory
        | SealCheck::PermitValues
        | SealCheck::PermitZone
        | SealCheck::PermitValidity
        | SealCheck::PermitArea => Referral::PermitNotValid,
        SealCheck::PermitHolder => Referral::PermitNotTheirs,
        SealCheck::PermitUses => Referral::PermitUsedUp,
    }
}

impl Session {
    /// The newest barcode counts. The same one again, while it is being judged or has been, is one
    /// showing.
    pub(crate) fn permit_shown(&mut self, now: Instant, barcode: Box<Scanned>) -> Stage {
        let permit = &mut self.traveller.evidence.permit;
        if permit.barcode.as_ref() == Some(&barcode) {
            return Stage::Examine;
        }
        permit.barcode = Some(barcode);
        self.traveller.permit_hint = PermitHint::None;
        self.ask_permit(now);
        Stage::Examine
    }

    pub(crate) fn permit_unreadable(&mut self) -> Stage {
        if self.traveller.evidence.permit.is_missing() {
            self.traveller.permit_hint = PermitHint::NotRead;
        }
        Stage::Examine
    }

    /// Judges what was shown, with what is known of the document by now.
    pub(crate) fn ask_permit(&mut self, now: Instant) {
        let evidence = &mut self.traveller.evidence;
        evidence.permit.inspection = None;
        self.traveller.permit_suffices = false;
        if let Some(barcode) = evidence.permit.barcode.clone() {
            let printed = evidence.printed.clone();
            let ticket = self.questions.ask(Question::Permit, Some(now + JUDGING));
            self.effects
                .push_back(Effect::JudgePermit(ticket, barcode, printed));
        }
    }

    /// What is no seal at all is no permit: a ticket, an advertisement, the barcode of an identity
    /// card. Something else may be shown.
    pub(crate) fn permit_judged(
        &mut self,
        now: Instant,
        ticket: Ticket,
        inspection: Box<SealInspection>,
    ) -> Stage {
        self.questions.close(ticket);
        let permit = &mut self.traveller.evidence.permit;
        if inspection.verdict() == PermitVerdict::Refused(SealCheck::SealStructure) {
            *permit = Permit::default();
            return self.permit_unreadable();
        }
        permit.inspection = Some(inspection);
        self.weigh(now)
    }

    /// Nobody has judged the permit in time: the gate is broken, not the permit.
    pub(crate) fn permit_undecided(&mut self, now: Instant) -> Stage {
        self.decide(
            now,
            Outcome::Referred(Referral::DeviceFailed),
            DecidedBy::Gate,
        )
    }
}
