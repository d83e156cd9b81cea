//! Active Authentication (Doc 9303-11, 6.1): the chip signs a challenge with a key whose public part
//! is in DG15.
//!
//! The conversation only collects the signature; [`verify`] judges it, also much later, without the
//! document.

use crate::algorithm::Digest;
use crate::apdu::{Command, Response, SHORT_RESPONSE, Status};
use crate::channel::Channel;
use crate::chip::ReadError;
use crate::crypto;
use crate::step::Step;
use crate::tlv::Reader;
use openssl::bn::{BigNum, BigNumContext};
use openssl::ecdsa::EcdsaSig;
use openssl::error::ErrorStack;
use openssl::pkey::{Id, PKey, Public};
use openssl::rsa::Padding;

/// Bytes of a challenge.
pub const CHALLENGE: usize = 8;

/// Largest RSA key looked at.
const MODULUS_MAX: usize = 4096 / 8;

/// What verification says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The signature is right: with which algorithm.
    Right(String),
    /// It is not: why.
    Wrong(&'static str),
    /// This gate cannot say: why.
    Unsupported(&'static str),
}

/// Asks the chip for a signature over `challenge`; its length is that of the key in `dg15`. `long`
/// says whether the reader carries extended length.
///
/// Chips differ in the length that they want to be asked for (Australian ones cut a long signature
/// that was asked for with a short length; Chinese ones give nothing for the longest; Norwegian ones
/// say 6C80), so three are tried.
pub(crate) fn ask(
    channel: &mut Channel<'_>,
    dg15: &[u8],
    challenge: &[u8; CHALLENGE],
    long: bool,
) -> Result<Response, ReadError> {
    let modulus = public_key(dg15)
        .ok()
        .and_then(|key| key.rsa().ok())
        .map(|key| usize::try_from(key.size()).unwrap_or(0));
    let wanted = modulus.unwrap_or(0);
    let short = channel.short_block();
    let most = if long { 65_536 } else { short };
    let mut last = None;
    for expected in [modulus.unwrap_or(short), SHORT_RESPONSE, 65_536] {
        let command = Command {
            class: 0,
            instruction: 0x88,
            p1: 0,
            p2: 0,
            data: challenge,
            expected: Some(expected.clamp(1, most)),
        };
        let mut response = channel.exchange(Step::ActiveAuthentication, &command)?;
        if response.status.sw1() == 0x6C {
            let expected = match response.status.sw2() {
                0 => SHORT_RESPONSE,
                announced => usize::from(announced),
            };
            let command = Command {
                expected: Some(expected),
                ..command
            };
            response = channel.exchange(Step::ActiveAuthentication, &command)?;
        }
        let complete = response.status == Status::SUCCESS && !response.data.is_empty();
        // A signature may be one byte shorter, where its first byte is zero.
        if complete && response.data.len() + 1 >= wanted {
            return Ok(response);
        }
        let gives_up = !complete && !is_about_length(response.status);
        last = Some(response);
        if gives_up {
            break;
        }
    }
    // The loop runs at least once.
    last.ok_or(ReadError::Card {
        step: Step::ActiveAuthentication,
        error: crate::card::CardError::TooShort { found: 0 },
    })
}

const fn is_about_length(status: Status) -> bool {
    matches!(status.0, 0x9000 | 0x6700 | 0x6282 | 0x6F00) || status.sw1() == 0x6C
}

/// Judges `signature` over `challenge` with the key in `dg15`. `announced` is the digest that DG14
/// names for ECDSA, if it names one.
#[must_use]
pub fn verify(
    dg15: &[u8],
    announced: Option<Digest>,
    challenge: &[u8],
    signature: &[u8],
) -> Verdict {
    let key = match public_key(dg15) {
        Ok(key) => key,
        Err(verdict) => return verdict,
    };
    let verdict = match key.id() {
        Id::RSA => verify_rsa(&key, challenge, signature),
        Id::EC => verify_ecdsa(&key, announced, challenge, signature),
        _ => return Verdict::Unsupported("the key in DG15 is of an unknown kind"),
    };
    verdict.unwrap_or(Verdict::Unsupported("OpenSSL cannot compute with this key"))
}

fn public_key(dg15: &[u8]) -> Result<PKey<Public>, Verdict> {
    let file = Reader::new(dg15)
        .expect(0x6F, "DG15 (6F)")
        .map_err(|_| Verdict::Wrong("DG15 holds no public key"))?;
    PKey::public_key_from_der(file.value)
        .map_err(|_| Verdict::Unsupported("the key in DG15 is of an unknown kind"))
}

/// ISO/IEC 9796-2, digital signature scheme 1, with partial recovery.
fn verify_rsa(
    key: &PKey<Public>,
    challenge: &[u8],
    signature: &[u8],
) -> Result<Verdict, ErrorStack> {
    let rsa = key.rsa()?;
    let width = usize::try_from(rsa.size()).unwrap_or(0);
    if width > MODULUS_MAX {
        return Ok(Verdict::Unsupported("RSA key of more than 4096 bits"));
    }
    let number = BigNum::from_slice(signature)?;
    if signature.is_empty() || signature.len() > width + 1 || number >= *rsa.n() {
        return Ok(Verdict::Wrong(
            "the signature has another length than the key",
        ));
    }
    // Chips drop leading zeros, or add one.
    let padded = number.to_vec_padded(rsa.size().try_into().unwrap_or(0))?;
    let mut message = vec![0; width];
    rsa.public_decrypt(&padded, &mut message, Padding::NONE)?;
    if message.last().is_none_or(|last| last & 0x0F != 0x0C) {
        // The chip may have sent the smaller of the signature and its complement.
        let mut context = BigNumContext::new()?;
        let mut complement = BigNum::new()?;
        complement.mod_sub(
            rsa.n(),
            &*BigNum::from_slice(&message)?,
            rsa.n(),
            &mut context,
        )?;
        message = complement.to_vec_padded(rsa.size().try_into().unwrap_or(0))?;
    }
    let (digest, trailer) = match *message.as_slice() {
        [.., 0xBC] => (Digest::Sha1, 1),
        [.., 0x33, 0xCC] => (Digest::Sha1, 2),
        [.., 0x34, 0xCC] => (Digest::Sha256, 2),
        [.., 0x35, 0xCC] => (Digest::Sha512, 2),
        [.., 0x36, 0xCC] => (Digest::Sha384, 2),
        [.., 0x38, 0xCC] => (Digest::Sha224, 2),
        _ => {
            return Ok(Verdict::Wrong(
                "the signature has no trailer of ISO/IEC 9796-2",
            ));
        }
    };
    // Header 6A: part of the message is recovered. A shorter one begins with 4A and padding.
    let length = digest.of(&[])?.len();
    let Some(end) = message.len().checked_sub(trailer + length) else {
        return Ok(Verdict::Wrong("the key is too short for the digest"));
    };
    let Some((0x6A, recovered)) = message[..end].split_first() else {
        return Ok(Verdict::Wrong(
            "the signature has no header of ISO/IEC 9796-2",
        ));
    };
    let signed = digest.of(&[recovered, challenge].concat())?;
    Ok(if crypto::same(&signed, &message[end..end + length]) {
        Verdict::Right(format!("RSA {} bits, {digest:?}", width * 8))
    } else {
        Verdict::Wrong("the signature is not over this challenge")
    })
}

/// Digests to try where DG14 is silent: the usual ones first.
const DIGESTS: [Digest; 5] = [
    Digest::Sha256,
    Digest::Sha384,
    Digest::Sha512,
    Digest::Sha224,
    Digest::Sha1,
];

/// Two numbers side by side (BSI TR-03111, 5.2.1), or as a sequence (X9.62), which Portuguese cards
/// send. The digest is the one that DG14 names; where it names none, or another than the chip uses,
/// it is tried which one fits.
fn verify_ecdsa(
    key: &PKey<Public>,
    announced: Option<Digest>,
    challenge: &[u8],
    signature: &[u8],
) -> Result<Verdict, ErrorStack> {
    let key = key.ec_key()?;
    let plain = || -> Option<EcdsaSig> {
        let (r, s) = signature.split_at(signature.len() / 2);
        let is_even = signature.len().is_multiple_of(2) && !signature.is_empty();
        let numbers = (BigNum::from_slice(r).ok()?, BigNum::from_slice(s).ok()?);
        is_even
            .then(|| EcdsaSig::from_private_components(numbers.0, numbers.1).ok())
            .flatten()
    };
    let forms = [
        ("plain", plain()),
        ("DER", EcdsaSig::from_der(signature).ok()),
    ];
    if forms.iter().all(|(_, form)| form.is_none()) {
        return Ok(Verdict::Wrong("the signature is no pair of numbers"));
    }
    for digest in announced.into_iter().chain(DIGESTS) {
        let signed = digest.of(challenge)?;
        for (name, form) in &forms {
            let Some(form) = form else { continue };
            if form.verify(&signed, &key).unwrap_or(false) {
                let bits = key.group().degree();
                return Ok(Verdict::Right(format!(
                    "ECDSA {bits} bits, {digest:?}, {name} signature"
                )));
            }
        }
    }
    // What failed is no error of OpenSSL's.
    let _cleared = ErrorStack::get();
    Ok(Verdict::Wrong("the signature is not over this challenge"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tlv;
    use openssl::ec::{EcGroup, EcKey};
    use openssl::nid::Nid;
    use openssl::pkey::Private;
    use openssl::rsa::Rsa;

    const CHALLENGE: [u8; 8] = [1, 2, 3, 4, 5, 6, 7, 8];

    fn dg15(key: &PKey<Private>) -> Vec<u8> {
        let mut file = Vec::new();
        tlv::write(&mut file, 0x6F, &key.public_key_to_der().unwrap());
        file
    }

    /// Signs as ISO/IEC 9796-2 says, with a header, a recovered part and a trailer.
    fn sign(key: &Rsa<Private>, digest: Digest, trailer: &[u8], header: u8) -> Vec<u8> {
        let width = key.size() as usize;
        let length = digest.of(&[]).unwrap().len();
        let recovered = vec![0x5A; width - 1 - length - trailer.len()];
        let signed = digest.of(&[&recovered[..], &CHALLENGE].concat()).unwrap();
        let message = [&[header][..], &recovered, &signed, trailer].concat();
        let mut signature = vec![0; width];
        key.private_encrypt(&message, &mut signature, Padding::NONE)
            .unwrap();
        signature
    }

    #[test]
    fn rsa_signatures_are_believed_with_every_trailer_and_no_other() {
        let key = Rsa::generate(1024).unwrap();
        let file = dg15(&PKey::from_rsa(key.clone()).unwrap());
        let judge = |signature: &[u8]| verify(&file, None, &CHALLENGE, signature);
        for (digest, trailer) in [
            (Digest::Sha1, &[0xBC][..]),
            (Digest::Sha1, &[0x33, 0xCC]),
            (Digest::Sha256, &[0x34, 0xCC]),
            (Digest::Sha512, &[0x35, 0xCC]),
            (Digest::Sha384, &[0x36, 0xCC]),
            (Digest::Sha224, &[0x38, 0xCC]),
        ] {
            let signature = sign(&key, digest, trailer, 0x6A);
            assert!(matches!(judge(&signature), Verdict::Right(_)), "{digest:?}");
            let other = verify(&file, None, &[0; 8], &signature);
            assert_eq!(
                other,
                Verdict::Wrong("the signature is not over this challenge")
            );
            // The complement of a signature is one, too.
            let number = BigNum::from_slice(&signature).unwrap();
            let complement = (key.n() - &number).to_vec_padded(128).unwrap();
            assert!(
                matches!(judge(&complement), Verdict::Right(_)),
                "{digest:?}"
            );
            let longer = [&[0][..], &signature].concat();
            assert!(matches!(judge(&longer), Verdict::Right(_)), "{digest:?}");
        }
        for (digest, trailer, header) in [
            (Digest::Sha256, &[0xBC][..], 0x6A),
            (Digest::Sha1, &[0x34, 0xCC], 0x6A),
            (Digest::Sha1, &[0x39, 0xCC], 0x6A),
            (Digest::Sha1, &[0xBC], 0x4A),
        ] {
            let verdict = judge(&sign(&key, digest, trailer, header));
            assert!(matches!(verdict, Verdict::Wrong(_)), "{verdict:?}");
        }
        for signature in [&[][..], &[0; 128], &[0xFF; 128], &[1; 64], &[1; 130]] {
            assert!(matches!(judge(signature), Verdict::Wrong(_)));
        }
    }

    #[test]
    fn a_signature_whose_first_bytes_are_zero_may_come_shorter() {
        let key = Rsa::generate(1024).unwrap();
        let file = dg15(&PKey::from_rsa(key.clone()).unwrap());
        let mut met = false;
        for number in 0_u32..3000 {
            let challenge = [&number.to_be_bytes()[..], &[0; 4]].concat();
            let recovered = vec![0x5A; 128 - 22];
            let signed = Digest::Sha1
                .of(&[&recovered[..], &challenge].concat())
                .unwrap();
            let message = [&[0x6A][..], &recovered, &signed, &[0xBC]].concat();
            let mut signature = vec![0; 128];
            key.private_encrypt(&message, &mut signature, Padding::NONE)
                .unwrap();
            if signature[0] == 0 {
                met = true;
                let verdict = verify(&file, None, &challenge, &signature[1..]);
                assert!(matches!(verdict, Verdict::Right(_)), "{verdict:?}");
                break;
            }
        }
        assert!(met, "one signature in 256 begins with zero");
    }

    #[test]
    fn ecdsa_signatures_are_believed_in_both_forms_whatever_the_digest() {
        for (curve, digest) in [
            (Nid::X9_62_PRIME256V1, Digest::Sha1),
            (Nid::BRAINPOOL_P256R1, Digest::Sha256),
            (Nid::SECP384R1, Digest::Sha256),
            (Nid::SECP521R1, Digest::Sha512),
            (Nid::BRAINPOOL_P224R1, Digest::Sha384),
        ] {
            let group = EcGroup::from_curve_name(curve).unwrap();
            let key = EcKey::generate(&group).unwrap();
            let file = dg15(&PKey::from_ec_key(key.clone()).unwrap());
            let signed = digest.of(&CHALLENGE).unwrap();
            let signature = EcdsaSig::sign(&signed, &key).unwrap();
            let width = i32::try_from(group.order_bits().div_ceil(8)).unwrap();
            let plain = [
                signature.r().to_vec_padded(width).unwrap(),
                signature.s().to_vec_padded(width).unwrap(),
            ]
            .concat();
            for announced in [None, Some(digest), Some(Digest::Sha224)] {
                for signature in [&plain, &signature.to_der().unwrap()] {
                    let verdict = verify(&file, announced, &CHALLENGE, signature);
                    assert!(matches!(verdict, Verdict::Right(_)), "{digest:?}");
                    let verdict = verify(&file, announced, &[0; 8], signature);
                    assert!(matches!(verdict, Verdict::Wrong(_)), "{digest:?}");
                }
            }
            for signature in [&[][..], &plain[1..], &[0; 64], &[0x30, 0x00]] {
                let verdict = verify(&file, None, &CHALLENGE, signature);
                assert!(matches!(verdict, Verdict::Wrong(_)), "{digest:?}");
            }
        }
    }

    #[test]
    fn a_file_that_holds_no_key_proves_nothing() {
        for (file, expected) in [
            (&[][..], Verdict::Wrong("DG15 holds no public key")),
            (
                &[0x6F, 0x01, 0x00],
                Verdict::Unsupported("the key in DG15 is of an unknown kind"),
            ),
        ] {
            assert_eq!(verify(file, None, &CHALLENGE, &[1; 128]), expected);
        }
    }
}
