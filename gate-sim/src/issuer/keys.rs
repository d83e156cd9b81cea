//! Keys that come out of a seed, so that two programs have the same test authority.
//!
//! They protect nothing: whoever knows the seed has the key.

use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{Asn1Flag, EcGroup, EcKey, EcPoint};
use openssl::error::ErrorStack;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::{Rsa, RsaPrivateKeyBuilder};
use rand::Rng as _;
use rand_chacha::ChaCha20Rng;

/// A key on `curve`, whose parameters are written out as Doc 9303-12, 4.1.6 asks.
pub(super) fn elliptic(curve: Nid, rng: &mut ChaCha20Rng) -> Result<PKey<Private>, ErrorStack> {
    let mut group = EcGroup::from_curve_name(curve)?;
    group.set_asn1_flag(Asn1Flag::EXPLICIT_CURVE);
    let mut context = BigNumContext::new()?;
    let mut order = BigNum::new()?;
    group.order(&mut order, &mut context)?;
    order.sub_word(1)?;
    let wide = random(rng, order.num_bits() / 8 + 8)?;
    let mut scalar = BigNum::new()?;
    scalar.nnmod(&wide, &order, &mut context)?;
    scalar.add_word(1)?;
    let mut point = EcPoint::new(&group)?;
    point.mul_generator2(&group, &scalar, &mut context)?;
    PKey::from_ec_key(EcKey::from_private_components(&group, &scalar, &point)?)
}

/// An RSA key of `bits`, public exponent 65 537.
pub(super) fn rsa(bits: i32, rng: &mut ChaCha20Rng) -> Result<PKey<Private>, ErrorStack> {
    let exponent = BigNum::from_u32(65_537)?;
    let mut context = BigNumContext::new()?;
    let p = prime(bits / 2, &exponent, rng, &mut context)?;
    let q = prime(bits / 2, &exponent, rng, &mut context)?;
    let (mut p1, mut q1) = (p.to_owned()?, q.to_owned()?);
    p1.sub_word(1)?;
    q1.sub_word(1)?;
    let [mut n, mut order, mut d, mut dp, mut dq, mut inverse] = bignums()?;
    n.checked_mul(&p, &q, &mut context)?;
    order.checked_mul(&p1, &q1, &mut context)?;
    d.mod_inverse(&exponent, &order, &mut context)?;
    dp.nnmod(&d, &p1, &mut context)?;
    dq.nnmod(&d, &q1, &mut context)?;
    inverse.mod_inverse(&q, &p, &mut context)?;
    let key: Rsa<Private> = RsaPrivateKeyBuilder::new(n, exponent, d)?
        .set_factors(p, q)?
        .set_crt_params(dp, dq, inverse)?
        .build();
    PKey::from_rsa(key)
}

/// The two keys that are too long to be made anew: RSA 6144 and 4096.
pub(super) fn long_rsa() -> Result<[PKey<Private>; 2], ErrorStack> {
    const PEM: &str = include_str!("long_rsa.pem");
    const END: &str = "-----END PRIVATE KEY-----\n";
    let (csca, signer) = PEM.split_once(END).unwrap_or_default();
    let key = |pem: &str| PKey::private_key_from_pem(pem.as_bytes());
    Ok([key(&format!("{csca}{END}"))?, key(signer)?])
}

/// The first prime at or above a random odd number with its two highest bits set.
fn prime(
    bits: i32,
    exponent: &BigNum,
    rng: &mut ChaCha20Rng,
    context: &mut BigNumContext,
) -> Result<BigNum, ErrorStack> {
    let mut candidate = random(rng, bits / 8)?;
    for bit in [0, bits - 1, bits - 2] {
        candidate.set_bit(bit)?;
    }
    let [mut common, mut less] = bignums()?;
    loop {
        if candidate.is_prime_fasttest(40, context, true)? {
            less.checked_sub(&candidate, &*BigNum::from_u32(1)?)?;
            common.gcd(&less, exponent, context)?;
            if common.num_bits() == 1 {
                return Ok(candidate);
            }
        }
        candidate.add_word(2)?;
    }
}

fn random(rng: &mut ChaCha20Rng, bytes: i32) -> Result<BigNum, ErrorStack> {
    let mut buffer = vec![0; usize::try_from(bytes).unwrap_or(0)];
    rng.fill_bytes(&mut buffer);
    BigNum::from_slice(&buffer)
}

fn bignums<const N: usize>() -> Result<[BigNum; N], ErrorStack> {
    let mut numbers = Vec::with_capacity(N);
    for _ in 0..N {
        numbers.push(BigNum::new()?);
    }
    Ok(numbers
        .try_into()
        .unwrap_or_else(|_| unreachable!("N numbers were made")))
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;

    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_sound_key() {
        let rng = || ChaCha20Rng::seed_from_u64(5);
        let first = elliptic(Nid::BRAINPOOL_P384R1, &mut rng()).unwrap();
        let second = elliptic(Nid::BRAINPOOL_P384R1, &mut rng()).unwrap();
        assert!(first.public_eq(&second));
        first.ec_key().unwrap().check_key().unwrap();

        let first = rsa(2048, &mut rng()).unwrap();
        assert!(first.public_eq(&rsa(2048, &mut rng()).unwrap()));
        assert!(first.rsa().unwrap().check_key().unwrap());
        assert_eq!(first.bits(), 2048);
    }
}
