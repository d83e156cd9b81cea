//! Chip Authentication, version 1 (Doc 9303-11, 6.2): the chip proves that it has the private part
//! of a key that the issuer has signed, and both get new session keys.

use crate::apdu::{Command, Status};
use crate::channel::Channel;
use crate::chip::ReadError;
use crate::cipher::Suite;
use crate::crypto::CryptoError;
use crate::domain::{Domain, DomainError};
use crate::secure_messaging::SecureMessaging;
use crate::security_info::{ChipAuthenticationInfo, ChipAuthenticationKey, SecurityInfos};
use crate::step::Step;
use crate::tlv;
use rand::CryptoRng;

/// The way that was taken: which protocol with which key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Way {
    pub(crate) info: ChipAuthenticationInfo,
    pub(crate) key: ChipAuthenticationKey,
    /// The chip says which key, so we say it too.
    pub(crate) numbered: bool,
}

/// Why a chip did not authenticate itself.
pub(crate) enum Failure {
    /// The chip refused, or its key is none: it does not do what it announces.
    Chip(String),
    /// This gate cannot compute in the group that the chip announces.
    Unsupported(String),
    /// The conversation ended.
    Read(ReadError),
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

impl From<CryptoError> for Failure {
    fn from(error: CryptoError) -> Self {
        Self::Read(error.into())
    }
}

impl From<DomainError> for Failure {
    fn from(error: DomainError) -> Self {
        match error {
            DomainError::Crypto(error) => error.into(),
            DomainError::Unknown { .. } | DomainError::Large { .. } => {
                Self::Unsupported(error.to_string())
            }
            DomainError::Element { .. } | DomainError::Structure(_) => {
                Self::Chip(error.to_string())
            }
        }
    }
}

/// The best way that a chip announces: curves before prime fields, then the longest key.
///
/// Some chips announce a key and no way (French and others): triple DES is then meant.
pub(crate) fn choose(infos: &SecurityInfos) -> Option<Way> {
    let key_for = |info: &ChipAuthenticationInfo| {
        let fits = |key: &&ChipAuthenticationKey| {
            key.agreement == info.agreement && (info.key.is_none() || info.key == key.key)
        };
        infos.keys.iter().find(fits).cloned()
    };
    let announced = infos.chip_authentication.iter();
    let ways = announced.filter_map(|info| key_for(info).map(|key| (info.clone(), key)));
    if let Some((info, key)) = ways.max_by_key(|(info, _)| (info.agreement, info.suite)) {
        let numbered = info.key.is_some();
        return Some(Way {
            info,
            key,
            numbered,
        });
    }
    if !infos.chip_authentication.is_empty() {
        return None;
    }
    let key = infos.keys.iter().max_by_key(|key| key.agreement)?.clone();
    let info = ChipAuthenticationInfo {
        agreement: key.agreement,
        suite: Suite::TripleDes,
        key: key.key.clone(),
    };
    let numbered = infos.keys.len() > 1 && key.key.is_some();
    Some(Way {
        info,
        key,
        numbered,
    })
}

/// Agrees on new keys. Only the next response shows whether the chip has them, too.
pub(crate) fn authenticate(
    channel: &mut Channel<'_>,
    way: &Way,
    rng: &mut impl CryptoRng,
) -> Result<(), Failure> {
    let (domain, static_key) = Domain::of_public_key(&way.key.public_key)?;
    let (private, public) = domain.key_pair(rng)?;
    let ours = domain.encode(&public)?;
    if way.info.suite == Suite::TripleDes {
        // The older commands first, which some chips know alone; the others where they are refused.
        match set_key(channel, way, &ours)? {
            status if status.is_done() => {}
            Status(0x6A80 | 0x6A86 | 0x6A88 | 0x6D00) => set_and_authenticate(channel, way, &ours)?,
            status => return Err(refused(status)),
        }
    } else {
        set_and_authenticate(channel, way, &ours)?;
    }
    let secret = domain.agree(&private, &static_key)?;
    channel.protect(SecureMessaging::derive(way.info.suite, &secret, 0)?);
    Ok(())
}

/// MSE:Set KAT, which knows triple DES only (Doc 9303-11, 6.2.4.1).
fn set_key(channel: &mut Channel<'_>, way: &Way, ours: &[u8]) -> Result<Status, Failure> {
    let mut data = Vec::with_capacity(ours.len() + 8);
    tlv::write(&mut data, 0x91, ours);
    number(&mut data, way);
    Ok(channel.exchange(STEP, &set(0xA6, &data))?.status)
}

/// MSE:Set AT and GENERAL AUTHENTICATE (Doc 9303-11, 6.2.4.2).
fn set_and_authenticate(channel: &mut Channel<'_>, way: &Way, ours: &[u8]) -> Result<(), Failure> {
    let mut data = Vec::with_capacity(20);
    tlv::write(&mut data, 0x80, &way.info.identifier());
    number(&mut data, way);
    let status = channel.exchange(STEP, &set(0xA4, &data))?.status;
    if !status.is_done() {
        return Err(refused(status));
    }
    let mut key = Vec::with_capacity(ours.len() + 4);
    tlv::write(&mut key, 0x80, ours);
    let mut data = Vec::with_capacity(key.len() + 4);
    tlv::write(&mut data, 0x7C, &key);
    let command = Command {
        class: 0,
        instruction: 0x86,
        p1: 0,
        p2: 0,
        data: &data,
        // The answer is empty; a longer one would need extended length, which a reader may not have.
        expected: Some(channel.short_block()),
    };
    let status = channel.exchange(STEP, &command)?.status;
    if status == Status::SUCCESS {
        Ok(())
    } else {
        Err(refused(status))
    }
}

const STEP: Step = Step::ChipAuthentication;

const fn set(p2: u8, data: &[u8]) -> Command<'_> {
    Command {
        class: 0,
        instruction: 0x22,
        p1: 0x41,
        p2,
        data,
        expected: None,
    }
}

fn number(data: &mut Vec<u8>, way: &Way) {
    if let (true, Some(key)) = (way.numbered, &way.key.key) {
        tlv::write(data, 0x84, key);
    }
}

fn refused(status: Status) -> Failure {
    Failure::Chip(format!("the chip refused with status {status}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::security_info::Agreement::{self, Dh, Ecdh};

    fn key(agreement: Agreement, number: Option<u8>) -> ChipAuthenticationKey {
        ChipAuthenticationKey {
            agreement,
            public_key: vec![number.unwrap_or(0)],
            key: number.map(|number| vec![number]),
        }
    }

    fn info(agreement: Agreement, suite: Suite, number: Option<u8>) -> ChipAuthenticationInfo {
        ChipAuthenticationInfo {
            agreement,
            suite,
            key: number.map(|number| vec![number]),
        }
    }

    #[test]
    fn the_best_way_is_chosen_with_the_key_that_belongs_to_it() {
        use Suite::{Aes128, Aes256, TripleDes};
        type Case = (
            Vec<ChipAuthenticationInfo>,
            Vec<ChipAuthenticationKey>,
            Option<(Agreement, Suite, Option<u8>, bool)>,
        );
        let cases: Vec<Case> = vec![
            (vec![], vec![], None),
            (vec![info(Ecdh, Aes128, None)], vec![], None),
            (
                vec![info(Ecdh, Aes128, Some(2))],
                vec![key(Ecdh, Some(1))],
                None,
            ),
            (
                vec![],
                vec![key(Ecdh, None)],
                Some((Ecdh, TripleDes, None, false)),
            ),
            (
                vec![],
                vec![key(Dh, None)],
                Some((Dh, TripleDes, None, false)),
            ),
            (
                vec![info(Dh, Aes256, None), info(Ecdh, Aes128, None)],
                vec![key(Dh, None), key(Ecdh, None)],
                Some((Ecdh, Aes128, None, false)),
            ),
            (
                vec![info(Ecdh, Aes128, Some(1)), info(Ecdh, Aes256, Some(2))],
                vec![key(Ecdh, Some(1)), key(Ecdh, Some(2))],
                Some((Ecdh, Aes256, Some(2), true)),
            ),
        ];
        for (chip_authentication, keys, expected) in cases {
            let infos = SecurityInfos {
                chip_authentication,
                keys,
                ..SecurityInfos::default()
            };
            let way = choose(&infos).map(|way| {
                let number = way.key.key.and_then(|number| number.first().copied());
                (way.info.agreement, way.info.suite, number, way.numbered)
            });
            assert_eq!(way, expected, "{infos:?}");
        }
    }
}
