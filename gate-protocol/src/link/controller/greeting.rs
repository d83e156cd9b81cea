//! What the controller says in clear.

use super::{ANSWER_GAP, ControllerLink, GREETING_EVERY};
use crate::frame::{Content, Frame, Kind, WIRE_MAX, Wire};
use crate::hello::{self, Reply};
use crate::time::Instant;

/// Which [`Reply`] the next `Hello` carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Greeting {
    Nothing,
    Unpaired,
    Stranger,
    /// The answer of the session that is offered.
    Offer,
    PairingClosed,
    /// The answer of the pairing that has begun.
    Pair,
    /// The proof of the pairing that is done.
    Paired,
    NoEntropy,
}

impl ControllerLink {
    /// Plans an answer to a host's `Hello`; one that was planned before has come too late.
    pub(super) const fn greet(&mut self, session: u8, greeting: Greeting) {
        self.greeting = Some((session, greeting));
    }

    pub(super) fn due_greeting(&mut self, now: Instant) -> Option<Wire> {
        let (session, greeting) = if self.answer_at(now).is_some_and(|at| at <= now) {
            self.answered = Some(now);
            self.greeting.take()?
        } else if !self.has_session() && self.greeting_at(now) <= now {
            self.greeted = Some(now);
            (0, Greeting::Nothing)
        } else {
            return None;
        };
        let reply = match greeting {
            Greeting::Nothing => Reply::Nothing,
            Greeting::Unpaired => Reply::Unpaired,
            Greeting::Stranger => Reply::Stranger,
            Greeting::Offer => {
                let offered = self.offered.as_mut()?;
                offered.said_at.get_or_insert(now);
                return Some(in_clear(session, offered.answer.clone()));
            }
            Greeting::PairingClosed => Reply::PairingClosed,
            Greeting::Pair => Reply::Pair(self.pairing.answer()?),
            Greeting::Paired => Reply::Paired(self.pairing.proof()?),
            Greeting::NoEntropy => Reply::NoEntropy,
        };
        let clear = self.introduction(now).in_clear();
        Some(in_clear(session, hello::reply(&clear, &reply)))
    }

    /// When the answer that waits may be given.
    pub(super) fn answer_at(&self, now: Instant) -> Option<Instant> {
        self.greeting?;
        Some(self.answered.map_or(now, |last| last + ANSWER_GAP))
    }

    /// When the controller speaks unasked, if it has no session.
    pub(super) fn greeting_at(&self, now: Instant) -> Instant {
        self.greeted.map_or(now, |last| last + GREETING_EVERY)
    }
}

fn in_clear(session: u8, content: Content) -> Wire {
    let frame = Frame {
        kind: Kind::Hello,
        version: WIRE_MAX,
        session,
        counter: 0,
        content,
    };
    frame.encode()
}
