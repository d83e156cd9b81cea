//! The host's call for a session, said again until it is answered.

use crate::frame::{Frame, Kind, WIRE_MAX, Wire};
use crate::hello::{self, Proposal};
use crate::keys::KeySource;
use crate::link::host::Keys;
use crate::link::{HELLO_EVERY, REPEATS};
use crate::noise::host::Call;
use crate::noise::{self, Message, Unproven};
use crate::seal::SessionKeys;
use crate::time::Instant;

/// One call, with the same message each time: who answers twice answers alike.
#[derive(Debug)]
pub(super) struct Calling {
    call: Call,
    /// How many times it was sent.
    sent: u32,
    again_at: Instant,
}

impl Calling {
    pub(super) fn new(at: Instant, keys: &Keys, source: &mut KeySource, number: u8) -> Self {
        let prologue = noise::prologue(&hello_frame(number, 0), &hello::clear_call());
        let ephemeral = source.next(&[number]);
        Self {
            call: Call::session(&keys.own, &keys.pairing, ephemeral, &prologue),
            sent: 0,
            again_at: at,
        }
    }

    /// Whether it was sent as often as it may be under this session's number.
    pub(super) const fn is_given_up(&self) -> bool {
        self.sent > REPEATS
    }

    pub(super) const fn again_at(&self) -> Instant {
        self.again_at
    }

    pub(super) fn due(&mut self, now: Instant, number: u8) -> Option<Wire> {
        if self.again_at > now {
            return None;
        }
        let mut frame = hello_frame(number, self.sent);
        frame.content = hello::call(&Proposal::Session(self.call.message()));
        self.sent += 1;
        self.again_at = now + HELLO_EVERY;
        Some(frame.encode())
    }

    /// Takes the answer; gives what it carries and the session's keys.
    pub(super) fn finish(&mut self, answer: &[u8]) -> Result<(Message, SessionKeys), Unproven> {
        self.call.finish(answer)
    }
}

/// A `Hello` that says nothing yet.
pub(super) fn hello_frame(session: u8, counter: u32) -> Frame {
    Frame {
        kind: Kind::Hello,
        version: WIRE_MAX,
        session,
        counter,
        content: crate::frame::Content::new(),
    }
}
