//! From nonces to a generator (Doc 9303-11, 4.4.3.3, and Appendix B for points).

use crate::cipher::{Key, Suite};
use crate::crypto::CryptoError;
use crate::domain::{Curve, Domain, DomainError, Element, Field, Scalar};
use openssl::bn::{BigNum, BigNumContext, BigNumRef};
use openssl::ec::EcPoint;
use openssl::error::ErrorStack;
use zeroize::Zeroizing;

/// Generic mapping: `s · G + H`, or `g^s · h`, where the shared element is our private key times the
/// chip's public key.
pub(super) fn generic(
    domain: Domain,
    nonce: &[u8],
    private: &Scalar,
    public: &Element,
) -> Result<Domain, DomainError> {
    let shared = domain.power(public, private)?;
    let shifted = domain.power(&domain.base()?, &Scalar::from_bytes(nonce)?)?;
    let generator = domain.combine(&shifted, &shared)?;
    if domain.is_neutral(&shared) || domain.is_neutral(&generator) {
        return Err(DomainError::Element { found: 0 });
    }
    domain.with_generator(generator)
}

/// Integrated mapping of the chip's nonce `s` and ours, `t`.
pub(super) fn integrated(
    domain: Domain,
    suite: Suite,
    s: &[u8],
    t: &[u8],
) -> Result<Domain, DomainError> {
    let generator = match &domain {
        Domain::Curve(curve) => Element::Point(to_point(curve, suite, s, t)?),
        Domain::Field(field) => Element::Number(to_number(field, suite, s, t)?),
    };
    if domain.is_neutral(&generator) {
        return Err(DomainError::Element { found: 0 });
    }
    domain.with_generator(generator)
}

/// Constants of the pseudo-random function, for ciphers with short and with long keys.
const SHORT: [[u8; 16]; 2] = [
    [
        0xA6, 0x68, 0x89, 0x2A, 0x7C, 0x41, 0xE3, 0xCA, 0x73, 0x9F, 0x40, 0xB0, 0x57, 0xD8, 0x59,
        0x04,
    ],
    [
        0xA4, 0xE1, 0x36, 0xAC, 0x72, 0x5F, 0x73, 0x8B, 0x01, 0xC1, 0xF6, 0x02, 0x17, 0xC1, 0x88,
        0xAD,
    ],
];
const LONG: [[u8; 32]; 2] = [
    [
        0xD4, 0x63, 0xD6, 0x52, 0x34, 0x12, 0x4E, 0xF7, 0x89, 0x70, 0x54, 0x98, 0x6D, 0xCA, 0x0A,
        0x17, 0x4E, 0x28, 0xDF, 0x75, 0x8C, 0xBA, 0xA0, 0x3F, 0x24, 0x06, 0x16, 0x41, 0x4D, 0x5A,
        0x16, 0x76,
    ],
    [
        0x54, 0xBD, 0x72, 0x55, 0xF0, 0xAA, 0xF8, 0x31, 0xBE, 0xC3, 0x42, 0x3F, 0xCF, 0x39, 0xD6,
        0x9B, 0x6C, 0xBF, 0x06, 0x66, 0x77, 0xD0, 0xFA, 0xAE, 0x5A, 0xAD, 0xD9, 0x9D, 0xF8, 0xE5,
        0x35, 0x17,
    ],
];

/// The pseudo-random number `R_p(s, t)`: at least 64 bits more than the prime has, reduced by it.
pub(super) fn pseudo_random(
    prime: &BigNumRef,
    suite: Suite,
    s: &[u8],
    t: &[u8],
) -> Result<BigNum, DomainError> {
    let constants: [&[u8]; 2] = match suite {
        Suite::TripleDes | Suite::Aes128 => [&SHORT[0], &SHORT[1]],
        Suite::Aes192 | Suite::Aes256 => [&LONG[0], &LONG[1]],
    };
    if s.len() != constants[0].len() {
        return Err(DomainError::Element { found: s.len() });
    }
    let wanted = usize::try_from(prime.num_bits()).unwrap_or(0) + 64;
    let zero = vec![0; suite.block()];
    let key = |bytes: &[u8]| {
        Key::new(suite, &bytes[..suite.key_length().min(bytes.len())]).ok_or(CryptoError {
            operation: "a key of this length",
        })
    };
    let mut next = Zeroizing::new(key(t)?.encrypt(&zero, s)?);
    let mut output = Zeroizing::new(Vec::with_capacity(wanted / 8 + 2 * s.len()));
    while output.len() * 8 < wanted {
        let current = key(&next)?;
        output.extend_from_slice(&current.encrypt(&zero, constants[1])?);
        next = Zeroizing::new(current.encrypt(&zero, constants[0])?);
    }
    let mut context = BigNumContext::new()?;
    let mut reduced = BigNum::new()?;
    reduced.nnmod(&*BigNum::from_slice(&output)?, prime, &mut context)?;
    Ok(reduced)
}

/// `R_p` to the cofactor: an element of the subgroup.
fn to_number(field: &Field, suite: Suite, s: &[u8], t: &[u8]) -> Result<BigNum, DomainError> {
    let order = field
        .order
        .as_ref()
        .ok_or(DomainError::Unknown { identifier: -1 })?;
    let random = pseudo_random(&field.prime, suite, s, t)?;
    let mut context = BigNumContext::new()?;
    let mut before = field.prime.to_owned()?;
    before.sub_word(1)?;
    let mut cofactor = BigNum::new()?;
    cofactor.checked_div(&before, order, &mut context)?;
    let mut result = BigNum::new()?;
    result.mod_exp(&random, &cofactor, &field.prime, &mut context)?;
    Ok(result)
}

/// Encodes `R_p` as a point of a curve whose prime is of the form 4n + 3 (Appendix B.2). All curves
/// here have the cofactor one.
fn to_point(curve: &Curve, suite: Suite, s: &[u8], t: &[u8]) -> Result<EcPoint, DomainError> {
    let mut context = BigNumContext::new()?;
    let (mut p, mut a, mut b) = (BigNum::new()?, BigNum::new()?, BigNum::new()?);
    curve
        .group
        .components_gfp(&mut p, &mut a, &mut b, &mut context)?;
    if !(p.is_bit_set(0) && p.is_bit_set(1)) {
        return Err(DomainError::Unknown { identifier: -1 });
    }
    let random = pseudo_random(&p, suite, s, t)?;
    let mut field = Modular { p: &p, context };
    // α = −t²; X₂ = −b · (1 + α + α²) / (a · (α + α²)); X₃ = α · X₂.
    let square = field.product(&random, &random)?;
    let alpha = field.negative(&square)?;
    let alpha_squared = field.product(&alpha, &alpha)?;
    let sum = field.sum(&alpha, &alpha_squared)?;
    let one = BigNum::from_u32(1)?;
    let above = field.sum(&one, &sum)?;
    let above = field.product(&b, &above)?;
    let above = field.negative(&above)?;
    let below = field.product(&a, &sum)?;
    let below = field.inverse(&below)?;
    let x2 = field.product(&above, &below)?;
    let x3 = field.product(&alpha, &x2)?;
    // h₂ = X₂³ + a · X₂ + b; U = t³ · h₂.
    let cube = field.product(&x2, &x2)?;
    let cube = field.product(&cube, &x2)?;
    let linear = field.product(&a, &x2)?;
    let h2 = field.sum(&cube, &linear)?;
    let h2 = field.sum(&h2, &b)?;
    let u = field.product(&square, &random)?;
    let u = field.product(&u, &h2)?;
    // A = h₂ to the power of p − 1 − (p + 1) / 4, the inverse root of h₂ if it has one.
    let mut exponent = p.to_owned()?;
    exponent.add_word(1)?;
    exponent.div_word(4)?;
    let mut before = p.to_owned()?;
    before.sub_word(1)?;
    let mut power = BigNum::new()?;
    power.checked_sub(&before, &exponent)?;
    let root = field.power(&h2, &power)?;
    let check = field.product(&root, &root)?;
    let check = field.product(&check, &h2)?;
    let (x, y) = if check == one {
        (x2, field.product(&root, &h2)?)
    } else {
        (x3, field.product(&root, &u)?)
    };
    let mut point = EcPoint::new(&curve.group)?;
    // Refuses what is not on the curve.
    point.set_affine_coordinates_gfp(&curve.group, &x, &y, &mut field.context)?;
    Ok(point)
}

/// Arithmetic modulo a prime.
struct Modular<'a> {
    p: &'a BigNumRef,
    context: BigNumContext,
}

impl Modular<'_> {
    fn sum(&mut self, one: &BigNumRef, other: &BigNumRef) -> Result<BigNum, ErrorStack> {
        let mut result = BigNum::new()?;
        result.mod_add(one, other, self.p, &mut self.context)?;
        Ok(result)
    }

    fn product(&mut self, one: &BigNumRef, other: &BigNumRef) -> Result<BigNum, ErrorStack> {
        let mut result = BigNum::new()?;
        result.mod_mul(one, other, self.p, &mut self.context)?;
        Ok(result)
    }

    fn negative(&mut self, number: &BigNumRef) -> Result<BigNum, ErrorStack> {
        let zero = BigNum::new()?;
        let mut result = BigNum::new()?;
        result.mod_sub(&zero, number, self.p, &mut self.context)?;
        Ok(result)
    }

    fn inverse(&mut self, number: &BigNumRef) -> Result<BigNum, ErrorStack> {
        let mut result = BigNum::new()?;
        result.mod_inverse(number, self.p, &mut self.context)?;
        Ok(result)
    }

    fn power(&mut self, base: &BigNumRef, exponent: &BigNumRef) -> Result<BigNum, ErrorStack> {
        let mut result = BigNum::new()?;
        result.mod_exp(base, exponent, self.p, &mut self.context)?;
        Ok(result)
    }
}
