//! What a lane is built like, and who comes to it in order.

use crate::world::{Persona, World};
use gate_document::policy::Policy;
use gate_session::{Design, Limits, Session};
use serde::Serialize;

/// How travellers go through a lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// Document and face inside, side by side.
    OneStep,
    /// The document before the entry, the face inside.
    TwoStep,
    /// A signed barcode in place of the document, and a live face.
    BarcodeAndFace,
}

impl Layout {
    /// Every layout.
    pub const ALL: [Self; 3] = [Self::OneStep, Self::TwoStep, Self::BarcodeAndFace];

    /// Word for commands, reports and tables.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::OneStep => "one-step",
            Self::TwoStep => "two-step",
            Self::BarcodeAndFace => "barcode-and-face",
        }
    }

    /// The layout of that word.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.word() == word)
    }

    /// Somebody with everything that this lane wants.
    #[must_use]
    pub const fn genuine(self) -> Persona {
        match self {
            Self::OneStep | Self::TwoStep => Persona::Genuine,
            Self::BarcodeAndFace => Persona::PermitAlone,
        }
    }

    pub(super) fn session(self) -> Session {
        let session = Session::new(Limits::default());
        match self {
            Self::OneStep => session,
            Self::TwoStep => session.with_design(Design::TwoStep),
            Self::BarcodeAndFace => session.with_policy(permits_alone()),
        }
    }

    pub(super) fn world(self, world: World) -> World {
        match self {
            Self::TwoStep => world.with_reader_outside(),
            Self::OneStep | Self::BarcodeAndFace => world,
        }
    }
}

/// The default policy, under which a permit clears alone whose profile says so.
fn permits_alone() -> Policy {
    Policy::parse("[permits]\nalone = \"allowed\"").unwrap_or_default()
}
