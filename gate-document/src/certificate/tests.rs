use super::*;
use crate::test_issuer::{CSCA, FROM, SIGNER, UNTIL, authority, object, p256, rsa_key};
use hex_literal::hex;
use jiff::civil::date;
use openssl::asn1::{Asn1Object, Asn1OctetString};
use openssl::hash::MessageDigest;
use openssl::x509::{X509, X509Extension};
use proptest::prelude::*;

#[test]
fn a_certificate_says_what_openssl_reads_in_it() {
    for key in [p256(), rsa_key()] {
        let csca = authority(key, CSCA, None);
        let signer = authority(p256(), SIGNER, Some(&csca));
        let own = |of: &X509| Certificate::parse(&of.to_der().unwrap()).unwrap();
        let (issuer, read) = (own(&csca.certificate), own(&signer.certificate));
        assert_eq!(read.serial(), hex!("8001"));
        assert_eq!(read.country().as_deref(), Some("UT"));
        assert_eq!(read.common_name().as_deref(), Some("Document Signer"));
        assert_eq!(read.not_before().unwrap().as_second(), FROM);
        assert_eq!(read.not_after().unwrap().as_second(), UNTIL);
        assert!(read.allows(Usage::DigitalSignature) && !read.allows(Usage::CertificateSign));
        assert!(issuer.allows(Usage::CertificateSign) && issuer.extensions.authority);
        assert!(issuer.is_self_issued() && !read.is_self_issued());
        assert!(read.is_signed_by(&issuer) && !read.is_signed_by(&read));
        let key = |of: &X509, found: Option<&[u8]>| {
            assert_eq!(of.subject_key_id().map(|key| key.as_slice()), found);
        };
        key(&csca.certificate, issuer.extensions.subject_key.as_deref());
        key(&signer.certificate, read.extensions.subject_key.as_deref());
        assert_eq!(read.extensions.authority_key, issuer.extensions.subject_key);
        let digest = signer.certificate.digest(MessageDigest::sha256()).unwrap();
        assert_eq!(read.fingerprint().0, *digest);
        assert_eq!(read.extensions.unknown_critical, None);
        assert!(!format!("{read:?}").contains("Document Signer"));
    }
}

/// A signer with one more extension.
fn with_extension(oid: &str, critical: bool, value: &[u8]) -> Certificate {
    let signer = authority(p256(), SIGNER, None);
    let mut builder = X509::builder().unwrap();
    let old = &signer.certificate;
    builder.set_version(2).unwrap();
    builder.set_subject_name(old.subject_name()).unwrap();
    builder.set_issuer_name(old.issuer_name()).unwrap();
    builder.set_not_before(old.not_before()).unwrap();
    builder.set_not_after(old.not_after()).unwrap();
    builder.set_pubkey(&signer.key).unwrap();
    let oid = Asn1Object::from_str(oid).unwrap();
    let value = Asn1OctetString::new_from_bytes(value).unwrap();
    let extension = X509Extension::new_from_der(&oid, critical, &value).unwrap();
    builder.append_extension(extension).unwrap();
    builder.sign(&signer.key, MessageDigest::sha256()).unwrap();
    Certificate::parse(&builder.build().to_der().unwrap()).unwrap()
}

#[test]
fn extensions_of_document_signers_are_read() {
    let types = object(
        0x30,
        &[
            &hex!("020100"),
            &object(
                0x31,
                &[&hex!("130150"), &hex!("13024944"), &hex!("1303414141")],
            ),
        ],
    );
    let read = with_extension("2.23.136.1.1.6.2", false, &types);
    assert_eq!(read.extensions.document_types, ["P", "ID"]);
    let period = object(
        0x30,
        &[
            &object(0x80, &[b"20250101000000Z"]),
            &object(0x81, &[b"20250301000000Z"]),
        ],
    );
    let read = with_extension("2.5.29.16", false, &period);
    let day = |at: Option<Timestamp>| at.map(|at| TimeZone::UTC.to_datetime(at).date());
    let (from, until) = read.extensions.key_period.unwrap();
    assert_eq!(
        (day(from), day(until)),
        (Some(date(2025, 1, 1)), Some(date(2025, 3, 1)))
    );
    for (critical, known) in [(false, true), (true, false)] {
        let read = with_extension("1.2.3.4", critical, &hex!("0500"));
        assert_eq!(read.extensions.unknown_critical.is_none(), known);
    }
}

#[test]
fn names_are_compared_without_regard_to_case_spaces_and_kind_of_string() {
    let name = |entries: &[(u8, u32, &[u8])]| {
        let parts: Vec<Vec<u8>> = entries
            .iter()
            .map(|(kind, tag, text)| {
                let pair = [&hex!("0603 5504")[..], &[*kind]].concat();
                let pair = object(0x30, &[&pair, &object(*tag, &[text])]);
                object(0x31, &[&pair])
            })
            .collect();
        object(0x30, &[&parts.concat()])
    };
    let plain = name(&[(6, 0x13, b"GB"), (3, 0x13, b"Country Signer")]);
    for same in [
        name(&[(6, 0x13, b"gb"), (3, 0x0C, b" country  SIGNER ")]),
        name(&[
            (6, 0x0C, b"GB"),
            (3, 0x1E, b"\0C\0o\0u\0n\0t\0r\0y\0 \0S\0i\0g\0n\0e\0r"),
        ]),
    ] {
        assert_eq!(canonical(&same), canonical(&plain));
    }
    for other in [
        name(&[(6, 0x13, b"GB"), (3, 0x13, b"CountrySigner")]),
        name(&[(3, 0x13, b"Country Signer"), (6, 0x13, b"GB")]),
        name(&[(6, 0x13, b"GB")]),
    ] {
        assert_ne!(canonical(&other), canonical(&plain));
    }
    assert_eq!(country(&name(&[(6, 0x13, b"gb")])).as_deref(), Some("GB"));
    assert_eq!(country(&name(&[(6, 0x13, b"<b>")])), None);
}

#[test]
fn times_are_read_in_every_form_that_certificates_have() {
    let read = |tag, text: &[u8]| {
        let bytes = object(tag, &[text]);
        time(&Reader::new(&bytes).any("time").unwrap()).map(|at| at.to_string())
    };
    for (tag, text, expected) in [
        (0x17, &b"490101000000Z"[..], Some("2049-01-01T00:00:00Z")),
        (0x17, b"500101000000Z", Some("1950-01-01T00:00:00Z")),
        (0x17, b"2501011230Z", Some("2025-01-01T12:30:00Z")),
        (0x18, b"20500101000000Z", Some("2050-01-01T00:00:00Z")),
        (0x18, b"20500101000000+0100", None),
        (0x17, b"250230000000Z", None),
        (0x17, b"", None),
        (0x0C, b"250101000000Z", None),
    ] {
        assert_eq!(read(tag, text).as_deref(), expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_damaged_certificate_is_signed(at in any::<prop::sample::Index>(), bits in 1..=255_u8) {
        let csca = authority(p256(), CSCA, None);
        let genuine = csca.certificate.to_der().unwrap();
        let issuer = Certificate::parse(&genuine).unwrap();
        let mut damaged = genuine.clone();
        damaged[at.index(genuine.len())] ^= bits;
        if let Ok(read) = Certificate::parse(&damaged) {
            // Whatever still verifies states what was signed.
            if read.is_signed_by(&issuer) {
                prop_assert_eq!(&read.der[read.signed.clone()], &issuer.der[issuer.signed.clone()]);
            }
        }
    }
}
