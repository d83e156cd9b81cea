//! Public keys, also those that OpenSSL refuses for their encoding.

use crate::deviation::Deviation;
use crate::tlv::{Reader, Tlv, TlvError};
use openssl::bn::{BigNum, BigNumContext};
use openssl::ec::{EcGroup, EcKey, EcPoint, PointConversionForm};
use openssl::error::ErrorStack;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Public};

/// A public key, and what had to be tolerated to read it.
#[derive(Clone)]
pub(crate) struct Key {
    pub(crate) key: PKey<Public>,
    pub(crate) deviation: Option<Deviation>,
}

/// Curves that documents are signed with.
const CURVES: [Nid; 12] = [
    Nid::X9_62_PRIME256V1,
    Nid::BRAINPOOL_P256R1,
    Nid::BRAINPOOL_P384R1,
    Nid::SECP384R1,
    Nid::BRAINPOOL_P512R1,
    Nid::SECP521R1,
    Nid::BRAINPOOL_P320R1,
    Nid::SECP224R1,
    Nid::BRAINPOOL_P224R1,
    Nid::X9_62_PRIME192V1,
    Nid::BRAINPOOL_P192R1,
    Nid::SECP256K1,
];

/// Longest key that is looked at: RSA with 16 384 bits is beyond every issuer, and its arithmetic
/// beyond every traveller's patience.
const KEY_BYTES_MAX: usize = 2600;

const EC_PUBLIC_KEY: &[u8] = &[0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01];

/// Reads a SubjectPublicKeyInfo (RFC 5280, 4.1.2.7).
pub(super) fn read(info: &[u8]) -> Option<Key> {
    if info.len() > KEY_BYTES_MAX {
        return None;
    }
    if let Ok(key) = PKey::public_key_from_der(info) {
        return Some(Key {
            key,
            deviation: None,
        });
    }
    let key = elliptic(info)?;
    Some(Key {
        key,
        deviation: Some(Deviation::CurveParameters),
    })
}

/// An elliptic key whose parameters OpenSSL refuses: a generator with leading zeros, or the name of
/// a curve on which the point does not lie. The curve is one of [`CURVES`], recognised by its
/// numbers where they are written out and by the point where there is only a name.
fn elliptic(info: &[u8]) -> Option<PKey<Public>> {
    let (parameters, point) = parts(info).ok()??;
    let mut fitting = CURVES
        .into_iter()
        .filter_map(|curve| on_curve(curve, &parameters, point).ok()?);
    let key = fitting.next()?;
    // A point that lies on two curves says nothing.
    fitting.next().is_none().then_some(key)
}

/// Parameters and point of an elliptic key.
fn parts(info: &[u8]) -> Result<Option<(Tlv<'_>, &[u8])>, TlvError> {
    let mut reader = Reader::new(info).expect(0x30, "public key")?.reader();
    let mut algorithm = reader.expect(0x30, "key algorithm")?.reader();
    if algorithm.expect(0x06, "key algorithm")?.value != EC_PUBLIC_KEY {
        return Ok(None);
    }
    let parameters = algorithm.any("parameters")?;
    let point = reader.expect(0x03, "public key")?.value;
    Ok(point.split_first().map(|(_, point)| (parameters, point)))
}

fn on_curve(
    curve: Nid,
    parameters: &Tlv<'_>,
    point: &[u8],
) -> Result<Option<PKey<Public>>, ErrorStack> {
    let group = EcGroup::from_curve_name(curve)?;
    let mut context = BigNumContext::new()?;
    let width = usize::try_from(group.degree().div_ceil(8)).unwrap_or(0);
    let uncompressed = point.first() == Some(&4) && point.len() == 1 + 2 * width;
    let compressed = matches!(point.first(), Some(2 | 3)) && point.len() == 1 + width;
    if !uncompressed && !compressed {
        return Ok(None);
    }
    if parameters.tag == 0x30 && !are_of(&group, parameters, &mut context)?.unwrap_or(false) {
        return Ok(None);
    }
    let Ok(point) = EcPoint::from_bytes(&group, point, &mut context) else {
        return Ok(None);
    };
    let key = EcKey::from_public_key(&group, &point)?;
    PKey::from_ec_key(key).map(Some)
}

/// Whether explicit parameters (SEC 1, C.2) are those of `group`: prime, coefficients, generator and
/// order. `None` where they cannot be read.
fn are_of(
    group: &EcGroup,
    parameters: &Tlv<'_>,
    context: &mut BigNumContext,
) -> Result<Option<bool>, ErrorStack> {
    let Ok([prime, a, b, generator, order]) = numbers(parameters) else {
        return Ok(None);
    };
    let (mut p, mut own_a, mut own_b) = (BigNum::new()?, BigNum::new()?, BigNum::new()?);
    group.components_gfp(&mut p, &mut own_a, &mut own_b, context)?;
    let mut n = BigNum::new()?;
    group.order(&mut n, context)?;
    for (stated, own) in [(prime, &p), (a, &own_a), (b, &own_b), (order, &n)] {
        if BigNum::from_slice(stated)? != *own {
            return Ok(Some(false));
        }
    }
    let first = generator.iter().position(|byte| *byte != 0).unwrap_or(0);
    let Some(own) = group.generator_opt() else {
        return Ok(None);
    };
    let own = own.to_bytes(group, PointConversionForm::UNCOMPRESSED, context)?;
    Ok(Some(generator[first..] == own[..]))
}

/// Prime, coefficients, generator and order of explicit parameters over a prime field.
fn numbers<'a>(parameters: &Tlv<'a>) -> Result<[&'a [u8]; 5], TlvError> {
    let mut reader = parameters.reader();
    reader.expect(0x02, "version")?;
    let mut field = reader.expect(0x30, "field")?.reader();
    field.expect(0x06, "kind of field")?;
    let prime = field.expect(0x02, "prime")?.value;
    let mut curve = reader.expect(0x30, "curve")?.reader();
    let a = curve.expect(0x04, "coefficient")?.value;
    let b = curve.expect(0x04, "coefficient")?.value;
    let generator = reader.expect(0x04, "generator")?.value;
    let order = reader.expect(0x02, "order")?.value;
    Ok([prime, a, b, generator, order])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_issuer::{ec_key, object};
    use openssl::ec::Asn1Flag;

    /// The key's SubjectPublicKeyInfo with other parameters.
    fn with_parameters(info: &[u8], parameters: &[u8]) -> Vec<u8> {
        let (_, point) = parts(info).unwrap().unwrap();
        let algorithm = object(0x30, &[&object(0x06, &[EC_PUBLIC_KEY]), parameters]);
        object(0x30, &[&algorithm, &object(0x03, &[&[0], point])])
    }

    #[test]
    fn a_key_under_the_wrong_name_of_its_curve_is_read_and_noted() {
        let key = ec_key(Nid::BRAINPOOL_P256R1, Asn1Flag::NAMED_CURVE);
        let info = key.public_key_to_der().unwrap();
        let p256 = hex_literal::hex!("0608 2A8648CE3D030107");
        let found = read(&with_parameters(&info, &p256)).unwrap();
        assert_eq!(found.deviation, Some(Deviation::CurveParameters));
        assert!(found.key.public_eq(&key));
        assert!(read(&info).unwrap().deviation.is_none());
    }

    #[test]
    fn a_generator_with_leading_zeros_is_read_and_another_generator_is_not() {
        let key = ec_key(Nid::BRAINPOOL_P384R1, Asn1Flag::EXPLICIT_CURVE);
        let info = key.public_key_to_der().unwrap();
        let (parameters, _) = parts(&info).unwrap().unwrap();
        let [_, _, _, generator, _] = numbers(&parameters).unwrap();
        let mut padded = parameters.value.to_vec();
        let at = padded
            .windows(generator.len())
            .position(|window| window == generator)
            .unwrap();
        let header = if generator.len() < 0x80 { 2 } else { 3 };
        let change = |generator: &[u8], padded: &mut Vec<u8>| {
            let octets = object(0x04, &[generator]);
            padded.splice(at - header..at + 97, octets);
        };
        assert_eq!(generator.len(), 97);
        change(&[&[0], generator].concat(), &mut padded);
        let found = read(&with_parameters(&info, &object(0x30, &[&padded]))).unwrap();
        assert_eq!(found.deviation, Some(Deviation::CurveParameters));
        assert!(found.key.public_eq(&key));

        let mut forged = parameters.value.to_vec();
        let other: Vec<u8> = generator.iter().map(|byte| byte ^ 0x10).collect();
        change(&other, &mut forged);
        assert!(read(&with_parameters(&info, &object(0x30, &[&forged]))).is_none());
    }
}
