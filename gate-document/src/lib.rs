//! Inspection of machine readable travel documents (ICAO Doc 9303): bytes in, findings out.
//!
//! Nothing here opens a device, reads a clock or draws random numbers: the chip is a [`Card`], the
//! day is a date, random numbers come as an argument.
#![forbid(unsafe_code)]

pub mod card;
pub mod finding;
pub mod sensitive;

pub use card::{Card, CardError};
pub use finding::{Check, Finding, Outcome};
pub use sensitive::Sensitive;
