//! How a chip was opened, or why it stays closed.

use crate::apdu::Status;
use crate::crypto::CryptoError;
use crate::domain::DomainError;
use crate::mrz::AccessKey;
use crate::security_info::PaceInfo;
use crate::sensitive::Sensitive;
use crate::step::Step;
use crate::tlv::TlvError;
use core::fmt;

/// What opens a chip. At least one of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Passwords {
    /// Key from the printed zone: opens PACE and BAC.
    pub mrz: Option<AccessKey>,
    /// Card access number: opens PACE only. Where it is known it is what is tried, for somebody has
    /// typed it or a reader has found it on the card.
    pub can: Option<CardAccessNumber>,
}

impl From<AccessKey> for Passwords {
    fn from(key: AccessKey) -> Self {
        Self {
            mrz: Some(key),
            can: None,
        }
    }
}

impl From<CardAccessNumber> for Passwords {
    fn from(number: CardAccessNumber) -> Self {
        Self {
            mrz: None,
            can: Some(number),
        }
    }
}

/// The number printed on the front of a card for opening its chip (Doc 9303-11, 4.4). Prints as `…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardAccessNumber(Sensitive<String>);

impl CardAccessNumber {
    /// Takes six digits; white space around them does not matter. `None` for anything else.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let digits = text.trim();
        let is_number = digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| Self(Sensitive::new(digits.to_owned())))
    }

    pub(crate) fn digits(&self) -> &str {
        self.0.expose()
    }
}

/// Which password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PasswordKind {
    /// From the printed machine readable zone.
    Mrz,
    /// The card access number.
    Can,
}

impl fmt::Display for PasswordKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mrz => "key from the printed zone",
            Self::Can => "card access number",
        })
    }
}

/// How a chip was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// The protocol.
    pub protocol: Protocol,
    /// What opened it.
    pub password: PasswordKind,
}

/// The protocol that opened a chip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// PACE, in this way.
    Pace(PaceInfo),
    /// Basic Access Control, which protects the conversation less; and why PACE was not used.
    Bac {
        /// Why not.
        without_pace: WithoutPace,
    },
}

/// `PACE-ECDH-GM-AES-CBC-CMAC-128, brainpoolP256r1, key from the printed zone`.
impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.protocol {
            Protocol::Pace(info) => write!(f, "{info}, {}", self.password),
            Protocol::Bac { without_pace } => {
                write!(f, "BAC, {}; PACE not used: {without_pace}", self.password)
            }
        }
    }
}

/// Why a chip was not opened with PACE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WithoutPace {
    /// The chip has no EF.CardAccess, as chips without PACE have none.
    NoCardAccess {
        /// How it refused the file.
        status: Status,
    },
    /// EF.CardAccess cannot be read.
    Malformed(TlvError),
    /// EF.CardAccess offers nothing that this version can do.
    NothingSupported {
        /// How many ways it offers.
        offered: usize,
    },
    /// The chip refused what it offers itself.
    Refused {
        /// Where in the protocol.
        step: Step,
        /// How.
        status: Status,
    },
    /// The chip's answers are not those of the protocol.
    Broken {
        /// Where in the protocol.
        step: Step,
    },
}

impl fmt::Display for WithoutPace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCardAccess { status } => {
                write!(f, "EF.CardAccess refused with status {status}")
            }
            Self::Malformed(problem) => write!(f, "EF.CardAccess {problem}"),
            Self::NothingSupported { offered } => {
                write!(f, "none of {offered} ways offered is supported")
            }
            Self::Refused { step, status } => write!(f, "{step} refused with status {status}"),
            Self::Broken { step } => write!(f, "{step} answered with something else"),
        }
    }
}

/// Why a chip stays closed. Wrong passwords, refusals and cheats are told apart, for the traveller
/// has to do something else for each.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    /// The chip does not accept this password. A key from the printed zone: it is misread, or it is
    /// not this chip's; read the zone again. A card access number: it is mistyped; ask for it again.
    #[error("{step} ({}): the chip refused the {password} with status {status}", step.clause())]
    WrongPassword {
        /// Where.
        step: Step,
        /// Which password.
        password: PasswordKind,
        /// Usually 6300.
        status: Status,
    },
    /// The chip offers neither PACE in a way that is known here nor BAC. See the officer.
    #[error(
        "{step} ({}): the chip refused access with status {status}{}",
        step.clause(), after(without_pace.as_ref())
    )]
    Refused {
        /// Where.
        step: Step,
        /// Usually 6982 or 6985.
        status: Status,
        /// For BAC: why PACE was not used before.
        without_pace: Option<WithoutPace>,
    },
    /// The chip needs a password that is not known: BAC opens with the printed zone only. Read the
    /// zone.
    #[error(
        "no password for this chip: {without_pace}, and BAC needs the key from the printed zone"
    )]
    NoPassword {
        /// Why PACE was not used.
        without_pace: WithoutPace,
    },
    /// The chip accepted our password and does not know it itself: a relay or a forged chip. See the
    /// officer.
    #[error("{step} ({}): the chip did not prove that it knows the password", step.clause())]
    NotMutual {
        /// Where.
        step: Step,
    },
    /// The chip's answer is not what the protocol prescribes.
    #[error("{step} ({}): {problem}", step.clause())]
    Structure {
        /// Where.
        step: Step,
        /// What is wrong.
        problem: TlvError,
    },
    /// The chip sent a public key that is none, or our own.
    #[error("{step} ({}): {problem}", step.clause())]
    Key {
        /// Where.
        step: Step,
        /// What is wrong.
        problem: DomainError,
    },
    /// See [`CryptoError`].
    #[error(transparent)]
    Crypto(#[from] CryptoError),
}

fn after(without_pace: Option<&WithoutPace>) -> String {
    without_pace.map_or_else(String::new, |reason| format!(" (PACE not used: {reason})"))
}

impl AccessError {
    /// The step that failed, where one did.
    #[must_use]
    pub const fn step(&self) -> Option<Step> {
        match self {
            Self::WrongPassword { step, .. }
            | Self::Refused { step, .. }
            | Self::NotMutual { step }
            | Self::Structure { step, .. }
            | Self::Key { step, .. } => Some(*step),
            Self::NoPassword { .. } => Some(Step::CardAccess),
            Self::Crypto(_) => None,
        }
    }

    /// Why PACE failed, if it failed in a way after which BAC may still be tried: a chip that cheats
    /// or refuses the password gets no second chance.
    pub(crate) fn allows_bac(&self) -> Option<WithoutPace> {
        match self {
            Self::Refused { step, status, .. } => Some(WithoutPace::Refused {
                step: *step,
                status: *status,
            }),
            Self::Structure { step, .. } => Some(WithoutPace::Broken { step: *step }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_access_number_is_six_digits_and_stays_secret() {
        for (text, accepted) in [
            ("123456", true),
            (" 000001\n", true),
            ("12345", false),
            ("1234567", false),
            ("12345A", false),
            ("１２３４５６", false),
            ("", false),
        ] {
            assert_eq!(CardAccessNumber::new(text).is_some(), accepted, "{text:?}");
        }
        let number = CardAccessNumber::new("123456").unwrap();
        assert!(!format!("{:?}", Passwords::from(number)).contains("123456"));
    }
}
