//! Why there is no zone, or no reader.

use gate_document::mrz::MrzError;
use gate_face::engine::LoadError as RuntimeError;
use gate_face::models::ModelsError;

/// Why a picture gives no zone. None of it says what stands on the page.
#[derive(Debug, thiserror::Error)]
pub enum ZoneError {
    /// No lines of the right length and distance: show the data page, print side towards the camera, all of
    /// it in the picture, characters at least 8 px wide.
    #[error("no machine readable zone in the picture")]
    NoZone,
    /// More than one document in the picture: show one.
    #[error("more than one machine readable zone in the picture")]
    SeveralZones,
    /// There is a zone, and not all of it can be read: glare, a finger, the edge of the picture, blur. Take
    /// the picture again.
    #[error("{lines} lines of a machine readable zone, not all of it readable: {problem}")]
    Partial {
        /// Lines found.
        lines: usize,
        /// What is missing.
        problem: Problem,
    },
    /// A fault of the model or of the runtime: verify the models.
    #[error("the reader of printed lines failed")]
    Runtime(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The model is not the one that this program was made for.
    #[error("the reader of printed lines gave {found} values, expected {expected}")]
    Shape {
        /// Values expected.
        expected: usize,
        /// Values found.
        found: usize,
    },
}

/// What is missing of a zone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Lines are missing, or characters of a line.
    #[error("lines or characters are missing")]
    Missing,
    /// A rule of the standard contradicts what was read.
    #[error("{0}")]
    Contradiction(MrzError),
    /// Characters that no check digit covers are uncertain, in names above all.
    #[error("{count} characters that no check digit covers cannot be told")]
    Unsure {
        /// How many.
        count: usize,
    },
}

/// Why the reader did not start.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A file is missing or not the one the manifest means.
    #[error(transparent)]
    Models(#[from] ModelsError),
    /// The runtime cannot be loaded.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// The file has the right hash, but the runtime does not take it.
    #[error("the reader of printed lines cannot be loaded")]
    Model(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The model does not run.
    #[error("the reader of printed lines cannot be run")]
    Run(#[source] Box<ZoneError>),
}
