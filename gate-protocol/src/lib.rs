//! What host and gate controller say to each other.
//!
//! One crate for both ends, so that they cannot disagree: the firmware, the daemon and every
//! simulation link this code. It knows no serial port, no clock, and, but for the host's end of the
//! link, no heap.
//!
//! Without features there are messages and frames only. `host` and `controller` add one end of the
//! link each, with the cryptography that it needs.
#![no_std]
#![forbid(unsafe_code)]

pub mod body;
pub mod frame;
pub mod health;
pub mod hello;
#[cfg(feature = "seal")]
pub mod keys;
pub mod link;
pub mod message;
#[cfg(feature = "seal")]
mod noise;
#[cfg(feature = "seal")]
pub mod pairing;
pub mod pins;
pub mod print;
#[cfg(feature = "seal")]
mod seal;
pub mod site;
pub mod time;
pub mod update;

pub use frame::{Decoder, Frame, FrameError};
pub use health::{Failure, FailureKind, Health, Task, Text};
#[cfg(feature = "controller")]
pub use link::controller::ControllerLink;
#[cfg(feature = "host")]
pub use link::host::HostLink;
pub use link::{LinkError, LinkStatistics, Next};
pub use message::{
    Answer, Board, CommandNumber, Door, Event, Fault, Mode, Passage, Refusal, ResetCause, Sign,
    State, ToController, ToHost, Warning,
};
pub use site::{CheckedSite, Lock, NoSite, OutOfBounds, Shape, Site, SiteRecord, Timings, WaysOut};
pub use time::Instant;
pub use update::{UpdateRefusal, UpdateReport, UpdateRequest};
