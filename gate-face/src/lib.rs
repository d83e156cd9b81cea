//! From camera frame to likeness: detection, alignment, embedding, attack cue.
//!
//! Every stage is a pure function over pictures and numbers; only [`engine`] (feature `onnx`) runs
//! models. The order of a frame's walk is the order of the modules in
//! [`engine::FaceEngine::examine`]: [`detect`] twice, [`align`], [`quality`], [`attack`], [`embed`].
//! [`capture`] then decides over several frames; it knows no picture, no model and no clock.
//!
//! Frames, crops, tensors and templates are zeroed when dropped and never printed.
#![forbid(unsafe_code)]

pub mod align;
pub mod attack;
pub mod calibration;
pub mod capture;
pub mod centre;
pub mod detect;
pub mod embed;
#[cfg(feature = "onnx")]
pub mod engine;
pub mod error;
#[cfg(feature = "fetch")]
pub mod fetch;
pub mod fusion;
pub mod likeness;
pub mod manifest;
pub mod models;
pub mod picture;
pub mod quality;
pub mod rates;
pub mod relief;
pub mod tensor;
pub mod whose;

pub use capture::{Capture, Rules, Verdict};
pub use embed::Template;
#[cfg(feature = "onnx")]
pub use engine::FaceEngine;
pub use error::{FaceError, FrameResult, Sample};
pub use likeness::Likeness;
pub use manifest::Manifest;
pub use models::ModelSet;
pub use picture::Picture;
pub use quality::Hint;
