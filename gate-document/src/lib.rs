//! Inspection of machine readable travel documents (ICAO Doc 9303): bytes in, findings out.
//!
//! Nothing here opens a device, reads a clock or draws random numbers: the chip is a [`Card`], the
//! day is a date, random numbers come as an argument.
//!
//! One document, step by step:
//!
//! 1. [`Mrz::parse`] reads the printed zone, [`Mrz::access_key`] is what opens the chip.
//! 2. [`chip::read`] opens it (PACE, or BAC where the chip has no PACE: [`access`] says which and why),
//!    reads its files under [`secure_messaging`], and lets it prove that it is no copy.
//! 3. [`lds`] finds zone and portrait in the files, [`portrait::decode`] makes pixels of the latter.
//! 4. [`inspect()`] says of every check whether it passed: [`sod`] reads the signature, [`passive`]
//!    judges it with the [`TrustStore`]; [`authenticity`] what the chip proved.
//!
//! A signed barcode goes its own way: [`seal`].
//!
//! *Invariant:* no error, finding or `Debug` text holds a character of the zone, a day from it, a
//! key or a pixel. *Invariant:* nothing that a document or a chip says can panic or allocate more
//! than a limit that is written beside the code.
#![forbid(unsafe_code)]

pub mod access;
pub mod active_authentication;
pub mod algorithm;
pub mod apdu;
pub mod authenticity;
mod bac;
pub mod beside;
pub mod card;
mod card_access;
pub mod certificate;
pub mod channel;
pub mod chip;
mod chip_authentication;
pub mod cipher;
pub mod cms;
pub mod conversation;
pub mod country;
pub mod crypto;
pub mod deviation;
pub mod document_details;
pub mod domain;
pub mod fault;
pub mod file;
pub mod finding;
pub mod inspect;
pub mod lds;
pub mod mrz;
pub mod national;
pub mod notified;
mod pace;
pub mod passive;
pub mod personal;
pub mod policy;
pub mod portrait;
pub mod report;
pub mod seal;
pub mod secure_messaging;
pub mod security_info;
pub mod sensitive;
pub mod sod;
pub mod step;
pub mod tlv;
pub mod trust;

#[cfg(test)]
mod test_issuer;
#[cfg(test)]
mod test_random;

pub use access::{Access, AccessError, CardAccessNumber, Passwords};
pub use card::{Card, CardError};
pub use chip::{ApduLength, Cause, ChipKind, Habits, Memory, Progress, ReadError, Request, read};
pub use conversation::Conversation;
pub use fault::Fault;
pub use file::{ChipFiles, ElementaryFile};
pub use finding::{Check, Finding, Outcome};
pub use inspect::{
    Inspection, PortraitFailure, chip_not_read, decode_portrait, inspect, inspect_decoded,
    inspect_without_portrait, inspect_without_zone,
};
pub use mrz::{AccessKey, Mrz, MrzError};
pub use portrait::{Portrait, PortraitError, PortraitKind};
pub use sensitive::Sensitive;
pub use trust::{TrustStore, TrustStoreError};
