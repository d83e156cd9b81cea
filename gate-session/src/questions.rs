//! The questions that are open, and until when.

use crate::event::Event;
use crate::ticket::{Asked, Ticket, Tickets};
use gate_protocol::Instant;

/// What was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Question {
    /// What the chip holds.
    Chip,
    /// A template of the portrait.
    Portrait,
    /// The live face.
    Face,
    /// The lists.
    Lists,
    /// That the decision is on disk.
    Decision,
    /// That the completion is on disk.
    Completion,
    /// What the permit is worth.
    Permit,
}

#[derive(Debug)]
struct Open {
    asked: Asked,
    question: Question,
    until: Option<Instant>,
}

/// All open questions. There are never more than a handful.
#[derive(Debug, Default)]
pub(crate) struct Questions {
    tickets: Tickets,
    open: Vec<Open>,
}

impl Questions {
    /// Opens a question; an older one of the same kind is given up, so that its answer comes late.
    /// Only the journal may owe several answers at once.
    pub(crate) fn ask(&mut self, question: Question, until: Option<Instant>) -> Ticket {
        if question != Question::Completion {
            self.drop_question(question);
        }
        let ticket = self.tickets.next();
        self.open.push(Open {
            asked: ticket.asked(),
            question,
            until,
        });
        ticket
    }

    /// Gives a question up.
    pub(crate) fn drop_question(&mut self, question: Question) {
        self.open.retain(|open| open.question != question);
    }

    /// Gives up every question about the traveller; what the journal still owes stays open.
    pub(crate) fn drop_all_about_traveller(&mut self) {
        self.open
            .retain(|open| open.question == Question::Completion);
    }

    /// Whether this question is open.
    pub(crate) fn is_open(&self, question: Question) -> bool {
        self.open.iter().any(|open| open.question == question)
    }

    /// SAF-103: whether `event` answers a question that nobody waits for any more.
    pub(crate) fn is_late(&self, event: &Event) -> bool {
        asked_by(event).is_some_and(|asked| self.open.iter().all(|open| open.asked != asked))
    }

    /// Whether this is about the entry that completes the journey of somebody who has gone.
    pub(crate) fn is_about_the_one_before(&self, asked: Asked) -> bool {
        self.open
            .iter()
            .any(|open| open.asked == asked && open.question == Question::Completion)
    }

    /// Closes the question that this ticket belongs to and tells which it was.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a ticket is handed back for good"
    )]
    pub(crate) fn close(&mut self, ticket: Ticket) -> Option<Question> {
        let at = self
            .open
            .iter()
            .position(|open| open.asked == ticket.asked())?;
        Some(self.open.swap_remove(at).question)
    }

    /// Closes one question whose time has come.
    pub(crate) fn expire(&mut self, now: Instant) -> Option<Question> {
        let at = self
            .open
            .iter()
            .position(|open| open.until.is_some_and(|until| until <= now))?;
        Some(self.open.swap_remove(at).question)
    }

    /// When the next question expires.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.open.iter().filter_map(|open| open.until).min()
    }
}

/// Which question an event belongs to.
const fn asked_by(event: &Event) -> Option<Asked> {
    match event {
        Event::ChipProgress(asked, _)
        | Event::PortraitRead(asked, _)
        | Event::ChipJudged(asked, _)
        | Event::FaceJudged(asked, _)
        | Event::ZoneProved(asked, _)
        | Event::Spent(asked, _) => Some(*asked),
        Event::ChipRead(ticket, _)
        | Event::PortraitReady(ticket, _)
        | Event::ListsAnswered(ticket, _)
        | Event::PermitJudged(ticket, _)
        | Event::Recorded(ticket, _) => Some(ticket.asked()),
        _ => None,
    }
}
