//! Basic Access Control (Doc 9303-11, 4.3): who has read the printed zone may read the chip.

use crate::apdu::{self, Command, Response, Status};
use crate::card::{Card, CardError};
use crate::crypto::{self, CryptoError, KeyUse, TripleDesKey};
use crate::mrz::AccessKey;
use crate::secure_messaging::{SecureMessaging, SessionKeys};
use rand::CryptoRng;
use zeroize::Zeroizing;

/// Why a chip stays closed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccessError {
    /// See [`CardError`].
    #[error(transparent)]
    Card(#[from] CardError),
    /// The chip does not accept this key: the printed zone is misread, or it is not this chip's.
    /// Read the zone again.
    #[error("the chip refused the key from the printed zone with status {status}")]
    WrongKey {
        /// Usually 6300.
        status: Status,
    },
    /// The chip does not offer the protocol. Newer documents want PACE.
    #[error("the chip refused {step} with status {status}")]
    NotOffered {
        /// Which command.
        step: &'static str,
        /// Usually 6982 or 6985.
        status: Status,
    },
    /// The answer has another length than the standard says.
    #[error("the chip answered {step} with {found} bytes, {expected} expected")]
    Length {
        /// Which command.
        step: &'static str,
        /// Bytes that the standard prescribes.
        expected: usize,
        /// Bytes received.
        found: usize,
    },
    /// The chip accepted our key and does not know it itself: a relay or a forged chip.
    #[error("the chip did not prove that it knows the key from the printed zone")]
    NotMutual,
    /// See [`CryptoError`].
    #[error(transparent)]
    Crypto(#[from] CryptoError),
}

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
    card: &mut dyn Card,
    key: &AccessKey,
    rng: &mut impl CryptoRng,
) -> Result<SecureMessaging, AccessError> {
    let keys = DocumentKeys::new(key)?;
    // Some chips want the exact length of the answer, others any length (quirk of German passports
    // of 2020 to 2023). A refused attempt spends the challenge, so the second begins anew.
    match attempt(card, &keys, rng, TOKEN) {
        Err(AccessError::NotOffered { status, .. }) if is_about_length(status) => {
            attempt(card, &keys, rng, apdu::SHORT_RESPONSE)
        }
        result => result,
    }
}

const fn is_about_length(status: Status) -> bool {
    matches!(status.0, 0x6700 | 0x6A88) || status.sw1() == 0x6C
}

fn attempt(
    card: &mut dyn Card,
    keys: &DocumentKeys,
    rng: &mut impl CryptoRng,
    expected: usize,
) -> Result<SecureMessaging, AccessError> {
    let chip_challenge = get_challenge(card)?;
    let mut our_challenge = [0; CHALLENGE];
    rng.fill_bytes(&mut our_challenge);
    let mut our_material = Zeroizing::new([0; KEY_MATERIAL]);
    rng.fill_bytes(&mut *our_material);
    let plain = Zeroizing::new([&our_challenge[..], &chip_challenge, &*our_material].concat());
    let response = external_authenticate(card, &keys.seal(&plain)?, expected)?;
    let answer = keys.open(&response.data)?.ok_or(AccessError::NotMutual)?;
    let (challenges, chip_material) = answer.split_at(2 * CHALLENGE);
    if !crypto::same(challenges, &[chip_challenge, our_challenge].concat()) {
        return Err(AccessError::NotMutual);
    }
    let mut seed = Zeroizing::new([0; KEY_MATERIAL]);
    for (byte, (ours, theirs)) in seed.iter_mut().zip(our_material.iter().zip(chip_material)) {
        *byte = ours ^ theirs;
    }
    let session = SessionKeys::TripleDes {
        encryption: crypto::triple_des_key(&*seed, KeyUse::Encryption)?,
        mac: crypto::triple_des_key(&*seed, KeyUse::Mac)?,
    };
    Ok(SecureMessaging::new(
        session,
        first_counter(chip_challenge, our_challenge),
    ))
}

/// The second half of each challenge, the chip's first (Doc 9303-11, 9.8.6.2).
fn first_counter(chip: [u8; CHALLENGE], ours: [u8; CHALLENGE]) -> u128 {
    let half = |challenge| u64::from_be_bytes(challenge) & 0xFFFF_FFFF;
    u128::from(half(chip) << 32 | half(ours))
}

fn get_challenge(card: &mut dyn Card) -> Result<[u8; CHALLENGE], AccessError> {
    const STEP: &str = "GET CHALLENGE";
    let command = Command {
        class: 0,
        instruction: 0x84,
        p1: 0,
        p2: 0,
        data: &[],
        expected: Some(CHALLENGE),
    };
    let response = apdu::transmit(card, &command)?;
    if response.status != Status::SUCCESS {
        return Err(AccessError::NotOffered {
            step: STEP,
            status: response.status,
        });
    }
    let found = response.data.len();
    response
        .data
        .as_slice()
        .try_into()
        .map_err(|_| AccessError::Length {
            step: STEP,
            expected: CHALLENGE,
            found,
        })
}

fn external_authenticate(
    card: &mut dyn Card,
    token: &[u8],
    expected: usize,
) -> Result<Response, AccessError> {
    const STEP: &str = "EXTERNAL AUTHENTICATE";
    let command = Command {
        class: 0,
        instruction: 0x82,
        p1: 0,
        p2: 0,
        data: token,
        expected: Some(expected),
    };
    let response = apdu::transmit(card, &command)?;
    let status = response.status;
    match status.0 {
        0x9000 if response.data.len() == TOKEN => Ok(response),
        0x9000 => Err(AccessError::Length {
            step: STEP,
            expected: TOKEN,
            found: response.data.len(),
        }),
        // Verification failed: 6300 with or without a counter; some chips call the token wrong data
        // or a wrong secure messaging object.
        0x6300..=0x63FF | 0x6688 | 0x6988 | 0x6A80 => Err(AccessError::WrongKey { status }),
        _ => Err(AccessError::NotOffered { step: STEP, status }),
    }
}
