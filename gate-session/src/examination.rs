//! The questions that are put while a traveller is examined, and what their answers do.

use crate::effect::{DecidedBy, Effect};
use crate::event::{ChipFailure, ListsAnswer};
use crate::evidence::Visa;
use crate::journey::{Session, Stage};
use crate::questions::Question;
use crate::referral::{Outcome, Referral};
use crate::screen::DocumentHint;
use crate::ticket::Ticket;
use gate_document::Finding;
use gate_document::beside::{self, Beside};
use gate_document::mrz::Mrz;
use gate_document::portrait::Portrait;
use gate_protocol::Instant;
use jiff::civil::Date;

impl Session {
    pub(crate) fn document_presented(&mut self, now: Instant) -> Stage {
        self.traveller.document_presented(now);
        if self.traveller.chip_waits() && !self.questions.is_open(Question::Chip) {
            self.ask_chip(now);
        }
        Stage::Examine
    }

    /// Once a zone has been read, noise of the reader does not disturb the reading of the chip.
    pub(crate) fn zone_unreadable(&mut self, now: Instant, hint: DocumentHint) -> Stage {
        if self.traveller.document_in_place && self.traveller.evidence.printed.is_some() {
            return Stage::Examine;
        }
        self.traveller.zone_read(now);
        self.traveller.document_failed(now, hint);
        if self.traveller.document_failures >= self.limits.document_tries {
            return self.decide(
                now,
                Outcome::Referred(Referral::DocumentUnreadable),
                DecidedBy::Gate,
            );
        }
        Stage::Examine
    }

    /// The zone opens the chip, and is what the lists are asked for.
    pub(crate) fn zone_read(
        &mut self,
        now: Instant,
        printed: Box<Mrz>,
        today: Option<Date>,
    ) -> Stage {
        if beside::is_visa(&printed) {
            // Nothing proves a visa's zone as a chip proves a passport's: a wrong digit is a wrong zone.
            return match printed.wrong_digits() {
                [] => self.visa_read(now, printed, today),
                _ => self.zone_unreadable(now, DocumentHint::ReadAgain),
            };
        }
        if self.traveller.is_being_read(&printed) {
            return Stage::Examine; // the reader says it twice
        }
        // A reader errs more often than an issuer: what is wrong once is read again.
        if !printed.wrong_digits().is_empty() && !self.traveller.confirms(&printed) {
            return self.zone_unreadable(now, DocumentHint::ReadAgain);
        }
        self.traveller.zone_read(now);
        self.traveller.printed(printed, today);
        self.questions.drop_question(Question::Portrait);
        self.ask_chip(now);
        self.ask_lists(now);
        self.ask_permit(now);
        self.weigh(now)
    }

    /// A visa is no document: it stands beside one, which is asked for if it has not been shown yet.
    fn visa_read(&mut self, now: Instant, visa: Box<Mrz>, today: Option<Date>) -> Stage {
        self.traveller.evidence.visa = Some(Visa {
            beside: Beside {
                visa: Some(visa),
                ..Beside::default()
            },
            today,
        });
        if self.traveller.evidence.printed.is_none() {
            self.traveller.await_document(now);
        }
        self.weigh(now)
    }

    /// The chip has told which of several readings of its zone is right. Lists that were asked for
    /// another document are asked again.
    pub(crate) fn zone_proved(&mut self, now: Instant, printed: Box<Mrz>) -> Stage {
        self.traveller.proved(printed);
        self.traveller.evidence.lists = None;
        self.ask_lists(now);
        self.ask_permit(now);
        self.weigh(now)
    }

    /// A chip that is read anew is another chip until it has proved otherwise: portrait, face and
    /// findings of the reading before count for nothing.
    pub(crate) fn ask_chip(&mut self, now: Instant) {
        if let Some(printed) = self.traveller.evidence.printed.clone() {
            if self.traveller.chip_asked_before {
                self.traveller.evidence.forget_chip();
                self.traveller.portrait_kept = None;
                self.questions.drop_question(Question::Portrait);
                self.capture_face();
            }
            let ticket = self
                .questions
                .ask(Question::Chip, Some(now + self.limits.reading));
            self.traveller.chip_asked();
            self.effects.push_back(Effect::ReadChip(ticket, printed));
        }
    }

    pub(crate) fn ask_lists(&mut self, now: Instant) {
        if let Some(printed) = self.traveller.evidence.printed.clone() {
            let ticket = self
                .questions
                .ask(Question::Lists, Some(now + self.limits.lists));
            self.effects.push_back(Effect::AskLists(ticket, printed));
        }
    }

    pub(crate) fn chip_progress(&mut self, percent: u8) -> Stage {
        self.traveller.chip_percent = percent.min(100);
        Stage::Examine
    }

    /// The portrait is prepared while the rest of the chip is still being read and judged.
    pub(crate) fn portrait_read(&mut self, portrait: Box<Portrait>) -> Stage {
        if self.traveller.before_entry {
            self.traveller.portrait_kept = Some(portrait); // for the face inside
        } else {
            self.prepare_portrait(portrait);
        }
        Stage::Examine
    }

    pub(crate) fn prepare_portrait(&mut self, portrait: Box<Portrait>) {
        let ticket = self.questions.ask(Question::Portrait, None);
        self.effects
            .push_back(Effect::PreparePortrait(ticket, portrait));
    }

    pub(crate) fn chip_read(
        &mut self,
        now: Instant,
        ticket: Ticket,
        findings: Vec<Finding>,
    ) -> Stage {
        self.questions.close(ticket);
        self.traveller.chip_percent = 100;
        self.traveller.evidence.on_chip = Some(findings);
        let awaited =
            self.questions.is_open(Question::Portrait) || self.traveller.portrait_kept.is_some();
        if self.traveller.evidence.portrait.is_none() && !awaited {
            let missing = "the chip holds no portrait".to_owned();
            self.traveller.evidence.portrait = Some(Err(missing));
        }
        self.weigh(now)
    }

    /// A chip that failed is asked once more: at once if it only stumbled, else when the document
    /// has been placed again. Where no second try can help, the officer is called at once.
    pub(crate) fn chip_failed(
        &mut self,
        now: Instant,
        ticket: Ticket,
        failure: ChipFailure,
    ) -> Stage {
        self.questions.close(ticket);
        let (hint, referral) = match failure {
            ChipFailure::Removed => (DocumentHint::LeaveIt, Referral::ChipUnreadable),
            ChipFailure::WrongZone => (DocumentHint::ReadAgain, Referral::ChipUnreadable),
            ChipFailure::ReaderFault => (DocumentHint::ReaderFault, Referral::DeviceFailed),
            ChipFailure::Distrust => (DocumentHint::None, Referral::DocumentNotGenuine),
            ChipFailure::NoAccess => (DocumentHint::None, Referral::ChipUnreadable),
            ChipFailure::Absent | ChipFailure::Faulty => {
                (DocumentHint::LiftAndPlace, Referral::ChipUnreadable)
            }
        };
        self.traveller.chip_failed(now, hint);
        self.traveller.zone_refused = failure == ChipFailure::WrongZone;
        let is_final = matches!(failure, ChipFailure::NoAccess | ChipFailure::Distrust);
        if is_final || self.traveller.chip_failures >= self.limits.chip_tries {
            return self.decide(now, Outcome::Referred(referral), DecidedBy::Gate);
        }
        if failure == ChipFailure::Faulty {
            self.ask_chip(now);
        }
        Stage::Examine
    }

    pub(crate) fn portrait_ready(
        &mut self,
        now: Instant,
        ticket: Ticket,
        result: Result<(), String>,
    ) -> Stage {
        self.questions.close(ticket);
        self.traveller.evidence.portrait = Some(result);
        self.weigh(now)
    }

    pub(crate) fn lists_answered(
        &mut self,
        now: Instant,
        ticket: Ticket,
        answer: ListsAnswer,
    ) -> Stage {
        self.questions.close(ticket);
        self.traveller.evidence.lists = Some(answer);
        self.weigh(now)
    }
}
