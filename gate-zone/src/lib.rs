//! From a picture of a page to its machine readable zone (ICAO Doc 9303-3, 4).
//!
//! Every stage is a pure function over pictures and numbers; only [`reader`] runs a model. The order of a
//! picture's walk is the order of the modules: [`picture`] decodes, [`level`] turns the page upright,
//! [`find`] looks for the lines, [`strip`] cuts them out, [`decode`] makes characters of what the model
//! says, and [`judge`] lets the check digits of `gate-document` decide. No character is believed because
//! a model is sure of it.
//!
//! Pictures, strips and what a model says of them are zeroed when dropped and never printed.
#![forbid(unsafe_code)]

pub mod decode;
pub mod error;
pub mod find;
pub mod judge;
pub mod level;
pub mod picture;
pub mod reader;
pub mod strip;

pub use error::ZoneError;
pub use judge::Reading;
pub use picture::{Grey, PictureError};
pub use reader::ZoneReader;
