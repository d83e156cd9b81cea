//! Signatures of seals: ECDSA, r and s one after the other.

use super::SealSignature;
use crate::algorithm::{Digest, SignatureAlgorithm};
use openssl::bn::BigNum;
use openssl::ecdsa::EcdsaSig;
use openssl::error::ErrorStack;
use openssl::nid::Nid;
use openssl::pkey::{HasPublic, Id, PKey, PKeyRef, Private, Public};

/// The digest for a key of so many bits: the smallest that is no shorter (Doc 9303-13; BSI
/// TR-03137-1).
#[must_use]
pub const fn digest_for(bits: u32) -> Digest {
    match bits {
        0..=224 => Digest::Sha224,
        225..=256 => Digest::Sha256,
        257..=384 => Digest::Sha384,
        _ => Digest::Sha512,
    }
}

/// Bytes of r, and of s, under this key.
fn half<T: HasPublic>(key: &PKeyRef<T>) -> usize {
    key.bits().div_ceil(8) as usize
}

/// A signature with `key` over `unsigned`, r and s one after the other, each as long as the key.
///
/// # Errors
///
/// [`ErrorStack`] when the key is none of an elliptic curve.
pub fn sign(
    key: &PKeyRef<Private>,
    digest: Digest,
    unsigned: &[u8],
) -> Result<Vec<u8>, ErrorStack> {
    let signature = EcdsaSig::sign(&digest.of(unsigned)?, &*key.ec_key()?)?;
    let half = half(key);
    let fixed = |number: &openssl::bn::BigNumRef| {
        number.to_vec_padded(i32::try_from(half).unwrap_or(i32::MAX))
    };
    Ok([fixed(signature.r())?, fixed(signature.s())?].concat())
}

/// The digest of `unsigned`, for keys that sign elsewhere.
///
/// # Errors
///
/// [`ErrorStack`] when OpenSSL has no such digest.
pub fn digest(digest: Digest, unsigned: &[u8]) -> Result<Vec<u8>, ErrorStack> {
    digest.of(unsigned).map(|bytes| bytes.to_vec())
}

/// Whether `signature` over `signed` is one of `key`, and what it was made with.
pub(super) fn verify(
    key: &PKey<Public>,
    signature: &SealSignature,
    signed: &[u8],
) -> Result<Verified, ErrorStack> {
    if key.id() != Id::EC {
        return Ok(Verified::OtherKey);
    }
    let digest = signature.digest.unwrap_or_else(|| digest_for(key.bits()));
    let curve = key.ec_key()?.group().curve_name();
    let made_with = format!(
        "ECDSA, {}, {}",
        curve.map_or("a curve without name", |curve| name_of(curve)),
        digest.name()
    );
    let bytes = &signature.bytes;
    // r‖s is as long as two numbers of the key; DER never is, but for chance.
    let (der, is_der) = if bytes.len() == 2 * half(key) {
        let (r, s) = bytes.split_at(bytes.len() / 2);
        let numbers =
            EcdsaSig::from_private_components(BigNum::from_slice(r)?, BigNum::from_slice(s)?)?;
        (numbers.to_der()?, false)
    } else {
        (bytes.clone(), true)
    };
    let right = SignatureAlgorithm::Ecdsa(digest).verify(key, signed, &der)?;
    if right.is_some() {
        Ok(Verified::Right { made_with, is_der })
    } else {
        Ok(Verified::Wrong { made_with })
    }
}

/// What came of verifying a signature.
pub(super) enum Verified {
    Right { made_with: String, is_der: bool },
    Wrong { made_with: String },
    OtherKey,
}

fn name_of(curve: Nid) -> &'static str {
    curve.short_name().unwrap_or("an unknown curve")
}
