//! What host and gate controller say to each other.
//!
//! One crate for both ends, so that they cannot disagree: the firmware, the daemon and every
//! simulation link this code. It knows no serial port, no clock and no heap.
#![no_std]
#![forbid(unsafe_code)]

pub mod message;
pub mod pins;
pub mod time;

pub use message::{
    Answer, Board, CommandNumber, Door, Event, Fault, Mode, Passage, Refusal, ResetCause, Sign,
    State, ToController, ToHost,
};
pub use time::Instant;
