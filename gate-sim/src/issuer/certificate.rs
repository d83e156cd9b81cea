//! Certificates of a test authority (Doc 9303-12, 7.1): country signing CA and document signer.

use openssl::asn1::{Asn1Object, Asn1OctetString, Asn1Time};
use openssl::bn::BigNum;
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::x509::extension::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectKeyIdentifier,
};
use openssl::x509::{X509, X509Builder, X509Extension, X509Name};
use rand::Rng as _;
use rand_chacha::ChaCha20Rng;

use super::State;
use super::der::{integer, sequence, tlv};
use super::sod::{self, sign};
use gate_document::tlv::Reader;

/// Wide enough for every document of the tests, expired ones included.
const NOT_BEFORE: &str = "20100101000000Z";
const SIGNER_NOT_AFTER: &str = "20461231235959Z";
const CSCA_NOT_AFTER: &str = "20491231235959Z";

/// ICAO's extension that says which documents a signer signs (Doc 9303-12, 7.1.1).
const DOCUMENT_TYPES: &str = "2.23.136.1.1.6.2";

/// What ICAO's signers of barcodes are for (Doc 9303-13).
const BARCODE_SIGNER: &str = "2.23.136.1.1.14.1";

/// A certificate and its key.
pub(super) struct Certified {
    pub(super) certificate: X509,
    pub(super) key: PKey<Private>,
}

/// A self-signed country signing CA.
pub(super) fn country_signing(
    state: State,
    key: PKey<Private>,
    digest: MessageDigest,
    rng: &mut ChaCha20Rng,
) -> Result<Certified, ErrorStack> {
    let name = name(state, "Test CSCA")?;
    let mut builder = builder(&name, &name, &key, CSCA_NOT_AFTER, rng)?;
    add(
        &mut builder,
        None,
        &[
            Wanted::Ca,
            Wanted::Usage(KeyUsage::new().critical().key_cert_sign().crl_sign()),
        ],
    )?;
    builder.sign(&key, digest)?;
    Ok(Certified {
        certificate: builder.build(),
        key,
    })
}

/// A link certificate: `older` vouches for `key`, under the name of both.
pub(super) fn link(
    state: State,
    older: &Certified,
    key: PKey<Private>,
    digest: MessageDigest,
    rng: &mut ChaCha20Rng,
) -> Result<X509, ErrorStack> {
    let name = name(state, "Test CSCA")?;
    let mut builder = builder(&name, &name, &key, CSCA_NOT_AFTER, rng)?;
    add(
        &mut builder,
        Some(&older.certificate),
        &[
            Wanted::Ca,
            Wanted::Usage(KeyUsage::new().critical().key_cert_sign().crl_sign()),
        ],
    )?;
    builder.sign(&older.key, digest)?;
    Ok(builder.build())
}

/// A document signer under `csca`.
pub(super) fn document_signer(
    state: State,
    csca: &Certified,
    key: PKey<Private>,
    digest: MessageDigest,
    rng: &mut ChaCha20Rng,
) -> Result<Certified, ErrorStack> {
    let subject = name(state, "Test Document Signer 1")?;
    signer(&subject, Wanted::DocumentTypes, csca, key, digest, rng)
}

/// A signer of barcodes under `csca`, by the name of two characters that seals have room for.
pub(super) fn barcode_signer(
    state: State,
    csca: &Certified,
    key: PKey<Private>,
    digest: MessageDigest,
    rng: &mut ChaCha20Rng,
) -> Result<Certified, ErrorStack> {
    signer(
        &name(state, "TS")?,
        Wanted::Barcodes,
        csca,
        key,
        digest,
        rng,
    )
}

/// A signer of what `purpose` says.
fn signer(
    subject: &X509Name,
    purpose: Wanted<'_>,
    csca: &Certified,
    key: PKey<Private>,
    digest: MessageDigest,
    rng: &mut ChaCha20Rng,
) -> Result<Certified, ErrorStack> {
    let issuer = X509Name::from_der(&csca.certificate.subject_name().to_der()?)?;
    let mut builder = builder(subject, &issuer, &key, SIGNER_NOT_AFTER, rng)?;
    let mut usage = KeyUsage::new();
    usage.critical().digital_signature();
    add(
        &mut builder,
        Some(&csca.certificate),
        &[Wanted::Usage(&usage), purpose],
    )?;
    builder.sign(&csca.key, digest)?;
    Ok(Certified {
        certificate: builder.build(),
        key,
    })
}

/// The certificate `der` signed anew by `issuer`, with each of its parts as `change` makes it: version 0,
/// serial number 1, issuer 3, validity 4, subject 5, key 6, extensions 7. Its algorithm, 2, is that of the
/// new signature.
pub(super) fn signed_anew(
    issuer: &Certified,
    der: &[u8],
    change: impl Fn(usize, &[u8]) -> Vec<u8>,
) -> Result<Vec<u8>, ErrorStack> {
    let algorithm = sod::algorithm_of(issuer);
    let mut parts = Vec::new();
    let whole = Reader::new(der).any("certificate");
    let signed = whole.and_then(|whole| whole.reader().any("signed part"));
    if let Ok(signed) = signed {
        let mut reader = signed.reader();
        for index in 0.. {
            let Ok(part) = reader.any("part") else {
                break;
            };
            parts.push(match index {
                2 => algorithm.clone(),
                _ => change(index, part.raw),
            });
        }
    }
    let signed = tlv(0x30, &parts.concat());
    let (algorithm, signature) = sign(issuer, &signed)?;
    let signature = tlv(0x03, &[&[0], &signature[..]].concat());
    Ok(sequence(&[&signed, &algorithm, &signature]))
}

fn name(state: State, common_name: &str) -> Result<X509Name, ErrorStack> {
    let mut name = X509Name::builder()?;
    name.append_entry_by_text("C", state.country)?;
    name.append_entry_by_text("O", "Gate test authority")?;
    name.append_entry_by_text("CN", common_name)?;
    Ok(name.build())
}

fn builder(
    subject: &X509Name,
    issuer: &X509Name,
    key: &PKey<Private>,
    not_after: &str,
    rng: &mut ChaCha20Rng,
) -> Result<X509Builder, ErrorStack> {
    let mut serial = [0; 8];
    rng.fill_bytes(&mut serial);
    serial[0] = serial[0] & 0x7F | 0x40;
    let mut builder = X509::builder()?;
    builder.set_version(2)?;
    builder.set_serial_number(&*BigNum::from_slice(&serial)?.to_asn1_integer()?)?;
    builder.set_subject_name(subject)?;
    builder.set_issuer_name(issuer)?;
    builder.set_not_before(&*Asn1Time::from_str_x509(NOT_BEFORE)?)?;
    builder.set_not_after(&*Asn1Time::from_str_x509(not_after)?)?;
    builder.set_pubkey(key)?;
    Ok(builder)
}

/// Extensions in which the two kinds differ.
enum Wanted<'a> {
    Ca,
    Usage(&'a KeyUsage),
    DocumentTypes,
    Barcodes,
}

/// Adds the key identifiers, which every certificate has, and `wanted`.
fn add(
    builder: &mut X509Builder,
    issuer: Option<&X509>,
    wanted: &[Wanted<'_>],
) -> Result<(), ErrorStack> {
    let own = SubjectKeyIdentifier::new().build(&builder.x509v3_context(None, None))?;
    builder.append_extension(own)?;
    let authority = AuthorityKeyIdentifier::new()
        .keyid(true)
        .build(&builder.x509v3_context(issuer.map(AsRef::as_ref), None))?;
    builder.append_extension(authority)?;
    for extension in wanted {
        let extension = match extension {
            Wanted::Ca => BasicConstraints::new().critical().ca().pathlen(0).build()?,
            Wanted::Usage(usage) => usage.build()?,
            Wanted::DocumentTypes => document_types()?,
            Wanted::Barcodes => ExtendedKeyUsage::new().other(BARCODE_SIGNER).build()?,
        };
        builder.append_extension(extension)?;
    }
    Ok(())
}

/// Passports (P) and identity cards (I, ID).
fn document_types() -> Result<X509Extension, ErrorStack> {
    let types = ["I", "P", "ID"].map(|code| tlv(0x13, code.as_bytes()));
    let list = sequence(&[&integer(0), &tlv(0x31, &types.concat())]);
    let oid = Asn1Object::from_str(DOCUMENT_TYPES)?;
    X509Extension::new_from_der(&oid, false, &*Asn1OctetString::new_from_bytes(&list)?)
}
