//! Signs seals for the tests of this module.

use super::SignerList;
use crate::algorithm::Digest;
use crate::test_issuer::{Authority, CSCA, Terms};
use openssl::asn1::{Asn1Integer, Asn1Time};
use openssl::bn::BigNum;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, PKeyRef, Public};
use openssl::x509::extension::{AuthorityKeyIdentifier, ExtendedKeyUsage, KeyUsage};
use openssl::x509::{X509, X509NameBuilder};

/// Serial number of every signer.
pub(crate) const SERIAL: &str = "5B";
/// ICAO's purpose of signers of barcodes.
pub(crate) const BARCODES: &str = "2.23.136.1.1.14.1";

/// A certificate of the signer `country` + `common` for `key`.
pub(crate) fn certificate(
    key: &PKeyRef<Public>,
    common: &str,
    terms: Terms,
    purpose: Option<&str>,
    csca: &Authority,
) -> X509 {
    let mut name = X509NameBuilder::new().unwrap();
    name.append_entry_by_text("C", terms.country).unwrap();
    name.append_entry_by_text("CN", common).unwrap();
    let mut builder = X509::builder().unwrap();
    builder.set_version(2).unwrap();
    let serial = Asn1Integer::from_bn(&BigNum::from_hex_str(SERIAL).unwrap()).unwrap();
    builder.set_serial_number(&serial).unwrap();
    builder.set_subject_name(&name.build()).unwrap();
    builder
        .set_issuer_name(csca.certificate.subject_name())
        .unwrap();
    builder
        .set_not_before(&Asn1Time::from_unix(terms.from).unwrap())
        .unwrap();
    builder
        .set_not_after(&Asn1Time::from_unix(terms.until).unwrap())
        .unwrap();
    builder.set_pubkey(key).unwrap();
    let mut usage = KeyUsage::new();
    if terms.for_signatures {
        usage.digital_signature();
    } else {
        usage.key_encipherment();
    }
    builder
        .append_extension(usage.critical().build().unwrap())
        .unwrap();
    if let Some(purpose) = purpose {
        let purposes = ExtendedKeyUsage::new().other(purpose).build().unwrap();
        builder.append_extension(purposes).unwrap();
    }
    let context = builder.x509v3_context(Some(&csca.certificate), None);
    let above = AuthorityKeyIdentifier::new()
        .keyid(true)
        .build(&context)
        .unwrap();
    builder.append_extension(above).unwrap();
    builder.sign(&csca.key, MessageDigest::sha256()).unwrap();
    builder.build()
}

/// The public half of `key`.
pub(crate) fn public(key: &PKeyRef<openssl::pkey::Private>) -> PKey<Public> {
    PKey::public_key_from_der(&key.public_key_to_der().unwrap()).unwrap()
}

/// A list with these signers below this authority.
pub(crate) fn list(signers: &[&X509], csca: &Authority) -> SignerList {
    let signers = signers.iter().map(|one| (*one).clone()).collect();
    SignerList::new(signers, vec![csca.certificate.clone()])
}

/// An authority of Utopia that was valid when the published examples were signed: 2007 to 2035.
pub(crate) const LONG: Terms = Terms {
    from: 1_167_609_600,
    ..CSCA
};

/// Signature in the form of seals.
pub(crate) fn sign(key: &PKeyRef<openssl::pkey::Private>, digest: Digest, bytes: &[u8]) -> Vec<u8> {
    super::sign::sign(key, digest, bytes).unwrap()
}

/// A signer below [`LONG`].
pub(crate) const LONG_SIGNER: Terms = Terms {
    for_certificates: false,
    for_signatures: true,
    ..LONG
};
