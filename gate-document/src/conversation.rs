//! What happened between chip and gate, beside the files: how the chip was opened, and what it did
//! to prove that it is no copy.

use crate::access::Access;
use crate::apdu::Status;
use crate::channel::Notice;
use crate::sensitive::Sensitive;

/// A finished conversation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversation {
    /// How the chip was opened.
    pub access: Access,
    /// Chip Authentication, version 1.
    pub chip_authentication: ChipProof,
    /// Chip authentication mapping of PACE.
    pub mapping: MappingProof,
    /// Active Authentication.
    pub active_authentication: ChallengeProof,
    /// What else was noticed, in order; at most 32 of them.
    pub notices: Vec<Notice>,
    /// EF.CardAccess as it was read; `None` where the chip has none.
    pub card_access: Option<Sensitive<Vec<u8>>>,
    /// EF.CardSecurity as it was read; `None` where no chip authentication mapping asked for it.
    pub card_security: Option<Sensitive<Vec<u8>>>,
}

/// Whether a chip proved with new session keys that it has a static key of DG14.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChipProof {
    /// The chip was not asked: it does not announce the protocol.
    NotAsked,
    /// The chip has the key: in which way it showed that.
    Given(String),
    /// It has not, or it refused: why.
    Failed(String),
    /// This gate cannot compute what the chip announces: why.
    Unsupported(String),
}

/// Whether a chip proved in PACE that it has a static key of EF.CardSecurity or DG14.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MappingProof {
    /// Another mapping was used.
    NotAsked,
    /// The chip has this key, a point as it is encoded. What the key is worth depends on who signed
    /// it.
    Given(Vec<u8>),
    /// No static key fits.
    Failed,
}

/// A signed challenge, which [`crate::active_authentication::verify`] judges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChallengeProof {
    /// The chip was not asked: it has no DG15.
    NotAsked,
    /// The chip answered.
    Answered {
        /// What it was to sign.
        challenge: [u8; 8],
        /// What it sent.
        signature: Vec<u8>,
    },
    /// The chip refused.
    Refused(Status),
    /// The session did not outlive the question: why. The files were read in a new one.
    Broken(String),
}
