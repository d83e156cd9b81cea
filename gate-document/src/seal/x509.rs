//! What OpenSSL's bindings do not tell of a certificate.

use super::SignerReference;
use crate::country;
use crate::tlv::{Reader, TlvError};
use jiff::tz::TimeZone;
use jiff::{Timestamp, civil::Date};
use openssl::asn1::Asn1Time;
use openssl::error::ErrorStack;
use openssl::hash::{MessageDigest, hash};
use openssl::nid::Nid;
use openssl::x509::{X509NameRef, X509Ref};

/// id-ce-extKeyUsage.
const EXTENDED_KEY_USAGE: [u8; 3] = [0x55, 0x1D, 0x25];
/// id-ce-basicConstraints.
const BASIC_CONSTRAINTS: [u8; 3] = [0x55, 0x1D, 0x13];
/// 2.23.136.1.1.14: what ICAO's signers of barcodes are for.
const BARCODE_SIGNERS: [u8; 6] = [0x67, 0x81, 0x08, 0x01, 0x01, 0x0E];

/// Whether the key may sign barcodes. `None` where the certificate names no extended purpose.
pub(super) fn may_sign_barcodes(certificate: &X509Ref) -> Result<Option<bool>, TlvError> {
    let der = certificate.to_der().unwrap_or_default();
    let Some(purposes) = extension(&der, &EXTENDED_KEY_USAGE)? else {
        return Ok(None);
    };
    let mut purposes = Reader::new(&purposes)
        .expect(0x30, "key purposes")?
        .reader();
    let mut found = false;
    while !purposes.is_empty() {
        let purpose = purposes.expect(0x06, "key purpose")?.value;
        found |= purpose.starts_with(&BARCODE_SIGNERS);
    }
    Ok(Some(found))
}

/// Whether the certificate is no authority's: its basic constraints, where it has any, do not say so. One
/// whose constraints cannot be read counts as an authority's.
pub(super) fn is_end_entity(certificate: &X509Ref) -> bool {
    let der = certificate.to_der().unwrap_or_default();
    let constraints = || -> Result<bool, TlvError> {
        let Some(constraints) = extension(&der, &BASIC_CONSTRAINTS)? else {
            return Ok(true);
        };
        let mut parts = Reader::new(&constraints)
            .expect(0x30, "basic constraints")?
            .reader();
        Ok(parts.optional(0x01)?.is_none_or(|flag| flag.value == [0]))
    };
    constraints().unwrap_or(false)
}

/// Whether the validity began before `day`.
pub(super) fn began_before(certificate: &X509Ref, day: Date) -> bool {
    let start = TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0));
    let start = start
        .ok()
        .and_then(|at| Asn1Time::from_unix(at.as_second()).ok());
    start.is_some_and(|start| {
        let order = certificate.not_before().compare(&start);
        order.is_ok_and(|order| order.is_lt())
    })
}

/// Content of the extension `wanted` of a certificate (RFC 5280, 4.1).
fn extension(certificate: &[u8], wanted: &[u8]) -> Result<Option<Vec<u8>>, TlvError> {
    let mut body = Reader::new(certificate)
        .expect(0x30, "certificate")?
        .reader()
        .expect(0x30, "certificate body")?
        .reader();
    while !body.is_empty() {
        let field = body.any("field of the certificate")?;
        if field.tag != 0xA3 {
            continue;
        }
        let mut extensions = field.reader().expect(0x30, "extensions")?.reader();
        while !extensions.is_empty() {
            let mut extension = extensions.expect(0x30, "extension")?.reader();
            if extension.expect(0x06, "extension identifier")?.value == wanted {
                extension.optional(0x01)?;
                let content = extension.expect(0x04, "extension content")?;
                return Ok(Some(content.value.to_vec()));
            }
        }
    }
    Ok(None)
}

/// Whether a seal means this certificate.
pub(super) fn is_named(certificate: &X509Ref, reference: &SignerReference) -> bool {
    match reference {
        SignerReference::Name { signer, reference } => {
            name(certificate).is_some_and(|name| name.eq_ignore_ascii_case(signer))
                && serial(certificate)
                    .is_some_and(|serial| serial.eq_ignore_ascii_case(significant(reference)))
        }
        SignerReference::Digest(digest) => {
            self::reference(certificate).is_some_and(|own| own == *digest)
        }
        SignerReference::Embedded => false,
        SignerReference::OneOf(digests) => certificate
            .to_der()
            .is_ok_and(|der| digests.contains(&openssl::sha::sha256(&der))),
    }
}

/// Country and common name of the subject, which together are a signer's four characters.
pub(super) fn name(certificate: &X509Ref) -> Option<String> {
    let subject = certificate.subject_name();
    let country = entry(subject, Nid::COUNTRYNAME)?;
    Some(format!("{country}{}", entry(subject, Nid::COMMONNAME)?).to_ascii_uppercase())
}

/// The country in a name, in upper case: two letters, also where it has three, and not whatever a
/// certificate says.
pub(super) fn country(name: &X509NameRef) -> Option<String> {
    let text = entry(name, Nid::COUNTRYNAME)?;
    let is_country =
        matches!(text.len(), 2 | 3) && text.bytes().all(|byte| byte.is_ascii_alphabetic());
    is_country.then(|| country::two_letters(&text))
}

/// Whether `anchor` may be the issuer of `signer`, by key identifier or by name.
pub(super) fn may_have_issued(anchor: &X509Ref, signer: &X509Ref) -> bool {
    let wanted = signer
        .authority_key_id()
        .map(|identifier| identifier.as_slice());
    let own = anchor
        .subject_key_id()
        .map(|identifier| identifier.as_slice());
    // OpenSSL compares names without regard to case and spaces, as X.509 asks.
    let same_name = anchor.subject_name().try_cmp(signer.issuer_name());
    (wanted.is_some() && own == wanted) || same_name.is_ok_and(|order| order.is_eq())
}

fn entry(name: &X509NameRef, nid: Nid) -> Option<String> {
    let text = name.entries_by_nid(nid).next()?.data();
    text.to_string().ok()
}

/// Serial number in hexadecimal without leading zeros.
pub(super) fn serial(certificate: &X509Ref) -> Option<String> {
    let number = certificate.serial_number().to_bn().ok()?;
    let text = number.to_hex_str().ok()?;
    Some(significant(&text).to_owned())
}

fn significant(number: &str) -> &str {
    match number.trim_start_matches('0') {
        "" => "0",
        digits => digits,
    }
}

/// The last five bytes of the SHA-1 digest of the certificate.
pub(super) fn reference(certificate: &X509Ref) -> Option<[u8; 5]> {
    let digest = hash(MessageDigest::sha1(), &certificate.to_der().ok()?).ok()?;
    digest.get(15..20)?.try_into().ok()
}

/// Whether the certificate was valid at some moment of `day`, wherever on earth that was.
pub(super) fn was_valid(certificate: &X509Ref, day: Date) -> Result<bool, ErrorStack> {
    let start = TimeZone::UTC
        .to_timestamp(day.at(0, 0, 0, 0))
        .map(Timestamp::as_second);
    let start = start.unwrap_or(i64::MAX / 2);
    let early = Asn1Time::from_unix(start - 14 * 3_600)?;
    let late = Asn1Time::from_unix(start + 36 * 3_600)?;
    Ok(certificate.not_before().compare(&late)?.is_lt()
        && certificate.not_after().compare(&early)?.is_ge())
}
