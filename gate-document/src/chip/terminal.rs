//! A conversation that goes its own way: for technicians, and for measuring one strategy against
//! another.

use super::{ReadError, session};
use crate::access::Passwords;
use crate::apdu::{Command, Response};
use crate::card::Card;
use crate::channel::Channel;
use crate::chip_authentication::{self, Failure};
use crate::pace::{self, Password};
use crate::security_info::{PaceInfo, SecurityInfos};
use crate::step::Step;
use rand::CryptoRng;

/// A chip, and the session with it once there is one.
pub struct Terminal<'a>(Channel<'a>);

impl<'a> Terminal<'a> {
    /// A chip in clear.
    pub const fn new(card: &'a mut dyn Card) -> Self {
        Self(Channel::new(card))
    }

    /// Sends one command, protected if there is a session; `step` is what errors name.
    ///
    /// # Errors
    ///
    /// [`ReadError`] when no response came, or none that can be believed.
    pub fn exchange(&mut self, step: Step, command: &Command<'_>) -> Result<Response, ReadError> {
        self.0.exchange(step, command)
    }

    /// Opens the chip in the best way that EF.CardAccess offers. `None` where there is none, or no
    /// password.
    ///
    /// # Errors
    ///
    /// [`ReadError::Access`] when the chip stays closed.
    pub fn pace(
        &mut self,
        card_access: &[u8],
        passwords: &Passwords,
        rng: &mut impl CryptoRng,
    ) -> Result<Option<PaceInfo>, ReadError> {
        let offers = SecurityInfos::parse(card_access).unwrap_or_default().pace;
        let can = passwords.can.as_ref().map(Password::Can);
        let password = can.or(passwords.mrz.as_ref().map(Password::Mrz));
        let (Some(info), Some(password)) = (session::best(&offers), password) else {
            return Ok(None);
        };
        let several = offers.len() > 1;
        let established = pace::authenticate(&mut self.0, &info, several, password, rng)?;
        self.0.protect(established.messaging);
        Ok(Some(info))
    }

    /// Agrees on new session keys with the key of `dg14`; false where the chip or this gate cannot.
    /// Only the next response shows whether the chip has the keys.
    ///
    /// # Errors
    ///
    /// [`ReadError`] when the conversation ended.
    pub fn chip_authentication(
        &mut self,
        dg14: &[u8],
        rng: &mut impl CryptoRng,
    ) -> Result<bool, ReadError> {
        let infos = SecurityInfos::of_dg14(dg14).unwrap_or_default();
        let Some(way) = chip_authentication::choose(&infos) else {
            return Ok(false);
        };
        match chip_authentication::authenticate(&mut self.0, &way, rng) {
            Ok(()) => Ok(true),
            Err(Failure::Read(error)) => Err(error),
            Err(Failure::Chip(_) | Failure::Unsupported(_)) => Ok(false),
        }
    }
}
