//! What stands inside a `Hello` frame.
//!
//! | direction | content |
//! | --- | --- |
//! | host → controller | body of [`ToController::Hello`], then a [`Proposal`] |
//! | controller → host | body of [`ToHost::Hello`], then a [`Reply`] |
//!
//! The first part is readable in every wire version; a reader that does not know the second, or
//! finds more behind it, goes by the first alone. Nothing here is believed for more than a text on a screen, except
//! what the Noise messages inside prove: they fail if any byte of the host's first part or of the
//! frame's head was changed, and the controller says all that matters once more, encrypted, in its
//! [`Introduction`].

use serde::{Deserialize, Serialize};

use crate::body::{self, BodyError};
use crate::frame::{Body, CONTENT_MAX, Content, WIRE_MAX, WIRE_MIN};
use crate::message::{Board, CommandNumber, ResetCause, ToController, ToHost};

/// What the host wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Proposal<'a> {
    /// A session: first message of the handshake.
    Session(&'a [u8]),
    /// A pairing: first message of the handshake.
    Pair(&'a [u8]),
    /// The pairing's last message.
    PairLast(&'a [u8]),
}

/// What the controller answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply<'a> {
    /// Nothing: nobody has asked, or in no wire version of the controller's.
    Nothing,
    /// A session: second message of the handshake.
    Session(&'a [u8]),
    /// The controller is paired with no host.
    Unpaired,
    /// The call does not prove to come from the host that the controller is paired with, or the
    /// pairing's call does not prove to know the label's code.
    Stranger,
    /// A pairing: second message of the handshake.
    Pair(&'a [u8]),
    /// No pairing now: nobody has opened the cabinet and held the button.
    PairingClosed,
    /// The controller has pinned this host; proof that it means the same pairing.
    Paired(&'a [u8]),
    /// No session and no pairing: the controller cannot make keys that have not been before.
    NoEntropy,
}

/// How good the controller's random numbers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Entropy {
    /// From a secret, a counter that never repeats and a source of true random numbers.
    Strong,
    /// A secret and one of the other two. With the counter, no key comes twice, but whoever has read
    /// the secret out of the controller can reckon its keys; with the random numbers, nobody can
    /// tell how often it has started.
    Weak,
    /// A secret alone: each life of the controller begins with the same keys, so that a whole
    /// session, recorded, could be played to it again. It opens none, and pairs with nobody.
    None,
}

/// The controller as it says of itself under the session's keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Introduction {
    /// Lowest wire version that the controller speaks.
    pub wire_min: u8,
    /// Highest wire version that the controller speaks.
    pub wire_max: u8,
    /// Firmware version as major, minor, patch.
    pub firmware: [u8; 3],
    /// Which board the firmware was built for.
    pub board: Board,
    /// Why the controller last started.
    pub reset: ResetCause,
    /// Milliseconds since the controller started.
    pub uptime_ms: u32,
    /// How often the controller has started in its life; 0 if it cannot count.
    pub boot: u32,
    /// How good its random numbers are.
    pub entropy: Entropy,
}

/// A `Hello` to the controller, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call<'a> {
    /// Whether host and controller have a wire version in common.
    pub compatible: bool,
    /// The first part, byte for byte.
    pub clear: &'a [u8],
    /// What the host wants; `None` in a wire version that is not ours.
    pub proposal: Option<Proposal<'a>>,
}

/// Content of a `Hello` to the controller.
#[must_use]
pub fn call(proposal: &Proposal<'_>) -> Content {
    let clear = clear_call();
    compose(&clear, proposal)
}

/// The first part of every call of this host.
#[must_use]
pub fn clear_call() -> Body {
    host_speaks(WIRE_MIN, WIRE_MAX)
}

/// The first part of the call of a host that speaks these wire versions.
#[must_use]
pub fn host_speaks(wire_min: u8, wire_max: u8) -> Body {
    let number: CommandNumber = 0;
    body::encode(&(number, ToController::Hello { wire_min, wire_max }))
}

/// Content of a `Hello` to the host. `clear` is [`ToHost::Hello`].
#[must_use]
pub fn reply(clear: &ToHost, reply: &Reply<'_>) -> Content {
    compose(&body::to_host(clear), reply)
}

fn compose(clear: &Body, second: &impl Serialize) -> Content {
    const ROOM: &str = "a handshake's message and what is said in clear are shorter than a content";
    let mut content = Content::from_slice(clear).expect(ROOM);
    content.resize(CONTENT_MAX, 0).expect(ROOM);
    let used = postcard::to_slice(second, &mut content[clear.len()..])
        .expect(ROOM)
        .len();
    content.truncate(clear.len() + used);
    content
}

/// Reads a `Hello` to the controller.
///
/// # Errors
///
/// [`BodyError::Malformed`] if it does not begin with [`ToController::Hello`].
pub fn read_call(content: &[u8]) -> Result<Call<'_>, BodyError> {
    let ((_, message), rest) = postcard::take_from_bytes::<(CommandNumber, ToController)>(content)
        .map_err(|_| BodyError::Malformed)?;
    let ToController::Hello { wire_min, wire_max } = message else {
        return Err(BodyError::Malformed);
    };
    Ok(Call {
        compatible: compatible(wire_min, wire_max),
        clear: &content[..content.len() - rest.len()],
        proposal: second(rest),
    })
}

/// Reads a `Hello` to the host.
///
/// # Errors
///
/// [`BodyError::Malformed`] if it does not begin with [`ToHost::Hello`].
pub fn read_reply(content: &[u8]) -> Result<(ToHost, Option<Reply<'_>>), BodyError> {
    let (message, rest) =
        postcard::take_from_bytes::<ToHost>(content).map_err(|_| BodyError::Malformed)?;
    if !matches!(message, ToHost::Hello { .. }) {
        return Err(BodyError::Malformed);
    }
    Ok((message, second(rest)))
}

fn second<'a, T: Deserialize<'a>>(rest: &'a [u8]) -> Option<T> {
    let (second, _) = postcard::take_from_bytes(rest).ok()?;
    Some(second)
}

/// Whether this crate speaks one of these wire versions.
#[must_use]
pub const fn compatible(wire_min: u8, wire_max: u8) -> bool {
    wire_min <= WIRE_MAX && WIRE_MIN <= wire_max
}

impl Introduction {
    /// The same in clear, for whoever has no key.
    #[must_use]
    pub const fn in_clear(&self) -> ToHost {
        ToHost::Hello {
            wire_min: self.wire_min,
            wire_max: self.wire_max,
            firmware: self.firmware,
            board: self.board,
            reset: self.reset,
            uptime_ms: self.uptime_ms,
        }
    }

    /// Its bytes.
    #[must_use]
    pub fn encode(&self) -> Body {
        body::encode(self)
    }

    /// Reads it; what a newer controller adds behind it is left alone.
    ///
    /// # Errors
    ///
    /// [`BodyError::Malformed`].
    pub fn read(bytes: &[u8]) -> Result<Self, BodyError> {
        postcard::take_from_bytes(bytes)
            .map(|(introduction, _)| introduction)
            .map_err(|_| BodyError::Malformed)
    }
}
