//! What host and gate controller say to each other.
//!
//! One crate for both ends, so that they cannot disagree: the firmware, the daemon and every
//! simulation link this code. It knows no serial port, no clock and no heap.
#![no_std]
#![forbid(unsafe_code)]

pub mod body;
pub mod frame;
pub mod health;
pub mod link;
pub mod message;
pub mod pins;
pub mod print;
pub mod site;
pub mod time;

pub use frame::{Decoder, Frame, FrameError};
pub use health::{Failure, FailureKind, Health, Task, Text};
pub use link::{LinkError, LinkStatistics, Next, controller::ControllerLink, host::HostLink};
pub use message::{
    Answer, Board, CommandNumber, Door, Event, Fault, Mode, Passage, Refusal, ResetCause, Sign,
    State, ToController, ToHost,
};
pub use site::{CheckedSite, Lock, OutOfBounds, Shape, Site, Timings, WaysOut};
pub use time::Instant;
