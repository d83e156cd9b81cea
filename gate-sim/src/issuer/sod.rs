//! EF.SOD: digests of the data groups, signed by the document signer (Doc 9303-10, 4.6.2).

use jiff::civil::Date;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::Id;
use openssl::rsa::Padding;
use openssl::sha::sha256;
use openssl::sign::{RsaPssSaltlen, Signer};

use super::certificate::Certified;
use super::der::{integer, octets, oid, sequence, sorted, tlv};
use super::oddity::{self, Oddity};

const LDS_SECURITY_OBJECT: &[u32] = &[2, 23, 136, 1, 1, 1];
const SIGNED_DATA: &[u32] = &[1, 2, 840, 113_549, 1, 7, 2];
const CONTENT_TYPE: &[u32] = &[1, 2, 840, 113_549, 1, 9, 3];
const MESSAGE_DIGEST: &[u32] = &[1, 2, 840, 113_549, 1, 9, 4];
const SIGNING_TIME: &[u32] = &[1, 2, 840, 113_549, 1, 9, 5];
const SHA_256: &[u32] = &[2, 16, 840, 1, 101, 3, 4, 2, 1];
pub(super) const ECDSA_WITH_SHA_256: &[u32] = &[1, 2, 840, 10_045, 4, 3, 2];
const RSASSA_PSS: &[u32] = &[1, 2, 840, 113_549, 1, 1, 10];
const RSA_ENCRYPTION: &[u32] = &[1, 2, 840, 113_549, 1, 1, 1];
const EC_PUBLIC_KEY: &[u32] = &[1, 2, 840, 10_045, 2, 1];
const MGF1: &[u32] = &[1, 2, 840, 113_549, 1, 1, 8];

/// EF.SOD over data groups, given as number and file content, signed on the day of `issued`.
pub(super) fn security_object(
    groups: &[(u8, &[u8])],
    signer: &Certified,
    issued: Date,
    odd: &[Oddity],
) -> Result<Vec<u8>, ErrorStack> {
    let content = digests(groups);
    let content_type = Oddity::content_type(odd, LDS_SECURITY_OBJECT);
    let data = signed_oddly(content_type, &content, signer, issued, odd)?;
    let file = tlv(0x77, &data);
    Ok(match odd.contains(&Oddity::IndefiniteLengths) {
        true => oddity::with_indefinite_lengths(&file),
        false => file,
    })
}

/// Content of a type, signed on the day of `issued` (RFC 5652).
pub(super) fn signed_data(
    content_type: &[u32],
    content: &[u8],
    signer: &Certified,
    issued: Date,
) -> Result<Vec<u8>, ErrorStack> {
    signed_oddly(content_type, content, signer, issued, &[])
}

fn signed_oddly(
    content_type: &[u32],
    content: &[u8],
    signer: &Certified,
    issued: Date,
    odd: &[Oddity],
) -> Result<Vec<u8>, ErrorStack> {
    let attributes = signed_attributes(content_type, content, issued);
    // The signature covers the attributes as a SET, although they are sent with a tag of their own
    // (RFC 5652, 5.4).
    let (algorithm, signature) = sign_oddly(signer, &tlv(0x31, &attributes), odd)?;
    let signer_info = sequence(&[
        &integer(1),
        &issuer_and_serial(signer, odd)?,
        &digest_algorithm(),
        &tlv(0xA0, &attributes),
        &algorithm,
        &octets(&signature),
    ]);
    let encapsulated = sequence(&[&oid(content_type), &tlv(0xA0, &octets(content))]);
    let signed_data = sequence(&[
        &integer(3),
        &tlv(0x31, &digest_algorithm()),
        &encapsulated,
        &tlv(0xA0, &signer.certificate.to_der()?),
        &tlv(0x31, &signer_info),
    ]);
    Ok(sequence(&[&oid(SIGNED_DATA), &tlv(0xA0, &signed_data)]))
}

/// LDSSecurityObject, version 0.
fn digests(groups: &[(u8, &[u8])]) -> Vec<u8> {
    let values: Vec<u8> = groups
        .iter()
        .flat_map(|(number, file)| sequence(&[&integer(*number), &octets(&sha256(file))]))
        .collect();
    sequence(&[&integer(0), &digest_algorithm(), &tlv(0x30, &values)])
}

fn signed_attributes(content_type: &[u32], content: &[u8], issued: Date) -> Vec<u8> {
    let attribute = |kind: &[u32], value: &[u8]| sequence(&[&oid(kind), &tlv(0x31, value)]);
    sorted(vec![
        attribute(CONTENT_TYPE, &oid(content_type)),
        attribute(SIGNING_TIME, &noon(issued)),
        attribute(MESSAGE_DIGEST, &octets(&sha256(content))),
    ])
}

/// UTCTime up to 2049, GeneralizedTime outside (RFC 5652, 11.3).
fn noon(day: Date) -> Vec<u8> {
    let (year, month, day) = (day.year(), day.month(), day.day());
    if (1950..2050).contains(&year) {
        let year = year.rem_euclid(100);
        tlv(
            0x17,
            format!("{year:02}{month:02}{day:02}120000Z").as_bytes(),
        )
    } else {
        tlv(
            0x18,
            format!("{year:04}{month:02}{day:02}120000Z").as_bytes(),
        )
    }
}

fn issuer_and_serial(signer: &Certified, odd: &[Oddity]) -> Result<Vec<u8>, ErrorStack> {
    let issuer = signer.certificate.issuer_name().to_der()?;
    let serial = match odd.contains(&Oddity::OtherSigner) {
        true => vec![0x11],
        false => signer.certificate.serial_number().to_bn()?.to_vec(),
    };
    Ok(sequence(&[&issuer, &tlv(0x02, &serial)]))
}

fn digest_algorithm() -> Vec<u8> {
    sequence(&[&oid(SHA_256), &[0x05, 0x00]])
}

/// Algorithm identifier and signature: ECDSA or RSA-PSS with SHA-256, as the key is.
pub(super) fn sign(signer: &Certified, message: &[u8]) -> Result<(Vec<u8>, Vec<u8>), ErrorStack> {
    sign_oddly(signer, message, &[])
}

/// The algorithm that [`sign`] states for `signer`.
pub(super) fn algorithm_of(signer: &Certified) -> Vec<u8> {
    match signer.key.id() {
        Id::RSA => pss_algorithm(),
        _ => sequence(&[&oid(ECDSA_WITH_SHA_256)]),
    }
}

fn sign_oddly(
    signer: &Certified,
    message: &[u8],
    odd: &[Oddity],
) -> Result<(Vec<u8>, Vec<u8>), ErrorStack> {
    let is_rsa = signer.key.id() == Id::RSA;
    let by_key = odd.contains(&Oddity::KeyAlgorithm);
    let mut operation = Signer::new(MessageDigest::sha256(), &signer.key)?;
    // The name of an RSA key stands for PKCS #1 v1.5.
    if is_rsa && !by_key {
        operation.set_rsa_padding(Padding::PKCS1_PSS)?;
        operation.set_rsa_pss_saltlen(RsaPssSaltlen::DIGEST_LENGTH)?;
        operation.set_rsa_mgf1_md(MessageDigest::sha256())?;
    }
    let algorithm = match (is_rsa, by_key) {
        (true, true) => sequence(&[&oid(RSA_ENCRYPTION), &[0x05, 0x00]]),
        (false, true) => sequence(&[&oid(EC_PUBLIC_KEY)]),
        (true, false) if odd.contains(&Oddity::PssParameters) => sequence(&[&oid(RSASSA_PSS)]),
        _ => algorithm_of(signer),
    };
    let mut signature = operation.sign_oneshot_to_vec(message)?;
    if odd.contains(&Oddity::PaddedSignature) {
        signature = oddity::padded(&signature);
    }
    Ok((algorithm, signature))
}

/// RSASSA-PSS with SHA-256, MGF1 over SHA-256, 32 bytes of salt (RFC 4055, 3.1).
pub(super) fn pss_algorithm() -> Vec<u8> {
    let mask = sequence(&[&oid(MGF1), &digest_algorithm()]);
    let parameters = sequence(&[
        &tlv(0xA0, &digest_algorithm()),
        &tlv(0xA1, &mask),
        &tlv(0xA2, &integer(32)),
    ]);
    sequence(&[&oid(RSASSA_PSS), &parameters])
}
