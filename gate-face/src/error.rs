//! What examining one picture gives, and why it may give no score.

use std::error::Error;

use crate::attack::BonaFide;
use crate::detect::Face;
use crate::embed::Template;
use crate::manifest::Role;
use crate::quality::{Flaw, Hint, Quality};
use crate::relief::Relief;

/// What one camera frame says.
pub type FrameResult = Result<Sample, FaceError>;

/// A frame that is good enough to be compared.
#[derive(Debug)]
pub struct Sample {
    /// Where the face is.
    pub face: Face,
    /// How good the picture of it is.
    pub quality: Quality,
    /// How much it looks like a living person in front of the camera.
    pub bona_fide: BonaFide,
    /// What is compared.
    pub template: Template,
    /// What a depth camera says, where the station has one and it measured.
    pub relief: Option<Relief>,
}

impl Sample {
    /// Both cues against attacks in one: a flat face is none, whatever the texture says.
    #[must_use]
    pub fn living(&self) -> BonaFide {
        match self.relief {
            Some(relief) if relief.is_flat() => BonaFide::NONE,
            _ => self.bona_fide,
        }
    }
}

/// Why a picture gives no score. There is never a score beside a reason.
#[derive(Debug, thiserror::Error)]
pub enum FaceError {
    /// Nobody is there, or nobody looks this way.
    #[error("no face")]
    NoFace,
    /// Somebody else stands as near as the traveller.
    #[error("{count} faces, expected 1")]
    SeveralFaces {
        /// How many are near.
        count: usize,
    },
    /// The traveller can do something about it: see [`FaceError::hint`].
    #[error("face is not good enough: {0}")]
    Poor(Flaw),
    /// The face or the wanted region lies outside the picture.
    #[error("region lies outside the picture")]
    Region,
    /// No colour anywhere: the models were calibrated on colour. Set the camera to it, or scan again; a
    /// document whose portrait is grey goes to an officer.
    #[error("picture is grey, expected colour")]
    Grey,
    /// The five landmarks fall together: no face has such.
    #[error("landmarks lie in one point")]
    Landmarks,
    /// A caller gave an unaligned picture.
    #[error("crop is {found:?} px, expected {expected:?}")]
    CropSize {
        /// Wanted width and height.
        expected: (u32, u32),
        /// Found width and height.
        found: (u32, u32),
    },
    /// Templates of different models cannot be compared.
    #[error("template has {found} values, expected {expected}")]
    TemplateSize {
        /// Length of the one.
        expected: usize,
        /// Length of the other.
        found: usize,
    },
    /// The model answered with NaN, infinity or a vector without length. The lane must not go on
    /// with it: its file or the runtime is at fault.
    #[error("{model:?} model gave a value that is no number")]
    NotFinite {
        /// The model in question.
        model: Role,
    },
    /// The model is not the one that the code was written for.
    #[error("{model:?} model gave {found} values for {output}, expected {expected}")]
    Shape {
        /// The model in question.
        model: Role,
        /// The output tensor.
        output: &'static str,
        /// How many values belong there.
        expected: usize,
        /// How many came.
        found: usize,
    },
    /// The runtime refused.
    #[error("{model:?} model did not run")]
    Runtime {
        /// The model in question.
        model: Role,
        /// What the runtime says.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The picture lies on its side or stands on its head: the camera is mounted wrongly, or the
    /// file says in its metadata how to turn it. Turn it before it comes here.
    #[error("picture is rotated")]
    Rotated,
}

impl FaceError {
    /// What the traveller can do, if anything.
    #[must_use]
    pub const fn hint(&self) -> Option<Hint> {
        match self {
            Self::NoFace | Self::Region | Self::Landmarks => Some(Hint::NoFace),
            Self::SeveralFaces { .. } => Some(Hint::SeveralFaces),
            Self::Poor(flaw) => Some(flaw.hint()),
            Self::Rotated => Some(Hint::LookHere),
            _ => None,
        }
    }

    /// Whether the gate itself is at fault rather than the picture: worth an alarm.
    #[must_use]
    pub const fn is_fault(&self) -> bool {
        matches!(
            self,
            Self::NotFinite { .. }
                | Self::Shape { .. }
                | Self::Runtime { .. }
                | Self::TemplateSize { .. }
        )
    }
}
