//! The host's end of the link.
//!
//! It calls the controller until it is answered, keeps the session alive, and says by itself when
//! the session is lost and when it is back. Its owner sends commands with `HostLink::send`.

#[cfg(feature = "host")]
mod calling;
mod delivery;
#[cfg(feature = "host")]
mod end;
#[cfg(feature = "host")]
mod pairing;

#[cfg(feature = "host")]
pub use crate::noise::host::public_key;
pub use delivery::{Controller, Delivery, Occurrence, Status};
#[cfg(feature = "host")]
pub use end::{COMMANDS_MAX, HostLink, Keys};
#[cfg(feature = "host")]
pub use pairing::{HostPairing, PairingError};
