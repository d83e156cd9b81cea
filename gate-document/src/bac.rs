//! Basic Access Control (Doc 9303-11, 4.3): who has read the printed zone may read the chip.

use crate::access::{AccessError, PasswordKind};
use crate::apdu::{self, Command, Response, Status};
use crate::channel::Channel;
use crate::chip::ReadError;
use crate::cipher::Suite;
use crate::crypto::{self, CryptoError, KeyUse, TripleDesKey};
use crate::mrz::AccessKey;
use crate::secure_messaging::SecureMessaging;
use crate::step::Step;
use crate::tlv::{Found, TlvError};
use rand::CryptoRng;
use zeroize::Zeroizing;

/// Bytes of a challenge, of key material, and of cryptogram and MAC together.
const CHALLENGE: usize = 8;
const KEY_MATERIAL: usize = 16;
const CRYPTOGRAM: usize = 2 * CHALLENGE + KEY_MATERIAL;
const TOKEN: usize = CRYPTOGRAM + 8;

/// Keys derived from the printed zone.
struct DocumentKeys {
    encryption: TripleDesKey,
    mac: TripleDesKey,
}

impl DocumentKeys {
    fn new(key: &AccessKey) -> Result<Self, CryptoError> {
        let digest = crypto::sha1(key.mrz_information().as_bytes())?;
        let seed = &digest[..KEY_MATERIAL];
        Ok(Self {
            encryption: crypto::triple_des_key(seed, KeyUse::Encryption)?,
            mac: crypto::triple_des_key(seed, KeyUse::Mac)?,
        })
    }

    fn seal(&self, plain: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let mut token = crypto::triple_des_encrypt(&self.encryption, plain)?;
        let mac = crypto::retail_mac(&self.mac, &token)?;
        token.extend_from_slice(&mac);
        Ok(token)
    }

    /// `None` where the MAC is wrong.
    fn open(&self, token: &[u8]) -> Result<Option<Zeroizing<Vec<u8>>>, CryptoError> {
        let (cryptogram, mac) = token.split_at(CRYPTOGRAM);
        if !crypto::same(&crypto::retail_mac(&self.mac, cryptogram)?, mac) {
            return Ok(None);
        }
        crypto::triple_des_decrypt(&self.encryption, cryptogram).map(Some)
    }
}

/// Proves to the chip that we have read the printed zone, and agrees on session keys.
pub(crate) fn authenticate(
    channel: &mut Channel<'_>,
    key: &AccessKey,
    rng: &mut impl CryptoRng,
) -> Result<SecureMessaging, ReadError> {
    let keys = DocumentKeys::new(key)?;
    // Some chips want the exact length of the answer, others any length (quirk of German passports
    // of 2020 to 2023). A refused attempt spends the challenge, so the second begins anew.
    match attempt(channel, &keys, rng, TOKEN) {
        Err(ReadError::Access(AccessError::Refused { status, .. })) if is_about_length(status) => {
            attempt(channel, &keys, rng, apdu::SHORT_RESPONSE)
        }
        result => result,
    }
}

const fn is_about_length(status: Status) -> bool {
    matches!(status.0, 0x6700 | 0x6A88) || status.sw1() == 0x6C
}

fn attempt(
    channel: &mut Channel<'_>,
    keys: &DocumentKeys,
    rng: &mut impl CryptoRng,
    expected: usize,
) -> Result<SecureMessaging, ReadError> {
    const NOT_MUTUAL: AccessError = AccessError::NotMutual {
        step: Step::MutualAuthentication,
    };
    let chip_challenge = get_challenge(channel)?;
    let mut our_challenge = [0; CHALLENGE];
    rng.fill_bytes(&mut our_challenge);
    let mut our_material = Zeroizing::new([0; KEY_MATERIAL]);
    rng.fill_bytes(&mut *our_material);
    let plain = Zeroizing::new([&our_challenge[..], &chip_challenge, &*our_material].concat());
    let response = external_authenticate(channel, &keys.seal(&plain)?, expected)?;
    let answer = keys.open(&response.data)?.ok_or(NOT_MUTUAL)?;
    let (challenges, chip_material) = answer.split_at(2 * CHALLENGE);
    if !crypto::same(challenges, &[chip_challenge, our_challenge].concat()) {
        return Err(NOT_MUTUAL.into());
    }
    let mut seed = Zeroizing::new([0; KEY_MATERIAL]);
    for (byte, (ours, theirs)) in seed.iter_mut().zip(our_material.iter().zip(chip_material)) {
        *byte = ours ^ theirs;
    }
    let counter = first_counter(chip_challenge, our_challenge);
    Ok(SecureMessaging::derive(Suite::TripleDes, &*seed, counter)?)
}

/// The second half of each challenge, the chip's first (Doc 9303-11, 9.8.6.3).
fn first_counter(chip: [u8; CHALLENGE], ours: [u8; CHALLENGE]) -> u128 {
    let half = |challenge| u64::from_be_bytes(challenge) & 0xFFFF_FFFF;
    u128::from(half(chip) << 32 | half(ours))
}

fn get_challenge(channel: &mut Channel<'_>) -> Result<[u8; CHALLENGE], ReadError> {
    let step = Step::Challenge;
    let command = Command {
        class: 0,
        instruction: 0x84,
        p1: 0,
        p2: 0,
        data: &[],
        expected: Some(CHALLENGE),
    };
    let response = channel.exchange(step, &command)?;
    if response.status != Status::SUCCESS {
        return Err(refused(step, response.status).into());
    }
    let challenge = response.data.as_slice().try_into();
    Ok(challenge.map_err(|_| wrong_length(step, "challenge of 8 bytes", &response))?)
}

fn external_authenticate(
    channel: &mut Channel<'_>,
    token: &[u8],
    expected: usize,
) -> Result<Response, ReadError> {
    let step = Step::MutualAuthentication;
    let command = Command {
        class: 0,
        instruction: 0x82,
        p1: 0,
        p2: 0,
        data: token,
        expected: Some(expected),
    };
    let response = channel.exchange(step, &command)?;
    let status = response.status;
    Err(match status.0 {
        0x9000 if response.data.len() == TOKEN => return Ok(response),
        0x9000 => wrong_length(step, "cryptogram and code of 40 bytes", &response),
        // Verification failed: 6300 with or without a counter; some chips call the token wrong data
        // or a wrong secure messaging object.
        0x6300..=0x63FF | 0x6688 | 0x6988 | 0x6A80 => AccessError::WrongPassword {
            step,
            password: PasswordKind::Mrz,
            status,
        },
        _ => refused(step, status),
    }
    .into())
}

const fn refused(step: Step, status: Status) -> AccessError {
    AccessError::Refused {
        step,
        status,
        without_pace: None,
    }
}

fn wrong_length(step: Step, expected: &'static str, response: &Response) -> AccessError {
    let problem = TlvError {
        offset: 0,
        expected,
        found: Found::Length(response.data.len()),
    };
    AccessError::Structure { step, problem }
}
