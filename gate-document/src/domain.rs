//! Groups in which chip and gate agree on keys: elliptic curves and prime fields (Doc 9303-11, 9.4 to
//! 9.6).
//!
//! A generator stands beside its group, for PACE maps it anew for each session.

use crate::crypto::CryptoError;
use crate::tlv::{Reader, Tlv, TlvError};
use core::fmt;
use openssl::bn::{BigNum, BigNumContext, BigNumRef};
use openssl::dh::Dh;
use openssl::ec::{EcGroup, EcGroupRef, EcPoint, PointConversionForm};
use openssl::error::ErrorStack;
use openssl::nid::Nid;
use openssl::pkey::PKey;
use rand::CryptoRng;
use zeroize::Zeroizing;

/// Why a group or a public key cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DomainError {
    /// No group that this version knows; the officer has to look at the document.
    #[error("domain parameters {identifier} are not supported")]
    Unknown {
        /// Standardised number (Doc 9303-11, 9.5.1), or −1 for parameters written out.
        identifier: i64,
    },
    /// The group is larger than any that this gate computes in.
    #[error("group of {found} bits, at most {limit} expected")]
    Large {
        /// Its size.
        found: u32,
        /// The limit.
        limit: u32,
    },
    /// The chip sent what is no element of the group, or the neutral one. A forged or broken chip.
    #[error("public key of {found} bytes is no element of the group")]
    Element {
        /// Its length.
        found: usize,
    },
    /// The key is not encoded as the standard says.
    #[error("public key: {0}")]
    Structure(#[from] TlvError),
    /// See [`CryptoError`].
    #[error(transparent)]
    Crypto(#[from] CryptoError),
}

impl From<ErrorStack> for DomainError {
    fn from(_: ErrorStack) -> Self {
        Self::Crypto(CryptoError {
            operation: "group arithmetic",
        })
    }
}

/// Largest prime field. Doc 9303 names groups of 2048 bits; twice that is still a fifth of a second.
const FIELD_BITS_MAX: u32 = 4096;

/// Largest curve: secp521r1.
const CURVE_BITS_MAX: u32 = 521;

/// Draws of a private key. Each succeeds with more than one chance in two.
const DRAWS: usize = 128;

/// Object identifiers of public keys.
const EC_PUBLIC_KEY: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01];
const DH_PKCS3: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x03, 0x01];
const DH_X942: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3E, 0x02, 0x01];
/// standardizedDomainParameters of BSI TR-03110-3, A.2.1.1.
const STANDARDISED: &[u8] = &[0x04, 0x00, 0x7F, 0x00, 0x07, 0x01, 0x02];

/// A group and a generator of it.
pub enum Domain {
    /// An elliptic curve over a prime field, of cofactor one.
    Curve(Curve),
    /// A subgroup of a prime field.
    Field(Field),
}

/// See [`Domain::Curve`].
pub struct Curve {
    pub(crate) group: EcGroup,
    pub(crate) generator: EcPoint,
}

/// See [`Domain::Field`].
pub struct Field {
    pub(crate) prime: BigNum,
    pub(crate) generator: BigNum,
    /// Order of the generator, where it is known.
    pub(crate) order: Option<BigNum>,
}

/// An element of a group, its own or the chip's public key.
pub enum Element {
    /// A point.
    Point(EcPoint),
    /// A number below the prime.
    Number(BigNum),
}

/// A private number, wiped when it is dropped.
pub struct Scalar(BigNum);

impl Drop for Scalar {
    fn drop(&mut self) {
        self.0.clear();
    }
}

impl Scalar {
    /// A number of these bytes, most significant first.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, DomainError> {
        let mut number = BigNum::from_slice(bytes)?;
        number.set_const_time();
        Ok(Self(number))
    }

    pub(crate) fn number(&self) -> &BigNumRef {
        &self.0
    }
}

impl Domain {
    /// Standardised parameters (Doc 9303-11, 9.5.1).
    ///
    /// # Errors
    ///
    /// [`DomainError::Unknown`] for numbers that are reserved, [`DomainError::Crypto`] when OpenSSL
    /// has no such group.
    pub fn standardised(identifier: i64) -> Result<Self, DomainError> {
        let field = |parameters: Result<Dh<_>, ErrorStack>| {
            let parameters = parameters?;
            Ok(Self::Field(Field {
                prime: parameters.prime_p().to_owned()?,
                generator: parameters.generator().to_owned()?,
                order: parameters.prime_q().map(BigNumRef::to_owned).transpose()?,
            }))
        };
        let curve = match identifier {
            0 => return field(Dh::get_1024_160()),
            1 => return field(Dh::get_2048_224()),
            2 => return field(Dh::get_2048_256()),
            8 => Nid::X9_62_PRIME192V1,
            9 => Nid::BRAINPOOL_P192R1,
            10 => Nid::SECP224R1,
            11 => Nid::BRAINPOOL_P224R1,
            12 => Nid::X9_62_PRIME256V1,
            13 => Nid::BRAINPOOL_P256R1,
            14 => Nid::BRAINPOOL_P320R1,
            15 => Nid::SECP384R1,
            16 => Nid::BRAINPOOL_P384R1,
            17 => Nid::BRAINPOOL_P512R1,
            18 => Nid::SECP521R1,
            _ => return Err(DomainError::Unknown { identifier }),
        };
        Self::of_group(EcGroup::from_curve_name(curve)?)
    }

    fn of_group(group: EcGroup) -> Result<Self, DomainError> {
        let found = group.degree();
        if found > CURVE_BITS_MAX {
            let limit = CURVE_BITS_MAX;
            return Err(DomainError::Large { found, limit });
        }
        let generator = group
            .generator_opt()
            .ok_or(DomainError::Unknown { identifier: -1 })?
            .to_owned(&group)?;
        Ok(Self::Curve(Curve { group, generator }))
    }

    /// Reads a SubjectPublicKeyInfo (RFC 5280, 4.1): named curves, parameters written out,
    /// standardised parameters of BSI TR-03110-3, and both ways to write a key of a prime field.
    ///
    /// # Errors
    ///
    /// [`DomainError`] for anything else.
    pub fn of_public_key(info: &[u8]) -> Result<(Self, Element), DomainError> {
        let mut reader = Reader::new(info).expect(0x30, "public key")?.reader();
        let mut algorithm = reader.expect(0x30, "algorithm of the key")?.reader();
        let kind = algorithm.expect(0x06, "algorithm of the key")?;
        let key = reader.expect(0x03, "public key")?;
        let [0, key_bytes @ ..] = key.value else {
            return Err(key.wrong("whole bytes").into());
        };
        let domain = match kind.value {
            EC_PUBLIC_KEY => {
                let key = PKey::public_key_from_der(info)
                    .and_then(|key| key.ec_key())
                    .map_err(|_| DomainError::Unknown { identifier: -1 })?;
                Self::of_group(group_like(key.group())?)?
            }
            STANDARDISED => Self::standardised(integer(&mut algorithm)?)?,
            DH_PKCS3 | DH_X942 => {
                let mut numbers = algorithm.expect(0x30, "domain parameters")?.reader();
                let prime = number(&numbers.expect(0x02, "prime")?)?;
                let generator = number(&numbers.expect(0x02, "generator")?)?;
                let order = match numbers.optional(0x02)? {
                    // PKCS #3 has a length of private values in this place.
                    Some(order) if kind.value == DH_X942 => Some(number(&order)?),
                    _ => None,
                };
                Self::of_field(prime, generator, order)?
            }
            _ => return Err(DomainError::Unknown { identifier: -1 }),
        };
        let element = match &domain {
            Self::Curve(_) => domain.element(key_bytes)?,
            // The number is wrapped as an INTEGER, or stands there as it is.
            Self::Field(_) => match Reader::new(key_bytes).expect(0x02, "public value") {
                Ok(value) if value.raw.len() == key_bytes.len() => domain.element(value.value)?,
                _ => domain.element(key_bytes)?,
            },
        };
        Ok((domain, element))
    }

    fn of_field(
        prime: BigNum,
        generator: BigNum,
        order: Option<BigNum>,
    ) -> Result<Self, DomainError> {
        let found = u32::try_from(prime.num_bits()).unwrap_or(u32::MAX);
        if found > FIELD_BITS_MAX {
            let limit = FIELD_BITS_MAX;
            return Err(DomainError::Large { found, limit });
        }
        // An even modulus has no prime field, and Montgomery's arithmetic does not take it.
        if found < 512 || !prime.is_odd() {
            return Err(DomainError::Unknown { identifier: -1 });
        }
        Ok(Self::Field(Field {
            prime,
            generator,
            order,
        }))
    }

    /// Bytes of a public key, a point's leading 04 included; of a shared secret they are less.
    #[must_use]
    pub fn public_length(&self) -> usize {
        match self {
            Self::Curve(curve) => 1 + 2 * curve.width(),
            Self::Field(field) => field.width(),
        }
    }

    /// Draws a key pair, and redraws private keys that are out of range: as many bytes as the order
    /// of the group has.
    ///
    /// # Errors
    ///
    /// [`DomainError::Crypto`].
    pub fn key_pair(&self, rng: &mut impl CryptoRng) -> Result<(Scalar, Element), DomainError> {
        let limit = self.order()?;
        let bits = usize::try_from(limit.num_bits()).unwrap_or(0);
        let mut bytes = Zeroizing::new(vec![0; bits.div_ceil(8)]);
        let mask = 0xFF_u8 >> (bytes.len() * 8 - bits);
        for _ in 0..DRAWS {
            rng.fill_bytes(&mut bytes);
            if let Some(first) = bytes.first_mut() {
                *first &= mask;
            }
            let private = Scalar::from_bytes(&bytes)?;
            if private.number() < &*limit && private.number().num_bits() > 1 {
                let public = self.power(&self.base()?, &private)?;
                return Ok((private, public));
            }
        }
        Err(CryptoError {
            operation: "a private key from these random numbers",
        }
        .into())
    }

    /// What private keys stay below: the order, or the prime where the order is not known.
    fn order(&self) -> Result<BigNum, DomainError> {
        match self {
            Self::Curve(curve) => {
                let mut context = BigNumContext::new()?;
                let mut order = BigNum::new()?;
                curve.group.order(&mut order, &mut context)?;
                Ok(order)
            }
            Self::Field(field) => Ok(match &field.order {
                Some(order) => (**order).to_owned()?,
                None => {
                    let mut limit = field.prime.to_owned()?;
                    limit.sub_word(1)?;
                    limit
                }
            }),
        }
    }

    /// The generator.
    pub(crate) fn base(&self) -> Result<Element, DomainError> {
        Ok(match self {
            Self::Curve(curve) => Element::Point(curve.generator.to_owned(&curve.group)?),
            Self::Field(field) => Element::Number(field.generator.to_owned()?),
        })
    }

    /// The same group with another generator.
    pub(crate) fn with_generator(self, generator: Element) -> Result<Self, DomainError> {
        match (self, generator) {
            (Self::Curve(curve), Element::Point(generator)) => {
                Ok(Self::Curve(Curve { generator, ..curve }))
            }
            (Self::Field(field), Element::Number(generator)) => {
                Ok(Self::Field(Field { generator, ..field }))
            }
            _ => Err(DomainError::Element { found: 0 }),
        }
    }

    /// `element` taken `scalar` times.
    pub(crate) fn power(&self, element: &Element, scalar: &Scalar) -> Result<Element, DomainError> {
        let mut context = BigNumContext::new()?;
        match (self, element) {
            (Self::Curve(curve), Element::Point(point)) => {
                let mut result = EcPoint::new(&curve.group)?;
                result.mul2(&curve.group, point, scalar.number(), &mut context)?;
                Ok(Element::Point(result))
            }
            (Self::Field(field), Element::Number(base)) => {
                let mut result = BigNum::new()?;
                result.mod_exp(base, scalar.number(), &field.prime, &mut context)?;
                Ok(Element::Number(result))
            }
            _ => Err(DomainError::Element { found: 0 }),
        }
    }

    /// Sum of two points, product of two numbers.
    pub(crate) fn combine(&self, one: &Element, other: &Element) -> Result<Element, DomainError> {
        let mut context = BigNumContext::new()?;
        match (self, one, other) {
            (Self::Curve(curve), Element::Point(one), Element::Point(other)) => {
                let mut result = EcPoint::new(&curve.group)?;
                result.add(&curve.group, one, other, &mut context)?;
                Ok(Element::Point(result))
            }
            (Self::Field(field), Element::Number(one), Element::Number(other)) => {
                let mut result = BigNum::new()?;
                result.mod_mul(one, other, &field.prime, &mut context)?;
                Ok(Element::Number(result))
            }
            _ => Err(DomainError::Element { found: 0 }),
        }
    }

    /// Whether it is the neutral element, which nobody may send.
    pub(crate) fn is_neutral(&self, element: &Element) -> bool {
        match (self, element) {
            (Self::Curve(curve), Element::Point(point)) => point.is_infinity(&curve.group),
            (_, Element::Number(number)) => number.num_bits() <= 1,
            _ => true,
        }
    }

    /// Shared secret: `public` taken `private` times; the first coordinate of a point, in the length
    /// of the field (Doc 9303-11, 9.6).
    ///
    /// # Errors
    ///
    /// [`DomainError::Element`] when the result is the neutral element.
    pub fn agree(
        &self,
        private: &Scalar,
        public: &Element,
    ) -> Result<Zeroizing<Vec<u8>>, DomainError> {
        let shared = self.power(public, private)?;
        if self.is_neutral(&shared) {
            return Err(DomainError::Element { found: 0 });
        }
        let bytes = match (self, &shared) {
            (Self::Curve(curve), Element::Point(_)) => {
                let point = self.encode(&shared)?;
                point[1..1 + curve.width()].to_vec()
            }
            (Self::Field(field), Element::Number(number)) => {
                number.to_vec_padded(i32::try_from(field.width()).unwrap_or(0))?
            }
            _ => return Err(DomainError::Element { found: 0 }),
        };
        Ok(Zeroizing::new(bytes))
    }

    /// A public key as it is sent: an uncompressed point, or a number without leading zeros
    /// (Doc 9303-11, 9.4.4).
    pub(crate) fn encode(&self, element: &Element) -> Result<Vec<u8>, DomainError> {
        match (self, element) {
            (Self::Curve(curve), Element::Point(point)) => {
                let mut context = BigNumContext::new()?;
                let form = PointConversionForm::UNCOMPRESSED;
                Ok(point.to_bytes(&curve.group, form, &mut context)?)
            }
            (_, Element::Number(number)) => Ok(number.to_vec()),
            _ => Err(DomainError::Element { found: 0 }),
        }
    }

    /// Reads a public key, and refuses what is no element of the group or its neutral element.
    ///
    /// # Errors
    ///
    /// [`DomainError::Element`].
    pub fn element(&self, bytes: &[u8]) -> Result<Element, DomainError> {
        let wrong = DomainError::Element { found: bytes.len() };
        match self {
            Self::Curve(curve) => {
                if bytes.len() != self.public_length() || bytes.first() != Some(&0x04) {
                    return Err(wrong);
                }
                let mut context = BigNumContext::new()?;
                EcPoint::from_bytes(&curve.group, bytes, &mut context)
                    .ok()
                    .filter(|point| !point.is_infinity(&curve.group))
                    .map(Element::Point)
                    .ok_or(wrong)
            }
            Self::Field(field) => {
                if bytes.len() > field.width() + 1 {
                    return Err(wrong);
                }
                let number = BigNum::from_slice(bytes)?;
                let mut last = field.prime.to_owned()?;
                last.sub_word(1)?;
                if number.num_bits() <= 1 || number >= last {
                    return Err(wrong);
                }
                if let Some(order) = &field.order {
                    let mut context = BigNumContext::new()?;
                    let mut power = BigNum::new()?;
                    power.mod_exp(&number, order, &field.prime, &mut context)?;
                    if power.num_bits() != 1 {
                        return Err(wrong);
                    }
                }
                Ok(Element::Number(number))
            }
        }
    }
}

impl Curve {
    /// Bytes of a coordinate.
    fn width(&self) -> usize {
        usize::try_from(self.group.degree().div_ceil(8)).unwrap_or(0)
    }
}

impl Field {
    /// Bytes of the prime.
    pub(crate) fn width(&self) -> usize {
        usize::try_from(self.prime.num_bytes()).unwrap_or(0)
    }
}

/// Names the group, never a key.
impl fmt::Debug for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Curve(curve) => write!(f, "Curve({} bits)", curve.group.degree()),
            Self::Field(field) => write!(f, "Field({} bits)", field.prime.num_bits()),
        }
    }
}

/// Name of standardised parameters, `None` for numbers that are reserved.
#[must_use]
pub const fn name(identifier: i64) -> Option<&'static str> {
    Some(match identifier {
        0 => "1024-bit MODP, 160-bit subgroup",
        1 => "2048-bit MODP, 224-bit subgroup",
        2 => "2048-bit MODP, 256-bit subgroup",
        8 => "secp192r1",
        9 => "brainpoolP192r1",
        10 => "secp224r1",
        11 => "brainpoolP224r1",
        12 => "secp256r1",
        13 => "brainpoolP256r1",
        14 => "brainpoolP320r1",
        15 => "secp384r1",
        16 => "brainpoolP384r1",
        17 => "brainpoolP512r1",
        18 => "secp521r1",
        _ => return None,
    })
}

fn number(integer: &Tlv<'_>) -> Result<BigNum, DomainError> {
    let limit = usize::try_from(FIELD_BITS_MAX / 8).unwrap_or(0) + 1;
    if integer.value.len() > limit {
        return Err(integer.wrong("number of at most 513 bytes").into());
    }
    Ok(BigNum::from_slice(integer.value)?)
}

/// A group of its own with the same parameters. Curves of another cofactor than one would need checks
/// that Doc 9303 has no need of; no document uses one.
fn group_like(group: &EcGroupRef) -> Result<EcGroup, DomainError> {
    const UNKNOWN: DomainError = DomainError::Unknown { identifier: -1 };
    if let Some(name) = group.curve_name() {
        return Ok(EcGroup::from_curve_name(name)?);
    }
    let found = group.degree();
    if found > CURVE_BITS_MAX {
        let limit = CURVE_BITS_MAX;
        return Err(DomainError::Large { found, limit });
    }
    let mut context = BigNumContext::new()?;
    let (mut p, mut a, mut b) = (BigNum::new()?, BigNum::new()?, BigNum::new()?);
    let (mut order, mut cofactor) = (BigNum::new()?, BigNum::new()?);
    group.components_gfp(&mut p, &mut a, &mut b, &mut context)?;
    group.order(&mut order, &mut context)?;
    group.cofactor(&mut cofactor, &mut context)?;
    let generator = group.generator_opt().ok_or(UNKNOWN)?;
    let form = PointConversionForm::UNCOMPRESSED;
    let generator = generator.to_bytes(group, form, &mut context)?;
    if cofactor.num_bits() != 1 {
        return Err(UNKNOWN);
    }
    let mut copy = EcGroup::from_components(p, a, b, &mut context)?;
    let generator = EcPoint::from_bytes(&copy, &generator, &mut context)?;
    copy.set_generator(generator, order, cofactor)?;
    Ok(copy)
}

/// A small INTEGER.
pub(crate) fn integer(reader: &mut Reader<'_>) -> Result<i64, TlvError> {
    let object = reader.expect(0x02, "integer")?;
    match *object.value {
        [byte] => Ok(i64::from(byte as i8)),
        [high, low] => Ok(i64::from(i16::from_be_bytes([high, low]))),
        [a, b, c] => Ok(i64::from(i32::from_be_bytes([a, b, c, 0]) >> 8)),
        [a, b, c, d] => Ok(i64::from(i32::from_be_bytes([a, b, c, d]))),
        _ => Err(object.wrong("integer of 1 to 4 bytes")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_random::Fixed;

    #[test]
    fn every_standardised_group_agrees_on_a_key() {
        for identifier in [0, 1, 2].into_iter().chain(8..=18) {
            let domain = Domain::standardised(identifier).unwrap();
            let mut rng = Fixed::endless(&[0x5A, 0x17, 0x33, 0x91, 0x02]);
            let (ours, our_key) = domain.key_pair(&mut rng).unwrap();
            let (theirs, their_key) = domain.key_pair(&mut rng).unwrap();
            let their_key = domain.element(&domain.encode(&their_key).unwrap()).unwrap();
            assert_eq!(
                domain.agree(&ours, &their_key).unwrap(),
                domain.agree(&theirs, &our_key).unwrap(),
                "{}",
                name(identifier).unwrap()
            );
        }
        for reserved in [-1, 3, 7, 19, 31, 32] {
            assert_eq!(
                Domain::standardised(reserved).err(),
                Some(DomainError::Unknown {
                    identifier: reserved
                })
            );
            assert_eq!(name(reserved), None);
        }
    }

    #[test]
    fn nothing_outside_the_group_is_a_key() {
        let curve = Domain::standardised(13).unwrap();
        let mut point = curve.encode(&curve.base().unwrap()).unwrap();
        assert!(curve.element(&point).is_ok());
        point[20] ^= 1;
        for bytes in [&point[..], &[], &[0], &[4], &[0; 65]] {
            assert_eq!(
                curve.element(bytes).err(),
                Some(DomainError::Element { found: bytes.len() })
            );
        }
        let field = Domain::standardised(0).unwrap();
        let Domain::Field(Field { prime, .. }) = &field else {
            panic!("a field")
        };
        let prime: &BigNumRef = prime;
        let mut last = prime.to_owned().unwrap();
        last.sub_word(1).unwrap();
        // Neutral element, element of order two, the prime itself, an element outside the subgroup.
        for bytes in [vec![], vec![1], last.to_vec(), prime.to_vec(), vec![2]] {
            assert_eq!(
                field.element(&bytes).err(),
                Some(DomainError::Element { found: bytes.len() })
            );
        }
    }
}
