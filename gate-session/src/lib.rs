//! One traveller's journey through the gate.
//!
//! [`Session`] takes events and says what to do next; it does no I/O and knows no clock. A reader
//! who opens only `journey.rs` understands the gate.
#![forbid(unsafe_code)]

pub mod design;
pub mod effect;
pub mod event;
mod evidence;
mod examination;
pub mod journey;
pub mod limits;
pub mod observer;
pub mod permit;
mod presentation;
mod questions;
pub mod referral;
pub mod screen;
pub mod standing;
pub mod ticket;
pub mod timeline;
mod traveller;
mod upkeep;

pub use design::Design;
pub use effect::{DecidedBy, Effect, Left, Next, PermitRecord, Record};
pub use event::{
    ChipFailure, Device, Event, FaceReport, FaceVerdict, ListsAnswer, OfficerDecision,
};
pub use journey::{Session, Stage};
pub use limits::Limits;
pub use observer::Observer;
pub use permit::PermitRule;
pub use referral::{Abandonment, Outcome, Referral};
pub use screen::{DocumentHint, FaceHint, PermitHint, Screen};
pub use standing::Standing;
pub use ticket::{Asked, Ticket};
pub use timeline::{Span, SpanKind, Timeline};
