//! The steps of a conversation with a chip, and the clauses that rule them.

use crate::file::ElementaryFile;
use core::fmt;

/// A step. Errors name it, so that everybody knows how far the conversation came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// Reading EF.CardAccess.
    CardAccess,
    /// PACE: choice of the way (MSE:Set AT).
    PaceSetup,
    /// PACE: the encrypted nonce.
    PaceNonce,
    /// PACE: mapping of the nonce.
    PaceMapping,
    /// PACE: agreement on the session keys.
    PaceAgreement,
    /// PACE: authentication tokens.
    PaceTokens,
    /// Reading EF.CardSecurity.
    CardSecurity,
    /// Selection of the travel document application.
    Application,
    /// BAC: the chip's challenge.
    Challenge,
    /// BAC: mutual authentication (EXTERNAL AUTHENTICATE).
    MutualAuthentication,
    /// Reading a file.
    File(ElementaryFile),
    /// Chip Authentication.
    ChipAuthentication,
    /// Active Authentication.
    ActiveAuthentication,
}

impl Step {
    /// Where the standard describes the step.
    #[must_use]
    pub const fn clause(self) -> &'static str {
        match self {
            Self::CardAccess | Self::CardSecurity => "Doc 9303-11, 9.2.11",
            Self::PaceSetup => "Doc 9303-11, 4.4.4.1",
            Self::PaceNonce | Self::PaceTokens => "Doc 9303-11, 4.4.4.2",
            Self::PaceMapping => "Doc 9303-11, 4.4.3.3",
            Self::PaceAgreement => "Doc 9303-11, 4.4.1",
            Self::Application => "Doc 9303-10, 4.1",
            Self::Challenge => "Doc 9303-11, 4.3.4.1",
            Self::MutualAuthentication => "Doc 9303-11, 4.3.4.2",
            Self::File(_) => "Doc 9303-10, 3.6",
            Self::ChipAuthentication => "Doc 9303-11, 6.2",
            Self::ActiveAuthentication => "Doc 9303-11, 6.1",
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CardAccess => "EF.CardAccess",
            Self::PaceSetup => "PACE, choice of the way",
            Self::PaceNonce => "PACE, nonce",
            Self::PaceMapping => "PACE, mapping",
            Self::PaceAgreement => "PACE, key agreement",
            Self::PaceTokens => "PACE, tokens",
            Self::CardSecurity => "EF.CardSecurity",
            Self::Application => "selection of the application",
            Self::Challenge => "BAC, challenge",
            Self::MutualAuthentication => "BAC, mutual authentication",
            Self::File(file) => return fmt::Display::fmt(file, f),
            Self::ChipAuthentication => "Chip Authentication",
            Self::ActiveAuthentication => "Active Authentication",
        })
    }
}
