//! Inspection of machine readable travel documents (ICAO Doc 9303): bytes in, findings out.
//!
//! Nothing here opens a device, reads a clock or draws random numbers: the chip is a [`Card`], the
//! day is a date, random numbers come as an argument.
#![forbid(unsafe_code)]

pub mod algorithm;
pub mod apdu;
pub mod bac;
pub mod card;
pub mod chip;
pub mod country;
pub mod crypto;
pub mod file;
pub mod finding;
pub mod inspect;
pub mod lds;
pub mod mrz;
pub mod passive;
pub mod portrait;
pub mod secure_messaging;
pub mod sensitive;
pub mod sod;
pub mod tlv;
pub mod trust;

#[cfg(test)]
mod test_issuer;

pub use card::{Card, CardError};
pub use chip::{ApduLength, Progress, ReadError, read};
pub use file::{ChipFiles, ElementaryFile};
pub use finding::{Check, Finding, Outcome};
pub use inspect::{
    Inspection, PortraitFailure, chip_not_read, decode_portrait, inspect, inspect_decoded,
    inspect_without_portrait,
};
pub use mrz::{AccessKey, Mrz, MrzError};
pub use portrait::{Portrait, PortraitError, PortraitKind};
pub use sensitive::Sensitive;
pub use trust::{TrustStore, TrustStoreError};
