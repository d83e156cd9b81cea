//! Groups as the chip computes in them. Elements are bytes: an uncompressed point, or a number.
//!
//! Written apart from gate-document on purpose: the two check each other.

use openssl::bn::{BigNum, BigNumContext, BigNumRef};
use openssl::dh::Dh;
use openssl::ec::{EcGroup, EcPoint, PointConversionForm};
use openssl::error::ErrorStack;
use openssl::nid::Nid;
use openssl::symm::Mode;
use rand::Rng as _;
use rand_chacha::ChaCha20Rng;

use super::cipher::Cipher;

/// A group of Doc 9303-11, 9.5.1.
pub(crate) enum Group {
    /// A curve.
    Curve(EcGroup),
    /// A field: prime, generator, order.
    Field(BigNum, BigNum, BigNum),
}

impl Group {
    /// The group of a standardised number.
    pub(crate) fn standardised(number: u8) -> Result<Self, ErrorStack> {
        let names = [
            Nid::X9_62_PRIME192V1,
            Nid::BRAINPOOL_P192R1,
            Nid::SECP224R1,
            Nid::BRAINPOOL_P224R1,
            Nid::X9_62_PRIME256V1,
            Nid::BRAINPOOL_P256R1,
            Nid::BRAINPOOL_P320R1,
            Nid::SECP384R1,
            Nid::BRAINPOOL_P384R1,
            Nid::BRAINPOOL_P512R1,
            Nid::SECP521R1,
        ];
        let field = match number {
            0 => Dh::get_1024_160()?,
            1 => Dh::get_2048_224()?,
            2 => Dh::get_2048_256()?,
            _ => {
                let name = names.get(usize::from(number).wrapping_sub(8));
                let name = name.copied().unwrap_or(Nid::UNDEF);
                return Ok(Self::Curve(EcGroup::from_curve_name(name)?));
            }
        };
        let order = match field.prime_q() {
            Some(order) => order.to_owned()?,
            None => BigNum::from_u32(0)?,
        };
        let (prime, generator) = (field.prime_p().to_owned()?, field.generator().to_owned()?);
        Ok(Self::Field(prime, generator, order))
    }

    /// The generator.
    pub(crate) fn base(&self) -> Result<Vec<u8>, ErrorStack> {
        match self {
            Self::Curve(group) => match group.generator_opt() {
                Some(generator) => encode(group, generator),
                None => Err(ErrorStack::get()),
            },
            Self::Field(_, generator, _) => Ok(generator.to_vec()),
        }
    }

    /// `element`, `scalar` times.
    pub(crate) fn times(&self, element: &[u8], scalar: &BigNumRef) -> Result<Vec<u8>, ErrorStack> {
        let mut context = BigNumContext::new()?;
        match self {
            Self::Curve(group) => {
                let point = EcPoint::from_bytes(group, element, &mut context)?;
                let mut product = EcPoint::new(group)?;
                product.mul2(group, &point, scalar, &mut context)?;
                encode(group, &product)
            }
            Self::Field(prime, ..) => {
                let mut power = BigNum::new()?;
                let base = BigNum::from_slice(element)?;
                power.mod_exp(&base, scalar, prime, &mut context)?;
                Ok(power.to_vec())
            }
        }
    }

    /// Both elements together.
    pub(crate) fn plus(&self, one: &[u8], other: &[u8]) -> Result<Vec<u8>, ErrorStack> {
        let mut context = BigNumContext::new()?;
        match self {
            Self::Curve(group) => {
                let one = EcPoint::from_bytes(group, one, &mut context)?;
                let other = EcPoint::from_bytes(group, other, &mut context)?;
                let mut sum = EcPoint::new(group)?;
                sum.add(group, &one, &other, &mut context)?;
                encode(group, &sum)
            }
            Self::Field(prime, ..) => {
                let mut product = BigNum::new()?;
                let (one, other) = (BigNum::from_slice(one)?, BigNum::from_slice(other)?);
                product.mod_mul(&one, &other, prime, &mut context)?;
                Ok(product.to_vec())
            }
        }
    }

    /// A random number below the order.
    pub(crate) fn scalar(&self, rng: &mut ChaCha20Rng) -> Result<BigNum, ErrorStack> {
        let order = self.order()?;
        let mut wide = vec![0; usize::try_from(order.num_bytes()).unwrap_or(0) + 8];
        rng.fill_bytes(&mut wide);
        let mut scalar = BigNum::new()?;
        scalar.nnmod(
            &*BigNum::from_slice(&wide)?,
            &order,
            &mut *BigNumContext::new()?,
        )?;
        Ok(scalar)
    }

    /// Order of the generator.
    pub(crate) fn order(&self) -> Result<BigNum, ErrorStack> {
        match self {
            Self::Curve(group) => {
                let mut order = BigNum::new()?;
                group.order(&mut order, &mut *BigNumContext::new()?)?;
                Ok(order)
            }
            Self::Field(_, _, order) => (**order).to_owned(),
        }
    }

    /// What both sides know: a point's first coordinate, or the number in full length.
    pub(crate) fn secret(&self, shared: &[u8]) -> Result<Vec<u8>, ErrorStack> {
        match self {
            Self::Curve(_) => Ok(shared[1..=shared.len() / 2].to_vec()),
            Self::Field(prime, ..) => BigNum::from_slice(shared)?.to_vec_padded(prime.num_bytes()),
        }
    }

    /// Integrated mapping of the nonces `s` and `t` (Doc 9303-11, 4.4.3.3.2).
    pub(crate) fn integrated(
        &self,
        cipher: Cipher,
        s: &[u8],
        t: &[u8],
    ) -> Result<Vec<u8>, ErrorStack> {
        let mut context = BigNumContext::new()?;
        match self {
            Self::Field(prime, _, order) => {
                let random = pseudo_random(prime, cipher, s, t)?;
                let (mut cofactor, mut less) = (BigNum::new()?, (**prime).to_owned()?);
                less.sub_word(1)?;
                cofactor.checked_div(&less, order, &mut context)?;
                self.times(&random.to_vec(), &cofactor)
            }
            Self::Curve(group) => {
                let (mut p, mut a, mut b) = (BigNum::new()?, BigNum::new()?, BigNum::new()?);
                group.components_gfp(&mut p, &mut a, &mut b, &mut context)?;
                let t = pseudo_random(&p, cipher, s, t)?;
                point(group, [&p, &a, &b], &t)
            }
        }
    }
}

fn encode(group: &EcGroup, point: &openssl::ec::EcPointRef) -> Result<Vec<u8>, ErrorStack> {
    let form = PointConversionForm::UNCOMPRESSED;
    point.to_bytes(group, form, &mut *BigNumContext::new()?)
}

fn pseudo_random(
    prime: &BigNumRef,
    cipher: Cipher,
    s: &[u8],
    t: &[u8],
) -> Result<BigNum, ErrorStack> {
    let hex = |text: &str| Ok::<_, ErrorStack>(BigNum::from_hex_str(text)?.to_vec());
    let [c0, c1] = match cipher {
        Cipher::TripleDes | Cipher::Aes128 => [
            hex("a668892a7c41e3ca739f40b057d85904")?,
            hex("a4e136ac725f738b01c1f60217c188ad")?,
        ],
        Cipher::Aes192 | Cipher::Aes256 => [
            hex("d463d65234124ef7897054986dca0a174e28df758cbaa03f240616414d5a1676")?,
            hex("54bd7255f0aaf831bec3423fcf39d69b6cbf066677d0faae5aadd99df8e53517")?,
        ],
    };
    let zero = vec![0; cipher.block()];
    let encipher = |key: &[u8], data: &[u8]| {
        cipher.cbc(&key[..cipher.key_length()], Mode::Encrypt, &zero, data)
    };
    let bits = usize::try_from(prime.num_bits()).unwrap_or(0) + 64;
    let mut key = encipher(t, s)?;
    let mut random = Vec::new();
    for _ in 0..bits.div_ceil(c1.len() * 8) {
        random.extend(encipher(&key, &c1)?);
        key = encipher(&key, &c0)?;
    }
    let mut reduced = BigNum::new()?;
    reduced.nnmod(
        &*BigNum::from_slice(&random)?,
        prime,
        &mut *BigNumContext::new()?,
    )?;
    Ok(reduced)
}

/// The point for `t` by the definition of Doc 9303-11, Appendix B.1, with square roots taken: of h₂,
/// or where that is no square, of −h₂ times t³, with the sign that Appendix B.2 gives it.
fn point(group: &EcGroup, [p, a, b]: [&BigNum; 3], t: &BigNum) -> Result<Vec<u8>, ErrorStack> {
    let mul = |x: &BigNumRef, y: &BigNumRef| {
        let mut out = BigNum::new()?;
        out.mod_mul(x, y, p, &mut *BigNumContext::new()?)?;
        Ok::<_, ErrorStack>(out)
    };
    let minus = |x: &BigNumRef| {
        let mut out = BigNum::new()?;
        let zero = BigNum::new()?;
        out.mod_sub(&zero, x, p, &mut *BigNumContext::new()?)?;
        Ok::<_, ErrorStack>(out)
    };
    let plus = |x: &BigNumRef, y: &BigNumRef| {
        let mut out = BigNum::new()?;
        out.mod_add(x, y, p, &mut *BigNumContext::new()?)?;
        Ok::<_, ErrorStack>(out)
    };
    let square = mul(t, t)?;
    let alpha = minus(&square)?;
    // X₂ = −b/a · (1 + 1/(α + α²)).
    let mut inverse = BigNum::new()?;
    let alphas = plus(&alpha, &*mul(&alpha, &alpha)?)?;
    inverse.mod_inverse(&alphas, p, &mut *BigNumContext::new()?)?;
    let mut a_inverse = BigNum::new()?;
    a_inverse.mod_inverse(a, p, &mut *BigNumContext::new()?)?;
    let ratio = minus(&*mul(b, &a_inverse)?)?;
    let x2 = mul(&ratio, &*plus(&*BigNum::from_u32(1)?, &inverse)?)?;
    let cube = mul(&*mul(&x2, &x2)?, &x2)?;
    let h2 = plus(&*plus(&cube, &*mul(a, &x2)?)?, b)?;
    // The root that is a power: to (p + 1) / 4.
    let mut quarter = (**p).to_owned()?;
    quarter.add_word(1)?;
    quarter.div_word(4)?;
    let root = |x: &BigNumRef| {
        let mut out = BigNum::new()?;
        out.mod_exp(x, &quarter, p, &mut *BigNumContext::new()?)?;
        Ok::<_, ErrorStack>(out)
    };
    let candidate = root(&h2)?;
    let (x, y) = if *mul(&candidate, &candidate)? == *h2 {
        (x2, candidate)
    } else {
        let y = mul(&*mul(&square, t)?, &*root(&*minus(&h2)?)?)?;
        let y = if p.is_bit_set(2) { minus(&y)? } else { y };
        (mul(&alpha, &x2)?, y)
    };
    let mut point = EcPoint::new(group)?;
    point.set_affine_coordinates_gfp(group, &x, &y, &mut *BigNumContext::new()?)?;
    encode(group, &point)
}
