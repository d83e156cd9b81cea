//! Signs documents for the tests of this crate: certificates by OpenSSL, everything else byte by
//! byte, so that each byte can be made wrong.

use crate::access::{Access, PasswordKind, Protocol, WithoutPace};
use crate::algorithm::Digest;
use crate::apdu::Status;
use crate::conversation::{ChallengeProof, ChipProof, Conversation, MappingProof};
use crate::file::{ChipFiles, ElementaryFile};
use crate::tlv::write;
use hex_literal::hex;
use openssl::asn1::{Asn1Integer, Asn1Object, Asn1OctetString, Asn1Time};
use openssl::bn::BigNum;
use openssl::ec::{Asn1Flag, EcGroup, EcKey};
use openssl::ecdsa::EcdsaSig;
use openssl::hash::{MessageDigest, hash};
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::rsa::{Padding, Rsa};
use openssl::sign::{RsaPssSaltlen, Signer};
use openssl::x509::extension::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, SubjectKeyIdentifier,
};
use openssl::x509::{X509, X509Extension, X509Name, X509NameBuilder};

/// 2025-01-01 and 2035-01-01: the validity of every certificate.
pub(crate) const FROM: i64 = 1_735_689_600;
pub(crate) const UNTIL: i64 = 2_051_222_400;

/// A key pair and its certificate.
pub(crate) struct Authority {
    pub(crate) key: PKey<Private>,
    pub(crate) certificate: X509,
}

pub(crate) fn ec_key(curve: Nid, flag: Asn1Flag) -> PKey<Private> {
    let mut group = EcGroup::from_curve_name(curve).unwrap();
    group.set_asn1_flag(flag);
    PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap()
}

pub(crate) fn p256() -> PKey<Private> {
    ec_key(Nid::X9_62_PRIME256V1, Asn1Flag::NAMED_CURVE)
}

pub(crate) fn rsa_key() -> PKey<Private> {
    PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap()
}

fn name(country: &str, common: &str) -> X509Name {
    let mut builder = X509NameBuilder::new().unwrap();
    if !country.is_empty() {
        builder.append_entry_by_text("C", country).unwrap();
    }
    builder.append_entry_by_text("CN", common).unwrap();
    builder.build()
}

/// What may be wrong with a certificate.
#[derive(Clone, Copy)]
pub(crate) struct Terms {
    pub(crate) country: &'static str,
    pub(crate) from: i64,
    pub(crate) until: i64,
    pub(crate) for_certificates: bool,
    pub(crate) for_signatures: bool,
    /// For master lists.
    pub(crate) for_lists: bool,
    /// For deviation lists.
    pub(crate) for_deviations: bool,
    /// When the private key is to be used, from and until.
    pub(crate) key_period: Option<(&'static str, &'static str)>,
    /// Documents that it signs, as in the zone; any where empty.
    pub(crate) document_types: &'static [&'static str],
    /// One more extended key usage.
    pub(crate) purpose: Option<&'static str>,
}

pub(crate) const CSCA: Terms = Terms {
    country: "UT",
    from: FROM,
    until: UNTIL,
    for_certificates: true,
    for_signatures: false,
    for_lists: false,
    for_deviations: false,
    key_period: None,
    document_types: &[],
    purpose: None,
};
pub(crate) const SIGNER: Terms = Terms {
    for_certificates: false,
    for_signatures: true,
    ..CSCA
};

/// A certificate for `key`, by `issuer` or by itself.
pub(crate) fn authority(key: PKey<Private>, terms: Terms, issuer: Option<&Authority>) -> Authority {
    let common = if issuer.is_some() && !terms.for_certificates {
        "Document Signer"
    } else {
        "Country Signer"
    };
    let subject = name(terms.country, common);
    let mut builder = X509::builder().unwrap();
    builder.set_version(2).unwrap();
    let serial = BigNum::from_u32(if issuer.is_some() { 0x8001 } else { 1 }).unwrap();
    builder
        .set_serial_number(&Asn1Integer::from_bn(&serial).unwrap())
        .unwrap();
    builder.set_subject_name(&subject).unwrap();
    let issuer_name = issuer.map_or(subject.as_ref(), |issuer| issuer.certificate.subject_name());
    builder.set_issuer_name(issuer_name).unwrap();
    builder
        .set_not_before(&Asn1Time::from_unix(terms.from).unwrap())
        .unwrap();
    builder
        .set_not_after(&Asn1Time::from_unix(terms.until).unwrap())
        .unwrap();
    builder.set_pubkey(&key).unwrap();
    let mut usage = KeyUsage::new();
    if terms.for_certificates {
        usage.key_cert_sign().crl_sign();
        let constraints = BasicConstraints::new().critical().ca().build().unwrap();
        builder.append_extension(constraints).unwrap();
    }
    if terms.for_lists {
        let purpose = ExtendedKeyUsage::new().other("2.23.136.1.1.3").build();
        builder.append_extension(purpose.unwrap()).unwrap();
    }
    if let Some((from, until)) = terms.key_period {
        let period = [
            object(0x80, &[from.as_bytes()]),
            object(0x81, &[until.as_bytes()]),
        ];
        let period = object(0x30, &[&period.concat()]);
        builder
            .append_extension(extension("2.5.29.16", &period))
            .unwrap();
    }
    if !terms.document_types.is_empty() {
        let types = terms.document_types.iter();
        let types: Vec<Vec<u8>> = types.map(|code| object(0x13, &[code.as_bytes()])).collect();
        let list = object(0x30, &[&hex!("020100"), &object(0x31, &[&types.concat()])]);
        builder
            .append_extension(extension("2.23.136.1.1.6.2", &list))
            .unwrap();
    }
    if let Some(purpose) = terms.purpose {
        let purpose = ExtendedKeyUsage::new().other(purpose).build();
        builder.append_extension(purpose.unwrap()).unwrap();
    }
    if terms.for_deviations {
        let purpose = ExtendedKeyUsage::new().other("2.23.136.1.1.8").build();
        builder.append_extension(purpose.unwrap()).unwrap();
    }
    if terms.for_signatures {
        usage.digital_signature();
    }
    if !terms.for_certificates && !terms.for_signatures {
        usage.key_encipherment();
    }
    builder
        .append_extension(usage.critical().build().unwrap())
        .unwrap();
    let context = builder.x509v3_context(issuer.map(|issuer| issuer.certificate.as_ref()), None);
    let subject_key = SubjectKeyIdentifier::new().build(&context).unwrap();
    builder.append_extension(subject_key).unwrap();
    if issuer.is_some() {
        let context =
            builder.x509v3_context(issuer.map(|issuer| issuer.certificate.as_ref()), None);
        let issuer_key = AuthorityKeyIdentifier::new()
            .keyid(true)
            .build(&context)
            .unwrap();
        builder.append_extension(issuer_key).unwrap();
    }
    builder
        .sign(
            issuer.map_or(&key, |issuer| &issuer.key),
            MessageDigest::sha256(),
        )
        .unwrap();
    Authority {
        key,
        certificate: builder.build(),
    }
}

fn extension(oid: &str, value: &[u8]) -> X509Extension {
    let oid = Asn1Object::from_str(oid).unwrap();
    let value = Asn1OctetString::new_from_bytes(value).unwrap();
    X509Extension::new_from_der(&oid, false, &value).unwrap()
}

pub(crate) fn object(tag: u32, parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(&mut bytes, tag, &parts.concat());
    bytes
}

/// Signed data over `content`, whose type is `content_type`, an object identifier with its tag.
/// The signer's key is on P-256.
pub(crate) fn signed_data(signer: &Authority, content_type: &[u8], content: &[u8]) -> Vec<u8> {
    let digest = hash(MessageDigest::sha256(), content).unwrap();
    let attribute = |kind: &[u8], value: &[u8]| object(0x30, &[kind, &object(0x31, &[value])]);
    let attributes = [
        attribute(&hex!("06092A864886F70D010903"), content_type),
        attribute(&hex!("06092A864886F70D010904"), &object(0x04, &[&digest])),
        attribute(
            &hex!("06092A864886F70D010905"),
            &object(0x17, &[b"261101120000Z"]),
        ),
    ]
    .concat();
    let signature = Scheme::Ecdsa.sign(Digest::Sha256, &signer.key, &object(0x31, &[&attributes]));
    let issuer = signer.certificate.issuer_name().to_der().unwrap();
    let serial = signer.certificate.serial_number().to_bn().unwrap().to_vec();
    let serial = object(0x02, &[&[0], &serial]);
    let info = object(
        0x30,
        &[
            &hex!("020101"),
            &object(0x30, &[&issuer, &serial]),
            &SHA256,
            &object(0xA0, &[&attributes]),
            &Scheme::Ecdsa.identifier(Digest::Sha256),
            &object(0x04, &[&signature]),
        ],
    );
    let data = object(
        0x30,
        &[
            &hex!("020103"),
            &object(0x31, &[&SHA256]),
            &object(
                0x30,
                &[content_type, &object(0xA0, &[&object(0x04, &[content])])],
            ),
            &object(0xA0, &[&signer.certificate.to_der().unwrap()]),
            &object(0x31, &[&info]),
        ],
    );
    object(
        0x30,
        &[&hex!("06092A864886F70D010702"), &object(0xA0, &[&data])],
    )
}

/// A master list of `certificates`.
pub(crate) fn master_list(signer: &Authority, certificates: &[Vec<u8>]) -> Vec<u8> {
    let content = object(
        0x30,
        &[&hex!("020100"), &object(0x31, &[&certificates.concat()])],
    );
    signed_data(signer, &hex!("0606 678108010102"), &content)
}

/// A revocation list by `issuer`, whose key is on P-256, with serial numbers and reasons.
pub(crate) fn crl(
    issuer: &Authority,
    revoked: &[(&[u8], Option<u8>)],
    made: &str,
    next: Option<&str>,
) -> Vec<u8> {
    crl_with(issuer, revoked, made, next, &[])
}

/// As [`crl`], with extensions: each a SEQUENCE.
pub(crate) fn crl_with(
    issuer: &Authority,
    revoked: &[(&[u8], Option<u8>)],
    made: &str,
    next: Option<&str>,
    extensions: &[&[u8]],
) -> Vec<u8> {
    let extensions = match extensions.is_empty() {
        true => vec![],
        false => object(0xA0, &[&object(0x30, extensions)]),
    };
    let entries: Vec<Vec<u8>> = revoked
        .iter()
        .map(|(serial, reason)| {
            let reason = reason.map_or(vec![], |reason| {
                let value = object(0x04, &[&[0x0A, 1, reason]]);
                object(0x30, &[&object(0x30, &[&hex!("0603 551D15"), &value])])
            });
            object(
                0x30,
                &[
                    &object(0x02, &[&[0], serial]),
                    &object(0x17, &[b"251001120000Z"]),
                    &reason,
                ],
            )
        })
        .collect();
    let entries = match entries.is_empty() {
        true => vec![],
        false => object(0x30, &[&entries.concat()]),
    };
    let next = next.map_or(vec![], |next| object(0x17, &[next.as_bytes()]));
    let signed = object(
        0x30,
        &[
            &hex!("020101"),
            &Scheme::Ecdsa.identifier(Digest::Sha256),
            &issuer.certificate.subject_name().to_der().unwrap(),
            &object(0x17, &[made.as_bytes()]),
            &next,
            &entries,
            &extensions,
        ],
    );
    let signature = Scheme::Ecdsa.sign(Digest::Sha256, &issuer.key, &signed);
    object(
        0x30,
        &[
            &signed,
            &Scheme::Ecdsa.identifier(Digest::Sha256),
            &object(0x03, &[&[0], &signature]),
        ],
    )
}

/// AlgorithmIdentifier of SHA-256.
const SHA256: [u8; 15] = hex!("300D 0609608648016503040201 0500");
/// id-icao-ldsSecurityObject.
pub(crate) const LDS: [u8; 8] = hex!("0606 678108010101");

/// How a SOD is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    RsaPkcs1,
    RsaPss,
    Ecdsa,
    /// RSA-PSS whose parameters are left out: they mean SHA-1, and SHA-256 is used.
    RsaPssMisnamed,
    /// PKCS #1 under the name of the key's algorithm.
    RsaKeyName,
    /// ECDSA with zeros before its numbers.
    EcdsaPadded,
    /// ECDSA with its numbers one after the other.
    EcdsaPlain,
}

/// The AlgorithmIdentifier of a digest.
fn digest_identifier(digest: Digest) -> Vec<u8> {
    let last = match digest {
        Digest::Sha1 => return hex!("3009 06052B0E03021A 0500").to_vec(),
        Digest::Sha256 => 1,
        Digest::Sha384 => 2,
        Digest::Sha512 => 3,
        Digest::Sha224 => 4,
    };
    let oid = [&hex!("6086480165030402")[..], &[last]].concat();
    object(0x30, &[&object(0x06, &[&oid]), &hex!("0500")])
}

fn openssl(digest: Digest) -> MessageDigest {
    match digest {
        Digest::Sha1 => MessageDigest::sha1(),
        Digest::Sha224 => MessageDigest::sha224(),
        Digest::Sha256 => MessageDigest::sha256(),
        Digest::Sha384 => MessageDigest::sha384(),
        Digest::Sha512 => MessageDigest::sha512(),
    }
}

impl Scheme {
    /// The AlgorithmIdentifier (RFC 4055, 3.1 and 5; RFC 5758, 3.2; BSI TR-03111, 5.2.1.1).
    fn identifier(self, digest: Digest) -> Vec<u8> {
        // The last number for SHA-1, SHA-224, SHA-256, SHA-384, SHA-512.
        let of = |last: [u8; 5]| match digest {
            Digest::Sha1 => last[0],
            Digest::Sha224 => last[1],
            Digest::Sha256 => last[2],
            Digest::Sha384 => last[3],
            Digest::Sha512 => last[4],
        };
        let named = |arc: &[u8], last: u8, parameters: &[u8]| {
            object(0x30, &[&object(0x06, &[arc, &[last]]), parameters])
        };
        let rsa = hex!("2A864886F70D0101");
        match self {
            Self::RsaPssMisnamed => named(&rsa, 10, &[]),
            Self::RsaKeyName => named(&rsa, 1, &hex!("0500")),
            Self::EcdsaPlain => named(&hex!("04007F000701010401"), of([1, 2, 3, 4, 5]), &[]),
            Self::RsaPkcs1 => named(&rsa, of([5, 14, 11, 12, 13]), &hex!("0500")),
            Self::RsaPss => {
                let hash = digest_identifier(digest);
                let mask = named(&rsa, 8, &hash);
                let salt = object(0x02, &[&[of([20, 28, 32, 48, 64])]]);
                let parts = [
                    object(0xA0, &[&hash]),
                    object(0xA1, &[&mask]),
                    object(0xA2, &[&salt]),
                ];
                named(&rsa, 10, &object(0x30, &[&parts.concat()]))
            }
            Self::Ecdsa | Self::EcdsaPadded if digest == Digest::Sha1 => {
                named(&hex!("2A8648CE3D04"), 1, &[])
            }
            Self::Ecdsa | Self::EcdsaPadded => {
                named(&hex!("2A8648CE3D0403"), of([0, 1, 2, 3, 4]), &[])
            }
        }
    }

    fn sign(self, digest: Digest, key: &PKey<Private>, data: &[u8]) -> Vec<u8> {
        let digest = openssl(digest);
        let mut signer = Signer::new(digest, key).unwrap();
        if matches!(self, Self::RsaPss | Self::RsaPssMisnamed) {
            let salt = i32::try_from(digest.size()).unwrap();
            signer.set_rsa_padding(Padding::PKCS1_PSS).unwrap();
            signer.set_rsa_mgf1_md(digest).unwrap();
            signer
                .set_rsa_pss_saltlen(RsaPssSaltlen::custom(salt))
                .unwrap();
        }
        let signature = signer.sign_oneshot_to_vec(data).unwrap();
        if !matches!(self, Self::EcdsaPadded | Self::EcdsaPlain) {
            return signature;
        }
        let numbers = EcdsaSig::from_der(&signature).unwrap();
        let length = i32::try_from(key.bits().div_ceil(8)).unwrap();
        let (r, s) = (
            numbers.r().to_vec_padded(length).unwrap(),
            numbers.s().to_vec_padded(length).unwrap(),
        );
        if self == Self::EcdsaPlain {
            return [r, s].concat();
        }
        object(
            0x30,
            &[&object(0x02, &[&[0, 0], &r]), &object(0x02, &[&[0, 0], &s])],
        )
    }
}

/// A document signer at work, and what it may do wrong.
pub(crate) struct SodIssuer<'a> {
    pub(crate) signer: &'a Authority,
    pub(crate) scheme: Scheme,
    pub(crate) signing_time: Option<&'static str>,
    pub(crate) content_type: &'static [u8],
    /// Names this certificate as the signer's.
    pub(crate) named: &'a X509,
    /// Bytes of the security object that are changed after its digest was taken.
    pub(crate) alter_content: bool,
    pub(crate) without_certificate: bool,
    pub(crate) without_attributes: bool,
    /// Names the signer by its key identifier.
    pub(crate) by_key_identifier: bool,
    /// Version of the logical data structure, in a security object of version 1.
    pub(crate) lds_version: Option<&'static str>,
    /// Digest of the data groups, and of what is signed.
    pub(crate) digest: Digest,
}

impl<'a> SodIssuer<'a> {
    pub(crate) fn new(signer: &'a Authority) -> Self {
        Self {
            signer,
            scheme: Scheme::Ecdsa,
            signing_time: Some("250601120000Z"),
            content_type: &LDS,
            named: &signer.certificate,
            alter_content: false,
            without_certificate: false,
            without_attributes: false,
            by_key_identifier: false,
            lds_version: None,
            digest: Digest::Sha256,
        }
    }

    /// EF.SOD over data groups.
    pub(crate) fn sod(&self, groups: &[(u8, &[u8])]) -> Vec<u8> {
        let algorithm = digest_identifier(self.digest);
        let digests: Vec<Vec<u8>> = groups
            .iter()
            .map(|(number, bytes)| {
                let digest = hash(openssl(self.digest), bytes).unwrap();
                object(
                    0x30,
                    &[&object(0x02, &[&[*number]]), &object(0x04, &[&digest])],
                )
            })
            .collect();
        let versions = self.lds_version.map_or(vec![], |lds| {
            let parts = [object(0x13, &[lds.as_bytes()]), object(0x13, &[b"040000"])];
            object(0x30, &[&parts.concat()])
        });
        let mut content = object(
            0x30,
            &[
                &object(0x02, &[&[u8::from(self.lds_version.is_some())]]),
                &algorithm,
                &object(0x30, &[&digests.concat()]),
                &versions,
            ],
        );
        let digest = hash(openssl(self.digest), &content).unwrap();
        let attribute = |kind: &[u8], value: &[u8]| object(0x30, &[kind, &object(0x31, &[value])]);
        let mut attributes = vec![
            attribute(&hex!("06092A864886F70D010903"), self.content_type),
            attribute(&hex!("06092A864886F70D010904"), &object(0x04, &[&digest])),
        ];
        if let Some(time) = self.signing_time {
            let time = object(0x17, &[time.as_bytes()]);
            attributes.push(attribute(&hex!("06092A864886F70D010905"), &time));
        }
        let attributes = attributes.concat();
        let signed = if self.without_attributes {
            content.clone()
        } else {
            object(0x31, &[&attributes])
        };
        let signature = self.scheme.sign(self.digest, &self.signer.key, &signed);
        if self.alter_content
            && let Some(last) = content.last_mut()
        {
            *last ^= 1;
        }
        let issuer = self.named.issuer_name().to_der().unwrap();
        let serial = self.named.serial_number().to_bn().unwrap().to_vec();
        // A leading zero where the number would be negative otherwise.
        let serial = object(0x02, &[&[0][..usize::from(serial[0] >= 0x80)], &serial]);
        let identifier = match self.named.subject_key_id() {
            Some(key) if self.by_key_identifier => object(0x80, &[key.as_slice()]),
            _ => object(0x30, &[&issuer, &serial]),
        };
        let signer_info = object(
            0x30,
            &[
                &hex!("020101"),
                &identifier,
                &algorithm,
                &if self.without_attributes {
                    vec![]
                } else {
                    object(0xA0, &[&attributes])
                },
                &self.scheme.identifier(self.digest),
                &object(0x04, &[&signature]),
            ],
        );
        let certificate = self.signer.certificate.to_der().unwrap();
        let content = object(0xA0, &[&object(0x04, &[&content])]);
        let signed_data = object(
            0x30,
            &[
                &hex!("020103"),
                &object(0x31, &[&algorithm]),
                &object(0x30, &[self.content_type, &content]),
                &if self.without_certificate {
                    vec![]
                } else {
                    object(0xA0, &[&certificate])
                },
                &object(0x31, &[&signer_info]),
            ],
        );
        let info = [
            &hex!("06092A864886F70D010702")[..],
            &object(0xA0, &[&signed_data]),
        ]
        .concat();
        object(0x77, &[&object(0x30, &[&info])])
    }
}

/// The specimen of Doc 9303-4, Appendix A, in validity.
pub(crate) const ZONE: &str = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\n\
                               L898902C36UTO7408122F3204153ZE184226B<<<<<16";

pub(crate) fn dg1(zone: &str) -> Vec<u8> {
    object(
        0x61,
        &[&object(0x5F1F, &[zone.replace('\n', "").as_bytes()])],
    )
}

/// DG2 with a small portrait in JPEG.
pub(crate) fn dg2(grey: u8) -> Vec<u8> {
    let image = image::RgbImage::from_pixel(32, 40, image::Rgb([grey; 3]));
    let mut jpeg = Vec::new();
    image::codecs::jpeg::JpegEncoder::new(&mut jpeg)
        .encode_image(&image)
        .unwrap();
    let mut record = b"FAC\x00010\0".to_vec();
    record.extend([0; 38]);
    record.extend(jpeg);
    let template = object(0x7F60, &[&object(0xA1, &[]), &object(0x5F2E, &[&record])]);
    object(0x75, &[&object(0x7F61, &[&hex!("020101"), &template])])
}

pub(crate) const COM: [u8; 22] = hex!("60145F0104303130375F36063034303030305C026175");

/// The files of a genuine document, read from a chip that opened with BAC.
pub(crate) fn files(issuer: &SodIssuer<'_>) -> ChipFiles {
    let mut files = dumped(issuer);
    files.set_conversation(Conversation {
        access: Access {
            protocol: Protocol::Bac {
                without_pace: WithoutPace::NoCardAccess {
                    status: Status::FILE_NOT_FOUND,
                },
            },
            password: PasswordKind::Mrz,
        },
        chip_authentication: ChipProof::NotAsked,
        mapping: MappingProof::NotAsked,
        active_authentication: ChallengeProof::NotAsked,
        notices: Vec::new(),
        card_access: None,
        card_security: None,
    });
    files
}

/// The same files, of which nobody knows how they came out of a chip.
pub(crate) fn dumped(issuer: &SodIssuer<'_>) -> ChipFiles {
    let (dg1, dg2) = (dg1(ZONE), dg2(120));
    let mut files = ChipFiles::new();
    files.insert(ElementaryFile::Sod, issuer.sod(&[(1, &dg1), (2, &dg2)]));
    files.insert(ElementaryFile::DG1, dg1);
    files.insert(ElementaryFile::DG2, dg2);
    files.insert(ElementaryFile::Com, COM.to_vec());
    files
}
