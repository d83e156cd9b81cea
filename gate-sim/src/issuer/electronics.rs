//! What the chip of a test document can do beside holding files: PACE, Chip Authentication, Active
//! Authentication, and the files that announce them (Doc 9303-11, 9.2).

use jiff::civil::Date;
use openssl::bn::BigNum;
use openssl::ec::{Asn1Flag, EcKey, EcPoint};
use openssl::error::ErrorStack;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use rand_chacha::ChaCha20Rng;

use super::certificate::Certified;
use super::der::{integer, oid, sequence, tlv};
use super::details::{Details, Making, Notified};
use super::oddity::{self, Oddity};
use super::{keys, sod};
use crate::chip::cipher::Cipher;
use crate::chip::group::Group;

/// id-SecurityObject of BSI TR-03110-3.
const SECURITY_OBJECT: &[u32] = &[0, 4, 0, 127, 0, 7, 3, 2, 1];

/// How PACE maps its nonce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mapping {
    /// Generic mapping.
    Generic,
    /// Integrated mapping.
    Integrated,
    /// Chip authentication mapping, with the key of the document's first Chip Authentication.
    ChipAuthentication,
}

/// A way of PACE that the chip offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaceOffer {
    /// The mapping.
    pub mapping: Mapping,
    /// The cipher.
    pub cipher: Cipher,
    /// Standardised domain parameters (Doc 9303-11, 9.5.1).
    pub parameters: u8,
}

impl PaceOffer {
    /// Content of the object identifier.
    pub(crate) fn identifier(&self) -> [u8; 10] {
        let is_field = self.parameters < 8;
        let way = match (self.mapping, is_field) {
            (Mapping::Generic, true) => 1,
            (Mapping::Generic, false) => 2,
            (Mapping::Integrated, true) => 3,
            (Mapping::Integrated, false) => 4,
            (Mapping::ChipAuthentication, _) => 6,
        };
        identifier([4, way, self.cipher.number()])
    }
}

/// A way of Chip Authentication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChipOffer {
    /// The cipher of the new session.
    pub cipher: Cipher,
    /// Domain parameters of the key.
    pub parameters: u8,
    /// Number of the key, where the document has several.
    pub number: Option<u8>,
    /// Whether DG14 says in which way; some issuers have only put the key there.
    pub announced: bool,
}

/// The key of Active Authentication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignatureOffer {
    /// RSA with so many bits; SHA-1 and the trailer BC.
    RsaSha1(i32),
    /// RSA with so many bits; SHA-256 and the trailer 34CC.
    RsaSha256(i32),
    /// ECDSA on secp384r1 with SHA-256; DG14 names it, or is silent.
    Elliptic {
        /// Whether DG14 names the algorithm.
        announced: bool,
    },
}

/// What a chip can do. The default is a chip of the first years: BAC, and no proof of anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Electronics {
    /// Ways of PACE, in the order of EF.CardAccess.
    pub pace: Vec<PaceOffer>,
    /// Card access number: six digits.
    pub number: Option<String>,
    /// Ways of Chip Authentication, in the order of DG14, which is not sorted as DER wants it.
    pub chip: Vec<ChipOffer>,
    /// Active Authentication.
    pub signature: Option<SignatureOffer>,
    /// Other data groups: number and length of what is in them.
    pub groups: Vec<(u8, usize)>,
    /// The static keys are in EF.CardSecurity and not in DG14.
    pub keys_only_beside: bool,
    /// What DG11 says of the holder; no DG11 if none.
    pub dg11: Option<Details>,
    /// What DG13 says of the holder; no DG13 if none.
    pub dg13: Option<Details>,
    /// How DG2 holds the face.
    pub face: FaceRecord,
    /// What the issuer got wrong in the zone, on the page and in DG1.
    pub misprint: Option<Misprint>,
    /// What DG12 says of how the document was made; no DG12 if none.
    pub dg12: Option<Making>,
    /// Whom DG16 wants to be notified; no DG16 if nobody.
    pub dg16: Vec<Notified>,
    /// What the issuer writes otherwise than the standard says.
    pub odd: Vec<Oddity>,
}

/// How DG2 holds the face.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FaceRecord {
    /// As a record of ISO/IEC 19794-5:2005.
    #[default]
    Iso19794,
    /// As a structure of ISO/IEC 39794-5:2019.
    Iso39794,
}

/// A character of the zone that is another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Misprint {
    /// Line, from 0.
    pub line: usize,
    /// Position in the line, from 0.
    pub position: usize,
    /// What stands there: a character of the zone.
    pub character: char,
    /// The chip opens with what stands there, and not with what should.
    pub in_key: bool,
}

/// A static key of a chip.
#[derive(Clone)]
pub(crate) struct StaticKey {
    pub(crate) offer: ChipOffer,
    pub(crate) scalar: Vec<u8>,
    pub(crate) point: Vec<u8>,
}

/// The secrets of a chip.
#[derive(Clone, Default)]
pub(crate) struct Secrets {
    pub(crate) statics: Vec<StaticKey>,
    pub(crate) signature: Option<(SignatureOffer, PKey<Private>)>,
}

impl Secrets {
    pub(super) fn new(what: &Electronics, rng: &mut ChaCha20Rng) -> Result<Self, ErrorStack> {
        let mut statics = Vec::new();
        for offer in &what.chip {
            let group = Group::standardised(offer.parameters)?;
            let scalar = group.scalar(rng)?;
            statics.push(StaticKey {
                offer: *offer,
                point: group.times(&group.base()?, &scalar)?,
                scalar: scalar.to_vec(),
            });
        }
        let signature = match what.signature {
            None => None,
            Some(offer @ (SignatureOffer::RsaSha1(bits) | SignatureOffer::RsaSha256(bits))) => {
                Some((offer, keys::rsa(bits, rng)?))
            }
            Some(offer) => Some((offer, keys::elliptic(Nid::SECP384R1, rng)?)),
        };
        Ok(Self { statics, signature })
    }
}

/// EF.CardAccess; none without PACE.
pub(super) fn card_access(what: &Electronics) -> Option<Vec<u8>> {
    (!what.pace.is_empty()).then(|| tlv(0x31, &pace_infos(what).concat()))
}

/// `card_access` with another entry.
pub(super) fn with_unknown_protocol(card_access: &[u8]) -> Vec<u8> {
    let entry = sequence(&[&oid(&[0, 4, 0, 127, 0, 7, 2, 2, 99]), &integer(1)]);
    let set = gate_document::tlv::Reader::new(card_access).any("set");
    let entries = set.map(|set| set.value).unwrap_or_default();
    tlv(0x31, &[entries, &entry].concat())
}

/// EF.CardSecurity: the keys of the chip, and what EF.CardAccess says, signed by `signer`.
pub(super) fn card_security(
    what: &Electronics,
    secrets: &Secrets,
    signer: &Certified,
    issued: Date,
) -> Result<Vec<u8>, ErrorStack> {
    let infos = [key_infos(secrets)?, pace_infos(what)].concat();
    let content = tlv(0x31, &infos.concat());
    sod::signed_data(SECURITY_OBJECT, &content, signer, issued)
}

/// DG14; none where there is nothing to say.
pub(super) fn data_group_14(
    what: &Electronics,
    secrets: &Secrets,
) -> Result<Option<Vec<u8>>, ErrorStack> {
    let mut infos = match what.keys_only_beside {
        true => Vec::new(),
        false => key_infos(secrets)?,
    };
    for info in &mut infos {
        *info = oddity::key_info(&what.odd, info);
    }
    infos.extend(pace_infos(what));
    let announced = |offer: &&ChipOffer| offer.announced && !what.keys_only_beside;
    for offer in what.chip.iter().filter(announced) {
        let agreement = if offer.parameters < 8 { 1 } else { 2 };
        let protocol = tlv(0x06, &identifier([3, agreement, offer.cipher.number()]));
        let number = offer.number.map(integer).unwrap_or_default();
        infos.push(sequence(&[&protocol, &integer(1), &number]));
    }
    if what.signature == Some(SignatureOffer::Elliptic { announced: true }) {
        let algorithm = oid(&[0, 4, 0, 127, 0, 7, 1, 1, 4, 1, 3]);
        let protocol = oid(&[2, 23, 136, 1, 1, 5]);
        infos.push(sequence(&[&protocol, &integer(1), &algorithm]));
    }
    Ok((!infos.is_empty()).then(|| tlv(0x6E, &tlv(0x31, &infos.concat()))))
}

/// DG15; none without Active Authentication.
pub(super) fn data_group_15(secrets: &Secrets) -> Result<Option<Vec<u8>>, ErrorStack> {
    let key = secrets.signature.as_ref();
    key.map(|(_, key)| Ok(tlv(0x6F, &key.public_key_to_der()?)))
        .transpose()
}

fn pace_infos(what: &Electronics) -> Vec<Vec<u8>> {
    what.pace
        .iter()
        .map(|offer| {
            let protocol = tlv(0x06, &offer.identifier());
            sequence(&[&protocol, &integer(2), &integer(offer.parameters)])
        })
        .collect()
}

fn key_infos(secrets: &Secrets) -> Result<Vec<Vec<u8>>, ErrorStack> {
    secrets
        .statics
        .iter()
        .map(|key| {
            let agreement = if key.offer.parameters < 8 { 1 } else { 2 };
            let number = key.offer.number.map(integer).unwrap_or_default();
            let kind = tlv(0x06, &[4, 0, 0x7F, 0, 7, 2, 2, 1, agreement]);
            Ok(sequence(&[&kind, &public_key(key)?, &number]))
        })
        .collect()
}

/// SubjectPublicKeyInfo: curves with parameters written out, fields as in PKCS #3.
fn public_key(key: &StaticKey) -> Result<Vec<u8>, ErrorStack> {
    match Group::standardised(key.offer.parameters)? {
        Group::Curve(mut group) => {
            group.set_asn1_flag(Asn1Flag::EXPLICIT_CURVE);
            let mut context = openssl::bn::BigNumContext::new()?;
            let point = EcPoint::from_bytes(&group, &key.point, &mut context)?;
            let key = EcKey::from_public_key(&group, &point)?;
            PKey::from_ec_key(key)?.public_key_to_der()
        }
        Group::Field(prime, generator, _) => {
            let number = |number: &BigNum| unsigned(&number.to_vec());
            let kind = oid(&[1, 2, 840, 113_549, 1, 3, 1]);
            let parameters = sequence(&[&number(&prime), &number(&generator)]);
            let value = [&[0][..], &unsigned(&key.point)].concat();
            Ok(sequence(&[
                &sequence(&[&kind, &parameters]),
                &tlv(0x03, &value),
            ]))
        }
    }
}

fn unsigned(bytes: &[u8]) -> Vec<u8> {
    match bytes.first() {
        Some(0x80..) => tlv(0x02, &[&[0], bytes].concat()),
        _ => tlv(0x02, bytes),
    }
}

fn identifier(last: [u8; 3]) -> [u8; 10] {
    let [a, b, c] = last;
    [4, 0, 0x7F, 0, 7, 2, 2, a, b, c]
}
