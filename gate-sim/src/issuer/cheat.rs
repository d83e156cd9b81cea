//! What a forger, or somebody between chip and gate, does to the files beside the application. Nobody
//! signs EF.CardAccess, and the keys of EF.CardSecurity are worth what its signer is.

use super::electronics::{self, PaceOffer, Secrets};
use super::{Authority, IssuerError, TestDocument};
use rand::SeedableRng as _;
use rand_chacha::ChaCha20Rng;

const CARD_ACCESS: u16 = 0x011C;
const CARD_SECURITY: u16 = 0x011D;

impl TestDocument {
    /// Somebody takes EF.CardAccess away: the gate falls back to BAC.
    #[must_use]
    pub fn without_card_access(mut self) -> Self {
        self.master.remove(&CARD_ACCESS);
        self
    }

    /// Somebody writes other ways of PACE into EF.CardAccess, which the chip then goes.
    #[must_use]
    pub fn with_other_access(mut self, offers: &[PaceOffer]) -> Self {
        self.electronics.pace = offers.to_vec();
        let file = electronics::card_access(&self.electronics);
        self.master.extend(file.map(|file| (CARD_ACCESS, file)));
        self
    }

    /// Adds a protocol that nobody knows to EF.CardAccess alone.
    #[must_use]
    pub fn with_unsigned_protocol(mut self) -> Self {
        if let Some(file) = self.master.get_mut(&CARD_ACCESS) {
            *file = electronics::with_unknown_protocol(file);
        }
        self
    }

    /// A copy that proves itself with static keys of its own, which `by` has signed.
    ///
    /// # Errors
    ///
    /// [`IssuerError::Crypto`].
    pub fn with_keys_of(mut self, by: &Authority) -> Result<Self, IssuerError> {
        let mut rng = ChaCha20Rng::seed_from_u64(by.seed);
        self.secrets.statics = Secrets::new(&self.electronics, &mut rng)?.statics;
        self.signed_security(by)
    }

    /// The same keys in an EF.CardSecurity that `by` has signed.
    ///
    /// # Errors
    ///
    /// [`IssuerError::Crypto`].
    pub fn signed_security(mut self, by: &Authority) -> Result<Self, IssuerError> {
        let file =
            electronics::card_security(&self.electronics, &self.secrets, &by.signer, self.issued)?;
        self.master.insert(CARD_SECURITY, file);
        Ok(self)
    }

    /// A byte of what EF.CardSecurity signs is another one.
    #[must_use]
    pub fn with_damaged_security(mut self) -> Self {
        if let Some(file) = self.master.get_mut(&CARD_SECURITY) {
            // Inside the content, past the headers of the signed data.
            if let Some(byte) = file.get_mut(100) {
                *byte ^= 1;
            }
        }
        self
    }
}
