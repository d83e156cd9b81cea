//! What a seal covers: one message in postcard's bytes and nothing after it. What stands in a
//! `Hello` is [`crate::hello`]'s.
//!
//! | direction | body |
//! | --- | --- |
//! | host → controller | what the host [knows](FromHost::knows_ms) (4 bytes, LE), [`CommandNumber`], then [`ToController`] |
//! | controller → host | [`ToHost`] |
//!
//! Command number 0 means that no answer is expected. It belongs to `Heartbeat` and `EventSeen`,
//! and every other message has a number above 0.

use serde::{Serialize, de::DeserializeOwned};

use crate::frame::{BODY_MAX, Body};
use crate::message::{CommandNumber, ToController, ToHost};

/// Why a body is not a message. A frame whose seal is good and whose body is bad comes from
/// a peer that is newer, or wrong: nothing on the line does this.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum BodyError {
    /// A variant that this crate does not know, or too few bytes.
    #[error("body is not a message of this wire version")]
    Malformed,
    /// More than one message, or a message with fields that this crate does not know.
    #[error("{found} bytes after the end of the message")]
    TrailingBytes {
        /// How many bytes are left.
        found: usize,
    },
    /// A command without a number, or a number on a message that is no command.
    #[error("command number {found} does not go with the message")]
    Number {
        /// The number found.
        found: CommandNumber,
    },
    /// `Hello`, which is never sealed.
    #[error("hello in a sealed frame")]
    SealedHello,
}

/// What the host says in one sealed frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FromHost {
    /// The controller's own uptime as its newest status that the host has taken showed it, in
    /// milliseconds; as its handshake showed it before the first status. It tells the controller how
    /// old what the host goes by is at most, and so how old the frame is at most.
    pub knows_ms: u32,
    /// Number of the command; 0 if the message is none.
    pub number: CommandNumber,
    /// The message.
    pub message: ToController,
}

/// Body of a message to the controller: see [`FromHost`].
#[must_use]
pub fn to_controller(said: &FromHost) -> Body {
    const ROOM: &str = "the longest message is far shorter than a body may be";
    let mut body = Body::new();
    body.extend_from_slice(&said.knows_ms.to_le_bytes())
        .expect(ROOM);
    let message = encode(&(said.number, said.message));
    body.extend_from_slice(&message).expect(ROOM);
    body
}

/// Body of a message to the host.
#[must_use]
pub fn to_host(message: &ToHost) -> Body {
    encode(message)
}

/// Reads the body of a message to the controller.
///
/// # Errors
///
/// Every variant of [`BodyError`].
pub fn read_to_controller(body: &[u8]) -> Result<FromHost, BodyError> {
    let (knows_ms, rest) = body.split_first_chunk().ok_or(BodyError::Malformed)?;
    let (number, message): (CommandNumber, ToController) = decode(rest)?;
    if message.is_command() != (number != 0) {
        return Err(BodyError::Number { found: number });
    }
    if matches!(message, ToController::Hello { .. }) {
        return Err(BodyError::SealedHello);
    }
    Ok(FromHost {
        knows_ms: u32::from_le_bytes(*knows_ms),
        number,
        message,
    })
}

/// Reads the body of a message to the host.
///
/// # Errors
///
/// [`BodyError::Malformed`], [`BodyError::TrailingBytes`], [`BodyError::SealedHello`].
pub fn read_to_host(body: &[u8]) -> Result<ToHost, BodyError> {
    let message = decode(body)?;
    if matches!(message, ToHost::Hello { .. }) {
        return Err(BodyError::SealedHello);
    }
    Ok(message)
}

pub(crate) fn encode(message: &impl Serialize) -> Body {
    let mut body = Body::new();
    body.resize(BODY_MAX, 0)
        .expect("it is as long as it may be");
    let used = postcard::to_slice(message, &mut body)
        .expect("the longest message is far shorter than a body may be")
        .len();
    body.truncate(used);
    body
}

fn decode<T: DeserializeOwned>(body: &[u8]) -> Result<T, BodyError> {
    let (message, rest) = postcard::take_from_bytes(body).map_err(|_| BodyError::Malformed)?;
    match rest.len() {
        0 => Ok(message),
        found => Err(BodyError::TrailingBytes { found }),
    }
}

impl ToController {
    /// Whether the controller answers this message with `Done`.
    #[must_use]
    pub const fn is_command(&self) -> bool {
        !matches!(
            self,
            Self::Hello { .. } | Self::Heartbeat { .. } | Self::EventSeen { .. }
        )
    }
}
