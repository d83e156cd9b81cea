//! Good inputs for each decoder, by name.

mod chip;
mod document;
mod host;
mod issuer;
mod link;
mod pictures;
mod seals;
mod trust;
mod update;

pub use chip::*;
pub use document::*;
pub use host::*;
pub use issuer::*;
pub use link::*;
pub use pictures::*;
pub use seals::*;
pub use trust::*;
pub use update::*;

/// A name that says what it is, and the bytes.
pub type Seed = (&'static str, Vec<u8>);
