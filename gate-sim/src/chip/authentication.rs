//! Chip Authentication and Active Authentication, the card's side (Doc 9303-11, 6).

use openssl::bn::BigNum;
use openssl::ecdsa::EcdsaSig;
use openssl::error::ErrorStack;
use openssl::rsa::Padding;
use openssl::sha::{sha1, sha256};

use super::cipher::{Cipher, KeyPair};
use super::group::Group;
use super::messaging::{Plain, Session};
use super::pace::objects;
use super::{Chip, Executed, Quirk, done, status};
use crate::issuer::der::tlv;
use crate::issuer::electronics::SignatureOffer;

impl Chip {
    /// MSE:Set KAT: triple DES, all in one command.
    pub(super) fn set_key(&mut self, data: &[u8], authenticated: bool) -> Executed {
        self.check_chip_authentication(authenticated)?;
        let objects = objects(data).ok_or(status::WRONG_DATA)?;
        let public = objects.iter().find(|(tag, _)| *tag == 0x91);
        let (_, public) = public.ok_or(status::WRONG_DATA)?;
        let number = objects.iter().find(|(tag, _)| *tag == 0x84);
        let index = self
            .secrets
            .statics
            .iter()
            .position(|key| {
                let right = number.is_none_or(|(_, number)| key.offer.number == Some(number[0]));
                right && key.offer.cipher == Cipher::TripleDes
            })
            .ok_or(status::WRONG_DATA)?;
        self.new_session(index, public)?;
        done()
    }

    /// MSE:Set AT: which key, for a GENERAL AUTHENTICATE that follows.
    pub(super) fn choose_key(&mut self, data: &[u8], authenticated: bool) -> Executed {
        self.check_chip_authentication(authenticated)?;
        let objects = objects(data).ok_or(status::WRONG_DATA)?;
        let [(0x80, identifier), rest @ ..] = &objects[..] else {
            return Err(status::WRONG_DATA);
        };
        let number = rest.first().map(|(_, number)| *number);
        let index = self
            .secrets
            .statics
            .iter()
            .position(|key| {
                let cipher = identifier.last() == Some(&key.offer.cipher.number());
                let wanted = key.offer.number.map(|number| vec![number]);
                cipher && number.map(<[u8]>::to_vec) == wanted
            })
            .ok_or(0x6A88_u16)?;
        self.state.chosen = Some(index);
        done()
    }

    /// GENERAL AUTHENTICATE for Chip Authentication.
    pub(super) fn agree_on_keys(&mut self, data: &[u8]) -> Executed {
        let index = self.state.chosen.take().ok_or(status::CONDITIONS_NOT_MET)?;
        let outer = objects(data).ok_or(status::WRONG_DATA)?;
        let [(0x7C, inner)] = outer[..] else {
            return Err(status::WRONG_DATA);
        };
        let inner = objects(inner).ok_or(status::WRONG_DATA)?;
        let [(0x80, public)] = inner[..] else {
            return Err(status::WRONG_DATA);
        };
        self.new_session(index, public)?;
        Ok((tlv(0x7C, &[]), status::OK))
    }

    fn check_chip_authentication(&self, authenticated: bool) -> Result<(), u16> {
        let refused = self.quirk(|quirk| match quirk {
            Quirk::NoChipAuthentication(status) => Some(*status),
            _ => None,
        });
        match refused {
            Some(status) => Err(status),
            None if authenticated => Ok(()),
            None => Err(status::ACCESS_DENIED),
        }
    }

    fn new_session(&mut self, index: usize, public: &[u8]) -> Result<(), u16> {
        let key = self.secrets.statics.get(index).ok_or(status::WRONG_DATA)?;
        let secret = || -> Result<Vec<u8>, ErrorStack> {
            let group = Group::standardised(key.offer.parameters)?;
            let mut scalar = BigNum::from_slice(&key.scalar)?;
            if self.has(Quirk::OtherKey) {
                scalar.add_word(1)?;
            }
            group.secret(&group.times(public, &scalar)?)
        };
        let secret = secret().map_err(|_| status::WRONG_DATA)?;
        let keys = KeyPair::of(key.offer.cipher, &secret);
        self.state.next_session = Some(Session::new(keys, 0));
        Ok(())
    }

    /// INTERNAL AUTHENTICATE: a signature over the challenge.
    pub(super) fn internal_authenticate(
        &mut self,
        plain: &Plain,
        authenticated: bool,
        most: usize,
    ) -> Executed {
        let expected = plain.expected.ok_or(status::WRONG_LENGTH)?;
        if !authenticated || plain.data.len() != 8 {
            return Err(status::CONDITIONS_NOT_MET);
        }
        let sign = |salt| {
            let signature = self.sign(&plain.data, salt).map_err(|_| status::FAILED)?;
            signature.ok_or(status::INSTRUCTION_UNKNOWN)
        };
        let mut signature = sign(0)?;
        if self.has(Quirk::DropsZeros) {
            // One signature in 256 begins with a zero: this chip signs until it has such a one.
            for salt in 1..=u16::MAX {
                if signature.first() == Some(&0) {
                    break;
                }
                signature = sign(salt)?;
            }
            let zeros = signature.iter().take_while(|byte| **byte == 0).count();
            signature.drain(..zeros);
        }
        if self.has(Quirk::PickySignature) {
            if expected == 65_536 {
                return Ok((Vec::new(), status::OK));
            }
            if expected != signature.len() {
                return Err(0x6C00 | (signature.len() & 0xFF) as u16);
            }
        }
        if self.has(Quirk::CutsSignature) {
            signature.truncate(expected);
        }
        if signature.len() > most {
            return Err(status::WRONG_LENGTH);
        }
        Ok((signature, status::OK))
    }

    fn sign(&self, challenge: &[u8], salt: u16) -> Result<Option<Vec<u8>>, ErrorStack> {
        let Some((offer, key)) = &self.secrets.signature else {
            return Ok(None);
        };
        if let Ok(key) = key.ec_key() {
            let signature = EcdsaSig::sign(&sha256(challenge), &key)?;
            if self.has(Quirk::DerSignature) {
                return signature.to_der().map(Some);
            }
            let width = i32::try_from(key.group().order_bits().div_ceil(8)).unwrap_or(0);
            let (r, s) = (
                signature.r().to_vec_padded(width)?,
                signature.s().to_vec_padded(width)?,
            );
            return Ok(Some([r, s].concat()));
        }
        let rsa = key.rsa()?;
        let width = usize::try_from(rsa.size()).unwrap_or(0);
        let digest = |message: &[u8]| match offer {
            SignatureOffer::RsaSha1(_) => sha1(message).to_vec(),
            _ => sha256(message).to_vec(),
        };
        let trailer: &[u8] = match offer {
            SignatureOffer::RsaSha1(_) => &[0xBC],
            _ => &[0x34, 0xCC],
        };
        let length = width - 1 - digest(&[]).len() - trailer.len();
        let mut recovered: Vec<u8> = (0..length)
            .map(|index| challenge[index % 8] ^ index as u8)
            .collect();
        recovered[..2].copy_from_slice(&salt.to_be_bytes());
        let hash = digest(&[&recovered[..], challenge].concat());
        let message = [&[0x6A][..], &recovered, &hash, trailer].concat();
        let mut signature = vec![0; width];
        rsa.private_encrypt(&message, &mut signature, Padding::NONE)?;
        Ok(Some(signature))
    }
}
