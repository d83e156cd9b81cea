//! The controller's part in a pairing.

use super::greeting::Greeting;
use super::{ControllerLink, Dropped};
use crate::hello::Entropy;
use crate::keys::{KEY_LEN, Pairing, Secret};
use crate::noise::controller::{self, HalfPaired};
use crate::noise::{EPHEMERAL_LEN, Message};
use crate::time::Instant;

/// How far a pairing has come.
#[derive(Clone, Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "without a heap the handshake has to lie somewhere, and there is one link"
)]
pub(super) enum PairingStage {
    /// Nobody has opened the cabinet and held the button.
    Shut,
    /// A host may call.
    Open,
    /// A host that knows the label's code has called, and was answered.
    Answered {
        session: u8,
        /// What the call began with, to know the same call when it comes again.
        call: [u8; EPHEMERAL_LEN],
        answer: Message,
        half: HalfPaired,
    },
    /// A host has proved its key.
    Proved {
        session: u8,
        proof: Secret,
        pairing: Pairing,
        /// The owner knows.
        told: bool,
        /// The owner has stored it.
        stored: bool,
    },
}

impl PairingStage {
    pub(super) fn answer(&self) -> Option<&[u8]> {
        match self {
            Self::Answered { answer, .. } => Some(answer),
            _ => None,
        }
    }

    pub(super) const fn proof(&self) -> Option<&[u8; KEY_LEN]> {
        match self {
            Self::Proved {
                proof,
                stored: true,
                ..
            } => Some(proof.bytes()),
            _ => None,
        }
    }

    /// The new pairing, once.
    pub(super) fn take_news(&mut self) -> Option<Pairing> {
        match self {
            Self::Proved { pairing, told, .. } => {
                let news = !core::mem::replace(told, true);
                news.then(|| pairing.clone())
            }
            _ => None,
        }
    }
}

impl ControllerLink {
    /// Lets a host pair from now on, or not any more. Called when a
    /// [`PairingWindow`](crate::pairing::PairingWindow) opens or closes; what is half done then is
    /// forgotten.
    pub fn let_pair(&mut self, possible: bool) {
        if possible {
            self.pairing = PairingStage::Open;
        } else if self.pairing.proof().is_none() {
            // What is done may still have to be said again.
            self.pairing = PairingStage::Shut;
        }
    }

    /// Takes the host of [`Delivery::Paired`](super::Delivery::Paired), which the owner has
    /// stored, for the only one from now on.
    pub fn adopt(&mut self, pairing: Pairing) {
        if let PairingStage::Proved {
            session, stored, ..
        } = &mut self.pairing
        {
            *stored = true;
            let session = *session;
            self.greet(session, Greeting::Paired);
        }
        self.drop_session();
        self.keys.pairing = Some(pairing);
    }

    pub(super) fn take_pairing(
        &mut self,
        now: Instant,
        number: u8,
        prologue: &[u8],
        message: &[u8],
    ) -> Result<(), Dropped> {
        let first = *message
            .first_chunk::<EPHEMERAL_LEN>()
            .ok_or(Dropped::BadBody)?;
        if self.identity.entropy == Entropy::None {
            self.greet(number, Greeting::NoEntropy);
            return Ok(());
        }
        let label = match (&self.pairing, &self.keys.label) {
            (PairingStage::Answered { session, call, .. }, _)
                if (*session, *call) == (number, first) =>
            {
                self.greet(number, Greeting::Pair);
                return Err(Dropped::Duplicate);
            }
            (PairingStage::Open | PairingStage::Answered { .. }, Some(label)) => label.secret(),
            _ => {
                self.greet(number, Greeting::PairingClosed);
                return Ok(());
            }
        };
        self.may_shake_hands(now)?;
        let ephemeral = self.source.next(message);
        let own = &self.keys.own;
        match controller::answer_pairing(own, &label, ephemeral, prologue, message) {
            Ok((answer, half)) => {
                self.pairing = PairingStage::Answered {
                    session: number,
                    call: first,
                    answer,
                    half,
                };
                self.greet(number, Greeting::Pair);
                Ok(())
            }
            Err(_) => {
                self.greet(number, Greeting::Stranger);
                Err(Dropped::Forged)
            }
        }
    }

    pub(super) fn take_last(&mut self, number: u8, message: &[u8]) -> Result<(), Dropped> {
        match &self.pairing {
            PairingStage::Proved {
                session, stored, ..
            } if *session == number => {
                if *stored {
                    self.greet(number, Greeting::Paired);
                }
                Err(Dropped::Duplicate)
            }
            PairingStage::Answered { session, half, .. } if *session == number => {
                let Ok(paired) = half.finish(message) else {
                    // One try for each handshake, which cannot be had often.
                    self.pairing = PairingStage::Open;
                    return Err(Dropped::Forged);
                };
                self.pairing = PairingStage::Proved {
                    session: number,
                    proof: paired.proof(),
                    pairing: Pairing {
                        peer: paired.peer,
                        shared: paired.shared(),
                    },
                    told: false,
                    stored: false,
                };
                Ok(())
            }
            _ => Err(Dropped::Stale),
        }
    }
}
