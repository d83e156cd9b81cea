//! Pairing: how host and controller come to know each other's keys.
//!
//! There is no default key and no pairing over the line alone. Somebody opens the cabinet and
//! holds the pairing button ([`PairingWindow`]), and types the code from the label inside it
//! ([`LabelCode`]) at the host. A handshake that both prove that code in exchanges the static
//! keys; each end pins the other's, and keeps a secret that goes into the keys of every session.
//! To pair anew, the same is done again.

mod code;
mod window;

pub use code::{CodeError, LabelCode};
pub use window::{Change, HELD_FOR, OPEN_FOR, PairingWindow};
