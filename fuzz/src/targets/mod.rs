//! One function for each decoder, which says whether the decoder took anything. None may panic,
//! hang, or grow without bound on any bytes; where a decoder has an encoder, what it took must come
//! out of that again.

mod chip;
mod document;
mod host;
mod link;
mod pictures;
mod seals;
mod trust;
mod update;

pub use chip::*;
pub use document::*;
pub use host::*;
pub use link::*;
pub use pictures::*;
pub use seals::*;
pub use trust::*;
pub use update::*;
