//! PACE, the card's side (Doc 9303-11, 4.4).

use openssl::bn::{BigNum, BigNumContext};
use openssl::error::ErrorStack;
use openssl::symm::Mode;
use rand::Rng as _;

use super::cipher::{Cipher, KeyPair, pad_to};
use super::group::Group;
use super::messaging::Session;
use super::{Chip, Executed, Quirk, done, status};
use crate::issuer::der::tlv;
use crate::issuer::electronics::{Mapping, PaceOffer};

/// A PACE that has begun.
pub(super) struct Run {
    offer: PaceOffer,
    group: Group,
    password: Vec<u8>,
    step: Step,
}

enum Step {
    Nonce,
    Mapping {
        nonce: Vec<u8>,
    },
    Agreement {
        generator: Vec<u8>,
        mapping: Option<BigNum>,
    },
    Tokens {
        keys: KeyPair,
        expected: [u8; 8],
        answer: [u8; 8],
        mapping: Option<BigNum>,
    },
}

/// The new generator, the private key of a chip authentication mapping, and what is sent.
type Mapped = (Vec<u8>, Option<BigNum>, Vec<u8>);

impl Chip {
    /// MSE:Set AT.
    pub(super) fn pace_set_up(&mut self, data: &[u8]) -> Executed {
        let objects = objects(data).ok_or(status::WRONG_DATA)?;
        let find = |tag| {
            let found = objects.iter().find(|(known, _)| *known == tag);
            found.map(|(_, value)| *value)
        };
        let identifier = find(0x80).ok_or(status::WRONG_DATA)?;
        let parameters = find(0x84);
        if self.has(Quirk::WantsParameters) && parameters.is_none() {
            return Err(status::WRONG_DATA);
        }
        for quirk in self.quirks.clone() {
            match (quirk, parameters, find(0x83)) {
                (Quirk::RefusesParameters(status), Some(_), _)
                | (Quirk::RefusesNumber(status), _, Some([2])) => return Err(status),
                _ => {}
            }
        }
        let fits = |offer: &&PaceOffer| {
            offer.identifier() == identifier
                && parameters.is_none_or(|number| number == [offer.parameters])
        };
        let offer = *self
            .electronics
            .pace
            .iter()
            .find(fits)
            .ok_or(status::WRONG_DATA)?;
        let password = match (find(0x83), &self.electronics.number) {
            (Some([1]), _) => self.zone.clone(),
            (Some([2]), Some(number)) => number.clone().into_bytes(),
            _ => return Err(0x6A88),
        };
        self.state.pace = Some(Run {
            offer,
            group: Group::standardised(offer.parameters).map_err(failed)?,
            password,
            step: Step::Nonce,
        });
        done()
    }

    /// GENERAL AUTHENTICATE.
    pub(super) fn pace_step(&mut self, data: &[u8]) -> Executed {
        let mut run = self.state.pace.take().ok_or(status::CONDITIONS_NOT_MET)?;
        let outer = objects(data).ok_or(status::WRONG_DATA)?;
        let [(0x7C, inner)] = outer[..] else {
            return Err(status::WRONG_DATA);
        };
        let inner = objects(inner).ok_or(status::WRONG_DATA)?;
        let cipher = run.offer.cipher;
        match (run.step, &inner[..]) {
            (Step::Nonce, []) => {
                let length = if cipher.key_length() > 16 { 32 } else { 16 };
                let mut nonce = vec![0; length];
                self.rng.fill_bytes(&mut nonce);
                let key = cipher.derive(&run.password, 3);
                let zero = vec![0; cipher.block()];
                let hidden = cipher.cbc(&key, Mode::Encrypt, &zero, &nonce);
                run.step = Step::Mapping { nonce };
                self.state.pace = Some(run);
                answer(0x80, &hidden.map_err(failed)?)
            }
            (Step::Mapping { nonce }, [(0x81, theirs)]) => {
                let (generator, mapping, sent) = self
                    .map(&run.offer, &run.group, &nonce, theirs)
                    .map_err(failed)?;
                run.step = Step::Agreement { generator, mapping };
                self.state.pace = Some(run);
                answer(0x82, &sent)
            }
            (Step::Agreement { generator, mapping }, [(0x83, theirs)]) => {
                let private = run.group.scalar(&mut self.rng).map_err(failed)?;
                let public = run.group.times(&generator, &private).map_err(failed)?;
                let shared = run.group.times(theirs, &private).map_err(failed)?;
                let secret = run.group.secret(&shared).map_err(failed)?;
                let keys = KeyPair::of(cipher, &secret);
                run.step = Step::Tokens {
                    expected: token(&run.offer, &keys, &public).map_err(failed)?,
                    answer: token(&run.offer, &keys, theirs).map_err(failed)?,
                    keys,
                    mapping,
                };
                self.state.pace = Some(run);
                answer(0x84, &public)
            }
            (
                Step::Tokens {
                    keys,
                    expected,
                    answer,
                    mapping,
                },
                [(0x85, token)],
            ) => {
                if *token != expected {
                    return Err(status::AUTHENTICATION_FAILED);
                }
                let mut content = tlv(0x86, &answer);
                if let Some(private) = mapping {
                    let proof = self.proof(&run.group, &keys, &private).map_err(failed)?;
                    content.extend(tlv(0x8A, &proof));
                }
                self.state.next_session = Some(Session::new(keys, 0));
                Ok((tlv(0x7C, &content), status::OK))
            }
            _ => Err(status::WRONG_DATA),
        }
    }

    fn map(
        &mut self,
        offer: &PaceOffer,
        group: &Group,
        nonce: &[u8],
        theirs: &[u8],
    ) -> Result<Mapped, ErrorStack> {
        if offer.mapping == Mapping::Integrated {
            let generator = group.integrated(offer.cipher, nonce, theirs)?;
            return Ok((generator, None, Vec::new()));
        }
        let private = group.scalar(&mut self.rng)?;
        let public = group.times(&group.base()?, &private)?;
        let shared = group.times(theirs, &private)?;
        let shifted = group.times(&group.base()?, &*BigNum::from_slice(nonce)?)?;
        let generator = group.plus(&shifted, &shared)?;
        let kept = (offer.mapping == Mapping::ChipAuthentication).then_some(private);
        Ok((generator, kept, public))
    }

    /// Chip authentication data: the mapping key divided by the static key (Doc 9303-11, 4.4.3.5).
    fn proof(
        &self,
        group: &Group,
        keys: &KeyPair,
        private: &BigNum,
    ) -> Result<Vec<u8>, ErrorStack> {
        let mut context = BigNumContext::new()?;
        let order = group.order()?;
        let known = self.secrets.statics.first();
        let mut secret = BigNum::from_slice(known.map_or(&[1][..], |key| &key.scalar))?;
        if self.has(Quirk::OtherKey) {
            secret.add_word(1)?;
        }
        let (mut inverse, mut data) = (BigNum::new()?, BigNum::new()?);
        inverse.mod_inverse(&secret, &order, &mut context)?;
        data.mod_mul(&inverse, private, &order, &mut context)?;
        let padded = pad_to(&data.to_vec_padded(order.num_bytes())?, 16);
        keys.in_session(Mode::Encrypt, &[0xFF; 16], &padded)
    }
}

/// Authentication token over the other side's public key.
fn token(offer: &PaceOffer, keys: &KeyPair, public: &[u8]) -> Result<[u8; 8], ErrorStack> {
    let tag = if offer.parameters < 8 { 0x84 } else { 0x86 };
    let content = [tlv(0x06, &offer.identifier()), tlv(tag, public)].concat();
    let object = tlv(0x7F49, &content);
    match keys.cipher() {
        Cipher::TripleDes => keys.code(&pad_to(&object, 8)),
        _ => keys.code(&object),
    }
}

fn answer(tag: u32, value: &[u8]) -> Executed {
    Ok((tlv(0x7C, &tlv(tag, value)), status::OK))
}

fn failed(_: ErrorStack) -> u16 {
    status::WRONG_DATA
}

/// Data objects with one-byte tags, one after the other.
pub(super) fn objects(bytes: &[u8]) -> Option<Vec<(u8, &[u8])>> {
    let mut found = Vec::new();
    let mut rest = bytes;
    while let [tag, after @ ..] = rest {
        let (length, after) = match after {
            [length @ 0..=0x7F, after @ ..] => (usize::from(*length), after),
            [0x81, length, after @ ..] => (usize::from(*length), after),
            [0x82, high, low, after @ ..] => {
                (usize::from(u16::from_be_bytes([*high, *low])), after)
            }
            _ => return None,
        };
        let (value, after) = after.split_at_checked(length)?;
        found.push((*tag, value));
        rest = after;
    }
    Some(found)
}
