//! The host's part in a pairing: see [`crate::pairing`].

use super::calling::hello_frame;
use crate::frame::{Decoder, Frame, Kind, WIRE_MAX, WIRE_MIN, Wire};
use crate::hello::{self, Proposal, Reply};
use crate::keys::{KeySource, Pairing, Secret};
use crate::link::{HELLO_EVERY, LinkError, Next, REPEATS, TURNED_AWAY_FOR};
use crate::message::ToHost;
use crate::noise::host::Call;
use crate::noise::{self, Message, Paired};
use crate::pairing::LabelCode;
use crate::time::Instant;

/// How many times the last message is sent again before all begins anew: five seconds, in which
/// the controller has stored the pairing or cannot.
const LAST_REPEATS: u32 = 25;

/// Why the controller cannot be paired yet. The host goes on asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PairingError {
    /// Open the cabinet and hold the pairing button for three seconds; then there are 60 s.
    #[error("gate controller does not pair now: open its cabinet and hold the button for 3 s")]
    Closed,
    /// The code belongs to another label than this controller's.
    #[error("gate controller does not know this label code")]
    Code,
    /// The controller has neither random numbers nor a counter of its starts: replace the board.
    #[error("gate controller has neither random numbers nor a counter, and pairs with nobody")]
    NoEntropy,
    /// Flash the controller or update the daemon.
    #[error(transparent)]
    Version(LinkError),
}

enum Stage {
    /// Says the first message until it is answered.
    Calling(Call),
    /// Says the last message until it is answered.
    Proving {
        last: Message,
        paired: Paired,
    },
    Done,
}

/// A pairing as the host does it: fed and emptied like [`HostLink`](super::HostLink).
pub struct HostPairing {
    own: Secret,
    label: Secret,
    source: KeySource,
    decoder: Decoder,
    stage: Stage,
    number: u8,
    sent: u32,
    again_at: Instant,
    /// What went wrong last, to tell each once.
    told: Option<PairingError>,
    news: Option<Result<Pairing, PairingError>>,
}

impl HostPairing {
    /// A pairing that begins at `now`, with the controller that has this `code` on its label.
    /// `seed` is random and never the same twice.
    #[must_use]
    pub fn new(now: Instant, own: Secret, code: &LabelCode, seed: Secret) -> Self {
        let mut source = KeySource::new(seed);
        let number = source.next(b"first session").bytes()[0].max(1);
        let label = code.secret();
        let stage = Stage::Calling(call(&own, &label, &mut source, number));
        Self {
            own,
            label,
            source,
            decoder: Decoder::new(),
            stage,
            number,
            sent: 0,
            again_at: now,
            told: None,
            news: None,
        }
    }

    /// Takes bytes that have come in, in any portions.
    pub fn receive(&mut self, now: Instant, bytes: &[u8]) {
        for byte in bytes {
            if let Some(Ok(frame)) = self.decoder.push(*byte)
                && frame.kind == Kind::Hello
                && frame.session == self.number
            {
                self.take(now, &frame);
            }
        }
    }

    /// What to do next. The pairing is delivered when both ends have it; errors are delivered once
    /// and mean that it goes on.
    pub fn next(&mut self, now: Instant) -> Next<Result<Pairing, PairingError>> {
        if let Some(news) = self.news.take() {
            return Next::Deliver(news);
        }
        if self.again_at <= now
            && let Some(wire) = self.wire(now)
        {
            return Next::Transmit(wire);
        }
        Next::Wait(self.again_at)
    }

    fn take(&mut self, now: Instant, frame: &Frame) {
        let Ok((clear, reply)) = hello::read_reply(&frame.content) else {
            return;
        };
        if let ToHost::Hello {
            wire_min, wire_max, ..
        } = clear
            && !hello::compatible(wire_min, wire_max)
        {
            let error = LinkError::Version {
                found: wire_max,
                min: WIRE_MIN,
                max: WIRE_MAX,
            };
            return self.turned_away(now, PairingError::Version(error));
        }
        match reply {
            Some(Reply::Pair(answer)) => self.take_answer(now, answer),
            Some(Reply::Paired(proof)) => self.take_proof(proof),
            Some(Reply::PairingClosed) => self.turned_away(now, PairingError::Closed),
            Some(Reply::Stranger) => self.turned_away(now, PairingError::Code),
            Some(Reply::NoEntropy) => self.turned_away(now, PairingError::NoEntropy),
            _ => {}
        }
    }

    fn take_answer(&mut self, now: Instant, answer: &[u8]) {
        // A wrong answer is not from whoever knows the code: the true one may still come.
        if let Stage::Calling(call) = &mut self.stage
            && let Ok((last, paired)) = call.finish_pairing(answer)
        {
            (self.sent, self.again_at) = (0, now);
            self.stage = Stage::Proving { last, paired };
        }
    }

    fn take_proof(&mut self, proof: &[u8]) {
        if let Stage::Proving { paired, .. } = &self.stage
            && <[u8; 32]>::try_from(proof).is_ok_and(|proof| Secret::new(proof) == paired.proof())
        {
            self.news = Some(Ok(Pairing {
                peer: paired.peer,
                shared: paired.shared(),
            }));
            self.stage = Stage::Done;
        }
    }

    fn turned_away(&mut self, now: Instant, error: PairingError) {
        if matches!(self.stage, Stage::Done) {
            return;
        }
        if self.told.replace(error) != Some(error) {
            self.news = Some(Err(error));
        }
        self.begin(now + TURNED_AWAY_FOR);
    }

    fn begin(&mut self, at: Instant) {
        self.number = self.number.checked_add(1).unwrap_or(1);
        (self.sent, self.again_at) = (0, at);
        self.stage = Stage::Calling(call(&self.own, &self.label, &mut self.source, self.number));
    }

    fn wire(&mut self, now: Instant) -> Option<Wire> {
        let repeats = match self.stage {
            Stage::Calling(_) => REPEATS,
            Stage::Proving { .. } => LAST_REPEATS,
            Stage::Done => return None,
        };
        if self.sent > repeats {
            self.begin(now);
        }
        self.again_at = now + HELLO_EVERY;
        let proposal = match &self.stage {
            Stage::Calling(call) => Proposal::Pair(call.message()),
            Stage::Proving { last, .. } => Proposal::PairLast(last),
            Stage::Done => return None,
        };
        let mut frame = hello_frame(self.number, self.sent);
        frame.content = hello::call(&proposal);
        self.sent += 1;
        Some(frame.encode())
    }
}

fn call(own: &Secret, label: &Secret, source: &mut KeySource, number: u8) -> Call {
    let prologue = noise::prologue(&hello_frame(number, 0), &hello::clear_call());
    Call::pairing(own, label, source.next(&[number]), &prologue)
}
