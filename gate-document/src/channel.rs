//! A chip, the secure messaging that protects the talk with it once there is some, and what was
//! noticed on the way.

use crate::apdu::{self, Command, Response, Status};
use crate::card::{Card, CardError};
use crate::chip::{Cause, ReadError};
use crate::secure_messaging::{Answer, SecureMessaging};
use crate::step::Step;
use core::fmt;
use zeroize::Zeroizing;

/// Something unusual that did not end the conversation, and that somebody may want to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A status word came without protection inside a session: anybody may have sent it. Nothing but
    /// the size of blocks depends on it.
    Unprotected {
        /// When.
        step: Step,
        /// Which.
        status: Status,
    },
    /// The chip carried a command out with a warning.
    Warning {
        /// When.
        step: Step,
        /// 62xx or 63xx.
        status: Status,
    },
    /// The session was lost and the chip opened anew.
    Reopened {
        /// When.
        step: Step,
    },
    /// The document left the reader for a moment and came back.
    CameBack {
        /// When.
        step: Step,
    },
    /// A file or a proof that an inspection can do without was given up.
    GivenUp {
        /// Which.
        step: Step,
        /// Whose fault it was.
        cause: Cause,
    },
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unprotected { step, status } => {
                write!(f, "{step}: unprotected status {status} inside a session")
            }
            Self::Warning { step, status } => write!(f, "{step}: done with warning {status}"),
            Self::Reopened { step } => write!(f, "{step}: session lost, chip opened anew"),
            Self::GivenUp { step, cause } => write!(f, "{step}: given up, {}", cause.name()),
            Self::CameBack { step } => write!(f, "{step}: the document left and came back"),
        }
    }
}

/// Notices kept. A chip that gives cause for more says nothing new.
const NOTICES_MAX: usize = 32;

/// A chip to talk to.
pub(crate) struct Channel<'a> {
    card: &'a mut dyn Card,
    messaging: Option<SecureMessaging>,
    notices: Vec<Notice>,
    /// The last response came protected, and was right.
    proven: bool,
}

impl<'a> Channel<'a> {
    /// A chip in clear.
    pub(crate) const fn new(card: &'a mut dyn Card) -> Self {
        Self {
            card,
            messaging: None,
            notices: Vec::new(),
            proven: false,
        }
    }

    /// From now on everything is protected with these keys.
    pub(crate) fn protect(&mut self, messaging: SecureMessaging) {
        self.messaging = Some(messaging);
    }

    /// From now on nothing is protected.
    pub(crate) fn expose(&mut self) {
        self.messaging = None;
    }

    /// Whether the last response came protected: a proof that the chip has the keys of the session.
    pub(crate) const fn proven(&self) -> bool {
        self.proven
    }

    /// Longest data that a short response carries.
    pub(crate) fn short_block(&self) -> usize {
        self.messaging
            .as_ref()
            .map_or(apdu::SHORT_RESPONSE, SecureMessaging::short_block)
    }

    pub(crate) fn note(&mut self, notice: Notice) {
        if self.notices.len() < NOTICES_MAX {
            self.notices.push(notice);
        }
    }

    pub(crate) fn take_notices(&mut self) -> Vec<Notice> {
        core::mem::take(&mut self.notices)
    }

    /// Brings the chip back that left the field.
    pub(crate) fn reconnect(&mut self) -> Result<(), CardError> {
        self.messaging = None;
        self.card.reconnect()
    }

    /// Sends `command`, protected if there is a session. A status word that came unprotected inside
    /// a session comes without data, and is noted.
    pub(crate) fn exchange(
        &mut self,
        step: Step,
        command: &Command<'_>,
    ) -> Result<Response, ReadError> {
        self.proven = false;
        let lost = |error| ReadError::Card { step, error };
        let Some(messaging) = &mut self.messaging else {
            let response = apdu::transmit(self.card, command).map_err(lost)?;
            self.warn(step, response.status);
            return Ok(response);
        };
        let protected = messaging.protect(command)?;
        let response = apdu::transmit_bytes(self.card, &protected).map_err(lost)?;
        match messaging.unprotect(&response) {
            Ok(Answer::Protected(response)) => {
                self.proven = true;
                self.warn(step, response.status);
                Ok(response)
            }
            Ok(Answer::Naked(status)) => {
                self.note(Notice::Unprotected { step, status });
                Ok(Response {
                    data: Zeroizing::default(),
                    status,
                })
            }
            Err(problem) => Err(ReadError::Messaging { step, problem }),
        }
    }

    /// The end of a file is no warning but an answer.
    fn warn(&mut self, step: Step, status: Status) {
        let is_warning = status.is_done() && status.sw1() == 0x62;
        if is_warning && status != Status::END_OF_FILE {
            self.note(Notice::Warning { step, status });
        }
    }
}
