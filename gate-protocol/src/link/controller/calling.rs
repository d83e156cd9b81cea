//! How the controller takes a call: handshakes of sessions, and who gets none.

use super::greeting::Greeting;
use super::{ControllerLink, Dropped, Offered, Session};
use crate::frame::{Frame, WIRE_MAX, WIRE_MIN};
use crate::hello::{self, Entropy, Introduction, Proposal, Reply};
use crate::link::HANDSHAKE_GAP;
use crate::noise::{self, EPHEMERAL_LEN, controller};
use crate::time::Instant;

impl ControllerLink {
    pub(super) fn take_hello(&mut self, now: Instant, frame: &Frame) -> Result<(), Dropped> {
        let call = hello::read_call(&frame.content)?;
        if frame.session == 0 {
            return Err(Dropped::Stale);
        }
        let prologue = noise::prologue(frame, call.clear);
        match call.proposal {
            Some(Proposal::Session(message)) if call.compatible => {
                self.take_call(now, frame.session, &prologue, message)
            }
            Some(Proposal::Pair(message)) if call.compatible => {
                self.take_pairing(now, frame.session, &prologue, message)
            }
            Some(Proposal::PairLast(message)) if call.compatible => {
                self.take_last(frame.session, message)
            }
            _ => {
                self.greet(frame.session, Greeting::Nothing);
                Ok(())
            }
        }
    }

    fn take_call(
        &mut self,
        now: Instant,
        number: u8,
        prologue: &[u8],
        message: &[u8],
    ) -> Result<(), Dropped> {
        let call = *message
            .first_chunk::<EPHEMERAL_LEN>()
            .ok_or(Dropped::BadBody)?;
        // A session that has proved itself was answered long ago.
        if self
            .session
            .as_ref()
            .is_some_and(|one| one.number == number)
        {
            return Err(Dropped::Stale);
        }
        let again = |offered: &Offered| {
            (offered.session.number, offered.call) == (number, call)
                && offered
                    .said_at
                    .is_none_or(|said_at| now.since(said_at) < HANDSHAKE_GAP)
        };
        if self.offered.as_ref().is_some_and(again) {
            self.greet(number, Greeting::Offer);
            return Err(Dropped::Duplicate);
        }
        // SAF-077: a session whose keys have been before could be played again from its record.
        if self.identity.entropy == Entropy::None {
            self.greet(number, Greeting::NoEntropy);
            return Ok(());
        }
        let Some(pairing) = self.keys.pairing.clone() else {
            self.greet(number, Greeting::Unpaired);
            return Ok(());
        };
        self.may_shake_hands(now)?;
        let introduction = self.introduction(now);
        let ephemeral = self.source.next(message);
        let own = &self.keys.own;
        let payload = introduction.encode();
        match controller::answer_session(own, &pairing, ephemeral, prologue, message, &payload) {
            Ok((answer, keys)) => {
                let session = Session::new(now, number, keys);
                let reply = Reply::Session(&answer);
                self.offered = Some(Offered {
                    session,
                    call,
                    said_at: None,
                    answer: hello::reply(&introduction.in_clear(), &reply),
                });
                self.greet(number, Greeting::Offer);
                Ok(())
            }
            Err(noise::Unproven) => {
                self.greet(number, Greeting::Stranger);
                Err(Dropped::Forged)
            }
        }
    }

    /// SAF-074: whoever floods the line with calls must not keep the processor from the lane.
    pub(super) fn may_shake_hands(&mut self, now: Instant) -> Result<(), Dropped> {
        if self
            .handshake_at
            .is_some_and(|last| now.since(last) < HANDSHAKE_GAP)
        {
            return Err(Dropped::Throttled);
        }
        self.handshake_at = Some(now);
        Ok(())
    }

    pub(super) fn introduction(&self, now: Instant) -> Introduction {
        Introduction {
            wire_min: WIRE_MIN,
            wire_max: WIRE_MAX,
            firmware: self.identity.firmware,
            board: self.identity.board,
            reset: self.identity.reset,
            uptime_ms: self.uptime_ms(now),
            boot: self.identity.boot,
            entropy: self.identity.entropy,
        }
    }
}
